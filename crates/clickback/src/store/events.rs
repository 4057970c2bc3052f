//! Types of recorded events.

use async_trait::async_trait;
use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::flag::Flags;
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::money::Amount;

use super::{Page, StoreResult};

/// A recorded fact about a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub integration: IntegrationId,
    pub lead: LeadId,
    pub kind: Kind,
    pub status: Status,
    /// The name under which it came.
    pub name: String,
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payout: Option<Amount>,
    pub payout_currency: Option<Currency>,
    pub tid: Option<String>,
    pub flags: Flags,
    pub test: bool,
    pub occurred_at: Moment,
    pub received_at: Moment,
    /// The place among the lead's approved events of its group, by event time; 1 is the earliest.
    /// Filled where a lead's events are read; `None` for what is not approved.
    pub number: Option<u64>,
}

impl Event {
    /// The request that made it.
    pub fn request(&self) -> RequestId {
        RequestId(self.id.0)
    }
}

/// One change of a known event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventChange {
    pub at: Moment,
    /// The request that changed it; `None` when a person did.
    pub request: Option<RequestId>,
    /// `status`, `amount`, `kind` …
    pub field: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// Which events, newest received first.
#[derive(Debug, Clone)]
pub struct EventFilter {
    pub workspace: WorkspaceId,
    pub lead: Option<LeadId>,
    pub integration: Option<IntegrationId>,
    pub kind: Option<Kind>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
    pub before: Option<EventId>,
    pub limit: usize,
}

impl EventFilter {
    /// All events of a workspace.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            lead: None,
            integration: None,
            kind: None,
            from: None,
            to: None,
            before: None,
            limit: 50,
        }
    }
}

/// Events and their history.
#[async_trait]
pub trait EventStore: Send + Sync {
    async fn events(&self, filter: EventFilter) -> StoreResult<Page<Event>>;
    async fn event_changes(&self, id: EventId) -> StoreResult<Vec<EventChange>>;
    /// A person decides: approves or voids, with an entry in the event's history.
    async fn set_event_status(&self, id: EventId, status: Status) -> StoreResult<Event>;
}
