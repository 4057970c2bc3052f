//! Statuses: every transition, the sums they carry, the first-deposit slot that follows them.

use super::model::Model;
use super::*;

#[test]
fn transitions() {
    use Status::{Approved, Held, Pending, Rejected};
    // Known, incoming, after.
    let rows = [
        (Approved, None, Approved),
        (Approved, Some(Approved), Approved),
        (Approved, Some(Pending), Approved),
        (Approved, Some(Rejected), Rejected),
        (Approved, Some(Held), Approved),
        (Pending, None, Pending),
        (Pending, Some(Approved), Approved),
        (Pending, Some(Pending), Pending),
        (Pending, Some(Rejected), Rejected),
        (Pending, Some(Held), Pending),
        (Rejected, None, Rejected),
        (Rejected, Some(Approved), Approved),
        (Rejected, Some(Pending), Rejected),
        (Rejected, Some(Rejected), Rejected),
        (Rejected, Some(Held), Rejected),
        (Held, None, Held),
        (Held, Some(Approved), Held),
        (Held, Some(Pending), Held),
        (Held, Some(Rejected), Rejected),
        (Held, Some(Held), Held),
    ];
    for (known, incoming, after) in rows {
        let mut model = Model::new("");
        model.receive("withdrawal 50 #A");
        model.events[0].facts.status = known;
        let word = incoming.map(|status| format!("={status}", status = status.code()));
        let answer = model.receive(&format!("withdrawal 50 #A {}", word.unwrap_or_default()));
        let verdict = if known == after {
            "duplicate"
        } else {
            "updated"
        };
        assert_eq!(
            (model.events[0].facts.status, answer.verdict),
            (after, verdict),
            "{known:?} {incoming:?}"
        );
    }
}

#[test]
fn first_sights() {
    check(&[
        (
            "no status is approved",
            "",
            "sale 50 #A",
            "accepted => first 50 #A",
        ),
        (
            "or the default",
            "default=pending",
            "sale 50 #A",
            "accepted => first 50 #A pending",
        ),
        (
            "a status beats the default",
            "default=pending",
            "sale 50 #A =approved",
            "accepted => first 50 #A",
        ),
        (
            "no status changes nothing",
            "default=pending",
            "sale 50 #A =approved; sale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "no status approves nothing",
            "",
            "sale 50 #A =pending; sale 50 #A",
            "accepted; duplicate => first 50 #A pending",
        ),
        (
            "rejected from the start",
            "",
            "sale 50 #A =rejected",
            "accepted => first 50 #A rejected",
        ),
    ]);
}

#[test]
fn sums_that_statuses_carry() {
    check(&[
        (
            "pending with nothing, approved with a sum",
            "",
            "sale 0 #A =pending; sale 50 #A =approved",
            "accepted; updated => first 50 #A",
        ),
        (
            "pending with a sum, approved with another",
            "",
            "sale 40 #A =pending; sale 50 #A =approved",
            "accepted; updated => first 50 #A",
        ),
        (
            "pending and approved swapped",
            "",
            "sale 50 #A =approved; sale 0 #A =pending",
            "accepted; duplicate [amount_differs] => first 50 #A",
        ),
        (
            "approved without a sum keeps it",
            "",
            "sale 50 #A =pending; sale #A =approved",
            "accepted; updated => first 50 #A",
        ),
        (
            "pending without a sum",
            "",
            "sale #A =pending; sale 50 #A =approved",
            "accepted; updated => first 50 #A",
        ),
        (
            "with its currency",
            "",
            "sale 0 #A =pending; sale 50 EUR #A =approved",
            "accepted; updated => first 50 EUR #A",
        ),
        (
            "the same sum in another currency",
            "",
            "sale 50 #A =pending; sale 50 EUR #A =approved",
            "accepted; updated => first 50 EUR #A",
        ),
        (
            "with its payout",
            "",
            "sale 0 p0/EUR #A =pending; sale 50 p30 #A =approved",
            "accepted; updated => first 50 p30 #A",
        ),
        (
            "the zero of a rejection is no sum",
            "",
            "sale 50 p5 #A; sale 0 p0 #A =rejected",
            "accepted; updated [amount_differs] => first 50 p5 #A rejected",
        ),
        (
            "rejected and approved after all",
            "",
            "sale 50 #A; sale 0 #A =rejected; sale #A =approved",
            "accepted; updated [amount_differs]; updated => first 50 #A",
        ),
        (
            "rejected with nothing, approved with a sum",
            "",
            "sale 0 #A =rejected; sale 50 #A =approved",
            "accepted; updated => first 50 #A",
        ),
        (
            "a known status carries nothing",
            "",
            "sale 50 #A =approved; sale 70 #A =approved",
            "accepted; duplicate [amount_differs] => first 50 #A",
        ),
        (
            "pending again carries nothing",
            "",
            "sale 0 #A =pending; sale 50 #A =pending",
            "accepted; duplicate [amount_differs] => first 0 #A pending",
        ),
    ]);
}

#[test]
fn the_slot_follows() {
    check(&[
        (
            "pending does not hold it",
            "",
            "sale 50 #A =pending; sale 20 #B",
            "accepted; accepted => first 50 #A pending; first 20 #B",
        ),
        (
            "who was pending finds it taken",
            "",
            "sale 50 #A =pending; sale 20 #B; sale 50 #A =approved",
            "accepted; accepted; updated => repeat 50 #A; first 20 #B",
        ),
        (
            "approved takes it",
            "",
            "sale 50 #A =pending; sale 50 #A =approved; sale 20 #B",
            "accepted; updated; accepted => first 50 #A; repeat 20 #B",
        ),
        (
            "rejected leaves it",
            "",
            "sale 50 #A; sale #A =rejected; sale 20 #B",
            "accepted; updated; accepted => first 50 #A rejected; first 20 #B",
        ),
        (
            "the next approved deposit is promoted",
            "",
            "sale 50 #A; sale 20 #B; resale 30 #C; sale #A =rejected",
            "accepted; accepted; accepted; updated => first 50 #A rejected; first 20 #B; repeat 30 #C",
        ),
        (
            "next by event time",
            "",
            "sale 50 #A @0; sale 20 #B @30; sale 30 #C @20; sale #A =rejected",
            "accepted; accepted; accepted; updated => first 50 #A rejected; repeat 20 #B; first 30 #C",
        ),
        (
            "pending ones are passed over",
            "",
            "sale 50 #A; sale 20 #B =pending; sale 30 #C; sale #A =rejected",
            "accepted; accepted; accepted; updated => first 50 #A rejected; repeat 20 #B pending; first 30 #C",
        ),
        (
            "a resale is promoted too",
            "",
            "sale 50 #A; resale 30 #C; sale #A =rejected",
            "accepted; accepted; updated => first 50 #A rejected; first 30 #C",
        ),
        (
            "back again it is a repeat deposit",
            "",
            "sale 50 #A; sale 20 #B; sale #A =rejected; sale #A =approved",
            "accepted; accepted; updated; updated => repeat 50 #A; first 20 #B",
        ),
        (
            "back again where nobody was promoted",
            "",
            "sale 50 #A; sale #A =rejected; sale #A =approved",
            "accepted; updated; updated => first 50 #A",
        ),
        (
            "rejecting a repeat deposit moves nothing",
            "",
            "sale 50 #A; sale 20 #B; sale #B =rejected",
            "accepted; accepted; updated => first 50 #A; repeat 20 #B rejected",
        ),
        (
            "an approved resale does not take it",
            "",
            "resale 20 #B =pending; resale 20 #B =approved; sale 50 #A",
            "accepted [repeat_before_first]; updated; accepted => repeat 20 #B; first 50 #A",
        ),
        (
            "a resale that a sale called the first takes it when approved",
            "",
            "resale 20 #B =pending; sale 20 #B =pending; resale 20 #B =approved",
            "accepted [repeat_before_first]; updated; updated => first 20 #B",
        ),
        (
            "a retry relabels nothing",
            "",
            "sale 50 #A; sale 20 #B =pending; sale #A =rejected; sale 20 #B",
            "accepted; accepted; updated; duplicate => first 50 #A rejected; repeat 20 #B pending",
        ),
        (
            "a sale approves a resale into the slot",
            "",
            "resale 20 #B =pending; sale 20 #B =approved",
            "accepted [repeat_before_first]; updated => first 20 #B",
        ),
        (
            "an event without an id is updated by its slot",
            "",
            "sale 0 =pending; sale 50 =approved",
            "accepted; updated => first 50",
        ),
        (
            "rejected by its slot it stays known",
            "",
            "sale 50; sale =rejected; sale 50",
            "accepted; updated; duplicate => first 50 rejected",
        ),
        (
            "a promoted resale that left comes back as the first",
            "",
            "sale 50 #A; resale 30 #C; sale #A =rejected; resale #C =rejected; resale #C =approved",
            "accepted; accepted; updated; updated; updated => first 50 #A rejected; first 30 #C",
        ),
    ]);
}

/// An event that its own request completes keeps its status, its slot and the sums that came later.
#[test]
fn completing_without_a_lookup() {
    let no_lookup = Lookup {
        key: None,
        first_deposit: false,
        or_first: false,
        recent_seconds: None,
    };
    // Settings, requests, the request that is decided again, what changes.
    let rows = [
        ("", "resale #A", "sale 50 #A", "amount"),
        ("", "resale 50 #A", "sale 50 #A", ""),
        ("mode=update", "sale 50 #A; sale 70 #A", "sale 50 #A", ""),
        ("mode=update", "sale 50 #A", "sale 50 p3 #A", "payout"),
    ];
    for (settings, requests, again, expected) in rows {
        let mut model = Model::new(settings);
        for request in requests.split(';') {
            model.receive(request);
        }
        let facts = Facts {
            same: Some(model.events[0].facts.clone()),
            ..Facts::default()
        };
        let decision = decide(&model.postback(again), &no_lookup, &facts, Moment(0));
        let Decision::Same { change, .. } = decision else {
            panic!("{again} is the same event");
        };
        let changed = [
            (change.amount.is_some(), "amount"),
            (change.payout.is_some(), "payout"),
            (
                change.kind.is_some() || change.takes_first || change.releases_first,
                "kind",
            ),
            (change.status.is_some(), "status"),
        ];
        let changed: Vec<_> = changed
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(changed.join(" "), expected, "{requests} / {again}");
    }
}
