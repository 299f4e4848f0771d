//! What an exchange costs in process: its signature, its facts, and the whole of it through the router.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::OrgId;
use keyfob_core::policy::Policy;
use keyfob_core::secret::{PatMac, PatSecret, Pepper};
use keyfob_core::time::Clock as _;
use keyfob_server::brand::Brand;
use keyfob_server::http::service;
use keyfob_server::metrics::Metrics;
use keyfob_server::open::found;
use keyfob_server::proxies::TrustedProxies;
use keyfob_server::resource_server::ResourceServers;
use keyfob_server::seal::RootKey;
use keyfob_server::state::{App, Parts};
use keyfob_server::system::{ServingEntropy, SystemClock, SystemEntropy};
use keyfob_store::exchange::exchange_facts;
use keyfob_store::key::{PEPPER, key_list};
use keyfob_testkit::backend::Backend;
use keyfob_testkit::clock::FrozenClock;
use keyfob_testkit::world::World;
use keyfob_verify::Algorithm;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A server over a file of its own, with a token of a root and a target at depth 4.
struct Stage {
    runtime: Runtime,
    app: Arc<App>,
    world: World,
    _backend: Backend,
    body: String,
    target: OrgId,
    mac: PatMac,
}

/// Ana, who owns Acme, with a token there, and an organization at depth 4.
async fn world() -> (World, Backend, RootKey, PatSecret, OrgId) {
    let backend = Backend::sqlite().await;
    let mut world = World::new(backend.store().clone());
    let folder = tempfile::tempdir().expect("a folder");
    let root_key =
        RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy).expect("a key");
    let algorithms = [Algorithm::Es256];
    found(
        backend.store(),
        &root_key,
        &algorithms,
        &*world.clock,
        &SystemEntropy,
    )
    .await
    .expect("an instance");
    let mut tx = backend.store().read().await.expect("a transaction");
    let records = key_list(&mut tx).await.expect("keys");
    drop(tx);
    let pepper = records
        .iter()
        .find(|record| record.purpose == PEPPER)
        .expect("a pepper");
    world.pepper_id = pepper.id;
    let opened = root_key
        .open(&pepper.purpose, pepper.id.uuid(), &pepper.sealed)
        .expect("opens");
    world.pepper = Pepper::new(opened.as_slice().try_into().expect("32 bytes"));
    let ana = world.user("ana@acme.example").await;
    let mut target = world.root("Acme").await;
    world.member(ana, target, &["owner"]).await;
    let pat = world.pat(ana, target).await;
    for level in 2..=4 {
        target = world.sub(target, &format!("Level {level}")).await;
    }
    (world, backend, root_key, pat.secret, target)
}

fn stage() -> Stage {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (world, backend, root_key, secret, target) = runtime.block_on(world());
    let parts = Parts {
        store: backend.store().clone(),
        clock: Arc::<FrozenClock>::clone(&world.clock),
        entropy: Arc::new(ServingEntropy::default()),
        policy: Policy::default(),
        forms: TokenForms::default(),
        resource_servers: ResourceServers::default(),
        issuer: "http://127.0.0.1:8787".to_owned(),
        proxies: TrustedProxies::default(),
        brand: Brand::default(),
        mailer: None,
        demo: None,
        metrics: Arc::new(Metrics::default()),
        root_key,
    };
    let app = runtime.block_on(App::build(parts)).expect("an app");
    let app = Arc::new(app);
    let body = format!("pat={}&subOrganization={target}", secret.expose());
    let mac = world.mac(&secret);
    Stage {
        runtime,
        app,
        world,
        _backend: backend,
        body,
        target,
        mac,
    }
}

fn exchange(criterion: &mut Criterion) {
    let stage = stage();
    let now = SystemClock::default().now().max(stage.world.now());
    let loaded = stage.app.loaded();
    let message = vec![b'x'; 1_300];
    criterion.bench_function("signature (ES256, key parsed once)", |bencher| {
        let key = loaded.ring.signer(Algorithm::Es256, now).expect("a key");
        bencher.iter(|| {
            key.sign(black_box(&message))
                .map(|signature| signature.len())
        });
    });
    criterion.bench_function("facts at depth 4", |bencher| {
        bencher.to_async(&stage.runtime).iter(|| async {
            let mut tx = stage.app.store.read_single().await.expect("a transaction");
            exchange_facts(&mut tx, &stage.mac, Some(stage.target))
                .await
                .expect("facts")
                .is_some()
        });
    });
    let service = service(&stage.app);
    let answer = async |request| {
        let response = match service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        assert_eq!(response.status(), 200);
        let body = response.into_body().collect().await.expect("a body");
        body.to_bytes().len()
    };
    let ask = || {
        Request::post("/auth/v2/token")
            .header("host", "127.0.0.1:8787")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", stage.body.len())
            .header("user-agent", "axios/1.8.4")
            .body(Body::from(stage.body.clone()))
            .expect("a request")
    };
    criterion.bench_function("exchange through the router", |bencher| {
        // The request is the client's work, and is made before; few at once, so that they stay in cache.
        bencher
            .to_async(&stage.runtime)
            .iter_batched(ask, answer, BatchSize::NumIterations(16));
    });
    refusals(criterion, &stage);
}

/// What is large or deep is refused before it is read (T-28); none may take 5 ms.
fn refusals(criterion: &mut Criterion, stage: &Stage) {
    let service = service(&stage.app);
    let form = "application/x-www-form-urlencoded";
    let scopes = format!("pat=x&scope={}", "a+".repeat(512 * 1024));
    let fields = "a=&".repeat(2_700);
    let deep = "[".repeat(100_000);
    let nested = "[".repeat(8_000);
    let cases = [
        ("a scope of 1 MiB", "/auth/v2/token", form, scopes),
        ("2,700 fields", "/auth/v2/token", form, fields),
        (
            "JSON of 100,000 levels",
            "/identity/v1/session",
            "application/json",
            deep,
        ),
        (
            "JSON of 8,000 levels",
            "/identity/v1/session",
            "application/json",
            nested,
        ),
    ];
    for (name, path, media_type, body) in cases {
        let ask = || {
            Request::post(path)
                .header("host", "127.0.0.1:8787")
                .header("content-type", media_type)
                .body(Body::from(body.clone()))
                .expect("a request")
        };
        let answer = async |request| {
            let response = match service.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            assert!(response.status().is_client_error(), "{}", response.status());
        };
        criterion.bench_function(&format!("refused: {name}"), |bencher| {
            bencher.to_async(&stage.runtime).iter_batched(
                ask,
                answer,
                BatchSize::NumIterations(16),
            );
        });
    }
}

criterion_group!(benches, exchange);
criterion_main!(benches);
