//! What noting the use of a token costs the exchange that does it: alone, and beside others on more
//! threads, with few and with many tokens noted since the last write.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::time::Timestamp;
use keyfob_server::app::activity::Activity;
use keyfob_store::pat::LastUse;
use uuid::Uuid;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ids as far apart as random ones: those of exchanges come in no order.
fn pat(number: u64, tokens: u64) -> PatId {
    let spread = (number % tokens).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    PatId::from_uuid(Uuid::from_u128(
        u128::from(spread) << 64 | u128::from(spread),
    ))
}

fn last_use() -> LastUse {
    LastUse {
        at: Timestamp::from_millis(1_800_000_000_000),
        address: Some("192.0.2.1".to_owned()),
        client: Some("axios/1.8.4".to_owned()),
        organization: OrgId::from_uuid(Uuid::from_u128(1)),
    }
}

/// Lets each of some threads note so many uses; how long that took.
fn note(activity: &Activity, threads: u64, tokens: u64, uses: u64) -> Duration {
    let began = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let numbers = (0..uses).map(move |place| place * 7 + thread * 1_000_003);
            scope.spawn(move || {
                numbers
                    .for_each(|number| activity.used(black_box(pat(number, tokens)), last_use()));
            });
        }
    });
    began.elapsed()
}

fn activity(criterion: &mut Criterion) {
    for tokens in [100, 50_000] {
        for threads in [1, 2, 8] {
            let name = format!("a use noted: {tokens} tokens, {threads} threads");
            criterion.bench_function(&name, |bencher| {
                let activity = Activity::default();
                note(&activity, 1, tokens, tokens);
                bencher.iter_custom(|uses| note(&activity, threads, tokens, uses));
            });
        }
    }
}

criterion_group!(benches, activity);
criterion_main!(benches);
