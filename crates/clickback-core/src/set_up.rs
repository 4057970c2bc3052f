//! What a workspace may set up: names, parameters, aliases, word maps, access. The API and the pages ask
//! here; what the rules then mean is in `rules`.

use std::net::IpAddr;

use crate::event::EventName;
use crate::macros;
use crate::moment::is_zone;
use crate::postback::{MAX_EVENT_BYTES, net_contains};
use crate::rules::Rules;

/// Characters of a name that people gave.
pub const MAX_NAME_CHARS: usize = 200;
/// Characters of a secret at least.
pub const MIN_SECRET_CHARS: usize = 8;
/// Bytes of any other text of the set-up: macros, words, secrets.
pub const MAX_TEXT_BYTES: usize = 512;
/// Seconds within which an event may look like a repeat: a month.
pub const MAX_REPEAT_SECONDS: i64 = 31 * 86_400;
/// Entries of one list or map of an integration.
pub const MAX_ENTRIES: usize = 500;

/// Names that an alias can lead to besides `fields.KEY`.
pub const CANONICAL: [&str; 9] = [
    "clickid",
    "tracker.event",
    "tracker.cost",
    "tracker.currency",
    "tracker.payout",
    "tracker.payout_currency",
    "tracker.tid",
    "tracker.status",
    "tracker.time",
];

/// Event names that are built in, in the order in which forms list them.
pub const BUILT_IN: [&str; 7] = [
    "registration",
    "sale",
    "resale",
    "deposit",
    "withdrawal",
    "chargeback",
    "commission",
];

/// What cannot be set up like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    #[error("{what} must be 1 to {MAX_NAME_CHARS} characters")]
    Name { what: &'static str },
    #[error("clickid_param `{param}` must be a parameter's name, such as sub4")]
    Param { param: String },
    #[error("the alias `{alias}` leads to `{target}`, which is no parameter of a postback")]
    Alias { alias: String, target: String },
    #[error("the word `{word}` must be written in lower case, without blanks around")]
    Word { word: String },
    #[error("`{net}` in allowed_ips is neither an address nor a network")]
    Address { net: String },
    #[error("a secret must have at least {MIN_SECRET_CHARS} characters")]
    ShortSecret,
    #[error("event must be 1 to {MAX_EVENT_BYTES} bytes, such as registration, sale or resale")]
    Event,
    #[error("`{name}` is built in already")]
    BuiltIn { name: String },
    #[error("time_zone `{zone}` is not known; it is written like Europe/Moscow")]
    TimeZone { zone: String },
    #[error("the window of possible repeats must be 0 to {MAX_REPEAT_SECONDS} seconds")]
    RepeatWindow,
    #[error("`{}` … is longer than {MAX_TEXT_BYTES} bytes", .text)]
    TooLong { text: String },
    #[error("{what} has more than {MAX_ENTRIES} entries")]
    TooMany { what: &'static str },
}

impl SetUpError {
    /// The stable code; pages have a sentence for each.
    pub fn code(&self) -> &'static str {
        match self {
            SetUpError::Name { .. } => "name",
            SetUpError::Param { .. } => "param",
            SetUpError::Alias { .. } => "alias",
            SetUpError::Word { .. } => "word",
            SetUpError::Address { .. } => "address",
            SetUpError::ShortSecret => "short_secret",
            SetUpError::Event => "event",
            SetUpError::BuiltIn { .. } => "built_in",
            SetUpError::TimeZone { .. } => "time_zone",
            SetUpError::RepeatWindow => "repeat_window",
            SetUpError::TooLong { .. } => "too_long",
            SetUpError::TooMany { .. } => "too_many",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 12] = [
        "name",
        "param",
        "alias",
        "word",
        "address",
        "short_secret",
        "event",
        "built_in",
        "time_zone",
        "repeat_window",
        "too_long",
        "too_many",
    ];

    /// The value that it is about; empty where the value is in sight.
    pub fn value(&self) -> &str {
        match self {
            SetUpError::Param { param: value }
            | SetUpError::Alias { target: value, .. }
            | SetUpError::Word { word: value }
            | SetUpError::Address { net: value }
            | SetUpError::BuiltIn { name: value }
            | SetUpError::TimeZone { zone: value }
            | SetUpError::TooLong { text: value } => value,
            _ => "",
        }
    }
}

/// A name that people gave, without blanks around.
pub fn name(text: &str, what: &'static str) -> Result<String, SetUpError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME_CHARS {
        return Err(SetUpError::Name { what });
    }
    Ok(text.to_owned())
}

/// The partner's link parameter that carries our clickid.
pub fn clickid_param(param: &str) -> Result<String, SetUpError> {
    let param = param.trim();
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    if param.is_empty() || param.len() > 64 || !param.chars().all(good) {
        return Err(SetUpError::Param {
            param: short(param),
        });
    }
    Ok(param.to_owned())
}

/// An event's name as postbacks write it, in lower case.
pub fn event(text: &str) -> Result<String, SetUpError> {
    let event = text.trim();
    // A macro that brings the event is the partner's, in the partner's spelling.
    let event = if macros::find(event).is_empty() {
        event.to_lowercase()
    } else {
        event.to_owned()
    };
    if event.is_empty() || event.len() > MAX_EVENT_BYTES {
        return Err(SetUpError::Event);
    }
    Ok(event)
}

/// The name of a custom event.
pub fn custom_event(text: &str) -> Result<String, SetUpError> {
    let name = event(text)?;
    if EventName::built_in(&name).is_some() {
        return Err(SetUpError::BuiltIn { name });
    }
    Ok(name)
}

/// The rules of an integration.
pub fn rules(rules: &Rules) -> Result<(), SetUpError> {
    for (what, length) in [
        ("aliases", rules.aliases.len()),
        ("events", rules.events.len()),
        ("statuses", rules.statuses.len()),
        ("event_statuses", rules.event_statuses.len()),
        ("allowed_ips", rules.allowed_ips.len()),
        ("secrets", rules.secrets.len()),
        ("field_mappings", rules.field_mappings.len()),
    ] {
        if length > MAX_ENTRIES {
            return Err(SetUpError::TooMany { what });
        }
    }
    let texts = rules
        .aliases
        .iter()
        .chain(&rules.events)
        .flat_map(|(word, name)| [word, name])
        .chain(rules.statuses.keys())
        .chain(rules.event_statuses.keys())
        .chain(&rules.secrets)
        .chain(rules.field_mappings.iter().map(|one| &one.macro_text));
    if let Some(text) = texts.into_iter().find(|text| text.len() > MAX_TEXT_BYTES) {
        return Err(SetUpError::TooLong { text: short(text) });
    }
    for (alias, target) in &rules.aliases {
        if !CANONICAL.contains(&target.as_str()) && !target.starts_with("fields.") {
            return Err(SetUpError::Alias {
                alias: alias.clone(),
                target: target.clone(),
            });
        }
    }
    if let Some(word) = rules
        .events
        .keys()
        .chain(rules.statuses.keys())
        .chain(rules.event_statuses.keys())
        .find(|word| word.is_empty() || **word != word.trim().to_lowercase())
    {
        return Err(SetUpError::Word { word: word.clone() });
    }
    if let Some(net) = rules.allowed_ips.iter().find(|net| !is_network(net)) {
        return Err(SetUpError::Address { net: short(net) });
    }
    if rules
        .secrets
        .iter()
        .any(|secret| secret.len() < MIN_SECRET_CHARS)
    {
        return Err(SetUpError::ShortSecret);
    }
    if !rules.time_zone.is_empty() && !is_zone(&rules.time_zone) {
        return Err(SetUpError::TimeZone {
            zone: short(&rules.time_zone),
        });
    }
    if !(0..=MAX_REPEAT_SECONDS).contains(&rules.repeats.window_seconds) {
        return Err(SetUpError::RepeatWindow);
    }
    Ok(())
}

/// Whether a text is an address or a network in CIDR notation.
pub fn is_network(net: &str) -> bool {
    let address = net.split('/').next().unwrap_or_default();
    address
        .parse::<IpAddr>()
        .is_ok_and(|ip| net_contains(net, ip))
}

/// Enough of a text to know it again.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters() {
        assert_eq!(name("  1win  ", "name").as_deref(), Ok("1win"));
        for wrong in ["", "   ", &"x".repeat(201)] {
            assert!(name(wrong, "name").is_err(), "{wrong}");
        }
        for (text, good) in [
            ("sub4", true),
            (" aff_sub[1] ", true),
            ("", false),
            ("sub 4", false),
            ("{sub4}", false),
            ("sub&x", false),
        ] {
            assert_eq!(clickid_param(text).is_ok(), good, "{text}");
        }
        assert_eq!(event(" Sale ").as_deref(), Ok("sale"));
        assert!(event(&"x".repeat(65)).is_err());
        assert_eq!(custom_event("KYC").as_deref(), Ok("kyc"));
        assert!(custom_event("sale").is_err());
    }

    #[test]
    fn rules_are_checked() {
        let cases = [
            ("{}", ""),
            (
                r#"{"aliases":{"sum":"tracker.cost","geo":"fields.geo"}}"#,
                "",
            ),
            (r#"{"aliases":{"sum":"cost"}}"#, "alias"),
            (r#"{"aliases":{"sum":"secret"}}"#, "alias"),
            (r#"{"events":{"FTD":"sale"}}"#, "word"),
            (r#"{"statuses":{" ok":"approved"}}"#, "word"),
            (r#"{"statuses":{"":"approved"}}"#, "word"),
            (r#"{"allowed_ips":["10.0.0.0/8","::1","192.0.2.1"]}"#, ""),
            (r#"{"allowed_ips":["10.0.0.0/33"]}"#, "address"),
            (r#"{"allowed_ips":["example.com"]}"#, "address"),
            (r#"{"secrets":["12345678"]}"#, ""),
            (r#"{"secrets":["1234567"]}"#, "short_secret"),
            (r#"{"time_zone":"Europe/Moscow"}"#, ""),
            (r#"{"time_zone":"Moscow"}"#, "time_zone"),
            (
                r#"{"repeats":{"window_seconds":-1,"choice":"hold"}}"#,
                "repeat_window",
            ),
        ];
        for (text, code) in cases {
            let given: Rules = serde_json::from_str(text).unwrap();
            let found = rules(&given).err().map_or("", |error| error.code());
            assert_eq!(found, code, "{text}");
        }
        let mut long = Rules::default();
        long.aliases.insert("x".repeat(513), "clickid".to_owned());
        assert_eq!(rules(&long).unwrap_err().code(), "too_long");
        let many = Rules {
            allowed_ips: vec!["::1".to_owned(); 501],
            ..Rules::default()
        };
        assert_eq!(rules(&many).unwrap_err().code(), "too_many");
    }
}
