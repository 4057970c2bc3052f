//! The Final URL with parameters beside the form: added parts marked, warnings in place, and the same link
//! for a lead.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use clickback_core::link::{self, FinalUrl, LinkError, LinkWarning};
use clickback_core::macros;
use serde_json::{Map, Value, json};

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::integrations::Integration;
use crate::store::leads::{Lead, LeadFilter};
use crate::web::error;
use crate::web::paint::{self, Segment};
use crate::web::parts::{CodeBox, Copy, Rich};
use crate::web::posted::Posted;
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

/// Leads that the form offers.
const LEADS: usize = 8;

/// A part of the link; `added` ones were put there by us.
struct Pair {
    added: bool,
    parts: Vec<Segment>,
}

/// Something to know about the link.
struct Note {
    code: &'static str,
    sentence: Rich,
    /// A field of the postbacks that a part of the link means: its key and the partner's macro.
    moves: Option<(String, String)>,
}

/// A lead that the link can be rendered for.
pub(super) struct Offered {
    value: String,
    label: String,
}

/// The right half of the form.
#[derive(Template)]
#[template(path = "links/preview.html")]
pub(super) struct Preview<'a> {
    ui: &'a Ui,
    pairs: Vec<Pair>,
    copy: Option<Copy>,
    error: Option<Rich>,
    notes: Vec<Note>,
    /// The link for the lead, and what the lead is called.
    rendered: Option<(String, CodeBox)>,
    /// Nothing was typed yet.
    blank: bool,
    /// What the browser's preview needs: parameter, sentences, the lead's values.
    data: String,
    may_set_up: bool,
}

impl HtmlSafe for Preview<'_> {}

/// What the link is made of.
pub(super) struct Typed<'t> {
    pub(super) base_url: &'t str,
    pub(super) params: &'t [(String, String)],
    pub(super) lead: Option<&'t Lead>,
}

impl<'a> Preview<'a> {
    /// The preview of what is typed.
    pub(super) fn new(ui: &'a Ui, integration: &Integration, typed: &Typed<'_>) -> Preview<'a> {
        let made = link::final_url(typed.base_url, &integration.clickid_param, typed.params);
        let blank = typed.base_url.trim().is_empty();
        let (pairs, copy, notes, error) = match &made {
            Ok(made) => (
                pairs(made),
                Some(Copy::new(ui, made.url.clone())),
                made.warnings.iter().map(|one| note(ui, one)).collect(),
                None,
            ),
            Err(_) if blank => (Vec::new(), None, Vec::new(), None),
            Err(error) => (Vec::new(), None, Vec::new(), Some(refusal(ui, error))),
        };
        let rendered = made.ok().zip(typed.lead).map(|(made, lead)| {
            let url = link::render(&made.url, &|wanted| lead.macro_value(wanted));
            let label = ui.t("link-rendered");
            (
                called(lead),
                CodeBox::new(ui, &label, paint::template(&url)),
            )
        });
        Preview {
            pairs,
            copy,
            error,
            notes,
            rendered,
            blank,
            data: data(ui, integration, typed.lead),
            may_set_up: ui.may("set-up"),
            ui,
        }
    }
}

/// What a lead is called in the form.
pub(super) fn called(lead: &Lead) -> String {
    crate::web::inbox::lead_title(lead)
}

/// Why no link can be made, in the visitor's words.
pub(super) fn refusal(ui: &Ui, error: &LinkError) -> Rich {
    let key = format!("link-error-{}", error.code().replace('_', "-"));
    ui.rich_with(&key, &[("name", error.about())])
}

/// The same for an input.
pub(super) fn refusal_text(ui: &Ui, error: &LinkError) -> String {
    let key = format!("link-error-{}", error.code().replace('_', "-"));
    ui.with(&key, &[("name", error.about())]).replace('`', "")
}

fn note(ui: &Ui, warning: &LinkWarning) -> Note {
    let key = format!("link-warning-{}", warning.code().replace('_', "-"));
    let (name, value) = warning.about();
    let moves = match warning {
        LinkWarning::FieldsInLink { name, value } => {
            let key = name.split_once('.').map_or("", |(_, key)| key);
            let is_macro = macros::unexpanded(value, value).is_some();
            is_macro.then(|| (key.to_owned(), value.clone()))
        }
        _ => None,
    };
    Note {
        code: warning.code(),
        sentence: ui.rich_with(&key, &[("name", name), ("value", value)]),
        moves,
    }
}

/// Cuts the link like a code box, and marks what was added.
fn pairs(made: &FinalUrl) -> Vec<Pair> {
    let mut pairs = vec![Pair {
        added: false,
        parts: Vec::new(),
    }];
    let mut at = 0;
    for part in paint::template(&made.url) {
        let ends = part.class == "c-mark" && part.text.ends_with(['&', '?']);
        let added = made.added.iter().any(|range| range.contains(&at));
        at += part.text.len();
        if let Some(pair) = pairs.last_mut() {
            pair.added |= added;
            pair.parts.push(part);
        }
        if ends {
            pairs.push(Pair {
                added: false,
                parts: Vec::new(),
            });
        }
    }
    pairs.retain(|pair| !pair.parts.is_empty());
    pairs
}

/// Stands for a text in sentences that the browser fills.
const NAME: &str = "\u{27e6}name\u{27e7}";
const VALUE: &str = "\u{27e6}value\u{27e7}";

fn data(ui: &Ui, integration: &Integration, lead: Option<&Lead>) -> String {
    let sentence = |beginning: &str, code: &str| {
        let key = format!("{beginning}{}", code.replace('_', "-"));
        let html = ui.rich_with(&key, &[("name", NAME), ("value", VALUE)]);
        (code.to_owned(), Value::from(html.to_string()))
    };
    let warnings: Map<String, Value> = LinkWarning::CODES
        .iter()
        .map(|code| sentence("link-warning-", code))
        .collect();
    let errors: Map<String, Value> = LinkError::CODES
        .iter()
        .map(|code| sentence("link-error-", code))
        .collect();
    let lead = lead.map(|lead| {
        let fields: Map<String, Value> = lead
            .values
            .iter()
            .map(|value| (value.key.clone(), Value::from(value.value.clone())))
            .collect();
        json!({
            "clickid": lead.clickid, "name": lead.name, "id": lead.id.to_string(), "fields": fields,
        })
    });
    json!({
        "param": integration.clickid_param, "warnings": warnings, "errors": errors, "lead": lead, "may_move": ui.may("set-up"),
        "move": ui.rich_with("link-move", &[("name", NAME), ("value", VALUE)]).to_string(),
    })
    .to_string()
}

/// The lead that is asked for by its clickid or id, else the newest one; and some to choose from, of those
/// that the visitor sees.
pub(super) async fn leads(
    app: &App,
    visitor: &Visitor,
    wanted: &str,
) -> StoreResult<(Option<Lead>, Vec<Offered>)> {
    let filter = |search: Option<&str>, limit: usize| LeadFilter {
        search: search.map(str::to_owned),
        buyers: visitor.scope.buyers(),
        limit,
        ..LeadFilter::new(visitor.workspace)
    };
    let newest = app.store.leads(filter(None, LEADS)).await?.items;
    let newest: Vec<Lead> = newest.into_iter().filter(|lead| !lead.test).collect();
    let chosen = if wanted.is_empty() {
        newest.first().cloned()
    } else {
        let known = newest.iter().find(|lead| lead.clickid == wanted).cloned();
        if known.is_some() {
            known
        } else {
            let found = app.store.leads(filter(Some(wanted), 1)).await?;
            found.items.into_iter().next()
        }
    };
    let offered = newest
        .iter()
        .map(|lead| Offered {
            value: lead.clickid.clone(),
            label: called(lead),
        })
        .collect();
    Ok((chosen, offered))
}

impl Offered {
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }
}

/// The part alone, for the browser that chose another lead or integration.
pub(super) async fn part(
    State(app): State<AppState>,
    visitor: Visitor,
    posted: Posted,
) -> Response {
    let id = posted.get("integration").parse().ok();
    let snapshot = app.store.snapshot();
    let Some(integration) = id.and_then(|id| snapshot.get(visitor.workspace, id)) else {
        return error::not_found(&visitor.ui);
    };
    let lead = match leads(&app, &visitor, posted.get("lead")).await {
        Ok((lead, _)) => lead,
        Err(cause) => return error::page(&visitor.ui, &cause),
    };
    let params = posted.rows("param", "value");
    let typed = Typed {
        base_url: posted.get("base_url"),
        params: &params,
        lead: lead.as_ref(),
    };
    Html(Preview::new(&visitor.ui, &integration, &typed).to_string()).into_response()
}
