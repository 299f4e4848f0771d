//! The kept corpus, replayed: every input that a fuzz target has learnt from, and every hand-written one.
#![expect(
    clippy::expect_used,
    clippy::tests_outside_test_module,
    reason = "a test binary: it may panic, and has no test module"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use keyfob_properties::for_each_target;

/// Most files and bytes of all that is kept: a corpus is for coverage, not for bulk.
const FILES_MAX: usize = 900;
const BYTES_MAX: usize = 512 * 1024;

macro_rules! replays {
    ($($name:ident)+) => {
        const TARGETS: &[&str] = &[$(stringify!($name)),+];

        mod every_kept_input_holds_for {
            $(#[test]
            fn $name() {
                super::replay(stringify!($name), keyfob_properties::$name::holds);
            })+
        }
    };
}

for_each_target!(replays);

fn replay(name: &str, holds: fn(&[u8])) {
    for kind in ["seeds", "corpus"] {
        let inputs = files(&fuzz().join(kind).join(name));
        assert!(!inputs.is_empty(), "fuzz/{kind}/{name} is empty or missing");
        for path in inputs {
            let input = fs::read(&path).expect("an input can be read");
            let _shown = ShownOnPanic(&path);
            holds(&input);
        }
    }
    holds(b"");
}

/// Says which input it was.
struct ShownOnPanic<'p>(&'p Path);

impl Drop for ShownOnPanic<'_> {
    #[expect(clippy::print_stderr, reason = "a test says what it fails on")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is {}", self.0.display());
        }
    }
}

#[test]
fn every_target_has_a_fuzz_target_and_every_folder_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|name| (*name).to_owned()).collect();
    let programs = names(&fuzz().join("fuzz_targets"));
    let programs: BTreeSet<String> = programs
        .iter()
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(programs, targets);
    for kind in ["seeds", "corpus"] {
        assert_eq!(names(&fuzz().join(kind)), targets, "fuzz/{kind}");
    }
}

#[test]
fn the_corpus_stays_small() {
    let mut inputs = Vec::new();
    for (kind, name) in ["seeds", "corpus"]
        .into_iter()
        .flat_map(|kind| TARGETS.iter().map(move |name| (kind, name)))
    {
        inputs.extend(files(&fuzz().join(kind).join(name)));
    }
    let bytes: usize = inputs
        .iter()
        .map(|path| fs::read(path).expect("an input can be read").len())
        .sum();
    assert!(inputs.len() <= FILES_MAX, "{} files", inputs.len());
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    names(folder).iter().map(|name| folder.join(name)).collect()
}

/// The names in a folder, sorted; none when there is no such folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| {
            let name = entry.expect("a folder can be read").file_name();
            name.to_string_lossy().into_owned()
        })
        .collect()
}
