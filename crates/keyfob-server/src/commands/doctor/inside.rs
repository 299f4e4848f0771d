//! What stands in the database: whether it fits this program, this configuration and this machine.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use keyfob_core::key::KeyState;
use keyfob_core::time::Timestamp;
use keyfob_store::event::audit_newest;
use keyfob_store::import::import_seen;
use keyfob_store::instance::catalogue_find;
use keyfob_store::key::{ACCESS_TOKEN, KeyRecord, key_list};
use keyfob_store::{ServerFacts, Tx};
use keyfob_verify::Algorithm;

use super::database::Opened;
use super::finding::Report;
use crate::config::{Config, issuer};
use crate::date::rfc3339;
use crate::keys::KeyRing;
use crate::open::root_key_place;
use crate::preflight;
use crate::roles_file;
use crate::seal::{RootKey, RootKeyError};
use crate::state::LoadError;

/// How far the clocks of this machine and of the database may differ (guarantee 12).
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);
/// After so long without a sign of life an import counts as interrupted.
const IMPORT_SILENT_MAX: Duration = Duration::from_mins(1);

/// What is looked at, and by what it is judged.
#[derive(Debug)]
pub(super) struct Inside<'a> {
    pub(super) config: &'a Config,
    pub(super) opened: &'a Opened,
    /// The root key, if it can be read.
    pub(super) root_key: Option<&'a RootKey>,
    /// What this machine's clock says.
    pub(super) now: Timestamp,
}

impl Inside<'_> {
    /// Looks at all of it, in one snapshot.
    pub(super) async fn examine(&self, report: &mut Report) {
        if let Err(error) = self.look(report).await {
            report.problem("database", &error);
        }
    }

    async fn look(&self, report: &mut Report) -> Result<()> {
        let Opened { store, instance } = self.opened;
        let facts = store.server_facts().await?;
        if let Some(facts) = &facts {
            self.commits(facts, report);
        }
        report.outcome("issuer", self.issuer());
        let prefix = preflight::prefix(self.config, instance);
        let begin = format!("tokens begin with {}", self.config.tokens.prefix.as_str());
        report.outcome("token prefix", prefix.map(|()| begin));
        let mut tx = store.read().await?;
        let newest = audit_newest(&mut tx).await?;
        report.outcome("clock", self.clock(newest, facts.as_ref()));
        report.outcome("role catalogue", self.catalogue(&mut tx).await);
        if let Some(root_key) = self.root_key {
            self.keys(root_key, &mut tx, report).await?;
        }
        let seen = import_seen(&mut tx).await?;
        self.import(seen, report);
        Ok(())
    }

    fn commits(&self, facts: &ServerFacts, report: &mut Report) {
        let check = "durability";
        match preflight::commits(self.config, Some(facts)) {
            Err(unfit) => report.problem(check, &unfit.into()),
            Ok(()) if !facts.commits_are_durable() => report.warning(
                check,
                "synchronous_commit is off, as database.allow_asynchronous_commit allows: a crash of the \
                 database's machine may undo a revocation",
            ),
            Ok(()) => report.ok(
                check,
                format!("synchronous_commit is {}", facts.synchronous_commit),
            ),
        }
    }

    fn issuer(&self) -> Result<String> {
        let (config, instance) = (self.config, &self.opened.instance);
        let Some(stored) = instance.issuer.as_deref() else {
            return Ok("none is stored yet, because no server has run".to_owned());
        };
        if config.public_url.is_none() && config.listen.port() == 0 {
            return Ok(format!(
                "{stored} is stored; what this server would be shows when it has chosen its port"
            ));
        }
        preflight::issuer(&issuer(config, config.listen)?, instance)?;
        Ok(format!("{stored}, as configured"))
    }

    fn clock(&self, newest: Option<Timestamp>, facts: Option<&ServerFacts>) -> Result<String> {
        let ours = self.now;
        preflight::clock(ours, newest)?;
        let Some(ServerFacts { now: theirs, .. }) = facts else {
            return Ok(format!("this machine's says {}", rfc3339(ours)));
        };
        let apart = ours.since(*theirs).max(theirs.since(ours));
        if apart > CLOCKS_APART_MAX {
            bail!(
                "this machine's says {}, the database's {}: they may differ by 5 seconds, so let both keep \
                 the right time (NTP)",
                rfc3339(ours),
                rfc3339(*theirs)
            );
        }
        Ok("this machine's and the database's agree".to_owned())
    }

    async fn catalogue(&self, tx: &mut Tx) -> Result<String> {
        let version = self.opened.instance.catalogue;
        let body = catalogue_find(tx, version).await?;
        let body = body.ok_or(LoadError::NoCatalogue)?;
        let read = roles_file::read(&body, version).map_err(LoadError::from);
        read.context("the database was changed by other hands: put a backup of it in place")?;
        Ok(format!("version {version} is in force"))
    }

    async fn keys(&self, root_key: &RootKey, tx: &mut Tx, report: &mut Report) -> Result<()> {
        let (check, now, instance) = ("keys", self.now, &self.opened.instance);
        if !root_key.fits(&instance.root_check) {
            let wrong = RootKeyError::Wrong(root_key_place(self.config)?);
            report.problem(check, &wrong.into());
            return Ok(());
        }
        let records = key_list(tx).await?;
        let ring = match KeyRing::open(instance.key_set, &records, root_key) {
            Ok(ring) => ring,
            Err(error) => {
                report.problem(check, &error.into());
                return Ok(());
            }
        };
        for algorithm in self.config.resource_servers.algorithms() {
            let name = algorithm.name();
            if ring.signer(algorithm, now).is_err() {
                let says = format!("{name}: none signs yet; a server that starts makes one");
                report.warning(check, says);
                continue;
            }
            let next = next(&records, algorithm, now).map(rfc3339);
            let says = next.map_or_else(
                || format!("{name}: one signs, and no change is planned"),
                |next| format!("{name}: one signs, and the next one will from {next}"),
            );
            report.ok(check, says);
        }
        Ok(())
    }

    fn import(&self, seen: Option<Timestamp>, report: &mut Report) {
        let check = "import";
        match (self.opened.instance.import_pending, seen) {
            (None, None) => report.ok(check, "none is unfinished"),
            (_, Some(seen)) if self.now.since(seen) < IMPORT_SILENT_MAX => {
                report.ok(check, "one is under way");
            }
            (_, _) => report.warning(
                check,
                "one was interrupted, and nothing of it can be seen: run it again, or remove what it left \
                 with `keyfobd import --discard`",
            ),
        }
    }
}

/// When the next key of an algorithm begins to sign.
fn next(records: &[KeyRecord], algorithm: Algorithm, now: Timestamp) -> Option<Timestamp> {
    let of_it = records
        .iter()
        .filter(|record| record.purpose == ACCESS_TOKEN && record.algorithm == algorithm.name());
    let later = of_it.filter(|record| record.times.state_at(now) == KeyState::Announced);
    later.map(|record| record.times.sign_from).min()
}
