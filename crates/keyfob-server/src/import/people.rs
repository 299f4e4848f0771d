//! What an import knows of users, their memberships and tokens: those that its lines name, looked up a
//! chunk at a time, and those it makes.

use std::collections::{HashMap, HashSet};

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::time::Timestamp;
use keyfob_store::import::facts::{KnownMember, KnownPat, KnownUser};

use super::keys::{Key, Keys};
use super::reference::UserRef;

/// A user in this memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Person(u32);

/// What is remembered of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct PersonEntry {
    pub(super) id: UserId,
    /// The address as it is compared.
    pub(super) email: Key,
    /// The name, exactly.
    pub(super) full_name: Key,
    pub(super) external: Option<Key>,
    /// Suspended or erased.
    pub(super) is_suspended: bool,
    /// Whether all memberships there are have been looked up.
    pub(super) has_members: bool,
}

/// A name that somebody had before they were erased.
#[derive(Debug, Clone, Copy)]
pub(super) enum ErasedName {
    Email(Key),
    External(Key),
}

/// How a membership or a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Living,
    /// Suspended, ended or revoked here.
    Ended,
}

/// A membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// The number of its set of roles.
    roles: u32,
    pub(super) standing: Standing,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenEntry {
    pub(super) user: UserId,
    pub(super) organization: OrgId,
    /// Its name, exactly.
    pub(super) name: Key,
    pub(super) expires_at: Option<Timestamp>,
    /// The stored form of its ceiling.
    pub(super) ceiling: Option<Key>,
    /// The stored form of its reach.
    pub(super) reach: Key,
    pub(super) standing: Standing,
}

#[derive(Debug, Default)]
pub(super) struct People {
    entries: Vec<PersonEntry>,
    by_id: HashMap<UserId, Person>,
    by_email: HashMap<Key, Person>,
    by_external: HashMap<Key, Person>,
    erased: HashSet<Person>,
    held: HashMap<(Person, OrgId), Held>,
    /// Sets of roles; there are few, so each is kept once.
    roles: HashMap<String, u32>,
    tokens: HashMap<Key, TokenEntry>,
}

impl People {
    pub(super) fn load_users(&mut self, known: &[KnownUser], keys: &Keys) {
        for user in known {
            // Somebody may be asked for by their address and by their id.
            if self.by_id.contains_key(&user.id) {
                continue;
            }
            self.add(PersonEntry {
                id: user.id,
                email: keys.of(&user.email_key),
                full_name: keys.of(&user.full_name),
                external: user.external_id.as_deref().map(|text| keys.of(text)),
                is_suspended: user.suspended_at.is_some(),
                has_members: false,
            });
        }
    }

    /// Remembers names of somebody who was erased, unless they are somebody else's by now: what lines say
    /// of them is ended here.
    pub(super) fn load_erased(&mut self, id: UserId, name: ErasedName) {
        let Some(person) = self.by_id(id) else {
            return;
        };
        let (names, key) = match name {
            ErasedName::Email(key) => (&mut self.by_email, key),
            ErasedName::External(key) => (&mut self.by_external, key),
        };
        names.entry(key).or_insert(person);
        self.erased.insert(person);
    }

    pub(super) fn is_erased(&self, person: Person) -> bool {
        self.erased.contains(&person)
    }

    pub(super) fn load_members(&mut self, users: &[UserId], known: &[KnownMember]) {
        for member in known {
            let Some(person) = self.by_id(member.user) else {
                continue;
            };
            let is_over = member.ended_at.is_some() || member.suspended_at.is_some();
            let standing = if is_over {
                Standing::Ended
            } else {
                Standing::Living
            };
            self.hold(
                person,
                member.organization,
                &Roles::from_stored(&member.roles),
                standing,
            );
        }
        for user in users {
            if let Some(entry) = self.by_id(*user).and_then(|person| self.entry_mut(person)) {
                entry.has_members = true;
            }
        }
    }

    pub(super) fn load_tokens(&mut self, known: &[KnownPat], keys: &Keys) {
        for pat in known {
            let revoked = pat.revoked_at.is_some();
            let entry = TokenEntry {
                user: pat.user,
                organization: pat.organization,
                name: keys.of(&pat.name),
                expires_at: pat.expires_at,
                ceiling: pat.ceiling.as_deref().map(|text| keys.of(text)),
                reach: keys.of(&pat.reach),
                standing: if revoked {
                    Standing::Ended
                } else {
                    Standing::Living
                },
            };
            self.tokens.insert(keys.of_bytes(&pat.mac), entry);
        }
    }

    pub(super) fn add(&mut self, entry: PersonEntry) -> Person {
        let person = Person(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.by_id.insert(entry.id, person);
        self.by_email.insert(entry.email, person);
        if let Some(external) = entry.external {
            self.by_external.insert(external, person);
        }
        self.entries.push(entry);
        person
    }

    pub(super) fn entry(&self, person: Person) -> Option<&PersonEntry> {
        self.entries.get(usize::try_from(person.0).ok()?)
    }

    fn entry_mut(&mut self, person: Person) -> Option<&mut PersonEntry> {
        self.entries.get_mut(usize::try_from(person.0).ok()?)
    }

    pub(super) fn by_id(&self, id: UserId) -> Option<Person> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn by_email(&self, email: Key) -> Option<Person> {
        self.by_email.get(&email).copied()
    }

    pub(super) fn by_external(&self, external: Key) -> Option<Person> {
        self.by_external.get(&external).copied()
    }

    pub(super) fn resolve(&self, reference: &UserRef, keys: &Keys) -> Option<Person> {
        match reference {
            UserRef::Id(id) => self.by_id(*id),
            UserRef::Email(email) => self.by_email(keys.of(email)),
            UserRef::External(external) => self.by_external(keys.of(external)),
        }
    }

    /// The membership of somebody, and whether it has just these roles.
    pub(super) fn held(
        &self,
        person: Person,
        organization: OrgId,
        roles: &Roles,
    ) -> Option<(Held, bool)> {
        let held = self.held.get(&(person, organization)).copied()?;
        Some((held, self.roles.get(roles.as_text()) == Some(&held.roles)))
    }

    pub(super) fn standing(&self, person: Person, organization: OrgId) -> Option<Standing> {
        self.held
            .get(&(person, organization))
            .map(|held| held.standing)
    }

    pub(super) fn hold(
        &mut self,
        person: Person,
        organization: OrgId,
        roles: &Roles,
        standing: Standing,
    ) {
        let next = u32::try_from(self.roles.len()).unwrap_or(u32::MAX);
        let roles = match self.roles.get(roles.as_text()) {
            Some(number) => *number,
            None => *self.roles.entry(roles.as_text().to_owned()).or_insert(next),
        };
        self.held
            .insert((person, organization), Held { roles, standing });
    }

    pub(super) fn token(&self, mac: Key) -> Option<&TokenEntry> {
        self.tokens.get(&mac)
    }

    pub(super) fn keep_token(&mut self, mac: Key, entry: TokenEntry) {
        self.tokens.insert(mac, entry);
    }
}
