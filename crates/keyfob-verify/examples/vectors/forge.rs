//! Makes tokens, right and wrong ones.

use std::error::Error;
use std::fs;
use std::path::Path;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::{Algorithm, Refused};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::keys::{TestKey, TestKeys};

/// The second in which the tokens are made.
pub(crate) const NOW: i64 = 1_800_000_000;
/// The second in which they end.
pub(crate) const END: i64 = NOW + 3600;
/// The issuer that is expected.
pub(crate) const ISSUER: &str = "https://id.example.com";
/// The audience that is expected.
pub(crate) const AUDIENCE: &str = "https://api.example.com";
/// The key of tokens that are about something else: its signatures have no chance in them.
pub(crate) const USUAL: &str = "eddsa-a";

/// A vector, as it is written.
#[derive(Clone, Serialize)]
pub(crate) struct Case {
    name: String,
    pub(crate) token: String,
    issuer: &'static str,
    audience: &'static str,
    now: i64,
    leeway: u8,
    expected: &'static str,
}

impl Case {
    /// A token that is accepted at [`NOW`].
    pub(crate) fn accepted(name: &str, token: String) -> Self {
        Self {
            name: name.to_owned(),
            token,
            issuer: ISSUER,
            audience: AUDIENCE,
            now: NOW,
            leeway: 30,
            expected: "accepted",
        }
    }

    /// A token that is refused at [`NOW`].
    pub(crate) fn refused(name: &str, token: String, reason: Refused) -> Self {
        Self {
            expected: reason.name(),
            ..Self::accepted(name, token)
        }
    }

    /// At another time, with another tolerance, both in seconds.
    pub(crate) fn at(self, now: i64, leeway: u8) -> Self {
        Self {
            now,
            leeway,
            ..self
        }
    }
}

/// What is read of a vector.
#[derive(Deserialize)]
struct Kept {
    token: String,
}

/// The keys, and the ES256 tokens of the run before.
pub(crate) struct Forge {
    pub(crate) keys: TestKeys,
    kept: Vec<String>,
}

impl Forge {
    /// Reads the keys, and what there is of `accepted.json` and `refused.json`.
    pub(crate) fn load(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut kept = Vec::new();
        for file in ["accepted.json", "refused.json"] {
            if let Ok(text) = fs::read_to_string(folder.join(file)) {
                let cases: Vec<Kept> = serde_json::from_str(&text)?;
                kept.extend(cases.into_iter().map(|case| case.token));
            }
        }
        Ok(Self {
            keys: TestKeys::load()?,
            kept,
        })
    }

    /// Signs two parts as they are, and encodes them.
    pub(crate) fn sign(
        &self,
        kid: &str,
        header: &[u8],
        payload: &[u8],
    ) -> Result<String, Box<dyn Error>> {
        self.sign_encoded(kid, &format!("{}.{}", encode(header), encode(payload)))
    }

    /// Signs two parts that are encoded.
    pub(crate) fn sign_encoded(&self, kid: &str, parts: &str) -> Result<String, Box<dyn Error>> {
        let key = self.keys.key(kid)?;
        // Only of ES256 two signatures of one text differ.
        if key.algorithm()? == Algorithm::Es256 {
            let found = self.kept.iter().find(|token| is_signed(key, parts, token));
            if let Some(token) = found {
                return Ok(token.clone());
            }
        }
        key.token(parts)
    }

    /// The usual token with another header.
    pub(crate) fn with_header(&self, header: &Value) -> Result<String, Box<dyn Error>> {
        self.sign(
            USUAL,
            header.to_string().as_bytes(),
            claims().to_string().as_bytes(),
        )
    }

    /// The usual token with other claims.
    pub(crate) fn with_payload(&self, payload: &[u8]) -> Result<String, Box<dyn Error>> {
        self.sign(
            USUAL,
            header(USUAL, Algorithm::EdDsa).to_string().as_bytes(),
            payload,
        )
    }

    /// The usual token with one claim set.
    pub(crate) fn with(&self, name: &str, value: Value) -> Result<String, Box<dyn Error>> {
        let mut members = members();
        members.insert(name.to_owned(), value);
        self.with_payload(Value::Object(members).to_string().as_bytes())
    }

    /// The usual token with one claim left out.
    pub(crate) fn without(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let mut members = members();
        members.remove(name);
        self.with_payload(Value::Object(members).to_string().as_bytes())
    }
}

/// Whether a token is these parts and a signature of the key.
fn is_signed(key: &TestKey, parts: &str, token: &str) -> bool {
    let signature = token
        .strip_prefix(parts)
        .and_then(|rest| rest.strip_prefix('.'));
    let signature = signature.and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let pair = key
        .pkcs8()
        .ok()
        .and_then(|pkcs8| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).ok());
    let (Some(signature), Some(pair)) = (signature, pair) else {
        return false;
    };
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key());
    public.verify(parts.as_bytes(), &signature).is_ok()
}

/// The header that is right.
pub(crate) fn header(kid: &str, algorithm: Algorithm) -> Value {
    json!({ "alg": algorithm.name(), "kid": kid, "typ": "at+jwt" })
}

/// Claims that are right.
pub(crate) fn claims() -> Value {
    Value::Object(members())
}

/// Claims that are right, with these set.
pub(crate) fn claims_and<const N: usize>(set: [(&str, Value); N]) -> Value {
    let mut members = members();
    members.extend(set.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

/// Encodes a part.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn members() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER,
        "sub": "0190f3a0-0000-7000-8000-000000000001",
        "aud": AUDIENCE,
        "exp": END,
        "iat": NOW,
        "jti": "0190f3a0-0000-7000-8000-000000000002",
        "client_id": "pat-exchange",
        "scope": "openid",
        "currentOrganizationId": "0190f3a0-0000-7000-8000-000000000003",
        "rootOrganizationId": "0190f3a0-0000-7000-8000-000000000004",
        "pid": "0190f3a0-0000-7000-8000-000000000005",
        "ep": { "user": 1, "tree": 2, "instance": 3 },
        "entitlements": ["build:operate"],
        "auth_time": NOW - 86400,
    });
    claims.as_object().cloned().unwrap_or_default()
}
