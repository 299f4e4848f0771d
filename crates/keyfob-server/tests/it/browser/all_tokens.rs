//! D6: tokens of others, revoked by who manages the organization.

use super::stage::{Stage, security};

#[tokio::test]
async fn d6_chosen_tokens_are_shown_once_more_and_revoked_when_their_number_is_typed() {
    let stage = Stage::open().await;
    let site = &stage.site;
    let bo = site.sign_in("bo").await;
    let mut pats = Vec::new();
    for name in ["Nightly", "Release", "Old"] {
        let body = format!(r#"{{"name":"{name}"}}"#);
        pats.push(site.generate(&bo, site.mobile, &body).await);
    }
    let browser = stage.browser("ana", &security(site.acme)).await;
    browser.press("#menu a[href$='/tokens']").await;
    for pat in &pats[..2] {
        browser.press(&format!("input[value='{}']", pat.id)).await;
    }
    browser.read(".bulk [data-count]", "2 chosen").await;
    browser.press(".bulk .btn").await;
    browser.read("h1", "Revoke 2 tokens?").await;
    assert_eq!(browser.count("tbody tr").await, 2);
    for pat in &pats {
        assert_eq!(stage.exchange(&pat.secret).await, "200", "a dry run");
    }
    browser.fill("#nt", "3").await;
    browser.press("form .btn-danger").await;
    browser.read("#nt-e", "That is not 2.").await;
    browser.fill("#nt", "2").await;
    browser.press("form .btn-danger").await;
    browser.read("[role=status]", "2 tokens revoked").await;
    for (pat, outcome) in pats
        .iter()
        .zip(["401 invalid_grant", "401 invalid_grant", "200"])
    {
        assert_eq!(stage.exchange(&pat.secret).await, outcome);
    }
    // The form's own answer of a moment ago said 422.
    assert_eq!(browser.complaints().await.len(), 1);
}
