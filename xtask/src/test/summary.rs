//! The sum of `cargo test`'s own `test result:` lines, and what is wrong with it.

use crate::Verdict;

/// What the result lines read so far add up to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    passed: u64,
    failed: u64,
    ignored: u64,
    measured: u64,
    filtered_out: u64,
    failed_runs: u64,
}

/// How `cargo test` was run and how it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Its exit status was success.
    pub(crate) succeeded: bool,
    /// Nothing was asked for in particular, so nothing may have been left out.
    pub(crate) complete: bool,
}

impl Summary {
    /// Reads one line of output; all but result lines count for nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let Some((word, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        self.failed_runs += u64::from(word != "ok");
        for (number, kind) in counts
            .split("; ")
            .filter_map(|count| count.trim().split_once(' '))
        {
            let sum = match kind {
                "passed" => &mut self.passed,
                "failed" => &mut self.failed,
                "ignored" => &mut self.ignored,
                "measured" => &mut self.measured,
                "filtered out" => &mut self.filtered_out,
                _ => continue,
            };
            *sum += number.parse().unwrap_or(0);
        }
    }

    /// Why the run is not good, one sentence each; none if it is.
    ///
    /// A test binary that crashed prints no result line, so cargo's own exit
    /// status counts as well.
    pub(crate) fn faults(&self, run: Run) -> Vec<&'static str> {
        let skipped = run.complete && self.ignored > 0;
        let filtered = run.complete && self.filtered_out > 0;
        [
            (self.failed > 0 || self.failed_runs > 0, "tests failed"),
            (!run.succeeded, "cargo test did not succeed"),
            (self.passed == 0, "no test ran"),
            (
                skipped,
                "tests are ignored; a test that cannot run is a defect",
            ),
            (
                filtered,
                "tests were filtered out although no filter was given",
            ),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
        .collect()
    }

    /// The sum, in the form of one of the lines it was read from.
    pub(crate) fn line(&self, verdict: Verdict) -> String {
        let word = match verdict {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
        };
        format!(
            "test result: {word}. {} passed; {} failed; {} ignored; {} measured; {} filtered out",
            self.passed, self.failed, self.ignored, self.measured, self.filtered_out
        )
    }
}

/// Leaves out what colours text on a terminal: `ESC [ … m`.
fn without_colours(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Run = Run {
        succeeded: true,
        complete: true,
    };

    fn summary(output: &str) -> Summary {
        let mut summary = Summary::default();
        for line in output.lines() {
            summary.read(line);
        }
        summary
    }

    #[test]
    fn results_of_all_binaries_add_up() {
        let sum = summary(
            "running 3 tests\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n",
        );
        assert_eq!(sum.faults(WHOLE), [""; 0]);
        assert_eq!(
            sum.line(Verdict::Passed),
            "test result: ok. 43 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"
        );
    }

    #[test]
    fn one_failed_binary_among_good_ones_fails_the_run() {
        let sum = summary(
            "test result: ok. 3 passed; 0 failed; 0 ignored\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored\n",
        );
        assert_eq!(sum.faults(WHOLE), ["tests failed"]);
        assert_eq!(
            sum.line(Verdict::Failed),
            "test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out"
        );
    }

    #[test]
    fn a_crashed_binary_fails_the_run_though_it_printed_no_result() {
        let sum = summary("test result: ok. 3 passed; 0 failed\n");
        let crashed = Run {
            succeeded: false,
            ..WHOLE
        };
        assert_eq!(sum.faults(crashed), ["cargo test did not succeed"]);
    }

    #[test]
    fn a_run_without_tests_is_not_good() {
        assert_eq!(summary("running 0 tests\n").faults(WHOLE), ["no test ran"]);
    }

    #[test]
    fn an_ignored_or_filtered_test_is_a_fault_only_in_a_whole_run() {
        let sum =
            summary("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out");
        assert_eq!(sum.faults(WHOLE).len(), 2);
        assert_eq!(
            sum.faults(Run {
                complete: false,
                ..WHOLE
            }),
            [""; 0]
        );
    }

    #[test]
    fn a_coloured_result_counts_the_same() {
        let sum = summary("test result: \u{1b}[31mFAILED\u{1b}[m. 2 passed; 1 failed; 0 ignored");
        assert_eq!(sum.faults(WHOLE), ["tests failed"]);
        let sum = summary("test result: \u{1b}[32mok\u{1b}[0m. 2 passed; 0 failed");
        assert_eq!(sum.faults(WHOLE), [""; 0]);
    }
}
