//! Why somebody may do something at an organization, or what is missing: told to themselves, to who manages
//! the organization, and to the operator.

use keyfob_core::catalogue::Catalogue;
use keyfob_core::explain::{Missing, explain};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::manage::{MayNotManage, may_manage};
use keyfob_core::member::Membership;
use keyfob_core::org::Lineage;
use keyfob_store::member::member_along;
use keyfob_store::org::org_find;
use keyfob_store::user::{User, user_find};
use keyfob_store::{StoreError, Tx};

use crate::app::Outage;
use crate::app::access::{Caller, NotForThem};
use crate::app::authority::Authority;
use crate::context::Ctx;
use crate::state::App;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// Where.
    pub organization: OrgId,
    /// Who; none: the one who asks.
    pub user: Option<UserId>,
    /// May they do what?
    pub permission: &'q str,
}

/// A role at an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// Where it is held; none: above everything that the asker sees.
    pub at: Option<GrantedAt>,
}

/// The organization of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedAt {
    /// Which.
    pub organization: OrgId,
    /// Its name.
    pub name: String,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The account is suspended.
    UserSuspended,
    /// There is no membership there or above.
    NoMembership,
    /// A membership that would give it is suspended.
    MembershipSuspended(Grant),
    /// No role gives it; these would.
    NoRole {
        /// Keys of the catalogue.
        roles_that_give_it: Vec<String>,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// About whom.
    pub user: UserId,
    /// Every role that gives the permission, from the organization itself up; none: it is not held.
    pub because: Vec<Grant>,
    /// What is missing; nothing when it is held.
    pub missing: Vec<Obstacle>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The organization or the person does not exist, or is none of theirs.
    #[error(transparent)]
    NotForThem(#[from] NotForThem),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MayNotManage),
    /// The catalogue has no such permission.
    #[error("there is no permission of that name")]
    UnknownPermission,
    /// Nothing could be decided.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreError> for ExplainError {
    fn from(error: StoreError) -> Self {
        Self::Outage(error.into())
    }
}

/// Explains a permission to a caller of the API.
pub async fn explain_to(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    question: &Question<'_>,
) -> Result<Answer, ExplainError> {
    let mut tx = app.store.read().await?;
    let authority = Authority::find(app, &mut tx, ctx, caller, question.organization).await??;
    let user = question.user.unwrap_or(authority.user);
    if user != authority.user {
        may_manage(&authority.manager())?;
    }
    // That there is such an account is told of the people of this organization only.
    let memberships = member_along(&mut tx, user, question.organization).await?;
    if memberships.is_empty() {
        return Err(NotForThem.into());
    }
    let person = user_find(&mut tx, user).await?.ok_or(NotForThem)?;
    let about = About {
        catalogue: &authority.loaded.catalogue,
        lineage: &authority.place.lineage,
        person: &person,
        memberships: &memberships,
        seen_from: authority.sees_from(caller),
    };
    answer(&mut tx, &about, question.permission).await
}

/// What an answer rests on.
#[derive(Debug)]
pub struct About<'a> {
    /// The catalogue in force.
    pub catalogue: &'a Catalogue,
    /// The path to the organization.
    pub lineage: &'a Lineage,
    /// Who is asked about.
    pub person: &'a User,
    /// Their memberships along the path.
    pub memberships: &'a [Membership],
    /// The highest organization of the path that the asker sees: what lies above it is not named.
    pub seen_from: OrgId,
}

impl About<'_> {
    fn is_seen(&self, organization: OrgId) -> bool {
        for each in self.lineage.upward() {
            if each == organization {
                return true;
            }
            if each == self.seen_from {
                return false;
            }
        }
        false
    }
}

/// Answers for somebody who may know, in their transaction.
pub async fn answer(
    tx: &mut Tx,
    about: &About<'_>,
    permission: &str,
) -> Result<Answer, ExplainError> {
    let (catalogue, person) = (about.catalogue, about.person);
    let index = catalogue
        .permission(permission)
        .ok_or(ExplainError::UnknownPermission)?;
    let told = explain(
        catalogue,
        about.lineage,
        about.memberships,
        person.suspended_at,
        index,
    );
    let mut because = Vec::new();
    for reason in &told.because {
        because.push(grant(tx, about, reason.organization, reason.role).await?);
    }
    let mut missing = Vec::new();
    for each in &told.missing {
        missing.push(match each {
            Missing::UserSuspended => Obstacle::UserSuspended,
            Missing::NoMembership => Obstacle::NoMembership,
            Missing::MembershipSuspended { organization, role } => {
                Obstacle::MembershipSuspended(grant(tx, about, *organization, role).await?)
            }
            Missing::NoRole => {
                let giving = catalogue
                    .roles()
                    .filter(|(_key, gives)| gives.contains(index));
                Obstacle::NoRole {
                    roles_that_give_it: giving.map(|(key, _gives)| key.to_owned()).collect(),
                }
            }
        });
    }
    Ok(Answer {
        user: person.id,
        because,
        missing,
    })
}

async fn grant(
    tx: &mut Tx,
    about: &About<'_>,
    organization: OrgId,
    role: &str,
) -> Result<Grant, StoreError> {
    let found = if about.is_seen(organization) {
        org_find(tx, organization).await?
    } else {
        None
    };
    Ok(Grant {
        role: role.to_owned(),
        at: found.map(|org| GrantedAt {
            organization,
            name: org.name,
        }),
    })
}
