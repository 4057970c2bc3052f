//! Writing roll-up changes: one read and one write per changed row and batch, sums added exactly.

use clickback_core::rollup::{RollupKey, RollupSums};
use clickback_core::sum::Sum;
use rusqlite::{Connection, OptionalExtension, params};

/// Adds the changes of a transaction to the stored rows.
pub(super) fn flush(
    sql: &Connection,
    changes: Vec<(RollupKey, RollupSums)>,
) -> rusqlite::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut read = sql.prepare_cached(
        "SELECT events, amount, payout FROM rollup_quarter_hours WHERE integration_id = ?1 \
         AND bucket = ?2 AND kind = ?3 AND name = ?4 AND status = ?5 AND currency = ?6 AND slot = 0",
    )?;
    let mut write = sql.prepare_cached(
        "INSERT INTO rollup_quarter_hours \
         (integration_id, bucket, kind, name, status, currency, slot, events, amount, payout) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET \
         events = excluded.events, amount = excluded.amount, payout = excluded.payout",
    )?;
    for (key, sums) in changes {
        let currency = key
            .currency
            .as_ref()
            .map(clickback_core::currency::Currency::as_str)
            .unwrap_or_default();
        let place = params![
            key.integration.0,
            key.bucket,
            key.kind.number(),
            key.name,
            key.status.number(),
            currency
        ];
        let known = read
            .query_row(place, |row| {
                Ok(RollupSums {
                    events: row.get(0)?,
                    amount: sum(row, 1)?,
                    payout: sum(row, 2)?,
                })
            })
            .optional()?
            .unwrap_or_default();
        let total = known.plus(sums);
        write.execute(params![
            key.integration.0,
            key.bucket,
            key.kind.number(),
            key.name,
            key.status.number(),
            currency,
            total.events,
            total.amount.to_string(),
            total.payout.to_string(),
        ])?;
    }
    Ok(())
}

/// A stored sum; anything but our own canonical text means damage.
pub(super) fn sum(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Sum> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}
