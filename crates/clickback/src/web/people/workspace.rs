//! The workspace's own settings: its name, and the clock by which it counts days.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clickback_core::moment::is_zone;
use serde::Deserialize;

use crate::app::AppState;
use crate::store::people::Deed;
use crate::store::reports::Workspace;

use super::super::error::{self, render};
use super::super::notice;
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, checked_name, places};

const PAGE: &str = "/settings/workspace";
/// Zones that most teams live in; any other may be typed.
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Moscow",
    "Europe/Kyiv",
    "Europe/Minsk",
    "Europe/Warsaw",
    "Europe/Berlin",
    "Europe/London",
    "Asia/Almaty",
    "Asia/Tashkent",
    "Asia/Tbilisi",
    "Asia/Yerevan",
    "Asia/Dubai",
    "Asia/Yekaterinburg",
    "Asia/Novosibirsk",
    "Asia/Bangkok",
    "Asia/Ho_Chi_Minh",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "America/New_York",
];

#[derive(Template)]
#[template(path = "people/workspace.html")]
struct WorkspacePage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    given: &'a Given,
    zones: &'static [&'static str],
    name_wrong: Option<String>,
    zone_wrong: Option<String>,
}

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    name: String,
    time_zone: String,
}

fn show(
    ui: &Ui,
    given: &Given,
    name_wrong: Option<String>,
    zone_wrong: Option<String>,
) -> Response {
    let fits = name_wrong.is_none() && zone_wrong.is_none();
    let page = render(&WorkspacePage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        given,
        zones: ZONES,
        name_wrong,
        zone_wrong,
    });
    if fits {
        page
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    }
}

/// The page.
pub(super) async fn page(State(app): State<AppState>, visitor: Visitor) -> Response {
    match app.store.workspace(visitor.workspace).await {
        Ok(workspace) => {
            let given = Given {
                name: workspace.name,
                time_zone: workspace.time_zone,
            };
            show(&visitor.ui, &given, None, None)
        }
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Another name or clock.
pub(super) async fn change(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Given>,
) -> Response {
    let ui = &visitor.ui;
    let name = checked_name(ui, &given.name);
    let zone = given.time_zone.trim();
    let zone_wrong = (!is_zone(zone)).then(|| ui.t("workspace-zone-unfit").into_owned());
    let (Ok(name), None) = (&name, &zone_wrong) else {
        return show(ui, &given, name.err(), zone_wrong);
    };
    let done = async {
        let to = Workspace {
            name: name.clone(),
            time_zone: zone.to_owned(),
        };
        app.store.update_workspace(visitor.workspace, to).await?;
        app.store
            .log(Deed {
                workspace: visitor.workspace,
                user: visitor.user,
                action: "workspace_changed",
                subject: name.clone(),
                detail: zone.to_owned(),
            })
            .await
    };
    match done.await {
        Ok(()) => notice::redirect(PAGE, "saved"),
        Err(cause) => error::page(ui, &cause),
    }
}
