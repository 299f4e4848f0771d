//! G0: what was acknowledged is kept when the server dies in the middle, again and again, and when the
//! database does.
//!
//! `cargo xtask faults` runs this for longer, with a seed of one's choice, and lets the database of its
//! own cluster crash as well.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::NoTls;

use super::super::crowd::{Back, Crowd, Dice, Told, URL};
use super::super::kept::whole;
use super::super::{ANY_PORT, Host, Server};
use super::host;

const ROUNDS: u64 = 20;
const SEED: u64 = 1;
/// Then another installation begins, so that none grows without bound.
const ROUNDS_OF_ONE: u64 = 50;

/// What `cargo xtask faults` asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "a test binary has no other way to be told"
)]
fn asked(variable: &str) -> Option<u64> {
    let value = std::env::var_os(variable)?;
    Some(value.to_str().unwrap().parse().unwrap())
}

#[test]
fn g0_nothing_acknowledged_is_lost_when_it_is_killed() {
    let mut run = Run::begin();
    while run.round < run.rounds {
        run.one_installation(host());
    }
    run.is_over = true;
}

/// The whole run; says at its end how it went.
struct Run {
    rounds: u64,
    seed: u64,
    dice: Dice,
    crashes_database: bool,
    round: u64,
    crashes: u64,
    engine: &'static str,
    told: Told,
    since: Instant,
    is_over: bool,
}

impl Run {
    fn begin() -> Self {
        let seed = asked("KEYFOB_FAULTS_SEED").unwrap_or(SEED);
        Self {
            rounds: asked("KEYFOB_FAULTS_ROUNDS").unwrap_or(ROUNDS),
            seed,
            dice: Dice(seed),
            crashes_database: asked("KEYFOB_FAULTS_CRASH_DATABASE") == Some(1),
            round: 0,
            crashes: 0,
            engine: "none",
            told: Told::default(),
            since: Instant::now(),
            is_over: false,
        }
    }

    fn one_installation(&mut self, mut host: Host) {
        Crowd::settle(&mut host);
        let mut server = host.serve(&URL);
        let mut crowd = Crowd::new(server.wire, &mut self.dice);
        let last = self.rounds.min(self.round + ROUNDS_OF_ONE);
        while self.round < last {
            self.round += 1;
            server = self.fault(&host, server, &mut crowd);
            crowd.check(server.wire, Back::Some);
        }
        crowd.check(server.wire, Back::All);
        assert_eq!(server.stop().code, Some(0));
        self.engine = host.with_store(async |store| store.engine_name());
        let kept = host.with_store(whole);
        let mut unknown = kept.len();
        for (id, lives) in crowd.acknowledged() {
            assert_eq!(kept.get(&id.parse().unwrap()), Some(&lives), "{id}");
            unknown -= 1;
        }
        let told = crowd.tally.told();
        let unheard = usize::try_from(told.refused + told.unanswered).unwrap();
        assert!(
            unknown <= unheard,
            "{unknown} that nobody asked for: {told:?}"
        );
        self.told.add(told);
    }

    /// Lets something die at a moment that the dice choose, while all clients work.
    fn fault(&mut self, host: &Host, server: Server, crowd: &mut Crowd) -> Server {
        let after = self.dice.below(40);
        let then = Duration::from_micros(self.dice.below(4_000));
        let before = crowd.tally.told().acknowledged();
        let crashes = self.crashes_database && host.database.is_some() && self.dice.below(2) == 0;
        crowd.work(server.wire, |tally| {
            tally.wait_until(|told| told.acknowledged() > before + after);
            tally.wait_for(then);
            if crashes {
                crash_database(host);
                // Nobody starts anything: service returns by itself.
                let returning = tally.told().acknowledged() + 40;
                tally.wait_until(|told| told.acknowledged() > returning);
            } else {
                server.running.signal(Signal::KILL);
            }
        });
        if crashes {
            self.crashes += 1;
            return server;
        }
        assert_eq!(server.running.end().code, None, "killed");
        if self.dice.below(4) == 0 {
            // Once more, while it finds its way back.
            let args = ["serve", "--listen", ANY_PORT, "--metrics-listen", ANY_PORT];
            let starting = host.start(&[&args[..], &URL].concat());
            let then = Duration::from_micros(self.dice.below(60_000));
            crowd.tally.wait_for(then);
            drop(starting);
        }
        host.serve(&URL)
    }
}

impl Drop for Run {
    #[expect(
        clippy::print_stderr,
        reason = "who runs it wants the figures, or the seed to run it again"
    )]
    fn drop(&mut self) {
        let Told {
            generated,
            revoked,
            refused,
            unanswered,
        } = self.told;
        let (seed, round, engine) = (self.seed, self.round, self.engine);
        if !self.is_over {
            eprintln!("it failed in round {round} with seed {seed}");
            return;
        }
        let (crashes, seconds) = (self.crashes, self.since.elapsed().as_secs());
        eprintln!(
            "faults on {engine}: seed {seed}, {round} rounds ({crashes} of them crashes of the database), \
             {generated} generated and {revoked} revoked were acknowledged and kept, {refused} refused \
             with 503, {unanswered} unanswered, {seconds} seconds"
        );
    }
}

/// Kills one of the database's processes: the server of the database then ends all others, forgets its
/// memory, and recovers from its log.
fn crash_database(host: &Host) {
    let (backend, runtime) = host.database.as_ref().unwrap();
    let url = backend.url().unwrap();
    let process = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let ask = "SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1";
        let process: i32 = client.query_one(ask, &[]).await.unwrap().get(0);
        drop(client);
        connection.await.unwrap().unwrap();
        process
    });
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
}
