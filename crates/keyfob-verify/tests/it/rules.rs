//! Every vector has its outcome. The tests bear the names of the rules; the tokens are in the vectors.

use std::collections::BTreeSet;

use keyfob_verify::{Jwks, Verifier};
use serde::Deserialize;

use crate::keys::TestKeys;

/// A vector, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) token: String,
    issuer: String,
    audience: String,
    now: i64,
    leeway: u8,
    pub(crate) expected: String,
}

pub(crate) const JWKS: &str = include_str!("../../vectors/jwks.json");

pub(crate) fn accepted() -> Vec<Case> {
    serde_json::from_str(include_str!("../../vectors/accepted.json")).unwrap()
}

pub(crate) fn refused() -> Vec<Case> {
    serde_json::from_str(include_str!("../../vectors/refused.json")).unwrap()
}

/// The token of an accepted vector.
pub(crate) fn token(name: &str) -> String {
    accepted()
        .into_iter()
        .find(|case| case.name == name)
        .unwrap()
        .token
}

impl Case {
    /// What becomes of it, in a word.
    fn outcome(&self) -> &'static str {
        let verifier = Verifier::new(
            &self.issuer,
            &self.audience,
            Jwks::parse(JWKS.as_bytes()).unwrap(),
        );
        match verifier
            .with_leeway(self.leeway)
            .verify(&self.token, self.now)
        {
            Ok(_claims) => "accepted",
            Err(reason) => reason.name(),
        }
    }
}

/// Holds that the vectors of this name are refused for one of these reasons, and that they are so many.
fn holds(prefix: &str, count: usize, reasons: &[&str]) {
    let mut seen = 0;
    for case in refused()
        .iter()
        .filter(|case| case.name.starts_with(prefix))
    {
        assert_eq!(case.outcome(), case.expected, "{}", case.name);
        assert!(
            reasons.contains(&case.expected.as_str()),
            "{}: {}",
            case.name,
            case.expected
        );
        seen += 1;
    }
    assert_eq!(seen, count, "vectors named {prefix}…");
}

#[test]
fn the_accepted_are_accepted() {
    let cases = accepted();
    assert_eq!(cases.len(), 16);
    for case in cases {
        assert_eq!(
            (case.outcome(), case.expected.as_str()),
            ("accepted", "accepted"),
            "{}",
            case.name
        );
    }
}

#[test]
fn no_two_vectors_have_one_name_and_none_is_outside_of_a_rule() {
    let mut names = BTreeSet::new();
    for case in refused() {
        let named = [
            "jwt_01_", "jwt_02_", "jwt_03_", "jwt_04_", "jwt_05_", "jwt_06_", "jwt_07_", "jwt_08_",
            "atj_02_", "atj_07_",
        ];
        assert!(
            named.iter().any(|rule| case.name.starts_with(rule)),
            "{}",
            case.name
        );
        assert!(names.insert(case.name.clone()), "{} comes twice", case.name);
    }
}

#[test]
fn the_key_set_is_that_of_the_test_keys() {
    let written = serde_json::to_string_pretty(&TestKeys::load().unwrap().jwks().unwrap()).unwrap();
    assert_eq!(
        format!("{written}\n"),
        JWKS,
        "run the example `vectors` again"
    );
}

#[test]
fn jwt_01_each_key_is_used_with_exactly_one_algorithm() {
    holds("jwt_01_", 16, &["wrong_algorithm"]);
}

#[test]
fn jwt_02_none_in_any_case_is_refused() {
    for says in ["none", "None", "NONE", "nOnE"] {
        holds(
            &format!("jwt_02_{says}_"),
            3,
            &["wrong_algorithm", "malformed"],
        );
    }
}

#[test]
fn jwt_02_a_mac_under_a_public_key_is_refused() {
    holds("jwt_02_HS", 9, &["wrong_algorithm"]);
}

#[test]
fn jwt_03_a_wrong_signature_is_refused() {
    holds("jwt_03_", 42, &["bad_signature"]);
}

#[test]
fn jwt_04_a_key_id_is_a_name_and_nothing_else() {
    holds("jwt_04_kid_", 12, &["unknown_key", "malformed"]);
}

#[test]
fn jwt_04_keys_addresses_and_extensions_in_the_header_are_refused() {
    for (member, count) in [
        ("jku", 2),
        ("jwk", 1),
        ("x5u", 1),
        ("x5c", 1),
        ("x5t", 2),
        ("crit", 2),
        ("b64", 2),
        ("zip", 1),
        ("enc", 1),
        ("cty", 1),
    ] {
        holds(&format!("jwt_04_{member}"), count, &["forbidden_header"]);
    }
}

#[test]
fn jwt_05_duplicate_members_are_refused() {
    holds("jwt_05_duplicate_", 8, &["malformed", "bad_claims"]);
}

#[test]
fn jwt_05_other_texts_of_the_same_bytes_are_refused() {
    holds("jwt_05_padded_", 3, &["malformed"]);
    holds("jwt_05_trailing_bits_", 3, &["malformed"]);
    holds("jwt_05_white_space_", 1, &["malformed"]);
    holds("jwt_05_plus_", 1, &["malformed"]);
    holds("jwt_05_slash_", 1, &["malformed"]);
}

#[test]
fn jwt_05_what_is_no_signed_token_is_refused() {
    holds("jwt_05_", 53, &["malformed", "bad_claims", "too_long"]);
}

#[test]
fn jwt_06_another_issuer_or_audience_is_refused() {
    holds("jwt_06_iss_", 11, &["wrong_issuer", "bad_claims"]);
    holds("jwt_06_aud_", 11, &["wrong_audience", "bad_claims"]);
    holds("jwt_06_sub_", 7, &["bad_claims"]);
    holds("jwt_06_key_", 1, &["unknown_key"]);
}

#[test]
fn jwt_07_tokens_of_other_kinds_are_refused() {
    holds("jwt_07_", 13, &["wrong_type"]);
}

#[test]
fn jwt_08_claims_of_the_wrong_type_are_never_as_good_as_absent() {
    holds("jwt_08_", 84, &["bad_claims"]);
}

#[test]
fn atj_02_every_claim_is_required() {
    holds("atj_02_", 15, &["bad_claims"]);
}

#[test]
fn atj_07_a_token_that_has_ended_or_not_begun_is_refused() {
    holds("atj_07_", 9, &["expired", "not_yet_valid"]);
}
