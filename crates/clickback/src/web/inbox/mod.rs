//! The inbox: the list of requests, live, and one request beside it.

mod decide;
mod detail;
mod filter;
pub(super) mod live;
mod period;
pub(super) mod rows;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use clickback_core::flag::Flag;
use clickback_core::ids::{RequestId, WorkspaceId};

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::inbox::{RequestSummary, Verdict};
use crate::store::integrations::{Integration, Snapshot};

use super::error::{self, render};
use super::paint;
use super::parts::{Chip, CodeBox};
use super::ui::Ui;
use super::visitor::Visitor;

use detail::Detail;
pub(super) use detail::lead_title;
use filter::{Filter, InboxQuery};
use period::Period;
use rows::{Maker, Rows};

struct Tab {
    href: String,
    word: String,
    chosen: bool,
}

struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

/// A filter by one flag, and the way out of it.
struct FlagFilter {
    chip: Chip,
    code: &'static str,
    without: String,
}

/// What an empty inbox shows: how a postback URL looks, and how to send oneself one.
struct Lesson {
    url: Option<CodeBox>,
    curl: Option<CodeBox>,
}

#[derive(Template)]
#[template(path = "inbox/page.html")]
struct InboxPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    tabs: Vec<Tab>,
    integrations: Vec<Choice>,
    periods: Vec<Choice>,
    /// The days, where days are chosen.
    days: Option<(String, String)>,
    clickid: String,
    verdict: &'static str,
    flagged: bool,
    flag: Option<FlagFilter>,
    rows: Rows,
    /// There are no rows.
    nothing: bool,
    /// The whole list without any filter.
    all: String,
    live: Option<String>,
    /// Decides the shown ones again.
    again: Option<String>,
    older: Option<String>,
    newest: Option<String>,
    lesson: Option<Lesson>,
    detail: Option<Detail<'a>>,
}

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/inbox", get(list))
        .route("/inbox/live", get(live::stream))
        .route("/inbox/again", get(decide::preview_all).post(decide::all))
        .route("/inbox/{id}", get(one))
        .route(
            "/inbox/{id}/again",
            get(decide::preview_one).post(decide::one),
        )
        .route("/inbox/{id}/status", post(decide::say))
        .route("/inbox/{id}/separately", post(decide::separately))
}

/// Rows of the newest requests, as other pages show them.
pub(super) fn feed(ui: &Ui, snapshot: &Snapshot, requests: &[RequestSummary]) -> Rows {
    let filter = Filter::default();
    let maker = Maker {
        ui,
        snapshot,
        filter: &filter,
        selected: None,
    };
    Rows::new(requests.iter().map(|request| maker.row(request)).collect())
}

/// The list.
pub(super) async fn list(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Query(query): Query<InboxQuery>,
) -> Response {
    match page(&app, &ui, workspace, &query.filter(), None).await {
        Ok(response) => response,
        Err(cause) => error::page(&ui, &cause),
    }
}

/// One request beside the list.
pub(super) async fn one(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    Query(query): Query<InboxQuery>,
) -> Response {
    let Ok(id) = id.parse::<RequestId>() else {
        return error::not_found(&ui);
    };
    let filter = query.filter();
    let detail = match detail::read(&app, &ui, workspace, id, &filter).await {
        Ok(Some(detail)) => detail,
        Ok(None) => return error::not_found(&ui),
        Err(cause) => return error::page(&ui, &cause),
    };
    match page(&app, &ui, workspace, &filter, Some((id, detail))).await {
        Ok(response) => response,
        Err(cause) => error::page(&ui, &cause),
    }
}

async fn page(
    app: &App,
    ui: &Ui,
    workspace: WorkspaceId,
    filter: &Filter,
    detail: Option<(RequestId, Detail<'_>)>,
) -> StoreResult<Response> {
    let zone = app.store.workspace(workspace).await?.time_zone;
    let requests = filter.requests(workspace, &zone, ui.now);
    let is_past = requests.to.is_some_and(|to| to <= ui.now);
    let found = app.store.requests(requests).await?;
    let snapshot = app.store.snapshot();
    let (selected, detail) = detail.map_or((None, None), |(id, detail)| (Some(id), Some(detail)));
    let maker = Maker {
        ui,
        snapshot: &snapshot,
        filter,
        selected,
    };
    let rows: Vec<_> = found
        .items
        .iter()
        .map(|request| maker.row(request))
        .collect();
    let live = (filter.before.is_none() && !is_past).then(|| {
        let after = found
            .items
            .first()
            .map_or(RequestId(0), |request| request.id);
        let address = filter.address("/inbox/live");
        let mark = if address.contains('?') { '&' } else { '?' };
        format!("{address}{mark}after={after}")
    });
    let older = found.next.and_then(|next| next.parse().ok()).map(|before| {
        Filter {
            before: Some(before),
            ..filter.clone()
        }
        .address("/inbox")
    });
    let nothing_yet = rows.is_empty() && !filter.narrows() && filter.before.is_none();
    let page = InboxPage {
        section: "inbox",
        tabs: tabs(ui, filter),
        integrations: choices(&snapshot, workspace, filter),
        periods: Period::CODES
            .into_iter()
            .map(|code| Choice {
                id: code.to_owned(),
                name: ui
                    .coded("when-", if code.is_empty() { "any" } else { code })
                    .into_owned(),
                chosen: filter.period.code() == code,
            })
            .collect(),
        days: match &filter.period {
            Period::Days { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        },
        clickid: filter.clickid.clone().unwrap_or_default(),
        verdict: filter.verdict.map_or("", Verdict::code),
        flagged: filter.flagged,
        flag: filter.flag.map(|flag| flag_filter(ui, filter, flag)),
        all: "/inbox".to_owned(),
        live,
        again: (filter.narrows() && !rows.is_empty() && ui.may("decide"))
            .then(|| filter.newest().address("/inbox/again")),
        older,
        newest: filter.before.map(|_| filter.newest().address("/inbox")),
        lesson: nothing_yet.then(|| lesson(app, ui, &snapshot, workspace)),
        nothing: rows.is_empty(),
        rows: Rows::new(rows),
        detail,
        ui,
    };
    Ok(render(&page))
}

fn tabs(ui: &Ui, filter: &Filter) -> Vec<Tab> {
    let tab = |verdict: Option<Verdict>, flagged: bool, word: String| Tab {
        href: filter.tab(verdict, flagged).address("/inbox"),
        chosen: filter.verdict == verdict && (filter.flagged || filter.flag.is_some()) == flagged,
        word,
    };
    let mut tabs = vec![tab(None, false, ui.t("tab-all").into_owned())];
    for verdict in Verdict::ALL {
        tabs.push(tab(
            Some(verdict),
            false,
            ui.coded("tab-", verdict.code()).into_owned(),
        ));
    }
    tabs.push(tab(None, true, ui.t("tab-flagged").into_owned()));
    tabs
}

fn choices(snapshot: &Snapshot, workspace: WorkspaceId, filter: &Filter) -> Vec<Choice> {
    snapshot
        .of(workspace)
        .into_iter()
        .map(|integration| Choice {
            id: integration.id.to_string(),
            name: integration.name.clone(),
            chosen: filter.integration == Some(integration.id),
        })
        .collect()
}

fn flag_filter(ui: &Ui, filter: &Filter, flag: Flag) -> FlagFilter {
    FlagFilter {
        chip: Chip::new(ui, flag),
        code: flag.code(),
        without: Filter {
            flag: None,
            before: None,
            ..filter.clone()
        }
        .address("/inbox"),
    }
}

fn lesson(app: &App, ui: &Ui, snapshot: &Snapshot, workspace: WorkspaceId) -> Lesson {
    let first: Option<Arc<Integration>> = snapshot.of(workspace).into_iter().next();
    let Some(integration) = first else {
        return Lesson {
            url: None,
            curl: None,
        };
    };
    let sale = integration
        .configurations
        .iter()
        .find(|one| one.event == "sale");
    let Some(shown) = sale.or(integration.configurations.first()) else {
        return Lesson {
            url: None,
            curl: None,
        };
    };
    let url = integration.postback_url(&app.settings.public_url, shown);
    let curl = format!(
        "curl '{}/api/postbacks/{}/tracker-postback?tracker.event=sale&clickid=test1&tracker.cost=50&tracker.currency=usd&tracker.tid=1001'",
        app.settings.public_url, integration.uuid
    );
    Lesson {
        url: Some(CodeBox::new(ui, &ui.t("lesson-url"), paint::template(&url))),
        curl: Some(CodeBox::new(
            ui,
            &ui.t("lesson-curl"),
            vec![paint::Segment::new("", curl)],
        )),
    }
}

#[cfg(test)]
mod tests;
