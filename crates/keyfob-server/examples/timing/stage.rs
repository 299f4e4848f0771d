//! A server in process with many tokens and accounts of each kind, and requests that it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand;
use axum::extract::Request;
use http::StatusCode;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::OrgId;
use keyfob_core::pat::Revoker;
use keyfob_core::policy::Policy;
use keyfob_core::secret::{PatMac, PatSecret, Prefix};
use keyfob_server::app::password;
use keyfob_server::brand::Brand;
use keyfob_server::metrics::Metrics;
use keyfob_server::open::{ROOT_KEY_FILE, found};
use keyfob_server::proxies::TrustedProxies;
use keyfob_server::resource_server::ResourceServers;
use keyfob_server::seal::RootKey;
use keyfob_server::state::{App, Parts};
use keyfob_server::system::{SystemClock, SystemEntropy};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::world::World;
use keyfob_verify::Algorithm;

use super::post;

/// The kinds of refusals that are compared with each other.
pub(crate) const EXCHANGES: &[&str] = &["malformed", "unknown", "revoked", "suspended"];
/// Of good tokens, for organizations that they do not reach.
pub(crate) const TARGETS: &[&str] = &["no organization", "another tree"];
/// Of people.
pub(crate) const SIGN_INS: &[&str] = &["unknown user", "known user", "suspended user"];

/// How many tokens and accounts of a kind there are.
const MANY: usize = 200;
const PASSWORD: &str = "correct horse";

/// The server and what there is.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The server.
    pub app: Arc<App>,
    world: World,
    good: Vec<PatSecret>,
    revoked: Vec<PatSecret>,
    suspended: Vec<PatSecret>,
    elsewhere: OrgId,
    next: AtomicUsize,
    _backend: Backend,
}

impl Stage {
    /// Makes all of it.
    pub(crate) async fn new() -> Self {
        let backend = Backend::sqlite().await;
        let mut world = World::new(backend.store().clone());
        let folder = tempfile::tempdir().expect("a folder");
        let root_key = RootKey::load_or_make(&folder.path().join(ROOT_KEY_FILE), &SystemEntropy);
        let (root_key, clock) = (root_key.expect("a key"), SystemClock::default());
        found(
            &world.store,
            &root_key,
            &[Algorithm::Es256],
            &clock,
            &SystemEntropy,
        )
        .await
        .expect("an instance");
        let parts = Parts {
            store: backend.store().clone(),
            clock: Arc::new(clock),
            entropy: Arc::new(SystemEntropy),
            // Nobody is to be throttled here.
            policy: Policy {
                exchange_failures: u32::MAX,
                sign_in_failures: u32::MAX,
                ..Policy::default()
            },
            forms: TokenForms::default(),
            resource_servers: ResourceServers::default(),
            issuer: "http://127.0.0.1:8787".to_owned(),
            proxies: TrustedProxies::default(),
            brand: Brand::default(),
            mailer: None,
            demo: None,
            metrics: Arc::new(Metrics::default()),
            root_key,
        };
        let app = Arc::new(App::build(parts).await.expect("an app"));
        let (id, pepper) = app
            .loaded()
            .ring
            .peppers()
            .next()
            .map(|(id, pepper)| (*id, pepper.clone()))
            .expect("a pepper");
        (world.pepper_id, world.pepper) = (id, pepper);
        let (good, revoked, suspended) = tokens(&world).await;
        let elsewhere = world.root("Globex").await;
        Self {
            app,
            world,
            good,
            revoked,
            suspended,
            elsewhere,
            next: AtomicUsize::new(0),
            _backend: backend,
        }
    }

    /// A request that is refused for this reason.
    pub(crate) fn request(&self, kind: &str, worker: u32) -> Request {
        let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
        match kind {
            "unknown user" => sign_in(worker, &format!("nobody{}", self.turn()), PASSWORD),
            "known user" => sign_in(worker, &format!("active{}", self.turn() % MANY), "wrong"),
            "suspended user" => {
                let name = format!("suspended{}", self.turn() % MANY);
                sign_in(worker, &name, PASSWORD)
            }
            "no organization" => exchange(worker, self.secret("good").expose(), nowhere),
            "another tree" => {
                let target = self.elsewhere.to_string();
                exchange(worker, self.secret("good").expose(), &target)
            }
            "malformed" => {
                let unknown = PatSecret::generate(&Prefix::default(), random);
                let cut = unknown.expose().chars().rev().collect::<String>();
                exchange(worker, &cut, "")
            }
            kind => exchange(worker, self.secret(kind).expose(), ""),
        }
    }

    /// What the store has of a token of that kind.
    pub(crate) fn mac(&self, kind: &str) -> PatMac {
        self.world.mac(&self.secret(kind))
    }

    fn secret(&self, kind: &str) -> PatSecret {
        let some = match kind {
            "good" => &self.good,
            "revoked" => &self.revoked,
            "suspended" => &self.suspended,
            _unknown => return PatSecret::generate(&Prefix::default(), random),
        };
        let chosen = some.get(self.turn() % MANY).expect("a token");
        PatSecret::parse(&Prefix::default(), chosen.expose()).expect("a token")
    }

    fn turn(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// People with tokens: good ones, revoked ones, and those of suspended people.
async fn tokens(world: &World) -> (Vec<PatSecret>, Vec<PatSecret>, Vec<PatSecret>) {
    let acme = world.root("Acme").await;
    let hash = password::hash(PASSWORD, &SystemEntropy).expect("a hash");
    let (mut good, mut revoked, mut suspended) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..MANY {
        let email = |kind: &str| format!("{kind}{number}@acme.example");
        let active = world.user_with(&email("active"), Some(&hash)).await;
        let idle = world.user_with(&email("suspended"), Some(&hash)).await;
        world.member(active, acme, &["view-build"]).await;
        world.member(idle, acme, &["view-build"]).await;
        good.push(world.pat(active, acme).await.secret);
        suspended.push(world.pat(idle, acme).await.secret);
        let pat = world.pat(active, acme).await;
        world.revoke(&pat, Revoker::Operator).await;
        revoked.push(pat.secret);
        world.suspend_user(idle).await;
    }
    (good, revoked, suspended)
}

fn exchange(worker: u32, secret: &str, target: &str) -> Request {
    let body = format!("pat={secret}&subOrganization={target}");
    let media_type = "application/x-www-form-urlencoded";
    post(worker, "/auth/v2/token", media_type, body)
}

fn sign_in(worker: u32, name: &str, password: &str) -> Request {
    let body = format!(r#"{{"email":"{name}@acme.example","password":"{password}"}}"#);
    post(worker, "/identity/v1/session", "application/json", body)
}

/// The status of a refusal.
pub(crate) fn status_of(kind: &str) -> StatusCode {
    if TARGETS.contains(&kind) {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::UNAUTHORIZED
    }
}

fn random(out: &mut [u8]) {
    rand::fill(out).expect("random bytes");
}

/// Kinds by their places, as often as each is wanted, to be drawn in random order.
#[derive(Debug)]
pub(crate) struct Lot {
    left: Vec<usize>,
}

impl Lot {
    /// All of them.
    pub(crate) fn all(kinds: usize, of_each: u32) -> Self {
        let kinds = (0..kinds).flat_map(|kind| (0..of_each).map(move |_lot| kind));
        Self {
            left: kinds.collect(),
        }
    }

    /// How many are left.
    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }

    /// One of those that are left.
    pub(crate) fn draw(&mut self) -> Option<usize> {
        let mut bytes = [0; 8];
        random(&mut bytes);
        let number = usize::from_le_bytes(bytes);
        let place = number.checked_rem(self.left.len())?;
        Some(self.left.swap_remove(place))
    }
}
