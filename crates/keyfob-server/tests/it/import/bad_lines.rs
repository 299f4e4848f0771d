//! What is bad about a line, and that a bad line leaves nothing of its input.

use super::super::{BASE, OnBad, bad_lines, import, state, try_import};
use super::world;

/// Lines that are good but for the one thing said of each. The base has been imported.
const BAD: &[(&str, &str)] = &[
    (
        "{",
        "not one JSON object: EOF while parsing an object at column 1",
    ),
    (
        "{} {}",
        "not one JSON object: trailing characters at column 4",
    ),
    (
        "[]",
        "`type` must be one of: organization, user, membership, token",
    ),
    (
        r#"{"type":"robot"}"#,
        "`type` must be one of: organization, user, membership, token",
    ),
    (
        r#"{"type":7}"#,
        "`type` must be one of: organization, user, membership, token",
    ),
    (r#"{"type":"organization"}"#, "`name` is missing"),
    (
        r#"{"type":"organization","name":7}"#,
        "`name` must be a text",
    ),
    (
        r#"{"type":"organization","name":"X","colour":"red"}"#,
        "`colour` is not known; known here: id, externalId, name, parent",
    ),
    (
        r#"{"type":"organization","name":"X","name":"Y"}"#,
        "not one JSON object: a name stands twice in one object at column 40",
    ),
    (
        r#"{"type":"organization","name":"  "}"#,
        "`name` is wrong: it is empty",
    ),
    (
        r#"{"type":"organization","name":"X","externalId":""}"#,
        "`externalId` is wrong: it is empty",
    ),
    (
        r#"{"type":"organization","name":"X","id":"x"}"#,
        "`id` must be a UUID in its hyphenated form, and not the nil one",
    ),
    (
        r#"{"type":"organization","name":"X","id":"00000000-0000-0000-0000-000000000000"}"#,
        "`id` must be a UUID in its hyphenated form, and not the nil one",
    ),
    (
        r#"{"type":"organization","name":"X","parent":""}"#,
        "`parent` must be an id, ext: and an external id, or a path of names from the root",
    ),
    (
        r#"{"type":"organization","name":"X","parent":[]}"#,
        "`parent` must be an id, ext: and an external id, or a path of names from the root",
    ),
    (
        r#"{"type":"organization","name":"X","parent":7}"#,
        "`parent` must be a text or a list of names",
    ),
    (
        r#"{"type":"organization","name":"ios","parent":"Acme"}"#,
        "`name` belongs to another organization of the tree",
    ),
    (
        r#"{"type":"organization","name":"acme","parent":"Acme"}"#,
        "`name` belongs to another organization of the tree",
    ),
    (
        r#"{"type":"organization","name":"MOBILE","parent":"Acme"}"#,
        "it exists, and `name` differs",
    ),
    (
        r#"{"type":"user","email":"x","fullName":"X"}"#,
        "`email` is wrong: it is not an e-mail address",
    ),
    (
        r#"{"type":"user","email":"x@acme.example","fullName":""}"#,
        "`fullName` is wrong: it is empty",
    ),
    (
        r#"{"type":"user","email":"ANA@acme.example","fullName":"Ana"}"#,
        "it exists, and `fullName` differs",
    ),
    (
        r#"{"type":"user","id":"01890a5d-ac96-774b-bcce-b302099a8057","email":"ana@acme.example","fullName":"Ana Lima"}"#,
        "`email` belongs to another user",
    ),
    (
        r#"{"type":"user","email":"x@acme.example","fullName":"X","password":"hunter2"}"#,
        "`password` is wrong: a password has at least 8 characters",
    ),
    (
        r#"{"type":"user","email":"x@acme.example","fullName":"X","passwordHash":"hunter2 hunter2"}"#,
        "`passwordHash` is wrong: a password hash is a PHC string of argon2id (at most 1 GiB, 16 passes and 16 lanes), or a bcrypt hash (at most cost 16)",
    ),
    (
        r#"{"type":"user","email":"x@acme.example","fullName":"X","passwordHash":"h","password":"hunter2 h"}"#,
        "give `password` or `passwordHash`, not both",
    ),
    (
        r#"{"type":"membership","user":"Acme","organization":"Acme","roles":[]}"#,
        "`user` must be an id, an e-mail address, or ext: and an external id",
    ),
    (
        r#"{"type":"membership","user":"cy@acme.example","organization":"Acme","roles":[]}"#,
        "`user` is not there, neither here nor in an earlier line",
    ),
    (
        r#"{"type":"membership","user":"ana@acme.example","organization":"Acme/iOS","roles":[]}"#,
        "`organization` is not there, neither here nor in an earlier line",
    ),
    (
        r#"{"type":"membership","user":"bo@acme.example","organization":"Acme"}"#,
        "`roles` is missing",
    ),
    (
        r#"{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":["view-nothing"]}"#,
        "the role catalogue has no role \"view-nothing\"",
    ),
    (
        r#"{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":["a b"]}"#,
        "`roles` must be role keys, at most 200 of them",
    ),
    (
        r#"{"type":"membership","user":"bo@acme.example","organization":"Acme/Mobile","roles":["view-build"]}"#,
        "it exists, and `roles` differs",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_line_says_what_is_wrong_with_it() {
    let world = world().await;
    import(&world, BASE).await;
    let before = state(&world).await;
    for (line, reason) in BAD {
        assert_eq!(
            bad_lines(&world, line).await,
            [format!("line 1: {reason}")],
            "{line}"
        );
    }
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_message() {
    let world = world().await;
    import(&world, BASE).await;
    for (line, _reason) in BAD
        .iter()
        .filter(|(line, _reason)| line.contains("hunter2"))
    {
        let told = format!(
            "{:?}",
            try_import(&world, line, OnBad::KeepNothing).await.unwrap()
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_and_nothing_is_kept() {
    let world = world().await;
    let before = state(&world).await;
    let text =
        format!("{BASE}{{\"type\":\"organization\",\"name\":\"X\",\"parent\":\"Nowhere\"}}\n");
    let summary = try_import(&world, &text, OnBad::KeepNothing).await.unwrap();
    assert!(!summary.is_kept);
    assert_eq!(summary.bad(), 1);
    assert!(
        summary.bad_lines[0]
            .to_string()
            .starts_with("line 9: `parent` is not there")
    );
    assert!(
        summary
            .to_string()
            .contains("organizations: 3 would have been created")
    );
    assert_eq!(state(&world).await, before);
    assert_eq!(world.audit(None).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_too_long_is_bad_and_the_next_is_read() {
    let world = world().await;
    let long = format!(
        "{{\"type\":\"user\",\"fullName\":\"{}\"}}",
        "x".repeat(64 * 1024)
    );
    let text = format!("{long}\n{{\"type\":\"organization\",\"name\":\"Acme\"}}\nx");
    let bad = bad_lines(&world, &text).await;
    assert_eq!(bad[0], "line 1: the line is longer than 64 KiB");
    assert!(bad[1].starts_with("line 3: not one JSON object"));
    assert_eq!(bad.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_has_sixteen_levels() {
    let world = world().await;
    let line = |level: u32| match level {
        1 => "{\"type\":\"organization\",\"externalId\":\"1\",\"name\":\"1\"}\n".to_owned(),
        _ => format!(
            "{{\"type\":\"organization\",\"externalId\":\"{level}\",\"name\":\"{level}\",\"parent\":\"ext:{}\"}}\n",
            level - 1
        ),
    };
    let deep: String = (1..=16).map(line).collect();
    import(&world, &deep).await;
    assert_eq!(
        bad_lines(&world, &line(17)).await,
        ["line 1: a tree has at most 16 levels"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_of_external_ids_and_parents_are_told_together() {
    let world = world().await;
    import(&world, BASE).await;
    let known = r#"{"type":"organization","id":"01890a5d-ac96-774b-bcce-b302099a8057","externalId":"w","name":"Web","parent":"Acme"}"#;
    import(&world, known).await;
    let other = known
        .replace("\"w\"", "\"v\"")
        .replace("\"Acme\"", "\"Acme/Mobile\"")
        .replace("Web", "WEB");
    let bad = bad_lines(&world, &other).await;
    assert_eq!(
        bad,
        ["line 1: it exists, and `name`, `externalId`, `parent` differ"]
    );
    let taken = r#"{"type":"organization","id":"01890a5d-ac96-774b-bcce-b302099a8059","externalId":"w","name":"V"}"#;
    assert_eq!(
        bad_lines(&world, taken).await,
        ["line 1: `externalId` belongs to another organization"]
    );
    // What a line leaves out is not a difference.
    import(&world, &known.replace("\"externalId\":\"w\",", "")).await;
}
