//! What the server works for each page, through the router: the organizations and people of the demo, and
//! an owner who looks. No page may take 5 ms.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
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
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The example that the demo serves.
const ACME: &str = include_str!("../../../examples/acme.jsonl");
const OWNER: &str = "ana.lima@acme.example";
const PASSWORD: &str = "correct horse";

/// Every page: its name, and its path with organizations by name.
const PAGES: [(&str, &str); 12] = [
    ("security", "/orgs/{Acme}/security"),
    ("security, inherited", "/orgs/{Mobile}/security"),
    ("revoke", "/orgs/{Acme}/security/tokens/{token}/revoke"),
    ("rotate", "/orgs/{Acme}/security/tokens/{token}/rotate"),
    ("try it", "/orgs/{Acme}/security/try-it"),
    ("profile and team", "/orgs/{Acme}/team"),
    ("activity", "/orgs/{Acme}/activity"),
    ("organizations", "/organizations"),
    ("all tokens", "/tokens"),
    ("password", "/password"),
    ("sessions", "/sessions/others"),
    ("not found", "/orgs/{token}/security"),
];

/// The server, and what its owner's browser knows.
struct Stage {
    runtime: Runtime,
    app: Arc<App>,
    _backend: Backend,
    cookie: String,
    ids: BTreeMap<String, String>,
}

async fn app(backend: &Backend) -> Arc<App> {
    let world = World::new(backend.store().clone());
    let folder = tempfile::tempdir().expect("a folder");
    let root_key =
        RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy).expect("a key");
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
        passwords: &|email| (email.as_str() == OWNER).then(|| PASSWORD.to_owned()),
    };
    let source = Source::Text(ACME.into());
    let summary = import.run(&source, OnBad::KeepNothing, &mut ()).await;
    assert!(summary.expect("an import").is_kept);
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

/// Signs the owner in, who then has some tokens.
async fn owner(app: &Arc<App>) -> (String, BTreeMap<String, String>) {
    let ask = |request: http::request::Builder, body: String| {
        let request = request.header("host", "127.0.0.1:8787");
        let request = request.header("content-type", "application/json");
        request.body(Body::from(body)).expect("a request")
    };
    let credentials = format!(r#"{{"email":"{OWNER}","password":"{PASSWORD}"}}"#);
    let request = ask(Request::post("/identity/v1/session"), credentials);
    let (status, headers, _body) = answer(app, request).await;
    assert_eq!(status, 201);
    let cookie = headers.get("set-cookie").expect("a cookie");
    let cookie = cookie.to_str().expect("a text").split(';').next();
    let cookie = cookie.expect("a pair").to_owned();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).expect("a text").to_owned();
    let request = Request::get("/identity/v1/organizations").header("cookie", &cookie);
    let (_status, _headers, body) = answer(app, ask(request, String::new())).await;
    let listed: Value = serde_json::from_slice(&body).expect("JSON");
    let listed = listed
        .get("data")
        .and_then(Value::as_array)
        .expect("a list");
    let mut ids: BTreeMap<String, String> = listed
        .iter()
        .map(|org| (text(org.get("name")), text(org.get("id"))))
        .collect();
    let acme = ids.get("Acme").expect("Acme").clone();
    let path = format!("/identity/v1/organizations/{acme}/personal-api-tokens");
    for _ in 0..5 {
        let request = Request::post(&path).header("cookie", &cookie);
        let (status, _headers, body) = answer(app, ask(request, "{}".to_owned())).await;
        assert_eq!(status, 201);
        let pat: Value = serde_json::from_slice(&body).expect("JSON");
        drop(ids.insert("token".to_owned(), text(pat.get("id"))));
    }
    (cookie, ids)
}

fn stage() -> Stage {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let backend = runtime.block_on(Backend::sqlite());
    let app = runtime.block_on(app(&backend));
    let (cookie, ids) = runtime.block_on(owner(&app));
    Stage {
        runtime,
        app,
        _backend: backend,
        cookie,
        ids,
    }
}

impl Stage {
    fn ask(&self, path: &str, cookie: &str) -> Request<Body> {
        let known = self.ids.iter();
        let path = known.fold(path.to_owned(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        });
        let request = Request::get(path).header("host", "127.0.0.1:8787");
        let request = request.header("accept", "text/html");
        let request = request.header("cookie", cookie);
        request.body(Body::empty()).expect("a request")
    }

    fn measure(&self, criterion: &mut Criterion, name: &str, path: &str, cookie: &str) {
        let page = async |request| {
            let (status, _headers, body) = answer(&self.app, request).await;
            assert_eq!(status == 404, name == "not found", "{status}");
            assert!(
                body.ends_with(b"</html>\n") || body.ends_with(b"</html>"),
                "a page"
            );
            body.len()
        };
        criterion.bench_function(&format!("page: {name}"), |bencher| {
            // The request is the client's work, and is made before.
            bencher.to_async(&self.runtime).iter_batched(
                || self.ask(path, cookie),
                page,
                BatchSize::SmallInput,
            );
        });
    }
}

fn pages(criterion: &mut Criterion) {
    let stage = stage();
    stage.measure(criterion, "sign-in", "/sign-in", "keyfob_form=a");
    for (name, path) in PAGES {
        stage.measure(criterion, name, path, &stage.cookie);
    }
}

criterion_group!(benches, pages);
criterion_main!(benches);
