//! Which requests are one event: by transaction id, by slot, by name.

use super::check;

#[test]
fn registrations() {
    check(&[
        (
            "one per lead",
            "",
            "registration; registration",
            "accepted; duplicate => registration",
        ),
        (
            "its id says nothing",
            "",
            "registration #A; registration #B",
            "accepted; duplicate => registration #A",
        ),
        (
            "every lead has one",
            "",
            "a: registration; b: registration",
            "accepted; accepted => registration; b: registration",
        ),
        (
            "years later it is still the same",
            "",
            "registration; +99999999 registration",
            "accepted; duplicate => registration",
        ),
        (
            "rejected by its slot",
            "",
            "registration; registration =rejected",
            "accepted; updated => registration rejected",
        ),
        (
            "completed by its slot",
            "",
            "registration; registration p3",
            "accepted; updated => registration p3",
        ),
    ]);
}

#[test]
fn sales() {
    check(&[
        (
            "takes the free slot",
            "",
            "sale 50 #A",
            "accepted => first 50 #A",
        ),
        (
            "a new id is a repeat deposit",
            "",
            "sale 50 #A; sale 20 #B",
            "accepted; accepted => first 50 #A; repeat 20 #B",
        ),
        (
            "the same id is the same",
            "",
            "sale 50 #A; sale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "ids are case-sensitive",
            "",
            "sale 50 #A; sale 50 #a",
            "accepted; accepted => first 50 #A; repeat 50 #a",
        ),
        (
            "an id never expires",
            "",
            "sale 50 #A; +99999999 sale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "without an id it takes the slot",
            "",
            "sale 50",
            "accepted => first 50",
        ),
        (
            "without an id a second one is the first again",
            "",
            "sale 50; +5000 sale 50",
            "accepted; duplicate => first 50",
        ),
        (
            "whatever its sum",
            "",
            "sale 50; +5000 sale 70",
            "accepted; duplicate [amount_differs] => first 50",
        ),
        (
            "without an id it speaks of the first with one",
            "",
            "sale 50 #A; sale 50",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "and completes it",
            "",
            "sale #A; sale 50 p5",
            "accepted; updated => first 50 p5 #A",
        ),
        (
            "and rejects it",
            "",
            "sale 50 #A; sale =rejected",
            "accepted; updated => first 50 #A rejected",
        ),
        (
            "with an id after one without it is a repeat deposit",
            "",
            "sale 50; sale 50 #A",
            "accepted; accepted => first 50; repeat 50 #A",
        ),
        (
            "after a repeat deposit it still is the first",
            "",
            "resale 20 #B; sale 50 #A",
            "accepted [repeat_before_first]; accepted => repeat 20 #B; first 50 #A",
        ),
        (
            "every lead has its slot",
            "",
            "a: sale 50 #A; b: sale 50 #B",
            "accepted; accepted => first 50 #A; b: first 50 #B",
        ),
        (
            "an id of another lead is flagged and counts",
            "",
            "a: sale 50 #A; b: sale 50 #A",
            "accepted; accepted [tid_seen_on_other_lead] => first 50 #A; b: first 50 #A",
        ),
    ]);
}

#[test]
fn resales_and_deposits() {
    check(&[
        (
            "a repeat deposit",
            "",
            "sale 50 #A; resale 20 #B; resale 30 #C",
            "accepted; accepted; accepted => first 50 #A; repeat 20 #B; repeat 30 #C",
        ),
        (
            "before the first",
            "",
            "resale 20 #B",
            "accepted [repeat_before_first] => repeat 20 #B",
        ),
        (
            "the same id once",
            "",
            "sale 50 #A; resale 20 #B; resale 20 #B",
            "accepted; accepted; duplicate => first 50 #A; repeat 20 #B",
        ),
        (
            "deposits share ids: sale then resale",
            "",
            "sale 50 #A; resale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "deposits share ids: sale then deposit",
            "",
            "sale 50 #A; deposit 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "deposits share ids: resale then sale",
            "",
            "resale 50 #A; sale 50 #A",
            "accepted [repeat_before_first]; updated => first 50 #A",
        ),
        (
            "deposits share ids: resale then deposit",
            "",
            "resale 50 #A; deposit 50 #A; resale 50 #A",
            "accepted [repeat_before_first]; updated; duplicate => first 50 #A",
        ),
        (
            "a resale stays a repeat where there is a first",
            "",
            "sale 50 #A; resale 20 #B; sale 20 #B",
            "accepted; accepted; duplicate => first 50 #A; repeat 20 #B",
        ),
        (
            "without ids each counts",
            "",
            "sale 50; resale 20; resale 30",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50; repeat 20; repeat 30",
        ),
        (
            "a deposit is the first if the slot is free",
            "",
            "deposit 50 #A; deposit 20 #B",
            "accepted; accepted => first 50 #A; repeat 20 #B",
        ),
        (
            "so it is without an id",
            "",
            "deposit 50; deposit 20",
            "accepted [no_tid]; accepted [no_tid] => first 50; repeat 20",
        ),
        (
            "a sale without an id speaks of that first",
            "",
            "deposit 50 #A; sale 50",
            "accepted; duplicate => first 50 #A",
        ),
    ]);
}

#[test]
fn other_money() {
    for event in ["withdrawal", "chargeback", "commission", "bonus"] {
        let kind = if event == "bonus" { "custom" } else { event };
        let words = |text: &str| text.replace("EVENT", event).replace("KIND", kind);
        let rows = [
            (
                "a new id is a new event",
                "EVENT 5 #A; EVENT 5 #B",
                "accepted; accepted => KIND 5 #A; KIND 5 #B",
            ),
            (
                "the same id is the same",
                "EVENT 5 #A; EVENT 5 #A",
                "accepted; duplicate => KIND 5 #A",
            ),
            (
                "without ids each counts",
                "EVENT 5; EVENT 6",
                "accepted [no_tid]; accepted [no_tid] => KIND 5; KIND 6",
            ),
            (
                "groups do not share ids",
                "sale 5 #A; EVENT 5 #A",
                "accepted; accepted => first 5 #A; KIND 5 #A",
            ),
        ];
        for (name, requests, expected) in rows {
            check(&[(name, "", &words(requests), &words(expected))]);
        }
    }
    check(&[
        (
            "a name without money exists once",
            "",
            "vip; +5000 vip ~2",
            "accepted; duplicate => custom",
        ),
        (
            "with ids it can come again",
            "",
            "vip #A; vip #B; vip #A",
            "accepted; accepted; duplicate => custom #A; custom #B",
        ),
        (
            "an id apart from the slot",
            "",
            "vip #A; vip",
            "accepted; accepted => custom #A; custom",
        ),
        (
            "names have their own ids",
            "",
            "vip #A; bonus 5 #A",
            "accepted; accepted => custom #A; custom 5 #A",
        ),
        (
            "an unknown name has ids too",
            "",
            "kyc #A; kyc #A; level #A",
            "accepted; duplicate; accepted => other #A; other #A",
        ),
        (
            "and counts each time without",
            "",
            "kyc ~1; kyc ~2",
            "accepted; accepted => other; other",
        ),
    ]);
}
