//! The decision on a postback: a new event, a change to a known one, or nothing new.
//!
//! The store calls [`lookup`] to learn which facts are needed, reads them inside its transaction,
//! calls [`decide`], and writes what it says under unique indexes. Nothing here reads or writes.

use crate::currency::Currency;
use crate::event::{EventName, Group, Kind, Status};
use crate::flag::{Flag, Flags};
use crate::ids::EventId;
use crate::moment::Moment;
use crate::money::Amount;
use crate::postback::Postback;
use crate::rules::{Mode, RepeatChoice};

/// A byte-identical request within this many seconds is the same event where no id tells them apart.
pub const IDENTICAL_WINDOW_SECONDS: i64 = 600;
/// A postback this many seconds after its click is flagged `late`.
pub const LATE_AFTER_SECONDS: i64 = 30 * 24 * 3_600;

/// Names one event of a lead within an integration. `tid` is a transaction id, or a slot: empty for
/// events that can exist once, a blank and the event's name for the slots of other modes (a usable
/// id never begins with a blank).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub group: Group,
    pub tid: String,
}

impl Key {
    fn slot(group: Group) -> Key {
        Key {
            group,
            tid: String::new(),
        }
    }

    /// Whether the key is a transaction id, not a slot.
    pub fn is_tid(&self) -> bool {
        !self.tid.is_empty() && !self.tid.starts_with(' ')
    }
}

/// What must be read before deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The key under which the event may be known.
    pub key: Option<Key>,
    /// Whether the first-deposit slot matters.
    pub first_deposit: bool,
    /// A sale without an id speaks of the first deposit, under whatever id that one came: where
    /// nothing is known under the key, the holder of the slot is the same event.
    pub or_first: bool,
    /// Read the group's events of this lead received within so many seconds.
    pub recent_seconds: Option<i64>,
}

/// What is known of a recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFacts {
    pub id: EventId,
    pub kind: Kind,
    /// The name under which it came.
    pub name: String,
    pub status: Status,
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payout: Option<Amount>,
    pub payout_currency: Option<Currency>,
    pub occurred_at: Moment,
    pub received_at: Moment,
}

/// An event of the same lead and group that came shortly before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub event: EventFacts,
    /// Its request was the same, byte for byte.
    pub identical: bool,
}

/// What the store read for a [`Lookup`], under the lead's lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The event under the key, or the first deposit where the lookup says so.
    pub same: Option<EventFacts>,
    /// The holder of the first-deposit slot.
    pub first: Option<EventId>,
    /// The transaction id is known for another lead.
    pub tid_on_other_lead: bool,
    pub recent: Vec<Recent>,
    /// When the lead's click was, if it had one.
    pub clicked_at: Option<Moment>,
}

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A new event.
    New {
        kind: Kind,
        status: Status,
        key: Option<Key>,
        takes_first: bool,
        flags: Flags,
    },
    /// A known event; an empty change makes the request a duplicate.
    Same {
        event: EventId,
        change: Change,
        flags: Flags,
    },
}

/// What changes on a known event. `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payout: Option<Amount>,
    pub payout_currency: Option<Currency>,
    pub status: Option<Status>,
    pub kind: Option<Kind>,
    /// The event becomes the lead's first deposit.
    pub takes_first: bool,
    /// The event stops being the first deposit: the next approved one is promoted.
    pub releases_first: bool,
}

impl Change {
    /// Nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}

/// Which facts the decision on `postback` needs.
pub fn lookup(postback: &Postback) -> Lookup {
    let event = &postback.event;
    let group = event.group();
    let first_deposit = group == Group::Deposit;
    let named_slot = |group| Key {
        group,
        tid: format!(" {}", event.as_str()),
    };
    let own_slot = |group| {
        if event.exists_once() {
            Key::slot(group)
        } else {
            named_slot(group)
        }
    };
    let by_tid = |group: Group| match &postback.tid {
        Some(tid) if *event != EventName::Registration => Some(Key {
            group,
            tid: tid.clone(),
        }),
        _ if event.exists_once() => Some(Key::slot(group)),
        _ => None,
    };
    let key = match postback.mode {
        Mode::ByTid => by_tid(group),
        Mode::FirstOnly => Some(own_slot(group)),
        Mode::AlwaysNew => None,
        Mode::Update => by_tid(group.clone()).or_else(|| Some(own_slot(group))),
    };
    let recent_seconds = match (&key, postback.mode) {
        (Some(_), _) => None,
        (None, Mode::ByTid) => Some(IDENTICAL_WINDOW_SECONDS.max(postback.repeats.window_seconds)),
        (None, _) => Some(IDENTICAL_WINDOW_SECONDS),
    };
    let or_first = *event == EventName::Sale && key.as_ref().is_some_and(|key| !key.is_tid());
    Lookup {
        key,
        first_deposit,
        or_first,
        recent_seconds,
    }
}

/// Decides. `received_at` is when the request came; `lookup` is what [`lookup`] said.
pub fn decide(
    postback: &Postback,
    lookup: &Lookup,
    facts: &Facts,
    received_at: Moment,
) -> Decision {
    let mut flags = Flags::default();
    flags.add_if(facts.tid_on_other_lead, Flag::TidSeenOnOtherLead);
    let occurred_at = postback.occurred_at.unwrap_or(received_at);
    let late = facts
        .clicked_at
        .is_some_and(|at| occurred_at.seconds_since(at) > LATE_AFTER_SECONDS);
    flags.add_if(late, Flag::Late);

    if let Some(same) = &facts.same {
        let (change, more) = change(postback, same, facts.first);
        return Decision::Same {
            event: same.id,
            change,
            flags: flags.with(more),
        };
    }
    match repeat_of(postback, lookup, facts, received_at) {
        Some((event, identical)) if identical || postback.repeats.choice == RepeatChoice::Drop => {
            flags.add_if(!identical, Flag::PossibleRepeat);
            return Decision::Same {
                event,
                change: Change::default(),
                flags,
            };
        }
        Some(_) => flags.add(Flag::PossibleRepeat),
        None => {}
    }
    let held = flags.has(Flag::PossibleRepeat) && postback.repeats.choice == RepeatChoice::Hold;
    let status = if held {
        Status::Held
    } else {
        postback.status.unwrap_or(postback.default_status)
    };
    flags.add_if(counted_without_tid(postback, lookup), Flag::NoTid);
    let slot_is_free = facts.first.is_none();
    let kind = kind_of(&postback.event, slot_is_free);
    flags.add_if(
        postback.event == EventName::Resale && slot_is_free,
        Flag::RepeatBeforeFirst,
    );
    Decision::New {
        kind,
        status,
        key: lookup.key.clone(),
        takes_first: kind == Kind::FirstDeposit && status == Status::Approved,
        flags,
    }
}

/// Which approved deposit becomes the first when the first one leaves: the earliest by
/// (occurred, received, id). `left` is the one that leaves.
pub fn promote(deposits: &[EventFacts], left: EventId) -> Option<EventId> {
    deposits
        .iter()
        .filter(|event| {
            event.id != left && event.kind.is_deposit() && event.status == Status::Approved
        })
        .min_by_key(|event| (event.occurred_at, event.received_at, event.id))
        .map(|event| event.id)
}

fn kind_of(event: &EventName, slot_is_free: bool) -> Kind {
    match event {
        EventName::Registration => Kind::Registration,
        EventName::Sale | EventName::Deposit if slot_is_free => Kind::FirstDeposit,
        EventName::Sale | EventName::Deposit | EventName::Resale => Kind::RepeatDeposit,
        EventName::Withdrawal => Kind::Withdrawal,
        EventName::Chargeback => Kind::Chargeback,
        EventName::Commission => Kind::Commission,
        EventName::Custom { .. } => Kind::Custom,
        EventName::Other { .. } => Kind::Other,
    }
}

/// An event with money that was told apart by nothing but its arrival.
fn counted_without_tid(postback: &Postback, lookup: &Lookup) -> bool {
    lookup.key.is_none()
        && postback.tid.is_none()
        && !matches!(postback.event, EventName::Other { .. })
}

fn change(postback: &Postback, event: &EventFacts, first: Option<EventId>) -> (Change, Flags) {
    let mut flags = Flags::default();
    let mut change = Change {
        status: new_status(postback, event),
        ..Change::default()
    };
    let carries_amount = change.status.is_some() && event.status != Status::Rejected
        || postback.mode == Mode::Update;
    match (event.amount, postback.amount) {
        (None, Some(amount)) => change.amount = Some(amount),
        (Some(known), Some(amount)) => {
            let other_currency = postback.currency.is_some()
                && event.currency.is_some()
                && postback.currency != event.currency;
            if known != amount || other_currency {
                if carries_amount {
                    change.amount = Some(amount).filter(|_| known != amount);
                    change.currency = postback.currency.filter(|_| other_currency);
                } else {
                    flags.add(Flag::AmountDiffers);
                }
            }
        }
        (_, None) => {}
    }
    if event.currency.is_none() {
        change.currency = postback.currency;
    }
    if event.payout.is_none() {
        change.payout = postback.payout;
        change.payout_currency = postback.payout.and(postback.payout_currency);
    } else if carries_amount {
        change.payout = postback
            .payout
            .filter(|payout| event.payout != Some(*payout));
    }
    if event.kind.is_deposit()
        && let Some(status) = change.status
    {
        let holds = first == Some(event.id);
        if status == Status::Approved {
            let may_be_first = first.is_none() && event.name != "resale";
            change.takes_first = may_be_first;
            let kind = if may_be_first || holds {
                Kind::FirstDeposit
            } else {
                Kind::RepeatDeposit
            };
            change.kind = Some(kind).filter(|kind| *kind != event.kind);
        } else {
            change.releases_first = holds;
        }
    }
    (change, flags)
}

fn new_status(postback: &Postback, event: &EventFacts) -> Option<Status> {
    let wanted = postback.status?;
    match (event.status, wanted) {
        (known, wanted) if known == wanted => None,
        (known, Status::Pending) if known.is_final() => None,
        // What a person must look at stays held, unless the partner takes it back.
        (Status::Held, Status::Approved | Status::Pending) => None,
        _ => Some(wanted),
    }
}

/// The event that this one seems to repeat, and whether it is the same request byte for byte.
fn repeat_of(
    postback: &Postback,
    lookup: &Lookup,
    facts: &Facts,
    received_at: Moment,
) -> Option<(EventId, bool)> {
    lookup.recent_seconds?;
    let age = |recent: &Recent| received_at.seconds_since(recent.event.received_at);
    let identical = facts
        .recent
        .iter()
        .find(|recent| recent.identical && age(recent) <= IDENTICAL_WINDOW_SECONDS);
    if let Some(recent) = identical {
        return Some((recent.event.id, true));
    }
    let by_content =
        postback.mode == Mode::ByTid && !matches!(postback.event, EventName::Other { .. });
    facts
        .recent
        .iter()
        .find(|recent| {
            by_content
                && age(recent) <= postback.repeats.window_seconds
                && postback.amount.is_some()
                && recent.event.amount == postback.amount
                && recent.event.currency == postback.currency
        })
        .map(|recent| (recent.event.id, false))
}

#[cfg(test)]
mod tests;
