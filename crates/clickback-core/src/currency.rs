//! Currency codes: their shape, which are known, their decimals and signs; no rates and no sums here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest code that is accepted, in bytes.
const MAX_LEN: usize = 12;

/// An ISO 4217 code or a coin ticker: 2 to 12 characters of `A-Z` and `0-9`, upper-cased.
///
/// Only the shape is promised: `Currency::new("zzz")` is a currency that [`Currency::is_known`]
/// denies. Ordered as its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// The code, then zeros.
    code: [u8; MAX_LEN],
    len: u8,
}

impl Currency {
    /// Reads a code in any case, with blanks around. `None` if the shape is wrong.
    pub fn new(code: &str) -> Option<Self> {
        let text = code.trim().as_bytes();
        if !(2..=MAX_LEN).contains(&text.len()) || !text.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut code = [0; MAX_LEN];
        for (slot, byte) in code.iter_mut().zip(text) {
            *slot = byte.to_ascii_uppercase();
        }
        let len = u8::try_from(text.len()).ok()?;
        Some(Self { code, len })
    }

    /// The upper-cased code.
    pub fn as_str(&self) -> &str {
        let text = self.code.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// Whether money in this currency can be counted: an ISO 4217 code or a coin of our table.
    ///
    /// `XXX` (no currency) and `XTS` (testing) are in the standard and are not money.
    pub fn is_known(self) -> bool {
        let code = self.as_str();
        !matches!(code, "XXX" | "XTS")
            && (coin_decimals(code).is_some() || iso_currency::Currency::from_code(code).is_some())
    }

    /// Digits after the decimal mark that the currency has: USD 2, JPY 0, KWD 3, BTC 8.
    ///
    /// `None` for an unknown code and for those that have no minor unit by definition (`XAU`).
    pub fn decimals(self) -> Option<u32> {
        let code = self.as_str();
        coin_decimals(code).or_else(|| {
            iso_currency::Currency::from_code(code)?
                .exponent()
                .map(u32::from)
        })
    }

    /// Whether a sign (`$`, `€`, `R$`, `руб.`) can stand for this currency.
    ///
    /// Signs that several currencies share agree with each of them; `$` also agrees with the coins
    /// that are worth a dollar by design. Codes are not signs: `USD` never agrees here.
    pub fn agrees_with_sign(self, sign: &str) -> bool {
        owners_of(sign).contains(&self.as_str())
    }
}

/// Whether some currency uses this sign.
pub(crate) fn is_sign(sign: &str) -> bool {
    !owners_of(sign).is_empty()
}

/// The decimals of the coins that partners pay in; `None` for everything else.
///
/// The number is the smallest unit of the coin on its main chain.
fn coin_decimals(code: &str) -> Option<u32> {
    Some(match code {
        "USDT" | "USDC" | "TRX" | "XRP" | "ADA" | "EURC" | "PYUSD" | "ATOM" | "ALGO" => 6,
        "BTC" | "LTC" | "BCH" | "DOGE" | "DASH" | "ZEC" | "BSV" | "BTG" | "WBTC" | "APT"
        | "ICP" | "HBAR" => 8,
        "ETH" | "BNB" | "DAI" | "BUSD" | "TUSD" | "FDUSD" | "USDE" | "MATIC" | "POL" | "SHIB"
        | "AVAX" | "LINK" | "UNI" | "ETC" | "PEPE" | "ARB" | "OP" | "FTM" | "APE" | "WETH"
        | "CRO" | "MANA" | "SAND" => 18,
        "SOL" | "TON" | "NOT" | "SUI" => 9,
        "XMR" => 12,
        "DOT" => 10,
        "XLM" | "XTZ" => 7,
        "EOS" => 4,
        "NEAR" => 24,
        // A thousandth of a bitcoin, an account currency of several casinos.
        "MBTC" => 5,
        _ => return None,
    })
}

/// The codes that a sign can stand for; empty for what is no sign.
fn owners_of(sign: &str) -> &'static [&'static str] {
    const DOLLARS: &[&str] = &[
        "USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "DOP",
        "CUP", "BBD", "BMD", "BND", "BSD", "BZD", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD",
        "SRD", "TTD", "XCD", "ZWL", "USDT", "USDC", "BUSD", "TUSD", "FDUSD", "PYUSD", "USDE",
        "DAI",
    ];
    const KRONAS: &[&str] = &["SEK", "NOK", "DKK", "ISK", "CZK"];
    const RUPEES: &[&str] = &["INR", "PKR", "LKR", "NPR", "MUR", "SCR"];
    const ROUBLES: &[&str] = &["RUB", "BYN"];

    match sign {
        "$" | "\u{ff04}" => DOLLARS,
        "€" => &["EUR"],
        "£" => &[
            "GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP",
        ],
        "¥" | "\u{ffe5}" => &["JPY", "CNY"],
        "円" => &["JPY"],
        "元" => &["CNY", "TWD", "HKD"],
        "₽" => &["RUB"],
        "₴" => &["UAH"],
        "₸" => &["KZT"],
        "₹" => &["INR"],
        "₨" => RUPEES,
        "₺" => &["TRY"],
        "₫" => &["VND"],
        "₩" => &["KRW", "KPW"],
        "₿" => &["BTC"],
        "Ξ" => &["ETH"],
        "₮" => &["USDT", "MNT"],
        "Ł" => &["LTC"],
        "Ð" => &["DOGE"],
        "₦" => &["NGN"],
        "₱" => &["PHP"],
        "฿" => &["THB", "BTC"],
        "₪" => &["ILS"],
        "₡" => &["CRC"],
        "₲" => &["PYG"],
        "₾" => &["GEL"],
        "₼" => &["AZN"],
        "֏" => &["AMD"],
        "₵" => &["GHS"],
        "₭" => &["LAK"],
        "৳" => &["BDT"],
        "៛" => &["KHR"],
        "؋" => &["AFN"],
        "﷼" => &["IRR", "SAR", "YER", "QAR", "OMR"],
        _ => {
            // Signs made of letters come in any case. They are short; a long text is no sign.
            if sign.len() > 16 {
                return &[];
            }
            match sign.to_lowercase().as_str() {
                "us$" | "u$s" => &["USD"],
                "r$" => &["BRL"],
                "a$" | "au$" => &["AUD"],
                "c$" | "ca$" => &["CAD"],
                "nz$" => &["NZD"],
                "s$" => &["SGD"],
                "hk$" => &["HKD"],
                "nt$" => &["TWD"],
                "mx$" => &["MXN"],
                "zł" | "zl" => &["PLN"],
                "kč" => &["CZK"],
                "kr" | "kr." => KRONAS,
                "ft" => &["HUF"],
                "lei" => &["RON", "MDL"],
                "лв" | "лв." => &["BGN"],
                "руб" | "руб." | "р" | "р." => ROUBLES,
                "грн" | "грн." => &["UAH"],
                "тг" | "тг." | "тнг" => &["KZT"],
                "сум" => &["UZS"],
                "сом" => &["KGS"],
                "tl" => &["TRY"],
                "rs" | "rs." => RUPEES,
                "rp" => &["IDR"],
                "rm" => &["MYR"],
                "s/" | "s/." => &["PEN"],
                "ksh" => &["KES"],
                _ => &[],
            }
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency code of 2 to 12 letters and digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Currency, E> {
                Currency::new(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests;
