//! Who may do what, written from the contract's sentences (section 5) and from nothing else: not one rule of
//! the program is asked here.

/// An organization of the world: `Own` with a child, a parent that is the root, a sibling, and another tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Own,
    Child,
    Parent,
    Sibling,
    Foreign,
}

use self::Place::{Child, Foreign, Own, Parent, Sibling};

impl Place {
    pub(super) const ALL: [Self; 5] = [Own, Child, Parent, Sibling, Foreign];

    /// The path to it, itself first.
    fn path(self) -> &'static [Self] {
        match self {
            Own => &[Own, Parent],
            Child => &[Child, Own, Parent],
            Parent => &[Parent],
            Sibling => &[Sibling, Parent],
            Foreign => &[Foreign],
        }
    }

    fn is_root(self) -> bool {
        self.path().len() == 1
    }
}

/// What a membership gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Owner,
    /// `manage-organization`.
    Manager,
    /// `view-organization`.
    Looker,
    /// `view-build`.
    Viewer,
}

/// With what somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Nothing,
    Session,
    /// An access token for that organization.
    Token(Place),
    /// The same, of a PAT limited to `build:view`.
    Narrow(Place),
}

/// Somebody, by what the contract asks about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    /// In words, for the table.
    pub(super) what: &'static str,
    /// The account.
    pub(super) name: &'static str,
    pub(super) at: Place,
    pub(super) role: Role,
    pub(super) credential: Credential,
    pub(super) trouble: Trouble,
}

/// What is wrong with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    MembershipSuspended,
    UserSuspended,
    /// They have no membership anywhere.
    Nowhere,
}

impl Caller {
    /// A membership there or above makes an organization known, a suspended one too.
    fn knows(&self, place: Place) -> bool {
        self.trouble != Trouble::Nowhere && place.path().contains(&self.at)
    }

    fn gives(&self, place: Place, role: Role) -> bool {
        let counts = self.trouble == Trouble::None && self.knows(place);
        counts && (self.role == role || self.role == Role::Owner)
    }

    fn is_narrow(&self) -> bool {
        matches!(self.credential, Credential::Narrow(_))
    }

    fn owns(&self, place: Place) -> bool {
        self.gives(place, Role::Owner) && self.is_person()
    }

    fn manages(&self, place: Place) -> bool {
        self.gives(place, Role::Manager) && !self.is_narrow()
    }

    /// Who manages looks as well.
    fn looks(&self, place: Place) -> bool {
        (self.gives(place, Role::Looker) && !self.is_narrow()) || self.manages(place)
    }

    fn is_person(&self) -> bool {
        self.credential == Credential::Session
    }

    fn is_direct(&self, place: Place) -> bool {
        self.at == place
    }
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// Nothing but to be somebody; what is shown is one's own.
    Anybody,
    /// A person.
    Person,
    /// A program.
    Program,
    /// That the organization is known.
    Known,
    /// Who belongs to it: members see it, a program needs `organization:view`.
    Members,
    /// `manage-organization`.
    Manages,
    /// The same, by a person.
    ManagesAsPerson,
    /// The owner, by a person.
    Owner,
    /// The owner, and who manages both parents; a root stays where it is.
    Move,
    /// A list of one's own tokens there, by a person.
    OwnTokens,
    /// A direct member, by a person.
    Generate,
    /// The refusal of somebody else's token: who manages is told (P16), by themselves.
    Refusal,
    /// Whoever manages the organization; a program revokes its own token only.
    RevokeOthers,
    /// Only the holder rotates.
    RotateOthers,
    /// Everything to who manages it, their own to others; a program reads all or nothing.
    Log,
    /// A root by policy: nobody, here.
    Root,
}

/// A status and the code of an answer; where it succeeds, no code.
pub(super) type Outcome = (u16, &'static str);

const DONE: Outcome = (200, "");
const FORBIDDEN: Outcome = (403, "forbidden");
const NOT_FOUND: Outcome = (404, "not_found");
const NEEDS_SESSION: Outcome = (403, "session_required");
const NOT_SIGNED_IN: Outcome = (401, "not_signed_in");

/// Done, or forbidden.
macro_rules! may {
    ($may:expr) => {
        if $may { DONE } else { FORBIDDEN }
    };
}

/// What must come.
pub(super) fn expected(asks: Asks, caller: &Caller, place: Place) -> Outcome {
    match caller.credential {
        Credential::Nothing => return NOT_SIGNED_IN,
        Credential::Session if caller.trouble == Trouble::UserSuspended => return NOT_SIGNED_IN,
        // What stands behind it no longer does: its user, or the membership where its PAT is.
        Credential::Token(_) | Credential::Narrow(_) if caller.trouble != Trouble::None => {
            return (401, "invalid_token");
        }
        Credential::Session | Credential::Token(_) | Credential::Narrow(_) => {}
    }
    match (asks, caller.is_person()) {
        (Asks::Anybody, _) | (Asks::Person, true) | (Asks::Program, false) => return DONE,
        (Asks::Person | Asks::Root, false) => return NEEDS_SESSION,
        (Asks::Program, true) => return NOT_SIGNED_IN,
        (Asks::Root, true) => return FORBIDDEN,
        _about_an_organization => {}
    }
    // 404, whatever else: a stranger, or a token that does not cover it.
    let covers = match caller.credential {
        Credential::Token(made_for) | Credential::Narrow(made_for) => {
            place.path().contains(&made_for)
        }
        Credential::Session | Credential::Nothing => true,
    };
    if !caller.knows(place) || !covers {
        return NOT_FOUND;
    }
    if caller.is_person() {
        for_a_person(asks, caller, place)
    } else {
        for_a_program(asks, caller, place)
    }
}

/// Of an organization that they know.
fn for_a_person(asks: Asks, caller: &Caller, place: Place) -> Outcome {
    let is_well = caller.trouble == Trouble::None;
    match asks {
        // The last four were answered before.
        Asks::Known
        | Asks::Log
        | Asks::OwnTokens
        | Asks::Anybody
        | Asks::Person
        | Asks::Program
        | Asks::Root => DONE,
        Asks::Members => may!(is_well),
        Asks::Manages | Asks::ManagesAsPerson | Asks::RevokeOthers | Asks::Refusal => {
            may!(caller.manages(place))
        }
        // With a name that is not its own, so that it is there for the next one.
        Asks::Owner if caller.owns(place) => (400, "invalid_request"),
        Asks::Move if caller.owns(place) && place.is_root() => (400, "invalid_request"),
        Asks::Move if caller.owns(place) => {
            let mut above = place.path().iter().skip(1).take(1);
            may!(above.all(|parent| caller.manages(*parent)))
        }
        Asks::Generate if caller.is_direct(place) && is_well => DONE,
        Asks::Generate => (403, "not_a_direct_member"),
        Asks::Owner | Asks::Move | Asks::RotateOthers => FORBIDDEN,
    }
}

/// Of an organization that its token covers.
fn for_a_program(asks: Asks, caller: &Caller, place: Place) -> Outcome {
    match asks {
        // The last four were answered before.
        Asks::Known | Asks::Anybody | Asks::Person | Asks::Program | Asks::Root => DONE,
        Asks::Members => may!(caller.looks(place)),
        Asks::Manages | Asks::Log => may!(caller.manages(place)),
        // It ends no token but its own.
        Asks::RevokeOthers => FORBIDDEN,
        Asks::ManagesAsPerson
        | Asks::Owner
        | Asks::Move
        | Asks::OwnTokens
        | Asks::Generate
        | Asks::Refusal
        | Asks::RotateOthers => NEEDS_SESSION,
    }
}
