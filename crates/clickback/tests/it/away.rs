//! A node whose PostgreSQL is away or sick: it starts all the same, it finds its number or another one, and
//! a server that hangs is noticed.

use std::net::TcpListener;
use std::sync::Arc;

use clickback::app::App;
use clickback::clock::SystemClock;
use clickback::config::Settings;
use clickback::ids::RequestId;
use clickback::load::Client;
use clickback::people::Role;
use clickback::store::StoreError;
use clickback::store::inbox::Verdict;
use clickback::tokens;
use tempfile::TempDir;

use crate::cluster::{Cluster, wait_for};
use crate::crash::prepare_with;
use crate::crash_postgres::{Node, patiently, send, settings};
use crate::ground::{TestDatabase, number, texts};
use crate::harness::{WORKSPACE, log_in};

/// The class of the locks that stand for numbers of nodes.
pub(crate) const CLASS: i32 = 0x0063_6c6b;

async fn deposit(node: &Node, path: &str, tid: &str) -> RequestId {
    let mut client = Client::connect(node.at).await.expect("a connection");
    let query = format!(
        "tracker.event=deposit&clickid=lead1&tracker.cost=1.5&tracker.currency=usd&tracker.tid={tid}"
    );
    send(&mut client, path, &query).await
}

/// All that was accepted is an event now, once, and totals equal a recount.
async fn is_applied(node: &Node, requests: &[RequestId]) {
    patiently("all is decided", node.app.store.settle()).await;
    assert_eq!(node.undecided().await, 0);
    for request in requests {
        let found = node.app.store.request(*request).await.expect("the request");
        assert_eq!(found.summary.verdict, Verdict::Accepted);
    }
    let report = node.app.store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.events, requests.len() as u64);
}

/// What does not need the database is answered, the rest says that it is away.
async fn says_that_it_is_away(node: &Node) {
    assert_eq!(node.get("/healthz").await.0, 200);
    let (status, text) = node.get("/readyz").await;
    assert_eq!(status, 503, "{text}");
    let unknown = "/api/postbacks/0198a2b4-0000-7000-8000-000000000000/tracker-postback?clickid=a&tracker.event=sale";
    // Whose session or token it is only the database knows.
    let (token, _) = tokens::generate();
    for path in [unknown, "/login", "/", "/inbox", "/api/v1/leads"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nCookie: session={token}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let mut client = Client::connect(node.at).await.expect("a connection");
        let status = client.exchange(request.as_bytes()).await;
        let text = String::from_utf8_lossy(client.body());
        assert_eq!(status.expect("an answer"), 503, "{path}: {text}");
    }
    let (_, text) = node.get("/login").await;
    assert!(text.contains("The database does not answer"), "{text}");
    assert!(
        text.contains("wait on this node") || text.contains("waits on this node"),
        "{text}"
    );
}

fn refused(settings: Settings) -> StoreError {
    let opened = App::open_with(settings, Arc::new(SystemClock), false);
    opened.err().expect("it does not start")
}

/// A node that ran before, on a server of the test's own; stopped.
struct Ran {
    cluster: Cluster,
    directory: TempDir,
    path: String,
}

impl Ran {
    async fn before() -> Option<Ran> {
        let cluster = Cluster::start().await?;
        let directory = tempfile::tempdir().expect("a directory");
        let path = prepare_with(settings(directory.path(), &cluster.address())).await;
        Some(Ran {
            cluster,
            directory,
            path,
        })
    }

    async fn node(&self) -> Node {
        Node::start(self.directory.path(), &self.cluster.impatient_address()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_while_its_database_is_away() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    ran.cluster.stop_at_once();
    let mut requests = Vec::new();
    // Twice: what the first run accepted is found by the second.
    for round in 0..2 {
        let node = ran.node().await;
        for number in 0..20 {
            requests.push(deposit(&node, &ran.path, &format!("{round}-{number}")).await);
        }
        assert_eq!(node.undecided().await, requests.len());
        says_that_it_is_away(&node).await;
        node.stop().await;
    }
    // One that never ran has no set-up to go by.
    let other = tempfile::tempdir().expect("a directory");
    let error = refused(settings(other.path(), &ran.cluster.address()));
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");

    let node = ran.node().await;
    requests.push(deposit(&node, &ran.path, "last").await);
    ran.cluster.begin();
    is_applied(&node, &requests).await;
    // It has joined: pages work, and what another process sets up is known.
    assert_eq!(node.get("/login").await.0, 200);
    assert_eq!(node.get("/readyz").await.0, 200);
    node.stop().await;
    ran.cluster.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_for_this_program_is_refused() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    let client = ran.cluster.client().await;
    let newer = "INSERT INTO schema_migrations (number, name) VALUES (999, 'later')";
    client.batch_execute(newer).await.expect("a later schema");
    let error = refused(settings(ran.directory.path(), &ran.cluster.address()));
    assert!(
        error.to_string().contains("start the newer program"),
        "{error}"
    );

    // Where it shows only when the database is back, the node goes on keeping what it accepts.
    ran.cluster.stop_at_once();
    let node = ran.node().await;
    let mut requests = vec![deposit(&node, &ran.path, "a").await];
    ran.cluster.begin();
    let said = async {
        while !node
            .get("/readyz")
            .await
            .1
            .contains("start the newer program")
        {
            tokio::task::yield_now().await;
        }
    };
    patiently("the node says why", said).await;
    requests.push(deposit(&node, &ran.path, "b").await);
    assert_eq!(node.undecided().await, 2);
    says_that_it_is_away(&node).await;
    let client = ran.cluster.client().await;
    let older = "DELETE FROM schema_migrations WHERE number = 999";
    client.batch_execute(older).await.expect("as it was");
    is_applied(&node, &requests).await;
    node.stop().await;
    ran.cluster.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_given_away_is_changed_for_another() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    let client = ran.cluster.client().await;
    let before = number(&client, "SELECT number FROM nodes").await;
    let given = "UPDATE nodes SET identity = 'somebody else'";
    client.batch_execute(given).await.expect("given away");
    ran.cluster.stop_at_once();
    let node = ran.node().await;
    let mut requests = Vec::new();
    for tid in ["a", "b"] {
        requests.push(deposit(&node, &ran.path, tid).await);
    }
    ran.cluster.begin();
    patiently("all is decided", node.app.store.settle()).await;
    requests.push(deposit(&node, &ran.path, "c").await);
    is_applied(&node, &requests).await;
    let client = ran.cluster.client().await;
    let own = "SELECT number FROM nodes WHERE identity <> 'somebody else'";
    let after = number(&client, own).await;
    assert_ne!(after, before);
    // Ids that were given keep their number; the next ones carry the other.
    let carried: Vec<i64> = requests.iter().map(|one| (one.0 >> 13 & 255) / 2).collect();
    assert_eq!(carried, [before, before, after]);
    node.stop().await;
    ran.cluster.say_where().await;
}

/// What stands in the table of nodes when a node comes, somebody holding the lock of its number, and
/// whether it gets that number.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_connection_does_not_keep_a_number() {
    let cases = [
        ("UPDATE nodes SET seen_at = 0", true),
        // It lives: the directory must have been copied.
        ("UPDATE nodes SET seen_at = 9000000000000000", false),
    ];
    for (seen, gets_it) in cases {
        let Some(database) = TestDatabase::fresh().await else {
            return;
        };
        let directory = tempfile::tempdir().expect("a directory");
        let path = prepare_with(settings(directory.path(), &database.address)).await;
        let holder = database.client().await;
        let own = number(&holder, "SELECT number FROM nodes").await;
        holder.batch_execute(seen).await.expect("seen");
        let lock = format!("SELECT 1::bigint FROM pg_advisory_lock({CLASS}, {own})");
        number(&holder, &lock).await;
        let node = Node::start(directory.path(), &database.address).await;
        let requests = [deposit(&node, &path, "a").await];
        is_applied(&node, &requests).await;
        let client = database.client().await;
        let newest =
            "SELECT number FROM nodes ORDER BY seen_at = 9000000000000000, seen_at DESC LIMIT 1";
        let now = number(&client, newest).await;
        assert_eq!(now == own, gets_it, "{seen}");
        assert_eq!(holder.is_closed(), gets_it, "{seen}");
        node.stop().await;
        database.say_where().await;
    }
}

/// The lock of the number goes to a connection of which the node knows nothing: it can only be one of its
/// own, and is ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_gets_its_number_back() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let path = prepare_with(settings(directory.path(), &database.address)).await;
    let node = Node::start(directory.path(), &database.address).await;
    let mut requests = vec![deposit(&node, &path, "a").await];
    is_applied(&node, &requests).await;
    let client = database.client().await;
    let own = number(&client, "SELECT number FROM nodes").await;
    let held = format!(
        "FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = {CLASS} AND objid = {own} AND database = \
         (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    // Who waits for a lock has it when it falls.
    let waiter = Arc::new(database.client().await);
    let waiting = Arc::clone(&waiter);
    let lock = format!("SELECT 1::bigint FROM pg_advisory_lock({CLASS}, {own})");
    let waits = tokio::spawn(async move { number(&waiting, &lock).await });
    let queued = format!("SELECT count(*) {held} AND NOT granted");
    wait_for(&client, &queued, |waiters| waiters == 1).await;
    let end = format!("SELECT count(pg_terminate_backend(pid)) {held} AND granted");
    assert_eq!(number(&client, &end).await, 1);
    waits.await.expect("it has the lock");
    requests.push(deposit(&node, &path, "b").await);
    is_applied(&node, &requests).await;
    assert!(waiter.is_closed());
    assert_eq!(number(&client, "SELECT number FROM nodes").await, own);
    node.stop().await;
    database.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hangs_is_left_for_its_standby() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    let standby = ran.cluster.synchronous_standby().await;
    let address = ran.cluster.address_with(&[&standby]);
    let node = Node::start(ran.directory.path(), &address).await;
    let mut requests = vec![deposit(&node, &ran.path, "before").await];
    is_applied(&node, &requests).await;
    ran.cluster.pause();
    for number in 0..20 {
        requests.push(deposit(&node, &ran.path, &format!("{number}")).await);
    }
    standby.promote();
    is_applied(&node, &requests).await;
    assert_eq!(node.get("/login").await.0, 200);
    node.stop().await;
    standby.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_noticed() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    let node = ran.node().await;
    let mut requests = vec![deposit(&node, &ran.path, "before").await];
    is_applied(&node, &requests).await;
    ran.cluster.pause();
    for number in 0..20 {
        requests.push(deposit(&node, &ran.path, &format!("{number}")).await);
    }
    says_that_it_is_away(&node).await;
    for number in 20..40 {
        requests.push(deposit(&node, &ran.path, &format!("{number}")).await);
    }
    // Metrics do not wait for it either.
    assert!(node.undecided().await >= 40);
    ran.cluster.resume();
    is_applied(&node, &requests).await;
    assert_eq!(node.get("/login").await.0, 200);
    let client = ran.cluster.client().await;
    assert_eq!(number(&client, "SELECT count(*) FROM nodes").await, 1);
    node.stop().await;
    ran.cluster.say_where().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_hangs_does_not_keep_the_next_from_its_turn() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = ran
        .cluster
        .address_behind(silent.local_addr().expect("an address"));
    let node = Node::start(ran.directory.path(), &address).await;
    let requests = [deposit(&node, &ran.path, "a").await];
    is_applied(&node, &requests).await;
    assert_eq!(node.get("/login").await.0, 200);
    node.stop().await;
    ran.cluster.say_where().await;
}

/// A connection that was kept from before the server was started again is not used.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_read_after_a_restart_of_the_server_works() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    let node = ran.node().await;
    for _ in 0..3 {
        assert_eq!(node.get("/login").await.0, 200);
        ran.cluster.stop_at_once();
        ran.cluster.begin();
        assert_eq!(node.get("/login").await.0, 200);
    }
    node.stop().await;
    ran.cluster.say_where().await;
}

/// Nothing has to happen on a node for it to find its database again.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_node_comes_back_by_itself() {
    let Some(ran) = Ran::before().await else {
        return;
    };
    ran.cluster.stop_at_once();
    let node = ran.node().await;
    ran.cluster.begin();
    let client = ran.cluster.client().await;
    let held = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = {CLASS}"
    );
    wait_for(&client, &held, |locks| locks == 1).await;
    let names = texts(&client, "SELECT name FROM nodes").await;
    assert_eq!(names, std::slice::from_ref(&node.app.settings.node_name));
    node.stop().await;
    ran.cluster.say_where().await;
}

/// Two nodes on one database, each on a directory of its own.
struct Pair {
    nodes: [Node; 2],
    database: TestDatabase,
    path: String,
    _directories: [TempDir; 2],
}

impl Pair {
    async fn start() -> Option<Pair> {
        let database = TestDatabase::fresh().await?;
        let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let path = prepare_with(settings(directories[0].path(), &database.address)).await;
        let mut nodes = Vec::new();
        for directory in &directories {
            nodes.push(Node::start(directory.path(), &database.address).await);
        }
        Some(Pair {
            nodes: nodes.try_into().ok()?,
            database,
            path,
            _directories: directories,
        })
    }

    async fn end(self) {
        for node in self.nodes {
            node.stop().await;
        }
        self.database.say_where().await;
    }
}

async fn ask(node: &Node, request: &str) -> (u16, String) {
    let mut client = Client::connect(node.at).await.expect("a connection");
    let status = client.exchange(request.as_bytes()).await;
    let text = String::from_utf8_lossy(client.body()).into_owned();
    (status.expect("an answer"), text)
}

async fn open(node: &Node, path: &str, cookie: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    ask(node, &request).await
}

async fn submit(node: &Node, path: &str, cookie: &str, form: &str) -> (u16, String) {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    ask(node, &request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_one_on_all_nodes() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let [a, b] = &pair.nodes;
    let (_, cookie) = log_in(&a.app, WORKSPACE, Role::Owner).await;
    for node in [a, b] {
        assert_eq!(open(node, "/settings/account", &cookie).await.0, 200);
    }
    assert_eq!(submit(a, "/logout", &cookie, "").await.0, 303);
    for node in [b, a] {
        assert_eq!(open(node, "/settings/account", &cookie).await.0, 303);
    }
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_to_log_in_are_counted_on_all_nodes_together() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let mut answers = Vec::new();
    for number in 0..7 {
        let node = &pair.nodes[number % 2];
        let form = "login=anna&password=wrong-password";
        answers.push(submit(node, "/login", "", form).await.0);
    }
    assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429]);
    // Whoever else comes from there is let in on, and no address stands in the table.
    let form = "login=boris&password=wrong-password";
    assert_eq!(submit(&pair.nodes[0], "/login", "", form).await.0, 401);
    let client = pair.database.client().await;
    let rows = "SELECT count(*) FROM login_tries WHERE length(who) = 32";
    assert_eq!(number(&client, rows).await, 3);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_knows_what_waits_on_the_others() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let [a, b] = &pair.nodes;
    let (_, cookie) = log_in(&a.app, WORKSPACE, Role::Owner).await;
    for node in [a, b] {
        let heard = async {
            while !node.app.store.has_company() {
                tokio::task::yield_now().await;
            }
        };
        patiently("it hears of the other", heard).await;
        let (status, page) = open(node, "/settings/nodes", &cookie).await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(page.matches("nothing waits").count(), 2, "{page}");
        assert_eq!(page.matches("this one").count(), 1, "{page}");
        let (_, overview) = open(node, "/", &cookie).await;
        assert!(!overview.contains("/settings/nodes"), "{overview}");
    }
    deposit(a, &pair.path, "a").await;
    // A third one was there, and is gone with what it had accepted.
    let client = pair.database.client().await;
    let gone = "INSERT INTO nodes (number, identity, run, name, version, seen_at, waiting) \
         SELECT min(free), 'gone', 'gone', 'third', '0.1', 0, 12 FROM generate_series(0, 127) free \
         WHERE free NOT IN (SELECT number FROM nodes)";
    client.batch_execute(gone).await.expect("a third");
    for node in [a, b] {
        let (_, page) = open(node, "/settings/nodes", &cookie).await;
        assert!(page.contains("12 postbacks wait"), "{page}");
        let (_, overview) = open(node, "/", &cookie).await;
        assert!(overview.contains("Node third is gone"), "{overview}");
    }
    pair.end().await;
}
