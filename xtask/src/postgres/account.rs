//! Who PostgreSQL runs as. It refuses root, so root lends it another account.

use std::process::Command;

use anyhow::Context;

use crate::install::is_root;
use crate::process::answer;

/// The numbers of a user and its main group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// User id.
    pub(crate) user: u32,
    /// Group id.
    pub(crate) group: u32,
}

impl Account {
    /// The account to lend to the server: `None` unless we are root.
    pub(crate) fn for_server() -> anyhow::Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        let found = ["postgres", "nobody"].into_iter().find_map(Self::of);
        found
            .map(Some)
            .context("PostgreSQL refuses to run as root, and there is no user `nobody`")
    }

    fn of(name: &str) -> Option<Self> {
        Some(Self {
            user: id("-u", name)?,
            group: id("-g", name)?,
        })
    }
}

fn id(what: &str, name: &str) -> Option<u32> {
    answer(Command::new("id").args([what, name]))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_lent_an_account_exactly_when_we_are_root() {
        let lent = Account::for_server().unwrap();
        assert_eq!(lent.is_some(), is_root());
        assert!(lent.is_none_or(|account| account.user != 0));
    }

    #[test]
    fn an_unknown_user_has_no_account() {
        assert!(Account::of("no-such-user-anywhere").is_none());
    }
}
