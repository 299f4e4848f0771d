//! `keyfobd serve`: the server, until it is told to stop.

use std::future::Future;
use std::io::{Write as _, stdout};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use keyfob_core::event::{Action, Actor, Fact};
use keyfob_core::time::{Clock, Timestamp};
use keyfob_store::event::{audit_append, audit_newest};
use keyfob_store::instance::instance_set_issuer;
use keyfob_store::{StoreError, retry};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::act_as::Demo;
use crate::app::activity;
use crate::app::rotate::{Rotation, Turned};
use crate::app::rotate_pat::{END_EVERY, end_overlaps};
use crate::app::set_up;
use crate::config::{Config, DatabaseConfig, issuer};
use crate::data_dir;
use crate::descriptors;
use crate::http;
use crate::http::health::{bind_metrics, metrics_router};
use crate::http::server::limits::Limits;
use crate::http::server::{self, Listener};
use crate::lock::DataDirLock;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::open::{Installation, Schema, open};
use crate::preflight;
use crate::state::{App, Parts};
use crate::system::{ServingEntropy, SystemClock};
use crate::tls::{self, Tls};

/// How often catalogue and keys are read again without need (guarantee 10).
const RELOAD_EVERY: Duration = Duration::from_secs(30);

/// How often it is looked whether keys are to turn over.
const ROTATE_EVERY: Duration = Duration::from_hours(1);

/// What to do when this server's issuer is not the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnIssuerChange {
    /// Refuse to start.
    Refuse,
    /// Take the new one: every access token ends.
    Replace,
}

/// Serves until SIGTERM or Ctrl-C, then drains and returns.
pub(super) async fn run(config: &Config, on_change: OnIssuerChange) -> Result<()> {
    let stop = stop_signal()?;
    let _lock = match config.database {
        DatabaseConfig::Embedded => {
            let lock = DataDirLock::take(&config.data_dir)?;
            data_dir::try_out(&config.data_dir)?;
            Some(lock)
        }
        DatabaseConfig::Postgres { .. } => None,
    };
    let socket = listen(config).await?;
    let address = socket.local_addr()?;
    let listener = equip(config, socket)?;
    let app = start(config, address, on_change, None).await?;
    let metrics = serve_metrics(config, &app).await?;
    let link = set_up::offer(&app.store, &*app.entropy, app.now()).await;
    let link = link.context("whether there is an account could not be found out")?;
    let listening = format!("keyfobd is listening on {}://{address}\n", config.scheme());
    let first = link.map_or_else(String::new, |link| {
        format!(
            "\nThere is no account yet. Make the first one in a browser, within 15 minutes:\n  {}\n",
            link.url(&app.issuer)
        )
    });
    stdout()
        .write_all((listening + &first).as_bytes())
        .context("stdout is closed")?;
    tracing::info!(server.address = %address, server.issuer = %app.issuer, database = app.store.engine_name(), "listening");
    until(app, listener, stop).await;
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    tracing::info!("stopped");
    Ok(())
}

/// Takes the port, or says in one sentence why not.
pub(super) async fn listen(config: &Config) -> Result<TcpListener> {
    let bound = TcpListener::bind(config.listen).await;
    bound.with_context(|| {
        format!(
            "{} cannot be listened on (is another server running there?)",
            config.listen
        )
    })
}

/// A port with what the configuration says of TLS, proxies and limits.
pub(super) fn equip(config: &Config, socket: TcpListener) -> Result<Listener> {
    let tls = config.tls.clone().map(Tls::load).transpose()?;
    Ok(Listener {
        tls: tls.map(Arc::new),
        limits: Limits {
            connections: descriptors::connections_that_fit(config.connections.all),
            connections_per_client: config.connections.per_client,
            ..Limits::default()
        },
        proxies: config.proxies.clone(),
        ..Listener::from(socket)
    })
}

/// Opens the installation and builds the server's state.
pub(super) async fn start(
    config: &Config,
    address: SocketAddr,
    on_change: OnIssuerChange,
    demo: Option<Demo>,
) -> Result<Arc<App>> {
    let issuer = issuer(config, address)?;
    let (clock, entropy) = (
        Arc::new(SystemClock::default()),
        Arc::new(ServingEntropy::default()),
    );
    let installation = open(config, Schema::AsItIs, &*clock, &*entropy).await?;
    check(config, &installation, clock.now()).await?;
    preflight::audiences(config, &issuer)?;
    settle_issuer(&installation, &issuer, on_change, &*clock).await?;
    let rotation = Rotation {
        store: &installation.store,
        root_key: &installation.root_key,
        entropy: &*entropy,
        now: clock.now(),
    };
    let algorithms = config.resource_servers.algorithms();
    let turned = rotation.keep(&algorithms, config.policy.key_rotation).await;
    told(&turned.context("the keys could not be looked after")?);
    let parts = Parts {
        store: installation.store,
        clock,
        entropy,
        policy: config.policy.clone(),
        forms: config.tokens.clone(),
        resource_servers: config.resource_servers.clone(),
        issuer,
        proxies: config.proxies.clone(),
        brand: config.brand.clone(),
        mailer: mailer(config)?,
        demo,
        metrics: Arc::new(Metrics::default()),
        root_key: installation.root_key,
    };
    Ok(Arc::new(App::build(parts).await?))
}

fn mailer(config: &Config) -> Result<Option<Mailer>> {
    let mailer = config.mail.as_ref().map(Mailer::new).transpose();
    mailer.context("mail.server cannot be spoken to by TLS")
}

/// Refuses what must not be served: each reason is one sentence.
async fn check(config: &Config, installation: &Installation, now: Timestamp) -> Result<()> {
    let Installation {
        store, instance, ..
    } = installation;
    preflight::prefix(config, instance)?;
    preflight::commits(config, store.server_facts().await?.as_ref())?;
    let mut tx = store.read_single().await?;
    preflight::clock(now, audit_newest(&mut tx).await?)?;
    Ok(())
}

/// The first server writes the issuer; one with another refuses, because every access token names it.
async fn settle_issuer(
    installation: &Installation,
    issuer: &str,
    on_change: OnIssuerChange,
    clock: &dyn Clock,
) -> Result<()> {
    if installation.instance.issuer.as_deref() == Some(issuer) {
        return Ok(());
    }
    if on_change == OnIssuerChange::Refuse {
        preflight::issuer(issuer, &installation.instance)?;
    }
    let (store, now) = (&installation.store, clock.now());
    retry(|| async move {
        let mut tx = store.write().await?;
        instance_set_issuer(&mut tx, issuer).await?;
        let fact = Fact {
            tree: None,
            action: Action::IssuerSet,
            organization: None,
            subject: None,
            detail: issuer.to_owned(),
        };
        audit_append(&mut tx, &Actor::OPERATOR, fact, now).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(())
    })
    .await?;
    Ok(())
}

async fn serve_metrics(config: &Config, app: &Arc<App>) -> Result<Option<JoinHandle<()>>> {
    let listener = bind_metrics(config.metrics)
        .await
        .context("the metrics port cannot be listened on")?;
    let Some(listener) = listener else {
        return Ok(None);
    };
    let router = metrics_router(Arc::clone(&app.metrics));
    let never = std::future::pending();
    Ok(Some(tokio::spawn(server::serve(listener, router, never))))
}

/// Serves on a port until `stop`, with the background tasks; then drains, writes what was noted, and
/// closes the database.
pub(super) async fn until(
    app: Arc<App>,
    listener: Listener,
    stop: impl Future<Output = ()> + Send,
) {
    let renewing = listener.tls.clone().and_then(keep_tls_fresh);
    let flushing = tokio::spawn(flush_often(Arc::clone(&app)));
    let reloading = tokio::spawn(reload_often(Arc::clone(&app)));
    let rotating = tokio::spawn(rotate_often(Arc::clone(&app)));
    let ending = tokio::spawn(end_overlaps_often(Arc::clone(&app)));
    server::serve(listener, http::service(&app), stop).await;
    flushing.abort();
    reloading.abort();
    rotating.abort();
    ending.abort();
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    // Only when it has ended is what it was about to write noted again.
    drop(flushing.await);
    if let Err(error) = app.activity.flush(&app.store).await {
        tracing::warn!(error = %error, "the last uses of tokens were not written");
    }
    app.store.clone().close().await;
}

/// Waits for SIGHUP from here on. Without TLS there is nothing to read again, and the signal ends the
/// program as it ends others.
fn keep_tls_fresh(tls: Arc<Tls>) -> Option<JoinHandle<()>> {
    match signal(SignalKind::hangup()) {
        Ok(hangup) => Some(tokio::spawn(tls::keep_fresh(tls, hangup))),
        Err(error) => {
            tracing::error!(error = %error, "SIGHUP cannot be waited for: TLS files are not read again");
            None
        }
    }
}

async fn flush_often(app: Arc<App>) {
    let mut ticks = ticks(activity::EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = app.activity.flush(&app.store).await {
            tracing::warn!(error = %error, "last uses wait for the store");
        }
    }
}

async fn reload_often(app: Arc<App>) {
    let mut ticks = ticks(RELOAD_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = app.reload(app.now()).await {
            tracing::warn!(error = %error, "catalogue and keys were not read again");
        }
    }
}

async fn rotate_often(app: Arc<App>) {
    let mut ticks = ticks(ROTATE_EVERY);
    loop {
        ticks.tick().await;
        let root_key = app.root_key();
        let rotation = Rotation {
            store: &app.store,
            root_key: &root_key,
            entropy: &*app.entropy,
            now: app.now(),
        };
        let algorithms = app.resource_servers.algorithms();
        match rotation.keep(&algorithms, app.policy.key_rotation).await {
            Ok(turned) => told(&turned),
            Err(error) => tracing::warn!(error = %error, "the keys were not looked after"),
        }
    }
}

async fn end_overlaps_often(app: Arc<App>) {
    let mut ticks = ticks(END_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = end_overlaps(&app, app.now()).await {
            tracing::warn!(error = %error, "overlaps of rotated tokens were not looked after");
        }
    }
}

fn told(turned: &[Turned]) {
    for turned in turned {
        let algorithm = turned.algorithm.name();
        if let Some((key, _from)) = turned.made {
            tracing::info!(key.id = %key, key.algorithm = algorithm, "a key was made");
        }
        for (key, _at) in &turned.retired {
            tracing::info!(key.id = %key, key.algorithm = algorithm, "a key was given its end");
        }
    }
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Ends with SIGTERM or Ctrl-C. Made before anything else, so that an early signal is not lost.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be waited for")?;
    Ok(async move {
        tokio::select! {
            _signal = terminate.recv() => {}
            _signal = interrupt.recv() => {}
        }
    })
}
