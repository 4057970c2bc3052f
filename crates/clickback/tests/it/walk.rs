//! The walk of the README over HTTP: set up 1win, hand a link to a lead, send every URL of the
//! reference page as the partner would and as people paste them, and read what became of it.

use serde_json::{Value, json};

use crate::harness::{TestApp, text};

/// Kind, amount, currency, tid and number of each event, oldest first.
fn shape(events: &[Value]) -> Vec<(String, String, String, String, u64)> {
    events
        .iter()
        .map(|event| {
            let or_none = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            (
                or_none("kind"),
                or_none("amount"),
                or_none("currency"),
                or_none("tid"),
                event["number"].as_u64().unwrap_or(0),
            )
        })
        .collect()
}

fn row(
    kind: &str,
    amount: &str,
    currency: &str,
    tid: &str,
    number: u64,
) -> (String, String, String, String, u64) {
    (
        kind.to_owned(),
        amount.to_owned(),
        currency.to_owned(),
        tid.to_owned(),
        number,
    )
}

#[tokio::test]
async fn a_lead_registers_and_deposits_at_1win() {
    let app = TestApp::start().await;
    let (made, path) = app
        .integration(json!({ "partner": "1win", "clickid_param": "sub4" }))
        .await;
    assert_eq!(made["clickid_macro"], "{sub4}");
    let urls: Vec<String> = made["postbacks"]
        .as_array()
        .expect("postbacks")
        .iter()
        .map(|one| text(&one["url"]))
        .collect();
    assert_eq!(urls.len(), 3);
    assert!(
        urls[1].contains("?tracker.event=sale&clickid={sub4}&tracker.cost={amount}"),
        "{}",
        urls[1]
    );

    // The template brought the fields; making them again says so.
    for (key, kind) in [("user_id", "text"), ("last_deposit", "number")] {
        let (status, problem) = app
            .api(
                "POST",
                "/custom-fields",
                json!({ "key": key, "kind": kind }),
            )
            .await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("conflict")));
    }

    let link = app
        .ok(
            "POST",
            "/links",
            json!({ "integration": made["id"], "name": "Registration", "base_url": "https://1wlink.example/?open=register" }),
        )
        .await;
    assert_eq!(
        link["final_url"],
        "https://1wlink.example/?open=register&sub4={{tracker.clickid}}"
    );
    let (lead, clickid) = app.lead().await;
    let rendered = app
        .get(&format!("/links/{}/render?lead={lead}", text(&link["id"])))
        .await;
    assert_eq!(
        rendered["url"],
        format!("https://1wlink.example/?open=register&sub4={clickid}")
    );

    // The partner fills the macros of the ready URLs.
    for (url, tid, amount) in [
        (&urls[0], "", ""),
        (&urls[1], "9001", "50.00"),
        (&urls[2], "9002", "120.5"),
    ] {
        let called = url
            .replace("{sub4}", &clickid)
            .replace("{amount}", amount)
            .replace("{transaction_id}", tid)
            .replace("{user_id}", "771204")
            .replace("{country}", "RU");
        let (_, path_and_query) = called.split_at(called.find("/api/").expect("a path"));
        let (status, answer) = app.send(path_and_query).await;
        assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{called}");
        let request = app.request(&answer).await;
        assert_eq!(
            (request["verdict"].as_str(), &request["flags"]),
            (Some("accepted"), &json!([])),
            "{called}"
        );
    }
    assert_eq!(
        shape(&app.events(&clickid).await),
        [
            row("registration", "-", "USD", "-", 1),
            row("first_deposit", "50", "USD", "9001", 1),
            row("repeat_deposit", "120.5", "USD", "9002", 2),
        ]
    );
    let lead = app.get(&format!("/leads/{lead}")).await;
    assert_eq!(
        lead["fields"],
        json!({ "country": "RU", "last_deposit": "120.5", "user_id": "771204" })
    );
    assert_eq!(lead["totals"]["deposited"], json!({ "USD": "170.5" }));

    // The same call again changes nothing.
    let again = format!(
        "{path}?tracker.event=resale&clickid={clickid}&tracker.cost=120.5&tracker.currency=usd&tracker.tid=9002"
    );
    let (_, answer) = app.send(&again).await;
    assert_eq!(app.request(&answer).await["verdict"], "duplicate");
    assert_eq!(app.events(&clickid).await.len(), 3);
    app.check().await;
}

/// The query of each URL of the reference page, as it stands there, and what must become of it when
/// the partner replaces its macros.
#[tokio::test]
async fn every_url_of_the_reference_page() {
    let app = TestApp::start().await;
    for key in ["last_deposit", "user_id"] {
        app.ok(
            "POST",
            "/custom-fields",
            json!({ "key": key, "kind": "text" }),
        )
        .await;
    }
    // (query on the page, event kind, flags)
    let pages: &[(&str, &str, &[&str])] = &[
        (
            "tracker.event=registration&clickid={sub1}",
            "registration",
            &[],
        ),
        (
            "tracker.event=registration\\&clickid={sub1}",
            "registration",
            &["stray_characters"],
        ),
        (
            "tracker.event=first_deposit_&clickid={sub1}",
            "other",
            &["placeholder_event"],
        ),
        (
            "tracker.event=first\\_deposit\\_\\&clickid={sub1}",
            "other",
            &["placeholder_event", "stray_characters"],
        ),
        (
            "tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd",
            "first_deposit",
            &[],
        ),
        (
            "tracker.event=recurring_deposit_&clickid={sub1}",
            "other",
            &["placeholder_event"],
        ),
        (
            "tracker.event=resale&clickid={sub1}&tracker.tid={event_id}",
            "repeat_deposit",
            &["amount_missing", "repeat_before_first"],
        ),
        (
            "clickid={clickid}&tracker.event=sale&tracker.cost={cost}&tracker.currency=usd&fields.last_deposit={cost}&fields.user_id={user_id}",
            "first_deposit",
            &[],
        ),
        (
            "clickid={clickid}&tracker.event=registration",
            "registration",
            &[],
        ),
    ];
    for (query, kind, flags) in pages {
        let path = app.custom().await;
        let (_, clickid) = app.lead().await;
        let filled = ["{sub1}", "{clickid}"]
            .iter()
            .fold((*query).to_owned(), |q, m| q.replace(m, &clickid));
        let filled = filled
            .replace("{amount}", "50")
            .replace("{cost}", "50.00")
            .replace("{event_id}", "e-17")
            .replace("{user_id}", "771");
        let (status, answer) = app.send(&format!("{path}?{filled}")).await;
        assert_eq!(status, 200, "{filled}");
        let request = app.request(&answer).await;
        assert_eq!(request["verdict"], "accepted", "{filled}: {request}");
        assert_eq!(request["flags"], json!(flags), "{filled}");
        let events = app.events(&clickid).await;
        assert_eq!(events.len(), 1, "{filled}");
        assert_eq!(events[0]["kind"], *kind, "{filled}");
        if query.contains("{cost}") {
            assert_eq!(
                (events[0]["amount"].as_str(), events[0]["currency"].as_str()),
                (Some("50"), Some("USD"))
            );
            let lead = app.get(&format!("/leads?clickid={clickid}")).await;
            assert_eq!(
                lead["items"][0]["fields"],
                json!({ "last_deposit": "50.00", "user_id": "771" })
            );
        }

        // The same link with its macros unfilled: kept, flagged, matched to nobody.
        let (status, answer) = app.send(&format!("{path}?{query}")).await;
        assert_eq!(status, 200, "{query}");
        let request = app.request(&answer).await;
        assert_eq!(request["verdict"], "unmatched", "{query}");
        assert!(
            request["flags"]
                .as_array()
                .expect("flags")
                .contains(&json!("macro_unexpanded")),
            "{query}"
        );
        assert_eq!(app.events(&clickid).await.len(), 1, "{query}");

        // A clickid that is only the parameter's name.
        let named = query.replace("{sub1}", "sub1").replace("{clickid}", "sub1");
        let (status, answer) = app.send(&format!("{path}?{named}")).await;
        assert_eq!(
            (status, &app.request(&answer).await["verdict"]),
            (200, &json!("unmatched")),
            "{named}"
        );
    }
    app.check().await;
}

#[tokio::test]
async fn a_repeat_deposit_by_resale_and_by_sale() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let sale = |tid: &str| {
        format!(
            "{path}?tracker.event=sale&clickid={clickid}&tracker.cost=10&tracker.currency=usd&tracker.tid={tid}"
        )
    };
    app.send(&sale("a")).await;
    app.send(&sale("b")).await;
    app.send(&sale("c").replace("event=sale", "event=resale"))
        .await;
    app.send(&sale("b")).await;
    assert_eq!(
        shape(&app.events(&clickid).await),
        [
            row("first_deposit", "10", "USD", "a", 1),
            row("repeat_deposit", "10", "USD", "b", 2),
            row("repeat_deposit", "10", "USD", "c", 3),
        ]
    );
}

#[tokio::test]
async fn an_unedited_link_is_mended_by_a_word_map_and_reprocessing() {
    let app = TestApp::start().await;
    let (made, path) = app
        .integration(json!({ "partner": null, "name": "Custom" }))
        .await;
    let (_, clickid) = app.lead().await;
    let (_, first) = app
        .send(&format!("{path}?tracker.event=first_deposit_&clickid={clickid}&tracker.cost=25&tracker.currency=eur"))
        .await;
    assert_eq!(app.events(&clickid).await[0]["kind"], "other");

    let rules = json!({ "rules": { "events": { "first_deposit_": "sale" } } });
    app.ok(
        "PATCH",
        &format!("/integrations/{}", text(&made["id"])),
        rules,
    )
    .await;
    let body =
        |dry_run: bool| json!({ "filter": { "flag": "placeholder_event" }, "dry_run": dry_run });
    let dry = app.ok("POST", "/inbox/reprocess", body(true)).await;
    assert_eq!(dry["changed"][0]["event"]["kind"], "first_deposit");
    assert_eq!(
        app.events(&clickid).await[0]["kind"],
        "other",
        "a dry run writes nothing"
    );
    let done = app.ok("POST", "/inbox/reprocess", body(false)).await;
    assert_eq!(done["changed"].as_array().expect("changes").len(), 1);
    assert_eq!(
        shape(&app.events(&clickid).await),
        [row("first_deposit", "25", "EUR", "-", 1)]
    );
    assert_eq!(app.request(&first).await["flags"], json!([]));
    let again = app.ok("POST", "/inbox/reprocess", json!({})).await;
    assert_eq!(again["changed"], json!([]), "a second time changes nothing");
    app.check().await;
}

#[tokio::test]
async fn postbacks_before_their_lead_wait_for_it() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    for tid in ["1", "2"] {
        app.send(&format!("{path}?tracker.event=sale&clickid=tg777&tracker.cost=5&tracker.currency=usd&tracker.tid={tid}")).await;
    }
    let (_, other) = app
        .send(&format!("{path}?tracker.event=registration&clickid=click9"))
        .await;
    assert_eq!(
        app.get("/inbox?verdict=unmatched").await["items"]
            .as_array()
            .expect("items")
            .len(),
        3
    );
    let lead = app
        .ok(
            "PUT",
            "/leads/by-clickid/tg777",
            json!({ "name": "Late lead" }),
        )
        .await;
    assert_eq!(lead["totals"]["deposited"], json!({ "USD": "10" }));
    assert_eq!(
        shape(&app.events("tg777").await),
        [
            row("first_deposit", "5", "USD", "1", 1),
            row("repeat_deposit", "5", "USD", "2", 2)
        ]
    );
    // A click is enough: the waiting registration makes the lead.
    app.ok("POST", "/clicks", json!({ "clickid": "click9" }))
        .await;
    assert_eq!(app.request(&other).await["verdict"], "accepted");
    assert_eq!(app.events("click9").await[0]["kind"], "registration");
    app.check().await;
}
