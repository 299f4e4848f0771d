//! Identifiers: one type per kind of thing, so that an organization cannot be passed where a user is due.
//!
//! All are `UUIDv7` (RFC 9562 §5.7) made from a time and random bytes that are handed in. The text form
//! is the plain hyphenated one, which existing clients expect. Ids are never used again.

use std::fmt;
use std::str::FromStr;

use uuid::{Builder, Uuid};

use crate::time::Timestamp;

/// Random bytes that go into one id.
pub type IdRandom = [u8; 10];

/// A text that is not the hyphenated form of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its hyphenated form")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a `UUIDv7` of a moment and random bytes.
            pub fn new(now: Timestamp, random: IdRandom) -> Self {
                Self(v7(now, random))
            }

            /// Takes an id that was stored or imported.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for storage and wire types.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

ids! {
    /// A person.
    UserId;
    /// An organization: a root or a sub-organization.
    OrgId;
    /// A personal API token. Public: it is the `pid` of the access tokens made from it.
    PatId;
    /// A signed-in browser or program.
    SessionId;
    /// A key record: a pepper or a signing key (then its `kid`).
    KeyId;
    /// One request, as in `X-Request-Id`.
    RequestId;
    /// An invitation to one or several organizations.
    InvitationId;
    /// One run of `keyfobd import`.
    ImportId;
}

fn v7(now: Timestamp, random: IdRandom) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

fn parse(text: &str) -> Result<Uuid, NotAnId> {
    // `Uuid` also reads braces, URNs and the form without hyphens; one form is enough on a wire.
    if text.len() != 36 {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_not_hex| NotAnId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_and_parses_as_the_hyphenated_form() {
        let id = OrgId::new(Timestamp::from_millis(1_700_000_000_000), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        assert_eq!(id.uuid().get_version_num(), 7);
    }

    #[test]
    fn ids_made_later_sort_later() {
        let early = PatId::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = PatId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
    }

    #[test]
    fn other_forms_of_a_uuid_are_refused() {
        for text in [
            "",
            "acme",
            "01890a5dac96774bbcceb302099a8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
            "01890a5d-ac96-774b-bcce-b302099a805g",
            " 01890a5d-ac96-774b-bcce-b302099a8057",
        ] {
            assert_eq!(text.parse::<OrgId>(), Err(NotAnId), "{text}");
        }
    }
}
