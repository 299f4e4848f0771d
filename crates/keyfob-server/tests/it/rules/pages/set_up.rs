//! The first account, by the link that the operator is shown (D8).

use std::time::Duration;

use keyfob_core::event::{Action, Via};
use keyfob_server::app::set_up::offer;
use keyfob_store::event::audit_list;
use keyfob_testkit::schema::dump;

use crate::client::Answer;
use crate::reader::{PageForm, Reader, form};
use crate::site::{ISSUER, PASSWORD, Site};

/// The path of a new link.
async fn link(site: &Site) -> String {
    let offered = offer(&site.app.store, &*site.app.entropy, site.app.now()).await;
    let url = offered.unwrap().unwrap().url(ISSUER);
    url.strip_prefix(ISSUER).unwrap().to_owned()
}

fn code(link: &str) -> &str {
    link.strip_prefix("/setup?code=").unwrap()
}

/// Opens a link; the page to which it leads.
async fn open(reader: &mut Reader<'_>, link: &str) -> Answer {
    let led = reader.get(link).await;
    assert_eq!((led.status, led.header("location")), (303, Some("/setup")));
    reader.get("/setup").await
}

fn filled(page: &Answer) -> PageForm {
    form(page, "/setup")
        .with("fullName", "Ana Lima")
        .with("email", "Ana@first.example")
        .with("password", PASSWORD)
        .with("organization", "Erste & Söhne")
}

fn has_ended(answer: &Answer) {
    assert_eq!(answer.status, 410, "{}", answer.text());
    assert!(answer.text().contains("This link has ended"));
    assert!(answer.text().contains("keyfobd user setup-link"));
    assert!(
        !answer
            .text()
            .contains("<form method=\"post\" action=\"/setup\"")
    );
}

/// How many accounts, organizations and memberships there are.
async fn counts(site: &Site) -> [usize; 3] {
    let tables = dump(&site.world.store).await;
    ["users", "organization", "membership"].map(|table| tables[table].len())
}

#[tokio::test]
async fn d8_the_link_makes_the_first_account_and_its_organization_and_signs_in() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &link).await;
    assert_eq!(page.status, 200);
    let made = reader.send(&filled(&page)).await;
    assert_eq!(made.status, 303);
    let to = made.header("location").unwrap().to_owned();
    let page = reader.get(&to).await;
    assert_eq!(page.status, 200);
    for told in [
        "Ana Lima",
        "Ana@first.example",
        "Erste &#38; Söhne",
        "Owner",
    ] {
        assert!(page.text().contains(told), "{told}");
    }
    assert!(page.text().contains(">Generate Token<"), "a direct member");
    assert_eq!(counts(&site).await, [1, 1, 1]);
    // The account is one like others.
    let body = format!(r#"{{"email":"ana@first.example","password":"{PASSWORD}"}}"#);
    let session = site.post("/identity/v1/session").json(&body);
    assert_eq!(session.outcome().await, "201");
    let mut tx = site.world.store.read_single().await.unwrap();
    let records = audit_list(&mut tx, None).await.unwrap();
    let mut added = records
        .iter()
        .filter(|record| record.action == Action::UserAdded.word());
    assert_eq!(
        added.next().map(|record| record.via.as_str()),
        Some(Via::Operator.word())
    );
}

#[tokio::test]
async fn d8_a_link_works_once() {
    let site = Site::empty(super::backend().await).await;
    let (one, other) = (link(&site).await, link(&site).await);
    let (mut first, mut second) = (Reader::new(&site), Reader::new(&site));
    let page = open(&mut first, &one).await;
    let (used, late) = (filled(&page), filled(&open(&mut second, &other).await));
    assert_eq!(first.send(&used).await.status, 303);
    // The same form again, the same link again, and another link that was open.
    let mut again = Reader::new(&site);
    has_ended(&open(&mut again, &one).await);
    has_ended(&second.send(&late).await);
    has_ended(&second.get("/setup").await);
    assert_eq!(
        first.send(&used).await.status,
        403,
        "a form of before the sign-in"
    );
    assert_eq!(counts(&site).await, [1, 1, 1]);
    let offered = offer(&site.app.store, &*site.app.entropy, site.app.now()).await;
    assert!(offered.unwrap().is_none(), "there is an account");
}

#[tokio::test]
async fn d8_looking_at_a_link_does_not_use_it_up() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    for _preview in 0..3 {
        let mut robot = Reader::new(&site);
        assert_eq!(open(&mut robot, &link).await.status, 200);
    }
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &link).await;
    assert_eq!(reader.send(&filled(&page)).await.status, 303);
}

#[tokio::test]
async fn d8_the_secret_is_in_its_address_once_and_kept_as_a_hash_only() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    let mut reader = Reader::new(&site);
    let led = reader.get(&link).await;
    assert_eq!(led.header("referrer-policy"), Some("no-referrer"));
    let cookie = format!("keyfob_setup={}", code(&link));
    assert_eq!(
        led.header("set-cookie"),
        Some(format!("{cookie}; HttpOnly; SameSite=Lax; Path=/; Max-Age=900").as_str())
    );
    let page = reader.get("/setup").await;
    assert!(!page.text().contains(code(&link)));
    let stored = format!("{:?}", dump(&site.world.store).await);
    assert!(stored.contains("setup_link") && !stored.contains(code(&link)));
    let made = reader.send(&filled(&page)).await;
    let mut cookies = made.headers.get_all("set-cookie").iter();
    let gone = "keyfob_setup=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0";
    assert!(cookies.any(|cookie| cookie == gone));
    let mut links = dump(&site.world.store).await;
    assert_eq!(links.remove("setup_link").unwrap().len(), 0);
}

#[tokio::test]
async fn d8_a_link_ends_after_15_minutes() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    site.advance(Duration::from_millis(15 * 60_000 - 1));
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &link).await;
    assert_eq!(page.status, 200);
    site.advance(Duration::from_millis(1));
    has_ended(&reader.send(&filled(&page)).await);
    has_ended(&reader.get("/setup").await);
    assert_eq!(counts(&site).await, [0, 0, 0]);
    // A new one is another matter.
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &self::link(&site).await).await;
    assert_eq!(reader.send(&filled(&page)).await.status, 303);
}

#[tokio::test]
async fn d8_a_wrong_link_and_none_look_like_an_ended_one() {
    let site = Site::empty(super::backend().await).await;
    let right = link(&site).await;
    let other_letter = if right.ends_with('A') { "E" } else { "A" };
    let wrong = format!("{}{other_letter}", &right[..right.len() - 1]);
    for wrong in [
        wrong.as_str(),
        "/setup?code=",
        "/setup?code=a;b",
        "/setup?code=%00",
    ] {
        let mut reader = Reader::new(&site);
        has_ended(&open(&mut reader, wrong).await);
    }
    has_ended(&Reader::new(&site).get("/setup").await);
    // A form whose link is gone from the browser.
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &right).await;
    let form = filled(&page);
    open(&mut reader, &wrong).await;
    has_ended(&reader.send(&form).await);
    assert_eq!(counts(&site).await, [0, 0, 0]);
}

#[tokio::test]
async fn d8_an_account_that_was_made_otherwise_ends_the_link() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &link).await;
    site.world.user("other@first.example").await;
    has_ended(&reader.send(&filled(&page)).await);
    assert_eq!(counts(&site).await, [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_of_two_at_once_exactly_one_makes_the_account() {
    let site = Site::empty(super::backend().await).await;
    let (one, other) = (link(&site).await, link(&site).await);
    let (mut first, mut second) = (Reader::new(&site), Reader::new(&site));
    let first_form = filled(&open(&mut first, &one).await);
    let second_form = filled(&open(&mut second, &other).await).with("email", "bo@first.example");
    let (a, b) = tokio::join!(first.send(&first_form), second.send(&second_form));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    assert_eq!(counts(&site).await, [1, 1, 1]);
}

#[tokio::test]
async fn d8_what_is_wrong_stands_at_its_field_and_the_link_stays() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    let mut reader = Reader::new(&site);
    let mut page = open(&mut reader, &link).await;
    for (field, value, told) in [
        ("fullName", " ", "It is empty."),
        ("email", "nobody", "It is not an e-mail address."),
        (
            "password",
            "elevenchars",
            "It has fewer than 12 characters.",
        ),
        (
            "organization",
            "a\u{202e}b",
            "It holds a control, invisible",
        ),
    ] {
        page = reader.send(&filled(&page).with(field, value)).await;
        assert_eq!(page.status, 422, "{field}");
        assert!(page.text().contains(told), "{told}");
        assert!(!page.text().contains(PASSWORD));
        let kept = form(&page, "/setup");
        if field != "email" {
            assert_eq!(kept.value("email"), "Ana@first.example");
        }
    }
    assert_eq!(counts(&site).await, [0, 0, 0]);
    assert_eq!(reader.send(&filled(&page)).await.status, 303);
}

#[tokio::test]
async fn d8_another_site_cannot_send_the_form() {
    let site = Site::empty(super::backend().await).await;
    let link = link(&site).await;
    let mut reader = Reader::new(&site);
    let page = open(&mut reader, &link).await;
    for (header, value) in [("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let ask = reader.asking(&filled(&page)).header(header, value);
        assert_eq!(reader.answer(ask).await.status, 403, "{header}");
    }
    let old = filled(&page).with("formToken", "");
    assert_eq!(reader.send(&old).await.status, 403);
    assert_eq!(counts(&site).await, [0, 0, 0]);
    // From our own page it is taken: its referrer policy keeps the origin.
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert_eq!(reader.send(&filled(&page)).await.status, 303);
}
