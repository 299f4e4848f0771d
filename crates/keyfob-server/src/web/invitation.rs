//! Accepting an invitation, by its link: as who one is, or with a new account of the invited address.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_core::name::Name;
use serde::Deserialize;

use super::form::Form;
use super::frame::Area;
use super::link::LinkPage;
use super::page::{Shell, lead_to, show_visitor, with_cookie};
use super::role::titles;
use super::visitor::Visitor;
use super::{password, say};
use crate::app::accept_invitation::{AcceptError, Offer, accept, offered, sign_up};
use crate::app::invite::PAGE;
use crate::app::password::check_chosen;
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::{Code, Problem};
use crate::secret::SecretText;
use crate::state::App;

const LINK: LinkPage = LinkPage {
    path: PAGE,
    cookie: "keyfob_invitation",
    // Long enough for signing in on the way.
    life: Duration::from_hours(1),
};

/// What is wrong with a new account, field by field.
#[derive(Debug, Default)]
struct Errors {
    full_name: Option<String>,
    password: Option<String>,
}

/// How the one who looks can accept.
enum Way {
    /// They are signed in with the invited address.
    AsYou { name: String },
    /// They are signed in with another one.
    AsAnother { email: String },
    /// There is an account of it: they sign in first.
    SignIn,
    /// There is none: they make one.
    SignUp { full_name: String, errors: Errors },
}

#[derive(Template)]
#[template(path = "invitation/offer.html")]
struct OfferPage {
    shell: Shell,
    lead: String,
    email: String,
    /// Organization and roles, a line each.
    promises: Vec<(String, String)>,
    way: Way,
    /// Too many at once: a heading and a sentence.
    trouble: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "invitation/ended.html")]
struct EndedPage {
    shell: Shell,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    code: Option<SecretText>,
}

/// Answers `GET /invitation`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if let Some(code) = asked.code {
        return LINK.take_over(&app, &code);
    }
    let Some(secret) = LINK.brought(&app, &headers)? else {
        return ended(&visitor);
    };
    match offered(&app, &ctx, &secret).await? {
        Some(offer) => {
            let way = way(&visitor, &offer, (String::new(), Errors::default()));
            shown(&app, &visitor, &offer, (way, None))
        }
        None => ended(&visitor),
    }
}

fn way(visitor: &Visitor, offer: &Offer, (full_name, errors): (String, Errors)) -> Way {
    match &visitor.who {
        Some(who) if offer.is_for(&who.user.email) => Way::AsYou {
            name: who.user.full_name.clone(),
        },
        Some(who) => Way::AsAnother {
            email: who.user.email.clone(),
        },
        None if offer.has_account => Way::SignIn,
        None => Way::SignUp { full_name, errors },
    }
}

fn shown(
    app: &App,
    visitor: &Visitor,
    offer: &Offer,
    (way, trouble): (Way, Option<(String, &'static str)>),
) -> Result<Response, Problem> {
    let catalogue = &app.loaded().catalogue;
    let promises = offer.promises.iter().map(|promise| {
        let roles = titles(catalogue, promise.roles.iter());
        let roles = if roles.is_empty() {
            say::NO_ROLES.to_owned()
        } else {
            roles.join(", ")
        };
        (promise.name.clone(), roles)
    });
    let page = OfferPage {
        shell: Shell::for_visitor(say::YOU_ARE_INVITED, visitor),
        lead: say::invites_you(&offer.inviter),
        email: offer.email.clone(),
        promises: promises.collect(),
        way,
        trouble,
    };
    show_visitor(visitor, &page)
}

fn ended(visitor: &Visitor) -> Result<Response, Problem> {
    let shell = Shell::for_visitor(say::INVITATION_ENDED, visitor);
    let mut response = show_visitor(visitor, &EndedPage { shell })?;
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

/// Answers `POST /invitation`: accepts as who one is.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let secret = LINK.brought(&app, request.headers())?;
    let _checked = Form::read(&app, &visitor.forms, request).await?;
    let (Some(secret), Some(who)) = (secret, &visitor.who) else {
        return Ok(lead_to(PAGE));
    };
    match accept(&app, &ctx, who, &secret).await {
        Ok((organization, cookie)) => {
            let led = LINK.forget(&app, lead_to(&Area::Security.path(organization)))?;
            match cookie {
                Some(cookie) => with_cookie(led, &set_cookie(&app, &cookie)),
                None => Ok(led),
            }
        }
        Err(AcceptError::Ended) => ended(&visitor),
        // The page says so, and what to do.
        Err(AcceptError::OtherAddress) => Ok(lead_to(PAGE)),
        Err(AcceptError::Outage(outage)) => Err(outage.into()),
        Err(AcceptError::HasAccount | AcceptError::Password(_) | AcceptError::Limited(_)) => {
            Err(Code::InvalidRequest.into())
        }
    }
}

/// Answers `POST /invitation/account`: accepts with a new account.
pub(super) async fn take_as_new(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let secret = LINK.brought(&app, request.headers())?;
    let mut form = Form::read(&app, &visitor.forms, request).await?;
    let Some(secret) = secret else {
        return ended(&visitor);
    };
    let Some(offer) = offered(&app, &ctx, &secret).await? else {
        return ended(&visitor);
    };
    let password = form.take_secret("password");
    let password = password.unwrap_or_else(|| SecretText::new(String::new()));
    let typed = form.text("fullName").unwrap_or_default().to_owned();
    let full_name = Name::parse(&typed);
    let errors = Errors {
        full_name: full_name.as_ref().err().map(|bad| say::bad_name(*bad)),
        password: check_chosen(password.expose()).err().map(password::told),
    };
    let (Ok(full_name), None) = (&full_name, &errors.password) else {
        let way = way(&visitor, &offer, (typed, errors));
        let mut response = shown(&app, &visitor, &offer, (way, None))?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    match sign_up(&app, &ctx, &secret, (full_name, &password)).await {
        Ok((organization, cookie)) => {
            let led = LINK.forget(&app, lead_to(&Area::Security.path(organization)))?;
            with_cookie(led, &set_cookie(&app, &cookie))
        }
        Err(AcceptError::Ended) => ended(&visitor),
        Err(AcceptError::HasAccount | AcceptError::OtherAddress) => Ok(lead_to(PAGE)),
        Err(AcceptError::Limited(limited)) => {
            let trouble = (say::wait(limited.seconds), say::TOO_MANY_TRIES);
            let way = way(&visitor, &offer, (typed, Errors::default()));
            let mut response = shown(&app, &visitor, &offer, (way, Some(trouble)))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let seconds = HeaderValue::from(limited.seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            Ok(response)
        }
        Err(AcceptError::Password(_)) => Err(Code::InvalidRequest.into()),
        Err(AcceptError::Outage(outage)) => Err(outage.into()),
    }
}
