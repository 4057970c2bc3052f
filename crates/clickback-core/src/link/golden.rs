//! The table of links that the browser's preview shares: what is made here is what it makes.

use serde_json::{Value, json};

use super::*;

const TABLE: &str = include_str!("../../testdata/links.json");
const UUID: &str = "6d1f4e36-b910-4fa1-98f0-11a2df93f054";

fn text<'v>(case: &'v Value, name: &str) -> &'v str {
    case[name].as_str().unwrap()
}

fn pairs(case: &Value, name: &str) -> Vec<(String, String)> {
    serde_json::from_value(case[name].clone()).unwrap()
}

/// Places in UTF-16, as the browser counts.
fn units(url: &str, at: usize) -> usize {
    url[..at].encode_utf16().count()
}

fn final_of(case: &Value) -> Value {
    let made = final_url(
        text(case, "base"),
        text(case, "param"),
        &pairs(case, "extra"),
    );
    match made {
        Ok(made) => json!({
            "url": made.url,
            "added": made.added.iter().map(|range| {
                [units(&made.url, range.start), units(&made.url, range.end)]
            }).collect::<Vec<_>>(),
            "warnings": made.warnings.iter().map(|warning| {
                let (name, value) = warning.about();
                json!([warning.code(), name, value])
            }).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "error": [error.code(), error.about()] }),
    }
}

fn postback_of(case: &Value) -> Value {
    let template = PostbackTemplate {
        public_url: text(case, "public_url"),
        uuid: UUID,
        event: text(case, "event"),
        clickid: text(case, "clickid"),
        params: &pairs(case, "params"),
    };
    json!({ "url": postback_url(&template) })
}

fn rendered(lead: &Value, case: &Value) -> Value {
    let value = |wanted: &OurMacro| match wanted {
        OurMacro::Clickid => Some(text(lead, "clickid").to_owned()),
        OurMacro::LeadName => Some(text(lead, "name").to_owned()),
        OurMacro::LeadId => Some(text(lead, "id").to_owned()),
        OurMacro::Field(key) => lead["fields"][key].as_str().map(str::to_owned),
        OurMacro::Tracker(_) => None,
    };
    json!({ "url": render(text(case, "url"), &value) })
}

/// Every case has its outcome in the table.
#[test]
fn the_shared_table() {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let lead = &table["lead"];
    let mut count = 0;
    for (group, make) in [
        ("final", &final_of as &dyn Fn(&Value) -> Value),
        ("postback", &postback_of),
        ("render", &|case| rendered(lead, case)),
    ] {
        for case in table[group].as_array().unwrap() {
            assert_eq!(make(case), case["outcome"], "{group}: {case}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}
