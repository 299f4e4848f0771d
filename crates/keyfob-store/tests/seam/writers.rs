//! Many who write at once: one at a time, in turn, and nobody takes the turn away with them.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use keyfob_store::probe::{self, Cell};
use keyfob_store::{Store, StoreError, retry};
use tokio::task::JoinSet;

use super::super::{ids, insert_row, keep_row, make_tally, n_of};
use super::{backend, backend_with};

/// Lets a future do what it can without waiting, and says whether it was done with that.
fn is_done_at_once<F: Future>(future: Pin<&mut F>) -> bool {
    let mut nobody = Context::from_waker(Waker::noop());
    future.poll(&mut nobody).is_ready()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut rivals = JoinSet::new();
    for _ in 0..32 {
        let store = backend.store().clone();
        rivals.spawn(async move { add_eight(&store).await });
    }
    rivals.join_all().await;
    let mut tx = backend.store().read().await.unwrap();
    assert_eq!(n_of(&mut tx, 0).await, Some(32 * 8));
}

async fn add_eight(store: &Store) {
    for _ in 0..8 {
        retry(|| add_one(store)).await.unwrap();
    }
}

/// Reads, then writes what was read and one more: loses updates unless writers are alone.
async fn add_one(store: &Store) -> Result<(), StoreError> {
    let put = probe::statement("UPDATE tally SET n = $1 WHERE id = 0");
    let mut tx = store.write().await?;
    let n = n_of(&mut tx, 0).await.unwrap();
    probe::execute(&mut tx, put, &[Cell::from(n + 1)]).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_writers_of_whom_many_are_cancelled_no_acknowledged_one_is_lost() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let mut writers = JoinSet::new();
    let mut handles = Vec::new();
    for id in 1..=1000 {
        let (store, acknowledged) = (backend.store().clone(), Arc::clone(&acknowledged));
        handles.push(writers.spawn(async move {
            keep_row(&store, id).await.unwrap();
            acknowledged.lock().unwrap().insert(id);
        }));
    }
    // Every third, from a thread of its own, so that some wait, some work and some commit.
    let cancelling = std::thread::spawn(move || {
        for handle in handles.iter().rev().step_by(3) {
            handle.abort();
            std::thread::yield_now();
        }
    });
    let ends = tokio::time::timeout(Duration::from_mins(2), ends_of(writers));
    let cancelled = ends.await.unwrap();
    cancelling.join().unwrap();
    assert!(
        cancelled > 0,
        "nobody was cancelled: the test asked nothing"
    );
    let kept: BTreeSet<i64> = ids(backend.store()).await.into_iter().collect();
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() >= 1000 - 334);
    let lost: Vec<&i64> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // The turn still goes round.
    keep_row(backend.store(), 5000).await.unwrap();
}

/// Waits for all, none of whom may fail, and counts who was cancelled.
async fn ends_of(mut writers: JoinSet<()>) -> usize {
    let mut cancelled = 0;
    while let Some(end) = writers.join_next().await {
        let Err(error) = end else { continue };
        assert!(error.is_cancelled(), "{error}");
        cancelled += 1;
    }
    cancelled
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_gave_up_waiting_does_not_hold_up_the_next() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let store = backend.store();
    let mut first = store.write().await.unwrap();
    insert_row(&mut first, 1, 0).await.unwrap();
    {
        let mut waiting = pin!(store.write());
        assert!(!is_done_at_once(waiting.as_mut()));
    }
    first.commit().await.unwrap();
    keep_row(store, 2).await.unwrap();
    assert_eq!(ids(store).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_gave_up_after_the_turn_came_passes_it_on() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let store = backend.store();
    let first = store.write().await.unwrap();
    {
        let mut waiting = pin!(store.write());
        assert!(!is_done_at_once(waiting.as_mut()));
        // The turn comes to somebody who will not look.
        drop(first);
    }
    keep_row(store, 2).await.unwrap();
    assert_eq!(ids(store).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cancelled_while_committing_is_kept_or_not_and_holds_nobody_up() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let store = backend.store();
    let mut acknowledged = Vec::new();
    for id in 1..=20 {
        let mut tx = store.write().await.unwrap();
        insert_row(&mut tx, id, 0).await.unwrap();
        if is_done_at_once(pin!(tx.commit())) {
            acknowledged.push(id);
        }
    }
    keep_row(store, 21).await.unwrap();
    acknowledged.push(21);
    let kept = ids(store).await;
    assert!(
        acknowledged.iter().all(|id| kept.contains(id)),
        "{acknowledged:?} {kept:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_turn_ends() {
    let backend = backend_with(|options| options.deadline(Duration::from_secs(1))).await;
    make_tally(backend.store()).await;
    let held = backend.store().write().await.unwrap();
    let start = Instant::now();
    let error = backend.store().write().await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
    drop(held);
    keep_row(backend.store(), 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_while_somebody_writes() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut writing = backend.store().write().await.unwrap();
    insert_row(&mut writing, 1, 0).await.unwrap();
    assert_eq!(
        ids(backend.store()).await,
        [],
        "nor is what is not committed seen"
    );
    writing.commit().await.unwrap();
    assert_eq!(ids(backend.store()).await, [1]);
}
