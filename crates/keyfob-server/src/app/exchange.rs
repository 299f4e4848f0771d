//! A personal API token for an access token: the hot path. One read, one decision, one signature.
//!
//! It writes nothing, but for the first exchange of a successor that a repeated rotation could still
//! replace (P10): that is settled before it is answered, so that no token in use is ever taken away.

use keyfob_core::catalogue::Catalogue;
use keyfob_core::exchange::{Denial, ExchangeFacts, ExchangeRequest, Grant, PatFacts, decide};
use keyfob_core::id::OrgId;
use keyfob_core::pat::rotation::Unused;
use keyfob_core::scope::Scopes;
use keyfob_core::time::Timestamp;
use keyfob_store::exchange::{ExchangeSnapshot, exchange_facts};
use keyfob_store::pat::LastUse;
use keyfob_store::refusal::Refusal;
use keyfob_store::rotation::{FirstUse, successor_settle};
use keyfob_store::{StoreError, retry};
use uuid::Builder;

use crate::app::Outage;
use crate::context::Ctx;
use crate::hold::{self, Hold};
use crate::jwt::{self, Issue};
use crate::metrics::ExchangeOutcome;
use crate::resource_server::ResourceServer;
use crate::state::{App, Loaded};
use crate::throttle::{Limited, Source};

/// How often facts are read again because catalogue or keys changed meanwhile.
const ATTEMPTS: usize = 4;

/// What a program asks for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The presented text, still unread.
    pub pat: &'a str,
    /// The organization; none: the PAT's own.
    pub target: Option<OrgId>,
    /// The claims.
    pub scopes: Scopes,
    /// Permissions by name, to carry only those; none: all there are.
    pub named: &'a [&'a str],
    /// The API that the access token is for.
    pub server: &'a ResourceServer,
}

/// A granted exchange.
pub struct Exchanged {
    /// The signed access token.
    pub access_token: String,
    /// Its life in seconds: `exp` − `iat`.
    pub expires_in: i64,
    /// The scope granted, separated by spaces.
    pub scope: String,
    /// When the PAT itself ends.
    pub pat_end: Option<Timestamp>,
}

impl std::fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchanged")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The text is no token, or none that is known.
    #[error("unknown token")]
    Unknown,
    /// The rules say no.
    #[error("denied: {0}")]
    Denied(#[from] Denial),
    /// The token is no good, as so many from that address before it (X6).
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl ExchangeError {
    /// Whether the token is no good: what every door answers in one way, and what is throttled. A good
    /// token with a target that is refused is not of these.
    fn is_of_the_token(&self) -> bool {
        match self {
            Self::Unknown => true,
            // With a scope too large the token is good as well.
            Self::Denied(denial) => !denial.is_of_the_target() && *denial != Denial::Scope,
            Self::Limited(_) | Self::Outage(_) => false,
        }
    }
}

impl From<StoreError> for ExchangeError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

/// Sees the decision of an exchange as it is made, with what it rests on.
pub trait Witness: Send {
    /// The decision.
    fn decided(
        &mut self,
        facts: &ExchangeFacts,
        catalogue: &Catalogue,
        decision: Result<&Grant<'_>, Denial>,
    );
}

/// Nobody looks.
struct Nobody;

impl Witness for Nobody {
    fn decided(
        &mut self,
        _facts: &ExchangeFacts,
        _catalogue: &Catalogue,
        _decision: Result<&Grant<'_>, Denial>,
    ) {
    }
}

/// Exchanges a PAT. A refusal takes as long whatever its reason is.
pub async fn exchange(app: &App, ctx: &Ctx, want: &Wanted<'_>) -> Result<Exchanged, ExchangeError> {
    exchange_before(app, ctx, want, &mut Nobody).await
}

/// The same exchange, before a witness.
pub async fn exchange_before(
    app: &App,
    ctx: &Ctx,
    want: &Wanted<'_>,
    witness: &mut dyn Witness,
) -> Result<Exchanged, ExchangeError> {
    let hold = Hold::begin(hold::EXCHANGE);
    let outcome = try_exchange(app, ctx, want, witness).await;
    let outcome = outcome.map_err(|error| throttled(app, ctx, error));
    app.metrics.exchanged(match &outcome {
        Ok(_exchanged) => ExchangeOutcome::Granted,
        Err(ExchangeError::Unknown) => ExchangeOutcome::Unknown,
        Err(ExchangeError::Denied(denial)) => ExchangeOutcome::Denied(*denial),
        Err(ExchangeError::Limited(_limited)) => ExchangeOutcome::Limited,
        Err(ExchangeError::Outage(_outage)) => ExchangeOutcome::Failed,
    });
    match &outcome {
        Ok(_) | Err(ExchangeError::Outage(_)) => {}
        Err(ExchangeError::Unknown | ExchangeError::Denied(_) | ExchangeError::Limited(_)) => {
            hold.end().await;
        }
    }
    outcome
}

/// Counts what is answered 401, and turns it into 429 where there was too much of that before. Only what
/// has failed comes here, looked up like everything else: a good token is never refused for its company.
fn throttled(app: &App, ctx: &Ctx, error: ExchangeError) -> ExchangeError {
    if !error.is_of_the_token() {
        return error;
    }
    let source = Source::of(ctx.peer);
    match app.exchange_failures.failed(source, ctx.now) {
        Ok(()) => error,
        Err(limited) => limited.into(),
    }
}

async fn try_exchange(
    app: &App,
    ctx: &Ctx,
    want: &Wanted<'_>,
    witness: &mut dyn Witness,
) -> Result<Exchanged, ExchangeError> {
    for _attempt in 0..ATTEMPTS {
        let snapshot = find(app, want).await?.ok_or(ExchangeError::Unknown)?;
        let current = app
            .loaded_at(snapshot.catalogue, snapshot.key_set, ctx.now)
            .await
            .map_err(Outage::from)?;
        let Some(loaded) = current else {
            continue;
        };
        let decision = decided(ctx, want, &snapshot, &loaded);
        let told = decision.as_ref().map_err(|denial| *denial);
        witness.decided(&snapshot.facts, &loaded.catalogue, told);
        let pat = &snapshot.facts.pat;
        let grant = decision.inspect_err(|denial| refused(app, ctx, want, pat, *denial))?;
        if !is_settled(app, ctx, &snapshot).await? {
            // Somebody else was first, or it was replaced meanwhile: what counts is what holds now.
            continue;
        }
        return signed(app, ctx, want, &grant, &loaded);
    }
    Err(Outage::Unsettled.into())
}

/// Whether nothing can take the PAT away from whoever uses it now, but a person. Of a successor that is
/// exchanged for the first time that has to be put down first; a repeated rotation reads it.
async fn is_settled(app: &App, ctx: &Ctx, snapshot: &ExchangeSnapshot) -> Result<bool, StoreError> {
    let pat = snapshot.facts.pat.id;
    match snapshot.unused {
        None => Ok(true),
        Some(Unused::Kept) => {
            app.activity.first_used(pat, ctx.now);
            Ok(true)
        }
        Some(Unused::Replaceable) => {
            let first = retry(|| async move {
                let mut tx = app.store.write().await?;
                let first = successor_settle(&mut tx, pat, ctx.now).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(first)
            });
            Ok(first.await? == FirstUse::Settled)
        }
    }
}

/// Finds the PAT by its keyed digest, under each form and pepper that it may be stored under. A text
/// of no known form needs no look-up.
async fn find(app: &App, want: &Wanted<'_>) -> Result<Option<ExchangeSnapshot>, ExchangeError> {
    let Some(presented) = app.forms.recognise(want.pat) else {
        return Ok(None);
    };
    let loaded = app.loaded();
    for scheme in presented.schemes {
        let hash = presented.secret.hash(scheme);
        for (_id, pepper) in loaded.ring.peppers() {
            let mut tx = app.store.read_single().await?;
            if let Some(snapshot) = exchange_facts(&mut tx, &pepper.mac(&hash), want.target).await?
            {
                return Ok(Some(snapshot));
            }
        }
    }
    Ok(None)
}

fn decided<'s>(
    ctx: &Ctx,
    want: &'s Wanted<'_>,
    snapshot: &'s ExchangeSnapshot,
    loaded: &Loaded,
) -> Result<Grant<'s>, Denial> {
    let request = ExchangeRequest {
        address: ctx.peer,
        scopes: want.scopes,
        named: want.named,
        lifetime: want.server.lifetime,
    };
    decide(&snapshot.facts, &request, &loaded.catalogue, ctx.now)
}

/// Notes a refusal for the token's owner (P16).
fn refused(app: &App, ctx: &Ctx, want: &Wanted<'_>, pat: &PatFacts, denial: Denial) {
    tracing::info!(pat.id = %pat.id, request.id = %ctx.request_id, reason = denial.word(), "exchange denied");
    let refusal = Refusal {
        request: ctx.request_id,
        at: ctx.now,
        address: ctx.peer.map(|address| address.to_string()),
        client: ctx.client.clone(),
        organization: want.target.unwrap_or(pat.organization),
    };
    app.activity.refused(pat.id, denial, refusal);
}

/// Signs what was granted.
fn signed(
    app: &App,
    ctx: &Ctx,
    want: &Wanted<'_>,
    grant: &Grant<'_>,
    loaded: &Loaded,
) -> Result<Exchanged, ExchangeError> {
    let pat = &grant.facts.pat;
    let signer = loaded.ring.signer(want.server.algorithm, ctx.now);
    let key = signer.map_err(Outage::from)?;
    let millis = u64::try_from(ctx.now.millis()).unwrap_or_default();
    let jti = Builder::from_unix_timestamp_millis(millis, &app.id_random()).into_uuid();
    let scope = grant.scope();
    let issue = Issue {
        issuer: &app.issuer,
        audience: want.server.audience(&app.issuer),
        jti,
        scope: &scope,
    };
    let access_token = jwt::sign(key, &issue, grant, &loaded.catalogue).map_err(Outage::from)?;
    let last_use = LastUse {
        at: ctx.now,
        address: ctx.peer.map(|address| address.to_string()),
        client: ctx.client.clone(),
        organization: grant.organization,
    };
    app.activity.used(pat.id, last_use);
    tracing::debug!(pat.id = %pat.id, organization.id = %grant.organization, "exchange granted");
    Ok(Exchanged {
        access_token,
        expires_in: grant.expires_at - grant.issued_at,
        scope,
        pat_end: pat.lifetime.end,
    })
}
