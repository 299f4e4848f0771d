//! `keyfobd audit verify`: whatever was changed in the audit log behind the program's back is found.

use keyfob_store::Store;
use keyfob_store::probe;

use super::super::Host;
use super::host;

/// Does to the database what no program of ours does.
fn by_hand(host: &Host, statement: &'static str) {
    host.with_store(async |store: Store| {
        let mut tx = store.write().await.unwrap();
        probe::script(&mut tx, statement).await.unwrap();
        tx.commit().await.unwrap();
    });
}

fn verify(host: &Host) -> (Option<i32>, String) {
    let done = host.run(&["audit", "verify"]);
    (done.code, done.out)
}

#[test]
fn an_edit_a_deletion_a_new_order_and_a_cut_are_found_and_the_first_bad_record_is_named() {
    let host = host();
    let acme = host.acme();
    host.run(&["org", "add", "Mobile", "--parent", "Acme"])
        .printed_id();
    let good = "records in 2 chains: each is as it was written.\n";
    let (code, said) = verify(&host);
    assert!(code == Some(0) && said.ends_with(good), "{code:?} {said}");
    let tree = format!("the tree Acme ({acme})");
    // Each is undone before the next.
    for (done, undone, wrong) in [
        (
            "UPDATE audit_record SET detail = 'view-build' WHERE action = 'member.added'",
            "UPDATE audit_record SET detail = 'owner' WHERE action = 'member.added'",
            format!("{tree}: record 2 was changed\n"),
        ),
        (
            "UPDATE audit_record SET seq = seq + 10 WHERE action = 'member.added'",
            "UPDATE audit_record SET seq = seq - 10 WHERE action = 'member.added'",
            format!("{tree}: record 2 is missing\n"),
        ),
        (
            "UPDATE audit_record SET at = at - 1 WHERE action = 'user.added'",
            "UPDATE audit_record SET at = at + 1 WHERE action = 'user.added'",
            "the instance: record".to_owned(),
        ),
        (
            "UPDATE audit_head SET seq = seq + 1 WHERE seq = 3",
            "UPDATE audit_head SET seq = seq - 1 WHERE seq = 4",
            format!("{tree}: the chain ends with record 3, and its head says 4\n"),
        ),
    ] {
        by_hand(&host, done);
        let (code, said) = verify(&host);
        assert!(
            code == Some(1) && said.contains(&wrong),
            "{done}: {code:?} {said}"
        );
        by_hand(&host, undone);
        let (code, said) = verify(&host);
        assert!(code == Some(0) && said.ends_with(good), "{undone}: {said}");
    }
    by_hand(
        &host,
        "DELETE FROM audit_record WHERE action = 'organization.created' AND seq = 3",
    );
    let (_code, said) = verify(&host);
    assert_eq!(
        said,
        format!("{tree}: the chain ends with record 2, and its head says 3\n")
    );
    by_hand(&host, "DELETE FROM audit_head WHERE seq = 3");
    let (code, said) = verify(&host);
    let wrong = format!("{tree}: the head of the chain is missing\n");
    assert!(code == Some(1) && said.ends_with(&wrong), "{code:?} {said}");
}
