use MailSecurity::{OnThisMachine, StartTls, Tls};

use super::super::MailSecurity;
use super::{file, variables};

#[test]
fn mail_goes_by_tls_or_stays_on_this_machine() {
    let with = |server: &'static str| {
        variables([
            ("KEYFOB__MAIL__SERVER", server),
            ("KEYFOB__MAIL__FROM", "keys@example.org"),
        ])
    };
    let place = |server| {
        let config = with(server).expect("good").mail.expect("mail");
        (config.host, config.port, config.security)
    };
    let told = |host: &str, port, security| (host.to_owned(), port, security);
    assert_eq!(place("smtps://m.example"), told("m.example", 465, Tls));
    assert_eq!(
        place("smtps://m.example:2465/"),
        told("m.example", 2465, Tls)
    );
    assert_eq!(place("smtp://m.example"), told("m.example", 587, StartTls));
    assert_eq!(
        place("smtp://127.0.0.1:25"),
        told("127.0.0.1", 25, OnThisMachine)
    );
    assert_eq!(place("smtp://[::1]"), told("::1", 25, OnThisMachine));
    assert_eq!(
        place("smtp://localhost"),
        told("localhost", 25, OnThisMachine)
    );
    // An address that only begins like one of this machine is another machine's.
    assert_eq!(place("smtp://localhost.example").2, StartTls);
    for bad in [
        "m.example",
        "http://m.example",
        "smtps://me:pw@m.example",
        "smtp://m.example/x",
    ] {
        let refused = with(bad).expect_err("refused");
        assert!(refused.starts_with("mail.server"), "{bad}: {refused}");
        assert!(!refused.contains("pw"), "{refused}");
    }
}

#[test]
fn half_of_a_mail_configuration_is_none() {
    for (mail, key) in [
        ("[mail]\nfrom = \"keys@example.org\"", "mail.from"),
        ("[mail]\npassword = \"hunter2\"", "mail.password"),
        ("[mail]\nserver = \"smtps://m.example\"", "mail.server"),
        (
            "[mail]\nserver = \"smtps://m.example\"\nfrom = \"nobody\"",
            "mail.from",
        ),
        (
            "[mail]\nserver = \"smtps://m.example\"\nfrom = \"a@b.example\"\nuser = \"me\"",
            "mail.user",
        ),
        (
            "[mail]\nserver = \"smtps://m.example\"\nfrom = \"a@b.example\"\npassword = \"hunter2\"",
            "mail.password",
        ),
    ] {
        let refused = file(mail).expect_err("refused");
        assert!(refused.starts_with(key), "{mail}: {refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
