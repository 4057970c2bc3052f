//! Tables of macros: value and guard, template and findings, inside and meaning.

use proptest::prelude::*;

use super::MacroStyle::{
    Brace, DollarBrace, DoubleBrace, Hash, Percent, Square, TripleSquare, Word,
};
use super::*;

/// Raw text and decoded value.
#[test]
fn guard() {
    let table = [
        ("{amount}", "{amount}", Some(Brace)),
        ("%7Bamount%7D", "{amount}", Some(Brace)),
        ("%257Bamount%257D", "%7Bamount%7D", Some(Brace)),
        ("%257bamount%257d", "%7bamount%7d", Some(Brace)),
        ("{url.cid}", "{url.cid}", Some(Brace)),
        ("{sub_id_1}", "{sub_id_1}", Some(Brace)),
        ("{_offer_value:x}", "{_offer_value:x}", Some(Brace)),
        ("{date:Y-m-d}", "{date:Y-m-d}", Some(Brace)),
        ("{+amount+}", "{ amount }", Some(Brace)),
        ("x{sub1}y", "x{sub1}y", Some(Brace)),
        ("{amount}USD", "{amount}USD", Some(Brace)),
        ("a}{b{c}", "a}{b{c}", Some(Brace)),
        (r"{event\_id}", r"{event\_id}", Some(Brace)),
        ("{{x}}", "{{x}}", Some(DoubleBrace)),
        ("{{{x}}}", "{{{x}}}", Some(DoubleBrace)),
        (
            r"\{{tracker.clickid\}}",
            r"\{{tracker.clickid\}}",
            Some(DoubleBrace),
        ),
        ("{{x}", "{{x}", Some(Brace)),
        ("${amount}", "${amount}", Some(DollarBrace)),
        ("%24%7Bamount%7D", "${amount}", Some(DollarBrace)),
        ("5${amount}", "5${amount}", Some(DollarBrace)),
        ("[status]", "[status]", Some(Square)),
        ("[[status]]", "[[status]]", Some(Square)),
        ("[[[x]]]", "[[[x]]]", Some(TripleSquare)),
        ("%5Bstatus%5D", "[status]", Some(Square)),
        ("+[status]+", " [status] ", Some(Square)),
        ("%23price%23", "#price#", Some(Hash)),
        ("#s2#", "#s2#", Some(Hash)),
        ("%25price%25", "%price%", Some(Percent)),
        // Decoding leaves the first broken escape alone and eats the second.
        ("%price%", "%price%", Some(Percent)),
        ("%date%", "\u{fffd}te%", Some(Percent)),
        ("%ab%", "\u{fffd}%", Some(Percent)),
        ("+%date%", " \u{fffd}te%", Some(Percent)),
        ("REPLACE", "REPLACE", Some(Word)),
        ("OPTIONAL", " OPTIONAL ", Some(Word)),
        // Not macros.
        ("", "", None),
        ("abc123", "abc123", None),
        ("sub1", "sub1", None),
        ("%41%42", "AB", None),
        ("%de%ad", "\u{fffd}\u{fffd}", None),
        ("%D0%BE%D0%BA", "ок", None),
        ("%20%", " %", None),
        ("100%25", "100%", None),
        ("100%", "100%", None),
        ("%", "%", None),
        ("%%", "%%", None),
        ("##", "##", None),
        ("#", "#", None),
        ("#1#", "#1#", None),
        ("{}", "{}", None),
        ("{{}}", "{{}}", None),
        ("{ }", "{ }", None),
        ("{1}", "{1}", None),
        ("{amount", "{amount", None),
        ("amount}", "amount}", None),
        ("{two+words}", "{two words}", None),
        (r#"{"a":1}"#, r#"{"a":1}"#, None),
        (
            "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
            "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
            None,
        ),
        (
            "{AF2504E0-4F89-11D3-9A0C-0305E82C3301}",
            "{AF2504E0-4F89-11D3-9A0C-0305E82C3301}",
            None,
        ),
        (
            "{af2504e04f8911d39a0c0305e82c3301}",
            "{af2504e04f8911d39a0c0305e82c3301}",
            None,
        ),
        ("x[status]", "x[status]", None),
        ("[status]5", "[status]5", None),
        ("[1]", "[1]", None),
        ("[]", "[]", None),
        ("5#price#", "5#price#", None),
        ("replace", "replace", None),
        ("REPLACED", "REPLACED", None),
        ("$50", "$50", None),
        ("$", "$", None),
        ("50%7", "50%7", None),
    ];
    for (raw, value, outcome) in table {
        assert_eq!(unexpanded(raw, value), outcome, "{raw:?} {value:?}");
    }
}

#[test]
fn overlong_names_are_text() {
    let name = |len: usize| format!("{{{}}}", "a".repeat(len));
    assert_eq!(unexpanded("", &name(MAX_NAME)), Some(Brace));
    assert_eq!(unexpanded("", &name(MAX_NAME + 1)), None);
}

fn findings(text: &str) -> Vec<(&str, MacroStyle, String)> {
    find(text)
        .into_iter()
        .map(|found| (&text[found.start..found.end], found.style, found.name))
        .collect()
}

#[test]
fn templates() {
    let one = |text, style, name: &str| vec![(text, style, name.to_owned())];
    let table = [
        ("https://a.b/p?c={sub1}", one("{sub1}", Brace, "sub1")),
        ("?c=#s2#&d=1", one("#s2#", Hash, "s2")),
        ("?c=%cost%&d=1", one("%cost%", Percent, "cost")),
        ("?c=%date%&d=1", one("%date%", Percent, "date")),
        ("?c=%ab%", one("%ab%", Percent, "ab")),
        ("?c=%price%20", one("%price%", Percent, "price")),
        ("?c=[status]", one("[status]", Square, "status")),
        ("?c=[[[x]]]&d=", one("[[[x]]]", TripleSquare, "x")),
        ("?c=${x}", one("${x}", DollarBrace, "x")),
        (
            "?c={{ fields.a }}",
            one("{{ fields.a }}", DoubleBrace, "fields.a"),
        ),
        (
            r"?c=\{{tracker.clickid\}}",
            one(r"{{tracker.clickid\}}", DoubleBrace, "tracker.clickid"),
        ),
        ("?c=%7Bsub1%7D", one("%7Bsub1%7D", Brace, "sub1")),
        ("?c=REPLACE&d=1", one("REPLACE", Word, "REPLACE")),
        ("OPTIONAL", one("OPTIONAL", Word, "OPTIONAL")),
        ("?c=xREPLACE&d=REPLACED", vec![]),
        ("?c=%D0%BE%D0%BA%20", vec![]),
        ("?c=%de%ad%be%ef", vec![]),
        ("https://a.b/#section", vec![]),
        ("?utm[source]=1&a[b][c]=2", vec![]),
        ("http://[fe80::1]/x", vec![]),
        ("100% of 50%", vec![]),
        ("{\"a\":1}", vec![]),
        ("", vec![]),
        (
            "?a={x}&b=#y#&c=%z%{w}",
            vec![
                ("{x}", Brace, "x".to_owned()),
                ("#y#", Hash, "y".to_owned()),
                ("%z%", Percent, "z".to_owned()),
                ("{w}", Brace, "w".to_owned()),
            ],
        ),
        (
            "{a}{{b}}[c]",
            vec![
                ("{a}", Brace, "a".to_owned()),
                ("{{b}}", DoubleBrace, "b".to_owned()),
                ("[c]", Square, "c".to_owned()),
            ],
        ),
    ];
    for (text, outcome) in table {
        assert_eq!(findings(text), outcome, "{text:?}");
    }
}

#[test]
fn ours_are_marked() {
    let table = [
        ("{{tracker.clickid}}", true),
        ("{{fields.user_id}}", true),
        ("{{lead.name}}", true),
        ("{{name}}", true),
        ("{{campaign.id}}", false),
        ("{{fields.}}", false),
        ("{tracker.clickid}", false),
        ("${tracker.clickid}", false),
    ];
    for (text, ours) in table {
        let found = find(text);
        assert_eq!(
            found.iter().map(|found| found.ours).collect::<Vec<_>>(),
            [ours],
            "{text}"
        );
    }
}

#[test]
fn insides() {
    let tracker = |key: &str| Some(OurMacro::Tracker(key.to_owned()));
    let field = |key: &str| Some(OurMacro::Field(key.to_owned()));
    let table = [
        ("tracker.clickid", Some(OurMacro::Clickid)),
        (" tracker.clickid ", Some(OurMacro::Clickid)),
        ("tracker.clickId", Some(OurMacro::Clickid)),
        ("Tracker.ClickID", Some(OurMacro::Clickid)),
        ("chat.tracker.clickid", Some(OurMacro::Clickid)),
        ("chat.tracker.utm_source", tracker("utm_source")),
        ("tracker.utm_source", tracker("utm_source")),
        ("tracker.adId", tracker("adId")),
        ("fields.user_id", field("user_id")),
        ("fields.User_Id", field("user_id")),
        ("lead.name", Some(OurMacro::LeadName)),
        ("name", Some(OurMacro::LeadName)),
        ("lead.id", Some(OurMacro::LeadId)),
        ("lead.phone", None),
        ("tracker.", None),
        ("tracker.a b", None),
        ("fields.", None),
        ("fields.имя", None),
        ("chat.name", None),
        ("chat.fields.x", None),
        ("clickid", None),
        ("sub1", None),
        ("", None),
        (".", None),
    ];
    for (inside, outcome) in table {
        assert_eq!(parse_ours(inside), outcome, "{inside:?}");
    }
    assert_eq!(parse_ours(&format!("fields.{}", "a".repeat(65))), None);
}

#[test]
fn long_hostile_texts_are_linear() {
    for unit in [
        "{", "{{", "%7B", "${", "{a", "{ ", "[", "[a", "#", "#a", "%", "%a", "%D0", "R", "\\",
    ] {
        let text = unit.repeat(200_000 / unit.len());
        unexpanded(&text, &text);
        find(&text);
    }
}

proptest! {
    #[test]
    fn never_panics(raw in "\\PC*", value in "\\PC*") {
        unexpanded(&raw, &value);
        find(&value);
        parse_ours(&value);
    }

    #[test]
    fn found_ranges_are_in_order_and_on_boundaries(text in "[{}\\[\\]#%$a-cDе0-9 .\\\\=&]{0,60}") {
        let mut last = 0;
        for found in find(&text) {
            prop_assert!(found.start >= last && found.end > found.start);
            prop_assert!(text.get(found.start..found.end).is_some());
            last = found.end;
        }
        unexpanded(&text, &text);
    }

    #[test]
    fn a_macro_alone_is_found_and_guarded(name in "[a-zA-Z_][a-zA-Z0-9_.]{0,20}") {
        let styles = [
            (format!("{{{name}}}"), Brace),
            (format!("{{{{{name}}}}}"), DoubleBrace),
            (format!("${{{name}}}"), DollarBrace),
            (format!("[{name}]"), Square),
            (format!("[[[{name}]]]"), TripleSquare),
            (format!("#{name}#"), Hash),
            (format!("%{name}%"), Percent),
        ];
        for (text, style) in styles {
            prop_assert_eq!(unexpanded(&text, &text), Some(style));
            let found = find(&text);
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((found[0].start, found[0].end, found[0].style), (0, text.len(), style));
            prop_assert_eq!(&found[0].name, &name);
        }
    }

    #[test]
    fn encoded_text_is_no_macro(text in "[a-zа-я0-9 ]{0,30}") {
        let escapes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let encoded = escapes.concat();
        prop_assert_eq!(unexpanded(&encoded, &text), None);
        prop_assert!(find(&encoded).is_empty());
    }
}

#[test]
fn patterns() {
    let cases = [
        ("{sub1}", Some("{macro}")),
        (" #s2# ", Some("#macro#")),
        ("[[[x]]]", Some("[[[macro]]]")),
        ("[x]", Some("[macro]")),
        ("%x%", Some("%macro%")),
        ("${x}", Some("${macro}")),
        ("{{x}}", Some("{{macro}}")),
        ("{url.cid}", Some("{macro}")),
        (r"{sub\_1}", Some("{macro}")),
        ("sub1", None),
        ("REPLACE", None),
        ("{a}{b}", None),
        ("x{a}", None),
        ("", None),
    ];
    for (text, pattern) in cases {
        assert_eq!(pattern_of(text).as_deref(), pattern, "{text}");
    }
}
