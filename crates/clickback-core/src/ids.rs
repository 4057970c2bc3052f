//! Identifiers: newtypes, their text form, and the sequence that makes time-ordered ids.
//! Nothing here knows what the rows contain.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds of 2025-01-01T00:00:00Z: time-ordered ids count from here.
const EPOCH_MILLIS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 8;
const COUNTER_BITS: u32 = 13;
/// What an id has room for: until the year 2164.
const MAX_MILLIS: i64 = (1 << (63 - NODE_BITS - COUNTER_BITS)) - 1;
const MAX_COUNTER: i64 = (1 << COUNTER_BITS) - 1;
/// Crockford's base 32 in lower case: no i, l, o, u, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LEN: usize = 13;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id")]
pub struct BadId(pub String);

/// Thirteen base-32 characters; texts sort as the numbers do.
fn to_text(id: i64) -> String {
    let mut rest = id.cast_unsigned();
    let mut text = [b'0'; TEXT_LEN];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[usize::try_from(rest & 31).unwrap_or(0)];
        rest >>= 5;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

fn from_text(text: &str) -> Result<i64, BadId> {
    let bad = || BadId(text.chars().take(40).collect());
    if text.len() != TEXT_LEN {
        return Err(bad());
    }
    let mut value: u64 = 0;
    for byte in text.bytes() {
        let lower = byte.to_ascii_lowercase();
        let digit = ALPHABET
            .iter()
            .position(|known| *known == lower)
            .ok_or_else(bad)?;
        value = value
            .checked_mul(32)
            .and_then(|high| high.checked_add(digit as u64))
            .ok_or_else(bad)?;
    }
    i64::try_from(value).map_err(|_| bad())
}

macro_rules! long_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_text(self.0))
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                from_text(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&to_text(self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.parse().map(Self).map_err(|_| BadId(text.chars().take(40).collect()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// Accepts the text form and a bare number: people write both.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Form {
                    Number(i64),
                    Text(String),
                }
                match Form::deserialize(deserializer)? {
                    Form::Number(number) => Ok(Self(number)),
                    Form::Text(text) => text.parse().map_err(serde::de::Error::custom),
                }
            }
        }
    };
}

long_id!(
    /// One request to a postback URL. The event that a request makes carries the same number.
    RequestId
);
long_id!(
    /// One event of a lead.
    EventId
);
long_id!(
    /// One lead.
    LeadId
);
short_id!(
    /// One workspace: everything one team owns.
    WorkspaceId
);
short_id!(
    /// One integration of a workspace.
    IntegrationId
);
short_id!(
    /// One postback configuration of an integration.
    ConfigurationId
);
short_id!(
    /// One custom field of a workspace.
    FieldId
);
short_id!(
    /// One registration link.
    LinkId
);
short_id!(
    /// One API token.
    TokenId
);
short_id!(
    /// One person who logs in.
    UserId
);

impl RequestId {
    /// The event made by this request.
    pub fn event(self) -> EventId {
        EventId(self.0)
    }
}

/// Makes 63-bit ids that grow with time: 42 bits of milliseconds, 8 of node, 13 of counter.
/// Two nodes never make the same id; one node never makes one twice, also when its clock steps back.
#[derive(Debug, Clone)]
pub struct IdSequence {
    node: i64,
    millis: i64,
    counter: i64,
}

impl IdSequence {
    /// A sequence for one node (0–255) of an installation.
    pub fn new(node: u8) -> Self {
        Self {
            node: i64::from(node),
            millis: 0,
            counter: 0,
        }
    }

    /// Makes ids of this node (0–255) from now on.
    pub fn belong_to(&mut self, node: u8) {
        self.node = i64::from(node);
    }

    /// Goes on after `last`, an id that is already stored, whatever the clock says.
    pub fn resume_after(&mut self, last: i64) {
        let millis = last >> (NODE_BITS + COUNTER_BITS);
        if millis >= self.millis {
            self.millis = millis + 1;
            self.counter = 0;
        }
    }

    /// The next id; `now_millis` is the wall clock in Unix milliseconds.
    pub fn next(&mut self, now_millis: i64) -> i64 {
        let now = (now_millis - EPOCH_MILLIS).max(0);
        if now > self.millis {
            self.millis = now;
            self.counter = 0;
        } else if self.counter >= MAX_COUNTER {
            self.millis += 1;
            self.counter = 0;
        } else {
            self.counter += 1;
        }
        (self.millis << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | self.counter
    }
}

/// The lowest id that a sequence makes at this time: ids from then on are not below it.
pub fn lowest_id_at(millis: i64) -> i64 {
    millis.saturating_sub(EPOCH_MILLIS).clamp(0, MAX_MILLIS) << (NODE_BITS + COUNTER_BITS)
}

/// When a sequence made this number, in Unix milliseconds.
pub fn millis_of(id: i64) -> i64 {
    (id >> (NODE_BITS + COUNTER_BITS)) + EPOCH_MILLIS
}

/// A clickid of our own making: 20 characters of a-z 0-9, an 8-character time prefix (base 36
/// milliseconds, so that indexes stay local) and 12 random characters (62 bits). Some partners fold
/// case, Telegram's start payload takes 64 characters and CAKE 50: this passes everywhere.
pub fn clickid(now_millis: i64, random: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 20];
    let mut fill = |range: std::ops::Range<usize>, mut rest: u64| {
        for place in text[range].iter_mut().rev() {
            *place = DIGITS[usize::try_from(rest % 36).unwrap_or(0)];
            rest /= 36;
        }
    };
    fill(0..8, u64::try_from(now_millis).unwrap_or(0));
    fill(8..20, random % 36_u64.pow(12));
    text.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_keeps_order() {
        let numbers = [0, 1, 31, 32, 1_234_567_890_123, i64::MAX];
        let texts: Vec<String> = numbers.iter().map(|n| EventId(*n).to_string()).collect();
        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(texts, sorted);
        for (number, text) in numbers.iter().zip(&texts) {
            assert_eq!(text.parse::<EventId>(), Ok(EventId(*number)));
        }
    }

    #[test]
    fn foreign_texts_are_refused() {
        for text in [
            "",
            "1",
            "zzzzzzzzzzzzz",
            "0123456789ab!",
            "0123456789abcd",
            "ыыыыыыы",
        ] {
            assert!(text.parse::<LeadId>().is_err(), "{text}");
        }
    }

    #[test]
    fn sequence_grows_when_the_clock_stops_or_steps_back() {
        let mut sequence = IdSequence::new(3);
        let mut last = 0;
        for round in 0..60_000_i64 {
            let now = EPOCH_MILLIS + 1_000 - round % 7;
            let id = sequence.next(now);
            assert!(id > last, "round {round}");
            assert!(id >= lowest_id_at(now), "round {round}");
            assert_eq!(lowest_id_at(millis_of(id)), id >> 21 << 21);
            last = id;
        }
        let mut resumed = IdSequence::new(3);
        resumed.resume_after(last);
        assert!(resumed.next(0) > last);
    }

    #[test]
    fn bounds_of_time_stay_in_order() {
        let times = [
            i64::MIN,
            0,
            EPOCH_MILLIS,
            EPOCH_MILLIS + 1,
            253_402_300_799_999,
            i64::MAX,
        ];
        let bounds: Vec<i64> = times.into_iter().map(lowest_id_at).collect();
        assert!(
            bounds.is_sorted() && bounds[0] == 0 && bounds[3] > bounds[2],
            "{bounds:?}"
        );
    }

    #[test]
    fn two_nodes_never_meet() {
        let (mut one, mut two) = (IdSequence::new(1), IdSequence::new(2));
        let ones: Vec<i64> = (0..20_000).map(|_| one.next(EPOCH_MILLIS + 5)).collect();
        assert!((0..20_000).all(|_| ones.binary_search(&two.next(EPOCH_MILLIS + 5)).is_err()));
    }

    #[test]
    fn clickids_fit_every_partner() {
        let text = clickid(1_790_000_000_000, u64::MAX);
        assert_eq!(text.len(), 20);
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
        assert!(clickid(1_790_000_000_000, 5) < clickid(1_790_000_000_001, 0));
    }
}
