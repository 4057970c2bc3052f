//! Types of the nodes that share a database, as they say themselves how they are.

use async_trait::async_trait;
use clickback_core::moment::Moment;

use super::StoreResult;

/// A node that did not say so for longer does not live, as far as others can know.
pub const ALIVE_SECONDS: i64 = 60;
/// A node that was not seen for longer, and on which nothing waits, is no news any more.
pub const FORGOTTEN_SECONDS: i64 = 86_400;

/// A node, as it said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What people call it.
    pub name: String,
    pub version: String,
    pub seen_at: Moment,
    /// Requests that it has accepted and not decided yet.
    pub waiting: u64,
    /// It is the one that was asked.
    pub own: bool,
}

impl Node {
    /// Whether it lives, as far as can be known at this moment.
    pub fn is_alive(&self, now: Moment) -> bool {
        self.own || now.seconds_since(self.seen_at) < ALIVE_SECONDS
    }
}

/// The nodes of a database.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// All that live, and all on which something waits; by name. Empty where there is one program only.
    async fn nodes(&self) -> StoreResult<Vec<Node>>;
    /// Whether others share the database, as far as this node knows.
    fn has_company(&self) -> bool;
    /// Requests that this node has accepted and not decided yet.
    fn undecided(&self) -> u64;
}
