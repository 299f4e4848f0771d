//! Accepting an invitation, by its link (D6, contract 5).

use std::time::Duration;

use keyfob_core::id::OrgId;
use keyfob_testkit::schema::dump;
use tokio::task::JoinSet;

use crate::client::{Answer, Ask};
use crate::mail_server::MailServer;
use crate::reader::{PageForm, Reader, form};
use crate::scenes::invitation;
use crate::site::{ISSUER, PASSWORD, Site};

/// Opens a link; the page to which it leads.
pub(super) async fn open(reader: &mut Reader<'_>, link: &str) -> Answer {
    let led = reader.get(link).await;
    let leads_to = (led.status, led.header("location"));
    assert_eq!(leads_to, (303, Some("/invitation")));
    reader.get("/invitation").await
}

pub(super) fn new_account(page: &Answer) -> PageForm {
    form(page, "/invitation/account")
        .with("fullName", "Kim Berg")
        .with("password", PASSWORD)
}

fn has_ended(answer: &Answer) {
    assert_eq!(answer.status, 410, "{}", answer.text());
    assert!(answer.text().contains("This invitation has ended"));
    assert!(!answer.text().contains("Mobile"), "nothing is told of it");
}

/// Direct members and inherited ones, by address.
async fn members(site: &Site, organization: OrgId) -> Vec<String> {
    let ana = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{organization}/users");
    let list = site.get(&target).cookie(&ana).send().await.json();
    let list = list.as_array().unwrap().iter();
    let direct = list.filter(|one| one["membership"] == "Member");
    direct
        .map(|one| one["email"].as_str().unwrap().to_owned())
        .collect()
}

/// The roles that somebody has there, by spaces.
pub(super) async fn roles(site: &Site, organization: OrgId, email: &str) -> String {
    let ana = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{organization}/users");
    let list = site.get(&target).cookie(&ana).send().await.json();
    let mut list = list.as_array().unwrap().iter();
    let one = list.find(|one| one["email"] == email).unwrap();
    let target = format!("{target}/{}/roles", one["id"].as_str().unwrap());
    let roles = site.get(&target).cookie(&ana).send().await.json();
    crate::site::words(&roles["roles"])
}

#[tokio::test]
async fn d6_who_is_invited_makes_an_account_by_the_link_and_is_a_member() {
    let site = Site::on(super::backend().await).await;
    let link = invitation(&site, "kim@acme.example").await;
    let mut kim = Reader::new(&site);
    let page = open(&mut kim, &link).await;
    assert_eq!(page.status, 200);
    for told in [
        "ana invites you to",
        "Mobile",
        "kim@acme.example",
        "View build",
    ] {
        assert!(
            page.text().to_lowercase().contains(&told.to_lowercase()),
            "{told}"
        );
    }
    // The secret has left the address, and stands in no page.
    let (_path, code) = link.split_once('=').unwrap();
    assert!(!page.text().contains(code));
    let made = kim.send(&new_account(&page)).await;
    let security = format!("/orgs/{}/security", site.mobile);
    assert_eq!(
        (made.status, made.header("location")),
        (303, Some(&*security))
    );
    assert_eq!(kim.get(&security).await.status, 200);
    assert_eq!(kim.generate(site.mobile).await.status, 200);
    let there = members(&site, site.mobile).await;
    assert_eq!(there, ["bo@acme.example", "kim@acme.example"]);
    assert!(
        roles(&site, site.mobile, "kim@acme.example")
            .await
            .contains("view-build")
    );
    // Single use, by whoever has it.
    let again = open(&mut Reader::new(&site), &link).await;
    has_ended(&again);
    has_ended(&open(&mut Reader::signed_in(&site, "bo").await, &link).await);
}

#[tokio::test]
async fn d6_an_account_made_by_a_link_that_was_handed_over_is_not_proved() {
    let mut server = MailServer::start().await;
    let mailer = server.mailer();
    let backend = super::backend().await;
    let site = Site::on(backend).await;
    let link = invitation(&site, "kim@acme.example").await;
    let mut kim = Reader::new(&site);
    let page = open(&mut kim, &link).await;
    assert_eq!(kim.send(&new_account(&page)).await.status, 303);
    let verified = async |site: &Site| {
        let users = dump(&site.world.store).await["users"].clone();
        let kim = users
            .into_iter()
            .find(|row| row.contains("kim@acme.example"));
        kim.unwrap()
    };
    let before = verified(&site).await;
    // Mail is set up later; Kim proves the address by another invitation.
    let with_mail = site
        .another_node_with(|parts| parts.mailer = Some(mailer))
        .await;
    let ana = site.sign_in("ana").await;
    let body = r#"{"userEmail":"kim@acme.example","roles":["view-build"]}"#;
    let target = format!("/identity/v1/organizations/{}/invitations", site.web);
    let invited = Ask::new(&with_mail, "POST", &target)
        .cookie(&ana)
        .json(body);
    assert_eq!(invited.outcome().await, "201");
    let link = server.next().await.link(ISSUER);
    let generated = kim.generate(site.mobile).await;
    let secret = crate::reader::secret(&generated).unwrap().to_owned();
    let page = open(&mut kim, &link).await;
    let old = kim.cookies();
    let accepted = kim.send(&form(&page, "/invitation")).await;
    let security = format!("/orgs/{}/security", site.web);
    assert_eq!(
        (accepted.status, accepted.header("location")),
        (303, Some(&*security))
    );
    assert_ne!(verified(&site).await, before);
    // Whoever made the account is out, with the tokens that they made; Kim is in.
    let target = "/identity/v1/session";
    assert_eq!(
        site.get(target).cookie(&old).outcome().await,
        "401 not_signed_in"
    );
    assert_eq!(kim.get(&security).await.status, 200);
    let ask = site.exchanging("v2", &format!("pat={secret}"));
    assert_eq!(ask.outcome().await, "401 invalid_grant");
}

#[tokio::test]
async fn d6_an_invitation_is_accepted_by_its_link_and_the_right_address_only() {
    let site = Site::on(super::backend().await).await;
    site.person("eve").await;
    let link = invitation(&site, "Eve@acme.example").await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let page = open(&mut cem, &link).await;
    assert!(page.text().contains("for somebody else"));
    assert!(!page.text().contains("action=\"/invitation\""));
    // A form that is not on the page does nothing either.
    let forged = form(&page, "/sign-out");
    let forged = forged.with("next", "").sent().1;
    let ask = site
        .post("/invitation")
        .form(&forged)
        .header("origin", ISSUER);
    let answer = cem.answer(ask).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/invitation"))
    );
    assert_eq!(members(&site, site.mobile).await, ["bo@acme.example"]);
    // Eve has an account, and is asked to sign in; nobody makes another one of her address.
    let mut nobody = Reader::new(&site);
    let page = open(&mut nobody, &link).await;
    assert!(page.text().contains("href=\"/sign-in?next=/invitation\""));
    assert!(!page.text().contains("/invitation/account"));
    let mut eve = Reader::signed_in(&site, "eve").await;
    let page = open(&mut eve, &link).await;
    let accepted = eve.send(&form(&page, "/invitation")).await;
    let security = format!("/orgs/{}/security", site.mobile);
    assert_eq!(
        (accepted.status, accepted.header("location")),
        (303, Some(&*security))
    );
    assert!(
        members(&site, site.mobile)
            .await
            .contains(&"eve@acme.example".to_owned())
    );
    has_ended(&open(&mut cem, &link).await);
}

#[tokio::test]
async fn d6_what_the_inviter_lost_the_right_to_is_void() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let link = invitation(&site, "kim@acme.example").await;
    let mut kim = Reader::new(&site);
    let page = open(&mut kim, &link).await;
    assert_eq!(page.status, 200);
    let user = format!(
        "/identity/v1/organizations/{}/users/{}",
        site.acme, site.ana
    );
    // Somebody else owns it from now on, and Ana manages without the right to build.
    site.world.set_roles(site.cem, site.acme, &["owner"]).await;
    let body = r#"{"roles":["manage-organization"]}"#;
    let demoted = site
        .ask("PUT", &format!("{user}/roles"))
        .cookie(&ana)
        .json(body);
    assert_eq!(demoted.outcome().await, "200");
    has_ended(&kim.get("/invitation").await);
    has_ended(&kim.send(&new_account(&page)).await);
    site.world.set_roles(site.ana, site.acme, &["owner"]).await;
    assert_eq!(kim.get("/invitation").await.status, 200);
    site.world.suspend_user(site.ana).await;
    has_ended(&kim.get("/invitation").await);
}

#[tokio::test]
async fn d6_an_invitation_ends_after_seven_days_with_its_organization_and_when_it_is_withdrawn() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let path = format!("/orgs/{}/invitations", site.mobile);
    let link = invitation(&site, "kim@acme.example").await;
    let list = form(&ana.get(&path).await, "/invitations");
    let led = ana.send(&list.with("withdraw", "kim@acme.example")).await;
    assert_eq!((led.status, led.header("location")), (303, Some(&*path)));
    has_ended(&open(&mut Reader::new(&site), &link).await);
    let old = invitation(&site, "kim@acme.example").await;
    let new = invitation(&site, "kim@acme.example").await;
    has_ended(&open(&mut Reader::new(&site), &old).await);
    let mut kim = Reader::new(&site);
    assert_eq!(open(&mut kim, &new).await.status, 200);
    site.advance(Duration::from_hours(7 * 24) - Duration::from_millis(1));
    assert_eq!(open(&mut kim, &new).await.status, 200);
    site.advance(Duration::from_millis(1));
    has_ended(&open(&mut kim, &new).await);
    let last = invitation(&site, "lea@acme.example").await;
    let cookie = site.sign_in("ana").await;
    let target = format!("/identity/v1/organizations/{}?confirm=Mobile", site.mobile);
    assert_eq!(site.delete(&target).cookie(&cookie).outcome().await, "204");
    has_ended(&open(&mut Reader::new(&site), &last).await);
}

#[tokio::test]
async fn no_other_site_accepts_for_anybody() {
    let site = Site::on(super::backend().await).await;
    site.person("eve").await;
    let (eve, kim) = (
        invitation(&site, "eve@acme.example").await,
        invitation(&site, "kim@acme.example").await,
    );
    let (mut member, mut nobody) = (Reader::signed_in(&site, "eve").await, Reader::new(&site));
    let one = form(&open(&mut member, &eve).await, "/invitation");
    let other = new_account(&open(&mut nobody, &kim).await);
    let before = dump(&site.world.store).await;
    for (reader, form) in [(&member, &one), (&nobody, &other)] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let ask = reader.asking(form).header(name, value);
            let refused = ask.cookie(&reader.cookies()).send().await;
            assert_eq!(refused.status, 403);
        }
    }
    assert_eq!(dump(&site.world.store).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_accepting_and_withdrawing_at_once_exactly_one_wins() {
    let site = Site::on(super::backend().await).await;
    let eve_id = site.person("eve").await;
    let other = site.another_node().await;
    for round in 0..8 {
        let link = invitation(&site, "eve@acme.example").await;
        let mut eve = Reader::signed_in(&site, "eve").await;
        let page = open(&mut eve, &link).await;
        let accept = eve
            .asking(&form(&page, "/invitation"))
            .cookie(&eve.cookies());
        let accept = accept.header("accept", "text/html");
        let ana = site.sign_in("ana").await;
        let target = format!("/identity/v1/organizations/{}/invitations", site.mobile);
        let withdraw = Ask::new(&other, "DELETE", &target).cookie(&ana);
        let withdraw = withdraw.json(r#"{"userEmail":"eve@acme.example"}"#);
        let mut rivals: JoinSet<u16> = JoinSet::new();
        rivals.spawn(async move { accept.send().await.status });
        rivals.spawn(async move { withdraw.send().await.status });
        let mut statuses = rivals.join_all().await;
        statuses.sort_unstable();
        let is_member = members(&site, site.mobile)
            .await
            .contains(&"eve@acme.example".to_owned());
        // Accepted, and there was nothing to withdraw; or withdrawn, and there was nothing to accept.
        let wanted: &[u16] = if is_member { &[303, 404] } else { &[204, 410] };
        assert_eq!(statuses, wanted, "round {round}");
        if is_member {
            site.world.remove(eve_id, site.mobile).await;
        }
    }
}
