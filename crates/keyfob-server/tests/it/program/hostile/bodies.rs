//! Bodies made to cost much: deep, long, repeated, compressed.

use std::io::Write as _;

use super::{Stand, Then, statuses, talk};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a body with its length, and one in chunks, whose length nobody knows before.
fn outcomes(stand: &Stand, target: &str, media_type: &str, body: &str) -> [Vec<u16>; 2] {
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\ncontent-type: {media_type}\r\nconnection: close\r\n"
    );
    let whole = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let chunk = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    [whole, chunk].map(|request| statuses(&talk(stand.wire(), request.into_bytes(), Then::Wait)))
}

#[test]
fn t_28_json_that_is_deep_or_wide_is_refused_whatever_its_size() {
    let stand = Stand::new();
    let names = |count: usize| {
        (0..count)
            .map(|name| format!("\"{name}\":1"))
            .collect::<Vec<_>>()
    };
    for (what, body, wanted) in [
        ("10^5 deep", "[".repeat(100_000), 413),
        ("as deep as fits", "[".repeat(16 * 1024), 400),
        ("deep objects", "{\"a\":".repeat(3_000), 400),
        (
            "deep inside a member",
            format!("{{\"email\":{}1{}}}", "[".repeat(8_000), "]".repeat(8_000)),
            400,
        ),
        ("many names", format!("{{{}}}", names(1_500).join(",")), 422),
        (
            "one name many times",
            format!("{{{}}}", vec!["\"a\":1"; 2_500].join(",")),
            400,
        ),
        ("a long number", "9".repeat(16_000), 400),
        (
            "a long text",
            format!("\"{}\"", "\\u0041".repeat(2_700)),
            400,
        ),
        ("half a letter", "\"\\ud800\"".to_owned(), 400),
        ("1 MiB of spaces", " ".repeat(1 << 20), 413),
    ] {
        let heard = outcomes(&stand, "/identity/v1/session", JSON, &body);
        assert_eq!(heard, [[wanted], [wanted]], "{what}");
    }
    stand.assert_unharmed();
}

#[test]
fn t_28_a_form_that_is_long_or_crooked_is_refused_whatever_its_size() {
    let stand = Stand::new();
    let scopes = |bytes: usize| "a ".repeat(bytes / 2);
    for (what, body, wanted) in [
        (
            "1 MiB of scopes",
            format!("pat=x&scope={}", scopes(1 << 20)),
            413,
        ),
        (
            "all the scopes that fit",
            format!("pat=x&scope={}", scopes(8_000)),
            401,
        ),
        ("nothing but separators", "&".repeat(8_000), 400),
        ("unknown fields", "a=b&".repeat(2_000), 400),
        ("a field twice", "pat=x&pat=x".to_owned(), 400),
        ("crooked escapes", format!("pat={}", "%".repeat(8_000)), 401),
        ("escaped zeros", format!("pat={}", "%00".repeat(2_600)), 401),
        ("no text", format!("pat={}", "%ff".repeat(2_600)), 401),
        ("a long secret", format!("pat={}", "x".repeat(8_000)), 401),
        (
            "a long organization",
            format!("pat=x&subOrganization={}", "0".repeat(8_000)),
            400,
        ),
    ] {
        let heard = outcomes(&stand, "/auth/v2/token", FORM, &body);
        assert_eq!(heard, [[wanted], [wanted]], "{what}");
    }
    stand.assert_unharmed();
}

#[test]
fn t_28_nothing_is_unpacked_and_nothing_is_packed() {
    let stand = Stand::new();
    let wire = stand.wire();
    let usual = wire.ask("POST", "/auth/v2/token").form("pat=x").send();
    for coding in ["gzip", "br", "deflate", "zstd", "gzip, gzip, gzip"] {
        let ask = wire
            .ask("POST", "/auth/v2/token")
            .header("content-encoding", coding);
        let answer = ask.header("accept-encoding", coding).form("pat=x").send();
        assert_eq!(
            super::without_id(&answer),
            super::without_id(&usual),
            "{coding}"
        );
    }
    let page = wire
        .get("/errors")
        .header("accept-encoding", "gzip, br")
        .send();
    assert_eq!((page.status, page.header("content-encoding")), (200, None));
    stand.assert_unharmed();
}

#[test]
fn t_04_clients_that_hang_up_leave_no_hashing_behind() {
    let stand = Stand::new();
    let before = stand.memory();
    let body = r#"{"email":"ana@acme.example","password":"wrong"}"#;
    for _attempt in 0..100 {
        let mut stream = stand.wire().connect();
        let head =
            format!("POST /identity/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).unwrap();
        // Meanwhile the hashing begins; then the client is gone.
        assert_eq!(stand.wire().get("/healthz").send().status, 200);
    }
    // Whoever signs in now waits behind them; or has asked too often.
    let last = stand.wire().signing_in("ana@acme.example", "wrong").send();
    assert!(matches!(last.status, 401 | 429), "{}", last.status);
    // Four are computed at once, each with 19 MiB.
    let held = stand.memory() - before;
    assert!(held < 100 * 1024, "{held} KiB");
    stand.assert_unharmed();
}
