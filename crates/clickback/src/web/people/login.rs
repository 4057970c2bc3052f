//! Login by name and password, and the way out.

use askama::Template;
use axum::Form;
use axum::extract::{FromRequest as _, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::AppState;
use crate::passwords;

use super::super::error::{self, render};
use super::super::ui::Ui;
use super::super::visitor::{Guest, Visitor};
use super::session;

/// Where a login leads when nothing else was asked for.
const HOME: &str = "/";

#[derive(Template)]
#[template(path = "people/login.html")]
struct LoginPage<'a> {
    ui: &'a Ui,
    next: &'a str,
    login: &'a str,
    refused: Option<String>,
    /// Nobody can log in yet: the program printed a link.
    fresh: bool,
}

/// Where to go after the login.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

/// The login form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    login: String,
    password: String,
    next: String,
}

/// Only a path on this site: a login must not lead anywhere else.
fn local(next: &str) -> &str {
    let mut chars = next.chars();
    let is_local = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.contains(|c: char| c.is_control() || c == '\\')
        && next.is_ascii();
    if is_local { next } else { HOME }
}

/// The form.
pub(super) async fn form(
    State(app): State<AppState>,
    Guest(ui): Guest,
    Query(next): Query<Next>,
) -> Response {
    match app.store.has_users().await {
        Ok(some) => render(&LoginPage {
            ui: &ui,
            next: local(&next.next),
            login: "",
            refused: None,
            fresh: !some,
        }),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Checks the password and begins a session.
pub(super) async fn submit(
    State(app): State<AppState>,
    Guest(ui): Guest,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let Ok(Form(given)) = Form::<Given>::from_request(request, &app).await else {
        return error::bad_form(&ui);
    };
    let next = local(&given.next);
    let again = |status: StatusCode, key: &str| {
        let page = LoginPage {
            ui: &ui,
            next,
            login: given.login.trim(),
            refused: Some(ui.t(key).into_owned()),
            fresh: false,
        };
        (status, render(&page)).into_response()
    };
    let address = session::address(&app, &parts.extensions, &parts.headers);
    let may_try = app
        .attempts
        .may_try(&*app.store, address, &given.login)
        .await;
    let may_try = match may_try {
        Ok(may_try) => may_try,
        Err(cause) => return error::page(&ui, &cause),
    };
    if !may_try {
        tracing::warn!("too many logins from one address");
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, "login-too-many");
        response.headers_mut().insert(RETRY_AFTER, 60.into());
        return response;
    }
    let user = match app.store.user_by_login(&given.login).await {
        Ok(user) => user.filter(|user| !user.disabled),
        Err(cause) => return error::page(&ui, &cause),
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = passwords::verify(given.password.clone(), hash).await;
    match user {
        Some(user) if right => match session::begin(&app, &parts, user.id, next).await {
            Ok(response) => response,
            Err(cause) => error::page(&ui, &cause),
        },
        _ => {
            tracing::warn!("a login was refused");
            again(StatusCode::UNAUTHORIZED, "login-refused")
        }
    }
}

/// Ends the session.
pub(super) async fn logout(State(app): State<AppState>, visitor: Visitor) -> Response {
    if let (Some(user), Some(hash)) = (visitor.user, visitor.session)
        && let Err(cause) = app.store.end_session(user, hash).await
    {
        return error::page(&visitor.ui, &cause);
    }
    session::end(&app)
}

/// Goes to the form and comes back to a page.
pub(in crate::web) fn redirect(wanted: &str) -> Response {
    let wanted = super::super::visitor::form_encoded(wanted);
    Redirect::to(&format!("/login?next={wanted}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_never_leads_away() {
        let cases = [
            ("/inbox?verdict=unmatched", "/inbox?verdict=unmatched"),
            ("/leads", "/leads"),
            ("//evil.example", HOME),
            ("/\\evil.example", HOME),
            ("https://evil.example", HOME),
            ("/a\r\nSet-Cookie: x=1", HOME),
            ("inbox", HOME),
            ("", HOME),
        ];
        for (next, expected) in cases {
            assert_eq!(local(next), expected, "{next:?}");
        }
    }
}
