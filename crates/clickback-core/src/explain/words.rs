//! What a parameter can mean and what can become of it: two closed sets with stable codes.

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::moment::Moment;
use crate::money::Amount;
use crate::rules::Ruleset;

/// What a parameter is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Clickid,
    Event,
    Amount,
    Currency,
    Payout,
    PayoutCurrency,
    Tid,
    Status,
    Time,
    /// The custom field with this key.
    Field(String),
    Secret,
    /// Nothing to us: kept with the request.
    Kept,
}

impl Meaning {
    /// Every code, in the order of the variants.
    pub const CODES: [&'static str; 12] = [
        "clickid",
        "event",
        "amount",
        "currency",
        "payout",
        "payout_currency",
        "tid",
        "status",
        "time",
        "field",
        "secret",
        "kept",
    ];

    /// What the name means under these rules: aliases and field prefixes included.
    pub fn of(name: &str, rules: &Ruleset) -> Meaning {
        match rules.canonical(name).unwrap_or(name) {
            "clickid" => Meaning::Clickid,
            "tracker.event" => Meaning::Event,
            "tracker.cost" => Meaning::Amount,
            "tracker.currency" => Meaning::Currency,
            "tracker.payout" => Meaning::Payout,
            "tracker.payout_currency" => Meaning::PayoutCurrency,
            "tracker.tid" => Meaning::Tid,
            "tracker.status" => Meaning::Status,
            "tracker.time" => Meaning::Time,
            other if other.eq_ignore_ascii_case("secret") => Meaning::Secret,
            other => other
                .strip_prefix("fields.")
                .or_else(|| other.strip_prefix("details."))
                .map_or(Meaning::Kept, |key| {
                    Meaning::Field(key.to_ascii_lowercase())
                }),
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        let place = match self {
            Meaning::Clickid => 0,
            Meaning::Event => 1,
            Meaning::Amount => 2,
            Meaning::Currency => 3,
            Meaning::Payout => 4,
            Meaning::PayoutCurrency => 5,
            Meaning::Tid => 6,
            Meaning::Status => 7,
            Meaning::Time => 8,
            Meaning::Field(_) => 9,
            Meaning::Secret => 10,
            Meaning::Kept => 11,
        };
        Self::CODES[place]
    }
}

/// What became of a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Taken as it stands.
    Text(String),
    Event(EventName),
    Amount(Amount, Option<Currency>),
    Currency(Currency),
    Status(Status),
    Time(Moment),
    /// A macro that nobody filled in: not used.
    Macro,
    /// Empty: as if it were not there.
    Blank,
    /// There is no certain reading: not used.
    Unreadable,
    /// A broken escape or bytes that are no text.
    Broken,
    /// Beyond the limit.
    TooLong,
    /// A word for nothing, a parameter's own name, or the click's id where a transaction's belongs.
    Unusable,
    /// Another parameter of the same meaning was used instead.
    Superseded,
    /// The same name came with another value: nobody knows which is right.
    Conflict,
    /// Compared, never shown.
    Hidden,
    /// Kept with the request.
    Kept,
}

impl Outcome {
    /// The codes of outcomes that carry no value of their own.
    pub const PLAIN_CODES: [&'static str; 10] = [
        "macro",
        "blank",
        "unreadable",
        "broken",
        "too_long",
        "unusable",
        "superseded",
        "conflict",
        "hidden",
        "kept",
    ];

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Text(_) => "text",
            Outcome::Event(_) => "event",
            Outcome::Amount(..) => "amount",
            Outcome::Currency(_) => "currency",
            Outcome::Status(_) => "status",
            Outcome::Time(_) => "time",
            Outcome::Macro => "macro",
            Outcome::Blank => "blank",
            Outcome::Unreadable => "unreadable",
            Outcome::Broken => "broken",
            Outcome::TooLong => "too_long",
            Outcome::Unusable => "unusable",
            Outcome::Superseded => "superseded",
            Outcome::Conflict => "conflict",
            Outcome::Hidden => "hidden",
            Outcome::Kept => "kept",
        }
    }
}
