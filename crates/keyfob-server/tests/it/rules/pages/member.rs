//! Managing a member on pages (contract 6, D6), without script.

use keyfob_core::id::{OrgId, UserId};

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::{Site, words};

fn page_of(organization: OrgId, user: UserId) -> String {
    format!("/orgs/{organization}/team/{user}")
}

/// The roles of a member as the API says them.
async fn roles(site: &Site, organization: OrgId, user: UserId) -> String {
    let ana = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{organization}/users/{user}/roles");
    let answer = site.get(&target).cookie(&ana).send().await;
    words(&answer.json()["roles"]).trim().to_owned()
}

fn is_led_to_the_team(answer: &Answer, organization: OrgId) {
    assert_eq!(answer.status, 303);
    let team = format!("/orgs/{organization}/team");
    assert_eq!(answer.header("location"), Some(team.as_str()));
}

#[tokio::test]
async fn d6_roles_are_chosen_module_by_module_and_what_one_lacks_is_not_offered() {
    let site = Site::on(super::backend().await).await;
    let path = page_of(site.mobile, site.bo);
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&path).await;
    assert!(
        page.text()
            .contains("<option value=\"operate-build\" selected>")
    );
    assert!(page.text().contains("value=\"owner\""));
    let filled = form(&page, &path).with("role", "manage-build");
    is_led_to_the_team(&ana.send(&filled).await, site.mobile);
    assert_eq!(roles(&site, site.mobile, site.bo).await, "manage-build");
    // Cem manages the organization, and holds nothing else.
    let mut cem = Reader::signed_in(&site, "cem").await;
    let page = cem.get(&path).await;
    let has = |option: &str| page.text().contains(&format!("value=\"{option}\""));
    for offered in ["manage-organization", "view-organization", "manage-build"] {
        assert!(has(offered), "{offered}");
    }
    for lacking in ["owner", "view-signing", "operate-build"] {
        assert!(!has(lacking), "{lacking}");
    }
    let filled = form(&page, &path).with("role", "manage-signing");
    let more = cem.send(&filled).await;
    assert_eq!(more.status, 403);
    assert!(
        more.text()
            .contains("You do not have signing:manage, signing:view.")
    );
    assert_eq!(roles(&site, site.mobile, site.bo).await, "manage-build");
}

#[tokio::test]
async fn d6_a_member_is_suspended_let_in_again_and_removed() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let path = page_of(site.mobile, site.bo);
    let mut ana = Reader::signed_in(&site, "ana").await;
    for (button, door) in [
        (">Suspend<", "401 invalid_grant"),
        (">Let in again<", "200"),
    ] {
        let page = ana.get(&path).await;
        assert!(page.text().contains(button), "{button}");
        let suspend = form(&page, &format!("{path}/suspend"));
        is_led_to_the_team(&ana.send(&suspend).await, site.mobile);
        assert_eq!(site.door(&pat).await, door, "{button}");
    }
    site.world.member(site.bo, site.acme, &["view-store"]).await;
    let asking = ana.get(&format!("{path}/remove")).await;
    assert!(asking.text().contains("What stays, from above"));
    let removed = ana.send(&form(&asking, &format!("{path}/remove"))).await;
    is_led_to_the_team(&removed, site.mobile);
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    assert_eq!(ana.get(&path).await.status, 404);
}

#[tokio::test]
async fn d6_anybody_leaves_by_themselves_and_nobody_else_that_way() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let team = bo.get(&format!("/orgs/{}/team", site.mobile)).await;
    let path = format!("{}/remove", page_of(site.mobile, site.bo));
    assert!(team.text().contains(&format!("href=\"{path}\"")));
    assert_eq!(team.text().matches("/remove\"").count(), 1, "of his own");
    let asking = bo.get(&path).await;
    assert!(asking.text().contains("Leave Mobile?"));
    let left = bo.send(&form(&asking, &path)).await;
    assert_eq!((left.status, left.header("location")), (303, Some("/")));
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    // The last owner cannot, and is told why.
    let mut ana = Reader::signed_in(&site, "ana").await;
    let path = format!("{}/remove", page_of(site.acme, site.ana));
    let asking = ana.get(&path).await;
    let refused = ana.send(&form(&asking, &path)).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused
            .text()
            .contains("An organization always has an owner.")
    );
}

#[tokio::test]
async fn d6_the_last_owner_is_told_why_they_stay() {
    let site = Site::on(super::backend().await).await;
    let path = page_of(site.acme, site.ana);
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&path).await;
    let filled = form(&page, &path).with("role", "view-build");
    let demoted = ana.send(&filled).await;
    assert_eq!(demoted.status, 409);
    assert!(
        demoted
            .text()
            .contains("An organization always has an owner.")
    );
    assert_eq!(roles(&site, site.acme, site.ana).await, "owner");
}

#[tokio::test]
async fn d6_nobody_else_gets_these_pages() {
    let site = Site::on(super::backend().await).await;
    let path = page_of(site.mobile, site.bo);
    site.world.member(site.cem, site.mobile, &[]).await;
    let colleague = page_of(site.mobile, site.cem);
    for (who, status) in [("bo", 403), ("dee", 404)] {
        let mut reader = Reader::signed_in(&site, who).await;
        for page in [path.clone(), format!("{colleague}/remove")] {
            assert_eq!(reader.get(&page).await.status, status, "{who} {page}");
        }
    }
    let mut ana = Reader::signed_in(&site, "ana").await;
    for user in [site.dee, site.ana] {
        let nobody = page_of(site.mobile, user);
        assert_eq!(ana.get(&nobody).await.status, 404, "no direct member");
    }
}
