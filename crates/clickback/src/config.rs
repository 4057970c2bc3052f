//! Settings: flags, then `CLICKBACK_*` variables, then a TOML file, then defaults.
//! The only place that reads the environment. Unknown names are refused with the nearest right one.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;

use crate::store::postgres::connect::Address;
use crate::store::postgres::partitions::Retention;

/// The address of a database as it was given. It holds a password, so it is not shown anywhere.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads it; what is wrong is said without showing it.
    pub fn address(&self) -> Result<Address, ConfigError> {
        Address::parse(&self.0).or_else(|error| refused(error.to_string()))
    }

    /// Whether it stands for what is written on the standard input.
    pub fn is_dash(&self) -> bool {
        self.0 == "-"
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    /// Takes any text: an error here would be printed with the text.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// What a person can set, as given; `None` is not given.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// Address to listen on
    #[arg(long, env = "CLICKBACK_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Directory of the database and of the journal
    #[arg(long, env = "CLICKBACK_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database that several nodes share; without it the database is SQLite in the data
    /// directory. Give it in the variable or the file: other users of the machine see flags
    #[arg(
        long,
        env = "CLICKBACK_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<DatabaseUrl>,
    /// Days that received requests are kept in PostgreSQL, whole months at a time; forever unless given
    #[arg(long, env = "CLICKBACK_INBOX_DAYS", value_name = "DAYS")]
    pub inbox_days: Option<u32>,
    /// Days that clicks are kept in PostgreSQL, whole months at a time; forever unless given
    #[arg(long, env = "CLICKBACK_CLICKS_DAYS", value_name = "DAYS")]
    pub clicks_days: Option<u32>,
    /// Address under which partners reach this installation; several domains separated by commas,
    /// the first is used in new links
    #[arg(
        long,
        env = "CLICKBACK_PUBLIC_URL",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub public_url: Option<Vec<String>>,
    /// Proxies in front whose X-Forwarded-For is believed: addresses or networks
    #[arg(
        long,
        env = "CLICKBACK_TRUSTED_PROXIES",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxies: Option<Vec<String>>,
    /// Connections at the same time
    #[arg(long, env = "CLICKBACK_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Seconds a client may take to send the head of a request
    #[arg(long, env = "CLICKBACK_HEADER_TIMEOUT", value_name = "SECONDS")]
    pub header_timeout: Option<u64>,
    /// Seconds a client may take to send the body of a request
    #[arg(long, env = "CLICKBACK_BODY_TIMEOUT", value_name = "SECONDS")]
    pub body_timeout: Option<u64>,
    /// Bytes of a postback's body
    #[arg(long, env = "CLICKBACK_MAX_BODY", value_name = "BYTES")]
    pub max_body: Option<usize>,
    /// Postbacks that may wait for the disk; more are answered 503
    #[arg(long, env = "CLICKBACK_QUEUE", value_name = "N")]
    pub queue: Option<usize>,
    /// Bytes of accepted postbacks that may wait to be decided; beyond, they are answered 503
    #[arg(long, env = "CLICKBACK_JOURNAL_LIMIT", value_name = "BYTES")]
    pub journal_limit: Option<u64>,
    /// What this node is called among those that share a database; the machine's name unless given
    #[arg(long, env = "CLICKBACK_NODE_NAME", value_name = "NAME")]
    pub node_name: Option<String>,
    /// Log lines as text or json
    #[arg(long, env = "CLICKBACK_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What to log: error, warn, info, debug, or a filter such as clickback=debug
    #[arg(long, env = "CLICKBACK_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Settings file
    #[arg(long, env = "CLICKBACK_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

/// Every setting by its name in a file; the variable is `CLICKBACK_` and this in capitals.
pub(crate) const NAMES: &[&str] = &[
    "listen",
    "data_dir",
    "database_url",
    "inbox_days",
    "clicks_days",
    "public_url",
    "trusted_proxies",
    "max_connections",
    "header_timeout",
    "body_timeout",
    "max_body",
    "queue",
    "journal_limit",
    "node_name",
    "log_format",
    "log",
    "config",
];

/// Settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    /// The PostgreSQL database; `None` is SQLite in `data_dir`.
    pub database: Option<Address>,
    pub retention: Retention,
    /// Without a slash at the end; new links use it.
    pub public_url: String,
    /// All public addresses, the first included.
    pub public_urls: Vec<String>,
    pub trusted_proxies: Vec<String>,
    pub max_connections: usize,
    pub header_timeout_seconds: u64,
    pub body_timeout_seconds: u64,
    pub max_body: usize,
    pub queue: usize,
    pub journal_limit: u64,
    /// What this node is called among those that share a database.
    pub node_name: String,
    pub log_json: bool,
    pub log_filter: String,
    /// Pages need no login: only `demo`, on throw-away data and the loopback address.
    pub open_pages: bool,
    /// Takes postbacks. A command that only visits the data directory does not: the program that serves
    /// it may be running.
    pub accepts: bool,
}

/// Accepted postbacks that may wait by default: a minute of a flood.
const JOURNAL_LIMIT: u64 = 1_024 * 1_024 * 1_024;

/// Why the settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Refused(String),
}

fn refused<T>(message: String) -> Result<T, ConfigError> {
    Err(ConfigError::Refused(message))
}

impl Settings {
    /// Puts flags and variables over the file over the defaults, and checks each value.
    pub fn resolve(given: Given) -> Result<Settings, ConfigError> {
        check_environment()?;
        let file = match &given.config {
            Some(path) => read_file(path)?,
            None => Given::default(),
        };
        let listen = given
            .listen
            .or(file.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let mut public_urls = Vec::new();
        for url in given
            .public_url
            .or(file.public_url)
            .unwrap_or_else(|| vec![format!("http://{listen}")])
        {
            public_urls.push(checked_url(&url)?);
        }
        let Some(public_url) = public_urls.first().cloned() else {
            return refused("public_url is empty: give the address that partners call".to_owned());
        };
        let trusted_proxies = given
            .trusted_proxies
            .or(file.trusted_proxies)
            .unwrap_or_default();
        for net in &trusted_proxies {
            checked_net(net)?;
        }
        let log_json = match given.log_format.or(file.log_format).as_deref() {
            None | Some("text") => false,
            Some("json") => true,
            Some(other) => {
                return refused(format!("log_format is `{other}`: it can be text or json"));
            }
        };
        let database = given
            .database_url
            .or(file.database_url)
            .filter(|url| !url.0.trim().is_empty())
            .map(|url| Address::parse(&url.0))
            .transpose()
            .or_else(|error| refused(error.to_string()))?;
        let retention = Retention {
            inbox_days: checked_days(
                "inbox_days",
                given.inbox_days.or(file.inbox_days),
                database.as_ref(),
            )?,
            clicks_days: checked_days(
                "clicks_days",
                given.clicks_days.or(file.clicks_days),
                database.as_ref(),
            )?,
        };
        let settings = Settings {
            listen,
            data_dir: given
                .data_dir
                .or(file.data_dir)
                .unwrap_or_else(|| PathBuf::from("clickback-data")),
            database,
            retention,
            public_url,
            public_urls,
            trusted_proxies,
            max_connections: given
                .max_connections
                .or(file.max_connections)
                .unwrap_or(4_096),
            header_timeout_seconds: given.header_timeout.or(file.header_timeout).unwrap_or(15),
            body_timeout_seconds: given.body_timeout.or(file.body_timeout).unwrap_or(30),
            max_body: given.max_body.or(file.max_body).unwrap_or(64 * 1_024),
            queue: given.queue.or(file.queue).unwrap_or(8_192),
            journal_limit: given
                .journal_limit
                .or(file.journal_limit)
                .unwrap_or(JOURNAL_LIMIT),
            node_name: checked_name(given.node_name.or(file.node_name))?,
            log_json,
            log_filter: given.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            open_pages: false,
            accepts: true,
        };
        for (name, value) in [
            ("max_connections", settings.max_connections),
            ("queue", settings.queue),
            ("max_body", settings.max_body),
        ] {
            if value == 0 {
                return refused(format!("{name} is 0: nothing could be received"));
            }
        }
        Ok(settings)
    }

    /// Defaults on an address of the system's choice, for tests and the demo.
    pub fn local(data_dir: PathBuf) -> Settings {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir,
            database: None,
            retention: Retention::default(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            public_urls: vec!["http://127.0.0.1:8080".to_owned()],
            trusted_proxies: Vec::new(),
            max_connections: 4_096,
            header_timeout_seconds: 15,
            body_timeout_seconds: 30,
            max_body: 64 * 1_024,
            queue: 8_192,
            journal_limit: JOURNAL_LIMIT,
            node_name: machine_name(),
            log_json: false,
            log_filter: "info".to_owned(),
            open_pages: false,
            accepts: true,
        }
    }
}

/// Characters of a node's name.
const LONGEST_NAME: usize = 60;

fn checked_name(given: Option<String>) -> Result<String, ConfigError> {
    let Some(name) = given else {
        return Ok(machine_name());
    };
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return refused(format!(
            "node_name must be one line of 1 to {LONGEST_NAME} characters"
        ));
    }
    Ok(name.to_owned())
}

/// What the machine calls itself.
fn machine_name() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let named = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok());
    let name = named
        .map(|name| name.trim().chars().take(LONGEST_NAME).collect::<String>())
        .find(|name| !name.is_empty());
    name.unwrap_or_else(|| "node".to_owned())
}

/// What is dropped can make a postback unreadable or unmatched: not within what partners send again.
const FEWEST_DAYS: u32 = 30;

fn checked_days(
    name: &str,
    days: Option<u32>,
    database: Option<&Address>,
) -> Result<Option<u32>, ConfigError> {
    match days {
        None => Ok(None),
        Some(_) if database.is_none() => refused(format!(
            "{name} works with PostgreSQL only, where a month is dropped as a whole: set database_url, or \
             take {name} out"
        )),
        Some(days) if days < FEWEST_DAYS => refused(format!(
            "{name} is {days}: fewer than {FEWEST_DAYS} days would drop what partners still send about"
        )),
        Some(days) => Ok(Some(days)),
    }
}

fn checked_url(url: &str) -> Result<String, ConfigError> {
    let url = url.trim().trim_end_matches('/');
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => Ok(url.to_owned()),
        _ => refused(format!(
            "public_url `{url}` must look like https://track.example.com"
        )),
    }
}

fn checked_net(net: &str) -> Result<(), ConfigError> {
    let (address, prefix) = net
        .split_once('/')
        .map_or((net, None), |(a, p)| (a, Some(p)));
    let width = match address.trim().parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => {
            return refused(format!(
                "trusted_proxies: `{net}` is neither an address nor a network"
            ));
        }
    };
    match prefix.map(|text| text.trim().parse::<u32>()) {
        None => Ok(()),
        Some(Ok(prefix)) if prefix <= width => Ok(()),
        Some(_) => refused(format!(
            "trusted_proxies: `{net}` has a prefix beyond /{width}"
        )),
    }
}

fn read_file(path: &Path) -> Result<Given, ConfigError> {
    let text = std::fs::read_to_string(path).or_else(|error| {
        refused(format!(
            "cannot read the settings file {}: {error}",
            path.display()
        ))
    })?;
    parse_file(&text).or_else(|message| refused(format!("{}: {message}", path.display())))
}

fn parse_file(text: &str) -> Result<Given, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| said(text, &error))?;
    for name in table.keys() {
        if !NAMES.contains(&name.as_str()) || name == "config" {
            return Err(unknown("setting", name, &|known| known.to_owned()));
        }
    }
    table
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

/// What is wrong and in which line. The line itself may hold a password.
fn said(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        ),
        None => error.message().to_owned(),
    }
}

fn check_environment() -> Result<(), ConfigError> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    check_variables(names).or_else(refused)
}

fn check_variables(names: impl Iterator<Item = String>) -> Result<(), String> {
    let variable = |name: &str| format!("CLICKBACK_{}", name.to_uppercase());
    for name in names.filter(|name| name.starts_with("CLICKBACK_")) {
        if !NAMES.iter().any(|known| variable(known) == name) {
            return Err(unknown("variable", &name, &variable));
        }
    }
    Ok(())
}

fn unknown(what: &str, name: &str, form: &dyn Fn(&str) -> String) -> String {
    let nearest = NAMES
        .iter()
        .map(|known| form(known))
        .max_by(|one, two| {
            strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, two))
        })
        .unwrap_or_default();
    format!("there is no {what} `{name}`; did you mean `{nearest}`?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        let error = parse_file("public_ulr = [\"https://a.b\"]").unwrap_err();
        assert_eq!(
            error,
            "there is no setting `public_ulr`; did you mean `public_url`?"
        );
        let names = ["CLICKBACK_DATADIR".to_owned(), "PATH".to_owned()];
        let error = check_variables(names.into_iter()).unwrap_err();
        assert_eq!(
            error,
            "there is no variable `CLICKBACK_DATADIR`; did you mean `CLICKBACK_DATA_DIR`?"
        );
        assert!(check_variables(["CLICKBACK_QUEUE".to_owned()].into_iter()).is_ok());
    }

    #[test]
    fn a_file_sets_everything() {
        let given = parse_file(
            "listen = \"0.0.0.0:80\"\npublic_url = [\"https://a.example\", \"https://b.example\"]\nqueue = 5",
        )
        .unwrap();
        assert_eq!(given.queue, Some(5));
        assert_eq!(given.public_url.unwrap().len(), 2);
    }

    #[test]
    fn values_are_checked() {
        let resolve = |given: Given| {
            Settings::resolve(given)
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        let url = |text: &str| Given {
            public_url: Some(vec![text.to_owned()]),
            ..Given::default()
        };
        assert!(resolve(url("https://track.example.com/")).is_ok());
        assert!(resolve(url("track.example.com")).is_err());
        assert!(resolve(url("https://")).is_err());
        let proxies = |net: &str| Given {
            trusted_proxies: Some(vec![net.to_owned()]),
            ..Given::default()
        };
        assert!(resolve(proxies("10.0.0.0/8")).is_ok());
        assert!(resolve(proxies("10.0.0.0/40")).is_err());
        assert!(resolve(proxies("nginx")).is_err());
        assert!(
            resolve(Given {
                queue: Some(0),
                ..Given::default()
            })
            .is_err()
        );
    }

    #[test]
    fn the_database_and_what_it_keeps() {
        let resolve = |text: &str| {
            let given = parse_file(text).map_err(ConfigError::Refused)?;
            Settings::resolve(given)
        };
        let settings = resolve("").unwrap();
        assert!(settings.database.is_none());
        assert!(resolve("database_url = \"\"").unwrap().database.is_none());
        let settings =
            resolve("database_url = \"postgres://anna:s3cret@db/click\"\ninbox_days = 90").unwrap();
        let shown = settings.database.as_ref().map(ToString::to_string);
        assert_eq!(shown.as_deref(), Some("postgres://anna@db:5432/click"));
        assert_eq!(settings.retention.inbox_days, Some(90));
        assert_eq!(settings.retention.clicks_days, None);
        for (text, expected) in [
            ("inbox_days = 90", "PostgreSQL only"),
            (
                "database_url = \"postgres://anna@db/click\"\nclicks_days = 2",
                "clicks_days is 2",
            ),
            (
                "database_url = \"sqlite://file\"",
                "must look like postgres://",
            ),
        ] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = "postgres://anna:s3cret@db/click";
        let given: Given = parse_file(&format!("database_url = \"{url}\"")).unwrap();
        assert!(!format!("{given:?}").contains("s3cret"));
        let settings = Settings::resolve(given).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        for text in [
            format!("database_url = \"{url}"),
            format!("listen = 5\ndatabase_url = {url}"),
            format!("database_url = [\"{url}\"]"),
            "database_url = \"postgres://anna:s3cret@db:none/click\"".to_owned(),
        ] {
            let error = parse_file(&text)
                .map_err(ConfigError::Refused)
                .and_then(Settings::resolve)
                .unwrap_err()
                .to_string();
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
    }
}
