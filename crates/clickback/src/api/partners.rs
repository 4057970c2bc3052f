//! The catalogue of partners.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;

use super::auth::Caller;
use super::problem::{Answer, Problem};

/// A catalogue entry in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerSummary {
    slug: String,
    name: String,
    category: String,
    /// `ready` or `soon`.
    readiness: String,
    clickid_params: Vec<String>,
    events: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PartnerList {
    items: Vec<PartnerSummary>,
    next: Option<String>,
}

/// All partners of the catalogue.
#[utoipa::path(get, path = "/api/v1/partners", tag = "partners", security(("token" = [])),
    responses((status = 200, body = PartnerList)))]
pub(super) async fn list(State(app): State<AppState>, _: Caller) -> Json<PartnerList> {
    let items = app
        .catalogue
        .all()
        .iter()
        .map(|partner| PartnerSummary {
            slug: partner.slug.clone(),
            name: partner.name.clone(),
            category: partner.category.clone(),
            readiness: match partner.readiness {
                clickback_core::partner::Readiness::Ready => "ready".to_owned(),
                clickback_core::partner::Readiness::Soon => "soon".to_owned(),
            },
            clickid_params: partner.clickid.params.clone(),
            events: partner
                .postbacks
                .iter()
                .map(|postback| postback.event.clone())
                .collect(),
        })
        .collect();
    Json(PartnerList { items, next: None })
}

/// One partner with everything that is known of it.
#[utoipa::path(get, path = "/api/v1/partners/{slug}", tag = "partners", security(("token" = [])),
    params(("slug" = String, Path)), responses((status = 200, body = Object), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    _: Caller,
    Path(slug): Path<String>,
) -> Answer<Json<clickback_core::partner::Partner>> {
    app.catalogue
        .get(&slug)
        .cloned()
        .map(Json)
        .ok_or_else(|| Problem::not_found("partner"))
}
