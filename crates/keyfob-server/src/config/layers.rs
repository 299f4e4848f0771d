//! Four layers, the later over the earlier: defaults, file, environment, command line.
//!
//! For every value it is kept where it came from, so that an error can say so.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::error::{ConfigError, Origin};
use super::raw::RawConfig;
use crate::document::{Fault, Node};

/// What the environment variables of the configuration begin with.
const VARIABLE_PREFIX: &str = "KEYFOB__";

/// The layers so far.
pub(crate) struct Layers {
    merged: Node,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// Begins with the compiled-in defaults.
    pub(crate) fn defaults() -> Result<Self, ConfigError> {
        let mut layers = Self {
            merged: Node::Members(BTreeMap::new()),
            origins: BTreeMap::new(),
        };
        let defaults = Node::from_toml(super::DEFAULTS);
        let defaults = defaults.map_err(|cause| ConfigError::new(cause.to_string()))?;
        layers.put(defaults, &Origin::Default);
        Ok(layers)
    }

    /// Lays a file over them.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|cause| {
            ConfigError::new(format!(
                "the configuration file {shown} cannot be read: {cause}"
            ))
        })?;
        let node = Node::from_toml(&text).map_err(|cause| {
            ConfigError::new(format!(
                "the configuration file {shown} is no TOML: {cause}"
            ))
        })?;
        self.put(node, &Origin::File(path.to_owned()));
        Ok(())
    }

    /// Lays those environment variables over them whose names begin with `KEYFOB__`: behind that, names
    /// of sections and keys with two underscores between, in upper case.
    pub(crate) fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(key) = name.strip_prefix(VARIABLE_PREFIX) else {
                continue;
            };
            let value = value.into_string().map_err(|_not_text| {
                ConfigError::new(format!(
                    "the environment variable {name} is not valid UTF-8"
                ))
            })?;
            let key = key.to_ascii_lowercase();
            let node = key.rsplit("__").fold(Node::Text(value), |inner, step| {
                Node::Members(BTreeMap::from([(step.to_owned(), inner)]))
            });
            self.put(node, &Origin::Variable(name.to_owned()));
        }
        Ok(())
    }

    /// Lays one flag of the command line over them.
    pub(crate) fn flag(&mut self, flag: &'static str, key: &str, value: String) {
        let node = key.rsplit('.').fold(Node::Text(value), |inner, step| {
            Node::Members(BTreeMap::from([(step.to_owned(), inner)]))
        });
        self.put(node, &Origin::Flag(flag));
    }

    /// The configuration as written, and where each key came from.
    pub(crate) fn read(self) -> Result<(RawConfig, Origins), ConfigError> {
        let origins = Origins(self.origins);
        let read = self.merged.read();
        let raw = read.map_err(|fault: Fault| {
            let path = fault.path();
            let key = if path.is_empty() { "a key" } else { &path };
            ConfigError::of(key, origins.of(&path), fault.kind())
        })?;
        Ok((raw, origins))
    }

    fn put(&mut self, node: Node, origin: &Origin) {
        lay(&mut self.merged, node, "", &mut |path| {
            self.origins.insert(path.to_owned(), origin.clone());
        });
    }
}

/// Lays one tree over another; `noted` hears of every leaf.
fn lay(under: &mut Node, over: Node, path: &str, noted: &mut impl FnMut(&str)) {
    match (under, over) {
        (Node::Members(under), Node::Members(over)) => {
            for (name, node) in over {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                // An empty table, so that what is inside is noted leaf by leaf.
                let fresh = match node {
                    Node::Members(_) => Node::Members(BTreeMap::new()),
                    Node::Nothing
                    | Node::Bool(_)
                    | Node::Integer(_)
                    | Node::Natural(_)
                    | Node::Real(_)
                    | Node::Text(_)
                    | Node::List(_) => Node::Nothing,
                };
                let place = under.entry(name).or_insert(fresh);
                lay(place, node, &path, noted);
            }
        }
        (under, over) => {
            noted(path);
            *under = over;
        }
    }
}

/// Where each key came from.
#[derive(Debug)]
pub(crate) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Where a key came from; of a section what came first in it, and of a key that is missing where
    /// its section came from.
    pub(crate) fn of(&self, key: &str) -> &Origin {
        let exact = self.0.get(key);
        let section = key.rsplit_once('.').map_or(key, |(section, _key)| section);
        let found = exact
            .or_else(|| self.inside(key))
            .or_else(|| self.inside(section));
        found.unwrap_or(&Origin::Default)
    }

    fn inside(&self, section: &str) -> Option<&Origin> {
        let inside = |path: &str| {
            path.strip_prefix(section)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let mut all = self.0.iter();
        all.find(|(path, _origin)| inside(path))
            .map(|(_path, origin)| origin)
    }

    /// Whether nobody set a key.
    pub(crate) fn is_default(&self, key: &str) -> bool {
        *self.of(key) == Origin::Default
    }

    /// An error about one key.
    pub(crate) fn error(&self, key: &str, what: impl std::fmt::Display) -> ConfigError {
        ConfigError::of(key, self.of(key), what)
    }
}
