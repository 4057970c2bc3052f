//! People: the first owner's set-up link, login and sessions, own account, users, API tokens, the log.

mod account;
mod attempts;
mod log;
mod login;
mod nodes;
mod session;
mod tokens;
mod users;
mod welcome;
mod workspace;

use std::borrow::Cow;

use axum::Router;
use axum::routing::{get, post};
use clickback_core::people::Right;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::people::LinkFor;
use crate::tokens as secrets;

use super::ui::Ui;

pub use attempts::Attempts;
pub(super) use login::redirect as to_login;
pub(super) use session::find as find_session;

/// A link for the first owner works so long.
const SET_UP_SECONDS: i64 = 7 * 86_400;
/// A link to choose a password works so long.
const INVITATION_SECONDS: i64 = 3 * 86_400;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", get(login::form).post(login::submit))
        .route("/logout", post(login::logout))
        .route("/welcome/{token}", get(welcome::form).post(welcome::submit))
        .route("/settings", get(account::home))
        .route("/settings/account", get(account::page))
        .route("/settings/account/name", post(account::rename))
        .route("/settings/account/password", post(account::change_password))
        .route("/settings/account/sessions", post(account::end_session))
        .route(
            "/settings/workspace",
            get(workspace::page).post(workspace::change),
        )
        .route("/settings/people", get(users::list).post(users::add))
        .route("/settings/people/{id}", get(users::one).post(users::change))
        .route("/settings/people/{id}/link", post(users::new_link))
        .route("/settings/tokens", get(tokens::list).post(tokens::create))
        .route("/settings/tokens/{id}/revoke", post(tokens::revoke))
        .route("/settings/log", get(log::list))
        .route(nodes::PAGE, get(nodes::list))
}

/// Makes a link for the first owner where nobody can log in yet, and returns its address.
pub async fn first_link(app: &App) -> StoreResult<Option<String>> {
    if app.store.has_users().await? {
        return Ok(None);
    }
    let (token, hash) = secrets::generate();
    let until = app.clock.now().plus_seconds(SET_UP_SECONDS);
    app.store
        .create_one_time_link(hash, LinkFor::Owner, until)
        .await?;
    Ok(Some(welcome_address(app, &token)))
}

/// Makes a link with which a user chooses a password, and returns its address.
pub async fn invitation(app: &App, user: clickback_core::ids::UserId) -> StoreResult<String> {
    let (token, hash) = secrets::generate();
    let until = app.clock.now().plus_seconds(INVITATION_SECONDS);
    app.store
        .create_one_time_link(hash, LinkFor::User(user), until)
        .await?;
    Ok(welcome_address(app, &token))
}

fn welcome_address(app: &App, token: &str) -> String {
    format!("{}/welcome/{token}", app.settings.public_url)
}

/// A page of the settings as their menu names it.
pub(super) struct Place {
    pub(super) href: &'static str,
    pub(super) word: Cow<'static, str>,
    pub(super) chosen: bool,
}

/// The settings' menu for who may see what.
pub(super) fn places(ui: &Ui, chosen: &str) -> Vec<Place> {
    [
        ("/settings/account", "settings-account", Right::Account),
        ("/settings/workspace", "settings-workspace", Right::SetUp),
        ("/settings/people", "settings-people", Right::ManagePeople),
        ("/settings/tokens", "settings-tokens", Right::ManagePeople),
        ("/settings/fields", "settings-fields", Right::SetUp),
        ("/settings/statuses", "settings-statuses", Right::SetUp),
        ("/settings/log", "settings-log", Right::ManagePeople),
        (nodes::PAGE, "settings-nodes", Right::SeeTeam),
    ]
    .into_iter()
    // Who has one node knows of none.
    .filter(|(href, _, _)| *href != nodes::PAGE || ui.company || chosen == nodes::PAGE)
    .filter(|(_, _, right)| ui.role.may(*right))
    .map(|(href, word, _)| Place {
        href,
        word: ui.t(word),
        chosen: href == chosen,
    })
    .collect()
}

/// What is wrong with a field of a form, said next to it.
fn weak(ui: &Ui, weak: crate::passwords::Weak) -> String {
    use crate::passwords::{LONGEST, SHORTEST, Weak};
    match weak {
        Weak::Short => ui
            .with("password-short", &[("n", &SHORTEST.to_string())])
            .into_owned(),
        Weak::Long => ui
            .with("password-long", &[("n", &LONGEST.to_string())])
            .into_owned(),
        Weak::Common => ui.t("password-common").into_owned(),
        Weak::SameAsLogin => ui.t("password-login").into_owned(),
    }
}

/// A login as it is stored, or what is wrong with it.
fn checked_login(ui: &Ui, login: &str) -> Result<String, String> {
    let login = login.trim().to_lowercase();
    let fits = (2..=120).contains(&login.chars().count())
        && !login.contains(|c: char| c.is_whitespace() || c.is_control());
    if fits {
        Ok(login)
    } else {
        Err(ui.t("login-unfit").into_owned())
    }
}

/// A name as it is stored, or what is wrong with it.
fn checked_name(ui: &Ui, name: &str) -> Result<String, String> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(ui.t("name-unfit").into_owned())
    }
}

#[cfg(test)]
mod tests;
