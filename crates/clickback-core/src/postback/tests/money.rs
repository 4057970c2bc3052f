//! Sums, currencies and payouts: readings, fall-backs, signs.

use super::*;

#[test]
fn amounts() {
    let rows = [
        ("sale", "50", "sale 50 USD"),
        ("sale", "12.5", "sale 12.5 USD"),
        ("sale", "0", "sale 0 USD"),
        (
            "sale",
            "+50+",
            "sale 50 USD [amount_reinterpreted stray_characters]",
        ),
        ("sale", "50,00", "sale 50 USD [amount_reinterpreted]"),
        (
            "sale",
            "1,234.56",
            "sale 1234.56 USD [amount_reinterpreted]",
        ),
        (
            "sale",
            "1.234,56",
            "sale 1234.56 USD [amount_reinterpreted]",
        ),
        (
            "sale",
            "1+234,56",
            "sale 1234.56 USD [amount_reinterpreted]",
        ),
        ("sale", "$50", "sale 50 USD [amount_reinterpreted]"),
        ("sale", "50+usd", "sale 50 USD [amount_reinterpreted]"),
        ("sale", "50+eur", "sale - USD [amount_unreadable]"),
        ("sale", "1,234", "sale - USD [amount_unreadable]"),
        ("sale", "1e3", "sale - USD [amount_unreadable]"),
        ("sale", "0x10", "sale - USD [amount_unreadable]"),
        ("sale", "٥٠", "sale - USD [amount_unreadable]"),
        ("sale", "a+lot", "sale - USD [amount_unreadable]"),
        (
            "sale",
            "1000000000000000000",
            "sale - USD [amount_unreadable]",
        ),
        ("sale", "999999999999999999", "sale 999999999999999999 USD"),
        (
            "sale",
            "0.0000000000000000001",
            "sale - USD [amount_unreadable]",
        ),
        // By event, below zero.
        ("sale", "-5", "sale - USD [amount_negative]"),
        ("resale", "-5", "resale - USD [amount_negative]"),
        ("deposit", "-5", "deposit - USD [amount_negative]"),
        ("withdrawal", "-5", "withdrawal 5 USD"),
        ("withdrawal", "5", "withdrawal 5 USD"),
        ("chargeback", "-5", "chargeback 5 USD"),
        (
            "chargeback",
            "-$5",
            "chargeback 5 USD [amount_reinterpreted]",
        ),
        ("commission", "-5", "commission -5 USD"),
        ("bonus", "-5", "custom:bonus -5 USD"),
    ];
    for (event, cost, expected) in rows {
        let query =
            format!("clickid=a&tracker.event={event}&tracker.cost={cost}&tracker.currency=usd");
        let found = line(&judged("", query.as_bytes()));
        assert_eq!(found, format!("a {expected}"), "{event} {cost}");
    }
    check(&[
        (
            "",
            "clickid=a&tracker.event=sale&tracker.cost=9000000000000&tracker.currency=vnd",
            "a sale 9000000000000 VND",
        ),
        (
            "",
            "clickid=a&tracker.event=sale&tracker.cost=0.00012345&tracker.currency=btc",
            "a sale 0.00012345 BTC",
        ),
        (
            "",
            "clickid=a&tracker.event=sale&tracker.cost=-5",
            "a sale [amount_negative]",
        ),
    ]);
}

#[test]
fn currencies() {
    let none = "";
    let integration = "currency = 'EUR'";
    let both = "currency = 'EUR'\nconfigurations.sale.currency = 'TRY'";
    let sale = "clickid=a&tracker.event=sale&tracker.cost=5";
    check(&[
        (
            none,
            &format!("{sale}&tracker.currency=usd"),
            "a sale 5 USD",
        ),
        (
            integration,
            &format!("{sale}&tracker.currency=usd"),
            "a sale 5 USD",
        ),
        (integration, sale, "a sale 5 EUR"),
        (
            integration,
            &format!("{sale}&tracker.currency="),
            "a sale 5 EUR",
        ),
        (
            integration,
            &format!("{sale}&tracker.currency={{c}}"),
            "a sale 5 EUR [macro_unexpanded]",
        ),
        (both, sale, "a sale 5 TRY"),
        (
            both,
            "clickid=a&tracker.event=resale&tracker.cost=5",
            "a resale 5 EUR",
        ),
        (none, sale, "a sale 5 - [currency_missing]"),
        (
            none,
            &format!("{sale}&tracker.currency={{c}}"),
            "a sale 5 - [macro_unexpanded currency_missing]",
        ),
        // What came is not replaced by what is fixed.
        (
            integration,
            &format!("{sale}&tracker.currency=zzz"),
            "a sale 5 ZZZ [currency_unknown]",
        ),
        (
            integration,
            &format!("{sale}&tracker.currency=$"),
            "a sale 5 - [currency_unknown]",
        ),
        (
            none,
            &format!("{sale}&tracker.currency=us+dollars"),
            "a sale 5 - [currency_unknown]",
        ),
    ]);
}

#[test]
fn payouts() {
    let fixed =
        "configurations.sale.payout = { from = 'fixed', amount = '30.5', currency = 'EUR' }";
    let bare = "currency = 'USD'\nconfigurations.sale.payout = { from = 'fixed', amount = 30 }";
    let named = "configurations.sale.payout = { from = 'parameter', name = 'reward' }";
    let sale = "clickid=a&tracker.event=sale&tracker.cost=5&tracker.currency=usd";
    check(&[
        ("", sale, "a sale 5 USD"),
        ("", &format!("{sale}&reward=9"), "a sale 5 USD"),
        (
            "",
            &format!("{sale}&tracker.payout=9"),
            "a sale 5 USD payout=9 USD",
        ),
        (
            "",
            &format!("{sale}&tracker.payout=9&tracker.payout_currency=eur"),
            "a sale 5 USD payout=9 EUR",
        ),
        (
            "",
            &format!("{sale}&tracker.payout_currency=eur"),
            "a sale 5 USD",
        ),
        (
            "",
            &format!("{sale}&tracker.payout=-9"),
            "a sale 5 USD payout=-9 USD",
        ),
        (
            "",
            &format!("{sale}&tracker.payout=1,234"),
            "a sale 5 USD [amount_unreadable]",
        ),
        (
            "",
            "clickid=a&tracker.event=registration&tracker.payout=9",
            "a registration payout=9 - [currency_missing]",
        ),
        (
            "",
            &format!("{sale}&tracker.payout=9&tracker.payout_currency=?"),
            "a sale 5 USD payout=9 - [currency_unknown]",
        ),
        (fixed, sale, "a sale 5 USD payout=30.5 EUR"),
        (
            fixed,
            &format!("{sale}&tracker.payout="),
            "a sale 5 USD payout=30.5 EUR",
        ),
        (
            fixed,
            &format!("{sale}&tracker.payout=9"),
            "a sale 5 USD payout=9 USD",
        ),
        // A sum that came and cannot be read is not replaced by a guess.
        (
            fixed,
            &format!("{sale}&tracker.payout=9e9"),
            "a sale 5 USD [amount_unreadable]",
        ),
        (
            fixed,
            "clickid=a&tracker.event=registration",
            "a registration",
        ),
        (
            bare,
            "clickid=a&tracker.event=sale&tracker.cost=5",
            "a sale 5 USD payout=30 USD",
        ),
        (named, sale, "a sale 5 USD"),
        (
            named,
            &format!("{sale}&reward=9"),
            "a sale 5 USD payout=9 USD",
        ),
        (
            named,
            &format!("{sale}&reward=9&tracker.payout="),
            "a sale 5 USD payout=9 USD",
        ),
        (
            named,
            &format!("{sale}&reward=9&tracker.payout={{p}}"),
            "a sale 5 USD payout=9 USD [macro_unexpanded]",
        ),
        (
            named,
            &format!("{sale}&reward=9&tracker.payout=8"),
            "a sale 5 USD payout=8 USD",
        ),
        (
            named,
            &format!("{sale}&reward={{reward}}"),
            "a sale 5 USD [macro_unexpanded]",
        ),
        (named, &format!("{sale}&reward="), "a sale 5 USD"),
        (
            named,
            &format!("{sale}&reward=%ff"),
            "a sale 5 USD [amount_unreadable]",
        ),
        (
            named,
            &format!("{sale}&reward=+9"),
            "a sale 5 USD payout=9 USD [amount_reinterpreted]",
        ),
        (
            "configurations.sale.payout = { from = 'parameter', name = 'tracker.cost' }",
            sale,
            "a sale 5 USD payout=5 USD",
        ),
    ]);
}
