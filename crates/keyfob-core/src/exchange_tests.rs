use super::*;
use crate::catalogue::{Level, Module};
use crate::member::Roles;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);
const HOUR: Duration = Duration::from_hours(1);

fn org(number: u128) -> OrgId {
    OrgId::from_uuid(uuid::Uuid::from_u128(number))
}

fn catalogue() -> Catalogue {
    let module = |key: &str| Module {
        key: key.to_owned(),
        title: key.to_owned(),
        levels: vec![Level::Manage, Level::View],
    };
    Catalogue::new(1, vec![module("organization"), module("build")]).expect("a catalogue")
}

fn member(organization: u128, roles: &[&str]) -> Membership {
    Membership {
        organization: org(organization),
        roles: Roles::new(roles.iter().copied()).expect("good roles"),
        suspended_at: None,
    }
}

/// A PAT of organization 2 in the tree 1 → 2 → 3; the target is 3, the user views builds at 2.
fn facts() -> ExchangeFacts {
    ExchangeFacts {
        pat: PatFacts {
            id: PatId::from_uuid(uuid::Uuid::from_u128(9)),
            organization: org(2),
            lifetime: Lifetime {
                start: NOW.minus(HOUR),
                end: None,
            },
            revoked: None,
            ceiling: None,
            reach: Reach::Subtree,
            networks: None,
        },
        user: UserFacts {
            id: UserId::from_uuid(uuid::Uuid::from_u128(8)),
            suspended_at: None,
            email: "ana@acme.example".to_owned(),
            email_verified_at: None,
            full_name: "Ana".to_owned(),
        },
        home: Some(member(2, &["view-build"])),
        target: Some(Lineage::new(vec![org(1), org(2), org(3)]).expect("a path")),
        memberships: vec![member(2, &["view-build"])],
        epochs: Epochs {
            user: 1,
            tree: 1,
            instance: 1,
        },
    }
}

fn want() -> ExchangeRequest<'static> {
    ExchangeRequest {
        address: None,
        scopes: Scopes::DEFAULT,
        named: &[],
        lifetime: HOUR,
    }
}

fn denied(facts: &ExchangeFacts) -> Denial {
    decide(facts, &want(), &catalogue(), NOW)
        .map(|_| ())
        .expect_err("denied")
}

#[test]
fn x8_granted_is_what_is_held_there_now_and_the_reasons_say_why() {
    let catalogue = catalogue();
    let mut facts = facts();
    facts
        .memberships
        .push(member(1, &["manage-organization", "gone-role"]));
    facts.memberships.push(member(3, &[]));
    let grant = decide(&facts, &want(), &catalogue, NOW).expect("granted");
    assert_eq!(grant.organization, org(3));
    assert_eq!(grant.root, org(1));
    assert_eq!(
        catalogue.names(grant.permissions),
        ["build:view", "organization:manage", "organization:view"]
    );
    assert_eq!(grant.live.roles(), ["manage-organization", "view-build"]);
    let view = catalogue.permission("organization:view").expect("known");
    let because: Vec<_> = grant
        .live
        .because(view)
        .map(|it| (it.organization, it.role))
        .collect();
    assert_eq!(because, [(org(1), "manage-organization")]);
}

#[test]
fn x8_a_member_without_roles_gets_an_empty_set() {
    let mut facts = facts();
    facts.home = Some(member(2, &[]));
    facts.memberships = vec![member(2, &[])];
    let catalogue = catalogue();
    let grant = decide(&facts, &want(), &catalogue, NOW).expect("granted");
    assert!(grant.permissions.is_empty());
}

#[test]
fn x8_the_ceiling_narrows_and_never_adds() {
    let catalogue = catalogue();
    let mut facts = facts();
    facts.pat.ceiling =
        Some(Ceiling::choose(["build:view", "build:manage"], &catalogue).expect("a ceiling"));
    facts.memberships.push(member(1, &["view-organization"]));
    let grant = decide(&facts, &want(), &catalogue, NOW).expect("granted");
    assert_eq!(catalogue.names(grant.permissions), ["build:view"]);
    facts.pat.ceiling = Some(Ceiling::from_stored("gone:view"));
    let grant = decide(&facts, &want(), &catalogue, NOW).expect("granted");
    assert!(
        grant.permissions.is_empty(),
        "a name that left the catalogue gives nothing"
    );
}

#[test]
fn x8_an_access_token_never_outlives_its_pat() {
    let catalogue = catalogue();
    let mut facts = facts();
    let life = |facts: &ExchangeFacts| {
        decide(facts, &want(), &catalogue, NOW).map(|grant| grant.expires_at - grant.issued_at)
    };
    assert_eq!(life(&facts), Ok(3_600));
    let ends_in = |millis| Some(Timestamp::from_millis(NOW.millis() + millis));
    facts.pat.lifetime.end = ends_in(60_000);
    assert_eq!(life(&facts), Ok(60));
    facts.pat.lifetime.end = ends_in(600);
    assert_eq!(
        life(&facts),
        Ok(1),
        "ends at .100 of the second after the next: one whole second"
    );
    facts.pat.lifetime.end = ends_in(499);
    assert_eq!(
        life(&facts),
        Err(Denial::Expired),
        "it ends within this second"
    );
    facts.pat.lifetime.end = Some(NOW);
    assert_eq!(life(&facts), Err(Denial::Expired));
}

#[test]
fn x6_what_is_wrong_with_the_pat_comes_before_the_target() {
    type Break = fn(&mut ExchangeFacts);
    let broken: [(Break, Denial); 5] = [
        (
            |facts| facts.pat.revoked = Some(RevokedBecause::User),
            Denial::Revoked(RevokedBecause::User),
        ),
        (|facts| facts.pat.lifetime.end = Some(NOW), Denial::Expired),
        (
            |facts| facts.user.suspended_at = Some(NOW),
            Denial::UserSuspended,
        ),
        (|facts| facts.home = None, Denial::NotAMember),
        (
            |facts| facts.home.as_mut().expect("a member").suspended_at = Some(NOW),
            Denial::MembershipSuspended,
        ),
    ];
    for (break_it, denial) in broken {
        let mut facts = facts();
        break_it(&mut facts);
        assert_eq!(denied(&facts), denial);
        facts.target = None;
        assert_eq!(denied(&facts), denial, "with a wrong target too");
        assert!(!denial.is_of_the_target());
    }
}

#[test]
fn p6_a_pat_never_works_upward_sideways_or_in_another_tree() {
    let mut facts = facts();
    for path in [vec![1], vec![1, 4], vec![5, 6]] {
        facts.target = Some(Lineage::new(path.into_iter().map(org).collect()).expect("a path"));
        facts.memberships = vec![
            member(1, &["owner"]),
            member(4, &["owner"]),
            member(6, &["owner"]),
        ];
        assert_eq!(denied(&facts), Denial::Target);
    }
    facts.target = None;
    assert_eq!(denied(&facts), Denial::Target);
    assert!(Denial::Target.is_of_the_target());
}

#[test]
fn p15_outside_the_reach_the_target_is_refused() {
    let mut facts = facts();
    facts.pat.reach = Reach::Organization;
    assert_eq!(denied(&facts), Denial::Reach);
    facts.pat.reach = Reach::Named([org(7)].into());
    assert_eq!(denied(&facts), Denial::Reach);
    facts.pat.reach = Reach::Named([org(3)].into());
    assert!(decide(&facts, &want(), &catalogue(), NOW).is_ok());
}

#[test]
fn p8_a_pat_with_networks_works_from_there_only() {
    let mut facts = facts();
    facts.pat.networks = Some(Networks::parse(["203.0.113.0/24"]).expect("good networks"));
    let from = |address: Option<&str>| {
        let address = address.map(|text| text.parse().expect("an address"));
        decide(
            &facts,
            &ExchangeRequest { address, ..want() },
            &catalogue(),
            NOW,
        )
        .map(|_| ())
    };
    assert_eq!(from(Some("203.0.113.7")), Ok(()));
    assert_eq!(from(Some("203.0.114.7")), Err(Denial::Network));
    assert_eq!(
        from(None),
        Err(Denial::Network),
        "an unknown address is not an allowed one"
    );
}

#[test]
fn g1_an_access_token_stands_only_with_the_epochs_it_was_made_under() {
    let (facts, catalogue) = (facts(), catalogue());
    assert!(admit(&facts, facts.epochs, &catalogue, NOW).is_ok());
    for epochs in [
        Epochs {
            user: 0,
            ..facts.epochs
        },
        Epochs {
            tree: 0,
            ..facts.epochs
        },
        Epochs {
            instance: 0,
            ..facts.epochs
        },
        Epochs {
            user: 2,
            ..facts.epochs
        },
    ] {
        let refused = admit(&facts, epochs, &catalogue, NOW).map(|_| ());
        assert_eq!(refused, Err(NotAdmitted::Epoch), "{epochs:?}");
    }
}

#[test]
fn p16_every_reason_comes_back_from_its_word() {
    let because = Some(RevokedBecause::Manager);
    let all = [
        Denial::Revoked(RevokedBecause::Manager),
        Denial::Expired,
        Denial::UserSuspended,
        Denial::MembershipSuspended,
        Denial::NotAMember,
        Denial::Network,
        Denial::Target,
        Denial::Reach,
        Denial::NoStanding,
    ];
    for denial in all {
        assert_eq!(Denial::from_word(denial.word(), because), Some(denial));
    }
    assert_eq!(Denial::from_word("revoked", None), None);
    assert_eq!(Denial::from_word("unknown", because), None);
}
