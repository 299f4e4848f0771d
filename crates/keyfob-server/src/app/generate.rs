//! A new personal API token: drawn here, shown once by the answer, stored as a keyed digest.

use std::collections::BTreeSet;

use keyfob_core::event::Via;
use keyfob_core::id::{KeyId, OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::network::Networks;
use keyfob_core::pat::{Ceiling, GenerateFacts, Refusal, WantedExpiry, WantedPat, may_generate};
use keyfob_core::reach::Reach;
use keyfob_core::secret::{PatMac, PatSecret, Scheme};
use keyfob_core::time::Purpose;
use keyfob_store::instance::instance_freeze_prefix;
use keyfob_store::org::org_below;
use keyfob_store::pat::{NewPat, Pat, pat_count_live, pat_find, pat_insert, pat_is};
use keyfob_store::session::session_stands;
use keyfob_store::{StoreError, Transient, Tx, retry};

use crate::app::Outage;
use crate::app::access::{NotForThem, Place, place};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::keys::BadKeys;
use crate::state::{App, Loaded};

/// What a person chose; none of it is one click.
#[derive(Debug, Default)]
pub struct Choices {
    /// The id, when the page that asks has drawn it: so that its form makes one token, however often it
    /// is sent.
    pub number: Option<PatId>,
    /// What to call it; none: the date.
    pub name: Option<Name>,
    /// When it ends.
    pub expiry: WantedExpiry,
    /// What it is limited to, by permission name.
    pub ceiling: Option<Vec<String>>,
    /// How far it goes.
    pub reach: Reach,
    /// From where it works.
    pub networks: Option<Networks>,
}

/// A new token, and its secret for the one answer that shows it.
#[derive(Debug)]
pub struct Generated {
    /// As it will be listed.
    pub pat: Pat,
    /// The secret.
    pub secret: PatSecret,
}

/// Why no token is generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The organization does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The form has made this token already; its secret is known to nobody here.
    #[error("the form was used already")]
    FormUsed(Box<Pat>),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for GenerateError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

impl Transient for GenerateError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Outage(Outage::Store(error)) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// Generates a token.
pub async fn generate(
    app: &App,
    ctx: &Ctx,
    who: &SignedIn,
    organization: OrgId,
    choices: &Choices,
) -> Result<Generated, GenerateError> {
    let secret = PatSecret::generate(&app.forms.prefix, |out| app.entropy.fill(Purpose::Pat, out));
    let drawn = || PatId::new(ctx.now, app.id_random());
    let id = choices.number.unwrap_or_else(drawn);
    let draft = &Draft {
        app,
        ctx,
        who,
        organization,
        choices,
        secret: &secret,
        id,
    };
    let pat = retry(|| draft.keep()).await?;
    app.metrics.pat_generated();
    tracing::info!(pat.id = %pat.id, organization.id = %organization, "token generated");
    Ok(Generated { pat, secret })
}

/// Everything drawn and chosen; [`Draft::keep`] can be repeated.
struct Draft<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    who: &'a SignedIn,
    organization: OrgId,
    choices: &'a Choices,
    secret: &'a PatSecret,
    id: PatId,
}

impl Draft<'_> {
    async fn keep(&self) -> Result<Pat, GenerateError> {
        let mut tx = self.app.store.write().await?;
        let loaded = self
            .app
            .loaded_in(&mut tx, self.ctx.now)
            .await
            .map_err(Outage::from)?;
        let (mac, pepper) = mac(self.secret, &loaded)?;
        if let Some(kept) = pat_find(&mut tx, self.organization, self.id).await? {
            let is_ours = pat_is(&mut tx, self.id, &mac).await?;
            tx.commit().await?;
            // A commit without an answer may have kept it: then this is the same token, not a second one.
            return if is_ours {
                Ok(kept)
            } else {
                Err(GenerateError::FormUsed(Box::new(kept)))
            };
        }
        // It can have ended since they were let in.
        if !session_stands(&mut tx, self.who.session.id).await? {
            return Err(NotForThem.into());
        }
        let here = place(&mut tx, self.who.user.id, self.organization).await??;
        let facts = self.facts(&mut tx, &here).await?;
        let permit = may_generate(&facts, self.want(&loaded)?, &self.app.policy, self.ctx.now)?;
        let name = match &self.choices.name {
            Some(name) => name.clone(),
            None => today(self.ctx),
        };
        let new = NewPat {
            id: self.id,
            name: &name,
            mac: &mac,
            pepper,
            hint: &self.secret.hint(),
        };
        let actor = self.ctx.actor(Via::Session, Some(self.who.user.id));
        instance_freeze_prefix(&mut tx, self.app.forms.prefix.as_str()).await?;
        pat_insert(&mut tx, &permit, &new, &actor, self.ctx.now).await?;
        let kept = just_kept(&mut tx, self.organization, self.id).await?;
        tx.commit().await?;
        Ok(kept)
    }

    async fn facts(&self, tx: &mut Tx, here: &Place) -> Result<GenerateFacts, GenerateError> {
        let user = self.who.user.id;
        let live = pat_count_live(tx, self.organization, user, self.ctx.now).await?;
        let named_below = match &self.choices.reach {
            Reach::Subtree | Reach::Organization => BTreeSet::new(),
            Reach::Named(named) => {
                let below = org_below(tx, self.organization).await?;
                below
                    .into_iter()
                    .filter(|id| *id != self.organization && named.contains(id))
                    .collect()
            }
        };
        Ok(GenerateFacts {
            user,
            organization: self.organization,
            tree: here.lineage.root(),
            standing: here.standing,
            authenticated_at: self.who.session.authenticated_at,
            live,
            named_below,
        })
    }

    fn want(&self, loaded: &Loaded) -> Result<WantedPat, Refusal> {
        let ceiling = match &self.choices.ceiling {
            None => None,
            Some(names) => Some(Ceiling::choose(
                names.iter().map(String::as_str),
                &loaded.catalogue,
            )?),
        };
        Ok(WantedPat {
            expiry: self.choices.expiry,
            ceiling,
            reach: self.choices.reach.clone(),
            networks: self.choices.networks.clone(),
        })
    }
}

/// What is stored of a new secret, and under which pepper: the newest.
pub(super) fn mac(secret: &PatSecret, loaded: &Loaded) -> Result<(PatMac, KeyId), Outage> {
    let newest = loaded.ring.peppers().next();
    let (id, pepper) = newest.ok_or(Outage::Keys(BadKeys::NoPepper))?;
    Ok((pepper.mac(&secret.hash(Scheme::Sha256)), *id))
}

/// Reads a token back in the transaction that keeps it.
pub(super) async fn just_kept(
    tx: &mut Tx,
    organization: OrgId,
    id: PatId,
) -> Result<Pat, StoreError> {
    let kept = pat_find(tx, organization, id).await?;
    kept.ok_or(StoreError::Corrupt {
        what: "a token that was just kept is not there",
        source: None,
    })
}

/// The day of the request in UTC, as the name of a token that was given none.
fn today(ctx: &Ctx) -> Name {
    let day = crate::date::utc(ctx.now);
    Name::of_day(day.year(), day.month(), day.day())
}
