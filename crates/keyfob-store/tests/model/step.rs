//! What can happen, and random sequences of it. Things are named by numbers that are taken modulo how
//! many there are, so every sequence makes sense.

use proptest::prelude::*;

/// Sets of roles that a member can be given.
pub(crate) const ROLE_SETS: [&[&str]; 4] = [
    &[],
    &["view-build"],
    &["operate-build", "view-store"],
    &["owner"],
];

/// Names of organizations: few, so that some are taken; the first two are the same name.
pub(crate) const NAMES: [&str; 5] = ["Işık", "IŞIK", "Mobile", "Web", "iOS"];

/// The permissions of a token that has a ceiling.
pub(crate) const CEILING: [&str; 2] = ["build:view", "store:view"];

/// How far a token is to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WantedReach {
    Subtree,
    Organization,
    Named(usize),
}

/// What a token is to be bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) reach: WantedReach,
    pub(crate) has_ceiling: bool,
    pub(crate) days: Option<u32>,
}

/// How a token is to be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedOverlap {
    pub(crate) hours: u32,
    pub(crate) is_repeatable: bool,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Create {
        parent: usize,
        name: usize,
    },
    Move {
        org: usize,
        parent: usize,
    },
    Delete {
        org: usize,
    },
    Join {
        user: usize,
        org: usize,
        roles: usize,
    },
    Leave {
        user: usize,
        org: usize,
    },
    Suspend {
        user: usize,
        org: usize,
    },
    Reactivate {
        user: usize,
        org: usize,
    },
    SetRoles {
        user: usize,
        org: usize,
        roles: usize,
    },
    SuspendUser {
        user: usize,
    },
    ReactivateUser {
        user: usize,
    },
    Generate {
        user: usize,
        org: usize,
        want: Wanted,
    },
    Revoke {
        pat: usize,
    },
    Rotate {
        pat: usize,
        want: WantedOverlap,
    },
    Exchange {
        pat: usize,
        target: usize,
    },
    Advance {
        hours: u32,
    },
}

/// Sequences of a few dozen steps; what makes something comes more often than what ends it.
/// Time goes by in halves of a day, so that it often stands exactly at a token's end.
pub(crate) fn sequences() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..48)
}

fn step() -> impl Strategy<Value = Step> {
    let (user, org, roles) = (user(), org(), 0..ROLE_SETS.len());
    let place = (user.clone(), org.clone());
    let post = (user.clone(), org.clone(), roles);
    let pair = (org.clone(), org.clone());
    let (named, held) = ((org.clone(), 0..NAMES.len()), (0..8_usize, org.clone()));
    prop_oneof![
        3 => named.prop_map(|(parent, name)| Step::Create { parent, name }),
        2 => pair.prop_map(|(org, parent)| Step::Move { org, parent }),
        1 => org.clone().prop_map(|org| Step::Delete { org }),
        6 => post.clone().prop_map(|(user, org, roles)| Step::Join { user, org, roles }),
        2 => place.clone().prop_map(|(user, org)| Step::Leave { user, org }),
        2 => place.clone().prop_map(|(user, org)| Step::Suspend { user, org }),
        1 => place.clone().prop_map(|(user, org)| Step::Reactivate { user, org }),
        2 => post.prop_map(|(user, org, roles)| Step::SetRoles { user, org, roles }),
        1 => user.clone().prop_map(|user| Step::SuspendUser { user }),
        1 => user.prop_map(|user| Step::ReactivateUser { user }),
        9 => (place, wanted()).prop_map(|((user, org), want)| Step::Generate { user, org, want }),
        1 => (0..8_usize).prop_map(|pat| Step::Revoke { pat }),
        4 => ((0..8_usize), overlap()).prop_map(|(pat, want)| Step::Rotate { pat, want }),
        4 => held.prop_map(|(pat, target)| Step::Exchange { pat, target }),
        3 => (1..4_u32).prop_map(|halves| Step::Advance { hours: halves * 12 }),
    ]
}

/// Mostly the first, so that several things happen to the same person.
fn user() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![3 => Just(0), 2 => 0..3_usize]
}

/// Mostly the first tree's root and what lay below it from the beginning.
fn org() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![2 => Just(0), 2 => Just(2), 3 => 0..6_usize]
}

/// Mostly the same, so that requests are repeated.
fn overlap() -> impl Strategy<Value = WantedOverlap> {
    let hours = prop_oneof![4 => Just(12), 1 => Just(0), 1 => Just(36)];
    let is_repeatable = prop_oneof![4 => Just(true), 1 => Just(false)];
    (hours, is_repeatable).prop_map(|(hours, is_repeatable)| WantedOverlap {
        hours,
        is_repeatable,
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let reach = prop_oneof![
        3 => Just(WantedReach::Subtree),
        1 => Just(WantedReach::Organization),
        1 => org().prop_map(WantedReach::Named),
    ];
    let days = proptest::option::weighted(0.5, 1..3_u32);
    (reach, any::<bool>(), days).prop_map(|(reach, has_ceiling, days)| Wanted {
        reach,
        has_ceiling,
        days,
    })
}
