//! Both sides of each second that decides.

use keyfob_verify::{Jwks, MAX_TOKEN, Refused, Verifier};

use crate::rules::{JWKS, token};

const MADE: i64 = 1_800_000_000;
const ENDS: i64 = MADE + 3600;

fn verifier(leeway: u8) -> Verifier {
    let keys = Jwks::parse(JWKS.as_bytes()).unwrap();
    Verifier::new("https://id.example.com", "https://api.example.com", keys).with_leeway(leeway)
}

fn outcome(leeway: u8, now: i64) -> Result<(), Refused> {
    verifier(leeway)
        .verify(&token("eddsa"), now)
        .map(|_claims| ())
}

#[test]
fn a_token_lives_up_to_its_end_and_the_leeway_and_not_in_that_second() {
    for leeway in [0, 1, 30, 255] {
        let end = ENDS + i64::from(leeway);
        assert_eq!(outcome(leeway, end - 1), Ok(()), "{leeway}");
        assert_eq!(outcome(leeway, end), Err(Refused::Expired), "{leeway}");
    }
}

#[test]
fn a_token_begins_in_the_second_it_is_made_in_less_the_leeway() {
    for leeway in [0, 1, 30, 255] {
        let start = MADE - i64::from(leeway);
        assert_eq!(outcome(leeway, start), Ok(()), "{leeway}");
        assert_eq!(
            outcome(leeway, start - 1),
            Err(Refused::NotYetValid),
            "{leeway}"
        );
    }
}

#[test]
fn the_leeway_is_30_seconds_unless_changed() {
    let keys = Jwks::parse(JWKS.as_bytes()).unwrap();
    let verifier = Verifier::new("https://id.example.com", "https://api.example.com", keys);
    assert!(verifier.verify(&token("eddsa"), ENDS + 29).is_ok());
    assert_eq!(
        verifier.verify(&token("eddsa"), ENDS + 30),
        Err(Refused::Expired)
    );
}

#[test]
fn the_ends_of_time_are_no_overflow() {
    assert_eq!(outcome(60, i64::MAX), Err(Refused::Expired));
    assert_eq!(outcome(60, i64::MIN), Err(Refused::NotYetValid));
}

#[test]
fn the_longest_token_is_just_within_the_limit() {
    let longest = token("longest");
    assert!(
        (MAX_TOKEN - 3..=MAX_TOKEN).contains(&longest.len()),
        "{}",
        longest.len()
    );
    let text = |length: usize| verifier(0).verify(&"A".repeat(length), MADE);
    assert_eq!(text(MAX_TOKEN), Err(Refused::Malformed));
    assert_eq!(text(MAX_TOKEN + 1), Err(Refused::TooLong));
}
