//! Sections of settings of one integration: each is one form, shown from what is stored or from what was
//! typed, and read back into the integration's rules.

use std::collections::BTreeMap;

use clickback_core::currency::Currency;
use clickback_core::event::Status;
use clickback_core::rules::{FieldMapping, Mode, RepeatChoice, Rules, TidMeaning};
use clickback_core::set_up;

use crate::store::integrations::{Integration, IntegrationPatch};
use crate::web::posted::{Faults, Posted};
use crate::web::ui::Ui;

use super::connect::is_macro;
use super::postbacks::plan;
use super::sentence;

/// A section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Clickid,
    Fields,
    Words,
    Statuses,
    Sameness,
    Money,
    Aliases,
    Access,
    General,
}

impl Section {
    const ALL: [Section; 9] = [
        Section::Clickid,
        Section::Fields,
        Section::Words,
        Section::Statuses,
        Section::Sameness,
        Section::Money,
        Section::Aliases,
        Section::Access,
        Section::General,
    ];

    /// The code in addresses and in ids of the page.
    pub(super) fn code(self) -> &'static str {
        match self {
            Section::Clickid => "clickid",
            Section::Fields => "fields",
            Section::Words => "words",
            Section::Statuses => "statuses",
            Section::Sameness => "sameness",
            Section::Money => "money",
            Section::Aliases => "aliases",
            Section::Access => "access",
            Section::General => "general",
        }
    }

    /// The section with this code.
    pub(super) fn from_code(code: &str) -> Option<Section> {
        Self::ALL.into_iter().find(|section| section.code() == code)
    }
}

/// What a form changes, and the keys of fields that it needs.
pub(super) struct Change {
    pub(super) patch: IntegrationPatch,
    pub(super) new_fields: Vec<String>,
}

/// Reads the form of a section.
pub(super) fn read(
    ui: &Ui,
    section: Section,
    posted: &Posted,
    integration: &Integration,
    aliases_of: &dyn Fn(&str) -> Option<BTreeMap<String, String>>,
) -> Result<Change, Faults> {
    let mut faults = Faults::default();
    let mut patch = IntegrationPatch::default();
    let mut rules = integration.ruleset.rules.clone();
    let mut new_fields = Vec::new();
    match section {
        Section::General => {
            let name = set_up::name(posted.get("name"), "name");
            patch.name = faults.take("name", name.map_err(|fault| sentence(ui, &fault)));
        }
        Section::Clickid => clickid(ui, posted, &mut patch, &mut faults),
        Section::Fields => {
            fields(ui, posted, &mut rules, &mut faults);
            new_fields = plan::missing_fields(ui, integration, &[], &rules, &mut faults);
            if let Some(sentence) = faults.of("other") {
                faults.add("fields", sentence);
            }
        }
        Section::Words => words(ui, posted, &mut rules, &mut faults),
        Section::Statuses => statuses(ui, posted, &mut rules, &mut faults),
        Section::Sameness => sameness(ui, posted, &mut rules, &mut faults),
        Section::Money => {
            rules.currency = plan::currency(ui, posted, "currency", &mut faults);
            posted.get("time_zone").clone_into(&mut rules.time_zone);
        }
        Section::Aliases => {
            let preset = aliases_of(posted.get("preset")).unwrap_or_default();
            rules.aliases = posted
                .rows("alias", "target")
                .into_iter()
                .filter(|(alias, _)| !alias.is_empty())
                .collect();
            for (alias, target) in preset {
                rules.aliases.entry(alias).or_insert(target);
            }
        }
        Section::Access => access(posted, &mut rules),
    }
    if let Err(fault) = set_up::rules(&rules) {
        let field = match fault.code() {
            "alias" => "aliases",
            "word" => "words",
            "address" => "allowed_ips",
            "short_secret" => "secret",
            "time_zone" => "time_zone",
            "repeat_window" => "window",
            _ => "rules",
        };
        faults.add(field, sentence(ui, &fault));
    }
    if rules != integration.ruleset.rules {
        patch.rules = Some(rules);
    }
    if faults.is_empty() {
        Ok(Change { patch, new_fields })
    } else {
        Err(faults)
    }
}

fn clickid(ui: &Ui, posted: &Posted, patch: &mut IntegrationPatch, faults: &mut Faults) {
    let param = set_up::clickid_param(posted.get("clickid_param"));
    let param = param.map_err(|fault| sentence(ui, &fault));
    patch.clickid_param = faults.take("clickid_param", param);
    let text = posted.get("clickid_macro");
    if text.is_empty() {
        // Left empty, the parameter's own macro is meant; the handler knows the partner's style.
    } else if !is_macro(text) {
        let about = ui.with("set-up-no-macro", &[("value", text)]);
        faults.add("clickid_macro", about);
    } else if text.len() > set_up::MAX_TEXT_BYTES {
        faults.add(
            "clickid_macro",
            ui.with("set-up-too-long", &[("value", "")]),
        );
    } else {
        patch.clickid_macro = Some(text.to_owned());
    }
}

fn fields(ui: &Ui, posted: &Posted, rules: &mut Rules, faults: &mut Faults) {
    rules.field_mappings.clear();
    for (field, macro_text) in posted.rows("field", "macro") {
        let field = field
            .trim_start_matches("fields.")
            .trim_start_matches("details.")
            .to_lowercase();
        if macro_text.is_empty() {
            faults.add("fields", ui.with("mapping-no-macro", &[("value", &field)]));
        } else if field.is_empty() {
            faults.add(
                "fields",
                ui.with("mapping-no-key", &[("value", &macro_text)]),
            );
        }
        if rules.field_mappings.iter().any(|one| one.field == field) {
            faults.add("fields", ui.with("mapping-twice", &[("value", &field)]));
        }
        rules
            .field_mappings
            .push(FieldMapping { field, macro_text });
    }
    let player = posted.get("player_field").trim_start_matches("fields.");
    rules.player_field = (!player.is_empty()).then(|| player.to_owned());
    if let Some(player) = &rules.player_field
        && clickback_core::field::check_key(player).is_err()
    {
        faults.add(
            "player_field",
            ui.with("set-up-field-key", &[("value", player)]),
        );
    }
}

fn words(ui: &Ui, posted: &Posted, rules: &mut Rules, faults: &mut Faults) {
    rules.events.clear();
    for (word, event) in posted.rows("word", "event") {
        // A row whose word is taken away is removed, whatever its event says.
        if word.is_empty() {
            continue;
        }
        match set_up::event(&event) {
            Ok(event) => {
                rules.events.insert(word.to_lowercase(), event);
            }
            Err(_) => faults.add("words", ui.with("word-no-event", &[("value", &word)])),
        }
    }
}

fn statuses(ui: &Ui, posted: &Posted, rules: &mut Rules, faults: &mut Faults) {
    rules.statuses.clear();
    for (word, status) in posted.rows("word", "status") {
        if word.is_empty() {
            continue;
        }
        match Status::from_code(&status) {
            Some(status) if status != Status::Held => {
                rules.statuses.insert(word.to_lowercase(), status);
            }
            _ => faults.add("words", ui.with("word-no-status", &[("value", &word)])),
        }
    }
}

/// The code of a mode, as rules write it.
pub(super) fn mode_code(mode: Mode) -> &'static str {
    match mode {
        Mode::ByTid => "by_tid",
        Mode::FirstOnly => "first_only",
        Mode::AlwaysNew => "always_new",
        Mode::Update => "update",
    }
}

/// Every mode, in the order of the choice.
pub(super) const MODES: [Mode; 4] = [Mode::ByTid, Mode::FirstOnly, Mode::AlwaysNew, Mode::Update];

/// The code of a choice, as rules write it.
pub(super) fn choice_code(choice: RepeatChoice) -> &'static str {
    match choice {
        RepeatChoice::Count => "count",
        RepeatChoice::Hold => "hold",
        RepeatChoice::Drop => "drop",
    }
}

/// Every choice, in the order of the list.
pub(super) const CHOICES: [RepeatChoice; 3] =
    [RepeatChoice::Count, RepeatChoice::Hold, RepeatChoice::Drop];

fn sameness(ui: &Ui, posted: &Posted, rules: &mut Rules, faults: &mut Faults) {
    rules.tid_means = match posted.get("tid_means") {
        "click" => TidMeaning::Click,
        _ => TidMeaning::Transaction,
    };
    let choice = CHOICES
        .into_iter()
        .find(|choice| choice_code(*choice) == posted.get("repeats"));
    rules.repeats.choice = choice.unwrap_or_default();
    let minutes = posted.get("window");
    match minutes.parse::<i64>() {
        Ok(minutes) if (0..=set_up::MAX_REPEAT_SECONDS / 60).contains(&minutes) => {
            rules.repeats.window_seconds = minutes * 60;
        }
        _ => faults.add(
            "window",
            ui.with("set-up-repeat-window", &[("value", minutes)]),
        ),
    }
    rules.modes.clear();
    for (event, mode) in posted.rows("mode_event", "mode") {
        let mode = MODES.into_iter().find(|known| mode_code(*known) == mode);
        // The usual mode is not worth a row.
        let Some(mode) = mode.filter(|mode| *mode != Mode::ByTid) else {
            continue;
        };
        if let Ok(event) = set_up::event(&event) {
            rules.modes.insert(event, mode);
        }
    }
}

/// Secrets are made here and not typed, two at most: the old one is valid until it is dropped.
fn access(posted: &Posted, rules: &mut Rules) {
    let typed = posted
        .get("allowed_ips")
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    if posted.has("allowed_ips") {
        rules.allowed_ips = typed
            .filter(|net| !net.is_empty())
            .map(str::to_owned)
            .collect();
    }
    match posted.get("secret_do") {
        "new" => {
            rules.secrets.push(new_secret());
            let surplus = rules.secrets.len().saturating_sub(2);
            rules.secrets.drain(..surplus);
        }
        "drop_old" if !rules.secrets.is_empty() => {
            rules.secrets.remove(0);
        }
        "none" => rules.secrets.clear(),
        _ => {}
    }
}

/// 128 random bits in characters that no partner encodes.
fn new_secret() -> String {
    use std::fmt::Write as _;
    let random: [u8; 16] = rand::random();
    random.iter().fold(String::new(), |mut secret, byte| {
        // Writing into a String does not fail.
        let _ = write!(secret, "{byte:02x}");
        secret
    })
}

/// A currency for an input.
pub(super) fn currency_text(currency: Option<Currency>) -> String {
    currency.map(|one| one.to_string()).unwrap_or_default()
}
