//! Tables of judging: rules and request → one line that says everything about the outcome.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::*;
use crate::event::EventName;
use crate::field::FieldKind;
use crate::intake::Parts;
use crate::rules::{ConfigurationRules, CustomEvent, FieldSpec, Rules};

mod access;
mod arbitrary;
mod bodies;
mod flags;
mod limits;
mod money;
mod names;
mod reference;
mod words;

/// When every request of these tables came.
const RECEIVED: &str = "2026-09-21T14:13:20Z";

/// Rules as TOML, with `configurations.EVENT` beside them, in a workspace with a few custom fields
/// and two custom events: `vip` without money and `bonus` with it. The clickid travels in `sub4`.
fn ruleset(text: &str) -> Ruleset {
    let mut table: toml::Table = text.parse().expect(text);
    let configurations = table.remove("configurations");
    let rules: Rules = toml::Value::Table(table).try_into().expect(text);
    let configurations: HashMap<String, ConfigurationRules> = configurations
        .map(|value| value.try_into().expect(text))
        .unwrap_or_default();
    let custom = |name: &str, counts_money| {
        let event = CustomEvent {
            name: name.to_owned(),
            counts_money,
        };
        (name.to_owned(), event)
    };
    let field = |(id, (key, kind)): (usize, (&str, FieldKind))| {
        let spec = FieldSpec {
            id: FieldId(i64::try_from(id).unwrap() + 1),
            kind,
            options: vec!["gold".to_owned(), "silver".to_owned()],
        };
        (key.to_owned(), spec)
    };
    let fields = [
        ("user_id", FieldKind::Text),
        ("last_deposit", FieldKind::Number),
        ("level", FieldKind::Select),
        ("born", FieldKind::Date),
    ];
    Ruleset {
        rules,
        clickid_param: "sub4".to_owned(),
        configurations,
        custom_events: HashMap::from([custom("vip", false), custom("bonus", true)]),
        fields: fields.into_iter().enumerate().map(field).collect(),
    }
}

fn received() -> Moment {
    Moment::parse_rfc3339(RECEIVED).unwrap()
}

fn judged(rules: &str, query: &[u8]) -> Result<Postback, Rejection> {
    let parts = Parts {
        query,
        content_type: None,
        body: None,
    };
    parts.judge(&ruleset(rules), received())
}

/// Everything about an outcome in one line: what is unset or usual is left out.
fn line(outcome: &Result<Postback, Rejection>) -> String {
    let postback = match outcome {
        Ok(postback) => postback,
        Err(rejection) => return format!("{} {}", rejection.status(), rejection.code()),
    };
    let mut line = postback.clickid.clone();
    if !postback.clickid_usable {
        line.push_str("(unusable)");
    }
    match &postback.event {
        EventName::Custom { name, .. } => write!(line, " custom:{name}"),
        EventName::Other { name } => write!(line, " other:{name}"),
        event => write!(line, " {}", event.as_str()),
    }
    .unwrap();
    let money = |amount: Option<Amount>, currency: Option<Currency>| {
        let amount = amount.map_or("-".to_owned(), |amount| amount.to_string());
        let currency = currency.map_or("-".to_owned(), |currency| currency.to_string());
        format!("{amount} {currency}")
    };
    if postback.amount.is_some() || postback.currency.is_some() {
        write!(line, " {}", money(postback.amount, postback.currency)).unwrap();
    }
    if postback.payout.is_some() || postback.payout_currency.is_some() {
        let payout = money(postback.payout, postback.payout_currency);
        write!(line, " payout={payout}").unwrap();
    }
    if let Some(tid) = &postback.tid {
        write!(line, " tid={tid}").unwrap();
    }
    if let Some(status) = postback.status {
        write!(line, " status={}", status.code()).unwrap();
    }
    if postback.default_status != Status::Approved {
        write!(line, " default={}", postback.default_status.code()).unwrap();
    }
    if let Some(at) = postback.occurred_at {
        write!(line, " at={at}").unwrap();
    }
    if postback.mode != Mode::ByTid {
        write!(line, " mode={:?}", postback.mode).unwrap();
    }
    for write in &postback.fields {
        let unknown = if write.field.is_none() { "?" } else { "" };
        let misfit = if write.fits { "" } else { "!" };
        write!(line, " {}{unknown}={}{misfit}", write.key, write.value).unwrap();
    }
    if let Some(player) = &postback.player {
        write!(line, " player={player}").unwrap();
    }
    if !postback.flags.is_empty() {
        write!(line, " [{}]", postback.flags.codes().join(" ")).unwrap();
    }
    line
}

/// Rules, query, and the line that it must become.
type Row<'t> = (&'t str, &'t str, &'t str);

/// Judges every row and names all that fail.
fn check(rows: &[Row<'_>]) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|(rules, query, expected)| {
            let found = line(&judged(rules, query.as_bytes()));
            (found != *expected).then(|| {
                format!("{query}\n  rules    {rules}\n  expected {expected}\n  found    {found}")
            })
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
