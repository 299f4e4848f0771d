//! The first start: a link on standard output makes the first account (D8).

use super::super::wire::{Wire, form_token};
use super::super::{PASSWORD, Running};
use super::host;
use crate::client::Answer;

/// What a server says behind its first line, when there is no account.
fn said_link(running: &Running) -> String {
    assert_eq!(running.line(), "\n");
    assert_eq!(
        running.line(),
        "There is no account yet. Make the first one in a browser, within 15 minutes:\n"
    );
    let link = running.line();
    link.strip_prefix("  ").unwrap().trim_end().to_owned()
}

/// Opens a link, and sends the form to which it leads.
fn set_up(wire: Wire, link: &str, email: &str) -> Answer {
    let origin = format!("http://{}", wire.address);
    let led = wire.get(link.strip_prefix(&origin).unwrap()).send();
    assert_eq!((led.status, led.header("location")), (303, Some("/setup")));
    let link = led.cookie();
    let page = wire.get("/setup").header("cookie", &link).send();
    if page.status != 200 {
        return page;
    }
    let fields = format!(
        "formToken={}&fullName=Ana+Lima&email={email}&password={PASSWORD}&organization=Acme",
        form_token(&page)
    );
    wire.ask("POST", "/setup")
        .header("cookie", &format!("{link}; {}", page.cookie()))
        .header("origin", &origin)
        .form(&fields.replace(' ', "+"))
        .send()
}

#[test]
fn d8_the_first_start_prints_a_link_that_makes_the_first_account() {
    let host = host();
    let server = host.serve(&[]);
    let link = said_link(&server.running);
    let made = set_up(server.wire, &link, "ana@acme.example");
    assert_eq!(made.status, 303, "{}", made.text());
    server.wire.sign_in("ana");
    assert_eq!(set_up(server.wire, &link, "bo@acme.example").status, 410);
    assert_eq!(
        host.refusal(&["user", "setup-link"]),
        "there is an account already: add others by `keyfobd user add`"
    );
    let done = server.stop();
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""));
    let (_rest, code) = link.split_once("code=").unwrap();
    for secret in [&code[..40], PASSWORD] {
        assert!(!done.err.contains(secret), "it is in no log");
    }
    // With an account nothing of it is said any more.
    let again = host.serve(&["--change-issuer"]).stop();
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""));
}

#[test]
fn d8_every_start_and_the_command_print_another_link() {
    let host = host();
    assert_eq!(
        host.refusal(&["user", "setup-link"]),
        "no server has run here yet: start it by `keyfobd serve`, which prints a link itself"
    );
    let server = host.serve(&[]);
    let first = said_link(&server.running);
    let done = host.run(&["user", "setup-link"]);
    assert_eq!(
        (done.code, done.err.as_str()),
        (Some(0), "It works once, within 15 minutes.\n")
    );
    let by_command = done.out.trim_end();
    assert_ne!(by_command, first);
    let made = set_up(server.wire, by_command, "ana@acme.example");
    assert_eq!(made.status, 303, "{}", made.text());
    assert_eq!(set_up(server.wire, &first, "bo@acme.example").status, 410);
    server.wire.sign_in("ana");
}
