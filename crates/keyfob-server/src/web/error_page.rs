//! What went wrong, as a page that a person understands, with the request's id.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyfob_core::id::RequestId;

use super::page::{Setting, Shell, sent};
use super::say;
use crate::http::problem::{Code, Problem};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: StatusCode,
    icon: &'static str,
    heading: &'static str,
    sentence: &'a str,
    /// Where to go from here, and what the button says.
    way_out: (&'static str, &'static str),
    request: RequestId,
}

/// The page in the place of a problem's JSON; none when it cannot be made, and the JSON stays.
pub(crate) fn error_page(
    problem: &Problem,
    request: RequestId,
    setting: &Setting,
) -> Option<Response> {
    let status = problem.code().status();
    let (icon, heading, sentence) = told(problem);
    let page = ErrorPage {
        shell: Shell::for_nobody(heading, setting),
        status,
        icon,
        heading,
        sentence,
        way_out: if problem.code() == Code::TemporarilyUnavailable {
            ("", say::TRY_AGAIN)
        } else {
            ("/", say::GO_TO_MY_ORGANIZATION)
        },
        request,
    };
    let html = page.render().ok()?;
    let mut response = sent(html);
    *response.status_mut() = status;
    Some(response)
}

/// The icon, the heading and the sentence.
fn told(problem: &Problem) -> (&'static str, &'static str, &str) {
    let code = problem.code();
    if code == Code::NotFound {
        ("search", say::NOTHING_HERE, say::NOTHING_HERE_MORE)
    } else if code == Code::TemporarilyUnavailable {
        ("clock", say::CANNOT_DECIDE, say::CANNOT_DECIDE_MORE)
    } else if code == Code::CrossSiteRequest {
        ("shield", say::OLD_FORM, say::OLD_FORM_MORE)
    } else {
        ("warn", code.title(), problem.detail())
    }
}
