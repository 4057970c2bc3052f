//! From the form of a postback configuration to what changes: its parameters, the integration's field
//! mapping, fields that are missing.

use clickback_core::currency::Currency;
use clickback_core::event::{EventName, Status};
use clickback_core::field::check_key;
use clickback_core::money::Amount;
use clickback_core::rules::{ConfigurationRules, FieldMapping, Payout, Rules};
use clickback_core::set_up;

use crate::store::integrations::{Configuration, Integration, NewConfiguration};
use crate::web::integrations::sentence;
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;

/// The field that carries the player's id where the integration names none.
const PLAYER_KEY: &str = "user_id";
/// Characters of one parameter's value.
const MAX_VALUE: usize = 512;
/// Parameters of one URL.
const MAX_PARAMS: usize = 50;

/// A parameter with an input of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web::integrations) struct Slot {
    /// The input's name.
    pub(in crate::web::integrations) name: &'static str,
    /// The parameter of the URL.
    pub(in crate::web::integrations) parameter: String,
    /// A partner's usual macro for it.
    pub(in crate::web::integrations) example: &'static str,
    pub(in crate::web::integrations) value: String,
    /// It comes from the field mapping and is in every postback.
    pub(in crate::web::integrations) shared: bool,
}

/// The inputs of a configuration with their present values.
pub(in crate::web::integrations) fn slots(
    integration: &Integration,
    params: &[(String, String)],
) -> Vec<Slot> {
    let rules = &integration.ruleset.rules;
    let player = rules.player_field.as_deref().unwrap_or(PLAYER_KEY);
    let player = format!("fields.{player}");
    [
        ("amount", "tracker.cost", "{amount}"),
        ("currency", "tracker.currency", "usd"),
        ("tid", "tracker.tid", "{transaction_id}"),
        ("player", player.as_str(), "{user_id}"),
        ("country", "fields.country", "{country}"),
    ]
    .into_iter()
    .map(|(name, parameter, example)| {
        let own = params.iter().find(|(known, _)| known == parameter);
        let mapped = parameter.strip_prefix("fields.").and_then(|key| {
            let mapping = rules.field_mappings.iter();
            mapping.clone().find(|mapping| mapping.field == key)
        });
        Slot {
            name,
            parameter: parameter.to_owned(),
            example,
            value: match (own, mapped) {
                (Some((_, value)), _) => value.clone(),
                (None, Some(mapping)) => mapping.macro_text.clone(),
                (None, None) => String::new(),
            },
            shared: own.is_none() && mapped.is_some(),
        }
    })
    .collect()
}

/// What changes.
pub(super) struct Plan {
    pub(super) configuration: NewConfiguration,
    /// The integration's rules, where the mapping changes.
    pub(super) rules: Option<Rules>,
    /// Keys of fields that are missing.
    pub(super) new_fields: Vec<String>,
}

impl Plan {
    /// The integration and its configuration as they would be.
    pub(super) fn applied(
        self,
        integration: &Integration,
        configuration: &Configuration,
    ) -> (Integration, Configuration) {
        let mut integration = integration.clone();
        if let Some(rules) = self.rules {
            integration.ruleset.rules = rules;
        }
        let configuration = Configuration {
            name: self.configuration.name,
            event: self.configuration.event,
            rules: self.configuration.rules,
            ..configuration.clone()
        };
        (integration, configuration)
    }
}

/// Reads the form. What cannot be read stays as it was and is said.
pub(super) fn read(
    ui: &Ui,
    posted: &Posted,
    integration: &Integration,
    configuration: &Configuration,
) -> (Plan, Faults) {
    let mut faults = Faults::default();
    let known = &configuration.rules;
    let name = set_up::name(posted.get("name"), "name").map_err(|fault| sentence(ui, &fault));
    let name = faults.take("name", name);
    let event = set_up::event(posted.get("event")).map_err(|fault| sentence(ui, &fault));
    let event = faults.take("event", event);
    let mut rules = integration.ruleset.rules.clone();
    let params = params(posted, integration, known, &mut rules);
    check_params(ui, &params, &mut faults);
    let new_fields = missing_fields(ui, integration, &params, &rules, &mut faults);
    // What has no input here stays as it is.
    let mut changed = known.clone();
    changed.params = params;
    changed.currency = currency(ui, posted, "fixed_currency", &mut faults);
    changed.payout = payout(ui, posted, &mut faults);
    changed.default_status = Status::from_code(posted.get("default_status"));
    let plan = Plan {
        configuration: NewConfiguration {
            name: name.unwrap_or_else(|| configuration.name.clone()),
            event: event.unwrap_or_else(|| configuration.event.clone()),
            rules: changed,
        },
        rules: (rules != integration.ruleset.rules).then_some(rules),
        new_fields,
    };
    (plan, faults)
}

/// Inputs of their own first, then the other rows. A field that the mapping fills is changed there.
fn params(
    posted: &Posted,
    integration: &Integration,
    known: &ConfigurationRules,
    rules: &mut Rules,
) -> Vec<(String, String)> {
    let mut params: Vec<(String, String)> = Vec::new();
    let slots = slots(integration, &known.params);
    for slot in &slots {
        let value = if posted.has(slot.name) {
            posted.get(slot.name).to_owned()
        } else {
            slot.value.clone()
        };
        if slot.shared {
            let key = slot.parameter.trim_start_matches("fields.");
            rules
                .field_mappings
                .retain(|mapping| mapping.field != key || !value.is_empty());
            for mapping in &mut rules.field_mappings {
                if mapping.field == key {
                    mapping.macro_text.clone_from(&value);
                }
            }
        } else if !value.is_empty() {
            // A player's id belongs to every postback of the partner.
            if slot.name == "player" && slot.value.is_empty() {
                let key = slot.parameter.trim_start_matches("fields.");
                rules.field_mappings.push(FieldMapping {
                    field: key.to_owned(),
                    macro_text: value,
                });
            } else {
                params.push((slot.parameter.clone(), value));
            }
        }
    }
    let others = if posted.has("other_name") {
        posted.rows("other_name", "other_value")
    } else {
        let is_slot = |name: &str| slots.iter().any(|slot| slot.parameter == name);
        let others = known.params.iter().filter(|(name, _)| !is_slot(name));
        others.cloned().collect()
    };
    for (name, value) in others {
        if !params.iter().any(|(known, _)| *known == name) {
            params.push((name, value));
        }
    }
    params
}

/// Names that would be lost, and texts that no URL should hold.
fn check_params(ui: &Ui, params: &[(String, String)], faults: &mut Faults) {
    if params.len() > MAX_PARAMS {
        faults.add("other", ui.t("postback-too-many"));
    }
    for (name, value) in params {
        if name.is_empty() {
            let about = ui.with("postback-no-name", &[("value", value)]);
            faults.add("other", about);
        } else if matches!(name.as_str(), "tracker.event" | "clickid" | "secret") {
            let about = ui.with("postback-own-name", &[("value", name)]);
            faults.add("other", about);
        } else if name.len() > 128 || value.len() > MAX_VALUE {
            let about = ui.with("set-up-too-long", &[("value", name)]);
            faults.add("other", about);
        }
    }
}

/// Keys that the URL fills and the workspace does not have.
pub(in crate::web::integrations) fn missing_fields(
    ui: &Ui,
    integration: &Integration,
    params: &[(String, String)],
    rules: &Rules,
    faults: &mut Faults,
) -> Vec<String> {
    let of_params = params
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("fields."));
    let of_mapping = rules.field_mappings.iter().map(|one| one.field.as_str());
    let mut missing: Vec<String> = Vec::new();
    for key in of_params.chain(of_mapping) {
        if integration.ruleset.fields.contains_key(key) || missing.iter().any(|one| one == key) {
            continue;
        }
        if check_key(key).is_err() {
            faults.add("other", ui.with("set-up-field-key", &[("value", key)]));
        } else {
            missing.push(key.to_owned());
        }
    }
    missing
}

/// A currency that may be left empty.
pub(in crate::web::integrations) fn currency(
    ui: &Ui,
    posted: &Posted,
    field: &'static str,
    faults: &mut Faults,
) -> Option<Currency> {
    let text = posted.get(field);
    if text.is_empty() {
        return None;
    }
    let found = Currency::new(text).filter(|currency| currency.is_known());
    if found.is_none() {
        faults.add(field, ui.with("set-up-currency", &[("value", text)]));
    }
    found
}

fn payout(ui: &Ui, posted: &Posted, faults: &mut Faults) -> Payout {
    match posted.get("payout") {
        "fixed" => {
            let currency = currency(ui, posted, "payout_currency", faults);
            let text = posted.get("payout_amount").replace(',', ".");
            if let Ok(amount) = text.parse::<Amount>() {
                Payout::Fixed { amount, currency }
            } else {
                faults.add(
                    "payout_amount",
                    ui.with("set-up-amount", &[("value", &text)]),
                );
                Payout::None
            }
        }
        "parameter" => {
            let name = posted.get("payout_param");
            if name.is_empty() || name.len() > 128 {
                faults.add("payout_param", ui.t("set-up-payout-param"));
            }
            Payout::Parameter {
                name: name.to_owned(),
            }
        }
        _ => Payout::None,
    }
}

/// The rules that a new configuration begins with: the macros of one that is about money, if this one is.
pub(super) fn like_others(integration: &Integration, event: &str) -> ConfigurationRules {
    let money = |event: &EventName| event.expects_amount();
    let ruleset = &integration.ruleset;
    if !money(&ruleset.event(event)) {
        return ConfigurationRules::default();
    }
    let other = integration
        .configurations
        .iter()
        .find(|one| money(&ruleset.event(&one.event)));
    let params = other.map(|one| {
        let of_money = |(name, _): &&(String, String)| name.starts_with("tracker.");
        let params = one.rules.params.iter().filter(of_money);
        params.cloned().collect()
    });
    ConfigurationRules {
        params: params.unwrap_or_default(),
        ..ConfigurationRules::default()
    }
}
