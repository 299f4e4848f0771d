//! The listener: our own accept loop, because limits and deadlines must hold before there is a request.
//!
//! `axum::serve` installs no timer, so with it a client that sends its header a byte at a time keeps a
//! connection for ever. And the version of HTTP is told from the first bytes, before hyper's own
//! deadline begins to run: `FirstBytes` covers those.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

mod first_bytes;

use self::first_bytes::FirstBytes;
use crate::context::Peer;

/// How long the head of a request may take, and how long a connection may be idle between requests.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// How long running requests may take after the server was told to stop.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Most bytes of a request's head.
const HEAD_MAX: usize = 16 * 1024;
/// The same for HTTP/2, where it counts after decompression.
const HEAD_LIST_MAX: u32 = 16 * 1024;
/// How often a silent HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Most requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Most streams that a client reset and that are not yet cleared away (rapid reset, CVE-2023-44487).
const RESETS_MAX: usize = 20;
/// How long the listener rests when the system has nothing left to accept with.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What can be served: an HTTP service that always answers.
pub trait HttpService:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> HttpService for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// Serves until `shutdown` ends; then accepts no more, lets running requests finish for at most
/// [`DRAIN_DEADLINE`], and closes what is left.
pub async fn serve<S: HttpService>(
    listener: TcpListener,
    service: S,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut connections = Connections::new();
    tokio::select! {
        // Never ends by itself.
        () = accept_all(&listener, service, &mut connections) => {}
        () = shutdown => {}
    }
    drop(listener);
    connections.drain().await;
}

/// Takes the port of `address`, or when that is taken the next free one above it.
///
/// # Errors
/// What the system says of the last port tried.
pub async fn bind_or_next(mut address: SocketAddr) -> io::Result<TcpListener> {
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let next = address.port().checked_add(1).ok_or(error)?;
                address.set_port(next);
            }
            bound => return bound,
        }
    }
}

async fn accept_all<S: HttpService>(
    listener: &TcpListener,
    service: S,
    connections: &mut Connections,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connections.open(stream, peer, service.clone()),
            Err(error) => rest_after(&error).await,
        }
    }
}

/// An error of `accept` is either one client's, which is gone, or a lack of descriptors or memory, which
/// passes when connections end. Neither may end the loop.
async fn rest_after(error: &io::Error) {
    let is_the_clients = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    );
    if is_the_clients {
        return;
    }
    tracing::error!(error = %error, pause_ms = ACCEPT_PAUSE.as_millis(), "cannot accept connections");
    #[expect(
        clippy::disallowed_methods,
        reason = "no event tells when descriptors are free again, and trying at once would spin"
    )]
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// The connections that are open.
struct Connections {
    http: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
}

impl Connections {
    fn new() -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_DEADLINE)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEAD_LIST_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(HEADER_DEADLINE);
        Self {
            http,
            graceful: GracefulShutdown::new(),
            tasks: JoinSet::new(),
        }
    }

    fn open<S: HttpService>(&mut self, stream: TcpStream, peer: SocketAddr, service: S) {
        // Answers are short; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "cannot set TCP_NODELAY");
        }
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            service.clone().oneshot(request)
        });
        let io = TokioIo::new(FirstBytes::new(stream, HEADER_DEADLINE));
        let connection = self.http.serve_connection(io, service).into_owned();
        let connection = self.graceful.watch(connection);
        self.tasks.spawn(async move {
            if let Err(error) = connection.await {
                // A client that hangs up or talks nonsense: its business, not the operator's.
                tracing::debug!(error = %error, "a connection ended");
            }
        });
        while self.tasks.try_join_next().is_some() {}
    }

    async fn drain(mut self) {
        tracing::info!(connections = self.graceful.count(), "draining connections");
        let drained = tokio::time::timeout(DRAIN_DEADLINE, self.graceful.shutdown()).await;
        if drained.is_err() {
            tracing::warn!("closing connections that did not drain in time");
        }
        self.tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_leads_to_the_next() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = bind_or_next(any).await.expect("a free port");
        let taken = first.local_addr().expect("an address");
        let next = bind_or_next(taken).await.expect("another port");
        assert!(next.local_addr().expect("an address").port() > taken.port());
    }
}
