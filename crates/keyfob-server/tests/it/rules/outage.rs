//! X6: when the store is away nothing is decided: 503, never 401, and all is well when it is back.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use keyfob_server::state::App;
use keyfob_testkit::backend::Backend;
use tokio_postgres::NoTls;
use url::Url;

use crate::client::Ask;
use crate::site::{PASSWORD, Site, pats_of};

/// A database that is away.
pub(super) enum Away {
    /// The database's files are there and empty; what was in them is kept.
    Files(Vec<(PathBuf, Vec<u8>)>),
    /// The server lets nobody into the database.
    Server { database: Url },
}

impl Away {
    pub(super) async fn take(backend: &Backend) -> Self {
        if let Some(url) = backend.url() {
            let database = Url::parse(&url).unwrap();
            let name = database.path().trim_start_matches('/');
            let close = format!(
                "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false;
                 SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            on_server(&database, &close).await;
            return Self::Server { database };
        }
        let file = backend.file().unwrap();
        let log = file.with_extension("db-wal");
        let kept = [file, log].into_iter().filter(|path| path.exists());
        let kept = kept.map(|path| (path.clone(), fs::read(&path).unwrap()));
        let kept: Vec<_> = kept.collect();
        for (path, _bytes) in &kept {
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(0)
                .unwrap();
        }
        Self::Files(kept)
    }

    pub(super) async fn give_back(self) {
        match self {
            Self::Server { database } => {
                let name = database.path().trim_start_matches('/');
                let open = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true");
                on_server(&database, &open).await;
            }
            Self::Files(kept) => {
                for (path, bytes) in kept {
                    fs::write(path, bytes).unwrap();
                }
            }
        }
    }
}

/// Says something to the server of a database, over another database of it.
async fn on_server(database: &Url, statements: &str) {
    let mut other = database.clone();
    other.set_path("template1");
    let (client, connection) = tokio_postgres::connect(other.as_str(), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn x6_with_the_store_away_every_door_says_503_and_never_401() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let jwt = site.jwt(&pat, site.acme).await;
    let rotate = site.generate(&cookie, site.acme, "{}").await.path() + "/rotate";
    // A node that has read catalogue and keys, and nothing else that a cache could hold.
    let node = site.another_node().await;
    let unknown = site.world.secret().expose().to_owned();
    let credentials = format!(r#"{{"email":"ana@acme.example","password":"{PASSWORD}"}}"#);
    let ask = |method: &str, target: &str| Ask::new(&node, method, target);
    let door =
        |version: &str, form: String| ask("POST", &format!("/auth/{version}/token")).form(&form);
    let organizations = "/identity/v1/organizations";
    let asks = || {
        [
            door("v1", format!("pat={}", pat.secret)),
            door(
                "v2",
                format!("pat={}&subOrganization={}", pat.secret, site.ios),
            ),
            door("v3", format!("personalAccessKey={}", pat.secret)),
            door("v2", format!("pat={unknown}")),
            ask("GET", "/oauth/userinfo").bearer(&jwt),
            ask("GET", organizations).bearer(&jwt),
            ask("GET", organizations).cookie(&cookie),
            ask("GET", "/identity/v1/session").cookie(&cookie),
            ask("GET", &pats_of(site.acme)).cookie(&cookie),
            ask("DELETE", &pat.path()).cookie(&cookie),
            ask("DELETE", &pat.path()).bearer(&jwt),
            ask("POST", &pats_of(site.acme)).cookie(&cookie).json("{}"),
            ask("POST", &rotate).cookie(&cookie).json("{}"),
            ask("POST", "/identity/v1/session").json(&credentials),
        ]
    };
    let away = Away::take(&site.backend).await;
    for ask in asks() {
        let shown = format!("{ask:?}");
        let answer = ask.send().await;
        assert_eq!(answer.outcome(), "503 temporarily_unavailable", "{shown}");
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert_eq!(answer.header("www-authenticate"), None);
    }
    if site.backend.url().is_some() {
        let ready = ask("GET", "/readyz").send().await;
        assert_eq!((ready.status, ready.text()), (503, "not ready"));
        assert_eq!(ready.header("retry-after"), Some("5"));
    }
    works_without_a_store(&node).await;
    away.give_back().await;
    let wanted = "200 200 200 401 200 200 200 200 200 204 401 201 201 201";
    let mut back = Vec::new();
    for ask in asks() {
        back.push(ask.send().await.status.to_string());
    }
    assert_eq!(back.join(" "), wanted);
    assert_eq!(ask("GET", "/readyz").outcome().await, "200");
}

/// What needs no store works: the process lives, the keys are in memory.
async fn works_without_a_store(node: &Arc<App>) {
    for target in [
        "/healthz",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
    ] {
        let outcome = Ask::new(node, "GET", target).outcome().await;
        assert_eq!(outcome, "200", "{target}");
    }
}

#[tokio::test]
async fn p11_a_text_that_is_no_token_is_refused_without_a_look_up() {
    let site = Site::on(super::backend().await).await;
    let secret = site.pat("ana", site.acme).await.secret;
    let node = site.another_node().await;
    let away = Away::take(&site.backend).await;
    let outcome = async |secret: &str| {
        let ask = Ask::new(&node, "POST", "/auth/v2/token");
        ask.form(&format!("pat={secret}")).outcome().await
    };
    let swapped: String = secret.chars().rev().collect();
    let checksum = format!("{}000000", &secret[..secret.len() - 6]);
    for text in ["x", "kfpat_", &swapped, &checksum, &secret[..43]] {
        assert_eq!(outcome(text).await, "401 invalid_grant", "{text}");
    }
    assert_eq!(outcome(&secret).await, "503 temporarily_unavailable");
    away.give_back().await;
    assert_eq!(outcome(&secret).await, "200");
}
