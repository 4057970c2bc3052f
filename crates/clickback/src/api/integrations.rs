//! Integrations with their postback configurations and ready URLs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::event::EventName;
use clickback_core::ids::{ConfigurationId, IntegrationId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::rules::{ConfigurationRules, Rules};
use clickback_core::set_up as check;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, AppState};
use crate::set_up::{self, TestError, Wishes};
use crate::store::inbox::Verdict;
use crate::store::integrations::{Configuration, Integration, IntegrationPatch, NewConfiguration};
use crate::store::pulse::Pulse;

use super::auth::Caller;
use super::problem::{Answer, Body, Problem, id};

/// An integration.
#[derive(Serialize, ToSchema)]
pub(super) struct IntegrationView {
    #[schema(value_type = String)]
    id: IntegrationId,
    /// Names it in postback URLs.
    uuid: String,
    /// Catalogue entry; null for a custom integration.
    partner: Option<String>,
    name: String,
    /// The partner's link parameter that carries the clickid.
    clickid_param: String,
    /// What the partner writes for it in a postback.
    clickid_macro: String,
    enabled: bool,
    /// Aliases, word maps, modes, currency, secrets …
    #[schema(value_type = Object)]
    rules: Rules,
    postbacks: Vec<PostbackView>,
    #[schema(value_type = String)]
    created_at: Moment,
}

/// A postback configuration.
#[derive(Serialize, ToSchema)]
pub(super) struct PostbackView {
    #[schema(value_type = String)]
    id: ConfigurationId,
    name: String,
    event: String,
    /// Ready to paste at the partner.
    url: String,
    #[schema(value_type = Object)]
    rules: ConfigurationRules,
}

#[derive(Serialize, ToSchema)]
pub(super) struct IntegrationList {
    items: Vec<IntegrationView>,
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PostbackList {
    items: Vec<PostbackView>,
    next: Option<String>,
}

/// What makes an integration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIntegrationBody {
    /// Slug of a ready partner, or null for a custom integration.
    #[serde(default)]
    partner: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    clickid_param: Option<String>,
    #[serde(default)]
    clickid_macro: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    rules: Option<Rules>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IntegrationPatchBody {
    name: Option<String>,
    clickid_param: Option<String>,
    clickid_macro: Option<String>,
    enabled: Option<bool>,
    #[schema(value_type = Option<Object>)]
    rules: Option<Rules>,
}

/// A postback configuration to make or to replace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostbackBody {
    name: String,
    event: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    rules: ConfigurationRules,
}

fn view(app: &App, integration: &Integration) -> IntegrationView {
    IntegrationView {
        id: integration.id,
        uuid: integration.uuid.to_string(),
        partner: integration.partner.clone(),
        name: integration.name.clone(),
        clickid_param: integration.clickid_param.clone(),
        clickid_macro: integration.clickid_macro.clone(),
        enabled: integration.enabled,
        rules: integration.ruleset.rules.clone(),
        postbacks: integration
            .configurations
            .iter()
            .map(|configuration| postback_view(app, integration, configuration))
            .collect(),
        created_at: integration.created_at,
    }
}

fn postback_view(
    app: &App,
    integration: &Integration,
    configuration: &Configuration,
) -> PostbackView {
    PostbackView {
        id: configuration.id,
        name: configuration.name.clone(),
        event: configuration.event.clone(),
        url: integration.postback_url(&app.settings.public_url, configuration),
        rules: configuration.rules.clone(),
    }
}

fn find(app: &App, workspace: WorkspaceId, text: &str) -> Answer<std::sync::Arc<Integration>> {
    app.store
        .snapshot()
        .get(workspace, id(text, "integration")?)
        .ok_or_else(|| Problem::not_found("integration"))
}

fn checked_postback(body: PostbackBody) -> Answer<NewConfiguration> {
    Ok(NewConfiguration {
        event: check::event(&body.event)?,
        name: check::name(&body.name, "name")?,
        rules: body.rules,
    })
}

/// All integrations.
#[utoipa::path(get, path = "/api/v1/integrations", tag = "integrations", security(("token" = [])),
    responses((status = 200, body = IntegrationList)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
) -> Json<IntegrationList> {
    let items = app
        .store
        .snapshot()
        .of(workspace)
        .iter()
        .map(|one| view(&app, one))
        .collect();
    Json(IntegrationList { items, next: None })
}

/// Makes an integration of a ready partner or a custom one, with its postbacks and fields.
#[utoipa::path(post, path = "/api/v1/integrations", tag = "integrations", security(("token" = [])),
    request_body = NewIntegrationBody, responses((status = 201, body = IntegrationView), (status = 422)))]
pub(super) async fn create(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<NewIntegrationBody>,
) -> Answer<(StatusCode, Json<IntegrationView>)> {
    let wishes = Wishes {
        name: body.name,
        clickid_param: body.clickid_param,
        clickid_macro: body.clickid_macro,
        rules: body.rules,
        language: "en",
    };
    let new = set_up::connect(&app, workspace, body.partner.as_deref(), wishes)
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let made = app.store.create_integration(new).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &made))))
}

/// One integration.
#[utoipa::path(get, path = "/api/v1/integrations/{id}", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = IntegrationView), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<IntegrationView>> {
    Ok(Json(view(&app, &*find(&app, workspace, &text)?)))
}

/// Changes an integration.
#[utoipa::path(patch, path = "/api/v1/integrations/{id}", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), request_body = IntegrationPatchBody,
    responses((status = 200, body = IntegrationView), (status = 404), (status = 422)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<IntegrationPatchBody>,
) -> Answer<Json<IntegrationView>> {
    let known = find(&app, workspace, &text)?;
    let clickid_param = body
        .clickid_param
        .as_deref()
        .map(check::clickid_param)
        .transpose()?;
    let clickid_macro = match (&body.clickid_macro, &clickid_param) {
        (Some(given), _) => Some(check::name(given, "clickid_macro")?),
        // A new parameter brings its macro in the style that the partner uses.
        (None, Some(param)) => Some(set_up::macro_for(set_up::partner_of(&app, &known), param)),
        (None, None) => None,
    };
    if let Some(rules) = &body.rules {
        check::rules(rules)?;
    }
    let patch = IntegrationPatch {
        name: body
            .name
            .as_deref()
            .map(|name| check::name(name, "name"))
            .transpose()?,
        clickid_param,
        clickid_macro,
        enabled: body.enabled,
        rules: body.rules,
    };
    let changed = app.store.update_integration(known.id, patch).await?;
    Ok(Json(view(&app, &changed)))
}

/// Deletes an integration: its URL answers 404; leads and events stay.
#[utoipa::path(delete, path = "/api/v1/integrations/{id}", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<StatusCode> {
    app.store
        .delete_integration(find(&app, workspace, &text)?.id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The postback configurations of an integration.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/postbacks", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = PostbackList), (status = 404)))]
pub(super) async fn list_postbacks(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<PostbackList>> {
    let known = find(&app, workspace, &text)?;
    Ok(Json(PostbackList {
        items: view(&app, &known).postbacks,
        next: None,
    }))
}

/// Adds a postback configuration.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/postbacks", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), request_body = PostbackBody,
    responses((status = 201, body = PostbackView), (status = 404), (status = 422)))]
pub(super) async fn create_postback(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<PostbackBody>,
) -> Answer<(StatusCode, Json<PostbackView>)> {
    let known = find(&app, workspace, &text)?;
    let made = app
        .store
        .create_configuration(known.id, checked_postback(body)?)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(postback_view(&app, &known, &made)),
    ))
}

fn find_postback(
    app: &App,
    workspace: WorkspaceId,
    (integration, postback): &(String, String),
) -> Answer<(std::sync::Arc<Integration>, ConfigurationId)> {
    let known = find(app, workspace, integration)?;
    let postback: ConfigurationId = id(postback, "postback configuration")?;
    if known
        .configurations
        .iter()
        .any(|configuration| configuration.id == postback)
    {
        Ok((known, postback))
    } else {
        Err(Problem::not_found("postback configuration"))
    }
}

/// Replaces a postback configuration.
#[utoipa::path(patch, path = "/api/v1/integrations/{id}/postbacks/{postback}", tag = "integrations",
    security(("token" = [])), params(("id" = String, Path), ("postback" = String, Path)),
    request_body = PostbackBody, responses((status = 200, body = PostbackView), (status = 404)))]
pub(super) async fn update_postback(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(path): Path<(String, String)>,
    Body(body): Body<PostbackBody>,
) -> Answer<Json<PostbackView>> {
    let (known, postback) = find_postback(&app, workspace, &path)?;
    let changed = app
        .store
        .update_configuration(postback, checked_postback(body)?)
        .await?;
    Ok(Json(postback_view(&app, &known, &changed)))
}

/// Deletes a postback configuration. Its URL goes on working: events are known by their names.
#[utoipa::path(delete, path = "/api/v1/integrations/{id}/postbacks/{postback}", tag = "integrations",
    security(("token" = [])), params(("id" = String, Path), ("postback" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(super) async fn delete_postback(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(path): Path<(String, String)>,
) -> Answer<StatusCode> {
    let (_, postback) = find_postback(&app, workspace, &path)?;
    app.store.delete_configuration(postback).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The order of an integration's postback configurations.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderBody {
    /// Ids, the first on top. Those left out follow as they were.
    #[schema(value_type = Vec<String>)]
    order: Vec<ConfigurationId>,
}

/// Puts the postback configurations into another order.
#[utoipa::path(put, path = "/api/v1/integrations/{id}/postbacks/order", tag = "integrations",
    security(("token" = [])), params(("id" = String, Path)), request_body = OrderBody,
    responses((status = 200, body = PostbackList), (status = 404)))]
pub(super) async fn order_postbacks(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<OrderBody>,
) -> Answer<Json<PostbackList>> {
    let known = find(&app, workspace, &text)?;
    let is_known = |id: &ConfigurationId| known.configurations.iter().any(|one| one.id == *id);
    if !body.order.iter().all(is_known) {
        return Err(Problem::not_found("postback configuration"));
    }
    app.store.order_configurations(known.id, body.order).await?;
    let known = find(&app, workspace, &text)?;
    Ok(Json(PostbackList {
        items: view(&app, &known).postbacks,
        next: None,
    }))
}

/// How an integration does.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthView {
    /// When the last postback came; null for none yet.
    #[schema(value_type = Option<String>)]
    last_postback_at: Option<Moment>,
    /// Since when it is silent for longer than usual; null while it is not.
    #[schema(value_type = Option<String>)]
    silent_since: Option<Moment>,
    /// Today's requests by verdict, in the workspace's time zone.
    today: std::collections::BTreeMap<&'static str, u64>,
    /// Today's requests with a flag.
    flagged_today: u64,
    /// Today's requests whose lead was found, in whole percent.
    matched_percent: Option<u64>,
}

impl From<&Pulse> for HealthView {
    fn from(pulse: &Pulse) -> HealthView {
        HealthView {
            last_postback_at: pulse.last,
            silent_since: pulse.silent_since,
            today: Verdict::ALL
                .into_iter()
                .map(|verdict| (verdict.code(), pulse.count(verdict)))
                .collect(),
            flagged_today: pulse.flagged,
            matched_percent: pulse.matched_percent(),
        }
    }
}

/// The last postback, today's verdicts, and whether it is silent for longer than usual.
#[utoipa::path(get, path = "/api/v1/integrations/{id}/health", tag = "integrations",
    security(("token" = [])), params(("id" = String, Path)),
    responses((status = 200, body = HealthView), (status = 404)))]
pub(super) async fn health(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<HealthView>> {
    let known = find(&app, workspace, &text)?;
    let pulses = app
        .store
        .pulses(workspace, Some(known.id), app.clock.now())
        .await?;
    let pulse = pulses.get(&known.id).cloned().unwrap_or_default();
    Ok(Json(HealthView::from(&pulse)))
}

/// A test event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestBody {
    /// Event name; `registration` unless given.
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    tid: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TestAnswer {
    request_id: String,
    verdict: String,
    flags: Vec<String>,
}

/// Sends a marked test through the real path. It lands on the test lead, outside every total.
#[utoipa::path(post, path = "/api/v1/integrations/{id}/test", tag = "integrations", security(("token" = [])),
    params(("id" = String, Path)), request_body = TestBody,
    responses((status = 200, body = TestAnswer), (status = 404), (status = 422)))]
pub(super) async fn send_test(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<TestBody>,
) -> Answer<Json<TestAnswer>> {
    let integration = find(&app, workspace, &text)?;
    let event = body
        .event
        .unwrap_or_else(|| EventName::Registration.as_str().to_owned());
    let mut params = Vec::new();
    for (name, value) in [
        ("tracker.cost", body.amount),
        ("tracker.currency", body.currency),
        ("tracker.tid", body.tid),
    ] {
        params.extend(value.map(|value| (name.to_owned(), value)));
    }
    let outcome = set_up::send_test(&app, integration, &event, &params)
        .await
        .map_err(|error| match error {
            TestError::Refused(rejection) => Problem::invalid(rejection.to_string()),
            TestError::Store(error) => error.into(),
        })?;
    Ok(Json(TestAnswer {
        request_id: outcome.request.to_string(),
        verdict: outcome.verdict.code().to_owned(),
        flags: outcome
            .flags
            .codes()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }))
}
