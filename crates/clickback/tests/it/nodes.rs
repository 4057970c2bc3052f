//! Several nodes on one PostgreSQL database: every rule holds whichever node a request came to, and
//! whatever happens to their connections.

use std::path::Path;
use std::sync::Arc;

use clickback::clock::ManualClock;
use clickback::store::events::EventFilter;
use clickback::store::inbox::{RequestFilter, Verdict};
use clickback::store::integrations::NewIntegration;
use clickback::store::leads::{IdentityKind, NewClick, NewLead};
use clickback::store::postgres::Postgres;
use clickback::store::postgres::connect::Address;
use clickback::store::postgres::partitions::Retention;
use clickback::store::sqlite::Sqlite;
use clickback::store::{Options, Store, StoreResult};
use clickback_core::event::Kind;
use clickback_core::ids::{IntegrationId, RequestId};
use clickback_core::rules::Rules;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::ground::TestDatabase;
use crate::harness::{WORKSPACE, clock};
use crate::store_suite::{incoming, text_field};

/// Nodes that share a database, each with a directory of its own.
pub(crate) struct Nodes {
    pub(crate) all: Vec<Arc<dyn Store>>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) integration: IntegrationId,
    pub(crate) database: TestDatabase,
    pub(crate) directories: Vec<TempDir>,
}

impl Nodes {
    pub(crate) async fn start(count: usize) -> Option<Nodes> {
        let database = TestDatabase::fresh().await?;
        let clock = clock();
        let (mut nodes, mut directories) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let directory = tempfile::tempdir().expect("a directory");
            let node = open(&database.address, directory.path(), &clock);
            nodes.push(node.expect("the node starts"));
            directories.push(directory);
        }
        let made = nodes[0].create_integration(new_integration()).await;
        let integration = made.expect("an integration");
        for node in &nodes {
            let found = node.look_up_integration(integration.uuid).await;
            assert!(found.expect("an answer").is_some());
        }
        Some(Nodes {
            all: nodes,
            clock,
            integration: integration.id,
            database,
            directories,
        })
    }

    /// Accepts these requests, one after the other over all nodes, all at once.
    pub(crate) async fn accept(&self, queries: impl Iterator<Item = String>) -> u64 {
        let mut accepting = JoinSet::new();
        for (at, query) in queries.enumerate() {
            let node = Arc::clone(&self.all[at % self.all.len()]);
            let incoming = incoming(&*node, &self.clock, self.integration, &query);
            accepting.spawn(async move { node.accept(incoming).await });
        }
        let mut accepted = 0;
        while let Some(answer) = accepting.join_next().await {
            answer.expect("no panic").expect("accepted");
            accepted += 1;
        }
        accepted
    }

    /// All is decided, whatever the database went through.
    pub(crate) async fn settle(&self) {
        for node in &self.all {
            node.settle().await;
        }
    }

    pub(crate) async fn lead(&self, clickid: &str) {
        let new = NewLead {
            clickid: Some(clickid.to_owned()),
            workspace: Some(WORKSPACE),
            ..NewLead::default()
        };
        self.all[0].create_lead(new).await.expect("a lead");
    }

    /// Totals equal a recount, and every rule of the rows holds.
    pub(crate) async fn end(self) {
        let report = self.all[0].check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        for node in &self.all {
            node.close().await;
        }
        self.database.say_where().await;
    }
}

/// A node that lives in a directory.
pub(crate) fn open(
    address: &Address,
    directory: &Path,
    clock: &Arc<ManualClock>,
) -> StoreResult<Arc<dyn Store>> {
    let opened = Postgres::open(address, Retention::default(), directory, &options(clock));
    opened.map(|store| store as Arc<dyn Store>)
}

fn options(clock: &Arc<ManualClock>) -> Options {
    Options {
        queue: 200_000,
        journal: Some(1 << 30),
        clock: Arc::clone(clock) as _,
        name: "test".to_owned(),
        answer_early: false,
    }
}

fn new_integration() -> NewIntegration {
    NewIntegration {
        workspace: WORKSPACE,
        partner: None,
        name: "Test".to_owned(),
        clickid_param: "sub1".to_owned(),
        clickid_macro: "{sub1}".to_owned(),
        rules: Rules::default(),
        configurations: Vec::new(),
        fields: Vec::new(),
        events: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_over_all_nodes_are_one_event_each() {
    let Some(nodes) = Nodes::start(3).await else {
        return;
    };
    for lead in 0..10 {
        nodes.lead(&format!("lead-{lead}")).await;
    }
    // 50 keys, 100 copies of each, mixed.
    let copies = (0..5_000).map(|at| {
        let (key, lead) = (at % 50, at % 10);
        format!(
            "clickid=lead-{lead}&tracker.event=resale&tracker.cost=10&tracker.currency=usd&tracker.tid=key-{key}"
        )
    });
    assert_eq!(nodes.accept(copies).await, 5_000);
    nodes.settle().await;
    let report = nodes.all[1].check().await.expect("a report");
    assert_eq!((report.events, report.requests), (50, 5_000));
    nodes.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ids_for_one_new_lead_are_one_first_deposit() {
    let Some(nodes) = Nodes::start(3).await else {
        return;
    };
    nodes.lead("new-lead").await;
    let queries = (0..200).map(|tid| {
        format!(
            "clickid=new-lead&tracker.event=deposit&tracker.cost=0.1&tracker.currency=usd&tracker.tid={tid}"
        )
    });
    nodes.accept(queries).await;
    nodes.settle().await;
    let node = &nodes.all[2];
    let lead = node.lead_by_clickid(WORKSPACE, "new-lead").await;
    let lead = lead.expect("an answer").expect("the lead");
    let sums: Vec<String> = lead
        .totals
        .deposited
        .iter()
        .map(|(currency, amount)| format!("{currency} {amount}"))
        .collect();
    assert_eq!(sums, ["USD 20"]);
    let filter = EventFilter {
        lead: Some(lead.id),
        limit: 1_000,
        ..EventFilter::new(WORKSPACE)
    };
    let events = node.events(filter).await.expect("events").items;
    let firsts = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(firsts(Kind::FirstDeposit), 1);
    assert_eq!(firsts(Kind::RepeatDeposit), 199);
    nodes.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_does_the_others_know() {
    let Some(nodes) = Nodes::start(2).await else {
        return;
    };
    let (a, b) = (&nodes.all[0], &nodes.all[1]);
    let mut live = b.live();
    // An integration that was made on one takes a postback on the other at once.
    let made = a.create_integration(new_integration()).await.expect("made");
    let found = b.look_up_integration(made.uuid).await.expect("an answer");
    assert_eq!(found.map(|found| found.id), Some(made.id));
    // What one stores is on the live pages of the other; a change of the set-up is heard before it.
    let renamed = a.create_integration(new_integration()).await.expect("made");
    let query = "clickid=later&tracker.event=registration";
    let outcome = a
        .ingest(incoming(&**a, &nodes.clock, made.id, query))
        .await
        .expect("stored");
    assert_eq!(live.recv().await, Ok(outcome.request));
    assert!(b.snapshot().by_id.contains_key(&renamed.id));
    // A postback that waits is applied when the lead is made, wherever that is.
    assert_eq!(outcome.verdict, Verdict::Unmatched);
    let new = NewLead {
        clickid: Some("later".to_owned()),
        ..NewLead::default()
    };
    b.create_lead(new).await.expect("a lead");
    a.sweep().await.expect("swept");
    b.sweep().await.expect("swept");
    let now = a.request(outcome.request).await.expect("the request");
    assert_eq!(now.summary.verdict, Verdict::Accepted);
    nodes.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_lose_and_double_nothing() {
    let Some(nodes) = Nodes::start(2).await else {
        return;
    };
    for lead in 0..20 {
        nodes.lead(&format!("lead-{lead}")).await;
    }
    let killer = nodes.database.client().await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut killed = 0;
    for round in 0..5 {
        let queries = (0..400).map(|at| {
            let lead = at % 20;
            format!(
                "clickid=lead-{lead}&tracker.event=resale&tracker.cost=1&tracker.currency=usd&tracker.tid={round}-{at}"
            )
        });
        nodes.accept(queries).await;
        let row = killer.query_one(kill, &[]).await.expect("an answer");
        killed += row.get::<_, i64>(0);
    }
    assert!(killed > 0);
    nodes.settle().await;
    let report = nodes.all[0].check().await.expect("a report");
    assert_eq!((report.events, report.requests), (2_000, 2_000));
    let filter = RequestFilter {
        verdict: Some(Verdict::Duplicate),
        ..RequestFilter::new(WORKSPACE)
    };
    let doubled = nodes.all[1].requests(filter).await.expect("requests");
    assert_eq!(doubled.items.len(), 0);
    nodes.end().await;
}

/// A postback out of few leads, ids and sums, so that each meets others.
fn any_postback(random: &mut impl FnMut(u64) -> u64) -> String {
    let mut pick = |from: &[&'static str]| {
        let at = usize::try_from(random(from.len() as u64)).expect("small");
        from[at]
    };
    let clickid = pick(&[
        "one",
        "one-too",
        "two",
        "three",
        "clicked",
        "clicked-too",
        "unknown",
        "{sub1}",
    ]);
    let event = pick(&[
        "registration",
        "sale",
        "resale",
        "deposit",
        "deposit",
        "withdrawal",
        "chargeback",
        "commission",
        "something",
    ]);
    let tid = pick(&["", "a", "b", "c", "d", "one-too"]);
    let status = pick(&["", "", "approved", "pending", "rejected"]);
    let cost = pick(&["10", "10", "20.5", "1,5", "", "x"]);
    let currency = pick(&["usd", "usd", "eur", ""]);
    let payout = pick(&["", "", "3"]);
    let time = pick(&["", "", "2026-11-23T10:00:00Z", "2026-11-22T10:00:00Z"]);
    let value = pick(&["", "", "p1", "p2", "p3"]);
    let mut query = format!("clickid={clickid}&tracker.event={event}");
    for (name, value) in [
        ("tracker.tid", tid),
        ("tracker.status", status),
        ("tracker.cost", cost),
        ("tracker.currency", currency),
        ("tracker.payout", payout),
        ("tracker.time", time),
        ("fields.player", value),
        ("fields.note", if value.is_empty() { "" } else { clickid }),
    ] {
        if !value.is_empty() {
            query.push_str(&format!("&{name}={value}"));
        }
    }
    query
}

/// What a request and its event came to, without the numbers that differ from store to store.
async fn told(store: &dyn Store, requests: &[RequestId]) -> Vec<String> {
    let mut lines = Vec::new();
    for request in requests {
        let found = store.request(*request).await.expect("the request").summary;
        let event = found.event.map(|event| {
            let by = requests.iter().position(|other| other.event() == event.id);
            format!(
                "event of {by:?}: {} {} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                event.kind,
                event.status.code(),
                event.name,
                event.amount.map(|amount| amount.to_string()),
                event.currency.map(|currency| currency.to_string()),
                event.payout.map(|amount| amount.to_string()),
                event.tid,
                event.flags.codes(),
                event.occurred_at,
            )
        });
        lines.push(format!(
            "{} {:?} {:?} {event:?}",
            found.verdict.code(),
            found.flags.codes(),
            found.clickid,
        ));
    }
    lines
}

async fn prepare(store: &dyn Store) -> IntegrationId {
    for key in ["player", "note"] {
        let field = text_field(key);
        store.create_field(WORKSPACE, field).await.expect("a field");
    }
    let mut new = new_integration();
    new.rules.player_field = Some("player".to_owned());
    let integration = store.create_integration(new).await.expect("made").id;
    for clickid in ["one", "two", "three"] {
        let new = NewLead {
            clickid: Some(clickid.to_owned()),
            ..NewLead::default()
        };
        let lead = store.create_lead(new).await.expect("a lead");
        if clickid == "one" {
            let kind = IdentityKind::Clickid;
            let bound = store.bind_identity(lead.id, kind, 0, "one-too".to_owned());
            bound.await.expect("bound");
        }
    }
    for clickid in ["clicked", "clicked-too"] {
        let click = NewClick {
            workspace: WORKSPACE,
            clickid: clickid.to_owned(),
            params: Vec::new(),
        };
        store.record_click(click).await.expect("a click");
    }
    integration
}

/// Many requests that are decided together come to what they come to one after the other, whatever
/// they are.
#[tokio::test(flavor = "multi_thread")]
async fn together_is_one_after_the_other() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let clock = clock();
    let options = options(&clock);
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let single = Sqlite::open(directories[0].path(), &options).expect("opens");
    let together = Postgres::open(
        &database.address,
        Retention::default(),
        directories[1].path(),
        &options,
    )
    .expect("opens");
    let (single, together): (Arc<dyn Store>, Arc<dyn Store>) = (single, together);
    let integrations = [prepare(&*single).await, prepare(&*together).await];
    let mut state = 7_u64;
    // A generator by Marsaglia: the same requests at every run.
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..3_000 {
        let query = any_postback(&mut random);
        let incoming_one = incoming(&*single, &clock, integrations[0], &query);
        ones.push(single.ingest(incoming_one).await.expect("stored").request);
        let incoming_other = incoming(&*together, &clock, integrations[1], &query);
        others.push(together.accept(incoming_other).await.expect("accepted"));
    }
    together.settle().await;
    let (one, other) = (told(&*single, &ones).await, told(&*together, &others).await);
    for (at, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one, other, "request {at}");
    }
    for clickid in ["one", "two", "three", "clicked", "clicked-too"] {
        let mut leads = Vec::new();
        for store in [&single, &together] {
            let lead = store.lead_by_clickid(WORKSPACE, clickid).await;
            let lead = lead.expect("an answer").expect("a lead");
            let values: Vec<String> = lead.values.into_iter().map(|value| value.value).collect();
            leads.push((lead.totals, values));
        }
        assert_eq!(leads[0], leads[1], "{clickid}");
    }
    for store in [&single, &together] {
        let report = store.check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        store.close().await;
    }
    database.say_where().await;
}
