//! The dashboard: every page in one table.
//!
//! Handlers here read a form, call use cases in `app`, and fill a template. They do not query and do not
//! decide. Pages work without script; every text is in `say`; a form can be had only from [`form::Form`],
//! which checks where it came from.

mod activity;
mod all_tokens;
mod api;
mod asset;
mod client;
mod csv;
mod demo;
mod error_page;
mod explain;
mod forgotten;
mod form;
mod frame;
mod home;
mod invitation;
mod invitations;
mod invite;
pub(crate) mod letter;
mod link;
mod look;
mod member;
mod move_organization;
mod new_root;
mod organization;
mod organizations;
mod page;
mod password;
mod query;
mod reauthenticate;
mod revoke;
mod role;
mod rotate;
mod say;
mod security;
mod sessions;
mod set_up;
mod sign_in;
mod team;
mod tokens;
mod try_it;
mod visitor;
mod when;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use self::error_page::error_page;
pub(crate) use self::look::Look;
pub(crate) use self::page::Setting;
pub(crate) use self::say::level as level_title;
use crate::state::App;

/// The pages about an organization and its people.
fn organization_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/orgs/{organization}/team", get(team::page))
        .route(
            "/orgs/{organization}/new",
            get(organization::new_page).post(organization::create),
        )
        .route(
            "/orgs/{organization}/rename",
            get(organization::rename_page).post(organization::rename),
        )
        .route(
            "/orgs/{organization}/move",
            get(move_organization::page).post(move_organization::move_it),
        )
        .route("/orgs/{organization}/explain", get(explain::page))
        .route("/orgs/{organization}/team.csv", get(team::file))
        .route(
            "/orgs/{organization}/delete",
            get(organization::delete_page).post(organization::delete),
        )
        .route(
            "/orgs/{organization}/invite",
            get(invite::page).post(invite::invite),
        )
        .route(
            "/orgs/{organization}/invitations",
            get(invitations::page).post(invitations::change),
        )
        .route(
            "/orgs/{organization}/team/{user}",
            get(member::page).post(member::set_roles),
        )
        .route(
            "/orgs/{organization}/team/{user}/suspend",
            post(member::suspend),
        )
        .route(
            "/orgs/{organization}/team/{user}/remove",
            get(member::remove_page).post(member::remove),
        )
        .route("/orgs/{organization}/activity", get(activity::page))
}

/// Every page, and the files they need.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::home))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/preferences", post(home::prefer))
        .route("/setup", get(set_up::page).post(set_up::set_up))
        .route("/invitation", get(invitation::page).post(invitation::take))
        .route("/invitation/account", post(invitation::take_as_new))
        .route("/forgotten", get(forgotten::page).post(forgotten::ask))
        .route("/reset", get(forgotten::reset_page).post(forgotten::choose))
        .route("/demo", get(demo::page).post(demo::act_as))
        .route("/sessions", post(sessions::end))
        .route(
            "/sessions/others",
            get(sessions::others).post(sessions::end_others),
        )
        .route("/password", get(password::page).post(password::change))
        .route("/password/changed", get(password::changed))
        .merge(organization_routes())
        .route("/orgs/{organization}/tokens", get(all_tokens::page))
        .route("/orgs/{organization}/tokens.csv", get(all_tokens::file))
        .route(
            "/orgs/{organization}/tokens/revoke",
            get(all_tokens::preview).post(all_tokens::revoke),
        )
        .route("/orgs/{organization}/security", get(security::page))
        .route(
            "/orgs/{organization}/security/tokens",
            get(security::lead_back).post(security::generate),
        )
        .route(
            "/orgs/{organization}/security/tokens/{token}/revoke",
            get(revoke::page).post(revoke::revoke),
        )
        .route(
            "/orgs/{organization}/security/tokens/{token}/rotate",
            get(rotate::page).post(rotate::rotate),
        )
        .route(
            "/orgs/{organization}/security/try-it",
            get(try_it::page).post(try_it::try_it),
        )
        .route("/organizations", get(organizations::page))
        .route(
            "/organizations/new",
            get(new_root::page).post(new_root::create),
        )
        .route("/tokens", get(tokens::page))
        .route("/tokens/revoke", get(tokens::asking).post(tokens::revoke))
        .route("/docs/api", get(api::page))
        .route("/assets/{file}", get(asset::asset))
}
