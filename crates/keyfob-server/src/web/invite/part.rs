//! The part of the form that is about one organization.

use keyfob_core::catalogue::{Catalogue, Level, Module, OWNER};
use keyfob_core::id::OrgId;
use keyfob_core::manage::Manager;
use keyfob_core::member::Roles;

use crate::app::authority::Authority;
use crate::http::problem::{Code, Problem};
use crate::web::form::Form;
use crate::web::frame::initials;
use crate::web::say;
use crate::web::security::options::Choice;

/// What somebody gets of every module, or that it is chosen module by module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    View,
    Operate,
    Manage,
    Owner,
    ByModule,
}

impl Preset {
    const ALL: [Self; 5] = [
        Self::View,
        Self::Operate,
        Self::Manage,
        Self::Owner,
        Self::ByModule,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Operate => "operate",
            Self::Manage => "manage",
            Self::Owner => "owner",
            Self::ByModule => "some",
        }
    }

    /// The level that it gives of a module; none for one whose levels are all above it.
    fn level(self, module: &Module) -> Option<Level> {
        let most = match self {
            Self::View => Level::View,
            Self::Operate => Level::Operate,
            Self::Manage => Level::Manage,
            Self::Owner | Self::ByModule => return None,
        };
        // The strongest comes first; an operator looks at what cannot be operated.
        let mut levels = module.levels.iter().copied();
        levels.find(|level| *level >= most)
    }

    fn roles(self, catalogue: &Catalogue) -> Vec<String> {
        if self == Self::Owner {
            return vec![OWNER.to_owned()];
        }
        let modules = catalogue.modules().iter();
        modules
            .filter_map(|module| Some(key(self.level(module)?, module)))
            .collect()
    }
}

fn key(level: Level, module: &Module) -> String {
    format!("{}-{}", level.word(), module.key)
}

/// What is wanted at an organization.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Where.
    pub(super) organization: OrgId,
    preset: Preset,
    /// Chosen module by module.
    chosen: Vec<String>,
}

impl Wanted {
    /// The least, for the beginning.
    pub(super) fn at(organization: OrgId) -> Self {
        Self {
            organization,
            preset: Preset::View,
            chosen: Vec::new(),
        }
    }

    /// What the form says.
    pub(super) fn read(form: &Form, organization: OrgId) -> Result<Self, Problem> {
        let word = form.text(&format!("preset-{organization}"));
        let preset = match word {
            None => Preset::View,
            Some(word) => {
                let mut all = Preset::ALL.into_iter();
                let named = all.find(|preset| preset.word() == word);
                named.ok_or(Code::InvalidRequest)?
            }
        };
        let field = format!("role-{organization}");
        let chosen = form.all(&field).map(str::to_owned);
        Ok(Self {
            organization,
            preset,
            chosen: chosen.collect(),
        })
    }

    /// The same as fields of a form.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let at = self.organization;
        let mut fields = vec![
            ("organization".to_owned(), at.to_string()),
            (format!("preset-{at}"), self.preset.word().to_owned()),
        ];
        let chosen = self.chosen.iter();
        fields.extend(chosen.map(|role| (format!("role-{at}"), role.clone())));
        fields
    }

    /// The roles.
    pub(super) fn roles(&self, catalogue: &Catalogue) -> Result<Roles, Problem> {
        let keys = match self.preset {
            Preset::ByModule => self.chosen.clone(),
            preset @ (Preset::View | Preset::Operate | Preset::Manage | Preset::Owner) => {
                preset.roles(catalogue)
            }
        };
        let roles = Roles::new(keys.iter().map(String::as_str));
        roles.map_err(|bad| Problem::new(Code::InvalidRequest, bad.to_string()))
    }
}

/// A level for everything.
pub(super) struct PresetChoice {
    pub(super) value: &'static str,
    pub(super) title: &'static str,
    pub(super) more: &'static str,
    pub(super) is_chosen: bool,
}

/// A module and its levels.
pub(super) struct ModuleChoice {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) choices: Vec<Choice>,
}

/// One organization, as the page shows it.
pub(super) struct Part {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) presets: Vec<PresetChoice>,
    pub(super) modules: Vec<ModuleChoice>,
    pub(super) can_be_left_out: bool,
}

impl Part {
    pub(super) fn new(wanted: &Wanted, name: &str, inviter: &Authority) -> Self {
        let catalogue = &inviter.loaded.catalogue;
        let manager = inviter.manager();
        let may = |preset: &Preset| {
            let roles = preset.roles(catalogue);
            let grants = roles.iter().all(|role| manager.may_grant(role));
            grants && (*preset != Preset::Owner || manager.is_owner())
        };
        let presets: Vec<Preset> = Preset::ALL.into_iter().filter(may).collect();
        // Who may not grant the chosen one chooses module by module.
        let chosen = if presets.contains(&wanted.preset) {
            wanted.preset
        } else {
            Preset::ByModule
        };
        let modules = catalogue.modules().iter();
        Self {
            id: wanted.organization.to_string(),
            name: name.to_owned(),
            initials: initials(name),
            presets: presets
                .into_iter()
                .map(|preset| PresetChoice {
                    value: preset.word(),
                    title: title(preset),
                    more: more(preset),
                    is_chosen: preset == chosen,
                })
                .collect(),
            modules: modules
                .map(|module| choices(module, wanted, &manager))
                .collect(),
            can_be_left_out: false,
        }
    }
}

fn choices(module: &Module, wanted: &Wanted, manager: &Manager<'_>) -> ModuleChoice {
    let mut choices = vec![Choice {
        value: String::new(),
        label: say::NONE.to_owned(),
        is_chosen: false,
    }];
    for level in module.levels.iter().rev() {
        let value = key(*level, module);
        if manager.may_grant(&value) {
            choices.push(Choice {
                is_chosen: wanted.chosen.contains(&value),
                label: say::level(*level).to_owned(),
                value,
            });
        }
    }
    ModuleChoice {
        key: module.key.clone(),
        title: module.title.clone(),
        choices,
    }
}

const fn title(preset: Preset) -> &'static str {
    match preset {
        Preset::View => say::PRESET_VIEW,
        Preset::Operate => say::PRESET_OPERATE,
        Preset::Manage => say::PRESET_MANAGE,
        Preset::Owner => say::OWNER,
        Preset::ByModule => say::PRESET_BY_MODULE,
    }
}

const fn more(preset: Preset) -> &'static str {
    match preset {
        Preset::View => say::PRESET_VIEW_MORE,
        Preset::Operate => say::PRESET_OPERATE_MORE,
        Preset::Manage => say::PRESET_MANAGE_MORE,
        Preset::Owner => say::OWNER_MORE,
        Preset::ByModule => say::PRESET_BY_MODULE_MORE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_gives_of_each_module_the_strongest_level_up_to_its_own() {
        let module = |key: &str, levels: &[Level]| Module {
            key: key.to_owned(),
            title: key.to_owned(),
            levels: levels.to_vec(),
        };
        let modules = vec![
            module("build", &[Level::Manage, Level::Operate, Level::View]),
            module("organization", &[Level::Manage, Level::View]),
            module("store", &[Level::View]),
            module("keys", &[Level::Manage]),
        ];
        let catalogue = Catalogue::new(1, modules).expect("a catalogue");
        let roles = |preset: Preset| preset.roles(&catalogue).join(" ");
        assert_eq!(
            roles(Preset::View),
            "view-build view-organization view-store"
        );
        assert_eq!(
            roles(Preset::Operate),
            "operate-build view-organization view-store"
        );
        assert_eq!(
            roles(Preset::Manage),
            "manage-build manage-organization view-store manage-keys"
        );
        assert_eq!(roles(Preset::Owner), "owner");
        assert_eq!(roles(Preset::ByModule), "");
    }
}
