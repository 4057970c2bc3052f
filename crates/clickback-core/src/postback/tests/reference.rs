//! Every address of the set-up guide that teams paste from: as in Markdown and clean, filled in and not.

use super::*;

/// What the address is, and what stands in the guide.
type Address<'t> = (&'t str, &'t str);

const GUIDE: &[Address<'_>] = &[
    (
        "registration",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=registration\&clickid=sub1",
    ),
    (
        "first deposit, not edited, as shown",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=first\_deposit\_\&clickid={sub1}",
    ),
    (
        "first deposit, not edited, as linked",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=first_deposit_\&clickid={sub1}",
    ),
    (
        "first deposit, as shown",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=sale\&clickid={sub1}\&tracker.cost={amount}\&tracker.currency=usd",
    ),
    (
        "first deposit, as linked",
        r"https://api.chatterfy.ai/api/postbacks/6d1f4e36-b910-4fa1-98f0-11a2df93f054/tracker-postback?tracker.event=sale\&clickid={sub1}\&tracker.cost={amount}\&tracker.currency=usd",
    ),
    (
        "recurring deposit, not edited, as shown",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=recurring\_deposit\_\&clickid={sub1}",
    ),
    (
        "recurring deposit, not edited, as linked",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=recurring_deposit_\&clickid={sub1}",
    ),
    (
        "recurring deposit, as shown",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=resale\&clickid={sub1}\&tracker.tid={event\_id}",
    ),
    (
        "recurring deposit, as linked",
        r"https://api.chatterfy.ai/api/postbacks/48d0524a-3abb-4cd5-82b8-404fa1cb4f7e/tracker-postback?tracker.event=resale\&clickid={sub1}\&tracker.tid={event_id}",
    ),
    (
        "sale with fields",
        r"https://api.chatterfy.ai/api/postbacks/51edc052-f7a2-4650-8085-d04abb38de5e/tracker-postback?clickid={clickid}\&tracker.event=sale\&tracker.cost={cost}\&tracker.currency=usd\&fields.last\_deposit={cost}\&fields.user\_id={user\_id}",
    ),
    (
        "registration with clickid first",
        r"https://api.chatterfy.ai/api/postbacks/5540a501-882f-4a94-8b5d-a2b888a9fd0f/tracker-postback?clickid={clickid}\&tracker.event=registration",
    ),
    // Links for people, not for partners: as postbacks they say nothing.
    (
        "link for a lead",
        r"https://api.chatterfy.ai?sub4=\{{tracker.clickid\}}",
    ),
    (
        "link for a lead with a field",
        r"https://api.chatterfy.ai?sub4=\{{tracker.clickid\}}\&fields.userid={user_id}",
    ),
    (
        "partner's sign-up",
        r"partner.com/signup?clickid=\{{tracker.clickid\}}",
    ),
];

const CLICKID: &str = "01hq3x7m2k9v5t8w4y6z";

fn query(address: &str) -> String {
    let (_, query) = address.split_once('?').unwrap();
    query.to_owned()
}

/// Without what Markdown put in.
fn clean(query: &str) -> String {
    query.replace('\\', "")
}

/// As a partner fills it in: what it does not know, `{event\_id}`, stays.
fn filled(query: &str) -> String {
    [
        ("{sub1}", CLICKID),
        ("{clickid}", CLICKID),
        ("{amount}", "50.00"),
        ("{cost}", "50.00"),
        ("{event_id}", "90011"),
        ("{user_id}", "771204"),
    ]
    .iter()
    .fold(query.to_owned(), |query, (name, value)| {
        query.replace(name, value)
    })
}

/// Name, then four outcomes: clean and filled in, clean, raw and filled in, raw.
const EXPECTED: &[(&str, [&str; 4])] = &[
    (
        "registration",
        [
            "sub1(unusable) registration [macro_unexpanded]",
            "sub1(unusable) registration [macro_unexpanded]",
            "sub1(unusable) registration [macro_unexpanded stray_characters]",
            "sub1(unusable) registration [macro_unexpanded stray_characters]",
        ],
    ),
    (
        "first deposit, not edited, as shown",
        [
            "CLICKID other:first_deposit_ [placeholder_event]",
            "{sub1}(unusable) other:first_deposit_ [macro_unexpanded placeholder_event]",
            "CLICKID other:first_deposit_ [placeholder_event stray_characters]",
            "{sub1}(unusable) other:first_deposit_ [macro_unexpanded placeholder_event stray_characters]",
        ],
    ),
    (
        "first deposit, not edited, as linked",
        [
            "CLICKID other:first_deposit_ [placeholder_event]",
            "{sub1}(unusable) other:first_deposit_ [macro_unexpanded placeholder_event]",
            "CLICKID other:first_deposit_ [placeholder_event stray_characters]",
            "{sub1}(unusable) other:first_deposit_ [macro_unexpanded placeholder_event stray_characters]",
        ],
    ),
    (
        "first deposit, as shown",
        [
            "CLICKID sale 50 USD",
            "{sub1}(unusable) sale - USD [macro_unexpanded]",
            "CLICKID sale 50 USD [stray_characters]",
            "{sub1}(unusable) sale - USD [macro_unexpanded stray_characters]",
        ],
    ),
    (
        "first deposit, as linked",
        [
            "CLICKID sale 50 USD",
            "{sub1}(unusable) sale - USD [macro_unexpanded]",
            "CLICKID sale 50 USD [stray_characters]",
            "{sub1}(unusable) sale - USD [macro_unexpanded stray_characters]",
        ],
    ),
    (
        "recurring deposit, not edited, as shown",
        [
            "CLICKID other:recurring_deposit_ [placeholder_event]",
            "{sub1}(unusable) other:recurring_deposit_ [macro_unexpanded placeholder_event]",
            "CLICKID other:recurring_deposit_ [placeholder_event stray_characters]",
            "{sub1}(unusable) other:recurring_deposit_ [macro_unexpanded placeholder_event stray_characters]",
        ],
    ),
    (
        "recurring deposit, not edited, as linked",
        [
            "CLICKID other:recurring_deposit_ [placeholder_event]",
            "{sub1}(unusable) other:recurring_deposit_ [macro_unexpanded placeholder_event]",
            "CLICKID other:recurring_deposit_ [placeholder_event stray_characters]",
            "{sub1}(unusable) other:recurring_deposit_ [macro_unexpanded placeholder_event stray_characters]",
        ],
    ),
    (
        "recurring deposit, as shown",
        [
            "CLICKID resale tid=90011 [amount_missing]",
            "{sub1}(unusable) resale [macro_unexpanded amount_missing]",
            "CLICKID resale [macro_unexpanded amount_missing stray_characters]",
            "{sub1}(unusable) resale [macro_unexpanded amount_missing stray_characters]",
        ],
    ),
    (
        "recurring deposit, as linked",
        [
            "CLICKID resale tid=90011 [amount_missing]",
            "{sub1}(unusable) resale [macro_unexpanded amount_missing]",
            "CLICKID resale tid=90011 [amount_missing stray_characters]",
            "{sub1}(unusable) resale [macro_unexpanded amount_missing stray_characters]",
        ],
    ),
    (
        "sale with fields",
        [
            "CLICKID sale 50 USD last_deposit=50.00 user_id=771204",
            "{clickid}(unusable) sale - USD [macro_unexpanded]",
            "CLICKID sale 50 USD last_deposit=50.00 [macro_unexpanded stray_characters]",
            "{clickid}(unusable) sale - USD [macro_unexpanded stray_characters]",
        ],
    ),
    (
        "registration with clickid first",
        [
            "CLICKID registration",
            "{clickid}(unusable) registration [macro_unexpanded]",
            "CLICKID registration [stray_characters]",
            "{clickid}(unusable) registration [macro_unexpanded stray_characters]",
        ],
    ),
    ("link for a lead", ["400 missing_clickid"; 4]),
    ("link for a lead with a field", ["400 missing_clickid"; 4]),
    ("partner's sign-up", ["400 missing_event"; 4]),
];

#[test]
fn every_address_of_the_guide() {
    let names: Vec<_> = GUIDE.iter().map(|(name, _)| *name).collect();
    let expected: Vec<_> = EXPECTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    let mut failures = Vec::new();
    for ((name, address), (_, expected)) in GUIDE.iter().zip(EXPECTED) {
        let raw = query(address);
        let forms = [filled(&clean(&raw)), clean(&raw), filled(&raw), raw];
        for (form, expected) in forms.iter().zip(expected) {
            let found = line(&judged("", form.as_bytes())).replace(CLICKID, "CLICKID");
            if found != *expected {
                failures.push(format!(
                    "{name}: {form}\n  expected {expected}\n  found    {found}"
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// A browser or a partner may encode the backslashes on the way.
#[test]
fn encoded_backslashes() {
    for (name, address) in GUIDE {
        let raw = filled(&query(address));
        let (plain, encoded) = (
            judged("", raw.as_bytes()),
            judged("", raw.replace('\\', "%5C").as_bytes()),
        );
        let essence = |outcome: &Result<Postback, Rejection>| match outcome {
            Ok(postback) => format!(
                "{} {:?} {:?} {:?}",
                postback.clickid, postback.event, postback.amount, postback.tid
            ),
            Err(rejection) => rejection.code().to_owned(),
        };
        assert_eq!(essence(&plain), essence(&encoded), "{name}");
    }
}
