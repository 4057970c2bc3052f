//! Logs and metrics. No secret, address or query text is written here.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tracing_subscriber::EnvFilter;

use crate::config::Settings;
use crate::store::check::Health;
use crate::store::inbox::Verdict;

/// Starts logging to standard error.
pub fn start_logs(settings: &Settings) {
    let filter =
        EnvFilter::try_new(&settings.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start, as in tests of one process, keeps the first subscriber.
    let _ = if settings.log_json {
        builder.json().try_init()
    } else {
        builder.with_target(false).try_init()
    };
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

/// Counters and gauges of one installation.
pub struct Metrics {
    registry: Registry,
    verdicts: Family<CodeLabel, Counter>,
    refused: Family<CodeLabel, Counter>,
    queued: Gauge<u64, AtomicU64>,
    undecided: Gauge<u64, AtomicU64>,
    commits: Gauge<u64, AtomicU64>,
    waiting: Gauge<u64, AtomicU64>,
    reachable: Gauge<u64, AtomicU64>,
    wal_bytes: Gauge<u64, AtomicU64>,
    database_bytes: Gauge<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("clickback"),
            verdicts: Family::default(),
            refused: Family::default(),
            queued: Gauge::default(),
            undecided: Gauge::default(),
            commits: Gauge::default(),
            waiting: Gauge::default(),
            reachable: Gauge::default(),
            wal_bytes: Gauge::default(),
            database_bytes: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "postbacks",
            "Stored postbacks by verdict",
            metrics.verdicts.clone(),
        );
        registry.register(
            "refused",
            "Requests that were not stored, by reason",
            metrics.refused.clone(),
        );
        registry.register(
            "queue",
            "Postbacks waiting for the disk",
            metrics.queued.clone(),
        );
        registry.register(
            "undecided",
            "Postbacks that are on disk and not decided yet",
            metrics.undecided.clone(),
        );
        registry.register(
            "commits",
            "Transactions committed since the start",
            metrics.commits.clone(),
        );
        registry.register(
            "waiting",
            "Postbacks waiting for their lead",
            metrics.waiting.clone(),
        );
        registry.register(
            "database_reachable",
            "Whether the database answers; the figures below and waiting are its last answer",
            metrics.reachable.clone(),
        );
        registry.register(
            "wal_bytes",
            "Size of the write-ahead file",
            metrics.wal_bytes.clone(),
        );
        registry.register(
            "database_bytes",
            "Size of the database file",
            metrics.database_bytes.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// A request was refused and not stored; `code` is from a closed set.
    pub fn refused(&self, code: &'static str) {
        self.refused.get_or_create(&CodeLabel { code }).inc();
    }

    /// The text for `/metrics`.
    pub fn render(&self, health: &Health) -> String {
        for (verdict, stored) in Verdict::ALL.into_iter().zip(health.verdicts) {
            let code = verdict.code();
            let counter = self.verdicts.get_or_create(&CodeLabel { code });
            counter.inc_by(stored.saturating_sub(counter.get()));
        }
        self.queued.set(health.queued);
        self.undecided.set(health.undecided);
        self.commits.set(health.commits);
        self.reachable.set(u64::from(health.database.is_ok()));
        // Without an answer the last one stands.
        if let Ok(database) = &health.database {
            self.waiting.set(database.waiting);
            self.wal_bytes.set(database.wal_bytes);
            self.database_bytes.set(database.bytes);
        }
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
