//! The operator's policy within its bounds.

use std::time::Duration;

use keyfob_core::policy::{ExpiryPolicy, Policy};

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::{RawPolicy, RawResourceServers};
use super::time;

const LIFETIME: &str = "resource_server.default.lifetime";

pub(super) fn of(
    raw: &RawPolicy,
    servers: &RawResourceServers,
    origins: &Origins,
) -> Result<Policy, ConfigError> {
    let time = |key: &str, text: &str| -> Result<Duration, ConfigError> {
        time::parse(text).map_err(|cause| origins.error(key, cause))
    };
    let optional =
        |key: &str, text: &Option<String>| text.as_ref().map(|text| time(key, text)).transpose();
    let policy = Policy {
        pat_limit: raw.pat_limit.0,
        pat_expiry: ExpiryPolicy {
            default: optional("policy.pat_expiry_default", &raw.pat_expiry_default)?,
            max: optional("policy.pat_expiry_max", &raw.pat_expiry_max)?,
            required: raw.pat_expiry_required.0,
        },
        reauthentication: time("policy.reauthentication", &raw.reauthentication)?,
        session_idle: time("policy.session_idle", &raw.session_idle)?,
        session_max: time("policy.session_max", &raw.session_max)?,
        access_token: time(LIFETIME, &servers.default.lifetime)?,
        exchange_failures: raw.exchange_failures.0,
        sign_in_failures: raw.sign_in_failures.0,
    };
    policy.checked().map_err(|outside| {
        // The one knob that the rules call otherwise than the file does.
        let key = if outside.knob == "policy.access_token" {
            LIFETIME
        } else {
            outside.knob
        };
        origins.error(key, format!("must be {}", outside.bounds))
    })
}
