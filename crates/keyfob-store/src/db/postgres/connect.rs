//! From an address to a connection: hosts in turn, each with a part of the patience, and TLS.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::tls::tls;
use crate::error::StoreError;

/// Reads what is for the driver.
pub(super) fn read(address: &Address) -> Result<Config, StoreError> {
    address.rest.parse().map_err(|error: Error| {
        // Else the driver may repeat a piece of the address, and in one a part of the password stands
        // when its `?` was not encoded.
        let tells_nothing = error
            .source()
            .is_some_and(|cause| cause.to_string().starts_with("invalid value for option"));
        if tells_nothing {
            return StoreError::options("the address is not understood", Some(error.into()));
        }
        let what = "the address is not understood: a parameter is not known, or a letter of the \
                    password has to be written as %XX";
        StoreError::options(what, None)
    })
}

/// The servers to connect to. Clones share what they know about which host answers.
#[derive(Clone)]
pub(super) struct Target {
    /// The whole address, as the pool wants it; never printed.
    whole: Config,
    /// The same for each host alone.
    hosts: Arc<[Config]>,
    tls: Option<MakeRustlsConnect>,
    /// How long each host but the last may take to let us in.
    patience: Duration,
    /// The host that let us in last: tried first.
    good: Arc<AtomicUsize>,
}

impl Target {
    /// Reads a `postgres://` address; a `password` given apart goes before one in the address.
    pub(super) fn parse(
        url: &str,
        password: Option<String>,
        deadline: Duration,
    ) -> Result<Target, StoreError> {
        let address = Address::split(url)?;
        let mut whole = read(&address)?;
        if let Some(password) = password {
            whole.password(password);
        }
        if !address.chooses_session {
            whole.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if whole.get_application_name().is_none() {
            whole.application_name("keyfob");
        }
        whole.ssl_mode(if address.tls {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        if !address.tls && !whole.get_hosts().iter().all(is_this_machine) {
            tracing::warn!("the connection to the database is not encrypted");
        }
        let tls = if address.tls {
            Some(tls(address.root_certificates.as_deref())?)
        } else {
            None
        };
        let hosts: Arc<[Config]> = each_host(&whole).into();
        let count = u32::try_from(hosts.len()).unwrap_or(u32::MAX).max(1);
        Ok(Target {
            whole,
            hosts,
            tls,
            patience: deadline / count,
            good: Arc::default(),
        })
    }

    pub(super) fn config(&self) -> &Config {
        &self.whole
    }

    /// Tries each host once, the one that worked last time first. A stopped host accepts and then
    /// says nothing, so each has its time; the last one has what is left of the pool's patience.
    async fn connect_any(self) -> Result<(Client, JoinHandle<()>), Error> {
        let first = self.good.load(Ordering::Relaxed);
        let mut order = (0..self.hosts.len())
            .cycle()
            .skip(first)
            .take(self.hosts.len())
            .peekable();
        let mut refused = None;
        while let Some(index) = order.next() {
            let Some(host) = self.hosts.get(index) else {
                break;
            };
            let connecting = connect_host(host, self.tls.as_ref());
            let answer = if order.peek().is_some() {
                tokio::time::timeout(self.patience, connecting).await
            } else {
                Ok(connecting.await)
            };
            match answer {
                Ok(Ok(connected)) => {
                    self.good.store(index, Ordering::Relaxed);
                    return Ok(connected);
                }
                Ok(Err(error)) => refused = Some(error),
                Err(elapsed) => {
                    tracing::warn!(%elapsed, host.index = index, "a database host does not answer");
                }
            }
        }
        match refused {
            Some(error) => Err(error),
            // No host at all: the driver says so.
            None => connect_host(&self.whole, self.tls.as_ref()).await,
        }
    }
}

impl Connect for Target {
    fn connect(
        &self,
        _whole: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(self.clone().connect_any())
    }
}

async fn connect_host(
    host: &Config,
    tls: Option<&MakeRustlsConnect>,
) -> Result<(Client, JoinHandle<()>), Error> {
    match tls {
        Some(tls) => connect_with(host, tls.clone()).await,
        None => connect_with(host, NoTls).await,
    }
}

async fn connect_with<T>(host: &Config, tls: T) -> Result<(Client, JoinHandle<()>), Error>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = host.connect(tls).await?;
    let running = tokio::spawn(async move {
        // Whoever waits for an answer hears of it; the pool finds the connection closed.
        if let Err(error) = connection.await {
            tracing::debug!(
                sqlstate = error.code().map(SqlState::code),
                "a connection ended"
            );
        }
    });
    Ok((client, running))
}

/// One configuration per host, otherwise equal.
fn each_host(whole: &Config) -> Vec<Config> {
    let ports = whole.get_ports();
    // One port is for all hosts; none means the usual one.
    let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
    let mut hosts = Vec::new();
    for (index, host) in whole.get_hosts().iter().enumerate() {
        let mut one = without_hosts(whole);
        match host {
            Host::Tcp(name) => one.host(name.clone()),
            #[cfg(unix)]
            Host::Unix(path) => one.host_path(path),
        };
        if let Some(address) = whole.get_hostaddrs().get(index) {
            one.hostaddr(*address);
        }
        one.port(port(index));
        hosts.push(one);
    }
    hosts
}

fn without_hosts(whole: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(whole.get_ssl_mode())
        .ssl_negotiation(whole.get_ssl_negotiation())
        .channel_binding(whole.get_channel_binding())
        .target_session_attrs(whole.get_target_session_attrs())
        .keepalives(whole.get_keepalives())
        .keepalives_idle(whole.get_keepalives_idle());
    if let Some(user) = whole.get_user() {
        one.user(user);
    }
    if let Some(password) = whole.get_password() {
        one.password(password);
    }
    if let Some(name) = whole.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = whole.get_options() {
        one.options(options);
    }
    if let Some(name) = whole.get_application_name() {
        one.application_name(name);
    }
    if let Some(patience) = whole.get_connect_timeout() {
        one.connect_timeout(*patience);
    }
    one
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url, None, Duration::from_secs(6)).unwrap()
    }

    #[test]
    fn an_address_that_is_not_understood_is_not_repeated() {
        let told = |url: &str| {
            let error = Target::parse(url, None, Duration::from_secs(6)).map(|_| ());
            let error = error.unwrap_err();
            let cause = error.source().map(ToString::to_string);
            format!("{error} {cause:?} {error:?}")
        };
        // A password with a `?` that nobody encoded.
        assert!(!told("postgres://me:hun?ter2@db/k").contains("ter2"));
        let port = told("postgres://me@db:x/k");
        assert!(port.contains("invalid connection string"), "{port}");
        assert!(port.contains("\"port\""), "{port}");
    }

    #[test]
    fn each_host_has_its_port_and_its_share_of_the_patience() {
        let target = target("postgres://keyfob@one:1,two,three:3/db");
        let places: Vec<(&[Host], &[u16])> = target
            .hosts
            .iter()
            .map(|host| (host.get_hosts(), host.get_ports()))
            .collect();
        let tcp = |name: &str| Host::Tcp(name.to_owned());
        assert_eq!(
            places,
            [
                (&[tcp("one")][..], &[1][..]),
                (&[tcp("two")], &[5432]),
                (&[tcp("three")], &[3]),
            ]
        );
        assert_eq!(target.patience, Duration::from_secs(2));
    }

    #[test]
    fn a_host_alone_is_otherwise_the_whole() {
        let target = target(
            "postgres://ana:secret@one:1/db?application_name=x&options=-c%20a%3Db&connect_timeout=9",
        );
        assert_eq!(target.hosts.as_ref(), std::slice::from_ref(&target.whole));
    }

    #[test]
    fn a_host_that_takes_writes_is_asked_for_unless_the_address_chooses() {
        let chosen = |url| target(url).whole.get_target_session_attrs();
        assert_eq!(chosen("postgres://a@one/db"), TargetSessionAttrs::ReadWrite);
        let any = "postgres://a@one/db?target_session_attrs=any";
        assert_eq!(chosen(any), TargetSessionAttrs::Any);
    }

    #[test]
    fn a_password_given_apart_goes_before() {
        let secret = Some("better".to_owned());
        let target = Target::parse("postgres://a:worse@one/db", secret, Duration::ZERO).unwrap();
        assert_eq!(target.hosts[0].get_password(), Some(b"better".as_slice()));
    }

    #[test]
    fn only_what_stays_on_this_machine_may_go_unencrypted_in_silence() {
        for (name, stays) in [("localhost", true), ("127.0.0.3", true), ("::1", true)] {
            assert_eq!(
                is_this_machine(&Host::Tcp(name.to_owned())),
                stays,
                "{name}"
            );
        }
        assert!(!is_this_machine(&Host::Tcp("10.0.0.1".to_owned())));
        assert!(!is_this_machine(&Host::Tcp("localhost.example".to_owned())));
    }
}
