//! Many connections at once, from several addresses of this machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};

use super::super::PATIENCE;
use super::super::wire::{Wire, read_answer};
use super::{Stand, hear};

/// A request that stays: its body is announced, and waited for with `100 Continue`.
const HELD: &[u8] =
    b"POST /auth/v2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\
    content-type: application/x-www-form-urlencoded\r\nexpect: 100-continue\r\n\r\n";
const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Connects from one of the addresses that are this machine (RFC 6890: all of 127.0.0.0/8).
struct From {
    runtime: Runtime,
    wire: Wire,
}

impl From {
    fn of(stand: &Stand) -> Self {
        Self {
            runtime: Builder::new_current_thread().enable_io().build().unwrap(),
            wire: stand.wire(),
        }
    }

    fn connect(&self, last: u8) -> TcpStream {
        let connecting = async {
            let socket = TcpSocket::new_v4().unwrap();
            socket
                .bind(SocketAddr::from(([127, 0, 0, last], 0)))
                .unwrap();
            socket.connect(self.wire.address).await.unwrap()
        };
        let stream = self.runtime.block_on(connecting).into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection whose request waits for its body; none when it was closed instead.
    fn hold(&self, last: u8) -> Option<TcpStream> {
        let mut stream = self.connect(last);
        // Fails when the server was quicker.
        drop(stream.write_all(HELD));
        let mut go_on = [0; CONTINUE.len()];
        stream.read_exact(&mut go_on).ok()?;
        assert_eq!(&go_on, CONTINUE);
        Some(stream)
    }
}

/// Sends the body, and hears of it or, on a machine that is slow, of its deadline.
fn finish(mut held: TcpStream) {
    // Fails when the server was quicker.
    drop(held.write_all(b"pat=x"));
    let status = read_answer(&mut held).status;
    assert!(matches!(status, 401 | 400), "{status}");
}

#[test]
fn t_27_a_thousand_connections_that_only_begin_are_borne_and_left() {
    // This process has them too, beside those of other tests.
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let stand = Stand::new();
    let from = From::of(&stand);
    let begun = [
        &b"GET / HTTP/1.1\r\nhost: x\r\nx: "[..],
        b"",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01",
    ];
    let mut crowd: Vec<TcpStream> = Vec::new();
    for number in 0..1_000_usize {
        let mut stream = from.connect(u8::try_from(2 + number / 250).unwrap());
        stream.write_all(begun[number % begun.len()]).unwrap();
        crowd.push(stream);
    }
    stand.serves();
    for stream in &mut crowd {
        // Whatever is said at the end is no failure of the server.
        assert!(!hear(stream).starts_with(b"HTTP/1.1 5"));
    }
    stand.assert_unharmed();
}

#[test]
fn t_27_one_client_cannot_take_all_connections() {
    let name = "KEYFOB__HTTP__CONNECTION_LIMIT_PER_CLIENT";
    let stand = Stand::with(|host| host.set(name, "3"));
    let from = From::of(&stand);
    let mut held: Vec<TcpStream> = (0..3).filter_map(|_| from.hold(2)).collect();
    assert_eq!(held.len(), 3);
    assert!(from.hold(2).is_none(), "one too many is closed");
    assert!(from.hold(3).is_some(), "another client has its own");
    stand.serves();
    held.drain(..).for_each(finish);
    assert!(
        from.hold(2).is_some(),
        "and it again, once it has ended one"
    );
    let log = stand.server.running.log();
    let said = log.matches("a client has its share of connections").count();
    assert_eq!(said, 1, "once a minute at most: {log}");
    stand.assert_unharmed();
}

#[test]
fn t_27_a_trusted_proxy_is_not_held_for_one_client() {
    let stand = Stand::with(|host| {
        host.set("KEYFOB__HTTP__CONNECTION_LIMIT_PER_CLIENT", "3");
        host.set("KEYFOB__HTTP__TRUSTED_PROXIES", "127.0.0.2, 10.0.0.0/8");
    });
    let from = From::of(&stand);
    let held: Vec<TcpStream> = (0..6).filter_map(|_| from.hold(2)).collect();
    assert_eq!(held.len(), 6);
    stand.serves();
    held.into_iter().for_each(finish);
    stand.assert_unharmed();
}

#[test]
fn t_27_when_all_connections_are_taken_the_next_is_served_after_one_ends() {
    let stand = Stand::with(|host| host.set("KEYFOB__HTTP__CONNECTION_LIMIT", "4"));
    let from = From::of(&stand);
    let mut held: Vec<TcpStream> = (0..4).filter_map(|_| from.hold(2)).collect();
    assert_eq!(held.len(), 4);
    let mut waiting = from.connect(3);
    waiting.write_all(HELD).unwrap();
    held.pop().map(finish).unwrap();
    let mut go_on = [0; CONTINUE.len()];
    waiting.read_exact(&mut go_on).unwrap();
    held.into_iter().for_each(finish);
    finish(waiting);
    stand.assert_unharmed();
}
