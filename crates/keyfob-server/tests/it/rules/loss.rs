//! G1: an access token is refused by the first request after what it rests on was taken away, on every
//! node, for the management API and userinfo alike.

use std::sync::Arc;
use std::time::Duration;

use keyfob_server::roles_file::FIRST;
use keyfob_server::state::App;

use crate::client::{Answer, Ask};
use crate::site::{Pat, Site};

/// Where access tokens are taken.
const TARGETS: [(&str, &str); 4] = [
    ("GET", "/identity/v1/organizations"),
    ("GET", "/oauth/userinfo"),
    ("POST", "/auth/realms/any/protocol/openid-connect/userinfo"),
    // There is no such token in Mobile, so there is nothing to end.
    (
        "DELETE",
        "/identity/v1/organizations/{mobile}/personal-api-tokens/01890a5d-ac96-774b-bcce-b302099a8057",
    ),
];

/// Bo's token of Mobile, an access token made from it, and two nodes that both took it just now.
struct Held {
    site: Site,
    pat: Pat,
    jwt: String,
    other: Arc<App>,
}

impl Held {
    async fn new(site: Site) -> Self {
        let pat = site.pat("bo", site.mobile).await;
        let jwt = site.jwt(&pat, site.mobile).await;
        let other = site.another_node().await;
        let held = Self {
            site,
            pat,
            jwt,
            other,
        };
        held.stands("before").await;
        held
    }

    /// What both nodes say to it, at each place.
    async fn answers(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        for app in [&self.site.app, &self.other] {
            for (method, target) in TARGETS {
                let target = target.replace("{mobile}", &self.site.mobile.to_string());
                let ask = Ask::new(app, method, &target).bearer(&self.jwt);
                answers.push(ask.send().await);
            }
        }
        answers
    }

    async fn stands(&self, when: &str) {
        let outcomes: Vec<String> = self.answers().await.iter().map(Answer::outcome).collect();
        let one_node = ["200", "200", "200", "404 not_found"];
        assert_eq!(outcomes, [one_node, one_node].concat(), "{when}");
    }

    /// Refused everywhere, and nowhere is it said why.
    async fn is_refused(&self) {
        let mut seen = Vec::new();
        for answer in self.answers().await {
            assert_eq!(answer.outcome(), "401 invalid_token");
            let challenge = "Bearer realm=\"keyfob\", error=\"invalid_token\"";
            assert_eq!(answer.header("www-authenticate"), Some(challenge));
            let id = answer.header("x-request-id").unwrap();
            seen.push((answer.header_lines(), answer.text().replace(id, "ID")));
        }
        let unknown = Ask::new(&self.other, TARGETS[0].0, TARGETS[0].1).bearer("x.y.z");
        let unknown = unknown.send().await;
        let id = unknown.header("x-request-id").unwrap();
        let wanted = (unknown.header_lines(), unknown.text().replace(id, "ID"));
        assert!(seen.iter().all(|each| *each == wanted), "{seen:?}");
    }
}

/// Takes something away, and looks at once.
async fn ends_it(taking: impl AsyncFnOnce(&Held)) -> Held {
    let held = Held::new(Site::on(super::backend().await).await).await;
    taking(&held).await;
    held.is_refused().await;
    held
}

#[tokio::test]
async fn g1_after_suspending_the_user_and_for_ever() {
    let held = ends_it(async |held| {
        assert!(held.site.world.suspend_user(held.site.bo).await);
    });
    let held = held.await;
    assert!(held.site.world.reactivate_user(held.site.bo).await);
    held.is_refused().await;
    let anew = held.site.jwt(&held.pat, held.site.mobile).await;
    let anew = Held { jwt: anew, ..held };
    anew.stands("P9: the token exchanges again").await;
}

#[tokio::test]
async fn g1_after_suspending_the_membership_and_for_ever() {
    let held = ends_it(async |held| {
        let site = &held.site;
        assert!(site.world.suspend_member(site.bo, site.mobile).await);
    });
    let held = held.await;
    let site = &held.site;
    assert!(site.world.reactivate_member(site.bo, site.mobile).await);
    held.is_refused().await;
}

#[tokio::test]
async fn g1_after_ending_the_membership() {
    let held = ends_it(async |held| {
        let site = &held.site;
        assert!(site.world.remove(site.bo, site.mobile).await);
    });
    let held = held.await;
    held.site
        .world
        .member(held.site.bo, held.site.mobile, &["owner"])
        .await;
    held.is_refused().await;
    let exchanged = held.site.exchange(&held.pat, held.site.mobile).await;
    assert_eq!(exchanged.outcome(), "401 invalid_grant", "P9: for good");
}

#[tokio::test]
async fn g1_after_losing_a_role() {
    let held = ends_it(async |held| {
        let site = &held.site;
        assert!(
            site.world
                .set_roles(site.bo, site.mobile, &["view-build"])
                .await
        );
    });
    let held = held.await;
    let site = &held.site;
    assert!(
        site.world
            .set_roles(site.bo, site.mobile, &["operate-build"])
            .await
    );
    held.is_refused().await;
    assert_eq!(
        site.entitlements(&held.pat, site.mobile).await,
        "build:operate build:view"
    );
}

#[tokio::test]
async fn g1_after_replacing_the_roles_whatever_is_gained_by_it() {
    let held = ends_it(async |held| {
        let (site, more) = (&held.site, ["operate-build", "view-store"]);
        assert!(site.world.set_roles(site.bo, site.mobile, &more).await);
    });
    let held = held.await;
    let all = held.site.entitlements(&held.pat, held.site.mobile).await;
    assert_eq!(all, "build:operate build:view store:view");
}

#[tokio::test]
async fn g1_after_losing_a_role_that_is_held_further_up() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.bo, site.acme, &["view-store"]).await;
    let held = Held::new(site).await;
    let site = &held.site;
    assert!(site.world.remove(site.bo, site.acme).await);
    held.is_refused().await;
    assert_eq!(
        site.entitlements(&held.pat, site.mobile).await,
        "build:operate build:view"
    );
}

#[tokio::test]
async fn g1_after_replacing_the_catalogue() {
    let held = ends_it(async |held| held.site.apply_catalogue(2, FIRST).await);
    held.await;
}

#[tokio::test]
async fn g1_after_moving_the_organization() {
    let held = ends_it(async |held| {
        let site = &held.site;
        site.world.move_org(site.mobile, site.web).await.unwrap();
    });
    let held = held.await;
    let anew = held.site.jwt(&held.pat, held.site.mobile).await;
    let anew = Held { jwt: anew, ..held };
    anew.stands("tokens of the moved organization stay").await;
}

#[tokio::test]
async fn g1_after_deleting_the_organization() {
    let held = ends_it(async |held| held.site.world.delete_org(held.site.mobile).await);
    held.await;
}

#[tokio::test]
async fn g1_after_revoking_the_token_over_http() {
    let held = ends_it(async |held| {
        let cookie = held.site.sign_in("bo").await;
        let revoke = held.site.revoking(&held.pat).cookie(&cookie);
        assert_eq!(revoke.outcome().await, "204");
    });
    held.await;
}

#[tokio::test]
async fn g1_after_revoking_the_token_by_this_very_access_token_at_another_node() {
    let held = ends_it(async |held| {
        let revoke = Ask::new(&held.other, "DELETE", &held.pat.path());
        assert_eq!(revoke.bearer(&held.jwt).outcome().await, "204");
    });
    held.await;
}

#[tokio::test]
async fn an_access_token_ends_with_its_hour() {
    let held = Held::new(Site::on(super::backend().await).await).await;
    held.site.advance(Duration::from_secs(3_599));
    held.stands("in its last second").await;
    held.site.advance(Duration::from_secs(1));
    held.is_refused().await;
}

#[tokio::test]
async fn what_is_given_or_taken_from_somebody_else_ends_nothing() {
    let held = Held::new(Site::on(super::backend().await).await).await;
    let site = &held.site;
    let cookie = site.sign_in("bo").await;
    let second = site.generate(&cookie, site.mobile, "{}").await;
    assert_eq!(
        site.revoking(&second).cookie(&cookie).outcome().await,
        "204"
    );
    held.stands("another token was revoked").await;
    site.world.suspend_user(site.dee).await;
    site.world.remove(site.cem, site.acme).await;
    site.world
        .set_roles(site.ana, site.acme, &["owner", "view-build"])
        .await;
    held.stands("others lost what they had").await;
    site.world.member(site.bo, site.acme, &["view-store"]).await;
    site.world.member(site.bo, site.globex, &["owner"]).await;
    site.world.sub(site.ios, "Beta").await;
    held.stands("something was gained").await;
    site.world.remove(site.bo, site.globex).await;
    held.stands("something was lost in another tree").await;
    let session = site.delete("/identity/v1/session").cookie(&cookie);
    assert_eq!(session.outcome().await, "204");
    held.stands("the session that made the token ended").await;
}
