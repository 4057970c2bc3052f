//! What one postback costs before the store: parsing, judging, deciding; honest, lying and as JSON.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use clickback_core::attribution::{Decision, Facts, decide, lookup};
use clickback_core::field::FieldKind;
use clickback_core::ids::FieldId;
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::rules::{ConfigurationRules, FieldSpec, Rules, Ruleset};
use criterion::{Criterion, criterion_group, criterion_main};

const RECEIVED: Moment = Moment(1_790_000_000_000_000);

const REALISTIC: &str = "tracker.event=sale&clickid=01hq3x7m2k9v5t8w4y6z&tracker.cost=50.00\
    &tracker.currency=usd&tracker.tid=90011&tracker.status=approved&tracker.time=1789999000\
    &fields.last_deposit=50.00&fields.user_id=771204";

const LYING: &str = r"tracker.event=firstDeposit\&subid=%20{sub1}\&amp;sum=1+234,56+usd&currency=$\
    &tracker.tid={event\_id}&tracker.payout=1,234&status=limbo&tracker.time=tomorrow\
    &fields.last\_deposit={amount}&details.user_id=%D0%B6%ff&fields.unknown=x?goal=sale&a&&b=%zz";

const JSON: &str = r#"{"clickid":"01hq3x7m2k9v5t8w4y6z","tracker.event":"resale","tracker.cost":120.50,
    "tracker.currency":"EUR","tracker.tid":90044,"fields":{"user_id":"771204","last_deposit":120.50}}"#;

fn rules() -> Ruleset {
    let words = |words: &[(&str, &str)]| -> BTreeMap<String, String> {
        let owned = |(from, to): &(&str, &str)| ((*from).to_owned(), (*to).to_owned());
        words.iter().map(owned).collect()
    };
    let field = |id, kind| FieldSpec {
        id: FieldId(id),
        kind,
        options: Vec::new(),
    };
    Ruleset {
        rules: Rules {
            aliases: words(&[
                ("subid", "clickid"),
                ("sum", "tracker.cost"),
                ("currency", "tracker.currency"),
                ("status", "tracker.status"),
                ("goal", "tracker.event"),
            ]),
            events: words(&[("firstdeposit", "sale"), ("reg", "registration")]),
            time_zone: "Europe/Moscow".to_owned(),
            ..Rules::default()
        },
        clickid_param: "sub4".to_owned(),
        configurations: ["registration", "sale", "resale"]
            .map(|event| (event.to_owned(), ConfigurationRules::default()))
            .into_iter()
            .collect(),
        fields: HashMap::from([
            ("user_id".to_owned(), field(1, FieldKind::Text)),
            ("last_deposit".to_owned(), field(2, FieldKind::Number)),
        ]),
        ..Ruleset::default()
    }
}

fn whole(parts: Parts<'_>, rules: &Ruleset) -> Option<Decision> {
    let postback = parts.judge(rules, RECEIVED).ok()?;
    let lookup = lookup(&postback);
    Some(decide(&postback, &lookup, &Facts::default(), RECEIVED))
}

fn benches(criterion: &mut Criterion) {
    let rules = rules();
    let query = |query: &'static str| Parts {
        query: query.as_bytes(),
        content_type: None,
        body: None,
    };
    let json = Parts {
        query: b"",
        content_type: Some("application/json"),
        body: Some(JSON.as_bytes()),
    };
    for (name, parts) in [
        ("realistic", query(REALISTIC)),
        ("lying", query(LYING)),
        ("json", json),
    ] {
        assert!(whole(parts, &rules).is_some(), "{name} is decided");
        criterion.bench_function(&format!("decide/{name}"), |bencher| {
            bencher.iter(|| whole(black_box(parts), &rules));
        });
    }
    let params = query(REALISTIC).params(&rules).ok();
    assert!(params.is_some(), "the parameters are read");
    criterion.bench_function("parse/realistic", |bencher| {
        bencher.iter(|| black_box(query(REALISTIC)).params(&rules).is_ok());
    });
}

criterion_group!(decisions, benches);
criterion_main!(decisions);
