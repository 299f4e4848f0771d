//! A world for tests: organizations, people, memberships and tokens in a real store, in one line each.
//!
//! Here things are made; what happens to them later is in `change` and `rotate`, what a test wants
//! to know of them in `look`. Each method is one transaction.

mod change;
mod look;
mod rotate;

pub use look::{Granted, REQUEST};
pub use rotate::keyed;

use std::sync::Arc;

use keyfob_core::catalogue::{Catalogue, Level, Module};
use keyfob_core::event::Actor;
use keyfob_core::id::{IdRandom, KeyId, OrgId, PatId, UserId};
use keyfob_core::member::{Roles, Standing};
use keyfob_core::name::{Email, Name};
use keyfob_core::org::may_have_child;
use keyfob_core::pat::{GenerateFacts, Refusal, WantedPat, may_generate};
use keyfob_core::policy::Policy;
use keyfob_core::reach::Reach;
use keyfob_core::secret::{PatMac, PatSecret, Pepper, Prefix, Scheme};
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};
use keyfob_store::instance::{NewCatalogue, NewInstance, instance_insert};
use keyfob_store::member::{MemberAt, member_along, member_put};
use keyfob_store::org::{NewOrg, org_below, org_insert, org_lineage};
use keyfob_store::pat::{NewPat, pat_count_live, pat_insert};
use keyfob_store::user::{NewUser, user_insert};
use keyfob_store::{Store, StoreError, Tx};
use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::FrozenClock;
use crate::entropy::SeededEntropy;

/// A store with what makes its world reproducible. Every method panics on failure: it is for tests.
#[derive(Debug, Clone)]
pub struct World {
    /// Where it lies.
    pub store: Store,
    /// Its time.
    pub clock: Arc<FrozenClock>,
    /// Its chance.
    pub entropy: Arc<SeededEntropy>,
    /// The pepper of its tokens.
    pub pepper: Pepper,
    /// The id of the pepper's key record.
    pub pepper_id: KeyId,
    /// Who does what is done.
    pub actor: Actor,
    /// The temporary database below, if it is the world's own.
    backend: Option<Arc<Backend>>,
}

/// A token of the world: its id and its secret.
#[derive(Debug)]
pub struct WorldPat {
    /// Its id.
    pub id: PatId,
    /// Whose it is.
    pub user: UserId,
    /// Where.
    pub organization: OrgId,
    /// Its secret.
    pub secret: PatSecret,
}

impl World {
    /// A world over a migrated, empty store; [`found`](Self::found) makes its instance.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            clock: Arc::default(),
            entropy: Arc::default(),
            pepper: Pepper::new(&[7; 32]),
            pepper_id: KeyId::from_uuid(Uuid::from_u128(7)),
            actor: Actor::OPERATOR,
            backend: None,
        }
    }

    /// A world with an instance in a database of its own, which lives as long as the world.
    pub async fn on(backend: Backend) -> Self {
        let mut world = Self::new(backend.store().clone());
        world.backend = Some(Arc::new(backend));
        world.found("the small catalogue").await;
        world
    }

    /// The same world, in which somebody else acts.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self {
            actor,
            ..self.clone()
        }
    }

    /// One more world on the same database, with a store of its own, as another node would have.
    pub async fn on_another_node(&self) -> Self {
        let backend = self.backend.as_ref().expect("a database of its own");
        Self {
            store: backend.reopen().await,
            ..self.clone()
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes for an id.
    pub fn id_random(&self) -> IdRandom {
        let mut random = IdRandom::default();
        self.entropy.fill(Purpose::Id, &mut random);
        random
    }

    /// Makes the instance, with any text as its catalogue.
    pub async fn found(&self, catalogue: &str) {
        let new = NewInstance {
            incarnation: Uuid::from_u128(1),
            root_check: b"no root key in this test",
            catalogue: NewCatalogue {
                version: 1,
                body: catalogue,
            },
        };
        let mut tx = self.write().await;
        instance_insert(&mut tx, &new, self.now())
            .await
            .expect("an instance");
        tx.commit().await.expect("a commit");
    }

    /// Makes a root organization.
    pub async fn root(&self, name: &str) -> OrgId {
        self.org(None, name).await
    }

    /// Makes a sub-organization.
    pub async fn sub(&self, parent: OrgId, name: &str) -> OrgId {
        self.org(Some(parent), name).await
    }

    async fn org(&self, parent: Option<OrgId>, name: &str) -> OrgId {
        self.try_org(parent, name).await.expect("an organization")
    }

    /// Makes an organization, unless the store refuses it.
    pub async fn try_org(&self, parent: Option<OrgId>, name: &str) -> Result<OrgId, StoreError> {
        let id = OrgId::new(self.now(), self.id_random());
        let name = Name::parse(name).expect("a name");
        let mut tx = self.store.write().await?;
        let permit = match parent {
            None => None,
            Some(parent) => {
                let lineage = org_lineage(&mut tx, parent).await?.expect("a parent");
                Some(may_have_child(lineage).expect("room below"))
            }
        };
        let new = NewOrg {
            id,
            external_id: None,
            name: &name,
        };
        org_insert(&mut tx, &new, permit, &self.actor, self.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Makes a user; the name is the part of the address before the `@`.
    pub async fn user(&self, email: &str) -> UserId {
        self.user_with(email, None).await
    }

    /// Makes a user with the hash of a password.
    pub async fn user_with(&self, email: &str, password_hash: Option<&str>) -> UserId {
        let id = UserId::new(self.now(), self.id_random());
        let email = Email::parse(email).expect("an address");
        let full_name =
            Name::parse(email.as_str().split('@').next().unwrap_or("?")).expect("a name");
        let mut tx = self.write().await;
        let new = NewUser {
            id,
            external_id: None,
            email: &email,
            full_name: &full_name,
            password_hash,
        };
        user_insert(&mut tx, &new, &self.actor, self.now())
            .await
            .expect("a user");
        tx.commit().await.expect("a commit");
        id
    }

    /// Makes a user a direct member.
    pub async fn member(&self, user: UserId, organization: OrgId, roles: &[&str]) {
        let is_new = self.put_member(user, organization, roles).await;
        assert!(is_new, "already a member");
    }

    /// Makes a user a direct member unless they are one; says whether anything changed.
    pub async fn put_member(&self, user: UserId, organization: OrgId, roles: &[&str]) -> bool {
        let roles = Roles::new(roles.iter().copied()).expect("roles");
        let at = self.at(user, organization).await;
        let mut tx = self.write().await;
        let changed = member_put(&mut tx, at, &roles, &self.actor, self.now())
            .await
            .expect("a membership");
        tx.commit().await.expect("a commit");
        changed
    }

    /// Whose membership, where, in which tree.
    pub async fn at(&self, user: UserId, organization: OrgId) -> MemberAt {
        let lineage = self.lineage(organization).await.expect("an organization");
        MemberAt {
            user,
            organization,
            tree: lineage.root(),
        }
    }

    /// Generates a token with no choice made.
    pub async fn pat(&self, user: UserId, organization: OrgId) -> WorldPat {
        self.pat_with(user, organization, WantedPat::default())
            .await
    }

    /// Generates a token, as many as are wanted.
    pub async fn pat_with(&self, user: UserId, organization: OrgId, want: WantedPat) -> WorldPat {
        let policy = Policy {
            pat_limit: u32::MAX,
            ..Policy::default()
        };
        self.try_pat(user, organization, want, &policy)
            .await
            .expect("a permit")
    }

    /// Generates a token if the rules allow it, in one transaction as the product does.
    pub async fn try_pat(
        &self,
        user: UserId,
        organization: OrgId,
        want: WantedPat,
        policy: &Policy,
    ) -> Result<WorldPat, Refusal> {
        let secret = self.secret();
        let id = PatId::new(self.now(), self.id_random());
        let mut tx = self.write().await;
        let facts = self
            .generate_facts(&mut tx, user, organization, &want)
            .await
            .expect("facts");
        let permit = may_generate(&facts, want, policy, self.now())?;
        let mac = self.mac(&secret);
        let name = Name::parse("made by a test").expect("a name");
        let new = NewPat {
            id,
            name: &name,
            mac: &mac,
            pepper: self.pepper_id,
            hint: &secret.hint(),
        };
        pat_insert(&mut tx, &permit, &new, &self.actor, self.now())
            .await
            .expect("a token");
        tx.commit().await.expect("a commit");
        Ok(WorldPat {
            id,
            user,
            organization,
            secret,
        })
    }

    /// What counts for generating, of somebody who has just signed in.
    pub async fn generate_facts(
        &self,
        tx: &mut Tx,
        user: UserId,
        organization: OrgId,
        want: &WantedPat,
    ) -> Result<GenerateFacts, StoreError> {
        let lineage = org_lineage(tx, organization)
            .await?
            .expect("an organization");
        let memberships = member_along(tx, user, organization).await?;
        let below = org_below(tx, organization).await?;
        let named_below = match &want.reach {
            Reach::Named(named) => below.into_iter().filter(|id| named.contains(id)).collect(),
            Reach::Subtree | Reach::Organization => std::iter::empty().collect(),
        };
        Ok(GenerateFacts {
            user,
            organization,
            tree: lineage.root(),
            standing: Standing::of(&lineage, &memberships),
            authenticated_at: self.now(),
            live: pat_count_live(tx, organization, user, self.now()).await?,
            named_below,
        })
    }

    /// A new secret, of no token yet.
    pub fn secret(&self) -> PatSecret {
        PatSecret::generate(&Prefix::default(), |out| {
            self.entropy.fill(Purpose::Pat, out);
        })
    }

    /// What the store holds of a secret.
    pub fn mac(&self, secret: &PatSecret) -> PatMac {
        self.pepper.mac(&secret.hash(Scheme::Sha256))
    }

    async fn write(&self) -> Tx {
        self.store.write().await.expect("a transaction")
    }
}

/// A small catalogue for tests of the store: organization, build and store.
pub fn small_catalogue() -> Catalogue {
    let module = |key: &str, levels: &[Level]| Module {
        key: key.to_owned(),
        title: key.to_owned(),
        levels: levels.to_vec(),
    };
    let modules = vec![
        module("organization", &[Level::Manage, Level::View]),
        module("build", &[Level::Manage, Level::Operate, Level::View]),
        module("store", &Level::ALL),
    ];
    Catalogue::new(1, modules).expect("a catalogue")
}
