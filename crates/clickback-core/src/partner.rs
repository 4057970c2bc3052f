//! The catalogue of partner programs: one TOML file each. What a file can say is here; its closed sets
//! are in `partner/words.rs`, what a good file must hold in `partner/check.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::FieldKind;
use crate::link;
use crate::rules::{ConfigurationRules, CustomEvent, Rules};

mod check;
mod words;

pub use self::check::PartnerError;
pub use self::words::{Category, Confidence, Missing, PartnerKind, Quirk, Readiness, Role};

/// The clickid in samples; tests put a real lead's in its place.
pub const SAMPLE_CLICKID: &str = "8f3k2m1p9x";

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub en: String,
    pub ru: String,
}

impl Words {
    /// The text in the language with this two-letter code; English unless it is `ru`.
    pub fn in_language(&self, code: &str) -> &str {
        if code == "ru" { &self.ru } else { &self.en }
    }
}

/// Where a fact was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Macros refer to it.
    pub key: String,
    /// The text's address, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the text is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A macro of the partner, what it is filled with, and where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacroFact {
    pub role: Role,
    /// With its brackets, as it stands in a postback URL.
    #[serde(rename = "macro")]
    pub text: String,
    /// Key of the source that shows it.
    pub source: String,
    /// Why it is not certain, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weak: Option<Words>,
    /// A value as the partner sends it, where the usual one of the role would not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// Where the clickid travels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClickidChoice {
    /// Parameters of the partner's links that can carry it.
    pub params: Vec<String>,
    /// The one to begin with.
    pub default: String,
    /// How the partner writes the macro of such a parameter: `{macro}`, `#macro#` …
    pub pattern: String,
    /// Parameter → macro, where the macro has another name than the parameter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub macros: BTreeMap<String, String>,
}

impl ClickidChoice {
    /// What the partner puts into a postback for this parameter of its link.
    pub fn macro_for(&self, param: &str) -> String {
        match self.macros.get(param.trim()) {
            Some(text) => text.clone(),
            None => link::macro_of(param, &self.pattern),
        }
    }
}

/// What a user types into the partner's cabinet besides a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The cabinet's name of the field.
    pub label: Words,
    pub value: String,
}

/// One postback configuration that the integration begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPostback {
    pub name: Words,
    /// An event, or the partner's macro for it where one URL reports all of them.
    pub event: String,
    /// The field of the cabinet where the URL goes, where that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Words>,
    /// What else to type there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fill: Vec<Fill>,
    #[serde(default)]
    pub rules: ConfigurationRules,
}

/// A custom field that the integration creates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerField {
    pub key: String,
    pub name: Words,
    pub kind: FieldKind,
}

/// Bounds of the partner's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Characters that the clickid's parameter holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickid_chars: Option<u32>,
    /// Postback URLs of one affiliate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postbacks: Option<u32>,
}

/// A request as the partner sends it and what it must become; tests send every one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sample {
    /// Everything behind the `?`.
    pub query: String,
    /// The event at the end of the path, in the form that has it there.
    pub path: Option<String>,
    /// A form that is posted.
    pub body: Option<String>,
    /// Queries that the same lead's partner sent before.
    pub after: Vec<String>,
    /// What becomes of the request; `accepted` unless said.
    pub verdict: Option<String>,
    pub kind: Option<String>,
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub payout: Option<String>,
    pub payout_currency: Option<String>,
    pub tid: Option<String>,
    /// `approved` unless said.
    pub status: Option<String>,
    /// Custom fields of the lead afterwards.
    pub fields: BTreeMap<String, String>,
    pub flags: Vec<String>,
}

/// One partner program, platform or tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    pub slug: String,
    pub name: String,
    /// The name in each language, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Words>,
    #[serde(default)]
    pub kind: PartnerKind,
    /// Slug of the platform that the program runs on, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_on: Option<String>,
    pub category: Category,
    pub readiness: Readiness,
    pub confidence: Confidence,
    /// The texts that show it.
    pub sources: Vec<Source>,
    #[serde(default)]
    pub macros: Vec<MacroFact>,
    /// What a user should know before pasting.
    #[serde(default)]
    pub notes: Vec<Words>,
    #[serde(default)]
    pub quirks: Vec<Quirk>,
    #[serde(default)]
    pub limits: Limits,
    /// What nobody has seen yet; empty for a ready partner.
    #[serde(default)]
    pub missing: Vec<Missing>,
    #[serde(default)]
    pub clickid: ClickidChoice,
    #[serde(default)]
    pub rules: Rules,
    /// Custom events that the integration creates.
    #[serde(default)]
    pub events: Vec<CustomEvent>,
    #[serde(default)]
    pub postbacks: Vec<PartnerPostback>,
    #[serde(default)]
    pub fields: Vec<PartnerField>,
    #[serde(default)]
    pub samples: Vec<Sample>,
}

impl Partner {
    /// Reads one file and checks what a later step would stumble over.
    pub fn parse(text: &str) -> Result<Partner, PartnerError> {
        check::parse(text)
    }

    /// The name in the language with this two-letter code.
    pub fn name_in(&self, code: &str) -> &str {
        match &self.names {
            Some(names) => names.in_language(code),
            None => &self.name,
        }
    }

    /// Whether the integration works out of the box.
    pub fn is_ready(&self) -> bool {
        self.readiness == Readiness::Ready
    }
}

/// The name of a postback configuration in the language with this two-letter code: as long as it is one
/// that the program prepared for this event, in whichever language, it is shown in the reader's; what
/// somebody renamed stays as it is.
pub fn prepared_name(partner: Option<&Partner>, event: &str, name: &str, code: &str) -> String {
    let usual = usual_postbacks();
    let own = partner.into_iter().flat_map(|partner| &partner.postbacks);
    own.chain(&usual)
        .filter(|postback| postback.event == event)
        .find(|postback| postback.name.en == name || postback.name.ru == name)
        .map_or(name, |postback| postback.name.in_language(code))
        .to_owned()
}

/// The three postbacks that a custom integration begins with.
pub fn usual_postbacks() -> Vec<PartnerPostback> {
    let words = |en: &str, ru: &str| Words {
        en: en.to_owned(),
        ru: ru.to_owned(),
    };
    let money = || {
        let params = [
            ("tracker.cost", "{amount}"),
            ("tracker.currency", "usd"),
            ("tracker.tid", "{event_id}"),
        ];
        ConfigurationRules {
            params: params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..ConfigurationRules::default()
        }
    };
    let postback = |name: Words, event: &str, rules: ConfigurationRules| PartnerPostback {
        name,
        event: event.to_owned(),
        place: None,
        fill: Vec::new(),
        rules,
    };
    vec![
        postback(
            words("Registration", "Регистрация"),
            "registration",
            ConfigurationRules::default(),
        ),
        postback(words("First deposit", "Первый депозит"), "sale", money()),
        postback(
            words("Recurring deposit", "Повторный депозит"),
            "resale",
            money(),
        ),
    ]
}

#[cfg(test)]
mod tests;
