//! Leads: the list, and the card of one with its facts, its events and its ready links.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::ids::{EventId, LeadId, WorkspaceId};
use clickback_core::link::{final_url, render as render_link};
use clickback_core::money::Amount;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::events::{Event, EventFilter};
use crate::store::integrations::Snapshot;
use crate::store::leads::{IdentityKind, Lead, LeadFilter, LeadTotals};
use crate::store::{StoreError, StoreResult};

use super::changes::{Change, lines};
use super::error::{self, render};
use super::inbox::rows::event_name;
use super::paint;
use super::parts::{Badge, Chip, CodeBox, Copy, Money, When};
use super::ui::Ui;
use super::visitor::{Visitor, form_encoded};

const PAGE: usize = 50;
/// Currencies that a row of the list shows.
const SUMS: usize = 2;

/// What the list is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LeadQuery {
    search: String,
    before: String,
}

struct Row {
    href: String,
    name: String,
    nameless: bool,
    clickid: String,
    registrations: u64,
    deposits: u64,
    deposited: Vec<Money>,
    /// Currencies beyond those shown, and all sums in words.
    more: usize,
    all: String,
    created: When,
}

#[derive(Template)]
#[template(path = "leads/list.html")]
struct ListPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    search: &'a str,
    rows: Vec<Row>,
    older: Option<String>,
    newest: Option<String>,
    example: Option<CodeBox>,
}

/// The list.
pub(super) async fn list(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Query(query): Query<LeadQuery>,
) -> Response {
    let search = query.search.trim();
    let before: Option<LeadId> = query.before.parse().ok();
    let filter = LeadFilter {
        search: (!search.is_empty()).then(|| search.to_owned()),
        before,
        limit: PAGE,
        ..LeadFilter::new(workspace)
    };
    let page = match app.store.leads(filter).await {
        Ok(page) => page,
        Err(cause) => return error::page(&ui, &cause),
    };
    let address = |before: Option<&str>| {
        let mut list = Vec::new();
        if !search.is_empty() {
            list.push(format!("search={}", form_encoded(search)));
        }
        list.extend(before.map(|before| format!("before={before}")));
        if list.is_empty() {
            "/leads".to_owned()
        } else {
            format!("/leads?{}", list.join("&"))
        }
    };
    let nothing_yet = page.items.is_empty() && search.is_empty() && before.is_none();
    let example = nothing_yet.then(|| {
        let curl = format!(
            "curl -X POST {}/api/v1/leads -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{{\"name\":\"Anna\"}}'",
            app.settings.public_url
        );
        CodeBox::new(&ui, &ui.t("leads-example"), vec![paint::Segment::new("", curl)])
    });
    render(&ListPage {
        section: "leads",
        search,
        older: page.next.as_deref().map(|next| address(Some(next))),
        newest: before.map(|_| address(None)),
        rows: page.items.iter().map(|lead| row(&ui, lead)).collect(),
        example,
        ui: &ui,
    })
}

fn row(ui: &Ui, lead: &Lead) -> Row {
    let mut deposited = sums(ui, &lead.totals.deposited);
    let all = deposited
        .iter()
        .map(Money::plain)
        .collect::<Vec<_>>()
        .join(", ");
    let more = deposited.len().saturating_sub(SUMS);
    deposited.truncate(SUMS);
    Row {
        more,
        all,
        href: format!("/leads/{}", lead.id),
        nameless: lead.name.trim().is_empty(),
        name: lead.name.trim().to_owned(),
        clickid: lead.clickid.clone(),
        registrations: lead.totals.registrations,
        deposits: lead.totals.deposits,
        deposited,
        created: When::new(ui, lead.created_at),
    }
}

fn sums(ui: &Ui, sums: &BTreeMap<Currency, Amount>) -> Vec<Money> {
    sums.iter()
        .map(|(currency, amount)| Money::new(ui, *amount, Some(*currency)))
        .collect()
}

/// Deposits less withdrawals and chargebacks, per currency.
fn net(totals: &LeadTotals) -> BTreeMap<Currency, Amount> {
    let mut net = totals.deposited.clone();
    for (currency, amount) in &totals.withdrawn {
        let sum = net.entry(*currency).or_default();
        *sum = sum.checked_sub(*amount).unwrap_or(*sum);
    }
    net
}

/// A custom field's value, or one of the tracker's facts.
struct Fact {
    name: String,
    value: String,
    /// The value does not fit the field's kind.
    odd: bool,
}

/// One event of the timeline.
struct Entry {
    title: String,
    money: Option<Money>,
    payout: Option<Money>,
    status: Badge,
    approved: bool,
    tid: Option<String>,
    integration: String,
    chips: Vec<Chip>,
    when: When,
    href: String,
    changes_title: Cow<'static, str>,
    changes: Vec<Change>,
    test: Option<Badge>,
    tone: &'static str,
}

struct ReadyLink {
    name: String,
    integration: String,
    url: Option<CodeBox>,
}

#[derive(Template)]
#[template(path = "leads/card.html")]
struct CardPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    title: String,
    nameless: bool,
    clickid: Copy,
    clickid_text: String,
    test: Option<Badge>,
    deposits: u64,
    deposited: Vec<Money>,
    net: Vec<Money>,
    payouts: Vec<Money>,
    fields: Vec<Fact>,
    identities: Vec<Fact>,
    created: When,
    clicked: Option<When>,
    entries: Vec<Entry>,
    older: Option<String>,
    newest: Option<String>,
    links: Vec<ReadyLink>,
}

/// The card of one lead.
pub(super) async fn one(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(id): Path<String>,
    Query(query): Query<LeadQuery>,
) -> Response {
    let Ok(id) = id.parse::<LeadId>() else {
        return error::not_found(&ui);
    };
    match card(&app, &ui, workspace, id, query.before.parse().ok()).await {
        Ok(response) => response,
        Err(cause) => error::page(&ui, &cause),
    }
}

async fn card(
    app: &App,
    ui: &Ui,
    workspace: WorkspaceId,
    id: LeadId,
    before: Option<EventId>,
) -> StoreResult<Response> {
    let lead = app.store.lead(id).await?;
    if lead.workspace != workspace {
        return Err(StoreError::NotFound { what: "lead" });
    }
    let snapshot = app.store.snapshot();
    let filter = EventFilter {
        lead: Some(id),
        before,
        limit: PAGE,
        ..EventFilter::new(workspace)
    };
    let events = app.store.events(filter).await?;
    let mut entries = Vec::with_capacity(events.items.len());
    for event in &events.items {
        let changes = app.store.event_changes(event.id).await?;
        let changes = lines(ui, &changes, Some(event), None);
        entries.push(entry(ui, &snapshot, event, changes));
    }
    let here = format!("/leads/{id}");
    let page = CardPage {
        section: "leads",
        title: super::inbox::lead_title(&lead),
        nameless: lead.name.trim().is_empty(),
        clickid: Copy::new(ui, lead.clickid.clone()),
        clickid_text: lead.clickid.clone(),
        test: lead.test.then(|| Badge::test(ui)),
        deposits: lead.totals.deposits,
        deposited: sums(ui, &lead.totals.deposited),
        net: sums(ui, &net(&lead.totals)),
        payouts: sums(ui, &lead.totals.payouts),
        fields: fields(app, &lead).await?,
        identities: identities(ui, &snapshot, &lead),
        created: When::new(ui, lead.created_at),
        clicked: lead.clicked_at.map(|at| When::new(ui, at)),
        entries,
        older: events.next.map(|next| format!("{here}?before={next}")),
        newest: before.map(|_| here),
        links: links(app, ui, &snapshot, &lead).await?,
        ui,
    };
    Ok(render(&page))
}

/// Values of the custom fields, in the order of the fields.
async fn fields(app: &App, lead: &Lead) -> StoreResult<Vec<Fact>> {
    let known = app.store.fields(lead.workspace).await?;
    let facts = lead.values.iter().filter_map(|value| {
        let field = known.iter().find(|field| field.id == value.field);
        if field.is_some_and(|field| !field.visible) {
            return None;
        }
        Some(Fact {
            name: field.map_or(&value.key, |field| &field.name).clone(),
            value: value.value.clone(),
            odd: !value.fits,
        })
    });
    Ok(facts.collect())
}

/// Outside ids other than the clickid that the title shows.
fn identities(ui: &Ui, snapshot: &Snapshot, lead: &Lead) -> Vec<Fact> {
    lead.identities
        .iter()
        .filter(|one| one.kind != IdentityKind::Clickid || one.value != lead.clickid)
        .map(|identity| {
            let mut name = ui.coded("identity-", identity.kind.code()).into_owned();
            let scope = snapshot
                .by_id
                .values()
                .find(|one| one.id.0 == identity.scope);
            if let Some(integration) = scope {
                name = format!("{name} · {}", integration.name);
            }
            Fact {
                name,
                value: identity.value.clone(),
                odd: false,
            }
        })
        .collect()
}

fn entry(ui: &Ui, snapshot: &Snapshot, event: &Event, changes: Vec<Change>) -> Entry {
    let name = event_name(ui, event.kind, &event.name);
    let numbered = matches!(
        event.kind,
        Kind::RepeatDeposit | Kind::Withdrawal | Kind::Chargeback
    );
    let title = match event.number.filter(|_| numbered) {
        Some(number) => format!("{name} #{number}"),
        None => name,
    };
    let money =
        |amount: Option<Amount>, currency| amount.map(|amount| Money::new(ui, amount, currency));
    let approved = event.status == Status::Approved;
    Entry {
        title,
        money: money(event.amount, event.currency),
        payout: money(event.payout, event.payout_currency),
        status: Badge::status(ui, event.status),
        approved,
        tid: event.tid.clone(),
        integration: snapshot
            .by_id
            .get(&event.integration)
            .map(|one| one.name.clone())
            .unwrap_or_default(),
        chips: event.flags.iter().map(|flag| Chip::new(ui, flag)).collect(),
        when: When::new(ui, event.occurred_at),
        href: format!("/inbox/{}", event.request()),
        changes_title: ui.count("entry-changes", changes.len()),
        changes,
        test: event.test.then(|| Badge::test(ui)),
        tone: match (event.kind, approved) {
            (_, false) => "waiting",
            (Kind::FirstDeposit | Kind::RepeatDeposit | Kind::Commission, true) => "in",
            (Kind::Withdrawal | Kind::Chargeback, true) => "out",
            _ => "plain",
        },
    }
}

/// The registration links, filled for this lead.
async fn links(
    app: &App,
    ui: &Ui,
    snapshot: &Snapshot,
    lead: &Lead,
) -> StoreResult<Vec<ReadyLink>> {
    let mut ready = Vec::new();
    for link in app.store.links(lead.workspace).await? {
        let Some(integration) = snapshot.get(lead.workspace, link.integration) else {
            continue;
        };
        let url = final_url(&link.base_url, &integration.clickid_param, &link.params).ok();
        let url = url.map(|built| render_link(&built.url, &|wanted| lead.macro_value(wanted)));
        ready.push(ReadyLink {
            url: url.map(|url| CodeBox::new(ui, &link.name, paint::template(&url))),
            name: link.name,
            integration: integration.name.clone(),
        });
    }
    Ok(ready)
}
