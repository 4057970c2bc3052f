//! The doctor's page in the browser: what people paste, and what it says.

use super::{Browser, start, words};

#[tokio::test]
async fn pasted_texts_are_explained() {
    let app = start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    let base = &app.app.settings.public_url;
    for language in ["en", "ru"] {
        browser
            .visit(&app, &format!("/doctor?lang={language}"))
            .await;
        // A template with the mistakes that people make.
        let template =
            format!("{base}{path}?tracker.event=sale&clickid=sub1&tracker.cost={{amount}}");
        browser.fill("#text", &template).await;
        browser.press(&words(language, "doctor-page-go")).await;
        assert!(browser.count(".findings li").await > 0);
        assert_eq!(
            browser
                .run("return document.getElementById('text').value", vec![])
                .await,
            template
        );
        browser.flawless(language).await;
        // A request as it came: the whole chain, and nothing is written.
        browser
            .fill("#text", &format!("{base}{path}?tracker.event=sale&clickid={clickid}&tracker.cost=50&tracker.currency=usd&tracker.tid=7"))
            .await;
        browser.press(&words(language, "doctor-page-go")).await;
        assert!(browser.count(".steps li").await > 2);
        browser.flawless(language).await;
        browser.fill("#text", "<script>alert(1)</script>").await;
        browser.press(&words(language, "doctor-page-go")).await;
        browser.flawless(language).await;
    }
    assert_eq!(app.events(&clickid).await.len(), 0);
}
