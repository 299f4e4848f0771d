//! What can happen, as data: records of the audit log and items of the revocation feed.
//!
//! Records name people by id only; names, addresses and clients lie apart, so that they can be erased
//! while the hash chain still verifies.

use std::net::IpAddr;

use aws_lc_rs::digest;

use crate::id::{KeyId, OrgId, PatId, RequestId, UserId};
use crate::time::Timestamp;

/// Bytes of a link of the chain.
pub const HASH_LENGTH: usize = 32;
/// What the first record of a chain links to.
pub const CHAIN_START: [u8; HASH_LENGTH] = [0; HASH_LENGTH];

macro_rules! words {
    ($(#[$doc:meta])+ $name:ident { $($(#[$each:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$each])+ $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value with that word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// Through what somebody acted.
    Via {
        /// A signed-in session.
        Session = "session",
        /// An access token.
        Token = "token",
        /// A command of the operator.
        Operator = "operator",
        /// `keyfobd import`.
        Import = "import",
    }
}

words! {
    /// What happened.
    Action {
        /// A user was made.
        UserAdded = "user.added",
        /// A user was suspended.
        UserSuspended = "user.suspended",
        /// A user was reactivated.
        UserReactivated = "user.reactivated",
        /// What names a user was destroyed.
        UserErased = "user.erased",
        /// A password was set.
        PasswordSet = "user.password_set",
        /// A link for choosing another password was sent.
        PasswordResetSent = "user.password_reset_sent",
        /// It was proved that a user's address is theirs.
        AddressProved = "user.address_proved",
        /// Somebody signed in.
        SessionStarted = "session.started",
        /// A session was ended.
        SessionEnded = "session.ended",
        /// An organization was made.
        OrganizationCreated = "organization.created",
        /// An organization got another name.
        OrganizationRenamed = "organization.renamed",
        /// An organization was moved within its tree.
        OrganizationMoved = "organization.moved",
        /// An organization and what lay below it were deleted.
        OrganizationDeleted = "organization.deleted",
        /// A user became a direct member.
        MemberAdded = "member.added",
        /// A membership's roles were replaced.
        MemberRolesChanged = "member.roles_changed",
        /// A membership was suspended.
        MemberSuspended = "member.suspended",
        /// A membership was reactivated.
        MemberReactivated = "member.reactivated",
        /// A membership ended.
        MemberRemoved = "member.removed",
        /// Somebody was invited; no name or address is told.
        InvitationMade = "member.invited",
        /// An invitation was sent again: its link before no longer works.
        InvitationSentAgain = "member.invited_again",
        /// An invitation was withdrawn.
        InvitationWithdrawn = "member.invitation_withdrawn",
        /// An invitation was accepted.
        InvitationAccepted = "member.invitation_accepted",
        /// A PAT was generated.
        PatGenerated = "pat.generated",
        /// A PAT was imported by its hash.
        PatImported = "pat.imported",
        /// A PAT was replaced by a successor.
        PatRotated = "pat.rotated",
        /// A PAT was ended.
        PatRevoked = "pat.revoked",
        /// A role catalogue came into force.
        CatalogueApplied = "catalogue.applied",
        /// A key record was made.
        KeyMade = "key.made",
        /// A key record was given an end.
        KeyRetired = "key.retired",
        /// A key record was ended at once: what it made counts no more.
        KeyDropped = "key.dropped",
        /// All key records were sealed under another root key.
        RootKeyChanged = "root_key.changed",
        /// The issuer was written.
        IssuerSet = "issuer.set",
    }
}

/// Who acts, and from where. The last two go into the erasable side record only.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Through what.
    pub via: Via,
    /// Who; none for the operator.
    pub person: Option<UserId>,
    /// The request, if there is one.
    pub request: Option<RequestId>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// What the client calls itself, cut to 300 characters.
    pub client: Option<String>,
}

impl Actor {
    /// Somebody with a shell on the host.
    pub const OPERATOR: Self = Self {
        via: Via::Operator,
        person: None,
        request: None,
        address: None,
        client: None,
    };
    /// A run of `keyfobd import`.
    pub const IMPORT: Self = Self {
        via: Via::Import,
        person: None,
        request: None,
        address: None,
        client: None,
    };
}

/// What a record says beside who and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The tree whose chain it belongs to; none: the instance's.
    pub tree: Option<OrgId>,
    /// What happened.
    pub action: Action,
    /// Where.
    pub organization: Option<OrgId>,
    /// What it happened to.
    pub subject: Option<uuid::Uuid>,
    /// Machine words, never a name or an address.
    pub detail: String,
}

/// One record, as it is linked into its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Through what.
    pub via: Via,
    /// Who.
    pub actor: Option<UserId>,
    /// The request.
    pub request: Option<RequestId>,
    /// What.
    pub fact: &'a Fact,
}

/// The hash of a record.
pub fn link(previous: &[u8], record: &Record<'_>) -> [u8; HASH_LENGTH] {
    let fact = record.fact;
    let linked = LinkedRecord {
        tree: fact.tree,
        seq: record.seq,
        at: record.at,
        via: record.via.word(),
        actor: record.actor,
        request: record.request,
        action: fact.action.word(),
        organization: fact.organization,
        subject: fact.subject,
        detail: &fact.detail,
    };
    linked.hash(previous)
}

/// A record by the words it is stored with: a newer version may have written some that this one does not
/// know, and they are linked all the same.
#[derive(Debug, Clone, Copy)]
pub struct LinkedRecord<'a> {
    /// The tree whose chain it belongs to; none: the instance's.
    pub tree: Option<OrgId>,
    /// Its number in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Through what.
    pub via: &'a str,
    /// Who.
    pub actor: Option<UserId>,
    /// The request.
    pub request: Option<RequestId>,
    /// What happened.
    pub action: &'a str,
    /// Where.
    pub organization: Option<OrgId>,
    /// What it happened to.
    pub subject: Option<uuid::Uuid>,
    /// Machine words.
    pub detail: &'a str,
}

impl LinkedRecord<'_> {
    /// Its hash: SHA-256 over the previous record's and every field, each with its length in front, so that
    /// no two different records read the same.
    pub fn hash(&self, previous: &[u8]) -> [u8; HASH_LENGTH] {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |bytes: &[u8]| {
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(bytes);
        };
        let id = |id: Option<uuid::Uuid>| id.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        field(b"keyfob audit record 1");
        field(previous);
        field(&id(self.tree.map(OrgId::uuid)));
        field(&self.seq.to_be_bytes());
        field(&self.at.millis().to_be_bytes());
        field(self.via.as_bytes());
        field(&id(self.actor.map(UserId::uuid)));
        field(&id(self.request.map(RequestId::uuid)));
        field(self.action.as_bytes());
        field(&id(self.organization.map(OrgId::uuid)));
        field(&id(self.subject));
        field(self.detail.as_bytes());
        let mut hash = CHAIN_START;
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        hash
    }
}

/// What verifiers must learn (guarantee 2): each denies access tokens made before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedItem {
    /// A PAT was revoked.
    Pat(PatId),
    /// A user lost something in a tree.
    User {
        /// Who.
        user: UserId,
        /// Where.
        tree: OrgId,
        /// The new epoch.
        epoch: i64,
    },
    /// Something in a tree was moved or deleted.
    Tree {
        /// Which.
        tree: OrgId,
        /// The new epoch.
        epoch: i64,
    },
    /// A new catalogue, or everything older.
    Instance {
        /// The new epoch.
        epoch: i64,
    },
    /// A signing key was dropped.
    Key(KeyId),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(detail: &str) -> Fact {
        Fact {
            tree: None,
            action: Action::UserAdded,
            organization: None,
            subject: Some(uuid::Uuid::from_u128(7)),
            detail: detail.to_owned(),
        }
    }

    fn record(fact: &Fact) -> Record<'_> {
        Record {
            seq: 1,
            at: Timestamp::from_millis(5),
            via: Via::Operator,
            actor: None,
            request: None,
            fact,
        }
    }

    #[test]
    fn every_word_is_read_back_and_none_comes_twice() {
        let mut words: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
        assert!(
            Action::ALL
                .iter()
                .all(|action| Action::from_word(action.word()) == Some(*action))
        );
        assert!(
            Via::ALL
                .iter()
                .all(|via| Via::from_word(via.word()) == Some(*via))
        );
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Action::ALL.len());
    }

    #[test]
    fn a_link_changes_with_every_field_and_with_the_link_before() {
        let nil = uuid::Uuid::nil();
        let (plain, other) = (fact("a"), fact("b"));
        let base = record(&plain);
        let records = [
            base.clone(),
            record(&other),
            Record {
                seq: 2,
                ..base.clone()
            },
            Record {
                at: Timestamp::from_millis(6),
                ..base.clone()
            },
            Record {
                via: Via::Import,
                ..base.clone()
            },
            Record {
                actor: Some(UserId::from_uuid(nil)),
                ..base.clone()
            },
            Record {
                request: Some(RequestId::from_uuid(nil)),
                ..base.clone()
            },
        ];
        let facts = [
            Fact {
                tree: Some(OrgId::from_uuid(nil)),
                ..plain.clone()
            },
            Fact {
                action: Action::PatRevoked,
                ..plain.clone()
            },
            Fact {
                organization: Some(OrgId::from_uuid(nil)),
                ..plain.clone()
            },
            Fact {
                subject: None,
                ..plain.clone()
            },
        ];
        let mut links = vec![link(&[1; HASH_LENGTH], &base)];
        links.extend(records.iter().map(|record| link(&CHAIN_START, record)));
        links.extend(facts.iter().map(|fact| link(&CHAIN_START, &record(fact))));
        let count = links.len();
        links.sort_unstable();
        links.dedup();
        assert_eq!(links.len(), count);
        assert_eq!(link(&CHAIN_START, &base), link(&CHAIN_START, &base));
    }
}
