//! For which organization a token is tried: a list to choose from.

use std::collections::BTreeMap;

use keyfob_core::id::OrgId;

use crate::app::visit::Visit;
use crate::web::say;
use crate::web::security::options::Choice;

/// Most organizations below that are listed.
const BELOW_MAX: usize = 50;

/// An organization and what lies below it, as far as that is listed.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) choices: Vec<Choice>,
    /// That not all are listed.
    pub(crate) cut: Option<String>,
}

impl Places {
    /// For a token of the organization itself: without a choice it is for that.
    pub(crate) fn of_own(visit: &Visit) -> Self {
        let here = visit.here().map_or("", |listed| listed.org.name.as_str());
        Self::with(
            visit,
            Choice {
                value: String::new(),
                label: say::its_own(here),
                is_chosen: true,
            },
            None,
        )
    }

    /// For a token that may be of another organization.
    pub(crate) fn of_any(visit: &Visit, chosen: Option<OrgId>) -> Self {
        let first = Choice {
            value: String::new(),
            label: say::THE_TOKENS_OWN.to_owned(),
            is_chosen: chosen.is_none(),
        };
        let mut places = Self::with(visit, first, chosen);
        if let Some(here) = visit.here() {
            let here = Choice {
                value: here.org.id.to_string(),
                label: here.org.name.clone(),
                is_chosen: chosen == Some(here.org.id),
            };
            places.choices.insert(1, here);
        }
        places
    }

    fn with(visit: &Visit, first: Choice, chosen: Option<OrgId>) -> Self {
        let mut below = visit.below();
        // What is left out is what lies deepest.
        below.sort_by_cached_key(|listed| (listed.org.depth, listed.org.name.to_lowercase()));
        let here = visit.place.lineage.organization();
        let name = visit.here().map_or("", |listed| listed.org.name.as_str());
        // A parent comes before its children.
        let mut labels = BTreeMap::from([(here, name.to_owned())]);
        let mut choices = Vec::new();
        for listed in below.iter().take(BELOW_MAX) {
            let above = listed.org.parent.and_then(|parent| labels.get(&parent));
            let above = above.map_or("", String::as_str);
            let label = say::path_of(above, &listed.org.name);
            labels.insert(listed.org.id, label.clone());
            choices.push(Choice {
                value: listed.org.id.to_string(),
                label,
                is_chosen: chosen == Some(listed.org.id),
            });
        }
        // Behind each its own, as in a tree.
        choices.sort_by_cached_key(|choice| choice.label.to_lowercase());
        choices.insert(0, first);
        let all = visit.below_count();
        let is_cut = all > BELOW_MAX;
        Self {
            choices,
            cut: is_cut.then(|| say::first_listed(BELOW_MAX, all)),
        }
    }
}
