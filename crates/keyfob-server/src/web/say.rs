//! Every text that pages show, in one file. Templates hold none of their own, and a test sees to it.

use std::time::Duration;

use http::StatusCode;
use keyfob_core::catalogue::Level;
use keyfob_core::exchange::Denial;
use keyfob_core::pat::RevokedBecause;

use super::look::Look;

mod account;

pub(crate) use self::account::*;

// Everywhere
pub(crate) const PRODUCT: &str = "Keyfob";
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
    format!("where you are a member, works in {organization} too.")
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
