//! Writing the custom fields of a postback, and making fields where the workspace wants that.

use clickback_core::flag::{Flag, Flags};
use clickback_core::ids::LeadId;
use clickback_core::moment::Moment;
use clickback_core::postback::Postback;

use crate::store::integrations::Integration;
use crate::store::leads::IdentityKind;

use super::apply::{Subject, Work};
use super::session::{Optional as _, Sql, values};

impl Work<'_> {
    /// Writes the request's custom fields and binds its player id. A new event writes what is newer
    /// by event time, a known one only what is unset. Returns whether a value was written.
    pub(super) fn write_fields(
        &mut self,
        subject: &Subject<'_>,
        lead: LeadId,
        postback: &Postback,
        occurred_at: Moment,
        is_new: bool,
    ) -> Sql<(bool, Flags)> {
        let mut flags = Flags::default();
        let mut written = false;
        for write in &postback.fields {
            let field = match write.field {
                Some(field) => field.0,
                None => match self.make_field(subject.integration, &write.key)? {
                    Some(field) => field,
                    None => continue,
                },
            };
            let conflict = if is_new {
                "DO UPDATE SET value = excluded.value, fits = excluded.fits, set_at = excluded.set_at, \
                 source = excluded.source WHERE (excluded.set_at, excluded.source) > \
                 (lead_values.set_at, lead_values.source)"
            } else {
                "DO NOTHING"
            };
            let changed = self.sql.execute(
                &format!(
                    "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, source) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (lead_id, field_id) {conflict}"
                ),
                values![
                    lead.0,
                    field,
                    write.value,
                    write.fits,
                    occurred_at.0,
                    subject.request.0
                ],
            )?;
            written |= changed > 0;
        }
        if let Some(player) = &postback.player {
            let owner = self.insert_identity(
                subject.integration.workspace,
                IdentityKind::Player,
                subject.integration.id.0,
                player,
                lead,
            )?;
            flags.add_if(owner != lead, Flag::PlayerOfOtherLead);
        }
        Ok((written, flags))
    }

    /// A text field for a key nobody made, where the workspace wants that; at most a hundred.
    fn make_field(&mut self, integration: &Integration, key: &str) -> Sql<Option<i64>> {
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
        let made = self.sql.one("INSERT INTO custom_fields (workspace_id, key, name, kind, created_at) \
                 SELECT ?1, ?2, ?2, 'text', ?3 \
                 WHERE (SELECT count(*) FROM custom_fields WHERE workspace_id = ?1) < 100 RETURNING id", values![workspace, key, self.now.0], |row| row.get(0))
            .optional()?;
        if made.is_some() {
            *self.set_up_changed = true;
        }
        Ok(made)
    }
}
