//! Registration links: writing them, one page of them, one of them.

use clickback_core::ids::{IntegrationId, LinkId, UserId, WorkspaceId};
use clickback_core::moment::Moment;

use crate::store::integrations::{LinkFilter, NewLink, RegistrationLink};
use crate::store::{Page, StoreResult};

use super::apply::Work;
use super::session::{Row, Session, Sql, missing, values};
use super::set_up::{require, text};
use super::snapshot::json;

const COLUMNS: &str = "id, integration_id, name, base_url, params, created_at, owner_id";

fn read(row: &Row<'_>) -> Sql<RegistrationLink> {
    Ok(RegistrationLink {
        id: LinkId(row.get(0)?),
        integration: IntegrationId(row.get(1)?),
        name: row.get(2)?,
        base_url: row.get(3)?,
        params: json(row, 4)?,
        created_at: Moment(row.get(5)?),
        owner: row.get::<Option<i64>>(6)?.map(UserId),
    })
}

impl Work<'_> {
    pub(super) fn create_link(&mut self, new: &NewLink) -> StoreResult<RegistrationLink> {
        Ok(self.sql.one(
            &format!(
                "INSERT INTO registration_links \
                 (integration_id, name, base_url, params, created_at, owner_id) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING {COLUMNS}"
            ),
            values![
                new.integration.0,
                new.name,
                new.base_url,
                text(&new.params)?,
                self.now.0,
                new.owner.map(|owner| owner.0)
            ],
            read,
        )?)
    }

    pub(super) fn update_link(
        &mut self,
        id: LinkId,
        new: &NewLink,
    ) -> StoreResult<RegistrationLink> {
        self.sql
            .one(
                &format!(
                    "UPDATE registration_links SET integration_id = ?2, name = ?3, base_url = ?4, \
                     params = ?5 WHERE id = ?1 RETURNING {COLUMNS}"
                ),
                values![
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
        let changed = self.sql.execute(
            "DELETE FROM registration_links WHERE id = ?1",
            values![id.0],
        )?;
        require(changed, "registration link")
    }
}

const OF_WORKSPACE: &str = "integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?1 AND deleted_at IS NULL)";

pub(super) fn all(sql: &dyn Session, workspace: WorkspaceId) -> Sql<Vec<RegistrationLink>> {
    sql.all(
        &format!("SELECT {COLUMNS} FROM registration_links WHERE {OF_WORKSPACE} ORDER BY id"),
        values![workspace.0],
        read,
    )
}

/// Newest first.
pub(super) fn page(sql: &dyn Session, filter: &LinkFilter) -> StoreResult<Page<RegistrationLink>> {
    let mut conditions = vec![OF_WORKSPACE.to_owned()];
    let mut values = vec![filter.workspace.0.into()];
    if let Some(integration) = filter.integration {
        values.push(integration.0.into());
        conditions.push(format!("integration_id = ?{}", values.len()));
    }
    if let Some(owners) = &filter.owners {
        let places: Vec<String> = owners
            .iter()
            .map(|owner| {
                values.push(owner.0.into());
                format!("?{}", values.len())
            })
            .collect();
        conditions.push(format!("owner_id IN ({})", places.join(", ")));
    }
    if let Some(before) = filter.before {
        values.push(before.0.into());
        conditions.push(format!("id < ?{}", values.len()));
    }
    let mut items = sql.all(
        &format!(
            "SELECT {COLUMNS} FROM registration_links WHERE {} ORDER BY id DESC LIMIT {}",
            conditions.join(" AND "),
            filter.limit + 1
        ),
        &values,
        read,
    )?;
    let more = items.len() > filter.limit;
    items.truncate(filter.limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| last.id.to_string());
    Ok(Page { items, next })
}

pub(super) fn one(sql: &dyn Session, id: LinkId) -> StoreResult<RegistrationLink> {
    sql.one(
        &format!("SELECT {COLUMNS} FROM registration_links WHERE id = ?1"),
        values![id.0],
        read,
    )
    .map_err(missing("registration link"))
}
