//! A partner's page, made from its catalogue file: where the clickid goes, which URL goes into which
//! field, its habits, how to test, how well all this is known.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use clickback_core::event::Status;
use clickback_core::link::{PostbackTemplate, postback_url_in};
use clickback_core::partner::{
    Category, Confidence, MacroFact, Missing, Partner, PartnerKind, PartnerPostback, Quirk,
};
use clickback_core::rules::{Ruleset, UrlForm};

use crate::app::{App, AppState};
use crate::store::integrations::Integration;

use super::error::{not_found, render};
use super::inbox::rows::said_name;
use super::paint;
use super::parts::{CodeBox, Copy, Rich};
use super::ui::Ui;
use super::visitor::Visitor;

/// What stands for the uuid until there is an integration.
const NO_UUID: &str = "{uuid}";

/// What to type into a field of the cabinet.
struct Entry {
    label: String,
    value: String,
    copy: Copy,
}

/// A URL, and where it goes.
struct Paste {
    name: String,
    place: Option<String>,
    url: CodeBox,
    /// How the URL is meant where it is not the usual one.
    form: Option<Rich>,
    entries: Vec<Entry>,
}

/// A parameter of the link, and the macro that brings it back where URLs have macros.
struct Carrier {
    param: String,
    macro_text: Option<String>,
    is_default: bool,
}

/// A name or word of the partner and what it means here.
struct Meaning {
    theirs: Rich,
    ours: Rich,
}

/// A macro, what fills it, where it was seen.
struct MacroLine {
    text: String,
    role: Cow<'static, str>,
    source: usize,
    weak: Option<Rich>,
}

/// A text that shows it; with an address it is a link.
struct SourceLine {
    href: Option<String>,
    text: String,
}

#[derive(Template)]
#[template(path = "partners/page.html")]
struct PartnerPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    name: &'a str,
    category: Cow<'static, str>,
    kind: Cow<'static, str>,
    ready: bool,
    confidence: Rich,
    missing: Vec<Rich>,
    runs_on: Option<(String, String)>,
    /// The workspace's own integration: id and name.
    own: Option<(String, String)>,
    link: Option<CodeBox>,
    carriers: Vec<Carrier>,
    has_macros: bool,
    clickid_chars: Option<Rich>,
    pastes: Vec<Paste>,
    postbacks_limit: Option<Rich>,
    fields: Vec<(String, String)>,
    /// The currency of sums that come without one.
    currency: Option<Rich>,
    meanings: Vec<Meaning>,
    notes: Vec<Rich>,
    quirks: Vec<Rich>,
    macros: Vec<MacroLine>,
    sources: Vec<SourceLine>,
}

/// One partner.
pub(super) async fn one(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Path(slug): Path<String>,
) -> Response {
    let Some(partner) = app.catalogue.get(&slug) else {
        return not_found(&ui);
    };
    let snapshot = app.store.snapshot();
    let own = snapshot
        .of(workspace)
        .into_iter()
        .find(|one| one.partner.as_deref() == Some(slug.as_str()));
    render(&page(&app, &ui, partner, own.as_deref()))
}

fn page<'a>(
    app: &App,
    ui: &'a Ui,
    partner: &'a Partner,
    own: Option<&Integration>,
) -> PartnerPage<'a> {
    let language = ui.language.code();
    let param = own.map_or(partner.clickid.default.as_str(), |own| &own.clickid_param);
    let runs_on = partner.runs_on.as_deref().map(|slug| {
        let name = app
            .catalogue
            .get(slug)
            .map_or(slug, |on| on.name_in(language));
        (slug.to_owned(), name.to_owned())
    });
    PartnerPage {
        ui,
        section: "integrations",
        name: partner.name_in(language),
        category: category(ui, partner.category),
        kind: kind(ui, partner.kind),
        ready: partner.is_ready(),
        confidence: confidence(ui, partner.confidence),
        missing: partner
            .missing
            .iter()
            .map(|one| missing(ui, *one))
            .collect(),
        runs_on,
        own: own.map(|own| (own.id.to_string(), own.name.clone())),
        link: (!param.is_empty()).then(|| {
            let text = format!("?{param}={{{{tracker.clickid}}}}");
            CodeBox::new(ui, &ui.t("partner-link"), paint::template(&text))
        }),
        carriers: carriers(partner),
        has_macros: has_macros(partner),
        clickid_chars: partner
            .limits
            .clickid_chars
            .map(|limit| ui.rich_with("partner-clickid-chars", &[("n", &limit.to_string())])),
        pastes: pastes(app, ui, partner, own),
        postbacks_limit: partner
            .limits
            .postbacks
            .map(|limit| ui.rich_with("partner-postbacks-limit", &[("n", &limit.to_string())])),
        fields: partner
            .fields
            .iter()
            .map(|field| {
                (
                    field.key.clone(),
                    field.name.in_language(language).to_owned(),
                )
            })
            .collect(),
        currency: partner
            .rules
            .currency
            .map(|currency| ui.rich_with("partner-currency", &[("code", currency.as_str())])),
        meanings: meanings(ui, partner),
        notes: partner
            .notes
            .iter()
            .map(|note| Rich::new(note.in_language(language)))
            .collect(),
        quirks: partner.quirks.iter().map(|one| quirk(ui, *one)).collect(),
        macros: partner
            .macros
            .iter()
            .map(|fact| macro_line(ui, partner, fact))
            .collect(),
        sources: partner
            .sources
            .iter()
            .map(|source| SourceLine {
                href: source.url.clone(),
                text: source
                    .text
                    .clone()
                    .or_else(|| source.url.clone())
                    .unwrap_or_default(),
            })
            .collect(),
    }
}

fn category(ui: &Ui, category: Category) -> Cow<'static, str> {
    ui.coded("category-", category.code())
}

fn kind(ui: &Ui, kind: PartnerKind) -> Cow<'static, str> {
    ui.coded("partner-kind-", kind.code())
}

fn confidence(ui: &Ui, confidence: Confidence) -> Rich {
    Rich::new(&ui.coded("confidence-", confidence.code()))
}

fn missing(ui: &Ui, missing: Missing) -> Rich {
    Rich::new(&ui.coded("missing-", missing.code()))
}

fn quirk(ui: &Ui, quirk: Quirk) -> Rich {
    Rich::new(&ui.coded("quirk-", quirk.code()))
}

/// Whether the partner fills macros in; else it adds its parameters by itself.
fn has_macros(partner: &Partner) -> bool {
    partner
        .postbacks
        .iter()
        .any(|postback| postback.rules.url == UrlForm::Macros)
}

fn carriers(partner: &Partner) -> Vec<Carrier> {
    let clickid = &partner.clickid;
    if !partner.is_ready() {
        return Vec::new();
    }
    let has_macros = has_macros(partner);
    clickid
        .params
        .iter()
        .map(|param| Carrier {
            macro_text: has_macros.then(|| clickid.macro_for(param)),
            is_default: *param == clickid.default,
            param: param.clone(),
        })
        .collect()
}

/// What the partner's names and words mean to an integration that begins with this file.
fn meanings(ui: &Ui, partner: &Partner) -> Vec<Meaning> {
    let ruleset = Ruleset {
        rules: partner.rules.clone(),
        custom_events: partner
            .events
            .iter()
            .map(|event| (event.name.clone(), event.clone()))
            .collect(),
        ..Ruleset::default()
    };
    let rules = &partner.rules;
    let said = |word: &str| said_name(ui, &ruleset.event(word));
    let status = |status: Status| ui.coded("status-", status.code());
    let line = |theirs: &str, ours: &str| Meaning {
        theirs: Rich::new(&format!("`{theirs}`")),
        ours: Rich::new(ours),
    };
    let mut list = Vec::new();
    for (alias, name) in &rules.aliases {
        list.push(line(alias, &format!("`{name}`")));
    }
    for (event, carrier) in &rules.amounts {
        let sum = ui.with("partner-sum-of", &[("event", &said(event))]);
        list.push(line(carrier, &sum));
    }
    for word in rules.events.keys() {
        let mut ours = said(word);
        if let Some(known) = rules.event_statuses.get(word) {
            ours = format!("{ours}, {}", status(*known));
        }
        list.push(line(word, &ours));
    }
    for (name, word) in &rules.event_params {
        list.push(line(&format!("{name}=true"), &said(word)));
    }
    for (word, known) in &rules.statuses {
        list.push(line(word, &status(*known)));
    }
    if !rules.default_event.is_empty() {
        list.push(Meaning {
            theirs: ui.rich("partner-no-event"),
            ours: Rich::new(&said(&rules.default_event)),
        });
    }
    list
}

/// The URLs of the workspace's integration, or those that it would have.
fn pastes(app: &App, ui: &Ui, partner: &Partner, own: Option<&Integration>) -> Vec<Paste> {
    let language = ui.language.code();
    partner
        .postbacks
        .iter()
        .map(|postback| {
            let url = own
                .and_then(|own| url_of(app, own, postback))
                .unwrap_or_else(|| planned_url(app, partner, postback));
            Paste {
                name: postback.name.in_language(language).to_owned(),
                place: postback
                    .place
                    .as_ref()
                    .map(|place| place.in_language(language).to_owned()),
                url: CodeBox::new(ui, &ui.t("postback-url"), paint::template(&url)),
                form: form(ui, partner.kind, postback.rules.url),
                entries: postback
                    .fill
                    .iter()
                    .map(|fill| Entry {
                        label: fill.label.in_language(language).to_owned(),
                        value: fill.value.clone(),
                        copy: Copy::new(ui, fill.value.clone()),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The URL that the integration has for this event; of several for one event the one of that name.
fn url_of(app: &App, own: &Integration, postback: &PartnerPostback) -> Option<String> {
    let names = [&postback.name.ru, &postback.name.en];
    let of_event = || {
        own.configurations
            .iter()
            .filter(|configuration| configuration.event == postback.event)
    };
    let configuration = of_event()
        .find(|configuration| names.contains(&&configuration.name))
        .or_else(|| of_event().next())?;
    Some(own.postback_url(&app.settings.public_url, configuration))
}

fn planned_url(app: &App, partner: &Partner, postback: &PartnerPostback) -> String {
    let params = postback.rules.url_params(&partner.rules);
    let template = PostbackTemplate {
        public_url: &app.settings.public_url,
        uuid: NO_UUID,
        event: &postback.event,
        clickid: &partner.clickid.macro_for(&partner.clickid.default),
        params: &params,
    };
    postback_url_in(postback.rules.url, &template)
}

fn form(ui: &Ui, kind: PartnerKind, form: UrlForm) -> Option<Rich> {
    match form {
        // What stood behind the other tracker's address stays there.
        _ if kind == PartnerKind::Tracker => None,
        UrlForm::Macros => None,
        UrlForm::Constants => Some(ui.rich("partner-form-constants")),
        UrlForm::Path => Some(ui.rich("partner-form-path")),
        UrlForm::Bare => Some(ui.rich("partner-form-bare")),
    }
}

fn macro_line(ui: &Ui, partner: &Partner, fact: &MacroFact) -> MacroLine {
    let place = partner
        .sources
        .iter()
        .position(|source| source.key == fact.source);
    MacroLine {
        text: fact.text.clone(),
        role: ui.coded("role-", fact.role.code()),
        source: place.map_or(0, |place| place + 1),
        weak: fact
            .weak
            .as_ref()
            .map(|weak| Rich::new(weak.in_language(ui.language.code()))),
    }
}
