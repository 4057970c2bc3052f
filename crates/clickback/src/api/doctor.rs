//! The postback doctor: what a pasted text is, what is wrong with it, and what it would do.

use axum::Json;
use axum::extract::State;
use clickback_core::doctor::{self as examiner, AddressKind, PostbackAddress};
use clickback_core::ids::IntegrationId;
use clickback_core::intake::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::doctor;
use crate::store::inbox::{Incoming, RawRequest};

use super::auth::Caller;
use super::events::EventView;
use super::problem::{Answer, Body, Problem};

/// What to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DoctorBody {
    /// A partner's template, a postback URL, or a line of a log.
    text: String,
    /// The integration by whose rules it is read and tried.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    integration: Option<IntegrationId>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DoctorAnswer {
    /// The address that was found in the text.
    address: String,
    /// `our_postback`, `registration_link`, foreign or `nothing_found`.
    kind: &'static str,
    parts: Vec<PartView>,
    problems: Vec<ProblemView>,
    /// The same as a postback URL of ours; for a registration link, the mended link.
    converted: Option<String>,
    /// What the request would do now; nothing was written.
    dry_run: Option<DryRun>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PartView {
    name: String,
    canonical: Option<String>,
    raw: String,
    meaning: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ProblemView {
    code: &'static str,
    /// error, warning or note.
    severity: &'static str,
    subject: String,
    what: String,
    fix: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DryRun {
    verdict: &'static str,
    code: Option<String>,
    message: Option<String>,
    flags: Vec<&'static str>,
    event: Option<EventView>,
}

/// Names what a pasted text is and what is wrong with it, converts it, and tries it without writing.
#[utoipa::path(post, path = "/api/v1/doctor", tag = "doctor", security(("token" = [])),
    request_body = DoctorBody, responses((status = 200, body = DoctorAnswer), (status = 404), (status = 422)))]
pub(super) async fn examine(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<DoctorBody>,
) -> Answer<Json<DoctorAnswer>> {
    if body.text.trim().is_empty() {
        return Err(Problem::invalid(
            "text is empty: paste a postback URL, a template or a log line",
        ));
    }
    let snapshot = app.store.snapshot();
    let mut integration = match body.integration {
        None => None,
        Some(id) => Some(
            snapshot
                .get(workspace, id)
                .ok_or_else(|| Problem::not_found("integration"))?,
        ),
    };
    let first = examiner::examine(&body.text, None);
    // A postback URL of ours names its integration by itself.
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
            examiner::examine(&body.text, Some((&integration.ruleset, address)))
        }
    };
    let dry_run = match (&integration, &found.kind) {
        (Some(integration), AddressKind::OurPostback { .. }) => {
            Some(try_out(&app, integration, &found.address).await?)
        }
        _ => None,
    };
    Ok(Json(DoctorAnswer {
        kind: match found.kind {
            AddressKind::OurPostback { .. } => "our_postback",
            AddressKind::RegistrationLink => "registration_link",
            AddressKind::Foreign { .. } => "foreign",
            AddressKind::NothingFound => "nothing_found",
        },
        parts: found
            .parts
            .into_iter()
            .map(|part| PartView {
                meaning: doctor::meaning(&part),
                name: part.name,
                canonical: part.canonical,
                raw: part.raw,
            })
            .collect(),
        problems: found
            .problems
            .iter()
            .map(|problem| {
                let (what, fix) = doctor::sentences("en", problem);
                ProblemView {
                    code: problem.code.code(),
                    severity: doctor::severity(problem.severity),
                    subject: problem.subject.clone(),
                    what,
                    fix,
                }
            })
            .collect(),
        address: found.address,
        converted: found.converted,
        dry_run,
    }))
}

async fn try_out(
    app: &AppState,
    integration: &std::sync::Arc<crate::store::integrations::Integration>,
    address: &str,
) -> Answer<DryRun> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let raw = RawRequest {
        method: "GET",
        query: query.as_bytes().to_vec(),
        ..RawRequest::default()
    };
    let received_at = app.clock.now();
    let judged = Parts {
        query: &raw.query,
        content_type: None,
        body: None,
    }
    .judge(&integration.ruleset, received_at);
    if let Err(rejection) = &judged {
        return Ok(DryRun {
            verdict: "rejected",
            code: Some(rejection.code().to_owned()),
            message: Some(rejection.to_string()),
            flags: Vec::new(),
            event: None,
        });
    }
    let integration = std::sync::Arc::clone(integration);
    let incoming = Incoming {
        raw,
        integration,
        received_at,
        judged,
        test: false,
    };
    let (outcome, event) = app.store.try_out(incoming).await?;
    Ok(DryRun {
        verdict: outcome.verdict.code(),
        code: None,
        message: None,
        flags: outcome.flags.codes(),
        event: event.map(EventView::from),
    })
}
