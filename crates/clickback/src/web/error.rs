//! Pages for what went wrong: what, where, what next.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::store::StoreError;

use super::ui::Ui;
use super::visitor::Guest;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    code: u16,
    title: Cow<'static, str>,
    next: Cow<'static, str>,
}

/// The page for a failed store call.
pub(super) fn page(ui: &Ui, cause: &StoreError) -> Response {
    let (status, kind) = match cause {
        StoreError::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
        StoreError::Conflict { .. } => (StatusCode::CONFLICT, "invalid"),
        StoreError::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        StoreError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        StoreError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    if status.is_server_error() {
        tracing::error!(error = %cause, "a page could not be made");
    }
    of_kind(ui, status, kind)
}

/// The page for a wrong address.
pub(super) fn not_found(ui: &Ui) -> Response {
    of_kind(ui, StatusCode::NOT_FOUND, "not-found")
}

/// The page for somebody who may not do this.
pub(super) fn forbidden(ui: &Ui) -> Response {
    of_kind(ui, StatusCode::FORBIDDEN, "forbidden")
}

/// The page for a one-time link that was used or has expired.
pub(super) fn worn_out(ui: &Ui) -> Response {
    of_kind(ui, StatusCode::NOT_FOUND, "worn-out")
}

/// The page for a form that cannot be read.
pub(super) fn bad_form(ui: &Ui) -> Response {
    of_kind(ui, StatusCode::UNPROCESSABLE_ENTITY, "bad-form")
}

/// The page for a form from elsewhere.
pub(super) fn foreign_form(ui: &Ui) -> Response {
    of_kind(ui, StatusCode::FORBIDDEN, "foreign-form")
}

fn of_kind(ui: &Ui, status: StatusCode, kind: &'static str) -> Response {
    let next = match usize::try_from(ui.undecided) {
        // What happens to postbacks meanwhile.
        Ok(waiting @ 1..) if kind == "unavailable" => {
            ui.count("error-unavailable-waiting", waiting)
        }
        _ => ui.t(&format!("error-{kind}-next")),
    };
    let page = ErrorPage {
        ui,
        section: "",
        code: status.as_u16(),
        title: ui.coded("error-", kind),
        next,
    };
    (status, render(&page)).into_response()
}

/// Renders a page. A template fails only when writing into memory does.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The answer for addresses that are nobody's.
pub(super) async fn fallback(Guest(ui): Guest) -> Response {
    not_found(&ui)
}
