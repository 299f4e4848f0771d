//! The configuration: what was written (`raw`) and what it means ([`Config`]), with one function
//! between them.
//!
//! Layers, the later over the earlier: the compiled-in defaults, a file, environment variables such as
//! `KEYFOB__DATABASE__URL`, the command line. A key that nobody knows is refused in each of them. Nothing
//! else in the program reads the environment.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use keyfob_core::foreign::TokenForms;
use keyfob_core::policy::Policy;
use tracing_subscriber::EnvFilter;

mod dashboard;
mod database;
mod error;
mod explain;
mod http;
mod layers;
mod mail;
mod policy;
#[doc(hidden)]
pub mod probe;
mod raw;
mod resource_servers;
mod time;
mod tokens;

pub use self::database::DatabaseConfig;
pub use self::error::ConfigError;
pub use self::explain::explain;
pub use self::http::{BadPublicUrl, ConnectionLimits, MetricsListen, PublicUrl, issuer};
use self::layers::{Layers, Origins};
pub use self::mail::{MailConfig, MailSecurity};
use self::raw::{RawConfig, RawLog, RawLogFormat};
use crate::brand::Brand;
use crate::proxies::TrustedProxies;
use crate::resource_server::ResourceServers;
use crate::secret::SecretText;
use crate::tls::TlsFiles;

/// The defaults as they are compiled in, with their comments: the reference of every key.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// What the configuration means.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Whether nobody chose that address, so that the demo may take the next free port.
    pub listen_is_default: bool,
    /// Where the metrics are served.
    pub metrics: MetricsListen,
    /// The address under which clients reach the server.
    pub public_url: Option<PublicUrl>,
    /// Whether an http public URL that is not a loopback address is meant.
    pub insecure_http: bool,
    /// The files for TLS, if the server speaks it.
    pub tls: Option<TlsFiles>,
    /// The proxies in front of the server.
    pub proxies: TrustedProxies,
    /// How many connections there may be.
    pub connections: ConnectionLimits,
    /// Where local files are.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: DatabaseConfig,
    /// Whether a database may be used that confirms what it has not yet kept.
    pub allow_asynchronous_commit: bool,
    /// The file with the root key.
    pub root_key_file: Option<PathBuf>,
    /// The operator's policy.
    pub policy: Policy,
    /// What a presented token can look like.
    pub tokens: TokenForms,
    /// The APIs that accept access tokens.
    pub resource_servers: ResourceServers,
    /// What the dashboard is called, and how it looks.
    pub brand: Brand,
    /// The mail server, if there is one.
    pub mail: Option<MailConfig>,
    /// How events are logged.
    pub log: LogConfig,
}

/// How events are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// In which form.
    pub format: LogFormat,
    /// Which of them, in the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// The form of log events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// What the command line says about the configuration: the last layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`: the file to read.
    pub file: Option<PathBuf>,
    /// Flags with their dashes, the key they stand for, and their value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Config {
    /// Reads all layers and finds out what they mean.
    ///
    /// # Errors
    /// [`ConfigError`] names the first key that is wrong, and where it was set.
    pub fn load(overrides: Overrides) -> Result<Self, ConfigError> {
        Self::layered(overrides, std::env::vars_os())
    }

    fn layered(
        overrides: Overrides,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::defaults()?;
        if let Some(path) = &overrides.file {
            layers.file(path)?;
        }
        layers.environment(variables)?;
        for (flag, key, value) in overrides.flags {
            layers.flag(flag, key, value);
        }
        let (raw, origins) = layers.read()?;
        Self::of(raw, &origins)
    }

    /// The one function between what was written and what it means.
    fn of(raw: RawConfig, origins: &Origins) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: http::address("http.listen", &raw.http.listen, origins)?,
            listen_is_default: origins.is_default("http.listen"),
            metrics: MetricsListen::parse(&raw.http.metrics_listen, origins)?,
            public_url: http::public_url(&raw.http, origins)?,
            insecure_http: raw.http.insecure_http.0,
            tls: http::tls(&raw.http, origins)?,
            proxies: http::proxies(&raw.http, origins)?,
            connections: ConnectionLimits::of(&raw.http, origins)?,
            data_dir: path("data_dir", raw.data_dir, origins)?,
            allow_asynchronous_commit: raw.database.allow_asynchronous_commit.0,
            database: DatabaseConfig::of(raw.database, origins)?,
            root_key_file: raw
                .root_key_file
                .map(|text| path("root_key_file", text, origins))
                .transpose()?,
            policy: policy::of(&raw.policy, origins)?,
            tokens: tokens::of(raw.tokens, origins)?,
            resource_servers: resource_servers::of(raw.resource_server, origins)?,
            brand: Brand::of(&raw.dashboard, origins)?,
            mail: MailConfig::of(raw.mail, origins)?,
            log: log(raw.log, origins)?,
        })
    }
}

fn path(key: &str, text: String, origins: &Origins) -> Result<PathBuf, ConfigError> {
    if text.is_empty() {
        return Err(origins.error(key, "an empty path"));
    }
    Ok(PathBuf::from(text))
}

fn log(raw: RawLog, origins: &Origins) -> Result<LogConfig, ConfigError> {
    EnvFilter::try_new(&raw.filter).map_err(|cause| origins.error("log.filter", cause))?;
    let format = match raw.format {
        RawLogFormat::Text => LogFormat::Text,
        RawLogFormat::Json => LogFormat::Json,
    };
    Ok(LogConfig {
        format,
        filter: raw.filter,
    })
}

/// The rule for every secret `x`: it may be given as `x`, or as `x_file`, a file that holds it.
fn secret_of(
    key: &str,
    given: Option<SecretText>,
    file: Option<String>,
    origins: &Origins,
) -> Result<Option<SecretText>, ConfigError> {
    let file_key = format!("{key}_file");
    let secret = match (given, file) {
        (Some(_), Some(_)) => {
            return Err(origins.error(key, format!("{file_key} is set as well; set one of them")));
        }
        (given, None) => given,
        (None, Some(path)) => {
            let text = fs::read_to_string(&path);
            let text = text.map_err(|cause| {
                origins.error(&file_key, format!("{path} cannot be read: {cause}"))
            })?;
            let secret = SecretText::new(text);
            // Editors and `echo` put a line end behind it that is no part of the secret.
            let line = secret.expose().trim_end_matches(['\r', '\n']);
            Some(SecretText::new(line.to_owned()))
        }
    };
    match secret {
        Some(empty) if empty.is_empty() => Err(origins.error(key, "an empty secret")),
        secret => Ok(secret),
    }
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
