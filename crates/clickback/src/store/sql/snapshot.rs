//! Reading the whole set-up into memory: integrations with compiled rules.

use std::collections::HashMap;
use std::sync::Arc;

use clickback_core::field::FieldKind;
use clickback_core::ids::{ConfigurationId, FieldId, IntegrationId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::rules::{CustomEvent, FieldSpec, Rules, Ruleset};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::store::integrations::{Configuration, CustomField, Integration, Snapshot};

use super::session::{Row, Session, Sql, SqlError};

/// Reads everything that is not deleted.
pub(super) fn read(sql: &dyn Session) -> Sql<Snapshot> {
    let mut custom_events: HashMap<WorkspaceId, Vec<CustomEvent>> = HashMap::new();
    sql.each(
        "SELECT workspace_id, name, counts_money FROM custom_events ORDER BY workspace_id, name",
        &[],
        |row| {
            let event = CustomEvent {
                name: row.get(1)?,
                counts_money: row.get(2)?,
            };
            custom_events
                .entry(WorkspaceId(row.get(0)?))
                .or_default()
                .push(event);
            Ok(())
        },
    )?;
    let mut fields: HashMap<WorkspaceId, HashMap<String, FieldSpec>> = HashMap::new();
    sql.each(
        &format!("SELECT {FIELD_COLUMNS}, workspace_id FROM custom_fields"),
        &[],
        |row| {
            let field = field(row)?;
            let spec = FieldSpec {
                id: field.id,
                kind: field.kind,
                options: field.options,
            };
            fields
                .entry(WorkspaceId(row.get(6)?))
                .or_default()
                .insert(field.key, spec);
            Ok(())
        },
    )?;
    let mut configurations: HashMap<IntegrationId, Vec<Configuration>> = HashMap::new();
    sql.each(&format!(
        "SELECT {CONFIGURATION_COLUMNS} FROM postback_configurations ORDER BY integration_id, position, id"
    ), &[], |row| {
        let configuration = configuration(row)?;
        configurations
            .entry(configuration.integration)
            .or_default()
            .push(configuration);
        Ok(())
    })?;
    let mut snapshot = Snapshot {
        custom_events,
        ..Snapshot::default()
    };
    sql.each(
        "SELECT integrations.id, workspace_id, uuid, partner, integrations.name, clickid_param, \
         clickid_macro, enabled, rules, integrations.created_at, workspaces.creates_fields \
         FROM integrations JOIN workspaces ON workspaces.id = workspace_id WHERE deleted_at IS NULL",
    &[], |row| {
        let id = IntegrationId(row.get(0)?);
        let workspace = WorkspaceId(row.get(1)?);
        let uuid: String = row.get(2)?;
        let uuid = Uuid::try_parse(&uuid).map_err(|error| conversion(2, error))?;
        let configurations = configurations.remove(&id).unwrap_or_default();
        let clickid_param: String = row.get(5)?;
        let ruleset = Ruleset {
            rules: json::<Rules>(row, 8)?,
            clickid_param: clickid_param.clone(),
            configurations: configurations
                .iter()
                .map(|configuration| (configuration.event.clone(), configuration.rules.clone()))
                .collect(),
            custom_events: snapshot
                .custom_events
                .get(&workspace)
                .map(|events| {
                    events
                        .iter()
                        .map(|event| (event.name.clone(), event.clone()))
                        .collect()
                })
                .unwrap_or_default(),
            fields: fields.get(&workspace).cloned().unwrap_or_default(),
        };
        let integration = Arc::new(Integration {
            id,
            workspace,
            uuid,
            partner: row.get(3)?,
            name: row.get(4)?,
            clickid_param,
            clickid_macro: row.get(6)?,
            enabled: row.get(7)?,
            configurations,
            created_at: Moment(row.get(9)?),
            creates_fields: row.get(10)?,
            ruleset,
        });
        snapshot.by_uuid.insert(uuid, Arc::clone(&integration));
        snapshot.by_id.insert(id, integration);
        Ok(())
    })?;
    Ok(snapshot)
}

pub(super) const FIELD_COLUMNS: &str = "id, key, name, kind, options, visible";

pub(super) fn field(row: &Row<'_>) -> Sql<CustomField> {
    let kind: String = row.get(3)?;
    Ok(CustomField {
        id: FieldId(row.get(0)?),
        key: row.get(1)?,
        name: row.get(2)?,
        kind: FieldKind::from_code(&kind).unwrap_or(FieldKind::Text),
        options: json(row, 4)?,
        visible: row.get(5)?,
    })
}

pub(super) const CONFIGURATION_COLUMNS: &str = "id, integration_id, position, name, event, rules";

pub(super) fn configuration(row: &Row<'_>) -> Sql<Configuration> {
    Ok(Configuration {
        id: ConfigurationId(row.get(0)?),
        integration: IntegrationId(row.get(1)?),
        position: row.get(2)?,
        name: row.get(3)?,
        event: row.get(4)?,
        rules: json(row, 5)?,
    })
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Sql<T> {
    serde_json::from_str(row.get::<&str>(column)?).map_err(|error| conversion(column, error))
}

fn conversion(column: usize, error: impl std::error::Error) -> SqlError {
    SqlError::Defect(format!("column {column} cannot be read: {error}"))
}
