//! Every page there is, in both languages and themes, on a laptop and on a phone, filled with what
//! people and partners send when they mean harm: flawless, quiet, and nothing of it alive.

use clickback::catalogue::Catalogue;
use clickback::web;
use clickback::web::people::{first_link, invitation};
use serde_json::json;

use crate::harness::{TestApp, text};

use super::checks::{EVERY_LOOK, Look, TWO_LOOKS};
use super::{Browser, start, start_fresh};

/// A script, a template, a formula: in every field that takes a text.
const HARM: &str = "\"><img src=x onerror=alert(1)>'{{7*7}}{{tracker.clickid}}=cmd|' /C calc'!A0";
/// A word that no line can be broken in.
const LONG: &str =
    "Слово_которое_не_кончается_и_не_переносится_ни_в_одном_месте_потому_что_в_нём_нет_пробелов";

/// What is opened once it is there.
struct Things {
    lead: String,
    integration: String,
    link: String,
    requests: Vec<String>,
    field: String,
    import: String,
    user: String,
    welcome: String,
    /// Topics of the guide.
    topics: Vec<String>,
}

/// Fills an app.
async fn furnish(app: &TestApp) -> Things {
    let (made, _) = app
        .integration(json!({ "partner": "1win", "name": "1win" }))
        .await;
    let (own, path) = app
        .integration(json!({ "partner": null, "name": HARM }))
        .await;
    let link = app
        .ok(
            "POST",
            "/links",
            json!({ "integration": made["id"], "name": HARM, "base_url": "https://1wlink.example/casino/list?open=register&p=x7q2" }),
        )
        .await;
    app.ok(
        "POST",
        "/custom-fields",
        json!({ "key": "note", "name": LONG, "kind": "text" }),
    )
    .await;
    let field = app
        .ok(
            "POST",
            "/custom-fields",
            json!({ "key": "geo", "name": HARM, "kind": "select", "options": ["RU", "<b>KZ</b>"] }),
        )
        .await;
    let lead = app
        .ok(
            "POST",
            "/leads",
            json!({ "name": format!("{LONG}{HARM}"), "clickid": "harm-1", "fields": { "note": format!("{HARM} {LONG}") } }),
        )
        .await;
    app.ok("POST", "/leads", json!({ "clickid": "c".repeat(200) }))
        .await;
    let encoded = "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    let mut requests = Vec::new();
    for query in [
        "tracker.event=registration&clickid=harm-1".to_owned(),
        format!("tracker.event=sale&clickid=harm-1&tracker.cost=50.25&tracker.currency=usd&tracker.tid={encoded}&fields.note={encoded}&{encoded}={encoded}"),
        "tracker.event=resale&clickid=harm-1&tracker.cost=1000000.5&tracker.currency=vnd&tracker.tid=2".to_owned(),
        "tracker.event=resale&clickid=harm-1&tracker.cost=1000000.5&tracker.currency=vnd&tracker.tid=2".to_owned(),
        "tracker.event=resale&clickid=harm-1&tracker.cost={amount}&tracker.currency=usd&tracker.tid={transaction_id}".to_owned(),
        "tracker.event=withdrawal&clickid=harm-1&tracker.cost=10,00&tracker.currency=usd&tracker.tid=4".to_owned(),
        format!("tracker.event=sale&clickid={encoded}&tracker.cost=5&tracker.currency=usd&tracker.tid=5"),
        format!("tracker.event={encoded}&clickid=harm-1"),
        "tracker.event=sale&clickid={sub1}&tracker.cost={amount}".to_owned(),
    ] {
        let (_, answer) = app.send(&format!("{path}?{query}")).await;
        requests.push(text(&answer["request_id"]));
    }
    let body = format!(
        "{{\"tracker.event\":\"sale\",\"clickid\":\"harm-1\",\"note\":\"{LONG}<script>alert(1)</script>\"}}"
    );
    let (_, answer) = app.post(&path, "application/json", &body).await;
    requests.push(text(&answer["request_id"]));
    let import = app
        .ok(
            "POST",
            "/imports",
            json!({ "integration": own["id"], "text": format!("harm-1;sale;7.5;77\n<img src=x onerror=alert(1)>;sale;1;78") }),
        )
        .await;
    let owner = app.app.store.users(crate::harness::WORKSPACE).await;
    let owner = owner.expect("users").remove(0).id;
    let welcome = invitation(&app.app, owner).await.expect("a link");
    let (_, help) = app.page("/help").await;
    let mut topics: Vec<String> = help
        .split("href=\"/help/")
        .skip(1)
        .filter_map(|rest| rest.split(['"', '#', '?']).next())
        .map(str::to_owned)
        .collect();
    topics.sort();
    topics.dedup();
    assert!(topics.len() > 3, "{topics:?}");
    Things {
        topics,
        lead: text(&lead["id"]),
        integration: text(&own["id"]),
        link: text(&link["id"]),
        requests,
        field: text(&field["id"]),
        import: text(&import["id"]),
        user: owner.to_string(),
        welcome: welcome.rsplit('/').next().expect("a token").to_owned(),
    }
}

impl Things {
    /// What stands for the placeholder behind this part of a path.
    fn at(&self, before: &str) -> Vec<String> {
        let one = match before {
            "leads" => &self.lead,
            "integrations" => &self.integration,
            "links" => &self.link,
            "inbox" => return self.requests.clone(),
            "help" => return self.topics.clone(),
            "fields" => &self.field,
            "imports" => &self.import,
            "people" => &self.user,
            "welcome" => &self.welcome,
            "partners" => return ["1win", "exness", "keitaro"].map(str::to_owned).to_vec(),
            other => panic!("say here what stands behind /{other}/ in an address"),
        };
        vec![one.clone()]
    }

    /// The addresses of a route.
    fn addresses(&self, route: &str) -> Vec<String> {
        let mut addresses = vec![String::new()];
        let mut before = "";
        for part in route.split('/').skip(1) {
            let choices = if part.starts_with('{') {
                self.at(before)
            } else {
                vec![part.to_owned()]
            };
            addresses = addresses
                .iter()
                .flat_map(|address| choices.iter().map(move |one| format!("{address}/{one}")))
                .collect();
            before = part;
        }
        if route.ends_with("/again") {
            // The preview of one request is like that of another.
            addresses.truncate(1);
        }
        addresses
    }
}

/// Not pages: files, and streams that never end.
fn is_page(route: &str) -> bool {
    !route.starts_with("/assets/")
        && !route.starts_with("/help/pictures/")
        && !route.ends_with("/live")
}

/// Views of a page that its address alone does not show.
const VIEWS: &[&str] = &[
    "/inbox?verdict=unmatched",
    "/inbox?verdict=duplicate&clickid=nobody",
    "/inbox?flagged=1",
    "/leads?search=nobody",
    "/nothing-here",
];

/// A page of every kind that answers something else than 200.
fn status(address: &str) -> u16 {
    if address == "/nothing-here" { 404 } else { 200 }
}

async fn walk(
    browser: &Browser,
    app: &TestApp,
    addresses: &[String],
    language: &str,
    looks: &[Look],
) -> Vec<String> {
    let mut found = Vec::new();
    browser.set_cookie(app, "lang", language).await;
    for address in addresses {
        let (told, html) = app.page(address).await;
        // Redirects lead to pages that are walked themselves; files are no pages.
        if (300..400).contains(&told) || !html.starts_with("<!doctype html>") {
            continue;
        }
        assert_eq!(told, status(address), "{address}");
        browser.goto(&super::address(app, address)).await;
        if told >= 400 {
            browser.refused_with(told).await;
        }
        let mut problems = browser.problems_in(language, looks).await;
        if language == "en" {
            problems.extend(browser.focus_problems().await);
        }
        let alive = browser
            .count(
                "main img:not([src^='/']), main script, main iframe, [onerror], [onclick], [style]",
            )
            .await;
        if alive > 0 {
            problems.push("something that was typed is alive".to_owned());
        }
        problems.extend(browser.complaints().await);
        found.extend(
            problems
                .into_iter()
                .map(|problem| format!("{language} {address}: {problem}")),
        );
    }
    found
}

fn none(mut found: Vec<String>) {
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn every_page_is_flawless() {
    let app = start().await;
    let things = furnish(&app).await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    let mut addresses: Vec<String> = web::readable()
        .filter(|route| is_page(route))
        .flat_map(|route| things.addresses(route))
        .collect();
    addresses.extend(VIEWS.iter().map(|view| (*view).to_owned()));
    let mut found = Vec::new();
    for language in ["en", "ru"] {
        found.extend(walk(&browser, &app, &addresses, language, EVERY_LOOK).await);
    }
    none(found);
}

#[tokio::test]
async fn every_page_is_flawless_before_anything_is_there() {
    let app = start().await;
    let fresh = start_fresh().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    let addresses: Vec<String> = web::readable()
        .filter(|route| is_page(route) && !route.contains('{'))
        .map(str::to_owned)
        .collect();
    let mut found = walk(&browser, &app, &addresses, "ru", EVERY_LOOK).await;
    let link = first_link(&fresh.app).await.expect("a store");
    let token = link
        .expect("nobody yet")
        .rsplit('/')
        .next()
        .map(str::to_owned);
    let welcome = format!("/welcome/{}", token.expect("a token"));
    for language in ["en", "ru"] {
        let first = ["/login".to_owned(), welcome.clone()];
        found.extend(walk(&browser, &fresh, &first, language, EVERY_LOOK).await);
    }
    none(found);
}

#[tokio::test]
async fn every_partner_has_a_flawless_page() {
    let app = start().await;
    let Some(browser) = Browser::of_owner(&app).await else {
        return;
    };
    let addresses: Vec<String> = Catalogue::built_in()
        .all()
        .iter()
        .map(|partner| format!("/partners/{}", partner.slug))
        .collect();
    // The template is the same in both languages: each page is looked at in one of them.
    let (even, odd): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .enumerate()
        .partition(|(place, _)| place % 2 == 0);
    let of = |list: Vec<(usize, String)>| -> Vec<String> {
        list.into_iter().map(|(_, address)| address).collect()
    };
    let mut found = walk(&browser, &app, &of(even), "ru", TWO_LOOKS).await;
    found.extend(walk(&browser, &app, &of(odd), "en", TWO_LOOKS).await);
    none(found);
}
