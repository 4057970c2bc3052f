//! Three whole programs on one PostgreSQL database, asked over HTTP: a hundred copies of each postback,
//! spread over all of them, are one event each. `COPIED_KEYS` says how many there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clickback::app::{self, App, AppState};
use clickback::config::Settings;
use clickback::load::Client;
use clickback::store::leads::NewLead;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::crash::{asked_for, prepare_with};
use crate::ground::{TestDatabase, number, texts};
use crate::harness::WORKSPACE;

const NODES: usize = 3;
/// Connections to each node.
const CONNECTIONS: usize = 16;
const COPIES: usize = 100;
const LEADS: usize = 50;

/// A postback of a key; each belongs to one lead.
fn postback(path: &str, key: usize) -> Vec<u8> {
    let lead = key % LEADS;
    format!(
        "GET {path}?clickid=copied-{lead}&tracker.event=sale&tracker.cost=2.5&tracker.currency=usd\
         &tracker.tid=key-{key} HTTP/1.1\r\nHost: partner\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_copies_of_each_key_over_three_nodes_are_one_event_each() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let keys = asked_for("COPIED_KEYS", 200);
    let directories = [(); NODES].map(|()| tempfile::tempdir().expect("a directory"));
    let settings = |node: usize| {
        let mut settings = Settings::local(directories[node].path().to_owned());
        settings.database = Some(database.address.clone());
        settings
    };
    let path = prepare_with(settings(0)).await;
    let (stop, stopped) = watch::channel(false);
    let (mut nodes, mut servers, mut addresses) = (Vec::<AppState>::new(), JoinSet::new(), vec![]);
    for node in 0..NODES {
        let app = App::open(settings(node)).expect("opens");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        addresses.push(listener.local_addr().expect("an address"));
        servers.spawn(app::serve(Arc::clone(&app), listener, stopped.clone()));
        nodes.push(app);
    }
    for lead in 0..LEADS {
        let new = NewLead {
            clickid: Some(format!("copied-{lead}")),
            workspace: Some(WORKSPACE),
            ..NewLead::default()
        };
        nodes[0].store.create_lead(new).await.expect("a lead");
    }
    // Whoever is free takes the next one: copies of a key are on their way on all nodes at once.
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for connection in 0..NODES * CONNECTIONS {
        let (next, path) = (Arc::clone(&next), path.clone());
        let address = addresses[connection % NODES];
        senders.spawn(async move {
            let mut client = Client::connect(address).await.expect("a connection");
            let mut accepted = 0;
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= COPIES * keys {
                    return accepted;
                }
                // Ten keys after each other, a hundred times each.
                let key = at / (COPIES * 10) * 10 + at % 10;
                let status = client.exchange(&postback(&path, key)).await;
                assert_eq!(status.expect("an answer"), 200);
                accepted += 1;
            }
        });
    }
    let mut accepted = 0;
    while let Some(sent) = senders.join_next().await {
        accepted += sent.expect("no panic");
    }
    assert_eq!(accepted, COPIES * keys);
    for node in &nodes {
        node.store.settle().await;
    }
    for node in &nodes {
        let report = node.store.check_all().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        assert_eq!(
            (report.events, report.requests),
            (keys as u64, accepted as u64)
        );
    }
    let client = database.client().await;
    assert_eq!(
        number(&client, "SELECT count(*) FROM event_keys").await,
        i64::try_from(keys).expect("a count")
    );
    let verdicts = "SELECT verdict || ' ' || count(*) FROM inbox GROUP BY verdict ORDER BY verdict";
    assert_eq!(
        texts(&client, verdicts).await,
        [format!("1 {keys}"), format!("3 {}", accepted - keys)]
    );
    let totals = |table: &str| {
        format!(
            "SELECT kind || ' ' || sum({table}) || ' ' || trim_scale(sum(amount::numeric)) FROM {} \
             GROUP BY kind ORDER BY kind",
            if table == "events" {
                "rollup_quarter_hours"
            } else {
                "events"
            }
        )
    };
    // A sum of 2.5 each: the first of a lead, and the others.
    let line = |kind: u8, events: usize| {
        let (whole, half) = (events * 5 / 2, if events % 2 == 1 { ".5" } else { "" });
        format!("{kind} {events} {whole}{half}")
    };
    let right = [line(2, LEADS), line(3, keys - LEADS)];
    assert_eq!(texts(&client, &totals("events")).await, right);
    assert_eq!(texts(&client, &totals("1")).await, right);
    let shares = "SELECT count(DISTINCT (id >> 13) & 255) FROM events";
    let makers = number(&client, shares).await;
    assert!(makers > 1, "one node decided everything");
    stop.send(true).expect("running servers");
    while let Some(ended) = servers.join_next().await {
        ended.expect("no panic");
    }
    println!("{accepted} postbacks over {NODES} nodes: {keys} events, made by {makers} of them");
    database.say_where().await;
}
