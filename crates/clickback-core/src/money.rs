//! Exact sums: the type, its one canonical text, and the reading of what partners send; no rates here.

use std::fmt;
use std::ops::Neg;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::currency::{self, Currency};

/// Digits a partner may send before and after the decimal mark, as written.
const MAX_DIGITS: usize = 18;
/// One whole unit, in the 10⁻¹⁸ that an [`Amount`] counts.
const UNIT: i128 = 1_000_000_000_000_000_000;

/// An exact decimal: an `i128` that counts 10⁻¹⁸.
///
/// One request brings at most 18 integer and 18 fraction digits ([`read_amount`]). Sums go on to
/// 1.7 × 10²⁰ whole units, and every operation that could leave that room says so. `i128::MIN` is never
/// held, so negation is total.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Amount(i128);

/// Why a stored text is no [`Amount`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
    #[error("an amount is written as digits with an optional minus and decimal point, like -12.5")]
    NotPlain,
    #[error("an amount has at most 18 digits after the point")]
    TooPrecise,
    #[error("the amount is too large")]
    TooLarge,
}

impl Amount {
    pub const ZERO: Self = Self(0);

    /// Whole units.
    pub const fn from_int(n: i64) -> Self {
        // The widest i64 is 9.3 × 10¹⁸; times 10¹⁸ it is far inside i128.
        Self(n as i128 * UNIT)
    }

    /// From a count of 10⁻¹⁸; `None` for `i128::MIN`, which has no negation.
    pub const fn from_attos(attos: i128) -> Option<Self> {
        if attos == i128::MIN {
            None
        } else {
            Some(Self(attos))
        }
    }

    /// The count of 10⁻¹⁸.
    pub const fn attos(self) -> i128 {
        self.0
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// `None` when the sum does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_attos)
    }

    /// `None` when the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::from_attos)
    }

    /// Significant digits after the point: 1.50 has 1, 2.00 has 0.
    pub fn fraction_digits(self) -> u32 {
        self.fraction().1
    }

    /// The significant digits after the point as a number, and how many they are.
    fn fraction(self) -> (u64, u32) {
        let mut fraction = u64::try_from((self.0 % UNIT).unsigned_abs()).unwrap_or_default();
        if fraction == 0 {
            return (0, 0);
        }
        let mut digits = 18;
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            digits -= 1;
        }
        (fraction, digits)
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

/// The canonical text, exactly one per value: `-12.5`, `0`, `0.00012345`; no trailing zeros, no
/// exponent, no groups. Width and fill work as for integers; a precision is ignored, never rounded to.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 21 whole digits, the point, 18 fraction digits.
        const ROOM: usize = 40;
        let mut whole = (self.0 / UNIT).unsigned_abs();
        let (mut fraction, digits) = self.fraction();
        let mut text = [0; ROOM];
        let mut start = ROOM;
        if digits > 0 {
            for _ in 0..digits {
                start -= 1;
                text[start] = digit(u128::from(fraction % 10));
                fraction /= 10;
            }
            start -= 1;
            text[start] = b'.';
        }
        loop {
            start -= 1;
            text[start] = digit(whole);
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        let text = std::str::from_utf8(&text[start..]).unwrap_or_default();
        f.pad_integral(!self.is_negative(), "", text)
    }
}

/// The last decimal digit of a number, in ASCII.
fn digit(number: u128) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads the plain form only, `-?digits(.digits)?` in ASCII, as wide as an `i128` of 10⁻¹⁸ holds.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mut attos: i128 = 0;
        let mut whole = 0_usize;
        let mut fraction: Option<u32> = None;
        for byte in digits {
            match byte {
                b'0'..=b'9' => {
                    let digit = i128::from(byte - b'0');
                    match &mut fraction {
                        None => {
                            whole += 1;
                            attos = attos
                                .checked_mul(10)
                                .and_then(|attos| attos.checked_add(digit * UNIT))
                                .ok_or(AmountError::TooLarge)?;
                        }
                        Some(places) => {
                            *places += 1;
                            if *places > 18 {
                                return Err(AmountError::TooPrecise);
                            }
                            attos = attos
                                .checked_add(digit * 10_i128.pow(18 - *places))
                                .ok_or(AmountError::TooLarge)?;
                        }
                    }
                }
                b'.' if whole > 0 && fraction.is_none() => fraction = Some(0),
                _ => return Err(AmountError::NotPlain),
            }
        }
        if whole == 0 || fraction == Some(0) {
            return Err(AmountError::NotPlain);
        }
        Ok(Self(if negative { -attos } else { attos }))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text as [`Amount::from_str`] reads it, or an integer. A float is refused: it has already lost
/// what the sender meant.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal as text, like \"12.5\", or an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Amount, E> {
                Ok(Amount::from_int(n))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Amount, E> {
                Ok(Amount(i128::from(n) * UNIT))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// What a partner's text says about a sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountReading {
    /// Empty, or only blanks.
    Blank,
    /// The plain form: `12.5`, `-12.5`.
    Plain(Amount),
    /// Certain, but not plain: to be used and flagged.
    Reinterpreted(Amount),
    /// Not certain, or no sum at all: never guessed, never 0.
    Unreadable,
}

/// Reads the sum a partner sent; `currency` is what the request or the settings say it is in.
///
/// - **Plain**: an optional `-`, 1 to 18 digits, optionally a point and 1 to 18 digits. A single point
///   is always the decimal mark: `1.234` is 1.234.
/// - **Certain but not plain**: blanks around; `+5`, `.5`, `5.`; the typographic minus; one comma with
///   one or two digits after it (`50,00`); groups of exactly three with another mark as the decimal one
///   (`1,234.56`, `1.234,56`, `1 234,56`, `1'234.56`); two or more equal marks, or blanks or apostrophes,
///   as groups of exactly three (`1,234,567`, `1 234`); a currency sign or code before or after that
///   agrees with `currency`, or is a known one if there is none to disagree with.
/// - **Unreadable**: everything else, so `1,234`, `1e3`, `0x10`, `(5)`, `5-`, digits of other scripts,
///   more than 18 digits on a side, a sign or code that disagrees.
pub fn read_amount(text: &str, currency: Option<Currency>) -> AmountReading {
    if let Some(amount) = read_plain(text.as_bytes()) {
        return AmountReading::Plain(amount);
    }
    let text = text.trim();
    if text.is_empty() {
        return AmountReading::Blank;
    }
    match read_certain(text, currency) {
        Some(amount) => AmountReading::Reinterpreted(amount),
        None => AmountReading::Unreadable,
    }
}

fn read_plain(text: &[u8]) -> Option<Amount> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let point = text.iter().position(|byte| *byte == b'.');
    let attos = match point {
        None => from_digits(text)? * UNIT,
        Some(at) => join(&text[..at], &text[at + 1..])?,
    };
    Some(Amount(if negative { -attos } else { attos }))
}

/// 1 to 18 ASCII digits as a number.
fn from_digits(text: &[u8]) -> Option<i128> {
    if text.is_empty() || text.len() > MAX_DIGITS {
        return None;
    }
    let mut number = 0_u64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u64::from(byte - b'0');
    }
    Some(i128::from(number))
}

/// Whole digits and fraction digits as a count of 10⁻¹⁸.
fn join(whole: &[u8], fraction: &[u8]) -> Option<i128> {
    Some(from_digits(whole)? * UNIT + from_fraction(fraction)?)
}

/// 1 to 18 digits after the mark as a count of 10⁻¹⁸.
fn from_fraction(text: &[u8]) -> Option<i128> {
    let places = u32::try_from(text.len()).ok()?;
    let scale = 10_i128.checked_pow(18_u32.checked_sub(places)?)?;
    Some(from_digits(text)? * scale)
}

fn read_certain(text: &str, currency: Option<Currency>) -> Option<Amount> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    let (before, body, after) = (&text[..first], &text[first..=last], &text[last + 1..]);
    let before = Before::read(before)?;
    let (open_point, after) = if after == "." {
        (true, "")
    } else {
        (false, after.trim_start())
    };
    if !affixes_agree(before.affix, after, currency) {
        return None;
    }
    let attos = match (before.point, open_point) {
        (false, false) => read_body(body)?,
        (true, false) => from_fraction(body.as_bytes())?,
        (false, true) => from_digits(body.as_bytes())? * UNIT,
        (true, true) => return None,
    };
    Some(Amount(if before.negative { -attos } else { attos }))
}

/// What stands before the first digit: at most one sign, at most one currency, at most a point.
struct Before<'a> {
    affix: &'a str,
    negative: bool,
    point: bool,
}

impl<'a> Before<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (text, point) = match text.strip_suffix('.') {
            // `Rs.50` may be 50 or 0.50.
            Some(rest) if rest.ends_with(|c: char| c.is_alphabetic() || c.is_whitespace()) => {
                return None;
            }
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (affix, negative) = if let Some(rest) = text.strip_suffix(MINUS) {
            (rest, true)
        } else if let Some(rest) = text.strip_suffix('+') {
            (rest, false)
        } else if let Some(rest) = text.strip_prefix(MINUS) {
            (rest, true)
        } else {
            (text.strip_prefix('+').unwrap_or(text), false)
        };
        // A sign belongs to what follows it: `- 5` may be a dash.
        if affix.len() < text.len() && affix.starts_with(char::is_whitespace) {
            return None;
        }
        Some(Self {
            affix: affix.trim(),
            negative,
            point,
        })
    }
}

/// ASCII and typographic minus.
const MINUS: [char; 2] = ['-', '\u{2212}'];

fn affixes_agree(before: &str, after: &str, currency: Option<Currency>) -> bool {
    let agrees = |affix: &str, currency: Currency| {
        affix.is_empty()
            || Currency::new(affix) == Some(currency)
            || currency.agrees_with_sign(affix)
    };
    if let Some(currency) = currency {
        return agrees(before, currency) && agrees(after, currency);
    }
    let known_code = |affix: &str| Currency::new(affix).filter(|code| code.is_known());
    if before.is_empty() || after.is_empty() {
        let affix = if before.is_empty() { after } else { before };
        return affix.is_empty() || known_code(affix).is_some() || currency::is_sign(affix);
    }
    // Both ends: one of them names the currency, the other agrees.
    known_code(before).is_some_and(|code| agrees(after, code))
        || known_code(after).is_some_and(|code| agrees(before, code))
}

/// What can stand between digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Point,
    Comma,
    Blank,
    Apostrophe,
}

impl Mark {
    fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Point),
            ',' => Some(Self::Comma),
            // Blank, no-break, figure, thin and narrow no-break space.
            ' ' | '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => Some(Self::Blank),
            '\'' | '\u{2019}' => Some(Self::Apostrophe),
            _ => None,
        }
    }

    fn is_decimal(self) -> bool {
        matches!(self, Self::Point | Self::Comma)
    }
}

/// From the first digit to the last one, as a count of 10⁻¹⁸.
fn read_body(body: &str) -> Option<i128> {
    let not_digit = |c: char| !c.is_ascii_digit();
    let Some(at) = body.rfind(not_digit) else {
        return Some(from_digits(body.as_bytes())? * UNIT);
    };
    let (whole, rest) = body.split_at(at);
    let mut rest = rest.chars();
    let last = Mark::of(rest.next()?)?;
    let tail = rest.as_str();
    let Some(first) = whole.find(not_digit) else {
        return match last {
            Mark::Point => join(whole.as_bytes(), tail.as_bytes()),
            Mark::Comma if tail.len() <= 2 => join(whole.as_bytes(), tail.as_bytes()),
            Mark::Comma => None,
            Mark::Blank | Mark::Apostrophe => from_groups(body, last),
        };
    };
    let group = Mark::of(whole[first..].chars().next()?)?;
    if group == last {
        from_groups(body, group)
    } else if last.is_decimal() {
        Some(from_groups(whole, group)? + from_fraction(tail.as_bytes())?)
    } else {
        None
    }
}

/// Groups of exactly three digits after a first one of one to three without a leading zero.
fn from_groups(text: &str, mark: Mark) -> Option<i128> {
    let mut groups = text.split(|c: char| Mark::of(c) == Some(mark));
    let first = groups.next()?.as_bytes();
    if first.len() > 3 || first.starts_with(b"0") {
        return None;
    }
    let mut number = from_digits(first)?;
    let mut digits = first.len();
    for group in groups {
        digits += 3;
        if group.len() != 3 || digits > MAX_DIGITS {
            return None;
        }
        number = number * 1000 + from_digits(group.as_bytes())?;
    }
    Some(number * UNIT)
}

#[cfg(test)]
mod tests;
