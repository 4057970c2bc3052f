//! The API: shapes, errors as problems, tokens, and the description.

use serde_json::{Value, json};

use crate::harness::{TestApp, text};

#[tokio::test]
async fn nothing_works_without_a_token() {
    let mut app = TestApp::start().await;
    app.token = "cb_wrong".to_owned();
    for (method, path) in [
        ("GET", "/partners"),
        ("POST", "/leads"),
        ("GET", "/inbox"),
        ("POST", "/doctor"),
        ("DELETE", "/integrations/1"),
    ] {
        let (status, problem) = app.api(method, path, Value::Null).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (401, Some("unauthorized")),
            "{method} {path}"
        );
    }
}

/// Every operation of the description answers 401 without a token: none was forgotten.
#[tokio::test]
async fn the_description_lists_operations_that_ask_for_a_token() {
    let mut app = TestApp::start().await;
    app.token = String::new();
    let description = serde_json::to_value(clickback::api::description()).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() > 20);
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            let path = path
                .strip_prefix("/api/v1")
                .expect("a version")
                .replace(['{', '}'], "");
            let (status, _) = app.api(&method.to_uppercase(), &path, Value::Null).await;
            assert_eq!(status, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn bad_input_is_a_problem_that_says_what_to_do() {
    let app = TestApp::start().await;
    let (made, _) = app.integration(json!({ "partner": null })).await;
    let id = text(&made["id"]);
    let long = "x".repeat(300);
    let cases: Vec<(&str, String, Value, u16, &str)> = vec![
        (
            "POST",
            "/integrations".into(),
            json!({ "partner": "nobody" }),
            422,
            "there is no partner `nobody`",
        ),
        (
            "POST",
            "/integrations".into(),
            json!({ "partner": null, "clickid_param": "a b" }),
            422,
            "clickid_param `a b`",
        ),
        (
            "POST",
            "/integrations".into(),
            json!({ "partner": null, "rules": { "aliases": { "x": "leads.id" } } }),
            422,
            "no parameter of a postback",
        ),
        (
            "POST",
            "/integrations".into(),
            json!({ "partner": null, "rules": { "wat": 1 } }),
            400,
            "unknown field `wat`",
        ),
        (
            "PATCH",
            format!("/integrations/{id}"),
            json!({ "rules": { "allowed_ips": ["10.0.0.0/99"] } }),
            422,
            "neither an address nor a network",
        ),
        (
            "PATCH",
            format!("/integrations/{id}"),
            json!({ "rules": { "secrets": ["short"] } }),
            422,
            "at least 8 characters",
        ),
        (
            "GET",
            "/integrations/999".into(),
            Value::Null,
            404,
            "integration not found",
        ),
        (
            "GET",
            "/integrations/x".into(),
            Value::Null,
            404,
            "integration not found",
        ),
        (
            "POST",
            "/custom-fields".into(),
            json!({ "key": "Имя", "kind": "text" }),
            422,
            "a-z, 0-9 and _",
        ),
        (
            "POST",
            "/custom-fields".into(),
            json!({ "key": "a", "kind": "money" }),
            422,
            "kind is `money`",
        ),
        (
            "POST",
            "/custom-events".into(),
            json!({ "name": "sale" }),
            422,
            "built in already",
        ),
        (
            "POST",
            "/leads".into(),
            json!({ "clickid": "{sub1}" }),
            422,
            "not a clickid",
        ),
        (
            "POST",
            "/leads".into(),
            json!({ "clickid": "sub1" }),
            422,
            "not a clickid",
        ),
        (
            "POST",
            "/leads".into(),
            json!({ "clickid": long }),
            422,
            "1–255 bytes",
        ),
        (
            "POST",
            "/leads".into(),
            json!({ "fields": { "nope": "1" } }),
            422,
            "no custom field `nope`",
        ),
        ("POST", "/leads".into(), json!([1]), 400, "expected"),
        (
            "GET",
            "/leads/zzz".into(),
            Value::Null,
            404,
            "lead not found",
        ),
        (
            "POST",
            "/links".into(),
            json!({ "integration": id, "name": "x", "base_url": "t.me/bot" }),
            422,
            "https://",
        ),
        (
            "POST",
            "/links".into(),
            json!({ "integration": id, "name": "x", "base_url": "https://a.b/?x={{wat}}" }),
            422,
            "wat",
        ),
        (
            "POST",
            "/links".into(),
            json!({ "integration": "77", "name": "x", "base_url": "https://a.b" }),
            404,
            "integration not found",
        ),
        (
            "GET",
            "/events?kind=money".into(),
            Value::Null,
            422,
            "kind is `money`",
        ),
        (
            "GET",
            "/events?from=yesterday".into(),
            Value::Null,
            422,
            "from is `yesterday`",
        ),
        (
            "GET",
            "/events?limit=5000".into(),
            Value::Null,
            422,
            "1 to 200",
        ),
        (
            "GET",
            "/inbox?verdict=nice".into(),
            Value::Null,
            422,
            "verdict is `nice`",
        ),
        (
            "GET",
            "/inbox?wat=1".into(),
            Value::Null,
            400,
            "unknown field",
        ),
        (
            "POST",
            "/doctor".into(),
            json!({ "text": " " }),
            422,
            "text is empty",
        ),
        ("GET", "/nothing".into(), Value::Null, 404, "openapi.json"),
        (
            "DELETE",
            "/leads".into(),
            Value::Null,
            405,
            "does not take this method",
        ),
    ];
    for (method, path, body, status, part) in cases {
        let (got, problem) = app.api(method, &path, body).await;
        assert_eq!(got, status, "{method} {path}: {problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(part), "{method} {path}: {detail}");
    }
}

#[tokio::test]
async fn integrations_are_changed_and_deleted() {
    let app = TestApp::start().await;
    let (made, path) = app
        .integration(json!({ "partner": null, "name": "One" }))
        .await;
    let id = text(&made["id"]);
    let changed = app
        .ok(
            "PATCH",
            &format!("/integrations/{id}"),
            json!({ "name": "Two", "clickid_param": "aff_sub" }),
        )
        .await;
    assert_eq!(
        (changed["name"].as_str(), changed["clickid_macro"].as_str()),
        (Some("Two"), Some("{aff_sub}"))
    );
    let added = app
        .ok(
            "POST",
            &format!("/integrations/{id}/postbacks"),
            json!({ "name": "Withdrawal", "event": "withdrawal", "rules": { "params": [["tracker.cost", "{sum}"]] } }),
        )
        .await;
    assert!(
        text(&added["url"])
            .ends_with("?tracker.event=withdrawal&clickid={aff_sub}&tracker.cost={sum}")
    );
    let postback = text(&added["id"]);
    let edited = app
        .ok(
            "PATCH",
            &format!("/integrations/{id}/postbacks/{postback}"),
            json!({ "name": "Out", "event": "chargeback" }),
        )
        .await;
    assert_eq!(edited["event"], "chargeback");
    assert_eq!(
        app.api(
            "DELETE",
            &format!("/integrations/{id}/postbacks/{postback}"),
            Value::Null
        )
        .await
        .0,
        204
    );
    assert_eq!(
        app.get(&format!("/integrations/{id}/postbacks")).await["items"]
            .as_array()
            .expect("items")
            .len(),
        3
    );

    // Switched off: 404 for the partner, but the request is kept and counts once it is on again.
    let (_, clickid) = app.lead().await;
    app.ok(
        "PATCH",
        &format!("/integrations/{id}"),
        json!({ "enabled": false }),
    )
    .await;
    let (status, answer) = app
        .send(&format!(
            "{path}?tracker.event=registration&clickid={clickid}"
        ))
        .await;
    assert_eq!(
        (status, answer["error"].as_str()),
        (404, Some("switched_off"))
    );
    app.ok(
        "PATCH",
        &format!("/integrations/{id}"),
        json!({ "enabled": true }),
    )
    .await;
    let report = app
        .ok(
            "POST",
            "/inbox/reprocess",
            json!({ "filter": { "verdict": "rejected" } }),
        )
        .await;
    assert_eq!(report["changed"][0]["after"], "accepted");
    assert_eq!(app.events(&clickid).await.len(), 1);

    assert_eq!(
        app.api("DELETE", &format!("/integrations/{id}"), Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(
        app.send(&format!(
            "{path}?tracker.event=registration&clickid={clickid}"
        ))
        .await
        .0,
        404
    );
    assert_eq!(app.events(&clickid).await.len(), 1, "events stay");
}

#[tokio::test]
async fn secrets_and_addresses_are_asked_for() {
    let app = TestApp::start().await;
    let rules =
        json!({ "secrets": ["old-secret-1", "new-secret-2"], "allowed_ips": ["127.0.0.0/8"] });
    let (made, path) = app
        .integration(json!({ "partner": null, "rules": rules }))
        .await;
    let url = text(&made["postbacks"][0]["url"]);
    assert!(url.ends_with("&secret=new-secret-2"), "{url}");
    let (_, clickid) = app.lead().await;
    let base = format!("{path}?tracker.event=registration&clickid={clickid}");
    let (status, answer) = app.send(&base).await;
    assert_eq!((status, answer["error"].as_str()), (403, Some("forbidden")));
    assert_eq!(app.send(&format!("{base}&secret=wrong")).await.0, 403);
    assert_eq!(
        app.get("/inbox?verdict=rejected").await["items"]
            .as_array()
            .expect("items")
            .len(),
        2
    );
    assert_eq!(
        app.send(&format!("{base}&secret=old-secret-1")).await.0,
        200
    );
    let id = text(&made["id"]);
    let elsewhere = json!({ "rules": { "allowed_ips": ["203.0.113.0/24"] } });
    app.ok("PATCH", &format!("/integrations/{id}"), elsewhere)
        .await;
    assert_eq!(app.send(&base).await.0, 403);
}

#[tokio::test]
async fn identities_are_bound_once() {
    let app = TestApp::start().await;
    let (made, path) = app
        .integration(
            json!({ "partner": "1win", "rules": { "player_field": "user_id", "currency": "USD" } }),
        )
        .await;
    let (one, clickid) = app.lead().await;
    let (two, _) = app.lead().await;
    let bind = |kind: &str, value: &str| json!({ "kind": kind, "value": value });
    app.ok(
        "POST",
        &format!("/leads/{one}/identities"),
        bind("telegram", "555"),
    )
    .await;
    let (status, problem) = app
        .api(
            "POST",
            &format!("/leads/{two}/identities"),
            bind("telegram", "555"),
        )
        .await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("conflict")));
    let (status, _) = app
        .api(
            "POST",
            &format!("/leads/{one}/identities"),
            bind("player", "77"),
        )
        .await;
    assert_eq!(status, 422, "a player id needs its integration");
    let with = json!({ "kind": "player", "value": "77", "integration": made["id"] });
    app.ok("POST", &format!("/leads/{one}/identities"), with)
        .await;
    // No clickid came, but the player is known.
    let (_, answer) = app
        .send(&format!("{path}?tracker.event=sale&clickid={{sub4}}&tracker.cost=9&tracker.tid=5&fields.user_id=77"))
        .await;
    let request = app.request(&answer).await;
    assert_eq!(
        (request["verdict"].as_str(), request["lead"].as_str()),
        (Some("accepted"), Some(one.as_str()))
    );
    // A second clickid leads to the same lead, and is no transaction id.
    app.ok(
        "POST",
        &format!("/leads/{one}/identities"),
        bind("clickid", "second-click"),
    )
    .await;
    let (_, answer) = app
        .send(&format!(
            "{path}?tracker.event=resale&clickid={clickid}&tracker.cost=1&tracker.tid=second-click"
        ))
        .await;
    let flags = app.request(&answer).await["flags"].clone();
    assert!(
        flags
            .as_array()
            .expect("flags")
            .contains(&json!("tid_is_clickid")),
        "{flags}"
    );
    app.check().await;
}

#[tokio::test]
async fn test_events_are_apart() {
    let app = TestApp::start().await;
    let (made, _) = app.integration(json!({ "partner": "1win" })).await;
    let sent = app
        .ok(
            "POST",
            &format!("/integrations/{}/test", text(&made["id"])),
            json!({ "event": "sale", "amount": "50", "tid": "t1" }),
        )
        .await;
    assert_eq!(sent["verdict"], "accepted");
    assert_eq!(
        app.get("/leads").await["items"],
        json!([]),
        "the test lead is in no list"
    );
    let report = app.app.store.check().await.expect("a report");
    assert_eq!(
        (report.events, report.rollups),
        (1, 0),
        "a test is in no roll-up"
    );
    app.check().await;
}

#[tokio::test]
async fn the_doctor_tries_without_writing() {
    let app = TestApp::start().await;
    let (_, path) = app.integration(json!({ "partner": "1win" })).await;
    let (_, clickid) = app.lead().await;
    let url = format!(
        "{}{path}?tracker.event=sale&clickid={clickid}&tracker.cost=50&tracker.currency=usd&tracker.tid=1",
        app.app.settings.public_url
    );
    let answer = app.ok("POST", "/doctor", json!({ "text": url })).await;
    assert_eq!(answer["kind"], "our_postback");
    assert_eq!(
        answer["dry_run"]["event"]["kind"], "first_deposit",
        "{answer}"
    );
    assert_eq!(app.events(&clickid).await, Vec::<Value>::new());
    assert_eq!(app.get("/inbox").await["items"], json!([]));
    let template = app.ok("POST", "/doctor", json!({ "text": "https://tracker.example/postback?subid={subid}&payout={payout}&status={status}&tid={tid}" })).await;
    assert_eq!(template["kind"], "foreign");
    assert!(
        text(&template["converted"]).contains("clickid={subid}"),
        "{template}"
    );
}
