//! When the shown requests came: days of the workspace's calendar, from the address and back into it.

use clickback_core::moment::{Moment, day_of_calendar, day_starts};

/// Days of the week that ends today.
const WEEK: i64 = 7;

/// A stretch of days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Period {
    #[default]
    Any,
    Today,
    Yesterday,
    /// Seven days, today included.
    Week,
    /// From one day to another, both included; a side that is empty or no day is open.
    Days {
        from: String,
        to: String,
    },
}

impl Period {
    /// The choices and the codes of the address, in the order of the list.
    pub(super) const CODES: [&'static str; 5] = ["", "today", "yesterday", "week", "days"];

    /// The period that the address names. Days alone are enough.
    pub(super) fn of(code: &str, from: &str, to: &str) -> Period {
        let day = |text: &str| {
            let text = text.trim();
            day_of_calendar(text, "").map_or_else(String::new, |_| text.to_owned())
        };
        match code {
            "today" => Period::Today,
            "yesterday" => Period::Yesterday,
            "week" => Period::Week,
            _ => match (day(from), day(to)) {
                (from, to) if from.is_empty() && to.is_empty() && code != "days" => Period::Any,
                (from, to) => Period::Days { from, to },
            },
        }
    }

    /// The code in the address.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Period::Any => "",
            Period::Today => "today",
            Period::Yesterday => "yesterday",
            Period::Week => "week",
            Period::Days { .. } => "days",
        }
    }

    /// Whether it leaves anything out.
    pub(super) fn narrows(&self) -> bool {
        match self {
            Period::Any => false,
            Period::Days { from, to } => !from.is_empty() || !to.is_empty(),
            _ => true,
        }
    }

    /// Its beginning and its end in a time zone; the end is not part of it.
    pub(super) fn bounds(&self, zone: &str, now: Moment) -> (Option<Moment>, Option<Moment>) {
        let back = |days: i64| day_starts(now, zone, days).first().copied();
        match self {
            Period::Any => (None, None),
            Period::Today => (back(1), None),
            Period::Yesterday => (back(2), back(1)),
            Period::Week => (back(WEEK), None),
            Period::Days { from, to } => (
                day_of_calendar(from, zone).map(|(start, _)| start),
                day_of_calendar(to, zone).map(|(_, end)| end),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_workspace() {
        let now = Moment::parse_rfc3339("2026-11-24T22:30:00Z").unwrap();
        let rows = [
            (("", "", ""), "", "– –"),
            (("today", "", ""), "", "2026-11-24T00:00:00Z –"),
            (("today", "", ""), "Europe/Moscow", "2026-11-24T21:00:00Z –"),
            (
                ("yesterday", "", ""),
                "Europe/Moscow",
                "2026-11-23T21:00:00Z 2026-11-24T21:00:00Z",
            ),
            (("week", "", ""), "", "2026-11-18T00:00:00Z –"),
            (
                ("days", "2026-11-01", "2026-11-02"),
                "Europe/Moscow",
                "2026-10-31T21:00:00Z 2026-11-02T21:00:00Z",
            ),
            (("", "2026-11-01", ""), "", "2026-11-01T00:00:00Z –"),
            (
                ("days", "nonsense", "2026-11-02"),
                "",
                "– 2026-11-03T00:00:00Z",
            ),
            (("odd", "", ""), "", "– –"),
            (("days", "", ""), "", "– –"),
        ];
        for ((code, from, to), zone, expected) in rows {
            let period = Period::of(code, from, to);
            let (start, end) = period.bounds(zone, now);
            let text = |at: Option<Moment>| at.map_or("–".to_owned(), |at| at.to_string());
            let found = format!("{} {}", text(start), text(end));
            assert_eq!(found, expected, "{code} {from} {to} {zone}");
            assert_eq!(period.narrows(), expected != "– –", "{code} {from} {to}");
        }
        for code in Period::CODES {
            assert_eq!(Period::of(code, "", "").code(), code);
        }
    }
}
