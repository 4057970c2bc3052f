//! What the rest of the house sees of the database: one trait by use case, and its types.
//! The only SQL in the house is below this module. Rules are in `clickback-core`.

pub mod check;
pub mod crm;
pub mod events;
pub mod inbox;
pub mod integrations;
mod journal;
pub mod leads;
pub mod moving;
pub mod nodes;
mod numbers;
pub mod people;
pub mod postgres;
pub mod pulse;
pub mod reports;
mod sql;
pub mod sqlite;

use std::sync::Arc;

use crate::clock::Clock;

pub use sql::SqlStore;

use check::UpkeepStore;
use crm::CrmStore;
use events::EventStore;
use inbox::InboxStore;
use integrations::SetUpStore;
use leads::LeadStore;
use nodes::NodeStore;
use people::PeopleStore;
use pulse::PulseStore;
use reports::ReportStore;

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Requests that may wait for the disk; more are answered 503.
    pub queue: usize,
    /// Bytes of accepted requests that may wait to be decided; beyond, requests are answered 503.
    /// None: this process only visits, and another one may be accepting requests.
    pub journal: Option<u64>,
    pub clock: Arc<dyn Clock>,
    /// What people call this node among those that share a database.
    pub name: String,
    /// Answer before the sync. Only the negative control of the crash test sets it.
    pub answer_early: bool,
}

/// Why the store could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What was asked for is not there.
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// Something else already has this name.
    #[error("{message}")]
    Conflict { message: String },
    /// What was sent cannot be stored like this.
    #[error("{message}")]
    Invalid { message: String },
    /// Nothing can be stored now: queue full, disk full, database away. Try again.
    #[error("the database cannot store now: {reason}")]
    Unavailable { reason: String },
    /// A defect.
    #[error("database error: {0}")]
    Internal(String),
}

/// Result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;

/// A page of a list, newest first; `next` is what to ask for to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The database, by use case. Two databases implement it and pass one conformance suite.
pub trait Store:
    InboxStore
    + SetUpStore
    + LeadStore
    + CrmStore
    + EventStore
    + NodeStore
    + PeopleStore
    + PulseStore
    + ReportStore
    + UpkeepStore
{
}

impl<S> Store for S where
    S: InboxStore
        + SetUpStore
        + LeadStore
        + CrmStore
        + EventStore
        + NodeStore
        + PeopleStore
        + PulseStore
        + ReportStore
        + UpkeepStore
{
}
