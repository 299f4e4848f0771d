//! `keyfobd org`: organizations, by somebody with a shell on the host.

use std::io::{self, Write as _};

use anyhow::{Result, anyhow, bail};
use keyfob_core::catalogue::OWNER;
use keyfob_core::event::Actor;
use keyfob_core::id::OrgId;
use keyfob_core::member::Roles;
use keyfob_core::name::Name;
use keyfob_core::org::may_have_child;
use keyfob_store::member::{MemberAt, member_put};
use keyfob_store::org::{NewOrg, org_insert, org_lineage};
use keyfob_store::{Constraint, StoreError};

use super::operator::{Operator, org_named, user_named};
use crate::config::Config;
use crate::open::Schema;

/// An organization to make.
#[derive(Debug)]
pub(super) struct Add<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Who owns it; needed for a root.
    pub(super) owner: Option<&'a str>,
    /// Its parent; none: a root.
    pub(super) parent: Option<&'a str>,
}

/// `org add`
pub(super) async fn add(config: &Config, new: &Add<'_>) -> Result<()> {
    let name =
        Name::parse(new.name).map_err(|cause| anyhow!("the name \"{}\": {cause}", new.name))?;
    if new.parent.is_none() && new.owner.is_none() {
        bail!("a root organization has an owner: add --owner EMAIL");
    }
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let id = OrgId::new(operator.now, operator.id_random());
    let mut tx = operator.store.write().await?;
    let owner = match new.owner {
        Some(text) => Some(user_named(&mut tx, text).await?),
        None => None,
    };
    let (permit, tree) = match new.parent {
        None => (None, id),
        Some(text) => {
            let parent = org_named(&mut tx, text).await?;
            let lineage = org_lineage(&mut tx, parent.id).await?;
            let lineage = lineage.ok_or_else(|| anyhow!("there is no organization \"{text}\""))?;
            let tree = lineage.root();
            (Some(may_have_child(lineage)?), tree)
        }
    };
    let org = NewOrg {
        id,
        external_id: None,
        name: &name,
    };
    match org_insert(&mut tx, &org, permit, &Actor::OPERATOR, operator.now).await {
        Err(StoreError::Conflict(Constraint::OrganizationName)) => {
            bail!(
                "\"{}\" is already in this tree; capital letters make no difference",
                name.as_str()
            )
        }
        inserted => inserted?,
    }
    if let Some(owner) = owner {
        let at = MemberAt {
            user: owner.id,
            organization: id,
            tree,
        };
        member_put(
            &mut tx,
            at,
            &Roles::new([OWNER])?,
            &Actor::OPERATOR,
            operator.now,
        )
        .await?;
    }
    tx.commit().await?;
    operator.store.close().await;
    writeln!(io::stdout(), "{id}")?;
    Ok(())
}
