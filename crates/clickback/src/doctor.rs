//! The doctor: looks at a pasted text by an integration's rules, tries it without writing, and says
//! what was found. The pages, the API and the command line speak through it.

use std::fmt::Write as _;
use std::sync::Arc;

use clickback_core::doctor::{
    AddressKind, Examination, Meaning, Part, PostbackAddress, Problem, Severity, examine,
};
use clickback_core::ids::{IntegrationId, WorkspaceId};
use clickback_core::intake::Parts;
use clickback_core::postback::Rejection;

use crate::app::App;
use crate::store::events::Event;
use crate::store::inbox::{Incoming, Outcome, RawRequest};
use crate::store::integrations::Integration;
use crate::store::{StoreError, StoreResult};
use crate::web::i18n;

/// What became of a look.
pub struct Looked {
    pub found: Examination,
    /// By whose rules it was read.
    pub integration: Option<Arc<Integration>>,
    /// What the request would do now; only a postback URL of ours can be tried.
    pub tried: Option<Tried>,
}

/// What a request would do now; nothing was written.
pub enum Tried {
    Refused(Rejection),
    Decided(Outcome, Option<Event>),
}

/// Looks at a text. Without an integration, a postback URL of ours names its own.
pub async fn look(
    app: &App,
    workspace: WorkspaceId,
    text: &str,
    integration: Option<IntegrationId>,
) -> StoreResult<Looked> {
    let snapshot = app.store.snapshot();
    let mut integration = match integration {
        None => None,
        Some(id) => Some(snapshot.get(workspace, id).ok_or(StoreError::NotFound {
            what: "integration",
        })?),
    };
    let first = examine(text, None);
    if integration.is_none()
        && let AddressKind::OurPostback { uuid: Some(uuid) } = &first.kind
        && let Ok(uuid) = uuid.parse()
    {
        integration = snapshot
            .by_uuid
            .get(&uuid)
            .filter(|known| known.workspace == workspace)
            .cloned();
    }
    let found = match &integration {
        None => first,
        Some(integration) => {
            let uuid = integration.uuid.to_string();
            let address = PostbackAddress {
                public_url: &app.settings.public_url,
                uuid: &uuid,
                clickid_macro: &integration.clickid_macro,
            };
            examine(text, Some((&integration.ruleset, address)))
        }
    };
    let tried = match (&integration, &found.kind) {
        (Some(integration), AddressKind::OurPostback { .. }) => {
            Some(try_out(app, integration, &found.address).await?)
        }
        _ => None,
    };
    Ok(Looked {
        found,
        integration,
        tried,
    })
}

async fn try_out(app: &App, integration: &Arc<Integration>, address: &str) -> StoreResult<Tried> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let raw = RawRequest {
        method: "GET",
        query: query.as_bytes().to_vec(),
        ..RawRequest::default()
    };
    let received_at = app.clock.now();
    let parts = Parts {
        query: &raw.query,
        content_type: None,
        body: None,
    };
    let judged = match parts.judge(&integration.ruleset, received_at) {
        Err(rejection) => return Ok(Tried::Refused(rejection)),
        judged => judged,
    };
    let incoming = Incoming {
        raw,
        integration: Arc::clone(integration),
        received_at,
        judged,
        test: false,
    };
    let (outcome, event) = app.store.try_out(incoming).await?;
    Ok(Tried::Decided(outcome, event))
}

/// The stable name of a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The stable name of what a part means.
pub fn meaning(part: &Part) -> String {
    match &part.meaning {
        Meaning::Clickid => "clickid".to_owned(),
        Meaning::Event => "event".to_owned(),
        Meaning::Amount => "amount".to_owned(),
        Meaning::Currency => "currency".to_owned(),
        Meaning::Payout => "payout".to_owned(),
        Meaning::Tid => "tid".to_owned(),
        Meaning::Status => "status".to_owned(),
        Meaning::Time => "time".to_owned(),
        Meaning::Field(key) => format!("fields.{key}"),
        Meaning::Secret => "secret".to_owned(),
        Meaning::Unknown | Meaning::Other => "kept".to_owned(),
    }
}

/// What is wrong and what to do, in a language.
pub fn sentences(language: &str, problem: &Problem) -> (String, String) {
    let key = format!("doctor-{}", problem.code.code().replace('_', "-"));
    let subject = [("subject", problem.subject.as_str())];
    (
        i18n::text(language, &key, &subject),
        i18n::text(language, &format!("{key}-fix"), &subject),
    )
}

/// The whole report for a terminal.
pub fn report(text: &str) -> String {
    let found = examine(text, None);
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = write_report(&mut out, &found);
    out
}

fn write_report(out: &mut String, found: &Examination) -> std::fmt::Result {
    if !found.address.is_empty() {
        writeln!(out, "{}\n", found.address)?;
    }
    for part in &found.parts {
        writeln!(
            out,
            "  {:<24} {:<28} {}",
            part.name,
            part.raw,
            meaning(part)
        )?;
    }
    if !found.parts.is_empty() {
        writeln!(out)?;
    }
    if found.problems.is_empty() {
        writeln!(out, "Nothing is wrong with it.")?;
    }
    for problem in &found.problems {
        let (what, fix) = sentences("en", problem);
        writeln!(out, "{}: {what}\n  {fix}", severity(problem.severity))?;
    }
    if let Some(converted) = &found.converted {
        writeln!(out, "\nAs a postback URL of Clickback:\n{converted}")?;
    }
    Ok(())
}
