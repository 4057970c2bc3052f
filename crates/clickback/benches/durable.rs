//! Durable postbacks next to the raw limits of the machine, in one run on loopback: a bare axum
//! handler, bare batched SQLite inserts of the same rows, and Clickback's postbacks, at 64 and 256
//! connections; the disk's fdatasync; and the rate as the database grows. Prints ratios.
//!
//! `cargo bench --bench durable` runs all of it (a quarter of an hour); `-- 100000 1000000` only these
//! sizes; `-- quick` is a short version that shows the shape and proves nothing.

#[path = "common/node.rs"]
mod node;

#[path = "durable/bare.rs"]
mod bare;
#[path = "durable/disk.rs"]
mod disk;
#[path = "durable/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use clickback::load::{Plan, Report, run};

/// As the program itself runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one run measures.
struct Shape<'a> {
    rounds: usize,
    seconds: u64,
    sizes: &'a [u64],
    leads: usize,
}

const FULL: Shape<'_> = Shape {
    rounds: 3,
    seconds: 6,
    sizes: &[10_000, 100_000, 1_000_000],
    leads: 200_000,
};
const QUICK: Shape<'_> = Shape {
    rounds: 1,
    seconds: 2,
    sizes: &[10_000],
    leads: 10_000,
};

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches too, without this word: nothing is measured then.
    let asked = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| argument != "--bench");
    let mut arguments = arguments.into_iter();
    match arguments.next().as_deref() {
        Some("bare-axum") => bare::serve_axum(),
        Some("clickback") => node::serve(&arguments.next().expect("a data directory"), None),
        Some("quick") => measure(&QUICK),
        Some(size) if asked => {
            let number = |size: &str| size.parse().expect("a number of events");
            let others = arguments.map(|size| number(&size));
            let sizes: Vec<u64> = std::iter::once(number(size)).chain(others).collect();
            measure(&Shape {
                sizes: &sizes,
                ..FULL
            });
        }
        None if asked => measure(&FULL),
        _ => println!("measures only under `cargo bench`"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs one target for a round.
fn hit(runtime: &tokio::runtime::Runtime, plan: &Plan, connections: usize) -> Report {
    let report = runtime
        .block_on(run(Plan {
            connections,
            ..plan.clone()
        }))
        .expect("the load runs");
    assert_eq!(report.broken, 0, "connections broke");
    report
}

fn measure(shape: &Shape<'_>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let directory = tempfile::tempdir_in(".").expect("a directory on the disk that is measured");
    println!("filling a database with {} leads", shape.leads);
    let filled = server::Filled::new(directory.path(), shape.leads);
    let clickids = Arc::new(filled.clickids.clone());
    let duration = Duration::from_secs(shape.seconds);
    let mut first_tid = 10_000_000;
    let mut by_size = Vec::new();

    for &size in shape.sizes {
        filled.grow_to(size);
        let axum = node::Child::start("bare-axum", &[]);
        let (mut rates, mut resident, mut written_ahead) = (Vec::new(), 0, 0);
        for connections in [64, 256] {
            let (mut bare_rates, mut bare_p99s, mut ours, mut p99s, mut medians, mut sustained) =
                (vec![], vec![], vec![], vec![], vec![], vec![]);
            for _ in 0..shape.rounds {
                first_tid += 10_000_000;
                let plan = |target, path: &str| Plan {
                    target,
                    path: path.to_owned(),
                    clickids: Arc::clone(&clickids),
                    connections,
                    duration,
                    first_tid,
                    clean: false,
                };
                let bare = hit(&runtime, &plan(axum.address, "/bare"), connections);
                bare_rates.push(bare.rate());
                bare_p99s.push(bare.percentile(0.99));
                // Every round begins at this size: what the one before added is not there.
                let copy = filled.copy();
                let clickback = node::Child::start("clickback", &[copy.path_text()]);
                let report = hit(
                    &runtime,
                    &plan(clickback.address, &filled.path),
                    connections,
                );
                assert_eq!(report.unavailable, 0, "some were answered 503");
                let behind = runtime.block_on(node::drained(clickback.address));
                resident = resident.max(server::resident_mib(&clickback));
                written_ahead = written_ahead.max(copy.wal_mib());
                sustained.push(report.rate() * report.seconds / (report.seconds + behind));
                ours.push(report.rate());
                p99s.push(report.percentile(0.99));
                medians.push(report.percentile(0.5));
            }
            let (bare_rate, rate) = (median(bare_rates), median(ours));
            println!(
                "{size:>8} events, {connections:>3} connections: {rate:>7.0}/s = {:.3} of a bare axum handler's {bare_rate:.0}/s (p99 {:.2} ms); \
                 median {:.2} ms, p99 {:.2} ms; {:.0}/s until all were decided",
                rate / bare_rate,
                median(bare_p99s),
                median(medians),
                median(p99s.clone()),
                median(sustained),
            );
            rates.push((rate, median(p99s)));
        }
        println!(
            "{:>8} memory at most {resident} MiB, write-ahead file at most {written_ahead} MiB",
            "",
        );
        drop(axum);
        let inserts = median(
            (0..shape.rounds)
                .map(|_| bare::sqlite_rate(directory.path(), duration))
                .collect(),
        );
        let sync = disk::fdatasync_millis(directory.path());
        println!(
            "{:>8} bare batched inserts of the same rows {inserts:.0}/s: ours are {:.2} (64) and {:.2} (256) of it; \
             fdatasync {sync:.3} ms: p99 is {:.0} (64) and {:.0} (256) times it",
            "",
            rates[0].0 / inserts,
            rates[1].0 / inserts,
            rates[0].1 / sync,
            rates[1].1 / sync,
        );
        by_size.push((size, rates[0].0));
    }
    if let [.., (_, before), (_, last)] = by_size[..] {
        println!(
            "growth: the rate at the largest size is {:.2} of the one before",
            last / before
        );
    }
}
