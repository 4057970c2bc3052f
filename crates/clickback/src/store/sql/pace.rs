//! When the writer decides what was accepted. At once where somebody waits for it; else a batch is let
//! become full, for a moment; and in a flood the writer leaves processor and disk to those who answer.

use std::time::Duration;

/// Accepted requests that nobody waits for may become more for so long: their answers left already, and
/// a bigger batch writes less. A read that waits for them ends the pause.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the writer leaves a database alone that could not store.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// In a flood the writer rests so many times as long as it worked.
const RESTS: u32 = 3;
/// It never rests longer than this, however long the disk held it up.
const LONGEST_REST: Duration = Duration::from_millis(250);
/// So many may wait before the writer takes no rest any more: half a minute of its work, and a small
/// part of what the journal may hold.
const LEISURE: u64 = 262_144;

/// What is to be decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backlog {
    /// Accepted requests.
    pub(super) waiting: u64,
    /// So many are a full batch.
    pub(super) batch: u64,
    /// Somebody waits for one of them.
    pub(super) wanted: bool,
    /// The database could not store.
    pub(super) failing: bool,
}

/// The time since the last batch that has to pass before the next one.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rest: Duration,
}

impl Pace {
    /// How much is left of it.
    pub(super) fn left(&self, backlog: Backlog, since_last: Duration) -> Duration {
        let pause = match backlog {
            Backlog { failing: true, .. } => RETRY,
            Backlog { wanted: true, .. } => Duration::ZERO,
            Backlog { waiting, batch, .. } if waiting < batch => PAUSE,
            Backlog { waiting, .. } if waiting < LEISURE => self.rest,
            Backlog { .. } => Duration::ZERO,
        };
        pause.saturating_sub(since_last)
    }

    /// A batch took so long on the processor of those who answer. Where more came meanwhile than was
    /// decided, the writer could not keep up if it did not rest: that is a flood, and it is answered
    /// first.
    pub(super) fn worked(&mut self, took: Duration, before: u64, after: u64) {
        self.rest = if after >= before {
            (took * RESTS).min(LONGEST_REST)
        } else {
            Duration::ZERO
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_served_and_a_flood_is_given_way_to() {
        let millis = Duration::from_millis;
        let cases = [
            // (waiting, wanted, failing), what waited before and after a batch of 30 ms, then the pause.
            ((1, false, false), None, millis(50)),
            ((255, false, false), None, millis(50)),
            ((1, true, false), None, millis(0)),
            ((256, false, false), None, millis(0)),
            // As many were decided as came, or more.
            ((256, false, false), Some((512, 256)), millis(0)),
            // More came.
            ((600, false, false), Some((300, 600)), millis(90)),
            ((600, true, false), Some((300, 600)), millis(0)),
            ((262_143, false, false), Some((300, 600)), millis(90)),
            ((262_144, false, false), Some((300, 600)), millis(0)),
            ((256, false, true), None, millis(1_000)),
            ((1, true, true), None, millis(1_000)),
        ];
        for ((waiting, wanted, failing), batch, pause) in cases {
            let mut pace = Pace::default();
            if let Some((before, after)) = batch {
                pace.worked(millis(30), before, after);
            }
            let backlog = Backlog {
                waiting,
                batch: 256,
                wanted,
                failing,
            };
            assert_eq!(
                pace.left(backlog, millis(0)),
                pause,
                "{backlog:?} {batch:?}"
            );
            assert_eq!(
                pace.left(backlog, millis(10)),
                pause.saturating_sub(millis(10)),
                "{backlog:?} {batch:?}"
            );
            assert_eq!(pace.left(backlog, pause), millis(0), "{backlog:?}");
        }
        let mut pace = Pace::default();
        pace.worked(millis(400), 300, 600);
        assert_eq!(pace.rest, LONGEST_REST);
    }
}
