//! What can happen, and random sequences of it. Things are named by numbers that are taken modulo how many
//! there are, so every sequence makes sense.

use proptest::prelude::*;

/// Sets of roles that a member can be given or promised.
pub(super) const ROLE_SETS: [&[&str]; 6] = [
    &[],
    &["view-build"],
    &["manage-build", "view-organization"],
    &["manage-organization"],
    &["manage-organization", "view-build"],
    &["owner"],
];

/// Names of organizations: few, so that some are taken; the first two are the same name.
pub(super) const NAMES: [&str; 8] = [
    "Mobile", "MOBILE", "Web", "iOS", "Data", "Labs", "Ops", "Shop",
];

/// What tokens can be limited to.
pub(super) const CEILINGS: [&[&str]; 2] = [&["build:view"], &["organization:manage", "build:view"]];

/// How many people there are.
pub(super) const PEOPLE: usize = 4;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// Somebody, with the session that they had last.
    Person(usize),
    /// A program, with an access token.
    Program(usize),
}

/// What a token is to be bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) ceiling: Option<usize>,
    /// For its own organization alone.
    pub(super) is_narrow: bool,
    pub(super) days: Option<u32>,
}

/// A membership that is promised: where, with which roles.
pub(super) type Promised = (usize, usize);

/// Somebody at an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Post {
    pub(super) user: usize,
    pub(super) org: usize,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Organization(By, OrganizationStep),
    /// Where `Some`, the membership of that number, whose ever it is and wherever.
    Member(By, Post, Option<usize>, MemberStep),
    Invitation(By, InvitationStep),
    Accept {
        user: usize,
        link: usize,
    },
    Token(By, TokenStep),
    Exchange {
        pat: usize,
        target: usize,
    },
    SignIn {
        user: usize,
    },
    SignOut {
        user: usize,
    },
    /// By the operator.
    SuspendUser {
        user: usize,
    },
    /// By the operator.
    ReactivateUser {
        user: usize,
    },
    /// Time goes by; whoever is signed in signs in again.
    Advance {
        minutes: u32,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum OrganizationStep {
    CreateRoot { name: usize },
    Create { parent: usize, name: usize },
    Rename { org: usize, name: usize },
    Move { org: usize, parent: usize },
    Delete { org: usize, confirm: Confirm },
}

/// What is typed to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confirm {
    Its,
    Another,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum MemberStep {
    SetRoles {
        roles: usize,
    },
    /// Of one's own membership: to leave.
    Remove,
    Suspend,
    Reactivate,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum InvitationStep {
    Invite {
        to: usize,
        first: Promised,
        second: Option<Promised>,
    },
    /// What waits for the person at the organization.
    InviteAgain(Post),
    Withdraw(Post),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum TokenStep {
    Generate {
        org: usize,
        want: Wanted,
    },
    Rotate {
        pat: usize,
        hours: u32,
    },
    Revoke {
        pat: usize,
    },
    RevokeSeveral {
        org: usize,
        pats: [usize; 3],
        run: Run,
    },
}

/// Whether it is done or only said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Real,
    Dry,
}

impl Step {
    /// The operation's name, for the count.
    pub(super) fn name(&self) -> String {
        let text = match self {
            Self::Organization(_by, step) => format!("{step:?}"),
            Self::Member(_by, _post, _member, step) => format!("{step:?} member"),
            Self::Invitation(_by, step) => format!("{step:?}"),
            Self::Token(_by, step) => format!("{step:?}"),
            Self::Accept { .. }
            | Self::Exchange { .. }
            | Self::SignIn { .. }
            | Self::SignOut { .. }
            | Self::SuspendUser { .. }
            | Self::ReactivateUser { .. }
            | Self::Advance { .. } => format!("{self:?}"),
        };
        let end = text.find([' ', '(']).unwrap_or(text.len());
        text[..end].to_owned()
    }
}

/// Sequences of some dozen steps; what makes something comes more often than what ends it.
pub(super) fn sequences() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..97)
}

fn step() -> impl Strategy<Value = Step> {
    let pat = 0..6_usize;
    prop_oneof![
        20 => (by(), organizations()).prop_map(|(by, step)| Step::Organization(by, step)),
        22 => (by(), post(), proptest::option::weighted(0.7, 0..16_usize), members())
            .prop_map(|(by, post, member, step)| Step::Member(by, post, member, step)),
        10 => (by(), invitations()).prop_map(|(by, step)| Step::Invitation(by, step)),
        8 => (user(), 0..3_usize).prop_map(|(user, link)| Step::Accept { user, link }),
        14 => (by(), tokens()).prop_map(|(by, step)| Step::Token(by, step)),
        10 => (pat, org()).prop_map(|(pat, target)| Step::Exchange { pat, target }),
        10 => accounts(),
    ]
}

fn organizations() -> impl Strategy<Value = OrganizationStep> {
    use OrganizationStep::{Create, CreateRoot, Delete, Move, Rename};
    let name = || 0..NAMES.len();
    let confirm = prop_oneof![3 => Just(Confirm::Its), 1 => Just(Confirm::Another)];
    prop_oneof![
        1 => name().prop_map(|name| CreateRoot { name }),
        8 => (org(), name()).prop_map(|(parent, name)| Create { parent, name }),
        2 => (org(), name()).prop_map(|(org, name)| Rename { org, name }),
        5 => (org(), org()).prop_map(|(org, parent)| Move { org, parent }),
        1 => (org(), confirm).prop_map(|(org, confirm)| Delete { org, confirm }),
    ]
}

fn members() -> impl Strategy<Value = MemberStep> {
    prop_oneof![
        4 => roles().prop_map(|roles| MemberStep::SetRoles { roles }),
        3 => Just(MemberStep::Remove),
        2 => Just(MemberStep::Suspend),
        3 => Just(MemberStep::Reactivate),
    ]
}

fn invitations() -> impl Strategy<Value = InvitationStep> {
    let promised = || (org(), roles());
    let promises = (promised(), proptest::option::weighted(0.3, promised()));
    prop_oneof![
        6 => (user(), promises)
            .prop_map(|(to, (first, second))| InvitationStep::Invite { to, first, second }),
        1 => post().prop_map(InvitationStep::InviteAgain),
        1 => post().prop_map(InvitationStep::Withdraw),
    ]
}

fn tokens() -> impl Strategy<Value = TokenStep> {
    use TokenStep::{Generate, Revoke, RevokeSeveral, Rotate};
    let pat = || 0..6_usize;
    let several = [pat(), pat(), pat()];
    let hours = prop_oneof![Just(0_u32), Just(12)];
    let run = prop_oneof![Just(Run::Real), Just(Run::Dry)];
    prop_oneof![
        8 => (org(), wanted()).prop_map(|(org, want)| Generate { org, want }),
        2 => (pat(), hours).prop_map(|(pat, hours)| Rotate { pat, hours }),
        2 => pat().prop_map(|pat| Revoke { pat }),
        1 => (org(), several, run).prop_map(|(org, pats, run)| RevokeSeveral { org, pats, run }),
    ]
}

fn accounts() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![3 => Just(25_u32), 2 => Just(12 * 60), 1 => Just(4 * 24 * 60)];
    prop_oneof![
        6 => user().prop_map(|user| Step::SignIn { user }),
        1 => user().prop_map(|user| Step::SignOut { user }),
        1 => user().prop_map(|user| Step::SuspendUser { user }),
        3 => user().prop_map(|user| Step::ReactivateUser { user }),
        3 => minutes.prop_map(|minutes| Step::Advance { minutes }),
    ]
}

/// Mostly a person, and mostly the first, who owns the first tree.
fn by() -> impl Strategy<Value = By> {
    prop_oneof![
        7 => user().prop_map(By::Person),
        3 => (0..6_usize).prop_map(By::Program),
    ]
}

fn user() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0), 3 => 0..PEOPLE]
}

/// Mostly the first tree's root and what lay below it from the beginning.
fn org() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0), 2 => Just(1), 4 => 0..8_usize]
}

fn post() -> impl Strategy<Value = Post> {
    (user(), org()).prop_map(|(user, org)| Post { user, org })
}

fn roles() -> impl Strategy<Value = usize> {
    0..ROLE_SETS.len()
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let ceiling = prop_oneof![2 => Just(None), 2 => (0..CEILINGS.len()).prop_map(Some)];
    let days = proptest::option::weighted(0.2, Just(3));
    let is_narrow = proptest::bool::weighted(0.2);
    (ceiling, is_narrow, days).prop_map(|(ceiling, is_narrow, days)| Wanted {
        ceiling,
        is_narrow,
        days,
    })
}
