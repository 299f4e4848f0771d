//! `keyfobd serve --demo`: the example tree in a directory of its own that is gone at the end, with a
//! user for each interesting standing, passwords drawn at start, and one token. What it prints goes to
//! standard output and never into the log.

use std::collections::BTreeMap;
use std::io::{Write as _, stdout};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use keyfob_core::name::Email;
use keyfob_core::time::{Entropy, Purpose};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::serve::{self, OnIssuerChange};
use crate::app::access::Caller;
use crate::app::act_as::{Demo, Part, Person as Shown};
use crate::app::generate::{Choices, generate};
use crate::app::organizations::organizations;
use crate::app::sign_in::{sign_in, sign_out};
use crate::cli::ServeArgs;
use crate::config::{Config, DatabaseConfig, MetricsListen};
use crate::context::Ctx;
use crate::http::server::bind_or_next;
use crate::import::import_text;
use crate::state::App;
use crate::system::SystemEntropy;

/// The example that the demo serves.
const ACME: &str = include_str!("../../../../examples/acme.jsonl");
/// Letters of drawn passwords: none that looks like another.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
const PASSWORD_LENGTH: usize = 12;

/// How the demo says what it made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Text,
    /// One JSON object and nothing else.
    Json,
}

impl Form {
    pub(super) fn of(args: &ServeArgs) -> Self {
        if args.json { Self::Json } else { Self::Text }
    }
}

/// Somebody to sign in as.
#[derive(Debug, Serialize)]
struct Person {
    email: String,
    password: String,
    standing: String,
    #[serde(skip)]
    full_name: String,
    #[serde(skip)]
    part: Part,
}

impl Person {
    /// As the page of the demo shows them.
    fn shown(&self) -> Result<Shown> {
        Ok(Shown {
            email: Email::parse(&self.email)?,
            full_name: self.full_name.clone(),
            standing: self.standing.clone(),
            part: self.part,
        })
    }
}

/// What was made, as printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made<'a> {
    url: &'a str,
    users: &'a [Person],
    pat: &'a str,
    organization_id: String,
    curl: String,
}

/// Serves the demo until SIGTERM or Ctrl-C.
pub(super) async fn run(config: &Config, form: Form) -> Result<()> {
    let stop = serve::stop_signal()?;
    if !config.listen.ip().is_loopback() {
        bail!(
            "the demo listens on a loopback address only, and {} is none",
            config.listen
        );
    }
    if !matches!(config.database, DatabaseConfig::Embedded) {
        bail!("the demo has a database of its own: leave --database out");
    }
    let folder = tempfile::Builder::new().prefix("keyfob-demo-").tempdir();
    let folder = folder.context("a temporary directory cannot be made")?;
    let listener = if config.listen_is_default {
        bind_or_next(config.listen)
            .await
            .context("no port is free")?
    } else {
        let bound = TcpListener::bind(config.listen).await;
        bound.with_context(|| format!("{} cannot be listened on", config.listen))?
    };
    let config = Config {
        data_dir: folder.path().to_owned(),
        root_key_file: None,
        public_url: None,
        metrics: MetricsListen::Off,
        ..config.clone()
    };
    let listener = serve::equip(&config, listener)?;
    let people = people()?;
    let app = fill(&config, &listener.socket, &people).await?;
    let said = say(&app, &people, form).await?;
    stdout()
        .write_all(said.as_bytes())
        .context("stdout is closed")?;
    serve::until(app, listener, stop).await;
    folder
        .close()
        .context("the demo's directory cannot be removed")
}

/// Imports the example through the same code as `keyfobd import`, then builds the server.
async fn fill(config: &Config, listener: &TcpListener, people: &[Person]) -> Result<Arc<App>> {
    let passwords: BTreeMap<&str, &str> = people
        .iter()
        .map(|person| (person.email.as_str(), person.password.as_str()))
        .collect();
    let password = |email: &Email| {
        passwords
            .get(email.as_str())
            .map(|password| (*password).to_owned())
    };
    import_text(config, ACME, &password)
        .await
        .context("the example was not imported")?;
    let shown: Result<Vec<Shown>> = people.iter().map(Person::shown).collect();
    let (address, demo) = (listener.local_addr()?, Demo(shown?));
    serve::start(config, address, OnIssuerChange::Refuse, Some(demo)).await
}

async fn say(app: &App, people: &[Person], form: Form) -> Result<String> {
    let owner = people
        .first()
        .ok_or_else(|| anyhow!("the example has no owner"))?;
    let (pat, organization_id) = first_token(app, owner).await?;
    let curl = format!("curl -s {}/auth/v2/token -d pat={pat}", app.issuer);
    let made = Made {
        url: &app.issuer,
        users: people,
        pat: &pat,
        organization_id,
        curl,
    };
    match form {
        Form::Json => Ok(serde_json::to_string(&made)? + "\n"),
        Form::Text => Ok(text(&made)),
    }
}

/// Generates the owner's token the way a person does: signs in, presses once, signs out.
async fn first_token(app: &App, owner: &Person) -> Result<(String, String)> {
    let mut random = keyfob_core::id::IdRandom::default();
    app.entropy.fill(Purpose::Id, &mut random);
    let now = app.clock.now();
    let request_id = keyfob_core::id::RequestId::new(now, random);
    let ctx = Ctx {
        now,
        request_id,
        peer: None,
        client: Some("keyfobd serve --demo".to_owned()),
    };
    let (who, _cookie) = sign_in(app, &ctx, &owner.email, &owner.password, None).await?;
    let caller = Caller::Session(Box::new(who.clone()));
    let listed = organizations(app, &caller).await?;
    let root = listed
        .iter()
        .find(|listed| listed.is_direct)
        .ok_or_else(|| anyhow!("the owner owns nothing"))?;
    let generated = generate(app, &ctx, &who, root.org.id, &Choices::default()).await?;
    sign_out(app, &ctx, &who).await?;
    Ok((
        generated.secret.expose().to_owned(),
        root.org.id.to_string(),
    ))
}

fn text(made: &Made<'_>) -> String {
    let email = made
        .users
        .iter()
        .map(|person| person.email.len())
        .max()
        .unwrap_or_default();
    let row = |user: &str, password: &str, standing: &str| {
        format!("  {user:email$}  {password:PASSWORD_LENGTH$}  {standing}\n")
    };
    let people = made
        .users
        .iter()
        .map(|person| row(&person.email, &person.password, &person.standing));
    let table: String = std::iter::once(row("User", "Password", "Standing"))
        .chain(people)
        .collect();
    format!(
        "keyfobd is listening on {url}\n\n\
         This is a demo: people and tokens are made up and gone when the server stops.\n\
         Open {url} in a browser, and choose who you want to be.\n\n\
         {table}\n\
         A token of {owner}, in the organization {organization}:\n  {pat}\n\n\
         Exchange it for an access token:\n  {curl}\n\n\
         Ctrl-C stops the server.\n",
        url = made.url,
        owner = made
            .users
            .first()
            .map(|person| person.email.as_str())
            .unwrap_or_default(),
        organization = made.organization_id,
        pat = made.pat,
        curl = made.curl,
    )
}

/// One membership of the example.
struct Held {
    email: String,
    organization: String,
    roles: Vec<String>,
}

/// What the demo reads of a line of the example; the import reads all of it.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Membership {
        user: String,
        organization: Place,
        roles: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    User { email: String, full_name: String },
    #[serde(other)]
    Other,
}

/// A name path, whole or in parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Place {
    Path(String),
    Names(Vec<String>),
}

/// Picks from the example an owner, a manager, a member of one sub-organization, and somebody who is
/// inherited further down; draws a password for each.
fn people() -> Result<Vec<Person>> {
    let Example { held, names } = example()?;
    let has = |held: &Held, role: &str| held.roles.iter().any(|each| each == role);
    let places = |email: &str| held.iter().filter(|each| each.email == email).count();
    let is_root = |held: &Held| !held.organization.contains('/');
    let has_below = |organization: &str| {
        held.iter()
            .any(|each| each.organization.starts_with(&format!("{organization}/")))
    };
    let find = |fits: &dyn Fn(&Held) -> bool| {
        held.iter()
            .find(|each| places(&each.email) == 1 && fits(each))
    };
    let picks = [
        (
            find(&|each| has(each, "owner") && is_root(each)),
            "owner of",
            Part::Owner,
        ),
        (
            find(&|each| has(each, "manage-organization") && !is_root(each)),
            "manager of",
            Part::Manager,
        ),
        (
            find(&|each| !is_root(each) && !has_below(&each.organization) && !has(each, "owner")),
            "member only of",
            Part::Member,
        ),
        (
            find(&|each| {
                !has(each, "owner")
                    && !has(each, "manage-organization")
                    && has_below(&each.organization)
            }),
            "inherited below, member of",
            Part::Inherited,
        ),
    ];
    let mut people = Vec::new();
    for (pick, words, part) in picks {
        let held =
            pick.ok_or_else(|| anyhow!("the example has nobody who is \"{words}\" something"))?;
        people.push(Person {
            email: held.email.clone(),
            password: draw_password(&SystemEntropy),
            standing: format!("{words} {}", held.organization),
            full_name: names.get(&held.email).cloned().unwrap_or_default(),
            part,
        });
    }
    Ok(people)
}

/// What the demo reads of the example.
#[derive(Default)]
struct Example {
    held: Vec<Held>,
    /// Names by address.
    names: BTreeMap<String, String>,
}

fn example() -> Result<Example> {
    let mut example = Example::default();
    for line in ACME.lines().filter(|line| !line.trim().is_empty()) {
        let line =
            serde_json::from_str(line).context("a line of the example is not as it should be")?;
        match line {
            Line::Membership {
                user: email,
                organization,
                roles,
            } => {
                let organization = match organization {
                    Place::Path(path) => path,
                    Place::Names(names) => names.join("/"),
                };
                example.held.push(Held {
                    email,
                    organization,
                    roles,
                });
            }
            Line::User { email, full_name } => {
                example.names.insert(email, full_name);
            }
            Line::Other => {}
        }
    }
    Ok(example)
}

/// Sixty bits: enough for an hour on a loopback address, short enough to type.
fn draw_password(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; PASSWORD_LENGTH];
    entropy.fill(Purpose::Password, &mut bytes);
    let letters = bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    letters.map(|letter| char::from(*letter)).collect()
}
