//! Whether server and model hold the same, asked beside the steps.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::exchange::{ExchangeRequest, decide};
use keyfob_core::member::Membership;
use keyfob_core::scope::Scopes;
use keyfob_server::app::access::admit_token;
use keyfob_store::exchange::exchange_facts_of;
use keyfob_store::member::member_find;
use keyfob_store::org::org_find;
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use super::ask::is_looked_at;
use super::play::Game;
use super::spec::Member;
use super::spec::refusal::{ACCESS_DENIED, INVALID_GRANT};
use super::step::{By, PEOPLE, Post};

impl Game<'_> {
    /// After a step: who gets what for one target and whoever's list; and all access tokens.
    pub(super) async fn compare(&self, step: usize) -> Result<(), TestCaseError> {
        self.compare_exchanges(step % self.orgs.len()).await?;
        self.compare_list(step % PEOPLE).await?;
        self.compare_accesses().await
    }

    /// After all steps: everything.
    pub(super) async fn compare_all(&self) -> Result<(), TestCaseError> {
        for target in 0..self.orgs.len() {
            self.compare_exchanges(target).await?;
        }
        for user in 0..PEOPLE {
            self.compare_list(user).await?;
        }
        self.compare_accesses().await?;
        self.compare_tree().await
    }

    /// What the exchange of every token decides.
    async fn compare_exchanges(&self, target: usize) -> Result<(), TestCaseError> {
        let catalogue = &self.site.app.loaded().catalogue;
        let want = ExchangeRequest {
            address: None,
            scopes: Scopes::parse(None).unwrap(),
            named: &[],
            lifetime: Duration::from_hours(1),
        };
        for (number, pat) in self.pats.iter().enumerate() {
            let mut tx = self.site.world.store.read_single().await.unwrap();
            let id = pat.id.parse().unwrap();
            let facts = exchange_facts_of(&mut tx, id, self.orgs[target])
                .await
                .unwrap();
            let facts = facts.unwrap().facts;
            let decided = match decide(&facts, &want, catalogue, self.site.world.now()) {
                Ok(grant) => {
                    let names = catalogue.names(grant.permissions).into_iter();
                    Ok(names.filter(|name| is_looked_at(name)).collect())
                }
                Err(denial) if denial.is_of_the_target() => Err(ACCESS_DENIED),
                Err(_of_the_token) => Err(INVALID_GRANT),
            };
            let expected = self.model.exchange(number, target);
            prop_assert_eq!(decided, expected, "token {} at {}", number, target);
        }
        Ok(())
    }

    /// The organizations that somebody is shown.
    async fn compare_list(&self, user: usize) -> Result<(), TestCaseError> {
        if !self.model.signed_in.contains(&user) {
            return Ok(());
        }
        let ask = self.ask(By::Person(user), "GET", "/identity/v1/organizations");
        let listed = ask.send().await.json();
        let listed = listed["data"].as_array().unwrap().iter();
        let listed: BTreeSet<String> = listed
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        let expected = (0..self.orgs.len()).filter(|org| self.model.lists(user, *org));
        let expected: BTreeSet<String> = expected.map(|org| self.orgs[org].to_string()).collect();
        prop_assert_eq!(listed, expected, "the organizations of {}", user);
        Ok(())
    }

    async fn compare_accesses(&self) -> Result<(), TestCaseError> {
        for (number, jwt) in self.accesses.iter().enumerate() {
            let admitted = admit_token(&self.site.app, &self.context(), jwt).await;
            let expected = self.model.is_admitted(number);
            prop_assert_eq!(admitted.is_ok(), expected, "access token {}", number);
        }
        Ok(())
    }

    /// Organizations and memberships.
    async fn compare_tree(&self) -> Result<(), TestCaseError> {
        let mut tx = self.site.world.store.read().await.unwrap();
        for (number, org) in self.model.orgs.iter().enumerate() {
            let found = org_find(&mut tx, self.orgs[number]).await.unwrap();
            let found = found.map(|found| (found.name, found.parent));
            let parent = org.parent.map(|parent| self.orgs[parent]);
            let expected = (!org.is_deleted).then(|| (org.name.to_owned(), parent));
            prop_assert_eq!(found, expected, "organization {}", number);
        }
        for (user, id) in self.users.iter().enumerate() {
            for (org, at) in self.orgs.iter().enumerate() {
                let found = member_find(&mut tx, *id, *at).await.unwrap();
                let expected = self
                    .model
                    .members
                    .get(&Post { user, org })
                    .map(Member::written);
                prop_assert_eq!(found.as_ref().map(written), expected, "{} at {}", user, org);
            }
        }
        Ok(())
    }
}

/// A membership as both sides say it: its roles, and whether it is suspended.
type Written = (BTreeSet<String>, bool);

fn written(found: &Membership) -> Written {
    let is_suspended = found.suspended_at.is_some();
    (
        found.roles.iter().map(str::to_owned).collect(),
        is_suspended,
    )
}

impl Member {
    fn written(&self) -> Written {
        let roles = self.roles.iter().copied().map(str::to_owned);
        (roles.collect(), self.is_suspended)
    }
}
