//! Registration links: writing them, one page of them, one of them.

use clickback_core::ids::{IntegrationId, LinkId, UserId, WorkspaceId};
use clickback_core::moment::Moment;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::store::integrations::{LinkFilter, NewLink, RegistrationLink};
use crate::store::{Page, StoreResult};

use super::apply::Work;
use super::rows::db;
use super::set_up::{missing, one as changed_one, text};
use super::snapshot::json;

const COLUMNS: &str = "id, integration_id, name, base_url, params, created_at, owner_id";

fn read(row: &Row<'_>) -> rusqlite::Result<RegistrationLink> {
    Ok(RegistrationLink {
        id: LinkId(row.get(0)?),
        integration: IntegrationId(row.get(1)?),
        name: row.get(2)?,
        base_url: row.get(3)?,
        params: json(row, 4)?,
        created_at: Moment(row.get(5)?),
        owner: row.get::<_, Option<i64>>(6)?.map(UserId),
    })
}

impl Work<'_> {
    pub(super) fn create_link(&mut self, new: &NewLink) -> StoreResult<RegistrationLink> {
        self.sql
            .query_row(
                &format!(
                    "INSERT INTO registration_links \
                     (integration_id, name, base_url, params, created_at, owner_id) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING {COLUMNS}"
                ),
                params![
                    new.integration.0,
                    new.name,
                    new.base_url,
                    text(&new.params)?,
                    self.now.0,
                    new.owner.map(|owner| owner.0)
                ],
                read,
            )
            .map_err(db)
    }

    pub(super) fn update_link(
        &mut self,
        id: LinkId,
        new: &NewLink,
    ) -> StoreResult<RegistrationLink> {
        self.sql
            .query_row(
                &format!(
                    "UPDATE registration_links SET integration_id = ?2, name = ?3, base_url = ?4, \
                     params = ?5 WHERE id = ?1 RETURNING {COLUMNS}"
                ),
                params![
                    id.0,
                    new.integration.0,
                    new.name,
                    new.base_url,
                    text(&new.params)?
                ],
                read,
            )
            .map_err(missing("registration link"))
    }

    pub(super) fn delete_link(&mut self, id: LinkId) -> StoreResult<()> {
        let changed = self
            .sql
            .execute("DELETE FROM registration_links WHERE id = ?1", [id.0])
            .map_err(db)?;
        changed_one(changed, "registration link")
    }
}

const OF_WORKSPACE: &str = "integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?1 AND deleted_at IS NULL)";

pub(super) fn all(sql: &Connection, workspace: WorkspaceId) -> StoreResult<Vec<RegistrationLink>> {
    let mut statement = sql
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM registration_links WHERE {OF_WORKSPACE} ORDER BY id"
        ))
        .map_err(db)?;
    let rows = statement.query_map([workspace.0], read).map_err(db)?;
    rows.collect::<rusqlite::Result<_>>().map_err(db)
}

/// Newest first.
pub(super) fn page(sql: &Connection, filter: &LinkFilter) -> StoreResult<Page<RegistrationLink>> {
    let mut conditions = vec![OF_WORKSPACE.to_owned()];
    let mut values = vec![Value::Integer(filter.workspace.0)];
    if let Some(integration) = filter.integration {
        values.push(Value::Integer(integration.0));
        conditions.push(format!("integration_id = ?{}", values.len()));
    }
    if let Some(owners) = &filter.owners {
        let places: Vec<String> = owners
            .iter()
            .map(|owner| {
                values.push(Value::Integer(owner.0));
                format!("?{}", values.len())
            })
            .collect();
        conditions.push(format!("owner_id IN ({})", places.join(", ")));
    }
    if let Some(before) = filter.before {
        values.push(Value::Integer(before.0));
        conditions.push(format!("id < ?{}", values.len()));
    }
    let mut statement = sql
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM registration_links WHERE {} ORDER BY id DESC LIMIT {}",
            conditions.join(" AND "),
            filter.limit + 1
        ))
        .map_err(db)?;
    let rows = statement
        .query_map(params_from_iter(values), read)
        .map_err(db)?;
    let mut items: Vec<RegistrationLink> = rows.collect::<rusqlite::Result<_>>().map_err(db)?;
    let more = items.len() > filter.limit;
    items.truncate(filter.limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| last.id.to_string());
    Ok(Page { items, next })
}

pub(super) fn one(sql: &Connection, id: LinkId) -> StoreResult<RegistrationLink> {
    sql.query_row(
        &format!("SELECT {COLUMNS} FROM registration_links WHERE id = ?1"),
        [id.0],
        read,
    )
    .map_err(missing("registration link"))
}
