//! The card of one lead: facts, timeline, and everything that can be done with it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use clickback_core::field::FieldKind;
use clickback_core::ids::EventId;
use clickback_core::link::{final_url, render as render_link};
use clickback_core::people::Right;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::integrations::{CustomField, Snapshot};
use crate::store::leads::{IdentityKind, Lead};

use super::super::error::{self, render};
use super::super::inbox::lead_title;
use super::super::links::is_in_scope;
use super::super::paint;
use super::super::parts::{Badge, CodeBox, Copy, Money, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::list::{StatusBadge, net, status_badge, sums};
use super::timeline::{Entry, Timeline, timeline};
use super::{Choice, Given, buyers, find, status_name};

/// A mistake in one of the card's forms, said next to it; what was typed stays.
#[derive(Debug, Clone, Default)]
pub(super) struct Mistake {
    /// The form: `lead`, `tags`, `field`, `note`, `identity`, `event`.
    pub(super) place: &'static str,
    pub(super) text: String,
    pub(super) given: Given,
}

impl Mistake {
    /// What to say at a form.
    fn at(&self, place: &str) -> Option<&str> {
        (self.place == place).then_some(self.text.as_str())
    }

    /// What was typed into a form that is shown again.
    fn typed(&self, place: &str, name: &str) -> &str {
        if self.place == place {
            self.given.get(name)
        } else {
            ""
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CardQuery {
    before: String,
}

/// A custom field with its value and how it is edited.
struct Field {
    key: String,
    name: String,
    value: String,
    shown: String,
    /// The value is a link that may be followed.
    href: Option<String>,
    /// The value does not fit the field's kind.
    odd: bool,
    kind: &'static str,
    options: Vec<Choice>,
    wrong: Option<String>,
}

/// One of the tracker's facts.
struct Fact {
    name: String,
    value: String,
    copy: Copy,
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
    here: String,
    title: String,
    nameless: bool,
    name: String,
    clickid: Copy,
    clickid_text: String,
    test: Option<Badge>,
    deposits: u64,
    deposited: Vec<Money>,
    net: Vec<Money>,
    payouts: Vec<Money>,
    fields: Vec<Field>,
    identities: Vec<Fact>,
    identity_kinds: Vec<Choice>,
    created: When,
    clicked: Option<When>,
    timeline: Timeline,
    status: StatusBadge,
    statuses: Vec<Choice>,
    buyer: String,
    buyers: Vec<Choice>,
    tags: Vec<String>,
    tags_text: String,
    known_tags: Vec<String>,
    links: Vec<ReadyLink>,
    integrations: Vec<Choice>,
    events: Vec<Choice>,
    event_statuses: Vec<Choice>,
    mistake: &'a Mistake,
    may_work: bool,
    may_decide: bool,
}

/// The card.
pub(super) async fn page(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<CardQuery>,
) -> Response {
    let before = query.before.parse().ok();
    match show(&app, &visitor, &id, before, &Mistake::default()).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// The card with a mistake in one of its forms.
pub(super) async fn again(app: &App, visitor: &Visitor, id: &str, mistake: Mistake) -> Response {
    match show(app, visitor, id, None, &mistake).await {
        Ok(response) => (StatusCode::UNPROCESSABLE_ENTITY, response).into_response(),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: &str,
    before: Option<EventId>,
    mistake: &Mistake,
) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let lead = find(app, visitor, id).await?;
    let here = format!("/leads/{}", lead.id);
    if lead.id.to_string() != id.to_lowercase() {
        // It went into another one.
        return Ok(Redirect::to(&here).into_response());
    }
    let snapshot = app.store.snapshot();
    let statuses = app.store.lead_statuses(visitor.workspace).await?;
    let people = buyers(app, visitor).await?;
    let chosen = |place: &str, name: &str, usual: &str| {
        let typed = mistake.typed(place, name);
        if typed.is_empty() {
            usual.to_owned()
        } else {
            typed.to_owned()
        }
    };
    let own_buyer = lead
        .buyer
        .map(|buyer| buyer.to_string())
        .unwrap_or_default();
    let chosen_integration = chosen("event", "integration", "");
    let chosen_event = chosen("event", "event", "sale");
    let chosen_status = chosen("event", "status", "approved");
    let page = CardPage {
        section: "leads",
        timeline: timeline(app, visitor, &lead, &statuses, before).await?,
        title: lead_title(&lead),
        nameless: lead.name.trim().is_empty(),
        name: lead.name.trim().to_owned(),
        clickid: Copy::new(ui, lead.clickid.clone()),
        clickid_text: lead.clickid.clone(),
        test: lead.test.then(|| Badge::test(ui)),
        deposits: lead.totals.deposits,
        deposited: sums(ui, &lead.totals.deposited),
        net: sums(ui, &net(&lead.totals)),
        payouts: sums(ui, &lead.totals.payouts),
        fields: fields(
            ui,
            &app.store.fields(visitor.workspace).await?,
            &lead,
            mistake,
        ),
        identities: identities(ui, &snapshot, &lead),
        identity_kinds: identity_kinds(ui, &snapshot, visitor, mistake),
        created: When::new(ui, lead.created_at),
        clicked: lead.clicked_at.map(|at| When::new(ui, at)),
        status: status_badge(ui, &statuses, &lead.status),
        statuses: statuses
            .iter()
            .map(|status| Choice::new(status.code.clone(), status_name(ui, status), &lead.status))
            .collect(),
        buyer: people
            .iter()
            .find(|user| Some(user.id) == lead.buyer)
            .map(|user| user.name.clone())
            .unwrap_or_default(),
        buyers: people
            .iter()
            .map(|user| Choice::new(user.id.to_string(), user.name.clone(), &own_buyer))
            .collect(),
        tags_text: chosen("tags", "tags", &lead.tags.join(", ")),
        known_tags: app.store.tags(visitor.workspace).await?,
        links: links(app, visitor, &snapshot, &lead).await?,
        integrations: snapshot
            .of(visitor.workspace)
            .iter()
            .map(|one| Choice::new(one.id.to_string(), one.name.clone(), &chosen_integration))
            .collect(),
        events: events(ui, &snapshot, visitor, &chosen_event),
        event_statuses: ["approved", "pending", "rejected"]
            .map(|code| Choice::new(code, ui.coded("status-", code), &chosen_status))
            .into(),
        tags: lead.tags.clone(),
        mistake,
        may_work: visitor.role.may(Right::WorkLeads),
        may_decide: visitor.role.may(Right::Decide) && !lead.test,
        here,
        ui,
    };
    Ok(render(&page))
}

/// The visible custom fields, those without a value too: they can be filled here.
fn fields(ui: &Ui, known: &[CustomField], lead: &Lead, mistake: &Mistake) -> Vec<Field> {
    let visible = known.iter().filter(|field| field.visible);
    visible
        .map(|field| {
            let stored = lead.values.iter().find(|value| value.field == field.id);
            let is_wrong = mistake.place == "field" && mistake.given.get("key") == field.key;
            let text = stored.map(|value| value.value.clone()).unwrap_or_default();
            let value = if is_wrong {
                mistake.given.all("value").join(", ")
            } else {
                text.clone()
            };
            let fits = stored.is_none_or(|value| value.fits);
            let is_link = field.kind == FieldKind::Link && fits && !text.is_empty();
            let parts: Vec<&str> = value.split(',').map(str::trim).collect();
            let options = match field.kind {
                FieldKind::Select | FieldKind::Multiselect => field
                    .options
                    .iter()
                    .map(|option| Choice {
                        value: option.clone(),
                        word: option.clone(),
                        chosen: *option == value || parts.contains(&option.as_str()),
                    })
                    .collect(),
                FieldKind::Boolean => {
                    let yes = is_yes(&value);
                    let option = |code: &str, is: bool| Choice {
                        value: code.to_owned(),
                        word: ui.coded("boolean-", code).into_owned(),
                        chosen: yes == Some(is),
                    };
                    vec![option("yes", true), option("no", false)]
                }
                _ => Vec::new(),
            };
            let shown = match (field.kind, is_yes(&text)) {
                (FieldKind::Boolean, Some(true)) => ui.t("boolean-yes").into_owned(),
                (FieldKind::Boolean, Some(false)) => ui.t("boolean-no").into_owned(),
                _ => text.clone(),
            };
            Field {
                key: field.key.clone(),
                name: field.name.clone(),
                href: is_link.then_some(text),
                odd: !fits,
                value,
                shown,
                kind: field.kind.code(),
                options,
                wrong: is_wrong.then(|| mistake.text.clone()),
            }
        })
        .collect()
}

fn is_yes(value: &str) -> Option<bool> {
    match value.trim().to_lowercase().as_str() {
        "true" | "yes" | "1" | "да" => Some(true),
        "false" | "no" | "0" | "нет" => Some(false),
        _ => None,
    }
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
                copy: Copy::new(ui, identity.value.clone()),
                value: identity.value.clone(),
            }
        })
        .collect()
}

fn identity_kinds(
    ui: &Ui,
    snapshot: &Snapshot,
    visitor: &Visitor,
    mistake: &Mistake,
) -> Vec<Choice> {
    let chosen = mistake.typed("identity", "kind");
    let mut kinds = vec![
        Choice::new("clickid", ui.t("identity-clickid"), chosen),
        Choice::new("telegram", ui.t("identity-telegram"), chosen),
    ];
    for integration in snapshot.of(visitor.workspace) {
        let word = format!("{} · {}", ui.t("identity-player"), integration.name);
        kinds.push(Choice::new(
            format!("player-{}", integration.id),
            word,
            chosen,
        ));
    }
    kinds
}

/// Events that can be written down: the built-in ones and the workspace's own.
fn events(ui: &Ui, snapshot: &Snapshot, visitor: &Visitor, chosen: &str) -> Vec<Choice> {
    let built_in = [
        "registration",
        "sale",
        "resale",
        "deposit",
        "withdrawal",
        "chargeback",
        "commission",
    ];
    let mut list: Vec<Choice> = built_in
        .into_iter()
        .map(|code| Choice::new(code, ui.coded("said-", code), chosen))
        .collect();
    let own = snapshot.custom_events.get(&visitor.workspace);
    for event in own.into_iter().flatten() {
        list.push(Choice::new(event.name.clone(), event.name.clone(), chosen));
    }
    list
}

/// The registration links that the visitor may hand out, filled for this lead.
async fn links(
    app: &App,
    visitor: &Visitor,
    snapshot: &Snapshot,
    lead: &Lead,
) -> StoreResult<Vec<ReadyLink>> {
    let mut ready = Vec::new();
    let all = app.store.links(lead.workspace).await?;
    for link in all
        .into_iter()
        .filter(|link| is_in_scope(&visitor.scope, link))
    {
        let Some(integration) = snapshot.get(lead.workspace, link.integration) else {
            continue;
        };
        let url = final_url(&link.base_url, &integration.clickid_param, &link.params).ok();
        let url = url.map(|built| render_link(&built.url, &|wanted| lead.macro_value(wanted)));
        ready.push(ReadyLink {
            url: url.map(|url| CodeBox::new(&visitor.ui, &link.name, paint::template(&url))),
            name: link.name,
            integration: integration.name.clone(),
        });
    }
    Ok(ready)
}
