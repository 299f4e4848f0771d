//! A client over a real socket: one connection for each request, closed by the server at the end.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{PASSWORD, PATIENCE};
use crate::client::Answer;

/// Where to send requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    pub(super) address: SocketAddr,
}

/// A request in the making.
#[derive(Debug)]
pub(super) struct Ask {
    wire: Wire,
    head: String,
    body: String,
}

impl Wire {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(super) fn connect(self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(super) fn ask(self, method: &str, target: &str) -> Ask {
        let address = self.address;
        Ask {
            wire: self,
            head: format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\n"),
            body: String::new(),
        }
    }

    pub(super) fn get(self, target: &str) -> Ask {
        self.ask("GET", target)
    }

    pub(super) fn signing_in(self, email: &str, password: &str) -> Ask {
        let body = serde_json::json!({"email": email, "password": password});
        self.ask("POST", "/identity/v1/session")
            .json(&body.to_string())
    }

    /// The cookie of a new session of somebody with the password of all.
    pub(super) fn sign_in(self, name: &str) -> String {
        self.sign_in_with(&format!("{name}@acme.example"), PASSWORD)
    }

    pub(super) fn sign_in_with(self, email: &str, password: &str) -> String {
        let answer = self.signing_in(email, password).send();
        assert_eq!(answer.outcome(), "201", "{email}");
        answer.cookie()
    }

    /// Whether a session still is one: `200`, or the refusal.
    pub(super) fn session(self, cookie: &str) -> String {
        self.get("/identity/v1/session")
            .header("cookie", cookie)
            .outcome()
    }

    pub(super) fn generating(self, cookie: &str, organization: &str) -> Ask {
        self.ask("POST", &pats_of(organization))
            .header("cookie", cookie)
            .json("{}")
    }

    /// The text of a new token with no choice made.
    pub(super) fn generate(self, cookie: &str, organization: &str) -> String {
        let answer = self.generating(cookie, organization).send();
        assert_eq!(answer.outcome(), "201");
        answer.member("token")
    }

    /// Exchanges at the main door, for the token's own organization.
    pub(super) fn exchange(self, pat: &str) -> Answer {
        self.exchange_for(pat, "")
    }

    pub(super) fn exchange_for(self, pat: &str, target: &str) -> Answer {
        let form = format!("pat={pat}&subOrganization={target}");
        self.ask("POST", "/auth/v2/token").form(&form).send()
    }

    /// An access token for the token's own organization.
    pub(super) fn jwt(self, pat: &str) -> String {
        let answer = self.exchange(pat);
        assert_eq!(answer.outcome(), "200");
        answer.member("access_token")
    }

    /// What the management API says to an access token.
    pub(super) fn with_jwt(self, jwt: &str) -> String {
        self.get("/identity/v1/organizations")
            .header("authorization", &format!("Bearer {jwt}"))
            .outcome()
    }
}

impl Ask {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.head, "{name}: {value}\r\n").unwrap();
        self
    }

    pub(super) fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    pub(super) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    fn body(mut self, media_type: &str, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-type", media_type)
            .header("content-length", &body.len().to_string())
    }

    pub(super) fn send(self) -> Answer {
        self.attempt().unwrap()
    }

    /// The answer, or what kept it from coming: the server may die meanwhile.
    pub(super) fn attempt(self) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.wire.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!("{}connection: close\r\n\r\n{}", self.head, self.body);
        stream.write_all(request.as_bytes())?;
        answer_of(&mut stream)
    }

    /// The status, and the code of an error.
    pub(super) fn outcome(self) -> String {
        self.send().outcome()
    }
}

/// Reads an answer, and the end of the connection behind it.
pub(super) fn read_answer(stream: &mut TcpStream) -> Answer {
    answer_of(stream).unwrap()
}

/// The same; an answer that does not come to its end is an error.
fn answer_of(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let cut_off = || {
        let text = String::from_utf8_lossy(&bytes);
        io::Error::new(io::ErrorKind::UnexpectedEof, format!("cut off: {text:?}"))
    };
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.ok_or_else(cut_off)? + 4);
    let head = std::str::from_utf8(head).unwrap().trim_end();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let answer = Answer {
        status: status.split(' ').next().unwrap().parse().unwrap(),
        headers,
        body: body.to_vec().into(),
    };
    assert_eq!(answer.header("transfer-encoding"), None);
    match answer.header("content-length") {
        Some(length) if length.parse() != Ok(body.len()) => Err(cut_off()),
        _whole => Ok(answer),
    }
}

/// Where an organization's tokens are.
pub(super) fn pats_of(organization: &str) -> String {
    format!("/identity/v1/organizations/{organization}/personal-api-tokens")
}

/// The token of those forms on a page that have no number of their own.
pub(super) fn form_token(page: &Answer) -> String {
    let (_before, rest) = page
        .text()
        .split_once("name=\"formToken\" value=\"")
        .unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// What an access token says. Its signature is the business of other tests.
pub(super) fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
