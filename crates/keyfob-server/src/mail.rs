//! Sending mail by SMTP (RFC 5321), to the server that the operator names.
//!
//! Addresses, and what is written to them, are in no error and no log: a mail server repeats an address in
//! what it answers, so of its answer only the number is told.

use std::fmt;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::{MailConfig, MailSecurity};
use crate::secret::SecretText;

/// How long a mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a mail was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It could not be written to that address.
    #[error("no mail can be written to that address")]
    Address,
    /// The server did not take it.
    #[error("the mail server answered {0}")]
    Refused(u16),
    /// The server was not reached, or went away.
    #[error("the mail server was not reached, or took too long")]
    Unreachable,
}

/// A mail, in text and in HTML. A link that is for nobody else may be in it.
#[derive(Debug)]
pub struct Letter {
    /// To which address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub text: SecretText,
    /// The same as a page.
    pub html: SecretText,
}

/// The mail server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer(…)")
    }
}

impl Mailer {
    /// A mailer for what was configured. Nothing is connected yet.
    ///
    /// # Errors
    /// When TLS cannot be set up for that server.
    pub fn new(config: &MailConfig) -> Result<Self, lettre::transport::smtp::Error> {
        let host = config.host.as_str();
        let builder = match config.security {
            MailSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
            MailSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
            MailSecurity::OnThisMachine => {
                AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            }
        };
        let builder = builder.port(config.port).timeout(Some(PATIENCE));
        let builder = match &config.account {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()))
            }
            None => builder,
        };
        Ok(Self {
            transport: builder.build(),
            from: config.from.clone(),
        })
    }

    /// Sends a mail.
    pub async fn send(&self, letter: Letter) -> Result<(), MailError> {
        let to = letter
            .to
            .parse()
            .map_err(|_no_address| MailError::Address)?;
        let body = MultiPart::alternative_plain_html(
            letter.text.expose().to_owned(),
            letter.html.expose().to_owned(),
        );
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .multipart(body)
            .map_err(|_unwritable| MailError::Address)?;
        match self.transport.send(message).await {
            Ok(_taken) => Ok(()),
            Err(error) => Err(match error.status() {
                Some(code) => MailError::Refused(code.into()),
                None => MailError::Unreachable,
            }),
        }
    }
}
