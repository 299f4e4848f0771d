//! Contract 5: who belongs to an organization, who changes it, and what follows.

use keyfob_core::id::{OrgId, UserId};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Answer, Ask};
use crate::site::{Site, words};

/// A member's address in the API.
fn member(organization: OrgId, user: UserId) -> String {
    format!("/identity/v1/organizations/{organization}/users/{user}")
}

fn setting(site: &Site, cookie: &str, organization: OrgId, user: UserId, roles: &[&str]) -> Ask {
    let target = format!("{}/roles", member(organization, user));
    let body = json!({ "roles": roles }).to_string();
    site.ask("PUT", &target).cookie(cookie).json(&body)
}

fn suspending(site: &Site, cookie: &str, organization: OrgId, user: UserId, body: &str) -> Ask {
    let target = member(organization, user);
    site.ask("PATCH", &target).cookie(cookie).json(body)
}

/// The direct roles and the inherited ones, by spaces.
fn roles(answer: &Answer) -> [String; 2] {
    let roles = answer.json();
    [words(&roles["roles"]), words(&roles["inheritedRoles"])].map(|text| text.trim().to_owned())
}

/// What was written about members, in order.
async fn audited(site: &Site) -> Vec<String> {
    let records = site.world.audit(Some(site.acme)).await;
    let records = records.into_iter().filter(|it| it.request.is_some());
    records
        .filter(|record| record.action.starts_with("member."))
        .map(|record| format!("{} via {}", record.action, record.via))
        .collect()
}

#[tokio::test]
async fn direct_members_and_inherited_ones_are_listed_by_name() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let target = format!("/identity/v1/organizations/{}/users", site.mobile);
    let listed = site.get(&target).cookie(&bo).send().await.json();
    let said = |one: &Value| {
        format!(
            "{} {} {}",
            one["username"].as_str().unwrap(),
            one["membership"].as_str().unwrap(),
            one["suspended"]
        )
    };
    let listed: Vec<String> = listed.as_array().unwrap().iter().map(said).collect();
    assert_eq!(
        listed,
        [
            "ana@acme.example Inherited false",
            "bo@acme.example Member false",
            "cem@acme.example Inherited false",
        ]
    );
}

#[tokio::test]
async fn a_program_sees_members_only_with_the_permission_to() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{}/users", site.acme);
    for (ceiling, wanted) in [
        (r#"["build:view"]"#, "403 forbidden"),
        (r#"["organization:view"]"#, "200"),
    ] {
        let body = format!(r#"{{"ceiling":{ceiling}}}"#);
        let pat = site.generate(&ana, site.acme, &body).await;
        let jwt = site.jwt(&pat, site.acme).await;
        assert_eq!(
            site.get(&target).bearer(&jwt).outcome().await,
            wanted,
            "{ceiling}"
        );
        let of_ana = format!("{}/roles", member(site.acme, site.ana));
        assert_eq!(
            site.get(&of_ana).bearer(&jwt).outcome().await,
            wanted,
            "{ceiling}"
        );
    }
}

#[tokio::test]
async fn roles_are_replaced_and_the_inherited_ones_are_told_apart() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    site.world
        .member(site.cem, site.mobile, &["view-build"])
        .await;
    let ask = setting(
        &site,
        &ana,
        site.mobile,
        site.cem,
        &["view-store", "manage-build"],
    );
    let answer = ask.send().await;
    let wanted = ["manage-build view-store", "manage-organization"].map(str::to_owned);
    assert_eq!(roles(&answer), wanted);
    let target = format!("{}/roles", member(site.mobile, site.cem));
    let read = site.get(&target).cookie(&ana).send().await;
    assert_eq!(roles(&read), wanted);
    assert_eq!(audited(&site).await, ["member.roles_changed via session"]);
    // The same once more changes nothing.
    let again = setting(
        &site,
        &ana,
        site.mobile,
        site.cem,
        &["manage-build", "view-store"],
    );
    assert_eq!(again.outcome().await, "200");
    assert_eq!(audited(&site).await.len(), 1);
}

#[tokio::test]
async fn nobody_grants_more_than_they_hold_and_the_message_names_what_is_missing() {
    let site = Site::on(super::backend().await).await;
    let cem = site.sign_in("cem").await;
    let granted = setting(
        &site,
        &cem,
        site.mobile,
        site.bo,
        &["operate-build", "view-organization"],
    );
    assert_eq!(
        granted.outcome().await,
        "200",
        "what was there, and what he holds"
    );
    let more = setting(
        &site,
        &cem,
        site.mobile,
        site.bo,
        &["operate-build", "manage-signing"],
    );
    let refused = more.send().await;
    assert_eq!(refused.outcome(), "403 forbidden");
    assert_eq!(
        refused.message(),
        "Nobody grants more than they hold here, and manage-signing gives signing:manage, signing:view."
    );
    let himself = setting(
        &site,
        &cem,
        site.acme,
        site.cem,
        &["manage-organization", "view-build"],
    );
    assert_eq!(himself.outcome().await, "403 forbidden", "nor to oneself");
    let unknown = setting(&site, &cem, site.mobile, site.bo, &["view-nothing"]);
    assert_eq!(unknown.outcome().await, "400 invalid_request");
    let no_key = setting(&site, &cem, site.mobile, site.bo, &["View Build"]);
    assert_eq!(no_key.outcome().await, "400 invalid_request");
}

#[tokio::test]
async fn a_program_manages_people_within_its_ceiling_and_never_an_owner() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let body = r#"{"ceiling":["organization:manage","organization:view","build:view"]}"#;
    let pat = site.generate(&ana, site.acme, body).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let setting = |user: UserId, organization: OrgId, roles: &[&str]| {
        let target = format!("{}/roles", member(organization, user));
        let body = json!({ "roles": roles }).to_string();
        site.ask("PUT", &target).bearer(&jwt).json(&body)
    };
    for (user, at, roles, wanted) in [
        (site.bo, site.mobile, &["view-build"][..], "200"),
        (
            site.bo,
            site.mobile,
            &["operate-build"][..],
            "403 forbidden",
        ),
        (site.cem, site.acme, &["owner"][..], "403 forbidden"),
        (
            site.ana,
            site.acme,
            &["owner", "view-build"][..],
            "403 forbidden",
        ),
    ] {
        assert_eq!(
            setting(user, at, roles).outcome().await,
            wanted,
            "{roles:?}"
        );
    }
    let own = site.delete(&member(site.acme, site.ana)).bearer(&jwt);
    assert_eq!(own.outcome().await, "403 session_required");
    let other = site.delete(&member(site.mobile, site.bo)).bearer(&jwt);
    assert_eq!(other.outcome().await, "204");
    assert_eq!(
        audited(&site).await,
        ["member.roles_changed via token", "member.removed via token"]
    );
}

#[tokio::test]
async fn only_an_owner_grants_changes_or_ends_owner() {
    let site = Site::on(super::backend().await).await;
    let (ana, cem) = (site.sign_in("ana").await, site.sign_in("cem").await);
    let refused = "403 forbidden";
    let grant = setting(&site, &cem, site.mobile, site.bo, &["owner"]);
    assert_eq!(grant.outcome().await, refused);
    let change = setting(
        &site,
        &cem,
        site.acme,
        site.ana,
        &["owner", "view-organization"],
    );
    assert_eq!(change.outcome().await, refused);
    let end = site.delete(&member(site.acme, site.ana)).cookie(&cem);
    assert_eq!(end.outcome().await, refused);
    let suspend = suspending(&site, &cem, site.acme, site.ana, r#"{"suspended":true}"#);
    assert_eq!(suspend.outcome().await, refused);
    assert_eq!(
        setting(&site, &ana, site.acme, site.cem, &["owner"])
            .outcome()
            .await,
        "200"
    );
    assert_eq!(
        site.delete(&member(site.acme, site.ana))
            .cookie(&cem)
            .outcome()
            .await,
        "204",
        "an owner now"
    );
}

#[tokio::test]
async fn the_last_owner_stays() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let last = "409 last_owner";
    assert_eq!(
        setting(&site, &ana, site.acme, site.ana, &[])
            .outcome()
            .await,
        last
    );
    let own = member(site.acme, site.ana);
    assert_eq!(site.delete(&own).cookie(&ana).outcome().await, last);
    let suspend = suspending(&site, &ana, site.acme, site.ana, r#"{"suspended":true}"#);
    assert_eq!(suspend.outcome().await, last);
    // A suspended owner, and one of an organization below, are none.
    assert_eq!(
        setting(&site, &ana, site.acme, site.cem, &["owner"])
            .outcome()
            .await,
        "200"
    );
    let suspend = suspending(&site, &ana, site.acme, site.cem, r#"{"suspended":true}"#);
    assert_eq!(suspend.outcome().await, "204");
    assert_eq!(
        setting(&site, &ana, site.mobile, site.bo, &["owner"])
            .outcome()
            .await,
        "200"
    );
    assert_eq!(site.delete(&own).cookie(&ana).outcome().await, last);
    let back = suspending(&site, &ana, site.acme, site.cem, r#"{"suspended":false}"#);
    assert_eq!(back.outcome().await, "204");
    assert_eq!(site.delete(&own).cookie(&ana).outcome().await, "204");
    // Below, the owner above is enough.
    let bo = site.sign_in("bo").await;
    assert_eq!(
        setting(&site, &bo, site.mobile, site.bo, &[])
            .outcome()
            .await,
        "200"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_owners_who_demote_each_other_at_once_exactly_one_wins() {
    for _round in 0..4 {
        let site = Site::on(super::backend().await).await;
        let ana = site.sign_in("ana").await;
        let made = setting(&site, &ana, site.acme, site.cem, &["owner"]);
        assert_eq!(made.outcome().await, "200");
        let (cem, other) = (site.sign_in("cem").await, site.another_node().await);
        let rivals = [
            setting(&site, &ana, site.acme, site.cem, &["view-build"]),
            setting(&site, &cem, site.acme, site.ana, &["view-build"]).at(&other),
        ];
        let mut rivals: JoinSet<String> = rivals.into_iter().map(Ask::outcome).collect();
        let mut outcomes = Vec::new();
        while let Some(outcome) = rivals.join_next().await {
            outcomes.push(outcome.unwrap());
        }
        outcomes.sort();
        assert_eq!(outcomes, ["200", "403 forbidden"]);
    }
}

#[tokio::test]
async fn p9_who_is_removed_loses_their_tokens_and_who_is_suspended_until_they_are_back() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.pat("bo", site.mobile).await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let organizations = "/identity/v1/organizations";
    assert_eq!(site.get(organizations).bearer(&jwt).outcome().await, "200");
    let suspended = suspending(&site, &ana, site.mobile, site.bo, r#"{"suspended":true}"#);
    assert_eq!(suspended.outcome().await, "204");
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    let dead = "401 invalid_token";
    assert_eq!(site.get(organizations).bearer(&jwt).outcome().await, dead);
    let back = suspending(&site, &ana, site.mobile, site.bo, r#"{"suspended":false}"#);
    assert_eq!(back.outcome().await, "204");
    assert_eq!(site.door(&pat).await, "200");
    assert_eq!(
        site.get(organizations).bearer(&jwt).outcome().await,
        dead,
        "what was made before stays dead"
    );
    let removed = site.delete(&member(site.mobile, site.bo)).cookie(&ana);
    assert_eq!(removed.outcome().await, "204");
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    let again = site.delete(&member(site.mobile, site.bo)).cookie(&ana);
    assert_eq!(again.outcome().await, "404 not_found");
}

#[tokio::test]
async fn a_member_leaves_without_any_right_and_nobody_else_ends_it() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let own = member(site.mobile, site.bo);
    let others = site.delete(&member(site.mobile, site.ana)).cookie(&bo);
    assert_eq!(others.outcome().await, "403 forbidden");
    assert_eq!(site.delete(&own).cookie(&bo).outcome().await, "204");
    assert_eq!(
        site.delete(&own).cookie(&bo).outcome().await,
        "404 not_found"
    );
    assert_eq!(audited(&site).await, ["member.removed via session"]);
}

#[tokio::test]
async fn who_let_somebody_in_again_must_hold_what_they_get() {
    let site = Site::on(super::backend().await).await;
    let (ana, cem) = (site.sign_in("ana").await, site.sign_in("cem").await);
    let out = suspending(&site, &cem, site.mobile, site.bo, r#"{"suspended":true}"#);
    assert_eq!(out.outcome().await, "204");
    let back = r#"{"suspended":false}"#;
    let refused = suspending(&site, &cem, site.mobile, site.bo, back);
    assert_eq!(refused.outcome().await, "403 forbidden");
    let let_in = suspending(&site, &ana, site.mobile, site.bo, back);
    assert_eq!(let_in.outcome().await, "204");
}

#[tokio::test]
async fn the_catalogue_lists_each_module_strongest_first_and_no_owner() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let answer = site.get("/roles.json?v=5").cookie(&ana).send().await;
    let modules = answer.json();
    let build = &modules[0];
    assert_eq!(
        *build,
        json!({
            "title": "Build",
            "module": "build",
            "multi": false,
            "roles": [
                { "key": "manage-build", "name": "Manage" },
                { "key": "operate-build", "name": "Operate" },
                { "key": "view-build", "name": "View" },
            ],
            "defaultRoles": [],
        })
    );
    assert!(!answer.text().contains("\"owner\""));
}
