//! Tables of links: parts and postback URL, base and final URL, template and rendered link.

use proptest::prelude::*;

use super::*;

const UUID: &str = "48d0524a-3abb-4cd5-82b8-404fa1cb4f7e";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_clickid_inside_a_value_stays() {
    let good = "https://t.me/bot?start=CAMPAIGN-{{tracker.clickid}}&x=1";
    for base in [
        good,
        &good.replace("{{", "{{ "),
        &good.replace("{{", "%7B%7B"),
    ] {
        let made = final_url(base, "start", &[]).unwrap();
        assert_eq!((made.url.as_str(), made.warnings.len()), (good, 0));
    }
    let other = final_url("https://t.me/bot?start=CAMPAIGN-{{lead.id}}", "start", &[]).unwrap();
    assert_eq!(other.url, "https://t.me/bot?start={{tracker.clickid}}");
}

#[test]
fn forms_of_postback_urls() {
    let params = pairs(&[("tracker.cost", "{sum}"), ("tracker.currency", "usd")]);
    let template = PostbackTemplate {
        public_url: "https://cb.example/",
        uuid: UUID,
        event: "sale",
        clickid: "{sub4}",
        params: &params,
    };
    let rows = [
        (
            UrlForm::Macros,
            "?tracker.event=sale&clickid={sub4}&tracker.cost={sum}&tracker.currency=usd",
        ),
        (
            UrlForm::Constants,
            "?tracker.event=sale&tracker.currency=usd",
        ),
        (UrlForm::Path, "/sale"),
        (UrlForm::Bare, ""),
    ];
    for (form, end) in rows {
        let expected = format!("https://cb.example/api/postbacks/{UUID}/tracker-postback{end}");
        assert_eq!(postback_url_in(form, &template), expected);
    }
}

#[test]
fn parameters_are_taken_out() {
    let cases = [
        (
            "https://p.com?a=1&fields.x={user_id}&b=2#top",
            Some(("https://p.com?a=1&b=2#top", Some("{user_id}"))),
        ),
        (
            "https://p.com?fields%2Ex=%7Bid%7D",
            Some(("https://p.com", Some("{id}"))),
        ),
        ("https://p.com?a=1", Some(("https://p.com?a=1", None))),
        ("p.com?fields.x=1", None),
    ];
    for (base, outcome) in cases {
        let taken = take_param(base, &|name| name == "fields.x");
        let taken = taken
            .as_ref()
            .map(|(url, value)| (url.as_str(), value.as_deref()));
        assert_eq!(taken, outcome, "{base}");
    }
}

/// Base, extra parameters, final URL.
type Link<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Base, extra parameters, final URL, what the user is told.
type Warned<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, Vec<LinkWarning>);

fn made(base: &str, extra: &[(&str, &str)]) -> FinalUrl {
    final_url(base, "sub4", &pairs(extra)).unwrap()
}

#[test]
fn postback_urls() {
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);
    let table: &[Row<'_>] = &[
        ("registration", "{sub1}", &[], "registration&clickid={sub1}"),
        (
            "sale",
            "{sub4}",
            &[
                ("tracker.cost", "{amount}"),
                ("tracker.currency", "usd"),
                ("tracker.tid", "{event_id}"),
                ("fields.user_id", "{user_id}"),
            ],
            "sale&clickid={sub4}&tracker.cost={amount}&tracker.currency=usd&tracker.tid={event_id}\
             &fields.user_id={user_id}",
        ),
        (
            "sale",
            "#s2#",
            &[
                ("a", "[[[x]]]"),
                ("b", "%cost%"),
                ("c", "${y}"),
                ("d", "{{z}}"),
                ("e", "[s]"),
            ],
            "sale&clickid=#s2#&a=[[[x]]]&b=%cost%&c=${y}&d={{z}}&e=[s]",
        ),
        (
            "first deposit",
            "{a b}",
            &[],
            "first%20deposit&clickid=%7Ba%20b%7D",
        ),
        ("sale", "x{sub1}&y", &[], "sale&clickid=x{sub1}%26y"),
        (
            "sale",
            "{c}",
            &[("a", ""), (" ", "1"), ("b", "  "), (" c ", " 1 ")],
            "sale&clickid={c}&c=1",
        ),
        (
            "sale",
            "{c}",
            &[("a b", "100%"), ("é", "a+b=c#d?e")],
            "sale&clickid={c}&a%20b=100%25&%C3%A9=a%2Bb%3Dc%23d%3Fe",
        ),
        ("", "", &[], "&clickid="),
    ];
    for (event, clickid, params, outcome) in table {
        let params = pairs(params);
        for public_url in [
            "https://t.example",
            "https://t.example/",
            " https://t.example// ",
        ] {
            let template = PostbackTemplate {
                public_url,
                uuid: UUID,
                event,
                clickid,
                params: &params,
            };
            let expected = format!(
                "https://t.example/api/postbacks/{UUID}/tracker-postback?tracker.event={outcome}"
            );
            assert_eq!(postback_url(&template), expected);
        }
    }
}

#[test]
fn macros_of_parameters() {
    let table = [
        ("sub4", "{macro}", "{sub4}"),
        ("s2", "#macro#", "#s2#"),
        ("x", "[[[macro]]]", "[[[x]]]"),
        ("x", "%macro%", "%x%"),
        ("cid", "{url.macro}", "{url.cid}"),
        ("macro", "{macro}", "{macro}"),
        (" sub4 ", "{macro}", "{sub4}"),
        ("sub4", "", "{sub4}"),
        ("sub4", "nothing", "{sub4}"),
    ];
    for (param, pattern, outcome) in table {
        assert_eq!(macro_of(param, pattern), outcome);
    }
}

#[test]
fn final_urls() {
    const CLICKID: &str = "sub4={{tracker.clickid}}";
    // `§` stands for the clickid parameter.
    let table: &[(&str, &str)] = &[
        ("https://p.com", "https://p.com?§"),
        (" https://p.com/ \n", "https://p.com/?§"),
        ("HTTPS://P.com", "HTTPS://P.com?§"),
        ("https://p.com?", "https://p.com?§"),
        ("https://p.com?a=1", "https://p.com?a=1&§"),
        ("https://p.com?a=1&", "https://p.com?a=1&§"),
        ("https://p.com?a=1&&b", "https://p.com?a=1&b&§"),
        ("https://p.com/x#top", "https://p.com/x?§#top"),
        ("https://p.com/x?a=1#top", "https://p.com/x?a=1&§#top"),
        ("https://p.com/x#", "https://p.com/x?§#"),
        ("https://p.com?sub4=", "https://p.com?§"),
        ("https://p.com?sub4&a=1", "https://p.com?§&a=1"),
        (
            "https://p.com?sub4={{tracker.clickid}}&a=1",
            "https://p.com?§&a=1",
        ),
        (
            "https://p.com?sub4={{ tracker.clickid }}",
            "https://p.com?§",
        ),
        (
            "https://p.com?sub4={{chat.tracker.clickid}}",
            "https://p.com?§",
        ),
        (
            r"https://p.com?sub4=\{{tracker.clickid\}}",
            "https://p.com?§",
        ),
        (
            "https://p.com?sub4=%7B%7Btracker.clickid%7D%7D",
            "https://p.com?§",
        ),
        ("https://p.com?a=1&amp;b=2", "https://p.com?a=1&b=2&§"),
        (r"https://p.com?a\_b=1\&b=2", "https://p.com?a_b=1&b=2&§"),
        (
            "https://p.com/{x}?a=#s2#&b=%c%&d=[e]",
            "https://p.com/{x}?a=#s2#&b=%c%&d=[e]&§",
        ),
        ("https://p.com/?a=#s2##top", "https://p.com/?a=#s2#&§#top"),
        ("https://p.com/{{lead.id}}/", "https://p.com/{{lead.id}}/?§"),
        (
            "https://p.com?t={{fields.User_Id}}",
            "https://p.com?t={{fields.User_Id}}&§",
        ),
        (
            "https://p.com/%D0%BE?q=%D0%BE",
            "https://p.com/%D0%BE?q=%D0%BE&§",
        ),
        ("https://казино.рф/путь?а=б", "https://казино.рф/путь?а=б&§"),
        (
            "https://user:pw@p.com:8443/x",
            "https://user:pw@p.com:8443/x?§",
        ),
        ("https://[2001:db8::1]:80/x", "https://[2001:db8::1]:80/x?§"),
        ("https://127.0.0.1/x", "https://127.0.0.1/x?§"),
        (
            "https://p.com?u=https://q.com/?a=1",
            "https://p.com?u=https://q.com/?a=1&§",
        ),
        (
            "https://p.com?xsub4=1&SUB4=2",
            "https://p.com?xsub4=1&SUB4=2&§",
        ),
    ];
    for (base, outcome) in table {
        let made = made(base, &[]);
        assert_eq!(
            made.url,
            outcome
                .replace('§', CLICKID)
                .replace("usersub4={{tracker.clickid}}", "user@")
                .replace(":pwsub4={{tracker.clickid}}", ":pw@"),
            "{base:?}"
        );
        let added: Vec<&str> = made
            .added
            .iter()
            .map(|range| &made.url[range.clone()])
            .collect();
        assert_eq!(added, [CLICKID], "{base:?}");
        assert_eq!(made.warnings, [], "{base:?}");
    }
}

#[test]
fn extra_parameters() {
    let table: &[Link<'_>] = &[
        (
            "https://p.com",
            &[("a", "1")],
            "https://p.com?sub4={{tracker.clickid}}&a=1",
        ),
        (
            "https://p.com?a=0&b=2",
            &[("a", "0")],
            "https://p.com?a=0&b=2&sub4={{tracker.clickid}}",
        ),
        (
            "https://p.com",
            &[("a", "x y&z")],
            "https://p.com?sub4={{tracker.clickid}}&a=x%20y%26z",
        ),
        (
            "https://p.com",
            &[("n", "{{lead.name}}"), ("m", "{m}")],
            "https://p.com?sub4={{tracker.clickid}}&n={{lead.name}}&m={m}",
        ),
        (
            "https://p.com",
            &[("", "1"), ("a", "")],
            "https://p.com?sub4={{tracker.clickid}}&a=",
        ),
        (
            "https://p.com",
            &[("a", "1"), ("a", "2")],
            "https://p.com?sub4={{tracker.clickid}}&a=2",
        ),
        (
            "https://p.com",
            &[("sub4", "{{tracker.clickid}}")],
            "https://p.com?sub4={{tracker.clickid}}",
        ),
        (
            "https://p.com?%61=1",
            &[("a", "1")],
            "https://p.com?a=1&sub4={{tracker.clickid}}",
        ),
    ];
    for (base, extra, outcome) in table {
        let made = made(base, extra);
        assert_eq!(made.url, *outcome, "{base:?} {extra:?}");
        assert_eq!(made.warnings, [], "{base:?} {extra:?}");
    }
}

#[test]
fn warnings() {
    let replaced = |name: &str, old: &str| LinkWarning::Replaced {
        name: name.to_owned(),
        old: old.to_owned(),
    };
    let fields = |name: &str, value: &str| LinkWarning::FieldsInLink {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let table: Vec<Warned<'_>> = vec![
        (
            "https://p.com?sub4=old&a=1",
            &[],
            "https://p.com?@&a=1",
            vec![replaced("sub4", "old")],
        ),
        (
            "https://p.com?sub4={sub4}",
            &[],
            "https://p.com?@",
            vec![replaced("sub4", "{sub4}")],
        ),
        (
            "https://p.com?sub4=x&a=1&sub4=y",
            &[],
            "https://p.com?@&a=1",
            vec![replaced("sub4", "x"), replaced("sub4", "y")],
        ),
        (
            "https://p.com?a=1",
            &[("a", "2")],
            "https://p.com?a=2&@",
            vec![replaced("a", "1")],
        ),
        (
            "https://p.com",
            &[("sub4", "x")],
            "https://p.com?@",
            vec![replaced("sub4", "x")],
        ),
        (
            "https://p.com?sub4={{tracker.clickid}}&fields.userid={user_id}",
            &[],
            "https://p.com?@&fields.userid={user_id}",
            vec![fields("fields.userid", "{user_id}")],
        ),
        (
            "https://p.com",
            &[("details.x", "{x}")],
            "https://p.com?@&details.x={x}",
            vec![fields("details.x", "{x}")],
        ),
        (
            "http://p.com",
            &[],
            "http://p.com?@",
            vec![LinkWarning::PlainHttp],
        ),
        (
            "https://p.com/#/reg?a=1",
            &[],
            "https://p.com/?@#/reg?a=1",
            vec![LinkWarning::BeforeFragment],
        ),
        (
            "https://p.com?a={tracker.clickid}",
            &[],
            "https://p.com?a={tracker.clickid}&@",
            vec![LinkWarning::SingleBraces {
                name: "tracker.clickid".to_owned(),
            }],
        ),
    ];
    for (base, extra, outcome, warnings) in table {
        let made = made(base, extra);
        assert_eq!(
            made.url,
            outcome.replace('@', "sub4={{tracker.clickid}}"),
            "{base:?}"
        );
        assert_eq!(made.warnings, warnings, "{base:?}");
    }
}

#[test]
fn rendered() {
    let value = |wanted: &OurMacro| match wanted {
        OurMacro::Clickid => Some("0k9-a_b.c~d".to_owned()),
        OurMacro::Field(key) if key == "user_id" => Some("a b&c=d/e?f#g%é".to_owned()),
        OurMacro::Field(_) => Some(String::new()),
        OurMacro::LeadName => Some("{{tracker.clickid}}".to_owned()),
        _ => None,
    };
    let table = [
        (
            "https://p.com?s={{tracker.clickid}}",
            "https://p.com?s=0k9-a_b.c~d",
        ),
        (
            "https://p.com?s={{ tracker.clickid }}&x={x}",
            "https://p.com?s=0k9-a_b.c~d&x={x}",
        ),
        ("{{fields.user_id}}", "a%20b%26c%3Dd%2Fe%3Ff%23g%25%C3%A9"),
        ("a={{fields.none}}&b={{tracker.none}}&c=", "a=&b=&c="),
        ("{{lead.name}}", "%7B%7Btracker.clickid%7D%7D"),
        ("{{unknown}}#x#%y%[z]${w}", "{{unknown}}#x#%y%[z]${w}"),
        ("{{{tracker.clickid}}}", "{0k9-a_b.c~d}"),
        ("{{tracker.clickid", "{{tracker.clickid"),
        ("{{tracker.clickid}", "{{tracker.clickid}"),
        ("é{{tracker.clickid}}é", "é0k9-a_b.c~dé"),
        ("", ""),
        ("{{", "{{"),
    ];
    for (template, outcome) in table {
        assert_eq!(render(template, &value), outcome, "{template:?}");
    }
    let long = "{{".repeat(50_000);
    assert_eq!(render(&long, &value), long);
}

proptest! {
    #[test]
    fn never_panics(base in "\\PC{0,60}", param in "\\PC{0,6}", value in "\\PC{0,20}") {
        let extra = pairs(&[("a", &value)]);
        let _ = final_url(&base, &param, &extra);
        render(&base, &|_| Some(value.clone()));
        macro_of(&param, &value);
    }

    #[test]
    fn near_links_never_panic(
        base in "https?://(p\\.com|[{}#%é@:a-c]{0,6})(/|\\?|#|&|=|sub4|\\{\\{|\\}\\}|tracker\\.clickid|#x#|%y%|é|\\\\){0,16}",
    ) {
        if let Ok(made) = final_url(&base, "sub4", &[]) {
            prop_assert_eq!(made.added.len(), 1);
            let added = &made.url[made.added[0].clone()];
            prop_assert_eq!(added, "sub4={{tracker.clickid}}");
            // What was made is accepted again and stays the same.
            let again = final_url(&made.url, "sub4", &[]).unwrap();
            prop_assert_eq!(&again.url, &made.url);
            let rendered = render(&made.url, &|_| Some("a1".to_owned()));
            prop_assert!(rendered.contains("sub4=a1"));
        }
    }

    #[test]
    fn a_value_survives_the_link(value in "[^{}\\[\\]#%$\0RO]{1,20}") {
        let value = value.trim();
        let made = made("https://p.com/x?y=1#z", &[("a", value)]);
        let url = url::Url::parse(&made.url).unwrap();
        let read = url.query_pairs().find(|(name, _)| name == "a").map(|(_, value)| value.into_owned());
        prop_assert_eq!(read.as_deref(), Some(value));
        prop_assert_eq!(url.fragment(), Some("z"));
    }

    #[test]
    fn rendered_values_never_leave_their_place(value in "\\PC{0,20}") {
        let rendered = render("https://p.com/?a={{lead.name}}&b=1#z", &|_| Some(value.clone()));
        let url = url::Url::parse(&rendered).unwrap();
        let read: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(read, pairs(&[("a", &value), ("b", "1")]));
    }
}
