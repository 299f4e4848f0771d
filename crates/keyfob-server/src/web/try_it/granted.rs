//! A granted exchange in words: how long the access token lives, what it says, and why it may what it may.

use data_encoding::BASE64URL_NOPAD;
use keyfob_core::catalogue::{Catalogue, OWNER};
use keyfob_core::id::OrgId;
use keyfob_core::time::Timestamp;
use serde_json::{Map, Value};

use super::called;
use crate::app::exchange::Exchanged;
use crate::app::explain_exchange::{Explanation, Held, Rested, Source};
use crate::app::visit::Visit;
use crate::http::problem::Problem;
use crate::web::visitor::Member;
use crate::web::{say, when};

/// The claims in the order in which they are shown.
const ORDER: [&str; 17] = [
    "iss",
    "aud",
    "sub",
    "currentOrganizationId",
    "rootOrganizationId",
    "pid",
    "roles",
    "entitlements",
    "scope",
    "iat",
    "exp",
    "auth_time",
    "email",
    "email_verified",
    "name",
    "client_id",
    "ep",
];

/// An access token, as far as it is shown: never itself.
#[derive(Debug)]
pub(super) struct Granted {
    /// For which organization, in a sentence.
    pub(super) sentence: String,
    /// Its life in seconds.
    pub(super) expires_in: i64,
    /// The same in words.
    pub(super) left: String,
    pub(super) claims: Vec<Claim>,
    /// With what it is signed.
    pub(super) algorithm: String,
    pub(super) key: String,
    /// Where its permissions come from; only for the token's owner.
    pub(super) why: Option<Why>,
}

/// A claim, and what its id is called.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) beside: Option<String>,
}

/// Where permissions come from.
#[derive(Debug)]
pub(super) struct Why {
    pub(super) lead: String,
    /// How many of how many.
    pub(super) count: String,
    pub(super) rows: Vec<Row>,
    pub(super) kept_out: Vec<Row>,
}

/// A permission.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) permission: String,
    /// Roles, each with where it is held.
    pub(super) sources: Vec<(String, String)>,
}

impl Granted {
    pub(super) fn new(
        visit: &Visit,
        member: &Member,
        exchanged: &Exchanged,
        explanation: Option<Explanation>,
    ) -> Result<Self, Problem> {
        let header = part(&exchanged.access_token, 0)?;
        let claims = part(&exchanged.access_token, 1)?;
        let text = |map: &Map<String, Value>, name: &str| map.get(name).map(shown);
        let target = text(&claims, "currentOrganizationId").and_then(|id| id.parse().ok());
        let place = target.map_or_else(String::new, |target| called(visit, target));
        let names = Names {
            visit,
            member,
            pat: explanation.as_ref().map(|it| it.pat.name.as_str()),
        };
        Ok(Self {
            sentence: say::token_for(&place),
            expires_in: exchanged.expires_in,
            left: say::life_left(exchanged.expires_in),
            claims: names.claims(&claims),
            algorithm: text(&header, "alg").unwrap_or_default(),
            key: text(&header, "kid").unwrap_or_default(),
            why: explanation.and_then(|it| why(visit, target, it.rested)),
        })
    }
}

/// A part of a token that was just signed here: its header or its claims.
fn part(token: &str, place: usize) -> Result<Map<String, Value>, Problem> {
    let part = token.split('.').nth(place).unwrap_or_default();
    let json = BASE64URL_NOPAD.decode(part.as_bytes());
    serde_json::from_slice(&json.map_err(Problem::internal)?).map_err(Problem::internal)
}

/// A value without the marks of JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members = members.iter();
            let told = members.map(|(name, value)| format!("{name} {}", shown(value)));
            told.collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// What ids are called, to this reader.
struct Names<'a> {
    visit: &'a Visit,
    member: &'a Member,
    /// The token's name, when it is theirs.
    pat: Option<&'a str>,
}

impl Names<'_> {
    fn claims(&self, claims: &Map<String, Value>) -> Vec<Claim> {
        let known = ORDER.into_iter().filter(|name| claims.contains_key(*name));
        let others = claims.keys().map(String::as_str);
        let others = others.filter(|name| !ORDER.contains(name));
        let with_value = known
            .chain(others)
            .filter_map(|name| claims.get_key_value(name));
        with_value
            .map(|(name, value)| Claim {
                name: name.clone(),
                value: shown(value),
                beside: self.beside(name, value),
            })
            .collect()
    }

    fn beside(&self, name: &str, value: &Value) -> Option<String> {
        match name {
            "iat" | "exp" | "auth_time" => {
                let millis = value.as_i64()?.checked_mul(1_000)?;
                Some(when::second(Timestamp::from_millis(millis)))
            }
            "currentOrganizationId" | "rootOrganizationId" => {
                let id: OrgId = value.as_str()?.parse().ok()?;
                Some(self.visit.seen(id)?.org.name.clone())
            }
            "sub" => {
                let user = &self.member.who.user;
                let is_theirs = value.as_str()? == user.id.to_string();
                is_theirs.then(|| user.full_name.clone())
            }
            "pid" => self.pat.map(str::to_owned),
            _other => None,
        }
    }
}

fn why(visit: &Visit, target: Option<OrgId>, rested: Rested) -> Option<Why> {
    let (Rested::Granted { held, kept_out }, Some(target)) = (rested, target) else {
        return None;
    };
    let (may, all) = (held.0.len(), held.0.len() + kept_out.0.len());
    let rows = |Held(held): Held| {
        let told = |source: &Source| {
            let role = role(&visit.loaded.catalogue, &source.role);
            let place = called(visit, source.organization);
            if source.organization == target {
                (role, say::member_of(&place))
            } else {
                (role, say::inherited_from(&place))
            }
        };
        let row = |(permission, sources): (String, Vec<Source>)| Row {
            permission,
            sources: sources.iter().map(told).collect(),
        };
        held.into_iter().map(row).collect()
    };
    Some(Why {
        lead: say::why_lead(&called(visit, target)),
        count: say::some_of(may, all),
        rows: rows(held),
        kept_out: rows(kept_out),
    })
}

/// What a role is called.
fn role(catalogue: &Catalogue, key: &str) -> String {
    if key == OWNER {
        return say::OWNER.to_owned();
    }
    let modules = catalogue.modules().iter();
    let mut roles =
        modules.flat_map(|module| module.levels.iter().map(move |level| (module, *level)));
    let found = roles.find(|(module, level)| {
        let rest = key.strip_prefix(level.word());
        rest.and_then(|rest| rest.strip_prefix('-')) == Some(module.key.as_str())
    });
    found.map_or_else(
        || key.to_owned(),
        |(module, level)| say::role(level, &module.title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_without_the_marks_of_json() {
        let value: Value = serde_json::from_str(r#"{"a":["x","y"],"b":true,"c":3}"#).expect("JSON");
        assert_eq!(shown(&value), "a x, y, b true, c 3");
    }

    #[test]
    fn a_role_is_called_by_its_level_and_module() {
        let catalogue = crate::roles_file::read(crate::roles_file::FIRST, 1).expect("a catalogue");
        assert_eq!(role(&catalogue, "owner"), "Owner");
        assert_eq!(
            role(&catalogue, "external-operate-store"),
            "Operate Enterprise App Store, external"
        );
        assert_eq!(role(&catalogue, "manage-gone"), "manage-gone");
    }
}
