//! Tables of decisions: a few words per request, and what a small store in memory makes of them.

mod model;
mod modes;
mod order;
mod repeats;
mod sameness;
mod statuses;

use super::*;
use model::Model;

/// A row: its name, the settings, requests one after another, and the outcome of each with the
/// events that remain. Requests and outcomes are separated by `;`, the events stand behind `=>`.
type Row<'t> = (&'t str, &'t str, &'t str, &'t str);

/// Runs every row and names all that fail.
fn check(rows: &[Row<'_>]) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|(name, settings, requests, expected)| {
            let found = Model::run(settings, requests);
            let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
            (found != expected)
                .then(|| format!("{name}: {requests}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Settings, request, key, whether the first deposit matters, `or_first`, recent seconds.
type LookupRow<'t> = (&'t str, &'t str, Option<&'t str>, bool, bool, Option<i64>);

/// What must be read, for every event, mode and kind of id.
#[test]
fn lookups() {
    let seconds = |seconds: i64| Some(seconds);
    let rows: &[LookupRow<'_>] = &[
        ("", "registration", Some("reg|"), false, false, None),
        ("", "registration #T", Some("reg|"), false, false, None),
        ("", "sale #T", Some("dep|T"), true, false, None),
        ("", "sale", Some("dep|"), true, true, seconds(600)),
        ("", "resale #T", Some("dep|T"), true, false, None),
        ("", "resale", None, true, false, seconds(600)),
        ("", "deposit #T", Some("dep|T"), true, false, None),
        ("", "deposit", None, true, false, seconds(600)),
        ("", "withdrawal #T", Some("wd|T"), false, false, None),
        ("", "withdrawal", None, false, false, seconds(600)),
        ("", "chargeback #T", Some("cb|T"), false, false, None),
        ("", "chargeback", None, false, false, seconds(600)),
        ("", "commission #T", Some("com|T"), false, false, None),
        ("", "commission", None, false, false, seconds(600)),
        ("", "bonus #T", Some("c:bonus|T"), false, false, None),
        ("", "bonus", None, false, false, seconds(600)),
        ("", "vip #T", Some("c:vip|T"), false, false, None),
        ("", "vip", Some("c:vip|"), false, false, None),
        ("", "kyc #T", Some("o:kyc|T"), false, false, None),
        ("", "kyc", None, false, false, seconds(600)),
        ("window=86400", "resale", None, true, false, seconds(86_400)),
        ("window=60", "resale", None, true, false, seconds(600)),
        ("mode=first_only", "sale #T", Some("dep|"), true, true, None),
        (
            "mode=first_only",
            "resale #T",
            Some("dep| resale"),
            true,
            false,
            None,
        ),
        (
            "mode=first_only",
            "bonus",
            Some("c:bonus| bonus"),
            false,
            false,
            None,
        ),
        (
            "mode=first_only",
            "vip #T",
            Some("c:vip|"),
            false,
            false,
            None,
        ),
        (
            "mode=first_only",
            "registration",
            Some("reg|"),
            false,
            false,
            None,
        ),
        (
            "mode=always_new",
            "sale #T",
            None,
            true,
            false,
            seconds(600),
        ),
        (
            "mode=always_new window=86400",
            "resale",
            None,
            true,
            false,
            seconds(600),
        ),
        (
            "mode=always_new",
            "registration",
            None,
            false,
            false,
            seconds(600),
        ),
        ("mode=update", "sale #T", Some("dep|T"), true, false, None),
        ("mode=update", "sale", Some("dep|"), true, true, None),
        (
            "mode=update",
            "commission",
            Some("com| commission"),
            false,
            false,
            None,
        ),
        (
            "mode=update",
            "resale",
            Some("dep| resale"),
            true,
            false,
            None,
        ),
        ("mode=update", "vip", Some("c:vip|"), false, false, None),
    ];
    for (settings, request, key, first_deposit, or_first, recent_seconds) in rows {
        let postback = Model::new(settings).postback(request);
        let found = lookup(&postback);
        let found_key = found
            .key
            .as_ref()
            .map(|key| format!("{}|{}", key.group.stored(), key.tid));
        assert_eq!(found_key.as_deref(), *key, "{settings} {request}");
        let is_tid = found.key.as_ref().is_some_and(Key::is_tid);
        assert_eq!(
            is_tid,
            key.is_some_and(|key| key.ends_with("|T")),
            "{settings} {request}"
        );
        assert_eq!(
            (found.first_deposit, found.or_first, found.recent_seconds),
            (*first_deposit, *or_first, *recent_seconds),
            "{settings} {request}"
        );
    }
}

/// What a person counts separately meets nothing, whatever its mode and id.
#[test]
fn counted_separately() {
    for (settings, request, key, first_deposit) in [
        ("", "sale #T", "dep|  0000000000007", true),
        ("", "sale", "dep|  0000000000007", true),
        ("mode=first_only", "resale #T", "dep|  0000000000007", true),
        (
            "mode=always_new",
            "withdrawal #T",
            "wd|  0000000000007",
            false,
        ),
        ("mode=update", "vip #T", "c:vip|  0000000000007", false),
    ] {
        let postback = Model::new(settings).postback(request);
        let found = separately(&postback, EventId(7));
        let own = found.key.as_ref().expect("a slot");
        assert_eq!(format!("{}|{}", own.group.stored(), own.tid), key);
        assert!(!own.is_tid(), "no id can equal it");
        let read = (found.first_deposit, found.or_first, found.recent_seconds);
        assert_eq!(read, (first_deposit, false, None), "{settings} {request}");
    }
}

#[test]
fn late() {
    let day = 24 * 3_600;
    for (seconds, late) in [
        (0, false),
        (30 * day, false),
        (30 * day + 1, true),
        (300 * day, true),
        // It happened before the click: the partner's clock, not ours.
        (-day, false),
    ] {
        let found = Model::run("clicked", &format!("+{seconds} registration"));
        assert_eq!(found.contains("late"), late, "{seconds}");
    }
    // The event's own time counts, where the partner sends one.
    let month = 31 * day;
    let told = format!("+{month} registration @{day}");
    assert!(!Model::run("clicked", &told).contains("late"));
    let unclicked = format!("+{month} registration");
    assert!(!Model::run("", &unclicked).contains("late"));
}

#[test]
fn promotion() {
    let deposit = |id, occurred: i64, received: i64, status, kind| EventFacts {
        id: EventId(id),
        kind,
        name: "sale".to_owned(),
        status,
        amount: None,
        currency: None,
        payout: None,
        payout_currency: None,
        occurred_at: Moment(occurred),
        received_at: Moment(received),
    };
    let repeat = |id, occurred, received| {
        deposit(
            id,
            occurred,
            received,
            Status::Approved,
            Kind::RepeatDeposit,
        )
    };
    let not = |id, status| deposit(id, 0, 0, status, Kind::RepeatDeposit);
    let first = deposit(1, 0, 0, Status::Rejected, Kind::FirstDeposit);
    let cases: &[(&str, Vec<EventFacts>, Option<i64>)] = &[
        ("nobody is left", vec![first.clone()], None),
        (
            "by event time",
            vec![first.clone(), repeat(2, 20, 5), repeat(3, 10, 6)],
            Some(3),
        ),
        (
            "then by receive time",
            vec![first.clone(), repeat(2, 10, 6), repeat(3, 10, 5)],
            Some(3),
        ),
        (
            "then by request",
            vec![first.clone(), repeat(3, 10, 5), repeat(2, 10, 5)],
            Some(2),
        ),
        (
            "only approved ones",
            vec![
                not(2, Status::Pending),
                not(3, Status::Held),
                repeat(4, 9, 9),
            ],
            Some(4),
        ),
        (
            "not the one that leaves",
            vec![deposit(1, 0, 0, Status::Approved, Kind::FirstDeposit)],
            None,
        ),
        (
            "only deposits",
            vec![deposit(2, 0, 0, Status::Approved, Kind::Withdrawal)],
            None,
        ),
    ];
    for (name, deposits, expected) in cases {
        let found = promote(deposits, EventId(1)).map(|id| id.0);
        assert_eq!(found, *expected, "{name}");
    }
}
