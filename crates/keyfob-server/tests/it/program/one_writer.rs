//! The data directory's lock: one server or import at a time, short commands beside it.

use super::Host;

const IN_USE: &str =
    "the data directory ./keyfob-data is in use by a running server or import: stop that first";

#[test]
fn a_second_server_or_import_is_refused_while_short_commands_work() {
    let host = Host::embedded();
    let server = host.serve(&[]);
    assert_eq!(host.refusal(&["serve", "--listen", "127.0.0.1:0"]), IN_USE);
    assert_eq!(host.refusal(&["import", "-"]), IN_USE);
    assert_eq!(host.refusal(&["import", "--discard"]), IN_USE);
    host.acme();
    assert!(
        host.printed(&["roles", "show"])
            .starts_with("# role catalogue")
    );
    assert_eq!(host.printed(&["migrate"]), "The schema is up to date.\n");
    server.wire.sign_in("ana");
}

#[test]
fn the_lock_is_gone_with_the_process_however_that_ends() {
    let host = Host::embedded();
    let acme = host.acme();
    let url = ["--public-url", "http://127.0.0.1:8787"];
    let mut server = host.serve(&url);
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    server.running.child.kill().unwrap();
    assert_eq!(server.running.end().code, None, "killed");
    let server = host.serve(&url);
    assert_eq!(
        server.wire.exchange(&pat).outcome(),
        "200",
        "nothing is lost"
    );
}
