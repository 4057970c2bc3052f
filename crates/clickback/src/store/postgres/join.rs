//! How a node joins its database: it connects, brings the schema up to date, looks at the months and takes
//! its number; after a broken connection it takes the number again. Until it has joined once, the
//! database is away: nothing is read, and what is accepted waits in the journal.

use std::sync::{Arc, Mutex, PoisonError};

use clickback_core::moment::Moment;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::clock::Clock;
use crate::store::numbers::Numbers;
use crate::store::sql::FirstReading;
use crate::store::{StoreError, StoreResult};

use super::connect::{Address, Purpose};
use super::errors::db;
use super::home::{Home, Me};
use super::migrate;
use super::node::{self, Own, Who, trusted_until};
use super::partitions::{self, Retention};
use super::reach::Reached;

/// How often the data directory remembers that the number is still its own.
const REMEMBER_SECONDS: i64 = 3_600;

/// All that is written is found by its keys, however many are decided together. Left alone, the planner
/// would read a table of a million leads as a whole for a flood of some thousand, at every batch: it takes
/// each look into an index for a look at the disk.
const BY_KEYS: &str =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// A process that wants to write.
pub(super) struct Joining {
    pub(super) address: Address,
    pub(super) retention: Retention,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) numbers: Arc<Numbers>,
    /// What people call this node.
    pub(super) name: String,
    /// Where a node lives; a process that only visits has none.
    pub(super) home: Option<Home>,
    /// This process among all that lived in the same directory.
    run: String,
    /// Why the database is not joined yet.
    away: Mutex<Option<StoreError>>,
}

impl Joining {
    pub(super) fn new(
        address: Address,
        retention: Retention,
        clock: Arc<dyn Clock>,
        name: String,
        home: Option<Home>,
    ) -> Joining {
        let nothing_yet = StoreError::Unavailable {
            reason: format!("{address} was not asked yet"),
        };
        Joining {
            address,
            retention,
            clock,
            numbers: Arc::new(Numbers::only()),
            name,
            home,
            run: Uuid::new_v4().to_string(),
            away: Mutex::new(Some(nothing_yet)),
        }
    }

    /// An error as long as the database was never joined.
    pub(super) fn joined(&self) -> StoreResult<()> {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        match &*away {
            None => Ok(()),
            Some(StoreError::Invalid { message }) => Err(StoreError::Unavailable {
                reason: message.clone(),
            }),
            Some(error) => Err(error.clone()),
        }
    }

    /// A connection that writes, and holds the number of this process as long as it lives.
    pub(super) async fn join(&self) -> StoreResult<Reached> {
        let first = self.joined().is_err();
        let result = self.try_to_join(first).await;
        if first {
            let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
            *away = result.as_ref().err().cloned();
        }
        result
    }

    async fn try_to_join(&self, first: bool) -> StoreResult<Reached> {
        let mut reached = self.address.reach(Purpose::Write).await?;
        let at = reached.at.clone();
        let settled = at.while_alive(self.settle_in(&mut reached.client, first));
        let Some(settled) = settled.await else {
            reached.driver.abort();
            return Err(at.silent());
        };
        settled.map(|()| reached)
    }

    async fn settle_in(&self, client: &mut Client, first: bool) -> StoreResult<()> {
        if first {
            migrate::migrate(client).await?;
            if self.home.is_some() {
                migrate::refuse_half_moved(client).await?;
            }
            match partitions::tend(client, self.clock.now(), self.retention).await {
                // Somebody reads the tables for long: there is a place for rows of any month meanwhile.
                Err(error) if partitions::try_later(&error) => {
                    tracing::warn!(%error, "cannot look at the months now; it will be tried again");
                }
                other => drop(other?),
            }
        }
        match &self.home {
            Some(home) => self.take_number(client, home).await?,
            None if first => {
                let number = node::visit(client).await?;
                self.numbers.set(number, Moment(i64::MAX));
            }
            None => node::visit_again(client, self.numbers.node()).await?,
        }
        client.batch_execute(BY_KEYS).await.map_err(db)
    }

    /// Looks at the months again, where the database is there.
    pub(super) async fn tend(&self) -> StoreResult<()> {
        self.joined()?;
        let mut reached = self.address.reach(Purpose::Write).await?;
        let at = reached.at.clone();
        let tended = partitions::tend(&mut reached.client, self.clock.now(), self.retention);
        let tended = at.while_alive(tended).await;
        tended.unwrap_or_else(|| Err(at.silent())).map(drop)
    }

    async fn take_number(&self, client: &Client, home: &Home) -> StoreResult<()> {
        let mut me = home.me();
        let now = self.clock.now();
        let number = match self.who(&me, now).take_own(client).await? {
            Own::Taken(number) => number,
            Own::None => self.who(&me, now).take_any(client, me.number).await?,
            Own::Elsewhere => {
                tracing::warn!(
                    "another process lives with the identity of this data directory, which must have been \
                     copied: this node takes a number of its own"
                );
                me = Me::new(None);
                self.who(&me, now).take_any(client, None).await?
            }
        };
        if me.number.is_some_and(|before| before != number) {
            tracing::info!(number, "this node has another number from now on");
        }
        me.number = Some(number);
        me.confirmed = Some(now);
        // Ids are made under it when the directory knows it: after a crash nothing else would.
        home.become_me(me)?;
        self.numbers.set(number, trusted_until(now));
        Ok(())
    }

    fn who<'w>(&'w self, me: &'w Me, now: Moment) -> Who<'w> {
        Who {
            identity: &me.identity,
            run: &self.run,
            name: &self.name,
            now,
        }
    }

    /// Starts under the number and with the set-up that the data directory remembers; gives back why the
    /// database could not be joined where it does not know enough for that.
    pub(super) fn start_alone(&self, why: StoreError) -> StoreResult<FirstReading> {
        let Some((home, me)) = self.home.as_ref().map(|home| (home, home.me())) else {
            return Err(why);
        };
        let (Some(number), Some(confirmed), Some(set_up)) = (
            me.number,
            me.confirmed,
            home.set_up(self.address.database()),
        ) else {
            return Err(why);
        };
        let until = trusted_until(confirmed);
        if self.clock.now() >= until {
            return Err(StoreError::Invalid {
                message: format!(
                    "{why}; this node saw it last at {confirmed}, so long ago that its number may be another \
                     node's by now: it starts when the database answers"
                ),
            });
        }
        tracing::warn!(
            %why, number, seen = %confirmed,
            "starting without the database: postbacks are accepted by the set-up that was read last, and \
             decided when it is back"
        );
        self.numbers.set(number, until);
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        Ok(FirstReading::kept(set_up, confirmed))
    }

    /// The last word of a node that ends: how many requests it leaves for its next run.
    pub(super) async fn say_good_bye(&self, waiting: u64) -> StoreResult<()> {
        if self.home.is_none() || self.joined().is_err() {
            return Ok(());
        }
        let reached = self.address.reach(Purpose::Listen).await?;
        self.tell(&reached.client, waiting).await?;
        // Where the clock is set back before the next start, ids go on behind those of this run.
        self.home
            .as_ref()
            .map_or(Ok(()), |home| home.confirm(&home.me(), self.clock.now()))
    }

    /// Says on a connection that this node lives, and how many requests wait on it.
    pub(super) async fn tell(&self, client: &Client, waiting: u64) -> StoreResult<()> {
        let Some(home) = &self.home else {
            return Ok(());
        };
        let me = home.me();
        let now = self.clock.now();
        let number = self.numbers.node();
        if me.number != Some(number) {
            return Ok(());
        }
        let told = self.who(&me, now).tell(client, number, waiting).await?;
        let Some(nodes) = told else {
            // It is another's: the writer's next connection takes a new one.
            return Ok(());
        };
        self.numbers.set_company(nodes > 1);
        self.numbers.keep(number, trusted_until(now));
        let remembered = me.confirmed.unwrap_or(Moment(0));
        if now.seconds_since(remembered) >= REMEMBER_SECONDS {
            home.confirm(&me, now)?;
        }
        Ok(())
    }
}
