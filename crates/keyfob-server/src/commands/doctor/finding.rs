//! What was found: a line for each check, for people or as JSON.

use std::fmt::Write as _;

use anyhow::{Error, Result};
use serde::Serialize;

/// How well a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// It works, and will not always.
    Warning,
    /// It does not work.
    Problem,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One line.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    status: Status,
    /// What was found, and what to do.
    says: String,
}

/// All that was found, in the order in which it was looked at.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

#[derive(Serialize)]
struct Whole<'a> {
    problems: usize,
    warnings: usize,
    checks: &'a [Finding],
}

impl Report {
    pub(super) fn ok(&mut self, check: &'static str, says: impl Into<String>) {
        self.add(check, Status::Ok, says.into());
    }

    pub(super) fn warning(&mut self, check: &'static str, says: impl Into<String>) {
        self.add(check, Status::Warning, says.into());
    }

    /// An error with its causes, on one line.
    pub(super) fn problem(&mut self, check: &'static str, error: &Error) {
        self.add(
            check,
            Status::Problem,
            format!("{error:#}").replace('\n', "; "),
        );
    }

    /// Nothing to say when it fits, the sentence when it does not.
    pub(super) fn outcome<E: Into<Error>>(
        &mut self,
        check: &'static str,
        outcome: Result<String, E>,
    ) {
        match outcome {
            Ok(says) => self.ok(check, says),
            Err(error) => self.problem(check, &error.into()),
        }
    }

    fn add(&mut self, check: &'static str, status: Status, says: String) {
        self.0.push(Finding {
            check,
            status,
            says,
        });
    }

    pub(super) fn problems(&self) -> usize {
        self.count(Status::Problem)
    }

    fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|found| found.status == status).count()
    }

    /// A line for each check.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Finding {
            check,
            status,
            says,
        } in &self.0
        {
            // Writing to a string cannot fail.
            writeln!(text, "{:<8} {check}: {says}", status.word()).unwrap_or_default();
        }
        text
    }

    /// One JSON object.
    pub(super) fn json(&self) -> Result<String> {
        let whole = Whole {
            problems: self.problems(),
            warnings: self.count(Status::Warning),
            checks: &self.0,
        };
        Ok(serde_json::to_string(&whole)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_report_is_lines_or_one_object() {
        let mut report = Report::default();
        report.ok("one", "well");
        report.warning("two", "not for long");
        report.problem("three", &anyhow!("a cause\nof two lines").context("ill"));
        assert_eq!(
            report.text(),
            "ok       one: well\nwarning  two: not for long\nproblem  three: ill: a cause; of two lines\n"
        );
        assert_eq!(
            report.json().expect("JSON"),
            r#"{"problems":1,"warnings":1,"checks":[{"check":"one","status":"ok","says":"well"},"#
                .to_owned()
                + r#"{"check":"two","status":"warning","says":"not for long"},"#
                + r#"{"check":"three","status":"problem","says":"ill: a cause; of two lines"}]}"#
                + "\n"
        );
    }
}
