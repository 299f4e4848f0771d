//! What the one read of the hot path costs, against the least that finding a token can cost.
//!
//! The database has a million tokens of ten thousand people in a thousand trees of ten levels; each
//! exchange is of another token, drawn by chance, for a target at level 1, 4 or 10. Beside it stands a
//! bare point read of a token's id by its digest, through the same path. The aim: at level 4 at most 6
//! times the bare read, at level 10 at most 10 times. Making the tokens takes about a minute.
//!
//! Reads of the embedded engine are done when they are first polled, so a single poll is measured, and
//! no runtime. With `KEYFOB_TEST_POSTGRES` set, the same is asked of a server with fewer tokens.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark stops at the first error, prints, and is told by its environment"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use keyfob_core::id::OrgId;
use keyfob_core::secret::{PatMac, Scheme, TokenHash};
use keyfob_store::exchange::exchange_facts;
use keyfob_store::probe::{self, Cell, Statement};
use keyfob_testkit::backend::{Backend, SERVER_VARIABLE};
use keyfob_testkit::world::World;
use tokio::runtime::Runtime;
use uuid::Uuid;

const LEVELS: usize = 10;
const TREES: usize = 1_000;
const PEOPLE: usize = 10_000;
/// Rows in one transaction of the filling.
const BATCH: usize = 20_000;
/// Tokens drawn by chance before the clock starts.
const DRAWS: usize = 1 << 16;
/// Exchanges of each kind in one round of the printed comparison.
const ROUND: u16 = 20_000;

fn main() {
    let is_benchmark = std::env::args().any(|argument| argument == "--bench");
    // Anything else is a mere check that this program runs.
    let tokens = if is_benchmark { 1_000_000 } else { 1_000 };
    let runtime = Runtime::new().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    let file = runtime.block_on(Bench::fill(Backend::sqlite(), tokens));
    file.measure(&runtime, &mut criterion, "sqlite");
    if std::env::var_os(SERVER_VARIABLE).is_some() {
        let server = runtime.block_on(Bench::fill(Backend::postgres(), tokens / 10));
        server.measure(&runtime, &mut criterion, "postgres");
    }
    criterion.final_summary();
}

/// A token to present, and where its home is.
struct Draw {
    mac: PatMac,
    cell: [Cell; 1],
    tree: usize,
}

struct Bench {
    world: World,
    draws: Vec<Draw>,
    point_read: &'static Statement,
}

impl Bench {
    async fn fill(backend: impl Future<Output = Backend>, tokens: usize) -> Bench {
        let begun = Instant::now();
        let world = World::on(backend.await).await;
        fill_trees(&world).await;
        fill_people(&world).await;
        fill_tokens(&world, tokens).await;
        println!(
            "{}: {tokens} tokens made in {:.1?}",
            world.store.engine_name(),
            begun.elapsed()
        );
        let draws = (0..DRAWS).map(|draw| {
            let token = index(mix(draw), tokens);
            let mac = mac(&world, token);
            let cell = [Cell::Bytes(Some(mac.as_bytes().to_vec()))];
            let tree = tree_of(person_of(token));
            Draw { mac, cell, tree }
        });
        Bench {
            draws: draws.collect(),
            point_read: probe::statement("SELECT id FROM pat WHERE mac = $1"),
            world,
        }
    }

    fn measure(&self, runtime: &Runtime, criterion: &mut Criterion, engine: &str) {
        let mut group = criterion.benchmark_group(format!("exchange on {engine}"));
        let mut number = 0;
        let mut next = || {
            number += 1;
            &self.draws[number % DRAWS]
        };
        group.bench_function("bare point read", |bencher| {
            bencher.iter(|| run(runtime, self.read_bare(next())));
        });
        for level in [1, 4, LEVELS] {
            group.bench_function(format!("facts at level {level}"), |bencher| {
                bencher.iter(|| run(runtime, self.read_facts(next(), level)));
            });
        }
        group.finish();
        self.print_ratios(runtime, engine);
    }

    /// Takes turns between the kinds, so that what else the machine does falls on all of them alike,
    /// and compares each kind's fastest round.
    fn print_ratios(&self, runtime: &Runtime, engine: &str) {
        let mut best = [Duration::MAX; 4];
        for round in 0..8 {
            for (level, best) in [0, 1, 4, LEVELS].into_iter().zip(&mut best) {
                *best = (*best).min(self.time_round(runtime, round * usize::from(ROUND), level));
            }
        }
        let per_read = |round: Duration| round.as_secs_f64() * 1e6 / f64::from(ROUND);
        let [bare, at_1, at_4, at_10] = best.map(per_read);
        println!(
            "{engine}: bare {bare:.2} µs; level 1 {at_1:.2} µs ({:.1}×), level 4 {at_4:.2} µs \
             ({:.1}×, aim 6×), level 10 {at_10:.2} µs ({:.1}×, aim 10×)",
            at_1 / bare,
            at_4 / bare,
            at_10 / bare
        );
    }

    /// The time of one round of exchanges for a level; for level 0, of bare reads.
    fn time_round(&self, runtime: &Runtime, first: usize, level: usize) -> Duration {
        let begun = Instant::now();
        for number in first..first + usize::from(ROUND) {
            let draw = &self.draws[number % DRAWS];
            if level == 0 {
                run(runtime, self.read_bare(draw));
            } else {
                run(runtime, self.read_facts(draw, level));
            }
        }
        begun.elapsed()
    }

    async fn read_bare(&self, draw: &Draw) {
        let mut tx = self.world.store.read_single().await.unwrap();
        let kinds = [Cell::Uuid(Some(Uuid::nil()))];
        let found = probe::all(&mut tx, self.point_read, &draw.cell, &kinds).await;
        assert_eq!(black_box(found.unwrap()).len(), 1);
    }

    async fn read_facts(&self, draw: &Draw, level: usize) {
        let target = Some(OrgId::from_uuid(org(draw.tree, level)));
        let mut tx = self.world.store.read_single().await.unwrap();
        let found = exchange_facts(&mut tx, &draw.mac, target).await.unwrap();
        let facts = black_box(found.unwrap()).facts;
        assert_eq!(facts.target.unwrap().depth(), level);
    }
}

/// Polls once where that is enough.
fn run(runtime: &Runtime, work: impl Future<Output = ()>) {
    let _entered = runtime.enter();
    let mut work = std::pin::pin!(work);
    let mut nobody = std::task::Context::from_waker(std::task::Waker::noop());
    if work.as_mut().poll(&mut nobody).is_pending() {
        runtime.block_on(work);
    }
}

async fn fill_trees(world: &World) {
    let mut orgs = Vec::new();
    let mut paths = Vec::new();
    let mut epochs = Vec::new();
    for tree in 0..TREES {
        epochs.push(vec![id(org(tree, 1)), Cell::from(1)]);
        for level in 1..=LEVELS {
            let name = Cell::Text(Some(format!("level {level}")));
            orgs.push(vec![
                id(org(tree, level)),
                id(org(tree, 1)),
                Cell::Uuid((level > 1).then(|| org(tree, level - 1))),
                int(level),
                name,
            ]);
            paths.extend(
                (1..=level)
                    .map(|depth| vec![id(org(tree, level)), int(depth), id(org(tree, depth))]),
            );
        }
    }
    let sql = "INSERT INTO organization (id, root_id, parent_id, depth, name, name_key, created_at)
        VALUES ($1, $2, $3, $4, $5, $5, 0)";
    insert(world, sql, orgs.into_iter()).await;
    let sql =
        "INSERT INTO organization_ancestor (organization, depth, ancestor) VALUES ($1, $2, $3)";
    insert(world, sql, paths.into_iter()).await;
    let sql = "INSERT INTO tree_epoch (tree, epoch) VALUES ($1, $2)";
    insert(world, sql, epochs.into_iter()).await;
}

async fn fill_people(world: &World) {
    let rows = (0..PEOPLE).map(|person| {
        let email = format!("somebody.{person}@customer.example");
        vec![id(user(person)), Cell::Text(Some(email))]
    });
    let sql = "INSERT INTO users (id, email, email_key, full_name, password_hash, created_at)
        VALUES ($1, $2, $2, 'Somebody with a Name', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 0)";
    insert(world, sql, rows).await;
    let rows = (0..PEOPLE).flat_map(|person| {
        let tree = tree_of(person);
        [1, 3].map(|level| vec![id(user(person)), id(org(tree, level))])
    });
    let sql = "INSERT INTO membership (user_id, organization_id, roles, created_at)
        VALUES ($1, $2, 'operate-build view-store', 0)";
    insert(world, sql, rows).await;
    let rows = (0..PEOPLE).map(|person| vec![id(user(person)), id(org(tree_of(person), 1))]);
    let sql = "INSERT INTO user_epoch (user_id, tree, epoch) VALUES ($1, $2, 1)";
    insert(world, sql, rows).await;
}

async fn fill_tokens(world: &World, tokens: usize) {
    let rows = (0..tokens).map(|token| {
        let person = person_of(token);
        vec![
            id(numbered(3, token)),
            id(user(person)),
            id(org(tree_of(person), 1)),
            Cell::Bytes(Some(mac(world, token).as_bytes().to_vec())),
            id(world.pepper_id.uuid()),
        ]
    });
    let sql = "INSERT INTO pat (id, user_id, organization_id, tree, mac, pepper, name, hint, created_at, reach)
        VALUES ($1, $2, $3, $3, $4, $5, '2027-01-15', 'kfpat_…abcd', 0, 'subtree')";
    insert(world, sql, rows).await;
}

async fn insert(world: &World, sql: &str, mut rows: impl Iterator<Item = Vec<Cell>>) {
    let sql = probe::statement(sql);
    loop {
        let batch: Vec<Vec<Cell>> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let mut tx = world.store.write().await.unwrap();
        probe::execute_many(&mut tx, sql, &batch).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Neighbours in the list of tokens are of different people.
fn person_of(token: usize) -> usize {
    token % PEOPLE
}

fn tree_of(person: usize) -> usize {
    person % TREES
}

fn user(person: usize) -> Uuid {
    numbered(1, person)
}

fn org(tree: usize, level: usize) -> Uuid {
    numbered(2, tree * LEVELS + level)
}

fn mac(world: &World, token: usize) -> PatMac {
    let hash: Vec<u8> = (0..4)
        .flat_map(|part| mix(token * 4 + part).to_le_bytes())
        .collect();
    world
        .pepper
        .mac(&TokenHash::imported(Scheme::Sha256, hash).unwrap())
}

/// An id like those of the product: what was made later sorts later, the rest is chance.
fn numbered(kind: u128, number: usize) -> Uuid {
    let time = u128::try_from(number).unwrap() << 80;
    Uuid::from_u128(time | kind << 64 | u128::from(mix(number)))
}

fn id(uuid: Uuid) -> Cell {
    Cell::Uuid(Some(uuid))
}

fn int(number: usize) -> Cell {
    Cell::from(i64::try_from(number).unwrap())
}

fn index(random: u64, below: usize) -> usize {
    usize::try_from(random % u64::try_from(below).unwrap()).unwrap()
}

/// The finalizer of `SplitMix64`: neighbouring numbers come out unrelated.
fn mix(number: usize) -> u64 {
    let mut word = u64::try_from(number)
        .unwrap()
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
