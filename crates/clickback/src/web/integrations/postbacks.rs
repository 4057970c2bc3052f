//! Postback configurations of one integration: the ready URL with the macros that make it, what is wrong
//! with it, and changing, ordering, deleting them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use clickback_core::ids::ConfigurationId;
use clickback_core::set_up;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::integrations::{
    Configuration, Integration, IntegrationPatch, NewConfiguration, NewField,
};
use crate::web::error::{self, render};
use crate::web::notice;
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::page::{self, Draft, Place};
use super::{find, sentence};

pub(super) mod plan;
pub(super) mod view;

use plan::Plan;

/// Adds a configuration.
pub(super) async fn add(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    let mut faults = Faults::default();
    let name = faults.take(
        "name",
        set_up::name(posted.get("name"), "name").map_err(|fault| sentence(&ui, &fault)),
    );
    let event = faults.take(
        "event",
        set_up::event(posted.get("event")).map_err(|fault| sentence(&ui, &fault)),
    );
    let (Some(name), Some(event)) = (name, event) else {
        let draft = Draft::new(Place::NewPostback, &posted, &faults);
        return refused(&app, &ui, &integration, &draft).await;
    };
    // A configuration of the same event says which macros the partner has.
    let rules = plan::like_others(&integration, &event);
    let new = NewConfiguration { name, event, rules };
    match app.store.create_configuration(integration.id, new).await {
        Ok(made) => saved(&integration, Some(made.id), "saved"),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Saves, moves or deletes a configuration, by the button that was pressed.
pub(super) async fn act(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path((id, postback)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let Some((integration, configuration)) = known(&app, workspace, &id, &postback) else {
        return error::not_found(&ui);
    };
    let done = match posted.get("do") {
        "delete" => app.store.delete_configuration(configuration.id).await,
        "up" | "down" => {
            let order = moved(&integration, configuration.id, posted.get("do") == "up");
            app.store.order_configurations(integration.id, order).await
        }
        _ => {
            let (plan, faults) = plan::read(&ui, &posted, &integration, &configuration);
            if !faults.is_empty() {
                let draft = Draft::new(Place::Postback(configuration.id), &posted, &faults);
                return refused(&app, &ui, &integration, &draft).await;
            }
            return match carry_out(&app, &integration, &configuration, plan).await {
                Ok(()) => saved(&integration, Some(configuration.id), "saved"),
                Err(cause) => error::page(&ui, &cause),
            };
        }
    };
    match done {
        Ok(()) if posted.get("do") == "delete" => saved(&integration, None, "postback-deleted"),
        Ok(()) => saved(&integration, None, "saved"),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// What is wrong with what is typed, as a part of the page: the live preview asks for it.
pub(super) async fn check(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path((id, postback)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let Some((integration, configuration)) = known(&app, workspace, &id, &postback) else {
        return error::not_found(&ui);
    };
    let (plan, _) = plan::read(&ui, &posted, &integration, &configuration);
    let (integration, configuration) = plan.applied(&integration, &configuration);
    let warnings = view::warnings(&app, &ui, &integration, &configuration);
    Html(warnings.to_string()).into_response()
}

fn known(
    app: &App,
    workspace: clickback_core::ids::WorkspaceId,
    id: &str,
    postback: &str,
) -> Option<(Arc<Integration>, Configuration)> {
    let integration = find(app, workspace, id)?;
    let postback: Option<ConfigurationId> = postback.parse().ok();
    let known = integration
        .configurations
        .iter()
        .find(|one| Some(one.id) == postback)
        .cloned()?;
    Some((integration, known))
}

/// The order with one configuration a place higher or lower.
fn moved(integration: &Integration, id: ConfigurationId, up: bool) -> Vec<ConfigurationId> {
    let mut order: Vec<ConfigurationId> = page::ordered(integration)
        .iter()
        .map(|one| one.id)
        .collect();
    if let Some(place) = order.iter().position(|one| *one == id) {
        let other = if up {
            place.saturating_sub(1)
        } else {
            (place + 1).min(order.len().saturating_sub(1))
        };
        order.swap(place, other);
    }
    order
}

async fn carry_out(
    app: &App,
    integration: &Integration,
    configuration: &Configuration,
    plan: Plan,
) -> StoreResult<()> {
    make_fields(app, integration, &plan.new_fields).await?;
    if let Some(rules) = plan.rules {
        let patch = IntegrationPatch {
            rules: Some(rules),
            ..IntegrationPatch::default()
        };
        app.store.update_integration(integration.id, patch).await?;
    }
    app.store
        .update_configuration(configuration.id, plan.configuration)
        .await?;
    Ok(())
}

/// Makes text fields for keys that the workspace does not have.
pub(in crate::web) async fn make_fields(
    app: &App,
    integration: &Integration,
    keys: &[String],
) -> StoreResult<()> {
    for key in keys {
        let new = NewField {
            key: key.clone(),
            name: key.clone(),
            kind: clickback_core::field::FieldKind::Text,
            options: Vec::new(),
            visible: true,
        };
        match app.store.create_field(integration.workspace, new).await {
            // Somebody else was faster.
            Ok(_) | Err(crate::store::StoreError::Conflict { .. }) => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

/// Back to the page, with the configuration open.
fn saved(integration: &Integration, open: Option<ConfigurationId>, key: &'static str) -> Response {
    let to = match open {
        Some(open) => format!("/integrations/{}?open={open}#p-{open}", integration.id),
        None => format!("/integrations/{}#postbacks", integration.id),
    };
    notice::redirect(&to, key)
}

/// The page again, with what was typed and what is wrong with it.
pub(super) async fn refused(
    app: &App,
    ui: &Ui,
    integration: &Arc<Integration>,
    draft: &Draft<'_>,
) -> Response {
    match page::build(
        app,
        ui,
        integration,
        Some(draft),
        &page::PageQuery::default(),
    )
    .await
    {
        Ok(page) => (StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response(),
        Err(cause) => error::page(ui, &cause),
    }
}
