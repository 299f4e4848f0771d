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
    let instant: Instant = text.parse().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
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
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
