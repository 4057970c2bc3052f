//! Merging two leads: choosing the other one, seeing what will happen, doing it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::crm::MergeReport;
use crate::store::leads::{Lead, LeadFilter};
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};

use super::super::error::{self, render};
use super::super::inbox::lead_title;
use super::super::inbox::rows::event_name;
use super::super::notice;
use super::super::parts::{Money, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::list::{net, sums};
use super::{Given, author, find, reach};

/// Leads that a search offers.
const OFFERED: usize = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    search: String,
    with: String,
}

struct Offer {
    href: String,
    title: String,
    clickid: String,
    deposits: u64,
    deposited: Vec<Money>,
    created: When,
}

/// One event of the preview, in words.
struct Told {
    title: String,
    money: Option<Money>,
    becomes: Option<String>,
}

struct Plan {
    other: String,
    other_title: String,
    other_clickid: String,
    sentences: Vec<String>,
    repeats: Vec<Told>,
    renamed: Vec<Told>,
    deposits: u64,
    deposited: Vec<Money>,
    net: Vec<Money>,
}

#[derive(Template)]
#[template(path = "leads/merge.html")]
struct MergePage<'a> {
    ui: &'a Ui,
    section: &'static str,
    here: String,
    title: String,
    clickid: String,
    search: &'a str,
    offers: Option<Vec<Offer>>,
    /// Nothing was looked for yet: the offers have the same name.
    namesakes: bool,
    plan: Option<Plan>,
    wrong: Option<String>,
}

/// Choosing, or the preview.
pub(super) async fn form(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match show(&app, &visitor, &id, &asked).await {
        Ok(response) => response,
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn show(app: &App, visitor: &Visitor, id: &str, asked: &Asked) -> StoreResult<Response> {
    let ui = &visitor.ui;
    let lead = find(app, visitor, id).await?;
    let here = format!("/leads/{}", lead.id);
    let mut wrong = None;
    let plan = if asked.with.trim().is_empty() {
        None
    } else {
        let other = find(app, visitor, asked.with.trim()).await?;
        let tried = app
            .store
            .merge_leads(lead.id, other.id, author(visitor), true);
        match tried.await {
            Ok(report) => Some(plan(ui, &other, &report)),
            Err(StoreError::Invalid { .. }) => {
                wrong = Some(ui.t("merge-unfit").into_owned());
                None
            }
            Err(cause) => return Err(cause),
        }
    };
    let search = asked.search.trim();
    let namesakes = search.is_empty();
    let wanted = if namesakes { lead.name.trim() } else { search };
    let offers = if wanted.is_empty() || plan.is_some() {
        None
    } else {
        let filter = LeadFilter {
            search: Some(wanted.to_owned()),
            buyers: reach(&visitor.scope),
            limit: OFFERED,
            ..LeadFilter::new(visitor.workspace)
        };
        let found = app.store.leads(filter).await?.items;
        let others = found
            .iter()
            .filter(|other| other.id != lead.id && !other.test);
        let offers: Vec<Offer> = others.map(|other| offer(ui, &here, other)).collect();
        Some(offers).filter(|offers| !namesakes || !offers.is_empty())
    };
    let is_wrong = wrong.is_some();
    let page = render(&MergePage {
        section: "leads",
        title: lead_title(&lead),
        clickid: lead.clickid.clone(),
        here,
        search,
        offers,
        namesakes,
        plan,
        wrong,
        ui,
    });
    Ok(if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page
    })
}

fn offer(ui: &Ui, here: &str, other: &Lead) -> Offer {
    Offer {
        href: format!("{here}/merge?with={}", other.id),
        title: lead_title(other),
        clickid: other.clickid.clone(),
        deposits: other.totals.deposits,
        deposited: sums(ui, &other.totals.deposited),
        created: When::new(ui, other.created_at),
    }
}

fn plan(ui: &Ui, other: &Lead, report: &MergeReport) -> Plan {
    let told = |event: &crate::store::events::Event| Told {
        title: event_name(ui, event.kind, &event.name),
        money: event
            .amount
            .map(|amount| Money::new(ui, amount, event.currency)),
        becomes: None,
    };
    let count = |key: &str, count: u64| {
        (count > 0).then(|| {
            ui.count(key, usize::try_from(count).unwrap_or(usize::MAX))
                .into_owned()
        })
    };
    let sentences = [
        count("merge-identities", report.identities),
        count("merge-events", report.events),
        count("merge-values", report.values),
        count("merge-notes", report.notes),
    ];
    Plan {
        other: other.id.to_string(),
        other_title: lead_title(other),
        other_clickid: other.clickid.clone(),
        sentences: sentences.into_iter().flatten().collect(),
        repeats: report.repeats.iter().map(told).collect(),
        renamed: report
            .renamed
            .iter()
            .map(|(before, after)| Told {
                becomes: Some(event_name(ui, after.kind, &after.name)),
                ..told(before)
            })
            .collect(),
        deposits: report.kept.totals.deposits,
        deposited: sums(ui, &report.kept.totals.deposited),
        net: sums(ui, &net(&report.kept.totals)),
    }
}

/// Does it.
pub(super) async fn merge(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let done = async {
        let lead = find(&app, &visitor, &id).await?;
        let other = find(&app, &visitor, given.get("with")).await?;
        let report = app
            .store
            .merge_leads(lead.id, other.id, author(&visitor), false)
            .await?;
        let deed = Deed {
            workspace: visitor.workspace,
            user: visitor.user,
            action: "leads_merged",
            subject: report.kept.clickid.clone(),
            detail: other.clickid.clone(),
        };
        app.store.log(deed).await?;
        StoreResult::Ok(report.kept)
    };
    match done.await {
        Ok(kept) => notice::redirect(&format!("/leads/{}", kept.id), "leads-merged"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}
