//! One's own account: name, password, and where one is logged in.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use clickback_core::ids::UserId;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::passwords;
use crate::store::StoreResult;
use crate::store::people::{Session, User, UserPatch};

use super::super::error::{self, render};
use super::super::notice;
use super::super::parts::When;
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, checked_name, places, weak};

const PAGE: &str = "/settings/account";

struct Line {
    /// Names the session in the form.
    code: String,
    browser: String,
    address: String,
    seen: When,
    created: When,
    /// The one that shows this page.
    own: bool,
}

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    user: Option<User>,
    role: String,
    sessions: Vec<Line>,
    name_wrong: Option<String>,
    old_wrong: Option<String>,
    new_wrong: Option<String>,
}

/// What is wrong with what was typed.
#[derive(Default)]
struct Wrong {
    name: Option<String>,
    old: Option<String>,
    new: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct NameForm {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PasswordForm {
    old: String,
    new: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SessionForm {
    session: String,
}

/// The settings begin with one's own.
pub(super) async fn home() -> Redirect {
    Redirect::to(PAGE)
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A browser's name as people know it; the header is a long story.
fn browser(agent: &str) -> String {
    let found = |list: &[(&str, &'static str)]| {
        list.iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let program = found(&[
        ("YaBrowser/", "Yandex Browser"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = found(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

async fn build<'a>(app: &App, visitor: &'a Visitor, wrong: Wrong) -> StoreResult<AccountPage<'a>> {
    let ui = &visitor.ui;
    let (user, sessions) = match visitor.user {
        Some(id) => (
            Some(app.store.user(id).await?),
            app.store.sessions(id).await?,
        ),
        None => (None, Vec::new()),
    };
    let line = |session: &Session| Line {
        code: hex(&session.hash),
        browser: browser(&session.agent),
        address: session.address.clone(),
        seen: When::new(ui, session.seen_at),
        created: When::new(ui, session.created_at),
        own: visitor.session == Some(session.hash),
    };
    Ok(AccountPage {
        section: "settings",
        places: places(ui, PAGE),
        role: ui.coded("role-", visitor.role.code()).into_owned(),
        sessions: sessions.iter().map(line).collect(),
        user,
        name_wrong: wrong.name,
        old_wrong: wrong.old,
        new_wrong: wrong.new,
        ui,
    })
}

async fn show(app: &App, visitor: &Visitor, wrong: Wrong) -> Response {
    let fits = wrong.name.is_none() && wrong.old.is_none() && wrong.new.is_none();
    match build(app, visitor, wrong).await {
        Ok(page) if fits => render(&page),
        Ok(page) => (StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response(),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// The page.
pub(super) async fn page(State(app): State<AppState>, visitor: Visitor) -> Response {
    show(&app, &visitor, Wrong::default()).await
}

async fn change(app: &App, ui: &Ui, user: UserId, patch: UserPatch) -> Response {
    match app.store.update_user(user, patch).await {
        Ok(_) => notice::redirect(PAGE, "saved"),
        Err(cause) => error::page(ui, &cause),
    }
}

/// Another name.
pub(super) async fn rename(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(form): Form<NameForm>,
) -> Response {
    let Some(user) = visitor.user else {
        return error::not_found(&visitor.ui);
    };
    match checked_name(&visitor.ui, &form.name) {
        Ok(name) => {
            let patch = UserPatch {
                name: Some(name),
                ..UserPatch::default()
            };
            change(&app, &visitor.ui, user, patch).await
        }
        Err(wrong) => {
            let wrong = Wrong {
                name: Some(wrong),
                ..Wrong::default()
            };
            show(&app, &visitor, wrong).await
        }
    }
}

/// Another password: the old one is asked for, and every session ends.
pub(super) async fn change_password(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(form): Form<PasswordForm>,
) -> Response {
    let ui = &visitor.ui;
    let Some(id) = visitor.user else {
        return error::not_found(ui);
    };
    let user = match app.store.user(id).await {
        Ok(user) => user,
        Err(cause) => return error::page(ui, &cause),
    };
    let mut wrong = Wrong::default();
    if let Err(reason) = passwords::check(&form.new, &user.login) {
        wrong.new = Some(weak(ui, reason));
    }
    if !passwords::verify(form.old.clone(), Some(user.password_hash)).await {
        wrong.old = Some(ui.t("password-old-wrong").into_owned());
    }
    if wrong.new.is_some() || wrong.old.is_some() {
        return show(&app, &visitor, wrong).await;
    }
    let patch = UserPatch {
        password_hash: Some(passwords::hash(form.new).await),
        ..UserPatch::default()
    };
    change(&app, ui, id, patch).await
}

/// Ends one of one's sessions.
pub(super) async fn end_session(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(form): Form<SessionForm>,
) -> Response {
    let Some(user) = visitor.user else {
        return error::not_found(&visitor.ui);
    };
    let sessions = match app.store.sessions(user).await {
        Ok(sessions) => sessions,
        Err(cause) => return error::page(&visitor.ui, &cause),
    };
    let meant = sessions
        .iter()
        .find(|session| hex(&session.hash) == form.session);
    if let Some(session) = meant
        && let Err(cause) = app.store.end_session(user, session.hash).await
    {
        return error::page(&visitor.ui, &cause);
    }
    notice::redirect(PAGE, "session-ended")
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_by_the_names_people_know() {
        let mozilla = "Mozilla/5.0";
        for (agent, expected) in [
            (
                format!(
                    "{mozilla} (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 YaBrowser/25 Safari/537.36"
                ),
                "Yandex Browser, Windows",
            ),
            (
                format!(
                    "{mozilla} (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Mobile Safari/604.1"
                ),
                "Safari, iPhone",
            ),
            (
                format!("{mozilla} (X11; Linux x86_64) Firefox/140.0"),
                "Firefox, Linux",
            ),
            ("curl/8.5".to_owned(), "curl"),
            (String::new(), ""),
        ] {
            assert_eq!(browser(&agent), expected);
        }
    }
}
