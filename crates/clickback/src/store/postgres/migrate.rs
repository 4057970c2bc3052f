//! Migrations: numbered files, the same numbers and names as SQLite's. Each runs in its own transaction
//! together with the new version number, under a lock that all nodes share: a kill at any moment leaves
//! the old schema or the new one, and of nodes that start together one migrates while the others wait.

use std::time::Duration;

use tokio_postgres::{Client, Transaction};

use crate::store::moving::{FILLED, FILLING};
use crate::store::{StoreError, StoreResult};

use super::errors::db;

/// Number, name and text of a migration.
pub type Migration = (i64, &'static str, &'static str);

/// All of them, in order.
pub const MIGRATIONS: &[Migration] = &[
    (
        1,
        "foundation",
        include_str!("../../../migrations/postgres/0001_foundation.sql"),
    ),
    (
        2,
        "people",
        include_str!("../../../migrations/postgres/0002_people.sql"),
    ),
    (
        3,
        "integrations",
        include_str!("../../../migrations/postgres/0003_integrations.sql"),
    ),
    (
        4,
        "leads",
        include_str!("../../../migrations/postgres/0004_leads.sql"),
    ),
    (
        5,
        "lists",
        include_str!("../../../migrations/postgres/0005_lists.sql"),
    ),
    (
        6,
        "seals",
        include_str!("../../../migrations/postgres/0006_seals.sql"),
    ),
    (
        7,
        "nodes",
        include_str!("../../../migrations/postgres/0007_nodes.sql"),
    ),
];

/// What all nodes lock while they change the schema; advisory locks belong to one database.
const SCHEMA_LOCK: i64 = 0x0063_6c69_636b_0001;

/// Nodes that wait for another one's migration say so this often.
const PATIENCE: Duration = Duration::from_secs(10);

/// The schema version this program writes.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, _, _)| *number)
}

/// Brings the database to the newest schema. Refuses one that is newer than this program.
pub async fn migrate(client: &mut Client) -> StoreResult<()> {
    let state = "SELECT to_regclass($1::text) IS NOT NULL, to_regclass('store_moved') IS NOT NULL";
    let state = client.query_one(state, &[&FILLING]).await.map_err(db)?;
    let refused = if state.get(0) {
        "this database is being filled by `migrate-store`, which is not through yet"
    } else if state.get(1) {
        "this store has moved to another database: start the node with that one, or take the move back with \
         `migrate-store --cancel`"
    } else {
        return migrate_to(client, MIGRATIONS).await;
    };
    Err(StoreError::Invalid {
        message: refused.to_owned(),
    })
}

/// A target that is filled may be checked by a visitor; a node starts on it when the source takes no writes
/// any more.
pub(super) async fn refuse_half_moved(client: &Client) -> StoreResult<()> {
    let filled = client
        .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&FILLED])
        .await
        .map_err(db)?;
    if filled.get(0) {
        return Err(StoreError::Invalid {
            message: "this database is being filled by `migrate-store`, which is not through yet"
                .to_owned(),
        });
    }
    Ok(())
}

/// The same with given migrations, so that tests can be killed in the middle.
pub async fn migrate_to(client: &mut Client, migrations: &[Migration]) -> StoreResult<()> {
    let newest = migrations.last().map_or(0, |(number, _, _)| *number);
    let found = known(client, newest).await?;
    for migration in migrations.iter().filter(|(number, _, _)| *number > found) {
        apply(client, *migration).await?;
    }
    // A newer program may have gone on while this one waited for it.
    known(client, newest).await.map(|_| ())
}

async fn known(client: &Client, newest: i64) -> StoreResult<i64> {
    let found = version(client).await?;
    if found <= newest {
        return Ok(found);
    }
    Err(StoreError::Invalid {
        message: format!(
            "the database has schema {found}, this program knows up to {newest}: start the newer program \
             again, or restore a backup made before the upgrade"
        ),
    })
}

/// The schema version of a database; 0 is an empty one.
pub async fn version(client: &Client) -> StoreResult<i64> {
    let there = client
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])
        .await
        .map_err(db)?;
    if !there.get::<_, bool>(0) {
        return Ok(0);
    }
    let row = client
        .query_one(
            "SELECT coalesce(max(number), 0) FROM schema_migrations",
            &[],
        )
        .await
        .map_err(db)?;
    Ok(row.get(0))
}

async fn apply(client: &mut Client, (number, name, sql): Migration) -> StoreResult<()> {
    let transaction = client.transaction().await.map_err(db)?;
    // A migration takes as long as it takes, and its lock ends with its transaction: also behind a
    // pooler, and also when this process is killed.
    transaction
        .batch_execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = warning",
        )
        .await
        .map_err(db)?;
    lock(&transaction).await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, \
             applied_at TIMESTAMPTZ NOT NULL DEFAULT now())",
        )
        .await
        .map_err(db)?;
    let known = transaction
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM schema_migrations WHERE number >= $1)",
            &[&number],
        )
        .await
        .map_err(db)?;
    // Another node has migrated while this one waited.
    if known.get(0) {
        return transaction.rollback().await.map_err(db);
    }
    transaction
        .batch_execute(sql)
        .await
        .map_err(|error| match db(error) {
            StoreError::Internal(reason) => {
                StoreError::Internal(format!("migration {number} ({name}) failed: {reason}"))
            }
            other => other,
        })?;
    transaction
        .execute(
            "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)",
            &[&number, &name],
        )
        .await
        .map_err(db)?;
    transaction.commit().await.map_err(db)?;
    tracing::info!(number, name, "migrated the database");
    Ok(())
}

async fn lock(transaction: &Transaction<'_>) -> StoreResult<()> {
    let locked = transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]);
    tokio::pin!(locked);
    loop {
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut locked).await {
            return done.map(|_| ()).map_err(db);
        }
        tracing::info!("waiting for another node that migrates the database");
    }
}
