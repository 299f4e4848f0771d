//! The tokens of an organization and of all below it: seen, filtered and ended by who manages them.

use std::collections::{BTreeSet, HashMap};

use keyfob_core::id::{OrgId, PatId, UserId};
use keyfob_core::manage::may_manage;
use keyfob_core::name::fold;
use keyfob_core::pat::{Revoker, may_revoke};
use keyfob_core::reach::Reach;
use keyfob_core::time::Timestamp;
use keyfob_store::org::org_is_below;
use keyfob_store::pat::subtree::{ManagedPat, pat_find_below, pat_of_tree};
use keyfob_store::pat::{Revoked, pat_revoke};
use keyfob_store::{StoreError, Tx, retry_knowing};

use crate::app::access::Caller;
use crate::app::authority::Authority;
use crate::app::manage_members::ManageError;
use crate::context::Ctx;
use crate::state::App;

/// Most tokens of one page, and most that are ended by one request.
pub const PAGE: usize = 200;
/// Tokens that are read at once.
const CHUNK: usize = 500;
/// Tokens looked through at most for one page: so no search holds up a connection for long.
pub const EXAMINED_MAX: usize = 10_000;
/// Tokens ended in one transaction: others wait while it writes.
const BATCH: usize = 50;

/// Whether tokens still work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alive {
    /// Neither revoked nor expired.
    #[default]
    Live,
    /// Revoked or expired.
    Ended,
    /// Revoked.
    Revoked,
    /// Expired, and not revoked before.
    Expired,
    /// All.
    Any,
}

/// How tokens are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Used {
    /// However.
    #[default]
    Any,
    /// Used last, or made and never used, before that.
    NotSince(Timestamp),
    /// Never.
    Never,
}

/// When tokens expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expiry {
    /// Whenever.
    #[default]
    Any,
    /// Never.
    None,
    /// Before that.
    Before(Timestamp),
}

/// Which tokens are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Also those of the organizations below.
    pub subtree: bool,
    /// Whether they still work.
    pub alive: Alive,
    /// How they are used.
    pub used: Used,
    /// When they expire.
    pub expiry: Expiry,
    /// With that in its name, at the end of its text, or in the name or the address of its holder, without
    /// regard to case.
    pub text: Option<String>,
    /// Good for everything below their organization only.
    pub whole_subtree: bool,
    /// Of that person.
    pub holder: Option<UserId>,
}

impl Filter {
    fn lets_through(&self, organization: OrgId, found: &ManagedPat, now: Timestamp) -> bool {
        let pat = &found.pat;
        let (is_revoked, is_over) = (pat.revoked.is_some(), pat.lifetime.is_over_at(now));
        let is_wanted = match self.alive {
            Alive::Live => !is_revoked && !is_over,
            Alive::Ended => is_revoked || is_over,
            Alive::Revoked => is_revoked,
            Alive::Expired => is_over && !is_revoked,
            Alive::Any => true,
        };
        let last = pat.last_used.as_ref().map(|last| last.at);
        let is_used_so = match self.used {
            Used::Any => true,
            Used::NotSince(since) => last.unwrap_or(pat.lifetime.start) < since,
            Used::Never => last.is_none(),
        };
        let end = pat.lifetime.end;
        let ends_so = match self.expiry {
            Expiry::Any => true,
            Expiry::None => end.is_none(),
            Expiry::Before(until) => end.is_some_and(|end| end < until),
        };
        is_wanted
            && (self.subtree || pat.organization == organization)
            && is_used_so
            && ends_so
            && self
                .text
                .as_deref()
                .is_none_or(|text| has_text(found, text))
            && !(self.whole_subtree && pat.reach != Reach::Subtree)
            && self.holder.is_none_or(|holder| holder == pat.user)
    }
}

fn has_text(found: &ManagedPat, text: &str) -> bool {
    let text = fold(text);
    let hint = found.pat.hint.as_deref().unwrap_or_default();
    [
        &*found.pat.name,
        hint,
        &*found.holder_name,
        &*found.holder_email,
    ]
    .iter()
    .any(|place| fold(place).contains(&text))
}

/// Which page of a list.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Behind which token it begins; none: at the newest.
    pub after: Option<PatId>,
    /// How many tokens are on it at most.
    pub size: usize,
}

/// A page of tokens, the newest first.
#[derive(Debug)]
pub struct Page {
    /// The tokens.
    pub pats: Vec<ManagedPat>,
    /// Where the next page begins, while there may be more.
    pub next: Option<PatId>,
}

/// Lists tokens to who manages the organization.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    (filter, window): (&Filter, Window),
) -> Result<Page, ManageError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, organization).await??;
    may_manage(&authority.manager())?;
    let tree = authority.place.lineage.root();
    let mut before = window.after.unwrap_or(PatId::from_uuid(uuid::Uuid::max()));
    let (mut pats, mut examined) = (Vec::new(), 0);
    let mut below = Below::of(organization);
    loop {
        let chunk = pat_of_tree(&mut tx, tree, before, count(CHUNK)).await?;
        let is_last = chunk.len() < CHUNK;
        for found in chunk {
            before = found.pat.id;
            examined += 1;
            if filter.lets_through(organization, &found, ctx.now)
                && below.has(&mut tx, found.pat.organization).await?
            {
                pats.push(found);
            }
            if pats.len() == window.size || examined == EXAMINED_MAX {
                let next = Some(before);
                return Ok(Page { pats, next });
            }
        }
        if is_last {
            return Ok(Page { pats, next: None });
        }
    }
}

/// Which organizations lie below one, each asked for once.
struct Below {
    top: OrgId,
    known: HashMap<OrgId, bool>,
}

impl Below {
    fn of(top: OrgId) -> Self {
        Self {
            top,
            known: HashMap::from([(top, true)]),
        }
    }

    async fn has(&mut self, tx: &mut Tx, organization: OrgId) -> Result<bool, StoreError> {
        if let Some(known) = self.known.get(&organization) {
            return Ok(*known);
        }
        let is_below = org_is_below(tx, organization, self.top).await?;
        self.known.insert(organization, is_below);
        Ok(is_below)
    }
}

/// What became, or would become, of tokens.
#[derive(Debug, Default)]
pub struct Ended {
    /// Those that are ended by it.
    pub ended: Vec<ManagedPat>,
    /// Those that were revoked already, or do not exist there.
    pub passed_by: Vec<PatId>,
}

/// Says which of these tokens [`end`] would end, and changes nothing.
pub async fn preview(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    chosen: &BTreeSet<PatId>,
) -> Result<Ended, ManageError> {
    let mut tx = app.store.read().await?;
    manager(app, &mut tx, ctx, caller, organization).await?;
    let mut told = Ended::default();
    for pat in chosen {
        match pat_find_below(&mut tx, *pat, organization).await? {
            Some(found) if found.pat.revoked.is_none() => told.ended.push(found),
            Some(_) | None => told.passed_by.push(*pat),
        }
    }
    Ok(told)
}

/// Ends tokens of an organization and of what lies below it. A failure in between leaves the rest as it
/// was, and can be repeated.
pub async fn end(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    chosen: &BTreeSet<PatId>,
) -> Result<Ended, ManageError> {
    let mut told = Ended::default();
    let chosen: Vec<PatId> = chosen.iter().copied().collect();
    for batch in chosen.chunks(BATCH) {
        let ended = retry_knowing(|may_be_kept| {
            end_batch(app, ctx, caller, organization, (batch, may_be_kept))
        });
        let ended = ended.await?;
        let count = u64::try_from(ended.ended.len()).unwrap_or(u64::MAX);
        app.metrics.pats_revoked(count);
        told.ended.extend(ended.ended);
        told.passed_by.extend(ended.passed_by);
    }
    tracing::info!(
        pat.count = told.ended.len(),
        organization.id = %organization,
        "tokens revoked by who manages them"
    );
    Ok(told)
}

async fn end_batch(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
    (batch, may_be_kept): (&[PatId], bool),
) -> Result<Ended, ManageError> {
    let mut tx = app.store.write().await?;
    let authority = manager(app, &mut tx, ctx, caller, organization).await?;
    let revoker = Revoker::Person {
        user: authority.user,
        manages: true,
    };
    let actor = authority.actor(ctx);
    let mut told = Ended::default();
    for pat in batch {
        let found = pat_find_below(&mut tx, *pat, organization).await?;
        let Some(found) = found else {
            told.passed_by.push(*pat);
            continue;
        };
        // Somebody who manages the organization may always.
        let Ok(permit) = may_revoke(revoker, *pat, found.pat.user) else {
            told.passed_by.push(*pat);
            continue;
        };
        match pat_revoke(&mut tx, &permit, &actor, ctx.now).await? {
            // Ended by an attempt before this one, which was committed without our hearing of it.
            Revoked::Already
                if may_be_kept && found.pat.revoked.is_some_and(|(at, _why)| at == ctx.now) =>
            {
                told.ended.push(found);
            }
            Revoked::Now => told.ended.push(found),
            Revoked::Already => told.passed_by.push(*pat),
        }
    }
    tx.commit().await?;
    Ok(told)
}

/// A person who manages the organization: an access token ends no token but its own.
async fn manager(
    app: &App,
    tx: &mut Tx,
    ctx: &Ctx,
    caller: &Caller,
    organization: OrgId,
) -> Result<Authority, ManageError> {
    let authority = Authority::find(app, tx, ctx, caller, organization).await??;
    if !authority.is_person() {
        return Err(ManageError::NeedsPerson);
    }
    may_manage(&authority.manager())?;
    Ok(authority)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
