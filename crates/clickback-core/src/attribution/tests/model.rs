//! A store in memory: leads, keys, first-deposit slots and events, decided as the real one decides.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::flag::Flags;
use crate::postback::Postback;
use crate::rules::Repeats;

/// An event with what the store knows besides.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) lead: String,
    pub(super) facts: EventFacts,
    pub(super) tid: Option<String>,
    request: String,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) verdict: &'static str,
    pub(super) event: EventId,
    pub(super) flags: Flags,
}

pub(super) struct Model {
    mode: Mode,
    repeats: Repeats,
    default_status: Status,
    clicked: bool,
    now: Moment,
    pub(super) events: Vec<Recorded>,
    pub(super) keys: HashMap<(String, Key), EventId>,
    pub(super) first: HashMap<String, EventId>,
}

const START: Moment = Moment(1_790_000_000_000_000);

impl Model {
    /// Settings are words too: `mode=update window=60 hold default=pending clicked`.
    pub(super) fn new(settings: &str) -> Model {
        let mut model = Model {
            mode: Mode::ByTid,
            repeats: Repeats::default(),
            default_status: Status::Approved,
            clicked: false,
            now: START,
            events: Vec::new(),
            keys: HashMap::new(),
            first: HashMap::new(),
        };
        for word in settings.split_whitespace() {
            match word.split_once('=') {
                Some(("mode", "first_only")) => model.mode = Mode::FirstOnly,
                Some(("mode", "always_new")) => model.mode = Mode::AlwaysNew,
                Some(("mode", "update")) => model.mode = Mode::Update,
                Some(("window", seconds)) => {
                    model.repeats.window_seconds = seconds.parse().unwrap();
                }
                Some(("default", code)) => model.default_status = Status::from_code(code).unwrap(),
                _ if word == "hold" => model.repeats.choice = RepeatChoice::Hold,
                _ if word == "drop" => model.repeats.choice = RepeatChoice::Drop,
                _ if word == "clicked" => model.clicked = true,
                _ => panic!("no such setting: {word}"),
            }
        }
        model
    }

    /// Sends the requests of a row and renders what came of them.
    pub(super) fn run(settings: &str, requests: &str) -> String {
        let mut model = Model::new(settings);
        let answers: Vec<String> = requests
            .split(';')
            .map(|request| {
                let answer = model.receive(request);
                let flags = answer.flags.codes().join(" ");
                if flags.is_empty() {
                    answer.verdict.to_owned()
                } else {
                    format!("{} [{flags}]", answer.verdict)
                }
            })
            .collect();
        let events: Vec<String> = model.events.iter().map(Recorded::shown).collect();
        format!("{} => {}", answers.join("; "), events.join("; "))
    }

    /// The postback of a request's words: `+600 a: resale 50 EUR #T1 =pending p10/EUR @0 ~x` is 600
    /// seconds after the last one, lead `a`, event, sum, currency (USD if there is none, `?` for
    /// none), transaction id, status, payout, event time in seconds from the start, and `~` to
    /// differ in bytes where nothing else does.
    pub(super) fn postback(&self, request: &str) -> Postback {
        let mut postback = Postback {
            clickid: "a".to_owned(),
            clickid_usable: true,
            event: EventName::Registration,
            amount: None,
            currency: None,
            payout: None,
            payout_currency: None,
            tid: None,
            status: None,
            default_status: self.default_status,
            occurred_at: None,
            fields: Vec::new(),
            player: None,
            mode: self.mode,
            repeats: self.repeats.clone(),
            flags: Flags::default(),
        };
        for word in request.split_whitespace() {
            let rest = &word[1..];
            match word.as_bytes()[0] {
                _ if word.ends_with(':') => {
                    postback.clickid = word.trim_end_matches(':').to_owned();
                }
                b'+' | b'~' => {}
                b'#' => postback.tid = Some(rest.to_owned()),
                b'=' => postback.status = Some(Status::from_code(rest).expect(word)),
                b'@' => postback.occurred_at = Some(START.plus_seconds(rest.parse().unwrap())),
                b'p' if rest.starts_with(|c: char| c.is_ascii_digit()) => {
                    let (sum, currency) = rest.split_once('/').unwrap_or((rest, "USD"));
                    postback.payout = Some(sum.parse().unwrap());
                    postback.payout_currency = Currency::new(currency);
                }
                b'0'..=b'9' => {
                    postback.amount = Some(word.parse().unwrap());
                    postback.currency = postback.currency.or(Currency::new("USD"));
                }
                b'?' => postback.currency = None,
                b'A'..=b'Z' => postback.currency = Currency::new(word),
                _ => postback.event = event_named(word),
            }
        }
        postback
    }

    /// Receives one request, after the time that its words let pass.
    pub(super) fn receive(&mut self, request: &str) -> Answer {
        let mut words = request.split_whitespace().peekable();
        if let Some(seconds) = words.next_if(|word| word.starts_with('+')) {
            self.now = self.now.plus_seconds(seconds[1..].parse().unwrap());
        }
        let text: String = words.collect::<Vec<_>>().join(" ");
        let postback = self.postback(request);
        self.settle(&postback, &text)
    }

    fn settle(&mut self, postback: &Postback, text: &str) -> Answer {
        let lead = postback.clickid.clone();
        let lookup = lookup(postback);
        let facts = self.facts(&lead, &lookup, postback, text);
        let decision = decide(postback, &lookup, &facts, self.now);
        match decision {
            Decision::New {
                kind,
                status,
                key,
                takes_first,
                flags,
            } => {
                let event = EventId(i64::try_from(self.events.len()).unwrap() + 1);
                if let Some(key) = key {
                    let before = self.keys.insert((lead.clone(), key), event);
                    assert_eq!(before, None, "the key was free");
                }
                if takes_first {
                    let before = self.first.insert(lead.clone(), event);
                    assert_eq!(before, None, "the slot was free");
                }
                self.events.push(Recorded {
                    lead,
                    facts: EventFacts {
                        id: event,
                        kind,
                        name: postback.event.as_str().to_owned(),
                        status,
                        amount: postback.amount,
                        currency: postback.currency,
                        payout: postback.payout,
                        payout_currency: postback.payout_currency,
                        occurred_at: postback.occurred_at.unwrap_or(self.now),
                        received_at: self.now,
                    },
                    tid: postback.tid.clone(),
                    request: text.to_owned(),
                });
                Answer {
                    verdict: "accepted",
                    event,
                    flags,
                }
            }
            Decision::Same {
                event,
                change,
                flags,
            } => {
                let verdict = if change.is_empty() {
                    "duplicate"
                } else {
                    "updated"
                };
                self.apply(&lead, event, &change);
                Answer {
                    verdict,
                    event,
                    flags,
                }
            }
        }
    }

    fn facts(&self, lead: &str, lookup: &Lookup, postback: &Postback, text: &str) -> Facts {
        let mut facts = Facts {
            clicked_at: self.clicked.then_some(START),
            ..Facts::default()
        };
        if lookup.first_deposit {
            facts.first = self.first.get(lead).copied();
        }
        if let Some(key) = &lookup.key {
            let own = self.keys.get(&(lead.to_owned(), key.clone())).copied();
            facts.tid_on_other_lead =
                own.is_none() && key.is_tid() && self.keys.keys().any(|(_, known)| known == key);
            let same = own.or(facts.first.filter(|_| lookup.or_first));
            facts.same = same.map(|id| self.event(id).facts.clone());
        }
        if let Some(seconds) = lookup.recent_seconds {
            let since = self.now.plus_seconds(-seconds);
            facts.recent = self
                .events
                .iter()
                .filter(|event| event.lead == lead && event.facts.received_at >= since)
                .filter(|event| {
                    Group::of(event.facts.kind, &event.facts.name) == postback.event.group()
                })
                .map(|event| Recent {
                    event: event.facts.clone(),
                    identical: event.request == text,
                })
                .collect();
        }
        facts
    }

    fn event(&self, id: EventId) -> &Recorded {
        self.events
            .iter()
            .find(|event| event.facts.id == id)
            .unwrap()
    }

    fn facts_mut(&mut self, id: EventId) -> &mut EventFacts {
        &mut self
            .events
            .iter_mut()
            .find(|event| event.facts.id == id)
            .unwrap()
            .facts
    }

    fn apply(&mut self, lead: &str, id: EventId, change: &Change) {
        let event = self.facts_mut(id);
        event.amount = change.amount.or(event.amount);
        event.currency = change.currency.or(event.currency);
        event.payout = change.payout.or(event.payout);
        event.payout_currency = change.payout_currency.or(event.payout_currency);
        event.status = change.status.unwrap_or(event.status);
        event.kind = change.kind.unwrap_or(event.kind);
        if change.takes_first {
            let before = self.first.insert(lead.to_owned(), id);
            assert_eq!(before, None, "the slot was free");
        }
        if change.releases_first {
            assert_eq!(self.first.remove(lead), Some(id), "it held the slot");
            let deposits: Vec<EventFacts> = self
                .events
                .iter()
                .filter(|event| event.lead == lead)
                .map(|event| event.facts.clone())
                .collect();
            if let Some(next) = promote(&deposits, id) {
                self.facts_mut(next).kind = Kind::FirstDeposit;
                self.first.insert(lead.to_owned(), next);
            }
        }
    }

    /// Whoever holds a slot is the one approved first deposit of its lead.
    pub(super) fn assert_slots(&self) {
        for event in &self.events {
            let facts = &event.facts;
            let is_first = facts.kind == Kind::FirstDeposit && facts.status == Status::Approved;
            let holds = self.first.get(&event.lead) == Some(&facts.id);
            assert_eq!(is_first, holds, "{}", event.shown());
        }
    }

    /// Approved events and their sums by lead and group, as totals count them.
    pub(super) fn totals(&self) -> BTreeMap<(String, String), (usize, Amount)> {
        let mut totals = BTreeMap::new();
        for event in &self.events {
            let facts = &event.facts;
            if facts.status == Status::Approved {
                let group = Group::of(facts.kind, &facts.name).stored();
                let total: &mut (usize, Amount) =
                    totals.entry((event.lead.clone(), group)).or_default();
                total.0 += 1;
                total.1 = total
                    .1
                    .checked_add(facts.amount.unwrap_or_default())
                    .unwrap();
            }
        }
        totals
    }
}

impl Recorded {
    /// Kind, sum, payout, transaction id and status; approved and USD are left out.
    fn shown(&self) -> String {
        let facts = &self.facts;
        let kind = match facts.kind {
            Kind::FirstDeposit => "first",
            Kind::RepeatDeposit => "repeat",
            kind => kind.code(),
        };
        let mut words = vec![kind.to_owned()];
        let mut money = |prefix: &str, amount: Option<Amount>, currency: Option<Currency>| {
            let Some(amount) = amount else { return };
            words.push(format!("{prefix}{amount}"));
            match currency {
                Some(currency) if currency.as_str() == "USD" => {}
                Some(currency) => words.push(currency.to_string()),
                None => words.push("?".to_owned()),
            }
        };
        money("", facts.amount, facts.currency);
        money("p", facts.payout, facts.payout_currency);
        words.extend(self.tid.iter().map(|tid| format!("#{tid}")));
        if facts.status != Status::Approved {
            words.push(facts.status.code().to_owned());
        }
        if self.lead != "a" {
            words.insert(0, format!("{}:", self.lead));
        }
        words.join(" ")
    }
}

fn event_named(word: &str) -> EventName {
    EventName::built_in(word).unwrap_or_else(|| match word {
        "vip" | "bonus" => EventName::Custom {
            name: word.to_owned(),
            counts_money: word == "bonus",
        },
        _ => EventName::Other {
            name: word.to_owned(),
        },
    })
}
