//! What the rules cost: a decision at depth 10, and reading a presented token.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use keyfob_core::catalogue::{Catalogue, Level, Module};
use keyfob_core::exchange::{Epochs, ExchangeFacts, ExchangeRequest, PatFacts, UserFacts, decide};
use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::member::{Membership, Roles};
use keyfob_core::org::Lineage;
use keyfob_core::reach::Reach;
use keyfob_core::scope::Scopes;
use keyfob_core::secret::{PatSecret, Pepper, Prefix, Scheme};
use keyfob_core::time::{Lifetime, Timestamp};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn org(number: u128) -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(number))
}

/// Thirteen modules, as in the first catalogue.
fn catalogue() -> Catalogue {
    let module = |key: String| Module {
        title: key.clone(),
        key,
        levels: Level::ALL.to_vec(),
    };
    let mut modules: Vec<_> = (0..12)
        .map(|number| module(format!("module-{number}")))
        .collect();
    modules.push(module("organization".to_owned()));
    Catalogue::new(1, modules).expect("a catalogue")
}

fn member(organization: u128) -> Membership {
    let roles =
        Roles::new(["view-organization", "manage-module-3", "operate-module-7"]).expect("roles");
    Membership {
        organization: org(organization),
        roles,
        suspended_at: None,
    }
}

/// A token of the root, a target at depth 10, a membership at every level.
fn facts() -> ExchangeFacts {
    ExchangeFacts {
        pat: PatFacts {
            id: PatId::from_uuid(Uuid::from_u128(1)),
            organization: org(1),
            lifetime: Lifetime {
                start: NOW,
                end: None,
            },
            revoked: None,
            ceiling: None,
            reach: Reach::Subtree,
            networks: None,
        },
        user: UserFacts {
            id: UserId::from_uuid(Uuid::from_u128(2)),
            suspended_at: None,
            email: "ana@acme.example".to_owned(),
            email_verified_at: None,
            full_name: "Ana".to_owned(),
        },
        home: Some(member(1)),
        target: Some(Lineage::new((1..=10).map(org).collect()).expect("a path")),
        memberships: (1..=10).map(member).collect(),
        epochs: Epochs {
            user: 1,
            tree: 1,
            instance: 1,
        },
    }
}

fn rules(criterion: &mut Criterion) {
    let (facts, catalogue) = (facts(), catalogue());
    let want = ExchangeRequest {
        address: None,
        scopes: Scopes::DEFAULT,
        named: &[],
        lifetime: Duration::from_hours(1),
    };
    criterion.bench_function("decision at depth 10", |bencher| {
        bencher.iter(|| {
            decide(black_box(&facts), &want, &catalogue, NOW).map(|grant| grant.permissions)
        });
    });

    let prefix = Prefix::default();
    let secret = PatSecret::generate(&prefix, |bytes| bytes.fill(77));
    let pepper = Pepper::new(&[7; 32]);
    criterion.bench_function("token: parse and digest", |bencher| {
        bencher.iter(|| {
            let read = PatSecret::parse(&prefix, black_box(secret.expose()));
            read.map(|secret| pepper.mac(&secret.hash(Scheme::Sha256)))
        });
    });
    criterion.bench_function("token: refuse a wrong checksum", |bencher| {
        let wrong = secret
            .expose()
            .replace('0', "1")
            .replace('a', "b")
            .to_uppercase();
        bencher.iter(|| PatSecret::parse(&prefix, black_box(&wrong)).is_err());
    });
}

criterion_group!(benches, rules);
criterion_main!(benches);
