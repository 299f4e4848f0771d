//! Plays a sequence on a store and on the model, and asks both the same questions after every step.

use std::collections::BTreeSet;
use std::time::Duration;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::exchange::{Denial, Epochs, admit};
use keyfob_core::id::{OrgId, UserId};
use keyfob_core::org::BadMove;
use keyfob_core::pat::rotation::{IdempotencyKey, NotRotated, WantedRotation};
use keyfob_core::pat::{Ceiling, Refusal, Revoker, WantedExpiry, WantedPat};
use keyfob_core::policy::Policy;
use keyfob_core::reach::Reach;
use keyfob_store::exchange::exchange_facts_of;
use keyfob_store::pat::Revoked;
use keyfob_store::{Constraint, StoreError};
use keyfob_testkit::world::{World, WorldPat, small_catalogue};
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use super::spec::{Model, PAT_LIMIT, Said};
use super::step::{CEILING, NAMES, ROLE_SETS, Step, Wanted, WantedOverlap, WantedReach};

/// Both sides, and what each number of the model is in the store.
struct Game<'w> {
    world: &'w World,
    model: Model,
    catalogue: Catalogue,
    users: Vec<UserId>,
    orgs: Vec<OrgId>,
    pats: Vec<WorldPat>,
    access_tokens: Vec<AccessToken>,
}

/// What an exchange gave.
struct AccessToken {
    pat: usize,
    target: usize,
    epochs: Epochs,
    /// Once refused it must stay refused (G6).
    is_dead: bool,
}

/// Plays one sequence; `case` keeps its people apart from those of the others.
pub(crate) async fn play(world: &World, case: u32, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut game = Game::begin(world, case).await;
    for (number, step) in steps.iter().enumerate() {
        let Some(step) = game.within(*step) else {
            continue;
        };
        let expected = game.model.apply(step);
        let did = game.apply(step).await;
        prop_assert_eq!(did, expected, "step {}: {:?}", number, step);
        if let Step::Exchange { pat, target } = step {
            game.exchange(pat, target).await?;
        }
        game.compare(number % game.orgs.len(), number).await?;
        game.compare_access_tokens(number).await?;
    }
    for target in 0..game.orgs.len() {
        game.compare(target, steps.len()).await?;
    }
    Ok(())
}

impl<'w> Game<'w> {
    /// Three people; a tree with a sub-organization in which one of them may look, and another tree.
    async fn begin(world: &'w World, case: u32) -> Self {
        let mut game = Game {
            world,
            model: Model::default(),
            catalogue: small_catalogue(),
            users: Vec::new(),
            orgs: Vec::new(),
            pats: Vec::new(),
            access_tokens: Vec::new(),
        };
        for number in 0..3 {
            let address = format!("user{number}@case{case}.example");
            game.users.push(world.user(&address).await);
        }
        for name in ["Acme", "Globex"] {
            game.model.root(name);
            game.orgs.push(world.root(name).await);
        }
        for step in [
            Step::Create { parent: 0, name: 2 },
            Step::Join {
                user: 0,
                org: 0,
                roles: 1,
            },
        ] {
            assert_eq!(game.model.apply(step), game.apply(step).await);
        }
        game
    }

    /// The step with numbers of things that are there. None when it would be about a token before
    /// there is one, or about a deleted organization, which no use case finds.
    fn within(&self, step: Step) -> Option<Step> {
        let orgs = self.orgs.len();
        let lives = |org: usize| Some(org % orgs).filter(|org| self.model.lives(*org));
        let pat = |pat: usize| pat.checked_rem(self.pats.len());
        Some(match step {
            Step::Create { parent, name } => Step::Create {
                parent: lives(parent)?,
                name,
            },
            Step::Move { org, parent } => Step::Move {
                org: lives(org)?,
                parent: lives(parent)?,
            },
            Step::Delete { org } => Step::Delete { org: lives(org)? },
            Step::Join { user, org, roles } => Step::Join {
                user,
                org: lives(org)?,
                roles,
            },
            Step::Leave { user, org } => Step::Leave {
                user,
                org: lives(org)?,
            },
            Step::Suspend { user, org } => Step::Suspend {
                user,
                org: lives(org)?,
            },
            Step::Reactivate { user, org } => Step::Reactivate {
                user,
                org: lives(org)?,
            },
            Step::SetRoles { user, org, roles } => Step::SetRoles {
                user,
                org: lives(org)?,
                roles,
            },
            Step::SuspendUser { .. } | Step::ReactivateUser { .. } | Step::Advance { .. } => step,
            Step::Generate { user, org, want } => {
                let reach = match want.reach {
                    WantedReach::Named(named) => WantedReach::Named(named % orgs),
                    WantedReach::Subtree | WantedReach::Organization => want.reach,
                };
                let want = Wanted { reach, ..want };
                Step::Generate {
                    user,
                    org: lives(org)?,
                    want,
                }
            }
            Step::Revoke { pat: number } => Step::Revoke { pat: pat(number)? },
            Step::Rotate { pat: number, want } => Step::Rotate {
                pat: pat(number).filter(|pat| self.model.lives(self.model.pats[*pat].org))?,
                want,
            },
            Step::Exchange { pat: of, target } => Step::Exchange {
                pat: pat(of)?,
                target: target % orgs,
            },
        })
    }

    async fn apply(&mut self, step: Step) -> Said {
        let world = self.world;
        let org = |org: usize| self.orgs[org];
        let user = |user: usize| self.users[user];
        match step {
            Step::Create { parent, name } => self.create(parent, NAMES[name]).await,
            Step::Move { org: moved, parent } => {
                match world.move_org(org(moved), org(parent)).await {
                    Ok(()) => Said::Done,
                    Err(BadMove::Root) => Said::MoveOfRoot,
                    Err(BadMove::OtherTree) => Said::OtherTree,
                    Err(BadMove::Cycle) => Said::Cycle,
                    Err(BadMove::TooDeep) => panic!("the model makes no deep trees"),
                }
            }
            Step::Delete { org: top } => {
                world.delete_org(org(top)).await;
                Said::Done
            }
            Step::Join {
                user: who,
                org: at,
                roles,
            } => Said::from(world.put_member(user(who), org(at), ROLE_SETS[roles]).await),
            Step::Leave { user: who, org: at } => {
                Said::from(world.remove(user(who), org(at)).await)
            }
            Step::Suspend { user: who, org: at } => {
                Said::from(world.suspend_member(user(who), org(at)).await)
            }
            Step::Reactivate { user: who, org: at } => {
                Said::from(world.reactivate_member(user(who), org(at)).await)
            }
            Step::SetRoles {
                user: who,
                org: at,
                roles,
            } => Said::from(world.set_roles(user(who), org(at), ROLE_SETS[roles]).await),
            Step::SuspendUser { user: who } => Said::from(world.suspend_user(user(who)).await),
            Step::ReactivateUser { user: who } => {
                Said::from(world.reactivate_user(user(who)).await)
            }
            Step::Generate {
                user: who,
                org: at,
                want,
            } => self.generate(who, at, want).await,
            Step::Revoke { pat } => {
                let revoked = world.revoke(&self.pats[pat], Revoker::Operator).await;
                Said::from(revoked == Revoked::Now)
            }
            Step::Rotate { pat, want } => self.rotate(pat, want).await,
            Step::Exchange { .. } => Said::Done,
            Step::Advance { hours } => self.advance(hours),
        }
    }

    fn advance(&self, hours: u32) -> Said {
        let hours = Duration::from_hours(u64::from(hours));
        self.world.clock.advance(hours);
        Said::Done
    }

    async fn create(&mut self, parent: usize, name: &str) -> Said {
        match self.world.try_org(Some(self.orgs[parent]), name).await {
            Ok(made) => {
                self.orgs.push(made);
                Said::Done
            }
            Err(StoreError::Conflict(Constraint::OrganizationName)) => Said::NameTaken,
            Err(error) => panic!("{error}"),
        }
    }

    async fn generate(&mut self, user: usize, org: usize, want: Wanted) -> Said {
        let ceiling = Ceiling::choose(CEILING, &self.catalogue).unwrap();
        let want = WantedPat {
            expiry: want
                .days
                .map_or(WantedExpiry::Default, WantedExpiry::InDays),
            ceiling: want.has_ceiling.then_some(ceiling),
            reach: match want.reach {
                WantedReach::Subtree => Reach::Subtree,
                WantedReach::Organization => Reach::Organization,
                WantedReach::Named(named) => Reach::Named([self.orgs[named]].into()),
            },
            networks: None,
        };
        let policy = Policy {
            pat_limit: u32::try_from(PAT_LIMIT).unwrap(),
            ..Policy::default()
        };
        let (user, org) = (self.users[user], self.orgs[org]);
        match self.world.try_pat(user, org, want, &policy).await {
            Ok(pat) => {
                self.pats.push(pat);
                Said::Done
            }
            Err(Refusal::Inherited { .. }) => Said::Inherited,
            Err(Refusal::Stranger) => Said::Stranger,
            Err(Refusal::LimitReached { .. }) => Said::LimitReached,
            Err(Refusal::Reach) => Said::ReachOutside,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    async fn rotate(&mut self, pat: usize, want: WantedOverlap) -> Said {
        let key = || IdempotencyKey::parse(b"one-for-all").unwrap();
        let want = WantedRotation {
            overlap: Some(Duration::from_hours(u64::from(want.hours))),
            key: want.is_repeatable.then(key),
        };
        match self.world.try_rotate(&self.pats[pat], &want).await {
            Ok(successor) => {
                self.pats.push(successor);
                Said::Done
            }
            Err(NotRotated::Person(Refusal::Inherited { .. })) => Said::Inherited,
            Err(NotRotated::Person(Refusal::Stranger)) => Said::Stranger,
            Err(NotRotated::AlreadyRotated) => Said::AlreadyRotated,
            Err(NotRotated::Revoked | NotRotated::Expired) => Said::Over,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// What the store's facts and the rules decide: the permissions, and the epochs they rest on.
    async fn decide(
        &self,
        pat: usize,
        target: usize,
    ) -> (Result<BTreeSet<String>, Denial>, Epochs) {
        let secret = &self.pats[pat].secret;
        let target = Some(self.orgs[target]);
        let decided = self.world.exchange(secret, target, &self.catalogue).await;
        let snapshot = self.world.facts(secret, target).await.unwrap();
        let permissions = decided.unwrap().map(|granted| granted.permissions);
        (permissions, snapshot.facts.epochs)
    }

    async fn exchange(&mut self, pat: usize, target: usize) -> Result<(), TestCaseError> {
        let (decided, epochs) = self.decide(pat, target).await;
        prop_assert_eq!(
            as_names(decided.as_ref()),
            as_names(self.model.exchange(pat, target).as_ref())
        );
        if decided.is_ok() {
            self.world.settle(self.pats[pat].id).await;
            self.access_tokens.push(AccessToken {
                pat,
                target,
                epochs,
                is_dead: false,
            });
        }
        Ok(())
    }

    /// Compares the decisions on every token at one target, and the epochs.
    async fn compare(&self, target: usize, step: usize) -> Result<(), TestCaseError> {
        for pat in 0..self.pats.len() {
            let (decided, epochs) = self.decide(pat, target).await;
            let expected = self.model.exchange(pat, target);
            prop_assert_eq!(
                as_names(decided.as_ref()),
                as_names(expected.as_ref()),
                "token {} at {} after step {}",
                pat,
                target,
                step
            );
            let epochs = (epochs.user, epochs.tree);
            prop_assert_eq!(
                epochs,
                self.model.epochs(pat),
                "of token {} after step {}",
                pat,
                step
            );
        }
        Ok(())
    }

    /// An access token stands while its epochs are current and the exchange would give it again.
    async fn compare_access_tokens(&mut self, step: usize) -> Result<(), TestCaseError> {
        for token in &mut self.access_tokens {
            let (pat, target) = (self.pats[token.pat].id, self.orgs[token.target]);
            let mut tx = self.world.store.read_single().await.unwrap();
            let snapshot = exchange_facts_of(&mut tx, pat, target).await.unwrap();
            let facts = snapshot.unwrap().facts;
            let now = self.world.now();
            let admitted = admit(&facts, token.epochs, &self.catalogue, now).is_ok();
            let is_current = self.model.epochs(token.pat) == (token.epochs.user, token.epochs.tree);
            let expected = is_current && self.model.exchange(token.pat, token.target).is_ok();
            prop_assert_eq!(admitted, expected, "an access token after step {}", step);
            prop_assert_eq!(admitted && token.is_dead, false, "G6 after step {}", step);
            token.is_dead |= !admitted;
        }
        Ok(())
    }
}

/// One form for what both sides say.
fn as_names<N: AsRef<str>>(decided: Result<&BTreeSet<N>, &Denial>) -> Result<Vec<String>, Denial> {
    let names = decided.map_err(|denial| *denial)?;
    let mut names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    names.sort_unstable();
    Ok(names)
}
