//! The journal of accepted requests: appended and synced before the answer leaves, decided right
//! after by the store's writer. A burst is as fast as a file can be appended to; every rule stays in
//! the database's transaction. What was not decided before a crash is decided at the next start.

mod entry;
mod files;
mod tail;

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use clickback_core::ids::{IdSequence, RequestId};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::store::inbox::Incoming;
use crate::store::numbers::Numbers;
use crate::store::{StoreError, StoreResult};

use files::{Appender, Place, Reader};
pub(in crate::store) use tail::{Tail, Taken};

/// Entries of one write and sync at most.
const BATCH: usize = 1_024;
/// Requests stay in memory for the writer while less than so many bytes wait to be decided; what comes
/// beyond is read back from the file.
const FRESH_BYTES: u64 = 1_024 * 1_024;
/// How long a read waits for what was accepted before it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to open it.
pub(in crate::store) struct Options {
    /// Requests that may wait to be appended.
    pub(in crate::store) queue: usize,
    /// Bytes that may wait to be decided; beyond, requests are answered 503.
    pub(in crate::store) limit: u64,
    /// The number of this process.
    pub(in crate::store) numbers: Arc<Numbers>,
    pub(in crate::store) clock: Arc<dyn Clock>,
    /// Answer before the sync. Only the negative control of the crash test sets it.
    pub(in crate::store) answer_early: bool,
    /// Wakes the writer.
    pub(in crate::store) wake: Wake,
}

/// Wakes the writer: there is something to decide.
pub(in crate::store) type Wake = Arc<dyn Fn() + Send + std::marker::Sync>;

/// An accepted request on its way to the writer.
struct Fresh {
    /// Its number among all entries since the start.
    number: u64,
    request: RequestId,
    incoming: Box<Incoming>,
    /// Where the entry after it begins.
    end: Place,
    bytes: u64,
}

/// What the writer has not taken yet, as far as it is kept in memory.
struct Recent {
    fresh: VecDeque<Fresh>,
    /// Behind the newest entry.
    end: Place,
}

/// What the appending side and the deciding side tell each other.
struct Shared {
    directory: PathBuf,
    /// Entries on disk since the start, those found at the start included.
    accepted: AtomicU64,
    accepted_bytes: AtomicU64,
    /// The newest segment.
    newest: AtomicU64,
    /// Entries that are decided and committed.
    decided: watch::Sender<u64>,
    /// Somebody waits for this many entries to be decided.
    wanted: AtomicU64,
    decided_bytes: AtomicU64,
    recent: Mutex<Recent>,
}

impl Shared {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        // Nothing under this lock can panic half-way.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn backlog_bytes(&self) -> u64 {
        let accepted = self.accepted_bytes.load(Ordering::Acquire);
        accepted.saturating_sub(self.decided_bytes.load(Ordering::Acquire))
    }
}

/// Work for the appending thread.
enum Job {
    Append(Asked),
    Stop,
}

/// A request and where its answer goes.
struct Asked {
    /// Its entry, without a number.
    entry: Vec<u8>,
    /// The request as it was judged, where the writer is to have it from memory.
    incoming: Option<Box<Incoming>>,
    answer: Answer,
}

type Answer = oneshot::Sender<StoreResult<RequestId>>;

/// A journal's directory that no other process has.
pub(in crate::store) struct Held {
    directory: PathBuf,
    lock: File,
}

impl Held {
    /// Takes the directory: no other process may accept requests there.
    pub(in crate::store) fn take(directory: &Path) -> StoreResult<Held> {
        let unavailable = |error: std::io::Error| broken(directory, &error);
        std::fs::create_dir_all(directory).map_err(unavailable)?;
        let lock = File::create(directory.join("lock")).map_err(unavailable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Held {
                directory: directory.to_owned(),
                lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Invalid {
                message: format!(
                    "another Clickback serves {}: stop it first, or name another data directory",
                    directory.parent().unwrap_or(directory).display()
                ),
            }),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }
}

fn broken(directory: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable {
        reason: format!("the journal in {}: {error}", directory.display()),
    }
}

/// The accepting side.
pub(in crate::store) struct Journal {
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    wake: Wake,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// No other process accepts requests in this directory.
    lock: Mutex<Option<File>>,
}

impl Journal {
    /// Opens the journal in its directory. Entries of the last run are handed out by the [`Tail`] first.
    pub(in crate::store) fn open(
        held: Held,
        mut ids: IdSequence,
        options: Options,
    ) -> StoreResult<(Journal, Tail)> {
        let directory = held.directory.as_path();
        let unavailable = |error: std::io::Error| broken(directory, &error);
        let segments = files::segments(directory).map_err(unavailable)?;
        let first = segments.first().copied().unwrap_or(1);
        let last = segments.last().copied();
        let begin = Place {
            segment: first,
            offset: 0,
        };
        let mut reader = Reader::at(directory, begin);
        let (mut found, mut bytes) = (0, 0);
        if let Some(last) = last {
            let mut before = begin;
            while let Some(entry) = reader.next(last).map_err(unavailable)? {
                found += 1;
                let place = reader.place();
                bytes += if place.segment == before.segment {
                    place.offset - before.offset
                } else {
                    place.offset
                };
                before = place;
                ids.resume_after(entry.request.0);
            }
        }
        let segment = last.map_or(first, |last| last + 1);
        let appender = Appender::begin(directory, segment).map_err(unavailable)?;
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            accepted: AtomicU64::new(found),
            accepted_bytes: AtomicU64::new(bytes),
            newest: AtomicU64::new(segment),
            decided: watch::Sender::new(0),
            wanted: AtomicU64::new(0),
            decided_bytes: AtomicU64::new(0),
            recent: Mutex::new(Recent {
                fresh: VecDeque::new(),
                end: Place { segment, offset: 0 },
            }),
        });
        if found > 0 {
            tracing::info!(
                requests = found,
                "deciding accepted requests of the last run"
            );
        }
        let tail = Tail::new(Arc::clone(&shared), begin, found);
        let (queue, requests) = mpsc::channel(options.queue);
        let wake = Arc::clone(&options.wake);
        let worker = Worker {
            shared: Arc::clone(&shared),
            appender,
            ids,
            runtime: Handle::current(),
            options,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || worker.run(requests))
            .map_err(unavailable)?;
        let journal = Journal {
            queue,
            shared,
            wake,
            thread: Mutex::new(Some(thread)),
            lock: Mutex::new(Some(held.lock)),
        };
        Ok((journal, tail))
    }

    /// Keeps a request; returns after it is on disk.
    pub(in crate::store) async fn append(&self, incoming: Incoming) -> StoreResult<RequestId> {
        let (answer, answered) = oneshot::channel();
        let entry = entry::encode(incoming.integration.id, incoming.received_at, &incoming.raw);
        // In a flood it ends here: what is let go where it was made costs the least.
        let is_flood = self.shared.backlog_bytes() >= FRESH_BYTES;
        let asked = Asked {
            entry,
            incoming: (!is_flood).then(|| Box::new(incoming)),
            answer,
        };
        self.queue
            .try_send(Job::Append(asked))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => unavailable("too many requests are waiting"),
                mpsc::error::TrySendError::Closed(_) => unavailable("the store is closing"),
            })?;
        answered
            .await
            .map_err(|_| unavailable("the store is closing"))?
    }

    /// Requests that are accepted and not decided yet.
    pub(in crate::store) fn backlog(&self) -> u64 {
        let accepted = self.shared.accepted.load(Ordering::Acquire);
        accepted.saturating_sub(*self.shared.decided.borrow())
    }

    /// Waits until all that was accepted before now is decided; true when it is.
    pub(in crate::store) async fn settle(&self, patience: Duration) -> bool {
        let accepted = self.shared.accepted.load(Ordering::Acquire);
        if *self.shared.decided.borrow() >= accepted {
            return true;
        }
        self.shared.wanted.fetch_max(accepted, Ordering::AcqRel);
        (self.wake)();
        let mut decided = self.shared.decided.subscribe();
        let reached = decided.wait_for(|decided| *decided >= accepted);
        tokio::time::timeout(patience, reached)
            .await
            .is_ok_and(|reached| reached.is_ok())
    }

    /// A short [`Journal::settle`]: what was answered is read back, unless a flood is being worked off.
    pub(in crate::store) async fn settle_for_a_read(&self) {
        self.settle(PATIENCE).await;
    }

    /// Appends what waits, then takes nothing more.
    pub(in crate::store) async fn close(&self) {
        // A closed queue is what is wanted.
        let _ = self.queue.send(Job::Stop).await;
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && !matches!(
                tokio::task::spawn_blocking(move || thread.join()).await,
                Ok(Ok(()))
            )
        {
            tracing::error!("the journal's thread panicked");
        }
    }

    /// Lets go of the directory: nothing in this process reads or writes there any more.
    pub(in crate::store) fn release(&self) {
        drop(self.lock.lock().ok().and_then(|mut lock| lock.take()));
    }
}

fn unavailable(reason: &str) -> StoreError {
    StoreError::Unavailable {
        reason: reason.to_owned(),
    }
}

/// The appending thread: takes what waits, writes it in one piece, syncs, answers. No timer.
struct Worker {
    shared: Arc<Shared>,
    appender: Appender,
    ids: IdSequence,
    /// Answers are given inside the runtime: one wake-up for a batch instead of one for each.
    runtime: Handle,
    options: Options,
}

impl Worker {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH);
        let mut bytes = Vec::new();
        while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
            // Where the processor is busy with requests, those that are about to come go along.
            std::thread::yield_now();
            while jobs.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
            let mut batch = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Append(asked) => batch.push(asked),
                    // What was sent before the stop is still taken.
                    Job::Stop => queue.close(),
                }
            }
            if !batch.is_empty() {
                self.keep(batch, &mut bytes);
            }
        }
    }

    fn keep(&mut self, batch: Vec<Asked>, bytes: &mut Vec<u8>) {
        if self.shared.backlog_bytes() > self.options.limit {
            let answers = batch.into_iter().map(|asked| asked.answer);
            refuse(answers, "too many accepted requests wait to be decided");
            return;
        }
        let now = self.options.clock.now();
        if !self.options.numbers.are_ours(now) {
            let answers = batch.into_iter().map(|asked| asked.answer);
            refuse(
                answers,
                "the database was away for so long that the number of this node may be another's",
            );
            return;
        }
        self.ids.belong_to(self.options.numbers.of_journal());
        bytes.clear();
        let mut kept = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for mut asked in batch {
            let request = RequestId(self.ids.next(now.millis()));
            entry::complete(&mut asked.entry, request);
            bytes.extend_from_slice(&asked.entry);
            kept.push((request, asked.incoming, asked.entry.len()));
            answers.push((request, asked.answer));
        }
        if self.options.answer_early {
            give(answers.drain(..));
            linger();
        }
        let written = self
            .appender
            .next_place()
            .and_then(|place| self.appender.append(bytes).map(|()| place));
        match written {
            Ok(place) => {
                self.hand_over(place, kept);
                self.runtime.spawn(async move { give(answers.into_iter()) });
            }
            Err(error) => {
                tracing::error!(%error, "cannot keep requests; answering 503 until it passes");
                refuse(
                    answers.into_iter().map(|(_, answer)| answer),
                    &error.to_string(),
                );
            }
        }
    }

    /// Entries are on disk: the writer may take them, from memory as far as they are there.
    fn hand_over(&self, mut place: Place, kept: Vec<(RequestId, Option<Box<Incoming>>, usize)>) {
        let shared = &self.shared;
        let mut number = shared.accepted.load(Ordering::Acquire);
        let mut total = 0;
        let mut recent = shared.recent();
        for (request, incoming, bytes) in kept {
            let bytes = bytes as u64;
            place.offset += bytes;
            total += bytes;
            if let Some(incoming) = incoming {
                recent.fresh.push_back(Fresh {
                    number,
                    request,
                    incoming,
                    end: place,
                    bytes,
                });
            }
            number += 1;
        }
        recent.end = place;
        drop(recent);
        shared.newest.store(place.segment, Ordering::Release);
        shared.accepted_bytes.fetch_add(total, Ordering::AcqRel);
        shared.accepted.store(number, Ordering::Release);
        (self.options.wake)();
    }
}

fn refuse(answers: impl Iterator<Item = Answer>, reason: &str) {
    for answer in answers {
        // A client that went away has nothing to read.
        let _ = answer.send(Err(unavailable(reason)));
    }
}

fn give(answers: impl Iterator<Item = (RequestId, Answer)>) {
    for (request, answer) in answers {
        // A client that went away has nothing to read; its request is kept.
        let _ = answer.send(Ok(request));
    }
}

/// For the crash test's negative control: wide enough for a kill to fall between answer and sync.
fn linger() {
    for _ in 0..64 {
        std::thread::yield_now();
    }
}
