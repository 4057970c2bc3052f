//! Every flag that judging can raise: a request that has it and one that nearly has it.

use super::*;

/// Raised by the decision or while writing, where more is known than the request.
const RAISED_LATER: &[Flag] = &[
    Flag::NoTid,
    Flag::TidSeenOnOtherLead,
    Flag::AmountDiffers,
    Flag::PossibleRepeat,
    Flag::RepeatBeforeFirst,
    Flag::Late,
    Flag::PlayerOfOtherLead,
    Flag::CountedSeparately,
];

/// Flag, rules, the query that has it, the query that has no flag at all.
type Pair<'t> = (Flag, &'t str, &'t str, &'t str);

const PAIRS: &[Pair<'_>] = &[
    (
        Flag::MacroUnexpanded,
        "",
        "clickid=a&tracker.event=registration&tracker.tid={tid}",
        "clickid=a&tracker.event=registration&tracker.tid={tid",
    ),
    (
        Flag::MacroUnexpanded,
        "",
        "clickid=a&tracker.event=registration&note=1&fields.user_id=%25id%25",
        "clickid=a&tracker.event=registration&note=%25id%25&fields.user_id=1",
    ),
    (
        Flag::MacroUnexpanded,
        "",
        "clickid=sub4&tracker.event=registration",
        "clickid=sub4x&tracker.event=registration",
    ),
    (
        Flag::UnknownEvent,
        "",
        "clickid=a&tracker.event=registrations",
        "clickid=a&tracker.event=Registration",
    ),
    (
        Flag::UnknownEvent,
        "events = { ftd = 'sale' }",
        "clickid=a&tracker.event=fttd&tracker.cost=1&tracker.currency=usd",
        "clickid=a&tracker.event=FTD&tracker.cost=1&tracker.currency=usd",
    ),
    (
        Flag::PlaceholderEvent,
        "events = { first_deposit = 'sale' }",
        "clickid=a&tracker.event=first_deposit_",
        "clickid=a&tracker.event=first_deposit&tracker.cost=1&tracker.currency=usd",
    ),
    (
        Flag::PlaceholderEvent,
        "events = { recurring_deposit_ = 'resale' }",
        "clickid=a&tracker.event=first_deposit_",
        "clickid=a&tracker.event=recurring_deposit_&tracker.cost=1&tracker.currency=usd",
    ),
    (
        Flag::AmountMissing,
        "",
        "clickid=a&tracker.event=sale",
        "clickid=a&tracker.event=registration",
    ),
    (
        Flag::AmountMissing,
        "",
        "clickid=a&tracker.event=chargeback&tracker.cost=",
        "clickid=a&tracker.event=commission&tracker.cost=",
    ),
    (
        Flag::AmountMissing,
        "",
        "clickid=a&tracker.event=bonus",
        "clickid=a&tracker.event=vip",
    ),
    (
        Flag::AmountMissing,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=&tracker.status=pending",
        "clickid=a&tracker.event=sale&tracker.cost=&tracker.status=rejected",
    ),
    (
        Flag::AmountUnreadable,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1e3&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=1000&tracker.currency=usd",
    ),
    (
        Flag::AmountUnreadable,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=usd&tracker.payout=1,234",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=usd&tracker.payout=1.23",
    ),
    (
        Flag::AmountReinterpreted,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=50,00&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=50.00&tracker.currency=usd",
    ),
    (
        Flag::AmountPrecision,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1.005&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=1.050&tracker.currency=usd",
    ),
    (
        Flag::AmountPrecision,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=0.5&tracker.currency=jpy",
        "clickid=a&tracker.event=sale&tracker.cost=0.00012345&tracker.currency=btc",
    ),
    (
        Flag::AmountNegative,
        "",
        "clickid=a&tracker.event=deposit&tracker.cost=-1&tracker.currency=usd",
        "clickid=a&tracker.event=withdrawal&tracker.cost=-1&tracker.currency=usd",
    ),
    (
        Flag::AmountNegative,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=-0.01&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=-0&tracker.currency=usd",
    ),
    (
        Flag::CurrencyMissing,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1",
        "clickid=a&tracker.event=registration",
    ),
    (
        Flag::CurrencyMissing,
        "configurations.sale.currency = 'EUR'",
        "clickid=a&tracker.event=resale&tracker.cost=1",
        "clickid=a&tracker.event=sale&tracker.cost=1",
    ),
    (
        Flag::CurrencyMissing,
        "",
        "clickid=a&tracker.event=registration&tracker.payout=1",
        "clickid=a&tracker.event=registration&tracker.payout=1&tracker.payout_currency=usd",
    ),
    (
        Flag::CurrencyUnknown,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=zzz",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=USDT",
    ),
    (
        Flag::CurrencyUnknown,
        "",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=dollars!",
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=uSd",
    ),
    (
        Flag::TidIsClickid,
        "",
        "clickid=abc&tracker.event=registration&tracker.tid=ABC",
        "clickid=abc&tracker.event=registration&tracker.tid=abcd",
    ),
    (
        Flag::FieldUnknown,
        "",
        "clickid=a&tracker.event=registration&fields.userid=1",
        "clickid=a&tracker.event=registration&fields.USER_ID=1",
    ),
    (
        Flag::FieldInvalid,
        "",
        "clickid=a&tracker.event=registration&fields.last_deposit=many",
        "clickid=a&tracker.event=registration&fields.last_deposit=1,5",
    ),
    (
        Flag::FieldInvalid,
        "",
        "clickid=a&tracker.event=registration&fields.level=bronze",
        "clickid=a&tracker.event=registration&fields.level=gold",
    ),
    (
        Flag::FieldInvalid,
        "",
        "clickid=a&tracker.event=registration&fields.user_id=%ff",
        "clickid=a&tracker.event=registration&fields.user_id=%c3%bf&note=%ff",
    ),
    (
        Flag::TimeUnreadable,
        "",
        "clickid=a&tracker.event=registration&tracker.time=2026-09-21",
        "clickid=a&tracker.event=registration&tracker.time=2026-09-21+01:02:03",
    ),
    (
        Flag::TimeInFuture,
        "",
        "clickid=a&tracker.event=registration&tracker.time=2026-09-21T14:18:21Z",
        "clickid=a&tracker.event=registration&tracker.time=2026-09-21T14:18:20Z",
    ),
    (
        Flag::AliasConflict,
        "aliases = { subid = 'clickid' }",
        "clickid=a&subid=b&tracker.event=registration",
        "clickid=a&subid=a&tracker.event=registration",
    ),
    (
        Flag::AliasConflict,
        "",
        "clickid=a&tracker.event=registration&details.user_id=1&fields.user_id=2",
        "clickid=a&tracker.event=registration&fields.user_id=1&fields.user_id=2",
    ),
    (
        Flag::HtmlEntity,
        "",
        "clickid=a&amp;tracker.event=registration",
        "clickid=a&tracker.event=registration&ampere=1",
    ),
    (
        Flag::HtmlEntity,
        "aliases = { currency = 'tracker.currency' }",
        "clickid=a&tracker.event=sale&tracker.cost=5¤cy=usd",
        "clickid=a&tracker.event=sale&tracker.cost=5&currency=usd",
    ),
    (
        Flag::SecondQuestionMark,
        "",
        "clickid=a?tracker.event=registration",
        "clickid=a?b=c&tracker.event=registration",
    ),
    (
        Flag::SecondQuestionMark,
        "",
        "clickid=a&tracker.event=registration?secret=s",
        "clickid=a&tracker.event=registration&secret=s?t=u",
    ),
    (
        Flag::StrayCharacters,
        "",
        r"clickid=a\&tracker.event=registration",
        r"clickid=a%5Cb&tracker.event=registration",
    ),
    (
        Flag::StrayCharacters,
        "",
        "clickid=+a+&tracker.event=registration",
        "clickid=a+b&tracker.event=registration",
    ),
    (
        Flag::StatusUnknown,
        "statuses = { '7' = 'approved' }",
        "clickid=a&tracker.event=registration&tracker.status=8",
        "clickid=a&tracker.event=registration&tracker.status=7",
    ),
];

#[test]
fn flags_and_near_misses() {
    let mut failures = Vec::new();
    for (flag, rules, with, without) in PAIRS {
        for (query, expected) in [(with, true), (without, false)] {
            let flags = judged(rules, query.as_bytes()).expect(query).flags;
            let as_expected = if expected {
                flags.has(*flag)
            } else {
                flags.is_empty()
            };
            if !as_expected {
                failures.push(format!(
                    "{} {expected} {:?} {query}",
                    flag.code(),
                    flags.codes()
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn a_flag_says_one_thing() {
    let alone = |flag: Flag| match flag {
        // These come with what they are about.
        Flag::PlaceholderEvent | Flag::CurrencyUnknown => true,
        flag => !RAISED_LATER.contains(&flag),
    };
    for (flag, rules, with, _) in PAIRS.iter().filter(|(flag, ..)| alone(*flag)) {
        let flags = judged(rules, with.as_bytes()).unwrap().flags;
        let only: Flags = [*flag].into_iter().collect();
        let with_entity = only.with([Flag::HtmlEntity].into_iter().collect());
        assert!(
            flags == only || flags == with_entity,
            "{with} {:?}",
            flags.codes()
        );
    }
}

#[test]
fn every_flag_has_a_row() {
    for flag in Flag::ALL {
        let elsewhere = RAISED_LATER.contains(flag) || *flag == Flag::FieldTruncated;
        let has_row = PAIRS.iter().any(|(of_row, ..)| of_row == flag);
        assert_eq!(has_row, !elsewhere, "{}", flag.code());
    }
}

#[test]
fn a_value_is_cut_at_its_limit() {
    for (length, cut) in [(MAX_FIELD_CHARS, false), (MAX_FIELD_CHARS + 1, true)] {
        // Two bytes a character: the limit counts characters.
        let value = "ж".repeat(length);
        let query = format!("clickid=a&tracker.event=registration&fields.user_id={value}");
        let postback = judged("", query.as_bytes()).unwrap();
        assert_eq!(postback.fields[0].value.chars().count(), MAX_FIELD_CHARS);
        assert_eq!(postback.flags.has(Flag::FieldTruncated), cut, "{length}");
    }
}
