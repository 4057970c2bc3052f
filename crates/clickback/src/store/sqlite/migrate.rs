//! Migrations: numbered files, each in its own transaction together with the new version number,
//! so that a kill at any moment leaves the old schema or the new one.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::moving::{FILLED, FILLING};
use crate::store::{StoreError, StoreResult};

use super::session::db;

/// Number, name and text of every migration, in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "foundation",
        include_str!("../../../migrations/sqlite/0001_foundation.sql"),
    ),
    (
        2,
        "people",
        include_str!("../../../migrations/sqlite/0002_people.sql"),
    ),
    (
        3,
        "integrations",
        include_str!("../../../migrations/sqlite/0003_integrations.sql"),
    ),
    (
        4,
        "leads",
        include_str!("../../../migrations/sqlite/0004_leads.sql"),
    ),
    (
        5,
        "lists",
        include_str!("../../../migrations/sqlite/0005_lists.sql"),
    ),
    (
        6,
        "seals",
        include_str!("../../../migrations/sqlite/0006_seals.sql"),
    ),
    (
        7,
        "nodes",
        include_str!("../../../migrations/sqlite/0007_nodes.sql"),
    ),
];

/// Stands for a version where the store has moved to another database.
pub(super) const MOVED: i64 = 0x7fff_ffff;
/// What is said then.
pub(super) const HAS_MOVED: &str = "this store has moved to another database: start the node with that one \
     (database_url), or take the move back with `migrate-store --cancel`";

/// The schema version this program writes.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, _, _)| *number)
}

/// Number and name of every migration: PostgreSQL has the same.
pub fn names() -> Vec<(i64, &'static str)> {
    MIGRATIONS
        .iter()
        .map(|(number, name, _)| (*number, *name))
        .collect()
}

/// Brings the database to the newest schema. Refuses one that is newer than this program.
pub fn migrate(connection: &mut Connection) -> StoreResult<()> {
    let found = version(connection)?;
    if found == MOVED {
        return Err(StoreError::Invalid {
            message: HAS_MOVED.to_owned(),
        });
    }
    refuse_with(connection, FILLING)?;
    if found > newest() {
        return Err(StoreError::Invalid {
            message: format!(
                "the database has schema {found}, this program knows up to {}: start the newer program \
                 again, or restore a backup made before the upgrade",
                newest()
            ),
        });
    }
    for (number, name, sql) in MIGRATIONS.iter().filter(|(number, _, _)| *number > found) {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(db)?;
        // Another process may have migrated while this one waited for the lock.
        if version(&transaction)? >= *number {
            continue;
        }
        transaction.execute_batch(sql).map_err(db)?;
        transaction
            .pragma_update(None, "user_version", number)
            .map_err(db)?;
        transaction.commit().map_err(db)?;
        tracing::info!(number, name, "migrated the database");
    }
    Ok(())
}

/// A target that is filled may be checked by a visitor; a node starts on it when the source takes no writes
/// any more.
pub(super) fn refuse_half_moved(connection: &Connection) -> StoreResult<()> {
    refuse_with(connection, FILLED)
}

fn refuse_with(connection: &Connection, table: &str) -> StoreResult<()> {
    if connection.table_exists(None, table).map_err(db)? {
        return Err(StoreError::Invalid {
            message: "this database is being filled by `migrate-store`, which is not through yet"
                .to_owned(),
        });
    }
    Ok(())
}

fn version(connection: &Connection) -> StoreResult<i64> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(db)
}
