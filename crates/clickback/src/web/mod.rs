//! The pages: server-rendered, working without scripts; small modules make them livelier. Data comes
//! from the store, words from `locales/`, looks from `assets/app.css`.

mod assets;
mod changes;
mod chart;
mod doctor;
mod error;
mod fields;
mod forms;
mod help;
pub mod i18n;
mod icons;
mod inbox;
mod integrations;
mod leads;
mod links;
mod notice;
mod origin;
mod overview;
mod paint;
mod palette;
mod partners;
mod parts;
pub mod people;
mod posted;
mod rights;
mod statuses;
mod ui;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, VARY};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use crate::app::AppState;

use i18n::Language;
pub use rights::readable;
use ui::Theme;

/// Scripts and styles come from here only, nothing is framed, forms go nowhere else.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";
/// A year.
const PREFERENCE_SECONDS: u32 = 31_536_000;

/// All page routes. `state` is what the pages read; the caller hands it to the merged router.
pub fn routes(state: AppState) -> Router<AppState> {
    Router::new()
        .route("/", get(overview::page))
        .merge(inbox::routes())
        .merge(doctor::routes())
        .route("/find", get(palette::find))
        .merge(leads::routes())
        .merge(fields::routes())
        .merge(statuses::routes())
        .merge(integrations::routes())
        .merge(links::routes())
        .merge(people::routes())
        .merge(help::routes())
        .route("/partners/{slug}", get(partners::one))
        .route("/assets/{name}", get(assets::serve))
        .fallback(error::fallback)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            rights::gate,
        ))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), finish))
        // Live streams stay as they are: they are sent piece by piece.
        .layer(CompressionLayer::new())
        .with_state(state)
}

/// Remembers a language or theme that the address names, and adds the headers of every page.
async fn finish(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let uri = request.uri();
    let chosen = [
        visitor::query_value(uri, "lang")
            .and_then(Language::from_code)
            .map(|language| ("lang", language.code())),
        visitor::query_value(uri, "theme")
            .and_then(Theme::from_code)
            .map(|theme| ("theme", theme.code())),
    ];
    // A page, not a redirect or a script's request, shows the notice.
    let noticed = visitor::cookie(request.headers(), notice::COOKIE).is_some();
    let mut response = next.run(request).await;
    let is_page = response.status().is_success()
        && response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let headers = response.headers_mut();
    if noticed && is_page {
        headers.append(SET_COOKIE, notice::shown());
    }
    for (name, value) in chosen.into_iter().flatten() {
        let cookie = format!("{name}={value}; SameSite=Lax; Path=/; Max-Age={PREFERENCE_SECONDS}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    // Over plain http browsers ignore it and complain on every page.
    if app.settings.public_url.starts_with("https://") {
        headers.insert(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        );
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("cookie, accept-language"));
    }
    response
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod walls;
