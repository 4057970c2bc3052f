//! A pasted list of missed conversions: looked at line by line, applied as one, taken back as one.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use clickback_core::event::EventName;
use clickback_core::ids::IntegrationId;
use clickback_core::import::{self, BadList, Column, List, MAX_LINES};

use crate::app::{App, AppState};
use crate::store::crm::{Import, LineOutcome, NewImport, UndoReport};
use crate::store::inbox::{BY_IMPORT, Verdict};
use crate::store::people::Deed;
use crate::store::{StoreError, StoreResult};

use super::super::error::{self, render};
use super::super::inbox::rows::event_name;
use super::super::notice;
use super::super::parts::{Badge, Chip, Money, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::event::incoming;
use super::{Choice, Given, author};

/// Lines that a page shows; the rest is counted.
const SHOWN: usize = 500;

struct Row {
    number: u64,
    verdict: Badge,
    clickid: String,
    event: String,
    money: Option<Money>,
    /// Why, in a sentence.
    why: String,
    chips: Vec<Chip>,
    href: Option<String>,
}

struct Looked {
    rows: Vec<Row>,
    /// Lines beyond those shown, in words.
    hidden: Option<String>,
    /// Verdicts and how many lines have them.
    counts: Vec<(Badge, usize)>,
    unused: String,
    /// Lines that would do something.
    useful: bool,
}

struct Past {
    href: String,
    when: When,
    author: String,
    integration: String,
    lines: u64,
    undone: bool,
}

#[derive(Template)]
#[template(path = "leads/import.html")]
struct ImportPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    text: &'a str,
    integrations: Vec<Choice>,
    events: Vec<Choice>,
    wrong: Option<String>,
    looked: Option<Looked>,
    past: Vec<Past>,
}

#[derive(Template)]
#[template(path = "leads/imported.html")]
struct ImportedPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    here: String,
    when: When,
    author: String,
    integration: String,
    undone: Option<When>,
    looked: Looked,
    /// Lines that stayed when the list was taken back.
    lines: u64,
}

/// The empty form and the lists of before.
pub(super) async fn form(State(app): State<AppState>, visitor: Visitor) -> Response {
    answer(&app, &visitor, &Given::default(), None, None).await
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    given: &Given,
    wrong: Option<String>,
    looked: Option<Looked>,
) -> Response {
    let ui = &visitor.ui;
    let past = match app.store.imports(visitor.workspace).await {
        Ok(past) => past,
        Err(cause) => return error::page(ui, &cause),
    };
    let snapshot = app.store.snapshot();
    let name = |id: IntegrationId| {
        let known = snapshot.get(visitor.workspace, id);
        known.map(|one| one.name.clone()).unwrap_or_default()
    };
    let chosen = given.get("event");
    let events = [
        "registration",
        "sale",
        "resale",
        "deposit",
        "withdrawal",
        "chargeback",
    ];
    let is_wrong = wrong.is_some();
    let page = render(&ImportPage {
        section: "leads",
        text: given.get("text"),
        integrations: snapshot
            .of(visitor.workspace)
            .iter()
            .map(|one| {
                Choice::new(
                    one.id.to_string(),
                    one.name.clone(),
                    given.get("integration"),
                )
            })
            .collect(),
        events: events
            .into_iter()
            .map(|code| Choice::new(code, ui.coded("said-", code), chosen))
            .collect(),
        wrong,
        looked,
        past: past
            .into_iter()
            .map(|one| Past {
                href: format!("/leads/imports/{}", one.id),
                when: When::new(ui, one.created_at),
                integration: name(one.integration),
                author: one.author,
                lines: one.lines,
                undone: one.undone_at.is_some(),
            })
            .collect(),
        ui,
    });
    if is_wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    } else {
        page
    }
}

/// What is wrong with a list, for the visitor.
fn bad_list(ui: &Ui, bad: &BadList) -> String {
    let most = MAX_LINES.to_string();
    let (line, name, count) = match bad {
        BadList::OpenQuote(line) => (line.to_string(), String::new(), String::new()),
        BadList::Twice(name) => (String::new(), name.clone(), String::new()),
        BadList::TooLong(count) => (String::new(), String::new(), count.to_string()),
        _ => Default::default(),
    };
    let key = format!("import-bad-{}", bad.code().replace('_', "-"));
    let list = [
        ("line", line.as_str()),
        ("name", &name),
        ("count", &count),
        ("most", &most),
    ];
    ui.with(&key, &list).into_owned()
}

/// Reads the form: the list, and what it would make.
fn read(app: &App, visitor: &Visitor, given: &Given) -> Result<(List, NewImport), String> {
    let ui = &visitor.ui;
    let chosen: Option<IntegrationId> = given.get("integration").parse().ok();
    let integration = chosen.and_then(|id| app.store.snapshot().get(visitor.workspace, id));
    let integration = integration.ok_or_else(|| ui.t("import-no-integration").into_owned())?;
    let event = Some(given.get("event")).filter(|event| EventName::built_in(event).is_some());
    let list = import::read(given.get("text"), event).map_err(|bad| bad_list(ui, &bad))?;
    let now = app.clock.now();
    let lines = list
        .lines
        .iter()
        .map(|line| {
            let made = incoming(integration.clone(), BY_IMPORT, line.query(), now);
            (line.number, made)
        })
        .collect();
    let new = NewImport {
        workspace: visitor.workspace,
        integration: integration.id,
        author: author(visitor),
        lines,
    };
    Ok((list, new))
}

/// What each line would do. Writes nothing.
pub(super) async fn look(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let (list, new) = match read(&app, &visitor, &given) {
        Ok(read) => read,
        Err(wrong) => return answer(&app, &visitor, &given, Some(wrong), None).await,
    };
    match app.store.import(new, true).await {
        Ok((_, outcomes)) => {
            let said = |number: u64, column: Column| {
                let line = list.lines.iter().find(|line| line.number == number);
                line.and_then(|line| line.get(column))
                    .unwrap_or_default()
                    .to_owned()
            };
            let mut looked = looked(&visitor.ui, &outcomes, &said, false);
            looked.unused = list.unused.join(", ");
            answer(&app, &visitor, &given, None, Some(looked)).await
        }
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Applies the list.
pub(super) async fn apply(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let (_, new) = match read(&app, &visitor, &given) {
        Ok(read) => read,
        Err(wrong) => return answer(&app, &visitor, &given, Some(wrong), None).await,
    };
    let done = async {
        let (import, _) = app.store.import(new, false).await?;
        let import = import.ok_or(StoreError::NotFound { what: "import" })?;
        log(&app, &visitor, "list_applied", &import).await?;
        StoreResult::Ok(import)
    };
    match done.await {
        Ok(import) => notice::redirect(&format!("/leads/imports/{}", import.id), "list-applied"),
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

async fn log(
    app: &App,
    visitor: &Visitor,
    action: &'static str,
    import: &Import,
) -> StoreResult<()> {
    let deed = Deed {
        workspace: visitor.workspace,
        user: visitor.user,
        action,
        subject: import.id.to_string(),
        detail: import.lines.to_string(),
    };
    app.store.log(deed).await
}

async fn own(app: &App, visitor: &Visitor, id: &str) -> StoreResult<Import> {
    let missing = StoreError::NotFound { what: "import" };
    let id: i64 = id.parse().map_err(|_| missing.clone())?;
    let import = app.store.one_import(id).await?;
    if import.workspace == visitor.workspace {
        Ok(import)
    } else {
        Err(missing)
    }
}

/// A list that was applied.
pub(super) async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let ui = &visitor.ui;
    let found = async {
        let import = own(&app, &visitor, &id).await?;
        let lines = app.store.import_lines(import.id).await?;
        // The clickids as the lines gave them stand on the requests.
        StoreResult::Ok((import, lines))
    };
    match found.await {
        Ok((import, lines)) => {
            let snapshot = app.store.snapshot();
            let integration = snapshot.get(visitor.workspace, import.integration);
            render(&ImportedPage {
                section: "leads",
                here: format!("/leads/imports/{}", import.id),
                when: When::new(ui, import.created_at),
                integration: integration.map(|one| one.name.clone()).unwrap_or_default(),
                author: import.author,
                undone: import.undone_at.map(|at| When::new(ui, at)),
                looked: looked(ui, &lines, &|_, _| String::new(), true),
                lines: import.lines,
                ui,
            })
        }
        Err(cause) => error::page(ui, &cause),
    }
}

/// Takes a list back.
pub(super) async fn undo(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let import = own(&app, &visitor, &id).await?;
        let report = app.store.undo_import(import.id).await?;
        log(&app, &visitor, "list_undone", &import).await?;
        StoreResult::Ok((import, report))
    };
    match done.await {
        Ok((import, UndoReport { kept, .. })) => {
            let said = if kept.is_empty() {
                "list-undone"
            } else {
                "list-undone-partly"
            };
            notice::redirect(&format!("/leads/imports/{}", import.id), said)
        }
        Err(cause) => error::page(&visitor.ui, &cause),
    }
}

/// Outcomes in words.
fn looked(
    ui: &Ui,
    outcomes: &[LineOutcome],
    said: &dyn Fn(u64, Column) -> String,
    stored: bool,
) -> Looked {
    let counts = Verdict::ALL.map(|verdict| {
        let with = outcomes
            .iter()
            .filter(|line| line.outcome.verdict == verdict);
        (Badge::verdict(ui, verdict), with.count())
    });
    let useful = |line: &&LineOutcome| {
        matches!(
            line.outcome.verdict,
            Verdict::Accepted | Verdict::Updated | Verdict::Unmatched
        )
    };
    Looked {
        hidden: (outcomes.len() > SHOWN).then(|| {
            ui.count("import-hidden", outcomes.len() - SHOWN)
                .into_owned()
        }),
        counts: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
        useful: outcomes.iter().filter(useful).count() > 0,
        unused: String::new(),
        rows: outcomes
            .iter()
            .take(SHOWN)
            .map(|line| {
                let event = line.event.as_ref();
                Row {
                    number: line.line,
                    verdict: Badge::verdict(ui, line.outcome.verdict),
                    clickid: said(line.line, Column::Clickid),
                    event: event.map_or_else(
                        || said(line.line, Column::Event),
                        |event| event_name(ui, event.kind, &event.name),
                    ),
                    money: event.and_then(|event| {
                        event
                            .amount
                            .map(|amount| Money::new(ui, amount, event.currency))
                    }),
                    why: why(ui, line),
                    chips: line
                        .outcome
                        .flags
                        .iter()
                        .map(|flag| Chip::new(ui, flag))
                        .collect(),
                    href: stored.then(|| format!("/inbox/{}", line.outcome.request)),
                }
            })
            .collect(),
    }
}

fn why(ui: &Ui, line: &LineOutcome) -> String {
    match (line.outcome.verdict, line.code) {
        (Verdict::Rejected, Some(code)) => ui
            .t(&format!("reject-{}", code.replace('_', "-")))
            .replace('`', ""),
        (verdict, _) => ui.coded("import-why-", verdict.code()).into_owned(),
    }
}
