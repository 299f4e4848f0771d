//! Properties of the rules on random trees, against an oracle that was written apart from them: plain
//! sets of strings and parent links instead of bits and lineages.
#![expect(
    clippy::expect_used,
    clippy::tests_outside_test_module,
    clippy::indexing_slicing,
    reason = "a test binary: it may panic, and has no test module"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use keyfob_core::catalogue::{Catalogue, Level, Module};
use keyfob_core::exchange::{
    Denial, Epochs, ExchangeFacts, ExchangeRequest, PatFacts, UserFacts, decide,
};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::member::{Membership, Roles, Standing};
use keyfob_core::org::Lineage;
use keyfob_core::pat::{Ceiling, GenerateFacts, Refusal, WantedPat, may_generate};
use keyfob_core::permission::resolve;
use keyfob_core::policy::Policy;
use keyfob_core::reach::Reach;
use keyfob_core::scope::Scopes;
use keyfob_core::secret::{PatSecret, Prefix};
use keyfob_core::time::{Lifetime, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ROLES: [&str; 8] = [
    "owner",
    "manage-organization",
    "view-organization",
    "manage-build",
    "operate-build",
    "view-build",
    "operate-store",
    "role-that-left",
];
const PERMISSIONS: [&str; 9] = [
    "organization:manage",
    "organization:view",
    "build:manage",
    "build:operate",
    "build:view",
    "store:operate",
    "store:external-operate",
    "store:view",
    "gone:view",
];

fn catalogue() -> Catalogue {
    let module = |key: &str, levels: &[Level]| Module {
        key: key.to_owned(),
        title: key.to_owned(),
        levels: levels.to_vec(),
    };
    let modules = vec![
        module("organization", &[Level::Manage, Level::View]),
        module("build", &[Level::Manage, Level::Operate, Level::View]),
        module(
            "store",
            &[Level::Operate, Level::ExternalOperate, Level::View],
        ),
    ];
    Catalogue::new(1, modules).expect("a catalogue")
}

/// What a role gives, spelled out by hand.
fn oracle_role(role: &str) -> BTreeSet<&'static str> {
    match role {
        "owner" => PERMISSIONS[..8].iter().copied().collect(),
        "manage-organization" => ["organization:manage", "organization:view"].into(),
        "view-organization" => ["organization:view"].into(),
        "manage-build" => ["build:manage", "build:operate", "build:view"].into(),
        "operate-build" => ["build:operate", "build:view"].into(),
        "view-build" => ["build:view"].into(),
        "operate-store" => ["store:operate", "store:external-operate", "store:view"].into(),
        _left => BTreeSet::new(),
    }
}

/// A random world: parents by index (a parent always comes earlier), memberships of one user, a PAT.
#[derive(Debug, Clone)]
struct World {
    parents: Vec<Option<usize>>,
    members: BTreeMap<usize, (Vec<&'static str>, bool)>,
    home: usize,
    target: usize,
    ceiling: Option<Vec<&'static str>>,
    reach: Option<BTreeSet<usize>>,
}

impl World {
    fn path(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        while let Some(parent) = self.parents[path[0]] {
            path.insert(0, parent);
        }
        path
    }

    fn memberships_along(&self, path: &[usize]) -> Vec<Membership> {
        let held = self
            .members
            .iter()
            .filter(|(node, _held)| path.contains(node));
        held.map(|(node, held)| membership(*node, held)).collect()
    }

    fn lineage(&self, node: usize) -> Lineage {
        Lineage::new(self.path(node).into_iter().map(org).collect()).expect("a path")
    }

    fn facts(&self) -> ExchangeFacts {
        let catalogue = catalogue();
        let known = |names: &Vec<&'static str>| {
            Ceiling::choose(
                names.iter().copied().filter(|name| *name != "gone:view"),
                &catalogue,
            )
        };
        ExchangeFacts {
            pat: PatFacts {
                id: PatId::from_uuid(Uuid::from_u128(1)),
                organization: org(self.home),
                lifetime: Lifetime {
                    start: NOW,
                    end: None,
                },
                revoked: None,
                ceiling: self.ceiling.as_ref().map(|names| {
                    known(names).unwrap_or_else(|_empty| Ceiling::from_stored("gone:view"))
                }),
                reach: self.reach.as_ref().map_or(Reach::Subtree, |named| {
                    Reach::Named(named.iter().copied().map(org).collect())
                }),
                networks: None,
            },
            user: UserFacts {
                id: UserId::from_uuid(Uuid::from_u128(2)),
                suspended_at: None,
                email: "ana@acme.example".to_owned(),
                email_verified_at: None,
                full_name: "Ana".to_owned(),
            },
            home: self
                .members
                .get(&self.home)
                .map(|held| membership(self.home, held)),
            target: Some(self.lineage(self.target)),
            memberships: self.memberships_along(&self.path(self.target)),
            epochs: Epochs {
                user: 1,
                tree: 1,
                instance: 1,
            },
        }
    }

    /// What the contract says of an exchange, as plain sets: `None` is a denial.
    fn oracle(&self) -> Option<BTreeSet<&'static str>> {
        let active_here = self
            .members
            .get(&self.home)
            .is_some_and(|(_roles, active)| *active);
        let path = self.path(self.target);
        let named = self
            .reach
            .as_ref()
            .is_none_or(|named| named.contains(&self.target));
        if !active_here || !path.contains(&self.home) || !(named || self.target == self.home) {
            return None;
        }
        let mut held = BTreeSet::new();
        for (node, (roles, active)) in &self.members {
            if path.contains(node) && *active {
                held.extend(roles.iter().flat_map(|role| oracle_role(role)));
            }
        }
        if let Some(ceiling) = &self.ceiling {
            held.retain(|permission| ceiling.contains(permission));
        }
        Some(held)
    }
}

fn membership(node: usize, (roles, active): &(Vec<&'static str>, bool)) -> Membership {
    Membership {
        organization: org(node),
        roles: Roles::new(roles.iter().copied()).expect("good roles"),
        suspended_at: (!active).then_some(NOW),
    }
}

fn org(node: usize) -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(
        1_000 + u128::try_from(node).expect("small"),
    ))
}

fn worlds() -> impl Strategy<Value = World> {
    let nodes = prop::collection::vec(any::<(bool, Index)>(), 2..14);
    let members = prop::collection::vec(
        (
            any::<Index>(),
            subsequence(ROLES.to_vec(), 0..4),
            prop::bool::weighted(0.85),
        ),
        1..7,
    );
    let ceiling = prop::option::of(subsequence(PERMISSIONS.to_vec(), 1..6));
    let reach = prop::option::weighted(0.3, prop::collection::vec(any::<Index>(), 1..4));
    (
        nodes,
        members,
        any::<Index>(),
        any::<Index>(),
        ceiling,
        reach,
        prop::bool::weighted(0.8),
    )
        .prop_map(
            |(nodes, members, home, target, ceiling, reach, at_a_membership)| {
                let count = nodes.len();
                let parents: Vec<_> = nodes
                    .iter()
                    .enumerate()
                    .map(|(node, (is_root, parent))| {
                        (node > 0 && !is_root).then(|| parent.index(node.max(1)))
                    })
                    .collect();
                let members: BTreeMap<_, _> = members
                    .into_iter()
                    .map(|(node, roles, active)| (node.index(count), (roles, active)))
                    .collect();
                let places: Vec<_> = members.keys().copied().collect();
                let home = if at_a_membership {
                    *home.get(&places)
                } else {
                    home.index(count)
                };
                World {
                    parents,
                    members,
                    home,
                    target: target.index(count),
                    ceiling,
                    reach: reach
                        .map(|named| named.iter().map(|index| index.index(count)).collect()),
                }
            },
        )
}

fn want() -> ExchangeRequest<'static> {
    ExchangeRequest {
        address: None,
        scopes: Scopes::DEFAULT,
        named: &[],
        lifetime: Duration::from_hours(1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_exchange_grants_exactly_what_the_oracle_says(world in worlds()) {
        let (facts, catalogue) = (world.facts(), catalogue());
        let granted = decide(&facts, &want(), &catalogue, NOW)
            .map(|grant| catalogue.names(grant.permissions).into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
        let expected = world.oracle().map(|held| held.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
        prop_assert_eq!(granted.ok(), expected);
    }

    #[test]
    fn a_grant_never_exceeds_ceiling_and_live_permissions(world in worlds()) {
        let (facts, catalogue) = (world.facts(), catalogue());
        if let Ok(grant) = decide(&facts, &want(), &catalogue, NOW) {
            let live = resolve(&catalogue, facts.target.as_ref().expect("a target"), &facts.memberships);
            prop_assert!(grant.permissions.is_subset_of(live.permissions));
            if let Some(ceiling) = &facts.pat.ceiling {
                prop_assert!(grant.permissions.is_subset_of(catalogue.set_of(ceiling.iter())));
            }
        }
    }

    #[test]
    fn removing_a_membership_never_adds_anything(world in worlds(), which in any::<Index>()) {
        let catalogue = catalogue();
        let lineage = world.lineage(world.target);
        let all = world.memberships_along(&world.path(world.target));
        let mut fewer = all.clone();
        if !fewer.is_empty() {
            fewer.remove(which.index(fewer.len()));
        }
        let before = resolve(&catalogue, &lineage, &all).permissions;
        prop_assert!(resolve(&catalogue, &lineage, &fewer).permissions.is_subset_of(before));
        if Standing::of(&lineage, &all) == Standing::Stranger {
            prop_assert_eq!(Standing::of(&lineage, &fewer), Standing::Stranger);
        }
    }

    #[test]
    fn an_inherited_user_never_generates(world in worlds()) {
        let lineage = world.lineage(world.target);
        let standing = Standing::of(&lineage, &world.memberships_along(&world.path(world.target)));
        let facts = GenerateFacts {
            user: UserId::from_uuid(Uuid::from_u128(2)),
            organization: org(world.target),
            tree: lineage.root(),
            standing,
            authenticated_at: NOW,
            live: 0,
            named_below: BTreeSet::new(),
        };
        let direct = world.members.get(&world.target).is_some_and(|(_roles, active)| *active);
        let decision = may_generate(&facts, WantedPat::default(), &Policy::default(), NOW);
        prop_assert_eq!(decision.is_ok(), direct);
        if let Err(refusal) = decision {
            let for_standing = matches!(refusal, Refusal::Inherited { .. } | Refusal::Stranger);
            prop_assert!(for_standing);
        }
    }

    #[test]
    fn every_permission_of_a_grant_has_a_reason(world in worlds()) {
        let (facts, catalogue) = (world.facts(), catalogue());
        if let Ok(grant) = decide(&facts, &want(), &catalogue, NOW) {
            for name in catalogue.names(grant.permissions) {
                let index = catalogue.permission(name).expect("known");
                let mut reasons = grant.live.because(index).peekable();
                prop_assert!(reasons.peek().is_some());
                for reason in reasons {
                    prop_assert!(oracle_role(reason.role).contains(name));
                }
            }
        }
    }

    #[test]
    fn a_denial_is_of_the_target_exactly_when_the_pat_is_good(world in worlds()) {
        let facts = world.facts();
        let good = world.members.get(&world.home).is_some_and(|(_roles, active)| *active);
        if let Err(denial) = decide(&facts, &want(), &catalogue(), NOW) {
            prop_assert_eq!(denial.is_of_the_target(), good);
            prop_assert!(denial != Denial::NoStanding, "a direct member has standing below");
        }
    }

    #[test]
    fn a_secret_is_read_back_and_no_other_text_is(bytes in prop::collection::vec(any::<u8>(), 64), other in ".{0,60}") {
        let prefix = Prefix::default();
        let mut source = bytes.iter().copied().cycle().zip(0_u8..).map(|(byte, count)| byte ^ count);
        let secret = PatSecret::generate(&prefix, |out| {
            for byte in out.iter_mut() {
                *byte = source.next().unwrap_or(7);
            }
        });
        let read = PatSecret::parse(&prefix, secret.expose()).expect("its own form");
        prop_assert_eq!(read.expose(), secret.expose());
        prop_assert!(PatSecret::parse(&prefix, &other).is_err());
    }

    #[test]
    fn scopes_print_in_a_form_they_are_read_in(field in "[a-z ,]{0,40}", role in select(ROLES.to_vec())) {
        let scopes = Scopes::parse(Some(&field)).expect("no colon");
        prop_assert_eq!(Scopes::parse(Some(&scopes.to_string())), Ok(scopes));
        prop_assert!(Roles::new([role]).is_ok());
    }
}
