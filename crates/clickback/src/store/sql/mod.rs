//! The store on a database that speaks SQL: one writer thread, reads on connections of their own, and
//! the statements by topic. What a database does in its own way is behind [`Database`] and [`session`].

pub(super) mod apply;
pub(super) mod change;
mod check;
mod crm;
mod events;
mod facts;
mod field_changes;
mod fields;
pub(super) mod flagged;
mod imports;
pub(super) mod inbox;
pub(super) mod lead_list;
mod leads;
pub(super) mod ledger;
mod links;
mod merge;
pub(super) mod names;
mod nodes;
mod pace;
mod people;
mod pulse;
mod reports;
mod reprocess;
pub(super) mod rollups;
pub(super) mod rows;
mod seals;
mod separate;
pub(super) mod session;
mod set_up;
pub(super) mod snapshot;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use clickback_core::ids::{IdSequence, IntegrationId, RequestId, lowest_id_at};
use clickback_core::moment::Moment;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

use super::inbox::Outcome;
use super::integrations::{Integration, SetUpStore as _};
use super::journal::{self, Held, Journal};
use super::numbers::Numbers;
use super::{Options, StoreError, StoreResult};
use apply::Work;
use session::{Session, Sql, Turn, WriteSession};
use snapshot::SetUp;
use writer::{Asked, Job, Shared, Writer};

/// How long a read waits for its turn: in a queue in front of a database that hangs nobody stands for
/// long.
const QUEUEING: Duration = Duration::from_secs(10);

/// Niceness of the store's own threads: about a tenth of the processor where answering needs all of it.
#[cfg(target_os = "linux")]
const GIVES_WAY: i32 = 10;

/// A database as the store uses it, besides the writer's connection.
pub(super) trait Database: Send + Sync {
    /// How many reads may run at once.
    fn readers(&self) -> usize;
    /// Runs a read on a connection that only reads; one that takes far too long is ended.
    fn read(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()>;
    /// The same for reads that walk everything.
    fn read_for_long(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()>;
    /// Bytes of the database and of its write-ahead file, as far as they are known.
    fn sizes(&self, sql: &dyn Session) -> Sql<(u64, u64)>;
    /// Keeps the set-up that was just read, where a start without the database needs it.
    fn keep(&self, _set_up: &SetUp) {}
    /// Tells other nodes what was stored.
    fn tell(&self, _outcomes: &[Outcome]) {}
    /// Closes connections that are kept. So many accepted requests are left for the next run.
    fn close(&self, undecided: u64);
}

/// An open database, to build the store on.
pub(super) struct Opened {
    pub(super) database: Arc<dyn Database>,
    pub(super) writer: Box<dyn WriteSession>,
    /// The number of this process among all that write.
    pub(super) numbers: Arc<Numbers>,
    /// The journal's directory, where this process accepts requests.
    pub(super) journal: Option<Held>,
    /// Threads that end when the writer does.
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) first: FirstReading,
}

/// What is read before the store starts.
pub(super) struct FirstReading {
    /// The highest number that was given so far.
    last_id: i64,
    set_up: SetUp,
    /// It was kept from the last run, because the database is away.
    kept: bool,
}

impl FirstReading {
    /// Reads it on the writer's connection.
    pub(super) fn of(sql: &dyn Session) -> Sql<FirstReading> {
        Ok(FirstReading {
            last_id: last_id(sql)?,
            set_up: snapshot::read(sql)?,
            kept: false,
        })
    }

    /// What the last run kept: all ids up to a moment may have been given.
    pub(super) fn kept(set_up: SetUp, until: Moment) -> FirstReading {
        FirstReading {
            last_id: lowest_id_at(until.millis()),
            set_up,
            kept: true,
        }
    }
}

/// The store.
pub struct SqlStore {
    database: Arc<dyn Database>,
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    journal: Option<Journal>,
    numbers: Arc<Numbers>,
    reading: Arc<Semaphore>,
    /// Where the last sweep of waiting requests ended, if more wait behind that.
    swept: Mutex<Option<inbox::Awaited>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqlStore {
    /// Starts the writer on an open, migrated database. Must be called inside a tokio runtime: answers
    /// are given in it.
    pub(super) fn start(opened: Opened, options: &Options) -> StoreResult<Arc<SqlStore>> {
        let Opened {
            database,
            writer: session,
            numbers,
            journal: held,
            mut threads,
            first,
        } = opened;
        let mut ids = IdSequence::new(numbers.of_writer());
        let mut accepted_ids = IdSequence::new(numbers.of_journal());
        ids.resume_after(first.last_id);
        accepted_ids.resume_after(first.last_id);
        let (live, _) = broadcast::channel(1_024);
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::from_pointee(first.set_up.compile()),
            kept: AtomicBool::new(first.kept),
            reloading: Mutex::new(()),
            live,
            queued: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            verdicts: Default::default(),
            failing: AtomicBool::new(first.kept),
            clock: Arc::clone(&options.clock),
        });
        let (queue, jobs) = mpsc::channel(options.queue);
        if !first.kept {
            database.keep(&first.set_up);
        }
        let (journal, tail) = match held.zip(options.journal) {
            None => (None, None),
            Some((held, limit)) => {
                let nudged = queue.clone();
                let options = journal::Options {
                    queue: options.queue,
                    limit,
                    numbers: Arc::clone(&numbers),
                    clock: Arc::clone(&options.clock),
                    answer_early: options.answer_early,
                    // A full queue needs no nudge: the writer looks at the journal after each job.
                    wake: Arc::new(move || drop(nudged.try_send(Job::Journal))),
                };
                let (journal, tail) = Journal::open(held, accepted_ids, options)?;
                // What was found there is decided at once.
                drop(queue.try_send(Job::Journal));
                (Some(journal), Some(tail))
            }
        };
        let writer = Writer {
            session,
            database: Arc::clone(&database),
            numbers: Arc::clone(&numbers),
            ids,
            refused: None,
            shared: Arc::clone(&shared),
            runtime: Handle::current(),
            journal: tail,
        };
        threads.push(spawn("writer", move || writer.run(jobs))?);
        Ok(Arc::new(SqlStore {
            reading: Arc::new(Semaphore::new(database.readers())),
            database,
            queue,
            shared,
            journal,
            numbers,
            swept: Mutex::default(),
            threads: Mutex::new(threads),
        }))
    }

    /// Reads the set-up again: another node changed it.
    pub(super) async fn reload(&self) -> StoreResult<()> {
        let (shared, database) = (Arc::clone(&self.shared), Arc::clone(&self.database));
        self.read_at_once(move |sql| shared.reload(sql, &*database))
            .await
    }

    /// Another node stored a request: live pages of this one are told.
    pub(super) fn stored_elsewhere(&self, request: RequestId) {
        // Nobody may be looking.
        let _ = self.shared.live.send(request);
    }

    /// Runs a read, off the async threads. What was accepted before is decided by then, unless a flood
    /// is being worked off.
    async fn read<T, E, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnOnce(&dyn Session) -> Result<T, E> + Send + 'static,
    {
        if let Some(journal) = &self.journal {
            journal.settle_for_a_read().await;
        }
        self.read_at_once(body).await
    }

    /// The same without waiting.
    async fn read_at_once<T, E, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnOnce(&dyn Session) -> Result<T, E> + Send + 'static,
    {
        let reading = Arc::clone(&self.reading);
        let turn = tokio::time::timeout(QUEUEING, reading.acquire_owned()).await;
        let turn = turn.map_err(|_| StoreError::Unavailable {
            reason: "too many reads wait for the database".to_owned(),
        })?;
        let turn = turn.map_err(|_| closed())?;
        let database = Arc::clone(&self.database);
        // The turn ends with the read, also where nobody waits for it any more.
        let read = move |run: &mut dyn FnMut(&dyn Session)| {
            let _turn = turn;
            database.read(run)
        };
        off_thread(body, read).await
    }

    /// Runs a read that walks everything.
    async fn read_for_long<T, E, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnOnce(&dyn Session) -> Result<T, E> + Send + 'static,
    {
        let database = Arc::clone(&self.database);
        off_thread(body, move |run| database.read_for_long(run)).await
    }

    /// Runs a write in its own transaction on the writer and waits for the commit. It may run more than
    /// once: what did not commit is taken back whole.
    async fn write<T, E, F>(&self, mut body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnMut(&mut Work<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let command = Asked::new(move |work| body(work).map_err(Into::into), answer);
        self.queue
            .send(Job::Command(Box::new(command)))
            .await
            .map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// The same for work that one node at a time does.
    async fn write_in_turn<T, E, F>(&self, turn: Turn, mut body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        E: Into<StoreError>,
        F: FnMut(&mut Work<'_>) -> Result<T, E> + Send + 'static,
    {
        self.write(move |work| {
            work.sql.take_turn(turn)?;
            body(work).map_err(Into::into)
        })
        .await
    }

    fn integration(&self, id: IntegrationId) -> StoreResult<Integration> {
        let snapshot = self.snapshot();
        let found = snapshot.by_id.get(&id).ok_or(StoreError::NotFound {
            what: "integration",
        })?;
        Ok(Integration::clone(found))
    }
}

/// Runs a read on a thread that may block.
async fn off_thread<T, E>(
    body: impl FnOnce(&dyn Session) -> Result<T, E> + Send + 'static,
    on: impl FnOnce(&mut dyn FnMut(&dyn Session)) -> StoreResult<()> + Send + 'static,
) -> StoreResult<T>
where
    T: Send + 'static,
    E: Into<StoreError>,
{
    let read = tokio::task::spawn_blocking(move || {
        let (mut body, mut result) = (Some(body), None);
        on(&mut |sql| result = body.take().map(|body| body(sql).map_err(Into::into)))?;
        result.unwrap_or_else(|| Err(closed()))
    });
    read.await
        .map_err(|error| StoreError::Internal(format!("a read panicked: {error}")))?
}

pub(super) fn last_id(sql: &dyn Session) -> Sql<i64> {
    let tables = [
        "inbox",
        "leads",
        "event_changes",
        "lead_notes",
        "lead_changes",
        "imports",
    ];
    let mut last = 0;
    for table in tables {
        let text = format!("SELECT max(id) FROM {table}");
        let highest: Option<i64> = sql.one(&text, &[], |row| row.get(0))?;
        last = last.max(highest.unwrap_or(0));
    }
    Ok(last)
}

/// Starts a thread of the store. It gives way to threads that answer: who sent a postback waits for the
/// answer, and nobody waits for the decision.
pub(super) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> StoreResult<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Elsewhere niceness belongs to the whole program.
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::nice(GIVES_WAY) {
                tracing::debug!(%error, "a store thread keeps its priority");
            }
            body();
        })
        .map_err(|error| StoreError::Internal(format!("cannot start the {name} thread: {error}")))
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closing".to_owned(),
    }
}
