//! Both languages have the same messages with the same variables, and every closed set has words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clickback_core::doctor::ProblemCode;
use clickback_core::event::{Kind, Status};
use clickback_core::explain::{Meaning, Outcome};
use clickback_core::flag::Flag;
use clickback_core::link::{LinkError, LinkWarning};
use clickback_core::set_up::SetUpError;
use fluent_bundle::FluentResource;

use super::*;
use crate::store::inbox::Verdict;
use crate::store::leads::IdentityKind;
use crate::web::help::made::rejections;

/// Message → its variables, read from the text of the files.
fn messages(sources: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if !line.starts_with([' ', '}']) {
            let (key, _) = line
                .split_once(" =")
                .unwrap_or_else(|| panic!("no key: {line}"));
            key.clone_into(&mut current);
            assert!(
                messages.insert(current.clone(), BTreeSet::new()).is_none(),
                "{key} is twice"
            );
        }
        let variables = messages.get_mut(&current).unwrap();
        for part in line.split("{ $").skip(1) {
            let end = part
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(part.len());
            variables.insert(part[..end].to_owned());
        }
    }
    messages
}

#[test]
fn files_have_no_mistakes() {
    for source in EN.iter().chain(RU) {
        if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
            panic!("{errors:?}");
        }
    }
}

#[test]
fn both_languages_say_the_same() {
    let (english, russian) = (messages(EN), messages(RU));
    let missing: Vec<_> = english
        .keys()
        .filter(|key| !russian.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "not in Russian: {missing:?}");
    let missing: Vec<_> = russian
        .keys()
        .filter(|key| !english.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "not in English: {missing:?}");
    for (key, variables) in &english {
        assert_eq!(variables, &russian[key], "variables of {key}");
    }
}

#[test]
fn every_code_has_words() {
    let known = messages(EN);
    let mut keys: Vec<String> = Vec::new();
    let mut add = |beginning: &str, code: &str, endings: &[&str]| {
        let code = code.replace('_', "-");
        keys.extend(
            endings
                .iter()
                .map(|ending| format!("{beginning}-{code}{ending}")),
        );
    };
    for flag in Flag::ALL {
        add("flag", flag.code(), &["", "-what", "-fix"]);
    }
    for code in ProblemCode::ALL {
        add("doctor", code.code(), &["", "-fix"]);
    }
    for one in &rejections() {
        add("reject", one.code(), &["", "-fix"]);
    }
    for verdict in Verdict::ALL {
        add("verdict", verdict.code(), &[""]);
        add("tab", verdict.code(), &[""]);
    }
    for kind in Kind::ALL {
        add("kind", kind.code(), &[""]);
    }
    for status in Status::ALL {
        add("status", status.code(), &[""]);
    }
    for code in Meaning::CODES {
        add("meaning", code, &[""]);
    }
    for code in Outcome::PLAIN_CODES {
        add("outcome", code, &[""]);
    }
    for kind in [
        IdentityKind::Clickid,
        IdentityKind::Telegram,
        IdentityKind::Player,
    ] {
        add("identity", kind.code(), &[""]);
    }
    for code in SetUpError::CODES {
        add("set-up", code, &[""]);
    }
    for code in LinkWarning::CODES {
        add("link-warning", code, &[""]);
    }
    for code in LinkError::CODES {
        add("link-error", code, &[""]);
    }
    for name in [
        "registration",
        "sale",
        "resale",
        "deposit",
        "withdrawal",
        "chargeback",
        "commission",
    ] {
        add("said", name, &[""]);
    }
    for field in [
        "kind",
        "status",
        "amount",
        "currency",
        "payout",
        "payout_currency",
    ] {
        add("change", field, &[""]);
    }
    for theme in ["system", "light", "dark"] {
        add("theme", theme, &[""]);
    }
    for month in 1..=12 {
        add("month", &month.to_string(), &[""]);
    }
    for kind in [
        "not-found",
        "invalid",
        "unavailable",
        "internal",
        "foreign-form",
    ] {
        add("error", kind, &["", "-next"]);
    }
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| !known.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

/// Every literal key in templates and page code is there.
#[test]
fn every_key_that_pages_use_is_there() {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in [
                "ui.t(\"",
                "ui.with(\"",
                "ui.rich(\"",
                "ui.rich_with(\"",
                "ui.count(\"",
            ] {
                for rest in text.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap_or_default();
                    found.push((path.display().to_string(), key.to_owned()));
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = Vec::new();
    walk(&root.join("templates"), &mut used);
    walk(&root.join("src/web"), &mut used);
    used.retain(|(_, key)| {
        key.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    assert!(used.len() > 80, "only {} keys were found", used.len());
    let known = messages(EN);
    let missing: Vec<_> = used
        .iter()
        .filter(|(_, key)| !known.contains_key(key))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn numbers_decline() {
    let count = |language: Language, count: u64| {
        let mut args = FluentArgs::new();
        args.set("count", count);
        language.with("entry-changes", &args).into_owned()
    };
    assert_eq!(count(Language::English, 1), "1 change");
    assert_eq!(count(Language::English, 2), "2 changes");
    for (number, expected) in [
        (1, "1 изменение"),
        (3, "3 изменения"),
        (5, "5 изменений"),
        (11, "11 изменений"),
        (21, "21 изменение"),
    ] {
        assert_eq!(count(Language::Russian, number), expected);
    }
}

#[test]
fn languages_by_code_and_header() {
    for (header, expected) in [
        ("ru-RU,ru;q=0.9,en-US;q=0.8", Some(Language::Russian)),
        ("de-DE,de;q=0.9,en;q=0.5", Some(Language::English)),
        ("en;q=0.4, ru;q=0.7", Some(Language::Russian)),
        ("ru;q=0", None),
        ("*", None),
        ("", None),
    ] {
        assert_eq!(Language::accepted(header), expected, "{header}");
    }
    assert_eq!(Language::from_code("RU_ru"), Some(Language::Russian));
}

#[test]
fn texts_for_callers_without_pages() {
    assert_eq!(text("ru", "verdict-unmatched", &[]), "лид не найден");
    assert_eq!(text("xx", "verdict-unmatched", &[]), "unmatched");
    assert_eq!(text("en", "time-hours", &[("n", "3")]), "3 h ago");
    assert_eq!(text("en", "no-such-key", &[]), "no-such-key");
}
