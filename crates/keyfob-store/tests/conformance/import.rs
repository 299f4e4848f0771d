//! Imports: who has the place, what is hidden, and what removing leaves.

use keyfob_core::event::{Action, Record, Via, link};
use keyfob_core::id::{ImportId, OrgId, PatId, UserId};
use keyfob_core::member::Roles;
use keyfob_core::name::{Email, Name};
use keyfob_core::time::Timestamp;
use keyfob_store::Tx;
use keyfob_store::import::facts::{UserKeys, known_members, known_orgs, known_pats, known_users};
use keyfob_store::import::rows::{
    ImportBatch, ImportedMember, ImportedOrg, ImportedPat, Written, import_write,
};
use keyfob_store::import::{
    Claim, import_beat, import_claim, import_finish, import_sweep, import_take_over,
};
use keyfob_store::member::MemberAt;
use keyfob_store::org::NewOrg;
use keyfob_store::user::{NewUser, user_find};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::World;
use uuid::Uuid;

use super::super::set;
use super::world;

mod rows;

async fn write(world: &World) -> Tx {
    world.store.write().await.unwrap()
}

fn run(number: u128) -> ImportId {
    ImportId::from_uuid(Uuid::from_u128(number))
}

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn claim(world: &World, id: ImportId, dead_before: i64, now: i64) -> Claim {
    let mut tx = write(world).await;
    let claim = import_claim(&mut tx, id, at(dead_before), at(now))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claim
}

async fn finish(world: &World, id: ImportId) -> bool {
    let mut tx = write(world).await;
    let finished = import_finish(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    finished
}

async fn sweep(world: &World, hidden: ImportId) {
    loop {
        let mut tx = write(world).await;
        let is_some = import_sweep(&mut tx, hidden).await.unwrap();
        tx.commit().await.unwrap();
        if !is_some {
            return;
        }
    }
}

/// What the batch of a run makes: a root with a sub-organization, and a member of both with a token.
struct Made {
    run: ImportId,
    name: Name,
    sub_name: Name,
    email: Email,
    roles: Roles,
}

impl Made {
    fn by(run: ImportId) -> Self {
        Self {
            run,
            name: Name::parse("Acme").unwrap(),
            sub_name: Name::parse("Mobile").unwrap(),
            email: Email::parse("ana@acme.example").unwrap(),
            roles: Roles::new(["view-build", "owner"]).unwrap(),
        }
    }

    const ROOT: OrgId = OrgId::from_uuid(Uuid::from_u128(11));
    const SUB: OrgId = OrgId::from_uuid(Uuid::from_u128(12));
    const USER: UserId = UserId::from_uuid(Uuid::from_u128(13));
    const PAT: PatId = PatId::from_uuid(Uuid::from_u128(14));

    fn member(&self, organization: OrgId) -> ImportedMember<'_> {
        ImportedMember {
            at: MemberAt {
                user: Self::USER,
                organization,
                tree: Self::ROOT,
            },
            roles: &self.roles,
        }
    }

    async fn write(&self, world: &World) -> Written {
        let mac = world.mac(&world.secret());
        let org = |id, parent, name| ImportedOrg {
            new: NewOrg {
                id,
                external_id: None,
                name,
            },
            parent,
            tree: Self::ROOT,
        };
        let batch = ImportBatch {
            users: vec![NewUser {
                id: Self::USER,
                external_id: Some("hr 1"),
                email: &self.email,
                full_name: &self.name,
                password_hash: Some("a hash"),
            }],
            organizations: vec![
                org(Self::ROOT, None, &self.name),
                org(Self::SUB, Some(Self::ROOT), &self.sub_name),
            ],
            members: vec![self.member(Self::ROOT), self.member(Self::SUB)],
            pats: vec![ImportedPat {
                id: Self::PAT,
                at: MemberAt {
                    user: Self::USER,
                    organization: Self::SUB,
                    tree: Self::ROOT,
                },
                mac: &mac,
                pepper: world.pepper_id,
                name: &self.name,
                expires_at: Some(at(99)),
                ceiling: Some("build:view"),
                reach: "organization",
            }],
        };
        self.batch(world, &batch).await
    }

    async fn batch(&self, world: &World, batch: &ImportBatch<'_>) -> Written {
        let mut tx = write(world).await;
        let written = import_write(&mut tx, self.run, batch, world.now())
            .await
            .unwrap();
        if written == Written::All {
            tx.commit().await.unwrap();
        }
        written
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_is_taken_by_one_until_it_is_silent_for_too_long() {
    let world = world().await;
    assert_eq!(claim(&world, run(1), 0, 10).await, Claim::Clean);
    assert_eq!(claim(&world, run(2), 9, 20).await, Claim::UnderWay);
    assert_eq!(
        claim(&world, run(1), 9, 20).await,
        Claim::Clean,
        "its own place it may take again"
    );
    assert_eq!(
        claim(&world, run(2), 20, 30).await,
        Claim::LeftBehind(run(1))
    );
    let mut tx = write(&world).await;
    assert!(!import_beat(&mut tx, run(1), at(31)).await.unwrap());
    assert!(!import_finish(&mut tx, run(1)).await.unwrap());
    assert!(import_beat(&mut tx, run(2), at(31)).await.unwrap());
    assert!(
        !import_finish(&mut tx, run(2)).await.unwrap(),
        "another's rows are hidden still"
    );
    import_take_over(&mut tx, run(2)).await.unwrap();
    assert!(import_finish(&mut tx, run(2)).await.unwrap());
    assert!(
        import_finish(&mut tx, run(2)).await.unwrap(),
        "the answer may have been lost"
    );
    tx.commit().await.unwrap();
    assert_eq!(claim(&world, run(3), 0, 40).await, Claim::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_hidden_until_the_run_ends() {
    let world = world().await;
    claim(&world, run(1), 0, 0).await;
    assert_eq!(Made::by(run(1)).write(&world).await, Written::All);
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(user_find(&mut tx, Made::USER).await.unwrap(), None);
    drop(tx);
    assert_eq!(world.lineage(Made::SUB).await, None);
    assert_eq!(world.find_pat(Made::SUB, Made::PAT).await, None);
    assert!(finish(&world, run(1)).await);
    let lineage = world.lineage(Made::SUB).await.unwrap();
    assert_eq!(
        lineage.downward().collect::<Vec<_>>(),
        [Made::ROOT, Made::SUB]
    );
    let pat = world.find_pat(Made::SUB, Made::PAT).await.unwrap();
    assert_eq!(
        (pat.tree, pat.hint, pat.lifetime.end),
        (Made::ROOT, None, Some(at(99)))
    );
    let mut tx = world.store.read().await.unwrap();
    let user = user_find(&mut tx, Made::USER).await.unwrap().unwrap();
    assert_eq!(
        (user.external_id.as_deref(), user.password_hash.as_deref()),
        (Some("hr 1"), Some("a hash"))
    );
    let epochs = dump(&world.store).await;
    assert_eq!(
        (epochs["user_epoch"].len(), epochs["tree_epoch"].len()),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_batch_are_linked_one_by_one() {
    let world = world().await;
    claim(&world, run(1), 0, 0).await;
    Made::by(run(1)).write(&world).await;
    let records = world.audit(Some(Made::ROOT)).await;
    let actions: Vec<_> = records
        .iter()
        .map(|record| record.action.as_str())
        .collect();
    assert_eq!(
        actions,
        [
            "organization.created",
            "organization.created",
            "member.added",
            "member.added",
            "pat.imported"
        ]
    );
    let mut previous = vec![0; 32];
    for record in &records {
        let fact = keyfob_core::event::Fact {
            tree: Some(Made::ROOT),
            action: Action::from_word(&record.action).unwrap(),
            organization: record.organization,
            subject: record.subject,
            detail: record.detail.clone(),
        };
        let (seq, at, request) = (record.seq, record.at, record.request);
        let again = Record {
            seq,
            at,
            via: Via::Import,
            actor: None,
            request,
            fact: &fact,
        };
        assert_eq!(record.previous_hash, previous);
        assert_eq!(record.hash, link(&previous, &again));
        previous.clone_from(&record.hash);
    }
    assert_eq!(records[0].request.unwrap().uuid(), run(1).uuid());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_keys_are_looked_up_at_once_and_what_has_ended_is_found() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let mut users = Vec::new();
    for number in 0..130 {
        users.push(world.user(&format!("p{number}@acme.example")).await);
    }
    world.member(users[0], acme, &["owner"]).await;
    let pat = world.pat(users[0], acme).await;
    world.remove(users[0], acme).await;
    world.suspend_user(users[129]).await;
    let emails: Vec<String> = (0..130)
        .map(|number| format!("p{number}@acme.example"))
        .collect();
    let keys: Vec<&str> = emails
        .iter()
        .map(String::as_str)
        .chain(["nobody@acme.example"])
        .collect();
    let mut tx = world.store.read().await.unwrap();
    let by_email = known_users(&mut tx, UserKeys::Emails(&keys)).await.unwrap();
    assert_eq!(
        (by_email.len(), set(by_email.iter().map(|user| user.id))),
        (130, set(users.clone()))
    );
    assert_eq!(
        by_email
            .iter()
            .filter(|user| user.suspended_at.is_some())
            .count(),
        1
    );
    assert_eq!(
        known_users(&mut tx, UserKeys::Ids(&users))
            .await
            .unwrap()
            .len(),
        130
    );
    assert_eq!(
        known_users(&mut tx, UserKeys::External(&["x"]))
            .await
            .unwrap(),
        []
    );
    assert_eq!(known_users(&mut tx, UserKeys::Ids(&[])).await.unwrap(), []);
    let members = known_members(&mut tx, &users).await.unwrap();
    assert_eq!(members.len(), 1);
    assert!(members[0].ended_at.is_some() && members[0].roles == "owner");
    let pats = known_pats(&mut tx, &[&world.mac(&pat.secret)])
        .await
        .unwrap();
    assert_eq!((pats.len(), pats[0].revoked_at.is_some()), (1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_read_page_by_page_with_those_that_were_deleted() {
    let world = world().await;
    let acme = world.root("Acme").await;
    let gone = world.sub(acme, "Gone").await;
    world.delete_org(gone).await;
    let mut tx = world.store.read().await.unwrap();
    let nil = OrgId::from_uuid(Uuid::nil());
    let page = known_orgs(&mut tx, nil, 1).await.unwrap();
    let rest = known_orgs(&mut tx, page[0].id, 9).await.unwrap();
    let found = [page, rest].concat();
    assert_eq!(
        set(found.iter().map(|org| (org.id, org.deleted_at.is_some()))),
        set([(acme, false), (gone, true)])
    );
}
