//! The browser's preview of links makes what the server makes: the shared table runs in a real Chromium.

use std::process::Stdio;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::process::Command;

const MODULE: &str = include_str!("../../assets/url-preview.js");
const TABLE: &str = include_str!("../../../clickback-core/testdata/links.json");
const PAGE: &str = "<!doctype html><meta charset=utf-8><script type=module src=/run.js></script>";
/// Runs the table and writes what differs into the page.
const RUN: &str = r#"
import { finalUrl, paint, postbackUrl, render } from "/url-preview.js";
const table = await (await fetch("/links.json")).json();
const { clickid, name, id, fields } = table.lead;
const value = (wanted) => ({ clickid, name, id, field: fields[wanted.key] })[wanted.kind];
const makers = {
  final: ({ base, param, extra }) => {
    const made = finalUrl(base, param, extra);
    if (made.error) return { error: [made.error.code, made.error.name ?? ""] };
    const warnings = made.warnings.map((one) => [one.code, one.name ?? "", one.old ?? one.value ?? ""]);
    const painted = paint(made.url, made.added).flatMap((pair) => pair.parts).map((part) => part.text).join("");
    return { added: made.added, url: painted, warnings };
  },
  postback: (one) => ({ url: postbackUrl({ ...one, uuid: "6d1f4e36-b910-4fa1-98f0-11a2df93f054" }) }),
  render: ({ url }) => ({ url: render(url, value) }),
};
const different = [];
let count = 0;
for (const [group, make] of Object.entries(makers)) {
  for (const one of table[group]) {
    count++;
    const made = JSON.stringify(make(one));
    if (made !== JSON.stringify(one.outcome)) different.push(`${JSON.stringify(one)} became ${made}`);
  }
}
document.title = different.length ? "different" : `same in ${count} cases`;
document.body.textContent = different.join("\n");
"#;

fn served(kind: &'static str, text: &'static str) -> axum::routing::MethodRouter {
    get(async move || ([(CONTENT_TYPE, kind)], text))
}

#[tokio::test]
async fn the_browser_makes_the_servers_links() {
    let pages = Router::new()
        .route("/", served("text/html", PAGE))
        .route("/run.js", served("text/javascript", RUN))
        .route("/url-preview.js", served("text/javascript", MODULE))
        .route("/links.json", served("application/json", TABLE));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { axum::serve(listener, pages).await });
    let profile = tempfile::tempdir().expect("a directory");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("http://{address}/"))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    server.abort();
    let Ok(output) = output else {
        println!("SKIPPED: there is no chromium to run the preview in");
        return;
    };
    let html = String::from_utf8_lossy(&output.stdout);
    assert!(html.contains("<title>same in "), "{html}");
}
