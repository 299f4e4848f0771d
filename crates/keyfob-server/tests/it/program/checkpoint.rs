//! `keyfobd audit checkpoint`: what was kept elsewhere shows what the chains alone cannot.

use std::fs;

use keyfob_store::Store;
use keyfob_store::probe;

use super::super::Host;
use super::host;

/// Does to the database what no program of ours does.
fn by_hand(host: &Host, statements: &str) {
    host.with_store(async |store: Store| {
        let mut tx = store.write().await.unwrap();
        probe::script(&mut tx, statements).await.unwrap();
        tx.commit().await.unwrap();
    });
}

fn verify(host: &Host, args: &[&str]) -> (Option<i32>, String) {
    let done = host.run(&[&["audit", "verify"], args].concat());
    (done.code, done.out)
}

const WITH: [&str; 2] = ["--checkpoint", "a.note"];
/// Cuts off the end of Acme's chain together with its head, as somebody would who knows how it is kept.
const CUT: &str = "DELETE FROM audit_record WHERE seq = 3 AND action = 'organization.created';
    UPDATE audit_head SET seq = 2,
        hash = (SELECT r.hash FROM audit_record r WHERE r.tree = audit_head.tree AND r.seq = 2)
    WHERE seq = 3 AND tree IN (SELECT id FROM organization);";

/// Acme with a sub-organization, so that its chain has three records, and a checkpoint of that.
fn acme_with_checkpoint(host: &Host) -> String {
    let acme = host.acme();
    host.run(&["org", "add", "Mobile", "--parent", "Acme"])
        .printed_id();
    let said = host.printed(&["audit", "checkpoint", "--out", "a.note"]);
    assert_eq!(
        said,
        "A checkpoint of 2 chains is in a.note. Keep it where who can write to the database cannot.\n"
    );
    acme
}

#[test]
fn what_came_after_a_checkpoint_changes_nothing_and_its_key_outlives_all_others() {
    let host = host();
    let acme = acme_with_checkpoint(&host);
    let key = host.printed(&["audit", "key"]);
    host.run(&["org", "add", "Web", "--parent", "Acme"])
        .printed_id();
    host.printed(&["keys", "rotate", "--emergency"]);
    let (code, said) = verify(&host, &WITH);
    let good = "records in 2 chains: each is as it was written.\nAll that the checkpoint holds is there.\n";
    assert!(code == Some(0) && said.ends_with(good), "{code:?} {said}");
    let second = host.printed(&["audit", "checkpoint"]);
    assert!(second.starts_with("keyfob audit checkpoint 1\ninstance "));
    assert!(second.contains(&format!("\n{acme} 4 ")), "{second}");
    assert!(!second.contains("Acme") && !second.contains("ana"));
    host.write("b.note", &second);
    let (code, said) = verify(&host, &[&WITH[..], &["--checkpoint", "b.note"]].concat());
    assert!(
        code == Some(0) && said.ends_with("All that 2 checkpoints hold is there.\n"),
        "{code:?} {said}"
    );
    assert_eq!(host.printed(&["audit", "key"]), key);
    let listed = host.printed(&["keys", "list"]);
    let mut lines = listed
        .lines()
        .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>());
    assert!(
        lines.any(|words| words == ["audit-checkpoint", "EdDSA", "signs"]),
        "{listed}"
    );
    let mine = key.trim_end();
    let (code, said) = verify(&host, &[&WITH[..], &["--key", mine]].concat());
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_chain_cut_off_together_with_its_head_is_found_by_a_checkpoint_alone() {
    let host = host();
    let acme = acme_with_checkpoint(&host);
    by_hand(&host, CUT);
    let (code, said) = verify(&host, &[]);
    assert_eq!(code, Some(0), "what is left fits together: {said}");
    let tree = format!("the tree Acme ({acme})");
    let short = format!("{tree}: the chain ends with record 2, and a checkpoint holds record 3\n");
    assert_eq!(verify(&host, &WITH), (Some(1), short));
    // Whatever is written then is another history.
    host.run(&["org", "add", "Web", "--parent", "Acme"])
        .printed_id();
    assert_eq!(verify(&host, &[]).0, Some(0));
    let other = format!("{tree}: record 3 is not the one that a checkpoint holds\n");
    assert_eq!(verify(&host, &WITH), (Some(1), other));
    host.printed(&["audit", "checkpoint", "--out", "b.note"]);
    let both = [
        "audit",
        "verify",
        "--checkpoint",
        "a.note",
        "--checkpoint",
        "b.note",
    ];
    assert_eq!(
        host.refusal(&both),
        format!(
            "the checkpoint b.note and one before it hold different hashes of record 3 of the tree {acme}: the \
             audit log was written anew between them"
        )
    );
}

#[test]
fn edits_deletions_and_a_new_order_are_found_with_a_checkpoint_as_without() {
    let host = host();
    let acme = acme_with_checkpoint(&host);
    let tree = format!("the tree Acme ({acme})");
    for (done, undone, wrong) in [
        (
            "UPDATE audit_record SET detail = 'view-build' WHERE action = 'member.added'",
            "UPDATE audit_record SET detail = 'owner' WHERE action = 'member.added'",
            "record 2 was changed",
        ),
        (
            "UPDATE audit_record SET seq = seq + 10 WHERE action = 'member.added'",
            "UPDATE audit_record SET seq = seq - 10 WHERE action = 'member.added'",
            "record 2 is missing",
        ),
        (
            "UPDATE audit_record SET seq = 9 WHERE action = 'member.added';
             UPDATE audit_record SET seq = 2 WHERE seq = 3 AND action = 'organization.created';
             UPDATE audit_record SET seq = 3 WHERE seq = 9",
            "UPDATE audit_record SET seq = 9 WHERE action = 'member.added';
             UPDATE audit_record SET seq = 3 WHERE seq = 2 AND action = 'organization.created';
             UPDATE audit_record SET seq = 2 WHERE seq = 9",
            "record 2 is not linked to the one before it",
        ),
    ] {
        by_hand(&host, done);
        let found = (Some(1), format!("{tree}: {wrong}\n"));
        assert_eq!(verify(&host, &WITH), found, "{done}");
        by_hand(&host, undone);
        assert_eq!(verify(&host, &WITH).0, Some(0), "{undone}");
    }
}

#[test]
fn a_tree_whose_chain_is_gone_is_found_also_when_the_tree_is_gone_with_it() {
    let host = host();
    let acme = acme_with_checkpoint(&host);
    by_hand(
        &host,
        "DELETE FROM audit_record WHERE tree IN (SELECT id FROM organization);
         DELETE FROM audit_head WHERE tree IN (SELECT id FROM organization);",
    );
    let gone = (
        Some(1),
        format!("the tree Acme ({acme}): the chain is missing\n"),
    );
    assert_eq!(verify(&host, &[]), gone);
    by_hand(
        &host,
        "DELETE FROM membership; DELETE FROM organization_ancestor; DELETE FROM organization;",
    );
    assert_eq!(verify(&host, &[]).0, Some(0), "nothing tells of it");
    let gone = (Some(1), format!("the tree {acme}: the chain is missing\n"));
    assert_eq!(verify(&host, &WITH), gone);
    by_hand(&host, "DELETE FROM audit_record; DELETE FROM audit_head;");
    let all =
        format!("the instance: the chain is missing\nthe tree {acme}: the chain is missing\n");
    assert_eq!(verify(&host, &WITH), (Some(1), all));
}

/// What an older copy of the audit log would bring back, key records included.
const KEEP: &str = "CREATE TABLE old_record AS SELECT * FROM audit_record;
    CREATE TABLE old_head AS SELECT * FROM audit_head;
    CREATE TABLE old_key AS SELECT * FROM key_record;";
const BRING_BACK: &str = "DELETE FROM audit_record; DELETE FROM audit_head; DELETE FROM key_record;
    INSERT INTO audit_record SELECT * FROM old_record;
    INSERT INTO audit_head SELECT * FROM old_head;
    INSERT INTO key_record SELECT * FROM old_key;";

#[test]
fn an_older_database_is_found_also_when_it_is_older_than_the_key() {
    let host = host();
    host.acme();
    by_hand(&host, KEEP);
    host.run(&["org", "add", "Mobile", "--parent", "Acme"])
        .printed_id();
    host.printed(&["audit", "checkpoint", "--out", "a.note"]);
    let key = host.printed(&["audit", "key"]);
    assert_eq!(verify(&host, &WITH).0, Some(0));
    by_hand(&host, BRING_BACK);
    assert_eq!(verify(&host, &[]).0, Some(0), "it is whole in itself");
    let refused = host.refusal(&["audit", "verify", "--checkpoint", "a.note"]);
    let name = key.split('+').next().unwrap();
    let wanted = format!(
        "the checkpoint a.note is not good: it is signed by {name}, a key that this database does not have: "
    );
    assert!(refused.starts_with(&wanted), "{refused}");
    let (code, said) = verify(&host, &[&WITH[..], &["--key", key.trim_end()]].concat());
    let short = ": the chain ends with record 2, and a checkpoint holds record 3\n";
    assert!(
        code == Some(1) && said.contains("the instance: the chain ends") && said.ends_with(short),
        "{code:?} {said}"
    );
}

#[test]
fn a_checkpoint_that_cannot_be_believed_ends_the_command() {
    let host = host();
    acme_with_checkpoint(&host);
    let other = Host::embedded();
    other.acme();
    let foreign = other.printed(&["audit", "checkpoint"]);
    let good = fs::read_to_string(host.path("a.note")).unwrap();
    let line = good.lines().nth(4).unwrap();
    let forged = good.replacen(line, &changed(line), 1);
    let instance = foreign.lines().nth(1).unwrap();
    let instance = instance.strip_prefix("instance ").unwrap();
    let stranger = foreign.replacen(instance, good.lines().nth(1).unwrap().split_at(9).1, 1);
    for (text, wrong) in [
        (String::new(), "it is no signed note".to_owned()),
        ("a\n\nb\n".to_owned(), "it is no signed note".to_owned()),
        (
            good.replacen("checkpoint 1", "checkpoint 2", 1),
            "it has a form that this version does not know".to_owned(),
        ),
        (
            good.replacen("chains 2", "chains 3", 1),
            "line 7 is not as it should be".to_owned(),
        ),
        (forged, "the signature of the key keyfob-audit/".to_owned()),
        (
            foreign.clone(),
            format!("it is of another instance, {instance}"),
        ),
        (stranger, "it is signed by keyfob-audit/".to_owned()),
    ] {
        host.write("bad.note", &text);
        let refused = host.refusal(&["audit", "verify", "--checkpoint", "bad.note"]);
        let wanted = format!("the checkpoint bad.note is not good: {wrong}");
        assert!(refused.starts_with(&wanted), "{refused} for {text}");
    }
    let missing = host.refusal(&["audit", "verify", "--checkpoint", "none.note"]);
    assert!(missing.starts_with("the checkpoint none.note is not good: it cannot be read: "));
    let taken = host.refusal(&["audit", "checkpoint", "--out", "a.note"]);
    assert_eq!(
        taken,
        "a.note is there already: a checkpoint does not take the place of another"
    );
    assert_eq!(fs::read_to_string(host.path("a.note")).unwrap(), good);
    let bad_key = host.run(&["audit", "verify", "--checkpoint", "a.note", "--key", "mine"]);
    assert_eq!(bad_key.code, Some(2), "{}", bad_key.err);
}

/// The line with another hash.
fn changed(line: &str) -> String {
    let (rest, last) = line.split_at(line.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}
