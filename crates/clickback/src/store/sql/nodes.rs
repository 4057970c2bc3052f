//! The nodes that share the database.

use async_trait::async_trait;
use clickback_core::moment::Moment;

use crate::store::StoreResult;
use crate::store::journal::Journal;
use crate::store::nodes::{FORGOTTEN_SECONDS, Node, NodeStore};

use super::SqlStore;
use super::session::{Row, Session, Sql, values};

#[async_trait]
impl NodeStore for SqlStore {
    async fn nodes(&self) -> StoreResult<Vec<Node>> {
        let (own, waiting) = (self.numbers.slot(), self.undecided());
        let since = self.shared.clock.now().plus_seconds(-FORGOTTEN_SECONDS);
        self.read_at_once(move |sql: &dyn Session| {
            sql.all(
                "SELECT number, name, version, seen_at, waiting FROM nodes \
                 WHERE seen_at > ?1 OR waiting > 0 ORDER BY name, number",
                values![since.0],
                |row| {
                    let mut node = node(row, own)?;
                    if node.own {
                        // What it said last may be some seconds old.
                        node.waiting = waiting;
                    }
                    Ok(node)
                },
            )
        })
        .await
    }

    fn has_company(&self) -> bool {
        self.numbers.have_company()
    }

    fn undecided(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::backlog)
    }
}

fn node(row: &Row<'_>, own: i64) -> Sql<Node> {
    Ok(Node {
        own: row.get::<i64>(0)? == own,
        name: row.get(1)?,
        version: row.get(2)?,
        seen_at: Moment(row.get(3)?),
        waiting: u64::try_from(row.get::<i64>(4)?).unwrap_or_default(),
    })
}
