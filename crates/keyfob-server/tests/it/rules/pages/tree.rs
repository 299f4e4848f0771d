//! Changing the tree on pages (contract 6, D6), without script.

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::Site;

/// What a page leads to.
fn leads(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303);
    answer.header("location").unwrap()
}

#[tokio::test]
async fn d6_a_sub_organization_is_made_once_however_often_its_form_is_sent() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = ana.get(&format!("/orgs/{}/new", site.mobile)).await;
    let filled = form(&page, "/new").with("name", "Wear OS");
    let made = ana.send(&filled).await;
    let team = leads(&made).to_owned();
    let shown = ana.get(&team).await;
    assert!(shown.text().contains("Sub-organization of Mobile"));
    let again = ana.send(&filled).await;
    assert_eq!(leads(&again), team, "the same");
    let other = form(&page, "/new").with("name", "Other");
    assert_eq!(ana.send(&other).await.status, 422, "the form is used up");
}

#[tokio::test]
async fn d6_a_name_that_cannot_be_is_told_beside_what_was_typed() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    for (page, name, told) in [
        ("new", "WEB", "“WEB” is already in this tree."),
        ("new", "a\u{200b}b", "class=\"error\""),
        ("rename", "ios", "“ios” is already in this tree."),
    ] {
        let page = format!("/orgs/{}/{page}", site.mobile);
        let shown = ana.get(&page).await;
        let filled = form(&shown, &page).with("name", name);
        let refused = ana.send(&filled).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.text().contains(told), "{name}");
        assert!(
            refused.text().contains(&format!("value=\"{name}\"")),
            "{name}"
        );
    }
    let page = format!("/orgs/{}/rename", site.mobile);
    let shown = ana.get(&page).await;
    assert!(shown.text().contains("value=\"Mobile\""));
    let renamed = ana.send(&form(&shown, &page).with("name", "Phones")).await;
    let team = leads(&renamed).to_owned();
    assert!(ana.get(&team).await.text().contains("Phones"));
}

#[tokio::test]
async fn d6_deleting_says_how_much_goes_and_wants_the_name() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("bo", site.mobile).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = format!("/orgs/{}/delete", site.mobile);
    let shown = ana.get(&page).await;
    assert!(shown.text().contains("Delete 2 organizations"));
    let wrong = ana
        .send(&form(&shown, &page).with("confirm", "mobile"))
        .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("That is not its name."));
    assert_eq!(site.door(&pat).await, "200");
    let deleted = ana
        .send(&form(&shown, &page).with("confirm", "Mobile"))
        .await;
    assert_eq!(leads(&deleted), format!("/orgs/{}/team", site.acme));
    assert_eq!(site.door(&pat).await, "401 invalid_grant");
    assert_eq!(ana.get(&page).await.status, 404);
}

#[tokio::test]
async fn d6_only_who_may_is_offered_it_and_can() {
    let site = Site::on(super::backend().await).await;
    let path = |word: &str| format!("/orgs/{}/{word}", site.mobile);
    for (who, offered, answers) in [
        ("bo", [false, false], [403, 403, 403]),
        ("cem", [true, false], [200, 200, 403]),
        ("ana", [true, true], [200, 200, 200]),
    ] {
        let mut reader = Reader::signed_in(&site, who).await;
        let team = reader.get(&path("team")).await;
        let has = |word: &str| team.text().contains(&format!("href=\"{}\"", path(word)));
        assert_eq!([has("new"), has("delete")], offered, "{who}");
        assert_eq!(has("rename"), offered[0], "{who}");
        let mut answered = Vec::new();
        for word in ["new", "rename", "delete"] {
            answered.push(reader.get(&path(word)).await.status);
        }
        assert_eq!(answered, answers, "{who}");
    }
}
