//! Promises of memberships, decided when they are made and once more when they are accepted.

use super::super::step::{By, InvitationStep, Post, Promised, ROLE_SETS};
use super::refusal::{
    ALREADY_MEMBER, ENDED, FORBIDDEN, INVALID, NOT_FOUND, NOT_SIGNED_IN, OTHER_ADDRESS,
};
use super::{INVITATION_LIFE, Invitation, Model, Outcome, Roles, Said, Who};

impl Model {
    pub(super) fn change_invitation(&mut self, by: By, step: InvitationStep) -> Outcome {
        match step {
            InvitationStep::Invite { to, first, second } => self.invite(by, to, first, second),
            InvitationStep::InviteAgain(post) => self.invite_again(by, post),
            InvitationStep::Withdraw(post) => self.withdraw(by, post),
        }
    }

    /// From the first organization; what was promised to the same person at the same place is replaced.
    fn invite(&mut self, by: By, to: usize, first: Promised, second: Option<Promised>) -> Outcome {
        let who = self.who(by)?;
        let promises: Vec<(usize, Roles)> = [Some(first), second]
            .into_iter()
            .flatten()
            .map(|(org, roles)| (org, ROLE_SETS[roles]))
            .collect();
        self.managed(who, first.0)?;
        for (org, roles) in &promises {
            self.find(who, *org)?;
            if self.root_of(*org) != self.root_of(first.0) {
                return Err(INVALID);
            }
            self.may_change(
                who,
                Post {
                    user: to,
                    org: *org,
                },
                None,
                Some(roles),
            )?;
        }
        let is_member = |(org, _roles): &(usize, Roles)| {
            self.members.contains_key(&Post {
                user: to,
                org: *org,
            })
        };
        if promises.iter().all(is_member) {
            return Err(ALREADY_MEMBER);
        }
        for (org, _roles) in &promises {
            if let Some(before) = self.waiting(to, *org) {
                let before = &mut self.invitations[before];
                before.promises.retain(|(at, _roles)| at != org);
            }
        }
        self.links.push(self.invitations.len());
        self.invitations.push(Invitation {
            to,
            inviter: who.user,
            promises,
            end: self.now + INVITATION_LIFE,
            link: self.links.len() - 1,
        });
        Ok(Said::Done)
    }

    /// The invitation that promises somebody something there, also when it is over.
    fn waiting(&self, to: usize, org: usize) -> Option<usize> {
        self.invitations.iter().position(|invitation| {
            let mut promises = invitation.promises.iter();
            invitation.to == to && promises.any(|(at, _roles)| *at == org)
        })
    }

    /// All that is promised and waits, the latest last.
    pub(in super::super) fn all_waiting(&self) -> Vec<Post> {
        let invitations = self.invitations.iter();
        let posts = invitations.flat_map(|invitation| {
            let user = invitation.to;
            let promises = invitation.promises.iter();
            promises.map(move |(org, _roles)| Post { user, org: *org })
        });
        posts.collect()
    }

    /// Under another link; whoever sends it answers for all of it.
    fn invite_again(&mut self, by: By, Post { user: to, org }: Post) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, org)?;
        let found = self.waiting(to, org).ok_or(NOT_FOUND)?;
        for (at, roles) in &self.invitations[found].promises {
            self.find(who, *at).map_err(|_unseen| FORBIDDEN)?;
            self.may_change(who, Post { user: to, org: *at }, None, Some(roles))?;
        }
        self.links.push(found);
        let (now, link) = (self.now, self.links.len() - 1);
        let invitation = &mut self.invitations[found];
        invitation.inviter = who.user;
        invitation.end = now + INVITATION_LIFE;
        invitation.link = link;
        Ok(Said::Done)
    }

    /// What it promises there and elsewhere where they manage.
    fn withdraw(&mut self, by: By, Post { user: to, org }: Post) -> Outcome {
        let who = self.who(by)?;
        self.managed(who, org)?;
        let found = self.waiting(to, org).ok_or(NOT_FOUND)?;
        let mut promises = std::mem::take(&mut self.invitations[found].promises);
        promises.retain(|(at, _roles)| self.managed(who, *at).is_err());
        self.invitations[found].promises = promises;
        Ok(Said::Done)
    }

    /// What of an invitation its inviter could promise now.
    pub(super) fn standing(&self, invitation: &Invitation) -> Vec<(usize, Roles)> {
        let inviter = Who {
            user: invitation.inviter,
            access: None,
        };
        if self.suspended.contains(&inviter.user) || invitation.end <= self.now {
            return Vec::new();
        }
        let mut promises = invitation.promises.clone();
        promises.retain(|(at, roles)| {
            let post = Post {
                user: invitation.to,
                org: *at,
            };
            let may = self.may_change(inviter, post, None, Some(roles));
            self.find(inviter, *at).and(may).is_ok()
        });
        promises
    }

    /// A direct member keeps the roles that they have.
    pub(super) fn accept(&mut self, user: usize, link: usize) -> Outcome {
        if !self.signed_in.contains(&user) {
            return Err(NOT_SIGNED_IN);
        }
        let number = self.links[link];
        let invitation = &self.invitations[number];
        let promises = self.standing(invitation);
        if invitation.link != link || promises.is_empty() {
            return Err(ENDED);
        }
        if invitation.to != user {
            return Err(OTHER_ADDRESS);
        }
        for (org, roles) in promises {
            self.joined(user, org, roles);
        }
        self.invitations[number].promises.clear();
        Ok(Said::Done)
    }
}
