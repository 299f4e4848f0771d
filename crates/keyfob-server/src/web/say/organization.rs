//! Texts of the pages about an organization: its people, what happened, the tree, and one's tokens in all.

use keyfob_core::audit::{AuditExtent, AuditKind};
use keyfob_core::event::Action;
use keyfob_core::member::Roles;
use keyfob_core::pat::RevokedBecause;

use super::{INHERITED, MEMBER, OWNER, counted};

// The frame
pub(crate) const ACTIVITY: &str = "Activity";
pub(crate) const ORGANIZATIONS: &str = "Organizations";
pub(crate) const ALL_ORGANIZATIONS: &str = "All organizations";
pub(crate) const FIND_THE_OTHERS: &str = "There are more. Find them by name.";
pub(crate) const THIS_IS_YOU: &str = "you";
pub(crate) const FILTER: &str = "Filter";
pub(crate) const FIND: &str = "Find";
pub(crate) const CLEAR_FILTERS: &str = "Clear filters";
pub(crate) const NEXT: &str = "Next";
pub(crate) const PREVIOUS: &str = "Previous";
pub(crate) const PAGE: &str = "page";

/// Which rows of how many a page shows.
pub(crate) fn rows_of(first: usize, last: usize, all: usize) -> String {
    format!("{first} to {last} of {all}")
}

// Profile & Team
pub(crate) const ID: &str = "Id";
pub(crate) const MEMBERS: &str = "Members";
pub(crate) const BELOW_IT: &str = "Below it";
pub(crate) const ROOT_ORGANIZATION: &str = "Root organization";
pub(crate) const SUB_ORGANIZATION: &str = "Sub-organization";
pub(crate) const PEOPLE: &str = "People";
pub(crate) const PERSON: &str = "Person";
pub(crate) const HERE_AS: &str = "Here as";
pub(crate) const ROLES: &str = "Roles";
pub(crate) const NO_ROLES: &str = "No roles";
pub(crate) const MEMBERSHIP_SUSPENDED_WORD: &str = "Membership suspended";
pub(crate) const ACCOUNT_SUSPENDED: &str = "Account suspended";
pub(crate) const FROM_ABOVE: &str = "from above";
pub(crate) const INHERITED_FOOT: &str =
    "Inherited people belong to an organization above. They can't generate a token here.";
pub(crate) const YOU_ARE_SUSPENDED: &str = "Your membership is suspended";
pub(crate) const YOU_ARE_SUSPENDED_MORE: &str =
    "Until it is reactivated you do not see who belongs to this organization.";

pub(crate) fn team_lead(organization: &str) -> String {
    format!("Who belongs to {organization}, and what they may do here.")
}

pub(crate) fn members_of(organization: &str) -> String {
    format!("{MEMBERS} of {organization}")
}

pub(crate) fn sub_organization_of(parent: &str) -> String {
    format!("{SUB_ORGANIZATION} of {parent}")
}

pub(crate) fn members_and_inherited(direct: usize, inherited: usize) -> String {
    match inherited {
        0 => direct.to_string(),
        some => format!("{direct}, and {some} inherited"),
    }
}

pub(crate) fn organizations_below(count: usize) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), "organization")
}

pub(crate) fn from_organization(name: &str) -> String {
    format!("from {name}")
}

/// Behind the title of a role that is held above, for who does not see the arrow.
pub(crate) fn held_above(from: &str) -> String {
    format!("{} {from}", INHERITED.to_lowercase())
}

// Activity
pub(crate) const WHEN: &str = "When";
pub(crate) const WHO: &str = "Who";
pub(crate) const WHAT: &str = "What";
pub(crate) const DETAILS: &str = "Details";
pub(crate) const FROM: &str = "From";
pub(crate) const FROM_DAY: &str = "From day";
pub(crate) const TO_DAY: &str = "To day";
pub(crate) const NAME_OR_EMAIL: &str = "Name or e-mail";
pub(crate) const FILTER_ACTIVITY: &str = "Filter activity";
pub(crate) const OLDER: &str = "Older";
pub(crate) const NEWER: &str = "Newer";
pub(crate) const OPERATOR: &str = "The operator";
pub(crate) const AN_IMPORT: &str = "An import";
pub(crate) const NOT_RECORDED: &str = "Not recorded";
pub(crate) const ERASED_PERSON: &str = "Erased person";
pub(crate) const THROUGH_A_TOKEN: &str = "through a token";
pub(crate) const YOUR_OWN_ONLY: &str = "You see your own";
pub(crate) const YOUR_OWN_ONLY_MORE: &str = "What you did here, and what happened to your tokens. Who \
     manages the organization sees everything.";
pub(crate) const NOTHING_YET: &str = "Nothing has happened yet";
pub(crate) const NOTHING_YET_MORE: &str = "What people do here is written down here.";
pub(crate) const NOTHING_FITS: &str = "Nothing fits";
pub(crate) const NOT_FOUND_YET: &str = "Not found yet";

pub(crate) fn activity_lead(organization: &str, extent: AuditExtent) -> String {
    let place = match extent {
        AuditExtent::Tree(_root) => " and below",
        AuditExtent::Organization(_here) => " itself",
    };
    let rest = "Nothing here can be changed or deleted.";
    format!("Who did what in {organization}{place}. {rest}")
}

pub(crate) fn log_begins(day: Option<&str>) -> String {
    match day {
        Some(day) => format!("No record fits the filters. The log begins on {day}."),
        None => "No record fits the filters.".to_owned(),
    }
}

/// That a search stopped after so many records.
pub(crate) fn looked_through(records: usize) -> String {
    format!("{records} records were looked through, and there are more: go on with “{OLDER}”.")
}

pub(crate) const fn audit_kind(kind: AuditKind) -> &'static str {
    match kind {
        AuditKind::Everything => "Everything",
        AuditKind::Tokens => "Tokens",
        AuditKind::People => "People and roles",
        AuditKind::Organizations => "Organizations",
    }
}

pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::UserAdded => "Account made",
        Action::UserSuspended => "Account suspended",
        Action::UserReactivated => "Account reactivated",
        Action::PasswordSet => "Password set",
        Action::SessionStarted => "Signed in",
        Action::SessionEnded => "Session ended",
        Action::OrganizationCreated => "Organization made",
        Action::OrganizationMoved => "Organization moved",
        Action::OrganizationDeleted => "Organization deleted",
        Action::MemberAdded => "Member added",
        Action::MemberRolesChanged => "Roles changed",
        Action::MemberSuspended => "Member suspended",
        Action::MemberReactivated => "Member reactivated",
        Action::MemberRemoved => "Member removed",
        Action::PatGenerated => "Token generated",
        Action::PatImported => "Token imported",
        Action::PatRotated => "Token rotated",
        Action::PatRevoked => "Token revoked",
        Action::CatalogueApplied => "Roles of the instance changed",
        Action::KeyMade => "Key made",
        Action::KeyRetired => "Key retired",
        Action::KeyDropped => "Key dropped",
        Action::RootKeyChanged => "Root key changed",
        Action::IssuerSet => "Address set",
    }
}

pub(crate) fn of_person(name: &str) -> String {
    format!("of {name}")
}

pub(crate) fn person_with_roles(name: &str, roles: &str) -> String {
    format!("{name}: {roles}")
}

pub(crate) fn moved_to(name: &str, parent: Option<&str>) -> String {
    match parent {
        Some(parent) => format!("{name}, now below {parent}"),
        None => name.to_owned(),
    }
}

pub(crate) const fn because(because: RevokedBecause) -> &'static str {
    match because {
        RevokedBecause::User => "by its holder",
        RevokedBecause::Manager => "by an administrator",
        RevokedBecause::Operator => "by the operator",
        RevokedBecause::MembershipEnded => "with the membership",
        RevokedBecause::OrganizationDeleted => "with the organization",
        RevokedBecause::Rotated => "after its rotation",
        RevokedBecause::UnseenSuccessor => "unused, when its rotation was repeated",
    }
}

// Organizations
pub(crate) const ORGANIZATIONS_LEAD: &str =
    "The tree that you can see. A token works in its own organization and in all below it.";
pub(crate) const YOU_ARE: &str = "You are";
pub(crate) const NO_ORGANIZATION_FITS: &str = "No organization fits";
pub(crate) const NO_ORGANIZATION_FITS_MORE: &str =
    "None that you can see has this in its name. Capital letters make no difference.";
pub(crate) const SHOW_ALL: &str = "Show all";

pub(crate) fn first_organizations(count: usize) -> String {
    format!("These are the first {count}, the highest first. Find the others by name.")
}

/// How somebody is a member: with how many roles, or as an owner.
pub(crate) fn member_with(roles: &Roles) -> String {
    match roles.iter().count() {
        _any if roles.has_owner() => format!("{MEMBER} · {OWNER}"),
        0 => MEMBER.to_owned(),
        some => {
            let roles = counted(u64::try_from(some).unwrap_or(u64::MAX), "role");
            format!("{MEMBER} · {roles}")
        }
    }
}

// All my tokens
pub(crate) const MY_TOKENS: &str = "All my tokens, everywhere";
pub(crate) const MY_TOKENS_MORE: &str = "Of every organization. To end them all at once.";
pub(crate) const MY_TOKENS_LEAD: &str =
    "Your personal API tokens in every organization, the newest first.";
pub(crate) const SEE_ALL: &str = "See all";
pub(crate) const TOKENS: &str = "Tokens";
pub(crate) const ACTIONS: &str = "Actions";
pub(crate) const REVOKE_ALL: &str = "Revoke all of them";
pub(crate) const NO_LIVE_TOKEN: &str = "No token that works";
pub(crate) const NO_LIVE_TOKEN_MORE: &str =
    "You have none in any organization. Where you are a member you can generate one, on Security.";
pub(crate) const LEFT_ORGANIZATION: &str = "An organization you no longer belong to";
pub(crate) const REFUSED_WHILE_SUSPENDED: &str = "Suspended: refused now";
pub(crate) const WHEN_STOLEN: &str = "Was a computer lost or stolen? End every token of yours, then generate new ones where you need them.";
pub(crate) const REVOKE_ALL_MORE: &str = "Nothing has been revoked yet. Whatever uses one of these tokens \
     stops working at once. This can't be undone.";

pub(crate) fn revoke_many(count: usize) -> String {
    match count {
        1 => "Revoke your one token?".to_owned(),
        many => format!("Revoke {many} tokens?"),
    }
}

pub(crate) fn revoke_many_now(count: usize) -> String {
    match count {
        1 => "Revoke 1 Token".to_owned(),
        many => format!("Revoke {many} Tokens"),
    }
}

pub(crate) fn in_use_now(count: usize) -> String {
    format!(
        "{} used in the last 24 hours.",
        match count {
            1 => "One of them was".to_owned(),
            many => format!("{many} of them were"),
        }
    )
}
