//! The form of a token door (contract X1, X4; WHATWG URL §5.1).

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyfob_server::http::form::{FORM_MAX, Field, Fields, token_form};
use keyfob_server::http::oauth_error::OAuthError;
use keyfob_server::secret::SecretText;

use crate::http_request::{body, run};

const FIELDS: [Field; 15] = [
    Field::Pat,
    Field::DashedPersonalAccessKey,
    Field::PersonalAccessKey,
    Field::SubjectToken,
    Field::SubjectTokenType,
    Field::RequestedTokenType,
    Field::ActorToken,
    Field::ActorTokenType,
    Field::GrantType,
    Field::SubOrganization,
    Field::SubOrganizationId,
    Field::Organization,
    Field::Scope,
    Field::Audience,
    Field::Resource,
];

/// However the body arrives, the same fields are read as a reading of its own finds, the checks come in
/// the contract's order, and no value is printed. The input's first line is the query.
pub fn holds(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (query, sent) = end.map_or((&[][..], data), |end| (&data[..end], &data[end + 1..]));
    let query = String::from_utf8_lossy(query);
    let expected = expected(&query, sent);
    for piece in [FORM_MAX, 7] {
        let read = read(&query, sent, piece);
        match (&expected, read) {
            (Ok(values), Ok(fields)) => are_those(fields, values),
            (Err(status), Err(error)) => assert_eq!(*status, error.status()),
            (expected, read) => unreachable!("{read:?} instead of {expected:?}"),
        }
    }
}

fn read(query: &str, sent: &[u8], piece: usize) -> Result<Fields, OAuthError> {
    let value = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value)]);
    let query = Some(query).filter(|query| !query.is_empty());
    run(token_form(&headers, query, body(sent, piece)))
}

fn are_those(mut fields: Fields, values: &BTreeMap<Field, String>) {
    let shown = values
        .keys()
        .map(|field| format!("{field:?}: SecretText(…)"))
        .collect::<Vec<_>>()
        .join(", ");
    assert_eq!(format!("{fields:?}"), format!("Fields({{{shown}}})"));
    for field in FIELDS {
        let value = values.get(&field).map(String::as_str);
        assert_eq!(fields.has(field), value.is_some());
        if !field.is_secret() {
            assert_eq!(fields.text(field), value);
        }
        let taken = fields.take_secret(field);
        assert_eq!(taken.as_ref().map(SecretText::expose), value);
        assert!(!fields.has(field));
    }
}

fn expected(query: &str, sent: &[u8]) -> Result<BTreeMap<Field, String>, StatusCode> {
    let in_query = pairs(query.as_bytes());
    if in_query.iter().any(|(field, _value)| field.is_secret()) {
        return Err(StatusCode::BAD_REQUEST);
    }
    if sent.len() > FORM_MAX {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let in_body = pairs(sent);
    let mut times: BTreeMap<Field, usize> = BTreeMap::new();
    for (field, _value) in in_query.iter().chain(&in_body) {
        *times.entry(*field).or_default() += 1;
    }
    // In the query alone a field may repeat: nothing there is read.
    if in_body.iter().any(|(field, _value)| times[field] > 1) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let sent = in_body.into_iter().filter(|(_field, value)| !value.is_empty());
    Ok(sent.collect())
}

fn pairs(encoded: &[u8]) -> Vec<(Field, String)> {
    let pairs = encoded.split(|byte| *byte == b'&').map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        (decoded(name), decoded(value))
    });
    let known = |name: &str| FIELDS.into_iter().find(|field| field.name() == name);
    pairs
        .filter_map(|(name, value)| Some((known(&name)?, value)))
        .collect()
}

fn decoded(mut encoded: &[u8]) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::new();
    while let Some((first, rest)) = encoded.split_first() {
        encoded = rest;
        match (first, rest) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).expect("two digits"));
                    encoded = after;
                }
                _malformed => bytes.push(b'%'),
            },
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
