//! What a presented token can look like.

use std::collections::BTreeMap;

use keyfob_core::foreign::{Foreign, TokenForms};
use keyfob_core::secret::{Prefix, Scheme};

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::{RawForeign, RawHash, RawTokens};

pub(super) fn of(raw: RawTokens, origins: &Origins) -> Result<TokenForms, ConfigError> {
    let prefix = Prefix::parse(&raw.prefix);
    let prefix = prefix.map_err(|cause| origins.error("tokens.prefix", cause))?;
    let foreign = foreign(raw.foreign, &prefix, origins)?;
    Ok(TokenForms { prefix, foreign })
}

fn foreign(
    raw: BTreeMap<String, RawForeign>,
    prefix: &Prefix,
    origins: &Origins,
) -> Result<Vec<Foreign>, ConfigError> {
    let made = raw.into_iter().map(|(name, raw)| {
        let key = format!("tokens.foreign.{name}.pattern");
        let scheme = match raw.hash {
            RawHash::Sha256 => Scheme::Sha256,
            RawHash::Sha512 => Scheme::Sha512,
        };
        Foreign::new(name, &raw.pattern, scheme, prefix).map_err(|cause| origins.error(&key, cause))
    });
    made.collect()
}
