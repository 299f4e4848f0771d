//! A forgotten password, where mail is set up (D8).

use std::time::Duration;

use keyfob_testkit::schema::dump;

use crate::client::Answer;
use crate::mail_server::MailServer;
use crate::reader::{Reader, form};
use crate::site::{ISSUER, PASSWORD, Site};

const NEW: &str = "four words and a half";

async fn with_mail() -> (Site, MailServer) {
    let server = MailServer::start().await;
    let mailer = server.mailer();
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.mailer = Some(mailer)).await;
    (site, server)
}

async fn ask(site: &Site, email: &str) -> Answer {
    let mut reader = Reader::new(site);
    let page = reader.get("/forgotten").await;
    reader
        .send(&form(&page, "/forgotten").with("email", email))
        .await
}

async fn open(reader: &mut Reader<'_>, link: &str) -> Answer {
    let led = reader.get(link).await;
    assert_eq!((led.status, led.header("location")), (303, Some("/reset")));
    reader.get("/reset").await
}

async fn choose(reader: &mut Reader<'_>, page: &Answer, password: &str) -> Answer {
    let filled = form(page, "/reset")
        .with("new", password)
        .with("again", password);
    reader.send(&filled).await
}

fn has_ended(answer: &Answer) {
    assert_eq!(answer.status, 410);
    assert!(answer.text().contains("This link has ended"));
}

async fn signs_in(site: &Site, password: &str) -> u16 {
    let body = format!(r#"{{"email":"bo@acme.example","password":"{password}"}}"#);
    site.post("/identity/v1/session")
        .json(&body)
        .send()
        .await
        .status
}

#[tokio::test]
async fn d8_a_forgotten_password_is_replaced_by_a_mailed_link_once() {
    let (site, mut server) = with_mail().await;
    let mut other = Reader::signed_in(&site, "bo").await;
    let pat = site.pat("bo", site.mobile).await;
    let told = ask(&site, "Bo@acme.example").await;
    assert!(told.text().contains("Look at your mail"));
    let mail = server.next().await;
    assert_eq!(mail.to, "RCPT TO:<Bo@acme.example>");
    assert!(mail.text.contains("Subject: Another password for Keyfob"));
    let link = mail.link(ISSUER);
    let mut bo = Reader::new(&site);
    let page = open(&mut bo, &link).await;
    let (_path, code) = link.split_once('=').unwrap();
    assert!(!page.text().contains(code));
    let mut late = Reader::new(&site);
    let too_late = open(&mut late, &link).await;
    let changed = choose(&mut bo, &page, NEW).await;
    let leads_to = (changed.status, changed.header("location"));
    assert_eq!(leads_to, (303, Some("/password/changed")));
    assert_eq!(
        (signs_in(&site, NEW).await, signs_in(&site, PASSWORD).await),
        (201, 401)
    );
    // Every session has ended, but the new one; what to do about tokens is offered.
    assert_eq!(other.get("/tokens").await.status, 303);
    let page = bo.get("/password/changed").await;
    assert!(page.text().contains("href=\"/tokens/revoke\""));
    assert_eq!(site.exchange(&pat, site.mobile).await.status, 200);
    has_ended(&choose(&mut late, &too_late, PASSWORD).await);
    has_ended(&open(&mut Reader::new(&site), &link).await);
    let records = site.world.audit(None).await.into_iter();
    let words: Vec<String> = records.map(|record| record.action).collect();
    for action in [
        "user.password_reset_sent",
        "user.password_set",
        "user.address_proved",
    ] {
        assert_eq!(
            words.iter().filter(|word| *word == action).count(),
            1,
            "{action}"
        );
    }
}

#[tokio::test]
async fn t_05_who_asks_learns_nothing_of_accounts() {
    let (site, mut server) = with_mail().await;
    site.world.suspend_user(site.cem).await;
    let known = ask(&site, "bo@acme.example").await;
    server.next().await;
    let before = dump(&site.world.store).await;
    for email in ["ben@acme.example", "cem@acme.example"] {
        let told = ask(&site, email).await;
        let name = |text: &str, email: &str| {
            let (_frame, main) = text.split_once("<main").unwrap();
            main.replace(email, "somebody")
        };
        assert_eq!(told.status, known.status);
        assert_eq!(
            name(told.text(), email),
            name(known.text(), "bo@acme.example")
        );
    }
    // A later mail comes behind these, which made none.
    ask(&site, "ana@acme.example").await;
    assert_eq!(server.next().await.to, "RCPT TO:<ana@acme.example>");
    let resets = dump(&site.world.store).await["password_reset"].len();
    assert_eq!(resets, before["password_reset"].len() + 1);
    let wrong = ask(&site, "bo@acme").await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn d8_a_link_works_for_15_minutes_and_the_last_one_only() {
    let (site, mut server) = with_mail().await;
    ask(&site, "bo@acme.example").await;
    let old = server.next().await.link(ISSUER);
    ask(&site, "bo@acme.example").await;
    let new = server.next().await.link(ISSUER);
    has_ended(&open(&mut Reader::new(&site), &old).await);
    let mut bo = Reader::new(&site);
    let page = open(&mut bo, &new).await;
    for (password, again, told) in [
        (NEW, "other words", "The two new passwords differ."),
        ("short", "short", "12 characters"),
    ] {
        let filled = form(&page, "/reset")
            .with("new", password)
            .with("again", again);
        let refused = bo.send(&filled).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(told), "{told}");
    }
    site.advance(Duration::from_mins(15) - Duration::from_millis(1));
    assert_eq!(bo.get("/reset").await.status, 200);
    site.advance(Duration::from_millis(1));
    has_ended(&bo.get("/reset").await);
    has_ended(&choose(&mut bo, &page, NEW).await);
    assert_eq!(signs_in(&site, PASSWORD).await, 201);
}

#[tokio::test]
async fn d8_without_mail_nobody_is_offered_it() {
    let site = Site::on(super::backend().await).await;
    let page = Reader::new(&site).get("/sign-in").await;
    assert!(!page.text().contains("/forgotten"));
    let (with_mail, _server) = with_mail().await;
    let page = Reader::new(&with_mail).get("/sign-in").await;
    assert!(page.text().contains("href=\"/forgotten\""));
}

#[tokio::test]
async fn no_other_site_asks_for_a_link_or_chooses_a_password() {
    let (site, mut server) = with_mail().await;
    let mut reader = Reader::new(&site);
    let asking = form(&reader.get("/forgotten").await, "/forgotten");
    let asking = asking.with("email", "bo@acme.example");
    ask(&site, "bo@acme.example").await;
    let link = server.next().await.link(ISSUER);
    let page = open(&mut reader, &link).await;
    let choosing = form(&page, "/reset").with("new", NEW).with("again", NEW);
    let before = dump(&site.world.store).await;
    for form in [&asking, &choosing] {
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
    assert!(server.is_empty());
}

#[tokio::test]
async fn t_04_one_address_asks_for_30_links_in_an_hour_whatever_the_accounts() {
    let (site, _server) = with_mail().await;
    for number in 0..31 {
        let asked = ask(&site, &format!("n{number}@acme.example")).await;
        assert_eq!(asked.status, 200, "{number}");
    }
    let refused = ask(&site, "n31@acme.example").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    site.advance(Duration::from_hours(1));
    assert_eq!(ask(&site, "n31@acme.example").await.status, 200);
}
