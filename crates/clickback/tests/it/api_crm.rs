//! Work with leads by the API: notes, tags, statuses, merging, lists and taking them back, requests that
//! are counted separately; and a second workspace, for which nothing of it is there.

use clickback::tokens;
use serde_json::{Value, json};

use crate::harness::{TestApp, text};

const CURRENCY: &str = "tracker.currency=usd";

#[tokio::test]
async fn notes_are_written_and_read() {
    let app = TestApp::start().await;
    let (lead, _) = app.lead().await;
    let notes = format!("/leads/{lead}/notes");
    assert_eq!(app.get(&notes).await["items"], json!([]));
    for text in ["Called, no answer", "<b>Call back</b> on Monday"] {
        let (status, made) = app.api("POST", &notes, json!({ "text": text })).await;
        assert_eq!((status, &made["text"]), (201, &json!(text)));
        assert!(made["created_at"].is_string() && made["edited_at"].is_null());
    }
    let list = app.get(&notes).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        list["items"][0]["text"], "<b>Call back</b> on Monday",
        "the newest first"
    );
    for (body, status) in [
        (json!({ "text": "  " }), 422),
        (json!({ "text": "x".repeat(10_001) }), 422),
        (json!({}), 400),
        (json!({ "text": 5 }), 400),
    ] {
        let (found, problem) = app.api("POST", &notes, body).await;
        assert_eq!(found, status, "{problem}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 10),
            "{problem}"
        );
    }
    assert_eq!(
        app.api("GET", "/leads/0000000000001/notes", Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn statuses_tags_and_buyers() {
    let app = TestApp::start().await;
    let (lead, _) = app.lead().await;
    let (other, _) = app.lead().await;
    let (buyer, _) = app.log_in_as(clickback::people::Role::Buyer).await;
    let path = format!("/leads/{lead}");
    let patch = async |body: Value| app.api("PATCH", &path, body).await;
    let made = app.get(&path).await;
    let changed = app
        .ok("PATCH", &path, json!({ "status": "in_work", "tags": ["VIP", " VIP ", "Facebook"], "buyer": buyer.to_string() }))
        .await;
    assert_eq!(changed["status"], "in_work");
    assert_ne!(made["status"], changed["status"]);
    assert_eq!(
        changed["tags"].as_array().map(Vec::len),
        Some(2),
        "{changed}"
    );
    assert_eq!(changed["buyer"], buyer.to_string());
    for (filter, found) in [
        ("status=in_work".to_owned(), true),
        ("status=new".to_owned(), false),
        ("tag=VIP".to_owned(), true),
        ("tag=nothing".to_owned(), false),
        (format!("buyer={buyer}"), true),
        ("buyer=999".to_owned(), false),
    ] {
        let list = app.get(&format!("/leads?{filter}")).await;
        let ids: Vec<&str> = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|lead| lead["id"].as_str())
            .collect();
        assert_eq!(ids.contains(&lead.as_str()), found, "{filter}");
        assert_eq!(
            ids.contains(&other.as_str()),
            filter == "status=new",
            "{filter}"
        );
    }
    // What is refused changes nothing.
    let before = app.get(&path).await;
    for (body, status) in [
        (json!({ "status": "nonsense" }), 422),
        (json!({ "tags": ["x".repeat(41)] }), 422),
        (json!({ "buyer": "999" }), 404),
        (json!({ "buyer": "anna" }), 404),
        (json!({ "colour": "red" }), 400),
    ] {
        let (found, problem) = patch(body.clone()).await;
        assert_eq!(found, status, "{body}: {problem}");
    }
    assert_eq!(app.get(&path).await, before);
    let emptied = app
        .ok("PATCH", &path, json!({ "tags": [], "buyer": "" }))
        .await;
    assert_eq!(
        (&emptied["tags"], &emptied["buyer"]),
        (&json!([]), &Value::Null)
    );
}

#[tokio::test]
async fn two_leads_become_one() {
    let app = TestApp::start().await;
    let postback = app.custom().await;
    let (kept, keeps) = app.lead().await;
    let (lost, loses) = app.lead().await;
    for (clickid, rest) in [
        (&keeps, "tracker.event=registration"),
        (&loses, "tracker.event=registration"),
        (&keeps, "tracker.event=sale&tracker.cost=50&tracker.tid=1"),
        (&loses, "tracker.event=sale&tracker.cost=50&tracker.tid=1"),
        (&loses, "tracker.event=resale&tracker.cost=20&tracker.tid=2"),
    ] {
        app.send(&format!("{postback}?clickid={clickid}&{CURRENCY}&{rest}"))
            .await;
    }
    app.ok(
        "POST",
        &format!("/leads/{lost}/notes"),
        json!({ "text": "From the other one" }),
    )
    .await;
    let path = format!("/leads/{kept}/merge");
    let before = app.get(&format!("/leads/{kept}")).await;
    let plan = app
        .ok("POST", &path, json!({ "with": lost, "dry_run": true }))
        .await;
    assert_eq!(
        (&plan["dry_run"], &plan["events"], &plan["notes"]),
        (&json!(true), &json!(3), &json!(1))
    );
    assert_eq!(plan["repeats"].as_array().map(Vec::len), Some(2), "{plan}");
    assert_eq!(
        app.get(&format!("/leads/{kept}")).await,
        before,
        "a dry run writes nothing"
    );
    let done = app.ok("POST", &path, json!({ "with": lost })).await;
    assert_eq!(done["lead"]["totals"], plan["lead"]["totals"]);
    assert_eq!(done["lead"]["totals"]["deposited"]["USD"], "70");
    // The other lead's number and clickid lead here.
    for found in [
        app.get(&format!("/leads/{lost}")).await,
        app.get(&format!("/leads?clickid={loses}")).await["items"][0].clone(),
    ] {
        assert_eq!(text(&found["id"]), kept);
    }
    for (with, status) in [
        (&lost, 422),
        (&kept, 422),
        (&"0000000000001".to_owned(), 404),
    ] {
        let (found, problem) = app.api("POST", &path, json!({ "with": with })).await;
        assert_eq!(found, status, "{with}: {problem}");
    }
    app.check().await;
}

#[tokio::test]
async fn a_list_is_applied_and_taken_back() {
    let app = TestApp::start().await;
    let (made, postback) = app
        .integration(json!({ "partner": null, "name": "Casino" }))
        .await;
    let integration = text(&made["id"]);
    let (lead, clickid) = app.lead().await;
    let list = format!(
        "clickid;event;sum;currency;tid\n{clickid};registration;;;\n{clickid};sale;50;usd;1\n{clickid};resale;20;usd;2\nunknown1;sale;5;usd;3\n"
    );
    let body =
        |dry_run: bool| json!({ "integration": integration, "text": list, "dry_run": dry_run });
    let verdicts = |answer: &Value| -> Vec<String> {
        answer["lines"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| text(&line["verdict"]))
            .collect()
    };
    let expected = ["accepted", "accepted", "accepted", "unmatched"];
    let (status, plan) = app.api("POST", "/imports", body(true)).await;
    assert_eq!(
        (status, verdicts(&plan).as_slice()),
        (200, &expected.map(str::to_owned)[..])
    );
    assert!(plan["id"].is_null() && plan["lines"][0]["request_id"].is_null());
    assert_eq!(
        app.events(&clickid).await.len(),
        0,
        "a dry run writes nothing"
    );
    let (status, done) = app.api("POST", "/imports", body(false)).await;
    assert_eq!(
        (status, verdicts(&done).as_slice()),
        (201, &expected.map(str::to_owned)[..])
    );
    assert_eq!(text(&done["lines"][1]["lead"]), lead);
    let request = app
        .get(&format!("/inbox/{}", text(&done["lines"][1]["request_id"])))
        .await;
    assert_eq!(request["method"], "LIST");
    assert_eq!(
        app.get(&format!("/leads/{lead}")).await["totals"]["deposited"]["USD"],
        "70"
    );
    // The partner names one of them afterwards: that one stays.
    app.send(&format!(
        "{postback}?clickid={clickid}&tracker.event=resale&tracker.cost=20&{CURRENCY}&tracker.tid=2"
    ))
    .await;
    let path = format!("/imports/{}", text(&done["id"]));
    let undone = app.ok("DELETE", &path, Value::Null).await;
    assert_eq!(
        (&undone["removed_events"], &undone["kept_lines"]),
        (&json!(2), &json!([4]))
    );
    assert_eq!(
        app.get(&format!("/leads/{lead}")).await["totals"]["deposited"]["USD"],
        "20"
    );
    assert_eq!(app.api("DELETE", &path, Value::Null).await.0, 409);
    for (method, path, body, status) in [
        ("DELETE", "/imports/999", Value::Null, 404),
        ("DELETE", "/imports/x", Value::Null, 404),
        (
            "POST",
            "/imports",
            json!({ "integration": "999", "text": "a;sale" }),
            404,
        ),
        (
            "POST",
            "/imports",
            json!({ "integration": integration, "text": "" }),
            422,
        ),
    ] {
        assert_eq!(
            app.api(method, path, body).await.0,
            status,
            "{method} {path}"
        );
    }
    app.check().await;
}

/// One id, two payments: by the API and by the page, with a line in the log, once.
#[tokio::test]
async fn another_sum_is_counted_separately() {
    let app = TestApp::start().await;
    let postback = app.custom().await;
    let (_, clickid) = app.lead().await;
    let send = async |cost: u32| {
        let query = format!(
            "{postback}?clickid={clickid}&tracker.event=sale&tracker.cost={cost}&{CURRENCY}&tracker.tid=T"
        );
        text(&app.send(&query).await.1["request_id"])
    };
    let (first, by_api, by_page) = (send(50).await, send(70).await, send(90).await);
    let separately = |id: &str| format!("/inbox/{id}/separately");
    let (status, problem) = app.api("POST", &separately(&first), Value::Null).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(
        app.api("POST", &separately("0000000000001"), Value::Null)
            .await
            .0,
        404
    );
    for _ in 0..2 {
        let done = app.ok("POST", &separately(&by_api), Value::Null).await;
        assert_eq!(
            (&done["verdict"], &done["flags"]),
            (&json!("accepted"), &json!(["counted_separately"]))
        );
        assert_eq!(
            (
                &done["event_detail"]["kind"],
                &done["event_detail"]["amount"]
            ),
            (&json!("repeat_deposit"), &json!("70"))
        );
    }
    let (status, page) = app.page(&format!("/inbox/{by_page}")).await;
    assert_eq!(status, 200);
    for words in [
        "Count separately",
        "50.00\u{a0}USD is recorded",
        "90.00\u{a0}USD",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for _ in 0..2 {
        assert_eq!(app.submit(&separately(&by_page), "").await.0, 303);
    }
    let (_, page) = app.page(&format!("/inbox/{by_page}")).await;
    assert!(!page.contains("Count separately"), "it is done");
    assert_eq!(app.submit(&separately(&first), "").await.0, 422);
    let amounts: Vec<String> = app
        .events(&clickid)
        .await
        .iter()
        .map(|event| text(&event["amount"]))
        .collect();
    assert_eq!(amounts, ["50", "70", "90"]);
    let (_, log) = app.page("/settings/log").await;
    assert_eq!(
        log.matches("counted a request separately").count(),
        2,
        "{log}"
    );
    app.check().await;
}

/// Every call that names something, with the token of another workspace.
#[tokio::test]
async fn another_workspace_finds_nothing() {
    let mut app = TestApp::start().await;
    let (made, postback) = app
        .integration(json!({ "partner": null, "name": "Casino" }))
        .await;
    let integration = text(&made["id"]);
    let configuration = text(
        &app.ok(
            "POST",
            &format!("/integrations/{integration}/postbacks"),
            json!({ "name": "Sale", "event": "sale" }),
        )
        .await["id"],
    );
    let (lead, clickid) = app.lead().await;
    let field = text(
        &app.ok(
            "POST",
            "/custom-fields",
            json!({ "key": "city", "name": "City", "kind": "text" }),
        )
        .await["id"],
    );
    let link = text(
        &app.ok(
            "POST",
            "/links",
            json!({ "integration": integration, "name": "Link", "base_url": "https://a.example/" }),
        )
        .await["id"],
    );
    let (_, answer) = app.send(&format!("{postback}?clickid={clickid}&tracker.event=sale&tracker.cost=5&{CURRENCY}&tracker.tid=1")).await;
    let request = text(&answer["request_id"]);
    let import = text(
        &app.ok(
            "POST",
            "/imports",
            json!({ "integration": integration, "text": format!("{clickid};registration") }),
        )
        .await["id"],
    );
    let (buyer, _) = app.log_in_as(clickback::people::Role::Buyer).await;
    let inventory = async |app: &TestApp| {
        let mut all = Vec::new();
        for path in [
            "/integrations",
            "/leads",
            "/custom-fields",
            "/custom-events",
            "/links",
            "/inbox",
            "/events",
        ] {
            all.push(app.get(path).await);
        }
        all.push(app.get(&format!("/integrations/{integration}")).await);
        all.push(app.get(&format!("/leads/{lead}/notes")).await);
        all
    };
    let before = inventory(&app).await;

    let theirs = app.second_workspace().await;
    let (token, hash) = tokens::generate();
    app.app
        .store
        .create_token(theirs, "theirs".to_owned(), hash)
        .await
        .expect("a token");
    let own = std::mem::replace(&mut app.token, token);

    // Every operation of the description that has an id in its path.
    let description = serde_json::to_value(clickback::api::description()).expect("JSON");
    let mut asked = 0;
    for (path, operations) in description["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").expect("a version");
        if !path.contains('{') || path.starts_with("/partners/") || path.contains("by-clickid") {
            continue;
        }
        let id = match path.split('/').nth(1).expect("a topic") {
            "integrations" => &integration,
            "custom-fields" => &field,
            "leads" => &lead,
            "imports" => &import,
            "links" => &link,
            "events" | "inbox" => &request,
            other => panic!("what is {other}?"),
        };
        let address = path
            .replace("{id}", id)
            .replace("{request_id}", id)
            .replace("{postback}", &configuration);
        let address = if path.ends_with("/render") {
            format!("{address}?lead={lead}")
        } else {
            address
        };
        for method in operations.as_object().expect("operations").keys() {
            let body = match (method.as_str(), path) {
                ("get" | "delete", _) | (_, "/inbox/{request_id}/separately") => Value::Null,
                (_, "/leads/{id}/notes") => json!({ "text": "Taken" }),
                (_, "/leads/{id}/merge") => json!({ "with": lead }),
                (_, "/leads/{id}/identities") => json!({ "kind": "telegram", "value": "1" }),
                (_, "/events/{id}") => json!({ "status": "rejected" }),
                (_, "/integrations/{id}/postbacks" | "/integrations/{id}/postbacks/{postback}") => {
                    json!({ "name": "x", "event": "sale" })
                }
                (_, "/integrations/{id}/postbacks/order") => json!({ "order": [configuration] }),
                (_, "/integrations/{id}/test") => json!({ "event": "sale" }),
                _ => json!({ "name": "Taken" }),
            };
            let (status, problem) = app.api(&method.to_uppercase(), &address, body).await;
            assert_eq!(
                (status, &problem["code"]),
                (404, &json!("not_found")),
                "{method} {address}: {problem}"
            );
            asked += 1;
        }
    }
    assert!(asked >= 25, "{asked} operations have an id");

    // Ids in bodies and filters.
    let (theirs, _) = app.lead().await;
    for (method, path, body) in [
        (
            "POST",
            "/links".to_owned(),
            json!({ "integration": integration, "name": "x", "base_url": "https://a.example/" }),
        ),
        (
            "POST",
            "/imports".to_owned(),
            json!({ "integration": integration, "text": format!("{clickid};sale") }),
        ),
        (
            "POST",
            format!("/leads/{theirs}/merge"),
            json!({ "with": lead }),
        ),
        (
            "POST",
            format!("/leads/{theirs}/identities"),
            json!({ "kind": "player", "value": "1", "integration": integration }),
        ),
        (
            "PATCH",
            format!("/leads/{theirs}"),
            json!({ "buyer": buyer.to_string() }),
        ),
        (
            "POST",
            "/doctor".to_owned(),
            json!({ "text": "clickid=x", "integration": integration }),
        ),
    ] {
        let (status, problem) = app.api(method, &path, body.clone()).await;
        assert_eq!(status, 404, "{method} {path} {body}: {problem}");
    }
    for path in [
        format!("/leads?clickid={clickid}"),
        format!("/leads?integration={integration}"),
        format!("/leads?buyer={buyer}"),
        format!("/events?clickid={clickid}"),
        format!("/events?lead={lead}"),
        format!("/events?integration={integration}"),
        format!("/inbox?clickid={clickid}"),
        format!("/inbox?integration={integration}"),
        "/links".to_owned(),
        "/integrations".to_owned(),
        "/custom-fields".to_owned(),
        "/inbox".to_owned(),
    ] {
        assert_eq!(app.get(&path).await["items"], json!([]), "{path}");
    }
    let again = app
        .ok(
            "POST",
            "/inbox/reprocess",
            json!({ "filter": { "ids": [request] } }),
        )
        .await;
    assert_eq!(again["seen"], 0);
    // The same clickid and key there are another lead and another field.
    let other = app
        .ok(
            "PUT",
            &format!("/leads/by-clickid/{clickid}"),
            json!({ "name": "Namesake" }),
        )
        .await;
    assert_ne!(text(&other["id"]), lead);
    assert_eq!(
        app.api(
            "POST",
            "/custom-fields",
            json!({ "key": "city", "name": "City", "kind": "text" })
        )
        .await
        .0,
        201
    );
    app.token = own;
    assert_eq!(inventory(&app).await, before);
    app.check().await;
}
