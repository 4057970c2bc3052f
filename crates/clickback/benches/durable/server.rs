//! The database that is measured: its growth, and the sizes of its server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clickback::app::App;
use clickback::config::Settings;
use clickback::store::inbox::{Incoming, RawRequest};
use clickback_core::intake::Parts;

use super::node::{self, Child, WORKSPACE};

/// Resident memory.
pub(crate) fn resident_mib(server: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id()))
        .unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(0)
        / 1_024
}

/// A copy of the database for one round, removed behind it.
pub(crate) struct Copy(tempfile::TempDir);

impl Copy {
    /// Where it is.
    pub(crate) fn path_text(&self) -> &str {
        self.0.path().to_str().expect("a path")
    }

    /// Size of its write-ahead file.
    pub(crate) fn wal_mib(&self) -> u64 {
        std::fs::metadata(self.0.path().join("clickback.db-wal"))
            .map_or(0, |file| file.len() / 1_048_576)
    }
}

/// A database with an integration and leads.
pub(crate) struct Filled {
    directory: PathBuf,
    pub(crate) clickids: Vec<String>,
    pub(crate) path: String,
}

impl Filled {
    /// Makes it.
    pub(crate) fn new(directory: &Path, leads: usize) -> Filled {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let filled = runtime.block_on(node::fill(node::settings(directory, None), leads));
        Filled {
            directory: directory.to_owned(),
            clickids: filled.clickids,
            path: filled.path,
        }
    }

    /// Adds events through the real store until there are this many.
    pub(crate) fn grow_to(&self, size: u64) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let app = App::open(Settings::local(self.directory.clone())).expect("the store opens");
            let integration = Arc::clone(app.store.snapshot().of(WORKSPACE).first().expect("the integration"));
            let have = self.count();
            println!("growing from {have} to {size} events");
            let mut waiting = tokio::task::JoinSet::new();
            for number in have..size {
                let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
                let clickid = &self.clickids[usize::try_from(place).unwrap_or(0) % self.clickids.len()];
                let query = format!(
                    "tracker.event=sale&clickid={clickid}&tracker.cost=12.50&tracker.currency=usd&tracker.tid={number}&fields.last_deposit=12.50"
                );
                let raw = RawRequest { method: "GET", query: query.into_bytes(), ..RawRequest::default() };
                let received_at = app.clock.now();
                let parts = Parts { query: &raw.query, content_type: None, body: None };
                let judged = parts.judge(&integration.ruleset, received_at);
                let integration = Arc::clone(&integration);
                let incoming = Incoming { raw, integration, received_at, judged, test: false };
                let app = Arc::clone(&app);
                waiting.spawn(async move { app.store.ingest(incoming).await });
                while waiting.len() >= 1_024 {
                    waiting.join_next().await.expect("one").expect("no panic").expect("stored");
                }
            }
            while let Some(done) = waiting.join_next().await {
                done.expect("no panic").expect("stored");
            }
            app.store.close().await;
        });
    }

    /// The database as it stands, on the same disk.
    pub(crate) fn copy(&self) -> Copy {
        let copy = tempfile::tempdir_in(&self.directory).expect("a directory");
        let name = "clickback.db";
        let to = copy.path().join(name);
        let ahead = self.directory.join("clickback.db-wal");
        let ahead = std::fs::metadata(ahead).map_or(0, |file| file.len());
        assert_eq!(ahead, 0, "all is in the database's own file");
        std::fs::copy(self.directory.join(name), &to).expect("a copy");
        // The disk is to be busy with what is measured only.
        let file = std::fs::File::open(to).expect("the copy opens");
        file.sync_all().expect("a sync");
        Copy(copy)
    }

    fn count(&self) -> u64 {
        let sql = rusqlite::Connection::open(self.directory.join("clickback.db"))
            .expect("the database opens");
        sql.query_row("SELECT count(*) FROM events", [], |row| {
            row.get::<_, i64>(0)
        })
        .expect("a count")
        .cast_unsigned()
    }
}
