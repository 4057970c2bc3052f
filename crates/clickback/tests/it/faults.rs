//! A full disk and an input/output error: 503 and never a false 200, pages still readable, recovery
//! by itself. Needs root for a small file system and `strace`; says so where it cannot run.

use std::path::Path;
use std::process::{Command, Stdio};

use clickback::app::App;
use clickback::config::Settings;
use clickback::load::Client;

use crate::crash::{prepare, start};

/// Prints that a fault test was left out; `scripts/test` fails on it in CI.
fn skipped(what: &str) {
    println!("SKIPPED: {what}");
}

async fn send(client: &mut Client, path: &str, tid: usize) -> (u16, Option<String>) {
    let fill = "f".repeat(3_000);
    let request = format!(
        "GET {path}?tracker.event=sale&clickid=lead{}&tracker.cost=1&tracker.currency=usd&tracker.tid={tid}&x={fill} HTTP/1.1\r\nHost: x\r\n\r\n",
        tid % 200
    );
    let status = client
        .exchange(request.as_bytes())
        .await
        .expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(client.body()).unwrap_or_default();
    (status, answer["request_id"].as_str().map(str::to_owned))
}

async fn verify(directory: &Path, acknowledged: &[String]) {
    let app = App::open(Settings::local(directory.to_owned())).expect("opens");
    for id in acknowledged {
        app.store
            .request(id.parse().expect("an id"))
            .await
            .expect("an acknowledged request");
    }
    let report = app.store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    app.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_answers_503_and_recovers() {
    let directory = tempfile::tempdir().expect("a directory");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
        .arg(directory.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        skipped("the full-disk test cannot mount a small file system (it needs root)");
        return;
    }
    let path = prepare(directory.path()).await;
    let ballast = directory.path().join("ballast");
    std::fs::write(&ballast, vec![1_u8; 4 * 1_024 * 1_024]).expect("ballast");
    let (mut child, address) = start(directory.path(), false);
    let mut client = Client::connect(address).await.expect("a connection");
    let mut acknowledged = Vec::new();
    let mut tid = 0;
    loop {
        tid += 1;
        assert!(tid < 20_000, "the disk never filled");
        match send(&mut client, &path, tid).await {
            (200, id) => acknowledged.extend(id),
            (503, _) => break,
            (other, _) => panic!("answered {other}"),
        }
    }
    for _ in 0..20 {
        tid += 1;
        assert_eq!(send(&mut client, &path, tid).await.0, 503, "still full");
    }
    let health = client
        .exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("an answer");
    assert_eq!(health, 200, "the program lives on");
    std::fs::remove_file(&ballast).expect("room again");
    tid += 1;
    let (status, id) = send(&mut client, &path, tid).await;
    assert_eq!(status, 200, "it recovers by itself");
    acknowledged.extend(id);
    child.kill().expect("killed");
    child.wait().expect("gone");
    verify(directory.path(), &acknowledged).await;
    let unmounted = Command::new("umount").arg(directory.path()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_sync_answers_503_and_recovers() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = prepare(directory.path()).await;
    let (mut child, address) = start(directory.path(), false);
    let mut client = Client::connect(address).await.expect("a connection");
    let mut acknowledged = Vec::new();
    for tid in 0..20 {
        let (status, id) = send(&mut client, &path, tid).await;
        assert_eq!(status, 200);
        acknowledged.extend(id);
    }
    let tracer = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=fdatasync,fsync",
            "-e",
            "inject=fdatasync,fsync:error=EIO",
            "-o",
            "/dev/null",
            "-p",
        ])
        .arg(child.id().to_string())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut tracer) = tracer else {
        child.kill().expect("killed");
        child.wait().expect("gone");
        skipped("the input/output error test needs strace");
        return;
    };
    // The tracer is attached when the first sync fails.
    let mut tid = 20;
    let mut refused = 0;
    while refused < 10 {
        tid += 1;
        match send(&mut client, &path, tid).await {
            (200, id) if refused == 0 => acknowledged.extend(id),
            (503, _) => refused += 1,
            (other, _) => panic!("answered {other} while syncs fail"),
        }
        if let Some(status) = tracer.try_wait().expect("a tracer") {
            child.kill().expect("killed");
            child.wait().expect("gone");
            skipped(&format!(
                "the input/output error test cannot trace ({status})"
            ));
            return;
        }
    }
    // SIGTERM makes strace detach and leave the server alone.
    let stopped = Command::new("kill").arg(tracer.id().to_string()).status();
    assert!(stopped.is_ok_and(|status| status.success()));
    tracer.wait().expect("gone");
    tid += 1;
    let (status, id) = send(&mut client, &path, tid).await;
    assert_eq!(status, 200, "it recovers by itself");
    acknowledged.extend(id);
    child.kill().expect("killed");
    child.wait().expect("gone");
    verify(directory.path(), &acknowledged).await;
}
