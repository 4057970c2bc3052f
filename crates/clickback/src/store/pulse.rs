//! How the integrations of a workspace do: when the last postback came, what today's became, who is
//! silent.

use std::collections::HashMap;

use async_trait::async_trait;
use clickback_core::ids::{IntegrationId, WorkspaceId};
use clickback_core::moment::Moment;

use super::StoreResult;
use super::inbox::Verdict;

/// Requests of a day that are counted at most; what came before them in the day is left out.
pub const MOST_COUNTED: u64 = 100_000;

/// The figures of one integration. Tests are in none of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulse {
    /// When the last request came.
    pub last: Option<Moment>,
    /// Today's requests, in the order of [`Verdict::ALL`].
    pub today: [u64; 5],
    /// Today's requests with a flag.
    pub flagged: u64,
    /// Since when it is silent for longer than usual.
    pub silent_since: Option<Moment>,
    /// By event name; those of the last requests and of today.
    pub events: HashMap<String, EventPulse>,
}

/// The figures of one event of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventPulse {
    /// When it came last, among the last requests.
    pub last: Option<Moment>,
    /// Recorded events of today, by their own time.
    pub today: u64,
}

impl Pulse {
    /// Today's requests.
    pub fn requests(&self) -> u64 {
        self.today.iter().sum()
    }

    /// Today's requests with this verdict.
    pub fn count(&self, verdict: Verdict) -> u64 {
        Verdict::ALL
            .iter()
            .zip(self.today)
            .find(|(known, _)| **known == verdict)
            .map_or(0, |(_, count)| count)
    }

    /// Today's requests whose lead was found, in whole percent, rounded down; `None` on a day without any.
    /// What was refused could not be matched and does not count.
    pub fn matched_percent(&self) -> Option<u64> {
        let judged = self.requests() - self.count(Verdict::Rejected);
        let matched = judged - self.count(Verdict::Unmatched);
        (judged > 0).then(|| matched * 100 / judged)
    }
}

/// Health of integrations.
#[async_trait]
pub trait PulseStore: Send + Sync {
    /// The figures of every integration of a workspace, or of one, at this moment. A day is a day of the
    /// workspace's time zone. Events are filled where one is asked for.
    async fn pulses(
        &self,
        workspace: WorkspaceId,
        one: Option<IntegrationId>,
        now: Moment,
    ) -> StoreResult<HashMap<IntegrationId, Pulse>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        // accepted, updated, duplicate, unmatched, rejected
        let cases = [
            ([0, 0, 0, 0, 0], None),
            ([0, 0, 0, 0, 5], None),
            ([1, 0, 0, 0, 5], Some(100)),
            ([1, 1, 1, 1, 0], Some(75)),
            ([199, 0, 0, 1, 0], Some(99)),
            ([0, 0, 0, 3, 0], Some(0)),
        ];
        for (today, expected) in cases {
            let pulse = Pulse {
                today,
                ..Pulse::default()
            };
            assert_eq!(pulse.matched_percent(), expected, "{today:?}");
        }
    }
}
