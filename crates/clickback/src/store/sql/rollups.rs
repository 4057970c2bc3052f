//! Writing roll-up changes: one read and one write per changed row and batch, sums added exactly.

use clickback_core::currency::Currency;
use clickback_core::rollup::{RollupKey, RollupSums};
use clickback_core::sum::Sum;

use super::session::{Optional as _, Row, Session, Sql, SqlError, values};

/// Adds the changes of a transaction to the stored rows of a slot, which has one writer.
pub(in crate::store) fn flush(
    sql: &dyn Session,
    slot: i64,
    changes: Vec<(RollupKey, RollupSums)>,
) -> Sql<()> {
    for (key, sums) in changes {
        let currency = key
            .currency
            .as_ref()
            .map(Currency::as_str)
            .unwrap_or_default();
        let known = sql
            .one(
                "SELECT events, amount, payout FROM rollup_quarter_hours WHERE integration_id = ?1 AND \
                 bucket = ?2 AND kind = ?3 AND name = ?4 AND status = ?5 AND currency = ?6 AND slot = ?7",
                values![
                    key.integration.0,
                    key.bucket,
                    key.kind.number(),
                    key.name,
                    key.status.number(),
                    currency,
                    slot
                ],
                |row| {
                    Ok(RollupSums {
                        events: row.get(0)?,
                        amount: sum(row, 1)?,
                        payout: sum(row, 2)?,
                    })
                },
            )
            .optional()?
            .unwrap_or_default();
        let total = known.plus(sums);
        sql.execute(
            "INSERT INTO rollup_quarter_hours \
             (integration_id, bucket, kind, name, status, currency, slot, events, amount, payout) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (integration_id, bucket, kind, name, status, currency, slot) DO UPDATE SET \
             events = excluded.events, amount = excluded.amount, payout = excluded.payout",
            values![
                key.integration.0,
                key.bucket,
                key.kind.number(),
                key.name,
                key.status.number(),
                currency,
                slot,
                total.events,
                total.amount.to_string(),
                total.payout.to_string(),
            ],
        )?;
    }
    Ok(())
}

/// A stored sum; anything but our own canonical text means damage.
pub(super) fn sum(row: &Row<'_>, column: usize) -> Sql<Sum> {
    let text: &str = row.get(column)?;
    text.parse()
        .map_err(|error| SqlError::Defect(format!("`{text}` is no sum: {error}")))
}
