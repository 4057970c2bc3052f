//! Roll-ups: how an event counts, as sums to add. The store adds them in the event's transaction;
//! `check` recounts them from raw events with the same code.

use std::collections::{BTreeMap, HashMap};

use crate::currency::Currency;
use crate::event::{Kind, Status};
use crate::ids::{EventId, IntegrationId, millis_of};
use crate::moment::Moment;
use crate::money::Amount;
use crate::month::Month;
use crate::sum::Sum;

/// What of an event counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its number says when it was received.
    pub id: EventId,
    pub integration: IntegrationId,
    pub kind: Kind,
    /// The custom event's name; empty for built-in kinds.
    pub name: String,
    pub status: Status,
    pub occurred_at: Moment,
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payout: Option<Amount>,
    pub payout_currency: Option<Currency>,
    /// Test events are in no total.
    pub test: bool,
}

/// One row of the 15-minute roll-up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RollupKey {
    /// 15-minute UTC bucket of the event time.
    pub bucket: i64,
    pub integration: IntegrationId,
    pub kind: Kind,
    pub name: String,
    pub status: Status,
    /// `None` counts events; sums without a known currency are in no total.
    pub currency: Option<Currency>,
}

/// What the row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollupSums {
    pub events: i64,
    pub amount: Sum,
    pub payout: Sum,
}

impl RollupSums {
    /// Nothing to add.
    pub fn is_zero(&self) -> bool {
        self.events == 0 && self.amount.is_zero() && self.payout.is_zero()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            amount: self.amount.plus(other.amount),
            payout: self.payout.plus(other.payout),
        }
    }

    /// What takes it away again.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            events: -self.events,
            amount: self.amount.negated(),
            payout: self.payout.negated(),
        }
    }
}

/// Rows and their sums.
pub type Rows = HashMap<RollupKey, RollupSums>;

/// Changes to roll-up rows, summed before they are written.
#[derive(Debug, Default)]
pub struct Deltas {
    rows: Rows,
    /// The first number of the month in which the changes are made.
    present: i64,
    /// What of it is of events that were received in earlier months, by these.
    past: BTreeMap<Month, Rows>,
}

impl Deltas {
    /// For changes that are made now. Those of events that were received in an earlier month are kept
    /// by month, too: it may be sealed.
    pub fn at(now: Moment) -> Deltas {
        Deltas {
            present: Month::of(now).ids().0,
            ..Deltas::default()
        }
    }

    /// An event begins to count.
    pub fn add(&mut self, event: &Counted) {
        self.put(event, false);
    }

    /// An event, as it was, no longer counts.
    pub fn remove(&mut self, event: &Counted) {
        self.put(event, true);
    }

    /// The rows that changed, and an empty set again.
    pub fn take(&mut self) -> Vec<(RollupKey, RollupSums)> {
        changed(std::mem::take(&mut self.rows))
    }

    /// What of it was of events of earlier months, by the month that received them.
    pub fn take_past(&mut self) -> Vec<(Month, Vec<(RollupKey, RollupSums)>)> {
        std::mem::take(&mut self.past)
            .into_iter()
            .map(|(month, rows)| (month, changed(rows)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect()
    }

    /// Forgets all changes.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.past.clear();
    }

    fn put(&mut self, event: &Counted, remove: bool) {
        if event.test {
            return;
        }
        let known = |amount: Option<Amount>, currency: Option<Currency>| {
            amount.zip(currency.filter(|currency| currency.is_known()))
        };
        let sign = |amount: Amount| if remove { -amount } else { amount };
        let amount = known(event.amount, event.currency);
        let payout = known(event.payout, event.payout_currency);
        let key = |currency| RollupKey {
            bucket: event.occurred_at.quarter_hour(),
            integration: event.integration,
            kind: event.kind,
            name: event.name.clone(),
            status: event.status,
            currency,
        };
        let events = if remove { -1 } else { 1 };
        let amount_currency = amount.map(|(_, currency)| currency);
        let mut sums = RollupSums {
            events,
            ..RollupSums::default()
        };
        if let Some((amount, _)) = amount {
            sums.amount = Sum::from(sign(amount));
        }
        if let Some((payout, currency)) = payout {
            if Some(currency) == amount_currency {
                sums.payout = Sum::from(sign(payout));
            } else {
                let apart = RollupSums {
                    payout: Sum::from(sign(payout)),
                    ..RollupSums::default()
                };
                self.bump(event.id, key(Some(currency)), apart);
            }
        }
        self.bump(event.id, key(amount_currency), sums);
    }

    fn bump(&mut self, id: EventId, key: RollupKey, sums: RollupSums) {
        if id.0 < self.present {
            let month = Month::of(Moment::from_millis(millis_of(id.0)));
            bump(self.past.entry(month).or_default(), key.clone(), sums);
        }
        bump(&mut self.rows, key, sums);
    }
}

/// Adds to a row; one that is not there begins with nothing.
pub fn bump(rows: &mut Rows, key: RollupKey, sums: RollupSums) {
    let row = rows.entry(key).or_default();
    *row = row.plus(sums);
}

/// The rows that are not left as they were, in the order of their keys.
pub fn changed(rows: Rows) -> Vec<(RollupKey, RollupSums)> {
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|(_, sums)| !sums.is_zero())
        .collect();
    rows.sort_by(|(one, _), (two, _)| one.cmp(two));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::lowest_id_at;

    fn event(amount: Option<i64>, currency: Option<&str>, payout: Option<(i64, &str)>) -> Counted {
        Counted {
            id: EventId(1),
            integration: IntegrationId(1),
            kind: Kind::FirstDeposit,
            name: String::new(),
            status: Status::Approved,
            occurred_at: Moment(0),
            amount: amount.map(Amount::from_int),
            currency: currency.and_then(Currency::new),
            payout: payout.map(|(amount, _)| Amount::from_int(amount)),
            payout_currency: payout.and_then(|(_, currency)| Currency::new(currency)),
            test: false,
        }
    }

    fn rows(event: &Counted) -> Vec<(String, i64, String, String)> {
        let mut deltas = Deltas::default();
        deltas.add(event);
        deltas
            .take()
            .into_iter()
            .map(|(key, sums)| {
                let currency = key.currency.map(|c| c.to_string()).unwrap_or_default();
                (
                    currency,
                    sums.events,
                    sums.amount.to_string(),
                    sums.payout.to_string(),
                )
            })
            .collect()
    }

    #[test]
    fn how_events_count() {
        let row = |currency: &str, events, amount: &str, payout: &str| {
            (
                currency.to_owned(),
                events,
                amount.to_owned(),
                payout.to_owned(),
            )
        };
        assert_eq!(
            rows(&event(Some(50), Some("usd"), None)),
            [row("USD", 1, "50", "0")]
        );
        assert_eq!(rows(&event(Some(50), None, None)), [row("", 1, "0", "0")]);
        assert_eq!(
            rows(&event(Some(50), Some("zzz9"), None)),
            [row("", 1, "0", "0")]
        );
        assert_eq!(
            rows(&event(Some(5), Some("usd"), Some((9, "usd")))),
            [row("USD", 1, "5", "9")]
        );
        assert_eq!(
            rows(&event(Some(5), Some("usd"), Some((9, "eur")))),
            [row("EUR", 0, "0", "9"), row("USD", 1, "5", "0")]
        );
    }

    #[test]
    fn unknown_currencies_are_in_no_total() {
        let row = |currency: &str, events, amount: &str, payout: &str| {
            let texts = [currency, amount, payout].map(str::to_owned);
            let [currency, amount, payout] = texts;
            (currency, events, amount, payout)
        };
        let unreadable = Counted {
            payout_currency: None,
            ..event(Some(5), Some("usd"), Some((9, "usd")))
        };
        // A payout in a currency nobody could read is not taken for the deposit's currency.
        assert_eq!(rows(&unreadable), [row("USD", 1, "5", "0")]);
        assert_eq!(
            rows(&event(None, None, Some((9, "eur")))),
            [row("", 1, "0", "0"), row("EUR", 0, "0", "9")]
        );
        assert_eq!(
            rows(&event(Some(5), Some("zzz9"), Some((9, "zzz9")))),
            [row("", 1, "0", "0")]
        );
    }

    #[test]
    fn rows_are_kept_apart() {
        let base = event(Some(5), Some("usd"), None);
        let others = [
            Counted {
                integration: IntegrationId(2),
                ..base.clone()
            },
            Counted {
                kind: Kind::RepeatDeposit,
                ..base.clone()
            },
            Counted {
                name: "vip".to_owned(),
                ..base.clone()
            },
            Counted {
                status: Status::Pending,
                ..base.clone()
            },
            Counted {
                occurred_at: Moment(900_000_000),
                ..base.clone()
            },
        ];
        for other in others {
            let mut deltas = Deltas::default();
            deltas.add(&base);
            deltas.add(&other);
            assert_eq!(deltas.take().len(), 2, "{other:?}");
        }
        let same_quarter = Counted {
            occurred_at: Moment(899_999_999),
            ..base.clone()
        };
        let mut deltas = Deltas::default();
        deltas.add(&base);
        deltas.add(&same_quarter);
        assert_eq!(deltas.take().len(), 1);
    }

    #[test]
    fn a_change_moves_what_it_was() {
        let pending = Counted {
            status: Status::Pending,
            ..event(Some(5), Some("usd"), None)
        };
        let approved = event(Some(50), Some("usd"), Some((9, "usd")));
        let mut deltas = Deltas::default();
        deltas.add(&pending);
        deltas.remove(&pending);
        deltas.add(&approved);
        let rows = deltas.take();
        let [(key, sums)] = rows.as_slice() else {
            panic!("one row is left: {rows:?}");
        };
        assert_eq!(key.status, Status::Approved);
        assert_eq!((sums.events, sums.amount.to_string()), (1, "50".to_owned()));
        assert_eq!(sums.payout.to_string(), "9");
        assert!(deltas.take().is_empty());
    }

    #[test]
    fn what_earlier_months_received_is_kept_by_month_too() {
        let at = |text: &str| Moment::parse_rfc3339(text).unwrap();
        let received = |text: &str| Counted {
            id: EventId(lowest_id_at(at(text).millis())),
            ..event(Some(5), Some("usd"), None)
        };
        let mut deltas = Deltas::at(at("2026-11-24T12:00:00Z"));
        for text in [
            "2026-11-01T00:00:00Z",
            "2026-11-30T00:00:00Z",
            "2026-10-31T23:59:59.999Z",
            "2026-10-01T00:00:00Z",
            "2025-11-24T12:00:00Z",
        ] {
            deltas.add(&received(text));
        }
        // What comes and goes is no change of a month.
        deltas.add(&received("2026-09-01T00:00:00Z"));
        deltas.remove(&received("2026-09-01T00:00:00Z"));
        let past: Vec<(String, i64)> = deltas
            .take_past()
            .into_iter()
            .map(|(month, rows)| (month.to_string(), rows.iter().map(|(_, s)| s.events).sum()))
            .collect();
        assert_eq!(past, [("2025_11".to_owned(), 1), ("2026_10".to_owned(), 2)]);
        // All of them change the roll-ups themselves.
        let rows = deltas.take();
        assert_eq!(rows.iter().map(|(_, sums)| sums.events).sum::<i64>(), 5);
        deltas.add(&received("2026-10-01T00:00:00Z"));
        deltas.clear();
        assert!(deltas.take_past().is_empty() && deltas.take().is_empty());
    }

    #[test]
    fn adding_and_removing_is_nothing() {
        let mut deltas = Deltas::default();
        let deposit = event(Some(50), Some("usd"), Some((9, "eur")));
        deltas.add(&deposit);
        deltas.remove(&deposit);
        deltas.add(&Counted {
            test: true,
            ..deposit
        });
        assert!(deltas.take().is_empty());
    }
}
