//! Reading the audit log of an organization, as far as somebody may.

use keyfob_core::audit::{AuditExtent, AuditPermit, may_read_audit};
use keyfob_core::id::OrgId;
use keyfob_core::manage::may_manage;
use keyfob_core::name::fold;
use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::event::page::{
    AuditCursor, AuditEntry, AuditWanted, NamedPerson, audit_beginning, audit_page,
};
use keyfob_store::{StoreError, Tx};

use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::app::manage_members::ManageError;
use crate::app::sign_in::SignedIn;
use crate::app::visit::{Visit, VisitError};
use crate::context::Ctx;
use crate::state::App;

/// Records on one page.
pub const PAGE: usize = 50;
/// Records read at once while one looks for a person.
const CHUNK: usize = 500;
/// Records looked through at most for one page: so no search holds up a connection for long.
pub const EXAMINED_MAX: usize = 5_000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// A part of the name or of the address of who did it; none: whoever it was.
    pub who: Option<String>,
    /// Everything else.
    pub wanted: AuditWanted,
}

/// A page of the log.
#[derive(Debug)]
pub struct AuditRead {
    /// How far it reaches.
    pub extent: AuditExtent,
    /// Whether only the reader's own is in it.
    pub is_own: bool,
    /// The records, the latest first.
    pub entries: Vec<AuditEntry>,
    /// Where the older ones begin, if there are some or it was not looked so far.
    pub older: Option<AuditCursor>,
    /// Where the newer ones end, likewise.
    pub newer: Option<AuditCursor>,
    /// Whether the search stopped before it was through.
    pub is_unfinished: bool,
    /// When the log begins; none while it is empty.
    pub begins: Option<Timestamp>,
}

/// Reads a page.
pub async fn read_audit(
    app: &App,
    who: &SignedIn,
    visit: &Visit,
    asked: &Asked,
) -> Result<AuditRead, VisitError> {
    let (lineage, memberships) = (&visit.place.lineage, &visit.place.memberships);
    let catalogue = &visit.loaded.catalogue;
    let permit = may_read_audit(who.user.id, lineage, memberships, catalogue).ok_or(NotForThem)?;
    let mut tx = app.store.read().await?;
    Ok(page(&mut tx, &permit, asked).await?)
}

/// Reads a page for a caller of the API. A program reads what who manages the organization reads, or nothing.
pub async fn read_audit_as(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    asked: &Asked,
) -> Result<AuditRead, ManageError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    if !authority.is_person() {
        may_manage(&authority.manager())?;
    }
    let (lineage, memberships) = (&authority.place.lineage, &authority.place.memberships);
    let catalogue = &authority.loaded.catalogue;
    let permit = may_read_audit(authority.user, lineage, memberships, catalogue);
    let mut permit = permit.ok_or(NotForThem)?;
    // Its reach never widens: what it does not cover below is not in its log either.
    if matches!(caller, Caller::Token(token) if token.reach != Reach::Subtree) {
        permit = permit.here_only();
    }
    Ok(page(&mut tx, &permit, asked).await?)
}

async fn page(tx: &mut Tx, permit: &AuditPermit, asked: &Asked) -> Result<AuditRead, StoreError> {
    let found = look(tx, permit, asked).await?;
    let begins = audit_beginning(tx, permit.extent()).await?;
    Ok(found.paged(permit, asked.wanted.cursor, begins))
}

/// What was found, in the order of looking: back in time, or forth.
#[derive(Debug, Default)]
struct Found {
    entries: Vec<AuditEntry>,
    /// Where to look on, when it was not looked to the end.
    rest: Option<i64>,
    is_unfinished: bool,
}

/// Looks through the log until a page is full, it ends, or it was enough.
async fn look(tx: &mut Tx, permit: &AuditPermit, asked: &Asked) -> Result<Found, StoreError> {
    let needle = asked.who.as_deref().map(fold);
    let size = if needle.is_some() { CHUNK } else { PAGE + 1 };
    let forth = matches!(asked.wanted.cursor, AuditCursor::After(_));
    let mut found = Found::default();
    let mut cursor = asked.wanted.cursor;
    let mut examined = 0;
    loop {
        let wanted = AuditWanted {
            cursor,
            limit: i64::try_from(size).unwrap_or(i64::MAX),
            ..asked.wanted
        };
        let mut chunk = audit_page(tx, permit, &wanted).await?;
        if forth {
            chunk.reverse();
        }
        examined += chunk.len();
        let (is_last, end) = (chunk.len() < size, chunk.last().map(|entry| entry.seq));
        for entry in chunk {
            if needle
                .as_deref()
                .is_some_and(|needle| !is_by(&entry, needle))
            {
                continue;
            }
            if found.entries.len() == PAGE {
                found.rest = found.entries.last().map(|entry| entry.seq);
                return Ok(found);
            }
            found.entries.push(entry);
        }
        let Some(end) = end.filter(|_end| !is_last) else {
            return Ok(found);
        };
        if examined >= EXAMINED_MAX {
            found.rest = Some(end);
            found.is_unfinished = true;
            return Ok(found);
        }
        cursor = if forth {
            AuditCursor::After(end)
        } else {
            AuditCursor::Before(end)
        };
    }
}

/// Whether a record is by somebody with that text in their name or address.
fn is_by(entry: &AuditEntry, needle: &str) -> bool {
    let fits = |person: &NamedPerson| {
        fold(&person.full_name).contains(needle) || fold(&person.email).contains(needle)
    };
    entry.actor_named.as_ref().is_some_and(fits)
}

impl Found {
    fn paged(
        mut self,
        permit: &AuditPermit,
        cursor: AuditCursor,
        begins: Option<Timestamp>,
    ) -> AuditRead {
        let first = self.entries.first().map(|entry| entry.seq);
        // On the other side of where one came from there is something: that is where one came from.
        let (older, newer) = match cursor {
            AuditCursor::Latest => (self.rest.map(AuditCursor::Before), None),
            AuditCursor::Before(number) => {
                let before = first.unwrap_or(number - 1);
                (
                    self.rest.map(AuditCursor::Before),
                    Some(AuditCursor::After(before)),
                )
            }
            AuditCursor::After(number) => {
                let after = first.unwrap_or(number + 1);
                self.entries.reverse();
                (
                    Some(AuditCursor::Before(after)),
                    self.rest.map(AuditCursor::After),
                )
            }
        };
        AuditRead {
            extent: permit.extent(),
            is_own: permit.only().is_some(),
            entries: self.entries,
            older,
            newer,
            is_unfinished: self.is_unfinished,
            begins,
        }
    }
}
