//! The catalogue of partners.

use axum::Json;
use axum::extract::{Path, State};
use clickback_core::partner::{Category, Partner, PartnerKind, Readiness};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::catalogue::Refused;

use super::auth::Caller;
use super::problem::{Answer, Problem, Query};

/// A catalogue entry in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerSummary {
    slug: String,
    name: String,
    /// `program`, `platform` or `tracker`.
    kind: &'static str,
    /// `igaming`, `trading`, `cpa`, `ecommerce`, `platform` or `tracker`.
    category: &'static str,
    /// `ready` or `soon`.
    readiness: &'static str,
    /// `documented`, `from-tracker-template` or `inferred`.
    confidence: &'static str,
    clickid_params: Vec<String>,
    events: Vec<String>,
    /// What a `soon` partner needs: `link_parameter`, `click_macro`.
    missing: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PartnerList {
    items: Vec<PartnerSummary>,
    next: Option<String>,
    /// Files of this installation that could not be read.
    refused: Vec<Refused>,
}

/// Which partners.
#[derive(Deserialize, IntoParams, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PartnerQuery {
    category: Option<String>,
    readiness: Option<String>,
    kind: Option<String>,
}

fn summary(partner: &Partner) -> PartnerSummary {
    PartnerSummary {
        slug: partner.slug.clone(),
        name: partner.name.clone(),
        kind: partner.kind.code(),
        category: partner.category.code(),
        readiness: partner.readiness.code(),
        confidence: partner.confidence.code(),
        clickid_params: partner.clickid.params.clone(),
        events: partner
            .postbacks
            .iter()
            .map(|postback| postback.event.clone())
            .collect(),
        missing: partner.missing.iter().map(|one| one.code()).collect(),
    }
}

/// One of a closed set, or the sentence that names the whole set.
fn one_of<T: Copy>(
    given: Option<&str>,
    what: &str,
    all: &[T],
    code: impl Fn(T) -> &'static str,
) -> Answer<Option<T>> {
    let Some(given) = given else {
        return Ok(None);
    };
    let found = all.iter().copied().find(|one| code(*one) == given);
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| code(*one)).collect();
        Problem::invalid(format!("{what} `{given}` is none of {}", known.join(", ")))
    })
}

/// All partners of the catalogue.
#[utoipa::path(get, path = "/api/v1/partners", tag = "partners", security(("token" = [])),
    params(PartnerQuery), responses((status = 200, body = PartnerList), (status = 422)))]
pub(super) async fn list(
    State(app): State<AppState>,
    _: Caller,
    Query(query): Query<PartnerQuery>,
) -> Answer<Json<PartnerList>> {
    let category = one_of(
        query.category.as_deref(),
        "category",
        Category::ALL,
        Category::code,
    )?;
    let readiness = one_of(
        query.readiness.as_deref(),
        "readiness",
        Readiness::ALL,
        Readiness::code,
    )?;
    let kind = one_of(
        query.kind.as_deref(),
        "kind",
        PartnerKind::ALL,
        PartnerKind::code,
    )?;
    let items = app
        .catalogue
        .all()
        .iter()
        .filter(|partner| category.is_none_or(|category| partner.category == category))
        .filter(|partner| readiness.is_none_or(|readiness| partner.readiness == readiness))
        .filter(|partner| kind.is_none_or(|kind| partner.kind == kind))
        .map(summary)
        .collect();
    Ok(Json(PartnerList {
        items,
        next: None,
        refused: app.catalogue.refused().to_vec(),
    }))
}

/// One partner with everything that is known of it.
#[utoipa::path(get, path = "/api/v1/partners/{slug}", tag = "partners", security(("token" = [])),
    params(("slug" = String, Path)), responses((status = 200, body = Object), (status = 404)))]
pub(super) async fn one(
    State(app): State<AppState>,
    _: Caller,
    Path(slug): Path<String>,
) -> Answer<Json<Partner>> {
    app.catalogue
        .get(&slug)
        .cloned()
        .map(Json)
        .ok_or_else(|| Problem::not_found("partner"))
}
