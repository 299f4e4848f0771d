//! A server over a database of its own, founded as `keyfobd` founds it, with a frozen clock and seeded
//! chance, and the people of a small company in it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use keyfob_core::event::Actor;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::policy::Policy;
use keyfob_server::brand::Brand;
use keyfob_server::metrics::Metrics;
use keyfob_server::open::{ROOT_KEY_FILE, found};
use keyfob_server::proxies::TrustedProxies;
use keyfob_server::resource_server::ResourceServers;
use keyfob_server::seal::RootKey;
use keyfob_server::state::{App, Parts};
use keyfob_store::Store;
use keyfob_store::instance::{NewCatalogue, catalogue_apply};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::world::World;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::client::{Answer, Ask};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse";
/// The issuer of a site that does not say otherwise.
pub(crate) const ISSUER: &str = "http://127.0.0.1:8787";

/// Its hash, with the least work that argon2id allows: these tests ask about rules, not about cost.
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"a fixed salt ...");
    hash.unwrap().to_string()
});

/// The server and its world:
///
/// ```text
/// Acme            ana: owner    cem: manage-organization
///   Mobile        bo: operate-build
///     iOS
///   Web
/// Globex          dee: owner
/// ```
#[derive(Debug)]
pub(crate) struct Site {
    /// The node that answers unless a test names another.
    pub(crate) app: Arc<App>,
    /// For what happens beside the server: people, organizations, memberships.
    pub(crate) world: World,
    pub(crate) acme: OrgId,
    pub(crate) mobile: OrgId,
    pub(crate) ios: OrgId,
    pub(crate) web: OrgId,
    pub(crate) globex: OrgId,
    pub(crate) ana: UserId,
    pub(crate) bo: UserId,
    pub(crate) cem: UserId,
    pub(crate) dee: UserId,
    pub(crate) backend: Backend,
    keys: TempDir,
}

/// A token that was generated over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Pat {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) organization: OrgId,
}

impl Site {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, |_parts| ()).await
    }

    /// A site whose server is made otherwise.
    pub(crate) async fn with(backend: Backend, change: impl FnOnce(&mut Parts)) -> Self {
        let mut site = Self::founded(backend, change).await;
        site.people().await;
        site
    }

    /// A site in which nobody is yet.
    pub(crate) async fn empty(backend: Backend) -> Self {
        Self::founded(backend, |_parts| ()).await
    }

    /// The same, with a server that is made otherwise.
    pub(crate) async fn founded(backend: Backend, change: impl FnOnce(&mut Parts)) -> Self {
        let world = World::new(backend.store().clone());
        let keys = tempfile::tempdir().unwrap();
        let root_key = RootKey::load_or_make(&keys.path().join(ROOT_KEY_FILE), &*world.entropy);
        let root_key = root_key.unwrap();
        let mut parts = parts(&world, world.store.clone(), root_key);
        change(&mut parts);
        let algorithms = parts.resource_servers.algorithms();
        found(
            &world.store,
            &parts.root_key,
            &algorithms,
            &*world.clock,
            &*world.entropy,
        )
        .await
        .unwrap();
        let (nowhere, nobody) = (
            OrgId::from_uuid(Uuid::nil()),
            UserId::from_uuid(Uuid::nil()),
        );
        Self {
            app: Arc::new(App::build(parts).await.unwrap()),
            world,
            acme: nowhere,
            mobile: nowhere,
            ios: nowhere,
            web: nowhere,
            globex: nowhere,
            ana: nobody,
            bo: nobody,
            cem: nobody,
            dee: nobody,
            backend,
            keys,
        }
    }

    /// Makes the organizations, and the people in them.
    async fn people(&mut self) {
        let world = &self.world;
        self.acme = world.root("Acme").await;
        self.mobile = world.sub(self.acme, "Mobile").await;
        self.ios = world.sub(self.mobile, "iOS").await;
        self.web = world.sub(self.acme, "Web").await;
        self.globex = world.root("Globex").await;
        let person = async |name: &str, at: OrgId, role: &str| {
            let email = format!("{name}@acme.example");
            let user = world.user_with(&email, Some(&PASSWORD_HASH)).await;
            world.member(user, at, &[role]).await;
            user
        };
        self.ana = person("ana", self.acme, "owner").await;
        self.bo = person("bo", self.mobile, "operate-build").await;
        self.cem = person("cem", self.acme, "manage-organization").await;
        self.dee = person("dee", self.globex, "owner").await;
    }

    /// One more node over the same database.
    pub(crate) async fn another_node(&self) -> Arc<App> {
        self.another_node_with(|_parts| ()).await
    }

    /// One more that is made otherwise.
    pub(crate) async fn another_node_with(&self, change: impl FnOnce(&mut Parts)) -> Arc<App> {
        let root_key = RootKey::load(&self.root_key()).unwrap();
        let mut parts = parts(&self.world, self.backend.reopen().await, root_key);
        change(&mut parts);
        Arc::new(App::build(parts).await.unwrap())
    }

    pub(crate) fn root_key(&self) -> PathBuf {
        self.keys.path().join(ROOT_KEY_FILE)
    }

    /// One more person, with the password of all.
    pub(crate) async fn person(&self, name: &str) -> UserId {
        let email = format!("{name}@acme.example");
        self.world.user_with(&email, Some(&PASSWORD_HASH)).await
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// Replaces the role catalogue, as `keyfobd roles apply` does.
    pub(crate) async fn apply_catalogue(&self, version: i64, body: &str) {
        let catalogue = NewCatalogue { version, body };
        let mut tx = self.world.store.write().await.unwrap();
        catalogue_apply(&mut tx, &catalogue, &Actor::OPERATOR, self.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn ask(&self, method: &str, target: &str) -> Ask {
        Ask::new(&self.app, method, target)
    }

    pub(crate) fn get(&self, target: &str) -> Ask {
        self.ask("GET", target)
    }

    pub(crate) fn post(&self, target: &str) -> Ask {
        self.ask("POST", target)
    }

    pub(crate) fn delete(&self, target: &str) -> Ask {
        self.ask("DELETE", target)
    }

    /// Signs in by the name before `@acme.example`.
    pub(crate) fn signing_in(&self, name: &str) -> Ask {
        let body = format!(r#"{{"email":"{name}@acme.example","password":"{PASSWORD}"}}"#);
        self.post("/identity/v1/session").json(&body)
    }

    /// The cookie of a new session.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let answer = self.signing_in(name).send().await;
        assert_eq!(answer.outcome(), "201", "{name}");
        answer.cookie()
    }

    pub(crate) fn generating(&self, cookie: &str, organization: OrgId, body: &str) -> Ask {
        self.post(&pats_of(organization)).cookie(cookie).json(body)
    }

    /// A new token with what the body chooses.
    pub(crate) async fn generate(&self, cookie: &str, organization: OrgId, body: &str) -> Pat {
        let answer = self.generating(cookie, organization, body).send().await;
        assert_eq!(answer.outcome(), "201", "{body}");
        Pat {
            id: answer.member("id"),
            secret: answer.member("token"),
            organization,
        }
    }

    /// Signs in and generates a token with no choice made.
    pub(crate) async fn pat(&self, name: &str, organization: OrgId) -> Pat {
        let cookie = self.sign_in(name).await;
        self.generate(&cookie, organization, "{}").await
    }

    /// Asks for a successor, under a key unless that is empty.
    pub(crate) fn rotating(&self, cookie: &str, pat: &Pat, key: &str, body: &str) -> Ask {
        let ask = self.post(&format!("{}/rotate", pat.path()));
        let ask = ask.cookie(cookie).json(body);
        match key {
            "" => ask,
            key => ask.header("idempotency-key", key),
        }
    }

    /// A successor, with the policy's overlap.
    pub(crate) async fn rotate(&self, cookie: &str, pat: &Pat, key: &str) -> Pat {
        let answer = self.rotating(cookie, pat, key, "{}").send().await;
        assert_eq!(answer.outcome(), "201", "{key}");
        pat.successor(&answer)
    }

    pub(crate) fn revoking(&self, pat: &Pat) -> Ask {
        self.delete(&pat.path())
    }

    /// A request at a door: `v1`, `v2` or `v3`.
    pub(crate) fn exchanging(&self, door: &str, form: &str) -> Ask {
        self.post(&format!("/auth/{door}/token")).form(form)
    }

    /// Exchanges at the main door.
    pub(crate) async fn exchange(&self, pat: &Pat, target: OrgId) -> Answer {
        let form = format!("pat={}&subOrganization={target}", pat.secret);
        self.exchanging("v2", &form).send().await
    }

    /// What an exchange for the token's own organization says.
    pub(crate) async fn door(&self, pat: &Pat) -> String {
        self.exchange(pat, pat.organization).await.outcome()
    }

    /// What the list says of a token.
    pub(crate) async fn listed(&self, cookie: &str, pat: &Pat) -> Value {
        let list = self.get(&pats_of(pat.organization)).cookie(cookie);
        let list = list.send().await.json();
        let mut pats = list["data"].as_array().unwrap().iter();
        pats.find(|each| each["id"] == pat.id).unwrap().clone()
    }

    /// An access token.
    pub(crate) async fn jwt(&self, pat: &Pat, target: OrgId) -> String {
        let answer = self.exchange(pat, target).await;
        assert_eq!(answer.outcome(), "200");
        answer.member("access_token")
    }

    /// What an access token for our own API says.
    pub(crate) async fn claims(&self, jwt: &str) -> Value {
        self.claims_for(jwt, &self.app.issuer).await
    }

    /// What an access token says, as an independent library reads it under the keys that are served.
    pub(crate) async fn claims_for(&self, jwt: &str, audience: &str) -> Value {
        let served = self.get("/.well-known/jwks.json").send().await;
        let keys: JwkSet = serde_json::from_slice(&served.body).unwrap();
        let header = decode_header(jwt).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.app.issuer]);
        validation.set_audience(&[audience]);
        // It reads the machine's clock, and ours stands still elsewhere.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).unwrap();
        decode::<Value>(jwt, &key, &validation).unwrap().claims
    }

    /// The permissions of an exchange, by spaces.
    pub(crate) async fn entitlements(&self, pat: &Pat, target: OrgId) -> String {
        let claims = self.claims(&self.jwt(pat, target).await).await;
        words(&claims["entitlements"])
    }
}

impl Pat {
    /// Where the management API has it.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", pats_of(self.organization), self.id)
    }

    /// What an answer put in its place.
    pub(crate) fn successor(&self, answer: &Answer) -> Self {
        Self {
            id: answer.member("id"),
            secret: answer.member("token"),
            organization: self.organization,
        }
    }
}

/// Where an organization's tokens are.
pub(crate) fn pats_of(organization: OrgId) -> String {
    format!("/identity/v1/organizations/{organization}/personal-api-tokens")
}

/// The texts of a JSON array, by spaces.
pub(crate) fn words(array: &Value) -> String {
    let mut text = String::new();
    for word in array.as_array().unwrap() {
        write!(text, "{} ", word.as_str().unwrap()).unwrap();
    }
    text.trim_end().to_owned()
}

fn parts(world: &World, store: Store, root_key: RootKey) -> Parts {
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    Parts {
        store,
        clock,
        entropy,
        policy: Policy::default(),
        forms: TokenForms::default(),
        resource_servers: ResourceServers::default(),
        issuer: ISSUER.to_owned(),
        proxies: TrustedProxies::default(),
        brand: Brand::default(),
        mailer: None,
        demo: None,
        metrics: Arc::new(Metrics::default()),
        root_key,
    }
}
