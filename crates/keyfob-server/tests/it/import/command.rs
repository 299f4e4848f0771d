//! The command as an operator calls it: files, standard input, what is printed, and the exit status.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use keyfob_server::lock::DataDirLock;

use super::BASE;

fn keyfobd(folder: &Path, args: &[&str], input: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyfobd"));
    command
        .args(args)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .env_clear()
        .current_dir(folder);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    if let Some(text) = input {
        stdin.write_all(text.as_bytes()).unwrap();
    }
    drop(stdin);
    running.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_file_is_imported_and_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("acme.jsonl"), BASE).unwrap();
    let first = keyfobd(folder.path(), &["import", "acme.jsonl"], None);
    assert_eq!(text(&first.stderr), "checking: 0 lines\nwriting: 0 lines\n");
    assert!(first.status.success());
    let words = "organizations: 3 created, 0 unchanged, 0 ended here, 0 bad\n\
                 users: 2 created, 0 unchanged, 0 ended here, 0 bad\n\
                 memberships: 2 created, 0 unchanged, 0 ended here, 0 bad\n\
                 tokens: 0 created, 0 unchanged, 0 ended here, 0 bad\n";
    assert_eq!(text(&first.stdout), words);
    // Standard input can be read only once, and its copy does not stay.
    let second = keyfobd(folder.path(), &["import", "-"], Some(BASE));
    assert!(second.status.success());
    assert_eq!(
        text(&second.stdout),
        words
            .replace("3 created, 0", "0 created, 3")
            .replace("2 created, 0", "0 created, 2")
    );
    let left = fs::read_dir(folder.path().join("data")).unwrap();
    let names: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.contains("import")),
        "{names:?}"
    );
}

#[test]
fn bad_lines_are_numbered_and_the_exit_status_tells() {
    let folder = tempfile::tempdir().unwrap();
    let bad = format!("{BASE}{}", "{\"type\":\"user\"}\n".repeat(120));
    let refused = keyfobd(folder.path(), &["import", "-"], Some(&bad));
    assert!(!refused.status.success());
    let told = text(&refused.stderr);
    assert!(told.contains("\nline 9: `email` is missing\n"), "{told}");
    assert!(
        told.contains("\nline 108: ") && !told.contains("line 109: "),
        "{told}"
    );
    assert!(told.ends_with("and 20 more bad lines\nkeyfobd: 120 bad lines, so nothing was kept; --continue keeps the good ones\n"));
    assert!(text(&refused.stdout).contains("organizations: 3 would have been created"));
    let kept = keyfobd(folder.path(), &["import", "-", "--continue"], Some(&bad));
    assert!(!kept.status.success());
    assert!(text(&kept.stderr).ends_with("keyfobd: 120 bad lines were left out\n"));
    assert!(text(&kept.stdout).contains("organizations: 3 created"));
}

#[test]
fn a_running_server_is_to_be_stopped_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let held = DataDirLock::take(&data).unwrap();
    let refused = keyfobd(folder.path(), &["import", "-"], Some(BASE));
    assert!(!refused.status.success());
    assert!(
        text(&refused.stderr).contains("is in use by a running server or import: stop that first")
    );
    drop(held);
    let discarded = keyfobd(folder.path(), &["import", "--discard"], None);
    assert!(discarded.status.success());
    assert_eq!(
        text(&discarded.stdout),
        "nothing of an interrupted import is left\n"
    );
    let missing = keyfobd(folder.path(), &["import", "nowhere.jsonl"], None);
    assert_eq!(
        text(&missing.stderr),
        "keyfobd: nowhere.jsonl cannot be read: No such file or directory (os error 2)\n"
    );
}
