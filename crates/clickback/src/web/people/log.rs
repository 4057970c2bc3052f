//! What people did: the log, newest first.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::app::AppState;

use super::super::error::{self, render};
use super::super::parts::When;
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, places};

const PAGE: &str = "/settings/log";
const LINES: usize = 50;

struct Row {
    when: When,
    who: String,
    what: Cow<'static, str>,
    subject: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "people/log.html")]
struct LogPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct LogQuery {
    before: String,
}

/// The page.
pub(super) async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(query): Query<LogQuery>,
) -> Response {
    let ui = &visitor.ui;
    let before: Option<i64> = query.before.parse().ok();
    let workspace = visitor.workspace;
    let found = async {
        let users = app.store.users(workspace).await?;
        let lines = app.store.log_lines(workspace, before, LINES + 1).await?;
        Ok((users, lines))
    };
    let (users, mut lines) = match found.await {
        Ok(found) => found,
        Err(cause) => return error::page(ui, &cause),
    };
    let more = lines.len() > LINES;
    lines.truncate(LINES);
    let older = lines
        .last()
        .filter(|_| more)
        .map(|line| format!("{PAGE}?before={}", line.id));
    let rows = lines
        .into_iter()
        .map(|line| Row {
            when: When::new(ui, line.done_at),
            who: users
                .iter()
                .find(|user| Some(user.id) == line.user)
                .map_or_else(
                    || ui.t("log-command-line").into_owned(),
                    |user| user.name.clone(),
                ),
            what: ui.coded("log-", &line.action),
            subject: line.subject,
            detail: line.detail,
        })
        .collect();
    render(&LogPage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        rows,
        older,
    })
}
