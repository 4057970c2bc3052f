//! The list: what is connected and how it does, above the catalogue of partners.

use std::borrow::Cow;
use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use clickback_core::partner::{Partner, Readiness};
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::set_up::partner_of;
use crate::web::error::{self, render};
use crate::web::ui::Ui;
use crate::web::visitor::{Visitor, form_encoded};

use super::category;
use super::state::State;

/// What the catalogue is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CatalogueQuery {
    search: String,
    category: String,
}

/// One that is connected.
struct Connected {
    href: String,
    name: String,
    partner: Option<String>,
    state: State,
}

/// A partner of the catalogue.
struct Card {
    slug: String,
    name: String,
    category: String,
    /// The category's code, for the instant filter.
    shelf: String,
    ready: bool,
    param: String,
    /// How many integrations of it there are.
    connected: usize,
}

struct Tab {
    code: String,
    word: String,
    href: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "integrations/list.html")]
struct ListPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    connected: Vec<Connected>,
    tabs: Vec<Tab>,
    cards: Vec<Card>,
    search: &'a str,
    category: &'a str,
    /// The card of a custom integration is not filtered away by what it is.
    may_set_up: bool,
    left_out: Option<LeftOut>,
}

/// Partner files of the operator that could not be read, for those who can have them mended.
struct LeftOut {
    title: Cow<'static, str>,
    files: Vec<LeftOutFile>,
}

struct LeftOutFile {
    /// The file and the line, as editors open them.
    place: String,
    reason: String,
}

impl LeftOut {
    fn of(app: &App, ui: &Ui) -> Option<LeftOut> {
        let refused = app.catalogue.refused();
        (!refused.is_empty() && ui.may("manage-people")).then(|| LeftOut {
            title: ui.count("left-out", refused.len()),
            files: refused
                .iter()
                .map(|one| LeftOutFile {
                    place: one
                        .line
                        .map_or_else(|| one.file.clone(), |line| format!("{}:{line}", one.file)),
                    reason: one.reason.clone(),
                })
                .collect(),
        })
    }
}

/// The page.
pub(super) async fn page(
    Shared(app): Shared<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Query(query): Query<CatalogueQuery>,
) -> Response {
    let pulses = match app.store.pulses(workspace, None, app.clock.now()).await {
        Ok(pulses) => pulses,
        Err(cause) => return error::page(&ui, &cause),
    };
    let integrations = app.store.snapshot().of(workspace);
    let connected = integrations
        .iter()
        .map(|one| Connected {
            href: format!("/integrations/{}", one.id),
            name: one.name.clone(),
            partner: partner_of(&app, one).map(|partner| partner.name.clone()),
            state: State::new(&ui, one, &pulses.get(&one.id).cloned().unwrap_or_default()),
        })
        .collect();
    let search = query.search.trim();
    let all: Vec<&Partner> = app.catalogue.all().iter().collect();
    let categories: BTreeSet<String> = all.iter().map(|partner| category(partner)).collect();
    let wanted = Some(query.category.as_str()).filter(|code| categories.contains(*code));
    let mut cards: Vec<Card> = all
        .iter()
        .filter(|partner| wanted.is_none_or(|wanted| category(partner) == wanted))
        .filter(|partner| matches(partner, search))
        .map(|partner| Card {
            slug: partner.slug.clone(),
            name: partner.name.clone(),
            category: ui.coded("category-", &category(partner)).into_owned(),
            shelf: category(partner),
            ready: partner.readiness == Readiness::Ready,
            param: partner.clickid.default.clone(),
            connected: integrations
                .iter()
                .filter(|one| one.partner.as_deref() == Some(partner.slug.as_str()))
                .count(),
        })
        .collect();
    cards.sort_by_key(|card| (!card.ready, card.name.to_lowercase()));
    render(&ListPage {
        connected,
        tabs: tabs(&ui, &categories, wanted, search),
        cards,
        search,
        category: wanted.unwrap_or_default(),
        may_set_up: ui.may("set-up"),
        left_out: LeftOut::of(&app, &ui),
        section: "integrations",
        ui: &ui,
    })
}

/// Whether a partner has the words of a search in its name or slug.
fn matches(partner: &Partner, search: &str) -> bool {
    let text = format!("{} {}", partner.name, partner.slug).to_lowercase();
    search
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

fn tabs(ui: &Ui, categories: &BTreeSet<String>, wanted: Option<&str>, search: &str) -> Vec<Tab> {
    let address = |code: &str| {
        let mut list = Vec::new();
        if !code.is_empty() {
            list.push(format!("category={}", form_encoded(code)));
        }
        if !search.is_empty() {
            list.push(format!("search={}", form_encoded(search)));
        }
        let query = if list.is_empty() { "" } else { "?" };
        format!("/integrations{query}{}#catalogue", list.join("&"))
    };
    let all = Tab {
        code: String::new(),
        word: ui.t("shelf-all").into_owned(),
        href: address(""),
        chosen: wanted.is_none(),
    };
    let one = |code: &String| Tab {
        word: ui.coded("category-", code).into_owned(),
        href: address(code),
        chosen: wanted == Some(code.as_str()),
        code: code.clone(),
    };
    std::iter::once(all)
        .chain(categories.iter().map(one))
        .collect()
}
