//! Migrations of PostgreSQL under kill -9 and from several nodes at once, and connections to it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use clickback::store::StoreError;
use clickback::store::postgres::connect::{Address, Purpose};
use clickback::store::postgres::migrate::{
    MIGRATIONS, Migration, migrate, migrate_to, newest, version,
};
use tokio::task::JoinSet;

use crate::ground::{TestDatabase, number, server, texts};

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let Some(database) = TestDatabase::empty().await else {
        return;
    };
    let mut nodes = JoinSet::new();
    for _ in 0..4 {
        let mut client = database.client().await;
        nodes.spawn(async move { migrate(&mut client).await });
    }
    while let Some(done) = nodes.join_next().await {
        done.expect("no panic").expect("migrated");
    }
    let mut client = database.client().await;
    let applied = texts(
        &client,
        "SELECT number || ' ' || name FROM schema_migrations ORDER BY number",
    )
    .await;
    let expected: Vec<String> = MIGRATIONS
        .iter()
        .map(|(number, name, _)| format!("{number} {name}"))
        .collect();
    assert_eq!(applied, expected);
    migrate(&mut client).await.expect("nothing to do");
    assert_eq!(version(&client).await, Ok(newest()));
    // The first workspace has the number that everything else expects, and the next one another.
    assert_eq!(
        texts(&client, "SELECT id || ' ' || name FROM workspaces").await,
        ["1 Workspace"]
    );
    let next = "INSERT INTO workspaces (name, created_at) VALUES ('Second', 0) RETURNING id";
    assert_eq!(number(&client, next).await, 2);
    database.say_where().await;
}

/// The lock at which the third migration of the story below waits.
const GATE: i64 = 77;

fn gated() -> Vec<Migration> {
    let mut migrations = MIGRATIONS[..2].to_vec();
    migrations.push((
        3,
        "gated",
        "CREATE TABLE half_done (id BIGINT); SELECT pg_advisory_xact_lock(77); CREATE TABLE other_half (id BIGINT)",
    ));
    migrations
}

/// Not a test by itself: the process that the next test kills.
#[test]
#[ignore = "started by the migration test"]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells this process which database to migrate"
)]
fn migrate_until_killed() {
    let Ok(database) = std::env::var("MIGRATED_DATABASE") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let address = server().expect("a server").with_database(&database);
        let mut client = address.connect(Purpose::Write).await.expect("connects");
        println!("\nmigrating");
        migrate_to(&mut client, &gated()).await.expect("migrates");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_migration() {
    let Some(database) = TestDatabase::empty().await else {
        return;
    };
    let mut client = database.client().await;
    let gate = database.client().await;
    let hold = "SELECT 1::bigint FROM pg_advisory_lock(77)";
    assert_eq!(number(&gate, hold).await, 1);
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "postgres::migrate_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env("MIGRATED_DATABASE", database.address.database())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(
        lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line == "migrating")
    );
    let waiting = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    while number(&client, &waiting).await == 0 {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended by itself"
        );
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop(gate);
    // Waits for the lock that the dead process's transaction holds until the server has undone it.
    migrate(&mut client).await.expect("migrated");
    assert_eq!(version(&client).await, Ok(newest()));
    let halves = "SELECT count(*) FROM pg_class WHERE relname IN ('half_done', 'other_half')";
    assert_eq!(number(&client, halves).await, 0);
    let third = "SELECT name FROM schema_migrations WHERE number = 3";
    assert_eq!(texts(&client, third).await, ["integrations"]);
    database.say_where().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_one_line() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let mut client = database.client().await;
    client
        .execute(
            "INSERT INTO schema_migrations VALUES ($1, 'from the future')",
            &[&(newest() + 1)],
        )
        .await
        .expect("stored");
    match migrate(&mut client).await {
        Err(StoreError::Invalid { message }) => {
            assert!(
                message.contains("start the newer program again"),
                "{message}"
            );
            assert!(!message.contains('\n'), "{message}");
        }
        other => panic!("{other:?}"),
    }
    database.say_where().await;
}

#[tokio::test]
async fn why_there_is_no_connection_is_said_in_a_sentence() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let client = database.client().await;
    let socket = texts(
        &client,
        "SELECT split_part(current_setting('unix_socket_directories'), ',', 1)",
    )
    .await
    .remove(0);
    let name = database.address.database().to_owned();
    let port = texts(&client, "SELECT current_setting('port')")
        .await
        .remove(0);
    let asks = number(
        &client,
        "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method IN ('scram-sha-256', 'md5') AND type = 'local'",
    )
    .await;
    assert!(asks > 0, "the server of the tests asks for passwords");
    client
        .batch_execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ))
        .await
        .expect("changed");
    let cases = [
        (
            format!("postgres://postgres:s3cret@/{name}?port={port}&host={socket}"),
            "refused the password of user `postgres`",
        ),
        (
            format!("postgres://nobody_here:s3cret@/{name}?port={port}&host={socket}"),
            "refused the password of user `nobody_here`",
        ),
        (
            format!("postgres://postgres@/{name}?port={port}&host={socket}"),
            "asks for a password",
        ),
        (
            "postgres://postgres:s3cret@127.0.0.1:1/click".to_owned(),
            "nothing answers at 127.0.0.1:1",
        ),
        (
            "postgres://postgres:s3cret@/click?host=/nowhere".to_owned(),
            "nothing answers at /nowhere/.s.PGSQL.5432",
        ),
        (
            "postgres://postgres:s3cret@nowhere.invalid/click".to_owned(),
            "cannot reach PostgreSQL at nowhere.invalid:5432",
        ),
    ];
    for (url, expected) in cases {
        let error = Address::parse(&url)
            .expect("an address")
            .connect(Purpose::Read)
            .await
            .expect_err(&url)
            .to_string();
        assert!(error.contains(expected), "{url}: {error}");
        assert!(
            !error.contains("s3cret") && !error.contains('\n'),
            "{error}"
        );
    }
    let server = server().expect("a server");
    let error = server
        .with_database("not_there")
        .connect(Purpose::Read)
        .await
        .expect_err("no such database");
    assert!(
        error
            .to_string()
            .contains("CREATE DATABASE not_there OWNER postgres"),
        "{error}"
    );
    database.say_where().await;
}

#[tokio::test]
async fn of_several_hosts_the_one_that_takes_writes_is_used() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let Some(url) = url_with(&database, "/nowhere,") else {
        return;
    };
    let address = Address::parse(&url).expect("an address");
    let client = address
        .connect(Purpose::Write)
        .await
        .expect("the second host answers");
    assert_eq!(number(&client, "SELECT 1::bigint").await, 1);
    let name = database.address.database();
    client
        .batch_execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ))
        .await
        .expect("changed");
    let error = address
        .connect(Purpose::Write)
        .await
        .expect_err("a standby");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("takes writes now"), "{error}");
    database.say_where().await;
}

/// The address of a database with another host in front of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "an address does not show the password that it needs here"
)]
fn url_with(database: &TestDatabase, host: &str) -> Option<String> {
    let url = std::env::var("TEST_POSTGRES_URL").ok()?;
    let (front, socket) = url.split_once("/postgres?host=")?;
    Some(format!(
        "{front}/{}?host={host}{socket}",
        database.address.database()
    ))
}

#[tokio::test]
async fn connections_do_not_wait_less_for_the_disk_than_they_promise() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let name = database.address.database();
    let client = database.client().await;
    client
        .batch_execute(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = off"
        ))
        .await
        .expect("changed");
    let commit = "SELECT current_setting('synchronous_commit')";
    assert_eq!(texts(&database.client().await, commit).await, ["on"]);
    client
        .batch_execute(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = remote_apply"
        ))
        .await
        .expect("changed");
    assert_eq!(
        texts(&database.client().await, commit).await,
        ["remote_apply"]
    );
    // Reads that are asked for by a person end; each value is planned for.
    let reader = database.address.connect(Purpose::Read).await;
    let client = reader.expect("a connection");
    let settings =
        "SELECT current_setting('statement_timeout') || ' ' || current_setting('plan_cache_mode')";
    assert_eq!(texts(&client, settings).await, ["20s force_custom_plan"]);
    database.say_where().await;
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the script tells the tests where encryption is offered"
)]
async fn encryption_means_what_sslmode_means_elsewhere() {
    let Ok(url) = std::env::var("TEST_POSTGRES_TLS_URL") else {
        println!("SKIPPED encryption to PostgreSQL: TEST_POSTGRES_TLS_URL names no server");
        return;
    };
    let (plain, _) = url.split_once('?').expect("an authority");
    let by_number = url.replace("localhost", "127.0.0.1");
    let connect = async |url: &str, mode: &str| {
        let joint = if url.contains('?') { '&' } else { '?' };
        let address = Address::parse(&format!("{url}{joint}sslmode={mode}")).expect("an address");
        let client = address
            .connect(Purpose::Read)
            .await
            .map_err(|error| error.to_string())?;
        let ssl = "SELECT ssl::int::bigint FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Ok::<_, String>(number(&client, ssl).await == 1)
    };
    let cases = [
        (plain, "disable", Ok(false)),
        (plain, "prefer", Ok(true)),
        (plain, "require", Ok(true)),
        (url.as_str(), "verify-ca", Ok(true)),
        (url.as_str(), "verify-full", Ok(true)),
        // The certificate is for localhost.
        (by_number.as_str(), "require", Ok(true)),
        (by_number.as_str(), "verify-ca", Ok(true)),
        (
            by_number.as_str(),
            "verify-full",
            Err("is for another host"),
        ),
        // An authority that the system does not know.
        (plain, "verify-ca", Err("is not signed by an authority")),
        (plain, "verify-full", Err("is not signed by an authority")),
    ];
    for (url, mode, expected) in cases {
        match (connect(url, mode).await, expected) {
            (Ok(encrypted), Ok(wanted)) => assert_eq!(encrypted, wanted, "{url} {mode}"),
            (Err(said), Err(wanted)) => {
                assert!(
                    said.contains(wanted) && !said.contains('\n'),
                    "{url} {mode}: {said}"
                );
            }
            (connected, _) => panic!("{url} {mode}: {connected:?}"),
        }
    }
}
