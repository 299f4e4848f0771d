//! HTTP/2 (RFC 9113) from clients that mean no good: frames by hand, far more than anybody needs.

use std::io::{Read, Write as _};

use super::super::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, SETTINGS, frame, literal};
use super::{Stand, Then, talk};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// An error code (RFC 9113 section 7).
const CANCEL: [u8; 4] = [0, 0, 0, 8];
const ENHANCE_YOUR_CALM: u8 = 11;

/// A frame that came.
struct Came {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// Sends the preface, our settings, these frames and then no more; all frames until the end.
fn converse(stand: &Stand, settings: &[u8], frames: &[u8]) -> Vec<Came> {
    let settings = frame(SETTINGS, 0, 0, settings);
    let sent = [PREFACE, &settings, frames].concat();
    let heard = talk(stand.wire(), sent, Then::NoMore);
    let mut rest = heard.as_slice();
    let mut came = Vec::new();
    while rest.len() >= 9 {
        came.push(next(&mut rest));
    }
    came
}

/// The next frame; what there is of it, when the end comes inside.
fn next(from: &mut impl Read) -> Came {
    let mut head = [0; 9];
    from.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = Vec::new();
    from.take(length.into()).read_to_end(&mut payload).unwrap();
    Came {
        kind: head[3],
        stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
        payload,
    }
}

fn count(came: &[Came], kind: u8) -> usize {
    came.iter().filter(|frame| frame.kind == kind).count()
}

/// The error code with which the server ended the connection; none when it did not say one.
fn goodbye(came: &[Came]) -> Option<u8> {
    let said = came.iter().filter(|frame| frame.kind == GOAWAY);
    said.map(|frame| frame.payload[7]).find(|code| *code != 0)
}

fn fields(method: &str, path: &str) -> Vec<u8> {
    let fields = [
        (":method", method),
        (":scheme", "http"),
        (":authority", "x"),
        (":path", path),
    ];
    fields.into_iter().flat_map(literal).collect()
}

/// The streams of a client, which have odd numbers.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

fn get(stream: u32) -> Vec<u8> {
    let block = fields("GET", "/healthz");
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

#[test]
fn t_27_streams_that_are_reset_at_once_end_the_connection() {
    let stand = Stand::new();
    let reset = |stream| [get(stream), frame(RST_STREAM, 0, stream, &CANCEL)].concat();
    let many: Vec<u8> = streams(20_000).flat_map(reset).collect();
    let came = converse(&stand, &[], &many);
    assert_eq!(goodbye(&came), Some(ENHANCE_YOUR_CALM));
    stand.assert_unharmed();
}

#[test]
fn t_27_more_than_64_requests_at_once_are_not_taken() {
    let stand = Stand::new();
    // Without END_STREAM each waits for its body.
    let head = |stream| {
        let mut block = fields("POST", "/auth/v2/token");
        block.extend(literal((
            "content-type",
            "application/x-www-form-urlencoded",
        )));
        frame(HEADERS, END_HEADERS, stream, &block)
    };
    let many: Vec<u8> = streams(100).flat_map(head).collect();
    let mut stream = stand.wire().connect();
    let settings = frame(SETTINGS, 0, 0, &[]);
    stream
        .write_all(&[PREFACE, &settings, &many].concat())
        .unwrap();
    let frames = std::iter::repeat_with(|| next(&mut stream));
    let refused = frames.filter(|frame| frame.kind == RST_STREAM);
    let refused: Vec<u32> = refused.take(36).map(|frame| frame.stream).collect();
    assert_eq!(refused, streams(100).skip(64).collect::<Vec<_>>());
    drop(stream);
    stand.assert_unharmed();
}

#[test]
fn t_27_a_head_without_end_ends_the_connection() {
    let stand = Stand::new();
    let begun = frame(HEADERS, END_STREAM, 1, &fields("GET", "/healthz"));
    let part: Vec<u8> = (0..100)
        .flat_map(|_| literal(("x", "yyyyyyyyyy")))
        .collect();
    for more in [
        frame(CONTINUATION, 0, 1, &part),
        frame(CONTINUATION, 0, 1, &[]),
    ] {
        let came = converse(&stand, &[], &[begun.clone(), more.repeat(20_000)].concat());
        assert!(goodbye(&came).is_some(), "{} frames", came.len());
        assert_eq!(count(&came, HEADERS), 0);
    }
    stand.assert_unharmed();
}

#[test]
fn t_27_a_head_that_grows_when_it_is_unpacked_is_refused() {
    let stand = Stand::new();
    let mut block = fields("GET", "/healthz");
    // A field of 4,000 bytes for the table (RFC 7541 section 6.2.1), and then its number again and again.
    block.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
    block.extend([b'y'; 4_000]);
    block.extend([0xbe; 10_000]);
    let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    let came = converse(&stand, &[], &[head, get(3)].concat());
    let first = came
        .iter()
        .find(|frame| frame.kind == HEADERS && frame.stream == 1);
    if let Some(first) = first {
        // `:status` by its name in the table, and 431 as Huffman letters.
        assert_eq!(
            first.payload[..4],
            [0x48, 0x82, 0x68, 0x0f],
            "{:x?}",
            first.payload
        );
    }
    assert!(first.is_some() || goodbye(&came).is_some());
    stand.assert_unharmed();
}

#[test]
fn t_27_frames_that_say_nothing_cost_nothing() {
    let stand = Stand::new();
    let open = {
        let mut block = fields("POST", "/auth/v2/token");
        block.extend(literal((
            "content-type",
            "application/x-www-form-urlencoded",
        )));
        frame(HEADERS, END_HEADERS, 1, &block)
    };
    let window = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
    for (what, flood) in [
        (
            "empty data",
            [open, frame(DATA, 0, 1, &[]).repeat(20_000)].concat(),
        ),
        ("pings", frame(PING, 0, 0, &[0; 8]).repeat(20_000)),
        ("settings", frame(SETTINGS, 0, 0, &[]).repeat(20_000)),
        ("windows", window.repeat(20_000)),
        (
            "priorities",
            frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]).repeat(20_000),
        ),
        ("unknown kinds", frame(99, 255, 7, &[0; 100]).repeat(20_000)),
        (
            "resets of nothing",
            frame(RST_STREAM, 0, 1, &CANCEL).repeat(20_000),
        ),
    ] {
        let came = converse(&stand, &[], &flood);
        assert_eq!(count(&came, HEADERS), 0, "{what}");
        stand.serves();
    }
    stand.assert_unharmed();
}

#[test]
fn t_27_frames_that_are_wrong_end_the_connection() {
    let stand = Stand::new();
    let block = fields("GET", "/healthz");
    let end = END_HEADERS | END_STREAM;
    for (what, frames) in [
        (
            "a frame above all",
            vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1],
        ),
        ("data before a head", frame(DATA, 0, 1, b"pat=x")),
        ("an even stream", frame(HEADERS, end, 2, &block)),
        ("stream 0", frame(HEADERS, end, 0, &block)),
        (
            "a window above all",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
        ),
        ("a window of nothing", frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
        ("half a ping", frame(PING, 0, 0, &[0; 4])),
        ("half settings", frame(SETTINGS, 0, 0, &[0; 5])),
        ("noise for a head", frame(HEADERS, end, 1, &[0xff; 100])),
        ("a part of nothing", frame(CONTINUATION, 0, 1, &[])),
        ("a push", frame(5, 0, 1, &[0; 8])),
    ] {
        let came = converse(&stand, &[], &[frames, get(7)].concat());
        assert!(goodbye(&came).is_some(), "{what}");
    }
    stand.assert_unharmed();
}

#[test]
fn t_27_answers_that_nobody_takes_cost_little() {
    let stand = Stand::new();
    let before = stand.memory();
    // SETTINGS_INITIAL_WINDOW_SIZE is 0: not a byte of a body may be sent.
    let page = |stream| {
        let block = fields("GET", "/errors");
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
    };
    let many: Vec<u8> = streams(64).flat_map(page).collect();
    for _connection in 0..20 {
        let came = converse(&stand, &[0, 4, 0, 0, 0, 0], &many);
        let bodies = came.iter().filter(|frame| frame.kind == DATA);
        assert_eq!(bodies.filter(|frame| !frame.payload.is_empty()).count(), 0);
    }
    let held = stand.memory() - before;
    assert!(held < 64 * 1024, "{held} KiB");
    stand.assert_unharmed();
}
