//! The catalogue of partner programs: one TOML file each, read and checked here.
//! Nothing in a file is guessed: what was not seen stays empty.

use serde::{Deserialize, Serialize};

use crate::event::EventName;
use crate::field::{FieldKind, check_key};
use crate::rules::{ConfigurationRules, Rules};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub en: String,
    pub ru: String,
}

/// Whether the integration works out of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    Ready,
    Soon,
}

/// How well the facts are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The partner's own text.
    Documented,
    /// A tracker's or network's template shows it.
    FromTrackerTemplate,
    /// Derived from the platform behind the program.
    Inferred,
}

/// Where the clickid travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickidChoice {
    /// Parameters of the partner's links that can carry it.
    pub params: Vec<String>,
    /// The one to begin with.
    pub default: String,
    /// How the partner writes the macro of such a parameter: `{macro}`, `#macro#` …
    pub pattern: String,
}

/// One postback configuration that the integration begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPostback {
    pub name: Words,
    pub event: String,
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

/// A request as the partner sends it and what it must become; tests send every one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Everything behind the `?`.
    pub query: String,
    pub kind: String,
    #[serde(default)]
    pub amount: Option<String>,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub tid: Option<String>,
    #[serde(default)]
    pub flags: Vec<String>,
}

/// One partner program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    pub slug: String,
    pub name: String,
    pub category: String,
    pub readiness: Readiness,
    pub confidence: Confidence,
    /// Addresses of the texts that show it.
    pub sources: Vec<String>,
    /// What a user should know before pasting.
    #[serde(default)]
    pub notes: Option<Words>,
    pub clickid: ClickidChoice,
    #[serde(default)]
    pub rules: Rules,
    #[serde(default)]
    pub postbacks: Vec<PartnerPostback>,
    #[serde(default)]
    pub fields: Vec<PartnerField>,
    #[serde(default)]
    pub samples: Vec<Sample>,
}

/// Why a partner file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartnerError {
    #[error("{0}")]
    Syntax(String),
    #[error("{0}")]
    Content(String),
}

impl Partner {
    /// Reads one file and checks what a later step would stumble over.
    pub fn parse(text: &str) -> Result<Partner, PartnerError> {
        let partner: Partner =
            toml::from_str(text).map_err(|error| PartnerError::Syntax(error.to_string()))?;
        let content = |message: String| Err(PartnerError::Content(message));
        if partner.slug.is_empty()
            || !partner
                .slug
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return content(format!("slug `{}` must be a-z, 0-9 and -", partner.slug));
        }
        if partner.sources.is_empty() {
            return content("`sources` must name where the facts were seen".to_owned());
        }
        for field in &partner.fields {
            check_key(&field.key).map_err(|error| PartnerError::Content(error.to_string()))?;
        }
        if partner.readiness == Readiness::Ready {
            if !partner.clickid.params.contains(&partner.clickid.default) {
                return content("`clickid.default` must be one of `clickid.params`".to_owned());
            }
            if !partner.clickid.pattern.contains("macro") {
                return content("`clickid.pattern` must contain the word `macro`".to_owned());
            }
            if partner.postbacks.is_empty() || partner.samples.is_empty() {
                return content("a ready partner needs `postbacks` and `samples`".to_owned());
            }
        }
        for postback in &partner.postbacks {
            let known = EventName::built_in(&postback.event).is_some()
                || partner.rules.events.contains_key(&postback.event);
            if !known {
                return content(format!(
                    "event `{}` is neither built in nor in `rules.events`",
                    postback.event
                ));
            }
        }
        Ok(partner)
    }
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
    vec![
        PartnerPostback {
            name: words("Registration", "Регистрация"),
            event: "registration".to_owned(),
            rules: ConfigurationRules::default(),
        },
        PartnerPostback {
            name: words("First deposit", "Первый депозит"),
            event: "sale".to_owned(),
            rules: money(),
        },
        PartnerPostback {
            name: words("Recurring deposit", "Повторный депозит"),
            event: "resale".to_owned(),
            rules: money(),
        },
    ]
}
