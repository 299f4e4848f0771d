//! Contract 5: the audit log over the API.

use serde_json::Value;

use crate::site::Site;

fn at(organization: keyfob_core::id::OrgId, query: &str) -> String {
    format!("/identity/v1/organizations/{organization}/activity{query}")
}

/// The actions of a page, in its order.
fn actions(page: &Value) -> Vec<&str> {
    let records = page["data"].as_array().unwrap().iter();
    records
        .map(|record| record["action"].as_str().unwrap())
        .collect()
}

/// Ana makes Bo a manager of Mobile and generates a token there; Bo generates one.
async fn acted(site: &Site) -> [String; 2] {
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    let roles = format!(
        "/identity/v1/organizations/{}/users/{}/roles",
        site.mobile, site.bo
    );
    let ask = site.ask("PUT", &roles).cookie(&ana);
    assert_eq!(
        ask.json(r#"{"roles":["view-build"]}"#).outcome().await,
        "200"
    );
    site.generate(&bo, site.mobile, r#"{"name":"Nightly"}"#)
        .await;
    site.generate(&ana, site.acme, "{}").await;
    [ana, bo]
}

#[tokio::test]
async fn who_manages_an_organization_reads_all_of_it_and_others_what_is_theirs() {
    let site = Site::on(super::backend().await).await;
    let [ana, bo] = acted(&site).await;
    let read = async |cookie: &str, target: String| {
        let page = site.get(&target).cookie(cookie).send().await;
        assert_eq!(page.outcome(), "200", "{target}");
        page.json()
    };
    let all = read(&ana, at(site.mobile, "")).await;
    assert_eq!(all["ownOnly"], false);
    assert_eq!(
        actions(&all)[..2],
        ["pat.generated", "member.roles_changed"]
    );
    let record = &all["data"][0];
    for (name, value) in [
        ("via", "session"),
        ("organizationName", "Mobile"),
        ("subjectName", "Nightly"),
    ] {
        assert_eq!(record[name], value);
    }
    assert_eq!(record["actor"]["email"], "bo@acme.example");
    assert_eq!(all["data"][1]["detail"], "view-build");
    let own = read(&bo, at(site.mobile, "")).await;
    assert_eq!(
        (actions(&own), &own["ownOnly"]),
        (vec!["pat.generated"], &true.into())
    );
    // At the root it is the whole tree.
    let tree = read(&ana, at(site.acme, "?kind=tokens")).await;
    assert_eq!(actions(&tree), ["pat.generated", "pat.generated"]);
    let people = read(&ana, at(site.acme, "?kind=people&who=ANA@")).await;
    assert_eq!(actions(&people), ["member.roles_changed"]);
    let later = read(&ana, at(site.acme, "?from=2100-01-01T00:00:00Z")).await;
    assert_eq!(actions(&later), [""; 0]);
}

#[tokio::test]
async fn a_page_has_50_records_and_says_where_the_next_begins() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for number in 0..60 {
        let target = format!("/identity/v1/organizations/{}", site.web);
        let body = format!(r#"{{"name":"Web {number}"}}"#);
        let renamed = site.ask("PATCH", &target).cookie(&ana).json(&body);
        assert_eq!(renamed.outcome().await, "200");
    }
    let first = site.get(&at(site.web, "")).cookie(&ana).send().await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 50);
    let query = format!("?before={}", first["next"]);
    let rest = site
        .get(&at(site.web, &query))
        .cookie(&ana)
        .send()
        .await
        .json();
    let (last, next) = (&first["data"][49]["seq"], &rest["data"][0]["seq"]);
    assert!(next.as_i64() < last.as_i64());
    assert_eq!(rest["next"], Value::Null);
    assert_eq!(*actions(&rest).last().unwrap(), "organization.created");
}

#[tokio::test]
async fn a_program_reads_it_only_where_it_may_manage() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let wide = site.generate(&ana, site.acme, "{}").await;
    let narrow = site
        .generate(&ana, site.acme, r#"{"ceiling":["build:view"]}"#)
        .await;
    let (wide, narrow) = (
        site.jwt(&wide, site.mobile).await,
        site.jwt(&narrow, site.mobile).await,
    );
    for (jwt, organization, outcome) in [
        (&wide, site.ios, "200"),
        (&wide, site.acme, "404 not_found"),
        (&narrow, site.ios, "403 forbidden"),
    ] {
        let ask = site.get(&at(organization, "")).bearer(jwt);
        assert_eq!(ask.outcome().await, outcome);
    }
    // At the root it reads the tree as far as its token reaches.
    for (body, tells_of_mobile) in [("{}", true), (r#"{"reach":"organization"}"#, false)] {
        let pat = site.generate(&ana, site.acme, body).await;
        let jwt = site.jwt(&pat, site.acme).await;
        let page = site.get(&at(site.acme, "")).bearer(&jwt).send().await;
        assert_eq!(page.outcome(), "200");
        assert_eq!(page.text().contains("Mobile"), tells_of_mobile, "{body}");
    }
    for query in [
        "?kind=all",
        "?before=1&after=2",
        "?from=yesterday",
        "?x=1",
        "?before=x",
    ] {
        let ask = site.get(&at(site.acme, query)).cookie(&ana);
        assert_eq!(ask.outcome().await, "400 invalid_request", "{query}");
    }
}
