//! What every page has around its content, and the headers it is sent with.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use super::look::Look;
use super::say;
use super::visitor::{Member, Visitor};
use crate::brand::Brand;
use crate::http::problem::Problem;

/// What a page may load and where its forms may go: ours, and nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// With `no-referrer` browsers send `Origin: null` with our own forms, which is refused as foreign. Other
/// sites learn nothing by this one either.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");

/// What holds for every page that somebody is shown.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// How it looks.
    pub(crate) look: Look,
    /// Whether it says that this is the demo.
    pub(crate) is_demo: bool,
    /// What the operator calls it, and how it looks as theirs.
    pub(crate) brand: Arc<Brand>,
}

/// The page around the content.
#[derive(Debug)]
pub(crate) struct Shell {
    /// What the tab is called, from the special to the general.
    pub(crate) title: String,
    /// What holds for every page.
    pub(crate) setting: Setting,
    /// The token of forms without a number of their own; empty on pages without forms.
    pub(crate) form_token: String,
}

impl Shell {
    fn new(title: &str, setting: &Setting, form_token: String) -> Self {
        Self {
            title: format!("{title} · {}", setting.brand.name),
            setting: setting.clone(),
            form_token,
        }
    }

    /// What the operator calls this.
    pub(crate) fn product(&self) -> &str {
        &self.setting.brand.name
    }

    /// Around a page that has no forms.
    pub(super) fn for_nobody(title: &str, setting: &Setting) -> Self {
        Self::new(title, setting, String::new())
    }

    /// The buttons that choose a look: word, icon, label, and whether it is the present one.
    pub(crate) fn looks(&self) -> [(&'static str, &'static str, &'static str, bool); 3] {
        Look::ALL.map(|look| {
            (
                look.word(),
                look.icon(),
                say::look(look),
                look == self.setting.look,
            )
        })
    }

    /// Around a page for somebody who may not be signed in.
    pub(crate) fn for_visitor(title: &str, visitor: &Visitor) -> Self {
        Self::new(title, &visitor.setting, visitor.forms.token(""))
    }

    /// Around a page for somebody who is.
    pub(crate) fn for_member(title: &str, member: &Member) -> Self {
        Self::new(title, &member.setting, member.forms.token(""))
    }
}

/// Sends a page.
pub(crate) fn show(page: &impl Template) -> Result<Response, Problem> {
    let html = page.render().map_err(Problem::internal)?;
    Ok(sent(html))
}

/// Sends a page to somebody who may not be signed in, with what binds its forms to their browser.
pub(super) fn show_visitor(visitor: &Visitor, page: &impl Template) -> Result<Response, Problem> {
    let response = show(page)?;
    match &visitor.new_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => Ok(response),
    }
}

/// Text as a page, with its headers.
pub(super) fn sent(html: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, REFERRER),
    ];
    (headers, html).into_response()
}

/// Leads to another page after a form (303, RFC 9110 §15.4.4).
pub(crate) fn lead_to(path: &str) -> Response {
    axum::response::Redirect::to(path).into_response()
}

/// Adds a cookie to an answer.
pub(crate) fn with_cookie(mut response: Response, cookie: &str) -> Result<Response, Problem> {
    let cookie = HeaderValue::try_from(cookie).map_err(Problem::internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
