//! The filters of *All tokens*, as they stand in the form and in the address.

use std::time::Duration;

use keyfob_core::id::{OrgId, PatId};
use keyfob_core::time::Timestamp;

use crate::app::manage_tokens::{Alive, Expiry, Filter, Used};
use crate::web::query::{Query, address};
use crate::web::say;
use crate::web::security::options::Choice;

const DAY: Duration = Duration::from_hours(24);

/// What somebody looks for. A word that is not known filters nothing.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub(super) text: String,
    /// One below; none: the organization itself and all below.
    pub(super) organization: Option<OrgId>,
    used: String,
    expiry: String,
    reach: String,
    state: String,
}

/// Word in the address and label.
type Words = [(&'static str, &'static str)];

const USES: &Words = &[
    ("", say::ANY),
    ("unused", say::UNUSED_90_DAYS),
    ("never", say::NEVER_USED),
];
const EXPIRIES: &Words = &[
    ("", say::ANY),
    ("none", say::WITHOUT_EXPIRY),
    ("soon", say::WITHIN_7_DAYS),
];
const REACHES: &Words = &[("", say::ANY), ("subtree", say::REACH_SUBTREE)];
const STATES: &Words = &[
    ("", say::WORKING),
    ("revoked", say::REVOKED),
    ("expired", say::EXPIRED),
    ("all", say::ALL),
];

fn known(words: &Words, word: Option<&str>) -> String {
    let word = word.unwrap_or_default();
    let mut words = words.iter();
    let known = words.find(|(each, _label)| *each == word);
    known.map_or(String::new(), |(word, _label)| (*word).to_owned())
}

fn choices(words: &Words, chosen: &str) -> Vec<Choice> {
    let choices = words.iter().map(|(word, label)| Choice {
        value: (*word).to_owned(),
        label: (*label).to_owned(),
        is_chosen: *word == chosen,
    });
    choices.collect()
}

impl Filters {
    pub(super) fn of(query: &Query) -> Self {
        Self {
            text: query.text("q").unwrap_or_default().to_owned(),
            organization: query.text("organization").and_then(|id| id.parse().ok()),
            used: known(USES, query.text("use")),
            expiry: known(EXPIRIES, query.text("expiry")),
            reach: known(REACHES, query.text("reach")),
            state: known(STATES, query.text("state")),
        }
    }

    /// For the use case.
    pub(super) fn filter(&self, now: Timestamp) -> Filter {
        Filter {
            subtree: true,
            alive: match self.state.as_str() {
                "revoked" => Alive::Revoked,
                "expired" => Alive::Expired,
                "all" => Alive::Any,
                _working => Alive::Live,
            },
            used: match self.used.as_str() {
                "unused" => Used::NotSince(now.minus(90 * DAY)),
                "never" => Used::Never,
                _any => Used::Any,
            },
            expiry: match self.expiry.as_str() {
                "none" => Expiry::None,
                "soon" => Expiry::Before(now.plus(7 * DAY)),
                _any => Expiry::Any,
            },
            whole_subtree: self.reach == "subtree",
            text: (!self.text.is_empty()).then(|| self.text.clone()),
            holder: None,
        }
    }

    /// Whether anything is left out.
    pub(super) fn are_there(&self) -> bool {
        self.organization.is_some()
            || [
                &self.text,
                &self.used,
                &self.expiry,
                &self.reach,
                &self.state,
            ]
            .iter()
            .any(|word| !word.is_empty())
    }

    /// The address of a page of what is looked for.
    pub(super) fn address(&self, path: &str, after: Option<PatId>) -> String {
        let organization = self
            .organization
            .map_or_else(String::new, |id| id.to_string());
        let after = after.map_or_else(String::new, |id| id.to_string());
        let fields = [
            ("q", &*self.text),
            ("organization", &*organization),
            ("use", &*self.used),
            ("expiry", &*self.expiry),
            ("reach", &*self.reach),
            ("state", &*self.state),
            ("after", &*after),
        ];
        address(path, &fields)
    }

    pub(super) fn uses(&self) -> Vec<Choice> {
        choices(USES, &self.used)
    }

    pub(super) fn expiries(&self) -> Vec<Choice> {
        choices(EXPIRIES, &self.expiry)
    }

    pub(super) fn reaches(&self) -> Vec<Choice> {
        choices(REACHES, &self.reach)
    }

    pub(super) fn states(&self) -> Vec<Choice> {
        choices(STATES, &self.state)
    }
}
