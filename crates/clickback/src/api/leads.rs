//! Leads: making, reading, changing, binding outside ids; and recording clicks.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::currency::Currency;
use clickback_core::ids::{IntegrationId, LeadId, UserId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::money::Amount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, AppState};
use crate::store::leads::{IdentityKind, Lead, LeadFilter, LeadPatch, NewClick, NewLead};

use super::auth::Caller;
use super::problem::{Answer, Body, Problem, Query, id, page_size};

/// A lead.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadView {
    #[schema(value_type = String)]
    id: LeadId,
    clickid: String,
    name: String,
    status: String,
    tags: Vec<String>,
    #[schema(value_type = Option<String>)]
    buyer: Option<UserId>,
    /// Custom field values by key.
    fields: BTreeMap<String, String>,
    identities: Vec<IdentityView>,
    totals: TotalsView,
    #[schema(value_type = Option<String>)]
    clicked_at: Option<Moment>,
    #[schema(value_type = String)]
    created_at: Moment,
}

#[derive(Serialize, ToSchema)]
pub(super) struct IdentityView {
    /// clickid, telegram or player.
    kind: &'static str,
    value: String,
    /// The integration of a player id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    integration: Option<IntegrationId>,
}

/// What the approved events add up to; money by currency, as decimal text.
#[derive(Serialize, ToSchema)]
pub(super) struct TotalsView {
    events: u64,
    registrations: u64,
    deposits: u64,
    #[schema(value_type = Object)]
    deposited: BTreeMap<Currency, Amount>,
    #[schema(value_type = Object)]
    withdrawn: BTreeMap<Currency, Amount>,
    #[schema(value_type = Object)]
    payouts: BTreeMap<Currency, Amount>,
}

impl From<Lead> for LeadView {
    fn from(lead: Lead) -> Self {
        Self {
            id: lead.id,
            clickid: lead.clickid,
            name: lead.name,
            status: lead.status,
            tags: lead.tags,
            buyer: lead.buyer,
            fields: lead
                .values
                .into_iter()
                .map(|value| (value.key, value.value))
                .collect(),
            identities: lead
                .identities
                .into_iter()
                .map(|identity| IdentityView {
                    kind: identity.kind.code(),
                    value: identity.value,
                    integration: (identity.scope != 0).then_some(IntegrationId(identity.scope)),
                })
                .collect(),
            totals: TotalsView {
                events: lead.totals.events,
                registrations: lead.totals.registrations,
                deposits: lead.totals.deposits,
                deposited: lead.totals.deposited,
                withdrawn: lead.totals.withdrawn,
                payouts: lead.totals.payouts,
            },
            clicked_at: lead.clicked_at,
            created_at: lead.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct LeadList {
    items: Vec<LeadView>,
    next: Option<String>,
}

/// What makes a lead. Without a clickid one is made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLeadBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    clickid: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// What changes on a lead. An empty field value erases it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadPatchBody {
    name: Option<String>,
    /// The code of one of the workspace's statuses.
    status: Option<String>,
    /// All tags that it has afterwards.
    tags: Option<Vec<String>>,
    /// A user's id; an empty text is nobody.
    buyer: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// An outside id to bind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityBody {
    /// clickid, telegram or player.
    kind: String,
    value: String,
    /// The integration whose player id it is; needed for `player`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    integration: Option<IntegrationId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadQuery {
    clickid: Option<String>,
    /// Part of a name, or a whole clickid, outside id or field value.
    search: Option<String>,
    status: Option<String>,
    tag: Option<String>,
    buyer: Option<String>,
    integration: Option<String>,
    /// With a first deposit, or without.
    deposited: Option<bool>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Leads, newest first.
#[utoipa::path(get, path = "/api/v1/leads", tag = "leads", security(("token" = [])),
    params(LeadQuery), responses((status = 200, body = LeadList)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Query(query): Query<LeadQuery>,
) -> Answer<Json<LeadList>> {
    if let Some(clickid) = &query.clickid {
        let found = app.store.lead_by_clickid(workspace, clickid).await?;
        return Ok(Json(LeadList {
            items: found.into_iter().map(LeadView::from).collect(),
            next: None,
        }));
    }
    let before = query
        .cursor
        .as_deref()
        .map(|cursor| id(cursor, "cursor"))
        .transpose()?;
    let filter = LeadFilter {
        search: query.search,
        status: query.status,
        tag: query.tag,
        buyers: query
            .buyer
            .as_deref()
            .map(|text| id(text, "buyer").map(|buyer| vec![buyer]))
            .transpose()?,
        integration: query
            .integration
            .as_deref()
            .map(|text| id(text, "integration"))
            .transpose()?,
        deposited: query.deposited,
        before,
        limit: page_size(query.limit)?,
        ..LeadFilter::new(workspace)
    };
    let page = app.store.leads(filter).await?;
    Ok(Json(LeadList {
        items: page.items.into_iter().map(LeadView::from).collect(),
        next: page.next,
    }))
}

/// Makes a lead and applies what waits for its clickid.
#[utoipa::path(post, path = "/api/v1/leads", tag = "leads", security(("token" = [])),
    request_body = NewLeadBody, responses((status = 201, body = LeadView), (status = 409), (status = 422)))]
pub(super) async fn create(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<NewLeadBody>,
) -> Answer<(StatusCode, Json<LeadView>)> {
    let made = app.store.create_lead(new_lead(workspace, body)).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

fn new_lead(workspace: WorkspaceId, body: NewLeadBody) -> NewLead {
    NewLead {
        workspace: Some(workspace),
        name: body.name,
        clickid: body.clickid,
        fields: body.fields.into_iter().collect(),
        ..NewLead::default()
    }
}

pub(super) async fn find(app: &App, workspace: WorkspaceId, text: &str) -> Answer<Lead> {
    let lead = app.store.lead(id(text, "lead")?).await?;
    if lead.workspace == workspace {
        Ok(lead)
    } else {
        Err(Problem::not_found("lead"))
    }
}

/// One lead with its fields, ids and totals.
#[utoipa::path(get, path = "/api/v1/leads/{id}", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = LeadView), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<LeadView>> {
    Ok(Json(find(&app, workspace, &text).await?.into()))
}

/// Changes a lead.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), request_body = LeadPatchBody,
    responses((status = 200, body = LeadView), (status = 404), (status = 422)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<LeadPatchBody>,
) -> Answer<Json<LeadView>> {
    let known = find(&app, workspace, &text).await?;
    let patch = LeadPatch {
        name: body.name,
        status: body.status,
        tags: body.tags,
        buyer: body
            .buyer
            .map(|text| match text.as_str() {
                "" => Ok(None),
                text => id(text, "buyer").map(Some),
            })
            .transpose()?,
        author: super::crm::author(),
        fields: body.fields.into_iter().collect(),
    };
    Ok(Json(app.store.update_lead(known.id, patch).await?.into()))
}

/// Makes or changes the lead with this clickid.
#[utoipa::path(put, path = "/api/v1/leads/by-clickid/{clickid}", tag = "leads", security(("token" = [])),
    params(("clickid" = String, Path)), request_body = NewLeadBody,
    responses((status = 200, body = LeadView), (status = 422)))]
pub(super) async fn upsert(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(clickid): Path<String>,
    Body(body): Body<NewLeadBody>,
) -> Answer<Json<LeadView>> {
    Ok(Json(
        app.store
            .upsert_lead(clickid, new_lead(workspace, body))
            .await?
            .into(),
    ))
}

/// Binds an outside id or one more clickid to a lead.
#[utoipa::path(post, path = "/api/v1/leads/{id}/identities", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), request_body = IdentityBody,
    responses((status = 200, body = LeadView), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn bind(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<IdentityBody>,
) -> Answer<Json<LeadView>> {
    let known = find(&app, workspace, &text).await?;
    let kind = IdentityKind::from_code(&body.kind).ok_or_else(|| {
        Problem::invalid(format!(
            "kind is `{}`; it can be clickid, telegram or player",
            body.kind
        ))
    })?;
    let scope = match (kind, body.integration) {
        (IdentityKind::Player, Some(integration)) => {
            if app.store.snapshot().get(workspace, integration).is_none() {
                return Err(Problem::not_found("integration"));
            }
            integration.0
        }
        (IdentityKind::Player, None) => {
            return Err(Problem::invalid("a player id needs its `integration`"));
        }
        _ => 0,
    };
    Ok(Json(
        app.store
            .bind_identity(known.id, kind, scope, body.value)
            .await?
            .into(),
    ))
}

/// A click that happened elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClickBody {
    /// Without one, a clickid is made.
    #[serde(default)]
    clickid: Option<String>,
    /// Parameters of the click, kept with it.
    #[serde(default)]
    params: BTreeMap<String, String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ClickView {
    clickid: String,
}

/// Records a click: the first postback that names it makes the lead.
#[utoipa::path(post, path = "/api/v1/clicks", tag = "leads", security(("token" = [])),
    request_body = ClickBody, responses((status = 201, body = ClickView), (status = 422)))]
pub(super) async fn record_click(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<ClickBody>,
) -> Answer<(StatusCode, Json<ClickView>)> {
    use rand::RngExt as _;
    let clickid = body.clickid.unwrap_or_else(|| {
        clickback_core::ids::clickid(app.clock.now().millis(), rand::rng().random())
    });
    let params = body.params.into_iter().collect();
    app.store
        .record_click(NewClick {
            workspace,
            clickid: clickid.clone(),
            params,
        })
        .await?;
    Ok((StatusCode::CREATED, Json(ClickView { clickid })))
}
