//! Asking the store for whatever the lines of a chunk name, before they are decided about.

use std::collections::{BTreeMap, BTreeSet};

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::secret::PatMac;
use keyfob_store::import::facts::{
    UserKeys, known_erased, known_members, known_orgs, known_pats, known_users,
};
use keyfob_store::{Store, StoreError, Tx};
use uuid::Uuid;

use super::keys::Keys;
use super::line::{Line, UserLine};
use super::orgs::Orgs;
use super::people::{ErasedName, People};
use super::reference::UserRef;
use super::source::Chunk;
use crate::erasure::{ErasureKey, Name};

/// Organizations read at once.
const PAGE: i64 = 5_000;

/// Reads every organization there is.
pub(super) async fn load_orgs(store: &Store, keys: &Keys) -> Result<Orgs, StoreError> {
    let mut orgs = Orgs::default();
    let mut after = OrgId::from_uuid(Uuid::nil());
    loop {
        let mut tx = store.read_single().await?;
        let page = known_orgs(&mut tx, after, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else {
            return Ok(orgs);
        };
        after = last.id;
        orgs.load(&page, keys);
    }
}

/// What is known already, and how more is recognised.
pub(super) struct Known<'a> {
    pub(super) people: &'a mut People,
    pub(super) keys: &'a Keys,
    pub(super) erasure: Option<&'a ErasureKey>,
}

/// Reads what a chunk's lines name of users, memberships and tokens, unless it is known.
pub(super) async fn look_up(
    store: &Store,
    chunk: &Chunk,
    known: Known<'_>,
) -> Result<(), StoreError> {
    let Known {
        people,
        keys,
        erasure,
    } = known;
    let lines = || {
        chunk
            .lines
            .iter()
            .filter_map(|parsed| parsed.line.as_ref().ok())
    };
    let mut wanted = Wanted::default();
    for line in lines() {
        wanted.add(line, people, keys);
    }
    let mut tx = store.read().await?;
    for keys_of in wanted.users() {
        let found = match &keys_of {
            Users::Ids(ids) => known_users(&mut tx, UserKeys::Ids(ids)).await?,
            Users::Emails(emails) => known_users(&mut tx, UserKeys::Emails(emails)).await?,
            Users::External(ids) => known_users(&mut tx, UserKeys::External(ids)).await?,
        };
        people.load_users(&found, keys);
    }
    if let Some(erasure) = erasure {
        look_up_erased(&mut tx, &wanted, people, (keys, erasure)).await?;
    }
    let members: BTreeSet<UserId> = lines()
        .filter_map(|line| member_of(line, people, keys))
        .collect();
    let members: Vec<UserId> = members.into_iter().collect();
    let found = known_members(&mut tx, &members).await?;
    people.load_members(&members, &found);
    let found = known_pats(&mut tx, &wanted.macs).await?;
    people.load_tokens(&found, keys);
    tx.commit().await
}

/// Reads who of those that were not found was erased.
async fn look_up_erased(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    people: &mut People,
    (keys, erasure): (&Keys, &ErasureKey),
) -> Result<(), StoreError> {
    let emails = wanted.emails.iter().map(|text| {
        let name = ErasedName::Email(keys.of(text));
        (erasure.mac(Name::Email(text)), name)
    });
    let external = wanted.external.iter().map(|text| {
        let name = ErasedName::External(keys.of(text));
        (erasure.mac(Name::External(text)), name)
    });
    let names: BTreeMap<Vec<u8>, ErasedName> = emails.chain(external).collect();
    let macs: Vec<Vec<u8>> = names.keys().cloned().collect();
    let found = known_erased(tx, &macs).await?;
    let ids: Vec<UserId> = found.iter().map(|(_mac, id)| *id).collect();
    let known = known_users(tx, UserKeys::Ids(&ids)).await?;
    people.load_users(&known, keys);
    for (mac, id) in &found {
        if let Some(name) = names.get(mac) {
            people.load_erased(*id, *name);
        }
    }
    Ok(())
}

/// What is to be asked for.
#[derive(Default)]
struct Wanted<'c> {
    ids: BTreeSet<UserId>,
    emails: BTreeSet<&'c str>,
    external: BTreeSet<&'c str>,
    macs: Vec<&'c PatMac>,
}

/// Users by one kind of key.
enum Users<'c> {
    Ids(Vec<UserId>),
    Emails(Vec<&'c str>),
    External(Vec<&'c str>),
}

impl<'c> Wanted<'c> {
    fn add(&mut self, line: &'c Line, people: &People, keys: &Keys) {
        match line {
            Line::Organization(_) => {}
            Line::User(line) => self.add_user(line, people, keys),
            Line::Membership(line) => self.add_reference(&line.user, people, keys),
            Line::Token(line) => {
                self.add_reference(&line.user, people, keys);
                let is_known =
                    |mac: &&PatMac| people.token(keys.of_bytes(mac.as_bytes())).is_some();
                self.macs
                    .extend(line.macs.iter().filter(|mac| !is_known(mac)));
            }
        }
    }

    /// By all its keys: each must be free if the line makes a user.
    fn add_user(&mut self, line: &'c UserLine, people: &People, keys: &Keys) {
        let email = Some(line.email.key());
        self.emails
            .extend(email.filter(|email| people.by_email(keys.of(email)).is_none()));
        let external = line.external_id.as_deref();
        self.external
            .extend(external.filter(|text| people.by_external(keys.of(text)).is_none()));
        self.ids
            .extend(line.id.filter(|id| people.by_id(*id).is_none()));
    }

    fn add_reference(&mut self, reference: &'c UserRef, people: &People, keys: &Keys) {
        if people.resolve(reference, keys).is_some() {
            return;
        }
        match reference {
            UserRef::Id(id) => _ = self.ids.insert(*id),
            UserRef::Email(email) => _ = self.emails.insert(email),
            UserRef::External(external_id) => _ = self.external.insert(external_id),
        }
    }

    fn users(&self) -> [Users<'c>; 3] {
        [
            Users::Ids(self.ids.iter().copied().collect()),
            Users::Emails(self.emails.iter().copied().collect()),
            Users::External(self.external.iter().copied().collect()),
        ]
    }
}

/// The user of a membership or a token whose memberships have not been looked up.
fn member_of(line: &Line, people: &People, keys: &Keys) -> Option<UserId> {
    let reference = match line {
        Line::Organization(_) | Line::User(_) => return None,
        Line::Membership(line) => &line.user,
        Line::Token(line) => &line.user,
    };
    let entry = people.entry(people.resolve(reference, keys)?)?;
    (!entry.has_members).then_some(entry.id)
}
