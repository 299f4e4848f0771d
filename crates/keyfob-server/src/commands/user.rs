//! `keyfobd user`: accounts, by somebody with a shell on the host.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Result, anyhow, bail};
use keyfob_core::event::Actor;
use keyfob_core::id::UserId;
use keyfob_core::name::{Email, Name, check_external_id};
use keyfob_store::instance::instance_find;
use keyfob_store::user::{
    NewUser, User, user_insert, user_reactivate, user_set_password, user_suspend,
};
use keyfob_store::{Constraint, StoreError};

use super::operator::{Operator, user_named};
use super::password;
use crate::app::password as rules;
use crate::app::set_up;
use crate::cli::PasswordArgs;
use crate::config::Config;
use crate::open::Schema;
use crate::secret::SecretText;

mod erase;

pub(super) use self::erase::erase;

/// An account to make.
#[derive(Debug)]
pub(super) struct Add<'a> {
    /// The address.
    pub(super) email: &'a str,
    /// The name.
    pub(super) full_name: &'a str,
    /// The id in another system.
    pub(super) external_id: Option<&'a str>,
    /// Where its password comes from.
    pub(super) password: &'a PasswordArgs,
}

/// `user add`
pub(super) async fn add(config: &Config, new: &Add<'_>) -> Result<()> {
    let email = Email::parse(new.email).map_err(|cause| anyhow!("\"{}\": {cause}", new.email))?;
    let full_name = Name::parse(new.full_name)
        .map_err(|cause| anyhow!("the name \"{}\": {cause}", new.full_name))?;
    if let Some(external_id) = new.external_id {
        check_external_id(external_id).map_err(|cause| anyhow!("the external id: {cause}"))?;
    }
    let operator = Operator::open(config, Schema::AsItIs).await?;
    // Without a flag and a terminal there is no password: a script adds people who sign in elsewhere.
    let asked = new.password.password_stdin
        || new.password.password_file.is_some()
        || io::stdin().is_terminal();
    let password_hash = if asked {
        Some(hash(&operator, &password::read(new.password)?)?)
    } else {
        None
    };
    let id = UserId::new(operator.now, operator.id_random());
    let user = NewUser {
        id,
        external_id: new.external_id,
        email: &email,
        full_name: &full_name,
        password_hash: password_hash.as_deref(),
    };
    let mut tx = operator.store.write().await?;
    match user_insert(&mut tx, &user, &Actor::OPERATOR, operator.now).await {
        Err(StoreError::Conflict(Constraint::UserEmail)) => {
            bail!("there is already a user with {}", email.as_str())
        }
        Err(StoreError::Conflict(Constraint::UserExternalId)) => {
            bail!("there is already a user with that external id")
        }
        inserted => inserted?,
    }
    tx.commit().await?;
    operator.store.close().await;
    writeln!(io::stdout(), "{id}")?;
    if password_hash.is_none() {
        writeln!(
            io::stderr(),
            "Without a password nobody can sign in: keyfobd user set-password {}",
            email.as_str()
        )?;
    }
    Ok(())
}

/// `user suspend`
pub(super) async fn suspend(config: &Config, user: &str) -> Result<()> {
    change(config, user, Change::Suspend).await
}

/// `user reactivate`
pub(super) async fn reactivate(config: &Config, user: &str) -> Result<()> {
    change(config, user, Change::Reactivate).await
}

enum Change {
    Suspend,
    Reactivate,
}

async fn change(config: &Config, text: &str, what: Change) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.write().await?;
    let user = user_named(&mut tx, text).await?;
    let (changed, now, already) = match what {
        Change::Suspend => {
            let changed = user_suspend(&mut tx, user.id, &Actor::OPERATOR, operator.now).await?;
            (
                changed,
                "is suspended: sessions ended, tokens are refused",
                "was suspended already",
            )
        }
        Change::Reactivate => {
            let changed = user_reactivate(&mut tx, user.id, &Actor::OPERATOR, operator.now).await?;
            (
                changed,
                "is active again: unrevoked tokens can be exchanged",
                "was active already",
            )
        }
    };
    tx.commit().await?;
    operator.store.close().await;
    writeln!(
        io::stdout(),
        "{} {}",
        user.email,
        if changed { now } else { already }
    )?;
    Ok(())
}

/// `user set-password`
pub(super) async fn set_password(config: &Config, user: &str, from: &PasswordArgs) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read().await?;
    let User { id, email, .. } = user_named(&mut tx, user).await?;
    drop(tx);
    let password = password::read(from)?;
    let hash = hash(&operator, &password)?;
    let mut tx = operator.store.write().await?;
    user_set_password(&mut tx, id, &hash, &Actor::OPERATOR, operator.now).await?;
    tx.commit().await?;
    operator.store.close().await;
    writeln!(
        io::stdout(),
        "{email} has a new password; every session is ended"
    )?;
    Ok(())
}

/// `user setup-link`
pub(super) async fn setup_link(config: &Config) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read_single().await?;
    let issuer = instance_find(&mut tx).await?.and_then(|it| it.issuer);
    drop(tx);
    let issuer = issuer.ok_or_else(|| {
        anyhow!(
            "no server has run here yet: start it by `keyfobd serve`, which prints a link itself"
        )
    })?;
    let link = set_up::offer(&operator.store, &*operator.entropy, operator.now).await?;
    let link = link
        .ok_or_else(|| anyhow!("there is an account already: add others by `keyfobd user add`"))?;
    operator.store.close().await;
    writeln!(io::stdout(), "{}", link.url(&issuer))?;
    writeln!(io::stderr(), "It works once, within 15 minutes.")?;
    Ok(())
}

fn hash(operator: &Operator, password: &SecretText) -> Result<String> {
    rules::check(password.expose())?;
    rules::hash(password.expose(), &*operator.entropy)
        .map_err(|_cause| anyhow!("the password cannot be hashed"))
}
