//! Types of the set-up: integrations, configurations, fields, links, tokens, and the snapshot of
//! all integrations that the hot path reads from memory.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::field::FieldKind;
use clickback_core::ids::{
    ConfigurationId, FieldId, IntegrationId, LinkId, TokenId, UserId, WorkspaceId,
};
use clickback_core::link;
use clickback_core::moment::Moment;
use clickback_core::partner::PartnerField;
use clickback_core::rules::{ConfigurationRules, CustomEvent, Rules, Ruleset};
use uuid::Uuid;

use super::{Page, StoreResult};

/// A workspace's set-up of one partner, or of none.
#[derive(Debug, Clone)]
pub struct Integration {
    pub id: IntegrationId,
    pub workspace: WorkspaceId,
    /// Names it in public URLs.
    pub uuid: Uuid,
    /// Catalogue entry; `None` for a custom integration.
    pub partner: Option<String>,
    pub name: String,
    /// The partner's link parameter that carries our clickid, e.g. `sub4`.
    pub clickid_param: String,
    /// What the partner writes in its postback for it, e.g. `{sub4}`.
    pub clickid_macro: String,
    pub enabled: bool,
    pub configurations: Vec<Configuration>,
    pub created_at: Moment,
    /// The workspace makes text fields for keys it has not seen.
    pub creates_fields: bool,
    /// Compiled rules; `ruleset.rules` is what the workspace set.
    pub ruleset: Ruleset,
}

impl Integration {
    /// Stands for an integration whose row is gone: requests to it keep their text.
    pub(super) fn gone(id: IntegrationId) -> Integration {
        Integration {
            id,
            workspace: WorkspaceId(0),
            uuid: Uuid::nil(),
            partner: None,
            name: String::new(),
            clickid_param: String::new(),
            clickid_macro: String::new(),
            enabled: false,
            configurations: Vec::new(),
            created_at: Moment(0),
            creates_fields: false,
            ruleset: Ruleset::default(),
        }
    }

    /// The URL to paste at the partner: the configuration's parameters, the field mapping, and the
    /// secret where one is asked for.
    pub fn postback_url(&self, public_url: &str, configuration: &Configuration) -> String {
        let params = configuration.rules.url_params(&self.ruleset.rules);
        let template = link::PostbackTemplate {
            public_url,
            uuid: &self.uuid.to_string(),
            event: &configuration.event,
            clickid: &self.clickid_macro,
            params: &params,
        };
        link::postback_url_in(configuration.rules.url, &template)
    }
}

/// One event of an integration and its URL's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub id: ConfigurationId,
    pub integration: IntegrationId,
    pub position: i64,
    pub name: String,
    pub event: String,
    pub rules: ConfigurationRules,
}

/// What makes an integration.
#[derive(Debug, Clone)]
pub struct NewIntegration {
    pub workspace: WorkspaceId,
    pub partner: Option<String>,
    pub name: String,
    pub clickid_param: String,
    pub clickid_macro: String,
    pub rules: Rules,
    pub configurations: Vec<NewConfiguration>,
    /// Custom fields it brings; existing keys stay as they are.
    pub fields: Vec<(PartnerField, String)>,
    /// Custom events it brings; known names stay as they are.
    pub events: Vec<CustomEvent>,
}

/// What changes on an integration; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct IntegrationPatch {
    pub name: Option<String>,
    pub clickid_param: Option<String>,
    pub clickid_macro: Option<String>,
    pub enabled: Option<bool>,
    pub rules: Option<Rules>,
}

/// What makes a postback configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiguration {
    pub name: String,
    pub event: String,
    pub rules: ConfigurationRules,
}

/// A custom field of leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    pub id: FieldId,
    pub key: String,
    pub name: String,
    pub kind: FieldKind,
    pub options: Vec<String>,
    pub visible: bool,
}

/// What makes a custom field.
#[derive(Debug, Clone)]
pub struct NewField {
    pub key: String,
    pub name: String,
    pub kind: FieldKind,
    pub options: Vec<String>,
    pub visible: bool,
}

/// A registration link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationLink {
    pub id: LinkId,
    pub integration: IntegrationId,
    pub name: String,
    pub base_url: String,
    pub params: Vec<(String, String)>,
    /// The buyer whose link it is; `None` is the team's.
    pub owner: Option<UserId>,
    pub created_at: Moment,
}

/// What makes a registration link.
#[derive(Debug, Clone)]
pub struct NewLink {
    pub integration: IntegrationId,
    pub name: String,
    pub base_url: String,
    pub params: Vec<(String, String)>,
    /// The buyer whose link it is; `None` is the team's. A change keeps the owner.
    pub owner: Option<UserId>,
}

/// Which registration links, newest first.
#[derive(Debug, Clone)]
pub struct LinkFilter {
    pub workspace: WorkspaceId,
    pub integration: Option<IntegrationId>,
    /// Those of these people only.
    pub owners: Option<Vec<UserId>>,
    pub before: Option<LinkId>,
    pub limit: usize,
}

/// An API token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub workspace: WorkspaceId,
    pub name: String,
    pub created_at: Moment,
}

/// All integrations, in memory: the hot path reads no configuration from the database.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub by_uuid: HashMap<Uuid, Arc<Integration>>,
    pub by_id: HashMap<IntegrationId, Arc<Integration>>,
    /// Custom events by workspace.
    pub custom_events: HashMap<WorkspaceId, Vec<CustomEvent>>,
}

impl Snapshot {
    /// The integrations of a workspace, oldest first.
    pub fn of(&self, workspace: WorkspaceId) -> Vec<Arc<Integration>> {
        let mut list: Vec<_> = self
            .by_id
            .values()
            .filter(|integration| integration.workspace == workspace)
            .cloned()
            .collect();
        list.sort_by_key(|integration| integration.id);
        list
    }

    /// One integration of a workspace.
    pub fn get(&self, workspace: WorkspaceId, id: IntegrationId) -> Option<Arc<Integration>> {
        self.by_id
            .get(&id)
            .filter(|integration| integration.workspace == workspace)
            .cloned()
    }
}

/// What a workspace sets up.
#[async_trait]
pub trait SetUpStore: Send + Sync {
    /// Set-up of all integrations, in memory.
    fn snapshot(&self) -> Arc<Snapshot>;
    /// Reads one integration from the database: another process may have just made or changed it.
    async fn look_up_integration(&self, uuid: Uuid) -> StoreResult<Option<Arc<Integration>>>;
    async fn create_integration(&self, new: NewIntegration) -> StoreResult<Integration>;
    async fn update_integration(
        &self,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> StoreResult<Integration>;
    /// Takes it out of lists and answers its URL with 404; events and keys stay.
    async fn delete_integration(&self, id: IntegrationId) -> StoreResult<()>;
    async fn create_configuration(
        &self,
        id: IntegrationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration>;
    async fn update_configuration(
        &self,
        id: ConfigurationId,
        new: NewConfiguration,
    ) -> StoreResult<Configuration>;
    async fn delete_configuration(&self, id: ConfigurationId) -> StoreResult<()>;
    /// Puts configurations of an integration into this order; those not named follow as they were.
    async fn order_configurations(
        &self,
        id: IntegrationId,
        order: Vec<ConfigurationId>,
    ) -> StoreResult<()>;
    async fn create_field(&self, workspace: WorkspaceId, new: NewField)
    -> StoreResult<CustomField>;
    async fn fields(&self, workspace: WorkspaceId) -> StoreResult<Vec<CustomField>>;
    /// Defines or changes a custom event.
    async fn define_event(&self, workspace: WorkspaceId, event: CustomEvent) -> StoreResult<()>;
    async fn create_link(&self, new: NewLink) -> StoreResult<RegistrationLink>;
    /// Changes a link; its owner stays.
    async fn update_link(&self, id: LinkId, new: NewLink) -> StoreResult<RegistrationLink>;
    async fn links(&self, workspace: WorkspaceId) -> StoreResult<Vec<RegistrationLink>>;
    /// One page of the list.
    async fn links_page(&self, filter: LinkFilter) -> StoreResult<Page<RegistrationLink>>;
    async fn link(&self, id: LinkId) -> StoreResult<RegistrationLink>;
    async fn delete_link(&self, id: LinkId) -> StoreResult<()>;
    /// Stores a token by its hash; the token itself is never stored.
    async fn create_token(
        &self,
        workspace: WorkspaceId,
        name: String,
        hash: [u8; 32],
    ) -> StoreResult<Token>;
    async fn token_by_hash(&self, hash: [u8; 32]) -> StoreResult<Option<Token>>;
    async fn revoke_token(&self, id: TokenId) -> StoreResult<()>;
}
