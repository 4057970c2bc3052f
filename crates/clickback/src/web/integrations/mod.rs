//! Integrations: the list with the catalogue, connecting, and the page of one with everything that is
//! set up on it.

mod connect;
mod list;
mod page;
mod postbacks;
mod sections;
mod settings;
mod state;
mod testing;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use clickback_core::ids::WorkspaceId;
use clickback_core::partner::{Partner, prepared_name};
use clickback_core::set_up::SetUpError;

use crate::app::{App, AppState};
use crate::set_up::partner_of;
use crate::store::integrations::{Configuration, Integration};

use super::parts::Rich;
use super::ui::Ui;

pub(super) use postbacks::make_fields;

/// The pages of integrations.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/integrations", get(list::page))
        .route(
            "/integrations/new",
            get(connect::form).post(connect::submit),
        )
        .route("/integrations/{id}", get(page::show))
        .route("/integrations/{id}/switch", post(settings::switch))
        .route("/integrations/{id}/delete", post(settings::delete))
        .route(
            "/integrations/{id}/settings/{section}",
            post(settings::save),
        )
        .route("/integrations/{id}/events", post(settings::define_event))
        .route("/integrations/{id}/postbacks", post(postbacks::add))
        .route(
            "/integrations/{id}/postbacks/{postback}",
            post(postbacks::act),
        )
        .route(
            "/integrations/{id}/postbacks/{postback}/check",
            post(postbacks::check),
        )
        .route("/integrations/{id}/test", post(testing::send))
}

/// An integration of the workspace; everything else is not found.
pub(super) fn find(app: &App, workspace: WorkspaceId, id: &str) -> Option<Arc<Integration>> {
    app.store.snapshot().get(workspace, id.parse().ok()?)
}

/// What cannot be set up like this, in the visitor's words.
pub(super) fn sentence(ui: &Ui, error: &SetUpError) -> String {
    let key = format!("set-up-{}", error.code().replace('_', "-"));
    ui.with(&key, &[("value", error.value())]).into_owned()
}

/// What a postback configuration is called: a name that the program gave it, in the visitor's language.
pub(super) fn configuration_name(
    app: &App,
    ui: &Ui,
    integration: &Integration,
    configuration: &Configuration,
) -> String {
    let partner = partner_of(app, integration);
    let (event, name) = (&configuration.event, &configuration.name);
    prepared_name(partner, event, name, ui.language.code())
}

/// The code of a partner's category.
fn category(partner: &Partner) -> String {
    partner.category.code().to_owned()
}

/// What a user should know before pasting, in the visitor's language.
fn notes(ui: &Ui, partner: &Partner) -> Vec<Rich> {
    let russian = ui.language == super::i18n::Language::Russian;
    partner
        .notes
        .iter()
        .map(|note| Rich::new(if russian { &note.ru } else { &note.en }))
        .collect()
}
