//! PostgreSQL as a database of the store: where several nodes share one database. Each node has a
//! journal of its own, a number that no other has, and one connection that writes.

mod batch;
pub mod connect;
mod errors;
mod home;
mod join;
pub mod migrate;
pub(super) mod moving;
mod node;
pub mod partitions;
mod reach;
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

use super::inbox::Outcome;
use super::journal::Held;
use super::sql::session::{Session, Sql};
use super::sql::snapshot::SetUp;
use super::sql::{Database, FirstReading, Opened, SqlStore, closed};
use super::{Options, StoreError, StoreResult};
use connect::{Address, Purpose};
use home::Home;
use join::Joining;
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
/// How long the last word to other nodes may take.
const GOOD_BYE: Duration = Duration::from_secs(2);
/// How often the months are looked at.
const TENDING: Duration = Duration::from_secs(6 * 3_600);

/// The store on PostgreSQL.
pub struct Postgres;

impl Postgres {
    /// Connects to the database at `address`, migrates it and starts the writer. Requests that are
    /// accepted are kept in `data_dir` until they are decided. Where the database is away, a node that ran
    /// on this data before starts with the set-up that it read last, and joins when the database is back.
    /// Must be called inside a tokio runtime: answers are given in it.
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
        let (journal, home) = match options.journal {
            Some(_) => (
                Some(Held::take(&data_dir.join(JOURNAL_DIRECTORY))?),
                Some(Home::open(data_dir)?),
            ),
            None => (None, None),
        };
        let serves = home.is_some();
        let engine = Engine::start()?;
        let handle = engine.handle.clone();
        let joining = Arc::new(Joining::new(
            address.clone(),
            retention,
            Arc::clone(&options.clock),
            options.name.clone(),
            home,
        ));
        // The caller may stand in a runtime, which must not wait for another one.
        let opening = std::thread::scope(|scope| {
            let opening = scope.spawn(|| {
                let (reached, ears) = handle.block_on(async {
                    let reached = joining.join().await?;
                    Ok::<_, StoreError>((reached, Ears::connect(address).await?))
                })?;
                let session = PgSession::new(handle.clone(), reached);
                let first = FirstReading::of(&session)?;
                Ok::<_, StoreError>((session, ears, first))
            });
            opening.join()
        });
        let opening = opening
            .map_err(|_| StoreError::Internal("opening the database panicked".to_owned()))?;
        let (session, ears, first) = match opening {
            Ok((session, ears, first)) => (Some(session), Some(ears), first),
            Err(error @ StoreError::Unavailable { .. }) => {
                (None, None, joining.start_alone(error)?)
            }
            Err(error) => return Err(error),
        };
        if serves {
            handle.spawn(tend(Arc::clone(&joining)));
        }
        let (told, to_tell) = mpsc::channel(MESSAGES);
        let opened = Opened {
            database: Arc::new(Server {
                joining: Arc::clone(&joining),
                idle: Mutex::new(Vec::new()),
                engine,
                told,
            }),
            writer: Box::new(PgWriter {
                session,
                runtime: handle.clone(),
                joining: Arc::clone(&joining),
            }),
            numbers: Arc::clone(&joining.numbers),
            journal,
            threads: Vec::new(),
            first,
        };
        let store = SqlStore::start(opened, options)?;
        let listening = tidings::run(ears, joining, Arc::downgrade(&store), to_tell);
        handle.spawn(listening);
        Ok(store)
    }
}

/// Looks at the months now and then.
async fn tend(joining: Arc<Joining>) {
    loop {
        tokio::time::sleep(TENDING).await;
        if let Err(error) = joining.tend().await {
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
    joining: Arc<Joining>,
    idle: Mutex<Vec<PgSession>>,
    engine: Engine,
    /// Messages for other nodes.
    told: mpsc::Sender<String>,
}

impl Server {
    /// A kept connection that can still be used: one that the server closed, or at whose other end
    /// nothing lives any more, is let go before anything is read on it.
    fn kept(&self) -> StoreResult<Option<PgSession>> {
        loop {
            let kept = self.idle.lock().map_err(|_| closed())?.pop();
            match kept {
                Some(session) if session.is_fit() => return Ok(Some(session)),
                Some(session) if session.is_silent() => {
                    // The others would be waited for one after the other.
                    self.idle.lock().map_err(|_| closed())?.clear();
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    fn reader(&self) -> StoreResult<PgSession> {
        let handle = &self.engine.handle;
        let reached = handle.block_on(self.joining.address.reach(Purpose::Read))?;
        Ok(PgSession::new(handle.clone(), reached))
    }
}

impl Database for Server {
    fn readers(&self) -> usize {
        READERS
    }

    fn read(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()> {
        self.joining.joined()?;
        let session = match self.kept()? {
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
        self.joining.joined()?;
        let session = self.reader()?;
        session.batch("SET statement_timeout = 0")?;
        body(&session);
        Ok(())
    }

    fn sizes(&self, sql: &dyn Session) -> Sql<(u64, u64)> {
        let bytes = sql.count("SELECT pg_database_size(current_database())", &[])?;
        Ok((bytes, 0))
    }

    fn keep(&self, set_up: &SetUp) {
        if let Some(home) = &self.joining.home {
            home.keep(self.joining.address.database(), set_up);
        }
    }

    fn tell(&self, outcomes: &[Outcome]) {
        for message in tidings::stored(self.joining.numbers.node(), outcomes) {
            // A full queue loses what live pages of other nodes would show.
            let _ = self.told.try_send(message);
        }
    }

    fn close(&self, undecided: u64) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.clear();
        }
        // Others are to know what is left here; without the database they learn it at the next start.
        let told = std::thread::scope(|scope| {
            let told = scope.spawn(|| {
                self.engine.handle.block_on(async {
                    let last = self.joining.say_good_bye(undecided);
                    tokio::time::timeout(GOOD_BYE, last).await
                })
            });
            told.join()
        });
        if let Ok(Ok(Err(error))) = told {
            tracing::warn!(%error, "cannot tell other nodes how this one ended");
        }
        self.engine.stop();
    }
}
