//! A mail server that keeps what it is sent (RFC 5321), or takes nothing.

use std::sync::{Arc, Mutex};

use keyfob_server::config::{MailConfig, MailSecurity};
use keyfob_server::mail::Mailer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A mail as it came.
#[derive(Debug)]
pub(crate) struct Mail {
    /// Who is to get it.
    pub(crate) to: String,
    /// Its header and its parts, with soft line ends taken out.
    pub(crate) text: String,
}

impl Mail {
    /// The link in it, from its path on.
    pub(crate) fn link(&self, issuer: &str) -> String {
        let start = self.text.find(issuer).unwrap() + issuer.len();
        let rest = &self.text[start..];
        let end = rest.find(char::is_whitespace).unwrap();
        rest[..end].to_owned()
    }
}

/// What it does with mail.
#[derive(Debug, Clone, Copy)]
enum Takes {
    All,
    Nothing,
}

/// The server; it ends with the test.
#[derive(Debug)]
pub(crate) struct MailServer {
    port: u16,
    mails: UnboundedReceiver<Mail>,
    takes: Arc<Mutex<Takes>>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = unbounded_channel();
        let takes = Arc::new(Mutex::new(Takes::All));
        let is_taking = Arc::clone(&takes);
        tokio::spawn(async move {
            loop {
                let (stream, _peer) = listener.accept().await.unwrap();
                let takes = *is_taking.lock().unwrap();
                tokio::spawn(talk(stream, takes, sender.clone()));
            }
        });
        Self { port, mails, takes }
    }

    /// What sends to it.
    pub(crate) fn mailer(&self) -> Mailer {
        let config = MailConfig {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: MailSecurity::OnThisMachine,
            account: None,
            from: "Keyfob <keyfob@acme.example>".parse().unwrap(),
        };
        Mailer::new(&config).unwrap()
    }

    /// From now on every address is refused.
    pub(crate) fn refuse(&self) {
        *self.takes.lock().unwrap() = Takes::Nothing;
    }

    /// The next mail; waits for it.
    pub(crate) async fn next(&mut self) -> Mail {
        self.mails.recv().await.unwrap()
    }

    /// Whether nothing came but what was read.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.mails.try_recv().is_err()
    }
}

async fn talk(stream: TcpStream, takes: Takes, mails: UnboundedSender<Mail>) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut to = String::new();
    writing.write_all(b"220 mail.example\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match (line.split([' ', ':']).next().unwrap(), takes) {
            ("EHLO", _) => "250 mail.example",
            ("RCPT", Takes::All) => {
                to = line;
                "250 good"
            }
            ("RCPT", Takes::Nothing) => "550 nobody is called lea@acme.example",
            ("DATA", _) => "354 go on",
            ("QUIT", _) => "221 bye",
            _other => "250 good",
        };
        writing.write_all(answer.as_bytes()).await.unwrap();
        writing.write_all(b"\r\n").await.unwrap();
        if answer.starts_with("354") {
            let text = body(&mut lines).await;
            // Before the answer: whoever has it finds the mail.
            mails
                .send(Mail {
                    to: to.clone(),
                    text,
                })
                .unwrap();
            writing.write_all(b"250 taken\r\n").await.unwrap();
        }
    }
}

/// A mail's lines up to the dot, with the quoted-printable undone as far as a link needs it.
async fn body(lines: &mut Lines<BufReader<OwnedReadHalf>>) -> String {
    let mut text = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.as_str() {
            "." => break,
            line => match line.strip_suffix('=') {
                Some(part) => text.push_str(part),
                None => text.extend([line, "\n"]),
            },
        }
    }
    text.replace("=3D", "=")
}
