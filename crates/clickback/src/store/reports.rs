//! Types of reports: what roll-ups and the inbox say of a span of time, and the workspace's clock.

use async_trait::async_trait;
use clickback_core::flag::Flag;
use clickback_core::ids::WorkspaceId;
use clickback_core::moment::Moment;
use clickback_core::rollup::{RollupKey, RollupSums};

use super::StoreResult;
use super::inbox::Verdict;

/// What a team calls itself and by which clock it counts days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub name: String,
    /// IANA name.
    pub time_zone: String,
}

/// Requests that somebody should look at. Counts stop at [`MOST_COUNTED`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attention {
    pub unmatched: u64,
    pub rejected: u64,
    /// The flags that came most, the most frequent first.
    pub flags: Vec<(Flag, u64)>,
}

impl Attention {
    /// The count of a verdict that needs attention.
    pub fn of(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Unmatched => self.unmatched,
            Verdict::Rejected => self.rejected,
            _ => 0,
        }
    }
}

/// Beyond this, a count for the eye is `10 000+`.
pub const MOST_COUNTED: u64 = 10_000;

/// Which steps of the set-up are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a step that is done or not"
)]
pub struct SetUpSteps {
    pub integration: bool,
    pub link: bool,
    pub lead: bool,
    pub postback: bool,
    pub event: bool,
}

impl SetUpSteps {
    /// Whether nothing is left.
    pub fn all_done(self) -> bool {
        self.integration && self.link && self.lead && self.postback && self.event
    }
}

/// Reports.
#[async_trait]
pub trait ReportStore: Send + Sync {
    /// The roll-up rows of a workspace whose bucket is from `from` on.
    async fn rollups(
        &self,
        workspace: WorkspaceId,
        from: Moment,
    ) -> StoreResult<Vec<(RollupKey, RollupSums)>>;
    /// What came since and should be looked at.
    async fn attention(&self, workspace: WorkspaceId, since: Moment) -> StoreResult<Attention>;
    async fn set_up_steps(&self, workspace: WorkspaceId) -> StoreResult<SetUpSteps>;
    async fn workspace(&self, id: WorkspaceId) -> StoreResult<Workspace>;
    async fn update_workspace(&self, id: WorkspaceId, to: Workspace) -> StoreResult<()>;
}
