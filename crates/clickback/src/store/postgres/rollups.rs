//! Adding to roll-up rows with one statement. The server adds exactly: sums are decimals of any length
//! there, in the same text as ours.

use clickback_core::currency::Currency;
use clickback_core::rollup::{RollupKey, RollupSums};
use tokio_postgres::types::Type;

use crate::store::sql::rollups::Sums;
use crate::store::sql::session::Sql;

use super::session::PgSession;

macro_rules! statement {
    ($table:literal, $place:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS r (integration_id, bucket, kind, status, events, name, currency, amount, payout, ",
            $place,
            ") SELECT n.*, $10 FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9) AS n \
             ON CONFLICT (integration_id, bucket, kind, name, status, currency, ",
            $place,
            ") DO UPDATE SET events = r.events + excluded.events, \
             amount = trim_scale(r.amount::numeric + excluded.amount::numeric)::text, \
             payout = trim_scale(r.payout::numeric + excluded.payout::numeric)::text"
        )
    };
}

/// Adds changes to stored rows, in the order of their keys: others may be adding to the same ones.
pub(super) fn add(pg: &PgSession, sums: Sums, changes: &[(RollupKey, RollupSums)]) -> Sql<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let (statement, place) = match sums {
        Sums::Rollups { slot } => (statement!("rollup_quarter_hours", "slot"), slot),
        Sums::Sealed { boundary } => (statement!("sealed_rollups", "boundary"), boundary),
    };
    let numbers = |number: fn(&(RollupKey, RollupSums)) -> i64| {
        changes.iter().map(number).collect::<Vec<i64>>()
    };
    let names: Vec<&str> = changes.iter().map(|(key, _)| key.name.as_str()).collect();
    let currency = |key: &RollupKey| {
        let text = key.currency.as_ref().map(Currency::as_str);
        text.unwrap_or_default().to_owned()
    };
    let currencies: Vec<String> = changes.iter().map(|(key, _)| currency(key)).collect();
    let amounts: Vec<String> = changes.iter().map(|(_, s)| s.amount.to_string()).collect();
    let payouts: Vec<String> = changes.iter().map(|(_, s)| s.payout.to_string()).collect();
    pg.run(
        statement,
        &[
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::INT8,
        ],
        &[
            &numbers(|(key, _)| key.integration.0),
            &numbers(|(key, _)| key.bucket),
            &numbers(|(key, _)| key.kind.number()),
            &numbers(|(key, _)| key.status.number()),
            &numbers(|(_, sums)| sums.events),
            &names,
            &currencies,
            &amounts,
            &payouts,
            &place,
        ],
    )?;
    Ok(())
}
