//! How long a node goes by its number while the database is away, and when another directory can get it:
//! never while the first one still may.

use std::sync::Arc;

use clickback::clock::Clock as _;
use clickback::store::{Store, StoreError};

use crate::away::CLASS;
use crate::crash_postgres::patiently;
use crate::ground::{TestDatabase, number, texts};
use crate::harness::clock;
use crate::nodes::{Nodes, open};
use crate::store_suite::incoming;

const DAY: i64 = 86_400;

/// So long after the database said last whose the number is, and whether the node goes by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_trusted_for_thirteen_days() {
    for (seconds, trusted) in [(13 * DAY - 1, true), (13 * DAY, false)] {
        let Some(mut nodes) = Nodes::start(1).await else {
            return;
        };
        nodes.lead("anna").await;
        let running = nodes.all.remove(0);
        let directory = nodes.directories[0].path().to_owned();
        let address = nodes.database.address.clone();
        let take = async |node: &Arc<dyn Store>, tid: &str| {
            let query = format!("clickid=anna&tracker.event=resale&tracker.tid={tid}");
            let incoming = incoming(&**node, &nodes.clock, nodes.integration, &query);
            node.accept(incoming).await
        };
        nodes.database.shut().await;
        nodes.clock.advance(seconds);
        let mut taken = 0;

        // One that runs.
        match take(&running, "running").await {
            Ok(_) => taken += 1,
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
                assert!(error.to_string().contains("may be another's"), "{error}");
            }
        }
        assert_eq!(taken == 1, trusted, "running after {seconds} s");
        running.close().await;
        drop(running);

        // One that starts.
        let started = match open(&address, &directory, &nodes.clock) {
            Ok(node) => {
                take(&node, "started").await.expect("taken");
                taken += 1;
                Some(node)
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
                assert!(error.to_string().contains("so long ago"), "{error}");
                None
            }
        };
        assert_eq!(started.is_some(), trusted, "started after {seconds} s");

        // When the database says whose the number is, all goes on.
        nodes.database.open().await;
        let node = started.unwrap_or_else(|| {
            open(&address, &directory, &nodes.clock).expect("the database is there")
        });
        take(&node, "again").await.expect("taken");
        patiently("all is decided", node.settle()).await;
        let report = node.check().await.expect("a report");
        assert_eq!(report.events, taken + 1);
        nodes.all.push(node);
        nodes.end().await;
    }
}

/// All numbers are somebody's. How long ago the owner of one was seen last, whether a connection of it is
/// still there, and whether a new directory gets it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_given_up_after_fourteen_days() {
    let cases = [
        (14 * DAY, false, false),
        (14 * DAY + 1, false, true),
        (14 * DAY + 1, true, false),
    ];
    for (seconds, connected, given_up) in cases {
        let Some(database) = TestDatabase::fresh().await else {
            return;
        };
        let client = database.client().await;
        let clock = clock();
        let now = clock.now();
        let owned = format!(
            "INSERT INTO nodes (number, identity, run, name, version, seen_at) \
             SELECT number, 'owner ' || number, '', 'test', '', \
             CASE number WHEN 77 THEN {} ELSE {} END FROM generate_series(0, 127) AS number",
            now.plus_seconds(-seconds).0,
            now.0
        );
        client.batch_execute(&owned).await.expect("owned");
        if connected {
            let lock = format!("SELECT 1::bigint FROM pg_advisory_lock({CLASS}, 77)");
            number(&client, &lock).await;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let opened = open(&database.address, directory.path(), &clock);
        assert_eq!(opened.is_ok(), given_up, "{seconds} s, {connected}");
        let changed = "SELECT number::text FROM nodes WHERE identity <> 'owner ' || number";
        let changed = texts(&client, changed).await;
        match opened {
            Ok(node) => {
                assert_eq!(changed, ["77"]);
                node.close().await;
            }
            Err(error) => {
                assert_eq!(changed, [""; 0]);
                assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
                assert!(
                    error.to_string().contains("128 data directories"),
                    "{error}"
                );
            }
        }
        database.say_where().await;
    }
}
