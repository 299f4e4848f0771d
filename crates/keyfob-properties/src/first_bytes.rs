//! The first bytes of a connection, which tell HTTP/1 from HTTP/2 (RFC 9113 §3.4).

use keyfob_server::http::probe::spoken;

use crate::http_request::run;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// HTTP/2 is what begins with the whole preface, whatever the pieces it comes in, and every byte is
/// handed on as it came. The first byte of the input is the size of a piece.
pub fn holds(data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else {
        return;
    };
    let (heard, is_http_2) = run(spoken(bytes, usize::from(*piece).max(1)));
    assert_eq!(heard, bytes);
    assert_eq!(is_http_2, bytes.starts_with(PREFACE));
}
