//! Reading for many requests at once. Each question has a list of what is asked about; what is asked
//! for one request only later is asked in the same way.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use clickback_core::attribution::{Lookup, lookup};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId};
use clickback_core::moment::Moment;
use clickback_core::postback::Postback;
use tokio_postgres::types::Type;

use crate::store::inbox::Incoming;
use crate::store::integrations::Integration;
use crate::store::sql::ledger::{LeadKey, identity_of, player_of};
use crate::store::sql::rows::{EVENT_COLUMNS, event};
use crate::store::sql::session::{Session as _, Sql};

use super::super::session::storable;
use super::{
    Batch, History, KeyPlace, LeadRow, Place, Seen, key_place, lowest_recent, place, recent_since,
};

/// A request of the batch with what will be looked up for it.
struct Planned<'r> {
    integration: &'r Integration,
    postback: &'r Postback,
    lookup: Lookup,
    /// Its lead, unless it is to be made.
    lead: Option<LeadId>,
    received_at: Moment,
}

impl Batch<'_, '_> {
    /// Reads what a batch needs, with one statement for each kind of question.
    pub(super) fn read_ahead(&mut self, requests: &[(RequestId, Cow<'_, Incoming>)]) -> Sql<()> {
        let read: Vec<(&Integration, &Postback, Moment)> = requests
            .iter()
            .filter_map(|(_, incoming)| {
                let postback = incoming.judged.as_ref().ok()?;
                Some((&*incoming.integration, postback, incoming.received_at))
            })
            .collect();
        let mut identities = Vec::new();
        for (integration, postback, _) in &read {
            identities.extend(identity_of(integration, postback));
            identities.extend(player_of(integration, postback));
        }
        self.read_owners(&identities)?;
        let found = self.leads_of(&read);
        self.lock(&found)?;
        // What was read before the locks may be old by now.
        self.known.owners.clear();
        self.read_owners(&identities)?;
        if self.leads_of(&read) != found {
            return Err(self.pg.lost_race("a lead was made or merged meanwhile"));
        }
        self.read_clicks(&read)?;
        self.read_tids(&read)?;
        let planned: Vec<Planned<'_>> = read.into_iter().filter_map(|one| self.plan(one)).collect();
        self.read_keys(&planned)?;
        self.read_firsts(&planned)?;
        self.read_events()?;
        self.read_histories(&planned)?;
        self.read_values(&planned)
    }

    /// The leads that are known to be those of requests, in the order of their numbers.
    fn leads_of(&self, read: &[(&Integration, &Postback, Moment)]) -> Vec<LeadId> {
        let leads: BTreeSet<LeadId> = read
            .iter()
            .filter_map(|(integration, postback, _)| {
                self.owner(identity_of(integration, postback)?)
            })
            .collect();
        leads.into_iter().collect()
    }

    fn owner(&self, identity: LeadKey<'_>) -> Option<LeadId> {
        self.known.owners.get(&place(identity)).copied().flatten()
    }

    /// What a request will ask for: nothing where it finds no lead and makes none.
    fn plan<'r>(
        &self,
        (integration, postback, received_at): (&'r Integration, &'r Postback, Moment),
    ) -> Option<Planned<'r>> {
        let identity = identity_of(integration, postback)?;
        let lead = self.owner(identity);
        if lead.is_none() {
            let click = (integration.workspace.0, postback.clickid.clone());
            self.known.clicks.get(&click).copied().flatten()?;
        }
        let matched = lead.and_then(|lead| self.matched(lead, identity.kind));
        let is_alias = matched.is_some_and(|matched| matched.has_aliases)
            && postback.tid.as_ref().is_some_and(|tid| {
                self.owner(LeadKey::clickid(integration.workspace, tid)) == lead
            });
        let lookup = if is_alias {
            let mut without = postback.clone();
            without.drop_tid();
            lookup(&without)
        } else {
            lookup(postback)
        };
        Some(Planned {
            integration,
            postback,
            lookup,
            lead,
            received_at,
        })
    }

    /// Which leads have these ids.
    pub(super) fn read_owners(&mut self, identities: &[LeadKey<'_>]) -> Sql<()> {
        let wanted: BTreeSet<Place> = identities
            .iter()
            .map(|identity| place(*identity))
            .filter(|place| !self.known.owners.contains_key(place))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Place> = wanted.into_iter().collect();
        let numbers = |number: fn(&Place) -> i64| wanted.iter().map(number).collect::<Vec<i64>>();
        let values: Vec<Cow<'_, str>> = wanted.iter().map(|place| storable(&place.3)).collect();
        let found = self.pg.all(
            "SELECT w.at, i.lead_id FROM UNNEST($1, $2, $3, $4) WITH ORDINALITY \
             AS w (workspace_id, kind, scope, value, at) JOIN lead_identities i \
             ON i.workspace_id = w.workspace_id AND i.kind = w.kind AND i.scope = w.scope \
             AND i.value = w.value",
            &[
                Type::INT8_ARRAY,
                Type::INT8_ARRAY,
                Type::INT8_ARRAY,
                Type::TEXT_ARRAY,
            ],
            &[
                &numbers(|place| place.0),
                &numbers(|place| place.1),
                &numbers(|place| place.2),
                &values,
            ],
            |row| Ok((row.get::<i64>(0)?, row.get(1).map(LeadId)?)),
        )?;
        let mut owners: Vec<Option<LeadId>> = vec![None; wanted.len()];
        for (at, lead) in found {
            if let Some(owner) = nth(&mut owners, at) {
                *owner = Some(lead);
            }
        }
        self.known.owners.extend(wanted.into_iter().zip(owners));
        Ok(())
    }

    /// Locks leads in the order of their numbers, and reads them as they are then.
    pub(super) fn lock(&mut self, leads: &[LeadId]) -> Sql<()> {
        let ids: Vec<i64> = leads
            .iter()
            .filter(|lead| !self.known.leads.contains_key(lead))
            .map(|lead| lead.0)
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = self.pg.all(
            "SELECT id, clicked_at, test, clickids FROM leads WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            &[Type::INT8_ARRAY],
            &[&ids],
            |row| {
                let lead = LeadRow {
                    clicked_at: row.get::<Option<i64>>(1)?.map(Moment),
                    test: row.get(2)?,
                    clickids: row.get(3)?,
                };
                Ok((LeadId(row.get(0)?), lead))
            },
        )?;
        if rows.len() < ids.len() {
            return Err(self.pg.lost_race("a lead went into another one meanwhile"));
        }
        self.known.leads.extend(rows);
        Ok(())
    }

    /// Clicks whose lead is not there yet.
    fn read_clicks(&mut self, read: &[(&Integration, &Postback, Moment)]) -> Sql<()> {
        let wanted: BTreeSet<(i64, String)> = read
            .iter()
            .filter(|(_, postback, _)| postback.clickid_usable)
            .filter(|(integration, postback, _)| {
                let identity = LeadKey::clickid(integration.workspace, &postback.clickid);
                self.owner(identity).is_none()
            })
            .map(|(integration, postback, _)| (integration.workspace.0, postback.clickid.clone()))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<(i64, String)> = wanted.into_iter().collect();
        let workspaces: Vec<i64> = wanted.iter().map(|(workspace, _)| *workspace).collect();
        let clickids: Vec<Cow<'_, str>> = wanted
            .iter()
            .map(|(_, clickid)| storable(clickid))
            .collect();
        let found = self.pg.all(
            "SELECT w.at, c.clicked_at FROM UNNEST($1, $2) WITH ORDINALITY \
             AS w (workspace_id, clickid, at) JOIN clicks c \
             ON c.workspace_id = w.workspace_id AND c.clickid = w.clickid",
            &[Type::INT8_ARRAY, Type::TEXT_ARRAY],
            &[&workspaces, &clickids],
            |row| Ok((row.get::<i64>(0)?, row.get(1).map(Moment)?)),
        )?;
        let mut times: Vec<Option<Moment>> = vec![None; wanted.len()];
        for (at, time) in found {
            if let Some(place) = nth(&mut times, at) {
                *place = Some(time);
            }
        }
        self.known.clicks.extend(wanted.into_iter().zip(times));
        Ok(())
    }

    /// Transaction ids that may be clickids of a lead with several.
    fn read_tids(&mut self, read: &[(&Integration, &Postback, Moment)]) -> Sql<()> {
        let tids: Vec<LeadKey<'_>> = read
            .iter()
            .filter_map(|(integration, postback, _)| {
                let identity = identity_of(integration, postback)?;
                let lead = self.owner(identity)?;
                let matched = self.matched(lead, identity.kind)?;
                let tid = postback.tid.as_ref().filter(|_| matched.has_aliases)?;
                Some(LeadKey::clickid(integration.workspace, tid))
            })
            .collect();
        self.read_owners(&tids)
    }

    fn read_keys(&mut self, planned: &[Planned<'_>]) -> Sql<()> {
        let wanted: BTreeSet<(KeyPlace, bool, i64)> = planned
            .iter()
            .filter_map(|one| {
                let key = one.lookup.key.as_ref()?;
                // A lead that is to be made has no key; others may have its transaction ids.
                let lead = one.lead.map_or(0, |lead| lead.0);
                (lead != 0 || key.is_tid())
                    .then(|| (key_place(one.integration.id, key), key.is_tid(), lead))
            })
            .collect();
        self.ask_keys(wanted.into_iter().collect())
    }

    /// Makes sure that a key is known.
    pub(super) fn read_key(&mut self, place: &KeyPlace, is_tid: bool, lead: LeadId) -> Sql<()> {
        let made = self.known.made.contains(&lead);
        let own = made || self.known.own_keys.contains_key(&(place.clone(), lead));
        if own && (!is_tid || self.known.any_keys.contains_key(place)) {
            return Ok(());
        }
        self.ask_keys(vec![(place.clone(), is_tid, lead.0)])
    }

    fn ask_keys(&mut self, wanted: Vec<(KeyPlace, bool, i64)>) -> Sql<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let integrations: Vec<i64> = wanted.iter().map(|(place, _, _)| place.0.0).collect();
        let groups: Vec<Cow<'_, str>> = wanted.iter().map(|(p, _, _)| storable(&p.1)).collect();
        let tids: Vec<Cow<'_, str>> = wanted.iter().map(|(p, _, _)| storable(&p.2)).collect();
        let leads: Vec<i64> = wanted.iter().map(|(_, _, lead)| *lead).collect();
        let are_tids: Vec<bool> = wanted.iter().map(|(_, is_tid, _)| *is_tid).collect();
        let found = self.pg.all(
            "SELECT own.event_id, CASE WHEN w.is_tid THEN (SELECT k.lead_id FROM event_keys k \
             WHERE k.integration_id = w.integration_id AND k.grp = w.grp AND k.tid = w.tid \
             ORDER BY k.lead_id LIMIT 1) END FROM UNNEST($1, $2, $3, $4, $5) WITH ORDINALITY \
             AS w (integration_id, grp, tid, lead_id, is_tid, at) LEFT JOIN event_keys own \
             ON own.integration_id = w.integration_id AND own.grp = w.grp AND own.tid = w.tid \
             AND own.lead_id = w.lead_id ORDER BY w.at",
            &[
                Type::INT8_ARRAY,
                Type::TEXT_ARRAY,
                Type::TEXT_ARRAY,
                Type::INT8_ARRAY,
                Type::BOOL_ARRAY,
            ],
            &[&integrations, &groups, &tids, &leads, &are_tids],
            |row| {
                let own = row.get::<Option<i64>>(0)?.map(EventId);
                Ok((own, row.get::<Option<i64>>(1)?.map(LeadId)))
            },
        )?;
        for ((place, is_tid, lead), (own, any)) in wanted.into_iter().zip(found) {
            if is_tid {
                self.known.any_keys.entry(place.clone()).or_insert(any);
            }
            self.known
                .own_keys
                .entry((place, LeadId(lead)))
                .or_insert(own);
        }
        Ok(())
    }

    fn read_firsts(&mut self, planned: &[Planned<'_>]) -> Sql<()> {
        let wanted: BTreeSet<(LeadId, IntegrationId)> = planned
            .iter()
            .filter(|one| one.lookup.first_deposit)
            .filter_map(|one| Some((one.lead?, one.integration.id)))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let leads: Vec<i64> = wanted.iter().map(|(lead, _)| lead.0).collect();
        let integrations: Vec<i64> = wanted.iter().map(|(_, id)| id.0).collect();
        let found = self.pg.all(
            "SELECT s.lead_id, s.integration_id, s.first_deposit FROM UNNEST($1, $2) \
             AS w (lead_id, integration_id) JOIN lead_states s \
             ON s.lead_id = w.lead_id AND s.integration_id = w.integration_id",
            &[Type::INT8_ARRAY, Type::INT8_ARRAY],
            &[&leads, &integrations],
            |row| {
                let whose = (LeadId(row.get(0)?), IntegrationId(row.get(1)?));
                Ok((whose, row.get::<Option<i64>>(2)?.map(EventId)))
            },
        )?;
        let firsts = &mut self.known.firsts;
        firsts.extend(wanted.into_iter().map(|whose| (whose, None)));
        firsts.extend(found);
        Ok(())
    }

    /// Events that keys and slots speak of.
    fn read_events(&mut self) -> Sql<()> {
        let keys = self.known.own_keys.values().flatten();
        let firsts = self.known.firsts.values().flatten();
        let wanted: HashSet<i64> = keys.chain(firsts).map(|event| event.0).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<i64> = wanted.into_iter().collect();
        let found = self.pg.all(
            &format!("SELECT {EVENT_COLUMNS} FROM events WHERE id = ANY($1)"),
            &[Type::INT8_ARRAY],
            &[&wanted],
            event,
        )?;
        let found = found.into_iter().map(|event| (event.id, event));
        self.known.events.extend(found);
        Ok(())
    }

    /// All deposits of a lead at an integration.
    pub(super) fn read_deposits(&mut self, lead: LeadId, integration: IntegrationId) -> Sql<()> {
        let found = self.pg.all(
            &format!(
                "SELECT {EVENT_COLUMNS} FROM events WHERE lead_id = $1 AND integration_id = $2 AND kind \
                 IN (2, 3)"
            ),
            &[Type::INT8, Type::INT8],
            &[&lead.0, &integration.0],
            event,
        )?;
        for event in found {
            self.known.events.entry(event.id).or_insert(event);
        }
        Ok(())
    }

    fn read_histories(&mut self, planned: &[Planned<'_>]) -> Sql<()> {
        let mut wanted: Vec<(LeadId, IntegrationId, Moment)> = planned
            .iter()
            .filter_map(|one| {
                let since = recent_since(one.received_at, one.lookup.recent_seconds?);
                Some((one.lead?, one.integration.id, since))
            })
            .collect();
        // The earliest of each.
        wanted.sort_unstable();
        wanted.dedup_by_key(|(lead, integration, _)| (*lead, *integration));
        self.ask_histories(&wanted)
    }

    /// Makes sure that a lead's events since a moment are known.
    pub(super) fn read_history(
        &mut self,
        whose: (LeadId, IntegrationId),
        since: Moment,
    ) -> Sql<()> {
        let known = self.known.histories.get(&whose);
        if self.known.made.contains(&whose.0) || known.is_some_and(|known| known.since <= since) {
            return Ok(());
        }
        self.ask_histories(&[(whose.0, whose.1, since)])
    }

    fn ask_histories(&mut self, wanted: &[(LeadId, IntegrationId, Moment)]) -> Sql<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let leads: Vec<i64> = wanted.iter().map(|(lead, _, _)| lead.0).collect();
        let integrations: Vec<i64> = wanted.iter().map(|(_, id, _)| id.0).collect();
        let since: Vec<i64> = wanted.iter().map(|(_, _, since)| since.0).collect();
        let lowest: Vec<i64> = wanted.iter().map(|(_, _, s)| lowest_recent(*s)).collect();
        let found = self.pg.all(
            &format!(
                "SELECT {EVENT_COLUMNS}, inbox.method, inbox.query, inbox.body \
                 FROM UNNEST($1, $2, $3, $4) AS w (lead_id, integration_id, since, lowest) \
                 JOIN events ON events.lead_id = w.lead_id AND events.integration_id = w.integration_id \
                 AND events.received_at >= w.since AND events.id >= w.lowest \
                 LEFT JOIN inbox ON inbox.id = events.id"
            ),
            &[
                Type::INT8_ARRAY,
                Type::INT8_ARRAY,
                Type::INT8_ARRAY,
                Type::INT8_ARRAY,
            ],
            &[&leads, &integrations, &since, &lowest],
            |row| {
                let event = event(row)?;
                let seen = Seen {
                    event: event.id,
                    method: row.get(15)?,
                    query: row.get(16)?,
                    body: row.get(17)?,
                };
                Ok((event, seen))
            },
        )?;
        for (lead, integration, since) in wanted {
            let history = History {
                since: *since,
                seen: Vec::new(),
            };
            self.known.histories.insert((*lead, *integration), history);
        }
        for (event, seen) in found {
            let whose = (event.lead, event.integration);
            if let Some(history) = self.known.histories.get_mut(&whose) {
                history.seen.push(seen);
            }
            self.known.events.entry(event.id).or_insert(event);
        }
        Ok(())
    }

    fn read_values(&mut self, planned: &[Planned<'_>]) -> Sql<()> {
        let mut wanted: BTreeSet<(LeadId, i64)> = BTreeSet::new();
        for one in planned {
            let fields = one.postback.fields.iter().filter_map(|write| write.field);
            wanted.extend(
                one.lead
                    .iter()
                    .flat_map(|lead| fields.clone().map(|field| (*lead, field.0))),
            );
        }
        self.ask_values(&wanted.into_iter().collect::<Vec<_>>())
    }

    /// Makes sure that it is known whether a lead has a value.
    pub(super) fn read_value(&mut self, whose: (LeadId, i64)) -> Sql<()> {
        if self.known.made.contains(&whose.0) || self.known.values.contains_key(&whose) {
            return Ok(());
        }
        self.ask_values(&[whose])
    }

    fn ask_values(&mut self, wanted: &[(LeadId, i64)]) -> Sql<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let leads: Vec<i64> = wanted.iter().map(|(lead, _)| lead.0).collect();
        let fields: Vec<i64> = wanted.iter().map(|(_, field)| *field).collect();
        let found = self.pg.all(
            "SELECT v.lead_id, v.field_id, v.set_at, v.source FROM UNNEST($1, $2) \
             AS w (lead_id, field_id) JOIN lead_values v \
             ON v.lead_id = w.lead_id AND v.field_id = w.field_id",
            &[Type::INT8_ARRAY, Type::INT8_ARRAY],
            &[&leads, &fields],
            |row| {
                let whose = (LeadId(row.get(0)?), row.get::<i64>(1)?);
                Ok((whose, Some((row.get(2)?, row.get(3)?))))
            },
        )?;
        let values = &mut self.known.values;
        values.extend(wanted.iter().map(|whose| (*whose, None)));
        values.extend(found);
        Ok(())
    }
}

/// The place of a number that counts from 1.
fn nth<T>(list: &mut [T], at: i64) -> Option<&mut T> {
    list.get_mut(usize::try_from(at).ok()?.checked_sub(1)?)
}
