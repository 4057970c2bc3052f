//! The user's guide inside the product: the texts of `docs/guide` as pages, with a search over their
//! headings and words. Markdown becomes HTML in `markdown`.

mod markdown;
mod search;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, RawQuery};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::app::AppState;

use super::error::{not_found, render};
use super::i18n::Language;
use super::ui::Ui;
use super::visitor::Visitor;

use markdown::{Article, Section};
use search::Hit;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../docs/guide"]
struct Texts;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../docs/pictures"]
struct Pictures;

/// The groups of topics in the order of reading: the end of the message `help-group-…`, its topics.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "start",
        &[
            "why-postbacks",
            "first-five-minutes",
            "ready-integration",
            "custom-integration",
        ],
    ),
    (
        "postbacks",
        &[
            "events",
            "counting-once",
            "money",
            "custom-fields",
            "registration-links",
        ],
    ),
    (
        "daily",
        &[
            "overview",
            "leads",
            "lead-work",
            "merging",
            "missed-conversions",
            "keyboard",
        ],
    ),
    ("trouble", &["inbox", "doctor", "faq"]),
    ("team", &["people", "security", "moving"]),
    ("server", &["install", "settings", "api"]),
];

/// Topics on both sides of one, by slug and title.
type Neighbour = Option<(&'static str, &'static str)>;

/// A text of the guide in one language.
struct Topic {
    slug: &'static str,
    group: &'static str,
    source: String,
    title: String,
    /// The first sentence, as plain text.
    summary: String,
    sections: Vec<Section>,
}

/// All topics of a language, in order.
fn topics(language: Language) -> &'static [Topic] {
    static ENGLISH: LazyLock<Vec<Topic>> = LazyLock::new(|| load(Language::English));
    static RUSSIAN: LazyLock<Vec<Topic>> = LazyLock::new(|| load(Language::Russian));
    match language {
        Language::English => &ENGLISH,
        Language::Russian => &RUSSIAN,
    }
}

fn load(language: Language) -> Vec<Topic> {
    // `02-first-five-minutes.md`: the number is the order, for those who read the folder.
    let files: BTreeMap<String, String> = Texts::iter()
        .filter_map(|path| {
            let name = path.strip_prefix(language.code())?.strip_prefix('/')?;
            let (_, slug) = name.strip_suffix(".md")?.split_once('-')?;
            let text = Texts::get(&path)?.data.into_owned();
            Some((slug.to_owned(), String::from_utf8(text).ok()?))
        })
        .collect();
    let mut list = Vec::new();
    for (group, slugs) in GROUPS {
        for slug in *slugs {
            // A missing text is named by a test.
            let Some(source) = files.get(*slug) else {
                continue;
            };
            let outline = markdown::outline(source);
            list.push(Topic {
                slug,
                group,
                title: outline.title,
                summary: outline.summary,
                sections: outline.sections,
                source: source.clone(),
            });
        }
    }
    list
}

/// A picture's address with its content's hash; nothing for one that does not exist.
fn picture_address(name: &str) -> Option<String> {
    let file = Pictures::get(name)?;
    let hash = file.metadata.sha256_hash();
    let hash = hash
        .iter()
        .take(6)
        .fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    Some(format!("/help/pictures/{name}?v={hash:012x}"))
}

/// One line of the list of topics.
struct Line {
    slug: &'static str,
    title: &'static str,
    summary: &'static str,
    chosen: bool,
    /// The headings of the topic that is open.
    sections: Vec<&'static Section>,
}

/// A group of the list of topics.
struct Group {
    title: String,
    lines: Vec<Line>,
}

fn groups(ui: &Ui, chosen: &str) -> Vec<Group> {
    GROUPS
        .iter()
        .map(|(group, _)| Group {
            title: ui.coded("help-group-", group).into_owned(),
            lines: topics(ui.language)
                .iter()
                .filter(|topic| topic.group == *group)
                .map(|topic| Line {
                    slug: topic.slug,
                    title: &topic.title,
                    summary: &topic.summary,
                    chosen: topic.slug == chosen,
                    sections: topic
                        .sections
                        .iter()
                        .filter(|section| topic.slug == chosen && section.level == 2)
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "help/index.html")]
struct IndexPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    query: &'a str,
    groups: Vec<Group>,
    hits: Vec<Hit>,
}

#[derive(Template)]
#[template(path = "help/topic.html")]
struct TopicPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    query: &'static str,
    groups: Vec<Group>,
    title: &'a str,
    article: Article,
    before: Neighbour,
    after: Neighbour,
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

/// The guide's pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/help", get(index))
        .route("/help/{topic}", get(topic))
        .route("/help/pictures/{name}", get(picture))
}

async fn index(
    Visitor { ui, .. }: Visitor,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Query(Asked { q }) = asked.unwrap_or_default();
    let query = q.trim();
    render(&IndexPage {
        ui: &ui,
        section: "help",
        query,
        groups: groups(&ui, ""),
        hits: search::find(topics(ui.language), query),
    })
}

async fn topic(Visitor { ui, .. }: Visitor, Path(slug): Path<String>) -> Response {
    let list = topics(ui.language);
    let Some(at) = list.iter().position(|topic| topic.slug == slug) else {
        return not_found(&ui);
    };
    let neighbour = |at: Option<usize>| {
        let topic: &'static Topic = list.get(at?)?;
        Some((topic.slug, topic.title.as_str()))
    };
    render(&TopicPage {
        ui: &ui,
        section: "help",
        query: "",
        groups: groups(&ui, &slug),
        title: &list[at].title,
        article: markdown::article(&ui, &list[at].source),
        before: neighbour(at.checked_sub(1)),
        after: neighbour(Some(at + 1)),
    })
}

async fn picture(Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(file) = Pictures::get(&name) else {
        return (StatusCode::NOT_FOUND, "no such picture\n").into_response();
    };
    let kind = if name.strip_suffix(".svg").is_some() {
        "image/svg+xml"
    } else {
        "image/png"
    };
    // Only the address that names this content may be kept for good.
    let current = query.is_some_and(|query| {
        picture_address(&name).is_some_and(|address| address.ends_with(&format!("?{query}")))
    });
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if current {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }),
    );
    response
}

#[cfg(test)]
pub(super) mod made;
#[cfg(test)]
mod tests;
