//! The inbox: requests as they came, and deciding them again.

use axum::Json;
use axum::extract::{Path, State};
use clickback_core::flag::Flag;
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, AppState};
use crate::store::inbox::{
    ReprocessFilter, Reprocessed, Request, RequestFilter, RequestSummary, Verdict,
};

use super::auth::Caller;
use super::events::{EventView, moment};
use super::problem::{Answer, Body, Problem, Query, id, page_size};

/// A request to a postback address.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestView {
    #[schema(value_type = String)]
    request_id: RequestId,
    #[schema(value_type = String)]
    received_at: Moment,
    #[schema(value_type = String)]
    integration: IntegrationId,
    /// accepted, updated, duplicate, unmatched or rejected.
    verdict: &'static str,
    /// Why it was rejected.
    code: Option<String>,
    flags: Vec<&'static str>,
    clickid: Option<String>,
    #[schema(value_type = Option<String>)]
    lead: Option<LeadId>,
    /// The event it made, changed or repeats.
    #[schema(value_type = Option<String>)]
    event: Option<EventId>,
    method: String,
    query: String,
    test: bool,
}

impl From<RequestSummary> for RequestView {
    fn from(request: RequestSummary) -> Self {
        Self {
            request_id: request.id,
            received_at: request.received_at,
            integration: request.integration,
            verdict: request.verdict.code(),
            code: request.code,
            flags: request.flags.codes(),
            clickid: request.clickid,
            lead: request.lead,
            event: request.event.map(|event| event.id),
            method: request.method,
            query: request.query,
            test: request.test,
        }
    }
}

/// A request in full.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestDetail {
    #[serde(flatten)]
    request: RequestView,
    content_type: Option<String>,
    /// The body as text; bytes that are no UTF-8 are replaced.
    body: Option<String>,
    address: Option<String>,
    event_detail: Option<EventView>,
}

impl From<Request> for RequestDetail {
    fn from(request: Request) -> Self {
        Self {
            content_type: request.raw.content_type,
            body: request
                .raw
                .body
                .map(|body| String::from_utf8_lossy(&body).into_owned()),
            address: request.raw.address,
            event_detail: request.summary.event.clone().map(EventView::from),
            request: request.summary.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct RequestList {
    items: Vec<RequestView>,
    next: Option<String>,
}

/// Which requests.
#[derive(Deserialize, IntoParams, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct InboxQuery {
    verdict: Option<String>,
    flag: Option<String>,
    integration: Option<String>,
    clickid: Option<String>,
    /// Received from (inclusive), RFC 3339.
    from: Option<String>,
    /// Received to (exclusive), RFC 3339.
    to: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Requests to decide again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReprocessBody {
    /// The same names as the inbox list takes, and `ids`.
    #[serde(default)]
    filter: ReprocessFilterBody,
    /// Only show what would change.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReprocessFilterBody {
    #[schema(value_type = Vec<String>)]
    ids: Vec<RequestId>,
    verdict: Option<String>,
    flag: Option<String>,
    integration: Option<String>,
    clickid: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReprocessAnswer {
    dry_run: bool,
    /// Requests looked at.
    seen: u64,
    changed: Vec<ReprocessedView>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReprocessedView {
    #[schema(value_type = String)]
    request_id: RequestId,
    before: &'static str,
    after: &'static str,
    code: Option<String>,
    flags: Vec<&'static str>,
    event: Option<EventView>,
}

impl From<Reprocessed> for ReprocessedView {
    fn from(one: Reprocessed) -> Self {
        Self {
            request_id: one.request,
            before: one.before.code(),
            after: one.after.code(),
            code: one.code,
            flags: one.flags.codes(),
            event: one.event.map(EventView::from),
        }
    }
}

fn filter(workspace: WorkspaceId, query: &InboxQuery) -> Answer<RequestFilter> {
    let mut filter = RequestFilter {
        integration: query
            .integration
            .as_deref()
            .map(|text| id(text, "integration"))
            .transpose()?,
        clickid: query.clickid.clone(),
        from: moment(query.from.as_deref(), "from")?,
        to: moment(query.to.as_deref(), "to")?,
        before: query
            .cursor
            .as_deref()
            .map(|text| id(text, "cursor"))
            .transpose()?,
        limit: page_size(query.limit)?,
        ..RequestFilter::new(workspace)
    };
    if let Some(text) = &query.verdict {
        filter.verdict = Some(Verdict::from_code(text).ok_or_else(|| {
            let known: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.code()).collect();
            Problem::invalid(format!(
                "verdict is `{text}`; it can be {}",
                known.join(", ")
            ))
        })?);
    }
    if let Some(text) = &query.flag {
        filter.flag = Some(Flag::from_code(text).ok_or_else(|| {
            let known: Vec<&str> = Flag::ALL.iter().map(|flag| flag.code()).collect();
            Problem::invalid(format!("flag is `{text}`; it can be {}", known.join(", ")))
        })?);
    }
    Ok(filter)
}

/// Requests, newest first.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox", security(("token" = [])),
    params(InboxQuery), responses((status = 200, body = RequestList), (status = 422)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Query(query): Query<InboxQuery>,
) -> Answer<Json<RequestList>> {
    let page = app.store.requests(filter(workspace, &query)?).await?;
    Ok(Json(RequestList {
        items: page.items.into_iter().map(RequestView::from).collect(),
        next: page.next,
    }))
}

/// One request in full.
#[utoipa::path(get, path = "/api/v1/inbox/{request_id}", tag = "inbox", security(("token" = [])),
    params(("request_id" = String, Path)), responses((status = 200, body = RequestDetail), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<RequestDetail>> {
    let request = own(&app, workspace, &text).await?;
    Ok(Json(request.into()))
}

/// A request of the caller's workspace.
async fn own(app: &App, workspace: WorkspaceId, text: &str) -> Answer<Request> {
    let request = app.store.request(id(text, "request")?).await?;
    app.store
        .snapshot()
        .get(workspace, request.summary.integration)
        .map(|_| request)
        .ok_or_else(|| Problem::not_found("request"))
}

/// Counts a request separately that has the flag `amount_differs`: it becomes an event of its own,
/// whatever id it came under. A second call changes nothing.
#[utoipa::path(post, path = "/api/v1/inbox/{request_id}/separately", tag = "inbox", security(("token" = [])),
    params(("request_id" = String, Path)),
    responses((status = 200, body = RequestDetail), (status = 404), (status = 422)))]
pub(super) async fn separately(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<RequestDetail>> {
    let known = own(&app, workspace, &text).await?;
    let separated = app.store.count_separately(known.summary.id).await?;
    if !separated.already {
        app.store.log(separated.deed(workspace, None)).await?;
    }
    let request = own(&app, workspace, &text).await?;
    Ok(Json(request.into()))
}

/// Decides requests again from their raw text, under the rules of now and the same keys.
#[utoipa::path(post, path = "/api/v1/inbox/reprocess", tag = "inbox", security(("token" = [])),
    request_body = ReprocessBody, responses((status = 200, body = ReprocessAnswer), (status = 422)))]
pub(super) async fn reprocess(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<ReprocessBody>,
) -> Answer<Json<ReprocessAnswer>> {
    let asked = body.filter;
    let query = InboxQuery {
        verdict: asked.verdict,
        flag: asked.flag,
        integration: asked.integration,
        clickid: asked.clickid,
        from: asked.from,
        to: asked.to,
        cursor: None,
        limit: None,
    };
    let chosen = ReprocessFilter {
        ids: asked.ids,
        requests: filter(workspace, &query)?,
    };
    let report = app.store.reprocess(chosen, body.dry_run).await?;
    Ok(Json(ReprocessAnswer {
        dry_run: body.dry_run,
        seen: report.seen,
        changed: report
            .changed
            .into_iter()
            .map(ReprocessedView::from)
            .collect(),
    }))
}
