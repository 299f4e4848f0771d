//! What holds for one request: the moment, its id, and who is on the line. Built once, at the edge.
//!
//! This is the only place where a request's time is read; everything below takes `now` as a value.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use keyfob_core::id::{IdRandom, RequestId};
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};

use crate::proxies::TrustedProxies;

/// Most characters of a user agent that are kept.
pub const CLIENT_MAX: usize = 300;

/// The address on the other end of the connection; the listener puts it into the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The context of one request, from the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ctx {
    /// When the request arrived.
    pub now: Timestamp,
    /// Its id, as in `X-Request-Id`.
    pub request_id: RequestId,
    /// The client's address: of the connection, or as a trusted proxy says. None in process, where there
    /// is no connection.
    pub peer: Option<IpAddr>,
    /// What the client calls itself: at most [`CLIENT_MAX`] characters, none of them control characters.
    pub client: Option<String>,
}

impl Ctx {
    /// Reads the clock and draws an id for a request that has just arrived.
    pub fn of(
        parts: &Parts,
        proxies: &TrustedProxies,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Self {
        let now = clock.now();
        let mut random = IdRandom::default();
        entropy.fill(Purpose::Id, &mut random);
        let peer = parts.extensions.get::<Peer>();
        Self {
            now,
            request_id: RequestId::new(now, random),
            peer: peer.map(|Peer(address)| proxies.client(address.ip(), &parts.headers)),
            client: client(&parts.headers),
        }
    }
}

fn client(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(agent.as_bytes());
    let kept: String = text
        .chars()
        .filter(|letter| !letter.is_control())
        .take(CLIENT_MAX)
        .collect();
    (!kept.trim().is_empty()).then(|| kept.trim().to_owned())
}

/// A request that did not come through the edge: a mistake in how the server is put together.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the request has no context; the router must be behind the edge")]
pub struct NoContext;

impl<S: Sync> FromRequestParts<S> for Ctx {
    type Rejection = crate::http::problem::Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or_else(|| Self::Rejection::internal(NoContext))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::Request;

    use super::*;
    use crate::testing::{FixedClock, FixedEntropy};

    fn ctx(request: http::request::Builder) -> Ctx {
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        Ctx::of(
            &parts,
            &TrustedProxies::default(),
            &FixedClock,
            &FixedEntropy,
        )
    }

    #[test]
    fn the_user_agent_is_cut_and_loses_its_control_characters() {
        let long = format!(" a\tb{}", "x".repeat(400));
        let client = ctx(Request::builder().header("user-agent", long)).client;
        let client = client.expect("a user agent");
        assert_eq!(client.chars().count(), CLIENT_MAX - 1, "cut, then trimmed");
        assert!(client.starts_with("abxx"));
        assert_eq!(ctx(Request::builder()).client, None);
        assert_eq!(
            ctx(Request::builder().header("user-agent", " \t")).client,
            None
        );
    }

    #[test]
    fn an_ipv4_client_of_a_dual_stack_socket_has_an_ipv4_address() {
        let mapped = Ipv4Addr::new(192, 0, 2, 7).to_ipv6_mapped();
        let peer = Peer(SocketAddr::from((mapped, 1)));
        let ctx = ctx(Request::builder().extension(peer));
        assert_eq!(ctx.peer, Some(IpAddr::from([192, 0, 2, 7])));
    }

    #[test]
    fn the_id_holds_the_moment() {
        let ctx = ctx(Request::builder());
        assert_eq!(ctx.now, FixedClock.now());
        assert_eq!(ctx.request_id.uuid().get_version_num(), 7);
    }
}
