//! `keyfobd user add`: an account, its password by standard input or file and never as an argument.

use super::{Host, PASSWORD};

const ADD_ANA: [&str; 5] = ["user", "add", "ana@acme.example", "--full-name", "Ana Lima"];

/// A short command line with a password file behind it.
fn with_file<'a>(args: &[&'a str], file: &'a str) -> Vec<&'a str> {
    [args, &["--password-file", file]].concat()
}

#[test]
fn a_password_comes_by_standard_input_or_by_file_and_only_its_first_line_counts() {
    let host = Host::embedded();
    let typed = [&ADD_ANA[..], &["--password-stdin"]].concat();
    let id = host
        .run_with(&typed, "from a pipe\r\nnot this\n")
        .printed_id();
    host.write("bo.txt", " spaces count \n");
    let bo = [
        "user",
        "add",
        "bo@acme.example",
        "--full-name",
        "Bo Ek",
        "--external-id",
        "hr-2",
    ];
    host.run(&with_file(&bo, "bo.txt")).printed_id();

    let server = host.serve(&[]);
    let who = server
        .wire
        .signing_in("ana@acme.example", "from a pipe")
        .send();
    assert_eq!(who.outcome(), "201");
    assert_eq!(who.member("userId"), id);
    assert_eq!(who.member("email"), "ana@acme.example");
    assert_eq!(who.member("fullName"), "Ana Lima");
    server
        .wire
        .sign_in_with("bo@acme.example", " spaces count ");
    // By the other two names of a person.
    for (name, email) in [(id.as_str(), "ana"), ("ext:hr-2", "bo")] {
        assert_eq!(
            host.printed(&["user", "suspend", name]),
            format!("{email}@acme.example is suspended: sessions ended, tokens are refused\n")
        );
    }
}

#[test]
fn without_a_password_an_account_is_made_that_nobody_signs_in_to() {
    let host = Host::embedded();
    let done = host.run(&ADD_ANA);
    assert_eq!(done.code, Some(0));
    assert_eq!(
        done.err,
        "Without a password nobody can sign in: keyfobd user set-password ana@acme.example\n"
    );
    let server = host.serve(&[]);
    let empty = server.wire.signing_in("ana@acme.example", "");
    assert_eq!(empty.outcome(), "401 invalid_credentials");
    let advice = [
        "user",
        "set-password",
        "ana@acme.example",
        "--password-stdin",
    ];
    host.run_with(&advice, PASSWORD).printed();
    server.wire.sign_in("ana");
}

#[test]
fn one_address_and_one_external_id_are_one_account() {
    let host = Host::embedded();
    host.person("ana");
    for same in ["ana@acme.example", "Ana@acme.example", "ana@ACME.Example"] {
        let said = host.refusal(&["user", "add", same, "--full-name", "Ana"]);
        let said = said.strip_prefix("there is already a user with ").unwrap();
        assert!(said.eq_ignore_ascii_case(same), "{said}");
    }
    let with_id = |email| {
        [
            "user",
            "add",
            email,
            "--full-name",
            "X",
            "--external-id",
            "hr-1",
        ]
    };
    assert_eq!(host.run(&with_id("x@acme.example")).code, Some(0));
    assert_eq!(
        host.refusal(&with_id("y@acme.example")),
        "there is already a user with that external id"
    );
}

#[test]
fn what_is_no_account_or_no_password_is_refused_and_nothing_is_made() {
    let host = Host::embedded();
    let add = |email, name| host.refusal(&["user", "add", email, "--full-name", name]);
    assert_eq!(add("ana", "Ana"), "\"ana\": it is not an e-mail address");
    assert_eq!(add("ana@acme.example", " "), "the name \" \": it is empty");
    assert!(host.names(".").is_empty(), "not even a data directory");
    for (text, sentence) in [
        ("seven77", "a password has at least 8 characters"),
        ("", "the password is empty"),
        ("\nsecond line", "the password is empty"),
    ] {
        host.write("bad.txt", text);
        assert_eq!(host.refusal(&with_file(&ADD_ANA, "bad.txt")), sentence);
    }
    assert_eq!(
        host.refusal(&with_file(&ADD_ANA, "nowhere.txt")),
        "cannot open nowhere.txt: No such file or directory (os error 2)"
    );
    for command in ["suspend", "reactivate"] {
        assert_eq!(
            host.refusal(&["user", command, "ana@acme.example"]),
            "there is no user \"ana@acme.example\""
        );
    }
}

#[test]
fn explain_says_which_role_gives_a_permission_or_what_is_missing() {
    let host = Host::embedded();
    host.acme();
    host.run(&["org", "add", "Mobile", "--parent", "Acme"]);
    host.run(&["user", "add", "bo@acme.example", "--full-name", "Bo"]);
    let explain = |who, what| ["explain", who, "Acme/Mobile", what];
    let held = host.printed(&explain("ana@acme.example", "build:view"));
    assert_eq!(
        held,
        "ana@acme.example has build:view at Mobile, by:\n  owner at Acme\n"
    );
    let missing = host.printed(&explain("bo@acme.example", "build:view"));
    assert_eq!(
        missing,
        "bo@acme.example does not have build:view at Mobile:\n  no membership there or above\n"
    );
    assert_eq!(
        host.refusal(&explain("bo@acme.example", "build:fly")),
        "there is no permission \"build:fly\": keyfobd roles show prints them"
    );
}
