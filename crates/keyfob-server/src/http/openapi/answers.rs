//! What an operation may be refused with, from the registries of errors: by what it lists, by who may call it,
//! and by there being a body.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::oauth_error::OAuthCode;
use crate::http::path::Dialect;
use crate::http::problem::Code;

/// Who may call an operation.
pub(super) struct Callers {
    pub(super) sessions: bool,
    pub(super) tokens: bool,
}

/// The codes that an operation lists itself.
fn listed(operation: &Map<String, Value>) -> Vec<&str> {
    let listed = operation.get("x-errors").and_then(Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// One reason to refuse.
pub(super) struct Refusal {
    word: &'static str,
    meaning: &'static str,
    title: &'static str,
}

/// What an operation refuses with a problem.
pub(super) fn problems(
    operation: &Map<String, Value>,
    (method, path): (&str, &str),
    callers: &Callers,
) -> BTreeMap<u16, Vec<Refusal>> {
    let is_unsafe = method != "get";
    let rules: [(bool, &[Code]); 6] = [
        (
            true,
            &[Code::InvalidRequest, Code::TooManyHeaders, Code::Internal],
        ),
        (
            callers.sessions || callers.tokens,
            &[
                Code::NotSignedIn,
                Code::InvalidToken,
                Code::TemporarilyUnavailable,
            ],
        ),
        (
            callers.sessions && !callers.tokens,
            &[Code::SessionRequired],
        ),
        (callers.sessions && is_unsafe, &[Code::CrossSiteRequest]),
        (
            operation.contains_key("requestBody"),
            &[
                Code::InvalidJson,
                Code::PayloadTooLarge,
                Code::UnsupportedMediaType,
            ],
        ),
        // A parameter can make it a path that leads nowhere.
        (path.contains('{'), &[Code::NotFound]),
    ];
    let own = listed(operation);
    let holds = |code: &Code| {
        let mut rules = rules.iter();
        let by_rule = rules.any(|(holds, codes)| *holds && codes.contains(code));
        by_rule || own.contains(&code.word())
    };
    let mut refusals = BTreeMap::<u16, Vec<Refusal>>::new();
    for code in Code::ALL.iter().filter(|code| holds(code)) {
        refusals
            .entry(code.status().as_u16())
            .or_default()
            .push(Refusal {
                word: code.word(),
                meaning: code.meaning(),
                title: code.title(),
            });
    }
    refusals
}

/// What a token door refuses.
pub(super) fn of_door(operation: &Map<String, Value>) -> BTreeMap<u16, Vec<Refusal>> {
    let own = listed(operation);
    let always = ["server_error", "temporarily_unavailable"];
    let mut refusals = BTreeMap::<u16, Vec<Refusal>>::new();
    for code in OAuthCode::ALL {
        if own.contains(&code.word()) || always.contains(&code.word()) {
            let more = if *code == OAuthCode::InvalidRequest {
                &[413, 415, 431][..]
            } else {
                &[]
            };
            for status in [code.status().as_u16()].iter().chain(more) {
                refusals.entry(*status).or_default().push(Refusal {
                    word: code.word(),
                    meaning: code.meaning(),
                    title: "",
                });
            }
        }
    }
    refusals
}

/// The answer.
pub(super) fn answer(status: u16, refusals: &[Refusal], dialect: Dialect) -> Value {
    let (media_type, schema) = match dialect {
        Dialect::OAuth => ("application/json", "OAuthError"),
        Dialect::Problem => ("application/problem+json", "Problem"),
    };
    let described: Vec<String> = refusals
        .iter()
        .map(|refusal| format!("`{}`: {}", refusal.word, refusal.meaning))
        .collect();
    let examples: Map<String, Value> = refusals
        .iter()
        .map(|refusal| {
            (
                refusal.word.to_owned(),
                json!({ "value": example(status, refusal) }),
            )
        })
        .collect();
    let mut headers = Map::new();
    headers.insert("x-request-id".to_owned(), reference("headers", "RequestId"));
    if status == 401 {
        headers.insert(
            "www-authenticate".to_owned(),
            reference("headers", "Challenge"),
        );
    }
    if status == 429 || status == 503 {
        headers.insert("retry-after".to_owned(), reference("headers", "RetryAfter"));
    }
    json!({
        "description": described.join("\n\n"),
        "headers": headers,
        "content": { media_type: { "schema": reference("schemas", schema), "examples": examples } },
    })
}

fn example(status: u16, refusal: &Refusal) -> Value {
    let Refusal {
        word,
        meaning,
        title,
    } = refusal;
    if title.is_empty() {
        return json!({ "error": word, "error_description": meaning, "message": meaning });
    }
    json!({
        "type": format!("/errors#{word}"), "title": title, "status": status, "detail": meaning,
        "instance": "urn:uuid:0198c0de-0000-7000-8000-000000000005", "error": word, "message": meaning,
    })
}

/// What an answer is called in the document.
pub(super) fn name(status: u16, refusals: &[Refusal], dialect: Dialect) -> String {
    let words: Vec<&str> = refusals.iter().map(|refusal| refusal.word).collect();
    let kind = match dialect {
        Dialect::OAuth => "door",
        Dialect::Problem => "problem",
    };
    format!("{kind}-{status}-{}", words.join("-"))
}

/// Where a component stands.
pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}
