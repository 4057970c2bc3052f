//! The parts of the guide that are made, not written: tables of every verdict, flag, rejection, role and
//! setting, in the words of `locales/`, and the list of topics. They stand between `<!-- made: NAME -->` and `<!-- end -->`.

use clickback_core::flag::Flag;
use clickback_core::people::Role;
use clickback_core::postback::{MAX_ID_BYTES, MAX_PARAMS, Rejection};

use super::{GROUPS, topics};
use crate::config::{Given, NAMES, Settings};
use crate::store::inbox::Verdict;
use crate::web::i18n::{Language, args};

const BEGIN: &str = "<!-- made: ";
const END: &str = "<!-- end -->";

/// The text with every made part as it is now.
pub(super) fn filled(language: Language, source: &str) -> String {
    let mut text = String::with_capacity(source.len() * 2);
    let mut rest = source;
    while let Some(at) = rest.find(BEGIN) {
        let (before, marked) = rest.split_at(at);
        let (mark, after) = marked
            .split_once("-->\n")
            .expect("a mark has a line of its own");
        let (_, after) = after.split_once(END).expect("a made part ends");
        let name = mark[BEGIN.len()..].trim();
        text.push_str(&format!(
            "{before}{BEGIN}{name} -->\n{}{END}",
            part(language, name)
        ));
        rest = after;
    }
    text + rest
}

fn part(language: Language, name: &str) -> String {
    match name.strip_prefix("contents-").and_then(Language::from_code) {
        Some(language) => contents(language),
        None => table(language, name),
    }
}

/// The list of topics for those who read the folder.
fn contents(language: Language) -> String {
    let mut text = String::new();
    let mut number = 0;
    for (group, _) in GROUPS {
        text.push_str(&format!(
            "\n{}\n\n",
            language.text(&format!("help-group-{group}"))
        ));
        for topic in topics(language)
            .iter()
            .filter(|topic| topic.group == *group)
        {
            number += 1;
            text.push_str(&format!(
                "- [{}]({}/{number:02}-{}.md)\n",
                topic.title,
                language.code(),
                topic.slug
            ));
        }
    }
    text.push('\n');
    text
}

fn table(language: Language, name: &str) -> String {
    let say = |key: &str| cell(&language.text(&key.replace('_', "-")));
    let (head, rows): (&[&str], Vec<Vec<String>>) = match name {
        "verdicts" => (
            &["help-col-verdict", "help-col-meaning", "help-col-do"],
            Verdict::ALL
                .into_iter()
                .map(|verdict| {
                    let code = verdict.code();
                    vec![
                        say(&format!("verdict-{code}")),
                        say(&format!("help-verdict-{code}")),
                        say(&format!("help-verdict-{code}-fix")),
                    ]
                })
                .collect(),
        ),
        "flags" => (
            &["help-col-flag", "help-col-meaning", "help-col-do"],
            Flag::ALL
                .iter()
                .map(|flag| {
                    let code = flag.code();
                    vec![
                        format!("{} `{code}`", say(&format!("flag-{code}"))),
                        say(&format!("flag-{code}-what")),
                        say(&format!("flag-{code}-fix")),
                    ]
                })
                .collect(),
        ),
        "rejections" => (
            &["help-col-code", "help-col-meaning", "help-col-do"],
            rejections()
                .iter()
                .map(|rejection| {
                    let code = rejection.code();
                    let key = format!("reject-{}", code.replace('_', "-"));
                    let limit = match rejection {
                        Rejection::TooManyParameters { .. } => MAX_PARAMS,
                        Rejection::TooLarge { .. } => 64 * 1_024,
                        _ => MAX_ID_BYTES,
                    };
                    let limit = limit.to_string();
                    let list = [
                        ("name", "tracker.tid"),
                        ("first", "9001"),
                        ("second", "9002"),
                        ("limit", limit.as_str()),
                    ];
                    vec![
                        format!("`{code}`"),
                        cell(&language.with(&key, &args(&list))),
                        cell(&language.with(&format!("{key}-fix"), &args(&list))),
                    ]
                })
                .collect(),
        ),
        "roles" => (
            &["help-col-role", "help-col-meaning"],
            Role::ALL
                .into_iter()
                .map(|role| {
                    let code = role.code();
                    vec![
                        say(&format!("role-{code}")),
                        say(&format!("role-what-{code}")),
                    ]
                })
                .collect(),
        ),
        "settings" => (
            &["help-col-setting", "help-col-default", "help-col-meaning"],
            NAMES
                .iter()
                .map(|name| {
                    let flag = name.replace('_', "-");
                    vec![
                        format!("`--{flag}` `CLICKBACK_{}`", name.to_uppercase()),
                        default_of(name),
                        say(&format!("help-setting-{flag}")),
                    ]
                })
                .collect(),
        ),
        other => panic!("nobody makes `{other}`"),
    };
    let mut text = String::from("|");
    for key in head {
        text.push_str(&format!(" {} |", language.text(key)));
    }
    text.push_str("\n|");
    text.push_str(&"---|".repeat(head.len()));
    text.push('\n');
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

/// A sentence as a cell: no bars, no bare ampersand that could be read as an entity.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            cell.push('`');
        }
        let part = part.replace('|', "\\|");
        if at % 2 == 0 {
            cell.push_str(&part.replace('&', "\\&"));
        } else {
            cell.push_str(&part);
        }
    }
    cell
}

/// One of each.
pub(in crate::web) fn rejections() -> Vec<Rejection> {
    let text = String::new;
    vec![
        Rejection::MissingClickid,
        Rejection::MissingEvent,
        Rejection::BadEncoding { name: text() },
        Rejection::ConflictingValues {
            name: text(),
            first: text(),
            second: text(),
        },
        Rejection::TooLong {
            name: text(),
            length: 0,
            limit: 0,
        },
        Rejection::TooManyParameters { limit: 0 },
        Rejection::BadBody { detail: text() },
        Rejection::Forbidden,
        Rejection::SwitchedOff,
        Rejection::TooLarge { limit: 0 },
        Rejection::UnsupportedType { given: text() },
        Rejection::BodyTimeout,
        Rejection::NotProcessed,
    ]
}

/// What holds when nobody sets it.
fn default_of(name: &str) -> String {
    let settings = Settings::resolve(Given::default()).expect("the defaults are fine");
    let value = match name {
        "listen" => settings.listen.to_string(),
        "data_dir" => settings.data_dir.display().to_string(),
        "public_url" => settings.public_url,
        "max_connections" => settings.max_connections.to_string(),
        "header_timeout" => settings.header_timeout_seconds.to_string(),
        "body_timeout" => settings.body_timeout_seconds.to_string(),
        "max_body" => settings.max_body.to_string(),
        "queue" => settings.queue.to_string(),
        "journal_limit" => settings.journal_limit.to_string(),
        "log_format" => if settings.log_json { "json" } else { "text" }.to_owned(),
        "log" => settings.log_filter,
        "trusted_proxies" | "database_url" | "node_name" | "inbox_days" | "clicks_days"
        | "config" => {
            return "—".to_owned();
        }
        other => panic!("say here what the default of `{other}` is"),
    };
    format!("`{value}`")
}
