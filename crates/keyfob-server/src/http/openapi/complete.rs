//! What the document says of many operations alike: parameters of paths, who may call, the refusals.

use serde_json::{Map, Value, json};

use super::answers::{Callers, answer, name, of_door, problems, reference};
use crate::http::path::Dialect;

/// Where a handler answers at another address or by another method too: that operation, and the one that it
/// repeats.
const ALIASES: [(&str, &str, &str, &str, &str); 4] = [
    (
        "get",
        "/roles.json",
        "listRolesToo",
        "get",
        "/identity/v1/roles.json",
    ),
    (
        "post",
        "/oauth/userinfo",
        "askUserInfo",
        "get",
        "/oauth/userinfo",
    ),
    (
        "get",
        REALM,
        "readUserInfoOfRealm",
        "get",
        "/oauth/userinfo",
    ),
    (
        "post",
        REALM,
        "askUserInfoOfRealm",
        "get",
        "/oauth/userinfo",
    ),
];
const REALM: &str = "/auth/realms/{realm}/protocol/openid-connect/userinfo";

/// Parameters of paths: name, meaning, example.
const PARAMETERS: [(&str, &str, &str); 6] = [
    (
        "organization",
        "An organization",
        "0198c0de-0000-7000-8000-000000000001",
    ),
    ("user", "A user", "0198c0de-0000-7000-8000-000000000002"),
    (
        "token",
        "A personal API token",
        "0198c0de-0000-7000-8000-000000000003",
    ),
    (
        "session",
        "A session",
        "0198c0de-0000-7000-8000-000000000004",
    ),
    (
        "request",
        "The id of a request",
        "0198c0de-0000-7000-8000-000000000005",
    ),
    ("realm", "Any word: there are no realms here", "any"),
];
/// Where an organization is named by its id only.
const BY_ID_ONLY: [&str; 2] = ["/personal-api-tokens", "/refusals/"];

/// Adds to every operation what follows from the rest.
pub(super) fn complete(document: &mut Value) {
    let mut answers = Map::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    if let Some(paths) = paths {
        add_aliases(paths);
        for (path, item) in paths {
            finish_all(item, path, &mut answers);
        }
    }
    exclude(document);
    plainer(document);
    let components = document
        .get_mut("components")
        .and_then(Value::as_object_mut);
    if let Some(components) = components {
        components.insert("securitySchemes".to_owned(), schemes());
        components.insert("headers".to_owned(), headers());
        components.insert("responses".to_owned(), answers.into());
    }
}

/// Finishes the operations of one path.
fn finish_all(item: &mut Value, path: &str, answers: &mut Map<String, Value>) {
    for (method, operation) in item.as_object_mut().into_iter().flatten() {
        if let Some(operation) = operation.as_object_mut() {
            finish(operation, (method, path), answers);
        }
    }
}

fn schemes() -> Value {
    json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": "__Host-keyfob_session",
            "description": "The cookie of somebody who has signed in. Its name begins with `__Host-` where the \
                            server's public address is an https one.",
        },
        "accessToken": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token, for which a personal API token was exchanged.",
        },
    })
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The request, for questions to the operator.",
            "required": true,
            "schema": { "type": "string", "format": "uuid" },
        },
        "RetryAfter": {
            "description": "After how many seconds to try again.",
            "required": true,
            "schema": { "type": "string", "pattern": "^[0-9]+$" },
        },
        "Challenge": {
            "description": "How to authenticate (RFC 6750 section 3).",
            "required": true,
            "schema": { "type": "string" },
        },
    })
}

fn add_aliases(paths: &mut Map<String, Value>) {
    for (method, path, id, of_method, of_path) in ALIASES {
        let of = paths.get(of_path).and_then(|item| item.get(of_method));
        let Some(mut operation) = of.cloned() else {
            continue;
        };
        if let Some(operation) = operation.as_object_mut() {
            operation.insert("operationId".to_owned(), id.into());
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), operation);
        }
    }
}

/// Refusals that are answered alike stand in `answers`, once.
fn finish(
    operation: &mut Map<String, Value>,
    (method, path): (&str, &str),
    answers: &mut Map<String, Value>,
) {
    add_parameters(operation, path);
    let callers = settle_security(operation);
    let dialect = Dialect::of(path);
    let refusals = match dialect {
        Dialect::OAuth => of_door(operation),
        Dialect::Problem => problems(operation, (method, path), &callers),
    };
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    for (status, refusals) in refusals {
        let is_told = responses
            .get(&status.to_string())
            .is_some_and(|told| told.get("content").is_some());
        if !is_told {
            let name = name(status, &refusals, dialect);
            responses.insert(status.to_string(), reference("responses", &name));
            answers
                .entry(name)
                .or_insert_with(|| answer(status, &refusals, dialect));
        }
    }
    let told = responses.values_mut().filter_map(Value::as_object_mut);
    for response in told.filter(|response| !response.contains_key("$ref")) {
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        if let Some(headers) = headers.as_object_mut() {
            headers.insert("x-request-id".to_owned(), reference("headers", "RequestId"));
        }
    }
}

fn add_parameters(operation: &mut Map<String, Value>, path: &str) {
    let named = PARAMETERS
        .iter()
        .filter(|(name, _, _)| path.contains(&format!("{{{name}}}")));
    let mut parameters: Vec<Value> = named
        .map(|(name, meaning, example)| {
            let is_current = *name == "organization" && !BY_ID_ONLY.iter().any(|part| path.contains(part));
            let (schema, more) = match *name {
                "realm" => (json!({ "type": "string", "minLength": 1 }), ""),
                _id if is_current => (
                    json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "const": "current" }] }),
                    "; with an access token also `current`, the one that it is for",
                ),
                _id => (json!({ "type": "string", "format": "uuid" }), ""),
            };
            json!({
                "name": name, "in": "path", "required": true, "description": format!("{meaning}{more}."),
                "schema": schema, "example": example,
            })
        })
        .collect();
    let own = operation.remove("parameters");
    parameters.extend(
        own.as_ref()
            .and_then(Value::as_array)
            .cloned()
            .into_iter()
            .flatten(),
    );
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), parameters.into());
    }
}

/// An operation that says nothing is for both kinds of caller.
fn settle_security(operation: &mut Map<String, Value>) -> Callers {
    let both = json!([{ "session": [] }, { "accessToken": [] }]);
    let security = operation.entry("security").or_insert(both);
    if *security == json!([{}]) {
        *security = json!([]);
    }
    let schemes = security.as_array();
    let names = |name| schemes.is_some_and(|all| all.iter().any(|one| one.get(name).is_some()));
    Callers {
        sessions: names("session"),
        tokens: names("accessToken"),
    }
}

/// Says which members exclude each other. An empty field of a form counts as none.
fn exclude(document: &mut Value) {
    let one_of = |one: &str, other: &str| {
        let is_sent = json!({ "type": "string", "pattern": "\\S" });
        let is_not = json!({ "type": "string", "maxLength": 0 });
        json!({ "required": [one], "properties": { one: is_sent, other: is_not } })
    };
    let not_both = |one: &str, other: &str| {
        let is_sent = json!({ "minLength": 1 });
        let both = json!({ one: is_sent, other: is_sent });
        json!({ "not": { "required": [one, other], "properties": both } })
    };
    let (pat, key) = ("pat", "personal-access-key");
    for (name, rule) in [
        (
            "NewPersonalApiToken",
            json!({ "not": { "required": ["expiresDate", "expiresInDays"] } }),
        ),
        (
            "V1Form",
            json!({ "oneOf": [one_of(pat, key), one_of(key, pat)] }),
        ),
        ("V2Form", not_both("subOrganization", "subOrganizationId")),
        ("V3Form", not_both("subOrganization", "subOrganizationId")),
        ("ExchangeForm", not_both("organization", "subOrganization")),
    ] {
        let schema = document.pointer_mut(&format!("/components/schemas/{name}"));
        if let (Some(Value::Object(schema)), Value::Object(rule)) = (schema, rule) {
            schema.extend(rule);
        }
    }
}

/// Nothing is `null`, in either direction: what is not there is left out. A number has its bounds, and needs no
/// format beside them.
fn plainer(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(kinds)) = members.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [kind] = kinds.as_slice() {
                    let kind = kind.clone();
                    members.insert("type".to_owned(), kind);
                }
            }
            if let Some(Value::Array(forms)) = members.get_mut("oneOf") {
                forms.retain(|form| form != &json!({ "type": "null" }));
                if let [form] = forms.as_slice() {
                    let form = form.clone();
                    members.remove("oneOf");
                    members.extend(form.as_object().cloned().into_iter().flatten());
                }
            }
            if members.get("type").is_some_and(|kind| kind == "integer") {
                members.remove("format");
            }
            members.values_mut().for_each(plainer);
        }
        Value::Array(items) => items.iter_mut().for_each(plainer),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
