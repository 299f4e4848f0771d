//! Section 5: who is calling stands in the credential and nowhere else.

use http::Request;
use keyfob_core::name::Name;
use keyfob_core::pat::rotation::WantedRotation;
use keyfob_server::app::access::{Caller, admit_token};
use keyfob_server::app::generate::{Choices, GenerateError, generate};
use keyfob_server::app::manage_organizations::{self, OrganizationError};
use keyfob_server::app::rotate_pat::{PatAt, RotatePatError, rotate};
use keyfob_server::app::sign_in::signed_in;
use keyfob_server::context::Ctx;

use crate::site::Site;

#[tokio::test]
async fn who_somebody_is_stands_in_the_session_and_nowhere_else() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for body in [
        format!(r#"{{"userId":"{}"}}"#, site.bo),
        format!(r#"{{"organizationId":"{}"}}"#, site.globex),
    ] {
        let ask = site.generating(&ana, site.acme, &body);
        assert_eq!(ask.outcome().await, "422 unprocessable", "{body}");
    }
    let body = r#"{"email":"ana@acme.example","password":"x","userId":"y"}"#;
    let ask = site.post("/identity/v1/session").json(body);
    assert_eq!(ask.outcome().await, "422 unprocessable");
}

#[tokio::test]
async fn brr_01_a_challenge_says_what_is_wrong_only_when_there_was_a_token() {
    let site = Site::on(super::backend().await).await;
    for target in ["/identity/v1/organizations", "/oauth/userinfo"] {
        let none = site.get(target).send().await;
        assert_eq!(none.outcome(), "401 not_signed_in", "{target}");
        assert_eq!(
            none.header("www-authenticate"),
            Some("Bearer realm=\"keyfob\"")
        );
        let bad = site.get(target).bearer("x.y.z").send().await;
        assert_eq!(bad.outcome(), "401 invalid_token", "{target}");
        assert_eq!(
            bad.header("www-authenticate"),
            Some("Bearer realm=\"keyfob\", error=\"invalid_token\"")
        );
    }
}

/// A request of its own, at this moment.
fn context(site: &Site) -> Ctx {
    let (parts, _body) = Request::new(()).into_parts();
    let (clock, entropy) = (&site.world.clock, &site.world.entropy);
    Ctx::of(&parts, &site.app.proxies, &**clock, &**entropy)
}

async fn renames(site: &Site, ctx: &Ctx, caller: &Caller) -> Result<(), OrganizationError> {
    let name = Name::parse("Another name").unwrap();
    let renamed = manage_organizations::rename(&site.app, ctx, caller, site.mobile, &name).await;
    renamed.map(|_organization| ())
}

#[tokio::test]
async fn who_was_let_in_and_lost_it_since_changes_nothing_any_more() {
    let site = Site::on(super::backend().await).await;
    let ctx = context(&site);
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let by_session = async |cookie: &str| {
        let value = cookie.split_once('=').unwrap().1;
        let who = signed_in(&site.app, &ctx, value).await.unwrap().unwrap();
        Caller::Session(Box::new(who))
    };
    let by_token = async || {
        let token = admit_token(&site.app, &ctx, &jwt).await.unwrap();
        Caller::Token(Box::new(token))
    };
    let (session, token) = (by_session(&ana).await, by_token().await);
    renames(&site, &ctx, &session).await.unwrap();
    renames(&site, &ctx, &token).await.unwrap();
    assert_eq!(site.revoking(&pat).cookie(&ana).outcome().await, "204");
    let ended = site.delete("/identity/v1/session").cookie(&ana);
    assert_eq!(ended.outcome().await, "204");
    for caller in [&session, &token] {
        let refused = renames(&site, &ctx, caller).await;
        assert!(matches!(refused, Err(OrganizationError::NotForThem(_))));
    }
    let again = by_session(&site.sign_in("ana").await).await;
    site.world.suspend_user(site.ana).await;
    let refused = renames(&site, &ctx, &again).await;
    assert!(matches!(refused, Err(OrganizationError::NotForThem(_))));
}

#[tokio::test]
async fn who_was_let_in_and_signed_out_since_makes_no_token_any_more() {
    let site = Site::on(super::backend().await).await;
    let ctx = context(&site);
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let value = ana.split_once('=').unwrap().1;
    let who = signed_in(&site.app, &ctx, value).await.unwrap().unwrap();
    let at = PatAt {
        organization: site.acme,
        pat: pat.id.parse().unwrap(),
    };
    let generates = async || generate(&site.app, &ctx, &who, site.acme, &Choices::default()).await;
    let rotates = async || rotate(&site.app, &ctx, &who, at, &WantedRotation::default()).await;
    generates().await.unwrap();
    let ended = site.delete("/identity/v1/session").cookie(&ana);
    assert_eq!(ended.outcome().await, "204");
    let refused = generates().await;
    assert!(matches!(refused, Err(GenerateError::NotForThem(_))));
    let refused = rotates().await;
    assert!(matches!(refused, Err(RotatePatError::NotForThem(_))));
    let ana = site.sign_in("ana").await;
    let (_cookie, value) = ana.split_once('=').unwrap();
    let who = signed_in(&site.app, &ctx, value).await.unwrap().unwrap();
    rotate(&site.app, &ctx, &who, at, &WantedRotation::default())
        .await
        .unwrap();
}
