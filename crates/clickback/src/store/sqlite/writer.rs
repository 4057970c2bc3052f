//! The one writer: stores what waits and what comes meanwhile in one transaction, commits, answers.
//! No timer and no artificial delay; the queue is bounded and a full one says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use clickback_core::ids::{IdSequence, RequestId};
use clickback_core::rollup::Deltas;
use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::clock::Clock;
use crate::store::inbox::{Incoming, Outcome};
use crate::store::integrations::Snapshot;
use crate::store::{StoreError, StoreResult};

use super::apply::Work;
use super::checkpoint::Pacer;
use super::rows::db;
use super::{rollups, snapshot};

/// Requests in one transaction at most: beyond this a bigger batch gains nothing and answers later.
const BATCH: usize = 256;

/// A set-up change or any other write that is not a postback.
pub(super) type Command = Box<dyn FnOnce(&mut Work<'_>) -> StoreResult<()> + Send>;

/// Work for the writer.
pub(super) enum Job {
    Postback {
        incoming: Box<Incoming>,
        answer: oneshot::Sender<StoreResult<Outcome>>,
    },
    /// Runs in its own transaction; `done` learns whether it was committed.
    Command {
        run: Command,
        done: oneshot::Sender<StoreResult<()>>,
    },
    Stop,
}

/// What the writer shares with the rest of the store.
pub(super) struct Shared {
    pub(super) snapshot: ArcSwap<Snapshot>,
    pub(super) live: broadcast::Sender<RequestId>,
    pub(super) queued: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) failing: AtomicBool,
    pub(super) clock: Arc<dyn Clock>,
}

/// The writer's thread.
pub(super) struct Writer {
    pub(super) path: std::path::PathBuf,
    pub(super) connection: Connection,
    pub(super) ids: IdSequence,
    pub(super) shared: Arc<Shared>,
    pub(super) pacer: Pacer,
    /// Answers are given inside the runtime: one wake-up for a batch instead of one for each.
    pub(super) runtime: Handle,
    /// Only for the test that proves the crash test can fail: answer before the commit.
    pub(super) answer_early: bool,
}

/// A request and where its outcome goes.
type Asked = (Box<Incoming>, oneshot::Sender<StoreResult<Outcome>>);

impl Writer {
    /// Works until told to stop or until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut next = queue.blocking_recv();
        while let Some(job) = next.take() {
            let mut rows = 1;
            match job {
                Job::Postback { incoming, answer } => {
                    (rows, next) = self.batch((incoming, answer), &mut queue);
                }
                Job::Command { run, done } => self.command(run, done),
                // What was sent before the stop is still served.
                Job::Stop => queue.close(),
            }
            self.pacer.after_batch(&self.connection, rows);
            if next.is_none() {
                next = queue.blocking_recv();
            }
        }
    }

    /// Stores a request and all that come while that is done, up to a full batch, in one transaction.
    /// Returns its size, and the job that ended the batch, if one did.
    fn batch(&mut self, first: Asked, queue: &mut mpsc::Receiver<Job>) -> (u64, Option<Job>) {
        let mut batch = vec![first];
        let mut outcomes = Vec::new();
        let mut other = None;
        let early = self.answer_early;
        let stored = self.commit(|work| {
            loop {
                for (incoming, _) in &batch[outcomes.len()..] {
                    outcomes.push(work.store(incoming)?);
                }
                if other.is_some() {
                    break;
                }
                other = take_more(&mut batch, queue);
                if batch.len() == outcomes.len() {
                    break;
                }
            }
            if early {
                answer(&mut batch, &outcomes);
                linger();
            }
            Ok(())
        });
        self.shared
            .queued
            .store(queue.len() as u64, Ordering::Relaxed);
        match stored {
            Ok(()) => {
                let rows = outcomes.len() as u64;
                for outcome in &outcomes {
                    self.tell_live(outcome.request);
                }
                self.runtime
                    .spawn(async move { answer(&mut batch, &outcomes) });
                (rows, other)
            }
            Err(error) => {
                self.failed(batch, &error);
                (0, other)
            }
        }
    }

    /// A batch that was not stored: it passes by itself, or one of its requests met a defect.
    fn failed(&mut self, batch: Vec<Asked>, error: &StoreError) {
        if matches!(error, StoreError::Unavailable { .. }) {
            for (_, answer) in batch {
                // A client that went away has nothing to read.
                let _ = answer.send(Err(error.clone()));
            }
            return;
        }
        tracing::error!(%error, "a batch failed; storing its requests one by one");
        for (incoming, answer) in batch {
            let stored = self.commit(|work| work.store(&incoming)).or_else(|error| match error {
                StoreError::Unavailable { .. } => Err(error),
                defect => {
                    tracing::error!(error = %defect, "a request could not be decided; keeping its raw text");
                    self.commit(|work| work.keep_undecided(&incoming))
                }
            });
            let _ = answer.send(stored);
        }
    }

    fn command(&mut self, run: Command, done: oneshot::Sender<StoreResult<()>>) {
        let mut failed = None;
        let result = self.commit(|work| match run(work) {
            Ok(()) => Ok(()),
            Err(error) => {
                failed = Some(error);
                Err(rusqlite::Error::QueryReturnedNoRows)
            }
        });
        let _ = done.send(failed.map_or(result, Err));
    }

    /// One transaction: the work, then its roll-ups, then the commit.
    fn commit<T>(
        &mut self,
        body: impl FnOnce(&mut Work<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<T> {
        let mut deltas = Deltas::default();
        let mut set_up_changed = false;
        let shared = Arc::clone(&self.shared);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(db)?;
            let mut work = Work {
                sql: &transaction,
                ids: &mut self.ids,
                deltas: &mut deltas,
                snapshot: shared.snapshot.load_full(),
                now: shared.clock.now(),
                set_up_changed: &mut set_up_changed,
            };
            let value = body(&mut work).map_err(db)?;
            rollups::flush(&transaction, deltas.take()).map_err(db)?;
            transaction.commit().map_err(db)?;
            shared.commits.fetch_add(1, Ordering::Relaxed);
            Ok(value)
        }))
        .unwrap_or_else(|_| {
            Err(StoreError::Internal(
                "the writer panicked; see the log".to_owned(),
            ))
        });
        let unavailable = matches!(result, Err(StoreError::Unavailable { .. }));
        if unavailable {
            self.reopen();
        }
        if unavailable != shared.failing.swap(unavailable, Ordering::Relaxed) {
            if let Err(error) = &result {
                tracing::error!(%error, "cannot store; answering 503 until it passes");
            } else {
                tracing::info!("storing again");
            }
        }
        if result.is_ok() && set_up_changed {
            match snapshot::read(&self.connection) {
                Ok(read) => shared.snapshot.store(Arc::new(read)),
                Err(error) => tracing::error!(%error, "cannot read the set-up again"),
            }
        }
        result
    }

    /// A connection that saw an input or output error is not trusted with the next commit.
    fn reopen(&mut self) {
        match super::open_writer(&self.path) {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "cannot open the database again"),
        }
    }

    fn tell_live(&self, request: RequestId) {
        if self.shared.live.receiver_count() > 0 {
            let _ = self.shared.live.send(request);
        }
    }
}

/// Adds what waits to the batch. Returns a job that is no postback: it ends the batch.
fn take_more(batch: &mut Vec<Asked>, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
    while batch.len() < BATCH {
        match queue.try_recv() {
            Ok(Job::Postback { incoming, answer }) => batch.push((incoming, answer)),
            Ok(other) => return Some(other),
            Err(_) => break,
        }
    }
    None
}

fn answer(batch: &mut Vec<Asked>, outcomes: &[Outcome]) {
    for ((_, answer), outcome) in batch.drain(..).zip(outcomes) {
        // A client that went away has nothing to read; its request is stored.
        let _ = answer.send(Ok(*outcome));
    }
}

/// For the crash test's negative control: wide enough for a kill to fall between answer and commit.
fn linger() {
    for _ in 0..64 {
        std::thread::yield_now();
    }
}
