//! Whatever comes, under whatever rules: an outcome that keeps its promises, never a panic.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::rules::{FieldMapping, Payout, RepeatChoice, TidMeaning};

const NAMES: &[&str] = &[
    "clickid",
    "tracker.event",
    "tracker.cost",
    "tracker.currency",
    "tracker.payout",
    "tracker.payout_currency",
    "tracker.tid",
    "tracker.status",
    "tracker.time",
    "tracker.other",
    "fields.user_id",
    "fields.last_deposit",
    "details.level",
    "secret",
    "subid",
    "sum",
    "",
];

const VALUES: &[&str] = &[
    "abc",
    "sub1",
    "{sub1}",
    "[x]",
    "%price%",
    "sale",
    "resale",
    "vip",
    "bonus",
    "50",
    "-50",
    "1,5",
    "1e9",
    "usd",
    "btc",
    "zzz",
    "null",
    "0",
    "approved",
    "odd",
    "1790000000",
    "+",
    "",
    "%ff",
    "%00",
    "%",
    "é",
    "\\",
    "999999999999999999.999999999999999999",
    "-999999999999999999",
    "2026-09-21+17:13:20+03:00",
];

fn pair() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        8 => proptest::sample::select(NAMES).prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..12),
    ];
    let value = prop_oneof![
        6 => proptest::sample::select(VALUES).prop_map(|value| value.as_bytes().to_vec()),
        2 => vec(any::<u8>(), 0..40),
    ];
    (name, value).prop_map(|(name, value)| [name, b"=".to_vec(), value].concat())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => vec(pair(), 0..14).prop_map(|pairs| pairs.join(&b'&')),
        1 => vec(any::<u8>(), 0..400),
    ]
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        proptest::sample::select(VALUES)
            .prop_map(|value| serde_json::Value::from(value).to_string()),
        any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        Just("null".to_owned()),
        Just("{\"cost\":5,\"event\":\"sale\",\"user_id\":[]}".to_owned()),
    ];
    let member = (
        proptest::sample::select(
            &[
                "clickid",
                "tracker",
                "fields",
                "tracker.event",
                "tracker.tid",
                "x",
            ][..],
        ),
        value,
    )
        .prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let object =
        vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes());
    prop_oneof![4 => object, 1 => vec(any::<u8>(), 0..120), 1 => ".{0,80}".prop_map(String::into_bytes)]
}

fn rules() -> impl Strategy<Value = Ruleset> {
    let name = || proptest::sample::select(NAMES).prop_map(str::to_owned);
    let value = || proptest::sample::select(VALUES).prop_map(str::to_lowercase);
    let currency = || {
        option::of(
            proptest::sample::select(&["usd", "zzz", "jpy"][..])
                .prop_map(|code| Currency::new(code).unwrap()),
        )
    };
    let status = || proptest::sample::select(&Status::ALL[..]);
    let mode = proptest::sample::select(
        &[Mode::ByTid, Mode::FirstOnly, Mode::AlwaysNew, Mode::Update][..],
    );
    let choice = proptest::sample::select(
        &[RepeatChoice::Count, RepeatChoice::Hold, RepeatChoice::Drop][..],
    );
    let payout = prop_oneof![
        Just(Payout::None),
        (any::<i64>(), currency()).prop_map(|(sum, currency)| Payout::Fixed {
            amount: Amount::from_int(sum),
            currency
        }),
        name().prop_map(|name| Payout::Parameter { name }),
    ];
    let words = (
        btree_map(name(), name(), 0..4),
        btree_map(value(), value(), 0..4),
        btree_map(value(), status(), 0..3),
        btree_map(value(), mode, 0..3),
    );
    let unsaid = (
        btree_map(value(), status(), 0..3),
        btree_map(name(), value(), 0..3),
        option::of(value()),
        btree_map(value(), name(), 0..3),
    );
    let rest = (
        currency(),
        proptest::sample::select(&["", "Europe/Moscow", "Nowhere"][..]),
        any::<bool>(),
        option::of(name()),
        (any::<i64>(), choice),
        btree_map(value(), (currency(), payout, option::of(status())), 0..4),
    );
    (words, unsaid, rest).prop_map(
        |(
            (aliases, events, statuses, modes),
            (event_statuses, event_params, default_event, amounts),
            (currency, zone, click, player_field, (window_seconds, choice), configurations),
        )| {
            let mut ruleset = ruleset("");
            ruleset.rules = Rules {
                currency,
                time_zone: zone.to_owned(),
                tid_means: if click {
                    TidMeaning::Click
                } else {
                    TidMeaning::Transaction
                },
                aliases,
                events,
                statuses,
                event_statuses,
                event_params,
                default_event: default_event.unwrap_or_default(),
                amounts,
                modes,
                repeats: Repeats {
                    window_seconds,
                    choice,
                },
                player_field,
                field_mappings: vec![FieldMapping {
                    field: "user_id".to_owned(),
                    macro_text: "{id}".to_owned(),
                }],
                ..Rules::default()
            };
            ruleset.configurations = configurations
                .into_iter()
                .map(|(event, (currency, payout, default_status))| {
                    (
                        event,
                        ConfigurationRules {
                            currency,
                            payout,
                            default_status,
                            ..ConfigurationRules::default()
                        },
                    )
                })
                .collect();
            ruleset
        },
    )
}

fn keeps_its_promises(postback: &Postback) {
    let id = |text: &str| !text.is_empty() && text.len() <= MAX_ID_BYTES && text.trim() == text;
    assert!(id(&postback.clickid));
    assert!(postback.event.as_str().len() <= 3 * MAX_EVENT_BYTES);
    if let Some(tid) = &postback.tid {
        assert!(id(tid) && is_usable_id(tid) && !tid.eq_ignore_ascii_case(&postback.clickid));
    }
    if let Some(player) = &postback.player {
        assert!(id(player) && is_usable_id(player));
    }
    assert!(postback.fields.len() <= MAX_FIELDS);
    for write in &postback.fields {
        assert!(write.value.chars().count() <= MAX_FIELD_CHARS && !write.value.contains('\0'));
    }
    assert_ne!(postback.status, Some(Status::Held));
    assert!(postback.occurred_at.is_none_or(|at| at <= received()));
    assert!(postback.payout_currency.is_none() || postback.payout.is_some());
    let counts_up = matches!(
        postback.event,
        EventName::Sale
            | EventName::Resale
            | EventName::Deposit
            | EventName::Withdrawal
            | EventName::Chargeback
    );
    assert!(!counts_up || postback.amount.is_none_or(|amount| !amount.is_negative()));
}

proptest! {
    #[test]
    fn judging_never_panics(
        query in text(),
        content_type in option::of(prop_oneof![
            Just("application/json".to_owned()),
            Just("application/x-www-form-urlencoded".to_owned()),
            ".{0,30}",
        ]),
        body in option::of(prop_oneof![text(), json()]),
        rules in rules(),
        received_at in any::<i64>(),
    ) {
        let parts = Parts {
            query: &query,
            content_type: content_type.as_deref(),
            body: body.as_deref(),
        };
        if let Ok(postback) = parts.judge(&rules, received()) {
            keeps_its_promises(&postback);
        }
        let _ = parts.judge(&rules, Moment(received_at));
        if let Ok(params) = parts.params(&rules) {
            let _ = authorize(&params, &rules, None);
        }
    }

    #[test]
    fn a_name_is_a_name_in_any_text(text in ".{0,40}") {
        let _ = is_parameter_name(&text, &ruleset(""));
        let _ = is_usable_id(&text);
        let _ = net_contains(&text, std::net::IpAddr::from([127, 0, 0, 1]));
    }
}
