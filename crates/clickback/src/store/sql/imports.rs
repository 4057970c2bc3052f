//! Pasted lists: their lines are stored and decided like postbacks, in one transaction, and what they
//! made can be taken back as far as nothing else touched it.

use clickback_core::ids::{IntegrationId, LeadId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;

use crate::store::crm::{Import, LineOutcome, NewImport, UndoReport};
use crate::store::events::Event;
use crate::store::inbox::{Outcome, Verdict};
use crate::store::{StoreError, StoreResult};

use super::apply::Work;
use super::inbox::one as request;
use super::ledger::identity_of;
use super::rows::counted;
use super::session::{Row, Session, Sql, missing, values};

const COLUMNS: &str = "id, workspace_id, integration_id, author, created_at, lines, undone_at";

fn read(row: &Row<'_>) -> Sql<Import> {
    Ok(Import {
        id: row.get(0)?,
        workspace: WorkspaceId(row.get(1)?),
        integration: IntegrationId(row.get(2)?),
        author: row.get(3)?,
        created_at: Moment(row.get(4)?),
        lines: row.get::<i64>(5)?.cast_unsigned(),
        undone_at: row.get::<Option<i64>>(6)?.map(Moment),
    })
}

/// The newest first.
pub(super) fn list(sql: &dyn Session, workspace: WorkspaceId) -> Sql<Vec<Import>> {
    sql.all(
        &format!("SELECT {COLUMNS} FROM imports WHERE workspace_id = ?1 ORDER BY id DESC LIMIT 50"),
        values![workspace.0],
        read,
    )
}

pub(super) fn one(sql: &dyn Session, id: i64) -> StoreResult<Import> {
    sql.one(
        &format!("SELECT {COLUMNS} FROM imports WHERE id = ?1"),
        values![id],
        read,
    )
    .map_err(missing("import"))
}

fn requests_of(sql: &dyn Session, id: i64) -> Sql<Vec<(u64, RequestId)>> {
    sql.all(
        "SELECT line, request_id FROM import_lines WHERE import_id = ?1 ORDER BY line",
        values![id],
        |row| Ok((row.get::<i64>(0)?.cast_unsigned(), RequestId(row.get(1)?))),
    )
}

/// What the lines came to, those that are still there.
pub(super) fn lines(sql: &dyn Session, id: i64) -> StoreResult<Vec<LineOutcome>> {
    let mut lines = Vec::new();
    for (line, id) in requests_of(sql, id)? {
        let found = match request(sql, id) {
            Ok(found) => found.summary,
            Err(StoreError::NotFound { .. }) => continue,
            Err(error) => return Err(error),
        };
        lines.push(LineOutcome {
            line,
            outcome: Outcome {
                request: id,
                verdict: found.verdict,
                flags: found.flags,
                lead: found.lead,
                event: found.event.as_ref().map(|event| event.id),
            },
            event: found.event,
            code: found.code.as_deref().and_then(known_code),
        });
    }
    Ok(lines)
}

/// Lists meet two rejections only.
fn known_code(code: &str) -> Option<&'static str> {
    [
        "missing_clickid",
        "missing_event",
        "too_long",
        "bad_encoding",
        "conflicting_values",
    ]
    .into_iter()
    .find(|known| *known == code)
}

impl Work<'_> {
    pub(super) fn import(
        &mut self,
        new: &NewImport,
        dry_run: bool,
    ) -> StoreResult<(Option<Import>, Vec<LineOutcome>)> {
        if dry_run {
            self.begin_dry_run()?;
        }
        let import = Import {
            id: self.ids.next(self.now.millis()),
            workspace: new.workspace,
            integration: new.integration,
            author: new.author.name.clone(),
            created_at: self.now,
            lines: new.lines.len() as u64,
            undone_at: None,
        };
        self.sql.execute(
            "INSERT INTO imports (id, workspace_id, integration_id, author, created_at, lines) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values![
                import.id,
                import.workspace.0,
                import.integration.0,
                import.author,
                import.created_at.0,
                import.lines.cast_signed()
            ],
        )?;
        self.lock_leads_ahead(new.lines.iter().filter_map(|(_, incoming)| {
            let postback = incoming.judged.as_ref().ok()?;
            identity_of(&incoming.integration, postback)
        }))?;
        let mut outcomes = Vec::with_capacity(new.lines.len());
        for (line, incoming) in &new.lines {
            let request = self.next_request();
            let outcome = self.store(request, incoming)?;
            self.sql.execute(
                "INSERT INTO import_lines (import_id, line, request_id) VALUES (?1, ?2, ?3)",
                values![import.id, line.cast_signed(), request.0],
            )?;
            let event = outcome.event.map(|event| self.event(event));
            outcomes.push(LineOutcome {
                line: *line,
                outcome,
                event: event.transpose()?,
                code: incoming
                    .judged
                    .as_ref()
                    .err()
                    .map(clickback_core::postback::Rejection::code),
            });
        }
        if dry_run {
            self.end_dry_run()?;
            return Ok((None, outcomes));
        }
        Ok((Some(import), outcomes))
    }

    /// The last line first, so that what a later line changed is free again.
    pub(super) fn undo_import(&mut self, id: i64) -> StoreResult<UndoReport> {
        let import = one(self.sql, id)?;
        if import.undone_at.is_some() {
            return Err(StoreError::Conflict {
                message: "this list was taken back already".to_owned(),
            });
        }
        let leads = self.sql.all(
            "SELECT DISTINCT inbox.lead_id FROM import_lines \
             JOIN inbox ON inbox.id = import_lines.request_id \
             WHERE import_lines.import_id = ?1 AND inbox.lead_id IS NOT NULL",
            values![id],
            |row| row.get(0).map(LeadId),
        )?;
        self.lock_leads(&leads)?;
        let mut report = UndoReport::default();
        let lines = requests_of(self.sql, id)?;
        for (line, id) in lines.into_iter().rev() {
            let summary = match request(self.sql, id) {
                Ok(found) => found.summary,
                Err(StoreError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let event = summary.event.as_ref().map(|event| event.id);
            let free = match (summary.verdict, &summary.event) {
                (Verdict::Accepted, Some(event)) => {
                    let free = self.is_free(import.id, event)?;
                    if free {
                        self.remove_event(event)?;
                        report.removed += 1;
                    }
                    free
                }
                // It changed or completed an event that something else made: only if that goes, too.
                (Verdict::Updated, Some(event)) => {
                    self.is_of(import.id, event.request())? && self.is_free(import.id, event)?
                }
                _ => true,
            };
            if free {
                self.forget_request(summary.clickid.as_deref(), import.workspace, id)?;
                report.requests += 1;
            } else {
                report.kept.push((line, id, event));
            }
        }
        report.kept.reverse();
        self.sql.execute(
            "UPDATE imports SET undone_at = ?2 WHERE id = ?1",
            values![import.id, self.now.0],
        )?;
        Ok(report)
    }

    fn is_of(&self, import: i64, request: RequestId) -> Sql<bool> {
        self.sql.exists(
            "SELECT 1 FROM import_lines WHERE request_id = ?1 AND import_id = ?2",
            values![request.0, import],
        )
    }

    /// Nothing but this list speaks of the event: no other request, no person.
    fn is_free(&self, import: i64, event: &Event) -> Sql<bool> {
        let spoken_of = self.sql.exists(
            "SELECT 1 FROM inbox WHERE lead_id = ?1 AND verdict <> 1 AND \
             event_id = ?2 AND NOT EXISTS (SELECT 1 FROM import_lines l WHERE \
             l.request_id = inbox.id AND l.import_id = ?3)",
            values![event.lead.0, event.id.0, import],
        )?;
        // A kind that follows from the events around it is no touch.
        let touched = self.sql.exists(
            "SELECT 1 FROM event_changes WHERE event_id = ?1 AND field <> 'kind' \
             AND (request_id IS NULL OR NOT EXISTS (SELECT 1 FROM import_lines l \
             WHERE l.request_id = event_changes.request_id AND l.import_id = ?2))",
            values![event.id.0, import],
        )?;
        Ok(!spoken_of && !touched)
    }

    /// Takes an event out with its keys, its slot, its history and its place in the totals.
    fn remove_event(&mut self, known: &Event) -> Sql<()> {
        let (id, lead, integration) = (known.id, known.lead, known.integration);
        if self.first_deposit(lead, integration)? == Some(id) {
            self.promote_next(lead, integration, id, None)?;
        }
        let event = self.event(id)?;
        self.deltas.remove(&counted(&event));
        for key in self.take_keys_of(&event, [lead, lead])? {
            // Keys of its neighbours stand under the same slots' names.
            if key.3 != id.0 {
                self.sql.execute(
                    "INSERT INTO event_keys (integration_id, grp, tid, lead_id, \
                     event_id) VALUES (?1, ?2, ?3, ?4, ?5)",
                    values![key.0, key.1, key.2, lead.0, key.3],
                )?;
            }
        }
        self.sql.execute(
            "DELETE FROM event_changes WHERE event_id = ?1",
            values![id.0],
        )?;
        self.sql
            .execute("DELETE FROM events WHERE id = ?1", values![id.0])?;
        self.forget_integration(lead, integration)
    }

    fn forget_integration(&self, lead: LeadId, integration: IntegrationId) -> Sql<()> {
        self.sql.execute(
            "DELETE FROM lead_integrations WHERE integration_id = ?1 AND \
             lead_id = ?2 AND NOT EXISTS (SELECT 1 FROM events WHERE lead_id = \
             ?2 AND integration_id = ?1)",
            values![integration.0, lead.0],
        )?;
        Ok(())
    }

    fn forget_request(
        &self,
        clickid: Option<&str>,
        workspace: WorkspaceId,
        id: RequestId,
    ) -> StoreResult<()> {
        if let Some(clickid) = clickid {
            self.sql.execute(
                "DELETE FROM waiting_requests WHERE workspace_id = ?1 AND clickid = ?2 AND request_id = ?3",
                values![workspace.0, clickid, id.0],
            )?;
        }
        self.sql
            .execute("DELETE FROM inbox WHERE id = ?1", values![id.0])?;
        Ok(())
    }
}
