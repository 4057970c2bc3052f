//! The inbox in the browser: postbacks appear by themselves, wait while the list is paused, open beside
//! it, and are decided again after a preview.

use serde_json::json;

use crate::harness::text;

use super::{Browser, PHONE, start, words};

const ROWS: &str = "[data-rows] tr";

#[tokio::test]
async fn postbacks_appear_and_wait_while_the_list_is_paused() {
    let app = start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    let send = async |tid: u32, cost: &str| {
        let query = format!(
            "{path}?tracker.event=resale&clickid={clickid}&tracker.cost={cost}&tracker.currency=usd&tracker.tid={tid}"
        );
        assert_eq!(app.send(&query).await.0, 200);
    };
    browser.visit(&app, "/inbox").await;
    browser.until("document.querySelector('.live.on')").await;
    assert_eq!(browser.count(ROWS).await, 0);
    assert_eq!(browser.count("[data-empty]").await, 1);

    send(1, "50.25").await;
    browser
        .until("document.querySelectorAll('[data-rows] tr').length === 1")
        .await;
    assert_eq!(browser.count("[data-empty]").await, 0);
    let row = browser.text(ROWS).await;
    assert!(row.contains("50.25") && row.contains("USD"), "{row}");
    browser.flawless("en").await;

    browser.click("[data-live-toggle]").await;
    assert_eq!(
        browser.text("[data-live-state]").await,
        words("en", "live-paused")
    );
    send(2, "60").await;
    send(3, "70").await;
    browser
        .until("document.querySelector('[data-live-state]').textContent.startsWith('2 ')")
        .await;
    assert_eq!(browser.count(ROWS).await, 1, "paused");
    browser.flawless("en").await;
    browser.click("[data-live-toggle]").await;
    assert_eq!(browser.count(ROWS).await, 3);
    let newest = browser.text(ROWS).await;
    assert!(newest.contains("70"), "{newest}");

    // A row opens beside the list; the list stays alive, and the address is that of the request.
    browser.click("[data-rows] tr a.row-link").await;
    browser
        .until("document.querySelector('.detail-title')?.textContent.includes('70')")
        .await;
    assert!(browser.place().await.starts_with("/inbox/"));
    browser.flawless("en").await;
    send(4, "80").await;
    browser
        .until("document.querySelectorAll('[data-rows] tr').length === 4")
        .await;
    browser.click("[data-close]").await;
    browser.until("!document.querySelector('.detail')").await;
    assert_eq!(browser.place().await, "/inbox");
    done_back(&browser).await;

    // On a phone a request is a page of its own.
    browser.resize(PHONE).await;
    browser.visit(&app, "/inbox").await;
    browser.click("[data-rows] tr a.row-link").await;
    browser.find(".detail-title").await;
    browser.flawless("en").await;
}

/// The browser's own back leads to the request again.
async fn done_back(browser: &Browser) {
    browser.run("history.back()", Vec::new()).await;
    browser
        .until("document.querySelector('.detail-title')")
        .await;
}

#[tokio::test]
async fn a_request_is_decided_again_after_a_preview() {
    let app = start().await;
    let (made, path) = app
        .integration(json!({ "partner": null, "name": "Casino" }))
        .await;
    let integration = format!("/integrations/{}", text(&made["id"]));
    let (lead, clickid) = app.lead().await;
    app.ok("PATCH", &integration, json!({ "enabled": false }))
        .await;
    app.send(&format!(
        "{path}?tracker.event=registration&clickid={clickid}"
    ))
    .await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    app.ok("PATCH", &integration, json!({ "enabled": true }))
        .await;
    browser.visit(&app, "/inbox?verdict=rejected&lang=ru").await;
    browser.press(&words("ru", "act-again")).await;
    let change = browser.text(".again-rows tbody tr").await;
    for word in ["verdict-rejected", "verdict-accepted"] {
        assert!(change.contains(&words("ru", word)), "{change}");
    }
    browser.flawless("ru").await;
    browser.press(&words("ru", "again-submit")).await;
    assert_eq!(
        browser.text(".notice").await,
        words("ru", "notice-decided-again")
    );
    browser.quiet().await;
    assert_eq!(app.events(&clickid).await.len(), 1);
    // A second time there is nothing left to change.
    browser.visit(&app, "/inbox?verdict=accepted").await;
    browser.press(&words("ru", "act-again")).await;
    assert_eq!(browser.text("h1").await, words("ru", "again-title"));
    assert_eq!(browser.count(".again-rows").await, 0);
    browser.flawless("ru").await;
    browser.visit(&app, &format!("/leads/{lead}")).await;
    let timeline = browser.text(".timeline").await;
    let registration = words("ru", "kind-registration");
    assert!(timeline.contains(&registration), "{timeline}");
    browser.flawless("ru").await;
}

#[tokio::test]
async fn an_event_is_voided_and_approved_by_hand() {
    let app = start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let query = format!(
        "{path}?tracker.event=sale&clickid={clickid}&tracker.cost=50&tracker.currency=usd&tracker.tid=1"
    );
    let (_, answer) = app.send(&query).await;
    let request = answer["request_id"].as_str().expect("an id");
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    browser.visit(&app, &format!("/inbox/{request}")).await;
    for (act, status) in [("act-void", "rejected"), ("act-approve", "approved")] {
        browser.press(&words("en", act)).await;
        assert_eq!(browser.text(".notice").await, words("en", "notice-saved"));
        assert_eq!(app.events(&clickid).await[0]["status"], status);
        browser.flawless("en").await;
    }
}
