//! The doctor's page: paste anything, see what it is, what is wrong with it, and what it would do.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Form, Router};
use clickback_core::doctor::{AddressKind, Examination, Meaning, Problem, Severity};
use clickback_core::ids::IntegrationId;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::doctor::{self, Looked, Tried};
use crate::store::StoreResult;
use crate::store::inbox::{Outcome, Verdict};
use crate::store::leads::Lead;

use super::error::{self, render};
use super::inbox::rows::event_name;
use super::paint;
use super::parts::{Chip, CodeBox, Icon, Money, Rich};
use super::ui::Ui;
use super::visitor::Visitor;

/// Characters of a text that are looked at: the longest address and what stands around it in a log.
const LONGEST: usize = 70_000;

/// A finding, the worst first.
struct Finding {
    tone: &'static str,
    icon: Icon,
    word: Cow<'static, str>,
    what: Rich,
    fix: Rich,
}

/// A parameter as it is understood.
struct Line {
    name: String,
    canonical: Option<String>,
    raw: String,
    meaning: String,
}

/// A step of what the request would do.
struct Step {
    tone: &'static str,
    icon: Icon,
    title: Cow<'static, str>,
    text: Rich,
    href: Option<String>,
}

struct Result {
    kind: Cow<'static, str>,
    address: Option<CodeBox>,
    lines: Vec<Line>,
    findings: Vec<Finding>,
    converted: Option<CodeBox>,
    converted_title: Cow<'static, str>,
    steps: Vec<Step>,
    chips: Vec<Chip>,
    /// It could be tried if an integration was chosen.
    choose: bool,
}

struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "doctor.html")]
struct DoctorPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    text: &'a str,
    integrations: Vec<Choice>,
    result: Option<Result>,
    wrong: Option<Cow<'static, str>>,
}

/// What was pasted.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given {
    text: String,
    integration: String,
}

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/doctor", get(form).post(examine))
}

async fn form(State(app): State<AppState>, visitor: Visitor) -> Response {
    show(&app, &visitor, &Given::default(), None, None)
}

fn show(
    app: &App,
    visitor: &Visitor,
    given: &Given,
    result: Option<Result>,
    wrong: Option<Cow<'static, str>>,
) -> Response {
    let snapshot = app.store.snapshot();
    render(&DoctorPage {
        ui: &visitor.ui,
        section: "doctor",
        text: &given.text,
        integrations: snapshot
            .of(visitor.workspace)
            .into_iter()
            .map(|integration| Choice {
                id: integration.id.to_string(),
                name: integration.name.clone(),
                chosen: integration.id.to_string() == given.integration,
            })
            .collect(),
        result,
        wrong,
    })
}

async fn examine(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Given>,
) -> Response {
    let ui = &visitor.ui;
    if given.text.trim().is_empty() {
        let wrong = Some(ui.t("doctor-page-empty"));
        return show(&app, &visitor, &given, None, wrong);
    }
    if given.text.len() > LONGEST {
        let wrong = Some(ui.t("doctor-page-long"));
        return show(&app, &visitor, &Given::default(), None, wrong);
    }
    let integration: Option<IntegrationId> = given.integration.parse().ok();
    let looked = doctor::look(&app, visitor.workspace, &given.text, integration).await;
    let result = match looked {
        Ok(looked) => result(&app, ui, &looked).await,
        Err(cause) => Err(cause),
    };
    match result {
        Ok(result) => show(&app, &visitor, &given, Some(result), None),
        Err(cause) => error::page(ui, &cause),
    }
}

async fn result(app: &App, ui: &Ui, looked: &Looked) -> StoreResult<Result> {
    let found = &looked.found;
    let (steps, chips) = match &looked.tried {
        None => (Vec::new(), Vec::new()),
        Some(tried) => steps(app, ui, looked, tried).await?,
    };
    let mut problems: Vec<&Problem> = found.problems.iter().collect();
    problems.sort_by_key(|problem| severity_rank(problem.severity));
    let is_link = matches!(found.kind, AddressKind::RegistrationLink);
    Ok(Result {
        kind: kind(ui, found),
        address: (!found.address.is_empty()).then(|| {
            CodeBox::new(
                ui,
                &ui.t("doctor-page-address"),
                paint::template(&found.address),
            )
        }),
        lines: found
            .parts
            .iter()
            .map(|part| Line {
                name: part.name.clone(),
                canonical: part.canonical.clone(),
                raw: part.raw.clone(),
                meaning: meaning(ui, &part.meaning),
            })
            .collect(),
        findings: problems
            .into_iter()
            .map(|problem| finding(ui, problem))
            .collect(),
        converted: found.converted.as_deref().map(|converted| {
            CodeBox::new(
                ui,
                &ui.t("doctor-page-converted"),
                paint::template(converted),
            )
        }),
        converted_title: ui.t(if is_link {
            "doctor-page-mended"
        } else {
            "doctor-page-converted"
        }),
        choose: looked.integration.is_none() && !matches!(found.kind, AddressKind::NothingFound),
        steps,
        chips,
    })
}

fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    }
}

fn kind(ui: &Ui, found: &Examination) -> Cow<'static, str> {
    ui.t(match (&found.kind, found.is_template) {
        (AddressKind::OurPostback { .. }, true) => "doctor-page-is-template",
        (AddressKind::OurPostback { .. }, false) => "doctor-page-is-request",
        (AddressKind::RegistrationLink, _) => "doctor-page-is-link",
        (AddressKind::Foreign { .. }, _) => "doctor-page-is-foreign",
        (AddressKind::NothingFound, _) => "doctor-page-is-nothing",
    })
}

fn meaning(ui: &Ui, meaning: &Meaning) -> String {
    let key = match meaning {
        Meaning::Clickid => "clickid",
        Meaning::Event => "event",
        Meaning::Amount => "amount",
        Meaning::Currency => "currency",
        Meaning::Payout => "payout",
        Meaning::Tid => "tid",
        Meaning::Status => "status",
        Meaning::Time => "time",
        Meaning::Field(key) => return ui.with("meaning-field", &[("key", key)]).into_owned(),
        Meaning::Secret => "secret",
        Meaning::Unknown | Meaning::Other => "kept",
    };
    ui.t(&format!("meaning-{key}")).into_owned()
}

fn finding(ui: &Ui, problem: &Problem) -> Finding {
    let (tone, icon) = match problem.severity {
        Severity::Error => ("bad", "cross"),
        Severity::Warning => ("warn", "flag"),
        Severity::Note => ("quiet", "question"),
    };
    let (what, fix) = doctor::sentences(ui.language.code(), problem);
    Finding {
        tone,
        icon: Icon(icon),
        word: ui.coded("severity-", doctor::severity(problem.severity)),
        what: Rich::new(&what),
        fix: Rich::new(&fix),
    }
}

/// What the request would do, step by step: match, kind, money, verdict.
async fn steps(
    app: &App,
    ui: &Ui,
    looked: &Looked,
    tried: &Tried,
) -> StoreResult<(Vec<Step>, Vec<Chip>)> {
    let mut steps = Vec::new();
    if let Some(integration) = &looked.integration {
        steps.push(Step {
            tone: "good",
            icon: Icon("check"),
            title: ui.t("integration"),
            text: Rich::new(&integration.name),
            href: Some(format!("/integrations/{}", integration.id)),
        });
    }
    let (outcome, event) = match tried {
        Tried::Refused(rejection) => {
            steps.push(Step {
                tone: "bad",
                icon: Icon("cross"),
                title: ui.coded("verdict-", Verdict::Rejected.code()),
                text: Rich::new(&rejection.to_string()),
                href: None,
            });
            return Ok((steps, Vec::new()));
        }
        Tried::Decided(outcome, event) => (outcome, event),
    };
    // A lead that only this request would make is not there to be shown.
    let lead = match outcome.lead {
        Some(id) => app.store.lead(id).await.ok(),
        None => None,
    };
    steps.push(lead_step(ui, outcome, lead.as_ref()));
    if let Some(event) = event {
        let money = event
            .amount
            .map(|amount| Money::new(ui, amount, event.currency));
        let name = event_name(ui, event.kind, &event.name);
        steps.push(Step {
            tone: "good",
            icon: Icon("check"),
            title: ui.t("col-event"),
            text: Rich::new(&match &money {
                Some(money) => format!("{name}, {}", money.plain()),
                None => name,
            }),
            href: None,
        });
    }
    let (tone, icon) = match outcome.verdict {
        Verdict::Accepted | Verdict::Updated => ("good", "check"),
        Verdict::Duplicate => ("quiet", "duplicate"),
        Verdict::Unmatched => ("warn", "question"),
        Verdict::Rejected => ("bad", "cross"),
    };
    steps.push(Step {
        tone,
        icon: Icon(icon),
        title: ui.t("col-verdict"),
        text: Rich::new(&ui.coded("doctor-page-would-", outcome.verdict.code())),
        href: None,
    });
    let chips = outcome.flags.iter().map(|flag| Chip::new(ui, flag));
    Ok((steps, chips.collect()))
}

fn lead_step(ui: &Ui, outcome: &Outcome, lead: Option<&Lead>) -> Step {
    let (tone, icon, text) = match (lead, outcome.lead) {
        (Some(lead), _) => {
            let name = lead.name.trim();
            let shown = if name.is_empty() { &lead.clickid } else { name };
            ("good", "check", Rich::new(shown))
        }
        (None, Some(_)) => ("good", "check", ui.rich("doctor-page-lead-from-click")),
        (None, None) => ("warn", "question", ui.rich("doctor-page-no-lead")),
    };
    Step {
        tone,
        icon: Icon(icon),
        title: ui.t("col-lead"),
        text,
        href: lead.map(|lead| format!("/leads/{}", lead.id)),
    }
}
