//! What a database must hold after a fault, whatever was acknowledged and whatever was not: chains that
//! verify, a feed without gaps, and of each change its row, its record and its item, or none of them.

use std::collections::BTreeMap;

use keyfob_core::event::FeedItem;
use keyfob_core::id::OrgId;
use keyfob_store::Store;
use keyfob_store::event::{audit_list, feed_after};
use keyfob_store::probe::{self, Cell};
use keyfob_testkit::chain::first_bad;
use uuid::Uuid;

/// Checks it, and returns every token that is there and whether it lives.
pub(super) async fn whole(store: Store) -> BTreeMap<Uuid, bool> {
    let mut tx = store.read().await.unwrap();
    let chains = probe::statement("SELECT tree FROM audit_head ORDER BY tree");
    let chains = probe::all(&mut tx, chains, &[], &[Cell::Uuid(None)])
        .await
        .unwrap();
    let (mut generated, mut revoked) = (BTreeMap::new(), BTreeMap::new());
    for chain in chains {
        let tree = id(chain.first());
        let tree = (!tree.is_nil()).then(|| OrgId::from_uuid(tree));
        let records = audit_list(&mut tx, tree).await.unwrap();
        assert_eq!(first_bad(tree, &records), None, "a chain does not verify");
        for record in records {
            let counted = match record.action.as_str() {
                "pat.generated" => &mut generated,
                "pat.revoked" => &mut revoked,
                _other => continue,
            };
            *counted.entry(record.subject.unwrap()).or_insert(0) += 1;
        }
    }
    let items = feed_after(&mut tx, 0, i64::MAX).await.unwrap();
    let numbers = items.iter().map(|(number, _item)| *number);
    assert!(
        numbers.eq(1..=i64::try_from(items.len()).unwrap()),
        "the feed has a gap"
    );
    let mut told = BTreeMap::new();
    for (_number, item) in items {
        if let FeedItem::Pat(pat) = item {
            *told.entry(pat.uuid()).or_insert(0) += 1;
        }
    }
    let rows = probe::statement("SELECT id, revoked_at FROM pat");
    let rows = probe::all(&mut tx, rows, &[], &[Cell::Uuid(None), Cell::Int(None)]).await;
    let rows = rows.unwrap().into_iter();
    let tokens: BTreeMap<Uuid, bool> = rows
        .map(|row| (id(row.first()), row.get(1) == Some(&Cell::Int(None))))
        .collect();
    let once = |ids: Vec<&Uuid>| {
        ids.into_iter()
            .map(|id| (*id, 1))
            .collect::<BTreeMap<_, _>>()
    };
    let ended = tokens.iter().filter(|(_id, lives)| !**lives);
    let ended = once(ended.map(|(id, _lives)| id).collect());
    assert_eq!(
        generated,
        once(tokens.keys().collect()),
        "tokens and their records"
    );
    assert_eq!(revoked, ended, "revoked tokens and their records");
    assert_eq!(told, ended, "revoked tokens and what the feed tells");
    tokens
}

fn id(cell: Option<&Cell>) -> Uuid {
    match cell {
        Some(Cell::Uuid(Some(id))) => *id,
        other => panic!("no id: {other:?}"),
    }
}
