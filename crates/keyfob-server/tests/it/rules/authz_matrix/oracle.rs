//! Who may do what, written from the contract's sentences (section 5) and from nothing else: not one rule of
//! the program is asked here.

use super::cast::{Caller, Credential, Limit, Place, Role, Trouble};

/// What the contract calls them by.
impl Caller {
    /// A membership there or above makes an organization known, a suspended one too.
    fn knows(&self, place: Place) -> bool {
        let mut holds = self.holds.iter();
        holds.any(|(at, _role)| place.path().contains(at))
    }

    fn is_direct(&self, place: Place) -> bool {
        self.holds.iter().any(|(at, _role)| *at == place)
    }

    fn is_well(&self) -> bool {
        self.trouble == Trouble::None
    }

    fn is_person(&self) -> bool {
        self.credential == Credential::Session
    }

    /// An access token speaks for the organization it was made for and what lies below.
    fn covers(&self, place: Place) -> bool {
        let made_for = self.made_for();
        made_for.is_none_or(|made_for| place.path().contains(&made_for))
    }

    /// Whether one of these roles counts there, from there or from above.
    fn has_one_of(&self, roles: &[Role], place: Place) -> bool {
        let mut holds = self.holds.iter();
        let has = holds.any(|(at, role)| place.path().contains(at) && roles.contains(role));
        self.is_well() && has
    }

    fn is_limited_to(&self, limits: &[Limit]) -> bool {
        match self.credential {
            Credential::Token(_made_for, limit) => limits.contains(&limit),
            Credential::Session | Credential::Nothing => false,
        }
    }

    /// A program is never an owner.
    fn owns(&self, place: Place) -> bool {
        self.has_one_of(&[Role::Owner], place) && self.is_person()
    }

    fn manages(&self, place: Place) -> bool {
        let roles = [Role::Owner, Role::Manager];
        self.has_one_of(&roles, place) && !self.is_limited_to(&[Limit::Builds])
    }

    /// Has `organization:view`; the stronger roles give what the weaker ones do.
    fn views(&self, place: Place) -> bool {
        let roles = [Role::Owner, Role::Manager, Role::Watcher];
        self.has_one_of(&roles, place) && !self.is_limited_to(&[Limit::Builds])
    }

    /// Has all permissions that there are, as an owner and what acts for one without a ceiling.
    fn holds_everything(&self, place: Place) -> bool {
        let is_limited = self.is_limited_to(&[Limit::Builds, Limit::People]);
        self.has_one_of(&[Role::Owner], place) && !is_limited
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
    /// A root by policy: nobody, here.
    Root,
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
    /// The same, by who is never asked to have a session first: a membership with `owner`.
    OwnerMembership,
    /// To manage it, and to hold what the owner holds: nobody grants more than they hold.
    GrantsEverything,
    /// A direct member, of their own membership, by themselves.
    Leaves,
    /// The owner by a person, with a name that is not its own.
    DeletesByAnotherName,
    /// The owner, and who manages the parent, where it stays; a root stays where it is.
    MovesNowhere,
    /// The owner of what lies below it, and who manages it and the parent that is meant.
    MovesTo(Destination),
    /// A list of one's own tokens there, by a person.
    OwnTokens,
    /// A direct member, by a person.
    Generates,
    /// Whoever manages the organization; a program revokes its own token only.
    RevokesOthers,
    /// The holder, or a program of that same token.
    RevokesOwn,
    /// Only the holder rotates.
    RotatesOthers,
    /// The holder, a direct member, by themselves.
    RotatesOwn,
    /// A refusal of somebody's token: who manages, by themselves.
    OthersRefusal,
    /// Of one's own.
    OwnRefusal,
    /// Everything to who manages it, their own to others; a program reads all or nothing (ADR 24).
    Log,
}

/// Where something is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// To what lies above the place; where nothing does it stays.
    Above,
    Sibling,
}

impl Destination {
    pub(super) fn of(self, place: Place) -> Place {
        match self {
            Self::Above => place.above(),
            Self::Sibling => Place::Sibling,
        }
    }
}

/// A status and the code of an answer; where it succeeds, no code.
pub(super) type Outcome<'a> = (u16, &'a str);

const DONE: Outcome<'static> = (200, "");
const FORBIDDEN: Outcome<'static> = (403, "forbidden");
const NOT_FOUND: Outcome<'static> = (404, "not_found");
const NEEDS_SESSION: Outcome<'static> = (403, "session_required");
const NOT_SIGNED_IN: Outcome<'static> = (401, "not_signed_in");
const NOT_DIRECT: Outcome<'static> = (403, "not_a_direct_member");
const INVALID: Outcome<'static> = (400, "invalid_request");

/// Done, or else.
macro_rules! or_else {
    ($may:expr, $otherwise:expr) => {
        if $may { DONE } else { $otherwise }
    };
}

/// What must come.
pub(super) fn expected(asks: Asks, caller: &Caller, place: Place) -> Outcome<'static> {
    if let Some(refused) = not_admitted(caller) {
        return refused;
    }
    match (asks, caller.is_person()) {
        (Asks::Anybody, _) | (Asks::Person, true) | (Asks::Program, false) => return DONE,
        (Asks::Person | Asks::Root, false) => return NEEDS_SESSION,
        (Asks::Program, true) => return NOT_SIGNED_IN,
        (Asks::Root, true) => return FORBIDDEN,
        _about_an_organization => {}
    }
    // 404, whatever else: a stranger, or a token that does not cover it.
    if !caller.knows(place) || !caller.covers(place) {
        return NOT_FOUND;
    }
    if caller.is_person() {
        for_a_person(asks, caller, place)
    } else {
        for_a_program(asks, caller, place)
    }
}

/// What must come where the path says `current`: with an access token it is the organization that it was made
/// for, and with a session it names nothing.
pub(super) fn expected_of_current(asks: Asks, caller: &Caller) -> Outcome<'static> {
    match caller.made_for() {
        Some(place) => expected(asks, caller, place),
        None => not_admitted(caller).unwrap_or(NOT_FOUND),
    }
}

/// Who is nobody, whatever they ask.
fn not_admitted(caller: &Caller) -> Option<Outcome<'static>> {
    match caller.credential {
        Credential::Nothing => Some(NOT_SIGNED_IN),
        Credential::Session => (caller.trouble == Trouble::UserSuspended).then_some(NOT_SIGNED_IN),
        // What stands behind it no longer does: its user, or the membership where its PAT is.
        Credential::Token(_, _) => (!caller.is_well()).then_some((401, "invalid_token")),
    }
}

/// Of an organization that they know.
fn for_a_person(asks: Asks, caller: &Caller, place: Place) -> Outcome<'static> {
    let is_home = caller.home() == Some(place);
    match asks {
        // The last four were answered before.
        Asks::Known
        | Asks::Log
        | Asks::OwnTokens
        | Asks::Anybody
        | Asks::Person
        | Asks::Program
        | Asks::Root => DONE,
        Asks::Members => or_else!(caller.is_well(), FORBIDDEN),
        Asks::Manages | Asks::ManagesAsPerson | Asks::RevokesOthers | Asks::OthersRefusal => {
            or_else!(caller.manages(place), FORBIDDEN)
        }
        Asks::GrantsEverything => or_else!(caller.holds_everything(place), FORBIDDEN),
        Asks::DeletesByAnotherName if caller.owns(place) => INVALID,
        Asks::MovesNowhere if caller.owns(place) && place.is_root() => INVALID,
        Asks::MovesNowhere if caller.owns(place) => {
            or_else!(caller.manages(place.above()), FORBIDDEN)
        }
        // It is asked of both organizations: who is a stranger to the new parent is not told of it.
        Asks::MovesTo(to) if caller.owns(place) => match to.of(place) {
            parent if !caller.knows(parent) => NOT_FOUND,
            parent => or_else!(caller.manages(parent), FORBIDDEN),
        },
        Asks::Owner | Asks::OwnerMembership => or_else!(caller.owns(place), FORBIDDEN),
        // Of the last: who manages may end it, never have it.
        Asks::DeletesByAnotherName
        | Asks::MovesNowhere
        | Asks::MovesTo(_)
        | Asks::RotatesOthers => FORBIDDEN,
        // There is no membership of theirs to end.
        Asks::Leaves => or_else!(caller.is_direct(place), NOT_FOUND),
        Asks::Generates => or_else!(caller.is_direct(place) && caller.is_well(), NOT_DIRECT),
        // One's own token is where it was made, and not elsewhere.
        Asks::RevokesOwn | Asks::OwnRefusal => or_else!(is_home, NOT_FOUND),
        Asks::RotatesOwn if is_home => or_else!(caller.is_well(), NOT_DIRECT),
        Asks::RotatesOwn => NOT_FOUND,
    }
}

/// Of an organization that its token covers.
fn for_a_program(asks: Asks, caller: &Caller, place: Place) -> Outcome<'static> {
    match asks {
        // The last four were answered before.
        Asks::Known | Asks::Anybody | Asks::Person | Asks::Program | Asks::Root => DONE,
        Asks::Members => or_else!(caller.views(place), FORBIDDEN),
        Asks::Manages | Asks::Log => or_else!(caller.manages(place), FORBIDDEN),
        Asks::GrantsEverything => or_else!(caller.holds_everything(place), FORBIDDEN),
        Asks::RevokesOwn => or_else!(caller.home() == Some(place), NOT_FOUND),
        // It ends no token but its own, and never grants, changes or ends an owner.
        Asks::RevokesOthers | Asks::OwnerMembership => FORBIDDEN,
        Asks::ManagesAsPerson
        | Asks::Owner
        | Asks::Leaves
        | Asks::DeletesByAnotherName
        | Asks::MovesNowhere
        | Asks::MovesTo(_)
        | Asks::OwnTokens
        | Asks::Generates
        | Asks::RotatesOthers
        | Asks::RotatesOwn
        | Asks::OthersRefusal
        | Asks::OwnRefusal => NEEDS_SESSION,
    }
}
