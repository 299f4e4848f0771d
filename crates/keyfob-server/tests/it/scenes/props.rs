//! What is made for the scenes, and the placeholders that stand for it.

use std::time::Duration;

use crate::client::Answer;
use crate::reader::{Reader, form};
use crate::site::{Pat, Site};

/// What was made for the scenes, for the placeholders of addresses and forms.
#[derive(Debug)]
pub(crate) struct Props {
    /// A live token of Bo's in Mobile.
    pub(crate) pat: Pat,
    /// A live token of Cem's at the root.
    pub(crate) managed: Pat,
    /// A session of Bo's.
    pub(crate) session: String,
    /// The path at which the first account is made, while there is none, or another password is chosen.
    pub(crate) link: String,
    /// The path of an invitation to an address without an account, and of one to Eve.
    pub(crate) invitations: [String; 2],
}

/// Makes what the scenes show; the policy allows three tokens.
pub(crate) async fn set_up(site: &Site) -> Props {
    let (acme, mobile, web) = (site.acme, site.mobile, site.web);
    site.person("eve").await;
    invitation(site, "late@acme.example").await;
    site.advance(Duration::from_hours(8 * 24));
    let old = site.sign_in("bo").await;
    site.generate(&old, mobile, r#"{"name":"Over","expiresInDays":1}"#)
        .await;
    site.advance(Duration::from_hours(25));
    let bo = site.sign_in("bo").await;
    let ended = site.generate(&bo, mobile, r#"{"name":"Ended"}"#).await;
    site.revoking(&ended).cookie(&bo).send().await;
    site.generate(&bo, mobile, r#"{"name":"Tonight","expiresInDays":1}"#)
        .await;
    let bounded = r#"{"name":"A nightly build of everything that there is in this tree","expiresInDays":10,
        "ceiling":["build:view"],"reach":"organization","networks":["10.0.0.0/8","192.0.2.7"]}"#;
    let bounded = site.generate(&bo, mobile, bounded).await;
    let refused = site.exchange(&bounded, mobile).await;
    assert_eq!(refused.outcome(), "401 invalid_grant", "the network");
    let live = site.generate(&bo, mobile, r#"{"name":"Release"}"#).await;
    assert_eq!(site.exchange(&live, mobile).await.outcome(), "200");
    site.app.activity.flush(&site.app.store).await.unwrap();
    let sessions = site.get("/identity/v1/sessions").cookie(&bo);
    let sessions = sessions.send().await.json();
    let session = sessions["data"][0]["id"].as_str().unwrap().to_owned();
    let cem = site.sign_in("cem").await;
    let managed = site.generate(&cem, acme, "{}").await;
    for _ in 0..2 {
        site.generate(&cem, acme, "{}").await;
    }
    let fay = site.person("fay").await;
    site.world.member(fay, web, &["view-build"]).await;
    site.world.suspend_member(fay, web).await;
    let gil = site.person("gil").await;
    site.world.member(gil, web, &["manage-build"]).await;
    Props {
        pat: live,
        session,
        managed,
        link: String::new(),
        invitations: [
            invitation(site, "kim@acme.example").await,
            invitation(site, "eve@acme.example").await,
        ],
    }
}

/// The path of an invitation to Mobile and to what lies below it.
pub(crate) async fn invitation(site: &Site, email: &str) -> String {
    let mut ana = Reader::signed_in(site, "ana").await;
    let page = ana.get(&format!("/orgs/{}/invite", site.mobile)).await;
    let form = form(&page, "/invite");
    let page = ana.send(&form.with("emails", email)).await;
    link(&page).to_owned()
}

/// The path of the link that a page shows.
pub(crate) fn link(page: &Answer) -> &str {
    let (_before, rest) = page.text().split_once("<code id=\"link-1\">").unwrap();
    let (link, _after) = rest.split_once('<').unwrap();
    &link[link.find("/invitation?").unwrap()..]
}

/// An address or a text with its placeholders replaced.
pub(crate) fn filled_in(site: &Site, props: &Props, path: &str) -> String {
    let path = [
        ("{organization}", site.acme),
        ("{organization:Mobile}", site.mobile),
        ("{organization:Web}", site.web),
        ("{organization:Globex}", site.globex),
    ]
    .iter()
    .fold(path.to_owned(), |path, (word, id)| {
        path.replace(word, &id.to_string())
    });
    let path = path
        .replace("{user}", &site.bo.to_string())
        .replace("{token}", &props.pat.id)
        .replace("{managed}", &props.managed.id)
        .replace("{mobile}", &site.mobile.to_string())
        .replace("{secret}", &props.pat.secret)
        .replace("{session}", &props.session)
        .replace("{link}", &props.link)
        .replace("{invitation}", &props.invitations[0])
        .replace("{invitation:eve}", &props.invitations[1]);
    assert!(!path.contains('{'), "{path}");
    path
}
