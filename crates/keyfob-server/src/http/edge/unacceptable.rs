//! Requests that no handler sees, because of their head alone.

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version, header};

use crate::http::oauth_error::OAuthError;
use crate::http::path::Dialect;
use crate::http::problem::{Code, Problem};
use crate::http::server::limits::HEADERS_MAX;

/// What is wrong with a request's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unacceptable {
    /// More than [`HEADERS_MAX`] headers. Over HTTP/1.1 the listener has refused them already.
    Headers,
    /// No host or several: two programs could take it for two servers (RFC 9112 §3.2, RFC 9113 §8.3.1).
    ///
    /// Which host is not asked. Nothing in an answer depends on it, and a list of names would only refuse
    /// those who ask by address: a supervisor, a proxy with a name of its own for us.
    Host,
}

impl Unacceptable {
    /// Looks at a head; none when it is fine.
    pub(super) fn of(head: &Parts) -> Option<Self> {
        if head.headers.len() > HEADERS_MAX {
            return Some(Self::Headers);
        }
        let is_fine = head.version < Version::HTTP_11 || names_one_host(head);
        (!is_fine).then_some(Self::Host)
    }

    pub(super) fn answer(self, dialect: Dialect) -> Response {
        match (self, dialect) {
            (Self::Headers, Dialect::OAuth) => OAuthError::too_many_headers().into_response(),
            (Self::Headers, Dialect::Problem) => {
                Problem::from(Code::TooManyHeaders).into_response()
            }
            (Self::Host, Dialect::OAuth) => OAuthError::invalid_request(HOST).into_response(),
            (Self::Host, Dialect::Problem) => {
                Problem::new(Code::InvalidRequest, HOST).into_response()
            }
        }
    }
}

const HOST: &str = "Name one host, in the header Host or as :authority.";

fn names_one_host(head: &Parts) -> bool {
    let authority = |value: &HeaderValue| Authority::try_from(value.as_bytes()).ok();
    let mut hosts = head.headers.get_all(header::HOST).iter().map(authority);
    // In HTTP/2 it is `:authority`, and a `Host` beside it is the same. In HTTP/1.1 a target that is sent
    // as to a proxy has one too, and goes before the `Host` that must stand beside it (RFC 9112 §3.2.2).
    let target = head.uri.authority();
    let target = target.filter(|_target| head.version > Version::HTTP_11);
    match (hosts.next(), hosts.next()) {
        (None, _) => target.is_some(),
        (Some(host), None) => host.is_some_and(|host| {
            let is_target = target.is_none_or(|target| *target == host);
            is_target && !host.as_str().contains('@')
        }),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(version: Version, target: &str, hosts: &[&str]) -> Option<Unacceptable> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header("host", *host);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        Unacceptable::of(&parts)
    }

    #[test]
    fn t_23_a_request_names_one_host() {
        use Version as V;
        for (version, target, hosts) in [
            (V::HTTP_11, "/", &["keyfob.example.com"][..]),
            (V::HTTP_11, "/", &["127.0.0.1:8787"]),
            (V::HTTP_11, "/", &["[::1]:8787"]),
            (V::HTTP_11, "http://a/", &["b"]),
            (V::HTTP_2, "http://a/", &[]),
            (V::HTTP_2, "http://a/", &["a"]),
            (V::HTTP_2, "/", &["a"]),
            (V::HTTP_10, "/", &[]),
        ] {
            assert_eq!(of(version, target, hosts), None, "{target} {hosts:?}");
        }
        for (version, target, hosts) in [
            (V::HTTP_11, "/", &[][..]),
            (V::HTTP_11, "/", &[""]),
            (V::HTTP_11, "/", &["a", "a"]),
            (V::HTTP_11, "/", &["a b"]),
            (V::HTTP_11, "/", &["a/b"]),
            (V::HTTP_11, "/", &["a, b"]),
            (V::HTTP_11, "/", &["me@a"]),
            (V::HTTP_11, "http://a/", &[]),
            (V::HTTP_2, "/", &[]),
            (V::HTTP_2, "http://a/", &["b"]),
        ] {
            let refused = of(version, target, hosts);
            assert_eq!(refused, Some(Unacceptable::Host), "{target} {hosts:?}");
        }
    }

    #[test]
    fn t_27_a_request_has_at_most_64_headers_whatever_the_version() {
        let with = |count: usize| {
            let mut request = Request::builder().version(Version::HTTP_2).uri("http://a/");
            for number in 0..count {
                request = request.header("x", number);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            Unacceptable::of(&parts)
        };
        assert_eq!(with(64), None);
        assert_eq!(with(65), Some(Unacceptable::Headers));
    }
}
