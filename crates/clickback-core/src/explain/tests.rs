//! Tables of request → readings, and agreement with the reading that counts.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::ids::FieldId;
use crate::rules::{ConfigurationRules, FieldSpec, Rules};

fn rules() -> Ruleset {
    let field = |id, kind| FieldSpec {
        id: FieldId(id),
        kind,
        options: Vec::new(),
    };
    Ruleset {
        rules: Rules {
            aliases: BTreeMap::from([
                ("subid".to_owned(), "clickid".to_owned()),
                ("sum".to_owned(), "tracker.cost".to_owned()),
            ]),
            events: BTreeMap::from([
                ("firstdeposit".to_owned(), "sale".to_owned()),
                ("undone".to_owned(), "sale".to_owned()),
            ]),
            event_params: BTreeMap::from([("reg".to_owned(), "registration".to_owned())]),
            event_statuses: BTreeMap::from([("undone".to_owned(), Status::Rejected)]),
            amounts: BTreeMap::from([("withdrawal".to_owned(), "wd".to_owned())]),
            ..Rules::default()
        },
        clickid_param: "sub4".to_owned(),
        configurations: HashMap::from([(
            "registration".to_owned(),
            ConfigurationRules {
                payout: Payout::Parameter {
                    name: "reward".to_owned(),
                },
                ..ConfigurationRules::default()
            },
        )]),
        fields: HashMap::from([
            ("user_id".to_owned(), field(1, FieldKind::Text)),
            ("last_deposit".to_owned(), field(2, FieldKind::Number)),
        ]),
        ..Ruleset::default()
    }
}

fn received() -> Moment {
    Moment::parse_rfc3339("2026-09-21T14:13:20Z").unwrap()
}

fn read(query: &str) -> Vec<Reading> {
    let parts = Parts {
        query: query.as_bytes(),
        content_type: None,
        body: None,
    };
    explain(parts, &rules(), received()).unwrap()
}

/// One parameter in short: name, meaning, outcome with its value, flags.
fn short(reading: &Reading) -> String {
    let value = match &reading.outcome {
        Outcome::Text(text) => format!("={text}"),
        Outcome::Event(event) => format!("={}", event.as_str()),
        Outcome::Amount(amount, Some(currency)) => format!("={amount} {currency}"),
        Outcome::Amount(amount, None) => format!("={amount}"),
        Outcome::Currency(currency) => format!("={currency}"),
        Outcome::Status(status) => format!("={}", status.code()),
        Outcome::Time(moment) => format!("={moment}"),
        _ => String::new(),
    };
    let flags = reading.flags.codes().join(",");
    format!(
        "{} {} {}{value} [{flags}]",
        reading.name,
        reading.meaning.code(),
        reading.outcome.code()
    )
}

#[test]
fn readings() {
    let cases: &[(&str, &[&str])] = &[
        (
            "tracker.event=firstDeposit&subid=abc&sum=50,00&tracker.currency=usd&x=1",
            &[
                "tracker.event event event=sale []",
                "subid clickid text=abc []",
                "sum amount amount=50 USD [amount_reinterpreted]",
                "tracker.currency currency currency=USD []",
                "x kept kept []",
            ],
        ),
        (
            "clickid={sub4}&tracker.event=sale&tracker.cost={amount}&tracker.tid={tid}",
            &[
                "clickid clickid macro [macro_unexpanded]",
                "tracker.event event event=sale []",
                "tracker.cost amount macro [macro_unexpanded]",
                "tracker.tid tid macro [macro_unexpanded]",
            ],
        ),
        (
            "clickid=sub1&tracker.event=first_deposit_&tracker.tid=null",
            &[
                "clickid clickid unusable [macro_unexpanded]",
                "tracker.event event event=first_deposit_ [placeholder_event]",
                "tracker.tid tid unusable []",
            ],
        ),
        (
            "clickid=a&subid=b&tracker.event=sale&tracker.cost=10&tracker.tid=A",
            &[
                "clickid clickid text=a []",
                "subid clickid superseded [alias_conflict]",
                "tracker.event event event=sale []",
                "tracker.cost amount amount=10 [currency_missing]",
                "tracker.tid tid unusable [tid_is_clickid]",
            ],
        ),
        (
            "clickid=a&clickid=b&tracker.event=%zz",
            &[
                "clickid clickid text=a []",
                "clickid clickid conflict []",
                "tracker.event event broken []",
            ],
        ),
        (
            "clickid=a&tracker.event=registration&reward=3.5&tracker.time=2030-01-01T00:00:00Z&tracker.status=odd",
            &[
                "clickid clickid text=a []",
                "tracker.event event event=registration []",
                "reward payout amount=3.5 [currency_missing]",
                "tracker.time time unreadable [time_in_future]",
                "tracker.status status status=pending [status_unknown]",
            ],
        ),
        (
            "clickid=a&tracker.event=kyc&fields.user_id=1&details.USER_ID=2&fields.last_deposit=lots&fields.new=x&secret=s3cret",
            &[
                "clickid clickid text=a []",
                "tracker.event event event=kyc [unknown_event]",
                "fields.user_id field text=1 []",
                "details.USER_ID field superseded [alias_conflict]",
                "fields.last_deposit field text=lots [field_invalid]",
                "fields.new field text=x [field_unknown]",
                "secret secret hidden []",
            ],
        ),
        (
            "clickid=a&tracker.event=withdrawal&tracker.cost=-20&tracker.currency=zzz&tracker.payout=",
            &[
                "clickid clickid text=a []",
                "tracker.event event event=withdrawal []",
                "tracker.cost amount amount=20 ZZZ []",
                "tracker.currency currency currency=ZZZ [currency_unknown]",
                "tracker.payout payout blank []",
            ],
        ),
    ];
    for (query, expected) in cases {
        let found: Vec<String> = read(query).iter().map(short).collect();
        assert_eq!(found, *expected, "{query}");
    }
}

#[test]
fn the_secret_is_never_shown() {
    for reading in read("secret=s3cret&Secret=s3cret&clickid=a&tracker.event=sale") {
        assert!(!format!("{reading:?}").contains("s3cret"));
    }
}

#[test]
fn aliases_name_what_they_stand_for() {
    let readings = read("subid=a&details.geo=RU&clickid=a");
    let names: Vec<_> = readings
        .iter()
        .map(|reading| reading.canonical.as_deref())
        .collect();
    assert_eq!(names, [Some("clickid"), Some("fields.geo"), None]);
}

#[test]
fn what_the_rules_say_stands_behind_what_came() {
    let readings = read("clickid=a&tracker.event=Undone&reg=true");
    let implied: Vec<String> = readings
        .iter()
        .filter(|one| one.place == Place::Rules)
        .map(short)
        .collect();
    assert_eq!(implied, ["tracker.status status status=rejected []"]);
}

#[test]
fn a_body_is_read_after_the_query() {
    let parts = Parts {
        query: b"tracker.event=sale",
        content_type: Some("application/json"),
        body: Some(br#"{"clickid":"a","tracker.cost":12.50}"#),
    };
    let found: Vec<String> = explain(parts, &rules(), received())
        .unwrap()
        .iter()
        .map(short)
        .collect();
    assert_eq!(
        found,
        [
            "tracker.event event event=sale []",
            "clickid clickid text=a []",
            "tracker.cost amount amount=12.5 [currency_missing]",
        ]
    );
}

/// Every flag that judging a request raises is found on a parameter here, or belongs to the request
/// as a whole.
#[test]
fn agrees_with_the_judge() {
    let queries = [
        "clickid=a&tracker.event=sale&tracker.cost=1&tracker.currency=usd&tracker.tid=9",
        "clickid=a&tracker.event=sale",
        "clickid=a&tracker.event=sale&tracker.cost=",
        "clickid=a&tracker.event=sale&tracker.cost=-4&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=1.2345&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=1,234&tracker.currency=usd",
        "clickid=a&tracker.event=sale&tracker.cost=$50&tracker.currency=usd",
        "clickid={sub4}&tracker.event={goal}&tracker.cost=[sum]",
        "clickid=%7Bsub4%7D&tracker.event=sale&tracker.currency=#cur#",
        "clickid=sub4&tracker.event=recurring_deposit_",
        "subid=x&clickid=y&tracker.event=resale&sum=3&tracker.cost=4&tracker.currency=eur",
        "clickid=+a+&tracker.event=+sale&tracker.cost=5&tracker.currency=u",
        "clickid=a&tracker.event=registration&tracker.time=soon&reward=1,234",
        "clickid=a&tracker.event=registration&tracker.status=limbo&fields.q=1&fields.last_deposit=x",
        "clickid=a&tracker.event=deposit&tracker.tid=A&tracker.payout=10&tracker.payout_currency=zz1",
        "clickid=a&tracker.event=deposit&tracker.cost=+5+&tracker.payout=+1",
        "clickid=a&tracker.event=registration&tracker.payout=&reward=4",
        "clickid=a&tracker.event=registration&tracker.payout={p}&reward=4&tracker.currency=eur",
        "clickid=a&tracker.event=sale&tracker.cost=&tracker.status=declined",
        "clickid=a&tracker.event=deposit&details.user_id=2&fields.user_id=1&tracker.cost=1&tracker.currency=eur",
        "clickid=a&tracker.event=sale&tracker.cost=1¤cy=usd&amp;fields.user_id={id}",
        "clickid=a&reg=true",
        "clickid=a&tracker.event=&reg=true",
        "clickid=a&tracker.event=undone",
        "clickid=a&tracker.event=Undone&sum=5&tracker.currency=usd",
        "clickid=a&tracker.event=withdrawal&wd=-7,5&tracker.currency=usd",
        "clickid=a&tracker.event=withdrawal&sum=&wd=7&tracker.currency=usd",
        "clickid=a&tracker.event=withdrawal&wd={sumwithdraw}&tracker.currency=usd",
    ];
    for query in queries {
        let parts = Parts {
            query: query.as_bytes(),
            content_type: None,
            body: None,
        };
        let (rules, at) = (rules(), received());
        let judged = parts.judge(&rules, at).unwrap();
        let params = parts.params(&rules).unwrap();
        let readings = explain(parts, &rules, at).unwrap();
        let mut flags = readings
            .iter()
            .fold(Flags::default(), |all, one| all.with(one.flags));
        flags.add_if(params.notes.html_entity, Flag::HtmlEntity);
        flags.add_if(params.notes.stray_characters, Flag::StrayCharacters);
        let no_cost = !readings.iter().any(|one| one.meaning == Meaning::Amount);
        flags.add_if(
            no_cost && judged.event.expects_amount() && judged.status != Some(Status::Rejected),
            Flag::AmountMissing,
        );
        assert_eq!(flags.codes(), judged.flags.codes(), "{query}");
        let amount = readings
            .iter()
            .find_map(|one| match (&one.meaning, &one.outcome) {
                (Meaning::Amount, Outcome::Amount(amount, _)) => Some(*amount),
                _ => None,
            });
        assert_eq!(amount, judged.amount, "{query}");
    }
}
