//! The requests that existing clients send, byte for byte over a socket (`tests/wire/requests.jsonl`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use keyfob_server::http::server::serve;
use keyfob_server::http::service;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::site::Site;

const REQUESTS: &str = include_str!("../../wire/requests.jsonl");

/// One line of the file.
#[derive(Debug, Deserialize)]
struct Recorded {
    id: String,
    client: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
    status: u16,
    #[serde(default)]
    expect: Expected,
}

/// What the client reads of the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    /// Members that must be there.
    json: Vec<String>,
    /// One flat object of texts.
    flat: bool,
    /// What the access token says; `int` stands for any whole number.
    claims: Map<String, Value>,
    /// What the message must name.
    message_contains: String,
    /// Ids in `data`.
    data_has: Vec<String>,
    /// What a root organization must not have.
    root_omits: String,
    /// A bare array.
    array: bool,
    /// A bare array of objects with these members.
    array_of: Vec<String>,
}

/// The answer as it came.
struct Heard {
    status: u16,
    reason: String,
    body: Value,
}

/// A socket of the server, and what stands for the braces in the recorded requests.
struct Replay {
    site: Site,
    address: std::net::SocketAddr,
    values: Vec<(&'static str, String)>,
    _stop: oneshot::Sender<()>,
}

impl Replay {
    async fn over(site: Site) -> Self {
        let root = site.pat("ana", site.acme).await;
        let sub = site.pat("bo", site.mobile).await;
        let jwt = site.jwt(&root, site.acme).await;
        let values = vec![
            ("{ROOT_PAT}", root.secret),
            ("{SUB_PAT}", sub.secret),
            ("{ROOT_JWT}", jwt),
            ("{ROOT_ID}", site.acme.to_string()),
            ("{SUB_ID}", site.mobile.to_string()),
            ("{OTHER_SUB_ID}", site.web.to_string()),
            ("{USER_ID}", site.ana.to_string()),
            ("{OTHER_USER_ID}", site.cem.to_string()),
            ("{EMAIL}", "ana@acme.example".to_owned()),
        ];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel::<()>();
        let until = async { stopping.await.unwrap_or_default() };
        tokio::spawn(serve(listener, service(&site.app), until));
        Self {
            site,
            address,
            values,
            _stop: stop,
        }
    }

    fn fill(&self, text: &str) -> String {
        let values = self.values.iter();
        values.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    async fn hear(&self, recorded: &Recorded) -> Heard {
        let body = self.fill(&recorded.body);
        let mut request = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            recorded.method,
            self.fill(&recorded.path),
            self.address
        );
        for (name, value) in &recorded.headers {
            write!(request, "{name}: {}\r\n", self.fill(value)).unwrap();
        }
        if !body.is_empty() || recorded.method == "POST" {
            write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        write!(request, "\r\n{body}").unwrap();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status_line = head.lines().next().unwrap();
        let mut parts = status_line.splitn(3, ' ').skip(1);
        Heard {
            status: parts.next().unwrap().parse().unwrap(),
            reason: parts.next().unwrap().to_owned(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    /// What the client would miss; nothing when it is served.
    async fn faults(&self, recorded: &Recorded) -> Vec<String> {
        let heard = self.hear(recorded).await;
        let expected = &recorded.expect;
        let mut faults = status_faults(recorded, &heard);
        faults.extend(expected.faults_of_form(&heard.body));
        faults.extend(self.faults_of_list(expected, &heard.body));
        if !expected.claims.is_empty() && heard.status == 200 {
            let jwt = heard.body["access_token"].as_str().unwrap();
            let said = self.site.claims(jwt).await;
            let wrong = expected.claims.iter().filter(|(name, wanted)| {
                let claim = &said[name.as_str()];
                match wanted.as_str() {
                    Some("int") => !claim.is_i64(),
                    Some(text) => *claim != self.fill(text),
                    None => claim != *wanted,
                }
            });
            faults.extend(wrong.map(|(name, _wanted)| format!("claim {name}")));
        }
        faults
    }

    fn faults_of_list(&self, expected: &Expected, body: &Value) -> Vec<String> {
        let data: Vec<&Value> = body["data"].as_array().into_iter().flatten().collect();
        let find = |id: &str| data.iter().find(|item| item["id"] == self.fill(id));
        let missing = expected.data_has.iter().filter(|id| find(id).is_none());
        let mut faults: Vec<String> = missing.map(|id| format!("no {id} in data")).collect();
        let omitted = &expected.root_omits;
        if !omitted.is_empty() && find("{ROOT_ID}").is_none_or(|root| root.get(omitted).is_some()) {
            faults.push(format!("a root with {omitted}"));
        }
        faults
    }
}

impl Expected {
    fn faults_of_form(&self, body: &Value) -> Vec<String> {
        let missing = self.json.iter().filter(|name| body.get(name).is_none());
        let mut faults: Vec<String> = missing.cloned().collect();
        let members = body.as_object();
        let is_flat = members.is_some_and(|members| members.values().all(Value::is_string));
        if self.flat && !is_flat {
            faults.push("not one flat object of texts".to_owned());
        }
        let message = body["message"].as_str().unwrap_or_default();
        if !message.contains(&self.message_contains) {
            faults.push(format!("the message {message}"));
        }
        if self.array && !body.is_array() {
            faults.push("no array".to_owned());
        }
        let has_all = |item: &Value| self.array_of.iter().all(|name| item.get(name).is_some());
        let items = body.as_array().filter(|items| !items.is_empty());
        if !self.array_of.is_empty() && !items.is_some_and(|items| items.iter().all(has_all)) {
            faults.push("no array of such objects".to_owned());
        }
        faults
    }
}

/// A door answers exactly as recorded; elsewhere any success is as good as another.
fn status_faults(recorded: &Recorded, heard: &Heard) -> Vec<String> {
    let succeeds = |status: u16| (200..300).contains(&status);
    let is_door = recorded.path.contains("auth/v");
    let alike = !is_door && succeeds(recorded.status) && succeeds(heard.status);
    let mut faults = Vec::new();
    if heard.status != recorded.status && !alike {
        faults.push(format!("status {}", heard.status));
    }
    let standard = http::StatusCode::from_u16(heard.status).unwrap();
    if standard.canonical_reason() != Some(heard.reason.as_str()) {
        faults.push(format!("reason {}", heard.reason));
    }
    faults
}

fn recorded() -> Vec<Recorded> {
    let lines = REQUESTS.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn every_request_of_an_existing_client_is_served() {
    let replay = Replay::over(Site::on(super::backend().await).await).await;
    let mut replayed = 0;
    for recorded in recorded() {
        let faults = replay.faults(&recorded).await;
        let (id, client) = (recorded.id.as_str(), recorded.client.as_str());
        assert_eq!(faults, [""; 0], "{id}: {client}");
        replayed += 1;
    }
    assert_eq!(replayed, 42);
}
