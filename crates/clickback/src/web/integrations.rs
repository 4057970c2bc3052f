//! Integrations: each with its postback configurations and their ready URLs.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::{App, AppState};
use crate::store::integrations::{Configuration, Integration};

use super::error::render;
use super::inbox::rows::said_name;
use super::paint;
use super::parts::CodeBox;
use super::ui::Ui;
use super::visitor::Visitor;

struct Expander {
    name: String,
    event: String,
    /// The event in words.
    word: String,
    url: CodeBox,
}

struct Card {
    id: String,
    name: String,
    partner: Option<String>,
    enabled: bool,
    param: String,
    macro_text: String,
    expanders: Vec<Expander>,
}

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    cards: Vec<Card>,
}

/// All integrations.
pub(super) async fn list(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
) -> Response {
    let snapshot = app.store.snapshot();
    let cards = snapshot
        .of(workspace)
        .iter()
        .map(|one| card(&app, &ui, one))
        .collect();
    render(&IntegrationsPage {
        ui: &ui,
        section: "integrations",
        cards,
    })
}

fn card(app: &App, ui: &Ui, integration: &Integration) -> Card {
    let mut configurations: Vec<&Configuration> = integration.configurations.iter().collect();
    configurations.sort_by_key(|configuration| configuration.position);
    let partner = integration.partner.as_deref().map(|slug| {
        app.catalogue
            .get(slug)
            .map_or(slug, |partner| partner.name.as_str())
            .to_owned()
    });
    Card {
        id: integration.id.to_string(),
        name: integration.name.clone(),
        partner,
        enabled: integration.enabled,
        param: integration.clickid_param.clone(),
        macro_text: integration.clickid_macro.clone(),
        expanders: configurations
            .into_iter()
            .map(|configuration| {
                let url = integration.postback_url(&app.settings.public_url, configuration);
                let event = integration
                    .ruleset
                    .event(&configuration.event.to_lowercase());
                Expander {
                    name: configuration.name.clone(),
                    event: configuration.event.clone(),
                    word: said_name(ui, &event),
                    url: CodeBox::new(ui, &ui.t("postback-url"), paint::template(&url)),
                }
            })
            .collect(),
    }
}
