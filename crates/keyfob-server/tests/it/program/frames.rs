//! One request over HTTP/2 (RFC 9113) in the fewest frames, its fields spelled out (RFC 7541 section 6.2.2).

use std::io::{Read as _, Write as _};

use super::wire::Wire;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const SETTINGS: u8 = 4;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
/// `:status: 200` in the table that both sides know (RFC 7541 appendix A).
const STATUS_200: u8 = 0x88;

/// Sends a form with a cookie; the status, if it is 200.
pub(super) fn post(wire: Wire, path: &str, cookie: &str, form: &str) -> u16 {
    let address = wire.address.to_string();
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", &address),
        (":path", path),
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", cookie),
    ];
    let block: Vec<u8> = fields.into_iter().flat_map(literal).collect();
    let mut stream = wire.connect();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    for (kind, flags, on, payload) in [
        (SETTINGS, 0, 0, &[][..]),
        (HEADERS, END_HEADERS, 1, &block),
        (DATA, END_STREAM, 1, form.as_bytes()),
    ] {
        stream.write_all(&frame(kind, flags, on, payload)).unwrap();
    }
    let mut status = 0;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let [high, middle, low, kind, flags, ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).unwrap();
        if kind == HEADERS {
            assert_eq!(payload[0], STATUS_200);
            status = 200;
        }
        if kind == DATA && flags & END_STREAM != 0 {
            return status;
        }
    }
}

/// A field that no table is to remember.
pub(super) fn literal((name, value): (&str, &str)) -> Vec<u8> {
    let mut bytes = vec![0x10];
    for text in [name, value] {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 127, "a length in one byte: {text}");
        bytes.push(length);
        bytes.extend(text.as_bytes());
    }
    bytes
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}
