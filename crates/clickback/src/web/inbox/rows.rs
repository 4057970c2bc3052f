//! Rows of the inbox list: what a person sees of a request at a glance.

use askama::Template;
use askama::filters::HtmlSafe;
use clickback_core::event::{EventName, Kind};
use clickback_core::intake::Parts;
use clickback_core::postback::Postback;

use crate::store::inbox::RequestSummary;
use crate::store::integrations::{Integration, Snapshot};
use crate::web::paint::masked;
use crate::web::parts::{Badge, Chip, Icon, Money, When};
use crate::web::ui::Ui;

use super::filter::Filter;

/// Flags that a row shows; the rest is a number.
const CHIPS: usize = 1;

/// One row.
pub(super) struct Row {
    pub(super) id: String,
    href: String,
    when: When,
    badge: Badge,
    origin: Option<Badge>,
    event: String,
    /// Nothing was recorded: event and sum are what the request says.
    only_said: bool,
    clickid: String,
    money: Option<Money>,
    integration: String,
    chips: Vec<Chip>,
    more: usize,
    /// All flags in words.
    all: String,
    selected: bool,
}

/// Several rows, as the list and the live stream show them.
#[derive(Template)]
#[template(path = "inbox/rows.html")]
pub(in crate::web) struct Rows {
    pub(super) rows: Vec<Row>,
    flag: Icon,
}

impl HtmlSafe for Rows {}

impl Rows {
    /// These rows, the newest first.
    pub(super) fn new(rows: Vec<Row>) -> Rows {
        Rows {
            rows,
            flag: Icon("flag"),
        }
    }
}

/// Makes rows of one page: the words, the integrations, the filter that links keep.
pub(super) struct Maker<'a> {
    pub(super) ui: &'a Ui,
    pub(super) snapshot: &'a Snapshot,
    pub(super) filter: &'a Filter,
    pub(super) selected: Option<clickback_core::ids::RequestId>,
}

impl Maker<'_> {
    /// The row of a request.
    pub(super) fn row(&self, request: &RequestSummary) -> Row {
        let ui = self.ui;
        let integration = self.snapshot.by_id.get(&request.integration);
        let said = match (&request.event, integration) {
            (None, Some(integration)) => said(request, integration),
            _ => None,
        };
        let (event, money) = match (&request.event, &said) {
            (Some(event), _) => (
                event_name(ui, event.kind, &event.name),
                event
                    .amount
                    .map(|amount| Money::new(ui, amount, event.currency)),
            ),
            (None, Some(said)) => (
                said_name(ui, &said.event),
                said.amount
                    .map(|amount| Money::new(ui, amount, said.currency)),
            ),
            (None, None) => (String::new(), None),
        };
        let clickid = request.clickid.clone().unwrap_or_default();
        let chips: Vec<Chip> = request
            .flags
            .iter()
            .take(CHIPS)
            .map(|flag| Chip::new(ui, flag))
            .collect();
        Row {
            id: request.id.to_string(),
            href: self.filter.address(&format!("/inbox/{}", request.id)),
            when: When::new(ui, request.received_at),
            badge: Badge::verdict(ui, request.verdict),
            origin: Badge::origin(ui, request.test, &request.method),
            event,
            only_said: request.event.is_none(),
            clickid: integration.map_or(clickid.clone(), |integration| {
                masked(&clickid, &integration.ruleset)
            }),
            money,
            integration: integration.map(|one| one.name.clone()).unwrap_or_default(),
            all: request
                .flags
                .iter()
                .map(|flag| ui.coded("flag-", flag.code()))
                .collect::<Vec<_>>()
                .join(", "),
            more: request.flags.iter().count() - chips.len(),
            chips,
            selected: self.selected == Some(request.id),
        }
    }
}

/// What a request that recorded nothing says, from its query.
fn said(request: &RequestSummary, integration: &Integration) -> Option<Postback> {
    let parts = Parts {
        query: request.query.as_bytes(),
        content_type: None,
        body: None,
    };
    parts.judge(&integration.ruleset, request.received_at).ok()
}

/// A recorded event in words; a name of the workspace's own is shown as it is.
pub(in crate::web) fn event_name(ui: &Ui, kind: Kind, name: &str) -> String {
    match kind {
        Kind::Custom | Kind::Other => name.to_owned(),
        _ => ui.coded("kind-", kind.code()).into_owned(),
    }
}

/// What a postback says happened, in words.
pub(in crate::web) fn said_name(ui: &Ui, event: &EventName) -> String {
    match event {
        EventName::Custom { name, .. } | EventName::Other { name } => name.clone(),
        known => ui.coded("said-", known.as_str()).into_owned(),
    }
}
