//! Settings of lead statuses: the whole list in one form.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use clickback_core::lead::{FIRST_STATUS, LeadStatus, TONES, check_statuses, status_code};

use crate::app::{App, AppState};
use crate::store::{StoreError, StoreResult};

use super::error::{self, render};
use super::leads::{Choice, Given, status_name};
use super::notice;
use super::people::{Place, places};
use super::ui::Ui;
use super::visitor::Visitor;

const PAGE: &str = "/settings/statuses";

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/settings/statuses", get(page).post(save))
}

struct Row {
    code: String,
    name: String,
    tone: String,
    tones: Vec<Choice>,
    first: bool,
}

#[derive(Template)]
#[template(path = "fields/statuses.html")]
struct StatusesPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    new_tones: Vec<Choice>,
    wrong: Option<String>,
}

fn tones(ui: &Ui, chosen: &str) -> Vec<Choice> {
    TONES
        .map(|tone| Choice::new(tone, ui.coded("tone-", tone), chosen))
        .into()
}

async fn page(State(app): State<AppState>, visitor: Visitor) -> Response {
    match app.store.lead_statuses(visitor.workspace).await {
        Ok(list) => show(&visitor.ui, &list, None),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

fn show(ui: &Ui, list: &[LeadStatus], wrong: Option<String>) -> Response {
    let is_wrong = wrong.is_some();
    let page = render(&StatusesPage {
        section: "settings",
        places: places(ui, PAGE),
        rows: list
            .iter()
            .map(|status| Row {
                name: status_name(ui, status),
                tones: tones(ui, &status.tone),
                tone: status.tone.clone(),
                first: status.code == FIRST_STATUS,
                code: status.code.clone(),
            })
            .collect(),
        new_tones: tones(ui, "quiet"),
        wrong,
        ui,
    });
    if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page
    }
}

/// The list as the form gives it. A name that was left as the program's own word stays that.
fn read(ui: &Ui, known: &[LeadStatus], given: &Given) -> Vec<LeadStatus> {
    let mut list: Vec<(i64, LeadStatus)> = Vec::new();
    for (place, status) in (1_i64..).zip(known) {
        let of = |what: &str| given.get(&format!("{what}-{}", status.code));
        if given.has(&format!("delete-{}", status.code)) && status.code != FIRST_STATUS {
            continue;
        }
        let name = of("name");
        let left = name.is_empty() || name == status_name(ui, status);
        let changed = LeadStatus {
            code: status.code.clone(),
            name: if left {
                status.name.clone()
            } else {
                name.to_owned()
            },
            tone: Some(of("tone"))
                .filter(|tone| !tone.is_empty())
                .unwrap_or(&status.tone)
                .to_owned(),
        };
        list.push((of("place").parse().unwrap_or(place), changed));
    }
    list.sort_by_key(|(place, _)| *place);
    let mut list: Vec<LeadStatus> = list.into_iter().map(|(_, status)| status).collect();
    let name = given.get("name");
    if !name.is_empty() {
        let taken: Vec<&str> = known.iter().map(|status| status.code.as_str()).collect();
        list.push(LeadStatus {
            code: status_code(name, &taken),
            name: name.to_owned(),
            tone: given.get("tone").to_owned(),
        });
    }
    list
}

async fn save(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    match try_save(&app, &visitor, &given).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn try_save(app: &App, visitor: &Visitor, given: &Given) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let known = app.store.lead_statuses(visitor.workspace).await?;
    let list = read(ui, &known, given);
    if check_statuses(&list).is_err() {
        return Ok(show(ui, &list, Some(ui.t("statuses-unfit").into_owned())));
    }
    match app
        .store
        .set_lead_statuses(visitor.workspace, list.clone())
        .await
    {
        Ok(()) => Ok(notice::redirect(PAGE, "saved")),
        Err(StoreError::Invalid { .. }) => {
            Ok(show(ui, &list, Some(ui.t("statuses-unfit").into_owned())))
        }
        Err(cause) => Err(cause),
    }
}
