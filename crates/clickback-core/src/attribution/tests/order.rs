//! Orders, duplicates and retries: with usable ids the result is the same; without, the slots hold.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::Model;
use super::*;

/// What happened at the partner: one transaction, and the requests that speak of it.
#[derive(Debug, Clone)]
struct Transaction {
    lead: &'static str,
    /// The names under which it is reported: a deposit may be reported at both addresses.
    names: &'static [&'static str],
    amount: u32,
    /// Statuses in the order in which the partner reaches them; one final one at most.
    statuses: &'static [&'static str],
    /// Whether a pending one is reported with nothing.
    starts_empty: bool,
}

const NAMES: &[&[&str]] = &[
    &["sale"],
    &["resale"],
    &["deposit"],
    &["sale", "resale"],
    &["resale", "deposit"],
    &["withdrawal"],
    &["chargeback"],
    &["commission"],
    &["bonus"],
    &["vip"],
];

const STATUSES: &[&[&str]] = &[
    &[""],
    &["=approved"],
    &["=pending"],
    &["=pending", "=approved"],
    &["=pending", "=rejected"],
    &["=rejected"],
];

fn transaction() -> impl Strategy<Value = Transaction> {
    (
        select(&["a", "b"][..]),
        select(NAMES),
        1..200_u32,
        select(STATUSES),
        any::<bool>(),
    )
        .prop_map(
            |(lead, names, amount, statuses, starts_empty)| Transaction {
                lead,
                names,
                amount,
                statuses,
                starts_empty,
            },
        )
}

/// Every request once, in the partner's order.
fn requests(transactions: &[Transaction]) -> Vec<String> {
    let mut requests = Vec::new();
    for (tid, one) in transactions.iter().enumerate() {
        for status in one.statuses {
            let empty =
                one.starts_empty && *status == "=pending" && one.statuses.contains(&"=approved");
            let amount = if empty { 0 } else { one.amount };
            for name in one.names {
                requests.push(format!("{}: {name} {amount} #T{tid} {status}", one.lead));
            }
        }
    }
    requests
}

/// All that must not depend on the order: by lead and id, status and sum; and the totals.
type Outcome = (
    BTreeMap<(String, String), (Status, Option<Amount>)>,
    BTreeMap<(String, String), (usize, Amount)>,
    BTreeMap<String, usize>,
);

fn outcome<'r>(requests: impl Iterator<Item = &'r String>) -> Outcome {
    let mut model = Model::new("");
    for request in requests {
        model.receive(request);
        model.assert_slots();
    }
    let events = model
        .events
        .iter()
        .map(|event| {
            let key = (event.lead.clone(), event.tid.clone().unwrap());
            (key, (event.facts.status, event.facts.amount))
        })
        .collect();
    let mut firsts = BTreeMap::new();
    for event in &model.events {
        let facts = &event.facts;
        if facts.kind == Kind::FirstDeposit && facts.status == Status::Approved {
            *firsts.entry(event.lead.clone()).or_default() += 1;
        }
    }
    (events, model.totals(), firsts)
}

/// One approved first deposit for every lead that has an approved deposit called sale or deposit.
fn expected_firsts(transactions: &[Transaction]) -> BTreeMap<String, usize> {
    transactions
        .iter()
        .filter(|one| {
            one.names
                .iter()
                .any(|name| ["sale", "deposit"].contains(name))
        })
        .filter(|one| ["", "=approved"].contains(one.statuses.last().unwrap()))
        .map(|one| (one.lead.to_owned(), 1))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn order_and_retries_change_nothing(
        transactions in vec(transaction(), 1..9),
        swaps in vec(any::<(Index, Index)>(), 0..60),
        retries in vec(any::<(Index, Index)>(), 0..20),
    ) {
        let clean = requests(&transactions);
        let mut mixed = clean.clone();
        for (from, to) in retries {
            let retry = from.get(&clean).clone();
            mixed.insert(to.index(mixed.len() + 1), retry);
        }
        for (one, two) in swaps {
            let (one, two) = (one.index(mixed.len()), two.index(mixed.len()));
            mixed.swap(one, two);
        }
        let expected = outcome(clean.iter());
        prop_assert_eq!(&expected.2, &expected_firsts(&transactions));
        let found = outcome(mixed.iter());
        prop_assert_eq!(found, expected, "{:?}", mixed);
    }

    #[test]
    fn many_ids_make_one_first_deposit(amounts in vec(1..1000_u32, 1..40), seed in any::<Index>()) {
        let mut requests: Vec<String> = amounts
            .iter()
            .enumerate()
            .map(|(tid, amount)| format!("sale {amount} #T{tid}"))
            .collect();
        let count = requests.len();
        requests.rotate_left(seed.index(count));
        let mut model = Model::new("");
        for request in requests.iter().chain(&requests) {
            model.receive(request);
        }
        let kinds = |kind| model.events.iter().filter(|event| event.facts.kind == kind).count();
        prop_assert_eq!((kinds(Kind::FirstDeposit), kinds(Kind::RepeatDeposit)), (1, count - 1));
        let sum = Amount::from_int(amounts.iter().map(|amount| i64::from(*amount)).sum());
        let total = &model.totals()[&("a".to_owned(), "dep".to_owned())];
        prop_assert_eq!(*total, (count, sum));
    }

    /// Whatever comes in whatever mode: at most one approved first deposit, and it holds the slot.
    #[test]
    fn slots_always_hold(
        settings in select(&[
            "", "hold", "drop", "window=86400 drop", "mode=first_only", "mode=always_new",
            "mode=update", "default=pending", "default=held",
        ][..]),
        requests in vec(
            (
                select(&["sale", "resale", "deposit"][..]),
                select(&["", "0", "20", "50", "50 EUR", "50 ?"][..]),
                select(&["", "#A", "#B", "#C"][..]),
                select(&["", "=approved", "=pending", "=rejected", "=held"][..]),
                select(&["", "~1", "~2"][..]),
                0..2000_u32,
            ),
            0..40,
        ),
    ) {
        let mut model = Model::new(settings);
        for (event, amount, tid, status, bytes, seconds) in requests {
            let before = model.events.len();
            let answer = model.receive(&format!("+{seconds} {event} {amount} {tid} {status} {bytes}"));
            model.assert_slots();
            prop_assert_eq!(model.events.len() - before, usize::from(answer.verdict == "accepted"));
            let again = format!("{event} {amount} {tid} {status} {bytes}");
            // A rejection that is not told apart by an id speaks of whoever holds the slot by then.
            if status == "=rejected" && lookup(&model.postback(&again)).or_first {
                continue;
            }
            // At once again it is the same event, and by then there is nothing left to change.
            let again = model.receive(&again);
            prop_assert_eq!(again.verdict, "duplicate");
            prop_assert_eq!(again.event, answer.event);
            model.assert_slots();
        }
    }
}
