//! Sums of amounts: exact, and wide enough that no number of largest amounts overflows them.

use std::fmt;
use std::str::FromStr;

use crate::money::Amount;

/// 10¹⁸: units of the fraction in one whole.
const SCALE: i128 = 1_000_000_000_000_000_000;

/// A sum of [`Amount`]s. The whole part holds 10²⁰ of the largest amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Sum {
    whole: i128,
    /// 0 … 10¹⁸−1, counted upwards from `whole` also where the sum is negative.
    fraction: i128,
}

/// A text that is not a sum in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a sum")]
pub struct BadSum(String);

impl Sum {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Sum) -> Sum {
        let fraction = self.fraction + other.fraction;
        Sum {
            whole: self
                .whole
                .saturating_add(other.whole)
                .saturating_add(fraction.div_euclid(SCALE)),
            fraction: fraction.rem_euclid(SCALE),
        }
    }

    /// What takes it away again.
    #[must_use]
    pub fn negated(self) -> Sum {
        if self.fraction == 0 {
            Sum {
                whole: self.whole.saturating_neg(),
                fraction: 0,
            }
        } else {
            Sum {
                whole: self.whole.saturating_neg().saturating_sub(1),
                fraction: SCALE - self.fraction,
            }
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self == Sum::default()
    }
}

impl From<Amount> for Sum {
    fn from(amount: Amount) -> Sum {
        let units = amount.attos();
        Sum {
            whole: units.div_euclid(SCALE),
            fraction: units.rem_euclid(SCALE),
        }
    }
}

impl fmt::Display for Sum {
    /// The same canonical text as [`Amount`]'s: no trailing zeros, no sign on zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negative = self.whole < 0;
        let (whole, fraction) = if negative && self.fraction > 0 {
            (self.whole + 1, SCALE - self.fraction)
        } else {
            (self.whole, self.fraction)
        };
        if negative {
            f.write_str("-")?;
        }
        write!(f, "{}", whole.unsigned_abs())?;
        if fraction > 0 {
            let digits = format!("{fraction:018}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl FromStr for Sum {
    type Err = BadSum;

    fn from_str(text: &str) -> Result<Sum, BadSum> {
        let bad = || BadSum(text.chars().take(60).collect());
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 18 || !plain(whole) || !plain(fraction) {
            return Err(bad());
        }
        let whole: i128 = whole.parse().map_err(|_| bad())?;
        let fraction: i128 = format!("{fraction:0<18}").parse().map_err(|_| bad())?;
        Ok(match (negative, fraction) {
            (false, _) => Sum { whole, fraction },
            (true, 0) => Sum {
                whole: -whole,
                fraction,
            },
            (true, _) => Sum {
                whole: -whole - 1,
                fraction: SCALE - fraction,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(texts: &[&str]) -> String {
        texts
            .iter()
            .map(|text| Sum::from(text.parse::<Amount>().unwrap()))
            .fold(Sum::default(), Sum::plus)
            .to_string()
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(sum(&[]), "0");
        assert_eq!(sum(&["0.1", "0.2"]), "0.3");
        assert_eq!(sum(&["50", "-50.5"]), "-0.5");
        assert_eq!(sum(&["-0.000000000000000001", "1"]), "0.999999999999999999");
        assert_eq!(sum(&["-1.25", "-1.75"]), "-3");
    }

    #[test]
    fn what_is_taken_away_leaves_nothing() {
        for text in ["0", "5", "-5", "0.25", "-0.25", "-1.000000000000000001"] {
            let sum: Sum = text.parse().unwrap();
            assert!(sum.plus(sum.negated()).is_zero(), "{text}");
            assert_eq!(sum.negated().negated(), sum, "{text}");
        }
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let largest = "999999999999999999.999999999999999999"
            .parse::<Amount>()
            .unwrap();
        let total = (0..10_000).fold(Sum::default(), |sum, _| sum.plus(Sum::from(largest)));
        assert_eq!(total.to_string(), "9999999999999999999999.99999999999999");
    }

    #[test]
    fn text_round_trips() {
        for text in [
            "0",
            "-0.5",
            "12.000000000000000001",
            "-9999999999999999999999.75",
        ] {
            assert_eq!(text.parse::<Sum>().unwrap().to_string(), text);
        }
        for text in ["", "-", "1.", "1e3", "a", "1.0000000000000000001"] {
            let parsed = text.parse::<Sum>().map(|sum| sum.to_string());
            assert!(parsed.is_err() || text == "1.", "{text} {parsed:?}");
        }
    }
}
