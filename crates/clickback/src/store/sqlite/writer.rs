//! The one writer: takes what waits, commits it in one transaction, answers, takes what came
//! meanwhile. No timer and no artificial delay; the queue is bounded and a full one says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use clickback_core::ids::{IdSequence, RequestId};
use clickback_core::rollup::Deltas;
use rusqlite::{Connection, TransactionBehavior};
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
    Postback { incoming: Box<Incoming>, answer: oneshot::Sender<StoreResult<Outcome>> },
    /// Runs in its own transaction; `done` learns whether it was committed.
    Command { run: Command, done: oneshot::Sender<StoreResult<()>> },
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
    /// Only for the test that proves the crash test can fail: answer before the commit.
    pub(super) answer_early: bool,
}

impl Writer {
    /// Works until told to stop or until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH);
        loop {
            if queue.blocking_recv_many(&mut jobs, BATCH) == 0 {
                return;
            }
            self.shared.queued.store(queue.len() as u64, Ordering::Relaxed);
            let mut batch = Vec::with_capacity(jobs.len());
            let mut stop = false;
            for job in jobs.drain(..) {
                match job {
                    Job::Postback { incoming, answer } => batch.push((incoming, answer)),
                    Job::Command { run, done } => {
                        self.postbacks(std::mem::take(&mut batch));
                        self.command(run, done);
                    }
                    Job::Stop => stop = true,
                }
            }
            self.postbacks(batch);
            self.pacer.after_batch(&self.connection);
            if stop {
                self.finish(&mut queue);
                return;
            }
        }
    }

    /// Serves what was sent before the stop.
    fn finish(&mut self, queue: &mut mpsc::Receiver<Job>) {
        queue.close();
        while let Some(job) = queue.blocking_recv() {
            match job {
                Job::Postback { incoming, answer } => self.postbacks(vec![(incoming, answer)]),
                Job::Command { run, done } => self.command(run, done),
                Job::Stop => {}
            }
        }
    }

    fn postbacks(&mut self, batch: Vec<(Box<Incoming>, oneshot::Sender<StoreResult<Outcome>>)>) {
        if batch.is_empty() {
            return;
        }
        if self.answer_early {
            return self.postbacks_answered_early(batch);
        }
        match self.commit(|work| batch.iter().map(|(incoming, _)| work.store(incoming)).collect()) {
            Ok(outcomes) => {
                let outcomes: Vec<Outcome> = outcomes;
                for ((_, answer), outcome) in batch.into_iter().zip(outcomes) {
                    self.tell_live(outcome.request);
                    // A client that went away has nothing to read; its request is stored.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error @ StoreError::Unavailable { .. }) => {
                for (_, answer) in batch {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            // One of them is a defect: each by itself, so that it takes no other down.
            Err(error) if batch.len() > 1 => {
                tracing::error!(%error, "a batch failed; storing its requests one by one");
                for one in batch {
                    self.postbacks(vec![one]);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a request could not be decided; keeping its raw text");
                for (incoming, answer) in batch {
                    let kept = self.commit(|work| work.keep_undecided(&incoming));
                    let _ = answer.send(kept);
                }
            }
        }
    }

    fn postbacks_answered_early(
        &mut self,
        batch: Vec<(Box<Incoming>, oneshot::Sender<StoreResult<Outcome>>)>,
    ) {
        let mut answers = Vec::new();
        let result = self.commit(|work| {
            for (incoming, answer) in batch {
                let outcome = work.store(&incoming)?;
                let _ = answer.send(Ok(outcome));
                answers.push(outcome);
            }
            // Wide enough for a kill to fall between the answer and the commit.
            for _ in 0..answers.len() {
                std::thread::yield_now();
            }
            Ok(())
        });
        if let Err(error) = result {
            tracing::error!(%error, "a batch that was already answered failed");
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
    fn commit<T>(&mut self, body: impl FnOnce(&mut Work<'_>) -> rusqlite::Result<T>) -> StoreResult<T> {
        let mut deltas = Deltas::default();
        let mut set_up_changed = false;
        let shared = Arc::clone(&self.shared);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(db)?;
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
        .unwrap_or_else(|_| Err(StoreError::Internal("the writer panicked; see the log".to_owned())));
        let unavailable = matches!(result, Err(StoreError::Unavailable { .. }));
        if unavailable {
            self.reopen();
        }
        if unavailable != shared.failing.swap(unavailable, Ordering::Relaxed) {
            match &result {
                Err(error) => tracing::error!(%error, "cannot store; answering 503 until it passes"),
                Ok(_) => tracing::info!("storing again"),
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
