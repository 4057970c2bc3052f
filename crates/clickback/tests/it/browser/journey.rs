//! The whole way of a newcomer, in Russian and in English: from the set-up link over an integration, its
//! postbacks and a registration link to a lead whose deposits appear by themselves. All in the browser;
//! only the partner's calls come from outside, to the very URLs that were copied.

use clickback::web::people::first_link;

use crate::harness::TestApp;

use super::switches::pasted;
use super::{Browser, start_fresh, words};

/// The link that a partner gives.
const BASE: &str = "https://casino.example/?open=register&p=x7q2";

struct Newcomer {
    app: TestApp,
    browser: Browser,
    language: &'static str,
}

impl Newcomer {
    /// Comes in by the set-up link and makes his account.
    async fn arrive(language: &'static str) -> Option<Newcomer> {
        let app = start_fresh().await;
        let browser = Browser::open().await?;
        let link = first_link(&app.app).await.expect("a store");
        browser.goto(&link.expect("nobody has an account")).await;
        browser.follow(&format!(".switch a[lang={language}]")).await;
        browser.flawless(language).await;
        browser.fill("#name", "Анна").await;
        browser.fill("#login", "anna").await;
        browser.fill("#password", "seven green ducks").await;
        browser.follow("main form button").await;
        assert_eq!(browser.text(".person-name").await, "Анна");
        browser.flawless(language).await;
        Some(Newcomer {
            app,
            browser,
            language,
        })
    }

    fn words(&self, key: &str) -> String {
        words(self.language, key)
    }

    /// The page must be flawless, and say that something was done where a form was sent.
    async fn done(&self) {
        assert_eq!(self.browser.count(".notice").await, 1);
        self.browser.flawless(self.language).await;
    }

    /// Opens a postback configuration by its place.
    async fn open(&self, place: usize) -> String {
        let expander = format!("#postbacks details.expander:nth-of-type({place})");
        let closed = format!("{expander}:not([open])");
        if self.browser.count(&closed).await == 1 {
            self.browser.click(&format!("{expander} > summary")).await;
        }
        expander
    }

    /// A custom integration: its parameter and macro, the partner's names, a field of the player.
    async fn make_custom(&self) {
        let Newcomer {
            browser, language, ..
        } = self;
        browser.visit(&self.app, "/integrations").await;
        browser.flawless(language).await;
        browser.follow(".card.own a.card-link").await;
        browser.fill("#connect-name", "Казино «Север»").await;
        browser.fill("#connect-own_param", "sub1").await;
        browser.fill("#connect-clickid_macro", "{sub1}").await;
        browser.flawless(language).await;
        browser.press(&self.words("connect-submit")).await;
        self.done().await;

        // The partner's own names for sum and transaction; the URL changes as they are typed.
        let expander = self.open(2).await;
        browser
            .fill(&format!("{expander} input[name=amount]"), "{sum}")
            .await;
        browser
            .fill(&format!("{expander} input[name=tid]"), "{tx}")
            .await;
        browser
            .until(&format!(
                "document.querySelector('{expander} [data-url] code').textContent
                 .endsWith('clickid={{sub1}}&tracker.cost={{sum}}&tracker.currency=usd&tracker.tid={{tx}}')"
            ))
            .await;
        browser
            .follow(&format!("{expander} button[value=save]"))
            .await;
        self.done().await;

        browser
            .fill(
                "#fields .pairs-row:last-of-type input[name=field]",
                "user_id",
            )
            .await;
        browser
            .fill(
                "#fields .pairs-row:last-of-type input[name=macro]",
                "{player_id}",
            )
            .await;
        browser.follow("#fields form button[type=submit]").await;
        self.done().await;
    }

    /// A ready partner: found in the catalogue, connected as it is.
    async fn make_1win(&self) {
        let Newcomer {
            browser, language, ..
        } = self;
        browser.visit(&self.app, "/integrations").await;
        browser.fill("[data-catalogue-search]", "1WIN").await;
        browser
            .follow("a[href='/integrations/new?partner=1win']")
            .await;
        browser.flawless(language).await;
        browser.press(&self.words("connect-submit")).await;
        self.done().await;
    }

    /// Copies the URL of each of the three postbacks with its button.
    async fn copy_postbacks(&self) -> Vec<String> {
        let here = self.browser.place().await;
        let mut urls = Vec::new();
        for place in 1..=3 {
            self.browser.visit(&self.app, &here).await;
            let expander = self.open(place).await;
            self.browser
                .click(&format!("{expander} [data-url] [data-copy]"))
                .await;
            self.browser
                .until(&format!("document.querySelector('{expander} .copy.done')"))
                .await;
            let url = pasted(&self.browser, &self.app).await;
            urls.push(url.as_str().expect("a text").to_owned());
        }
        self.browser.visit(&self.app, &here).await;
        urls
    }

    /// Makes a registration link; its final URL is there before it is saved.
    async fn make_link(&self, param: &str) {
        let Newcomer {
            browser, language, ..
        } = self;
        browser.follow("a[href^='/links/new?integration=']").await;
        browser.fill("#link-name", "Регистрация").await;
        browser.fill("#link-base_url", BASE).await;
        browser
            .until(&format!(
                "document.querySelector('[data-final] code').textContent
                 === '{BASE}&{param}={{{{tracker.clickid}}}}'"
            ))
            .await;
        browser.flawless(language).await;
        browser.follow("button[name=do][value=save]").await;
        self.done().await;
    }

    /// Makes a lead by hand and returns its card and its clickid, from the link that is handed to it.
    async fn hand_link(&self, param: &str) -> (String, String) {
        let Newcomer {
            browser, language, ..
        } = self;
        browser.visit(&self.app, "/leads").await;
        browser.click(".head-acts details > summary").await;
        browser.fill("#new-name", "Иван Лебедев").await;
        browser
            .follow("form[method=post][action='/leads'] button[type=submit]")
            .await;
        browser.find(".ready-link code").await;
        browser.flawless(language).await;
        let card = browser.place().await;
        browser.click(".ready-link [data-copy]").await;
        browser
            .until("document.querySelector('.ready-link .copy.done')")
            .await;
        let link = pasted(browser, &self.app).await;
        let link = link.as_str().expect("a text");
        let clickid = link.strip_prefix(&format!("{BASE}&{param}="));
        let clickid = clickid.unwrap_or_else(|| panic!("{link}")).to_owned();
        assert!(!clickid.is_empty());
        (card, clickid)
    }

    /// The partner calls the copied URLs while the inbox is open; returns the text of its rows.
    async fn hear(&self, urls: &[String], macros: &[&[(&str, &str)]]) -> String {
        let browser = &self.browser;
        browser.visit(&self.app, "/inbox").await;
        browser.until("document.querySelector('.live.on')").await;
        for (place, (url, macros)) in urls.iter().zip(macros).enumerate() {
            let mut called = url.clone();
            for (name, value) in *macros {
                called = called.replace(name, value);
            }
            assert!(!called.contains('{'), "{called}");
            let path = called
                .strip_prefix(&self.app.app.settings.public_url)
                .expect("our own address");
            assert_eq!(self.app.send(path).await.0, 200, "{called}");
            let rows = place + 1;
            browser
                .until(&format!(
                    "document.querySelectorAll('[data-rows] tr').length === {rows}"
                ))
                .await;
        }
        browser.flawless(self.language).await;
        browser.text("[data-rows]").await
    }

    /// A sum as this language writes it.
    fn sum(&self, text: &str) -> String {
        match self.language {
            "ru" => text.replace('.', ","),
            _ => text.to_owned(),
        }
    }

    /// The inbox and the lead's card show what has come, with exact sums.
    async fn read(&self, rows: &str, card: &str) {
        for sum in ["50.25", "120.50"] {
            assert!(rows.contains(&self.sum(sum)), "no {sum}: {rows}");
        }
        let browser = &self.browser;
        browser.visit(&self.app, card).await;
        browser.flawless(self.language).await;
        let timeline = browser.text(".timeline").await;
        for kind in ["registration", "first-deposit", "repeat-deposit"] {
            let kind = self.words(&format!("kind-{kind}"));
            assert!(timeline.contains(&kind), "no {kind}: {timeline}");
        }
        for sum in ["50.25", "120.50"] {
            assert!(timeline.contains(&self.sum(sum)), "no {sum}: {timeline}");
        }
        let facts = browser.text(".lead-facts").await;
        assert!(facts.contains("771204"), "no player's id: {facts}");
        let totals = browser.text(".totals").await;
        assert!(totals.contains(&self.sum("170.75")), "{totals}");
        self.app.check().await;
    }
}

async fn with_a_custom_integration(language: &'static str) {
    let Some(newcomer) = Newcomer::arrive(language).await else {
        return;
    };
    newcomer.make_custom().await;
    let urls = newcomer.copy_postbacks().await;
    newcomer.make_link("sub1").await;
    let (card, clickid) = newcomer.hand_link("sub1").await;
    let macros: [&[(&str, &str)]; 3] = [
        &[("{sub1}", &clickid), ("{player_id}", "771204")],
        &[
            ("{sub1}", &clickid),
            ("{sum}", "50.25"),
            ("{tx}", "9001"),
            ("{player_id}", "771204"),
        ],
        &[
            ("{sub1}", &clickid),
            ("{amount}", "120.50"),
            ("{event_id}", "9002"),
            ("{player_id}", "771204"),
        ],
    ];
    let rows = newcomer.hear(&urls, &macros).await;
    newcomer.read(&rows, &card).await;
}

#[tokio::test]
async fn a_newcomer_reaches_the_first_deposit_in_russian() {
    with_a_custom_integration("ru").await;
}

#[tokio::test]
async fn a_newcomer_reaches_the_first_deposit_in_english() {
    with_a_custom_integration("en").await;
}

#[tokio::test]
async fn a_newcomer_connects_1win() {
    let Some(newcomer) = Newcomer::arrive("ru").await else {
        return;
    };
    newcomer.make_1win().await;
    let urls = newcomer.copy_postbacks().await;
    let macro_text = ["{sub1}", "{sub2}", "{sub3}", "{sub4}", "{sub5}"]
        .into_iter()
        .find(|one| urls[0].contains(one))
        .unwrap_or_else(|| panic!("no clickid: {}", urls[0]));
    let param = macro_text.trim_matches(['{', '}']);
    newcomer.make_link(param).await;
    let (card, clickid) = newcomer.hand_link(param).await;
    let of = |amount, tid| {
        [
            (macro_text, clickid.as_str()),
            ("{amount}", amount),
            ("{transaction_id}", tid),
            ("{user_id}", "771204"),
            ("{country}", "RU"),
        ]
    };
    let calls = [of("", ""), of("50.25", "9001"), of("120.50", "9002")];
    let macros: Vec<&[(&str, &str)]> = calls.iter().map(|one| &one[..]).collect();
    let rows = newcomer.hear(&urls, &macros).await;
    newcomer.read(&rows, &card).await;
}
