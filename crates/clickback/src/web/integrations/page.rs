//! The page of one integration, from the clickid to the test.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use clickback_core::ids::ConfigurationId;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::set_up::{macro_for, partner_of};
use crate::store::StoreResult;
use crate::store::integrations::{Configuration, Integration, LinkFilter};
use crate::web::error::{self, render};
use crate::web::forms::Input;
use crate::web::links::row::{self, LinkRow};
use crate::web::parts::{CodeBox, Rich};
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::postbacks::view::{self, PostbackView};
use super::sections::Section;
use super::state::State;
use super::testing::{self, Tested};
use super::{find, notes};

mod groups;

use groups::Groups;

/// Links that the page shows.
const LINKS: usize = 20;

/// What the page is asked to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    /// The configuration or section that is open.
    open: String,
    /// The test that was just sent.
    tested: String,
}

/// Where a form stands on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Section(Section),
    Postback(ConfigurationId),
    NewPostback,
    Event,
    Test,
}

/// A form that was not saved: what was typed, and what is wrong with it.
pub(super) struct Draft<'a> {
    pub(super) place: Place,
    pub(super) posted: &'a Posted,
    pub(super) faults: &'a Faults,
}

impl<'a> Draft<'a> {
    pub(super) fn new(place: Place, posted: &'a Posted, faults: &'a Faults) -> Draft<'a> {
        Draft {
            place,
            posted,
            faults,
        }
    }
}

/// A step of the rail.
struct Step {
    number: usize,
    anchor: &'static str,
    word: String,
    done: bool,
}

#[derive(Template)]
#[template(path = "integrations/page.html")]
pub(super) struct IntegrationPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    id: String,
    name: &'a str,
    /// Slug and name of the partner.
    partner: Option<(&'a str, &'a str)>,
    enabled: bool,
    state: State,
    steps: Vec<Step>,
    notes: Vec<Rich>,
    param: Input,
    macro_input: Input,
    /// Parameters that the partner has for a clickid.
    choices: &'a [String],
    link_example: CodeBox,
    postbacks: Vec<PostbackView>,
    new_name: Input,
    new_event: Input,
    adding: bool,
    groups: Groups,
    links: Vec<LinkRow>,
    more_links: bool,
    test: Vec<Input>,
    tested: Option<Tested>,
    events: Vec<String>,
    field_keys: Vec<String>,
    parameter_names: Vec<String>,
    may_set_up: bool,
    may_link: bool,
}

/// Shows it.
pub(super) async fn show(
    Shared(app): Shared<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    match build(&app, &ui, &integration, None, &query).await {
        Ok(page) => render(&page),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// The configurations in the order of their places.
pub(super) fn ordered(integration: &Integration) -> Vec<&Configuration> {
    let mut list: Vec<&Configuration> = integration.configurations.iter().collect();
    list.sort_by_key(|one| (one.position, one.id));
    list
}

/// Everything on the page.
pub(super) async fn build<'a>(
    app: &'a App,
    ui: &'a Ui,
    integration: &'a Arc<Integration>,
    draft: Option<&Draft<'_>>,
    query: &PageQuery,
) -> StoreResult<IntegrationPage<'a>> {
    let workspace = integration.workspace;
    let now = app.clock.now();
    let mut pulses = app
        .store
        .pulses(workspace, Some(integration.id), now)
        .await?;
    let pulse = pulses.remove(&integration.id).unwrap_or_default();
    let partner = partner_of(app, integration);
    let links = app
        .store
        .links_page(LinkFilter {
            workspace,
            integration: Some(integration.id),
            owners: None,
            before: None,
            limit: LINKS,
        })
        .await?;
    let tested = testing::tested(app, ui, integration, &query.tested).await?;
    let mut postbacks: Vec<PostbackView> = ordered(integration)
        .into_iter()
        .map(|one| view::view(app, ui, integration, one, &pulse, draft))
        .collect();
    mark_places(&mut postbacks, &query.open);
    let events = events(integration);
    let state = State::new(ui, integration, &pulse);
    let made = !links.items.is_empty();
    let steps = steps(ui, integration, pulse.last.is_some(), made);
    let typed = |place: Place| draft.filter(|draft| draft.place == place);
    let clickid = typed(Place::Section(Section::Clickid));
    let input = |name: &str, label: &str, stored: &str, draft: Option<&Draft<'_>>| {
        let value = draft.map_or(stored, |draft| draft.posted.get(name));
        Input::new("new", name, ui.t(label), value)
            .error(draft.and_then(|draft| draft.faults.of(name)))
    };
    let adding = typed(Place::NewPostback);
    let example = format!(
        "{}?{}={{{{tracker.clickid}}}}",
        ui.t("link-example-base"),
        integration.clickid_param
    );
    Ok(IntegrationPage {
        section: "integrations",
        id: integration.id.to_string(),
        name: &integration.name,
        partner: partner.map(|partner| (partner.slug.as_str(), partner.name.as_str())),
        enabled: integration.enabled,
        state,
        steps,
        notes: partner
            .map(|partner| notes(ui, partner))
            .unwrap_or_default(),
        param: input(
            "clickid_param",
            "connect-param",
            &integration.clickid_param,
            clickid,
        )
        .mono()
        .required()
        .max(64)
        .list("clickid-params"),
        macro_input: input(
            "clickid_macro",
            "connect-macro",
            &integration.clickid_macro,
            clickid,
        )
        .mono()
        .placeholder(macro_for(partner, &integration.clickid_param)),
        choices: partner.map_or(&[], |partner| &partner.clickid.params),
        link_example: CodeBox::new(
            ui,
            &ui.t("registration-link"),
            crate::web::paint::template(&example),
        ),
        new_name: input("name", "postback-name", "", adding)
            .required()
            .max(200)
            .placeholder(ui.t("postback-name-example")),
        new_event: input("event", "postback-event", "", adding)
            .mono()
            .required()
            .list("event-names")
            .max(64)
            .placeholder("withdrawal"),
        adding: adding.is_some(),
        groups: Groups::new(app, ui, integration, draft, &query.open),
        links: links
            .items
            .iter()
            .map(|link| row::row(ui, integration, link))
            .collect(),
        more_links: links.next.is_some(),
        test: test_inputs(ui, integration, typed(Place::Test)),
        tested,
        events,
        field_keys: field_keys(integration),
        parameter_names: groups::parameter_names(integration),
        may_set_up: ui.may("set-up"),
        may_link: ui.may("make-links"),
        postbacks,
        ui,
    })
}

/// First and last cannot go further; the one that was asked for is open.
fn mark_places(postbacks: &mut [PostbackView], open: &str) {
    for one in postbacks.iter_mut() {
        one.open |= one.id.to_string() == open;
    }
    if let Some(first) = postbacks.first_mut() {
        first.first = true;
    }
    if let Some(last) = postbacks.last_mut() {
        last.last_one = true;
    }
}

/// Names that an event can have here: built in, then the workspace's own.
pub(super) fn events(integration: &Integration) -> Vec<String> {
    let mut own: Vec<String> = integration.ruleset.custom_events.keys().cloned().collect();
    own.sort();
    let built_in = clickback_core::set_up::BUILT_IN.iter();
    built_in.map(|name| (*name).to_owned()).chain(own).collect()
}

fn field_keys(integration: &Integration) -> Vec<String> {
    let mut keys: Vec<String> = integration.ruleset.fields.keys().cloned().collect();
    keys.sort();
    keys
}

fn steps(ui: &Ui, integration: &Integration, received: bool, linked: bool) -> Vec<Step> {
    let rules = &integration.ruleset.rules;
    let maps = !rules.field_mappings.is_empty()
        || integration.configurations.iter().any(|one| {
            let mut names = one.rules.params.iter().map(|(name, _)| name);
            names.any(|name| name.starts_with("fields."))
        });
    [
        ("clickid", !integration.clickid_macro.is_empty()),
        ("postbacks", !integration.configurations.is_empty()),
        ("fields", maps),
        ("links", linked),
        ("test", received),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (anchor, done))| Step {
        number: at + 1,
        anchor,
        word: ui.coded("step-", anchor).into_owned(),
        done,
    })
    .collect()
}

fn test_inputs(ui: &Ui, integration: &Integration, draft: Option<&Draft<'_>>) -> Vec<Input> {
    let currency = integration
        .ruleset
        .rules
        .currency
        .map_or_else(|| "USD".to_owned(), |currency| currency.to_string());
    let value = |name: &str, usual: &str| match draft {
        Some(draft) => draft.posted.get(name).to_owned(),
        None => usual.to_owned(),
    };
    let error = |name: &str| draft.and_then(|draft| draft.faults.of(name));
    let first = Input::new(
        "test",
        "test_event",
        ui.t("postback-event"),
        &value("test_event", "registration"),
    )
    .mono()
    .required()
    .list("event-names")
    .max(64)
    .error(error("test_event"));
    let others = testing::INPUTS.iter().map(|(name, _)| {
        let (usual, example) = match *name {
            "test_amount" => ("", "50"),
            "test_currency" => ("", currency.as_str()),
            "test_tid" => ("", "T-1001"),
            _ => ("", "approved"),
        };
        Input::new(
            "test",
            name,
            ui.coded("setting-", name),
            &value(name, usual),
        )
        .mono()
        .placeholder(example)
        .max(255)
    });
    std::iter::once(first).chain(others).collect()
}
