//! Each deadline of a connection, with a client at the other end of a pipe and a clock that jumps.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::*;
use crate::http::body;
use crate::tls::tests::made_in;

const SECOND: Duration = Duration::from_secs(1);

/// A client's end of a connection.
struct Client {
    stream: DuplexStream,
    served: JoinHandle<()>,
    stop: watch::Sender<bool>,
    began: Instant,
}

impl Client {
    /// Connects with a pipe that holds so many bytes.
    fn connect(pipe: usize, tls: Option<Arc<Tls>>) -> Self {
        let (stream, server) = duplex(pipe);
        let stop = watch::Sender::new(false);
        let connection = Connection {
            rules: Arc::new(Rules::new(Limits::default(), tls)),
            peer: SocketAddr::from(([192, 0, 2, 1], 40_000)),
            service: router(),
            stop: stop.subscribe(),
        };
        Self {
            stream,
            served: tokio::spawn(connection.serve(server)),
            stop,
            began: Instant::now(),
        }
    }

    fn plain() -> Self {
        Self::connect(64 * 1024, None)
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends a byte a second for as long as it goes.
    async fn trickle(&mut self, bytes: &[u8]) {
        let mut seconds = interval(SECOND);
        for byte in bytes {
            seconds.tick().await;
            if self.stream.write_u8(*byte).await.is_err() {
                return;
            }
        }
    }

    /// What comes until the server ends the connection, and after how long that was.
    async fn hear(mut self) -> (String, Duration) {
        let mut heard = Vec::new();
        self.stream.read_to_end(&mut heard).await.expect("an end");
        self.served.await.expect("no panic");
        let heard = String::from_utf8(heard).expect("text");
        (heard, self.began.elapsed())
    }
}

fn router() -> Router {
    let read = async |headers: HeaderMap, request: Request| {
        let body = body::read(&headers, request.into_body(), 100).await;
        format!("{:?}", body.map(|body| body.len()))
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/body", post(read))
        .route("/large", get(|| async { "x".repeat(1_000_000) }))
}

#[tokio::test(start_paused = true)]
async fn t_27_a_head_must_come_in_5_seconds_however_it_comes() {
    let silent = Client::plain();
    assert_eq!(silent.hear().await, (String::new(), 5 * SECOND));
    let mut half = Client::plain();
    half.send(b"GET / HTTP/1.1\r\nhost:").await;
    assert_eq!(half.hear().await.1, 5 * SECOND);
    let mut slow = Client::plain();
    slow.trickle(b"GET / HTTP/1.1\r\nhost: keyfob.example\r\n\r\n")
        .await;
    let (heard, took) = slow.hear().await;
    assert!(!heard.contains("hello"), "{heard}");
    assert!(took <= 6 * SECOND, "{took:?}");
    let mut endless = Client::plain();
    endless.send(b"GET / HTTP/1.1\r\n").await;
    endless.trickle(&b"a: b\r\n".repeat(10)).await;
    assert!(endless.hear().await.1 <= 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn t_27_between_requests_a_connection_is_kept_for_5_seconds() {
    let mut client = Client::plain();
    for _request in 0..3 {
        client.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    }
    let (heard, took) = client.hear().await;
    assert_eq!(heard.matches("hello").count(), 3);
    assert_eq!(took, 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn t_27_a_body_must_come_in_10_seconds_however_it_comes() {
    let head = b"POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 20\r\n\r\n";
    let mut half = Client::plain();
    half.send(&[head, &b"half"[..]].concat()).await;
    let (heard, took) = half.hear().await;
    assert!(heard.ends_with("Err(TooSlow)"), "{heard}");
    assert_eq!(took, 10 * SECOND);
    let mut slow = Client::plain();
    slow.send(head).await;
    slow.trickle(&[b'x'; 20]).await;
    let (heard, took) = slow.hear().await;
    assert!(heard.ends_with("Err(TooSlow)"), "{heard}");
    assert!(took < 20 * SECOND, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn t_27_an_answer_must_be_read_in_30_seconds() {
    let mut deaf = Client::connect(1_024, None);
    deaf.send(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    deaf.served.await.expect("no panic");
    assert_eq!(deaf.began.elapsed(), 30 * SECOND);

    // Reading a little now and then does not help.
    let mut slow = Client::connect(1_024, None);
    slow.send(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut seconds = interval(SECOND);
    let mut some = [0; 100];
    while !slow.served.is_finished() {
        seconds.tick().await;
        slow.stream.read_exact(&mut some).await.expect("some");
    }
    assert!(slow.began.elapsed() <= 32 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn t_27_a_tls_handshake_must_be_done_in_5_seconds_and_holds_no_stop_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = Arc::new(Tls::load(made_in(folder.path(), "localhost")).expect("a pair"));
    let silent = Client::connect(1_024, Some(Arc::clone(&tls)));
    assert_eq!(silent.hear().await, (String::new(), 5 * SECOND));
    let half = {
        let mut client = Client::connect(1_024, Some(Arc::clone(&tls)));
        // The head of a handshake record (RFC 8446 section 5.1), and nothing behind it.
        client.send(&[22, 3, 1, 1, 0]).await;
        client
    };
    assert_eq!(half.hear().await.1, 5 * SECOND);
    let stopped = Client::connect(1_024, Some(tls));
    stopped.stop.send_replace(true);
    assert_eq!(stopped.hear().await, (String::new(), Duration::ZERO));
}

/// Frames of HTTP/2 (RFC 9113 section 4.1) as this client needs them.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// SETTINGS that leave no room for any answer: `SETTINGS_INITIAL_WINDOW_SIZE` is 0.
const NO_WINDOW: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// HEADERS on stream 1, at its end: GET / of the host x (RFC 7541 section 6).
const GET: &[u8] = &[0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x01, 1, b'x'];
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// One frame: its kind, its flags and what is in it.
async fn frame(stream: &mut DuplexStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [high, middle, low, kind, flags, ..] = head;
    let length = u32::from_be_bytes([0, high, middle, low]);
    let mut payload = vec![0; usize::try_from(length).expect("small")];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, payload))
}

/// Answers every ping and takes nothing of any answer, until the connection ends; when the end was first
/// announced.
async fn hang_on(client: &mut Client) -> Option<Duration> {
    let mut announced = None;
    while let Some((kind, flags, payload)) = frame(&mut client.stream).await {
        if kind == GOAWAY {
            announced.get_or_insert(client.began.elapsed());
        } else if kind == PING && flags & ACK == 0 {
            let pong = [&[0, 0, 8, PING, ACK, 0, 0, 0, 0], &payload[..]].concat();
            // The server may have gone meanwhile.
            client.stream.write_all(&pong).await.unwrap_or_default();
        }
    }
    announced
}

#[tokio::test(start_paused = true)]
async fn t_27_an_http_2_connection_comes_of_age_whatever_its_client_does() {
    for (request, seconds) in [(&b""[..], 60), (GET, 70)] {
        let mut client = Client::plain();
        client.send(&[PREFACE, NO_WINDOW, request].concat()).await;
        let announced = hang_on(&mut client).await;
        client.served.await.expect("no panic");
        let took = client.began.elapsed();
        assert_eq!(announced, Some(60 * SECOND), "{request:?}");
        assert_eq!(took, seconds * SECOND, "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn t_27_an_http_2_client_that_is_gone_is_noticed() {
    let mut client = Client::plain();
    client.send(&[PREFACE, NO_WINDOW, GET].concat()).await;
    client.served.await.expect("no panic");
    assert_eq!(client.began.elapsed(), 25 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_http_1_connection_in_use_does_not_come_of_age() {
    let mut client = Client::plain();
    let mut answers = interval(3 * SECOND);
    for _request in 0..30 {
        answers.tick().await;
        client.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    }
    let (heard, took) = client.hear().await;
    assert_eq!(heard.matches("hello").count(), 30);
    assert_eq!(took, (29 * 3 + 5) * SECOND);
}
