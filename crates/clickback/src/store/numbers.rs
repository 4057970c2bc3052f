//! The number of this process among all that write to its database: ids and roll-up rows carry it. It
//! may change while the process runs, and it may be lost.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

use clickback_core::moment::Moment;

/// The number in force.
#[derive(Debug)]
pub(in crate::store) struct Numbers {
    node: AtomicU8,
    /// Until when nobody else can get it, in microseconds.
    ours_until: AtomicI64,
    /// Others have a number, too.
    company: AtomicBool,
}

impl Numbers {
    /// Of the only process on its database.
    pub(in crate::store) fn only() -> Numbers {
        Numbers {
            node: AtomicU8::new(0),
            ours_until: AtomicI64::new(i64::MAX),
            company: AtomicBool::new(false),
        }
    }

    /// From now on this number, that long.
    pub(in crate::store) fn set(&self, node: u8, ours_until: Moment) {
        self.node.store(node, Ordering::Release);
        self.ours_until.store(ours_until.0, Ordering::Release);
    }

    /// The number, where it is still this one, is ours for longer.
    pub(in crate::store) fn keep(&self, node: u8, ours_until: Moment) {
        if self.node() == node {
            self.ours_until.store(ours_until.0, Ordering::Release);
        }
    }

    /// Whether others write to the database, as far as is known.
    pub(in crate::store) fn have_company(&self) -> bool {
        self.company.load(Ordering::Relaxed)
    }

    /// Others do, or do not any more.
    pub(in crate::store) fn set_company(&self, company: bool) {
        self.company.store(company, Ordering::Relaxed);
    }

    /// The number itself.
    pub(in crate::store) fn node(&self) -> u8 {
        self.node.load(Ordering::Acquire)
    }

    /// The place of its roll-up rows.
    pub(in crate::store) fn slot(&self) -> i64 {
        i64::from(self.node())
    }

    /// What the writer's ids carry. The journal and the writer number on their own, as two nodes would.
    pub(in crate::store) fn of_writer(&self) -> u8 {
        self.node().wrapping_mul(2)
    }

    /// What the journal's ids carry.
    pub(in crate::store) fn of_journal(&self) -> u8 {
        self.of_writer().wrapping_add(1)
    }

    /// Whether an id that is made now is certain to be nobody else's.
    pub(in crate::store) fn are_ours(&self, now: Moment) -> bool {
        now.0 < self.ours_until.load(Ordering::Acquire)
    }
}
