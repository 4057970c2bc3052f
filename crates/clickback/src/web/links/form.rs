//! The form of a registration link: made, changed, deleted, and a field moved to the postbacks.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use clickback_core::ids::UserId;
use clickback_core::link;
use clickback_core::rules::FieldMapping;
use clickback_core::set_up;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::integrations::{Integration, IntegrationPatch, NewLink, RegistrationLink};
use crate::web::error::{self, render};
use crate::web::forms::{Choice, Input, RowsOfTwo, Select};
use crate::web::integrations::{make_fields, sentence};
use crate::web::notice;
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;
use crate::web::visitor::{Scope, Visitor};

use super::find;
use super::preview::{self, Offered, Preview, Typed};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewQuery {
    integration: String,
}

#[derive(Template)]
#[template(path = "links/form.html")]
struct FormPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    title: String,
    action: String,
    /// The link is there already.
    known: bool,
    integration: Select,
    integration_href: String,
    integration_name: String,
    name: Input,
    base_url: Input,
    params: RowsOfTwo,
    lead: String,
    offered: Vec<Offered>,
    preview: Preview<'a>,
    may_change: bool,
    scoped: bool,
}

/// What the form holds.
#[derive(Debug, Default, Clone)]
struct Draft {
    name: String,
    base_url: String,
    params: Vec<(String, String)>,
    lead: String,
}

impl Draft {
    fn of(posted: &Posted) -> Draft {
        Draft {
            name: posted.get("name").to_owned(),
            base_url: posted.get("base_url").to_owned(),
            params: posted.rows("param", "value"),
            lead: posted.get("lead").to_owned(),
        }
    }
}

/// Which form it is.
struct Place<'a> {
    integration: &'a Integration,
    link: Option<&'a RegistrationLink>,
}

/// The empty form.
pub(super) async fn empty(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(query): Query<NewQuery>,
) -> Response {
    let snapshot = app.store.snapshot();
    let wanted = query.integration.parse().ok();
    let wanted = wanted.and_then(|id| snapshot.get(visitor.workspace, id));
    let all = snapshot.of(visitor.workspace);
    let Some(integration) = wanted.or_else(|| all.first().cloned()) else {
        // There is nothing to make a link for: the list says what to do first.
        return axum::response::Redirect::to("/links").into_response();
    };
    let place = Place {
        integration: &integration,
        link: None,
    };
    show(
        &app,
        &visitor,
        &place,
        Draft::default(),
        &Faults::default(),
        StatusCode::OK,
    )
    .await
}

/// The form of a link.
pub(super) async fn edit(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let link = match find(&app, &visitor, &id).await {
        Ok(link) => link,
        Err(response) => return response,
    };
    let Some(integration) = app
        .store
        .snapshot()
        .get(visitor.workspace, link.integration)
    else {
        return error::not_found(&visitor.ui);
    };
    let draft = Draft {
        name: link.name.clone(),
        base_url: link.base_url.clone(),
        params: link.params.clone(),
        lead: String::new(),
    };
    let place = Place {
        integration: &integration,
        link: Some(&link),
    };
    show(
        &app,
        &visitor,
        &place,
        draft,
        &Faults::default(),
        StatusCode::OK,
    )
    .await
}

/// Makes a link, or shows the form again.
pub(super) async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    posted: Posted,
) -> Response {
    let snapshot = app.store.snapshot();
    let id = posted.get("integration").parse().ok();
    let Some(integration) = id.and_then(|id| snapshot.get(visitor.workspace, id)) else {
        return error::not_found(&visitor.ui);
    };
    let place = Place {
        integration: &integration,
        link: None,
    };
    save(&app, &visitor, &place, &posted).await
}

/// Saves, deletes, or shows the form again, by the button that was pressed.
pub(super) async fn act(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let link = match find(&app, &visitor, &id).await {
        Ok(link) => link,
        Err(response) => return response,
    };
    if posted.get("do") == "delete" {
        return match app.store.delete_link(link.id).await {
            Ok(()) => notice::redirect("/links", "link-deleted"),
            Err(cause) => error::page(&visitor.ui, &cause),
        };
    }
    let snapshot = app.store.snapshot();
    let id = posted
        .get("integration")
        .parse()
        .unwrap_or(link.integration);
    let Some(integration) = snapshot.get(visitor.workspace, id) else {
        return error::not_found(&visitor.ui);
    };
    let place = Place {
        integration: &integration,
        link: Some(&link),
    };
    save(&app, &visitor, &place, &posted).await
}

async fn save(app: &App, visitor: &Visitor, place: &Place<'_>, posted: &Posted) -> Response {
    let ui = &visitor.ui;
    let mut draft = Draft::of(posted);
    let mut faults = Faults::default();
    if let Some(field) = posted.get("do").strip_prefix("move:") {
        if !ui.may("set-up") {
            return error::forbidden(ui);
        }
        return match move_field(app, place, &mut draft, field).await {
            Ok(()) => show(app, visitor, place, draft, &faults, StatusCode::OK).await,
            Err(cause) => error::page(ui, &cause),
        };
    }
    if posted.get("do") == "preview" {
        return show(app, visitor, place, draft, &faults, StatusCode::OK).await;
    }
    let name = set_up::name(&draft.name, "name").map_err(|fault| sentence(ui, &fault));
    let name = faults.take("name", name);
    let param = &place.integration.clickid_param;
    if let Err(error) = link::final_url(&draft.base_url, param, &draft.params) {
        faults.add("base_url", preview::refusal_text(ui, &error));
    }
    let (Some(name), true) = (name, faults.is_empty()) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(app, visitor, place, draft, &faults, status).await;
    };
    let new = NewLink {
        integration: place.integration.id,
        name,
        base_url: draft.base_url,
        params: draft.params,
        owner: maker(&visitor.scope),
    };
    let saved = match place.link {
        Some(link) => app.store.update_link(link.id, new).await,
        None => app.store.create_link(new).await,
    };
    match saved {
        Ok(link) => notice::redirect(&format!("/links/{}", link.id), "link-saved"),
        Err(cause) => error::page(ui, &cause),
    }
}

/// Whose a new link is: the first of those whose things somebody sees is himself.
fn maker(scope: &Scope) -> Option<UserId> {
    match scope {
        Scope::Team => None,
        Scope::Of(people) => people.first().copied(),
    }
}

/// Takes `fields.x={macro}` out of the link and puts it into the field mapping of the postbacks.
async fn move_field(
    app: &App,
    place: &Place<'_>,
    draft: &mut Draft,
    field: &str,
) -> StoreResult<()> {
    let integration = place.integration;
    let is_it = |name: &str| {
        name.strip_prefix("fields.")
            .or_else(|| name.strip_prefix("details."))
            == Some(field)
    };
    let Some((base_url, found)) = link::take_param(&draft.base_url, &is_it) else {
        return Ok(());
    };
    let mut found = found;
    draft.base_url = base_url;
    draft.params.retain(|(name, value)| {
        if is_it(name) {
            found = Some(value.clone());
        }
        !is_it(name)
    });
    let (Some(macro_text), Ok(())) = (found, clickback_core::field::check_key(field)) else {
        return Ok(());
    };
    make_fields(app, integration, &[field.to_owned()]).await?;
    let mut rules = integration.ruleset.rules.clone();
    rules.field_mappings.retain(|one| one.field != field);
    rules.field_mappings.push(FieldMapping {
        field: field.to_owned(),
        macro_text,
    });
    let patch = IntegrationPatch {
        rules: Some(rules),
        ..IntegrationPatch::default()
    };
    app.store.update_integration(integration.id, patch).await?;
    Ok(())
}

async fn show(
    app: &App,
    visitor: &Visitor,
    place: &Place<'_>,
    draft: Draft,
    faults: &Faults,
    status: StatusCode,
) -> Response {
    let ui = &visitor.ui;
    let (lead, offered) = match preview::leads(app, visitor, &draft.lead).await {
        Ok(leads) => leads,
        Err(cause) => return error::page(ui, &cause),
    };
    let integration = place.integration;
    let typed = Typed {
        base_url: &draft.base_url,
        params: &draft.params,
        lead: lead.as_ref(),
    };
    let preview = Preview::new(ui, integration, &typed);
    let choices = app
        .store
        .snapshot()
        .of(visitor.workspace)
        .iter()
        .map(|one| {
            Choice::new(
                &one.id.to_string(),
                one.name.clone(),
                one.id == integration.id,
            )
        })
        .collect();
    let labels = (
        ui.t("link-param").into_owned(),
        ui.t("link-value").into_owned(),
    );
    let page = FormPage {
        section: "links",
        title: match place.link {
            Some(link) => link.name.clone(),
            None => ui.t("link-new").into_owned(),
        },
        action: match place.link {
            Some(link) => format!("/links/{}", link.id),
            None => "/links/new".to_owned(),
        },
        known: place.link.is_some(),
        integration: Select::new("link", "integration", ui.t("integration"), choices),
        integration_href: format!("/integrations/{}", integration.id),
        integration_name: integration.name.clone(),
        name: Input::new("link", "name", ui.t("link-name"), &draft.name)
            .required()
            .max(200)
            .placeholder(ui.t("link-name-example"))
            .hint(ui.rich("link-name-how"))
            .error(faults.of("name")),
        base_url: Input::new("link", "base_url", ui.t("link-base"), &draft.base_url)
            .mono()
            .multiline()
            .max(8_000)
            .placeholder("https://partner.example/?p=abc")
            .hint(ui.rich("link-base-how"))
            .error(faults.of("base_url")),
        params: RowsOfTwo::typed(
            ui,
            ("param", "value"),
            labels,
            (None, Some("our-macros")),
            draft.params.clone(),
        )
        .pointing_left(),
        lead: lead
            .as_ref()
            .map_or(draft.lead.clone(), |lead| lead.clickid.clone()),
        offered,
        preview,
        may_change: ui.may("make-links"),
        scoped: visitor.scope != Scope::Team,
        ui,
    };
    (status, render(&page)).into_response()
}
