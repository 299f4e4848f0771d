//! *Profile & Team* (contract 6, D1 and D6): what the organization is, and who belongs to it.

use crate::client::Answer;
use crate::reader::Reader;
use crate::site::Site;

async fn team(reader: &mut Reader<'_>, organization: keyfob_core::id::OrgId) -> Answer {
    let page = reader.get(&format!("/orgs/{organization}/team")).await;
    assert_eq!(page.status, 200);
    page
}

/// The row of somebody in the table of people.
fn row<'p>(page: &'p Answer, email: &str) -> &'p str {
    let mut rows = page.text().split("<tr role=\"row\">").skip(1);
    rows.find(|row| row.contains(email))
        .unwrap_or_else(|| panic!("no row of {email}"))
}

/// What the profile says beside a label.
fn fact<'p>(page: &'p Answer, label: &str) -> &'p str {
    let (_before, rest) = page
        .text()
        .split_once(&format!("<dt>{label}</dt><dd>"))
        .unwrap();
    let (fact, _after) = rest.split_once("</dd>").unwrap();
    fact
}

#[tokio::test]
async fn d1_the_initials_lead_to_the_team_and_the_switch_stays_on_the_page() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = team(&mut ana, site.mobile).await;
    let initials = format!("<a class=\"initials\" href=\"/orgs/{}/team\"", site.mobile);
    assert!(page.text().contains(&initials));
    let here = format!(
        "<a href=\"/orgs/{}/team\" aria-current=\"page\">",
        site.mobile
    );
    assert!(page.text().contains(&here), "the menu shows where one is");
    for organization in [site.acme, site.ios, site.web] {
        let link = format!("<li><a href=\"/orgs/{organization}/team\"");
        assert!(page.text().contains(&link));
    }
    assert!(!page.text().contains(&site.globex.to_string()));
}

#[tokio::test]
async fn d6_the_profile_counts_members_and_what_lies_below() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = team(&mut ana, site.mobile).await;
    let id = format!("<code id=\"oid\">{}</code>", site.mobile);
    assert_eq!(fact(&page, "Id"), id);
    assert_eq!(fact(&page, "Members"), "1, and 2 inherited");
    assert_eq!(fact(&page, "Below it"), "1 organization");
    assert_eq!(fact(&page, "Created"), "15 Jan 2027");
    assert!(page.text().contains("Sub-organization of Acme"));
    let root = team(&mut ana, site.acme).await;
    assert_eq!(fact(&root, "Members"), "2");
    assert_eq!(fact(&root, "Below it"), "3 organizations");
    assert!(root.text().contains("Root organization"));
    assert!(!root.text().contains("Inherited people belong"));
}

#[tokio::test]
async fn d6_everybody_is_listed_with_their_roles_here_and_those_from_above() {
    let site = Site::on(super::backend().await).await;
    site.world
        .member(site.ana, site.mobile, &["view-build"])
        .await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = team(&mut ana, site.mobile).await;
    let own = row(&page, "ana@acme.example");
    for told in [
        "<span class=\"muted\">(you)</span>",
        "badge-ok\">Member",
        ">View build</span>",
        "Owner<span class=\"sr\"> inherited from Acme</span>",
    ] {
        assert!(own.contains(told), "{told}: {own}");
    }
    let bo = row(&page, "bo@acme.example");
    assert!(bo.contains("badge-ok\">Member") && bo.contains(">Operate build</span>"));
    assert!(!bo.contains("(you)") && !bo.contains("nherited"));
    let cem = row(&page, "cem@acme.example");
    assert!(cem.contains("Inherited</span><span class=\"sub\">from Acme</span>"));
    let role = "Manage organization<span class=\"sr\"> inherited from Acme</span>";
    assert!(cem.contains(role));
    assert!(!page.text().contains("dee@acme.example"));
    // In the order of their names.
    let at = |email: &str| {
        page.text()
            .find(&format!("<span class=\"sub\">{email}"))
            .unwrap()
    };
    assert!(at("ana@acme.example") < at("bo@acme.example"));
    assert!(at("bo@acme.example") < at("cem@acme.example"));
}

#[tokio::test]
async fn d6_what_the_reader_does_not_see_above_is_not_named() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let page = team(&mut bo, site.mobile).await;
    let ana = row(&page, "ana@acme.example");
    assert!(ana.contains("Inherited</span><span class=\"sub\">from above</span>"));
    assert!(ana.contains("Owner<span class=\"sr\"> inherited from above</span>"));
    assert!(!page.text().contains("Acme"), "its name is nowhere");
    assert!(!page.text().contains(&site.acme.to_string()), "nor its id");
    assert!(
        page.text()
            .contains("<span class=\"sub\">Sub-organization</span>")
    );
}

#[tokio::test]
async fn d6_who_is_suspended_is_marked() {
    let site = Site::on(super::backend().await).await;
    let eve = site.person("eve").await;
    site.world.member(eve, site.acme, &["view-build"]).await;
    site.world.suspend_member(eve, site.acme).await;
    site.world.suspend_user(site.bo).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = team(&mut ana, site.mobile).await;
    assert!(row(&page, "bo@acme.example").contains("Account suspended"));
    let eve = row(&page, "eve@acme.example");
    assert!(eve.contains("Inherited") && eve.contains("Membership suspended"));
    let root = team(&mut ana, site.acme).await;
    let eve = row(&root, "eve@acme.example");
    assert!(eve.contains("badge-ok\">Member") && eve.contains("Membership suspended"));
    assert!(!row(&root, "cem@acme.example").contains("suspended"));
}

#[tokio::test]
async fn d6_who_is_suspended_themselves_sees_nobody_and_is_told_so() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    site.world.suspend_member(site.bo, site.mobile).await;
    let page = team(&mut bo, site.mobile).await;
    assert!(page.text().contains("Your membership is suspended"));
    for hidden in ["ana@acme.example", "Mobile", "<table"] {
        assert!(!page.text().contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn d6_many_people_are_shown_a_page_at_a_time() {
    let site = Site::on(super::backend().await).await;
    for number in 0..100 {
        let person = site.person(&format!("p{number:03}")).await;
        site.world.member(person, site.acme, &[]).await;
    }
    let mut ana = Reader::signed_in(&site, "ana").await;
    let first = team(&mut ana, site.acme).await;
    assert_eq!(fact(&first, "Members"), "102");
    assert!(first.text().contains("1 to 100 of 102"));
    let next = format!("/orgs/{}/team?page=2", site.acme);
    assert!(first.text().contains(&format!("href=\"{next}\"")));
    let second = ana.get(&next).await;
    assert!(second.text().contains("101 to 102 of 102"));
    let on = |page: &Answer| page.text().matches("<tr role=\"row\">").count() - 1;
    assert_eq!((on(&first), on(&second)), (100, 2));
    // A page that is none is the nearest one.
    let beyond = ana.get(&format!("/orgs/{}/team?page=9", site.acme)).await;
    assert!(beyond.text().contains("101 to 102 of 102"));
    let nonsense = ana.get(&format!("/orgs/{}/team?page=x", site.acme)).await;
    assert!(nonsense.text().contains("1 to 100 of 102"));
}

#[tokio::test]
async fn d6_nothing_is_offered_that_there_is_not() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = team(&mut ana, site.acme).await;
    let (_before, main) = page.text().split_once("<main").unwrap();
    let (main, _after) = main.split_once("</main>").unwrap();
    assert!(!main.contains("<form") && !main.contains("<button"));
    for word in [
        "invite",
        "invitations",
        "new",
        "rename",
        "delete",
        "explain",
    ] {
        assert!(main.contains(&format!("href=\"/orgs/{}/{word}\"", site.acme)));
    }
    // And this page, the same as a file, the two members, whose roles she manages, and herself, who may leave.
    assert_eq!(main.matches("<a ").count(), 11);
}

#[tokio::test]
async fn d6_pages_of_what_one_may_not_know_of_look_like_what_is_not_there() {
    let site = Site::on(super::backend().await).await;
    let mut dee = Reader::signed_in(&site, "dee").await;
    let nowhere = "01a00000-0000-7000-8000-000000000000";
    let mut pages = Vec::new();
    for path in [
        format!("/orgs/{}/team", site.acme),
        format!("/orgs/{nowhere}/team"),
        "/orgs/no-id/team".to_owned(),
        format!("/orgs/{}/activity", site.acme),
        format!("/orgs/{nowhere}/activity"),
        format!("/orgs/{}/activity?who=ana&before=7", site.acme),
    ] {
        let page = dee.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        let id = page.header("x-request-id").unwrap();
        let page = (page.text().replace(id, "…"), page.header_lines());
        pages.push(page);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
}
