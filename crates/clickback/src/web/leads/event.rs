//! Events by hand: one that a partner never reported, and the word of a person on a recorded one. A
//! manual event is decided like a postback, under the same keys.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use clickback_core::event::Status;
use clickback_core::flag::Flag;
use clickback_core::ids::{EventId, IntegrationId};
use clickback_core::import::{Column, query};
use clickback_core::intake::Parts;
use std::sync::Arc;

use crate::app::AppState;
use crate::store::events::EventFilter;
use crate::store::inbox::{BY_HAND, Incoming, RawRequest, Verdict};
use crate::store::integrations::Integration;
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};

use clickback_core::moment::Moment;

use super::super::visitor::Visitor;
use super::super::{error, notice};
use super::acts::back;
use super::card::{self, Mistake};
use super::{Given, find};

/// Readings that a person can mend at once, so they are not stored.
const MENDABLE: [Flag; 6] = [
    Flag::AmountUnreadable,
    Flag::AmountNegative,
    Flag::CurrencyMissing,
    Flag::CurrencyUnknown,
    Flag::TimeUnreadable,
    Flag::TimeInFuture,
];

/// A request that a person or a list made: the query of a postback, judged under the rules of now.
pub(super) fn incoming(
    integration: Arc<Integration>,
    method: &'static str,
    query: String,
    received_at: Moment,
) -> Incoming {
    let parts = Parts {
        query: query.as_bytes(),
        content_type: None,
        body: None,
    };
    let judged = parts.judge(&integration.ruleset, received_at);
    Incoming {
        raw: RawRequest {
            method,
            query: query.into_bytes(),
            ..RawRequest::default()
        },
        integration,
        received_at,
        judged,
        test: false,
    }
}

/// Writes an event down.
pub(super) async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let missing = StoreError::NotFound {
            what: "integration",
        };
        let chosen: IntegrationId = given
            .get("integration")
            .parse()
            .map_err(|_| missing.clone())?;
        let integration = app
            .store
            .snapshot()
            .get(visitor.workspace, chosen)
            .ok_or(missing)?;
        // A browser's field for a moment: `2026-11-24T12:00`.
        let mut time = given.get("time").replace('T', " ");
        if time.len() == 16 {
            time.push_str(":00");
        }
        let texts = [
            (Column::Clickid, lead.clickid.as_str()),
            (Column::Event, given.get("event")),
            (Column::Sum, given.get("sum")),
            (Column::Currency, given.get("currency")),
            (Column::Tid, given.get("tid")),
            (Column::Status, given.get("status")),
            (Column::Time, time.as_str()),
        ];
        let filled = texts.iter().filter(|(_, text)| !text.is_empty());
        let query = query(filled.map(|(column, text)| (column.parameter(), *text)));
        let incoming = incoming(integration, BY_HAND, query, app.clock.now());
        let ui = &visitor.ui;
        match &incoming.judged {
            Err(rejection) => {
                let key = format!("reject-{}", rejection.code().replace('_', "-"));
                return Ok(Err(ui.t(&key).replace('`', "")));
            }
            Ok(postback) => {
                let wrong = MENDABLE.into_iter().find(|flag| postback.flags.has(*flag));
                if let Some(flag) = wrong {
                    let key = format!("flag-{}-what", flag.code().replace('_', "-"));
                    return Ok(Err(ui.t(&key).replace('`', "")));
                }
            }
        }
        let outcome = app.store.ingest(incoming).await?;
        let said = match outcome.verdict {
            Verdict::Accepted => "event-added",
            Verdict::Updated => "event-updated",
            Verdict::Duplicate | Verdict::Unmatched | Verdict::Rejected => "event-known",
        };
        let deed = Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action: "event_by_hand",
            subject: lead.clickid.clone(),
            detail: given.get("event").to_owned(),
        };
        app.store.log(deed).await?;
        Ok::<_, StoreError>(Ok((lead, said)))
    };
    match done.await {
        Ok(Ok((lead, said))) => notice::redirect(&back(&lead), said),
        Ok(Err(text)) => {
            let mistake = Mistake {
                place: "event",
                text,
                given,
            };
            card::again(&app, &visitor, &id, mistake).await
        }
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Approves or voids an event of this lead.
pub(super) async fn decide(
    State(app): State<AppState>,
    visitor: Visitor,
    Path((id, event)): Path<(String, String)>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let missing = StoreError::NotFound { what: "event" };
        let event: EventId = event.parse().map_err(|_| missing.clone())?;
        let (status, action) = match given.get("status") {
            "approved" => (Status::Approved, "event_approved"),
            "rejected" => (Status::Rejected, "event_voided"),
            _ => return Err(missing),
        };
        let filter = EventFilter {
            lead: Some(lead.id),
            before: Some(EventId(event.0.saturating_add(1))),
            limit: 1,
            ..EventFilter::new(visitor.workspace)
        };
        let known = app.store.events(filter).await?.items.pop();
        if known.is_none_or(|known| known.id != event) {
            return Err(missing);
        }
        app.store.set_event_status(event, status).await?;
        let deed = Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action,
            subject: event.to_string(),
            detail: String::new(),
        };
        app.store.log(deed).await?;
        StoreResult::Ok(lead)
    };
    match done.await {
        Ok(lead) => notice::redirect(&back(&lead), "saved"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
