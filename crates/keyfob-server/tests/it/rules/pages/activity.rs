//! *Activity* (contract 6, D6): the audit log, as far as somebody may read it.

use std::time::Duration;

use keyfob_core::id::OrgId;
use keyfob_store::probe::{self, Cell};

use crate::client::Answer;
use crate::reader::Reader;
use crate::site::Site;

async fn activity(reader: &mut Reader<'_>, organization: OrgId, query: &str) -> Answer {
    let path = format!("/orgs/{organization}/activity{query}");
    let page = reader.get(&path).await;
    assert_eq!(page.status, 200);
    page
}

/// What happened, row by row: what, and the first line of the details.
fn told(page: &Answer) -> Vec<String> {
    let rows = page.text().split("<tr role=\"row\"><td").skip(1);
    let cell = |row: &str, label: &str| {
        let (_before, rest) = row.split_once(&format!("data-label=\"{label}\">")).unwrap();
        let (cell, _after) = rest.split_once("</td>").unwrap();
        let (first, _more) = cell.split_once("<span class=\"sub\"").unwrap_or((cell, ""));
        let mut text = String::new();
        for part in first.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_tag, text)| text));
        }
        text
    };
    rows.map(|row| format!("{}: {}", cell(row, "What"), cell(row, "Details")))
        .collect()
}

/// The address of a link with that word.
fn link(page: &Answer, word: &str) -> Option<String> {
    let links = page.text().split("<a class=\"btn btn-sm\" href=\"").skip(1);
    let mut links = links.filter_map(|link| link.split_once("</a>"));
    let (link, _rest) = links.find(|(link, _rest)| link.contains(word))?;
    let (path, _rest) = link.split_once('"')?;
    Some(path.replace("&#38;", "&"))
}

#[tokio::test]
async fn d6_who_manages_a_root_reads_what_happened_in_the_whole_tree_the_latest_first() {
    let site = Site::on(super::backend().await).await;
    site.pat("bo", site.mobile).await;
    let mut cem = Reader::signed_in(&site, "cem").await;
    let page = activity(&mut cem, site.acme, "").await;
    assert!(page.text().contains("Who did what in Acme and below."));
    let rows = told(&page);
    assert!(
        rows[0].starts_with("Token generated: 2027-01-15 kfpat_…"),
        "{rows:?}"
    );
    assert_eq!(
        rows[1..],
        [
            "Member added: cem: Manage organization",
            "Member added: bo: Operate build",
            "Member added: ana: Owner",
            "Organization made: Web",
            "Organization made: iOS",
            "Organization made: Mobile",
            "Organization made: Acme",
        ]
    );
    assert!(page.text().contains("In Mobile"), "where, if not here");
    assert!(page.text().contains("The operator"));
    assert!(!page.text().contains("Globex"));
    assert_eq!((link(&page, "Older"), link(&page, "Newer")), (None, None));
}

#[tokio::test]
async fn d6_below_the_root_the_page_says_that_it_is_about_the_organization_itself() {
    let site = Site::on(super::backend().await).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = activity(&mut ana, site.mobile, "").await;
    assert!(page.text().contains("Who did what in Mobile itself."));
    let rows = [
        "Member added: bo: Operate build",
        "Organization made: Mobile",
    ];
    assert_eq!(told(&page), rows, "by a manager from above");
    assert!(!page.text().contains("You see your own"));
}

#[tokio::test]
async fn d6_every_other_member_reads_their_own_only() {
    let site = Site::on(super::backend().await).await;
    let eve = site.person("eve").await;
    site.world.member(eve, site.mobile, &[]).await;
    site.pat("eve", site.mobile).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let empty = activity(&mut bo, site.mobile, "").await;
    assert!(empty.text().contains("You see your own"));
    assert!(empty.text().contains("Nothing has happened yet"));
    bo.generate(site.mobile).await;
    let page = activity(&mut bo, site.mobile, "").await;
    let rows = told(&page);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("Token generated"));
    assert!(!page.text().contains("eve@"), "nobody else is named");
    // Nor are they found by asking for them.
    let eve = activity(&mut bo, site.mobile, "?who=eve").await;
    assert!(eve.text().contains("Nothing fits"));
    assert!(!eve.text().contains("The log begins"));
    // An inherited member of the root is told of their own there.
    let mut eve = Reader::signed_in(&site, "eve").await;
    assert!(told(&activity(&mut eve, site.ios, "").await).is_empty());
}

#[tokio::test]
async fn d6_a_record_tells_who_what_when_and_from_where() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("bo").await;
    let made = site
        .generating(&cookie, site.mobile, r#"{"name":"nightly <b>"}"#)
        .from("203.0.113.24")
        .header("user-agent", "curl/8.5.0")
        .send()
        .await;
    assert_eq!(made.outcome(), "201");
    site.advance(Duration::from_mins(1));
    let pat = made.member("id");
    let path = format!(
        "/identity/v1/organizations/{}/personal-api-tokens/{pat}",
        site.mobile
    );
    let ana = site.sign_in("ana").await;
    let revoked = site.delete(&path).cookie(&ana).from("198.51.100.7");
    assert_eq!(revoked.outcome().await, "204");
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = activity(&mut ana, site.mobile, "").await;
    let rows: Vec<&str> = page.text().split("<tr role=\"row\"><td").skip(1).collect();
    for told in [
        "datetime=\"2027-01-15T08:01:00.000Z\">15 Jan 2027, 08:01:00 UTC</time>",
        ">ana<span class=\"sub\">ana@acme.example</span>",
        "Token revoked",
        "nightly &#60;b&#62;",
        "of bo · by an administrator",
        "198.51.100.7",
    ] {
        assert!(rows[0].contains(told), "{told}: {}", rows[0]);
    }
    for told in [
        "bo@acme.example",
        "Token generated",
        "203.0.113.24",
        "curl/8.5.0",
    ] {
        assert!(rows[1].contains(told), "{told}: {}", rows[1]);
    }
    assert!(!rows[1].contains("of bo"), "their own");
}

#[tokio::test]
async fn d6_filters_are_kept_in_the_form_and_only_what_fits_is_shown() {
    let site = Site::on(super::backend().await).await;
    site.advance(Duration::from_hours(24));
    site.pat("ana", site.acme).await;
    site.pat("cem", site.acme).await;
    site.world.set_roles(site.cem, site.acme, &["owner"]).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut count = async |query: &str| told(&activity(&mut ana, site.acme, query).await).len();
    assert_eq!(count("").await, 10);
    assert_eq!(count("?what=tokens").await, 2);
    assert_eq!(count("?what=people").await, 4);
    assert_eq!(count("?what=organizations").await, 4);
    assert_eq!(count("?what=nonsense").await, 10);
    assert_eq!(count("?who=ANA").await, 1);
    assert_eq!(count("?who=cem%40acme").await, 1);
    assert_eq!(count("?who=acme.example").await, 2);
    assert_eq!(count("?who=operator").await, 0, "the operator is nobody");
    assert_eq!(count("?from=2027-01-16").await, 3);
    assert_eq!(count("?to=2027-01-15").await, 7);
    assert_eq!(count("?from=2027-01-15&to=2027-01-16").await, 10);
    assert_eq!(count("?from=2027-01-17").await, 0);
    assert_eq!(count("?from=never&to=9999-12-31").await, 10);
    assert_eq!(count("?who=cem&what=tokens&from=2027-01-16").await, 1);
    let query = "?who=cem+%22&what=people&from=2027-01-16&to=2027-01-17";
    let page = activity(&mut ana, site.acme, query).await;
    for kept in [
        "value=\"cem &#34;\"",
        "<option value=\"people\" selected>",
        "name=\"from\" value=\"2027-01-16\"",
        "name=\"to\" value=\"2027-01-17\"",
        "Nothing fits",
        "The log begins on 15 Jan 2027.",
        "Clear filters",
    ] {
        assert!(page.text().contains(kept), "{kept}");
    }
}

#[tokio::test]
async fn d6_pages_lead_to_older_and_newer_records_and_keep_the_filters() {
    let site = Site::on(super::backend().await).await;
    for number in 0..120 {
        site.world.sub(site.web, &format!("Sub {number}")).await;
    }
    let mut ana = Reader::signed_in(&site, "ana").await;
    let newest = activity(&mut ana, site.acme, "?what=organizations").await;
    let rows = told(&newest);
    assert_eq!(rows.len(), 50);
    assert_eq!(rows[0], "Organization made: Sub 119");
    assert_eq!(link(&newest, "Newer"), None);
    let older = link(&newest, "Older").unwrap();
    assert!(older.contains("what=organizations"));
    let middle = ana.get(&older).await;
    assert_eq!(told(&middle)[0], "Organization made: Sub 69");
    let oldest = ana.get(&link(&middle, "Older").unwrap()).await;
    let rows = told(&oldest);
    assert_eq!(rows.len(), 24, "20 of the 120, and the 4 of the tree");
    assert_eq!(rows.last().unwrap(), "Organization made: Acme");
    assert_eq!(link(&oldest, "Older"), None);
    let back = ana.get(&link(&oldest, "Newer").unwrap()).await;
    assert_eq!(told(&back), told(&middle));
    let first = ana.get(&link(&back, "Newer").unwrap()).await;
    assert_eq!(told(&first), told(&newest));
    assert_eq!(link(&first, "Newer"), None);
    // A number that is none begins with the latest.
    let nonsense = activity(&mut ana, site.acme, "?what=organizations&before=x").await;
    assert_eq!(told(&nonsense), told(&newest));
}

#[tokio::test]
async fn d6_a_search_for_a_person_stops_after_a_while_and_can_be_gone_on_with() {
    let site = Site::on(super::backend().await).await;
    // Older than anything of the next thousands of records.
    site.pat("cem", site.acme).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let copies = "INSERT INTO audit_record (tree, seq, at, action, via, actor, organization, subject, \
         detail, request, previous_hash, hash) \
         SELECT tree, seq + CAST($2 AS BIGINT), at, action, via, actor, organization, subject, detail, request, \
         previous_hash, hash FROM audit_record WHERE tree = $1 AND seq = (SELECT MAX(n.seq) FROM audit_record n \
         WHERE n.tree = $1)";
    let mut tx = site.world.store.write().await.unwrap();
    for _number in 0..5_000 {
        let args = [Cell::Uuid(Some(site.acme.uuid())), Cell::from(1)];
        let done = probe::execute(&mut tx, probe::statement(copies), &args).await;
        assert_eq!(done.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    assert_eq!(pat.organization, site.acme);
    let mut ana = Reader::signed_in(&site, "ana").await;
    let page = activity(&mut ana, site.acme, "?who=cem").await;
    assert!(page.text().contains("Not found yet"));
    assert!(page.text().contains("5000 records were looked through"));
    let found = ana.get(&link(&page, "Older").unwrap()).await;
    assert_eq!(told(&found).len(), 1);
    assert_eq!(link(&found, "Older"), None);
}

#[tokio::test]
async fn d6_activity_is_in_the_menu_of_every_page() {
    let site = Site::on(super::backend().await).await;
    let mut bo = Reader::signed_in(&site, "bo").await;
    let entry = format!("<a href=\"/orgs/{}/activity\">", site.mobile);
    assert!(bo.security(site.mobile).await.text().contains(&entry));
    let here = format!(
        "<a href=\"/orgs/{}/activity\" aria-current=\"page\">",
        site.mobile
    );
    let page = activity(&mut bo, site.mobile, "").await;
    assert!(page.text().contains(&here));
    let below = format!("<li><a href=\"/orgs/{}/activity\"", site.ios);
    assert!(page.text().contains(&below), "the switch stays on the page");
}
