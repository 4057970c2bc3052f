//! Writing the custom fields of a postback, and making fields where the workspace wants that.

use crate::store::integrations::Integration;

use super::apply::Work;
use super::ledger::NewValue;
use super::session::{Optional as _, Sql, values};

impl Work<'_> {
    /// Writes a value that came with a request; returns whether it was written.
    pub(super) fn write_value(&mut self, value: &NewValue<'_>) -> Sql<bool> {
        let conflict = if value.newest_wins {
            "DO UPDATE SET value = excluded.value, fits = excluded.fits, set_at = excluded.set_at, \
             source = excluded.source WHERE (excluded.set_at, excluded.source) > \
             (lead_values.set_at, lead_values.source)"
        } else {
            "DO NOTHING"
        };
        let written = self.sql.execute(
            &format!(
                "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (lead_id, field_id) {conflict}"
            ),
            values![
                value.lead.0,
                value.field,
                value.write.value,
                value.write.fits,
                value.set_at.0,
                value.source.0
            ],
        )?;
        Ok(written > 0)
    }

    /// A text field for a key nobody made, where the workspace wants that; at most a hundred.
    pub(in crate::store) fn make_field(
        &mut self,
        integration: &Integration,
        key: &str,
    ) -> Sql<Option<i64>> {
        if !integration.creates_fields || clickback_core::field::check_key(key).is_err() {
            return Ok(None);
        }
        let workspace = integration.workspace.0;
        let known: Option<i64> = self
            .sql
            .one(
                "SELECT id FROM custom_fields WHERE workspace_id = ?1 AND key = ?2",
                values![workspace, key],
                |row| row.get(0),
            )
            .optional()?;
        if known.is_some() {
            return Ok(known);
        }
        let made = self
            .sql
            .one(
                "INSERT INTO custom_fields (workspace_id, key, name, kind, \
                 created_at) SELECT ?1, ?2, ?2, 'text', ?3 WHERE (SELECT count(*) \
                 FROM custom_fields WHERE workspace_id = ?1) < 100 RETURNING id",
                values![workspace, key, self.now.0],
                |row| row.get(0),
            )
            .optional()?;
        if made.is_some() {
            *self.set_up_changed = true;
        }
        Ok(made)
    }
}
