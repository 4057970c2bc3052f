//! What nodes tell each other: that the set-up changed, and which requests were stored. A message may be
//! lost with its connection: after that the set-up is read again, and live pages miss some lines.

use std::sync::Weak;
use std::time::Duration;

use clickback_core::ids::RequestId;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_postgres::Client;

use crate::store::inbox::Outcome;
use crate::store::sql::SqlStore;
use crate::store::{StoreError, StoreResult};

use super::connect::Address;
use super::errors::db;
use super::node::Node;

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
/// How long a broken connection is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// The message that the set-up changed.
pub(super) fn set_up(node: Node) -> String {
    format!("{} {SET_UP}", node.number())
}

/// The messages that requests were stored; of very many, of the newest.
pub(super) fn stored(node: Node, outcomes: &[Outcome]) -> Vec<String> {
    let newest = outcomes.len().saturating_sub(NEWEST * REQUESTS);
    outcomes[newest..]
        .chunks(REQUESTS)
        .map(|chunk| {
            let ids: Vec<String> = chunk.iter().map(|one| one.request.to_string()).collect();
            format!("{} {}", node.number(), ids.join(","))
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
fn read(message: &str, node: Node) -> Option<Heard> {
    let (from, what) = message.split_once(' ')?;
    if from.parse() == Ok(node.number()) {
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
    client: Client,
    messages: mpsc::UnboundedReceiver<String>,
}

impl Ears {
    pub(super) async fn connect(address: &Address) -> StoreResult<Ears> {
        let (sender, messages) = mpsc::unbounded_channel();
        let client = address.connect_listening(sender).await?;
        client
            .batch_execute(&format!("LISTEN {CHANNEL}"))
            .await
            .map_err(db)?;
        Ok(Ears { client, messages })
    }
}

/// Listens and tells as long as the store is there; connects anew when the connection breaks.
pub(super) async fn run(
    mut ears: Ears,
    address: Address,
    node: Node,
    store: Weak<SqlStore>,
    mut to_tell: mpsc::Receiver<String>,
) {
    while let Err(error) = listen(&mut ears, node, &store, &mut to_tell).await {
        tracing::warn!(%error, "cannot hear other nodes; it will be tried again");
        ears = loop {
            tokio::time::sleep(RETRY).await;
            let Some(store) = store.upgrade() else {
                return;
            };
            // Besides listening: what changed while nobody did.
            if let Ok(connected) = Ears::connect(&address).await
                && store.reload().await.is_ok()
            {
                break connected;
            }
        };
        tracing::info!("hearing other nodes again");
    }
}

async fn listen(
    ears: &mut Ears,
    node: Node,
    store: &Weak<SqlStore>,
    to_tell: &mut mpsc::Receiver<String>,
) -> StoreResult<()> {
    let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {
                let Some(store) = store.upgrade() else {
                    return Ok(());
                };
                store.reload().await?;
            }
            message = ears.messages.recv() => {
                let message = message.ok_or_else(|| StoreError::Unavailable {
                    reason: "the connection that listens broke".to_owned(),
                })?;
                let Some(store) = store.upgrade() else {
                    return Ok(());
                };
                match read(&message, node) {
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
                ears.client
                    .execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &message])
                    .await
                    .map_err(db)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clickback_core::flag::Flags;

    use super::*;
    use crate::store::inbox::Verdict;

    #[test]
    fn messages_are_understood_by_others_only() {
        let (own, other) = (Node::of(3), Node::of(4));
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
