//! Contract 5: the tokens of a subtree, for who manages it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{Pat, Site};

fn at(site: &Site, query: &str) -> String {
    format!("/identity/v1/organizations/{}/tokens{query}", site.mobile)
}

/// The ids that a list or an outcome names.
fn ids(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

/// Whether something is to change.
enum Run {
    Dry,
    Real,
}

async fn revoking(site: &Site, cookie: &str, pats: &[&Pat], run: Run) -> Answer {
    let ids: Vec<&str> = pats.iter().map(|pat| pat.id.as_str()).collect();
    let body = json!({ "tokens": ids, "dryRun": matches!(run, Run::Dry) }).to_string();
    let ask = site.post(&at(site, "/revoke")).cookie(cookie).json(&body);
    ask.send().await
}

/// Tokens of Bo at Mobile, of Ana at iOS below it, and of Ana at the root, made in that order.
async fn three(site: &Site) -> [Pat; 3] {
    site.world.member(site.ana, site.ios, &[]).await;
    let mut made = Vec::new();
    for (who, organization, body) in [
        ("bo", site.mobile, r#"{"expiresInDays":200}"#),
        ("ana", site.ios, r#"{"reach":"organization"}"#),
        ("ana", site.acme, "{}"),
    ] {
        let cookie = site.sign_in(who).await;
        made.push(site.generate(&cookie, organization, body).await);
        site.advance(Duration::from_secs(1));
    }
    made.try_into().unwrap()
}

#[tokio::test]
async fn who_manages_an_organization_sees_every_token_there_and_below_and_none_above() {
    let site = Site::on(super::backend().await).await;
    let [bos, anas, _root] = three(&site).await;
    let cem = site.sign_in("cem").await;
    let listed = async |query: &str| {
        let list = site.get(&at(&site, query)).cookie(&cem).send().await;
        assert_eq!(list.outcome(), "200", "{query}");
        list.json()["data"].clone()
    };
    let both = listed("?subtree=true").await;
    assert_eq!(ids(&both), [&anas.id, &bos.id], "the newest first");
    assert_eq!(both[1]["organizationName"], "Mobile");
    assert_eq!(
        both[1]["owner"],
        json!({ "id": site.bo.to_string(), "email": "bo@acme.example", "fullName": "bo" })
    );
    assert_eq!(both[1]["status"], "active");
    assert!(both[1].get("token").is_none(), "and never a secret");
    assert_eq!(ids(&listed("").await), [&bos.id]);
    assert_eq!(
        ids(&listed("?subtree=true&noExpiry=true").await),
        [&anas.id]
    );
    assert_eq!(
        ids(&listed("?subtree=true&wholeSubtree=true").await),
        [&bos.id]
    );
    let of_ana = format!("?subtree=true&owner={}", site.ana);
    assert_eq!(ids(&listed(&of_ana).await), [&anas.id]);
    let next = format!("?subtree=true&after={}", anas.id);
    assert_eq!(ids(&listed(&next).await), [&bos.id]);
    assert_eq!(site.door(&bos).await, "200");
    site.app.activity.flush(&site.app.store).await.unwrap();
    site.advance(Duration::from_hours(24 * 90) + Duration::from_secs(1));
    let cem = site.sign_in("cem").await;
    let unused = site.get(&at(&site, "?subtree=true&unusedForDays=90"));
    let unused = unused.cookie(&cem).send().await.json();
    assert_eq!(ids(&unused["data"]), [&anas.id, &bos.id]);
    let unused = site.get(&at(&site, "?subtree=true&unusedForDays=91"));
    let unused = unused.cookie(&cem).send().await.json();
    assert_eq!(ids(&unused["data"]), [""; 0]);
}

#[tokio::test]
async fn a_dry_run_says_exactly_which_and_then_just_these_are_revoked() {
    let site = Site::on(super::backend().await).await;
    let [bos, anas, root] = three(&site).await;
    let cem = site.sign_in("cem").await;
    let chosen = [&bos, &anas, &root];
    let told = revoking(&site, &cem, &chosen, Run::Dry).await.json();
    assert_eq!(told["dryRun"], true);
    assert_eq!(ids(&told["revoked"]), [&bos.id, &anas.id]);
    assert_eq!(told["passedBy"], json!([root.id]), "it lies above");
    for pat in chosen {
        assert_eq!(site.door(pat).await, "200", "nothing has changed");
    }
    let done = revoking(&site, &cem, &chosen, Run::Real).await.json();
    assert_eq!(ids(&done["revoked"]), [&bos.id, &anas.id]);
    assert_eq!(done["passedBy"], told["passedBy"]);
    let gone = "401 invalid_grant";
    assert_eq!(site.door(&bos).await, gone);
    assert_eq!(site.door(&anas).await, gone);
    assert_eq!(site.door(&root).await, "200");
    let again = revoking(&site, &cem, &chosen, Run::Real).await.json();
    assert_eq!(again["revoked"], json!([]));
    let records = site.world.audit(Some(site.acme)).await;
    let revoked = records.iter().filter(|it| it.action == "pat.revoked");
    let by: Vec<_> = revoked.map(|it| (it.actor, it.detail.as_str())).collect();
    assert_eq!(by, [(Some(site.cem), "manager"); 2]);
    // They stay visible.
    let ended = site.get(&at(&site, "?subtree=true&status=ended"));
    let ended = ended.cookie(&cem).send().await.json();
    assert_eq!(ids(&ended["data"]), [&anas.id, &bos.id]);
    assert_eq!(ended["data"][0]["status"], "revoked");
}

#[tokio::test]
async fn nobody_else_sees_or_ends_them() {
    let site = Site::on(super::backend().await).await;
    let [bos, _anas, root] = three(&site).await;
    let bo = site.sign_in("bo").await;
    let list = site.get(&at(&site, "")).cookie(&bo).outcome().await;
    assert_eq!(list, "403 forbidden");
    let ending = revoking(&site, &bo, &[&bos], Run::Real).await;
    assert_eq!(ending.outcome(), "403 forbidden");
    let jwt = site.jwt(&root, site.acme).await;
    let list = site.get(&at(&site, "?subtree=true")).bearer(&jwt);
    assert_eq!(list.outcome().await, "200", "a program of the owner reads");
    let body = format!(r#"{{"tokens":["{}"],"dryRun":false}}"#, bos.id);
    let ending = site.post(&at(&site, "/revoke")).bearer(&jwt).json(&body);
    assert_eq!(ending.outcome().await, "403 session_required");
    let cem = site.sign_in("cem").await;
    for query in [
        "?all=1",
        "?status=x",
        "?owner=x",
        "?after=x",
        "?subtree=yes",
    ] {
        let outcome = site.get(&at(&site, query)).cookie(&cem).outcome().await;
        assert_eq!(outcome, "400 invalid_request", "{query}");
    }
    for body in [
        r#"{"tokens":[],"dryRun":true}"#,
        r#"{"tokens":["x"],"dryRun":true}"#,
    ] {
        let ask = site.post(&at(&site, "/revoke")).cookie(&cem).json(body);
        assert_eq!(ask.outcome().await, "400 invalid_request", "{body}");
    }
    assert_eq!(site.door(&bos).await, "200");
}
