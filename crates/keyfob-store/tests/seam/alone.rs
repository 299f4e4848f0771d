//! What only the embedded engine can suffer: a full disk, another process, a log that grows.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use keyfob_store::probe::{self, Cell};
use keyfob_store::{Store, StoreError, StoreOptions};
use keyfob_testkit::backend::Backend;
use rusqlite::Connection;

use super::super::{ids, insert_row, keep_row, make_tally};
use super::{backend, backend_with};

/// A group that ends only when nobody waits, however slow the machine is.
fn one_group(options: StoreOptions) -> StoreOptions {
    super::super::patiently(options).commit_group(256, Duration::from_mins(1))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

async fn fill(store: &Store, tx: &mut keyfob_store::Tx, bytes: usize) -> Result<u64, StoreError> {
    assert_eq!(store.engine_name(), "sqlite");
    let put = probe::statement("INSERT INTO filling (bytes) VALUES ($1)");
    probe::execute(tx, put, &[Cell::Bytes(Some(vec![7; bytes]))]).await
}

async fn make_filling(store: &Store) {
    make_tally(store).await;
    let mut tx = store.write().await.unwrap();
    probe::script(&mut tx, "CREATE TABLE filling (bytes BLOB NOT NULL)")
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_is_full_every_member_of_the_group_hears_it_and_service_returns() {
    let backend = backend_with(one_group).await;
    let store = backend.store();
    make_filling(store).await;
    let mut first = store.write().await.unwrap();
    probe::script(&mut first, "PRAGMA max_page_count = 200")
        .await
        .unwrap();
    insert_row(&mut first, 1, 0).await.unwrap();
    let mut second = pin!(store.write());
    assert!(poll(second.as_mut()).is_pending());
    let mut first = pin!(first.commit());
    assert!(
        poll(first.as_mut()).is_pending(),
        "the group waits for the second member"
    );

    let mut second = second.await.unwrap();
    let error = fill(store, &mut second, 4 << 20).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    let error = first.await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    drop(second);

    assert_eq!(ids(store).await, [], "nothing of the group was kept");
    keep_row(store, 3).await.unwrap();
    assert_eq!(ids(store).await, [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_acknowledged_when_its_last_member_is_done() {
    let backend = backend_with(one_group).await;
    let store = backend.store();
    make_tally(store).await;
    let mut first = store.write().await.unwrap();
    insert_row(&mut first, 1, 0).await.unwrap();
    let mut second = pin!(store.write());
    assert!(poll(second.as_mut()).is_pending());
    let mut first = pin!(first.commit());
    assert!(poll(first.as_mut()).is_pending());

    let mut second = second.await.unwrap();
    insert_row(&mut second, 2, 0).await.unwrap();
    assert!(
        poll(first.as_mut()).is_pending(),
        "what is not on the disk is not acknowledged"
    );
    assert_eq!(ids(store).await, [], "nor is it seen");
    second.commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(ids(store).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_undone_takes_nobody_with_it() {
    let backend = backend_with(one_group).await;
    let store = backend.store();
    make_tally(store).await;
    let mut first = store.write().await.unwrap();
    insert_row(&mut first, 1, 0).await.unwrap();
    let mut second = pin!(store.write());
    assert!(poll(second.as_mut()).is_pending());
    let mut first = pin!(first.commit());
    assert!(poll(first.as_mut()).is_pending());

    let mut second = second.await.unwrap();
    insert_row(&mut second, 2, 0).await.unwrap();
    assert!(
        insert_row(&mut second, 1, 0).await.is_err(),
        "the id is taken"
    );
    drop(second);
    first.await.unwrap();
    assert_eq!(ids(store).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_ends_when_it_has_enough_members() {
    let pairs = |options| one_group(options).commit_group(2, Duration::from_mins(1));
    let backend = Backend::sqlite_with(pairs).await;
    let store = backend.store();
    make_tally(store).await;
    let mut first = store.write().await.unwrap();
    insert_row(&mut first, 1, 0).await.unwrap();
    let mut second = pin!(store.write());
    assert!(poll(second.as_mut()).is_pending());
    let mut third = pin!(store.write());
    assert!(poll(third.as_mut()).is_pending());
    let mut first = pin!(first.commit());
    assert!(poll(first.as_mut()).is_pending());
    second.await.unwrap().commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(ids(store).await, [1], "while the third is still to come");
    drop(third.await.unwrap());
}

fn impatient(options: StoreOptions) -> StoreOptions {
    options.deadline(Duration::from_millis(300))
}

fn lock_by_another(backend: &Backend) -> Connection {
    let other = Connection::open(backend.file().unwrap()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn another_process_that_writes_makes_all_who_wait_busy_and_blocks_no_thread() {
    let backend = backend_with(impatient).await;
    make_tally(backend.store()).await;
    let other = lock_by_another(&backend);
    let start = Instant::now();
    // On the one thread of this test's runtime: were it blocked, these would come one by one.
    let mut writers = tokio::task::JoinSet::new();
    for id in 1..=10 {
        let store = backend.store().clone();
        writers.spawn(async move { keep_row(&store, id).await });
    }
    backend.store().ping().await.unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(300),
        "a reader waited for a writer"
    );
    for outcome in writers.join_all().await {
        assert!(matches!(outcome, Err(StoreError::Busy)), "{outcome:?}");
    }
    assert!(
        start.elapsed() < Duration::from_millis(1500),
        "{:?}",
        start.elapsed()
    );
    drop(other);
    keep_row(backend.store(), 11).await.unwrap();
    assert_eq!(ids(backend.store()).await, [11]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_that_finishes_in_time_is_waited_for() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let other = lock_by_another(&backend);
    let mut waiting = pin!(keep_row(backend.store(), 2));
    assert!(poll(waiting.as_mut()).is_pending());
    other
        .execute_batch("INSERT INTO tally VALUES (1, 0); COMMIT")
        .unwrap();
    waiting.await.unwrap();
    assert_eq!(ids(backend.store()).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_does_not_grow_for_ever() {
    let backend = backend().await;
    let store = backend.store();
    make_filling(store).await;
    let log = backend.file().unwrap().with_extension("db-wal");
    let log_bytes = || std::fs::metadata(&log).map_or(0, |file| file.len());
    let mut most = 0;
    for _ in 0..48 {
        let mut tx = store.write().await.unwrap();
        fill(store, &mut tx, 1 << 20).await.unwrap();
        tx.commit().await.unwrap();
        most = most.max(log_bytes());
    }
    assert!(most < 24 << 20, "{most} bytes of log for 48 MiB");
    store.clone().close().await;
    assert_eq!(log_bytes(), 0, "closing copies it to its end");
}
