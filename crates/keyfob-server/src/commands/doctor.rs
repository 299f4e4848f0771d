//! `keyfobd doctor`: looks at an installation, running or stopped, and says what to do.
//!
//! It changes nothing: no directory, key or database is made that is not there, and nothing is written
//! into one that is. Each check gives one line. What lies behind a problem, such as a database that
//! cannot be opened, is not looked at.

mod database;
mod finding;
mod inside;
mod network;
mod place;

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result, bail};
use keyfob_core::time::Clock as _;

use self::finding::Report;
use crate::cli::DoctorArgs;
use crate::config::{Config, DatabaseConfig, Overrides, issuer};
use crate::system::SystemClock;
use crate::telemetry;

/// Looks, and prints what it found.
///
/// # Errors
/// When there is a problem, after all was printed.
pub(super) async fn run(overrides: Overrides, args: &DoctorArgs) -> Result<()> {
    let mut report = Report::default();
    match Config::load(overrides) {
        Err(error) => report.problem("configuration", &error.into()),
        Ok(config) => {
            telemetry::init(&config.log)?;
            examine(&config, &mut report).await;
        }
    }
    let printed = if args.json {
        report.json()?
    } else {
        report.text()
    };
    write!(stdout(), "{printed}").context("cannot write to standard output")?;
    match report.problems() {
        0 => Ok(()),
        1 => bail!("1 problem was found"),
        many => bail!("{many} problems were found"),
    }
}

async fn examine(config: &Config, report: &mut Report) {
    configuration(config, report);
    let is_taken = match config.database {
        DatabaseConfig::Embedded => match place::examine(config, report) {
            place::Place::Empty => return,
            place::Place::Free => Some(false),
            place::Place::Taken => Some(true),
        },
        // Servers are elsewhere, and as many as one likes.
        DatabaseConfig::Postgres { .. } => None,
    };
    let now = SystemClock::default().now();
    let root_key = place::root_key(config, report);
    if let Some(opened) = database::open(config, report).await {
        let inside = inside::Inside {
            config,
            opened: &opened,
            root_key: root_key.as_ref(),
            now,
        };
        inside.examine(report).await;
    }
    network::examine(config, is_taken, report).await;
}

fn configuration(config: &Config, report: &mut Report) {
    let check = "configuration";
    if let Err(error) = issuer(config, config.listen) {
        report.problem(check, &error.into());
        return;
    }
    if config.insecure_http {
        let says = "http.insecure_http is set: secrets may cross the network in the open; use https \
                    behind a TLS proxy";
        report.warning(check, says);
        return;
    }
    report.ok(check, "every key and value is understood");
}
