//! What operators call the dashboard, and how it looks as theirs.

use std::fs;

use super::error::ConfigError;
use super::layers::Origins;
use super::raw::RawDashboard;
use crate::brand::{Accent, Brand, Logo};

impl Brand {
    /// What was written, read; the logo's file, too.
    pub(super) fn of(raw: &RawDashboard, origins: &Origins) -> Result<Self, ConfigError> {
        let name = Self::name(&raw.name);
        let accent = raw.accent.as_deref().map(Accent::parse).transpose();
        Ok(Self {
            name: name.map_err(|cause| origins.error("dashboard.name", cause))?,
            accent: accent.map_err(|cause| origins.error("dashboard.accent", cause))?,
            logo: match &raw.logo_file {
                Some(path) => Some(logo(path, origins)?),
                None => None,
            },
        })
    }
}

fn logo(path: &str, origins: &Origins) -> Result<Logo, ConfigError> {
    let key = "dashboard.logo_file";
    let bytes = fs::read(path);
    let bytes =
        bytes.map_err(|cause| origins.error(key, format!("{path} cannot be read: {cause}")));
    Logo::read(&bytes?).map_err(|cause| origins.error(key, cause))
}
