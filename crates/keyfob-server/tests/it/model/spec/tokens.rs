//! Personal API tokens and the access tokens that come of them. What they are bound to is the store's model to
//! ask in breadth; here it is who makes and ends them, and that what has ended stays ended.

use std::collections::BTreeSet;

use super::super::step::{By, Run, TokenStep, Wanted};
use super::refusal::{
    ACCESS_DENIED, ALREADY_ROTATED, CONFLICT, FORBIDDEN, INVALID_GRANT, LIMIT, NEEDS_SESSION,
    NOT_DIRECT,
};
use super::{ACCESS_LIFE, Access, Model, OWNER, Outcome, PAT_LIMIT, Pat, Permissions, Said, Who};

impl Model {
    pub(super) fn change_token(&mut self, by: By, step: TokenStep) -> Outcome {
        match step {
            TokenStep::Generate { org, want } => self.generate(by, org, want),
            TokenStep::Rotate { pat, hours } => self.rotate(by, pat, hours),
            TokenStep::Revoke { pat } => self.revoke(by, pat),
            TokenStep::RevokeSeveral { org, pats, run } => self.revoke_several(by, org, &pats, run),
        }
    }

    /// A direct member, by themselves (P1).
    fn generate(&mut self, by: By, org: usize, want: Wanted) -> Outcome {
        let who = self.person(by, org)?;
        if !self.is_active(who.user, org) {
            return Err(NOT_DIRECT);
        }
        let is_live = |pat: &&Pat| {
            let is_held = (pat.user, pat.org) == (who.user, org);
            is_held && !pat.is_rotated && !pat.is_over(self.now)
        };
        if self.pats.iter().filter(is_live).count() >= PAT_LIMIT {
            return Err(LIMIT);
        }
        self.pats.push(Pat {
            user: who.user,
            org,
            want,
            end: want.days.map(|days| self.now + days * 24 * 60),
            is_revoked: false,
            is_rotated: false,
        });
        Ok(Said::Done)
    }

    /// A caller who is a person; a program learns that one is needed only of what it reaches.
    pub(super) fn person(&self, by: By, org: usize) -> Result<Who, &'static str> {
        let who = self.who(by)?;
        self.find(who, org)?;
        match who.access {
            None => Ok(who),
            Some(_access) => Err(NEEDS_SESSION),
        }
    }

    /// By its holder (P10): who manages may end it, never have it.
    fn rotate(&mut self, by: By, pat: usize, hours: u32) -> Outcome {
        let old = self.pats[pat].clone();
        let who = self.person(by, old.org)?;
        if old.user != who.user {
            return Err(FORBIDDEN);
        }
        if !self.is_active(who.user, old.org) {
            return Err(NOT_DIRECT);
        }
        if old.is_rotated {
            return Err(ALREADY_ROTATED);
        }
        if old.is_over(self.now) {
            return Err(CONFLICT);
        }
        let overlap = self.now + hours * 60;
        let before = &mut self.pats[pat];
        before.is_rotated = true;
        match hours {
            0 => before.is_revoked = true,
            _some => before.end = Some(before.end.map_or(overlap, |own| own.min(overlap))),
        }
        self.pats.push(Pat { end: None, ..old });
        Ok(Said::Done)
    }

    /// One's own, or any of an organization that one manages; a program ends the one that it came from.
    fn revoke(&mut self, by: By, pat: usize) -> Outcome {
        let who = self.who(by)?;
        let (holder, org) = (self.pats[pat].user, self.pats[pat].org);
        self.find(who, org)?;
        match who.access {
            Some(access) if self.accesses[access].pat != pat => return Err(FORBIDDEN),
            None if holder != who.user => self.manages(who, org)?,
            Some(_) | None => {}
        }
        self.pats[pat].is_revoked = true;
        Ok(Said::Done)
    }

    /// Those of the subtree that were not ended before.
    fn revoke_several(&mut self, by: By, top: usize, chosen: &[usize], run: Run) -> Outcome {
        let who = self.person(by, top)?;
        self.manages(who, top)?;
        let ended = chosen.iter().copied().filter(|pat| {
            let pat = &self.pats[*pat];
            !pat.is_revoked && self.lives(pat.org) && self.is_within(pat.org, top)
        });
        let ended: BTreeSet<usize> = ended.collect();
        for pat in ended.iter().filter(|_pat| run == Run::Real) {
            self.pats[*pat].is_revoked = true;
        }
        Ok(Said::Ends(ended))
    }

    pub(super) fn revoke_where(&mut self, is_it: impl Fn(&Pat) -> bool) {
        for pat in self.pats.iter_mut().filter(|pat| is_it(pat)) {
            pat.is_revoked = true;
        }
    }

    /// What an exchange gives (X6, X8).
    pub(in super::super) fn exchange(
        &self,
        pat: usize,
        target: usize,
    ) -> Result<Permissions, &'static str> {
        let pat = &self.pats[pat];
        let is_good = !pat.is_over(self.now)
            && !self.suspended.contains(&pat.user)
            && self.is_active(pat.user, pat.org);
        if !is_good {
            return Err(INVALID_GRANT);
        }
        let is_reached = self.lives(target)
            && self.is_within(target, pat.org)
            && (!pat.want.is_narrow || target == pat.org);
        if !is_reached {
            return Err(ACCESS_DENIED);
        }
        let mut permissions = self.live(pat.user, target);
        permissions.remove(OWNER);
        pat.limit(&mut permissions);
        Ok(permissions)
    }

    /// An exchange, and the access token that comes of it.
    pub(super) fn exchanged(&mut self, pat: usize, target: usize) -> Outcome {
        let permissions = self.exchange(pat, target)?;
        let own = self.pats[pat].end.unwrap_or(u32::MAX);
        self.accesses.push(Access {
            pat,
            target,
            epochs: self.epochs(pat),
            end: own.min(self.now + ACCESS_LIFE),
        });
        Ok(Said::Gives(
            permissions.into_iter().map(str::to_owned).collect(),
        ))
    }

    fn epochs(&self, pat: usize) -> (i64, i64) {
        let pat = &self.pats[pat];
        let root = self.root_of(pat.org);
        let user = self.user_epochs.get(&(pat.user, root));
        let tree = self.tree_epochs.get(&root);
        (*user.unwrap_or(&1), *tree.unwrap_or(&1))
    }

    /// Whether an access token stands: all that it rests on is as it was.
    pub(in super::super) fn is_admitted(&self, access: usize) -> bool {
        let access = &self.accesses[access];
        let is_current = self.epochs(access.pat) == access.epochs && self.now < access.end;
        is_current && self.exchange(access.pat, access.target).is_ok()
    }
}
