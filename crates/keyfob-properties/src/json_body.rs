//! JSON bodies of the management API (contract 5): the choices for a new token, and signing in.

use http::StatusCode;
use keyfob_core::pat::WantedExpiry;
use keyfob_core::reach::Reach;
use keyfob_server::app::generate::Choices;
use keyfob_server::http::json::JSON_MAX;
use keyfob_server::http::probe;
use keyfob_server::http::problem::Problem;
use serde_json::{Map, Value, json};

use crate::http_request::{body, json, run};
use crate::secret::{is_told, planted};

/// However a body arrives, it is read as the same; choices are printed as they are read; a refusal is of
/// the client's making and tells no value.
pub fn holds(data: &[u8]) {
    let Some(text) = planted(data) else { return };
    let read = choices(&text, JSON_MAX);
    let in_pieces = choices(&text, 5);
    assert_eq!(shown(read.as_ref().ok()), shown(in_pieces.as_ref().ok()));
    match read {
        Ok(choices) => is_read_back(&choices),
        Err(problem) => is_a_clients_fault(&problem, &text),
    }
    match run(probe::credentials(json(body(text.as_bytes(), JSON_MAX)))) {
        Ok(email) => {
            let theirs: Value = serde_json::from_str(&text).expect("a document");
            assert_eq!(theirs["email"], Value::String(email));
            assert!(theirs["password"].is_string());
            assert_eq!(theirs.as_object().map(Map::len), Some(2));
        }
        Err(problem) => is_a_clients_fault(&problem, &text),
    }
}

fn choices(text: &str, piece: usize) -> Result<Choices, Problem> {
    run(probe::choices(json(body(text.as_bytes(), piece))))
}

fn is_a_clients_fault(problem: &Problem, text: &str) {
    let too_large = problem.code().status() == StatusCode::PAYLOAD_TOO_LARGE;
    assert_eq!(too_large, text.len() > JSON_MAX);
    assert!(problem.code().status().is_client_error());
    let told = format!("{} {problem:?}", problem.detail());
    assert!(!is_told(&told), "{told}");
    assert!(!problem.detail().contains('\n'), "{told}");
}

fn is_read_back(choices: &Choices) {
    let printed = printed(choices).to_string();
    let again = self::choices(&printed, JSON_MAX).expect("what is printed is read");
    assert_eq!(shown(Some(choices)), shown(Some(&again)), "{printed}");
}

fn printed(choices: &Choices) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        members.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("name", choices.name.as_ref().map(|it| json!(it.as_str())));
    match choices.expiry {
        WantedExpiry::Default => {}
        WantedExpiry::InDays(days) => put("expiresInDays", Some(json!(days))),
        WantedExpiry::At(at) => put("expiresDate", Some(json!(probe::rfc3339(at)))),
    }
    put("ceiling", choices.ceiling.as_ref().map(|it| json!(it)));
    let reach = match &choices.reach {
        Reach::Subtree => json!("subtree"),
        Reach::Organization => json!("organization"),
        Reach::Named(named) => named.iter().map(ToString::to_string).collect(),
    };
    put("reach", Some(reach));
    let networks = choices.networks.as_ref();
    put("networks", networks.map(|it| it.iter().collect()));
    Value::Object(members)
}

fn shown(choices: Option<&Choices>) -> String {
    format!("{choices:?}")
}
