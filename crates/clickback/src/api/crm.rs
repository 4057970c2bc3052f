//! Work with leads: notes, merging, lists of missed conversions.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clickback_core::ids::{EventId, IntegrationId, LeadId, RequestId};
use clickback_core::import;
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store::crm::{Author, LineOutcome, NewImport, Note};
use crate::store::inbox::{BY_IMPORT, Incoming, RawRequest};

use super::auth::Caller;
use super::leads::{LeadView, find};
use super::problem::{Answer, Body, Problem};

/// Whom the API writes down.
pub(super) fn author() -> Author {
    Author::default()
}

/// A note on a lead.
#[derive(Serialize, ToSchema)]
pub(super) struct NoteView {
    id: String,
    /// Empty where the API wrote it.
    author: String,
    text: String,
    #[schema(value_type = String)]
    created_at: Moment,
    #[schema(value_type = Option<String>)]
    edited_at: Option<Moment>,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.to_string(),
            author: note.author.name,
            text: note.text,
            created_at: note.created_at,
            edited_at: note.edited_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct NoteList {
    items: Vec<NoteView>,
    next: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNoteBody {
    text: String,
}

/// Notes on a lead, newest first.
#[utoipa::path(get, path = "/api/v1/leads/{id}/notes", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), responses((status = 200, body = NoteList), (status = 404)))]
pub(super) async fn notes(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<NoteList>> {
    let lead = find(&app, workspace, &text).await?;
    let notes = app.store.notes(lead.id).await?;
    Ok(Json(NoteList {
        items: notes.into_iter().map(NoteView::from).collect(),
        next: None,
    }))
}

/// Writes a note on a lead.
#[utoipa::path(post, path = "/api/v1/leads/{id}/notes", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), request_body = NewNoteBody,
    responses((status = 201, body = NoteView), (status = 404), (status = 422)))]
pub(super) async fn add_note(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<NewNoteBody>,
) -> Answer<(StatusCode, Json<NoteView>)> {
    let lead = find(&app, workspace, &text).await?;
    let note = app.store.add_note(lead.id, author(), body.text).await?;
    Ok((StatusCode::CREATED, Json(note.into())))
}

/// The lead that goes into this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeBody {
    #[schema(value_type = String)]
    with: LeadId,
    #[serde(default)]
    dry_run: bool,
}

/// What the merge did, or would do.
#[derive(Serialize, ToSchema)]
pub(super) struct MergeView {
    dry_run: bool,
    identities: u64,
    values: u64,
    notes: u64,
    events: u64,
    /// Events that were counted twice, and are counted once from now on.
    #[schema(value_type = Vec<String>)]
    repeats: Vec<EventId>,
    /// Events that became another kind.
    #[schema(value_type = Vec<String>)]
    renamed: Vec<EventId>,
    lead: LeadView,
}

/// Merges another lead into this one: its ids lead here, and the events of both are decided again in
/// order.
#[utoipa::path(post, path = "/api/v1/leads/{id}/merge", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)), request_body = MergeBody,
    responses((status = 200, body = MergeView), (status = 404), (status = 422)))]
pub(super) async fn merge(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
    Body(body): Body<MergeBody>,
) -> Answer<Json<MergeView>> {
    let kept = find(&app, workspace, &text).await?;
    let lost = find(&app, workspace, &body.with.to_string()).await?;
    let report = app
        .store
        .merge_leads(kept.id, lost.id, author(), body.dry_run)
        .await?;
    Ok(Json(MergeView {
        dry_run: body.dry_run,
        identities: report.identities,
        values: report.values,
        notes: report.notes,
        events: report.events,
        repeats: report.repeats.iter().map(|event| event.id).collect(),
        renamed: report.renamed.iter().map(|(event, _)| event.id).collect(),
        lead: report.kept.into(),
    }))
}

/// A list of missed conversions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportBody {
    /// The integration by whose rules the lines are decided.
    #[schema(value_type = String)]
    integration: IntegrationId,
    /// One conversion a line, separated by tabs, commas or semicolons; a heading is optional.
    text: String,
    /// The event of lines without one.
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LineView {
    line: u64,
    verdict: &'static str,
    flags: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[schema(value_type = Option<String>)]
    request_id: Option<RequestId>,
    #[schema(value_type = Option<String>)]
    lead: Option<LeadId>,
}

/// What the lines did, or would do.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportView {
    /// Takes it back with `DELETE`; none of a dry run.
    id: Option<String>,
    dry_run: bool,
    lines: Vec<LineView>,
}

/// Applies a list of missed conversions, or says what it would do.
#[utoipa::path(post, path = "/api/v1/imports", tag = "leads", security(("token" = [])),
    request_body = ImportBody,
    responses((status = 200, body = ImportView, description = "a dry run"), (status = 201, body = ImportView),
        (status = 404), (status = 422)))]
pub(super) async fn import(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Body(body): Body<ImportBody>,
) -> Answer<(StatusCode, Json<ImportView>)> {
    let integration = app
        .store
        .snapshot()
        .get(workspace, body.integration)
        .ok_or_else(|| Problem::not_found("integration"))?;
    let list = import::read(&body.text, body.event.as_deref())
        .map_err(|bad| Problem::invalid(bad.to_string()))?;
    let received_at = app.clock.now();
    let lines = list.lines.iter().map(|line| {
        let query = line.query();
        let parts = Parts {
            query: query.as_bytes(),
            content_type: None,
            body: None,
        };
        let judged = parts.judge(&integration.ruleset, received_at);
        let incoming = Incoming {
            raw: RawRequest {
                method: BY_IMPORT,
                query: query.into_bytes(),
                ..RawRequest::default()
            },
            integration: integration.clone(),
            received_at,
            judged,
            test: false,
        };
        (line.number, incoming)
    });
    let new = NewImport {
        workspace,
        integration: integration.id,
        author: author(),
        lines: lines.collect(),
    };
    let (import, outcomes) = app.store.import(new, body.dry_run).await?;
    let line = |one: LineOutcome| LineView {
        line: one.line,
        verdict: one.outcome.verdict.code(),
        flags: one.outcome.flags.codes(),
        code: one.code,
        request_id: (!body.dry_run).then_some(one.outcome.request),
        lead: one.outcome.lead.filter(|_| !body.dry_run),
    };
    let status = if body.dry_run {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let view = ImportView {
        id: import.map(|import| import.id.to_string()),
        dry_run: body.dry_run,
        lines: outcomes.into_iter().map(line).collect(),
    };
    Ok((status, Json(view)))
}

/// What taking a list back did.
#[derive(Serialize, ToSchema)]
pub(super) struct UndoView {
    removed_events: u64,
    removed_requests: u64,
    /// Lines that stay, because something else touched what they made.
    kept_lines: Vec<u64>,
}

/// Takes a list back: removes what it made, as far as nothing else touched it.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "leads", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = UndoView), (status = 404), (status = 409)))]
pub(super) async fn undo(
    State(app): State<AppState>,
    Caller(workspace): Caller,
    Path(text): Path<String>,
) -> Answer<Json<UndoView>> {
    let number: i64 = text.parse().map_err(|_| Problem::not_found("import"))?;
    let import = app.store.one_import(number).await?;
    if import.workspace != workspace {
        return Err(Problem::not_found("import"));
    }
    let report = app.store.undo_import(import.id).await?;
    Ok(Json(UndoView {
        removed_events: report.removed,
        removed_requests: report.requests,
        kept_lines: report.kept.into_iter().map(|(line, _, _)| line).collect(),
    }))
}
