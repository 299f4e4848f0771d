//! Ending sessions of one's own: one, or all but this one.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::form::Form;
use super::page::{Shell, lead_to, show, with_cookie};
use super::say;
use super::visitor::{Member, next};
use crate::app::sign_in;
use crate::context::Ctx;
use crate::http::authenticate::forget_cookie;
use crate::http::problem::{Code, Problem};
use crate::state::App;

#[derive(Template)]
#[template(path = "sessions.html")]
struct OthersPage<'a> {
    shell: Shell,
    /// Where giving up leads, and where it goes on.
    next: &'a str,
    /// What the other sessions are, in a sentence.
    others: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
}

/// Answers `POST /sessions`: ends one. One that is nobody's, or somebody else's, is left alone, and the list
/// shows what there is.
pub(super) async fn end(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    let session = form.text("end").and_then(|id| id.parse().ok());
    let session = session.ok_or(Code::NotFound)?;
    sign_in::end(&app, &ctx, member.who.user.id, session).await?;
    if session == member.who.session.id {
        return with_cookie(lead_to("/sign-in"), &forget_cookie(&app));
    }
    Ok(lead_to(next(form.text("next"))))
}

/// Answers `GET /sessions/others`; script shows its part in a dialog.
pub(super) async fn others(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let all = sign_in::sessions(&app, &ctx, member.who.user.id).await?;
    show(&OthersPage {
        shell: Shell::for_member(say::END_OTHERS, &member),
        next: next(asked.next.as_deref()),
        others: say::other_sessions(all.len().saturating_sub(1)),
    })
}

/// Answers `POST /sessions/others`.
pub(super) async fn end_others(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    member: Member,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::read(&app, &member.forms, request).await?;
    sign_in::end_others(&app, &ctx, &member.who).await?;
    Ok(lead_to(next(form.text("next"))))
}
