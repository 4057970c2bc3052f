//! Tables of currencies: code and shape, code and decimals, sign and owner.

use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    Currency::new(code).unwrap()
}

#[test]
fn shapes() {
    let table = [
        ("usd", Some("USD")),
        (" Eur\n", Some("EUR")),
        ("USDTTRC20", Some("USDTTRC20")),
        ("1INCH", Some("1INCH")),
        ("OP", Some("OP")),
        ("ABCDEFGHIJKL", Some("ABCDEFGHIJKL")),
        ("ABCDEFGHIJKLM", None),
        ("", None),
        ("U", None),
        ("US D", None),
        ("US-D", None),
        ("$", None),
        ("РУБ", None),
        ("\u{ff35}\u{ff33}\u{ff24}", None),
        ("{currency}", None),
    ];
    for (code, outcome) in table {
        let read = Currency::new(code);
        assert_eq!(read.as_ref().map(Currency::as_str), outcome, "{code:?}");
    }
}

#[test]
fn known_and_decimals() {
    let table = [
        ("USD", true, Some(2)),
        ("EUR", true, Some(2)),
        ("RUB", true, Some(2)),
        ("UAH", true, Some(2)),
        ("KZT", true, Some(2)),
        ("JPY", true, Some(0)),
        ("VND", true, Some(0)),
        ("KRW", true, Some(0)),
        ("KWD", true, Some(3)),
        ("CLF", true, Some(4)),
        ("BTC", true, Some(8)),
        ("ETH", true, Some(18)),
        ("USDT", true, Some(6)),
        ("USDC", true, Some(6)),
        ("TON", true, Some(9)),
        ("TRX", true, Some(6)),
        ("BNB", true, Some(18)),
        ("LTC", true, Some(8)),
        ("SOL", true, Some(9)),
        ("DOGE", true, Some(8)),
        ("XRP", true, Some(6)),
        ("ADA", true, Some(6)),
        ("DAI", true, Some(18)),
        ("BCH", true, Some(8)),
        ("DASH", true, Some(8)),
        ("XMR", true, Some(12)),
        ("MATIC", true, Some(18)),
        ("POL", true, Some(18)),
        ("SHIB", true, Some(18)),
        ("AVAX", true, Some(18)),
        ("DOT", true, Some(10)),
        ("XAU", true, None),
        ("XXX", false, None),
        ("XTS", false, None),
        ("ZZZ", false, None),
        ("NULL", false, None),
    ];
    for (code, known, decimals) in table {
        assert_eq!(currency(code).is_known(), known, "{code}");
        assert_eq!(currency(code).decimals(), decimals, "{code}");
    }
}

#[test]
fn signs() {
    let table = [
        ("$", "USD", true),
        ("$", "AUD", true),
        ("$", "MXN", true),
        ("$", "USDT", true),
        ("$", "EUR", false),
        ("$", "BRL", false),
        ("\u{ff04}", "USD", true),
        ("€", "EUR", true),
        ("€", "USD", false),
        ("£", "GBP", true),
        ("₽", "RUB", true),
        ("₽", "UAH", false),
        ("₴", "UAH", true),
        ("₸", "KZT", true),
        ("₹", "INR", true),
        ("¥", "JPY", true),
        ("¥", "CNY", true),
        ("\u{ffe5}", "JPY", true),
        ("₺", "TRY", true),
        ("R$", "BRL", true),
        ("r$", "BRL", true),
        ("R$", "USD", false),
        ("₫", "VND", true),
        ("₩", "KRW", true),
        ("zł", "PLN", true),
        ("ZŁ", "PLN", true),
        ("₿", "BTC", true),
        ("руб.", "RUB", true),
        ("Руб", "RUB", true),
        ("грн", "UAH", true),
        ("USD", "USD", false),
        ("", "USD", false),
        ("a very long text that is no sign", "USD", false),
    ];
    for (sign, code, agrees) in table {
        assert_eq!(
            currency(code).agrees_with_sign(sign),
            agrees,
            "{sign} for {code}"
        );
    }
    assert!(is_sign("₽") && !is_sign("USD") && !is_sign(""));
}

#[test]
fn every_owner_of_a_sign_is_known() {
    let signs = [
        "$", "€", "£", "¥", "円", "元", "₽", "₴", "₸", "₹", "₨", "₺", "₫", "₩", "₿", "Ξ", "₮", "Ł",
        "Ð", "₦", "₱", "฿", "₪", "₡", "₲", "₾", "₼", "֏", "₵", "₭", "৳", "៛", "؋", "﷼", "us$",
        "r$", "a$", "c$", "nz$", "s$", "hk$", "nt$", "mx$", "zł", "kč", "kr", "ft", "lei", "лв",
        "руб", "грн", "тг", "сум", "сом", "tl", "rs", "rp", "rm", "s/", "ksh",
    ];
    for sign in signs {
        assert!(is_sign(sign), "{sign}");
        for code in owners_of(sign) {
            assert!(currency(code).is_known(), "{sign} {code}");
        }
    }
}

#[test]
fn text_and_json() {
    assert_eq!(
        format!("{:>5}|{:?}", currency("usd"), currency("usd")),
        "  USD|Currency(USD)"
    );
    assert_eq!(serde_json::to_string(&currency("btc")).unwrap(), "\"BTC\"");
    assert_eq!(
        serde_json::from_str::<Currency>("\"eur\"").unwrap(),
        currency("EUR")
    );
    for json in ["\"\"", "\"$\"", "5", "null"] {
        assert!(serde_json::from_str::<Currency>(json).is_err(), "{json}");
    }
    assert!(currency("EUR") < currency("USD") && currency("USD") < currency("USDT"));
}

proptest! {
    #[test]
    fn any_text_is_a_code_or_none(text in "\\PC{0,20}") {
        if let Some(code) = Currency::new(&text) {
            prop_assert_eq!(code.as_str(), text.trim().to_ascii_uppercase());
            prop_assert_eq!(Currency::new(code.as_str()), Some(code));
            code.is_known();
            code.decimals();
        }
        is_sign(&text);
    }
}
