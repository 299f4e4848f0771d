//! Times as people write and read them.

use std::time::Duration;

/// Units with their letter, their word and their seconds, the longest first.
const UNITS: [(char, &str, u64); 4] = [
    ('d', "day", 86_400),
    ('h', "hour", 3_600),
    ('m', "minute", 60),
    ('s', "second", 1),
];

/// A text that is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is a whole number with a unit (s, m, h or d), such as \"15m\", \"12h\" or \"30d\"")]
pub(crate) struct NotATime;

/// Reads a whole number of seconds, minutes, hours or days.
pub(crate) fn parse(text: &str) -> Result<Duration, NotATime> {
    let mut letters = text.chars();
    let unit = letters.next_back().ok_or(NotATime)?;
    let (_letter, _word, seconds) = UNITS
        .into_iter()
        .find(|(letter, ..)| *letter == unit)
        .ok_or(NotATime)?;
    let number = letters.as_str();
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(NotATime);
    }
    let number: u64 = number.parse().map_err(|_no_number| NotATime)?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or(NotATime)
}

/// Says a time in its largest whole unit, as in "15 minutes"; none at all in seconds.
pub(crate) fn words(time: Duration) -> String {
    let whole = UNITS
        .into_iter()
        .find(|(_, _, unit)| !time.is_zero() && time.as_secs().is_multiple_of(*unit));
    let (_letter, word, unit) = whole.unwrap_or(('s', "second", 1));
    let number = time.as_secs() / unit;
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_whole_number_with_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("12h", 43_200),
            ("30d", 2_592_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "", "15", "m", "15 m", "1.5h", "-1h", "+1h", "1w", "1h30m", "15M", "9é",
        ] {
            assert_eq!(parse(text), Err(NotATime), "{text}");
        }
        assert_eq!(parse(&format!("{}d", u64::MAX)), Err(NotATime), "too long");
    }

    #[test]
    fn a_time_is_said_in_its_largest_whole_unit() {
        for (text, said) in [
            ("60m", "1 hour"),
            ("90m", "90 minutes"),
            ("24h", "1 day"),
            ("61s", "61 seconds"),
            ("0h", "0 seconds"),
        ] {
            assert_eq!(parse(text).map(words).as_deref(), Ok(said));
        }
    }
}
