//! Wrong, huge, repeated, split and slow requests against the running server (T-27, T-28).
//!
//! Each attack is bounded in count and comes over loopback. Afterwards a good client's answers are those
//! from before, no answer was a 5xx, the log holds no error, and the memory at its highest is bounded.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::wire::{Wire, claims};
use super::{Host, PATIENCE, Server};
use crate::client::Answer;

mod bodies;
mod crowd;
mod http1;
mod http2;

/// Most of the machine's memory that the server may ever have held, in KiB. It begins with some 60 MiB.
const MEMORY_MAX: u64 = 256 * 1024;

/// A server under attack, and a good client of it.
struct Stand {
    server: Server,
    pat: String,
    usual: Vec<String>,
    /// Where the server lives.
    _host: Host,
}

impl Stand {
    fn new() -> Self {
        Self::with(|_host| ())
    }

    /// With other settings.
    fn with(set: impl FnOnce(&mut Host)) -> Self {
        let mut host = Host::embedded();
        set(&mut host);
        let acme = host.acme();
        let server = host.serve(&[]);
        let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
        let mut stand = Self {
            server,
            pat,
            usual: Vec::new(),
            _host: host,
        };
        stand.usual = stand.good_client();
        stand
    }

    fn wire(&self) -> Wire {
        self.server.wire
    }

    /// What a good client is told, without what differs from answer to answer.
    fn good_client(&self) -> Vec<String> {
        let wire = self.wire();
        let exchanged = wire.exchange(&self.pat);
        assert_eq!(exchanged.outcome(), "200");
        let mut said = claims(&exchanged.member("access_token"));
        for differs in ["iat", "exp", "jti"] {
            assert!(said.as_object_mut().unwrap().remove(differs).is_some());
        }
        let refused = wire.exchange(&self.pat.replace('_', "_x"));
        let keys = wire.get("/.well-known/jwks.json").send();
        let page = wire.get("/").send();
        let nothing = wire.get("/identity/v1/session").send();
        let mut told: Vec<String> = [refused, keys, page, nothing]
            .iter()
            .map(without_id)
            .collect();
        told.push(said.to_string());
        told
    }

    /// A good client is served as before, while an attack goes on or after it.
    fn serves(&self) {
        assert_eq!(self.good_client(), self.usual);
    }

    /// The most memory that the server has held since its start, in KiB (`VmHWM`).
    fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.server.running.child.id());
        let status = fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.unwrap().trim().strip_suffix(" kB").unwrap();
        number.parse().unwrap()
    }

    /// Nothing has come of it.
    fn assert_unharmed(self) {
        self.serves();
        let memory = self.memory();
        assert!(memory < MEMORY_MAX, "{memory} KiB");
        let counted = self.server.metrics().get("/metrics").send();
        let failed = counted
            .text()
            .lines()
            .find(|line| line.contains("status=\"5xx\""));
        assert_eq!(failed, None);
        let done = self.server.stop();
        assert_eq!(done.code, Some(0));
        let faults = done.err.lines().find(|line| line.contains("ERROR"));
        assert_eq!(faults, None);
    }
}

/// An answer as text, without date and id.
fn without_id(answer: &Answer) -> String {
    let id = answer.header("x-request-id").unwrap().to_owned();
    let lines: Vec<String> = answer
        .header_lines()
        .lines()
        .filter(|line| !line.starts_with("date: "))
        .map(str::to_owned)
        .collect();
    let body = answer.text().replace(&id, "");
    format!("{} {} {body}", answer.status, lines.join("; "))
}

/// Whether a client says that it will send no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It does.
    NoMore,
    /// It waits for the server to end the connection.
    Wait,
}

/// Sends bytes; everything that comes back until the end. The server may hang up while they are sent,
/// which is an answer too.
fn talk(wire: Wire, bytes: Vec<u8>, then: Then) -> Vec<u8> {
    let mut stream = wire.connect();
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        sending.set_write_timeout(Some(PATIENCE)).unwrap();
        // Both fail when the server was quicker.
        drop(sending.write_all(&bytes));
        if then == Then::NoMore {
            drop(sending.shutdown(Shutdown::Write));
        }
    });
    let heard = hear(&mut stream);
    sender.join().unwrap();
    heard
}

/// Everything until the end; a reset is an end too.
pub(super) fn hear(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut some = [0; 16 * 1024];
    loop {
        match stream.read(&mut some) {
            Ok(0) => return heard,
            Ok(length) => heard.extend(&some[..length]),
            Err(error) => {
                let is_reset = error.kind() == std::io::ErrorKind::ConnectionReset;
                assert!(is_reset, "{error}");
                return heard;
            }
        }
    }
}

/// The statuses of the answers in what was heard over HTTP/1.1.
fn statuses(heard: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(heard);
    let answers = text.split("HTTP/1.1 ").skip(1);
    answers.map(|answer| answer[..3].parse().unwrap()).collect()
}
