//! The model: what the management API means, without a database. To be read beside sections 1 to 3 and 5 of
//! the contract, from which it is written.
//!
//! People, organizations and tokens are numbers, in the order in which they were made. Nothing is ever removed
//! from the lists: ids are never used again. Here is what there is, and what follows from it; `spec/` has what
//! each operation does.

mod invitations;
mod members;
mod organizations;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use super::step::{By, CEILINGS, Post, Step, Wanted};

/// Refusals, as the API says them.
pub(super) mod refusal {
    pub(in super::super) const NOT_SIGNED_IN: &str = "401 not_signed_in";
    pub(in super::super) const INVALID_TOKEN: &str = "401 invalid_token";
    pub(in super::super) const NOT_FOUND: &str = "404 not_found";
    pub(in super::super) const FORBIDDEN: &str = "403 forbidden";
    pub(in super::super) const NEEDS_SESSION: &str = "403 session_required";
    pub(in super::super) const NOT_DIRECT: &str = "403 not_a_direct_member";
    pub(in super::super) const LIMIT: &str = "409 token_limit_reached";
    pub(in super::super) const NAME_TAKEN: &str = "409 name_taken";
    pub(in super::super) const LAST_OWNER: &str = "409 last_owner";
    pub(in super::super) const CONFLICT: &str = "409 conflict";
    pub(in super::super) const ALREADY_MEMBER: &str = "409 already_a_member";
    pub(in super::super) const ALREADY_ROTATED: &str = "409 already_rotated";
    pub(in super::super) const INVALID: &str = "400 invalid_request";
    pub(in super::super) const INVALID_GRANT: &str = "401 invalid_grant";
    pub(in super::super) const ACCESS_DENIED: &str = "403 access_denied";
    /// An invitation that has ended, as the page says it.
    pub(in super::super) const ENDED: &str = "ended";
    /// An invitation for somebody else.
    pub(in super::super) const OTHER_ADDRESS: &str = "for another address";
}

use refusal::{FORBIDDEN, INVALID_TOKEN, NOT_FOUND, NOT_SIGNED_IN};

/// How long an access token lives, in minutes.
pub(super) const ACCESS_LIFE: u32 = 60;
/// How long an invitation counts, in minutes.
pub(super) const INVITATION_LIFE: u32 = 7 * 24 * 60;
/// How many live tokens a member can have in one organization (P7).
pub(super) const PAT_LIMIT: usize = 2;

const MANAGE: &str = "organization:manage";
/// What of an owner no permission gives, to be compared like one.
pub(super) const OWNER: &str = "owner";

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Done,
    /// Permissions of an exchange.
    Gives(BTreeSet<String>),
    /// Tokens that a bulk revocation ends or would end.
    Ends(BTreeSet<usize>),
    Refused(String),
}

/// A step's outcome before it becomes [`Said`].
pub(super) type Outcome = Result<Said, &'static str>;

pub(super) type Roles = &'static [&'static str];
pub(super) type Permissions = BTreeSet<&'static str>;

#[derive(Debug, Clone)]
pub(super) struct Org {
    pub(super) name: &'static str,
    pub(super) parent: Option<usize>,
    pub(super) is_deleted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) roles: Roles,
    pub(super) is_suspended: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Pat {
    pub(super) user: usize,
    pub(super) org: usize,
    want: Wanted,
    /// The first minute at which it is over.
    end: Option<u32>,
    pub(super) is_revoked: bool,
    is_rotated: bool,
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) pat: usize,
    pub(super) target: usize,
    epochs: (i64, i64),
    end: u32,
}

/// An invitation; one that promises nothing any more has ended.
#[derive(Debug, Clone)]
pub(super) struct Invitation {
    to: usize,
    pub(super) inviter: usize,
    pub(super) promises: Vec<(usize, Roles)>,
    end: u32,
    /// The link that works; those before no longer do.
    link: usize,
}

/// A caller, once let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who {
    pub(super) user: usize,
    /// The access token of a program.
    access: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// Minutes since the beginning.
    pub(super) now: u32,
    pub(super) signed_in: BTreeSet<usize>,
    pub(super) suspended: BTreeSet<usize>,
    pub(super) orgs: Vec<Org>,
    /// Memberships by user and organization.
    pub(super) members: BTreeMap<Post, Member>,
    pub(super) invitations: Vec<Invitation>,
    /// Of which invitation each link is.
    pub(super) links: Vec<usize>,
    pub(super) pats: Vec<Pat>,
    pub(super) accesses: Vec<Access>,
    /// By user and root, from 1.
    user_epochs: BTreeMap<(usize, usize), i64>,
    /// By root, from 1.
    tree_epochs: BTreeMap<usize, i64>,
}

impl Model {
    /// Makes an organization, which no step does in this way.
    pub(super) fn founded(&mut self, parent: Option<usize>, name: &'static str) {
        self.orgs.push(Org {
            name,
            parent,
            is_deleted: false,
        });
    }

    /// Makes a membership.
    pub(super) fn joined(&mut self, user: usize, org: usize, roles: Roles) {
        let member = Member {
            roles,
            is_suspended: false,
        };
        self.members.entry(Post { user, org }).or_insert(member);
    }

    pub(super) fn lives(&self, org: usize) -> bool {
        !self.orgs[org].is_deleted
    }

    /// An organization and its ancestors, upward.
    pub(super) fn upward(&self, org: usize) -> Vec<usize> {
        let mut path = vec![org];
        while let Some(parent) = self.orgs[path[path.len() - 1]].parent {
            assert!(!path.contains(&parent), "a cycle at {parent}");
            path.push(parent);
        }
        path
    }

    pub(super) fn root_of(&self, org: usize) -> usize {
        let path = self.upward(org);
        path[path.len() - 1]
    }

    /// Whether an organization lies at or below another.
    pub(super) fn is_within(&self, org: usize, top: usize) -> bool {
        self.upward(org).contains(&top)
    }

    fn is_active(&self, user: usize, org: usize) -> bool {
        let member = self.members.get(&Post { user, org });
        member.is_some_and(|member| !member.is_suspended)
    }

    /// Whether somebody has a membership there or above, suspended ones included.
    pub(super) fn knows(&self, user: usize, org: usize) -> bool {
        let mut path = self.upward(org).into_iter();
        self.lives(org) && path.any(|above| self.members.contains_key(&Post { user, org: above }))
    }

    /// Whether somebody finds it in their list: a suspended membership gives nothing.
    pub(super) fn lists(&self, user: usize, org: usize) -> bool {
        let mut path = self.upward(org).into_iter();
        self.lives(org) && path.any(|above| self.is_active(user, above))
    }

    /// What all roles of all active memberships at an organization and above it give; to an owner
    /// [`OWNER`] as well.
    pub(super) fn live(&self, user: usize, org: usize) -> Permissions {
        let path = self.upward(org).into_iter();
        let active = path.filter(|above| self.is_active(user, *above));
        active
            .flat_map(|above| self.members[&Post { user, org: above }].roles)
            .flat_map(|role| gives(role))
            .copied()
            .collect()
    }

    /// Lets a caller in, or not.
    pub(super) fn who(&self, by: By) -> Result<Who, &'static str> {
        match by {
            By::Person(user) if self.signed_in.contains(&user) => Ok(Who { user, access: None }),
            By::Person(_user) => Err(NOT_SIGNED_IN),
            By::Program(access) if self.is_admitted(access) => Ok(Who {
                user: self.pats[self.accesses[access].pat].user,
                access: Some(access),
            }),
            By::Program(_access) => Err(INVALID_TOKEN),
        }
    }

    /// An organization is there for who knows it; for a program, as far as its token reaches.
    fn find(&self, who: Who, org: usize) -> Result<(), &'static str> {
        let is_reached = who.access.is_none_or(|access| {
            let access = &self.accesses[access];
            let pat = &self.pats[access.pat];
            self.is_within(org, access.target) && (!pat.want.is_narrow || org == pat.org)
        });
        if self.knows(who.user, org) && is_reached {
            Ok(())
        } else {
            Err(NOT_FOUND)
        }
    }

    /// What a caller may do there; a program within its ceiling, and never as an owner.
    pub(super) fn rights(&self, who: Who, org: usize) -> Permissions {
        let mut rights = self.live(who.user, org);
        if let Some(access) = who.access {
            rights.remove(OWNER);
            self.pats[self.accesses[access].pat].limit(&mut rights);
        }
        rights
    }

    fn manages(&self, who: Who, org: usize) -> Result<(), &'static str> {
        if self.rights(who, org).contains(MANAGE) {
            Ok(())
        } else {
            Err(FORBIDDEN)
        }
    }

    fn owns(&self, who: Who, org: usize) -> Result<(), &'static str> {
        if self.rights(who, org).contains(OWNER) {
            Ok(())
        } else {
            Err(FORBIDDEN)
        }
    }

    /// Finds an organization that the caller manages.
    fn managed(&self, who: Who, org: usize) -> Result<(), &'static str> {
        self.find(who, org)?;
        self.manages(who, org)
    }

    /// Whether an organization has an active owner, at itself or above, by another membership than that one.
    pub(super) fn has_owner_but(&self, org: usize, but: Option<usize>) -> bool {
        let mut path = self.upward(org).into_iter();
        path.any(|above| {
            let mut members = self.members.iter();
            members.any(|(post, member)| {
                let counts = !member.is_suspended && !self.suspended.contains(&post.user);
                let is_that_one = but == Some(post.user) && above == org;
                post.org == above && counts && member.roles.contains(&OWNER) && !is_that_one
            })
        })
    }

    /// Whatever a user loses in a tree kills the access tokens made for them there before.
    fn raise(&mut self, user: usize, org: usize) {
        let root = self.root_of(org);
        *self.user_epochs.entry((user, root)).or_insert(1) += 1;
    }

    fn raise_tree(&mut self, root: usize) {
        *self.tree_epochs.entry(root).or_insert(1) += 1;
    }

    /// Does a step whose numbers name what there is.
    pub(super) fn apply(&mut self, step: Step) -> Said {
        let done = match step {
            Step::Organization(by, step) => self.change_tree(by, step),
            Step::Member(by, post, _number, step) => self.change_member(by, post, step),
            Step::Invitation(by, step) => self.change_invitation(by, step),
            Step::Accept { user, link } => self.accept(user, link),
            Step::Token(by, step) => self.change_token(by, step),
            Step::Exchange { pat, target } => self.exchanged(pat, target),
            Step::SignIn { user } => {
                self.signed_in.insert(user);
                Ok(Said::Done)
            }
            Step::SignOut { user } => self.sign_out(user),
            Step::SuspendUser { user } => {
                self.suspend_user(user);
                Ok(Said::Done)
            }
            Step::ReactivateUser { user } => {
                self.suspended.remove(&user);
                Ok(Said::Done)
            }
            Step::Advance { minutes } => {
                self.now += minutes;
                Ok(Said::Done)
            }
        };
        done.unwrap_or_else(|refusal| Said::Refused(refusal.to_owned()))
    }

    fn sign_out(&mut self, user: usize) -> Outcome {
        if self.signed_in.remove(&user) {
            Ok(Said::Done)
        } else {
            Err(NOT_SIGNED_IN)
        }
    }

    /// Sessions end with it, and every access token made before.
    fn suspend_user(&mut self, user: usize) {
        self.signed_in.remove(&user);
        if self.suspended.insert(user) {
            for root in 0..self.orgs.len() {
                *self.user_epochs.entry((user, root)).or_insert(1) += 1;
            }
        }
    }
}

impl Pat {
    /// Takes away what the ceiling does not let through.
    fn limit(&self, permissions: &mut Permissions) {
        if let Some(ceiling) = self.want.ceiling {
            permissions.retain(|permission| CEILINGS[ceiling].contains(permission));
        }
    }

    pub(super) fn is_over(&self, now: u32) -> bool {
        self.is_revoked || self.end.is_some_and(|end| end <= now)
    }
}

/// `I` and `i` are one letter in names.
fn is_same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// What a role gives of the two modules that the model looks at.
pub(super) fn gives(role: &str) -> &'static [&'static str] {
    match role {
        "view-build" => &["build:view"],
        "manage-build" => &["build:manage", "build:operate", "build:view"],
        "view-organization" => &["organization:view"],
        "manage-organization" => &["organization:manage", "organization:view"],
        OWNER => &[
            OWNER,
            "organization:manage",
            "organization:view",
            "build:manage",
            "build:operate",
            "build:view",
        ],
        unknown => panic!("{unknown} is no role of the model"),
    }
}
