//! The integrity check: the file's own, the recount of roll-ups, and the rules that rows must keep.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use clickback_core::rollup::{Deltas, RollupKey, RollupSums};
use rusqlite::Connection;

use crate::store::check::{CheckReport, Health, UpkeepStore};
use crate::store::inbox::InboxStore;
use crate::store::journal::Journal;
use crate::store::{StoreError, StoreResult};

use super::connect::open_reader;
use super::reports::{ROLLUP_COLUMNS, rollup};
use super::rows::{self, EVENT_COLUMNS, counted, db};
use super::writer::Job;
use super::{Sqlite, inbox, wal_path};

/// Problems that are spelled out; more are counted.
const SHOWN: usize = 50;

/// Rules that hold for every row: what is wrong, and a query that counts the rows that break it.
const RULES: &[(&str, &str)] = &[
    (
        "accepted requests without their event",
        "SELECT count(*) FROM inbox WHERE verdict = 1 AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = inbox.id)",
    ),
    (
        "updated or duplicate requests that point to no event",
        "SELECT count(*) FROM inbox WHERE verdict <> 1 AND verdict IN (2, 3) AND NOT EXISTS \
         (SELECT 1 FROM events WHERE events.id = inbox.event_id)",
    ),
    (
        "events without a lead",
        "SELECT count(*) FROM events WHERE NOT EXISTS (SELECT 1 FROM leads WHERE leads.id = events.lead_id)",
    ),
    (
        "keys that point to no event of their lead",
        "SELECT count(*) FROM event_keys k WHERE NOT EXISTS \
         (SELECT 1 FROM events e WHERE e.id = k.event_id AND e.lead_id = k.lead_id)",
    ),
    (
        "first-deposit slots without an approved first deposit",
        "SELECT count(*) FROM lead_states s WHERE first_deposit IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM events e WHERE e.id = s.first_deposit AND e.kind = 2 AND e.status = 1 \
         AND e.lead_id = s.lead_id AND e.integration_id = s.integration_id)",
    ),
    (
        "approved first deposits without their slot",
        "SELECT count(*) FROM events e WHERE kind = 2 AND status = 1 AND NOT EXISTS \
         (SELECT 1 FROM lead_states s WHERE s.first_deposit = e.id AND s.lead_id = e.lead_id \
         AND s.integration_id = e.integration_id)",
    ),
    (
        "waiting requests that are not unmatched",
        "SELECT count(*) FROM waiting_requests w WHERE NOT EXISTS \
         (SELECT 1 FROM inbox i WHERE i.id = w.request_id AND i.verdict = 4)",
    ),
];

/// Walks the whole database. Reads one consistent state, also while postbacks keep coming.
pub(super) fn check(sql: &Connection) -> StoreResult<CheckReport> {
    let transaction = sql.unchecked_transaction().map_err(db)?;
    let count = |table: &str| -> StoreResult<u64> {
        transaction
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get::<_, i64>(0)
            })
            .map(i64::cast_unsigned)
            .map_err(db)
    };
    let mut report = CheckReport {
        events: count("events")?,
        requests: count("inbox")?,
        leads: count("leads")?,
        ..CheckReport::default()
    };
    let mut statement = transaction
        .prepare("PRAGMA integrity_check(20)")
        .map_err(db)?;
    let lines: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(|error| StoreError::Internal(format!("the file is damaged: {error}")))?;
    report
        .problems
        .extend(lines.into_iter().filter(|line| line != "ok"));
    for (wrong, query) in RULES {
        let found: i64 = transaction
            .query_row(query, [], |row| row.get(0))
            .map_err(db)?;
        if found > 0 {
            report.problems.push(format!("{found} {wrong}"));
        }
    }
    let (rollups, mut differences) = recount(&transaction).map_err(db)?;
    report.rollups = rollups;
    let hidden = differences.len().saturating_sub(SHOWN);
    differences.truncate(SHOWN);
    report.problems.extend(differences);
    if hidden > 0 {
        report
            .problems
            .push(format!("{hidden} more roll-up rows differ"));
    }
    Ok(report)
}

fn recount(sql: &Connection) -> rusqlite::Result<(u64, Vec<String>)> {
    let mut recounted = Deltas::default();
    let mut statement = sql.prepare(&format!("SELECT {EVENT_COLUMNS} FROM events"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        recounted.add(&counted(&rows::event(row)?));
    }
    let mut right: HashMap<RollupKey, RollupSums> = recounted.take().into_iter().collect();
    let mut differences = Vec::new();
    let mut stored = 0;
    let mut statement = sql.prepare(&format!(
        "SELECT {ROLLUP_COLUMNS} FROM rollup_quarter_hours"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        stored += 1;
        let (key, sums) = rollup(row)?;
        let expected = right.remove(&key).unwrap_or_default();
        if expected != sums {
            differences.push(difference(&key, &sums, &expected));
        }
    }
    for (key, expected) in right {
        differences.push(difference(&key, &RollupSums::default(), &expected));
    }
    Ok((stored, differences))
}

fn difference(key: &RollupKey, stored: &RollupSums, recounted: &RollupSums) -> String {
    let currency = key
        .currency
        .map(|currency| currency.to_string())
        .unwrap_or_default();
    format!(
        "roll-up of integration {}, quarter hour {}, {} {} {currency}: stored {} events, {} and {}; \
         recounted {} events, {} and {}",
        key.integration,
        key.bucket,
        key.status.code(),
        key.kind,
        stored.events,
        stored.amount,
        stored.payout,
        recounted.events,
        recounted.amount,
        recounted.payout
    )
}

#[async_trait]
impl UpkeepStore for Sqlite {
    async fn check(&self) -> StoreResult<CheckReport> {
        self.settle().await;
        let path = self.path.clone();
        // Reads the whole file: on a connection of its own, without the limit of page reads.
        tokio::task::spawn_blocking(move || open_reader(&path).and_then(|sql| check(&sql)))
            .await
            .map_err(|error| StoreError::Internal(format!("the check panicked: {error}")))?
    }

    async fn health(&self) -> StoreResult<Health> {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let waiting = self.read_at_once(inbox::waiting).await?;
        Ok(Health {
            undecided: self.journal.as_ref().map_or(0, Journal::backlog),
            verdicts: std::array::from_fn(|place| {
                self.shared.verdicts[place].load(Ordering::Relaxed)
            }),
            queued: self.shared.queued.load(Ordering::Relaxed),
            commits: self.shared.commits.load(Ordering::Relaxed),
            database_bytes: length(&self.path),
            wal_bytes: length(&wal_path(&self.path)),
            waiting,
            failing: self.shared.failing.load(Ordering::Relaxed),
        })
    }

    async fn close(&self) {
        if let Some(journal) = &self.journal {
            journal.close().await;
        }
        // The writer may be gone already; then there is nothing to stop.
        let _ = self.queue.send(Job::Stop).await;
        let threads = self
            .threads
            .lock()
            .map(|mut threads| std::mem::take(&mut *threads));
        let threads = threads.unwrap_or_default();
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a store thread panicked");
                }
            }
        });
        let _ = joined.await;
        if let Ok(mut readers) = self.readers.lock() {
            readers.clear();
        }
    }
}
