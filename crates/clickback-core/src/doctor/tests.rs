//! Pasted text → findings and converted address. Our own host in the tables is `t.example`.

use proptest::prelude::*;

use super::*;
use crate::currency::Currency;
use crate::rules::Rules;

mod integration;

const UUID: &str = "48d0524a-3abb-4cd5-82b8-404fa1cb4f7e";
const OURS: &str =
    "https://t.example/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?";

/// With `OURS` for `@` and, where nothing of ours is known, the placeholders for `~`.
fn full(text: &str) -> String {
    text.replace('@', OURS).replace(
        '~',
        "https://YOUR-DOMAIN/api/postbacks/YOUR-UUID/tracker-postback?",
    )
}

fn codes(found: &Examination) -> String {
    let codes: Vec<&str> = found
        .problems
        .iter()
        .map(|problem| problem.code.code())
        .collect();
    codes.join(" ")
}

#[track_caller]
fn check(table: &[(&str, &str, &str)], rules: Option<(&Ruleset, PostbackAddress<'_>)>) {
    for (text, expected, converted) in table {
        let found = examine(&full(text), rules);
        let got = found.converted.clone().unwrap_or_default();
        assert_eq!(codes(&found), *expected, "{text}\n{found:?}");
        assert_eq!(got, full(converted), "{text}");
    }
}

fn integration() -> Ruleset {
    let mut events = std::collections::BTreeMap::new();
    events.insert("firstdeposit".to_owned(), "sale".to_owned());
    let mut aliases = std::collections::BTreeMap::new();
    aliases.insert("sum".to_owned(), "tracker.cost".to_owned());
    Ruleset {
        rules: Rules {
            currency: Currency::new("USD"),
            events,
            aliases,
            ..Rules::default()
        },
        clickid_param: "sub4".to_owned(),
        ..Ruleset::default()
    }
}

fn address() -> PostbackAddress<'static> {
    PostbackAddress {
        public_url: "https://t.example/",
        uuid: UUID,
        clickid_macro: "{sub4}",
    }
}

#[test]
fn links_of_the_help_page() {
    let table = [
        (
            "@tracker.event=registration&clickid=sub1",
            "clickid_is_name",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            r"[@tracker.event=registration\&clickid=sub1](@tracker.event=registration\&clickid=sub1)",
            "clickid_is_name stray_characters",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            r"&#x20;[@tracker.event=first\_deposit\_\&clickid={sub1}](@tracker.event=first_deposit_\&clickid={sub1})",
            "placeholder_event amount_missing stray_characters",
            "@tracker.event=sale&clickid={sub1}",
        ),
        (
            "@tracker.event=first_deposit_&clickid={sub1}",
            "placeholder_event amount_missing",
            "@tracker.event=sale&clickid={sub1}",
        ),
        // The page shows the labels, the targets are older.
        (
            r"[@](@tracker.event=first_deposit_\&clickid={sub1})[tracker.event=sale\&clickid={sub1}\&tracker.cost={amount}\&tracker.currency=usd](@tracker.event=sale\&clickid={sub1}\&tracker.cost={amount})",
            "stray_characters",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
            "",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "@tracker.event=recurring_deposit_&clickid={sub1}",
            "placeholder_event amount_missing no_tid",
            "@tracker.event=resale&clickid={sub1}",
        ),
        (
            r"@tracker.event=resale\&clickid={sub1}\&tracker.tid={event\_id}",
            "amount_missing stray_characters",
            "@tracker.event=resale&clickid={sub1}&tracker.tid={event_id}",
        ),
        (
            r"[@clickid={clickid}\&tracker.event=sale\&tracker.cost={cost}\&tracker.currency=usd\&fields.last\_deposit={cost}\&fields.user\_id={user\_id}](https://help.example/update-log/update-06.10.2024)",
            "stray_characters",
            "@tracker.event=sale&clickid={clickid}&tracker.cost={cost}&tracker.currency=usd&fields.last_deposit={cost}&fields.user_id={user_id}",
        ),
        (
            "@clickid={clickid}&tracker.event=registration",
            "",
            "@tracker.event=registration&clickid={clickid}",
        ),
        (
            r"https://p.example?sub4=\{{tracker.clickid\}}",
            "stray_characters",
            "https://p.example?sub4={{tracker.clickid}}",
        ),
        (
            r"https://p.example?sub4=\{{tracker.clickid\}}\&fields.userid={user_id} - в данном случае",
            "fields_in_link stray_characters",
            "https://p.example?sub4={{tracker.clickid}}",
        ),
        (
            r"типа partner.com/signup?clickid=\{{tracker.clickid\}}\",
            "stray_characters",
            "https://partner.com/signup?clickid={{tracker.clickid}}",
        ),
    ];
    check(&table, None);
}

#[test]
fn templates_of_other_trackers_and_networks() {
    let table = [
        (
            "https://kt.example/abc123/postback?subid={sub1}&status={status}&payout={sumdep}&currency={currency}&tid={event_id}",
            Some("Keitaro"),
            "missing_event payout_or_deposit",
            "~tracker.event=&clickid={sub1}&tracker.currency={currency}&tracker.payout={sumdep}&tracker.tid={event_id}&tracker.status={status}",
        ),
        (
            "https://kt.example/abc123/postback?subid={sub1}&status=rebill&payout={payout}&currency=usd&tid={id}&sub_id_1={sub2}",
            Some("Keitaro"),
            "amount_missing word_translated",
            "~tracker.event=resale&clickid={sub1}&tracker.currency=usd&tracker.payout={payout}&tracker.tid={id}",
        ),
        (
            "https://kt.example/abc123/postback?subid={sub1}&status=rejected&payout=0",
            Some("Keitaro"),
            "missing_event currency_missing",
            "~tracker.event=&clickid={sub1}&tracker.payout=0&tracker.status=rejected",
        ),
        (
            "https://b.example/click.php?cnv_id={clickid}&payout={payout}&cnv_status=lead&cnv_currency=EUR",
            Some("Binom"),
            "word_translated",
            "~tracker.event=registration&clickid={clickid}&tracker.currency=EUR&tracker.payout={payout}",
        ),
        (
            "https://x.example/postback?cid={clickid}&payout={revenue}&txid={transaction_id}&et={goal}&currency=USD",
            Some("Voluum"),
            "event_from_macro",
            "~tracker.event={goal}&clickid={clickid}&tracker.currency=USD&tracker.payout={revenue}&tracker.tid={transaction_id}",
        ),
        (
            "https://x.voluumtrk.com/postback?cid=REPLACE&payout=OPTIONAL&txid=OPTIONAL",
            Some("Voluum"),
            "missing_clickid missing_event",
            "~tracker.event=&clickid=",
        ),
        (
            "https://trk.rdtk.io/postback?clickid={clickid}&sum={sum}&type=Deposit&rdtk_event_id={id}&currency=USD",
            Some("RedTrack"),
            "payout_or_deposit",
            "~tracker.event=Deposit&clickid={clickid}&tracker.cost={sum}&tracker.currency=USD&tracker.tid={id}",
        ),
        (
            "https://net.example/pb?s=#s2#&payout=#price#&tx=#leadid#&event=ftd&cur=usd",
            Some("CAKE"),
            "amount_missing word_translated",
            "~tracker.event=sale&clickid=#s2#&tracker.currency=usd&tracker.payout=#price#&tracker.tid=#leadid#",
        ),
        (
            "https://net.example/pb?subid=[[[subid]]]&amount=[[[payment_sum]]]&currency=[[[currency]]]&order_id=[[[order_id]]]&event=sale",
            Some("Admitad"),
            "",
            "~tracker.event=sale&clickid=[[[subid]]]&tracker.cost=[[[payment_sum]]]&tracker.currency=[[[currency]]]&tracker.tid=[[[order_id]]]",
        ),
        (
            "?status={status}&eid={event_id}&cid={click_id}&sid={site_id}&uid={trader_id}&country={country}&sumdep={sumdep}",
            None,
            "missing_event currency_missing",
            "~tracker.event=&clickid={click_id}&tracker.cost={sumdep}&tracker.tid={event_id}&tracker.status={status}&fields.user_id={trader_id}&fields.country={country}",
        ),
        (
            "https://s.example/pb?id=%click%&event=reg",
            None,
            "word_translated",
            "~tracker.event=registration&clickid=%click%",
        ),
    ];
    for (text, tracker, expected, converted) in table {
        let found = examine(text, None);
        let kind = AddressKind::Foreign {
            looks_like: tracker,
        };
        assert_eq!(found.kind, kind, "{text}");
        check(&[(text, expected, converted)], None);
    }
}

#[test]
fn messy_pastes() {
    let table = [
        (
            "Вася, [23.11.2026 14:05]\n> @\n> tracker.event=sale\n> &clickid={ sub1 }\n> &tracker.cost={amount}&tracker.curr\n> ency=usd.",
            "stray_characters",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "Вот ссылка (@tracker.event=registration&clickid={sub1}), проверьте",
            "",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            "«@tracker.event=registration&clickid={sub1}».",
            "",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            "**@tracker.event=registration&clickid=[sub1]**…",
            "",
            "@tracker.event=registration&clickid=[sub1]",
        ),
        (
            "@ tracker.event= sale &clickid= {sub1} &tracker.cost={amount}&tracker.currency=usd спасибо",
            "stray_characters",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "<a href=\"@tracker.event=registration&amp;clickid={sub1}\">link</a>",
            "html_entity",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}¤cy=usd",
            "unknown_parameter currency_missing html_entity",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "@tracker.event=registration?clickid={sub1}",
            "second_question_mark",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            "api: t.example/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=registration&clickid={sub1}",
            "",
            "@tracker.event=registration&clickid={sub1}",
        ),
        (
            "@tracker.event=registration&clickid={a}\n@tracker.event=sale&clickid={a}&tracker.cost={x}&tracker.currency=usd",
            "several_addresses",
            "@tracker.event=sale&clickid={a}&tracker.cost={x}&tracker.currency=usd",
        ),
        ("привет, не работает", "nothing_found", ""),
        ("", "nothing_found", ""),
        ("https://example.com", "missing_clickid", ""),
    ];
    check(&table, None);
}

#[test]
fn requests_from_logs() {
    let line = |query: &str| {
        format!(
            "203.0.113.7 - - [23/Nov/2026:10:00:00 +0000] \"GET /api/postbacks/{UUID}/tracker-postback?{query} HTTP/1.1\" 200 45 \"https://ref.example/a?b=c\" \"okhttp/4.9\""
        )
    };
    let found = examine(
        &line("tracker.event=sale&clickid=%7Bsub1%7D&tracker.cost=50&secret=hunter2"),
        None,
    );
    assert_eq!(
        codes(&found),
        "macro_unexpanded currency_missing secret_exposed"
    );
    assert!(!found.is_template);
    assert!(found.address.starts_with("/api/postbacks/"));
    let secret = &found.problems[2];
    assert_eq!(secret.subject, "secret", "the value is not repeated");

    let table = [
        (
            line("tracker.event=sale&clickid=8f3k2m1p9x&tracker.cost=1,234&tracker.currency=usd&tracker.tid=8f3k2m1p9x"),
            "amount_unreadable tid_is_clickid",
        ),
        (
            line("tracker.event=sale&clickid=8f3k2m1p9x&tracker.cost=50,00&tracker.currency=usdd"),
            "currency_unknown amount_reinterpreted",
        ),
        (line("tracker.event=s%zz&clickid=8f3k2m1p9x"), "bad_encoding unknown_event"),
        (
            format!(r#"{{"ip":"203.0.113.7","uri":"\/api\/postbacks\/{UUID}\/tracker-postback?clickid=8f3k2m1p9x\u0026tracker.event=registration","status":200}}"#),
            "",
        ),
        (
            r#"POST {"clickid":"8f3k2m1p9x","tracker":{"event":"sale","cost":50.00,"currency":"usd"}}"#.to_owned(),
            "",
        ),
        (
            full("curl -X POST @ -d 'clickid=8f3k2m1p9x&tracker.event=sale&tracker.cost=-5&tracker.currency=usd'"),
            "amount_negative",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(codes(&examine(&text, None)), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_in_postbacks() {
    let table = [
        (
            "@clickid={sub1}",
            "missing_event",
            "@tracker.event=&clickid={sub1}",
        ),
        (
            "@tracker.event=sale",
            "missing_clickid amount_missing",
            "@tracker.event=sale&clickid=",
        ),
        (
            "@tracker.event=ftd&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
            "unknown_event",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
        ),
        (
            "@tracker.event=deposit&clickid={sub1}&tracker.cost=100&tracker.tid=1",
            "constant_amount currency_missing constant_tid",
            "@tracker.event=deposit&clickid={sub1}&tracker.cost=100&tracker.tid=1",
        ),
        (
            "@tracker.event=sale&clickid={{tracker.clickid}}&tracker.cost={payout}&tracker.currency=usd",
            "our_macro_in_postback payout_or_deposit",
            "@tracker.event=sale&clickid=&tracker.cost={payout}&tracker.currency=usd",
        ),
        (
            "http://t.example/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=resale&clickid=%7Bsub1%7D&tracker.cost={amount}&tracker.currency=usd&tracker.tid=[id]",
            "macro_encoded mixed_styles plain_http",
            "@tracker.event=resale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd&tracker.tid=[id]",
        ),
        (
            "@tracker.event=registration&clickid=test&fields.user_id={id}",
            "constant_clickid",
            "@tracker.event=registration&clickid=test&fields.user_id={id}",
        ),
        (
            "@tracker.event=registration&clickId={sub1}&utm=1",
            "missing_clickid unknown_parameter",
            "@tracker.event=registration&clickid={sub1}&utm=1",
        ),
        (
            "@tracker.event=sale&clickid=#s2#&tracker.amount=#price#&tracker.currency=usd",
            "unknown_parameter amount_missing",
            "@tracker.event=sale&clickid=#s2#&tracker.cost=#price#&tracker.currency=usd",
        ),
        (
            "@tracker.event=sale&clickid={a}&clickid={b}&tracker.cost={x}&tracker.currency=usd&tracker.status=maybe",
            "conflicting_values status_unknown",
            "@tracker.event=sale&clickid={a}&tracker.cost={x}&tracker.currency=usd&tracker.status=maybe",
        ),
        (
            "@tracker.event={goal}&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd&tracker.tid={id}",
            "event_from_macro",
            "@tracker.event={goal}&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd&tracker.tid={id}",
        ),
    ];
    check(&table, None);
}

#[test]
fn parts_are_named() {
    let found = examine(
        &full("@tracker.event=sale&clickid={sub1}&fields.Last={x}&tracker.foo=1&utm=%31&token={t}"),
        None,
    );
    let parts: Vec<_> = found
        .parts
        .iter()
        .map(|part| {
            (
                part.name.as_str(),
                part.canonical.as_deref(),
                part.raw.as_str(),
                part.meaning.clone(),
            )
        })
        .collect();
    assert_eq!(
        parts,
        [
            (
                "tracker.event",
                Some("tracker.event"),
                "sale",
                Meaning::Event
            ),
            ("clickid", Some("clickid"), "{sub1}", Meaning::Clickid),
            (
                "fields.Last",
                Some("fields.last"),
                "{x}",
                Meaning::Field("last".to_owned())
            ),
            ("tracker.foo", None, "1", Meaning::Unknown),
            ("utm", None, "%31", Meaning::Other),
            ("token", None, "{t}", Meaning::Secret),
        ]
    );
    assert_eq!(found.style, Some(MacroStyle::Brace));
    assert_eq!(
        found.kind,
        AddressKind::OurPostback {
            uuid: Some(UUID.to_owned())
        }
    );
}

/// Both languages have what is wrong and what to do for every code, and nothing else.
#[test]
fn sentences() {
    for language in ["en", "ru"] {
        let path = format!(
            "{}/../../locales/{language}/doctor.ftl",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&path).unwrap();
        let mut written: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key)
            .collect();
        let mut expected: Vec<String> = Vec::new();
        for code in ProblemCode::ALL {
            let key = format!("doctor-{}", code.code().replace('_', "-"));
            expected.extend([format!("{key}-fix"), key]);
        }
        written.sort_unstable();
        expected.sort_unstable();
        assert_eq!(written, expected, "{path}");
        assert!(!text.contains('!'), "{path}");
    }
}

#[test]
fn worst_first() {
    let severities: Vec<Severity> = ProblemCode::ALL.iter().map(|c| c.severity()).collect();
    assert!(severities.is_sorted());
}

/// Reading that is more than linear would show here.
#[test]
fn long_texts_end() {
    for piece in [
        "](",
        "[",
        "{",
        "{a ",
        "&a=",
        "?a=b ",
        "\n&a=b",
        "https://",
        "¤cy=",
        "%3Fcid%3D",
        "#a",
        "\\",
    ] {
        let found = examine(&piece.repeat(200_000), None);
        assert!(codes(&found).len() < 100_000);
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let rules = integration();
        examine(&text, None);
        examine(&text, Some((&rules, address())));
    }

    #[test]
    fn no_mixture_panics(pieces in prop::collection::vec(prop::sample::select(vec![
        "https://", "http://", "t.example", "/api/postbacks/", UUID, "/tracker-postback", "?", "&",
        "=", "clickid", "tracker.event", "sale", "tracker.cost", "{sub1}", "{{tracker.clickid}}",
        "#s2#", "%x%", "%7Bsub1%7D", "[[[a]]]", "](", ")", "[", "{", "}", "\\", " ", "\n", "> ", "\"",
        "GET ", "&amp;", "¤cy=", "%3F", "%3D", "sub4", "fields.a", "я", "\u{200b}", "%d", ".", "\u{1F600}",
    ]), 0..24)) {
        let text = pieces.concat();
        let rules = integration();
        examine(&text, None);
        let found = examine(&text, Some((&rules, address())));
        // What was converted is one of ours or a link, and stays what it is.
        if let Some(converted) = found.converted {
            prop_assert_ne!(examine(&converted, None).kind, AddressKind::NothingFound);
        }
    }
}
