//! The catalogue over HTTP: every ready partner's samples and generated URLs, what soon partners do not
//! have, the operator's own files, and the example of the documentation. Pages are in `catalogue_pages`.

use clickback::catalogue::Catalogue;
use clickback_core::macros;
use clickback_core::partner::{
    Partner, PartnerKind, PartnerPostback, Role, SAMPLE_CLICKID, Sample,
};
use clickback_core::rules::{TidMeaning, UrlForm};
use serde_json::{Value, json};

use crate::catalogue_pages::page;
use crate::harness::{TestApp, text};

/// What differs from what was expected, one line each.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn expect(&mut self, about: &str, what: &str, found: &Value, expected: &Value) {
        if found != expected {
            self.0.push(format!(
                "{about}\n    {what}: {found} instead of {expected}"
            ));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

/// Makes an integration of its own for each sample, so that ids of one are new to the other.
async fn check_sample(
    app: &TestApp,
    partner: &Partner,
    sample: &Sample,
    differences: &mut Differences,
) {
    let (_, path) = app.integration(json!({ "partner": partner.slug })).await;
    let (_, clickid) = app.lead().await;
    let own = |text: &str| text.replace(SAMPLE_CLICKID, &clickid);
    let about = format!("{}: {}", partner.slug, sample.query);
    for query in &sample.after {
        let (status, answer) = app.send(&address(&path, None, &own(query))).await;
        assert_eq!(status, 200, "{about}: after {query}: {answer}");
    }
    let address = address(&path, sample.path.as_deref(), &own(&sample.query));
    let (status, answer) = match &sample.body {
        None => app.send(&address).await,
        Some(body) => {
            let kind = "application/x-www-form-urlencoded";
            app.post(&address, kind, &own(body)).await
        }
    };
    let verdict = sample.verdict.as_deref().unwrap_or("accepted");
    let expected = if verdict == "rejected" { 400 } else { 200 };
    assert_eq!(status, expected, "{about}: {answer}");
    let request = app.request(&answer).await;
    let mut flags = sample.flags.clone();
    flags.sort_unstable();
    let mut expect = |what: &str, found: &Value, expected: &Value| {
        differences.expect(&about, what, found, expected);
    };
    expect("verdict", &request["verdict"], &json!(verdict));
    expect("flags", &json!(sorted(&request["flags"])), &json!(flags));
    if matches!(verdict, "unmatched" | "rejected") {
        assert!(app.events(&clickid).await.is_empty(), "{about}");
        return;
    }
    let event = &request["event_detail"];
    let status = sample.status.as_deref().unwrap_or("approved");
    expect("status", &event["status"], &json!(status));
    for (name, expected) in [
        ("kind", &sample.kind),
        ("amount", &sample.amount),
        ("payout", &sample.payout),
        ("tid", &sample.tid),
    ] {
        expect(name, &event[name], &json!(expected));
    }
    for (name, expected) in [
        ("currency", &sample.currency),
        ("payout_currency", &sample.payout_currency),
    ] {
        if expected.is_some() {
            expect(name, &event[name], &json!(expected));
        }
    }
    let lead = app.get(&format!("/leads?clickid={clickid}")).await;
    for (key, value) in &sample.fields {
        expect(key, &lead["items"][0]["fields"][key], &json!(value));
    }
}

fn address(path: &str, event: Option<&str>, query: &str) -> String {
    let mut address = path.to_owned();
    if let Some(event) = event {
        address.push('/');
        address.push_str(event);
    }
    if !query.is_empty() {
        address.push('?');
        address.push_str(query);
    }
    address
}

fn sorted(list: &Value) -> Vec<String> {
    let mut list: Vec<String> = list.as_array().expect("a list").iter().map(text).collect();
    list.sort_unstable();
    list
}

/// Runs a check of every ready partner, each on a server of its own: what one integration defines
/// must not help another.
async fn of_each_ready(check: impl AsyncFn(&TestApp, &Partner, &mut Differences)) {
    let catalogue = Catalogue::built_in();
    let mut differences = Differences::default();
    for partner in catalogue.all().iter().filter(|partner| partner.is_ready()) {
        let app = TestApp::start().await;
        check(&app, partner, &mut differences).await;
        app.check().await;
    }
    differences.none();
}

#[tokio::test]
async fn samples_of_ready_partners() {
    of_each_ready(async |app, partner, differences| {
        for sample in &partner.samples {
            check_sample(app, partner, sample, differences).await;
        }
    })
    .await;
}

/// What a partner puts in place of a macro, and the same as it is read back.
fn filled(partner: &Partner, text: &str, clickid: &str, word: &str, tid: &str) -> String {
    let player = clickid.get(8..).unwrap_or(clickid);
    partner.macros.iter().fold(text.to_owned(), |text, fact| {
        let usual = match fact.role {
            Role::Clickid => clickid,
            Role::Event => word,
            Role::Status => "approved",
            Role::Amount => "50.00",
            Role::Payout => "12.50",
            Role::Currency => "EUR",
            Role::Tid => tid,
            Role::UserId => player,
            Role::Country => "KZ",
            Role::Time => "1763600000",
            Role::Field => "value",
        };
        let value = match (&fact.example, fact.role) {
            (Some(example), role) if !matches!(role, Role::Clickid | Role::Event) => example,
            _ => usual,
        };
        text.replace(&fact.text, value)
    })
}

/// The words with which a partner reports events through one URL, or the one that the URL has.
fn words_of(partner: &Partner, event: &str) -> Vec<String> {
    if macros::find(event).is_empty() {
        return vec![event.to_owned()];
    }
    let rules = &partner.rules;
    let mut words: Vec<String> = rules.events.keys().cloned().collect();
    words.extend(partner.events.iter().map(|event| event.name.clone()));
    words
}

/// Flags that tell of what a partner does not send, not of what was misread.
const WHAT_IS_NOT_SENT: &[&str] = &[
    "amount_missing",
    "currency_missing",
    "no_tid",
    "repeat_before_first",
];

#[tokio::test]
async fn generated_urls_parse_back_to_what_was_filled_in() {
    of_each_ready(async |app, partner, differences| {
        for (at, postback) in partner.postbacks.iter().enumerate() {
            for (turn, word) in words_of(partner, &postback.event).iter().enumerate() {
                let (made, _) = app.integration(json!({ "partner": partner.slug })).await;
                let urls = made["postbacks"].as_array().expect("postbacks");
                assert_eq!(urls.len(), partner.postbacks.len(), "{}", partner.slug);
                let url = text(&urls[at]["url"]);
                if postback.rules.url == UrlForm::Macros {
                    let tid = format!("T-{at}-{turn}");
                    call(app, partner, postback, &url, (word, &tid), differences).await;
                } else {
                    let has_query = postback.rules.url == UrlForm::Constants;
                    assert!(!url.contains(['{', '[', '#']), "{url} has a macro");
                    assert_eq!(url.contains('?'), has_query, "{url}");
                }
            }
        }
    })
    .await;
}

/// Calls a generated URL as the partner does and compares what it says with what was filled in.
async fn call(
    app: &TestApp,
    partner: &Partner,
    postback: &PartnerPostback,
    url: &str,
    (word, tid): (&str, &str),
    differences: &mut Differences,
) {
    let (lead, clickid) = app.lead().await;
    let fill = |text: &str| filled(partner, text, &clickid, word, tid);
    let called = fill(url);
    let (_, address) = called.split_at(called.find("/api/").expect("a path"));
    let about = format!("{}: {address}", partner.slug);
    assert!(macros::find(address).is_empty(), "not filled in: {about}");
    let (status, answer) = app.send(address).await;
    assert_eq!(status, 200, "{about}");
    let request = app.request(&answer).await;
    let flags: Vec<String> = sorted(&request["flags"])
        .into_iter()
        .filter(|flag| !WHAT_IS_NOT_SENT.contains(&flag.as_str()))
        .collect();
    let mut expect = |what: &str, found: &Value, expected: Value| {
        differences.expect(&about, what, found, &expected);
    };
    expect("verdict", &request["verdict"], json!("accepted"));
    expect("flags", &json!(flags), json!([]));
    let event = &request["event_detail"];
    let kind = match partner.rules.events.get(word).map_or(word, String::as_str) {
        name @ ("registration" | "withdrawal" | "commission") => name,
        "sale" | "deposit" => "first_deposit",
        "resale" => "repeat_deposit",
        _ => "custom",
    };
    expect("kind", &event["kind"], json!(kind));
    let is_key = partner.rules.tid_means == TidMeaning::Transaction;
    for (name, value) in &postback.rules.params {
        let Some(fact) = partner.macros.iter().find(|fact| fact.text == *value) else {
            continue;
        };
        let example = fact.example.as_deref();
        match name.as_str() {
            "tracker.cost" => expect(name, &event["amount"], json!("50")),
            "tracker.payout" => expect(name, &event["payout"], json!("12.5")),
            "tracker.currency" => expect(name, &event["currency"], json!(example.unwrap_or("EUR"))),
            "tracker.status" => expect(name, &event["status"], json!("approved")),
            "tracker.tid" => expect(name, &event["tid"], json!(Some(tid).filter(|_| is_key))),
            _ => {}
        }
    }
    let known = app.get(&format!("/leads/{lead}")).await;
    for mapping in &partner.rules.field_mappings {
        let expected = fill(&mapping.macro_text);
        expect(
            &mapping.field,
            &known["fields"][&mapping.field],
            json!(expected),
        );
    }
}

#[test]
fn the_catalogue_is_whole() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.refused(), []);
    let ready = catalogue.all().iter().filter(|one| one.is_ready()).count();
    assert!(
        ready >= 37 && catalogue.all().len() >= 61,
        "files are missing"
    );
    let trackers: Vec<&str> = catalogue
        .all()
        .iter()
        .filter(|one| one.kind == PartnerKind::Tracker)
        .map(|one| one.slug.as_str())
        .collect();
    for tracker in ["binom", "keitaro", "redtrack", "voluum"] {
        assert!(trackers.contains(&tracker), "{tracker} is missing");
    }
    for partner in catalogue.all() {
        assert!(
            !partner.sources.is_empty(),
            "{} has no source",
            partner.slug
        );
        let words = partner.notes.iter().chain(&partner.names);
        let weak = partner.macros.iter().filter_map(|fact| fact.weak.as_ref());
        let names = partner.postbacks.iter().map(|one| &one.name);
        let fields = partner.fields.iter().map(|field| &field.name);
        for words in words.chain(weak).chain(names).chain(fields) {
            assert!(!words.en.trim().is_empty() && !words.ru.trim().is_empty());
        }
        // Our clickid fits, whatever the partner's parameter holds.
        assert!(partner.limits.clickid_chars.is_none_or(|limit| limit >= 20));
        if !partner.is_ready() {
            assert!(!partner.missing.is_empty(), "{}", partner.slug);
            assert!(partner.postbacks.is_empty() && partner.samples.is_empty());
            continue;
        }
        assert!(
            !partner.samples.is_empty(),
            "{} has no samples",
            partner.slug
        );
        // Each event that a URL of its own reports is in a sample.
        for postback in &partner.postbacks {
            let event = format!("tracker.event={}", postback.event);
            let shown = partner.samples.iter().any(|sample| {
                sample.query.contains(&event)
                    || sample
                        .body
                        .as_ref()
                        .is_some_and(|body| body.contains(&event))
            });
            let is_own = macros::find(&postback.event).is_empty()
                && matches!(postback.rules.url, UrlForm::Macros);
            assert!(shown || !is_own, "{}: no sample of {event}", partner.slug);
        }
    }
}

#[tokio::test]
async fn the_chosen_parameter_brings_its_macro_and_a_link_carries_it() {
    let app = TestApp::start().await;
    // (partner, parameter of the link, its macro, base link, final link)
    let rows = [
        (
            "1win",
            "sub2",
            "{sub2}",
            "https://p.example/?a=1",
            "https://p.example/?a=1&sub2=CID",
        ),
        (
            "actionpay",
            "apsubid3",
            "{subid3}",
            "https://p.example/",
            "https://p.example/?apsubid3=CID",
        ),
        (
            "cake",
            "s4",
            "#s4#",
            "https://p.example/?s2=x",
            "https://p.example/?s2=x&s4=CID",
        ),
        (
            "admitad",
            "subid",
            "[[[subid]]]",
            "https://p.example/g/1/",
            "https://p.example/g/1/?subid=CID",
        ),
        (
            "binpartner",
            "click_id",
            "{url.click_id}",
            "https://p.example/?a=1",
            "https://p.example/?a=1&click_id=CID",
        ),
        (
            "posh-partners",
            "promo",
            "{transaction_id}",
            "https://p.example/?p1",
            "https://p.example/?p1&promo=CID",
        ),
        (
            "altercpa-top",
            "start",
            "{click}",
            "https://t.me/shop?start=777-CID",
            "https://t.me/shop?start=777-CID",
        ),
    ];
    let ours = |link: &str| link.replace("CID", "{{tracker.clickid}}");
    for (partner, param, macro_text, base, expected) in rows {
        let body = json!({ "partner": partner, "clickid_param": param });
        let (made, _) = app.integration(body).await;
        assert_eq!(made["clickid_macro"], macro_text, "{partner}");
        let url = text(&made["postbacks"][0]["url"]);
        assert!(
            url.contains(&format!("&clickid={macro_text}")),
            "{partner}: {url}"
        );
        let body = json!({ "integration": made["id"], "name": "Link", "base_url": ours(base) });
        let link = app.ok("POST", "/links", body).await;
        assert_eq!(link["final_url"], ours(expected), "{partner}");
    }
    // A parameter that is changed later brings its macro too; an event that a macro brings keeps its
    // spelling.
    let (made, _) = app.integration(json!({ "partner": "actionpay" })).await;
    let path = format!("/integrations/{}", text(&made["id"]));
    let changed = app
        .ok("PATCH", &path, json!({ "clickid_param": "apsubid5" }))
        .await;
    assert_eq!(changed["clickid_macro"], "{subid5}");
    let (made, _) = app
        .integration(json!({ "partner": "betwinner-affiliates" }))
        .await;
    let postback = text(&made["postbacks"][0]["id"]);
    let path = format!("/integrations/{}/postbacks/{postback}", text(&made["id"]));
    let body = json!({ "name": "All", "event": " {eventType} " });
    assert_eq!(app.ok("PATCH", &path, body).await["event"], "{eventType}");
    let body = json!({ "name": "All", "event": "Sale" });
    assert_eq!(app.ok("PATCH", &path, body).await["event"], "sale");
}

/// The fenced block of a document.
fn example(document: &str) -> &str {
    let (_, rest) = document.split_once("```toml\n").expect("an example");
    rest.split_once("```").expect("its end").0
}

const GUIDE: &str = include_str!("../../../../docs/partners.md");
const GUIDE_RU: &str = include_str!("../../../../docs/partners.ru.md");

#[tokio::test]
async fn the_guide_s_example_works_as_it_stands() {
    let file = example(GUIDE);
    assert_eq!(file, example(GUIDE_RU), "both guides show the same file");
    let partner = Partner::parse(file).expect("a good file");
    let app = TestApp::start_with(|settings| {
        let folder = settings.data_dir.join("partners");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("orbit-partners.toml"), file).expect("a file");
    })
    .await;
    let mut differences = Differences::default();
    for sample in &partner.samples {
        check_sample(&app, &partner, sample, &mut differences).await;
    }
    differences.none();
    let (status, html) = page(&app, "/partners/orbit-partners?lang=ru").await;
    assert_eq!(status, 200);
    assert!(html.contains("Партнёрка Orbit") && html.contains("Поле «FTD URL»"));
    for guide in [GUIDE, GUIDE_RU] {
        for quirk in ["event_params", "event_statuses", "default_event", "amounts"] {
            assert!(guide.contains(quirk), "{quirk}");
        }
    }
}

#[tokio::test]
async fn operators_replace_built_in_files_and_bad_ones_are_named() {
    let own = example(GUIDE)
        .replace("orbit-partners", "1win")
        .replace("Orbit Partners", "1win by hand");
    let app = TestApp::start_with(|settings| {
        let folder = settings.data_dir.join("partners");
        std::fs::create_dir_all(&folder).expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("a file");
        };
        write("1win.toml", &own);
        write(
            "broken.toml",
            "slug = \"broken\"\nname = \"Broken\"\nkategory = \"igaming\"\n",
        );
        write(
            "unsourced.toml",
            &own.replace("source = \"cabinet\"", "source = \"memory\""),
        );
    })
    .await;
    assert_eq!(app.get("/partners/1win").await["name"], "1win by hand");
    assert_eq!(app.get("/partners/quotex").await["name"], "Quotex Partner");
    let refused = app.get("/partners").await["refused"].clone();
    assert_eq!(refused.as_array().map(Vec::len), Some(2), "{refused}");
    assert_eq!(
        (&refused[0]["file"], &refused[0]["line"]),
        (&json!("broken.toml"), &json!(3))
    );
    assert!(text(&refused[0]["reason"]).contains("kategory"));
    assert_eq!(
        (&refused[1]["file"], &refused[1]["line"]),
        (&json!("unsourced.toml"), &json!(9))
    );
    assert!(text(&refused[1]["reason"]).contains("the source `memory`"));
    let (made, _) = app.integration(json!({ "partner": "1win" })).await;
    assert_eq!(made["clickid_macro"], "{subid}");
}

/// Habits of partners whose own files are not ready yet, through a custom integration.
#[tokio::test]
async fn habits_that_no_ready_file_shows() {
    let app = TestApp::start().await;
    let rules = json!({
        "aliases": { "sumdep": "tracker.cost", "reg": "fields.reg" },
        "currency": "USD",
    });
    let (_, path) = app
        .integration(json!({ "partner": null, "name": "1xPartners", "rules": rules }))
        .await;
    // (behind the address, kind, amount, flags); the tail is what the partner adds by itself.
    let rows: &[(&str, &str, Option<&str>, &[&str])] = &[
        (
            "?tracker.event=sale&clickid=CID?sumdep=25",
            "first_deposit",
            Some("25"),
            &["second_question_mark"],
        ),
        (
            "?tracker.event=sale&clickid=CID%3Fsumdep%3D25.5",
            "first_deposit",
            Some("25.5"),
            &["second_question_mark"],
        ),
        (
            "?tracker.event=sale&clickid=CID%3Fsumdep%3D25%26tracker.tid%3D7",
            "first_deposit",
            Some("25"),
            &["second_question_mark"],
        ),
        (
            "/sale?clickid=CID&sumdep=25",
            "first_deposit",
            Some("25"),
            &[],
        ),
        (
            "/sale?clickid=CID?sumdep=25",
            "first_deposit",
            Some("25"),
            &["second_question_mark"],
        ),
        (
            "/Sale/?clickid=CID&sumdep=25",
            "first_deposit",
            Some("25"),
            &[],
        ),
        (
            "/?tracker.event=registration&clickid=CID",
            "registration",
            None,
            &[],
        ),
        (
            "/registration?clickid=CID&tracker.event=registration",
            "registration",
            None,
            &[],
        ),
        (
            "/sale&clickid=CID&sumdep=25",
            "first_deposit",
            Some("25"),
            &[],
        ),
        (
            "/first%20deposit?clickid=CID",
            "other",
            None,
            &["unknown_event"],
        ),
    ];
    let mut differences = Differences::default();
    for (tail, kind, amount, flags) in rows {
        let (_, clickid) = app.lead().await;
        let (status, answer) = app
            .send(&(path.clone() + &tail.replace("CID", &clickid)))
            .await;
        assert_eq!(status, 200, "{tail}: {answer}");
        let request = app.request(&answer).await;
        let event = &request["event_detail"];
        differences.expect(tail, "kind", &event["kind"], &json!(kind));
        differences.expect(tail, "amount", &event["amount"], &json!(amount));
        differences.expect(
            tail,
            "flags",
            &json!(sorted(&request["flags"])),
            &json!(flags),
        );
    }
    differences.none();
    // Macros in double braces are the partner's in a postback, and no lead's when nobody fills them in.
    let body = json!({ "partner": null, "name": "Own braces", "clickid_param": "click_id",
        "clickid_macro": "{{click_id}}" });
    let (made, braces) = app.integration(body).await;
    let url = text(&made["postbacks"][0]["url"]);
    assert!(
        url.ends_with("?tracker.event=registration&clickid={{click_id}}"),
        "{url}"
    );
    let (_, answer) = app
        .send(&format!(
            "{braces}?tracker.event=sale&clickid={{{{click_id}}}}&tracker.cost={{{{amount}}}}"
        ))
        .await;
    let request = app.request(&answer).await;
    assert_eq!(
        (&request["verdict"], &request["flags"]),
        (&json!("unmatched"), &json!(["macro_unexpanded"]))
    );
    let conflicting = format!("{path}/sale?tracker.event=resale&clickid=1");
    let (status, answer) = app.send(&conflicting).await;
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("conflicting_values"))
    );
    let again = app.ok("POST", "/inbox/reprocess", json!({})).await;
    assert_eq!(
        again["changed"],
        json!([]),
        "the path is kept with the request"
    );
    let (status, _) = app
        .send("/api/postbacks/nobody/tracker-postback/sale?clickid=1")
        .await;
    assert_eq!(status, 404);
    app.check().await;
}
