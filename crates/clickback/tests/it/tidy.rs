//! Rules of the repository that a test can hold.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository")
}

fn files(directory: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, end, found);
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join("crates"), ".rs", &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file");
            (path, text)
        })
        .collect()
}

fn is_test(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("/tests/") || text.ends_with("tests.rs") || text.contains("/benches/")
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(silent, Vec::<PathBuf>::new());
}

#[test]
fn files_stay_small() {
    let long: Vec<(PathBuf, usize)> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| *lines > if is_test(path) { 800 } else { 600 })
        .collect();
    assert_eq!(long, Vec::<(PathBuf, usize)>::new(), "split them by topic");
}

#[test]
fn sql_lives_under_the_store_only() {
    let words = [
        "SELECT ",
        "INSERT INTO",
        "UPDATE leads",
        "DELETE FROM",
        "PRAGMA ",
    ];
    let elsewhere: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(path, _)| !path.to_string_lossy().contains("/src/store/") && !is_test(path))
        .filter(|(_, text)| words.iter().any(|word| text.contains(word)))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(elsewhere, Vec::<PathBuf>::new());
}

#[test]
fn the_core_does_no_input_or_output() {
    let banned = [
        "std::fs",
        "std::net::Tcp",
        "std::env",
        "std::process",
        "SystemTime",
        "Instant::now",
        "tokio",
        "rusqlite",
        "rand::",
    ];
    for (path, text) in sources() {
        if !path.to_string_lossy().contains("clickback-core/src") || is_test(&path) {
            continue;
        }
        for word in banned {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    }
}

/// Arrows point one way: the store knows nothing of those who use it, and those do not know each
/// other's inside.
#[test]
fn arrows_point_one_way() {
    let rules = [
        (
            "/src/store/",
            ["crate::api", "crate::web", "crate::ingest", "crate::app"],
        ),
        (
            "/src/ingest/",
            ["crate::api", "crate::web", "crate::demo", "crate::load"],
        ),
    ];
    for (path, text) in sources() {
        for (place, banned) in rules {
            if path.to_string_lossy().contains(place) {
                for word in banned {
                    assert!(!text.contains(word), "{} uses {word}", path.display());
                }
            }
        }
    }
}

#[test]
fn tests_do_not_sleep() {
    let call = ["sleep", "("].concat();
    for (path, text) in sources() {
        let test = is_test(&path) && !path.ends_with("tidy.rs");
        assert!(!test || !text.contains(&call), "{} sleeps", path.display());
    }
}
