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

fn long(count: usize) -> String {
    "x".repeat(count)
}

/// Sends each and compares the statuses of all that comes back. None: the server hangs up, which it does
/// when the client says that it will send no more.
fn assert_answers<const N: usize>(stand: &Stand, wanted: &[u16], all: [(&str, Vec<u8>); N]) {
    let then = if wanted.is_empty() {
        Then::NoMore
    } else {
        Then::Wait
    };
    for (what, bytes) in all {
        let heard = talk(stand.wire(), bytes, then);
        assert_eq!(statuses(&heard), wanted, "{what}");
    }
}

#[test]
fn t_27_a_request_line_that_is_none_is_refused() {
    let stand = Stand::new();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let silence = [
        ("nothing", vec![]),
        ("line ends", bytes("\r\n\r\n\r\n\r\n")),
        ("half a head", bytes("GET /healthz HTTP/1.1\r\nhost")),
    ];
    assert_answers(&stand, &[], silence);
    let refused = [
        ("noise", (0..=255).collect()),
        ("zeros", vec![0; 100_000]),
        ("a TLS handshake", vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
        ("no version", bytes("GET /\r\n\r\n")),
        (
            "another version",
            bytes("GET / HTTP/3.0\r\nhost: x\r\n\r\n"),
        ),
        (
            "a broken version",
            bytes("GET / HTTP/1.1.1\r\nhost: x\r\n\r\n"),
        ),
        (
            "a space in the target",
            bytes("GET /a b HTTP/1.1\r\nhost: x\r\n\r\n"),
        ),
    ];
    assert_answers(&stand, &[400], refused);
    let large = [
        ("an endless method", long(1_000_000).into_bytes()),
        (
            "an endless target",
            format!("GET /{}", long(1_000_000)).into_bytes(),
        ),
        (
            "a long query",
            format!("GET /?{} HTTP/1.1\r\n\r\n", long(17_000)).into_bytes(),
        ),
    ];
    assert_answers(&stand, &[431], large);
    let close = "HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n";
    let tunnel = ("a tunnel", format!("CONNECT a:1 {close}").into_bytes());
    assert_answers(&stand, &[404], [tunnel]);
    let own = (
        "a method of one's own",
        format!("BREW / {close}").into_bytes(),
    );
    assert_answers(&stand, &[405], [own]);
    stand.assert_unharmed();
}

#[test]
fn t_27_headers_that_are_wrong_or_too_many_are_refused() {
    let stand = Stand::new();
    let refused = [
        ("no host", get("connection: close\r\n")),
        (
            "two hosts",
            get("host: x\r\nhost: y\r\nconnection: close\r\n"),
        ),
        ("a fold", get("host: x\r\nx: a\r\n b\r\n")),
        ("a fold of the host", get("host: x\r\n\tb\r\n")),
        ("a space before the colon", get("host : x\r\n")),
        ("a space before the first name", get(" host: x\r\n")),
        ("no colon", get("host\r\n")),
        ("no name", get("host: x\r\n: x\r\n")),
        ("a bare return", get("host: x\rx: y\r\n")),
        ("a zero in a value", get("host: x\r\nx: a\0b\r\n")),
        ("a control letter in a name", get("host: x\r\nx\x01: b\r\n")),
    ];
    assert_answers(&stand, &[400], refused);
    let many = |count| get(&format!("host: x\r\n{}", "a: b\r\n".repeat(count)));
    let large = [
        (
            "a huge header",
            get(&format!("host: x\r\nx: {}\r\n", long(1_000_000))),
        ),
        (
            "a header without end",
            get(&format!("host: x\r\n{}", long(1_000_000))),
        ),
        ("100,000 headers", many(100_000)),
        ("65 headers", many(64)),
    ];
    assert_answers(&stand, &[431], large);
    let upgrade = get("host: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n");
    assert_answers(&stand, &[200], [("an upgrade", upgrade)]);
    stand.assert_unharmed();
}

#[test]
fn t_27_bodies_whose_end_is_not_clear_are_refused() {
    let stand = Stand::new();
    let length = |value: &str| post(&format!("content-length: {value}\r\n"), "pat=x");
    let coded = |value: &str, body| post(&format!("transfer-encoding: {value}\r\n"), body);
    let old = "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let refused = [
        ("a length that is none", length("x")),
        ("a length with a sign", length("+5")),
        ("a negative length", length("-1")),
        ("a length above all", length("18446744073709551616")),
        ("two lengths", length("5\r\ncontent-length: 6")),
        ("a list of lengths", length("5, 6")),
        ("another coding", coded("gzip", "pat=x")),
        (
            "chunked and then another",
            coded("chunked, gzip", "0\r\n\r\n"),
        ),
        ("chunked in HTTP/1.0", old.as_bytes().to_vec()),
        ("chunks of noise", coded("chunked", "hello\r\n\r\n")),
        (
            "a chunk above all",
            coded("chunked", "fffffffffffffffff\r\nx"),
        ),
        (
            "a chunk without its end",
            coded("chunked", "5\r\npat=xy\r\n0\r\n\r\n"),
        ),
    ];
    assert_answers(&stand, &[400], refused);
    let chunk = format!("fffff\r\n{}\r\n0\r\n\r\n", long(0xf_ffff));
    let large = [
        ("a large length", length("1000000000000")),
        (
            "a large body",
            post("content-length: 9000\r\n", &long(9_000)),
        ),
        ("a large chunk", coded("chunked", &chunk)),
    ];
    assert_answers(&stand, &[413], large);
    stand.assert_unharmed();
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
        "transfer-encoding: chunked\r\ncontent-length: x\r\n".to_owned(),
    ] {
        let heard = talk(stand.wire(), post(&lines, &chunked), Then::Wait);
        assert_eq!(
            statuses(&heard),
            [401],
            "one answer, to the chunked body: {lines}"
        );
        assert!(!String::from_utf8_lossy(&heard).contains("Not found"));
    }
    stand.assert_unharmed();
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
    assert_eq!(super::without_id(&split), super::without_id(&usual));
    stand.assert_unharmed();
}

#[test]
fn t_27_hundreds_of_requests_in_one_packet_are_answered_in_their_order() {
    let stand = Stand::new();
    let mut many = get("host: x\r\n").repeat(299);
    many.extend(get("host: x\r\nconnection: close\r\n"));
    let heard = talk(stand.wire(), many, Then::Wait);
    assert!(statuses(&heard) == [200; 300]);
    stand.assert_unharmed();
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
    stand.assert_unharmed();
}
