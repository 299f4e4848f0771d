//! A request for each row, that only authorization can refuse.

use serde_json::json;

use super::cast::{Caller, Place};
use super::oracle::Asks;
use super::routes::{Row, Special};
use super::world::{OWNER_INVITED, PERSON_INVITED, World};
use crate::client::Ask;

/// The request, as the caller sends it.
pub(super) fn request(world: &World, row: &Row, caller: &Caller, place: Place) -> Ask {
    let target = target(world, row, caller, place);
    let at = |query: &str| world.site.ask(row.method, &format!("{target}{query}"));
    let ask = match (row.method, row.route) {
        ("PATCH" | "PUT" | "POST", _) | ("DELETE", "/invitations") => {
            let query = match (row.method, row.route) {
                ("PATCH", "/identity/v1/users") => {
                    format!(
                        "?action=invite&organizationId={}",
                        world.organization(place)
                    )
                }
                ("PATCH", "/invitations") => "?action=re-invite".to_owned(),
                _without => String::new(),
            };
            match body(world, row, caller, place) {
                Some(body) => at(&query).json(&body.to_string()),
                None => at(&query),
            }
        }
        ("DELETE", "") => at(&doom(world, row, caller, place)),
        ("GET", "/explain") if row.special == Special::OfAnother => {
            at(&format!("?permission=build:view&user={}", world.tess))
        }
        ("GET", "/explain") => at("?permission=build:view"),
        _plain => at(""),
    };
    world.asked_by(caller, ask)
}

/// The path, with the ids of what it is about.
fn target(world: &World, row: &Row, caller: &Caller, place: Place) -> String {
    let organization = if row.special == Special::Current {
        "current".to_owned()
    } else if row.special.is_about_below() {
        world.below(place).id.to_string()
    } else {
        world.organization(place).to_string()
    };
    let target = row
        .path()
        .replace("{organization}", &organization)
        .replace("{realm}", "any")
        .replace("{user}", &world.person(row.special, caller).to_string())
        .replace("{token}", world.pat(row.special, caller, place))
        .replace("{request}", world.refusal(row.special, caller, place));
    assert!(!target.contains('{'), "{target}");
    target
}

/// What is deleted: a membership, as older clients ask for it, or an organization.
fn doom(world: &World, row: &Row, caller: &Caller, place: Place) -> String {
    if row.special.is_removing() {
        let user = world.person(row.special, caller);
        format!("?action=remove&userId={user}")
    } else if row.special == Special::RightName {
        format!("?confirm={}", world.below(place).name)
    } else {
        "?confirm=Other".to_owned()
    }
}

fn body(world: &World, row: &Row, caller: &Caller, place: Place) -> Option<serde_json::Value> {
    let roles = roles(row);
    Some(match (row.method, row.route) {
        ("PATCH", "/identity/v1/users") => {
            let at = world.organization(place).to_string();
            let promise = json!({ "organizationId": at, "roles": roles });
            json!({ "userEmail": "lea@acme.example", "organizationsAndRoles": [promise] })
        }
        ("POST", "/identity/v1/organizations") => json!({ "name": "New" }),
        ("PATCH", "") => {
            // Nothing new, so that it is the same for the next one.
            let made_for = caller
                .made_for()
                .filter(|_| row.special == Special::Current);
            let place = made_for.unwrap_or(place);
            json!({ "name": place.name() })
        }
        ("POST", "/sub-organizations") => json!({ "name": world.new_name() }),
        ("POST", "/move") => {
            let parent = if let Asks::MovesTo(to) = row.asks {
                to.of(place)
            } else {
                place.above()
            };
            json!({ "parent": world.organization(parent).to_string() })
        }
        ("PATCH", "/users/{user}") => {
            json!({ "suspended": row.special != Special::LettingAnOwnerIn })
        }
        ("PUT", _) => json!({ "roles": roles }),
        ("POST", "/invitations") => json!({ "userEmail": "lea@acme.example", "roles": roles }),
        (_, "/invitations") if row.special == Special::GrantingOwner => {
            json!({ "userEmail": OWNER_INVITED })
        }
        (_, "/invitations") => json!({ "userEmail": PERSON_INVITED }),
        ("POST", "/personal-api-tokens" | "/personal-api-tokens/{token}/rotate") => json!({}),
        ("POST", "/tokens/revoke") => {
            let pat = world.pat(row.special, caller, place);
            json!({ "tokens": [pat], "dryRun": row.special != Special::ForReal })
        }
        _bodiless => return None,
    })
}

/// Which roles are granted.
fn roles(row: &Row) -> Vec<&'static str> {
    match (row.special, row.method) {
        (Special::GrantingOwner, _) => vec!["owner"],
        (Special::GrantingWhatManagersHold, _) => vec!["view-organization"],
        (Special::GrantingMore, _) => vec!["manage-codepush"],
        // What the member has already is no grant.
        (Special::No, "PUT") => vec!["view-build"],
        _nothing => Vec::new(),
    }
}
