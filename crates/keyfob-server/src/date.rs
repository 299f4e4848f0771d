//! Moments as people and protocols write them: RFC 3339 in JSON, HTTP dates in headers.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use keyfob_core::time::Timestamp;

/// A moment in UTC, with its day; the end of time for what no calendar holds.
pub(crate) fn utc(at: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(Instant::from_millisecond(at.millis()).unwrap_or(Instant::MAX))
}

/// RFC 3339 in UTC with milliseconds and `Z`, as the management API writes dates.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    utc(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads RFC 3339 with any offset; milliseconds are kept, finer parts dropped.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    // The parser reads more than RFC 3339 has: other notations of ISO 8601, names of time zones.
    let instant: Instant = Some(text).filter(|text| has_form(text))?.parse().ok()?;
    // Not `as_millisecond`, which before 1970 rounds up.
    let millis = instant.as_nanosecond().div_euclid(1_000_000);
    i64::try_from(millis).ok().map(Timestamp::from_millis)
}

/// Whether a text has the form of a `date-time` (RFC 3339 §5.6); whether its numbers are a moment is not
/// asked here.
fn has_form(text: &str) -> bool {
    let fits = |text: &str, form: &str| {
        let pairs = || text.bytes().zip(form.bytes());
        text.len() == form.len()
            && pairs().all(|(letter, wanted)| match wanted {
                b'0' => letter.is_ascii_digit(),
                b'T' => matches!(letter, b'T' | b't' | b' '),
                sign => letter == sign,
            })
    };
    let Some((moment, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|letter: char| letter.is_ascii_digit()),
        None => rest,
    };
    fits(moment, "0000-00-00T00:00:00")
        && ["Z", "z", "+00:00", "-00:00"]
            .iter()
            .any(|form| fits(offset, form))
        && offset.get(1..3).is_none_or(|hours| hours < "24")
}

/// An HTTP date (RFC 9110 §5.6.7).
pub(crate) fn http(at: Timestamp) -> String {
    utc(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_800_000_000_250);

    #[test]
    fn a_moment_is_written_and_read_back() {
        assert_eq!(rfc3339(AT), "2027-01-15T08:00:00.250Z");
        assert_eq!(parse_rfc3339(&rfc3339(AT)), Some(AT));
        assert_eq!(parse_rfc3339("2027-01-15T10:00:00.2509+02:00"), Some(AT));
        assert_eq!(http(AT), "Fri, 15 Jan 2027 08:00:00 GMT");
        let before_1970 = parse_rfc3339("1969-12-31T23:59:59.9999Z");
        assert_eq!(before_1970, Some(Timestamp::from_millis(-1)));
    }

    #[test]
    fn texts_that_are_no_moments_are_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-01-15",
            "2027-01-15T08:00:00",
            "2027-13-01T00:00:00Z",
            "0",
            "never",
            "2027-01-15T08:00:00Z[UTC]",
            "2027-01-15T08:00:00+01:00[Europe/Berlin]",
            "20270115T080000Z",
            "2027-01-15T08Z",
            "2027-01-15T08:00:00,5Z",
            "2027-01-15T08:00:00.Z",
            "2027-01-15T08:00:00+01",
            "2027-01-15T08:00:00+24:00",
            "+002027-01-15T08:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
