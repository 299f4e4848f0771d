//! `cargo xtask test`: every test, doctests included, on both engines.
//!
//! `cargo test` runs in a process group of its own that ends with us (see
//! `supervisor.rs`). Its output is passed on as it comes, and the last line of
//! ours is the sum of its `test result:` lines.

mod summary;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;

use anyhow::{Context, anyhow};

use self::summary::{Run, Summary};
use crate::Verdict;
use crate::browser::{Browser, tell_axe};
use crate::postgres::{Cluster, URL_VARIABLE};
use crate::process::cargo;

/// The package with the pages.
const SERVER: &str = "keyfob-server";

/// Runs `cargo test`, with `args` passed on to it.
pub(crate) fn test(args: &[String]) -> anyhow::Result<Verdict> {
    let mut cluster = Cluster::start()?;
    let mut command = cargo(["test", "--no-fail-fast"]);
    if !names_packages(args) {
        command.arg("--workspace");
    }
    if tests_pages(args) {
        Browser::find_or_install()?.tell(&mut command);
        tell_axe(&mut command)?;
    }
    command
        .args(args)
        .env(URL_VARIABLE, cluster.url())
        .stdout(Stdio::piped());
    let mut tests = cluster.spawn(&mut command)?;
    let output = tests.stdout.take().context("cargo test has no output")?;
    let reader = thread::spawn(move || pass_on(output));
    let run = Run {
        succeeded: tests.wait()?.success(),
        complete: args.is_empty(),
    };
    // Ends what a test left running, too; it would hold the output open.
    drop(cluster);
    let summary = reader
        .join()
        .map_err(|_panic| anyhow!("the output's reader panicked"))??;
    let faults = summary.faults(run);
    for fault in &faults {
        eprintln!("cargo xtask test: {fault}");
    }
    let verdict = if faults.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed
    };
    println!("\n{}", summary.line(verdict));
    Ok(verdict)
}

/// Prints the output line by line and sums up what it tells.
fn pass_on(output: impl Read) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        summary.read(&text);
        line.clear();
    }
    Ok(summary)
}

/// `--workspace` would override a package that was asked for.
fn names_packages(args: &[String]) -> bool {
    let before_filter = args.iter().take_while(|arg| *arg != "--");
    before_filter
        .into_iter()
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}

/// Whether the server's tests are among those that run: only they need a browser.
fn tests_pages(args: &[String]) -> bool {
    !names_packages(args) || args.iter().any(|arg| arg.ends_with(SERVER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_named_package_is_not_overridden_by_the_whole_workspace() {
        assert!(names_packages(&words("-p keyfob-core")));
        assert!(names_packages(&words("--package=keyfob-core")));
        assert!(!names_packages(&words("--test it -- -p")));
        assert!(!names_packages(&[]));
    }

    #[test]
    fn a_browser_is_there_for_the_tests_of_the_server() {
        assert!(tests_pages(&[]));
        assert!(tests_pages(&words("--test it -- d2_")));
        assert!(tests_pages(&words("-p keyfob-core -p keyfob-server")));
        assert!(tests_pages(&words("--package=keyfob-server")));
        assert!(!tests_pages(&words("-p keyfob-core")));
    }

    #[test]
    fn output_that_is_not_unicode_is_passed_on_and_still_summed_up() {
        let output: &[u8] = b"\xff\xfe\ntest result: ok. 2 passed; 0 failed\n";
        let summary = pass_on(output).unwrap();
        assert_eq!(
            summary.faults(Run {
                succeeded: true,
                complete: true
            }),
            [""; 0]
        );
    }
}
