//! Who answers at the configured ports.

use std::io::{Error as IoError, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::anyhow;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::finding::Report;
use crate::config::{Config, MetricsListen};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More of an answer is not read.
const ENOUGH_BYTES: u64 = 64 << 10;

/// What came from a port.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Nobody,
    /// Somebody who speaks something else, or nothing.
    Strange,
    Http {
        status: u16,
        body: String,
    },
}

/// Asks the server, then for its metrics. `is_taken` says whether one has the data directory, if that
/// can be known.
pub(super) async fn examine(config: &Config, is_taken: Option<bool>, report: &mut Report) {
    let address = config.listen;
    if address.port() == 0 {
        report.ok(
            "server",
            "its port is chosen at its start, so it was not asked",
        );
        return;
    }
    let answer = ask(address, "/readyz").await;
    let is_ready = answer.is("ok");
    server(address, &answer, is_taken, report);
    let (address, is_default) = match config.metrics {
        MetricsListen::Off => return report.ok("metrics", "they are off"),
        MetricsListen::At(address) => (address, false),
        MetricsListen::Default => (MetricsListen::DEFAULT, true),
    };
    if address.port() == 0 {
        report.ok(
            "metrics",
            "their port is chosen at the start, so it was not asked",
        );
    } else if is_ready {
        metrics(address, report).await;
    } else if is_default || ask(address, "/metrics").await == Answer::Nobody {
        report.ok("metrics", "no server is ready to serve them");
    } else {
        let says =
            anyhow!("another program listens on {address}: choose another http.metrics_listen");
        report.problem("metrics", &says);
    }
}

fn server(address: SocketAddr, answer: &Answer, is_taken: Option<bool>, report: &mut Report) {
    let check = "server";
    let other =
        || anyhow!("another program listens on {address}: stop it, or choose another http.listen");
    match (answer, is_taken) {
        (Answer::Nobody, Some(true)) => report.warning(
            check,
            format!(
                "the data directory is in use, but nobody listens on {address}: if that is a server and no \
                 import, tell doctor its --listen"
            ),
        ),
        (Answer::Nobody, Some(false) | None) => {
            report.ok(check, format!("none listens on {address}"));
        }
        (answer, Some(true) | None) if answer.is("ok") => {
            report.ok(check, format!("one is ready at http://{address}"));
        }
        (answer, Some(true) | None) if answer.is("not ready") => {
            let says = anyhow!("the one at http://{address} cannot read its database: its log says why");
            report.problem(check, &says);
        }
        (Answer::Strange, Some(true) | None) => report.warning(
            check,
            format!("what listens on {address} does not speak plain HTTP, so it was not asked"),
        ),
        (Answer::Strange | Answer::Http { .. }, _) => report.problem(check, &other()),
    }
}

async fn metrics(address: SocketAddr, report: &mut Report) {
    match ask(address, "/metrics").await {
        Answer::Http { status: 200, .. } => {
            report.ok("metrics", format!("they are at http://{address}/metrics"));
        }
        Answer::Nobody | Answer::Strange | Answer::Http { .. } => report.warning(
            "metrics",
            format!(
                "they are not at http://{address}/metrics: the server's log says where they are"
            ),
        ),
    }
}

impl Answer {
    /// Whether it is what `/readyz` says.
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Http { status: 200 | 503, body } if body == wanted)
    }
}

async fn ask(address: SocketAddr, path: &str) -> Answer {
    match timeout(PATIENCE, exchange(reachable(address), path)).await {
        Ok(Ok(bytes)) => parse(&bytes),
        Ok(Err(cause)) if cause.kind() == ErrorKind::ConnectionRefused => Answer::Nobody,
        Ok(Err(_)) | Err(_) => Answer::Strange,
    }
}

/// Listening everywhere includes this machine itself.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other @ (IpAddr::V4(_) | IpAddr::V6(_)) => other,
    };
    SocketAddr::new(ip, address.port())
}

async fn exchange(address: SocketAddr, path: &str) -> Result<Vec<u8>, IoError> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(ENOUGH_BYTES).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    let body = text
        .split_once("\r\n\r\n")
        .map(|(_head, body)| body.to_owned());
    match (status, body) {
        (Some(status), Some(body)) => Answer::Http { status, body },
        _cut_off => Answer::Strange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_anything_else_is_strange() {
        let ready = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        assert!(ready.is("ok") && !ready.is("not ready"));
        assert!(!parse(b"HTTP/1.1 404 Not Found\r\n\r\nok").is("ok"));
        // A TLS alert, and an answer that is cut off.
        for bytes in [
            &b"\x15\x03\x01\0\x02\x02\x0a"[..],
            b"HTTP/1.1 200 OK\r\n",
            b"",
        ] {
            assert_eq!(parse(bytes), Answer::Strange);
        }
    }

    #[test]
    fn whoever_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
