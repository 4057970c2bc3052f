//! The list of leads: search, filters in the address, chosen columns, pages by key; and making one by
//! hand.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use clickback_core::currency::Currency;
use clickback_core::ids::UserId;
use clickback_core::lead::LeadStatus;
use clickback_core::moment::day_of_calendar;
use clickback_core::money::Amount;
use clickback_core::people::Right;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::leads::{Lead, LeadFilter, LeadTotals, NewLead};
use crate::store::people::User;
use crate::store::{StoreError, StoreResult};

use super::super::error::{self, render};
use super::super::paint;
use super::super::parts::{CodeBox, Money, When};
use super::super::ui::Ui;
use super::super::visitor::{Scope, Visitor, form_encoded};
use super::columns::{Column, columns};
use super::{Choice, Given, buyers, reach, status_name};

const PAGE: usize = 50;
/// Currencies that a row of the list shows.
const SUMS: usize = 2;

/// What the list is asked for.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    search: String,
    status: String,
    tag: String,
    buyer: String,
    integration: String,
    deposited: String,
    from: String,
    to: String,
    before: String,
}

impl Asked {
    fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("search", self.search.trim()),
            ("status", self.status.trim()),
            ("tag", self.tag.trim()),
            ("buyer", self.buyer.trim()),
            ("integration", self.integration.trim()),
            ("deposited", self.deposited.trim()),
            ("from", self.from.trim()),
            ("to", self.to.trim()),
        ]
    }

    /// The list with these filters, from a lead on.
    fn address(&self, before: Option<&str>) -> String {
        let mut pairs: Vec<String> = self
            .pairs()
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        pairs.extend(before.map(|before| format!("before={before}")));
        if pairs.is_empty() {
            "/leads".to_owned()
        } else {
            format!("/leads?{}", pairs.join("&"))
        }
    }

    fn is_filtered(&self) -> bool {
        self.pairs().iter().any(|(_, value)| !value.is_empty())
    }

    /// Filters other than the search.
    fn count(&self) -> usize {
        let pairs = self.pairs();
        pairs[1..]
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .count()
    }

    /// The filter as the store takes it; days are those of the time zone.
    fn filter(&self, visitor: &Visitor, zone: &str) -> LeadFilter {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let reach = reach(&visitor.scope);
        let buyers = match self.buyer.trim().parse::<UserId>() {
            Ok(buyer) => Some(match reach {
                Some(ids) => ids.into_iter().filter(|id| *id == buyer).collect(),
                None => vec![buyer],
            }),
            Err(_) => reach,
        };
        LeadFilter {
            buyers,
            search: some(&self.search),
            status: some(&self.status),
            tag: some(&self.tag),
            integration: self.integration.trim().parse().ok(),
            deposited: match self.deposited.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            from: day_of_calendar(&self.from, zone).map(|(start, _)| start),
            // The last day is part of the period.
            to: day_of_calendar(&self.to, zone).map(|(_, end)| end),
            before: self.before.parse().ok(),
            limit: PAGE,
            ..LeadFilter::new(visitor.workspace)
        }
    }
}

/// A cell of a row.
struct Cell {
    class: &'static str,
    label: String,
    text: String,
    badge: Option<StatusBadge>,
    tags: Vec<String>,
    sums: Vec<Money>,
    /// Currencies beyond those shown, and all sums in words.
    more: usize,
    all: String,
    when: Option<When>,
}

/// A status with its colour.
pub(super) struct StatusBadge {
    pub(super) tone: String,
    pub(super) word: String,
}

pub(super) fn status_badge(ui: &Ui, list: &[LeadStatus], code: &str) -> StatusBadge {
    let known = list.iter().find(|status| status.code == code);
    StatusBadge {
        tone: known.map_or("quiet".to_owned(), |status| status.tone.clone()),
        word: known.map_or(code.to_owned(), |status| status_name(ui, status)),
    }
}

struct Row {
    href: String,
    name: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "leads/list.html")]
struct ListPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    asked: &'a Asked,
    filters: usize,
    statuses: Vec<Choice>,
    tags: Vec<Choice>,
    buyers: Vec<Choice>,
    integrations: Vec<Choice>,
    deposited: Vec<Choice>,
    columns: Vec<Column>,
    back: String,
    rows: Vec<Row>,
    older: Option<String>,
    newest: Option<String>,
    example: Option<CodeBox>,
    new: NewForm,
    may_import: bool,
}

/// The form that makes a lead.
struct NewForm {
    open: bool,
    name: String,
    clickid: String,
    wrong: Option<String>,
    buyers: Vec<Choice>,
}

/// The list.
pub(super) async fn page(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    match show(&app, &visitor, &headers, &asked, &Given::default(), None).await {
        Ok(page) => page,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    asked: &Asked,
    given: &Given,
    wrong: Option<String>,
) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let workspace = visitor.workspace;
    let zone = app.store.workspace(workspace).await?.time_zone;
    let page = app.store.leads(asked.filter(visitor, &zone)).await?;
    let statuses = app.store.lead_statuses(workspace).await?;
    let tags = app.store.tags(workspace).await?;
    let fields = app.store.fields(workspace).await?;
    let people = buyers(app, visitor).await?;
    let columns = columns(ui, headers, &fields);
    let nothing_yet = page.items.is_empty() && !asked.is_filtered() && asked.before.is_empty();
    let example = (nothing_yet && wrong.is_none()).then(|| {
        let curl = format!(
            "curl -X POST {}/api/v1/leads -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{{\"name\":\"Anna\"}}'",
            app.settings.public_url
        );
        CodeBox::new(ui, &ui.t("leads-example"), vec![paint::Segment::new("", curl)])
    });
    let shown = Shown {
        ui,
        statuses: &statuses,
        people: &people,
        columns: &columns,
    };
    let people_choices = |chosen: &str| -> Vec<Choice> {
        people
            .iter()
            .map(|user| Choice::new(user.id.to_string(), user.name.clone(), chosen))
            .collect()
    };
    let is_wrong = wrong.is_some();
    let response = render(&ListPage {
        section: "leads",
        filters: asked.count(),
        statuses: statuses
            .iter()
            .map(|status| Choice::new(status.code.clone(), status_name(ui, status), &asked.status))
            .collect(),
        tags: tags
            .into_iter()
            .map(|tag| Choice::new(tag.clone(), tag, &asked.tag))
            .collect(),
        buyers: people_choices(&asked.buyer),
        integrations: app
            .store
            .snapshot()
            .of(workspace)
            .iter()
            .map(|one| Choice::new(one.id.to_string(), one.name.clone(), &asked.integration))
            .collect(),
        deposited: vec![
            Choice::new("yes", ui.t("filter-deposited-yes"), &asked.deposited),
            Choice::new("no", ui.t("filter-deposited-no"), &asked.deposited),
        ],
        back: asked.address(None),
        rows: page.items.iter().map(|lead| shown.row(lead)).collect(),
        older: page.next.as_deref().map(|next| asked.address(Some(next))),
        newest: (!asked.before.is_empty()).then(|| asked.address(None)),
        example,
        new: NewForm {
            open: is_wrong,
            name: given.get("name").to_owned(),
            clickid: given.get("clickid").to_owned(),
            wrong,
            buyers: people_choices(
                &visitor
                    .user
                    .map(|user| user.to_string())
                    .unwrap_or_default(),
            ),
        },
        may_import: visitor.role.may(Right::Decide),
        columns,
        asked,
        ui,
    });
    Ok(if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, response).into_response()
    } else {
        response
    })
}

/// What every row needs.
struct Shown<'s> {
    ui: &'s Ui,
    statuses: &'s [LeadStatus],
    people: &'s [User],
    columns: &'s [Column],
}

impl Shown<'_> {
    fn row(&self, lead: &Lead) -> Row {
        let shown = self.columns.iter().filter(|column| column.shown);
        Row {
            href: format!("/leads/{}", lead.id),
            name: lead.name.trim().to_owned(),
            cells: shown.map(|column| self.cell(column, lead)).collect(),
        }
    }

    fn cell(&self, column: &Column, lead: &Lead) -> Cell {
        let ui = self.ui;
        let mut cell = Cell {
            class: if column.numeric { "num" } else { "" },
            label: column.word.clone(),
            text: String::new(),
            badge: None,
            tags: Vec::new(),
            sums: Vec::new(),
            more: 0,
            all: String::new(),
            when: None,
        };
        let count = |count: u64| {
            if count == 0 {
                "·".to_owned()
            } else {
                count.to_string()
            }
        };
        match column.code.as_str() {
            "clickid" => {
                cell.class = "col-clickid mono";
                cell.text.clone_from(&lead.clickid);
            }
            "status" => cell.badge = Some(status_badge(ui, self.statuses, &lead.status)),
            "tags" => cell.tags.clone_from(&lead.tags),
            "buyer" => {
                let buyer = self.people.iter().find(|user| Some(user.id) == lead.buyer);
                cell.text = buyer.map(|user| user.name.clone()).unwrap_or_default();
            }
            "registrations" => cell.text = count(lead.totals.registrations),
            "deposits" => cell.text = count(lead.totals.deposits),
            "deposited" => put_sums(ui, &mut cell, &lead.totals.deposited),
            "net" => put_sums(ui, &mut cell, &net(&lead.totals)),
            "created" => {
                cell.class = "num quiet col-time";
                cell.when = Some(When::new(ui, lead.created_at));
            }
            code => {
                let key = code.strip_prefix("f-").unwrap_or_default();
                let value = lead.values.iter().find(|value| value.key == key);
                cell.text = value.map(|value| value.value.clone()).unwrap_or_default();
            }
        }
        cell
    }
}

fn put_sums(ui: &Ui, cell: &mut Cell, map: &BTreeMap<Currency, Amount>) {
    cell.class = "num col-sum";
    cell.sums = sums(ui, map);
    cell.all = cell
        .sums
        .iter()
        .map(Money::plain)
        .collect::<Vec<_>>()
        .join(", ");
    cell.more = cell.sums.len().saturating_sub(SUMS);
    cell.sums.truncate(SUMS);
}

pub(super) fn sums(ui: &Ui, sums: &BTreeMap<Currency, Amount>) -> Vec<Money> {
    sums.iter()
        .map(|(currency, amount)| Money::new(ui, *amount, Some(*currency)))
        .collect()
}

/// Deposits less withdrawals and chargebacks, per currency.
pub(super) fn net(totals: &LeadTotals) -> BTreeMap<Currency, Amount> {
    let mut net = totals.deposited.clone();
    for (currency, amount) in &totals.withdrawn {
        let sum = net.entry(*currency).or_default();
        *sum = sum.checked_sub(*amount).unwrap_or(*sum);
    }
    net
}

/// Makes a lead by hand. What a buyer makes is his.
pub(super) async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let chosen: Option<UserId> = given.get("buyer").parse().ok();
    let buyer = match &visitor.scope {
        Scope::Team => chosen,
        Scope::Of(ids) => chosen.filter(|id| ids.contains(id)).or(visitor.user),
    };
    let some = |name: &str| Some(given.get(name).to_owned()).filter(|text| !text.is_empty());
    let new = NewLead {
        workspace: Some(visitor.workspace),
        name: some("name"),
        clickid: some("clickid"),
        buyer,
        ..NewLead::default()
    };
    let wrong = if given.get("name").chars().count() > 200 {
        Some("lead-name-long")
    } else {
        None
    };
    let wrong = match wrong {
        Some(wrong) => wrong,
        None => match app.store.create_lead(new).await {
            Ok(lead) => {
                return super::super::notice::redirect(&format!("/leads/{}", lead.id), "lead-made");
            }
            Err(StoreError::Conflict { .. }) => "lead-clickid-taken",
            Err(StoreError::Invalid { .. }) => "lead-clickid-unfit",
            Err(cause) => return error::page(&visitor.ui, &cause),
        },
    };
    let said = visitor
        .ui
        .with(wrong, &[("clickid", given.get("clickid"))])
        .into_owned();
    let asked = Asked::default();
    match show(&app, &visitor, &headers, &asked, &given, Some(said)).await {
        Ok(page) => page,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
