//! The integrity check: the file's own, the recount of roll-ups, and the rules that rows must keep.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use clickback_core::rollup::{Deltas, RollupKey, RollupSums};

use crate::store::check::{CheckReport, DatabaseHealth, Health, UpkeepStore};
use crate::store::inbox::InboxStore;
use crate::store::nodes::NodeStore as _;
use crate::store::{StoreError, StoreResult};

use super::reports::{ROLLUP_COLUMNS, rollup};
use super::rows::{self, EVENT_COLUMNS, counted};
use super::session::{Session, Sql, SqlError};
use super::writer::Job;
use super::{SqlStore, inbox};

/// How long the health figures wait for a database that does not answer.
const SOON: Duration = Duration::from_secs(2);
/// Problems that are spelled out; more are counted.
const SHOWN: usize = 50;

/// Rules that hold for every row: what is wrong, and a query that counts the rows that break it.
const RULES: &[(&str, &str)] = &[
    (
        "accepted requests without their event",
        "SELECT count(*) FROM inbox WHERE verdict = 1 AND NOT EXISTS (SELECT 1 FROM events WHERE \
         events.id = inbox.id)",
    ),
    (
        "updated or duplicate requests that point to no event",
        "SELECT count(*) FROM inbox WHERE verdict <> 1 AND verdict IN (2, 3) AND NOT EXISTS \
         (SELECT 1 FROM events WHERE events.id = inbox.event_id)",
    ),
    (
        "events without a lead",
        "SELECT count(*) FROM events WHERE NOT EXISTS (SELECT 1 FROM leads WHERE leads.id = \
         events.lead_id)",
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
fn check(sql: &dyn Session) -> Sql<CheckReport> {
    sql.begin_reading()?;
    let report = walk(sql);
    sql.batch("COMMIT")?;
    report
}

fn walk(sql: &dyn Session) -> Sql<CheckReport> {
    let count = |table: &str| sql.count(&format!("SELECT count(*) FROM {table}"), &[]);
    let mut report = CheckReport {
        events: count("events")?,
        requests: count("inbox")?,
        leads: count("leads")?,
        problems: sql.damage()?,
        ..CheckReport::default()
    };
    for (wrong, query) in RULES {
        let found = sql.count(query, &[])?;
        if found > 0 {
            report.problems.push(format!("{found} {wrong}"));
        }
    }
    let (rollups, mut differences) = recount(sql)?;
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

fn recount(sql: &dyn Session) -> Sql<(u64, Vec<String>)> {
    let mut recounted = Deltas::default();
    sql.each(&format!("SELECT {EVENT_COLUMNS} FROM events"), &[], |row| {
        recounted.add(&counted(&rows::event(row)?));
        Ok(())
    })?;
    let mut right: HashMap<RollupKey, RollupSums> = recounted.take().into_iter().collect();
    let mut differences = Vec::new();
    let (stored, rows) = all(sql)?;
    for (key, sums) in rows {
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

/// How many roll-up rows there are, and their sums over all writers.
fn all(sql: &dyn Session) -> Sql<(u64, HashMap<RollupKey, RollupSums>)> {
    let mut stored = 0;
    let mut summed: HashMap<RollupKey, RollupSums> = HashMap::new();
    let text = format!("SELECT {ROLLUP_COLUMNS} FROM rollup_quarter_hours");
    sql.each(&text, &[], |row| {
        stored += 1;
        let (key, sums) = rollup(row)?;
        let sum = summed.entry(key).or_default();
        *sum = sum.plus(sums);
        Ok(())
    })?;
    Ok((stored, summed))
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
impl UpkeepStore for SqlStore {
    async fn check(&self) -> StoreResult<CheckReport> {
        self.settle().await;
        self.read_for_long(check).await
    }

    async fn health(&self) -> Health {
        let database = Arc::clone(&self.database);
        let looked = self.read_at_once(move |sql: &dyn Session| {
            let (bytes, wal_bytes) = database.sizes(sql)?;
            let waiting = inbox::waiting(sql)?;
            Ok::<_, SqlError>(DatabaseHealth {
                bytes,
                wal_bytes,
                waiting,
            })
        });
        let looked = tokio::time::timeout(SOON, looked).await;
        Health {
            undecided: self.undecided(),
            verdicts: std::array::from_fn(|place| {
                self.shared.verdicts[place].load(Ordering::Relaxed)
            }),
            queued: self.shared.queued.load(Ordering::Relaxed),
            commits: self.shared.commits.load(Ordering::Relaxed),
            database: looked.unwrap_or_else(|_| {
                Err(StoreError::Unavailable {
                    reason: format!("no answer within {} seconds", SOON.as_secs()),
                })
            }),
            failing: self.shared.failing.load(Ordering::Relaxed),
        }
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
        self.database.close(self.undecided());
    }
}
