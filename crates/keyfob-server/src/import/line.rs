//! The format of a line: JSON to values that keep the rules of `keyfob-core`, without asking what exists.

use keyfob_core::foreign::TokenForms;
use keyfob_core::id::{KeyId, OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::name::{Email, Name, check_external_id};
use keyfob_core::secret::{PatMac, Pepper, Scheme, TokenHash};
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use self::raw::{RawMembership, RawOrganization, RawToken, RawUser};
use super::keys::{Key, Keys};
use super::reason::Reason;
use super::reference::{OrgRef, ReachRef, UserRef};
use super::summary::Kind;
use crate::app::password;
use crate::date::parse_rfc3339;
use crate::document::Node;
use crate::secret::SecretText;

mod raw;

/// Most bytes of a line, without its end.
pub const LINE_MAX: usize = 64 * 1024;

/// A line that can be read.
#[derive(Debug)]
pub(super) enum Line {
    Organization(OrgLine),
    User(UserLine),
    Membership(MemberLine),
    Token(TokenLine),
}

impl Line {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Organization(_) => Kind::Organization,
            Self::User(_) => Kind::User,
            Self::Membership(_) => Kind::Membership,
            Self::Token(_) => Kind::Token,
        }
    }
}

#[derive(Debug)]
pub(super) struct OrgLine {
    pub(super) id: Option<OrgId>,
    pub(super) external_id: Option<String>,
    pub(super) name: Name,
    /// The name as it is compared.
    pub(super) name_key: Key,
    pub(super) parent: Option<OrgRef>,
}

#[derive(Debug)]
pub(super) struct UserLine {
    pub(super) id: Option<UserId>,
    pub(super) external_id: Option<String>,
    pub(super) email: Email,
    pub(super) full_name: Name,
    pub(super) password: Option<Password>,
}

/// What somebody will sign in with.
#[derive(Debug)]
pub(super) enum Password {
    /// In the clear; it is hashed when the line makes the user.
    Clear(SecretText),
    /// A PHC string, or one of bcrypt.
    Hash(SecretText),
}

#[derive(Debug)]
pub(super) struct MemberLine {
    pub(super) user: UserRef,
    pub(super) organization: OrgRef,
    pub(super) roles: Roles,
}

#[derive(Debug)]
pub(super) struct TokenLine {
    pub(super) user: UserRef,
    pub(super) organization: OrgRef,
    pub(super) name: Name,
    /// The digests under every pepper in use, the newest first: an older one knows older tokens.
    pub(super) macs: Vec<PatMac>,
    pub(super) expires_at: Option<Timestamp>,
    /// Permission names, sorted, separated by spaces.
    pub(super) ceiling: Option<String>,
    pub(super) reach: ReachRef,
    /// Whether it has this installation's own form.
    pub(super) is_native: bool,
}

/// What reading a line needs to know; it goes to a thread of its own.
#[derive(Debug, Clone)]
pub(super) struct Format {
    pub(super) keys: Keys,
    pub(super) peppers: Vec<(KeyId, Pepper)>,
    pub(super) forms: TokenForms,
}

impl Format {
    /// Reads a line. A bad one comes back with its kind, if it tells that.
    pub(super) fn read(&self, line: &[u8]) -> Result<Line, (Option<Kind>, Reason)> {
        let node = Node::from_json(line).map_err(|cause| {
            // The reader counts lines too, and of this one it has seen only this one.
            let cause = cause.to_string().replace(" at line 1 column", " at column");
            (None, Reason::Json(cause))
        })?;
        let Node::Members(mut members) = node else {
            return Err((None, Reason::Type));
        };
        let kind = match members.remove("type") {
            Some(Node::Text(word)) => Kind::from_word(&word),
            _other => None,
        };
        let kind = kind.ok_or((None, Reason::Type))?;
        let node = Node::Members(members);
        let line = match kind {
            Kind::Organization => self.organization(node).map(Line::Organization),
            Kind::User => user(node).map(Line::User),
            Kind::Membership => self.membership(node).map(Line::Membership),
            Kind::Token => self.token(node).map(Line::Token),
        };
        line.map_err(|reason| (Some(kind), reason))
    }

    fn organization(&self, node: Node) -> Result<OrgLine, Reason> {
        let raw: RawOrganization = node.read()?;
        let name = name("name", &raw.name)?;
        Ok(OrgLine {
            id: id(raw.id.as_deref())?.map(OrgId::from_uuid),
            external_id: external_id(raw.external_id)?,
            name_key: self.keys.of(&name.key()),
            name,
            parent: raw
                .parent
                .map(|raw| OrgRef::of("parent", raw, &self.keys))
                .transpose()?,
        })
    }

    fn membership(&self, node: Node) -> Result<MemberLine, Reason> {
        let raw: RawMembership = node.read()?;
        let roles = Roles::new(raw.roles.iter().map(String::as_str));
        Ok(MemberLine {
            user: UserRef::of(&raw.user)?,
            organization: OrgRef::of("organization", raw.organization, &self.keys)?,
            roles: roles.map_err(|_bad| Reason::Roles)?,
        })
    }

    fn token(&self, node: Node) -> Result<TokenLine, Reason> {
        let raw: RawToken = node.read()?;
        let hash = self.hash(&raw)?;
        let expires_at = raw
            .expires_date
            .as_deref()
            .map(|text| parse_rfc3339(text).ok_or(Reason::Date));
        Ok(TokenLine {
            user: UserRef::of(&raw.user)?,
            organization: OrgRef::of("organization", raw.organization, &self.keys)?,
            name: name("name", &raw.name)?,
            macs: self
                .peppers
                .iter()
                .map(|(_id, pepper)| pepper.mac(&hash))
                .collect(),
            expires_at: expires_at.transpose()?,
            ceiling: raw.ceiling.map(ceiling).transpose()?,
            reach: raw
                .reach
                .map_or(Ok(ReachRef::Subtree), |raw| ReachRef::of(raw, &self.keys))?,
            is_native: raw.format.is_none(),
        })
    }

    /// The hash of a token, which its format must be looked up by: another would never be found.
    fn hash(&self, raw: &RawToken) -> Result<TokenHash, Reason> {
        let (scheme, digits) = match (&raw.hash.sha256, &raw.hash.sha512) {
            (Some(digits), None) => (Scheme::Sha256, digits),
            (None, Some(digits)) => (Scheme::Sha512, digits),
            (None, None) | (Some(_), Some(_)) => return Err(Reason::Hash),
        };
        let expected = match &raw.format {
            None => Scheme::Sha256,
            Some(format) => {
                let known = self
                    .forms
                    .foreign
                    .iter()
                    .find(|foreign| foreign.name() == format);
                known.ok_or(Reason::UnknownFormat)?.scheme()
            }
        };
        if scheme != expected {
            return Err(Reason::OtherHash(match expected {
                Scheme::Sha256 => "sha256",
                Scheme::Sha512 => "sha512",
            }));
        }
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.expose().as_bytes());
        let bytes = bytes.map_err(|_not_hex| Reason::Hash)?;
        TokenHash::imported(scheme, bytes).map_err(|_length| Reason::Hash)
    }
}

fn user(node: Node) -> Result<UserLine, Reason> {
    let raw: RawUser = node.read()?;
    let password = match (raw.password, raw.password_hash) {
        (None, None) => None,
        (Some(clear), None) => {
            password::check(clear.expose()).map_err(Reason::Password)?;
            Some(Password::Clear(clear))
        }
        (None, Some(hash)) => {
            password::check_hash(hash.expose()).map_err(Reason::PasswordHash)?;
            Some(Password::Hash(hash))
        }
        (Some(_), Some(_)) => return Err(Reason::TwoPasswords),
    };
    Ok(UserLine {
        id: id(raw.id.as_deref())?.map(UserId::from_uuid),
        external_id: external_id(raw.external_id)?,
        email: Email::parse(&raw.email).map_err(|why| Reason::Name("email", why))?,
        full_name: name("fullName", &raw.full_name)?,
        password,
    })
}

fn name(member: &'static str, text: &str) -> Result<Name, Reason> {
    Name::parse(text).map_err(|why| Reason::Name(member, why))
}

fn external_id(given: Option<String>) -> Result<Option<String>, Reason> {
    if let Some(text) = &given {
        check_external_id(text).map_err(|why| Reason::Name("externalId", why))?;
    }
    Ok(given)
}

/// An id by its text. The nil one is the audit chain of the instance.
fn id(given: Option<&str>) -> Result<Option<Uuid>, Reason> {
    let read = given.map(|text| text.parse().map(UserId::uuid)).transpose();
    let id = read.map_err(|_bad| Reason::Id)?;
    if id.is_some_and(|id| id.is_nil()) {
        Err(Reason::Id)
    } else {
        Ok(id)
    }
}

/// The stored form of a ceiling; whether the catalogue knows its names is asked when it is used.
fn ceiling(mut names: Vec<String>) -> Result<String, Reason> {
    names.sort_unstable();
    names.dedup();
    let is_word = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    if names.is_empty() || !names.iter().all(is_word) {
        return Err(Reason::Ceiling);
    }
    Ok(names.join(" "))
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
