//! The REST API under `/api/v1`: bearer tokens, JSON, problems as `application/problem+json`.
//! The OpenAPI description at `/api/openapi.json` is made from the handlers.

mod auth;
mod crm;
mod doctor;
mod events;
mod fields;
mod inbox;
mod integrations;
mod leads;
mod links;
mod partners;
mod problem;

use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::app::AppState;

/// Bytes of an API body.
const MAX_BODY: usize = 1_024 * 1_024;

/// All API routes.
pub fn routes() -> Router<AppState> {
    let v1 = Router::new()
        .route("/partners", get(partners::list))
        .route("/partners/{slug}", get(partners::one))
        .route(
            "/integrations",
            get(integrations::list).post(integrations::create),
        )
        .route(
            "/integrations/{id}",
            get(integrations::one)
                .patch(integrations::update)
                .delete(integrations::delete),
        )
        .route(
            "/integrations/{id}/postbacks",
            get(integrations::list_postbacks).post(integrations::create_postback),
        )
        .route(
            "/integrations/{id}/postbacks/{postback}",
            patch(integrations::update_postback).delete(integrations::delete_postback),
        )
        .route(
            "/integrations/{id}/postbacks/order",
            put(integrations::order_postbacks),
        )
        .route("/integrations/{id}/health", get(integrations::health))
        .route("/integrations/{id}/test", post(integrations::send_test))
        .route("/custom-fields", get(fields::list).post(fields::create))
        .route(
            "/custom-fields/{id}",
            patch(fields::update).delete(fields::delete),
        )
        .route(
            "/custom-events",
            get(fields::list_events).post(fields::define_event),
        )
        .route("/leads", get(leads::list).post(leads::create))
        .route("/leads/{id}", get(leads::one).patch(leads::update))
        .route("/leads/{id}/identities", post(leads::bind))
        .route("/leads/{id}/notes", get(crm::notes).post(crm::add_note))
        .route("/leads/{id}/merge", post(crm::merge))
        .route("/imports", post(crm::import))
        .route("/imports/{id}", axum::routing::delete(crm::undo))
        .route("/leads/by-clickid/{clickid}", put(leads::upsert))
        .route("/clicks", post(leads::record_click))
        .route("/links", get(links::list).post(links::create))
        .route(
            "/links/{id}",
            get(links::one).patch(links::update).delete(links::delete),
        )
        .route("/links/{id}/render", get(links::render))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::one).patch(events::update))
        .route("/inbox", get(inbox::list))
        .route("/inbox/{id}", get(inbox::one))
        .route("/inbox/{id}/separately", post(inbox::separately))
        .route("/inbox/reprocess", post(inbox::reprocess))
        .route("/doctor", post(doctor::examine))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY));
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/openapi.json", get(openapi))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clickback",
        description = "Postback tracker with a lead CRM. Money is decimal text, times are RFC 3339."
    ),
    paths(
        partners::list,
        partners::one,
        integrations::list,
        integrations::create,
        integrations::one,
        integrations::update,
        integrations::delete,
        integrations::list_postbacks,
        integrations::create_postback,
        integrations::update_postback,
        integrations::delete_postback,
        integrations::order_postbacks,
        integrations::health,
        integrations::send_test,
        fields::list,
        fields::create,
        fields::update,
        fields::delete,
        fields::list_events,
        fields::define_event,
        leads::list,
        leads::create,
        leads::one,
        leads::update,
        leads::bind,
        crm::notes,
        crm::add_note,
        crm::merge,
        crm::import,
        crm::undo,
        leads::upsert,
        leads::record_click,
        links::list,
        links::create,
        links::one,
        links::update,
        links::delete,
        links::render,
        events::list,
        events::one,
        events::update,
        inbox::list,
        inbox::one,
        inbox::separately,
        inbox::reprocess,
        doctor::examine,
    )
)]
struct Description;

/// The description of this API.
pub fn description() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    description
}

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(description())
}
