//! Points in time: microseconds UTC, RFC 3339 text, and the readings of a partner's time.
//! Nobody here asks what time it is.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

const SECOND: i64 = 1_000_000;

impl Moment {
    /// From Unix milliseconds.
    pub fn from_millis(millis: i64) -> Moment {
        Moment(millis.saturating_mul(1_000))
    }

    /// Unix milliseconds, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This many seconds later (or earlier).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Moment {
        Moment(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// Seconds from `earlier` to this, rounded down.
    pub fn seconds_since(self, earlier: Moment) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(SECOND)
    }

    /// The 15-minute UTC bucket it falls into: minutes since 1970 divided by 15.
    pub fn quarter_hour(self) -> i64 {
        self.0.div_euclid(900 * SECOND)
    }

    /// When the day began in a time zone (an IANA name; what is not one is UTC).
    #[must_use]
    pub fn start_of_day(self, zone: &str) -> Moment {
        day_starts(self, zone, 1).first().copied().unwrap_or(self)
    }

    /// RFC 3339 text back into a moment.
    pub fn parse_rfc3339(text: &str) -> Option<Moment> {
        text.trim()
            .parse::<Timestamp>()
            .ok()
            .map(|at| Moment(at.as_microsecond()))
    }

    pub(crate) fn utc_date(self) -> civil::Date {
        self.timestamp().to_zoned(TimeZone::UTC).date()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC, with as many fraction digits as the value has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Moment::parse_rfc3339(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

/// The beginnings of the last `days` days in `zone` (an IANA name; an unknown one is UTC), in order; the
/// last is today's.
pub fn day_starts(now: Moment, zone: &str, days: i64) -> Vec<Moment> {
    let zone = time_zone(zone);
    let Ok(timestamp) = jiff::Timestamp::from_microsecond(now.0) else {
        return Vec::new();
    };
    let today = timestamp.to_zoned(zone.clone()).date();
    (0..days)
        .rev()
        .filter_map(|back| {
            let day = today
                .checked_sub(jiff::Span::new().try_days(back).ok()?)
                .ok()?;
            let start = day.to_zoned(zone.clone()).ok()?.timestamp();
            Some(Moment(start.as_microsecond()))
        })
        .collect()
}

/// When a day of the calendar (`YYYY-MM-DD`) began in `zone`, and when the next one did. `None` where the
/// text is no day.
pub fn day_of_calendar(text: &str, zone: &str) -> Option<(Moment, Moment)> {
    let zone = time_zone(zone);
    let day: jiff::civil::Date = text.trim().parse().ok()?;
    let start = |day: jiff::civil::Date| {
        let start = day.to_zoned(zone.clone()).ok()?.timestamp();
        Some(Moment(start.as_microsecond()))
    };
    Some((start(day)?, start(day.tomorrow().ok()?)?))
}

/// Whether this is the name of a time zone.
pub fn is_zone(zone: &str) -> bool {
    TimeZone::get(zone).is_ok()
}

fn time_zone(zone: &str) -> TimeZone {
    if zone.is_empty() {
        TimeZone::UTC
    } else {
        TimeZone::get(zone).unwrap_or(TimeZone::UTC)
    }
}

/// Reads a partner's time: Unix seconds or milliseconds, RFC 3339, or `YYYY-MM-DD hh:mm:ss` in
/// `zone` (an IANA name; an unknown one is UTC). `None` where there is no reading.
pub fn read_partner_time(text: &str, zone: &str) -> Option<Moment> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            9..=10 => text
                .parse::<i64>()
                .ok()
                .map(|seconds| Moment(seconds * SECOND)),
            12..=13 => text.parse::<i64>().ok().map(Moment::from_millis),
            _ => None,
        };
    }
    if let Some(moment) = Moment::parse_rfc3339(text) {
        return Some(moment);
    }
    if text.len() < 19 || !text.is_ascii() {
        return None;
    }
    if let Some(moment) = with_lost_plus(text) {
        return Some(moment);
    }
    let local: civil::DateTime = text.parse().ok()?;
    let moment = local.to_zoned(time_zone(zone)).ok()?.timestamp();
    Some(Moment(moment.as_microsecond()))
}

/// `2030-01-30T10:20:30 03:00`: in a query a `+` that was not encoded arrives as a blank.
fn with_lost_plus(text: &str) -> Option<Moment> {
    let (time, offset) = text.rsplit_once(' ')?;
    let is_offset = offset.len() == 5 && offset.as_bytes()[2] == b':';
    if !is_offset || time.len() < 19 {
        return None;
    }
    Moment::parse_rfc3339(&format!("{time}+{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_of_the_zone() {
        let now = Moment::parse_rfc3339("2026-03-29T22:30:00Z").unwrap();
        let rows = [
            ("", ["2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"]),
            (
                "Nowhere/City",
                ["2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"],
            ),
            // Already the next day, and the day before has 23 hours.
            (
                "Europe/Kyiv",
                ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"],
            ),
            (
                "Asia/Kolkata",
                ["2026-03-28T18:30:00Z", "2026-03-29T18:30:00Z"],
            ),
        ];
        for (zone, expected) in rows {
            let starts: Vec<String> = day_starts(now, zone, 2)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(starts, expected, "{zone}");
        }
        assert!(is_zone("Europe/Moscow") && !is_zone("Moscow"));
    }

    #[test]
    fn days_of_the_calendar() {
        let rows = [
            ("2026-11-24", "", "2026-11-24T00:00:00Z", 24),
            (" 2026-11-24 ", "Europe/Moscow", "2026-11-23T21:00:00Z", 24),
            ("2026-03-29", "Europe/Riga", "2026-03-28T22:00:00Z", 23),
            ("2026-10-25", "Europe/Riga", "2026-10-24T21:00:00Z", 25),
        ];
        for (text, zone, start, hours) in rows {
            let (from, to) = day_of_calendar(text, zone).unwrap();
            assert_eq!(from.to_string(), start, "{text} {zone}");
            assert_eq!(to, from.plus_seconds(hours * 3_600), "{text} {zone}");
        }
        for text in [
            "",
            "today",
            "2026-02-30",
            "24.11.2026",
            "9999-12-31",
            "2026-11-24T10:00:00Z x",
        ] {
            assert_eq!(day_of_calendar(text, ""), None, "{text}");
        }
    }

    #[test]
    fn days_begin_at_the_zones_midnight() {
        let cases = [
            ("2026-09-21T14:13:20Z", "", "2026-09-21T00:00:00Z"),
            (
                "2026-09-21T14:13:20Z",
                "Europe/Moscow",
                "2026-09-20T21:00:00Z",
            ),
            (
                "2026-09-21T22:13:20Z",
                "Europe/Moscow",
                "2026-09-21T21:00:00Z",
            ),
            (
                "2026-09-21T00:00:00Z",
                "Nowhere/Land",
                "2026-09-21T00:00:00Z",
            ),
        ];
        for (at, zone, start) in cases {
            let at = Moment::parse_rfc3339(at).unwrap();
            assert_eq!(
                Some(at.start_of_day(zone)),
                Moment::parse_rfc3339(start),
                "{zone}"
            );
        }
    }

    #[test]
    fn partner_times() {
        let cases = [
            ("1790000000", "", Some("2026-09-21T14:13:20Z")),
            ("1790000000123", "", Some("2026-09-21T14:13:20.123Z")),
            (
                "2026-09-21T17:13:20+03:00",
                "",
                Some("2026-09-21T14:13:20Z"),
            ),
            ("2026-09-21 14:13:20", "", Some("2026-09-21T14:13:20Z")),
            (
                "2026-09-21 17:13:20",
                "Europe/Moscow",
                Some("2026-09-21T14:13:20Z"),
            ),
            (
                " 2026-09-21 14:13:20 ",
                "Nowhere/Land",
                Some("2026-09-21T14:13:20Z"),
            ),
            (
                "2026-09-21T17:13:20 03:00",
                "",
                Some("2026-09-21T14:13:20Z"),
            ),
            (
                "2026-09-21 17:13:20.5 03:00",
                "Asia/Tokyo",
                Some("2026-09-21T14:13:20.5Z"),
            ),
            ("2026-09-21 14:13", "", None),
            ("2026-09-21T17:13:20 99:99", "", None),
            ("2026-09-21", "", None),
            ("17900000000", "", None),
            ("yesterday", "", None),
            ("99999999999999999999", "", None),
            ("", "", None),
            ("2026-13-45 99:99:99", "", None),
        ];
        for (text, zone, expected) in cases {
            let read = read_partner_time(text, zone).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), expected, "{text} {zone}");
        }
    }

    #[test]
    fn extreme_moments_do_not_panic() {
        for value in [i64::MIN, -1, 0, i64::MAX] {
            let moment = Moment(value);
            assert!(!moment.to_string().is_empty());
            let _ = (
                moment.quarter_hour(),
                moment.plus_seconds(i64::MAX),
                moment.millis(),
            );
        }
    }
}
