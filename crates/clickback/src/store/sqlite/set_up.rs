//! Writing and reading the set-up: integrations, configurations, fields, links, tokens.

use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::ids::{ConfigurationId, FieldId, IntegrationId, LinkId, TokenId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::rules::CustomEvent;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use serde::Serialize;
use uuid::Uuid;

use crate::store::integrations::{
    Configuration, CustomField, Integration, IntegrationPatch, LinkFilter, NewConfiguration,
    NewField, NewIntegration, NewLink, RegistrationLink, SetUpStore, Snapshot, Token,
};
use crate::store::{Page, StoreError, StoreResult};

use super::Sqlite;
use super::apply::Work;
use super::links;
use super::rows::db;
use super::snapshot::{self, CONFIGURATION_COLUMNS, FIELD_COLUMNS, configuration, field};

pub(super) fn text(value: &impl Serialize) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(error.to_string()))
}

/// A row that is not there is the user's matter, anything else the database's.
pub(super) fn missing(what: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match error {
        rusqlite::Error::QueryReturnedNoRows => StoreError::NotFound { what },
        other => db(other),
    }
}

pub(super) fn one(changed: usize, what: &'static str) -> StoreResult<()> {
    if changed == 0 {
        Err(StoreError::NotFound { what })
    } else {
        Ok(())
    }
}

impl Work<'_> {
    pub(super) fn create_integration(
        &mut self,
        new: &NewIntegration,
    ) -> StoreResult<IntegrationId> {
        *self.set_up_changed = true;
        self.cached(
            "INSERT INTO integrations \
             (workspace_id, uuid, partner, name, clickid_param, clickid_macro, rules, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                new.workspace.0,
                Uuid::new_v4().to_string(),
                new.partner,
                new.name,
                new.clickid_param,
                new.clickid_macro,
                serde_json::to_string(&new.rules).unwrap_or_default(),
                self.now.0
            ])
        })
        .map_err(db)?;
        let id = IntegrationId(self.sql.last_insert_rowid());
        for (place, configuration) in (1..).zip(&new.configurations) {
            self.insert_configuration(id, place, configuration)?;
        }
        for (partner_field, name) in &new.fields {
            self.cached(
                "INSERT INTO custom_fields (workspace_id, key, name, kind, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut statement| {
                let kind = partner_field.kind.code();
                statement.execute(params![
                    new.workspace.0,
                    partner_field.key,
                    name,
                    kind,
                    self.now.0
                ])
            })
            .map_err(db)?;
        }
        for event in &new.events {
            self.cached(
                "INSERT INTO custom_events (workspace_id, name, counts_money) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
            )
            .and_then(|mut statement| {
                statement.execute(params![new.workspace.0, event.name, event.counts_money])
            })
            .map_err(db)?;
        }
        Ok(id)
    }

    pub(super) fn update_integration(
        &mut self,
        id: IntegrationId,
        patch: &IntegrationPatch,
    ) -> StoreResult<()> {
        *self.set_up_changed = true;
        let rules = patch.rules.as_ref().map(text).transpose()?;
        let changed = self
            .sql
            .execute(
                "UPDATE integrations SET name = coalesce(?2, name), \
                 clickid_param = coalesce(?3, clickid_param), clickid_macro = coalesce(?4, clickid_macro), \
                 enabled = coalesce(?5, enabled), rules = coalesce(?6, rules) \
                 WHERE id = ?1 AND deleted_at IS NULL",
                params![
                    id.0,
                    patch.name,
                    patch.clickid_param,
                    patch.clickid_macro,
                    patch.enabled,
                    rules
                ],
            )
            .map_err(db)?;
        one(changed, "integration")
    }

    pub(super) fn delete_integration(&mut self, id: IntegrationId) -> StoreResult<()> {
        *self.set_up_changed = true;
        let changed = self
            .sql
            .execute(
                "UPDATE integrations SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
                params![id.0, self.now.0],
            )
            .map_err(db)?;
        one(changed, "integration")
    }

    fn insert_configuration(
        &mut self,
        id: IntegrationId,
        position: i64,
        new: &NewConfiguration,
    ) -> StoreResult<Configuration> {
        *self.set_up_changed = true;
        self.sql
            .execute(
                "INSERT INTO postback_configurations (integration_id, position, name, event, rules) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id.0, position, new.name, new.event, text(&new.rules)?],
            )
            .map_err(db)?;
        Ok(Configuration {
            id: ConfigurationId(self.sql.last_insert_rowid()),
            integration: id,
            position,
            name: new.name.clone(),
            event: new.event.clone(),
            rules: new.rules.clone(),
        })
    }

    pub(super) fn create_configuration(
        &mut self,
        id: IntegrationId,
        new: &NewConfiguration,
    ) -> StoreResult<Configuration> {
        let position = self
            .sql
            .query_row(
                "SELECT 1 + coalesce((SELECT max(position) FROM postback_configurations \
                 WHERE integration_id = integrations.id), 0) \
                 FROM integrations WHERE id = ?1 AND deleted_at IS NULL",
                [id.0],
                |row| row.get(0),
            )
            .map_err(missing("integration"))?;
        self.insert_configuration(id, position, new)
    }

    pub(super) fn update_configuration(
        &mut self,
        id: ConfigurationId,
        new: &NewConfiguration,
    ) -> StoreResult<Configuration> {
        *self.set_up_changed = true;
        let changed = self
            .sql
            .execute(
                "UPDATE postback_configurations SET name = ?2, event = ?3, rules = ?4 WHERE id = ?1",
                params![id.0, new.name, new.event, text(&new.rules)?],
            )
            .map_err(db)?;
        one(changed, "postback configuration")?;
        self.sql
            .query_row(
                &format!(
                    "SELECT {CONFIGURATION_COLUMNS} FROM postback_configurations WHERE id = ?1"
                ),
                [id.0],
                configuration,
            )
            .map_err(db)
    }

    pub(super) fn delete_configuration(&mut self, id: ConfigurationId) -> StoreResult<()> {
        *self.set_up_changed = true;
        let changed = self
            .sql
            .execute("DELETE FROM postback_configurations WHERE id = ?1", [id.0])
            .map_err(db)?;
        one(changed, "postback configuration")
    }

    pub(super) fn order_configurations(
        &mut self,
        id: IntegrationId,
        order: &[ConfigurationId],
    ) -> StoreResult<()> {
        *self.set_up_changed = true;
        let mut place = self
            .sql
            .prepare_cached(
                "UPDATE postback_configurations SET position = ?3 WHERE id = ?1 AND integration_id = ?2",
            )
            .map_err(db)?;
        // What is not named keeps its position and must stay behind those that are.
        self.sql
            .execute(
                "UPDATE postback_configurations SET position = position + ?2 WHERE integration_id = ?1",
                params![id.0, i64::try_from(order.len()).unwrap_or(i64::MAX)],
            )
            .map_err(db)?;
        for (position, configuration) in (1_i64..).zip(order) {
            let changed = place
                .execute(params![configuration.0, id.0, position])
                .map_err(db)?;
            one(changed, "postback configuration")?;
        }
        Ok(())
    }

    pub(super) fn create_field(
        &mut self,
        workspace: WorkspaceId,
        new: &NewField,
    ) -> StoreResult<CustomField> {
        *self.set_up_changed = true;
        let inserted = self.sql.execute(
            "INSERT INTO custom_fields (workspace_id, key, name, kind, options, visible, created_at, position) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, \
             (SELECT coalesce(max(position), 0) + 1 FROM custom_fields WHERE workspace_id = ?1))",
            params![
                workspace.0,
                new.key,
                new.name,
                new.kind.code(),
                text(&new.options)?,
                new.visible,
                self.now.0
            ],
        );
        match inserted {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(StoreError::Conflict {
                    message: format!("a custom field with the key `{}` exists already", new.key),
                });
            }
            Err(error) => return Err(db(error)),
        }
        Ok(CustomField {
            id: FieldId(self.sql.last_insert_rowid()),
            key: new.key.clone(),
            name: new.name.clone(),
            kind: new.kind,
            options: new.options.clone(),
            visible: new.visible,
        })
    }

    pub(super) fn define_event(
        &mut self,
        workspace: WorkspaceId,
        event: &CustomEvent,
    ) -> StoreResult<()> {
        *self.set_up_changed = true;
        self.sql
            .execute(
                "INSERT INTO custom_events (workspace_id, name, counts_money) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO UPDATE SET counts_money = excluded.counts_money",
                params![workspace.0, event.name, event.counts_money],
            )
            .map_err(db)?;
        Ok(())
    }

    pub(super) fn create_token(
        &mut self,
        workspace: WorkspaceId,
        name: &str,
        hash: &[u8; 32],
    ) -> StoreResult<Token> {
        self.sql
            .query_row(
                "INSERT INTO api_tokens (workspace_id, name, hash, created_at) VALUES (?1, ?2, ?3, ?4) \
                 RETURNING id, workspace_id, name, created_at",
                params![workspace.0, name, hash, self.now.0],
                read_token,
            )
            .map_err(db)
    }

    pub(super) fn revoke_token(&mut self, id: TokenId) -> StoreResult<()> {
        let changed = self
            .sql
            .execute(
                "UPDATE api_tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                params![id.0, self.now.0],
            )
            .map_err(db)?;
        one(changed, "token")
    }
}

pub(super) fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: TokenId(row.get(0)?),
        workspace: WorkspaceId(row.get(1)?),
        name: row.get(2)?,
        created_at: Moment(row.get(3)?),
    })
}

pub(super) fn fields(sql: &Connection, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>> {
    let mut statement = sql
        .prepare_cached(&format!(
            "SELECT {FIELD_COLUMNS} FROM custom_fields WHERE workspace_id = ?1 ORDER BY position = 0, position, id"
        ))
        .map_err(db)?;
    let rows = statement.query_map([workspace.0], field).map_err(db)?;
    rows.collect::<rusqlite::Result<_>>().map_err(db)
}

pub(super) fn token_by_hash(sql: &Connection, hash: &[u8; 32]) -> StoreResult<Option<Token>> {
    sql.prepare_cached(
        "SELECT id, workspace_id, name, created_at FROM api_tokens WHERE hash = ?1 AND revoked_at IS NULL",
    )
    .and_then(|mut statement| statement.query_row([hash], read_token).optional())
    .map_err(db)
}

#[async_trait]
impl SetUpStore for Sqlite {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    async fn look_up_integration(&self, uuid: Uuid) -> StoreResult<Option<Arc<Integration>>> {
        let read = self
            .read_at_once(|sql| snapshot::read(sql).map_err(db))
            .await?;
        let found = read.by_uuid.get(&uuid).cloned();
        if found.is_some() {
            self.shared.snapshot.store(Arc::new(read));
        }
        Ok(found)
    }

    async fn create_integration(&self, new: NewIntegration) -> StoreResult<Integration> {
        let id = self
            .write(move |work| work.create_integration(&new))
            .await?;
        self.integration(id)
    }

    async fn update_integration(
        &self,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> StoreResult<Integration> {
        self.write(move |work| work.update_integration(id, &patch))
            .await?;
        self.integration(id)
    }

    async fn delete_integration(&self, id: IntegrationId) -> StoreResult<()> {
        self.write(move |work| work.delete_integration(id)).await
    }

    async fn create_configuration(
        &self,
        id: IntegrationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write(move |work| work.create_configuration(id, &new))
            .await
    }

    async fn update_configuration(
        &self,
        id: ConfigurationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write(move |work| work.update_configuration(id, &new))
            .await
    }

    async fn delete_configuration(&self, id: ConfigurationId) -> StoreResult<()> {
        self.write(move |work| work.delete_configuration(id)).await
    }

    async fn order_configurations(
        &self,
        id: IntegrationId,
        order: Vec<ConfigurationId>,
    ) -> StoreResult<()> {
        self.write(move |work| work.order_configurations(id, &order))
            .await
    }

    async fn create_field(
        &self,
        workspace: WorkspaceId,
        new: NewField,
    ) -> StoreResult<CustomField> {
        self.write(move |work| work.create_field(workspace, &new))
            .await
    }

    async fn fields(&self, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>> {
        self.read(move |sql| fields(sql, workspace)).await
    }

    async fn define_event(&self, workspace: WorkspaceId, event: CustomEvent) -> StoreResult<()> {
        self.write(move |work| work.define_event(workspace, &event))
            .await
    }

    async fn create_link(&self, new: NewLink) -> StoreResult<RegistrationLink> {
        self.write(move |work| work.create_link(&new)).await
    }

    async fn update_link(&self, id: LinkId, new: NewLink) -> StoreResult<RegistrationLink> {
        self.write(move |work| work.update_link(id, &new)).await
    }

    async fn links(&self, workspace: WorkspaceId) -> StoreResult<Vec<RegistrationLink>> {
        self.read(move |sql| links::all(sql, workspace)).await
    }

    async fn links_page(&self, filter: LinkFilter) -> StoreResult<Page<RegistrationLink>> {
        self.read(move |sql| links::page(sql, &filter)).await
    }

    async fn link(&self, id: LinkId) -> StoreResult<RegistrationLink> {
        self.read(move |sql| links::one(sql, id)).await
    }

    async fn delete_link(&self, id: LinkId) -> StoreResult<()> {
        self.write(move |work| work.delete_link(id)).await
    }

    async fn create_token(
        &self,
        workspace: WorkspaceId,
        name: String,
        hash: [u8; 32],
    ) -> StoreResult<Token> {
        self.write(move |work| work.create_token(workspace, &name, &hash))
            .await
    }

    async fn token_by_hash(&self, hash: [u8; 32]) -> StoreResult<Option<Token>> {
        self.read_at_once(move |sql| token_by_hash(sql, &hash))
            .await
    }

    async fn revoke_token(&self, id: TokenId) -> StoreResult<()> {
        self.write(move |work| work.revoke_token(id)).await
    }
}
