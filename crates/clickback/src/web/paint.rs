//! Texts cut into coloured parts: postback URLs, links, raw requests and bodies. Secrets are masked
//! here, before anything reaches a template.

use clickback_core::explain::{HIDDEN, Meaning};
use clickback_core::macros;
use clickback_core::params::{Params, Place};
use clickback_core::rules::Ruleset;

/// Shorter secrets are not looked for in running text: they would match by chance.
const SHORTEST_SECRET: usize = 6;

/// A part of a text and its colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// A class of the style sheet; empty for plain text.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Segment {
    pub(super) fn new(class: &'static str, text: impl Into<String>) -> Segment {
        Segment {
            class,
            text: text.into(),
        }
    }
}

/// Appends a part; equal neighbours become one.
fn push(segments: &mut Vec<Segment>, class: &'static str, text: &str) {
    if text.is_empty() {
        return;
    }
    match segments.last_mut() {
        Some(last) if last.class == class => last.text.push_str(text),
        _ => segments.push(Segment::new(class, text)),
    }
}

/// A link with macros: the address quiet, the macros in colour.
pub(super) fn template(url: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let (base, query) = match url.find('?') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    with_macros(&mut segments, "c-base", base);
    for (at, pair) in query.split_inclusive(['?', '&']).enumerate() {
        let (pair, mark) = match pair.strip_suffix(['?', '&']) {
            Some(rest) => (rest, &pair[rest.len()..]),
            None => (pair, ""),
        };
        if at > 0 || !pair.is_empty() {
            let (name, value) = pair
                .split_once('=')
                .map_or((pair, None), |(n, v)| (n, Some(v)));
            push(&mut segments, "c-name", name);
            if let Some(value) = value {
                push(&mut segments, "c-mark", "=");
                with_macros(&mut segments, "", value);
            }
        }
        push(&mut segments, "c-mark", mark);
    }
    segments
}

fn with_macros(segments: &mut Vec<Segment>, class: &'static str, text: &str) {
    let mut at = 0;
    for found in macros::find(text) {
        push(segments, class, &text[at..found.start]);
        push(
            segments,
            if found.ours { "c-ours" } else { "c-macro" },
            &text[found.start..found.end],
        );
        at = found.end;
    }
    push(segments, class, &text[at..]);
}

/// The request line as it came.
pub(super) fn request(method: &str, uuid: &str, query: &[u8], rules: &Ruleset) -> Vec<Segment> {
    let mut segments = vec![
        Segment::new("c-method", format!("{method} ")),
        Segment::new("c-base", format!("/api/postbacks/{uuid}/tracker-postback")),
    ];
    let said = self::query(query, rules);
    if !said.is_empty() {
        push(&mut segments, "c-mark", "?");
        segments.extend(said);
    }
    segments
}

/// What a request says, without the address that it came to.
pub(super) fn query(query: &[u8], rules: &Ruleset) -> Vec<Segment> {
    let mut segments = Vec::new();
    pairs(
        &mut segments,
        &masked(&String::from_utf8_lossy(query), rules),
        rules,
    );
    segments
}

/// A body as it came: a form or JSON.
pub(super) fn body(body: &[u8], rules: &Ruleset) -> Vec<Segment> {
    let text = masked(&String::from_utf8_lossy(body), rules);
    let mut segments = Vec::new();
    if text.trim_start().starts_with(['{', '[']) {
        json(&mut segments, &text, rules);
    } else {
        pairs(&mut segments, &text, rules);
    }
    segments
}

/// Without the integration's secrets, wherever they stand.
pub(super) fn masked(text: &str, rules: &Ruleset) -> String {
    let secrets = rules
        .rules
        .secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SECRET);
    secrets.fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), HIDDEN)
    })
}

/// Colours of a name and its value.
fn colours(meaning: &Meaning) -> (&'static str, &'static str) {
    match meaning {
        Meaning::Kept => ("c-kept", "c-kept"),
        Meaning::Field(_) => ("c-field", ""),
        Meaning::Secret => ("c-name", "c-hidden"),
        _ => ("c-name", ""),
    }
}

fn pairs(segments: &mut Vec<Segment>, text: &str, rules: &Ruleset) {
    for (at, piece) in text.split('&').enumerate() {
        push(segments, "c-mark", if at > 0 { "&" } else { "" });
        pair(segments, piece, rules);
    }
}

fn pair(segments: &mut Vec<Segment>, piece: &str, rules: &Ruleset) {
    let entity = piece
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("amp;"));
    let (entity, piece) = piece.split_at(if entity { 4 } else { 0 });
    push(segments, "c-odd", entity);
    let Some((name, value)) = piece.split_once('=') else {
        push(segments, "c-kept", piece);
        return;
    };
    // A second question mark hides the next parameter in this one's value.
    if let Some((value, next)) = hidden_parameter(value, rules) {
        single(segments, name, value, rules);
        push(segments, "c-odd", "?");
        pair(segments, next, rules);
        return;
    }
    single(segments, name, value, rules);
}

fn hidden_parameter<'t>(value: &'t str, rules: &Ruleset) -> Option<(&'t str, &'t str)> {
    let at = value.find('?').filter(|at| !value[..*at].contains("://"))?;
    let next = &value[at + 1..];
    let name = next.split('=').next()?;
    (next.contains('=') && rules.knows(name)).then_some((&value[..at], next))
}

fn single(segments: &mut Vec<Segment>, name: &str, value: &str, rules: &Ruleset) {
    let mut params = Params::new();
    let text = format!("{name}={value}");
    // One pair never exceeds the limit.
    let _ = params.add_urlencoded(text.as_bytes(), Place::Query, usize::MAX, &|_| false);
    let Some(param) = params.list.first() else {
        push(segments, "c-kept", &text);
        return;
    };
    let meaning = Meaning::of(&param.name, rules);
    let (name_class, value_class) = colours(&meaning);
    push(segments, name_class, name);
    push(segments, "c-mark", "=");
    if meaning == Meaning::Secret {
        push(segments, value_class, HIDDEN);
    } else if macros::unexpanded(&param.raw, &param.value).is_some() {
        push(segments, "c-odd", value);
    } else {
        push(segments, value_class, value);
    }
}

/// Colours JSON by its names without judging it: what is broken is shown as it is.
fn json(segments: &mut Vec<Segment>, text: &str, rules: &Ruleset) {
    let mut rest = text;
    let mut meaning = Meaning::Kept;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let end = string_end(rest);
            let (string, after) = rest.split_at(end);
            let inside = string.trim_matches('"');
            if after.trim_start().starts_with(':') {
                meaning = Meaning::of(inside, rules);
                push(segments, colours(&meaning).0, string);
            } else {
                scalar(segments, string, &meaning);
            }
            rest = after;
        } else if first.is_whitespace() || "{}[]:,".contains(first) {
            let (mark, after) = rest.split_at(first.len_utf8());
            push(segments, "c-mark", mark);
            rest = after;
        } else {
            let is_end = |c: char| c.is_whitespace() || "{}[]:,\"".contains(c);
            let end = rest.find(is_end).unwrap_or(rest.len());
            let (value, after) = rest.split_at(end);
            scalar(segments, value, &meaning);
            rest = after;
        }
    }
}

fn scalar(segments: &mut Vec<Segment>, text: &str, meaning: &Meaning) {
    let inside = text.trim_matches('"');
    if *meaning == Meaning::Secret {
        push(segments, "c-hidden", HIDDEN);
    } else if macros::unexpanded(inside, inside).is_some() {
        push(segments, "c-odd", text);
    } else {
        push(segments, colours(meaning).1, text);
    }
}

/// Where the string that starts here ends, its closing quote included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use clickback_core::rules::Rules;

    use super::*;

    fn rules() -> Ruleset {
        Ruleset {
            rules: Rules {
                secrets: vec!["hunter22".to_owned()],
                ..Rules::default()
            },
            ..Ruleset::default()
        }
    }

    /// Parts as `class:text`, the first word of the class without `c-`.
    fn short(segments: &[Segment]) -> Vec<String> {
        segments
            .iter()
            .map(|one| format!("{}:{}", one.class.trim_start_matches("c-"), one.text))
            .collect()
    }

    fn query(text: &str) -> Vec<String> {
        let mut segments = Vec::new();
        pairs(&mut segments, &masked(text, &rules()), &rules());
        short(&segments)
    }

    #[test]
    fn queries_are_coloured_by_meaning() {
        let cases: &[(&str, &[&str])] = &[
            (
                "clickid=a&tracker.cost={amount}",
                &[
                    "name:clickid",
                    "mark:=",
                    ":a",
                    "mark:&",
                    "name:tracker.cost",
                    "mark:=",
                    "odd:{amount}",
                ],
            ),
            (
                "fields.geo=RU&x=1",
                &[
                    "field:fields.geo",
                    "mark:=",
                    ":RU",
                    "mark:&",
                    "kept:x",
                    "mark:=",
                    "kept:1",
                ],
            ),
            (
                "clickid=%7Bsub1%7D&amp;tracker.tid=9",
                &[
                    "name:clickid",
                    "mark:=",
                    "odd:%7Bsub1%7D",
                    "mark:&",
                    "odd:amp;",
                    "name:tracker.tid",
                    "mark:=",
                    ":9",
                ],
            ),
            (
                "clickid=a?tracker.event=sale",
                &[
                    "name:clickid",
                    "mark:=",
                    ":a",
                    "odd:?",
                    "name:tracker.event",
                    "mark:=",
                    ":sale",
                ],
            ),
            ("secret=zzz", &["name:secret", "mark:=", "hidden:•••"]),
            ("%73ecret=zzz", &["name:%73ecret", "mark:=", "hidden:•••"]),
            ("x=hunter22", &["kept:x", "mark:=", "kept:•••"]),
            ("&&", &["mark:&&"]),
            ("ключ=%zz", &["kept:ключ", "mark:=", "kept:%zz"]),
        ];
        for (text, expected) in cases {
            assert_eq!(query(text), *expected, "{text}");
        }
    }

    #[test]
    fn json_is_coloured_and_masked() {
        let text = r#"{"clickid":"{sub}","secret": 12345, "s":"a\"b","tracker.cost":5,"broken"#;
        let found = short(&body(text.as_bytes(), &rules()));
        assert!(found.contains(&"odd:\"{sub}\"".to_owned()), "{found:?}");
        assert!(found.contains(&"hidden:•••".to_owned()), "{found:?}");
        assert!(
            found.iter().all(|part| !part.contains("12345")),
            "{found:?}"
        );
        let whole: String = body(text.as_bytes(), &rules())
            .iter()
            .map(|s| s.text.as_str())
            .collect();
        assert_eq!(whole, text.replace("12345", HIDDEN));
    }

    #[test]
    fn templates_keep_every_character() {
        let urls = [
            "https://a.example/api?x={sub4}&y=#s2#&z",
            "https://a.example/?sub4={{tracker.clickid}}&fields.id=[id]#top",
            "no query at all",
            "?&&=",
        ];
        for url in urls {
            let whole: String = template(url)
                .iter()
                .map(|segment| segment.text.as_str())
                .collect();
            assert_eq!(whole, url);
        }
        let classes: Vec<&str> = template("https://a/?s={{tracker.clickid}}")
            .iter()
            .map(|one| one.class)
            .collect();
        assert_eq!(classes, ["c-base", "c-mark", "c-name", "c-mark", "c-ours"]);
    }
}
