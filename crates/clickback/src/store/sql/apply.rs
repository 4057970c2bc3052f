//! One request inside the transaction: find the lead, read the facts, decide, write.
//! This is the heart of the store; the rules it asks are pure and live in `clickback-core`.

use std::borrow::Cow;
use std::sync::Arc;

use clickback_core::attribution::{Decision, Lookup, decide, lookup};
use clickback_core::flag::Flags;
use clickback_core::ids::{EventId, IdSequence, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::postback::{Postback, Rejection};
use clickback_core::rollup::Deltas;

use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, RawRequest, Verdict};
use crate::store::integrations::{Integration, Snapshot};
use crate::store::journal::Taken;
use crate::store::leads::IdentityKind;

use super::session::{Optional as _, Session, Sql, values};

/// Seconds by which an id may be older than its request's receive time.
pub(super) const CLOCK_MARGIN_SECONDS: i64 = 3_600;

/// Work of one transaction: its connection, its ids, and the roll-up changes to write at the end.
pub(super) struct Work<'c> {
    pub(super) sql: &'c dyn Session,
    pub(super) ids: &'c mut IdSequence,
    pub(super) deltas: &'c mut Deltas,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Moment,
    /// Set-up rows changed: the snapshot must be read again after the commit.
    pub(super) set_up_changed: &'c mut bool,
}

/// What settling a request came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    pub(super) verdict: Verdict,
    pub(super) flags: Flags,
    pub(super) lead: Option<LeadId>,
    pub(super) event: Option<EventId>,
}

/// A request on its way into events, new or decided again.
pub(super) struct Subject<'s> {
    pub(super) request: RequestId,
    pub(super) integration: &'s Integration,
    pub(super) received_at: Moment,
    pub(super) raw: &'s RawRequest,
    pub(super) test: bool,
}

/// A lead as matching sees it.
#[derive(Clone, Copy)]
pub(super) struct Matched {
    pub(super) lead: LeadId,
    pub(super) clicked_at: Option<Moment>,
    pub(super) test: bool,
    /// It has more clickids than the one that found it.
    pub(super) has_aliases: bool,
}

impl Work<'_> {
    /// A number for a request that has none yet.
    pub(super) fn next_request(&mut self) -> RequestId {
        RequestId(self.ids.next(self.now.millis()))
    }

    /// Stores an accepted request and what it says. One that may be stored already is looked up first.
    pub(super) fn decide(&mut self, taken: &Taken, doubtful: bool) -> Sql<Option<Outcome>> {
        if doubtful && self.is_stored(taken.request())? {
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
    pub(super) fn incoming<'t>(&self, taken: &'t Taken) -> Cow<'t, Incoming> {
        let entry = match taken {
            Taken::Fresh(_, incoming) => return Cow::Borrowed(incoming),
            Taken::Stored(entry) => entry,
        };
        let known = self.snapshot.by_id.get(&entry.integration);
        let judged = match known {
            Some(integration) => {
                let parts = Parts {
                    query: &entry.raw.query,
                    content_type: entry.raw.content_type.as_deref(),
                    body: entry.raw.body.as_deref(),
                };
                parts.judge(&integration.ruleset, entry.received_at)
            }
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
    pub(super) fn store(&mut self, request: RequestId, incoming: &Incoming) -> Sql<Outcome> {
        let subject = Subject {
            request,
            integration: &incoming.integration,
            received_at: incoming.received_at,
            raw: &incoming.raw,
            test: incoming.test,
        };
        let (settled, code, clickid) = match &incoming.judged {
            Ok(postback) => (
                self.settle(&subject, postback)?,
                None,
                Some(postback.clickid.as_str()),
            ),
            Err(rejection) => (rejected(), Some(rejection.code()), None),
        };
        self.insert_request(&subject, settled, code, clickid)?;
        Ok(Outcome {
            request,
            verdict: settled.verdict,
            flags: settled.flags,
            lead: settled.lead,
            event: settled.event,
        })
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

    /// Finds the lead, decides and writes the event; the inbox row is the caller's.
    pub(super) fn settle(&mut self, subject: &Subject<'_>, postback: &Postback) -> Sql<Settled> {
        let Some(matched) = self.find_or_make_lead(subject, postback)? else {
            if postback.clickid_usable {
                self.sql.execute(
                    "INSERT INTO waiting_requests (workspace_id, clickid, received_at, request_id) \
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                    values![
                        subject.integration.workspace.0,
                        postback.clickid,
                        subject.received_at.0,
                        subject.request.0
                    ],
                )?;
            }
            return Ok(Settled {
                verdict: Verdict::Unmatched,
                flags: postback.flags,
                lead: None,
                event: None,
            });
        };
        let without_tid;
        let postback = match &postback.tid {
            Some(tid)
                if matched.has_aliases
                    && self.is_clickid_of(subject.integration.workspace, tid, matched.lead)? =>
            {
                let mut changed = postback.clone();
                changed.drop_tid();
                without_tid = changed;
                &without_tid
            }
            _ => postback,
        };
        self.settle_for(subject, postback, matched, &lookup(postback))
    }

    /// Decides for a lead that is known, and writes the event.
    pub(super) fn settle_for(
        &mut self,
        subject: &Subject<'_>,
        postback: &Postback,
        matched: Matched,
        lookup: &Lookup,
    ) -> Sql<Settled> {
        let known = self.facts(subject, postback, matched, lookup)?;
        let decision = decide(postback, lookup, &known, subject.received_at);
        let occurred_at = postback.occurred_at.unwrap_or(subject.received_at);
        match decision {
            Decision::New {
                kind,
                status,
                key,
                takes_first,
                flags,
            } => {
                let flags = postback.flags.with(flags);
                let event = Event {
                    id: subject.request.event(),
                    integration: subject.integration.id,
                    lead: matched.lead,
                    kind,
                    status,
                    name: postback.event.as_str().to_owned(),
                    amount: postback.amount,
                    currency: postback.currency,
                    payout: postback.payout,
                    payout_currency: postback.payout_currency,
                    tid: postback.tid.clone(),
                    flags,
                    test: matched.test,
                    occurred_at,
                    received_at: subject.received_at,
                    number: None,
                };
                self.insert_event(&event, key.as_ref(), takes_first)?;
                let more = self
                    .write_fields(subject, matched.lead, postback, occurred_at, true)?
                    .1;
                Ok(Settled {
                    verdict: Verdict::Accepted,
                    flags: flags.with(more),
                    lead: Some(matched.lead),
                    event: Some(event.id),
                })
            }
            Decision::Same {
                event,
                change,
                flags,
            } => {
                if lookup.or_first {
                    self.bind_slot(subject.integration.id, matched.lead, lookup, event)?;
                }
                let changed = !change.is_empty();
                if changed {
                    self.change_event(event, &change, Some(subject.request))?;
                }
                let (written, more) =
                    self.write_fields(subject, matched.lead, postback, occurred_at, false)?;
                let verdict = if changed || written {
                    Verdict::Updated
                } else {
                    Verdict::Duplicate
                };
                Ok(Settled {
                    verdict,
                    flags: postback.flags.with(flags).with(more),
                    lead: Some(matched.lead),
                    event: Some(event),
                })
            }
        }
    }

    /// A sale without an id spoke of this event: its retry speaks of the same one, whatever deposit
    /// holds the slot by then.
    fn bind_slot(
        &self,
        integration: IntegrationId,
        lead: LeadId,
        lookup: &Lookup,
        event: EventId,
    ) -> Sql<()> {
        if let Some(key) = &lookup.key {
            self.sql.execute(
                "INSERT INTO event_keys (integration_id, grp, tid, lead_id, event_id) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                values![integration.0, key.group.stored(), key.tid, lead.0, event.0],
            )?;
        }
        Ok(())
    }

    fn find_or_make_lead(
        &mut self,
        subject: &Subject<'_>,
        postback: &Postback,
    ) -> Sql<Option<Matched>> {
        let workspace = subject.integration.workspace;
        if subject.test {
            return self.test_lead(workspace).map(Some);
        }
        if postback.clickid_usable {
            let found = self.lead_of(workspace, IdentityKind::Clickid, 0, &postback.clickid)?;
            return match found {
                Some(found) => Ok(Some(found)),
                None => self.lead_from_click(workspace, &postback.clickid),
            };
        }
        if let Some(player) = &postback.player {
            let scope = subject.integration.id.0;
            return self.lead_of(workspace, IdentityKind::Player, scope, player);
        }
        Ok(None)
    }

    fn lead_of(
        &self,
        workspace: WorkspaceId,
        kind: IdentityKind,
        scope: i64,
        value: &str,
    ) -> Sql<Option<Matched>> {
        self.sql.one("SELECT leads.id, leads.clicked_at, leads.test, leads.clickids > 1 FROM lead_identities \
             JOIN leads ON leads.id = lead_identities.lead_id \
             WHERE lead_identities.workspace_id = ?1 AND kind = ?2 AND scope = ?3 AND value = ?4", values![workspace.0, kind.number(), scope, value], |row| {
            Ok(Matched {
                lead: LeadId(row.get(0)?),
                clicked_at: row.get::<Option<i64>>(1)?.map(Moment),
                test: row.get(2)?,
                has_aliases: kind != IdentityKind::Clickid || row.get(3)?,
            })
        })
        .optional()
    }

    /// A known click is enough: the first matched postback makes the lead.
    fn lead_from_click(&mut self, workspace: WorkspaceId, clickid: &str) -> Sql<Option<Matched>> {
        let clicked_at: Option<i64> = self
            .sql
            .one(
                "SELECT clicked_at FROM clicks WHERE workspace_id = ?1 AND clickid = ?2",
                values![workspace.0, clickid],
                |row| row.get(0),
            )
            .optional()?;
        let Some(clicked_at) = clicked_at.map(Moment) else {
            return Ok(None);
        };
        let lead = self.insert_lead(workspace, clickid, "", Some(clicked_at), false)?;
        self.sql.execute(
            "UPDATE clicks SET lead_id = ?3 WHERE workspace_id = ?1 AND clickid = ?2",
            values![workspace.0, clickid, lead.0],
        )?;
        Ok(Some(Matched {
            lead,
            clicked_at: Some(clicked_at),
            test: false,
            has_aliases: false,
        }))
    }

    /// Writes a lead and its first clickid.
    pub(super) fn insert_lead(
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
        self.insert_identity(workspace, IdentityKind::Clickid, 0, clickid, lead)?;
        Ok(lead)
    }

    /// Binds an id to a lead. Returns the lead that has it, which may be another one.
    pub(super) fn insert_identity(
        &self,
        workspace: WorkspaceId,
        kind: IdentityKind,
        scope: i64,
        value: &str,
        lead: LeadId,
    ) -> Sql<LeadId> {
        let inserted = self.sql.execute(
            "INSERT INTO lead_identities (workspace_id, kind, scope, value, lead_id) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            values![workspace.0, kind.number(), scope, value, lead.0],
        )?;
        if inserted == 1 {
            if kind == IdentityKind::Clickid {
                self.sql.execute(
                    "UPDATE leads SET clickids = clickids + 1 WHERE id = ?1",
                    values![lead.0],
                )?;
            }
            return Ok(lead);
        }
        self.sql.one("SELECT lead_id FROM lead_identities WHERE workspace_id = ?1 AND kind = ?2 AND scope = ?3 AND value = ?4", values![workspace.0, kind.number(), scope, value], |row| row.get(0).map(LeadId))
    }

    /// The reserved lead of test events: its own keys, outside every total.
    fn test_lead(&mut self, workspace: WorkspaceId) -> Sql<Matched> {
        const CLICKID: &str = "test-lead";
        let lead = match self.lead_of(workspace, IdentityKind::Clickid, 0, CLICKID)? {
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

    pub(super) fn is_clickid_of(
        &self,
        workspace: WorkspaceId,
        tid: &str,
        lead: LeadId,
    ) -> Sql<bool> {
        let owner: Option<i64> = self
            .sql
            .one(
                "SELECT lead_id FROM lead_identities \
                 WHERE workspace_id = ?1 AND kind = 1 AND scope = 0 AND value = ?2",
                values![workspace.0, tid],
                |row| row.get(0),
            )
            .optional()?;
        Ok(owner == Some(lead.0))
    }
}

/// What a request with a 4xx settles to.
pub(super) fn rejected() -> Settled {
    Settled {
        verdict: Verdict::Rejected,
        flags: Flags::default(),
        lead: None,
        event: None,
    }
}
