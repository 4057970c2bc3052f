//! Connecting: a ready partner in one step, a custom integration with its parameter and the partner's
//! macro; its three usual postbacks are there at once.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use clickback_core::macros;
use clickback_core::partner::{Partner, Readiness};
use serde::Deserialize;

use crate::app::AppState;
use crate::set_up::{self, ConnectError, Wishes};
use crate::web::error::{self, render};
use crate::web::forms::Input;
use crate::web::notice;
use crate::web::parts::Rich;
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::{notes, sentence};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PartnerQuery {
    partner: String,
}

/// A parameter that can carry the clickid.
struct Carrier {
    param: String,
    macro_text: String,
    chosen: bool,
}

/// One postback that will be there.
struct Planned {
    name: String,
    event: String,
}

#[derive(Template)]
#[template(path = "integrations/connect.html")]
struct ConnectPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    slug: &'a str,
    title: String,
    notes: Vec<Rich>,
    name: Input,
    carriers: Vec<Carrier>,
    param: Input,
    macro_input: Input,
    planned: Vec<Planned>,
    fields: Vec<String>,
}

/// The form.
pub(super) async fn form(
    State(app): State<AppState>,
    Visitor { ui, .. }: Visitor,
    Query(query): Query<PartnerQuery>,
) -> Response {
    if !is_offered(&app, &query.partner) {
        return error::not_found(&ui);
    }
    let partner = app.catalogue.get(&query.partner);
    render(&page(&ui, partner, None, &Faults::default()))
}

/// Whether a slug names a ready partner, or is empty: a custom integration.
fn is_offered(app: &AppState, slug: &str) -> bool {
    slug.is_empty()
        || app
            .catalogue
            .get(slug)
            .is_some_and(|partner| partner.readiness == Readiness::Ready)
}

/// Connects.
pub(super) async fn submit(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    posted: Posted,
) -> Response {
    let slug = posted.get("partner");
    if !is_offered(&app, slug) {
        return error::not_found(&ui);
    }
    let partner = app.catalogue.get(slug);
    let mut faults = Faults::default();
    let wish = |name: &str| Some(posted.get(name).to_owned()).filter(|text| !text.is_empty());
    // An input of one's own wins over the choice.
    let param = wish("own_param").or_else(|| wish("clickid_param"));
    let macro_text = wish("clickid_macro");
    if let Some(text) = &macro_text
        && !is_macro(text)
    {
        let about = ui.with("set-up-no-macro", &[("value", text)]);
        faults.add("clickid_macro", about);
    }
    let wishes = Wishes {
        name: Some(posted.get("name").to_owned()),
        clickid_param: param,
        clickid_macro: macro_text,
        rules: None,
        language: ui.language.code(),
    };
    let made = set_up::connect(
        &app,
        workspace,
        Some(slug).filter(|slug| !slug.is_empty()),
        wishes,
    );
    let new = match made {
        Ok(new) if faults.is_empty() => new,
        Ok(_) => return refused(&ui, partner, &posted, &faults),
        Err(ConnectError::SetUp(fault)) => {
            let field = match fault.code() {
                "param" => "own_param",
                _ => "name",
            };
            faults.add(field, sentence(&ui, &fault));
            return refused(&ui, partner, &posted, &faults);
        }
        Err(_) => return error::not_found(&ui),
    };
    match app.store.create_integration(new).await {
        Ok(made) => notice::redirect(&format!("/integrations/{}", made.id), "connected"),
        Err(cause) => error::page(&ui, &cause),
    }
}

/// Whether a text is a macro in some partner's style.
pub(super) fn is_macro(text: &str) -> bool {
    macros::unexpanded(text, text).is_some()
}

fn refused(ui: &Ui, partner: Option<&Partner>, posted: &Posted, faults: &Faults) -> Response {
    let page = page(ui, partner, Some(posted), faults);
    (StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response()
}

fn page<'a>(
    ui: &'a Ui,
    partner: Option<&'a Partner>,
    posted: Option<&Posted>,
    faults: &Faults,
) -> ConnectPage<'a> {
    let typed = |name: &str, usual: &str| {
        posted.map_or_else(|| usual.to_owned(), |posted| posted.get(name).to_owned())
    };
    let usual_name = partner.map_or("", |partner| partner.name.as_str());
    let default = partner.map_or(set_up::CUSTOM_PARAM, |one| one.clickid.default.as_str());
    let chosen = typed("clickid_param", default);
    let name = Input::new(
        "connect",
        "name",
        ui.t("connect-name"),
        &typed("name", usual_name),
    )
    .placeholder(ui.t("connect-name-example"))
    .required()
    .max(200)
    .error(faults.of("name"));
    let param = Input::new(
        "connect",
        "own_param",
        ui.t("connect-param-own"),
        &typed("own_param", ""),
    )
    .mono()
    .placeholder(if partner.is_some() { "aff_sub" } else { "sub1" })
    .max(64)
    .error(faults.of("own_param"));
    let macro_input = Input::new(
        "connect",
        "clickid_macro",
        ui.t("connect-macro"),
        &typed("clickid_macro", ""),
    )
    .mono()
    .placeholder(set_up::macro_for(partner, default))
    .hint(ui.rich("connect-macro-how"))
    .error(faults.of("clickid_macro"));
    let postbacks = partner.map_or_else(clickback_core::partner::usual_postbacks, |partner| {
        partner.postbacks.clone()
    });
    let russian = ui.language.code() == "ru";
    ConnectPage {
        section: "integrations",
        slug: partner.map_or("", |partner| partner.slug.as_str()),
        title: match partner {
            Some(partner) => ui
                .with("connect-title", &[("name", partner.name.as_str())])
                .into_owned(),
            None => ui.t("connect-custom-title").into_owned(),
        },
        notes: partner
            .map(|partner| notes(ui, partner))
            .unwrap_or_default(),
        name,
        carriers: partner
            .map(|partner| &partner.clickid.params)
            .into_iter()
            .flatten()
            .map(|param| Carrier {
                macro_text: set_up::macro_for(partner, param),
                chosen: *param == chosen,
                param: param.clone(),
            })
            .collect(),
        param,
        macro_input,
        planned: postbacks
            .into_iter()
            .map(|one| Planned {
                name: if russian { one.name.ru } else { one.name.en },
                event: one.event,
            })
            .collect(),
        fields: partner
            .map(|partner| {
                partner
                    .fields
                    .iter()
                    .map(|field| field.key.clone())
                    .collect()
            })
            .unwrap_or_default(),
        ui,
    }
}
