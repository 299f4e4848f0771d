//! Password hashes of another system, as an import brings them: argon2id (RFC 9106, as a PHC string) and
//! bcrypt.

use std::collections::BTreeMap;

use keyfob_server::app::password::check_hash;

/// Most KiB, passes, lanes and bcrypt rounds (as a power of two) of a hash that is taken: checking a
/// password against one that asks for more would take the server away from everybody else.
const ARGON2_MOST: [(&str, u64); 3] = [("m", 1 << 20), ("t", 16), ("p", 16)];
const BCRYPT_MOST: u64 = 16;

/// A hash that is taken has a known form, and asks for a bounded effort.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if check_hash(&text).is_err() {
        return;
    }
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["", "2a" | "2b" | "2x" | "2y", cost, rest] => {
            assert!(cost.parse::<u64>().is_ok_and(|cost| (4..=BCRYPT_MOST).contains(&cost)));
            assert_eq!(rest.len(), 22 + 31);
        }
        ["", "argon2id", parameters @ .., salt, hash] => {
            assert!(!salt.is_empty() && !hash.is_empty());
            let parameters = parameters.iter().flat_map(|part| part.split(','));
            // Of one that repeats the last counts.
            let parameters: BTreeMap<&str, &str> =
                parameters.filter_map(|it| it.split_once('=')).collect();
            let number = |name: &str| -> Option<u64> {
                let value = parameters.get(name)?;
                Some(value.parse().expect("a number"))
            };
            for (name, most) in ARGON2_MOST {
                assert!(number(name).is_none_or(|asked| (1..=most).contains(&asked)));
            }
            assert!(number("v").is_none_or(|version| [16, 19].contains(&version)));
        }
        parts => unreachable!("taken is {parts:?}"),
    }
}
