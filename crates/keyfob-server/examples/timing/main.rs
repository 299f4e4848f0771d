//! Whether the time of a refusal tells its reason (T-05): refusals of different reasons, in random order
//! through router and edge in process, compared two by two with Welch's t and the area under the curve.
//!
//! `cargo xtask timing`, or with other numbers of refusals of each kind, of exchanges and of sign-ins:
//! `cargo run --release -p keyfob-server --example timing -- 100000 2000`
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement")]

mod stage;
mod statistics;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use http::Request;
use http_body_util::BodyExt as _;
use keyfob_server::context::Peer;
use keyfob_server::http::service;
use keyfob_store::exchange::exchange_facts;
use tokio::runtime::Builder;
use tower::ServiceExt as _;

use self::stage::{Lot, Stage};
use self::statistics::{Comparison, Samples};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Refusals of each kind without an argument.
const EXCHANGES: u32 = 10_000;
const SIGN_INS: u32 = 500;
/// How many requests are under way at once: most of the time they wait.
const EXCHANGING: u32 = 16;
const SIGNING_IN: u32 = 4;

fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("arguments are numbers of refusals"));
    let exchanges = numbers.next().unwrap_or(EXCHANGES);
    let sign_ins = numbers.next().unwrap_or(SIGN_INS);
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let is_uniform = runtime.block_on(async {
        let stage = Arc::new(Stage::new().await);
        println!("The look-up alone, which the answer waits for and must not tell:");
        report(&look_ups(&stage, exchanges).await);
        println!("\nExchanges that are refused with 401 ({exchanges} of each):");
        let exchanged = refusals(&stage, exchanges, EXCHANGING, stage::EXCHANGES).await;
        let exchanges_are = report(&exchanged);
        println!("\nExchanges that are refused with 403 ({exchanges} of each):");
        let targets = refusals(&stage, exchanges, EXCHANGING, stage::TARGETS).await;
        let targets_are = report(&targets);
        println!("\nSign-ins that are refused ({sign_ins} of each):");
        let signed_in = refusals(&stage, sign_ins, SIGNING_IN, stage::SIGN_INS).await;
        exchanges_are && targets_are && report(&signed_in)
    });
    if is_uniform {
        println!("\nNo reason can be told by its time.");
        ExitCode::SUCCESS
    } else {
        println!("\nSome reasons can be told by their time.");
        ExitCode::FAILURE
    }
}

/// Sends requests of all kinds in random order, and times each to the end of its answer.
async fn refusals(
    stage: &Arc<Stage>,
    of_each: u32,
    at_once: u32,
    kinds: &'static [&'static str],
) -> Vec<Samples> {
    let workers = (0..at_once).map(|worker| {
        let share = of_each / at_once + u32::from(worker < of_each % at_once);
        let stage = Arc::clone(stage);
        tokio::spawn(async move { ask(&stage, worker, share, kinds).await })
    });
    let workers: Vec<_> = workers.collect();
    let mut samples: Vec<Samples> = kinds.iter().copied().map(Samples::of).collect();
    for worker in workers {
        for (kind, seconds) in worker.await.expect("a worker") {
            let of_kind = samples.get_mut(kind).expect("a kind");
            of_kind.add(seconds);
        }
    }
    samples
}

/// One worker's requests: place of the kind, and seconds.
async fn ask(
    stage: &Stage,
    worker: u32,
    of_each: u32,
    kinds: &'static [&'static str],
) -> Vec<(usize, f64)> {
    let mut lots = Lot::all(kinds.len(), of_each);
    let mut timed = Vec::with_capacity(lots.len());
    let service = service(&stage.app);
    while let Some(kind) = lots.draw() {
        let name = kinds.get(kind).expect("a kind");
        let request = stage.request(name, worker);
        let wanted = stage::status_of(name);
        let began = Instant::now();
        let response = match service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = response.into_body().collect().await;
        timed.push((kind, began.elapsed().as_secs_f64()));
        assert_eq!(status, wanted, "{name}");
        drop(body.expect("a body"));
    }
    timed
}

async fn look_ups(stage: &Stage, of_each: u32) -> Vec<Samples> {
    let kinds = ["unknown", "revoked"];
    let mut samples = kinds.map(Samples::of);
    let mut lots = Lot::all(kinds.len(), of_each);
    while let Some(kind) = lots.draw() {
        let mac = stage.mac(kinds.get(kind).expect("a kind"));
        let began = Instant::now();
        let mut tx = stage.app.store.read_single().await.expect("a transaction");
        let facts = exchange_facts(&mut tx, &mac, None).await.expect("a read");
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(facts.is_some(), kind == 1);
        samples.get_mut(kind).expect("a kind").add(seconds);
    }
    samples.into()
}

/// Prints every pair, and says whether all of them are alike.
fn report(samples: &[Samples]) -> bool {
    println!("| compared | means | t | AUC | |\n| --- | --- | --- | --- | --- |");
    let mut all = true;
    for (place, one) in samples.iter().enumerate() {
        for other in samples.iter().skip(place + 1) {
            let comparison = Comparison::of(one, other);
            println!("{comparison}");
            all &= comparison.is_alike();
        }
    }
    all
}

/// A request from the address of a worker.
fn from(worker: u32, request: http::request::Builder) -> http::request::Builder {
    let address = std::net::Ipv4Addr::from_bits(0xc633_6400 + worker);
    request.extension(Peer((address, 1).into()))
}

/// A request with a body of a media type.
fn post(worker: u32, path: &str, media_type: &str, body: String) -> axum::extract::Request {
    from(worker, Request::post(path))
        .header("host", "127.0.0.1:8787")
        .header("content-type", media_type)
        .header("content-length", body.len())
        .header("user-agent", "axios/1.8.4")
        .body(body.into())
        .expect("a request")
}
