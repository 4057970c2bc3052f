//! Opening connections: the settings that durability and speed rest on.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::store::{StoreError, StoreResult};

use super::session::db;

/// Opens a connection that may write.
pub(super) fn open_writer(path: &Path) -> StoreResult<Connection> {
    let connection = Connection::open(path).map_err(db)?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(db)?;
    // Takes effect where the file is made. Postbacks touch pages here and there; half the usual size
    // is half to sum, write and sync for each.
    connection
        .pragma_update(None, "page_size", 2_048)
        .map_err(db)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(db)?;
    if mode != "wal" {
        return Err(StoreError::Internal(format!(
            "the database cannot use a write-ahead file here (it stays in {mode} mode)"
        )));
    }
    // The cache is small on purpose: at each commit after a page was split, SQLite walks the whole
    // hash of the cache, and the system's own cache is one short read away.
    // FULL: a commit returns after the write-ahead file is on disk. The checkpointer, not a commit,
    // moves pages into the database.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
        )
        .map_err(db)?;
    // Without it SQLite plans a statement anew whenever a value bound to it could matter to a partial
    // index, which is at every postback.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(db)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(db)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(db)?;
    connection
        .execute_batch(
            "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;",
        )
        .map_err(db)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
