//! What is taken out of a key set, and when a set is refused as a whole.

use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::{Algorithm, BadJwks, Jwks, MAX_KID, PublicKey};
use serde_json::{Value, json};

use crate::keys::TestKeys;
use crate::rules::JWKS;

/// A real key of 1024 bits: the form is right, and it is too short.
const RSA_1024: &str = "561dTpXv4PguqpX02DOys9yTnxkBoNA1XTqj4KWTvo7wRbXhtKpcmxXVQq4-EUwrFgokrn45xyNeUqprKNW3w8Cu5lMLc54mh9rwVw5qSH8-sAHxTyZMYQEj_QuD4q4RQ12dtuV8Yie5Jh1GHd6pCzbrEEhqtuJKTo9S8lLvVfE";

/// A key of the set, to be changed.
fn key(kid: &str) -> Value {
    serde_json::to_value(
        TestKeys::load()
            .unwrap()
            .key(kid)
            .unwrap()
            .public()
            .unwrap()
            .to_jwk(),
    )
    .unwrap()
}

fn changed(kid: &str, member: &str, value: Value) -> Value {
    let mut key = key(kid);
    key[member] = value;
    key
}

fn without(kid: &str, member: &str) -> Value {
    let mut key = key(kid);
    key.as_object_mut().unwrap().remove(member);
    key
}

fn parse(keys: &[Value]) -> Result<Vec<String>, BadJwks> {
    let set = Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())?;
    Ok(set.keys().map(|key| key.kid().to_owned()).collect())
}

/// Holds that a key is left out, and the one beside it is not.
fn is_left_out(key: Value) {
    let text = key.to_string();
    let beside = changed("es256-b", "kid", json!("beside"));
    assert_eq!(
        parse(&[key, beside]),
        Ok(vec!["beside".to_owned()]),
        "{text}"
    );
}

#[test]
fn a_set_is_read_as_it_is_printed() {
    let set = Jwks::parse(JWKS.as_bytes()).unwrap();
    let expected = [
        ("es256-a", Algorithm::Es256),
        ("es256-b", Algorithm::Es256),
        ("eddsa-a", Algorithm::EdDsa),
        ("rs256-a", Algorithm::Rs256),
    ];
    let read: Vec<_> = set.keys().map(|key| (key.kid(), key.algorithm())).collect();
    assert_eq!(read, expected);
    assert_eq!(
        format!("{}\n", serde_json::to_string_pretty(&set).unwrap()),
        JWKS
    );
    let printed = serde_json::to_vec(&set).unwrap();
    let again = Jwks::parse(&printed).unwrap();
    assert_eq!(serde_json::to_vec(&again).unwrap(), printed);
    assert_eq!(set.get("es256-b").map(PublicKey::kid), Some("es256-b"));
    assert!(set.get("ES256-b").is_none());
}

#[test]
fn a_set_has_at_most_64_kib() {
    let text = format!(
        "{}{}",
        JWKS.trim_end(),
        " ".repeat(64 * 1024 - JWKS.trim_end().len())
    );
    assert_eq!(text.len(), 64 * 1024);
    assert!(Jwks::parse(text.as_bytes()).is_ok());
    assert_eq!(
        Jwks::parse(format!("{text} ").as_bytes()).unwrap_err(),
        BadJwks::TooLong
    );
}

#[test]
fn a_set_has_at_most_20_keys_those_left_out_included() {
    let keys = |count| (0..count).map(|id| changed("es256-a", "kid", json!(format!("k{id}"))));
    assert_eq!(parse(&keys(20).collect::<Vec<_>>()).unwrap().len(), 20);
    let and_more = |more| keys(20).chain([more]).collect::<Vec<_>>();
    assert_eq!(parse(&and_more(key("es256-b"))), Err(BadJwks::TooManyKeys));
    assert_eq!(
        parse(&and_more(json!({ "kty": "oct", "k": "AA" }))),
        Err(BadJwks::TooManyKeys)
    );
}

#[test]
fn what_is_no_set_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[["EC","P-256"]]}"#,
        r#"{"keys":[null]}"#,
        r#"{"keys":[]}x"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"EC","kty":"EC"}]}"#,
    ] {
        assert_eq!(
            Jwks::parse(text.as_bytes()).unwrap_err(),
            BadJwks::Malformed,
            "{text}"
        );
    }
    assert_eq!(Jwks::parse(br#"{"keys":[]}"#).unwrap().keys().count(), 0);
}

#[test]
fn jwt_02_a_secret_is_left_out() {
    is_left_out(json!({ "kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0" }));
    is_left_out(json!({ "kty": "oct", "kid": "k", "k": "c2VjcmV0" }));
}

#[test]
fn a_private_member_refuses_the_set() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        for kid in ["es256-a", "eddsa-a", "rs256-a"] {
            let set = [key("es256-b"), changed(kid, member, json!("AQAB"))];
            assert_eq!(parse(&set), Err(BadJwks::PrivateKey), "{kid} {member}");
        }
        // Even where the key itself would be left out, or the member says nothing.
        let set = [json!({ "kty": "X", member: null })];
        assert_eq!(parse(&set), Err(BadJwks::PrivateKey), "{member}");
    }
}

#[test]
fn two_keys_with_one_id_refuse_the_set() {
    assert_eq!(
        parse(&[key("es256-a"), key("es256-a")]),
        Err(BadJwks::DuplicateKid)
    );
    let same = changed("rs256-a", "kid", json!("es256-a"));
    assert_eq!(
        parse(&[key("es256-a"), key("eddsa-a"), same]),
        Err(BadJwks::DuplicateKid)
    );
    // A key that is left out can be meant by no token.
    let other_use = changed("es256-a", "use", json!("enc"));
    assert_eq!(
        parse(&[other_use, key("es256-a")]),
        Ok(vec!["es256-a".to_owned()])
    );
}

#[test]
fn jwt_01_a_key_that_says_another_algorithm_is_left_out() {
    for (kid, says) in [
        ("es256-a", "ES384"),
        ("es256-a", "RS256"),
        ("es256-a", "es256"),
        ("es256-a", "ECDH-ES"),
        ("es256-a", "none"),
        ("rs256-a", "PS256"),
        ("rs256-a", "RS512"),
        ("rs256-a", "HS256"),
        ("eddsa-a", "ES256"),
    ] {
        is_left_out(changed(kid, "alg", json!(says)));
    }
    is_left_out(changed("es256-a", "alg", json!(null)));
    // One that says none leaves the choice to the token.
    is_left_out(without("es256-a", "alg"));
}

#[test]
fn keys_of_other_kinds_and_uses_and_without_an_id_are_left_out() {
    for kid in ["es256-a", "eddsa-a", "rs256-a"] {
        is_left_out(changed(kid, "use", json!("enc")));
        is_left_out(changed(kid, "use", json!(null)));
        is_left_out(changed(kid, "kid", json!("")));
        is_left_out(changed(kid, "kid", json!(7)));
        is_left_out(changed(kid, "kty", json!("AKP")));
        is_left_out(changed(kid, "kid", json!("k".repeat(MAX_KID + 1))));
        is_left_out(changed(kid, "key_ops", json!(["sign"])));
        is_left_out(without(kid, "kid"));
        is_left_out(without(kid, "kty"));
        assert_eq!(parse(&[without(kid, "use")]), Ok(vec![kid.to_owned()]));
    }
    is_left_out(json!({ "kty": "AKP", "kid": "k", "alg": "ML-DSA-65", "pub": "AA", "x": 7 }));
    is_left_out(changed("es256-a", "crv", json!("P-384")));
    is_left_out(changed("eddsa-a", "crv", json!("Ed448")));
    is_left_out(json!({}));
    let operation = changed("es256-a", "key_ops", json!(["verify"]));
    assert_eq!(parse(&[operation]), Ok(vec!["es256-a".to_owned()]));
}

#[test]
fn jwt_03_a_point_off_the_curve_is_left_out() {
    let x = key("es256-a")["x"].as_str().unwrap().to_owned();
    let y = key("es256-a")["y"].as_str().unwrap().to_owned();
    is_left_out(changed("es256-a", "x", json!(y)));
    is_left_out(changed("es256-a", "y", json!(x)));
    is_left_out(changed("es256-a", "x", json!("A".repeat(43))));
    is_left_out(changed("es256-a", "y", json!(format!("{y}="))));
    is_left_out(changed("es256-a", "y", json!(format!("AAAA{y}"))));
    is_left_out(changed("es256-a", "y", json!(null)));
    is_left_out(without("es256-a", "y"));
    is_left_out(changed("eddsa-a", "x", json!("A".repeat(42))));
    is_left_out(changed("eddsa-a", "x", json!("A".repeat(44))));
}

#[test]
fn jwt_03_coordinates_that_only_together_are_a_point_are_left_out() {
    let decoded = |member: &str| {
        BASE64URL_NOPAD
            .decode(key("es256-a")[member].as_str().unwrap().as_bytes())
            .unwrap()
    };
    let both = [decoded("x"), decoded("y")].concat();
    for split in [31, 33] {
        let (x, y) = both.split_at(split);
        let mut key = changed("es256-a", "x", json!(BASE64URL_NOPAD.encode(x)));
        key["y"] = json!(BASE64URL_NOPAD.encode(y));
        is_left_out(key);
    }
}

#[test]
fn an_rsa_key_of_1024_bits_is_left_out() {
    is_left_out(changed("rs256-a", "n", json!(RSA_1024)));
    is_left_out(changed("rs256-a", "e", json!("AQ")));
    is_left_out(changed("rs256-a", "e", json!("AAEAAQ")));
    is_left_out(without("rs256-a", "e"));
}
