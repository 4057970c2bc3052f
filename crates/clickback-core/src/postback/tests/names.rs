//! Names: aliases, old prefixes, fields, and clickids that are only a name.

use super::*;

const ALIASES: &str = "aliases = { subid = 'clickid', cid = 'clickid', goal = 'tracker.event', \
    sum = 'tracker.cost', currency = 'tracker.currency', payout = 'tracker.payout', \
    txid = 'tracker.tid', status = 'tracker.status', when = 'tracker.time', uid = 'fields.user_id' }";

#[test]
fn aliases() {
    check(&[
        (
            ALIASES,
            "subid=abc&goal=sale&sum=50&currency=usd&payout=5&txid=T1&status=approved&when=1790000000&uid=7",
            "abc sale 50 USD payout=5 USD tid=T1 status=approved at=2026-09-21T14:13:20Z user_id=7",
        ),
        // Without the integration's word these are kept and mean nothing.
        (
            "",
            "clickid=a&tracker.event=registration&subid=b&sum=50&currency=usd&payout=5&status=no",
            "a registration",
        ),
        // The canonical name wins wherever it stands, over any number of aliases.
        (
            ALIASES,
            "clickid=a&subid=b&tracker.event=registration",
            "a registration [alias_conflict]",
        ),
        (
            ALIASES,
            "subid=b&clickid=a&tracker.event=registration",
            "a registration [alias_conflict]",
        ),
        (
            ALIASES,
            "subid=b&cid=c&clickid=a&goal=registration",
            "a registration [alias_conflict]",
        ),
        (
            ALIASES,
            "subid=a&cid=c&clickid=a&goal=registration",
            "a registration [alias_conflict]",
        ),
        (
            ALIASES,
            "clickid=a&subid=a&cid=a&goal=registration",
            "a registration",
        ),
        (
            ALIASES,
            "clickid=a&goal=sale&sum=60&tracker.cost=50&currency=usd",
            "a sale 50 USD [alias_conflict]",
        ),
        // An alias that differs from a macro does not replace it: nobody knows which is meant.
        (
            ALIASES,
            "clickid=a&goal=sale&sum=60&tracker.cost={amount}&currency=usd",
            "a sale - USD [macro_unexpanded alias_conflict]",
        ),
        // A word like payout is ours, not the player's.
        (
            ALIASES,
            "cid=a&goal=commission&payout=9&currency=eur",
            "a commission - EUR payout=9 EUR",
        ),
    ]);
}

#[test]
fn fields() {
    check(&[
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=7",
            "a custom:vip user_id=7",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&details.user_id=7",
            "a custom:vip user_id=7",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.User_ID=7",
            "a custom:vip user_id=7",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&user_id=7&field.user_id=8",
            "a custom:vip",
        ),
        // The last of equal names wins; an alias never wins over the name.
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=7&fields.user_id=8",
            "a custom:vip user_id=8",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&details.user_id=7&details.user_id=8",
            "a custom:vip user_id=8",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=7&details.user_id=8",
            "a custom:vip user_id=7 [alias_conflict]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&details.user_id=8&fields.user_id=7",
            "a custom:vip user_id=7 [alias_conflict]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&details.user_id=7&fields.user_id=7",
            "a custom:vip user_id=7",
        ),
        (
            ALIASES,
            "clickid=a&tracker.event=vip&fields.user_id=7&uid=8",
            "a custom:vip user_id=7 [alias_conflict]",
        ),
        // A macro or nothing writes nothing, and hides nothing.
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=",
            "a custom:vip",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=7&fields.user_id={user_id}",
            "a custom:vip user_id=7 [macro_unexpanded]",
        ),
        // What does not fit, or has no field, is kept as it came.
        (
            "",
            "clickid=a&tracker.event=vip&fields.born=21.09.1990&fields.city=Omsk",
            "a custom:vip born=21.09.1990! city?=Omsk [field_unknown field_invalid]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.=x",
            "a custom:vip ?=x [field_unknown]",
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=+7+",
            "a custom:vip user_id= 7 ",
        ),
    ]);
}

#[test]
fn player() {
    let rules = "player_field = 'user_id'";
    let long = "9".repeat(MAX_ID_BYTES + 1);
    check(&[
        (
            rules,
            "clickid=a&tracker.event=vip&fields.user_id=+7",
            "a custom:vip user_id= 7 player=7",
        ),
        (
            rules,
            "clickid=a&tracker.event=vip&fields.user_id=null",
            "a custom:vip user_id=null",
        ),
        (
            rules,
            "clickid=a&tracker.event=vip&fields.user_id=0",
            "a custom:vip user_id=0",
        ),
        (
            rules,
            "clickid=a&tracker.event=vip&fields.user_id={id}",
            "a custom:vip [macro_unexpanded]",
        ),
        (
            rules,
            "clickid=a&tracker.event=vip&fields.level=gold",
            "a custom:vip level=gold",
        ),
        (
            rules,
            &format!("clickid=a&tracker.event=vip&fields.user_id={long}"),
            &format!("a custom:vip user_id={long}"),
        ),
        (
            "",
            "clickid=a&tracker.event=vip&fields.user_id=7",
            "a custom:vip user_id=7",
        ),
    ]);
}

#[test]
fn clickids() {
    let rows: &[(&str, &str, bool, bool)] = &[
        // Rules, clickid, usable, flagged.
        ("", "8f3k2m1p9x", true, false),
        ("", "A-b_c.d", true, false),
        ("", "sub", false, true),
        ("", "sub1", false, true),
        ("", "SUB10", false, true),
        ("", "sub123", true, false),
        ("", "sub4", false, true),
        ("", "sub_1", false, true),
        ("", "subid", false, true),
        ("", "subid3", false, true),
        ("", "sub_id", false, true),
        ("", "sub_id_1", false, true),
        ("", "aff_sub5", false, true),
        ("", "clickid", false, true),
        ("", "click_id", false, true),
        ("", "cid", false, true),
        ("", "payload", false, true),
        ("", "s1", false, true),
        ("", "s", true, false),
        ("", "s1a", true, false),
        ("", "subscriber1", true, false),
        ("", "external", true, false),
        (
            "aliases = { external = 'clickid' }",
            "external",
            false,
            true,
        ),
        (
            "aliases = { external = 'tracker.tid' }",
            "external",
            true,
            false,
        ),
        // Words for nothing match nobody.
        ("", "null", false, false),
        ("", "undefined", false, false),
        ("", "0", false, false),
        ("", "-", false, false),
        ("", "00", true, false),
    ];
    for (rules, clickid, usable, flagged) in rows {
        let query = format!("tracker.event=registration&clickid={clickid}");
        let postback = judged(rules, query.as_bytes()).unwrap();
        let found = (
            postback.clickid.as_str(),
            postback.clickid_usable,
            postback.flags.has(Flag::MacroUnexpanded),
        );
        assert_eq!(found, (*clickid, *usable, *flagged), "{clickid}");
    }
}
