//! What a person decides in the inbox: requests decided again, with a preview of what would change,
//! and events approved or voided by hand.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use clickback_core::event::Status;
use clickback_core::ids::{EventId, RequestId};
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::inbox::{ReprocessFilter, Reprocessed, RequestFilter, Verdict};
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};
use crate::web::error::{self, render};
use crate::web::notice;
use crate::web::parts::{Badge, Money};
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::filter::{Filter, InboxQuery};
use super::rows::event_name;

/// Requests that one click decides again, from the newest on; days lead to older ones.
const MOST: usize = 5_000;
/// Changes that the preview spells out.
const SHOWN: usize = 100;

/// A request before and after.
struct Row {
    href: String,
    before: Badge,
    after: Badge,
    event: String,
    money: Option<Money>,
}

#[derive(Template)]
#[template(path = "inbox/again.html")]
struct AgainPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    /// Back to where it was asked.
    back: String,
    action: String,
    seen: String,
    changed: String,
    rows: Vec<Row>,
    hidden: Option<String>,
    nothing: bool,
    /// There are older requests that were not read.
    more: Option<String>,
}

fn chosen(workspace: clickback_core::ids::WorkspaceId, ids: Vec<RequestId>) -> ReprocessFilter {
    ReprocessFilter {
        ids,
        requests: RequestFilter {
            limit: MOST,
            ..RequestFilter::new(workspace)
        },
    }
}

/// The filter's requests from the newest on, and whether there are older ones.
async fn filtered(
    app: &App,
    visitor: &Visitor,
    filter: &Filter,
) -> StoreResult<(ReprocessFilter, bool)> {
    let zone = app.store.workspace(visitor.workspace).await?.time_zone;
    let requests = RequestFilter {
        limit: MOST,
        before: None,
        ..filter.requests(visitor.workspace, &zone, visitor.ui.now)
    };
    let page = app.store.requests(requests.clone()).await?;
    let ids = page.items.iter().map(|request| request.id).collect();
    Ok((ReprocessFilter { ids, requests }, page.next.is_some()))
}

async fn preview(
    app: &App,
    ui: &Ui,
    filter: ReprocessFilter,
    back: String,
    action: String,
    more: bool,
) -> StoreResult<Response> {
    let report = app.store.reprocess(filter, true).await?;
    let total = report.changed.len();
    let rows = report
        .changed
        .iter()
        .take(SHOWN)
        .map(|one| row(ui, one))
        .collect();
    Ok(render(&AgainPage {
        ui,
        section: "inbox",
        back,
        action,
        seen: ui
            .count(
                "again-seen",
                usize::try_from(report.seen).unwrap_or(usize::MAX),
            )
            .into_owned(),
        changed: ui.count("again-changed", total).into_owned(),
        hidden: (total > SHOWN).then(|| ui.count("again-hidden", total - SHOWN).into_owned()),
        nothing: total == 0,
        more: more.then(|| ui.count("again-more", MOST).into_owned()),
        rows,
    }))
}

fn row(ui: &Ui, one: &Reprocessed) -> Row {
    let event = one.event.as_ref();
    Row {
        href: format!("/inbox/{}", one.request),
        before: Badge::verdict(ui, one.before),
        after: Badge::verdict(ui, one.after),
        event: event.map_or_else(String::new, |event| event_name(ui, event.kind, &event.name)),
        money: event.and_then(|event| {
            let amount = event.amount?;
            Some(Money::new(ui, amount, event.currency))
        }),
    }
}

/// A request of the visitor's workspace.
async fn own(app: &App, visitor: &Visitor, id: &str) -> StoreResult<RequestId> {
    let missing = StoreError::NotFound { what: "request" };
    let id: RequestId = id.parse().map_err(|_| missing.clone())?;
    let request = app.store.request(id).await?;
    let snapshot = app.store.snapshot();
    match snapshot.get(visitor.workspace, request.summary.integration) {
        Some(_) => Ok(id),
        None => Err(missing),
    }
}

/// What deciding one request again would change.
pub(super) async fn preview_one(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let shown = async {
        let id = own(&app, &visitor, &id).await?;
        let filter = chosen(visitor.workspace, vec![id]);
        let back = format!("/inbox/{id}");
        let action = format!("/inbox/{id}/again");
        preview(&app, &visitor.ui, filter, back, action, false).await
    };
    shown
        .await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

/// Decides one request again.
pub(super) async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let id = own(&app, &visitor, &id).await?;
        let filter = chosen(visitor.workspace, vec![id]);
        let report = app.store.reprocess(filter, false).await?;
        log(&app, &visitor, &id.to_string(), report.changed.len()).await?;
        Ok::<_, StoreError>(format!("/inbox/{id}"))
    };
    match done.await {
        Ok(back) => notice::redirect(&back, "decided-again"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// What deciding the filter's requests again would change.
pub(super) async fn preview_all(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(query): Query<InboxQuery>,
) -> Response {
    let filter = query.filter().newest();
    let action = filter.address("/inbox/again");
    let back = filter.address("/inbox");
    let shown = async {
        let (requests, more) = filtered(&app, &visitor, &filter).await?;
        preview(&app, &visitor.ui, requests, back, action, more).await
    };
    shown
        .await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

/// Decides the filter's requests again.
pub(super) async fn all(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(query): Query<InboxQuery>,
) -> Response {
    let filter = query.filter().newest();
    let done = async {
        let (requests, _) = filtered(&app, &visitor, &filter).await?;
        let report = app.store.reprocess(requests, false).await?;
        let what = filter.verdict.map_or("inbox", Verdict::code);
        log(&app, &visitor, what, report.changed.len()).await
    };
    match done.await {
        Ok(()) => notice::redirect(&filter.address("/inbox"), "decided-again"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn log(app: &App, visitor: &Visitor, what: &str, changed: usize) -> StoreResult<()> {
    app.store
        .log(Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action: "decided_again",
            subject: what.to_owned(),
            detail: changed.to_string(),
        })
        .await
}

/// What a person says of an event.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Said {
    status: String,
}

/// Approves or voids the event that a request made.
pub(super) async fn say(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Response {
    let (status, action) = match said.status.as_str() {
        "approved" => (Status::Approved, "event_approved"),
        "rejected" => (Status::Rejected, "event_voided"),
        _ => return error::bad_form(&visitor.ui),
    };
    let done = async {
        let request = own(&app, &visitor, &id).await?;
        let event: EventId = request.event();
        app.store.set_event_status(event, status).await?;
        app.store
            .log(Deed {
                workspace: visitor.workspace,
                user: visitor.user,
                action,
                subject: event.to_string(),
                detail: String::new(),
            })
            .await?;
        Ok::<_, StoreError>(request)
    };
    match done.await {
        Ok(request) => notice::redirect(&format!("/inbox/{request}"), "saved"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Counts a request separately that came under the id of a known event with another sum.
pub(super) async fn separately(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let request = own(&app, &visitor, &id).await?;
        let separated = app.store.count_separately(request).await?;
        if !separated.already {
            let deed = separated.deed(visitor.workspace, visitor.user);
            app.store.log(deed).await?;
        }
        Ok::<_, StoreError>(request)
    };
    match done.await {
        Ok(request) => notice::redirect(&format!("/inbox/{request}"), "counted-separately"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
