//! What a batch rests on, and what removing one leaves.

use keyfob_core::id::{OrgId, UserId};
use keyfob_store::import::rows::{
    ImportBatch, ImportedMember, ImportedOrg, ImportedPat, Written, import_write,
};
use keyfob_store::member::MemberAt;
use keyfob_store::org::NewOrg;
use keyfob_store::user::NewUser;
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::World;

use super::super::super::conflict;
use super::super::world;
use super::{Made, claim, finish, run, sweep, write};

#[tokio::test(flavor = "multi_thread")]
async fn removing_leaves_what_was_there_before() {
    let world = world().await;
    let acme = world.root("Other").await;
    let bo = world.user("bo@acme.example").await;
    let before = dump(&world.store).await;
    claim(&world, run(1), 0, 0).await;
    let made = Made::by(run(1));
    made.write(&world).await;
    // A user who stays, in the tree that goes; and the other way round.
    let mixed = [(bo, Made::ROOT, Made::ROOT), (Made::USER, acme, acme)];
    let members = mixed.map(|(user, organization, tree)| ImportedMember {
        at: MemberAt {
            user,
            organization,
            tree,
        },
        roles: &made.roles,
    });
    let batch = ImportBatch {
        members: members.into(),
        ..ImportBatch::default()
    };
    assert_eq!(made.batch(&world, &batch).await, Written::All);
    sweep(&world, run(1)).await;
    assert!(finish(&world, run(1)).await);
    let mut after = dump(&world.store).await;
    // Chains that others go on with keep the records.
    for table in ["audit_head", "audit_record"] {
        assert!(after[table].len() >= before[table].len());
        assert!(
            !after[table]
                .iter()
                .any(|row| row.contains(&Made::ROOT.to_string())
                    && row.starts_with(&format!("tree={}", Made::ROOT)))
        );
        after.insert(table.to_owned(), before[table].clone());
    }
    assert_eq!(after, before);
}

/// A world with an organization that was deleted, one that lives, a member there, and somebody suspended.
struct Ground {
    world: World,
    acme: OrgId,
    gone: OrgId,
    member: UserId,
    suspended: UserId,
}

async fn ground() -> Ground {
    let world = world().await;
    claim(&world, run(1), 0, 0).await;
    let (acme, member) = (
        world.root("Other").await,
        world.user("ana@acme.example").await,
    );
    let gone = world.sub(acme, "Gone").await;
    world.member(member, acme, &[]).await;
    world.delete_org(gone).await;
    let suspended = world.user("bo@acme.example").await;
    world.suspend_user(suspended).await;
    Ground {
        world,
        acme,
        gone,
        member,
        suspended,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_in_what_was_deleted_or_for_somebody_suspended() {
    let Ground {
        world,
        acme,
        gone,
        member,
        suspended,
    } = ground().await;
    let made = Made::by(run(1));
    let org = ImportedOrg {
        new: NewOrg {
            id: Made::SUB,
            external_id: None,
            name: &made.sub_name,
        },
        parent: Some(gone),
        tree: acme,
    };
    let at = |user, organization| ImportedMember {
        at: MemberAt {
            user,
            organization,
            tree: acme,
        },
        roles: &made.roles,
    };
    for batch in [
        ImportBatch {
            organizations: vec![org],
            ..ImportBatch::default()
        },
        ImportBatch {
            members: vec![at(member, gone)],
            ..ImportBatch::default()
        },
        ImportBatch {
            members: vec![at(suspended, acme)],
            ..ImportBatch::default()
        },
    ] {
        assert_eq!(
            made.batch(&world, &batch).await,
            Written::Changed,
            "{batch:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_rests_on_a_living_membership() {
    let Ground {
        world,
        acme,
        gone,
        member,
        suspended,
    } = ground().await;
    let made = Made::by(run(1));
    let mac = world.mac(&world.secret());
    let at = |user, organization| ImportedPat {
        id: Made::PAT,
        at: MemberAt {
            user,
            organization,
            tree: acme,
        },
        mac: &mac,
        pepper: world.pepper_id,
        name: &made.name,
        expires_at: None,
        ceiling: None,
        reach: "subtree",
    };
    for (user, organization, written) in [
        (suspended, acme, Written::Changed),
        (member, gone, Written::Changed),
        (member, acme, Written::All),
    ] {
        let batch = ImportBatch {
            pats: vec![at(user, organization)],
            ..ImportBatch::default()
        };
        assert_eq!(made.batch(&world, &batch).await, written, "{batch:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_already_is_a_conflict() {
    let world = world().await;
    claim(&world, run(1), 0, 0).await;
    world.user("ana@acme.example").await;
    let made = Made::by(run(1));
    let user = NewUser {
        id: Made::USER,
        external_id: None,
        email: &made.email,
        full_name: &made.name,
        password_hash: None,
    };
    let batch = ImportBatch {
        users: vec![user],
        ..ImportBatch::default()
    };
    let mut tx = write(&world).await;
    let refused = import_write(&mut tx, run(1), &batch, world.now()).await;
    assert_eq!(conflict(refused), keyfob_store::Constraint::UserEmail);
}
