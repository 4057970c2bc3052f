//! The raw limits: an axum handler that does nothing, and SQLite inserts that decide nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

/// Serves a constant answer until killed; prints its address first.
pub(crate) fn serve_axum() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("an address");
        println!("{}", listener.local_addr().expect("an address"));
        let answer = || async { "{\"ok\":true,\"request_id\":\"0000000000000\"}" };
        let router = axum::Router::new().route("/bare", axum::routing::get(answer));
        let (_keep, stop) = tokio::sync::watch::channel(false);
        clickback::server::serve(listener, router, clickback::server::Limits::default(), stop)
            .await;
    });
}

/// Rows a second of one accepted deposit with one field: the request, the event, its key and the
/// field's value, in batches of 256 with synchronous=FULL, into a copy of the database as it stands.
pub(crate) fn sqlite_rate(directory: &Path, duration: Duration) -> f64 {
    let copy = directory.join("bare.db");
    let original = Connection::open(directory.join("clickback.db")).expect("the database opens");
    original
        .execute("VACUUM INTO ?1", [copy.to_str().expect("a path")])
        .expect("a copy");
    drop(original);
    let mut sql = Connection::open(&copy).expect("the copy opens");
    sql.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -65536",
    )
    .expect("pragmas");
    let leads: Vec<i64> = sql
        .prepare("SELECT id FROM leads ORDER BY id LIMIT 200000")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("leads");
    let mut id: i64 = sql
        .query_row("SELECT max(id) FROM inbox", [], |row| {
            row.get::<_, Option<i64>>(0)
        })
        .expect("an id")
        .unwrap_or(1);
    let begun = Instant::now();
    let mut rows = 0_u32;
    let mut place = 12_345_u64;
    while begun.elapsed() < duration {
        let transaction = sql.transaction().expect("a transaction");
        for _ in 0..256 {
            id += 1;
            place = place
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let lead = leads[clickback::load::pick(leads.len(), place >> 16)];
            insert(&transaction, id, lead).expect("an insert");
            rows += 1;
        }
        transaction.commit().expect("a commit");
    }
    let rate = f64::from(rows) / begun.elapsed().as_secs_f64();
    drop(sql);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(directory.join(format!("bare.db{end}")));
    }
    rate
}

fn insert(sql: &Connection, id: i64, lead: i64) -> rusqlite::Result<()> {
    let now = 1_790_000_000_000_000_i64;
    let query = format!(
        "tracker.event=sale&clickid=mwu3fdk1bmn31siy8ltz&tracker.cost=123.45&tracker.currency=usd\
         &tracker.tid={id}&fields.last_deposit=123.45"
    );
    sql.prepare_cached(
        "INSERT INTO events (id, integration_id, lead_id, kind, status, name, amount, currency, tid, \
         flags, occurred_at, received_at) VALUES (?1, 1, ?2, 3, 1, 'sale', '123.45', 'USD', ?3, 0, ?4, ?4)",
    )?
    .execute(params![id, lead, id.to_string(), now])?;
    sql.prepare_cached(
        "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) VALUES (1, 'dep', ?2, ?1, ?3)",
    )?
    .execute(params![lead, id.to_string(), id])?;
    sql.prepare_cached(
        "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
         VALUES (?1, 2, '123.45', 1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value, \
         set_at = excluded.set_at, source = excluded.source",
    )?
    .execute(params![lead, now + id, id])?;
    sql.prepare_cached(
        "INSERT INTO inbox (id, integration_id, verdict, flags, received_at, method, query, address, \
         lead_id, event_id) VALUES (?1, 1, 1, 0, ?2, 'GET', ?3, '127.0.0.1', ?4, ?1)",
    )?
    .execute(params![id, now, query.as_bytes(), lead])?;
    Ok(())
}
