//! What the configuration says of TLS, proxies and connections.

use std::path::Path;

use super::*;

#[test]
fn tls_takes_a_certificate_and_its_key() {
    assert_eq!(file("").expect("good").tls, None);
    let both = "http = { tls_cert = \"a.crt\", tls_key = \"a.key\" }";
    let config = file(both).expect("good");
    let files = config.tls.as_ref().expect("files");
    let paths = (files.cert.as_path(), files.key.as_path());
    assert_eq!(paths, (Path::new("a.crt"), Path::new("a.key")));
    assert_eq!(config.scheme(), "https");
    let bound = "127.0.0.1:1234".parse().expect("an address");
    assert_eq!(
        issuer(&config, bound).as_deref(),
        Ok("https://127.0.0.1:1234")
    );
    assert_refused([
        (
            file("http.tls_cert = \"a.crt\""),
            "http.tls_cert (from keyfob.toml): TLS takes a certificate and its key; set \
             http.tls_key (--tls-key) too",
        ),
        (
            variables([("KEYFOB__HTTP__TLS_KEY", "a.key")]),
            "http.tls_key (from KEYFOB__HTTP__TLS_KEY): TLS takes a certificate and its key; set \
             http.tls_cert (--tls-cert) too",
        ),
        (
            file("http = { tls_cert = \"a.crt\", tls_key = \"\" }"),
            "http.tls_key (from keyfob.toml): an empty path",
        ),
        (
            file(
                "http = { tls_cert = \"a\", tls_key = \"b\", public_url = \"http://localhost\", \
                 insecure_http = true }",
            ),
            "http.public_url (from keyfob.toml): with TLS (http.tls_cert), clients reach the \
             server by https",
        ),
    ]);
}

#[test]
fn proxies_come_as_a_list_or_from_the_environment_as_a_text() {
    let shown = |config: Config| config.proxies.iter().collect::<Vec<_>>();
    assert!(shown(file("").expect("good")).is_empty());
    let listed = file("http.trusted_proxies = [\"10.0.0.0/8\", \"::1\"]");
    assert_eq!(shown(listed.expect("good")), ["10.0.0.0/8", "::1/128"]);
    let name = "KEYFOB__HTTP__TRUSTED_PROXIES";
    let text = variables([(name, " 10.0.0.0/8,192.0.2.1 ,")]);
    assert_eq!(shown(text.expect("good")), ["10.0.0.0/8", "192.0.2.1/32"]);
    assert!(shown(variables([(name, "")]).expect("good")).is_empty());
    assert_refused([
        (
            file("http.trusted_proxies = [\"proxy.example.com\"]"),
            "http.trusted_proxies (from keyfob.toml): network 1 is not in CIDR notation, such as \
             203.0.113.0/24",
        ),
        (
            variables([(name, "10.0.0.1,0.0.0.0/0")]),
            "http.trusted_proxies (from KEYFOB__HTTP__TRUSTED_PROXIES): network 2 is everybody: any \
             client could then choose its address",
        ),
        (
            file("http.trusted_proxies = 10"),
            "http.trusted_proxies (from keyfob.toml): must be a list of texts",
        ),
    ]);
}

#[test]
fn connections_have_a_limit() {
    let name = "KEYFOB__HTTP__CONNECTION_LIMIT";
    let limits = variables([(name, "10")]).expect("good").connections;
    assert_eq!((limits.all, limits.per_client), (10, 256));
    assert_refused([
        (
            file("http.connection_limit = 0"),
            "http.connection_limit (from keyfob.toml): not a number from 1 to 1000000",
        ),
        (
            file("http.connection_limit_per_client = 1000001"),
            "http.connection_limit_per_client (from keyfob.toml): not a number from 1 to 1000000",
        ),
    ]);
}

#[test]
fn the_explanation_tells_of_tls_and_proxies() {
    let config = file(
        "http = { tls_cert = \"a.crt\", tls_key = \"a.key\", trusted_proxies = [\"10.0.0.0/8\"] }",
    );
    let said = explain(&config.expect("good"));
    for sentence in [
        "It speaks TLS with the certificate a.crt and the key a.key.",
        "X-Forwarded-For is believed of the proxies 10.0.0.0/8: it says a client's address.",
    ] {
        assert!(said.iter().any(|line| line == sentence), "{said:?}");
    }
}
