//! People in the browser: the first owner comes in by the set-up link, goes and comes back; he adds
//! somebody, who chooses a password in a browser of his own.

use clickback::web::people::first_link;

use super::{Browser, start, start_fresh, words};

const PASSWORD: &str = "seven green ducks";

#[tokio::test]
async fn the_first_owner_comes_in_goes_and_comes_back() {
    let app = start_fresh().await;
    let Some(browser) = Browser::open().await else {
        return;
    };
    browser.visit(&app, "/").await;
    assert_eq!(browser.place().await, "/login?next=%2F");
    assert_eq!(browser.count(".note").await, 1, "where the link is");

    let link = first_link(&app.app).await.expect("a store");
    let link = link.expect("nobody has an account");
    browser.goto(&link).await;
    browser.flawless("en").await;
    browser.fill("#name", "Анна").await;
    browser.fill("#login", "anna@team.example").await;
    browser.fill("#password", "password12").await;
    browser.follow("main form button").await;
    browser.refused_with(422).await;
    assert_eq!(
        browser.text("#password-wrong").await,
        words("en", "password-common")
    );
    browser.flawless("en").await;
    browser.fill("#password", PASSWORD).await;
    browser.follow("main form button").await;
    assert_eq!(browser.text(".person-name").await, "Анна");
    browser.flawless("en").await;

    browser.follow(".person button").await;
    assert_eq!(browser.place().await, "/login");
    browser.visit(&app, "/leads").await;
    assert_eq!(browser.place().await, "/login?next=%2Fleads");
    browser.fill("#login", "anna@team.example").await;
    browser.fill("#password", "seven blue ducks").await;
    browser.follow("main form button").await;
    browser.refused_with(401).await;
    assert_eq!(browser.text("#refused").await, words("en", "login-refused"));
    browser.flawless("en").await;
    browser.fill("#password", PASSWORD).await;
    browser.follow("main form button").await;
    assert_eq!(browser.place().await, "/leads");
    browser.quiet().await;

    browser.goto(&link).await;
    browser.refused_with(404).await;
    assert_eq!(browser.text("h1").await, words("en", "error-worn-out"));
    browser.flawless("en").await;
}

#[tokio::test]
async fn somebody_is_added_chooses_a_password_and_is_switched_off() {
    let app = start().await;
    let Some(owner) = Browser::of_owner(&app).await else {
        return;
    };
    let Some(guest) = Browser::open().await else {
        return;
    };
    owner.visit(&app, "/settings/people").await;
    owner.fill("#name", "Buyer <b>One</b>").await;
    owner.fill("#login", "ow ner").await;
    owner.follow("form[action='/settings/people'] button").await;
    owner.refused_with(422).await;
    assert_eq!(owner.text(".refused").await, words("en", "login-unfit"));
    owner.flawless("en").await;
    owner.fill("#login", "owner-1").await;
    owner.follow("form[action='/settings/people'] button").await;
    owner.refused_with(422).await;
    assert_eq!(owner.text(".refused").await, words("en", "login-taken"));
    owner.fill("#login", "buyer").await;
    owner.click("input[name=role][value=viewer]").await;
    owner.follow("form[action='/settings/people'] button").await;
    owner.flawless("en").await;
    let link = owner.text(".setting-form .code code").await;

    guest.goto(&link).await;
    guest.flawless("en").await;
    assert!(guest.text("h1").await.contains("Buyer <b>One</b>"));
    guest.fill("#password", PASSWORD).await;
    guest.follow("main form button").await;
    assert_eq!(guest.text(".person-name").await, "Buyer <b>One</b>");
    guest.quiet().await;
    // A viewer sees no settings of the team, also by their address.
    guest.visit(&app, "/settings").await;
    assert_eq!(guest.count(".settings-tabs a").await, 1);
    guest.goto(&super::address(&app, "/settings/people")).await;
    guest.refused_with(403).await;
    guest.flawless("en").await;

    owner.visit(&app, "/settings/people").await;
    owner.press("Buyer <b>One</b>").await;
    owner.click("input[name=disabled]").await;
    owner.press(&words("en", "save")).await;
    assert_eq!(owner.text(".notice").await, words("en", "notice-saved"));
    assert_eq!(owner.count(".badge.bad").await, 1);
    owner.quiet().await;
    guest.visit(&app, "/leads").await;
    assert_eq!(guest.place().await, "/login?next=%2Fleads");

    owner.visit(&app, "/settings/tokens").await;
    owner.fill("#name", "landing").await;
    owner.press(&words("en", "token-new-submit")).await;
    owner.flawless("en").await;
    owner.press(&words("en", "token-revoke")).await;
    assert_eq!(owner.count(".lines li").await, 1, "the test's own");
    owner.visit(&app, "/settings/log").await;
    owner.flawless("en").await;
}
