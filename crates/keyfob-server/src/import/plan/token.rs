//! Deciding about a token: the bounds of generating (P1, P8), but for what policy says of number and
//! expiry. That binds who generates; a token that is imported is in use already.

use std::collections::BTreeSet;

use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::pat::Ceiling;
use keyfob_core::reach::{REACH_MAX, Reach};
use keyfob_core::secret::PatMac;
use keyfob_core::time::Timestamp;
use keyfob_store::member::MemberAt;

use super::{Planner, Step, unless_differing};
use crate::import::keys::Key;
use crate::import::line::TokenLine;
use crate::import::orgs::{Found, Org};
use crate::import::people::{Person, Standing, TokenEntry};
use crate::import::plan::New;
use crate::import::reason::Reason;
use crate::import::reference::{OrgRef, ReachRef};

/// A token to make.
#[derive(Debug)]
pub(in crate::import) struct NewToken {
    pub(in crate::import) id: PatId,
    pub(in crate::import) at: MemberAt,
    /// Under the newest pepper.
    pub(in crate::import) mac: PatMac,
    pub(in crate::import) name: Name,
    pub(in crate::import) expires_at: Option<Timestamp>,
    pub(in crate::import) ceiling: Option<String>,
    pub(in crate::import) reach: String,
    pub(in crate::import) is_native: bool,
}

/// What a line says of a token, with its references resolved.
struct Said {
    person: Person,
    /// Where; none when that was deleted here.
    at: Option<MemberAt>,
    /// The organization, deleted or not.
    organization: Option<Org>,
    reach: ReachSaid,
}

/// A reach with its references resolved.
enum ReachSaid {
    /// All of it is there; `is_below` says whether it lies below the token's organization.
    There { reach: Reach, is_below: bool },
    /// Some of it was deleted here.
    Ended(Option<Reach>),
}

impl Planner<'_> {
    pub(super) fn token(&mut self, line: TokenLine, now: Timestamp) -> Result<Step, Reason> {
        let person = self
            .people
            .resolve(&line.user, &self.keys)
            .ok_or(Reason::NotThere("user"))?;
        let found = self.orgs.resolve(&line.organization);
        let at = self.at(person, found)?;
        let organization = match found {
            Found::One(org) => Some(org),
            Found::Ended(org) => org,
            Found::Several | Found::None => None,
        };
        let reach = self.reach(&line.reach, organization)?;
        let said = Said {
            person,
            at,
            organization,
            reach,
        };
        let known = line
            .macs
            .iter()
            .find_map(|mac| self.people.token(self.mac_key(mac)));
        match known.copied() {
            Some(entry) => self.compare_token(&entry, &line, &said),
            None => self.new_token(line, said, now),
        }
    }

    fn mac_key(&self, mac: &PatMac) -> Key {
        self.keys.of_bytes(mac.as_bytes())
    }

    fn compare_token(
        &self,
        known: &TokenEntry,
        line: &TokenLine,
        said: &Said,
    ) -> Result<Step, Reason> {
        if known.standing == Standing::Ended {
            return Ok(Step::EndedHere);
        }
        let reach = match &said.reach {
            ReachSaid::There { reach, .. } => Some(reach),
            ReachSaid::Ended(reach) => reach.as_ref(),
        };
        let user = self.people.entry(said.person).map(|entry| entry.id);
        let organization = said.organization.and_then(|org| self.orgs.id(org));
        let ceiling = line.ceiling.as_deref().map(|text| self.keys.of(text));
        unless_differing([
            ("user", user != Some(known.user)),
            ("organization", organization != Some(known.organization)),
            ("name", self.keys.of(line.name.as_str()) != known.name),
            ("expiresDate", line.expires_at != known.expires_at),
            ("ceiling", ceiling != known.ceiling),
            (
                "reach",
                reach.map(|reach| self.keys.of(&reach.to_text())) != Some(known.reach),
            ),
        ])
    }

    fn new_token(&mut self, line: TokenLine, said: Said, now: Timestamp) -> Result<Step, Reason> {
        let (Some(at), ReachSaid::There { reach, is_below }) = (said.at, said.reach) else {
            return Ok(Step::EndedHere);
        };
        let is_suspended = self
            .people
            .entry(said.person)
            .is_none_or(|entry| entry.is_suspended);
        match self.people.standing(said.person, at.organization) {
            Some(Standing::Living) if !is_suspended => {}
            Some(Standing::Living | Standing::Ended) => return Ok(Step::EndedHere),
            None => return Err(Reason::NotAMember),
        }
        if !is_below {
            return Err(Reason::Reach);
        }
        if let Some(ceiling) = &line.ceiling {
            let names = ceiling.split_ascii_whitespace();
            Ceiling::choose(names, self.catalogue).map_err(|_refused| Reason::Ceiling)?;
        }
        let mac = line.macs.into_iter().next().ok_or(Reason::Hash)?;
        let reach = reach.to_text();
        let entry = TokenEntry {
            user: at.user,
            organization: at.organization,
            name: self.keys.of(line.name.as_str()),
            expires_at: line.expires_at,
            ceiling: line.ceiling.as_deref().map(|text| self.keys.of(text)),
            reach: self.keys.of(&reach),
            standing: Standing::Living,
        };
        self.people.keep_token(self.mac_key(&mac), entry);
        Ok(Step::make(New::Token(NewToken {
            id: PatId::new(now, self.id_random()),
            at,
            mac,
            name: line.name,
            expires_at: line.expires_at,
            ceiling: line.ceiling,
            reach,
            is_native: line.is_native,
        })))
    }

    fn reach(&self, said: &ReachRef, home: Option<Org>) -> Result<ReachSaid, Reason> {
        let there = |reach| {
            Ok(ReachSaid::There {
                reach,
                is_below: true,
            })
        };
        match said {
            ReachRef::Subtree => there(Reach::Subtree),
            ReachRef::Organization => there(Reach::Organization),
            ReachRef::Named(named) if named.is_empty() || named.len() > REACH_MAX => {
                Err(Reason::Reach)
            }
            ReachRef::Named(named) => self.named_reach(named, home),
        }
    }

    fn named_reach(&self, named: &[OrgRef], home: Option<Org>) -> Result<ReachSaid, Reason> {
        let (mut ids, mut is_below, mut has_ended) = (BTreeSet::<OrgId>::new(), true, false);
        for reference in named {
            let org = match self.orgs.resolve(reference) {
                Found::One(org) => Some(org),
                Found::Ended(org) => {
                    has_ended = true;
                    org
                }
                Found::Several => return Err(Reason::FitsTwo("reach")),
                Found::None => return Err(Reason::NotThere("reach")),
            };
            // Several deleted ones have that name: which was meant is not known.
            let Some((org, id)) = org.and_then(|org| Some((org, self.orgs.id(org)?))) else {
                return Ok(ReachSaid::Ended(None));
            };
            is_below = is_below && home.is_some_and(|home| self.orgs.is_below(org, home));
            ids.insert(id);
        }
        let reach = Reach::Named(ids);
        Ok(if has_ended {
            ReachSaid::Ended(Some(reach))
        } else {
            ReachSaid::There { reach, is_below }
        })
    }
}
