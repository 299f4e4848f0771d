//! One transaction, as every caller sees it.

use keyfob_store::probe::{self, Cell};
use keyfob_store::{Constraint, StoreError};
use uuid::Uuid;

use super::super::{everything_said_by, ids, insert, insert_row, keep_row, make_tally, n_of};
use super::{backend, backend_with};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_comes_back_as_it_went() {
    let backend = backend().await;
    let mut tx = backend.store().write().await.unwrap();
    // The two types that engines name differently are had from a table that has them.
    let take = probe::statement(
        "INSERT INTO key_record
             (id, purpose, algorithm, sealed, public_key, created_at, publish_from, sign_from, retire_at)
         VALUES ($1, $2, '', $3, $4, $5, 0, 0, $6)",
    );
    let give = probe::statement(
        "SELECT id, purpose, sealed, public_key, created_at, retire_at FROM key_record WHERE id = $1",
    );
    let key = "\u{1f511} fob 'quoted' $1 ?1";
    let rows = [
        ("", vec![], i64::MIN),
        ("a", vec![0], 0),
        (key, vec![0, 255, 39], i64::MAX),
    ];
    for (id, (text, bytes, number)) in (1 << 100..).zip(rows) {
        let id = Cell::Uuid(Some(Uuid::from_u128(id)));
        let text = Cell::Text(Some(text.to_owned()));
        let bytes = Cell::Bytes(Some(bytes));
        let row = [
            id.clone(),
            text,
            bytes,
            Cell::Bytes(None),
            Cell::from(number),
            Cell::Int(None),
        ];
        assert_eq!(probe::execute(&mut tx, take, &row).await.unwrap(), 1);
        assert_eq!(probe::all(&mut tx, give, &[id], &row).await.unwrap(), [row]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_existence_is_answered_by_a_truth_value() {
    let backend = backend().await;
    for (sql, truth) in [
        ("SELECT EXISTS (SELECT 1)", true),
        ("SELECT NOT EXISTS (SELECT 1)", false),
    ] {
        let mut tx = backend.store().read_single().await.unwrap();
        assert_eq!(
            probe::truth(&mut tx, probe::statement(sql), &[])
                .await
                .unwrap(),
            Some(truth)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_where_none_may_be_is_corruption() {
    let backend = backend().await;
    let sql = probe::statement("SELECT CAST(NULL AS BIGINT)");
    let mut tx = backend.store().read().await.unwrap();
    let error = probe::all(&mut tx, sql, &[], &[Cell::from(0)])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_another_kind_is_corruption() {
    let backend = backend().await;
    let sql = probe::statement("SELECT CAST(1 AS BIGINT)");
    let mut tx = backend.store().read().await.unwrap();
    let error = probe::all(&mut tx, sql, &[], &[Cell::Text(None)])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_or_wrong_parameters_are_refused() {
    let backend = backend().await;
    let insert = probe::statement("INSERT INTO feed_head (id, seq) VALUES ($1, $2)");
    let wrong = Cell::Text(Some("x".to_owned()));
    for args in [vec![], vec![Cell::from(9)], vec![Cell::from(9), wrong]] {
        let mut tx = backend.store().write().await.unwrap();
        let error = probe::execute(&mut tx, insert, &args).await.unwrap_err();
        let refused = matches!(
            error,
            StoreError::Misuse { .. } | StoreError::Corrupt { .. }
        );
        assert!(refused, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_stays_and_what_is_dropped_never_happened() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    keep_row(backend.store(), 1).await.unwrap();
    let mut tx = backend.store().write().await.unwrap();
    insert_row(&mut tx, 2, 0).await.unwrap();
    assert_eq!(
        n_of(&mut tx, 2).await,
        Some(0),
        "a transaction sees its own work"
    );
    drop(tx);
    keep_row(backend.store(), 3).await.unwrap();
    assert_eq!(ids(backend.store()).await, [1, 3]);
    assert_eq!(ids(&backend.reopen().await).await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_error_a_transaction_is_dead() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut tx = backend.store().write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let error = insert_row(&mut tx, 1, 0).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Conflict(Constraint::Other)),
        "{error}"
    );
    let error = insert_row(&mut tx, 2, 0).await.unwrap_err();
    assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
    keep_row(backend.store(), 3).await.unwrap();
    assert_eq!(ids(backend.store()).await, [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_mapping_kills_as_well() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut tx = backend.store().write().await.unwrap();
    insert_row(&mut tx, 1, 0).await.unwrap();
    let both = probe::statement("SELECT id FROM tally");
    let error = probe::optional(&mut tx, both, &[]).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { .. }),
        "two rows where one is expected: {error}"
    );
    assert!(matches!(tx.commit().await, Err(StoreError::Misuse { .. })));
    assert_eq!(ids(backend.store()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_transaction_does_not_write() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    for mut tx in [
        backend.store().read().await.unwrap(),
        backend.store().read_single().await.unwrap(),
    ] {
        let error = insert_row(&mut tx, 1, 0).await.unwrap_err();
        assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
    }
    // A statement that hides its writing from the first look is refused by the engine.
    let hidden =
        probe::statement("WITH x AS (SELECT 1) INSERT INTO tally SELECT 1, 1 RETURNING id");
    let mut tx = backend.store().read().await.unwrap();
    assert!(probe::optional(&mut tx, hidden, &[]).await.is_err());
    assert_eq!(ids(backend.store()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_read_is_one_statement() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let find = probe::statement("SELECT n FROM tally");
    let mut tx = backend.store().read_single().await.unwrap();
    assert_eq!(probe::optional(&mut tx, find, &[]).await.unwrap(), Some(0));
    let error = probe::optional(&mut tx, find, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_transaction_sees_one_moment() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut tx = backend.store().read().await.unwrap();
    assert_eq!(n_of(&mut tx, 1).await, None);
    keep_row(backend.store(), 1).await.unwrap();
    assert_eq!(n_of(&mut tx, 1).await, None, "the past stays as it was");
    tx.commit().await.unwrap();
    let mut later = backend.store().read().await.unwrap();
    assert_eq!(n_of(&mut later, 1).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_read_leaves_no_snapshot_behind() {
    // One connection: the next reader gets the very one that held the snapshot.
    let backend = backend_with(|options| super::super::patiently(options).readers(1)).await;
    make_tally(backend.store()).await;
    let mut tx = backend.store().read().await.unwrap();
    assert_eq!(n_of(&mut tx, 1).await, None);
    drop(tx);
    keep_row(backend.store(), 1).await.unwrap();
    assert_eq!(ids(backend.store()).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_go_in_order_and_all_or_none() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let follow = probe::statement(
        // Each row needs the one before it: out of order, fewer would be changed.
        "INSERT INTO tally (id, n) SELECT id + 1, n + $1 FROM tally WHERE id = $2",
    );
    let rows: Vec<Vec<Cell>> = (0..1000)
        .map(|id| vec![Cell::from(2), Cell::from(id)])
        .collect();
    let mut tx = backend.store().write().await.unwrap();
    assert_eq!(
        probe::execute_many(&mut tx, follow, &rows).await.unwrap(),
        1000
    );
    assert_eq!(n_of(&mut tx, 1000).await, Some(2000));
    tx.commit().await.unwrap();

    let twice: Vec<Vec<Cell>> = [2001, 2002, 7, 2003]
        .map(|id| vec![id.into(), 0.into()])
        .into();
    let mut tx = backend.store().write().await.unwrap();
    let error = probe::execute_many(&mut tx, insert(), &twice)
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Conflict(Constraint::Other)),
        "{error}"
    );
    drop(tx);
    assert_eq!(ids(backend.store()).await, (1..=1000).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_says_a_value() {
    let backend = backend().await;
    let script = "CREATE TABLE word (word TEXT PRIMARY KEY CHECK (length(word) < 9))";
    let mut tx = backend.store().write().await.unwrap();
    probe::script(&mut tx, script).await.unwrap();
    tx.commit().await.unwrap();
    let words = "INSERT INTO word (word) VALUES ($1), ($2)";
    let wrong_kind = "INSERT INTO feed_head (id, seq) SELECT 2, $1 FROM feed_head WHERE id <> $2";
    for (sql, one, other) in [
        (words, "a", "hunter222"),
        (words, "hunter2", "hunter2"),
        (wrong_kind, "hunter2", "hunter2"),
    ] {
        let mut tx = backend.store().write().await.unwrap();
        let args = [one, other].map(|word| Cell::Text(Some(word.to_owned())));
        let outcome = probe::execute(&mut tx, probe::statement(sql), &args).await;
        let said = everything_said_by(&outcome.unwrap_err());
        assert!(!said.contains("hunter"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_wrote_nothing_commits() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    let mut tx = backend.store().write().await.unwrap();
    assert_eq!(n_of(&mut tx, 0).await, Some(0));
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_the_product_is_understood() {
    let backend = backend().await;
    let mut failed = Vec::new();
    for statement in probe::statements() {
        let mut tx = backend.store().read().await.unwrap();
        if let Err(error) = probe::prepare(&mut tx, statement).await {
            failed.push(format!(
                "{}: {}",
                statement.name(),
                everything_said_by(&error)
            ));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_keeps_what_it_has_and_says_no() {
    let backend = backend().await;
    make_tally(backend.store()).await;
    keep_row(backend.store(), 1).await.unwrap();
    backend.store().clone().close().await;
    for refused in [
        backend.store().ping().await,
        keep_row(backend.store(), 2).await,
    ] {
        assert!(
            matches!(refused, Err(StoreError::Unavailable { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(ids(&backend.reopen().await).await, [1]);
}
