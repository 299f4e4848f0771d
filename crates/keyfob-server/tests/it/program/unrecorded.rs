//! Issue 5, 8: if the record cannot be written, what the operator commands does not happen.

use super::super::{Host, only_owner};
use super::host;
use crate::unrecorded::{Engine, refuse_records};

/// Every command that changes something, with what it reads.
const COMMANDS: [(&[&str], &str); 15] = [
    (&["user", "add", "bo@acme.example", "--full-name", "Bo"], ""),
    (&["user", "suspend", "ana@acme.example"], ""),
    (&["user", "reactivate", "cem@acme.example"], ""),
    (&["user", "erase", "cem@acme.example", "--yes"], ""),
    (
        &[
            "user",
            "set-password",
            "ana@acme.example",
            "--password-stdin",
        ],
        "four words and a half",
    ),
    (&["org", "add", "Globex", "--owner", "ana@acme.example"], ""),
    (&["org", "add", "Mobile", "--parent", "Acme"], ""),
    (&["roles", "apply", "roles.toml"], ""),
    (&["keys", "rotate"], ""),
    (&["keys", "rotate", "--emergency"], ""),
    (&["keys", "rotate", "--pepper"], ""),
    (&["keys", "rewrap", "--new-root-key-file", "new.key"], ""),
    (&["audit", "checkpoint"], ""),
    (&["audit", "key"], ""),
    (
        &["import", "-"],
        r#"{"type":"user","email":"bo@acme.example","fullName":"Bo Ek"}"#,
    ),
];

fn refuse(host: &Host) {
    let engine = match host.database {
        None => Engine::Sqlite,
        Some(_) => Engine::Postgres,
    };
    host.with_store(async |store| refuse_records(&store, engine).await);
}

/// Ana owns Acme, Cem is suspended, and there is another catalogue and another root key.
fn full() -> Host {
    let host = host();
    host.acme();
    host.person("cem");
    host.printed(&["user", "suspend", "cem@acme.example"]);
    let shown = host.printed(&["roles", "show"]);
    let without_view = r#"levels = ["manage", "operate"]"#;
    let all = r#"levels = ["manage", "operate", "view"]"#;
    host.write("roles.toml", &shown.replacen(all, without_view, 1));
    let key = data_encoding::BASE64.encode(&[7; 32]);
    host.write("new.key", &format!("{key}\n"));
    only_owner(&host.path("new.key"));
    host
}

#[test]
fn a_command_whose_record_cannot_be_written_changes_nothing() {
    let host = full();
    refuse(&host);
    let mut before = host.dump();
    for (args, input) in COMMANDS {
        let done = host.run_with(args, input);
        assert_eq!(done.code, Some(1), "{args:?}: {} {}", done.out, done.err);
        assert_eq!(done.out, "", "{args:?}");
        let mut after = host.dump();
        if args[0] == "import" {
            // That somebody tried is kept, so that the next run finds out; nothing that it brought is.
            for dump in [&mut before, &mut after] {
                dump.remove("import_run");
                dump.remove("instance");
            }
        }
        assert_eq!(after, before, "{args:?}");
    }
}

#[test]
fn each_of_these_commands_changes_something_when_its_record_can_be_written() {
    for (args, input) in COMMANDS {
        let host = full();
        let before = host.dump();
        let done = host.run_with(args, input);
        assert_eq!(done.code, Some(0), "{args:?}: {} {}", done.out, done.err);
        assert_ne!(
            host.dump()["audit_record"],
            before["audit_record"],
            "{args:?}"
        );
    }
}
