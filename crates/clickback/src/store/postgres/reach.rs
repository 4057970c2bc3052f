//! Reaching a server: hosts in their order, each for a bounded time, and asking one that is silent
//! whether it lives. A server that hangs is noticed, and the next host is not kept from its turn.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::poll_fn;
use futures_util::{Stream, StreamExt as _};
use rand::seq::SliceRandom as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres::{AsyncMessage, Client, Config};

use crate::store::{StoreError, StoreResult};

use super::connect::{Address, CONNECT, Purpose, invalid};
use super::errors::db;

/// So long nothing may come before the server is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(5);

/// Where notices of other connections go.
type Heard = UnboundedSender<String>;

/// A connection, and the one host that it leads to.
pub(super) struct Reached {
    pub(super) client: Client,
    pub(super) at: Address,
    /// Drives the connection; ended, it closes the socket whatever the server does.
    pub(super) driver: AbortHandle,
}

/// A connection that is given up before it is made: its socket closes, whatever the server does.
struct Unfinished(Option<AbortHandle>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(driver) = &self.0 {
            driver.abort();
        }
    }
}

/// Why one host is not the one.
enum Failure {
    Client(tokio_postgres::Error),
    Store(StoreError),
    /// Nothing came in time.
    Silent,
}

impl Address {
    /// One connection of its own. Must be called inside a tokio runtime, which drives it.
    pub async fn connect(&self, purpose: Purpose) -> StoreResult<Client> {
        self.reach(purpose).await.map(|reached| reached.client)
    }

    /// The same, with where it leads.
    pub(super) async fn reach(&self, purpose: Purpose) -> StoreResult<Reached> {
        self.try_hosts(purpose, None).await
    }

    /// The same, handing on what other connections notify of.
    pub(super) async fn reach_listening(&self, heard: &Heard) -> StoreResult<Reached> {
        self.try_hosts(Purpose::Listen, Some(heard)).await
    }

    async fn try_hosts(&self, purpose: Purpose, heard: Option<&Heard>) -> StoreResult<Reached> {
        let hosts = self.config.get_hosts().len();
        let count = hosts.max(self.config.get_hostaddrs().len());
        let mut order: Vec<usize> = (0..count).collect();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            order.shuffle(&mut rand::rng());
        } else if self.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite {
            // One at most is right: the one that was right before is asked first.
            order.rotate_left(
                self.last
                    .load(Ordering::Relaxed)
                    .min(count.saturating_sub(1)),
            );
        }
        let mut failed = Failure::Silent;
        for place in order {
            match self.try_host(place, purpose, heard).await {
                Ok(reached) => {
                    self.last.store(place, Ordering::Relaxed);
                    return Ok(reached);
                }
                Err(failure) => failed = failure,
            }
        }
        Err(match failed {
            Failure::Client(error) => self.refused(&error),
            Failure::Store(error) => error,
            Failure::Silent => self.silent(),
        })
    }

    /// One host, which may have several addresses.
    async fn try_host(
        &self,
        place: usize,
        purpose: Purpose,
        heard: Option<&Heard>,
    ) -> Result<Reached, Failure> {
        let mut failed = Failure::Silent;
        for one in self.addresses_of(place).await? {
            match timeout(one.patience(), one.open(purpose, heard)).await {
                Ok(Ok(reached)) => return Ok(reached),
                Ok(Err(failure)) => failed = failure,
                Err(_) => failed = Failure::Silent,
            }
        }
        Err(failed)
    }

    /// The addresses of one host, each as an address of its own.
    async fn addresses_of(&self, place: usize) -> Result<Vec<Address>, Failure> {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = self.config.get_ports();
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5_432);
        let host = hosts.get(place);
        let given = addresses.get(place).copied();
        let found: Vec<Option<IpAddr>> = match (host, given) {
            (Some(Host::Tcp(name)), None) => {
                let looked_up = tokio::net::lookup_host((name.as_str(), port));
                let found = timeout(self.patience(), looked_up).await;
                let found = found.map_err(|_| Failure::Silent)?.map_err(|error| {
                    Failure::Store(StoreError::Unavailable {
                        reason: format!("cannot reach PostgreSQL at {}: {error}", self.place()),
                    })
                })?;
                found.map(|socket| Some(socket.ip())).collect()
            }
            (_, given) => vec![given],
        };
        Ok(found
            .into_iter()
            .map(|address| Address {
                config: Box::new(self.only(host, address, port)),
                encryption: self.encryption.clone(),
                last: std::sync::Arc::default(),
            })
            .collect())
    }

    /// The same settings for one host.
    fn only(&self, host: Option<&Host>, address: Option<IpAddr>, port: u16) -> Config {
        let from = &self.config;
        let mut only = Config::new();
        if let Some(user) = from.get_user() {
            only.user(user);
        }
        if let Some(password) = from.get_password() {
            only.password(password);
        }
        if let Some(name) = from.get_dbname() {
            only.dbname(name);
        }
        if let Some(options) = from.get_options() {
            only.options(options);
        }
        if let Some(name) = from.get_application_name() {
            only.application_name(name);
        }
        if let Some(time) = from.get_connect_timeout() {
            only.connect_timeout(*time);
        }
        if let Some(time) = from.get_tcp_user_timeout() {
            only.tcp_user_timeout(*time);
        }
        if let Some(time) = from.get_keepalives_interval() {
            only.keepalives_interval(time);
        }
        if let Some(count) = from.get_keepalives_retries() {
            only.keepalives_retries(count);
        }
        match host {
            Some(Host::Tcp(name)) => {
                only.host(name);
            }
            #[cfg(unix)]
            Some(Host::Unix(path)) => {
                only.host_path(path);
            }
            None => {}
        }
        if let Some(address) = address {
            only.hostaddr(address);
        }
        only.port(port)
            .ssl_mode(from.get_ssl_mode())
            .ssl_negotiation(from.get_ssl_negotiation())
            .channel_binding(from.get_channel_binding())
            .keepalives(from.get_keepalives())
            .keepalives_idle(from.get_keepalives_idle())
            .target_session_attrs(from.get_target_session_attrs());
        only
    }

    /// How long one host has for all of a new connection.
    fn patience(&self) -> Duration {
        self.config
            .get_connect_timeout()
            .copied()
            .unwrap_or(CONNECT)
    }

    async fn open(&self, purpose: Purpose, heard: Option<&Heard>) -> Result<Reached, Failure> {
        let tls = self.encryption.connector().map_err(Failure::Store)?;
        let (client, mut connection) = self.config.connect(tls).await.map_err(Failure::Client)?;
        let heard = heard.cloned();
        let driver = tokio::spawn(async move {
            let ended = match heard {
                // It logs what the server notices.
                None => connection.await,
                Some(heard) => {
                    let mut messages = poll_fn(move |context| connection.poll_message(context));
                    hand_on(&mut messages, &heard).await
                }
            };
            if let Err(error) = ended {
                tracing::warn!(%error, "a connection to PostgreSQL broke");
            }
        });
        let mut unfinished = Unfinished(Some(driver.abort_handle()));
        check_server(&client).await.map_err(Failure::Store)?;
        let told = client.batch_execute(purpose.session()).await;
        told.map_err(|error| Failure::Store(db(error)))?;
        unfinished.0 = None;
        Ok(Reached {
            client,
            at: self.clone(),
            driver: driver.abort_handle(),
        })
    }

    /// Whether the server lives, asked on a new connection. What it answers is of no interest.
    pub(super) async fn lives(&self) -> bool {
        let Ok(tls) = self.encryption.connector() else {
            return false;
        };
        let mut config = self.config.clone();
        config.target_session_attrs(TargetSessionAttrs::Any);
        match timeout(self.patience(), config.connect(tls)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => error.code().is_some(),
            Err(_) => false,
        }
    }

    /// Waits for work on a connection to this host. Where nothing comes for a while the server is asked on
    /// another connection whether it lives; one that lives may take as long as it likes: it may wait for a
    /// lock, or for a standby. `None` is one that does not.
    pub(super) async fn while_alive<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = timeout(SILENCE, &mut work).await {
                return Some(done);
            }
            if !self.lives().await {
                return None;
            }
        }
    }

    /// The error of a server that does not answer.
    pub(super) fn silent(&self) -> StoreError {
        StoreError::Unavailable {
            reason: super::errors::no_answer(&self.place()),
        }
    }
}

/// Hands on what other connections notify of, as long as somebody listens.
async fn hand_on(
    messages: &mut (impl Stream<Item = Result<AsyncMessage, tokio_postgres::Error>> + Unpin),
    heard: &Heard,
) -> Result<(), tokio_postgres::Error> {
    while let Some(message) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message?
            && heard.send(notification.payload().to_owned()).is_err()
        {
            break;
        }
    }
    Ok(())
}

/// The oldest server that the statements are written for: `server_version_num`.
const OLDEST: i32 = 140_000;

async fn check_server(client: &Client) -> StoreResult<()> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), \
             current_setting('server_encoding')",
            &[],
        )
        .await
        .map_err(db)?;
    let (number, version, encoding): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
    if number < OLDEST {
        return invalid(format!(
            "the server is PostgreSQL {version}; 14 is the oldest that works here"
        ));
    }
    if encoding != "UTF8" {
        return invalid(format!(
            "the database has the encoding {encoding}: it must be UTF8. Make another one with \
             CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        ));
    }
    Ok(())
}
