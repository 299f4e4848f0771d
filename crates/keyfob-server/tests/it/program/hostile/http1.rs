//! HTTP/1.1 that is wrong, ambiguous, split or repeated.

use std::io::Write as _;

use super::super::wire::read_answer;
use super::{Stand, Then, statuses, talk};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// A request to the main door with these header lines and this body.
fn post(lines: &str, body: &str) -> Vec<u8> {
    let head = format!("POST /auth/v2/token HTTP/1.1\r\nhost: x\r\n{FORM}{lines}\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

fn get(lines: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\n{lines}\r\n").into_bytes()
}

/// What is sent, and the statuses of all that may come back; none: the server hangs up.
fn corpus() -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let long = |count| "x".repeat(count);
    vec![
        ("nothing", vec![], &[]),
        ("line ends", b"\r\n\r\n\r\n\r\n".to_vec(), &[]),
        ("noise", (0..=255).collect(), &[400]),
        ("zeros", vec![0; 100_000], &[400]),
        (
            "a TLS handshake",
            vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3],
            &[400],
        ),
        ("no version", b"GET /\r\n\r\n".to_vec(), &[400]),
        (
            "another version",
            b"GET / HTTP/3.0\r\nhost: x\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a broken version",
            b"GET / HTTP/1.1.1\r\nhost: x\r\n\r\n".to_vec(),
            &[400],
        ),
        ("an endless method", long(1_000_000).into_bytes(), &[431]),
        (
            "an endless target",
            format!("GET /{}", long(1_000_000)).into_bytes(),
            &[431],
        ),
        (
            "a long query",
            format!("GET /?{} HTTP/1.1\r\n\r\n", long(17_000)).into_bytes(),
            &[431],
        ),
        (
            "a huge header",
            get(&format!("host: x\r\nx: {}\r\n", long(1_000_000))),
            &[431],
        ),
        (
            "a header without end",
            get(&format!("host: x\r\n{}", long(1_000_000))),
            &[431],
        ),
        (
            "many headers",
            get(&format!("host: x\r\n{}", "a: b\r\n".repeat(100_000))),
            &[431],
        ),
        (
            "65 headers",
            get(&format!("host: x\r\n{}", "a: b\r\n".repeat(64))),
            &[431],
        ),
        ("no host", get("connection: close\r\n"), &[400]),
        (
            "two hosts",
            get("host: x\r\nhost: y\r\nconnection: close\r\n"),
            &[400],
        ),
        ("a fold", get("host: x\r\nx: a\r\n b\r\n"), &[400]),
        ("a fold of the host", get("host: x\r\n\tb\r\n"), &[400]),
        ("a space before the colon", get("host : x\r\n"), &[400]),
        ("a space before the first name", get(" host: x\r\n"), &[400]),
        ("no colon", get("host\r\n"), &[400]),
        ("no name", get("host: x\r\n: x\r\n"), &[400]),
        ("a bare return", get("host: x\rx: y\r\n"), &[400]),
        ("a zero in a value", get("host: x\r\nx: a\0b\r\n"), &[400]),
        (
            "a control letter in a name",
            get("host: x\r\nx\x01: b\r\n"),
            &[400],
        ),
        (
            "a space in the target",
            b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a method of one's own",
            b"BREW / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
            &[405],
        ),
        (
            "a tunnel",
            b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n".to_vec(),
            &[404],
        ),
        (
            "an upgrade",
            get("host: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n"),
            &[200],
        ),
        (
            "a length that is none",
            post("content-length: x\r\n", ""),
            &[400],
        ),
        (
            "a length with a sign",
            post("content-length: +5\r\n", "pat=x"),
            &[400],
        ),
        (
            "a negative length",
            post("content-length: -1\r\n", ""),
            &[400],
        ),
        (
            "a length above all",
            post("content-length: 18446744073709551616\r\n", ""),
            &[400],
        ),
        (
            "a length just below",
            post("content-length: 18446744073709551615\r\n", ""),
            &[431],
        ),
        (
            "a large length",
            post("content-length: 1000000000000\r\n", "pat=x"),
            &[413],
        ),
        (
            "two lengths",
            post("content-length: 5\r\ncontent-length: 6\r\n", "pat=xy"),
            &[400],
        ),
        (
            "a list of lengths",
            post("content-length: 5, 6\r\n", "pat=xy"),
            &[400],
        ),
        (
            "half a head",
            b"GET /healthz HTTP/1.1\r\nhost".to_vec(),
            &[],
        ),
        (
            "another coding",
            post("transfer-encoding: gzip\r\n", "pat=x"),
            &[400],
        ),
        (
            "chunked and then another",
            post("transfer-encoding: chunked, gzip\r\n", "0\r\n\r\n"),
            &[400],
        ),
        (
            "chunked in HTTP/1.0",
            b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "chunks of noise",
            post("transfer-encoding: chunked\r\n", "hello\r\n\r\n"),
            &[400],
        ),
        (
            "a chunk above all",
            post("transfer-encoding: chunked\r\n", "fffffffffffffffff\r\nx"),
            &[400],
        ),
        (
            "a chunk without its end",
            post("transfer-encoding: chunked\r\n", "5\r\npat=xy\r\n0\r\n\r\n"),
            &[400],
        ),
        (
            "a body that is too large",
            post("content-length: 9000\r\n", &long(9_000)),
            &[413],
        ),
        (
            "chunks that are too large",
            post(
                "transfer-encoding: chunked\r\n",
                &format!("fffff\r\n{}\r\n0\r\n\r\n", long(0xf_ffff)),
            ),
            &[413],
        ),
    ]
}

#[test]
fn t_27_wrong_http_1_is_refused_and_never_a_failure() {
    let stand = Stand::new();
    let mut differ = Vec::new();
    for (what, bytes, wanted) in corpus() {
        let then = if wanted.is_empty() {
            Then::NoMore
        } else {
            Then::Wait
        };
        let heard = statuses(&talk(stand.wire(), bytes, then));
        if heard != wanted {
            differ.push((what, heard, wanted));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    stand.is_unharmed();
}

#[test]
fn t_27_what_two_programs_could_read_differently_ends_the_connection() {
    let stand = Stand::new();
    let smuggled = "GET /errors HTTP/1.1\r\nhost: x\r\n\r\n";
    let chunked = format!("5\r\npat=x\r\n0\r\n\r\n{smuggled}");
    let length = chunked.len();
    for lines in [
        format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
        format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
        format!("transfer-encoding: chunked\r\ncontent-length: x\r\n"),
    ] {
        let heard = talk(stand.wire(), post(&lines, &chunked), Then::Wait);
        assert_eq!(
            statuses(&heard),
            [401],
            "one answer, to the chunked body: {lines}"
        );
        assert!(!String::from_utf8_lossy(&heard).contains("Not found"));
    }
    stand.is_unharmed();
}

#[test]
fn t_27_a_good_request_may_come_byte_by_byte() {
    let stand = Stand::new();
    let usual = stand.wire().exchange("x");
    let mut stream = stand.wire().connect();
    stream.set_nodelay(true).unwrap();
    for byte in post("content-length: 5\r\nconnection: close\r\n", "pat=x") {
        stream.write_all(&[byte]).unwrap();
    }
    let split = read_answer(&mut stream);
    assert_eq!(super::without_id(split), super::without_id(usual));
    stand.is_unharmed();
}

#[test]
fn t_27_hundreds_of_requests_in_one_packet_are_answered_in_their_order() {
    let stand = Stand::new();
    let mut many = get("host: x\r\n").repeat(299);
    many.extend(get("host: x\r\nconnection: close\r\n"));
    let heard = talk(stand.wire(), many, Then::Wait);
    assert!(statuses(&heard) == [200; 300]);
    stand.is_unharmed();
}

#[test]
fn t_27_a_client_that_asks_and_does_not_read_costs_little() {
    let stand = Stand::new();
    let before = stand.memory();
    let mut deaf = stand.wire().connect();
    deaf.set_nonblocking(true).unwrap();
    let request = b"GET /errors HTTP/1.1\r\nhost: x\r\n\r\n";
    // Until neither side takes any more: its answers fill the way back, then its requests the way there.
    while deaf.write_all(request).is_ok() {}
    stand.serves();
    let held = stand.memory() - before;
    assert!(held < 32 * 1024, "{held} KiB");
    drop(deaf);
    stand.is_unharmed();
}
