//! Modes other than the usual one, and what completes a known event.

use super::check;

#[test]
fn modes() {
    check(&[
        (
            "first only: one sale",
            "mode=first_only",
            "sale 50 #A; sale 20 #B",
            "accepted; duplicate [amount_differs] => first 50 #A",
        ),
        (
            "first only: one resale",
            "mode=first_only",
            "resale 50 #A; resale 50",
            "accepted [repeat_before_first]; duplicate => repeat 50 #A",
        ),
        (
            "first only: names apart",
            "mode=first_only",
            "sale 50; resale 50",
            "accepted; accepted => first 50; repeat 50",
        ),
        (
            "first only: one withdrawal",
            "mode=first_only",
            "withdrawal 5 #A; withdrawal 6 #B",
            "accepted; duplicate [amount_differs] => withdrawal 5 #A",
        ),
        (
            "always new: the same id twice",
            "mode=always_new",
            "sale 50 #A ~1; sale 50 #A ~2",
            "accepted; accepted => first 50 #A; repeat 50 #A",
        ),
        (
            "always new: same bytes at once",
            "mode=always_new",
            "sale 50 #A; sale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "always new: same bytes at the edge",
            "mode=always_new",
            "sale 50; +600 sale 50",
            "accepted [no_tid]; duplicate => first 50",
        ),
        (
            "always new: same bytes after it",
            "mode=always_new",
            "sale 50; +601 sale 50",
            "accepted [no_tid]; accepted [no_tid] => first 50; repeat 50",
        ),
        (
            "always new: nothing is a possible repeat",
            "mode=always_new drop",
            "resale 5 ~1; resale 5 ~2",
            "accepted [no_tid repeat_before_first]; accepted [no_tid repeat_before_first] => repeat 5; repeat 5",
        ),
        (
            "always new: registrations have no use for ids",
            "mode=always_new",
            "registration ~1; registration ~2",
            "accepted; accepted => registration; registration",
        ),
        (
            "update: the last sum wins",
            "mode=update",
            "sale 50 #A; sale 70 #A; sale 60 #A",
            "accepted; updated; updated => first 60 #A",
        ),
        (
            "update: even down to nothing",
            "mode=update",
            "sale 50 #A; sale 0 #A",
            "accepted; updated => first 0 #A",
        ),
        (
            "update: the same again",
            "mode=update",
            "sale 50 #A; sale 50 #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "update: a missing sum changes nothing",
            "mode=update",
            "sale 50 #A; sale #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "update: with its currency",
            "mode=update",
            "sale 50 #A; sale 50 EUR #A; sale 40 ? #A",
            "accepted; updated; updated => first 40 EUR #A",
        ),
        (
            "update: a running total without an id",
            "mode=update",
            "commission 5; commission 9",
            "accepted; updated => commission 9",
        ),
        (
            "update: and the payout",
            "mode=update",
            "sale 50 p5 #A; sale 50 p6/EUR #A",
            "accepted; updated => first 50 p6 EUR #A",
        ),
        (
            "update: names apart without an id",
            "mode=update",
            "sale 50; resale 20; resale 30",
            "accepted; accepted; updated => first 50; repeat 30",
        ),
    ]);
}

#[test]
fn completion() {
    check(&[
        (
            "an unset sum",
            "",
            "sale #A; sale 50 #A",
            "accepted; updated => first 50 #A",
        ),
        (
            "only once",
            "",
            "sale #A; sale 50 #A; sale 50 #A",
            "accepted; updated; duplicate => first 50 #A",
        ),
        (
            "an unset currency",
            "",
            "sale 50 ? #A; sale 50 #A",
            "accepted; updated => first 50 #A",
        ),
        (
            "a currency alone",
            "",
            "sale 50 ? #A; sale EUR #A",
            "accepted; updated => first 50 EUR #A",
        ),
        (
            "an unset payout",
            "",
            "sale 50 #A; sale 50 p5/EUR #A",
            "accepted; updated => first 50 p5 EUR #A",
        ),
        (
            "all at once",
            "",
            "sale #A; sale 50 EUR p5 #A",
            "accepted; updated => first 50 EUR p5 #A",
        ),
        (
            "nothing takes away",
            "",
            "sale 50 p5 #A; sale #A",
            "accepted; duplicate => first 50 p5 #A",
        ),
        (
            "a set sum stays",
            "",
            "sale 50 #A; sale 70 #A",
            "accepted; duplicate [amount_differs] => first 50 #A",
        ),
        (
            "a set sum of nothing stays",
            "",
            "sale 0 #A; sale 70 #A",
            "accepted; duplicate [amount_differs] => first 0 #A",
        ),
        (
            "a set currency stays",
            "",
            "sale 50 #A; sale 50 EUR #A",
            "accepted; duplicate [amount_differs] => first 50 #A",
        ),
        (
            "a set payout stays",
            "",
            "sale 50 p5 #A; sale 50 p6 #A",
            "accepted; duplicate => first 50 p5 #A",
        ),
        (
            "one's sum never meets the other's currency",
            "",
            "sale 50 ? #A; sale 70 EUR #A",
            "accepted; duplicate [amount_differs] => first 50 ? #A",
        ),
        (
            "a sum brings its currency along",
            "",
            "sale USD #A; sale 50 EUR #A",
            "accepted; updated => first 50 EUR #A",
        ),
        (
            "or finds the one that is set",
            "",
            "sale EUR #A; sale 50 ? #A",
            "accepted; updated => first 50 EUR #A",
        ),
        (
            "a currency without a sum changes no sum",
            "",
            "sale 50 #A; sale EUR #A",
            "accepted; duplicate => first 50 #A",
        ),
        (
            "the rest is completed though the sum differs",
            "",
            "sale 50 #A; sale 70 p5 #A",
            "accepted; updated [amount_differs] => first 50 p5 #A",
        ),
        (
            "by either address",
            "",
            "sale #A; resale 50 #A",
            "accepted; updated => first 50 #A",
        ),
        (
            "a payout's unset currency",
            "",
            "sale p5/- #A; sale p5 #A",
            "accepted; updated => first p5 #A",
        ),
    ]);
}
