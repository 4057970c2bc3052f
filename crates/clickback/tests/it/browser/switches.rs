//! What every page carries: theme and language switches, copy buttons.

use fantoccini::actions::KeyAction;
use fantoccini::key::Key;
use serde_json::json;

use super::{Browser, start, words};

#[tokio::test]
async fn theme_and_language_stay_chosen() {
    let app = start().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    browser.visit(&app, "/doctor").await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    browser.click("[data-theme-choice=light]").await;
    let light = browser.run(ground, vec![]).await;
    browser.click("[data-theme-choice=dark]").await;
    let dark = browser.run(ground, vec![]).await;
    assert_ne!(light, dark);
    browser.visit(&app, "/leads").await;
    assert_eq!(
        browser.run(ground, vec![]).await,
        dark,
        "the next page is dark too"
    );
    assert_eq!(
        browser
            .count("[data-theme-choice=dark][aria-current]")
            .await,
        1
    );

    browser.follow(".switch a[hreflang=ru]").await;
    assert_eq!(browser.text("h1").await, words("ru", "nav-leads"));
    browser.visit(&app, "/doctor").await;
    assert_eq!(browser.text("h1").await, words("ru", "nav-doctor"));
    browser.quiet().await;
}

#[tokio::test]
async fn copy_buttons_work_over_plain_http() {
    let app = start().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    browser.visit(&app, "/partners/1win").await;
    assert_eq!(
        browser.run("return isSecureContext", vec![]).await,
        json!(false),
        "the clipboard's interface is not there"
    );
    let copied = browser
        .run(
            "return document.querySelector('.paste [data-copy]').dataset.copy",
            vec![],
        )
        .await;
    browser.click(".paste [data-copy]").await;
    browser
        .until("document.querySelector('.paste .copy.done')")
        .await;
    assert_eq!(
        browser.text(".paste .copy.done").await,
        words("en", "copied")
    );
    assert_eq!(browser.text("[data-announce]").await, words("en", "copied"));
    assert_eq!(pasted(&browser, &app).await, copied);

    // The link that a page shows is the link that is copied.
    browser.visit(&app, "/partners/1win").await;
    let shown = browser
        .run(
            "return document.querySelector('.paste code').textContent",
            vec![],
        )
        .await;
    assert_eq!(shown, copied);
}

/// What the clipboard holds, as a field gets it.
pub(super) async fn pasted(browser: &Browser, app: &crate::harness::TestApp) -> serde_json::Value {
    browser.visit(app, "/doctor").await;
    browser.click("#text").await;
    let control = Key::Control.into();
    browser
        .keys([
            KeyAction::Down { value: control },
            KeyAction::Down { value: 'v' },
            KeyAction::Up { value: 'v' },
            KeyAction::Up { value: control },
        ])
        .await;
    browser.until("document.getElementById('text').value").await
}
