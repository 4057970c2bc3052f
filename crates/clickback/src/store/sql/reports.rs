//! Reports on SQLite: roll-ups of a span, what needs attention, the steps of the set-up.

use std::collections::HashMap;

use async_trait::async_trait;
use clickback_core::currency::Currency;
use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::{IntegrationId, WorkspaceId, lowest_id_at};
use clickback_core::moment::Moment;
use clickback_core::rollup::{RollupKey, RollupSums};

use crate::store::StoreResult;
use crate::store::inbox::Verdict;
use crate::store::reports::{Attention, MOST_COUNTED, ReportStore, SetUpSteps, Workspace};

use super::SqlStore;
use super::rollups::sum;
use super::rows;
use super::session::{Row, Session, Sql, SqlError, Turn, missing, values};

/// The columns that [`rollup`] reads.
pub(super) const ROLLUP_COLUMNS: &str =
    "integration_id, bucket, kind, name, status, currency, events, amount, payout";

/// Reads a row of [`ROLLUP_COLUMNS`].
pub(super) fn rollup(row: &Row<'_>) -> Sql<(RollupKey, RollupSums)> {
    let currency = row.get::<&str>(5)?;
    let key = RollupKey {
        integration: IntegrationId(row.get(0)?),
        bucket: row.get(1)?,
        kind: rows::kind(row.get(2)?, 2)?,
        name: row.get(3)?,
        status: rows::status(row.get(4)?, 4)?,
        currency: Currency::new(currency),
    };
    let sums = RollupSums {
        events: row.get(6)?,
        amount: sum(row, 7)?,
        payout: sum(row, 8)?,
    };
    Ok((key, sums))
}

fn since(
    sql: &dyn Session,
    workspace: WorkspaceId,
    from: Moment,
) -> Sql<Vec<(RollupKey, RollupSums)>> {
    // Deleted integrations count on: their money was earned.
    sql.all(
        &format!(
            "SELECT {ROLLUP_COLUMNS} FROM rollup_quarter_hours WHERE bucket >= ?2 \
             AND integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?1)"
        ),
        values![workspace.0, from.quarter_hour()],
        rollup,
    )
}

/// Counts requests from an id on, newest first, up to the most that are counted.
fn count(sql: &dyn Session, workspace: WorkspaceId, verdict: Verdict, first: i64) -> Sql<u64> {
    sql.count(
        "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE verdict <> 1 AND verdict = ?2 AND id >= \
         ?3 AND +integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?1) LIMIT \
         ?4) AS counted",
        values![
            workspace.0,
            verdict.number(),
            first,
            MOST_COUNTED.cast_signed()
        ],
    )
}

fn flags(sql: &dyn Session, workspace: WorkspaceId, first: i64) -> Sql<Vec<(Flag, u64)>> {
    let mut counts: HashMap<Flag, u64> = HashMap::new();
    sql.each(
        "SELECT flags FROM inbox WHERE flags <> 0 AND id >= ?2 \
         AND +integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?1) \
         ORDER BY id DESC LIMIT ?3",
        values![workspace.0, first, MOST_COUNTED.cast_signed()],
        |row| {
            for flag in Flags(row.get(0)?).iter() {
                *counts.entry(flag).or_default() += 1;
            }
            Ok(())
        },
    )?;
    let mut list: Vec<(Flag, u64)> = counts.into_iter().collect();
    list.sort_by_key(|(flag, count)| (std::cmp::Reverse(*count), flag.bit()));
    Ok(list)
}

fn steps(sql: &dyn Session, workspace: WorkspaceId) -> Sql<SetUpSteps> {
    sql.one(
        // The first row of an index each: a table that begins with what does not count is not read.
        "SELECT EXISTS (SELECT 1 FROM integrations WHERE workspace_id = ?1 AND deleted_at IS \
         NULL), EXISTS (SELECT 1 FROM integrations i WHERE i.workspace_id = ?1 AND (SELECT l.id FROM \
         registration_links l WHERE l.integration_id = i.id ORDER BY l.id LIMIT 1) IS NOT NULL), \
         (SELECT id FROM leads WHERE workspace_id = ?1 AND test = 0 ORDER BY id LIMIT 1) IS NOT NULL, \
         EXISTS (SELECT 1 FROM integrations i WHERE i.workspace_id = ?1 AND (SELECT r.id FROM inbox r \
         WHERE r.integration_id = i.id AND r.test = 0 ORDER BY r.id LIMIT 1) IS NOT NULL), \
         EXISTS (SELECT 1 FROM integrations i WHERE i.workspace_id = ?1 AND (SELECT r.bucket FROM \
         rollup_quarter_hours r WHERE r.integration_id = i.id ORDER BY r.bucket LIMIT 1) IS NOT NULL)",
        values![workspace.0],
        |row| {
            Ok(SetUpSteps {
                integration: row.get(0)?,
                link: row.get(1)?,
                lead: row.get(2)?,
                postback: row.get(3)?,
                event: row.get(4)?,
            })
        },
    )
}

#[async_trait]
impl ReportStore for SqlStore {
    async fn rollups(
        &self,
        workspace: WorkspaceId,
        from: Moment,
    ) -> StoreResult<Vec<(RollupKey, RollupSums)>> {
        self.read(move |sql| since(sql, workspace, from)).await
    }

    async fn attention(&self, workspace: WorkspaceId, since: Moment) -> StoreResult<Attention> {
        self.read(move |sql| {
            let first = lowest_id_at(since.millis());
            Ok::<_, SqlError>(Attention {
                unmatched: count(sql, workspace, Verdict::Unmatched, first)?,
                rejected: count(sql, workspace, Verdict::Rejected, first)?,
                flags: flags(sql, workspace, first)?,
            })
        })
        .await
    }

    async fn set_up_steps(&self, workspace: WorkspaceId) -> StoreResult<SetUpSteps> {
        self.read(move |sql| steps(sql, workspace)).await
    }

    async fn workspace(&self, id: WorkspaceId) -> StoreResult<Workspace> {
        self.read_at_once(move |sql| {
            sql.one(
                "SELECT name, time_zone FROM workspaces WHERE id = ?1",
                values![id.0],
                |row| {
                    Ok(Workspace {
                        name: row.get(0)?,
                        time_zone: row.get(1)?,
                    })
                },
            )
            .map_err(missing("workspace"))
        })
        .await
    }

    async fn update_workspace(&self, id: WorkspaceId, to: Workspace) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.sql
                .execute(
                    "UPDATE workspaces SET name = ?2, time_zone = ?3 WHERE id = ?1",
                    values![id.0, to.name, to.time_zone],
                )
                .map(|_| ())
        })
        .await
    }
}
