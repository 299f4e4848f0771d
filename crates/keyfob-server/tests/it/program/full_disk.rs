//! A disk that fills up under a running server with the embedded database: what writes is refused with
//! 503, what reads goes on, nothing acknowledged is lost, and service returns with space.

use std::time::Instant;

use keyfob_store::{Store, StoreOptions};
use rustix::process::Signal;
use tokio::runtime::Runtime;

use super::crowd::{ACME, Back, Crowd, Dice, Tally, URL};
use super::kept::whole;
use super::{Disk, Host, PASSWORD, PATIENCE};

const KIBIBYTES: u32 = 24 << 10;

/// Fills the disk until `is_refused` says that something was: the server itself gives pages back now and
/// then, when it begins its log anew.
fn fill_until(disk: &mut Disk, is_refused: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_refused() {
        assert!(since.elapsed() < PATIENCE, "nothing is refused");
        disk.fill();
    }
}

fn fill_until_refused(disk: &mut Disk, tally: &Tally) {
    let enough = tally.told().refused + 20;
    fill_until(disk, || tally.told().refused > enough);
}

#[test]
fn g0_a_full_disk_loses_nothing_acknowledged_and_service_returns_with_space() {
    let mut host = Host::with_disk(KIBIBYTES);
    Crowd::settle(&mut host);
    let server = host.serve(&URL);
    let wire = server.wire;
    let mut crowd = Crowd::new(wire, &mut Dice(1));
    let pat = wire.generate(&wire.sign_in("c0"), ACME);
    for _time in 0..3 {
        let disk = host.disk();
        crowd.work(wire, |tally| {
            let before = tally.told().acknowledged();
            tally.wait_until(|told| told.acknowledged() > before + 30);
            fill_until_refused(disk, tally);
            assert_eq!(
                wire.exchange(&pat).outcome(),
                "200",
                "reading needs no space"
            );
            fill_until(disk, || {
                let signing_in = wire.signing_in("c0@acme.example", PASSWORD);
                match &*signing_in.outcome() {
                    "201" => false,
                    "503 temporarily_unavailable" => true,
                    other => panic!("{other}"),
                }
            });
            disk.make_room();
            let returning = tally.told().acknowledged();
            tally.wait_until(|told| told.acknowledged() > returning + 30);
        });
        crowd.check(wire, Back::All);
    }
    assert_eq!(server.stop().code, Some(0));
    everything_is_kept(&mut host, &crowd);
}

#[test]
fn g0_a_server_killed_on_a_full_disk_has_lost_nothing_acknowledged() {
    let mut host = Host::with_disk(KIBIBYTES);
    Crowd::settle(&mut host);
    let server = host.serve(&URL);
    let wire = server.wire;
    let mut crowd = Crowd::new(wire, &mut Dice(2));
    let disk = host.disk();
    crowd.work(wire, |tally| {
        tally.wait_until(|told| told.acknowledged() > 30);
        fill_until_refused(disk, tally);
        server.running.signal(Signal::KILL);
    });
    assert_eq!(server.running.end().code, None, "killed");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "off",
    ];
    disk.fill();
    let said = host.refusal(&serve);
    assert!(
        said.starts_with("the disk of the data directory ./keyfob-data is full: "),
        "{said}"
    );
    host.disk().make_room();
    let server = host.serve(&URL);
    crowd.check(server.wire, Back::All);
    assert_eq!(server.stop().code, Some(0));
    everything_is_kept(&mut host, &crowd);
}

/// Opens a copy of the database, which lies where only the program sees it.
fn everything_is_kept(host: &mut Host, crowd: &Crowd) {
    host.disk().run("cp keyfob-data/keyfob.db copy.db");
    let options = StoreOptions::sqlite(host.path("copy.db"));
    let kept = Runtime::new().unwrap().block_on(async {
        let store = Store::open(options).await.unwrap();
        whole(store).await
    });
    for (id, lives) in crowd.acknowledged() {
        assert_eq!(kept.get(&id.parse().unwrap()), Some(&lives), "{id}");
    }
}
