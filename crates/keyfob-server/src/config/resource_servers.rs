//! The APIs that accept access tokens.

use std::collections::BTreeMap;

use keyfob_verify::Algorithm;

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::{RawAlgorithm, RawResourceServer};
use super::time;
use crate::resource_server::{
    BadResourceServer, DEFAULT, LIFETIME_INFORMED, LIFETIME_UNINFORMED, ResourceServer,
    ResourceServers,
};

pub(super) fn of(
    raw: BTreeMap<String, RawResourceServer>,
    origins: &Origins,
) -> Result<ResourceServers, ConfigError> {
    let mut servers = ResourceServers::default();
    for (name, raw) in raw {
        let key = |member: &str| format!("resource_server.{name}.{member}");
        let lifetime = match raw.lifetime {
            Some(text) => {
                time::parse(&text).map_err(|cause| origins.error(&key("lifetime"), cause))?
            }
            None if name == DEFAULT => LIFETIME_INFORMED,
            None => LIFETIME_UNINFORMED,
        };
        let server = ResourceServer {
            name: name.clone(),
            audience: raw.audience,
            lifetime,
            algorithm: raw.algorithm.map_or(Algorithm::Es256, algorithm),
        };
        servers.put(server).map_err(|cause| {
            let member = match cause {
                BadResourceServer::Lifetime => "lifetime",
                BadResourceServer::AudienceOfDefault
                | BadResourceServer::NoAudience
                | BadResourceServer::Audience
                | BadResourceServer::Taken(_) => "audience",
            };
            origins.error(&key(member), cause)
        })?;
    }
    Ok(servers)
}

const fn algorithm(raw: RawAlgorithm) -> Algorithm {
    match raw {
        RawAlgorithm::Es256 => Algorithm::Es256,
        RawAlgorithm::Rs256 => Algorithm::Rs256,
        RawAlgorithm::EdDsa => Algorithm::EdDsa,
    }
}
