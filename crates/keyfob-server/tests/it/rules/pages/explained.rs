//! Why somebody may do something, in the dashboard (D6).

use crate::client::Answer;
use crate::reader::Reader;
use crate::site::Site;

fn told(page: &Answer) -> String {
    assert_eq!(page.status, 200);
    let (_before, rest) = page.text().split_once("role=\"status\"").unwrap();
    let (note, _after) = rest.split_once("</div></div></div>").unwrap();
    let texts = note.split('>').filter_map(|part| part.split_once('<'));
    let texts = texts
        .map(|(text, _tag)| text.trim())
        .filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn d6_what_gives_a_permission_or_is_missing_is_told() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let ask = |permission: &str| {
        let (at, who) = (site.ios, site.bo);
        format!("/orgs/{at}/explain?user={who}&permission={permission}")
    };
    let held = ana.get(&ask("build:view")).await;
    assert_eq!(told(&held), "bo has build:view | Operate build, in Mobile");
    let lacked = ana.get(&ask("build:manage")).await;
    assert_eq!(
        told(&lacked),
        "bo does not have build:manage | No role held here or above gives it. These would: Owner, Manage build."
    );
    site.world.suspend_member(site.bo, site.mobile).await;
    let suspended = ana.get(&ask("build:view")).await;
    assert_eq!(
        told(&suspended),
        "bo does not have build:view | Operate build, in Mobile would give it, but that membership is suspended."
    );
    let member = ana
        .get(&format!("/orgs/{}/team/{}", site.mobile, site.bo))
        .await;
    let why = format!("href=\"/orgs/{}/explain?user={}\"", site.mobile, site.bo);
    assert!(member.text().contains(&why));
}

#[tokio::test]
async fn d6_everybody_asks_about_themselves_and_who_manages_about_others() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let path = format!("/orgs/{}/explain", site.mobile);
    let own = bo.get(&format!("{path}?permission=build:operate")).await;
    assert_eq!(
        told(&own),
        "bo has build:operate | Operate build, in Mobile"
    );
    assert!(!own.text().contains(">ana<"), "nobody else is offered");
    let other = format!("{path}?user={}&permission=build:view", site.ana);
    assert_eq!(bo.get(&other).await.status, 403);
    let asking = format!("{path}?user={}", site.ana);
    assert_eq!(bo.get(&asking).await.status, 403);
    let team = bo.get(&format!("/orgs/{}/team", site.mobile)).await;
    assert!(team.text().contains(&format!("href=\"{path}\">Why may I?")));
    // A manager who sees nothing above is not told where it is held.
    site.world
        .set_roles(site.bo, site.mobile, &["manage-organization"])
        .await;
    assert_eq!(
        told(&bo.get(&other).await),
        "ana has build:view | Owner, from above"
    );
    // Dee belongs elsewhere, and who manages here is told that there is no such person.
    let elsewhere = bo.get(&format!("{path}?user={}", site.dee)).await;
    assert_eq!(elsewhere.status, 404);
    let unknown = bo.get(&format!("{path}?permission=build:fly")).await;
    assert_eq!(unknown.status, 200);
    assert!(!unknown.text().contains("role=\"status\""));
}
