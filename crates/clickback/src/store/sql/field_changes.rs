//! Changing and deleting custom fields. A field keeps its key and kind; its values stay until it goes.

use clickback_core::ids::{FieldId, WorkspaceId};

use crate::store::crm::FieldPatch;
use crate::store::integrations::CustomField;
use crate::store::{StoreError, StoreResult};

use super::apply::Work;
use super::session::{Session, Sql, missing, values};
use super::snapshot::{FIELD_COLUMNS, field};

/// How many leads have a value of a field.
pub(super) fn leads_with(sql: &dyn Session, id: FieldId) -> Sql<u64> {
    sql.count(
        "SELECT count(*) FROM lead_values INDEXED BY lead_values_value WHERE field_id = ?1",
        values![id.0],
    )
}

/// Whether postbacks make fields.
pub(super) fn creates_fields(sql: &dyn Session, workspace: WorkspaceId) -> Sql<bool> {
    sql.one(
        "SELECT creates_fields FROM workspaces WHERE id = ?1",
        values![workspace.0],
        |row| row.get(0),
    )
}

impl Work<'_> {
    pub(super) fn change_field(
        &mut self,
        id: FieldId,
        patch: &FieldPatch,
    ) -> StoreResult<CustomField> {
        *self.set_up_changed = true;
        let options = patch
            .options
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        let changed = self
            .sql.one(&format!(
                    "UPDATE custom_fields SET name = coalesce(?2, name), visible = coalesce(?3, visible), \
                     options = coalesce(?4, options) WHERE id = ?1 RETURNING {FIELD_COLUMNS}"
                ),
                values![id.0, patch.name, patch.visible, options],
                field,
            )
            .map_err(missing("custom field"))?;
        if patch.options.is_some() {
            self.judge_values(&changed)?;
        }
        Ok(changed)
    }

    /// Other options: each stored value fits or does not. Equal values are looked at once.
    fn judge_values(&mut self, field: &CustomField) -> StoreResult<()> {
        let texts: Vec<String> = self.sql.all(
            "SELECT DISTINCT value FROM lead_values INDEXED BY \
             lead_values_value WHERE field_id = ?1",
            values![field.id.0],
            |row| row.get(0),
        )?;
        for value in texts {
            let fits = field.kind.fits(&value, &field.options);
            let beginning: String = value.chars().take(64).collect();
            self.sql.execute(
                "UPDATE lead_values SET fits = ?4 WHERE field_id = ?1 AND substr(value, 1, 64) = ?2 \
                 AND value = ?3 AND fits <> ?4",
                values![field.id.0, beginning, value, fits],
            )?;
        }
        Ok(())
    }

    pub(super) fn order_fields(
        &mut self,
        workspace: WorkspaceId,
        order: &[FieldId],
    ) -> StoreResult<()> {
        for (place, id) in order.iter().enumerate() {
            self.sql.execute(
                "UPDATE custom_fields SET position = ?3 WHERE id = ?1 AND workspace_id = ?2",
                values![id.0, workspace.0, i64::try_from(place + 1).unwrap_or(0)],
            )?;
        }
        Ok(())
    }

    pub(super) fn delete_field(&mut self, id: FieldId) -> StoreResult<u64> {
        *self.set_up_changed = true;
        let values = self.sql.execute(
            "DELETE FROM lead_values WHERE (lead_id, field_id) IN (SELECT lead_id, field_id \
             FROM lead_values INDEXED BY lead_values_value WHERE field_id = ?1)",
            values![id.0],
        )?;
        if self
            .sql
            .execute("DELETE FROM custom_fields WHERE id = ?1", values![id.0])?
            == 0
        {
            return Err(StoreError::NotFound {
                what: "custom field",
            });
        }
        Ok(values as u64)
    }

    pub(super) fn set_creates_fields(
        &mut self,
        workspace: WorkspaceId,
        yes: bool,
    ) -> StoreResult<()> {
        *self.set_up_changed = true;
        self.sql.execute(
            "UPDATE workspaces SET creates_fields = ?2 WHERE id = ?1",
            values![workspace.0, yes],
        )?;
        Ok(())
    }
}
