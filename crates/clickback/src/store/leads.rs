//! Types of leads, their values, identities and clicks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use clickback_core::currency::Currency;
use clickback_core::ids::{FieldId, IntegrationId, LeadId, RequestId, UserId, WorkspaceId};
use clickback_core::macros::OurMacro;
use clickback_core::moment::Moment;
use clickback_core::money::Amount;

use super::crm::Author;
use super::{Page, StoreResult};

/// A person whom the team sends to partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    pub id: LeadId,
    pub workspace: WorkspaceId,
    /// The clickid that links carry.
    pub clickid: String,
    pub name: String,
    /// The code of one of the workspace's statuses.
    pub status: String,
    pub buyer: Option<UserId>,
    pub test: bool,
    pub clicked_at: Option<Moment>,
    pub created_at: Moment,
    /// By name.
    pub tags: Vec<String>,
    pub values: Vec<FieldValue>,
    pub identities: Vec<Identity>,
    pub totals: LeadTotals,
}

impl Lead {
    /// What a macro of ours stands for on this lead.
    pub fn macro_value(&self, wanted: &OurMacro) -> Option<String> {
        match wanted {
            OurMacro::Clickid => Some(self.clickid.clone()),
            OurMacro::Field(key) => self
                .values
                .iter()
                .find(|value| value.key == *key)
                .map(|value| value.value.clone()),
            OurMacro::LeadName => Some(self.name.clone()),
            OurMacro::LeadId => Some(self.id.to_string()),
            OurMacro::Tracker(_) => None,
        }
    }
}

/// A custom field's value on a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue {
    pub field: FieldId,
    pub key: String,
    pub value: String,
    /// Whether it fits the field's kind; what does not is kept as it came.
    pub fits: bool,
    pub set_at: Moment,
    /// The request that wrote it, if one did.
    pub source: Option<RequestId>,
}

/// What an outside id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    Clickid,
    Telegram,
    /// The partner's id of the player; its scope is the integration.
    Player,
}

impl IdentityKind {
    /// The number that stores it.
    pub fn number(self) -> i64 {
        match self {
            IdentityKind::Clickid => 1,
            IdentityKind::Telegram => 2,
            IdentityKind::Player => 3,
        }
    }

    /// The kind stored as this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Clickid, Self::Telegram, Self::Player]
            .into_iter()
            .find(|kind| kind.number() == number)
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            IdentityKind::Clickid => "clickid",
            IdentityKind::Telegram => "telegram",
            IdentityKind::Player => "player",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Clickid, Self::Telegram, Self::Player]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// One id by which a lead is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub kind: IdentityKind,
    /// The integration of a player id, else 0.
    pub scope: i64,
    pub value: String,
}

/// What the approved events of a lead add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeadTotals {
    pub registrations: u64,
    pub deposits: u64,
    pub events: u64,
    /// Deposited by the player, per currency.
    pub deposited: BTreeMap<Currency, Amount>,
    /// Withdrawn and charged back, per currency.
    pub withdrawn: BTreeMap<Currency, Amount>,
    /// Earned by the team, per currency.
    pub payouts: BTreeMap<Currency, Amount>,
}

/// What makes a lead. Without a clickid one is made.
#[derive(Debug, Clone, Default)]
pub struct NewLead {
    pub workspace: Option<WorkspaceId>,
    pub name: Option<String>,
    pub clickid: Option<String>,
    /// Values by field key.
    pub fields: Vec<(String, String)>,
    pub buyer: Option<UserId>,
    pub test: bool,
}

/// What changes on a lead; `None` leaves as it is. An empty value erases a field.
#[derive(Debug, Clone, Default)]
pub struct LeadPatch {
    pub name: Option<String>,
    pub status: Option<String>,
    /// Somebody, or nobody.
    pub buyer: Option<Option<UserId>>,
    /// All tags that it has afterwards.
    pub tags: Option<Vec<String>>,
    pub fields: Vec<(String, String)>,
    pub author: Author,
}

/// Which leads.
#[derive(Debug, Clone)]
pub struct LeadFilter {
    pub workspace: WorkspaceId,
    /// Leads of these buyers only.
    pub buyers: Option<Vec<UserId>>,
    /// Part of a name, or the whole of a clickid, outside id or field value.
    pub search: Option<String>,
    pub status: Option<String>,
    pub tag: Option<String>,
    /// Leads with events of this integration.
    pub integration: Option<IntegrationId>,
    /// With a first deposit, or without.
    pub deposited: Option<bool>,
    /// Made at this moment or later.
    pub from: Option<Moment>,
    /// Made before.
    pub to: Option<Moment>,
    pub before: Option<LeadId>,
    pub limit: usize,
}

impl LeadFilter {
    /// All leads of a workspace.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            buyers: None,
            search: None,
            status: None,
            tag: None,
            integration: None,
            deposited: None,
            from: None,
            to: None,
            before: None,
            limit: 50,
        }
    }
}

/// A click, as far as it is recorded now.
#[derive(Debug, Clone)]
pub struct NewClick {
    pub workspace: WorkspaceId,
    pub clickid: String,
    pub params: Vec<(String, String)>,
}

/// Leads, their ids and their clicks.
#[async_trait]
pub trait LeadStore: Send + Sync {
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
}
