//! What a listener allows its clients: numbers, each with its reason.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

/// How long the head of a request may take, and how long a connection may be idle between requests.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// How long running requests may take after the server was told to stop, and after an HTTP/2 connection
/// came of age.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Most headers of a request.
pub const HEADERS_MAX: usize = 64;
/// Most bytes of a request's head: its target with the query, and its headers.
const HEAD_MAX: usize = 16 * 1024;
/// The same for HTTP/2, where it counts after decompression.
const HEAD_LIST_MAX: u32 = 16 * 1024;
/// How often a silent HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Most requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Most streams that a client reset and that are not yet cleared away (rapid reset, CVE-2023-44487).
const RESETS_MAX: usize = 20;
/// Most streams that we reset because of the client's mistakes, before the connection ends.
const MISTAKES_MAX: usize = 64;
/// How much of one HTTP/2 body may be under way unread. No body that is accepted is larger.
const STREAM_WINDOW: u32 = 64 * 1024;
/// How much of all bodies of one HTTP/2 connection may be under way unread.
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// How much of an answer waits for an HTTP/2 client that does not take it.
const SEND_BUFFER: usize = 64 * 1024;

/// What may differ from listener to listener: how long clients may take, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take, and how long a connection may be idle between requests.
    pub header: Duration,
    /// How long a client may take to read what waits for it.
    pub write: Duration,
    /// After how long an HTTP/2 connection takes no new requests. Clients open another one; without an
    /// end, one that only answers our pings would stay for ever.
    pub age: Duration,
    /// How long running requests may take after the end was announced.
    pub drain: Duration,
    /// Most connections at once. Further ones wait until one ends.
    pub connections: usize,
    /// Most connections at once of one client: an IPv4 address, or an IPv6 network of 64 bits. Further
    /// ones are closed.
    pub connections_per_client: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            header: HEADER_DEADLINE,
            write: Duration::from_secs(30),
            age: Duration::from_mins(1),
            drain: DRAIN_DEADLINE,
            connections: 2_048,
            connections_per_client: 256,
        }
    }
}

impl Limits {
    /// HTTP/1.1 and HTTP/2 within these limits.
    pub(super) fn http(&self) -> Builder<TokioExecutor> {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEAD_LIST_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(MISTAKES_MAX)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(self.header);
        http
    }
}
