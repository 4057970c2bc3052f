//! Accepted requests, decided many at a time: what they need is read with a few statements for all,
//! each is decided against what is known by then, and what they made is written with one statement a
//! table. Leads are locked in the order of their numbers before anything about them is read.

mod read;
mod write;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use clickback_core::attribution::{
    Change, EventFacts, IDENTICAL_WINDOW_SECONDS, Key, Recent, promote,
};
use clickback_core::event::{EventName, Group, Kind};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, WorkspaceId, lowest_id_at};
use clickback_core::moment::Moment;
use tokio_postgres::types::Type;

use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, RawRequest};
use crate::store::integrations::Integration;
use crate::store::journal::Taken;
use crate::store::leads::IdentityKind;
use crate::store::sql::apply::{CLOCK_MARGIN_SECONDS, Matched, Settled, Subject, Work};
use crate::store::sql::change::{changed, differences};
use crate::store::sql::ledger::{self, LeadKey, Ledger, NewValue};
use crate::store::sql::rows::{counted, facts};
use crate::store::sql::session::{Session as _, Sql};

use super::session::PgSession;

/// An id of a lead as a key of a map: workspace, kind, scope, value.
type Place = (i64, i64, i64, String);
/// A transaction id or slot: integration, group, tid.
type KeyPlace = (IntegrationId, String, String);

fn place(identity: LeadKey<'_>) -> Place {
    (
        identity.workspace.0,
        identity.kind,
        identity.scope,
        identity.value.to_owned(),
    )
}

fn key_place(integration: IntegrationId, key: &Key) -> KeyPlace {
    (integration, key.group.stored(), key.tid.clone())
}

/// Decides accepted requests in their order, and writes what they made. Requests that may be stored
/// already are looked up first.
pub(super) fn decide(
    pg: &PgSession,
    work: &mut Work<'_>,
    taken: &[Taken],
    doubtful: bool,
) -> Sql<Vec<Outcome>> {
    let stored = if doubtful {
        stored(pg, taken)?
    } else {
        HashSet::new()
    };
    let requests: Vec<(RequestId, Cow<'_, Incoming>)> = taken
        .iter()
        .filter(|taken| !stored.contains(&taken.request().0))
        .map(|taken| (taken.request(), work.incoming(taken)))
        .collect();
    let mut batch = Batch {
        work,
        pg,
        raws: requests
            .iter()
            .map(|(request, incoming)| (request.0, &incoming.raw))
            .collect(),
        known: Known::default(),
        new: New::default(),
    };
    batch.read_ahead(&requests)?;
    let mut outcomes = Vec::with_capacity(requests.len());
    for (request, incoming) in &requests {
        outcomes.push(ledger::store(&mut batch, *request, incoming)?);
    }
    batch.write()?;
    Ok(outcomes)
}

fn stored(pg: &PgSession, taken: &[Taken]) -> Sql<HashSet<i64>> {
    let ids: Vec<i64> = taken.iter().map(|taken| taken.request().0).collect();
    let found = pg.all(
        "SELECT id FROM inbox WHERE id = ANY($1)",
        &[Type::INT8_ARRAY],
        &[&ids],
        |row| row.get(0),
    )?;
    if !found.is_empty() {
        // A server that was started again shows what its standby may not have yet: the journal lets go
        // of it when both have it.
        pg.let_commit_wait()?;
    }
    Ok(found.into_iter().collect())
}

/// A lead as it was when it was locked.
#[derive(Debug, Clone, Copy)]
struct LeadRow {
    clicked_at: Option<Moment>,
    test: bool,
    clickids: i64,
}

/// The request of a recorded event.
struct Seen {
    event: EventId,
    method: Option<String>,
    query: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
}

/// A lead's events of an integration since a moment.
struct History {
    since: Moment,
    seen: Vec<Seen>,
}

/// What is known: as it was read, and as this batch changed it. What is not there was not read.
#[derive(Default)]
struct Known {
    owners: HashMap<Place, Option<LeadId>>,
    /// Locked, or made by this batch.
    leads: HashMap<LeadId, LeadRow>,
    /// Made by this batch: the database has nothing of them.
    made: HashSet<LeadId>,
    clicks: HashMap<(i64, String), Option<Moment>>,
    firsts: HashMap<(LeadId, IntegrationId), Option<EventId>>,
    own_keys: HashMap<(KeyPlace, LeadId), Option<EventId>>,
    /// The lead with the lowest number that has this transaction id.
    any_keys: HashMap<KeyPlace, Option<LeadId>>,
    events: HashMap<EventId, Event>,
    histories: HashMap<(LeadId, IntegrationId), History>,
    /// Event time and source of a value.
    values: HashMap<(LeadId, i64), Option<(i64, i64)>>,
}

/// A line of an event's history.
struct ChangeRow {
    id: i64,
    event: EventId,
    request: RequestId,
    field: &'static str,
    old: Option<String>,
    new: Option<String>,
}

struct RequestRow {
    request: RequestId,
    integration: IntegrationId,
    received_at: Moment,
    settled: Settled,
    code: Option<&'static str>,
    clickid: Option<String>,
    test: bool,
}

struct LeadMade {
    lead: LeadId,
    workspace: WorkspaceId,
    clickid: String,
    clicked_at: Moment,
}

struct ValueRow {
    value: String,
    fits: bool,
    set_at: i64,
    source: i64,
}

/// What is to be written. Events are written as they are known at the end.
#[derive(Default)]
struct New {
    leads: Vec<LeadMade>,
    identities: Vec<(Place, LeadId)>,
    events: Vec<EventId>,
    /// The same by lead, in their order.
    events_of: HashMap<(LeadId, IntegrationId), Vec<EventId>>,
    changed: BTreeSet<EventId>,
    changes: Vec<ChangeRow>,
    keys: Vec<(KeyPlace, LeadId, EventId)>,
    firsts: BTreeSet<(LeadId, IntegrationId)>,
    lead_integrations: BTreeSet<(IntegrationId, LeadId)>,
    values: HashMap<(LeadId, i64), ValueRow>,
    waiting: Vec<(WorkspaceId, String, Moment, RequestId)>,
    requests: Vec<RequestRow>,
}

struct Batch<'b, 'w> {
    work: &'b mut Work<'w>,
    pg: &'b PgSession,
    /// The texts of the batch's requests, by their number.
    raws: HashMap<i64, &'b RawRequest>,
    known: Known,
    new: New,
}

impl Batch<'_, '_> {
    fn matched(&self, lead: LeadId, kind: i64) -> Option<Matched> {
        let row = self.known.leads.get(&lead)?;
        Some(Matched {
            lead,
            clicked_at: row.clicked_at,
            test: row.test,
            has_aliases: kind != IdentityKind::Clickid.number() || row.clickids > 1,
        })
    }

    fn set_first(&mut self, lead: LeadId, integration: IntegrationId, event: Option<EventId>) {
        self.known.firsts.insert((lead, integration), event);
        self.new.firsts.insert((lead, integration));
    }

    fn rewrite(&mut self, before: &Event, after: Event, request: RequestId) {
        self.work.deltas.remove(&counted(before));
        self.work.deltas.add(&counted(&after));
        for (field, old, new) in differences(before, &after) {
            self.new.changes.push(ChangeRow {
                id: self.work.ids.next(self.work.now.millis()),
                event: after.id,
                request,
                field,
                old,
                new,
            });
        }
        self.new.changed.insert(after.id);
        self.known.events.insert(after.id, after);
    }

    /// The first deposit left: the next approved one takes the slot.
    fn promote_next(
        &mut self,
        lead: LeadId,
        integration: IntegrationId,
        left: EventId,
        request: RequestId,
    ) -> Sql<()> {
        self.read_deposits(lead, integration)?;
        let deposits: Vec<EventFacts> = self
            .known
            .events
            .values()
            .filter(|event| {
                event.lead == lead && event.integration == integration && event.kind.is_deposit()
            })
            .map(facts)
            .collect();
        let next = promote(&deposits, left);
        self.set_first(lead, integration, next);
        if let Some(before) = next.and_then(|next| self.known.events.get(&next).cloned()) {
            let after = Event {
                kind: Kind::FirstDeposit,
                ..before.clone()
            };
            self.rewrite(&before, after, request);
        }
        Ok(())
    }
}

impl Ledger for Batch<'_, '_> {
    fn lead_of(&mut self, identity: LeadKey<'_>) -> Sql<Option<Matched>> {
        let place = place(identity);
        if !self.known.owners.contains_key(&place) {
            self.read_owners(&[identity])?;
        }
        let Some(lead) = self.known.owners.get(&place).copied().flatten() else {
            return Ok(None);
        };
        if !self.known.leads.contains_key(&lead) {
            self.lock(&[lead])?;
        }
        Ok(self.matched(lead, identity.kind))
    }

    fn click_time(&mut self, workspace: WorkspaceId, clickid: &str) -> Sql<Option<Moment>> {
        let place = (workspace.0, clickid.to_owned());
        if let Some(known) = self.known.clicks.get(&place) {
            return Ok(*known);
        }
        let found = self.work.click_time(workspace, clickid)?;
        self.known.clicks.insert(place, found);
        Ok(found)
    }

    fn make_lead(
        &mut self,
        workspace: WorkspaceId,
        clickid: &str,
        clicked_at: Moment,
    ) -> Sql<LeadId> {
        let lead = LeadId(self.work.ids.next(self.work.now.millis()));
        let place = place(LeadKey::clickid(workspace, clickid));
        self.known.owners.insert(place.clone(), Some(lead));
        self.known.made.insert(lead);
        let row = LeadRow {
            clicked_at: Some(clicked_at),
            test: false,
            clickids: 1,
        };
        self.known.leads.insert(lead, row);
        self.new.identities.push((place, lead));
        self.new.leads.push(LeadMade {
            lead,
            workspace,
            clickid: clickid.to_owned(),
            clicked_at,
        });
        Ok(lead)
    }

    fn test_lead(&mut self, workspace: WorkspaceId) -> Sql<Matched> {
        self.work.test_lead(workspace)
    }

    fn wait_for_lead(&mut self, subject: &Subject<'_>, clickid: &str) -> Sql<()> {
        self.new.waiting.push((
            subject.integration.workspace,
            clickid.to_owned(),
            subject.received_at,
            subject.request,
        ));
        Ok(())
    }

    fn is_clickid_of(&mut self, workspace: WorkspaceId, tid: &str, lead: LeadId) -> Sql<bool> {
        let identity = LeadKey::clickid(workspace, tid);
        let place = place(identity);
        if !self.known.owners.contains_key(&place) {
            self.read_owners(&[identity])?;
        }
        Ok(self.known.owners.get(&place) == Some(&Some(lead)))
    }

    fn first_deposit(&mut self, lead: LeadId, integration: IntegrationId) -> Sql<Option<EventId>> {
        if let Some(known) = self.known.firsts.get(&(lead, integration)) {
            return Ok(*known);
        }
        let found = if self.known.made.contains(&lead) {
            None
        } else {
            self.work.first_deposit(lead, integration)?
        };
        self.known.firsts.insert((lead, integration), found);
        Ok(found)
    }

    fn key_owner(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
    ) -> Sql<(Option<EventId>, bool)> {
        let place = key_place(integration, key);
        self.read_key(&place, key.is_tid(), lead)?;
        let any = self.known.any_keys.get(&place).copied().flatten();
        let own = self.known.own_keys.get(&(place, lead)).copied().flatten();
        // As the database tells it, which looks at the owner with the lowest number.
        Ok((own, key.is_tid() && any.is_some_and(|any| any != lead)))
    }

    fn event(&mut self, id: EventId) -> Sql<Event> {
        if let Some(known) = self.known.events.get(&id) {
            return Ok(known.clone());
        }
        let found = self.work.event(id)?;
        self.known.events.insert(id, found.clone());
        Ok(found)
    }

    fn recent(
        &mut self,
        subject: &Subject<'_>,
        name: &EventName,
        lead: LeadId,
        seconds: i64,
    ) -> Sql<Vec<Recent>> {
        let since = recent_since(subject.received_at, seconds);
        let whose = (lead, subject.integration.id);
        self.read_history(whose, since)?;
        let lowest = lowest_recent(since);
        let group = name.group();
        let own = subject.request.event();
        let mut recent = Vec::new();
        let mut look = |id: &EventId, identical: &dyn Fn() -> bool| {
            let event = self.known.events.get(id).filter(|event| {
                event.received_at >= since
                    && event.id != own
                    && event.id.0 >= lowest
                    && Group::of(event.kind, &event.name) == group
            });
            if let Some(event) = event {
                recent.push(Recent {
                    event: facts(event),
                    identical: identical(),
                });
            }
        };
        let raw = subject.raw;
        if let Some(history) = self.known.histories.get(&whose) {
            for seen in &history.seen {
                look(&seen.event, &|| {
                    seen.method.as_deref() == Some(raw.method)
                        && seen.query.as_ref() == Some(&raw.query)
                        && seen.body == raw.body
                });
            }
        }
        for id in self.new.events_of.get(&whose).into_iter().flatten() {
            look(id, &|| {
                self.raws.get(&id.0).is_some_and(|seen| {
                    seen.method == raw.method && seen.query == raw.query && seen.body == raw.body
                })
            });
        }
        Ok(recent)
    }

    fn insert_event(&mut self, event: &Event, key: Option<&Key>, takes_first: bool) -> Sql<()> {
        let whose = (event.lead, event.integration);
        if let Some(key) = key {
            self.bind_key(event.integration, key, event.lead, event.id)?;
        }
        if takes_first {
            self.set_first(event.lead, event.integration, Some(event.id));
        }
        self.new
            .lead_integrations
            .insert((event.integration, event.lead));
        self.new.events.push(event.id);
        self.new.events_of.entry(whose).or_default().push(event.id);
        self.known.events.insert(event.id, event.clone());
        self.work.deltas.add(&counted(event));
        Ok(())
    }

    fn bind_key(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
        event: EventId,
    ) -> Sql<()> {
        let place = key_place(integration, key);
        self.read_key(&place, key.is_tid(), lead)?;
        let own = self
            .known
            .own_keys
            .entry((place.clone(), lead))
            .or_insert(None);
        if own.is_some() {
            return Ok(());
        }
        *own = Some(event);
        let any = self.known.any_keys.entry(place.clone()).or_insert(None);
        *any = Some(any.map_or(lead, |any| any.min(lead)));
        self.new.keys.push((place, lead, event));
        Ok(())
    }

    fn change_event(&mut self, id: EventId, change: &Change, request: RequestId) -> Sql<()> {
        let before = self.event(id)?;
        let after = changed(&before, change);
        let (lead, integration) = (after.lead, after.integration);
        self.rewrite(&before, after, request);
        if change.takes_first {
            self.set_first(lead, integration, Some(id));
        }
        if change.releases_first {
            self.promote_next(lead, integration, id, request)?;
        }
        Ok(())
    }

    fn write_value(&mut self, value: &NewValue<'_>) -> Sql<bool> {
        let whose = (value.lead, value.field);
        self.read_value(whose)?;
        let stamp = (value.set_at.0, value.source.0);
        let known = self.known.values.get(&whose).copied().flatten();
        if known.is_some_and(|known| !value.newest_wins || stamp <= known) {
            return Ok(false);
        }
        self.known.values.insert(whose, Some(stamp));
        let row = ValueRow {
            value: value.write.value.clone(),
            fits: value.write.fits,
            set_at: stamp.0,
            source: stamp.1,
        };
        self.new.values.insert(whose, row);
        Ok(true)
    }

    fn make_field(&mut self, integration: &Integration, key: &str) -> Sql<Option<i64>> {
        self.work.make_field(integration, key)
    }

    fn bind_player(&mut self, identity: LeadKey<'_>, lead: LeadId) -> Sql<LeadId> {
        let place = place(identity);
        if !self.known.owners.contains_key(&place) {
            self.read_owners(&[identity])?;
        }
        if let Some(owner) = self.known.owners.get(&place).copied().flatten() {
            return Ok(owner);
        }
        self.known.owners.insert(place.clone(), Some(lead));
        self.new.identities.push((place, lead));
        Ok(lead)
    }

    fn insert_request(
        &mut self,
        subject: &Subject<'_>,
        settled: Settled,
        code: Option<&'static str>,
        clickid: Option<&str>,
    ) -> Sql<()> {
        self.new.requests.push(RequestRow {
            request: subject.request,
            integration: subject.integration.id,
            received_at: subject.received_at,
            settled,
            code,
            clickid: clickid
                .filter(|_| settled.lead.is_none())
                .map(str::to_owned),
            test: subject.test,
        });
        Ok(())
    }
}

fn recent_since(received_at: Moment, seconds: i64) -> Moment {
    received_at.plus_seconds(-seconds.max(IDENTICAL_WINDOW_SECONDS))
}

/// Ids follow the clock that stored them, which may have run a little behind.
fn lowest_recent(since: Moment) -> i64 {
    lowest_id_at(since.plus_seconds(-CLOCK_MARGIN_SECONDS).millis())
}
