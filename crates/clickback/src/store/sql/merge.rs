//! Two leads become one: everything of the one that goes moves to the kept one, and the events of both
//! are decided again in the order in which they happened, under the keys of the kept lead.

use std::collections::HashMap;

use clickback_core::attribution::{Decision, Facts, Key, Lookup, decide, lookup, separately};
use clickback_core::event::{EventName, Group, Kind};
use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::{EventId, LeadId, RequestId, WorkspaceId};
use clickback_core::postback::Postback;

use crate::store::crm::{Author, MergeReport};
use crate::store::events::Event;
use crate::store::inbox::{RawRequest, Verdict};
use crate::store::integrations::Integration;
use crate::store::leads::{IdentityKind, Lead};
use crate::store::{StoreError, StoreResult};

use super::apply::{Matched, Subject, Work};
use super::crm::stored_status;
use super::leads::lead;
use super::ledger::{self, Ledger as _};
use super::rows::counted;
use super::session::{Optional as _, Sql, values};

/// A key of one of the two leads, as it was: integration, group, transaction id, event.
type KnownKey = (i64, String, String, i64);

impl Work<'_> {
    pub(super) fn merge_leads(
        &mut self,
        kept: LeadId,
        lost: LeadId,
        author: &Author,
        dry_run: bool,
    ) -> StoreResult<MergeReport> {
        let (kept, lost) = (lead(self.sql, kept)?.id, lead(self.sql, lost)?.id);
        self.lock_leads(&[kept, lost])?;
        let (kept, lost) = (lead(self.sql, kept)?, lead(self.sql, lost)?);
        if kept.id == lost.id {
            return Err(StoreError::Invalid {
                message: "a lead cannot be merged with itself".to_owned(),
            });
        }
        if kept.workspace != lost.workspace {
            return Err(StoreError::NotFound { what: "lead" });
        }
        if kept.test || lost.test {
            return Err(StoreError::Invalid {
                message: "the lead of test events stays apart".to_owned(),
            });
        }
        if dry_run {
            self.begin_dry_run()?;
        }
        let mut report = self.move_all(&kept, &lost, author)?;
        self.decide_in_order(&kept, &lost, &mut report)?;
        self.sql
            .execute("DELETE FROM leads WHERE id = ?1", values![lost.id.0])?;
        report.kept = lead(self.sql, kept.id)?;
        if dry_run {
            self.end_dry_run()?;
        }
        Ok(report)
    }

    /// Ids, values, notes, tags, history; and what the kept lead itself does not know.
    fn move_all(&mut self, kept: &Lead, lost: &Lead, author: &Author) -> StoreResult<MergeReport> {
        let both = values![kept.id.0, lost.id.0];
        for identity in &lost.identities {
            if identity.kind == IdentityKind::Clickid {
                self.sql.execute(
                    "UPDATE clicks SET lead_id = ?1 WHERE workspace_id = ?2 AND clickid = ?3",
                    values![kept.id.0, kept.workspace.0, identity.value],
                )?;
            }
        }
        let identities = self.sql.execute(
            "UPDATE lead_identities SET lead_id = ?1 WHERE lead_id = ?2",
            both,
        )?;
        let values = self.sql.execute(
            "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
             SELECT ?1, field_id, value, fits, set_at, source FROM lead_values WHERE lead_id = ?2 \
             ON CONFLICT (lead_id, field_id) DO UPDATE SET value = excluded.value, fits = excluded.fits, \
             set_at = excluded.set_at, source = excluded.source \
             WHERE (excluded.set_at, excluded.source) > (lead_values.set_at, lead_values.source)",
            both,
        )?;
        self.sql.execute(
            "DELETE FROM lead_values WHERE lead_id = ?1",
            values![lost.id.0],
        )?;
        let notes = self.sql.execute(
            "UPDATE lead_notes SET lead_id = ?1 WHERE lead_id = ?2",
            both,
        )?;
        self.sql.execute(
            "UPDATE lead_changes SET lead_id = ?1 WHERE lead_id = ?2",
            both,
        )?;
        self.sql.execute(
            "INSERT INTO lead_tags (tag_id, lead_id) SELECT tag_id, ?1 FROM lead_tags WHERE lead_id = ?2 \
             ON CONFLICT DO NOTHING",
            both,
        )?;
        self.sql.execute(
            "DELETE FROM lead_tags WHERE lead_id = ?1",
            values![lost.id.0],
        )?;
        self.sql.execute(
            "UPDATE lead_merges SET kept_id = ?1 WHERE kept_id = ?2",
            both,
        )?;
        self.sql.execute(
            "INSERT INTO lead_merges (kept_id, lost_id) VALUES (?1, ?2)",
            both,
        )?;
        let clicked_at = match (kept.clicked_at, lost.clicked_at) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let name = if kept.name.trim().is_empty() {
            &lost.name
        } else {
            &kept.name
        };
        let status = match stored_status(&kept.status) {
            "" => stored_status(&lost.status),
            own => own,
        };
        self.sql.execute(
            "UPDATE leads SET clicked_at = ?2, name = ?3, status = ?4, buyer_id = ?5, clickids = \
             (SELECT count(*) FROM lead_identities WHERE lead_id = ?1 AND kind = 1) WHERE id = ?1",
            values![
                kept.id.0,
                clicked_at.map(|at| at.0),
                name,
                status,
                kept.buyer.or(lost.buyer).map(|buyer| buyer.0)
            ],
        )?;
        let named = if lost.name.trim().is_empty() {
            &lost.clickid
        } else {
            &lost.name
        };
        self.remember(kept.id, author, "merge", named, &lost.clickid)?;
        Ok(MergeReport {
            kept: kept.clone(),
            identities: identities as u64,
            values: values as u64,
            notes: notes as u64,
            events: 0,
            repeats: Vec::new(),
            renamed: Vec::new(),
        })
    }

    /// Takes the events of both leads out, and decides them again one after the other.
    fn decide_in_order(&mut self, kept: &Lead, lost: &Lead, report: &mut MergeReport) -> Sql<()> {
        let mut events = super::events::of_lead(self.sql, kept.id)?;
        let own: Vec<EventId> = events.iter().map(|event| event.id).collect();
        events.extend(super::events::of_lead(self.sql, lost.id)?);
        events.sort_by_key(|event| (event.occurred_at, event.received_at, event.id));
        report.events = (events.len() - own.len()) as u64;
        let keys = self.take_keys(&events, [kept.id, lost.id])?;
        for event in &events {
            self.deltas.remove(&counted(event));
            self.sql
                .execute("DELETE FROM events WHERE id = ?1", values![event.id.0])?;
        }
        for gone in [kept.id, lost.id] {
            self.sql.execute(
                "DELETE FROM lead_states WHERE lead_id = ?1",
                values![gone.0],
            )?;
            for event in &events {
                self.sql.execute(
                    "DELETE FROM lead_integrations WHERE integration_id = ?1 AND lead_id = ?2",
                    values![event.integration.0, gone.0],
                )?;
            }
        }
        // Requests that made no event speak of the kept lead, too.
        self.sql.execute(
            "UPDATE inbox SET lead_id = ?1 WHERE lead_id = ?2 AND verdict <> 1",
            values![kept.id.0, lost.id.0],
        )?;
        let mut became: HashMap<i64, EventId> = HashMap::new();
        let clicked_at = lead(self.sql, kept.id)
            .ok()
            .and_then(|lead| lead.clicked_at);
        let matched = Matched {
            lead: kept.id,
            clicked_at,
            test: false,
            has_aliases: true,
        };
        for event in &events {
            let others = own.contains(&event.id);
            let now = self.replay(event, matched, kept.workspace, &|other| {
                own.contains(&other) != others
            })?;
            became.insert(event.id.0, now);
            if now == event.id {
                self.sql.execute(
                    "UPDATE inbox SET lead_id = ?2 WHERE id = ?1",
                    values![event.id.0, kept.id.0],
                )?;
            } else {
                self.point_to(event.id, now, kept.id)?;
                report.repeats.push(event.clone());
            }
        }
        // A retry that spoke of an event without an id of its own still speaks of it.
        for (integration, group, tid, event) in keys {
            if let Some(now) = became.get(&event) {
                self.sql.execute(
                    "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                    values![integration, group, tid, kept.id.0, now.0],
                )?;
            }
        }
        for before in events {
            let after = self.event(before.id);
            if let Ok(after) = after
                && after.kind != before.kind
            {
                report.renamed.push((before, after));
            }
        }
        Ok(())
    }

    /// Takes every key of the two leads away and returns them: ids of transactions, and all slots that
    /// an event of its group can have.
    fn take_keys(&self, events: &[Event], leads: [LeadId; 2]) -> Sql<Vec<KnownKey>> {
        let mut keys = Vec::new();
        for event in events {
            keys.extend(self.take_keys_of(event, leads)?);
        }
        Ok(keys)
    }

    /// The same for what one event of a lead can have.
    pub(super) fn take_keys_of(&self, event: &Event, leads: [LeadId; 2]) -> Sql<Vec<KnownKey>> {
        let group = Group::of(event.kind, &event.name).stored();
        let mut tids = vec![String::new(), format!(" {}", event.name)];
        tids.extend(["sale", "resale", "deposit"].map(|name| format!(" {name}")));
        tids.extend(event.tid.clone());
        tids.push(Key::separate(Group::of(event.kind, &event.name), event.id).tid);
        let mut keys = Vec::new();
        for tid in tids {
            let taken = self.sql.all(
                "DELETE FROM event_keys WHERE integration_id = ?1 AND grp = ?2 AND tid = ?3 \
                 AND lead_id IN (?4, ?5) RETURNING event_id",
                values![event.integration.0, group, tid, leads[0].0, leads[1].0],
                |row| row.get(0),
            )?;
            for id in taken {
                keys.push((event.integration.0, group.clone(), tid.clone(), id));
            }
        }
        Ok(keys)
    }

    /// Decides a recorded event as if it came now. Returns the event that it is: itself, or a known one.
    /// Only events of the other lead can be found to be repeats: its own were judged already.
    fn replay(
        &mut self,
        event: &Event,
        matched: Matched,
        workspace: WorkspaceId,
        is_others: &dyn Fn(EventId) -> bool,
    ) -> Sql<EventId> {
        let snapshot = self.snapshot.clone();
        let gone;
        let integration = if let Some(known) = snapshot.by_id.get(&event.integration) {
            known.as_ref()
        } else {
            gone = Integration::gone(event.integration);
            &gone
        };
        let raw = self.raw_of(event.request())?;
        let subject = Subject {
            request: event.request(),
            integration,
            received_at: event.received_at,
            raw: &raw,
            test: false,
        };
        let mut postback = said(event, integration);
        if let Some(tid) = postback.tid.clone()
            && self.is_clickid_of(workspace, &tid, matched.lead)?
        {
            postback.drop_tid();
        }
        let lookup: Lookup = if event.flags.has(Flag::CountedSeparately) {
            separately(&postback, event.id)
        } else {
            lookup(&postback)
        };
        let mut known: Facts = ledger::known(self, &subject, &postback, matched, &lookup)?;
        known.recent.retain(|recent| is_others(recent.event.id));
        match decide(&postback, &lookup, &known, event.received_at) {
            Decision::New {
                kind,
                status,
                key,
                takes_first,
                flags,
            } => {
                let after = Event {
                    lead: matched.lead,
                    kind,
                    status,
                    flags: postback.flags.with(flags),
                    tid: postback.tid.clone(),
                    number: None,
                    ..event.clone()
                };
                self.insert_event(&after, key.as_ref(), takes_first)?;
                Ok(event.id)
            }
            Decision::Same {
                event: same,
                change,
                ..
            } => {
                if !change.is_empty() {
                    self.change_event(same, &change, Some(event.request()))?;
                }
                if let Some(Key { group, tid }) = lookup.key.filter(|_| lookup.or_first) {
                    self.sql.execute(
                        "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
                         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                        values![
                            event.integration.0,
                            group.stored(),
                            tid,
                            matched.lead.0,
                            same.0
                        ],
                    )?;
                }
                Ok(same)
            }
        }
    }

    /// Requests that spoke of an event that turned out to be another one.
    fn point_to(&self, event: EventId, now: EventId, kept: LeadId) -> Sql<()> {
        self.sql.execute(
            "UPDATE inbox SET verdict = ?2, event_id = ?3, lead_id = ?4 WHERE id = ?1",
            values![event.0, Verdict::Duplicate.number(), now.0, kept.0],
        )?;
        self.sql.execute(
            "UPDATE inbox SET event_id = ?2 WHERE lead_id = ?3 AND verdict <> 1 AND event_id = ?1",
            values![event.0, now.0, kept.0],
        )?;
        self.sql.execute(
            "UPDATE event_changes SET event_id = ?2 WHERE event_id = ?1",
            values![event.0, now.0],
        )?;
        Ok(())
    }

    fn raw_of(&self, request: RequestId) -> Sql<RawRequest> {
        let found = self
            .sql
            .one(
                "SELECT method, query, content_type, body FROM inbox WHERE id = ?1",
                values![request.0],
                |row| {
                    Ok(RawRequest {
                        method: super::inbox::method(&row.get::<String>(0)?),
                        query: row.get(1)?,
                        content_type: row.get(2)?,
                        body: row.get(3)?,
                        address: None,
                    })
                },
            )
            .optional()?;
        Ok(found.unwrap_or_default())
    }
}

/// What a recorded event says, in the form in which requests are decided.
fn said(event: &Event, integration: &Integration) -> Postback {
    let rules = &integration.ruleset;
    let name = match event.kind {
        Kind::Other => EventName::Other {
            name: event.name.clone(),
        },
        // A resale that a sale named the first deposit, or that took the place of one, is one.
        Kind::FirstDeposit if event.name == "resale" => EventName::Sale,
        Kind::Custom => EventName::Custom {
            name: event.name.clone(),
            counts_money: rules
                .custom_events
                .get(&event.name)
                .is_some_and(|custom| custom.counts_money),
        },
        _ => EventName::built_in(&event.name).unwrap_or(match event.kind {
            Kind::Registration => EventName::Registration,
            Kind::FirstDeposit => EventName::Sale,
            Kind::RepeatDeposit => EventName::Resale,
            Kind::Withdrawal => EventName::Withdrawal,
            Kind::Chargeback => EventName::Chargeback,
            _ => EventName::Commission,
        }),
    };
    let history = [Flag::TidSeenOnOtherLead, Flag::RepeatBeforeFirst];
    let kept = event.flags.iter().filter(|flag| !history.contains(flag));
    let mut flags = Flags::default();
    kept.for_each(|flag| flags.add(flag));
    Postback {
        clickid: String::new(),
        clickid_usable: true,
        mode: rules.mode(&name),
        event: name,
        amount: event.amount,
        currency: event.currency,
        payout: event.payout,
        payout_currency: event.payout_currency,
        tid: event.tid.clone(),
        status: Some(event.status),
        default_status: event.status,
        occurred_at: Some(event.occurred_at),
        fields: Vec::new(),
        player: None,
        repeats: rules.rules.repeats.clone(),
        flags,
    }
}
