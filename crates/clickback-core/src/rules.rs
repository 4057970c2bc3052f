//! What a workspace has set up for one integration: aliases, word maps, modes, money, access.
//! [`Rules`] is the stored shape; [`Ruleset`] is the compiled one that the hot path reads.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::field::FieldKind;
use crate::ids::FieldId;
use crate::money::Amount;

/// What the partner's transaction id means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TidMeaning {
    /// One id per transaction: a key of sameness.
    #[default]
    Transaction,
    /// The click's id under another name: no key.
    Click,
}

/// What happens to a second postback for what may be the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The transaction id tells events apart.
    #[default]
    ByTid,
    /// One event per lead, whatever the id.
    FirstOnly,
    /// Every request is an event; only a byte-identical resend within ten minutes is dropped.
    AlwaysNew,
    /// The last sum wins, the history is kept.
    Update,
}

/// What to do with an event that looks like a repeat but has no transaction id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatChoice {
    #[default]
    Count,
    Hold,
    Drop,
}

/// When an event without a transaction id looks like a repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repeats {
    /// Seconds within which the same lead, group, sum and currency look like a repeat.
    pub window_seconds: i64,
    pub choice: RepeatChoice,
}

impl Default for Repeats {
    fn default() -> Self {
        Self {
            window_seconds: 600,
            choice: RepeatChoice::Count,
        }
    }
}

/// Where our earnings for an event come from when the request does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Payout {
    #[default]
    None,
    Fixed {
        amount: Amount,
        #[serde(default)]
        currency: Option<Currency>,
    },
    /// Taken from a named parameter of the request.
    Parameter { name: String },
}

/// Rules of a whole integration, as stored and as the API takes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Currency of sums that come without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// IANA name; times without an offset are read in it. Empty is UTC.
    pub time_zone: String,
    pub tid_means: TidMeaning,
    /// The partner's parameter name → ours, e.g. `sum` → `tracker.cost`.
    pub aliases: BTreeMap<String, String>,
    /// The partner's word (lower case) → event name, e.g. `firstdeposit` → `sale`.
    pub events: BTreeMap<String, String>,
    /// The partner's word (lower case) → status.
    pub statuses: BTreeMap<String, Status>,
    /// The partner's word for an event (lower case) → the status that goes with it, where no status
    /// is sent: one parameter of some partners says both.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub event_statuses: BTreeMap<String, Status>,
    /// Name of a parameter → event word: the parameter with a true value (`reg=true`) says that the
    /// event happened, where none is named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub event_params: BTreeMap<String, String>,
    /// The event word of a request that names none; empty refuses it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_event: String,
    /// Event name → the parameter that carries its sum, where `tracker.cost` does not come.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<String, String>,
    /// Event name → mode, where it is not `by_tid`.
    pub modes: BTreeMap<String, Mode>,
    pub repeats: Repeats,
    /// Valid values of the `secret` parameter; empty asks for none. Two while one is being replaced.
    pub secrets: Vec<String>,
    /// Addresses or networks (CIDR) that may send; empty allows all.
    pub allowed_ips: Vec<String>,
    /// Custom field that carries the partner's player id: binds it to the lead, and finds the lead
    /// by it when the clickid is not usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_field: Option<String>,
    /// Custom field key ← the partner's macro; part of every postback URL.
    pub field_mappings: Vec<FieldMapping>,
}

/// One row of the field mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// Key of the custom field.
    pub field: String,
    /// The partner's macro, e.g. `{user_id}`.
    #[serde(rename = "macro")]
    pub macro_text: String,
}

/// How the URL of a postback configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrlForm {
    /// Event, clickid and parameters with the partner's macros in the query.
    #[default]
    Macros,
    /// The event and what is constant in the query; the partner adds its own parameters.
    Constants,
    /// The event at the end of the path and no query, for partners that begin one themselves.
    Path,
    /// No query and no event: the partner's own parameters say everything.
    Bare,
}

impl UrlForm {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    fn is_usual(&self) -> bool {
        *self == UrlForm::Macros
    }
}

/// Rules of one postback configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigurationRules {
    /// Parameters of the URL besides event and clickid: (`tracker.cost`, `{amount}`) …
    pub params: Vec<(String, String)>,
    #[serde(skip_serializing_if = "UrlForm::is_usual")]
    pub url: UrlForm,
    /// Currency of this event's sums where the request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub payout: Payout,
    /// Status of a first sight without one; approved unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_status: Option<Status>,
}

impl ConfigurationRules {
    /// The parameters of its URL: its own, the integration's field mapping, the newest secret.
    pub fn url_params(&self, rules: &Rules) -> Vec<(String, String)> {
        let mut params = self.params.clone();
        for mapping in &rules.field_mappings {
            let name = format!("fields.{}", mapping.field);
            if !params.iter().any(|(known, _)| *known == name) {
                params.push((name, mapping.macro_text.clone()));
            }
        }
        if let Some(secret) = rules.secrets.last() {
            params.push(("secret".to_owned(), secret.clone()));
        }
        params
    }
}

/// A custom event of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomEvent {
    pub name: String,
    pub counts_money: bool,
}

/// A custom field as the hot path needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    pub id: FieldId,
    pub kind: FieldKind,
    pub options: Vec<String>,
}

/// Everything that judging one integration's requests needs, compiled once per change.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    pub rules: Rules,
    pub clickid_param: String,
    /// Event name → rules of its configuration.
    pub configurations: HashMap<String, ConfigurationRules>,
    /// Custom events of the workspace by name.
    pub custom_events: HashMap<String, CustomEvent>,
    /// Custom fields of the workspace by key.
    pub fields: HashMap<String, FieldSpec>,
}

/// Status words that mean the same everywhere; an integration's own map comes first.
const STATUS_WORDS: &[(Status, &[&str])] = &[
    (
        Status::Approved,
        &[
            "approved",
            "approve",
            "confirmed",
            "confirm",
            "accepted",
            "paid",
            "success",
            "completed",
        ],
    ),
    (
        Status::Pending,
        &["pending", "hold", "wait", "waiting", "new", "processing"],
    ),
    (
        Status::Rejected,
        &[
            "rejected",
            "reject",
            "declined",
            "decline",
            "cancelled",
            "canceled",
            "cancel",
            "trash",
            "fraud",
        ],
    ),
];

impl Ruleset {
    /// The name that a parameter's name is an alias of, if the integration says so.
    pub fn canonical<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.rules.aliases.get(name).map(String::as_str)
    }

    /// Whether a parameter name means something here (used to repair doubled question marks).
    pub fn knows(&self, name: &str) -> bool {
        let carries_payout = |rules: &ConfigurationRules| matches!(&rules.payout, Payout::Parameter { name: carrier } if carrier == name);
        matches!(name, "clickid" | "secret")
            || name.starts_with("tracker.")
            || name.starts_with("fields.")
            || name.starts_with("details.")
            || self.rules.aliases.contains_key(name)
            || self.rules.event_params.contains_key(name)
            || self.rules.amounts.values().any(|carrier| carrier == name)
            || self.configurations.values().any(carries_payout)
    }

    /// The event a partner's word stands for; `word` is trimmed lower case.
    pub fn event(&self, word: &str) -> EventName {
        let name = self.rules.events.get(word).map_or(word, String::as_str);
        if let Some(built_in) = EventName::built_in(name) {
            return built_in;
        }
        match self.custom_events.get(name) {
            Some(custom) => EventName::Custom {
                name: custom.name.clone(),
                counts_money: custom.counts_money,
            },
            None => EventName::Other {
                name: name.to_owned(),
            },
        }
    }

    /// The status a partner's word stands for; `word` is trimmed lower case. Holding an event is
    /// Clickback's own doing: a partner's word that is mapped to it means pending.
    pub fn status(&self, word: &str) -> Option<Status> {
        let mapped = self.rules.statuses.get(word).map(|status| match status {
            Status::Held => Status::Pending,
            status => *status,
        });
        mapped.or_else(|| {
            STATUS_WORDS
                .iter()
                .find(|(_, words)| words.contains(&word))
                .map(|(status, _)| *status)
        })
    }

    /// The mode of an event.
    pub fn mode(&self, event: &EventName) -> Mode {
        if self.rules.modes.is_empty() {
            return Mode::ByTid;
        }
        self.rules
            .modes
            .get(event.as_str())
            .copied()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruleset() -> Ruleset {
        let rules: Rules = toml::from_str(
            "aliases = { sum = 'tracker.cost' }\n\
             event_params = { reg = 'registration' }\n\
             amounts = { withdrawal = 'sumwithdraw' }\n\
             events = { ftd = 'sale', up = 'level' }\n\
             statuses = { approved = 'rejected', look = 'held' }\n\
             modes = { sale = 'first_only', level = 'update' }",
        )
        .unwrap();
        let configuration = ConfigurationRules {
            payout: Payout::Parameter {
                name: "reward".to_owned(),
            },
            ..ConfigurationRules::default()
        };
        let level = CustomEvent {
            name: "level".to_owned(),
            counts_money: false,
        };
        Ruleset {
            rules,
            configurations: HashMap::from([("sale".to_owned(), configuration)]),
            custom_events: HashMap::from([("level".to_owned(), level)]),
            ..Ruleset::default()
        }
    }

    #[test]
    fn known_names() {
        let rows = [
            ("clickid", true),
            ("secret", true),
            ("tracker.anything", true),
            ("fields.x", true),
            ("details.x", true),
            ("sum", true),
            ("reward", true),
            ("reg", true),
            ("sumwithdraw", true),
            ("withdrawal", false),
            ("rewards", false),
            ("field.x", false),
            ("", false),
        ];
        for (name, known) in rows {
            assert_eq!(ruleset().knows(name), known, "{name}");
        }
    }

    #[test]
    fn words() {
        let rules = ruleset();
        let events = [
            ("ftd", "sale", Mode::FirstOnly),
            ("sale", "sale", Mode::FirstOnly),
            ("up", "level", Mode::Update),
            ("level", "level", Mode::Update),
            ("resale", "resale", Mode::ByTid),
            ("nobody", "nobody", Mode::ByTid),
        ];
        for (word, name, mode) in events {
            let event = rules.event(word);
            assert_eq!((event.as_str(), rules.mode(&event)), (name, mode), "{word}");
        }
        let statuses = [
            ("approved", Some(Status::Rejected)),
            ("paid", Some(Status::Approved)),
            ("hold", Some(Status::Pending)),
            ("look", Some(Status::Pending)),
            ("fraud", Some(Status::Rejected)),
            ("held", None),
            ("", None),
        ];
        for (word, status) in statuses {
            assert_eq!(rules.status(word), status, "{word}");
        }
        assert_eq!(Ruleset::default().mode(&EventName::Sale), Mode::ByTid);
    }

    #[test]
    fn no_word_has_two_meanings() {
        let mut all: Vec<&str> = STATUS_WORDS
            .iter()
            .flat_map(|(_, words)| words.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn stored_rules_come_back() {
        let rules = ruleset().rules;
        let text = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), rules);
        assert_eq!(
            serde_json::from_str::<Rules>("{}").unwrap(),
            Rules::default()
        );
        for wrong in [
            r#"{"curency":"USD"}"#,
            r#"{"tid_means":"order"}"#,
            r#"{"modes":{"sale":"twice"}}"#,
        ] {
            assert!(serde_json::from_str::<Rules>(wrong).is_err(), "{wrong}");
        }
    }
}
