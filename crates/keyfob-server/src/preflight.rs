//! What must fit before a server may serve this installation, one sentence each when it does not.
//! `serve` refuses to start on it, `doctor` tells of it.

use std::time::Duration;

use keyfob_core::time::Timestamp;
use keyfob_store::ServerFacts;
use keyfob_store::instance::Instance;

use crate::config::Config;
use crate::date::rfc3339;

/// How far the clock may be behind the last audit record (guarantee 12).
const CLOCK_BEHIND_MAX: Duration = Duration::from_mins(5);

/// Why a server must not serve.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another prefix would make every token unknown.
    #[error(
        "tokens of this installation begin with \"{frozen}\", and the configuration says \"{wanted}\": \
         set tokens.prefix back to \"{frozen}\""
    )]
    Prefix {
        /// What the first token was made with.
        frozen: String,
        /// What the configuration says.
        wanted: String,
    },
    /// Every access token names the issuer.
    #[error(
        "this installation's issuer is {stored}, and this server would be {ours}: start it with \
         --public-url {stored}, or with --change-issuer, which ends every access token"
    )]
    Issuer {
        /// What the first server wrote.
        stored: String,
        /// What this one would be.
        ours: String,
    },
    /// Different kinds of token never share an audience.
    #[error(
        "a resource server of the configuration has the audience {0}, which is the issuer and so the \
         audience of \"default\": give it another"
    )]
    Audience(String),
    /// With such a clock what has expired would live again.
    #[error(
        "this machine's clock says {now}, more than 5 minutes before the last audit record ({newest}): \
         set the clock right and start again"
    )]
    ClockBehind {
        /// What the clock says, as RFC 3339.
        now: String,
        /// When the last record was written, as RFC 3339.
        newest: String,
    },
    /// A revocation that was acknowledged could be lost with the database's machine.
    #[error(
        "the database's setting synchronous_commit is off, so it may forget a revocation that it has \
         confirmed: turn it on (ALTER DATABASE … SET synchronous_commit = on), or set \
         database.allow_asynchronous_commit if that is acceptable"
    )]
    AsynchronousCommit,
}

/// A prefix is the operator's choice until the first token.
///
/// # Errors
/// [`Unfit::Prefix`].
pub fn prefix(config: &Config, instance: &Instance) -> Result<(), Unfit> {
    let wanted = config.tokens.prefix.as_str();
    match instance.token_prefix.as_deref() {
        Some(frozen) if frozen != wanted => Err(Unfit::Prefix {
            frozen: frozen.to_owned(),
            wanted: wanted.to_owned(),
        }),
        _same_or_none => Ok(()),
    }
}

/// The first server writes the issuer; all others must be the same.
///
/// # Errors
/// [`Unfit::Issuer`].
pub fn issuer(ours: &str, instance: &Instance) -> Result<(), Unfit> {
    match instance.issuer.as_deref() {
        Some(stored) if stored != ours => Err(Unfit::Issuer {
            stored: stored.to_owned(),
            ours: ours.to_owned(),
        }),
        _same_or_none => Ok(()),
    }
}

/// The issuer is the audience of `default`, and nobody else's.
///
/// # Errors
/// [`Unfit::Audience`].
pub fn audiences(config: &Config, issuer: &str) -> Result<(), Unfit> {
    if config.resource_servers.may_have_issuer(issuer) {
        Ok(())
    } else {
        Err(Unfit::Audience(issuer.to_owned()))
    }
}

/// The clock must not be more than 5 minutes behind the last audit record, if there is one.
///
/// # Errors
/// [`Unfit::ClockBehind`].
pub fn clock(now: Timestamp, newest: Option<Timestamp>) -> Result<(), Unfit> {
    match newest {
        Some(newest) if newest.since(now) > CLOCK_BEHIND_MAX => Err(Unfit::ClockBehind {
            now: rfc3339(now),
            newest: rfc3339(newest),
        }),
        _near_or_none => Ok(()),
    }
}

/// What a database server confirms it must keep (T-26), unless the operator says otherwise.
///
/// # Errors
/// [`Unfit::AsynchronousCommit`].
pub fn commits(config: &Config, facts: Option<&ServerFacts>) -> Result<(), Unfit> {
    match facts {
        Some(facts) if !facts.commits_are_durable() && !config.allow_asynchronous_commit => {
            Err(Unfit::AsynchronousCommit)
        }
        _durable_or_meant => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_250);

    #[test]
    fn a_clock_may_be_5_minutes_behind_and_no_millisecond_more() {
        let limit = NOW.plus(CLOCK_BEHIND_MAX);
        for newest in [
            None,
            Some(Timestamp::from_millis(0)),
            Some(NOW),
            Some(limit),
        ] {
            assert_eq!(clock(NOW, newest), Ok(()));
        }
        let beyond = clock(NOW, Some(limit.plus(Duration::from_millis(1))));
        assert_eq!(
            beyond.map_err(|unfit| unfit.to_string()),
            Err("this machine's clock says 2027-01-15T08:00:00.250Z, more than 5 minutes before the \
                 last audit record (2027-01-15T08:05:00.251Z): set the clock right and start again"
                .to_owned())
        );
    }
}
