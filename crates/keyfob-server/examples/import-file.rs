//! Prints a file for `keyfobd import`, so that its speed can be measured: trees of three levels, people
//! without passwords, memberships and tokens by hash. The same number of lines gives the same file.
//!
//! `cargo run --release -p keyfob-server --example import-file -- 1000000 > FILE`

use std::io::{self, BufWriter, Write};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

/// Lines without an argument.
const LINES: u64 = 10_000;
/// A tree: its root, 3 units and 6 teams below, 30 people, 45 memberships and 15 tokens.
const TREE_LINES: u64 = 100;
const UNITS: u64 = 3;
const TEAMS: u64 = 6;
const PEOPLE: u64 = 30;
const TOKENS: u64 = 15;

fn main() -> Result<()> {
    let lines = match std::env::args().nth(1) {
        Some(text) => text
            .parse()
            .context("the argument is the number of lines")?,
        None => LINES,
    };
    let mut out = Lines {
        out: BufWriter::new(io::stdout().lock()),
        left: lines,
    };
    for number in 0..lines.div_ceil(TREE_LINES) {
        tree(&mut out, number)?;
    }
    out.out.flush().context("standard output is closed")
}

/// Counts lines down and prints no more than were asked for.
struct Lines<W> {
    out: W,
    left: u64,
}

impl<W: Write> Lines<W> {
    fn line(&mut self, text: &str) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            writeln!(self.out, "{text}").context("standard output is closed")?;
        }
        Ok(())
    }
}

fn tree(out: &mut Lines<impl Write>, number: u64) -> Result<()> {
    let root = format!("Customer {number}");
    out.line(&format!(
        r#"{{"type":"organization","externalId":"c{number}","name":"{root}"}}"#
    ))?;
    let unit = |index: u64| format!("{root}/Unit {index}");
    for index in 0..UNITS {
        out.line(&format!(
            r#"{{"type":"organization","name":"Unit {index}","parent":"{root}"}}"#
        ))?;
    }
    for index in 0..TEAMS {
        let parent = unit(index % UNITS);
        out.line(&format!(
            r#"{{"type":"organization","name":"Team {index}","parent":"{parent}"}}"#
        ))?;
    }
    let email = |index: u64| format!("person{index}@customer{number}.example");
    for index in 0..PEOPLE {
        let email = email(index);
        out.line(&format!(
            r#"{{"type":"user","email":"{email}","fullName":"Person {index} of {number}"}}"#
        ))?;
    }
    for index in 0..PEOPLE {
        let (email, role) = (
            email(index),
            if index == 0 { "owner" } else { "view-build" },
        );
        let line = format!(
            r#"{{"type":"membership","user":"{email}","organization":"{root}","roles":["{role}"]}}"#
        );
        out.line(&line)?;
    }
    for index in 0..TOKENS {
        let (email, team) = (email(index), index % TEAMS);
        let place = format!("{}/Team {team}", unit(team % UNITS));
        out.line(&format!(
            r#"{{"type":"membership","user":"{email}","organization":"{place}","roles":["operate-build","manage-signing"]}}"#
        ))?;
        let hash =
            HEXLOWER.encode(digest(&SHA256, format!("{number} {index}").as_bytes()).as_ref());
        out.line(&format!(
            r#"{{"type":"token","user":"{email}","organization":"{place}","name":"ci","hash":{{"sha256":"{hash}"}}}}"#
        ))?;
    }
    Ok(())
}
