//! A configuration in plain words, for `keyfobd config check`.

use std::time::Duration;

use keyfob_core::policy::{Policy, RootCreation};
use keyfob_core::secret::Scheme;

use super::database::masked;
use super::time::words;
use super::{Config, DatabaseConfig, LogFormat, MailConfig, MailSecurity, MetricsListen};
use crate::brand::Brand;
use crate::resource_server::ResourceServers;

/// What the configuration means, a sentence a line. No secret is in it.
pub fn explain(config: &Config) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(http(config));
    said.extend(data(config));
    said.extend(tokens(config));
    said.extend(policy(&config.policy));
    said.extend(resource_servers(&config.resource_servers));
    said.extend(dashboard(&config.brand));
    said.push(mail(config.mail.as_ref()));
    let format = match config.log.format {
        LogFormat::Text => "text",
        LogFormat::Json => "JSON",
    };
    said.push(format!(
        "Log events ({}) go to standard error as {format}.",
        config.log.filter
    ));
    said
}

fn dashboard(brand: &Brand) -> Vec<String> {
    let mut said = vec![format!("The dashboard is called {}.", brand.name)];
    if brand.logo.is_some() {
        said.push("It has a logo of yours.".to_owned());
    }
    if let Some(accent) = &brand.accent {
        said.push(format!("Its accent colour is {}.", accent.as_str()));
    }
    said
}

fn mail(config: Option<&MailConfig>) -> String {
    let Some(config) = config else {
        return "No mail is sent: invitations are links to pass on.".to_owned();
    };
    let how = match config.security {
        MailSecurity::Tls => "by TLS",
        MailSecurity::StartTls => "by STARTTLS",
        MailSecurity::OnThisMachine => "on this machine",
    };
    let account = match &config.account {
        Some((user, _password)) => format!(" as {user}"),
        None => String::new(),
    };
    let (host, port, from) = (&config.host, config.port, &config.from);
    format!("Mail goes to {host}:{port} {how}{account}, from {from}.")
}

fn http(config: &Config) -> Vec<String> {
    let mut said = vec![format!("It listens on {}.", config.listen)];
    said.push(match &config.tls {
        Some(files) => format!(
            "It speaks TLS with the certificate {} and the key {}.",
            files.cert.display(),
            files.key.display()
        ),
        None => "It speaks HTTP: TLS is the business of a proxy in front.".to_owned(),
    });
    said.push(match &config.public_url {
        Some(url) => format!("Clients reach it at {url}, which is also the issuer of access tokens."),
        None if config.listen.ip().is_loopback() => {
            "No public URL is set: the issuer of access tokens is the address it listens on, and only \
             programs on this machine reach it."
                .to_owned()
        }
        None => "No public URL is set: `serve` will refuse to start, because it would listen on an \
                 address that others reach."
            .to_owned(),
    });
    if config.insecure_http {
        said.push(
            "An http public URL is allowed: secrets may cross the network in the open.".to_owned(),
        );
    }
    said.extend(clients(config));
    said.push(match config.metrics {
        MetricsListen::Off => "Metrics are off.".to_owned(),
        MetricsListen::At(address) => format!("Metrics are at http://{address}/metrics."),
        MetricsListen::Default => {
            let address = MetricsListen::DEFAULT;
            format!("Metrics are at http://{address}/metrics, or at the next free port.")
        }
    });
    said
}

fn clients(config: &Config) -> Vec<String> {
    let proxies: Vec<String> = config.proxies.iter().collect();
    let address = if proxies.is_empty() {
        "The address of a client is the one that its connection comes from.".to_owned()
    } else {
        let proxies = proxies.join(", ");
        format!("X-Forwarded-For is believed of the proxies {proxies}: it says a client's address.")
    };
    let limits = config.connections;
    let limits = format!(
        "There may be {} connections at once, {} of one client.",
        limits.all, limits.per_client
    );
    vec![address, limits]
}

fn data(config: &Config) -> Vec<String> {
    let folder = config.data_dir.display();
    let database = match &config.database {
        DatabaseConfig::Embedded => format!("The database is the embedded one, in {folder}."),
        DatabaseConfig::Postgres { url, password } => {
            let apart = if password.is_some() {
                ", with a password given apart"
            } else {
                ""
            };
            let url = masked(url);
            format!(
                "The database is PostgreSQL at {url}{apart}; other local files are in {folder}."
            )
        }
    };
    let key = match (&config.root_key_file, &config.database) {
        (Some(path), _) => format!("The root key is read from {}.", path.display()),
        (None, DatabaseConfig::Embedded) => {
            format!("The root key is in {folder}, made at first use.")
        }
        (None, DatabaseConfig::Postgres { .. }) => {
            "No root key file is set: PostgreSQL needs root_key_file (--root-key-file).".to_owned()
        }
    };
    let mut said = vec![database, key];
    if config.allow_asynchronous_commit {
        said.push(
            "A database that confirms what it has not yet kept is allowed: a crash of its machine may \
             undo a revocation."
                .to_owned(),
        );
    }
    said
}

fn tokens(config: &Config) -> Vec<String> {
    let forms = &config.tokens;
    let native = format!("Personal API tokens begin with {}.", forms.prefix.as_str());
    let foreign = forms.foreign.iter().map(|foreign| {
        let hash = match foreign.scheme() {
            Scheme::Sha256 => "SHA-256",
            Scheme::Sha512 => "SHA-512",
        };
        format!(
            "Imported tokens of the kind {:?} are known by their {hash}.",
            foreign.name()
        )
    });
    std::iter::once(native).chain(foreign).collect()
}

fn policy(policy: &Policy) -> Vec<String> {
    let expiry = policy.pat_expiry;
    let default = expiry.default.map_or("none".to_owned(), words);
    let max = expiry.max.map_or("without a limit".to_owned(), |max| {
        format!("at most {}", words(max))
    });
    let required = if expiry.required {
        "required"
    } else {
        "not required"
    };
    vec![
        format!(
            "A member can have {} tokens in one organization.",
            policy.pat_limit
        ),
        format!("The expiry of a token is {required}; by default {default}, {max}."),
        match policy.pat_rotation_overlap_max {
            Duration::ZERO => "A rotated token ends at once.".to_owned(),
            longest => format!(
                "A rotated token lives on for {}, or as chosen: at most {}.",
                words(policy.pat_rotation_overlap),
                words(longest)
            ),
        },
        match policy.root_creation {
            RootCreation::Operators => "Root organizations are made by the operator.".to_owned(),
            RootCreation::Anyone => "Whoever is signed in makes root organizations.".to_owned(),
        },
        format!(
            "Making a credential needs a sign-in within the last {}.",
            words(policy.reauthentication)
        ),
        format!(
            "A session ends after {} without use, and after {} at the latest.",
            words(policy.session_idle),
            words(policy.session_max)
        ),
        match policy.key_rotation {
            Some(after) => format!("A key signs access tokens for {}.", words(after)),
            None => "A key signs access tokens until it is rotated by command.".to_owned(),
        },
        format!(
            "An address can be refused {} exchanges in a minute, and {} sign-ins to one account in 15 minutes.",
            policy.exchange_failures, policy.sign_in_failures
        ),
    ]
}

fn resource_servers(servers: &ResourceServers) -> impl Iterator<Item = String> {
    servers.all().map(|server| {
        let audience = server.audience("the issuer");
        format!(
            "An access token for {} (audience: {audience}) lives for {} and is signed with {}.",
            server.name,
            words(server.lifetime),
            server.algorithm.name()
        )
    })
}
