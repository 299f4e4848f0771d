//! Deciding what becomes of a line, from what exists and what the lines before have made.
//!
//! The rules (contract 7): what is missing is made; what exists is left as it is, and a line that says
//! otherwise is bad; what was revoked, ended, suspended or deleted here is never brought back, nor is
//! anything made that would hang on it. Everything needed has been looked up before, so that nothing
//! here waits.

mod token;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::id::{IdRandom, OrgId, UserId};
use keyfob_core::org::DEPTH_MAX;
use keyfob_core::time::{Entropy, Purpose, Timestamp};
use keyfob_store::member::MemberAt;

use self::token::NewToken;
use super::keys::{Key, Keys};
use super::line::{Line, MemberLine, OrgLine, UserLine};
use super::orgs::{Found, NewEntry, Org, Orgs};
use super::people::{People, Person, PersonEntry, Standing};
use super::reason::Reason;

/// What a line comes to.
#[derive(Debug)]
pub(super) enum Step {
    Make(Box<New>),
    Unchanged,
    EndedHere,
}

impl Step {
    fn make(new: New) -> Self {
        Self::Make(Box::new(new))
    }
}

/// Something to make.
#[derive(Debug)]
pub(super) enum New {
    Organization {
        id: OrgId,
        parent: Option<OrgId>,
        tree: OrgId,
        line: OrgLine,
    },
    User {
        id: UserId,
        line: UserLine,
    },
    Membership {
        at: MemberAt,
        line: MemberLine,
    },
    Token(NewToken),
}

/// All that decisions rest on; it grows with the lines.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) keys: Keys,
    pub(super) orgs: Orgs,
    pub(super) people: People,
}

/// The parent that a line names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    None,
    Living(Org),
    Ended(Option<Org>),
}

/// What a line speaks of.
enum Recognised {
    Living(Org),
    Ended,
    New,
}

impl Planner<'_> {
    /// Decides about one line; `now` goes into the id of what it makes.
    pub(super) fn plan(&mut self, line: Line, now: Timestamp) -> Result<Step, Reason> {
        match line {
            Line::Organization(line) => self.organization(line, now),
            Line::User(line) => self.user(line, now),
            Line::Membership(line) => self.membership(line),
            Line::Token(line) => self.token(line, now),
        }
    }

    fn organization(&mut self, line: OrgLine, now: Timestamp) -> Result<Step, Reason> {
        let parent = self.parent(&line)?;
        match self.recognise(&line, parent)? {
            Recognised::Ended => Ok(Step::EndedHere),
            Recognised::Living(org) => self.compare(org, &line, parent),
            Recognised::New => self.new_organization(line, parent, now),
        }
    }

    fn parent(&self, line: &OrgLine) -> Result<Parent, Reason> {
        let Some(reference) = &line.parent else {
            return Ok(Parent::None);
        };
        match self.orgs.resolve(reference) {
            Found::One(org) => Ok(Parent::Living(org)),
            Found::Ended(org) => Ok(Parent::Ended(org)),
            Found::Several => Err(Reason::FitsTwo("parent")),
            Found::None => Err(Reason::NotThere("parent")),
        }
    }

    /// By the id if the line has one, else by the external id, else by its name below its parent.
    fn recognise(&self, line: &OrgLine, parent: Parent) -> Result<Recognised, Reason> {
        let known = match (line.id, &line.external_id) {
            (Some(id), _) => self.orgs.by_id(id),
            (None, Some(external_id)) => self.orgs.by_external(self.keys.of(external_id)),
            (None, None) => return self.recognise_by_name(line, parent),
        };
        let entry = known.and_then(|org| Some((org, self.orgs.entry(org)?)));
        Ok(match entry {
            Some((org, entry)) if entry.is_living => Recognised::Living(org),
            Some(_deleted) => Recognised::Ended,
            None => Recognised::New,
        })
    }

    fn recognise_by_name(&self, line: &OrgLine, parent: Parent) -> Result<Recognised, Reason> {
        let above = match parent {
            Parent::None => None,
            Parent::Living(org) | Parent::Ended(Some(org)) => Some(org),
            Parent::Ended(None) => return Ok(Recognised::Ended),
        };
        match self.orgs.directly_below(above, line.name_key) {
            Found::One(org) => Ok(Recognised::Living(org)),
            Found::Ended(_org) => Ok(Recognised::Ended),
            Found::Several => Err(Reason::FitsTwo("name")),
            Found::None => Ok(Recognised::New),
        }
    }

    fn compare(&self, org: Org, line: &OrgLine, parent: Parent) -> Result<Step, Reason> {
        let Some(entry) = self.orgs.entry(org) else {
            return Err(Reason::NotThere("id"));
        };
        let named = match parent {
            Parent::None => None,
            Parent::Living(org) | Parent::Ended(Some(org)) => Some(org),
            Parent::Ended(None) => return Err(Reason::Differs(vec!["parent"])),
        };
        unless_differing([
            ("name", self.keys.of(line.name.as_str()) != entry.name),
            (
                "externalId",
                self.other_external(line.external_id.as_deref(), entry.external),
            ),
            ("parent", named != entry.parent),
        ])
    }

    /// What a line does not say, it leaves open.
    fn other_external(&self, said: Option<&str>, known: Option<Key>) -> bool {
        said.is_some_and(|external_id| known != Some(self.keys.of(external_id)))
    }

    fn new_organization(
        &mut self,
        line: OrgLine,
        parent: Parent,
        now: Timestamp,
    ) -> Result<Step, Reason> {
        let external = line.external_id.as_deref().map(|text| self.keys.of(text));
        if external.is_some_and(|key| self.orgs.by_external(key).is_some()) {
            return Err(Reason::Taken("externalId", "another organization"));
        }
        let id = line.id.unwrap_or_else(|| OrgId::new(now, self.id_random()));
        let mut entry = NewEntry {
            id,
            name: self.keys.of(line.name.as_str()),
            name_key: line.name_key,
            external,
            parent: None,
            is_living: true,
        };
        match parent {
            Parent::None => {}
            Parent::Living(above) => {
                if self.orgs.in_tree(above, line.name_key).is_some() {
                    return Err(Reason::Taken("name", "another organization of the tree"));
                }
                if self
                    .orgs
                    .entry(above)
                    .is_none_or(|above| above.depth >= DEPTH_MAX)
                {
                    return Err(Reason::TooDeep);
                }
                entry.parent = Some(above);
            }
            Parent::Ended(above) => {
                // Remembered in its place: what later lines say of it is ended here, too.
                if above.is_some() {
                    self.orgs.add(&NewEntry {
                        parent: above,
                        is_living: false,
                        ..entry
                    });
                }
                return Ok(Step::EndedHere);
            }
        }
        let org = self.orgs.add(&entry);
        let above = self.orgs.entry(org).and_then(|entry| entry.parent);
        let parent = above.and_then(|above| self.orgs.id(above));
        let tree = self.orgs.tree(org).unwrap_or(id);
        Ok(Step::make(New::Organization {
            id,
            parent,
            tree,
            line,
        }))
    }

    fn user(&mut self, line: UserLine, now: Timestamp) -> Result<Step, Reason> {
        let email = self.keys.of(line.email.key());
        let external = line.external_id.as_deref().map(|text| self.keys.of(text));
        let full_name = self.keys.of(line.full_name.as_str());
        let known = match (line.id, external) {
            (Some(id), _) => self.people.by_id(id),
            (None, Some(external)) => self.people.by_external(external),
            (None, None) => self.people.by_email(email),
        };
        if let Some(entry) = known.and_then(|person| self.people.entry(person)) {
            if entry.is_suspended {
                return Ok(Step::EndedHere);
            }
            return unless_differing([
                ("email", email != entry.email),
                ("fullName", full_name != entry.full_name),
                (
                    "externalId",
                    external.is_some() && external != entry.external,
                ),
            ]);
        }
        let by_email = self.people.by_email(email);
        let by_external = external.and_then(|external| self.people.by_external(external));
        // One name of somebody who was erased is enough: the line would bring them back.
        let mut both = [by_email, by_external].into_iter().flatten();
        if both.any(|person| self.people.is_erased(person)) {
            return Ok(Step::EndedHere);
        }
        if by_email.is_some() {
            return Err(Reason::Taken("email", "another user"));
        }
        if by_external.is_some() {
            return Err(Reason::Taken("externalId", "another user"));
        }
        let id = line
            .id
            .unwrap_or_else(|| UserId::new(now, self.id_random()));
        let is_suspended = false;
        self.people.add(PersonEntry {
            id,
            email,
            full_name,
            external,
            is_suspended,
            has_members: true,
        });
        Ok(Step::make(New::User { id, line }))
    }

    fn membership(&mut self, line: MemberLine) -> Result<Step, Reason> {
        let person = self
            .people
            .resolve(&line.user, &self.keys)
            .ok_or(Reason::NotThere("user"))?;
        let Some(at) = self.at(person, self.orgs.resolve(&line.organization))? else {
            return Ok(Step::EndedHere);
        };
        if let Some((held, has_these_roles)) =
            self.people.held(person, at.organization, &line.roles)
        {
            return match held.standing {
                Standing::Ended => Ok(Step::EndedHere),
                Standing::Living => unless_differing([("roles", !has_these_roles)]),
            };
        }
        if self
            .people
            .entry(person)
            .is_none_or(|entry| entry.is_suspended)
        {
            return Ok(Step::EndedHere);
        }
        if let Some(unknown) = line
            .roles
            .iter()
            .find(|role| self.catalogue.role(role).is_none())
        {
            return Err(Reason::UnknownRole(unknown.to_owned()));
        }
        self.people
            .hold(person, at.organization, &line.roles, Standing::Living);
        Ok(Step::make(New::Membership { at, line }))
    }

    /// Whose, and where; none when the organization was deleted here.
    fn at(&self, person: Person, found: Found) -> Result<Option<MemberAt>, Reason> {
        let org = match found {
            Found::One(org) => org,
            Found::Ended(_org) => return Ok(None),
            Found::Several => return Err(Reason::FitsTwo("organization")),
            Found::None => return Err(Reason::NotThere("organization")),
        };
        let user = self.people.entry(person).map(|entry| entry.id);
        let at = user.zip(self.orgs.id(org)).zip(self.orgs.tree(org));
        Ok(at.map(|((user, organization), tree)| MemberAt {
            user,
            organization,
            tree,
        }))
    }

    fn id_random(&self) -> IdRandom {
        let mut random = IdRandom::default();
        self.entropy.fill(Purpose::Id, &mut random);
        random
    }
}

/// What exists stays as it is, and a line that says otherwise is bad.
fn unless_differing<const N: usize>(members: [(&'static str, bool); N]) -> Result<Step, Reason> {
    let differing = members.into_iter().filter(|(_name, differs)| *differs);
    let names: Vec<_> = differing.map(|(name, _differs)| name).collect();
    if names.is_empty() {
        Ok(Step::Unchanged)
    } else {
        Err(Reason::Differs(names))
    }
}
