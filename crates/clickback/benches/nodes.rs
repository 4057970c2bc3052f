//! Durable postbacks of one, two and three nodes on one PostgreSQL, next to one node on SQLite and to bare
//! UNNEST batches of the same rows into the same server, in one run. Prints ratios.
//!
//! `scripts/bench nodes` starts a PostgreSQL of its own and names it in `BENCH_POSTGRES_URL`; `-- quick`
//! shows the shape.

#[path = "common/node.rs"]
mod node;
#[path = "nodes/unnest.rs"]
mod unnest;

use std::sync::Arc;
use std::time::Duration;

use clickback::load::{Plan, run};
use clickback::store::postgres::connect::{Address, Purpose};

/// As the program itself runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections to each node.
const CONNECTIONS: usize = 64;
const MOST_NODES: usize = 3;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| argument != "--bench");
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["clickback", directory] => node::serve(directory, None),
        ["clickback", directory, url] => node::serve(directory, Some(url)),
        ["quick"] => measure(10_000, Duration::from_secs(2)),
        _ if asked => measure(50_000, Duration::from_secs(10)),
        _ => println!("measures only under `cargo bench`"),
    }
}

/// Rates of a run: answered, and until the last request was decided.
struct Rates {
    answered: f64,
    decided: f64,
    p99: f64,
}

/// Loads nodes that share a database, all at once.
async fn load(
    nodes: &[node::Child],
    filled: &node::Filled,
    run_number: u64,
    duration: Duration,
) -> Rates {
    let clickids = Arc::new(filled.clickids.clone());
    let mut loads = tokio::task::JoinSet::new();
    for (at, node) in nodes.iter().enumerate() {
        loads.spawn(run(Plan {
            target: node.address,
            path: filled.path.clone(),
            clickids: Arc::clone(&clickids),
            connections: CONNECTIONS,
            duration,
            first_tid: (run_number * 10 + at as u64) * 100_000_000,
            clean: false,
        }));
    }
    let (mut answered, mut p99, mut seconds) = (0.0, 0.0_f64, 0.0_f64);
    while let Some(report) = loads.join_next().await {
        let report = report.expect("no panic").expect("the load runs");
        assert_eq!(
            (report.broken, report.unavailable),
            (0, 0),
            "some were not answered"
        );
        answered += report.rate();
        p99 = p99.max(report.percentile(0.99));
        seconds = seconds.max(report.seconds);
    }
    let begun = std::time::Instant::now();
    for node in nodes {
        node::drained(node.address).await;
    }
    let behind = begun.elapsed().as_secs_f64();
    Rates {
        answered,
        decided: answered * seconds / (seconds + behind),
        p99,
    }
}

fn measure(leads: usize, duration: Duration) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = server_url();
        let server = Address::parse(&url).expect("an address");
        let client = server.connect(Purpose::Write).await.expect("PostgreSQL");
        let name = format!("clickback_bench_{}", std::process::id());
        let bare = format!("{name}_bare");
        let create = async |statement: String| {
            client.batch_execute(&statement).await.expect("a database");
        };
        create(format!("CREATE DATABASE {name}")).await;
        let shared = url.replacen("/postgres?", &format!("/{name}?"), 1);
        assert_ne!(shared, url, "the address must name the database `postgres`, with parameters behind it");
        let scratch = tempfile::tempdir_in(".").expect("a directory on the disk that is measured");
        let directory = |name: String| {
            let path = scratch.path().join(name);
            std::fs::create_dir_all(&path).expect("a directory");
            path
        };

        println!("filling both databases with {leads} clicks");
        let sqlite = directory("sqlite".to_owned());
        let on_sqlite = node::fill(node::settings(&sqlite, None), leads).await;
        let on_postgres = node::fill(node::settings(&directory("filler".to_owned()), Some(&shared)), leads).await;
        create(format!("CREATE DATABASE {bare} TEMPLATE {name}")).await;

        let alone = [node::Child::start("clickback", &[sqlite.to_str().expect("a path")])];
        let sqlite = load(&alone, &on_sqlite, 1, duration).await;
        drop(alone);
        println!(
            "SQLite, 1 node: {:.0}/s answered, p99 {:.1} ms; {:.0}/s until all were decided",
            sqlite.answered, sqlite.p99, sqlite.decided
        );
        let unnest = unnest::rate(&server.with_database(&bare), duration).await;
        println!("PostgreSQL, bare UNNEST batches of 256 rows on one connection: {unnest:.0}/s");
        for count in 1..=MOST_NODES {
            let nodes: Vec<node::Child> = (0..count)
                .map(|at| {
                    let own = directory(format!("node-{count}-{at}"));
                    node::Child::start("clickback", &[own.to_str().expect("a path"), &shared])
                })
                .collect();
            let rates = load(&nodes, &on_postgres, 1 + count as u64, duration).await;
            println!(
                "PostgreSQL, {count} node(s): {:.0}/s answered = {:.2} of SQLite's, p99 {:.1} ms; {:.0}/s until all were \
                 decided = {:.2} of SQLite's, {:.2} of bare batches",
                rates.answered,
                rates.answered / sqlite.answered,
                rates.p99,
                rates.decided,
                rates.decided / sqlite.decided,
                rates.decided / unnest,
            );
        }
        for name in [bare, name] {
            create(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "the script tells the bench which server to run on"
)]
fn server_url() -> String {
    std::env::var("BENCH_POSTGRES_URL").expect("`scripts/bench nodes` names a PostgreSQL")
}
