//! Who looks at a page: signed in or not, with what look, and with which key their forms are bound.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::BASE64URL_NOPAD;
use http::request::Parts;
use http::{HeaderMap, Uri};
use keyfob_core::time::Purpose;
use zeroize::Zeroizing;

use super::look::Look;
use super::page::Setting;
use crate::app::sign_in::{CookieValue, SignedIn, signed_in};
use crate::context::Ctx;
use crate::http::authenticate::{one_cookie, own_cookie, own_cookie_name, session_cookie};
use crate::http::problem::{Accepts, Problem};
use crate::state::App;

/// The cookie to which the forms of somebody are bound who is not signed in.
const FORM_COOKIE: &str = "keyfob_form";
/// Bytes of that cookie.
const FORM_COOKIE_LENGTH: usize = 16;
/// Where signing in leads to when no page was asked for.
const HOME: &str = "/";

/// What binds a form to the browser that it was made for: only who holds the cookie gets a token that
/// fits, and another site can neither read nor set it.
#[derive(Clone)]
pub(crate) struct FormKey(hmac::Key);

impl FormKey {
    fn of(cookie: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, cookie.as_bytes()))
    }

    /// The key of the forms on the page that also brings a new session.
    pub(super) fn of_session(cookie: &CookieValue) -> Self {
        Self::of(cookie.expose())
    }

    /// The token for a form; `number` is what the form may be sent for once.
    pub(crate) fn token(&self, number: &str) -> String {
        BASE64URL_NOPAD.encode(hmac::sign(&self.0, &message(number)).as_ref())
    }

    /// Whether a token was made for a form with that number.
    pub(super) fn fits(&self, number: &str, token: &str) -> bool {
        let token = BASE64URL_NOPAD.decode(token.as_bytes());
        token.is_ok_and(|token| hmac::verify(&self.0, &message(number), &token).is_ok())
    }
}

impl std::fmt::Debug for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormKey(…)")
    }
}

fn message(number: &str) -> Vec<u8> {
    format!("keyfob form 1 {number}").into_bytes()
}

/// Somebody who looks at a page.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// Who it is, if they are signed in.
    pub(crate) who: Option<SignedIn>,
    /// What holds for every page that they are shown.
    pub(crate) setting: Setting,
    /// What their forms are bound to.
    pub(crate) forms: FormKey,
    /// A cookie to set, because they had none to bind forms to.
    pub(crate) new_cookie: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor
where
    Arc<App>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = Arc::<App>::from_ref(state);
        let ctx = Ctx::from_request_parts(parts, state).await?;
        Self::of(&app, &ctx, &parts.headers).await
    }
}

impl Visitor {
    async fn of(app: &App, ctx: &Ctx, headers: &HeaderMap) -> Result<Self, Problem> {
        let setting = Setting {
            look: Look::of(headers),
            is_demo: app.demo.is_some(),
            brand: Arc::clone(&app.brand),
        };
        if let Some(cookie) = session_cookie(app, headers)?
            && let Some(who) = signed_in(app, ctx, cookie).await?
        {
            return Ok(Self {
                who: Some(who),
                setting,
                forms: FormKey::of(cookie),
                new_cookie: None,
            });
        }
        let name = own_cookie_name(app, FORM_COOKIE);
        if let Some(cookie) = one_cookie(&name, headers)? {
            return Ok(Self {
                who: None,
                setting,
                forms: FormKey::of(cookie),
                new_cookie: None,
            });
        }
        let mut bytes = Zeroizing::new([0; FORM_COOKIE_LENGTH]);
        app.entropy.fill(Purpose::Session, bytes.as_mut());
        let value = Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_ref()));
        Ok(Self {
            who: None,
            setting,
            forms: FormKey::of(&value),
            new_cookie: Some(own_cookie(app, FORM_COOKIE, &value)),
        })
    }
}

/// Somebody who is signed in; everybody else is led to where one signs in, and back.
#[derive(Debug)]
pub(crate) struct Member {
    /// Who.
    pub(crate) who: SignedIn,
    /// What holds for every page that they are shown.
    pub(crate) setting: Setting,
    /// What their forms are bound to.
    pub(crate) forms: FormKey,
}

/// Why there is no [`Member`]: they are sent elsewhere, or it could not be found out.
#[derive(Debug)]
pub(crate) struct NoMember(Response);

impl IntoResponse for NoMember {
    fn into_response(self) -> Response {
        self.0
    }
}

impl From<Infallible> for NoMember {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Member
where
    Arc<App>: FromRef<S>,
{
    type Rejection = NoMember;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NoMember> {
        let visitor = Visitor::from_request_parts(parts, state).await;
        let visitor = visitor.map_err(|problem| NoMember(problem.into_response()))?;
        match visitor.who {
            Some(who) => Ok(Self {
                who,
                setting: visitor.setting,
                forms: visitor.forms,
            }),
            None => Err(NoMember(Redirect::to(&sign_in_for(parts)).into_response())),
        }
    }
}

/// Where to sign in so that one comes back to the page that was asked for. What was sent with a POST is
/// gone, so that leads to the page it came from only as far as its address says.
fn sign_in_for(parts: &Parts) -> String {
    if !parts.method.is_safe() || Accepts::of(&parts.headers) == Accepts::Json {
        return "/sign-in".to_owned();
    }
    let asked: String = form_urlencoded::byte_serialize(path(&parts.uri).as_bytes()).collect();
    format!("/sign-in?next={asked}")
}

fn path(uri: &Uri) -> &str {
    uri.path_and_query().map_or(HOME, |path| path.as_str())
}

/// The page to lead to after signing in: one of ours, or the first one.
pub(super) fn next(wanted: Option<&str>) -> &str {
    let wanted = wanted.unwrap_or(HOME);
    // `//host` and `/\host` are other hosts to a browser.
    let is_ours = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.contains('\\')
        && wanted.chars().all(|letter| letter.is_ascii_graphic());
    if is_ours { wanted } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_token_fits_its_cookie_and_its_number_and_nothing_else() {
        let key = FormKey::of("a cookie");
        let token = key.token("7");
        assert!(key.fits("7", &token));
        assert!(!key.fits("8", &token));
        assert!(!FormKey::of("another").fits("7", &token));
        for wrong in ["", "x", &token.to_lowercase(), &format!("{token}A")] {
            assert!(!key.fits("7", wrong), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "FormKey(…)");
    }

    #[test]
    fn signing_in_leads_to_a_page_of_ours_only() {
        assert_eq!(next(None), "/");
        assert_eq!(next(Some("/orgs/1/team?page=2")), "/orgs/1/team?page=2");
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\\..\\b",
            "orgs",
            "/a b",
            "/a\nb",
            "/ä",
        ] {
            assert_eq!(next(Some(elsewhere)), "/", "{elsewhere}");
        }
    }
}
