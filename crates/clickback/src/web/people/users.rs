//! Users of the workspace: adding, changing, switching off, and links to choose a password.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clickback_core::ids::UserId;
use clickback_core::people::Role;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::people::{Deed, NewUser, User, UserPatch};
use crate::store::{StoreError, StoreResult};

use super::super::error::{self, render};
use super::super::notice;
use super::super::paint::Segment;
use super::super::parts::CodeBox;
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, checked_login, checked_name, invitation, places};

const PAGE: &str = "/settings/people";

struct Row {
    href: String,
    name: String,
    login: String,
    role: String,
    lead_by: Option<String>,
    disabled: bool,
    /// No password was chosen yet.
    waiting: bool,
    own: bool,
}

struct RoleChoice {
    code: &'static str,
    name: String,
    what: String,
    chosen: bool,
}

struct LeadChoice {
    id: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "people/users.html")]
struct UsersPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    given: &'a Given,
    wrong: Wrong,
    roles: Vec<RoleChoice>,
    leads: Vec<LeadChoice>,
}

#[derive(Template)]
#[template(path = "people/user.html")]
struct UserPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    user: &'a User,
    wrong: Wrong,
    roles: Vec<RoleChoice>,
    leads: Vec<LeadChoice>,
    /// A fresh link, shown once.
    link: Option<CodeBox>,
    /// The visitor may change this person.
    mine: bool,
    own: bool,
}

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    name: String,
    login: String,
    role: String,
    lead_by: String,
    disabled: String,
}

#[derive(Default)]
struct Wrong {
    name: Option<String>,
    login: Option<String>,
    role: Option<String>,
}

impl Wrong {
    fn is_nothing(&self) -> bool {
        self.name.is_none() && self.login.is_none() && self.role.is_none()
    }
}

fn roles(ui: &Ui, manager: Role, chosen: &str) -> Vec<RoleChoice> {
    Role::ALL
        .into_iter()
        .filter(|role| manager.may_manage(*role))
        .map(|role| RoleChoice {
            code: role.code(),
            name: ui.coded("role-", role.code()).into_owned(),
            what: ui.coded("role-what-", role.code()).into_owned(),
            chosen: role.code() == chosen,
        })
        .collect()
}

fn leads(users: &[User], chosen: Option<UserId>) -> Vec<LeadChoice> {
    users
        .iter()
        .filter(|user| user.role == Role::TeamLead && !user.disabled)
        .map(|user| LeadChoice {
            id: user.id.to_string(),
            name: user.name.clone(),
            chosen: chosen == Some(user.id),
        })
        .collect()
}

/// Everybody.
pub(super) async fn list(State(app): State<AppState>, visitor: Visitor) -> Response {
    let given = Given {
        role: Role::Buyer.code().to_owned(),
        ..Given::default()
    };
    match all(&app, &visitor, &given, Wrong::default()).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn all(app: &App, visitor: &Visitor, given: &Given, wrong: Wrong) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let users = app.store.users(visitor.workspace).await?;
    let name_of = |id: UserId| {
        let found = users.iter().find(|user| user.id == id);
        found.map(|user| user.name.clone())
    };
    let rows = users
        .iter()
        .map(|user| Row {
            href: format!("{PAGE}/{}", user.id),
            name: user.name.clone(),
            login: user.login.clone(),
            role: ui.coded("role-", user.role.code()).into_owned(),
            lead_by: user.lead_by.and_then(name_of),
            disabled: user.disabled,
            waiting: user.password_hash.is_empty(),
            own: visitor.user == Some(user.id),
        })
        .collect();
    let fits = wrong.is_nothing();
    let page = render(&UsersPage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        rows,
        given,
        wrong,
        roles: roles(ui, visitor.role, &given.role),
        leads: leads(&users, given.lead_by.parse().ok()),
    });
    Ok(if fits {
        page
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    })
}

/// The role that was chosen, if the visitor may give it.
fn checked_role(visitor: &Visitor, given: &Given) -> Result<Role, String> {
    Role::from_code(&given.role)
        .filter(|role| visitor.role.may_manage(*role))
        .ok_or_else(|| visitor.ui.t("role-unfit").into_owned())
}

/// Only buyers have a team lead, and he is of this workspace.
fn checked_lead(users: &[User], role: Role, given: &Given) -> Option<UserId> {
    let wanted: UserId = given.lead_by.parse().ok()?;
    users
        .iter()
        .find(|user| user.id == wanted && user.role == Role::TeamLead && role == Role::Buyer)
        .map(|user| user.id)
}

/// Adds somebody and shows the link with which he chooses a password.
pub(super) async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Given>,
) -> Response {
    match try_add(&app, &visitor, &given).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn try_add(app: &App, visitor: &Visitor, given: &Given) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let name = checked_name(ui, &given.name);
    let login = checked_login(ui, &given.login);
    let role = checked_role(visitor, given);
    let (Ok(name), Ok(login), Ok(role)) = (&name, &login, &role) else {
        let wrong = Wrong {
            name: name.err(),
            login: login.err(),
            role: role.err(),
        };
        return all(app, visitor, given, wrong).await;
    };
    let users = app.store.users(visitor.workspace).await?;
    let new = NewUser {
        workspace: visitor.workspace,
        login: login.clone(),
        name: name.clone(),
        role: *role,
        lead_by: checked_lead(&users, *role, given),
        password_hash: String::new(),
    };
    let user = match app.store.create_user(new).await {
        Ok(user) => user,
        Err(StoreError::Conflict { .. }) => {
            let wrong = Wrong {
                login: Some(ui.t("login-taken").into_owned()),
                ..Wrong::default()
            };
            return all(app, visitor, given, wrong).await;
        }
        Err(cause) => return Err(cause),
    };
    log(app, visitor, "user_added", &user, role.code()).await?;
    let link = invitation(app, user.id).await?;
    show(app, visitor, &user, Wrong::default(), Some(link)).await
}

async fn log(
    app: &App,
    visitor: &Visitor,
    action: &'static str,
    user: &User,
    detail: &str,
) -> StoreResult<()> {
    app.store
        .log(Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action,
            subject: user.login.clone(),
            detail: detail.to_owned(),
        })
        .await
}

async fn of_workspace(app: &App, visitor: &Visitor, id: &str) -> StoreResult<User> {
    let missing = StoreError::NotFound { what: "user" };
    let id: UserId = id.parse().map_err(|_| missing.clone())?;
    let user = app.store.user(id).await?;
    if user.workspace == visitor.workspace {
        Ok(user)
    } else {
        Err(missing)
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    user: &User,
    wrong: Wrong,
    link: Option<String>,
) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let users = app.store.users(visitor.workspace).await?;
    let fits = wrong.is_nothing();
    let page = render(&UserPage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        user,
        wrong,
        roles: roles(ui, visitor.role, user.role.code()),
        leads: leads(&users, user.lead_by),
        link: link.map(|link| CodeBox::new(ui, &ui.t("user-link"), vec![Segment::new("", link)])),
        mine: visitor.role.may_manage(user.role),
        own: visitor.user == Some(user.id),
    });
    Ok(if fits {
        page
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    })
}

/// One person.
pub(super) async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let shown = match of_workspace(&app, &visitor, &id).await {
        Ok(user) => show(&app, &visitor, &user, Wrong::default(), None).await,
        Err(cause) => Err(cause),
    };
    shown.unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

/// Another name, role or team lead; switched off or on.
pub(super) async fn change(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Response {
    match try_change(&app, &visitor, &id, &given).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn try_change(
    app: &App,
    visitor: &Visitor,
    id: &str,
    given: &Given,
) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let user = of_workspace(app, visitor, id).await?;
    if !visitor.role.may_manage(user.role) {
        return Ok(error::forbidden(ui));
    }
    let users = app.store.users(visitor.workspace).await?;
    let name = checked_name(ui, &given.name);
    let mut role = checked_role(visitor, given);
    let disabled = given.disabled == "1";
    let owners = users
        .iter()
        .filter(|user| user.role == Role::Owner && !user.disabled);
    let last_owner = user.role == Role::Owner && !user.disabled && owners.count() == 1;
    if last_owner && (disabled || role != Ok(Role::Owner)) {
        role = Err(ui.t("role-last-owner").into_owned());
    } else if visitor.user == Some(user.id) && disabled {
        role = Err(ui.t("role-not-oneself").into_owned());
    }
    let (Ok(name), Ok(role)) = (&name, &role) else {
        let wrong = Wrong {
            name: name.err(),
            role: role.err(),
            ..Wrong::default()
        };
        return show(app, visitor, &user, wrong, None).await;
    };
    let patch = UserPatch {
        name: Some(name.clone()),
        place: Some((*role, checked_lead(&users, *role, given))),
        disabled: Some(disabled),
        password_hash: None,
    };
    let changed = app.store.update_user(user.id, patch).await?;
    let action = match (user.disabled, changed.disabled) {
        (false, true) => "user_disabled",
        (true, false) => "user_enabled",
        _ => "user_changed",
    };
    log(app, visitor, action, &changed, changed.role.code()).await?;
    Ok(notice::redirect(PAGE, "saved"))
}

/// A link with which this person chooses a new password; the one before works no more.
pub(super) async fn new_link(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let made = async {
        let user = of_workspace(&app, &visitor, &id).await?;
        if !visitor.role.may_manage(user.role) || user.disabled {
            return Ok(error::forbidden(&visitor.ui));
        }
        let link = invitation(&app, user.id).await?;
        log(&app, &visitor, "link_made", &user, "").await?;
        show(&app, &visitor, &user, Wrong::default(), Some(link)).await
    };
    made.await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}
