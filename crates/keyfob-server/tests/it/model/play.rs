//! Plays a sequence on a server and on the model, and holds every answer against the model's.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use http::Request;
use keyfob_core::id::{OrgId, UserId};
use keyfob_server::app::access::{Caller, admit_token};
use keyfob_server::app::sign_in::signed_in;
use keyfob_server::context::Ctx;
use keyfob_server::secret::SecretText;
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use super::laws::uphold;
use super::spec::refusal::{INVALID_TOKEN, NOT_SIGNED_IN};
use super::spec::{Model, Said};
use super::step::{
    By, InvitationStep, OrganizationStep, PEOPLE, Post, ROLE_SETS, Step, TokenStep, Wanted,
};
use crate::client::Ask;
use crate::site::{Pat, Site};

/// How often each operation had each outcome.
pub(super) type Count = BTreeMap<String, BTreeMap<String, u64>>;

/// Both sides, and what each number of the model is on the server.
pub(super) struct Game<'s> {
    pub(super) site: &'s Site,
    pub(super) model: Model,
    /// The names before `@acme.example`.
    pub(super) names: Vec<String>,
    pub(super) users: Vec<UserId>,
    /// The cookie that each had last.
    pub(super) cookies: Vec<String>,
    pub(super) orgs: Vec<OrgId>,
    pub(super) pats: Vec<Pat>,
    pub(super) accesses: Vec<String>,
    /// The secrets of invitations' links.
    pub(super) links: Vec<SecretText>,
}

/// Plays one sequence; `case` keeps its people apart from those of the others.
pub(super) async fn play(
    site: &Site,
    case: u32,
    steps: &[Step],
    count: &Mutex<Count>,
) -> Result<(), TestCaseError> {
    let mut game = Game::begin(site, case).await;
    for (number, step) in steps.iter().enumerate() {
        let Some(step) = game.within(*step) else {
            continue;
        };
        let before = game.model.clone();
        let expected = game.model.apply(step);
        let said = game.apply(step, &before).await;
        prop_assert_eq!(&said, &expected, "step {}: {:?}", number, step);
        uphold(&before, &step, &game.model)?;
        note(count, &step, &said);
        game.compare(number).await?;
    }
    game.compare_all().await
}

fn note(count: &Mutex<Count>, step: &Step, said: &Said) {
    let outcome = match said {
        Said::Done | Said::Gives(_) | Said::Ends(_) => "done".to_owned(),
        Said::Refused(refusal) => refusal.clone(),
    };
    let mut count = count.lock().unwrap();
    let outcomes = count.entry(step.name()).or_default();
    *outcomes.entry(outcome).or_default() += 1;
}

impl<'s> Game<'s> {
    /// A tree with an owner and a manager at the top and somebody who may look below, and another tree with
    /// an owner of its own. All are signed in, and the first has a token in use.
    async fn begin(site: &'s Site, case: u32) -> Self {
        let mut game = Self {
            site,
            model: Model::default(),
            names: (0..PEOPLE).map(|user| format!("u{user}-{case}")).collect(),
            users: Vec::new(),
            cookies: Vec::new(),
            orgs: Vec::new(),
            pats: Vec::new(),
            accesses: Vec::new(),
            links: Vec::new(),
        };
        for (user, name) in game.names.iter().enumerate() {
            game.users.push(site.person(name).await);
            game.cookies.push(site.sign_in(name).await);
            game.model.signed_in.insert(user);
        }
        let world = &site.world;
        for (parent, name) in [(None, "Core"), (Some(0), "Mobile"), (None, "Globex")] {
            game.model.founded(parent, name);
            game.orgs.push(match parent {
                None => world.root(name).await,
                Some(parent) => world.sub(game.orgs[parent], name).await,
            });
        }
        for (user, org, roles) in [(0, 0, 5), (1, 0, 4), (2, 1, 1), (3, 2, 5)] {
            let roles = ROLE_SETS[roles];
            game.model.joined(user, org, roles);
            world.member(game.users[user], game.orgs[org], roles).await;
        }
        let want = Wanted {
            ceiling: None,
            is_narrow: false,
            days: None,
        };
        let owner = By::Person(0);
        for step in [
            Step::Token(owner, TokenStep::Generate { org: 0, want }),
            Step::Exchange { pat: 0, target: 0 },
        ] {
            let before = game.model.clone();
            assert_eq!(game.model.apply(step), game.apply(step, &before).await);
        }
        game
    }

    /// The step with numbers of things that are there; none when it would be about something before there is
    /// one. Deleted organizations are there to be asked for.
    fn within(&self, step: Step) -> Option<Step> {
        let mut step = step;
        match &mut step {
            Step::Organization(by, step) => {
                self.caller(by)?;
                self.within_tree(step);
            }
            Step::Member(by, post, number, _step) => {
                self.caller(by)?;
                let posts: Vec<Post> = self.model.members.keys().copied().collect();
                *post = self.post(*post, *number, &posts);
            }
            Step::Invitation(by, step) => {
                self.caller(by)?;
                self.within_invitation(step);
            }
            Step::Accept { link, .. } => *link = latest(*link, self.links.len())?,
            Step::Token(by, step) => {
                self.caller(by)?;
                self.within_token(step)?;
            }
            Step::Exchange { pat, target } => {
                *pat = latest(*pat, self.pats.len())?;
                *target %= self.orgs.len();
            }
            // A refused sign-in tells nothing, after a quarter of a second.
            Step::SignIn { user } if self.model.suspended.contains(user) => return None,
            Step::SignIn { .. }
            | Step::SignOut { .. }
            | Step::SuspendUser { .. }
            | Step::ReactivateUser { .. }
            | Step::Advance { .. } => {}
        }
        Some(step)
    }

    fn within_tree(&self, step: &mut OrganizationStep) {
        let orgs = self.orgs.len();
        match step {
            OrganizationStep::CreateRoot { .. } => {}
            OrganizationStep::Create { parent: org, .. }
            | OrganizationStep::Rename { org, .. }
            | OrganizationStep::Delete { org, .. } => *org %= orgs,
            OrganizationStep::Move { org, parent } => {
                *org %= orgs;
                *parent %= orgs;
            }
        }
    }

    fn within_invitation(&self, step: &mut InvitationStep) {
        let orgs = self.orgs.len();
        match step {
            InvitationStep::Invite { first, second, .. } => {
                first.0 %= orgs;
                *second = second.map(|(org, roles)| (org % orgs, roles));
                // Twice the same place is no matter of rights.
                *second = second.filter(|second| second.0 != first.0);
            }
            InvitationStep::InviteAgain(post) | InvitationStep::Withdraw(post) => {
                *post = self.post(*post, Some(post.user), &self.model.all_waiting());
            }
        }
    }

    fn within_token(&self, step: &mut TokenStep) -> Option<()> {
        let (orgs, pats) = (self.orgs.len(), self.pats.len());
        match step {
            TokenStep::Generate { org, .. } => *org %= orgs,
            TokenStep::Rotate { pat, .. } | TokenStep::Revoke { pat } => *pat = latest(*pat, pats)?,
            TokenStep::RevokeSeveral {
                org, pats: chosen, ..
            } => {
                *org %= orgs;
                for pat in chosen {
                    *pat = latest(*pat, pats)?;
                }
            }
        }
        Some(())
    }

    /// One of these, by number, or anybody anywhere.
    fn post(&self, anybody: Post, number: Option<usize>, posts: &[Post]) -> Post {
        let found = number.and_then(|number| latest(number, posts.len()));
        found.map_or(
            Post {
                org: anybody.org % self.orgs.len(),
                ..anybody
            },
            |found| posts[found],
        )
    }

    fn caller(&self, by: &mut By) -> Option<()> {
        if let By::Program(access) = by {
            *access = latest(*access, self.accesses.len())?;
        }
        Some(())
    }

    /// A request, with the caller's credentials.
    pub(super) fn ask(&self, by: By, method: &str, target: &str) -> Ask {
        let ask = self.site.ask(method, target);
        match by {
            By::Person(user) => ask.cookie(&self.cookies[user]),
            By::Program(access) => ask.bearer(&self.accesses[access]),
        }
    }

    /// A request's own moment.
    pub(super) fn context(&self) -> Ctx {
        let (parts, _body) = Request::new(()).into_parts();
        let (clock, entropy) = (&self.site.world.clock, &self.site.world.entropy);
        Ctx::of(&parts, &self.site.app.proxies, &**clock, &**entropy)
    }

    /// The caller as the use cases take it, or why they are not let in.
    pub(super) async fn admitted(&self, by: By) -> Result<Caller, &'static str> {
        let (app, ctx) = (&self.site.app, self.context());
        match by {
            By::Person(user) => {
                let (_name, value) = self.cookies[user].split_once('=').unwrap();
                let who = signed_in(app, &ctx, value).await.unwrap();
                let who = who.ok_or(NOT_SIGNED_IN)?;
                Ok(Caller::Session(Box::new(who)))
            }
            By::Program(access) => {
                let token = admit_token(app, &ctx, &self.accesses[access]).await;
                let token = token.map_err(|_refused| INVALID_TOKEN)?;
                Ok(Caller::Token(Box::new(token)))
            }
        }
    }

    /// The choices of a new token, as its body has them.
    pub(super) fn choices(want: &Wanted) -> String {
        let mut body = serde_json::json!({});
        if let Some(ceiling) = want.ceiling {
            body["ceiling"] = super::step::CEILINGS[ceiling].into();
        }
        if let Some(days) = want.days {
            body["expiresInDays"] = days.into();
        }
        if want.is_narrow {
            body["reach"] = "organization".into();
        }
        body.to_string()
    }

    pub(super) async fn sign_in(&mut self, user: usize) -> Said {
        self.cookies[user] = self.site.sign_in(&self.names[user]).await;
        Said::Done
    }

    pub(super) async fn advance(&mut self, minutes: u32) -> Said {
        self.site.advance(Duration::from_mins(u64::from(minutes)));
        for user in 0..PEOPLE {
            if self.model.signed_in.contains(&user) {
                self.sign_in(user).await;
            }
        }
        Said::Done
    }
}

/// Counted from the latest: what was made last is what most happens to.
fn latest(number: usize, of: usize) -> Option<usize> {
    let back = number.checked_rem(of)?;
    Some(of - 1 - back)
}
