//! What an exchange costs in process: its signature, its facts, and the whole of it through the router.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use keyfob_core::event::Actor;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::KeyId;
use keyfob_core::policy::Policy;
use keyfob_core::time::Clock as _;
use keyfob_server::http::service;
use keyfob_server::keys::{new_pepper, new_signing_key};
use keyfob_server::metrics::Metrics;
use keyfob_server::proxies::TrustedProxies;
use keyfob_server::roles_file;
use keyfob_server::seal::RootKey;
use keyfob_server::state::{App, Parts};
use keyfob_server::system::{SystemClock, SystemEntropy};
use keyfob_store::exchange::exchange_facts;
use keyfob_store::key::key_insert;
use keyfob_testkit::backend::Backend;
use keyfob_testkit::clock::FrozenClock;
use keyfob_testkit::world::World;
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
    target: keyfob_core::id::OrgId,
    mac: keyfob_core::secret::PatMac,
}

fn stage() -> Stage {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (app, world, backend, secret, target) = runtime.block_on(async {
        let backend = Backend::sqlite().await;
        let mut world = World::new(backend.store().clone());
        world.found(roles_file::FIRST).await;
        let folder = tempfile::tempdir().expect("a folder");
        let root_key =
            RootKey::load_or_make(&folder.path().join("root.key"), &SystemEntropy).expect("a key");
        let (now, entropy) = (world.now(), SystemEntropy);
        let pepper = new_pepper(&root_key, &entropy, now);
        let signing = new_signing_key(&root_key, &entropy, now).expect("a key");
        let mut tx = backend.store().write().await.expect("a transaction");
        key_insert(&mut tx, &pepper, &Actor::OPERATOR, now)
            .await
            .expect("kept");
        key_insert(&mut tx, &signing, &Actor::OPERATOR, now)
            .await
            .expect("kept");
        tx.commit().await.expect("a commit");
        world.pepper_id = KeyId::from_uuid(pepper.id.uuid());
        let opened = root_key
            .open(&pepper.purpose, pepper.id.uuid(), &pepper.sealed)
            .expect("opens");
        world.pepper =
            keyfob_core::secret::Pepper::new(opened.as_slice().try_into().expect("32 bytes"));
        let ana = world.user("ana@acme.example").await;
        let mut target = world.root("Acme").await;
        world.member(ana, target, &["owner"]).await;
        let pat = world.pat(ana, target).await;
        for level in 2..=4 {
            target = world.sub(target, &format!("Level {level}")).await;
        }
        let parts = parts(&world, root_key);
        let app = Arc::new(App::build(parts).await.expect("an app"));
        (app, world, backend, pat.secret, target)
    });
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

fn parts(world: &World, root_key: RootKey) -> Parts {
    Parts {
        store: world.store.clone(),
        clock: Arc::<FrozenClock>::clone(&world.clock),
        entropy: Arc::new(SystemEntropy),
        policy: Policy::default(),
        forms: TokenForms::default(),
        issuer: "http://127.0.0.1:8787".to_owned(),
        proxies: TrustedProxies::default(),
        metrics: Arc::new(Metrics::default()),
        root_key,
    }
}

fn exchange(criterion: &mut Criterion) {
    let stage = stage();
    let now = SystemClock::default().now().max(stage.world.now());
    let loaded = stage.app.loaded();
    let message = vec![b'x'; 1_300];
    criterion.bench_function("signature (ES256, key parsed once)", |bencher| {
        let key = loaded.ring.signer(now).expect("a key");
        bencher.iter(|| {
            key.sign(black_box(&message))
                .map(|signature| signature.as_ref().len())
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
    criterion.bench_function("exchange through the router", |bencher| {
        bencher.to_async(&stage.runtime).iter(|| async {
            let request = Request::post("/auth/v2/token")
                .header("host", "127.0.0.1:8787")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("content-length", stage.body.len())
                .header("user-agent", "axios/1.8.4")
                .body(Body::from(stage.body.clone()))
                .expect("a request");
            let response = match service.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            assert_eq!(response.status(), 200);
            response
                .into_body()
                .collect()
                .await
                .expect("a body")
                .to_bytes()
                .len()
        });
    });
}

criterion_group!(benches, exchange);
criterion_main!(benches);
