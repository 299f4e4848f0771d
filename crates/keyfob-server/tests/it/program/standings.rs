//! The four people of the demo have the standings that it says they have.

use std::collections::BTreeMap;

use rustix::process::Signal;
use serde_json::Value;

use super::demo::Demo;
use super::wire::{Wire, claims};

/// Somebody of the demo, signed in, in a tree whose ids are known by name.
struct Person {
    wire: Wire,
    cookie: String,
    ids: BTreeMap<String, String>,
}

impl Person {
    fn new(demo: &Demo, standing: &str) -> Self {
        let cookie = |user: &Value| {
            let email = user["email"].as_str().unwrap();
            let password = user["password"].as_str().unwrap();
            demo.wire.sign_in_with(email, password)
        };
        let users = demo.made["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["standing"] == standing);
        let owner = cookie(&users[0]);
        let list = demo.wire.get("/identity/v1/organizations");
        let listed = list.header("cookie", &owner).send().json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let each = listed["data"].as_array().unwrap().iter();
        Self {
            wire: demo.wire,
            cookie: cookie(user.unwrap()),
            ids: each
                .map(|it| (text(&it["name"]), text(&it["id"])))
                .collect(),
        }
    }

    fn generating(&self, organization: &str) -> String {
        self.wire
            .generating(&self.cookie, &self.ids[organization])
            .outcome()
    }

    fn generate(&self, organization: &str) -> String {
        self.wire.generate(&self.cookie, &self.ids[organization])
    }

    /// The permissions of an exchange, or how it was refused.
    fn exchange(&self, pat: &str, target: &str) -> String {
        let answer = self.wire.exchange_for(pat, &self.ids[target]);
        if answer.status != 200 {
            return answer.outcome();
        }
        let claims = claims(&answer.member("access_token"));
        assert_eq!(claims["currentOrganizationId"], self.ids[target]);
        let words: Vec<&str> = claims["entitlements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        words.join(" ")
    }
}

const DENIED: &str = "403 access_denied";

#[test]
fn the_owner_holds_everything_everywhere_but_generates_only_where_a_member() {
    let demo = Demo::start(&[]);
    let owner = Person::new(&demo, "owner of Acme");
    let pat = owner.generate("Acme");
    let all = owner.exchange(&pat, "Acme");
    assert!(
        all.contains("organization:manage") && all.contains("billing:manage"),
        "{all}"
    );
    assert_eq!(owner.exchange(&pat, "Acme Wallet iOS"), all);
    assert_eq!(owner.generating("Mobile"), "403 not_a_direct_member");
    assert_eq!(
        owner.generating("Acme Wallet iOS"),
        "403 not_a_direct_member"
    );
}

#[test]
fn the_manager_works_in_the_own_subtree_and_nowhere_else() {
    let demo = Demo::start(&[]);
    let manager = Person::new(&demo, "manager of Acme/Mobile");
    let pat = manager.generate("Mobile");
    let held = "build:manage build:operate build:view organization:manage organization:view \
                signing:manage signing:view";
    for inside in [
        "Mobile",
        "Kassen & Bezahlen",
        "Acme Wallet iOS",
        "Säule finden",
    ] {
        assert_eq!(manager.exchange(&pat, inside), held, "{inside}");
    }
    for outside in ["Acme", "Türkiye", "Işık Kurye"] {
        assert_eq!(manager.exchange(&pat, outside), DENIED, "{outside}");
        assert_eq!(manager.generating(outside), "404 not_found", "{outside}");
    }
    assert_eq!(manager.generating("Ladegeräte"), "403 not_a_direct_member");
}

#[test]
fn the_member_of_one_sub_organization_works_there_only() {
    let demo = Demo::start(&[]);
    let member = Person::new(
        &demo,
        "member only of Acme/Mobile/Kassen & Bezahlen/Acme Wallet iOS",
    );
    let pat = member.generate("Acme Wallet iOS");
    assert_eq!(
        member.exchange(&pat, "Acme Wallet iOS"),
        "build:operate build:view publish-ios:external-operate publish-ios:operate publish-ios:view"
    );
    for outside in [
        "Acme",
        "Mobile",
        "Kassen & Bezahlen",
        "Acme Wallet Android",
        "Türkiye",
    ] {
        assert_eq!(member.exchange(&pat, outside), DENIED, "{outside}");
        assert_eq!(member.generating(outside), "404 not_found", "{outside}");
    }
}

#[test]
fn p1_who_is_inherited_below_exchanges_there_and_cannot_generate_there() {
    let demo = Demo::start(&[]);
    let inherited = Person::new(&demo, "inherited below, member of Acme");
    let pat = inherited.generate("Acme");
    for name in ["Acme", "Mobile", "Acme Wallet iOS", "Işık Kurye"] {
        let held = inherited.exchange(&pat, name);
        assert_eq!(held, "billing:manage organization:view", "{name}");
    }
    for below in ["Mobile", "Acme Wallet iOS", "Türkiye"] {
        assert_eq!(
            inherited.generating(below),
            "403 not_a_direct_member",
            "{below}"
        );
    }
    demo.running.signal(Signal::TERM);
    assert_eq!(demo.running.end().code, Some(0));
}
