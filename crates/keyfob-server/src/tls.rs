//! TLS of our own: a certificate and its key from two files, read again when they change.
//!
//! A new pair takes over for new connections. One that cannot be used changes nothing: the old one stays,
//! and the log says why, once. No error repeats anything of the key.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::Signal;
use tokio::task;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// What we speak inside, the better one first (RFC 7301; RFC 9113 §3.2).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and the authority, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Why TLS cannot be spoken with these files. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the TLS {0} {1} cannot be read")]
    Unreadable(&'static str, PathBuf, #[source] io::Error),
    /// Everybody on this machine may use the key.
    #[error("the TLS key {0} can be read by others: take that right away (chmod o= {0})")]
    Open(PathBuf),
    /// There is no certificate in its file.
    #[error("the TLS certificate {0} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    NoCertificate(PathBuf),
    /// There is no key in its file.
    #[error("the TLS key {0} holds no private key in PEM that is not encrypted")]
    NoKey(PathBuf),
    /// Certificate and key are not a pair, or not of a kind that is known.
    #[error("the TLS key {key} does not belong to the certificate {cert}", cert = .0.cert.display(), key = .0.key.display())]
    NoPair(TlsFiles, #[source] rustls::Error),
}

/// The certificate in force.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
    seen: Mutex<Seen>,
}

/// What the files held when they were looked at: a digest, or why they could not be read.
type Seen = Result<Vec<u8>, String>;

/// What came of looking at the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// They are as before, good or bad.
    Same,
    /// A new pair is in force.
    Renewed,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`TlsError`] says which of the files is of no use, and why.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let texts = Texts::read(&files)?;
        Ok(Self {
            current: ArcSwap::from_pointee(texts.config(&files)?),
            seen: Mutex::new(Ok(texts.digest())),
            files,
        })
    }

    /// Speaks TLS with the certificate in force.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Looks at the files, and takes the new pair if there is one.
    ///
    /// # Errors
    /// [`TlsError`] when what is new is of no use: the old pair stays. It is said once; the same files
    /// are [`Look::Same`] the next time.
    pub fn look(&self) -> Result<Look, TlsError> {
        let texts = Texts::read(&self.files);
        let seen = match &texts {
            Ok(texts) => Ok(texts.digest()),
            Err(cause) => Err(cause.to_string()),
        };
        if !self.is_news(seen) {
            return Ok(Look::Same);
        }
        self.current.store(Arc::new(texts?.config(&self.files)?));
        Ok(Look::Renewed)
    }

    fn is_news(&self, seen: Seen) -> bool {
        // What it holds is whole at any moment.
        let mut last = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = *last != seen;
        *last = seen;
        is_news
    }

    /// Takes what is there now for news, so that the next look says what comes of it.
    fn forget(&self) {
        self.is_news(Err(String::new()));
    }
}

/// Looks at the files now and then, and at once when the operator sends SIGHUP. Never ends.
pub async fn keep_fresh(tls: Arc<Tls>, mut hangup: Signal) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _tick = ticks.tick() => {}
            _signal = hangup.recv() => tls.forget(),
        }
        let looking = Arc::clone(&tls);
        match task::spawn_blocking(move || looking.look()).await {
            Ok(Ok(Look::Same)) => {}
            Ok(Ok(Look::Renewed)) => tracing::info!("TLS certificate and key were read again"),
            Ok(Err(error)) => tracing::error!(
                error = format!("{:#}", anyhow::Error::new(error)),
                "the new TLS certificate is of no use, the old one stays"
            ),
            Err(error) => tracing::error!(error = %error, "the TLS files were not looked at"),
        }
    }
}

/// The two files as they are.
struct Texts {
    cert: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Texts {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let mode = fs::metadata(&files.key).map_err(unreadable("key", &files.key))?;
        // Its group may read it: certificate tools give keys to a group whose members serve with them.
        if mode.permissions().mode() & 0o007 != 0 {
            return Err(TlsError::Open(files.key.clone()));
        }
        let key = fs::read(&files.key).map_err(unreadable("key", &files.key))?;
        Ok(Self {
            cert: fs::read(&files.cert).map_err(unreadable("certificate", &files.cert))?,
            key: Zeroizing::new(key),
        })
    }

    fn digest(&self) -> Vec<u8> {
        let mut digest = Context::new(&SHA256);
        for text in [&self.cert, &*self.key] {
            digest.update(&text.len().to_be_bytes());
            digest.update(text);
        }
        digest.finish().as_ref().to_vec()
    }

    fn config(&self, files: &TlsFiles) -> Result<ServerConfig, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&self.cert).collect::<Result<Vec<_>, _>>();
        // What the reader of PEM says may repeat a line of the file, so it is left out.
        let chain = chain.unwrap_or_default();
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(files.cert.clone()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key);
        let key = key.map_err(|_may_tell| TlsError::NoKey(files.key.clone()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|cause| TlsError::NoPair(files.clone(), cause))?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }
}

fn unreadable(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path = path.to_owned();
    move |cause| TlsError::Unreadable(what, path, cause)
}

#[cfg(test)]
#[path = "tls_tests.rs"]
pub(crate) mod tests;
