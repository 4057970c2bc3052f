//! Writing and reading the set-up: integrations, configurations, fields, links, tokens.

use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::ids::{ConfigurationId, FieldId, IntegrationId, LinkId, TokenId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::rules::CustomEvent;
use serde::Serialize;
use uuid::Uuid;

use crate::store::integrations::{
    Configuration, CustomField, Integration, IntegrationPatch, LinkFilter, NewConfiguration,
    NewField, NewIntegration, NewLink, RegistrationLink, SetUpStore, Snapshot, Token,
};
use crate::store::{Page, StoreError, StoreResult};

use super::SqlStore;
use super::apply::Work;
use super::links;
use super::session::{Optional as _, Row, Session, Sql, SqlError, Turn, missing, values};
use super::snapshot::{CONFIGURATION_COLUMNS, FIELD_COLUMNS, configuration, field};

pub(super) fn text(value: &impl Serialize) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(error.to_string()))
}

/// A statement that changed nothing met nothing.
pub(super) fn require(changed: usize, what: &'static str) -> StoreResult<()> {
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
        let id = self.sql.one(
            "INSERT INTO integrations \
             (workspace_id, uuid, partner, name, clickid_param, clickid_macro, rules, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
            values![
                new.workspace.0,
                Uuid::new_v4().to_string(),
                new.partner,
                new.name,
                new.clickid_param,
                new.clickid_macro,
                text(&new.rules)?,
                self.now.0
            ],
            |row| row.get(0).map(IntegrationId),
        )?;
        for (place, configuration) in (1..).zip(&new.configurations) {
            self.insert_configuration(id, place, configuration)?;
        }
        for (partner_field, name) in &new.fields {
            self.sql.execute(
                "INSERT INTO custom_fields (workspace_id, key, name, kind, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                values![
                    new.workspace.0,
                    partner_field.key,
                    name,
                    partner_field.kind.code(),
                    self.now.0
                ],
            )?;
        }
        for event in &new.events {
            self.sql.execute(
                "INSERT INTO custom_events (workspace_id, name, counts_money) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
                values![new.workspace.0, event.name, event.counts_money],
            )?;
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
        let changed = self.sql.execute(
            "UPDATE integrations SET name = coalesce(?2, name), clickid_param = coalesce(?3, \
             clickid_param), clickid_macro = coalesce(?4, clickid_macro), enabled = coalesce(?5, \
             enabled), rules = coalesce(?6, rules) WHERE id = ?1 AND deleted_at IS NULL",
            values![
                id.0,
                patch.name,
                patch.clickid_param,
                patch.clickid_macro,
                patch.enabled,
                rules
            ],
        )?;
        require(changed, "integration")
    }

    pub(super) fn delete_integration(&mut self, id: IntegrationId) -> StoreResult<()> {
        *self.set_up_changed = true;
        let changed = self.sql.execute(
            "UPDATE integrations SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
            values![id.0, self.now.0],
        )?;
        require(changed, "integration")
    }

    fn insert_configuration(
        &mut self,
        id: IntegrationId,
        position: i64,
        new: &NewConfiguration,
    ) -> StoreResult<Configuration> {
        *self.set_up_changed = true;
        let made = self.sql.one(
            "INSERT INTO postback_configurations (integration_id, position, name, event, rules) \
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
            values![id.0, position, new.name, new.event, text(&new.rules)?],
            |row| row.get(0).map(ConfigurationId),
        )?;
        Ok(Configuration {
            id: made,
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
            .one(
                "SELECT 1 + coalesce((SELECT max(position) FROM postback_configurations \
                 WHERE integration_id = integrations.id), 0) \
                 FROM integrations WHERE id = ?1 AND deleted_at IS NULL",
                values![id.0],
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
        let changed = self.sql.execute(
            "UPDATE postback_configurations SET name = ?2, event = ?3, rules = ?4 WHERE id = ?1",
            values![id.0, new.name, new.event, text(&new.rules)?],
        )?;
        require(changed, "postback configuration")?;
        let row = self.sql.one(
            &format!("SELECT {CONFIGURATION_COLUMNS} FROM postback_configurations WHERE id = ?1"),
            values![id.0],
            configuration,
        );
        Ok(row?)
    }

    pub(super) fn delete_configuration(&mut self, id: ConfigurationId) -> StoreResult<()> {
        *self.set_up_changed = true;
        let changed = self.sql.execute(
            "DELETE FROM postback_configurations WHERE id = ?1",
            values![id.0],
        )?;
        require(changed, "postback configuration")
    }

    pub(super) fn order_configurations(
        &mut self,
        id: IntegrationId,
        order: &[ConfigurationId],
    ) -> StoreResult<()> {
        *self.set_up_changed = true;
        // What is not named keeps its position and must stay behind those that are.
        self.sql.execute(
            "UPDATE postback_configurations SET position = position + ?2 WHERE integration_id = ?1",
            values![id.0, i64::try_from(order.len()).unwrap_or(i64::MAX)],
        )?;
        for (position, configuration) in (1_i64..).zip(order) {
            let changed = self.sql.execute(
                "UPDATE postback_configurations SET position = ?3 WHERE id = ?1 AND integration_id = ?2",
                values![configuration.0, id.0, position],
            )?;
            require(changed, "postback configuration")?;
        }
        Ok(())
    }

    pub(super) fn create_field(
        &mut self,
        workspace: WorkspaceId,
        new: &NewField,
    ) -> StoreResult<CustomField> {
        *self.set_up_changed = true;
        let inserted = self.sql.one(
            "INSERT INTO custom_fields (workspace_id, key, name, kind, options, visible, created_at, \
             position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT coalesce(max(position), 0) + 1 \
             FROM custom_fields WHERE workspace_id = ?1)) RETURNING id",
            values![
                workspace.0,
                new.key,
                new.name,
                new.kind.code(),
                text(&new.options)?,
                new.visible,
                self.now.0
            ],
            |row| row.get(0).map(FieldId),
        );
        let id = inserted.map_err(|error| match error {
            SqlError::Taken(_) => StoreError::Conflict {
                message: format!("a custom field with the key `{}` exists already", new.key),
            },
            other => other.into(),
        })?;
        Ok(CustomField {
            id,
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
                 ON CONFLICT (workspace_id, name) DO UPDATE SET counts_money = excluded.counts_money",
                values![workspace.0, event.name, event.counts_money],
            )?;
        Ok(())
    }

    pub(super) fn create_token(
        &mut self,
        workspace: WorkspaceId,
        name: &str,
        hash: &[u8; 32],
    ) -> Sql<Token> {
        self.sql.one(
            "INSERT INTO api_tokens (workspace_id, name, hash, created_at) VALUES (?1, ?2, ?3, ?4) \
             RETURNING id, workspace_id, name, created_at",
            values![workspace.0, name, hash, self.now.0],
            read_token,
        )
    }

    pub(super) fn revoke_token(&mut self, id: TokenId) -> StoreResult<()> {
        let changed = self.sql.execute(
            "UPDATE api_tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            values![id.0, self.now.0],
        )?;
        require(changed, "token")
    }
}

pub(super) fn read_token(row: &Row<'_>) -> Sql<Token> {
    Ok(Token {
        id: TokenId(row.get(0)?),
        workspace: WorkspaceId(row.get(1)?),
        name: row.get(2)?,
        created_at: Moment(row.get(3)?),
    })
}

pub(super) fn fields(sql: &dyn Session, workspace: WorkspaceId) -> Sql<Vec<CustomField>> {
    sql.all(&format!(
            "SELECT {FIELD_COLUMNS} FROM custom_fields WHERE workspace_id = ?1 ORDER BY position = 0, \
             position, id"
        ), values![workspace.0], field)
}

pub(super) fn token_by_hash(sql: &dyn Session, hash: &[u8; 32]) -> Sql<Option<Token>> {
    sql.one(
        "SELECT id, workspace_id, name, created_at FROM api_tokens WHERE hash = ?1 AND revoked_at \
         IS NULL",
        values![hash],
        read_token,
    )
    .optional()
}

#[async_trait]
impl SetUpStore for SqlStore {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    async fn look_up_integration(&self, uuid: Uuid) -> StoreResult<Option<Arc<Integration>>> {
        self.reload().await?;
        Ok(self.snapshot().by_uuid.get(&uuid).cloned())
    }

    async fn create_integration(&self, new: NewIntegration) -> StoreResult<Integration> {
        let id = self
            .write_in_turn(Turn::SetUp, move |work| work.create_integration(&new))
            .await?;
        self.integration(id)
    }

    async fn update_integration(
        &self,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> StoreResult<Integration> {
        self.write_in_turn(Turn::SetUp, move |work| work.update_integration(id, &patch))
            .await?;
        self.integration(id)
    }

    async fn delete_integration(&self, id: IntegrationId) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| work.delete_integration(id))
            .await
    }

    async fn create_configuration(
        &self,
        id: IntegrationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write_in_turn(Turn::SetUp, move |work| work.create_configuration(id, &new))
            .await
    }

    async fn update_configuration(
        &self,
        id: ConfigurationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration> {
        self.write_in_turn(Turn::SetUp, move |work| work.update_configuration(id, &new))
            .await
    }

    async fn delete_configuration(&self, id: ConfigurationId) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| work.delete_configuration(id))
            .await
    }

    async fn order_configurations(
        &self,
        id: IntegrationId,
        order: Vec<ConfigurationId>,
    ) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.order_configurations(id, &order)
        })
        .await
    }

    async fn create_field(
        &self,
        workspace: WorkspaceId,
        new: NewField,
    ) -> StoreResult<CustomField> {
        self.write_in_turn(Turn::SetUp, move |work| work.create_field(workspace, &new))
            .await
    }

    async fn fields(&self, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>> {
        self.read(move |sql| fields(sql, workspace)).await
    }

    async fn define_event(&self, workspace: WorkspaceId, event: CustomEvent) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.define_event(workspace, &event)
        })
        .await
    }

    async fn create_link(&self, new: NewLink) -> StoreResult<RegistrationLink> {
        self.write_in_turn(Turn::SetUp, move |work| work.create_link(&new))
            .await
    }

    async fn update_link(&self, id: LinkId, new: NewLink) -> StoreResult<RegistrationLink> {
        self.write_in_turn(Turn::SetUp, move |work| work.update_link(id, &new))
            .await
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
        self.write_in_turn(Turn::SetUp, move |work| work.delete_link(id))
            .await
    }

    async fn create_token(
        &self,
        workspace: WorkspaceId,
        name: String,
        hash: [u8; 32],
    ) -> StoreResult<Token> {
        self.write_in_turn(Turn::SetUp, move |work| {
            work.create_token(workspace, &name, &hash)
        })
        .await
    }

    async fn token_by_hash(&self, hash: [u8; 32]) -> StoreResult<Option<Token>> {
        self.read_at_once(move |sql| token_by_hash(sql, &hash))
            .await
    }

    async fn revoke_token(&self, id: TokenId) -> StoreResult<()> {
        self.write_in_turn(Turn::SetUp, move |work| work.revoke_token(id))
            .await
    }
}
