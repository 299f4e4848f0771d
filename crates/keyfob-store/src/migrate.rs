//! The schema: which migrations there are, which the database has, and applying the rest.
//!
//! Migrations go forward only, and an applied file is never edited: its checksum is kept beside its
//! name. All that are missing are applied in one transaction, alone among all nodes, so a start that
//! was cut off leaves nothing half done and nodes that start together apply each of them once.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::db::{Statement, Store, Tx, args, statements};
use crate::error::{SchemaFault, StoreError};

/// One step of the schema, in the words of each engine, from files of the same name.
struct Migration {
    name: &'static str,
    texts: Texts,
}

/// The same migration for each engine.
pub(crate) struct Texts {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// Lists migrations by the name of their two files.
macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            texts: Texts {
                sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
            },
        }),+]
    };
}

/// All migrations, in the order in which they are applied.
const MIGRATIONS: &[Migration] = migrations![
    "0001_init",
    "0002_refusal",
    "0003_rotation",
    "0004_setup_link",
    "0005_password_set_at",
    "0006_pat_by_tree",
    "0007_invitation",
    "0008_password_reset",
    "0009_erasure"
];

/// What an engine must be told in words of its own to keep a schema.
pub(crate) struct Dialect {
    /// The engine's name.
    pub(crate) name: &'static str,
    /// Makes the table of applied migrations unless it is there.
    pub(crate) make_ledger: &'static str,
    /// Whether that table is there: one row with a boolean.
    pub(crate) ledger_exists: &'static Statement,
    /// This engine's text of a migration.
    pub(crate) text: fn(&Texts) -> &'static str,
    /// What the server says of itself, where there is one: see [`ServerFacts`](crate::ServerFacts).
    pub(crate) server_facts: Option<&'static Statement>,
}

statements! {
    APPLIED = "SELECT name, checksum FROM schema_migration";
    RECORD = "INSERT INTO schema_migration (name, checksum, applied_at) VALUES ($1, $2, $3)";
}

/// How the schema in the database compares with the one this program was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// No migration was ever applied.
    Empty,
    /// Exactly this program's.
    Current,
    /// These are missing, in this order.
    Behind(Vec<String>),
    /// A newer program has applied these.
    Ahead(Vec<String>),
}

/// Identifies the whole schema of this program: changes when any migration is added or edited.
pub fn schema_fingerprint() -> String {
    let mut whole = digest::Context::new(&digest::SHA256);
    for migration in MIGRATIONS {
        whole.update(migration.texts.sqlite.as_bytes());
        whole.update(migration.texts.postgres.as_bytes());
    }
    hexadecimal(whole.finish().as_ref())
}

/// Applies what is missing; see [`Store::migrate`].
pub(crate) async fn migrate(store: &Store, now_ms: i64) -> Result<Vec<String>, StoreError> {
    let dialect = store.dialect();
    let mut tx = store.change_schema().await?;
    tx.script(dialect.make_ledger).await?;
    let known = known(dialect);
    let missing = match compare(&applied(&mut tx).await?, &known)? {
        SchemaState::Empty => known.iter().collect(),
        SchemaState::Current => Vec::new(),
        SchemaState::Behind(names) => known
            .iter()
            .filter(|step| names.iter().any(|name| name == step.name))
            .collect(),
        SchemaState::Ahead(names) => return Err(unknown(names)),
    };
    for step in &missing {
        tx.script(step.text).await?;
        tx.execute(&RECORD, args![step.name, &step.checksum, now_ms])
            .await?;
    }
    tx.commit().await?;
    Ok(missing
        .into_iter()
        .map(|step| step.name.to_owned())
        .collect())
}

/// Compares without changing; see [`Store::schema_state`].
pub(crate) async fn state(store: &Store) -> Result<SchemaState, StoreError> {
    let dialect = store.dialect();
    let mut tx = store.read().await?;
    let has_ledger = tx
        .optional(dialect.ledger_exists, args![], |row| row.get(0))
        .await?;
    if has_ledger != Some(true) {
        return Ok(SchemaState::Empty);
    }
    Ok(compare(&applied(&mut tx).await?, &known(dialect))?)
}

/// A migration in the words of the engine at hand.
struct Step {
    name: &'static str,
    text: &'static str,
    checksum: String,
}

/// What the database says it has.
struct Applied {
    name: String,
    checksum: String,
}

fn known(dialect: &Dialect) -> Vec<Step> {
    let step = |migration: &Migration| {
        let text = (dialect.text)(&migration.texts);
        let checksum = hexadecimal(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        Step {
            name: migration.name,
            text,
            checksum,
        }
    };
    MIGRATIONS.iter().map(step).collect()
}

async fn applied(tx: &mut Tx) -> Result<Vec<Applied>, StoreError> {
    tx.all(&APPLIED, args![], |row| {
        Ok(Applied {
            name: row.get(0)?,
            checksum: row.get(1)?,
        })
    })
    .await
}

fn compare(applied: &[Applied], known: &[Step]) -> Result<SchemaState, SchemaFault> {
    let mut ahead: Vec<String> = Vec::new();
    for row in applied {
        match known.iter().find(|step| step.name == row.name) {
            Some(step) if step.checksum == row.checksum => {}
            Some(_) => {
                return Err(SchemaFault::Edited {
                    name: row.name.clone(),
                });
            }
            None => ahead.push(row.name.clone()),
        }
    }
    if !ahead.is_empty() {
        ahead.sort_unstable();
        return Ok(SchemaState::Ahead(ahead));
    }
    if applied.is_empty() {
        return Ok(SchemaState::Empty);
    }
    let is_missing = |step: &&Step| applied.iter().all(|row| row.name != step.name);
    let missing: Vec<String> = known
        .iter()
        .filter(is_missing)
        .map(|step| step.name.to_owned())
        .collect();
    // Every row is known and each name is a key, so as many leading steps as there are rows must be
    // among them; the first missing one otherwise has a later one above it.
    match known.iter().take(applied.len()).find(is_missing) {
        Some(step) => Err(SchemaFault::Skipped {
            name: step.name.to_owned(),
        }),
        None if missing.is_empty() => Ok(SchemaState::Current),
        None => Ok(SchemaState::Behind(missing)),
    }
}

fn unknown(names: Vec<String>) -> StoreError {
    let name = names.into_iter().next().unwrap_or_default();
    SchemaFault::Unknown { name }.into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["0001_a", "0002_b", "0003_c"];

    fn steps() -> Vec<Step> {
        let step = |name| Step {
            name,
            text: "",
            checksum: format!("of {name}"),
        };
        NAMES.into_iter().map(step).collect()
    }

    fn rows(names: &[&str]) -> Vec<Applied> {
        let row = |name: &&str| Applied {
            name: (*name).to_owned(),
            checksum: format!("of {name}"),
        };
        names.iter().map(row).collect()
    }

    #[test]
    fn a_database_is_empty_behind_current_or_ahead() {
        let state = |names: &[&str]| compare(&rows(names), &steps());
        assert_eq!(state(&[]), Ok(SchemaState::Empty));
        let rest = NAMES
            .iter()
            .skip(1)
            .map(|name| (*name).to_owned())
            .collect();
        assert_eq!(state(&["0001_a"]), Ok(SchemaState::Behind(rest)));
        assert_eq!(state(&NAMES), Ok(SchemaState::Current));
        let beyond = ["0001_a", "0005_e", "0002_b", "0003_c", "0004_d"];
        let newer = vec!["0004_d".to_owned(), "0005_e".to_owned()];
        assert_eq!(state(&beyond), Ok(SchemaState::Ahead(newer)));
    }

    #[test]
    fn an_edited_migration_is_found() {
        let mut found = rows(&NAMES);
        found[1].checksum.push('!');
        let edited = SchemaFault::Edited {
            name: "0002_b".to_owned(),
        };
        assert_eq!(compare(&found, &steps()), Err(edited));
    }

    #[test]
    fn a_gap_is_found() {
        let skipped = SchemaFault::Skipped {
            name: "0002_b".to_owned(),
        };
        assert_eq!(
            compare(&rows(&["0001_a", "0003_c"]), &steps()),
            Err(skipped)
        );
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let state = compare(&rows(&["0003_c", "0001_a", "0002_b"]), &steps());
        assert_eq!(state, Ok(SchemaState::Current));
    }

    #[test]
    fn checksums_are_sha_256_in_hexadecimal() {
        let digest = digest::digest(&digest::SHA256, b"abc");
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hexadecimal(digest.as_ref()), expected);
    }

    #[test]
    fn migrations_are_listed_in_the_order_of_their_names() {
        assert!(MIGRATIONS.is_sorted_by(|one, next| one.name < next.name));
    }
}
