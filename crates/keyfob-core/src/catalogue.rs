//! The role catalogue: modules and their levels, and from them the permissions and what each role gives.
//!
//! A role key is `<level>-<module>`; it gives the permissions `<module>:<level>` of its level and of
//! the weaker ones that the module has. `owner` gives everything (contract 1).

use std::collections::BTreeMap;

use crate::permission::{PERMISSIONS_MAX, PermissionIndex, PermissionSet};

/// The role that gives every permission.
pub const OWNER: &str = "owner";
/// The role that lets its holder manage members, roles and sub-organizations.
pub const MANAGE_ORGANIZATION: &str = "manage-organization";
/// The permission behind [`MANAGE_ORGANIZATION`].
pub const ORGANIZATION_MANAGE: &str = "organization:manage";
/// The permission to see who belongs to an organization.
pub const ORGANIZATION_VIEW: &str = "organization:view";

/// How much a role of a module may do; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything in the module.
    Manage,
    /// Run things, without changing how they are set up.
    Operate,
    /// Run things for people outside.
    ExternalOperate,
    /// Look only.
    View,
}

impl Level {
    /// All levels, the strongest first.
    pub const ALL: [Self; 4] = [
        Self::Manage,
        Self::Operate,
        Self::ExternalOperate,
        Self::View,
    ];

    /// The word in role keys and permission names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manage => "manage",
            Self::Operate => "operate",
            Self::ExternalOperate => "external-operate",
            Self::View => "view",
        }
    }

    /// The level with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

/// A part of the product with its own roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// `[a-z][a-z0-9-]*`, at most 60 characters: the second half of role keys.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// The levels that it has, the strongest first.
    pub levels: Vec<Level>,
}

/// Why a list of modules is no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCatalogue {
    /// A module key is not `[a-z][a-z0-9-]*` of at most 60 characters.
    #[error(
        "\"{0}\" is no module key: it must be of a-z, 0-9 and -, begin with a letter, and have at most 60 characters"
    )]
    Key(String),
    /// Two modules have the same key.
    #[error("the module \"{0}\" comes twice")]
    Repeated(String),
    /// A module has no level.
    #[error("the module \"{0}\" has no level")]
    NoLevel(String),
    /// The same level comes twice in a module.
    #[error("the module \"{0}\" has a level twice")]
    LevelRepeated(String),
    /// Two modules and levels make the same role key.
    #[error("two modules make the same role \"{0}\"")]
    RoleRepeated(String),
    /// `manage` of the module `organization` is missing: nobody but owners could manage members.
    #[error("the module \"organization\" with the level \"manage\" is missing")]
    NoOrganizationModule,
    /// More permissions than a set can hold.
    #[error("a catalogue has at most {PERMISSIONS_MAX} permissions")]
    TooMany,
}

/// A catalogue of one version. It never changes: a change is a new version.
#[derive(Debug, Clone)]
pub struct Catalogue {
    version: i64,
    modules: Vec<Module>,
    names: Vec<String>,
    indexes: BTreeMap<String, PermissionIndex>,
    roles: BTreeMap<String, PermissionSet>,
}

impl Catalogue {
    /// Makes a catalogue of modules.
    ///
    /// # Errors
    /// [`BadCatalogue`] says which module is wrong.
    pub fn new(version: i64, modules: Vec<Module>) -> Result<Self, BadCatalogue> {
        let mut catalogue = Self {
            version,
            modules: Vec::new(),
            names: Vec::new(),
            indexes: BTreeMap::new(),
            roles: BTreeMap::from([(OWNER.to_owned(), PermissionSet::EMPTY)]),
        };
        for module in modules {
            catalogue.add(module)?;
        }
        if !catalogue.indexes.contains_key(ORGANIZATION_MANAGE) {
            return Err(BadCatalogue::NoOrganizationModule);
        }
        Ok(catalogue)
    }

    fn add(&mut self, mut module: Module) -> Result<(), BadCatalogue> {
        if !is_key(&module.key) {
            return Err(BadCatalogue::Key(module.key));
        }
        if self.modules.iter().any(|other| other.key == module.key) {
            return Err(BadCatalogue::Repeated(module.key));
        }
        if module.levels.is_empty() {
            return Err(BadCatalogue::NoLevel(module.key));
        }
        module.levels.sort_unstable();
        let given = module.levels.len();
        module.levels.dedup();
        if module.levels.len() != given {
            return Err(BadCatalogue::LevelRepeated(module.key));
        }
        // Weakest first: each role gives what the weaker ones give, and one permission more.
        let mut gives = PermissionSet::EMPTY;
        for level in module.levels.iter().rev() {
            let permission = format!("{}:{}", module.key, level.word());
            let index = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
            if self.names.len() >= PERMISSIONS_MAX {
                return Err(BadCatalogue::TooMany);
            }
            gives.insert(PermissionIndex(index));
            self.names.push(permission.clone());
            self.indexes.insert(permission, PermissionIndex(index));
            let role = format!("{}-{}", level.word(), module.key);
            if self.roles.contains_key(&role) {
                return Err(BadCatalogue::RoleRepeated(role));
            }
            self.roles.insert(role, gives);
        }
        if let Some(everything) = self.roles.get_mut(OWNER) {
            *everything = everything.union(gives);
        }
        self.modules.push(module);
        Ok(())
    }

    /// Its version: 1 for the first, then rising.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Its modules, in the order given.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// What a role gives; none for a role it does not know.
    pub fn role(&self, key: &str) -> Option<PermissionSet> {
        self.roles.get(key).copied()
    }

    /// Every role with what it gives, by key.
    pub fn roles(&self) -> impl Iterator<Item = (&str, PermissionSet)> {
        self.roles.iter().map(|(key, gives)| (key.as_str(), *gives))
    }

    /// Every permission there is.
    pub fn everything(&self) -> PermissionSet {
        self.role(OWNER).unwrap_or_default()
    }

    /// The number of a permission; none for a name it does not know.
    pub fn permission(&self, name: &str) -> Option<PermissionIndex> {
        self.indexes.get(name).copied()
    }

    /// Whether a set holds the permission of that name.
    pub fn holds(&self, set: &PermissionSet, name: &str) -> bool {
        self.permission(name)
            .is_some_and(|index| set.contains(index))
    }

    /// The names of the permissions in a set, sorted.
    pub fn names(&self, set: PermissionSet) -> Vec<&str> {
        let inside = self
            .indexes
            .iter()
            .filter(|(_name, index)| set.contains(**index));
        // All the room at once: every exchange asks, mostly for dozens.
        let mut names = Vec::with_capacity(self.indexes.len());
        names.extend(inside.map(|(name, _index)| name.as_str()));
        names
    }

    /// The set of those names that it knows; a name that has left the catalogue gives nothing.
    pub fn set_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> PermissionSet {
        let mut set = PermissionSet::EMPTY;
        for index in names.filter_map(|name| self.permission(name)) {
            set.insert(index);
        }
        set
    }
}

fn is_key(key: &str) -> bool {
    key.len() <= 60
        && key.starts_with(|first: char| first.is_ascii_lowercase())
        && key
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(key: &str, levels: &[Level]) -> Module {
        Module {
            key: key.to_owned(),
            title: key.to_owned(),
            levels: levels.to_vec(),
        }
    }

    fn small() -> Vec<Module> {
        vec![
            module("organization", &[Level::Manage, Level::View]),
            module(
                "store",
                &[Level::View, Level::Operate, Level::ExternalOperate],
            ),
        ]
    }

    #[test]
    fn a_role_gives_its_level_and_the_weaker_ones_of_its_module() {
        let catalogue = Catalogue::new(1, small()).expect("a catalogue");
        let names = |role| catalogue.names(catalogue.role(role).expect("a role"));
        assert_eq!(
            names("operate-store"),
            ["store:external-operate", "store:operate", "store:view"]
        );
        assert_eq!(
            names("external-operate-store"),
            ["store:external-operate", "store:view"]
        );
        assert_eq!(names("view-store"), ["store:view"]);
        assert_eq!(names("owner").len(), 5);
        assert_eq!(catalogue.role("manage-store"), None);
    }

    #[test]
    fn a_name_that_is_not_in_the_catalogue_gives_nothing() {
        let catalogue = Catalogue::new(1, small()).expect("a catalogue");
        let set = catalogue.set_of(["store:view", "gone:view"].into_iter());
        assert_eq!(catalogue.names(set), ["store:view"]);
    }

    #[test]
    fn wrong_catalogues_are_refused_with_the_module_at_fault() {
        let with = |extra: Module| {
            let mut modules = small();
            modules.push(extra);
            Catalogue::new(1, modules).map(|_| ()).expect_err("refused")
        };
        assert_eq!(
            with(module("Store", &[Level::View])),
            BadCatalogue::Key("Store".to_owned())
        );
        assert_eq!(
            with(module("store", &[Level::View])),
            BadCatalogue::Repeated("store".to_owned())
        );
        assert_eq!(
            with(module("build", &[])),
            BadCatalogue::NoLevel("build".to_owned())
        );
        assert_eq!(
            with(module("build", &[Level::View, Level::View])),
            BadCatalogue::LevelRepeated("build".to_owned())
        );
        assert_eq!(
            Catalogue::new(1, vec![module("build", &[Level::Manage])]).map(|_| ()),
            Err(BadCatalogue::NoOrganizationModule)
        );
        let many = (0..300)
            .map(|n| module(&format!("m{n}"), &Level::ALL))
            .collect();
        assert_eq!(
            Catalogue::new(1, many).map(|_| ()),
            Err(BadCatalogue::TooMany)
        );
    }
}
