//! The page behind a one-time link: the first owner makes his account, an invited person chooses a
//! password.

use askama::Template;
use axum::Form;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clickback_core::ids::WorkspaceId;
use clickback_core::people::Role;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::passwords;
use crate::store::people::{Deed, LinkFor, NewUser, User};
use crate::store::{StoreError, StoreResult};
use crate::tokens;

use super::super::error::{self, render};
use super::super::ui::Ui;
use super::super::visitor::Guest;
use super::{checked_login, checked_name, session, weak};

/// The workspace of the first owner.
const FIRST_WORKSPACE: WorkspaceId = WorkspaceId(1);

#[derive(Template)]
#[template(path = "people/welcome.html")]
struct WelcomePage<'a> {
    ui: &'a Ui,
    address: String,
    /// The person who was invited; `None` makes the first owner.
    invited: Option<&'a User>,
    given: &'a Given,
    wrong: Wrong,
}

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    name: String,
    login: String,
    password: String,
}

#[derive(Default)]
struct Wrong {
    name: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

/// Whom the link is for.
async fn whom(app: &App, token: &str) -> StoreResult<Option<User>> {
    let known = app.store.one_time_link(tokens::hash(token)).await?;
    match known {
        None => Err(StoreError::NotFound { what: "link" }),
        Some(LinkFor::Owner) => Ok(None),
        Some(LinkFor::User(user)) => app.store.user(user).await.map(Some),
    }
}

/// The form.
pub(super) async fn form(
    State(app): State<AppState>,
    Guest(ui): Guest,
    Path(token): Path<String>,
) -> Response {
    match whom(&app, &token).await {
        Ok(invited) => page(
            &ui,
            &token,
            invited.as_ref(),
            &Given::default(),
            Wrong::default(),
        ),
        Err(StoreError::NotFound { .. }) => error::worn_out(&ui),
        Err(cause) => error::page(&ui, &cause),
    }
}

fn page(ui: &Ui, token: &str, invited: Option<&User>, given: &Given, wrong: Wrong) -> Response {
    render(&WelcomePage {
        ui,
        address: format!("/welcome/{token}"),
        invited,
        given,
        wrong,
    })
}

/// Makes the account or sets the password, and logs in.
pub(super) async fn submit(
    State(app): State<AppState>,
    Guest(ui): Guest,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let Ok(Form(given)) = Form::<Given>::from_request(request, &app).await else {
        return error::bad_form(&ui);
    };
    let invited = match whom(&app, &token).await {
        Ok(invited) => invited,
        Err(StoreError::NotFound { .. }) => return error::worn_out(&ui),
        Err(cause) => return error::page(&ui, &cause),
    };
    let (name, login) = match &invited {
        Some(user) => (Ok(user.name.clone()), Ok(user.login.clone())),
        None => (
            checked_name(&ui, &given.name),
            checked_login(&ui, &given.login),
        ),
    };
    let password = passwords::check(&given.password, login.as_deref().unwrap_or_default())
        .map_err(|reason| weak(&ui, reason));
    let (Ok(name), Ok(login), Ok(())) = (&name, &login, &password) else {
        let wrong = Wrong {
            name: name.err(),
            login: login.err(),
            password: password.err(),
        };
        let page = page(&ui, &token, invited.as_ref(), &given, wrong);
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    };
    let hash = passwords::hash(given.password.clone()).await;
    let link = tokens::hash(&token);
    let made = if invited.is_some() {
        app.store.set_password(link, hash).await
    } else {
        let owner = NewUser {
            workspace: FIRST_WORKSPACE,
            login: login.clone(),
            name: name.clone(),
            role: Role::Owner,
            lead_by: None,
            password_hash: hash,
        };
        app.store.create_owner(link, owner).await
    };
    let begun = match made {
        Ok(user) => {
            let deed = Deed {
                workspace: user.workspace,
                user: Some(user.id),
                action: if invited.is_some() {
                    "password_chosen"
                } else {
                    "owner_made"
                },
                subject: user.login.clone(),
                detail: String::new(),
            };
            match app.store.log(deed).await {
                Ok(()) => session::begin(&app, &parts, user.id, "/").await,
                Err(cause) => Err(cause),
            }
        }
        Err(cause) => Err(cause),
    };
    match begun {
        Ok(response) => response,
        Err(StoreError::NotFound { .. }) => error::worn_out(&ui),
        Err(cause) => error::page(&ui, &cause),
    }
}
