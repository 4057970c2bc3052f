//! Events without a transaction id that may be repeats: windows, choices, identical bytes.

use super::check;

#[test]
fn counted_by_default() {
    check(&[
        (
            "other bytes, same content",
            "",
            "sale 50 #A; resale 20 ~1; resale 20 ~2",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "same bytes",
            "",
            "sale 50 #A; resale 20; resale 20; resale 20",
            "accepted; accepted [no_tid]; duplicate; duplicate => first 50 #A; repeat 20",
        ),
        (
            "same bytes at the edge",
            "",
            "sale 50 #A; resale 20; +600 resale 20",
            "accepted; accepted [no_tid]; duplicate => first 50 #A; repeat 20",
        ),
        (
            "same bytes after it",
            "",
            "sale 50 #A; resale 20; +601 resale 20",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "other bytes at the edge",
            "",
            "sale 50 #A; resale 20 ~1; +600 resale 20 ~2",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "other bytes after it",
            "",
            "sale 50 #A; resale 20 ~1; +601 resale 20 ~2",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "a wider window",
            "window=86400",
            "sale 50 #A; resale 20 ~1; +86400 resale 20 ~2; +86401 resale 20 ~3",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat]; accepted [no_tid] \
             => first 50 #A; repeat 20; repeat 20; repeat 20",
        ),
        (
            "same bytes in a wider window count after ten minutes",
            "window=86400",
            "sale 50 #A; resale 20; +601 resale 20",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "a narrow window leaves same bytes alone",
            "window=0",
            "sale 50 #A; resale 20 ~1; +1 resale 20 ~2; +1 resale 20 ~2",
            "accepted; accepted [no_tid]; accepted [no_tid]; duplicate => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "another sum",
            "",
            "sale 50 #A; resale 20; resale 21",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat 20; repeat 21",
        ),
        (
            "another currency",
            "",
            "sale 50 #A; resale 20; resale 20 EUR",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat 20; repeat 20 EUR",
        ),
        (
            "no sum to compare",
            "",
            "sale 50 #A; resale ~1; resale ~2",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat; repeat",
        ),
        (
            "another lead",
            "",
            "a: withdrawal 20; b: withdrawal 20",
            "accepted [no_tid]; accepted [no_tid] => withdrawal 20; b: withdrawal 20",
        ),
        (
            "another group",
            "",
            "withdrawal 20; chargeback 20",
            "accepted [no_tid]; accepted [no_tid] => withdrawal 20; chargeback 20",
        ),
        (
            "an id is no repeat",
            "",
            "sale 50 #A; resale 20; resale 20 #B",
            "accepted; accepted [no_tid]; accepted => first 50 #A; repeat 20; repeat 20 #B",
        ),
        (
            "the first deposit at both addresses",
            "",
            "sale 50; resale 50",
            "accepted; accepted [no_tid possible_repeat] => first 50; repeat 50",
        ),
        (
            "at both addresses, the other way round",
            "",
            "resale 50; sale 50",
            "accepted [no_tid repeat_before_first]; accepted [possible_repeat] => repeat 50; first 50",
        ),
        (
            "an unknown name, same bytes",
            "",
            "kyc 5; kyc 5; kyc 5 ~2",
            "accepted; duplicate; accepted => other 5; other 5",
        ),
    ]);
}

#[test]
fn held_or_dropped() {
    check(&[
        (
            "held",
            "hold",
            "sale 50 #A; resale 20 ~1; resale 20 ~2",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20 held",
        ),
        (
            "held though pending",
            "hold",
            "sale 50 #A; resale 20 ~1; resale 20 ~2 =pending",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20 held",
        ),
        (
            "rejected needs no second look",
            "hold",
            "sale 50 #A; resale 20 ~1; resale 20 ~2 =rejected",
            "accepted; accepted [no_tid]; accepted [no_tid possible_repeat] => first 50 #A; repeat 20; repeat 20 rejected",
        ),
        (
            "same bytes are a duplicate",
            "hold",
            "sale 50 #A; resale 20; resale 20",
            "accepted; accepted [no_tid]; duplicate => first 50 #A; repeat 20",
        ),
        (
            "who is held takes no slot",
            "hold",
            "resale 50; sale 50; deposit 60",
            "accepted [no_tid repeat_before_first]; accepted [possible_repeat]; accepted [no_tid] \
             => repeat 50; first 50 held; first 60",
        ),
        (
            "dropped",
            "drop",
            "sale 50 #A; resale 20 ~1; resale 20 ~2; resale 21",
            "accepted; accepted [no_tid]; duplicate [possible_repeat]; accepted [no_tid] => first 50 #A; repeat 20; repeat 21",
        ),
        (
            "the first deposit at both addresses",
            "drop window=86400",
            "sale 50; +80000 resale 50",
            "accepted; duplicate [possible_repeat] => first 50",
        ),
        (
            "at both addresses, the other way round",
            "drop window=86400",
            "resale 50; +80000 sale 50; +1 sale 50",
            "accepted [no_tid repeat_before_first]; updated [possible_repeat]; duplicate => first 50",
        ),
    ]);
}

/// A request that is decided late, or again, may find events that came after it.
#[test]
fn decided_late() {
    check(&[
        (
            "long before",
            "",
            "sale 50 #A; +9000 resale 20; +-8000 resale 20",
            "accepted; accepted [no_tid]; accepted [no_tid] => first 50 #A; repeat 20; repeat 20",
        ),
        (
            "shortly before",
            "",
            "sale 50 #A; +9000 resale 20; +-600 resale 20; +-1 resale 20 ~2",
            "accepted; accepted [no_tid]; duplicate; accepted [no_tid] => first 50 #A; repeat 20; repeat 20",
        ),
    ]);
}
