//! A form that a page of ours was sent back with.
//!
//! There is one way to get a [`Form`]: from a request that no other site caused, with the token that the
//! page had in it (contract 5, CSRF).

use axum::extract::Request;
use keyfob_core::id::PatId;

use super::visitor::FormKey;
use crate::http::authenticate::refuse_other_sites;
use crate::http::body::{self, Unread};
use crate::http::problem::{Code, Problem};
use crate::secret::SecretText;
use crate::state::App;

/// Most bytes of a form: a ceiling of 200 permissions fits.
const FORM_MAX: usize = 32 * 1024;
/// The field with the form's token.
pub(crate) const TOKEN: &str = "formToken";
/// The field with the number of a form that counts once.
pub(crate) const NUMBER: &str = "form";

/// A form's fields in their order. Every value is treated as a secret, because some are.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, SecretText)>);

impl Form {
    /// Reads and checks a form.
    ///
    /// # Errors
    /// 403 `cross_site_request` when another site caused it, or it was made for another browser or an
    /// earlier session; 415, 413 and 400 for what is no form.
    pub(crate) async fn read(app: &App, key: &FormKey, request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        refuse_other_sites(app, &parts.method, &parts.headers)?;
        if !body::is_media_type(&parts.headers, "application/x-www-form-urlencoded") {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "A form is sent as application/x-www-form-urlencoded.",
            ));
        }
        let body = body::read(&parts.headers, body, FORM_MAX).await;
        let body = body.map_err(|unread| match unread {
            Unread::TooLarge => Problem::from(Code::PayloadTooLarge),
            Unread::TooSlow => Problem::new(
                Code::InvalidRequest,
                "The body did not arrive within 10 seconds.",
            ),
            Unread::Broken => Problem::new(Code::InvalidRequest, "The body broke off."),
        })?;
        let fields = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), SecretText::new(value.into_owned())));
        let form = Self(fields.collect());
        let number = form.text(NUMBER).unwrap_or_default();
        let token = form.text(TOKEN).unwrap_or_default();
        if !key.fits(number, token) {
            return Err(Code::CrossSiteRequest.into());
        }
        Ok(form)
    }

    /// The first value of a field; none when it was left empty or is not there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a field that was not left empty.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.0.iter().filter(move |(each, _value)| each == name);
        of_name
            .map(|(_name, value)| value.expose())
            .filter(|value| !value.is_empty())
    }

    /// Takes the first value of a field out.
    pub(crate) fn take_secret(&mut self, name: &str) -> Option<SecretText> {
        let index = self.0.iter().position(|(each, _value)| each == name)?;
        let (_name, value) = self.0.remove(index);
        Some(value).filter(|value| !value.is_empty())
    }

    /// The number of a form that counts once. It is covered by the form's token, so it is one of ours.
    pub(crate) fn number(&self) -> Result<PatId, Problem> {
        let number = self.text(NUMBER).and_then(|number| number.parse().ok());
        number.ok_or(Code::CrossSiteRequest.into())
    }
}
