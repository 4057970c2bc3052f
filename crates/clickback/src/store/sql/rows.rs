//! Between columns and types: money, ids, flags.

use clickback_core::attribution::EventFacts;
use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::flag::Flags;
use clickback_core::ids::{EventId, IntegrationId, LeadId};
use clickback_core::moment::Moment;
use clickback_core::money::Amount;
use clickback_core::rollup::Counted;

use crate::store::events::Event;

use super::session::{Row, Sql, SqlError};

/// The columns that [`event`] reads, in its order.
pub(in crate::store) const EVENT_COLUMNS: &str = "events.id, events.integration_id, events.lead_id, events.kind, \
     events.status, events.name, events.amount, events.currency, events.payout, \
     events.payout_currency, events.tid, events.flags, events.test, events.occurred_at, \
     events.received_at";

/// Reads an event from [`EVENT_COLUMNS`] that begin at column `at`.
pub(in crate::store) fn event_at(row: &Row<'_>, at: usize) -> Sql<Event> {
    Ok(Event {
        id: EventId(row.get(at)?),
        integration: IntegrationId(row.get(at + 1)?),
        lead: LeadId(row.get(at + 2)?),
        kind: kind(row.get(at + 3)?, at + 3)?,
        status: status(row.get(at + 4)?, at + 4)?,
        name: row.get(at + 5)?,
        amount: amount(row, at + 6)?,
        currency: currency(row, at + 7)?,
        payout: amount(row, at + 8)?,
        payout_currency: currency(row, at + 9)?,
        tid: row.get(at + 10)?,
        flags: Flags(row.get(at + 11)?),
        test: row.get(at + 12)?,
        occurred_at: Moment(row.get(at + 13)?),
        received_at: Moment(row.get(at + 14)?),
        number: None,
    })
}

/// Reads an event from [`EVENT_COLUMNS`].
pub(in crate::store) fn event(row: &Row<'_>) -> Sql<Event> {
    event_at(row, 0)
}

/// What the decision needs of an event.
pub(in crate::store) fn facts(event: &Event) -> EventFacts {
    EventFacts {
        id: event.id,
        kind: event.kind,
        name: event.name.clone(),
        status: event.status,
        amount: event.amount,
        currency: event.currency,
        payout: event.payout,
        payout_currency: event.payout_currency,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
    }
}

/// How an event counts.
pub(in crate::store) fn counted(event: &Event) -> Counted {
    Counted {
        id: event.id,
        integration: event.integration,
        kind: event.kind,
        name: if event.kind == Kind::Custom {
            event.name.clone()
        } else {
            String::new()
        },
        status: event.status,
        occurred_at: event.occurred_at,
        amount: event.amount,
        currency: event.currency,
        payout: event.payout,
        payout_currency: event.payout_currency,
        test: event.test,
    }
}

pub(in crate::store) fn kind(number: i64, column: usize) -> Sql<Kind> {
    Kind::from_number(number).ok_or_else(|| out_of_range(column, number))
}

pub(in crate::store) fn status(number: i64, column: usize) -> Sql<Status> {
    Status::from_number(number).ok_or_else(|| out_of_range(column, number))
}

pub(in crate::store) fn out_of_range(column: usize, number: i64) -> SqlError {
    SqlError::Defect(format!(
        "column {column} holds {number}, which nobody wrote"
    ))
}

fn amount(row: &Row<'_>, column: usize) -> Sql<Option<Amount>> {
    parsed(row, column, |text| text.parse().ok())
}

fn currency(row: &Row<'_>, column: usize) -> Sql<Option<Currency>> {
    parsed(row, column, Currency::new)
}

/// A text column in our own canonical form; anything else means damage and is said so.
fn parsed<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> Sql<Option<T>> {
    match row.get::<Option<&str>>(column)? {
        None => Ok(None),
        Some(text) => parse(text)
            .map(Some)
            .ok_or_else(|| SqlError::Defect(format!("`{text}` is not canonical"))),
    }
}
