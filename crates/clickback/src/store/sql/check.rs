//! The integrity check: the file's own, the recount of roll-ups, and the rules that rows must keep. Of what
//! is sealed, only the sums are read, unless all is asked for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use clickback_core::event::{Group, Kind};
use clickback_core::month::Month;
use clickback_core::rollup::{Deltas, RollupKey, RollupSums, Rows, bump};

use crate::store::check::{CheckReport, DatabaseHealth, Health, Sealing, Seals, UpkeepStore};
use crate::store::inbox::InboxStore;
use crate::store::nodes::NodeStore as _;
use crate::store::{StoreError, StoreResult};

use super::reports::ROLLUP_COLUMNS;
use super::rollups;
use super::rows::{self, EVENT_COLUMNS, counted};
use super::seals::{self, Seal};
use super::session::{Session, Sql, SqlError, values};
use super::writer::Job;
use super::{SqlStore, inbox};

/// How long the health figures wait for a database that does not answer.
const SOON: Duration = Duration::from_secs(2);
/// Problems that are spelled out; more are counted.
const SHOWN: usize = 50;

/// What is wrong, and queries that count the rows that break the rule.
struct Rule {
    wrong: &'static str,
    /// Of what came from number `?1` on; `{events}` are events that came or changed since.
    since: &'static str,
    /// Of everything, where it is not the same query.
    whole: Option<&'static str>,
}

/// Rules that hold for every row.
const RULES: &[Rule] = &[
    Rule {
        wrong: "accepted requests without their event",
        since: "SELECT count(*) FROM inbox WHERE id >= ?1 AND verdict = 1 AND NOT EXISTS \
                (SELECT 1 FROM events WHERE events.id = inbox.id)",
        whole: None,
    },
    Rule {
        wrong: "updated or duplicate requests that point to no event",
        since: "SELECT count(*) FROM inbox WHERE id >= ?1 AND verdict <> 1 AND verdict IN (2, 3) \
                AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = inbox.event_id)",
        whole: None,
    },
    Rule {
        wrong: "events without a lead",
        since: "SELECT count(*) FROM {events} e WHERE NOT EXISTS (SELECT 1 FROM leads WHERE \
                leads.id = e.lead_id)",
        whole: None,
    },
    Rule {
        wrong: "keys that point to no event of their lead",
        // Keys are in no order of time: those are looked at that these events can have.
        since: "SELECT count(*) FROM (SELECT DISTINCT k.integration_id, k.grp, k.tid, k.lead_id, \
                k.event_id FROM (SELECT integration_id, lead_id, {group} AS grp, '' AS tid FROM \
                {events} e UNION ALL SELECT integration_id, lead_id, {group}, ' ' || name FROM \
                {events} e UNION ALL SELECT integration_id, lead_id, {group}, tid FROM {events} e \
                WHERE tid IS NOT NULL) AS p CROSS JOIN event_keys k ON k.integration_id = \
                p.integration_id AND k.grp = p.grp AND k.tid = p.tid AND k.lead_id = p.lead_id) AS k \
                WHERE NOT EXISTS (SELECT 1 FROM events o WHERE o.id = k.event_id AND o.lead_id = \
                k.lead_id)",
        whole: Some(
            "SELECT count(*) FROM event_keys k WHERE NOT EXISTS \
             (SELECT 1 FROM events e WHERE e.id = k.event_id AND e.lead_id = k.lead_id)",
        ),
    },
    Rule {
        wrong: "first-deposit slots without an approved first deposit",
        since: "SELECT count(*) FROM (SELECT DISTINCT lead_id, integration_id FROM {events} e) AS p \
                CROSS JOIN lead_states s ON s.lead_id = p.lead_id AND s.integration_id = \
                p.integration_id WHERE s.first_deposit IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \
                events e WHERE e.id = s.first_deposit AND e.kind = 2 AND e.status = 1 AND e.lead_id = \
                s.lead_id AND e.integration_id = s.integration_id)",
        whole: Some(
            "SELECT count(*) FROM lead_states s WHERE first_deposit IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM events e WHERE e.id = s.first_deposit AND e.kind = 2 AND e.status = 1 \
             AND e.lead_id = s.lead_id AND e.integration_id = s.integration_id)",
        ),
    },
    Rule {
        wrong: "approved first deposits without their slot",
        since: "SELECT count(*) FROM {events} e WHERE kind = 2 AND status = 1 AND NOT EXISTS \
                (SELECT 1 FROM lead_states s WHERE s.first_deposit = e.id AND s.lead_id = e.lead_id \
                AND s.integration_id = e.integration_id)",
        whole: None,
    },
    Rule {
        // There are few of them at any time.
        wrong: "waiting requests that are not unmatched",
        since: "SELECT count(*) FROM waiting_requests w WHERE NOT EXISTS \
                (SELECT 1 FROM inbox i WHERE i.id = w.request_id AND i.verdict = 4)",
        whole: None,
    },
];

/// Events that came from number `?1` on, and earlier ones that changed since then.
const TOUCHED: &str = "(SELECT id, integration_id, lead_id, kind, status, name, tid FROM events WHERE id >= ?1 \
     UNION ALL SELECT o.id, o.integration_id, o.lead_id, o.kind, o.status, o.name, o.tid FROM \
     (SELECT DISTINCT event_id FROM event_changes WHERE id >= ?1) AS c CROSS JOIN events o \
     ON o.id = c.event_id WHERE o.id < ?1) AS";

/// The stored name of an event's group, as the core makes it.
fn group() -> String {
    let cases: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| {
            let (number, group) = (kind.number(), Group::of(*kind, "").stored());
            let named = matches!(kind, Kind::Custom | Kind::Other);
            let name = if named { " || name" } else { "" };
            format!("WHEN {number} THEN '{group}'{name}")
        })
        .collect();
    format!("CASE kind {} END", cases.join(" "))
}

impl Rule {
    /// How many rows break it.
    fn broken(&self, sql: &dyn Session, from: Option<i64>) -> Sql<u64> {
        let (query, events) = match (from, self.whole) {
            (None, Some(whole)) => (whole, ""),
            (None, None) => (self.since, "(SELECT * FROM events WHERE id >= ?1) AS"),
            (Some(_), _) => (self.since, TOUCHED),
        };
        let text = query
            .replace("{events}", events)
            .replace("{group}", &group());
        let from = from.unwrap_or(i64::MIN);
        if text.contains("?1") {
            sql.count(&text, values![from])
        } else {
            sql.count(&text, &[])
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What is not sealed.
    Open,
    /// The same, and what a seal with this boundary would stand for is counted apart.
    OpenUntil(i64),
    All,
}

/// What a walk found.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) report: CheckReport,
    /// The events of [`Extent::OpenUntil`].
    pub(super) apart: Part,
}

/// Events of a range of numbers, counted again.
#[derive(Default)]
pub(super) struct Part {
    pub(super) events: u64,
    pub(super) sums: Rows,
}

/// Walks the database. Reads one consistent state, also while postbacks keep coming.
fn check(sql: &dyn Session, extent: Extent) -> Sql<CheckReport> {
    sql.begin_reading()?;
    let walk = walk(sql, extent)?;
    sql.batch("COMMIT")?;
    Ok(walk.report)
}

/// The same in a transaction that reads.
pub(super) fn walk(sql: &dyn Session, extent: Extent) -> Sql<Walk> {
    let seals = seals::made(sql)?;
    let last = seals.last().map(|seal| seal.boundary);
    let from = last.filter(|_| extent != Extent::All);
    let lowest = from.unwrap_or(i64::MIN);
    let count = |table: &str| {
        let query = format!("SELECT count(*) FROM {table} WHERE id >= ?1");
        sql.count(&query, values![lowest])
    };
    let mut report = CheckReport {
        requests: count("inbox")?,
        leads: count("leads")?,
        sealed: seals::summary(&seals),
        ..CheckReport::default()
    };
    if from.is_none() {
        report.problems = sql.damage()?;
    }
    for rule in RULES {
        let found = rule.broken(sql, from)?;
        if found > 0 {
            report.problems.push(format!("{found} {}", rule.wrong));
        }
    }
    let cuts: Vec<i64> = match extent {
        Extent::Open => Vec::new(),
        Extent::OpenUntil(boundary) => vec![boundary],
        Extent::All => seals.iter().map(|seal| seal.boundary).collect(),
    };
    let parts = recount(sql, lowest, &cuts)?;
    report.events = parts.iter().map(|part| part.events).sum();
    let mut right = match from {
        Some(boundary) => seals::sums(sql, "<=", boundary)?,
        None => Rows::new(),
    };
    for (key, sums) in parts.iter().flat_map(|part| &part.sums) {
        bump(&mut right, key.clone(), *sums);
    }
    let text = format!("SELECT {ROLLUP_COLUMNS} FROM rollup_quarter_hours");
    let (rows, stored) = rollups::summed(sql, &text, &[])?;
    report.rollups = rows;
    let mut differences = differences("roll-up", stored, right);
    if extent == Extent::All {
        for (seal, part) in seals.iter().zip(&parts) {
            differences.extend(unlike(sql, seal, part)?);
        }
    }
    let hidden = differences.len().saturating_sub(SHOWN);
    differences.truncate(SHOWN);
    report.problems.extend(differences);
    if hidden > 0 {
        report
            .problems
            .push(format!("{hidden} more roll-up rows differ"));
    }
    let apart = parts.into_iter().next().unwrap_or_default();
    Ok(Walk { report, apart })
}

/// Where a seal's sums are not those of its events.
fn unlike(sql: &dyn Session, seal: &Seal, part: &Part) -> Sql<Vec<String>> {
    let what = format!(
        "sum sealed with {}",
        Month::ending_at(seal.boundary).written()
    );
    let sealed = seals::sums(sql, "=", seal.boundary)?;
    Ok(differences(&what, sealed, part.sums.clone()))
}

/// Counts events from a number on, each range that ends at a cut apart.
fn recount(sql: &dyn Session, lowest: i64, cuts: &[i64]) -> Sql<Vec<Part>> {
    let mut parts: Vec<(u64, Deltas)> = Vec::new();
    parts.resize_with(cuts.len() + 1, Default::default);
    let text = format!("SELECT {EVENT_COLUMNS} FROM events WHERE events.id >= ?1");
    sql.each(&text, values![lowest], |row| {
        let event = rows::event(row)?;
        let at = cuts.partition_point(|cut| *cut <= event.id.0);
        if let Some((events, deltas)) = parts.get_mut(at) {
            *events += 1;
            deltas.add(&counted(&event));
        }
        Ok(())
    })?;
    let part = |(events, mut deltas): (u64, Deltas)| Part {
        events,
        sums: deltas.take().into_iter().collect(),
    };
    Ok(parts.into_iter().map(part).collect())
}

fn differences(what: &str, stored: Rows, mut right: Rows) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, sums) in stored {
        let expected = right.remove(&key).unwrap_or_default();
        if expected != sums {
            differences.push(difference(what, &key, &sums, &expected));
        }
    }
    for (key, expected) in right {
        if !expected.is_zero() {
            let nothing = RollupSums::default();
            differences.push(difference(what, &key, &nothing, &expected));
        }
    }
    differences
}

fn difference(what: &str, key: &RollupKey, stored: &RollupSums, recounted: &RollupSums) -> String {
    let currency = key
        .currency
        .map(|currency| currency.to_string())
        .unwrap_or_default();
    format!(
        "{what} of integration {}, quarter hour {}, {} {} {currency}: stored {} events, {} and {}; \
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
        self.read_for_long(|sql| check(sql, Extent::Open)).await
    }

    async fn check_all(&self) -> StoreResult<CheckReport> {
        self.settle().await;
        self.read_for_long(|sql| check(sql, Extent::All)).await
    }

    async fn seal(&self, month: Month) -> StoreResult<Sealing> {
        self.settle().await;
        self.seal_month(month).await
    }

    async fn unseal(&self, month: Month) -> StoreResult<()> {
        self.take_seals_away(month).await
    }

    async fn seals(&self) -> StoreResult<Seals> {
        let now = self.shared.clock.now();
        self.read(move |sql| seals::state(sql, now)).await
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
        if let Some(journal) = &self.journal {
            journal.release();
        }
        self.database.close(self.undecided());
    }
}
