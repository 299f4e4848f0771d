//! Moments in words: how long ago, how soon, and the day. In UTC, and as `datetime` for the machine.

use jiff::civil::Date;
use jiff::tz::Offset;
use keyfob_core::time::Timestamp;

use super::say::counted;
use crate::date::{rfc3339, utc};

const MINUTE: i64 = 60 * 1_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment for a `time` element.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// RFC 3339, for the machine.
    pub(crate) machine: String,
    /// Words, for people.
    pub(crate) words: String,
}

/// A day: `3 Nov 2026`.
pub(crate) fn day(at: Timestamp) -> String {
    utc(at).strftime("%-d %b %Y").to_string()
}

/// A moment to the minute: `3 Nov 2026, 10:41 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    utc(at).strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A moment to the second: `3 Nov 2026, 10:41:24 UTC`.
pub(crate) fn second(at: Timestamp) -> String {
    utc(at).strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// The first moment of a day in UTC, and of the day after it.
pub(crate) fn bounds(day: Date) -> Option<(Timestamp, Timestamp)> {
    let start = |day: Date| {
        let start = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        Some(Timestamp::from_millis(start.as_millisecond()))
    };
    Some((start(day)?, start(day.tomorrow().ok()?)?))
}

/// A moment that has been: in words for a day, then by its date.
pub(crate) fn past(at: Timestamp, now: Timestamp) -> Moment {
    let ago = now.millis() - at.millis();
    let words = if ago < MINUTE {
        "just now".to_owned()
    } else if ago < DAY {
        format!("{} ago", span(ago))
    } else {
        minute(at)
    };
    Moment {
        machine: rfc3339(at),
        words,
    }
}

/// How long ago a day was.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let ago = now.millis() - at.millis();
    if ago < MINUTE {
        "just now".to_owned()
    } else {
        format!("{} ago", span(ago))
    }
}

/// How soon a moment comes.
pub(crate) fn soon(at: Timestamp, now: Timestamp) -> String {
    format!("in {}", span((at.millis() - now.millis()).max(0)))
}

/// A span in its largest unit, rounded down.
fn span(millis: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    for (length, word) in units {
        if millis >= length {
            return counted(u64::try_from(millis / length).unwrap_or_default(), word);
        }
    }
    "less than a minute".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn before(millis: i64) -> Timestamp {
        Timestamp::from_millis(NOW.millis() - millis)
    }

    #[test]
    fn what_has_been_is_told_in_words_for_a_day() {
        for (ago, words) in [
            (0, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 minute ago"),
            (59 * MINUTE, "59 minutes ago"),
            (HOUR, "1 hour ago"),
            (DAY - 1, "23 hours ago"),
            (DAY, "14 Jan 2027, 08:00 UTC"),
        ] {
            assert_eq!(past(before(ago), NOW).words, words);
        }
        assert_eq!(ago(before(20 * DAY), NOW), "20 days ago");
        assert_eq!(past(NOW, NOW).machine, "2027-01-15T08:00:00.000Z");
    }

    #[test]
    fn what_comes_is_told_in_its_largest_unit() {
        assert_eq!(soon(before(-5 * DAY - HOUR), NOW), "in 5 days");
        assert_eq!(soon(before(-9 * HOUR), NOW), "in 9 hours");
        assert_eq!(soon(before(-1), NOW), "in less than a minute");
        assert_eq!(day(NOW), "15 Jan 2027");
        assert_eq!(second(NOW), "15 Jan 2027, 08:00:00 UTC");
    }

    #[test]
    fn a_day_goes_from_its_first_moment_to_the_first_of_the_next() {
        let day = "2027-01-15".parse().expect("a day");
        let (start, end) = bounds(day).expect("a day of this time");
        assert_eq!(rfc3339(start), "2027-01-15T00:00:00.000Z");
        assert_eq!(rfc3339(end), "2027-01-16T00:00:00.000Z");
        assert_eq!(bounds(Date::MAX), None);
    }
}
