//! kill -9 of nodes that share a PostgreSQL database, under load: what either of them answered 200 is in
//! the database, once, after both were started again.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clickback::app::{App, AppState};
use clickback::config::Settings;
use clickback::ids::RequestId;
use clickback::store::inbox::Verdict;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::crash::{answers_before, asked_for, hammer, prepare_with, start_on};
use crate::ground::{TestDatabase, number};

const NODES: usize = 2;
/// Connections to each node.
const CONNECTIONS: usize = 8;

fn settings(directory: &Path, database: &TestDatabase) -> Settings {
    let mut settings = Settings::local(directory.to_owned());
    settings.database = Some(database.address.clone());
    settings
}

/// One life of both nodes. They die one after the other, each in the middle of its work.
async fn round(
    directories: &[TempDir],
    database: &TestDatabase,
    path: &str,
    round: usize,
) -> Vec<RequestId> {
    let mut nodes = Vec::new();
    for directory in directories {
        let name = database.address.database();
        nodes.push(start_on(directory.path(), Some(name), false));
    }
    let answers = Arc::new(AtomicUsize::new(0));
    let hammers: Vec<JoinHandle<Vec<RequestId>>> = (0..NODES * CONNECTIONS)
        .map(|connection| {
            let (_, address) = nodes[connection % NODES];
            let answers = Arc::clone(&answers);
            tokio::spawn(hammer(
                address,
                path.to_owned(),
                (round, connection),
                answers,
            ))
        })
        .collect();
    for (at, (mut node, _)) in nodes.into_iter().enumerate() {
        let wanted = (at + 1) * answers_before(round);
        let done = || hammers.iter().all(JoinHandle::is_finished);
        while answers.load(Ordering::Relaxed) < wanted && !done() {
            tokio::task::yield_now().await;
        }
        node.kill().expect("killed");
        node.wait().expect("gone");
    }
    let mut acknowledged = Vec::new();
    for hammer in hammers {
        acknowledged.extend(hammer.await.expect("no panic"));
    }
    acknowledged
}

/// Starts the nodes again, each with its journal, until all is decided.
async fn recover(directories: &[TempDir], database: &TestDatabase) -> Vec<AppState> {
    let mut nodes = Vec::new();
    for directory in directories {
        let node = App::open(settings(directory.path(), database)).expect("opens after a kill");
        node.store.settle().await;
        nodes.push(node);
    }
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_killed_nodes_acknowledged_is_there_once() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let directories = [(); NODES].map(|()| tempfile::tempdir().expect("a directory"));
    let path = prepare_with(settings(directories[0].path(), &database)).await;
    let mut all = HashSet::new();
    let rounds = asked_for("CRASH_ROUNDS", 10);
    for number in 1..=rounds {
        let acknowledged = round(&directories, &database, &path, number).await;
        assert!(!acknowledged.is_empty(), "round {number} answered nothing");
        let nodes = recover(&directories, &database).await;
        for id in acknowledged {
            let found = nodes[0].store.request(id).await;
            let found = found.unwrap_or_else(|_| panic!("round {number} lost {id}"));
            assert_ne!(found.summary.verdict, Verdict::Rejected);
            assert!(all.insert(id), "an id was given twice");
        }
        for node in nodes {
            node.store.close().await;
        }
    }
    let app = App::open(settings(directories[0].path(), &database)).expect("opens");
    let report = app.store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    app.store.close().await;
    let double =
        "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY lead_id, tid HAVING count(*) > 1) d";
    assert_eq!(number(&database.client().await, double).await, 0);
    println!(
        "{rounds} kills of {NODES} nodes, {} answers, {} events: 0 lost, 0 double",
        all.len(),
        report.events
    );
    database.say_where().await;
}
