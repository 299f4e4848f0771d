//! What the short commands of the operator have in common.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::name::{Email, Name};
use keyfob_core::time::{Clock, Entropy, Purpose, Timestamp};
use keyfob_store::org::{Org, org_find, org_find_by_external, org_named_in_tree, org_roots_named};
use keyfob_store::user::{User, user_find, user_find_by_email, user_find_by_external};
use keyfob_store::{Store, Tx};

use crate::config::Config;
use crate::open::{Schema, open};
use crate::seal::RootKey;
use crate::system::{SystemClock, SystemEntropy};

/// An installation opened for one command.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) store: Store,
    pub(super) root_key: RootKey,
    pub(super) entropy: Arc<dyn Entropy>,
    /// The moment of the command.
    pub(super) now: Timestamp,
}

impl Operator {
    pub(super) async fn open(config: &Config, schema: Schema) -> Result<Self> {
        let (clock, entropy) = (SystemClock::default(), Arc::new(SystemEntropy));
        let installation = open(config, schema, &clock, &*entropy).await?;
        Ok(Self {
            store: installation.store,
            root_key: installation.root_key,
            entropy,
            now: clock.now(),
        })
    }

    /// Random bytes for an id.
    pub(super) fn id_random(&self) -> keyfob_core::id::IdRandom {
        let mut random = keyfob_core::id::IdRandom::default();
        self.entropy.fill(Purpose::Id, &mut random);
        random
    }
}

/// Finds a user by e-mail, id, or `ext:` and an external id.
pub(super) async fn user_named(tx: &mut Tx, text: &str) -> Result<User> {
    let found = if let Some(external_id) = text.strip_prefix("ext:") {
        user_find_by_external(tx, external_id).await?
    } else if let Ok(id) = text.parse::<UserId>() {
        user_find(tx, id).await?
    } else {
        let email =
            Email::parse(text).map_err(|cause| anyhow!("\"{text}\" names no user: {cause}"))?;
        user_find_by_email(tx, &email).await?
    };
    found.ok_or_else(|| anyhow!("there is no user \"{text}\""))
}

/// Finds an organization by id, `ext:` and an external id, or its name path, such as `Acme/Mobile`.
pub(super) async fn org_named(tx: &mut Tx, text: &str) -> Result<Org> {
    if let Some(external_id) = text.strip_prefix("ext:") {
        let found = org_find_by_external(tx, external_id).await?;
        return found.ok_or_else(|| anyhow!("there is no organization \"{text}\""));
    }
    if let Ok(id) = text.parse::<OrgId>() {
        return org_find(tx, id)
            .await?
            .ok_or_else(|| anyhow!("there is no organization \"{text}\""));
    }
    by_path(tx, text).await
}

async fn by_path(tx: &mut Tx, text: &str) -> Result<Org> {
    let mut names = Vec::new();
    for part in text.split('/') {
        names.push(
            Name::parse(part)
                .map_err(|cause| anyhow!("\"{text}\" names no organization: {cause}"))?,
        );
    }
    let Some((root, below)) = names.split_first() else {
        bail!("\"{text}\" names no organization");
    };
    let mut candidates = org_roots_named(tx, root).await?;
    for name in below {
        let mut next = Vec::new();
        for parent in candidates {
            let found = org_named_in_tree(tx, parent.root, name).await?;
            next.extend(found.filter(|found| found.parent == Some(parent.id)));
        }
        candidates = next;
    }
    let count = candidates.len();
    match (candidates.pop(), count) {
        (Some(found), 1) => Ok(found),
        (None, _) => bail!("there is no organization \"{text}\""),
        (Some(_one), _) => bail!("\"{text}\" names {count} organizations: use an id"),
    }
}
