//! Registration links: the Final URL with parameters, and the same link for one lead.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::ids::{IntegrationId, LeadId, LinkId, WorkspaceId};
use clickback_core::link::{self, FinalUrl};
use clickback_core::set_up;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, AppState};
use crate::store::integrations::{Integration, NewLink, RegistrationLink};

use super::auth::Caller;
use super::problem::{Answer, Body, Problem, Query, id};

/// A registration link.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkView {
    #[schema(value_type = String)]
    id: LinkId,
    #[schema(value_type = String)]
    integration: IntegrationId,
    name: String,
    base_url: String,
    params: Vec<(String, String)>,
    /// Final URL with parameters: hand this out, with its macros filled for a lead.
    final_url: String,
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LinkList {
    items: Vec<LinkView>,
    next: Option<String>,
}

/// What makes a registration link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLinkBody {
    #[schema(value_type = String)]
    integration: IntegrationId,
    name: String,
    base_url: String,
    #[serde(default)]
    params: Vec<(String, String)>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct RenderQuery {
    /// The lead's id.
    lead: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RenderedView {
    url: String,
}

fn final_url(
    integration: &Integration,
    base_url: &str,
    params: &[(String, String)],
) -> Answer<FinalUrl> {
    link::final_url(base_url, &integration.clickid_param, params)
        .map_err(|error| Problem::invalid(error.to_string()))
}

fn view(integration: &Integration, link: RegistrationLink) -> Answer<LinkView> {
    let built = final_url(integration, &link.base_url, &link.params)?;
    Ok(LinkView {
        id: link.id,
        integration: link.integration,
        name: link.name,
        base_url: link.base_url,
        params: link.params,
        final_url: built.url,
        warnings: built.warnings.iter().map(ToString::to_string).collect(),
    })
}

async fn find(
    app: &App,
    workspace: WorkspaceId,
    text: &str,
) -> Answer<(Arc<Integration>, RegistrationLink)> {
    let link = app.store.link(id(text, "registration link")?).await?;
    let integration = app.store.snapshot().get(workspace, link.integration);
    integration
        .map(|integration| (integration, link))
        .ok_or_else(|| Problem::not_found("registration link"))
}

/// All registration links.
#[utoipa::path(get, path = "/api/v1/links", tag = "links", security(("token" = [])),
    responses((status = 200, body = LinkList)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
) -> Answer<Json<LinkList>> {
    let snapshot = app.store.snapshot();
    let mut items = Vec::new();
    for link in app.store.links(workspace).await? {
        if let Some(integration) = snapshot.get(workspace, link.integration) {
            items.push(view(&integration, link)?);
        }
    }
    Ok(Json(LinkList { items, next: None }))
}

/// Makes a registration link.
#[utoipa::path(post, path = "/api/v1/links", tag = "links", security(("token" = [])),
    request_body = NewLinkBody, responses((status = 201, body = LinkView), (status = 404), (status = 422)))]
pub(super) async fn create(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<NewLinkBody>,
) -> Answer<(StatusCode, Json<LinkView>)> {
    let integration = app
        .store
        .snapshot()
        .get(workspace, body.integration)
        .ok_or_else(|| Problem::not_found("integration"))?;
    let name = set_up::name(&body.name, "name")?;
    final_url(&integration, &body.base_url, &body.params)?;
    let new = NewLink {
        integration: integration.id,
        name,
        base_url: body.base_url.trim().to_owned(),
        params: body.params,
        owner: None,
    };
    let made = app.store.create_link(new).await?;
    Ok((StatusCode::CREATED, Json(view(&integration, made)?)))
}

/// One registration link.
#[utoipa::path(get, path = "/api/v1/links/{id}", tag = "links", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = LinkView), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<LinkView>> {
    let (integration, link) = find(&app, workspace, &text).await?;
    Ok(Json(view(&integration, link)?))
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkPatchBody {
    name: Option<String>,
    base_url: Option<String>,
    params: Option<Vec<(String, String)>>,
}

/// Changes a registration link. Links that were handed out stay as they are.
#[utoipa::path(patch, path = "/api/v1/links/{id}", tag = "links", security(("token" = [])),
    params(("id" = String, Path)), request_body = LinkPatchBody,
    responses((status = 200, body = LinkView), (status = 404), (status = 422)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<LinkPatchBody>,
) -> Answer<Json<LinkView>> {
    let (integration, known) = find(&app, workspace, &text).await?;
    let new = NewLink {
        integration: known.integration,
        name: match &body.name {
            Some(name) => set_up::name(name, "name")?,
            None => known.name,
        },
        base_url: body
            .base_url
            .map_or(known.base_url, |url| url.trim().to_owned()),
        params: body.params.unwrap_or(known.params),
        owner: known.owner,
    };
    final_url(&integration, &new.base_url, &new.params)?;
    let changed = app.store.update_link(known.id, new).await?;
    Ok(Json(view(&integration, changed)?))
}

/// Deletes a registration link. Links that were handed out go on working.
#[utoipa::path(delete, path = "/api/v1/links/{id}", tag = "links", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<StatusCode> {
    let (_, link) = find(&app, workspace, &text).await?;
    app.store.delete_link(link.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The link for one lead, its macros filled.
#[utoipa::path(get, path = "/api/v1/links/{id}/render", tag = "links", security(("token" = [])),
    params(("id" = String, Path), RenderQuery), responses((status = 200, body = RenderedView), (status = 404)))]
pub(super) async fn render(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Query(query): Query<RenderQuery>,
) -> Answer<Json<RenderedView>> {
    let (integration, registration) = find(&app, workspace, &text).await?;
    let lead: LeadId = id(&query.lead, "lead")?;
    let lead = app.store.lead(lead).await?;
    if lead.workspace != workspace {
        return Err(Problem::not_found("lead"));
    }
    let built = final_url(&integration, &registration.base_url, &registration.params)?;
    let url = link::render(&built.url, &|wanted| lead.macro_value(wanted));
    Ok(Json(RenderedView { url }))
}
