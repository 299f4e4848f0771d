//! A commit that the server made, and whose answer was lost: the request is done again, finds its own work
//! and tells of it as if nothing had been. On the embedded database no answer is lost on a way.

use std::sync::Arc;
use std::time::Duration;

use keyfob_core::id::OrgId;
use keyfob_server::state::App;
use keyfob_store::{Store, StoreOptions};
use keyfob_testkit::lost::LossyWay;
use serde_json::json;

use crate::client::{Answer, Ask};
use crate::site::{Pat, Site, pats_of};

/// Where an organization is, or what there is of it.
fn at(id: OrgId, rest: &str) -> String {
    format!("/identity/v1/organizations/{id}{rest}")
}

/// A company, with a node whose way to the database loses the answer to a commit when it is told to.
struct Stage {
    site: Site,
    way: LossyWay,
    node: Arc<App>,
}

impl Stage {
    async fn new() -> Self {
        let site = Site::on(super::backend().await).await;
        let way = LossyWay::to(&site.backend.url().unwrap()).await;
        let options = StoreOptions::postgres(way.url()).deadline(Duration::from_mins(1));
        let store = Store::open(options).await.unwrap();
        let node = site.another_node_with(|parts| parts.store = store).await;
        Self { site, way, node }
    }

    /// Sends a request whose commit is kept, and its answer lost on the way from the database.
    async fn losing(&self, ask: Ask) -> Answer {
        let before = self.way.lost();
        self.way.lose_next_commit();
        let answer = ask.at(&self.node).send().await;
        assert_eq!(self.way.lost(), before + 1, "{}", answer.outcome());
        answer
    }

    /// What a membership of Bo at Mobile is asked about by.
    fn bo(&self, rest: &str) -> String {
        let user = format!("/users/{}{rest}", self.site.bo);
        at(self.site.mobile, &user)
    }

    /// Who belongs to Mobile, by the names before the `@`.
    async fn members(&self) -> Vec<String> {
        let ana = self.site.sign_in("ana").await;
        let list = at(self.site.mobile, "/users");
        let list = self.site.get(&list).cookie(&ana).send().await.json();
        let list = list.as_array().unwrap().iter();
        let names = list.map(|one| one["fullName"].as_str().unwrap().to_owned());
        names.collect()
    }
}

#[tokio::test]
async fn a_member_is_removed() {
    let stage = Stage::new().await;
    let ana = stage.site.sign_in("ana").await;
    let removing = || stage.site.delete(&stage.bo("")).cookie(&ana);
    assert_eq!(stage.losing(removing()).await.outcome(), "204");
    assert_eq!(stage.members().await, ["ana", "cem"]);
    assert_eq!(removing().outcome().await, "404 not_found", "another time");
}

#[tokio::test]
async fn a_member_leaves() {
    let stage = Stage::new().await;
    let bo = stage.site.sign_in("bo").await;
    let leaving = stage.site.delete(&stage.bo("")).cookie(&bo);
    assert_eq!(stage.losing(leaving).await.outcome(), "204");
    assert_eq!(stage.members().await, ["ana", "cem"]);
}

#[tokio::test]
async fn an_organization_is_deleted_with_its_owner() {
    let stage = Stage::new().await;
    let site = &stage.site;
    site.world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let bo = site.sign_in("bo").await;
    let target = at(site.mobile, "?confirm=Mobile");
    let deleting = site.delete(&target).cookie(&bo);
    assert_eq!(stage.losing(deleting).await.outcome(), "204");
    let ana = site.sign_in("ana").await;
    let gone = site.get(&at(site.ios, "")).cookie(&ana);
    assert_eq!(gone.outcome().await, "404 not_found");
}

#[tokio::test]
async fn tokens_revoked_in_bulk_count_as_revoked_by_this_request() {
    let stage = Stage::new().await;
    let site = &stage.site;
    let (bos, before) = (
        site.pat("bo", site.mobile).await,
        site.pat("bo", site.mobile).await,
    );
    let ana = site.sign_in("ana").await;
    assert_eq!(site.revoking(&before).cookie(&ana).outcome().await, "204");
    site.advance(Duration::from_secs(1));
    let body = json!({ "tokens": [bos.id, before.id], "dryRun": false }).to_string();
    let target = at(site.acme, "/tokens/revoke");
    let revoking = site.post(&target).cookie(&ana).json(&body);
    let told = stage.losing(revoking).await;
    assert_eq!(told.outcome(), "200");
    let told = told.json();
    assert_eq!(told["revoked"].as_array().unwrap().len(), 1);
    assert_eq!(told["revoked"][0]["id"], bos.id);
    assert_eq!(told["passedBy"], json!([before.id]));
    assert_eq!(site.door(&bos).await, "401 invalid_grant");
}

#[tokio::test]
async fn a_token_is_revoked_by_who_comes_with_it() {
    let stage = Stage::new().await;
    let site = &stage.site;
    let pat = site.pat("bo", site.mobile).await;
    let jwt = site.jwt(&pat, site.mobile).await;
    let revoking = site.revoking(&pat).bearer(&jwt);
    assert_eq!(stage.losing(revoking).await.outcome(), "204");
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
}

#[tokio::test]
async fn an_owner_gives_up_being_one() {
    let stage = Stage::new().await;
    let site = &stage.site;
    site.world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let bo = site.sign_in("bo").await;
    let less = site.ask("PUT", &stage.bo("/roles")).cookie(&bo);
    let less = stage.losing(less.json(r#"{"roles":["view-build"]}"#)).await;
    assert_eq!(less.outcome(), "200");
    assert_eq!(less.json()["roles"], json!(["view-build"]));
}

#[tokio::test]
async fn a_manager_suspends_themselves() {
    let stage = Stage::new().await;
    let site = &stage.site;
    site.world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let bo = site.sign_in("bo").await;
    let suspending = site.ask("PATCH", &stage.bo("")).cookie(&bo);
    let suspending = suspending.json(r#"{"suspended":true}"#);
    assert_eq!(stage.losing(suspending).await.outcome(), "204");
    let owned = site.get(&at(site.mobile, "/users"));
    assert_eq!(owned.cookie(&bo).outcome().await, "403 forbidden");
}

#[tokio::test]
async fn an_organization_is_moved_to_where_its_owner_only_manages() {
    let stage = Stage::new().await;
    let site = &stage.site;
    site.world.set_roles(site.bo, site.mobile, &["owner"]).await;
    let manages = ["manage-organization"];
    site.world.member(site.bo, site.web, &manages).await;
    let bo = site.sign_in("bo").await;
    let target = at(site.ios, "/move");
    let body = json!({ "parent": site.web.to_string() }).to_string();
    let moved = stage
        .losing(site.post(&target).cookie(&bo).json(&body))
        .await;
    assert_eq!(moved.outcome(), "200");
    assert_eq!(moved.member("parentOrganizationId"), site.web.to_string());
}

#[tokio::test]
async fn what_is_made_is_made_once() {
    let stage = Stage::new().await;
    let site = &stage.site;
    let ana = site.sign_in("ana").await;
    let target = at(site.acme, "/sub-organizations");
    let making = || site.post(&target).cookie(&ana).json(r#"{"name":"Labs"}"#);
    assert_eq!(stage.losing(making()).await.outcome(), "201");
    assert_eq!(making().outcome().await, "409 name_taken");

    let made = stage.losing(site.generating(&ana, site.acme, "{}")).await;
    assert_eq!(made.outcome(), "201");
    let pat = Pat {
        id: made.member("id"),
        secret: made.member("token"),
        organization: site.acme,
    };
    assert_eq!(site.door(&pat).await, "200");
    let next = stage.losing(site.rotating(&ana, &pat, "", "{}")).await;
    assert_eq!(next.outcome(), "201");
    assert_eq!(site.door(&pat.successor(&next)).await, "200");
    let list = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 2);

    let invitations = at(site.acme, "/invitations");
    let body = r#"{"userEmail":"kim@acme.example","roles":[]}"#;
    let inviting = site.post(&invitations).cookie(&ana).json(body);
    assert_eq!(stage.losing(inviting).await.outcome(), "201");
    let withdrawing = site.delete(&invitations).cookie(&ana);
    let withdrawing = withdrawing.json(r#"{"userEmail":"kim@acme.example"}"#);
    assert_eq!(stage.losing(withdrawing).await.outcome(), "204");
    let list = site.get(&invitations).cookie(&ana).send().await;
    assert_eq!(list.json(), json!([]));
}
