//! What can go wrong between a use case and its database, the same for both engines.
//!
//! Keeps the rule that no message carries a value of a statement's parameters: what an engine says is
//! either known to speak of tables and files only, or is dropped for its code.

use std::error::Error;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else already has what must be unique.
    #[error("already taken: {0}")]
    Conflict(Constraint),
    /// Others were in the way for too long. Safe to repeat; [`retry`](crate::retry) does.
    #[error("the database is busy")]
    Busy,
    /// The database cannot be asked, or lost the transaction. Nothing was kept.
    #[error("the database is unavailable")]
    Unavailable {
        /// What the engine or the network said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The commit was sent, its answer never came. Repeat it: every change is safe to repeat.
    #[error("it is unknown whether the database kept the change")]
    CommitUnknown {
        /// What cut the answer off.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database holds, or answered, what cannot be.
    #[error("the database contradicts the program: {what}")]
    Corrupt {
        /// What was found wrong, in words that name no value.
        what: &'static str,
        /// What the engine said of it.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The caller broke a rule of the store; a mistake in the program.
    #[error("the store was used wrongly: {what}")]
    Misuse {
        /// The rule that was broken.
        what: &'static str,
    },
    /// The options name no database that can be opened.
    #[error("the database cannot be opened: {what}")]
    Options {
        /// What is wrong with them.
        what: &'static str,
        /// What the reader of them said; never holds the password.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The schema in the database and this program do not fit.
    #[error(transparent)]
    Schema(#[from] SchemaFault),
}

impl StoreError {
    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::Unavailable {
            source: source.into(),
        }
    }

    pub(crate) fn commit_unknown(source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::CommitUnknown {
            source: source.into(),
        }
    }

    pub(crate) const fn corrupt(what: &'static str) -> StoreError {
        StoreError::Corrupt { what, source: None }
    }

    pub(crate) fn corrupt_by(
        what: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Corrupt {
            what,
            source: Some(source.into()),
        }
    }

    pub(crate) const fn misuse(what: &'static str) -> StoreError {
        StoreError::Misuse { what }
    }

    pub(crate) fn options(
        what: &'static str,
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Options { what, source }
    }
}

/// Why this program must not work on the schema it found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// A newer program was here first.
    #[error("the database has migration {name}, which this program does not know: it is too old")]
    Unknown {
        /// The first unknown migration.
        name: String,
    },
    /// An applied migration was changed afterwards; applied files are never edited.
    #[error("migration {name} differs from the one that was applied to the database")]
    Edited {
        /// The migration whose checksum differs.
        name: String,
    },
    /// A migration is missing below one that was applied.
    #[error("migration {name} was skipped: a later one has been applied")]
    Skipped {
        /// The first missing migration.
        name: String,
    },
}

/// The uniqueness rules of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// Two people with one e-mail address, as addresses are compared.
    UserEmail,
    /// Two people with one external id.
    UserExternalId,
    /// Two living organizations of one tree with one name, as names are compared.
    OrganizationName,
    /// Two organizations with one external id.
    OrganizationExternalId,
    /// Two tokens with one secret.
    PatMac,
    /// A user's id twice.
    UserId,
    /// An organization's id twice.
    OrganizationId,
    /// Two sessions with one cookie.
    SessionHash,
    /// Any other key of the schema.
    Other,
}

/// One rule, as each engine names it when it refuses.
struct UniqueRule {
    constraint: Constraint,
    /// What a client reads.
    words: &'static str,
    /// The name of the index or constraint, which is how a server names it.
    index: &'static str,
    /// The indexed columns, which is how the embedded engine names it.
    columns: &'static str,
}

/// The only place where a name in the schema meets its [`Constraint`].
const UNIQUE_RULES: &[UniqueRule] = &[
    UniqueRule {
        constraint: Constraint::UserEmail,
        words: "the e-mail address of a user",
        index: "users_email",
        columns: "users.email_key",
    },
    UniqueRule {
        constraint: Constraint::UserExternalId,
        words: "the external id of a user",
        index: "users_external",
        columns: "users.external_id",
    },
    UniqueRule {
        constraint: Constraint::OrganizationName,
        words: "the name of an organization within its tree",
        index: "organization_name",
        columns: "organization.root_id, organization.name_key",
    },
    UniqueRule {
        constraint: Constraint::OrganizationExternalId,
        words: "the external id of an organization",
        index: "organization_external",
        columns: "organization.external_id",
    },
    UniqueRule {
        constraint: Constraint::PatMac,
        words: "the secret of a token",
        index: "pat_mac",
        columns: "pat.mac",
    },
    UniqueRule {
        constraint: Constraint::UserId,
        words: "the id of a user",
        index: "users_pkey",
        columns: "users.id",
    },
    UniqueRule {
        constraint: Constraint::OrganizationId,
        words: "the id of an organization",
        index: "organization_pkey",
        columns: "organization.id",
    },
    UniqueRule {
        constraint: Constraint::SessionHash,
        words: "the cookie of a session",
        index: "session_hash",
        columns: "session.hash",
    },
];

impl Constraint {
    /// The rule behind the name of a unique index or of a primary key's constraint.
    pub(crate) fn of_index(index: &str) -> Constraint {
        find(|rule| rule.index == index).map_or(Constraint::Other, |rule| rule.constraint)
    }

    /// The rule behind `table.column, table.column`.
    pub(crate) fn of_columns(columns: &str) -> Constraint {
        find(|rule| rule.columns == columns).map_or(Constraint::Other, |rule| rule.constraint)
    }
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rule = find(|rule| rule.constraint == *self);
        f.write_str(rule.map_or("a key", |rule| rule.words))
    }
}

fn find(is_it: impl Fn(&UniqueRule) -> bool) -> Option<&'static UniqueRule> {
    UNIQUE_RULES.iter().find(|rule| is_it(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_found_by_the_name_either_engine_gives_it() {
        for rule in UNIQUE_RULES {
            assert_eq!(Constraint::of_index(rule.index), rule.constraint);
            assert_eq!(Constraint::of_columns(rule.columns), rule.constraint);
            assert_eq!(rule.constraint.to_string(), rule.words);
        }
    }

    #[test]
    fn an_unknown_name_is_some_other_key() {
        assert_eq!(Constraint::of_index("membership_pkey"), Constraint::Other);
        assert_eq!(Constraint::of_columns("users.email"), Constraint::Other);
        assert_eq!(Constraint::Other.to_string(), "a key");
    }

    #[test]
    fn each_index_of_a_rule_is_in_the_schema() {
        let schema = include_str!("../migrations/sqlite/0001_init.sql");
        for rule in UNIQUE_RULES
            .iter()
            .filter(|rule| !rule.index.ends_with("_pkey"))
        {
            let made = format!("CREATE UNIQUE INDEX {} ON ", rule.index);
            assert!(
                schema.contains(&made),
                "{} is not made by 0001_init.sql",
                rule.index
            );
        }
    }
}
