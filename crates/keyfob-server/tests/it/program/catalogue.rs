//! `keyfobd roles`: the catalogue shown, tried, and replaced under a running server.

use super::wire::claims;
use super::{Host, Server};

/// A host with Bo, who holds `view-build`, and an owner.
fn host() -> (Host, String) {
    let host = Host::embedded();
    let acme = host.acme();
    let lines = r#"{"type":"user","email":"bo@acme.example","fullName":"Bo Ek","password":"correct horse"}
{"type":"membership","user":"bo@acme.example","organization":"Acme","roles":["view-build","manage-store"]}
"#;
    assert_eq!(host.run_with(&["import", "-"], lines).code, Some(0));
    (host, acme)
}

/// The catalogue without `view` in `build`, and with `operate` in `signing`.
fn changed(shown: &str) -> String {
    let once = |text: &str, from: &str, to: &str| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    };
    let build = r#"title = "Build"
levels = ["manage", "operate", "view"]"#;
    let signing = r#"title = "Signing Identities"
levels = ["manage", "view"]"#;
    let text = once(shown, build, &build.replace(r#", "view""#, ""));
    once(
        &text,
        signing,
        &signing.replace("\"view", "\"operate\", \"view"),
    )
}

const REPORT: &str = "\
role manage-build: loses build:view
role manage-signing: gains signing:operate
role operate-build: loses build:view
role operate-signing: is new
role owner: gains signing:operate; loses build:view
role view-build: leaves the catalogue and gives nothing
ana@acme.example in Acme: gains signing:operate; loses build:view
bo@acme.example in Acme: loses build:view
";

fn entitlements(server: &Server, pat: &str) -> String {
    claims(&server.wire.jwt(pat))["entitlements"].to_string()
}

#[test]
fn a_dry_run_tells_who_gains_and_loses_and_changes_nothing() {
    let (host, acme) = host();
    let shown = host.printed(&["roles", "show"]);
    host.write("roles.toml", &changed(&shown));
    let server = host.serve(&[]);
    let pat = server.wire.generate(&server.wire.sign_in("bo"), &acme);
    let jwt = server.wire.jwt(&pat);
    let held = entitlements(&server, &pat);
    assert_eq!(
        host.printed(&["roles", "apply", "roles.toml", "--dry-run"]),
        format!("{REPORT}Nothing was changed: this was a dry run.\n")
    );
    assert_eq!(host.printed(&["roles", "show"]), shown);
    assert_eq!(server.wire.with_jwt(&jwt), "200", "no epoch was raised");
    assert_eq!(entitlements(&server, &pat), held);
}

#[test]
fn x9_an_applied_catalogue_counts_at_the_next_exchange_and_ends_the_access_tokens() {
    let (host, acme) = host();
    host.write("roles.toml", &changed(&host.printed(&["roles", "show"])));
    let server = host.serve(&[]);
    let pat = server.wire.generate(&server.wire.sign_in("bo"), &acme);
    let jwt = server.wire.jwt(&pat);
    assert_eq!(
        entitlements(&server, &pat),
        r#"["build:view","store:external-operate","store:manage","store:operate","store:view"]"#
    );
    let apply = ["roles", "apply", "roles.toml"];
    assert_eq!(
        host.printed(&apply),
        format!(
            "{REPORT}Version 2 is in force. Access tokens made before are dead; programs exchange again.\n"
        )
    );
    assert_eq!(
        entitlements(&server, &pat),
        r#"["store:external-operate","store:manage","store:operate","store:view"]"#
    );
    assert_eq!(server.wire.with_jwt(&jwt), "401 invalid_token");
    let shown = host.printed(&["roles", "show"]);
    assert!(shown.starts_with("# role catalogue, version 2\n"));
    host.write("shown.toml", &shown);
    let same = "Nothing changes: this catalogue is in force, as version 2.\n";
    assert_eq!(host.printed(&apply), same);
    assert_eq!(host.printed(&["roles", "apply", "shown.toml"]), same);
}

#[test]
fn what_is_no_catalogue_is_not_applied() {
    let (host, _acme) = host();
    let shown = host.printed(&["roles", "show"]);
    let apply = ["roles", "apply", "roles.toml"];
    host.write("roles.toml", &shown.replace("\"operate\"", "\"run\""));
    assert_eq!(
        host.refusal(&apply),
        "roles.toml was not applied: the module \"build\" has the level \"run\": levels are manage, \
         operate, external-operate and view"
    );
    host.write("roles.toml", "[[module]]\nname = \"x\"\n");
    let said = host.refusal(&apply);
    assert!(
        said.starts_with("roles.toml was not applied: not a role catalogue: "),
        "{said}"
    );
    assert_eq!(
        host.refusal(&["roles", "apply", "nowhere.toml"]),
        "nowhere.toml cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!(host.printed(&["roles", "show"]), shown);
}
