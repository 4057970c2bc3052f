//! A request that came under the id of a known event with another sum: a person says that it is an
//! event of its own.

use clickback_core::attribution::separately;
use clickback_core::flag::Flag;
use clickback_core::ids::{LeadId, RequestId};
use clickback_core::moment::Moment;
use clickback_core::postback::Postback;

use crate::store::events::{Event, EventChange};
use crate::store::inbox::{Request, Separated, Verdict};
use crate::store::{StoreError, StoreResult};

use super::apply::{Matched, Settled, Subject, Work};
use super::events::changes;
use super::inbox::one;
use super::rows::counted;
use super::session::{Sql, values};

impl Work<'_> {
    /// Makes the request an event under its own slot. A second time changes nothing.
    pub(super) fn count_separately(&mut self, id: RequestId) -> StoreResult<Separated> {
        self.lock_leads_of(&[id])?;
        let request = one(self.sql, id)?;
        if let Some(own) = counted_before(&request) {
            return Ok(Separated {
                event: own,
                already: true,
            });
        }
        let (known, lead) = differing(&request)?;
        let mine: Vec<EventChange> = changes(self.sql, known.id)?
            .into_iter()
            .filter(|change| change.request == Some(id))
            .collect();
        if mine.iter().any(|change| change.field == "status") {
            return Err(invalid(
                "this request changed the status of the known event, so it speaks of that event",
            ));
        }
        let snapshot = self.snapshot.clone();
        let integration = snapshot
            .by_id
            .get(&request.summary.integration)
            .ok_or_else(|| {
                invalid("its integration was deleted, so nothing says how to read it")
            })?;
        let subject = Subject {
            request: id,
            integration,
            received_at: request.summary.received_at,
            raw: &request.raw,
            test: request.summary.test,
        };
        let postback = subject
            .raw
            .parts()
            .judge(&integration.ruleset, subject.received_at)
            .map_err(|rejection| {
                invalid(&format!(
                    "under the rules of now it cannot be read: {rejection}"
                ))
            })?;
        let mut settle = || {
            self.take_back(&known, &mine, id)?;
            if let Some(own) = self.own_event(id)? {
                // The row of an event whose name was mapped since: it becomes this one.
                self.deltas.remove(&counted(&own));
            }
            let settled = self.settle_separately(&subject, &postback, lead)?;
            self.update_request(id, settled, None, None)?;
            self.event(id.event())
        };
        Ok(Separated {
            event: settle()?,
            already: false,
        })
    }

    /// Decides a request as an event of its own, whatever id it came under.
    pub(super) fn settle_separately(
        &mut self,
        subject: &Subject<'_>,
        postback: &Postback,
        lead: LeadId,
    ) -> Sql<Settled> {
        let matched = self.matched(lead)?;
        let mut postback = postback.clone();
        postback.flags.add(Flag::CountedSeparately);
        let lookup = separately(&postback, subject.request.event());
        self.settle_for(subject, &postback, matched, &lookup)
    }

    fn matched(&self, lead: LeadId) -> Sql<Matched> {
        self.sql.one(
            "SELECT clicked_at, test FROM leads WHERE id = ?1",
            values![lead.0],
            |row| {
                Ok(Matched {
                    lead,
                    clicked_at: row.get::<Option<i64>>(0)?.map(Moment),
                    test: row.get(1)?,
                    has_aliases: true,
                })
            },
        )
    }

    /// A payout that the request completed on the known event is its own, and would count twice.
    fn take_back(&mut self, known: &Event, mine: &[EventChange], id: RequestId) -> Sql<()> {
        let gave = |field: &str, now: Option<String>| {
            now.is_some()
                && mine.iter().any(|change| {
                    change.field == field && change.old.is_none() && change.new == now
                })
        };
        let mut after = known.clone();
        if gave("payout", known.payout.map(|sum| sum.to_string())) {
            after.payout = None;
        }
        let currency = known.payout_currency.map(|currency| currency.to_string());
        if gave("payout_currency", currency) {
            after.payout_currency = None;
        }
        if after == *known {
            return Ok(());
        }
        self.rewrite(known, &after, Some(id))
    }
}

fn invalid(message: &str) -> StoreError {
    StoreError::Invalid {
        message: message.to_owned(),
    }
}

fn counted_before(request: &Request) -> Option<Event> {
    let summary = &request.summary;
    summary
        .event
        .clone()
        .filter(|event| event.request() == summary.id)
        .filter(|event| event.flags.has(Flag::CountedSeparately))
}

/// The known event that has another sum, and the lead of both.
fn differing(request: &Request) -> StoreResult<(Event, LeadId)> {
    let summary = &request.summary;
    let spoke = matches!(summary.verdict, Verdict::Updated | Verdict::Duplicate)
        && summary.flags.has(Flag::AmountDiffers);
    match (&summary.event, summary.lead) {
        (Some(event), Some(lead)) if spoke && event.request() != summary.id => {
            Ok((event.clone(), lead))
        }
        _ => Err(invalid(
            "only a request with the flag `amount_differs` can be counted separately",
        )),
    }
}
