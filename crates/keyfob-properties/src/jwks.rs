//! Key sets (RFC 7517 §5).

use std::collections::BTreeSet;

use keyfob_verify::{Jwks, MAX_JWKS, MAX_KEYS, MAX_KID, PublicKey};
use serde_json::Value;

/// What is read of a set is public, bounded and named once; published and read again it is the same, and
/// another implementation reads it, too.
pub fn holds(data: &[u8]) {
    let Ok(keys) = Jwks::parse(data) else { return };
    assert!(data.len() <= MAX_JWKS && keys.keys().count() <= MAX_KEYS);
    let published = serde_json::to_vec(&keys).expect("a set is published");
    let again = Jwks::parse(&published).expect("what is published is read");
    assert!(keys.keys().map(PublicKey::to_jwk).eq(again.keys().map(PublicKey::to_jwk)));
    let theirs: jsonwebtoken::jwk::JwkSet =
        serde_json::from_slice(&published).expect("a set to others");
    assert_eq!(theirs.keys.len(), keys.keys().count());
    let mut names = BTreeSet::new();
    for key in keys.keys() {
        assert!((1..=MAX_KID).contains(&key.kid().len()));
        assert!(names.insert(key.kid()), "{} twice", key.kid());
        assert!(keys.get(key.kid()).is_some_and(|found| found.to_jwk() == key.to_jwk()));
    }
    let written: Value = serde_json::from_slice(data).expect("what was read is JSON");
    let secret = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    for key in written["keys"].as_array().expect("a list") {
        let is_symmetric = key["kty"] == "oct";
        assert!(is_symmetric || secret.iter().all(|member| key.get(member).is_none()));
    }
}
