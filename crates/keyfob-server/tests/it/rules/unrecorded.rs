//! Issue 5, 8: if the record cannot be written, the change does not happen. One change at least of each kind
//! that is asked for over HTTP; what is done by command is in `program/unrecorded.rs`.

use keyfob_core::id::RequestId;
use keyfob_server::app::change_password::change_password;
use keyfob_server::app::sign_in::sign_in;
use keyfob_server::context::Ctx;
use keyfob_testkit::schema::dump;
use serde_json::json;

use crate::client::Ask;
use crate::site::{PASSWORD, Pat, Site};
use crate::unrecorded::{Engine, refuse_records};

/// Somebody who is invited already.
const FAY: &str = r#"{"userEmail":"fay@acme.example"}"#;

/// A site in which everything is there that the changes are made to.
struct Full {
    site: Site,
    ana: String,
    other_session: String,
    bos: String,
    pat: Pat,
}

impl Full {
    async fn new() -> Self {
        let site = Site::on(super::backend().await).await;
        let (ana, bos) = (site.sign_in("ana").await, site.sign_in("bo").await);
        let pat = site.generate(&ana, site.acme, "{}").await;
        site.sign_in("ana").await;
        let sessions = site.get("/identity/v1/sessions").cookie(&ana);
        let sessions = sessions.send().await.json();
        let mut sessions = sessions["data"].as_array().unwrap().iter();
        let other = sessions.find(|each| each["current"] != true).unwrap();
        let other_session = other["id"].as_str().unwrap().to_owned();
        site.world.suspend_member(site.cem, site.acme).await;
        let invitations = format!("/identity/v1/organizations/{}/invitations", site.acme);
        let fay = r#"{"userEmail":"fay@acme.example","roles":[]}"#;
        let invited = site.post(&invitations).cookie(&ana).json(fay);
        assert!(invited.outcome().await.starts_with('2'));
        Self {
            site,
            ana,
            other_session,
            bos,
            pat,
        }
    }

    async fn refuse_records(&self) {
        let engine = match self.site.backend.url() {
            None => Engine::Sqlite,
            Some(_) => Engine::Postgres,
        };
        refuse_records(&self.site.world.store, engine).await;
    }

    fn by_ana(&self, method: &str, target: &str, body: &str) -> Ask {
        let target = format!("/identity/v1/{target}");
        let ask = self.site.ask(method, &target).cookie(&self.ana);
        if body.is_empty() { ask } else { ask.json(body) }
    }

    /// Every change, by what it is to write.
    fn changes(&self) -> Vec<(&'static str, Ask)> {
        let Site {
            acme,
            mobile,
            ios,
            web,
            bo,
            cem,
            ..
        } = self.site;
        let at = |organization| format!("organizations/{organization}");
        let member = format!("{}/users/{bo}", at(mobile));
        let tokens = format!("{}/personal-api-tokens", at(acme));
        let token = format!("{tokens}/{}", self.pat.id);
        let invitations = format!("{}/invitations", at(acme));
        let named = json!({ "tokens": [self.pat.id], "dryRun": false }).to_string();
        let under = json!({ "parent": web.to_string() }).to_string();
        let by_ana = |method, target: &str, body: &str| self.by_ana(method, target, body);
        let cems = format!("{}/users/{cem}", at(acme));
        vec![
            ("session.started", self.site.signing_in("ana")),
            ("session.ended", self.by_ana("DELETE", "session", "")),
            (
                "session.ended, another",
                by_ana("DELETE", &format!("sessions/{}", self.other_session), ""),
            ),
            (
                "session.ended, all others",
                by_ana("DELETE", "sessions?others=true", ""),
            ),
            (
                "organization.created",
                by_ana(
                    "POST",
                    &format!("{}/sub-organizations", at(acme)),
                    r#"{"name":"Desktop"}"#,
                ),
            ),
            (
                "organization.renamed",
                by_ana("PATCH", &at(web), r#"{"name":"Site"}"#),
            ),
            (
                "organization.moved",
                by_ana("POST", &format!("{}/move", at(ios)), &under),
            ),
            (
                "organization.deleted",
                by_ana("DELETE", &format!("{}?confirm=Mobile", at(mobile)), ""),
            ),
            (
                "member.roles_changed",
                by_ana(
                    "PUT",
                    &format!("{member}/roles"),
                    r#"{"roles":["view-build"]}"#,
                ),
            ),
            (
                "member.suspended",
                by_ana("PATCH", &member, r#"{"suspended":true}"#),
            ),
            (
                "member.reactivated",
                by_ana("PATCH", &cems, r#"{"suspended":false}"#),
            ),
            ("member.removed", by_ana("DELETE", &member, "")),
            (
                "member.removed, by leaving",
                self.site
                    .delete(&format!("/identity/v1/{member}"))
                    .cookie(&self.bos),
            ),
            (
                "invitation.made",
                by_ana(
                    "POST",
                    &invitations,
                    r#"{"userEmail":"gil@acme.example","roles":[]}"#,
                ),
            ),
            (
                "invitation.sent_again",
                by_ana("PATCH", &format!("{invitations}?action=re-invite"), FAY),
            ),
            ("invitation.withdrawn", by_ana("DELETE", &invitations, FAY)),
            ("pat.generated", by_ana("POST", &tokens, "{}")),
            (
                "pat.rotated",
                by_ana("POST", &format!("{token}/rotate"), "{}"),
            ),
            ("pat.revoked", by_ana("DELETE", &token, "")),
            (
                "pat.revoked, several",
                by_ana("POST", &format!("{}/tokens/revoke", at(acme)), &named),
            ),
        ]
    }
}

#[tokio::test]
async fn a_change_whose_record_cannot_be_written_does_not_happen() {
    let full = Full::new().await;
    full.refuse_records().await;
    let store = &full.site.world.store;
    let before = dump(store).await;
    for (change, ask) in full.changes() {
        let outcome = ask.send().await.outcome();
        assert!(outcome.starts_with('5'), "{change}: {outcome}");
        assert_eq!(dump(store).await, before, "{change}");
    }
    assert_eq!(
        full.site.door(&full.pat).await,
        "200",
        "an exchange is no change"
    );
}

#[tokio::test]
async fn each_of_these_changes_happens_when_its_record_can_be_written() {
    for index in 0.. {
        let full = Full::new().await;
        let Some((change, ask)) = full.changes().into_iter().nth(index) else {
            assert_eq!(index, 20);
            break;
        };
        let store = &full.site.world.store;
        let before = dump(store).await;
        let outcome = ask.send().await.outcome();
        assert!(outcome.starts_with('2'), "{change}: {outcome}");
        assert_ne!(
            dump(store).await["audit_record"],
            before["audit_record"],
            "{change}"
        );
    }
}

#[tokio::test]
async fn a_password_whose_record_cannot_be_written_is_not_changed() {
    let full = Full::new().await;
    let ctx = Ctx {
        now: full.site.world.now(),
        request_id: RequestId::new(full.site.world.now(), full.site.world.id_random()),
        peer: None,
        client: None,
    };
    let app = &full.site.app;
    let signed_in = sign_in(app, &ctx, "ana@acme.example", PASSWORD, None).await;
    let (who, _cookie) = signed_in.unwrap();
    full.refuse_records().await;
    let before = dump(&full.site.world.store).await;
    let new = "four words and a half";
    assert!(
        change_password(app, &ctx, &who, PASSWORD, new)
            .await
            .is_err()
    );
    assert_eq!(dump(&full.site.world.store).await, before);
}
