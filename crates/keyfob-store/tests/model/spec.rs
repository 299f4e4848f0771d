//! The model: what the product means, without a database. Sections 1 to 3 of the
//! contract, to be read beside it.
//!
//! Users, organizations and tokens are numbers, in the order in which they were made. Nothing is ever
//! removed from the lists: ids are never used again.

use std::collections::{BTreeMap, BTreeSet};

use keyfob_core::exchange::Denial;
use keyfob_core::pat::RevokedBecause;

use super::step::{CEILING, NAMES, ROLE_SETS, Step, Wanted, WantedOverlap, WantedReach};

#[path = "rotate.rs"]
mod rotate;

/// How many live tokens a member can have in one organization (P7).
pub(crate) const PAT_LIMIT: usize = 2;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Done,
    /// It was so already, or the thing is not there.
    Unchanged,
    NameTaken,
    MoveOfRoot,
    OtherTree,
    Cycle,
    Inherited,
    Stranger,
    LimitReached,
    ReachOutside,
    AlreadyRotated,
    Over,
}

#[derive(Debug)]
struct Org {
    name: &'static str,
    parent: Option<usize>,
    is_deleted: bool,
}

#[derive(Debug)]
struct Member {
    roles: &'static [&'static str],
    is_suspended: bool,
}

#[derive(Debug)]
pub(crate) struct Pat {
    pub(crate) user: usize,
    pub(crate) org: usize,
    want: Wanted,
    /// The first hour at which it is over.
    end: Option<u32>,
    revoked: Option<RevokedBecause>,
    /// Whether it was ever exchanged.
    is_used: bool,
    rotated: Option<Rotated>,
}

/// The rotation that a token has behind it.
#[derive(Debug, Clone, Copy)]
struct Rotated {
    successor: usize,
    want: WantedOverlap,
    hour: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Hours since the beginning.
    hour: u32,
    suspended_users: BTreeSet<usize>,
    orgs: Vec<Org>,
    /// Living memberships by user and organization.
    members: BTreeMap<(usize, usize), Member>,
    pub(crate) pats: Vec<Pat>,
    /// By user and root, from 1, since the first membership in the tree.
    user_epochs: BTreeMap<(usize, usize), i64>,
    /// By root, from 1.
    tree_epochs: BTreeMap<usize, i64>,
}

impl Model {
    /// Makes a root, which no step does.
    pub(crate) fn root(&mut self, name: &'static str) {
        self.tree_epochs.insert(self.orgs.len(), 1);
        self.orgs.push(Org {
            name,
            parent: None,
            is_deleted: false,
        });
    }

    pub(crate) fn lives(&self, org: usize) -> bool {
        !self.orgs[org].is_deleted
    }

    /// An organization and its ancestors, upward.
    fn upward(&self, org: usize) -> Vec<usize> {
        let mut path = vec![org];
        while let Some(parent) = self.orgs[path[path.len() - 1]].parent {
            path.push(parent);
        }
        path
    }

    fn root_of(&self, org: usize) -> usize {
        self.upward(org)[self.upward(org).len() - 1]
    }

    /// Whether an organization lies at or below another.
    fn is_within(&self, org: usize, top: usize) -> bool {
        self.upward(org).contains(&top)
    }

    fn is_active(&self, user: usize, org: usize) -> bool {
        let member = self.members.get(&(user, org));
        member.is_some_and(|member| !member.is_suspended)
    }

    /// Whatever a user loses in a tree kills the access tokens made for them there before.
    fn raise(&mut self, user: usize, org: usize) {
        let root = self.root_of(org);
        *self.user_epochs.entry((user, root)).or_insert(1) += 1;
    }

    /// The epochs that an access token of a token carries now: of the user in the tree, of the tree.
    pub(crate) fn epochs(&self, pat: usize) -> (i64, i64) {
        let root = self.root_of(self.pats[pat].org);
        let user = self.user_epochs[&(self.pats[pat].user, root)];
        (user, self.tree_epochs[&root])
    }

    /// What the exchange of a token for a target gives: names of permissions (X6, X8).
    pub(crate) fn exchange(
        &self,
        pat: usize,
        target: usize,
    ) -> Result<BTreeSet<&'static str>, Denial> {
        let pat = &self.pats[pat];
        if let Some(because) = pat.revoked {
            return Err(Denial::Revoked(because));
        }
        if pat.end.is_some_and(|end| end <= self.hour) {
            return Err(Denial::Expired);
        }
        if self.suspended_users.contains(&pat.user) {
            return Err(Denial::UserSuspended);
        }
        match self.members.get(&(pat.user, pat.org)) {
            None => return Err(Denial::NotAMember),
            Some(home) if home.is_suspended => return Err(Denial::MembershipSuspended),
            Some(_active) => {}
        }
        if !self.lives(target) || !self.is_within(target, pat.org) {
            return Err(Denial::Target);
        }
        let is_reached = match pat.want.reach {
            WantedReach::Subtree => true,
            WantedReach::Organization => target == pat.org,
            WantedReach::Named(named) => target == pat.org || target == named,
        };
        if !is_reached {
            return Err(Denial::Reach);
        }
        let live = self.live_permissions(pat.user, target);
        let is_below_ceiling = |name: &&str| !pat.want.has_ceiling || CEILING.contains(name);
        Ok(live.into_iter().filter(is_below_ceiling).collect())
    }

    /// What all roles of all active memberships at an organization and above it give.
    fn live_permissions(&self, user: usize, org: usize) -> BTreeSet<&'static str> {
        let path = self.upward(org).into_iter();
        let active = path.filter(|above| self.is_active(user, *above));
        active
            .flat_map(|above| self.members[&(user, above)].roles)
            .flat_map(|role| gives(role))
            .copied()
            .collect()
    }

    /// Does a step whose numbers name what there is.
    pub(crate) fn apply(&mut self, step: Step) -> Said {
        match step {
            Step::Create { parent, name } => self.create(parent, NAMES[name]),
            Step::Move { org, parent } => self.move_org(org, parent),
            Step::Delete { org } => self.delete(org),
            Step::Join { user, org, roles } => self.join(user, org, ROLE_SETS[roles]),
            Step::Leave { user, org } => self.leave(user, org),
            Step::Suspend { user, org } => self.suspend(user, org),
            Step::Reactivate { user, org } => match self.members.get_mut(&(user, org)) {
                Some(member) if member.is_suspended => {
                    member.is_suspended = false;
                    Said::Done
                }
                _nothing_to_do => Said::Unchanged,
            },
            Step::SetRoles { user, org, roles } => self.set_roles(user, org, ROLE_SETS[roles]),
            Step::SuspendUser { user } => self.suspend_user(user),
            Step::ReactivateUser { user } => Said::from(self.suspended_users.remove(&user)),
            Step::Generate { user, org, want } => self.generate(user, org, want),
            Step::Revoke { pat } => Said::from(self.revoke(pat, RevokedBecause::Operator)),
            Step::Rotate { pat, want } => self.rotate(pat, want),
            Step::Exchange { pat, target } => {
                let is_granted = self.exchange(pat, target).is_ok();
                self.pats[pat].is_used |= is_granted;
                Said::Done
            }
            Step::Advance { hours } => {
                self.hour += hours;
                Said::Done
            }
        }
    }

    fn create(&mut self, parent: usize, name: &'static str) -> Said {
        let root = self.root_of(parent);
        let taken = (0..self.orgs.len()).any(|org| {
            self.lives(org) && self.root_of(org) == root && is_same_name(self.orgs[org].name, name)
        });
        if taken {
            return Said::NameTaken;
        }
        self.orgs.push(Org {
            name,
            parent: Some(parent),
            is_deleted: false,
        });
        Said::Done
    }

    fn move_org(&mut self, org: usize, parent: usize) -> Said {
        if self.orgs[org].parent.is_none() {
            return Said::MoveOfRoot;
        }
        let root = self.root_of(org);
        if self.root_of(parent) != root {
            return Said::OtherTree;
        }
        if self.is_within(parent, org) {
            return Said::Cycle;
        }
        self.orgs[org].parent = Some(parent);
        *self.tree_epochs.entry(root).or_default() += 1;
        Said::Done
    }

    fn delete(&mut self, top: usize) -> Said {
        let root = self.root_of(top);
        for org in 0..self.orgs.len() {
            if self.is_within(org, top) {
                self.orgs[org].is_deleted = true;
                self.members.retain(|(_user, at), _member| *at != org);
                self.revoke_where(RevokedBecause::OrganizationDeleted, |pat| pat.org == org);
            }
        }
        *self.tree_epochs.entry(root).or_default() += 1;
        Said::Done
    }

    fn join(&mut self, user: usize, org: usize, roles: &'static [&'static str]) -> Said {
        if self.members.contains_key(&(user, org)) {
            return Said::Unchanged;
        }
        let root = self.root_of(org);
        self.user_epochs.entry((user, root)).or_insert(1);
        let is_suspended = false;
        let member = Member {
            roles,
            is_suspended,
        };
        self.members.insert((user, org), member);
        Said::Done
    }

    fn leave(&mut self, user: usize, org: usize) -> Said {
        if self.members.remove(&(user, org)).is_none() {
            return Said::Unchanged;
        }
        let is_held = |pat: &Pat| pat.user == user && pat.org == org;
        self.revoke_where(RevokedBecause::MembershipEnded, is_held);
        self.raise(user, org);
        Said::Done
    }

    fn suspend(&mut self, user: usize, org: usize) -> Said {
        match self.members.get_mut(&(user, org)) {
            Some(member) if !member.is_suspended => member.is_suspended = true,
            _nothing_to_do => return Said::Unchanged,
        }
        self.raise(user, org);
        Said::Done
    }

    fn set_roles(&mut self, user: usize, org: usize, roles: &'static [&'static str]) -> Said {
        match self.members.get_mut(&(user, org)) {
            Some(member) if member.roles != roles => member.roles = roles,
            _nothing_to_do => return Said::Unchanged,
        }
        self.raise(user, org);
        Said::Done
    }

    fn suspend_user(&mut self, user: usize) -> Said {
        if !self.suspended_users.insert(user) {
            return Said::Unchanged;
        }
        for ((whose, _root), epoch) in &mut self.user_epochs {
            *epoch += i64::from(*whose == user);
        }
        Said::Done
    }

    fn generate(&mut self, user: usize, org: usize, want: Wanted) -> Said {
        if let Some(refused) = self.no_direct_member(user, org) {
            return refused;
        }
        if let WantedReach::Named(named) = want.reach
            && !(self.lives(named) && self.is_within(named, org))
        {
            return Said::ReachOutside;
        }
        let is_live = |pat: &&Pat| {
            let is_held = pat.user == user && pat.org == org;
            is_held && pat.rotated.is_none() && !self.is_over(pat)
        };
        if self.pats.iter().filter(is_live).count() >= PAT_LIMIT {
            return Said::LimitReached;
        }
        self.pats.push(Pat {
            user,
            org,
            want,
            end: want.days.map(|days| self.hour + days * 24),
            revoked: None,
            is_used: false,
            rotated: None,
        });
        Said::Done
    }

    fn revoke(&mut self, pat: usize, because: RevokedBecause) -> bool {
        let pat = &mut self.pats[pat];
        let changes = pat.revoked.is_none();
        pat.revoked = pat.revoked.or(Some(because));
        changes
    }

    fn revoke_where(&mut self, because: RevokedBecause, is_it: impl Fn(&Pat) -> bool) {
        for pat in self.pats.iter_mut().filter(|pat| is_it(pat)) {
            pat.revoked = pat.revoked.or(Some(because));
        }
    }
}

impl From<bool> for Said {
    /// What a change says that tells whether anything changed.
    fn from(changed: bool) -> Self {
        if changed { Self::Done } else { Self::Unchanged }
    }
}

/// `I`, `ı` and `i` are one letter in names.
fn is_same_name(one: &str, other: &str) -> bool {
    let fold = |name: &str| name.to_lowercase().replace('ı', "i");
    fold(one) == fold(other)
}

/// What a role gives by the small catalogue of the tests.
fn gives(role: &str) -> &'static [&'static str] {
    match role {
        "view-build" => &["build:view"],
        "operate-build" => &["build:operate", "build:view"],
        "view-store" => &["store:view"],
        "owner" => &[
            "organization:manage",
            "organization:view",
            "build:manage",
            "build:operate",
            "build:view",
            "store:manage",
            "store:operate",
            "store:external-operate",
            "store:view",
        ],
        unknown => panic!("{unknown} is no role of the model"),
    }
}
