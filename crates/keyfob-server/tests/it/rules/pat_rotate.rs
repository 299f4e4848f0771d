//! P10: what a rotation makes, who may ask for one, and what cannot be asked.

use std::time::Duration;

use keyfob_core::policy::ExpiryPolicy;
use serde_json::json;

use crate::site::{Pat, Site, pats_of};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn p10_a_successor_has_the_same_name_ceiling_reach_and_networks() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let body = json!({
        "name": "Gece derlemesi – İstanbul",
        "expiresInDays": 90,
        "ceiling": ["build:operate", "signing:view"],
        "reach": [site.mobile.to_string()],
        "networks": ["10.1.2.0/24", "2001:db8::/32"],
    });
    let old = site.generate(&ana, site.acme, &body.to_string()).await;
    site.advance(Duration::from_mins(1));
    let answer = site.rotating(&ana, &old, "a", "{}").send().await;
    assert_eq!(answer.outcome(), "201");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let new = old.successor(&answer);
    assert_ne!((&new.id, &new.secret), (&old.id, &old.secret));
    let mut successor = json!({
        "id": new.id,
        "name": "Gece derlemesi – İstanbul",
        "hint": format!("kfpat_…{}", &new.secret[new.secret.len() - 4..]),
        "organizationId": site.acme.to_string(),
        "status": "active",
        "createdDate": "2027-01-15T08:01:00.000Z",
        "reach": [site.mobile.to_string()],
        "ceiling": ["build:operate", "signing:view"],
        "networks": ["10.1.2.0/24", "2001:db8::/32"],
        "replaces": old.id,
    });
    assert_eq!(site.listed(&ana, &new).await, successor);
    successor["token"] = json!(new.secret);
    assert_eq!(answer.json(), successor, "the list with the secret");
    let replaced = site.listed(&ana, &old).await;
    assert_eq!(replaced["status"], "active");
    assert_eq!(replaced["replacedBy"], new.id);
    assert_eq!(replaced["expiresDate"], "2027-01-16T08:01:00.000Z");
    assert_eq!(replaced.get("usedAfterRotationDate"), None);
    let form = |pat: &Pat| format!("pat={}&subOrganization={}", pat.secret, site.mobile);
    for pat in [&old, &new] {
        let ask = site.exchanging("v2", &form(pat)).from("10.1.2.3");
        assert_eq!(ask.outcome().await, "200");
        let elsewhere = site.exchanging("v2", &form(pat)).from("192.0.2.1");
        assert_eq!(elsewhere.outcome().await, "401 invalid_grant");
    }
}

#[tokio::test]
async fn p10_the_expiry_of_a_successor_is_by_policy_anew() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.policy.pat_expiry = ExpiryPolicy {
            default: Some(30 * DAY),
            max: Some(90 * DAY),
            required: true,
        };
    })
    .await;
    let ana = site.sign_in("ana").await;
    let old = site
        .generate(&ana, site.acme, r#"{"expiresInDays":1}"#)
        .await;
    site.advance(Duration::from_mins(1));
    let new = site.rotate(&ana, &old, "a").await;
    let listed = site.listed(&ana, &new).await;
    assert_eq!(listed["expiresDate"], "2027-02-14T08:01:00.000Z");
    let replaced = site.listed(&ana, &old).await;
    assert_eq!(
        replaced["expiresDate"], "2027-01-16T08:00:00.000Z",
        "an overlap prolongs no life"
    );
}

#[tokio::test]
async fn p10_the_overlap_is_chosen_within_the_policy() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for (body, end) in [
        ("{}", "2027-01-16T08:00:00.000Z"),
        (r#"{"overlapSeconds":1}"#, "2027-01-15T08:00:01.000Z"),
        (r#"{"overlapSeconds":604800}"#, "2027-01-22T08:00:00.000Z"),
    ] {
        let pat = site.generate(&ana, site.acme, "{}").await;
        let rotated = site.rotating(&ana, &pat, "", body).outcome().await;
        assert_eq!(rotated, "201", "{body}");
        assert_eq!(site.listed(&ana, &pat).await["expiresDate"], end);
    }
    let pat = site.generate(&ana, site.acme, "{}").await;
    let longer = site.rotating(&ana, &pat, "a", r#"{"overlapSeconds":604801}"#);
    let longer = longer.send().await;
    assert_eq!(longer.outcome(), "400 invalid_request");
    assert_eq!(
        longer.message(),
        "By policy overlapSeconds is at most 604800."
    );
    site.rotate(&ana, &pat, "a").await;
}

#[tokio::test]
async fn p10_a_policy_without_overlap_ends_every_old_token_at_once() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.policy.pat_rotation_overlap = Duration::ZERO;
        parts.policy.pat_rotation_overlap_max = Duration::ZERO;
    })
    .await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let some = site.rotating(&ana, &old, "", r#"{"overlapSeconds":1}"#);
    assert_eq!(some.outcome().await, "400 invalid_request");
    assert_eq!(site.door(&old).await, "200");
    let new = site.rotate(&ana, &old, "").await;
    assert_eq!(site.door(&old).await, "401 invalid_grant");
    assert_eq!(site.door(&new).await, "200");
}

#[tokio::test]
async fn p10_what_cannot_be_asked_is_refused_and_changes_nothing() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let before = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    for (body, outcome) in [
        (r#"{"overlapSeconds":-1}"#, "400 invalid_request"),
        (r#"{"overlapSeconds":1.5}"#, "400 invalid_request"),
        (r#"{"overlapSeconds":"60"}"#, "400 invalid_request"),
        (r#"{"overlapSeconds":null}"#, "400 invalid_request"),
        (r#"{"overlapSeconds":4294967296}"#, "400 invalid_request"),
        (
            r#"{"overlapSeconds":60,"overlapSeconds":60}"#,
            "400 invalid_json",
        ),
        (r#"{"name":"other"}"#, "422 unprocessable"),
        (r#"{"ceiling":["build:view"]}"#, "422 unprocessable"),
        ("[]", "400 invalid_request"),
        ("", "400 invalid_json"),
    ] {
        let answer = site.rotating(&ana, &pat, "a", body).outcome().await;
        assert_eq!(answer, outcome, "{body}");
    }
    for key in ["two words", "\t", "\u{fc}", &"x".repeat(256)] {
        let answer = site.rotating(&ana, &pat, key, "{}").send().await;
        assert_eq!(answer.outcome(), "400 invalid_request", "{key}");
        assert_eq!(
            answer.message(),
            "Idempotency-Key: a key is 1 to 255 visible ASCII characters without spaces."
        );
    }
    let empty = site.rotating(&ana, &pat, "", "{}");
    let empty = empty.header("idempotency-key", "").outcome().await;
    assert_eq!(empty, "400 invalid_request");
    let twice = site.rotating(&ana, &pat, "a", "{}");
    let twice = twice.header("idempotency-key", "a").outcome().await;
    assert_eq!(twice, "400 invalid_request");
    let rotate = format!("{}/rotate", pat.path());
    let form = site.post(&rotate).cookie(&ana).form("overlapSeconds=60");
    assert_eq!(form.outcome().await, "415 unsupported_media_type");
    let elsewhere = site.rotating(&ana, &pat, "a", "{}");
    let elsewhere = elsewhere.header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.outcome().await, "403 cross_site_request");
    let after = site.get(&pats_of(site.acme)).cookie(&ana).send().await;
    assert_eq!(after.json(), before.json());
    let longest = "x".repeat(255);
    site.rotate(&ana, &pat, &longest).await;
}

#[tokio::test]
async fn p10_only_its_holder_rotates_a_token() {
    let site = Site::on(super::backend().await).await;
    site.world.member(site.ana, site.mobile, &[]).await;
    let bo = site.sign_in("bo").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    let by = async |name: &str| {
        let cookie = site.sign_in(name).await;
        let answer = site.rotating(&cookie, &pat, "a", "{}").send().await;
        (answer.outcome(), answer.message())
    };
    let nothing = "There is nothing at this address, or nothing that the caller may know of.";
    let hers = (
        "403 forbidden".to_owned(),
        "This is somebody else's token: only its holder can rotate it. Who manages the organization can \
         revoke it."
            .to_owned(),
    );
    let nobodys = ("404 not_found".to_owned(), nothing.to_owned());
    assert_eq!(by("ana").await, hers, "a member who owns the root");
    assert_eq!(by("cem").await, hers, "manages it from above");
    assert_eq!(by("dee").await, nobodys, "of another tree");
    let eva = site.person("eva").await;
    assert_eq!(by("eva").await, nobodys, "of nowhere");
    site.world.member(eva, site.mobile, &["view-build"]).await;
    assert_eq!(by("eva").await, hers, "a member beside them");
    // Where it does not lie, its holder does not find it either.
    for organization in [site.acme, site.ios, site.globex] {
        let elsewhere = Pat {
            organization,
            ..pat.clone()
        };
        let ask = site.rotating(&bo, &elsewhere, "a", "{}");
        assert_eq!(ask.outcome().await, "404 not_found");
    }
    for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "none"] {
        let unknown = Pat {
            id: id.to_owned(),
            ..pat.clone()
        };
        let ask = site.rotating(&bo, &unknown, "a", "{}");
        assert_eq!(ask.outcome().await, "404 not_found", "{id}");
    }
    assert_eq!(site.listed(&bo, &pat).await.get("replacedBy"), None);
}

#[tokio::test]
async fn p13_nothing_derived_from_a_pat_rotates_one() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let jwt = site.jwt(&pat, site.acme).await;
    let rotate = format!("{}/rotate", pat.path());
    let own = site.post(&rotate).json("{}").bearer(&jwt);
    assert_eq!(own.outcome().await, "403 session_required");
    let below = site.jwt(&pat, site.mobile).await;
    let uncovered = site.post(&rotate).json("{}").bearer(&below);
    assert_eq!(uncovered.outcome().await, "404 not_found");
    for bearer in [&pat.secret, "nothing"] {
        let ask = site.post(&rotate).json("{}").bearer(bearer);
        assert_eq!(ask.outcome().await, "401 invalid_token");
    }
    let nobody = site.post(&rotate).json("{}").outcome().await;
    assert_eq!(nobody, "401 not_signed_in");
}

#[tokio::test]
async fn p13_a_session_older_than_15_minutes_does_not_rotate() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let [first, second] = [
        site.generate(&ana, site.acme, "{}").await,
        site.generate(&ana, site.acme, "{}").await,
    ];
    site.advance(Duration::from_mins(15));
    site.rotate(&ana, &first, "a").await;
    site.advance(Duration::from_millis(1));
    for (pat, key) in [(&first, "a"), (&first, "b"), (&second, "a")] {
        let late = site.rotating(&ana, pat, key, "{}").outcome().await;
        assert_eq!(late, "403 reauthentication_required");
    }
    let again = site.signing_in("ana").cookie(&ana).send().await.cookie();
    site.rotate(&again, &first, "a").await;
}

#[tokio::test]
async fn p1_who_cannot_generate_any_more_does_not_rotate() {
    let site = Site::on(super::backend().await).await;
    let bo = site.sign_in("bo").await;
    let pat = site.generate(&bo, site.mobile, "{}").await;
    assert!(site.world.suspend_member(site.bo, site.mobile).await);
    let suspended = site.rotating(&bo, &pat, "a", "{}").outcome().await;
    assert_eq!(suspended, "403 not_a_direct_member");
    assert!(site.world.reactivate_member(site.bo, site.mobile).await);
    site.world.member(site.bo, site.acme, &[]).await;
    assert!(site.world.remove(site.bo, site.mobile).await);
    let inherited = site.rotating(&bo, &pat, "a", "{}").outcome().await;
    assert_eq!(inherited, "403 not_a_direct_member");
    assert!(site.world.remove(site.bo, site.acme).await);
    let stranger = site.rotating(&bo, &pat, "a", "{}").outcome().await;
    assert_eq!(stranger, "404 not_found");
}

#[tokio::test]
async fn p10_what_is_revoked_or_expired_is_not_rotated() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let revoked = site.generate(&ana, site.acme, "{}").await;
    assert_eq!(site.revoking(&revoked).cookie(&ana).outcome().await, "204");
    let end = r#"{"expiresDate":"2027-01-15T08:00:01Z"}"#;
    let expired = site.generate(&ana, site.acme, end).await;
    site.advance(Duration::from_secs(1));
    for (pat, message) in [
        (&revoked, "The token is revoked. Generate a new one."),
        (&expired, "The token has expired. Generate a new one."),
    ] {
        let answer = site.rotating(&ana, pat, "a", "{}").send().await;
        assert_eq!(answer.outcome(), "409 conflict");
        assert_eq!(answer.message(), message);
    }
}

#[tokio::test]
async fn p7_at_the_limit_a_rotation_has_room_and_makes_none() {
    for limit in [1, 3] {
        let backend = super::backend().await;
        let site = Site::with(backend, |parts| parts.policy.pat_limit = limit).await;
        let ana = site.sign_in("ana").await;
        let mut pats = Vec::new();
        for _place in 0..limit {
            pats.push(site.generate(&ana, site.acme, "{}").await);
        }
        let full = async || site.generating(&ana, site.acme, "{}").outcome().await;
        for pat in &pats {
            let new = site.rotate(&ana, pat, "a").await;
            assert_eq!(full().await, "409 token_limit_reached");
            let again = site.rotate(&ana, pat, "a").await;
            assert_eq!(full().await, "409 token_limit_reached");
            assert_eq!(site.door(pat).await, "200");
            assert_eq!(site.door(&new).await, "401 invalid_grant");
            assert_eq!(site.door(&again).await, "200");
        }
        // The old ones take no place when they end, and the successors give theirs.
        assert_eq!(site.revoking(&pats[0]).cookie(&ana).outcome().await, "204");
        assert_eq!(full().await, "409 token_limit_reached");
    }
}

#[tokio::test]
async fn p7_the_page_counts_no_token_in_its_overlap() {
    let site = Site::with(super::backend().await, |parts| parts.policy.pat_limit = 2).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    site.rotate(&ana, &old, "a").await;
    let shown = async |what: &str| {
        let page = site.get(&format!("/orgs/{}/security", site.acme));
        let page = page.cookie(&ana).send().await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(what), "{what}");
    };
    shown("1 of 2").await;
    site.generate(&ana, site.acme, "{}").await;
    shown("2 of 2").await;
}
