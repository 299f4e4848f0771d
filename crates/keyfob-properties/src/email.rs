//! E-mail addresses (RFC 5321 §4.1.2, RFC 6531 §3.3; domains by IDNA).

use keyfob_core::name::{EMAIL_MAX, Email};

/// An address is short, has an ASCII domain in one form, and is printed as it is read.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(email) = Email::parse(&text) else {
        return;
    };
    let shown = email.as_str();
    assert!(shown.len() <= EMAIL_MAX);
    assert_eq!(email.key(), shown.to_ascii_lowercase());
    assert_eq!(Email::parse(shown).as_ref(), Ok(&email));
    assert_eq!(
        Email::parse(email.key()).map(|same| same.key().to_owned()),
        Ok(email.key().to_owned())
    );
    let (local, domain) = shown.split_once('@').expect("an address");
    assert!((1..=64).contains(&local.len()) && !local.contains(char::is_whitespace));
    assert!(!domain.is_empty() && domain.split('.').all(is_label));
}

/// RFC 1123 §2.1, in lower case.
fn is_label(label: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=63).contains(&label.len())
        && label.chars().all(|letter| letters(letter) || letter == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
