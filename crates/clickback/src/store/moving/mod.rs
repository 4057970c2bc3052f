//! Moving a whole store from one database to the other while it is in use.
//!
//! The source writes down the keys of rows that change. Tables are copied in the order of their keys, a
//! piece at a time, so that a run that was broken off goes on where it was. Then the rows of noted keys
//! are copied again, until few are left. For the last of them the source is kept from changing: what
//! partners send waits in the nodes' journals meanwhile, answered as always. Both sides are counted and
//! summed, the target is checked, and the source is marked as moved: it takes no writes any more.

mod table;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clickback_core::month::Month;

use super::postgres::connect::Address;
use super::postgres::moving::PostgresEnd;
use super::sql::session::{Session, Sql, SqlError, Value};
use super::sqlite::moving::SqliteEnd;
use super::{StoreError, StoreResult};
pub(in crate::store) use table::{Datum, Kind, Row, Table};

/// Rows of one piece of a copy, and keys of one piece of what is copied again.
const PIECE: usize = 5_000;
const KEYS: usize = 500;
/// With fewer noted keys than this the source is held.
const FEW: u64 = 2_000;
/// A source that changes faster than its changes are copied is held at last.
const ROUNDS: usize = 1_000;
/// How often it is tried to hold a busy source.
const TRIES: usize = 20;

/// A database of a store.
#[derive(Debug, Clone)]
pub enum Place {
    /// The data directory.
    Sqlite(PathBuf),
    Postgres(Address),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Sqlite(directory) => directory.display().fmt(f),
            Place::Postgres(address) => address.fmt(f),
        }
    }
}

/// Who sees how far it is.
pub trait Watcher {
    /// A step begins that has so many rows in all; `done` of them were there already.
    fn step(&self, name: &str, done: u64, all: u64);
    /// So many rows more.
    fn advance(&self, rows: u64);
}

/// What a move came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub tables: usize,
    pub rows: u64,
    /// Keys of rows that changed meanwhile and were copied again.
    pub again: u64,
    /// How long the source was held.
    pub held: Duration,
}

/// From which time a table has rows, and until when; for tables that are cut by month.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::store) struct Spans {
    pub(in crate::store) inbox: Option<(Month, Month)>,
    pub(in crate::store) clicks: Option<(Month, Month)>,
}

/// One side of a move. Statements of [`Session`] are shared; this is what differs.
pub(in crate::store) trait End {
    fn session(&self) -> &dyn Session;

    /// Notes the keys of rows of a table that change from now on.
    fn capture(&self, table: &Table) -> String;
    /// Ends that.
    fn release(&self, table: &Table) -> String;
    /// Begins a transaction in which nobody else writes.
    fn hold(&self, tables: &[Table]) -> Sql<()>;
    /// In that transaction: nobody writes here afterwards, and every try to says where to go.
    fn mark_moved(&self, tables: &[Table]) -> Sql<()>;
    /// Takes the mark back.
    fn unmark(&self, tables: &[Table]) -> Sql<()>;

    /// Whether a table of this name is there.
    fn has(&self, table: &str) -> Sql<bool>;
    /// Prepares a target that is being filled for the first time, or again.
    fn begin_filling(&self, token: &str, spans: Spans) -> StoreResult<()>;
    /// Inserts rows, in the transaction that was begun.
    fn load(&self, table: &Table, rows: &[Row]) -> Sql<()>;
    /// Builds what was left out while tables were copied.
    fn complete(&self) -> StoreResult<()>;
    /// Makes the target ready to be opened by a node.
    fn finish(&self, tables: &[Table]) -> StoreResult<()>;
}

/// Where a target's statements for later stand, and that it is being filled; then that it was.
pub(in crate::store) const FILLING: &str = "store_filling";
pub(in crate::store) const FILLED: &str = "store_filled";
/// At the source: which target its noted keys are for.
const MOVING: &str = "store_moving";

fn open(place: &Place) -> StoreResult<Box<dyn End>> {
    Ok(match place {
        Place::Sqlite(directory) => Box::new(SqliteEnd::open(directory)?),
        Place::Postgres(address) => Box::new(PostgresEnd::open(address)?),
    })
}

fn invalid<T>(message: impl Into<String>) -> StoreResult<T> {
    Err(StoreError::Invalid {
        message: message.into(),
    })
}

/// Moves the store at `from` to `to`. `check` opens the target as a node would and says what is wrong.
pub fn move_store(
    from: &Place,
    to: &Place,
    watcher: &dyn Watcher,
    check: impl FnOnce() -> StoreResult<Vec<String>>,
) -> StoreResult<Moved> {
    let tables = table::all()?;
    let source = open(from)?;
    let target = open(to)?;
    begin(&*source, &*target, from, to, &tables)?;
    let mut moved = Moved {
        tables: tables.len(),
        ..Moved::default()
    };
    for table in &tables {
        copy(&*source, &*target, table, watcher)?;
    }
    watcher.step("building indexes", 0, 0);
    target.complete()?;
    for _ in 0..ROUNDS {
        let noted = noted(&*source, &tables)?;
        watcher.step("changes meanwhile", 0, noted);
        moved.again += copy_again(&*source, &*target, &tables, watcher)?;
        if noted < FEW {
            break;
        }
    }
    let held = Instant::now();
    hold(&*source, &tables)?;
    let finished = finish(&*source, &*target, &tables, watcher, &mut moved, check);
    if let Err(error) = finished {
        // What was noted is still noted, and the next run goes on from here.
        source.session().batch("ROLLBACK")?;
        return Err(error);
    }
    source.session().batch("COMMIT")?;
    moved.held = held.elapsed();
    target
        .session()
        .batch(&format!("DROP TABLE IF EXISTS {FILLED}"))?;
    Ok(moved)
}

/// Nodes that lock the same tables in another order may be in the way.
fn hold(source: &dyn End, tables: &[Table]) -> StoreResult<()> {
    for _ in 1..TRIES {
        match source.hold(tables) {
            Err(SqlError::Unavailable(reason)) => {
                tracing::info!(reason, "the source is busy; trying to hold it again");
                source.session().batch("ROLLBACK").ok();
            }
            other => return Ok(other?),
        }
    }
    Ok(source.hold(tables)?)
}

/// While the source is held: the last changes, the comparison, the check, the mark.
fn finish(
    source: &dyn End,
    target: &dyn End,
    tables: &[Table],
    watcher: &dyn Watcher,
    moved: &mut Moved,
    check: impl FnOnce() -> StoreResult<Vec<String>>,
) -> StoreResult<()> {
    watcher.step("last changes", 0, noted(source, tables)?);
    moved.again += copy_again(source, target, tables, watcher)?;
    watcher.step("comparing", 0, tables.len() as u64);
    for table in tables {
        let query = table.fingerprint();
        let read = |end: &dyn End| -> Sql<Vec<i64>> {
            end.session().one(&query, &[], |row| {
                (0..table.fingerprint_width())
                    .map(|at| row.get(at))
                    .collect()
            })
        };
        let (here, there) = (read(source)?, read(target)?);
        if here != there {
            return invalid(format!(
                "table {} is not the same on both sides (rows and sums {here:?} here, {there:?} there): nothing \
                 was switched",
                table.name
            ));
        }
        moved.rows += here.first().copied().unwrap_or(0).cast_unsigned();
        watcher.advance(1);
    }
    watcher.step("checking the target", 0, 0);
    target.finish(tables)?;
    let problems = check()?;
    if !problems.is_empty() {
        return invalid(format!(
            "the check of the target found problems, nothing was switched: {}",
            problems.join("; ")
        ));
    }
    watcher.step("switching", 0, 0);
    for table in tables {
        source.session().batch(&source.release(table))?;
    }
    source.session().batch(&format!("DROP TABLE {MOVING}"))?;
    source.mark_moved(tables)?;
    Ok(())
}

/// Gives up a move: the source is as it was before, the target is left as it is.
pub fn cancel(from: &Place) -> StoreResult<()> {
    let tables = table::all()?;
    let source = open(from)?;
    source.unmark(&tables)?;
    for table in &tables {
        source.session().batch(&source.release(table))?;
    }
    source
        .session()
        .batch(&format!("DROP TABLE IF EXISTS {MOVING}"))?;
    Ok(())
}

/// Starts a move or goes on with one; refuses what would mix two of them.
fn begin(
    source: &dyn End,
    target: &dyn End,
    from: &Place,
    to: &Place,
    tables: &[Table],
) -> StoreResult<()> {
    let token_of = |end: &dyn End, table: &str| -> StoreResult<Option<String>> {
        if !end.has(table)? {
            return Ok(None);
        }
        let query = format!("SELECT statement FROM {table} WHERE phase = 0");
        Ok(Some(end.session().one(&query, &[], |row| row.get(0))?))
    };
    let noting = token_of(source, MOVING)?;
    let filling = match token_of(target, FILLING)? {
        Some(token) => Some(token),
        None => token_of(target, FILLED)?,
    };
    match (noting, filling) {
        (Some(noting), Some(filling)) if noting == filling => {
            target.begin_filling(&noting, Spans::default())
        }
        (Some(_), Some(_)) => invalid(format!(
            "{from} is being moved to another place now; what {to} holds was given up: empty it, or end the \
             other move with `migrate-store --cancel`"
        )),
        (None, Some(_)) => invalid(format!(
            "{to} holds a part of a move that was given up: empty it (a new database, a new directory)"
        )),
        (_, None) => {
            refuse_used(target, to)?;
            let token = format!("{:016x}", rand::random::<u64>());
            let session = source.session();
            session.batch(&format!(
                "CREATE TABLE IF NOT EXISTS {MOVING} (phase BIGINT NOT NULL, statement TEXT NOT NULL); \
                 DELETE FROM {MOVING}"
            ))?;
            session.execute(
                &format!("INSERT INTO {MOVING} (phase, statement) VALUES (0, ?1)"),
                &[Value::Text(Some(&token))],
            )?;
            for table in tables {
                session.batch(&source.capture(table))?;
            }
            target.begin_filling(&token, spans(source)?)
        }
    }
}

fn refuse_used(target: &dyn End, to: &Place) -> StoreResult<()> {
    let used: u64 = ["integrations", "leads", "users", "inbox"]
        .iter()
        .map(|table| {
            let query = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS found");
            target.session().count(&query, &[])
        })
        .sum::<Sql<u64>>()?;
    if used == 0 {
        return Ok(());
    }
    invalid(format!(
        "{to} is in use already: name an empty database to move to, or take the old {} away",
        super::sqlite::FILE_NAME
    ))
}

fn spans(source: &dyn End) -> Sql<Spans> {
    let span = |query: &str| -> Sql<Option<(i64, i64)>> {
        source.session().one(query, &[], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok(first.zip(last))
        })
    };
    let inbox = span("SELECT min(id), max(id) FROM inbox")?;
    let clicks = span("SELECT min(clicked_at), max(clicked_at) FROM clicks")?;
    Ok(Spans {
        inbox: inbox.map(|(first, last)| table::months_of_ids(first, last)),
        clicks: clicks.map(|(first, last)| table::months_of_times(first, last)),
    })
}

/// Copies the rows behind the last one that is there.
fn copy(
    source: &dyn End,
    target: &dyn End,
    table: &Table,
    watcher: &dyn Watcher,
) -> StoreResult<()> {
    let count = format!("SELECT count(*) FROM {}", table.name);
    let done = target.session().count(&count, &[])?;
    watcher.step(&table.name, done, source.session().count(&count, &[])?);
    let mut last = target
        .session()
        .all(&table.last(), &[], |row| table.read_key(row))?
        .pop();
    loop {
        let (query, values) = match &last {
            None => (table.first_piece(PIECE), Vec::new()),
            Some(key) => (
                table.next_piece(PIECE),
                key.iter().map(Datum::value).collect(),
            ),
        };
        let rows = source
            .session()
            .all(&query, &values, |row| table.read_row(row))?;
        let Some(end) = rows.last() else {
            return Ok(());
        };
        let key = table.key_of(end);
        in_transaction(target, || target.load(table, &rows))?;
        watcher.advance(rows.len() as u64);
        last = Some(key);
    }
}

fn in_transaction(end: &dyn End, work: impl FnOnce() -> Sql<()>) -> Sql<()> {
    let session = end.session();
    session.batch("BEGIN")?;
    if let Err(error) = work() {
        // The first error says more than one of taking back.
        let _ = session.batch("ROLLBACK");
        return Err(error);
    }
    session.batch("COMMIT")
}

/// Keys that are noted, each as often as it changed.
fn noted(source: &dyn End, tables: &[Table]) -> Sql<u64> {
    tables
        .iter()
        .map(|table| {
            let query = format!("SELECT count(*) FROM {}", table.notes());
            source.session().count(&query, &[])
        })
        .sum()
}

/// Copies the rows of all keys that are noted now; what is gone at the source goes at the target.
fn copy_again(
    source: &dyn End,
    target: &dyn End,
    tables: &[Table],
    watcher: &dyn Watcher,
) -> StoreResult<u64> {
    let mut copied = 0;
    for table in tables {
        loop {
            let notes = source.session().all(&table.read_notes(KEYS), &[], |row| {
                Ok((row.get::<i64>(0)?, table.read_note(row)?))
            })?;
            if notes.is_empty() {
                break;
            }
            let keys: Vec<Vec<Datum>> = notes
                .iter()
                .map(|(_, key)| key.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            let values: Vec<Value<'_>> = keys.iter().flatten().map(Datum::value).collect();
            // Read after the notes: a row is at least as new as the note about it.
            let rows = source
                .session()
                .all(&table.by_keys(keys.len()), &values, |row| {
                    table.read_row(row)
                })?;
            in_transaction(target, || {
                target
                    .session()
                    .execute(&table.delete_keys(keys.len()), &values)?;
                target.load(table, &rows)
            })?;
            let numbers: Vec<Value<'_>> = notes
                .iter()
                .map(|(number, _)| Value::Integer(Some(*number)))
                .collect();
            source
                .session()
                .execute(&table.forget_notes(notes.len()), &numbers)?;
            copied += keys.len() as u64;
            watcher.advance(notes.len() as u64);
        }
    }
    Ok(copied)
}
