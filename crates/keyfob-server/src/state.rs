//! What a running server holds: built once, passed everywhere. There are no globals.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use keyfob_core::catalogue::Catalogue;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::IdRandom;
use keyfob_core::policy::Policy;
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};
use keyfob_store::instance::{catalogue_find, instance_find};
use keyfob_store::key::key_list;
use keyfob_store::{Store, StoreError, Tx};
use keyfob_verify::Verifier;

use crate::app::act_as::Demo;
use crate::app::activity::Activity;
use crate::app::password::Passwords;
use crate::app::sign_in::Account;
use crate::brand::Brand;
use crate::keys::{BadKeys, KeyRing};
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::proxies::TrustedProxies;
use crate::resource_server::ResourceServers;
use crate::roles_file::{self, BadRolesFile};
use crate::seal::{RootKey, RootKeyError};
use crate::throttle::{Source, Throttle};

/// How old catalogue and keys in memory may be: with older ones nothing is decided before they were read
/// again (guarantee 10). They are read every 30 seconds.
pub const STALE: Duration = Duration::from_mins(2);
/// How long a refused exchange counts against its address.
const EXCHANGE_WINDOW: Duration = Duration::from_mins(1);
/// How long a failed sign-in counts against its address at that account.
const SIGN_IN_WINDOW: Duration = Duration::from_mins(15);

/// Mails to one address within [`MAIL_WINDOW`].
const MAILS: u32 = 10;
/// Links for another password that one address can ask for within [`MAIL_WINDOW`], for whatever account.
const RESETS: u32 = 30;
/// How long a mail counts against its address.
const MAIL_WINDOW: Duration = Duration::from_hours(1);

/// Why the server has no valid catalogue or key ring.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database holds a schema and nothing else.
    #[error("the database was never founded")]
    NoInstance,
    /// The catalogue in force is not there.
    #[error("the database lacks the catalogue in force")]
    NoCatalogue,
    /// The stored catalogue is none.
    #[error("the stored role catalogue is wrong")]
    Catalogue(#[from] BadRolesFile),
    /// The stored keys are of no use.
    #[error("the stored keys are of no use")]
    Keys(#[from] BadKeys),
    /// The root key that was put in the place of the known one is of no use.
    #[error("the root key was read again, because the stored keys do not open")]
    RootKey(#[from] RootKeyError),
}

/// What is kept in memory of the database because it never changes under its number: the catalogue of
/// a version, the keys of a key set.
#[derive(Debug)]
pub struct Loaded {
    /// The catalogue.
    pub catalogue: Catalogue,
    /// The keys.
    pub ring: KeyRing,
    /// Checks our own access tokens, without leeway.
    pub verifier: Verifier,
    /// When they were read.
    pub read_at: Timestamp,
}

/// The server's parts.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The source of time; read in `context.rs` and at the head of background tasks only.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// The operator's knobs.
    pub policy: Policy,
    /// The forms of tokens that are taken.
    pub forms: TokenForms,
    /// The APIs that accept access tokens.
    pub resource_servers: ResourceServers,
    /// The issuer: the public URL, and the audience of `default`.
    pub issuer: String,
    /// The proxies in front of the server.
    pub proxies: TrustedProxies,
    /// What the dashboard is called, and how it looks.
    pub brand: Arc<Brand>,
    /// The people of the demo, when this is one.
    pub demo: Option<Demo>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Last uses and refusals, written behind.
    pub activity: Activity,
    /// Exchanges refused with 401, by address (X6).
    pub exchange_failures: Throttle<Source>,
    /// Failed sign-ins, by account and address (T-04).
    pub sign_in_failures: Throttle<(Account, Source)>,
    /// What sends mail, if it is set up.
    pub mailer: Option<Mailer>,
    /// Mails that went out, by the account they went to.
    pub mails: Throttle<Account>,
    /// Links for another password that were asked for, by address.
    pub resets: Throttle<Source>,
    /// Password hashing, bounded.
    pub passwords: Passwords,
    root_key: ArcSwap<RootKey>,
    loaded: ArcSwap<Loaded>,
}

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// The operator's knobs.
    pub policy: Policy,
    /// The forms of tokens that are taken.
    pub forms: TokenForms,
    /// The APIs that accept access tokens.
    pub resource_servers: ResourceServers,
    /// The issuer.
    pub issuer: String,
    /// The proxies in front of the server.
    pub proxies: TrustedProxies,
    /// What the dashboard is called, and how it looks.
    pub brand: Brand,
    /// The people of the demo, when this is one.
    pub demo: Option<Demo>,
    /// What sends mail, if it is set up.
    pub mailer: Option<Mailer>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The key that opens the others.
    pub root_key: RootKey,
}

impl App {
    /// Builds the server's state, with catalogue and keys read.
    pub async fn build(parts: Parts) -> Result<Self, LoadError> {
        let mut tx = parts.store.read().await?;
        let now = parts.clock.now();
        let loaded = load(&mut tx, &parts.root_key, &parts.issuer, now).await?;
        drop(tx);
        Ok(Self {
            activity: Activity::default(),
            exchange_failures: Throttle::new(parts.policy.exchange_failures, EXCHANGE_WINDOW),
            sign_in_failures: Throttle::new(parts.policy.sign_in_failures, SIGN_IN_WINDOW),
            mailer: parts.mailer,
            mails: Throttle::new(MAILS, MAIL_WINDOW),
            resets: Throttle::new(RESETS, MAIL_WINDOW),
            passwords: Passwords::new(),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            policy: parts.policy,
            forms: parts.forms,
            resource_servers: parts.resource_servers,
            issuer: parts.issuer,
            proxies: parts.proxies,
            brand: Arc::new(parts.brand),
            demo: parts.demo,
            metrics: parts.metrics,
            root_key: ArcSwap::from_pointee(parts.root_key),
            loaded: ArcSwap::from_pointee(loaded),
        })
    }

    /// Catalogue and keys as they were last read: for what no decision hangs on, and for looking up the
    /// facts of one, whose snapshot then says whether they are current.
    pub fn loaded(&self) -> Arc<Loaded> {
        self.loaded.load_full()
    }

    /// Catalogue and keys of just these numbers, which a decision saw in its own snapshot. None when the
    /// database has moved on since: the caller reads its facts again.
    pub async fn loaded_at(
        &self,
        catalogue: i64,
        key_set: i64,
        now: Timestamp,
    ) -> Result<Option<Arc<Loaded>>, LoadError> {
        let fits = |loaded: &Loaded| {
            loaded.catalogue.version() == catalogue && loaded.ring.number() == key_set
        };
        let loaded = self.loaded();
        if fits(&loaded) && now.since(loaded.read_at) <= STALE {
            return Ok(Some(loaded));
        }
        let loaded = self.reload(now).await?;
        Ok(fits(&loaded).then_some(loaded))
    }

    /// Catalogue and keys that are in force now, by the database's word.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        let mut tx = self.store.read_single().await?;
        let instance = instance_find(&mut tx).await?.ok_or(LoadError::NoInstance)?;
        drop(tx);
        let same = self.loaded_at(instance.catalogue, instance.key_set, now);
        // They changed again between the two reads; what was read last is as current.
        Ok(same.await?.unwrap_or_else(|| self.loaded()))
    }

    /// Catalogue and keys as a transaction sees them: for decisions inside a writing one.
    pub async fn loaded_in(&self, tx: &mut Tx, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        let instance = instance_find(tx).await?.ok_or(LoadError::NoInstance)?;
        let loaded = self.loaded();
        if loaded.catalogue.version() == instance.catalogue
            && loaded.ring.number() == instance.key_set
        {
            return Ok(loaded);
        }
        // Not kept: what this transaction sees may still be rolled back.
        self.load(tx, now).await.map(Arc::new)
    }

    /// Reads catalogue and keys again.
    pub async fn reload(&self, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        let mut tx = self.store.read().await?;
        let loaded = Arc::new(self.load(&mut tx, now).await?);
        self.loaded.store(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Loads under the root key that is known; when that does not open what is stored, the operator may
    /// have put another one in its place.
    async fn load(&self, tx: &mut Tx, now: Timestamp) -> Result<Loaded, LoadError> {
        let root_key = self.root_key.load_full();
        match load(tx, &root_key, &self.issuer, now).await {
            Err(LoadError::Keys(BadKeys::DoesNotOpen(..))) => {
                let replaced = Arc::new(root_key.load_again()?);
                let loaded = load(tx, &replaced, &self.issuer, now).await?;
                self.root_key.store(replaced);
                tracing::info!("the root key was replaced");
                Ok(loaded)
            }
            loaded => loaded,
        }
    }

    /// The key that seals the others.
    pub fn root_key(&self) -> Arc<RootKey> {
        self.root_key.load_full()
    }

    /// Random bytes for an id.
    pub fn id_random(&self) -> IdRandom {
        let mut random = IdRandom::default();
        self.entropy.fill(Purpose::Id, &mut random);
        random
    }

    /// The present moment, for the head of a background task.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

async fn load(
    tx: &mut Tx,
    root_key: &RootKey,
    issuer: &str,
    now: Timestamp,
) -> Result<Loaded, LoadError> {
    let instance = instance_find(tx).await?.ok_or(LoadError::NoInstance)?;
    let body = catalogue_find(tx, instance.catalogue)
        .await?
        .ok_or(LoadError::NoCatalogue)?;
    let records = key_list(tx).await?;
    let catalogue = roles_file::read(&body, instance.catalogue)?;
    let ring = KeyRing::open(instance.key_set, &records, root_key)?;
    let verifier = Verifier::new(issuer, issuer, ring.verifying()).with_leeway(0);
    Ok(Loaded {
        catalogue,
        ring,
        verifier,
        read_at: now,
    })
}
