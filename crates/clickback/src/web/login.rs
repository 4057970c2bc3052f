//! Login by an API token until there are users: the form, the cookie, the way out.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::AppState;
use crate::tokens;

use super::error::{self, render};
use super::parts::Copy;
use super::ui::Ui;
use super::visitor::{Guest, TOKEN_COOKIE};

/// Where a login leads when nothing else was asked for.
const HOME: &str = "/inbox";
/// Days that a login lasts.
const COOKIE_SECONDS: u32 = 30 * 86_400;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    ui: &'a Ui,
    next: &'a str,
    refused: bool,
    /// Copies the command that makes a token.
    command: Copy,
}

impl<'a> LoginPage<'a> {
    fn new(ui: &'a Ui, next: &'a str, refused: bool) -> Self {
        let command = Copy::new(ui, "clickback token create --name me".to_owned());
        LoginPage {
            ui,
            next,
            refused,
            command,
        }
    }
}

/// Where to go after the login.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// A path of our own, never another site: `//evil.example` and `/\evil.example` are addresses too.
fn local(next: &str) -> &str {
    let mut chars = next.chars();
    let is_local = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.contains(|c: char| c.is_control() || c == '\\')
        && next.is_ascii();
    if is_local { next } else { HOME }
}

/// The form.
pub(super) async fn form(Guest(ui): Guest, Query(next): Query<Next>) -> Response {
    render(&LoginPage::new(&ui, local(&next.next), false))
}

/// Checks the token and sets the cookie.
pub(super) async fn submit(
    State(app): State<AppState>,
    Guest(ui): Guest,
    Form(login): Form<Login>,
) -> Response {
    let token = login.token.trim();
    let next = local(&login.next);
    match app.store.token_by_hash(tokens::hash(token)).await {
        Ok(Some(_)) => {
            let secure = if app.settings.public_url.starts_with("https://") {
                "; Secure"
            } else {
                ""
            };
            let cookie = format!(
                "{TOKEN_COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={COOKIE_SECONDS}{secure}"
            );
            ([(SET_COOKIE, cookie)], Redirect::to(next)).into_response()
        }
        Ok(None) => {
            let page = render(&LoginPage::new(&ui, next, true));
            (axum::http::StatusCode::UNAUTHORIZED, page).into_response()
        }
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Forgets the cookie.
pub(super) async fn logout() -> Response {
    let cookie = format!("{TOKEN_COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    ([(SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
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
