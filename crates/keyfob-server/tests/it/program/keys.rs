//! `keyfobd keys`: what the operator does about keys, beside a server that runs.

use std::fs;

use super::host;

/// The server's address does not matter here, and must stay the same over two starts.
const URL: [&str; 2] = ["--public-url", "http://127.0.0.1:8787"];

#[test]
fn keys_are_listed_with_what_they_do() {
    let host = host();
    let listed = host.printed(&["keys", "list"]);
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().skip(1).collect())
        .collect();
    let wanted = [
        "PURPOSE ALGORITHM STATE",
        "pepper HMAC-SHA-256 stores new tokens",
        "access-token ES256 signs",
    ];
    let words: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
    let mut sorted = words[1..].to_vec();
    sorted.sort_by_key(|line| !line.starts_with("pepper"));
    assert_eq!([&words[..1], &sorted].concat(), wanted);
    assert!(!listed.contains("sealed"));
}

#[test]
fn a_rotation_is_announced_first_and_said_once() {
    let host = host();
    let server = host.serve(&URL);
    let jwks = || server.wire.get("/.well-known/jwks.json").send().json();
    let said = host.printed(&["keys", "rotate"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("ES256: the key ") && lines[0].contains(" signs from "));
    assert!(lines[1].starts_with("ES256: the key ") && lines[1].contains(" is listed until "));
    assert_eq!(
        jwks()["keys"].as_array().unwrap().len(),
        2,
        "at once, without a restart"
    );
    let again = host.printed(&["keys", "rotate"]);
    let idle = "Nothing changes: the next key is listed already and will sign soon.\n";
    assert_eq!(again, idle);
    let listed = host.printed(&["keys", "list"]);
    assert!(listed.contains("  listed, signs from ") && listed.contains("  signs, listed until "));
}

#[test]
fn t_20_when_an_emergency_rotation_has_ended_old_tokens_are_refused() {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&URL);
    let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
    let jwt = server.wire.jwt(&pat);
    assert_eq!(server.wire.with_jwt(&jwt), "200");
    let said = host.printed(&["keys", "rotate", "--emergency"]);
    assert!(
        said.contains(" signs now.\n")
            && said.contains(" was dropped: what it signed is refused.\n")
    );
    assert_eq!(server.wire.with_jwt(&jwt), "401 invalid_token");
    let new = server.wire.jwt(&pat);
    assert_eq!(server.wire.with_jwt(&new), "200");
    assert!(host.printed(&["keys", "list"]).contains("  dropped\n"));
}

#[test]
fn p12_the_root_key_is_changed_beside_a_running_server() {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&URL);
    let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
    let jwt = server.wire.jwt(&pat);
    let new = "new.key";
    fs::write(
        host.path(new),
        format!("{}\n", data_encoding::BASE64.encode(&[7; 32])),
    )
    .unwrap();
    let open = host.refusal(&["keys", "rewrap", "--new-root-key-file", new]);
    assert_eq!(
        open,
        "the root key new.key can be read by others: take that right away (chmod 600 new.key)"
    );
    super::super::only_owner(&host.path(new));
    let said = host.printed(&["keys", "rewrap", "--new-root-key-file", new]);
    assert!(said.starts_with("Everything is sealed under the root key in new.key. Put that file"));
    fs::rename(host.path(new), host.path(host.root_key)).unwrap();
    assert_eq!(server.wire.with_jwt(&jwt), "200");
    assert_eq!(server.wire.exchange(&pat).outcome(), "200");
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(host.serve(&URL).wire.exchange(&pat).outcome(), "200");
    let same = host.refusal(&["keys", "rewrap", "--new-root-key-file", host.root_key]);
    assert!(
        same.ends_with("root.key holds the root key that is in use"),
        "{same}"
    );
}

#[test]
fn p12_another_pepper_leaves_old_tokens_good() {
    let host = host();
    let acme = host.acme();
    let server = host.serve(&URL);
    let cookie = server.wire.sign_in("ana");
    let old = server.wire.generate(&cookie, &acme);
    let said = host.printed(&["keys", "rotate", "--pepper"]);
    assert!(said.starts_with("Tokens generated from now on are stored under the pepper "));
    let new = server.wire.generate(&cookie, &acme);
    for pat in [&old, &new] {
        assert_eq!(server.wire.exchange(pat).outcome(), "200");
    }
    let listed = host.printed(&["keys", "list"]);
    assert!(
        listed.contains("  kept until its last token is over\n"),
        "{listed}"
    );
}

#[test]
fn x10_each_resource_server_has_its_audience_and_its_algorithm() {
    let mut host = host();
    let acme = host.acme();
    for (name, value) in [
        ("KEYFOB__RESOURCE_SERVER__DEFAULT__ALGORITHM", "EdDSA"),
        (
            "KEYFOB__RESOURCE_SERVER__BUILDS__AUDIENCE",
            "https://builds.example.com",
        ),
        ("KEYFOB__RESOURCE_SERVER__BUILDS__ALGORITHM", "RS256"),
    ] {
        host.set(name, value);
    }
    let server = host.serve(&URL);
    let pat = server.wire.generate(&server.wire.sign_in("ana"), &acme);
    let algorithm = |jwt: &str| jsonwebtoken::decode_header(jwt).unwrap().alg;
    let jwt = server.wire.jwt(&pat);
    assert_eq!(algorithm(&jwt), jsonwebtoken::Algorithm::EdDSA);
    assert_eq!(server.wire.with_jwt(&jwt), "200");
    let form = format!("pat={pat}&audience=builds");
    let answer = server.wire.ask("POST", "/auth/v2/token").form(&form).send();
    assert_eq!(
        algorithm(&answer.member("access_token")),
        jsonwebtoken::Algorithm::RS256
    );
    assert_eq!(answer.json()["expires_in"], 300);
    assert_eq!(server.stop().code, Some(0));
    host.set(
        "KEYFOB__RESOURCE_SERVER__BUILDS__AUDIENCE",
        "http://127.0.0.1:8787",
    );
    let shared = host.refusal(&[&["serve", "--listen", "127.0.0.1:0"], &URL[..]].concat());
    assert_eq!(
        shared,
        "a resource server of the configuration has the audience http://127.0.0.1:8787, which is the issuer \
         and so the audience of \"default\": give it another"
    );
}
