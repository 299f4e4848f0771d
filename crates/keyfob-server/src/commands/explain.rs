//! `keyfobd explain`: why somebody may do something at an organization, or what is missing.

use std::io::{self, Write as _};

use anyhow::{Result, anyhow};
use keyfob_store::member::member_along;
use keyfob_store::org::org_lineage;

use super::operator::{Operator, org_named, user_named};
use super::roles::current;
use crate::app::explain::{About, Answer, ExplainError, Grant, Obstacle, answer};
use crate::config::Config;
use crate::open::Schema;

/// `explain USER ORGANIZATION PERMISSION`
pub(super) async fn explain(
    config: &Config,
    user: &str,
    organization: &str,
    permission: &str,
) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read().await?;
    let person = user_named(&mut tx, user).await?;
    let org = org_named(&mut tx, organization).await?;
    let lineage = org_lineage(&mut tx, org.id).await?;
    let lineage = lineage.ok_or_else(|| anyhow!("there is no organization \"{organization}\""))?;
    let (catalogue, _body) = current(&mut tx).await?;
    let memberships = member_along(&mut tx, person.id, org.id).await?;
    let about = About {
        catalogue: &catalogue,
        lineage: &lineage,
        person: &person,
        memberships: &memberships,
        seen_from: lineage.root(),
    };
    let answer = answer(&mut tx, &about, permission).await;
    let answer = answer.map_err(|cause| match cause {
        ExplainError::UnknownPermission => {
            anyhow!("there is no permission \"{permission}\": keyfobd roles show prints them")
        }
        ExplainError::NotForThem(_) | ExplainError::Refused(_) | ExplainError::Outage(_) => {
            anyhow::Error::from(cause)
        }
    })?;
    let told = told(&person.email, &org.name, permission, &answer);
    io::stdout().write_all(told.as_bytes())?;
    Ok(())
}

fn told(email: &str, organization: &str, permission: &str, answer: &Answer) -> String {
    let held = |grant: &Grant| match &grant.at {
        Some(at) => format!("{} at {}", grant.role, at.name),
        None => grant.role.clone(),
    };
    if answer.missing.is_empty() {
        let by = answer
            .because
            .iter()
            .map(|grant| format!("\n  {}", held(grant)));
        let by: String = by.collect();
        return format!("{email} has {permission} at {organization}, by:{by}\n");
    }
    let missing = answer.missing.iter().map(|obstacle| {
        let line = match obstacle {
            Obstacle::UserSuspended => "the account is suspended".to_owned(),
            Obstacle::NoMembership => "no membership there or above".to_owned(),
            Obstacle::MembershipSuspended(grant) => {
                format!(
                    "{} would give it, and that membership is suspended",
                    held(grant)
                )
            }
            Obstacle::NoRole { roles_that_give_it } => format!(
                "no role held there or above gives it; these would: {}",
                roles_that_give_it.join(", ")
            ),
        };
        format!("\n  {line}")
    });
    let missing: String = missing.collect();
    format!("{email} does not have {permission} at {organization}:{missing}\n")
}
