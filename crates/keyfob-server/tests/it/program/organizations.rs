//! `keyfobd org add`: roots with an owner, and what lies below them.

use super::Host;

fn add<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["org", "add"], args].concat()
}

#[test]
fn a_root_has_an_owner_and_a_sub_organization_is_found_by_path_or_id() {
    let host = Host::embedded();
    let acme = host.acme();
    let mobile = host.run(&add(&["Mobile", "--parent", "acme"])).printed_id();
    let ios = host
        .run(&add(&["iOS", "--parent", "Acme/MOBILE"]))
        .printed_id();
    let web = host.run(&add(&[" Web ", "--parent", &acme])).printed_id();

    let server = host.serve(&[]);
    let list = server.wire.get("/identity/v1/organizations");
    let listed = list
        .header("cookie", &server.wire.sign_in("ana"))
        .send()
        .json();
    let mut seen: Vec<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                &it["name"],
                &it["id"],
                &it["parentOrganizationId"],
                &it["membership"],
            )
        })
        .map(|it| serde_json::to_string(&it).unwrap())
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            format!(r#"["Acme","{acme}",null,"Member"]"#),
            format!(r#"["Mobile","{mobile}","{acme}","Inherited"]"#),
            format!(r#"["Web","{web}","{acme}","Inherited"]"#),
            format!(r#"["iOS","{ios}","{mobile}","Inherited"]"#),
        ]
    );
    assert_eq!(
        host.refusal(&add(&["Globex"])),
        "a root organization has an owner: add --owner EMAIL"
    );
    assert_eq!(
        host.refusal(&add(&["Globex", "--owner", "nobody@acme.example"])),
        "there is no user \"nobody@acme.example\""
    );
}

#[test]
fn a_name_is_taken_in_the_whole_tree_in_any_case_and_in_no_other_tree() {
    let host = Host::embedded();
    host.acme();
    host.run(&add(&["Işık", "--parent", "Acme"])).printed_id();
    for taken in ["IŞIK", "ışık", "işik", "ACME"] {
        assert_eq!(
            host.refusal(&add(&[taken, "--parent", "Acme/Işık"])),
            format!("\"{taken}\" is already in this tree; capital letters make no difference")
        );
    }
    host.run(&add(&["Işık", "--owner", "ana@acme.example"]))
        .printed_id();
    host.run(&add(&["ACME", "--owner", "ana@acme.example"]))
        .printed_id();
    assert_eq!(
        host.refusal(&add(&["X", "--parent", "Acme"])),
        "\"Acme\" names 2 organizations: use an id"
    );
}

#[test]
fn a_parent_that_is_not_there_is_told() {
    let host = Host::embedded();
    host.acme();
    let unknown = "00000000-0000-7000-8000-000000000000";
    for parent in ["Nowhere", "Acme/Nowhere", "Acme/Acme", "ext:crm-1", unknown] {
        assert_eq!(
            host.refusal(&add(&["X", "--parent", parent])),
            format!("there is no organization \"{parent}\"")
        );
    }
    assert_eq!(
        host.refusal(&add(&["X", "--parent", "Acme/"])),
        "\"Acme/\" names no organization: it is empty"
    );
    assert_eq!(
        host.refusal(&add(&["a\u{202e}b", "--parent", "Acme"])),
        "the name \"a\u{202e}b\": it holds a control, invisible, direction-changing or unassigned character"
    );
}

#[test]
fn sixteen_levels_and_no_more() {
    let host = Host::embedded();
    let mut parent = host.acme();
    for depth in 2..=16 {
        let name = format!("Level {depth}");
        parent = host.run(&add(&[&name, "--parent", &parent])).printed_id();
    }
    let said = host.refusal(&add(&["Level 17", "--parent", &parent]));
    assert_eq!(said, "a tree has at most 16 levels");
}
