//! The listener: our own accept loop, because limits and deadlines must hold before there is a request.
//!
//! `axum::serve` installs no timer, so with it a client that sends its header a byte at a time keeps a
//! connection for ever. And the version of HTTP is told from the first bytes, before hyper's own
//! deadline begins to run: `FirstBytes` covers those.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

mod connection;
pub(super) mod first_bytes;
pub mod limits;
mod places;
mod write_deadline;

pub use self::connection::HttpService;
use self::connection::{Connection, Rules};
use self::limits::Limits;
use self::places::{Place, Places};
use crate::proxies::TrustedProxies;
use crate::tls::Tls;

/// How long the listener rests when the system has nothing left to accept with.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A port, and how those are treated who connect to it.
#[derive(Debug)]
pub struct Listener {
    /// The port.
    pub socket: TcpListener,
    /// How TLS is spoken, if it is.
    pub tls: Option<Arc<Tls>>,
    /// How long clients may take, and how many there may be.
    pub limits: Limits,
    /// Who speaks for many clients.
    pub proxies: TrustedProxies,
}

impl From<TcpListener> for Listener {
    /// A port without TLS and with the usual limits.
    fn from(socket: TcpListener) -> Self {
        Self {
            socket,
            tls: None,
            limits: Limits::default(),
            proxies: TrustedProxies::default(),
        }
    }
}

/// Serves until `shutdown` ends; then accepts no more, lets running requests finish until the drain
/// deadline, and closes what is left.
pub async fn serve<S: HttpService>(
    listener: impl Into<Listener>,
    service: S,
    shutdown: impl Future<Output = ()> + Send,
) {
    let Listener {
        socket,
        tls,
        limits,
        proxies,
    } = listener.into();
    let places = Places::new(&limits, proxies);
    let mut connections = Connections::new(Rules::new(limits, tls));
    tokio::select! {
        // Never ends by itself.
        () = accept_all(&socket, places, service, &mut connections) => {}
        () = shutdown => {}
    }
    drop(socket);
    connections.drain(limits.drain).await;
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
    socket: &TcpListener,
    mut places: Places,
    service: S,
    connections: &mut Connections,
) {
    loop {
        let room = places.room().await;
        match socket.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = places.take(room, peer.ip()) {
                    connections.open(stream, peer, place, service.clone());
                }
            }
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
    rules: Arc<Rules>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Connections {
    fn new(rules: Rules) -> Self {
        Self {
            rules: Arc::new(rules),
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        }
    }

    fn open<S: HttpService>(
        &mut self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
        service: S,
    ) {
        // Answers are short; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "cannot set TCP_NODELAY");
        }
        let connection = Connection {
            rules: Arc::clone(&self.rules),
            peer,
            service,
            stop: self.stop.subscribe(),
        };
        self.tasks.spawn(async move {
            connection.serve(stream).await;
            drop(place);
        });
        while self.tasks.try_join_next().is_some() {}
    }

    async fn drain(mut self, within: Duration) {
        while self.tasks.try_join_next().is_some() {}
        tracing::info!(connections = self.tasks.len(), "draining connections");
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(within, ended).await.is_err() {
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
