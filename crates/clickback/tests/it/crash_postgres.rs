//! PostgreSQL that dies under load: stopped at once and started again, away while postbacks keep coming,
//! replaced by its standby. Nodes answer 200 all the time, and what they answered is in the database,
//! once.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clickback::app::{self, App, AppState};
use clickback::config::Settings;
use clickback::ids::RequestId;
use clickback::load::Client;
use clickback::store::postgres::connect::Address;
use clickback_core::event::Kind;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, wait_for};
use crate::crash::{LEADS, answers_before, asked_for, prepare_with};
use crate::ground::number;

const NODES: usize = 2;
/// Connections to each node.
const CONNECTIONS: usize = 4;
/// Requests a second while the database is away.
const RATE: usize = 500;
/// A sender's pause between two requests of a load: together they send some hundreds a second.
const BEAT: Duration = Duration::from_millis(10);
/// How long a condition is waited for before the test says that it never came.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn settings(directory: &Path, address: &Address) -> Settings {
    let mut settings = Settings::local(directory.to_owned());
    settings.database = Some(address.clone());
    settings
}

pub(crate) async fn patiently<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// A running node on a socket of its own.
pub(crate) struct Node {
    pub(crate) app: AppState,
    pub(crate) at: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Node {
    pub(crate) async fn start(directory: &Path, address: &Address) -> Node {
        let settings = settings(directory, address);
        let listener = TcpListener::bind(settings.listen).await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let app = App::open(settings).expect("the node starts");
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(app::serve(Arc::clone(&app), listener, stopped));
        Node {
            app,
            at,
            stop,
            server,
        }
    }

    /// Asks for a page; returns status and text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let mut client = Client::connect(self.at).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        let text = String::from_utf8_lossy(client.body()).into_owned();
        (status, text)
    }

    /// What `/metrics` says of requests that wait to be decided.
    pub(crate) async fn undecided(&self) -> usize {
        let (status, text) = self.get("/metrics").await;
        assert_eq!(status, 200, "{text}");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("clickback_undecided "));
        line.and_then(|count| count.parse().ok()).expect("a number")
    }

    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        patiently("the node stops", self.server)
            .await
            .expect("no panic");
    }
}

/// Nodes on one database, and the postback address that all of them know.
struct Nodes {
    running: Vec<Node>,
    directories: Vec<TempDir>,
    path: String,
}

impl Nodes {
    /// Nodes on a fresh database. `others` are servers that may have its place one day.
    async fn start(count: usize, cluster: &Cluster, others: &[&Cluster]) -> Nodes {
        let directories: Vec<TempDir> = (0..count)
            .map(|_| tempfile::tempdir().expect("a directory"))
            .collect();
        let path = prepare_with(settings(directories[0].path(), &cluster.address())).await;
        let mut nodes = Nodes {
            running: Vec::new(),
            directories,
            path,
        };
        nodes.run(&cluster.address_with(others)).await;
        nodes
    }

    async fn run(&mut self, address: &Address) {
        for directory in &self.directories {
            self.running
                .push(Node::start(directory.path(), address).await);
        }
    }

    /// All that was accepted is decided.
    async fn settle(&self) {
        for node in &self.running {
            patiently("all is decided", node.app.store.settle()).await;
            assert_eq!(node.undecided().await, 0);
        }
    }

    async fn stop(&mut self) {
        for node in self.running.drain(..) {
            node.stop().await;
        }
    }

    /// Files of the journals with entries that the next start would look at.
    fn journals(&self) -> usize {
        let files = self.directories.iter().flat_map(|directory| {
            let journal = directory.path().join("journal");
            std::fs::read_dir(journal).expect("a journal").flatten()
        });
        files
            .filter(|file| file.file_name().to_string_lossy().ends_with(".journal"))
            .count()
    }

    /// All that was answered is decided and is there once.
    async fn nothing_is_wrong(&self, cluster: &Cluster, answered: &Answered, when: &str) {
        self.settle().await;
        let wrong = answered.wrong(cluster).await;
        assert_eq!(wrong, Vec::<String>::new(), "{when}");
    }

    /// Ends well: all is decided and is there once, totals equal a recount, nothing is left to decide.
    async fn end(mut self, cluster: &Cluster, answered: &Answered) {
        self.nothing_is_wrong(cluster, answered, "at the end").await;
        let report = self.running[0].app.store.check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        assert_eq!(report.events, answered.events.len() as u64);
        self.stop().await;
        assert_eq!(self.journals(), 0, "the journals are not empty");
        cluster.say_where().await;
    }
}

/// What was answered 200 so far.
#[derive(Default)]
struct Answered {
    requests: Vec<RequestId>,
    /// Leads and transaction ids that were sent.
    events: HashSet<(usize, String)>,
}

impl Answered {
    fn add(&mut self, other: Answered) {
        self.requests.extend(other.requests);
        self.events.extend(other.events);
    }

    /// What the database has wrong of it, a line for each kind.
    async fn wrong(&self, cluster: &Cluster) -> Vec<String> {
        let client = cluster.client().await;
        let distinct: HashSet<i64> = self.requests.iter().map(|request| request.0).collect();
        let ids: Vec<i64> = distinct.iter().copied().collect();
        let found = "SELECT count(*) FROM inbox WHERE id = ANY($1)";
        let found = client.query_one(found, &[&ids]).await.expect("a count");
        let found: i64 = found.get(0);
        let rows = number(&client, "SELECT count(*) FROM inbox").await;
        let double = "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY lead_id, tid HAVING count(*) > 1) d";
        let without = "SELECT count(*) FROM inbox WHERE event_id IS NULL OR verdict NOT IN (1, 3)";
        let counts = [
            ("ids given twice", self.requests.len() - distinct.len()),
            (
                "requests lost",
                ids.len() - usize::try_from(found).expect("a count"),
            ),
            (
                "requests that nobody sent",
                usize::try_from(rows - found).expect("a count"),
            ),
            ("events counted twice", count(&client, double).await),
            ("requests without an event", count(&client, without).await),
            (
                "events lost",
                self.events
                    .len()
                    .saturating_sub(count(&client, "SELECT count(*) FROM events").await),
            ),
        ];
        counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{count} {what}"))
            .collect()
    }
}

async fn count(client: &tokio_postgres::Client, query: &str) -> usize {
    usize::try_from(number(client, query).await).expect("a count")
}

pub(crate) async fn send(client: &mut Client, path: &str, query: &str) -> RequestId {
    let request = format!("GET {path}?{query} HTTP/1.1\r\nHost: x\r\n\r\n");
    let status = client
        .exchange(request.as_bytes())
        .await
        .expect("an answer");
    let text = String::from_utf8_lossy(client.body());
    assert_eq!(status, 200, "{text}");
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let id = answer["request_id"].as_str().expect("an id");
    id.parse().expect("an id")
}

/// Senders to all nodes that go on until they are stopped; each answer must be 200.
struct Load {
    stop: Arc<AtomicBool>,
    answers: watch::Sender<usize>,
    senders: Vec<JoinHandle<Answered>>,
}

impl Load {
    fn start(nodes: &Nodes, round: usize) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let answers = watch::Sender::new(0);
        let count = nodes.running.len();
        let senders = (0..count * CONNECTIONS)
            .map(|connection| {
                let at = nodes.running[connection % count].at;
                let path = nodes.path.clone();
                let (stop, answers) = (Arc::clone(&stop), answers.clone());
                tokio::spawn(async move {
                    let mut client = Client::connect(at).await.expect("a connection");
                    let mut answered = Answered::default();
                    let mut beat = tokio::time::interval(BEAT);
                    for number in 0.. {
                        beat.tick().await;
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let (lead, tid) = deposit(round, connection, number);
                        let query = format!(
                            "tracker.event=deposit&clickid=lead{lead}&tracker.cost=1.5&tracker.currency=usd&tracker.tid={tid}"
                        );
                        let request = send(&mut client, &path, &query).await;
                        answered.requests.push(request);
                        answered.events.insert((lead, tid));
                        answers.send_modify(|answers| *answers += 1);
                    }
                    answered
                })
            })
            .collect();
        Load {
            stop,
            answers,
            senders,
        }
    }

    /// Waits for so many more answers.
    async fn goes_on(&self, more: usize) {
        let wanted = *self.answers.borrow() + more;
        let mut answers = self.answers.subscribe();
        let reached = answers.wait_for(|answers| *answers >= wanted);
        let reached = patiently("so many are answered", reached).await;
        drop(reached.expect("the senders live"));
    }

    async fn stop(self) -> Answered {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Answered::default();
        for sender in self.senders {
            all.add(sender.await.expect("every answer is 200"));
        }
        all
    }
}

/// Lead and transaction id of a sender's next postback. Every fourth is sent again, by the same
/// connection; every sixteenth comes from all of them, to both nodes.
fn deposit(round: usize, connection: usize, number: usize) -> (usize, String) {
    match number % 16 {
        0 => (number * 31 % LEADS, format!("r{round}n{number}")),
        at if at % 4 == 3 => deposit(round, connection, number - 1),
        _ => (
            (number * 31 + connection * 7) % LEADS,
            format!("r{round}c{connection}n{number}"),
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_the_database() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let nodes = Nodes::start(NODES, &cluster, &[]).await;
    let mut answered = Answered::default();
    let rounds = asked_for("CRASH_ROUNDS", 5);
    for round in 1..=rounds {
        let load = Load::start(&nodes, round);
        load.goes_on(answers_before(round)).await;
        cluster.stop_at_once();
        load.goes_on(100).await;
        cluster.begin();
        load.goes_on(100).await;
        answered.add(load.stop().await);
        nodes
            .nothing_is_wrong(&cluster, &answered, &format!("round {round}"))
            .await;
    }
    println!(
        "{rounds} immediate stops of PostgreSQL, {} answers, {} events: 0 lost, 0 double",
        answered.requests.len(),
        answered.events.len()
    );
    nodes.end(&cluster, &answered).await;
}

/// The negative control: what waits for a database that is away is in the journal and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_thrown_away_is_noticed() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let mut nodes = Nodes::start(NODES, &cluster, &[]).await;
    let load = Load::start(&nodes, 1);
    load.goes_on(50).await;
    cluster.stop_at_once();
    load.goes_on(50).await;
    let answered = load.stop().await;
    nodes.stop().await;
    assert!(nodes.journals() > 0);
    for directory in &nodes.directories {
        std::fs::remove_dir_all(directory.path().join("journal")).expect("removed");
    }
    cluster.begin();
    nodes.run(&cluster.address()).await;
    nodes.settle().await;
    let wrong = answered.wrong(&cluster).await;
    assert!(
        wrong.iter().any(|line| line.ends_with(" requests lost")),
        "{wrong:?}"
    );
    nodes.stop().await;
    cluster.say_where().await;
}

/// One connection's share of the requests that come while the database is away. Each deposit comes
/// twice, the second time with another sum: whoever decides it first makes the event.
async fn keep_coming(at: SocketAddr, path: String, connection: usize, count: usize) -> Answered {
    let own = LEADS / (NODES * CONNECTIONS);
    let every = Duration::from_secs(1) * u32::try_from(NODES * CONNECTIONS).expect("few");
    let mut beat = tokio::time::interval(every / u32::try_from(RATE).expect("small"));
    let mut client = Client::connect(at).await.expect("a connection");
    let mut answered = Answered::default();
    for number in 0..count {
        beat.tick().await;
        let (deposit, sum) = (number / 2, 1 + number % 2);
        let (lead, tid) = (
            connection * own + deposit % own,
            format!("c{connection}n{deposit}"),
        );
        let query = format!(
            "tracker.event=deposit&clickid=lead{lead}&tracker.cost={sum}&tracker.currency=usd&tracker.tid={tid}"
        );
        answered
            .requests
            .push(send(&mut client, &path, &query).await);
        answered.events.insert((lead, tid));
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_the_database_is_away_is_applied_in_its_order() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let nodes = Nodes::start(NODES, &cluster, &[]).await;
    cluster.stop_at_once();
    let seconds = asked_for("CRASH_AWAY_SECONDS", 1);
    let each = seconds * RATE / (NODES * CONNECTIONS);
    let coming: Vec<_> = (0..NODES * CONNECTIONS)
        .map(|connection| {
            let at = nodes.running[connection % NODES].at;
            tokio::spawn(keep_coming(at, nodes.path.clone(), connection, each))
        })
        .collect();
    let mut answered = Answered::default();
    for one in coming {
        answered.add(one.await.expect("every answer is 200"));
    }
    // A node without its database says so, and how much waits.
    let mut undecided = 0;
    for node in &nodes.running {
        undecided += node.undecided().await;
        assert_eq!(node.get("/healthz").await.0, 200);
        assert_eq!(node.get("/readyz").await.0, 503);
        // What needs the database for its answer is asked for again, and not refused for good.
        let other = "/api/postbacks/0198a2b4-0000-7000-8000-000000000000/tracker-postback";
        for refused in [nodes.path.as_str(), other] {
            assert_eq!(node.get(refused).await.0, 503, "{refused}");
        }
    }
    assert_eq!(undecided, answered.requests.len());
    cluster.begin();
    nodes.settle().await;
    let client = cluster.client().await;
    let second_sum = "SELECT count(*) FROM events WHERE amount <> '1'";
    assert_eq!(number(&client, second_sum).await, 0);
    let later_first = format!(
        "SELECT count(*) FROM events first WHERE kind = {} AND EXISTS \
         (SELECT 1 FROM events other WHERE other.lead_id = first.lead_id AND other.id < first.id)",
        Kind::FirstDeposit.number()
    );
    assert_eq!(number(&client, &later_first).await, 0);
    println!(
        "PostgreSQL away for {seconds} s at {RATE} requests a second: {undecided} waited, {} events, in their order",
        answered.events.len()
    );
    nodes.end(&cluster, &answered).await;
}

/// There and back again: what died comes back as the standby of what took its place, under load.
#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_has_all_that_was_acknowledged() {
    let Some(first) = Cluster::start().await else {
        return;
    };
    let second = first.synchronous_standby().await;
    let (mut primary, mut standby) = (&first, &second);
    let nodes = Nodes::start(NODES, primary, &[standby]).await;
    let mut answered = Answered::default();
    let promotions = asked_for("CRASH_PROMOTIONS", 2);
    for round in 1..=promotions {
        let load = Load::start(&nodes, round);
        if round > 1 {
            standby.follow(primary).await;
        }
        load.goes_on(answers_before(round)).await;
        primary.stop_at_once();
        load.goes_on(100).await;
        standby.promote();
        load.goes_on(100).await;
        answered.add(load.stop().await);
        (primary, standby) = (standby, primary);
        nodes
            .nothing_is_wrong(primary, &answered, &format!("promotion {round}"))
            .await;
    }
    println!(
        "{promotions} times the standby took over: {} answers, {} events: 0 lost, 0 double",
        answered.requests.len(),
        answered.events.len()
    );
    nodes.end(primary, &answered).await;
}

/// A transaction that waited for the standby when its server died is on the server's own disk, and is
/// seen there after the restart. The journal keeps it until the standby has it, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_primary_has_is_kept() {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let Some(primary) = Cluster::start().await else {
        return;
    };
    let standby = primary.synchronous_standby().await;
    let nodes = Nodes::start(1, &primary, &[&standby]).await;
    standby.stop_at_once();
    let load = Load::start(&nodes, 1);
    load.goes_on(100).await;
    let client = primary.client().await;
    wait_for(&client, WAITING, |waiting| waiting == 1).await;
    load.goes_on(50).await;
    let answered = load.stop().await;
    primary.stop_at_once();
    primary.begin();
    let client = primary.client().await;
    // What the node had sent is seen now, and nobody else has it.
    let seen = number(&client, "SELECT count(*) FROM inbox").await;
    assert!(seen > 0);
    // The node looks it up and waits for the standby again, and lets go of nothing meanwhile.
    wait_for(&client, WAITING, |waiting| waiting == 1).await;
    assert_eq!(nodes.running[0].undecided().await, answered.requests.len());
    primary.stop_at_once();
    standby.begin();
    standby.promote();
    nodes.settle().await;
    println!(
        "{seen} of {} requests were on the dead primary alone: the standby has all",
        answered.requests.len()
    );
    nodes.end(&standby, &answered).await;
}
