//! The configuration as it was written: every key that there is, and nothing about what it means.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::secret::SecretText;

/// All of it. Keys with a default are always there, because the defaults are the first layer.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    pub(crate) data_dir: String,
    pub(crate) root_key_file: Option<String>,
    pub(crate) http: RawHttp,
    pub(crate) database: RawDatabase,
    pub(crate) tokens: RawTokens,
    pub(crate) policy: RawPolicy,
    pub(crate) resource_server: BTreeMap<String, RawResourceServer>,
    pub(crate) dashboard: RawDashboard,
    pub(crate) mail: RawMail,
    pub(crate) log: RawLog,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHttp {
    pub(crate) listen: String,
    pub(crate) public_url: Option<String>,
    pub(crate) insecure_http: Loose<bool>,
    pub(crate) tls_cert: Option<String>,
    pub(crate) tls_key: Option<String>,
    pub(crate) trusted_proxies: LooseList,
    pub(crate) connection_limit: Loose<u32>,
    pub(crate) connection_limit_per_client: Loose<u32>,
    pub(crate) metrics_listen: String,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDatabase {
    pub(crate) url: RawSecret,
    pub(crate) password: Option<RawSecret>,
    pub(crate) password_file: Option<String>,
    pub(crate) allow_asynchronous_commit: Loose<bool>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTokens {
    pub(crate) prefix: String,
    #[serde(default)]
    pub(crate) foreign: BTreeMap<String, RawForeign>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForeign {
    pub(crate) pattern: String,
    pub(crate) hash: RawHash,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawHash {
    Sha256,
    Sha512,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPolicy {
    pub(crate) pat_limit: Loose<u32>,
    pub(crate) pat_expiry_default: Option<String>,
    pub(crate) pat_expiry_max: Option<String>,
    pub(crate) pat_expiry_required: Loose<bool>,
    pub(crate) pat_rotation_overlap: String,
    pub(crate) pat_rotation_overlap_max: String,
    pub(crate) reauthentication: String,
    pub(crate) session_idle: String,
    pub(crate) session_max: String,
    pub(crate) key_rotation: String,
    pub(crate) root_organizations: RawRootOrganizations,
    pub(crate) exchange_failures: Loose<u32>,
    pub(crate) sign_in_failures: Loose<u32>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawRootOrganizations {
    Operators,
    Anyone,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawResourceServer {
    pub(crate) audience: Option<String>,
    pub(crate) lifetime: Option<String>,
    pub(crate) algorithm: Option<RawAlgorithm>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub(crate) enum RawAlgorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDashboard {
    pub(crate) name: String,
    pub(crate) accent: Option<String>,
    pub(crate) logo_file: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMail {
    pub(crate) server: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<RawSecret>,
    pub(crate) password_file: Option<String>,
    pub(crate) from: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLog {
    pub(crate) format: RawLogFormat,
    pub(crate) filter: String,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawLogFormat {
    Text,
    Json,
}

/// A text that is, or may hold, a secret.
#[derive(Debug)]
pub(crate) struct RawSecret(pub(crate) SecretText);

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader).map(|text| Self(SecretText::new(text)))
    }
}

/// A number or a truth value, which from the environment comes as text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loose<T>(pub(crate) T);

impl<'de, T: Literal> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(LooseVisitor(std::marker::PhantomData))
    }
}

/// What can be written without quotation marks.
pub(crate) trait Literal: FromStr {
    /// What is expected, in words.
    const WHAT: &'static str;
}

impl Literal for bool {
    const WHAT: &'static str = "true or false";
}

impl Literal for u32 {
    const WHAT: &'static str = "a whole number";
}

struct LooseVisitor<T>(std::marker::PhantomData<T>);

impl<T: Literal> LooseVisitor<T> {
    fn parse<E: Error>(self, text: &str) -> Result<Loose<T>, E> {
        let parsed = text.parse().map(Loose);
        parsed.map_err(|_no_literal| E::invalid_value(serde::de::Unexpected::Other("text"), &self))
    }
}

impl<T: Literal> Visitor<'_> for LooseVisitor<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Loose<T>, E> {
        self.parse(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Loose<T>, E> {
        self.parse(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Loose<T>, E> {
        self.parse(value)
    }
}

/// Texts, which from the environment come as one, separated by commas.
#[derive(Debug)]
pub(crate) struct LooseList(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for LooseList {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = LooseList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LooseList, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(LooseList(texts))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<LooseList, E> {
        let texts = value.split(',').map(str::trim);
        let texts = texts.filter(|text| !text.is_empty());
        Ok(LooseList(texts.map(str::to_owned).collect()))
    }
}
