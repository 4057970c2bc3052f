//! The pages of integrations and links, used as a person without script would: connect, change macros, map
//! a field, make a link, delete; in both languages, with hostile texts.

use std::sync::Arc;

use clickback::load::Client;
use clickback::store::integrations::{Integration, RegistrationLink};
use serde_json::json;

use crate::harness::{TestApp, WORKSPACE, text};

/// Names and values of a form.
type Fields = &'static [(&'static str, &'static str)];

/// A browser without script.
struct Visitor {
    app: TestApp,
    language: &'static str,
}

impl Visitor {
    async fn new(language: &'static str) -> Visitor {
        let app = TestApp::start_with(|settings| settings.open_pages = true).await;
        Visitor { app, language }
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nCookie: lang={}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.language,
            body.len()
        );
        let mut client = Client::connect(self.app.address)
            .await
            .expect("a connection");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        (status, String::from_utf8_lossy(client.body()).into_owned())
    }

    /// A page that must be there and hold nothing that a policy would refuse.
    async fn page(&self, path: &str) -> String {
        let (status, html) = self.send("GET", path, "").await;
        assert_eq!(status, 200, "{path}: {html}");
        assert!(
            !html.contains(" style=") && !html.contains("<style"),
            "{path}"
        );
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" type=\"module\" src=\"/assets/"),
                "{path}"
            );
        }
        html
    }

    /// Sends a form and expects to be led on.
    async fn form(&self, path: &str, fields: &[(&str, &str)]) {
        let (status, html) = self.send("POST", path, &encoded(fields)).await;
        assert_eq!(status, 303, "{path} {fields:?}: {html}");
    }

    /// Sends a form that cannot be saved and returns it as it is shown again.
    async fn refused(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let (status, html) = self.send("POST", path, &encoded(fields)).await;
        assert_eq!(status, 422, "{path} {fields:?}");
        html
    }

    fn integrations(&self) -> Vec<Arc<Integration>> {
        self.app.app.store.snapshot().of(WORKSPACE)
    }

    fn newest(&self) -> Arc<Integration> {
        self.integrations().pop().expect("an integration")
    }

    async fn links(&self) -> Vec<RegistrationLink> {
        self.app.app.store.links(WORKSPACE).await.expect("links")
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| {
        let escape = |text: &str| {
            let bytes = text.bytes().map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            });
            bytes.collect::<String>()
        };
        format!("{}={}", escape(name), escape(value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// From the catalogue to a deleted integration, in English and in Russian.
#[tokio::test]
async fn connecting_a_partner_to_the_end() {
    for (language, words) in [
        (
            "en",
            [
                "Connect",
                "First deposit",
                "Test sent",
                "does nothing in a registration link",
            ],
        ),
        (
            "ru",
            [
                "Подключить",
                "Первый депозит",
                "Тест отправлен",
                "ничего не даёт",
            ],
        ),
    ] {
        let [connect, first_deposit, test_sent, nothing] = words;
        let visitor = Visitor::new(language).await;
        let list = visitor.page("/integrations?search=1WIN").await;
        assert!(list.contains("href=\"/integrations/new?partner=1win\"") && list.contains(connect));
        assert!(
            !visitor
                .page("/integrations?search=nobody")
                .await
                .contains("partner=1win")
        );
        visitor.page("/integrations/new?partner=1win").await;
        visitor
            .form(
                "/integrations/new",
                &[
                    ("partner", "1win"),
                    ("name", "1win RU"),
                    ("clickid_param", "sub2"),
                ],
            )
            .await;
        let made = visitor.newest();
        assert_eq!(
            (made.clickid_param.as_str(), made.clickid_macro.as_str()),
            ("sub2", "{sub2}")
        );
        let here = format!("/integrations/{}", made.id);
        let html = visitor.page(&here).await;
        assert!(
            html.contains("1win RU") && html.contains(first_deposit),
            "{html}"
        );

        // Macros: the sum is renamed, the player's id changes in every postback, a country field is made.
        let sale = made
            .configurations
            .iter()
            .find(|one| one.event == "sale")
            .unwrap();
        let form = format!("{here}/postbacks/{}", sale.id);
        let fields = [
            ("do", "save"),
            ("name", "FD"),
            ("event", "sale"),
            ("amount", "{sum}"),
            ("currency", "eur"),
            ("tid", "{tx}"),
            ("player", "{uid}"),
            ("country", "{geo}"),
            ("other_name", "fields.last_deposit"),
            ("other_value", "{sum}"),
            ("payout", "fixed"),
            ("payout_amount", "12,5"),
            ("payout_currency", "USD"),
        ];
        let (status, warnings) = visitor
            .send("POST", &format!("{form}/check"), &encoded(&fields))
            .await;
        assert_eq!((status, warnings.trim()), (200, ""));
        visitor.form(&form, &fields).await;
        let made = visitor.newest();
        let sale = made
            .configurations
            .iter()
            .find(|one| one.event == "sale")
            .unwrap();
        let url = made.postback_url("https://t.example", sale);
        let end = "?tracker.event=sale&clickid={sub2}&tracker.cost={sum}&tracker.currency=eur&tracker.tid={tx}\
                   &fields.country={geo}&fields.last_deposit={sum}&fields.user_id={uid}";
        assert!(url.ends_with(end), "{url}");
        assert!(made.ruleset.fields.contains_key("country"));

        // A field that is not there yet.
        visitor
            .form(
                &format!("{here}/settings/fields"),
                &[
                    ("field", "user_id"),
                    ("macro", "{uid}"),
                    ("field", "vip_level"),
                    ("macro", "{level}"),
                ],
            )
            .await;
        assert!(visitor.newest().ruleset.fields.contains_key("vip_level"));

        // A link with a part that belongs into the postbacks: explained, moved, saved.
        let lead = visitor.app.lead().await.1;
        let id = made.id.to_string();
        let base = "https://p.example/?p=1&sub2=x&fields.geo={geo}";
        let link = [
            ("integration", id.as_str()),
            ("name", "Main"),
            ("base_url", base),
            ("lead", &lead),
        ];
        let shown = [&link[..], &[("do", "preview")]].concat();
        let (_, html) = visitor.send("POST", "/links/new", &encoded(&shown)).await;
        assert!(
            html.contains(nothing) && html.contains("value=\"move:geo\""),
            "{html}"
        );
        assert!(
            html.contains(&format!("{lead}</span>"))
                || html.contains(&format!("sub2</span><span class=\"c-mark\">=</span>{lead}")),
            "{html}"
        );
        let moved = [&link[..], &[("do", "move:geo")]].concat();
        let (status, html) = visitor.send("POST", "/links/new", &encoded(&moved)).await;
        assert!(status == 200 && !html.contains("move:geo"));
        assert!(
            visitor
                .newest()
                .ruleset
                .rules
                .field_mappings
                .iter()
                .any(|one| one.field == "geo")
        );
        visitor
            .form(
                "/links/new",
                &[
                    ("integration", &id),
                    ("name", "Main"),
                    ("base_url", "https://p.example/?p=1"),
                    ("param", "n"),
                    ("value", "{{lead.name}}"),
                ],
            )
            .await;
        let link = visitor.links().await.pop().unwrap();
        let href = format!("/links/{}", link.id);
        assert!(visitor.page("/links").await.contains(&href));
        assert!(visitor.page(&here).await.contains(&href));
        visitor
            .form(
                &href,
                &[
                    ("name", "Renamed"),
                    ("base_url", "https://p.example/"),
                    ("do", "save"),
                ],
            )
            .await;
        assert_eq!(visitor.links().await[0].name, "Renamed");

        // A test event goes the whole way and is shown.
        let test = [
            ("test_event", "sale"),
            ("test_amount", "50"),
            ("test_currency", "usd"),
            ("test_tid", "T1"),
        ];
        visitor.form(&format!("{here}/test"), &test).await;
        let sent = visitor.app.get("/inbox").await["items"][0].clone();
        let html = visitor
            .page(&format!("{here}?tested={}", text(&sent["request_id"])))
            .await;
        assert!(
            html.contains("class=\"tested\"") && html.contains("50"),
            "{test_sent}"
        );

        visitor.form(&href, &[("do", "delete")]).await;
        visitor.form(&format!("{here}/delete"), &[]).await;
        assert!(visitor.integrations().is_empty() && visitor.links().await.is_empty());
    }
}

#[tokio::test]
async fn a_custom_partner_writes_macros_its_own_way() {
    let visitor = Visitor::new("ru").await;
    let html = visitor
        .refused(
            "/integrations/new",
            &[
                ("name", "Моя"),
                ("own_param", "s2"),
                ("clickid_macro", "s2"),
            ],
        )
        .await;
    assert!(html.contains("value=\"s2\"") && html.contains("не макрос"));
    visitor
        .form(
            "/integrations/new",
            &[
                ("name", "Моя"),
                ("own_param", "s2"),
                ("clickid_macro", "#s2#"),
            ],
        )
        .await;
    let made = visitor.newest();
    let urls: Vec<String> = made
        .configurations
        .iter()
        .map(|one| {
            made.postback_url("", one)
                .split_once('?')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    assert_eq!(
        urls,
        [
            "tracker.event=registration&clickid=#s2#",
            "tracker.event=sale&clickid=#s2#&tracker.cost=#amount#&tracker.currency=usd&tracker.tid=#event_id#",
            "tracker.event=resale&clickid=#s2#&tracker.cost=#amount#&tracker.currency=usd&tracker.tid=#event_id#",
        ]
    );
    assert_eq!(made.configurations[1].name, "Первый депозит");
    // The style stays when the parameter changes.
    let here = format!("/integrations/{}", made.id);
    visitor
        .form(
            &format!("{here}/settings/clickid"),
            &[("clickid_param", "s5"), ("clickid_macro", "")],
        )
        .await;
    assert_eq!(visitor.newest().clickid_macro, "#s5#");
}

/// Adding, ordering and deleting configurations; warnings in place.
#[tokio::test]
async fn configurations_are_added_ordered_and_deleted() {
    let visitor = Visitor::new("en").await;
    visitor.app.custom().await;
    let here = format!("/integrations/{}", visitor.newest().id);
    let add = format!("{here}/postbacks");
    let html = visitor
        .refused(&add, &[("name", "Out"), ("event", "")])
        .await;
    assert!(html.contains("value=\"Out\"") && html.contains("Write an event"));
    visitor
        .form(&add, &[("name", "Out"), ("event", "withdrawal")])
        .await;
    let order = |visitor: &Visitor| -> Vec<String> {
        let made = visitor.newest();
        let mut list = made.configurations.clone();
        list.sort_by_key(|one| one.position);
        list.into_iter().map(|one| one.event).collect()
    };
    assert_eq!(
        order(&visitor),
        ["registration", "sale", "resale", "withdrawal"]
    );
    let of = |visitor: &Visitor, event: &str| {
        let made = visitor.newest();
        let one = made
            .configurations
            .iter()
            .find(|one| one.event == event)
            .unwrap();
        format!("{here}/postbacks/{}", one.id)
    };
    visitor
        .form(&of(&visitor, "withdrawal"), &[("do", "up")])
        .await;
    visitor
        .form(&of(&visitor, "registration"), &[("do", "down")])
        .await;
    assert_eq!(
        order(&visitor),
        ["sale", "registration", "withdrawal", "resale"]
    );
    visitor
        .form(&of(&visitor, "withdrawal"), &[("do", "delete")])
        .await;
    assert_eq!(order(&visitor), ["sale", "registration", "resale"]);

    let check = format!("{}/check", of(&visitor, "resale"));
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("event", "resale"), ("amount", "")], "no sum"),
        (&[("event", "resale"), ("tid", "")], "transaction id"),
        (&[("event", "recurring_deposit_")], "recurring_deposit_"),
        (&[("event", "resale"), ("amount", "50")], "fixed"),
        (&[("event", "resale"), ("currency", "zzz")], "zzz"),
        (&[("event", "nonsense")], "nonsense"),
    ];
    for (fields, expected) in cases {
        let fields = [&[("name", "x")][..], fields].concat();
        let (status, html) = visitor.send("POST", &check, &encoded(&fields)).await;
        assert!(
            status == 200 && html.contains("class=\"warnings\""),
            "{fields:?} ({expected}): {html}"
        );
    }
    let html = visitor
        .refused(
            &of(&visitor, "resale"),
            &[
                ("name", ""),
                ("event", "resale"),
                ("fixed_currency", "zzz"),
                ("other_name", "clickid"),
                ("other_value", "{x}"),
            ],
        )
        .await;
    for expected in ["Write a name", "is unknown", "has its own place"] {
        assert!(html.contains(expected), "{expected}");
    }
}

/// Every section is saved, and what is wrong is said with what was typed.
#[tokio::test]
async fn settings_are_saved_section_by_section() {
    let visitor = Visitor::new("en").await;
    visitor.app.custom().await;
    let here = format!("/integrations/{}", visitor.newest().id);
    let section = |code: &str| format!("{here}/settings/{code}");
    let cases: &[(&str, Fields, &str)] = &[
        ("words", &[("word", "FTD"), ("event", "")], "needs an event"),
        (
            "statuses",
            &[("word", "ok"), ("status", "held")],
            "needs a status",
        ),
        ("money", &[("currency", "dollars-of-mine")], "is unknown"),
        ("money", &[("time_zone", "Mars/North")], "Mars/North"),
        ("sameness", &[("window", "-5")], "number of minutes"),
        (
            "aliases",
            &[("alias", "sum"), ("target", "cost")],
            "no parameter of a postback",
        ),
        (
            "access",
            &[("allowed_ips", "10.0.0.0/8 example.com")],
            "example.com",
        ),
        (
            "fields",
            &[("field", "Имя"), ("macro", "{x}")],
            "no field key",
        ),
        (
            "fields",
            &[("field", "x"), ("macro", "")],
            "no macro beside it",
        ),
        ("clickid", &[("clickid_param", "{sub1}")], "no parameter"),
        ("general", &[("name", " ")], "Write a name"),
    ];
    for (code, fields, expected) in cases {
        let html = visitor.refused(&section(code), fields).await;
        assert!(html.contains(expected), "{code} {fields:?}: {expected}");
    }
    let saved: &[(&str, &[(&str, &str)])] = &[
        (
            "words",
            &[
                ("word", "FTD"),
                ("event", "sale"),
                ("word", ""),
                ("event", ""),
            ],
        ),
        ("statuses", &[("word", "Good"), ("status", "approved")]),
        (
            "money",
            &[("currency", "eur"), ("time_zone", "Europe/Moscow")],
        ),
        (
            "sameness",
            &[
                ("tid_means", "click"),
                ("repeats", "hold"),
                ("window", "30"),
                ("mode_event", "sale"),
                ("mode", "first_only"),
                ("mode_event", "resale"),
                ("mode", "by_tid"),
            ],
        ),
        ("aliases", &[("alias", "sum"), ("target", "tracker.cost")]),
        (
            "access",
            &[("allowed_ips", "10.0.0.0/8\n::1"), ("secret_do", "new")],
        ),
        (
            "fields",
            &[
                ("player_field", "player_id"),
                ("field", "player_id"),
                ("macro", "{id}"),
            ],
        ),
        ("general", &[("name", "Renamed")]),
    ];
    for (code, fields) in saved {
        visitor.form(&section(code), fields).await;
        visitor.page(&format!("{here}?open={code}")).await;
    }
    let made = visitor.newest();
    let rules = &made.ruleset.rules;
    assert_eq!(made.name, "Renamed");
    assert_eq!(rules.events["ftd"], "sale");
    assert_eq!(rules.currency.unwrap().as_str(), "EUR");
    assert_eq!(
        (rules.repeats.window_seconds, rules.modes.len()),
        (1_800, 1)
    );
    assert_eq!(rules.allowed_ips, ["10.0.0.0/8", "::1"]);
    assert_eq!(rules.player_field.as_deref(), Some("player_id"));

    // Secrets: two at once while URLs are replaced, then the old one goes.
    let first = rules.secrets[0].clone();
    let ips = ("allowed_ips", "");
    visitor
        .form(&section("access"), &[ips, ("secret_do", "new")])
        .await;
    let secrets = visitor.newest().ruleset.rules.secrets.clone();
    assert!(secrets.len() == 2 && secrets[0] == first && secrets[1] != first);
    visitor
        .form(&section("access"), &[ips, ("secret_do", "drop_old")])
        .await;
    assert_eq!(visitor.newest().ruleset.rules.secrets, secrets[1..]);
    visitor
        .form(&section("access"), &[ips, ("secret_do", "none")])
        .await;
    assert!(visitor.newest().ruleset.rules.secrets.is_empty());

    visitor
        .form(
            &format!("{here}/events"),
            &[("event_name", "KYC"), ("counts_money", "yes")],
        )
        .await;
    assert!(visitor.newest().ruleset.custom_events["kyc"].counts_money);
    let html = visitor
        .refused(&format!("{here}/events"), &[("event_name", "sale")])
        .await;
    assert!(html.contains("built in"));
    visitor
        .form(&format!("{here}/switch"), &[("enabled", "no")])
        .await;
    assert!(!visitor.newest().enabled && visitor.page(&here).await.contains("Switched off"));
}

/// What somebody types is shown and never runs.
#[tokio::test]
async fn hostile_texts_are_inert() {
    let visitor = Visitor::new("en").await;
    visitor.app.custom().await;
    let evil = "\"'><script>alert(1)</script>{{7*7}}";
    let here = format!("/integrations/{}", visitor.newest().id);
    let sale = visitor.newest().configurations[1].id;
    visitor
        .form(&format!("{here}/settings/general"), &[("name", evil)])
        .await;
    visitor
        .form(
            &format!("{here}/settings/words"),
            &[("word", evil), ("event", evil)],
        )
        .await;
    visitor
        .form(
            &format!("{here}/postbacks/{sale}"),
            &[
                ("name", evil),
                ("event", evil),
                ("amount", evil),
                ("currency", evil),
                ("tid", evil),
                ("other_name", evil),
                ("other_value", evil),
            ],
        )
        .await;
    let id = visitor.newest().id.to_string();
    let link = [
        ("integration", id.as_str()),
        ("name", evil),
        ("base_url", "https://p.example/"),
        ("param", "a'\"<script>"),
        ("value", "\"><script>"),
    ];
    visitor.form("/links/new", &link).await;
    let one = visitor.links().await[0].id;
    let refused = visitor
        .refused(
            "/links/new",
            &[
                ("integration", id.as_str()),
                ("name", evil),
                ("base_url", evil),
                ("param", evil),
                ("value", evil),
            ],
        )
        .await;
    let mut pages = vec![refused];
    for path in [
        "/integrations",
        "/links",
        &here,
        &format!("/links/{one}"),
        "/integrations/new?partner=%3Cscript%3E",
        "/links?integration=%22%3E",
    ] {
        let (_, html) = visitor.send("GET", path, "").await;
        pages.push(html);
    }
    pages.push(
        visitor
            .page(&format!(
                "{here}?open=%22%3E%3Cscript%3E&tested=%3Cscript%3E"
            ))
            .await,
    );
    for html in pages {
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("49</"), "{html}");
    }
}

/// Ids that are none, or another's, are not found; broken forms are no defects.
#[tokio::test]
async fn foreign_ids_are_not_found() {
    let visitor = Visitor::new("en").await;
    visitor.app.custom().await;
    visitor.app.custom().await;
    let known = visitor.integrations();
    let others = known[1].configurations[0].id;
    let mine = known[0].id;
    for path in [
        "/integrations/999",
        "/integrations/x",
        "/integrations/-1",
        "/links/999",
        "/links/x",
        "/integrations/new?partner=nobody",
    ] {
        assert_eq!(visitor.send("GET", path, "").await.0, 404, "{path}");
    }
    for path in [
        "/integrations/999/delete".to_owned(),
        "/integrations/999/switch".to_owned(),
        "/integrations/999/test".to_owned(),
        "/integrations/999/postbacks".to_owned(),
        "/integrations/999/settings/words".to_owned(),
        format!("/integrations/{mine}/settings/nothing"),
        format!("/integrations/{mine}/postbacks/{others}"),
        format!("/integrations/{mine}/postbacks/{others}/check"),
        format!("/integrations/{mine}/postbacks/x"),
        "/links/999".to_owned(),
        "/links/new".to_owned(),
        "/links/preview".to_owned(),
    ] {
        assert_eq!(
            visitor
                .send("POST", &path, "do=delete&integration=999")
                .await
                .0,
            404,
            "{path}"
        );
    }
    assert_eq!(visitor.integrations().len(), 2);
    for body in [
        "%FF%FE=%FF&&==",
        "window=9999999999999999999",
        &"a".repeat(100_000),
    ] {
        for path in ["settings/sameness", "settings/access", "postbacks", "test"] {
            let (status, _) = visitor
                .send("POST", &format!("/integrations/{mine}/{path}"), body)
                .await;
            assert!(status < 500, "{path} {status}");
        }
    }
}

/// The calls that the pages needed are in the API too.
#[tokio::test]
async fn the_api_orders_changes_and_tells_the_health() {
    let app = TestApp::start().await;
    let (made, hook) = app.integration(json!({ "partner": null })).await;
    let id = text(&made["id"]);
    let ids: Vec<String> = made["postbacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["id"]))
        .collect();
    let order = json!({ "order": [ids[2], ids[0]] });
    let ordered = app
        .ok("PUT", &format!("/integrations/{id}/postbacks/order"), order)
        .await;
    let events: Vec<String> = ordered["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["event"]))
        .collect();
    assert_eq!(events, ["resale", "registration", "sale"]);
    let (status, _) = app
        .api(
            "PUT",
            &format!("/integrations/{id}/postbacks/order"),
            json!({ "order": ["999"] }),
        )
        .await;
    assert_eq!(status, 404);

    let link = json!({ "integration": id, "name": "a", "base_url": "https://p.example/" });
    let link = app.ok("POST", "/links", link).await;
    let path = format!("/links/{}", text(&link["id"]));
    let changed = app
        .ok("PATCH", &path, json!({ "params": [["x", "1"]] }))
        .await;
    assert_eq!(
        text(&changed["final_url"]),
        "https://p.example/?sub1={{tracker.clickid}}&x=1"
    );
    let (status, _) = app
        .api("PATCH", &path, json!({ "base_url": "p.example" }))
        .await;
    assert_eq!(status, 422);

    let health = app.get(&format!("/integrations/{id}/health")).await;
    assert!(health["last_postback_at"].is_null() && health["matched_percent"].is_null());
    let (_, clickid) = app.lead().await;
    for clickid in [clickid.as_str(), "nobody", "nobody2"] {
        app.send(&format!(
            "{hook}?tracker.event=registration&clickid={clickid}"
        ))
        .await;
    }
    let test = app
        .ok("POST", &format!("/integrations/{id}/test"), json!({}))
        .await;
    assert_eq!(test["verdict"], "accepted");
    let health = app.get(&format!("/integrations/{id}/health")).await;
    assert_eq!(
        (
            health["today"]["accepted"].as_u64(),
            health["today"]["unmatched"].as_u64()
        ),
        (Some(1), Some(2))
    );
    assert_eq!(health["matched_percent"], 33);
    assert!(health["last_postback_at"].is_string());
}
