//! Where the server listens and under which address it is known.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::{Host, Url};

use super::Config;
use super::error::ConfigError;
use super::layers::Origins;
use super::raw::{Loose, RawHttp};
use crate::proxies::TrustedProxies;
use crate::tls::TlsFiles;

/// The address under which clients reach the server: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    is_https: bool,
    is_loopback: bool,
}

/// Why a text is no public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPublicUrl {
    /// Not a URL with a host.
    #[error("not a URL; write one such as https://keyfob.example.com")]
    NotAUrl,
    /// Another scheme than http or https.
    #[error("only http and https are possible")]
    Scheme,
    /// A user name or password is in it.
    #[error("there must be no user name or password in it")]
    Credentials,
    /// A path, a query or a fragment is in it.
    #[error("there must be nothing behind the host and port")]
    NotBare,
}

impl PublicUrl {
    /// Reads a URL; a single slash at its end does no harm.
    ///
    /// # Errors
    /// [`BadPublicUrl`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadPublicUrl> {
        let url = Url::parse(text).map_err(|_cause| BadPublicUrl::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadPublicUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadPublicUrl::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BadPublicUrl::NotBare);
        }
        let is_loopback = match url.host().ok_or(BadPublicUrl::NotAUrl)? {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        Ok(Self {
            text: url.origin().ascii_serialization(),
            is_https: url.scheme() == "https",
            is_loopback,
        })
    }

    /// The text, without a slash at its end: also what a browser sends as `Origin` (RFC 6454 §6.2).
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is reached from the same machine only.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

impl Config {
    /// What the server itself speaks.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the metrics are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsListen {
    /// At [`MetricsListen::DEFAULT`], or when that is taken at the next free port.
    Default,
    /// There and nowhere else.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl MetricsListen {
    /// The address that nobody has to ask for.
    pub const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8788);

    pub(super) fn parse(text: &str, origins: &Origins) -> Result<Self, ConfigError> {
        let key = "http.metrics_listen";
        if text == "off" {
            return Ok(Self::Off);
        }
        if origins.is_default(key) {
            return Ok(Self::Default);
        }
        address(key, text, origins).map(Self::At)
    }
}

pub(super) fn address(key: &str, text: &str, origins: &Origins) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_cause| {
        origins.error(
            key,
            "not an IP address with a port, such as 127.0.0.1:8787 or [::]:8787",
        )
    })
}

/// Reads the public URL, and refuses one under which secrets would cross a network in the open.
pub(super) fn public_url(
    raw: &RawHttp,
    origins: &Origins,
) -> Result<Option<PublicUrl>, ConfigError> {
    let key = "http.public_url";
    let Some(text) = &raw.public_url else {
        return Ok(None);
    };
    let url = PublicUrl::parse(text).map_err(|cause| origins.error(key, cause))?;
    if !url.is_https && raw.tls_cert.is_some() {
        return Err(origins.error(
            key,
            "with TLS (http.tls_cert), clients reach the server by https",
        ));
    }
    if url.is_https || url.is_loopback || raw.insecure_http.0 {
        return Ok(Some(url));
    }
    let what = "with http, secrets cross the network in the open; use https behind a TLS proxy, or set \
                http.insecure_http (--insecure-http) if that is meant";
    Err(origins.error(key, what))
}

/// Reads where certificate and key are: both, or neither.
pub(super) fn tls(raw: &RawHttp, origins: &Origins) -> Result<Option<TlsFiles>, ConfigError> {
    let lonely = |key: &str, flag: &str| {
        let what = format!("TLS takes a certificate and its key; set {key} ({flag}) too");
        move |there: &str| Err(origins.error(there, what))
    };
    let (cert, key) = match (&raw.tls_cert, &raw.tls_key) {
        (None, None) => return Ok(None),
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => return lonely("http.tls_key", "--tls-key")("http.tls_cert"),
        (None, Some(_)) => return lonely("http.tls_cert", "--tls-cert")("http.tls_key"),
    };
    Ok(Some(TlsFiles {
        cert: super::path("http.tls_cert", cert.clone(), origins)?,
        key: super::path("http.tls_key", key.clone(), origins)?,
    }))
}

/// Reads the networks of the operator's own proxies.
pub(super) fn proxies(raw: &RawHttp, origins: &Origins) -> Result<TrustedProxies, ConfigError> {
    let networks = raw.trusted_proxies.0.iter().map(String::as_str);
    TrustedProxies::parse(networks).map_err(|cause| origins.error("http.trusted_proxies", cause))
}

/// How many connections there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In all.
    pub all: usize,
    /// Of one client.
    pub per_client: usize,
}

impl ConnectionLimits {
    /// More would not fit into the memory of a usual machine.
    const MOST: usize = 1_000_000;

    pub(super) fn of(raw: &RawHttp, origins: &Origins) -> Result<Self, ConfigError> {
        let limit = |key, Loose(number): Loose<u32>| {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let fits = (1..=Self::MOST).contains(&number);
            let what = || origins.error(key, format!("not a number from 1 to {}", Self::MOST));
            fits.then_some(number).ok_or_else(what)
        };
        let per_client = raw.connection_limit_per_client;
        Ok(Self {
            all: limit("http.connection_limit", raw.connection_limit)?,
            per_client: limit("http.connection_limit_per_client", per_client)?,
        })
    }
}

/// The issuer of access tokens (contract section 4): the public URL; without one the bound address,
/// which only a loopback address can be.
///
/// # Errors
/// [`ConfigError`] when the server listens elsewhere and nobody said under which address it is known.
pub fn issuer(config: &Config, bound: SocketAddr) -> Result<String, ConfigError> {
    match &config.public_url {
        Some(url) => Ok(url.as_str().to_owned()),
        None if bound.ip().is_loopback() => Ok(format!("{}://{bound}", config.scheme())),
        None => Err(ConfigError::new(format!(
            "listening on {bound} needs http.public_url (--public-url): the address under which \
             clients reach the server"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_and_port() {
        for (text, shown) in [
            ("https://keyfob.example.com", "https://keyfob.example.com"),
            (
                "https://Keyfob.Example.com:443/",
                "https://keyfob.example.com",
            ),
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("http://[::1]:80/", "http://[::1]"),
        ] {
            assert_eq!(PublicUrl::parse(text).expect("good").as_str(), shown);
        }
        for (text, why) in [
            ("keyfob.example.com", BadPublicUrl::NotAUrl),
            ("https://", BadPublicUrl::NotAUrl),
            ("ftp://keyfob.example.com", BadPublicUrl::Scheme),
            ("https://me@keyfob.example.com", BadPublicUrl::Credentials),
            ("https://:x@keyfob.example.com", BadPublicUrl::Credentials),
            ("https://keyfob.example.com/auth", BadPublicUrl::NotBare),
            ("https://keyfob.example.com/?", BadPublicUrl::NotBare),
            ("https://keyfob.example.com#", BadPublicUrl::NotBare),
        ] {
            assert_eq!(PublicUrl::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_by_the_host() {
        let is_loopback = |text| PublicUrl::parse(text).expect("good").is_loopback();
        assert!(is_loopback("http://localhost:1") && is_loopback("http://127.8.9.1"));
        assert!(is_loopback("http://[::1]"));
        assert!(!is_loopback("http://localhost.example.com") && !is_loopback("http://10.0.0.1"));
    }
}
