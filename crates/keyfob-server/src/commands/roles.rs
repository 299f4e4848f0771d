//! `keyfobd roles`: the role catalogue, shown and replaced.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use keyfob_core::catalogue::Catalogue;
use keyfob_core::event::Actor;
use keyfob_core::member::Roles;
use keyfob_core::permission::PermissionSet;
use keyfob_store::Tx;
use keyfob_store::instance::{NewCatalogue, catalogue_apply, catalogue_find, instance_find};
use keyfob_store::member::{HeldRoles, member_held_roles};

use super::operator::Operator;
use crate::config::Config;
use crate::open::Schema;
use crate::roles_file;

/// Most people named one by one in the report.
const PEOPLE_MAX: usize = 200;

/// Whether the catalogue is put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is.
    Apply,
    /// Only the report is made.
    DryRun,
}

/// `roles show`
pub(super) async fn show(config: &Config) -> Result<()> {
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.read().await?;
    let (catalogue, _body) = current(&mut tx).await?;
    drop(tx);
    let text = roles_file::print(&catalogue)?;
    write!(
        io::stdout(),
        "# role catalogue, version {}\n\n{text}",
        catalogue.version()
    )?;
    Ok(())
}

/// `roles apply`: replaces the catalogue in one transaction, and says who gains and loses what.
pub(super) async fn apply(config: &Config, file: &Path, mode: Mode) -> Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let operator = Operator::open(config, Schema::AsItIs).await?;
    let mut tx = operator.store.write().await?;
    let (old, body) = current(&mut tx).await?;
    let version = old.version() + 1;
    let new = roles_file::read(&text, version)
        .with_context(|| format!("{} was not applied", file.display()))?;
    if body == text || old.modules() == new.modules() {
        writeln!(
            io::stdout(),
            "Nothing changes: this catalogue is in force, as version {}.",
            old.version()
        )?;
        return Ok(());
    }
    let report = report(&old, &new, &member_held_roles(&mut tx).await?);
    if mode == Mode::DryRun {
        writeln!(
            io::stdout(),
            "{report}Nothing was changed: this was a dry run."
        )?;
        return Ok(());
    }
    let catalogue = NewCatalogue {
        version,
        body: &text,
    };
    catalogue_apply(&mut tx, &catalogue, &Actor::OPERATOR, operator.now).await?;
    tx.commit().await?;
    operator.store.close().await;
    writeln!(
        io::stdout(),
        "{report}Version {version} is in force. Access tokens made before are dead; programs exchange again."
    )?;
    Ok(())
}

pub(super) async fn current(tx: &mut Tx) -> Result<(Catalogue, String)> {
    let instance = instance_find(tx)
        .await?
        .ok_or_else(|| anyhow!("the database was never founded"))?;
    let body = catalogue_find(tx, instance.catalogue).await?;
    let body = body.ok_or_else(|| anyhow!("the database lacks the catalogue in force"))?;
    Ok((roles_file::read(&body, instance.catalogue)?, body))
}

/// Who gains and loses what. Sets of two catalogues are compared by name: their numbers differ.
fn report(old: &Catalogue, new: &Catalogue, held: &[HeldRoles]) -> String {
    let mut text = String::new();
    let mut changed: Vec<String> = Vec::new();
    for role in old
        .roles()
        .chain(new.roles())
        .map(|(key, _gives)| key)
        .collect::<BTreeSet<_>>()
    {
        let line = match (old.role(role), new.role(role)) {
            (Some(_gone), None) => Some("leaves the catalogue and gives nothing".to_owned()),
            (None, Some(_new)) => Some("is new".to_owned()),
            (before, after) => difference(&named(old, before), &named(new, after)),
        };
        changed.extend(line.map(|line| format!("role {role}: {line}\n")));
    }
    text.extend(changed);
    let mut people = 0;
    for held in held {
        let (before, after) = (
            named(old, Some(sum(old, &held.roles))),
            named(new, Some(sum(new, &held.roles))),
        );
        if let Some(line) = difference(&before, &after) {
            people += 1;
            if people <= PEOPLE_MAX {
                // Writing to a text does not fail.
                let _infallible =
                    writeln!(text, "{} in {}: {line}", held.email, held.organization_name);
            }
        }
    }
    if people > PEOPLE_MAX {
        let _infallible = writeln!(text, "… and {} memberships more", people - PEOPLE_MAX);
    }
    if people == 0 {
        text.push_str("Nobody gains or loses a permission.\n");
    }
    text
}

fn sum(catalogue: &Catalogue, roles: &Roles) -> PermissionSet {
    roles
        .iter()
        .filter_map(|role| catalogue.role(role))
        .fold(PermissionSet::EMPTY, PermissionSet::union)
}

fn named(catalogue: &Catalogue, set: Option<PermissionSet>) -> BTreeSet<&str> {
    catalogue
        .names(set.unwrap_or_default())
        .into_iter()
        .collect()
}

fn difference(before: &BTreeSet<&str>, after: &BTreeSet<&str>) -> Option<String> {
    let list = |names: Vec<&&str>| {
        names
            .iter()
            .map(|name| **name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (gains, loses) = (
        list(after.difference(before).collect()),
        list(before.difference(after).collect()),
    );
    match (gains.as_str(), loses.as_str()) {
        ("", "") => None,
        (gains, "") => Some(format!("gains {gains}")),
        ("", loses) => Some(format!("loses {loses}")),
        (gains, loses) => Some(format!("gains {gains}; loses {loses}")),
    }
}

#[cfg(test)]
mod tests {
    use keyfob_core::id::{OrgId, UserId};
    use uuid::Uuid;

    use super::*;

    fn catalogue(version: i64, build: &str) -> Catalogue {
        let text = format!("[[module]]\nkey='organization'\ntitle='O'\nlevels=['manage']\n{build}");
        roles_file::read(&text, version).expect("a catalogue")
    }

    #[test]
    fn the_report_says_who_gains_and_loses_what() {
        let old = catalogue(
            1,
            "[[module]]\nkey='build'\ntitle='B'\nlevels=['manage','view']",
        );
        let new = catalogue(
            2,
            "[[module]]\nkey='build'\ntitle='B'\nlevels=['manage','operate']",
        );
        let held = |email: &str, role: &str| HeldRoles {
            user: UserId::from_uuid(Uuid::nil()),
            email: email.to_owned(),
            organization: OrgId::from_uuid(Uuid::nil()),
            organization_name: "Acme".to_owned(),
            roles: Roles::new([role]).expect("roles"),
        };
        let people = [
            held("ana@acme.example", "manage-build"),
            held("bo@acme.example", "view-build"),
            held("cem@acme.example", "manage-organization"),
        ];
        assert_eq!(
            report(&old, &new, &people),
            "role manage-build: gains build:operate; loses build:view\n\
             role operate-build: is new\n\
             role owner: gains build:operate; loses build:view\n\
             role view-build: leaves the catalogue and gives nothing\n\
             ana@acme.example in Acme: gains build:operate; loses build:view\n\
             bo@acme.example in Acme: loses build:view\n"
        );
    }
}
