//! Contract 5: the list of organizations, as a person and as a program sees it.

use keyfob_core::policy::RootCreation;
use keyfob_server::state::Parts;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::site::{Pat, Site};

const LIST: &str = "/identity/v1/organizations";

/// The list that somebody gets, in its order.
async fn listed(ask: Ask) -> Vec<Value> {
    let answer = ask.send().await;
    assert_eq!(answer.outcome(), "200");
    answer.json()["data"].as_array().unwrap().clone()
}

/// One member of each organization of a list, by name of the organization.
async fn each(ask: Ask, member: &str) -> String {
    let mut said: Vec<String> = listed(ask).await.iter().map(|it| one(it, member)).collect();
    said.sort();
    said.join(" ")
}

fn one(organization: &Value, member: &str) -> String {
    let name = organization["name"].as_str().unwrap();
    format!(
        "{name}:{}",
        organization[member].to_string().replace('"', "")
    )
}

async fn names(ask: Ask) -> String {
    let mut names: Vec<String> = listed(ask).await.iter().map(name).collect();
    names.sort();
    names.join(" ")
}

fn name(organization: &Value) -> String {
    organization["name"].as_str().unwrap().to_owned()
}

/// The list by the session of somebody who signs in for it.
async fn by_person(site: &Site, name: &str) -> Ask {
    let cookie = site.sign_in(name).await;
    site.get(LIST).cookie(&cookie)
}

/// The list by an access token.
async fn by_token(site: &Site, pat: &Pat, target: keyfob_core::id::OrgId) -> Ask {
    let jwt = site.jwt(pat, target).await;
    site.get(LIST).bearer(&jwt)
}

#[tokio::test]
async fn an_organization_has_these_members_and_a_root_omits_the_root() {
    let site = Site::on(super::backend().await).await;
    let date = "2027-01-15T08:00:00.000Z";
    let (acme, mobile) = (site.acme.to_string(), site.mobile.to_string());
    let below = json!({"data": [
        {
            "id": mobile,
            "name": "Mobile",
            "rootOrganizationId": acme,
            "rootOrganizationName": "Acme",
            "parentOrganizationId": acme,
            "membership": "Member",
            "memberCount": 1,
            "createdDate": date,
            "disabled": false,
        },
        {
            "id": site.ios.to_string(),
            "name": "iOS",
            "rootOrganizationId": acme,
            "rootOrganizationName": "Acme",
            "parentOrganizationId": mobile,
            "membership": "Inherited",
            "memberCount": 0,
            "createdDate": date,
            "disabled": false,
        },
    ]});
    let answer = by_person(&site, "bo").await.send().await;
    assert_eq!(answer.outcome(), "200");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json(), below);
    let pat = site.pat("bo", site.mobile).await;
    let answer = by_token(&site, &pat, site.mobile).await.send().await;
    assert_eq!(answer.json(), below, "a program sees the same");
    let globex = json!({"data": [{
        "id": site.globex.to_string(),
        "name": "Globex",
        "rootOrganizationName": "Globex",
        "membership": "Member",
        "memberCount": 1,
        "createdDate": date,
        "disabled": false,
    }]});
    let answer = by_person(&site, "dee").await.send().await;
    assert_eq!(answer.json(), globex);
}

#[tokio::test]
async fn a_person_sees_all_memberships_and_what_lies_below_and_no_other_tree() {
    let site = Site::on(super::backend().await).await;
    let everywhere = "Acme:Member Mobile:Inherited Web:Inherited iOS:Inherited";
    let ask = by_person(&site, "ana").await;
    assert_eq!(each(ask, "membership").await, everywhere);

    site.person("eve").await;
    assert_eq!(names(by_person(&site, "eve").await).await, "");

    site.world.member(site.bo, site.globex, &[]).await;
    site.world.member(site.bo, site.ios, &[]).await;
    let both_trees = "Globex:Member Mobile:Member iOS:Member";
    let ask = by_person(&site, "bo").await;
    assert_eq!(each(ask, "membership").await, both_trees);
}

#[tokio::test]
async fn a_list_goes_from_the_roots_downward() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.globex, &[]).await;
    let list = listed(by_person(&site, "ana").await).await;
    let mut in_order: Vec<String> = list.iter().map(name).collect();
    in_order[..2].sort();
    in_order[2..4].sort();
    assert_eq!(in_order, ["Acme", "Globex", "Mobile", "Web", "iOS"]);
    site.advance(std::time::Duration::from_secs(1));
    site.world.sub(site.acme, "Android").await;
    let list = listed(by_person(&site, "ana").await).await;
    assert_eq!(name(&list[4]), "Android", "of one level, the youngest last");
}

#[tokio::test]
async fn direct_members_are_counted_and_inherited_ones_are_not() {
    let site = Site::on(super::backend().await).await;
    let before = "Acme:2 Mobile:1 Web:0 iOS:0";
    let ask = by_person(&site, "ana").await;
    assert_eq!(each(ask, "memberCount").await, before);
    site.world.member(site.ana, site.ios, &[]).await;
    site.world.member(site.dee, site.ios, &[]).await;
    site.world.remove(site.bo, site.mobile).await;
    let after = "Acme:2 Mobile:0 Web:0 iOS:2";
    let ask = by_person(&site, "ana").await;
    assert_eq!(each(ask, "memberCount").await, after);
}

#[tokio::test]
async fn what_was_ended_suspended_or_deleted_is_not_listed() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let ana = site.sign_in("ana").await;
    let list = |cookie: &str| names(site.get(LIST).cookie(cookie));
    assert_eq!(list(&bo).await, "Mobile iOS");
    site.world.suspend_member(site.bo, site.mobile).await;
    assert_eq!(list(&bo).await, "");
    site.world.reactivate_member(site.bo, site.mobile).await;
    assert_eq!(list(&bo).await, "Mobile iOS");
    site.world.delete_org(site.ios).await;
    assert_eq!(list(&bo).await, "Mobile");
    site.world.remove(site.bo, site.mobile).await;
    assert_eq!(list(&bo).await, "");
    assert_eq!(list(&ana).await, "Acme Mobile Web");
}

#[tokio::test]
async fn a_program_sees_its_current_organization_and_what_lies_below_only() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.globex, &["owner"]).await;
    let pat = site.pat("ana", site.acme).await;
    for (target, wanted) in [
        (
            site.acme,
            "Acme:Member Mobile:Inherited Web:Inherited iOS:Inherited",
        ),
        (site.mobile, "Mobile:Inherited iOS:Inherited"),
        (site.ios, "iOS:Inherited"),
    ] {
        let ask = by_token(&site, &pat, target).await;
        assert_eq!(each(ask, "membership").await, wanted);
    }
    let jwt = site.jwt(&pat, site.mobile).await;
    site.world.sub(site.ios, "iOS beta").await;
    let later = names(site.get(LIST).bearer(&jwt)).await;
    assert_eq!(later, "Mobile iOS iOS beta", "P6: also what comes later");
}

#[tokio::test]
async fn p15_a_program_sees_no_further_than_its_reach() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let named = |id: keyfob_core::id::OrgId| format!(r#"{{"reach":["{id}"]}}"#);
    for (body, wanted) in [
        (r#"{"reach":"subtree"}"#.to_owned(), "Acme Mobile Web iOS"),
        (r#"{"reach":"organization"}"#.to_owned(), "Acme"),
        (named(site.mobile), "Acme Mobile"),
        (named(site.ios), "Acme iOS"),
    ] {
        let pat = site.generate(&cookie, site.acme, &body).await;
        let ask = by_token(&site, &pat, site.acme).await;
        assert_eq!(names(ask).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn there_are_pages_only_when_they_are_asked_for() {
    let site = Site::on(super::backend().await).await;
    for number in 0..100 {
        site.world.sub(site.web, &format!("Shop {number:03}")).await;
    }
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let ask = |query: &str| site.get(&format!("{LIST}{query}")).bearer(&jwt);
    let all = listed(ask("")).await;
    assert_eq!(all.len(), 104);
    for (query, from, to, next) in [
        ("?organization=x&sort=name", 0, 104, None),
        ("?page=1&perPage=1000", 0, 104, None),
        ("?page=1", 0, 100, Some(2)),
        ("?page=2", 100, 104, None),
        ("?perPage=3", 0, 3, Some(2)),
        ("?page=34&perPage=3", 99, 102, Some(35)),
        ("?page=35&perPage=3", 102, 104, None),
        ("?page=2&perPage=52", 52, 104, None),
        ("?page=36&perPage=3", 104, 104, None),
        ("?page=18446744073709551615&perPage=1000", 104, 104, None),
    ] {
        let page = ask(query).send().await.json();
        let mut wanted = json!({"data": all[from..to]});
        if let Some(next) = next {
            wanted["next"] = json!(next);
        }
        assert_eq!(page, wanted, "{query}");
    }
    for query in [
        "?page=0",
        "?perPage=0",
        "?perPage=1001",
        "?page=-1",
        "?page=x",
        "?page=",
        "?page=1&page=2",
    ] {
        assert_eq!(ask(query).outcome().await, "400 invalid_request", "{query}");
    }
}

#[tokio::test]
async fn a_caller_that_is_nobody_sees_nothing() {
    let site = Site::on(super::backend().await).await;
    assert_eq!(site.get(LIST).outcome().await, "401 not_signed_in");
    let pat = site.pat("ana", site.acme).await;
    let with_pat = site.get(LIST).bearer(&pat.secret);
    assert_eq!(with_pat.outcome().await, "401 invalid_token");
    let elsewhere = site.ask("PUT", LIST);
    let elsewhere = elsewhere.bearer(&site.jwt(&pat, site.acme).await);
    let elsewhere = elsewhere.send().await;
    assert_eq!(elsewhere.outcome(), "405 method_not_allowed");
    assert_eq!(elsewhere.header("allow"), Some("GET,HEAD,POST"));
}

#[tokio::test]
async fn a_root_is_made_by_whoever_is_signed_in_where_policy_says_so_and_is_theirs() {
    let backend = super::backend().await;
    let change = |parts: &mut Parts| parts.policy.root_creation = RootCreation::Anyone;
    let site = Site::with(backend, change).await;
    site.person("eve").await;
    let (eve, bo) = (site.sign_in("eve").await, site.sign_in("bo").await);
    let target = "/identity/v1/organizations";
    let made = site.post(target).cookie(&eve).json(r#"{"name":"Initech"}"#);
    let made = made.send().await;
    assert_eq!(made.outcome(), "201");
    let root = made.json();
    assert_eq!(
        (&root["name"], &root["membership"]),
        (&json!("Initech"), &json!("Member"))
    );
    let path = format!("{target}/{}", root["id"].as_str().unwrap());
    let deleted = format!("{path}?confirm=Initech");
    assert_eq!(
        site.delete(&deleted).cookie(&bo).outcome().await,
        "404 not_found"
    );
    assert_eq!(site.delete(&deleted).cookie(&eve).outcome().await, "204");
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let by_program = site.post(target).bearer(&jwt).json(r#"{"name":"Initech"}"#);
    assert_eq!(by_program.outcome().await, "403 session_required");
    let nameless = site.post(target).cookie(&eve).json(r#"{"name":" "}"#);
    assert_eq!(nameless.outcome().await, "400 invalid_request");
}
