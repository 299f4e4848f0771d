//! `keyfobd serve --demo`: what it prints is what works, nothing of it is logged, and nothing is left.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::wire::{Wire, form_token, pats_of};
use super::{Host, Running, frames};

/// A demo that said as JSON what it made.
pub(super) struct Demo {
    host: Host,
    pub(super) running: Running,
    pub(super) wire: Wire,
    pub(super) made: Value,
    line: String,
}

impl Demo {
    pub(super) fn start(variables: &[(&'static str, &str)]) -> Self {
        let host = host(variables);
        let running = host.start(&["serve", "--demo", "--json", "--listen", "127.0.0.1:0"]);
        let line = running.line();
        let made: Value = serde_json::from_str(&line).unwrap();
        let address = made["url"].as_str().unwrap().strip_prefix("http://");
        Self {
            host,
            running,
            wire: Wire::new(address.unwrap().parse().unwrap()),
            made,
            line,
        }
    }

    fn text(&self, name: &str) -> &str {
        self.made[name].as_str().unwrap()
    }

    /// A session of the first of the people.
    fn sign_in(&self) -> String {
        let user = &self.made["users"][0];
        let [email, password] = ["email", "password"].map(|name| user[name].as_str().unwrap());
        self.wire.sign_in_with(email, password)
    }
}

/// A host whose temporary directory is a folder of its own.
fn host(variables: &[(&'static str, &str)]) -> Host {
    let mut host = Host::embedded();
    fs::create_dir(host.path("tmp")).unwrap();
    let temporary = host.path("tmp").to_str().unwrap().to_owned();
    host.set("TMPDIR", &temporary);
    for (name, value) in variables {
        host.set(name, value);
    }
    host
}

/// What a `curl` of the demo would send: its address and its form.
fn sent_by_curl(curl: &str) -> (&str, &str) {
    let words: Vec<&str> = curl.split(' ').collect();
    let ["curl", "-s", url, "-d", form] = words[..] else {
        panic!("{curl}");
    };
    (url, form)
}

#[test]
fn standard_output_is_one_json_object_and_its_curl_works() {
    let demo = Demo::start(&[]);
    let members = ["url", "users", "pat", "organizationId", "curl"];
    let places = members.map(|name| demo.line.find(&format!("\"{name}\":")).unwrap());
    assert!(
        places.is_sorted() && demo.made.as_object().unwrap().len() == 5,
        "{}",
        demo.line
    );
    let people = demo.made["users"].as_array().unwrap();
    let standings = people.iter().map(|user| {
        assert_eq!(user.as_object().unwrap().len(), 3);
        assert_eq!(user["password"].as_str().unwrap().len(), 12);
        format!(
            "{}: {}",
            user["email"].as_str().unwrap(),
            user["standing"].as_str().unwrap()
        )
    });
    assert_eq!(
        standings.collect::<Vec<_>>(),
        [
            "ana.lima@acme.example: owner of Acme",
            "joerg.mueller@acme.example: manager of Acme/Mobile",
            "mei.tanaka@acme.example: member only of Acme/Mobile/Kassen & Bezahlen/Acme Wallet iOS",
            "clara.dubois@acme.example: inherited below, member of Acme",
        ]
    );
    let (url, form) = sent_by_curl(demo.text("curl"));
    assert_eq!(url, format!("{}/auth/v2/token", demo.text("url")));
    assert_eq!(form, format!("pat={}", demo.text("pat")));
    let answer = demo.wire.ask("POST", "/auth/v2/token").form(form).send();
    assert_eq!(answer.outcome(), "200");
    let claims = super::wire::claims(&answer.member("access_token"));
    assert_eq!(claims["currentOrganizationId"], demo.made["organizationId"]);
    assert_eq!(claims["iss"], demo.made["url"]);

    demo.running.signal(Signal::TERM);
    let done = demo.running.end();
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), ""),
        "{}",
        done.err
    );
}

#[test]
fn its_token_is_listed_and_revoked_by_its_owner_and_then_refused() {
    let demo = Demo::start(&[]);
    let cookie = demo.sign_in();
    let pats = pats_of(demo.text("organizationId"));
    let listed = demo.wire.get(&pats).header("cookie", &cookie).send().json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    let listed = &listed["data"][0];
    let pat = demo.text("pat");
    let hint = format!("kfpat_…{}", pat.get(pat.len() - 4..).unwrap());
    assert_eq!(
        (&listed["status"], &listed["hint"]),
        (&"active".into(), &hint.into())
    );
    let path = format!("{pats}/{}", listed["id"].as_str().unwrap());
    assert_eq!(demo.wire.exchange(pat).outcome(), "200");
    let revoking = demo.wire.ask("DELETE", &path).header("cookie", &cookie);
    assert_eq!(revoking.outcome(), "204");
    assert_eq!(demo.wire.exchange(pat).outcome(), "401 invalid_grant");
}

#[test]
fn nothing_is_left_however_it_is_stopped() {
    for signal in [Signal::TERM, Signal::INT] {
        let demo = Demo::start(&[]);
        let [folder] = &demo.host.names("tmp")[..] else {
            panic!("one folder");
        };
        assert!(folder.starts_with("keyfob-demo-"));
        let inside = demo.host.names(&format!("tmp/{folder}"));
        assert!(inside.contains(&"keyfob.db".to_owned()), "{inside:?}");
        demo.running.signal(signal);
        assert_eq!(demo.running.end().code, Some(0));
        assert_eq!(demo.host.names("tmp"), [""; 0]);
        assert_eq!(demo.host.names("."), ["tmp"]);
    }
}

#[test]
fn p2_no_secret_is_in_the_log_even_when_everything_is_logged() {
    let demo = Demo::start(&[("KEYFOB__LOG__FILTER", "trace")]);
    let organization = demo.text("organizationId");
    let cookie = demo.sign_in();
    let second = demo.wire.generate(&cookie, organization);
    let jwt = demo.wire.jwt(&second);
    assert_eq!(demo.wire.with_jwt(&jwt), "200");
    let wrong = format!("{}x", demo.text("pat"));
    assert_eq!(demo.wire.exchange(&wrong).outcome(), "401 invalid_grant");
    let in_query = format!("/auth/v2/token?pat={second}");
    let asked = demo
        .wire
        .ask("POST", &in_query)
        .form(&format!("pat={second}"));
    assert_eq!(asked.outcome(), "400 invalid_request");
    // Another library reads this protocol, and has a log of its own.
    let form = format!("pat={second}");
    assert_eq!(
        frames::post(demo.wire, "/auth/v2/token", &cookie, &form),
        200
    );

    let mut secrets = vec![demo.text("pat").to_owned(), second, jwt];
    let (_name, session) = cookie.split_once('=').unwrap();
    secrets.push(session.to_owned());
    let people = demo.made["users"].as_array().unwrap();
    secrets.extend(
        people
            .iter()
            .map(|user| user["password"].as_str().unwrap().to_owned()),
    );
    demo.running.signal(Signal::TERM);
    let done = demo.running.end();
    assert_eq!(done.code, Some(0));
    for level in [
        " TRACE ",
        "DEBUG keyfob_server::app::exchange: exchange granted",
    ] {
        assert!(done.err.contains(level), "everything is logged: {level}");
    }
    for secret in secrets {
        // A part of it would be as bad, and the end of a token is its hint.
        let part = secret.strip_prefix("kfpat_").unwrap_or(&secret);
        let part = part.get(..part.len() - 4).unwrap();
        let line = done.err.lines().find(|line| line.contains(part));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn d8_one_press_on_its_page_signs_in_as_each_of_its_people() {
    let demo = Demo::start(&[]);
    let url = demo.text("url").to_owned();
    let led = demo.wire.get("/").header("accept", "text/html").send();
    assert_eq!((led.status, led.header("location")), (303, Some("/demo")));
    let page = demo.wire.get("/demo").send();
    let token = form_token(&page);
    for user in demo.made["users"].as_array().unwrap() {
        let email = user["email"].as_str().unwrap();
        assert!(page.text().contains(email), "{email}");
        let pressed = demo
            .wire
            .ask("POST", "/demo")
            .header("cookie", &page.cookie())
            .header("origin", &url)
            .form(&format!("formToken={token}&as={email}"))
            .send();
        assert_eq!(
            (pressed.status, pressed.header("location")),
            (303, Some("/"))
        );
        let who = demo.wire.get("/identity/v1/session");
        let who = who.header("cookie", &pressed.cookie()).send();
        assert_eq!(who.member("email"), email);
    }
    // There are people, so there is nothing to set up.
    assert_eq!(demo.wire.get("/setup").send().status, 410);
}

#[test]
fn for_people_it_prints_a_table_a_token_and_a_command() {
    let host = host(&[]);
    let running = host.start(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
    let mut said = String::new();
    while !said.ends_with("Ctrl-C stops the server.\n") {
        said.push_str(&running.line());
    }
    let lines: Vec<&str> = said.lines().collect();
    let url = lines[0].strip_prefix("keyfobd is listening on ").unwrap();
    let [pat, curl] = [lines[12], lines[15]].map(str::trim_start);
    let passwords = [6, 7, 8, 9].map(|row: usize| lines[row].split_whitespace().nth(1).unwrap());
    let (_rest, organization) = lines[11].trim_end_matches(':').rsplit_once(' ').unwrap();
    let [ana, joerg, mei, clara] = passwords;
    assert_eq!(
        said,
        format!(
            "\
keyfobd is listening on {url}

This is a demo: people and tokens are made up and gone when the server stops.
Open {url} in a browser, and choose who you want to be.

  User                        Password      Standing
  ana.lima@acme.example       {ana}  owner of Acme
  joerg.mueller@acme.example  {joerg}  manager of Acme/Mobile
  mei.tanaka@acme.example     {mei}  member only of Acme/Mobile/Kassen & Bezahlen/Acme Wallet iOS
  clara.dubois@acme.example   {clara}  inherited below, member of Acme

A token of ana.lima@acme.example, in the organization {organization}:
  {pat}

Exchange it for an access token:
  curl -s {url}/auth/v2/token -d pat={pat}

Ctrl-C stops the server.
"
        )
    );
    let wire = Wire::new(url.strip_prefix("http://").unwrap().parse().unwrap());
    assert_eq!(wire.exchange_for(pat, organization).outcome(), "200");
    assert_eq!(sent_by_curl(curl).1, format!("pat={pat}"));
    for (name, password) in [("ana.lima", ana), ("clara.dubois", clara)] {
        wire.sign_in_with(&format!("{name}@acme.example"), password);
    }
    assert!(!running.log().contains(pat));
    let other = Demo::start(&[]);
    assert_ne!(
        other.made["users"][0]["password"], ana,
        "passwords are drawn"
    );
    assert_ne!(other.text("pat"), pat);
}

#[test]
fn it_is_for_this_machine_and_has_its_own_database() {
    let host = host(&[]);
    let demo = ["serve", "--demo", "--json"];
    assert_eq!(
        host.refusal(&[&demo[..], &["--listen", "0.0.0.0:0"]].concat()),
        "the demo listens on a loopback address only, and 0.0.0.0:0 is none"
    );
    assert_eq!(
        host.refusal(&[&demo[..], &["--database", "postgres://db/keyfob"]].concat()),
        "the demo has a database of its own: leave --database out"
    );
    assert_eq!(
        (host.names("tmp"), host.names(".")),
        (Vec::new(), vec!["tmp".to_owned()])
    );
}
