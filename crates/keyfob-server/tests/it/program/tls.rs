//! TLS by `--tls-cert` and `--tls-key`: what a client sees, and certificates that change under way.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Instant;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{ANY_PORT, Host, PATIENCE, Running};

const FLAGS: [&str; 4] = ["--tls-cert", "tls.crt", "--tls-key", "tls.key"];

/// Lays a new certificate and its key, and returns the certificate.
fn lay(host: &Host) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    host.write("tls.crt", &cert.pem());
    host.write("tls.key", &signing_key.serialize_pem());
    let own = fs::Permissions::from_mode(0o600);
    fs::set_permissions(host.path("tls.key"), own).unwrap();
    cert.pem()
}

/// Starts the server; its address by what it says first.
fn serve(host: &Host, more: &[&str]) -> (Running, SocketAddr) {
    let ports = ["serve", "--listen", ANY_PORT, "--metrics-listen", ANY_PORT];
    let running = host.start(&[&ports[..], &FLAGS, more].concat());
    let first = running.line();
    let address = first.strip_prefix("keyfobd is listening on https://");
    let address = address.unwrap_or_else(|| panic!("{first:?} with {}", running.log()));
    let address = address.trim_end().parse().unwrap();
    (running, address)
}

/// A connection of a client that trusts one certificate, before its handshake.
fn connect(
    address: SocketAddr,
    trusted: &str,
    protocols: &[&str],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let cert = CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap();
    roots.add(cert).unwrap();
    let mut client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
    client.alpn_protocols = protocols.collect();
    let name = ServerName::from(address.ip());
    let client = ClientConnection::new(Arc::new(client), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(client, stream)
}

/// The whole answer to one request over HTTP/1.1.
fn ask(address: SocketAddr, trusted: &str, request: &str) -> io::Result<String> {
    let mut stream = connect(address, trusted, &["http/1.1"]);
    let request = request.replace("\r\n\r\n", "\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Waits until the log says something.
fn wait_for(running: &Running, what: &str) {
    let began = Instant::now();
    while !running.log().contains(what) {
        assert!(began.elapsed() < PATIENCE, "{}", running.log());
    }
}

const DISCOVERY: &str = "GET /.well-known/openid-configuration HTTP/1.1\r\n\r\n";

#[test]
fn with_a_certificate_it_speaks_tls_and_its_issuer_is_https() {
    let host = Host::embedded();
    host.person("ana");
    let cert = lay(&host);
    let (running, address) = serve(&host, &[]);
    let discovery = ask(address, &cert, DISCOVERY).unwrap();
    assert!(discovery.starts_with("HTTP/1.1 200 OK"), "{discovery}");
    assert!(
        discovery.contains(&format!("\"issuer\":\"https://{address}\"")),
        "{discovery}"
    );
    let body = r#"{"email":"ana@acme.example","password":"correct horse"}"#;
    let sign_in = format!(
        "POST /identity/v1/session HTTP/1.1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let session = ask(address, &cert, &sign_in).unwrap();
    assert!(session.starts_with("HTTP/1.1 201 Created"), "{session}");
    assert!(
        session.contains("set-cookie: __Host-keyfob_session="),
        "{session}"
    );
    assert!(session.contains("; Secure"), "{session}");

    let mut both = connect(address, &cert, &["h2", "http/1.1"]);
    both.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    let mut head = [0; 9];
    both.read_exact(&mut head).unwrap();
    assert_eq!(head[3], 4, "the server's SETTINGS");
    assert_eq!(both.conn.alpn_protocol(), Some(&b"h2"[..]));
    drop(both);

    // HTTP without TLS gets no answer that could be taken for one.
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(DISCOVERY.as_bytes()).unwrap();
    let heard = super::hostile::hear(&mut plain);
    assert!(
        !heard.starts_with(b"HTTP"),
        "{}",
        String::from_utf8_lossy(&heard)
    );
    running.signal(Signal::TERM);
    let done = running.end();
    assert_eq!(done.code, Some(0), "{}", done.err);
}

#[test]
fn a_new_pair_is_read_on_sighup_and_a_broken_one_is_told_and_changes_nothing() {
    let host = Host::embedded();
    let first = lay(&host);
    let (running, address) = serve(&host, &[]);
    let mut open = connect(address, &first, &["http/1.1"]);
    let healthz = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    open.write_all(healthz).unwrap();
    let mut answer = [0; 15];
    open.read_exact(&mut answer).unwrap();

    let second = lay(&host);
    assert!(ask(address, &second, DISCOVERY).is_err(), "not read yet");
    running.signal(Signal::HUP);
    wait_for(&running, "TLS certificate and key were read again");
    assert!(ask(address, &second, DISCOVERY).is_ok());
    assert!(ask(address, &first, DISCOVERY).is_err());

    host.write("tls.key", "hunter2");
    running.signal(Signal::HUP);
    wait_for(&running, "the old one stays");
    assert!(ask(address, &second, DISCOVERY).is_ok());
    let log = running.log();
    assert!(
        log.contains("the TLS key tls.key holds no private key in PEM"),
        "{log}"
    );
    assert!(!log.contains("hunter2"), "{log}");
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn t_27_handshakes_that_only_begin_hold_nobody_up() {
    let host = Host::embedded();
    let cert = lay(&host);
    let (running, address) = serve(&host, &[]);
    let begun: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&[22, 3, 1, 2, 0][..number % 6]).unwrap();
            stream
        })
        .collect();
    assert!(ask(address, &cert, DISCOVERY).is_ok());
    drop(begun);
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_pair_that_is_of_no_use_is_refused_in_one_sentence() {
    let host = Host::embedded();
    lay(&host);
    let ports = ["serve", "--listen", ANY_PORT, "--metrics-listen", ANY_PORT];
    let refusal = |flags: &[&str]| host.refusal(&[&ports, flags].concat());
    assert_eq!(
        refusal(&FLAGS[..2]),
        "http.tls_cert (from --tls-cert): TLS takes a certificate and its key; set http.tls_key \
         (--tls-key) too"
    );
    assert_eq!(
        refusal(&FLAGS[2..]),
        "http.tls_key (from --tls-key): TLS takes a certificate and its key; set http.tls_cert \
         (--tls-cert) too"
    );
    assert_eq!(
        refusal(&["--tls-cert", "none", "--tls-key", "tls.key"]),
        "the TLS certificate none cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!(
        refusal(&[&FLAGS[..], &["--public-url", "http://localhost:8787"]].concat()),
        "http.public_url (from --public-url): with TLS (http.tls_cert), clients reach the server by https"
    );
    let all = fs::Permissions::from_mode(0o644);
    fs::set_permissions(host.path("tls.key"), all).unwrap();
    assert_eq!(
        refusal(&FLAGS),
        "the TLS key tls.key can be read by others: take that right away (chmod o= tls.key)"
    );
    assert!(
        !host.path("keyfob-data/keyfob.db").exists(),
        "nothing was made"
    );
}

#[test]
fn the_demo_speaks_tls_too() {
    let host = Host::embedded();
    let cert = lay(&host);
    let demo = ["serve", "--demo", "--json", "--listen", ANY_PORT];
    let running = host.start(&[&demo[..], &FLAGS].concat());
    let made: serde_json::Value = serde_json::from_str(&running.line()).unwrap();
    let url = made["url"].as_str().unwrap();
    let address = url.strip_prefix("https://").unwrap().parse().unwrap();
    assert!(ask(address, &cert, DISCOVERY).unwrap().contains(url));
}
