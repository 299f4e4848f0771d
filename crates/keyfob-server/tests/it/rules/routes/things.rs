//! What the requests of the matrix are about, and how each is sent.

use crate::client::Ask;
use crate::site::{Pat, Site};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Caller {
    Nobody,
    Stranger,
    Token,
    Owner,
}

/// What one request is about: made anew for each, because some of them end it.
pub(in super::super) struct Things {
    pat: Pat,
    jwt: String,
    session: String,
    refused: String,
    owner: String,
    stranger: String,
}

impl Things {
    pub(in super::super) async fn of(site: &Site) -> Self {
        let owner = site.sign_in("ana").await;
        site.world.put_member(site.bo, site.acme, &[]).await;
        let pat = site.generate(&owner, site.acme, "{}").await;
        let list = site.get("/identity/v1/sessions").cookie(&owner);
        let list = list.send().await.json();
        let mut sessions = list["data"].as_array().unwrap().iter();
        let session = sessions.find(|session| session["current"] == true).unwrap();
        let refused = site.exchange(&pat, site.globex).await;
        assert_eq!(refused.outcome(), "403 access_denied");
        site.app.activity.flush(&site.app.store).await.unwrap();
        let target = format!("/identity/v1/organizations/{}/invitations", site.acme);
        let invited = site.post(&target).cookie(&owner);
        let invited = invited.json(r#"{"userEmail":"kim@acme.example","roles":[]}"#);
        assert_eq!(invited.outcome().await, "201");
        Self {
            jwt: site.jwt(&pat, site.acme).await,
            refused: refused.header("x-request-id").unwrap().to_owned(),
            pat,
            session: session["id"].as_str().unwrap().to_owned(),
            owner,
            stranger: site.sign_in("dee").await,
        }
    }

    pub(in super::super) fn ask(
        &self,
        site: &Site,
        caller: Caller,
        method: &str,
        path: &str,
    ) -> Ask {
        let mut target = path
            .replace("{realm}", "any")
            .replace("{session}", &self.session)
            .replace("{organization}", &site.acme.to_string())
            .replace("{token}", &self.pat.id)
            .replace("{user}", &site.bo.to_string())
            .replace("{request}", &self.refused)
            .replace("{file}", "keyfob.css");
        assert!(!target.contains('{'), "{target}");
        let secret = &self.pat.secret;
        let ask = match (method, path) {
            ("DELETE", "/identity/v1/sessions") => {
                target.push_str("?others=true");
                site.ask(method, &target)
            }
            ("POST", "/identity/v1/session") => site.signing_in("ana"),
            ("POST", "/auth/v3/token") => site
                .ask(method, &target)
                .form(&format!("personalAccessKey={secret}")),
            ("POST", "/oauth/token") => site.ask(method, &target).form(&format!(
                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
                 &subject_token_type=urn:keyfob:token-type:pat&subject_token={secret}"
            )),
            ("POST", door) if door.starts_with("/auth/v") => {
                site.ask(method, &target).form(&format!("pat={secret}"))
            }
            ("POST", pats) if pats.ends_with("/personal-api-tokens") => {
                site.ask(method, &target).json("{}")
            }
            ("POST", rotate) if rotate.ends_with("/rotate") => site.ask(method, &target).json("{}"),
            _managing => self.managing(site, method, path, target),
        };
        match caller {
            Caller::Nobody => ask,
            Caller::Stranger => ask.cookie(&self.stranger),
            Caller::Token => ask.bearer(&self.jwt),
            Caller::Owner => ask.cookie(&self.owner),
        }
    }

    /// A request about organizations and their members.
    fn managing(&self, site: &Site, method: &str, path: &str, mut target: String) -> Ask {
        match (method, path) {
            ("POST", below) if below.ends_with("/sub-organizations") => {
                // Names are there once.
                let body = format!(r#"{{"name":"{}"}}"#, self.pat.id);
                site.ask(method, &target).json(&body)
            }
            ("POST", moving) if moving.ends_with("/move") => {
                let body = format!(r#"{{"parent":"{}"}}"#, site.web);
                site.ask(method, &target).json(&body)
            }
            ("POST", "/identity/v1/organizations") => {
                site.ask(method, &target).json(r#"{"name":"New"}"#)
            }
            ("PATCH", "/identity/v1/organizations/{organization}") => {
                site.ask(method, &target).json(r#"{"name":"Acme"}"#)
            }
            ("DELETE", "/identity/v1/organizations/{organization}") => {
                target.push_str("?confirm=Other");
                site.ask(method, &target)
            }
            ("PATCH", users) if users.ends_with("/{user}") => {
                site.ask(method, &target).json(r#"{"suspended":true}"#)
            }
            ("GET", explain) if explain.ends_with("/explain") => {
                target.push_str("?permission=build:view");
                site.ask(method, &target)
            }
            ("POST", revoke) if revoke.ends_with("/tokens/revoke") => {
                let body = format!(r#"{{"tokens":["{}"],"dryRun":false}}"#, self.pat.id);
                site.ask(method, &target).json(&body)
            }
            (_any, asked) if asked.ends_with("/invitations") => inviting(site, method, target),
            ("PATCH", "/identity/v1/users") => {
                let target = format!("{target}?action=invite&organizationId={}", site.acme);
                let body = format!(
                    r#"{{"userEmail":"lea@acme.example",
                    "organizationsAndRoles":[{{"organizationId":"{}","roles":[]}}]}}"#,
                    site.acme
                );
                site.ask(method, &target).json(&body)
            }
            ("PUT", roles) if roles.ends_with("/roles") => site
                .ask(method, &target)
                .json(r#"{"roles":["view-build"]}"#),
            _bodiless => site.ask(method, &target),
        }
    }
}

/// A request about somebody who was invited.
fn inviting(site: &Site, method: &str, mut target: String) -> Ask {
    if method == "PATCH" {
        target.push_str("?action=re-invite");
    }
    let ask = site.ask(method, &target);
    match method {
        "GET" => ask,
        "POST" => ask.json(r#"{"userEmail":"lea@acme.example","roles":["view-build"]}"#),
        _about_one => ask.json(r#"{"userEmail":"kim@acme.example"}"#),
    }
}
