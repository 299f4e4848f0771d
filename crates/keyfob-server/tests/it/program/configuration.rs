//! `keyfobd config` and `docs`, and configurations that are refused before anything is made.

use super::Host;

const DEFAULTS: &str = include_str!("../../../src/config.default.toml");

#[test]
fn the_defaults_are_a_configuration_file_that_changes_nothing() {
    let host = Host::embedded();
    let defaults = host.printed(&["config", "defaults"]);
    assert_eq!(defaults, DEFAULTS);
    host.write("keyfob.toml", &defaults);
    let without = host.printed(&["config", "check"]);
    insta::assert_snapshot!(without, @r"
    It listens on 127.0.0.1:8787.
    It speaks HTTP: TLS is the business of a proxy in front.
    No public URL is set: the issuer of access tokens is the address it listens on, and only programs on this machine reach it.
    The address of a client is the one that its connection comes from.
    There may be 2048 connections at once, 256 of one client.
    Metrics are at http://127.0.0.1:8788/metrics, or at the next free port.
    The database is the embedded one, in ./keyfob-data.
    The root key is in ./keyfob-data, made at first use.
    Personal API tokens begin with kfpat_.
    A member can have 10 tokens in one organization.
    The expiry of a token is not required; by default none, without a limit.
    A rotated token lives on for 1 day, or as chosen: at most 7 days.
    Root organizations are made by the operator.
    Making a credential needs a sign-in within the last 15 minutes.
    A session ends after 30 minutes without use, and after 12 hours at the latest.
    A key signs access tokens for 90 days.
    An address can be refused 60 exchanges in a minute, and 10 sign-ins to one account in 15 minutes.
    An access token for default (audience: the issuer) lives for 1 hour and is signed with ES256.
    The dashboard is called Keyfob.
    No mail is sent: invitations are links to pass on.
    Log events (info) go to standard error as text.
    ");
    // Named in a file it is the operator's own word, and no other port is taken for it.
    let with = host.printed(&["config", "check", "--config", "keyfob.toml"]);
    assert_eq!(with, without.replace(", or at the next free port", ""));
    assert_eq!(host.names("."), ["keyfob.toml"], "a check makes nothing");
}

#[test]
fn the_later_layer_wins_and_no_password_is_shown() {
    let mut host = Host::embedded();
    host.write(
        "keyfob.toml",
        "[policy]\npat_limit = 3\nsession_idle = \"10m\"\n[log]\nfilter = \"warn\"\n",
    );
    host.set("KEYFOB__POLICY__PAT_LIMIT", "4");
    host.set(
        "KEYFOB__DATABASE__URL",
        "postgres://me:hunter2@db:5432/keyfob",
    );
    let said = host.printed(&[
        "config",
        "check",
        "--config",
        "keyfob.toml",
        "--root-key-file",
        "k",
    ]);
    for sentence in [
        "A member can have 4 tokens in one organization.",
        "A session ends after 10 minutes without use, and after 12 hours at the latest.",
        "The database is PostgreSQL at postgres://me:…@db:5432/keyfob; other local files are in ./keyfob-data.",
        "The root key is read from k.",
        "Log events (warn) go to standard error as text.",
    ] {
        assert!(
            said.lines().any(|line| line == sentence),
            "{sentence} in {said}"
        );
    }
    assert!(!said.contains("hunter2"));
    host.set("KEYFOB__DATABASE__URL", "embedded");
    let flag = host.printed(&["config", "check", "--database", "postgres://db/other"]);
    assert!(
        flag.contains("The database is PostgreSQL at postgres://db/other; "),
        "{flag}"
    );
}

#[test]
fn a_key_or_value_that_nobody_knows_is_refused_where_it_was_set() {
    let mut host = Host::embedded();
    host.write("bad.toml", "[policy]\npat_limits = 3\n");
    let file = ["config", "check", "--config", "bad.toml"];
    assert_eq!(
        host.refusal(&file),
        "policy.pat_limits (from bad.toml): not known; known here: pat_limit, pat_expiry_default, \
         pat_expiry_max, pat_expiry_required, pat_rotation_overlap, pat_rotation_overlap_max, \
         reauthentication, session_idle, session_max, key_rotation, root_organizations, \
         exchange_failures, sign_in_failures"
    );
    host.write("bad.toml", "[policy]\npat_limit = 0\n");
    let said = host.refusal(&file);
    assert!(
        said.starts_with("policy.pat_limit (from bad.toml): "),
        "{said}"
    );
    let nowhere = ["serve", "--config", "nowhere.toml"];
    assert_eq!(
        host.refusal(&nowhere),
        "the configuration file nowhere.toml cannot be read: No such file or directory (os error 2)"
    );
    host.set("KEYFOB__LOGS__FILTER", "info");
    let said = host.refusal(&["serve"]);
    assert!(
        said.starts_with("logs (from KEYFOB__LOGS__FILTER): not known; known here: "),
        "{said}"
    );
    // Two work beside a configuration that is broken.
    assert_eq!(host.printed(&["config", "defaults"]), DEFAULTS);
    host.printed(&["docs", "."]);
}

#[test]
fn an_unknown_kind_of_database_is_refused_and_no_file_is_made() {
    let host = Host::embedded();
    let sentence = "database.url (from --database): write postgres://… or \"embedded\"";
    for url in [
        "mysql://me@db/keyfob",
        "keyfob.db",
        "sqlite:keyfob.db",
        "",
        "POSTGRES://db/k",
    ] {
        for command in [
            &["migrate"][..],
            &["serve"],
            &["import", "-"],
            &["roles", "show"],
        ] {
            let args = [command, &["--database", url]].concat();
            assert_eq!(host.refusal(&args), sentence, "{url}");
        }
    }
    assert!(host.names(".").is_empty());
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let host = Host::embedded();
    for url in [
        "postgres://me:hunter2@db/keyfob",
        "postgres://me@db/keyfob?password=hunter2",
    ] {
        assert_eq!(
            host.refusal(&["migrate", "--database", url]),
            "database.url (from --database): every user of this machine can read a password on the command \
             line; put it into KEYFOB__DATABASE__PASSWORD, the configuration file or database.password_file"
        );
    }
    assert!(host.names(".").is_empty());
}

#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let mut host = Host::embedded();
    // A port that was free a moment ago, and that nobody else is given so soon.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    host.set("KEYFOB__DATABASE__PASSWORD", "hunter2");
    let url = format!("postgres://me@{address}/keyfob");
    let said = host.refusal(&["migrate", "--database", &url, "--root-key-file", "k"]);
    assert_eq!(
        said,
        "the database cannot be opened: the database is unavailable: error connecting to server: Connection \
         refused (os error 111)"
    );
}

#[test]
fn the_committed_documents_are_what_the_program_writes() {
    let host = Host::embedded();
    assert_eq!(host.printed(&["docs", "."]), "");
    assert_eq!(
        host.names("."),
        ["configuration.md", "errors.md", "openapi.json"]
    );
    for (name, committed) in [
        ("errors.md", include_str!("../../../../../docs/errors.md")),
        (
            "configuration.md",
            include_str!("../../../../../docs/configuration.md"),
        ),
        (
            "openapi.json",
            include_str!("../../../../../docs/openapi.json"),
        ),
    ] {
        let written = std::fs::read_to_string(host.path(name)).unwrap();
        assert_eq!(written, committed, "{name}: run `cargo xtask docs`");
    }
}

#[test]
fn a_wrong_command_line_ends_with_status_2_and_makes_nothing() {
    let host = Host::embedded();
    for args in [
        &["serve", "--json"][..],
        &["import"],
        &["user", "add"],
        &["nonsense"],
        &[],
    ] {
        let done = host.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(done.err.contains("Usage: keyfobd"), "{}", done.err);
    }
    let version = host.printed(&["--version"]);
    assert_eq!(version, format!("keyfobd {}\n", env!("CARGO_PKG_VERSION")));
    assert!(host.names(".").is_empty());
}
