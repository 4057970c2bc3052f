//! A PostgreSQL server that a test owns: to be stopped in the middle of its work, started again, copied
//! and promoted. It waits for the disk as one in earnest does. Where the server's programs are missing
//! the test says `SKIPPED`, which CI does not accept.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clickback::store::postgres::connect::{Address, Purpose, server_version};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::ground::number;

/// What is needed of a server's programs.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "pg_basebackup"];
/// The name of the database that tests make there.
const DATABASE: &str = "clickback";
/// Names the socket; there are no two servers in one directory.
const PORT: u16 = 5_432;
/// Settings of all clusters. Commits do not wait for the disk unless a connection asks for it, and
/// Clickback must.
const SETTINGS: &str = "listen_addresses = ''\n\
     shared_buffers = 32MB\n\
     max_connections = 60\n\
     synchronous_commit = off\n";

/// A server, stopped when it is dropped.
pub(crate) struct Cluster {
    directory: TempDir,
    programs: Programs,
}

/// The server's programs, and who may run them.
#[derive(Clone)]
struct Programs {
    directory: PathBuf,
    /// User and group of `postgres` where this process is root: the server refuses to be.
    run_as: Option<(u32, u32)>,
}

impl Programs {
    fn find() -> Option<Programs> {
        let complete = |one: &PathBuf| PROGRAMS.iter().all(|name| one.join(name).is_file());
        let Some(directory) = directories().find(complete) else {
            println!("SKIPPED on a PostgreSQL of its own: one of {PROGRAMS:?} is missing");
            return None;
        };
        let run_as = if is_root() {
            let Some(postgres) = user("postgres") else {
                println!("SKIPPED on a PostgreSQL of its own: there is no user postgres");
                return None;
            };
            Some(postgres)
        } else {
            None
        };
        Some(Programs { directory, run_as })
    }

    /// A directory that the server's user may use.
    fn make_directory(&self) -> TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        let rights = fs::Permissions::from_mode(0o755);
        fs::set_permissions(directory.path(), rights).expect("rights");
        if let Some((user, group)) = self.run_as {
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group)).expect("an owner");
        }
        directory
    }

    /// Runs a program to its end; it must succeed.
    fn run<A: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = A>) {
        let said = tempfile::tempfile().expect("a file");
        let mut command = Command::new(self.directory.join(program));
        command
            .args(arguments)
            .current_dir("/")
            // A server that is started keeps what it is given: a pipe would never end.
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a file"))
            .stderr(said.try_clone().expect("a file"));
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        let ended = command.status().expect("it starts");
        assert!(ended.success(), "{program} failed: {}", text_of(said));
    }
}

/// Where the programs may be: Debian keeps them out of `PATH`.
#[expect(
    clippy::disallowed_methods,
    reason = "where programs are is the environment's matter"
)]
fn directories() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    packaged.sort();
    named.into_iter().chain(packaged.into_iter().rev())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

/// User and group with this name.
fn user(name: &str) -> Option<(u32, u32)> {
    let all = fs::read_to_string("/etc/passwd").ok()?;
    let line = all
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn text_of(mut file: fs::File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut text = String::new();
    file.rewind().expect("the file");
    file.read_to_string(&mut text).expect("text");
    text
}

impl Cluster {
    /// A new server with an empty database.
    pub(crate) async fn start() -> Option<Cluster> {
        let programs = Programs::find()?;
        let cluster = Cluster {
            directory: programs.make_directory(),
            programs,
        };
        let data = cluster.data();
        let programs = &cluster.programs;
        let options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"];
        let place = [OsStr::new("-N"), OsStr::new("-D"), data.as_os_str()];
        programs.run("initdb", place.into_iter().chain(options.map(OsStr::new)));
        let file = data.join("postgresql.conf");
        let before = fs::read_to_string(&file).expect("the settings");
        fs::write(&file, format!("{before}\n{SETTINGS}")).expect("written");
        cluster.begin();
        let client = cluster.client_of("postgres").await;
        let made = format!("CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'");
        client.batch_execute(&made).await.expect("a database");
        Some(cluster)
    }

    /// A standby that streams from this server; every commit waits for it from now on.
    pub(crate) async fn synchronous_standby(&self) -> Cluster {
        let standby = Cluster {
            directory: self.programs.make_directory(),
            programs: self.programs.clone(),
        };
        standby.follow(self).await;
        standby
    }

    /// Becomes the standby of another server, as a copy of it: what was here before is gone. Every commit
    /// there waits for it from now on.
    pub(crate) async fn follow(&self, primary: &Cluster) {
        let data = self.data();
        if data.exists() {
            fs::remove_dir_all(&data).expect("removed");
        }
        let from = format!(
            "host={} port={PORT} user=postgres",
            primary.socket().display()
        );
        let options = ["-R", "-N", "-X", "stream", "-c", "fast", "-d", &from, "-D"];
        let options = options.map(OsStr::new).into_iter();
        self.programs
            .run("pg_basebackup", options.chain([data.as_os_str()]));
        self.begin();
        let client = primary.client().await;
        for statement in [
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
            "SELECT pg_reload_conf()",
        ] {
            client.batch_execute(statement).await.expect(statement);
        }
        let followed = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        wait_for(&client, followed, |standbys| standbys == 1).await;
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn socket(&self) -> &Path {
        self.directory.path()
    }

    fn control<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) {
        let data = self.data();
        let all = [OsStr::new("-w"), OsStr::new("-D"), data.as_os_str()].map(OsStr::to_owned);
        let more = arguments.into_iter().map(|one| one.as_ref().to_owned());
        self.programs.run("pg_ctl", all.into_iter().chain(more));
    }

    /// Starts it; returns when it takes connections.
    pub(crate) fn begin(&self) {
        let log = self.directory.path().join("log");
        let options = format!(
            "-p {PORT} -c unix_socket_directories={}",
            self.socket().display()
        );
        let arguments = ["-l".as_ref(), log.as_os_str(), "-o".as_ref()];
        self.control(
            arguments
                .into_iter()
                .chain([options.as_ref(), "start".as_ref()]),
        );
    }

    /// Stops it at once, in the middle of whatever it does: the next start is a recovery.
    pub(crate) fn stop_at_once(&self) {
        self.control(["-m", "immediate", "stop"]);
    }

    /// It hangs: every process of it stops where it is, and its sockets stay open.
    pub(crate) fn pause(&self) {
        // The first makes no new ones when it stands.
        Self::signal("-STOP", &[self.first_process()]);
        Self::signal("-STOP", &self.other_processes());
    }

    /// It goes on as if nothing had been.
    pub(crate) fn resume(&self) {
        Self::signal("-CONT", &self.other_processes());
        Self::signal("-CONT", &[self.first_process()]);
    }

    fn first_process(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        let first = file.lines().next().expect("a line");
        first.trim().parse().expect("a process")
    }

    fn other_processes(&self) -> Vec<u32> {
        let first = self.first_process();
        let all = fs::read_dir("/proc").expect("processes").flatten();
        let numbers = all.filter_map(|one| one.file_name().to_str()?.parse::<u32>().ok());
        numbers
            .filter(|process| parent_of(*process) == Some(first))
            .collect()
    }

    /// One of these may have ended meanwhile, which is fine: the others get it all the same.
    fn signal(signal: &str, processes: &[u32]) {
        let numbers = processes.iter().map(ToString::to_string);
        let sent = Command::new("kill").arg(signal).args(numbers).output();
        sent.expect("there is a program that sends signals");
    }

    /// A standby takes writes; returns when it does.
    pub(crate) fn promote(&self) {
        self.control(["promote"]);
    }

    /// The address of its database, and of that of other servers that may have its place.
    pub(crate) fn address_with(&self, others: &[&Cluster]) -> Address {
        let hosts: Vec<String> = std::iter::once(self)
            .chain(others.iter().copied())
            .map(|one| one.socket().display().to_string())
            .collect();
        let hosts = hosts.join(",");
        let url = format!(
            "postgres://postgres@/{DATABASE}?host={hosts}&port={PORT}&target_session_attrs=read-write"
        );
        Address::parse(&url).expect("an address")
    }

    /// The address of its database behind that of a host that is asked first.
    pub(crate) fn address_behind(&self, first: SocketAddr) -> Address {
        let url = format!(
            "postgres://postgres@/{DATABASE}?host={},{}&port={},{PORT}&connect_timeout=1",
            first.ip(),
            self.socket().display(),
            first.port()
        );
        Address::parse(&url).expect("an address")
    }

    /// The address of its database, for a node that gives up on it soon.
    pub(crate) fn impatient_address(&self) -> Address {
        let url = format!(
            "postgres://postgres@/{DATABASE}?host={}&port={PORT}&connect_timeout=1",
            self.socket().display()
        );
        Address::parse(&url).expect("an address")
    }

    /// The address of its database.
    pub(crate) fn address(&self) -> Address {
        self.address_with(&[])
    }

    /// A connection to its database.
    pub(crate) async fn client(&self) -> Client {
        self.client_of(DATABASE).await
    }

    async fn client_of(&self, database: &str) -> Client {
        let address = self.address().with_database(database);
        address.connect(Purpose::Write).await.expect("a connection")
    }

    /// What a suite prints when it is through.
    pub(crate) async fn say_where(&self) {
        let version = server_version(&self.client().await).await;
        let version = version.expect("a version");
        let version = version.split(' ').next().unwrap_or_default();
        println!("ran on PostgreSQL {version}");
    }
}

/// The process that made another one.
fn parent_of(process: u32) -> Option<u32> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it is in brackets and may hold anything.
    let (_, rest) = line.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            // A test may have failed while it hung.
            self.resume();
            self.stop_at_once();
        }
    }
}

/// Asks until the number that a query answers is right.
pub(crate) async fn wait_for(client: &Client, query: &str, right: impl Fn(i64) -> bool) {
    let asked = async {
        while !right(number(client, query).await) {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    let reached = tokio::time::timeout(patience, asked).await;
    assert!(reached.is_ok(), "it never came to that: {query}");
}
