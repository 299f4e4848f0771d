//! The operator's policy within its bounds.

use std::time::Duration;

use keyfob_core::policy::{ExpiryPolicy, Policy, RootCreation};

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::{RawPolicy, RawRootOrganizations};
use super::time;

/// What stands for no time at all.
const NEVER: &str = "never";

pub(super) fn of(raw: &RawPolicy, origins: &Origins) -> Result<Policy, ConfigError> {
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
        pat_rotation_overlap: time("policy.pat_rotation_overlap", &raw.pat_rotation_overlap)?,
        pat_rotation_overlap_max: time(
            "policy.pat_rotation_overlap_max",
            &raw.pat_rotation_overlap_max,
        )?,
        reauthentication: time("policy.reauthentication", &raw.reauthentication)?,
        session_idle: time("policy.session_idle", &raw.session_idle)?,
        session_max: time("policy.session_max", &raw.session_max)?,
        key_rotation: match raw.key_rotation.as_str() {
            NEVER => None,
            text => Some(time("policy.key_rotation", text)?),
        },
        root_creation: match raw.root_organizations {
            RawRootOrganizations::Operators => RootCreation::Operators,
            RawRootOrganizations::Anyone => RootCreation::Anyone,
        },
        exchange_failures: raw.exchange_failures.0,
        sign_in_failures: raw.sign_in_failures.0,
    };
    policy
        .checked()
        .map_err(|outside| origins.error(outside.knob, format!("must be {}", outside.bounds)))
}
