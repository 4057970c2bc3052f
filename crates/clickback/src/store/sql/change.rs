//! Writing events: new ones, changes of known ones with their history, the first-deposit slot, and
//! the roll-up change that goes with each.

use clickback_core::attribution::{Change, EventFacts, Key, promote};
use clickback_core::event::{Kind, Status};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId};

use crate::store::events::Event;

use super::apply::Work;
use super::rows::{EVENT_COLUMNS, counted, event, facts};
use super::session::{Optional as _, Sql, values};

impl Work<'_> {
    /// Writes an event, its key, its slot and its roll-up change. A row that is there already (an
    /// event decided again) is replaced.
    pub(super) fn insert_event(
        &mut self,
        event: &Event,
        key: Option<&Key>,
        takes_first: bool,
    ) -> Sql<()> {
        self.sql.execute(
            "INSERT INTO events (id, integration_id, lead_id, kind, status, \
             name, amount, currency, payout, payout_currency, tid, flags, test, \
             occurred_at, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
             ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (id) DO UPDATE SET \
             kind = excluded.kind, status = excluded.status, name = \
             excluded.name, amount = excluded.amount, currency = \
             excluded.currency, payout = excluded.payout, payout_currency = \
             excluded.payout_currency, tid = excluded.tid, flags = \
             excluded.flags, occurred_at = excluded.occurred_at",
            values![
                event.id.0,
                event.integration.0,
                event.lead.0,
                event.kind.number(),
                event.status.number(),
                event.name,
                event.amount.map(|amount| amount.to_string()),
                event
                    .currency
                    .as_ref()
                    .map(clickback_core::currency::Currency::as_str),
                event.payout.map(|amount| amount.to_string()),
                event
                    .payout_currency
                    .as_ref()
                    .map(clickback_core::currency::Currency::as_str),
                event.tid,
                event.flags.0,
                event.test,
                event.occurred_at.0,
                event.received_at.0,
            ],
        )?;
        if let Some(key) = key {
            self.sql.execute(
                "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                values![
                    event.integration.0,
                    key.group.stored(),
                    key.tid,
                    event.lead.0,
                    event.id.0
                ],
            )?;
        }
        if takes_first {
            self.set_first(event.lead, event.integration, Some(event.id))?;
        }
        self.sql.execute(
            "INSERT INTO lead_integrations (integration_id, lead_id) VALUES \
             (?1, ?2) ON CONFLICT DO NOTHING",
            values![event.integration.0, event.lead.0],
        )?;
        self.deltas.add(&counted(event));
        Ok(())
    }

    /// The holder of the first-deposit slot.
    pub(in crate::store) fn first_deposit(
        &self,
        lead: LeadId,
        integration: IntegrationId,
    ) -> Sql<Option<EventId>> {
        let first: Option<Option<i64>> = self
            .sql
            .one(
                "SELECT first_deposit FROM lead_states WHERE lead_id = ?1 AND integration_id = ?2",
                values![lead.0, integration.0],
                |row| row.get(0),
            )
            .optional()?;
        Ok(first.flatten().map(EventId))
    }

    pub(super) fn set_first(
        &self,
        lead: LeadId,
        integration: IntegrationId,
        event: Option<EventId>,
    ) -> Sql<()> {
        self.sql.execute(
            "INSERT INTO lead_states (lead_id, integration_id, first_deposit) \
             VALUES (?1, ?2, ?3) ON CONFLICT (lead_id, integration_id) DO \
             UPDATE SET first_deposit = excluded.first_deposit",
            values![lead.0, integration.0, event.map(|event| event.0)],
        )?;
        Ok(())
    }

    /// Changes a known event with its history, slot and roll-ups.
    pub(super) fn change_event(
        &mut self,
        id: EventId,
        change: &Change,
        request: Option<RequestId>,
    ) -> Sql<Event> {
        let before = self.event(id)?;
        let after = changed(&before, change);
        self.rewrite(&before, &after, request)?;
        if change.takes_first {
            self.set_first(after.lead, after.integration, Some(id))?;
        }
        if change.releases_first {
            self.promote_next(after.lead, after.integration, id, request)?;
        }
        Ok(after)
    }

    /// Writes what changed of an event, with its history and its place in the totals.
    pub(super) fn rewrite(
        &mut self,
        before: &Event,
        after: &Event,
        request: Option<RequestId>,
    ) -> Sql<()> {
        self.sql.execute(
            "UPDATE events SET kind = ?2, status = ?3, amount = ?4, currency = ?5, payout = ?6, \
             payout_currency = ?7 WHERE id = ?1",
            values![
                after.id.0,
                after.kind.number(),
                after.status.number(),
                after.amount.map(|amount| amount.to_string()),
                after
                    .currency
                    .as_ref()
                    .map(clickback_core::currency::Currency::as_str),
                after.payout.map(|amount| amount.to_string()),
                after
                    .payout_currency
                    .as_ref()
                    .map(clickback_core::currency::Currency::as_str),
            ],
        )?;
        self.deltas.remove(&counted(before));
        self.deltas.add(&counted(after));
        for (field, old, new) in differences(before, after) {
            let id = self.ids.next(self.now.millis());
            self.sql.execute(
                "INSERT INTO event_changes (id, event_id, request_id, changed_at, field, old, new) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                values![
                    id,
                    after.id.0,
                    request.map(|request| request.0),
                    self.now.0,
                    field,
                    old,
                    new
                ],
            )?;
        }
        Ok(())
    }

    /// The first deposit left: the next approved one takes the slot.
    pub(super) fn promote_next(
        &mut self,
        lead: LeadId,
        integration: IntegrationId,
        left: EventId,
        request: Option<RequestId>,
    ) -> Sql<()> {
        let deposits: Vec<Event> = self.sql.all(&format!(
                "SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = ?1 AND integration_id = ?2 AND kind \
                 IN (2, 3)"
            ), values![lead.0, integration.0], event)?;
        let known: Vec<EventFacts> = deposits.iter().map(facts).collect();
        let next = promote(&known, left);
        self.set_first(lead, integration, next)?;
        if let Some(before) = next.and_then(|next| deposits.iter().find(|event| event.id == next)) {
            let after = Event {
                kind: Kind::FirstDeposit,
                ..before.clone()
            };
            self.rewrite(before, &after, request)?;
        }
        Ok(())
    }

    /// Sets a status by hand.
    pub(super) fn set_status(&mut self, id: EventId, status: Status) -> Sql<Event> {
        let lead = self.event(id)?.lead;
        self.lock_leads(&[lead])?;
        let before = self.event(id)?;
        if before.status == status {
            return Ok(before);
        }
        let first = self.first_deposit(before.lead, before.integration)?;
        let mut change = Change {
            status: Some(status),
            ..Change::default()
        };
        if before.kind.is_deposit() {
            if status == Status::Approved {
                change.takes_first = first.is_none() && before.name != "resale";
                let kind = if change.takes_first {
                    Kind::FirstDeposit
                } else {
                    Kind::RepeatDeposit
                };
                change.kind = Some(kind).filter(|kind| *kind != before.kind);
            } else {
                change.releases_first = first == Some(id);
            }
        }
        self.change_event(id, &change, None)
    }
}

/// An event after a change.
pub(in crate::store) fn changed(before: &Event, change: &Change) -> Event {
    Event {
        amount: change.amount.or(before.amount),
        currency: change.currency.or(before.currency),
        payout: change.payout.or(before.payout),
        payout_currency: change.payout_currency.or(before.payout_currency),
        status: change.status.unwrap_or(before.status),
        kind: change.kind.unwrap_or(before.kind),
        ..before.clone()
    }
}

/// A line of an event's history: what changed, from what, to what.
type Difference = (&'static str, Option<String>, Option<String>);

/// What is different about an event.
pub(in crate::store) fn differences(before: &Event, after: &Event) -> Vec<Difference> {
    let texts = |event: &Event| {
        [
            ("kind", Some(event.kind.code().to_owned())),
            ("status", Some(event.status.code().to_owned())),
            ("amount", event.amount.map(|amount| amount.to_string())),
            (
                "currency",
                event.currency.map(|currency| currency.to_string()),
            ),
            ("payout", event.payout.map(|amount| amount.to_string())),
            (
                "payout_currency",
                event.payout_currency.map(|currency| currency.to_string()),
            ),
        ]
    };
    texts(before)
        .into_iter()
        .zip(texts(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| (field, old, new))
        .collect()
}
