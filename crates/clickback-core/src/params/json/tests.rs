//! Tables of JSON bodies: text and the ordered list.

use proptest::prelude::*;

use crate::params::tests::list;
use crate::params::{Params, ParamsError, Place};

#[test]
fn json_objects() {
    let table: &[(&str, &str)] = &[
        ("", ""),
        (" \r\n", ""),
        ("{}", ""),
        ("\u{feff}{}", ""),
        (r#" {"clickid":"abc" , "n" : 5} "#, "clickid=abc | n=5"),
        (
            r#"{"a":12.50,"b":1e3,"c":0.00012345,"d":-0,"e":123456789012345678901234567890}"#,
            "a=12.50 | b=1e3 | c=0.00012345 | d=-0 | e=123456789012345678901234567890",
        ),
        (
            r#"{"a":true,"b":false,"c":null,"d":""}"#,
            "a=true | b=false | c= | d=",
        ),
        (r#"{"a":1,"a":2}"#, "a=1 | a=2"),
        (r#"{"b":1,"a":2}"#, "b=1 | a=2"),
        (r#"{"a":"\u0041\"\\\n\u00e9"}"#, "a=A\"\\\n\u{e9}"),
        (r#"{"\u0061":"x"}"#, "a=x"),
        (r#"{"a":"%41+1"}"#, "a=%41+1"),
        (r#"{"a":"\ud83d\ude00"}"#, "a=😀"),
        (r#"{"a":"\ud83d"}"#, r"a=\ud83d!"),
        (r#"{"a":"\u0000"}"#, "a=\u{fffd}!"),
        (
            r#"{"tracker":{"event":"sale","cost":12.50},"clickid":"x"}"#,
            "tracker.event=sale | tracker.cost=12.50 | clickid=x",
        ),
        (
            r#"{"fields":{"user_id":7},"details":{"x":null}}"#,
            "fields.user_id=7 | details.x=",
        ),
        (
            r#"{"tracker":{"a":{"b":[1, 2]}}}"#,
            r#"tracker.a={"b":[1, 2]}"#,
        ),
        (r#"{"tracker":[1],"fields":5}"#, "tracker=[1] | fields=5"),
        (
            r#"{"user":{"id": 1},"list":[1,{"a":2}]}"#,
            r#"user={"id": 1} | list=[1,{"a":2}]"#,
        ),
        (
            r#"{" clickid ":"x","tracker.event":"first\\_deposit\\_\\"}"#,
            "clickid=x | tracker.event=first_deposit_",
        ),
        (r#"{"fields.path":"C:\\x\\"}"#, r"fields.path=C:\x\"),
    ];
    for (text, outcome) in table {
        let mut params = Params::new();
        params.add_json(text.as_bytes(), 200).unwrap();
        assert_eq!(list(&params), *outcome, "{text}");
        assert!(
            params.list.iter().all(|param| param.place == Place::Json),
            "{text}"
        );
    }
}

#[test]
fn json_raw_texts() {
    let mut params = Params::new();
    params
        .add_json(
            br#"{"a":"x\u0041","b":1.50,"c":null,"d":true,"e":[1]}"#,
            200,
        )
        .unwrap();
    let raws: Vec<&str> = params.list.iter().map(|param| param.raw.as_ref()).collect();
    assert_eq!(raws, [r"x\u0041", "1.50", "null", "true", "[1]"]);
}

#[test]
fn json_that_is_not_utf8_is_kept_and_marked() {
    let mut params = Params::new();
    params
        .add_urlencoded(b"a=%EF%BF%BD", Place::Query, 200, &|_| false)
        .unwrap();
    params
        .add_json(b"{\"clickid\":\"x\",\"fields.n\":\"\xff\"}", 200)
        .unwrap();
    assert_eq!(list(&params), "a=\u{fffd} | clickid=x | fields.n=\u{fffd}!");
}

#[test]
fn json_that_cannot_be_read() {
    let bad = |text: &str| Params::new().add_json(text.as_bytes(), 3).unwrap_err();
    for text in ["[]", "[{\"clickid\":1}]", "\"x\"", "5", "null", "true"] {
        assert_eq!(bad(text), ParamsError::NotAnObject, "{text}");
    }
    for text in [
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "x",
        "{} {}",
        "{\"a\":01}",
        "{\"a\":\"\n\"}",
    ] {
        assert!(matches!(bad(text), ParamsError::BadJson { .. }), "{text:?}");
    }
    for text in [r#"{"clickid":{"a":1}}"#, r#"{"clickid":["a"]}"#] {
        assert_eq!(
            bad(text),
            ParamsError::NestedJson {
                name: "clickid".to_owned()
            },
            "{text}"
        );
    }
    assert_eq!(
        bad(r#"{"fields":{"a":1,"b":2},"c":3,"d":4}"#),
        ParamsError::TooMany { limit: 3 }
    );
}

proptest! {
    #[test]
    fn json_texts_come_back(
        pairs in prop::collection::vec(("n[a-z0-9.]{0,8}", "[^\0\\\\]{0,12}"), 0..8),
    ) {
        let members: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                let value = serde_json::to_string(value).unwrap();
                format!("{}:{value}", serde_json::to_string(name).unwrap())
            })
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let mut params = Params::new();
        params.add_json(text.as_bytes(), 200).unwrap();
        let read: Vec<(String, String)> = params
            .list
            .iter()
            .map(|param| (param.name.to_string(), param.value.to_string()))
            .collect();
        prop_assert_eq!(read, pairs);
    }
}
