//! The description of the API at `/openapi.json`: it has every route and no other, and what it says of a route
//! is so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::routes::{METHODS, routes};
use crate::site::Site;

/// Pages, which are described for nobody.
const PAGES: [&str; 1] = ["/errors"];

async fn document() -> Value {
    let site = Site::on(super::backend().await).await;
    site.get("/openapi.json").send().await.json()
}

/// Every operation: method, path, and what is said of it.
fn operations(document: &Value) -> Vec<(String, &str, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(move |(method, operation)| {
            let operation = operation.as_object().unwrap();
            (method.to_uppercase(), path.as_str(), operation)
        })
    });
    operations.collect()
}

/// Every reference in a value.
fn references<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_route_of_the_table_is_described_and_no_other() {
    let document = document().await;
    let described = operations(&document);
    let described: BTreeSet<(&str, &str)> = described
        .iter()
        .map(|(method, path, _operation)| (method.as_str(), *path))
        .collect();
    let there: BTreeSet<(&str, &str)> = routes()
        .into_iter()
        .filter(|(_method, path)| !PAGES.contains(path))
        .collect();
    assert_eq!(described, there);
    assert!(
        described
            .iter()
            .all(|(method, _path)| METHODS.contains(method))
    );
}

#[tokio::test]
async fn operations_have_names_of_their_own_and_parameters_for_their_paths() {
    let document = document().await;
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (_method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert_eq!(seen.insert(id, path), None, "{id} twice");
        let none = Vec::new();
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let parameters = parameters.unwrap_or(&none).iter();
        let of_path = parameters.filter(|parameter| parameter["in"] == "path");
        let of_path: BTreeSet<String> = of_path
            .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            .collect();
        let named = path.split('/').filter(|part| part.starts_with('{'));
        assert_eq!(of_path, named.map(str::to_owned).collect(), "{path}");
    }
}

#[tokio::test]
async fn every_reference_and_every_link_leads_somewhere() {
    let document = document().await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let operations = operations(&document);
    let ids = operations
        .iter()
        .map(|(_, _, operation)| &operation["operationId"]);
    let ids: Vec<&Value> = ids.collect();
    let answers = operations
        .iter()
        .flat_map(|(_, _, operation)| operation["responses"].as_object().unwrap().values());
    let links = answers.filter_map(|answer| answer.get("links")?.as_object());
    let leads: Vec<&Value> = links
        .flat_map(|links| links.values().map(|link| &link["operationId"]))
        .collect();
    assert!(leads.len() > 5, "{leads:?}");
    assert!(leads.iter().all(|lead| ids.contains(lead)), "{leads:?}");
}

#[tokio::test]
async fn the_errors_that_an_operation_lists_are_in_the_registry_and_among_its_answers() {
    let document = document().await;
    for (_method, path, operation) in operations(&document) {
        let Some(listed) = operation.get("x-errors") else {
            continue;
        };
        let answers = operation["responses"].as_object().unwrap().values();
        let told = answers.map(|answer| match answer.get("$ref").and_then(Value::as_str) {
            Some(reference) => document.pointer(&reference[1..]).unwrap(),
            None => answer,
        });
        let told: String = told.map(ToString::to_string).collect();
        for code in listed.as_array().unwrap() {
            let code = code.as_str().unwrap();
            assert!(told.contains(&format!("`{code}`: ")), "{path}: {code}");
        }
    }
}

#[tokio::test]
async fn nothing_is_said_to_be_null() {
    let document = document().await.to_string();
    assert!(!document.contains(r#""null""#));
}

#[tokio::test]
async fn the_cookie_has_the_name_that_it_has_here() {
    let document = document().await;
    let session = &document["components"]["securitySchemes"]["session"];
    assert_eq!(session["name"], "keyfob_session", "the site is an http one");
}

#[tokio::test]
async fn anybody_may_read_and_keep_it() {
    let site = Site::on(super::backend().await).await;
    let answer = site.get("/openapi.json").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let page = site.get("/docs/api").send().await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
}
