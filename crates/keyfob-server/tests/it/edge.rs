//! The listener and the edge over real sockets: what is on the wire, byte for byte.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};
use keyfob_server::context::Ctx;
use keyfob_server::http::edge::Edge;
use keyfob_server::http::server::limits::HEADER_DEADLINE;
use keyfob_server::http::server::serve;
use keyfob_server::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

mod listener;

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

/// The id that every request has under a clock and chance that stand still.
const REQUEST_ID: &str = "01a3185c-5000-7707-8707-070707070707";

struct Server {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router) -> Self {
        let metrics = Arc::new(Metrics::default());
        let edge = Edge::new(
            router,
            Arc::new(Fixed),
            Arc::new(Fixed),
            Arc::clone(&metrics),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async { stopping.await.unwrap_or_default() };
        let stopped = tokio::spawn(serve(listener, edge, shutdown));
        Self {
            address,
            metrics,
            stop,
            stopped,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a connection of their own and reads until the server closes it.
    async fn talk(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        hear(&mut stream).await
    }

    /// The answer to one request.
    async fn ask(&self, method: &str, target: &str) -> Answer {
        let request = format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        Answer(self.talk(request.as_bytes()).await)
    }
}

/// Everything until the end; a reset is an end too.
async fn hear(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let end = stream.read_to_end(&mut heard).await;
    let is_reset = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset;
    assert!(end.is_ok() || end.as_ref().is_err_and(is_reset), "{end:?}");
    String::from_utf8(heard).unwrap()
}

struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (head, _body) = self.0.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _value)| *found == name)
            .map(|(_name, value)| value)
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").unwrap().1
    }
}

async fn path_and_query(request: Request) -> String {
    request.uri().to_string()
}

async fn panics() -> &'static str {
    panic!("hunter2")
}

fn router() -> Router {
    Router::new()
        .route("/auth/v1/token", post(path_and_query))
        .route("/auth/v2/token", post(panics))
        .route("/identity/v1/things/{id}", get(path_and_query))
        .route("/panics", get(panics))
        .route("/who", get(|ctx: Ctx| async move { format!("{ctx:?}") }))
        .route(
            "/own",
            get(|| async { ([("cache-control", "public")], "mine") }),
        )
}

#[tokio::test]
async fn x2_slashes_too_many_reach_the_door() {
    let server = Server::start(router()).await;
    for target in [
        "/auth/v1/token?a=b",
        "//auth/v1/token?a=b",
        "/auth//v1/token//?a=b",
    ] {
        let answer = server.ask("POST", target).await;
        assert_eq!(
            (answer.status(), answer.body()),
            (200, "/auth/v1/token?a=b"),
            "{target}"
        );
    }
    let answer = server.ask("GET", "/identity/v1//things/a%20b/").await;
    assert_eq!(answer.body(), "/identity/v1/things/a%20b");
}

#[tokio::test]
async fn x2_everywhere_else_there_is_nothing() {
    let server = Server::start(router()).await;
    for target in [
        "//own",
        "/own/",
        "/auth/v10/token",
        "/auth/v1/../v1/token",
        "/auth%2Fv1/token",
        "*",
    ] {
        let answer = server.ask("GET", target).await;
        assert_eq!(answer.status(), 404, "{target}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{target}"
        );
        assert_eq!(answer.header("location"), None, "{target}");
    }
}

#[tokio::test]
async fn every_answer_has_its_id_and_the_headers_that_protect_it() {
    let server = Server::start(router()).await;
    for (target, cache) in [
        ("/nothing", "no-store"),
        ("/own", "public"),
        ("/panics", "no-store"),
    ] {
        let answer = server.ask("GET", target).await;
        for (name, value) in [
            ("x-request-id", REQUEST_ID),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("cache-control", cache),
        ] {
            assert_eq!(answer.header(name), Some(value), "{target} {name}");
        }
    }
}

#[tokio::test]
async fn the_routers_own_refusals_get_a_body_and_keep_their_headers() {
    let server = Server::start(router()).await;
    let missing = server.ask("GET", "/nothing").await;
    let instance = format!("\"instance\":\"urn:uuid:{REQUEST_ID}\"");
    assert!(
        missing.body().contains("\"error\":\"not_found\""),
        "{}",
        missing.body()
    );
    assert!(missing.body().contains(&instance), "{}", missing.body());
    let method = server.ask("POST", "/own").await;
    assert_eq!(
        (method.status(), method.header("allow")),
        (405, Some("GET,HEAD"))
    );
    assert!(method.body().contains("\"error\":\"method_not_allowed\""));
    let door = server.ask("GET", "/auth/v1/token").await;
    assert_eq!((door.status(), door.header("allow")), (405, Some("POST")));
    assert_eq!(door.header("pragma"), Some("no-cache"));
    assert_eq!(
        door.body(),
        r#"{"error":"invalid_request","error_description":"Use POST.","message":"Use POST."}"#
    );
    let below = server.ask("POST", "/auth/v3/nothing").await;
    assert_eq!(below.status(), 404);
    assert!(
        below.body().starts_with(r#"{"error":"not_found","#),
        "{}",
        below.body()
    );
}

#[tokio::test]
async fn a_panic_stays_inside_its_request() {
    let server = Server::start(router()).await;
    let page = server.ask("GET", "/panics").await;
    assert_eq!(page.status(), 500);
    assert_eq!(
        page.header("content-type"),
        Some("application/problem+json")
    );
    assert!(!page.0.contains("hunter2"));
    let door = server.ask("POST", "/auth/v2/token").await;
    assert_eq!(
        (door.status(), door.header("content-type")),
        (500, Some("application/json"))
    );
    assert!(!door.0.contains("hunter2") && !door.body().contains(REQUEST_ID));
    let counted = server.metrics.encode();
    let series = "keyfob_http_requests_total{route=\"/panics\",method=\"GET\",status=\"5xx\"} 1";
    assert!(counted.contains(series), "{counted}");
    assert!(
        counted.contains("keyfob_http_requests_in_flight 0"),
        "{counted}"
    );
}

#[tokio::test]
async fn the_context_holds_the_moment_and_the_client() {
    let server = Server::start(router()).await;
    let request =
        b"GET /who HTTP/1.1\r\nhost: x\r\nuser-agent: curl/8\r\nconnection: close\r\n\r\n";
    let answer = Answer(server.talk(request).await);
    let now = "now: Timestamp(1800000000000)";
    let client = "peer: Some(127.0.0.1), client: Some(\"curl/8\")";
    let expected = format!("Ctx {{ {now}, request_id: RequestId({REQUEST_ID}), {client} }}");
    assert_eq!(answer.body(), expected);
}

/// Where a test's log events go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_event_names_the_route_and_nothing_that_was_sent() {
    crate::listening::always_ask();
    let server = Server::start(router()).await;
    // Once without a log: a place that logs asks who listens when it is first come by, and when somebody
    // begins to listen. Come by first in another test's thread, it would hear of nobody and be silent.
    server.ask("GET", "/nothing").await;
    let log = Log::default();
    let sink = log.clone();
    let events = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .without_time();
    let events = events.with_writer(move || sink.clone()).finish();
    let _logging = tracing::subscriber::set_default(events);
    server
        .ask("GET", "/identity/v1//things/hunter2?q=hunter2")
        .await;
    server.ask("GET", "/hunter2?q=hunter2").await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event["http.route"].as_str(), event["http.status"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("/identity/v1/things/{id}"), Some(200)),
            (Some("none"), Some(404))
        ]
    );
    for event in &events {
        assert_eq!(event["request.id"], REQUEST_ID);
        assert_eq!(event["http.method"], "GET");
        assert!(event["duration_us"].is_u64(), "{event}");
    }
}
