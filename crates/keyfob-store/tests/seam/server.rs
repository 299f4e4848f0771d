//! What only a server can suffer: connections that die, calls that never end, hosts that are gone.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use keyfob_store::probe::{self, Cell};
use keyfob_store::{Store, StoreError, StoreOptions, Tx};
use url::Url;

use super::super::{ids, insert_row, keep_row, make_tally};
use super::{backend, backend_with};

async fn process_id(tx: &mut Tx) -> i64 {
    let ask = probe::statement("SELECT CAST(pg_backend_pid() AS BIGINT)");
    probe::optional(tx, ask, &[]).await.unwrap().unwrap()
}

/// Ends a connection's process and waits until it is gone.
async fn kill(store: &Store, process: i64) {
    let end = probe::statement("SELECT pg_terminate_backend(CAST($1 AS INT8)::INT4, 5000)");
    let mut tx = store.read_single().await.unwrap();
    assert_eq!(
        probe::truth(&mut tx, end, &[Cell::from(process)])
            .await
            .unwrap(),
        Some(true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_dies_fails_its_transaction_and_no_other() {
    let backend = backend().await;
    let store = backend.store();
    make_tally(store).await;
    let mut tx = store.write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let process = process_id(&mut tx).await;
    kill(store, process).await;
    let error = insert_row(&mut tx, 2, 0).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    drop(tx);
    keep_row(store, 3).await.unwrap();
    assert_eq!(ids(store).await, [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_an_answer_is_unknown() {
    let backend = backend().await;
    let store = backend.store();
    make_tally(store).await;
    let mut tx = store.write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let process = process_id(&mut tx).await;
    kill(store, process).await;
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::CommitUnknown { .. }), "{error}");
    keep_row(store, 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_during_its_commit_leaves_it_unknown() {
    let backend = backend().await;
    let store = backend.store();
    make_tally(store).await;
    let mut tx = probe::change_schema(store).await.unwrap();
    let script = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                      'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
                  CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON tally
                      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";
    probe::script(&mut tx, script).await.unwrap();
    tx.commit().await.unwrap();
    let mut holder = store.read().await.unwrap();
    let hold = probe::statement("SELECT CAST(1 AS BIGINT) FROM pg_advisory_xact_lock(7)");
    probe::optional(&mut holder, hold, &[]).await.unwrap();

    let mut tx = store.write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let process = process_id(&mut tx).await;
    let committing = tokio::spawn(tx.commit());
    let ask = probe::statement(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND CAST(pid AS BIGINT) = $1)",
    );
    loop {
        let mut tx = store.read_single().await.unwrap();
        let waits = probe::truth(&mut tx, ask, &[Cell::from(process)])
            .await
            .unwrap();
        if waits == Some(true) {
            break;
        }
    }
    kill(store, process).await;
    let error = committing.await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::CommitUnknown { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_server_refuses_is_refused() {
    let backend = backend().await;
    let store = backend.store();
    make_tally(store).await;
    let mut tx = store.write().await.unwrap();
    let script =
        "CREATE TABLE late (id BIGINT REFERENCES tally (id) DEFERRABLE INITIALLY DEFERRED);
                  INSERT INTO late VALUES (99)";
    probe::script(&mut tx, script).await.unwrap();
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_end_is_given_up_with_its_connection() {
    let backend = backend_with(|options| options.deadline(Duration::from_secs(1)).readers(1)).await;
    let store = backend.store();
    let sleep = probe::statement("SELECT CAST(1 AS BIGINT) FROM pg_sleep(60)");
    let start = Instant::now();
    let mut tx = store.read_single().await.unwrap();
    let error = probe::optional(&mut tx, sleep, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    drop(tx);
    // The only connection for reading was that one.
    store.ping().await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_while_it_writes_loses_the_lock() {
    let backend = backend_with(|options| options.deadline(Duration::from_secs(1))).await;
    make_tally(backend.store()).await;
    let mut stopped = backend.store().write().await.unwrap();
    insert_row(&mut stopped, 1, 0).await.unwrap();
    let other = backend.reopen().await;
    let start = Instant::now();
    while let Err(error) = keep_row(&other, 2).await {
        assert!(matches!(error, StoreError::Busy), "{error}");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the lock is never let go"
        );
    }
    assert!(insert_row(&mut stopped, 3, 0).await.is_err());
    assert_eq!(ids(&other).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_gives_its_connection_back_clean() {
    let backend = backend_with(|options| super::super::patiently(options).writers(1)).await;
    let store = backend.store();
    make_tally(store).await;
    let mut tx = store.write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let process = process_id(&mut tx).await;
    drop(tx);
    let mut tx = store.write().await.unwrap();
    assert_eq!(
        process_id(&mut tx).await,
        process,
        "the connection serves again"
    );
    tx.commit().await.unwrap();
    assert_eq!(ids(store).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_refuse_or_say_nothing_are_passed_over() {
    let backend = backend().await;
    let url = Url::parse(&backend.url().unwrap()).unwrap();
    let place = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    // Connections to it are accepted by the system and never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = closed.local_addr().unwrap();
    drop(closed);
    let several = format!("{},{gone},{place}", silent.local_addr().unwrap());
    let address = url.as_str().replace(&place, &several);
    let options = StoreOptions::postgres(address).deadline(Duration::from_secs(3));
    let store = Store::open(options).await.unwrap();
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_that_the_server_does_not_have_is_not_done_without() {
    let backend = backend().await;
    let url = format!("{}?sslmode=require", backend.url().unwrap());
    let error = Store::open(StoreOptions::postgres(url)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_database_is_told_when_it_is_opened() {
    let url = format!("{}_and_more", backend().await.url().unwrap());
    let error = Store::open(StoreOptions::postgres(url)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t_26_a_server_says_what_its_clock_is_and_whether_its_commits_are_durable() {
    let backend = backend().await;
    let facts = backend.store().server_facts().await.unwrap().unwrap();
    assert!(facts.commits_are_durable(), "{facts:?}");
    let later = backend.store().server_facts().await.unwrap().unwrap();
    assert!(facts.now <= later.now && later.now.since(facts.now) < Duration::from_mins(1));
    for (setting, durable) in [("off", false), ("local", true), ("remote_apply", true)] {
        let mut url = Url::parse(&backend.url().unwrap()).unwrap();
        url.set_query(Some(&format!(
            "options=-c%20synchronous_commit%3D{setting}"
        )));
        let store = Store::open(StoreOptions::postgres(url.into()))
            .await
            .unwrap();
        let facts = store.server_facts().await.unwrap().unwrap();
        assert_eq!(facts.synchronous_commit, setting);
        assert_eq!(facts.commits_are_durable(), durable);
    }
}
