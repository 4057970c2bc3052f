//! Calendar months in UTC, and the ranges of numbers and clickids that fall into them: how a database
//! cuts its largest tables. Nobody here knows the tables.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ids::{clickid, lowest_id_at, millis_of};
use crate::moment::Moment;

/// Characters of a clickid of our own making that say when it was made.
const CLICKID_TIME: usize = 8;

/// One month of the calendar, UTC. As a text it is `2026_11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    /// 1 to 12.
    month: i8,
}

/// Why a text is not a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month")]
pub struct BadMonth(pub String);

impl Month {
    /// The month that a moment falls into.
    pub fn of(at: Moment) -> Month {
        let date = at.utc_date();
        Month {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The month that people write as `2026-10`.
    ///
    /// # Errors
    ///
    /// The text is no month.
    pub fn parse_written(text: &str) -> Result<Month, BadMonth> {
        let bad = || BadMonth(text.chars().take(40).collect());
        if text.contains('_') {
            return Err(bad());
        }
        text.replace('-', "_").parse().map_err(|_| bad())
    }

    /// As people write it: `2026-10`.
    pub fn written(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// The month that ends just before a number of ours.
    pub fn ending_at(id: i64) -> Month {
        let last = Moment::from_millis(millis_of(id)).plus_seconds(-1);
        Month::of(last)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Month {
        if self.month == 12 {
            Month {
                year: self.year.saturating_add(1),
                month: 1,
            }
        } else {
            Month {
                month: self.month + 1,
                ..self
            }
        }
    }

    /// Its first moment.
    pub fn start(self) -> Moment {
        Date::new(self.year, self.month, 1)
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .map_or(Moment(0), |zoned| {
                Moment(zoned.timestamp().as_microsecond())
            })
    }

    /// The first moment after it.
    pub fn end(self) -> Moment {
        self.next().start()
    }

    /// The lowest time-ordered number in it, and the lowest after it.
    pub fn ids(self) -> (i64, i64) {
        (
            lowest_id_at(self.start().millis()),
            lowest_id_at(self.end().millis()),
        )
    }

    /// The lowest beginning of a clickid of our own in it, and the lowest after it, by bytes.
    pub fn clickids(self) -> (String, String) {
        let beginning = |at: Moment| {
            let mut text = clickid(at.millis(), 0);
            text.truncate(CLICKID_TIME);
            text
        };
        (beginning(self.start()), beginning(self.end()))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}_{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = BadMonth;

    fn from_str(text: &str) -> Result<Month, BadMonth> {
        let bad = || BadMonth(text.chars().take(40).collect());
        let (year, month) = text.split_once('_').ok_or_else(bad)?;
        let month = Month {
            year: year.parse().map_err(|_| bad())?,
            month: month.parse().map_err(|_| bad())?,
        };
        let canonical = (1..=12).contains(&month.month) && month.to_string() == text;
        canonical.then_some(month).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdSequence;

    fn moment(text: &str) -> Moment {
        Moment::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn months_and_their_ends() {
        let cases = [
            ("2026-11-24T12:00:00Z", "2026_11", "2026-12-01T00:00:00Z"),
            (
                "2026-12-31T23:59:59.999999Z",
                "2026_12",
                "2027-01-01T00:00:00Z",
            ),
            ("2027-01-01T00:00:00Z", "2027_01", "2027-02-01T00:00:00Z"),
            ("2028-02-29T10:00:00Z", "2028_02", "2028-03-01T00:00:00Z"),
        ];
        for (at, name, end) in cases {
            let month = Month::of(moment(at));
            assert_eq!(month.to_string(), name);
            assert_eq!(name.parse(), Ok(month));
            assert_eq!(month.end(), moment(end), "{at}");
            assert!(month.start() <= moment(at), "{at}");
        }
    }

    #[test]
    fn other_texts_are_no_months() {
        for text in [
            "", "2026", "2026_", "2026_0", "2026_13", "2026_1", "other", "26_11", "2026-11",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn as_people_write_them() {
        let month = Month::parse_written("2026-10").unwrap();
        assert_eq!(month.to_string(), "2026_10");
        assert_eq!(month.written(), "2026-10");
        assert_eq!(Month::ending_at(month.ids().1), month);
        for text in ["2026_10", "2026-1", "2026-13", "October", "", "2026-10-01"] {
            assert!(Month::parse_written(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_and_clickids_fall_into_the_month_that_made_them() {
        for at in [
            "2026-11-01T00:00:00Z",
            "2026-11-30T23:59:59.999Z",
            "2027-01-31T23:59:59.999Z",
            "2031-12-31T23:59:59.999Z",
            "2049-05-01T00:00:00Z",
        ] {
            let month = Month::of(moment(at));
            let millis = moment(at).millis();
            let (first, after) = month.ids();
            let id = IdSequence::new(200).next(millis);
            assert!((first..after).contains(&id), "{at}");
            let (first, after) = month.clickids();
            for random in [0, u64::MAX] {
                let made = clickid(millis, random);
                assert!(
                    first <= made && made < after,
                    "{at}: {first} {made} {after}"
                );
                // Where PostgreSQL looks for our clickids until 2049.
                assert!(("m".."w").contains(&made.as_str()), "{made}");
            }
        }
    }
}
