//! Names of organizations, people and tokens, and e-mail addresses: what is allowed, and when two are one.
//!
//! Names are compared *folded by us*, and the folded form is what the databases index, so both engines
//! agree (contract 1). Folding is full Unicode case folding, after which the Turkish dotless and dotted
//! letters are one: `IŞIK`, `Işık` and `ışık` are the same name.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Most characters a name may have.
pub const NAME_MAX: usize = 100;
/// Most octets of an e-mail address (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// Most characters of an `externalId`.
pub const EXTERNAL_ID_MAX: usize = 200;

/// Why a text is no name, address or external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing is left after trimming.
    #[error("it is empty")]
    Empty,
    /// More characters than allowed.
    #[error("it is too long")]
    TooLong,
    /// A control, format, line-separator, invisible or unassigned character.
    #[error("it holds a control, invisible, direction-changing or unassigned character")]
    Character,
    /// Not of the form `local@domain`.
    #[error("it is not an e-mail address")]
    NotAnAddress,
}

/// A name as it is shown: trimmed, NFC, 1 to 100 visible characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name as typed.
    ///
    /// # Errors
    /// [`BadName`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = ComposingNormalizerBorrowed::new_nfc()
            .normalize(text.trim())
            .into_owned();
        if name.is_empty() {
            return Err(BadName::Empty);
        }
        if name.chars().count() > NAME_MAX {
            return Err(BadName::TooLong);
        }
        if name.chars().any(is_unseen) {
            return Err(BadName::Character);
        }
        Ok(Self(name))
    }

    /// Takes what the store holds.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name of something that was given none: a day, which is visible characters only.
    pub fn of_day(year: i16, month: i8, day: i8) -> Self {
        Self(format!("{year:04}-{month:02}-{day:02}"))
    }

    /// The name as shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared and stored for comparison.
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

/// An e-mail address: as written, and as compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    shown: String,
    key: String,
}

impl Email {
    /// Reads an address. The domain becomes its IDNA (ASCII) form; comparison ignores ASCII case.
    ///
    /// # Errors
    /// [`BadName::NotAnAddress`] and the other reasons of [`BadName`].
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(BadName::NotAnAddress)?;
        let domain =
            idna::domain_to_ascii_strict(domain).map_err(|_cause| BadName::NotAnAddress)?;
        let local = ComposingNormalizerBorrowed::new_nfc()
            .normalize(local)
            .into_owned();
        if local.chars().any(is_unseen) {
            return Err(BadName::Character);
        }
        if !is_local_part(&local) || !domain.contains('.') && domain != "localhost" {
            return Err(BadName::NotAnAddress);
        }
        let shown = format!("{local}@{domain}");
        if shown.len() > EMAIL_MAX {
            return Err(BadName::TooLong);
        }
        Ok(Self {
            key: shown.to_ascii_lowercase(),
            shown,
        })
    }

    /// The address as written, with its domain in ASCII.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The form in which addresses are compared.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Checks an `externalId`: 1 to 200 opaque characters, none of them a control.
///
/// # Errors
/// [`BadName`] says what is wrong with it.
pub fn check_external_id(text: &str) -> Result<(), BadName> {
    match text.chars().count() {
        0 => Err(BadName::Empty),
        count if count > EXTERNAL_ID_MAX => Err(BadName::TooLong),
        _ if text.chars().any(char::is_control) => Err(BadName::Character),
        _ => Ok(()),
    }
}

/// Case folding for comparison (contract 1): canonical caseless matching of Unicode §3.13, D145,
/// then `ı` as `i`, and U+0307 after `i` dropped. Also of a text that is searched for and is no name.
pub fn fold(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded = CaseMapper::new().fold_string(&decomposed);
    let mut key = String::with_capacity(folded.len());
    for letter in folded.chars() {
        match letter {
            'ı' => key.push('i'),
            '\u{307}' if key.ends_with('i') => {}
            other => key.push(other),
        }
    }
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&key)
        .into_owned()
}

fn is_unseen(letter: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    let hidden = [
        GeneralCategory::Control,
        GeneralCategory::Format,
        GeneralCategory::LineSeparator,
        GeneralCategory::ParagraphSeparator,
        GeneralCategory::Unassigned,
    ];
    hidden.contains(&category)
        || CodePointSetData::new::<BidiControl>().contains(letter)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// RFC 5322 `dot-atom`, with letters beyond ASCII as RFC 6531 allows; quoted local parts are not taken.
fn is_local_part(local: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| {
                !letter.is_ascii() && !letter.is_whitespace()
                    || letter.is_ascii_alphanumeric()
                    || "!#$%&'*+-/=?^_`{|}~".contains(letter)
            })
    };
    local.len() <= 64 && local.split('.').all(atom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        Name::parse(text).expect("a good name").key()
    }

    #[test]
    fn names_that_differ_in_case_are_one_name() {
        for group in [
            &["IŞIK", "Işık", "ışık", "işik", "İŞİK"][..],
            &["Straße", "STRASSE", "strasse"],
            &["Çağrı & Söhne (test)", "çağrı & söhne (TEST)"],
            &["Ångström", "A\u{30a}ngstro\u{308}m", "ÅNGSTRÖM"],
            &["Σίσυφος", "ΣΊΣΥΦΟΣ"],
        ] {
            for name in group {
                assert_eq!(key(name), key(group[0]), "{name}");
            }
        }
        assert_ne!(key("Acme"), key("Acne"));
    }

    #[test]
    fn a_name_is_trimmed_and_composed() {
        let name = Name::parse("  A\u{30a}cme \n").expect("a good name");
        assert_eq!(name.as_str(), "Åcme");
    }

    #[test]
    fn a_name_has_one_to_a_hundred_characters() {
        assert_eq!(Name::parse("  \t"), Err(BadName::Empty));
        assert!(Name::parse(&"ü".repeat(100)).is_ok());
        assert_eq!(Name::parse(&"ü".repeat(101)), Err(BadName::TooLong));
    }

    #[test]
    fn characters_nobody_sees_are_refused_in_names() {
        for hidden in [
            '\0',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{378}',
            '\u{e0041}',
            '\u{ffff}',
        ] {
            let text = format!("Ac{hidden}me");
            assert_eq!(
                Name::parse(&text),
                Err(BadName::Character),
                "U+{:04X}",
                u32::from(hidden)
            );
        }
    }

    #[test]
    fn addresses_compare_without_ascii_case_and_with_idna_domains() {
        let email = Email::parse(" Ana.Ünal+ci@Bücher.Example ").expect("a good address");
        assert_eq!(email.as_str(), "Ana.Ünal+ci@xn--bcher-kva.example");
        assert_eq!(email.key(), "ana.Ünal+ci@xn--bcher-kva.example");
    }

    #[test]
    fn texts_that_are_no_addresses_are_refused() {
        for text in [
            "",
            "ana",
            "@acme.example",
            "ana@",
            "a b@acme.example",
            "ana@acme",
            "ana.@acme.example",
            "ana@acme..example",
            "\"ana\"@acme.example",
            "ana@ac me.example",
            "a\u{200b}na@acme.example",
            "ana@acme.example\u{202e}",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
        let long = format!("ana@{}.example", "a.".repeat(130));
        assert!(Email::parse(&long).is_err());
    }

    #[test]
    fn an_external_id_has_one_to_two_hundred_characters_and_no_controls() {
        assert_eq!(check_external_id(""), Err(BadName::Empty));
        assert_eq!(check_external_id(&"x".repeat(200)), Ok(()));
        assert_eq!(check_external_id(&"x".repeat(201)), Err(BadName::TooLong));
        assert_eq!(check_external_id("a\u{1b}[2J"), Err(BadName::Character));
    }
}
