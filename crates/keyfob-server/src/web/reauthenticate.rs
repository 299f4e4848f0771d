//! Proving anew who one is, before a token is made (P13). The choices travel along in the form, and the
//! token is made without a second press.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::PatId;

use super::form::Form;
use super::frame::Person;
use super::page::{Shell, show};
use super::say;
use super::visitor::{FormKey, Member};
use crate::app::sign_in::{self, SignInError};
use crate::context::Ctx;
use crate::http::authenticate::set_cookie;
use crate::http::problem::Problem;
use crate::state::App;

#[derive(Template)]
#[template(path = "reauthenticate.html")]
struct ReauthenticatePage<'a> {
    shell: Shell,
    person: Person,
    sentence: String,
    /// Where the form goes, where giving up leads, and what the button says.
    action: String,
    back: String,
    press: &'static str,
    number: String,
    token: String,
    fields: Vec<(&'a str, &'a str)>,
    trouble: Option<(String, &'static str)>,
}

/// What a form brought to prove who sent it.
pub(super) enum Proof {
    /// Nothing: it was sent from the page itself.
    NotGiven,
    /// The password: here is the cookie of the new session.
    Given(String),
    /// A wrong one, or too often: a heading and a sentence.
    Wrong((String, &'static str)),
}

/// Checks the password, if the form has one. The member then acts in a new session.
pub(super) async fn prove(
    app: &App,
    ctx: &Ctx,
    member: &mut Member,
    form: &mut Form,
) -> Result<Proof, Problem> {
    let Some(password) = form.take_secret("password") else {
        return Ok(Proof::NotGiven);
    };
    let email = member.who.user.email.clone();
    let current = Some(&member.who);
    match sign_in::sign_in(app, ctx, &email, password.expose(), current).await {
        Ok((who, cookie)) => {
            member.who = who;
            member.forms = FormKey::of_session(&cookie);
            Ok(Proof::Given(set_cookie(app, &cookie)))
        }
        Err(SignInError::Credentials) => Ok(Proof::Wrong((
            say::DID_NOT_WORK.to_owned(),
            say::WRONG_PASSWORD,
        ))),
        Err(SignInError::Limited(limited)) => Ok(Proof::Wrong((
            say::wait(limited.seconds),
            say::TOO_MANY_TRIES,
        ))),
        Err(SignInError::Outage(outage)) => Err(outage.into()),
    }
}

/// What is to be done once it is proved.
pub(super) struct Errand<'a> {
    /// Where its form goes.
    pub(super) action: String,
    /// Where giving up leads.
    pub(super) back: String,
    /// What the button says.
    pub(super) press: &'static str,
    /// What the form is sent for once.
    pub(super) number: PatId,
    /// What was entered.
    pub(super) fields: Vec<(&'a str, &'a str)>,
    /// Why they are asked, by the minutes for which a proof is good.
    pub(super) why: fn(u64) -> String,
}

/// Asks for the password, and keeps what was entered.
pub(super) fn asked(
    app: &App,
    member: &Member,
    errand: Errand<'_>,
    trouble: Option<(String, &'static str)>,
) -> Result<Response, Problem> {
    let number = errand.number.to_string();
    let was_wrong = trouble.is_some();
    let mut response = show(&ReauthenticatePage {
        shell: Shell::for_member(say::IS_IT_YOU, member),
        person: Person::new(&member.who.user.full_name, &member.who.user.email),
        sentence: (errand.why)(app.policy.reauthentication.as_secs() / 60),
        action: errand.action,
        back: errand.back,
        press: errand.press,
        token: member.forms.token(&number),
        number,
        fields: errand.fields,
        trouble,
    })?;
    if was_wrong {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    Ok(response)
}
