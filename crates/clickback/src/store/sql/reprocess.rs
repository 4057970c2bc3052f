//! Deciding requests again from their raw text: those that waited, and those that a person chose.

use clickback_core::attribution::{Change, Decision, Facts, Key, Lookup};
use clickback_core::event::{Group, Kind};
use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::{EventId, LeadId, RequestId, WorkspaceId};

use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, ReprocessReport, Reprocessed, Verdict};
use crate::store::{StoreError, StoreResult};

use super::apply::{Settled, Subject, Work, rejected};
use super::inbox::one;
use super::ledger::write_fields;
use super::rows::counted;
use super::session::{Optional as _, Sql, values};

impl Work<'_> {
    /// Applies what waits for a clickid, in the order in which it came. Returns how many.
    pub(super) fn apply_waiting(
        &mut self,
        workspace: WorkspaceId,
        clickid: &str,
    ) -> StoreResult<u64> {
        let mut waiting = self.sql.all(
            "DELETE FROM waiting_requests WHERE workspace_id = ?1 AND clickid = ?2 \
             RETURNING request_id, received_at",
            values![workspace.0, clickid.trim()],
            |row| Ok((row.get::<i64>(1)?, RequestId(row.get(0)?))),
        )?;
        waiting.sort_unstable();
        for (_, request) in &waiting {
            self.decide_again(*request)?;
        }
        Ok(waiting.len() as u64)
    }

    /// Decides requests again from their raw text under the same keys.
    pub(super) fn reprocess(
        &mut self,
        ids: &[RequestId],
        dry_run: bool,
    ) -> StoreResult<ReprocessReport> {
        if dry_run {
            self.begin_dry_run()?;
        }
        self.lock_leads_of(ids)?;
        let mut report = ReprocessReport::default();
        for id in ids {
            report.seen += 1;
            if let Some(changed) = self.decide_again(*id)? {
                report.changed.push(changed);
            }
        }
        if dry_run {
            self.end_dry_run()?;
        }
        Ok(report)
    }

    /// Keeps other nodes from deciding on the leads of stored requests.
    pub(super) fn lock_leads_of(&self, requests: &[RequestId]) -> Sql<()> {
        if !self.sql.is_shared() {
            return Ok(());
        }
        let mut leads = Vec::new();
        for request in requests {
            leads.extend(self.sql.all(
                "SELECT lead_id FROM events WHERE id = ?1 UNION \
                 SELECT lead_id FROM inbox WHERE id = ?1 AND lead_id IS NOT NULL",
                values![request.0],
                |row| row.get(0).map(LeadId),
            )?);
        }
        self.lock_leads(&leads)
    }

    /// What a request would do now.
    pub(super) fn try_out(&mut self, incoming: &Incoming) -> StoreResult<(Outcome, Option<Event>)> {
        self.begin_dry_run()?;
        let request = self.next_request();
        let outcome = self.store(request, incoming)?;
        let event = outcome.event.map(|event| self.event(event)).transpose()?;
        self.end_dry_run()?;
        Ok((outcome, event))
    }

    pub(super) fn begin_dry_run(&self) -> Sql<()> {
        self.sql.batch("SAVEPOINT dry_run")
    }

    /// Takes back rows and roll-up changes; the transaction then commits nothing.
    pub(super) fn end_dry_run(&mut self) -> Sql<()> {
        self.sql.batch("ROLLBACK TO dry_run; RELEASE dry_run")?;
        self.deltas.clear();
        *self.set_up_changed = false;
        Ok(())
    }

    fn decide_again(&mut self, id: RequestId) -> StoreResult<Option<Reprocessed>> {
        let before = match one(self.sql, id) {
            Ok(request) => request,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let snapshot = self.snapshot.clone();
        // A deleted integration has no rules to read by; its requests stay as they are.
        let Some(integration) = snapshot.by_id.get(&before.summary.integration) else {
            return Ok(None);
        };
        let raw = &before.raw;
        let received_at = before.summary.received_at;
        let subject = Subject {
            request: id,
            integration,
            received_at,
            raw,
            test: before.summary.test,
        };
        let judged = raw.parts().judge(&integration.ruleset, received_at);
        let clickid = judged
            .as_ref()
            .ok()
            .map(|postback| postback.clickid.clone());
        let (settled, code) = match judged {
            Err(rejection) => (rejected(), Some(rejection.code())),
            Ok(postback) => {
                let own = self.own_event(id)?;
                let settled = match own {
                    Some(own) => self.settle_own(&subject, &postback, &own),
                    None => self.settle(&subject, &postback),
                };
                (settled?, None)
            }
        };
        // A request that made an event never loses it: a reading that now fails changes nothing.
        if settled.verdict == Verdict::Rejected && before.summary.verdict != Verdict::Rejected {
            return Ok(None);
        }
        self.update_request(id, settled, code, clickid.as_deref())?;
        let event = settled.event.map(|event| self.event(event)).transpose()?;
        let unchanged = before.summary.verdict == settled.verdict
            && before.summary.flags == settled.flags
            && before.summary.event == event
            && before.summary.code.as_deref() == code;
        Ok((!unchanged).then_some(Reprocessed {
            request: id,
            before: before.summary.verdict,
            after: settled.verdict,
            flags: settled.flags,
            event,
            code: code.map(str::to_owned),
        }))
    }

    /// The event that a request made itself.
    pub(super) fn own_event(&self, id: RequestId) -> Sql<Option<Event>> {
        self.event(id.event()).optional()
    }

    /// Decides a request that made an event. An event of an unknown name is decided as if it were
    /// new, since its name may be mapped by now; any other only gets what was unset.
    fn settle_own(
        &mut self,
        subject: &Subject<'_>,
        postback: &clickback_core::postback::Postback,
        own: &Event,
    ) -> Sql<Settled> {
        let renamed = own.kind == Kind::Other && postback.event.as_str() != own.name;
        if !renamed {
            return self.complete_own(subject, postback, own);
        }
        let separate = own.flags.has(Flag::CountedSeparately);
        let group = Group::of(own.kind, &own.name);
        let tid = if separate {
            Key::separate(group.clone(), own.id).tid
        } else {
            own.tid.clone().unwrap_or_default()
        };
        self.sql.execute(
            "DELETE FROM event_keys WHERE integration_id = ?1 AND grp = ?2 AND \
             tid = ?3 AND lead_id = ?4 AND event_id = ?5",
            values![own.integration.0, group.stored(), tid, own.lead.0, own.id.0],
        )?;
        self.deltas.remove(&counted(own));
        let settled = if separate {
            self.settle_separately(subject, postback, own.lead)?
        } else {
            self.settle(subject, postback)?
        };
        if settled.event != Some(own.id) {
            // It is a known event under its right name: the old row stays, uncounted, as `other`.
            self.deltas.add(&counted(own));
        }
        Ok(settled)
    }

    fn complete_own(
        &mut self,
        subject: &Subject<'_>,
        postback: &clickback_core::postback::Postback,
        own: &Event,
    ) -> Sql<Settled> {
        let lookup = Lookup {
            key: None,
            first_deposit: false,
            or_first: false,
            recent_seconds: None,
        };
        let known = Facts {
            same: Some(super::rows::facts(own)),
            ..Facts::default()
        };
        let quiet = clickback_core::postback::Postback {
            status: None,
            ..postback.clone()
        };
        let decision =
            clickback_core::attribution::decide(&quiet, &lookup, &known, subject.received_at);
        let change = match decision {
            Decision::Same { change, .. } => change,
            Decision::New { .. } => Change::default(),
        };
        if !change.is_empty() {
            self.change_event(own.id, &change, Some(subject.request))?;
        }
        let occurred_at = postback.occurred_at.unwrap_or(subject.received_at);
        let (_, more) = write_fields(self, subject, own.lead, postback, occurred_at, true)?;
        // What the decision said of the lead's history then still holds.
        let flags = Flags(own.flags.0 & HISTORY_FLAGS.0)
            .with(postback.flags)
            .with(more);
        self.sql.execute(
            "UPDATE events SET flags = ?2 WHERE id = ?1",
            values![own.id.0, flags.0],
        )?;
        Ok(Settled {
            verdict: Verdict::Accepted,
            flags,
            lead: Some(own.lead),
            event: Some(own.id),
        })
    }

    pub(super) fn update_request(
        &self,
        id: RequestId,
        settled: Settled,
        code: Option<&str>,
        clickid: Option<&str>,
    ) -> Sql<()> {
        self.sql.execute(
            "UPDATE inbox SET verdict = ?2, flags = ?3, code = ?4, clickid = ?5, lead_id = ?6, \
             event_id = ?7 WHERE id = ?1",
            values![
                id.0,
                settled.verdict.number(),
                settled.flags.0,
                code,
                clickid.filter(|_| settled.lead.is_none()),
                settled.lead.map(|lead| lead.0),
                settled.event.map(|event: EventId| event.0),
            ],
        )?;
        Ok(())
    }

    /// Keeps the raw text of a request that could not be decided because of a defect.
    pub(super) fn keep_undecided(
        &mut self,
        request: RequestId,
        incoming: &Incoming,
    ) -> Sql<Outcome> {
        let mut raw_only = incoming.clone();
        raw_only.judged = Err(clickback_core::postback::Rejection::NotProcessed);
        self.store(request, &raw_only)
    }
}

/// Flags that speak of what was known of the lead when the event came.
const HISTORY_FLAGS: Flags = {
    Flags(
        (1 << Flag::NoTid as u8)
            | (1 << Flag::TidSeenOnOtherLead as u8)
            | (1 << Flag::PossibleRepeat as u8)
            | (1 << Flag::RepeatBeforeFirst as u8)
            | (1 << Flag::Late as u8)
            | (1 << Flag::TidIsClickid as u8)
            | (1 << Flag::PlayerOfOtherLead as u8)
            | (1 << Flag::CountedSeparately as u8),
    )
};
