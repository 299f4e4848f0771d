//! D6: making a root organization, where policy lets everybody.

use keyfob_core::policy::RootCreation;

use crate::reader::{Reader, form};
use crate::site::Site;

#[tokio::test]
async fn d6_whoever_is_in_no_organization_makes_one_and_owns_it() {
    let backend = super::super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.policy.root_creation = RootCreation::Anyone;
    });
    let site = site.await;
    site.person("noor").await;
    let mut noor = Reader::signed_in(&site, "noor").await;
    let nowhere = noor.get("/").await;
    assert!(nowhere.text().contains(r#"href="/organizations/new""#));
    let page = noor.get("/organizations/new").await;
    let blank = form(&page, "/organizations/new").with("name", " ");
    let wrong = noor.send(&blank).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("aria-invalid"));
    let filled = form(&wrong, "/organizations/new").with("name", "Noor & Co");
    let made = noor.send(&filled).await;
    let again = noor.send(&filled).await;
    for led in [&made, &again] {
        assert_eq!(led.status, 303);
    }
    let team = made.header("location").unwrap();
    assert_eq!(again.header("location"), Some(team), "a form counts once");
    let page = noor.get(team).await;
    for told in ["Noor &#38; Co", "noor@acme.example", "Owner"] {
        assert!(page.text().contains(told), "{told}");
    }
    let listed = noor.get("/organizations").await;
    assert!(listed.text().contains(r#"href="/organizations/new""#));
}

#[tokio::test]
async fn d6_where_the_operator_makes_roots_nobody_is_offered_it_and_nobody_can() {
    let site = Site::on(super::super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let listed = ana.get("/organizations").await;
    assert!(!listed.text().contains("/organizations/new"));
    // What she may is offered there.
    assert!(listed.text().contains("New sub-organization"));
    let refused = ana.get("/organizations/new").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("the operator"));
    let page = ana.get(&format!("/orgs/{}/new", site.acme)).await;
    let forged = form(&page, "/new")
        .to("/organizations/new")
        .with("name", "Apex");
    assert_eq!(ana.send(&forged).await.status, 403);
    let mut bo = Reader::signed_in(&site, "bo").await;
    let listed = bo.get("/organizations").await;
    assert!(!listed.text().contains("New sub-organization"));
}
