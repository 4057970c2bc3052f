//! The test button: a marked event through the real path, and what became of it.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::response::Response;
use clickback_core::ids::RequestId;
use clickback_core::postback::Rejection;
use clickback_core::set_up;

use crate::app::{App, AppState};
use crate::set_up::{TestError, send_test};
use crate::store::StoreResult;
use crate::store::integrations::Integration;
use crate::web::error;
use crate::web::inbox::rows::event_name;
use crate::web::notice;
use crate::web::parts::{Badge, Money, Rich};
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::page::{Draft, Place};
use super::postbacks::refused;
use super::{find, sentence};

/// Inputs of the test, and the parameters that they fill.
pub(super) const INPUTS: [(&str, &str); 4] = [
    ("test_amount", "tracker.cost"),
    ("test_currency", "tracker.currency"),
    ("test_tid", "tracker.tid"),
    ("test_status", "tracker.status"),
];

/// A flag that the test met.
struct Remark {
    what: Rich,
    fix: Rich,
}

/// What became of a test.
#[derive(Template)]
#[template(path = "integrations/tested.html")]
pub(super) struct Tested {
    badge: Badge,
    status: Option<Badge>,
    event: String,
    money: Option<Money>,
    remarks: Vec<Remark>,
    href: String,
    open: String,
    clean: String,
}

impl HtmlSafe for Tested {}

/// Sends a test event.
pub(super) async fn send(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Some(integration) = find(&app, workspace, &id) else {
        return error::not_found(&ui);
    };
    let mut faults = Faults::default();
    let event = match set_up::event(posted.get("test_event")) {
        Ok(event) => event,
        Err(fault) => {
            faults.add("test_event", sentence(&ui, &fault));
            let draft = Draft::new(Place::Test, &posted, &faults);
            return refused(&app, &ui, &integration, &draft).await;
        }
    };
    let params: Vec<(String, String)> = INPUTS
        .iter()
        .map(|(name, parameter)| ((*parameter).to_owned(), posted.get(name).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let sent = send_test(&app, std::sync::Arc::clone(&integration), &event, &params).await;
    match sent {
        Ok(outcome) => {
            let to = format!(
                "/integrations/{}?tested={}#test",
                integration.id, outcome.request
            );
            notice::redirect(&to, "test-sent")
        }
        Err(TestError::Refused(rejection)) => {
            let about = match &rejection {
                Rejection::TooLong { name, limit, .. } => {
                    let limit = limit.to_string();
                    ui.with("reject-too-long", &[("name", name), ("limit", &limit)])
                }
                _ => ui.t("test-refused"),
            };
            faults.add("test_event", about);
            let draft = Draft::new(Place::Test, &posted, &faults);
            refused(&app, &ui, &integration, &draft).await
        }
        Err(TestError::Store(cause)) => error::page(&ui, &cause),
    }
}

/// What became of a test that was sent; nothing for a request that is none or is another's.
pub(super) async fn tested(
    app: &App,
    ui: &Ui,
    integration: &Integration,
    id: &str,
) -> StoreResult<Option<Tested>> {
    let Ok(id) = id.parse::<RequestId>() else {
        return Ok(None);
    };
    let summary = match app.store.request(id).await {
        Ok(request) => request.summary,
        Err(crate::store::StoreError::NotFound { .. }) => return Ok(None),
        Err(cause) => return Err(cause),
    };
    if summary.integration != integration.id || !summary.test {
        return Ok(None);
    }
    let event = summary.event.as_ref();
    let money = event.and_then(|event| {
        let amount = event.amount?;
        Some(Money::new(ui, amount, event.currency))
    });
    let remarks = summary.flags.iter().map(|flag| {
        let key = format!("flag-{}", flag.code().replace('_', "-"));
        Remark {
            what: ui.rich(&format!("{key}-what")),
            fix: ui.rich(&format!("{key}-fix")),
        }
    });
    Ok(Some(Tested {
        badge: Badge::verdict(ui, summary.verdict),
        status: event.map(|event| Badge::status(ui, event.status)),
        event: event.map_or_else(String::new, |event| event_name(ui, event.kind, &event.name)),
        money,
        remarks: remarks.collect(),
        href: format!("/inbox/{id}"),
        open: ui.t("tested-open").into_owned(),
        clean: ui.t("tested-clean").into_owned(),
    }))
}
