//! The description of the API as a page, made from the document at `/openapi.json`.

mod described;

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use self::described::{Group, Type, groups, types};
use super::look::Look;
use super::page::{Setting, Shell, show};
use super::say;
use crate::http::openapi;
use crate::http::problem::Problem;
use crate::state::App;

/// It changes with the binary only.
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| groups(openapi::value()));
static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| types(openapi::value()));

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    shell: Shell,
    groups: &'static [Group],
    types: &'static [Type],
}

/// Answers `GET /docs/api`, to anybody: it asks nothing of the store.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let setting = Setting {
        look: Look::of(&headers),
        is_demo: app.demo.is_some(),
        brand: Arc::clone(&app.brand),
    };
    show(&ApiPage {
        shell: Shell::for_nobody(say::API, &setting),
        groups: &GROUPS,
        types: &TYPES,
    })
}
