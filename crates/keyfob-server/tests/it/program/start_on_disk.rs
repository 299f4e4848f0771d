//! What a server with the embedded database refuses to start on: a disk that takes nothing.

use super::Host;

const URL: [&str; 2] = ["--public-url", "http://127.0.0.1:8787"];
const SERVE: [&str; 5] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--metrics-listen",
    "off",
];

/// An installation on a small disk, and a token that it exchanges.
fn installed() -> (Host, String) {
    let host = Host::with_disk(16 << 10);
    let acme = host.acme();
    let server = host.serve(&URL);
    let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
    assert_eq!(server.stop().code, Some(0));
    (host, pat)
}

fn starts(host: &Host, pat: &str) {
    let server = host.serve(&URL);
    assert_eq!(server.wire.exchange(pat).outcome(), "200");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn start_on_a_full_disk_is_refused() {
    let (mut host, pat) = installed();
    host.disk().fill();
    let kept = host.disk().contents();
    assert_eq!(
        host.refusal(&SERVE),
        "the disk of the data directory ./keyfob-data is full: make room and start again; nothing was lost"
    );
    assert_eq!(host.disk().contents(), kept);
    host.disk().make_room();
    starts(&host, &pat);
}

#[test]
fn the_first_start_on_a_full_disk_is_refused_and_leaves_nothing_half_made() {
    let mut host = Host::with_disk(16 << 10);
    host.disk().fill();
    assert_eq!(
        host.refusal(&SERVE),
        "the disk of the data directory ./keyfob-data is full: make room and start again; nothing was lost"
    );
    let made = host.disk().run("ls keyfob-data");
    assert!(
        ["ballast\n", "ballast\nkeyfob.lock\n"].contains(&&*made),
        "{made}"
    );
    host.disk().make_room();
    let server = host.serve(&[]);
    assert_eq!(server.wire.get("/readyz").send().status, 200);
}

#[test]
fn start_in_a_read_only_data_directory_is_refused() {
    let (mut host, pat) = installed();
    host.disk().run("mount -o remount,bind,ro keyfob-data");
    let kept = host.disk().contents();
    assert_eq!(
        host.refusal(&SERVE),
        "the data directory ./keyfob-data cannot be written: it must belong to the user that keyfobd runs \
         as, on a file system that is not read-only: Read-only file system (os error 30)"
    );
    assert_eq!(host.disk().contents(), kept);
    host.disk().run("mount -o remount,bind,rw keyfob-data");
    starts(&host, &pat);
}
