//! Registration links: the list, and the form with the Final URL beside it.

mod form;
mod list;
mod preview;
pub(super) mod row;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use clickback_core::ids::LinkId;

use crate::app::{App, AppState};
use crate::store::StoreError;
use crate::store::integrations::RegistrationLink;

use super::error;
use super::visitor::{Scope, Visitor};

/// The pages of registration links.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/links", get(list::page))
        .route("/links/new", get(form::empty).post(form::create))
        .route("/links/preview", post(preview::part))
        .route("/links/{id}", get(form::edit).post(form::act))
}

/// Whether somebody may see and change a link.
pub(super) fn is_in_scope(scope: &Scope, link: &RegistrationLink) -> bool {
    match scope {
        Scope::Team => true,
        Scope::Of(people) => link.owner.is_some_and(|owner| people.contains(&owner)),
    }
}

/// A link that the visitor may see; everything else is not found.
async fn find(app: &App, visitor: &Visitor, id: &str) -> Result<RegistrationLink, Response> {
    let nobody = || error::not_found(&visitor.ui);
    let id: LinkId = id.parse().map_err(|_| nobody())?;
    let link = match app.store.link(id).await {
        Ok(link) => link,
        Err(StoreError::NotFound { .. }) => return Err(nobody()),
        Err(cause) => return Err(error::page(&visitor.ui, &cause)),
    };
    let known = app
        .store
        .snapshot()
        .get(visitor.workspace, link.integration);
    if known.is_some() && is_in_scope(&visitor.scope, &link) {
        Ok(link)
    } else {
        Err(nobody())
    }
}
