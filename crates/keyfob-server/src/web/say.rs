//! Every text that pages show, in one file. Templates hold none of their own, and a test sees to it.

use std::time::Duration;

use http::StatusCode;
use keyfob_core::audit::{AuditExtent, AuditKind};
use keyfob_core::catalogue::Level;
use keyfob_core::event::Action;
use keyfob_core::exchange::Denial;
use keyfob_core::manage::MayNotManage;
use keyfob_core::member::Roles;
use keyfob_core::name::BadName;
use keyfob_core::pat::RevokedBecause;

use super::look::Look;
use crate::app::act_as::Part;

// Everywhere
/// Behind the names of files, so that a browser asks again when the binary is another.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(crate) const SKIP: &str = "Skip to content";
pub(crate) const LOOK: &str = "Look";
pub(crate) const COPY: &str = "Copy";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const MENU: &str = "Menu";

pub(crate) const fn look(look: Look) -> &'static str {
    match look {
        Look::System => "System",
        Look::Light => "Light",
        Look::Dark => "Dark",
    }
}

// The frame
pub(crate) const MY_ORGANIZATION: &str = "My Organization";
pub(crate) const ORGANIZATION: &str = "Organization";
pub(crate) const TEAM: &str = "Profile & Team";
pub(crate) const SECURITY: &str = "Security";
pub(crate) const SWITCH: &str = "Switch organization";
pub(crate) const FIND_ORGANIZATION: &str = "Find an organization";
pub(crate) const CURRENT: &str = "Current";
pub(crate) const WHERE: &str = "Where you are";
pub(crate) const WHERE_AND_WHO: &str = "Where you are, and your account";
pub(crate) const YOUR_ACCOUNT: &str = "Your account";
pub(crate) const SIGN_IN_AND_SESSIONS: &str = "Sign-in and sessions";
pub(crate) const OWNER: &str = "Owner";
pub(crate) const MEMBER: &str = "Member";
pub(crate) const INHERITED: &str = "Inherited";
pub(crate) const SUSPENDED: &str = "Suspended";

pub(crate) fn initials_lead(initials: &str, organization: &str) -> String {
    format!("{initials}: {MY_ORGANIZATION}, {organization}")
}

// Signing in
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const EMAIL: &str = "E-mail";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const DID_NOT_WORK: &str = "That did not work";
pub(crate) const WRONG_CREDENTIALS: &str = "E-mail or password is wrong. Check both and try again.";
pub(crate) const TOO_MANY_TRIES: &str = "There were too many tries from here.";

pub(crate) fn wait(seconds: u32) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "Wait a minute".to_owned(),
        minutes => format!("Wait {minutes} minutes"),
    }
}

// Proving anew who one is
pub(crate) const IS_IT_YOU: &str = "Is it you?";
pub(crate) const CONFIRM_AND_GENERATE: &str = "Confirm and Generate Token";
pub(crate) const WRONG_PASSWORD: &str = "The password is wrong. Try again.";

pub(crate) fn is_it_you_more(minutes: u64) -> String {
    format!(
        "You signed in more than {} ago. Before a token is made, confirm with your password. What you \
         entered is kept.",
        counted(minutes, "minute")
    )
}

pub(crate) const CONFIRM_AND_ROTATE: &str = "Confirm and Rotate Token";

// Nowhere
pub(crate) const NO_ORGANIZATION: &str = "You are in no organization yet";
pub(crate) const NO_ORGANIZATION_MORE: &str =
    "Somebody who manages one has to add you. Until then there is nothing to see here.";

// What went wrong
pub(crate) const REQUEST: &str = "Request";
pub(crate) const COPY_REQUEST_ID: &str = "request id";
pub(crate) const TRY_AGAIN: &str = "Try again";
pub(crate) const GO_TO_MY_ORGANIZATION: &str = "Go to My Organization";
pub(crate) const NOTHING_HERE: &str = "Nothing here for you";
pub(crate) const NOTHING_HERE_MORE: &str = "It may not exist, or you may not know of it. Check the \
     address, and which organization you are in.";
pub(crate) const CANNOT_DECIDE: &str = "Keyfob can't decide right now";
pub(crate) const CANNOT_DECIDE_MORE: &str = "Its storage does not answer. Nothing was changed. Tokens \
     are refused until it is back, never let through.";
pub(crate) const OLD_FORM: &str = "This form is too old";
pub(crate) const OLD_FORM_MORE: &str = "It was open for a long time, or came from another site. \
     Nothing was changed. Open the page again and repeat.";

pub(crate) fn error(status: StatusCode) -> String {
    format!("Error {}", status.as_u16())
}

/// A number and a word in the right form.
pub(crate) fn counted(number: u64, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
    }
}

// Security: one's account
pub(crate) const ON_THIS_PAGE: &str = "On this page";
pub(crate) const API_TOKEN: &str = "API token";
pub(crate) const ACCOUNT_EVERYWHERE: &str = "Your account, in every organization";
pub(crate) const SIGN_IN_CARD: &str = "Sign-in";
pub(crate) const SIGN_IN_CARD_MORE: &str = "How you prove it is you.";
pub(crate) const SESSIONS: &str = "Sessions";
pub(crate) const SESSIONS_MORE: &str = "Where you are signed in.";
pub(crate) const THIS_ONE: &str = "This one";
pub(crate) const A_PROGRAM: &str = "A program";

pub(crate) fn security_lead(organization: &str) -> String {
    format!("Your sign-in and sessions, and your API tokens in {organization}.")
}

/// What kind of browser on what kind of system.
pub(crate) fn browser_on(browser: &str, system: &str) -> String {
    format!("{browser} on {system}")
}

// Security: the policy
pub(crate) const POLICY: &str = "Token policy";
pub(crate) const TOKENS_A_MEMBER: &str = "Tokens a member";
pub(crate) const LONGEST_LIFE: &str = "Longest life";
pub(crate) const NO_LIMIT: &str = "No limit";
pub(crate) const REQUIRED: &str = "Required";
pub(crate) const NO_EXPIRY_BY_DEFAULT: &str = "None by default";

pub(crate) fn in_organization(organization: &str) -> String {
    format!("In {organization}")
}

pub(crate) fn policy_more(organization: &str) -> String {
    format!("Holds for every personal API token made in {organization}.")
}

pub(crate) fn at_most(number: u32) -> String {
    format!("{number} at most")
}

pub(crate) fn by_default(span: &str) -> String {
    format!("{span} by default")
}

// Security: the card
pub(crate) const CARD: &str = "Personal API Token";
pub(crate) const GENERATE: &str = "Generate Token";
pub(crate) const REVOKE: &str = "Revoke Token";
pub(crate) const NO_TOKEN: &str = "No token yet";
pub(crate) const NO_TOKEN_MORE: &str =
    "One press makes one. You see it once, so have a place ready to keep it.";
pub(crate) const CANNOT_GENERATE: &str = "You can't generate a token here";
pub(crate) const WHO_CAN_ADD: &str = "Who can add you";
pub(crate) const NEED_ONE_NOW: &str = "Do you need one now? A token of";
pub(crate) const MEMBERSHIP_SUSPENDED: &str =
    "Your membership is suspended. Its tokens are refused until it is reactivated.";
pub(crate) const MANAGES_ORGANIZATION: &str = "Manages organization";
pub(crate) const FORM_USED: &str = "This form was used already";

/// What a token reaches, by the number of organizations below.
pub(crate) fn reaches(organization: &str, below: usize) -> String {
    let lead = "Lets a script or a CI job call the API as you: in";
    match below {
        0 => format!("{lead} {organization}, and in every organization made below it later."),
        1 => format!("{lead} {organization} and its sub-organization, also later ones."),
        many => format!("{lead} {organization} and its {many} sub-organizations, also later ones."),
    }
}

pub(crate) fn only_members(organization: &str, through: &str) -> String {
    format!("Only members of {organization} can. You are not one: you are here through {through}.")
}

pub(crate) fn works_here_too(organization: &str) -> String {
    format!(", where you are a member, works in {organization} too.")
}

pub(crate) fn owner_of(organization: &str) -> String {
    format!("Owner of {organization}")
}

pub(crate) fn manages_from(organization: &str) -> String {
    format!("{MANAGES_ORGANIZATION}, from {organization}")
}

pub(crate) fn limit_reached(limit: u32) -> (String, &'static str) {
    match limit {
        1 => (
            "You have your one token here".to_owned(),
            "Revoke it to generate another.",
        ),
        many => (
            format!("You have {many} of {many} tokens"),
            "Revoke one that you do not need, then generate another.",
        ),
    }
}

pub(crate) fn form_used_more(name: &str) -> String {
    format!(
        "It made {name} a moment ago, and a token is shown only once. Nothing new was made. If you did \
         not save it, revoke it and generate another."
    )
}

// Security: the new token
pub(crate) const SAVE_NOW: &str = "Save it now.";
pub(crate) const SAVE_NOW_MORE: &str = "This is the only time it is shown. After you leave this page \
     nobody can read it again, not even an administrator.";
pub(crate) const SELECT_TOKEN: &str = "Click the token once: all of it is selected.";
pub(crate) const EXCHANGE_IT: &str = "Exchange it for an access token";
pub(crate) const COPY_COMMAND: &str = "the command";
pub(crate) const RUN_IT: &str =
    "Run it, paste the token, press Enter. So the token stays out of your shell history.";
pub(crate) const FOR_A_SUB_ORGANIZATION: &str = "For a sub-organization add";

pub(crate) fn new_token(name: &str) -> String {
    format!("Your new token: {name}")
}

// Security: the options
pub(crate) const OPTIONS: &str = "Options";
pub(crate) const NAME: &str = "Name";
pub(crate) const NAME_HINT: &str = "So that you know it again. Empty: today's date.";
pub(crate) const EXPIRES: &str = "Expires";
pub(crate) const EXPIRES_DAY: &str = "Day";
pub(crate) const EXPIRES_DAY_HINT: &str =
    "Counts with “On a day I choose”: the token works until that day ends in UTC.";
pub(crate) const NEVER: &str = "Never";
pub(crate) const NO_EXPIRY: &str = "no expiry";
pub(crate) const ON_A_DAY: &str = "On a day I choose";
pub(crate) const PERMISSIONS: &str = "Permissions";
pub(crate) const ALL_I_HAVE: &str = "All I have";
pub(crate) const ALL_I_HAVE_MORE: &str =
    "Follows your roles: what you gain or lose, the token gains or loses.";
pub(crate) const ONLY_THESE: &str = "Only these";
pub(crate) const ONLY_THESE_MORE: &str =
    "Never more than chosen here, and never more than you have.";
pub(crate) const NONE: &str = "None";
pub(crate) const REACH: &str = "Reach";
pub(crate) const REACH_SUBTREE: &str = "Everything below, also what comes later";
pub(crate) const REACH_SUBTREE_MORE: &str = "The whole subtree.";
pub(crate) const REACH_ORGANIZATION: &str = "Here only";
pub(crate) const REACH_SOME: &str = "Here, and in these";
pub(crate) const REACH_SOME_MORE: &str = "Not in what lies below them.";
pub(crate) const NETWORKS: &str = "Networks";
pub(crate) const CHOOSE_A_DAY: &str = "Choose a day in the future.";
pub(crate) const CHOOSE_PERMISSIONS: &str = "Choose at least one permission, or “All I have”.";
pub(crate) const CHOOSE_ORGANIZATIONS: &str =
    "Choose at least one organization, or “Here only”. At most 50.";
pub(crate) const TOO_MANY_NETWORKS: &str = "There are too many networks.";

pub(crate) fn in_days(days: u64) -> String {
    match days {
        365 => "In 1 year".to_owned(),
        days => format!("In {}", counted(days, "day")),
    }
}

pub(crate) fn by_policy(expiry: &str) -> String {
    format!("By policy: {expiry}")
}

pub(crate) fn span(days: u64) -> String {
    counted(days, "day")
}

pub(crate) fn options_default(expiry: &str) -> String {
    format!("{expiry} · all you have · anywhere")
}

pub(crate) fn latest(day: &str) -> String {
    format!("By policy {day} at the latest.")
}

pub(crate) fn choose_permissions(organization: &str) -> String {
    format!(
        "You can choose what you have in {organization} today. Each level includes the weaker ones."
    )
}

pub(crate) fn reach_organization_more(organization: &str) -> String {
    format!("In {organization}, and nowhere below.")
}

pub(crate) fn networks_hint(address: Option<&str>) -> String {
    let hint = "One a line, such as 203.0.113.0/24. Empty: from anywhere.";
    match address {
        Some(address) => format!("{hint} You are at {address} now."),
        None => hint.to_owned(),
    }
}

pub(crate) fn wrong_network(line: usize, text: &str) -> String {
    format!(
        "Line {line}: {text} is not a network. The part after / is 0 to 32, or 0 to 128 for IPv6."
    )
}

pub(crate) fn network_with_host_bits(line: usize, text: &str) -> String {
    format!("Line {line}: {text} names one machine and a whole network. Which is meant?")
}

// Security: tokens
pub(crate) const YOUR_TOKENS: &str = "Your tokens";
pub(crate) const CREATED: &str = "Created";
pub(crate) const LAST_USE: &str = "Last use";
pub(crate) const NEVER_USED: &str = "Never used";
pub(crate) const REFUSED: &str = "Refused";
pub(crate) const ALL_YOU_HAVE: &str = "All you have";
pub(crate) const ANY: &str = "Any";
pub(crate) const NEW: &str = "New";
pub(crate) const EXPIRES_SOON: &str = "Expires soon";
pub(crate) const EXPIRES_TODAY: &str = "Expires today";
pub(crate) const REVOKED: &str = "Revoked";
pub(crate) const NO_HINT: &str = "imported";

pub(crate) const fn level(level: Level) -> &'static str {
    match level {
        Level::Manage => "Manage",
        Level::Operate => "Operate",
        Level::ExternalOperate => "Operate, external",
        Level::View => "View",
    }
}

pub(crate) fn of_limit(count: usize, limit: u32) -> String {
    format!("{count} of {limit}")
}

pub(crate) const ANYWHERE: &str = "anywhere";
pub(crate) const NEVER_EXPIRES: &str = "Never expires";

pub(crate) fn expires_on(day: &str) -> String {
    format!("Expires {day}")
}

pub(crate) fn reach_named(names: &[&str]) -> String {
    format!("Here, and in {}", names.join(", "))
}

pub(crate) fn ended(count: usize) -> String {
    format!("Revoked and expired ({count})")
}

pub(crate) fn expired(day: &str) -> String {
    format!("Expired {day}")
}

pub(crate) fn revoked(day: &str, because: RevokedBecause) -> String {
    format!("{REVOKED} {day} {}", revoked_by(because))
}

pub(crate) const fn revoked_by(because: RevokedBecause) -> &'static str {
    match because {
        RevokedBecause::User => "by you",
        RevokedBecause::Manager => "by an administrator",
        RevokedBecause::Operator => "by the operator",
        RevokedBecause::MembershipEnded => "with your membership",
        RevokedBecause::OrganizationDeleted => "with the organization",
        RevokedBecause::Rotated => "after its rotation",
        RevokedBecause::UnseenSuccessor => "unused, when its rotation was repeated",
        RevokedBecause::AddressProved => "when the address was proved",
    }
}

/// Parts of a line about a use, such as the moment, the address and the program.
pub(crate) fn joined(parts: &[&str]) -> String {
    parts.join(" · ")
}

pub(crate) fn for_organization(name: &str) -> String {
    format!("for {name}")
}

pub(crate) const fn denial(denial: Denial) -> &'static str {
    match denial {
        Denial::Revoked(_because) => "It is revoked",
        Denial::Expired => "It is expired",
        Denial::UserSuspended => "Your account is suspended",
        Denial::MembershipSuspended => "Your membership is suspended",
        Denial::NotAMember => "You are no member any more",
        Denial::Network => "From a network that is not allowed",
        Denial::Target => "For an organization that it does not cover",
        Denial::Reach => "For an organization outside its reach",
        Denial::NoStanding => "For an organization where you have no standing",
        Denial::Scope => "It asked for a permission that you do not have there",
    }
}

pub(crate) fn times(count: i64) -> String {
    match count {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

// Revoking
pub(crate) const REVOKE_MORE: &str = "Whatever uses this token stops working at once. This can't be \
     undone. You can generate a new token afterwards.";
pub(crate) const IN_USE: &str = "It is in use";
pub(crate) const TOKEN: &str = "Token";

pub(crate) fn revoke_this(name: &str) -> String {
    format!("Revoke “{name}”?")
}

pub(crate) fn last_used(
    when: &str,
    from: Option<&str>,
    client: Option<&str>,
    organization: Option<&str>,
) -> String {
    let mut sentence = format!("Last used {when}");
    if let Some(from) = from {
        sentence = format!("{sentence} from {from}");
    }
    if let Some(client) = client {
        sentence = format!("{sentence} ({client})");
    }
    if let Some(organization) = organization {
        sentence = format!("{sentence}, for {organization}");
    }
    format!("{sentence}.")
}

// Rotating
pub(crate) const ROTATE: &str = "Rotate";
pub(crate) const ROTATE_TOKEN: &str = "Rotate Token";
pub(crate) const ROTATE_MORE: &str = "You get a new token with the same name, permissions and networks. \
     The old one keeps working for the time you choose, then ends by itself.";
pub(crate) const OVERLAP: &str = "Old token keeps working for";
pub(crate) const ROTATED: &str = "Rotated";
pub(crate) const STILL_USED: &str = "Still used";

pub(crate) fn rotate_this(name: &str) -> String {
    format!("Rotate “{name}”?")
}

/// How long a token lives on.
pub(crate) fn overlap(overlap: Duration, longest: Duration) -> String {
    let hours = overlap.as_secs() / 3_600;
    let words = match (overlap.as_secs(), hours) {
        (0, _) => "Not at all".to_owned(),
        (seconds, 0) => counted(seconds.div_ceil(60), "minute"),
        (_, hours) if hours > 24 && hours % 24 == 0 => counted(hours / 24, "day"),
        (_, hours) => counted(hours, "hour"),
    };
    if overlap == longest {
        format!("{words} (longest, by policy)")
    } else {
        words
    }
}

/// That a rotated token was used after its successor was.
pub(crate) fn used_after_rotation(when: &str) -> String {
    format!("{when}, after its successor was used: something has still the old one.")
}

// Trying a token
pub(crate) const TRY_IT: &str = "Try it";
pub(crate) const TRY_IT_HINT: &str = "Opens the answer in a second tab, so that this page stays.";
pub(crate) const EXCHANGE: &str = "Exchange";
pub(crate) const EXCHANGE_A_TOKEN: &str = "Exchange a token";
pub(crate) const EXCHANGE_AGAIN: &str = "Exchange again";
pub(crate) const USED_ONCE: &str = "The token you paste is used once and not kept.";
pub(crate) const PERSONAL_TOKEN: &str = "Personal API token";
pub(crate) const THE_TOKENS_OWN: &str = "The token's own";
pub(crate) const GRANTED: &str = "200 OK";
pub(crate) const ENDS_IN: &str = "Ends in";
pub(crate) const LIFE_LEFT: &str = "Life left";
pub(crate) const NOT_SHOWN: &str =
    "The access token itself is not shown. Run the command to get one.";
pub(crate) const WHY_CARD: &str = "Permissions, and why";
pub(crate) const PERMISSION: &str = "Permission";
pub(crate) const COMES_FROM: &str = "Comes from";
pub(crate) const EFFECTIVE_PERMISSIONS: &str = "Effective permissions";
pub(crate) const NO_PERMISSIONS: &str = "No permission";
pub(crate) const NO_PERMISSIONS_MORE: &str =
    "The access token is good, and an API will refuse what needs a permission.";
pub(crate) const CLAIMS: &str = "Claims";
pub(crate) const CLAIMS_MORE: &str = "What the access token says.";
pub(crate) const SIGNED_WITH: &str = "Signed with";
pub(crate) const BY_KEY: &str = "key";
pub(crate) const NOT_YOURS: &str =
    "This is no token of yours, so where its permissions come from is not shown.";
pub(crate) const MORE_FOR_THE_OWNER: &str = "For a token of your own the reason stands here. If this is \
     one, check that all of it was pasted.";
pub(crate) const MORE_THAN_A_CLIENT: &str = "A client sees only the code and that sentence. You see more \
     because the token is yours.";
pub(crate) const ACCOUNT_IS_SUSPENDED: &str = "Your account is suspended.";

pub(crate) fn try_it_lead(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("What your token {name} gets when it is exchanged."),
        None => "What a token gets when it is exchanged.".to_owned(),
    }
}

pub(crate) fn its_own(organization: &str) -> String {
    format!("{organization} (its own)")
}

/// An organization behind what lies above it.
pub(crate) fn path_of(above: &str, organization: &str) -> String {
    match above {
        "" => organization.to_owned(),
        above => format!("{above} / {organization}"),
    }
}

pub(crate) fn first_listed(listed: usize, all: usize) -> String {
    format!("The first {listed} of {all} below are listed.")
}

pub(crate) fn token_for(organization: &str) -> String {
    format!("An access token for {organization}.")
}

/// As script counts it down.
pub(crate) fn life_left(seconds: i64) -> String {
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

pub(crate) fn why_lead(organization: &str) -> String {
    format!("What your roles give in {organization} today, within what this token allows.")
}

pub(crate) fn some_of(some: usize, all: usize) -> String {
    format!("{some} of {all}")
}

pub(crate) fn kept_out(count: usize) -> String {
    format!("You have {count} more that this token may not use")
}

/// What a role is called: `Manage build`. A module's title of one word that is no name of its own, such as
/// `CodePush`, goes on in small letters.
pub(crate) fn role(of: Level, module: &str) -> String {
    let mut rest = module.chars().skip(1);
    let is_plain = rest.all(char::is_lowercase);
    let module = if is_plain {
        module.to_lowercase()
    } else {
        module.to_owned()
    };
    match of {
        Level::ExternalOperate => format!("{} {module}, external", level(Level::Operate)),
        Level::Manage | Level::Operate | Level::View => format!("{} {module}", level(of)),
    }
}

pub(crate) fn member_of(organization: &str) -> String {
    format!("Member of {organization}")
}

pub(crate) fn inherited_from(organization: &str) -> String {
    format!("Inherited from {organization}")
}

/// Where a permission comes from, in a line.
pub(crate) fn source((role, place): &(String, String)) -> String {
    joined(&[role, place])
}

// Why a token was refused
pub(crate) fn sentences(one: &str, other: &str) -> String {
    format!("{one} {other}")
}

pub(crate) fn token_revoked(at: &str, because: RevokedBecause) -> String {
    format!("It was revoked {}: {at}.", revoked_by(because))
}

pub(crate) fn token_expired(at: &str) -> String {
    format!("It expired: {at}.")
}

pub(crate) fn membership_is_suspended(organization: &str) -> String {
    format!("Your membership in {organization} is suspended.")
}

pub(crate) fn no_member_any_more(organization: &str) -> String {
    format!("You are no member of {organization} any more, where it was made.")
}

pub(crate) fn from_other_networks(networks: &str, from: Option<&str>) -> String {
    match from {
        Some(from) => format!("It works only from {networks}. You are at {from}."),
        None => format!("It works only from {networks}."),
    }
}

/// How many of the organizations below are named.
pub(crate) const NAMED_MAX: usize = 5;

/// Where a token works.
pub(crate) fn works_below(home: &str, below: &[String]) -> String {
    match below {
        [] => format!("A token of {home} works there, and in what is made below it."),
        some if some.len() <= NAMED_MAX => {
            let names = some.join(", ");
            format!("A token of {home} works there, and in what is below it: {names}.")
        }
        many => {
            let some: Vec<&str> = many.iter().take(NAMED_MAX).map(String::as_str).collect();
            let names = some.join(", ");
            format!("A token of {home} works there, and in what is below it: {names} and others.")
        }
    }
}

pub(crate) fn works_only_in(home: &str) -> String {
    format!("This token works in {home} only.")
}

pub(crate) fn works_only_in_some(home: &str, named: &[String]) -> String {
    format!("This token works only in {home}, {}.", named.join(", "))
}

pub(crate) fn not_among(organization: &str) -> String {
    format!("{organization} is not among these.")
}

pub(crate) fn unknown_organization(id: &str) -> String {
    format!("You know of no organization with the id {id}.")
}

pub(crate) fn is_above(organization: &str) -> String {
    format!("{organization} is above it.")
}

pub(crate) fn is_beside(organization: &str) -> String {
    format!("{organization} is beside it.")
}

pub(crate) fn is_in_another_tree(organization: &str) -> String {
    format!("{organization} is in another tree.")
}

pub(crate) fn no_standing(organization: &str) -> String {
    format!("You have no standing in {organization} now: your memberships above it are suspended.")
}

// Sessions
pub(crate) const END_OTHERS: &str = "Sign out others";
pub(crate) const END_OTHERS_ASK: &str = "Sign out everywhere else?";
pub(crate) const END_OTHERS_MORE: &str =
    "Whoever is signed in there has to sign in again. This session stays, and so do your tokens.";

pub(crate) fn other_sessions(count: usize) -> String {
    match count {
        0 => "There is no other session.".to_owned(),
        count => {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            format!("{} will end.", counted(count, "other session"))
        }
    }
}

// The password
pub(crate) const CHANGE: &str = "Change";
pub(crate) const OF_PASSWORD: &str = "password";
pub(crate) const CHANGE_PASSWORD: &str = "Change password";
pub(crate) const CHANGE_PASSWORD_MORE: &str =
    "Every other session ends. Your tokens go on working.";
pub(crate) const PRESENT_PASSWORD: &str = "Present password";
pub(crate) const NEW_PASSWORD: &str = "New password";
pub(crate) const NEW_PASSWORD_AGAIN: &str = "New password once more";
pub(crate) const PASSWORD_HINT: &str = "12 characters or more. A few words are fine.";
pub(crate) const PASSWORDS_DIFFER: &str = "The two new passwords differ.";
pub(crate) const PASSWORD_TOO_LONG: &str = "It is longer than 1,024 bytes.";
pub(crate) const PASSWORD_CHANGED: &str = "Password changed";
pub(crate) const PASSWORD_CHANGED_MORE: &str =
    "Every other session has ended. You stay signed in here.";
pub(crate) const GO_ON: &str = "Go on";

pub(crate) fn changed(day: &str) -> String {
    format!("Changed {day}")
}

pub(crate) fn password_too_short(min: usize) -> String {
    format!("It has fewer than {min} characters.")
}

// The set-up
pub(crate) const SET_UP: &str = "Set up";
pub(crate) const SET_UP_MORE: &str =
    "Make the first account and its organization. This link works once, and for 15 minutes.";
pub(crate) const YOU: &str = "You";
pub(crate) const YOUR_NAME: &str = "Your name";
pub(crate) const EMAIL_HINT: &str = "You sign in with it.";
pub(crate) const ORGANIZATION_NAME: &str = "Name of your organization";
pub(crate) const ORGANIZATION_NAME_HINT: &str =
    "The top of the tree. Sub-organizations come later. You can rename it.";
pub(crate) const CREATE_BOTH: &str = "Create account and organization";
pub(crate) const LINK_ENDED: &str = "This link has ended";
pub(crate) const LINK_ENDED_MORE: &str = "A set-up link works once, and for 15 minutes. Start the server \
     again, or run the command below on the host, and a new one is printed. With an account there is \
     nothing left to set up.";
pub(crate) const SETUP_COMMAND: &str = "keyfobd user setup-link";

pub(crate) fn set_up_product(product: &str) -> String {
    format!("{SET_UP} {product}")
}

/// What is wrong with a name or an address.
pub(crate) fn bad_name(bad: BadName) -> String {
    let mut sentence = bad.to_string();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{sentence}.")
}

// Of the pages about an organization
pub(crate) const ACTIVITY: &str = "Activity";
pub(crate) const ORGANIZATIONS: &str = "Organizations";
pub(crate) const ALL_ORGANIZATIONS: &str = "All organizations";
pub(crate) const FIND_THE_OTHERS: &str = "There are more. Find them by name.";
pub(crate) const THIS_IS_YOU: &str = "you";
pub(crate) const FILTER: &str = "Filter";
pub(crate) const FIND: &str = "Find";
pub(crate) const CLEAR_FILTERS: &str = "Clear filters";
pub(crate) const NEXT: &str = "Next";
pub(crate) const PREVIOUS: &str = "Previous";
pub(crate) const PAGE: &str = "page";

/// Which rows of how many a page shows.
pub(crate) fn rows_of(first: usize, last: usize, all: usize) -> String {
    format!("{first} to {last} of {all}")
}

// Profile & Team
pub(crate) const ID: &str = "Id";
pub(crate) const MEMBERS: &str = "Members";
pub(crate) const BELOW_IT: &str = "Below it";
pub(crate) const ROOT_ORGANIZATION: &str = "Root organization";
pub(crate) const SUB_ORGANIZATION: &str = "Sub-organization";
pub(crate) const PEOPLE: &str = "People";
pub(crate) const PERSON: &str = "Person";
pub(crate) const HERE_AS: &str = "Here as";
pub(crate) const ROLES: &str = "Roles";
pub(crate) const NO_ROLES: &str = "No roles";
pub(crate) const MEMBERSHIP_SUSPENDED_WORD: &str = "Membership suspended";
pub(crate) const ACCOUNT_SUSPENDED: &str = "Account suspended";
pub(crate) const FROM_ABOVE: &str = "from above";
pub(crate) const INHERITED_FOOT: &str =
    "Inherited people belong to an organization above. They can't generate a token here.";
pub(crate) const YOU_ARE_SUSPENDED: &str = "Your membership is suspended";
pub(crate) const YOU_ARE_SUSPENDED_MORE: &str =
    "Until it is reactivated you do not see who belongs to this organization.";

pub(crate) fn team_lead(organization: &str) -> String {
    format!("Who belongs to {organization}, and what they may do here.")
}

pub(crate) fn members_of(organization: &str) -> String {
    format!("{MEMBERS} of {organization}")
}

pub(crate) fn sub_organization_of(parent: &str) -> String {
    format!("{SUB_ORGANIZATION} of {parent}")
}

pub(crate) fn members_and_inherited(direct: usize, inherited: usize) -> String {
    match inherited {
        0 => direct.to_string(),
        some => format!("{direct}, and {some} inherited"),
    }
}

pub(crate) fn organizations_below(count: usize) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), "organization")
}

pub(crate) fn from_organization(name: &str) -> String {
    format!("from {name}")
}

/// Behind the title of a role that is held above, for who does not see the arrow.
pub(crate) fn held_above(from: &str) -> String {
    format!("{} {from}", INHERITED.to_lowercase())
}

// Activity
pub(crate) const WHEN: &str = "When";
pub(crate) const WHO: &str = "Who";
pub(crate) const WHAT: &str = "What";
pub(crate) const DETAILS: &str = "Details";
pub(crate) const FROM: &str = "From";
pub(crate) const FROM_DAY: &str = "From day";
pub(crate) const TO_DAY: &str = "To day";
pub(crate) const NAME_OR_EMAIL: &str = "Name or e-mail";
pub(crate) const FILTER_ACTIVITY: &str = "Filter activity";
pub(crate) const OLDER: &str = "Older";
pub(crate) const NEWER: &str = "Newer";
pub(crate) const OPERATOR: &str = "The operator";
pub(crate) const AN_IMPORT: &str = "An import";
pub(crate) const NOT_RECORDED: &str = "Not recorded";
pub(crate) const ERASED_PERSON: &str = "Erased person";
/// In the place of the name that a person who was erased gave to a token.
pub(crate) const NAMELESS_TOKEN: &str = "A token";
pub(crate) const THROUGH_A_TOKEN: &str = "through a token";
pub(crate) const YOUR_OWN_ONLY: &str = "You see your own";
pub(crate) const YOUR_OWN_ONLY_MORE: &str = "What you did here, and what happened to your tokens. Who \
     manages the organization sees everything.";
pub(crate) const NOTHING_YET: &str = "Nothing has happened yet";
pub(crate) const NOTHING_YET_MORE: &str = "What people do here is written down here.";
pub(crate) const NOTHING_FITS: &str = "Nothing fits";
pub(crate) const NOT_FOUND_YET: &str = "Not found yet";

pub(crate) fn activity_lead(organization: &str, extent: AuditExtent) -> String {
    let place = match extent {
        AuditExtent::Tree(_root) => " and below",
        AuditExtent::Organization(_here) => " itself",
    };
    let rest = "Nothing here can be changed or deleted.";
    format!("Who did what in {organization}{place}. {rest}")
}

pub(crate) fn log_begins(day: Option<&str>) -> String {
    match day {
        Some(day) => format!("No record fits the filters. The log begins on {day}."),
        None => "No record fits the filters.".to_owned(),
    }
}

/// That a search stopped after so many records.
pub(crate) fn looked_through(records: usize) -> String {
    format!("{records} records were looked through, and there are more: go on with “{OLDER}”.")
}

pub(crate) const fn audit_kind(kind: AuditKind) -> &'static str {
    match kind {
        AuditKind::Everything => "Everything",
        AuditKind::Tokens => "Tokens",
        AuditKind::People => "People and roles",
        AuditKind::Organizations => "Organizations",
    }
}

pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::UserAdded => "Account made",
        Action::UserSuspended => "Account suspended",
        Action::UserReactivated => "Account reactivated",
        Action::UserErased => "Person erased",
        Action::PasswordSet => "Password set",
        Action::PasswordResetSent => "Link for another password sent",
        Action::AddressProved => "Address proved",
        Action::SessionStarted => "Signed in",
        Action::SessionEnded => "Session ended",
        Action::OrganizationCreated => "Organization made",
        Action::OrganizationRenamed => "Organization renamed",
        Action::OrganizationMoved => "Organization moved",
        Action::OrganizationDeleted => "Organization deleted",
        Action::MemberAdded => "Member added",
        Action::MemberRolesChanged => "Roles changed",
        Action::MemberSuspended => "Member suspended",
        Action::MemberReactivated => "Member reactivated",
        Action::MemberRemoved => "Member removed",
        Action::InvitationMade => "Invitation sent",
        Action::InvitationSentAgain => "Invitation sent again",
        Action::InvitationWithdrawn => "Invitation withdrawn",
        Action::InvitationAccepted => "Invitation accepted",
        Action::PatGenerated => "Token generated",
        Action::PatImported => "Token imported",
        Action::PatRotated => "Token rotated",
        Action::PatRevoked => "Token revoked",
        Action::CatalogueApplied => "Roles of the instance changed",
        Action::KeyMade => "Key made",
        Action::KeyRetired => "Key retired",
        Action::KeyDropped => "Key dropped",
        Action::RootKeyChanged => "Root key changed",
        Action::IssuerSet => "Address set",
    }
}

pub(crate) fn of_person(name: &str) -> String {
    format!("of {name}")
}

pub(crate) fn person_with_roles(name: &str, roles: &str) -> String {
    format!("{name}: {roles}")
}

pub(crate) fn moved_to(name: &str, parent: Option<&str>) -> String {
    match parent {
        Some(parent) => format!("{name}, now below {parent}"),
        None => name.to_owned(),
    }
}

pub(crate) const fn because(because: RevokedBecause) -> &'static str {
    match because {
        RevokedBecause::User => "by its holder",
        RevokedBecause::Manager => "by an administrator",
        RevokedBecause::Operator => "by the operator",
        RevokedBecause::MembershipEnded => "with the membership",
        RevokedBecause::OrganizationDeleted => "with the organization",
        RevokedBecause::Rotated => "after its rotation",
        RevokedBecause::UnseenSuccessor => "unused, when its rotation was repeated",
        RevokedBecause::AddressProved => "when the address was proved",
    }
}

// Organizations
pub(crate) const ORGANIZATIONS_LEAD: &str =
    "The tree that you can see. A token works in its own organization and in all below it.";
pub(crate) const YOU_ARE: &str = "You are";
pub(crate) const NO_ORGANIZATION_FITS: &str = "No organization fits";
pub(crate) const NO_ORGANIZATION_FITS_MORE: &str =
    "None that you can see has this in its name. Capital letters make no difference.";
pub(crate) const SHOW_ALL: &str = "Show all";

pub(crate) fn first_organizations(count: usize) -> String {
    format!("These are the first {count}, the highest first. Find the others by name.")
}

/// How somebody is a member: with how many roles, or as an owner.
pub(crate) fn member_with(roles: &Roles) -> String {
    match roles.iter().count() {
        _any if roles.has_owner() => format!("{MEMBER} · {OWNER}"),
        0 => MEMBER.to_owned(),
        some => {
            let roles = counted(u64::try_from(some).unwrap_or(u64::MAX), "role");
            format!("{MEMBER} · {roles}")
        }
    }
}

// All my tokens
pub(crate) const MY_TOKENS: &str = "All my tokens, everywhere";
pub(crate) const MY_TOKENS_MORE: &str = "Of every organization. To end them all at once.";
pub(crate) const MY_TOKENS_LEAD: &str =
    "Your personal API tokens in every organization, the newest first.";
pub(crate) const SEE_ALL: &str = "See all";
pub(crate) const TOKENS: &str = "Tokens";
pub(crate) const ACTIONS: &str = "Actions";
pub(crate) const REVOKE_ALL: &str = "Revoke all of them";
pub(crate) const NO_LIVE_TOKEN: &str = "No token that works";
pub(crate) const NO_LIVE_TOKEN_MORE: &str =
    "You have none in any organization. Where you are a member you can generate one, on Security.";
pub(crate) const LEFT_ORGANIZATION: &str = "An organization you no longer belong to";
pub(crate) const REFUSED_WHILE_SUSPENDED: &str = "Suspended: refused now";
pub(crate) const WHEN_STOLEN: &str = "Was a computer lost or stolen? End every token of yours, then generate new ones where you need them.";
pub(crate) const REVOKE_ALL_MORE: &str = "Nothing has been revoked yet. Whatever uses one of these tokens \
     stops working at once. This can't be undone.";

pub(crate) fn revoke_many(count: usize) -> String {
    match count {
        1 => "Revoke your one token?".to_owned(),
        many => format!("Revoke {many} tokens?"),
    }
}

pub(crate) fn revoke_many_now(count: usize) -> String {
    match count {
        1 => "Revoke 1 Token".to_owned(),
        many => format!("Revoke {many} Tokens"),
    }
}

pub(crate) fn in_use_now(count: usize) -> String {
    format!(
        "{} used in the last 24 hours.",
        match count {
            1 => "One of them was".to_owned(),
            many => format!("{many} of them were"),
        }
    )
}

// Changing the tree
pub(crate) const NEW_ORGANIZATION: &str = "New organization";
pub(crate) const NEW_ORGANIZATION_MORE: &str =
    "It stands by itself, below no other, and you own it.";
pub(crate) const CREATE_ORGANIZATION: &str = "Create organization";
pub(crate) const NEW_SUB_ORGANIZATION: &str = "New sub-organization";
pub(crate) const CREATE_SUB_ORGANIZATION: &str = "Create sub-organization";
pub(crate) const ORGANIZATION_NAME_LENGTH: &str = "1 to 100 characters.";
pub(crate) const RENAME: &str = "Rename";
pub(crate) const RENAME_MORE: &str =
    "Members, tokens and what lies below it stay as they are. Programs know it by its id.";
pub(crate) const DELETE: &str = "Delete";
pub(crate) const DELETE_MORE: &str =
    "This deletes the organization and all below it, and can't be undone.";
pub(crate) const MEMBERSHIPS: &str = "Memberships";
pub(crate) const ALL_END: &str = "All end";
pub(crate) const ALL_REVOKED_AT_ONCE: &str = "All are revoked at once";
pub(crate) const NOT_ITS_NAME: &str = "That is not its name.";
pub(crate) const TREE_TOO_DEEP: &str = "A tree has at most 16 levels, and this is the last.";

pub(crate) fn new_below(organization: &str) -> String {
    format!("Below {organization}. You have there what you have here, and so has everybody else.")
}

pub(crate) fn rename_this(name: &str) -> String {
    format!("Rename “{name}”")
}

pub(crate) fn name_taken(name: &str) -> String {
    format!("“{name}” is already in this tree. Capital letters make no difference.")
}

pub(crate) fn delete_this(name: &str) -> String {
    format!("Delete “{name}”?")
}

pub(crate) fn type_to_confirm(name: &str) -> String {
    format!("Type {name} to confirm")
}

pub(crate) fn delete_organizations(count: usize) -> String {
    match count {
        1 => "Delete organization".to_owned(),
        many => format!("Delete {many} organizations"),
    }
}

// One member
pub(crate) const OWNER_MORE: &str = "Everything, here and below";
pub(crate) const MODULE: &str = "Module";
pub(crate) const ROLE_HERE: &str = "Role here";
pub(crate) const MANAGE_ROLES: &str = "Manage roles";
pub(crate) const SAVE_ROLES: &str = "Save roles";
pub(crate) const ROLES_COUNT_WHEN: &str = "Counts at the next exchange. Access tokens made before stop. You \
     can grant only what you have yourself.";
pub(crate) const NOT_SAVED: &str = "Nothing was changed";
pub(crate) const SUSPEND: &str = "Suspend";
pub(crate) const SUSPEND_MORE: &str =
    "The membership gives nothing, and its tokens are refused, until it ends.";
pub(crate) const LET_IN_AGAIN: &str = "Let in again";
pub(crate) const LET_IN_AGAIN_MORE: &str =
    "The membership is suspended. Its roles come back, and its tokens work again.";
pub(crate) const REMOVE: &str = "Remove";
pub(crate) const LEAVE: &str = "Leave";
pub(crate) const REMOVE_MORE: &str =
    "Ends the membership and revokes the tokens made here. Roles from above stay.";
pub(crate) const STILL_REACHED: &str = "What stays, from above";

pub(crate) fn roles_of(name: &str) -> String {
    format!("Roles of {name}")
}

pub(crate) fn of_whom(name: &str) -> String {
    format!("of {name}")
}

pub(crate) fn roles_in(organization: &str) -> String {
    format!("In {organization}. Each level includes the weaker ones.")
}

pub(crate) fn remove_from(organization: &str) -> String {
    format!("Remove from {organization}")
}

pub(crate) fn leave_this(organization: &str) -> String {
    format!("Leave {organization}?")
}

pub(crate) fn remove_this(name: &str, organization: &str) -> String {
    format!("Remove {name} from {organization}?")
}

/// Why something about a member stays as it is.
pub(crate) fn may_not(refused: &MayNotManage) -> String {
    match refused {
        MayNotManage::NotAManager | MayNotManage::NotAViewer => {
            "Only owners and who manages the organization can do this.".to_owned()
        }
        MayNotManage::NotAnOwner => "Only an owner can do this.".to_owned(),
        MayNotManage::UnknownRole(role) => format!("There is no role “{role}”."),
        MayNotManage::NotHeld { missing, .. } => format!(
            "You can grant only what you have yourself. You do not have {}.",
            missing.join(", ")
        ),
        MayNotManage::LastOwner => {
            "An organization always has an owner. Make somebody else one first.".to_owned()
        }
    }
}

// The demo
pub(crate) const DEMO: &str = "Demo";
pub(crate) const DEMO_MARK: &str = "Demo.";
pub(crate) const DEMO_STRIP: &str =
    "People and tokens here are made up and gone when the server stops.";
pub(crate) const WHO_CAN_I_BE: &str = "Who can I sign in as?";
pub(crate) const DEMO_LEAD: &str = "Choose who you want to be. Each sees something else.";

pub(crate) fn try_product(product: &str) -> String {
    format!("Try {product}")
}

pub(crate) fn sign_in_as(name: &str) -> String {
    format!("as {name}")
}

// The API
pub(crate) const API: &str = "API";
pub(crate) const API_LEAD: &str =
    "Everything that a program can ask of this server, made from the server itself.";
pub(crate) const API_DOCUMENT: &str = "As an OpenAPI 3.1 document";
pub(crate) const API_CONTENTS: &str = "What is on this page";
pub(crate) const API_TYPES: &str = "Types";
pub(crate) const API_TYPES_LEAD: &str = "What is sent and answered";
pub(crate) const API_PARAMETERS: &str = "Parameters";
pub(crate) const API_BODY: &str = "Body";
pub(crate) const API_ANSWERS: &str = "Answers";
pub(crate) const API_EXAMPLE: &str = "Example";
pub(crate) const API_REQUIRED: &str = "required";
pub(crate) const API_OR: &str = " or ";
pub(crate) const API_ANYTHING: &str = "anything";
pub(crate) const API_BY_BOTH: &str = "With a session, or with an access token.";
pub(crate) const API_BY_SESSION: &str = "With a session.";
pub(crate) const API_BY_TOKEN: &str = "With an access token.";
pub(crate) const API_BY_ANYBODY: &str = "Without signing in.";

pub(crate) fn api_list_of(item: &str) -> String {
    format!("list of {item}")
}

/// Where a parameter stands.
pub(crate) fn api_place(place: &str) -> String {
    format!("in the {place}")
}

/// With a capital at its beginning.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

pub(crate) const fn part(part: Part) -> &'static str {
    match part {
        Part::Owner => "Sees and manages everything. Can make a token where they are a member.",
        Part::Manager => "Manages a part of the tree, and who is in it.",
        Part::Member => "Sees one organization. Generates and revokes there.",
        Part::Inherited => {
            "Is below only by inheritance: can't make a token there, and is told why."
        }
    }
}

// Mail
pub(crate) const SEE_INVITATION: &str = "See the invitation";
pub(crate) const CHOOSE_PASSWORD: &str = "Choose another password";

pub(crate) fn invited_to(organizations: &str, product: &str) -> String {
    format!("You are invited to {organizations} on {product}")
}

pub(crate) fn invited_lead(inviter: &str, organizations: &str) -> String {
    format!("{inviter} invites you to {organizations}.")
}

pub(crate) fn invited_end(email: &str) -> String {
    format!(
        "The link works once, for 7 days, and only for {email}. If you did not expect it, do nothing: \
         then nothing happens."
    )
}

pub(crate) fn reset_subject(product: &str) -> String {
    format!("Another password for {product}")
}

pub(crate) fn reset_lead(product: &str) -> String {
    format!("Somebody, hopefully you, forgot the password of your {product} account.")
}

pub(crate) fn reset_end(minutes: u64) -> String {
    format!(
        "The link works once, for {}. If it was not you, do nothing: your password stays as it is.",
        counted(minutes, "minute")
    )
}

/// Names in a sentence.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

// Inviting
pub(crate) const INVITE_PEOPLE: &str = "Invite people";
pub(crate) const INVITE_MORE: &str =
    "They get a link that works once, for 7 days, and only with the e-mail you enter.";
pub(crate) const NOT_SENT: &str = "Nobody was invited";
pub(crate) const SEND_INVITATION: &str = "Send invitation";
pub(crate) const CONFIRM_AND_SEND: &str = "Confirm and Send Invitation";
pub(crate) const EMAIL_ADDRESSES: &str = "E-mail addresses";
pub(crate) const EMAIL_ADDRESSES_HINT: &str =
    "One a line. Whoever is already a member keeps the roles they have.";
pub(crate) const NO_ADDRESS: &str = "Enter at least one address.";
pub(crate) const LEAVE_OUT: &str = "Leave out";
pub(crate) const ONE_MORE_ORGANIZATION: &str = "One more organization";
pub(crate) const ADD_ORGANIZATION: &str = "Add organization";
pub(crate) const GRANT_WHAT_YOU_HAVE: &str = "You can grant only what you have yourself.";
pub(crate) const NO_MAIL_HERE: &str =
    "Mail is not set up on this server: after sending, you get the link to pass on.";
pub(crate) const PRESET_VIEW: &str = "View";
pub(crate) const PRESET_VIEW_MORE: &str = "View on every module";
pub(crate) const PRESET_OPERATE: &str = "Operate";
pub(crate) const PRESET_OPERATE_MORE: &str = "Operate what can be operated; view the rest";
pub(crate) const PRESET_MANAGE: &str = "Manage";
pub(crate) const PRESET_MANAGE_MORE: &str = "Everything but what only owners may";
pub(crate) const PRESET_BY_MODULE: &str = "Module by module";
pub(crate) const PRESET_BY_MODULE_MORE: &str = "Choose a level for each";
pub(crate) const INVITATIONS: &str = "Invitations";
pub(crate) const NOBODY_INVITED: &str = "Nobody is invited";
pub(crate) const NOBODY_INVITED_MORE: &str = "Who was invited and has not come yet is listed here.";
pub(crate) const STATE: &str = "State";
pub(crate) const WAITING: &str = "Waiting";
pub(crate) const EXPIRED: &str = "Expired";
pub(crate) const ORGANIZATIONS_AND_ROLES: &str = "Organizations and roles";
pub(crate) const INVITED_BY: &str = "Invited by";
pub(crate) const SEND_AGAIN: &str = "Send again";
pub(crate) const WITHDRAW: &str = "Withdraw";
pub(crate) const MAILED: &str = "Mailed.";
pub(crate) const NOT_MAILED: &str =
    "Invited, but the mail server did not take the mail. Send it again later.";
pub(crate) const PASS_IT_ON: &str = "Pass this link on, to nobody else. It is shown once.";
pub(crate) const PASS_ON_MORE: &str = "Whoever opens a link can make the account of its address, so \
     give each to its person only. A link works once, for 7 days.";
pub(crate) const WHAT_BECAME: &str = "What became of each address.";
pub(crate) const ALREADY_A_MEMBER: &str = "Already a member, with the roles they have.";
pub(crate) const TOO_MANY_WAIT: &str = "Too many invitations wait already. Withdraw some first.";
pub(crate) const DONE: &str = "Done";

pub(crate) fn before_a_link(minutes: u64) -> String {
    format!(
        "You signed in more than {} ago. Before you are shown a link, confirm with your password. What \
         you entered is kept.",
        counted(minutes, "minute")
    )
}

pub(crate) fn bad_address(text: &str, why: &str) -> String {
    format!("“{text}”: {why}")
}

pub(crate) fn too_many_addresses(most: usize) -> String {
    format!("Enter {most} addresses at most.")
}

pub(crate) fn invitations_lead(organization: &str) -> String {
    format!("Who is invited to {organization} and has not come yet.")
}

pub(crate) fn ends_on(day: &str) -> String {
    format!("ends {day}")
}

pub(crate) fn ended_on(day: &str) -> String {
    format!("on {day}")
}

pub(crate) fn to_whom(name: &str) -> String {
    format!("to {name}")
}

pub(crate) fn invitation_of(name: &str) -> String {
    format!("invitation of {name}")
}

pub(crate) fn link_of(email: &str) -> String {
    format!("link of {email}")
}

/// A cause as a sentence.
pub(crate) fn sentence(cause: &str) -> String {
    format!("{}.", capitalized(cause))
}

// Being invited
pub(crate) const YOU_ARE_INVITED: &str = "You are invited";
pub(crate) const FOR_ADDRESS: &str = "For";
pub(crate) const ACCEPT: &str = "Accept";
pub(crate) const NOT_FOR_YOU: &str = "This invitation is for somebody else";
pub(crate) const SIGN_IN_TO_ACCEPT: &str = "Sign in to accept";
pub(crate) const NO_ACCOUNT_YET: &str =
    "There is no account of this address yet. Make one to accept.";
pub(crate) const CREATE_ACCOUNT_AND_ACCEPT: &str = "Create account and accept";
pub(crate) const INVITATION_ENDED: &str = "This invitation has ended";
pub(crate) const INVITATION_ENDED_MORE: &str = "An invitation works once, and for 7 days, while who sent \
     it may grant what it promises. Ask them for another one.";

pub(crate) fn invites_you(inviter: &str) -> String {
    format!("{inviter} invites you to:")
}

pub(crate) fn accept_as(name: &str) -> String {
    format!("You are signed in as {name}.")
}

pub(crate) fn signed_in_as(email: &str) -> String {
    format!("You are signed in as {email}. Sign out first to accept it.")
}

// A forgotten password
pub(crate) const FORGOTTEN: &str = "Forgotten password";
pub(crate) const FORGOTTEN_QUESTION: &str = "Forgotten your password?";
pub(crate) const FORGOTTEN_MORE: &str =
    "Enter the e-mail of your account, and a link for choosing another password is sent there.";
pub(crate) const SEND_LINK: &str = "Send link";
pub(crate) const LOOK_AT_YOUR_MAIL: &str = "Look at your mail";
pub(crate) const BACK_TO_SIGN_IN: &str = "Back to sign in";
pub(crate) const CHOOSE_PASSWORD_MORE: &str = "Every session ends with it; you are signed in here.";
pub(crate) const RESET_ENDED_MORE: &str =
    "It works once, and for 15 minutes. Ask for another one where you sign in.";
pub(crate) const TOKENS_STILL_WORK: &str = "Your API tokens still work. If somebody else knew your \
     password, revoke them as well.";
pub(crate) const REVOKE_ALL_MY_TOKENS: &str = "Revoke all my tokens";

pub(crate) fn look_at_your_mail_more(email: &str) -> String {
    format!(
        "If {email} is the address of an account, a link is on its way. It works once, for 15 minutes."
    )
}

// All tokens, for who manages the organization
pub(crate) const ADMINISTRATION: &str = "Administration";
pub(crate) const ALL_TOKENS: &str = "All tokens";
pub(crate) const FILTER_TOKENS: &str = "Filter tokens";
pub(crate) const NAME_LAST_FOUR_OWNER: &str = "Name, last 4 or owner";
pub(crate) const USE: &str = "Use";
pub(crate) const EXPIRY: &str = "Expiry";
pub(crate) const UNUSED_90_DAYS: &str = "Unused for 90 days";
pub(crate) const WITHOUT_EXPIRY: &str = "No expiry";
pub(crate) const WITHIN_7_DAYS: &str = "Within 7 days";
pub(crate) const WORKING: &str = "Working";
pub(crate) const ALL: &str = "All";
pub(crate) const NO_TOKEN_FITS: &str = "No token fits";
pub(crate) const NO_TOKEN_FITS_MORE: &str = "There is none of that kind here or below.";
pub(crate) const CHOOSE: &str = "Choose";
pub(crate) const CHOOSE_ALL: &str = "Choose all on this page";
pub(crate) const NEWEST: &str = "Newest";
pub(crate) const CHOSEN_TOKENS: &str = "Chosen tokens";
pub(crate) const FIRST_YOU_SEE: &str = "First you see exactly which. Nothing is revoked yet.";
pub(crate) const PREVIEW: &str = "Preview";
pub(crate) const PREVIEW_REVOCATION: &str = "Preview revocation";
pub(crate) const ONLY_A_PREVIEW: &str = "This is a preview. Nothing has been revoked.";
pub(crate) const WOULD_BE_REVOKED: &str = "Tokens that would be revoked";
pub(crate) const NOT_IN_USE: &str = "Not in use";
pub(crate) const NOT_IN_USE_MORE: &str = "None of them was used in the last 90 days.";
pub(crate) const REVOKED_EVERYWHERE: &str = "New exchanges with them are refused on every server.";

pub(crate) fn all_tokens_lead(organization: &str, below: usize) -> String {
    let place = match below {
        0 => organization.to_owned(),
        1 => format!("{organization} and the organization below"),
        many => format!("{organization} and the {many} organizations below"),
    };
    format!("Every personal API token of {place}. Secrets are not stored, so nobody can see them.")
}

pub(crate) fn and_below(organization: &str) -> String {
    format!("{organization} and below")
}

pub(crate) fn lower_in(organization: &str) -> String {
    format!("in {organization}")
}

pub(crate) fn permissions(count: usize) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), "permission")
}

pub(crate) fn ended_because(day: &str, why: RevokedBecause) -> String {
    format!("{REVOKED} {day} {}", because(why))
}

pub(crate) fn choose_this(token: &str, owner: &str) -> String {
    format!("Choose {token} of {owner}")
}

/// That a search stopped after so many tokens.
pub(crate) fn tokens_looked_through(tokens: usize) -> String {
    format!("{tokens} tokens were looked through, and there are more: go on with “{OLDER}”.")
}

pub(crate) fn revoked_now(revoked: u64, passed: u64) -> String {
    let revoked = format!("{} revoked", counted(revoked, "token"));
    match passed {
        0 => revoked,
        1 => format!("{revoked}; 1 had ended already"),
        many => format!("{revoked}; {many} had ended already"),
    }
}

pub(crate) fn revoke_chosen(count: usize) -> String {
    format!(
        "Revoke {}?",
        counted(u64::try_from(count).unwrap_or(u64::MAX), "token")
    )
}

pub(crate) fn passed_by(count: usize) -> String {
    match count {
        1 => "1 chosen token has ended already.".to_owned(),
        many => format!("{many} chosen tokens have ended already."),
    }
}

pub(crate) fn used_in_90_days(count: usize) -> String {
    match count {
        1 => "1 of them was used in the last 90 days. What uses it stops working.".to_owned(),
        many => {
            format!("{many} of them were used in the last 90 days. What uses them stops working.")
        }
    }
}

pub(crate) fn not_that_number(count: usize) -> String {
    format!("That is not {count}. Nothing was revoked.")
}

// Files
pub(crate) const CSV: &str = "CSV";
pub(crate) const ROLES_HERE: &str = "Roles here";
pub(crate) const ROLES_FROM_ABOVE: &str = "Roles from above";
pub(crate) const OWNERS_EMAIL: &str = "Owner's e-mail";
pub(crate) const LAST_ADDRESS: &str = "Last address";
pub(crate) const ENDED: &str = "Ended";

pub(crate) fn inherited_word(from: &str) -> String {
    format!("{INHERITED} {from}")
}

// Moving an organization
pub(crate) const MOVE: &str = "Move";
pub(crate) const MOVE_MORE: &str = "It goes with everything below it to another place in its tree.";
pub(crate) const NOT_MOVED: &str = "Not moved";
pub(crate) const NEW_PARENT: &str = "New parent";
pub(crate) const OR_ITS_ID: &str = "Or the id of an organization that is not listed";
pub(crate) const NOT_AN_ORGANIZATION: &str = "That is no organization that you can move it to.";
pub(crate) const NOWHERE_TO_MOVE: &str = "There is no other place";
pub(crate) const NOWHERE_TO_MOVE_MORE: &str =
    "No other organization of the tree can be its parent.";
pub(crate) const MOVE_TOKENS: &str = "Its members and the tokens made in it stay. People and tokens of \
     organizations that no longer lie above it lose their access; those of the new ones get it.";

pub(crate) fn move_this(name: &str) -> String {
    format!("Move “{name}”")
}

// Why somebody may do something
pub(crate) const WHY: &str = "Why may they?";
pub(crate) const WHY_MAY_I: &str = "Why may I?";
pub(crate) const EXPLAIN: &str = "Explain";
pub(crate) const WHY_FOOT: &str = "This is what an exchange decides by.";
pub(crate) const THEIR_ACCOUNT_SUSPENDED: &str = "The account is suspended.";
pub(crate) const NO_MEMBERSHIP_THERE: &str = "There is no membership here or above.";

pub(crate) fn why_may_they(organization: &str) -> String {
    format!("What gives somebody a permission in {organization}, or what is missing.")
}

pub(crate) fn may_do(name: &str, permission: &str) -> String {
    format!("{name} has {permission}")
}

pub(crate) fn may_not_do(name: &str, permission: &str) -> String {
    format!("{name} does not have {permission}")
}

pub(crate) fn role_at(role: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{role}, in {place}"),
        None => format!("{role}, {FROM_ABOVE}"),
    }
}

pub(crate) fn would_give_it(held: &str) -> String {
    format!("{held} would give it, but that membership is suspended.")
}

pub(crate) fn none_gives_it(roles: &str) -> String {
    format!("No role held here or above gives it. These would: {roles}.")
}

// Removing somebody
pub(crate) fn revoked_with_it(tokens: &str) -> String {
    format!("Revoked with it: {tokens}.")
}

pub(crate) fn tokens_still_reach(tokens: &str) -> String {
    format!("Tokens that still reach it with that: {tokens}.")
}
