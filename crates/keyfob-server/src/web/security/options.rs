//! The options of a new token: as a page shows them, and as a form brings them back.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use keyfob_core::catalogue::Level;
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::network::{BadNetworks, Networks};
use keyfob_core::pat::{Refusal, WantedExpiry};
use keyfob_core::policy::ExpiryPolicy;
use keyfob_core::reach::{REACH_MAX, Reach};
use keyfob_core::time::Timestamp;

use crate::app::generate::Choices;
use crate::app::visit::Visit;
use crate::context::Ctx;
use crate::state::App;
use crate::web::form::Form;
use crate::web::visitor::FormKey;
use crate::web::{say, when};

/// Lives that can be chosen, in days.
const DAYS: [u64; 4] = [7, 30, 90, 365];
/// The value of an expiry that is left to the policy.
const BY_POLICY: &str = "default";
/// The value of an expiry on the day in the field beside it.
const ON_A_DAY: &str = "day";
const A_DAY: Duration = Duration::from_hours(24);

/// What a form brought, kept as it was typed.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) expires: String,
    pub(crate) day: String,
    pub(crate) is_limited: bool,
    pub(crate) ceiling: BTreeSet<String>,
    pub(crate) reach: String,
    pub(crate) reached: BTreeSet<String>,
    pub(crate) networks: String,
}

impl Kept {
    /// What a form brought.
    pub(crate) fn of(form: &Form) -> Self {
        let text = |name| form.text(name).unwrap_or_default().to_owned();
        let all = |name| form.all(name).map(str::to_owned).collect();
        Self {
            name: text("name"),
            expires: text("expires"),
            day: text("day"),
            is_limited: form.text("limit") == Some("some"),
            ceiling: all("ceiling"),
            reach: text("reach"),
            reached: all("reached"),
            networks: text("networks"),
        }
    }

    /// Whether that reach is chosen; nothing is chosen as if everything below were.
    pub(crate) fn is_reach(&self, word: &str) -> bool {
        self.reach == word || (self.reach.is_empty() && word == "subtree")
    }

    /// The fields again, for a form that carries them on.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![
            ("name", self.name.as_str()),
            ("expires", &self.expires),
            ("day", &self.day),
            ("limit", if self.is_limited { "some" } else { "all" }),
            ("reach", &self.reach),
            ("networks", &self.networks),
        ];
        fields.extend(self.ceiling.iter().map(|role| ("ceiling", role.as_str())));
        fields.extend(self.reached.iter().map(|id| ("reached", id.as_str())));
        fields
    }
}

/// What is wrong with a form, field by field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    pub(crate) name: Option<String>,
    pub(crate) expiry: Option<String>,
    pub(crate) ceiling: Option<&'static str>,
    pub(crate) reach: Option<&'static str>,
    pub(crate) networks: Option<String>,
}

impl Errors {
    /// What the rules say of choices that could be read; none for what is not about a choice.
    pub(crate) fn of(refusal: Refusal) -> Option<Self> {
        let none = Self::default();
        match refusal {
            Refusal::ExpiryPast => Some(Self {
                expiry: Some(say::CHOOSE_A_DAY.to_owned()),
                ..none
            }),
            Refusal::ExpiryTooLate { latest } => Some(Self {
                expiry: Some(say::latest(&when::day(latest))),
                ..none
            }),
            Refusal::Ceiling => Some(Self {
                ceiling: Some(say::CHOOSE_PERMISSIONS),
                ..none
            }),
            Refusal::Reach => Some(Self {
                reach: Some(say::CHOOSE_ORGANIZATIONS),
                ..none
            }),
            Refusal::Stranger
            | Refusal::Inherited { .. }
            | Refusal::Reauthenticate
            | Refusal::LimitReached { .. } => None,
        }
    }
}

/// Reads the choices of a form.
pub(crate) fn choices(kept: &Kept, number: PatId, visit: &Visit) -> Result<Choices, Errors> {
    let mut errors = Errors::default();
    let name = (!kept.name.is_empty()).then(|| Name::parse(&kept.name));
    let name = name.transpose();
    errors.name = name.as_ref().err().map(|bad| format!("{bad}."));
    let expiry = expiry(kept);
    errors.expiry = expiry.err().map(str::to_owned);
    let ceiling = kept.is_limited.then(|| ceiling(kept, visit));
    if ceiling.as_ref().is_some_and(Vec::is_empty) {
        errors.ceiling = Some(say::CHOOSE_PERMISSIONS);
    }
    let reach = reach(kept);
    errors.reach = reach.as_ref().err().copied();
    let networks = networks(kept);
    errors.networks = networks.as_ref().err().cloned();
    match (name, expiry, reach, networks) {
        (Ok(name), Ok(expiry), Ok(reach), Ok(networks)) if errors == Errors::default() => {
            Ok(Choices {
                number: Some(number),
                name,
                expiry,
                ceiling,
                reach,
                networks,
            })
        }
        _something_wrong => Err(errors),
    }
}

fn expiry(kept: &Kept) -> Result<WantedExpiry, &'static str> {
    match kept.expires.as_str() {
        "" | BY_POLICY => Ok(WantedExpiry::Default),
        ON_A_DAY => {
            let day: Option<Date> = kept.day.parse().ok();
            // It works on the whole of that day, wherever one is.
            let end = day.and_then(|day| day.tomorrow().ok());
            let end = end.and_then(|day| day.at(0, 0, 0, 0).in_tz("UTC").ok());
            let end = end.ok_or(say::CHOOSE_A_DAY)?;
            Ok(WantedExpiry::At(Timestamp::from_millis(
                end.timestamp().as_millisecond(),
            )))
        }
        days => days
            .parse()
            .map(WantedExpiry::InDays)
            .map_err(|_no_number| say::CHOOSE_A_DAY),
    }
}

/// What the chosen roles give, the weaker levels included.
fn ceiling(kept: &Kept, visit: &Visit) -> Vec<String> {
    let catalogue = &visit.loaded.catalogue;
    let roles = kept.ceiling.iter().filter_map(|role| catalogue.role(role));
    let names = roles.flat_map(|gives| catalogue.names(gives));
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().map(str::to_owned).collect()
}

fn reach(kept: &Kept) -> Result<Reach, &'static str> {
    if kept.is_reach("subtree") {
        return Ok(Reach::Subtree);
    }
    if kept.is_reach("organization") {
        return Ok(Reach::Organization);
    }
    let ids: Result<BTreeSet<OrgId>, _> = kept.reached.iter().map(|id| id.parse()).collect();
    match ids {
        Ok(ids) if (1..=REACH_MAX).contains(&ids.len()) => Ok(Reach::Named(ids)),
        _other => Err(say::CHOOSE_ORGANIZATIONS),
    }
}

fn networks(kept: &Kept) -> Result<Option<Networks>, String> {
    let lines = kept.networks.lines().enumerate();
    let lines: Vec<(usize, &str)> = lines
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_number, line)| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    // The number that the rule names counts the networks, the number that is told the lines.
    let told = |number: usize, tell: fn(usize, &str) -> String| {
        let line = lines.get(number - 1);
        line.map_or_else(String::new, |(number, line)| tell(*number, line))
    };
    let parsed = Networks::parse(lines.iter().map(|(_number, line)| *line));
    parsed.map(Some).map_err(|bad| match bad {
        BadNetworks::Count => say::TOO_MANY_NETWORKS.to_owned(),
        BadNetworks::NotANetwork(number) => told(number, say::wrong_network),
        BadNetworks::HostBits(number) => told(number, say::network_with_host_bits),
    })
}

/// Something to choose.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_chosen: bool,
}

/// A module, and its levels that somebody holds.
#[derive(Debug)]
pub(crate) struct ModuleChoice {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) levels: Vec<Choice>,
}

/// The form of a new token.
#[derive(Debug)]
pub(crate) struct Options {
    /// What the form counts once for.
    pub(crate) number: String,
    /// The form's token.
    pub(crate) token: String,
    /// What no choice means, in words.
    pub(crate) default: String,
    pub(crate) kept: Kept,
    pub(crate) errors: Errors,
    pub(crate) expiries: Vec<Choice>,
    pub(crate) modules: Vec<ModuleChoice>,
    /// Whether there is anything below.
    pub(crate) has_below: bool,
    /// What is below, when it is little enough to choose from.
    pub(crate) below: Vec<Choice>,
    pub(crate) networks_hint: String,
}

impl Options {
    /// A form that has not been sent, or came back.
    pub(crate) fn new(
        app: &App,
        ctx: &Ctx,
        forms: &FormKey,
        visit: &Visit,
        (kept, errors): (Kept, Errors),
    ) -> Self {
        let number = PatId::new(ctx.now, app.id_random()).to_string();
        let address = ctx.peer.map(|address| address.to_string());
        let policy = &app.policy.pat_expiry;
        Self {
            token: forms.token(&number),
            number,
            default: say::options_default(&default_expiry(policy)),
            expiries: expiries(policy, &kept),
            modules: modules(visit, &kept),
            has_below: visit.below_count() > 0,
            below: below(visit, &kept),
            networks_hint: say::networks_hint(address.as_deref()),
            kept,
            errors,
        }
    }

    /// Whether it is shown unfolded: something is wrong in it.
    pub(crate) fn is_open(&self) -> bool {
        self.errors != Errors::default()
    }
}

/// The days of a span, rounded down.
pub(crate) fn days(span: Duration) -> u64 {
    span.as_secs() / A_DAY.as_secs()
}

/// What no choice gives, in words.
fn default_expiry(policy: &ExpiryPolicy) -> String {
    match policy.default.or(policy.max) {
        Some(span) => say::span(days(span)),
        None if policy.required => say::span(365),
        None => say::NO_EXPIRY.to_owned(),
    }
}

fn expiries(policy: &ExpiryPolicy, kept: &Kept) -> Vec<Choice> {
    let is_bounded = policy.default.is_some() || policy.max.is_some() || policy.required;
    let by_policy = if is_bounded {
        say::by_policy(&default_expiry(policy))
    } else {
        say::NEVER.to_owned()
    };
    let within = |days: &u64| {
        let max = policy.max;
        max.is_none_or(|max| A_DAY * u32::try_from(*days).unwrap_or(u32::MAX) <= max)
    };
    let mut all = vec![(BY_POLICY.to_owned(), by_policy)];
    let days = DAYS.into_iter().filter(within);
    all.extend(days.map(|days| (days.to_string(), say::in_days(days))));
    all.push((ON_A_DAY.to_owned(), say::ON_A_DAY.to_owned()));
    let choice = |(value, label)| Choice {
        is_chosen: kept.expires == value,
        value,
        label,
    };
    all.into_iter().map(choice).collect()
}

fn modules(visit: &Visit, kept: &Kept) -> Vec<ModuleChoice> {
    let held: BTreeSet<&str> = visit.permissions().into_iter().collect();
    let mut choices = Vec::new();
    for module in visit.loaded.catalogue.modules() {
        // The weakest first.
        let levels = module.levels.iter().rev().filter(|level| {
            let name = format!("{}:{}", module.key, level.word());
            held.contains(name.as_str())
        });
        let levels: Vec<Choice> = levels
            .map(|level| level_choice(&module.key, *level, kept))
            .collect();
        if !levels.is_empty() {
            choices.push(ModuleChoice {
                key: module.key.clone(),
                title: module.title.clone(),
                levels,
            });
        }
    }
    choices
}

fn level_choice(module: &str, level: Level, kept: &Kept) -> Choice {
    let value = format!("{}-{module}", level.word());
    Choice {
        is_chosen: kept.ceiling.contains(&value),
        value,
        label: say::level(level).to_owned(),
    }
}

/// The organizations below, when they are few enough to choose among.
fn below(visit: &Visit, kept: &Kept) -> Vec<Choice> {
    let below = visit.below();
    if visit.below_count() > REACH_MAX {
        return Vec::new();
    }
    let choice = |seen: &&keyfob_store::org::seen::SeenOrg| {
        let value = seen.org.id.to_string();
        Choice {
            is_chosen: kept.reached.contains(&value),
            value,
            label: seen.org.name.clone(),
        }
    };
    below.iter().map(choice).collect()
}
