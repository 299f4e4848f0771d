//! Ending sessions on pages: one, or all but this one.

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::Site;

/// The id of the reader's own session.
async fn own_session(site: &Site, reader: &Reader<'_>) -> String {
    let list = site.get("/identity/v1/sessions").cookie(&reader.cookies());
    let list = list.send().await.json();
    let mut sessions = list["data"].as_array().unwrap().iter();
    let own = sessions.find(|session| session["current"] == true).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

async fn is_signed_in(reader: &mut Reader<'_>) -> bool {
    let answer = reader.get("/password").await;
    match (answer.status, answer.header("location")) {
        (200, None) => true,
        (303, Some("/sign-in?next=%2Fpassword")) => false,
        other => panic!("{other:?}"),
    }
}

fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303);
    answer.header("location").unwrap()
}

#[tokio::test]
async fn one_session_is_ended_and_the_others_stay() {
    let site = Site::on(super::backend().await).await;
    let mut here = Reader::signed_in(&site, "ana").await;
    let mut there = Reader::signed_in(&site, "ana").await;
    let mut third = Reader::signed_in(&site, "ana").await;
    let page = here.security(site.acme).await;
    assert_eq!(page.text().matches("action=\"/sessions\"").count(), 2);
    let end = form(&page, "/sessions").with("end", &own_session(&site, &there).await);
    let answer = here.send(&end).await;
    assert_eq!(leads_to(&answer), format!("/orgs/{}/security", site.acme));
    assert!(!is_signed_in(&mut there).await);
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut third).await);
    // Twice is as once.
    assert_eq!(here.send(&end).await.status, 303);
}

#[tokio::test]
async fn somebody_elses_session_stays_whatever_id_is_sent() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let mut other = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let of_cem = own_session(&site, &cem).await;
    let end = form(&page, "/sessions");
    assert_eq!(
        ana.send(&end.clone().with("end", &of_cem)).await.status,
        303
    );
    assert!(is_signed_in(&mut cem).await);
    for nonsense in ["", "all", "'; DROP TABLE session"] {
        let answer = ana.send(&end.clone().with("end", nonsense)).await;
        assert_eq!(answer.status, 404, "{nonsense}");
    }
    let of_other = own_session(&site, &other).await;
    let ask = ana.asking(&end.clone().with("end", &of_other));
    let foreign = ask.header("sec-fetch-site", "cross-site");
    assert_eq!(ana.answer(foreign).await.status, 403);
    let old = end.with("end", &of_other).with("formToken", "");
    assert_eq!(ana.send(&old).await.status, 403);
    assert!(is_signed_in(&mut other).await);
}

#[tokio::test]
async fn ending_ones_own_session_is_signing_out() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let _other = Reader::signed_in(&site, "ana").await;
    let page = ana.security(site.acme).await;
    let end = form(&page, "/sessions").with("end", &own_session(&site, &ana).await);
    assert_eq!(leads_to(&ana.send(&end).await), "/sign-in");
    assert!(!is_signed_in(&mut ana).await);
}

#[tokio::test]
async fn all_others_are_ended_after_a_page_that_asks() {
    let site = Site::on(super::backend().await).await;
    let mut here = Reader::signed_in(&site, "ana").await;
    let alone = here.security(site.acme).await;
    assert!(!alone.text().contains("Sign out others"));
    let mut there = Reader::signed_in(&site, "ana").await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let back = format!("/orgs/{}/security", site.acme);
    let page = here.security(site.acme).await;
    let asks = format!("/sessions/others?next={back}");
    assert!(
        page.text()
            .contains(&format!("href=\"{asks}\" data-dialog"))
    );
    let asked = here.get(&asks).await;
    assert!(asked.text().contains("1 other session will end."));
    assert!(
        asked
            .text()
            .contains(&format!("href=\"{back}\" data-close"))
    );
    assert!(is_signed_in(&mut there).await, "asking ends nothing");
    let ends = form(&asked, "/sessions/others");
    let ask = here.asking(&ends).header("origin", "null");
    assert_eq!(here.answer(ask).await.status, 403);
    assert!(is_signed_in(&mut there).await);
    assert_eq!(leads_to(&here.send(&ends).await), back);
    assert!(!is_signed_in(&mut there).await);
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut cem).await);
    let elsewhere = ends.with("next", "//evil.example");
    assert_eq!(leads_to(&here.send(&elsewhere).await), "/");
}
