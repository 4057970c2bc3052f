//! Tables of parameters: request text and the ordered list; repairs and their notes.

use proptest::prelude::*;

use super::*;

fn is_name(name: &str) -> bool {
    matches!(name, "clickid" | "currency" | "sum") || name.starts_with("tracker.")
}

fn urlencoded(text: &[u8]) -> Params<'_> {
    let mut params = Params::new();
    params
        .add_urlencoded(text, Place::Query, 200, &is_name)
        .unwrap();
    params
}

/// `name=value`, joined by ` | `; `!` behind what is broken.
pub(super) fn list(params: &Params<'_>) -> String {
    let show = |param: &Param<'_>| {
        format!(
            "{}={}{}",
            param.name,
            param.value,
            if param.broken { "!" } else { "" }
        )
    };
    params.list.iter().map(show).collect::<Vec<_>>().join(" | ")
}

/// The notes as letters: html entity, question mark, stray characters.
fn notes(params: &Params<'_>) -> String {
    let Notes {
        html_entity,
        second_question_mark,
        stray_characters,
    } = params.notes;
    [
        (html_entity, 'h'),
        (second_question_mark, 'q'),
        (stray_characters, 's'),
    ]
    .into_iter()
    .filter_map(|(is_set, letter)| is_set.then_some(letter))
    .collect()
}

#[test]
fn plain_queries() {
    let table: &[(&[u8], &str)] = &[
        (b"", ""),
        (b"&&&", ""),
        (
            b"clickid=abc&tracker.event=sale",
            "clickid=abc | tracker.event=sale",
        ),
        (b"?clickid=abc", "clickid=abc"),
        (b"a=1&a=2&a=1", "a=1 | a=2 | a=1"),
        (b"a", "a="),
        (b"a=", "a="),
        (b"=5", "=5"),
        (b"a=b=c", "a=b=c"),
        (b"a=+1+", "a= 1 "),
        (b"a=%2B1", "a=+1"),
        (b"%61=%62", "a=b"),
        (b"a%20b=1", "a b=1"),
        ("a=é".as_bytes(), "a=é"),
        (b"a=%D0%BE%d0%ba", "a=ок"),
        (b"a=%26%3D", "a=&="),
        (b"clickid={sub1}", "clickid={sub1}"),
        (b"clickid=%7Bsub1%7D", "clickid={sub1}"),
        (b"tracker.cost=[[[x]]]", "tracker.cost=[[[x]]]"),
        (b"a=b;c=d", "a=b;c=d"),
    ];
    for (text, outcome) in table {
        let params = urlencoded(text);
        assert_eq!(
            list(&params),
            *outcome,
            "{:?}",
            text.escape_ascii().to_string()
        );
        assert_eq!(notes(&params), "", "{:?}", text.escape_ascii().to_string());
    }
}

#[test]
fn broken_texts_are_kept_and_marked() {
    let table: &[(&[u8], &str)] = &[
        (b"a=%zz", "a=%zz!"),
        (b"a=100%", "a=100%!"),
        (b"a=%4", "a=%4!"),
        (b"a=%%41", "a=%A!"),
        (b"a=%00", "a=\u{fffd}!"),
        (b"a=x\0y", "a=x\u{fffd}y!"),
        (b"a=\xff", "a=\u{fffd}!"),
        (b"a=%ff%fe", "a=\u{fffd}\u{fffd}!"),
        (b"a=%D0", "a=\u{fffd}!"),
        (b"a=%C0%80", "a=\u{fffd}\u{fffd}!"),
        (b"a=%ED%A0%80", "a=\u{fffd}\u{fffd}\u{fffd}!"),
        (b"%zz=1", "%zz=1!"),
        (b"\xff=1&b=2", "\u{fffd}=1! | b=2"),
        // The character itself is not broken.
        (b"a=%EF%BF%BD", "a=\u{fffd}"),
    ];
    for (text, outcome) in table {
        assert_eq!(
            list(&urlencoded(text)),
            *outcome,
            "{:?}",
            text.escape_ascii().to_string()
        );
    }
}

#[test]
fn repairs() {
    let table: &[(&str, &str, &str)] = &[
        // HTML.
        ("a=1&amp;b=2", "a=1 | b=2", "h"),
        ("a=1&AMP;b=2", "a=1 | b=2", "h"),
        ("a=1&amp;amp;b=2", "a=1 | b=2", "h"),
        ("a=1&amp%3Bb=2", "a=1 | b=2", "h"),
        ("a=1&amp;", "a=1", "h"),
        ("sum=5¤cy=usd", "sum=5 | currency=usd", "h"),
        ("sum=5%C2%A4cy=usd&b=1", "sum=5 | currency=usd | b=1", "h"),
        (
            "sum=5%c2%a4cy=usd¤cy=eur",
            "sum=5 | currency=usd | currency=eur",
            "h",
        ),
        ("¤cy=usd", "currency=usd", "h"),
        ("flag¤cy=usd", "flag= | currency=usd", "h"),
        ("a=5¤", "a=5¤", ""),
        ("a=%C2%A4c=1", "a=¤c=1", ""),
        // A second question mark.
        (
            "clickid=abc?tracker.event=sale",
            "clickid=abc | tracker.event=sale",
            "q",
        ),
        (
            "clickid=abc%3Ftracker.event%3Dsale",
            "clickid=abc | tracker.event=sale",
            "q",
        ),
        (
            "clickid=abc%3ftracker.event%3dsale%26tracker.cost%3d5%26x%3d1",
            "clickid=abc | tracker.event=sale | tracker.cost=5&x=1",
            "q",
        ),
        (
            "a=1?clickid=abc?tracker.event=sale&b=2",
            "a=1 | clickid=abc | tracker.event=sale | b=2",
            "q",
        ),
        ("??clickid=abc", "clickid=abc", "q"),
        ("a=1&?clickid=abc", "a=1 | clickid=abc", "q"),
        (
            r"a=1?tracker\.event=sale",
            "a=1 | tracker\\.event=sale",
            "q",
        ),
        ("a=what?", "a=what?", ""),
        ("a=what?unknown=1", "a=what?unknown=1", ""),
        ("a=what?no&clickid=1", "a=what?no | clickid=1", ""),
        ("a=x??clickid=1", "a=x? | clickid=1", "q"),
        ("a=https://b.c/?clickid=1", "a=https://b.c/?clickid=1", ""),
        (
            "a=https%3A%2F%2Fb.c/%3Fclickid%3D1",
            "a=https://b.c/?clickid=1",
            "",
        ),
        (
            "a=https:%2F%2Fb.c/?clickid=1",
            "a=https://b.c/?clickid=1",
            "",
        ),
        (
            "clickid=abc?sum=https://b.c/?clickid=1",
            "clickid=abc | sum=https://b.c/?clickid=1",
            "q",
        ),
        // Stray characters.
        (
            r"tracker.event=registration\&clickid=abc",
            "tracker.event=registration | clickid=abc",
            "s",
        ),
        (
            r"tracker.event=first\_deposit\_\&clickid=a",
            "tracker.event=first_deposit_ | clickid=a",
            "s",
        ),
        (
            r"fields.last\_deposit=5\&fields.user\_id=7",
            "fields.last_deposit=5 | fields.user_id=7",
            "s",
        ),
        (r"tracker.event%5C=sale", "tracker.event=sale", "s"),
        (r"clickid=abc%5C", "clickid=abc", "s"),
        (r"clickid=a\b", r"clickid=a\b", ""),
        (
            r"fields.path=C:\dir\_x%5C&b=1",
            r"fields.path=C:\dir\_x\ | b=1",
            "",
        ),
        (r"fields.path=C:\dir\", r"fields.path=C:\dir\", ""),
        ("%20clickid+=abc", "clickid=abc", "s"),
        ("a=1&amp; clickid=abc", "a=1 | clickid=abc", "hs"),
        (r"clickid \=abc", "clickid=abc", "s"),
        ("%E2%80%8Bclickid=abc", "clickid=abc", "s"),
        ("%EF%BB%BFclickid=abc", "clickid=abc", "s"),
        ("clickid=+abc+", "clickid= abc ", ""),
        (
            r"tracker.event=sale\&amp;clickid=a?tracker.tid=5",
            "tracker.event=sale | clickid=a | tracker.tid=5",
            "hqs",
        ),
    ];
    for (text, outcome, expected) in table {
        let params = urlencoded(text.as_bytes());
        assert_eq!(list(&params), *outcome, "{text:?}");
        assert_eq!(notes(&params), *expected, "{text:?}");
    }
}

#[test]
fn raw_is_what_came() {
    let table: &[(&[u8], &[&str])] = &[
        (b"a=%7Bx%7D+1", &["%7Bx%7D+1"]),
        (br"clickid=abc\&b=1", &[r"abc\", "1"]),
        (br"tracker.event=first\_deposit\_", &[r"first\_deposit\_"]),
        (b"clickid=a?tracker.event=%73ale", &["a", "%73ale"]),
        ("sum=5¤cy=u%73d".as_bytes(), &["5", "u%73d"]),
        (b"a=\xff%ff", &["\u{fffd}%ff"]),
        (b"a=%date%", &["%date%"]),
    ];
    for (text, outcome) in table {
        let params = urlencoded(text);
        let raws: Vec<&str> = params.list.iter().map(|param| param.raw.as_ref()).collect();
        assert_eq!(raws, *outcome, "{:?}", text.escape_ascii().to_string());
    }
}

#[test]
fn plain_texts_are_borrowed() {
    let params = urlencoded(br"clickid=abc\&tracker.event=sale&amp;fields.x=1");
    for param in &params.list {
        assert!(matches!(param.name, Cow::Borrowed(_)), "{param:?}");
        assert!(matches!(param.raw, Cow::Borrowed(_)), "{param:?}");
        assert!(matches!(param.value, Cow::Borrowed(_)), "{param:?}");
    }
    let mut params = Params::new();
    params
        .add_json(br#"{"clickid":"abc","tracker.cost":12.50}"#, 200)
        .unwrap();
    for param in &params.list {
        assert!(matches!(param.name, Cow::Borrowed(_)), "{param:?}");
        assert!(matches!(param.value, Cow::Borrowed(_)), "{param:?}");
    }
}

#[test]
fn the_limit_counts_query_and_body() {
    let mut params = Params::new();
    params
        .add_urlencoded(b"a=1&&b=2", Place::Query, 3, &is_name)
        .unwrap();
    params
        .add_urlencoded(b"c=3", Place::Form, 3, &is_name)
        .unwrap();
    let more = params.add_urlencoded(b"d=4", Place::Form, 3, &is_name);
    assert_eq!(more, Err(ParamsError::TooMany { limit: 3 }));
    assert_eq!(
        params.add_json(b"{\"d\":4}", 3),
        Err(ParamsError::TooMany { limit: 3 })
    );
    assert_eq!(params.list.len(), 3);
    let split = Params::new().add_urlencoded(b"a=1?clickid=2?sum=3", Place::Query, 2, &is_name);
    assert_eq!(split, Err(ParamsError::TooMany { limit: 2 }));
}

#[test]
fn by_name() {
    let params = urlencoded(b"a=1&b=2&a=3");
    assert_eq!(params.get("a").map(|param| param.value.as_ref()), Some("1"));
    assert_eq!(
        params
            .all("a")
            .map(|param| param.value.as_ref())
            .collect::<Vec<_>>(),
        ["1", "3"]
    );
    assert!(params.get("A").is_none() && params.all("c").next().is_none());
}

#[test]
fn long_hostile_texts_are_linear() {
    for unit in [
        "?",
        "a=?",
        "%3F",
        "%3Fa",
        "¤cy=",
        "%C2%A4cy=",
        "\\",
        "\\_",
        "amp;",
        ":",
        "%",
        "?a",
        "=",
        "%26",
    ] {
        for start in ["", "clickid=", "a=x%3Fclickid%3D"] {
            let text = format!("{start}{}", unit.repeat(64 * 1024 / unit.len()));
            let _ = Params::new().add_urlencoded(text.as_bytes(), Place::Query, 200, &is_name);
        }
    }
    for text in [
        "[".repeat(64 * 1024),
        "{\"a\":".repeat(10_000),
        format!("{{\"a\":{}", "[".repeat(64 * 1024)),
        format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000)),
    ] {
        let _ = Params::new().add_json(text.as_bytes(), 200);
    }
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Params::new().add_urlencoded(&bytes, Place::Form, 50, &is_name);
        let _ = Params::new().add_json(&bytes, 50);
    }

    #[test]
    fn never_panics_on_what_is_repaired(
        text in "(clickid|sum|=|&|\\?|%3F|%3D|%26|¤cy=|%C2%A4cy=|amp;|\\\\|_| |\\+|%20|://|é|%C3|%){0,30}",
    ) {
        let params = urlencoded(text.as_bytes());
        for param in &params.list {
            prop_assert_eq!(param.name.trim(), param.name.as_ref());
        }
    }

    #[test]
    fn what_is_encoded_comes_back(
        pairs in prop::collection::vec(("[a-z][a-z0-9_.]{0,8}", "[^\0\\\\?¤]{0,12}"), 0..8),
    ) {
        let text: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&pairs)
            .finish();
        let mut params = Params::new();
        params.add_urlencoded(text.as_bytes(), Place::Form, 200, &is_name).unwrap();
        let read: Vec<(String, String)> = params
            .list
            .iter()
            .map(|param| (param.name.to_string(), param.value.to_string()))
            .collect();
        prop_assert_eq!(read, pairs);
        prop_assert!(params.list.iter().all(|param| !param.broken));
        prop_assert_eq!(params.notes, Notes::default());
    }
}
