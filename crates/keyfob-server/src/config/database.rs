//! Which database.

use std::fmt;

use super::error::{ConfigError, Origin};
use super::layers::Origins;
use super::raw::RawDatabase;
use super::secret_of;
use crate::secret::SecretText;

/// The database that is used.
#[derive(Clone)]
pub enum DatabaseConfig {
    /// SQLite in the data directory.
    Embedded,
    /// PostgreSQL.
    Postgres {
        /// Its address; a password may stand in it.
        url: String,
        /// The password, when it was given apart from the address.
        password: Option<SecretText>,
    },
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("Embedded"),
            Self::Postgres { url, password } => f
                .debug_struct("Postgres")
                .field("url", &masked(url))
                .field("password", password)
                .finish(),
        }
    }
}

impl DatabaseConfig {
    pub(super) fn of(raw: RawDatabase, origins: &Origins) -> Result<Self, ConfigError> {
        let key = "database.url";
        let password = raw.password.map(|raw| raw.0);
        let password = secret_of("database.password", password, raw.password_file, origins)?;
        let url = raw.url.0.expose();
        if url == "embedded" {
            return match password {
                Some(_useless) => Err(origins.error(
                    "database.password",
                    "the embedded database has no password; set database.url as well",
                )),
                None => Ok(Self::Embedded),
            };
        }
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(origins.error(key, "write postgres://… or \"embedded\""));
        }
        if matches!(origins.of(key), Origin::Flag(_)) && has_password(url) {
            let what = "every user of this machine can read a password on the command line; put it \
                        into KEYFOB__DATABASE__PASSWORD, the configuration file or \
                        database.password_file";
            return Err(origins.error(key, what));
        }
        if password.is_some() && has_password(url) {
            return Err(origins.error(key, "there is a password in it and one beside it; give one"));
        }
        Ok(Self::Postgres {
            url: url.to_owned(),
            password,
        })
    }
}

/// The parts of an address in which a password can stand: behind the user's name, and in the query.
/// By hand, because an address with several hosts (`a:1,b:2`) is no URL to a URL parser.
struct Parts<'u> {
    before: &'u str,
    user: Option<&'u str>,
    host: &'u str,
    query: Option<&'u str>,
}

fn parts(url: &str) -> Parts<'_> {
    let (before, rest) = url.split_once("://").unwrap_or(("", url));
    // The last one, wherever: a password may hold an `@` or a `?` that nobody encoded.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let (host, query) = match rest.split_once('?') {
        Some((host, query)) => (host, Some(query)),
        None => (rest, None),
    };
    Parts {
        before,
        user,
        host,
        query,
    }
}

fn is_password(parameter: &str) -> bool {
    let (name, _value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let mut decoded = form_urlencoded::parse(name.as_bytes());
    decoded
        .next()
        .is_some_and(|(name, _)| name.eq_ignore_ascii_case("password"))
}

pub(super) fn has_password(url: &str) -> bool {
    let Parts { user, query, .. } = parts(url);
    user.is_some_and(|user| user.contains(':'))
        || query.is_some_and(|query| query.split('&').any(is_password))
}

/// The address with `…` instead of a password.
pub(crate) fn masked(url: &str) -> String {
    let Parts {
        before,
        user,
        host,
        query,
    } = parts(url);
    let user = user.map_or_else(String::new, |user| match user.split_once(':') {
        Some((name, _password)) => format!("{name}:…@"),
        None => format!("{user}@"),
    });
    let query = query.map_or_else(String::new, |query| {
        let shown = query
            .split('&')
            .map(|it| if is_password(it) { "password=…" } else { it });
        format!("?{}", shown.collect::<Vec<_>>().join("&"))
    });
    format!("{before}://{user}{host}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_and_masked_wherever_it_may_stand() {
        for (url, shown) in [
            (
                "postgres://me:hunter2@db/keyfob",
                "postgres://me:…@db/keyfob",
            ),
            (
                "postgres://me:hun@ter2@a:1,b:2/k?x=1",
                "postgres://me:…@a:1,b:2/k?x=1",
            ),
            ("postgres://me:hun?ter2@db/k", "postgres://me:…@db/k"),
            ("postgres://:hunter2@db", "postgres://:…@db"),
            (
                "postgres://me@db/k?password=hunter2&x=1",
                "postgres://me@db/k?password=…&x=1",
            ),
            (
                "postgres://db/k?Pass%77ord=hunter2",
                "postgres://db/k?password=…",
            ),
        ] {
            assert!(has_password(url), "{url}");
            assert_eq!(masked(url), shown);
        }
        for url in [
            "postgres://me@db:5432/keyfob",
            "postgres://a:1,b:2/k?sslmode=disable",
        ] {
            assert!(!has_password(url), "{url}");
            assert_eq!(masked(url), url);
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let database = DatabaseConfig::Postgres {
            url: "postgres://me:hunter2@db/keyfob".to_owned(),
            password: Some(SecretText::new("hunter3".to_owned())),
        };
        let shown = format!("{database:?}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
