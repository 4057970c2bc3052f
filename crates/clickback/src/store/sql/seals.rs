//! Seals: months whose events need not be counted again. A seal is made beside running nodes: first they
//! are told of it and keep its sums from then on, then its events are counted as of one moment, then
//! what was counted is added. Nobody waits longer than for a short transaction.

use std::collections::BTreeMap;

use clickback_core::moment::Moment;
use clickback_core::month::Month;
use clickback_core::rollup::{RollupKey, RollupSums, Rows, bump, changed};

use crate::store::check::{Sealed, Sealing, Seals};
use crate::store::{StoreError, StoreResult};

use super::SqlStore;
use super::apply::Work;
use super::check::{Extent, Walk, walk};
use super::reports::ROLLUP_COLUMNS;
use super::rollups::{self, Sums};
use super::session::{Session, Sql, Turn, values};

/// How long after its end a month can be sealed: clocks of nodes differ by less.
const GRACE_SECONDS: i64 = 24 * 3_600;
/// Sums that are written in one transaction: postbacks are decided between two of them.
const PIECE: usize = 2_000;

/// A seal that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    /// The lowest number after what it stands for.
    pub(super) boundary: i64,
    sealed_at: Moment,
    events: u64,
    requests: u64,
}

/// Seals that were made, in their order.
pub(super) fn made(sql: &dyn Session) -> Sql<Vec<Seal>> {
    sql.all(
        "SELECT boundary, sealed_at, events, requests FROM seals WHERE sealed_at IS NOT NULL \
         ORDER BY boundary",
        &[],
        |row| {
            Ok(Seal {
                boundary: row.get(0)?,
                sealed_at: Moment(row.get(1)?),
                events: row.get::<i64>(2)?.cast_unsigned(),
                requests: row.get::<i64>(3)?.cast_unsigned(),
            })
        },
    )
}

/// All of them together.
pub(super) fn summary(seals: &[Seal]) -> Option<Sealed> {
    let last = seals.last()?;
    Some(Sealed {
        through: Month::ending_at(last.boundary),
        sealed_at: last.sealed_at,
        events: seals.iter().map(|seal| seal.events).sum(),
        requests: seals.iter().map(|seal| seal.requests).sum(),
    })
}

/// What the events of seals come to whose boundary is `=` or `<=` this one.
pub(super) fn sums(sql: &dyn Session, compared: &'static str, boundary: i64) -> Sql<Rows> {
    let text = format!("SELECT {ROLLUP_COLUMNS} FROM sealed_rollups WHERE boundary {compared} ?1");
    Ok(rollups::summed(sql, &text, values![boundary])?.1)
}

/// How far months are sealed, and could be.
pub(super) fn state(sql: &dyn Session, now: Moment) -> Sql<Seals> {
    let sealed = summary(&made(sql)?);
    let running = Month::of(now.plus_seconds(-GRACE_SECONDS));
    let from = sealed.map_or(i64::MIN, |sealed| sealed.through.ids().1);
    let first = first_from(sql, from)?;
    // The last month that is over lies before the one that runs.
    let next = Month::ending_at(running.ids().0);
    Ok(Seals {
        sealed,
        next: Some(next).filter(|next| first.is_some_and(|first| first < next.ids().1)),
    })
}

/// The lowest number of an event or a request from one on.
fn first_from(sql: &dyn Session, from: i64) -> Sql<Option<i64>> {
    let lowest = |table: &str| {
        let text = format!("SELECT min(id) FROM {table} WHERE id >= ?1");
        sql.one(&text, values![from], |row| row.get::<Option<i64>>(0))
    };
    Ok([lowest("events")?, lowest("inbox")?]
        .into_iter()
        .flatten()
        .min())
}

/// Adds what a transaction changed of earlier months to the sums of their seals. Comes last in it: who
/// begins a seal waits for it, or it sees that seal.
pub(super) fn carry(
    sql: &dyn Session,
    past: Vec<(Month, Vec<(RollupKey, RollupSums)>)>,
) -> Sql<()> {
    if past.is_empty() {
        return Ok(());
    }
    sql.hold_off(Turn::Seal)?;
    let boundaries: Vec<i64> =
        sql.all("SELECT boundary FROM seals ORDER BY boundary", &[], |row| {
            row.get(0)
        })?;
    // In one order on every node, as all of them write to the same rows.
    let mut sealed: BTreeMap<i64, Rows> = BTreeMap::new();
    for (month, changes) in past {
        let (first, _) = month.ids();
        let Some(boundary) = boundaries.iter().find(|boundary| **boundary > first) else {
            continue;
        };
        let rows = sealed.entry(*boundary).or_default();
        for (key, sums) in changes {
            bump(rows, key, sums);
        }
    }
    for (boundary, rows) in sealed {
        sql.add_sums(Sums::Sealed { boundary }, &changed(rows))?;
    }
    Ok(())
}

/// A seal that is being made.
#[derive(Debug, Clone, Copy)]
struct Making {
    boundary: i64,
    /// Who makes it.
    run: i64,
}

/// What beginning a seal came to.
enum Begun {
    Making(Making),
    Already(Sealed),
}

fn invalid<T>(message: String) -> StoreResult<T> {
    Err(StoreError::Invalid { message })
}

/// Tells nodes of a seal. One that was begun before and not finished is given up.
fn begin(work: &mut Work<'_>, month: Month, run: i64) -> StoreResult<Begun> {
    let sql = work.sql;
    let (_, boundary) = month.ids();
    let from = month.end().plus_seconds(GRACE_SECONDS);
    if work.now < from {
        return invalid(format!(
            "{} can be sealed from {from} on, a day after its end",
            month.written()
        ));
    }
    if let Some(sealed) = summary(&made(sql)?).filter(|sealed| sealed.through >= month) {
        return Ok(Begun::Already(sealed));
    }
    if first_from(sql, i64::MIN)?.is_none_or(|first| first >= boundary) {
        return invalid(format!(
            "nothing was received in {} or before",
            month.written()
        ));
    }
    give_up(sql, None)?;
    sql.execute(
        "INSERT INTO seals (boundary, run) VALUES (?1, ?2)",
        values![boundary, run],
    )?;
    Ok(Begun::Making(Making { boundary, run }))
}

/// Removes seals that are being made, or one of them.
fn give_up(sql: &dyn Session, run: Option<i64>) -> Sql<()> {
    for table in ["sealed_rollups", "seals"] {
        sql.execute(
            &format!(
                "DELETE FROM {table} WHERE boundary IN (SELECT boundary FROM seals \
                 WHERE sealed_at IS NULL AND run = coalesce(?1, run))"
            ),
            values![run],
        )?;
    }
    Ok(())
}

/// Counts what is not sealed, as of one moment. What nodes added to the sums by then is among what was
/// counted.
fn count(sql: &dyn Session, making: Making) -> Sql<(Walk, u64)> {
    sql.begin_reading()?;
    let from = made(sql)?.last().map_or(i64::MIN, |seal| seal.boundary);
    let requests = sql.count(
        "SELECT count(*) FROM inbox WHERE id >= ?1 AND id < ?2",
        values![from, making.boundary],
    )?;
    let mut walk = walk(sql, Extent::OpenUntil(making.boundary))?;
    for (key, sums) in sums(sql, "=", making.boundary)? {
        bump(&mut walk.apart.sums, key, sums.negated());
    }
    sql.batch("COMMIT")?;
    Ok((walk, requests))
}

/// Whether the seal is still this run's to make.
fn is_ours(sql: &dyn Session, making: Making) -> StoreResult<()> {
    let ours = sql.exists(
        "SELECT 1 FROM seals WHERE boundary = ?1 AND run = ?2 AND sealed_at IS NULL",
        values![making.boundary, making.run],
    )?;
    if ours {
        return Ok(());
    }
    Err(StoreError::Conflict {
        message: "somebody else began to seal meanwhile: see what came of that".to_owned(),
    })
}

impl SqlStore {
    pub(super) async fn seal_month(&self, month: Month) -> StoreResult<Sealing> {
        let run = i64::from(rand::random::<u32>());
        let begun = self
            .write_in_turn(Turn::Seal, move |work| begin(work, month, run))
            .await?;
        let making = match begun {
            Begun::Making(making) => making,
            Begun::Already(sealed) => return Ok(Sealing::Already(sealed)),
        };
        let counted = self.read_for_long(move |sql| count(sql, making)).await;
        let (walk, requests) = match counted {
            Ok(counted) if counted.0.report.problems.is_empty() => counted,
            other => {
                self.write_in_turn(Turn::Seal, move |work| give_up(work.sql, Some(making.run)))
                    .await?;
                return other.map(|(walk, _)| Sealing::Refused(walk.report));
            }
        };
        let Walk { mut report, apart } = walk;
        let rows = changed(apart.sums);
        let sums = Sums::Sealed {
            boundary: making.boundary,
        };
        for piece in rows.chunks(PIECE).map(<[_]>::to_vec) {
            self.write_in_turn(Turn::Seal, move |work| {
                is_ours(work.sql, making)?;
                Ok::<_, StoreError>(work.sql.add_sums(sums, &piece)?)
            })
            .await?;
        }
        let events = apart.events;
        report.sealed = self
            .write_in_turn(Turn::Seal, move |work| {
                is_ours(work.sql, making)?;
                work.sql.execute(
                    "UPDATE seals SET sealed_at = ?2, events = ?3, requests = ?4 WHERE boundary = ?1",
                    values![
                        making.boundary,
                        work.now.0,
                        events.cast_signed(),
                        requests.cast_signed()
                    ],
                )?;
                Ok::<_, StoreError>(summary(&made(work.sql)?))
            })
            .await?;
        Ok(Sealing::Done(report))
    }

    pub(super) async fn take_seals_away(&self, month: Month) -> StoreResult<()> {
        let (first, _) = month.ids();
        self.write_in_turn(Turn::Seal, move |work| -> Sql<()> {
            for table in ["sealed_rollups", "seals"] {
                work.sql.execute(
                    &format!("DELETE FROM {table} WHERE boundary > ?1"),
                    values![first],
                )?;
            }
            Ok(())
        })
        .await
    }
}
