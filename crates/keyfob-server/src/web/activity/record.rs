//! A record of the audit log, as words.

use keyfob_core::event::{Action, Via};
use keyfob_core::id::OrgId;
use keyfob_core::member::Roles;
use keyfob_core::pat::RevokedBecause;
use keyfob_store::event::page::{AuditEntry, NamedPat};

use crate::app::visit::Visit;
use crate::date::rfc3339;
use crate::web::role::titles;
use crate::web::when::Moment;
use crate::web::{client, say, when};

/// A record, as a row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) at: Moment,
    pub(crate) who: String,
    /// Their address, or through what they acted.
    pub(crate) who_more: Option<String>,
    pub(crate) what: String,
    pub(crate) details: String,
    /// The end of a token's text.
    pub(crate) hint: Option<String>,
    pub(crate) details_more: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) client: Option<String>,
}

impl Row {
    pub(crate) fn new(entry: &AuditEntry, visit: &Visit) -> Self {
        let (who, who_more) = who(entry);
        let action = Action::from_word(&entry.action);
        let (details, more) = details(entry, action, visit);
        let here = visit.place.lineage.organization();
        let elsewhere = entry.organization_name.as_deref();
        let elsewhere = elsewhere.filter(|_name| entry.organization != Some(here));
        let is_about_it = entry.subject == entry.organization.map(OrgId::uuid);
        let place = elsewhere.filter(|_name| !is_about_it);
        let place = place.map(say::in_organization);
        let more: Vec<&str> = [more.as_deref(), place.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        Self {
            at: Moment {
                machine: rfc3339(entry.at),
                words: when::second(entry.at),
            },
            who,
            who_more,
            // A newer node may write what this one has no words for.
            what: action.map_or_else(
                || entry.action.clone(),
                |action| say::action(action).to_owned(),
            ),
            details,
            hint: entry.subject_pat.as_ref().and_then(|pat| pat.hint.clone()),
            details_more: (!more.is_empty()).then(|| say::joined(&more)),
            address: entry.address.clone(),
            client: client::words(entry.client.as_deref()),
        }
    }
}

/// Who did it, and what is told of them beside.
fn who(entry: &AuditEntry) -> (String, Option<String>) {
    let via = Via::from_word(&entry.via);
    let through = (via == Some(Via::Token)).then(|| say::THROUGH_A_TOKEN.to_owned());
    match (&entry.actor_named, entry.actor) {
        (Some(person), _) => {
            let more = through.unwrap_or_else(|| person.email.clone());
            (person.full_name.clone(), Some(more))
        }
        (None, Some(_erased)) => (say::ERASED_PERSON.to_owned(), through),
        (None, None) if via == Some(Via::Import) => (say::AN_IMPORT.to_owned(), None),
        (None, None) => (say::OPERATOR.to_owned(), None),
    }
}

/// What it happened to, and what more there is to say.
fn details(entry: &AuditEntry, action: Option<Action>, visit: &Visit) -> (String, Option<String>) {
    if let Some(pat) = &entry.subject_pat {
        let name = Some(pat.name.as_str()).filter(|name| !name.is_empty());
        let name = name.unwrap_or(say::NAMELESS_TOKEN);
        return (name.to_owned(), pat_more(entry, pat, action));
    }
    let name = entry.organization_name.as_deref().unwrap_or_default();
    match action {
        Some(
            Action::OrganizationCreated | Action::OrganizationRenamed | Action::OrganizationDeleted,
        ) => (name.to_owned(), None),
        Some(Action::OrganizationMoved) => {
            let parent = moved_to(entry).and_then(|parent| visit.seen(parent));
            let parent = parent.map(|parent| parent.org.name.as_str());
            (say::moved_to(name, parent), None)
        }
        Some(Action::MemberAdded | Action::MemberRolesChanged) => {
            let roles = roles(entry, visit);
            (say::person_with_roles(subject(entry), &roles), None)
        }
        // To whom it was sent is not in the log.
        Some(
            Action::InvitationMade
            | Action::InvitationSentAgain
            | Action::InvitationWithdrawn
            | Action::InvitationAccepted,
        ) => (say::capitalized(&roles(entry, visit)), None),
        Some(Action::MemberSuspended | Action::MemberReactivated | Action::MemberRemoved) => {
            (subject(entry).to_owned(), None)
        }
        _other => (entry.detail.clone(), None),
    }
}

fn roles(entry: &AuditEntry, visit: &Visit) -> String {
    let roles = Roles::from_stored(&entry.detail);
    let titles = titles(&visit.loaded.catalogue, roles.iter());
    if titles.is_empty() {
        say::NO_ROLES.to_lowercase()
    } else {
        titles.join(", ")
    }
}

/// Whose token it is, if somebody else's, and why it ended.
fn pat_more(entry: &AuditEntry, pat: &NamedPat, action: Option<Action>) -> Option<String> {
    let actor = entry.actor_named.as_ref().map(|actor| &actor.full_name);
    let holder = pat.holder.as_deref().unwrap_or(say::ERASED_PERSON);
    let holder = (actor.map(String::as_str) != Some(holder)).then(|| say::of_person(holder));
    let because = RevokedBecause::from_word(&entry.detail);
    let because = because.filter(|_because| action == Some(Action::PatRevoked));
    let because = because.map(say::because);
    let parts: Vec<&str> = [holder.as_deref(), because].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| say::joined(&parts))
}

/// The person that it happened to.
fn subject(entry: &AuditEntry) -> &str {
    let person = entry.subject_person.as_ref();
    person.map_or(say::ERASED_PERSON, |person| person.full_name.as_str())
}

/// The new parent of an organization that was moved.
pub(crate) fn moved_to(entry: &AuditEntry) -> Option<OrgId> {
    let is_move = Action::from_word(&entry.action) == Some(Action::OrganizationMoved);
    let parent = entry.detail.strip_prefix("to ").filter(|_id| is_move)?;
    parent.parse().ok()
}
