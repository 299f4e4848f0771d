//! `keyfobd doctor` on the data directory of the embedded database, and on a PostgreSQL that is away.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::Host;
use super::running::Done;

const DOCTOR: [&str; 5] = [
    "doctor",
    "--listen",
    "127.0.0.1:0",
    "--metrics-listen",
    "off",
];

/// The lines of some checks.
fn lines(done: &Done, checks: &[&str]) -> Vec<String> {
    let lines = done.out.lines().filter(|line| {
        let (_status, rest) = line.split_at(9);
        checks.iter().any(|check| {
            rest.strip_prefix(check)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn where_no_installation_is_none_is_made() {
    let host = Host::embedded();
    let nothing = "problem  database: there is no installation in ./keyfob-data: name another place with \
                   --data-dir, or make one there with `keyfobd serve`";
    let done = host.run(&DOCTOR);
    assert_eq!(
        (done.code, &*done.err),
        (Some(1), "keyfobd: 1 problem was found\n")
    );
    assert_eq!(
        done.out,
        format!(
            "ok       configuration: every key and value is understood\n\
             ok       data directory: ./keyfob-data is not there yet\n{nothing}\n"
        )
    );
    assert!(host.names(".").is_empty());
    fs::create_dir(host.path("keyfob-data")).unwrap();
    let done = host.run(&DOCTOR);
    assert_eq!(lines(&done, &["database"]), [nothing]);
    assert!(host.names("keyfob-data").is_empty());
    symlink("keyfob.db", host.path("keyfob-data/keyfob.db")).unwrap();
    assert_eq!(
        lines(&host.run(&DOCTOR), &["database"]),
        [
            "problem  database: ./keyfob-data/keyfob.db cannot be looked at: Too many levels of symbolic \
             links (os error 40)"
        ]
    );
    fs::remove_file(host.path("keyfob-data/keyfob.db")).unwrap();
    fs::remove_dir(host.path("keyfob-data")).unwrap();
    host.write("keyfob-data", "");
    let done = host.run(&DOCTOR);
    let place =
        "problem  data directory: the data directory ./keyfob-data cannot be used: not a directory";
    assert_eq!(
        lines(&done, &["data directory", "database"]),
        [place, nothing]
    );
}

#[test]
fn a_disk_that_is_nearly_full_full_or_read_only_is_told() {
    let mut host = Host::with_disk(16 << 10);
    host.acme();
    let looked = |host: &Host| lines(&host.run(&DOCTOR), &["data directory", "disk space"]);
    let writable = "ok       data directory: ./keyfob-data can be written";
    let [first, space] = &looked(&host)[..] else {
        panic!("two lines");
    };
    assert_eq!(first, writable);
    let little = space.strip_prefix("warning  disk space: ").unwrap();
    assert!(
        little.ends_with(" MiB free for ./keyfob-data: make room soon"),
        "{little}"
    );
    host.disk().fill();
    let full = "problem  disk space: 0 bytes free for ./keyfob-data: make room, because until then every \
                change is refused with 503";
    assert_eq!(looked(&host), [writable, full]);
    host.disk().make_room();
    host.disk().run("mount -o remount,bind,ro keyfob-data");
    let read_only = "problem  data directory: the data directory ./keyfob-data cannot be written: it must \
                     belong to the user that keyfobd runs as, on a file system that is not read-only: \
                     Read-only file system (os error 30)";
    assert_eq!(looked(&host)[0], read_only);
}

#[test]
fn rights_of_others_and_the_lock_are_told() {
    let host = Host::embedded();
    host.acme();
    let done = host.run(&DOCTOR);
    assert_eq!(
        lines(&done, &["rights", "lock"]),
        ["ok       lock: no server and no import is using ./keyfob-data"]
    );
    for (name, open) in [("keyfob-data", 0o750), ("keyfob-data/keyfob.db", 0o644)] {
        fs::set_permissions(host.path(name), fs::Permissions::from_mode(open)).unwrap();
    }
    let server = host.serve(&[]);
    let done = host.run(&DOCTOR);
    let rights = "warning  rights: others on this machine have rights on ./keyfob-data";
    assert_eq!(
        lines(&done, &["rights", "lock"]),
        [
            format!("{rights}: take them away (chmod 700 ./keyfob-data)"),
            format!("{rights}/keyfob.db: take them away (chmod 600 ./keyfob-data/keyfob.db)"),
            "ok       lock: a server or an import is using ./keyfob-data".to_owned(),
        ]
    );
    assert_eq!(done.code, Some(0), "warnings are no problems");
    drop(server);
}

#[test]
fn a_data_directory_in_use_whose_server_is_not_found_is_a_warning() {
    let host = Host::embedded();
    let _server = host.serve(&[]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let args = ["doctor", "--listen", &address, "--metrics-listen", "off"];
    assert_eq!(
        lines(&host.run(&args), &["server"]),
        [format!(
            "warning  server: the data directory is in use, but nobody listens on {address}: if that is a \
             server and no import, tell doctor its --listen"
        )]
    );
}

#[test]
fn a_postgresql_that_is_away_is_told_without_its_password() {
    let mut host = Host::embedded();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    host.set("KEYFOB__DATABASE__PASSWORD", "hunter2");
    let url = format!("postgres://me@{address}/keyfob");
    let done = host.run(&[&DOCTOR[..], &["--database", &url]].concat());
    assert_eq!(
        lines(&done, &["root key", "database"]),
        [
            "problem  root key: with PostgreSQL the root key is always given, the same on every node: make \
             one with (umask 077; head -c 32 /dev/urandom | base64 > root.key) and name it with \
             --root-key-file",
            "problem  database: the database cannot be opened: the database is unavailable: error \
             connecting to server: Connection refused (os error 111)",
        ]
    );
    assert!(!done.out.contains("hunter2") && !done.err.contains("hunter2"));
    assert!(host.names(".").is_empty());
}
