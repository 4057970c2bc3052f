//! Writing what a batch made, with one statement a table.

use std::borrow::Cow;

use clickback_core::currency::Currency;
use clickback_core::money::Amount;
use tokio_postgres::types::{ToSql, Type};

use crate::store::events::Event;
use crate::store::sql::session::{Session as _, Sql};

use super::super::session::storable;
use super::Batch;

/// The columns of a statement, each as a list.
#[derive(Default)]
struct Lists<'l> {
    types: Vec<Type>,
    lists: Vec<Box<dyn ToSql + Sync + 'l>>,
}

impl<'l> Lists<'l> {
    fn numbers(mut self, list: impl Iterator<Item = i64>) -> Self {
        self.types.push(Type::INT8_ARRAY);
        self.lists.push(Box::new(list.collect::<Vec<i64>>()));
        self
    }

    fn numbers_or_none(mut self, list: impl Iterator<Item = Option<i64>>) -> Self {
        self.types.push(Type::INT8_ARRAY);
        self.lists
            .push(Box::new(list.collect::<Vec<Option<i64>>>()));
        self
    }

    fn texts(mut self, list: impl Iterator<Item = &'l str>) -> Self {
        self.types.push(Type::TEXT_ARRAY);
        let list: Vec<Cow<'l, str>> = list.map(storable).collect();
        self.lists.push(Box::new(list));
        self
    }

    fn texts_or_none(mut self, list: impl Iterator<Item = Option<Cow<'l, str>>>) -> Self {
        self.types.push(Type::TEXT_ARRAY);
        let list: Vec<Option<Cow<'l, str>>> = list.collect();
        self.lists.push(Box::new(list));
        self
    }

    fn bytes_or_none(mut self, list: impl Iterator<Item = Option<&'l [u8]>>) -> Self {
        self.types.push(Type::BYTEA_ARRAY);
        self.lists
            .push(Box::new(list.collect::<Vec<Option<&[u8]>>>()));
        self
    }
}

fn amount<'l>(amount: Option<Amount>) -> Option<Cow<'l, str>> {
    amount.map(|amount| Cow::Owned(amount.to_string()))
}

fn currency(currency: Option<&Currency>) -> Option<Cow<'_, str>> {
    currency.map(|currency| Cow::Borrowed(currency.as_str()))
}

fn text(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(storable)
}

impl Batch<'_, '_> {
    pub(super) fn write(&self) -> Sql<()> {
        self.write_leads()?;
        self.write_events()?;
        self.write_keys()?;
        self.write_values()?;
        self.write_requests()
    }

    /// Runs a statement on lists; returns how many rows it wrote.
    fn run(&self, statement: &str, lists: &Lists<'_>) -> Sql<u64> {
        let values: Vec<&(dyn ToSql + Sync)> = lists.lists.iter().map(|list| &**list).collect();
        self.pg.run(statement, &lists.types, &values)
    }

    /// New leads, then all new ids: one that another node bound meanwhile makes the batch start again.
    fn write_leads(&self) -> Sql<()> {
        let leads = &self.new.leads;
        if !leads.is_empty() {
            let lists = Lists::default()
                .numbers(leads.iter().map(|made| made.lead.0))
                .numbers(leads.iter().map(|made| made.workspace.0))
                .texts(leads.iter().map(|made| made.clickid.as_str()))
                .numbers(leads.iter().map(|made| made.clicked_at.0))
                .numbers(leads.iter().map(|_| self.work.now.0));
            self.run(
                "INSERT INTO leads (id, workspace_id, clickid, clicked_at, created_at, clickids) \
                 SELECT *, 1 FROM UNNEST($1, $2, $3, $4, $5)",
                &lists,
            )?;
            let lists = Lists::default()
                .numbers(leads.iter().map(|made| made.workspace.0))
                .texts(leads.iter().map(|made| made.clickid.as_str()))
                .numbers(leads.iter().map(|made| made.lead.0));
            self.run(
                "UPDATE clicks SET lead_id = n.lead_id FROM UNNEST($1, $2, $3) \
                 AS n (workspace_id, clickid, lead_id) \
                 WHERE clicks.workspace_id = n.workspace_id AND clicks.clickid = n.clickid",
                &lists,
            )?;
        }
        if self.new.identities.is_empty() {
            return Ok(());
        }
        // In one order on every node: two that bind the same ids wait for each other one way only.
        let mut identities: Vec<_> = self.new.identities.iter().collect();
        identities.sort_unstable();
        let lists = Lists::default()
            .numbers(identities.iter().map(|(place, _)| place.0))
            .numbers(identities.iter().map(|(place, _)| place.1))
            .numbers(identities.iter().map(|(place, _)| place.2))
            .texts(identities.iter().map(|(place, _)| place.3.as_str()))
            .numbers(identities.iter().map(|(_, lead)| lead.0));
        let bound = self.run(
            "INSERT INTO lead_identities (workspace_id, kind, scope, value, lead_id) \
             SELECT * FROM UNNEST($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            &lists,
        )?;
        if bound < identities.len() as u64 {
            return Err(self
                .pg
                .lost_race("another node bound the same id meanwhile"));
        }
        Ok(())
    }

    fn write_events(&self) -> Sql<()> {
        let known = &self.known.events;
        let made: Vec<&Event> = self
            .new
            .events
            .iter()
            .filter_map(|id| known.get(id))
            .collect();
        if !made.is_empty() {
            let lists = Lists::default()
                .numbers(made.iter().map(|event| event.id.0))
                .numbers(made.iter().map(|event| event.integration.0))
                .numbers(made.iter().map(|event| event.lead.0))
                .numbers(made.iter().map(|event| event.kind.number()))
                .numbers(made.iter().map(|event| event.status.number()))
                .texts(made.iter().map(|event| event.name.as_str()))
                .texts_or_none(made.iter().map(|event| amount(event.amount)))
                .texts_or_none(made.iter().map(|event| currency(event.currency.as_ref())))
                .texts_or_none(made.iter().map(|event| amount(event.payout)))
                .texts_or_none(
                    made.iter()
                        .map(|event| currency(event.payout_currency.as_ref())),
                )
                .texts_or_none(made.iter().map(|event| text(event.tid.as_deref())))
                .numbers(made.iter().map(|event| event.flags.0))
                .numbers(made.iter().map(|event| i64::from(event.test)))
                .numbers(made.iter().map(|event| event.occurred_at.0))
                .numbers(made.iter().map(|event| event.received_at.0));
            self.run(
                "INSERT INTO events (id, integration_id, lead_id, kind, status, name, amount, currency, \
                 payout, payout_currency, tid, flags, test, occurred_at, received_at) \
                 SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                &lists,
            )?;
        }
        self.write_changes(&made)
    }

    /// Events that were there before, and the histories of all.
    fn write_changes(&self, made: &[&Event]) -> Sql<()> {
        let made: std::collections::HashSet<_> = made.iter().map(|event| event.id).collect();
        let changed: Vec<&Event> = self
            .new
            .changed
            .iter()
            .filter(|id| !made.contains(id))
            .filter_map(|id| self.known.events.get(id))
            .collect();
        if !changed.is_empty() {
            let lists = Lists::default()
                .numbers(changed.iter().map(|event| event.id.0))
                .numbers(changed.iter().map(|event| event.kind.number()))
                .numbers(changed.iter().map(|event| event.status.number()))
                .texts_or_none(changed.iter().map(|event| amount(event.amount)))
                .texts_or_none(
                    changed
                        .iter()
                        .map(|event| currency(event.currency.as_ref())),
                )
                .texts_or_none(changed.iter().map(|event| amount(event.payout)))
                .texts_or_none(
                    changed
                        .iter()
                        .map(|event| currency(event.payout_currency.as_ref())),
                );
            self.run(
                "UPDATE events SET kind = n.kind, status = n.status, amount = n.amount, \
                 currency = n.currency, payout = n.payout, payout_currency = n.payout_currency \
                 FROM UNNEST($1, $2, $3, $4, $5, $6, $7) \
                 AS n (id, kind, status, amount, currency, payout, payout_currency) \
                 WHERE events.id = n.id",
                &lists,
            )?;
        }
        let changes = &self.new.changes;
        if changes.is_empty() {
            return Ok(());
        }
        let lists = Lists::default()
            .numbers(changes.iter().map(|change| change.id))
            .numbers(changes.iter().map(|change| change.event.0))
            .numbers(changes.iter().map(|change| change.request.0))
            .numbers(changes.iter().map(|_| self.work.now.0))
            .texts(changes.iter().map(|change| change.field))
            .texts_or_none(changes.iter().map(|change| text(change.old.as_deref())))
            .texts_or_none(changes.iter().map(|change| text(change.new.as_deref())));
        self.run(
            "INSERT INTO event_changes (id, event_id, request_id, changed_at, field, old, new) \
             SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7)",
            &lists,
        )?;
        Ok(())
    }

    /// Keys, slots, and which leads have events of which integration.
    fn write_keys(&self) -> Sql<()> {
        let keys = &self.new.keys;
        if !keys.is_empty() {
            let lists = Lists::default()
                .numbers(keys.iter().map(|(place, _, _)| place.0.0))
                .texts(keys.iter().map(|(place, _, _)| place.1.as_str()))
                .texts(keys.iter().map(|(place, _, _)| place.2.as_str()))
                .numbers(keys.iter().map(|(_, lead, _)| lead.0))
                .numbers(keys.iter().map(|(_, _, event)| event.0));
            self.run(
                "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
                 SELECT * FROM UNNEST($1, $2, $3, $4, $5)",
                &lists,
            )?;
        }
        let firsts = &self.new.firsts;
        if !firsts.is_empty() {
            let event = |whose| self.known.firsts.get(whose).copied().flatten();
            let lists = Lists::default()
                .numbers(firsts.iter().map(|(lead, _)| lead.0))
                .numbers(firsts.iter().map(|(_, integration)| integration.0))
                .numbers_or_none(firsts.iter().map(|whose| event(whose).map(|event| event.0)));
            self.run(
                "INSERT INTO lead_states (lead_id, integration_id, first_deposit) \
                 SELECT * FROM UNNEST($1, $2, $3) ON CONFLICT (lead_id, integration_id) \
                 DO UPDATE SET first_deposit = excluded.first_deposit",
                &lists,
            )?;
        }
        let pairs = &self.new.lead_integrations;
        if !pairs.is_empty() {
            let lists = Lists::default()
                .numbers(pairs.iter().map(|(integration, _)| integration.0))
                .numbers(pairs.iter().map(|(_, lead)| lead.0));
            self.run(
                "INSERT INTO lead_integrations (integration_id, lead_id) \
                 SELECT * FROM UNNEST($1, $2) ON CONFLICT DO NOTHING",
                &lists,
            )?;
        }
        Ok(())
    }

    fn write_values(&self) -> Sql<()> {
        let values: Vec<_> = self.new.values.iter().collect();
        if values.is_empty() {
            return Ok(());
        }
        let lists = Lists::default()
            .numbers(values.iter().map(|((lead, _), _)| lead.0))
            .numbers(values.iter().map(|((_, field), _)| *field))
            .texts(values.iter().map(|(_, row)| row.value.as_str()))
            .numbers(values.iter().map(|(_, row)| i64::from(row.fits)))
            .numbers(values.iter().map(|(_, row)| row.set_at))
            .numbers(values.iter().map(|(_, row)| row.source));
        self.run(
            "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
             SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6) ON CONFLICT (lead_id, field_id) \
             DO UPDATE SET value = excluded.value, fits = excluded.fits, set_at = excluded.set_at, \
             source = excluded.source",
            &lists,
        )?;
        Ok(())
    }

    fn write_requests(&self) -> Sql<()> {
        let waiting = &self.new.waiting;
        if !waiting.is_empty() {
            let lists = Lists::default()
                .numbers(waiting.iter().map(|(workspace, ..)| workspace.0))
                .texts(waiting.iter().map(|(_, clickid, ..)| clickid.as_str()))
                .numbers(waiting.iter().map(|(_, _, received_at, _)| received_at.0))
                .numbers(waiting.iter().map(|(.., request)| request.0));
            self.run(
                "INSERT INTO waiting_requests (workspace_id, clickid, received_at, request_id) \
                 SELECT * FROM UNNEST($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                &lists,
            )?;
        }
        let rows: Vec<_> = self
            .new
            .requests
            .iter()
            .filter_map(|row| Some((row, *self.raws.get(&row.request.0)?)))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let lists = Lists::default()
            .numbers(rows.iter().map(|(row, _)| row.request.0))
            .numbers(rows.iter().map(|(row, _)| row.integration.0))
            .numbers(rows.iter().map(|(row, _)| row.settled.verdict.number()))
            .numbers(rows.iter().map(|(row, _)| row.settled.flags.0))
            .numbers(rows.iter().map(|(row, _)| row.received_at.0))
            .texts(rows.iter().map(|(_, raw)| raw.method))
            .bytes_or_none(rows.iter().map(|(_, raw)| Some(raw.query.as_slice())))
            .texts_or_none(
                rows.iter()
                    .map(|(_, raw)| text(raw.content_type.as_deref())),
            )
            .bytes_or_none(rows.iter().map(|(_, raw)| raw.body.as_deref()))
            .texts_or_none(rows.iter().map(|(_, raw)| text(raw.address.as_deref())))
            .texts_or_none(rows.iter().map(|(row, _)| text(row.code)))
            .texts_or_none(rows.iter().map(|(row, _)| text(row.clickid.as_deref())))
            .numbers_or_none(rows.iter().map(|(row, _)| row.settled.lead.map(|id| id.0)))
            .numbers_or_none(rows.iter().map(|(row, _)| row.settled.event.map(|id| id.0)))
            .numbers(rows.iter().map(|(row, _)| i64::from(row.test)));
        self.run(
            "INSERT INTO inbox (id, integration_id, verdict, flags, received_at, method, query, \
             content_type, body, address, code, clickid, lead_id, event_id, test) \
             SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            &lists,
        )?;
        Ok(())
    }
}
