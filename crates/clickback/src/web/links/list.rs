//! The list of registration links, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;
use crate::store::integrations::LinkFilter;
use crate::web::error::{self, render};
use crate::web::ui::Ui;
use crate::web::visitor::{Scope, Visitor};

use super::row::{self, LinkRow};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    integration: String,
    before: String,
}

#[derive(Template)]
#[template(path = "links/list.html")]
struct ListPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    rows: Vec<LinkRow>,
    /// Id, name and whether it is the chosen one.
    integrations: Vec<(String, String, bool)>,
    filtered: bool,
    older: Option<String>,
    newest: Option<String>,
    may_link: bool,
    may_set_up: bool,
}

/// The page.
pub(super) async fn page(
    State(app): State<AppState>,
    Visitor {
        workspace,
        scope,
        ui,
        ..
    }: Visitor,
    Query(query): Query<ListQuery>,
) -> Response {
    let snapshot = app.store.snapshot();
    let wanted = query.integration.parse().ok();
    let wanted = wanted.and_then(|id| snapshot.get(workspace, id));
    let before = query.before.parse().ok();
    let filter = LinkFilter {
        workspace,
        integration: wanted.as_ref().map(|one| one.id),
        owners: match scope {
            Scope::Team => None,
            Scope::Of(people) => Some(people),
        },
        before,
        limit: PAGE,
    };
    let page = match app.store.links_page(filter).await {
        Ok(page) => page,
        Err(cause) => return error::page(&ui, &cause),
    };
    let here = match &wanted {
        Some(one) => format!("/links?integration={}", one.id),
        None => "/links".to_owned(),
    };
    let joint = if wanted.is_some() { '&' } else { '?' };
    let rows = page.items.iter().filter_map(|link| {
        let integration = snapshot.get(workspace, link.integration)?;
        Some(row::row(&ui, &integration, link))
    });
    render(&ListPage {
        section: "links",
        rows: rows.collect(),
        integrations: snapshot
            .of(workspace)
            .iter()
            .map(|one| {
                let chosen = wanted.as_ref().is_some_and(|wanted| wanted.id == one.id);
                (one.id.to_string(), one.name.clone(), chosen)
            })
            .collect(),
        filtered: wanted.is_some(),
        older: page.next.map(|next| format!("{here}{joint}before={next}")),
        newest: before.map(|_| here),
        may_link: ui.may("make-links"),
        may_set_up: ui.may("set-up"),
        ui: &ui,
    })
}
