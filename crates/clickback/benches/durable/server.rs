//! The measured server in a process of its own, and the database that it serves.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use clickback::app::App;
use clickback::config::Settings;
use clickback::ids::WorkspaceId;
use clickback::store::inbox::{Incoming, RawRequest};
use clickback::store::integrations::{NewConfiguration, NewIntegration};
use clickback::store::leads::NewClick;
use clickback_core::intake::Parts;
use clickback_core::rules::Rules;

const WORKSPACE: WorkspaceId = WorkspaceId(1);

/// Serves a data directory until killed; prints its address first.
pub(crate) fn serve(directory: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("an address");
        println!("{}", listener.local_addr().expect("an address"));
        let app = App::open(Settings::local(PathBuf::from(directory))).expect("the store opens");
        clickback::app::serve(app, listener, clickback::app::stop_signal()).await;
    });
}

/// A server process; ended when dropped.
pub(crate) struct Child {
    process: std::process::Child,
    pub(crate) address: SocketAddr,
}

impl Child {
    /// Starts this program again in another role.
    pub(crate) fn start(role: &str, directory: Option<&Path>) -> Child {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg(role).args(directory).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        std::io::BufReader::new(out)
            .read_line(&mut line)
            .expect("its address");
        Child {
            process,
            address: line.trim().parse().expect("an address"),
        }
    }

    /// Resident memory.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))
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
}

impl Drop for Child {
    fn drop(&mut self) {
        // A polite end, so that the database is closed before it is measured from outside.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
    }
}

/// Size of the write-ahead file.
pub(crate) fn wal_mib(directory: &Path) -> u64 {
    std::fs::metadata(directory.join("clickback.db-wal")).map_or(0, |file| file.len() / 1_048_576)
}

/// A database with an integration and leads.
pub(crate) struct Filled {
    directory: PathBuf,
    pub(crate) clickids: Vec<String>,
    pub(crate) path: String,
}

impl Filled {
    /// Makes it. Leads come from clicks: the first postback of each makes the lead, as in life.
    pub(crate) fn new(directory: &Path, leads: usize) -> Filled {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let app = App::open(Settings::local(directory.to_owned())).expect("the store opens");
            let rules: Rules = serde_json::from_str(r#"{"currency":"USD"}"#).expect("rules");
            let made = app
                .store
                .create_integration(NewIntegration {
                    workspace: WORKSPACE,
                    partner: None,
                    name: "Bench".to_owned(),
                    clickid_param: "sub1".to_owned(),
                    clickid_macro: "{sub1}".to_owned(),
                    rules,
                    configurations: vec![NewConfiguration {
                        name: "First deposit".to_owned(),
                        event: "sale".to_owned(),
                        rules: clickback_core::rules::ConfigurationRules::default(),
                    }],
                    fields: app.catalogue.get("1win").map_or_else(Vec::new, |partner| {
                        partner
                            .fields
                            .iter()
                            .map(|field| (field.clone(), field.name.en.clone()))
                            .collect()
                    }),
                    events: Vec::new(),
                })
                .await
                .expect("an integration");
            let mut clickids = Vec::with_capacity(leads);
            let mut waiting = tokio::task::JoinSet::new();
            for number in 0..leads {
                let random = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let clickid = clickback_core::ids::clickid(
                    1_790_000_000_000 + i64::try_from(number).unwrap_or(0) * 40,
                    random,
                );
                clickids.push(clickid.clone());
                let app = Arc::clone(&app);
                waiting.spawn(async move {
                    app.store
                        .record_click(NewClick {
                            workspace: WORKSPACE,
                            clickid,
                            params: Vec::new(),
                        })
                        .await
                });
                while waiting.len() >= 512 {
                    waiting
                        .join_next()
                        .await
                        .expect("one")
                        .expect("no panic")
                        .expect("a click");
                }
            }
            while let Some(done) = waiting.join_next().await {
                done.expect("no panic").expect("a click");
            }
            app.store.close().await;
            Filled {
                directory: directory.to_owned(),
                clickids,
                path: format!("/api/postbacks/{}/tracker-postback", made.uuid),
            }
        })
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
