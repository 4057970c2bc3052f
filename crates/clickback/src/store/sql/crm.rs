//! Statuses, tags, notes and buyers of leads, and what people changed on them.

use async_trait::async_trait;
use clickback_core::ids::{FieldId, LeadId, UserId, WorkspaceId};
use clickback_core::lead::{
    FIRST_STATUS, LeadStatus, MAX_NOTE_CHARS, MAX_TAGS, check_statuses, clean_tag, usual_statuses,
};
use clickback_core::moment::Moment;

use crate::store::crm::{
    Author, CrmStore, FieldPatch, Import, LeadChange, LineOutcome, MergeReport, NewImport, Note,
    UndoReport,
};
use crate::store::integrations::CustomField;
use crate::store::leads::{Lead, LeadPatch};
use crate::store::{StoreError, StoreResult};

use super::apply::Work;
use super::session::{Session, Sql, Turn, missing, values};
use super::{SqlStore, field_changes, imports};

/// The first status is stored as nothing: postbacks make leads without knowing the list.
pub(super) fn shown_status(stored: String) -> String {
    if stored.is_empty() {
        FIRST_STATUS.to_owned()
    } else {
        stored
    }
}

/// The other way round.
pub(super) fn stored_status(shown: &str) -> &str {
    if shown == FIRST_STATUS { "" } else { shown }
}

/// The workspace's own list, or the usual one.
pub(super) fn statuses(sql: &dyn Session, workspace: WorkspaceId) -> StoreResult<Vec<LeadStatus>> {
    let own: Vec<LeadStatus> = sql.all(
        "SELECT code, name, tone FROM lead_statuses WHERE workspace_id = ?1 ORDER BY position, \
         code",
        values![workspace.0],
        |row| {
            Ok(LeadStatus {
                code: row.get(0)?,
                name: row.get(1)?,
                tone: row.get(2)?,
            })
        },
    )?;
    Ok(if own.is_empty() {
        usual_statuses()
    } else {
        own
    })
}

/// Tags of a lead, by name.
pub(super) fn tags_of(sql: &dyn Session, lead: LeadId) -> Sql<Vec<String>> {
    sql.all(
        "SELECT tags.name FROM lead_tags JOIN tags ON tags.id = lead_tags.tag_id \
         WHERE lead_tags.lead_id = ?1 ORDER BY tags.name",
        values![lead.0],
        |row| row.get(0),
    )
}

/// The lead that took this one in.
pub(super) fn merged_into(sql: &dyn Session, lost: LeadId) -> StoreResult<LeadId> {
    sql.one(
        "SELECT kept_id FROM lead_merges WHERE lost_id = ?1",
        values![lost.0],
        |row| row.get(0).map(LeadId),
    )
    .map_err(missing("lead"))
}

impl Work<'_> {
    /// Writes name, status, buyer and tags, and remembers who changed them.
    pub(super) fn patch_lead(&mut self, known: &Lead, patch: &LeadPatch) -> StoreResult<()> {
        if let Some(name) = &patch.name {
            self.sql.execute(
                "UPDATE leads SET name = ?2 WHERE id = ?1",
                values![known.id.0, name.trim()],
            )?;
        }
        if let Some(status) = patch
            .status
            .as_ref()
            .filter(|status| **status != known.status)
        {
            let list = statuses(self.sql, known.workspace)?;
            if !list.iter().any(|one| one.code == *status) {
                let codes: Vec<&str> = list.iter().map(|one| one.code.as_str()).collect();
                return Err(StoreError::Invalid {
                    message: format!(
                        "there is no status `{status}`; there are {}",
                        codes.join(", ")
                    ),
                });
            }
            self.sql.execute(
                "UPDATE leads SET status = ?2 WHERE id = ?1",
                values![known.id.0, stored_status(status)],
            )?;
            self.remember(known.id, &patch.author, "status", &known.status, status)?;
        }
        if let Some(buyer) = patch.buyer.filter(|buyer| *buyer != known.buyer) {
            self.set_buyer(known.id, buyer)?;
            let name = |buyer: Option<UserId>| buyer.map_or(String::new(), |id| id.to_string());
            let (old, new) = (name(known.buyer), name(buyer));
            self.remember(known.id, &patch.author, "buyer", &old, &new)?;
        }
        if let Some(tags) = &patch.tags {
            self.set_tags(known.workspace, known.id, tags)?;
        }
        Ok(())
    }

    /// Gives a lead to a buyer, or to nobody.
    pub(super) fn set_buyer(&mut self, lead: LeadId, buyer: Option<UserId>) -> StoreResult<()> {
        let changed = self.sql.execute(
            "UPDATE leads SET buyer_id = ?2 WHERE id = ?1 AND (?2 IS NULL OR EXISTS \
             (SELECT 1 FROM users WHERE users.id = ?2 AND users.workspace_id = leads.workspace_id))",
            values![lead.0, buyer.map(|buyer| buyer.0)],
        )?;
        if changed == 0 {
            return Err(StoreError::NotFound { what: "buyer" });
        }
        Ok(())
    }

    fn set_tags(
        &mut self,
        workspace: WorkspaceId,
        lead: LeadId,
        wanted: &[String],
    ) -> StoreResult<()> {
        if wanted.len() > MAX_TAGS {
            return Err(StoreError::Invalid {
                message: format!("a lead has {MAX_TAGS} tags at most"),
            });
        }
        self.sql
            .execute("DELETE FROM lead_tags WHERE lead_id = ?1", values![lead.0])?;
        for tag in wanted {
            let tag = clean_tag(tag).ok_or_else(|| StoreError::Invalid {
                message: format!("`{tag}` is no tag: 1 to 40 characters without commas"),
            })?;
            self.sql.execute(
                "INSERT INTO tags (workspace_id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                values![workspace.0, tag],
            )?;
            self.sql.execute(
                "INSERT INTO lead_tags (tag_id, lead_id) \
                 SELECT id, ?3 FROM tags WHERE workspace_id = ?1 AND name = ?2 ON CONFLICT DO NOTHING",
                values![workspace.0, tag, lead.0],
            )?;
        }
        Ok(())
    }

    /// A line in the lead's history.
    pub(super) fn remember(
        &mut self,
        lead: LeadId,
        author: &Author,
        field: &str,
        old: &str,
        new: &str,
    ) -> StoreResult<()> {
        let id = self.ids.next(self.now.millis());
        self.sql.execute(
            "INSERT INTO lead_changes (id, lead_id, changed_at, author, field, old, new) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![id, lead.0, self.now.0, author.name, field, old, new],
        )?;
        Ok(())
    }

    fn set_statuses(&mut self, workspace: WorkspaceId, list: &[LeadStatus]) -> StoreResult<()> {
        check_statuses(list).map_err(|bad| StoreError::Invalid {
            message: bad.to_string(),
        })?;
        for gone in statuses(self.sql, workspace)? {
            if !list.iter().any(|status| status.code == gone.code) {
                self.sql.execute(
                    "UPDATE leads SET status = '' WHERE workspace_id = ?1 AND status = ?2",
                    values![workspace.0, gone.code],
                )?;
            }
        }
        self.sql.execute(
            "DELETE FROM lead_statuses WHERE workspace_id = ?1",
            values![workspace.0],
        )?;
        for (position, status) in list.iter().enumerate() {
            self.sql.execute(
                "INSERT INTO lead_statuses (workspace_id, code, position, name, tone) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                values![
                    workspace.0,
                    status.code,
                    i64::try_from(position).unwrap_or(0),
                    status.name.trim(),
                    status.tone
                ],
            )?;
        }
        Ok(())
    }

    fn add_note(&mut self, lead: LeadId, author: &Author, text: &str) -> StoreResult<Note> {
        let known = super::leads::lead(self.sql, lead)?;
        let text = checked_note(text)?;
        if text.is_empty() {
            return Err(StoreError::Invalid {
                message: "the note is empty".to_owned(),
            });
        }
        let note = Note {
            id: self.ids.next(self.now.millis()),
            author: author.clone(),
            text: text.to_owned(),
            created_at: self.now,
            edited_at: None,
        };
        self.sql.execute(
            "INSERT INTO lead_notes (id, lead_id, user_id, author, text, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values![
                note.id,
                known.id.0,
                author.user.map(|user| user.0),
                author.name,
                note.text,
                self.now.0
            ],
        )?;
        Ok(note)
    }

    fn edit_note(&mut self, lead: LeadId, note: i64, text: &str) -> StoreResult<()> {
        let text = checked_note(text)?;
        let changed = if text.is_empty() {
            self.sql.execute(
                "DELETE FROM lead_notes WHERE id = ?1 AND lead_id = ?2",
                values![note, lead.0],
            )?
        } else {
            self.sql.execute(
                "UPDATE lead_notes SET text = ?3, edited_at = ?4 WHERE id = ?1 AND lead_id = ?2",
                values![note, lead.0, text, self.now.0],
            )?
        };
        if changed == 0 {
            return Err(StoreError::NotFound { what: "note" });
        }
        Ok(())
    }
}

fn checked_note(text: &str) -> StoreResult<&str> {
    let text = text.trim();
    if text.chars().count() > MAX_NOTE_CHARS {
        return Err(StoreError::Invalid {
            message: format!("a note has {MAX_NOTE_CHARS} characters at most"),
        });
    }
    Ok(text)
}

fn tags(sql: &dyn Session, workspace: WorkspaceId) -> Sql<Vec<String>> {
    sql.all(
        "SELECT name FROM tags WHERE workspace_id = ?1 ORDER BY name",
        values![workspace.0],
        |row| row.get(0),
    )
}

fn notes(sql: &dyn Session, lead: LeadId) -> Sql<Vec<Note>> {
    sql.all(
        "SELECT id, user_id, author, text, created_at, edited_at FROM lead_notes \
         WHERE lead_id = ?1 ORDER BY id DESC",
        values![lead.0],
        |row| {
            Ok(Note {
                id: row.get(0)?,
                author: Author {
                    user: row.get::<Option<i64>>(1)?.map(UserId),
                    name: row.get(2)?,
                },
                text: row.get(3)?,
                created_at: Moment(row.get(4)?),
                edited_at: row.get::<Option<i64>>(5)?.map(Moment),
            })
        },
    )
}

fn changes(sql: &dyn Session, lead: LeadId) -> Sql<Vec<LeadChange>> {
    sql.all(
        "SELECT id, changed_at, author, field, old, new FROM lead_changes \
         WHERE lead_id = ?1 ORDER BY id DESC",
        values![lead.0],
        |row| {
            Ok(LeadChange {
                id: row.get(0)?,
                at: Moment(row.get(1)?),
                author: row.get(2)?,
                field: row.get(3)?,
                old: row.get(4)?,
                new: row.get(5)?,
            })
        },
    )
}

#[async_trait]
impl CrmStore for SqlStore {
    async fn lead_statuses(&self, workspace: WorkspaceId) -> StoreResult<Vec<LeadStatus>> {
        self.read(move |sql| statuses(sql, workspace)).await
    }

    async fn set_lead_statuses(
        &self,
        workspace: WorkspaceId,
        list: Vec<LeadStatus>,
    ) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| work.set_statuses(workspace, &list))
            .await
    }

    async fn tags(&self, workspace: WorkspaceId) -> StoreResult<Vec<String>> {
        self.read(move |sql| tags(sql, workspace)).await
    }

    async fn add_note(&self, lead: LeadId, author: Author, text: String) -> StoreResult<Note> {
        self.write(move |work| work.add_note(lead, &author, &text))
            .await
    }

    async fn edit_note(&self, lead: LeadId, note: i64, text: String) -> StoreResult<()> {
        self.write(move |work| work.edit_note(lead, note, &text))
            .await
    }

    async fn notes(&self, lead: LeadId) -> StoreResult<Vec<Note>> {
        self.read(move |sql| notes(sql, lead)).await
    }

    async fn lead_changes(&self, lead: LeadId) -> StoreResult<Vec<LeadChange>> {
        self.read(move |sql| changes(sql, lead)).await
    }

    async fn merge_leads(
        &self,
        kept: LeadId,
        lost: LeadId,
        author: Author,
        dry_run: bool,
    ) -> StoreResult<MergeReport> {
        self.write_in_turn(Turn::Leads, move |work| {
            work.merge_leads(kept, lost, &author, dry_run)
        })
        .await
    }

    async fn import(
        &self,
        new: NewImport,
        dry_run: bool,
    ) -> StoreResult<(Option<Import>, Vec<LineOutcome>)> {
        self.write_in_turn(Turn::Leads, move |work| work.import(&new, dry_run))
            .await
    }

    async fn imports(&self, workspace: WorkspaceId) -> StoreResult<Vec<Import>> {
        self.read(move |sql| imports::list(sql, workspace)).await
    }

    async fn one_import(&self, id: i64) -> StoreResult<Import> {
        self.read(move |sql| imports::one(sql, id)).await
    }

    async fn import_lines(&self, id: i64) -> StoreResult<Vec<LineOutcome>> {
        self.read(move |sql| imports::lines(sql, id)).await
    }

    async fn undo_import(&self, id: i64) -> StoreResult<UndoReport> {
        self.write_in_turn(Turn::Leads, move |work| work.undo_import(id))
            .await
    }

    async fn change_field(&self, id: FieldId, patch: FieldPatch) -> StoreResult<CustomField> {
        self.write_in_turn(Turn::SetUp, move |work| work.change_field(id, &patch))
            .await
    }

    async fn order_fields(&self, workspace: WorkspaceId, order: Vec<FieldId>) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.order_fields(workspace, &order)
        })
        .await
    }

    async fn field_values(&self, id: FieldId) -> StoreResult<u64> {
        self.read(move |sql| field_changes::leads_with(sql, id))
            .await
    }

    async fn delete_field(&self, id: FieldId) -> StoreResult<u64> {
        self.write_in_turn(Turn::SetUp, move |work| work.delete_field(id))
            .await
    }

    async fn creates_fields(&self, workspace: WorkspaceId) -> StoreResult<bool> {
        self.read(move |sql| field_changes::creates_fields(sql, workspace))
            .await
    }

    async fn set_creates_fields(&self, workspace: WorkspaceId, yes: bool) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.set_creates_fields(workspace, yes)
        })
        .await
    }
}
