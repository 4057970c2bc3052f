//! Deciding one request: find the lead, read the facts, decide, write. What is known and what is written
//! goes through a [`Ledger`]: the database itself, or a batch that reads and writes for many requests at
//! once. The rules are pure and live in `clickback-core`.

use clickback_core::attribution::{Change, Decision, Facts, Key, Lookup, Recent, decide, lookup};
use clickback_core::event::EventName;
use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::postback::{FieldWrite, Postback};

use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, Verdict};
use crate::store::integrations::Integration;
use crate::store::leads::IdentityKind;

use super::apply::{Matched, Settled, Subject, rejected};
use super::rows::facts;
use super::session::Sql;

/// An id by which a lead is found.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct LeadKey<'v> {
    pub(in crate::store) workspace: WorkspaceId,
    pub(in crate::store) kind: i64,
    pub(in crate::store) scope: i64,
    pub(in crate::store) value: &'v str,
}

impl<'v> LeadKey<'v> {
    pub(in crate::store) fn new(
        workspace: WorkspaceId,
        kind: IdentityKind,
        scope: i64,
        value: &'v str,
    ) -> LeadKey<'v> {
        LeadKey {
            workspace,
            kind: kind.number(),
            scope,
            value,
        }
    }

    pub(in crate::store) fn clickid(workspace: WorkspaceId, value: &'v str) -> LeadKey<'v> {
        LeadKey::new(workspace, IdentityKind::Clickid, 0, value)
    }
}

/// What deciding reads and writes. A lead that is found stays as it is until the transaction ends.
pub(in crate::store) trait Ledger {
    fn lead_of(&mut self, identity: LeadKey<'_>) -> Sql<Option<Matched>>;
    fn click_time(&mut self, workspace: WorkspaceId, clickid: &str) -> Sql<Option<Moment>>;
    /// Makes the lead of a click.
    fn make_lead(
        &mut self,
        workspace: WorkspaceId,
        clickid: &str,
        clicked_at: Moment,
    ) -> Sql<LeadId>;
    /// The reserved lead of test events.
    fn test_lead(&mut self, workspace: WorkspaceId) -> Sql<Matched>;
    fn wait_for_lead(&mut self, subject: &Subject<'_>, clickid: &str) -> Sql<()>;
    /// Whether a transaction id is a clickid of this lead.
    fn is_clickid_of(&mut self, workspace: WorkspaceId, tid: &str, lead: LeadId) -> Sql<bool>;
    /// The holder of the first-deposit slot.
    fn first_deposit(&mut self, lead: LeadId, integration: IntegrationId) -> Sql<Option<EventId>>;
    /// The lead's event under a key, and whether another lead has the same transaction id.
    fn key_owner(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
    ) -> Sql<(Option<EventId>, bool)>;
    fn event(&mut self, id: EventId) -> Sql<Event>;
    /// The lead's events of a name's group, received within so many seconds before this request.
    fn recent(
        &mut self,
        subject: &Subject<'_>,
        name: &EventName,
        lead: LeadId,
        seconds: i64,
    ) -> Sql<Vec<Recent>>;
    /// Writes an event, its key, its slot and its roll-up change.
    fn insert_event(&mut self, event: &Event, key: Option<&Key>, takes_first: bool) -> Sql<()>;
    /// Lets a key speak of an event, unless it speaks of one already.
    fn bind_key(
        &mut self,
        integration: IntegrationId,
        key: &Key,
        lead: LeadId,
        event: EventId,
    ) -> Sql<()>;
    /// Changes a known event with its history, slot and roll-ups.
    fn change_event(&mut self, id: EventId, change: &Change, request: RequestId) -> Sql<()>;
    /// Writes a value that came with a request, where it is newer or nothing is there; returns whether
    /// it was written.
    fn write_value(&mut self, value: &NewValue<'_>) -> Sql<bool>;
    /// The field of a key that no field had when the request was read.
    fn make_field(&mut self, integration: &Integration, key: &str) -> Sql<Option<i64>>;
    /// Binds a player id to a lead; returns the lead that has it, which may be another one.
    fn bind_player(&mut self, identity: LeadKey<'_>, lead: LeadId) -> Sql<LeadId>;
    fn insert_request(
        &mut self,
        subject: &Subject<'_>,
        settled: Settled,
        code: Option<&'static str>,
        clickid: Option<&str>,
    ) -> Sql<()>;
}

/// A custom field's value from a request.
pub(in crate::store) struct NewValue<'v> {
    pub(in crate::store) lead: LeadId,
    pub(in crate::store) field: i64,
    pub(in crate::store) write: &'v FieldWrite,
    pub(in crate::store) set_at: Moment,
    pub(in crate::store) source: RequestId,
    /// Whether a newer value takes the place of an older one; else only what is unset is written.
    pub(in crate::store) newest_wins: bool,
}

/// Stores a new request and what it says.
pub(in crate::store) fn store(
    ledger: &mut dyn Ledger,
    request: RequestId,
    incoming: &Incoming,
) -> Sql<Outcome> {
    let subject = Subject {
        request,
        integration: &incoming.integration,
        received_at: incoming.received_at,
        raw: &incoming.raw,
        test: incoming.test,
    };
    let (settled, code, clickid) = match &incoming.judged {
        Ok(postback) => (
            settle(ledger, &subject, postback)?,
            None,
            Some(postback.clickid.as_str()),
        ),
        Err(rejection) => (rejected(), Some(rejection.code()), None),
    };
    ledger.insert_request(&subject, settled, code, clickid)?;
    Ok(Outcome {
        request,
        verdict: settled.verdict,
        flags: settled.flags,
        lead: settled.lead,
        event: settled.event,
    })
}

/// Finds the lead, decides and writes the event; the inbox row is the caller's.
pub(in crate::store) fn settle(
    ledger: &mut dyn Ledger,
    subject: &Subject<'_>,
    postback: &Postback,
) -> Sql<Settled> {
    let Some(matched) = find_or_make_lead(ledger, subject, postback)? else {
        if postback.clickid_usable {
            ledger.wait_for_lead(subject, &postback.clickid)?;
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
                && ledger.is_clickid_of(subject.integration.workspace, tid, matched.lead)? =>
        {
            let mut changed = postback.clone();
            changed.drop_tid();
            without_tid = changed;
            &without_tid
        }
        _ => postback,
    };
    settle_for(ledger, subject, postback, matched, &lookup(postback))
}

/// Decides for a lead that is known, and writes the event.
pub(in crate::store) fn settle_for(
    ledger: &mut dyn Ledger,
    subject: &Subject<'_>,
    postback: &Postback,
    matched: Matched,
    lookup: &Lookup,
) -> Sql<Settled> {
    let known = known(ledger, subject, postback, matched, lookup)?;
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
            ledger.insert_event(&event, key.as_ref(), takes_first)?;
            let (_, more) =
                write_fields(ledger, subject, matched.lead, postback, occurred_at, true)?;
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
            // A sale without an id spoke of this event: its retry speaks of the same one, whatever
            // deposit holds the slot by then.
            if lookup.or_first
                && let Some(key) = &lookup.key
            {
                ledger.bind_key(subject.integration.id, key, matched.lead, event)?;
            }
            let changed = !change.is_empty();
            if changed {
                ledger.change_event(event, &change, subject.request)?;
            }
            let (written, more) =
                write_fields(ledger, subject, matched.lead, postback, occurred_at, false)?;
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

/// By which id the lead of a postback is looked for.
pub(in crate::store) fn identity_of<'p>(
    integration: &Integration,
    postback: &'p Postback,
) -> Option<LeadKey<'p>> {
    let workspace = integration.workspace;
    if postback.clickid_usable {
        return Some(LeadKey::clickid(workspace, &postback.clickid));
    }
    player_of(integration, postback)
}

/// The player id that a postback names.
pub(in crate::store) fn player_of<'p>(
    integration: &Integration,
    postback: &'p Postback,
) -> Option<LeadKey<'p>> {
    let player = postback.player.as_ref()?;
    let (workspace, scope) = (integration.workspace, integration.id.0);
    Some(LeadKey::new(workspace, IdentityKind::Player, scope, player))
}

fn find_or_make_lead(
    ledger: &mut dyn Ledger,
    subject: &Subject<'_>,
    postback: &Postback,
) -> Sql<Option<Matched>> {
    let workspace = subject.integration.workspace;
    if subject.test {
        return ledger.test_lead(workspace).map(Some);
    }
    let Some(identity) = identity_of(subject.integration, postback) else {
        return Ok(None);
    };
    if let Some(found) = ledger.lead_of(identity)? {
        return Ok(Some(found));
    }
    // A known click is enough: the first matched postback makes the lead.
    if !postback.clickid_usable {
        return Ok(None);
    }
    let Some(clicked_at) = ledger.click_time(workspace, &postback.clickid)? else {
        return Ok(None);
    };
    let lead = ledger.make_lead(workspace, &postback.clickid, clicked_at)?;
    Ok(Some(Matched {
        lead,
        clicked_at: Some(clicked_at),
        test: false,
        has_aliases: false,
    }))
}

/// What the decision asks for.
pub(in crate::store) fn known(
    ledger: &mut dyn Ledger,
    subject: &Subject<'_>,
    postback: &Postback,
    matched: Matched,
    lookup: &Lookup,
) -> Sql<Facts> {
    let integration = subject.integration.id;
    let mut known = Facts {
        clicked_at: matched.clicked_at,
        ..Facts::default()
    };
    if lookup.first_deposit {
        known.first = ledger.first_deposit(matched.lead, integration)?;
    }
    if let Some(key) = &lookup.key {
        let (own, other) = ledger.key_owner(integration, key, matched.lead)?;
        known.tid_on_other_lead = other;
        let same = own.or(known.first.filter(|_| lookup.or_first));
        if let Some(same) = same {
            known.same = Some(facts(&ledger.event(same)?));
        }
    }
    if let Some(seconds) = lookup.recent_seconds {
        known.recent = ledger.recent(subject, &postback.event, matched.lead, seconds)?;
    }
    Ok(known)
}

/// Writes the request's custom fields and binds its player id. A new event writes what is newer by event
/// time, a known one only what is unset. Returns whether a value was written.
pub(in crate::store) fn write_fields(
    ledger: &mut dyn Ledger,
    subject: &Subject<'_>,
    lead: LeadId,
    postback: &Postback,
    occurred_at: Moment,
    is_new: bool,
) -> Sql<(bool, Flags)> {
    let mut flags = Flags::default();
    let mut written = false;
    for write in &postback.fields {
        let field = match write.field {
            Some(field) => field.0,
            None => match ledger.make_field(subject.integration, &write.key)? {
                Some(field) => field,
                None => continue,
            },
        };
        written |= ledger.write_value(&NewValue {
            lead,
            field,
            write,
            set_at: occurred_at,
            source: subject.request,
            newest_wins: is_new,
        })?;
    }
    if let Some(player) = player_of(subject.integration, postback) {
        let owner = ledger.bind_player(player, lead)?;
        flags.add_if(owner != lead, Flag::PlayerOfOtherLead);
    }
    Ok((written, flags))
}
