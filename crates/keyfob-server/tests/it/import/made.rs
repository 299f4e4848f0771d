//! What is made, and how what exists is recognised.

use keyfob_core::event::{CHAIN_START, FeedItem, Record, Via, link};
use keyfob_core::id::OrgId;
use keyfob_core::name::Name;
use keyfob_core::time::Timestamp;
use keyfob_server::app::password::Passwords;
use keyfob_server::import::{Import, Source};
use keyfob_server::throttle;
use keyfob_store::event::AuditRecord;
use keyfob_store::member::member_along;
use keyfob_store::org::{Org, org_find, org_find_by_external, org_roots_named};
use keyfob_store::user::user_find_by_external;
use keyfob_testkit::world::World;

use super::super::{
    BASE, OnBad, bad_lines, counts, import, importing, read, state, try_import, user,
};
use super::world;

const ACME: &str = include_str!("../../../../../examples/acme.jsonl");

async fn root(world: &World, name: &str) -> Org {
    let name = Name::parse(name).unwrap();
    let mut found = org_roots_named(&mut read(world).await, &name)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_people_and_memberships_are_made() {
    let world = world().await;
    let text = r#"
{"type":"organization","id":"01890a5d-ac96-774b-bcce-b302099a8057","externalId":"crm 1","name":" Ürün A.Ş. "}
{"type":"organization","externalId":"crm 2","name":"Işık","parent":"ext:crm 1"}
{"type":"user","id":"01890a5d-ac96-774b-bcce-b302099a8058","externalId":"hr 1","email":"Ana@Bücher.example","fullName":"Ana Lima"}
{"type":"membership","user":"ext:hr 1","organization":"ext:crm 2","roles":["view-build","owner","view-build"]}
"#;
    assert_eq!(
        counts(&import(&world, text).await),
        [[2, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0; 4]]
    );
    let mut tx = read(&world).await;
    let sub = org_find_by_external(&mut tx, "crm 2")
        .await
        .unwrap()
        .unwrap();
    let top = org_find(&mut tx, sub.root).await.unwrap().unwrap();
    assert_eq!(
        (sub.name.as_str(), sub.depth, sub.parent),
        ("Işık", 2, Some(top.id))
    );
    assert_eq!(top.name, "Ürün A.Ş.");
    assert_eq!(top.id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
    let ana = user_find_by_external(&mut tx, "hr 1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ana.email, "Ana@xn--bcher-kva.example");
    assert_eq!(ana.id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8058");
    assert_eq!((ana.email_verified_at, ana.password_hash), (None, None));
    let held = member_along(&mut tx, ana.id, sub.id).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].roles.as_text(), "owner view-build");
    drop(tx);
    let lineage = world.lineage(sub.id).await.unwrap();
    assert_eq!(lineage.downward().collect::<Vec<_>>(), [top.id, sub.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_finds_everything_and_writes_nothing() {
    let world = world().await;
    import(&world, BASE).await;
    let before = state(&world).await;
    let again = import(&world, BASE).await;
    assert_eq!(
        counts(&again),
        [[0, 3, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0], [0; 4]]
    );
    assert_eq!(state(&world).await, before);
    // What is missing is added, at any place in the file.
    let more = BASE.replace(
        "\n{\"type\":\"user\"",
        "\n{\"type\":\"organization\",\"name\":\"Web\",\"parent\":\"Acme\"}\n{\"type\":\"user\"",
    );
    let some = import(&world, &more).await;
    assert_eq!(counts(&some)[0][..2], [1, 4], "the line stands there twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_good_and_repeatable() {
    let world = world().await;
    let first = import(&world, ACME).await;
    assert_eq!(
        counts(&first),
        [[12, 0, 0, 0], [14, 0, 0, 0], [15, 0, 0, 0], [0; 4]]
    );
    let second = import(&world, ACME).await;
    assert_eq!(
        counts(&second),
        [[0, 12, 0, 0], [0, 14, 0, 0], [0, 15, 0, 0], [0; 4]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_found_by_id_external_id_and_both_forms_of_its_path() {
    let world = world().await;
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let text = format!(
        r#"
{{"type":"organization","externalId":"acme","name":"Acme"}}
{{"type":"organization","id":"{id}","name":"Kasse/Bezahlen","parent":"ext:acme"}}
{{"type":"organization","name":"A","parent":"{id}"}}
{{"type":"organization","name":"B","parent":["ACME","kasse/bezahlen"]}}
{{"type":"organization","name":"C","parent":["acme"]}}
{{"type":"organization","name":"D","parent":"Acme/C"}}
"#
    );
    assert_eq!(counts(&import(&world, &text).await)[0], [6, 0, 0, 0]);
    let wrong = r#"{"type":"organization","name":"E","parent":"Acme/Kasse/Bezahlen"}"#;
    assert_eq!(
        bad_lines(&world, wrong).await,
        ["line 1: `parent` is not there, neither here nor in an earlier line"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_fits_two_is_bad() {
    let world = world().await;
    let text = r#"
{"type":"organization","externalId":"1","name":"Twins"}
{"type":"organization","externalId":"2","name":"Twins"}
{"type":"organization","externalId":"3","name":"ext:1"}
"#;
    assert_eq!(counts(&import(&world, text).await)[0], [3, 0, 0, 0]);
    let text = r#"
{"type":"organization","name":"Below","parent":"Twins"}
{"type":"organization","name":"Below","parent":"ext:1"}
{"type":"organization","name":"Below","parent":"ext:2"}
{"type":"organization","name":"Twins"}
"#;
    let told = "fits more than one: give an id or `ext:` and an external id";
    let bad = [
        format!("line 2: `parent` {told}"),
        format!("line 3: `parent` {told}"),
        format!("line 5: `name` {told}"),
    ];
    assert_eq!(bad_lines(&world, text).await, bad);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_refers_only_to_lines_before_it() {
    let world = world().await;
    let mut lines: Vec<&str> = BASE.trim().lines().collect();
    lines.reverse();
    let backwards = lines.join("\n");
    let not_there = "is not there, neither here nor in an earlier line";
    let bad = bad_lines(&world, &backwards).await;
    assert_eq!(bad[0], format!("line 1: `user` {not_there}"));
    assert_eq!(bad[2], format!("line 5: `parent` {not_there}"));
    assert_eq!(bad.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_counts_only_when_the_line_makes_the_user() {
    let world = world().await;
    let bcrypt = bcrypt::hash("battery staple", 4).unwrap();
    let text = format!(
        r#"
{{"type":"user","email":"ana@acme.example","fullName":"Ana","password":"correct horse"}}
{{"type":"user","email":"bo@acme.example","fullName":"Bo","passwordHash":"{bcrypt}"}}
{{"type":"user","email":"cy@acme.example","fullName":"Cy"}}
"#
    );
    import(&world, &text).await;
    let ana = user(&world, "ana@acme.example").await.unwrap();
    let stored = ana.password_hash.clone().unwrap();
    assert!(stored.starts_with("$argon2id$"));
    assert!(fits("correct horse", Some(&stored)).await);
    let bo = user(&world, "bo@acme.example").await.unwrap();
    assert_eq!(bo.password_hash, Some(bcrypt));
    assert_eq!(
        user(&world, "cy@acme.example").await.unwrap().password_hash,
        None
    );
    let other = text
        .replace("correct horse", "battery staple")
        .replace(",\"passwordHash", ",\"password");
    assert_eq!(counts(&import(&world, &other).await)[1], [0, 3, 0, 0]);
    assert_eq!(user(&world, "ana@acme.example").await.unwrap(), ana);
}

async fn fits(password: &str, stored: Option<&str>) -> bool {
    let passwords = Passwords::new();
    let place = passwords.enter(throttle::Source::of(None)).unwrap();
    place.fits(password, stored).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_gives_passwords_to_users_without_one() {
    let world = world().await;
    let passwords = |email: &keyfob_core::name::Email| {
        (email.key() == "ana@acme.example").then(|| "correct horse".to_owned())
    };
    let import = Import {
        passwords: &passwords,
        ..importing(&world)
    };
    import
        .run(&Source::Text(BASE.into()), OnBad::KeepNothing, &mut ())
        .await
        .unwrap();
    let stored = user(&world, "ana@acme.example")
        .await
        .unwrap()
        .password_hash;
    assert!(fits("correct horse", stored.as_deref()).await);
    assert_eq!(
        user(&world, "bo@acme.example").await.unwrap().password_hash,
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_blank_lines_and_other_line_ends_are_taken() {
    let world = world().await;
    let text = format!("\u{feff}{}", BASE.trim().replace('\n', "\r\n \t\r\n\r\n"));
    assert_eq!(
        counts(&import(&world, &text).await)[..2],
        [[3, 0, 0, 0], [2, 0, 0, 0]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_an_audit_chain_that_holds() {
    let world = world().await;
    let before = world.audit(None).await.len();
    import(&world, BASE).await;
    let acme = root(&world, "Acme").await.id;
    let tree = world.audit(Some(acme)).await;
    let instance = world.audit(None).await.split_off(before);
    let actions = |records: &[AuditRecord]| {
        records
            .iter()
            .map(|it| it.action.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(actions(&instance), ["user.added"; 2]);
    assert_eq!(
        actions(&tree),
        [
            "organization.created",
            "organization.created",
            "organization.created",
            "member.added",
            "member.added"
        ]
    );
    assert_eq!(tree[4].detail, "operate-store view-build");
    let run = tree[0].request;
    assert!(run.is_some());
    for record in tree.iter().chain(&instance) {
        assert_eq!(
            (record.via.as_str(), record.request, record.actor),
            ("import", run, None)
        );
    }
    assert_chain(Some(acme), &tree);
    // The chain goes on where a batch ended.
    world.sub(acme, "Later").await;
    import(
        &world,
        r#"{"type":"organization","name":"Last","parent":"Acme"}"#,
    )
    .await;
    let tree = world.audit(Some(acme)).await;
    assert_eq!(tree.len(), 7);
    assert_chain(Some(acme), &tree);
    let nothing: [(i64, FeedItem); 0] = [];
    assert_eq!(
        world.feed_after(0).await,
        nothing,
        "nothing was taken from anybody"
    );
}

/// Computes every link of a chain again.
fn assert_chain(tree: Option<OrgId>, records: &[AuditRecord]) {
    let mut previous = CHAIN_START.to_vec();
    for (seq, record) in (1..).zip(records) {
        let fact = keyfob_core::event::Fact {
            tree,
            action: keyfob_core::event::Action::from_word(&record.action).unwrap(),
            organization: record.organization,
            subject: record.subject,
            detail: record.detail.clone(),
        };
        let again = Record {
            seq,
            at: record.at,
            via: Via::from_word(&record.via).unwrap(),
            actor: record.actor,
            request: record.request,
            fact: &fact,
        };
        assert_eq!((record.seq, &record.previous_hash), (seq, &previous));
        assert_eq!(record.hash, link(&previous, &again));
        previous.clone_from(&record.hash);
    }
    assert!(
        records
            .iter()
            .all(|record| record.at >= Timestamp::from_millis(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bad_is_left_out_when_that_is_wanted() {
    let world = world().await;
    let text = format!(
        "{BASE}{{\"type\":\"user\"}}\nnonsense\n{{\"type\":\"organization\",\"name\":\"Web\",\"parent\":\"Acme\"}}"
    );
    let summary = try_import(&world, &text, OnBad::KeepTheGood).await.unwrap();
    assert!(summary.is_kept);
    assert_eq!((summary.bad(), summary.unreadable), (2, 1));
    assert_eq!(
        counts(&summary),
        [[4, 0, 0, 0], [2, 0, 0, 1], [2, 0, 0, 0], [0; 4]]
    );
    assert_eq!(
        world
            .lineage(root(&world, "Acme").await.id)
            .await
            .unwrap()
            .depth(),
        1
    );
    let web = r#"{"type":"organization","name":"Web","parent":"Acme"}"#;
    assert_eq!(counts(&import(&world, web).await)[0], [0, 1, 0, 0]);
}
