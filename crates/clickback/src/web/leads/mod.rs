//! Leads: the list, the card of one with everything that can be done with it, merging, pasted lists.

mod acts;
mod card;
mod columns;
mod event;
mod importing;
mod list;
mod merging;
mod timeline;

use axum::Router;
use axum::routing::{get, post};
use clickback_core::ids::{LeadId, UserId};
use clickback_core::lead::LeadStatus;

use crate::app::{App, AppState};
use crate::store::crm::Author;
use crate::store::leads::Lead;
use crate::store::people::User;
use crate::store::{StoreError, StoreResult};

use super::ui::Ui;
use super::visitor::{Scope, Visitor};

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/leads", get(list::page).post(list::create))
        .route("/leads/columns", post(columns::choose))
        .route("/leads/import", get(importing::form).post(importing::look))
        .route("/leads/import/apply", post(importing::apply))
        .route("/leads/imports/{id}", get(importing::one))
        .route("/leads/imports/{id}/undo", post(importing::undo))
        .route("/leads/{id}", get(card::page).post(acts::change))
        .route("/leads/{id}/fields", post(acts::set_field))
        .route("/leads/{id}/tags", post(acts::set_tags))
        .route("/leads/{id}/notes", post(acts::add_note))
        .route("/leads/{id}/notes/{note}", post(acts::edit_note))
        .route("/leads/{id}/identities", post(acts::bind))
        .route("/leads/{id}/events", post(event::add))
        .route("/leads/{id}/events/{event}", post(event::decide))
        .route("/leads/{id}/merge", get(merging::form).post(merging::merge))
}

/// Names and values of a form as they came: a name may be there several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Given(pub(super) Vec<(String, String)>);

impl Given {
    /// The text under a name; nothing where it did not come.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Whether the name came at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All texts under a name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
            .collect()
    }
}

/// One option of a choice.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) word: String,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, word: impl Into<String>, chosen: &str) -> Choice {
        let value = value.into();
        Choice {
            chosen: value == chosen,
            word: word.into(),
            value,
        }
    }
}

/// A lead that the visitor may see. Leads of other workspaces and of other buyers are not there.
async fn find(app: &App, visitor: &Visitor, id: &str) -> StoreResult<Lead> {
    let missing = StoreError::NotFound { what: "lead" };
    let id: LeadId = id.parse().map_err(|_| missing.clone())?;
    let lead = app.store.lead(id).await?;
    if lead.workspace == visitor.workspace && sees(&visitor.scope, lead.buyer) {
        Ok(lead)
    } else {
        Err(missing)
    }
}

fn sees(scope: &Scope, buyer: Option<UserId>) -> bool {
    match scope {
        Scope::Team => true,
        Scope::Of(ids) => buyer.is_some_and(|buyer| ids.contains(&buyer)),
    }
}

/// The buyers whose leads the list is limited to.
fn reach(scope: &Scope) -> Option<Vec<UserId>> {
    match scope {
        Scope::Team => None,
        Scope::Of(ids) => Some(ids.clone()),
    }
}

/// People who can have leads and whom the visitor sees.
async fn buyers(app: &App, visitor: &Visitor) -> StoreResult<Vec<User>> {
    let users = app.store.users(visitor.workspace).await?;
    let kept = users
        .into_iter()
        .filter(|user| !user.disabled && sees(&visitor.scope, Some(user.id)));
    Ok(kept.collect())
}

/// Whom the pages write down as the author.
fn author(visitor: &Visitor) -> Author {
    Author {
        user: visitor.user,
        name: visitor.ui.person.clone().unwrap_or_default(),
    }
}

/// The name of a status: the workspace's, or the program's in the visitor's language.
pub(super) fn status_name(ui: &Ui, status: &LeadStatus) -> String {
    if status.name.is_empty() {
        ui.coded("lead-status-", &status.code).into_owned()
    } else {
        status.name.clone()
    }
}

#[cfg(test)]
mod tests;
