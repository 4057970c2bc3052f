//! Set-up that the API and the pages do alike: connecting a partner, sending a test event. What may be
//! set up is judged in the core, storing it is the store's.

use std::sync::Arc;

use clickback_core::ids::WorkspaceId;
use clickback_core::intake::Parts;
use clickback_core::link;
use clickback_core::macros;
use clickback_core::partner::{Partner, PartnerPostback, Readiness, usual_postbacks};
use clickback_core::postback::Rejection;
use clickback_core::rules::Rules;
use clickback_core::set_up::{self, SetUpError};

use crate::app::App;
use crate::store::StoreError;
use crate::store::inbox::{Incoming, Outcome, RawRequest};
use crate::store::integrations::{Integration, NewConfiguration, NewIntegration};

/// The parameter that a custom integration begins with.
pub const CUSTOM_PARAM: &str = "sub1";
/// How a partner of whom nothing is known writes a macro.
pub const USUAL_PATTERN: &str = "{macro}";

/// What somebody who connects a partner says; the rest is the partner's or usual.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub name: Option<String>,
    pub clickid_param: Option<String>,
    pub clickid_macro: Option<String>,
    pub rules: Option<Rules>,
    /// Names of postbacks and fields are in this language; English unless it is `ru`.
    pub language: &'static str,
}

/// Why a partner cannot be connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("there is no partner `{slug}` in the catalogue")]
    Unknown { slug: String },
    #[error("`{slug}` is not ready yet; make a custom integration (partner null)")]
    NotReady { slug: String },
    #[error("{0}")]
    SetUp(#[from] SetUpError),
}

/// What the partner puts into a postback for a parameter of its link; one of whom nothing is known is
/// taken to write `{macro}`.
pub fn macro_for(partner: Option<&Partner>, param: &str) -> String {
    match partner {
        Some(partner) => partner.clickid.macro_for(param),
        None => link::macro_of(param, USUAL_PATTERN),
    }
}

/// The partner of an integration, if the catalogue has it.
pub fn partner_of<'a>(app: &'a App, integration: &Integration) -> Option<&'a Partner> {
    app.catalogue.get(integration.partner.as_deref()?)
}

/// The integration that connecting a partner makes; without a partner it is a custom one with the three
/// usual postbacks.
pub fn connect(
    app: &App,
    workspace: WorkspaceId,
    slug: Option<&str>,
    wishes: Wishes,
) -> Result<NewIntegration, ConnectError> {
    let partner = match slug {
        None => None,
        Some(slug) => match app.catalogue.get(slug) {
            Some(partner) if partner.readiness == Readiness::Ready => Some(partner),
            Some(_) => {
                return Err(ConnectError::NotReady {
                    slug: slug.to_owned(),
                });
            }
            None => {
                return Err(ConnectError::Unknown {
                    slug: slug.to_owned(),
                });
            }
        },
    };
    let russian = wishes.language == "ru";
    let default = partner
        .map(|one| one.clickid.default.as_str())
        .filter(|param| !param.is_empty())
        .unwrap_or(CUSTOM_PARAM);
    let clickid_param = set_up::clickid_param(wishes.clickid_param.as_deref().unwrap_or(default))?;
    let clickid_macro = match wishes.clickid_macro {
        Some(given) => set_up::name(&given, "clickid_macro")?,
        None => macro_for(partner, &clickid_param),
    };
    let name = match &wishes.name {
        Some(name) => set_up::name(name, "name")?,
        None => partner.map_or("Custom", |partner| &partner.name).to_owned(),
    };
    let rules = match wishes.rules {
        Some(rules) => rules,
        None => partner
            .map(|partner| partner.rules.clone())
            .unwrap_or_default(),
    };
    set_up::rules(&rules)?;
    let postbacks = match partner {
        Some(partner) => partner.postbacks.clone(),
        None => usual_in_style(&clickid_macro),
    };
    let fields = partner.map(|partner| partner.fields.clone());
    Ok(NewIntegration {
        workspace,
        partner: partner.map(|partner| partner.slug.clone()),
        name,
        clickid_param,
        clickid_macro,
        rules,
        configurations: postbacks
            .into_iter()
            .map(|postback| NewConfiguration {
                name: if russian {
                    postback.name.ru
                } else {
                    postback.name.en
                },
                event: postback.event,
                rules: postback.rules,
            })
            .collect(),
        fields: fields
            .unwrap_or_default()
            .into_iter()
            .map(|field| {
                let name = if russian {
                    &field.name.ru
                } else {
                    &field.name.en
                };
                let name = name.clone();
                (field, name)
            })
            .collect(),
        events: partner
            .map(|partner| partner.events.clone())
            .unwrap_or_default(),
    })
}

/// The usual postbacks with their macros written as this partner writes its own.
pub fn usual_in_style(clickid_macro: &str) -> Vec<PartnerPostback> {
    let mut postbacks = usual_postbacks();
    let Some(pattern) = macros::pattern_of(clickid_macro) else {
        return postbacks;
    };
    for (_, value) in postbacks.iter_mut().flat_map(|one| &mut one.rules.params) {
        if let [only] = macros::find(value).as_slice() {
            *value = link::macro_of(&only.name, &pattern);
        }
    }
    postbacks
}

/// Why a test event was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestError {
    #[error("{0}")]
    Refused(#[from] Rejection),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Sends a marked test through the real path. It lands on the test lead, outside every total. `params` are
/// those of the URL besides event and clickid.
pub async fn send_test(
    app: &App,
    integration: Arc<Integration>,
    event: &str,
    params: &[(String, String)],
) -> Result<Outcome, TestError> {
    let url = link::postback_url(&link::PostbackTemplate {
        public_url: "",
        uuid: "",
        event,
        clickid: "test-lead",
        params,
    });
    let query = url
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default();
    let raw = RawRequest {
        method: "GET",
        query: query.as_bytes().to_vec(),
        ..RawRequest::default()
    };
    let received_at = app.clock.now();
    let parts = Parts {
        query: &raw.query,
        content_type: None,
        body: None,
    };
    let judged = parts.judge(&integration.ruleset, received_at)?;
    let incoming = Incoming {
        raw,
        integration,
        received_at,
        judged: Ok(judged),
        test: true,
    };
    Ok(app.store.ingest(incoming).await?)
}
