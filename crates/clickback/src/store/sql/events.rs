//! Reading events: lists, a lead's events with their numbers, and histories.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use clickback_core::event::{Group, Status};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, lowest_id_at};
use clickback_core::moment::Moment;

use crate::store::events::{Event, EventChange, EventFilter, EventStore};
use crate::store::{Page, StoreResult};

use super::SqlStore;
use super::inbox::AROUND_SECONDS;
use super::rows::{EVENT_COLUMNS, event};
use super::session::{Session, Sql, Value, missing, values};

/// All events of a lead by event time, with their numbers.
pub(super) fn of_lead(sql: &dyn Session, lead: LeadId) -> Sql<Vec<Event>> {
    let mut events = sql.all(&format!(
        "SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = ?1 ORDER BY occurred_at, received_at, id"
    ), values![lead.0], event)?;
    let mut counts: BTreeMap<(IntegrationId, Group), u64> = BTreeMap::new();
    for event in events
        .iter_mut()
        .filter(|event| event.status == Status::Approved)
    {
        let count = counts
            .entry((event.integration, Group::of(event.kind, &event.name)))
            .or_default();
        *count += 1;
        event.number = Some(*count);
    }
    Ok(events)
}

/// Newest received first.
pub(super) fn list(sql: &dyn Session, filter: &EventFilter) -> StoreResult<Page<Event>> {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: i64| {
        values.push(Value::Integer(Some(value)));
        conditions.push(condition.replace('$', &format!("?{}", values.len())));
    };
    // The plus keeps the planner on the primary key, which is the order of the list.
    add(
        "+events.integration_id IN (SELECT id FROM integrations WHERE workspace_id = $)",
        filter.workspace.0,
    );
    if let Some(lead) = filter.lead {
        add("events.lead_id = $", lead.0);
    }
    if let Some(integration) = filter.integration {
        add("+events.integration_id = $", integration.0);
    }
    if let Some(kind) = filter.kind {
        add("events.kind = $", kind.number());
    }
    if let Some(from) = filter.from {
        add("events.occurred_at >= $", from.0);
        // Nothing is received before it happened, but for clocks: a period that lasts until now is a
        // range of the primary key.
        let received = lowest_id_at(from.plus_seconds(-AROUND_SECONDS).millis());
        add("events.id >= $", received);
    }
    if let Some(to) = filter.to {
        add("events.occurred_at < $", to.0);
    }
    if let Some(before) = filter.before {
        add("events.id < $", before.0);
    }
    let text = format!(
        "SELECT {EVENT_COLUMNS} FROM events WHERE {} ORDER BY events.id DESC LIMIT {}",
        conditions.join(" AND "),
        filter.limit + 1
    );
    let mut items: Vec<Event> = sql.all(&text, &values, event)?;
    let more = items.len() > filter.limit;
    items.truncate(filter.limit);
    number(sql, &mut items)?;
    let next = if more {
        items.last().map(|event| event.id.to_string())
    } else {
        None
    };
    Ok(Page { items, next })
}

fn number(sql: &dyn Session, items: &mut [Event]) -> Sql<()> {
    let mut numbers: HashMap<EventId, Option<u64>> = HashMap::new();
    for item in items {
        if !numbers.contains_key(&item.id) {
            let events = of_lead(sql, item.lead)?;
            numbers.extend(events.into_iter().map(|event| (event.id, event.number)));
        }
        item.number = numbers.get(&item.id).copied().flatten();
    }
    Ok(())
}

pub(super) fn changes(sql: &dyn Session, id: EventId) -> StoreResult<Vec<EventChange>> {
    Ok(sql.all(
        "SELECT changed_at, request_id, field, old, new FROM event_changes WHERE event_id = ?1 ORDER BY id",
        values![id.0],
        |row| {
            Ok(EventChange {
                at: Moment(row.get(0)?),
                request: row.get::<Option<i64>>(1)?.map(RequestId),
                field: row.get(2)?,
                old: row.get(3)?,
                new: row.get(4)?,
            })
        },
    )?)
}

#[async_trait]
impl EventStore for SqlStore {
    async fn events(&self, filter: EventFilter) -> StoreResult<Page<Event>> {
        self.read(move |sql| list(sql, &filter)).await
    }

    async fn event_changes(&self, id: EventId) -> StoreResult<Vec<EventChange>> {
        self.read(move |sql| changes(sql, id)).await
    }

    async fn set_event_status(&self, id: EventId, status: Status) -> StoreResult<Event> {
        self.write(move |work| work.set_status(id, status).map_err(missing("event")))
            .await
    }
}
