//! Why a line is bad, in words for whoever wrote the file. No reason repeats a password, a hash, or
//! more of a line than names that were checked.

use keyfob_core::name::BadName;
use keyfob_core::org::DEPTH_MAX;
use keyfob_core::pat::CEILING_MAX;
use keyfob_core::reach::REACH_MAX;

use super::line::LINE_MAX;
use crate::app::password::{BadPassword, BadPasswordHash};
use crate::document::Fault;

/// Why a line is bad.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More bytes than a line may have.
    #[error("the line is longer than {} KiB", LINE_MAX / 1024)]
    TooLong,
    /// Not JSON, or a name twice in one object.
    #[error("not one JSON object: {0}")]
    Json(String),
    /// JSON, but no object with a known `type`.
    #[error("`type` must be one of: organization, user, membership, token")]
    Type,
    /// A member that is unknown, missing, or of another form.
    #[error("{0}")]
    Member(Fault),
    /// A text that breaks the rule for names, addresses or external ids.
    #[error("`{0}` is wrong: {1}")]
    Name(&'static str, BadName),
    /// No UUID, or the one of zeros only, which stands for the instance.
    #[error("`id` must be a UUID in its hyphenated form, and not the nil one")]
    Id,
    /// A text that can refer to nothing of its kind.
    #[error("`{0}` must be {1}")]
    Reference(&'static str, &'static str),
    /// A reference that nothing fits, among what exists and the lines before.
    #[error("`{0}` is not there, neither here nor in an earlier line")]
    NotThere(&'static str),
    /// A reference that more than one fits.
    #[error("`{0}` fits more than one: give an id or `ext:` and an external id")]
    FitsTwo(&'static str),
    /// A text that is no role key, or too many of them.
    #[error(
        "`roles` must be role keys, at most {} of them",
        keyfob_core::member::ROLES_MAX
    )]
    Roles,
    /// A role that the catalogue in force does not know.
    #[error("the role catalogue has no role {0:?}")]
    UnknownRole(String),
    /// Both kinds of password.
    #[error("give `password` or `passwordHash`, not both")]
    TwoPasswords,
    /// A password that could not be set here either.
    #[error("`password` is wrong: {0}")]
    Password(BadPassword),
    /// No hash that signing in understands.
    #[error("`passwordHash` is wrong: {0}")]
    PasswordHash(BadPasswordHash),
    /// No hash of a token, two of them, or of another length.
    #[error("`hash` must be {{\"sha256\": …}} or {{\"sha512\": …}}, in hexadecimal digits")]
    Hash,
    /// A format that the configuration does not name.
    #[error("`format` names no entry of [tokens.foreign] in the configuration")]
    UnknownFormat,
    /// The hash is not the one that the format says.
    #[error("tokens of this format are imported by their {0}")]
    OtherHash(&'static str),
    /// No RFC 3339 moment.
    #[error("`expiresDate` must be a moment such as 2027-01-15T08:00:00Z")]
    Date,
    /// A ceiling that generating would refuse as well.
    #[error("`ceiling` must be 1 to {CEILING_MAX} permissions of the role catalogue")]
    Ceiling,
    /// A reach that generating would refuse as well.
    #[error(
        "`reach` must be \"subtree\", \"organization\", or 1 to {REACH_MAX} organizations below \
         the token's own"
    )]
    Reach,
    /// The token's user is no direct member (contract P1).
    #[error("only a direct member can hold a token: a line with the membership must come before")]
    NotAMember,
    /// There is no room below the parent.
    #[error("a tree has at most {DEPTH_MAX} levels")]
    TooDeep,
    /// Somebody else has what must be unique.
    #[error("`{0}` belongs to {1}")]
    Taken(&'static str, &'static str),
    /// What exists is not as the line says; imports change nothing that exists.
    #[error("it exists, and `{}` {}", .0.join("`, `"), if .0.len() == 1 { "differs" } else { "differ" })]
    Differs(Vec<&'static str>),
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self::Member(fault)
    }
}
