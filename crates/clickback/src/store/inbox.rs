//! Types of the inbox: requests as they came, their verdicts, and deciding them again.

use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, UserId, WorkspaceId};
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::postback::{Postback, Rejection};

use tokio::sync::broadcast;

use super::events::Event;
use super::integrations::Integration;
use super::people::Deed;
use super::{Page, StoreResult};

/// What became of a request. A closed set, with the same codes in the inbox, the API and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It made a new event.
    Accepted,
    /// It changed or completed a known event.
    Updated,
    /// Nothing new.
    Duplicate,
    /// No such click or lead yet.
    Unmatched,
    /// It was answered with a 4xx.
    Rejected,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 5] = [
        Verdict::Accepted,
        Verdict::Updated,
        Verdict::Duplicate,
        Verdict::Unmatched,
        Verdict::Rejected,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Updated => "updated",
            Verdict::Duplicate => "duplicate",
            Verdict::Unmatched => "unmatched",
            Verdict::Rejected => "rejected",
        }
    }

    /// The verdict with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// The number that stores it.
    pub fn number(self) -> i64 {
        match self {
            Verdict::Accepted => 1,
            Verdict::Updated => 2,
            Verdict::Duplicate => 3,
            Verdict::Unmatched => 4,
            Verdict::Rejected => 5,
        }
    }

    /// The verdict stored as this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.number() == number)
    }
}

/// The method of an event that a person wrote down.
pub const BY_HAND: &str = "HAND";
/// The method of a line of a pasted list.
pub const BY_IMPORT: &str = "LIST";

/// The request as it came, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRequest {
    pub method: &'static str,
    /// Everything behind the `?`.
    pub query: Vec<u8>,
    pub content_type: Option<String>,
    pub body: Option<Vec<u8>>,
    /// The sender, after trusted proxies.
    pub address: Option<String>,
}

impl RawRequest {
    /// What there is to be read in it.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            query: &self.query,
            content_type: self.content_type.as_deref(),
            body: self.body.as_deref(),
        }
    }
}

/// A judged request on its way to the database.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub raw: RawRequest,
    pub integration: Arc<Integration>,
    pub received_at: Moment,
    pub judged: Result<Postback, Rejection>,
    /// An authenticated test event.
    pub test: bool,
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub request: RequestId,
    pub verdict: Verdict,
    pub flags: Flags,
    pub lead: Option<LeadId>,
    /// The event it made, changed or repeats.
    pub event: Option<EventId>,
}

/// A row of the inbox list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSummary {
    pub id: RequestId,
    pub integration: IntegrationId,
    pub verdict: Verdict,
    pub flags: Flags,
    pub received_at: Moment,
    pub method: String,
    pub query: String,
    pub code: Option<String>,
    pub clickid: Option<String>,
    pub lead: Option<LeadId>,
    /// The event it made, changed or repeats.
    pub event: Option<Event>,
    pub test: bool,
}

/// One request in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub summary: RequestSummary,
    pub raw: RawRequest,
}

/// Which requests, newest first.
#[derive(Debug, Clone)]
pub struct RequestFilter {
    pub workspace: WorkspaceId,
    pub verdict: Option<Verdict>,
    pub flag: Option<Flag>,
    /// Any flag at all.
    pub flagged: bool,
    pub integration: Option<IntegrationId>,
    pub clickid: Option<String>,
    pub lead: Option<LeadId>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
    pub before: Option<RequestId>,
    /// Newer than this, oldest first: what a live page missed.
    pub after: Option<RequestId>,
    pub limit: usize,
}

impl RequestFilter {
    /// All requests of a workspace.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            verdict: None,
            flag: None,
            flagged: false,
            integration: None,
            clickid: None,
            lead: None,
            from: None,
            to: None,
            before: None,
            after: None,
            limit: 50,
        }
    }
}

/// Which requests to decide again.
#[derive(Debug, Clone)]
pub struct ReprocessFilter {
    /// Just these, if any are named.
    pub ids: Vec<RequestId>,
    pub requests: RequestFilter,
}

/// What deciding again did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReprocessReport {
    /// Requests looked at.
    pub seen: u64,
    /// Requests whose verdict, event or flags changed.
    pub changed: Vec<Reprocessed>,
}

/// One request before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprocessed {
    pub request: RequestId,
    pub before: Verdict,
    pub after: Verdict,
    pub flags: Flags,
    pub event: Option<Event>,
    pub code: Option<String>,
}

/// A request that a person counted separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separated {
    pub event: Event,
    /// It was so before: nothing changed.
    pub already: bool,
}

impl Separated {
    /// What the log says of it.
    pub fn deed(&self, workspace: WorkspaceId, user: Option<UserId>) -> Deed {
        let sum = self.event.amount.map(|amount| amount.to_string());
        let currency = self.event.currency.map(|currency| currency.to_string());
        let money: Vec<String> = sum.into_iter().chain(currency).collect();
        Deed {
            workspace,
            user,
            action: "counted_separately",
            subject: self.event.request().to_string(),
            detail: money.join(" "),
        }
    }
}

/// Receiving requests, reading them, and deciding them again.
#[async_trait]
pub trait InboxStore: Send + Sync {
    /// Keeps one request; returns after it is on disk. It is decided right after, in the order of
    /// acceptance; later reads wait for that.
    async fn accept(&self, incoming: Incoming) -> StoreResult<RequestId>;
    /// Stores and decides one request; returns after its transaction is on disk.
    async fn ingest(&self, incoming: Incoming) -> StoreResult<Outcome>;
    /// Returns when all that was accepted before is decided.
    async fn settle(&self);
    /// What a request would do now, and the event it would make or meet. Writes nothing.
    async fn try_out(&self, incoming: Incoming) -> StoreResult<(Outcome, Option<Event>)>;
    /// Requests as they are stored, for live pages. Lagging receivers lose the oldest.
    fn live(&self) -> broadcast::Receiver<RequestId>;
    async fn requests(&self, filter: RequestFilter) -> StoreResult<Page<RequestSummary>>;
    async fn request(&self, id: RequestId) -> StoreResult<Request>;
    /// Decides requests again from their raw text. A dry run writes nothing.
    async fn reprocess(
        &self,
        filter: ReprocessFilter,
        dry_run: bool,
    ) -> StoreResult<ReprocessReport>;
    /// Makes a request with the flag `amount_differs` an event of its own. Invalid for any other.
    async fn count_separately(&self, id: RequestId) -> StoreResult<Separated>;
    /// Applies waiting requests whose lead or click is there; returns how many.
    async fn sweep(&self) -> StoreResult<u64>;
}
