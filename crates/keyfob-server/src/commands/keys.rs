//! `keyfobd keys`: the keys that sign and those that seal, by somebody with a shell on the host.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Result, bail};
use keyfob_core::key::{KeyState, Wanted};
use keyfob_core::time::Timestamp;
use keyfob_store::key::{ACCESS_TOKEN, ERASURE, KeyRecord, PEPPER, key_list};

use super::operator::Operator;
use crate::app::rotate::{Rotation, Turned};
use crate::config::{Config, DatabaseConfig};
use crate::date;
use crate::open::Schema;
use crate::seal::RootKey;

/// What is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rotate {
    /// The keys that sign: the next one when everybody can know it.
    Signing,
    /// The keys that sign: the next one now, and what the others signed is refused.
    SigningNow,
    /// The pepper.
    Pepper,
}

/// `keys list`
pub(super) async fn list(config: &Config) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read_single().await?;
    let records = key_list(&mut tx).await?;
    drop(tx);
    write!(io::stdout(), "{}", table(&records, operator.now))?;
    Ok(())
}

/// `keys rotate`
pub(super) async fn rotate(config: &Config, what: Rotate) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let rotation = rotation(&operator);
    let wanted = match what {
        Rotate::Pepper => {
            let pepper = rotation.turn_pepper().await?;
            operator.store.close().await;
            writeln!(
                io::stdout(),
                "Tokens generated from now on are stored under the pepper {pepper}. The one before stays \
                 until its last token is over."
            )?;
            return Ok(());
        }
        Rotate::Signing => Wanted::Rotated,
        Rotate::SigningNow => Wanted::Replaced,
    };
    let in_use = rotation.in_use().await?;
    let wanted: Vec<_> = in_use.into_iter().map(|each| (each, wanted)).collect();
    let turned = rotation.turn(&wanted).await?;
    operator.store.close().await;
    write!(io::stdout(), "{}", report(&turned, operator.now))?;
    Ok(())
}

/// `keys rewrap`
pub(super) async fn rewrap(config: &Config, new_place: &Path) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let new = match config.database {
        DatabaseConfig::Embedded => RootKey::load_or_make(new_place, &*operator.entropy)?,
        DatabaseConfig::Postgres { .. } => RootKey::load(new_place)?,
    };
    let check = operator.root_key.check_value(&*operator.entropy);
    if new.fits(&check) {
        bail!("{} holds the root key that is in use", new_place.display());
    }
    rotation(&operator).rewrap(&new).await?;
    operator.store.close().await;
    writeln!(
        io::stdout(),
        "Everything is sealed under the root key in {}. Put that file in the place of the old one now, on \
         every node: servers that run answer 503 until it is there, and read it by themselves.",
        new_place.display()
    )?;
    Ok(())
}

fn rotation(operator: &Operator) -> Rotation<'_> {
    Rotation {
        store: &operator.store,
        root_key: &operator.root_key,
        entropy: &*operator.entropy,
        now: operator.now,
    }
}

fn table(records: &[KeyRecord], now: Timestamp) -> String {
    let mut text = format!(
        "{:<36}  {:<16}  {:<12}  {}\n",
        "ID", "PURPOSE", "ALGORITHM", "STATE"
    );
    for record in records {
        let state = state(record, records, now);
        // Writing to a text does not fail.
        let _infallible = writeln!(
            text,
            "{}  {:<16}  {:<12}  {state}",
            record.id, record.purpose, record.algorithm
        );
    }
    text
}

fn state(record: &KeyRecord, all: &[KeyRecord], now: Timestamp) -> String {
    let times = record.times;
    let same_kind =
        |other: &&KeyRecord| other.purpose == record.purpose && other.algorithm == record.algorithm;
    let signing = all
        .iter()
        .filter(same_kind)
        .filter(|other| other.times.state_at(now) == KeyState::Signing);
    let is_newest = signing
        .max_by_key(|other| (other.times.sign_from, other.id))
        .is_some_and(|newest| newest.id == record.id);
    let verb = match record.purpose.as_str() {
        PEPPER => "stores new tokens",
        ERASURE => "recognises erased people",
        _signing => "signs",
    };
    let until = |at: Option<Timestamp>| {
        at.map_or_else(String::new, |at| {
            format!(", listed until {}", date::rfc3339(at))
        })
    };
    match times.state_at(now) {
        KeyState::Waiting => format!("listed from {}", date::rfc3339(times.publish_from)),
        KeyState::Announced => format!("listed, {verb} from {}", date::rfc3339(times.sign_from)),
        KeyState::Signing if is_newest => format!("{verb}{}", until(times.retire_at)),
        KeyState::Signing if record.purpose == ACCESS_TOKEN => {
            format!("followed by another{}", until(times.retire_at))
        }
        KeyState::Signing => "kept until its last token is over".to_owned(),
        KeyState::Retired => "over".to_owned(),
        KeyState::Dropped => "dropped".to_owned(),
    }
}

fn report(turned: &[Turned], now: Timestamp) -> String {
    let mut text = String::new();
    for turned in turned {
        let algorithm = turned.algorithm.name();
        let mut line = |what: String| {
            let _infallible = writeln!(text, "{algorithm}: {what}");
        };
        match turned.made {
            Some((key, from)) if from <= now => line(format!("the key {key} signs now.")),
            Some((key, from)) => line(format!("the key {key} signs from {}.", date::rfc3339(from))),
            None => {}
        }
        for (key, at) in &turned.retired {
            line(format!(
                "the key {key} is listed until {}.",
                date::rfc3339(*at)
            ));
        }
        for key in &turned.dropped {
            line(format!(
                "the key {key} was dropped: what it signed is refused."
            ));
        }
    }
    if text.is_empty() {
        text.push_str("Nothing changes: the next key is listed already and will sign soon.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use keyfob_core::id::KeyId;
    use keyfob_verify::Algorithm;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_report_says_what_signs_and_what_became_of_the_others() {
        let id = |number| KeyId::from_uuid(Uuid::from_u128(number));
        let now = Timestamp::from_millis(1_800_000_000_000);
        let soon = Timestamp::from_millis(1_800_000_600_000);
        let planned = Turned {
            algorithm: Algorithm::Es256,
            made: Some((id(1), soon)),
            retired: vec![(id(2), soon)],
            dropped: vec![],
        };
        let at_once = Turned {
            algorithm: Algorithm::EdDsa,
            made: Some((id(3), now)),
            retired: vec![],
            dropped: vec![id(4)],
        };
        assert_eq!(
            report(&[planned, at_once], now),
            "ES256: the key 00000000-0000-0000-0000-000000000001 signs from 2027-01-15T08:10:00.000Z.\n\
             ES256: the key 00000000-0000-0000-0000-000000000002 is listed until 2027-01-15T08:10:00.000Z.\n\
             EdDSA: the key 00000000-0000-0000-0000-000000000003 signs now.\n\
             EdDSA: the key 00000000-0000-0000-0000-000000000004 was dropped: what it signed is refused.\n"
        );
        assert!(report(&[], now).starts_with("Nothing changes"));
    }
}
