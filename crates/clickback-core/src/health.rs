//! Whether a partner has gone silent: longer without a postback than is usual for it.

use crate::moment::Moment;

/// Nobody is called silent before this many seconds.
const AT_LEAST: i64 = 3_600;
/// Quarter hours with postbacks that must be known before anything is usual.
const LEAST_KNOWN: usize = 8;
/// Seconds of a quarter hour.
const QUARTER: i64 = 900;
/// Longest gaps of this many days are compared.
pub const DAYS: i64 = 14;

/// Since when an integration is silent; `None` where its pause is usual or nothing is known of it.
///
/// `active` are the quarter hours ([`Moment::quarter_hour`]) with events of the last [`DAYS`], ascending.
/// The usual pause is the median of each day's longest one, so that nights are usual and one bad day
/// does not change what is; twice as long is silence.
pub fn silent_since(last: Moment, now: Moment, active: &[i64]) -> Option<Moment> {
    let pause = now.seconds_since(last);
    if pause < AT_LEAST || active.len() < LEAST_KNOWN {
        return None;
    }
    let mut longest: Vec<(i64, i64)> = Vec::new();
    for pair in active.windows(2) {
        let &[before, after] = pair else { continue };
        let (day, gap) = (after * QUARTER / 86_400, (after - before) * QUARTER);
        match longest.last_mut() {
            Some((known, most)) if *known == day => *most = gap.max(*most),
            _ => longest.push((day, gap)),
        }
    }
    let mut gaps: Vec<i64> = longest.into_iter().map(|(_, gap)| gap).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    (pause > (2 * usual).max(AT_LEAST)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    /// Quarter hours with postbacks: on each of `days` days from `from` to `to` o'clock.
    fn busy(days: i64, from: i64, to: i64) -> Vec<i64> {
        (0..days)
            .flat_map(|day| (from * 4..to * 4).map(move |quarter| day * 96 + quarter))
            .collect()
    }

    #[test]
    fn pauses() {
        let all_day = busy(7, 0, 24);
        let daytime = busy(7, 8, 20);
        // (active, seconds since the last postback, silent)
        let cases: &[(&[i64], i64, bool)] = &[
            (&[], 90 * HOUR, false),
            (&[1, 2, 3], 90 * HOUR, false),
            (&all_day, HOUR / 2, false),
            (&all_day, HOUR + 1, true),
            (&daytime, 13 * HOUR, false),
            (&daytime, 25 * HOUR, true),
        ];
        for (active, pause, silent) in cases {
            let last = Moment::from_millis(7 * 86_400_000);
            let now = last.plus_seconds(*pause);
            let found = silent_since(last, now, active);
            assert_eq!(found.is_some(), *silent, "{} {pause}", active.len());
        }
    }

    #[test]
    fn one_bad_day_changes_nothing() {
        let mut active = busy(7, 0, 24);
        active.retain(|quarter| !(2 * 96..3 * 96).contains(quarter));
        let last = Moment::from_millis(7 * 86_400_000);
        assert!(silent_since(last, last.plus_seconds(2 * HOUR), &active).is_some());
    }
}
