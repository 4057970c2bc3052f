//! chromedriver for all browser tests of the binary: started by the first, ended after the last.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The line in which it says its port: it chooses a free one.
const READY: &str = "was started successfully on port ";

/// A running chromedriver.
pub(super) struct Driver {
    child: Child,
    /// Kept open: it ends when it cannot write.
    _said: BufReader<ChildStdout>,
    pub(super) port: u16,
}

static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());

/// The one that runs, or a new one. The error says what is missing.
pub(super) fn shared() -> Result<Arc<Driver>, String> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Ok(running);
    }
    let driver = Arc::new(start()?);
    *shared = Arc::downgrade(&driver);
    Ok(driver)
}

fn start() -> Result<Driver, String> {
    for program in ["chromium", "chromedriver"] {
        let known = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if known.is_err() {
            return Err(format!(
                "browser tests need {program} (Debian packages chromium and chromium-driver)"
            ));
        }
    }
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("chromedriver does not start: {error}"))?;
    let mut said = BufReader::new(child.stdout.take().expect("piped above"));
    let mut line = String::new();
    loop {
        line.clear();
        let read = said.read_line(&mut line).unwrap_or(0);
        assert!(read > 0, "chromedriver ended before it was ready");
        if let Some((_, port)) = line.split_once(READY) {
            let port = port.trim().trim_end_matches('.');
            return Ok(Driver {
                child,
                port: port.parse().expect("a port"),
                _said: said,
            });
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SIGTERM lets it end the browsers that a failed test has left.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            // Gone already, or there is no `kill`.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
