//! A reach in its stored form (contract P15).

use keyfob_core::id::OrgId;
use keyfob_core::reach::Reach;
use uuid::Uuid;

/// A reach is one of two words or some ids; it is printed as it is read, and covers what it names.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = Reach::from_stored(&text);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let ids: Option<Vec<OrgId>> = words.iter().map(|word| word.parse().ok()).collect();
    let is_word = matches!(text.as_ref(), "subtree" | "organization");
    let is_named = ids.as_ref().is_some_and(|ids| !ids.is_empty());
    assert_eq!(read.is_some(), is_word || is_named);
    let Some(reach) = read else { return };
    assert_eq!(Reach::from_stored(&reach.to_text()), Some(reach.clone()));
    let (home, other) = (org(1), org(2));
    assert!(reach.covers(home, home));
    let named = ids.unwrap_or_default();
    assert!(named.iter().all(|id| reach.covers(home, *id)));
    let covers_other = named.contains(&other) || reach == Reach::Subtree;
    assert_eq!(reach.covers(home, other), covers_other);
}

fn org(number: u128) -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(number))
}
