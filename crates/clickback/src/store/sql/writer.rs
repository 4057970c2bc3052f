//! The one writer: decides and stores what waits in one transaction, commits, answers. Accepted
//! requests come from the journal, everything else from a bounded queue. No timer and no artificial
//! delay.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use clickback_core::ids::{IdSequence, RequestId};
use clickback_core::rollup::Deltas;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::clock::Clock;
use crate::store::inbox::{Incoming, Outcome, Verdict};
use crate::store::integrations::Snapshot;
use crate::store::journal::{Tail, Taken};
use crate::store::numbers::Numbers;
use crate::store::{StoreError, StoreResult};

use super::apply::Work;
use super::pace::{Backlog, Pace, RETRY};
use super::rollups::Sums;
use super::session::{Session, Sql, WriteSession};
use super::{Database, closed, last_id, seals, snapshot};

/// Requests in one transaction at most where their senders wait for it.
const BATCH: usize = 256;
/// How often a transaction is run that lost a race against another node's.
const TRIES: usize = 8;

/// A set-up change or any other write that is not a postback.
pub(super) trait Command: Send {
    /// Does it in a transaction; again in another one when that did not commit.
    fn run(&mut self, work: &mut Work<'_>) -> StoreResult<()>;
    /// The transaction was committed, or never will be.
    fn answer(self: Box<Self>, committed: StoreResult<()>);
}

/// A command with a value, and who waits for it.
pub(super) struct Asked<F, T> {
    body: F,
    value: Option<T>,
    answer: oneshot::Sender<StoreResult<T>>,
}

impl<F, T> Asked<F, T>
where
    F: FnMut(&mut Work<'_>) -> StoreResult<T>,
{
    pub(super) fn new(body: F, answer: oneshot::Sender<StoreResult<T>>) -> Self {
        Asked {
            body,
            value: None,
            answer,
        }
    }
}

impl<F, T> Command for Asked<F, T>
where
    F: FnMut(&mut Work<'_>) -> StoreResult<T> + Send,
    T: Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> StoreResult<()> {
        self.value = Some((self.body)(work)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: StoreResult<()>) {
        let Asked { value, answer, .. } = *self;
        let value = committed.and_then(|()| value.ok_or_else(closed));
        // Who went away has nothing to read.
        let _ = answer.send(value);
    }
}

/// Work for the writer.
pub(super) enum Job {
    Postback {
        incoming: Box<Incoming>,
        answer: oneshot::Sender<StoreResult<Outcome>>,
    },
    /// Runs in its own transaction.
    Command(Box<dyn Command>),
    /// The journal has new entries.
    Journal,
    Stop,
}

/// What the writer shares with the rest of the store.
pub(super) struct Shared {
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// The set-up is what the last run kept: the database is away since the start.
    pub(super) kept: AtomicBool,
    /// Held while the set-up is read: the newest reading is stored last.
    pub(super) reloading: Mutex<()>,
    pub(super) live: broadcast::Sender<RequestId>,
    pub(super) queued: AtomicU64,
    pub(super) commits: AtomicU64,
    /// Requests stored since the start, in the order of [`Verdict::ALL`].
    pub(super) verdicts: [AtomicU64; 5],
    pub(super) failing: AtomicBool,
    pub(super) clock: Arc<dyn Clock>,
}

impl Shared {
    /// Reads the set-up again.
    pub(super) fn reload(&self, sql: &dyn Session, database: &dyn Database) -> Sql<()> {
        let _turn = self.reloading.lock();
        let set_up = snapshot::read(sql)?;
        self.snapshot.store(Arc::new(set_up.compile()));
        database.keep(&set_up);
        Ok(())
    }
}

/// The writer's thread.
pub(super) struct Writer {
    pub(super) session: Box<dyn WriteSession>,
    pub(super) database: Arc<dyn Database>,
    /// Its number; the session may take another one when it connects anew.
    pub(super) numbers: Arc<Numbers>,
    pub(super) ids: IdSequence,
    /// When the last connection could not be made, and why.
    pub(super) refused: Option<(Instant, StoreError)>,
    pub(super) shared: Arc<Shared>,
    /// Answers are given inside the runtime: one wake-up for a batch instead of one for each.
    pub(super) runtime: Handle,
    /// Accepted requests; none where this process does not accept any.
    pub(super) journal: Option<Tail>,
}

/// A request and where its outcome goes.
type Waiting = (Box<Incoming>, oneshot::Sender<StoreResult<Outcome>>);

impl Writer {
    /// Works until told to stop or until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let (mut pace, mut decided_at) = (Pace::default(), Instant::now());
        loop {
            let mut next = match self.wait(&mut queue, &pace, decided_at) {
                Waited::Job(job) => Some(job),
                Waited::Decide => None,
                Waited::Closed => break,
            };
            while let Some(job) = next.take() {
                match job {
                    Job::Postback { incoming, answer } => {
                        next = self.batch((incoming, answer), &mut queue);
                    }
                    Job::Command(command) => self.command(command),
                    Job::Journal => continue,
                    // What was sent before the stop is still served.
                    Job::Stop => queue.close(),
                }
                self.session.between();
            }
            if self.is_due(&pace, decided_at) {
                let (begun, before) = (Instant::now(), self.waiting());
                self.decide();
                self.session.between();
                decided_at = Instant::now();
                if self.session.works_here() {
                    pace.worked(decided_at - begun, before, self.waiting());
                }
            } else if !self.session.is_open() {
                // Nobody waits: the database is to be there before somebody does.
                let _ = self.transact(|_, _| Ok::<_, StoreError>(()));
            }
        }
        if let Some(journal) = self.journal.take() {
            journal.close();
        }
    }

    /// Accepted requests that are to be decided.
    fn waiting(&self) -> u64 {
        self.journal.as_ref().map_or(0, Tail::waiting)
    }

    /// How long accepted requests are still left alone; `None` where there are none.
    fn left(&self, pace: &Pace, decided_at: Instant) -> Option<Duration> {
        let journal = self.journal.as_ref()?;
        let backlog = Backlog {
            waiting: journal.waiting(),
            batch: self.session.batch() as u64,
            wanted: journal.is_wanted(),
            failing: self.shared.failing.load(Ordering::Relaxed),
        };
        (backlog.waiting > 0).then(|| pace.left(backlog, decided_at.elapsed()))
    }

    /// Whether accepted requests are to be decided now.
    fn is_due(&self, pace: &Pace, decided_at: Instant) -> bool {
        self.left(pace, decided_at)
            .is_some_and(|left| left.is_zero())
    }

    /// The next job, or the moment to decide what was accepted.
    fn wait(
        &mut self,
        queue: &mut mpsc::Receiver<Job>,
        pace: &Pace,
        decided_at: Instant,
    ) -> Waited {
        let Some(left) = self.left(pace, decided_at) else {
            if self.session.is_open() {
                return queue.blocking_recv().map_or(Waited::Closed, Waited::Job);
            }
            let next = async { tokio::time::timeout(RETRY, queue.recv()).await };
            return match self.runtime.block_on(next) {
                Ok(Some(job)) => Waited::Job(job),
                Ok(None) => Waited::Closed,
                Err(_) => Waited::Decide,
            };
        };
        match queue.try_recv() {
            Ok(job) => return Waited::Job(job),
            Err(_) if left.is_zero() => return Waited::Decide,
            Err(mpsc::error::TryRecvError::Disconnected) => {
                let failing = self.shared.failing.load(Ordering::Relaxed);
                return if failing {
                    Waited::Closed
                } else {
                    Waited::Decide
                };
            }
            Err(mpsc::error::TryRecvError::Empty) => {}
        }
        let next = async { tokio::time::timeout(left, queue.recv()).await };
        match self.runtime.block_on(next) {
            Ok(Some(job)) => Waited::Job(job),
            Ok(None) | Err(_) => Waited::Decide,
        }
    }

    /// Decides accepted requests, at most a batch of them.
    fn decide(&mut self) {
        let Some(mut journal) = self.journal.take() else {
            return;
        };
        let doubtful = journal.doubtful();
        match journal.take(self.session.batch()) {
            Ok([]) => {}
            Ok(taken) => {
                if let Ok(outcomes) = self.decide_all(taken, doubtful) {
                    journal.done();
                    self.tell(&outcomes);
                } else {
                    journal.failed();
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot read the journal; it will be tried again");
                self.shared.failing.store(true, Ordering::Relaxed);
            }
        }
        self.journal = Some(journal);
    }

    /// Together, or one by one where one of them meets a defect; only an unavailable database fails.
    fn decide_all(&mut self, taken: &[Taken], doubtful: bool) -> StoreResult<Vec<Outcome>> {
        let together = self.transact(|session, work| session.decide(work, taken, doubtful));
        match together {
            Err(StoreError::Unavailable { .. }) | Ok(_) => return together,
            Err(error) => {
                tracing::error!(%error, "a batch failed; deciding its requests one by one");
            }
        }
        let mut outcomes = Vec::with_capacity(taken.len());
        for taken in taken {
            let decided = self.commit(|work| work.decide(taken, true));
            let decided = self.or_keep(decided, |work| {
                let incoming = work.incoming(taken);
                work.keep_undecided(taken.request(), &incoming).map(Some)
            })?;
            outcomes.extend(decided);
        }
        Ok(outcomes)
    }

    /// A request that met a defect: its raw text is kept.
    fn or_keep<T>(
        &mut self,
        stored: StoreResult<T>,
        keep: impl Fn(&mut Work<'_>) -> Sql<T>,
    ) -> StoreResult<T> {
        match stored {
            Err(StoreError::Unavailable { .. }) | Ok(_) => stored,
            Err(error) => {
                tracing::error!(%error, "a request could not be decided; keeping its raw text");
                self.commit(keep)
            }
        }
    }

    /// Stores a request and those that wait behind it, up to a full batch, in one transaction.
    /// Returns the job that ended the batch, if one did.
    fn batch(&mut self, first: Waiting, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
        let mut batch = vec![first];
        let other = take_more(&mut batch, queue);
        let stored = self.commit(|work| -> Sql<_> {
            let mut outcomes = Vec::with_capacity(batch.len());
            for (incoming, _) in &batch {
                let request = work.next_request();
                outcomes.push(work.store(request, incoming)?);
            }
            Ok(outcomes)
        });
        self.shared
            .queued
            .store(queue.len() as u64, Ordering::Relaxed);
        match stored {
            Ok(outcomes) => {
                self.tell(&outcomes);
                self.runtime
                    .spawn(async move { answer(&mut batch, &outcomes) });
            }
            Err(error) => self.failed(batch, &error),
        }
        other
    }

    /// A batch that was not stored: it passes by itself, or one of its requests met a defect.
    fn failed(&mut self, batch: Vec<Waiting>, error: &StoreError) {
        if matches!(error, StoreError::Unavailable { .. }) {
            for (_, answer) in batch {
                // A client that went away has nothing to read.
                let _ = answer.send(Err(error.clone()));
            }
            return;
        }
        tracing::error!(%error, "a batch failed; storing its requests one by one");
        for (incoming, answer) in batch {
            let stored = self.commit(|work| {
                let request = work.next_request();
                work.store(request, &incoming)
            });
            let stored = self.or_keep(stored, |work| {
                let request = work.next_request();
                work.keep_undecided(request, &incoming)
            });
            let _ = answer.send(stored);
        }
    }

    fn command(&mut self, mut command: Box<dyn Command>) {
        let committed = self.commit(|work| command.run(work));
        command.answer(committed);
    }

    fn commit<T, E: Into<StoreError>>(
        &mut self,
        mut body: impl FnMut(&mut Work<'_>) -> Result<T, E>,
    ) -> StoreResult<T> {
        self.transact(|_, work| body(work))
    }

    /// One transaction: the work, then its roll-ups, then the commit. One that lost a race against
    /// another node's is run again.
    fn transact<T, E: Into<StoreError>>(
        &mut self,
        mut body: impl FnMut(&dyn WriteSession, &mut Work<'_>) -> Result<T, E>,
    ) -> StoreResult<T> {
        let mut set_up_changed = false;
        let connected = self.connect();
        let connects = connected.is_ok();
        let mut result = connected.and_then(|()| Err(closed()));
        for _ in 0..if connects { TRIES } else { 0 } {
            set_up_changed = false;
            result = self.attempt(&mut body, &mut set_up_changed);
            if result.is_ok() || !self.session.lost_race() {
                break;
            }
        }
        let unavailable = matches!(result, Err(StoreError::Unavailable { .. }));
        if unavailable && connects {
            // What could not be used may be there on a new connection, or on another host.
            let _ = self.reopen();
        }
        let shared = &self.shared;
        if unavailable != shared.failing.swap(unavailable, Ordering::Relaxed) {
            if let Err(error) = &result {
                tracing::error!(%error, "cannot store; answering 503 until it passes");
            } else {
                tracing::info!("storing again");
            }
        }
        if result.is_ok()
            && set_up_changed
            && let Err(error) = shared.reload(self.session.session(), &*self.database)
        {
            tracing::error!(%error, "cannot read the set-up again");
        }
        result
    }

    /// A connection that can be used, and the set-up that the database has. One that could not be made is
    /// not tried again for a moment: who waits is told at once.
    fn connect(&mut self) -> StoreResult<()> {
        if !self.session.is_open() {
            if let Some((at, error)) = &self.refused
                && at.elapsed() < RETRY
            {
                return Err(error.clone());
            }
            self.reopen()?;
        }
        if self.shared.kept.load(Ordering::Relaxed) {
            let sql = self.session.session();
            self.ids.resume_after(last_id(sql)?);
            self.shared.reload(sql, &*self.database)?;
            self.shared.kept.store(false, Ordering::Relaxed);
            tracing::info!("the database is there: deciding what was accepted without it");
        }
        Ok(())
    }

    fn reopen(&mut self) -> StoreResult<()> {
        let opened = self.session.reopen().map_err(|error| match error {
            StoreError::Unavailable { .. } => error,
            // A person has to change something there: what is accepted waits for it.
            other => StoreError::Unavailable {
                reason: other.to_string(),
            },
        });
        let before = self.refused.take();
        if let Err(error) = &opened {
            if before.is_none_or(|(_, known)| known != *error) {
                tracing::warn!(%error, "cannot connect to the database; it is tried every second");
            }
            self.refused = Some((Instant::now(), error.clone()));
        }
        opened
    }

    fn attempt<T, E: Into<StoreError>>(
        &mut self,
        body: &mut impl FnMut(&dyn WriteSession, &mut Work<'_>) -> Result<T, E>,
        set_up_changed: &mut bool,
    ) -> StoreResult<T> {
        let now = self.shared.clock.now();
        let mut deltas = Deltas::at(now);
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.session.begin()?;
            let sql = self.session.session();
            self.ids.belong_to(self.numbers.of_writer());
            let mut work = Work {
                sql,
                ids: &mut self.ids,
                deltas: &mut deltas,
                snapshot: self.shared.snapshot.load_full(),
                now,
                set_up_changed,
            };
            let value = body(&*self.session, &mut work).map_err(Into::into)?;
            if *work.set_up_changed {
                self.session.announce_set_up()?;
            }
            seals::carry(sql, deltas.take_past())?;
            let slot = self.numbers.slot();
            sql.add_sums(Sums::Rollups { slot }, &deltas.take())?;
            self.session.commit()?;
            self.shared.commits.fetch_add(1, Ordering::Relaxed);
            Ok(value)
        }))
        .unwrap_or_else(|_| {
            Err(StoreError::Internal(
                "the writer panicked; see the log".to_owned(),
            ))
        });
        if result.is_err()
            && let Err(error) = self.session.roll_back()
        {
            tracing::warn!(%error, "cannot take a transaction back; connecting anew");
            // An error of this is the next transaction's matter.
            let _ = self.reopen();
        }
        result
    }

    /// Requests are stored: counts them and tells live pages.
    fn tell(&self, outcomes: &[Outcome]) {
        self.database.tell(outcomes);
        let somebody = self.shared.live.receiver_count() > 0;
        for outcome in outcomes {
            let place = Verdict::ALL
                .iter()
                .position(|verdict| *verdict == outcome.verdict);
            if let Some(counter) = place.and_then(|place| self.shared.verdicts.get(place)) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            if somebody {
                // The last page may just have been closed.
                let _ = self.shared.live.send(outcome.request);
            }
        }
    }
}

/// What waiting for work came to.
enum Waited {
    Job(Job),
    Decide,
    Closed,
}

/// Adds what waits to the batch. Returns a job that is no postback: it ends the batch.
fn take_more(batch: &mut Vec<Waiting>, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
    while batch.len() < BATCH {
        match queue.try_recv() {
            Ok(Job::Postback { incoming, answer }) => batch.push((incoming, answer)),
            Ok(other) => return Some(other),
            Err(_) => break,
        }
    }
    None
}

fn answer(batch: &mut Vec<Waiting>, outcomes: &[Outcome]) {
    for ((_, answer), outcome) in batch.drain(..).zip(outcomes) {
        // A client that went away has nothing to read; its request is stored.
        let _ = answer.send(Ok(*outcome));
    }
}
