//! Signing in and out on pages, and where that leads.

use crate::reader::{Reader, form};
use crate::site::{PASSWORD, Site};

#[tokio::test]
async fn signing_in_leads_back_to_the_page_that_was_asked_for() {
    let site = Site::on(super::backend().await).await;
    let mut reader = Reader::new(&site);
    let wanted = format!("/orgs/{}/security", site.mobile);
    let answer = reader.get(&wanted).await;
    let to = answer.header("location").unwrap().to_owned();
    assert_eq!(answer.status, 303);
    let page = reader.get(&to).await;
    let filled = form(&page, "/sign-in")
        .with("email", "Bo@Acme.example")
        .with("password", PASSWORD);
    let answer = reader.send(&filled).await;
    assert_eq!(answer.header("location"), Some(wanted.as_str()));
    assert!(reader.get(&wanted).await.text().contains("bo@acme.example"));
    // Whoever is signed in need not sign in.
    assert_eq!(
        reader.get(&to).await.header("location"),
        Some(wanted.as_str())
    );
}

#[tokio::test]
async fn signing_in_never_leads_to_another_site() {
    let site = Site::on(super::backend().await).await;
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let mut reader = Reader::new(&site);
        let page = reader.get("/sign-in").await;
        let filled = form(&page, "/sign-in")
            .with("next", elsewhere)
            .with("email", "bo@acme.example")
            .with("password", PASSWORD);
        let answer = reader.send(&filled).await;
        assert_eq!(answer.header("location"), Some("/"), "{elsewhere}");
    }
}

#[tokio::test]
async fn wrong_unknown_and_suspended_get_the_same_page() {
    let site = Site::on(super::backend().await).await;
    site.world.suspend_user(site.cem).await;
    let mut pages = Vec::new();
    for (email, password) in [
        ("bo@acme.example", "hunter2 hunter2"),
        ("nobody@acme.example", PASSWORD),
        ("cem@acme.example", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let mut reader = Reader::new(&site);
        let page = reader.get("/sign-in").await;
        let filled = form(&page, "/sign-in")
            .with("email", email)
            .with("password", password);
        let answer = reader.send(&filled).await;
        assert_eq!(answer.status, 401);
        let token = form(&answer, "/sign-in").value("formToken").to_owned();
        let told = answer.text().replace(email, "…").replace(&token, "…");
        assert!(told.contains("E-mail or password is wrong"));
        assert!(
            !told.contains(password),
            "what was typed as password is nowhere"
        );
        pages.push(told);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn t_04_too_many_wrong_passwords_from_one_address_wait_and_nobody_else_does() {
    let site = Site::on(super::backend().await).await;
    let try_from = async |address: &str, password: &str| {
        let mut reader = Reader::new(&site);
        let page = reader.get("/sign-in").await;
        let filled = form(&page, "/sign-in")
            .with("email", "ana@acme.example")
            .with("password", password);
        let ask = reader.asking(&filled).from(address);
        reader.answer(ask).await
    };
    for _ in 0..=site.app.policy.sign_in_failures {
        assert_eq!(try_from("198.51.100.7", "wrong").await.status, 401);
    }
    let limited = try_from("198.51.100.7", PASSWORD).await;
    assert_eq!(limited.status, 429);
    assert!(limited.text().contains("Wait 15 minutes"));
    assert!(limited.header("retry-after").is_some());
    // The owner elsewhere is not locked out.
    assert_eq!(try_from("198.51.100.8", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_look_is_kept_for_whoever_is_signed_in_or_not() {
    let site = Site::on(super::backend().await).await;
    let mut reader = Reader::new(&site);
    let page = reader.get("/sign-in").await;
    assert!(!page.text().contains("data-theme"));
    let dark = form(&page, "/preferences").with("look", "dark");
    let answer = reader.send(&dark).await;
    assert_eq!(answer.status, 303);
    let page = reader.get("/sign-in").await;
    assert!(
        page.text()
            .contains("<html lang=\"en\" data-theme=\"dark\">")
    );
    let nonsense = form(&page, "/preferences").with("look", "pink");
    assert_eq!(reader.send(&nonsense).await.status, 400);
}

#[tokio::test]
async fn somebody_in_no_organization_is_told_so() {
    let site = Site::on(super::backend().await).await;
    site.person("new").await;
    let mut reader = Reader::signed_in(&site, "new").await;
    let page = reader.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("You are in no organization yet"));
}
