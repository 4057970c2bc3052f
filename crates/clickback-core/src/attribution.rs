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
/// events that can exist once, a blank and the event's name for the slots of other modes, two blanks and
/// the event's number for what a person counted separately (a usable id never begins with a blank).
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

    /// The slot of an event that a person counted separately: its own, whatever id it came under.
    pub fn separate(group: Group, event: EventId) -> Key {
        Key {
            group,
            tid: format!("  {event}"),
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
    let has_tid = key.as_ref().is_some_and(Key::is_tid);
    let recent_seconds = match (&key, postback.mode) {
        // A sale that waits for nothing but the slot may have come as a resale just before.
        (Some(_), Mode::ByTid) if has_tid || !event.expects_amount() => None,
        (_, Mode::ByTid) => Some(IDENTICAL_WINDOW_SECONDS.max(postback.repeats.window_seconds)),
        (None, _) => Some(IDENTICAL_WINDOW_SECONDS),
        (Some(_), _) => None,
    };
    let or_first = *event == EventName::Sale && key.is_some() && !has_tid;
    Lookup {
        key,
        first_deposit,
        or_first,
        recent_seconds,
    }
}

/// Which facts matter for an event that a person counts separately: nothing can be the same, and nothing
/// is a repeat of it.
pub fn separately(postback: &Postback, event: EventId) -> Lookup {
    let group = postback.event.group();
    Lookup {
        first_deposit: group == Group::Deposit,
        key: Some(Key::separate(group, event)),
        or_first: false,
        recent_seconds: None,
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
        .is_some_and(|at| occurred_at > at.plus_seconds(LATE_AFTER_SECONDS));
    flags.add_if(late, Flag::Late);

    if let Some(same) = &facts.same {
        let (change, more) = change(postback, lookup, same, facts.first);
        return Decision::Same {
            event: same.id,
            change,
            flags: flags.with(more),
        };
    }
    match repeat_of(postback, lookup, facts, received_at) {
        Some((event, identical)) if identical || postback.repeats.choice == RepeatChoice::Drop => {
            flags.add_if(!identical, Flag::PossibleRepeat);
            let mut change = Change::default();
            become_first(postback, lookup, event, facts.first, &mut change);
            return Decision::Same {
                event: event.id,
                change,
                flags,
            };
        }
        Some(_) => flags.add(Flag::PossibleRepeat),
        None => {}
    }
    let held = flags.has(Flag::PossibleRepeat) && postback.repeats.choice == RepeatChoice::Hold;
    let status = match postback.status.unwrap_or(postback.default_status) {
        // What the partner rejected needs no second look.
        Status::Approved | Status::Pending if held => Status::Held,
        status => status,
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
    let moves_money = postback.event.expects_amount() || postback.event == EventName::Commission;
    moves_money && lookup.key.is_none() && postback.tid.is_none()
}

fn change(
    postback: &Postback,
    lookup: &Lookup,
    event: &EventFacts,
    first: Option<EventId>,
) -> (Change, Flags) {
    let mut flags = Flags::default();
    let status = new_status(postback, event);
    // An event that its own request completes (no key was looked up) keeps the sums that came later.
    let last_sum_wins = postback.mode == Mode::Update && lookup.key.is_some();
    let carries = |sent: Option<Amount>| {
        // The zero of a rejection is no sum.
        let is_empty = status == Some(Status::Rejected) && sent.is_some_and(Amount::is_zero);
        last_sum_wins || status.is_some() && !is_empty
    };
    let (amount, differs) = merged(
        (event.amount, event.currency),
        (postback.amount, postback.currency),
        carries(postback.amount),
    );
    flags.add_if(differs, Flag::AmountDiffers);
    let (payout, _) = merged(
        (event.payout, event.payout_currency),
        (postback.payout, postback.payout_currency),
        carries(postback.payout),
    );
    let mut change = Change {
        amount: amount.0,
        currency: amount.1,
        payout: payout.0,
        payout_currency: payout.1,
        status,
        ..Change::default()
    };
    let holds = first == Some(event.id);
    match status {
        None => become_first(postback, lookup, event, first, &mut change),
        Some(Status::Approved) if event.kind.is_deposit() => {
            // A resale is the first deposit only where it was one already, or a sale says so.
            let may_be_first = event.name != "resale"
                || event.kind == Kind::FirstDeposit
                || says_first(postback, lookup);
            change.takes_first = first.is_none() && may_be_first;
            let kind = if change.takes_first || holds {
                Kind::FirstDeposit
            } else {
                Kind::RepeatDeposit
            };
            change.kind = Some(kind).filter(|kind| *kind != event.kind);
        }
        Some(_) => change.releases_first = holds,
    }
    (change, flags)
}

/// A sum and its currency.
type Money = (Option<Amount>, Option<Currency>);

/// What changes of a known sum, and whether the one sent differs and is left out. A sum brings its
/// own currency along: the one's sum never meets the other's currency.
fn merged(known: Money, sent: Money, carries: bool) -> (Money, bool) {
    let (known_amount, known_currency) = known;
    let (amount, currency) = sent;
    let new_currency = currency.filter(|currency| known_currency != Some(*currency));
    let clash = known_currency.is_some() && new_currency.is_some();
    match (known_amount, amount) {
        (None, Some(_)) => ((amount, new_currency), false),
        (Some(one), Some(two)) if one != two || clash => {
            if carries {
                ((amount.filter(|_| one != two), new_currency), false)
            } else {
                ((None, None), true)
            }
        }
        _ => ((None, new_currency.filter(|_| !clash)), false),
    }
}

/// The partner calls a deposit the first (or leaves it to us) that came as a resale before.
fn says_first(postback: &Postback, lookup: &Lookup) -> bool {
    lookup.first_deposit && matches!(postback.event, EventName::Sale | EventName::Deposit)
}

/// One deposit that both addresses report is the first in whichever order they come: a sale turns
/// the resale that was there before into the first deposit while the slot is free.
fn become_first(
    postback: &Postback,
    lookup: &Lookup,
    event: &EventFacts,
    first: Option<EventId>,
    change: &mut Change,
) {
    let stands = matches!(event.status, Status::Approved | Status::Pending);
    if first.is_none()
        && stands
        && event.kind == Kind::RepeatDeposit
        && event.name == "resale"
        && says_first(postback, lookup)
    {
        change.kind = Some(Kind::FirstDeposit);
        change.takes_first = event.status == Status::Approved;
    }
}

fn new_status(postback: &Postback, event: &EventFacts) -> Option<Status> {
    let wanted = postback.status?;
    match (event.status, wanted) {
        (known, wanted) if known == wanted => None,
        (known, Status::Pending) if known.is_final() => None,
        // What a person must look at stays held, unless the partner takes it back.
        (Status::Held, Status::Approved | Status::Pending) | (_, Status::Held) => None,
        _ => Some(wanted),
    }
}

/// The event that this one seems to repeat, and whether it is the same request byte for byte.
/// Requests that are decided late, or again, look in both directions of time.
fn repeat_of<'f>(
    postback: &Postback,
    lookup: &Lookup,
    facts: &'f Facts,
    received_at: Moment,
) -> Option<(&'f EventFacts, bool)> {
    lookup.recent_seconds?;
    let within = |recent: &Recent, seconds: i64| {
        let (one, two) = (recent.event.received_at, received_at);
        one.max(two) <= one.min(two).plus_seconds(seconds)
    };
    let identical = facts
        .recent
        .iter()
        .find(|recent| recent.identical && within(recent, IDENTICAL_WINDOW_SECONDS));
    if let Some(recent) = identical {
        return Some((&recent.event, true));
    }
    let by_content =
        postback.mode == Mode::ByTid && !matches!(postback.event, EventName::Other { .. });
    facts
        .recent
        .iter()
        .find(|recent| {
            by_content
                && within(recent, postback.repeats.window_seconds)
                && postback.amount.is_some()
                && recent.event.amount == postback.amount
                && recent.event.currency == postback.currency
        })
        .map(|recent| (&recent.event, false))
}

#[cfg(test)]
mod tests;
