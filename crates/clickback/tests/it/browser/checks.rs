//! What must be true of every page: names, headings, contrast, focus, room; and a control that the
//! checks and the console's ear do find what is wrong.

use fantoccini::actions::KeyAction;
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::{Browser, LAPTOP, PHONE, Size, start};

const CHECKS: &str = include_str!("checks.js");
const FOCUS: &str = include_str!("focus.js");
/// A size and a theme.
pub(crate) type Look = (Size, &'static str);

/// The laptop is last: pages are left in it.
pub(crate) const EVERY_LOOK: &[Look] = &[
    (PHONE, "light"),
    (PHONE, "dark"),
    (LAPTOP, "light"),
    (LAPTOP, "dark"),
];
/// Each size and each theme once.
pub(crate) const TWO_LOOKS: &[Look] = &[(PHONE, "light"), (LAPTOP, "dark")];

/// Steps of the focus that are looked at on each page.
const STEPS: usize = 24;

fn sentences(value: &Value) -> Vec<String> {
    let list = value.as_array().expect("a list");
    list.iter()
        .map(|one| one.as_str().expect("a sentence").to_owned())
        .collect()
}

impl Browser {
    /// What is wrong with the page that is open, in this language, however it can be looked at.
    pub(crate) async fn problems(&self, language: &str) -> Vec<String> {
        self.problems_in(language, EVERY_LOOK).await
    }

    /// What is wrong with it in some looks.
    pub(crate) async fn problems_in(&self, language: &str, looks: &[Look]) -> Vec<String> {
        let mut found = Vec::new();
        let mut shown = None;
        for (size, theme) in looks {
            if shown != Some(size) {
                self.resize(*size).await;
                shown = Some(size);
            }
            let script = format!(
                "document.documentElement.dataset.theme = '{theme}';
                     return (function () {{ {CHECKS} }})({});",
                json!(language)
            );
            let problems = self.run(&script, Vec::new()).await;
            for problem in sentences(&problems) {
                found.push(format!("{size:?} {theme}: {problem}"));
            }
        }
        found
    }

    /// What is wrong with the way of the focus through the page that is open.
    pub(crate) async fn focus_problems(&self) -> Vec<String> {
        self.run(FOCUS, Vec::new()).await;
        let tab = Key::Tab.into();
        self.keys(
            (0..STEPS).flat_map(|_| [KeyAction::Down { value: tab }, KeyAction::Up { value: tab }]),
        )
        .await;
        let found = self.run("return noteFocus.problems()", Vec::new()).await;
        sentences(&found)
    }

    /// The page that is open must be flawless.
    pub(crate) async fn flawless(&self, language: &str) {
        let problems = self.problems(language).await;
        let place = self.place().await;
        assert_eq!(problems, Vec::<String>::new(), "{place}");
        self.quiet().await;
    }
}

/// Each flaw that is put into a good page must be found.
#[tokio::test]
async fn the_checks_find_what_is_wrong() {
    let app = start().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    for (flaw, expected) in [
        (
            "main.insertAdjacentHTML('beforeend', '<h1>Two</h1>')",
            "not exactly one h1",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<h5>Deep</h5>')",
            "heading of level 5",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<input name=q placeholder=Query>')",
            "no accessible name",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<label>Nothing</label>')",
            "label of nothing",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<svg></svg>')",
            "svg neither hidden nor named",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<p id=main></p>')",
            "id used twice",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<p class=faint>Grey</p>'); document.querySelector('.faint').style.color = '#999'",
            "contrast",
        ),
        (
            "main.insertAdjacentHTML('beforeend', '<p class=wide>W</p>'); document.querySelector('.wide').style.width = '3000px'",
            "too wide",
        ),
        ("document.documentElement.lang = 'de'", "lang is de"),
    ] {
        browser.visit(&app, "/doctor").await;
        browser
            .run(
                &format!("const main = document.querySelector('main'); {flaw}"),
                Vec::new(),
            )
            .await;
        let problems = browser.problems("en").await;
        assert!(
            problems.iter().any(|one| one.contains(expected)),
            "{flaw}: {problems:?}"
        );
    }
    browser.visit(&app, "/doctor").await;
    browser
        .run("document.querySelector('.brand').tabIndex = 5", Vec::new())
        .await;
    assert!(
        browser
            .problems("en")
            .await
            .iter()
            .any(|one| one.contains("tabindex"))
    );
    browser
        .run(
            "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"alert(1)\">!</b>')",
            Vec::new(),
        )
        .await;
    let complaints = browser.complaints().await;
    assert!(
        complaints
            .iter()
            .any(|one| one.contains("Content Security Policy")),
        "{complaints:?}"
    );
}
