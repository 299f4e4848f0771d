//! `keyfobd user erase`: destroys what names a person, after they were typed once more.
//!
//! What it prints names nobody: it goes to terminals and logs that nobody erases.

use std::io::{self, BufRead as _, Write as _};

use anyhow::{Context as _, Result, anyhow, bail};
use keyfob_core::id::UserId;
use keyfob_core::name::Email;
use keyfob_store::Tx;
use keyfob_store::key::key_list;
use keyfob_store::user::User;
use keyfob_store::user::erase::{user_erased_as, user_erased_at};

use crate::app::erase::{Erased, Erasure};
use crate::cli::Confirm;
use crate::commands::operator::{Operator, user_named};
use crate::config::Config;
use crate::date;
use crate::erasure::{ErasureKey, Name};
use crate::open::Schema;

/// Most bytes of what is typed.
const TYPED_BYTES_MAX: u64 = 4096;

/// `user erase`
pub(in crate::commands) async fn erase(
    config: &Config,
    text: &str,
    confirm: Confirm,
) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read().await?;
    let user = match user_named(&mut tx, text).await {
        Ok(user) => user,
        Err(unknown) => {
            return Err(erased_before(&mut tx, &operator, text)
                .await?
                .unwrap_or(unknown));
        }
    };
    drop(tx);
    if confirm == Confirm::Ask {
        ask(&user)?;
    }
    let erasure = Erasure {
        store: &operator.store,
        root_key: &operator.root_key,
        entropy: &*operator.entropy,
        now: operator.now,
    };
    let erased = erasure.run(user.id).await;
    operator.store.close().await;
    tell(user.id, &erased.context("nobody was erased")?)
}

/// Whether it was somebody who is erased already.
async fn erased_before(
    tx: &mut Tx,
    operator: &Operator,
    text: &str,
) -> Result<Option<anyhow::Error>> {
    let by_id = text.parse::<UserId>().ok();
    let id = match by_id {
        Some(id) => Some(id),
        None => by_name(tx, operator, text).await?,
    };
    let Some(id) = id else {
        return Ok(None);
    };
    let at = user_erased_at(tx, id).await?;
    Ok(at.map(|at| anyhow!("{id} was erased already, at {}", date::rfc3339(at))))
}

async fn by_name(tx: &mut Tx, operator: &Operator, text: &str) -> Result<Option<UserId>> {
    let records = key_list(tx).await?;
    let Some(key) = ErasureKey::of(&records, &operator.root_key)? else {
        return Ok(None);
    };
    let mac = match (text.strip_prefix("ext:"), Email::parse(text)) {
        (Some(external_id), _) => key.mac(Name::External(external_id)),
        (None, Ok(email)) => key.mac(Name::Email(email.key())),
        (None, Err(_no_address)) => return Ok(None),
    };
    Ok(user_erased_as(tx, &mac).await?)
}

/// Has the address typed: who means somebody else notices.
fn ask(user: &User) -> Result<()> {
    let mut err = io::stderr();
    writeln!(
        err,
        "This ends every membership of {} <{}>, revokes their tokens, and destroys their name, address and \
         password and from where they came. It cannot be undone.",
        user.full_name, user.email
    )?;
    write!(err, "Type the e-mail address to erase them: ")?;
    err.flush()?;
    let mut typed = String::new();
    let mut stdin = io::Read::take(io::stdin().lock(), TYPED_BYTES_MAX);
    stdin.read_line(&mut typed).context("nothing can be read")?;
    let same =
        |email: &Email| Email::parse(&user.email).is_ok_and(|mine| mine.key() == email.key());
    if Email::parse(typed.trim()).is_ok_and(|typed| same(&typed)) {
        return Ok(());
    }
    bail!("that is not their address: nobody was erased")
}

fn tell(id: UserId, erased: &Erased) -> Result<()> {
    let Erased {
        memberships,
        destroyed,
    } = erased;
    let count = |number: u64, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    let memberships = u64::try_from(*memberships).unwrap_or(u64::MAX);
    writeln!(
        io::stdout(),
        "{id} is erased: {} ended with the tokens held there; {} and {} of the audit log destroyed. \
         The audit log keeps the id and shows \"Erased person\". Backups made before still name them.",
        count(memberships, "membership", "memberships"),
        count(destroyed.sessions, "session", "sessions"),
        count(destroyed.origins, "side record", "side records"),
    )?;
    Ok(())
}
