//! The role catalogue in its text form (contract 1).

use keyfob_core::catalogue::{Catalogue, OWNER};
use keyfob_core::permission::PERMISSIONS_MAX;
use keyfob_server::roles_file::{print, read};

/// A catalogue is printed as it is read, and its roles give what their names say.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(catalogue) = read(&text, 1) else {
        return;
    };
    let printed = print(&catalogue).expect("a catalogue is printed");
    let again = read(&printed, 1).expect("what is printed is read");
    assert_eq!(again.modules(), catalogue.modules());
    let all = catalogue.names(catalogue.everything());
    assert!((1..=PERMISSIONS_MAX).contains(&all.len()));
    for (role, gives) in catalogue.roles() {
        if role != OWNER {
            assert_eq!(catalogue.names(gives), expected(&catalogue, role), "{role}");
        }
    }
    let levels = catalogue.modules().iter().map(|module| module.levels.len());
    assert_eq!(levels.sum::<usize>(), all.len());
}

/// The permissions of a role's level and of the weaker ones that its module has.
fn expected(catalogue: &Catalogue, role: &str) -> Vec<String> {
    let of_it = |level: &str, module: &str| role == format!("{level}-{module}");
    let mut names = Vec::new();
    for module in catalogue.modules() {
        let own = module
            .levels
            .iter()
            .position(|level| of_it(level.word(), &module.key));
        let given = own.map_or(&[][..], |own| &module.levels[own..]);
        names.extend(given.iter().map(|it| format!("{}:{}", module.key, it.word())));
    }
    names.sort_unstable();
    names
}
