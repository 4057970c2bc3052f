//! Malformed, huge, slow, pipelined and duplicated: the right 4xx, never 500, never a hang, and a
//! good client is served meanwhile.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::TestApp;

/// Sends bytes, half-closes, and returns everything that comes back.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.expect("a connection");
    // The server may close while a huge request is still being written.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    let _ = read.await.expect("an answer, not a hang");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer
        .get(9..12)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn malformed_requests_get_the_right_4xx() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let good = format!("{path}?tracker.event=registration&clickid={clickid}");
    let get =
        |target: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let post = |kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let many: String = (0..201).map(|n| format!("&p{n}=1")).collect();
    let fields: String = (0..101).map(|n| format!("&fields.f{n}=1")).collect();
    let headers: String = (0..150).map(|n| format!("X-{n}: 1\r\n")).collect();
    let cases: Vec<(&str, String, u16)> = vec![
        ("good", get(&good), 200),
        (
            "no clickid",
            get(&format!("{path}?tracker.event=sale")),
            400,
        ),
        ("no event", get(&format!("{path}?clickid={clickid}")), 400),
        ("nothing", get(&path), 400),
        (
            "broken escape",
            get(&format!("{path}?clickid=%zz&tracker.event=sale")),
            400,
        ),
        (
            "NUL",
            get(&format!("{path}?clickid=a%00b&tracker.event=sale")),
            400,
        ),
        (
            "not UTF-8",
            get(&format!("{path}?clickid=%ff%fe&tracker.event=sale")),
            400,
        ),
        ("two clickids", get(&format!("{good}&clickid=other")), 400),
        (
            "the same clickid twice",
            get(&format!("{good}&clickid={clickid}")),
            200,
        ),
        (
            "clickid of 256 bytes",
            get(&format!(
                "{path}?tracker.event=sale&clickid={}",
                "x".repeat(256)
            )),
            400,
        ),
        ("201 parameters", get(&format!("{good}{many}")), 400),
        ("101 fields", get(&format!("{good}{fields}")), 400),
        (
            "a broken escape in a field",
            get(&format!("{good}&fields.name=%ff")),
            200,
        ),
        (
            "unknown uuid",
            get("/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?clickid=a"),
            404,
        ),
        (
            "no uuid",
            get("/api/postbacks/../tracker-postback?clickid=a"),
            404,
        ),
        (
            "PUT",
            format!(
                "PUT {good} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
            405,
        ),
        (
            "HEAD",
            format!("HEAD {good} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            405,
        ),
        (
            "form",
            post(
                "application/x-www-form-urlencoded",
                &format!("tracker.event=registration&clickid={clickid}"),
            ),
            200,
        ),
        (
            "JSON",
            post(
                "application/json",
                &format!(
                    "{{\"tracker.event\":\"sale\",\"clickid\":\"{clickid}\",\"tracker.cost\":12.50}}"
                ),
            ),
            200,
        ),
        ("JSON array", post("application/json", "[1,2]"), 400),
        (
            "JSON cut off",
            post("application/json", "{\"clickid\":"),
            400,
        ),
        (
            "deep JSON",
            post(
                "application/json",
                &format!("{}{}", "{\"a\":".repeat(2_000), "}".repeat(2_000)),
            ),
            400,
        ),
        (
            "multipart",
            post("multipart/form-data; boundary=x", "--x--"),
            415,
        ),
        (
            "body of 65 KiB",
            post("application/x-www-form-urlencoded", &"x".repeat(66_000)),
            413,
        ),
        (
            "query of 70 KB",
            get(&format!("{good}&x={}", "y".repeat(70_000))),
            414,
        ),
        (
            "150 headers",
            format!("GET {good} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"),
            431,
        ),
        ("no HTTP", "HELLO\r\n\r\n".to_owned(), 400),
        (
            "two lengths",
            format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"
            ),
            400,
        ),
        (
            "length and chunks",
            format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (
            "negative length",
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc"),
            400,
        ),
    ];
    for (name, request, expected) in cases {
        let answer = raw(&app, request.as_bytes()).await;
        assert_eq!(
            status(&answer),
            expected,
            "{name}: {}",
            answer.chars().take(300).collect::<String>()
        );
    }
    // Every 4xx to a known address is in the inbox and can be decided again.
    let rejected = app.get("/inbox?verdict=rejected&limit=200").await;
    let codes: Vec<&str> = rejected["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    for code in [
        "missing_clickid",
        "missing_event",
        "bad_encoding",
        "conflicting_values",
        "too_long",
        "too_many_parameters",
        "bad_body",
        "unsupported_type",
        "too_large",
    ] {
        assert!(codes.contains(&code), "{code} is not in {codes:?}");
    }
    app.check().await;
}

#[tokio::test]
async fn raw_bytes_never_make_a_500() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let mut seed = 0x1234_5678_9abc_def0_u64;
    for round in 0..400 {
        let mut query = Vec::new();
        for _ in 0..40 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let byte = seed.to_le_bytes()[5];
            // Bytes that end the request line are sent escaped.
            if byte <= b' ' || byte == 0x7f || byte == b'#' {
                query.extend_from_slice(format!("%{byte:02x}").as_bytes());
            } else {
                query.push(byte);
            }
        }
        let mut request = format!("GET {path}?clickid=a&tracker.event=sale&").into_bytes();
        request.extend_from_slice(&query);
        request.extend_from_slice(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = raw(&app, &request).await;
        assert!(
            matches!(status(&answer), 200 | 400),
            "round {round}: {answer}"
        );
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let one = |tid: usize| {
        format!(
            "GET {path}?tracker.event=sale&clickid={clickid}&tracker.cost=1&tracker.currency=usd&tracker.tid={tid} HTTP/1.1\r\nHost: x\r\n\r\n"
        )
    };
    let all: String = (0..50).map(one).collect();
    let answers = raw(&app, all.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 50);
    assert_eq!(app.events(&clickid).await.len(), 50);
}

/// Slow clients are cut off by the timeout while others are served.
#[tokio::test]
async fn slow_clients_do_not_stand_in_the_way() {
    let app = TestApp::start_with(|settings| {
        settings.header_timeout_seconds = 1;
        settings.body_timeout_seconds = 1;
    })
    .await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut head = TcpStream::connect(app.address).await.expect("a connection");
        head.write_all(b"GET / HTTP/1.1\r\nHost:")
            .await
            .expect("written");
        let mut body = TcpStream::connect(app.address).await.expect("a connection");
        let begin = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nclick");
        body.write_all(begin.as_bytes()).await.expect("written");
        slow.push((head, body));
    }
    let (status_of_good, _) = app
        .send(&format!(
            "{path}?tracker.event=registration&clickid={clickid}"
        ))
        .await;
    assert_eq!(status_of_good, 200);
    for (mut head, mut body) in slow {
        let mut answer = Vec::new();
        let closed =
            tokio::time::timeout(Duration::from_secs(20), head.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "a slow head was never cut off");
        let mut answer = vec![0; 512];
        let read = tokio::time::timeout(Duration::from_secs(20), body.read(&mut answer)).await;
        let read = read.expect("a slow body was never answered").unwrap_or(0);
        assert_eq!(status(&String::from_utf8_lossy(&answer[..read])), 408);
    }
}

#[tokio::test]
async fn a_full_queue_answers_503_and_recovers() {
    let app = TestApp::start_with(|settings| settings.queue = 1).await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let url =
        format!("{path}?tracker.event=sale&clickid={clickid}&tracker.cost=1&tracker.currency=usd");
    let sends = (0..200).map(|tid| {
        let url = format!("{url}&tracker.tid={tid}");
        let app = &app;
        async move { app.send(&url).await.0 }
    });
    let statuses = futures_util::future::join_all(sends).await;
    let stored = statuses.iter().filter(|status| **status == 200).count();
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 503)),
        "{statuses:?}"
    );
    assert_eq!(
        app.events(&clickid).await.len(),
        stored,
        "every 200 is an event, no 503 is one"
    );
    assert_eq!(app.send(&format!("{url}&tracker.tid=last")).await.0, 200);
}

#[tokio::test]
async fn unknown_addresses_are_limited_but_known_ones_never() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let mut limited = 0;
    for _ in 0..60 {
        let (status, answer) = app
            .send("/api/postbacks/00000000-0000-4000-8000-000000000000/tracker-postback?clickid=a")
            .await;
        assert!(matches!(status, 404 | 429), "{answer}");
        limited += usize::from(status == 429);
    }
    assert!(limited > 0, "a flood was never limited");
    for tid in 0..60 {
        let (status, _) = app
            .send(&format!(
                "{path}?tracker.event=resale&clickid={clickid}&tracker.tid={tid}"
            ))
            .await;
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn a_stop_answers_what_was_begun() {
    let mut app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    // A request whose body is still on its way when the stop comes.
    let mut stream = TcpStream::connect(app.address).await.expect("a connection");
    let body = format!("tracker.event=registration&clickid={clickid}");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    stream
        .write_all(&body.as_bytes()[..10])
        .await
        .expect("written");
    // Another request on another connection has been answered, so the first has been taken in.
    assert_eq!(
        app.send(&format!(
            "{path}?tracker.event=resale&clickid={clickid}&tracker.tid=1"
        ))
        .await
        .0,
        200
    );
    let address = app.address;
    let rest = async {
        loop {
            // Once the listener is gone, the stop has begun.
            if TcpStream::connect(address).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        stream
            .write_all(&body.as_bytes()[10..])
            .await
            .expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    let ((), answer) = tokio::join!(app.stop(), rest);
    assert_eq!(status(&answer), 200, "{answer}");
}

/// An open live page is an endless answer: it must not hold up the stop.
#[tokio::test]
async fn a_stop_ends_live_pages() {
    let mut app = TestApp::start_with(|settings| settings.open_pages = true).await;
    let mut stream = TcpStream::connect(app.address).await.expect("a connection");
    stream
        .write_all(b"GET /inbox/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("written");
    let mut head = vec![0; 64];
    let read = stream.read(&mut head).await.expect("an answer");
    assert_eq!(status(&String::from_utf8_lossy(&head[..read])), 200);
    let stopped = tokio::time::timeout(Duration::from_secs(10), app.stop());
    assert!(stopped.await.is_ok(), "the live page held up the stop");
}

#[tokio::test]
async fn a_body_in_json_keeps_numbers_exact() {
    let app = TestApp::start().await;
    let path = app.custom().await;
    let (_, clickid) = app.lead().await;
    let body = format!(
        "{{\"clickid\":\"{clickid}\",\"tracker.event\":\"sale\",\"tracker.cost\":0.00012345,\"tracker.currency\":\"btc\",\"tracker.tid\":77}}"
    );
    let (status, answer) = app.post(&path, "application/json", &body).await;
    assert_eq!(status, 200);
    let events = app.events(&clickid).await;
    assert_eq!(
        (events[0]["amount"].as_str(), events[0]["tid"].as_str()),
        (Some("0.00012345"), Some("77"))
    );
    assert_eq!(app.request(&answer).await["body"], json!(body));
}
