//! *My Organization → Activity*: who did what, when and from where (D6).

mod record;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use keyfob_core::audit::AuditKind;
use keyfob_core::id::OrgId;
use keyfob_core::time::Timestamp;
use keyfob_store::event::page::{AuditCursor, AuditWanted};

use self::record::Row;
use super::frame::{Area, Frame};
use super::page::{Shell, show};
use super::query::{Query, address};
use super::security::organization_id;
use super::visitor::Member;
use super::{say, when};
use crate::app::read_audit::{Asked, AuditRead, EXAMINED_MAX, read_audit};
use crate::app::visit::visit;
use crate::context::Ctx;
use crate::http::problem::Problem;
use crate::state::App;

/// The filters, as they stand in the form and in the address.
#[derive(Debug, Default)]
struct Filters {
    who: String,
    kind: AuditKind,
    from: Option<Date>,
    to: Option<Date>,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    frame: Frame,
    lead: String,
    is_own: bool,
    who: String,
    /// The kinds to choose from: word in the address, label, whether it is chosen.
    kinds: [(&'static str, &'static str, bool); 4],
    from: String,
    to: String,
    rows: Vec<Row>,
    /// Why there is no row: a heading and a sentence.
    empty: Option<(&'static str, String)>,
    has_filters: bool,
    /// That rows are missing, because the search stopped.
    unfinished: Option<String>,
    older: Option<String>,
    newer: Option<String>,
}

/// Answers `GET /orgs/{organization}/activity`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let organization = organization_id(&organization)?;
    let mut visit = visit(&app, &ctx, &member.who, organization).await?;
    let filters = Filters::of(&query);
    let asked = filters.asked(cursor(&query));
    let read = read_audit(&app, &member.who, &visit, &asked).await?;
    visit
        .learn(&app, read.entries.iter().filter_map(record::moved_to))
        .await?;
    let name = visit.here().map_or("", |here| here.org.name.as_str());
    let rows = read.entries.iter();
    show(&ActivityPage {
        shell: Shell::for_member(say::ACTIVITY, &member),
        frame: Frame::new(Area::Activity, &member, &visit),
        lead: say::activity_lead(name, read.extent),
        is_own: read.is_own,
        rows: rows.map(|entry| Row::new(entry, &visit)).collect(),
        empty: filters.empty(&read),
        has_filters: filters.are_there(),
        unfinished: read
            .is_unfinished
            .then(|| say::looked_through(EXAMINED_MAX)),
        older: read.older.map(|cursor| filters.path(organization, cursor)),
        newer: read.newer.map(|cursor| filters.path(organization, cursor)),
        kinds: AuditKind::ALL.map(|kind| (word(kind), say::audit_kind(kind), kind == filters.kind)),
        from: text(filters.from),
        to: text(filters.to),
        who: filters.who,
    })
}

/// Where the address says to go on; from the latest when it says nothing that can be read.
fn cursor(query: &Query) -> AuditCursor {
    let number = |name| query.text(name).and_then(|number| number.parse().ok());
    match (number("before"), number("after")) {
        (Some(number), _) => AuditCursor::Before(number),
        (None, Some(number)) => AuditCursor::After(number),
        (None, None) => AuditCursor::Latest,
    }
}

/// The word of a kind in an address; nothing for any.
const fn word(kind: AuditKind) -> &'static str {
    match kind {
        AuditKind::Everything => "",
        AuditKind::Tokens => "tokens",
        AuditKind::People => "people",
        AuditKind::Organizations => "organizations",
    }
}

fn text(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

impl Filters {
    /// What the address asks for; what cannot be read filters nothing, and is not shown as if it did.
    fn of(query: &Query) -> Self {
        let what = query.text("what").unwrap_or_default();
        let kind = AuditKind::ALL.into_iter().find(|kind| word(*kind) == what);
        let day = |name| query.text(name).and_then(|day| day.parse::<Date>().ok());
        Self {
            who: query.text("who").unwrap_or_default().to_owned(),
            kind: kind.unwrap_or_default(),
            from: day("from").filter(|day| when::bounds(*day).is_some()),
            to: day("to").filter(|day| when::bounds(*day).is_some()),
        }
    }

    fn are_there(&self) -> bool {
        let has_days = self.from.is_some() || self.to.is_some();
        !self.who.is_empty() || self.kind != AuditKind::Everything || has_days
    }

    fn asked(&self, cursor: AuditCursor) -> Asked {
        let first = self.from.and_then(when::bounds).map(|(start, _end)| start);
        let last = self.to.and_then(when::bounds).map(|(_start, end)| end);
        Asked {
            who: (!self.who.is_empty()).then(|| self.who.clone()),
            wanted: AuditWanted {
                kind: self.kind,
                from: first.unwrap_or(Timestamp::from_millis(i64::MIN)),
                until: last.unwrap_or(Timestamp::from_millis(i64::MAX)),
                cursor,
                // Set by who reads, page by page.
                limit: 0,
            },
        }
    }

    /// The address of another page with the same filters.
    fn path(&self, organization: OrgId, cursor: AuditCursor) -> String {
        let (name, number) = match cursor {
            AuditCursor::Latest => ("", String::new()),
            AuditCursor::Before(number) => ("before", number.to_string()),
            AuditCursor::After(number) => ("after", number.to_string()),
        };
        let (from, to) = (text(self.from), text(self.to));
        let fields = [
            ("who", self.who.as_str()),
            ("what", word(self.kind)),
            ("from", &from),
            ("to", &to),
            (name, &number),
        ];
        address(&Area::Activity.path(organization), &fields)
    }

    /// Why there is nothing to show, if there is nothing.
    fn empty(&self, read: &AuditRead) -> Option<(&'static str, String)> {
        if !read.entries.is_empty() {
            return None;
        }
        if read.is_unfinished {
            return Some((say::NOT_FOUND_YET, say::looked_through(EXAMINED_MAX)));
        }
        if !self.are_there() {
            return Some((say::NOTHING_YET, say::NOTHING_YET_MORE.to_owned()));
        }
        // When an organization was made is told to who sees all of its log.
        let begins = read.begins.filter(|_begins| !read.is_own).map(when::day);
        Some((say::NOTHING_FITS, say::log_begins(begins.as_deref())))
    }
}
