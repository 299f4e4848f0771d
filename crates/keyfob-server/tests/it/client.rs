//! A client in process: the whole router, without a socket.
//!
//! [`Answer::outcome`] checks the form of every error on the way, so that no test can accept a refusal
//! that a client could not read.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use keyfob_server::context::Peer;
use keyfob_server::http::edge::Edge;
use keyfob_server::http::service;
use keyfob_server::state::App;
use serde_json::Value;
use tower::ServiceExt as _;

/// A request in the making.
#[derive(Debug)]
pub(crate) struct Ask {
    app: Arc<App>,
    edge: Option<Edge>,
    request: Request,
}

impl Ask {
    pub(crate) fn new(app: &Arc<App>, method: &str, target: &str) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = target.parse().unwrap();
        Self {
            app: Arc::clone(app),
            edge: None,
            request,
        }
    }

    /// Sends it to another node.
    pub(crate) fn at(self, node: &Arc<App>) -> Self {
        let (app, edge) = (Arc::clone(node), None);
        Self { app, edge, ..self }
    }

    /// Sends it to a router that stands already: to build one takes longer than most answers.
    pub(crate) fn through(self, edge: &Edge) -> Self {
        let edge = Some(edge.clone());
        Self { edge, ..self }
    }

    /// Adds a header, beside one of the same name.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let name = HeaderName::from_static(name);
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.request.headers_mut().append(name, value);
        self
    }

    /// Sends a session's cookie, as `name=value`.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    pub(crate) fn bearer(self, jwt: &str) -> Self {
        self.header("authorization", &format!("Bearer {jwt}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned())
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_owned())
    }

    /// Says from which address the connection comes; without it there is none.
    pub(crate) fn from(mut self, address: &str) -> Self {
        let peer = SocketAddr::new(address.parse().unwrap(), 40_000);
        self.request.extensions_mut().insert(Peer(peer));
        self
    }

    /// Sends it, to the usual host unless it names another.
    pub(crate) async fn send(mut self) -> Answer {
        let host = HeaderValue::from_static("keyfob.example");
        let headers = self.request.headers_mut();
        headers.entry(header::HOST).or_insert(host);
        let edge = self.edge.unwrap_or_else(|| service(&self.app));
        let response = match edge.oneshot(self.request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// The status, and the code of an error.
    pub(crate) async fn outcome(self) -> String {
        self.send().await.outcome()
    }
}

/// The names of an object's members, sorted: in which order they were written is not asked, and a library
/// of the browser tests makes `serde_json` keep it.
pub(crate) fn member_names(object: &Value) -> Vec<&str> {
    let names = object.as_object().unwrap().keys().map(String::as_str);
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next();
        assert!(values.next().is_none(), "{name} stands there twice");
        value.map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// One member of a JSON object, as text.
    pub(crate) fn member(&self, name: &str) -> String {
        let json = self.json();
        json.get(name).unwrap().as_str().unwrap().to_owned()
    }

    /// `204`, `404 not_found`: the status and, of an error, its code. An error that is in neither of the
    /// two forms of the contract ends the test.
    pub(crate) fn outcome(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let code = match self.header("content-type") {
            Some("application/problem+json") => self.problem_code(),
            Some("application/json") => self.door_code(),
            other => panic!("{} with {other:?}: {:?}", self.status, self.body),
        };
        format!("{} {code}", self.status)
    }

    /// The sentence of an error.
    pub(crate) fn message(&self) -> String {
        self.outcome();
        self.member("message")
    }

    /// RFC 9457 as contract 5 has it.
    fn problem_code(&self) -> String {
        let problem = self.json();
        let wanted = "detail error instance message status title type";
        assert_eq!(
            member_names(&problem),
            wanted.split(' ').collect::<Vec<_>>()
        );
        let code = self.member("error");
        assert_eq!(problem["type"], format!("/errors#{code}"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["message"], problem["detail"]);
        let id = self.header("x-request-id").unwrap();
        assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        code
    }

    /// X6: one flat object of strings, which the request's id is not in; X5: never kept.
    fn door_code(&self) -> String {
        let error = self.json();
        assert_eq!(
            member_names(&error),
            ["error", "error_description", "message"]
        );
        assert_eq!(error["error_description"], error["message"]);
        let letters = self.member("message");
        let plain = |letter: u8| matches!(letter, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(
            letters.bytes().all(plain),
            "RFC 6749 section 5.2: {letters}"
        );
        assert!(!self.text().contains(self.header("x-request-id").unwrap()));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("pragma"), Some("no-cache"));
        self.member("error")
    }

    /// Everything but what differs from request to request.
    pub(crate) fn without_id(mut self) -> Self {
        let id = self.headers.remove("x-request-id");
        assert!(id.is_some(), "every answer has an id");
        self
    }

    /// The headers as lines, by name; without the request's id, and without the length once it is right.
    pub(crate) fn header_lines(&self) -> String {
        let length = self.header("content-length");
        assert!(length.is_none_or(|length| length == self.body.len().to_string()));
        let headers = self.headers.iter();
        let mut lines: Vec<String> = headers
            .filter(|(name, _value)| *name != "x-request-id" && *name != "content-length")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines.join("\n")
    }

    /// `name=value` of the cookie that is set.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header(header::SET_COOKIE.as_str()).unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}
