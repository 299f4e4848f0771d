//! Who belongs to an organization, and with which roles.

use super::super::step::{By, MemberStep, Post, ROLE_SETS};
use super::refusal::{FORBIDDEN, LAST_OWNER, NEEDS_SESSION, NOT_FOUND};
use super::{Model, OWNER, Outcome, Roles, Said, Who, gives};

impl Model {
    pub(super) fn change_member(&mut self, by: By, post: Post, step: MemberStep) -> Outcome {
        match step {
            MemberStep::SetRoles { roles } => self.set_roles(by, post, ROLE_SETS[roles]),
            MemberStep::Remove => self.remove(by, post),
            MemberStep::Suspend => self.suspend(by, post),
            MemberStep::Reactivate => self.reactivate(by, post),
        }
    }

    /// The rules of a membership that becomes another one, begins or ends: who manages may, owners alone where
    /// an owner is concerned, nobody grants more than they hold, and the last owner stays.
    pub(super) fn may_change(
        &self,
        who: Who,
        Post { user, org }: Post,
        before: Option<Roles>,
        after: Option<Roles>,
    ) -> Result<(), &'static str> {
        self.manages(who, org)?;
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        if before.contains(&OWNER) || after.contains(&OWNER) {
            self.owns(who, org)?;
        }
        let rights = self.rights(who, org);
        let mut granted = after.iter().filter(|role| !before.contains(role));
        if granted.any(|role| gives(role).iter().any(|given| !rights.contains(given))) {
            return Err(FORBIDDEN);
        }
        let ends_owner = before.contains(&OWNER) && !after.contains(&OWNER);
        if ends_owner && !self.has_owner_but(org, Some(user)) {
            return Err(LAST_OWNER);
        }
        Ok(())
    }

    /// The roles of a direct member, who may be suspended.
    fn direct(&self, post: Post) -> Result<Roles, &'static str> {
        let member = self.members.get(&post);
        member.map(|member| member.roles).ok_or(NOT_FOUND)
    }

    fn set_roles(&mut self, by: By, post: Post, roles: Roles) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, post.org)?;
        let before = self.direct(post)?;
        self.may_change(who, post, Some(before), Some(roles))?;
        if before != roles {
            self.members.entry(post).and_modify(|it| it.roles = roles);
            self.raise(post.user, post.org);
        }
        Ok(Said::Done)
    }

    /// Everybody may leave by themselves.
    fn remove(&mut self, by: By, post: Post) -> Outcome {
        let (who, Post { user, org }) = (self.who(by)?, post);
        self.find(who, org)?;
        if who.user == user {
            if who.access.is_some() {
                return Err(NEEDS_SESSION);
            }
            let is_owner = self.direct(post)?.contains(&OWNER);
            if is_owner && !self.has_owner_but(org, Some(user)) {
                return Err(LAST_OWNER);
            }
        } else {
            self.manages(who, org)?;
            let before = self.direct(post)?;
            self.may_change(who, post, Some(before), None)?;
        }
        self.members.remove(&post);
        self.revoke_where(|pat| pat.user == user && pat.org == org);
        self.raise(user, org);
        Ok(Said::Done)
    }

    fn suspend(&mut self, by: By, post: Post) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, post.org)?;
        let before = self.direct(post)?;
        self.may_change(who, post, Some(before), None)?;
        if self.is_active(post.user, post.org) {
            let member = self.members.entry(post);
            member.and_modify(|member| member.is_suspended = true);
            self.raise(post.user, post.org);
        }
        Ok(Said::Done)
    }

    /// A grant of all roles anew.
    fn reactivate(&mut self, by: By, post: Post) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, post.org)?;
        let roles = self.direct(post)?;
        self.may_change(who, post, None, Some(roles))?;
        let member = self.members.entry(post);
        member.and_modify(|member| member.is_suspended = false);
        Ok(Said::Done)
    }
}
