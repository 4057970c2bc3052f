//! PostgreSQL databases for tests: each is a copy of a template that was migrated once, and is dropped
//! with the test. Which server: `TEST_POSTGRES_URL`, which `scripts/test` sets; without it the suites
//! that need one say `SKIPPED`, which CI does not accept.

use std::sync::atomic::{AtomicU32, Ordering};

use clickback::store::postgres::connect::{Address, Purpose, server_version};
use clickback::store::postgres::migrate::{MIGRATIONS, migrate};
use clickback::store::postgres::partitions::{self, Retention};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

use crate::harness::noon;

static MADE: AtomicU32 = AtomicU32::new(0);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// One at a time makes the template, in whatever process.
const TEMPLATE_LOCK: i64 = 0x0063_6c69_7465_7374;

/// The server that was given, or none.
#[expect(
    clippy::disallowed_methods,
    reason = "the script tells the tests which server to use"
)]
pub(crate) fn server() -> Option<Address> {
    let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
        println!("SKIPPED on PostgreSQL: TEST_POSTGRES_URL names no server");
        return None;
    };
    Some(Address::parse(&url).expect("TEST_POSTGRES_URL is an address"))
}

/// A database that ends with its test.
pub(crate) struct TestDatabase {
    pub(crate) address: Address,
    server: Address,
}

impl TestDatabase {
    /// A database with the newest schema and the months around the tests' noon.
    pub(crate) async fn fresh() -> Option<TestDatabase> {
        let server = server()?;
        let template = TEMPLATE.get_or_init(|| template(&server)).await;
        Some(Self::make(server, &format!("TEMPLATE {template}")).await)
    }

    /// A database without anything.
    pub(crate) async fn empty() -> Option<TestDatabase> {
        Some(Self::make(server()?, "TEMPLATE template0 ENCODING 'UTF8'").await)
    }

    async fn make(server: Address, like: &str) -> TestDatabase {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("clickback_test_{}_{number}", std::process::id());
        let client = connect(&server).await;
        // One of an earlier process with our number, killed before it could drop it.
        for statement in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name} {like}"),
        ] {
            client.batch_execute(&statement).await.expect("a database");
        }
        TestDatabase {
            address: server.with_database(&name),
            server,
        }
    }

    /// A connection to it.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.address).await
    }

    /// It is away for everybody: no connection is left, and none can be made.
    pub(crate) async fn shut(&self) {
        let server = self.allow_connections(false).await;
        let end = "SELECT bool_and(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = $1";
        let ended = server.query_one(end, &[&self.address.database()]).await;
        ended.expect("no connection is left");
    }

    /// It is there again.
    pub(crate) async fn open(&self) {
        self.allow_connections(true).await;
    }

    async fn allow_connections(&self, allowed: bool) -> Client {
        let server = connect(&self.server).await;
        let name = self.address.database();
        let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        server.batch_execute(&allow).await.expect("allowed or not");
        server
    }

    /// What a suite prints when it is through.
    pub(crate) async fn say_where(&self) {
        let version = server_version(&self.client().await)
            .await
            .expect("a version");
        // Debian adds its own.
        let version = version.split(' ').next().unwrap_or_default();
        println!("ran on PostgreSQL {version}");
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own: a test's runtime may be over, and dropping must not wait inside it.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.address.database().to_owned());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                connect(&server)
                    .await
                    .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    .await
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            println!("could not drop the database of a test");
        }
    }
}

/// The one number that a query answers.
pub(crate) async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect(query).get(0)
}

/// The first column of what a query answers.
pub(crate) async fn texts(client: &Client, query: &str) -> Vec<String> {
    let rows = client.query(query, &[]).await.expect(query);
    rows.iter().map(|row| row.get(0)).collect()
}

async fn connect(address: &Address) -> Client {
    address.connect(Purpose::Write).await.expect("a connection")
}

/// The migrated database that others are copies of; made again when a migration changes.
async fn template(server: &Address) -> String {
    let mut text = String::new();
    for (number, name, sql) in MIGRATIONS {
        text.push_str(&format!("{number} {name} {sql}"));
    }
    let name = format!(
        "clickback_template_{:08x}",
        crc32fast::hash(text.as_bytes())
    );
    let client = connect(server).await;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK])
        .await
        .expect("the lock");
    let known = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .await
        .expect("an answer");
    if known.is_none() {
        let draft = "clickback_template_draft";
        for statement in [
            format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
            format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'"),
        ] {
            client.batch_execute(&statement).await.expect("a database");
        }
        let mut inside = connect(&server.with_database(draft)).await;
        migrate(&mut inside).await.expect("migrated");
        partitions::tend(&mut inside, noon(), Retention::default())
            .await
            .expect("tended");
        end(inside, &client, draft).await;
        client
            .batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}"))
            .await
            .expect("renamed");
    }
    name
}

/// Ends a connection and waits until the server knows.
async fn end(inside: Client, watcher: &Client, database: &str) {
    drop(inside);
    loop {
        let row = watcher
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1",
                &[&database],
            )
            .await
            .expect("an answer");
        if row.get::<_, i64>(0) == 0 {
            return;
        }
    }
}
