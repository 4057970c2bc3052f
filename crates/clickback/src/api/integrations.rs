//! Integrations with their postback configurations and ready URLs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::event::EventName;
use clickback_core::ids::{ConfigurationId, IntegrationId, WorkspaceId};
use clickback_core::intake::Parts;
use clickback_core::link;
use clickback_core::macros;
use clickback_core::moment::Moment;
use clickback_core::partner::{Partner, Readiness, usual_postbacks};
use clickback_core::rules::{ConfigurationRules, Rules};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, AppState};
use crate::store::inbox::{Incoming, RawRequest};
use crate::store::integrations::{
    Configuration, Integration, IntegrationPatch, NewConfiguration, NewIntegration,
};

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

fn checked_name(name: &str, what: &str) -> Answer<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::invalid(format!(
            "{what} must be 1 to 200 characters"
        )));
    }
    Ok(name.to_owned())
}

fn checked_param(param: &str) -> Answer<String> {
    let param = param.trim();
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    if param.is_empty() || param.len() > 64 || !param.chars().all(good) {
        return Err(Problem::invalid(format!(
            "clickid_param `{param}` must be a parameter's name, such as sub4"
        )));
    }
    Ok(param.to_owned())
}

fn checked_rules(rules: Rules) -> Answer<Rules> {
    for (alias, canonical) in &rules.aliases {
        let known = matches!(
            canonical.as_str(),
            "clickid"
                | "tracker.event"
                | "tracker.cost"
                | "tracker.currency"
                | "tracker.payout"
                | "tracker.payout_currency"
                | "tracker.tid"
                | "tracker.status"
                | "tracker.time"
        ) || canonical.starts_with("fields.");
        if !known {
            return Err(Problem::invalid(format!(
                "the alias `{alias}` leads to `{canonical}`, which is no parameter of a postback"
            )));
        }
    }
    if let Some(word) = rules
        .events
        .keys()
        .chain(rules.statuses.keys())
        .chain(rules.event_statuses.keys())
        .find(|word| **word != word.trim().to_lowercase())
    {
        return Err(Problem::invalid(format!(
            "the word `{word}` must be written in lower case, without blanks around"
        )));
    }
    if let Some(net) = rules.allowed_ips.iter().find(|net| {
        let address = net.split('/').next().unwrap_or_default();
        address
            .parse()
            .map_or(true, |ip| !clickback_core::postback::net_contains(net, ip))
    }) {
        return Err(Problem::invalid(format!(
            "`{net}` in allowed_ips is neither an address nor a network"
        )));
    }
    if rules.secrets.iter().any(|secret| secret.len() < 8) {
        return Err(Problem::invalid("a secret must have at least 8 characters"));
    }
    Ok(rules)
}

/// What the partner writes for a parameter of its link; a custom one is taken to write `{macro}`.
fn macro_for(partner: Option<&Partner>, param: &str) -> String {
    match partner {
        Some(partner) => partner.clickid.macro_for(param),
        None => link::macro_of(param, "{macro}"),
    }
}

fn checked_postback(body: PostbackBody) -> Answer<NewConfiguration> {
    let event = body.event.trim();
    // A macro that brings the event is the partner's, in the partner's spelling.
    let event = if macros::find(event).is_empty() {
        event.to_lowercase()
    } else {
        event.to_owned()
    };
    if event.is_empty() || event.len() > clickback_core::postback::MAX_EVENT_BYTES {
        return Err(Problem::invalid(
            "event must be 1 to 64 bytes, such as registration, sale or resale",
        ));
    }
    Ok(NewConfiguration {
        name: checked_name(&body.name, "name")?,
        event,
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
    let partner = match body.partner.as_deref() {
        None => None,
        Some(slug) => match app.catalogue.get(slug) {
            Some(partner) if partner.readiness == Readiness::Ready => Some(partner),
            Some(_) => {
                return Err(Problem::invalid(format!(
                    "`{slug}` is not ready yet; make a custom integration (partner null)"
                )));
            }
            None => {
                return Err(Problem::invalid(format!(
                    "there is no partner `{slug}` in the catalogue"
                )));
            }
        },
    };
    let default_param = partner
        .map(|partner| partner.clickid.default.as_str())
        .filter(|param| !param.is_empty())
        .unwrap_or("sub1");
    let clickid_param = checked_param(body.clickid_param.as_deref().unwrap_or(default_param))?;
    let clickid_macro = match body.clickid_macro {
        Some(given) => checked_name(&given, "clickid_macro")?,
        None => macro_for(partner, &clickid_param),
    };
    let name = match &body.name {
        Some(name) => checked_name(name, "name")?,
        None => partner.map_or_else(|| "Custom".to_owned(), |partner| partner.name.clone()),
    };
    let postbacks = partner.map_or_else(usual_postbacks, |partner| partner.postbacks.clone());
    let rules = match body.rules {
        Some(rules) => checked_rules(rules)?,
        None => partner
            .map(|partner| partner.rules.clone())
            .unwrap_or_default(),
    };
    let made = app
        .store
        .create_integration(NewIntegration {
            workspace,
            partner: partner.map(|partner| partner.slug.clone()),
            name,
            clickid_param,
            clickid_macro,
            rules,
            configurations: postbacks
                .into_iter()
                .map(|postback| NewConfiguration {
                    name: postback.name.en,
                    event: postback.event,
                    rules: postback.rules,
                })
                .collect(),
            fields: partner
                .map(|partner| {
                    partner
                        .fields
                        .iter()
                        .map(|field| (field.clone(), field.name.en.clone()))
                        .collect()
                })
                .unwrap_or_default(),
            events: partner
                .map(|partner| partner.events.clone())
                .unwrap_or_default(),
        })
        .await?;
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
        .map(checked_param)
        .transpose()?;
    let clickid_macro = match (&body.clickid_macro, &clickid_param) {
        (Some(given), _) => Some(checked_name(given, "clickid_macro")?),
        // A new parameter brings its macro in the style that the partner uses.
        (None, Some(param)) => {
            let partner = known
                .partner
                .as_deref()
                .and_then(|slug| app.catalogue.get(slug));
            Some(macro_for(partner, param))
        }
        (None, None) => None,
    };
    let patch = IntegrationPatch {
        name: body
            .name
            .as_deref()
            .map(|name| checked_name(name, "name"))
            .transpose()?,
        clickid_param,
        clickid_macro,
        enabled: body.enabled,
        rules: body.rules.map(checked_rules).transpose()?,
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
    let url = link::postback_url(&link::PostbackTemplate {
        public_url: "",
        uuid: "",
        event: &event,
        clickid: "test-lead",
        params: &params,
    });
    let query = url
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default();
    let raw = RawRequest {
        method: "GET",
        query: query.as_bytes().to_vec(),
        ..RawRequest::default()
    };
    let received_at = app.clock.now();
    let judged = Parts {
        query: &raw.query,
        content_type: None,
        body: None,
    }
    .judge(&integration.ruleset, received_at)
    .map_err(|rejection| Problem::invalid(rejection.to_string()))?;
    let outcome = app
        .store
        .ingest(Incoming {
            raw,
            integration,
            received_at,
            judged: Ok(judged),
            test: true,
        })
        .await?;
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
