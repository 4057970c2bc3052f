//! Types of the integrity check and the health figures.

use async_trait::async_trait;

use super::StoreResult;
#[cfg(doc)]
use super::inbox::Verdict;

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    pub events: u64,
    pub requests: u64,
    pub leads: u64,
    /// Roll-up rows that were recounted.
    pub rollups: u64,
    /// One sentence per thing that is wrong; empty is good.
    pub problems: Vec<String>,
}

/// Figures for health pages and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Requests waiting for the writer.
    pub queued: u64,
    /// Requests that are accepted and not decided yet.
    pub undecided: u64,
    /// Requests stored since the start, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; 5],
    /// Transactions committed since the start.
    pub commits: u64,
    /// What the database says, or why it does not answer.
    pub database: StoreResult<DatabaseHealth>,
    /// The last write failed and nothing was stored since.
    pub failing: bool,
}

/// The figures that only the database knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatabaseHealth {
    /// Bytes of the database file.
    pub bytes: u64,
    /// Bytes of the write-ahead file.
    pub wal_bytes: u64,
    /// Requests waiting for a lead.
    pub waiting: u64,
}

/// Health, integrity, and the end.
#[async_trait]
pub trait UpkeepStore: Send + Sync {
    /// Recounts roll-ups from raw events and walks the file for damage.
    async fn check(&self) -> StoreResult<CheckReport>;
    /// Figures for the health pages and metrics. They are there without the database, too: that is when
    /// they matter most.
    async fn health(&self) -> Health;
    /// Finishes what was begun and closes the database.
    async fn close(&self);
}
