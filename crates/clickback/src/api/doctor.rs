//! The postback doctor: what a pasted text is, what is wrong with it, and what it would do.

use axum::Json;
use axum::extract::State;
use clickback_core::doctor::AddressKind;
use clickback_core::ids::IntegrationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::doctor::{self, Tried};

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
    let looked = doctor::look(&app, workspace, &body.text, body.integration).await?;
    let found = looked.found;
    let dry_run = looked.tried.map(DryRun::from);
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

impl From<Tried> for DryRun {
    fn from(tried: Tried) -> Self {
        match tried {
            Tried::Refused(rejection) => DryRun {
                verdict: "rejected",
                code: Some(rejection.code().to_owned()),
                message: Some(rejection.to_string()),
                flags: Vec::new(),
                event: None,
            },
            Tried::Decided(outcome, event) => DryRun {
                verdict: outcome.verdict.code(),
                code: None,
                message: None,
                flags: outcome.flags.codes(),
                event: event.map(EventView::from),
            },
        }
    }
}
