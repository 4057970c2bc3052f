//! Moving a store from SQLite to PostgreSQL and back while postbacks keep coming: each that was accepted
//! counts once, wherever it was decided.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clickback::clock::ManualClock;
use clickback::store::integrations::NewIntegration;
use clickback::store::leads::{LeadFilter, LeadPatch, NewClick, NewLead};
use clickback::store::moving::{Moved, Place, Watcher, cancel, move_store};
use clickback::store::postgres::Postgres;
use clickback::store::postgres::connect::Address;
use clickback::store::postgres::partitions::Retention;
use clickback::store::sqlite::{FILE_NAME, Sqlite};
use clickback::store::{Options, Store, StoreError, StoreResult};
use clickback_core::ids::IntegrationId;
use tokio::runtime::Handle;

use crate::ground::TestDatabase;
use crate::harness::{WORKSPACE, clock};
use crate::store_suite::{incoming, usd};

fn options(clock: &Arc<ManualClock>, accepts: bool) -> Options {
    Options {
        queue: 10_000,
        journal: accepts.then_some(1 << 30),
        clock: Arc::clone(clock) as _,
        name: "test".to_owned(),
        answer_early: false,
    }
}

fn on_sqlite(directory: &Path, clock: &Arc<ManualClock>) -> StoreResult<Arc<dyn Store>> {
    Ok(Sqlite::open(directory, &options(clock, true))?)
}

fn on_postgres(
    address: &Address,
    directory: &Path,
    clock: &Arc<ManualClock>,
) -> StoreResult<Arc<dyn Store>> {
    Ok(Postgres::open(
        address,
        Retention::default(),
        directory,
        &options(clock, true),
    )?)
}

/// Sees nothing, or ends the move in the middle of a step.
struct Nobody {
    ends_at: Option<&'static str>,
}

impl Watcher for Nobody {
    fn step(&self, name: &str, _done: u64, _all: u64) {
        assert!(self.ends_at != Some(name), "ended at {name}");
    }

    fn advance(&self, _rows: u64) {}
}

/// Moves on a thread that may wait, and checks the target as the program does.
pub(crate) async fn moved(
    from: Place,
    to: Place,
    ends_at: Option<&'static str>,
) -> Option<StoreResult<Moved>> {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        move_store(&from, &to, &Nobody { ends_at }, || {
            let directory = tempfile::tempdir().expect("a directory");
            let options = options(&clock(), false);
            let _inside = handle.enter();
            let store: Arc<dyn Store> = match &to {
                Place::Sqlite(directory) => Sqlite::open(directory, &options)?,
                Place::Postgres(address) => {
                    Postgres::open(address, Retention::default(), directory.path(), &options)?
                }
            };
            let report = handle.block_on(store.check_all());
            handle.block_on(store.close());
            Ok(report?.problems)
        })
    })
    .await
    .ok()
}

const LEADS: u64 = 40;

/// Numbers of deposits that were accepted so far; each has its number as transaction id.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    stop: AtomicBool,
}

impl Sent {
    async fn one(&self, store: &Arc<dyn Store>, integration: IntegrationId, clock: &ManualClock) {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let query = format!(
            "clickid=lead{}&tracker.event=sale&tracker.cost=1.5&tracker.tid={number}",
            number % LEADS
        );
        store
            .accept(incoming(&**store, clock, integration, &query))
            .await
            .expect("accepted, whatever the database does");
    }
}

/// A store with some of everything.
async fn furnished(store: &Arc<dyn Store>, clock: &ManualClock) -> IntegrationId {
    let new = NewIntegration {
        workspace: WORKSPACE,
        partner: None,
        name: "Moved".to_owned(),
        clickid_param: "sub1".to_owned(),
        clickid_macro: "{sub1}".to_owned(),
        rules: usd(),
        configurations: Vec::new(),
        fields: Vec::new(),
        events: Vec::new(),
    };
    let integration = store
        .create_integration(new)
        .await
        .expect("an integration")
        .id;
    for number in 0..LEADS {
        let new = NewLead {
            workspace: Some(WORKSPACE),
            clickid: Some(format!("lead{number}")),
            name: Some(format!("Анна {number}")),
            ..NewLead::default()
        };
        store.create_lead(new).await.expect("a lead");
    }
    for clickid in ["IwAR-foreign", "m0clickofours"] {
        let click = NewClick {
            workspace: WORKSPACE,
            clickid: clickid.to_owned(),
            params: vec![("utm_source".to_owned(), "Ünï \u{1f600}".to_owned())],
        };
        store.record_click(click).await.expect("a click");
    }
    // Waits for a lead that comes after the move.
    let early = incoming(
        &**store,
        clock,
        integration,
        "clickid=later&tracker.event=sale&tracker.cost=3&tracker.tid=early",
    );
    store.accept(early).await.expect("accepted");
    integration
}

/// All deposits that were accepted are there, once.
async fn complete(store: &Arc<dyn Store>, sent: &Sent) {
    store.settle().await;
    let mut deposits = 0;
    for number in 0..LEADS {
        let lead = store
            .lead_by_clickid(WORKSPACE, &format!("lead{number}"))
            .await
            .expect("an answer")
            .expect("a lead");
        deposits += lead.totals.deposits;
    }
    assert_eq!(deposits, sent.next.load(Ordering::SeqCst));
    let report = store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
}

fn keeps_sending(
    sent: &Arc<Sent>,
    store: &Arc<dyn Store>,
    integration: IntegrationId,
    clock: &Arc<ManualClock>,
) -> tokio::task::JoinHandle<()> {
    let (sent, store, clock) = (Arc::clone(sent), Arc::clone(store), Arc::clone(clock));
    sent.stop.store(false, Ordering::SeqCst);
    tokio::spawn(async move {
        while !sent.stop.load(Ordering::SeqCst) {
            sent.one(&store, integration, &clock).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_while_postbacks_keep_coming() {
    let Some(database) = TestDatabase::empty().await else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let (clock, sent) = (clock(), Arc::new(Sent::default()));
    let place = Place::Sqlite(directory.path().to_owned());
    let there = Place::Postgres(database.address.clone());

    let store = on_sqlite(directory.path(), &clock).expect("opens");
    let integration = furnished(&store, &clock).await;
    let sending = keeps_sending(&sent, &store, integration, &clock);
    let report = moved(place.clone(), there.clone(), None)
        .await
        .expect("no panic")
        .expect("moved");
    assert!(report.rows > 100, "{report:?}");
    // The old program still runs, and answers as before.
    for _ in 0..20 {
        sent.one(&store, integration, &clock).await;
    }
    sent.stop.store(true, Ordering::SeqCst);
    sending.await.expect("no panic");
    store.close().await;
    drop(store);
    match on_sqlite(directory.path(), &clock) {
        Err(StoreError::Invalid { message }) => assert!(message.contains("has moved"), "{message}"),
        other => panic!("{:?}", other.map(|_| ())),
    }

    let store = on_postgres(&database.address, directory.path(), &clock).expect("opens");
    complete(&store, &sent).await;
    let found = LeadFilter {
        search: Some("анна".to_owned()),
        limit: 100,
        ..LeadFilter::new(WORKSPACE)
    };
    assert_eq!(
        store.leads(found.clone()).await.expect("leads").items.len() as u64,
        LEADS
    );
    // What waited goes on waiting, and numbers that the database gives do not meet old ones.
    let late = NewLead {
        workspace: Some(WORKSPACE),
        clickid: Some("later".to_owned()),
        ..NewLead::default()
    };
    let late = store.create_lead(late).await.expect("a lead");
    assert_eq!(late.totals.deposits, 1);
    let patch = LeadPatch {
        tags: Some(vec!["vip".to_owned()]),
        name: Some("Борис".to_owned()),
        ..LeadPatch::default()
    };
    store.update_lead(late.id, patch).await.expect("a tag");

    // And back, into the directory of the node that runs.
    for end in ["", "-wal", "-shm"] {
        let file = directory.path().join(format!("{FILE_NAME}{end}"));
        if file.exists() {
            std::fs::rename(&file, file.with_extension("old")).expect("taken away");
        }
    }
    let sending = keeps_sending(&sent, &store, integration, &clock);
    moved(there, place, None)
        .await
        .expect("no panic")
        .expect("moved back");
    for _ in 0..20 {
        sent.one(&store, integration, &clock).await;
    }
    sent.stop.store(true, Ordering::SeqCst);
    sending.await.expect("no panic");
    store.close().await;
    drop(store);
    match on_postgres(&database.address, directory.path(), &clock) {
        Err(StoreError::Invalid { message }) => assert!(message.contains("has moved"), "{message}"),
        other => panic!("{:?}", other.map(|_| ())),
    }
    let store = on_sqlite(directory.path(), &clock).expect("opens");
    complete(&store, &sent).await;
    assert_eq!(
        store.leads(found).await.expect("leads").items.len() as u64,
        LEADS
    );
    let boris = store.lead(late.id).await.expect("a lead");
    assert_eq!(
        (boris.name.as_str(), boris.tags.as_slice()),
        ("Борис", ["vip".to_owned()].as_slice())
    );
    store.close().await;
    drop(store);
    database.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_and_gone_on() {
    for ends_at in [
        "lead_identities",
        "building indexes",
        "changes meanwhile",
        "comparing",
        "checking the target",
        "switching",
    ] {
        let Some(database) = TestDatabase::empty().await else {
            return;
        };
        let directory = tempfile::tempdir().expect("a directory");
        let (clock, sent) = (clock(), Arc::new(Sent::default()));
        let place = Place::Sqlite(directory.path().to_owned());
        let there = Place::Postgres(database.address.clone());
        let store = on_sqlite(directory.path(), &clock).expect("opens");
        let integration = furnished(&store, &clock).await;
        for _ in 0..100 {
            sent.one(&store, integration, &clock).await;
        }
        store.settle().await;
        assert!(
            moved(place.clone(), there.clone(), Some(ends_at))
                .await
                .is_none(),
            "{ends_at}"
        );
        // The target is no store yet, the source is one as ever.
        let other = tempfile::tempdir().expect("a directory");
        match on_postgres(&database.address, other.path(), &clock) {
            Err(StoreError::Invalid { message }) => {
                assert!(message.contains("being filled"), "{ends_at}: {message}");
            }
            other => panic!("{ends_at}: {:?}", other.map(|_| ())),
        }
        for _ in 0..50 {
            sent.one(&store, integration, &clock).await;
        }
        complete(&store, &sent).await;
        moved(place, there, None)
            .await
            .expect("no panic")
            .expect(ends_at);
        store.close().await;
        drop(store);
        let store = on_postgres(&database.address, directory.path(), &clock).expect("opens");
        complete(&store, &sent).await;
        store.close().await;
        drop(store);
        database.say_where().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_are_not_mixed() {
    let (Some(one), Some(two)) = (TestDatabase::empty().await, TestDatabase::empty().await) else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let clock = clock();
    let place = Place::Sqlite(directory.path().to_owned());
    let there = |database: &TestDatabase| Place::Postgres(database.address.clone());
    let store = on_sqlite(directory.path(), &clock).expect("opens");
    furnished(&store, &clock).await;
    store.settle().await;
    let refused = async |to: Place, expected: &str| match moved(place.clone(), to, None).await {
        Some(Err(StoreError::Invalid { message })) => {
            assert!(message.contains(expected), "{message}");
        }
        other => panic!("{expected}: {other:?}"),
    };
    assert!(
        moved(place.clone(), there(&one), Some("leads"))
            .await
            .is_none()
    );
    // Another target is begun from its beginning, and what the first one holds is of no use any more.
    assert!(
        moved(place.clone(), there(&two), Some("leads"))
            .await
            .is_none()
    );
    refused(there(&one), "is being moved to another place").await;
    let source = place.clone();
    tokio::task::spawn_blocking(move || cancel(&source))
        .await
        .expect("no panic")
        .expect("given up");
    refused(there(&two), "holds a part of a move that was given up").await;
    let Some(three) = TestDatabase::empty().await else {
        return;
    };
    moved(place.clone(), there(&three), None)
        .await
        .expect("no panic")
        .expect("moved");
    // Taken back while nobody has used the new one, and begun again at a database that is in use.
    let source = place.clone();
    tokio::task::spawn_blocking(move || cancel(&source))
        .await
        .expect("no panic")
        .expect("taken back");
    refused(there(&three), "is in use already").await;
    store.close().await;
    drop(store);
    let store = on_sqlite(directory.path(), &clock).expect("opens as ever");
    let report = store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    store.close().await;
    drop(store);
    one.say_where().await;
}
