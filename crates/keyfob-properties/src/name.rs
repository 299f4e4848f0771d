//! Names and external ids (contract 1).

use icu_normalizer::DecomposingNormalizerBorrowed;
use keyfob_core::name::{EXTERNAL_ID_MAX, NAME_MAX, Name, check_external_id};

/// A name is short, visible and trimmed; printed and read again it is the same, and its key does not
/// hang on the case of its letters.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = Name::parse(&text) {
        let shown = name.as_str();
        assert!((1..=NAME_MAX).contains(&shown.chars().count()));
        assert_eq!(shown.trim(), shown);
        assert!(!shown.chars().any(char::is_control));
        assert_eq!(Name::parse(shown).as_ref(), Ok(&name));
        for same in in_other_letters(&name) {
            // In other letters it may be longer than a name can be.
            if let Ok(same) = Name::parse(&same) {
                assert_eq!(same.key(), name.key(), "{shown:?} and {:?}", same.as_str());
            }
        }
    }
    if check_external_id(&text).is_ok() {
        assert!((1..=EXTERNAL_ID_MAX).contains(&text.chars().count()));
        assert!(!text.chars().any(char::is_control));
    }
}

/// The same name in other letters.
fn in_other_letters(name: &Name) -> Vec<String> {
    let shown = name.as_str();
    // A capital iota takes the marks behind it to itself, so a subscript one is moved to their end before
    // (SpecialCasing.txt of the Unicode database). Without one the plain text is as good.
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(shown);
    let mut same = vec![name.key(), decomposed.to_uppercase(), shown.to_lowercase()];
    if !decomposed.contains('\u{345}') {
        same.push(shown.to_uppercase());
    }
    same
}
