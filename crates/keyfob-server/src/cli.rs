//! The command line of `keyfobd`. No flag takes a secret: every user of a machine can read them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Overrides;

mod audit;
mod user;

pub use self::audit::{AuditCommand, AuditVerifyArgs};
pub use self::user::{Confirm, PasswordArgs, UserCommand};

/// The flags that stand for a key of the configuration.
pub(crate) const FLAGS: [(&str, &str); 9] = [
    (DATA_DIR, "data_dir"),
    (DATABASE, "database.url"),
    (ROOT_KEY_FILE, "root_key_file"),
    (LISTEN, "http.listen"),
    (PUBLIC_URL, "http.public_url"),
    (TLS_CERT, "http.tls_cert"),
    (TLS_KEY, "http.tls_key"),
    (METRICS_LISTEN, "http.metrics_listen"),
    (INSECURE_HTTP, "http.insecure_http"),
];
const DATA_DIR: &str = "--data-dir";
const DATABASE: &str = "--database";
const ROOT_KEY_FILE: &str = "--root-key-file";
const LISTEN: &str = "--listen";
const PUBLIC_URL: &str = "--public-url";
const TLS_CERT: &str = "--tls-cert";
const TLS_KEY: &str = "--tls-key";
const METRICS_LISTEN: &str = "--metrics-listen";
const INSECURE_HTTP: &str = "--insecure-http";

/// The Keyfob server: personal API tokens for organizations and their sub-organizations.
#[derive(Debug, Parser)]
#[command(
    name = "keyfobd",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  keyfobd serve --demo                          try it out; nothing is kept
  keyfobd user add ana@example.com --full-name \"Ana Lima\"
  keyfobd org add Acme --owner ana@example.com
  keyfobd serve                                 serve what is in ./keyfob-data
  keyfobd config check --config keyfob.toml     what a configuration means"
)]
pub struct Cli {
    /// Flags that hold for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that hold for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where things are")]
pub struct GlobalArgs {
    /// The folder with the embedded database and other local files [default: ./keyfob-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// A PostgreSQL database instead of the embedded one; give its password by
    /// `KEYFOB__DATABASE__PASSWORD` or by `database.password_file`
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// The file with the root key: 32 random bytes in base64, mode 0600
    #[arg(long, global = true, value_name = "FILE")]
    pub root_key_file: Option<String>,
    /// A configuration file; `keyfobd config defaults` prints all that can be in it
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `keyfobd` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Bring the database to the schema of this version
    Migrate,
    /// Import organizations, users, memberships and tokens from a file of JSON lines
    Import(ImportArgs),
    /// Show or replace the catalogue of roles
    #[command(subcommand)]
    Roles(RolesCommand),
    /// List the keys, or rotate them
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Add, suspend, reactivate or erase people, or set their password
    #[command(subcommand)]
    User(UserCommand),
    /// Add organizations
    #[command(subcommand)]
    Org(OrgCommand),
    /// Check the audit log, or sign what it holds
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Say why a person may do something at an organization, or what is missing
    #[command(after_help = "Example:
  keyfobd explain ana@example.com Acme/Mobile build:manage")]
    Explain {
        /// The e-mail address, or the id
        user: String,
        /// The id of the organization, or its path of names such as Acme/Mobile
        organization: String,
        /// The permission, such as build:view
        permission: String,
    },
    /// Check a configuration, or print the defaults
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at an installation, running or stopped, and say what to do
    Doctor(DoctorArgs),
    /// Write the documents that are made from the program
    #[command(hide = true)]
    Docs(DocsArgs),
}

/// `keyfobd serve`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  keyfobd serve --demo
  keyfobd serve --listen 0.0.0.0:8787 --public-url https://keyfob.example.com")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct ServeArgs {
    /// Serve an example that is gone at the end: organizations, people with passwords, a token
    #[arg(long)]
    pub demo: bool,
    /// With --demo: print what was made as one JSON object
    #[arg(long, requires = "demo")]
    pub json: bool,
    /// The address and port to listen on [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// The address under which clients reach the server, such as `https://keyfob.example.com`
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The certificate chain in PEM; with it the server speaks TLS itself
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// The private key of --tls-cert in PEM, not readable by others
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// The address and port of the metrics, or off [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<String>,
    /// Allow an http public URL; secrets then cross the network in the open
    #[arg(long)]
    pub insecure_http: bool,
    /// Let this server's address replace the stored issuer, which ends every access token
    #[arg(long, conflicts_with = "demo")]
    pub change_issuer: bool,
}

/// `keyfobd import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  keyfobd import customers.jsonl
  zcat customers.jsonl.gz | keyfobd import -

Nothing of the file is kept when a line is bad. With --continue the bad lines are left out.")]
pub struct ImportArgs {
    /// The file, or - for standard input
    #[arg(required_unless_present = "discard")]
    pub file: Option<PathBuf>,
    /// Keep the good lines when others are bad
    #[arg(long = "continue")]
    pub keep_going: bool,
    /// Throw away what an import left behind that was interrupted
    #[arg(long, conflicts_with_all = ["file", "keep_going"])]
    pub discard: bool,
}

/// `keyfobd roles`.
#[derive(Debug, Clone, Subcommand)]
pub enum RolesCommand {
    /// Replace the catalogue, and say who gains and loses what
    #[command(after_help = "Example:
  keyfobd roles show > roles.toml
  keyfobd roles apply roles.toml --dry-run")]
    Apply {
        /// The file with the new catalogue
        file: PathBuf,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the catalogue in force
    Show,
}

/// `keyfobd keys`.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// Show every key: what it is for, what it does, and until when
    List,
    /// Let other keys follow those that sign access tokens
    #[command(after_help = "Examples:
  keyfobd keys rotate               the next key is listed now and signs in 10 minutes
  keyfobd keys rotate --emergency   a key was stolen: the next signs now, and what the old ones signed
                                    is refused at once")]
    Rotate {
        /// Sign with the next key at once, and refuse everything that was signed before
        #[arg(long)]
        emergency: bool,
        /// Instead, store new tokens under another pepper; the old one stays until its last token is over
        #[arg(long, conflicts_with = "emergency")]
        pepper: bool,
    },
    /// Seal all keys under another root key
    #[command(after_help = "Example:
  keyfobd keys rewrap --new-root-key-file new.key && mv new.key keyfob-data/root.key

On the embedded database a new root key is made when the file is not there. Servers may run meanwhile.")]
    Rewrap {
        /// The file with the new root key
        #[arg(long, value_name = "FILE")]
        new_root_key_file: PathBuf,
    },
}

/// `keyfobd org`.
#[derive(Debug, Clone, Subcommand)]
pub enum OrgCommand {
    /// Add an organization, or with --parent a sub-organization
    #[command(after_help = "Examples:
  keyfobd org add Acme --owner ana@example.com
  keyfobd org add iOS --parent Acme/Mobile")]
    Add {
        /// Its name
        name: String,
        /// The e-mail address or id of the person who becomes its owner
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
        /// The id of the organization above it, or its path of names such as Acme/Mobile
        #[arg(long, value_name = "ORGANIZATION")]
        parent: Option<String>,
    },
}

/// `keyfobd config`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Say what the configuration means, from the file, the environment and these flags
    Check,
    /// Print every key with its default and what it is for
    Defaults,
}

/// `keyfobd doctor`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  keyfobd doctor
  keyfobd doctor --config keyfob.toml --json

It prints a line for each check and changes nothing. Its exit status is 0 if there is no problem. Give it
the same flags as the server.")]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The address and port that the server listens on [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// The address under which clients reach the server
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The address and port of the metrics, or off [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<String>,
}

/// `keyfobd docs`.
#[derive(Debug, Clone, Args)]
pub struct DocsArgs {
    /// The folder to write to
    pub dir: PathBuf,
}

impl Cli {
    /// What the flags say about the configuration.
    pub fn overrides(&self) -> Overrides {
        let GlobalArgs {
            data_dir,
            database,
            root_key_file,
            config,
        } = &self.global;
        let mut given = vec![
            (DATA_DIR, data_dir.clone()),
            (DATABASE, database.clone()),
            (ROOT_KEY_FILE, root_key_file.clone()),
        ];
        if let Command::Serve(serve) = &self.command {
            let insecure_http = serve.insecure_http.then(|| "true".to_owned());
            given.extend([
                (LISTEN, serve.listen.clone()),
                (PUBLIC_URL, serve.public_url.clone()),
                (TLS_CERT, serve.tls_cert.clone()),
                (TLS_KEY, serve.tls_key.clone()),
                (METRICS_LISTEN, serve.metrics_listen.clone()),
                (INSECURE_HTTP, insecure_http),
            ]);
        }
        if let Command::Doctor(doctor) = &self.command {
            given.extend([
                (LISTEN, doctor.listen.clone()),
                (PUBLIC_URL, doctor.public_url.clone()),
                (METRICS_LISTEN, doctor.metrics_listen.clone()),
            ]);
        }
        let key = |flag| FLAGS.into_iter().find(|(known, _key)| *known == flag);
        let set = given.into_iter().filter_map(|(flag, value)| {
            let (flag, key) = key(flag)?;
            Some((flag, key, value?))
        });
        Overrides {
            file: config.clone(),
            flags: set.collect(),
        }
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
