//! What people and programs see of the catalogue: a page per partner in both languages, the filtered
//! list. What the partners' calls become is in `catalogue`.

use clickback::catalogue::Catalogue;
use clickback::web::i18n;
use clickback_core::partner::{Category, Confidence, Missing, PartnerKind, Quirk, Role};
use clickback_core::people;
use serde_json::{Value, json};

use crate::harness::{TestApp, text};

/// Opens a page as someone who is logged in.
pub(crate) async fn page(app: &TestApp, path: &str) -> (u16, String) {
    app.page(path).await
}

#[tokio::test]
async fn every_partner_has_a_page_in_both_languages() {
    let app = TestApp::start().await;
    for partner in Catalogue::built_in().all() {
        for language in ["en", "ru"] {
            let path = format!("/partners/{}?lang={language}", partner.slug);
            let (status, html) = page(&app, &path).await;
            assert_eq!(status, 200, "{path}");
            let confidence = format!("confidence-{}", partner.confidence.code());
            for key in [
                "partner-sources",
                if partner.is_ready() {
                    "partner-test"
                } else {
                    "partner-missing"
                },
                &confidence,
            ] {
                let words = escaped(&i18n::text(language, key, &[]));
                assert!(html.contains(&words), "{path} does not say {key}: {words}");
            }
            assert!(html.contains(&escaped(partner.name_in(language))), "{path}");
            for source in &partner.sources {
                let shown = source
                    .url
                    .as_ref()
                    .or(source.text.as_ref())
                    .expect("a source");
                assert!(html.contains(&escaped(shown)), "{path}: {shown}");
            }
            for fact in &partner.macros {
                assert!(html.contains(&escaped(&fact.text)), "{path}: {}", fact.text);
            }
            for quirk in &partner.quirks {
                let key = format!("quirk-{}", quirk.code().replace('_', "-"));
                assert!(!html.contains(&key), "{path}: no words for {key}");
            }
            assert_eq!(
                html.contains("tracker-postback"),
                partner.is_ready(),
                "{path}"
            );
        }
    }
    assert_eq!(page(&app, "/partners/nobody").await.0, 404);
}

/// As templates write a text, backticks aside.
fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        match c {
            '&' => html.push_str("&#38;"),
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[tokio::test]
async fn the_page_shows_the_urls_of_the_workspace() {
    let app = TestApp::start().await;
    let (_, planned) = page(&app, "/partners/quotex").await;
    assert!(planned.contains("{uuid}"));
    let (made, _) = app
        .integration(json!({ "partner": "quotex", "name": "Quotex main" }))
        .await;
    let (_, own) = page(&app, "/partners/quotex").await;
    assert!(own.contains(made["uuid"].as_str().expect("a uuid")));
    assert!(own.contains("Quotex main") && !own.contains("{uuid}"));
}

#[tokio::test]
async fn the_page_says_how_words_are_read() {
    let app = TestApp::start().await;
    for (path, expected) in [
        (
            "/partners/quotex?lang=en",
            &["<code>ftd</code></td><td>First deposit", "Sum: Withdrawal"][..],
        ),
        (
            "/partners/keitaro?lang=ru",
            &[
                "<code>subid</code></td><td><code>clickid</code>",
                "Первый депозит, отменено",
            ],
        ),
        (
            "/partners/affise?lang=ru",
            &["<code>5</code></td><td>ожидает"],
        ),
        (
            "/partners/pocket-option?lang=ru",
            &["Сумма без валюты читается как USD"],
        ),
        (
            "/partners/exness?lang=en",
            &["Which parameter of the link carries the clickid"],
        ),
    ] {
        let (_, html) = page(&app, path).await;
        for expected in expected {
            assert!(html.contains(expected), "{path} does not say {expected}");
        }
    }
    // Where the partner adds its parameters itself, no macro is shown: none was seen.
    let (_, html) = page(&app, "/partners/binpartner-old?lang=en").await;
    assert!(!html.contains("{click_id}") && html.contains("reg=true"));
}

#[test]
fn every_code_has_words_in_both_languages() {
    let mut keys: Vec<String> = Vec::new();
    keys.extend(
        Category::ALL
            .iter()
            .map(|one| format!("category-{}", one.code())),
    );
    keys.extend(
        PartnerKind::ALL
            .iter()
            .map(|one| format!("partner-kind-{}", one.code())),
    );
    keys.extend(
        Confidence::ALL
            .iter()
            .map(|one| format!("confidence-{}", one.code())),
    );
    keys.extend(
        Missing::ALL
            .iter()
            .map(|one| format!("missing-{}", one.code())),
    );
    keys.extend(Role::ALL.iter().map(|one| format!("role-{}", one.code())));
    keys.extend(Quirk::ALL.iter().map(|one| format!("quirk-{}", one.code())));
    for key in keys.iter().map(|key| key.replace('_', "-")) {
        for language in ["en", "ru"] {
            assert_ne!(i18n::text(language, &key, &[]), key, "{language}");
        }
    }
}

#[tokio::test]
async fn the_list_is_filtered_and_names_what_is_missing() {
    let app = TestApp::start().await;
    let slugs = async |query: &str| -> Vec<String> {
        let list = app.get(&format!("/partners{query}")).await;
        assert_eq!(
            (&list["next"], &list["refused"]),
            (&Value::Null, &json!([]))
        );
        let items = list["items"].as_array().expect("items");
        items.iter().map(|one| text(&one["slug"])).collect()
    };
    assert_eq!(slugs("").await.len(), Catalogue::built_in().all().len());
    let soon = slugs("?category=trading&readiness=soon").await;
    assert!(soon.contains(&"exness".to_owned()) && !soon.contains(&"quotex".to_owned()));
    let trackers = slugs("?kind=tracker").await;
    assert!(trackers.contains(&"keitaro".to_owned()) && !trackers.contains(&"affise".to_owned()));
    let list = app.get("/partners?category=trading&readiness=soon").await;
    let items = list["items"].as_array().expect("items");
    let iq_option = items.iter().find(|one| one["slug"] == "iq-option");
    let iq_option = iq_option.expect("IQ Option");
    assert_eq!(iq_option["missing"], json!(["click_macro"]));
    assert_eq!(iq_option["clickid_params"], json!(["afftrack"]));
    let one = app.get("/partners/pocket-option").await;
    assert_eq!(one["clickid"]["default"], "click_id");
    assert_eq!(one["fields"][0]["key"], "trader_id");
    let (status, problem) = app
        .api("GET", "/partners?category=casino", Value::Null)
        .await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid")));
    assert!(text(&problem["detail"]).contains("igaming, trading"));
    let (status, _) = app
        .api("POST", "/integrations", json!({ "partner": "exness" }))
        .await;
    assert_eq!(status, 422, "a soon partner makes no integration");
}

/// Whoever runs the server learns which of his own files do not count, and why; a buyer does not.
#[tokio::test]
async fn files_that_were_left_out_are_named() {
    let mut app = TestApp::start_with(|settings| {
        let own = settings.data_dir.join("partners");
        std::fs::create_dir(&own).expect("a folder");
        std::fs::write(own.join("broken.toml"), "slug = \"broken\"\nname = <b>").expect("a file");
        std::fs::write(own.join("other.toml"), "slug = 1").expect("a file");
    })
    .await;
    for (language, title) in [
        ("en", "2 partner files of this server were left out."),
        ("ru", "2 файла партнёрок на этом сервере не прочитаны."),
    ] {
        let (status, html) = page(&app, &format!("/integrations?lang={language}")).await;
        assert_eq!(status, 200);
        for words in [title, "broken.toml:2", "other.toml"] {
            assert!(html.contains(words), "{language}: {words}");
        }
        assert!(!html.contains("name = <b>"), "what a file says is escaped");
    }
    app.cookie = app.log_in_as(people::Role::Viewer).await.1;
    let (status, html) = page(&app, "/integrations").await;
    assert_eq!(status, 200);
    assert!(!html.contains("broken.toml"));
}
