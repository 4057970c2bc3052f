//! The command `migrate-store`: from SQLite to PostgreSQL or back, with a bar that shows how far it is.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::runtime::Handle;

use crate::clock::SystemClock;
use crate::config::{DatabaseUrl, Given, Settings};
use crate::store::moving::{Moved, Place, Watcher, cancel, move_store};
use crate::store::postgres::Postgres;
use crate::store::postgres::partitions::Retention;
use crate::store::sqlite::Sqlite;
use crate::store::{Options, Store, StoreError, StoreResult};

/// From where is said by the settings of the running program; to where by one of these.
#[derive(Args)]
pub struct MoveArguments {
    /// An empty PostgreSQL database to move to; `-` reads its address from the standard input, where
    /// other users of the machine do not see it
    #[arg(long, value_name = "URL", group = "target", required = true)]
    to: Option<DatabaseUrl>,
    /// A data directory to move back to SQLite in
    #[arg(long, value_name = "DIR", group = "target")]
    to_sqlite: Option<PathBuf>,
    /// Give up a move that was begun
    #[arg(long, group = "target")]
    cancel: bool,
    #[command(flatten)]
    given: Given,
}

/// Shows steps as bars on a terminal and as lines elsewhere.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Bar {
        Bar(ProgressBar::with_draw_target(
            Some(0),
            ProgressDrawTarget::stderr(),
        ))
    }
}

impl Watcher for Bar {
    fn step(&self, name: &str, done: u64, all: u64) {
        if self.0.is_hidden() {
            tracing::info!(step = name, done, all, "moving");
        } else if self.0.position() > 0 {
            self.0
                .println(format!("  {} {}", self.0.message(), self.0.position()));
        }
        let style = if all == 0 {
            "  {spinner} {msg}"
        } else {
            "  {msg:24} {wide_bar} {human_pos} of {human_len}, {eta} left"
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.0.set_style(style);
        }
        self.0.set_length(all);
        self.0.set_position(done);
        self.0.reset_eta();
        self.0.set_message(name.to_owned());
    }

    fn advance(&self, rows: u64) {
        self.0.inc(rows);
    }
}

/// Moves, and says what became of it and what to do now.
pub async fn run(arguments: MoveArguments) -> Result<String, Box<dyn Error>> {
    let mut settings = Settings::resolve(arguments.given)?;
    settings.accepts = false;
    crate::telemetry::start_logs(&settings);
    let from = match settings.database.clone() {
        Some(address) => Place::Postgres(address),
        None => Place::Sqlite(settings.data_dir.clone()),
    };
    if arguments.cancel {
        tokio::task::spawn_blocking(move || cancel(&from)).await??;
        return Ok(
            "The move was given up: the source is as it was. Empty the target before a new one."
                .to_owned(),
        );
    }
    let to = match (arguments.to, arguments.to_sqlite) {
        (Some(url), _) if url.is_dash() => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            let url: DatabaseUrl = line.trim().parse()?;
            Place::Postgres(url.address()?)
        }
        (Some(url), _) => Place::Postgres(url.address()?),
        (None, Some(directory)) => Place::Sqlite(directory),
        (None, None) => return Err("say where to: --to URL or --to-sqlite DIR".into()),
    };
    match (&from, &to) {
        (Place::Sqlite(directory), Place::Postgres(_)) => {
            let file = directory.join(crate::store::sqlite::FILE_NAME);
            if !file.exists() {
                return Err(format!("there is no database at {}", file.display()).into());
            }
        }
        (Place::Postgres(_), Place::Sqlite(directory)) => {
            let same = std::path::absolute(directory)? == std::path::absolute(&settings.data_dir)?;
            if !same && settings.data_dir.join("journal").exists() {
                return Err(format!(
                    "the journal of this node is in {}: move to that directory, or what it accepted last would \
                     stay behind",
                    settings.data_dir.display()
                )
                .into());
            }
        }
        _ => {
            return Err(format!(
                "{from} and {to} are the same kind of database: its own tools copy it best"
            )
            .into());
        }
    }
    let said = (from.to_string(), to.to_string());
    let handle = Handle::current();
    let data_dir = settings.data_dir.clone();
    let moved = tokio::task::spawn_blocking(move || {
        let bar = Bar::new();
        bar.step("checking the source", 0, 0);
        let found = problems(&handle, &from, &data_dir)?;
        if !found.is_empty() {
            return Err(StoreError::Invalid {
                message: format!(
                    "the check of {from} found problems, a copy would have them, too: {}",
                    found.join("; ")
                ),
            });
        }
        let moved = move_store(&from, &to, &bar, || problems(&handle, &to, &data_dir));
        bar.0.finish_and_clear();
        moved
    })
    .await??;
    Ok(told(&moved, &said.0, &said.1))
}

/// Opens a store as a visitor and checks it; on a thread that may wait.
fn problems(handle: &Handle, place: &Place, data_dir: &Path) -> StoreResult<Vec<String>> {
    let options = Options {
        queue: 16,
        journal: None,
        clock: Arc::new(SystemClock),
        name: "visitor".to_owned(),
        answer_early: false,
    };
    let _inside = handle.enter();
    let store: Arc<dyn Store> = match place {
        Place::Sqlite(directory) => Sqlite::open(directory, &options)?,
        Place::Postgres(address) => {
            Postgres::open(address, Retention::default(), data_dir, &options)?
        }
    };
    let report = handle.block_on(store.check_all());
    handle.block_on(store.close());
    Ok(report?.problems)
}

fn told(moved: &Moved, from: &str, to: &str) -> String {
    let setting = if to.starts_with("postgres://") {
        "with this database_url"
    } else {
        "without database_url"
    };
    format!(
        "{} tables with {} rows are at {to}, counted, summed and checked; {} rows changed meanwhile and were \
         copied again. {from} was held for {:.1} seconds and takes no writes any more.\n\n\
         Now restart the program {setting} and with the same data_dir. Until then it goes on answering postbacks \
         and keeps them in its journal, from which they are decided after the start.",
        moved.tables,
        moved.rows,
        moved.again,
        moved.held.as_secs_f64()
    )
}
