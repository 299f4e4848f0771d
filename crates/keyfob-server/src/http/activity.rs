//! `GET …/activity`: the audit log of an organization, as far as the caller may read it (contract 5).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use keyfob_core::audit::AuditKind;
use keyfob_core::time::Timestamp;
use keyfob_store::event::page::{AuditCursor, AuditEntry, AuditWanted, NamedPerson};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::authenticate::Authenticated;
use super::json::Json;
use super::organizations::named;
use super::problem::{Code, Problem};
use crate::app::read_audit::{self as use_case, read_audit_as};
use crate::context::Ctx;
use crate::date::{parse_rfc3339, rfc3339};
use crate::state::App;

/// What stands in the place of the name of somebody who was erased, as on the pages.
const ERASED_PERSON: &str = "Erased person";

/// Which records, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only by somebody with that in their name or address.
    who: Option<String>,
    /// Only of that kind; all without it.
    #[param(pattern = "^(tokens|people|organizations)$")]
    kind: Option<String>,
    /// Only from that moment on.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only before that moment.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Those before a number: the `next` of the page before. Not together with `after`.
    before: Option<i64>,
    /// Those after a number.
    after: Option<i64>,
}

fn bad(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidRequest, detail)
}

impl Asked {
    fn read(self) -> Result<use_case::Asked, Problem> {
        let kind = match self.kind.as_deref() {
            None => AuditKind::Everything,
            Some("tokens") => AuditKind::Tokens,
            Some("people") => AuditKind::People,
            Some("organizations") => AuditKind::Organizations,
            Some(_other) => return Err(bad("kind is tokens, people or organizations.")),
        };
        let cursor = match (self.before, self.after) {
            (None, None) => AuditCursor::Latest,
            (Some(number), None) => AuditCursor::Before(number),
            (None, Some(number)) => AuditCursor::After(number),
            (Some(_), Some(_)) => return Err(bad("Send before or after, not both.")),
        };
        Ok(use_case::Asked {
            who: self.who.filter(|who| !who.is_empty()),
            wanted: AuditWanted {
                kind,
                from: moment(self.from.as_deref(), i64::MIN)?,
                until: moment(self.until.as_deref(), i64::MAX)?,
                cursor,
                limit: 0,
            },
        })
    }
}

fn moment(text: Option<&str>, otherwise: i64) -> Result<Timestamp, Problem> {
    let Some(text) = text else {
        return Ok(Timestamp::from_millis(otherwise));
    };
    parse_rfc3339(text).ok_or_else(|| bad("from and until are dates of RFC 3339."))
}

/// A record of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditRecord)]
struct Record {
    /// Its number in the chain of its tree.
    seq: i64,
    #[schema(format = DateTime)]
    date: String,
    action: String,
    /// `session`, `token`, `operator` or `import`.
    via: String,
    /// Absent for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_name: Option<String>,
    /// What it happened to: a person, a token, an organization, an invitation or a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<String>,
    /// What it is called, as far as it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_name: Option<String>,
    /// Machine words: role keys, reasons.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditActor)]
struct Person {
    #[schema(format = Uuid)]
    id: String,
    /// "Erased person", as on the pages, when they were erased.
    full_name: String,
    /// Absent then.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<AuditEntry> for Record {
    fn from(entry: AuditEntry) -> Self {
        let named = entry.actor_named;
        let actor = entry.actor.map(|id| {
            let (full_name, email) = named.map(|it| (it.full_name, it.email)).unzip();
            Person {
                id: id.to_string(),
                full_name: full_name.unwrap_or_else(|| ERASED_PERSON.to_owned()),
                email,
            }
        });
        let person = entry
            .subject_person
            .map(|NamedPerson { full_name, .. }| full_name);
        // What happens to a membership happens to a person.
        let is_about_a_person = entry.action.starts_with(AuditKind::People.prefix());
        let person = person.or(is_about_a_person.then(|| ERASED_PERSON.to_owned()));
        Self {
            seq: entry.seq,
            date: rfc3339(entry.at),
            action: entry.action,
            via: entry.via,
            actor,
            organization_id: entry.organization.map(|id| id.to_string()),
            organization_name: entry.organization_name,
            subject_id: entry.subject.map(|id| id.to_string()),
            subject_name: person.or(entry.subject_pat.map(|pat| pat.name)),
            detail: entry.detail,
            address: entry.address,
            user_agent: entry.client,
        }
    }
}

/// A page of the log, the latest record first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activity)]
struct Page {
    data: Vec<Record>,
    /// Whether only what the caller did is in it, and what happened to their tokens.
    own_only: bool,
    /// What to send as `before` for older records, while there may be some.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// Answers `GET …/{organization}/activity`.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/activity",
    operation_id = "listActivity",
    tag = "Activity",
    summary = "What happened",
    description = "The audit log: of the whole tree at a root, otherwise of the organization itself. Everything to who manages it, their own to others; an access token reads all or nothing.",
    params(Asked),
    responses((status = 200, description = "A page of the log, the latest record first", body = Page)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let organization = named(&caller, &organization)?;
    let Query(asked) = asked.map_err(|_no_such_query| {
        bad("Send any of who, kind, from, until, and before or after, each once.")
    })?;
    let read = read_audit_as(&app, &ctx, &caller, organization, &asked.read()?).await?;
    let next = read.older.and_then(|cursor| match cursor {
        AuditCursor::Before(number) => Some(number),
        AuditCursor::Latest | AuditCursor::After(_) => None,
    });
    let page = Page {
        data: read.entries.into_iter().map(Record::from).collect(),
        own_only: read.is_own,
        next,
    };
    Ok(Json(page).into_response())
}
