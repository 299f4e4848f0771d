//! Contract 5, CSRF, of every form there is (`scenes.rs`): none does anything for another site. And no page
//! and no form is missing from those tables.

use std::collections::BTreeSet;

use keyfob_core::policy::RootCreation;
use keyfob_testkit::schema::dump;

use super::super::routes::routes_in;
use super::matrix::SOURCE;
use crate::client::Ask;
use crate::reader::{PageForm, Reader, form};
use crate::scenes::{ELSEWHERE, FORMS, FormCase, Props, SCENES, filled_in, route_of, set_up};
use crate::site::Site;

/// No pages: files.
const FILES: [&str; 3] = [
    "/assets/{file}",
    "/orgs/{organization}/team.csv",
    "/orgs/{organization}/tokens.csv",
];

/// Where a request can come from that is none of our pages.
const FOREIGN: [(&str, &str); 7] = [
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("origin", ""),
    ("origin", "http://127.0.0.1:8788"),
    ("origin", "http://localhost:8787"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
];

#[test]
fn every_page_and_every_form_is_in_the_tables() {
    let routes = routes_in(SOURCE);
    let of = |method| {
        let ours = routes.iter().filter(move |(each, _path)| *each == method);
        ours.map(|(_method, path)| *path)
            .filter(|path| !FILES.contains(path))
            .collect::<BTreeSet<&str>>()
    };
    let shown: BTreeSet<String> = SCENES.iter().map(|scene| route_of(scene.page)).collect();
    let missing: Vec<&str> = of("GET")
        .into_iter()
        .filter(|page| !shown.contains(*page))
        .collect();
    assert_eq!(missing, [""; 0]);
    let sent = FORMS.iter().map(|form| form.route).chain(ELSEWHERE);
    let sent: Vec<&str> = sent.collect();
    assert_eq!(BTreeSet::from_iter(sent.clone()), of("POST"));
    assert_eq!(sent.len(), of("POST").len(), "none twice");
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(of(method), BTreeSet::new(), "no form sends a {method}");
    }
}

/// A form of the table on its page, filled in, and who has it open.
async fn opened<'s>(site: &'s Site, props: &Props, case: &FormCase) -> (Reader<'s>, PageForm) {
    let mut reader = match case.who {
        Some(name) => Reader::signed_in(site, name).await,
        None => Reader::new(site),
    };
    let page = reader.get(&filled_in(site, props, case.page)).await;
    let filled = case.fields(site, props).into_iter();
    let form = filled.fold(
        form(&page, &case.path(site, props)),
        |form, (name, value)| form.with(name, &value),
    );
    (reader, form)
}

#[tokio::test]
async fn no_form_does_anything_for_another_site_whatever_cookie_it_carries() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.policy.pat_limit = 4;
        parts.policy.root_creation = RootCreation::Anyone;
    });
    let site = site.await;
    let props = set_up(&site).await;
    let stranger = Reader::signed_in(&site, "dee").await.cookies();
    for case in FORMS {
        let (mut reader, form) = opened(&site, &props, case).await;
        let before = dump(&site.world.store).await;
        let cookies = [Some(reader.cookies()), Some(stranger.clone()), None];
        for ((name, value), cookie) in FOREIGN
            .into_iter()
            .flat_map(|header| cookies.iter().map(move |cookie| (header, cookie)))
        {
            let ask = reader.asking(&form).header(name, value);
            let (ask, elsewhere) = match cookie {
                Some(cookie) => (ask.cookie(cookie), None),
                // Whoever is not signed in may also be led to where one signs in, before the form is read.
                None => (ask, Some("/sign-in")),
            };
            let text = format!("{} with {name}: {value}, {cookie:?}", case.route);
            refused(ask, elsewhere, &text).await;
            assert_eq!(dump(&site.world.store).await, before, "{text}");
        }
        // From our own page it does what it says.
        let answer = reader.send(&form).await;
        assert!(answer.status < 400, "{} {}", case.route, answer.text());
        let has_changed = dump(&site.world.store).await != before;
        let has_set = answer.header("set-cookie").is_some();
        let has_shown = answer.text().contains("200 OK");
        assert!(has_changed || has_set || has_shown, "{}", case.route);
    }
}

/// Refused, or led to another page without a word.
async fn refused(ask: Ask, elsewhere: Option<&str>, text: &str) {
    let answer = ask.send().await;
    let leads_to = answer.header("location");
    let is_led_away = leads_to.is_some() && leads_to == elsewhere;
    assert!(
        answer.status == 403 || is_led_away,
        "{} {text}",
        answer.status
    );
    assert_eq!(answer.header("set-cookie"), None, "{text}");
}
