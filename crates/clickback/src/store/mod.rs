//! What the rest of the house sees of the database: one trait by use case, and its types.
//! The only SQL in the house is below this module. Rules are in `clickback-core`.

pub mod check;
pub mod events;
pub mod inbox;
pub mod integrations;
pub mod leads;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::event::Status;
use clickback_core::ids::{
    ConfigurationId, EventId, FieldId, IntegrationId, LeadId, LinkId, RequestId, TokenId,
    WorkspaceId,
};
use clickback_core::rules::CustomEvent;
use tokio::sync::broadcast;
use uuid::Uuid;

use check::{CheckReport, Health};
use events::{Event, EventChange, EventFilter};
use inbox::{
    Incoming, Outcome, ReprocessFilter, ReprocessReport, Request, RequestFilter, RequestSummary,
};
use integrations::{
    Configuration, CustomField, Integration, IntegrationPatch, NewConfiguration, NewField,
    NewIntegration, NewLink, RegistrationLink, Snapshot, Token,
};
use leads::{IdentityKind, Lead, LeadFilter, LeadPatch, NewClick, NewLead};

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
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores and decides one request. Returns after it is on disk.
    async fn ingest(&self, incoming: Incoming) -> StoreResult<Outcome>;
    /// What a request would do now, and the event it would make or meet. Writes nothing.
    async fn try_out(&self, incoming: Incoming) -> StoreResult<(Outcome, Option<Event>)>;
    /// Set-up of all integrations, in memory.
    fn snapshot(&self) -> Arc<Snapshot>;
    /// Reads one integration from the database: another process may have just made or changed it.
    async fn look_up_integration(&self, uuid: Uuid) -> StoreResult<Option<Arc<Integration>>>;
    /// Requests as they are stored, for live pages. Lagging receivers lose the oldest.
    fn live(&self) -> broadcast::Receiver<RequestId>;

    async fn create_integration(&self, new: NewIntegration) -> StoreResult<Integration>;
    async fn update_integration(
        &self,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> StoreResult<Integration>;
    /// Takes it out of lists and answers its URL with 404; events and keys stay.
    async fn delete_integration(&self, id: IntegrationId) -> StoreResult<()>;
    async fn create_configuration(
        &self,
        id: IntegrationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration>;
    async fn update_configuration(
        &self,
        id: ConfigurationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration>;
    async fn delete_configuration(&self, id: ConfigurationId) -> StoreResult<()>;

    async fn create_field(&self, workspace: WorkspaceId, new: NewField)
    -> StoreResult<CustomField>;
    async fn fields(&self, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>>;
    async fn rename_field(
        &self,
        id: FieldId,
        name: String,
        visible: bool,
    ) -> StoreResult<CustomField>;
    /// Defines or changes a custom event.
    async fn define_event(&self, workspace: WorkspaceId, event: CustomEvent) -> StoreResult<()>;

    async fn create_link(&self, new: NewLink) -> StoreResult<RegistrationLink>;
    async fn links(&self, workspace: WorkspaceId) -> StoreResult<Vec<RegistrationLink>>;
    async fn link(&self, id: LinkId) -> StoreResult<RegistrationLink>;
    async fn delete_link(&self, id: LinkId) -> StoreResult<()>;

    /// Makes a lead and applies what waits for its clickid.
    async fn create_lead(&self, new: NewLead) -> StoreResult<Lead>;
    /// The lead with this clickid, made or changed.
    async fn upsert_lead(&self, clickid: String, new: NewLead) -> StoreResult<Lead>;
    async fn update_lead(&self, id: LeadId, patch: LeadPatch) -> StoreResult<Lead>;
    async fn lead(&self, id: LeadId) -> StoreResult<Lead>;
    async fn lead_by_clickid(
        &self,
        workspace: WorkspaceId,
        clickid: &str,
    ) -> StoreResult<Option<Lead>>;
    async fn leads(&self, filter: LeadFilter) -> StoreResult<Page<Lead>>;
    /// Binds an outside id or one more clickid, and applies what waits for it.
    async fn bind_identity(
        &self,
        id: LeadId,
        kind: IdentityKind,
        scope: i64,
        value: String,
    ) -> StoreResult<Lead>;
    /// Records a click and applies what waits for its clickid.
    async fn record_click(&self, new: NewClick) -> StoreResult<()>;

    async fn events(&self, filter: EventFilter) -> StoreResult<Page<Event>>;
    async fn event_changes(&self, id: EventId) -> StoreResult<Vec<EventChange>>;
    /// A person decides: approves or voids, with an entry in the event's history.
    async fn set_event_status(&self, id: EventId, status: Status) -> StoreResult<Event>;

    async fn requests(&self, filter: RequestFilter) -> StoreResult<Page<RequestSummary>>;
    async fn request(&self, id: RequestId) -> StoreResult<Request>;
    /// Decides requests again from their raw text. A dry run writes nothing.
    async fn reprocess(
        &self,
        filter: ReprocessFilter,
        dry_run: bool,
    ) -> StoreResult<ReprocessReport>;
    /// Applies waiting requests whose lead or click is there; returns how many.
    async fn sweep(&self) -> StoreResult<u64>;

    /// Stores a token by its hash; the token itself is never stored.
    async fn create_token(
        &self,
        workspace: WorkspaceId,
        name: String,
        hash: [u8; 32],
    ) -> StoreResult<Token>;
    async fn token_by_hash(&self, hash: [u8; 32]) -> StoreResult<Option<Token>>;
    async fn revoke_token(&self, id: TokenId) -> StoreResult<()>;

    /// Recounts roll-ups from raw events and walks the file for damage.
    async fn check(&self) -> StoreResult<CheckReport>;
    /// Figures for the health pages and metrics.
    async fn health(&self) -> StoreResult<Health>;
    /// Finishes what was begun and closes the database.
    async fn close(&self);
}
