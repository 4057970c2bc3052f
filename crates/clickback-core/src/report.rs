//! Reports from roll-ups: days, what was counted in them, and the change against the day before.
//! Which rows are read is the store's matter.

use std::collections::BTreeMap;

use crate::currency::Currency;
use crate::event::{Kind, Status};
use crate::moment::Moment;
use crate::rollup::{RollupKey, RollupSums};
use crate::sum::Sum;

/// What was counted in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    pub registrations: i64,
    pub first_deposits: i64,
    pub repeat_deposits: i64,
    /// Events that wait for the partner's word.
    pub pending: i64,
    /// Events that wait for a person's word.
    pub held: i64,
    /// The players' money, by currency.
    pub deposits: BTreeMap<Currency, Sum>,
    /// What we earn: payouts and commission, by currency.
    pub revenue: BTreeMap<Currency, Sum>,
}

impl Counts {
    fn add(&mut self, key: &RollupKey, sums: &RollupSums) {
        match key.status {
            Status::Approved => {}
            Status::Pending => {
                self.pending += sums.events;
                return;
            }
            Status::Held => {
                self.held += sums.events;
                return;
            }
            Status::Rejected => return,
        }
        match key.kind {
            Kind::Registration => self.registrations += sums.events,
            Kind::FirstDeposit => self.first_deposits += sums.events,
            Kind::RepeatDeposit => self.repeat_deposits += sums.events,
            _ => {}
        }
        let Some(currency) = key.currency else {
            return;
        };
        let earned = if key.kind == Kind::Commission {
            sums.payout.plus(sums.amount)
        } else {
            sums.payout
        };
        if key.kind.is_deposit() && !sums.amount.is_zero() {
            let known = self.deposits.entry(currency).or_default();
            *known = known.plus(sums.amount);
        }
        if !earned.is_zero() {
            let known = self.revenue.entry(currency).or_default();
            *known = known.plus(earned);
        }
    }
}

/// Counts per span: `starts` are the beginnings of the spans, in order; the last one is open.
pub fn by_span(rows: &[(RollupKey, RollupSums)], starts: &[Moment]) -> Vec<Counts> {
    let starts: Vec<i64> = starts.iter().map(|start| start.quarter_hour()).collect();
    let mut spans = vec![Counts::default(); starts.len()];
    for (key, sums) in rows {
        let behind = starts.partition_point(|start| *start <= key.bucket);
        if let Some(span) = behind.checked_sub(1).and_then(|at| spans.get_mut(at)) {
            span.add(key, sums);
        }
    }
    spans
}

/// Counts from one moment up to another, in whole quarter hours.
pub fn between(rows: &[(RollupKey, RollupSums)], from: Moment, to: Moment) -> Counts {
    let (from, to) = (from.quarter_hour(), to.quarter_hour());
    let mut counts = Counts::default();
    for (key, sums) in rows {
        if (from..to).contains(&key.bucket) {
            counts.add(key, sums);
        }
    }
    counts
}

/// The change from one number to another in whole percent; nothing where there was nothing before.
pub fn change(before: i64, now: i64) -> Option<i64> {
    if before <= 0 {
        return None;
    }
    let difference = i128::from(now) - i128::from(before);
    i64::try_from(difference * 100 / i128::from(before)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IntegrationId;

    fn row(
        at: &str,
        kind: Kind,
        status: Status,
        events: i64,
        amount: &str,
        payout: &str,
    ) -> (RollupKey, RollupSums) {
        let key = RollupKey {
            bucket: Moment::parse_rfc3339(at).unwrap().quarter_hour(),
            integration: IntegrationId(1),
            kind,
            name: String::new(),
            status,
            currency: Currency::new("USD"),
        };
        let sums = RollupSums {
            events,
            amount: amount.parse().unwrap(),
            payout: payout.parse().unwrap(),
        };
        (key, sums)
    }

    #[test]
    fn rows_fall_into_their_days_and_only_approved_money_counts() {
        let rows = [
            row(
                "2026-11-22T23:59:00Z",
                Kind::Registration,
                Status::Approved,
                9,
                "0",
                "0",
            ),
            row(
                "2026-11-23T00:00:00Z",
                Kind::Registration,
                Status::Approved,
                3,
                "0",
                "1.5",
            ),
            row(
                "2026-11-23T22:00:00Z",
                Kind::FirstDeposit,
                Status::Approved,
                2,
                "100.25",
                "40",
            ),
            row(
                "2026-11-23T22:00:00Z",
                Kind::FirstDeposit,
                Status::Held,
                1,
                "50",
                "0",
            ),
            row(
                "2026-11-24T10:00:00Z",
                Kind::RepeatDeposit,
                Status::Approved,
                4,
                "0.75",
                "0",
            ),
            row(
                "2026-11-24T10:00:00Z",
                Kind::RepeatDeposit,
                Status::Pending,
                5,
                "7",
                "0",
            ),
            row(
                "2026-11-24T10:00:00Z",
                Kind::Withdrawal,
                Status::Approved,
                1,
                "20",
                "0",
            ),
            row(
                "2026-11-24T11:00:00Z",
                Kind::Commission,
                Status::Approved,
                1,
                "12",
                "0",
            ),
            row(
                "2026-11-24T11:00:00Z",
                Kind::FirstDeposit,
                Status::Rejected,
                8,
                "999",
                "99",
            ),
        ];
        let moment = |text: &str| Moment::parse_rfc3339(text).unwrap();
        let days = by_span(
            &rows,
            &[
                moment("2026-11-23T00:00:00Z"),
                moment("2026-11-24T00:00:00Z"),
            ],
        );
        let usd = Currency::new("USD").unwrap();
        assert_eq!(
            (days[0].registrations, days[0].first_deposits, days[0].held),
            (3, 2, 1)
        );
        assert_eq!(days[0].deposits[&usd].to_string(), "100.25");
        assert_eq!(days[0].revenue[&usd].to_string(), "41.5");
        assert_eq!(
            (
                days[1].repeat_deposits,
                days[1].pending,
                days[1].first_deposits
            ),
            (4, 5, 0)
        );
        assert_eq!(days[1].deposits[&usd].to_string(), "0.75");
        assert_eq!(days[1].revenue[&usd].to_string(), "12");
        let morning = between(
            &rows,
            moment("2026-11-24T00:00:00Z"),
            moment("2026-11-24T10:30:00Z"),
        );
        assert_eq!(morning.revenue.len(), 0);
        assert_eq!(morning.repeat_deposits, 4);
    }

    #[test]
    fn changes_in_percent() {
        for (before, now, expected) in [
            (10, 15, Some(50)),
            (10, 5, Some(-50)),
            (3, 3, Some(0)),
            (0, 5, None),
            (1, i64::MAX, None),
        ] {
            assert_eq!(change(before, now), expected, "{before} {now}");
        }
    }
}
