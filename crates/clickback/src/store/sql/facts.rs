//! What the decision asks the database: the first deposit, the owner of a key, recent events like it.

use clickback_core::attribution::{IDENTICAL_WINDOW_SECONDS, Key, Recent};
use clickback_core::event::{EventName, Group};
use clickback_core::ids::{EventId, IntegrationId, LeadId, lowest_id_at};

use crate::store::events::Event;

use super::apply::{CLOCK_MARGIN_SECONDS, Subject, Work};
use super::rows::{EVENT_COLUMNS, event, facts};
use super::session::{Optional as _, Sql, values};

impl Work<'_> {
    /// The lead's event under a key, and whether another lead has the same transaction id.
    pub(super) fn key_owner(
        &self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
    ) -> Sql<(Option<EventId>, bool)> {
        let group = key.group.stored();
        if key.is_tid() {
            let any: Option<(i64, i64)> = self
                .sql
                .one(
                    "SELECT lead_id, event_id FROM event_keys \
                     WHERE integration_id = ?1 AND grp = ?2 AND tid = ?3 LIMIT 1",
                    values![integration.0, group, key.tid],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            match any {
                None => return Ok((None, false)),
                Some((owner, event)) if owner == lead.0 => {
                    return Ok((Some(EventId(event)), false));
                }
                Some(_) => {}
            }
        }
        let own = self
            .sql
            .one(
                "SELECT event_id FROM event_keys \
                 WHERE integration_id = ?1 AND grp = ?2 AND tid = ?3 AND lead_id = ?4",
                values![integration.0, group, key.tid, lead.0],
                |row| row.get(0).map(EventId),
            )
            .optional()?;
        Ok((own, key.is_tid()))
    }

    pub(in crate::store) fn event(&self, id: EventId) -> Sql<Event> {
        self.sql.one(
            &format!("SELECT {EVENT_COLUMNS} FROM events WHERE id = ?1"),
            values![id.0],
            event,
        )
    }

    pub(super) fn recent(
        &self,
        subject: &Subject<'_>,
        name: &EventName,
        lead: LeadId,
        seconds: i64,
    ) -> Sql<Vec<Recent>> {
        let group = name.group();
        let since = subject
            .received_at
            .plus_seconds(-seconds.max(IDENTICAL_WINDOW_SECONDS));
        let mut recent = Vec::new();
        self.sql.each(
            &format!(
                "SELECT {EVENT_COLUMNS}, inbox.method, inbox.query, inbox.body FROM events \
                 LEFT JOIN inbox ON inbox.id = events.id \
                 WHERE events.lead_id = ?1 AND events.integration_id = ?2 AND events.received_at >= ?3 \
                 AND events.id <> ?4 AND events.id >= ?5"
            ),
            values![
                lead.0,
                subject.integration.id.0,
                since.0,
                subject.request.0,
                // Ids follow the clock that stored them, which may have run a little behind.
                lowest_id_at(since.plus_seconds(-CLOCK_MARGIN_SECONDS).millis()),
            ],
            |row| {
                let event = event(row)?;
                if Group::of(event.kind, &event.name) != group {
                    return Ok(());
                }
                let identical = row.get::<Option<&str>>(15)? == Some(subject.raw.method)
                    && row.get::<Option<&[u8]>>(16)? == Some(subject.raw.query.as_slice())
                    && row.get::<Option<&[u8]>>(17)? == subject.raw.body.as_deref();
                recent.push(Recent {
                    event: facts(&event),
                    identical,
                });
                Ok(())
            },
        )?;
        Ok(recent)
    }
}
