//! P11: the text form of a token.

use std::collections::BTreeSet;

use keyfob_core::foreign::TokenForms;
use keyfob_core::secret::Prefix;

use crate::site::Site;

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// CRC-32 (IEEE 802.3) bit by bit, as its definition has it, in six digits of base 62.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _bit in 0..8 {
            let out = crc & 1;
            crc >>= 1;
            if out == 1 {
                crc ^= 0xedb8_8320;
            }
        }
    }
    crc = !crc;
    let mut digits = Vec::new();
    for _digit in 0..6 {
        digits.push(char::from(ALPHABET[usize::try_from(crc % 62).unwrap()]));
        crc /= 62;
    }
    digits.iter().rev().collect()
}

#[test]
fn p11_the_checksum_of_the_test_is_the_one_of_the_design() {
    let with = |body: &str| checksum(&format!("kfpat_{body}"));
    assert_eq!(with(&"0".repeat(32)), "02lYmX");
    assert_eq!(with(&"A".repeat(32)), "0HnFpX");
    assert_eq!(with("0123456789ABCDEFGHIJKLMNOPQRSTUV"), "4fAYTK");
}

#[tokio::test]
async fn p11_a_token_is_prefix_32_letters_and_their_checksum() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let mut seen = BTreeSet::new();
    for _token in 0..10 {
        let secret = site.generate(&ana, site.acme, "{}").await.secret;
        assert_eq!(secret.len(), 44);
        let (start, end) = secret.split_at(38);
        let body = start.strip_prefix("kfpat_").unwrap();
        assert!(
            body.bytes().all(|letter| ALPHABET.contains(&letter)),
            "{secret}"
        );
        assert_eq!(end, checksum(start), "{secret}");
        assert!(seen.insert(secret));
    }
    let letters: BTreeSet<u8> = seen
        .iter()
        .flat_map(|secret| secret.bytes().skip(6))
        .collect();
    assert!(
        letters.len() > 55,
        "of 380 letters most of the 62 are there"
    );
}

#[tokio::test]
async fn p11_any_change_of_any_character_length_or_case_is_refused() {
    let site = Site::on(super::backend().await).await;
    let secret = site.pat("ana", site.acme).await.secret;
    let mut changed = BTreeSet::from([
        secret.to_uppercase(),
        secret.to_lowercase(),
        format!("{secret}0"),
        format!("{secret}{secret}"),
        format!("x{secret}"),
        format!("{secret}."),
        format!("{secret}%C3%BC"),
        secret.replace('_', "-"),
        secret.replace("kfpat_", ""),
        secret.replace("kfpat_", "kfsat_"),
    ]);
    for (place, letter) in secret.char_indices() {
        let (before, rest) = secret.split_at(place);
        let after = &rest[1..];
        changed.insert(format!("{before}{after}"));
        changed.insert(format!("{before}{letter}{letter}{after}"));
        let other = if letter == '0' { '1' } else { '0' };
        changed.insert(format!("{before}{other}{after}"));
        let flipped = if letter.is_ascii_uppercase() {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        };
        changed.insert(format!("{before}{flipped}{after}"));
        changed.insert(before.to_owned());
    }
    changed.remove(&secret);
    changed.remove("");
    assert!(changed.len() > 150);
    for (place, text) in changed.iter().enumerate() {
        // From many places: there are more of them than one address may get wrong.
        let answer = site
            .exchanging("v2", &format!("pat={text}"))
            .from(&format!("192.0.2.{}", place % 256))
            .outcome()
            .await;
        assert_eq!(answer, "401 invalid_grant", "{text}");
    }
    let whole = site
        .exchanging("v2", &format!("pat={secret}"))
        .outcome()
        .await;
    assert_eq!(whole, "200");
}

#[tokio::test]
async fn p11_the_prefix_is_the_operators_choice() {
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| {
        parts.forms = TokenForms {
            prefix: Prefix::parse("acme1_").unwrap(),
            foreign: Vec::new(),
        };
    })
    .await;
    let pat = site.pat("ana", site.acme).await;
    let (start, end) = pat.secret.split_at(38);
    assert!(start.starts_with("acme1_"));
    assert_eq!(end, checksum(start));
    assert_eq!(site.exchange(&pat, site.acme).await.outcome(), "200");
}
