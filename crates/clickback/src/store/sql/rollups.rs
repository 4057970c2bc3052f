//! Writing roll-up changes: one read and one write per changed row and batch, sums added exactly; and
//! reading rows summed up.

use clickback_core::currency::Currency;
use clickback_core::rollup::{RollupKey, RollupSums, Rows, bump};
use clickback_core::sum::Sum;

use super::reports::rollup;
use super::session::{Optional as _, Row, Session, Sql, SqlError, Value, values};

/// Where sums of events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Sums {
    /// In the roll-ups that reports read. A slot has one writer.
    Rollups { slot: i64 },
    /// With a seal: what the events below its boundary come to.
    Sealed { boundary: i64 },
}

/// How a row's sums are read and written.
macro_rules! statements {
    ($table:literal, $place:literal) => {
        (
            concat!(
                "SELECT events, amount, payout FROM ",
                $table,
                " WHERE integration_id = ?1 AND bucket = ?2 AND kind = ?3 AND name = ?4 \
                 AND status = ?5 AND currency = ?6 AND ",
                $place,
                " = ?7"
            ),
            concat!(
                "INSERT INTO ",
                $table,
                " (integration_id, bucket, kind, name, status, currency, ",
                $place,
                ", events, amount, payout) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                 ON CONFLICT (integration_id, bucket, kind, name, status, currency, ",
                $place,
                ") DO UPDATE SET events = excluded.events, amount = excluded.amount, \
                 payout = excluded.payout"
            ),
        )
    };
}

/// Adds changes to stored rows, which nobody else changes meanwhile.
pub(in crate::store) fn add(
    sql: &dyn Session,
    sums: Sums,
    changes: &[(RollupKey, RollupSums)],
) -> Sql<()> {
    let ((read, write), place) = match sums {
        Sums::Rollups { slot } => (statements!("rollup_quarter_hours", "slot"), slot),
        Sums::Sealed { boundary } => (statements!("sealed_rollups", "boundary"), boundary),
    };
    for (key, sums) in changes {
        let currency = key
            .currency
            .as_ref()
            .map(Currency::as_str)
            .unwrap_or_default();
        let known = sql
            .one(
                read,
                values![
                    key.integration.0,
                    key.bucket,
                    key.kind.number(),
                    key.name,
                    key.status.number(),
                    currency,
                    place
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
        let total = known.plus(*sums);
        sql.execute(
            write,
            values![
                key.integration.0,
                key.bucket,
                key.kind.number(),
                key.name,
                key.status.number(),
                currency,
                place,
                total.events,
                total.amount.to_string(),
                total.payout.to_string(),
            ],
        )?;
    }
    Ok(())
}

/// How many rows a statement finds that names the columns of a roll-up, and their sums.
pub(super) fn summed(sql: &dyn Session, text: &str, values: &[Value<'_>]) -> Sql<(u64, Rows)> {
    let (mut found, mut rows) = (0, Rows::new());
    sql.each(text, values, |row| {
        found += 1;
        let (key, sums) = rollup(row)?;
        bump(&mut rows, key, sums);
        Ok(())
    })?;
    Ok((found, rows))
}

/// A stored sum; anything but our own canonical text means damage.
pub(super) fn sum(row: &Row<'_>, column: usize) -> Sql<Sum> {
    let text: &str = row.get(column)?;
    text.parse()
        .map_err(|error| SqlError::Defect(format!("`{text}` is no sum: {error}")))
}
