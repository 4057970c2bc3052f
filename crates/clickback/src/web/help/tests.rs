//! The guide holds what it promises: both languages alike, nothing forgotten, every link and picture
//! there, every postback in it read by the real parser, nothing that the policy of the pages refuses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use clickback_core::flag::Flag;
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::rules::Ruleset;

use super::markdown::{anchor, link};
use super::*;
use crate::catalogue::Catalogue;
use crate::config::NAMES;
use crate::store::inbox::Verdict;
use crate::web::tests::{House, header, text};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// File names and texts of a language, in order.
fn files(language: Language) -> Vec<(String, String)> {
    let folder = docs().join("guide").join(language.code());
    let mut list: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    list.sort();
    list
}

/// `UPDATE_GUIDE=1 cargo test -p clickback made_parts` writes them anew.
#[test]
fn made_parts_are_fresh() {
    let write = std::env::var_os("UPDATE_GUIDE").is_some();
    let folder = docs().join("guide");
    let mut paths = vec![(Language::English, folder.join("README.md"))];
    for language in Language::ALL {
        for (name, _) in files(language) {
            paths.push((language, folder.join(language.code()).join(name)));
        }
    }
    for (language, path) in paths {
        let source = std::fs::read_to_string(&path).unwrap();
        let filled = made::filled(language, &source);
        if write {
            std::fs::write(path, filled).unwrap();
        } else {
            assert!(
                filled == source,
                "{} is old: run UPDATE_GUIDE=1 cargo test -p clickback made_parts",
                path.display()
            );
        }
    }
}

#[test]
fn both_languages_have_the_same_topics_in_the_same_order() {
    let names =
        |language| -> Vec<String> { files(language).into_iter().map(|(name, _)| name).collect() };
    assert_eq!(names(Language::English), names(Language::Russian));
    // The numbers of the files are the order of the pages.
    let slugs: Vec<&str> = GROUPS
        .iter()
        .flat_map(|(_, slugs)| slugs.iter().copied())
        .collect();
    let of_files: Vec<String> = names(Language::English)
        .iter()
        .map(|name| {
            let (number, slug) = name.split_once('-').unwrap();
            assert!(number.len() == 2 && number.parse::<u8>().is_ok(), "{name}");
            slug.strip_suffix(".md").unwrap().to_owned()
        })
        .collect();
    assert_eq!(slugs, of_files);
    for (english, russian) in topics(Language::English)
        .iter()
        .zip(topics(Language::Russian))
    {
        assert_eq!(english.slug, russian.slug);
        assert!(!english.summary.is_empty() && !russian.summary.is_empty());
        let levels = |topic: &Topic| -> Vec<u8> {
            topic.sections.iter().map(|section| section.level).collect()
        };
        assert_eq!(levels(english), levels(russian), "{}", english.slug);
        let marks = |topic: &Topic, mark: &str| topic.source.matches(mark).count();
        for mark in ["```", "> [!", "](", "\n| ", "\n- "] {
            assert_eq!(
                marks(english, mark),
                marks(russian, mark),
                "{mark:?} in {}",
                english.slug
            );
        }
        assert!(
            russian.title.chars().any(|c| ('а'..='я').contains(&c)) || russian.slug == "api",
            "{} is not in Russian",
            russian.slug
        );
    }
}

#[test]
fn headings_have_ids_of_their_own() {
    for language in Language::ALL {
        for topic in topics(language) {
            let ids: BTreeSet<&str> = topic
                .sections
                .iter()
                .map(|section| section.id.as_str())
                .collect();
            assert_eq!(ids.len(), topic.sections.len(), "{}", topic.slug);
            assert_eq!(topic.sections[0].level, 1, "{}", topic.slug);
        }
    }
    assert_eq!(anchor("Какой параметр? {x}, `y`"), "какой-параметр-x-y");
}

/// What stands in `](…)`.
fn targets(source: &str) -> impl Iterator<Item = &str> {
    source
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_link_and_picture_leads_somewhere() {
    for language in Language::ALL {
        let list = topics(language);
        for topic in list {
            for target in targets(&topic.source) {
                let place = format!("{} in {}/{}", target, language.code(), topic.slug);
                if let Some(name) = target.strip_prefix("../../pictures/") {
                    assert!(Pictures::get(name).is_some(), "no picture: {place}");
                    continue;
                }
                let address = link(target);
                let (path, part) = address.split_once('#').unwrap_or((&address, ""));
                let slug = path
                    .strip_prefix("/help/")
                    .unwrap_or_else(|| panic!("not a topic: {place}"));
                let file = format!("guide/{}", language.code());
                let (file_name, _) = target.split_once('#').unwrap_or((target, ""));
                assert!(docs().join(file).join(file_name).exists(), "{place}");
                let aim = list
                    .iter()
                    .find(|topic| topic.slug == slug)
                    .unwrap_or_else(|| panic!("no topic: {place}"));
                assert!(
                    part.is_empty() || aim.sections.iter().any(|section| section.id == part),
                    "no heading: {place}"
                );
            }
        }
    }
}

#[test]
fn pictures_are_small_and_used() {
    let mut total = 0;
    for name in Pictures::iter() {
        let size = Pictures::get(&name).unwrap().data.len();
        assert!(size <= 120_000, "{name} has {size} bytes");
        total += size;
        let used = Language::ALL.into_iter().any(|language| {
            topics(language)
                .iter()
                .any(|topic| topic.source.contains(&*name))
        });
        assert!(used, "{name} is in no topic");
    }
    assert!(total < 3_000_000, "{total} bytes of pictures");
}

#[test]
fn nothing_is_forgotten() {
    for language in Language::ALL {
        let all: String = topics(language)
            .iter()
            .map(|topic| topic.source.as_str())
            .collect();
        for flag in Flag::ALL {
            assert!(all.contains(&format!("`{}`", flag.code())), "{flag:?}");
        }
        for verdict in Verdict::ALL {
            let word = language.text(&format!("verdict-{}", verdict.code()));
            assert!(all.contains(&*word), "{word}");
        }
        for name in NAMES {
            let variable = format!("CLICKBACK_{}", name.to_uppercase());
            assert!(all.contains(&variable), "{variable}");
        }
        for event in [
            "registration",
            "sale",
            "resale",
            "deposit",
            "withdrawal",
            "chargeback",
            "commission",
        ] {
            assert!(all.contains(&format!("`{event}`")), "{event}");
        }
        for macro_text in [
            "{{tracker.clickid}}",
            "{{lead.name}}",
            "{{lead.id}}",
            "{{name}}",
        ] {
            assert!(all.contains(macro_text), "{macro_text}");
        }
    }
}

/// The queries of all postback addresses in a text.
fn queries(source: &str) -> Vec<&str> {
    source
        .split("/tracker-postback?")
        .skip(1)
        .map(|rest| {
            let end = rest.find(['\n', '"', '\'', ' ']).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

#[test]
fn postbacks_in_the_guide_are_read() {
    let now = Moment::parse_rfc3339("2026-11-24T12:00:00Z").unwrap();
    let catalogue = Catalogue::load(Path::new("/nonexistent"));
    let keitaro = &catalogue.get("keitaro").unwrap().rules;
    let mut seen = 0;
    for language in Language::ALL {
        for topic in topics(language) {
            for query in queries(&topic.source) {
                seen += 1;
                let query = &query.replace("CLICKID", "k3v9x1m7q2w8e4r6t0ya");
                let rules = Ruleset {
                    rules: if topic.slug == "moving" {
                        keitaro.clone()
                    } else {
                        clickback_core::rules::Rules::default()
                    },
                    clickid_param: "sub1".to_owned(),
                    ..Ruleset::default()
                };
                let parts = Parts {
                    query: query.as_bytes(),
                    content_type: None,
                    body: None,
                };
                let judged = parts.judge(&rules, now);
                let postback = judged.unwrap_or_else(|error| panic!("{query}: {error}"));
                // What comes with values is clean; templates have macros, which are flagged.
                let odd: Vec<&str> = postback
                    .flags
                    .codes()
                    .into_iter()
                    .filter(|code| {
                        let template = query.contains('{');
                        let excused: &[&str] = if template {
                            &[
                                "macro_unexpanded",
                                "amount_missing",
                                "no_tid",
                                "unknown_event",
                                "status_unknown",
                                "placeholder_event",
                                "field_unknown",
                                "currency_missing",
                            ]
                        } else {
                            &["field_unknown"]
                        };
                        !excused.contains(code)
                    })
                    .collect();
                assert_eq!(odd, Vec::<&str>::new(), "{query}");
            }
        }
    }
    assert!(seen >= 30, "only {seen} postbacks were found");
}

#[test]
fn postbacks_with_a_body_are_read() {
    let now = Moment::parse_rfc3339("2026-11-24T12:00:00Z").unwrap();
    for language in Language::ALL {
        let api = topics(language)
            .iter()
            .find(|topic| topic.slug == "api")
            .unwrap();
        let (_, rest) = api.source.split_once("/tracker-postback\" ").unwrap();
        let (_, rest) = rest.split_once("-d '").unwrap();
        let (body, _) = rest.split_once('\'').unwrap();
        let body = body.replace("CLICKID", "k3v9x1m7q2w8e4r6t0ya");
        let parts = Parts {
            query: b"",
            content_type: Some("application/json"),
            body: Some(body.as_bytes()),
        };
        let postback = parts.judge(&Ruleset::default(), now).unwrap();
        assert!(postback.flags.is_empty(), "{:?}", postback.flags.codes());
    }
}

#[tokio::test]
async fn pages_of_the_guide() {
    let house = House::open(true).await;
    for language in Language::ALL {
        let code = language.code();
        let index = house.page(&format!("/help?lang={code}")).await;
        for topic in topics(language) {
            assert!(index.contains(&format!("href=\"/help/{}\"", topic.slug)));
            let html = house
                .page(&format!("/help/{}?lang={code}", topic.slug))
                .await;
            assert!(!html.contains("<!-- made"), "{}", topic.slug);
            assert!(!html.contains("onclick"), "{}", topic.slug);
            for section in topic.sections.iter().skip(1) {
                let tag = format!("id=\"{}\"", section.id);
                assert!(html.contains(&tag), "{tag} in {}", topic.slug);
            }
            let copies = html.matches("data-copy=").count();
            assert_eq!(
                copies,
                topic.source.matches("\n```").count() / 2,
                "{}",
                topic.slug
            );
        }
    }
    let missing = house.get("/help/nothing", &[]).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let missing = house.get("/help/pictures/nothing.png", &[]).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let address = picture_address("way-en.svg").unwrap();
    let picture = house.get(&address, &[]).await;
    assert_eq!(header(&picture, "content-type"), "image/svg+xml");
    assert!(header(&picture, "cache-control").contains("immutable"));
    let picture = house.get("/help/pictures/way-en.svg?v=old", &[]).await;
    assert_eq!(header(&picture, "cache-control"), "no-cache");
}

#[tokio::test]
async fn words_are_found_without_a_script() {
    let house = House::open(true).await;
    let find = async |query: &str| {
        let address = format!("/help?lang=en&q={query}");
        text(house.get(&address, &[]).await).await
    };
    let html = find("no+sum").await;
    assert!(
        html.contains("href=\"/help/faq#there-is-no-sum\""),
        "{html}"
    );
    let first = search::find(topics(Language::Russian), "ФД и РД");
    assert_eq!(first[0].href, "/help/events#фд-и-рд");
    assert!(find("zzzzqqq").await.contains("Nothing found"));
    // What was typed comes back as text.
    let html = find("%22%3E%3Cscript%3E").await;
    assert!(!html.contains("\"><script>"), "{html}");
    assert!(search::find(topics(Language::English), "  ").is_empty());
    // Any word in any case, and letters that grow in lower case, do no harm.
    for query in ["İ", "ß", "—", "\u{0}", "clickid TID deposit"] {
        let _ = search::find(topics(Language::English), query);
    }
}

#[test]
fn html_in_a_text_is_left_out() {
    let ui = crate::web::ui::english();
    let html = markdown::article(
        &ui,
        "# T\n\na <b onclick=x>b</b> <script>alert(1)</script>\n\n<img src=x>\n\n[l](javascript:x)\n\n`<i>`\n\n| a |\n|:-:|\n| b |\n",
    )
    .to_string();
    for bad in [
        "<script",
        "onclick",
        "<img",
        "<b ",
        "style=",
        "<i>",
        "javascript:",
    ] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
}
