//! Server time and weight of every page over a database of a million leads and five million events:
//! the whole program but its sockets. Prints the median and the slowest of many calls, and the bytes
//! that a first visit takes (page, style sheet and scripts, compressed).
//!
//! `cargo bench --bench pages` fills and measures all of it (set TMPDIR to a memory disk to fill faster);
//! `-- quick` a hundredth; `-- in DIRECTORY` keeps what was filled and measures it again.

#[path = "pages/fill.rs"]
mod fill;
#[path = "pages/visit.rs"]
mod visit;

use std::path::Path;

/// As the program itself runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |word: &str| arguments.iter().any(|argument| argument == word);
    if !given("--bench") {
        println!("measures only under `cargo bench`");
        return;
    }
    let leads = if given("quick") { 10_000 } else { 1_000_000 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let throw_away = tempfile::tempdir().expect("a directory");
        let named = arguments.iter().skip_while(|word| *word != "in").nth(1);
        let directory = named.map_or(throw_away.path(), Path::new);
        let filled = fill::fill(directory, leads).await;
        visit::all(&filled).await;
        filled.app.store.close().await;
    });
}
