//! Each step as a request to the server. Making an invitation, sending it again and accepting it are asked of
//! the use cases, since a link is in no answer.

use std::collections::BTreeSet;

use keyfob_core::member::Roles;
use keyfob_core::name::Email;
use keyfob_server::app::accept_invitation::{AcceptError, accept};
use keyfob_server::app::access::Caller;
use keyfob_server::app::invite::{InviteError, Made, invite, invite_again};
use keyfob_server::secret::SecretText;
use keyfob_store::invitation::Promise;
use serde_json::json;

use super::play::Game;
use super::spec::refusal::{ALREADY_MEMBER, ENDED, FORBIDDEN, INVALID, NOT_FOUND, OTHER_ADDRESS};
use super::spec::{Model, Said};
use super::step::{
    By, Confirm, InvitationStep, MemberStep, NAMES, OrganizationStep, Post, Promised, ROLE_SETS,
    Run, Step, TokenStep,
};
use crate::client::{Answer, Ask};
use crate::site::{ISSUER, Pat, pats_of, words};

/// What an answer is in the model's words.
fn said(answer: &Answer) -> Said {
    if answer.status < 400 {
        Said::Done
    } else {
        Said::Refused(answer.outcome())
    }
}

async fn sent(ask: Ask) -> Said {
    said(&ask.send().await)
}

impl Game<'_> {
    fn organization(&self, org: usize) -> String {
        format!("/identity/v1/organizations/{}", self.orgs[org])
    }

    fn email(&self, user: usize) -> String {
        format!("{}@acme.example", self.names[user])
    }

    pub(super) async fn apply(&mut self, step: Step, before: &Model) -> Said {
        match step {
            Step::Organization(by, step) => self.change_tree(by, step, before).await,
            Step::Member(by, post, _number, step) => self.change_member(by, post, step).await,
            Step::Invitation(by, step) => self.change_invitation(by, step).await,
            Step::Accept { user, link } => self.accept(user, link).await,
            Step::Token(by, step) => self.change_token(by, step, before).await,
            Step::Exchange { pat, target } => self.exchange(pat, target).await,
            Step::SignIn { user } => self.sign_in(user).await,
            Step::SignOut { user } => {
                let ask = self.ask(By::Person(user), "DELETE", "/identity/v1/session");
                sent(ask).await
            }
            Step::SuspendUser { user } => {
                self.site.world.suspend_user(self.users[user]).await;
                Said::Done
            }
            Step::ReactivateUser { user } => {
                self.site.world.reactivate_user(self.users[user]).await;
                Said::Done
            }
            Step::Advance { minutes } => self.advance(minutes).await,
        }
    }

    async fn change_tree(&mut self, by: By, step: OrganizationStep, before: &Model) -> Said {
        match step {
            OrganizationStep::CreateRoot { name } => {
                let ask = self.ask(by, "POST", "/identity/v1/organizations");
                self.created(ask, name).await
            }
            OrganizationStep::Create { parent, name } => {
                let target = format!("{}/sub-organizations", self.organization(parent));
                let ask = self.ask(by, "POST", &target);
                self.created(ask, name).await
            }
            OrganizationStep::Rename { org, name } => {
                let body = json!({ "name": NAMES[name] }).to_string();
                let ask = self.ask(by, "PATCH", &self.organization(org));
                sent(ask.json(&body)).await
            }
            OrganizationStep::Move { org, parent } => {
                let body = json!({ "parent": self.orgs[parent].to_string() }).to_string();
                let target = format!("{}/move", self.organization(org));
                sent(self.ask(by, "POST", &target).json(&body)).await
            }
            OrganizationStep::Delete { org, confirm } => {
                let confirm = match confirm {
                    Confirm::Its => before.orgs[org].name,
                    Confirm::Another => "Other",
                };
                let target = format!("{}?confirm={confirm}", self.organization(org));
                sent(self.ask(by, "DELETE", &target)).await
            }
        }
    }

    async fn change_member(&self, by: By, Post { user, org }: Post, step: MemberStep) -> Said {
        let member = format!("{}/users/{}", self.organization(org), self.users[user]);
        let ask = match step {
            MemberStep::SetRoles { roles } => {
                let body = json!({ "roles": ROLE_SETS[roles] }).to_string();
                self.ask(by, "PUT", &format!("{member}/roles")).json(&body)
            }
            MemberStep::Remove => self.ask(by, "DELETE", &member),
            MemberStep::Suspend => self.ask(by, "PATCH", &member).json(r#"{"suspended":true}"#),
            MemberStep::Reactivate => self
                .ask(by, "PATCH", &member)
                .json(r#"{"suspended":false}"#),
        };
        sent(ask).await
    }

    async fn change_invitation(&mut self, by: By, step: InvitationStep) -> Said {
        match step {
            InvitationStep::Invite { to, first, second } => {
                self.invite(by, to, first, second).await
            }
            InvitationStep::InviteAgain(post) => self.invite_again(by, post).await,
            InvitationStep::Withdraw(Post { user, org }) => {
                let body = json!({ "userEmail": self.email(user) }).to_string();
                let target = format!("{}/invitations", self.organization(org));
                sent(self.ask(by, "DELETE", &target).json(&body)).await
            }
        }
    }

    async fn change_token(&mut self, by: By, step: TokenStep, before: &Model) -> Said {
        match step {
            TokenStep::Generate { org, want } => {
                let ask = self.ask(by, "POST", &pats_of(self.orgs[org]));
                self.made(ask.json(&Self::choices(&want)), org).await
            }
            TokenStep::Rotate { pat, hours } => {
                let body = json!({ "overlapSeconds": hours * 3600 }).to_string();
                let target = format!("{}/rotate", self.pats[pat].path());
                let org = before.pats[pat].org;
                self.made(self.ask(by, "POST", &target).json(&body), org)
                    .await
            }
            TokenStep::Revoke { pat } => sent(self.ask(by, "DELETE", &self.pats[pat].path())).await,
            TokenStep::RevokeSeveral { org, pats, run } => {
                self.revoke_several(by, org, &pats, run).await
            }
        }
    }

    async fn created(&mut self, ask: Ask, name: usize) -> Said {
        let body = json!({ "name": NAMES[name] }).to_string();
        let answer = ask.json(&body).send().await;
        if answer.status == 201 {
            self.orgs.push(answer.member("id").parse().unwrap());
        }
        said(&answer)
    }

    async fn made(&mut self, ask: Ask, org: usize) -> Said {
        let answer = ask.send().await;
        if answer.status == 201 {
            self.pats.push(Pat {
                id: answer.member("id"),
                secret: answer.member("token"),
                organization: self.orgs[org],
            });
        }
        said(&answer)
    }

    async fn revoke_several(&self, by: By, org: usize, pats: &[usize], run: Run) -> Said {
        let chosen: BTreeSet<&str> = pats.iter().map(|pat| &*self.pats[*pat].id).collect();
        let body = json!({ "tokens": chosen, "dryRun": run == Run::Dry }).to_string();
        let target = format!("{}/tokens/revoke", self.organization(org));
        let answer = self.ask(by, "POST", &target).json(&body).send().await;
        if answer.status != 200 {
            return said(&answer);
        }
        let told = answer.json();
        let ended = told["revoked"].as_array().unwrap().iter();
        let number = |ended: &serde_json::Value| {
            let mut pats = self.pats.iter();
            pats.position(|pat| ended["id"] == pat.id).unwrap()
        };
        Said::Ends(ended.map(number).collect())
    }

    async fn exchange(&mut self, pat: usize, target: usize) -> Said {
        let answer = self.site.exchange(&self.pats[pat], self.orgs[target]).await;
        if answer.status != 200 {
            return said(&answer);
        }
        let jwt = answer.member("access_token");
        let claims = self.site.claims(&jwt).await;
        self.accesses.push(jwt);
        let permissions = words(&claims["entitlements"]);
        let permissions = permissions.split(' ').map(str::to_owned);
        Said::Gives(permissions.filter(|name| is_looked_at(name)).collect())
    }

    async fn invite(
        &mut self,
        by: By,
        to: usize,
        first: Promised,
        second: Option<Promised>,
    ) -> Said {
        let caller = match self.admitted(by).await {
            Ok(caller) => caller,
            Err(refusal) => return Said::Refused(refusal.to_owned()),
        };
        let promises = [Some(first), second].into_iter().flatten();
        let promises: Vec<Promise> = promises
            .map(|(org, roles)| Promise {
                organization: self.orgs[org],
                roles: Roles::new(ROLE_SETS[roles].iter().copied()).unwrap(),
            })
            .collect();
        let email = Email::parse(&self.email(to)).unwrap();
        let (app, ctx) = (&self.site.app, self.context());
        let from = self.orgs[first.0];
        let made = invite(app, &ctx, &caller, from, (&email, &promises)).await;
        self.invited(made)
    }

    async fn invite_again(&mut self, by: By, Post { user: to, org }: Post) -> Said {
        let caller = match self.admitted(by).await {
            Ok(caller) => caller,
            Err(refusal) => return Said::Refused(refusal.to_owned()),
        };
        let email = Email::parse(&self.email(to)).unwrap();
        let (app, ctx) = (&self.site.app, self.context());
        let made = invite_again(app, &ctx, &caller, self.orgs[org], &email).await;
        self.invited(made)
    }

    fn invited(&mut self, made: Result<Made, InviteError>) -> Said {
        let refusal = match made {
            Ok(made) => {
                let url = made.link.url(ISSUER);
                let (_page, secret) = url.split_once("?code=").unwrap();
                self.links.push(SecretText::new(secret.to_owned()));
                return Said::Done;
            }
            Err(InviteError::NotForThem(_) | InviteError::NotInvited) => NOT_FOUND,
            Err(InviteError::Refused(_)) => FORBIDDEN,
            Err(InviteError::SeveralTrees) => INVALID,
            Err(InviteError::AlreadyMember) => ALREADY_MEMBER,
            Err(other) => panic!("{other}"),
        };
        Said::Refused(refusal.to_owned())
    }

    async fn accept(&self, user: usize, link: usize) -> Said {
        let refusal = match self.admitted(By::Person(user)).await {
            Err(refusal) => refusal,
            Ok(Caller::Token(_)) => panic!("a person was asked for"),
            Ok(Caller::Session(who)) => {
                let (app, ctx) = (&self.site.app, self.context());
                match accept(app, &ctx, &who, &self.links[link]).await {
                    Ok(_accepted) => return Said::Done,
                    Err(AcceptError::Ended) => ENDED,
                    Err(AcceptError::OtherAddress) => OTHER_ADDRESS,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        Said::Refused(refusal.to_owned())
    }
}

/// Whether a permission is of the two modules that the model looks at.
pub(super) fn is_looked_at(permission: &str) -> bool {
    permission.starts_with("organization:") || permission.starts_with("build:")
}
