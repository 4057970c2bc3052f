//! Every rejection, and every limit at the limit and one above.

use super::*;

const OK: &str = "clickid=a&tracker.event=registration";

#[test]
fn rejections() {
    let aliases = "aliases = { subid = 'clickid', cid = 'clickid', sum = 'tracker.cost' }";
    check(&[
        ("", "", "400 missing_clickid"),
        ("", "tracker.event=sale", "400 missing_clickid"),
        ("", "clickid=&tracker.event=sale", "400 missing_clickid"),
        ("", "clickid=+%20&tracker.event=sale", "400 missing_clickid"),
        ("", "subid=a&tracker.event=sale", "400 missing_clickid"),
        ("", "ClickID=a&tracker.event=sale", "400 missing_clickid"),
        ("", "clickid=a", "400 missing_event"),
        ("", "clickid=a&tracker.event=", "400 missing_event"),
        ("", "clickid=a&event=sale", "400 missing_event"),
        // Broken text where something is identified or counted.
        ("", "clickid=a%zz&tracker.event=sale", "400 bad_encoding"),
        ("", "clickid=a%&tracker.event=sale", "400 bad_encoding"),
        ("", "clickid=a%00&tracker.event=sale", "400 bad_encoding"),
        ("", "clickid=%ff&tracker.event=sale", "400 bad_encoding"),
        ("", "clickid=a&tracker.event=s%c3", "400 bad_encoding"),
        ("", &format!("{OK}&tracker.cost=5%"), "400 bad_encoding"),
        (
            "",
            &format!("{OK}&tracker.currency=%zz"),
            "400 bad_encoding",
        ),
        ("", &format!("{OK}&tracker.payout=%zz"), "400 bad_encoding"),
        (
            "",
            &format!("{OK}&tracker.payout_currency=%zz"),
            "400 bad_encoding",
        ),
        ("", &format!("{OK}&tracker.tid=%00"), "400 bad_encoding"),
        (
            "",
            &format!("{OK}&tracker.status=%e0%80"),
            "400 bad_encoding",
        ),
        ("", &format!("{OK}&tracker.time=%z"), "400 bad_encoding"),
        (aliases, "subid=%ff&tracker.event=sale", "400 bad_encoding"),
        // Elsewhere it breaks nothing.
        ("", &format!("{OK}&other=%zz&%ff=1"), "a registration"),
        (
            "",
            &format!("{OK}&fields.user_id=a%ff"),
            "a registration user_id=a\u{fffd} [field_invalid]",
        ),
        (
            "",
            &format!("{OK}&fields.user_id=a%00"),
            "a registration user_id=a\u{fffd} [field_invalid]",
        ),
        // One name, two values.
        (
            "",
            "clickid=a&clickid=b&tracker.event=registration",
            "400 conflicting_values",
        ),
        (
            "",
            "clickid=a&clickid=A&tracker.event=registration",
            "400 conflicting_values",
        ),
        (
            "",
            "clickid=a&clickid=&tracker.event=registration",
            "400 conflicting_values",
        ),
        (
            "",
            &format!("{OK}&tracker.event=sale"),
            "400 conflicting_values",
        ),
        (
            "",
            &format!("{OK}&tracker.cost=5&tracker.cost=5.0"),
            "400 conflicting_values",
        ),
        (
            "",
            &format!("{OK}&tracker.cost={{sum}}&tracker.cost=5"),
            "400 conflicting_values",
        ),
        (
            "",
            &format!("{OK}&tracker.tid=1&tracker.tid=2"),
            "400 conflicting_values",
        ),
        (
            aliases,
            "subid=a&subid=b&tracker.event=registration",
            "400 conflicting_values",
        ),
        (
            aliases,
            "subid=a&cid=b&tracker.event=registration",
            "400 conflicting_values",
        ),
        (
            "",
            "clickid=a&clickid=a&tracker.event=registration&tracker.event=registration",
            "a registration",
        ),
        (
            "",
            "clickid=a&clickid=%61&tracker.event=registration",
            "a registration",
        ),
        (
            aliases,
            "subid=a&cid=a&tracker.event=registration",
            "a registration",
        ),
        ("", &format!("{OK}&other=1&other=2"), "a registration"),
    ]);
}

#[test]
fn statuses_and_codes() {
    let limit = 1;
    let text = String::new;
    let rows = [
        (Rejection::MissingClickid, 400, "missing_clickid"),
        (Rejection::MissingEvent, 400, "missing_event"),
        (Rejection::BadEncoding { name: text() }, 400, "bad_encoding"),
        (
            Rejection::ConflictingValues {
                name: text(),
                first: text(),
                second: text(),
            },
            400,
            "conflicting_values",
        ),
        (
            Rejection::TooLong {
                name: text(),
                length: 2,
                limit,
            },
            400,
            "too_long",
        ),
        (
            Rejection::TooManyParameters { limit },
            400,
            "too_many_parameters",
        ),
        (Rejection::BadBody { detail: text() }, 400, "bad_body"),
        (Rejection::Forbidden, 403, "forbidden"),
        (Rejection::SwitchedOff, 404, "switched_off"),
        (Rejection::TooLarge { limit }, 413, "too_large"),
        (
            Rejection::UnsupportedType { given: text() },
            415,
            "unsupported_type",
        ),
        (Rejection::BodyTimeout, 408, "body_timeout"),
        (Rejection::NotProcessed, 200, "not_processed"),
    ];
    for (rejection, status, code) in rows {
        assert_eq!((rejection.status(), rejection.code()), (status, code));
        assert!(!rejection.to_string().is_empty());
    }
}

/// Prefix of the query, the text repeated behind it, and how many bytes of that fit.
#[test]
fn lengths() {
    let rows: &[(&str, &str, usize)] = &[
        ("tracker.event=registration&clickid=", "x", MAX_ID_BYTES),
        ("clickid=a&tracker.event=", "x", MAX_EVENT_BYTES),
        (
            "clickid=a&tracker.event=registration&tracker.tid=",
            "x",
            MAX_ID_BYTES,
        ),
        // Bytes, not characters; blanks around do not count.
        (
            "tracker.event=registration&clickid=++",
            "яяяяя",
            MAX_ID_BYTES,
        ),
        // A macro is kept, but not at any length.
        (
            "tracker.event=registration&clickid={sub4}",
            "x",
            MAX_ID_BYTES - 6,
        ),
        ("clickid=a&tracker.event={e}", "x", MAX_EVENT_BYTES - 3),
    ];
    for (prefix, text, limit) in rows {
        let rest = "x".repeat(limit % text.len());
        let fits = format!("{prefix}{}{rest}", text.repeat(limit / text.len()));
        assert!(judged("", fits.as_bytes()).is_ok(), "{fits}");
        let long = format!("{fits}x");
        assert_eq!(line(&judged("", long.as_bytes())), "400 too_long", "{long}");
    }
    let unusable_where_click = format!("{OK}&tracker.tid={}", "x".repeat(MAX_ID_BYTES + 1));
    let outcome = judged("tid_means = 'click'", unusable_where_click.as_bytes());
    assert_eq!(line(&outcome), "400 too_long");
}

#[test]
fn how_many() {
    let many = |count: usize, name: &str| -> String {
        (0..count).fold(OK.to_owned(), |query, at| format!("{query}&{name}{at}=1"))
    };
    let parameters = many(MAX_PARAMS - 2, "p");
    assert_eq!(line(&judged("", parameters.as_bytes())), "a registration");
    let above = many(MAX_PARAMS - 1, "p");
    assert_eq!(
        line(&judged("", above.as_bytes())),
        "400 too_many_parameters"
    );

    let fields = many(MAX_FIELDS, "fields.f");
    let postback = judged("", fields.as_bytes()).unwrap();
    assert_eq!(postback.fields.len(), MAX_FIELDS);
    let again = format!("{fields}&fields.f0=2&fields.more={{x}}&fields.empty=");
    let postback = judged("", again.as_bytes()).unwrap();
    assert_eq!(
        (postback.fields.len(), postback.fields[0].value.as_str()),
        (MAX_FIELDS, "2")
    );
    let above = many(MAX_FIELDS + 1, "fields.f");
    assert_eq!(
        line(&judged("", above.as_bytes())),
        "400 too_many_parameters"
    );
}
