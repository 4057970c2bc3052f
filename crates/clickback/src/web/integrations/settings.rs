//! Saving sections of settings, switching an integration off and on, deleting it, defining events.

use axum::extract::{Path, State};
use axum::response::Response;
use clickback_core::rules::CustomEvent;
use clickback_core::set_up;

use crate::app::{App, AppState};
use crate::set_up::{macro_for, partner_of};
use crate::store::integrations::{Integration, IntegrationPatch};
use crate::web::error;
use crate::web::notice;
use crate::web::posted::{Faults, Posted};
use crate::web::visitor::Visitor;

use super::page::{Draft, Place};
use super::postbacks::{make_fields, refused};
use super::sections::{self, Section};
use super::{find, sentence};

/// Saves one section.
pub(super) async fn save(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path((id, section)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    let Some(section) = Section::from_code(&section) else {
        return error::not_found(&ui);
    };
    let aliases_of = |slug: &str| {
        let partner = app.catalogue.get(slug)?;
        Some(partner.rules.aliases.clone())
    };
    let change = match sections::read(&ui, section, &posted, &integration, &aliases_of) {
        Ok(change) => change,
        Err(faults) => {
            let draft = Draft::new(Place::Section(section), &posted, &faults);
            return refused(&app, &ui, &integration, &draft).await;
        }
    };
    let mut patch = change.patch;
    if section == Section::Clickid && patch.clickid_macro.is_none() {
        let param = patch.clickid_param.as_deref().unwrap_or_default();
        patch.clickid_macro = Some(macro_of_style(&app, &integration, param));
    }
    let saved = async {
        make_fields(&app, &integration, &change.new_fields).await?;
        app.store.update_integration(integration.id, patch).await
    };
    match saved.await {
        Ok(_) => {
            let code = section.code();
            let to = format!("/integrations/{}?open={code}#{code}", integration.id);
            notice::redirect(&to, "saved")
        }
        Err(cause) => error::page(&ui, &cause),
    }
}

/// The macro of a parameter: in the partner's style, or in that of the macro that was there.
fn macro_of_style(app: &App, integration: &Integration, param: &str) -> String {
    if let Some(partner) = partner_of(app, integration) {
        return macro_for(Some(partner), param);
    }
    let pattern = clickback_core::macros::pattern_of(&integration.clickid_macro);
    clickback_core::link::macro_of(param, pattern.as_deref().unwrap_or_default())
}

/// Switches an integration off or on.
pub(super) async fn switch(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    let enabled = posted.get("enabled") == "yes";
    let patch = IntegrationPatch {
        enabled: Some(enabled),
        ..IntegrationPatch::default()
    };
    match app.store.update_integration(integration.id, patch).await {
        Ok(_) => {
            let key = if enabled {
                "switched-on"
            } else {
                "switched-off"
            };
            notice::redirect(&format!("/integrations/{}", integration.id), key)
        }
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Deletes an integration; leads and events stay.
pub(super) async fn delete(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    match app.store.delete_integration(integration.id).await {
        Ok(()) => notice::redirect("/integrations", "integration-deleted"),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Defines an event of the workspace.
pub(super) async fn define_event(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    let name = match set_up::custom_event(posted.get("event_name")) {
        Ok(name) => name,
        Err(fault) => {
            let mut faults = Faults::default();
            faults.add("event_name", sentence(&ui, &fault));
            let draft = Draft::new(Place::Event, &posted, &faults);
            return refused(&app, &ui, &integration, &draft).await;
        }
    };
    let event = CustomEvent {
        name,
        counts_money: posted.get("counts_money") == "yes",
    };
    match app.store.define_event(workspace, event).await {
        Ok(()) => {
            let to = format!("/integrations/{}?open=events#events", integration.id);
            notice::redirect(&to, "event-defined")
        }
        Err(cause) => error::page(&ui, &cause),
    }
}
