//! What people do with a lead on its card: name, status, buyer, tags, fields, notes, outside ids.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use clickback_core::field::FieldKind;
use clickback_core::ids::IntegrationId;

use crate::app::{App, AppState};
use crate::store::leads::{IdentityKind, Lead, LeadPatch};
use crate::store::{StoreError, StoreResult};

use super::super::notice;
use super::super::visitor::{Scope, Visitor};
use super::card::{self, Mistake};
use super::{Given, author, find};

/// Where the card goes after an act.
pub(super) fn back(lead: &Lead) -> String {
    format!("/leads/{}", lead.id)
}

/// The answer to an act: the card again, with the mistake where there is one.
async fn answer(
    app: &App,
    visitor: &Visitor,
    id: &str,
    done: StoreResult<(Lead, &'static str)>,
    place: &'static str,
    given: Given,
) -> Response {
    match done {
        Ok((lead, said)) => notice::redirect(&back(&lead), said),
        Err(StoreError::Invalid { message } | StoreError::Conflict { message }) => {
            let mistake = Mistake {
                place,
                text: message,
                given,
            };
            card::again(app, visitor, id, mistake).await
        }
        Err(cause) => super::super::error::page(&visitor.ui, &cause),
    }
}

fn wrong(visitor: &Visitor, key: &str, list: &[(&str, &str)]) -> StoreError {
    StoreError::Invalid {
        message: visitor.ui.with(key, list).into_owned(),
    }
}

/// Name, status, buyer: whichever came.
pub(super) async fn change(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let mut patch = LeadPatch {
            author: author(&visitor),
            ..LeadPatch::default()
        };
        if given.has("name") {
            if given.get("name").chars().count() > 200 {
                return Err(wrong(&visitor, "lead-name-long", &[]));
            }
            patch.name = Some(given.get("name").to_owned());
        }
        if given.has("status") {
            let list = app.store.lead_statuses(visitor.workspace).await?;
            if !list.iter().any(|status| status.code == given.get("status")) {
                return Err(wrong(&visitor, "lead-status-gone", &[]));
            }
            patch.status = Some(given.get("status").to_owned());
        }
        if given.has("buyer") {
            let buyer = given.get("buyer").parse().ok();
            // Whoever sees his own leads only cannot give one out of sight.
            let kept = match (&visitor.scope, buyer) {
                (Scope::Team, _) => true,
                (Scope::Of(ids), Some(buyer)) => ids.contains(&buyer),
                (Scope::Of(_), None) => false,
            };
            if !kept {
                return Err(wrong(&visitor, "lead-buyer-unfit", &[]));
            }
            patch.buyer = Some(buyer);
        }
        Ok((app.store.update_lead(lead.id, patch).await?, "saved"))
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "lead", given).await
}

/// All tags at once, separated by commas.
pub(super) async fn set_tags(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let tags: Vec<String> = given
            .get("tags")
            .split(',')
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect();
        let unfit = tags
            .iter()
            .any(|tag| clickback_core::lead::clean_tag(tag).is_none());
        if unfit || tags.len() > clickback_core::lead::MAX_TAGS {
            return Err(wrong(&visitor, "lead-tags-unfit", &[]));
        }
        let patch = LeadPatch {
            tags: Some(tags),
            author: author(&visitor),
            ..LeadPatch::default()
        };
        Ok((app.store.update_lead(lead.id, patch).await?, "saved"))
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "tags", given).await
}

/// One custom field. A value that does not fit is refused here: a person can mend it at once.
pub(super) async fn set_field(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let fields = app.store.fields(visitor.workspace).await?;
        let field = fields.iter().find(|field| field.key == given.get("key"));
        let field = field.ok_or(StoreError::NotFound {
            what: "custom field",
        })?;
        let value = match field.kind {
            FieldKind::Multiselect => given.all("value").join(", "),
            _ => given.get("value").to_owned(),
        };
        if !value.is_empty() && !field.kind.fits(&value, &field.options) {
            let key = format!("field-unfit-{}", field.kind.code().replace('_', "-"));
            return Err(wrong(&visitor, &key, &[("value", &value)]));
        }
        if value.chars().count() > clickback_core::postback::MAX_FIELD_CHARS {
            return Err(wrong(&visitor, "field-too-long", &[]));
        }
        let patch = LeadPatch {
            fields: vec![(field.key.clone(), value)],
            author: author(&visitor),
            ..LeadPatch::default()
        };
        Ok((app.store.update_lead(lead.id, patch).await?, "saved"))
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "field", given).await
}

pub(super) async fn add_note(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let text = checked_note(&visitor, &given)?;
        if text.is_empty() {
            return Err(wrong(&visitor, "note-empty", &[]));
        }
        app.store.add_note(lead.id, author(&visitor), text).await?;
        Ok((lead, "note-added"))
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "note", given).await
}

fn checked_note(visitor: &Visitor, given: &Given) -> StoreResult<String> {
    let text = given.get("text").to_owned();
    if text.chars().count() > clickback_core::lead::MAX_NOTE_CHARS {
        return Err(wrong(visitor, "note-long", &[]));
    }
    Ok(text)
}

/// Changes or deletes a note of one's own.
pub(super) async fn edit_note(
    State(app): State<AppState>,
    visitor: Visitor,
    Path((id, note)): Path<(String, String)>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let missing = StoreError::NotFound { what: "note" };
        let note: i64 = note.parse().map_err(|_| missing.clone())?;
        let notes = app.store.notes(lead.id).await?;
        let own = notes
            .iter()
            .find(|known| known.id == note && known.author.user == visitor.user);
        if own.is_none() {
            return Err(missing);
        }
        let text = if given.has("delete") {
            String::new()
        } else {
            let text = checked_note(&visitor, &given)?;
            if text.is_empty() {
                return Err(wrong(&visitor, "note-empty", &[]));
            }
            text
        };
        let said = if text.is_empty() {
            "note-deleted"
        } else {
            "saved"
        };
        app.store.edit_note(lead.id, note, text).await?;
        Ok((lead, said))
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "note", given).await
}

/// Binds one more clickid, a Telegram id, or the id of a player at a partner.
pub(super) async fn bind(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        // `player-7` is a player of the integration 7.
        let (kind, scope) = match given.get("kind").split_once('-') {
            Some(("player", integration)) => {
                let missing = StoreError::NotFound {
                    what: "integration",
                };
                let integration: IntegrationId =
                    integration.parse().map_err(|_| missing.clone())?;
                let known = app.store.snapshot().get(visitor.workspace, integration);
                known.ok_or(missing)?;
                (IdentityKind::Player, integration.0)
            }
            _ => match given.get("kind") {
                "clickid" => (IdentityKind::Clickid, 0),
                "telegram" => (IdentityKind::Telegram, 0),
                _ => return Err(wrong(&visitor, "identity-kind-unfit", &[])),
            },
        };
        let value = given.get("value").to_owned();
        match app
            .store
            .bind_identity(lead.id, kind, scope, value.clone())
            .await
        {
            Ok(lead) => Ok((lead, "identity-bound")),
            Err(StoreError::Conflict { .. }) => {
                Err(wrong(&visitor, "identity-taken", &[("value", &value)]))
            }
            Err(StoreError::Invalid { .. }) => {
                Err(wrong(&visitor, "identity-unfit", &[("value", &value)]))
            }
            Err(cause) => Err(cause),
        }
    };
    let done = done.await;
    answer(&app, &visitor, &id, done, "identity", given).await
}
