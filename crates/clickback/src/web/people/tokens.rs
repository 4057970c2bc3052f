//! API tokens: made here and shown once, revoked here.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clickback_core::ids::TokenId;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};
use crate::tokens as secrets;

use super::super::error::{self, render};
use super::super::notice;
use super::super::paint::Segment;
use super::super::parts::{CodeBox, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, checked_name, places};

const PAGE: &str = "/settings/tokens";

struct Row {
    id: String,
    name: String,
    created: When,
}

#[derive(Template)]
#[template(path = "people/tokens.html")]
struct TokensPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    name: &'a str,
    wrong: Option<String>,
    /// The new token, shown once, and a call with it.
    made: Option<(CodeBox, CodeBox)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    name: String,
}

async fn show(
    app: &App,
    visitor: &Visitor,
    name: &str,
    wrong: Option<String>,
    made: Option<String>,
) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let tokens = app.store.tokens(visitor.workspace).await?;
    let boxed = |token: String| {
        let call = format!(
            "curl {}/api/v1/integrations -H 'Authorization: Bearer {token}'",
            app.settings.public_url
        );
        (
            CodeBox::new(ui, &ui.t("token"), vec![Segment::new("", token)]),
            CodeBox::new(ui, &ui.t("lesson-curl"), vec![Segment::new("", call)]),
        )
    };
    let fits = wrong.is_none();
    let page = render(&TokensPage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        rows: tokens
            .iter()
            .map(|token| Row {
                id: token.id.to_string(),
                name: token.name.clone(),
                created: When::new(ui, token.created_at),
            })
            .collect(),
        name,
        wrong,
        made: made.map(boxed),
    });
    Ok(if fits {
        page
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    })
}

/// Those that work.
pub(super) async fn list(State(app): State<AppState>, visitor: Visitor) -> Response {
    show(&app, &visitor, "", None, None)
        .await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

/// Makes one and shows it, once.
pub(super) async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Given>,
) -> Response {
    let made = async {
        let name = match checked_name(&visitor.ui, &given.name) {
            Ok(name) => name,
            Err(wrong) => return show(&app, &visitor, &given.name, Some(wrong), None).await,
        };
        let (token, hash) = secrets::generate();
        app.store
            .create_token(visitor.workspace, name.clone(), hash)
            .await?;
        log(&app, &visitor, "token_made", name).await?;
        show(&app, &visitor, "", None, Some(token)).await
    };
    made.await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

async fn log(app: &App, visitor: &Visitor, action: &'static str, name: String) -> StoreResult<()> {
    app.store
        .log(Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action,
            subject: name,
            detail: String::new(),
        })
        .await
}

/// Revokes one: calls with it are refused from now on.
pub(super) async fn revoke(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let revoked = async {
        let missing = StoreError::NotFound { what: "token" };
        let id: TokenId = id.parse().map_err(|_| missing.clone())?;
        let tokens = app.store.tokens(visitor.workspace).await?;
        let token = tokens.into_iter().find(|token| token.id == id);
        let token = token.ok_or(missing)?;
        app.store.revoke_token(token.id).await?;
        log(&app, &visitor, "token_revoked", token.name).await
    };
    match revoked.await {
        Ok(()) => notice::redirect(PAGE, "token-revoked"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
