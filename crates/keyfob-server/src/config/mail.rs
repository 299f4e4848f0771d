//! The mail server, if there is one.

use lettre::message::Mailbox;
use url::{Host, Url};

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::RawMail;
use super::secret_of;
use crate::secret::SecretText;

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: MailSecurity,
    /// User and password, if it wants them.
    pub account: Option<(String, SecretText)>,
    /// From whom mail comes.
    pub from: Mailbox,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS by STARTTLS (RFC 3207), or nothing is sent.
    StartTls,
    /// Not at all: it does not leave this machine.
    OnThisMachine,
}

impl MailConfig {
    pub(super) fn of(raw: RawMail, origins: &Origins) -> Result<Option<Self>, ConfigError> {
        let password = raw.password.map(|raw| raw.0);
        let password = secret_of("mail.password", password, raw.password_file, origins)?;
        let Some(server) = raw.server else {
            let given = [
                ("mail.from", raw.from.is_some()),
                ("mail.user", raw.user.is_some()),
                ("mail.password", password.is_some()),
            ];
            return match given.into_iter().find(|(_key, is_given)| *is_given) {
                Some((key, _given)) => Err(origins.error(key, "set mail.server as well")),
                None => Ok(None),
            };
        };
        let (host, port, security) = server_of(&server, origins)?;
        let account = match (raw.user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => return Err(origins.error("mail.user", "set mail.password as well")),
            (None, Some(_)) => return Err(origins.error("mail.password", "set mail.user as well")),
        };
        let from = raw.from.ok_or_else(|| {
            origins.error("mail.server", "set mail.from as well: from whom mail comes")
        })?;
        let from = from.parse::<Mailbox>();
        let from = from.map_err(|_cause| {
            let what = "not an address; write one such as Keyfob <keyfob@example.com>";
            origins.error("mail.from", what)
        })?;
        Ok(Some(Self {
            host,
            port,
            security,
            account,
            from,
        }))
    }
}

fn server_of(text: &str, origins: &Origins) -> Result<(String, u16, MailSecurity), ConfigError> {
    let wrong = |what: &str| origins.error("mail.server", what);
    let url = Url::parse(text);
    let url = url.map_err(|_cause| wrong("write smtps://mail.example.com or smtp://…"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("give mail.user and mail.password apart from it"));
    }
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    let host = url.host_str().unwrap_or_default();
    if !is_bare || host.is_empty() {
        return Err(wrong(
            "there must be a host, perhaps a port, and nothing else",
        ));
    }
    // Of a scheme that it does not know, the parser reads an address as a name.
    let is_here = match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_cause) => false,
    };
    let (security, port) = match url.scheme() {
        "smtps" => (MailSecurity::Tls, 465),
        "smtp" if is_here => (MailSecurity::OnThisMachine, 25),
        "smtp" => (MailSecurity::StartTls, 587),
        _other => return Err(wrong("only smtps:// and smtp:// are possible")),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), url.port().unwrap_or(port), security))
}
