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

/// The address with `…` instead of a password; none when there is no password in it.
///
/// It may stand behind the user's name and in the query. By hand, because an address with several hosts
/// (`a:1,b:2`) is no URL to a URL parser, and because a password may hold an `@` or a `?` that nobody
/// encoded: then the driver reads another one than was meant, and neither may be told.
fn without_password(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |end| end + 3));
    let query = rest.split_once('?').map(|(_place, query)| query);
    let is_in_query = query.is_some_and(|query| query.split('&').any(is_password));
    match rest.rsplit_once('@') {
        Some((user, _host)) if is_in_query && user.contains('?') => {
            let certain = user
                .split_once([':', '?'])
                .map_or(user, |(certain, _rest)| certain);
            Some(format!("{scheme}{certain}…"))
        }
        Some((user, host)) if user.contains(':') => {
            let name = user.split_once(':').map_or(user, |(name, _password)| name);
            Some(format!("{scheme}{name}:…@{}", without_parameter(host)))
        }
        _ if is_in_query => Some(format!("{scheme}{}", without_parameter(rest))),
        _ => None,
    }
}

/// The rest of an address with `…` instead of a password in its query.
fn without_parameter(rest: &str) -> String {
    let Some((place, query)) = rest.split_once('?') else {
        return rest.to_owned();
    };
    let shown = query
        .split('&')
        .map(|it| if is_password(it) { "password=…" } else { it });
    format!("{place}?{}", shown.collect::<Vec<_>>().join("&"))
}

fn is_password(parameter: &str) -> bool {
    let (name, _value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let mut decoded = form_urlencoded::parse(name.as_bytes());
    decoded
        .next()
        .is_some_and(|(name, _)| name.eq_ignore_ascii_case("password"))
}

pub(super) fn has_password(url: &str) -> bool {
    without_password(url).is_some()
}

/// The address with `…` instead of a password.
pub(crate) fn masked(url: &str) -> String {
    without_password(url).unwrap_or_else(|| url.to_owned())
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
            ("postgres://db/k?password=hun@ter2", "postgres://db/k…"),
            (
                "postgres://me:hunter2@db/k?password=hunter3&x=1",
                "postgres://me:…@db/k?password=…&x=1",
            ),
            ("postgres://me:hun?password=t@er2@db", "postgres://me…"),
        ] {
            assert!(has_password(url), "{url}");
            assert_eq!(masked(url), shown);
        }
        for url in [
            "postgres://me@db:5432/keyfob",
            "postgres://a:1,b:2/k?sslmode=disable",
            "postgres://me@db/k?application_name=a@b",
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
