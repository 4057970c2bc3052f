//! One postback configuration as the page shows it.

use askama::Template;
use askama::filters::HtmlSafe;
use clickback_core::doctor::{self, PostbackAddress, ProblemCode, Severity};
use clickback_core::event::{EventName, Status};
use clickback_core::ids::ConfigurationId;
use clickback_core::rules::Payout;
use serde_json::json;

use crate::app::App;
use crate::store::integrations::{Configuration, Integration};
use crate::store::pulse::Pulse;
use crate::web::forms::{Choice, Input, RowsOfTwo, Select};
use crate::web::inbox::rows::said_name;
use crate::web::integrations::configuration_name;
use crate::web::integrations::page::{Draft, Place};
use crate::web::paint;
use crate::web::parts::{CodeBox, Icon, Rich, When};
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;

use super::plan::{self, Slot};

/// Something that is wrong with the URL.
struct Warning {
    tone: &'static str,
    icon: Icon,
    what: Rich,
    fix: Rich,
}

/// Everything that is wrong with a URL.
#[derive(Template)]
#[template(path = "integrations/warnings.html")]
pub(in crate::web::integrations) struct Warnings {
    list: Vec<Warning>,
}

impl HtmlSafe for Warnings {}

/// A configuration: the row, and what is inside.
pub(in crate::web::integrations) struct PostbackView {
    pub(in crate::web::integrations) id: ConfigurationId,
    pub(in crate::web::integrations) open: bool,
    pub(in crate::web::integrations) name: String,
    pub(in crate::web::integrations) event: String,
    pub(in crate::web::integrations) last: Option<When>,
    /// How many were recorded today.
    pub(in crate::web::integrations) today: String,
    pub(in crate::web::integrations) paste: Rich,
    pub(in crate::web::integrations) url: CodeBox,
    /// What the live preview builds the URL of.
    pub(in crate::web::integrations) data: String,
    pub(in crate::web::integrations) warnings: Warnings,
    pub(in crate::web::integrations) warned: usize,
    pub(in crate::web::integrations) chips: Vec<Input>,
    pub(in crate::web::integrations) name_input: Input,
    pub(in crate::web::integrations) event_input: Input,
    pub(in crate::web::integrations) others: RowsOfTwo,
    pub(in crate::web::integrations) payout: Select,
    pub(in crate::web::integrations) payout_amount: Input,
    pub(in crate::web::integrations) payout_currency: Input,
    pub(in crate::web::integrations) payout_param: Input,
    pub(in crate::web::integrations) fixed_currency: Input,
    pub(in crate::web::integrations) default_status: Select,
    /// Something in the second half is set or wrong.
    pub(in crate::web::integrations) more_open: bool,
    pub(in crate::web::integrations) first: bool,
    pub(in crate::web::integrations) last_one: bool,
}

/// What is wrong with the URL of a configuration.
pub(super) fn warnings(
    app: &App,
    ui: &Ui,
    integration: &Integration,
    configuration: &Configuration,
) -> Warnings {
    let public_url = &app.settings.public_url;
    let url = integration.postback_url(public_url, configuration);
    let uuid = integration.uuid.to_string();
    let address = PostbackAddress {
        public_url,
        uuid: &uuid,
        clickid_macro: &integration.clickid_macro,
    };
    // The check reads what is typed, not what is saved.
    let mut ruleset = integration.ruleset.clone();
    ruleset
        .configurations
        .insert(configuration.event.clone(), configuration.rules.clone());
    let found = doctor::examine(&url, Some((&ruleset, address))).problems;
    let wanted = |code: ProblemCode| {
        // Plain http and the secret are not this form's matter; a missing field is made on save.
        !matches!(
            code,
            ProblemCode::PlainHttp | ProblemCode::SecretExposed | ProblemCode::FieldUnknown
        )
    };
    let list = found
        .into_iter()
        .filter(|problem| wanted(problem.code))
        .map(|problem| {
            let key = format!("doctor-{}", problem.code.code().replace('_', "-"));
            let subject = [("subject", problem.subject.as_str())];
            let (tone, icon) = match problem.severity {
                Severity::Error => ("bad", "cross"),
                Severity::Warning => ("warn", "flag"),
                Severity::Note => ("quiet", "question"),
            };
            Warning {
                tone,
                icon: Icon(icon),
                what: ui.rich_with(&key, &subject),
                fix: ui.rich(&format!("{key}-fix")),
            }
        })
        .collect();
    Warnings { list }
}

/// A value of the form: typed, or as it is stored.
struct Values<'a> {
    posted: Option<&'a Posted>,
    form: String,
    none: Faults,
    faults: Option<&'a Faults>,
}

impl Values<'_> {
    fn text(&self, name: &str, stored: &str) -> String {
        match self.posted {
            Some(posted) if posted.has(name) => posted.get(name).to_owned(),
            _ => stored.to_owned(),
        }
    }

    fn input(&self, name: &str, label: impl Into<String>, stored: &str) -> Input {
        let faults = self.faults.unwrap_or(&self.none);
        Input::new(&self.form, name, label, &self.text(name, stored)).error(faults.of(name))
    }
}

/// The configuration as the page shows it.
pub(in crate::web::integrations) fn view(
    app: &App,
    ui: &Ui,
    integration: &Integration,
    configuration: &Configuration,
    pulse: &Pulse,
    draft: Option<&Draft<'_>>,
) -> PostbackView {
    let draft = draft.filter(|draft| draft.place == Place::Postback(configuration.id));
    let values = Values {
        posted: draft.map(|draft| draft.posted),
        form: format!("p{}", configuration.id),
        none: Faults::default(),
        faults: draft.map(|draft| draft.faults),
    };
    // A draft is shown as it would be.
    let planned = draft.map(|draft| {
        let (plan, _) = plan::read(ui, draft.posted, integration, configuration);
        plan.applied(integration, configuration)
    });
    let (shown_integration, shown) = match &planned {
        Some((integration, configuration)) => (integration, configuration),
        None => (integration, configuration),
    };
    let url = shown_integration.postback_url(&app.settings.public_url, shown);
    let event = integration.ruleset.event(&configuration.event);
    let figures = pulse
        .events
        .get(event.as_str())
        .copied()
        .unwrap_or_default();
    let slots = plan::slots(integration, &configuration.rules.params);
    let warnings = warnings(app, ui, shown_integration, shown);
    let faults = values.faults.unwrap_or(&values.none);
    let rules = &configuration.rules;
    let more = rules.payout != Payout::None
        || rules.currency.is_some()
        || rules.default_status.is_some()
        || [
            "other",
            "payout_amount",
            "payout_currency",
            "payout_param",
            "fixed_currency",
        ]
        .iter()
        .any(|field| faults.of(field).is_some());
    let (amount, currency, param) = payout_texts(&rules.payout);
    let name = configuration_name(app, ui, integration, configuration);
    PostbackView {
        id: configuration.id,
        open: draft.is_some(),
        name: name.clone(),
        event: configuration.event.clone(),
        last: figures.last.map(|at| When::new(ui, at)),
        today: ui
            .with("today-count", &[("count", &figures.today.to_string())])
            .into_owned(),
        paste: ui.rich_with(
            "postback-paste",
            &[
                ("event", said_name(ui, &event).as_str()),
                ("name", integration.name.as_str()),
            ],
        ),
        url: CodeBox::new(ui, &ui.t("postback-url"), paint::template(&url)),
        data: data(app, integration, &slots),
        warned: warnings.list.len(),
        warnings,
        chips: slots
            .iter()
            .filter(|slot| is_shown(slot, &event))
            .map(|slot| chip(ui, &values, slot))
            .collect(),
        name_input: values
            .input("name", ui.t("postback-name"), &name)
            .required()
            .max(200),
        event_input: values
            .input("event", ui.t("postback-event"), &configuration.event)
            .mono()
            .required()
            .list("event-names")
            .max(64)
            .fills("tracker.event"),
        others: others(ui, &values, configuration, &slots).error(faults.of("other")),
        payout: payout_choice(ui, &values, &rules.payout),
        payout_amount: values
            .input("payout_amount", ui.t("payout-amount"), &amount)
            .placeholder("30")
            .max(40),
        payout_currency: values
            .input("payout_currency", ui.t("payout-currency"), &currency)
            .placeholder("USD")
            .list("currencies")
            .max(12),
        payout_param: values
            .input("payout_param", ui.t("payout-param"), &param)
            .mono()
            .placeholder("revenue")
            .max(128),
        fixed_currency: values
            .input(
                "fixed_currency",
                ui.t("postback-fixed-currency"),
                &rules
                    .currency
                    .map(|one| one.to_string())
                    .unwrap_or_default(),
            )
            .placeholder("USD")
            .list("currencies")
            .max(12)
            .hint(ui.rich("postback-fixed-currency-how")),
        default_status: status_choice(ui, &values, rules.default_status),
        more_open: more,
        first: false,
        last_one: false,
    }
}

/// Money is not asked of events that have none, unless it is there.
fn is_shown(slot: &Slot, event: &EventName) -> bool {
    let of_money = slot.parameter.starts_with("tracker.");
    !of_money || !slot.value.is_empty() || *event != EventName::Registration
}

fn chip(ui: &Ui, values: &Values<'_>, slot: &Slot) -> Input {
    let label = ui.coded("slot-", slot.name);
    let input = values
        .input(slot.name, label, &slot.value)
        .mono()
        .placeholder(slot.example)
        .fills(&slot.parameter)
        .max(128);
    if slot.shared {
        input.hint(Rich::new(&ui.t("slot-shared")))
    } else {
        input
    }
}

/// Parameters without an input of their own.
fn others(
    ui: &Ui,
    values: &Values<'_>,
    configuration: &Configuration,
    slots: &[Slot],
) -> RowsOfTwo {
    let is_slot = |name: &str| slots.iter().any(|slot| slot.parameter == name);
    let stored = configuration.rules.params.iter();
    let rows = match values.posted {
        Some(posted) if posted.has("other_name") => posted.rows("other_name", "other_value"),
        _ => stored.filter(|(name, _)| !is_slot(name)).cloned().collect(),
    };
    RowsOfTwo::typed(
        ui,
        ("other_name", "other_value"),
        (
            ui.t("postback-other-name").into_owned(),
            ui.t("postback-other-value").into_owned(),
        ),
        (Some("parameter-names"), None),
        rows,
    )
    .pointing_left()
}

fn payout_texts(payout: &Payout) -> (String, String, String) {
    let nothing = String::new;
    match payout {
        Payout::None => (nothing(), nothing(), nothing()),
        Payout::Fixed { amount, currency } => (
            amount.to_string(),
            currency.map(|one| one.to_string()).unwrap_or_default(),
            nothing(),
        ),
        Payout::Parameter { name } => (nothing(), nothing(), name.clone()),
    }
}

fn payout_choice(ui: &Ui, values: &Values<'_>, payout: &Payout) -> Select {
    let stored = match payout {
        Payout::None => "none",
        Payout::Fixed { .. } => "fixed",
        Payout::Parameter { .. } => "parameter",
    };
    let chosen = values.text("payout", stored);
    let choices = ["none", "fixed", "parameter"]
        .map(|code| Choice::new(code, ui.coded("payout-", code), code == chosen))
        .to_vec();
    Select::new(&values.form, "payout", ui.t("payout"), choices).hint(ui.rich("payout-how"))
}

fn status_choice(ui: &Ui, values: &Values<'_>, status: Option<Status>) -> Select {
    let chosen = values.text("default_status", status.map_or("", Status::code));
    let usual = Choice::new("", ui.t("default-status-usual"), chosen.is_empty());
    let others = [Status::Approved, Status::Pending, Status::Rejected].map(|status| {
        let word = ui.coded("status-", status.code());
        Choice::new(status.code(), word, chosen == status.code())
    });
    let choices = std::iter::once(usual).chain(others).collect();
    Select::new(
        &values.form,
        "default_status",
        ui.t("default-status"),
        choices,
    )
    .hint(ui.rich("default-status-how"))
}

/// What the live preview builds the URL of: the fixed parts, and which inputs the mapping owns.
fn data(app: &App, integration: &Integration, slots: &[Slot]) -> String {
    let rules = &integration.ruleset.rules;
    let mapping: Vec<(String, &str)> = rules
        .field_mappings
        .iter()
        .map(|one| (format!("fields.{}", one.field), one.macro_text.as_str()))
        .collect();
    let mapped: Vec<&str> = slots
        .iter()
        .filter(|slot| slot.shared || slot.name == "player" && slot.value.is_empty())
        .map(|slot| slot.parameter.as_str())
        .collect();
    json!({
        "public_url": app.settings.public_url,
        "uuid": integration.uuid.to_string(),
        "clickid": integration.clickid_macro,
        "mapping": mapping,
        "mapped": mapped,
        "secret": rules.secrets.last(),
    })
    .to_string()
}
