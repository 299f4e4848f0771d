//! Contract 5: who is invited, by whom, and with what. Accepting is the dashboard's.

use std::fmt::Write as _;
use std::time::Duration;

use keyfob_core::id::OrgId;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::mail_server::MailServer;
use crate::site::{ISSUER, Site, words};

fn invitations(organization: OrgId) -> String {
    format!("/identity/v1/organizations/{organization}/invitations")
}

fn inviting(site: &Site, organization: OrgId, email: &str, roles: &[&str]) -> Ask {
    let body = json!({ "userEmail": email, "roles": roles }).to_string();
    site.post(&invitations(organization)).json(&body)
}

fn inviting_to(site: &Site, from: OrgId, email: &str, promises: &[(OrgId, &str)]) -> Ask {
    let promises = promises.iter().map(|(organization, role)| {
        json!({ "organizationId": organization.to_string(), "roles": [role], "more": 1 })
    });
    let promises: Vec<Value> = promises.collect();
    let body = json!({ "userEmail": email, "organizationsAndRoles": promises, "more": 1 });
    let target = format!("/identity/v1/users?action=invite&organizationId={from}");
    site.ask("PATCH", &target).json(&body.to_string())
}

fn again(site: &Site, organization: OrgId, email: &str) -> Ask {
    let target = format!("{}?action=re-invite", invitations(organization));
    let body = json!({ "userEmail": email }).to_string();
    site.ask("PATCH", &target).json(&body)
}

fn withdrawing(site: &Site, organization: OrgId, email: &str) -> Ask {
    let body = json!({ "userEmail": email }).to_string();
    site.delete(&invitations(organization)).json(&body)
}

/// Who is invited there: address, state, and roles by organization.
async fn listed(site: &Site, cookie: &str, organization: OrgId) -> Vec<String> {
    let list = site.get(&invitations(organization)).cookie(cookie);
    let list = list.send().await.json();
    let list = list.as_array().unwrap().iter();
    list.map(|one| {
        let (email, status) = (&one["userEmail"], &one["status"]);
        let mut said = format!("{} {}", email.as_str().unwrap(), status.as_str().unwrap());
        for promise in one["organizationsAndRoles"].as_array().unwrap() {
            let name = promise["organizationName"].as_str().unwrap();
            write!(said, ", {name}: {}", words(&promise["roles"])).unwrap();
        }
        said
    })
    .collect()
}

async fn audited(site: &Site) -> Vec<String> {
    let records = site.world.audit(Some(site.acme)).await.into_iter();
    let records = records.filter(|record| record.action.contains("invit"));
    records
        .map(|record| format!("{} via {}: {}", record.action, record.via, record.detail))
        .collect()
}

#[tokio::test]
async fn an_invitation_is_listed_where_it_promises_something_and_its_link_nowhere() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let promises = [(site.acme, "view-build"), (site.ios, "manage-build")];
    let made = inviting_to(&site, site.acme, "Lea@acme.example", &promises).cookie(&ana);
    let made = made.send().await;
    assert_eq!(made.outcome(), "200");
    assert_eq!(made.json()["status"], "pending");
    let both = "Lea@acme.example pending, Acme: view-build, iOS: manage-build";
    assert_eq!(listed(&site, &ana, site.acme).await, [both]);
    assert_eq!(listed(&site, &ana, site.ios).await, [both]);
    assert_eq!(listed(&site, &ana, site.mobile).await, [""; 0]);
    let list = site.get(&invitations(site.acme)).cookie(&ana).send().await;
    for answer in [&made, &list] {
        let names = [
            "expiresDate",
            "organizationsAndRoles",
            "status",
            "userEmail",
        ];
        let object = answer.json();
        let object = object.as_array().map_or(&object, |list| &list[0]).clone();
        assert_eq!(crate::client::member_names(&object), names);
        assert!(!answer.text().contains("code="));
    }
    site.advance(Duration::from_hours(7 * 24));
    let ana = site.sign_in("ana").await;
    let over = both.replace("pending", "expired");
    assert_eq!(listed(&site, &ana, site.acme).await, [over]);
}

#[tokio::test]
async fn who_manages_only_a_part_sees_and_withdraws_only_that_part() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo) = (site.sign_in("ana").await, site.sign_in("bo").await);
    let role = ["manage-organization"];
    site.world.set_roles(site.bo, site.mobile, &role).await;
    let promises = [(site.web, "view-build"), (site.mobile, "view-organization")];
    let made = inviting_to(&site, site.acme, "lea@acme.example", &promises).cookie(&ana);
    assert_eq!(made.outcome().await, "200");
    let own = "lea@acme.example pending, Mobile: view-organization";
    assert_eq!(listed(&site, &bo, site.mobile).await, [own]);
    // To send it again would be to answer for what is promised elsewhere, too.
    let ask = again(&site, site.mobile, "lea@acme.example").cookie(&bo);
    assert_eq!(ask.outcome().await, "403 forbidden");
    let ask = withdrawing(&site, site.mobile, "lea@acme.example").cookie(&bo);
    assert_eq!(ask.outcome().await, "204");
    let rest = "lea@acme.example pending, Web: view-build";
    assert_eq!(listed(&site, &ana, site.web).await, [rest]);
    assert_eq!(listed(&site, &bo, site.mobile).await, [""; 0]);
}

#[tokio::test]
async fn inviting_again_replaces_what_was_promised_there() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let promises = [(site.acme, "view-build"), (site.web, "view-build")];
    let first = inviting_to(&site, site.acme, "lea@acme.example", &promises).cookie(&ana);
    assert_eq!(first.outcome().await, "200");
    let second = inviting(&site, site.web, "LEA@acme.example", &["manage-build"]);
    // The part before the @ tells apart; upper and lower case do not.
    assert_eq!(second.cookie(&ana).outcome().await, "201");
    let (old, new) = (
        "lea@acme.example pending, Acme: view-build",
        "LEA@acme.example pending, Web: manage-build",
    );
    assert_eq!(listed(&site, &ana, site.acme).await, [old]);
    assert_eq!(listed(&site, &ana, site.web).await, [new]);
    for email in ["lea@acme.example", "Lea@acme.example"] {
        let ask = again(&site, site.web, email).cookie(&ana);
        assert_eq!(ask.outcome().await, "200");
    }
    let ask = withdrawing(&site, site.web, "lea@acme.example").cookie(&ana);
    assert_eq!(ask.outcome().await, "204");
    let ask = withdrawing(&site, site.web, "lea@acme.example").cookie(&ana);
    assert_eq!(ask.outcome().await, "404 not_found");
    let via = |action: &str, roles: &str| format!("member.{action} via session: {roles}");
    assert_eq!(
        audited(&site).await,
        [
            via("invited", "view-build"),
            via("invited", "view-build"),
            via("invitation_withdrawn", "view-build"),
            via("invited", "manage-build"),
            via("invited_again", "manage-build"),
            via("invited_again", "manage-build"),
            via("invitation_withdrawn", "manage-build"),
        ]
    );
}

#[tokio::test]
async fn nobody_promises_more_than_they_hold_and_only_owners_promise_owner() {
    let site = Site::on(super::backend().await).await;
    let (ana, bo, cem) = (
        site.sign_in("ana").await,
        site.sign_in("bo").await,
        site.sign_in("cem").await,
    );
    let to = "lea@acme.example";
    for (cookie, at, role, outcome) in [
        (&bo, site.mobile, "view-build", "403 forbidden"),
        (&bo, site.acme, "view-build", "404 not_found"),
        (&cem, site.acme, "owner", "403 forbidden"),
        (&cem, site.acme, "manage-build", "403 forbidden"),
        (&cem, site.acme, "view-nothing", "400 invalid_request"),
        (&cem, site.globex, "view-organization", "404 not_found"),
        (&cem, site.ios, "view-organization", "201"),
        (&ana, site.acme, "owner", "201"),
    ] {
        let ask = inviting(&site, at, to, &[role]).cookie(cookie);
        assert_eq!(ask.outcome().await, outcome, "{role}");
    }
    // Cem would answer for an owner.
    let ask = again(&site, site.acme, to).cookie(&cem);
    assert_eq!(ask.outcome().await, "403 forbidden");
    let ask = inviting(&site, site.acme, to, &["manage-build"]).cookie(&cem);
    let said = ask.send().await.message();
    assert!(said.contains("build:manage"), "{said}");
}

#[tokio::test]
async fn a_program_invites_within_its_ceiling_and_never_an_owner() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let pat = site.generate(&ana, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let narrow = r#"{"ceiling":["organization:manage","build:view"]}"#;
    let narrow = site.generate(&ana, site.acme, narrow).await;
    let narrow = site.jwt(&narrow, site.acme).await;
    let below = site.jwt(&pat, site.mobile).await;
    for (jwt, at, role, outcome) in [
        (&jwt, site.acme, "owner", "403 forbidden"),
        (&jwt, site.acme, "manage-build", "201"),
        (&narrow, site.acme, "view-build", "201"),
        (&narrow, site.acme, "operate-build", "403 forbidden"),
        (&below, site.ios, "view-build", "201"),
        (&below, site.web, "view-build", "404 not_found"),
    ] {
        let ask = inviting(&site, at, "lea@acme.example", &[role]).bearer(jwt);
        assert_eq!(ask.outcome().await, outcome, "{role}");
    }
    let owner = inviting(&site, site.web, "kim@acme.example", &["owner"]).cookie(&ana);
    assert_eq!(owner.outcome().await, "201");
    let ask = again(&site, site.web, "kim@acme.example").bearer(&jwt);
    assert_eq!(ask.outcome().await, "403 forbidden");
    let ask = withdrawing(&site, site.web, "kim@acme.example").bearer(&jwt);
    assert_eq!(ask.outcome().await, "204");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let site = Site::on(super::backend().await).await;
    let (ana, dee) = (site.sign_in("ana").await, site.sign_in("dee").await);
    let lea = "lea@acme.example";
    let twice = [(site.web, "view-build"), (site.web, "view-build")];
    for (ask, outcome) in [
        (
            inviting(&site, site.acme, "lea", &[]),
            "400 invalid_request",
        ),
        (inviting(&site, site.acme, "bo@acme.example", &[]), "201"),
        (
            inviting(&site, site.mobile, "bo@acme.example", &[]),
            "409 already_a_member",
        ),
        (
            inviting_to(&site, site.acme, lea, &[]),
            "400 invalid_request",
        ),
        (
            inviting_to(&site, site.acme, lea, &twice),
            "400 invalid_request",
        ),
        (again(&site, site.acme, lea), "404 not_found"),
        (
            site.ask("PATCH", &invitations(site.acme))
                .json(r#"{"userEmail":"x"}"#),
            "400 invalid_request",
        ),
        (
            site.ask("PATCH", "/identity/v1/users?action=delete")
                .json(r#"{"userEmail":"x","organizationsAndRoles":[]}"#),
            "400 invalid_request",
        ),
        (
            site.post(&invitations(site.acme))
                .json(r#"{"userEmail":"x@y.example","roles":[],"more":1}"#),
            "422 unprocessable",
        ),
    ] {
        assert_eq!(ask.cookie(&ana).outcome().await, outcome);
    }
    site.world
        .put_member(site.ana, site.globex, &["owner"])
        .await;
    let trees = [(site.web, "view-build"), (site.globex, "view-build")];
    let ask = inviting_to(&site, site.acme, lea, &trees).cookie(&ana);
    assert_eq!(ask.outcome().await, "400 invalid_request");
    let ask = inviting_to(&site, site.acme, lea, &[(site.globex, "view-build")]);
    assert_eq!(ask.cookie(&dee).outcome().await, "404 not_found");
}

#[tokio::test]
async fn of_one_organization_200_invitations_wait_at_most() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    for number in 0..200 {
        let email = format!("n{number}@acme.example");
        let ask = inviting(&site, site.web, &email, &[]).cookie(&ana);
        assert_eq!(ask.outcome().await, "201");
    }
    let one_more = inviting(&site, site.web, "lea@acme.example", &[]).cookie(&ana);
    assert_eq!(one_more.outcome().await, "409 conflict");
    let replaced = withdrawing(&site, site.web, "n7@acme.example").cookie(&ana);
    assert_eq!(replaced.outcome().await, "204");
    let now = inviting(&site, site.web, "lea@acme.example", &[]).cookie(&ana);
    assert_eq!(now.outcome().await, "201");
}

#[tokio::test]
async fn where_mail_is_set_up_the_link_goes_to_the_address_and_to_nobody_else() {
    let mut server = MailServer::start().await;
    let mailer = server.mailer();
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.mailer = Some(mailer)).await;
    let ana = site.sign_in("ana").await;
    let promises = [(site.acme, "view-build"), (site.web, "view-build")];
    let made = inviting_to(&site, site.acme, "lea@acme.example", &promises).cookie(&ana);
    assert_eq!(made.outcome().await, "200");
    let mail = server.next().await;
    assert_eq!(mail.to, "RCPT TO:<lea@acme.example>");
    for told in [
        "Subject: You are invited to Acme and Web on Keyfob",
        "From: Keyfob <keyfob@acme.example>",
        "multipart/alternative",
        "invites you to Acme and Web.",
        "only for lea@acme.example",
    ] {
        assert!(mail.text.contains(told), "{told}: {}", mail.text);
    }
    let first = mail.link(ISSUER);
    assert!(first.starts_with("/invitation?code="), "{first}");
    let ask = again(&site, site.acme, "lea@acme.example").cookie(&ana);
    assert_eq!(ask.outcome().await, "200");
    assert_ne!(server.next().await.link(ISSUER), first);
    server.refuse();
    let ask = again(&site, site.acme, "lea@acme.example").cookie(&ana);
    assert_eq!(ask.outcome().await, "503 mail_unavailable");
    // It waits all the same.
    assert_eq!(listed(&site, &ana, site.web).await.len(), 1);
    assert!(server.is_empty());
}

#[tokio::test]
async fn no_address_gets_more_than_a_handful_of_mails_in_an_hour() {
    let mut server = MailServer::start().await;
    let mailer = server.mailer();
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.mailer = Some(mailer)).await;
    let ana = site.sign_in("ana").await;
    let ask = inviting(&site, site.acme, "lea@acme.example", &[]).cookie(&ana);
    assert_eq!(ask.outcome().await, "201");
    let mut sent = 1;
    loop {
        server.next().await;
        let ask = again(&site, site.acme, "lea@acme.example").cookie(&ana);
        let answer = ask.send().await;
        if answer.outcome() == "429 too_many_requests" {
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!(seconds <= 3_600);
            break;
        }
        assert_eq!(answer.outcome(), "200");
        sent += 1;
    }
    assert_eq!(sent, 11);
    let other = inviting(&site, site.acme, "kim@acme.example", &[]).cookie(&ana);
    assert_eq!(other.outcome().await, "201");
    site.advance(Duration::from_hours(1));
    let ana = site.sign_in("ana").await;
    let ask = again(&site, site.acme, "lea@acme.example").cookie(&ana);
    assert_eq!(ask.outcome().await, "200");
}
