//! Changing one's password on a page.

use keyfob_core::event::{Action, Via};
use keyfob_core::id::RequestId;
use keyfob_server::app::change_password::{ChangePasswordError, change_password};
use keyfob_server::app::sign_in::{SignInError, sign_in};
use keyfob_server::context::Ctx;
use keyfob_store::event::audit_list;

use crate::client::Answer;
use crate::reader::{PageForm, Reader, form};
use crate::site::{PASSWORD, Site};

const NEW: &str = "four words and a half";

async fn filled(reader: &mut Reader<'_>, present: &str, new: &str) -> PageForm {
    let page = reader.get("/password?next=/orgs/1/security").await;
    form(&page, "/password")
        .with("present", present)
        .with("new", new)
        .with("again", new)
}

/// The status of a sign-in on the page.
async fn signing_in(site: &Site, password: &str, from: &str) -> u16 {
    let mut reader = Reader::new(site);
    let page = reader.get("/sign-in").await;
    let filled = form(&page, "/sign-in")
        .with("email", "ana@acme.example")
        .with("password", password);
    let ask = reader.asking(&filled).from(from);
    reader.answer(ask).await.status
}

fn hides(page: &Answer, secret: &str) {
    assert!(!page.text().contains(secret));
}

#[tokio::test]
async fn d8_a_changed_password_ends_every_other_session_and_is_recorded() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let mut here = Reader::signed_in(&site, "ana").await;
    let mut there = Reader::signed_in(&site, "ana").await;
    let old_cookie = here.cookies();
    let answer = {
        let change = filled(&mut here, PASSWORD, NEW).await;
        here.send(&change).await
    };
    assert_eq!(answer.status, 303);
    let to = answer.header("location").unwrap();
    assert_eq!(to, "/password/changed?next=%2Forgs%2F1%2Fsecurity");
    let page = here.get(to).await;
    assert!(page.text().contains("Every other session has ended."));
    assert!(page.text().contains("href=\"/orgs/1/security\""));
    let security = here.security(site.acme).await;
    assert!(security.text().contains("Changed 15 Jan 2027"));
    // The session goes on with another cookie; the old one and the other session are dead.
    assert_eq!(here.get("/password").await.status, 200);
    assert_eq!(there.get("/password").await.status, 303);
    let old = site.get("/password").cookie(&old_cookie).send().await;
    assert_eq!(old.status, 303);
    assert_eq!(signing_in(&site, PASSWORD, "198.51.100.7").await, 401);
    assert_eq!(signing_in(&site, NEW, "198.51.100.7").await, 303);
    assert_eq!(site.exchange(&pat, site.acme).await.outcome(), "200");
    let mut tx = site.world.store.read_single().await.unwrap();
    let records = audit_list(&mut tx, None).await.unwrap();
    let mut set = records
        .iter()
        .filter(|record| record.action == Action::PasswordSet.word());
    let record = set.next().unwrap();
    assert_eq!(
        (record.via.as_str(), record.actor),
        (Via::Session.word(), Some(site.ana))
    );
    assert_eq!(record.subject, Some(site.ana.uuid()));
    assert!(set.next().is_none(), "once");
}

#[tokio::test]
async fn d8_a_wrong_present_password_is_answered_and_counted_as_at_the_sign_in() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let wrong = filled(&mut ana, "hunter2 hunter2", NEW).await;
    let mut from = async |form: &PageForm, address: &str| {
        let ask = ana.asking(form).from(address);
        ana.answer(ask).await
    };
    for _failure in 0..=site.app.policy.sign_in_failures {
        let answer = from(&wrong, "198.51.100.7").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None));
        assert!(answer.text().contains("The password is wrong. Try again."));
        hides(&answer, "hunter2");
        hides(&answer, NEW);
    }
    let right = wrong.with("present", PASSWORD);
    let limited = from(&right, "198.51.100.7").await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.header("retry-after"), Some("900"));
    assert!(limited.text().contains("Wait 15 minutes"));
    // It is one count with the sign-in, and only from there.
    assert_eq!(signing_in(&site, PASSWORD, "198.51.100.7").await, 429);
    assert_eq!(from(&right, "198.51.100.8").await.status, 303);
}

#[tokio::test]
async fn d8_a_new_password_has_12_characters_and_is_typed_the_same_twice() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let long = "x".repeat(1_025);
    for (new, again, told) in [
        (
            "éééééééééé1",
            "éééééééééé1",
            "It has fewer than 12 characters.",
        ),
        ("", "", "It has fewer than 12 characters."),
        (&*long, &*long, "It is longer than 1,024 bytes."),
        (
            NEW,
            "four words and a half ",
            "The two new passwords differ.",
        ),
    ] {
        let change = filled(&mut ana, PASSWORD, new).await.with("again", again);
        let answer = ana.send(&change).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (422, None));
        assert!(answer.text().contains(told), "{told}");
    }
    assert_eq!(signing_in(&site, PASSWORD, "198.51.100.7").await, 303);
    let shortest = filled(&mut ana, PASSWORD, "éééééééééé12").await;
    assert_eq!(ana.send(&shortest).await.status, 303);
    assert_eq!(signing_in(&site, "éééééééééé12", "198.51.100.7").await, 303);
}

#[tokio::test]
async fn d8_a_form_of_another_site_or_session_changes_no_password() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut again = Reader::signed_in(&site, "ana").await;
    let change = filled(&mut ana, PASSWORD, NEW).await;
    let ask = ana.asking(&change).header("origin", "https://evil.example");
    assert_eq!(ana.answer(ask).await.status, 403);
    assert_eq!(again.send(&change).await.status, 403, "of another session");
    let mut nobody = Reader::new(&site);
    assert_eq!(
        nobody.send(&change).await.header("location"),
        Some("/sign-in")
    );
    assert_eq!(signing_in(&site, PASSWORD, "198.51.100.7").await, 303);
}

#[tokio::test]
async fn d8_what_was_proved_is_the_password_that_still_holds() {
    let site = Site::on(super::backend().await).await;
    let ctx = Ctx {
        now: site.world.now(),
        request_id: RequestId::new(site.world.now(), site.world.id_random()),
        peer: None,
        client: None,
    };
    let signed_in = sign_in(&site.app, &ctx, "ana@acme.example", PASSWORD, None).await;
    let (who, _cookie) = signed_in.unwrap();
    change_password(&site.app, &ctx, &who, PASSWORD, NEW)
        .await
        .unwrap();
    // A second change that had begun before the first was kept.
    let late = change_password(&site.app, &ctx, &who, PASSWORD, "somebody else's words").await;
    assert!(matches!(
        late,
        Err(ChangePasswordError::NotProved(SignInError::Credentials))
    ));
    assert_eq!(signing_in(&site, NEW, "198.51.100.7").await, 303);
}
