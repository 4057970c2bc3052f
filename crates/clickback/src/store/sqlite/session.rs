//! The store's connections on SQLite.

use std::path::PathBuf;

use clickback_core::ids::LeadId;
use clickback_core::rollup::{RollupKey, RollupSums};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};

use crate::store::StoreError;
use crate::store::sql::rollups::{self, Sums};
use crate::store::sql::session::{
    Cell, Columns, Each, NameSearch, Row, Session, Sql, SqlError, Turn, Value, WriteSession,
};

use super::checkpoint::Pacer;
use super::connect::open_writer;
use super::migrate::{HAS_MOVED, MOVED};
use super::names::name_search;

/// What passes by itself is `Unavailable`.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
pub(super) fn failed(error: rusqlite::Error) -> SqlError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => SqlError::Taken(error.to_string()),
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted,
        ) => SqlError::Unavailable(error.to_string()),
        _ => SqlError::Defect(error.to_string()),
    }
}

/// The same where the store is opened.
pub(super) fn db(error: rusqlite::Error) -> StoreError {
    failed(error).into()
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Integer(Some(number)) => ValueRef::Integer(number),
            Value::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Value::Integer(None) | Value::Text(None) | Value::Bytes(None) => ValueRef::Null,
        }))
    }
}

struct SqliteRow<'r>(&'r rusqlite::Row<'r>);

impl Columns for SqliteRow<'_> {
    fn cell(&self, at: usize) -> Sql<Cell<'_>> {
        match self.0.get_ref(at).map_err(failed)? {
            ValueRef::Null => Ok(Cell::Nothing),
            ValueRef::Integer(number) => Ok(Cell::Integer(number)),
            ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes)),
            ValueRef::Text(text) => std::str::from_utf8(text)
                .map(Cell::Text)
                .map_err(|error| SqlError::Defect(format!("column {at}: {error}"))),
            ValueRef::Real(number) => Err(SqlError::Defect(format!(
                "column {at} holds the fraction {number}"
            ))),
        }
    }
}

/// A connection with its prepared statements.
pub(super) struct SqliteSession(pub(super) Connection);

impl Session for SqliteSession {
    fn execute(&self, text: &str, values: &[Value<'_>]) -> Sql<usize> {
        self.0
            .prepare_cached(text)
            .and_then(|mut statement| statement.execute(params_from_iter(values)))
            .map_err(failed)
    }

    fn query(&self, text: &str, values: &[Value<'_>], each: Each<'_>) -> Sql<()> {
        let mut statement = self.0.prepare_cached(text).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            if each(&Row(&SqliteRow(row)))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn batch(&self, text: &str) -> Sql<()> {
        self.0.execute_batch(text).map_err(failed)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn take_turn(&self, _turn: Turn) -> Sql<()> {
        Ok(())
    }

    fn hold_off(&self, _turn: Turn) -> Sql<()> {
        Ok(())
    }

    fn add_sums(&self, sums: Sums, changes: &[(RollupKey, RollupSums)]) -> Sql<()> {
        rollups::add(self, sums, changes)
    }

    fn lock_leads(&self, _leads: &[LeadId]) -> Sql<bool> {
        Ok(true)
    }

    fn lost_race(&self, how: &str) -> SqlError {
        SqlError::Unavailable(how.to_owned())
    }

    fn begin_reading(&self) -> Sql<()> {
        self.batch("BEGIN")
    }

    fn name_search(&self, search: &str) -> NameSearch {
        name_search(search)
    }

    fn damage(&self) -> Sql<Vec<String>> {
        let session: &dyn Session = self;
        let lines = session.all("PRAGMA integrity_check(20)", &[], |row| row.get(0));
        let mut lines: Vec<String> =
            lines.map_err(|error| SqlError::Defect(format!("the file is damaged: {error}")))?;
        lines.retain(|line| line != "ok");
        Ok(lines)
    }
}

/// Requests of one transaction. What a commit syncs, the journal's next sync stands behind on the same
/// disk: a commit of this many is about a megabyte, and a bigger one writes hardly less for each.
const BATCH: usize = 256;

/// The writer's connection.
pub(super) struct SqliteWriter {
    pub(super) session: SqliteSession,
    pub(super) path: PathBuf,
    pub(super) pacer: Pacer,
}

impl WriteSession for SqliteWriter {
    fn session(&self) -> &dyn Session {
        &self.session
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn begin(&self) -> Sql<()> {
        self.session.batch("BEGIN IMMEDIATE")?;
        // One look at the first page: what is written after a move would be lost.
        let version: i64 = self
            .session
            .0
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(failed)?;
        if version == MOVED {
            self.roll_back()?;
            return Err(SqlError::Unavailable(HAS_MOVED.to_owned()));
        }
        Ok(())
    }

    fn commit(&self) -> Sql<()> {
        self.session.batch("COMMIT")
    }

    fn roll_back(&self) -> Sql<()> {
        // Some errors end the transaction by themselves.
        if self.session.0.is_autocommit() {
            return Ok(());
        }
        self.session.batch("ROLLBACK")
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.session = SqliteSession(open_writer(&self.path)?);
        Ok(())
    }

    fn works_here(&self) -> bool {
        true
    }

    fn between(&mut self) {
        self.pacer.after_batch(&self.session.0);
    }
}
