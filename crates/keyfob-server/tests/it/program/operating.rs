//! An operator's commands beside a running server: they count at the next request.

use super::super::PASSWORD;
use super::host;

#[test]
fn p9_who_is_suspended_is_refused_at_the_next_request_and_works_again_when_reactivated() {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&[]);
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    let jwt = server.wire.jwt(&pat);
    let ana = ["user", "suspend", "ana@acme.example"];
    assert_eq!(
        host.printed(&ana),
        "ana@acme.example is suspended: sessions ended, tokens are refused\n"
    );
    assert_eq!(server.wire.exchange(&pat).outcome(), "401 invalid_grant");
    assert_eq!(server.wire.with_jwt(&jwt), "401 invalid_token");
    assert_eq!(server.wire.session(&cookie), "401 not_signed_in");
    let signing_in = || server.wire.signing_in("ana@acme.example", PASSWORD);
    assert_eq!(signing_in().outcome(), "401 invalid_credentials");
    assert_eq!(
        host.printed(&ana),
        "ana@acme.example was suspended already\n"
    );

    let ana = ["user", "reactivate", "ANA@ACME.EXAMPLE"];
    assert_eq!(
        host.printed(&ana),
        "ana@acme.example is active again: unrevoked tokens can be exchanged\n"
    );
    assert_eq!(host.printed(&ana), "ana@acme.example was active already\n");
    let again = server.wire.jwt(&pat);
    assert_eq!(server.wire.with_jwt(&again), "200");
    assert_eq!(
        server.wire.with_jwt(&jwt),
        "401 invalid_token",
        "dead for ever"
    );
    assert_eq!(server.wire.session(&cookie), "401 not_signed_in");
    assert_eq!(signing_in().outcome(), "201");
}

#[test]
fn a_new_password_ends_every_session() {
    let host = host();
    host.acme();
    let server = host.serve(&[]);
    let cookies = [server.wire.sign_in("ana"), server.wire.sign_in("ana")];
    host.write("new.txt", "a new password\nand a second line\n");
    let ana = [
        "user",
        "set-password",
        "ana@acme.example",
        "--password-file",
    ];
    assert_eq!(
        host.printed(&[&ana[..], &["new.txt"]].concat()),
        "ana@acme.example has a new password; every session is ended\n"
    );
    for cookie in &cookies {
        assert_eq!(server.wire.session(cookie), "401 not_signed_in");
    }
    let signing_in = |password| server.wire.signing_in("ana@acme.example", password);
    assert_eq!(signing_in(PASSWORD).outcome(), "401 invalid_credentials");
    assert_eq!(signing_in("a new password").outcome(), "201");
}

#[test]
fn people_and_organizations_are_added_while_it_serves() {
    let host = host();
    let server = host.serve(&[]);
    let acme = host.acme();
    let mobile = host
        .run(&["org", "add", "Mobile", "--parent", "Acme"])
        .printed_id();
    let cookie = server.wire.sign_in("ana");
    let pat = server.wire.generate(&cookie, &acme);
    assert_eq!(server.wire.exchange_for(&pat, &mobile).outcome(), "200");
}
