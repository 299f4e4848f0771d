//! A way to PostgreSQL on which the answer to a commit can be lost: the server has committed, and whoever
//! asked for it hears that the connection is gone.
//!
//! It carries bytes and knows two messages of the protocol (PostgreSQL 18 §54.7): the simple query `COMMIT`,
//! with which the store ends a transaction, and `CommandComplete` for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// `Query`: the type, the length with itself, the text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// `CommandComplete`, likewise.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// The way, as long as this value lives.
#[derive(Debug)]
pub struct LossyWay {
    url: Url,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    is_to_lose: AtomicBool,
    lost: AtomicUsize,
}

impl LossyWay {
    /// Opens a way to a database.
    ///
    /// # Panics
    /// When its address names no host, or nothing can be listened on.
    pub async fn to(database: &str) -> Self {
        let mut url = Url::parse(database).expect("an address");
        let host = url.host_str().expect("a host").to_owned();
        let server = (host, url.port().unwrap_or(5432));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");
        let state = Arc::<State>::default();
        let listening = tokio::spawn(listen(listener, server, Arc::clone(&state)));
        Self {
            url,
            state,
            listening,
        }
    }

    /// The database's address over this way.
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// Loses the answer to the next commit, and to no other.
    pub fn lose_next_commit(&self) {
        self.state.is_to_lose.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost, each to a commit that the server made.
    pub fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

impl Drop for LossyWay {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, server: (String, u16), state: Arc<State>) {
    while let Ok((client, _address)) = listener.accept().await {
        let (server, state) = (server.clone(), Arc::clone(&state));
        // Whoever is at its ends notices that a connection is gone.
        tokio::spawn(async move {
            let server = TcpStream::connect(server).await?;
            carry(client, server, &state).await
        });
    }
}

/// Carries bytes both ways until an end closes, or an answer is lost, which closes both.
async fn carry(mut client: TcpStream, mut server: TcpStream, state: &State) -> io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut is_losing = false;
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let message = asked.get(..length?).unwrap_or_default();
                if message.is_empty() {
                    return Ok(());
                }
                if has(message, COMMIT) {
                    is_losing |= state.is_to_lose.swap(false, Ordering::SeqCst);
                }
                server.write_all(message).await?;
            }
            length = server.read(&mut answered) => {
                let message = answered.get(..length?).unwrap_or_default();
                if message.is_empty() {
                    return Ok(());
                }
                if !is_losing {
                    client.write_all(message).await?;
                } else if has(message, COMMITTED) {
                    state.lost.fetch_add(1, Ordering::SeqCst);
                    return Ok(());
                }
            }
        }
    }
}

/// Whether a message is among the bytes; one of so few arrives whole.
fn has(bytes: &[u8], message: &[u8]) -> bool {
    bytes.windows(message.len()).any(|part| part == message)
}
