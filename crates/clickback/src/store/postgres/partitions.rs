//! Months of the inbox and of clicks: made ahead of time, and dropped as a whole when the operator keeps
//! them for so long only. A month that nobody made is no error: its rows go to a default partition, and
//! move when it is made.

use std::collections::BTreeSet;

use clickback_core::ids::lowest_id_at;
use clickback_core::moment::Moment;
use clickback_core::month::Month;
use tokio_postgres::{Client, Transaction};

use crate::store::{StoreError, StoreResult};

use super::errors::db;

/// Months that exist beyond the current one. The program looks every day; this is how long it may be
/// away.
const AHEAD: usize = 3;
/// Rows that one statement deletes from a default partition: short enough that nobody waits for it.
const BATCH: u64 = 5_000;
/// One node at a time.
const LOCK: i64 = 0x0063_6c69_636b_0002;
/// Everybody who needs the table waits behind one who waits for all of it: rather try again later.
const PATIENCE: &str = "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = 0; \
     SET LOCAL client_min_messages = warning";

/// A table that is cut by month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Inbox,
    Clicks,
}

impl Cut {
    const ALL: [Cut; 2] = [Cut::Inbox, Cut::Clicks];

    fn name(self) -> &'static str {
        match self {
            Cut::Inbox => "inbox",
            Cut::Clicks => "clicks",
        }
    }

    /// The table that months are attached to.
    fn parent(self) -> &'static str {
        match self {
            Cut::Inbox => "inbox",
            Cut::Clicks => "clicks_by_month",
        }
    }

    /// Where rows of a month are as long as it does not exist.
    fn default_partition(self) -> &'static str {
        match self {
            Cut::Inbox => "inbox_other",
            Cut::Clicks => "clicks_by_month_other",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Cut::Inbox => "id",
            Cut::Clicks => "clickid",
        }
    }

    /// A month's first value and the first after it, as literals: what makes a table takes no values.
    fn bounds(self, month: Month) -> (String, String) {
        match self {
            Cut::Inbox => {
                let (first, after) = month.ids();
                (first.to_string(), after.to_string())
            }
            Cut::Clicks => {
                let (first, after) = month.clickids();
                (format!("'{first}'"), format!("'{after}'"))
            }
        }
    }

    /// How a month is stored. A click changes once, when it becomes a lead.
    fn storage(self) -> &'static str {
        match self {
            Cut::Inbox => {
                "autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, \
                 autovacuum_analyze_scale_factor = 0.05"
            }
            Cut::Clicks => {
                "fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, \
                 autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000, \
                 autovacuum_analyze_scale_factor = 0.05"
            }
        }
    }

    fn partition(self, month: Month) -> String {
        format!("{}_{month}", self.name())
    }
}

/// How long the tables that are cut by month are kept; `None` is forever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    pub inbox_days: Option<u32>,
    pub clicks_days: Option<u32>,
}

impl Retention {
    fn kept_from(self, cut: Cut, now: Moment) -> Option<Moment> {
        let days = match cut {
            Cut::Inbox => self.inbox_days,
            Cut::Clicks => self.clicks_days,
        };
        days.map(|days| now.plus_seconds(-86_400 * i64::from(days)))
    }
}

/// What a look at the months came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tended {
    /// Names of partitions.
    pub made: Vec<String>,
    pub dropped: Vec<String>,
    /// Rows that were deleted where no month could be dropped.
    pub deleted: u64,
}

/// Makes the current month and those ahead, and drops what is over its time. Called at the start and
/// every day; any number of nodes may call it at the same time.
pub async fn tend(client: &mut Client, now: Moment, retention: Retention) -> StoreResult<Tended> {
    let mut tended = Tended::default();
    let mut month = Month::of(now);
    let mut last = month;
    for _ in 0..AHEAD {
        last = last.next();
    }
    for cut in Cut::ALL {
        tended.made.extend(make(client, cut, month, last).await?);
    }
    month = Month::of(now);
    for cut in Cut::ALL {
        if let Some(kept_from) = retention.kept_from(cut, now) {
            // Never the current month, whatever the clock or the setting says.
            let kept_from = kept_from.min(month.start());
            drop_before(client, cut, kept_from, &mut tended).await?;
        }
    }
    if tended != Tended::default() {
        tracing::info!(
            made = tended.made.join(" "),
            dropped = tended.dropped.join(" "),
            deleted = tended.deleted,
            "tended the months"
        );
    }
    Ok(tended)
}

/// Makes all months from one to another that do not exist; returns the names of those it made.
pub async fn make(
    client: &mut Client,
    cut: Cut,
    first: Month,
    last: Month,
) -> StoreResult<Vec<String>> {
    let mut made = Vec::new();
    let there = months(client, cut).await?;
    let mut month = first;
    while month <= last {
        if !there.contains(&month) && make_one(client, cut, month).await? {
            made.push(cut.partition(month));
        }
        month = month.next();
    }
    Ok(made)
}

/// The months that exist.
pub async fn months(client: &Client, cut: Cut) -> StoreResult<BTreeSet<Month>> {
    let rows = client
        .query(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid \
             WHERE inhparent = to_regclass($1::text)",
            &[&cut.parent()],
        )
        .await
        .map_err(db)?;
    let month = |name: String| {
        name.strip_prefix(cut.name())?
            .strip_prefix('_')?
            .parse()
            .ok()
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| month(row.get(0)))
        .collect())
}

async fn begin(client: &mut Client) -> StoreResult<Transaction<'_>> {
    let transaction = client.transaction().await.map_err(db)?;
    // Alone first: others make nothing that this one would have to wait for.
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await
        .map_err(db)?;
    transaction.batch_execute(PATIENCE).await.map_err(db)?;
    Ok(transaction)
}

async fn exists(transaction: &Transaction<'_>, table: &str) -> StoreResult<bool> {
    let row = transaction
        .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&table])
        .await
        .map_err(db)?;
    Ok(row.get(0))
}

/// Attaching locks less than making in place: the table goes on being read and written, the default
/// partition alone is closed while rows of the month move out of it.
async fn make_one(client: &mut Client, cut: Cut, month: Month) -> StoreResult<bool> {
    let transaction = begin(client).await?;
    let partition = cut.partition(month);
    if exists(&transaction, &partition).await? {
        return Ok(false);
    }
    let (first, after) = cut.bounds(month);
    let (parent, other, column) = (cut.parent(), cut.default_partition(), cut.column());
    let storage = cut.storage();
    transaction
        .batch_execute(&format!(
            "CREATE TABLE {partition} (LIKE {parent} INCLUDING DEFAULTS) WITH ({storage}); \
             LOCK TABLE {other} IN ACCESS EXCLUSIVE MODE; \
             WITH moved AS (DELETE FROM {other} WHERE {column} >= {first} AND {column} < {after} RETURNING *) \
             INSERT INTO {partition} SELECT * FROM moved; \
             ALTER TABLE {parent} ATTACH PARTITION {partition} FOR VALUES FROM ({first}) TO ({after})"
        ))
        .await
        .map_err(db)?;
    transaction.commit().await.map_err(db)?;
    Ok(true)
}

async fn drop_before(
    client: &mut Client,
    cut: Cut,
    kept_from: Moment,
    tended: &mut Tended,
) -> StoreResult<()> {
    for month in months(client, cut).await? {
        if month.end() > kept_from {
            break;
        }
        let transaction = begin(client).await?;
        let partition = cut.partition(month);
        if !exists(&transaction, &partition).await? {
            continue;
        }
        match cut {
            Cut::Inbox => {
                // What waits for its lead goes with its text.
                let (first, after) = month.ids();
                transaction
                    .execute(
                        "DELETE FROM waiting_requests WHERE request_id >= $1 AND request_id < $2",
                        &[&first, &after],
                    )
                    .await
                    .map_err(db)?;
                transaction
                    .batch_execute(&format!("DROP TABLE {partition}"))
                    .await
                    .map_err(db)?;
            }
            Cut::Clicks => {
                // A clickid that others made may begin like one of this month and be young: it stays.
                let parent = cut.parent();
                transaction
                    .batch_execute(&format!(
                        "ALTER TABLE {parent} DETACH PARTITION {partition}; \
                         INSERT INTO clicks SELECT * FROM {partition} WHERE clicked_at >= {}; \
                         DROP TABLE {partition}",
                        kept_from.0
                    ))
                    .await
                    .map_err(db)?;
            }
        }
        transaction.commit().await.map_err(db)?;
        tended.dropped.push(partition);
    }
    tended.deleted += match cut {
        Cut::Inbox => {
            let before = lowest_id_at(kept_from.millis());
            delete(client, "waiting_requests", "request_id", before).await?;
            delete(client, "inbox_other", "id", before).await?
        }
        Cut::Clicks => {
            delete(client, "clicks_other", "clicked_at", kept_from.0).await?
                + delete(client, "clicks_by_month_other", "clicked_at", kept_from.0).await?
        }
    };
    Ok(())
}

/// Deletes rows below a number, a batch at a time.
async fn delete(client: &Client, table: &str, column: &str, below: i64) -> StoreResult<u64> {
    let text = format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 LIMIT {BATCH}))"
    );
    let statement = client.prepare(&text).await.map_err(db)?;
    let mut deleted = 0;
    loop {
        let batch = client.execute(&statement, &[&below]).await.map_err(db)?;
        deleted += batch;
        if batch < BATCH {
            return Ok(deleted);
        }
    }
}

/// Whether a failure to tend the months passes by itself: somebody used the table all the time.
pub fn try_later(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { .. })
}
