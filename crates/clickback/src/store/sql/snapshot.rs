//! Reading the whole set-up into memory: rows, and integrations with compiled rules.

use std::collections::HashMap;
use std::sync::Arc;

use clickback_core::field::FieldKind;
use clickback_core::ids::{ConfigurationId, FieldId, IntegrationId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::rules::{ConfigurationRules, CustomEvent, FieldSpec, Rules, Ruleset};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::integrations::{Configuration, CustomField, Integration, Snapshot};

use super::session::{Row, Session, Sql, SqlError};

/// The set-up as rows: what is read from the database, and kept for a start without it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::store) struct SetUp {
    custom_events: Vec<(WorkspaceId, CustomEvent)>,
    fields: Vec<FieldRow>,
    configurations: Vec<ConfigurationRow>,
    integrations: Vec<IntegrationRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FieldRow {
    id: FieldId,
    workspace: WorkspaceId,
    key: String,
    kind: FieldKind,
    options: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ConfigurationRow {
    id: ConfigurationId,
    integration: IntegrationId,
    position: i64,
    name: String,
    event: String,
    rules: ConfigurationRules,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct IntegrationRow {
    id: IntegrationId,
    workspace: WorkspaceId,
    uuid: Uuid,
    partner: Option<String>,
    name: String,
    clickid_param: String,
    clickid_macro: String,
    enabled: bool,
    rules: Rules,
    created_at: i64,
    creates_fields: bool,
}

/// Reads everything that is not deleted.
pub(super) fn read(sql: &dyn Session) -> Sql<SetUp> {
    let custom_events = sql.all(
        "SELECT workspace_id, name, counts_money FROM custom_events ORDER BY workspace_id, name",
        &[],
        |row| {
            let event = CustomEvent {
                name: row.get(1)?,
                counts_money: row.get(2)?,
            };
            Ok((WorkspaceId(row.get(0)?), event))
        },
    )?;
    let fields = sql.all(
        &format!("SELECT {FIELD_COLUMNS}, workspace_id FROM custom_fields ORDER BY id"),
        &[],
        |row| {
            let field = field(row)?;
            Ok(FieldRow {
                id: field.id,
                workspace: WorkspaceId(row.get(6)?),
                key: field.key,
                kind: field.kind,
                options: field.options,
            })
        },
    )?;
    let configurations = sql.all(
        &format!(
            "SELECT {CONFIGURATION_COLUMNS} FROM postback_configurations \
             ORDER BY integration_id, position, id"
        ),
        &[],
        |row| {
            let one = configuration(row)?;
            Ok(ConfigurationRow {
                id: one.id,
                integration: one.integration,
                position: one.position,
                name: one.name,
                event: one.event,
                rules: one.rules,
            })
        },
    )?;
    let integrations = sql.all(
        "SELECT integrations.id, workspace_id, uuid, partner, integrations.name, clickid_param, \
         clickid_macro, enabled, rules, integrations.created_at, workspaces.creates_fields \
         FROM integrations JOIN workspaces ON workspaces.id = workspace_id WHERE deleted_at IS NULL \
         ORDER BY integrations.id",
        &[],
        |row| {
            Ok(IntegrationRow {
                id: IntegrationId(row.get(0)?),
                workspace: WorkspaceId(row.get(1)?),
                uuid: Uuid::try_parse(row.get::<&str>(2)?).map_err(|error| conversion(2, error))?,
                partner: row.get(3)?,
                name: row.get(4)?,
                clickid_param: row.get(5)?,
                clickid_macro: row.get(6)?,
                enabled: row.get(7)?,
                rules: json(row, 8)?,
                created_at: row.get(9)?,
                creates_fields: row.get(10)?,
            })
        },
    )?;
    Ok(SetUp {
        custom_events,
        fields,
        configurations,
        integrations,
    })
}

impl SetUp {
    /// Compiles the rules of every integration.
    pub(super) fn compile(&self) -> Snapshot {
        let mut custom_events: HashMap<WorkspaceId, Vec<CustomEvent>> = HashMap::new();
        for (workspace, event) in &self.custom_events {
            let events = custom_events.entry(*workspace).or_default();
            events.push(event.clone());
        }
        let mut fields: HashMap<WorkspaceId, HashMap<String, FieldSpec>> = HashMap::new();
        for field in &self.fields {
            let spec = FieldSpec {
                id: field.id,
                kind: field.kind,
                options: field.options.clone(),
            };
            let of_workspace = fields.entry(field.workspace).or_default();
            of_workspace.insert(field.key.clone(), spec);
        }
        let mut configurations: HashMap<IntegrationId, Vec<Configuration>> = HashMap::new();
        for row in &self.configurations {
            let configuration = Configuration {
                id: row.id,
                integration: row.integration,
                position: row.position,
                name: row.name.clone(),
                event: row.event.clone(),
                rules: row.rules.clone(),
            };
            let of_integration = configurations.entry(row.integration).or_default();
            of_integration.push(configuration);
        }
        let mut snapshot = Snapshot {
            custom_events,
            ..Snapshot::default()
        };
        for row in &self.integrations {
            let configurations = configurations.remove(&row.id).unwrap_or_default();
            let events = snapshot.custom_events.get(&row.workspace);
            let ruleset = Ruleset {
                rules: row.rules.clone(),
                clickid_param: row.clickid_param.clone(),
                configurations: configurations
                    .iter()
                    .map(|configuration| (configuration.event.clone(), configuration.rules.clone()))
                    .collect(),
                custom_events: events
                    .into_iter()
                    .flatten()
                    .map(|event| (event.name.clone(), event.clone()))
                    .collect(),
                fields: fields.get(&row.workspace).cloned().unwrap_or_default(),
            };
            let integration = Arc::new(Integration {
                id: row.id,
                workspace: row.workspace,
                uuid: row.uuid,
                partner: row.partner.clone(),
                name: row.name.clone(),
                clickid_param: row.clickid_param.clone(),
                clickid_macro: row.clickid_macro.clone(),
                enabled: row.enabled,
                configurations,
                created_at: Moment(row.created_at),
                creates_fields: row.creates_fields,
                ruleset,
            });
            snapshot.by_uuid.insert(row.uuid, Arc::clone(&integration));
            snapshot.by_id.insert(row.id, integration);
        }
        snapshot
    }
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
