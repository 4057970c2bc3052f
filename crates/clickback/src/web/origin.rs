//! Forms are taken only from our own pages: `Sec-Fetch-Site`, or else `Origin` against `Host`.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether a form with these headers came from our own page. Without either header (command line
/// tools) it did: a browser always sends one with a foreign form.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return true;
    };
    let host = text(HOST.as_str()).unwrap_or_default();
    let origin = origin.split_once("://").map_or("", |(_, host)| host);
    !host.is_empty() && origin.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_forms_are_refused() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[("host", "a.example"), ("origin", "https://a.example")],
                true,
            ),
            (
                &[
                    ("host", "a.example:8080"),
                    ("origin", "http://A.example:8080"),
                ],
                true,
            ),
            (
                &[("host", "a.example"), ("origin", "https://b.example")],
                false,
            ),
            (&[("host", "a.example"), ("origin", "null")], false),
            (&[("origin", "https://a.example")], false),
        ];
        for (list, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in *list {
                headers.insert(
                    axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    value.parse().unwrap(),
                );
            }
            assert_eq!(is_own(&headers), *expected, "{list:?}");
        }
    }
}
