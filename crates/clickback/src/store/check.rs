//! Types of the integrity check and the health figures.

use async_trait::async_trait;
use clickback_core::moment::Moment;
use clickback_core::month::Month;

use super::StoreResult;
#[cfg(doc)]
use super::inbox::Verdict;

/// What `check` found. Where months are sealed and not all was asked for, the figures are of what came
/// after them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Events that were counted again.
    pub events: u64,
    pub requests: u64,
    pub leads: u64,
    /// Roll-up rows that were compared.
    pub rollups: u64,
    pub sealed: Option<Sealed>,
    /// One sentence per thing that is wrong; empty is good.
    pub problems: Vec<String>,
}

/// Months that need not be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The last of them; all before it are sealed, too.
    pub through: Month,
    /// When the last one was sealed.
    pub sealed_at: Moment,
    /// What they held when they were sealed.
    pub events: u64,
    pub requests: u64,
}

/// What sealing a month came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// It is sealed, with everything before it; what was looked at for it.
    Done(CheckReport),
    /// It was sealed before.
    Already(Sealed),
    /// Something is wrong: nothing was sealed.
    Refused(CheckReport),
}

/// How far months are sealed, and how far they could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seals {
    pub sealed: Option<Sealed>,
    /// The last month that is over and is not sealed.
    pub next: Option<Month>,
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
    /// Recounts roll-ups from raw events and looks at the rules that rows must keep: of what came after
    /// the sealed months, with the sums that are kept of those.
    async fn check(&self) -> StoreResult<CheckReport>;
    /// The same of everything, and whether sealed sums are what their events come to; walks the file for
    /// damage.
    async fn check_all(&self) -> StoreResult<CheckReport>;
    /// Checks what is not sealed, and seals a month with everything before it.
    async fn seal(&self, month: Month) -> StoreResult<Sealing>;
    /// Takes the seals of a month and of everything after it away.
    async fn unseal(&self, month: Month) -> StoreResult<()>;
    /// How far months are sealed, and could be.
    async fn seals(&self) -> StoreResult<Seals>;
    /// Figures for the health pages and metrics. They are there without the database, too: that is when
    /// they matter most.
    async fn health(&self) -> Health;
    /// Finishes what was begun and closes the database.
    async fn close(&self);
}
