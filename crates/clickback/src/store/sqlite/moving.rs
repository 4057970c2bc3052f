//! SQLite as one side of a move between databases.

use std::path::Path;

use crate::store::moving::{End, FILLED, FILLING, Kind, Row, Spans, Table};
use crate::store::sql::session::{Session, Sql, SqlError, Value};
use crate::store::{StoreError, StoreResult};

use super::FILE_NAME;
use super::connect::open_writer;
use super::migrate::{MOVED, migrate, newest};
use super::session::{SqliteSession, db};

/// A connection of its own to the file.
pub(in crate::store) struct SqliteEnd(SqliteSession);

impl SqliteEnd {
    pub(in crate::store) fn open(directory: &Path) -> StoreResult<SqliteEnd> {
        std::fs::create_dir_all(directory).map_err(|error| StoreError::Invalid {
            message: format!(
                "cannot make the data directory {}: {error}",
                directory.display()
            ),
        })?;
        let mut connection = open_writer(&directory.join(FILE_NAME))?;
        // Nothing else checkpoints a file that is being filled, and rows come in no order of their own.
        connection
            .execute_batch("PRAGMA wal_autocheckpoint = 1000; PRAGMA foreign_keys = OFF")
            .map_err(db)?;
        let filling = [FILLING, FILLED]
            .into_iter()
            .map(|table| connection.table_exists(None, table).map_err(db));
        if !filling.collect::<StoreResult<Vec<bool>>>()?.contains(&true) {
            let moved = version(&connection)? == MOVED;
            if !moved {
                migrate(&mut connection)?;
            }
        } else if version(&connection)? != newest() {
            return Err(StoreError::Invalid {
                message: format!(
                    "{} was begun to be filled by another version of this program: move to a new directory",
                    directory.display()
                ),
            });
        }
        Ok(SqliteEnd(SqliteSession(connection)))
    }
}

fn version(connection: &rusqlite::Connection) -> StoreResult<i64> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(db)
}

impl End for SqliteEnd {
    fn session(&self) -> &dyn Session {
        &self.0
    }

    fn capture(&self, table: &Table) -> String {
        let (name, notes, key) = (&table.name, table.notes(), table.key_list());
        let (old, new) = (table.key_of_row("old"), table.key_of_row("new"));
        let columns: Vec<String> = table
            .key_kinds()
            .into_iter()
            .map(|(name, kind)| {
                let kind = match kind {
                    Kind::Integer => "INTEGER",
                    Kind::Text => "TEXT",
                    Kind::Bytes => "BLOB",
                };
                format!("{name} {kind} NOT NULL")
            })
            .collect();
        let columns = columns.join(", ");
        format!(
            "CREATE TABLE IF NOT EXISTS {notes} (seq INTEGER PRIMARY KEY, {columns}) STRICT; \
             CREATE TRIGGER IF NOT EXISTS {notes}_made AFTER INSERT ON {name} BEGIN \
             INSERT INTO {notes} ({key}) VALUES ({new}); END; \
             CREATE TRIGGER IF NOT EXISTS {notes}_gone AFTER DELETE ON {name} BEGIN \
             INSERT INTO {notes} ({key}) VALUES ({old}); END; \
             CREATE TRIGGER IF NOT EXISTS {notes}_changed AFTER UPDATE ON {name} BEGIN \
             INSERT INTO {notes} ({key}) SELECT {old} UNION SELECT {new}; END"
        )
    }

    fn release(&self, table: &Table) -> String {
        let notes = table.notes();
        format!(
            "DROP TRIGGER IF EXISTS {notes}_made; DROP TRIGGER IF EXISTS {notes}_gone; \
             DROP TRIGGER IF EXISTS {notes}_changed; DROP TABLE IF EXISTS {notes}"
        )
    }

    /// There is one writer: the node waits for this transaction, and keeps what it accepts in its journal.
    fn hold(&self, _tables: &[Table]) -> Sql<()> {
        // The node has it most of the time.
        self.0.batch("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE")
    }

    /// A version that no program knows: the running one looks at it in each transaction.
    fn mark_moved(&self, _tables: &[Table]) -> Sql<()> {
        self.0.batch(&format!("PRAGMA user_version = {MOVED}"))
    }

    fn unmark(&self, _tables: &[Table]) -> Sql<()> {
        let moved = self
            .0
            .0
            .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        if moved.is_ok_and(|version| version == MOVED) {
            self.0
                .batch(&format!("PRAGMA user_version = {}", newest()))?;
        }
        Ok(())
    }

    fn has(&self, table: &str) -> Sql<bool> {
        self.0
            .0
            .table_exists(None, table)
            .map_err(|error| SqlError::Defect(error.to_string()))
    }

    fn begin_filling(&self, token: &str, _spans: Spans) -> StoreResult<()> {
        if self.has(FILLED)? {
            self.0
                .batch(&format!("ALTER TABLE {FILLED} RENAME TO {FILLING}"))?;
        }
        if self.has(FILLING)? {
            return Ok(());
        }
        self.0.batch(&format!(
            "BEGIN; CREATE TABLE {FILLING} (phase INTEGER NOT NULL, statement TEXT NOT NULL) STRICT; \
             DELETE FROM workspaces"
        ))?;
        self.0.execute(
            &format!("INSERT INTO {FILLING} (phase, statement) VALUES (0, ?1)"),
            &[Value::Text(Some(token))],
        )?;
        self.0.batch("COMMIT")?;
        Ok(())
    }

    fn load(&self, table: &Table, rows: &[Row]) -> Sql<()> {
        let insert = table.insert();
        for row in rows {
            let values: Vec<Value<'_>> =
                row.iter().map(crate::store::moving::Datum::value).collect();
            self.0.execute(&insert, &values)?;
        }
        Ok(())
    }

    fn complete(&self) -> StoreResult<()> {
        Ok(())
    }

    fn finish(&self, _tables: &[Table]) -> StoreResult<()> {
        let session: &dyn Session = &self.0;
        let orphans: Vec<String> =
            session.all("PRAGMA foreign_key_check", &[], |row| row.get(0))?;
        if let Some(table) = orphans.first() {
            return Err(StoreError::Internal(format!(
                "{} rows refer to rows that are not there, the first in {table}",
                orphans.len()
            )));
        }
        self.0
            .batch(&format!("ALTER TABLE {FILLING} RENAME TO {FILLED}"))?;
        Ok(())
    }
}
