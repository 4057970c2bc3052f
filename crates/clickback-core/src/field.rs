//! Custom fields of leads: kinds, keys, and whether a value fits. Storing them is the store's work.

use serde::{Deserialize, Serialize};

use crate::money::{AmountReading, read_amount};

/// Kinds of custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    LongText,
    Link,
    Number,
    Date,
    Select,
    Multiselect,
    Boolean,
}

impl FieldKind {
    /// Every kind, in the order forms list them.
    pub const ALL: [FieldKind; 8] = [
        FieldKind::Text,
        FieldKind::LongText,
        FieldKind::Link,
        FieldKind::Number,
        FieldKind::Date,
        FieldKind::Select,
        FieldKind::Multiselect,
        FieldKind::Boolean,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::LongText => "long_text",
            FieldKind::Link => "link",
            FieldKind::Number => "number",
            FieldKind::Date => "date",
            FieldKind::Select => "select",
            FieldKind::Multiselect => "multiselect",
            FieldKind::Boolean => "boolean",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<FieldKind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether a value fits. What does not fit is still stored as it came, and flagged.
    pub fn fits(self, value: &str, options: &[String]) -> bool {
        let value = value.trim();
        match self {
            FieldKind::Text | FieldKind::LongText => true,
            FieldKind::Link => url::Url::parse(value)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "tg")),
            FieldKind::Number => {
                matches!(
                    read_amount(value, None),
                    AmountReading::Plain(_) | AmountReading::Reinterpreted(_)
                )
            }
            FieldKind::Date => {
                value.parse::<jiff::Timestamp>().is_ok()
                    || value.parse::<jiff::civil::DateTime>().is_ok()
                    || value.parse::<jiff::civil::Date>().is_ok()
            }
            FieldKind::Select => options.iter().any(|option| option == value),
            FieldKind::Multiselect => value
                .split(',')
                .all(|part| options.iter().any(|option| option == part.trim())),
            FieldKind::Boolean => {
                matches!(
                    value.to_lowercase().as_str(),
                    "true" | "false" | "yes" | "no" | "1" | "0" | "да" | "нет"
                )
            }
        }
    }
}

/// Why a text is not a field key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field key `{0}` must be 1–64 characters of a-z, 0-9 and _")]
pub struct BadKey(pub String);

/// Checks a field key: `[a-z0-9_]{1,64}`.
pub fn check_key(key: &str) -> Result<(), BadKey> {
    let shape = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&key.len()) && key.bytes().all(shape) {
        Ok(())
    } else {
        Err(BadKey(key.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_kind() {
        let options = vec!["vip".to_owned(), "new".to_owned()];
        let cases = [
            (FieldKind::Text, "anything", true),
            (FieldKind::Link, "https://пример.рф/a", true),
            (FieldKind::Link, "javascript:alert(1)", false),
            (FieldKind::Number, "12.50", true),
            (FieldKind::Number, "1 234,56", true),
            (FieldKind::Number, "a lot", false),
            (FieldKind::Date, "2030-01-30T10:20:30Z", true),
            (FieldKind::Date, "2030-01-30", true),
            (FieldKind::Date, "30.01.2030", false),
            (FieldKind::Select, "vip", true),
            (FieldKind::Select, "VIP", false),
            (FieldKind::Multiselect, "vip, new", true),
            (FieldKind::Multiselect, "vip, old", false),
            (FieldKind::Boolean, "Да", true),
            (FieldKind::Boolean, "maybe", false),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(kind.fits(value, &options), expected, "{kind:?} {value}");
        }
    }

    #[test]
    fn keys() {
        for (key, good) in [
            ("user_id", true),
            ("a", true),
            ("", false),
            ("User", false),
            ("имя", false),
        ] {
            assert_eq!(check_key(key).is_ok(), good, "{key}");
        }
        assert!(check_key(&"x".repeat(65)).is_err());
    }
}
