//! What a node keeps in its data directory, so that it can start while the database is away: who it is,
//! its number, and the set-up as it was read last. Each file is replaced as a whole and is on disk then.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clickback_core::moment::Moment;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::sql::snapshot::SetUp;
use crate::store::{StoreError, StoreResult};

use super::node::NODES;

/// Number, identity, and the time in milliseconds at which the database agreed last. Programs before
/// 0007 wrote the number alone.
const NODE_FILE: &str = "node";
/// The set-up, with the secrets in it.
const SET_UP_FILE: &str = "set-up.json";
/// The form of that file; another one is another number.
const FORM: u32 = 1;

/// Who this data directory is to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Me {
    /// A random name.
    pub(super) identity: String,
    pub(super) number: Option<u8>,
    /// When the database said last that the number is this directory's.
    pub(super) confirmed: Option<Moment>,
}

impl Me {
    /// Nobody that anyone knows.
    pub(super) fn new(number: Option<u8>) -> Me {
        Me {
            identity: Uuid::new_v4().to_string(),
            number,
            confirmed: None,
        }
    }

    fn read(text: &str) -> Me {
        let mut parts = text.split_whitespace();
        let number = parts.next().and_then(|number| number.parse().ok());
        let number = number.filter(|number| *number < NODES);
        let identity = parts.next().and_then(|text| Uuid::try_parse(text).ok());
        let confirmed = parts.next().and_then(|millis| millis.parse().ok());
        match identity {
            Some(identity) => Me {
                identity: identity.to_string(),
                number,
                confirmed: confirmed.map(Moment::from_millis),
            },
            None => Me::new(number),
        }
    }

    fn written(&self) -> String {
        let number = self.number.unwrap_or(NODES);
        let millis = self.confirmed.map_or(0, Moment::millis);
        format!("{number} {} {millis}\n", self.identity)
    }
}

#[derive(Serialize, Deserialize)]
struct Kept<S> {
    form: u32,
    database: String,
    set_up: S,
}

/// The directory.
pub(super) struct Home {
    directory: PathBuf,
    me: Mutex<Me>,
    /// The set-up as it stands in its file.
    kept: Mutex<Option<SetUp>>,
}

impl Home {
    /// Reads who lives there.
    pub(super) fn open(directory: &Path) -> StoreResult<Home> {
        let me = match std::fs::read_to_string(directory.join(NODE_FILE)) {
            Ok(text) => Me::read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Me::new(None),
            Err(error) => return Err(cannot("read", &directory.join(NODE_FILE), &error)),
        };
        Ok(Home {
            directory: directory.to_owned(),
            me: Mutex::new(me),
            kept: Mutex::new(None),
        })
    }

    pub(super) fn me(&self) -> Me {
        held(&self.me).clone()
    }

    /// Remembers who this is from now on.
    pub(super) fn become_me(&self, me: Me) -> StoreResult<()> {
        let mut place = held(&self.me);
        self.replace(NODE_FILE, me.written().as_bytes())?;
        *place = me;
        Ok(())
    }

    /// The database said that the number is still this directory's; nothing where it became somebody else
    /// meanwhile.
    pub(super) fn confirm(&self, me: &Me, now: Moment) -> StoreResult<()> {
        let mut place = held(&self.me);
        if place.identity != me.identity || place.number != me.number {
            return Ok(());
        }
        let confirmed = Me {
            confirmed: Some(now),
            ..me.clone()
        };
        self.replace(NODE_FILE, confirmed.written().as_bytes())?;
        *place = confirmed;
        Ok(())
    }

    /// The set-up of the last run on a database of this name; `None` where there was none, or it cannot be
    /// read.
    pub(super) fn set_up(&self, database: &str) -> Option<SetUp> {
        let path = self.directory.join(SET_UP_FILE);
        let bytes = std::fs::read(&path).ok()?;
        match serde_json::from_slice::<Kept<SetUp>>(&bytes) {
            Ok(kept) if kept.form == FORM && kept.database == database => Some(kept.set_up),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "the kept set-up cannot be read");
                None
            }
        }
    }

    /// Keeps the set-up where it is another one than before.
    pub(super) fn keep(&self, database: &str, set_up: &SetUp) {
        let mut kept = held(&self.kept);
        if kept.as_ref() == Some(set_up) {
            return;
        }
        let database = database.to_owned();
        let now = Kept {
            form: FORM,
            database,
            set_up,
        };
        let written = serde_json::to_vec(&now)
            .map_err(|error| StoreError::Internal(error.to_string()))
            .and_then(|bytes| self.replace(SET_UP_FILE, &bytes));
        match written {
            Ok(()) => *kept = Some(set_up.clone()),
            Err(error) => {
                tracing::warn!(%error, "cannot keep the set-up for a start without the database");
            }
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> StoreResult<()> {
        let path = self.directory.join(name);
        let draft = self.directory.join(format!("{name}.new"));
        let written = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        written().map_err(|error| cannot("write", &path, &error))
    }
}

fn held<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks can panic half-way.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Invalid {
        message: format!("cannot {what} {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_knows_who_it_is() {
        let identity = "7f0c3f0a-3b5e-4a53-9d6c-0c5f3f6f2a11";
        let cases = [
            (format!("5 {identity} 1764034567000\n"), Some(5), true),
            (format!("127 {identity}"), Some(127), true),
            // Before identities there was the number alone.
            ("5\n".to_owned(), Some(5), false),
            ("128".to_owned(), None, false),
            (format!("128 {identity} 0"), None, true),
            (String::new(), None, false),
            ("something else".to_owned(), None, false),
        ];
        for (text, number, known) in cases {
            let me = Me::read(&text);
            assert_eq!(me.number, number, "{text}");
            assert_eq!(me.identity == identity, known, "{text}");
        }
        let directory = tempfile::tempdir().unwrap();
        let me = Me {
            number: Some(7),
            confirmed: Some(Moment::from_millis(1_764_034_567_000)),
            ..Me::new(None)
        };
        Home::open(directory.path())
            .unwrap()
            .become_me(me.clone())
            .unwrap();
        assert_eq!(Home::open(directory.path()).unwrap().me(), me);
    }
}
