//! Key sets as they are published and fetched (RFC 7517 §5).
//!
//! A fetched set is input from outside: bounded in size, and of what it holds only keys that can
//! verify our tokens are taken. The others are left out, as RFC 7517 §5 says; a set that is
//! ambiguous or gives a secret away is refused as a whole.

use data_encoding::BASE64URL_NOPAD;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::algorithm::Algorithm;
use crate::json::Strict;
use crate::keys::{BadKey, Jwk, PublicKey, UNCOMPRESSED};

/// The largest key set that is read, in bytes.
pub const MAX_JWKS: usize = 64 * 1024;

/// The most keys a set may hold, those that are passed over included.
pub const MAX_KEYS: usize = 20;

/// The members that only a private key has (RFC 7518 §6.2.2 and §6.3.2).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A set of public keys, each with a name of its own.
///
/// It serialises to what `/.well-known/jwks.json` serves.
#[derive(Debug, Clone, Default)]
pub struct Jwks {
    keys: Vec<PublicKey>,
}

/// Why a key set was refused. Keep the set there was, and look at the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadJwks {
    /// Larger than [`MAX_JWKS`]. Nothing of it was read.
    #[error("the key set is larger than 64 KiB")]
    TooLong,
    /// Not a JSON object with an array of objects under `keys`, or with a member named twice.
    #[error("the key set is not a JSON object with a list of keys")]
    Malformed,
    /// More than [`MAX_KEYS`] keys.
    #[error("the key set has more than 20 keys")]
    TooManyKeys,
    /// Two keys have one `kid`, so a token would not say which it means.
    #[error("two keys have the same name")]
    DuplicateKid,
    /// A key carries its private part. It is public now, and worthless: tell the issuer at once.
    #[error("a key carries its private part")]
    PrivateKey,
}

impl Jwks {
    /// Reads a fetched set.
    ///
    /// Left out are keys of another kind (`oct` above all, RFC 8725 §3.2), curve, algorithm or use,
    /// keys without `kid` or `alg`, points beside the curve, RSA keys of under 2048 or over 8192
    /// bits, and broken ones. A set in which nothing remains is empty, and verifies nothing.
    ///
    /// # Errors
    ///
    /// See [`BadJwks`]; the answer to each is to keep the set there was.
    ///
    /// ```
    /// use keyfob_verify::{BadJwks, Jwks};
    ///
    /// let keys = Jwks::parse(include_bytes!("../vectors/jwks.json"))?;
    /// assert_eq!(keys.keys().count(), 4);
    /// assert_eq!(Jwks::parse(b"[]").unwrap_err(), BadJwks::Malformed);
    /// # Ok::<(), BadJwks>(())
    /// ```
    pub fn parse(json: &[u8]) -> Result<Self, BadJwks> {
        if json.len() > MAX_JWKS {
            return Err(BadJwks::TooLong);
        }
        let Some(set) = Strict::new(json).and_then(Strict::read::<Map<String, Value>>) else {
            return Err(BadJwks::Malformed);
        };
        let Some(Value::Array(entries)) = set.get("keys") else {
            return Err(BadJwks::Malformed);
        };
        if entries.len() > MAX_KEYS {
            return Err(BadJwks::TooManyKeys);
        }
        let mut keys: Vec<PublicKey> = Vec::with_capacity(entries.len());
        for entry in entries {
            let Value::Object(members) = entry else {
                return Err(BadJwks::Malformed);
            };
            let Some(key) = read_key(members)? else {
                continue;
            };
            if keys.iter().any(|other| other.kid() == key.kid()) {
                return Err(BadJwks::DuplicateKid);
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }

    /// Makes a set of keys at hand, in their order. Of two with one name the first one counts.
    ///
    /// ```
    /// use keyfob_verify::{Jwks, PublicKey};
    ///
    /// let keys = Jwks::new(vec![PublicKey::from_ed25519("2027-01", &[7; 32])?]);
    /// let published = serde_json::to_string(&keys)?;
    /// assert!(published.starts_with(r#"{"keys":[{"kty":"OKP","use":"sig","alg":"EdDSA","#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys }
    }

    /// Finds the key with exactly that name (RFC 8725 §3.10: a `kid` is a name and nothing else).
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// Lists the keys in the order of the set.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter()
    }

    /// Whether there is no key in it, so that every token would be refused.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Serialize for Jwks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Published<'a> {
            keys: Vec<&'a Jwk>,
        }
        Published {
            keys: self.keys.iter().map(PublicKey::jwk).collect(),
        }
        .serialize(serializer)
    }
}

/// Reads one key. `None` when it is to be left out.
fn read_key(members: &Map<String, Value>) -> Result<Option<PublicKey>, BadJwks> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("kty") == Some("oct") {
        return Ok(None);
    }
    if PRIVATE_MEMBERS
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return Err(BadJwks::PrivateKey);
    }
    let algorithm = text("alg").and_then(Algorithm::from_name);
    let (Some(kid), Some(algorithm), true) = (text("kid"), algorithm, is_for_verifying(members))
    else {
        return Ok(None);
    };
    let read = match (algorithm, text("kty"), text("crv")) {
        (Algorithm::Es256, Some("EC"), Some("P-256")) => es256(kid, members),
        (Algorithm::EdDsa, Some("OKP"), Some("Ed25519")) => {
            bytes(members, "x").and_then(|key| PublicKey::from_ed25519(kid, &key))
        }
        (Algorithm::Rs256, Some("RSA"), _) => rs256(kid, members),
        (Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Rs256, _, _) => return Ok(None),
    };
    Ok(read.ok())
}

fn es256(kid: &str, members: &Map<String, Value>) -> Result<PublicKey, BadKey> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    // Of the whole point only the length would be seen, not where one coordinate ends.
    if x.len() != y.len() {
        return Err(BadKey::Malformed);
    }
    let point = [vec![UNCOMPRESSED], x, y].concat();
    PublicKey::from_es256_point(kid, &point)
}

fn rs256(kid: &str, members: &Map<String, Value>) -> Result<PublicKey, BadKey> {
    PublicKey::from_rs256_components(kid, &bytes(members, "n")?, &bytes(members, "e")?)
}

/// Whether `use` and `key_ops`, as far as they are there, allow verifying (RFC 7517 §4.2, §4.3).
fn is_for_verifying(members: &Map<String, Value>) -> bool {
    let by_use = members.get("use").is_none_or(|use_| use_ == "sig");
    let by_operations = members.get("key_ops").is_none_or(|operations| {
        operations
            .as_array()
            .is_some_and(|listed| listed.iter().any(|one| one == "verify"))
    });
    by_use && by_operations
}

/// Decodes a member from canonical base64url.
fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, BadKey> {
    let text = members.get(name).and_then(Value::as_str);
    text.and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
        .ok_or(BadKey::Malformed)
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
