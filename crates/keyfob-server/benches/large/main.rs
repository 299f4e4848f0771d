//! A tree of 100,000 organizations, 16 levels deep, and people with 10,000 memberships in it: what the
//! lists, the switch, the reasons and the exchange cost then, on both engines, through router and edge.
//!
//! Each is asked for several times, and the median and the slowest are printed. `KEYFOB_TEST_POSTGRES` names
//! the server of the second run; without it, or with `-- embedded`, only the embedded database is measured, and
//! with `-- server` only the server.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark: it ends where something is wrong, reads a clock, and prints what it found"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use keyfob_core::foreign::TokenForms;
use keyfob_core::policy::Policy;
use keyfob_core::secret::Pepper;
use keyfob_server::brand::Brand;
use keyfob_server::http::service;
use keyfob_server::import::{Import, OnBad, Rivals, Source};
use keyfob_server::metrics::Metrics;
use keyfob_server::open::found;
use keyfob_server::proxies::TrustedProxies;
use keyfob_server::resource_server::ResourceServers;
use keyfob_server::roles_file;
use keyfob_server::seal::RootKey;
use keyfob_server::state::{App, Parts};
use keyfob_server::system::{ServingEntropy, SystemEntropy};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::clock::FrozenClock;
use keyfob_testkit::world::World;
use keyfob_verify::Algorithm;
use serde_json::Value;
use tower::ServiceExt as _;

use self::ask::{ASKED, Ask, Who};
use self::tree::{ANA, BO, CEM, LEVELS, PASSWORD, lines, path};

mod ask;
mod tree;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each is asked for.
const TIMES: usize = 21;

async fn app(backend: &Backend) -> Arc<App> {
    let world = World::new(backend.store().clone());
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("root.key");
    let root_key = RootKey::load_or_make(&place, &SystemEntropy).expect("a key");
    let clock = Arc::<FrozenClock>::clone(&world.clock);
    let algorithms = [Algorithm::Es256];
    found(
        backend.store(),
        &root_key,
        &algorithms,
        &*clock,
        &SystemEntropy,
    )
    .await
    .expect("an instance");
    let import = Import {
        store: backend.store().clone(),
        catalogue: roles_file::read(roles_file::FIRST, 1).expect("a catalogue"),
        peppers: vec![(world.pepper_id, Pepper::new(&[7; 32]))],
        erasure: None,
        forms: TokenForms::default(),
        clock: Arc::<FrozenClock>::clone(&clock),
        entropy: Arc::new(SystemEntropy),
        rivals: Rivals::Excluded,
        passwords: &|_email| None,
    };
    let source = Source::Text(lines().into());
    let summary = import.run(&source, OnBad::KeepNothing, &mut ()).await;
    let summary = summary.expect("an import");
    assert_eq!(summary.bad_lines, []);
    let parts = Parts {
        store: backend.store().clone(),
        clock,
        entropy: Arc::new(ServingEntropy::default()),
        policy: Policy::default(),
        forms: TokenForms::default(),
        resource_servers: ResourceServers::default(),
        issuer: "http://127.0.0.1:8787".to_owned(),
        proxies: TrustedProxies::default(),
        metrics: Arc::new(Metrics::default()),
        root_key,
        brand: Brand::default(),
        mailer: None,
        demo: None,
    };
    Arc::new(App::build(parts).await.expect("an app"))
}

async fn answer(app: &Arc<App>, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let response = match service(app).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status, parts.headers, body)
}

async fn json(app: &Arc<App>, path: &str, cookie: &str, body: String) -> (HeaderMap, Value) {
    let request = Request::post(path).header("host", "127.0.0.1:8787");
    let request = request.header("content-type", "application/json");
    let request = request.header("cookie", cookie);
    let request = request.body(Body::from(body)).expect("a request");
    let (status, headers, body) = answer(app, request).await;
    assert_eq!(status, 201, "{path}");
    (headers, serde_json::from_slice(&body).expect("JSON"))
}

async fn sign_in(app: &Arc<App>, email: &str) -> String {
    let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
    let (headers, _body) = json(app, "/identity/v1/session", "keyfob_form=a", body).await;
    let cookie = headers.get("set-cookie").expect("a cookie");
    let cookie = cookie.to_str().expect("a text").split(';').next();
    cookie.expect("a pair").to_owned()
}

fn member<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).expect("a text")
}

/// The server, and what its people know.
struct Stage {
    app: Arc<App>,
    ana: String,
    bo: String,
    cem: String,
    root: String,
    deepest: String,
}

impl Stage {
    async fn over(backend: &Backend) -> Self {
        let begun = Instant::now();
        let app = app(backend).await;
        println!("imported in {:.1} s", begun.elapsed().as_secs_f64());
        if backend.url().is_some() {
            // The server does so by itself within a minute after an import.
            let mut tx = backend.store().write().await.expect("a transaction");
            let analysed = keyfob_store::probe::script(&mut tx, "ANALYZE").await;
            analysed.expect("statistics");
            tx.commit().await.expect("a commit");
        }
        let id = async |number: usize| {
            let external = format!("o{number}");
            let mut tx = backend.store().read_single().await.expect("a transaction");
            let found = keyfob_store::org::org_find_by_external(&mut tx, &external).await;
            found
                .expect("a read")
                .expect("an organization")
                .id
                .to_string()
        };
        Self {
            ana: sign_in(&app, ANA).await,
            bo: sign_in(&app, BO).await,
            cem: sign_in(&app, CEM).await,
            root: id(0).await,
            deepest: id(path().last().unwrap_or_default()).await,
            app,
        }
    }

    async fn exchanges(&self) -> Vec<(&'static str, Ask)> {
        let mut asks = Vec::new();
        for (organization, targets) in [
            (
                &self.root,
                &[
                    ("exchange, root", &self.root),
                    ("exchange, depth 16", &self.deepest),
                ][..],
            ),
            (
                &self.deepest,
                &[("exchange, held at depth 16", &self.deepest)],
            ),
        ] {
            let path = format!("/identity/v1/organizations/{organization}/personal-api-tokens");
            let (_headers, made) = json(&self.app, &path, &self.ana, "{}".to_owned()).await;
            let pat = member(&made, "token");
            for (name, target) in targets {
                let ask = Ask {
                    path: "/auth/v2/token".to_owned(),
                    form: format!("pat={pat}&subOrganization={target}"),
                    ..Ask::default()
                };
                asks.push((*name, ask));
            }
        }
        asks
    }

    /// The list by an access token of the root.
    async fn by_token(&self, exchange: &Ask) -> Ask {
        let (_status, _headers, body) = answer(&self.app, exchange.request()).await;
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        Ask {
            bearer: format!("Bearer {}", member(&answer, "access_token")),
            ..Ask::get("/identity/v1/organizations?page=1&perPage=100")
        }
    }

    fn asks(&self) -> Vec<(&'static str, Ask)> {
        let asks = ASKED.iter().map(|(name, who, path)| {
            let path = path.replace("ROOT", &self.root);
            let cookie = match who {
                Who::Ana => &self.ana,
                Who::Bo => &self.bo,
                Who::Cem => &self.cem,
            };
            let path = path.replace("DEEPEST", &self.deepest);
            (*name, Ask::get(&path).cookie(cookie))
        });
        asks.collect()
    }

    async fn measure(&self, name: &str, ask: &Ask) {
        let (mut times, mut size) = (Vec::with_capacity(TIMES), 0);
        for _ in 0..TIMES {
            let request = ask.request();
            let begun = Instant::now();
            let (status, _headers, body) = answer(&self.app, request).await;
            times.push(begun.elapsed());
            assert_eq!(status, 200, "{name}: {body:?}");
            size = body.len();
        }
        times.sort_unstable();
        let of = |index: usize| times.get(index).copied().unwrap_or_default();
        println!(
            "| {name} | {} | {} | {size} |",
            shown(of(TIMES / 2)),
            shown(of(TIMES - 1))
        );
    }
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1_000.0 {
        format!("{micros:.0} µs")
    } else if micros < 1e6 {
        format!("{:.1} ms", micros / 1e3)
    } else {
        format!("{:.2} s", micros / 1e6)
    }
}

async fn run(engine: &str, backend: Backend) {
    println!("\n{engine}");
    let stage = Stage::over(&backend).await;
    println!("| | median of {TIMES} | slowest | bytes |\n| --- | --- | --- | --- |");
    let exchanges = stage.exchanges().await;
    let mut asks = stage.asks();
    if let Some((_name, at_root)) = exchanges.first() {
        asks.push((
            "list by an access token, 100",
            stage.by_token(at_root).await,
        ));
    }
    for (name, ask) in asks.iter().chain(&exchanges) {
        stage.measure(name, ask).await;
    }
    for (name, ask) in &exchanges {
        let (_status, _headers, body) = answer(&stage.app, ask.request()).await;
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        let length = member(&answer, "access_token").len();
        println!("access token, {name}: {length} bytes");
    }
}

fn main() {
    assert_eq!(LEVELS.iter().sum::<usize>(), 100_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let only = |engine: &str| std::env::args().any(|argument| argument == engine);
        if !only("server") {
            run("Embedded database", Backend::sqlite().await).await;
        }
        if std::env::var_os("KEYFOB_TEST_POSTGRES").is_some() && !only("embedded") {
            run("PostgreSQL", Backend::postgres().await).await;
        }
    });
}
