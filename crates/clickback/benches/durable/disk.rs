//! The disk's own figure: 4 KiB appended and synced.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Median milliseconds of an append with fdatasync.
pub(crate) fn fdatasync_millis(directory: &Path) -> f64 {
    let path = directory.join("sync.bin");
    let mut file = std::fs::File::create(&path).expect("a file");
    let page = [7_u8; 4_096];
    let mut times: Vec<f64> = (0..2_000)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&page).expect("a write");
            file.sync_data().expect("a sync");
            begun.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    std::fs::remove_file(path).expect("removed");
    times[times.len() / 2]
}
