use serde_json::json;

use super::*;

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn ec() -> Value {
    json!({"kty": "EC", "use": "sig", "alg": "ES256", "kid": "k", "crv": "P-256", "x": X, "y": Y})
}

fn changed(name: &str, value: Value) -> Value {
    let mut key = ec();
    key[name] = value;
    key
}

fn without(name: &str) -> Value {
    let mut key = ec();
    key.as_object_mut().expect("an object").remove(name);
    key
}

fn parse(keys: &[Value]) -> Result<Vec<String>, BadJwks> {
    let set = serde_json::to_vec(&json!({"keys": keys, "later": true})).expect("serialises");
    let keys = Jwks::parse(&set)?;
    Ok(keys.keys().map(|key| key.kid().to_owned()).collect())
}

/// Reads a set of a second good key and this one: `Ok(true)` if both are taken.
fn is_taken(key: Value) -> Result<bool, BadJwks> {
    let beside = changed("kid", json!("beside"));
    parse(&[beside, key]).map(|kids| kids.len() == 2)
}

#[test]
fn what_is_published_is_read_back() {
    let published = include_bytes!("../vectors/jwks.json");
    let keys = Jwks::parse(published).expect("a key set");
    let again = serde_json::to_vec(&keys).expect("serialises");
    let both = [published.as_slice(), &again]
        .map(|text| serde_json::from_slice::<Value>(text).expect("JSON"));
    assert_eq!(both[0], both[1]);
    assert_eq!(both[0]["keys"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_good_key_is_taken() {
    assert_eq!(is_taken(ec()), Ok(true));
    assert_eq!(is_taken(without("use")), Ok(true));
    assert_eq!(is_taken(changed("key_ops", json!(["verify"]))), Ok(true));
    assert_eq!(is_taken(changed("x5t", json!("ignored"))), Ok(true));
}

#[test]
fn jwt_02_symmetric_keys_are_left_out() {
    let symmetric = json!({"kty": "oct", "alg": "HS256", "kid": "k", "k": "AAAA", "d": "AAAA"});
    assert_eq!(is_taken(symmetric), Ok(false));
    let disguised =
        json!({"kty": "oct", "alg": "ES256", "kid": "k", "crv": "P-256", "x": X, "y": Y});
    assert_eq!(is_taken(disguised), Ok(false));
}

#[test]
fn jwt_01_a_key_must_name_its_one_algorithm() {
    for algorithm in [
        "ES384", "RS256", "EdDSA", "HS256", "none", "es256", "ECDH-ES", "",
    ] {
        assert_eq!(
            is_taken(changed("alg", json!(algorithm))),
            Ok(false),
            "{algorithm}"
        );
    }
    assert_eq!(is_taken(changed("alg", json!(["ES256"]))), Ok(false));
    assert_eq!(is_taken(without("alg")), Ok(false));
}

#[test]
fn keys_of_another_kind_or_use_are_left_out() {
    for (name, value) in [
        ("kty", json!("AKP")),
        ("kty", json!("ec")),
        ("kty", json!(1)),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("use", json!("enc")),
        ("use", json!(null)),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!("verify")),
        ("kid", json!("")),
        ("kid", json!(7)),
        ("kid", json!("k".repeat(crate::keys::MAX_KID + 1))),
    ] {
        assert_eq!(
            is_taken(changed(name, value.clone())),
            Ok(false),
            "{name} {value}"
        );
    }
    for name in ["kty", "crv", "kid"] {
        assert_eq!(is_taken(without(name)), Ok(false), "{name}");
    }
}

#[test]
fn a_weak_rsa_key_is_left_out() {
    let n = BASE64URL_NOPAD.encode(&[vec![0x80], vec![0; 126], vec![1]].concat());
    let weak = json!({"kty": "RSA", "alg": "RS256", "kid": "k", "n": n, "e": "AQAB"});
    assert_eq!(is_taken(weak), Ok(false));
}

#[test]
fn jwt_03_a_key_beside_the_curve_is_left_out() {
    assert_eq!(is_taken(changed("y", json!(X))), Ok(false));
    assert_eq!(is_taken(changed("x", json!("AAAA"))), Ok(false));
    assert_eq!(is_taken(without("y")), Ok(false));
}

#[test]
fn jwt_05_a_key_in_base64_that_is_not_canonical_is_left_out() {
    // The last character of X holds two bits too many: E is 000100, F 000101.
    let trailing_bits = format!("{}F", X.strip_suffix('U').expect("ends so")).replace("VEF", "VEV");
    for text in [
        format!("{X}="),
        format!("{X} "),
        Y.replace('_', "/"),
        trailing_bits,
    ] {
        assert_eq!(is_taken(changed("x", json!(text))), Ok(false), "{text}");
    }
}

#[test]
fn a_private_member_refuses_the_set() {
    for name in PRIVATE_MEMBERS {
        for value in [json!("AAAA"), json!(null)] {
            assert_eq!(
                is_taken(changed(name, value)),
                Err(BadJwks::PrivateKey),
                "{name}"
            );
        }
    }
    let foreign = json!({"kty": "OKP", "crv": "X25519", "d": "AAAA"});
    assert_eq!(is_taken(foreign), Err(BadJwks::PrivateKey));
}

#[test]
fn one_name_is_one_key() {
    assert_eq!(parse(&[ec(), ec()]), Err(BadJwks::DuplicateKid));
    assert_eq!(
        parse(&[ec(), changed("kid", json!("K"))]),
        Ok(vec!["k".to_owned(), "K".to_owned()])
    );
}

#[test]
fn at_most_20_keys_are_read() {
    let keys: Vec<Value> = (0..=MAX_KEYS)
        .map(|n| changed("kid", json!(n.to_string())))
        .collect();
    assert_eq!(
        parse(&keys[..MAX_KEYS]).map(|kids| kids.len()),
        Ok(MAX_KEYS)
    );
    assert_eq!(parse(&keys), Err(BadJwks::TooManyKeys));
    let foreign = vec![json!({"kty": "oct"}); MAX_KEYS + 1];
    assert_eq!(parse(&foreign), Err(BadJwks::TooManyKeys));
}

#[test]
fn at_most_64_kib_are_read() {
    let mut set = br#"{"keys":[]}"#.to_vec();
    set.resize(MAX_JWKS, b' ');
    assert!(Jwks::parse(&set).is_ok_and(|keys| keys.is_empty()));
    set.push(b' ');
    assert_eq!(Jwks::parse(&set).err(), Some(BadJwks::TooLong));
}

#[test]
fn what_is_no_key_set_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[[]]}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kid":"a","kid":"b"}]}"#,
        r#"{"keys":[]} x"#,
    ] {
        assert_eq!(
            Jwks::parse(text.as_bytes()).err(),
            Some(BadJwks::Malformed),
            "{text}"
        );
    }
}
