//! Tokens by hash: they work as they did elsewhere, within the bounds of generating.

use keyfob_core::secret::{Pepper, Scheme};
use keyfob_server::import::{OnBad, Source};
use keyfob_server::roles_file;
use keyfob_store::instance::instance_find;
use keyfob_testkit::world::World;

use super::super::{
    BASE, bad_lines, counts, import, importing, read, sha512, state, token_line, user,
};
use super::world;

const BO: &str = "bo@acme.example";

/// The base, with a branch that the token's organization is not above.
fn base() -> String {
    format!(
        "{BASE}{}\n",
        r#"{"type":"organization","name":"Web","parent":"Acme"}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_token_is_exchanged_within_its_ceiling_and_reach() {
    let world = world().await;
    let secret = world.secret();
    let more = r#","expiresDate":"2027-02-01T00:00:00+01:00","ceiling":["store:view","build:view","store:view"],"reach":["Acme/Mobile/iOS"]"#;
    let text = format!("{}{}", base(), token_line(&secret, BO, "Acme/Mobile", more));
    assert_eq!(counts(&import(&world, &text).await)[3], [1, 0, 0, 0]);
    let facts = world.facts(&secret, None).await.unwrap().facts;
    assert_eq!(facts.user.id, user(&world, BO).await.unwrap().id);
    let kept = world
        .find_pat(facts.pat.organization, facts.pat.id)
        .await
        .unwrap();
    assert_eq!((kept.name.as_str(), kept.hint), ("ci", None));
    assert_eq!(kept.lifetime.start, world.now());
    assert_eq!(kept.lifetime.end.unwrap().millis(), 1_801_436_400_000);
    assert_eq!(kept.ceiling.unwrap().as_text(), "build:view store:view");
    let catalogue = roles_file::read(roles_file::FIRST, 1).unwrap();
    let named = kept.reach.to_text().parse().unwrap();
    let granted = world
        .exchange(&secret, Some(named), &catalogue)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        granted.permissions.into_iter().collect::<Vec<_>>(),
        ["build:view", "store:view"]
    );
    // The same again is no second token, and one that differs is bad.
    let before = state(&world).await;
    assert_eq!(counts(&import(&world, &text).await)[3], [0, 1, 0, 0]);
    for (said, other, member) in [
        ("\"ci\"", "\"cd\"", "name"),
        ("2027-02-01", "2027-02-02", "expiresDate"),
        ("\"build:view\",", "", "ceiling"),
        (
            "\"reach\":[\"Acme/Mobile/iOS\"]",
            "\"reach\":\"subtree\"",
            "reach",
        ),
    ] {
        let line = token_line(&secret, BO, "Acme/Mobile", more).replace(said, other);
        assert_eq!(
            bad_lines(&world, &line).await,
            [format!("line 1: it exists, and `{member}` differs")]
        );
    }
    let elsewhere = token_line(&secret, "ana@acme.example", "Acme", "");
    let told =
        "line 1: it exists, and `user`, `organization`, `expiresDate`, `ceiling`, `reach` differ";
    assert_eq!(bad_lines(&world, &elsewhere).await, [told]);
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_generating_hold() {
    let world = world().await;
    import(&world, &base()).await;
    let secret = world.secret();
    let reach = "`reach` must be \"subtree\", \"organization\", or 1 to 50 organizations below the token's own";
    let ceiling = "`ceiling` must be 1 to 200 permissions of the role catalogue";
    let date = "`expiresDate` must be a moment such as 2027-01-15T08:00:00Z";
    let many = vec!["\"Acme/Mobile/iOS\""; 51].join(",");
    for (more, reason) in [
        (r#","reach":["Acme/Web"]"#, reach),
        (r#","reach":["Acme/Mobile"]"#, reach),
        (r#","reach":["Acme"]"#, reach),
        (r#","reach":[]"#, reach),
        (r#","reach":"everything""#, reach),
        (format!(",\"reach\":[{many}]").as_str(), reach),
        (
            r#","reach":["Nowhere"]"#,
            "`reach` is not there, neither here nor in an earlier line",
        ),
        (
            r#","reach":7"#,
            "`reach` must be \"subtree\", \"organization\", or a list of organizations",
        ),
        (r#","ceiling":[]"#, ceiling),
        (r#","ceiling":["build:fly"]"#, ceiling),
        (r#","ceiling":["build:view store:view"]"#, ceiling),
        (r#","expiresDate":"tomorrow""#, date),
        (
            r#","format":"older""#,
            "`format` names no entry of [tokens.foreign] in the configuration",
        ),
        (
            r#","format":"old""#,
            "tokens of this format are imported by their sha512",
        ),
        (
            r#","networks":["10.0.0.0/8"]"#,
            "`networks` is not known; known here: user, organization, name, hash, expiresDate, ceiling, reach, format",
        ),
    ] {
        let line = token_line(&secret, BO, "Acme/Mobile", more);
        assert_eq!(
            bad_lines(&world, &line).await,
            [format!("line 1: {reason}")],
            "{more}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_only_a_direct_member_holds_an_imported_token() {
    let world = world().await;
    import(&world, &base()).await;
    let secret = world.secret();
    let told = "line 1: only a direct member can hold a token: a line with the membership must come before";
    // An owner of the root is inherited below; a member below is nothing above.
    for (who, place) in [
        ("ana@acme.example", "Acme/Mobile"),
        (BO, "Acme"),
        (BO, "Acme/Mobile/iOS"),
    ] {
        assert_eq!(
            bad_lines(&world, &token_line(&secret, who, place, "")).await,
            [told],
            "{who} {place}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_has_the_length_of_its_kind_and_stands_alone() {
    let world = world().await;
    import(&world, &base()).await;
    let line = token_line(&world.secret(), BO, "Acme/Mobile", "");
    let hash = "line 1: `hash` must be {\"sha256\": …} or {\"sha512\": …}, in hexadecimal digits";
    let short = line.replace("\"hash\":{\"sha256\":\"", "\"hash\":{\"sha256\":\"ab");
    let both = line.replace("\"hash\":{", "\"hash\":{\"sha512\":\"ab\",");
    let none = line.split("{\"sha256\"").next().unwrap().to_owned() + "{}}";
    let text = line.replace("\"hash\":{\"sha256\":\"", "\"hash\":{\"sha256\":\"xy");
    for wrong in [short, both, none, text] {
        assert_eq!(bad_lines(&world, &wrong).await, [hash], "{wrong}");
    }
    let long = line.replace("sha256", "sha512");
    assert_eq!(
        bad_lines(&world, &long).await,
        ["line 1: tokens of this format are imported by their sha256"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_a_foreign_token_is_found_under_the_hash_of_its_format() {
    let world = world().await;
    let text = "old_0123456789abcdef0123456789abcdef";
    let line = format!(
        r#"{{"type":"token","user":"{BO}","organization":"Acme/Mobile","name":"old","hash":{{"sha512":"{}"}},"format":"old"}}"#,
        sha512(text).to_uppercase()
    );
    import(&world, &format!("{}{line}", base())).await;
    let presented = importing(&world).forms.recognise(text).unwrap();
    assert_eq!(presented.schemes, [Scheme::Sha512]);
    let mac = world.pepper.mac(&presented.secret.hash(Scheme::Sha512));
    let found = keyfob_store::exchange::exchange_facts(&mut read(&world).await, &mac, None)
        .await
        .unwrap();
    assert_eq!(
        found.unwrap().facts.user.id,
        user(&world, BO).await.unwrap().id
    );
    assert_eq!(
        frozen_prefix(&world).await,
        None,
        "no native token was imported"
    );
}

async fn frozen_prefix(world: &World) -> Option<String> {
    instance_find(&mut read(world).await)
        .await
        .unwrap()
        .unwrap()
        .token_prefix
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_native_token_fixes_the_prefix() {
    let world = world().await;
    import(&world, &base()).await;
    assert_eq!(frozen_prefix(&world).await, None);
    import(&world, &token_line(&world.secret(), BO, "Acme/Mobile", "")).await;
    assert_eq!(frozen_prefix(&world).await.as_deref(), Some("kfpat_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_under_an_older_pepper_is_recognised() {
    let world = world().await;
    let text = format!(
        "{}{}",
        base(),
        token_line(&world.secret(), BO, "Acme/Mobile", "")
    );
    import(&world, &text).await;
    let newer = (
        keyfob_core::id::KeyId::from_uuid(uuid::Uuid::from_u128(8)),
        Pepper::new(&[8; 32]),
    );
    let mut import = importing(&world);
    import.peppers.insert(0, newer);
    let summary = import
        .run(&Source::Text(text.into()), OnBad::KeepNothing, &mut ())
        .await
        .unwrap();
    assert_eq!(counts(&summary)[3], [0, 1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_limit_nor_the_expiry_of_policy_binds_an_import() {
    let world = world().await;
    let lines: Vec<String> = (0..25)
        .map(|_| token_line(&world.secret(), BO, "Acme/Mobile", ""))
        .collect();
    let over = token_line(
        &world.secret(),
        BO,
        "Acme/Mobile",
        r#","expiresDate":"2020-01-01T00:00:00Z""#,
    );
    let text = format!("{}{}\n{over}", base(), lines.join("\n"));
    assert_eq!(counts(&import(&world, &text).await)[3], [26, 0, 0, 0]);
}
