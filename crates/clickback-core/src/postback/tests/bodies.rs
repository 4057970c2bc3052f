//! Bodies, forms and JSON, beside the query; repairs of links that were copied badly.

use super::*;

/// Content type, query, body, expected line.
type Row<'t> = (&'t str, &'t str, &'t str, &'t str);

#[test]
fn bodies() {
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    let rows: &[Row<'_>] = &[
        (form, "clickid=a", "tracker.event=vip", "a custom:vip"),
        ("", "clickid=a", "tracker.event=vip", "a custom:vip"),
        (
            json,
            "",
            r#"{"clickid":"a","tracker.event":"vip"}"#,
            "a custom:vip",
        ),
        (
            "application/json; charset=utf-8",
            "",
            r#"{"clickid":"a","tracker.event":"vip"}"#,
            "a custom:vip",
        ),
        (
            "text/plain",
            "",
            r#" {"clickid":"a","tracker.event":"vip"}"#,
            "a custom:vip",
        ),
        (
            "",
            "",
            "\u{feff}{\"clickid\":\"a\",\"tracker.event\":\"vip\"}",
            "a custom:vip",
        ),
        (json, "clickid=a&tracker.event=vip", "", "a custom:vip"),
        // Numbers keep their text, so nothing is rounded.
        (
            json,
            "clickid=a&tracker.event=sale",
            r#"{"tracker.cost":0.10000000000000000001,"tracker.currency":"usd"}"#,
            "a sale - USD [amount_unreadable]",
        ),
        (
            json,
            "clickid=a&tracker.event=sale",
            r#"{"tracker":{"cost":12.50,"currency":"usd","tid":900719925474099312345},"fields":{"user_id":7}}"#,
            "a sale 12.5 USD tid=900719925474099312345 user_id=7",
        ),
        (
            json,
            "clickid=a&tracker.event=sale",
            r#"{"tracker.cost":null,"tracker.tid":null,"note":{"deep":[1]}}"#,
            "a sale [amount_missing]",
        ),
        (
            json,
            "clickid=a&tracker.event=sale",
            r#"{"tracker.cost":"{amount}","tracker.tid":"[tid]"}"#,
            "a sale [macro_unexpanded]",
        ),
        // One set of parameters: the same rules across query and body.
        (
            form,
            "clickid=a&tracker.event=vip",
            "clickid=a",
            "a custom:vip",
        ),
        (
            form,
            "clickid=a&tracker.event=vip",
            "clickid=b",
            "400 conflicting_values",
        ),
        (
            json,
            "clickid=a&tracker.event=vip",
            r#"{"clickid":"b"}"#,
            "400 conflicting_values",
        ),
        (
            json,
            "clickid=a&tracker.event=vip",
            r#"{"tracker.tid":1,"tracker.tid":2}"#,
            "400 conflicting_values",
        ),
        (json, "clickid=a&tracker.event=vip", "{", "400 bad_body"),
        (json, "clickid=a&tracker.event=vip", "[1]", "400 bad_body"),
        (
            json,
            "tracker.event=vip",
            r#"{"clickid":{"id":1}}"#,
            "400 bad_body",
        ),
        (
            json,
            "tracker.event=vip",
            r#"{"clickid":"\ud800"}"#,
            "400 bad_encoding",
        ),
        (
            json,
            "tracker.event=vip",
            r#"{"clickid":"a\u0000"}"#,
            "400 bad_encoding",
        ),
    ];
    for (content_type, query, body, expected) in rows {
        let parts = Parts {
            query: query.as_bytes(),
            content_type: Some(*content_type).filter(|text| !text.is_empty()),
            body: Some(body.as_bytes()),
        };
        let found = line(&parts.judge(&ruleset(""), received()));
        assert_eq!(found, *expected, "{content_type} {query} {body}");
    }
}

#[test]
fn badly_copied_links() {
    let currency = "aliases = { currency = 'tracker.currency' }";
    check(&[
        (
            "",
            "clickid=a&amp;tracker.event=sale&amp;tracker.cost=5&amp;tracker.currency=usd",
            "a sale 5 USD [html_entity]",
        ),
        (
            currency,
            "clickid=a&tracker.event=sale&tracker.cost=5¤cy=usd",
            "a sale 5 USD [html_entity]",
        ),
        (
            currency,
            "clickid=a&tracker.event=sale&tracker.cost=5%C2%A4cy=usd",
            "a sale 5 USD [html_entity]",
        ),
        (
            "",
            "tracker.event=vip?clickid=a",
            "a custom:vip [second_question_mark]",
        ),
        (
            "",
            "tracker.event=vip%3Fclickid%3Da",
            "a custom:vip [second_question_mark]",
        ),
        ("", "?tracker.event=vip&clickid=a", "a custom:vip"),
        (
            "aliases = { subid = 'clickid' }",
            "tracker.event=vip?subid=a",
            "a custom:vip [second_question_mark]",
        ),
        (
            "configurations.vip.payout = { from = 'parameter', name = 'reward' }",
            "clickid=a&tracker.event=vip&tracker.currency=usd?reward=5",
            "a custom:vip - USD payout=5 USD [second_question_mark]",
        ),
        (
            "",
            r"clickid=a\&tracker.event=first\_deposit\_\",
            "a other:first_deposit_ [placeholder_event stray_characters]",
        ),
        (
            "",
            r"clickid=a&tracker.event=vip&fields.user\_id=7\&x=1",
            "a custom:vip user_id=7 [stray_characters]",
        ),
        (
            "",
            "%20clickid=a& tracker.event=vip",
            "a custom:vip [stray_characters]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip%20",
            "a custom:vip [stray_characters]",
        ),
    ]);
}
