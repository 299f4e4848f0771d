//! What a caller may change at an organization: found in the transaction of the change, so that neither a
//! right is used that was lost a moment before, nor a session or a token that ended meanwhile.

use std::sync::Arc;

use keyfob_core::event::{Actor, Via};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::manage::Manager;
use keyfob_core::pat::Ceiling;
use keyfob_core::permission::resolve;
use keyfob_store::Tx;
use keyfob_store::member::MemberAt;

use super::Outage;
use super::access::{Caller, NotForThem, Place, covers, place, still_stands};
use crate::context::Ctx;
use crate::state::{App, Loaded};

/// A caller, as they stand to an organization in one transaction.
#[derive(Debug)]
pub struct Authority {
    /// Where.
    pub place: Place,
    /// The catalogue that the transaction sees.
    pub loaded: Arc<Loaded>,
    /// Who, or for whom a program acts.
    pub user: UserId,
    acting: Acting,
}

/// Who does it.
#[derive(Debug)]
enum Acting {
    Person,
    Program { ceiling: Option<Ceiling> },
}

impl Authority {
    /// Finds a caller's standing. What an access token does not reach is not there for it, and nothing is
    /// there for who was let in and has lost it since.
    pub async fn find(
        app: &App,
        tx: &mut Tx,
        ctx: &Ctx,
        caller: &Caller,
        organization: OrgId,
    ) -> Result<Result<Self, NotForThem>, Outage> {
        let (user, acting) = match caller {
            Caller::Session(who) => (who.user.id, Acting::Person),
            Caller::Token(token) => {
                let ceiling = token.ceiling.clone();
                (token.user(), Acting::Program { ceiling })
            }
        };
        let loaded = app.loaded_in(tx, ctx.now).await?;
        if !still_stands(tx, caller, &loaded.catalogue, ctx.now).await? {
            return Ok(Err(NotForThem));
        }
        let Ok(place) = place(tx, user, organization).await? else {
            return Ok(Err(NotForThem));
        };
        if let Caller::Token(token) = caller
            && covers(token, &place.lineage).is_err()
        {
            return Ok(Err(NotForThem));
        }
        Ok(Ok(Self {
            place,
            loaded,
            user,
            acting,
        }))
    }

    /// What they may do there, for the rules.
    pub fn manager(&self) -> Manager<'_> {
        let catalogue = &self.loaded.catalogue;
        let live = resolve(catalogue, &self.place.lineage, &self.place.memberships);
        match &self.acting {
            Acting::Person => Manager::person(catalogue, &live),
            Acting::Program { ceiling } => {
                let ceiling = ceiling.as_ref().map_or(catalogue.everything(), |ceiling| {
                    catalogue.set_of(ceiling.iter())
                });
                Manager::program(catalogue, &live, ceiling)
            }
        }
    }

    /// The highest organization on the path that they see: that of their highest membership, and for an
    /// access token the one that it was made for.
    pub fn sees_from(&self, caller: &Caller) -> OrgId {
        match caller {
            Caller::Token(token) => token.organization(),
            Caller::Session(_who) => {
                let highest = self.place.memberships.first();
                highest.map_or(self.place.lineage.organization(), |held| held.organization)
            }
        }
    }

    /// Whether a person acts, and not a program.
    pub fn is_person(&self) -> bool {
        matches!(self.acting, Acting::Person)
    }

    /// The one who acts, for the audit log.
    pub fn actor(&self, ctx: &Ctx) -> Actor {
        let via = if self.is_person() {
            Via::Session
        } else {
            Via::Token
        };
        ctx.actor(via, Some(self.user))
    }

    /// Somebody's membership there.
    pub fn member(&self, user: UserId) -> MemberAt {
        MemberAt {
            user,
            organization: self.place.lineage.organization(),
            tree: self.place.lineage.root(),
        }
    }
}
