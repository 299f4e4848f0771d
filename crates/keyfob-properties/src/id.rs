//! Ids in their text form (RFC 9562 §4).

use keyfob_core::id::OrgId;

/// Only the hyphenated form is read, in either case, and printed in lower case.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read: Result<OrgId, _> = text.parse();
    assert_eq!(read.is_ok(), is_hyphenated(&text));
    if let Ok(id) = read {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

fn is_hyphenated(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.chars().all(|digit| digit.is_ascii_hexdigit()))
}
