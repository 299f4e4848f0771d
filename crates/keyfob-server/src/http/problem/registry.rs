//! The registry as a document: `docs/errors.md`, and the page at `/errors` that a problem's `type`
//! points to. Both are made from the enums, so a code cannot be undocumented.

use std::fmt::Write as _;
use std::future::{Ready, ready};

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::{Code, Problem};
use crate::http::oauth_error::OAuthCode;

/// The page at `/errors`. It has no style: the strictest Content-Security-Policy lets none pass.
#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage {
    problems: &'static [Code],
    words: &'static [OAuthCode],
}

/// Answers `GET /errors`.
pub fn errors_page() -> Ready<Response> {
    let page = ErrorsPage {
        problems: Code::ALL,
        words: OAuthCode::ALL,
    };
    ready(match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(cause) => Problem::internal(cause).into_response(),
    })
}

/// `docs/errors.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         Made by `cargo xtask docs` from the server's own tables; do not edit.\n\n\
         ## Problems\n\n\
         Every address but the token doors answers errors as `application/problem+json` (RFC 9457) with \
         the members `type`, `title`, `status`, `detail`, `instance`, `error` and `message`. `error` is \
         one of the codes below and `type` the address of its entry at the server itself \
         (`/errors#` and the code). `message` repeats `detail`, and `instance` holds the id of the \
         request, as the header `X-Request-Id` does.\n",
    );
    for code in Code::ALL {
        let (word, status) = (code.word(), code.status().as_u16());
        let (title, meaning, remedy) = (code.title(), code.meaning(), code.remedy());
        // Writing into a `String` does not fail.
        write!(
            text,
            "\n### {word}\n\n{status} · {title}. {meaning}\n\n{remedy}\n"
        )
        .unwrap_or_default();
    }
    text.push_str(
        "\n## The token doors\n\n\
         `/auth/v1/token`, `/auth/v2/token`, `/auth/v3/token` and `/oauth/token` answer errors as one \
         flat JSON object of strings with the members `error`, `error_description` and `message`; the \
         last two are equal.\n\n\
         | `error` | status | meaning |\n| --- | --- | --- |\n",
    );
    for code in OAuthCode::ALL {
        let (word, status, meaning) = (code.word(), code.status().as_u16(), code.meaning());
        writeln!(text, "| `{word}` | {status} | {meaning} |").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn every_code_has_its_entry_in_the_page_and_in_the_document() {
        let body = errors_page()
            .await
            .into_body()
            .collect()
            .await
            .expect("a body");
        let page = String::from_utf8(body.to_bytes().to_vec()).expect("text");
        let document = markdown();
        for code in Code::ALL {
            let word = code.word();
            assert!(page.contains(&format!("<section id=\"{word}\">")), "{word}");
            assert!(document.contains(&format!("\n### {word}\n")), "{word}");
        }
        for code in OAuthCode::ALL {
            assert!(page.contains(code.word()));
            assert!(document.contains(&format!("| `{}` |", code.word())));
        }
        assert!(!page.contains("<style") && !page.contains("<script"));
    }
}
