//! Macros in every value and style, unusable transaction ids, words for events and statuses, times.

use super::*;

/// One macro in the style of every partner, as it stands in a query.
const MACROS: &[&str] = &[
    "{amount}",
    "%7Bamount%7D",
    "{{amount}}",
    "${amount}",
    "[amount]",
    "[[[amount]]]",
    "#amount#",
    "%23amount%23",
    "%amount%",
    "%25amount%25",
    "%date%",
    "REPLACE",
    "OPTIONAL",
    "+{amount}+",
    "{event\\_id}",
];

#[test]
fn no_macro_is_ever_a_value() {
    for text in MACROS {
        for name in [
            "tracker.cost",
            "tracker.currency",
            "tracker.payout",
            "tracker.payout_currency",
            "tracker.tid",
            "tracker.status",
            "tracker.time",
            "fields.user_id",
        ] {
            let query = format!("clickid=a&tracker.event=registration&{name}={text}");
            let found = line(&judged("", query.as_bytes()));
            let stray = found.replace(" stray_characters", "");
            assert_eq!(stray, "a registration [macro_unexpanded]", "{query}");
        }
        let clickid = judged(
            "",
            format!("clickid={text}&tracker.event=registration").as_bytes(),
        );
        let clickid = clickid.unwrap();
        assert!(!clickid.clickid_usable, "{text}");
        assert!(clickid.flags.has(Flag::MacroUnexpanded), "{text}");
        let event = judged("", format!("clickid=a&tracker.event={text}").as_bytes()).unwrap();
        assert!(matches!(event.event, EventName::Other { .. }), "{text}");
        assert!(event.flags.has(Flag::MacroUnexpanded), "{text}");
        assert!(event.flags.has(Flag::UnknownEvent), "{text}");
    }
}

#[test]
fn macros_fall_back_to_what_is_fixed() {
    let rules =
        "currency = 'EUR'\nconfigurations.registration.payout = { from = 'fixed', amount = '30' }";
    check(&[
        (
            rules,
            "clickid=a&tracker.event=registration&tracker.currency={cur}&tracker.payout={payout}",
            "a registration - EUR payout=30 EUR [macro_unexpanded]",
        ),
        (
            rules,
            "clickid={sub4}&tracker.event={goal}",
            "{sub4}(unusable) other:{goal} - EUR [macro_unexpanded unknown_event]",
        ),
        // Text that only looks like a macro.
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid={1",
            "a custom:vip tid={1",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid={3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
            "a custom:vip tid={3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=%231",
            "a custom:vip tid=#1",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=[1]",
            "a custom:vip tid=[1]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=replace",
            "a custom:vip tid=replace",
        ),
    ]);
}

#[test]
fn transaction_ids() {
    for word in [
        "",
        "null",
        "NULL",
        "undefined",
        "none",
        "None",
        "nan",
        "NaN",
        "0",
        "-",
        "+0+",
        "%20",
    ] {
        let query = format!("clickid=a&tracker.event=vip&tracker.tid={word}");
        assert_eq!(judged("", query.as_bytes()).unwrap().tid, None, "{word}");
    }
    check(&[
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=+Ab1+",
            "a custom:vip tid=Ab1 [stray_characters]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=00",
            "a custom:vip tid=00",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=1",
            "a custom:vip tid=1",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=0x0",
            "a custom:vip tid=0x0",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&tracker.tid=A",
            "a custom:vip [tid_is_clickid]",
        ),
        (
            "tid_means = 'click'",
            "clickid=a&tracker.event=vip&tracker.tid=T1",
            "a custom:vip",
        ),
    ]);
    let mut postback = judged("", b"clickid=a&tracker.event=vip&tracker.tid=T1").unwrap();
    postback.drop_tid();
    assert_eq!(line(&Ok(postback)), "a custom:vip [tid_is_clickid]");
}

#[test]
fn events() {
    let mapped = "events = { 'firstdeposit' = 'sale', 'первый' = 'sale', 'reg' = 'registration', \
        'level' = 'vip', 'odd' = 'nobody' }\nmodes = { sale = 'first_only', vip = 'update' }";
    let cost = "clickid=a&tracker.cost=1&tracker.currency=usd&tracker.event=";
    let plain = "clickid=a&tracker.event=";
    check(&[
        ("", &format!("{cost}sale"), "a sale 1 USD"),
        (
            "",
            &format!("{cost}+SALE"),
            "a sale 1 USD [stray_characters]",
        ),
        ("", &format!("{cost}resale"), "a resale 1 USD"),
        ("", &format!("{cost}Deposit"), "a deposit 1 USD"),
        ("", &format!("{cost}withdrawal"), "a withdrawal 1 USD"),
        ("", &format!("{cost}chargeback"), "a chargeback 1 USD"),
        ("", &format!("{cost}commission"), "a commission 1 USD"),
        ("", &format!("{plain}registration"), "a registration"),
        ("", &format!("{plain}VIP"), "a custom:vip"),
        ("", &format!("{cost}Bonus"), "a custom:bonus 1 USD"),
        (
            "",
            &format!("{cost}KYC"),
            "a other:kyc 1 USD [unknown_event]",
        ),
        (
            "",
            &format!("{cost}first_deposit"),
            "a other:first_deposit 1 USD [unknown_event]",
        ),
        (
            "",
            &format!("{plain}first_deposit_"),
            "a other:first_deposit_ [placeholder_event]",
        ),
        (
            "",
            &format!("{plain}recurring_deposit_"),
            "a other:recurring_deposit_ [placeholder_event]",
        ),
        (
            mapped,
            &format!("{cost}firstDeposit"),
            "a sale 1 USD mode=FirstOnly",
        ),
        (
            mapped,
            &format!("{cost}ПЕРВЫЙ"),
            "a sale 1 USD mode=FirstOnly",
        ),
        (mapped, &format!("{plain}Reg"), "a registration"),
        (mapped, &format!("{plain}level"), "a custom:vip mode=Update"),
        (
            mapped,
            &format!("{plain}odd"),
            "a other:nobody [unknown_event]",
        ),
    ]);
}

#[test]
fn statuses() {
    let rules = "statuses = { '1' = 'approved', 'холд' = 'pending', 'paid' = 'rejected', 'look' = 'held' }\n\
        configurations.registration.default_status = 'pending'";
    let rows = [
        ("", "approved", "status=approved"),
        ("", "+Approved", "status=approved"),
        ("", "PENDING", "status=pending"),
        ("", "hold", "status=pending"),
        ("", "rejected", "status=rejected"),
        ("", "declined", "status=rejected"),
        ("", "trash", "status=rejected"),
        ("", "1", "status=pending [status_unknown]"),
        ("", "held", "status=pending [status_unknown]"),
        ("", "", ""),
        // The integration's words come first; nothing a partner says holds an event.
        (rules, "1", "status=approved default=pending"),
        (rules, "ХОЛД", "status=pending default=pending"),
        (rules, "Paid", "status=rejected default=pending"),
        (rules, "look", "status=pending default=pending"),
        (rules, "approved", "status=approved default=pending"),
        (rules, "", "default=pending"),
    ];
    for (rules, word, expected) in rows {
        let query = format!("clickid=a&tracker.event=registration&tracker.status={word}");
        let found = line(&judged(rules, query.as_bytes())).replace(" [stray_characters]", "");
        assert_eq!(
            found,
            format!("a registration {expected}").trim_end(),
            "{word}"
        );
    }
}

#[test]
fn times() {
    let moscow = "time_zone = 'Europe/Moscow'";
    let rows = [
        ("", "1790000000", "at=2026-09-21T14:13:20Z"),
        ("", "1789999999123", "at=2026-09-21T14:13:19.123Z"),
        ("", "2026-09-21T14:13:19Z", "at=2026-09-21T14:13:19Z"),
        ("", "2026-09-21T17:13:19%2B03:00", "at=2026-09-21T14:13:19Z"),
        // An unencoded plus arrives as a blank.
        ("", "2026-09-21T17:13:19+03:00", "at=2026-09-21T14:13:19Z"),
        ("", "2026-09-21+14:13:19", "at=2026-09-21T14:13:19Z"),
        (moscow, "2026-09-21+17:13:19", "at=2026-09-21T14:13:19Z"),
        (moscow, "2026-09-21T14:13:19Z", "at=2026-09-21T14:13:19Z"),
        (moscow, "1790000000", "at=2026-09-21T14:13:20Z"),
        // The same wall clock is still to come in UTC.
        ("", "2026-09-21+17:13:19", "[time_in_future]"),
        ("", "2036-09-21T14:13:19Z", "[time_in_future]"),
        ("", "9999999999", "[time_in_future]"),
        // A clock that runs ahead a little: the receive time.
        ("", "2026-09-21T14:15:00Z", "at=2026-09-21T14:13:20Z"),
        ("", "yesterday", "[time_unreadable]"),
        ("", "0", "[time_unreadable]"),
        ("", "21.09.2026+14:13:20", "[time_unreadable]"),
        ("", "2026-09-31+14:13:20", "[time_unreadable]"),
        ("", "1790000000000000000", "[time_unreadable]"),
        ("", "", ""),
    ];
    for (rules, time, expected) in rows {
        let query = format!("clickid=a&tracker.event=registration&tracker.time={time}");
        let found = line(&judged(rules, query.as_bytes()));
        assert_eq!(
            found,
            format!("a registration {expected}").trim_end(),
            "{time} {rules}"
        );
    }
}
