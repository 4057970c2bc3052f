//! Flags: what is odd about a request. A closed set of codes; the sentences live in `locales/`.

use serde::{Deserialize, Serialize};

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// One oddity of a request. The code is the same in the inbox, the API and the metrics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Flag { $($(#[$doc])* $name,)* }

        impl Flag {
            /// Every flag, in the order of their bits. New ones go to the end: the bits are stored.
            pub const ALL: &[Flag] = &[$(Flag::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Flag::$name => $code,)* }
            }
        }
    };
}

flags! {
    /// A value is a macro that nobody filled in.
    MacroUnexpanded = "macro_unexpanded",
    /// The event's name is neither ours nor mapped.
    UnknownEvent = "unknown_event",
    /// The un-edited link of the set-up page: `first_deposit_`, `recurring_deposit_`.
    PlaceholderEvent = "placeholder_event",
    /// A deposit, withdrawal or chargeback without a sum.
    AmountMissing = "amount_missing",
    /// A sum that has no certain reading.
    AmountUnreadable = "amount_unreadable",
    /// A sum that is certain but was not written plainly.
    AmountReinterpreted = "amount_reinterpreted",
    /// More decimals than the currency has.
    AmountPrecision = "amount_precision",
    /// A deposit below zero.
    AmountNegative = "amount_negative",
    /// A sum without a currency.
    CurrencyMissing = "currency_missing",
    /// A currency nobody knows.
    CurrencyUnknown = "currency_unknown",
    /// Counted without a transaction id.
    NoTid = "no_tid",
    /// The transaction id is the clickid.
    TidIsClickid = "tid_is_clickid",
    /// The same transaction id came for another lead.
    TidSeenOnOtherLead = "tid_seen_on_other_lead",
    /// The known event has another sum.
    AmountDiffers = "amount_differs",
    /// Looks like a repeat of an event without a transaction id.
    PossibleRepeat = "possible_repeat",
    /// A repeat deposit came before the first.
    RepeatBeforeFirst = "repeat_before_first",
    /// No custom field has this key.
    FieldUnknown = "field_unknown",
    /// The value does not fit the field's kind.
    FieldInvalid = "field_invalid",
    /// The value was too long and was cut.
    FieldTruncated = "field_truncated",
    /// The partner's time has no reading.
    TimeUnreadable = "time_unreadable",
    /// The partner's time has not come yet.
    TimeInFuture = "time_in_future",
    /// Over thirty days after the click.
    Late = "late",
    /// An alias and the canonical name came with different values.
    AliasConflict = "alias_conflict",
    /// `&amp;` or `¤cy` in the address.
    HtmlEntity = "html_entity",
    /// A second question mark in the address.
    SecondQuestionMark = "second_question_mark",
    /// Blanks or backslashes that came with a copied link.
    StrayCharacters = "stray_characters",
    /// The partner's word for a status is neither ours nor mapped.
    StatusUnknown = "status_unknown",
    /// The player's own id was bound to another lead already.
    PlayerOfOtherLead = "player_of_other_lead",
    /// A person said that it is another event than the one known under its id.
    CountedSeparately = "counted_separately",
}

impl Flag {
    /// The flag with this code.
    pub fn from_code(code: &str) -> Option<Flag> {
        Self::ALL.iter().copied().find(|flag| flag.code() == code)
    }

    /// The bit that stores this flag.
    pub fn bit(self) -> i64 {
        1 << (self as u8)
    }
}

/// A set of flags, stored as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(pub i64);

impl Flags {
    /// Adds one.
    pub fn add(&mut self, flag: Flag) {
        self.0 |= flag.bit();
    }

    /// Adds one where the condition holds.
    pub fn add_if(&mut self, condition: bool, flag: Flag) {
        if condition {
            self.add(flag);
        }
    }

    /// Whether the flag is set.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & flag.bit() != 0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether no flag is set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flags of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL
            .iter()
            .copied()
            .filter(move |flag| self.has(*flag))
    }

    /// Their codes, in order.
    pub fn codes(self) -> Vec<&'static str> {
        self.iter().map(Flag::code).collect()
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let mut set = Flags::default();
        for flag in flags {
            set.add(flag);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_found_again() {
        for (place, flag) in Flag::ALL.iter().enumerate() {
            assert_eq!(Flag::from_code(flag.code()), Some(*flag));
            assert_eq!(flag.bit(), 1 << place);
        }
        let set: Flags = [Flag::NoTid, Flag::Late].into_iter().collect();
        assert_eq!(set.codes(), ["no_tid", "late"]);
    }
}
