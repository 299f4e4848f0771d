//! Moments as clients and import files send them (RFC 3339 §5.6).

use keyfob_core::time::Timestamp;
use keyfob_server::http::probe::{moment, rfc3339};

/// What is read is just what the grammar of RFC 3339 has, as arithmetic finds it; it is printed as it is
/// read.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = moment(&text);
    let expected = millis(&text).map(Timestamp::from_millis);
    if expected.is_none() || read.is_some() {
        assert_eq!(read, expected, "{text}");
    }
    if let Some(at) = read {
        assert_eq!(moment(&rfc3339(at)), Some(at), "{text}");
    }
}

/// Milliseconds since 1970, finer parts dropped.
fn millis(text: &str) -> Option<i64> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    sign(&mut rest, "-")?;
    let month = number(&mut rest, 2)?;
    sign(&mut rest, "-")?;
    let day = number(&mut rest, 2)?;
    sign(&mut rest, "Tt ")?;
    let hour = number(&mut rest, 2)?;
    sign(&mut rest, ":")?;
    let minute = number(&mut rest, 2)?;
    sign(&mut rest, ":")?;
    let second = number(&mut rest, 2)?;
    let nanos = fraction(&mut rest)?;
    let offset = offset(&mut rest)?;
    let is_date = (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 || !rest.is_empty() {
        return None;
    }
    // Of a leap second its last full second is kept.
    let seconds = (days(year, month, day) * 24 + hour) * 3_600 + minute * 60 + second.min(59);
    let nanos = (seconds - offset) * 1_000_000_000 + nanos;
    i64::try_from(nanos.div_euclid(1_000_000)).ok()
}

fn number(rest: &mut &str, digits: usize) -> Option<i128> {
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    let is_number = number.chars().all(|digit| digit.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

fn sign(rest: &mut &str, signs: &str) -> Option<char> {
    let found = rest.chars().next().filter(|sign| signs.contains(*sign))?;
    *rest = rest.strip_prefix(found)?;
    Some(found)
}

/// Nanoseconds: more digits than nine are nobody's clock, and are not expected to be read.
fn fraction(rest: &mut &str) -> Option<i128> {
    let Some(after) = rest.strip_prefix('.') else {
        return Some(0);
    };
    let digits = after.len() - after.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    *rest = after;
    let scale = 9_u32.checked_sub(u32::try_from(digits).ok()?)?;
    Some(number(rest, digits).filter(|_| digits > 0)? * 10_i128.pow(scale))
}

/// Seconds to the east.
fn offset(rest: &mut &str) -> Option<i128> {
    let direction = match sign(rest, "Zz+-")? {
        '+' => 1,
        '-' => -1,
        _utc => return Some(0),
    };
    let hours = number(rest, 2)?;
    sign(rest, ":")?;
    let minutes = number(rest, 2)?;
    (hours < 24 && minutes < 60).then_some(direction * (hours * 3_600 + minutes * 60))
}

fn is_leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: i128, month: i128) -> i128 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _long => 31,
    }
}

/// Days from 1970-01-01 to that day of the Gregorian calendar, counted year by year and month by month.
fn days(year: i128, month: i128, day: i128) -> i128 {
    let before = year - 1;
    let to_year = before * 365 + before.div_euclid(4) - before.div_euclid(100)
        + before.div_euclid(400);
    let to_month: i128 = (1..month).map(|month| length(year, month)).sum();
    let to_1970 = 719_162;
    to_year + to_month + day - 1 - to_1970
}
