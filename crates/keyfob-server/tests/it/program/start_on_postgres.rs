//! What a server with PostgreSQL refuses to start on: a database that is away, or that forgets.

use super::super::{ANY_PORT, Host};
use super::host;

const VARIABLE: &str = "KEYFOB__DATABASE__URL";
const SERVE: [&str; 5] = ["serve", "--listen", ANY_PORT, "--metrics-listen", "off"];

/// Replaces the database's address, and gives the one that was set.
fn with_address(host: &mut Host, change: impl FnOnce(&str) -> String) -> String {
    let (backend, _runtime) = host.database.as_ref().unwrap();
    let own = backend.url().unwrap();
    host.without(VARIABLE);
    host.set(VARIABLE, &change(&own));
    own
}

#[test]
fn t_26_start_on_a_database_that_may_forget_what_it_confirmed_is_refused_unless_that_is_meant() {
    let mut host = host();
    host.acme();
    let before = host.dump();
    with_address(&mut host, |own| {
        format!("{own}?options=-c%20synchronous_commit%3Doff")
    });
    let sentence = "the database's setting synchronous_commit is off, so it may forget a revocation that it \
                    has confirmed: turn it on (ALTER DATABASE … SET synchronous_commit = on), or set \
                    database.allow_asynchronous_commit if that is acceptable";
    assert_eq!(host.refusal(&SERVE), sentence);
    assert_eq!(host.dump(), before);
    let durability = |host: &Host| {
        let done = host.run(&["doctor", "--listen", ANY_PORT]);
        let line = done.out.lines().find(|line| line.contains(" durability: "));
        line.unwrap().to_owned()
    };
    assert_eq!(
        durability(&host),
        format!("problem  durability: {sentence}")
    );
    host.set("KEYFOB__DATABASE__ALLOW_ASYNCHRONOUS_COMMIT", "true");
    assert_eq!(
        durability(&host),
        "warning  durability: synchronous_commit is off, as database.allow_asynchronous_commit allows: a \
         crash of the database's machine may undo a revocation"
    );
    let said = host.printed(&["config", "check"]);
    assert!(
        said.contains("A database that confirms what it has not yet kept is allowed: "),
        "{said}"
    );
    host.serve(&[]).wire.sign_in("ana");
}

#[test]
fn start_on_a_database_that_is_away_is_refused() {
    let mut host = host();
    host.acme();
    let before = host.dump();
    let own = with_address(&mut host, |own| format!("{own}_elsewhere"));
    let name = own.rsplit('/').next().unwrap();
    assert_eq!(
        host.refusal(&SERVE),
        format!(
            "the database cannot be opened: the database is unavailable: SQLSTATE 3D000: database \
             \"{name}_elsewhere\" does not exist"
        )
    );
    let away = std::net::TcpListener::bind(ANY_PORT).unwrap();
    let address = away.local_addr().unwrap();
    drop(away);
    with_address(&mut host, |_own| format!("postgres://me@{address}/keyfob"));
    assert_eq!(
        host.refusal(&SERVE),
        "the database cannot be opened: the database is unavailable: error connecting to server: \
         Connection refused (os error 111)"
    );
    assert_eq!(host.dump(), before);
    with_address(&mut host, str::to_owned);
    host.serve(&[]).wire.sign_in("ana");
}
