//! Where one comes in, and how pages look.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};

use super::form::Form;
use super::frame::Area;
use super::look::Look;
use super::page::{Shell, lead_to, show, with_cookie};
use super::say;
use super::visitor::{Member, NoMember, Visitor, next};
use crate::app::visit::first;
use crate::http::problem::{Code, Problem};
use crate::state::App;

#[derive(Template)]
#[template(path = "nowhere.html")]
struct NowherePage {
    shell: Shell,
    /// Where they make an organization, by policy.
    new: Option<&'static str>,
}

/// Answers `GET /`: leads to the first organization of whoever is signed in, in the demo anybody else to
/// whom one can be.
pub(super) async fn home(
    State(app): State<Arc<App>>,
    member: Result<Member, NoMember>,
) -> Result<Response, Problem> {
    let member = match member {
        Ok(member) => member,
        Err(_nobody) if app.demo.is_some() => return Ok(lead_to("/demo")),
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    match first(&app, &member.who)
        .await
        .map_err(Problem::unavailable)?
    {
        Some(organization) => Ok(lead_to(&Area::Security.path(organization))),
        None => nowhere(&app, &member),
    }
}

/// For who is in no organization: says so.
pub(super) fn nowhere(app: &App, member: &Member) -> Result<Response, Problem> {
    show(&NowherePage {
        shell: Shell::for_member(say::NO_ORGANIZATION, member),
        new: super::new_root::path(app),
    })
}

/// Answers `POST /preferences`: keeps a look, and leads back to the page that the buttons are on.
pub(super) async fn prefer(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let back = page_before(request.headers(), &app.issuer);
    let form = Form::read(&app, &visitor.forms, request).await?;
    let look = form.text("look").and_then(Look::from_word);
    let look = look.ok_or(Code::InvalidRequest)?;
    with_cookie(lead_to(&back), &look.cookie())
}

/// The page of ours that a request came from. One that was itself the answer to a form cannot be asked
/// for; its address then leads to the nearest page.
fn page_before(headers: &HeaderMap, issuer: &str) -> String {
    let referrer = headers.get(header::REFERER).and_then(|it| it.to_str().ok());
    let path = referrer.and_then(|from| from.strip_prefix(issuer));
    let uri = path.and_then(|path| path.parse::<Uri>().ok());
    let path = uri.as_ref().and_then(Uri::path_and_query);
    next(path.map(http::uri::PathAndQuery::as_str)).to_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_look_leads_back_to_a_page_of_ours() {
        let from = |referrer: &'static str| {
            let value = HeaderValue::from_static(referrer);
            page_before(
                &HeaderMap::from_iter([(header::REFERER, value)]),
                "https://keys.example",
            )
        };
        assert_eq!(
            from("https://keys.example/orgs/1/team?a=b"),
            "/orgs/1/team?a=b"
        );
        assert_eq!(from("https://keys.example.evil.example/x"), "/");
        assert_eq!(from("https://evil.example/x"), "/");
        assert_eq!(page_before(&HeaderMap::new(), "https://keys.example"), "/");
    }
}
