//! Making, renaming, moving and deleting organizations.

use super::super::step::{By, Confirm, NAMES, OrganizationStep};
use super::refusal::{CONFLICT, FORBIDDEN, INVALID, LAST_OWNER, NAME_TAKEN, NEEDS_SESSION};
use super::{Model, OWNER, Outcome, Said, is_same_name};

impl Model {
    pub(super) fn change_tree(&mut self, by: By, step: OrganizationStep) -> Outcome {
        match step {
            OrganizationStep::CreateRoot { name } => self.create_root(by, NAMES[name]),
            OrganizationStep::Create { parent, name } => self.create(by, parent, NAMES[name]),
            OrganizationStep::Rename { org, name } => self.rename(by, org, NAMES[name]),
            OrganizationStep::Move { org, parent } => self.move_org(by, org, parent),
            OrganizationStep::Delete { org, confirm } => self.delete(by, org, confirm),
        }
    }

    /// By policy every person may here, and owns it.
    fn create_root(&mut self, by: By, name: &'static str) -> Outcome {
        let who = self.who(by)?;
        if who.access.is_some() {
            return Err(NEEDS_SESSION);
        }
        self.founded(None, name);
        self.joined(who.user, self.orgs.len() - 1, &[OWNER]);
        Ok(Said::Done)
    }

    fn create(&mut self, by: By, parent: usize, name: &'static str) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, parent)?;
        self.is_free(name, parent, None)?;
        self.founded(Some(parent), name);
        Ok(Said::Done)
    }

    fn rename(&mut self, by: By, org: usize, name: &'static str) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, org)?;
        self.is_free(name, org, Some(org))?;
        self.orgs[org].name = name;
        Ok(Said::Done)
    }

    /// A name is there once in a tree.
    fn is_free(&self, name: &str, at: usize, but: Option<usize>) -> Result<(), &'static str> {
        let root = self.root_of(at);
        let mut others = (0..self.orgs.len()).filter(|org| but != Some(*org) && self.lives(*org));
        let is_taken = others
            .any(|other| self.root_of(other) == root && is_same_name(self.orgs[other].name, name));
        if is_taken { Err(NAME_TAKEN) } else { Ok(()) }
    }

    /// Within the tree, by the owner, who manages the old parent and the new one. Nothing is left without an
    /// owner by it.
    fn move_org(&mut self, by: By, org: usize, parent: usize) -> Outcome {
        let who = self.person(by, org)?;
        self.owns(who, org)?;
        let above = self.orgs[org].parent.ok_or(INVALID)?;
        self.managed(who, above).map_err(|_refusal| FORBIDDEN)?;
        self.managed(who, parent)?;
        if above == parent {
            return Ok(Said::Done);
        }
        let root = self.root_of(org);
        if self.root_of(parent) != root {
            return Err(INVALID);
        }
        if self.is_within(parent, org) {
            return Err(CONFLICT);
        }
        self.orgs[org].parent = Some(parent);
        if !self.has_owner_but(org, None) {
            self.orgs[org].parent = Some(above);
            return Err(LAST_OWNER);
        }
        self.raise_tree(root);
        Ok(Said::Done)
    }

    /// With all below it: memberships, tokens, and what was promised there.
    fn delete(&mut self, by: By, top: usize, confirm: Confirm) -> Outcome {
        let who = self.person(by, top)?;
        self.owns(who, top)?;
        if confirm == Confirm::Another {
            return Err(INVALID);
        }
        let root = self.root_of(top);
        for org in 0..self.orgs.len() {
            if self.is_within(org, top) {
                self.end(org);
            }
        }
        self.raise_tree(root);
        Ok(Said::Done)
    }

    fn end(&mut self, org: usize) {
        self.orgs[org].is_deleted = true;
        self.members.retain(|post, _member| post.org != org);
        self.revoke_where(|pat| pat.org == org);
        for invitation in &mut self.invitations {
            invitation.promises.retain(|(at, _roles)| *at != org);
        }
    }
}
