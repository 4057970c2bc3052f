//! kill -9 under load: what was answered 200 is in the database, once. The negative control answers
//! before the commit and must be caught.

use std::collections::HashSet;
use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clickback::app::App;
use clickback::clock::SystemClock;
use clickback::config::Settings;
use clickback::ids::RequestId;
use clickback::load::Client;
use clickback::store::inbox::Verdict;
use clickback::store::integrations::NewIntegration;
use clickback::store::leads::NewLead;
use clickback_core::rules::Rules;
use tokio::task::JoinHandle;

use crate::ground::server;
use crate::harness::WORKSPACE;

const CONNECTIONS: usize = 16;
pub(crate) const LEADS: usize = 200;

/// A number of the suite's that the environment may ask to be another.
#[expect(
    clippy::disallowed_methods,
    reason = "the script asks for its own number of rounds"
)]
pub(crate) fn asked_for(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// After so many answers of a round something dies: the moment moves through the work.
pub(crate) fn answers_before(round: usize) -> usize {
    40 + (round * 7_919) % 400
}

/// Not a test by itself: the server that the crash tests start in a process of its own.
#[test]
#[ignore = "started by the crash tests"]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells this process what to serve"
)]
fn serve_until_killed() {
    let Ok(directory) = std::env::var("CRASH_DIRECTORY") else {
        return;
    };
    let answer_early = std::env::var("CRASH_ANSWER_EARLY").is_ok();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("an address");
        let mut settings = Settings::local(PathBuf::from(directory));
        settings.database = std::env::var("CRASH_DATABASE")
            .ok()
            .map(|name| server().expect("a server").with_database(&name));
        let app = App::open_with(settings, Arc::new(SystemClock), answer_early).expect("opens");
        println!("\nlistening {}", listener.local_addr().expect("an address"));
        clickback::app::serve(app, listener, clickback::app::stop_signal()).await;
    });
}

/// Starts the server and waits for its address.
pub(crate) fn start(directory: &Path, answer_early: bool) -> (Child, SocketAddr) {
    start_on(directory, None, answer_early)
}

/// The same on a PostgreSQL database of the tests' server.
pub(crate) fn start_on(
    directory: &Path,
    database: Option<&str>,
    answer_early: bool,
) -> (Child, SocketAddr) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args([
            "--exact",
            "crash::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env("CRASH_DIRECTORY", directory)
        .stdout(Stdio::piped());
    if answer_early {
        command.env("CRASH_ANSWER_EARLY", "1");
    }
    if let Some(database) = database {
        command.env("CRASH_DATABASE", database);
    }
    let mut child = command.spawn().expect("the server starts");
    let out = std::io::BufReader::new(child.stdout.take().expect("its output"));
    let address = out
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening ").map(str::to_owned))
        .expect("its address");
    (child, address.parse().expect("an address"))
}

/// A data directory with an integration and leads; returns the postback path.
pub(crate) async fn prepare(directory: &Path) -> String {
    prepare_with(Settings::local(directory.to_owned())).await
}

/// The same where the settings say.
pub(crate) async fn prepare_with(settings: Settings) -> String {
    let app = App::open(settings).expect("opens");
    let new = NewIntegration {
        workspace: WORKSPACE,
        partner: None,
        name: "Crash".to_owned(),
        clickid_param: "sub1".to_owned(),
        clickid_macro: "{sub1}".to_owned(),
        rules: Rules::default(),
        configurations: Vec::new(),
        fields: Vec::new(),
        events: Vec::new(),
    };
    let made = app
        .store
        .create_integration(new)
        .await
        .expect("an integration");
    for lead in 0..LEADS {
        let new = NewLead {
            clickid: Some(format!("lead{lead}")),
            ..NewLead::default()
        };
        app.store.create_lead(new).await.expect("a lead");
    }
    app.store.close().await;
    format!("/api/postbacks/{}/tracker-postback", made.uuid)
}

/// Sends until the server dies; returns the ids of the answers with 200.
pub(crate) async fn hammer(
    address: SocketAddr,
    path: String,
    (round, connection): (usize, usize),
    answers: Arc<AtomicUsize>,
) -> Vec<RequestId> {
    let mut acknowledged = Vec::new();
    let Ok(mut client) = Client::connect(address).await else {
        return acknowledged;
    };
    for number in 0.. {
        let lead = (number * 31 + connection * 7) % LEADS;
        // Every fourth id comes twice: a retry, also across the kill.
        let tid = if number % 4 == 0 {
            format!("r{}c{connection}n{}", round.saturating_sub(1), number)
        } else {
            format!("r{round}c{connection}n{number}")
        };
        let request = format!(
            "GET {path}?tracker.event=sale&clickid=lead{lead}&tracker.cost=1.5&tracker.currency=usd&tracker.tid={tid} HTTP/1.1\r\nHost: x\r\n\r\n"
        );
        match client.exchange(request.as_bytes()).await {
            Ok(200) => {
                answers.fetch_add(1, Ordering::Relaxed);
                let answer: serde_json::Value =
                    serde_json::from_slice(client.body()).expect("JSON");
                acknowledged.push(
                    answer["request_id"]
                        .as_str()
                        .and_then(|id| id.parse().ok())
                        .expect("an id"),
                );
            }
            _ => break,
        }
    }
    acknowledged
}

/// One life of the server: load, then kill -9 in the middle of it.
async fn round(directory: &Path, path: &str, round: usize, answer_early: bool) -> Vec<RequestId> {
    let (mut child, address) = start(directory, answer_early);
    let answers = Arc::new(AtomicUsize::new(0));
    let hammers: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            tokio::spawn(hammer(
                address,
                path.to_owned(),
                (round, connection),
                Arc::clone(&answers),
            ))
        })
        .collect();
    let wanted = answers_before(round);
    while answers.load(Ordering::Relaxed) < wanted && !hammers.iter().all(JoinHandle::is_finished) {
        tokio::task::yield_now().await;
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let mut acknowledged = Vec::new();
    for hammer in hammers {
        acknowledged.extend(hammer.await.expect("no panic"));
    }
    acknowledged
}

/// Acknowledged requests that are not in the database.
async fn lost(directory: &Path, acknowledged: &[RequestId]) -> usize {
    let app = App::open(Settings::local(directory.to_owned())).expect("opens after a kill");
    let mut lost = 0;
    for id in acknowledged {
        match app.store.request(*id).await {
            Ok(request) => assert_ne!(request.summary.verdict, Verdict::Rejected),
            Err(_) => lost += 1,
        }
    }
    app.store.close().await;
    lost
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_counted_twice() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = prepare(directory.path()).await;
    let mut all = HashSet::new();
    let rounds = asked_for("CRASH_ROUNDS", 50);
    for number in 1..=rounds {
        let acknowledged = round(directory.path(), &path, number, false).await;
        assert!(!acknowledged.is_empty(), "round {number} answered nothing");
        assert_eq!(
            lost(directory.path(), &acknowledged).await,
            0,
            "round {number} lost requests"
        );
        for id in acknowledged {
            assert!(all.insert(id), "an id was given twice");
        }
    }
    let app = App::open(Settings::local(directory.path().to_owned())).expect("opens");
    let report = app.store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    app.store.close().await;
    // One event per transaction id, whatever was resent.
    let sql =
        rusqlite::Connection::open(directory.path().join(clickback::store::sqlite::FILE_NAME))
            .expect("opens");
    let double: i64 = sql
        .query_row(
            "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY lead_id, tid HAVING count(*) > 1)",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(double, 0);
    println!(
        "{rounds} kills, {} answers, {} events: 0 lost, 0 double",
        all.len(),
        report.events
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answering_before_the_commit_is_caught() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = prepare(directory.path()).await;
    for number in 1..=100 {
        let acknowledged = round(directory.path(), &path, number, true).await;
        if lost(directory.path(), &acknowledged).await > 0 {
            println!("caught in round {number}");
            return;
        }
    }
    panic!("a hundred kills did not catch a server that answers before it commits");
}
