//! The text form of a role catalogue: what `keyfobd roles apply` reads, `roles show` prints, and the
//! database keeps.

use keyfob_core::catalogue::{BadCatalogue, Catalogue, Level, Module};
use serde::{Deserialize, Serialize};

/// The catalogue that a new database begins with.
pub const FIRST: &str = include_str!("roles.default.toml");

/// Why a text is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum BadRolesFile {
    /// Not TOML, or a key that is not known.
    #[error("not a role catalogue: {0}")]
    Form(#[from] toml::de::Error),
    /// A level that there is not.
    #[error(
        "the module \"{module}\" has the level \"{level}\": levels are manage, operate, external-operate and view"
    )]
    Level {
        /// The module's key.
        module: String,
        /// The unknown word.
        level: String,
    },
    /// The modules make no catalogue.
    #[error(transparent)]
    Catalogue(#[from] BadCatalogue),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    module: Vec<FileModule>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileModule {
    key: String,
    title: String,
    levels: Vec<String>,
}

/// Reads a catalogue; the version is the database's.
pub fn read(text: &str, version: i64) -> Result<Catalogue, BadRolesFile> {
    let file: File = toml::from_str(text)?;
    let mut modules = Vec::new();
    for module in file.module {
        let mut levels = Vec::new();
        for level in module.levels {
            let known = Level::from_word(&level);
            levels.push(known.ok_or_else(|| BadRolesFile::Level {
                module: module.key.clone(),
                level,
            })?);
        }
        modules.push(Module {
            key: module.key,
            title: module.title,
            levels,
        });
    }
    Ok(Catalogue::new(version, modules)?)
}

/// Prints a catalogue in the form it is read in.
pub fn print(catalogue: &Catalogue) -> Result<String, toml::ser::Error> {
    let module = |module: &Module| FileModule {
        key: module.key.clone(),
        title: module.title.clone(),
        levels: module
            .levels
            .iter()
            .map(|level| level.word().to_owned())
            .collect(),
    };
    toml::to_string(&File {
        module: catalogue.modules().iter().map(module).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_catalogue_is_the_contracts() {
        let catalogue = read(FIRST, 1).expect("a catalogue");
        assert_eq!(catalogue.modules().len(), 13);
        assert_eq!(catalogue.everything().len(), 35);
        let gives = |role| {
            catalogue
                .role(role)
                .map(|set| catalogue.names(set).join(" "))
        };
        assert_eq!(gives("manage-billing").as_deref(), Some("billing:manage"));
        assert_eq!(
            gives("operate-publish-ios").as_deref(),
            Some("publish-ios:external-operate publish-ios:operate publish-ios:view")
        );
        assert_eq!(gives("operate-signing"), None);
    }

    #[test]
    fn a_printed_catalogue_is_read_back() {
        let catalogue = read(FIRST, 1).expect("a catalogue");
        let again = read(&print(&catalogue).expect("printed"), 1).expect("read");
        assert_eq!(again.modules(), catalogue.modules());
    }

    #[test]
    fn wrong_files_are_refused_with_the_place() {
        let wrong = |text: &str| read(text, 1).map(|_| ()).expect_err("refused").to_string();
        assert!(wrong("module = 3").contains("not a role catalogue"));
        assert!(
            wrong("[[module]]\nkey='a'\ntitle='A'\nlevels=['view']\ncolour='red'")
                .contains("colour")
        );
        assert!(wrong("[[module]]\nkey='a'\ntitle='A'\nlevels=['admin']").contains("\"admin\""));
    }
}
