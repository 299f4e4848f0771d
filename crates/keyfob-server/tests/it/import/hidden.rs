//! All at once or never: hidden until the last batch, cleared up after a death, one import at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyfob_core::id::ImportId;
use keyfob_core::name::{Email, Name};
use keyfob_server::import::{Import, ImportError, OnBad, Phase, Progress, Rivals, Source};
use keyfob_store::Constraint;
use keyfob_store::import::{Claim, import_claim};
use keyfob_store::org::org_roots_named;
use keyfob_testkit::world::World;
use tokio::sync::Notify;

use super::super::{
    BASE, Told, counts, import, importing, meanwhile, read, state, try_import, user,
};
use super::world;

/// Ten thousand lines: a tree of 100 organizations, 4,950 people, and a membership for each.
fn many() -> String {
    let mut lines = vec![r#"{"type":"organization","name":"Big"}"#.to_owned()];
    for org in 1..100 {
        lines.push(format!(
            r#"{{"type":"organization","name":"Team {org}","parent":"Big"}}"#
        ));
    }
    for person in 0..4_950 {
        let (email, org) = (format!("p{person}@big.example"), person % 99 + 1);
        lines.push(format!(
            r#"{{"type":"user","email":"{email}","fullName":"P {person}"}}"#
        ));
        lines.push(format!(
            r#"{{"type":"membership","user":"{email}","organization":"Big/Team {org}","roles":["view-build"]}}"#
        ));
    }
    lines.join("\n")
}

async fn roots(world: &World, name: &str) -> usize {
    let name = Name::parse(name).unwrap();
    org_roots_named(&mut read(world).await, &name)
        .await
        .unwrap()
        .len()
}

async fn rows(world: &World, table: &str) -> usize {
    state(world).await[table].len()
}

/// Imports and is dropped, as if killed, when the first batches are written.
async fn killed(world: &World, text: &str) {
    let notify = Arc::new(Notify::new());
    let told = Arc::clone(&notify);
    let mut watch = Told(move |progress: &Progress| {
        if progress.phase == Phase::Writing && progress.lines >= 4_000 {
            told.notify_one();
        }
    });
    let import = importing(world);
    let source = Source::Text(text.into());
    tokio::select! {
        biased;
        () = notify.notified() => {}
        _ended = import.run(&source, OnBad::KeepNothing, &mut watch) => panic!("it ended before it was killed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_lines_appear_at_once() {
    let world = world().await;
    let seen = AtomicU64::new(0);
    let mut watch = Told(|progress: &Progress| {
        if progress.phase == Phase::Writing {
            let visible = meanwhile(roots(&world, "Big"));
            assert_eq!(visible, 0);
            assert!(meanwhile(user(&world, "p0@big.example")).is_none());
            seen.fetch_max(progress.lines, Ordering::Relaxed);
        }
    });
    let source = Source::Text(many().into());
    let summary = importing(&world)
        .run(&source, OnBad::KeepNothing, &mut watch)
        .await
        .unwrap();
    assert_eq!(
        counts(&summary),
        [[100, 0, 0, 0], [4_950, 0, 0, 0], [4_950, 0, 0, 0], [0; 4]]
    );
    assert_eq!(seen.load(Ordering::Relaxed), 10_000);
    assert_eq!(roots(&world, "Big").await, 1);
    assert!(user(&world, "p4949@big.example").await.is_some());
    assert_eq!(rows(&world, "organization_ancestor").await, 199);
    assert_eq!(rows(&world, "user_epoch").await, 4_950);
    assert_eq!(rows(&world, "import_run").await, 0);
    assert_eq!(counts(&import(&world, &many()).await)[2], [0, 4_950, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_import_wrote_is_invisible_and_removed_by_the_next() {
    let world = world().await;
    import(&world, BASE).await;
    killed(&world, &many()).await;
    assert!(
        rows(&world, "users").await > 1_000,
        "some batches were written"
    );
    assert_eq!(roots(&world, "Big").await, 0);
    assert!(user(&world, "p0@big.example").await.is_none());
    // The next is another file, which gets none of it.
    let small = r#"{"type":"user","email":"p0@big.example","fullName":"Another"}"#;
    assert_eq!(counts(&import(&world, small).await)[1], [1, 0, 0, 0]);
    assert_eq!(rows(&world, "users").await, 3);
    assert_eq!(roots(&world, "Big").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn discarding_removes_every_trace_but_records_in_older_chains() {
    let world = world().await;
    import(&world, BASE).await;
    let before = state(&world).await;
    // Into a new tree and into an old one, of a new user and of an old one.
    let more = r#"
{"type":"organization","name":"Web","parent":"Acme"}
{"type":"membership","user":"bo@acme.example","organization":"Acme/Web","roles":[]}
{"type":"membership","user":"bo@acme.example","organization":"Big","roles":[]}
{"type":"membership","user":"p0@big.example","organization":"Acme","roles":[]}
"#;
    let (head, tail) = many()
        .split_once("{\"type\":\"user\",\"email\":\"p1@")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let text = format!("{head}{more}{{\"type\":\"user\",\"email\":\"p1@{tail}");
    killed(&world, &text).await;
    assert_ne!(state(&world).await, before);
    importing(&world).discard(&mut ()).await.unwrap();
    assert_eq!(state(&world).await, before);
    let chains = keyfob_testkit::schema::dump(&world.store).await;
    assert_eq!(chains["audit_head"].len(), 2, "the instance's and Acme's");
    // Nothing is left to discard, and that is fine.
    importing(&world).discard(&mut ()).await.unwrap();
    assert_eq!(state(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_import_lives_another_is_refused() {
    let world = world().await;
    let rival = ImportId::new(world.now(), world.id_random());
    let mut tx = world.store.write().await.unwrap();
    let claim = import_claim(&mut tx, rival, world.now(), world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claim, Claim::Clean);
    let by_sign = Import {
        rivals: Rivals::BySignOfLife,
        ..importing(&world)
    };
    let source = Source::Text(BASE.into());
    world.clock.advance(Duration::from_secs(59));
    for _attempt in 0..2 {
        let refused = by_sign.run(&source, OnBad::KeepNothing, &mut ()).await;
        assert!(matches!(refused, Err(ImportError::UnderWay)));
        assert!(matches!(
            by_sign.discard(&mut ()).await,
            Err(ImportError::UnderWay)
        ));
    }
    world.clock.advance(Duration::from_secs(1));
    assert!(
        by_sign
            .run(&source, OnBad::KeepNothing, &mut ())
            .await
            .unwrap()
            .is_kept
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_taken_for_dead_writes_nothing_more() {
    let world = world().await;
    let other = world.on_another_node().await;
    let mut watch = Told(|progress: &Progress| {
        if progress.phase == Phase::Writing && progress.lines == 2_000 {
            // As if the machine had slept, and somebody else started over.
            world.clock.advance(Duration::from_mins(2));
            let rival = Import {
                rivals: Rivals::BySignOfLife,
                ..importing(&other)
            };
            let source = Source::Text(BASE.into());
            assert!(
                meanwhile(rival.run(&source, OnBad::KeepNothing, &mut ()))
                    .unwrap()
                    .is_kept
            );
        }
    });
    let source = Source::Text(many().into());
    let lost = importing(&world)
        .run(&source, OnBad::KeepNothing, &mut watch)
        .await;
    assert!(matches!(lost, Err(ImportError::LostPlace)), "{lost:?}");
    assert_eq!(
        (
            rows(&world, "users").await,
            rows(&world, "organization").await
        ),
        (2, 3)
    );
    assert_eq!(counts(&import(&world, BASE).await)[0], [0, 3, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_takes_meanwhile_ends_the_import() {
    let world = world().await;
    // Asked for between the last look and the writing.
    let passwords = |email: &Email| {
        if email.key() == "bo@acme.example" {
            meanwhile(world.user("ana@acme.example"));
        }
        None
    };
    let import = Import {
        passwords: &passwords,
        ..importing(&world)
    };
    let ended = import
        .run(&Source::Text(BASE.into()), OnBad::KeepNothing, &mut ())
        .await;
    let Err(error @ ImportError::Taken(Constraint::UserEmail)) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(
        error.to_string(),
        "somebody else took the e-mail address of a user while the import was writing; nothing was kept, run it again"
    );
    assert_eq!(
        (
            rows(&world, "users").await,
            rows(&world, "organization").await
        ),
        (1, 0)
    );
    assert_eq!(rows(&world, "import_run").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_line_rests_on_may_go_meanwhile_and_nothing_is_kept() {
    for line in [
        r#"{"type":"organization","name":"Web","parent":"Acme/Mobile"}"#,
        r#"{"type":"membership","user":"ana@acme.example","organization":"Acme/Mobile","roles":[]}"#,
        &super::super::token_line(
            &world().await.secret(),
            "bo@acme.example",
            "Acme/Mobile",
            "",
        ),
    ] {
        let world = world().await;
        import(&world, BASE).await;
        let mobile = sub(&world).await;
        let passwords = |_email: &Email| {
            meanwhile(world.delete_org(mobile));
            None
        };
        let import = Import {
            passwords: &passwords,
            ..importing(&world)
        };
        let text = format!(
            "{{\"type\":\"user\",\"email\":\"cy@acme.example\",\"fullName\":\"Cy\"}}\n{line}"
        );
        let ended = import
            .run(
                &Source::Text(text.as_str().into()),
                OnBad::KeepNothing,
                &mut (),
            )
            .await;
        assert!(
            matches!(ended, Err(ImportError::Changed)),
            "{line}: {ended:?}"
        );
        assert_eq!(
            (
                rows(&world, "users").await,
                rows(&world, "organization").await
            ),
            (2, 3),
            "{line}"
        );
        assert_eq!(rows(&world, "import_run").await, 0);
    }
}

async fn sub(world: &World) -> keyfob_core::id::OrgId {
    let mut tx = read(world).await;
    let root = &org_roots_named(&mut tx, &Name::parse("Acme").unwrap())
        .await
        .unwrap()[0];
    let name = Name::parse("Mobile").unwrap();
    keyfob_store::org::org_named_in_tree(&mut tx, root.id, &name)
        .await
        .unwrap()
        .unwrap()
        .id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_good_when_it_was_checked_may_be_bad_when_it_is_written() {
    let world = world().await;
    let mut watch = Told(|progress: &Progress| {
        if progress.phase == Phase::Writing && progress.lines == 0 {
            meanwhile(world.user("ana@acme.example"));
        }
    });
    let source = Source::Text(BASE.into());
    let ended = importing(&world)
        .run(&source, OnBad::KeepNothing, &mut watch)
        .await;
    assert!(matches!(ended, Err(ImportError::Changed)), "{ended:?}");
    assert_eq!(
        (
            rows(&world, "users").await,
            rows(&world, "organization").await
        ),
        (1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_make_one() {
    let world = world().await;
    let other = world.on_another_node().await;
    let many = many();
    let run = |world: World| {
        let source = Source::Text(many.as_str().into());
        async move {
            let import = Import {
                rivals: Rivals::BySignOfLife,
                ..importing(&world)
            };
            import.run(&source, OnBad::KeepNothing, &mut ()).await
        }
    };
    let outcomes = [tokio::spawn(run(world.clone())), tokio::spawn(run(other))];
    let mut kept = 0;
    for outcome in outcomes {
        match outcome.await.unwrap() {
            Ok(summary) => {
                assert!(summary.is_kept);
                kept += 1;
            }
            Err(ImportError::UnderWay) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(kept >= 1);
    assert_eq!(
        (
            rows(&world, "users").await,
            rows(&world, "organization").await
        ),
        (4_950, 100)
    );
    let again = try_import(&world, &many, OnBad::KeepNothing).await.unwrap();
    assert_eq!(counts(&again)[0], [0, 100, 0, 0]);
}
