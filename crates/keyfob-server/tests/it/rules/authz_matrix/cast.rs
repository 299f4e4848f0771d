//! Everybody who asks, and where they belong.

use self::Credential::{Nothing, Session, Token};
use self::Limit::{Builds, People, Unlimited};
use self::Place::{Child, Foreign, Grandchild, Own, Parent, Sibling};
use self::Role::{Manager, Owner, Viewer, Watcher};

/// An organization of the world: `Own` with a child and a grandchild, a parent that is the root, a sibling,
/// and another tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Own,
    Child,
    Grandchild,
    Parent,
    Sibling,
    Foreign,
}

impl Place {
    pub(super) const ALL: [Self; 6] = [Own, Child, Grandchild, Parent, Sibling, Foreign];

    /// The path to it, itself first.
    pub(super) fn path(self) -> &'static [Self] {
        match self {
            Own => &[Own, Parent],
            Child => &[Child, Own, Parent],
            Grandchild => &[Grandchild, Child, Own, Parent],
            Parent => &[Parent],
            Sibling => &[Sibling, Parent],
            Foreign => &[Foreign],
        }
    }

    /// What lies above it; a root is its own.
    pub(super) fn above(self) -> Self {
        self.path().get(1).copied().unwrap_or(self)
    }

    pub(super) fn is_root(self) -> bool {
        self.path().len() == 1
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Own => "Mobile",
            Child => "iOS",
            Grandchild => "Kit",
            Parent => "Acme",
            Sibling => "Web",
            Foreign => "Globex",
        }
    }
}

/// What a membership gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Owner,
    Manager,
    /// Sees the organization, and manages nothing.
    Watcher,
    /// Has nothing to do with organizations.
    Viewer,
}

impl Role {
    pub(super) fn key(self) -> &'static str {
        match self {
            Owner => "owner",
            Manager => "manage-organization",
            Watcher => "view-organization",
            Viewer => "view-build",
        }
    }
}

/// What a token is limited to, beside its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Unlimited,
    /// `build:view`.
    Builds,
    /// All about organizations, and nothing else.
    People,
}

/// With what somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Nothing,
    Session,
    /// An access token for that organization, of a PAT at the first place where its user is a member.
    Token(Place, Limit),
}

/// What is wrong with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    MembershipSuspended,
    UserSuspended,
}

/// Somebody, by what the contract asks about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    /// In words, for the table.
    pub(super) what: &'static str,
    /// The account.
    pub(super) name: &'static str,
    /// Their memberships. At the first is a token of their own.
    pub(super) holds: &'static [(Place, Role)],
    pub(super) credential: Credential,
    pub(super) trouble: Trouble,
}

impl Caller {
    /// Where their own token is.
    pub(super) fn home(&self) -> Option<Place> {
        self.holds.first().map(|(place, _role)| *place)
    }

    /// For which organization their access token is.
    pub(super) fn made_for(&self) -> Option<Place> {
        match self.credential {
            Token(place, _limit) => Some(place),
            Nothing | Session => None,
        }
    }
}

const fn caller(
    what: &'static str,
    name: &'static str,
    holds: &'static [(Place, Role)],
    credential: Credential,
) -> Caller {
    Caller {
        what,
        name,
        holds,
        credential,
        trouble: Trouble::None,
    }
}

const fn troubled(caller: Caller, trouble: Trouble) -> Caller {
    Caller { trouble, ..caller }
}

const OWNER: &[(Place, Role)] = &[(Own, Owner)];
const OWNER_ABOVE: &[(Place, Role)] = &[(Parent, Owner)];

/// Everybody. Each name is one account.
pub(super) const CALLERS: [Caller; 27] = [
    caller("nobody", "", &[], Nothing),
    caller("owner", "olga", OWNER, Session),
    caller("manager", "mia", &[(Own, Manager)], Session),
    caller("viewer of organization", "wes", &[(Own, Watcher)], Session),
    caller("viewer of builds", "vic", &[(Own, Viewer)], Session),
    caller("owner, inherited", "ana", OWNER_ABOVE, Session),
    caller("manager, inherited", "max", &[(Parent, Manager)], Session),
    caller("viewer, inherited", "ina", &[(Parent, Viewer)], Session),
    caller(
        "owner, viewer above",
        "oda",
        &[(Own, Owner), (Parent, Viewer)],
        Session,
    ),
    caller("owner of a child", "cho", &[(Child, Owner)], Session),
    caller("owner of a sibling", "sia", &[(Sibling, Owner)], Session),
    caller("owner of another tree", "dee", &[(Foreign, Owner)], Session),
    caller("member of nothing", "nil", &[], Session),
    troubled(
        caller("owner, membership suspended", "sue", OWNER, Session),
        Trouble::MembershipSuspended,
    ),
    troubled(
        caller("owner above, suspended there", "sam", OWNER_ABOVE, Session),
        Trouble::MembershipSuspended,
    ),
    troubled(
        caller("owner, account suspended", "sid", OWNER, Session),
        Trouble::UserSuspended,
    ),
    caller("owner's token", "olga", OWNER, Token(Own, Unlimited)),
    caller(
        "owner's token for a child",
        "olga",
        OWNER,
        Token(Child, Unlimited),
    ),
    caller(
        "owner's token, builds only",
        "olga",
        OWNER,
        Token(Own, Builds),
    ),
    caller(
        "owner's token, people only",
        "olga",
        OWNER,
        Token(Own, People),
    ),
    caller(
        "manager's token",
        "mia",
        &[(Own, Manager)],
        Token(Own, Unlimited),
    ),
    caller(
        "token, viewer of organization",
        "wes",
        &[(Own, Watcher)],
        Token(Own, Unlimited),
    ),
    caller(
        "token, viewer of builds",
        "vic",
        &[(Own, Viewer)],
        Token(Own, Unlimited),
    ),
    caller(
        "token of the parent",
        "max",
        &[(Parent, Manager)],
        Token(Parent, Unlimited),
    ),
    caller(
        "token of the parent, for own",
        "ana",
        OWNER_ABOVE,
        Token(Own, Unlimited),
    ),
    caller(
        "token of a sibling",
        "sia",
        &[(Sibling, Owner)],
        Token(Sibling, Unlimited),
    ),
    caller(
        "token of another tree",
        "dee",
        &[(Foreign, Owner)],
        Token(Foreign, Unlimited),
    ),
];

/// Tokens whose owners lost what they rest on, after they were made.
pub(super) const DEAD: [Caller; 2] = [
    troubled(
        caller(
            "token, membership suspended",
            "sue",
            OWNER,
            Token(Own, Unlimited),
        ),
        Trouble::MembershipSuspended,
    ),
    troubled(
        caller(
            "token, account suspended",
            "sid",
            OWNER,
            Token(Own, Unlimited),
        ),
        Trouble::UserSuspended,
    ),
];

/// All of them.
pub(super) fn everybody() -> impl Iterator<Item = &'static Caller> {
    CALLERS.iter().chain(&DEAD)
}
