//! The store on SQLite: one writer thread, a paced checkpointer, and read-only connections.

mod apply;
mod change;
mod check;
mod checkpoint;
mod events;
mod fields;
mod inbox;
mod leads;
pub mod migrate;
mod rollups;
mod rows;
mod set_up;
mod snapshot;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use clickback_core::event::Status;
use clickback_core::ids::{
    ConfigurationId, EventId, FieldId, IdSequence, IntegrationId, LeadId, LinkId, RequestId,
    TokenId, WorkspaceId,
};
use clickback_core::rules::CustomEvent;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use uuid::Uuid;

use crate::clock::Clock;

use super::check::{CheckReport, Health};
use super::events::{Event, EventChange, EventFilter};
use super::inbox::{
    Incoming, Outcome, ReprocessFilter, ReprocessReport, Request, RequestFilter, RequestSummary,
};
use super::integrations::{
    Configuration, CustomField, Integration, IntegrationPatch, NewConfiguration, NewField,
    NewIntegration, NewLink, RegistrationLink, Snapshot, Token,
};
use super::leads::{IdentityKind, Lead, LeadFilter, LeadPatch, NewClick, NewLead};
use super::{Page, Store, StoreError, StoreResult};
use apply::Work;
use rows::db;
use writer::{Job, Shared, Writer};

/// Name of the database file in the data directory.
pub const FILE_NAME: &str = "clickback.db";
/// SQLite before this has a rare corruption when two connections check-point (its release notes).
const OLDEST_SQLITE: i32 = 3_051_003;
/// A read that takes longer is ended: it would keep the write-ahead file from starting anew.
const LONGEST_READ: Duration = Duration::from_secs(20);
/// Idle read connections that are kept.
const READERS: usize = 4;

/// How to open it.
#[derive(Clone)]
pub struct Options {
    /// Requests that may wait for the writer; more are answered 503.
    pub queue: usize,
    pub clock: Arc<dyn Clock>,
    /// Answer before the commit. Only the negative control of the crash test sets it.
    pub answer_early: bool,
}

/// The store.
pub struct Sqlite {
    path: PathBuf,
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
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
        let mut ids = IdSequence::new(0);
        for table in ["inbox", "leads", "event_changes"] {
            let last: Option<i64> = connection
                .query_row(&format!("SELECT max(id) FROM {table}"), [], |row| {
                    row.get(0)
                })
                .map_err(db)?;
            ids.resume_after(last.unwrap_or(0));
        }
        let (live, _) = broadcast::channel(1_024);
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::from_pointee(snapshot::read(&connection).map_err(db)?),
            live,
            queued: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            clock: options.clock,
        });
        let (pacer, checkpointer) = checkpoint::pair();
        let checkpoint_connection = open_writer(&path)?;
        let (queue, jobs) = mpsc::channel(options.queue);
        let writer = Writer {
            path: path.clone(),
            connection,
            ids,
            shared: Arc::clone(&shared),
            pacer,
            runtime: Handle::current(),
            answer_early: options.answer_early,
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
            readers: Mutex::new(Vec::new()),
            reading: Semaphore::new(READERS),
            threads: Mutex::new(threads),
        }))
    }

    /// Runs a read on a read-only connection, off the async threads.
    async fn read<T, F>(&self, body: F) -> StoreResult<T>
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

fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closing".to_owned(),
    }
}

/// Opens a connection that may write.
fn open_writer(path: &Path) -> StoreResult<Connection> {
    let connection = Connection::open(path).map_err(db)?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(db)?;
    // Takes effect where the file is made. Postbacks touch pages here and there; half the usual size
    // is half to sum, write and sync for each.
    connection
        .pragma_update(None, "page_size", 2_048)
        .map_err(db)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(db)?;
    if mode != "wal" {
        return Err(StoreError::Internal(format!(
            "the database cannot use a write-ahead file here (it stays in {mode} mode)"
        )));
    }
    // The cache is small on purpose: at each commit after a page was split, SQLite walks the whole
    // hash of the cache, and the system's own cache is one short read away.
    // FULL: a commit returns after the write-ahead file is on disk. The checkpointer, not a commit,
    // moves pages into the database.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
        )
        .map_err(db)?;
    // Without it SQLite plans a statement anew whenever a value bound to it could matter to a partial
    // index, which is at every postback.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(db)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn open_reader(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(db)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(db)?;
    connection
        .execute_batch(
            "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;",
        )
        .map_err(db)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

#[async_trait]
impl Store for Sqlite {
    async fn ingest(&self, incoming: Incoming) -> StoreResult<Outcome> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Postback {
            incoming: Box::new(incoming),
            answer,
        };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Unavailable {
                reason: "too many requests are waiting".to_owned(),
            },
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answered.await.map_err(|_| closed())?
    }

    async fn try_out(&self, incoming: Incoming) -> StoreResult<(Outcome, Option<Event>)> {
        self.write(move |work| work.try_out(&incoming)).await
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    async fn look_up_integration(&self, uuid: Uuid) -> StoreResult<Option<Arc<Integration>>> {
        let read = self.read(|sql| snapshot::read(sql).map_err(db)).await?;
        let found = read.by_uuid.get(&uuid).cloned();
        if found.is_some() {
            self.shared.snapshot.store(Arc::new(read));
        }
        Ok(found)
    }

    fn live(&self) -> broadcast::Receiver<RequestId> {
        self.shared.live.subscribe()
    }

    async fn create_integration(&self, new: NewIntegration) -> StoreResult<Integration> {
        let id = self
            .write(move |work| work.create_integration(&new))
            .await?;
        self.integration(id)
    }

    async fn update_integration(
        &self,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> StoreResult<Integration> {
        self.write(move |work| work.update_integration(id, &patch))
            .await?;
        self.integration(id)
    }

    async fn delete_integration(&self, id: IntegrationId) -> StoreResult<()> {
        self.write(move |work| work.delete_integration(id)).await
    }

    async fn create_configuration(
        &self,
        id: IntegrationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write(move |work| work.create_configuration(id, &new))
            .await
    }

    async fn update_configuration(
        &self,
        id: ConfigurationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write(move |work| work.update_configuration(id, &new))
            .await
    }

    async fn delete_configuration(&self, id: ConfigurationId) -> StoreResult<()> {
        self.write(move |work| work.delete_configuration(id)).await
    }

    async fn create_field(
        &self,
        workspace: WorkspaceId,
        new: NewField,
    ) -> StoreResult<CustomField> {
        self.write(move |work| work.create_field(workspace, &new))
            .await
    }

    async fn fields(&self, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>> {
        self.read(move |sql| set_up::fields(sql, workspace)).await
    }

    async fn rename_field(
        &self,
        id: FieldId,
        name: String,
        visible: bool,
    ) -> StoreResult<CustomField> {
        self.write(move |work| work.rename_field(id, &name, visible))
            .await
    }

    async fn define_event(&self, workspace: WorkspaceId, event: CustomEvent) -> StoreResult<()> {
        self.write(move |work| work.define_event(workspace, &event))
            .await
    }

    async fn create_link(&self, new: NewLink) -> StoreResult<RegistrationLink> {
        self.write(move |work| work.create_link(&new)).await
    }

    async fn links(&self, workspace: WorkspaceId) -> StoreResult<Vec<RegistrationLink>> {
        self.read(move |sql| set_up::links(sql, workspace)).await
    }

    async fn link(&self, id: LinkId) -> StoreResult<RegistrationLink> {
        self.read(move |sql| set_up::link(sql, id)).await
    }

    async fn delete_link(&self, id: LinkId) -> StoreResult<()> {
        self.write(move |work| work.delete_link(id)).await
    }

    async fn create_lead(&self, new: NewLead) -> StoreResult<Lead> {
        self.write(move |work| work.create_lead(&new)).await
    }

    async fn upsert_lead(&self, clickid: String, new: NewLead) -> StoreResult<Lead> {
        self.write(move |work| work.upsert_lead(&clickid, &new))
            .await
    }

    async fn update_lead(&self, id: LeadId, patch: LeadPatch) -> StoreResult<Lead> {
        self.write(move |work| work.update_lead(id, &patch)).await
    }

    async fn lead(&self, id: LeadId) -> StoreResult<Lead> {
        self.read(move |sql| leads::lead(sql, id)).await
    }

    async fn lead_by_clickid(
        &self,
        workspace: WorkspaceId,
        clickid: &str,
    ) -> StoreResult<Option<Lead>> {
        let clickid = clickid.to_owned();
        self.read(move |sql| leads::by_clickid(sql, workspace, &clickid))
            .await
    }

    async fn leads(&self, filter: LeadFilter) -> StoreResult<Page<Lead>> {
        self.read(move |sql| leads::list(sql, &filter)).await
    }

    async fn bind_identity(
        &self,
        id: LeadId,
        kind: IdentityKind,
        scope: i64,
        value: String,
    ) -> StoreResult<Lead> {
        self.write(move |work| work.bind_identity(id, kind, scope, &value))
            .await
    }

    async fn record_click(&self, new: NewClick) -> StoreResult<()> {
        self.write(move |work| work.record_click(&new)).await
    }

    async fn events(&self, filter: EventFilter) -> StoreResult<Page<Event>> {
        self.read(move |sql| events::list(sql, &filter)).await
    }

    async fn event_changes(&self, id: EventId) -> StoreResult<Vec<EventChange>> {
        self.read(move |sql| events::changes(sql, id)).await
    }

    async fn set_event_status(&self, id: EventId, status: Status) -> StoreResult<Event> {
        self.write(move |work| {
            work.set_status(id, status).map_err(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => StoreError::NotFound { what: "event" },
                other => db(other),
            })
        })
        .await
    }

    async fn requests(&self, filter: RequestFilter) -> StoreResult<Page<RequestSummary>> {
        self.read(move |sql| inbox::list(sql, &filter)).await
    }

    async fn request(&self, id: RequestId) -> StoreResult<Request> {
        self.read(move |sql| inbox::one(sql, id)).await
    }

    async fn reprocess(
        &self,
        filter: ReprocessFilter,
        dry_run: bool,
    ) -> StoreResult<ReprocessReport> {
        let ids = self.read(move |sql| inbox::chosen(sql, &filter)).await?;
        let mut report = ReprocessReport::default();
        // Short transactions: postbacks go on being answered in between.
        for chunk in ids.chunks(200) {
            let chunk = chunk.to_vec();
            let part = self
                .write(move |work| work.reprocess(&chunk, dry_run))
                .await?;
            report.seen += part.seen;
            report.changed.extend(part.changed);
        }
        Ok(report)
    }

    async fn sweep(&self) -> StoreResult<u64> {
        let ready = self.read(inbox::ready_to_apply).await?;
        if ready.is_empty() {
            return Ok(0);
        }
        self.write(move |work| {
            let mut applied = 0;
            for (workspace, clickid) in &ready {
                applied += work.apply_waiting(*workspace, clickid)?;
            }
            Ok(applied)
        })
        .await
    }

    async fn create_token(
        &self,
        workspace: WorkspaceId,
        name: String,
        hash: [u8; 32],
    ) -> StoreResult<Token> {
        self.write(move |work| work.create_token(workspace, &name, &hash))
            .await
    }

    async fn token_by_hash(&self, hash: [u8; 32]) -> StoreResult<Option<Token>> {
        self.read(move |sql| set_up::token_by_hash(sql, &hash))
            .await
    }

    async fn revoke_token(&self, id: TokenId) -> StoreResult<()> {
        self.write(move |work| work.revoke_token(id)).await
    }

    async fn check(&self) -> StoreResult<CheckReport> {
        let path = self.path.clone();
        // Reads the whole file: on a connection of its own, without the limit of page reads.
        tokio::task::spawn_blocking(move || open_reader(&path).and_then(|sql| check::check(&sql)))
            .await
            .map_err(|error| StoreError::Internal(format!("the check panicked: {error}")))?
    }

    async fn health(&self) -> StoreResult<Health> {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        let waiting = self.read(inbox::waiting).await?;
        Ok(Health {
            queued: self.shared.queued.load(Ordering::Relaxed),
            commits: self.shared.commits.load(Ordering::Relaxed),
            database_bytes: length(&self.path),
            wal_bytes: length(Path::new(&wal)),
            waiting,
            failing: self.shared.failing.load(Ordering::Relaxed),
        })
    }

    async fn close(&self) {
        // The writer may be gone already; then there is nothing to stop.
        let _ = self.queue.send(Job::Stop).await;
        let threads = self
            .threads
            .lock()
            .map(|mut threads| std::mem::take(&mut *threads));
        let threads = threads.unwrap_or_default();
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a store thread panicked");
                }
            }
        });
        let _ = joined.await;
        if let Ok(mut readers) = self.readers.lock() {
            readers.clear();
        }
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
