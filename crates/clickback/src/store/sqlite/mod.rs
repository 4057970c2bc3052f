//! SQLite as a database of the store: one file, one writer, a paced checkpointer, and read-only
//! connections.

mod checkpoint;
mod connect;
pub mod migrate;
pub(super) mod moving;
mod names;
#[cfg(test)]
mod plans;
mod session;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::journal::Held;
use super::numbers::Numbers;
use super::sql::session::{Session, Sql};
use super::sql::{Database, FirstReading, Opened, SqlStore, closed, spawn};
use super::{Options, StoreError, StoreResult};
use connect::{open_reader, open_writer};
use session::{SqliteSession, SqliteWriter, db};

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

/// The store on SQLite.
pub struct Sqlite;

impl Sqlite {
    /// Opens or makes the database in `data_dir`, migrates it and starts the writer. Must be called
    /// inside a tokio runtime: answers are given in it.
    pub fn open(data_dir: &Path, options: &Options) -> StoreResult<Arc<SqlStore>> {
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
        let journal = match options.journal {
            Some(_) => Some(Held::take(&data_dir.join(JOURNAL_DIRECTORY))?),
            None => None,
        };
        let path = data_dir.join(FILE_NAME);
        let mut connection = open_writer(&path)?;
        migrate::migrate(&mut connection)?;
        if options.journal.is_some() {
            migrate::refuse_half_moved(&connection)?;
        }
        let (pacer, checkpointer) = checkpoint::pair();
        let checkpoint_connection = open_writer(&path)?;
        let checkpointer = spawn("checkpointer", move || {
            checkpointer.run(&checkpoint_connection);
        })?;
        let session = SqliteSession(connection);
        let opened = Opened {
            first: FirstReading::of(&session)?,
            database: Arc::new(File {
                path: path.clone(),
                idle: Mutex::new(Vec::new()),
            }),
            writer: Box::new(SqliteWriter {
                session,
                path,
                pacer,
            }),
            numbers: Arc::new(Numbers::only()),
            journal,
            threads: vec![checkpointer],
        };
        SqlStore::start(opened, options)
    }

    /// The version of SQLite in this program.
    pub fn version() -> &'static str {
        rusqlite::version()
    }
}

/// The file and its idle read connections.
struct File {
    path: PathBuf,
    idle: Mutex<Vec<SqliteSession>>,
}

impl Database for File {
    fn readers(&self) -> usize {
        READERS
    }

    fn read(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()> {
        let kept = self.idle.lock().map_err(|_| closed())?.pop();
        let mut session = match kept {
            Some(session) => session,
            None => SqliteSession(open_reader(&self.path)?),
        };
        let begun = Instant::now();
        // Steps between two looks at the clock: often enough, and not felt.
        session
            .0
            .progress_handler(20_000, Some(move || begun.elapsed() > LONGEST_READ))
            .map_err(db)?;
        body(&session);
        self.idle.lock().map_err(|_| closed())?.push(session);
        Ok(())
    }

    fn read_for_long(&self, body: &mut dyn FnMut(&dyn Session)) -> StoreResult<()> {
        body(&SqliteSession(open_reader(&self.path)?));
        Ok(())
    }

    fn sizes(&self, _sql: &dyn Session) -> Sql<(u64, u64)> {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        Ok((length(&self.path), length(Path::new(&wal))))
    }

    fn close(&self, _undecided: u64) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.clear();
        }
    }
}

/// One more workspace beside the first, for tests of what it must not see: nothing in the program makes
/// them yet.
#[cfg(test)]
pub(crate) fn second_workspace(data_dir: &Path) -> rusqlite::Result<usize> {
    rusqlite::Connection::open(data_dir.join(FILE_NAME))?.execute(
        "INSERT INTO workspaces (id, name, created_at) VALUES (2, 'Theirs', 0)",
        [],
    )
}
