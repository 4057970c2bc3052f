//! The number of a running node: no two have the same at a time. Ids and roll-up rows carry it.

use std::path::Path;

use rand::seq::SliceRandom as _;
use tokio_postgres::Client;

use crate::store::{StoreError, StoreResult};

use super::errors::db;

/// How many nodes can run at once: each needs two of the 256 numbers that ids can carry.
const NODES: i32 = 128;
/// The class of the advisory locks that stand for numbers; they end with the connection that took them.
const CLASS: i32 = 0x0063_6c6b;
/// Where a node remembers its number: the ids of requests in its journal carry it.
const FILE: &str = "node";

/// A number between 0 and 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(u8);

impl Node {
    /// The numbers of the writer and of the journal among all that make ids.
    pub(super) fn sequences(self) -> (u8, u8) {
        (2 * self.0, 2 * self.0 + 1)
    }

    #[cfg(test)]
    pub(super) fn of(number: u8) -> Node {
        Node(number)
    }

    /// The number itself.
    pub(super) fn number(self) -> u8 {
        self.0
    }

    /// The place of its roll-up rows.
    pub(super) fn slot(self) -> i64 {
        i64::from(self.0)
    }

    /// Takes the number that this directory's node had before, or any that is free.
    pub(super) async fn take(client: &Client, remembered: Option<&Path>) -> StoreResult<Node> {
        let file = remembered.map(|directory| directory.join(FILE));
        let before = file
            .as_ref()
            .and_then(|file| std::fs::read_to_string(file).ok())
            .and_then(|text| text.trim().parse::<u8>().ok())
            .filter(|number| i32::from(*number) < NODES);
        let mut others: Vec<u8> = (0..=u8::MAX)
            .take_while(|n| i32::from(*n) < NODES)
            .collect();
        others.shuffle(&mut rand::rng());
        for number in before.into_iter().chain(others) {
            let node = Node(number);
            if node.lock(client).await? {
                if let Some(file) = file {
                    std::fs::write(&file, format!("{number}\n")).map_err(|error| {
                        StoreError::Unavailable {
                            reason: format!("cannot write {}: {error}", file.display()),
                        }
                    })?;
                }
                return Ok(node);
            }
        }
        Err(StoreError::Unavailable {
            reason: format!("{NODES} nodes run on this database already"),
        })
    }

    /// Takes the same number again on another connection.
    pub(super) async fn take_again(self, client: &Client) -> StoreResult<()> {
        if self.lock(client).await? {
            return Ok(());
        }
        Err(StoreError::Unavailable {
            reason: format!(
                "the server still holds the number of this node ({}) for its last connection, or another \
                 node took it while this one was away; then start this one again",
                self.0
            ),
        })
    }

    async fn lock(self, client: &Client) -> StoreResult<bool> {
        let row = client
            .query_one(
                "SELECT pg_try_advisory_lock($1, $2)",
                &[&CLASS, &i32::from(self.0)],
            )
            .await
            .map_err(db)?;
        Ok(row.get(0))
    }
}
