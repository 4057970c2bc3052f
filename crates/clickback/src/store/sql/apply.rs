//! The work of one transaction, and the ledger of deciding that is the database itself: each question is
//! a statement.

use std::borrow::Cow;
use std::sync::Arc;

use clickback_core::attribution::{Change, Key, Lookup, Recent};
use clickback_core::event::EventName;
use clickback_core::flag::Flags;
use clickback_core::ids::{EventId, IdSequence, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::postback::{Postback, Rejection};
use clickback_core::rollup::Deltas;

use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, RawRequest, Verdict};
use crate::store::integrations::{Integration, Snapshot};
use crate::store::journal::Taken;
use crate::store::leads::IdentityKind;

use super::ledger::{self, LeadKey, Ledger, NewValue};
use super::session::{Optional as _, Session, Sql, values};

/// Seconds by which an id may be older than its request's receive time.
pub(in crate::store) const CLOCK_MARGIN_SECONDS: i64 = 3_600;

/// Work of one transaction: its connection, its ids, and the roll-up changes to write at the end.
pub(in crate::store) struct Work<'c> {
    pub(in crate::store) sql: &'c dyn Session,
    pub(in crate::store) ids: &'c mut IdSequence,
    pub(in crate::store) deltas: &'c mut Deltas,
    pub(in crate::store) snapshot: Arc<Snapshot>,
    pub(in crate::store) now: Moment,
    /// Set-up rows changed: the snapshot must be read again after the commit.
    pub(in crate::store) set_up_changed: &'c mut bool,
}

/// What settling a request came to.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Settled {
    pub(in crate::store) verdict: Verdict,
    pub(in crate::store) flags: Flags,
    pub(in crate::store) lead: Option<LeadId>,
    pub(in crate::store) event: Option<EventId>,
}

/// A request on its way into events, new or decided again.
pub(in crate::store) struct Subject<'s> {
    pub(in crate::store) request: RequestId,
    pub(in crate::store) integration: &'s Integration,
    pub(in crate::store) received_at: Moment,
    pub(in crate::store) raw: &'s RawRequest,
    pub(in crate::store) test: bool,
}

/// A lead as matching sees it.
#[derive(Clone, Copy)]
pub(in crate::store) struct Matched {
    pub(in crate::store) lead: LeadId,
    pub(in crate::store) clicked_at: Option<Moment>,
    pub(in crate::store) test: bool,
    /// It has more clickids than the one that found it.
    pub(in crate::store) has_aliases: bool,
}

impl Work<'_> {
    /// A number for a request that has none yet.
    pub(in crate::store) fn next_request(&mut self) -> RequestId {
        RequestId(self.ids.next(self.now.millis()))
    }

    /// Stores an accepted request and what it says. One that may be stored already is looked up first.
    pub(in crate::store) fn decide(
        &mut self,
        taken: &Taken,
        doubtful: bool,
    ) -> Sql<Option<Outcome>> {
        if doubtful && self.is_stored(taken.request())? {
            self.sql.let_commit_wait()?;
            return Ok(None);
        }
        let incoming = self.incoming(taken);
        self.store(taken.request(), &incoming).map(Some)
    }

    fn is_stored(&self, request: RequestId) -> Sql<bool> {
        self.sql
            .exists("SELECT 1 FROM inbox WHERE id = ?1", values![request.0])
    }

    /// An accepted request as it was judged, or judged again where only its bytes were kept.
    pub(in crate::store) fn incoming<'t>(&self, taken: &'t Taken) -> Cow<'t, Incoming> {
        let entry = match taken {
            Taken::Fresh(_, incoming) => return Cow::Borrowed(incoming),
            Taken::Stored(entry) => entry,
        };
        let known = self.snapshot.by_id.get(&entry.integration);
        let judged = match known {
            Some(integration) => entry
                .raw
                .parts()
                .judge(&integration.ruleset, entry.received_at),
            // Deleted meanwhile: the text is kept, and nothing says how to read it.
            None => Err(Rejection::NotProcessed),
        };
        Cow::Owned(Incoming {
            raw: entry.raw.clone(),
            integration: known
                .cloned()
                .unwrap_or_else(|| Arc::new(Integration::gone(entry.integration))),
            received_at: entry.received_at,
            judged,
            test: false,
        })
    }

    /// Stores a new request and what it says.
    pub(in crate::store) fn store(
        &mut self,
        request: RequestId,
        incoming: &Incoming,
    ) -> Sql<Outcome> {
        ledger::store(self, request, incoming)
    }

    /// Finds the lead, decides and writes the event; the inbox row is the caller's.
    pub(in crate::store) fn settle(
        &mut self,
        subject: &Subject<'_>,
        postback: &Postback,
    ) -> Sql<Settled> {
        ledger::settle(self, subject, postback)
    }

    /// Decides for a lead that is known, and writes the event.
    pub(in crate::store) fn settle_for(
        &mut self,
        subject: &Subject<'_>,
        postback: &Postback,
        matched: Matched,
        lookup: &Lookup,
    ) -> Sql<Settled> {
        ledger::settle_for(self, subject, postback, matched, lookup)
    }

    fn insert_request(
        &self,
        subject: &Subject<'_>,
        settled: Settled,
        code: Option<&str>,
        clickid: Option<&str>,
    ) -> Sql<()> {
        let raw = subject.raw;
        self.sql.execute(
            "INSERT INTO inbox (id, integration_id, verdict, flags, received_at, method, query, \
             content_type, body, address, code, clickid, lead_id, event_id, test) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            values![
                subject.request.0,
                subject.integration.id.0,
                settled.verdict.number(),
                settled.flags.0,
                subject.received_at.0,
                raw.method,
                raw.query,
                raw.content_type,
                raw.body,
                raw.address,
                code,
                // An accepted request's clickid stands in its text and on its lead; a copy would be dead weight.
                clickid.filter(|_| settled.lead.is_none()),
                settled.lead.map(|lead| lead.0),
                settled.event.map(|event| event.0),
                subject.test,
            ],
        )?;
        Ok(())
    }

    fn find_lead(&self, identity: LeadKey<'_>) -> Sql<Option<Matched>> {
        let by_clickid = identity.kind == IdentityKind::Clickid.number();
        self.sql
            .one(
                "SELECT leads.id, leads.clicked_at, leads.test, leads.clickids > 1 FROM lead_identities \
                 JOIN leads ON leads.id = lead_identities.lead_id \
                 WHERE lead_identities.workspace_id = ?1 AND kind = ?2 AND scope = ?3 AND value = ?4",
                values![
                    identity.workspace.0,
                    identity.kind,
                    identity.scope,
                    identity.value
                ],
                |row| {
                    Ok(Matched {
                        lead: LeadId(row.get(0)?),
                        clicked_at: row.get::<Option<i64>>(1)?.map(Moment),
                        test: row.get(2)?,
                        has_aliases: !by_clickid || row.get(3)?,
                    })
                },
            )
            .optional()
    }

    /// The same for the leads of all that is about to be decided, so that none is waited for later in
    /// another order.
    pub(in crate::store) fn lock_leads_ahead<'i>(
        &self,
        identities: impl Iterator<Item = LeadKey<'i>>,
    ) -> Sql<()> {
        if !self.sql.is_shared() {
            return Ok(());
        }
        let mut leads = Vec::new();
        for identity in identities {
            leads.extend(self.find_lead(identity)?.map(|found| found.lead));
        }
        self.lock_leads(&leads)
    }

    /// Keeps other nodes from changing leads until the transaction ends. One that was merged meanwhile
    /// makes the transaction run again.
    pub(in crate::store) fn lock_leads(&self, leads: &[LeadId]) -> Sql<()> {
        if self.sql.lock_leads(leads)? {
            Ok(())
        } else {
            Err(self.sql.lost_race("a lead went into another one meanwhile"))
        }
    }

    /// Writes a lead and its first clickid.
    pub(in crate::store) fn insert_lead(
        &mut self,
        workspace: WorkspaceId,
        clickid: &str,
        name: &str,
        clicked_at: Option<Moment>,
        test: bool,
    ) -> Sql<LeadId> {
        let lead = LeadId(self.ids.next(self.now.millis()));
        self.sql.execute(
            "INSERT INTO leads (id, workspace_id, clickid, name, test, clicked_at, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![
                lead.0,
                workspace.0,
                clickid,
                name,
                test,
                clicked_at.map(|at| at.0),
                self.now.0
            ],
        )?;
        let owner = self.insert_identity(LeadKey::clickid(workspace, clickid), lead)?;
        if owner != lead {
            return Err(self
                .sql
                .lost_race("another node made the same lead meanwhile"));
        }
        Ok(lead)
    }

    /// Binds an id to a lead. Returns the lead that has it, which may be another one.
    pub(in crate::store) fn insert_identity(
        &self,
        identity: LeadKey<'_>,
        lead: LeadId,
    ) -> Sql<LeadId> {
        let LeadKey {
            workspace,
            kind,
            scope,
            value,
        } = identity;
        let inserted = self.sql.execute(
            "INSERT INTO lead_identities (workspace_id, kind, scope, value, lead_id) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            values![workspace.0, kind, scope, value, lead.0],
        )?;
        if inserted == 1 {
            if kind == IdentityKind::Clickid.number() {
                self.sql.execute(
                    "UPDATE leads SET clickids = clickids + 1 WHERE id = ?1",
                    values![lead.0],
                )?;
            }
            return Ok(lead);
        }
        self.sql.one(
            "SELECT lead_id FROM lead_identities \
             WHERE workspace_id = ?1 AND kind = ?2 AND scope = ?3 AND value = ?4",
            values![workspace.0, kind, scope, value],
            |row| row.get(0).map(LeadId),
        )
    }
}

impl Ledger for Work<'_> {
    fn lead_of(&mut self, identity: LeadKey<'_>) -> Sql<Option<Matched>> {
        let found = self.find_lead(identity)?;
        let Some(found) = found.filter(|_| self.sql.is_shared()) else {
            return Ok(found);
        };
        // What was read before the lock may be old by now.
        self.lock_leads(&[found.lead])?;
        self.find_lead(identity)
    }

    fn click_time(&mut self, workspace: WorkspaceId, clickid: &str) -> Sql<Option<Moment>> {
        self.sql
            .one(
                "SELECT clicked_at FROM clicks WHERE workspace_id = ?1 AND clickid = ?2",
                values![workspace.0, clickid],
                |row| row.get(0).map(Moment),
            )
            .optional()
    }

    fn make_lead(
        &mut self,
        workspace: WorkspaceId,
        clickid: &str,
        clicked_at: Moment,
    ) -> Sql<LeadId> {
        let lead = self.insert_lead(workspace, clickid, "", Some(clicked_at), false)?;
        self.sql.execute(
            "UPDATE clicks SET lead_id = ?3 WHERE workspace_id = ?1 AND clickid = ?2",
            values![workspace.0, clickid, lead.0],
        )?;
        Ok(lead)
    }

    /// Its own keys, outside every total.
    fn test_lead(&mut self, workspace: WorkspaceId) -> Sql<Matched> {
        const CLICKID: &str = "test-lead";
        let lead = match self.lead_of(LeadKey::clickid(workspace, CLICKID))? {
            Some(matched) => matched.lead,
            None => self.insert_lead(workspace, CLICKID, "Test lead", None, true)?,
        };
        Ok(Matched {
            lead,
            clicked_at: None,
            test: true,
            has_aliases: false,
        })
    }

    fn wait_for_lead(&mut self, subject: &Subject<'_>, clickid: &str) -> Sql<()> {
        self.sql.execute(
            "INSERT INTO waiting_requests (workspace_id, clickid, received_at, request_id) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            values![
                subject.integration.workspace.0,
                clickid,
                subject.received_at.0,
                subject.request.0
            ],
        )?;
        Ok(())
    }

    fn is_clickid_of(&mut self, workspace: WorkspaceId, tid: &str, lead: LeadId) -> Sql<bool> {
        self.sql.exists(
            "SELECT 1 FROM lead_identities \
             WHERE workspace_id = ?1 AND kind = 1 AND scope = 0 AND value = ?2 AND lead_id = ?3",
            values![workspace.0, tid, lead.0],
        )
    }

    fn first_deposit(&mut self, lead: LeadId, integration: IntegrationId) -> Sql<Option<EventId>> {
        Work::first_deposit(self, lead, integration)
    }

    fn key_owner(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
    ) -> Sql<(Option<EventId>, bool)> {
        Work::key_owner(self, integration, key, lead)
    }

    fn event(&mut self, id: EventId) -> Sql<Event> {
        Work::event(self, id)
    }

    fn recent(
        &mut self,
        subject: &Subject<'_>,
        name: &EventName,
        lead: LeadId,
        seconds: i64,
    ) -> Sql<Vec<Recent>> {
        Work::recent(self, subject, name, lead, seconds)
    }

    fn insert_event(&mut self, event: &Event, key: Option<&Key>, takes_first: bool) -> Sql<()> {
        Work::insert_event(self, event, key, takes_first)
    }

    fn bind_key(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
        event: EventId,
    ) -> Sql<()> {
        self.sql.execute(
            "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            values![integration.0, key.group.stored(), key.tid, lead.0, event.0],
        )?;
        Ok(())
    }

    fn change_event(&mut self, id: EventId, change: &Change, request: RequestId) -> Sql<()> {
        Work::change_event(self, id, change, Some(request)).map(drop)
    }

    fn write_value(&mut self, value: &NewValue<'_>) -> Sql<bool> {
        Work::write_value(self, value)
    }

    fn make_field(&mut self, integration: &Integration, key: &str) -> Sql<Option<i64>> {
        Work::make_field(self, integration, key)
    }

    fn bind_player(&mut self, identity: LeadKey<'_>, lead: LeadId) -> Sql<LeadId> {
        self.insert_identity(identity, lead)
    }

    fn insert_request(
        &mut self,
        subject: &Subject<'_>,
        settled: Settled,
        code: Option<&'static str>,
        clickid: Option<&str>,
    ) -> Sql<()> {
        Work::insert_request(self, subject, settled, code, clickid)
    }
}

/// What a request with a 4xx settles to.
pub(in crate::store) fn rejected() -> Settled {
    Settled {
        verdict: Verdict::Rejected,
        flags: Flags::default(),
        lead: None,
        event: None,
    }
}
