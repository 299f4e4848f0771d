//! Inviting in the dashboard (D6, contract 5).

use std::time::Duration;

use keyfob_core::id::OrgId;

use super::accepting::{new_account, open, roles};
use crate::mail_server::MailServer;
use crate::reader::{PageForm, Reader, form};
use crate::scenes::link;
use crate::site::{ISSUER, PASSWORD, Site};

async fn inviting(reader: &mut Reader<'_>, at: OrgId) -> PageForm {
    let page = reader.get(&format!("/orgs/{at}/invite")).await;
    assert_eq!(page.status, 200);
    form(&page, "/invite")
}

#[tokio::test]
async fn d6_several_people_are_invited_to_several_organizations_at_once() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let first = inviting(&mut ana, site.mobile).await;
    let emails = "kim@acme.example, lea@acme.example\nKIM@acme.example bo@acme.example";
    let (mobile, ios) = (site.mobile.to_string(), site.ios.to_string());
    let add = first
        .with("emails", emails)
        .with("add", "yes")
        .with("other", &ios);
    let page = ana.send(&add).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text()
            .contains(">kim@acme.example, lea@acme.example\n"),
        "kept"
    );
    let filled = form(&page, "/invite")
        .with(
            "emails",
            "kim@acme.example, lea@acme.example bo@acme.example",
        )
        .with(&format!("preset-{mobile}"), "owner")
        .with(&format!("preset-{ios}"), "some")
        .with(&format!("role-{ios}"), "manage-build");
    let sent = ana.send(&filled).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert_eq!(sent.text().matches("/invitation?code=").count(), 3);
    let (mut kim, link) = (Reader::new(&site), link(&sent).to_owned());
    let page = open(&mut kim, &link).await;
    assert_eq!(kim.send(&new_account(&page)).await.status, 303);
    assert_eq!(roles(&site, site.mobile, "kim@acme.example").await, "owner");
    assert_eq!(
        roles(&site, site.ios, "kim@acme.example").await,
        "manage-build"
    );
    // Left out again, it is not there.
    let page = inviting(&mut ana, site.mobile).await;
    let add = page.with("add", "yes").with("other", &ios);
    let both = form(&ana.send(&add).await, "/invite");
    let page = ana.send(&both.with("leaveOut", &mobile)).await;
    assert_eq!(form(&page, "/invite").value("organization"), ios);
}

#[tokio::test]
async fn d6_what_is_wrong_with_the_form_is_told_and_nothing_is_lost() {
    let site = Site::on(super::backend().await).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    for (emails, told) in [
        ("", "at least one address"),
        ("kim@acme.example nobody", "“nobody”"),
    ] {
        let form = inviting(&mut cem, site.mobile).await;
        let page = cem.send(&form.with("emails", emails)).await;
        assert_eq!(page.status, 422);
        assert!(page.text().contains(told), "{told}");
        assert!(page.text().contains(emails));
    }
    // Cem holds nothing but the organization, so nothing else can be chosen; a forged choice is refused.
    let page = inviting(&mut cem, site.mobile).await;
    let preset = format!("preset-{}", site.mobile);
    assert_eq!(page.value(&preset), "some");
    let forged = page
        .with(&preset, "owner")
        .with("emails", "kim@acme.example");
    let refused = cem.send(&forged).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Only an owner can do this."));
    let mut bo = Reader::signed_in(&site, "bo").await;
    for page in ["invite", "invitations"] {
        let path = format!("/orgs/{}/{page}", site.mobile);
        assert_eq!(bo.get(&path).await.status, 403);
    }
    let team = bo.get(&format!("/orgs/{}/team", site.mobile)).await;
    assert!(!team.text().contains("/invite"));
}

#[tokio::test]
async fn p13_a_link_is_shown_only_to_who_proved_lately_who_they_are() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let filled = inviting(&mut ana, site.mobile)
        .await
        .with("emails", "kim@acme.example");
    site.advance(Duration::from_mins(16));
    let asked = ana.send(&filled).await;
    assert!(asked.text().contains("Is it you?"), "{}", asked.text());
    let path = format!("/orgs/{}/invitations", site.mobile);
    let list = ana.get(&path).await;
    assert!(list.text().contains("Nobody is invited"));
    let wrong = ana
        .send(&form(&asked, "/invite").with("password", "wrong"))
        .await;
    assert_eq!(wrong.status, 403);
    let sent = ana
        .send(&form(&wrong, "/invite").with("password", PASSWORD))
        .await;
    assert!(link(&sent).starts_with("/invitation?code="));
    site.advance(Duration::from_mins(16));
    let list = form(&ana.get(&path).await, "/invitations");
    let asked = ana.send(&list.with("again", "kim@acme.example")).await;
    assert!(asked.text().contains("Is it you?"));
    let shown = ana
        .send(&form(&asked, "/invitations").with("password", PASSWORD))
        .await;
    assert_ne!(link(&shown), link(&sent));
}

#[tokio::test]
async fn d6_where_mail_is_set_up_nobody_is_shown_a_link_and_the_mailed_one_proves_the_address() {
    let mut server = MailServer::start().await;
    let mailer = server.mailer();
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.mailer = Some(mailer)).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let filled = inviting(&mut ana, site.mobile)
        .await
        .with("emails", "kim@acme.example");
    site.advance(Duration::from_mins(16));
    let led = ana.send(&filled).await;
    let path = format!("/orgs/{}/invitations", site.mobile);
    assert_eq!((led.status, led.header("location")), (303, Some(&*path)));
    let list = form(&ana.get(&path).await, "/invitations");
    let link = server.next().await.link(ISSUER);
    let mut kim = Reader::new(&site);
    let page = open(&mut kim, &link).await;
    assert_eq!(kim.send(&new_account(&page)).await.status, 303);
    let pat = kim.generate(site.mobile).await;
    let secret = crate::reader::secret(&pat).unwrap();
    let asked = format!("pat={secret}&scope=email");
    let exchanged = site.exchanging("v2", &asked).send().await;
    let claims = site.claims(&exchanged.member("access_token")).await;
    assert_eq!(claims["email_verified"], true);
    server.refuse();
    let gone = ana.send(&list.with("again", "kim@acme.example")).await;
    assert_eq!(gone.header("location"), Some(&*path), "accepted meanwhile");
    let filled = inviting(&mut ana, site.mobile)
        .await
        .with("emails", "lea@acme.example");
    let told = ana.send(&filled).await;
    assert!(
        told.text()
            .contains("the mail server did not take the mail")
    );
    assert!(!told.text().contains("code="));
}
