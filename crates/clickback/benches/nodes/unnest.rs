//! The raw limit: batches that decide nothing, written with one UNNEST statement a table.

use std::time::{Duration, Instant};

use clickback::store::postgres::connect::{Address, Purpose};

const BATCH: i64 = 256;

const STATEMENTS: [&str; 4] = [
    "INSERT INTO events (id, integration_id, lead_id, kind, status, name, amount, currency, tid, flags, test, \
     occurred_at, received_at) SELECT id, 1, lead, 3, 1, 'sale', '123.45', 'USD', id::text, 0, 0, $3, $3 \
     FROM UNNEST($1::bigint[], $2::bigint[]) AS t (id, lead)",
    "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) SELECT 1, 'dep', id::text, lead, id \
     FROM UNNEST($1::bigint[], $2::bigint[]) AS t (id, lead) WHERE $3::bigint > 0",
    "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
     SELECT DISTINCT ON (lead) lead, 2, '123.45', 1, $3 + id, id FROM UNNEST($1::bigint[], $2::bigint[]) AS t (id, lead) \
     ORDER BY lead, id DESC ON CONFLICT (lead_id, field_id) DO UPDATE SET value = excluded.value, \
     set_at = excluded.set_at, source = excluded.source",
    "INSERT INTO inbox (id, integration_id, verdict, flags, received_at, method, query, address, lead_id, event_id, \
     test) SELECT id, 1, 1, 0, $3, 'GET', convert_to('tracker.event=sale&clickid=mwu3fdk1bmn31siy8ltz&tracker.cost=\
     123.45&tracker.currency=usd&tracker.tid=' || id || '&fields.last_deposit=123.45', 'UTF8'), '127.0.0.1', lead, id, 0 \
     FROM UNNEST($1::bigint[], $2::bigint[]) AS t (id, lead)",
];

/// Rows a second of one accepted deposit with one field, on one connection.
pub(crate) async fn rate(database: &Address, duration: Duration) -> f64 {
    let client = database.connect(Purpose::Write).await.expect("PostgreSQL");
    let mut prepared = Vec::new();
    for text in STATEMENTS {
        prepared.push(client.prepare(text).await.expect("a statement"));
    }
    let begun = Instant::now();
    let (mut rows, mut place) = (0_i64, 12_345_u64);
    while begun.elapsed() < duration {
        let ids: Vec<i64> = (1..=BATCH).map(|at| (1 << 50) + rows + at).collect();
        let leads: Vec<i64> = ids
            .iter()
            .map(|_| {
                place = place
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                i64::try_from(clickback::load::pick(50_000, place >> 16)).expect("small")
            })
            .collect();
        client.batch_execute("BEGIN").await.expect("begun");
        for statement in &prepared {
            let now = 1_790_000_000_000_000_i64;
            client
                .execute(statement, &[&ids, &leads, &now])
                .await
                .expect("rows");
        }
        client.batch_execute("COMMIT").await.expect("committed");
        rows += BATCH;
    }
    f64::from(u32::try_from(rows).expect("small")) / begun.elapsed().as_secs_f64()
}
