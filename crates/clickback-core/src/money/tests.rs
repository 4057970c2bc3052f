//! Tables of sums: text and reading, text and canonical text.

use proptest::prelude::*;

use super::AmountReading::{Blank, Plain, Reinterpreted, Unreadable};
use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn read(text: &str, currency: &str) -> String {
    match read_amount(text, Currency::new(currency)) {
        Blank => "blank".to_owned(),
        Plain(amount) => format!("= {amount}"),
        Reinterpreted(amount) => format!("~ {amount}"),
        Unreadable => "?".to_owned(),
    }
}

/// `=` plain, `~` reinterpreted, `?` unreadable.
#[test]
fn amounts_without_a_currency() {
    let table = [
        // Plain.
        ("0", "= 0"),
        ("12.5", "= 12.5"),
        ("12.50", "= 12.5"),
        ("-12.5", "= -12.5"),
        ("-0", "= 0"),
        ("-0.00", "= 0"),
        ("007", "= 7"),
        ("1.234", "= 1.234"),
        ("1234.5678", "= 1234.5678"),
        ("0.00012345", "= 0.00012345"),
        ("9000000000000", "= 9000000000000"),
        ("999999999999999999", "= 999999999999999999"),
        (
            "999999999999999999.999999999999999999",
            "= 999999999999999999.999999999999999999",
        ),
        ("0.000000000000000001", "= 0.000000000000000001"),
        // Blank.
        ("", "blank"),
        ("  \t\r\n ", "blank"),
        ("\u{a0}", "blank"),
        // Blanks around, signs, half-written decimals.
        (" 50 ", "~ 50"),
        ("50\u{a0}", "~ 50"),
        ("50\r\n", "~ 50"),
        ("+5", "~ 5"),
        (" 5", "~ 5"),
        ("\u{2212}5", "~ -5"),
        (".5", "~ 0.5"),
        ("-.5", "~ -0.5"),
        ("5.", "~ 5"),
        // One comma.
        ("50,00", "~ 50"),
        ("50,5", "~ 50.5"),
        ("0,05", "~ 0.05"),
        ("-50,25", "~ -50.25"),
        ("1234567,89", "~ 1234567.89"),
        ("1,234", "?"),
        ("0,005", "?"),
        ("1,2345", "?"),
        (",50", "?"),
        ("50,", "?"),
        // Groups and a decimal mark.
        ("1,234.56", "~ 1234.56"),
        ("1.234,56", "~ 1234.56"),
        ("1,234.5", "~ 1234.5"),
        ("1,234.567", "~ 1234.567"),
        ("1 234,56", "~ 1234.56"),
        ("1 234.56", "~ 1234.56"),
        ("1\u{a0}234,56", "~ 1234.56"),
        ("1\u{202f}234\u{202f}567,8", "~ 1234567.8"),
        ("1\u{2009}234,56", "~ 1234.56"),
        ("1'234.56", "~ 1234.56"),
        ("1\u{2019}234\u{2019}567.89", "~ 1234567.89"),
        ("12,345,678.90", "~ 12345678.9"),
        ("-1.234.567,89", "~ -1234567.89"),
        // Groups only.
        ("1,234,567", "~ 1234567"),
        ("1.234.567", "~ 1234567"),
        ("1 234", "~ 1234"),
        ("1'234", "~ 1234"),
        ("9 000 000 000 000", "~ 9000000000000"),
        // Groups that are none.
        ("12,34.56", "?"),
        ("1234,567.89", "?"),
        ("1,23,456.78", "?"),
        ("12,34,567", "?"),
        ("0,123,456", "?"),
        ("0,234.56", "?"),
        ("1,234,56", "?"),
        ("1.234.56", "?"),
        ("1.2.3", "?"),
        ("1,234.567.890", "?"),
        ("1.234,567,890", "?"),
        ("1,234 567.89", "?"),
        ("1,234 567", "?"),
        ("1 23", "?"),
        ("1  234", "?"),
        ("1 234'567", "?"),
        ("1,,234.5", "?"),
        ("1,234..5", "?"),
        ("1_000", "?"),
        ("1;5", "?"),
        // Signs and codes; nothing to disagree with.
        ("$50", "~ 50"),
        ("$ 50.25", "~ 50.25"),
        ("-$50", "~ -50"),
        ("$-50", "~ -50"),
        ("$+50", "~ 50"),
        ("$.50", "~ 0.5"),
        ("50 €", "~ 50"),
        ("50€", "~ 50"),
        ("50USD", "~ 50"),
        ("50 usd", "~ 50"),
        ("USD 50", "~ 50"),
        ("R$ 1.234,56", "~ 1234.56"),
        ("1 500,50 руб.", "~ 1500.5"),
        ("100 ₽", "~ 100"),
        ("0.001 BTC", "~ 0.001"),
        ("$50 USD", "~ 50"),
        ("US$50", "~ 50"),
        ("€50 USD", "?"),
        ("USD 50 EUR", "?"),
        ("$50 €", "?"),
        ("50 apples", "?"),
        ("50 ZZZ", "?"),
        ("Rs.50", "?"),
        ("$5.", "~ 5"),
        ("5. USD", "?"),
        // Not certain or no sum.
        ("1e3", "?"),
        ("1E3", "?"),
        ("1.5e-7", "?"),
        ("0x10", "?"),
        ("0b11", "?"),
        ("(5)", "?"),
        ("5-", "?"),
        ("--5", "?"),
        ("+-5", "?"),
        ("- 5", "?"),
        ("-$-5", "?"),
        ("5%", "?"),
        ("1/2", "?"),
        ("1.5k", "?"),
        ("12abc", "?"),
        ("null", "?"),
        ("NaN", "?"),
        ("inf", "?"),
        ("-", "?"),
        (".", "?"),
        ("$", "?"),
        (".5.", "?"),
        ("..5", "?"),
        ("1.5.", "?"),
        ("{amount}", "?"),
        ("50\0", "?"),
        ("٣٤", "?"),
        ("\u{ff15}\u{ff10}", "?"),
        ("½", "?"),
        ("1\u{200b}0", "?"),
        // Beyond the limit.
        ("1000000000000000000", "?"),
        ("0.0000000000000000001", "?"),
        ("1,000,000,000,000,000,000", "?"),
        ("1.", "~ 1"),
        ("1 000 000 000 000 000 000,5", "?"),
    ];
    for (text, outcome) in table {
        assert_eq!(read(text, ""), outcome, "{text:?}");
    }
}

#[test]
fn amounts_with_a_currency() {
    let table = [
        ("50", "USD", "= 50"),
        ("$50", "USD", "~ 50"),
        ("$50", "CAD", "~ 50"),
        ("$50", "USDT", "~ 50"),
        ("$50", "EUR", "?"),
        ("50 €", "EUR", "~ 50"),
        ("50 EUR", "EUR", "~ 50"),
        ("eur50", "EUR", "~ 50"),
        ("50 EUR", "USD", "?"),
        ("€50 EUR", "EUR", "~ 50"),
        ("$50 EUR", "EUR", "?"),
        ("5 000 ₽", "RUB", "~ 5000"),
        ("5 000 ₽", "KZT", "?"),
        ("9.000.000 ₫", "VND", "~ 9000000"),
        ("12 ZZZ", "ZZZ", "~ 12"),
        ("1,234", "USD", "?"),
    ];
    for (text, currency, outcome) in table {
        assert_eq!(read(text, currency), outcome, "{text:?} in {currency}");
    }
}

#[test]
fn one_text_per_value() {
    let table = [
        ("0", "0"),
        ("-0.0", "0"),
        ("1.50", "1.5"),
        ("0001.10", "1.1"),
        ("-0.000000000000000001", "-0.000000000000000001"),
        ("100", "100"),
        ("10.01", "10.01"),
        // A sum of many: more whole digits than one request may bring.
        ("123456789012345678901.5", "123456789012345678901.5"),
        (
            "170141183460469231731.687303715884105727",
            "170141183460469231731.687303715884105727",
        ),
        (
            "-170141183460469231731.687303715884105727",
            "-170141183460469231731.687303715884105727",
        ),
    ];
    for (text, canonical) in table {
        assert_eq!(amount(text).to_string(), canonical, "{text:?}");
    }
}

#[test]
fn only_the_plain_form_is_read_back() {
    use AmountError::{NotPlain, TooLarge, TooPrecise};
    let table = [
        ("", NotPlain),
        ("-", NotPlain),
        ("+1", NotPlain),
        (" 1", NotPlain),
        ("1.", NotPlain),
        (".1", NotPlain),
        ("1.2.3", NotPlain),
        ("1,5", NotPlain),
        ("1e3", NotPlain),
        ("--1", NotPlain),
        ("1-", NotPlain),
        ("٣", NotPlain),
        ("0.0000000000000000001", TooPrecise),
        ("170141183460469231731.687303715884105728", TooLarge),
        ("-170141183460469231731.687303715884105728", TooLarge),
        ("170141183460469231732", TooLarge),
        (
            "99999999999999999999999999999999999999999999999999",
            TooLarge,
        ),
    ];
    for (text, error) in table {
        assert_eq!(text.parse::<Amount>(), Err(error), "{text:?}");
    }
}

#[test]
fn arithmetic_says_when_there_is_no_room() {
    let most = amount("170141183460469231731.687303715884105727");
    let least = amount("0.000000000000000001");
    assert_eq!(most.checked_add(least), None);
    assert_eq!((-most).checked_sub(least), None);
    assert_eq!(most.checked_sub(most), Some(Amount::ZERO));
    assert_eq!((-most).abs(), most);
    assert_eq!(
        amount("0.1").checked_add(amount("0.2")),
        Some(amount("0.3"))
    );
    assert_eq!(
        Amount::from_int(i64::MIN).to_string(),
        "-9223372036854775808"
    );
    assert_eq!(Amount::from_attos(i128::MIN), None);
    assert_eq!(Amount::from_attos(1), Some(least));
    assert!(amount("-1").is_negative() && !Amount::ZERO.is_negative() && Amount::ZERO.is_zero());
}

#[test]
fn fraction_digits_are_the_significant_ones() {
    let table = [
        ("0", 0),
        ("100", 0),
        ("1.50", 1),
        ("-1.25", 2),
        ("0.000000000000000001", 18),
        ("1.0", 0),
    ];
    for (text, digits) in table {
        assert_eq!(amount(text).fraction_digits(), digits, "{text:?}");
    }
}

#[test]
fn width_works_and_precision_never_cuts() {
    assert_eq!(format!("{:>8}", amount("-1.5")), "    -1.5");
    assert_eq!(format!("{:<6}|", amount("1.5")), "1.5   |");
    assert_eq!(format!("{:.1}", amount("1.234")), "1.234");
}

#[test]
fn json_is_a_text_and_integers_are_read() {
    assert_eq!(serde_json::to_string(&amount("12.50")).unwrap(), "\"12.5\"");
    let table = [
        ("\"12.50\"", Some("12.5")),
        ("12", Some("12")),
        ("-3", Some("-3")),
    ];
    for (json, outcome) in table {
        let read = serde_json::from_str::<Amount>(json)
            .ok()
            .map(|amount| amount.to_string());
        assert_eq!(read.as_deref(), outcome, "{json}");
    }
    for json in ["12.5", "1e3", "null", "\"1e3\"", "true", "[1]", "\"\""] {
        assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC*") {
        read_amount(&text, None);
        read_amount(&text, Currency::new("USD"));
        let _ = text.parse::<Amount>();
    }

    #[test]
    fn reading_number_like_texts_never_panics(text in "[-+$€ .,'\u{a0}0-9eU]{0,48}") {
        read_amount(&text, None);
        let _ = text.parse::<Amount>();
    }

    #[test]
    fn every_value_has_one_text(attos in any::<i128>()) {
        if let Some(amount) = Amount::from_attos(attos) {
            let text = amount.to_string();
            prop_assert_eq!(text.parse::<Amount>(), Ok(amount));
            prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
            prop_assert_eq!(-(-amount), amount);
        }
    }

    #[test]
    fn what_is_plain_is_read_as_stored(text in "-?[0-9]{1,18}(\\.[0-9]{1,18})?") {
        prop_assert_eq!(read_amount(&text, None), Plain(text.parse().unwrap()));
    }

    #[test]
    fn any_grouping_reads_as_the_same_sum(whole in 1_000_u64..1_000_000_000_000, cents in 0_u8..100) {
        let digits = whole.to_string();
        let group = |mark: &str| {
            let mut text = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at) % 3 == 0 {
                    text.push_str(mark);
                }
                text.push(digit);
            }
            text
        };
        let expected = Reinterpreted(amount(&format!("{whole}.{cents:02}")));
        for (mark, point) in [(",", "."), (".", ","), (" ", ","), ("\u{a0}", "."), ("'", ".")] {
            let text = format!("{}{point}{cents:02}", group(mark));
            prop_assert_eq!(read_amount(&text, None), expected, "{}", text);
        }
    }

    #[test]
    fn order_is_the_order_of_values(a in any::<i64>(), b in any::<i64>()) {
        prop_assert_eq!(Amount::from_int(a).cmp(&Amount::from_int(b)), a.cmp(&b));
    }
}
