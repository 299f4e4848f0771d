//! T-01, T-02: after everything a server does, logged at TRACE, no secret that was ever made is anywhere
//! but in the one answer that gave it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use aws_lc_rs::digest;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use keyfob_server::open::DATABASE_FILE;
use keyfob_server::seal::RootKey;
use keyfob_store::key::key_list;
use keyfob_store::{Store, StoreOptions};
use keyfob_testkit::schema::dump;
use tokio::runtime::Runtime;

use super::super::{Host, PASSWORD, Server, wire::pats_of};
use super::host;
use crate::client::Answer;
use crate::reader::{PageForm, form, secret};

/// Everything that must be nowhere, by what it is.
type Secrets = BTreeMap<String, Vec<u8>>;

/// The forms in which it could be somewhere: as it is, hashed, and each of these in letters.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hashed = digest::digest(&digest::SHA256, secret).as_ref().to_vec();
    let mut forms = vec![];
    for bytes in [secret.to_vec(), hashed] {
        for letters in [
            BASE64.encode(&bytes),
            BASE64URL_NOPAD.encode(&bytes),
            HEXLOWER.encode(&bytes),
            HEXUPPER.encode(&bytes),
        ] {
            forms.push(letters.trim_end_matches('=').as_bytes().to_vec());
        }
        forms.push(bytes);
    }
    forms
}

fn holds(place: &[u8], form: &[u8]) -> bool {
    place.windows(form.len()).any(|window| window == form)
}

/// Uses the server in every way there is, with good and with wrong secrets.
fn use_everything(server: &Server, acme: &str, secrets: &mut Secrets) {
    let wire = server.wire;
    let mut keep = |name: &str, secret: &str| {
        secrets.insert(name.to_owned(), secret.as_bytes().to_vec());
    };
    keep("a wrong password", "wrong horse battery");
    let wrong = wire.signing_in("ana@acme.example", "wrong horse battery");
    assert_eq!(wrong.outcome(), "401 invalid_credentials");
    let cookie = wire.sign_in("ana");
    keep("the cookie", cookie.split_once('=').unwrap().1);
    let (one, other) = (wire.generate(&cookie, acme), wire.generate(&cookie, acme));
    let mut jwts = Vec::new();
    for (name, pat) in [("a token", &one), ("another token", &other)] {
        keep(name, pat);
        keep(&format!("{name}'s body"), &pat[6..38]);
        jwts.extend(exchange_everywhere(server, acme, pat));
        let ask = wire.get("/identity/v1/organizations");
        ask.header("authorization", pat).send();
    }
    for (number, jwt) in jwts.iter().enumerate() {
        assert_eq!(wire.with_jwt(jwt), "200");
        wire.get(&format!("/oauth/userinfo?access_token={jwt}"))
            .send();
        // Its signature is what makes it one; header and claims are no secret.
        keep(
            &format!("access token {number}"),
            jwt.rsplit_once('.').unwrap().1,
        );
    }
    let listed = wire
        .get(&pats_of(acme))
        .header("cookie", &cookie)
        .send()
        .json();
    let id = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{}/{id}", pats_of(acme));
    let revoked = wire.ask("DELETE", &path).header("cookie", &cookie);
    assert_eq!(revoked.outcome(), "204");
    assert_eq!(wire.exchange(&other).outcome(), "401 invalid_grant");
}

/// What the pages do, and every page but the one that shows the new token.
fn use_the_pages(server: &Server, acme: &str, secrets: &mut Secrets) -> Vec<(String, Vec<u8>)> {
    let wire = server.wire;
    let mut pages = Vec::new();
    let asked = |path: &str, cookie: &str| {
        let ask = wire.get(path).header("accept", "text/html");
        ask.header("cookie", cookie).send()
    };
    let sent = |form: &PageForm, cookie: &str| {
        let (path, body) = form.sent();
        let ask = wire.ask("POST", path).header("accept", "text/html");
        ask.header("cookie", cookie).form(&body).send()
    };
    let page = asked("/sign-in", "");
    let cookie = page.cookie();
    let wrong = form(&page, "/sign-in")
        .with("email", "ana@acme.example")
        .with("password", "wrong horse battery");
    pages.push(("a refused sign-in".to_owned(), sent(&wrong, &cookie)));
    let right = sent(&wrong.with("password", PASSWORD), &cookie);
    let cookie = right.cookie();
    let value = cookie.split_once('=').unwrap().1;
    secrets.insert(
        "the cookie of the pages".to_owned(),
        value.as_bytes().to_vec(),
    );
    let security = format!("/orgs/{acme}/security");
    let generate = form(&asked(&security, &cookie), "/security/tokens");
    let made = sent(&generate, &cookie);
    let token = secret(&made).unwrap().to_owned();
    assert_eq!(wire.exchange(&token).outcome(), "200");
    secrets.insert(
        "the token of the pages".to_owned(),
        token.clone().into_bytes(),
    );
    secrets.insert("its body".to_owned(), token.as_bytes()[6..38].to_vec());
    pages.push(("a reload".to_owned(), sent(&generate, &cookie)));
    for (name, path) in [
        ("a page of a token as its address", format!("/{token}")),
        ("a question with a token", format!("{security}?pat={token}")),
        ("the page itself", security),
    ] {
        pages.push((name.to_owned(), asked(&path, &cookie)));
    }
    let bytes = |(name, page): (String, Answer)| (name, page.body.to_vec());
    pages.into_iter().map(bytes).collect()
}

/// A token at every door, and in places in which a secret has no business.
fn exchange_everywhere(server: &Server, acme: &str, pat: &str) -> Vec<String> {
    let wire = server.wire;
    let standard = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
         &subject_token_type=urn:keyfob:token-type:pat&subject_token={pat}"
    );
    let doors = [
        ("/auth/v1/token", format!("pat={pat}")),
        (
            "/auth/v2/token",
            format!("pat={pat}&subOrganization={acme}"),
        ),
        ("/auth/v3/token", format!("personalAccessKey={pat}")),
        ("/oauth/token", standard),
    ];
    let mut jwts = Vec::new();
    for (door, form) in doors {
        let answer = wire.ask("POST", door).form(&form).send();
        assert_eq!(answer.status, 200, "{door}");
        jwts.push(answer.member("access_token"));
        for target in [
            format!("{door}?pat={pat}"),
            format!("{door}/{pat}"),
            format!("/{pat}"),
        ] {
            wire.ask("POST", &target).form(&form).send();
        }
        let json = format!(r#"{{"pat":"{pat}"}}"#);
        wire.ask("POST", door).json(&json).send();
        wire.ask("POST", door)
            .form(&format!("{form}&{form}"))
            .send();
    }
    jwts
}

/// What lies sealed in the database, opened with the root key; and what the database shows to who reads
/// all of it.
fn database(host: &Host, secrets: &mut Secrets) -> Vec<u8> {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let options = match &host.database {
            Some((backend, _runtime)) => StoreOptions::postgres(backend.url().unwrap()),
            None => StoreOptions::sqlite(host.path("keyfob-data").join(DATABASE_FILE)),
        };
        let store = Store::open(options).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let records = key_list(&mut tx).await.unwrap();
        drop(tx);
        let root_key = RootKey::load(&host.path(host.root_key)).unwrap();
        for record in records {
            let opened = root_key.open(&record.purpose, record.id.uuid(), &record.sealed);
            let name = format!("the key {} ({})", record.id, record.purpose);
            secrets.insert(name, opened.unwrap().to_vec());
        }
        let mut text = String::new();
        for (table, rows) in dump(&store).await {
            for row in rows {
                writeln!(text, "{table} {}", row.replace(", ", "")).unwrap();
            }
        }
        store.close().await;
        text.into_bytes()
    })
}

#[test]
fn t_02_after_a_whole_run_at_trace_no_secret_is_anywhere() {
    let mut host = host();
    let acme = host.acme();
    host.set("KEYFOB__LOG__FILTER", "trace");
    let server = host.serve(&["--public-url", "http://127.0.0.1:8787"]);
    let mut secrets = Secrets::new();
    secrets.insert("the password".to_owned(), PASSWORD.as_bytes().to_vec());
    use_everything(&server, &acme, &mut secrets);
    let pages = use_the_pages(&server, &acme, &mut secrets);
    let rotated = host.run(&["keys", "rotate"]);
    let process = server.running.child.id();
    let mut places: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut keep = |name: &str, bytes: Vec<u8>| places.insert(name.to_owned(), bytes);
    for (name, page) in pages {
        keep(&name, page);
    }
    keep(
        "the command's output",
        format!("{}{}", rotated.out, rotated.err).into_bytes(),
    );
    keep(
        "the arguments",
        fs::read(format!("/proc/{process}/cmdline")).unwrap(),
    );
    keep(
        "the metrics",
        server.metrics().get("/metrics").send().body.to_vec(),
    );
    let key_list = server.wire.get("/.well-known/jwks.json").send();
    keep("the key list", key_list.body.to_vec());
    // Beside the running server, so that the write-ahead log is still there.
    keep("the database as rows", database(&host, &mut secrets));
    for name in host.names("keyfob-data") {
        if name != "root.key" {
            let bytes = fs::read(host.path("keyfob-data").join(&name)).unwrap();
            keep(&format!("the file {name}"), bytes);
        }
    }
    let text = fs::read_to_string(host.path(host.root_key)).unwrap();
    let root_key = BASE64.decode(text.trim().as_bytes()).unwrap();
    secrets.insert("the root key".to_owned(), root_key);
    let done = server.stop();
    let granted = " DEBUG keyfob_server::app::exchange: exchange granted ";
    assert!(done.err.contains(granted), "more than usual was logged");
    keep("the log", done.err.into_bytes());
    for (secret, bytes) in &secrets {
        for (form, (place, held)) in forms(bytes)
            .iter()
            .flat_map(|form| places.iter().map(move |place| (form, place)))
        {
            // A session is found by the hash of its cookie: that form is in the database on purpose.
            let is_database = place.starts_with("the database") || place.starts_with("the file");
            let is_meant = secret.starts_with("the cookie") && form != bytes && is_database;
            let letters = String::from_utf8_lossy(form);
            assert!(
                is_meant || !holds(held, form),
                "{secret} in {place}, as {letters}"
            );
        }
    }
    assert!(secrets.len() > 15, "{:?}", secrets.keys());
}
