//! The history of an event in words: what changed, from what to what, by which request.

use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::ids::RequestId;
use clickback_core::money::Amount;

use crate::store::events::{Event, EventChange};

use super::parts::{When, number};
use super::ui::Ui;

/// One change as a page shows it.
pub(super) struct Change {
    pub(super) field: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) when: When,
    /// The request that made it; nothing when a person did or it is this one.
    pub(super) href: Option<String>,
    pub(super) note: String,
}

/// Changes in words, the newest first. `here` is the request whose page this is.
pub(super) fn lines(
    ui: &Ui,
    changes: &[EventChange],
    event: Option<&Event>,
    here: Option<RequestId>,
) -> Vec<Change> {
    let currency = event.and_then(|event| event.currency);
    changes
        .iter()
        .rev()
        .map(|change| {
            let note = match change.request {
                None => "change-by-person",
                Some(request) if Some(request) == here => "change-by-this",
                Some(_) => "change-by-request",
            };
            Change {
                field: ui.coded("change-", &change.field).into_owned(),
                old: value(ui, &change.field, change.old.as_deref(), currency),
                new: value(ui, &change.field, change.new.as_deref(), currency),
                when: When::new(ui, change.at),
                href: change
                    .request
                    .filter(|request| Some(*request) != here)
                    .map(|request| format!("/inbox/{request}")),
                note: ui.t(note).into_owned(),
            }
        })
        .collect()
}

fn value(ui: &Ui, field: &str, text: Option<&str>, currency: Option<Currency>) -> String {
    let Some(text) = text else {
        return ui.t("change-nothing").into_owned();
    };
    match field {
        "status" => Status::from_code(text).map_or(text.to_owned(), |status| {
            ui.coded("status-", status.code()).into_owned()
        }),
        "kind" => Kind::from_code(text).map_or(text.to_owned(), |kind| {
            ui.coded("kind-", kind.code()).into_owned()
        }),
        "amount" | "payout" => text.parse::<Amount>().map_or(text.to_owned(), |amount| {
            number(ui.language, amount, currency)
        }),
        _ => text.to_owned(),
    }
}
