//! Tables of links that cannot be made: base URL and error.

use crate::link::{LinkError, MAX_URL, final_url};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn error(base: &str) -> LinkError {
    final_url(base, "sub4", &[]).unwrap_err()
}

#[test]
fn errors() {
    let no_scheme = |link: &str| LinkError::NoScheme {
        link: link.to_owned(),
    };
    let not_http = |scheme: &str| LinkError::NotHttp {
        scheme: scheme.to_owned(),
    };
    let in_host = |name: &str| LinkError::MacroInHost {
        name: name.to_owned(),
    };
    let unknown = |name: &str| LinkError::UnknownMacro {
        name: name.to_owned(),
    };
    let table = [
        ("", LinkError::Blank),
        (" \n\u{a0}", LinkError::Blank),
        ("t.me/BOT", no_scheme("t.me/BOT")),
        ("//p.com/x", no_scheme("p.com/x")),
        ("p.com:8443/x", no_scheme("p.com:8443/x")),
        ("localhost:8080", no_scheme("localhost:8080")),
        ("p.com?u=https://q.com", no_scheme("p.com?u=https://q.com")),
        ("казино.рф", no_scheme("казино.рф")),
        ("javascript:alert(1)", not_http("javascript")),
        ("JavaScript://x", not_http("JavaScript")),
        ("tg://resolve?domain=x", not_http("tg")),
        ("ftp://p.com", not_http("ftp")),
        ("data:text/html,x", not_http("data")),
        ("{{tracker.x}}://p.com", in_host("{{tracker.x}}")),
        ("https://{{tracker.host}}/x", in_host("{{tracker.host}}")),
        ("https://{{unknown}}/x", in_host("{{unknown}}")),
        ("https://{host}.com/x", in_host("{host}")),
        (
            "https://p.com:{{tracker.port}}/",
            in_host("{{tracker.port}}"),
        ),
        ("https://{u}:x@p.com/", in_host("{u}")),
        ("https://#host#/x", in_host("#host#")),
        ("https://%host%/x", in_host("%host%")),
        (
            "https://%7B%7Btracker.host%7D%7D/x",
            in_host("{{tracker.host}}"),
        ),
        (
            "https://{a b}.com/x",
            LinkError::MacroInHost {
                name: "{a b}.com".to_owned(),
            },
        ),
        ("https://p.com?a={{unknown}}", unknown("unknown")),
        ("https://p.com?a={{ unknown }}", unknown("unknown")),
        ("https://p.com?a={{fields.}}", unknown("fields.")),
        (
            "https://p.com?a={{tracker.clickid}&b=1",
            unknown("tracker.clickid}"),
        ),
        ("https://p.com?a={{&b=1", unknown("")),
        ("https://p.com#{{unknown}}", unknown("unknown")),
    ];
    for (base, outcome) in table {
        assert_eq!(error(base), outcome, "{base:?}");
    }
    let not_urls = [
        "https://",
        "https:///x",
        "https:p.com",
        "https:/p.com",
        "https://?a=1",
        "https://p com/",
        "https://p.com/a b",
        "https://a.com\nhttps://b.com",
        "https://p.com/\0",
        "https://p.com:99999/",
        "https://p.com:port/",
        "https://[::1/",
        "https://user@/x",
        "https://999.999.999.999/",
        "https://p^q/",
        r"https:\\p.com\x",
    ];
    for base in not_urls {
        assert!(
            matches!(error(base), LinkError::NotAUrl { .. }),
            "{base:?} {:?}",
            error(base)
        );
    }
    for base in [
        format!("https://p.com?a={}", "x".repeat(MAX_URL)),
        "{".repeat(100_000),
    ] {
        assert_eq!(error(&base), LinkError::TooLong { limit: MAX_URL });
    }
    let extra = pairs(&[("a", &"é".repeat(MAX_URL / 4))]);
    let too_long = final_url("https://p.com", "sub4", &extra);
    assert_eq!(too_long, Err(LinkError::TooLong { limit: MAX_URL }));
    let extra = pairs(&[("a", "{{unknown}}")]);
    assert_eq!(
        final_url("https://p.com", "sub4", &extra),
        Err(unknown("unknown"))
    );
}

#[test]
fn clickid_parameters() {
    for name in ["sub4", " sub4 ", "aff_sub2", "click-id", "s.id", "~x"] {
        assert!(final_url("https://p.com", name, &[]).is_ok(), "{name:?}");
    }
    for name in [
        "",
        " ",
        "{sub4}",
        "a b",
        "a=b",
        "a&b",
        "#s#",
        "a?b",
        "суб",
        "%61",
        &"x".repeat(65),
    ] {
        let outcome = final_url("https://p.com", name, &[]);
        assert!(
            matches!(outcome, Err(LinkError::BadClickidParam { .. })),
            "{name:?}"
        );
    }
}
