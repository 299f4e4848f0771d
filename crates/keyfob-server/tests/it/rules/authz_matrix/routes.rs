//! Each route of the management API, and what it asks for.

use super::cast::Place;
use super::oracle::{Asks, Destination};

/// Where a route is about one organization.
const ORGANIZATION: &str = "/identity/v1/organizations/{organization}";

/// What is special about a row, where a route has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    No,
    /// The path says `current`.
    Current,
    /// About somebody else.
    OfAnother,
    /// About a token, or its refusal, of the caller's own.
    Own,
    GrantingOwner,
    GrantingWhatManagersHold,
    GrantingMore,
    OfAnOwner,
    LettingAnOwnerIn,
    Leaving,
    /// `DELETE …/{organization}?action=remove`, as older clients send it.
    Removes,
    RemovesAnOwner,
    LeavesSo,
    /// An organization below the place is deleted by its name.
    RightName,
    /// An organization below the place is moved.
    ToAbove,
    ToSibling,
    ForReal,
}

impl Special {
    /// In words, for the table.
    const fn words(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Current => ", current",
            Self::OfAnother => ", of somebody else",
            Self::Own => ", one's own",
            Self::GrantingOwner => ", granting owner",
            Self::GrantingWhatManagersHold => ", granting what a manager holds",
            Self::GrantingMore => ", granting more than a manager holds",
            Self::OfAnOwner => ", of an owner",
            Self::LettingAnOwnerIn => ", letting an owner in again",
            Self::Leaving => ", leaving",
            Self::Removes => "?action=remove",
            Self::RemovesAnOwner => "?action=remove, an owner",
            Self::LeavesSo => "?action=remove, leaving",
            Self::RightName => ", what lies below, by its name",
            Self::ToAbove => ", what lies below, a level up",
            Self::ToSibling => ", what lies below, to the sibling",
            Self::ForReal => ", for real",
        }
    }
}

impl Special {
    /// Whether it is about an organization below the place.
    pub(super) fn is_about_below(self) -> bool {
        [Self::RightName, Self::ToAbove, Self::ToSibling].contains(&self)
    }

    pub(super) fn is_leaving(self) -> bool {
        [Self::Leaving, Self::LeavesSo].contains(&self)
    }

    /// Whether it ends a membership as older clients do.
    pub(super) fn is_removing(self) -> bool {
        [Self::Removes, Self::RemovesAnOwner, Self::LeavesSo].contains(&self)
    }
}

/// A route, and for what it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) method: &'static str,
    /// The whole path, or what follows that of an organization.
    pub(super) route: &'static str,
    pub(super) special: Special,
    pub(super) asks: Asks,
}

impl Row {
    /// The whole path of the route.
    pub(super) fn path(&self) -> String {
        let is_whole = ["/identity", "/oauth", "/auth", "/roles"];
        if is_whole.iter().any(|start| self.route.starts_with(start)) {
            self.route.to_owned()
        } else {
            format!("{ORGANIZATION}{}", self.route)
        }
    }

    /// What stands over it in the table.
    pub(super) fn heading(&self) -> String {
        format!("{} {}{}", self.method, self.path(), self.special.words())
    }

    /// At which organizations it is asked.
    pub(super) fn places(&self) -> &'static [Place] {
        let is_about_one = self.path().contains("{organization}") || self.route == SEVERAL;
        if is_about_one && self.special != Special::Current {
            &Place::ALL
        } else {
            &[Place::Own]
        }
    }

    /// Whether the matrix sends it: not what ends the session that the next request needs.
    pub(super) fn is_sent(&self) -> bool {
        !ELSEWHERE.contains(&(self.method, self.route))
    }
}

/// Its organizations are in the query and in the body.
const SEVERAL: &str = "/identity/v1/users";

/// Those about a session are asked by other tests.
const ELSEWHERE: [(&str, &str); 4] = [
    ("POST", "/identity/v1/session"),
    ("DELETE", "/identity/v1/session"),
    ("DELETE", "/identity/v1/sessions"),
    ("DELETE", "/identity/v1/sessions/{session}"),
];

const fn row(method: &'static str, route: &'static str, special: Special, asks: Asks) -> Row {
    Row {
        method,
        route,
        special,
        asks,
    }
}

const USERINFO: &str = "/oauth/userinfo";
/// The same, at the address of older clients.
const OLD_USERINFO: &str = "/auth/realms/{realm}/protocol/openid-connect/userinfo";
const MEMBER: &str = "/users/{user}";
const ROLES: &str = "/users/{user}/roles";
const PATS: &str = "/personal-api-tokens";
const PAT: &str = "/personal-api-tokens/{token}";
const ROTATE: &str = "/personal-api-tokens/{token}/rotate";
const REFUSAL: &str = "/refusals/{request}";

/// A route of `http.rs` that is not here fails the test. Those at the end end all access tokens of a tree.
pub(super) const ROUTES: [Row; 66] = [
    row("GET", USERINFO, Special::No, Asks::Program),
    row("POST", USERINFO, Special::No, Asks::Program),
    row("GET", OLD_USERINFO, Special::No, Asks::Program),
    row("POST", OLD_USERINFO, Special::No, Asks::Program),
    row("POST", "/identity/v1/session", Special::No, Asks::Anybody),
    row("GET", "/identity/v1/session", Special::No, Asks::Person),
    row("DELETE", "/identity/v1/session", Special::No, Asks::Person),
    row("GET", "/identity/v1/sessions", Special::No, Asks::Person),
    row("DELETE", "/identity/v1/sessions", Special::No, Asks::Person),
    row(
        "DELETE",
        "/identity/v1/sessions/{session}",
        Special::No,
        Asks::Person,
    ),
    row(
        "GET",
        "/identity/v1/organizations",
        Special::No,
        Asks::Anybody,
    ),
    row(
        "POST",
        "/identity/v1/organizations",
        Special::No,
        Asks::Root,
    ),
    row("GET", "/identity/v1/roles.json", Special::No, Asks::Anybody),
    row("GET", "/roles.json", Special::No, Asks::Anybody),
    row("GET", "", Special::No, Asks::Known),
    row("GET", "", Special::Current, Asks::Known),
    row("PATCH", "", Special::No, Asks::Manages),
    row("PATCH", "", Special::Current, Asks::Manages),
    row("DELETE", "", Special::No, Asks::DeletesByAnotherName),
    row("DELETE", "", Special::Removes, Asks::Manages),
    row("DELETE", "", Special::RemovesAnOwner, Asks::OwnerMembership),
    row("DELETE", "", Special::LeavesSo, Asks::Leaves),
    row("POST", "/sub-organizations", Special::No, Asks::Manages),
    row(
        "POST",
        "/sub-organizations",
        Special::Current,
        Asks::Manages,
    ),
    row("POST", "/move", Special::No, Asks::MovesNowhere),
    row("GET", "/users", Special::No, Asks::Members),
    row("GET", "/users", Special::Current, Asks::Members),
    row("PATCH", MEMBER, Special::No, Asks::Manages),
    row("PATCH", MEMBER, Special::OfAnOwner, Asks::OwnerMembership),
    row(
        "PATCH",
        MEMBER,
        Special::LettingAnOwnerIn,
        Asks::OwnerMembership,
    ),
    row("DELETE", MEMBER, Special::No, Asks::Manages),
    row("DELETE", MEMBER, Special::OfAnOwner, Asks::OwnerMembership),
    row("DELETE", MEMBER, Special::Leaving, Asks::Leaves),
    row("GET", ROLES, Special::No, Asks::Members),
    row("PUT", ROLES, Special::No, Asks::Manages),
    row(
        "PUT",
        ROLES,
        Special::GrantingWhatManagersHold,
        Asks::Manages,
    ),
    row("PUT", ROLES, Special::GrantingMore, Asks::GrantsEverything),
    row("PUT", ROLES, Special::GrantingOwner, Asks::OwnerMembership),
    row("PUT", ROLES, Special::OfAnOwner, Asks::OwnerMembership),
    row("PATCH", SEVERAL, Special::No, Asks::Manages),
    row(
        "PATCH",
        SEVERAL,
        Special::GrantingMore,
        Asks::GrantsEverything,
    ),
    row(
        "PATCH",
        SEVERAL,
        Special::GrantingOwner,
        Asks::OwnerMembership,
    ),
    row("GET", "/invitations", Special::No, Asks::Manages),
    row("POST", "/invitations", Special::No, Asks::Manages),
    row(
        "POST",
        "/invitations",
        Special::GrantingMore,
        Asks::GrantsEverything,
    ),
    row(
        "POST",
        "/invitations",
        Special::GrantingOwner,
        Asks::OwnerMembership,
    ),
    row("PATCH", "/invitations", Special::No, Asks::Manages),
    row(
        "PATCH",
        "/invitations",
        Special::GrantingOwner,
        Asks::OwnerMembership,
    ),
    row("DELETE", "/invitations", Special::No, Asks::Manages),
    row("GET", "/activity", Special::No, Asks::Log),
    row("GET", "/explain", Special::No, Asks::Known),
    row("GET", "/explain", Special::OfAnother, Asks::Manages),
    row("GET", PATS, Special::No, Asks::OwnTokens),
    row("POST", PATS, Special::No, Asks::Generates),
    row("DELETE", PAT, Special::No, Asks::RevokesOthers),
    row("DELETE", PAT, Special::Own, Asks::RevokesOwn),
    row("POST", ROTATE, Special::No, Asks::RotatesOthers),
    row("POST", ROTATE, Special::Own, Asks::RotatesOwn),
    row("GET", "/tokens", Special::No, Asks::Manages),
    row("POST", "/tokens/revoke", Special::No, Asks::ManagesAsPerson),
    row(
        "POST",
        "/tokens/revoke",
        Special::ForReal,
        Asks::ManagesAsPerson,
    ),
    row("GET", REFUSAL, Special::No, Asks::OthersRefusal),
    row("GET", REFUSAL, Special::Own, Asks::OwnRefusal),
    row("DELETE", "", Special::RightName, Asks::Owner),
    row(
        "POST",
        "/move",
        Special::ToAbove,
        Asks::MovesTo(Destination::Above),
    ),
    row(
        "POST",
        "/move",
        Special::ToSibling,
        Asks::MovesTo(Destination::Sibling),
    ),
];
