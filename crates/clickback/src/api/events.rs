//! Recorded events.

use axum::Json;
use axum::extract::{Path, State};
use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::money::Amount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, AppState};
use crate::store::events::{Event, EventChange, EventFilter};

use super::auth::Caller;
use super::problem::{Answer, Body, Problem, Query, id, page_size};

/// An event of a lead.
#[derive(Serialize, ToSchema)]
pub(super) struct EventView {
    #[schema(value_type = String)]
    id: EventId,
    #[schema(value_type = String)]
    lead: LeadId,
    #[schema(value_type = String)]
    integration: IntegrationId,
    /// registration, `first_deposit`, `repeat_deposit`, withdrawal, chargeback, commission, custom, other.
    kind: &'static str,
    /// The name under which it came.
    name: String,
    /// approved, pending, rejected or held.
    status: &'static str,
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    #[schema(value_type = Option<String>)]
    payout: Option<Amount>,
    #[schema(value_type = Option<String>)]
    payout_currency: Option<Currency>,
    tid: Option<String>,
    /// Its place among the lead's approved events of its group, by event time.
    number: Option<u64>,
    flags: Vec<&'static str>,
    test: bool,
    #[schema(value_type = String)]
    occurred_at: Moment,
    #[schema(value_type = String)]
    received_at: Moment,
    #[schema(value_type = String)]
    request_id: RequestId,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            lead: event.lead,
            integration: event.integration,
            kind: event.kind.code(),
            status: event.status.code(),
            amount: event.amount,
            currency: event.currency,
            payout: event.payout,
            payout_currency: event.payout_currency,
            number: event.number,
            flags: event.flags.codes(),
            test: event.test,
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            request_id: event.request(),
            name: event.name,
            tid: event.tid,
        }
    }
}

/// One change of an event.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeView {
    #[schema(value_type = String)]
    at: Moment,
    /// The request that changed it; null when a person did.
    #[schema(value_type = Option<String>)]
    request_id: Option<RequestId>,
    field: String,
    old: Option<String>,
    new: Option<String>,
}

/// An event with its history.
#[derive(Serialize, ToSchema)]
pub(super) struct EventDetail {
    #[serde(flatten)]
    event: EventView,
    changes: Vec<ChangeView>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EventList {
    items: Vec<EventView>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct EventQuery {
    clickid: Option<String>,
    lead: Option<String>,
    integration: Option<String>,
    kind: Option<String>,
    /// Event time from (inclusive), RFC 3339.
    from: Option<String>,
    /// Event time to (exclusive), RFC 3339.
    to: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// What a person decides of an event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventPatchBody {
    /// approved, pending or rejected.
    status: String,
}

pub(super) fn moment(text: Option<&str>, name: &str) -> Answer<Option<Moment>> {
    text.map(|text| {
        Moment::parse_rfc3339(text).ok_or_else(|| {
            Problem::invalid(format!(
                "{name} is `{text}`; write it like 2026-11-24T10:00:00Z"
            ))
        })
    })
    .transpose()
}

/// Events, newest received first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", security(("token" = [])),
    params(EventQuery), responses((status = 200, body = EventList), (status = 422)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Query(query): Query<EventQuery>,
) -> Answer<Json<EventList>> {
    let mut filter = EventFilter {
        lead: query
            .lead
            .as_deref()
            .map(|text| id(text, "lead"))
            .transpose()?,
        integration: query
            .integration
            .as_deref()
            .map(|text| id(text, "integration"))
            .transpose()?,
        from: moment(query.from.as_deref(), "from")?,
        to: moment(query.to.as_deref(), "to")?,
        before: query
            .cursor
            .as_deref()
            .map(|text| id(text, "cursor"))
            .transpose()?,
        limit: page_size(query.limit)?,
        ..EventFilter::new(workspace)
    };
    if let Some(text) = &query.kind {
        filter.kind = Some(Kind::from_code(text).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
            Problem::invalid(format!("kind is `{text}`; it can be {}", known.join(", ")))
        })?);
    }
    if let Some(clickid) = &query.clickid {
        match app.store.lead_by_clickid(workspace, clickid).await? {
            Some(lead) if filter.lead.is_none_or(|asked| asked == lead.id) => {
                filter.lead = Some(lead.id);
            }
            _ => {
                return Ok(Json(EventList {
                    items: Vec::new(),
                    next: None,
                }));
            }
        }
    }
    let page = app.store.events(filter).await?;
    Ok(Json(EventList {
        items: page.items.into_iter().map(EventView::from).collect(),
        next: page.next,
    }))
}

async fn find(app: &App, workspace: WorkspaceId, text: &str) -> Answer<Event> {
    let event: EventId = id(text, "event")?;
    let filter = EventFilter {
        before: Some(EventId(event.0.saturating_add(1))),
        limit: 1,
        ..EventFilter::new(workspace)
    };
    let found = app.store.events(filter).await?.items.pop();
    found
        .filter(|found| found.id == event)
        .ok_or_else(|| Problem::not_found("event"))
}

/// One event with its history.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = EventDetail), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<EventDetail>> {
    let event = find(&app, workspace, &text).await?;
    let changes = app.store.event_changes(event.id).await?;
    let view = |change: EventChange| ChangeView {
        at: change.at,
        request_id: change.request,
        field: change.field,
        old: change.old,
        new: change.new,
    };
    Ok(Json(EventDetail {
        event: event.into(),
        changes: changes.into_iter().map(view).collect(),
    }))
}

/// Approves or voids an event by hand.
#[utoipa::path(patch, path = "/api/v1/events/{id}", tag = "events", security(("token" = [])),
    params(("id" = String, Path)), request_body = EventPatchBody,
    responses((status = 200, body = EventView), (status = 404), (status = 422)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<EventPatchBody>,
) -> Answer<Json<EventView>> {
    let known = find(&app, workspace, &text).await?;
    let status = Status::from_code(&body.status)
        .filter(|status| *status != Status::Held)
        .ok_or_else(|| {
            Problem::invalid(format!(
                "status is `{}`; it can be approved, pending or rejected",
                body.status
            ))
        })?;
    app.store.set_event_status(known.id, status).await?;
    Ok(Json(find(&app, workspace, &text).await?.into()))
}
