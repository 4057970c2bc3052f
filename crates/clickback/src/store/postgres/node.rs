//! The number of a node: no two have the same. It belongs to a data directory, whether its node runs or
//! not, so that ids can be made under it while the database is away; a running node holds an advisory
//! lock on it besides, so that nothing is written under it twice.

use rand::seq::SliceRandom as _;
use tokio_postgres::Client;

use clickback_core::moment::Moment;

use crate::store::nodes::{ALIVE_SECONDS, FORGOTTEN_SECONDS};
use crate::store::{StoreError, StoreResult};

use super::errors::db;

/// How many nodes there can be: each needs two of the 256 numbers that ids can carry.
pub(super) const NODES: u8 = 128;
/// The class of the advisory locks that stand for numbers; they end with the connection that took them.
const CLASS: i32 = 0x0063_6c6b;
/// A directory that was not seen for so long can lose its number, where no other is free.
const KEPT_SECONDS: i64 = 14 * 86_400;
/// So long a node trusts its number without the database: shorter, for clocks that differ.
const TRUSTED_SECONDS: i64 = 13 * 86_400;
/// How long a connection that is ended may take to be gone, in milliseconds.
const ENDING: i64 = 2_000;

/// Until when a number that the database confirmed at this moment is nobody else's.
pub(super) fn trusted_until(confirmed: Moment) -> Moment {
    confirmed.plus_seconds(TRUSTED_SECONDS)
}

/// Who asks for a number.
pub(super) struct Who<'w> {
    /// The data directory.
    pub(super) identity: &'w str,
    /// The process.
    pub(super) run: &'w str,
    /// What people call the node.
    pub(super) name: &'w str,
    pub(super) now: Moment,
}

/// What asking for the number of a directory came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    Taken(u8),
    /// The directory has none.
    None,
    /// Another process that lives has it: the directory was copied.
    Elsewhere,
}

impl Who<'_> {
    /// Takes the number that is this directory's. A connection that held it and is dead is ended.
    pub(super) async fn take_own(&self, client: &Client) -> StoreResult<Own> {
        let row = client
            .query_opt(
                "SELECT number, run, seen_at FROM nodes WHERE identity = $1",
                &[&self.identity],
            )
            .await
            .map_err(db)?;
        let Some(row) = row else {
            return Ok(Own::None);
        };
        let (number, run, seen_at): (i64, String, i64) = (row.get(0), row.get(1), row.get(2));
        let Some(number) = u8::try_from(number).ok().filter(|one| *one < NODES) else {
            return Ok(Own::None);
        };
        if !lock(client, number).await? {
            let dead = run == self.run || self.now.seconds_since(Moment(seen_at)) > ALIVE_SECONDS;
            if !dead {
                return Ok(Own::Elsewhere);
            }
            end_holder(client, number).await?;
            if !lock(client, number).await? {
                return Err(StoreError::Unavailable {
                    reason: format!(
                        "the server still holds the number of this node ({number}) for its last connection; it \
                         will be tried again"
                    ),
                });
            }
        }
        let updated = client
            .execute(
                "UPDATE nodes SET run = $2, name = $3, version = $4, seen_at = $5 \
                 WHERE identity = $1 AND number = $6",
                &[
                    &self.identity,
                    &self.run,
                    &self.name,
                    &env!("CARGO_PKG_VERSION"),
                    &self.now.0,
                    &i64::from(number),
                ],
            )
            .await
            .map_err(db)?;
        if updated == 0 {
            unlock(client, number).await?;
            return Ok(Own::None);
        }
        Ok(Own::Taken(number))
    }

    /// Takes a number for a directory that has none: the one that it had before there were owners, or one
    /// that is nobody's, or that of a directory that was not seen for long.
    pub(super) async fn take_any(&self, client: &Client, before: Option<u8>) -> StoreResult<u8> {
        let too_long_ago = self.now.plus_seconds(-KEPT_SECONDS).0;
        let rows = client
            .query("SELECT number, seen_at FROM nodes ORDER BY seen_at", &[])
            .await
            .map_err(db)?;
        let owned: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let is_owned = |number: &u8| owned.iter().any(|(one, _)| *one == i64::from(*number));
        let mut free: Vec<u8> = (0..NODES).filter(|number| !is_owned(number)).collect();
        free.shuffle(&mut rand::rng());
        let before = before.filter(|number| !is_owned(number));
        let given_up = owned
            .iter()
            .filter(|(_, seen_at)| *seen_at < too_long_ago)
            .filter_map(|(number, _)| u8::try_from(*number).ok());
        for number in before.into_iter().chain(free).chain(given_up) {
            if !lock(client, number).await? {
                continue;
            }
            let taken = client
                .execute(
                    "INSERT INTO nodes (number, identity, run, name, version, seen_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO UPDATE SET \
                     identity = excluded.identity, run = excluded.run, name = excluded.name, \
                     version = excluded.version, seen_at = excluded.seen_at, waiting = 0 \
                     WHERE nodes.seen_at < $7",
                    &[
                        &i64::from(number),
                        &self.identity,
                        &self.run,
                        &self.name,
                        &env!("CARGO_PKG_VERSION"),
                        &self.now.0,
                        &too_long_ago,
                    ],
                )
                .await
                .map_err(db)?;
            if taken == 1 {
                return Ok(number);
            }
            unlock(client, number).await?;
        }
        Err(StoreError::Invalid {
            message: format!(
                "{NODES} data directories have been nodes of this database within two weeks, and there is no \
                 number for another: delete the rows of those that are gone for good from its table `nodes`"
            ),
        })
    }

    /// Says that the node lives, and how many requests wait on it. Returns how many nodes were seen of late,
    /// this one included; `None` where the number is not its own any more.
    pub(super) async fn tell(
        &self,
        client: &Client,
        number: u8,
        waiting: u64,
    ) -> StoreResult<Option<i64>> {
        let row = client
            .query_one(
                "WITH told AS (INSERT INTO nodes (number, identity, run, name, version, seen_at, waiting) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO UPDATE SET \
                 seen_at = excluded.seen_at, waiting = excluded.waiting \
                 WHERE nodes.identity = excluded.identity RETURNING 1) \
                 SELECT EXISTS (SELECT 1 FROM told), \
                 (SELECT count(*) FROM nodes WHERE seen_at > $8 OR waiting > 0)",
                &[
                    &i64::from(number),
                    &self.identity,
                    &self.run,
                    &self.name,
                    &env!("CARGO_PKG_VERSION"),
                    &self.now.0,
                    &i64::try_from(waiting).unwrap_or(i64::MAX),
                    &self.now.plus_seconds(-FORGOTTEN_SECONDS).0,
                ],
            )
            .await
            .map_err(db)?;
        let (told, nodes): (bool, i64) = (row.get(0), row.get(1));
        Ok(told.then_some(nodes))
    }
}

/// A number for a process that only visits: its connection has it, no directory does.
pub(super) async fn visit(client: &Client) -> StoreResult<u8> {
    let rows = client
        .query("SELECT number FROM nodes", &[])
        .await
        .map_err(db)?;
    let owned: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let mut numbers: Vec<u8> = (0..NODES).collect();
    numbers.shuffle(&mut rand::rng());
    // A node that is not there may want its number back: one that is nobody's is better.
    numbers.sort_by_key(|number| owned.contains(&i64::from(*number)));
    for number in numbers {
        if lock(client, number).await? {
            return Ok(number);
        }
    }
    Err(StoreError::Invalid {
        message: format!("{NODES} nodes run on this database already"),
    })
}

/// Takes back a visitor's number on another connection.
pub(super) async fn visit_again(client: &Client, number: u8) -> StoreResult<()> {
    if lock(client, number).await? {
        return Ok(());
    }
    Err(StoreError::Unavailable {
        reason: format!("the number of this process ({number}) is not free yet"),
    })
}

async fn lock(client: &Client, number: u8) -> StoreResult<bool> {
    let row = client
        .query_one(
            "SELECT pg_try_advisory_lock($1, $2)",
            &[&CLASS, &i32::from(number)],
        )
        .await
        .map_err(db)?;
    Ok(row.get(0))
}

async fn unlock(client: &Client, number: u8) -> StoreResult<()> {
    client
        .execute(
            "SELECT pg_advisory_unlock($1, $2)",
            &[&CLASS, &i32::from(number)],
        )
        .await
        .map_err(db)?;
    Ok(())
}

/// Ends the connection that holds a number.
async fn end_holder(client: &Client, number: u8) -> StoreResult<()> {
    tracing::warn!(
        number,
        "ending the dead connection that holds the number of this node"
    );
    client
        .execute(
            "SELECT pg_terminate_backend(pid, $3) FROM pg_locks WHERE locktype = 'advisory' AND granted \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND classid::bigint = $1 AND objid::bigint = $2 AND objsubid = 2 AND pid <> pg_backend_pid()",
            &[&i64::from(CLASS), &i64::from(number), &ENDING],
        )
        .await
        .map_err(db)?;
    Ok(())
}
