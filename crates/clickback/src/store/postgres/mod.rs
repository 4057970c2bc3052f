//! PostgreSQL as a database of the store: where several nodes share one database. Each node has a
//! journal of its own, a number that no other has, and one connection that writes.

mod batch;
pub mod connect;
mod errors;
pub mod migrate;
pub(super) mod moving;
mod node;
pub mod partitions;
mod rollups;
mod session;
mod tidings;
mod tls;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;

use crate::clock::Clock;

use super::inbox::Outcome;
use super::sql::session::{Session, Sql};
use super::sql::{Database, FirstReading, Opened, SqlStore, closed};
use super::{Options, StoreError, StoreResult};
use connect::{Address, Purpose};
use node::Node;
use partitions::Retention;
use session::PgSession;
use tidings::Ears;
use writer::PgWriter;

/// Name of the journal's directory in the data directory.
const JOURNAL_DIRECTORY: &str = "journal";
/// Reads at once, each on a connection of its own.
const READERS: usize = 8;
/// Messages for other nodes that may wait.
const MESSAGES: usize = 256;
/// How often the months are looked at.
const TENDING: Duration = Duration::from_secs(6 * 3_600);

/// The store on PostgreSQL.
pub struct Postgres;

impl Postgres {
    /// Connects to the database at `address`, migrates it and starts the writer. Requests that are
    /// accepted are kept in `data_dir` until they are decided. Must be called inside a tokio runtime:
    /// answers are given in it.
    pub fn open(
        address: &Address,
        retention: Retention,
        data_dir: &Path,
        options: &Options,
    ) -> StoreResult<Arc<SqlStore>> {
        std::fs::create_dir_all(data_dir).map_err(|error| StoreError::Invalid {
            message: format!(
                "cannot make the data directory {}: {error}",
                data_dir.display()
            ),
        })?;
        let engine = Engine::start()?;
        let remembered = options.journal.is_some().then_some(data_dir);
        let clock = Arc::clone(&options.clock);
        // The caller may stand in a runtime, which must not wait for another one.
        let opening = std::thread::scope(|scope| {
            let opening = scope.spawn(|| {
                let handle = &engine.handle;
                let prepared = prepare(address, retention, remembered, &*clock);
                let (client, node, ears) = handle.block_on(prepared)?;
                let session = handle.block_on(writer::session(handle.clone(), client))?;
                let first = FirstReading::of(&session)?;
                Ok::<_, StoreError>((session, node, ears, first))
            });
            opening.join()
        });
        let (session, node, ears, first) = opening
            .map_err(|_| StoreError::Internal("opening the database panicked".to_owned()))??;
        if options.journal.is_some() {
            let (address, clock) = (address.clone(), Arc::clone(&options.clock));
            engine.handle.spawn(tend(address, retention, clock));
        }
        let handle = engine.handle.clone();
        let (told, to_tell) = mpsc::channel(MESSAGES);
        let opened = Opened {
            database: Arc::new(Server {
                address: address.clone(),
                idle: Mutex::new(Vec::new()),
                engine,
                node,
                told,
            }),
            writer: Box::new(PgWriter {
                session,
                runtime: handle.clone(),
                address: address.clone(),
                node,
            }),
            slot: node.slot(),
            nodes: node.sequences(),
            journal: data_dir.join(JOURNAL_DIRECTORY),
            threads: Vec::new(),
            first,
        };
        let store = SqlStore::start(opened, options)?;
        let listening = tidings::run(ears, address.clone(), node, Arc::downgrade(&store), to_tell);
        handle.spawn(listening);
        Ok(store)
    }
}

async fn prepare(
    address: &Address,
    retention: Retention,
    remembered: Option<&Path>,
    clock: &dyn Clock,
) -> StoreResult<(tokio_postgres::Client, Node, Ears)> {
    let mut client = address.connect(Purpose::Write).await?;
    migrate::migrate(&mut client).await?;
    if remembered.is_some() {
        migrate::refuse_half_moved(&client).await?;
    }
    match partitions::tend(&mut client, clock.now(), retention).await {
        // Somebody reads the tables for long: there is a place for rows of any month meanwhile.
        Err(error) if partitions::try_later(&error) => {
            tracing::warn!(%error, "cannot look at the months now; it will be tried again");
        }
        other => drop(other?),
    }
    let node = Node::take(&client, remembered).await?;
    let ears = Ears::connect(address).await?;
    Ok((client, node, ears))
}

/// Looks at the months now and then.
async fn tend(address: Address, retention: Retention, clock: Arc<dyn Clock>) {
    loop {
        tokio::time::sleep(TENDING).await;
        let tended = async {
            let mut client = address.connect(Purpose::Write).await?;
            partitions::tend(&mut client, clock.now(), retention).await
        };
        if let Err(error) = tended.await {
            tracing::warn!(%error, "cannot look at the months; it will be tried again");
        }
    }
}

/// What drives the connections: the store's threads wait for it, wherever they were called from.
struct Engine {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

impl Engine {
    fn start() -> StoreResult<Engine> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| {
                StoreError::Internal(format!("cannot start the postgres thread: {error}"))
            })?;
        Ok(Engine {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    fn stop(&self) {
        let runtime = self
            .runtime
            .lock()
            .ok()
            .and_then(|mut runtime| runtime.take());
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The server and its idle read connections.
struct Server {
    address: Address,
    idle: Mutex<Vec<PgSession>>,
    engine: Engine,
    node: Node,
    /// Messages for other nodes.
    told: mpsc::Sender<String>,
}

impl Server {
    fn reader(&self) -> StoreResult<PgSession> {
        let handle = &self.engine.handle;
        let client = handle.block_on(self.address.connect(Purpose::Read))?;
        Ok(PgSession::new(handle.clone(), client))
    }
}

impl Database for Server {
    fn readers(&self) -> usize {
        READERS
    }

    fn read(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()> {
        let kept = {
            let mut idle = self.idle.lock().map_err(|_| closed())?;
            idle.retain(|session| !session.is_closed());
            idle.pop()
        };
        let session = match kept {
            Some(session) => session,
            None => self.reader()?,
        };
        body(&session);
        if !session.is_closed() {
            self.idle.lock().map_err(|_| closed())?.push(session);
        }
        Ok(())
    }

    fn read_for_long(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()> {
        let session = self.reader()?;
        session.batch("SET statement_timeout = 0")?;
        body(&session);
        Ok(())
    }

    fn sizes(&self, sql: &dyn Session) -> Sql<(u64, u64)> {
        let bytes = sql.count("SELECT pg_database_size(current_database())", &[])?;
        Ok((bytes, 0))
    }

    fn tell(&self, outcomes: &[Outcome]) {
        for message in tidings::stored(self.node, outcomes) {
            // A full queue loses what live pages of other nodes would show.
            let _ = self.told.try_send(message);
        }
    }

    fn close(&self) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.clear();
        }
        self.engine.stop();
    }
}
