//! The authorization matrix: every route of the management API, every kind of caller, every place in the tree,
//! against an oracle that was written from the contract (`authz_matrix/oracle.rs`). The table that comes out
//! is kept for readers (`snapshots/authz_matrix.snap`).

mod oracle;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use keyfob_core::id::{OrgId, UserId};
use uuid::Uuid;

use self::oracle::Credential::{Narrow, Nothing, Session, Token};
use self::oracle::Place::{Child, Foreign, Own, Parent, Sibling};
use self::oracle::Role::{Looker, Manager, Owner, Viewer};
use self::oracle::{Asks, Caller, Credential, Place, Role, Trouble, expected};
use self::requests::{ROUTES, has_place, is_sent, path, request};
use super::routes::routes;
use crate::client::Ask;
use crate::site::{Pat, Site};

const fn caller(
    what: &'static str,
    name: &'static str,
    (at, role): (Place, Role),
    credential: Credential,
) -> Caller {
    Caller {
        what,
        name,
        at,
        role,
        credential,
        trouble: Trouble::None,
    }
}

const fn troubled(caller: Caller, trouble: Trouble) -> Caller {
    Caller { trouble, ..caller }
}

/// Everybody. Each name is one account.
const CALLERS: [Caller; 22] = [
    caller("nobody", "dee", (Foreign, Owner), Nothing),
    caller("owner", "olga", (Own, Owner), Session),
    caller("manager", "mia", (Own, Manager), Session),
    caller("viewer", "vic", (Own, Viewer), Session),
    caller("owner, inherited", "ana", (Parent, Owner), Session),
    caller("manager, inherited", "max", (Parent, Manager), Session),
    caller("viewer, inherited", "ina", (Parent, Viewer), Session),
    caller("looks at the organization", "leo", (Own, Looker), Session),
    troubled(
        caller("in no organization", "noah", (Own, Viewer), Session),
        Trouble::Nowhere,
    ),
    caller("owner of a sibling", "sia", (Sibling, Owner), Session),
    caller("owner of another tree", "dee", (Foreign, Owner), Session),
    troubled(
        caller("owner, membership suspended", "sue", (Own, Owner), Session),
        Trouble::MembershipSuspended,
    ),
    troubled(
        caller("owner, account suspended", "sid", (Own, Owner), Session),
        Trouble::UserSuspended,
    ),
    caller("owner's token", "olga", (Own, Owner), Token(Own)),
    caller(
        "owner's token for a child",
        "olga",
        (Own, Owner),
        Token(Child),
    ),
    caller("owner's token, narrow", "olga", (Own, Owner), Narrow(Own)),
    caller("manager's token", "mia", (Own, Manager), Token(Own)),
    caller("viewer's token", "vic", (Own, Viewer), Token(Own)),
    caller(
        "token that looks at the organization",
        "leo",
        (Own, Looker),
        Token(Own),
    ),
    caller(
        "parent's owner's token for it",
        "ana",
        (Parent, Owner),
        Token(Own),
    ),
    caller(
        "token of a sibling",
        "sia",
        (Sibling, Owner),
        Token(Sibling),
    ),
    caller(
        "token of another tree",
        "dee",
        (Foreign, Owner),
        Token(Foreign),
    ),
];

/// Tokens whose owners lost what they rest on, after they were made.
const DEAD: [Caller; 2] = [
    troubled(
        caller(
            "token, membership suspended",
            "sue",
            (Own, Owner),
            Token(Own),
        ),
        Trouble::MembershipSuspended,
    ),
    troubled(
        caller("token, account suspended", "sid", (Own, Owner), Token(Own)),
        Trouble::UserSuspended,
    ),
];

/// The site with everybody in it, their credentials, and what requests are about.
pub(super) struct World {
    pub(super) site: Site,
    /// A member with `view-build` of each organization.
    pub(super) target: UserId,
    users: BTreeMap<&'static str, UserId>,
    pats: BTreeMap<String, Pat>,
    /// By organization the id of a request that was refused.
    refusals: BTreeMap<&'static str, String>,
    credentials: BTreeMap<&'static str, String>,
    names: AtomicU32,
}

impl World {
    fn organization(&self, place: Place) -> OrgId {
        match place {
            Own => self.site.mobile,
            Child => self.site.ios,
            Parent => self.site.acme,
            Sibling => self.site.web,
            Foreign => self.site.globex,
        }
    }

    /// Where it is: a move to there changes nothing.
    fn parent(&self, place: Place) -> OrgId {
        match place {
            Own | Sibling => self.site.acme,
            Child => self.site.mobile,
            Parent | Foreign => self.organization(place),
        }
    }

    fn new_name(&self) -> String {
        format!("N{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A token of the target at an organization.
    fn pat(&self, place: Place) -> String {
        self.pats[name(place)].id.clone()
    }

    async fn new() -> Self {
        let site = Site::with(super::backend().await, |parts| {
            parts.policy.pat_limit = 100;
        });
        let site = site.await;
        let mut world = Self {
            users: BTreeMap::from([("ana", site.ana), ("dee", site.dee)]),
            target: site.person("tess").await,
            site,
            pats: BTreeMap::new(),
            refusals: BTreeMap::new(),
            credentials: BTreeMap::new(),
            names: AtomicU32::new(0),
        };
        for caller in CALLERS {
            world.settle(caller).await;
        }
        for caller in CALLERS.iter().chain(&DEAD) {
            let credential = world.credential(caller).await;
            world.credentials.insert(caller.what, credential);
        }
        for caller in CALLERS {
            let user = world.users[caller.name];
            match caller.trouble {
                Trouble::None | Trouble::Nowhere => {}
                Trouble::MembershipSuspended => {
                    let at = world.organization(caller.at);
                    world.site.world.suspend_member(user, at).await;
                }
                Trouble::UserSuspended => {
                    world.site.world.suspend_user(user).await;
                }
            }
        }
        for place in Place::ALL {
            world.restore(place).await;
            world.refuse(place).await;
        }
        let activity = &world.site.app.activity;
        activity.flush(&world.site.app.store).await.unwrap();
        world
    }

    /// Makes the account, unless there is one, and what it holds.
    async fn settle(&mut self, caller: Caller) {
        if self.users.contains_key(caller.name) {
            return;
        }
        let user = self.site.person(caller.name).await;
        self.users.insert(caller.name, user);
        let role = match caller.role {
            Owner => "owner",
            Manager => "manage-organization",
            Looker => "view-organization",
            Viewer => "view-build",
        };
        let at = self.organization(caller.at);
        if caller.trouble != Trouble::Nowhere {
            self.site.world.member(user, at, &[role]).await;
        }
    }

    async fn credential(&self, caller: &Caller) -> String {
        let site = &self.site;
        let (made_for, body) = match caller.credential {
            Nothing => return String::new(),
            Session => return site.sign_in(caller.name).await,
            Token(made_for) => (made_for, "{}"),
            Narrow(made_for) => (made_for, r#"{"ceiling":["build:view"]}"#),
        };
        let cookie = site.sign_in(caller.name).await;
        let home = self.organization(caller.at);
        let pat = site.generate(&cookie, home, body).await;
        site.jwt(&pat, self.organization(made_for)).await
    }

    fn asked_by(&self, caller: &Caller, ask: Ask) -> Ask {
        let credential = &self.credentials[caller.what];
        match caller.credential {
            Nothing => ask,
            Session => ask.cookie(credential),
            Token(_) | Narrow(_) => ask.bearer(credential),
        }
    }

    /// Has the target's token refused, for an organization that there is not.
    async fn refuse(&mut self, place: Place) {
        let pat = &self.pats[name(place)];
        let refused = self.site.exchange(pat, OrgId::from_uuid(Uuid::nil())).await;
        assert_eq!(refused.outcome(), "403 access_denied");
        let request = refused.header("x-request-id").unwrap().to_owned();
        self.refusals.insert(name(place), request);
    }

    /// Puts back what requests may have changed: the target's membership and token, and who is invited.
    async fn restore(&mut self, place: Place) {
        let (at, target) = (self.organization(place), self.target);
        let world = &self.site.world;
        world.put_member(target, at, &["view-build"]).await;
        world.reactivate_member(target, at).await;
        let is_live = match self.pats.get(name(place)) {
            Some(pat) => self.site.exchange(pat, at).await.status == 200,
            None => false,
        };
        if !is_live {
            let cookie = self.site.sign_in("tess").await;
            let pat = self.site.generate(&cookie, at, "{}").await;
            self.pats.insert(name(place).to_owned(), pat);
        }
        let owner = if place == Foreign { "dee" } else { "ana" };
        let cookie = self.site.sign_in(owner).await;
        let target = format!("/identity/v1/organizations/{at}/invitations");
        let body = r#"{"userEmail":"kim@acme.example","roles":[]}"#;
        let invited = self.site.post(&target).cookie(&cookie).json(body);
        assert_eq!(invited.outcome().await, "201");
    }
}

fn name(place: Place) -> &'static str {
    match place {
        Own => "Mobile",
        Child => "iOS",
        Parent => "Acme",
        Sibling => "Web",
        Foreign => "Globex",
    }
}

#[test]
fn every_route_of_the_management_api_is_in_the_authorization_matrix() {
    let ours: BTreeSet<(&str, String)> = ROUTES
        .iter()
        .map(|(method, route, _asks)| (*method, path(route)))
        .collect();
    let theirs: BTreeSet<(&str, String)> = routes()
        .into_iter()
        .filter(|(_method, route)| {
            [
                "/identity/",
                "/roles.json",
                "/oauth/userinfo",
                "/auth/realms/",
            ]
            .iter()
            .any(|start| route.starts_with(start))
        })
        .map(|(method, route)| (method, route.to_owned()))
        .collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(
        missing.is_empty(),
        "add to ROUTES in requests.rs: {missing:?}"
    );
    let gone: Vec<_> = ours.difference(&theirs).collect();
    assert!(
        gone.is_empty(),
        "take out of ROUTES in requests.rs: {gone:?}"
    );
}

/// The success of an answer has many statuses; which one says nothing of who may.
fn said((status, code): (u16, &str)) -> String {
    match status {
        200..=299 => "ok".to_owned(),
        _refused => format!("{status} {code}"),
    }
}

/// What a caller gets at each place, and what of it is not what the oracle says.
async fn row(
    world: &mut World,
    (method, route, asks): (&str, &str, Asks),
    caller: &Caller,
) -> (Vec<String>, Vec<String>) {
    let only = [Own];
    let places: &[Place] = if has_place(route) { &Place::ALL } else { &only };
    let (mut cells, mut wrong) = (Vec::new(), Vec::new());
    for place in places {
        let ask = request(world, (method, route), *place);
        let answer = world.asked_by(caller, ask).send().await;
        let outcome = answer.outcome();
        let (status, code) = outcome.split_once(' ').unwrap_or((&outcome, ""));
        let got = said((status.parse().unwrap(), code));
        let wanted = said(expected(asks, caller, *place));
        if got != wanted {
            let (at, what) = (name(*place), caller.what);
            wrong.push(format!(
                "{method} {route}, {what}, at {at}: {got}, not {wanted}"
            ));
        }
        if got == "ok" && method != "GET" {
            world.restore(*place).await;
        }
        cells.push(got);
    }
    (cells, wrong)
}

#[tokio::test]
async fn every_caller_gets_at_every_place_what_the_contract_says() {
    let mut world = World::new().await;
    let mut table = "At: own | child | parent | sibling | another tree\n".to_owned();
    let (mut wrong, mut titles) = (Vec::new(), BTreeSet::new());
    for (method, route, asks) in ROUTES {
        if !is_sent(method, route) {
            continue;
        }
        let query = route.split_once('?').map_or("", |(_path, query)| query);
        let title = format!("{method} {} {query}", path(route));
        assert!(titles.insert(title.clone()), "{title} is there twice");
        writeln!(table, "{}", title.trim_end()).unwrap();
        for caller in CALLERS.iter().chain(&DEAD) {
            let (cells, not_so) = row(&mut world, (method, route, asks), caller).await;
            wrong.extend(not_so);
            writeln!(table, "  {:<36} {}", caller.what, cells.join(" | ")).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("authz_matrix", table);
    });
}
