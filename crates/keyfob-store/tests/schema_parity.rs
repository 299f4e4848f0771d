//! The two schemas are one schema, said twice (house dialect, ADR 0002): this compares what each
//! engine made of its files.
#![expect(
    clippy::tests_outside_test_module,
    reason = "integration tests are tests as a whole"
)]

use std::collections::{BTreeMap, BTreeSet};

use keyfob_testkit::backend::Backend;
use keyfob_testkit::schema::{Column, Schema, Table};

/// What one engine has and the other has not, with the reason. It only shrinks.
const ONLY_ON_POSTGRES: &[(&str, &str)] = &[(
    "writer",
    "locked by every writing transaction; SQLite has one writer by itself (ADR 0003)",
)];

/// How each type of the house dialect is called: on SQLite, and on PostgreSQL.
const HOUSE_TYPES: &[(&str, &str)] = &[
    ("integer", "bigint"),
    ("text", "text"),
    ("blob", "bytea"),
    ("blob", "uuid"),
];

/// Both schemas: SQLite's and PostgreSQL's, without the known exceptions.
async fn both() -> [Schema; 2] {
    let (file, server) = (Backend::sqlite().await, Backend::postgres().await);
    let mut of_server = Schema::of(server.store()).await;
    for (table, reason) in ONLY_ON_POSTGRES {
        let is_there = of_server.tables.remove(*table).is_some();
        assert!(is_there, "no longer an exception: {table} ({reason})");
    }
    [Schema::of(file.store()).await, of_server]
}

/// One aspect of every table.
fn of_tables<T>(schema: &Schema, aspect: impl Fn(&Table) -> T) -> BTreeMap<&str, T> {
    let tables = schema.tables.iter();
    tables
        .map(|(name, table)| (name.as_str(), aspect(table)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_and_columns() {
    let [file, server] = both().await;
    let names = |table: &Table| {
        let columns = table.columns.iter();
        columns
            .map(|column| (column.name.clone(), column.is_nullable))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_tables(&file, names), of_tables(&server, names));
    assert!(file.tables.len() > 15, "they were read: {file:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_has_the_same_type_of_the_house() {
    let [file, server] = both().await;
    let columns = |table: &Table| table.columns.clone();
    let (file, server) = (of_tables(&file, columns), of_tables(&server, columns));
    let pairs = file.iter().flat_map(|(table, columns)| {
        let theirs: &[Column] = server.get(table).map_or(&[], Vec::as_slice);
        columns.iter().zip(theirs).map(move |pair| (table, pair))
    });
    let mut seen = BTreeSet::new();
    for (table, (ours, theirs)) in pairs {
        let types = (ours.kind.as_str(), theirs.kind.as_str());
        assert!(
            HOUSE_TYPES.contains(&types),
            "{table}.{} is {types:?}",
            ours.name
        );
        seen.insert(types);
    }
    assert_eq!(seen, HOUSE_TYPES.iter().copied().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_keys_and_references() {
    let [file, server] = both().await;
    let keys = |table: &Table| table.primary_key.clone();
    assert_eq!(of_tables(&file, keys), of_tables(&server, keys));
    let references = |table: &Table| table.references.clone();
    assert_eq!(of_tables(&file, references), of_tables(&server, references));
    let keyless = file
        .tables
        .values()
        .find(|table| table.primary_key.is_empty());
    assert_eq!(keyless, None, "every table has a primary key");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_indexes() {
    let [file, server] = both().await;
    let indexes = |table: &Table| {
        let mut indexes = table.indexes.clone();
        for index in indexes.values_mut() {
            // One engine repeats the file's text, the other puts parentheses around it.
            let condition = index.only_where.as_deref();
            index.only_where = condition.map(|text| text.replace(['(', ')'], ""));
        }
        indexes
    };
    assert_eq!(of_tables(&file, indexes), of_tables(&server, indexes));
    let partial = file
        .tables
        .values()
        .flat_map(|table| table.indexes.values());
    assert!(partial.clone().any(|index| index.only_where.is_some()));
    assert!(partial.clone().any(|index| index.is_unique));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_views() {
    let [file, server] = both().await;
    assert_eq!(file.views, server.views);
    assert_eq!(file.views.len(), 4);
}
