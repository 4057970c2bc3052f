//! The same with the rules of an integration: postbacks and registration links.

use super::*;

#[test]
fn for_an_integration() {
    let rules = integration();
    let table = [
        (
            "@tracker.event=firstDeposit&clickid={sub4}&sum={amount}",
            "",
            "@tracker.event=firstDeposit&clickid={sub4}&tracker.cost={amount}",
        ),
        (
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&fields.user_id={id}",
            "clickid_mismatch field_unknown",
            "@tracker.event=sale&clickid={sub1}&tracker.cost={amount}&fields.user_id={id}",
        ),
        (
            "https://old.example/api/postbacks/6d1f4e36-b910-4fa1-98f0-11a2df93f054/tracker-postback?tracker.event=registration&clickid={{tracker.clickid}}",
            "our_macro_in_postback other_address",
            "@tracker.event=registration&clickid={sub4}",
        ),
        (
            "https://kt.example/x/postback?subid={sub4}&status=sale&payout={payout}",
            "amount_missing",
            "@tracker.event=sale&clickid={sub4}&tracker.payout={payout}",
        ),
        (
            "@tracker.event=sale&clickid={sub4}&tracker.cost={a}&sum={b}",
            "alias_conflict",
            "@tracker.event=sale&clickid={sub4}&tracker.cost={a}",
        ),
    ];
    check(&table, Some((&rules, address())));
}

#[test]
fn what_goes_without_saying_is_not_missing() {
    let mut rules = integration();
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    rules.rules.event_params = [pair("reg", "registration")].into();
    rules.rules.amounts = [pair("withdrawal", "sumwithdraw")].into();
    let reg = "@tracker.event=&clickid={sub4}&reg=true";
    let withdrawal = "@tracker.event=withdrawal&clickid={sub4}&sumwithdraw={x}";
    let table = [
        ("@clickid={sub4}&reg=true", "", reg),
        (withdrawal, "", withdrawal),
        (
            "@clickid={sub4}",
            "missing_event",
            "@tracker.event=&clickid={sub4}",
        ),
    ];
    check(&table, Some((&rules, address())));
    rules.rules.default_event = "registration".to_owned();
    let table = [(
        "@clickid={sub4}",
        "",
        "@tracker.event=registration&clickid={sub4}",
    )];
    check(&table, Some((&rules, address())));
}

#[test]
fn registration_links() {
    let rules = integration();
    let good = "https://p.example/?p=abc&sub4={{tracker.clickid}}";
    let table = [
        (good, "", good),
        ("https://p.example/?p=abc", "missing_clickid", good),
        (
            "https://p.example/?p=abc&sub4={sub4}",
            "partner_macro_in_link",
            good,
        ),
        (
            "https://p.example/?p=abc&sub4={{clickid}}",
            "partner_macro_in_link",
            good,
        ),
        (
            "https://p.example/?p=abc&sub4=sub4",
            "clickid_is_name",
            good,
        ),
        (
            "https://p.example/?p=abc&sub4=8f3k2m1p9x",
            "constant_clickid",
            good,
        ),
        (
            "https://p.example/?p=abc&sub1={{tracker.clickid}}",
            "clickid_mismatch",
            good,
        ),
        (
            "https://p.example/?p=abc&sub4={tracker.clickid}",
            "single_braces",
            good,
        ),
        (
            "https://p.example/?p=abc&sub4=%7B%7Btracker.clickid%7D%7D&fields.user_id={user_id}",
            "macro_encoded fields_in_link",
            good,
        ),
        (
            "http://p.example/#/reg?sub4={{tracker.clickid}}",
            "plain_http",
            "http://p.example/?sub4={{tracker.clickid}}#/reg?sub4={{tracker.clickid}}",
        ),
        (
            "https://t.me/bot?start={{tracker.clickid}}",
            "",
            "https://t.me/bot?start={{tracker.clickid}}",
        ),
    ];
    check(&table, Some((&rules, address())));
    for (text, _, _) in table {
        let found = examine(text, Some((&rules, address())));
        assert_eq!(found.kind, AddressKind::RegistrationLink, "{text}");
    }
}
