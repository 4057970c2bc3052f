//! Paced checkpoints: moving pages from the write-ahead file into the database without standing in
//! the writer's way, and without letting that file grow.
//!
//! A checkpoint that runs beside a busy writer never finishes: the writer appends while it copies.
//! So the copying is done in passes on a thread of its own, each pass smaller than the one before,
//! and when little is left the writer does the last, short pass itself between two batches. After
//! that the next commit starts the file from its beginning again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use rusqlite::Connection;

/// Frames (pages of 2 KiB) in the write-ahead file at which it should start anew: 96 MiB. Pages that
/// are written often are copied once for all their changes, so rarer is less work.
const START_FRAMES: i64 = 49_152;
/// The writer finishes the job itself when no more than this is left to copy: 1 MiB.
const LEFT_FOR_WRITER: i64 = 512;
/// Above this the writer finishes whatever is left: 192 MiB.
const HARD_FRAMES: i64 = 98_304;

/// What the writer and the checkpointer tell each other.
#[derive(Default)]
struct Signals {
    /// Passes were asked for and are not done yet.
    asked: AtomicBool,
    /// The checkpointer asks the writer to finish, and waits.
    finish: AtomicBool,
}

/// The writer's side.
pub(super) struct Pacer {
    signals: Arc<Signals>,
    wake: Sender<()>,
}

/// The checkpointer's side.
pub(super) struct Checkpointer {
    signals: Arc<Signals>,
    wake: Receiver<()>,
}

/// Both sides.
pub(super) fn pair() -> (Pacer, Checkpointer) {
    let signals = Arc::new(Signals::default());
    let (sender, receiver) = channel();
    (
        Pacer {
            signals: Arc::clone(&signals),
            wake: sender,
        },
        Checkpointer {
            signals,
            wake: receiver,
        },
    )
}

/// Frames in the write-ahead file and how many of them are in the database.
struct Pass {
    frames: i64,
    copied: i64,
}

/// Copies what no reader and no writer stands in the way of.
fn passive(connection: &Connection) -> rusqlite::Result<Pass> {
    pass(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn pass(connection: &Connection, pragma: &str) -> rusqlite::Result<Pass> {
    connection.query_row(pragma, [], |row| {
        Ok(Pass {
            frames: row.get(1)?,
            copied: row.get(2)?,
        })
    })
}

impl Pacer {
    /// Called by the writer after each batch, outside any transaction.
    pub(super) fn after_batch(&self, connection: &Connection) {
        if self.signals.finish.load(Ordering::Acquire) {
            if let Err(error) = passive(connection) {
                tracing::warn!(%error, "checkpoint failed; it will be tried again");
            }
            self.signals.finish.store(false, Ordering::Release);
        }
        // Looks, and copies nothing.
        let look = pass(connection, "PRAGMA wal_checkpoint(NOOP)");
        if look.is_ok_and(|pass| pass.frames > START_FRAMES)
            && !self.signals.asked.swap(true, Ordering::AcqRel)
        {
            // The checkpointer is gone only while the store closes.
            let _ = self.wake.send(());
        }
    }
}

impl Checkpointer {
    /// Works until the writer is gone.
    pub(super) fn run(self, connection: &Connection) {
        while self.wake.recv().is_ok() {
            if !self.signals.finish.load(Ordering::Acquire)
                && let Err(error) = self.passes(connection)
            {
                tracing::warn!(%error, "checkpoint failed; it will be tried again");
            }
            self.signals.asked.store(false, Ordering::Release);
        }
    }

    fn passes(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut pass = passive(connection)?;
        while pass.frames > START_FRAMES {
            let left = pass.frames - pass.copied;
            let next = passive(connection)?;
            let next_left = next.frames - next.copied;
            // Each pass leaves less; when it stops shrinking the writer has to take the rest.
            if next_left <= LEFT_FOR_WRITER || next_left >= left || next.frames > HARD_FRAMES {
                self.signals.finish.store(true, Ordering::Release);
                return Ok(());
            }
            pass = next;
        }
        Ok(())
    }
}
