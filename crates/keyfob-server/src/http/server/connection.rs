//! One connection from its first byte to its end: TLS, then HTTP/1.1 or HTTP/2, each step with a
//! deadline.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use super::first_bytes::FirstBytes;
use super::limits::Limits;
use super::write_deadline::WriteDeadline;
use crate::context::Peer;
use crate::tls::Tls;

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

/// How a listener's connections are treated.
pub(super) struct Rules {
    http: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
    limits: Limits,
}

impl Rules {
    pub(super) fn new(limits: Limits, tls: Option<Arc<Tls>>) -> Self {
        Self {
            http: limits.http(),
            tls,
            limits,
        }
    }
}

/// A connection that was accepted.
pub(super) struct Connection<S> {
    pub(super) rules: Arc<Rules>,
    pub(super) peer: SocketAddr,
    pub(super) service: S,
    /// Becomes true when the server was told to stop.
    pub(super) stop: watch::Receiver<bool>,
}

impl<S: HttpService> Connection<S> {
    /// Serves until the client is done, breaks a limit, or the server stops.
    pub(super) async fn serve<IO>(mut self, stream: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.rules.limits;
        let stream = WriteDeadline::new(stream, limits.write);
        let Some(tls) = &self.rules.tls else {
            return self.speak(stream).await;
        };
        let handshake = timeout(limits.handshake, tls.acceptor().accept(stream));
        let accepted = tokio::select! {
            accepted = handshake => accepted,
            () = told(&mut self.stop) => return,
        };
        match accepted {
            Ok(Ok(stream)) => self.speak(stream).await,
            Ok(Err(error)) => tracing::debug!(error = %error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<IO>(mut self, stream: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.rules.limits;
        let is_http_2 = Arc::new(AtomicBool::new(false));
        let stream = FirstBytes::new(stream, limits.header, Arc::clone(&is_http_2));
        let (service, peer) = (self.service, self.peer);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            service.clone().oneshot(request)
        });
        let http = &self.rules.http;
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                // The listener ends it when it takes too long.
                connection.await
            }
            () = come_of_age(limits, is_http_2) => {
                connection.as_mut().graceful_shutdown();
                timeout(limits.drain, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            // A client that hangs up or talks nonsense: its business, not the operator's.
            tracing::debug!(error = %error, "a connection ended");
        }
    }
}

/// Ends when the server was told to stop, or is gone.
async fn told(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could say so.
    drop(stop.wait_for(|is_told| *is_told).await);
}

/// Ends when an HTTP/2 connection has lived its time; of HTTP/1.1 each step has a deadline already.
async fn come_of_age(limits: Limits, is_http_2: Arc<AtomicBool>) {
    tokio::time::sleep_until(tokio::time::Instant::now() + limits.age).await;
    if !is_http_2.load(Ordering::Relaxed) {
        pending::<()>().await;
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
