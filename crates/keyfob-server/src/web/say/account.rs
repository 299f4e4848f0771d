//! The texts of the pages about one's account: trying a token, sessions, the password, the set-up, the demo.

use keyfob_core::catalogue::Level;
use keyfob_core::name::BadName;
use keyfob_core::pat::RevokedBecause;

use super::{counted, joined, level as level_word, revoked_by};
use crate::app::act_as::Part;

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
pub(crate) const MORE_FOR_THE_OWNER: &str = "Of a token of your own the reason stands here. If this is \
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

pub(crate) fn role(level: Level, module: &str) -> String {
    format!("{}: {module}", level_word(level))
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
