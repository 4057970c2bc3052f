//! The schema of PostgreSQL is that of SQLite, its search for names finds what SQLite's finds, and its
//! months are made, filled and dropped.

use std::collections::BTreeMap;
use std::sync::Arc;

use clickback::clock::Clock as _;
use clickback::store::postgres::migrate::{MIGRATIONS, migrate};
use clickback::store::postgres::partitions::{self, Cut, Retention, Tended};
use clickback_core::ids::{clickid, lowest_id_at};
use clickback_core::moment::Moment;
use clickback_core::month::Month;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::ground::{TestDatabase, number, texts};
use crate::harness::{clock, noon};

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
    let foreign = [
        "IwAR0-facebook",
        "0f9a-uuid",
        "zzz",
        "m0-begins-like-ours",
        "ящик",
    ];
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
    let order = "0f9a IwAR m0 own zzz ящик";
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
    assert_eq!(clicks[3], "clicks_2027_04");
    let again = partitions::tend(&mut client, later, Retention::default()).await;
    assert_eq!(again, Ok(Tended::default()));
    // Sameness and the indexes of the whole table hold for the month that was attached.
    assert!(client.batch_execute(&request(id)).await.is_err());
    for (month, whole) in [("inbox_2027_04", "inbox"), ("clicks_2027_04", "clicks")] {
        let indexes = async |table: &str| {
            let query =
                format!("SELECT count(*) FROM pg_index WHERE indrelid = '{table}'::regclass");
            number(&client, &query).await
        };
        assert_eq!(indexes(month).await, indexes(whole).await, "{month}");
        assert!(indexes(month).await > 1, "{month}");
    }
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
