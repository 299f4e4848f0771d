//! Roles by their titles, in the order of the catalogue.

use keyfob_core::catalogue::{Catalogue, OWNER};

use super::say;

/// Every role of a catalogue with its title: the owner first, then module by module, the strongest first.
fn all(catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut roles = vec![(OWNER.to_owned(), say::OWNER.to_owned())];
    for module in catalogue.modules() {
        for level in &module.levels {
            let key = format!("{}-{}", level.word(), module.key);
            roles.push((key, say::role(*level, &module.title)));
        }
    }
    roles
}

/// The titles of role keys. One that has left the catalogue comes last, by its key.
pub(super) fn titles<'k>(
    catalogue: &Catalogue,
    keys: impl Iterator<Item = &'k str>,
) -> Vec<String> {
    let mut keys: Vec<&str> = keys.collect();
    let mut titles = Vec::new();
    for (key, title) in all(catalogue) {
        if keys.contains(&key.as_str()) {
            titles.push(title);
            keys.retain(|held| *held != key);
        }
    }
    titles.extend(keys.into_iter().map(str::to_owned));
    titles
}

#[cfg(test)]
mod tests {
    use keyfob_core::catalogue::{Level, Module};

    use super::*;

    #[test]
    fn titles_go_in_the_order_of_the_catalogue_and_what_left_it_is_told_by_its_key() {
        let module = |key: &str, title: &str, levels: &[Level]| Module {
            key: key.to_owned(),
            title: title.to_owned(),
            levels: levels.to_vec(),
        };
        let modules = vec![
            module(
                "organization",
                "Organization",
                &[Level::Manage, Level::View],
            ),
            module("build", "Build", &[Level::View, Level::Operate]),
        ];
        let catalogue = Catalogue::new(1, modules).expect("a catalogue");
        let held = "manage-gone operate-build owner view-organization";
        assert_eq!(
            titles(&catalogue, held.split(' ')),
            ["Owner", "View organization", "Operate build", "manage-gone"]
        );
    }
}
