//! How an integration does, at a glance: a dot, a word, and the figures of the day.

use clickback_core::ids::IntegrationId;

use crate::store::inbox::Verdict;
use crate::store::integrations::Integration;
use crate::store::pulse::Pulse;
use crate::web::parts::When;
use crate::web::ui::Ui;

/// Today's matched share below which something is wrong with the clickid.
const GOOD_PERCENT: u64 = 90;

/// The state of an integration.
pub(super) struct State {
    /// `good`, `warn` or `quiet`.
    pub(super) tone: &'static str,
    /// The state in a word.
    pub(super) word: String,
    pub(super) last: Option<When>,
    pub(super) silent: Option<When>,
    pub(super) requests: u64,
    pub(super) matched: Option<String>,
    pub(super) matched_low: bool,
    /// How many found no lead today, in a sentence.
    pub(super) unmatched: String,
    pub(super) flagged: u64,
    /// The inbox with this integration's requests.
    pub(super) inbox: String,
}

impl State {
    /// The state by the figures.
    pub(super) fn new(ui: &Ui, integration: &Integration, pulse: &Pulse) -> State {
        let percent = pulse.matched_percent();
        let low = percent.is_some_and(|percent| percent < GOOD_PERCENT);
        let (tone, key) = if !integration.enabled {
            ("quiet", "off")
        } else if pulse.last.is_none() {
            ("quiet", "new")
        } else if pulse.silent_since.is_some() {
            ("warn", "silent")
        } else if low {
            ("warn", "unmatched")
        } else {
            ("good", "good")
        };
        State {
            tone,
            word: ui.coded("integration-state-", key).into_owned(),
            last: pulse.last.map(|at| When::new(ui, at)),
            silent: pulse.silent_since.map(|at| When::new(ui, at)),
            requests: pulse.requests(),
            matched: percent.map(|percent| format!("{percent}\u{202f}%")),
            matched_low: low,
            unmatched: ui
                .count(
                    "integration-unmatched",
                    usize::try_from(pulse.count(Verdict::Unmatched)).unwrap_or(usize::MAX),
                )
                .into_owned(),
            flagged: pulse.flagged,
            inbox: inbox(integration.id),
        }
    }
}

/// The inbox with the requests of one integration.
pub(super) fn inbox(id: IntegrationId) -> String {
    format!("/inbox?integration={id}")
}
