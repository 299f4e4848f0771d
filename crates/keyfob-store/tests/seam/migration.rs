//! Making the schema, alone and together.

use keyfob_store::probe::{self, Cell};
use keyfob_store::{SchemaFault, SchemaState, Store, StoreError};
use tokio::task::JoinSet;

use super::backend;

/// The names of all migrations, from their files.
fn names() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let files = std::fs::read_dir(folder).unwrap();
    let name = |file: std::fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<String> = files
        .map(|file| name(file.unwrap()).replace(".sql", ""))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn of_stores_that_start_together_one_makes_the_schema() {
    let backend = backend().await.empty().await;
    let mut starting = JoinSet::new();
    for _ in 0..16 {
        let options = backend.options();
        starting.spawn(async move {
            let store = Store::open(options.readers(1).writers(1)).await.unwrap();
            store.migrate(7).await.unwrap()
        });
    }
    let applied: Vec<String> = starting.join_all().await.into_iter().flatten().collect();
    assert_eq!(applied, names());
    let ledger = probe::statement("SELECT name, applied_at FROM schema_migration");
    let mut tx = backend.store().read().await.unwrap();
    let kinds = [Cell::Text(None), Cell::Int(None)];
    let rows = probe::all(&mut tx, ledger, &[], &kinds).await.unwrap();
    let row = |name: String| vec![Cell::Text(Some(name)), Cell::from(7)];
    assert_eq!(rows, names().into_iter().map(row).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_empty_and_then_current() {
    let backend = backend().await.empty().await;
    let store = backend.store();
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Empty);
    assert_eq!(store.migrate(0).await.unwrap(), names());
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    assert_eq!(store.migrate(0).await.unwrap(), Vec::<String>::new());
}

async fn change(store: &Store, script: &str) {
    let mut tx = probe::change_schema(store).await.unwrap();
    probe::script(&mut tx, script).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_left_alone() {
    let backend = backend().await;
    let store = backend.store();
    change(
        store,
        "INSERT INTO schema_migration VALUES ('0999_later', 'x', 0)",
    )
    .await;
    let ahead = SchemaState::Ahead(vec!["0999_later".to_owned()]);
    assert_eq!(store.schema_state().await.unwrap(), ahead);
    let error = store.migrate(0).await.unwrap_err();
    let StoreError::Schema(SchemaFault::Unknown { name }) = error else {
        panic!("{error}")
    };
    assert_eq!(name, "0999_later");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_migration_is_refused() {
    let backend = backend().await;
    let store = backend.store();
    change(store, "UPDATE schema_migration SET checksum = 'x'").await;
    let edited = |error| matches!(error, StoreError::Schema(SchemaFault::Edited { .. }));
    assert!(edited(store.schema_state().await.unwrap_err()));
    assert!(edited(store.migrate(0).await.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let backend = backend().await.empty().await;
    let store = backend.store();
    change(store, "CREATE TABLE organization (in_the_way BIGINT)").await;
    assert!(store.migrate(0).await.is_err());
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Empty);
    change(store, "DROP TABLE organization").await;
    assert_eq!(store.migrate(0).await.unwrap(), names());
}
