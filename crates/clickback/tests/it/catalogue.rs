//! The catalogue over HTTP: every ready partner's samples and generated URLs, what soon partners do not
//! have, the operator's own files, and the example of the documentation.

use std::collections::BTreeMap;

use clickback::catalogue::Catalogue;
use clickback_core::partner::{Partner, PartnerKind, Role, SAMPLE_CLICKID, Sample};
use clickback_core::rules::UrlForm;
use serde_json::{Value, json};

use crate::harness::{TestApp, text};

/// A partner's integration in a workspace where nothing else is.
struct House {
    app: TestApp,
    made: Value,
    path: String,
}

impl House {
    async fn of(partner: &Partner) -> House {
        let app = TestApp::start().await;
        let (made, path) = app.integration(json!({ "partner": partner.slug })).await;
        House { app, made, path }
    }

    /// Sends a sample for a new lead and compares what became of it.
    async fn check_sample(&self, partner: &Partner, sample: &Sample) {
        let (_, clickid) = self.app.lead().await;
        let own = |text: &str| text.replace(SAMPLE_CLICKID, &clickid);
        for query in &sample.after {
            let (status, answer) = self.app.send(&self.address(None, &own(query))).await;
            assert_eq!(status, 200, "{}: {query}: {answer}", partner.slug);
        }
        let address = self.address(sample.path.as_deref(), &own(&sample.query));
        let (status, answer) = match &sample.body {
            None => self.app.send(&address).await,
            Some(body) => {
                let kind = "application/x-www-form-urlencoded";
                self.app.post(&address, kind, &own(body)).await
            }
        };
        let about = format!("{}: {}", partner.slug, sample.query);
        let verdict = sample.verdict.as_deref().unwrap_or("accepted");
        let expected = if verdict == "rejected" { 400 } else { 200 };
        assert_eq!(status, expected, "{about}: {answer}");
        let request = self.app.request(&answer).await;
        assert_eq!(request["verdict"], verdict, "{about}: {request}");
        let mut flags = sample.flags.clone();
        flags.sort_unstable();
        assert_eq!(sorted(&request["flags"]), flags, "{about}");
        if matches!(verdict, "unmatched" | "rejected") {
            assert!(self.app.events(&clickid).await.is_empty(), "{about}");
            return;
        }
        let event = &request["event_detail"];
        let status = sample.status.as_deref().unwrap_or("approved");
        assert_eq!(event["status"], status, "{about}");
        assert_eq!(event["kind"].as_str(), sample.kind.as_deref(), "{about}");
        for (name, expected) in [
            ("amount", &sample.amount),
            ("payout", &sample.payout),
            ("tid", &sample.tid),
        ] {
            assert_eq!(
                event[name].as_str(),
                expected.as_deref(),
                "{name} of {about}"
            );
        }
        for (name, expected) in [
            ("currency", &sample.currency),
            ("payout_currency", &sample.payout_currency),
        ] {
            if expected.is_some() {
                assert_eq!(
                    event[name].as_str(),
                    expected.as_deref(),
                    "{name} of {about}"
                );
            }
        }
        let lead = self.app.get(&format!("/leads?clickid={clickid}")).await;
        for (key, value) in &sample.fields {
            assert_eq!(lead["items"][0]["fields"][key], *value, "{key} of {about}");
        }
    }

    fn address(&self, event: Option<&str>, query: &str) -> String {
        let mut address = self.path.clone();
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
}

fn sorted(list: &Value) -> Vec<String> {
    let mut list: Vec<String> = list.as_array().expect("a list").iter().map(text).collect();
    list.sort_unstable();
    list
}

/// Runs a check of every ready partner, a few at a time: each has a server of its own.
async fn of_each_ready(check: impl AsyncFn(&Partner)) {
    let catalogue = Catalogue::built_in();
    for partner in catalogue.all().iter().filter(|partner| partner.is_ready()) {
        check(partner).await;
    }
}

#[tokio::test]
async fn samples_of_ready_partners() {
    of_each_ready(async |partner| {
        let house = House::of(partner).await;
        for sample in &partner.samples {
            house.check_sample(partner, sample).await;
        }
        house.app.check().await;
    })
    .await;
}

/// What a partner puts in place of a macro, and the same as it is read back.
fn filled(partner: &Partner, text: &str, clickid: &str, word: &str, tid: &str) -> String {
    partner.macros.iter().fold(text.to_owned(), |text, fact| {
        let usual = match fact.role {
            Role::Clickid => clickid,
            Role::Event => word,
            Role::Status => "approved",
            Role::Amount => "50.00",
            Role::Payout => "12.50",
            Role::Currency => "EUR",
            Role::Tid => tid,
            Role::UserId => "771204",
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
    if clickback_core::macros::find(event).is_empty() {
        return vec![event.to_owned()];
    }
    let rules = &partner.rules;
    let mut words: Vec<String> = rules.events.keys().cloned().collect();
    words.extend(partner.events.iter().map(|event| event.name.clone()));
    words
}

#[tokio::test]
async fn generated_urls_parse_back_to_what_was_filled_in() {
    of_each_ready(async |partner| {
        let house = House::of(partner).await;
        let urls = house.made["postbacks"].as_array().expect("postbacks");
        assert_eq!(urls.len(), partner.postbacks.len(), "{}", partner.slug);
        for (at, (url, postback)) in urls.iter().zip(&partner.postbacks).enumerate() {
            let url = text(&url["url"]);
            if postback.rules.url != UrlForm::Macros {
                assert!(!url.contains(['{', '[', '#']), "{url} has a macro");
                assert_eq!(
                    url.contains('?'),
                    postback.rules.url == UrlForm::Constants,
                    "{url}"
                );
                continue;
            }
            for (turn, word) in words_of(partner, &postback.event).iter().enumerate() {
                let (lead, clickid) = house.app.lead().await;
                let tid = format!("T-{at}-{turn}");
                let called = filled(partner, &url, &clickid, word, &tid);
                let (_, address) = called.split_at(called.find("/api/").expect("a path"));
                let about = format!("{}: {address}", partner.slug);
                for left in clickback_core::macros::find(address) {
                    panic!("{} is not filled in: {about}", left.name);
                }
                let (status, answer) = house.app.send(address).await;
                assert_eq!(status, 200, "{about}");
                let request = house.app.request(&answer).await;
                assert_eq!(request["verdict"], "accepted", "{about}: {request}");
                let harmless = [
                    "amount_missing",
                    "currency_missing",
                    "no_tid",
                    "repeat_before_first",
                    "tid_is_clickid",
                ];
                for flag in sorted(&request["flags"]) {
                    assert!(harmless.contains(&flag.as_str()), "{flag}: {about}");
                }
                let event = &request["event_detail"];
                compare(partner, postback, event, &tid, &about);
                let lead = house.app.get(&format!("/leads/{lead}")).await;
                let mappings = &partner.rules.field_mappings;
                for mapping in mappings {
                    let expected = filled(partner, &mapping.macro_text, &clickid, word, &tid);
                    assert_eq!(lead["fields"][&mapping.field], expected, "{about}");
                }
            }
        }
        house.app.check().await;
    })
    .await;
}

fn compare(
    partner: &Partner,
    postback: &clickback_core::partner::PartnerPostback,
    event: &Value,
    tid: &str,
    about: &str,
) {
    let fact = |value: &str| partner.macros.iter().find(|fact| fact.text == value);
    for (name, value) in &postback.rules.params {
        let Some(fact) = fact(value) else { continue };
        let example = fact.example.as_deref();
        match name.as_str() {
            "tracker.cost" => assert_eq!(event["amount"], "50", "{about}"),
            "tracker.payout" => assert_eq!(event["payout"], "12.5", "{about}"),
            "tracker.currency" => {
                assert_eq!(event["currency"], example.unwrap_or("EUR"), "{about}")
            }
            "tracker.status" => assert_eq!(event["status"], "approved", "{about}"),
            "tracker.tid" if partner.rules.tid_means == Default::default() => {
                assert_eq!(event["tid"], tid, "{about}");
            }
            _ => {}
        }
    }
    if clickback_core::macros::find(&postback.event).is_empty() {
        let kind = match postback.event.as_str() {
            "registration" | "withdrawal" | "commission" => postback.event.as_str(),
            "sale" | "deposit" => "first_deposit",
            "resale" => "repeat_deposit",
            _ => "custom",
        };
        assert_eq!(event["kind"], kind, "{about}");
    } else {
        assert_ne!(event["kind"], "other", "{about}");
    }
}

#[test]
fn the_catalogue_is_whole() {
    let catalogue = Catalogue::built_in();
    let programs = |ready: bool| {
        catalogue
            .all()
            .iter()
            .filter(|one| one.kind != PartnerKind::Tracker && one.is_ready() == ready)
            .count()
    };
    // 31 that the research calls ready, Pocket Option's first version and BinPartner's old cabinet.
    assert_eq!((programs(true), programs(false)), (33, 24));
    let trackers: Vec<&str> = catalogue
        .all()
        .iter()
        .filter(|one| one.kind == PartnerKind::Tracker)
        .map(|one| one.slug.as_str())
        .collect();
    assert_eq!(trackers, ["binom", "keitaro", "redtrack", "voluum"]);
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
            let is_own = clickback_core::macros::find(&postback.event).is_empty()
                && matches!(postback.rules.url, UrlForm::Macros);
            assert!(shown || !is_own, "{}: no sample of {event}", partner.slug);
        }
    }
}
