//! Types of the work with leads: statuses, tags, notes, what people changed, merging, pasted lists,
//! and changes of custom fields.

use async_trait::async_trait;
use clickback_core::ids::{
    EventId, FieldId, IntegrationId, LeadId, RequestId, UserId, WorkspaceId,
};
use clickback_core::lead::LeadStatus;
use clickback_core::moment::Moment;

use super::StoreResult;
use super::events::Event;
use super::inbox::{Incoming, Outcome};
use super::integrations::CustomField;
use super::leads::Lead;

/// Who does something, as it is written down: the name stays when the person goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// `None` is an API token, or pages without a login.
    pub user: Option<UserId>,
    pub name: String,
}

/// A note on a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: i64,
    pub author: Author,
    pub text: String,
    pub created_at: Moment,
    pub edited_at: Option<Moment>,
}

/// What a person changed on a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadChange {
    pub id: i64,
    pub at: Moment,
    /// The author's name.
    pub author: String,
    /// `status`, `buyer` or `merge`.
    pub field: String,
    pub old: String,
    pub new: String,
}

/// What a merge did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeReport {
    /// The kept lead as it is afterwards.
    pub kept: Lead,
    /// Ids that lead to the kept one now.
    pub identities: u64,
    /// Field values of the other lead that are the newer ones.
    pub values: u64,
    pub notes: u64,
    /// Events of the other lead, the counted ones and the repeats.
    pub events: u64,
    /// Events that turned out to be known: they are counted once from now on.
    pub repeats: Vec<Event>,
    /// Events that became another kind: before and after.
    pub renamed: Vec<(Event, Event)>,
}

/// A pasted list of missed conversions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub id: i64,
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub author: String,
    pub created_at: Moment,
    pub lines: u64,
    pub undone_at: Option<Moment>,
}

/// What makes an import: one judged request for each line, with the line's number.
#[derive(Debug, Clone)]
pub struct NewImport {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub author: Author,
    pub lines: Vec<(u64, Incoming)>,
}

/// What a line did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOutcome {
    pub line: u64,
    pub outcome: Outcome,
    /// The event it made, changed or repeats.
    pub event: Option<Event>,
    /// The code of a rejection.
    pub code: Option<&'static str>,
}

/// What taking an import back did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UndoReport {
    /// Events that are gone.
    pub removed: u64,
    /// Requests that are gone with them.
    pub requests: u64,
    /// Lines that stay, because something else touched what they made: line, request, event.
    pub kept: Vec<(u64, RequestId, Option<EventId>)>,
}

/// What changes on a custom field; `None` leaves as it is. Its key and kind stay.
#[derive(Debug, Clone, Default)]
pub struct FieldPatch {
    pub name: Option<String>,
    pub visible: Option<bool>,
    pub options: Option<Vec<String>>,
}

/// Work with leads.
#[async_trait]
pub trait CrmStore: Send + Sync {
    async fn lead_statuses(&self, workspace: WorkspaceId) -> StoreResult<Vec<LeadStatus>>;
    /// Replaces the list. Leads whose status is gone go back to the first one.
    async fn set_lead_statuses(
        &self,
        workspace: WorkspaceId,
        list: Vec<LeadStatus>,
    ) -> StoreResult<()>;
    /// Tags of the workspace, by name.
    async fn tags(&self, workspace: WorkspaceId) -> StoreResult<Vec<String>>;

    async fn add_note(&self, lead: LeadId, author: Author, text: String) -> StoreResult<Note>;
    /// Changes a note of this lead; an empty text deletes it.
    async fn edit_note(&self, lead: LeadId, note: i64, text: String) -> StoreResult<()>;
    /// The newest first.
    async fn notes(&self, lead: LeadId) -> StoreResult<Vec<Note>>;
    /// The newest first.
    async fn lead_changes(&self, lead: LeadId) -> StoreResult<Vec<LeadChange>>;

    /// Makes two leads one: ids, values, notes, tags and events move to the kept one, and its events
    /// are decided again in order. A dry run writes nothing.
    async fn merge_leads(
        &self,
        kept: LeadId,
        lost: LeadId,
        author: Author,
        dry_run: bool,
    ) -> StoreResult<MergeReport>;

    /// Stores and decides the lines of a list in one transaction. A dry run writes nothing and makes no
    /// import.
    async fn import(
        &self,
        new: NewImport,
        dry_run: bool,
    ) -> StoreResult<(Option<Import>, Vec<LineOutcome>)>;
    /// The newest first.
    async fn imports(&self, workspace: WorkspaceId) -> StoreResult<Vec<Import>>;
    async fn one_import(&self, id: i64) -> StoreResult<Import>;
    /// What its lines came to, as it is now.
    async fn import_lines(&self, id: i64) -> StoreResult<Vec<LineOutcome>>;
    /// Removes what the import made, as far as nothing else touched it.
    async fn undo_import(&self, id: i64) -> StoreResult<UndoReport>;

    async fn change_field(&self, id: FieldId, patch: FieldPatch) -> StoreResult<CustomField>;
    /// Puts the fields of a workspace into this order.
    async fn order_fields(&self, workspace: WorkspaceId, order: Vec<FieldId>) -> StoreResult<()>;
    /// How many leads have a value.
    async fn field_values(&self, id: FieldId) -> StoreResult<u64>;
    /// Deletes a field and its values; returns how many there were.
    async fn delete_field(&self, id: FieldId) -> StoreResult<u64>;
    /// Whether postbacks make text fields for keys that nobody made.
    async fn creates_fields(&self, workspace: WorkspaceId) -> StoreResult<bool>;
    async fn set_creates_fields(&self, workspace: WorkspaceId, yes: bool) -> StoreResult<()>;
}
