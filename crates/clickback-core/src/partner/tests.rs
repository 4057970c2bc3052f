//! What a partner file may say: a good one, and a table of bad ones with line and reason.

use super::*;
use crate::rules::UrlForm;

const GOOD: &str = r##"slug = "house"
name = "House Partners"
names = { en = "House Partners", ru = "Домашняя партнёрка" }
category = "igaming"
readiness = "ready"
confidence = "documented"
quirks = ["no_currency"]
macros = [
  { role = "clickid", macro = "#s2#", source = "manual" },
  { role = "amount", macro = "#sum#", source = "manual", weak = { en = "Once.", ru = "Один раз." } },
]

[[sources]]
key = "manual"
url = "https://house.example/manual"

[clickid]
params = ["s1", "s2"]
default = "s2"
pattern = "#macro#"

[rules.events]
ftd = "sale"

[[events]]
name = "level"
counts_money = false

[[postbacks]]
name = { en = "First deposit", ru = "Первый депозит" }
event = "ftd"
rules = { params = [["tracker.cost", "#sum#"]], url = "path" }

[[fields]]
key = "user_id"
name = { en = "Player", ru = "Игрок" }
kind = "text"

[[samples]]
query = "tracker.event=ftd&clickid=8f3k2m1p9x&tracker.cost=5"
kind = "first_deposit"
"##;

#[test]
fn a_good_file() {
    let partner = Partner::parse(GOOD).unwrap();
    assert!(partner.is_ready());
    assert_eq!(partner.kind, PartnerKind::Program);
    assert_eq!(partner.quirks, [Quirk::NoCurrency]);
    assert_eq!(
        (partner.name_in("en"), partner.name_in("ru")),
        ("House Partners", "Домашняя партнёрка")
    );
    assert_eq!(partner.clickid.macro_for("s1"), "#s1#");
    assert_eq!(partner.postbacks[0].rules.url, UrlForm::Path);
    let json = serde_json::to_string(&partner).unwrap();
    assert_eq!(serde_json::from_str::<Partner>(&json).unwrap(), partner);
}

#[test]
fn a_macro_may_have_another_name_than_its_parameter() {
    let text = GOOD
        .replace("macro = \"#s2#\"", "macro = \"{subid1}\"")
        .replace(
            "pattern = \"#macro#\"",
            "pattern = \"{macro}\"\nmacros = { s2 = \"{subid1}\" }",
        );
    let clickid = Partner::parse(&text).unwrap().clickid;
    assert_eq!(
        (clickid.macro_for("s2"), clickid.macro_for("s1")),
        ("{subid1}".to_owned(), "{s1}".to_owned())
    );
}

#[test]
fn bad_files_are_refused_with_line_and_reason() {
    let lines = |text: &str, from: &str| text[..text.find(from).unwrap()].lines().count() + 1;
    // (what stands in the good file, what stands there instead, the line, a part of the reason)
    let rows: &[(&str, &str, usize, &str)] = &[
        ("name = \"House Partners\"\n", "name = \n", 2, ""),
        ("category", "kategory", 4, "unknown field `kategory`"),
        ("\"igaming\"", "\"casino\"", 4, "unknown variant `casino`"),
        ("\"no_currency\"", "\"moody\"", 7, "unknown variant `moody`"),
        ("\"house\"", "\"House!\"", 1, "must be a-z, 0-9 and -"),
        (
            "key = \"manual\"",
            "key = \"other\"",
            9,
            "the source `manual`",
        ),
        (
            "url = \"https://house.example/manual\"",
            "",
            9,
            "needs a `url` or a `text`",
        ),
        ("https://house", "house", 15, "is no address"),
        (
            "macro = \"#sum#\"",
            "macro = \"sum\"",
            10,
            "not written like a macro",
        ),
        (
            "[[\"tracker.cost\", \"#sum#\"]]",
            "[[\"tracker.cost\", \"#price#\"]]",
            32,
            "the macro `#price#` is used but is not in `macros`",
        ),
        (
            "default = \"s2\"",
            "default = \"s3\"",
            17,
            "one of `clickid.params`",
        ),
        ("\"#macro#\"", "\"macro\"", 20, "must be a macro"),
        ("ftd = \"sale\"", "FTD = \"sale\"", 23, "lower case"),
        ("ftd = \"sale\"", "ftd = \"first\"", 23, "leads to `first`"),
        (
            "event = \"ftd\"",
            "event = \"fdp\"",
            31,
            "neither built in nor in `events`",
        ),
        (
            "name = \"level\"",
            "name = \"sale\"",
            26,
            "must be a new name",
        ),
        ("\"user_id\"", "\"User\"", 35, "field key"),
        (
            "[[\"tracker.cost\", \"#sum#\"]]",
            "[[\"fields.x\", \"1\"]]",
            32,
            "the field `x`",
        ),
        ("\"ready\"", "\"soon\"", 5, "must say what is `missing`"),
        (
            "clickid=8f3k2m1p9x",
            "clickid=abc",
            40,
            "must carry the clickid",
        ),
        ("\"first_deposit\"", "\"ftd\"", 40, "no kind of event"),
        (
            "kind = \"first_deposit\"",
            "flags = [\"x\"]\nkind = \"first_deposit\"",
            40,
            "no flag",
        ),
        (
            "kind = \"first_deposit\"",
            "verdict = \"fine\"",
            40,
            "no verdict",
        ),
        (
            "kind = \"first_deposit\"",
            "",
            40,
            "does not say its `kind`",
        ),
        ("[[samples]]", "[[sample]]", 39, "unknown field `sample`"),
    ];
    for (old, new, line, reason) in rows {
        let text = GOOD.replacen(old, new, 1);
        assert_ne!(text, GOOD, "{old}");
        let error = Partner::parse(&text).unwrap_err();
        assert!(error.reason.contains(reason), "{new}: {error}");
        assert_eq!(error.line, Some(*line), "{new}: {error}");
        assert!(error.to_string().starts_with("line "), "{error}");
    }
    let samples = lines(GOOD, "[[samples]]");
    let without: String = GOOD
        .lines()
        .take(samples - 1)
        .map(|line| format!("{line}\n"))
        .collect();
    let error = Partner::parse(&without).unwrap_err();
    assert_eq!(error.reason, "a ready partner needs `samples`");
    let sources = GOOD
        .replace(
            "[[sources]]\nkey = \"manual\"\nurl = \"https://house.example/manual\"",
            "",
        )
        .replace(
            "confidence = \"documented\"",
            "confidence = \"documented\"\nsources = []",
        );
    let error = Partner::parse(&sources).unwrap_err();
    assert_eq!(
        (error.line, error.reason.as_str()),
        (None, "`sources` must say where the facts were seen")
    );
}

#[test]
fn soon_partners_invent_nothing() {
    let soon = GOOD.replace(
        "readiness = \"ready\"",
        "readiness = \"soon\"\nmissing = [\"link_parameter\"]",
    );
    let error = Partner::parse(&soon).unwrap_err();
    assert!(error.reason.contains("they would be invented"), "{error}");
    let missing = GOOD.replace(
        "readiness = \"ready\"",
        "readiness = \"ready\"\nmissing = [\"click_macro\"]",
    );
    let error = Partner::parse(&missing).unwrap_err();
    assert!(error.reason.contains("misses nothing"), "{error}");
}

#[test]
fn codes_come_back() {
    for quirk in Quirk::ALL {
        assert_eq!(Quirk::from_code(quirk.code()), Some(*quirk));
        let json = serde_json::to_string(quirk).unwrap();
        assert_eq!(json, format!("\"{}\"", quirk.code()));
    }
    assert_eq!(Category::from_code("casino"), None);
}

#[test]
fn prepared_names_are_the_readers() {
    let mut partner = Partner::parse(GOOD).unwrap();
    partner.postbacks = usual_postbacks();
    partner.postbacks[1].name = Words {
        en: "First order".to_owned(),
        ru: "Первый заказ".to_owned(),
    };
    let rows = [
        (None, "sale", "First deposit", "ru", "Первый депозит"),
        (None, "sale", "Первый депозит", "en", "First deposit"),
        (None, "sale", "First deposit", "en", "First deposit"),
        (Some(&partner), "sale", "First order", "ru", "Первый заказ"),
        (
            Some(&partner),
            "sale",
            "First deposit",
            "ru",
            "Первый депозит",
        ),
        // Renamed, or given to another event: somebody meant it so.
        (None, "sale", "My first", "ru", "My first"),
        (None, "resale", "First deposit", "ru", "First deposit"),
        (None, "sale", "First order", "ru", "First order"),
    ];
    for (partner, event, name, code, expected) in rows {
        assert_eq!(
            prepared_name(partner, event, name, code),
            expected,
            "{event} {name} {code}"
        );
    }
}
