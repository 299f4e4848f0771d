//! Tables as files (D6).

use crate::client::Answer;
use crate::reader::Reader;
use crate::site::Site;

fn lines(answer: &Answer, file: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let disposition = format!("attachment; filename=\"{file}.csv\"");
    assert_eq!(answer.header("content-disposition"), Some(&*disposition));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn d6_the_team_is_a_file_for_whoever_sees_it() {
    let site = Site::on(super::backend().await).await;
    site.world.suspend_member(site.bo, site.mobile).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let path = format!("/orgs/{}/team.csv", site.mobile);
    let answer = ana.get(&path).await;
    assert_eq!(
        lines(&answer, "team"),
        [
            r#""Name","E-mail","Here as","Roles here","Roles from above","Suspended""#,
            r#""ana","ana@acme.example","Inherited from Acme","","Owner","""#,
            r#""bo","bo@acme.example","Member","Operate build","","Membership suspended""#,
            r#""cem","cem@acme.example","Inherited from Acme","","Manage organization","""#,
        ]
    );
    for (who, status) in [("bo", 404), ("dee", 404)] {
        let mut other = Reader::signed_in(&site, who).await;
        assert_eq!(other.get(&path).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn d6_the_tokens_of_a_subtree_are_a_file_with_the_same_filters() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    let body = r#"{"name":"=SUM(A1)","ceiling":["build:view"]}"#;
    site.generate(&bo, site.mobile, body).await;
    let ended = site.generate(&ana, site.acme, r#"{"name":"Old"}"#).await;
    assert_eq!(site.revoking(&ended).cookie(&ana).outcome().await, "204");
    let mut cem = Reader::signed_in(&site, "cem").await;
    let path = format!("/orgs/{}/tokens.csv", site.acme);
    let live = lines(&cem.get(&path).await, "tokens");
    assert_eq!(live.len(), 2, "a header and one token");
    for part in [
        r#","'=SUM(A1)","kfpat_…"#,
        r#","bo","bo@acme.example","Mobile","build:view","#,
    ] {
        assert!(live[1].contains(part), "{}", live[1]);
    }
    let all = lines(&cem.get(&format!("{path}?state=all")).await, "tokens");
    assert_eq!(all.len(), 3);
    let old = all.iter().find(|line| line.contains("\"Old\"")).unwrap();
    assert!(old.ends_with("by its holder\""), "{old}");
    let mut other = Reader::signed_in(&site, "bo").await;
    let own = format!("/orgs/{}/tokens.csv", site.mobile);
    assert_eq!(other.get(&own).await.status, 403);
}

#[tokio::test]
async fn d6_before_somebody_is_removed_it_is_told_which_tokens_end_and_which_still_reach() {
    let site = Site::on(super::backend().await).await;
    site.world
        .member(site.ana, site.mobile, &["view-build"])
        .await;
    let ana = site.sign_in("ana").await;
    for (organization, body) in [
        (site.mobile, r#"{"name":"Here"}"#),
        (site.acme, r#"{"name":"Above"}"#),
        (site.acme, r#"{"name":"Root only","reach":"organization"}"#),
    ] {
        site.generate(&ana, organization, body).await;
    }
    let mut cem = Reader::signed_in(&site, "cem").await;
    let path = format!("/orgs/{}/team/{}/remove", site.mobile, site.ana);
    let page = cem.get(&path).await;
    assert!(page.text().contains("Revoked with it: Here."));
    assert!(
        page.text()
            .contains("Tokens that still reach it with that: Above.")
    );
    let path = format!("/orgs/{}/team/{}/remove", site.mobile, site.bo);
    let page = cem.get(&path).await;
    assert!(!page.text().contains("Revoked with it") && !page.text().contains("still reach"));
}
