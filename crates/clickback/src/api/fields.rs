//! Custom fields and custom events of a workspace.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::field::{FieldKind, check_key};
use clickback_core::ids::{FieldId, WorkspaceId};
use clickback_core::rules::CustomEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, AppState};
use crate::store::crm::FieldPatch;
use crate::store::integrations::{CustomField, NewField};

use super::auth::Caller;
use super::problem::{Answer, Body, Problem, id};

/// A custom field of leads.
#[derive(Serialize, ToSchema)]
pub(super) struct FieldView {
    #[schema(value_type = String)]
    id: FieldId,
    key: String,
    name: String,
    /// text, `long_text`, link, number, date, select, multiselect or boolean.
    kind: &'static str,
    options: Vec<String>,
    visible: bool,
}

impl From<CustomField> for FieldView {
    fn from(field: CustomField) -> Self {
        Self {
            id: field.id,
            key: field.key,
            name: field.name,
            kind: field.kind.code(),
            options: field.options,
            visible: field.visible,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct FieldList {
    items: Vec<FieldView>,
    next: Option<String>,
}

/// What makes a custom field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFieldBody {
    key: String,
    #[serde(default)]
    name: Option<String>,
    kind: String,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default = "yes")]
    visible: bool,
}

fn yes() -> bool {
    true
}

/// What changes on a field. Its key stays: postbacks use it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldPatchBody {
    name: Option<String>,
    visible: Option<bool>,
    /// Of a select or multiselect: all of them.
    options: Option<Vec<String>>,
}

/// All custom fields.
#[utoipa::path(get, path = "/api/v1/custom-fields", tag = "custom fields", security(("token" = [])),
    responses((status = 200, body = FieldList)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
) -> Answer<Json<FieldList>> {
    let items = app
        .store
        .fields(workspace)
        .await?
        .into_iter()
        .map(FieldView::from)
        .collect();
    Ok(Json(FieldList { items, next: None }))
}

/// Makes a custom field.
#[utoipa::path(post, path = "/api/v1/custom-fields", tag = "custom fields", security(("token" = [])),
    request_body = NewFieldBody, responses((status = 201, body = FieldView), (status = 409), (status = 422)))]
pub(super) async fn create(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<NewFieldBody>,
) -> Answer<(StatusCode, Json<FieldView>)> {
    check_key(&body.key).map_err(|error| Problem::invalid(error.to_string()))?;
    let kind = FieldKind::from_code(&body.kind).ok_or_else(|| {
        let known: Vec<&str> = FieldKind::ALL.iter().map(|kind| kind.code()).collect();
        Problem::invalid(format!(
            "kind is `{}`; it can be {}",
            body.kind,
            known.join(", ")
        ))
    })?;
    let name = body
        .name
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let new = NewField {
        name: name.unwrap_or_else(|| body.key.clone()),
        key: body.key,
        kind,
        options: body.options,
        visible: body.visible,
    };
    let made = app.store.create_field(workspace, new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Renames, shows or hides a custom field, or changes its options.
#[utoipa::path(patch, path = "/api/v1/custom-fields/{id}", tag = "custom fields", security(("token" = [])),
    params(("id" = String, Path)), request_body = FieldPatchBody,
    responses((status = 200, body = FieldView), (status = 404)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<FieldPatchBody>,
) -> Answer<Json<FieldView>> {
    let field = own(&app, workspace, &text).await?;
    if body
        .name
        .as_ref()
        .is_some_and(|name| name.trim().is_empty())
    {
        return Err(Problem::invalid("the name is empty"));
    }
    Ok(Json(
        app.store
            .change_field(
                field,
                FieldPatch {
                    name: body.name.map(|name| name.trim().to_owned()),
                    visible: body.visible,
                    options: body.options,
                },
            )
            .await?
            .into(),
    ))
}

async fn own(app: &App, workspace: WorkspaceId, text: &str) -> Answer<FieldId> {
    let field: FieldId = id(text, "custom field")?;
    let fields = app.store.fields(workspace).await?;
    if fields.iter().any(|known| known.id == field) {
        Ok(field)
    } else {
        Err(Problem::not_found("custom field"))
    }
}

/// What went with a field.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedField {
    /// Values that leads had.
    values: u64,
}

/// Deletes a custom field and its values.
#[utoipa::path(delete, path = "/api/v1/custom-fields/{id}", tag = "custom fields", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = DeletedField), (status = 404)))]
pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<DeletedField>> {
    let field = own(&app, workspace, &text).await?;
    let values = app.store.delete_field(field).await?;
    Ok(Json(DeletedField { values }))
}

/// A custom event of the workspace.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBody {
    name: String,
    #[serde(default)]
    counts_money: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EventNameList {
    items: Vec<EventBody>,
    next: Option<String>,
}

/// All custom events.
#[utoipa::path(get, path = "/api/v1/custom-events", tag = "custom events", security(("token" = [])),
    responses((status = 200, body = EventNameList)))]
pub(super) async fn list_events(
    State(app): State<AppState>,
    Caller(workspace): Caller,
) -> Json<EventNameList> {
    let snapshot = app.store.snapshot();
    let events = snapshot
        .custom_events
        .get(&workspace)
        .cloned()
        .unwrap_or_default();
    let items = events
        .into_iter()
        .map(|event| EventBody {
            name: event.name,
            counts_money: event.counts_money,
        })
        .collect();
    Json(EventNameList { items, next: None })
}

/// Defines a custom event. Requests that came with its name before can be reprocessed.
#[utoipa::path(post, path = "/api/v1/custom-events", tag = "custom events", security(("token" = [])),
    request_body = EventBody, responses((status = 201, body = EventBody), (status = 422)))]
pub(super) async fn define_event(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<EventBody>,
) -> Answer<(StatusCode, Json<EventBody>)> {
    let name = clickback_core::set_up::custom_event(&body.name)?;
    let event = CustomEvent {
        name: name.clone(),
        counts_money: body.counts_money,
    };
    app.store.define_event(workspace, event).await?;
    Ok((
        StatusCode::CREATED,
        Json(EventBody {
            name,
            counts_money: body.counts_money,
        }),
    ))
}
