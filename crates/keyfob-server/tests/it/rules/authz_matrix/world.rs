//! The site with everybody in it, their credentials, and what requests are about. What a request changed is
//! put back for the next one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use keyfob_core::id::{OrgId, UserId};
use keyfob_server::http::edge::Edge;
use keyfob_server::http::service;

use super::cast::{CALLERS, Caller, Credential, Limit, Place, Trouble, everybody};
use super::routes::{Row, Special};
use crate::client::Ask;
use crate::site::{Pat, Site};

/// Is promised no roles, by somebody who stays.
pub(super) const PERSON_INVITED: &str = "kim@acme.example";
/// Is promised `owner`.
pub(super) const OWNER_INVITED: &str = "kai@acme.example";

/// An organization that is there to be moved or deleted.
pub(super) struct Below {
    pub(super) id: OrgId,
    pub(super) name: String,
}

/// A token, and the request of its that was refused.
struct Held {
    pat: Pat,
    refusal: String,
}

pub(super) struct World {
    pub(super) site: Site,
    edge: Edge,
    /// A member with `view-build` of each organization.
    pub(super) tess: UserId,
    /// An owner of each.
    otto: UserId,
    /// An owner whose membership is suspended, of each.
    sully: UserId,
    /// The grandchild.
    kit: OrgId,
    /// By the name of the account.
    users: BTreeMap<&'static str, UserId>,
    cookies: BTreeMap<&'static str, String>,
    /// By the words for the caller.
    credentials: BTreeMap<&'static str, String>,
    own: BTreeMap<&'static str, Held>,
    /// Tess's.
    held: BTreeMap<Place, Held>,
    below: BTreeMap<Place, Below>,
    names: AtomicU32,
}

impl World {
    pub(super) async fn new() -> Self {
        let site = Site::with(super::super::backend().await, |parts| {
            parts.policy.pat_limit = 100;
        });
        let site = site.await;
        let mut world = Self {
            users: BTreeMap::from([("ana", site.ana), ("dee", site.dee)]),
            tess: site.person("tess").await,
            otto: site.person("otto").await,
            sully: site.person("sully").await,
            kit: site.world.sub(site.ios, Place::Grandchild.name()).await,
            edge: service(&site.app),
            site,
            cookies: BTreeMap::new(),
            credentials: BTreeMap::new(),
            own: BTreeMap::new(),
            held: BTreeMap::new(),
            below: BTreeMap::new(),
            names: AtomicU32::new(0),
        };
        world.populate().await;
        world
    }

    async fn populate(&mut self) {
        for caller in CALLERS {
            if !caller.name.is_empty() && !self.users.contains_key(caller.name) {
                let user = self.site.person(caller.name).await;
                self.users.insert(caller.name, user);
                self.join(&caller).await;
            }
        }
        for caller in everybody() {
            self.equip(caller).await;
        }
        for caller in CALLERS {
            self.trouble(&caller).await;
        }
        let ivy = self.site.person("ivy").await;
        for root in [self.site.acme, self.site.globex] {
            self.site.world.member(ivy, root, &["owner"]).await;
        }
        for place in Place::ALL {
            for user in [self.tess, self.otto, self.sully] {
                self.put_back(user, place).await;
            }
            self.hold(place).await;
            self.invite(place).await;
            self.put_below(place).await;
        }
    }

    async fn join(&self, caller: &Caller) {
        let user = self.users[caller.name];
        for (place, role) in caller.holds {
            let at = self.organization(*place);
            self.site.world.put_member(user, at, &[role.key()]).await;
        }
    }

    async fn trouble(&self, caller: &Caller) {
        match caller.trouble {
            Trouble::None => {}
            Trouble::MembershipSuspended => {
                let user = self.users[caller.name];
                for (place, _role) in caller.holds {
                    let at = self.organization(*place);
                    self.site.world.suspend_member(user, at).await;
                }
            }
            Trouble::UserSuspended => {
                self.site.world.suspend_user(self.users[caller.name]).await;
            }
        }
    }

    /// Gives a caller a token of their own, where they are a member, and what they ask with.
    async fn equip(&mut self, caller: &Caller) {
        if caller.credential == Credential::Nothing {
            return;
        }
        if let Some(home) = caller.home() {
            let choice = match caller.credential {
                Credential::Token(_, Limit::Builds) => r#"{"ceiling":["build:view"]}"#,
                Credential::Token(_, Limit::People) => {
                    r#"{"ceiling":["organization:manage","organization:view"]}"#
                }
                Credential::Token(_, Limit::Unlimited)
                | Credential::Session
                | Credential::Nothing => "{}",
            };
            let held = self.generate(caller.name, home, choice).await;
            self.own.insert(caller.what, held);
        }
        self.admit(caller).await;
    }

    async fn admit(&mut self, caller: &Caller) {
        let credential = match caller.credential {
            Credential::Nothing => return,
            Credential::Session => self.cookie(caller.name).await,
            Credential::Token(made_for, _limit) => {
                let pat = &self.own[caller.what].pat;
                self.site.jwt(pat, self.organization(made_for)).await
            }
        };
        self.credentials.insert(caller.what, credential);
    }

    async fn cookie(&mut self, name: &'static str) -> String {
        if !self.cookies.contains_key(name) {
            let cookie = self.site.sign_in(name).await;
            self.cookies.insert(name, cookie);
        }
        self.cookies[name].clone()
    }

    /// A token, which was refused once already: it works in no other tree.
    async fn generate(&mut self, name: &'static str, place: Place, choice: &str) -> Held {
        let cookie = self.cookie(name).await;
        let at = self.organization(place);
        let pat = self.site.generate(&cookie, at, choice).await;
        let elsewhere = if place == Place::Foreign {
            self.site.acme
        } else {
            self.site.globex
        };
        let refused = self.site.exchange(&pat, elsewhere).await;
        assert_eq!(refused.outcome(), "403 access_denied");
        let app = &self.site.app;
        app.activity.flush(&app.store).await.unwrap();
        let refusal = refused.header("x-request-id").unwrap().to_owned();
        Held { pat, refusal }
    }

    /// Puts the membership of one of those whom requests are about back to what it was.
    async fn put_back(&self, user: UserId, place: Place) {
        let (at, world) = (self.organization(place), &self.site.world);
        let role = if user == self.tess {
            "view-build"
        } else {
            "owner"
        };
        world.put_member(user, at, &[role]).await;
        world.set_roles(user, at, &[role]).await;
        if user == self.sully {
            world.suspend_member(user, at).await;
        } else {
            world.reactivate_member(user, at).await;
        }
    }

    /// Sees to it that Tess has a living token.
    async fn hold(&mut self, place: Place) {
        if let Some(held) = self.held.get(&place)
            && self
                .site
                .exchange(&held.pat, held.pat.organization)
                .await
                .status
                == 200
        {
            return;
        }
        let held = self.generate("tess", place, "{}").await;
        self.held.insert(place, held);
    }

    async fn invite(&mut self, place: Place) {
        let cookie = self.cookie("ivy").await;
        let at = self.organization(place);
        let target = format!("/identity/v1/organizations/{at}/invitations");
        for (email, roles) in [(PERSON_INVITED, ""), (OWNER_INVITED, r#""owner""#)] {
            let body = format!(r#"{{"userEmail":"{email}","roles":[{roles}]}}"#);
            let invited = self.site.post(&target).cookie(&cookie).json(&body);
            assert_eq!(invited.outcome().await, "201");
        }
    }

    async fn put_below(&mut self, place: Place) {
        let name = self.new_name();
        let id = self.site.world.sub(self.organization(place), &name).await;
        self.below.insert(place, Below { id, name });
    }

    /// Puts back what a request changed.
    pub(super) async fn mend(&mut self, row: &Row, caller: &Caller, place: Place) {
        match (row.method, row.route, row.special) {
            (_, _, Special::Leaving | Special::LeavesSo) => {
                self.join(caller).await;
                for same in everybody().filter(|other| other.name == caller.name) {
                    self.equip(same).await;
                }
                self.trouble(caller).await;
            }
            (_, "/users/{user}" | "/users/{user}/roles", special)
            | (_, _, special @ (Special::Removes | Special::RemovesAnOwner)) => {
                self.put_back(self.person(special, caller), place).await;
                self.hold(place).await;
            }
            // Somebody who is suspended can have no other, and nothing else needs theirs.
            ("DELETE" | "POST", _, Special::Own) if caller.trouble == Trouble::None => {
                self.equip(caller).await;
            }
            (_, _, Special::RightName | Special::ToAbove | Special::ToSibling) => {
                self.put_below(place).await;
                for caller in CALLERS.iter().filter(|other| other.made_for().is_some()) {
                    self.admit(caller).await;
                }
            }
            ("DELETE", "/invitations", _) => self.invite(place).await,
            ("DELETE", "/personal-api-tokens/{token}", _) | (_, "/tokens/revoke", _) => {
                self.hold(place).await;
            }
            _nothing => {}
        }
    }
}

/// What requests are about.
impl World {
    pub(super) fn organization(&self, place: Place) -> OrgId {
        match place {
            Place::Own => self.site.mobile,
            Place::Child => self.site.ios,
            Place::Grandchild => self.kit,
            Place::Parent => self.site.acme,
            Place::Sibling => self.site.web,
            Place::Foreign => self.site.globex,
        }
    }

    pub(super) fn below(&self, place: Place) -> &Below {
        &self.below[&place]
    }

    pub(super) fn new_name(&self) -> String {
        format!("N{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn person(&self, special: Special, caller: &Caller) -> UserId {
        let own = self.users.get(caller.name).copied();
        if [Special::OfAnOwner, Special::RemovesAnOwner].contains(&special) {
            self.otto
        } else if special == Special::LettingAnOwnerIn {
            self.sully
        } else {
            own.filter(|_own| special.is_leaving()).unwrap_or(self.tess)
        }
    }

    /// The caller's own token, or Tess's there.
    fn held(&self, special: Special, caller: &Caller, place: Place) -> &Held {
        let own = self.own.get(caller.what);
        let own = own.filter(|_held| special == Special::Own);
        own.unwrap_or(&self.held[&place])
    }

    pub(super) fn pat(&self, special: Special, caller: &Caller, place: Place) -> &str {
        &self.held(special, caller, place).pat.id
    }

    pub(super) fn refusal(&self, special: Special, caller: &Caller, place: Place) -> &str {
        &self.held(special, caller, place).refusal
    }

    pub(super) fn asked_by(&self, caller: &Caller, ask: Ask) -> Ask {
        let ask = ask.through(&self.edge);
        let credential = self.credentials.get(caller.what);
        match (caller.credential, credential) {
            (Credential::Session, Some(cookie)) => ask.cookie(cookie),
            (Credential::Token(_, _), Some(jwt)) => ask.bearer(jwt),
            (_nothing, _) => ask,
        }
    }
}
