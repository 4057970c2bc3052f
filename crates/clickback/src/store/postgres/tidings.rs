//! What nodes tell each other: that the set-up changed, and which requests were stored. A message may be
//! lost with its connection: after that the set-up is read again, and live pages miss some lines.

use std::sync::{Arc, Weak};
use std::time::Duration;

use clickback_core::ids::RequestId;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use crate::store::inbox::Outcome;
use crate::store::nodes::NodeStore as _;
use crate::store::sql::SqlStore;
use crate::store::{StoreError, StoreResult};

use super::connect::Address;
use super::errors::db;
use super::join::Joining;
use super::reach::Reached;

/// Where all nodes listen.
pub(super) const CHANNEL: &str = "clickback";
/// Stands for the set-up in a message.
const SET_UP: &str = "set-up";
/// Requests in one message: the server takes 8,000 bytes.
const REQUESTS: usize = 500;
/// Messages of one batch: live pages keep the newest thousand lines.
const NEWEST: usize = 2;
/// How often the set-up is read again without a message: one may be lost on its way.
const LOOK: Duration = Duration::from_secs(30);
/// How often a node looks whether it has something to say of itself, and how long it may say nothing.
const BEAT: Duration = Duration::from_secs(3);
const REMIND: Duration = Duration::from_secs(15);
/// How long anything here may take.
const LONGEST: Duration = Duration::from_secs(10);
/// How long a broken connection is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// The message that the set-up changed.
pub(super) fn set_up(node: u8) -> String {
    format!("{node} {SET_UP}")
}

/// The messages that requests were stored; of very many, of the newest.
pub(super) fn stored(node: u8, outcomes: &[Outcome]) -> Vec<String> {
    let newest = outcomes.len().saturating_sub(NEWEST * REQUESTS);
    outcomes[newest..]
        .chunks(REQUESTS)
        .map(|chunk| {
            let ids: Vec<String> = chunk.iter().map(|one| one.request.to_string()).collect();
            format!("{node} {}", ids.join(","))
        })
        .collect()
}

/// What a message of another node says.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    SetUp,
    Stored(Vec<RequestId>),
}

/// Reads a message; `None` for our own and for what nobody understands.
fn read(message: &str, node: u8) -> Option<Heard> {
    let (from, what) = message.split_once(' ')?;
    if from.parse() == Ok(node) {
        return None;
    }
    if what == SET_UP {
        return Some(Heard::SetUp);
    }
    let ids = what.split(',').map(|id| id.parse().ok());
    ids.collect::<Option<_>>().map(Heard::Stored)
}

/// A connection that listens.
pub(super) struct Ears {
    reached: Reached,
    messages: mpsc::UnboundedReceiver<String>,
}

impl Ears {
    pub(super) async fn connect(address: &Address) -> StoreResult<Ears> {
        let (sender, messages) = mpsc::unbounded_channel();
        let ears = Ears {
            reached: address.reach_listening(&sender).await?,
            messages,
        };
        let listen = format!("LISTEN {CHANNEL}");
        ears.bounded(ears.reached.client.batch_execute(&listen))
            .await?;
        Ok(ears)
    }

    /// Nothing that is done here takes long: a server that does not answer hangs.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> StoreResult<T> {
        match timeout(LONGEST, work).await {
            Ok(done) => done.map_err(db),
            Err(_) => Err(self.reached.at.silent()),
        }
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        // A server that hangs would keep the socket open.
        self.reached.driver.abort();
    }
}

/// Listens and tells as long as the store is there; connects anew when the connection breaks.
pub(super) async fn run(
    mut ears: Option<Ears>,
    joining: Arc<Joining>,
    store: Weak<SqlStore>,
    mut to_tell: mpsc::Receiver<String>,
) {
    loop {
        if let Some(ears) = &mut ears {
            match listen(ears, &joining, &store, &mut to_tell).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot hear other nodes; it will be tried again");
                }
            }
        }
        drop(ears.take());
        ears = loop {
            tokio::time::sleep(RETRY).await;
            let Some(store) = store.upgrade() else {
                return;
            };
            // Besides listening: what changed while nobody did.
            if joining.joined().is_ok()
                && let Ok(connected) = Ears::connect(&joining.address).await
                && store.reload().await.is_ok()
            {
                break Some(connected);
            }
        };
        tracing::info!("hearing other nodes again");
    }
}

async fn listen(
    ears: &mut Ears,
    joining: &Joining,
    store: &Weak<SqlStore>,
    to_tell: &mut mpsc::Receiver<String>,
) -> StoreResult<()> {
    let every = |period| {
        let mut every = tokio::time::interval_at(Instant::now() + period, period);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every
    };
    let (mut look, mut beat) = (every(LOOK), every(BEAT));
    let mut told = None;
    loop {
        tokio::select! {
            _ = look.tick() => {
                let Some(store) = store.upgrade() else {
                    return Ok(());
                };
                store.reload().await?;
            }
            _ = beat.tick() => {
                let Some(store) = store.upgrade() else {
                    return Ok(());
                };
                let waiting = store.undecided();
                let is_known = told.is_some_and(|(at, known): (Instant, u64)| {
                    known == waiting && at.elapsed() < REMIND
                });
                if !is_known {
                    live(ears, joining, waiting).await?;
                    told = Some((Instant::now(), waiting));
                }
            }
            message = ears.messages.recv() => {
                let message = message.ok_or_else(|| StoreError::Unavailable {
                    reason: "the connection that listens broke".to_owned(),
                })?;
                let Some(store) = store.upgrade() else {
                    return Ok(());
                };
                match read(&message, joining.numbers.node()) {
                    None => {}
                    Some(Heard::SetUp) => store.reload().await?,
                    Some(Heard::Stored(requests)) => {
                        for request in requests {
                            store.stored_elsewhere(request);
                        }
                    }
                }
            }
            message = to_tell.recv() => {
                let Some(message) = message else {
                    return Ok(());
                };
                let client = &ears.reached.client;
                ears.bounded(client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &message]))
                    .await?;
            }
        }
    }
}

/// Says that this node lives.
async fn live(ears: &Ears, joining: &Joining, waiting: u64) -> StoreResult<()> {
    match timeout(LONGEST, joining.tell(&ears.reached.client, waiting)).await {
        // Somebody holds the table, or its server is a standby now: the next beat comes soon.
        Ok(Err(error)) if ears.reached.client.is_closed() => Err(error),
        Ok(told) => {
            if let Err(error) = told {
                tracing::warn!(%error, "cannot tell other nodes how this one is");
            }
            Ok(())
        }
        Err(_) => Err(ears.reached.at.silent()),
    }
}

#[cfg(test)]
mod tests {
    use clickback_core::flag::Flags;

    use super::*;
    use crate::store::inbox::Verdict;

    #[test]
    fn messages_are_understood_by_others_only() {
        let (own, other) = (3, 4);
        let outcomes: Vec<Outcome> = (1..=1_700)
            .map(|id| Outcome {
                request: RequestId(id),
                verdict: Verdict::Accepted,
                flags: Flags::default(),
                lead: None,
                event: None,
            })
            .collect();
        let messages = stored(own, &outcomes);
        let mut heard = Vec::new();
        for message in &messages {
            assert!(message.len() < 8_000, "{}", message.len());
            assert_eq!(read(message, own), None);
            match read(message, other) {
                Some(Heard::Stored(requests)) => heard.extend(requests),
                heard => panic!("{heard:?}"),
            }
        }
        // Of very many the newest.
        let newest: Vec<RequestId> = (701..=1_700).map(RequestId).collect();
        assert_eq!(heard, newest);
        assert_eq!(stored(own, &[]), Vec::<String>::new());
        assert_eq!(read(&set_up(own), other), Some(Heard::SetUp));
        assert_eq!(read(&set_up(own), own), None);
        for strange in ["", "4", "3 what", "x set-upp"] {
            assert_eq!(read(strange, other), None, "{strange}");
        }
    }
}
