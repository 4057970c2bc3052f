//! The address of a PostgreSQL database, and what its connections are told. Its password is in no text that this
//! module makes.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::{Client, Config};

use crate::store::{StoreError, StoreResult};

use super::errors::{db, refused};
use super::tls::{Encryption, Mode};

/// Where Debian and most others put the server's socket.
const SOCKET_DIRECTORY: &str = "/var/run/postgresql";
/// A host with which no connection is made in this time is given up for the next one.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// A server that stopped answering is noticed in half a minute, not in the two hours of the system.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 4;
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Pages and reports: nothing runs for longer than a page would be waited for.
    Read,
    /// The writer, migrations, maintenance.
    Write,
    /// Hearing other nodes and saying that this one lives: nothing there waits for anything.
    Listen,
}

impl Purpose {
    /// What a new connection is told. Compiling a statement to machine code costs more than most of
    /// ours take, and none needs it.
    pub(super) fn session(self) -> &'static str {
        match self {
            // Lists are found by what is asked for: a plan that was made for any value would walk a
            // whole index where the value is rare, or gather half a table where it is common. A page
            // that takes several processors is a page for which postbacks wait.
            Purpose::Read => {
                "SET jit = off; SET plan_cache_mode = force_custom_plan; SET max_parallel_workers_per_gather = 0; \
                 SET statement_timeout = '20s'"
            }
            // A node that hangs in a transaction holds locks that others wait for. A commit returns
            // when it is on disk, also where the server's default is not to wait: the journal's copy
            // is given up for it.
            Purpose::Write => {
                "SET jit = off; SET idle_in_transaction_session_timeout = '60s'; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off'"
            }
            Purpose::Listen => {
                "SET jit = off; SET lock_timeout = '2s'; SET statement_timeout = '5s'"
            }
        }
    }
}

/// The address of a database: `postgres://user:password@host:port,host2:port2/database?…`.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Box<Config>,
    pub(super) encryption: Encryption,
    /// Which of several hosts was the right one last.
    pub(super) last: Arc<AtomicUsize>,
}

impl fmt::Display for Address {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "postgres://{}@{}/{}",
            self.user(),
            self.place(),
            self.database()
        )
    }
}

impl fmt::Debug for Address {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(super) fn invalid<T>(message: impl Into<String>) -> StoreResult<T> {
    Err(StoreError::Invalid {
        message: message.into(),
    })
}

impl Address {
    /// Reads an address. What is wrong is said without showing it.
    pub fn parse(url: &str) -> StoreResult<Address> {
        let url = url.trim();
        let Some(rest) = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
        else {
            return invalid(
                "database_url must look like postgres://user:password@host/database; without it the database \
                 is SQLite in data_dir",
            );
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if query.contains('@') || rest.contains('#') || rest.matches('@').count() > 1 {
            return invalid(
                "database_url has a character in its user or password that means something else in an address: \
                 write @ as %40, : as %3A, / as %2F, ? as %3F and # as %23",
            );
        }
        let mut encryption = Encryption::default();
        let mut kept: Vec<String> = Vec::new();
        let mut attributes = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let file = || PathBuf::from(percent_decode_str(value).decode_utf8_lossy().into_owned());
            match name {
                "sslmode" => match Mode::from_code(value) {
                    Some(mode) => encryption.mode = mode,
                    None => {
                        return invalid(format!(
                            "sslmode in database_url is `{value}`: it can be disable, prefer, require, verify-ca \
                             or verify-full"
                        ));
                    }
                },
                "sslrootcert" => encryption.root_certificate = Some(file()),
                "sslcert" => encryption.certificate = Some(file()),
                "sslkey" => encryption.key = Some(file()),
                // Several in one are written so for libpq.
                "host" | "hostaddr" => {
                    kept.extend(value.split(',').map(|one| format!("{name}={one}")));
                }
                _ => {
                    attributes |= name == "target_session_attrs";
                    kept.push(pair.to_owned());
                }
            }
        }
        let Ok(mut config) = format!("postgres://{rest}?{}", kept.join("&")).parse::<Config>()
        else {
            let names: Vec<&str> = kept
                .iter()
                .map(|pair| pair.split('=').next().unwrap_or_default())
                .collect();
            return invalid(format!(
                "database_url cannot be read: it must look like postgres://user:password@host:5432/database{}",
                if names.is_empty() {
                    String::new()
                } else {
                    format!(
                        ", and one of these options or its value is not known: {}",
                        names.join(", ")
                    )
                }
            ));
        };
        let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
        if hosts > 0 && addresses > 0 && hosts != addresses {
            return invalid(format!(
                "database_url names {hosts} hosts and {addresses} values of hostaddr: give one for each host"
            ));
        }
        let ports = config.get_ports().len();
        if ports > 1 && ports != hosts.max(addresses) {
            return invalid(format!(
                "database_url names {ports} ports for {} hosts: give one for all, or one for each",
                hosts.max(addresses)
            ));
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(SOCKET_DIRECTORY);
        }
        if config.get_user().is_none() {
            return invalid(
                "database_url names no user: it must look like postgres://user:password@host/database",
            );
        }
        config.ssl_mode(encryption.mode.for_client());
        // Several hosts are one primary and its standbys, and only the primary is of use.
        if !attributes && config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("clickback");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(UNACKNOWLEDGED);
        Ok(Address {
            config: Box::new(config),
            encryption,
            last: Arc::default(),
        })
    }

    /// The same server with another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Address {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        // As the server does where none is given.
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Hosts and ports.
    pub(super) fn place(&self) -> String {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5_432);
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(at, host)| match host {
                Host::Tcp(name) => format!("{name}:{}", port(at)),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}/.s.PGSQL.{}", path.display(), port(at)),
            })
            .collect();
        if hosts.is_empty() {
            let addresses = self.config.get_hostaddrs().iter().map(ToString::to_string);
            return addresses.collect::<Vec<_>>().join(",");
        }
        hosts.join(",")
    }

    /// Why no connection could be made.
    pub(super) fn refused(&self, error: &tokio_postgres::Error) -> StoreError {
        refused(error, &self.place(), self.user(), self.database())
    }
}

/// The version of the server behind a connection, as it says it.
pub async fn server_version(client: &Client) -> StoreResult<String> {
    let row = client
        .query_one("SELECT current_setting('server_version')", &[])
        .await
        .map_err(db)?;
    Ok(row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_their_password() {
        let cases = [
            (
                "postgres://anna:s3cret@db.example/click",
                "postgres://anna@db.example:5432/click",
            ),
            (
                "postgresql://anna:s3cret@db/click?sslmode=verify-full&sslrootcert=/etc/ca.pem",
                "postgres://anna@db:5432/click",
            ),
            (
                "postgres://anna:s3cret@one:6432,two/click",
                "postgres://anna@one:6432,two:5432/click",
            ),
            (
                "postgres://anna:s3cret@/click?host=/tmp/pg",
                "postgres://anna@/tmp/pg/.s.PGSQL.5432/click",
            ),
            (
                "postgres://anna@/click?host=/one,/two&port=5433",
                "postgres://anna@/one/.s.PGSQL.5433,/two/.s.PGSQL.5433/click",
            ),
            (
                "postgres://anna@%2Ftmp%2Fpg:5433/click",
                "postgres://anna@/tmp/pg/.s.PGSQL.5433/click",
            ),
            (
                "postgres://anna:s3cret@/click",
                "postgres://anna@/var/run/postgresql/.s.PGSQL.5432/click",
            ),
            (
                "postgres://anna:s3%40cret@db",
                "postgres://anna@db:5432/anna",
            ),
        ];
        for (url, expected) in cases {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), expected);
            assert_eq!(format!("{address:?}"), expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_without_showing_it() {
        let cases = [
            ("mysql://anna:s3cret@db/click", "must look like postgres://"),
            ("host=db password=s3cret", "must look like postgres://"),
            ("postgres://anna:s3cret@x@db/click", "write @ as %40"),
            ("postgres://anna:s3cret?x@db/click", "write @ as %40"),
            ("postgres://anna:s3cret#x@db/click", "# as %23"),
            ("postgres://anna:s3cret@db:port/click", "cannot be read"),
            ("postgres://anna:s3cret@db/click?sslmode=yes", "verify-full"),
            (
                "postgres://anna:s3cret@db/click?colour=red",
                "not known: colour",
            ),
            ("postgres://db/click", "names no user"),
        ];
        for (url, expected) in cases {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{url}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn several_hosts_mean_the_one_that_takes_writes() {
        let attributes = |url: &str| {
            Address::parse(url)
                .unwrap()
                .config
                .get_target_session_attrs()
        };
        assert_eq!(attributes("postgres://a@one/c"), TargetSessionAttrs::Any);
        assert_eq!(
            attributes("postgres://a@one,two/c"),
            TargetSessionAttrs::ReadWrite
        );
        assert_eq!(
            attributes("postgres://a@one,two/c?target_session_attrs=any"),
            TargetSessionAttrs::Any
        );
    }

    #[test]
    fn modes_of_encryption() {
        let mode = |url: &str| {
            let address = Address::parse(url).unwrap();
            (address.encryption.mode, address.config.get_ssl_mode())
        };
        let cases = [
            (
                "postgres://a@db/c",
                Mode::Prefer,
                tokio_postgres::config::SslMode::Prefer,
            ),
            (
                "postgres://a@db/c?sslmode=disable",
                Mode::Disable,
                tokio_postgres::config::SslMode::Disable,
            ),
            (
                "postgres://a@db/c?sslmode=require",
                Mode::Require,
                tokio_postgres::config::SslMode::Require,
            ),
            (
                "postgres://a@db/c?sslmode=verify-full",
                Mode::VerifyFull,
                tokio_postgres::config::SslMode::Require,
            ),
        ];
        for (url, own, client) in cases {
            assert_eq!(mode(url), (own, client), "{url}");
        }
    }
}
