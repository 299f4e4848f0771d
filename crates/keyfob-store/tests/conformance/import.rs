//! What an unfinished import has written is invisible everywhere, and appears all at once.

use keyfob_core::id::{OrgId, UserId};
use keyfob_core::name::{Email, Name};
use keyfob_store::exchange::exchange_facts_of;
use keyfob_store::member::{member_along, member_find, member_held_roles, member_of_user};
use keyfob_store::org::{
    org_below, org_find, org_find_by_external, org_list_below, org_list_of_user, org_named_in_tree,
    org_roots_named,
};
use keyfob_store::pat::{pat_count_live, pat_list};
use keyfob_store::probe::Cell;
use keyfob_store::session::{NewSession, session_find, session_insert};
use keyfob_store::user::{user_find, user_find_by_email, user_find_by_external};
use keyfob_testkit::world::{World, WorldPat};
use uuid::Uuid;

use super::super::by_hand;
use super::world;

const IMPORT: Uuid = Uuid::from_u128(0x1234);

/// Ana, who was here before, and what an import brings: Bo, an organization below Ana's, a root,
/// memberships of both people there, and Bo's token.
struct Stage {
    world: World,
    ana: UserId,
    acme: OrgId,
    bo: UserId,
    mobile: OrgId,
    globex: OrgId,
    pat: WorldPat,
}

async fn stage() -> Stage {
    let world = world().await;
    let ana = world.user("ana@example.org").await;
    let acme = world.root("Acme").await;
    world.member(ana, acme, &["owner"]).await;
    let bo = world.user("bo@example.org").await;
    let mobile = world.sub(acme, "Mobile").await;
    let globex = world.root("Globex").await;
    world.member(ana, mobile, &["owner"]).await;
    world.member(bo, mobile, &["owner"]).await;
    let pat = world.pat(bo, mobile).await;
    session(&world, bo).await;
    let brought = [
        (
            "UPDATE users SET import_id = $1, external_id = 'hr-1' WHERE id = $2",
            bo.uuid(),
        ),
        (
            "UPDATE organization SET import_id = $1, external_id = 'crm-1' WHERE id = $2",
            mobile.uuid(),
        ),
        (
            "UPDATE organization SET import_id = $1 WHERE id = $2",
            globex.uuid(),
        ),
        (
            "UPDATE membership SET import_id = $1 WHERE organization_id = $2",
            mobile.uuid(),
        ),
        ("UPDATE pat SET import_id = $1 WHERE id = $2", pat.id.uuid()),
    ];
    for (sql, id) in brought {
        let args = [Cell::Uuid(Some(IMPORT)), Cell::Uuid(Some(id))];
        assert!(by_hand(&world, sql, &args).await > 0, "{sql}");
    }
    Stage {
        world,
        ana,
        acme,
        bo,
        mobile,
        globex,
        pat,
    }
}

async fn session(world: &World, user: UserId) {
    let new = NewSession {
        id: keyfob_core::id::SessionId::new(world.now(), world.id_random()),
        hash: &[1; 32],
        user,
        expires_at: world.now(),
    };
    let mut tx = world.store.write().await.unwrap();
    session_insert(&mut tx, &new, &world.actor, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

impl Stage {
    async fn set_pending(&self, import: Option<Uuid>) {
        let sql = "UPDATE instance SET import_pending = $1";
        by_hand(&self.world, sql, &[Cell::Uuid(import)]).await;
    }

    /// How much each question finds of what the import brought, by the name of the question.
    async fn seen(&self) -> Vec<(&'static str, usize)> {
        let mut seen = self.seen_of_people().await;
        seen.extend(self.seen_of_organizations().await);
        seen.extend(self.seen_of_tokens().await);
        seen
    }

    async fn seen_of_people(&self) -> Vec<(&'static str, usize)> {
        let email = Email::parse("bo@example.org").unwrap();
        let mut tx = self.world.store.read().await.unwrap();
        let tx = &mut tx;
        let user = user_find(tx, self.bo).await.unwrap();
        let by_email = user_find_by_email(tx, &email).await.unwrap();
        let by_external = user_find_by_external(tx, "hr-1").await.unwrap();
        let session = session_find(tx, &[1; 32]).await.unwrap();
        let membership = member_find(tx, self.bo, self.mobile).await.unwrap();
        let along = member_along(tx, self.ana, self.mobile).await.unwrap();
        let of_user = member_of_user(tx, self.ana).await.unwrap();
        let held = member_held_roles(tx).await.unwrap();
        let here_before = |organization| organization == self.acme;
        vec![
            ("user_find", user.iter().count()),
            ("user_find_by_email", by_email.iter().count()),
            ("user_find_by_external", by_external.iter().count()),
            ("session_find", session.iter().count()),
            ("member_find", membership.iter().count()),
            (
                "member_along",
                along
                    .iter()
                    .filter(|m| !here_before(m.organization))
                    .count(),
            ),
            (
                "member_of_user",
                of_user
                    .iter()
                    .filter(|m| !here_before(m.organization))
                    .count(),
            ),
            (
                "member_held_roles",
                held.iter().filter(|m| !here_before(m.organization)).count(),
            ),
        ]
    }

    async fn seen_of_organizations(&self) -> Vec<(&'static str, usize)> {
        let (mobile, globex) = (
            Name::parse("Mobile").unwrap(),
            Name::parse("Globex").unwrap(),
        );
        let lineage = self.world.lineage(self.mobile).await;
        let mut tx = self.world.store.read().await.unwrap();
        let tx = &mut tx;
        let found = org_find(tx, self.mobile).await.unwrap();
        let root = org_find(tx, self.globex).await.unwrap();
        let by_external = org_find_by_external(tx, "crm-1").await.unwrap();
        let named = org_named_in_tree(tx, self.acme, &mobile).await.unwrap();
        let roots = org_roots_named(tx, &globex).await.unwrap();
        let below = org_below(tx, self.acme).await.unwrap();
        let of_user = org_list_of_user(tx, self.ana).await.unwrap();
        let list_below = org_list_below(tx, self.ana, self.acme).await.unwrap();
        vec![
            ("org_lineage", lineage.iter().count()),
            ("org_find", found.iter().count()),
            ("org_find of a root", root.iter().count()),
            ("org_find_by_external", by_external.iter().count()),
            ("org_named_in_tree", named.iter().count()),
            ("org_roots_named", roots.len()),
            ("org_below", below.len() - 1),
            ("org_list_of_user", of_user.len() - 1),
            ("org_list_below", list_below.len() - 1),
        ]
    }

    async fn seen_of_tokens(&self) -> Vec<(&'static str, usize)> {
        let world = &self.world;
        let found = world.find_pat(self.mobile, self.pat.id).await;
        let facts = world.facts(&self.pat.secret, None).await;
        let mut tx = world.store.read().await.unwrap();
        let listed = pat_list(&mut tx, self.mobile, self.bo).await.unwrap();
        let live = pat_count_live(&mut tx, self.mobile, self.bo, world.now()).await;
        let facts_of = exchange_facts_of(&mut tx, self.pat.id, self.mobile).await;
        vec![
            ("pat_find", found.iter().count()),
            ("pat_list", listed.len()),
            ("pat_count_live", usize::try_from(live.unwrap()).unwrap()),
            ("exchange_facts", facts.iter().count()),
            ("exchange_facts_of", facts_of.unwrap().iter().count()),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_import_is_seen_before_its_end_and_everything_after() {
    let stage = stage().await;
    stage.set_pending(Some(IMPORT)).await;
    for (question, count) in stage.seen().await {
        assert_eq!(count, 0, "{question} sees what is hidden");
    }
    stage.set_pending(None).await;
    for (question, count) in stage.seen().await {
        assert!(count > 0, "{question} does not see what was brought");
    }
    let another = Uuid::from_u128(0x5678);
    stage.set_pending(Some(another)).await;
    for (question, count) in stage.seen().await {
        assert!(count > 0, "{question} takes it for another import's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_target_or_membership_gives_an_old_token_nothing() {
    let stage = stage().await;
    let pat = stage.world.pat(stage.ana, stage.acme).await;
    stage.set_pending(Some(IMPORT)).await;
    let facts = async || {
        let snapshot = stage.world.facts(&pat.secret, Some(stage.mobile)).await;
        snapshot.unwrap().facts
    };
    let hidden = facts().await;
    assert_eq!((hidden.target, hidden.memberships), (None, vec![]));
    stage.set_pending(None).await;
    assert_eq!(facts().await.memberships.len(), 2);
    let of_the_organization = "UPDATE organization SET import_id = NULL";
    by_hand(&stage.world, of_the_organization, &[]).await;
    stage.set_pending(Some(IMPORT)).await;
    let shown = facts().await;
    assert!(shown.target.is_some());
    assert_eq!(shown.memberships.len(), 1, "the one at Mobile is hidden");
}
