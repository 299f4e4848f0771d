//! Contract 5, CSRF: a form counts only from the page it was made for.

use crate::reader::{Reader, form};
use crate::site::Site;

#[tokio::test]
async fn a_form_of_another_origin_does_nothing_whatever_cookie_it_carries() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens");
    for (header, value) in [
        ("origin", "null"),
        ("origin", "https://evil.example"),
        ("origin", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let ask = ana.asking(&generate).header(header, value);
        let answer = ana.answer(ask).await;
        assert_eq!(answer.status, 403, "{header}: {value}");
        assert!(answer.text().contains("This form is too old"));
    }
    let page = ana.security(site.acme).await;
    assert!(page.text().contains("No token yet"));
}

#[tokio::test]
async fn a_form_needs_its_own_token_also_from_a_program_without_those_headers() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens");
    let of_cem = form(&cem.security(site.acme).await, "/security/tokens");
    for wrong in [
        generate.clone().with("formToken", ""),
        generate
            .clone()
            .with("formToken", of_cem.value("formToken")),
        generate.clone().with("form", of_cem.value("form")),
        // The token of the page's forms without a number.
        generate
            .clone()
            .with("formToken", form(&page, "/sign-out").value("formToken")),
        generate.clone().with("form", "no id"),
    ] {
        let ask = ana.asking(&wrong);
        assert_eq!(ana.answer(ask).await.status, 403, "{wrong:?}");
    }
    // As it stands it is taken.
    let ask = ana.asking(&generate);
    assert_eq!(ana.answer(ask).await.status, 200);
}

#[tokio::test]
async fn a_form_of_an_ended_session_leads_to_where_one_signs_in() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let generate = form(&page, "/security/tokens");
    let out = ana.send(&form(&page, "/sign-out")).await;
    assert_eq!(
        (out.status, out.header("location")),
        (303, Some("/sign-in"))
    );
    let answer = ana.send(&generate).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/sign-in"));
    // Signed in again, the old form is none of the new session's.
    let mut again = Reader::signed_in(&site, "ana").await;
    assert_eq!(again.send(&generate).await.status, 403);
}

#[tokio::test]
async fn what_is_no_form_is_refused_with_its_reason() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let path = format!("/orgs/{}/security/tokens", site.acme);
    let ask = site.post(&path).json("{}");
    assert_eq!(ana.answer(ask).await.status, 415);
    let ask = site.post(&path).form(&"x".repeat(40_000));
    assert_eq!(ana.answer(ask).await.status, 413);
}
