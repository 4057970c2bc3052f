//! Settings of custom fields: making, naming, hiding, ordering, deleting, and where a key is in use.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use clickback_core::field::{FieldKind, check_key};
use clickback_core::ids::{FieldId, WorkspaceId};

use crate::app::{App, AppState};
use crate::store::crm::FieldPatch;
use crate::store::integrations::{CustomField, NewField};
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};

use super::error::{self, render};
use super::integrations::configuration_name;
use super::leads::{Choice, Given};
use super::notice;
use super::people::{Place, places};
use super::ui::Ui;
use super::visitor::Visitor;

const PAGE: &str = "/settings/fields";
/// Options of a field at most.
const MOST_OPTIONS: usize = 200;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/fields", get(list).post(create))
        .route("/settings/fields/creates", post(set_creates))
        .route("/settings/fields/{id}", get(one).post(change))
        .route("/settings/fields/{id}/move", post(step))
        .route("/settings/fields/{id}/delete", post(delete))
}

struct Row {
    id: String,
    href: String,
    key: String,
    name: String,
    kind: String,
    options: String,
    visible: bool,
    first: bool,
    last: bool,
}

#[derive(Template)]
#[template(path = "fields/list.html")]
struct ListPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    kinds: Vec<Choice>,
    given: &'a Given,
    wrong: Option<Wrong>,
    creates: bool,
}

#[derive(Template)]
#[template(path = "fields/one.html")]
struct OnePage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    here: String,
    key: String,
    name: String,
    kind: String,
    has_options: bool,
    options: String,
    visible: bool,
    uses: Vec<Use>,
    values: String,
    wrong: Option<Wrong>,
}

/// A mistake and the input that it stands at.
struct Wrong {
    at: &'static str,
    text: String,
}

/// Where a key is in use.
struct Use {
    href: String,
    integration: String,
    what: String,
}

/// Where the workspace's integrations use a key.
fn uses(app: &App, ui: &Ui, workspace: WorkspaceId, key: &str) -> Vec<Use> {
    let parameter = format!("fields.{key}");
    let old = format!("details.{key}");
    let mut found = Vec::new();
    for integration in app.store.snapshot().of(workspace) {
        let rules = &integration.ruleset.rules;
        let mut add = |what: String| {
            found.push(Use {
                href: format!("/integrations/{}", integration.id),
                integration: integration.name.clone(),
                what,
            });
        };
        for mapping in rules.field_mappings.iter().filter(|one| one.field == key) {
            add(ui
                .with("field-use-mapping", &[("macro", &mapping.macro_text)])
                .into_owned());
        }
        if rules.player_field.as_deref() == Some(key) {
            add(ui.t("field-use-player").into_owned());
        }
        if rules
            .aliases
            .values()
            .any(|canonical| *canonical == parameter)
        {
            add(ui.t("field-use-alias").into_owned());
        }
        for configuration in &integration.configurations {
            let params = &configuration.rules.params;
            if params
                .iter()
                .any(|(name, _)| *name == parameter || *name == old)
            {
                add(ui
                    .with(
                        "field-use-postback",
                        &[(
                            "name",
                            &configuration_name(app, ui, &integration, configuration),
                        )],
                    )
                    .into_owned());
            }
        }
    }
    found
}

fn options(text: &str) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for line in text.lines() {
        let option = line.trim().replace(',', " ");
        if !option.is_empty() && !list.contains(&option) {
            list.push(option);
        }
    }
    list
}

fn has_options(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Select | FieldKind::Multiselect)
}

/// The whole list.
async fn list(State(app): State<AppState>, visitor: Visitor) -> Response {
    let given = Given::default();
    all(&app, &visitor, &given, None).await
}

async fn all(app: &App, visitor: &Visitor, given: &Given, wrong: Option<Wrong>) -> Response {
    let ui = &visitor.ui;
    let found = async {
        let fields = app.store.fields(visitor.workspace).await?;
        let creates = app.store.creates_fields(visitor.workspace).await?;
        StoreResult::Ok((fields, creates))
    };
    let (fields, creates) = match found.await {
        Ok(found) => found,
        Err(cause) => return error::page(ui, &cause),
    };
    let last = fields.len().saturating_sub(1);
    let is_wrong = wrong.is_some();
    let page = render(&ListPage {
        section: "settings",
        places: places(ui, PAGE),
        rows: fields
            .into_iter()
            .enumerate()
            .map(|(at, field)| Row {
                href: format!("{PAGE}/{}", field.id),
                id: field.id.to_string(),
                kind: ui.coded("field-kind-", field.kind.code()).into_owned(),
                options: field.options.join(", "),
                key: field.key,
                name: field.name,
                visible: field.visible,
                first: at == 0,
                last: at == last,
            })
            .collect(),
        kinds: FieldKind::ALL
            .map(|kind| {
                let word = ui.coded("field-kind-", kind.code());
                Choice::new(kind.code(), word, given.get("kind"))
            })
            .into(),
        given,
        wrong,
        creates,
        ui,
    });
    if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page
    }
}

/// Makes a field.
async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let ui = &visitor.ui;
    let wrong = |at, key: &str| {
        let text = ui.with(key, &[("key", given.get("key"))]).into_owned();
        Some(Wrong { at, text })
    };
    let key = given.get("key").to_owned();
    let name = given.get("name").to_owned();
    let kind = FieldKind::from_code(given.get("kind")).unwrap_or(FieldKind::Text);
    let options = if has_options(kind) {
        options(given.get("options"))
    } else {
        Vec::new()
    };
    let mistake = if check_key(&key).is_err() {
        wrong("key", "field-key-unfit")
    } else if name.chars().count() > 100 {
        wrong("name", "field-name-long")
    } else if has_options(kind) && (options.is_empty() || options.len() > MOST_OPTIONS) {
        wrong("options", "field-options-unfit")
    } else {
        None
    };
    if mistake.is_some() {
        return all(&app, &visitor, &given, mistake).await;
    }
    let new = NewField {
        name: if name.is_empty() { key.clone() } else { name },
        key,
        kind,
        options,
        visible: true,
    };
    match app.store.create_field(visitor.workspace, new).await {
        Ok(_) => notice::redirect(PAGE, "field-made"),
        Err(StoreError::Conflict { .. }) => {
            let mistake = wrong("key", "field-key-taken");
            all(&app, &visitor, &given, mistake).await
        }
        Err(cause) => error::page(ui, &cause),
    }
}

/// The switch for fields that postbacks make.
async fn set_creates(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let yes = Given(given).has("creates");
    match app.store.set_creates_fields(visitor.workspace, yes).await {
        Ok(()) => notice::redirect(PAGE, "saved"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn own(app: &App, visitor: &Visitor, id: &str) -> StoreResult<CustomField> {
    let fields = app.store.fields(visitor.workspace).await?;
    let id: Option<FieldId> = id.parse().ok();
    fields
        .into_iter()
        .find(|field| Some(field.id) == id)
        .ok_or(StoreError::NotFound {
            what: "custom field",
        })
}

/// One field.
async fn one(State(app): State<AppState>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match own(&app, &visitor, &id).await {
        Ok(field) => show(&app, &visitor, field, None).await,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn show(app: &App, visitor: &Visitor, field: CustomField, wrong: Option<Wrong>) -> Response {
    let ui = &visitor.ui;
    let values = match app.store.field_values(field.id).await {
        Ok(values) => usize::try_from(values).unwrap_or(usize::MAX),
        Err(cause) => return error::page(ui, &cause),
    };
    let is_wrong = wrong.is_some();
    let page = render(&OnePage {
        section: "settings",
        places: places(ui, PAGE),
        here: format!("{PAGE}/{}", field.id),
        uses: uses(app, ui, visitor.workspace, &field.key),
        kind: ui.coded("field-kind-", field.kind.code()).into_owned(),
        has_options: has_options(field.kind),
        options: field.options.join("\n"),
        key: field.key,
        name: field.name,
        visible: field.visible,
        values: ui.count("field-delete-values", values).into_owned(),
        wrong,
        ui,
    });
    if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page
    }
}

/// Name, options, visibility. The key stays: postbacks use it.
async fn change(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let ui = &visitor.ui;
    let field = match own(&app, &visitor, &id).await {
        Ok(field) => field,
        Err(cause) => return error::page(ui, &cause),
    };
    let name = given.get("name").to_owned();
    let list = options(given.get("options"));
    let typed = CustomField {
        name: name.clone(),
        options: list.clone(),
        visible: given.has("visible"),
        ..field.clone()
    };
    let wrong = |at, key: &str| Wrong {
        at,
        text: ui.t(key).into_owned(),
    };
    if name.is_empty() || name.chars().count() > 100 {
        return show(
            &app,
            &visitor,
            typed,
            Some(wrong("name", "field-name-long")),
        )
        .await;
    }
    if has_options(field.kind) && (list.is_empty() || list.len() > MOST_OPTIONS) {
        return show(
            &app,
            &visitor,
            typed,
            Some(wrong("options", "field-options-unfit")),
        )
        .await;
    }
    let patch = FieldPatch {
        name: Some(name),
        visible: Some(given.has("visible")),
        options: has_options(field.kind).then_some(list),
    };
    match app.store.change_field(field.id, patch).await {
        Ok(_) => notice::redirect(PAGE, "saved"),
        Err(cause) => error::page(ui, &cause),
    }
}

/// One place up or down.
async fn step(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let up = Given(given).get("to") == "up";
    let done = async {
        let field = own(&app, &visitor, &id).await?;
        let fields = app.store.fields(visitor.workspace).await?;
        let mut order: Vec<FieldId> = fields.iter().map(|field| field.id).collect();
        let at = order.iter().position(|id| *id == field.id).unwrap_or(0);
        let other = if up {
            at.saturating_sub(1)
        } else {
            (at + 1).min(order.len() - 1)
        };
        order.swap(at, other);
        app.store.order_fields(visitor.workspace, order).await
    };
    match done.await {
        Ok(()) => notice::redirect(PAGE, "saved"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Deletes a field with its values.
async fn delete(State(app): State<AppState>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let done = async {
        let field = own(&app, &visitor, &id).await?;
        let values = app.store.delete_field(field.id).await?;
        let deed = Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action: "field_deleted",
            subject: field.key,
            detail: values.to_string(),
        };
        app.store.log(deed).await
    };
    match done.await {
        Ok(()) => notice::redirect(PAGE, "field-deleted"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
