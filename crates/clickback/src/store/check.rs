//! Types of the integrity check and the health figures.

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Requests waiting for the writer.
    pub queued: u64,
    /// Transactions committed since the start.
    pub commits: u64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead file.
    pub wal_bytes: u64,
    /// Requests waiting for a lead.
    pub waiting: u64,
    /// The last write failed and nothing was stored since.
    pub failing: bool,
}
