//! How a line refers to a user or an organization, before it is asked what exists.

use std::fmt;

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::name::{Email, Name};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::keys::{Key, Keys};
use super::reason::Reason;

/// What an external id is written behind.
const EXTERNAL: &str = "ext:";

/// A reference to an organization: a text, or a name path from the root down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RawRef {
    Text(String),
    Path(Vec<String>),
}

/// `"subtree"`, `"organization"`, or a list of references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RawReach {
    Word(String),
    Named(Vec<RawRef>),
}

/// A user, by one of three forms that no text can have two of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UserRef {
    Id(UserId),
    /// The address as it is compared.
    Email(String),
    External(String),
}

impl UserRef {
    pub(super) fn of(text: &str) -> Result<Self, Reason> {
        if let Some(external_id) = text.strip_prefix(EXTERNAL) {
            return Ok(Self::External(external_id.to_owned()));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let email = Email::parse(text).map_err(|_no_address| {
            Reason::Reference(
                "user",
                "an id, an e-mail address, or ext: and an external id",
            )
        })?;
        Ok(Self::Email(email.key().to_owned()))
    }
}

/// An organization, by every form that a text can have: what fits under two of them is bad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OrgRef {
    pub(super) id: Option<OrgId>,
    pub(super) external: Option<Key>,
    /// Names as they are compared, the root's first.
    pub(super) path: Option<Vec<Key>>,
}

impl OrgRef {
    pub(super) fn of(member: &'static str, raw: RawRef, keys: &Keys) -> Result<Self, Reason> {
        let reference = match raw {
            RawRef::Path(names) => Self {
                path: path(names.iter().map(String::as_str), keys),
                ..Self::default()
            },
            RawRef::Text(text) => Self {
                id: text.parse().ok(),
                external: text
                    .strip_prefix(EXTERNAL)
                    .map(|external_id| keys.of(external_id)),
                path: path(text.split('/'), keys),
            },
        };
        if reference == Self::default() {
            let forms = "an id, ext: and an external id, or a path of names from the root";
            return Err(Reason::Reference(member, forms));
        }
        Ok(reference)
    }
}

fn path<'n>(names: impl Iterator<Item = &'n str>, keys: &Keys) -> Option<Vec<Key>> {
    let names = names.map(|name| Name::parse(name).map(|name| keys.of(&name.key())));
    let path: Vec<Key> = names.collect::<Result<_, _>>().ok()?;
    (!path.is_empty()).then_some(path)
}

/// How far a token goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReachRef {
    Subtree,
    Organization,
    Named(Vec<OrgRef>),
}

impl ReachRef {
    pub(super) fn of(raw: RawReach, keys: &Keys) -> Result<Self, Reason> {
        match raw {
            RawReach::Word(word) => match word.as_str() {
                "subtree" => Ok(Self::Subtree),
                "organization" => Ok(Self::Organization),
                _other => Err(Reason::Reach),
            },
            RawReach::Named(named) => {
                let named = named.into_iter().map(|raw| OrgRef::of("reach", raw, keys));
                named.collect::<Result<_, _>>().map(Self::Named)
            }
        }
    }
}

impl<'de> Deserialize<'de> for RawRef {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(RefVisitor)
    }
}

struct RefVisitor;

impl<'de> Visitor<'de> for RefVisitor {
    type Value = RawRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of names")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawRef, E> {
        Ok(RawRef::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<RawRef, E> {
        Ok(RawRef::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<RawRef, A::Error> {
        let mut path = Vec::new();
        while let Some(name) = names.next_element()? {
            path.push(name);
        }
        Ok(RawRef::Path(path))
    }
}

impl<'de> Deserialize<'de> for RawReach {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ReachVisitor)
    }
}

struct ReachVisitor;

impl<'de> Visitor<'de> for ReachVisitor {
    type Value = RawReach;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"subtree\", \"organization\", or a list of organizations")
    }

    fn visit_str<E>(self, word: &str) -> Result<RawReach, E> {
        Ok(RawReach::Word(word.to_owned()))
    }

    fn visit_string<E>(self, word: String) -> Result<RawReach, E> {
        Ok(RawReach::Word(word))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawReach, A::Error> {
        let mut named = Vec::new();
        while let Some(item) = items.next_element()? {
            named.push(item);
        }
        Ok(RawReach::Named(named))
    }
}
