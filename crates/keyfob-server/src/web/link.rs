//! A page that is opened by a link with a secret.
//!
//! The secret stands in the address for one request only: that leads on to the page itself and keeps it in
//! a cookie, so that no later request names it in its referrer and the form has an origin. Opening the link
//! changes nothing, because browsers and mail programs look ahead; sending the form uses it up.

use std::time::Duration;

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;

use super::page::{lead_to, with_cookie};
use crate::http::authenticate::{one_cookie, own_cookie, own_cookie_name};
use crate::http::problem::Problem;
use crate::secret::SecretText;
use crate::state::App;

/// A kind of link.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkPage {
    /// The page that it leads to.
    pub(super) path: &'static str,
    /// The cookie that carries its secret from its address to the form.
    pub(super) cookie: &'static str,
    /// How long the cookie is kept.
    pub(super) life: Duration,
}

impl LinkPage {
    /// Takes the secret from the address into the cookie.
    pub(super) fn take_over(self, app: &App, code: &SecretText) -> Result<Response, Problem> {
        let led = lead_to(self.path);
        let code = code.expose();
        // Anything else could not stand in a cookie, and is no secret of ours.
        if BASE64URL_NOPAD.decode(code.as_bytes()).is_err() {
            return Ok(led);
        }
        let cookie = own_cookie(app, self.cookie, code);
        with_cookie(led, &format!("{cookie}; Max-Age={}", self.life.as_secs()))
    }

    /// The secret that a request brings.
    pub(super) fn brought(
        self,
        app: &App,
        headers: &HeaderMap,
    ) -> Result<Option<SecretText>, Problem> {
        let cookie = one_cookie(&own_cookie_name(app, self.cookie), headers)?;
        Ok(cookie.map(|cookie| SecretText::new(cookie.to_owned())))
    }

    /// Takes the cookie away again.
    pub(super) fn forget(self, app: &App, response: Response) -> Result<Response, Problem> {
        let cookie = own_cookie(app, self.cookie, "");
        with_cookie(response, &format!("{cookie}; Max-Age=0"))
    }
}
