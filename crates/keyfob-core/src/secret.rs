//! The personal API token's text form, and how it is stored: as a keyed digest, never as itself.
//!
//! Text form (contract P11): prefix, 32 base62 characters from the operating system's generator
//! (190 bits), and 6 base62 characters of CRC-32 (IEEE) over prefix and body. The checksum lets a typo
//! or a random string be refused without a look-up; it protects nothing.
//!
//! Stored form (P12): HMAC-SHA-256(pepper, scheme ‖ 0x00 ‖ H(whole text)). Without the pepper a copy of
//! the database cannot even test whether a string is a token.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of the random part.
pub const BODY_LENGTH: usize = 32;
/// Characters of the checksum.
pub const CHECKSUM_LENGTH: usize = 6;
/// Bytes of a pepper.
pub const PEPPER_LENGTH: usize = 32;

/// The first characters of every token of this installation, such as `kfpat_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// A text that cannot be a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token prefix is a letter a-z, then 1 to 15 of a-z and 0-9, then an underscore")]
pub struct BadPrefix;

impl Prefix {
    /// Reads a prefix: `[a-z][a-z0-9]{1,15}_`.
    ///
    /// # Errors
    /// [`BadPrefix`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadPrefix> {
        let word = text.strip_suffix('_').ok_or(BadPrefix)?;
        let fits = (2..=16).contains(&word.len())
            && word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadPrefix)
        }
    }

    /// The prefix with its underscore.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("kfpat_".to_owned())
    }
}

/// The secret of a personal API token. It has no `Display`, no serialisation and no comparison; its
/// `Debug` shows nothing, and its memory is cleared when it goes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PatSecret(String);

impl fmt::Debug for PatSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatSecret(…)")
    }
}

/// A text that is no token of this installation: wrong prefix, length, alphabet or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this installation")]
pub struct Malformed;

impl PatSecret {
    /// Makes a new secret; `fill` must give bytes of the operating system's generator.
    pub fn generate(prefix: &Prefix, mut fill: impl FnMut(&mut [u8])) -> Self {
        let mut text = String::with_capacity(prefix.0.len() + BODY_LENGTH + CHECKSUM_LENGTH);
        text.push_str(&prefix.0);
        let mut bytes = [0_u8; 64];
        let end = prefix.0.len() + BODY_LENGTH;
        while text.len() < end {
            fill(&mut bytes);
            // Rejection sampling: 248 is the largest multiple of 62 in a byte, so no letter is likelier.
            let fair = bytes
                .iter()
                .filter(|byte| **byte < 248)
                .map(|byte| usize::from(byte % 62));
            for letter in fair
                .filter_map(|index| ALPHABET.get(index))
                .take(end - text.len())
            {
                text.push(char::from(*letter));
            }
        }
        bytes.zeroize();
        let sum = checksum(&text);
        text.push_str(&sum);
        Self(text)
    }

    /// Reads a presented text, white space at both ends dropped (X1).
    ///
    /// # Errors
    /// [`Malformed`] when prefix, length, alphabet or checksum is wrong; no look-up is then needed.
    pub fn parse(prefix: &Prefix, text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let rest = text.strip_prefix(prefix.as_str()).ok_or(Malformed)?;
        let fits = rest.len() == BODY_LENGTH + CHECKSUM_LENGTH
            && rest.bytes().all(|letter| letter.is_ascii_alphanumeric());
        let (covered, sum) = text
            .split_at_checked(text.len().saturating_sub(CHECKSUM_LENGTH))
            .ok_or(Malformed)?;
        if fits && checksum(covered) == sum {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed)
        }
    }

    /// Takes a text that a foreign pattern recognised (contract P12).
    pub(crate) fn foreign(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself, for the one answer that shows it. Every caller is listed and reviewed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a list shows: prefix, ellipsis and the last four characters.
    pub fn hint(&self) -> String {
        let prefix = self
            .0
            .find('_')
            .and_then(|end| self.0.get(..=end))
            .unwrap_or_default();
        let tail = self
            .0
            .get(self.0.len().saturating_sub(4)..)
            .unwrap_or_default();
        format!("{prefix}…{tail}")
    }

    /// Its hash under a scheme: what another system may have stored and an import can bring.
    pub fn hash(&self, scheme: Scheme) -> TokenHash {
        TokenHash {
            scheme,
            bytes: digest::digest(scheme.algorithm(), self.0.as_bytes())
                .as_ref()
                .to_vec(),
        }
    }
}

/// CRC-32 (IEEE 802.3) in six base62 digits, the most significant first.
fn checksum(covered: &str) -> String {
    let mut rest = crc32fast::hash(covered.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or_default();
        *digit = ALPHABET.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// How a token's text was hashed before the pepper. The number is inside the MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// SHA-256: native tokens.
    Sha256,
    /// SHA-512: only imported ones.
    Sha512,
}

impl Scheme {
    /// The number inside the MAC.
    pub const fn number(self) -> u8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// The hash of a token's whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash {
    scheme: Scheme,
    bytes: Vec<u8>,
}

impl TokenHash {
    /// Takes an imported hash.
    ///
    /// # Errors
    /// [`Malformed`] when the length is not the scheme's.
    pub fn imported(scheme: Scheme, bytes: Vec<u8>) -> Result<Self, Malformed> {
        if bytes.len() == scheme.algorithm().output_len() {
            Ok(Self { scheme, bytes })
        } else {
            Err(Malformed)
        }
    }
}

/// The key under which token hashes are stored. Parsed once, kept in memory.
#[derive(Clone)]
pub struct Pepper(hmac::Key);

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

impl Pepper {
    /// Takes the unsealed bytes.
    pub fn new(bytes: &[u8; PEPPER_LENGTH]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The stored form of a token hash.
    pub fn mac(&self, hash: &TokenHash) -> PatMac {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[hash.scheme.number(), 0]);
        context.update(&hash.bytes);
        PatMac(context.sign().as_ref().to_vec())
    }
}

/// What the database holds of a token's secret. Compared by the database's unique index; its timing
/// tells nothing to anyone without the pepper.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PatMac(Vec<u8>);

impl PatMac {
    /// The bytes to store and look up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PatMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatMac(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(seed: u8) -> PatSecret {
        let mut next = seed;
        PatSecret::generate(&Prefix::default(), |bytes| {
            for byte in bytes {
                next = next.wrapping_mul(5).wrapping_add(113);
                *byte = next;
            }
        })
    }

    #[test]
    fn p11_the_checksum_covers_prefix_and_body() {
        for (body, sum) in [
            ("0".repeat(32).as_str(), "02lYmX"),
            ("A".repeat(32).as_str(), "0HnFpX"),
            ("0123456789ABCDEFGHIJKLMNOPQRSTUV", "4fAYTK"),
        ] {
            assert_eq!(checksum(&format!("kfpat_{body}")), sum);
            let parsed = PatSecret::parse(&Prefix::default(), &format!(" kfpat_{body}{sum}\n"));
            assert!(parsed.is_ok(), "white space at both ends is dropped");
        }
    }

    #[test]
    fn p11_a_generated_secret_has_the_form_it_is_read_in() {
        let prefix = Prefix::default();
        let made = secret(1);
        assert_eq!(made.expose().len(), 44);
        assert!(PatSecret::parse(&prefix, made.expose()).is_ok());
        assert_ne!(made.expose(), secret(2).expose());
        assert_eq!(made.hint().chars().count(), 11);
        assert!(made.hint().starts_with("kfpat_…"));
    }

    #[test]
    fn p11_any_change_of_a_character_a_length_or_a_case_is_refused() {
        let prefix = Prefix::default();
        let text = secret(3).expose().to_owned();
        let mut changed = vec![
            text.clone() + "0",
            text.chars().take(43).collect(),
            String::new(),
            text.replace("kfpat_", "KFPAT_"),
        ];
        for index in 0..text.len() {
            for letter in ['0', 'z', 'Z', '_', 'é', '\0'] {
                let mut other: Vec<char> = text.chars().collect();
                other[index] = letter;
                changed.push(other.into_iter().collect());
            }
            let mut flipped = text.clone().into_bytes();
            flipped[index] ^= 0x20;
            changed.push(String::from_utf8(flipped).expect("still ASCII"));
        }
        for other in changed.iter().filter(|other| **other != text) {
            assert!(PatSecret::parse(&prefix, other).is_err(), "{other}");
        }
    }

    #[test]
    fn p12_scheme_and_pepper_are_inside_the_mac() {
        let (one, two) = (Pepper::new(&[1; 32]), Pepper::new(&[2; 32]));
        let hash = secret(4).hash(Scheme::Sha256);
        assert_eq!(one.mac(&hash), one.mac(&hash));
        assert_ne!(one.mac(&hash), two.mac(&hash));
        assert_ne!(one.mac(&hash), one.mac(&secret(4).hash(Scheme::Sha512)));
        let mut message = vec![1, 0];
        message.extend(digest::digest(&digest::SHA256, secret(4).expose().as_bytes()).as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        assert_eq!(
            one.mac(&hash).as_bytes(),
            hmac::sign(&key, &message).as_ref()
        );
    }

    #[test]
    fn p12_an_imported_hash_must_have_its_schemes_length() {
        assert!(TokenHash::imported(Scheme::Sha256, vec![0; 32]).is_ok());
        assert_eq!(
            TokenHash::imported(Scheme::Sha256, vec![0; 64]),
            Err(Malformed)
        );
        assert_eq!(
            TokenHash::imported(Scheme::Sha512, vec![0; 32]),
            Err(Malformed)
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let made = secret(5);
        assert_eq!(format!("{made:?}"), "PatSecret(…)");
        assert_eq!(format!("{:?}", Pepper::new(&[9; 32])), "Pepper(…)");
        assert_eq!(
            format!(
                "{:?}",
                Pepper::new(&[9; 32]).mac(&made.hash(Scheme::Sha256))
            ),
            "PatMac(…)"
        );
    }

    #[test]
    fn p11_a_prefix_is_two_to_sixteen_letters_and_an_underscore() {
        for good in ["kfpat_", "a1_", "abcdefghijklmnop_"] {
            assert!(Prefix::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "_",
            "a_",
            "1a_",
            "kfpat",
            "Kfpat_",
            "kf_pat_",
            "kf-pat_",
            "abcdefghijklmnopq_",
        ] {
            assert_eq!(Prefix::parse(bad), Err(BadPrefix), "{bad}");
        }
    }
}
