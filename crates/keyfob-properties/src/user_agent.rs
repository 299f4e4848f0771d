//! The header `User-Agent`, as far as it is kept (contract P14).

use http::{Request, header};
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};
use keyfob_server::context::{CLIENT_MAX, Ctx};
use keyfob_server::proxies::TrustedProxies;

use crate::http_request::headers;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}

impl Entropy for Fixed {
    fn fill(&self, _purpose: Purpose, out: &mut [u8]) {
        out.fill(7);
    }
}

/// What is kept is short, visible at both ends, and without control characters; kept again it is the same.
pub fn holds(data: &[u8]) {
    let Some(kept) = client(data) else { return };
    assert!((1..=CLIENT_MAX).contains(&kept.chars().count()));
    assert!(!kept.chars().any(char::is_control));
    assert_eq!(kept.trim(), kept);
    assert_eq!(client(kept.as_bytes()).as_deref(), Some(kept.as_str()));
}

fn client(data: &[u8]) -> Option<String> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers = headers(&header::USER_AGENT, data);
    Ctx::of(&parts, &TrustedProxies::default(), &Fixed, &Fixed).client
}
