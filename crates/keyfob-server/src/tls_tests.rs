use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::duplex;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::*;

/// A certificate of its own authority and its key, in two files of a folder.
pub(crate) fn made_in(folder: &Path, name: &str) -> TlsFiles {
    let files = TlsFiles {
        cert: folder.join("tls.crt"),
        key: folder.join("tls.key"),
    };
    make(&files, name);
    files
}

fn make(files: &TlsFiles, name: &str) {
    let CertifiedKey { cert, signing_key } = pair(name);
    write(&files.cert, &cert.pem());
    write(&files.key, &signing_key.serialize_pem());
}

fn pair(name: &str) -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed([name.to_owned()]).expect("a pair")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

/// What is negotiated with a client that trusts the certificate in a file.
async fn negotiated(tls: &Tls, trusted: &Path, name: &str) -> Result<Vec<u8>, io::Error> {
    let mut roots = RootCertStore::empty();
    let cert = CertificateDer::from_pem_file(trusted).expect("a certificate");
    roots.add(cert).expect("an authority");
    let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    let (near, far) = duplex(16 * 1024);
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connector = TlsConnector::from(Arc::new(client));
    let acceptor = tls.acceptor();
    let (connected, _accepted) = tokio::join!(connector.connect(name, near), acceptor.accept(far));
    let connected = connected?;
    let protocol = connected.get_ref().1.alpn_protocol();
    Ok(protocol.unwrap_or_default().to_vec())
}

#[tokio::test]
async fn a_pair_is_served_and_http_2_is_preferred() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = made_in(folder.path(), "keyfob.example.com");
    let tls = Tls::load(files.clone()).expect("a pair");
    let spoken = negotiated(&tls, &files.cert, "keyfob.example.com").await;
    assert_eq!(spoken.expect("trusted"), b"h2");
    let other_name = negotiated(&tls, &files.cert, "other.example.com").await;
    assert!(other_name.is_err());
}

#[tokio::test]
async fn a_new_pair_takes_over_and_a_broken_one_changes_nothing_and_is_said_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = made_in(folder.path(), "one.example.com");
    let tls = Tls::load(files.clone()).expect("a pair");
    assert_eq!(tls.look().expect("good"), Look::Same);

    let old = folder.path().join("old.crt");
    fs::copy(&files.cert, &old).expect("copied");
    make(&files, "two.example.com");
    assert_eq!(tls.look().expect("good"), Look::Renewed);
    assert_eq!(tls.look().expect("good"), Look::Same);
    assert!(negotiated(&tls, &old, "one.example.com").await.is_err());
    let second = negotiated(&tls, &files.cert, "two.example.com").await;
    assert_eq!(second.expect("trusted"), b"h2");

    // As while a tool replaces one file after the other.
    let kept = folder.path().join("kept.crt");
    fs::copy(&files.cert, &kept).expect("copied");
    write(&files.cert, &pair("three.example.com").cert.pem());
    let refused = tls.look().expect_err("no pair").to_string();
    assert!(
        refused.contains("does not belong to the certificate"),
        "{refused}"
    );
    assert_eq!(tls.look().expect("said already"), Look::Same);
    fs::remove_file(&files.key).expect("removed");
    tls.look().expect_err("unreadable");
    assert_eq!(tls.look().expect("said already"), Look::Same);
    let still = negotiated(&tls, &kept, "two.example.com").await;
    assert_eq!(still.expect("trusted"), b"h2", "the old pair is in force");

    make(&files, "three.example.com");
    assert_eq!(tls.look().expect("good"), Look::Renewed);
    tls.forget();
    assert_eq!(tls.look().expect("asked for"), Look::Renewed);
}

fn half(text: &str) -> &str {
    text.split_at(text.len() / 2).0
}

#[test]
fn each_fault_is_one_sentence_that_tells_nothing_of_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = made_in(folder.path(), "localhost");
    let at = folder.path().display().to_string();
    let refusal = || {
        let error = Tls::load(files.clone()).expect_err("refused");
        format!("{:#}", anyhow::Error::new(error)).replace(&at, "")
    };
    let (cert, key) = (
        fs::read_to_string(&files.cert).expect("text"),
        fs::read_to_string(&files.key).expect("text"),
    );
    set_mode(&files.key, 0o644);
    assert_eq!(
        refusal(),
        "the TLS key /tls.key can be read by others: take that right away (chmod o= /tls.key)"
    );
    set_mode(&files.key, 0o640);
    assert!(Tls::load(files.clone()).is_ok(), "its group may");
    let no_key = "the TLS key /tls.key holds no private key in PEM that is not encrypted";
    let middle = key.lines().nth(1).expect("a line").to_owned();
    let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let bad_start = key.replacen("-----BEGIN", "-----BEGIN\u{7f}", 1);
    for broken in ["", "hunter2", &encrypted, &bad_start, half(&key), &cert] {
        write(&files.key, broken);
        assert_eq!(refusal(), no_key, "{broken}");
    }
    write(&files.key, &key.replace(&middle, "hunter2="));
    assert!(!refusal().contains("hunter2"), "{}", refusal());
    write(&files.key, &pair("localhost").signing_key.serialize_pem());
    let no_pair = "the TLS key /tls.key does not belong to the certificate /tls.crt: ";
    assert!(refusal().starts_with(no_pair), "{}", refusal());
    write(&files.key, &key);
    let no_cert = "the TLS certificate /tls.crt holds no certificate in PEM \
                   (-----BEGIN CERTIFICATE-----)";
    for broken in ["", "hunter2", &key, half(&cert)] {
        write(&files.cert, broken);
        assert_eq!(refusal(), no_cert, "{broken}");
    }
    fs::remove_file(&files.cert).expect("removed");
    let unreadable = "the TLS certificate /tls.crt cannot be read: No such file or directory";
    assert!(refusal().starts_with(unreadable), "{}", refusal());
    fs::remove_file(&files.key).expect("removed");
    let unreadable = "the TLS key /tls.key cannot be read: No such file or directory";
    assert!(refusal().starts_with(unreadable), "{}", refusal());
}

#[tokio::test(start_paused = true)]
async fn changed_files_are_noticed_within_30_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = made_in(folder.path(), "one.example.com");
    let tls = Arc::new(Tls::load(files.clone()).expect("a pair"));
    let hangup = signal(SignalKind::user_defined2()).expect("a signal");
    let began = Instant::now();
    let keeping = tokio::spawn(keep_fresh(Arc::clone(&tls), hangup));
    assert!(
        timeout(Duration::from_secs(1), std::future::pending::<()>())
            .await
            .is_err()
    );
    let before = tls.current.load_full();
    make(&files, "two.example.com");
    while Arc::ptr_eq(&before, &tls.current.load()) {
        assert!(
            timeout(Duration::from_secs(1), std::future::pending::<()>())
                .await
                .is_err()
        );
    }
    assert!(
        began.elapsed() <= Duration::from_secs(32),
        "{:?}",
        began.elapsed()
    );
    keeping.abort();
}
