//! Issue 5, 8: erasing a person destroys what names them, ends all they had, and leaves a log that verifies
//! and says *Erased person*.

use keyfob_core::event::{Action, Actor};
use keyfob_core::id::UserId;
use keyfob_server::app::erase::{EraseError, Erased, Erasure};
use keyfob_server::seal::RootKey;
use keyfob_store::password_reset::password_reset_put;
use keyfob_store::user::erase::user_erased_at;
use keyfob_testkit::chain::first_bad;
use keyfob_testkit::schema::dump;

use crate::erasing::tables_with;
use crate::reader::Reader;
use crate::site::{Pat, Site};

const ADDRESS: &str = "198.51.100.23";
const AGENT: &str = "Erasable/7.1";

async fn erase(site: &Site, user: UserId) -> Result<Erased, EraseError> {
    let root_key = RootKey::load(&site.root_key()).unwrap();
    let erasure = Erasure {
        store: &site.world.store,
        root_key: &root_key,
        entropy: &*site.world.entropy,
        now: site.world.now(),
    };
    erasure.run(user).await
}

/// The tables that hold a text.
async fn places(site: &Site, text: &str) -> Vec<(String, String)> {
    tables_with(&dump(&site.world.store).await, text)
}

/// Bo signs in, makes a token with networks, uses it and is refused with it, and invites somebody.
async fn life_of_bo(site: &Site) -> (String, Pat) {
    let signing_in = site.signing_in("bo").from(ADDRESS);
    let cookie = signing_in.header("user-agent", AGENT).send().await.cookie();
    let body = format!(r#"{{"name":"Bo's laptop","networks":["{ADDRESS}/32"]}}"#);
    let generating = site.generating(&cookie, site.mobile, &body).from(ADDRESS);
    let made = generating.header("user-agent", AGENT).send().await;
    assert_eq!(made.outcome(), "201");
    let pat = Pat {
        id: made.member("id"),
        secret: made.member("token"),
        organization: site.mobile,
    };
    exchanges(site, &pat).await;
    (cookie, pat)
}

/// Uses a token where it works, and where it is refused, and waits until both are noted.
async fn exchanges(site: &Site, pat: &Pat) {
    for target in [site.mobile, site.web] {
        let form = format!("pat={}&subOrganization={target}", pat.secret);
        let ask = site.exchanging("v2", &form).from(ADDRESS);
        ask.header("user-agent", AGENT).send().await;
    }
    site.app.activity.flush(&site.app.store).await.unwrap();
}

#[tokio::test]
async fn what_names_a_person_is_destroyed_and_every_chain_still_verifies() {
    let site = Site::on(super::backend().await).await;
    let (cookie, pat) = life_of_bo(&site).await;
    let form = format!("pat={}", pat.secret);
    let jwt = site.exchanging("v2", &form).from(ADDRESS).send().await;
    let jwt = jwt.member("access_token");
    let named = ["bo@acme.example", "Bo's laptop", ADDRESS, AGENT];
    for text in named {
        assert!(!places(&site, text).await.is_empty(), "{text} is there");
    }
    let done = erase(&site, site.bo).await.unwrap();
    assert_eq!((done.memberships, done.destroyed.sessions), (1, 1));
    assert!(done.destroyed.origins >= 2);
    for text in named {
        assert_eq!(places(&site, text).await, [], "{text} is gone");
    }
    for tree in [None, Some(site.acme), Some(site.globex)] {
        assert_eq!(first_bad(tree, &site.world.audit(tree).await), None);
    }
    let me = site.get("/identity/v1/session").cookie(&cookie);
    assert_eq!(me.outcome().await, "401 not_signed_in");
    let list = site.get("/identity/v1/organizations").bearer(&jwt);
    assert!(list.outcome().await.starts_with("401"));
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    assert_eq!(
        site.signing_in("bo").outcome().await,
        "401 invalid_credentials"
    );
    // What a server still had to note of them is not noted any more.
    exchanges(&site, &pat).await;
    for text in [ADDRESS, AGENT] {
        assert_eq!(places(&site, text).await, [], "{text} stays gone");
    }
    let mut tx = site.world.store.read_single().await.unwrap();
    let at = user_erased_at(&mut tx, site.bo).await.unwrap();
    assert_eq!(at, Some(site.world.now()));
    drop(tx);
    let again = erase(&site, site.bo).await;
    assert!(matches!(again, Err(EraseError::NoSuchUser)));
}

#[tokio::test]
async fn the_address_is_free_and_its_new_account_is_nobody_known() {
    let site = Site::on(super::backend().await).await;
    life_of_bo(&site).await;
    erase(&site, site.bo).await.unwrap();
    let new = site.person("bo").await;
    assert_ne!(new, site.bo);
    let cookie = site.sign_in("bo").await;
    let list = site.get("/identity/v1/organizations").cookie(&cookie);
    assert_eq!(list.send().await.json()["data"], serde_json::json!([]));
    erase(&site, new).await.unwrap();
    assert_eq!(places(&site, "bo@acme.example").await, [], "both are gone");
}

#[tokio::test]
async fn invitations_and_links_of_an_erased_person_are_gone() {
    let site = Site::on(super::backend().await).await;
    let invite = async |who: &str, organization, email: &str| {
        let target = format!("/identity/v1/organizations/{organization}/invitations");
        let body =
            serde_json::json!({ "userEmail": email, "roles": ["view-organization"] }).to_string();
        let cookie = site.sign_in(who).await;
        let ask = site.post(&target).cookie(&cookie).json(&body);
        assert!(ask.outcome().await.starts_with('2'), "{email}");
    };
    invite("ana", site.web, "bo@acme.example").await;
    invite("ana", site.web, "fay@acme.example").await;
    invite("cem", site.web, "gil@acme.example").await;
    let world = &site.world;
    let (link, now) = ((&[7; 32][..], world.now()), world.now());
    let mut tx = world.store.write().await.unwrap();
    password_reset_put(&mut tx, site.bo, link, &Actor::OPERATOR, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for user in [site.bo, site.cem] {
        erase(&site, user).await.unwrap();
    }
    let dump = dump(&world.store).await;
    let waiting: Vec<_> = dump["invitation"].iter().collect();
    assert!(
        waiting.len() == 1 && waiting[0].contains("fay@acme.example"),
        "{waiting:?}"
    );
    assert!(dump["password_reset"].is_empty());
    let records = world.audit(Some(site.acme)).await;
    let withdrawn = records
        .iter()
        .filter(|it| it.action == Action::InvitationWithdrawn.word());
    assert_eq!(withdrawn.count(), 2);
}

#[tokio::test]
async fn the_activity_screen_says_erased_person() {
    let site = Site::on(super::backend().await).await;
    life_of_bo(&site).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let activity = format!("/orgs/{}/activity", site.acme);
    let before = ana.get(&activity).await;
    for text in ["bo@acme.example", "Bo&#39;s laptop", ADDRESS] {
        assert!(before.text().contains(text), "{text}");
    }
    assert!(!before.text().contains("Erased person"));
    erase(&site, site.bo).await.unwrap();
    for path in [activity, format!("/orgs/{}/activity", site.mobile)] {
        let page = ana.get(&path).await;
        for text in ["bo@acme.example", ">bo<", "laptop", ADDRESS, AGENT] {
            assert!(!page.text().contains(text), "{text} at {path}");
        }
        assert!(page.text().contains("Erased person"), "{path}");
        assert!(page.text().contains("A token"), "{path}");
    }
    let team = ana.get(&format!("/orgs/{}/team", site.mobile)).await;
    assert!(!team.text().contains("bo@acme.example") && !team.text().contains("Erased person"));
}

#[tokio::test]
async fn the_audit_log_over_the_api_says_erased_person() {
    let site = Site::on(super::backend().await).await;
    life_of_bo(&site).await;
    erase(&site, site.bo).await.unwrap();
    let ana = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{}/activity", site.acme);
    let page = site.get(&target).cookie(&ana).send().await;
    for text in ["bo@acme.example", "laptop", ADDRESS, AGENT] {
        assert!(!page.text().contains(text), "{text}");
    }
    let page = page.json();
    let find = |action: &str| {
        let mut records = page["data"].as_array().unwrap().iter();
        records.find(|it| it["action"] == action).unwrap()
    };
    let erased = serde_json::json!({ "id": site.bo.to_string(), "fullName": "Erased person" });
    assert_eq!(find("pat.generated")["actor"], erased);
    assert_eq!(find("member.removed")["subjectName"], "Erased person");
}

#[tokio::test]
async fn the_only_owner_of_an_organization_is_not_erased_and_the_organization_is_named() {
    let site = Site::on(super::backend().await).await;
    let refused = async |user| {
        let before = dump(&site.world.store).await;
        let refused = erase(&site, user).await.unwrap_err();
        assert_eq!(dump(&site.world.store).await, before, "nothing was done");
        refused.to_string()
    };
    let acme = format!("nobody else owns Acme ({})", site.acme);
    let message = refused(site.ana).await;
    let rest = ": make somebody else an owner first, or delete it";
    assert_eq!(message, format!("{acme}{rest}"));
    // An owner below does not do, nor one who is suspended, nor she herself elsewhere.
    let world = &site.world;
    world.member(site.cem, site.mobile, &["owner"]).await;
    world.member(site.ana, site.ios, &["owner"]).await;
    let eve = site.person("eve").await;
    world.member(eve, site.acme, &["owner"]).await;
    world.suspend_user(eve).await;
    assert_eq!(refused(site.ana).await, format!("{acme}{rest}"));
    world.suspend_user(site.ana).await;
    assert_eq!(refused(site.ana).await, format!("{acme}{rest}"));
    world.reactivate_user(eve).await;
    let done = erase(&site, site.ana).await.unwrap();
    assert_eq!(done.memberships, 2);
    let last = refused(eve).await;
    assert_eq!(last, format!("{acme}{rest}"));
}

#[tokio::test]
async fn somebody_with_many_memberships_is_erased_in_steps() {
    let site = Site::on(super::backend().await).await;
    for number in 0..203 {
        let organization = site.world.sub(site.acme, &format!("Team {number}")).await;
        site.world.member(site.dee, organization, &[]).await;
    }
    let world = &site.world;
    let eve = site.person("eve").await;
    world.member(eve, site.globex, &["owner"]).await;
    let done = erase(&site, site.dee).await.unwrap();
    assert_eq!(done.memberships, 204);
    let ended = world.audit(Some(site.acme)).await;
    let ended = ended.iter().filter(|it| it.action == "member.removed");
    assert_eq!(ended.count(), 203);
    assert_eq!(places(&site, "dee@acme.example").await, []);
}

#[tokio::test]
async fn while_an_import_is_under_way_nobody_is_erased() {
    let site = Site::on(super::backend().await).await;
    let mut tx = site.world.store.write().await.unwrap();
    let pending = "UPDATE instance SET import_pending = incarnation";
    keyfob_store::probe::script(&mut tx, pending).await.unwrap();
    tx.commit().await.unwrap();
    let refused = erase(&site, site.bo).await;
    assert!(matches!(refused, Err(EraseError::Importing)));
    assert_eq!(site.signing_in("bo").outcome().await, "201");
}
