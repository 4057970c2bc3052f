//! The ground of the store on PostgreSQL: migrations, months, connections, and that the schema and the
//! search for names are those of SQLite.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use clickback::clock::Clock as _;
use clickback::store::StoreError;
use clickback::store::postgres::connect::{Address, Purpose};
use clickback::store::postgres::migrate::{
    MIGRATIONS, Migration, migrate, migrate_to, newest, version,
};
use clickback::store::postgres::partitions::{self, Cut, Retention, Tended};
use clickback_core::ids::{clickid, lowest_id_at};
use clickback_core::moment::Moment;
use clickback_core::month::Month;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::ground::{TestDatabase, server};
use crate::harness::{clock, noon};

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect(query).get(0)
}

async fn texts(client: &Client, query: &str) -> Vec<String> {
    let rows = client.query(query, &[]).await.expect(query);
    rows.iter().map(|row| row.get(0)).collect()
}

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

/// Type and whether a value must be there, by table and column.
type Columns = BTreeMap<String, BTreeMap<String, (String, bool)>>;

fn of_sqlite(sql: &rusqlite::Connection) -> Columns {
    let mut columns = Columns::new();
    let mut statement = sql
        .prepare(
            "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk > 0 FROM pragma_table_list t \
             JOIN pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' \
             AND t.name NOT LIKE 'sqlite_%'",
        )
        .expect("a statement");
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, bool>(3)?,
            ))
        })
        .expect("columns");
    for row in rows {
        let (table, column, kind, required) = row.expect("a column");
        let kind = match kind.as_str() {
            "INTEGER" => "bigint",
            "TEXT" => "text",
            "BLOB" => "bytea",
            other => panic!("{table}.{column} is {other}"),
        };
        columns
            .entry(table)
            .or_default()
            .insert(column, (kind.to_owned(), required));
    }
    columns
}

async fn of_postgres(client: &Client) -> Columns {
    let mut columns = Columns::new();
    let rows = client
        .query(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull \
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') \
             AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped \
             AND c.relname NOT IN ('schema_migrations', 'lead_names')",
            &[],
        )
        .await
        .expect("columns");
    for row in rows {
        columns
            .entry(row.get(0))
            .or_default()
            .insert(row.get(1), (row.get(2), row.get(3)));
    }
    columns
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let client = database.client().await;
    let (_directory, sql) = sqlite();
    assert_eq!(of_postgres(&client).await, of_sqlite(&sql));
    // Texts compare by their bytes, in every table and partition, as they do in SQLite.
    let elsewise = "SELECT attrelid::regclass || '.' || attname FROM pg_attribute \
         JOIN pg_class ON pg_class.oid = attrelid \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 \
         AND atttypid = 'text'::regtype AND attcollation <> '\"C\"'::regcollation AND relname <> 'schema_migrations'";
    assert_eq!(texts(&client, elsewise).await, Vec::<String>::new());
    let numbers: Vec<(i64, &str)> = MIGRATIONS
        .iter()
        .map(|(number, name, _)| (*number, *name))
        .collect();
    assert_eq!(numbers, clickback::store::sqlite::migrate::names());
    database.say_where().await;
}

/// A SQLite database with the newest schema.
fn sqlite() -> (tempfile::TempDir, rusqlite::Connection) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut sql = rusqlite::Connection::open(directory.path().join("clickback.db")).expect("opens");
    clickback::store::sqlite::migrate::migrate(&mut sql).expect("migrated");
    (directory, sql)
}

#[tokio::test]
async fn names_are_found_as_sqlite_finds_them() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let client = database.client().await;
    let (_directory, sql) = sqlite();
    let names = [
        "Anna",
        "anna maria",
        "ANNA  Smith",
        "Hanna",
        "Анна Иванова",
        "АННА",
        "иван",
        "Émile Zola",
        "emile",
        "Straße",
        "ΣΊΣΥΦΟΣ",
        "Jean-Luc",
        "O'Neil",
        "a\"b\"c",
        "  padded  ",
        "日本語",
        "ab",
        "x",
        "İstanbul",
        "ſtop",
        "100%",
        "under_score",
        "two\tcells",
    ];
    for (id, name) in (1_i64..).zip(names) {
        let insert = "INSERT INTO leads (id, workspace_id, clickid, name, created_at) VALUES ($1, 1, 'c', $2, 0)";
        client.execute(insert, &[&id, &name]).await.expect("a lead");
        sql.execute(&insert.replace('$', "?"), (id, name))
            .expect("a lead");
    }
    // Changed, emptied and gone.
    for statement in [
        "UPDATE leads SET name = 'Berta' WHERE id = 4",
        "UPDATE leads SET name = '' WHERE id = 17",
        "DELETE FROM leads WHERE id = 18",
    ] {
        client.batch_execute(statement).await.expect(statement);
        sql.execute_batch(statement).expect(statement);
    }
    let mark = "\u{2}";
    let patterns = [
        "anna",
        "ANN",
        "нна",
        "ИВАН",
        "émi",
        "emi",
        "aße",
        "σίσυφος",
        "n-l",
        "'ne",
        "b\"c",
        "本語",
        "日本語",
        "0%",
        "00%",
        "r_s",
        "berta",
        "hanna",
        "ilst",
        "ist",
        "sto",
        "padded",
    ];
    let beginnings = [
        "a", "ab", "an", "и", "ив", "é", "x", "s", "п", "z", "日", "日本",
    ];
    let mut cases: Vec<String> = patterns.map(str::to_owned).to_vec();
    cases.extend(beginnings.map(|text| {
        let marks = if text.chars().count() == 1 { 2 } else { 1 };
        format!("{}{text}", mark.repeat(marks))
    }));
    cases.push(format!("anna{mark}{mark}smi"));
    let mut found = 0;
    for pattern in cases {
        let there: Vec<i64> = sql
            .prepare("SELECT rowid FROM lead_names WHERE lead_names MATCH ?1 ORDER BY rowid")
            .expect("a statement")
            .query_map([format!("\"{}\"", pattern.replace('"', "\"\""))], |row| {
                row.get(0)
            })
            .and_then(Iterator::collect)
            .expect("found");
        let here: Vec<i64> = client
            .query(
                "SELECT rowid FROM lead_names WHERE char_length($1) > 2 \
                 AND lead_name_trigrams(name) @> lead_name_trigrams(lead_name_folded($1)) \
                 AND strpos(name, lead_name_folded($1)) > 0 ORDER BY rowid",
                &[&pattern],
            )
            .await
            .expect("found")
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert_eq!(here, there, "{pattern:?}");
        found += here.len();
    }
    assert!(found > 20, "{found}");
    database.say_where().await;
}

#[tokio::test]
async fn case_is_folded_as_sqlite_folds_it() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let client = database.client().await;
    let sql = rusqlite::Connection::open_in_memory().expect("opens");
    sql.execute_batch(
        "CREATE VIRTUAL TABLE names USING fts5 (name, tokenize = 'trigram'); \
         CREATE VIRTUAL TABLE terms USING fts5vocab ('names', 'instance'); \
         WITH RECURSIVE n (code) AS (SELECT 1 UNION ALL SELECT code + 1 FROM n WHERE code < 0x1FFFF) \
         INSERT INTO names (rowid, name) SELECT code, char(code, code, code) FROM n \
         WHERE code NOT BETWEEN 0xD800 AND 0xDFFF AND code NOT IN (0xFFFE, 0xFFFF)",
    )
    .expect("filled");
    let theirs: BTreeMap<i64, i64> = sql
        .prepare("SELECT doc, unicode(term) FROM terms")
        .expect("a statement")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .expect("terms");
    let ours: BTreeMap<i64, i64> = client
        .query(
            "SELECT code::bigint, ascii(lead_name_folded(chr(code)))::bigint FROM generate_series(1, 131071) AS code \
             WHERE code NOT BETWEEN 55296 AND 57343 AND code NOT IN (65534, 65535)",
            &[],
        )
        .await
        .expect("folded")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    assert_eq!(ours.len(), theirs.len());
    let differ: Vec<_> = ours
        .iter()
        .filter(|(code, folded)| theirs[code] != **folded)
        .collect();
    assert_eq!(differ, Vec::<(&i64, &i64)>::new());
    database.say_where().await;
}

fn request(id: i64) -> String {
    format!(
        "INSERT INTO inbox (id, integration_id, verdict, flags, received_at, method, query) \
         VALUES ({id}, 1, 4, 0, 0, 'GET', ''); \
         INSERT INTO waiting_requests VALUES (1, 0, {id}, 'c')"
    )
}

fn click(clickid: &str, at: Moment) -> String {
    format!(
        "INSERT INTO clicks (workspace_id, clickid, clicked_at, params) VALUES (1, '{clickid}', {}, '[]') \
         ON CONFLICT (workspace_id, clickid) DO NOTHING",
        at.0
    )
}

const DAY: i64 = 86_400;

#[tokio::test]
async fn months_are_made_ahead_and_nothing_is_refused() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let mut client = database.client().await;
    let later = noon().plus_seconds(150 * DAY);
    let (id, own) = (lowest_id_at(later.millis()) + 5, clickid(later.millis(), 7));
    let foreign = ["IwAR0-facebook", "0f9a-uuid", "zzz", "mzzz", "ящик"];
    client.batch_execute(&request(id)).await.expect("stored");
    client
        .batch_execute(&click(&own, later))
        .await
        .expect("stored");
    for text in foreign {
        client
            .batch_execute(&click(text, later))
            .await
            .expect("stored");
        // The same again, as the program writes it.
        client
            .batch_execute(&click(text, later))
            .await
            .expect("stored");
    }
    let places = async |client: &Client| {
        let inbox = format!("SELECT tableoid::regclass::text FROM inbox WHERE id = {id}");
        let clicks = "SELECT tableoid::regclass::text FROM clicks ORDER BY clickid";
        (texts(client, &inbox).await, texts(client, clicks).await)
    };
    let (inbox, clicks) = places(&client).await;
    assert_eq!(inbox, ["inbox_other"]);
    let order = "0f9a… IwAR… own mzzz zzz ящик";
    assert_eq!(
        clicks,
        [
            "clicks_other",
            "clicks_other",
            "clicks_by_month_other",
            "clicks_by_month_other",
            "clicks_other",
            "clicks_other"
        ],
        "{order}"
    );
    let tended = partitions::tend(&mut client, later, Retention::default())
        .await
        .expect("tended");
    assert_eq!(
        tended.made,
        [
            "inbox_2027_04",
            "inbox_2027_05",
            "inbox_2027_06",
            "inbox_2027_07",
            "clicks_2027_04",
            "clicks_2027_05",
            "clicks_2027_06",
            "clicks_2027_07"
        ]
    );
    let (inbox, clicks) = places(&client).await;
    assert_eq!(inbox, ["inbox_2027_04"]);
    assert_eq!(clicks[2], "clicks_2027_04");
    let again = partitions::tend(&mut client, later, Retention::default()).await;
    assert_eq!(again, Ok(Tended::default()));
    // Sameness and the indexes of the whole table hold for the month that was attached.
    assert!(client.batch_execute(&request(id)).await.is_err());
    let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = ANY (ARRAY['inbox_2027_04', 'clicks_2027_04']::regclass[])";
    assert_eq!(number(&client, indexes).await, 5 + 2);
    let plan = texts(
        &client,
        &format!("EXPLAIN SELECT * FROM clicks WHERE workspace_id = 1 AND clickid = '{own}'"),
    )
    .await
    .join("\n");
    assert!(
        plan.contains("clicks_2027_04") && !plan.contains("other"),
        "{plan}"
    );
    database.say_where().await;
}

#[tokio::test]
async fn months_are_dropped_when_they_are_over_their_time() {
    let Some(database) = TestDatabase::fresh().await else {
        return;
    };
    let mut client = database.client().await;
    let (old, young) = (noon(), noon().plus_seconds(100 * DAY));
    for at in [old, young] {
        client
            .batch_execute(&request(lowest_id_at(at.millis()) + 1))
            .await
            .expect("stored");
        client
            .batch_execute(&click(&clickid(at.millis(), 1), at))
            .await
            .expect("stored");
    }
    // Older than any month that was made.
    let ancient = old.plus_seconds(-40 * DAY);
    client
        .batch_execute(&request(lowest_id_at(ancient.millis())))
        .await
        .expect("stored");
    // Clickids that others made: one young that begins like an old month's, one old, one young.
    let prefix = Month::of(old).clickids().0;
    client
        .batch_execute(&click(&format!("{prefix}-not-ours"), young))
        .await
        .expect("stored");
    client
        .batch_execute(&click("0-old", old))
        .await
        .expect("stored");
    client
        .batch_execute(&click("0-young", young))
        .await
        .expect("stored");
    let now = noon().plus_seconds(130 * DAY);
    let forever = partitions::tend(&mut client, now, Retention::default())
        .await
        .expect("tended");
    assert_eq!(forever.dropped, Vec::<String>::new());
    let retention = Retention {
        inbox_days: Some(60),
        clicks_days: Some(60),
    };
    let tended = partitions::tend(&mut client, now, retention)
        .await
        .expect("tended");
    assert_eq!(
        tended.dropped,
        [
            "inbox_2026_11",
            "inbox_2026_12",
            "inbox_2027_01",
            "clicks_2026_11",
            "clicks_2026_12",
            "clicks_2027_01"
        ]
    );
    assert_eq!(tended.deleted, 2, "the ancient request and the old click");
    let kept = texts(&client, "SELECT clickid FROM clicks ORDER BY clickid").await;
    assert_eq!(
        kept,
        [
            "0-young".to_owned(),
            format!("{prefix}-not-ours"),
            clickid(young.millis(), 1)
        ]
    );
    assert_eq!(number(&client, "SELECT count(*) FROM inbox").await, 1);
    assert_eq!(
        number(&client, "SELECT count(*) FROM waiting_requests").await,
        1,
        "they go with their text"
    );
    // A setting of no days keeps the current month.
    let all = Retention {
        inbox_days: Some(0),
        clicks_days: Some(0),
    };
    partitions::tend(&mut client, now, all)
        .await
        .expect("tended");
    let months = partitions::months(&client, Cut::Inbox)
        .await
        .expect("months");
    assert_eq!(months.first(), Some(&Month::of(now)));
    database.say_where().await;
}

#[tokio::test]
async fn two_nodes_tend_the_months_at_the_same_time() {
    let Some(database) = TestDatabase::empty().await else {
        return;
    };
    migrate(&mut database.client().await)
        .await
        .expect("migrated");
    let clock = clock();
    let mut nodes = JoinSet::new();
    for _ in 0..4 {
        let (mut client, clock) = (database.client().await, Arc::clone(&clock));
        nodes.spawn(async move {
            partitions::tend(&mut client, clock.now(), Retention::default()).await
        });
    }
    let mut made = 0;
    while let Some(done) = nodes.join_next().await {
        made += done.expect("no panic").expect("tended").made.len();
    }
    assert_eq!(made, 8);
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
            format!("postgres://postgres:s3cret@/{name}?host={socket}"),
            "refused the password of user `postgres`",
        ),
        (
            format!("postgres://nobody_here:s3cret@/{name}?host={socket}"),
            "refused the password of user `nobody_here`",
        ),
        (
            format!("postgres://postgres@/{name}?host={socket}"),
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
    let pool = database.address.pool(Purpose::Read, 2).expect("a pool");
    let client = database.address.turn(&pool).await.expect("a turn");
    let settings =
        "SELECT current_setting('statement_timeout') || ' ' || current_setting('plan_cache_mode')";
    assert_eq!(texts(&client, settings).await, ["20s force_custom_plan"]);
    database.say_where().await;
}
