//! Issue 5, 8: if the record cannot be written, the change does not happen. One change at least of each kind
//! that is asked for over HTTP; what is done by command is in `program/unrecorded.rs`.

use keyfob_core::id::RequestId;
use keyfob_server::app::change_password::change_password;
use keyfob_server::app::sign_in::sign_in;
use keyfob_server::context::Ctx;
use keyfob_testkit::schema::dump;

use crate::client::Ask;
use crate::site::{PASSWORD, Pat, Site};
use crate::unrecorded::{Engine, refuse_records};

/// Somebody who is invited already.
const FAY: &str = r#"{"userEmail":"fay@acme.example"}"#;

/// What Ana asks for: what it is to write, method, address and body.
const BY_ANA: [(&str, &str, &str, &str); 18] = [
    ("session.ended", "DELETE", "session", ""),
    ("session.ended, another", "DELETE", "sessions/OTHER", ""),
    (
        "session.ended, all others",
        "DELETE",
        "sessions?others=true",
        "",
    ),
    (
        "organization.created",
        "POST",
        "organizations/ACME/sub-organizations",
        r#"{"name":"Desktop"}"#,
    ),
    (
        "organization.renamed",
        "PATCH",
        "organizations/WEB",
        r#"{"name":"Site"}"#,
    ),
    (
        "organization.moved",
        "POST",
        "organizations/IOS/move",
        r#"{"parent":"WEB"}"#,
    ),
    (
        "organization.deleted",
        "DELETE",
        "organizations/MOBILE?confirm=Mobile",
        "",
    ),
    (
        "member.roles_changed",
        "PUT",
        "organizations/MOBILE/users/BO/roles",
        r#"{"roles":["view-build"]}"#,
    ),
    (
        "member.suspended",
        "PATCH",
        "organizations/MOBILE/users/BO",
        r#"{"suspended":true}"#,
    ),
    (
        "member.reactivated",
        "PATCH",
        "organizations/ACME/users/CEM",
        r#"{"suspended":false}"#,
    ),
    (
        "member.removed",
        "DELETE",
        "organizations/MOBILE/users/BO",
        "",
    ),
    (
        "invitation.made",
        "POST",
        "organizations/ACME/invitations",
        r#"{"userEmail":"gil@acme.example","roles":[]}"#,
    ),
    (
        "invitation.sent_again",
        "PATCH",
        "organizations/ACME/invitations?action=re-invite",
        FAY,
    ),
    (
        "invitation.withdrawn",
        "DELETE",
        "organizations/ACME/invitations",
        FAY,
    ),
    (
        "pat.generated",
        "POST",
        "organizations/ACME/personal-api-tokens",
        "{}",
    ),
    (
        "pat.rotated",
        "POST",
        "organizations/ACME/personal-api-tokens/PAT/rotate",
        "{}",
    ),
    (
        "pat.revoked",
        "DELETE",
        "organizations/ACME/personal-api-tokens/PAT",
        "",
    ),
    (
        "pat.revoked, several",
        "POST",
        "organizations/ACME/tokens/revoke",
        r#"{"tokens":["PAT"],"dryRun":false}"#,
    ),
];

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

    /// Every change, by what it is to write.
    fn changes(&self) -> Vec<(&'static str, Ask)> {
        let leaving = format!(
            "/identity/v1/organizations/{}/users/{}",
            self.site.mobile, self.site.bo
        );
        let leaving = self.site.delete(&leaving).cookie(&self.bos);
        let mut changes = vec![
            ("session.started", self.site.signing_in("ana")),
            ("member.removed, by leaving", leaving),
        ];
        for (change, method, target, body) in BY_ANA {
            let target = format!("/identity/v1/{}", self.filled(target));
            let ask = self.site.ask(method, &target).cookie(&self.ana);
            let ask = match body {
                "" => ask,
                body => ask.json(&self.filled(body)),
            };
            changes.push((change, ask));
        }
        changes
    }

    fn filled(&self, text: &str) -> String {
        let site = &self.site;
        let names = [
            ("ACME", site.acme.to_string()),
            ("MOBILE", site.mobile.to_string()),
            ("IOS", site.ios.to_string()),
            ("WEB", site.web.to_string()),
            ("BO", site.bo.to_string()),
            ("CEM", site.cem.to_string()),
            ("OTHER", self.other_session.clone()),
            ("PAT", self.pat.id.clone()),
        ];
        let filled = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        names.iter().fold(text.to_owned(), filled)
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
