//! The text of a personal API token (contract P11, P12): native and foreign ones, and the prefix.

use std::sync::LazyLock;

use keyfob_core::foreign::{Foreign, TokenForms};
use keyfob_core::secret::{PatSecret, Prefix, Scheme};

const PREFIX: &str = "kfpat_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static FORMS: LazyLock<TokenForms> = LazyLock::new(|| {
    let prefix = Prefix::default();
    let foreign = Foreign::new(
        "old".to_owned(),
        "^old-[0-9a-f]{24}$",
        Scheme::Sha512,
        &prefix,
    );
    TokenForms {
        foreign: vec![foreign.expect("a good pattern")],
        prefix,
    }
});

/// A text is a token exactly when a reading of its own says so; any change of a good one is refused;
/// nothing of it is printed.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    is_recognised_as_what_it_is(&text);
    any_change_is_refused(data);
    let prefix = Prefix::parse(&text);
    assert_eq!(prefix.is_ok(), is_prefix(&text));
    if let Ok(prefix) = prefix {
        assert_eq!(prefix.as_str(), text);
    }
}

fn is_recognised_as_what_it_is(text: &str) {
    let presented = text.trim();
    let native = PatSecret::parse(&FORMS.prefix, text);
    assert_eq!(native.is_ok(), is_native(presented));
    let schemes: &[Scheme] = match (is_native(presented), is_foreign(presented)) {
        (true, _) => &[Scheme::Sha256],
        (false, true) => &[Scheme::Sha512],
        (false, false) => &[],
    };
    let Some(recognised) = FORMS.recognise(text) else {
        assert!(schemes.is_empty());
        return;
    };
    assert_eq!(recognised.schemes, schemes);
    assert_eq!(recognised.secret.expose(), presented);
    let again = FORMS.recognise(recognised.secret.expose());
    assert!(again.is_some(), "what is printed is read again");
    let shown = format!("{recognised:?} {}", recognised.secret.hint());
    assert!(!shown.contains(&presented[presented.len() - 5..]));
    assert!(!shown.contains(&presented[4..16]));
}

/// Makes a good token of the input, then changes it as the input says.
fn any_change_is_refused(data: &[u8]) {
    let Some((place, rest)) = data.split_first() else {
        return;
    };
    let letters = rest.iter().copied().chain(std::iter::repeat(*place));
    let body = letters
        .take(32)
        .map(|byte| char::from(ALPHABET[usize::from(byte) % 62]));
    let covered: String = PREFIX.chars().chain(body).collect();
    let good = format!("{covered}{}", checksum(&covered));
    assert!(PatSecret::parse(&FORMS.prefix, &good).is_ok());

    let place = usize::from(*place) % good.len();
    let letter = String::from_utf8_lossy(rest).chars().next().unwrap_or('\0');
    let (before, after) = good.split_at(place);
    let changed = format!("{before}{letter}{}", &after[1..]);
    let inserted = format!("{before}{letter}{after}");
    let other_case: String = good
        .char_indices()
        .map(|(at, letter)| match at == place {
            true if letter.is_ascii_lowercase() => letter.to_ascii_uppercase(),
            true => letter.to_ascii_lowercase(),
            false => letter,
        })
        .collect();
    let twice = good.repeat(2);
    for other in [&changed, &inserted, &other_case, &twice, before, &after[1..]] {
        // White space at both ends is dropped (X1).
        if other.trim() != good {
            assert!(PatSecret::parse(&FORMS.prefix, other).is_err(), "{other:?}");
        }
    }
}

fn is_native(text: &str) -> bool {
    let is_made_of_letters = |text: &str| text.bytes().all(|byte| ALPHABET.contains(&byte));
    let parts = text
        .strip_prefix(PREFIX)
        .filter(|rest| rest.len() == 38 && is_made_of_letters(rest));
    parts.is_some_and(|rest| {
        let (body, sum) = rest.split_at(32);
        checksum(&format!("{PREFIX}{body}")) == sum
    })
}

fn is_foreign(text: &str) -> bool {
    text.strip_prefix("old-").is_some_and(|rest| {
        let is_digit = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
        rest.len() == 24 && rest.chars().all(is_digit)
    })
}

fn is_prefix(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.next_back() == Some('_')
        && (1..=15).contains(&letters.as_str().len())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
}

/// CRC-32 of IEEE 802.3, bit by bit, in base62.
fn checksum(covered: &str) -> String {
    let mut sum = u32::MAX;
    for byte in covered.bytes() {
        sum ^= u32::from(byte);
        for _bit in 0..8 {
            let carry = if sum & 1 == 1 { 0xEDB8_8320 } else { 0 };
            sum = (sum >> 1) ^ carry;
        }
    }
    let sum = !sum;
    let digit = |power: u32| {
        let index = u64::from(sum) / 62_u64.pow(power) % 62;
        char::from(ALPHABET[usize::try_from(index).expect("below 62")])
    };
    (0..6).rev().map(digit).collect()
}
