//! The field `scope` of the doors v1 to v3 (contract X3).

use keyfob_core::scope::Scopes;

const KNOWN: [&str; 3] = ["openid", "profile", "email"];

/// What is granted is what a reading word by word finds, and is read back as the same.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = Scopes::parse(Some(&text));
    assert_eq!(
        read.map(|scopes| scopes.to_string()).ok(),
        word_by_word(&text)
    );
    if let Ok(scopes) = read {
        assert_eq!(Scopes::parse(Some(&scopes.to_string())), Ok(scopes));
        let printed = scopes.to_string();
        let has = |word: &str| printed.split(' ').any(|each| each == word);
        assert_eq!(scopes.has_profile(), has("profile"));
        assert_eq!(scopes.has_email(), has("email"));
    }
}

fn word_by_word(text: &str) -> Option<String> {
    let spaced = text.replace(',', " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    if words.iter().any(|word| word.contains(':')) {
        return None;
    }
    if words.is_empty() {
        return Some(KNOWN.join(" "));
    }
    let mut granted: Vec<&str> = Vec::new();
    for word in words {
        if KNOWN.contains(&word) && !granted.contains(&word) {
            granted.push(word);
        }
    }
    if granted.is_empty() {
        granted.push("openid");
    }
    Some(granted.join(" "))
}
