//! `cargo xtask fuzz`: the fuzz targets of `fuzz/`, each for a bounded time.
//!
//! The fuzzer needs flags of the compiler that are not stable. They are taken of the pinned stable
//! compiler by `RUSTC_BOOTSTRAP`, for these programs only; nothing that ships is built so. No sanitizer
//! is used: our code has no `unsafe`, and without one each input costs less.
//!
//! What is found goes to `fuzz/target/found`, and from there to the kept corpus only by `--keep`.

mod cover;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use self::cover::Limits;
use crate::Verdict;
use crate::process::{answer, cargo, root, run};

/// Longer inputs are not made: every form that is read has its bounds below, or is repeated.
const LENGTH_MAX: &str = "-max_len=4096";
/// Seconds that one input may take, by the clock on the wall, which a busy machine may hold up; and MiB
/// that a program may need.
const LIMITS: [&str; 2] = ["-timeout=100", "-rss_limit_mb=2048"];

/// A corpus is for coverage, not for bulk.
const KEPT: Limits = Limits {
    inputs: 20,
    bytes: 2_048,
};

/// Which targets, and how long each runs.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// One target; none means all.
    pub(crate) target: Option<&'a str>,
    /// How many seconds each runs.
    pub(crate) seconds: u32,
}

/// Runs the targets one after the other.
pub(crate) fn fuzz(plan: &Plan<'_>) -> anyhow::Result<Verdict> {
    let targets = prepare(plan.target)?;
    let mut verdict = Verdict::Passed;
    for target in &targets {
        let time = format!("-max_total_time={}", plan.seconds);
        let mut command = cargo_fuzz(["run", target]);
        // The first is where new ones are written.
        for inputs in [
            found(target),
            input("seeds", target),
            input("corpus", target),
        ] {
            command.arg(made(&inputs)?);
        }
        command
            .args(["--", &time, LENGTH_MAX, "-print_final_stats=1"])
            .args(LIMITS);
        if let Err(error) = run(&mut command) {
            println!("cargo xtask fuzz: {target}: {error:#}");
            println!(
                "if an input did it, it is in fuzz/artifacts/{target}; copied to fuzz/seeds/{target} \
                 under a telling name, it makes the tests fail until it is mended"
            );
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Puts what was found into the kept corpus: few inputs that reach much of what the seeds do not.
pub(crate) fn keep(target: Option<&str>) -> anyhow::Result<Verdict> {
    for target in prepare(target)? {
        let (kept, work) = (made(&input("corpus", &target))?, tempfile::tempdir()?);
        let control = work.path().join("control");
        // The merge writes into its first folder, so that is a copy.
        let seeds = made(&work.path().join("seeds"))?;
        copy_files(&input("seeds", &target), &seeds)?;
        let mut command = cargo_fuzz(["run", &target]);
        command.args([&seeds, &kept, &made(&found(&target))?]);
        command.args(["--", "-merge=1", LENGTH_MAX]);
        run(command.arg(format!("-merge_control_file={}", control.display())))?;
        let control = fs::read_to_string(control)?;
        let chosen = cover::choose(&control, KEPT)?;
        let fresh = made(&work.path().join("fresh"))?;
        for path in &chosen {
            let name = Path::new(path).file_name();
            let name = name.context("an input without a name")?;
            fs::copy(root().join(path), fresh.join(name))?;
        }
        fs::remove_dir_all(&kept)?;
        copy_files(&fresh, &made(&kept)?)?;
        println!("fuzz/corpus/{target}: {} inputs", chosen.len());
    }
    Ok(Verdict::Passed)
}

/// Checks that cargo-fuzz is there, builds, and says which targets are meant.
fn prepare(target: Option<&str>) -> anyhow::Result<Vec<String>> {
    let installed = answer(&mut cargo(["fuzz", "--version"])).is_some();
    ensure!(
        installed,
        "cargo-fuzz is missing; install it with `cargo install --locked cargo-fuzz`"
    );
    let all = targets(&folder().join("fuzz_targets"))?;
    let meant = meant(all, target)?;
    // The versions that are fuzzed are those that ship.
    fs::copy(root().join("Cargo.lock"), folder().join("Cargo.lock"))?;
    run(cargo_fuzz(["build"]).args(target))?;
    Ok(meant)
}

fn meant(all: Vec<String>, target: Option<&str>) -> anyhow::Result<Vec<String>> {
    let Some(target) = target else { return Ok(all) };
    ensure!(
        all.iter().any(|known| known == target),
        "there is no target `{target}`; there are: {}",
        all.join(", ")
    );
    Ok(vec![target.to_owned()])
}

/// The names of the programs in a folder.
fn targets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let files = names(folder)?;
    let programs = files.iter().filter_map(|file| file.strip_suffix(".rs"));
    Ok(programs.map(str::to_owned).collect())
}

/// `cargo fuzz` with the flags that hold for each of its commands.
fn cargo_fuzz<const N: usize>(args: [&str; N]) -> Command {
    let mut command = cargo(["fuzz"]);
    // Without `cfg(fuzzing)`: a library must not be another one here than where it ships.
    command
        .args(args.first())
        .args([
            "--fuzz-dir",
            "fuzz",
            "--sanitizer",
            "none",
            "--no-cfg-fuzzing",
        ])
        .args(args.iter().skip(1))
        .env("RUSTC_BOOTSTRAP", "1");
    command
}

fn folder() -> PathBuf {
    root().join("fuzz")
}

fn input(kind: &str, target: &str) -> PathBuf {
    folder().join(kind).join(target)
}

fn found(target: &str) -> PathBuf {
    folder().join("target/found").join(target)
}

fn made(folder: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.to_owned())
}

fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    for name in names(from)? {
        fs::copy(from.join(&name), to.join(&name))?;
    }
    Ok(())
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let names: Result<Vec<_>, _> = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect();
    let mut names = names?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_not_there_is_told_with_those_that_are() {
        let all = targets(&folder().join("fuzz_targets")).unwrap();
        assert_eq!(meant(all.clone(), Some("jws")).unwrap(), ["jws"]);
        assert_eq!(meant(all.clone(), None).unwrap(), all);
        let error = meant(all, Some("jwe")).unwrap_err().to_string();
        assert!(error.starts_with("there is no target `jwe`; there are: authorization, "));
    }

    #[test]
    fn every_target_is_in_the_manifest() {
        let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let programs = manifest["bin"].as_array().unwrap().iter();
        let mut programs: Vec<_> = programs.map(|it| it["name"].as_str().unwrap()).collect();
        programs.sort_unstable();
        assert_eq!(programs, targets(&folder().join("fuzz_targets")).unwrap());
    }

    #[test]
    fn every_command_of_the_fuzzer_has_the_same_flags() {
        let command = cargo_fuzz(["run", "jws"]);
        let shown = crate::process::shown(&command);
        let expected = "cargo fuzz run --fuzz-dir fuzz --sanitizer none --no-cfg-fuzzing jws";
        assert_eq!(shown, expected);
    }
}
