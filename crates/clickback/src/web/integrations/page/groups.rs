//! The sections of settings below the steps, and the field mapping: their inputs and a summary of each.

use std::collections::BTreeMap;

use clickback_core::event::Status;
use clickback_core::rules::{Rules, TidMeaning};
use clickback_core::set_up::CANONICAL;

use crate::app::App;
use crate::store::integrations::Integration;
use crate::web::forms::{Choice, Input, RowsOfTwo, Select};
use crate::web::integrations::sections::{
    CHOICES, MODES, Section, choice_code, currency_text, mode_code,
};
use crate::web::parts::Copy;
use crate::web::ui::Ui;

use super::{Draft, Place, field_keys};

/// A secret that is valid now.
pub(super) struct Secret {
    pub(super) text: String,
    pub(super) copy: Copy,
    /// The one that URLs carry.
    pub(super) newest: bool,
}

/// A partner whose parameter names can be taken over.
pub(super) struct Preset {
    pub(super) slug: String,
    pub(super) name: String,
}

/// A custom event of the workspace.
pub(super) struct OwnEvent {
    pub(super) name: String,
    pub(super) money: bool,
}

/// What the sections show.
pub(super) struct Groups {
    pub(super) mapping: RowsOfTwo,
    pub(super) player: Input,
    pub(super) words: RowsOfTwo,
    pub(super) statuses: RowsOfTwo,
    pub(super) tid_means: Select,
    pub(super) repeats: Select,
    pub(super) window: Input,
    pub(super) modes: RowsOfTwo,
    pub(super) currency: Input,
    pub(super) time_zone: Input,
    pub(super) aliases: RowsOfTwo,
    pub(super) presets: Vec<Preset>,
    pub(super) secrets: Vec<Secret>,
    pub(super) allowed_ips: Input,
    pub(super) name: Input,
    pub(super) own_events: Vec<OwnEvent>,
    pub(super) event_name: Input,
    /// What stands beside the closed section.
    pub(super) summaries: BTreeMap<&'static str, String>,
    /// The section that is open.
    open: String,
    param: String,
}

impl Groups {
    /// Whether a section is open.
    pub(super) fn is_open(&self, code: &str) -> bool {
        self.open == code
    }

    /// The partner's link parameter.
    pub(super) fn param(&self) -> &str {
        &self.param
    }

    /// What stands beside a section.
    pub(super) fn summary(&self, code: &str) -> &str {
        self.summaries.get(code).map_or("", String::as_str)
    }

    pub(super) fn new(
        app: &App,
        ui: &Ui,
        integration: &Integration,
        draft: Option<&Draft<'_>>,
        open: &str,
    ) -> Groups {
        let maker = Maker {
            ui,
            integration,
            rules: &integration.ruleset.rules,
            draft,
        };
        let open = match draft.map(|draft| draft.place) {
            Some(Place::Section(section)) => section.code(),
            Some(Place::Event) => "events",
            _ => open,
        };
        let aliased = app
            .catalogue
            .all()
            .iter()
            .filter(|partner| !partner.rules.aliases.is_empty());
        let own_events = integration.ruleset.custom_events.values();
        let mut own_events: Vec<OwnEvent> = own_events
            .map(|event| OwnEvent {
                name: event.name.clone(),
                money: event.counts_money,
            })
            .collect();
        own_events.sort_by(|one, two| one.name.cmp(&two.name));
        Groups {
            mapping: maker.mapping(),
            player: maker
                .input(
                    Section::Fields,
                    "player_field",
                    maker.rules.player_field.as_deref().unwrap_or_default(),
                )
                .mono()
                .list("field-keys")
                .max(64)
                .placeholder("user_id")
                .hint(ui.rich("player-field-how")),
            words: maker.words(),
            statuses: maker.statuses(),
            tid_means: maker.tid_means(),
            repeats: maker.repeats(),
            window: maker
                .input(
                    Section::Sameness,
                    "window",
                    &(maker.rules.repeats.window_seconds / 60).to_string(),
                )
                .max(6),
            modes: maker.modes(),
            currency: maker
                .input(
                    Section::Money,
                    "currency",
                    &currency_text(maker.rules.currency),
                )
                .list("currencies")
                .max(12)
                .placeholder("USD")
                .hint(ui.rich("fixed-currency-how")),
            time_zone: maker
                .input(Section::Money, "time_zone", &maker.rules.time_zone)
                .list("time-zones")
                .max(64)
                .placeholder("UTC")
                .hint(ui.rich("time-zone-how")),
            aliases: maker.aliases(),
            presets: aliased
                .map(|partner| Preset {
                    slug: partner.slug.clone(),
                    name: partner.name.clone(),
                })
                .collect(),
            secrets: maker.secrets(),
            allowed_ips: maker
                .input(
                    Section::Access,
                    "allowed_ips",
                    &maker.rules.allowed_ips.join("\n"),
                )
                .mono()
                .multiline()
                .max(8_000)
                .placeholder("203.0.113.7\n198.51.100.0/24")
                .hint(ui.rich("allowed-ips-how")),
            name: maker
                .input(Section::General, "name", &integration.name)
                .required()
                .max(200),
            own_events,
            event_name: maker.event_name(),
            summaries: maker.summaries(),
            open: open.to_owned(),
            param: integration.clickid_param.clone(),
        }
    }
}

/// Makes inputs from what is stored or what was typed.
struct Maker<'a> {
    ui: &'a Ui,
    integration: &'a Integration,
    rules: &'a Rules,
    draft: Option<&'a Draft<'a>>,
}

impl Maker<'_> {
    fn draft(&self, section: Section) -> Option<&Draft<'_>> {
        let place = Place::Section(section);
        self.draft.filter(|draft| draft.place == place)
    }

    fn error(&self, section: Section, field: &str) -> Option<String> {
        self.draft(section).and_then(|draft| draft.faults.of(field))
    }

    fn text(&self, section: Section, name: &str, stored: &str) -> String {
        self.draft(section).map_or_else(
            || stored.to_owned(),
            |draft| draft.posted.get(name).to_owned(),
        )
    }

    fn input(&self, section: Section, name: &str, stored: &str) -> Input {
        let label = self.ui.coded("setting-", name);
        let value = self.text(section, name, stored);
        Input::new(section.code(), name, label, &value).error(self.error(section, name))
    }

    fn rows(
        &self,
        section: Section,
        (left, right): (&'static str, &'static str),
        stored: impl Iterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        match self.draft(section) {
            Some(draft) => draft.posted.rows(left, right),
            None => stored.collect(),
        }
    }

    fn labels(&self, left: &str, right: &str) -> (String, String) {
        (self.ui.t(left).into_owned(), self.ui.t(right).into_owned())
    }

    fn mapping(&self) -> RowsOfTwo {
        let names = ("field", "macro");
        let stored = self.rules.field_mappings.iter();
        let stored = stored.map(|one| (one.field.clone(), one.macro_text.clone()));
        RowsOfTwo::typed(
            self.ui,
            names,
            self.labels("mapping-field", "mapping-macro"),
            (Some("field-keys"), None),
            self.rows(Section::Fields, names, stored),
        )
        .pointing_left()
        .error(self.error(Section::Fields, "fields"))
    }

    fn words(&self) -> RowsOfTwo {
        let names = ("word", "event");
        let stored = self.rules.events.clone().into_iter();
        RowsOfTwo::typed(
            self.ui,
            names,
            self.labels("words-theirs", "words-event"),
            (None, Some("event-names")),
            self.rows(Section::Words, names, stored),
        )
        .error(self.error(Section::Words, "words"))
    }

    fn statuses(&self) -> RowsOfTwo {
        let names = ("word", "status");
        let stored = self.rules.statuses.iter();
        let stored = stored.map(|(word, status)| (word.clone(), status.code().to_owned()));
        let choices = |chosen: &str| {
            [Status::Approved, Status::Pending, Status::Rejected]
                .map(|status| {
                    let word = self.ui.coded("status-", status.code());
                    Choice::new(status.code(), word, status.code() == chosen)
                })
                .to_vec()
        };
        RowsOfTwo::chosen(
            self.ui,
            names,
            self.labels("words-theirs", "words-status"),
            self.rows(Section::Statuses, names, stored),
            &choices,
        )
        .error(self.error(Section::Statuses, "words"))
    }

    fn modes(&self) -> RowsOfTwo {
        let names = ("mode_event", "mode");
        let stored = self.rules.modes.iter();
        let stored = stored.map(|(event, mode)| (event.clone(), mode_code(*mode).to_owned()));
        let choices = |chosen: &str| {
            MODES
                .map(|mode| {
                    let code = mode_code(mode);
                    Choice::new(code, self.ui.coded("mode-", code), code == chosen)
                })
                .to_vec()
        };
        let mut rows = self.rows(Section::Sameness, names, stored);
        // Events of the configurations stand there to be chosen from.
        for configuration in super::ordered(self.integration) {
            if !rows.iter().any(|(event, _)| *event == configuration.event) {
                rows.push((configuration.event.clone(), "by_tid".to_owned()));
            }
        }
        RowsOfTwo::chosen(
            self.ui,
            names,
            self.labels("modes-event", "modes-mode"),
            rows,
            &choices,
        )
    }

    fn aliases(&self) -> RowsOfTwo {
        let names = ("alias", "target");
        let stored = self.rules.aliases.clone().into_iter();
        RowsOfTwo::typed(
            self.ui,
            names,
            self.labels("aliases-theirs", "aliases-ours"),
            (None, Some("parameter-names")),
            self.rows(Section::Aliases, names, stored),
        )
        .error(self.error(Section::Aliases, "aliases"))
    }

    fn tid_means(&self) -> Select {
        let stored = match self.rules.tid_means {
            TidMeaning::Transaction => "transaction",
            TidMeaning::Click => "click",
        };
        let chosen = self.text(Section::Sameness, "tid_means", stored);
        let choices = ["transaction", "click"]
            .map(|code| Choice::new(code, self.ui.coded("tid-means-", code), code == chosen));
        Select::new(
            Section::Sameness.code(),
            "tid_means",
            self.ui.t("tid-means"),
            choices.to_vec(),
        )
        .hint(self.ui.rich("tid-means-how"))
    }

    fn repeats(&self) -> Select {
        let stored = choice_code(self.rules.repeats.choice);
        let chosen = self.text(Section::Sameness, "repeats", stored);
        let choices = CHOICES.map(|choice| {
            let code = choice_code(choice);
            Choice::new(code, self.ui.coded("repeats-", code), code == chosen)
        });
        Select::new(
            Section::Sameness.code(),
            "repeats",
            self.ui.t("repeats"),
            choices.to_vec(),
        )
        .hint(self.ui.rich("repeats-how"))
    }

    fn secrets(&self) -> Vec<Secret> {
        let newest = self.rules.secrets.len().saturating_sub(1);
        let secrets = self.rules.secrets.iter().enumerate();
        secrets
            .map(|(at, secret)| Secret {
                text: secret.clone(),
                copy: Copy::new(self.ui, secret.clone()),
                newest: at == newest,
            })
            .collect()
    }

    fn event_name(&self) -> Input {
        let draft = self.draft.filter(|draft| draft.place == Place::Event);
        let value = draft.map_or("", |draft| draft.posted.get("event_name"));
        Input::new("events", "event_name", self.ui.t("event-name"), value)
            .mono()
            .required()
            .max(64)
            .placeholder("kyc")
            .error(draft.and_then(|draft| draft.faults.of("event_name")))
    }

    fn summaries(&self) -> BTreeMap<&'static str, String> {
        let (ui, rules) = (self.ui, self.rules);
        let counted = |key: &str, count: usize| match count {
            0 => ui.t("summary-none").into_owned(),
            count => ui.count(key, count).into_owned(),
        };
        let money = match rules.currency {
            Some(currency) => currency.to_string(),
            None => ui.t("summary-no-currency").into_owned(),
        };
        let zone = if rules.time_zone.is_empty() {
            "UTC"
        } else {
            &rules.time_zone
        };
        let access = match (rules.secrets.len(), rules.allowed_ips.len()) {
            (0, 0) => ui.t("summary-open").into_owned(),
            (secrets, 0) => ui.count("summary-secrets", secrets).into_owned(),
            (0, nets) => ui.count("summary-nets", nets).into_owned(),
            (secrets, nets) => format!(
                "{}, {}",
                ui.count("summary-secrets", secrets),
                ui.count("summary-nets", nets)
            ),
        };
        BTreeMap::from([
            ("words", counted("summary-words", rules.events.len())),
            ("statuses", counted("summary-words", rules.statuses.len())),
            ("aliases", counted("summary-aliases", rules.aliases.len())),
            ("money", format!("{money} · {zone}")),
            (
                "sameness",
                ui.coded("repeats-short-", choice_code(rules.repeats.choice))
                    .into_owned(),
            ),
            ("access", access),
            (
                "events",
                counted(
                    "summary-events",
                    self.integration.ruleset.custom_events.len(),
                ),
            ),
            ("general", self.integration.name.clone()),
        ])
    }
}

/// Names of parameters that inputs suggest.
pub(super) fn parameter_names(integration: &Integration) -> Vec<String> {
    let fields = field_keys(integration);
    let canonical = CANONICAL.iter().map(|name| (*name).to_owned());
    canonical
        .chain(fields.into_iter().map(|key| format!("fields.{key}")))
        .collect()
}
