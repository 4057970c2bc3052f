//! The keyboard in the browser: the sheet of keys, ways to pages, rows, and the Russian layout.

use fantoccini::actions::KeyAction;
use fantoccini::key::Key;

use super::{Browser, start, words};

async fn press(browser: &Browser, keys: &[char]) {
    let keys: Vec<KeyAction> = keys
        .iter()
        .flat_map(|&value| [KeyAction::Down { value }, KeyAction::Up { value }])
        .collect();
    browser.keys(keys).await;
}

async fn lands_on(browser: &Browser, path: &str) {
    browser
        .until(&format!(
            "location.pathname === '{path}' && document.readyState === 'complete'"
        ))
        .await;
}

#[tokio::test]
async fn keys_lead_through_the_pages() {
    let app = start().await;
    let (lead, _) = app.lead().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    browser.visit(&app, "/").await;
    press(&browser, &['?']).await;
    browser
        .until("document.querySelector('[data-keys]').open")
        .await;
    let title = browser.text("[data-keys] h2").await;
    assert_eq!(title, words("en", "keys-title"));
    press(&browser, &[Key::Escape.into()]).await;
    browser
        .until("!document.querySelector('[data-keys]').open")
        .await;

    press(&browser, &['g', 'l']).await;
    lands_on(&browser, "/leads").await;
    press(&browser, &['j', Key::Enter.into()]).await;
    lands_on(&browser, &format!("/leads/{lead}")).await;
    press(&browser, &[Key::Escape.into()]).await;
    lands_on(&browser, "/leads").await;

    // In a field a letter is a letter.
    browser.click("main input[type=search]").await;
    press(&browser, &['g', 'i']).await;
    let typed = "return document.activeElement.value";
    assert_eq!(browser.run(typed, Vec::new()).await, "gi");
    browser.quiet().await;
}
