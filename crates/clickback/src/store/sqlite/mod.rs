//! The store on SQLite: one writer thread, a paced checkpointer, and read-only connections.

mod apply;
mod change;
mod check;
mod checkpoint;
mod connect;
mod crm;
mod events;
mod facts;
mod field_changes;
mod fields;
mod imports;
mod inbox;
mod lead_list;
mod leads;
mod links;
mod merge;
pub mod migrate;
mod people;
mod pulse;
mod reports;
mod reprocess;
mod rollups;
mod rows;
mod separate;
mod set_up;
mod snapshot;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use clickback_core::ids::{IdSequence, IntegrationId};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

use crate::clock::Clock;

use super::integrations::{Integration, SetUpStore as _};
use super::journal::{self, Journal};
use super::{StoreError, StoreResult};
use apply::Work;
use connect::{open_reader, open_writer};
use rows::db;
use writer::{Job, Shared, Writer};

/// Name of the database file in the data directory.
pub const FILE_NAME: &str = "clickback.db";
/// Name of the journal's directory in the data directory.
const JOURNAL_DIRECTORY: &str = "journal";
/// SQLite before this has a rare corruption when two connections check-point (its release notes).
const OLDEST_SQLITE: i32 = 3_051_003;
/// A read that takes longer is ended: it would keep the write-ahead file from starting anew.
const LONGEST_READ: Duration = Duration::from_secs(20);
/// Idle read connections that are kept.
const READERS: usize = 4;

/// How to open it.
#[derive(Clone)]
pub struct Options {
    /// Requests that may wait for the disk; more are answered 503.
    pub queue: usize,
    /// Bytes of accepted requests that may wait to be decided; beyond, requests are answered 503.
    /// None: this process only visits, and another one may be accepting requests.
    pub journal: Option<u64>,
    pub clock: Arc<dyn Clock>,
    /// Answer before the sync. Only the negative control of the crash test sets it.
    pub answer_early: bool,
}

/// The store.
pub struct Sqlite {
    path: PathBuf,
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    journal: Option<Journal>,
    readers: Mutex<Vec<Connection>>,
    reading: Semaphore,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens or makes the database in `data_dir`, migrates it and starts the writer. Must be called
    /// inside a tokio runtime: answers are given in it.
    pub fn open(data_dir: &Path, options: Options) -> StoreResult<Arc<Sqlite>> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::Internal(format!(
                "SQLite {} is too old, 3.51.3 is the oldest that is safe here",
                rusqlite::version()
            )));
        }
        std::fs::create_dir_all(data_dir).map_err(|error| StoreError::Invalid {
            message: format!(
                "cannot make the data directory {}: {error}",
                data_dir.display()
            ),
        })?;
        let path = data_dir.join(FILE_NAME);
        let mut connection = open_writer(&path)?;
        migrate::migrate(&mut connection)?;
        // The journal and the writer number on their own, as two nodes would.
        let (mut ids, mut accepted_ids) = (IdSequence::new(0), IdSequence::new(1));
        for table in [
            "inbox",
            "leads",
            "event_changes",
            "lead_notes",
            "lead_changes",
            "imports",
        ] {
            let last: Option<i64> = connection
                .query_row(&format!("SELECT max(id) FROM {table}"), [], |row| {
                    row.get(0)
                })
                .map_err(db)?;
            ids.resume_after(last.unwrap_or(0));
            accepted_ids.resume_after(last.unwrap_or(0));
        }
        let (live, _) = broadcast::channel(1_024);
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::from_pointee(snapshot::read(&connection).map_err(db)?),
            live,
            queued: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            verdicts: Default::default(),
            failing: AtomicBool::new(false),
            clock: Arc::clone(&options.clock),
        });
        let (queue, jobs) = mpsc::channel(options.queue);
        let (journal, tail) = match options.journal {
            None => (None, None),
            Some(limit) => {
                let nudged = queue.clone();
                let options = journal::Options {
                    queue: options.queue,
                    limit,
                    clock: options.clock,
                    answer_early: options.answer_early,
                    // A full queue needs no nudge: the writer looks at the journal after each job.
                    wake: Arc::new(move || drop(nudged.try_send(Job::Journal))),
                };
                let directory = data_dir.join(JOURNAL_DIRECTORY);
                let (journal, tail) = Journal::open(&directory, accepted_ids, options)?;
                // What was found there is decided at once.
                drop(queue.try_send(Job::Journal));
                (Some(journal), Some(tail))
            }
        };
        let (pacer, checkpointer) = checkpoint::pair();
        let checkpoint_connection = open_writer(&path)?;
        let writer = Writer {
            path: path.clone(),
            connection,
            ids,
            shared: Arc::clone(&shared),
            pacer,
            runtime: Handle::current(),
            journal: tail,
        };
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(body)
                .map_err(|error| {
                    StoreError::Internal(format!("cannot start the {name} thread: {error}"))
                })
        };
        let threads = vec![
            spawn("writer", Box::new(move || writer.run(jobs)))?,
            spawn(
                "checkpointer",
                Box::new(move || checkpointer.run(&checkpoint_connection)),
            )?,
        ];
        Ok(Arc::new(Sqlite {
            path,
            queue,
            shared,
            journal,
            readers: Mutex::new(Vec::new()),
            reading: Semaphore::new(READERS),
            threads: Mutex::new(threads),
        }))
    }

    /// Runs a read on a read-only connection, off the async threads. What was accepted before is
    /// decided by then, unless a flood is being worked off.
    async fn read<T, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        if let Some(journal) = &self.journal {
            journal.settle_for_a_read().await;
        }
        self.read_at_once(body).await
    }

    /// The same without waiting.
    async fn read_at_once<T, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let _turn = self.reading.acquire().await.map_err(|_| closed())?;
        let kept = self.readers.lock().map_err(|_| closed())?.pop();
        let path = self.path.clone();
        let (connection, result) = tokio::task::spawn_blocking(move || {
            let mut connection = match kept {
                Some(connection) => connection,
                None => match open_reader(&path) {
                    Ok(connection) => connection,
                    Err(error) => return (None, Err(error)),
                },
            };
            let begun = Instant::now();
            // Steps between two looks at the clock: often enough, and not felt.
            let limited =
                connection.progress_handler(20_000, Some(move || begun.elapsed() > LONGEST_READ));
            let result = limited.map_err(db).and_then(|()| body(&connection));
            (Some(connection), result)
        })
        .await
        .map_err(|error| StoreError::Internal(format!("a read panicked: {error}")))?;
        if let Some(connection) = connection
            && let Ok(mut readers) = self.readers.lock()
        {
            readers.push(connection);
        }
        result
    }

    /// Runs a write in its own transaction on the writer and waits for the commit.
    async fn write<T, F>(&self, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> StoreResult<T> + Send + 'static,
    {
        let (value_sender, value) = oneshot::channel();
        let (done, committed) = oneshot::channel();
        let run = Box::new(move |work: &mut Work<'_>| {
            let value = body(work)?;
            let _ = value_sender.send(value);
            Ok(())
        });
        self.queue
            .send(Job::Command { run, done })
            .await
            .map_err(|_| closed())?;
        committed.await.map_err(|_| closed())??;
        value.await.map_err(|_| closed())
    }

    /// Looks at the database's own figures; used by tests and `check`.
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
    }
}

fn wal_path(database: &Path) -> PathBuf {
    let mut wal = database.to_owned().into_os_string();
    wal.push("-wal");
    PathBuf::from(wal)
}

fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closing".to_owned(),
    }
}

impl Sqlite {
    fn integration(&self, id: IntegrationId) -> StoreResult<Integration> {
        let snapshot = self.snapshot();
        let found = snapshot.by_id.get(&id).ok_or(StoreError::NotFound {
            what: "integration",
        })?;
        Ok(Integration::clone(found))
    }
}
