//! Random sequences against the store: a naive model in memory must agree, and for events with
//! usable ids neither order, duplicates nor retries may matter.

use std::collections::BTreeMap;

use clickback_core::event::{Kind, Status};
use clickback_core::rules::Rules;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use crate::store_suite::{Stage, Way, on};

/// Cases of each property.
const CASES: u32 = 10_000;
/// One way on each database, and a fortieth of the cases where each request is a journey to a server.
const WAYS: &[Way] = &[Way::Sqlite, Way::PostgresTogether];
/// Cases that share a store: leads keep them apart.
const LEADS: usize = 3;

fn told<'c, T>(stage: &Stage, cases: &'c [T]) -> &'c [T] {
    match stage.way {
        Way::Sqlite => cases,
        _ => &cases[..cases.len() / 40],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Name {
    Registration,
    Sale,
    Resale,
    Deposit,
    Withdrawal,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Name::Registration => "registration",
            Name::Sale => "sale",
            Name::Resale => "resale",
            Name::Deposit => "deposit",
            Name::Withdrawal => "withdrawal",
        }
    }
}

#[derive(Debug, Clone)]
struct Sent {
    lead: usize,
    name: Name,
    tid: Option<u8>,
    amount: Option<u16>,
    status: Option<Status>,
}

fn name() -> impl Strategy<Value = Name> {
    prop_oneof![
        1 => Just(Name::Registration),
        4 => Just(Name::Sale),
        4 => Just(Name::Resale),
        2 => Just(Name::Deposit),
        2 => Just(Name::Withdrawal),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    let status = prop_oneof![
        5 => Just(None),
        2 => Just(Some(Status::Approved)),
        2 => Just(Some(Status::Pending)),
        2 => Just(Some(Status::Rejected)),
    ];
    let tid = prop_oneof![1 => Just(None), 4 => (0..5_u8).prop_map(Some)];
    let amount = prop_oneof![1 => Just(None), 5 => (1..4_u16).prop_map(Some)];
    (0..LEADS, name(), tid, amount, status).prop_map(|(lead, name, tid, amount, status)| Sent {
        lead,
        name,
        tid,
        amount,
        status,
    })
}

impl Sent {
    /// `mark` keeps requests apart byte for byte.
    fn query(&self, case: usize, mark: usize) -> String {
        let mut query = format!(
            "clickid=m{case}x{}&tracker.event={}&n={mark}",
            self.lead,
            self.name.text()
        );
        if let Some(tid) = self.tid {
            query += &format!("&tracker.tid=t{tid}");
        }
        if let Some(amount) = self.amount {
            query += &format!("&tracker.cost={amount}&tracker.currency=usd");
        }
        if let Some(status) = self.status {
            query += &format!("&tracker.status={}", status.code());
        }
        query
    }
}

/// What the model keeps of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    kind: Kind,
    status: Status,
    amount: Option<u16>,
    name: Name,
    tid: Option<u8>,
}

/// The naive model of one lead: a list, searched from the front.
#[derive(Debug, Default)]
struct Model {
    rows: Vec<Row>,
    first: Option<usize>,
    /// What a sale without an id spoke of first.
    nameless: Option<usize>,
}

impl Model {
    fn find(&self, sent: &Sent) -> Option<usize> {
        let deposit = |name: Name| matches!(name, Name::Sale | Name::Resale | Name::Deposit);
        let same_group =
            |row: &Row| row.name == sent.name || deposit(row.name) && deposit(sent.name);
        match (sent.name, sent.tid) {
            (Name::Registration, _) => self
                .rows
                .iter()
                .position(|row| row.name == Name::Registration),
            (_, Some(tid)) => self
                .rows
                .iter()
                .position(|row| same_group(row) && row.tid == Some(tid)),
            (Name::Sale, None) => self.nameless.or(self.first),
            (_, None) => None,
        }
    }

    fn take(&mut self, sent: &Sent) {
        let known = self.find(sent);
        if sent.name == Name::Sale && sent.tid.is_none() && self.nameless.is_none() {
            self.nameless = Some(known.unwrap_or(self.rows.len()));
        }
        match known {
            Some(index) => self.change(index, sent),
            None => self.add(sent),
        }
    }

    fn add(&mut self, sent: &Sent) {
        let status = sent.status.unwrap_or(Status::Approved);
        let kind = match sent.name {
            Name::Registration => Kind::Registration,
            Name::Withdrawal => Kind::Withdrawal,
            Name::Sale | Name::Deposit if self.first.is_none() => Kind::FirstDeposit,
            _ => Kind::RepeatDeposit,
        };
        if kind == Kind::FirstDeposit && status == Status::Approved {
            self.first = Some(self.rows.len());
        }
        self.rows.push(Row {
            kind,
            status,
            amount: sent.amount,
            name: sent.name,
            tid: sent.tid,
        });
    }

    fn change(&mut self, index: usize, sent: &Sent) {
        let old = self.rows[index].status;
        let final_before = matches!(old, Status::Approved | Status::Rejected);
        let new = sent
            .status
            .filter(|status| *status != old && !(*status == Status::Pending && final_before));
        // The same deposit under a name that can be the first takes the free slot.
        let may_be_first = matches!(sent.name, Name::Sale | Name::Deposit) && self.first.is_none();
        let row = &mut self.rows[index];
        match (row.amount, sent.amount) {
            (None, Some(amount)) => row.amount = Some(amount),
            (Some(_), Some(amount)) if new.is_some() => row.amount = Some(amount),
            _ => {}
        }
        let Some(new) = new else {
            if may_be_first && row.kind == Kind::RepeatDeposit && row.name == Name::Resale {
                match row.status {
                    Status::Approved => {
                        row.kind = Kind::FirstDeposit;
                        self.first = Some(index);
                    }
                    Status::Pending => row.kind = Kind::FirstDeposit,
                    Status::Rejected | Status::Held => {}
                }
            }
            return;
        };
        row.status = new;
        if !row.kind.is_deposit() {
            return;
        }
        if new == Status::Approved {
            let was_first = row.kind == Kind::FirstDeposit;
            if self.first.is_none() && (row.name != Name::Resale || was_first || may_be_first) {
                row.kind = Kind::FirstDeposit;
                self.first = Some(index);
            } else {
                row.kind = Kind::RepeatDeposit;
            }
        } else if self.first == Some(index) {
            self.first = self
                .rows
                .iter()
                .position(|row| row.kind.is_deposit() && row.status == Status::Approved);
            if let Some(next) = self.first {
                self.rows[next].kind = Kind::FirstDeposit;
            }
        }
    }
}

/// Runs the cases of a property, many on one store.
fn cases<T>(strategy: impl Strategy<Value = T>, count: u32) -> Vec<T> {
    let mut runner = TestRunner::new(Config {
        cases: count,
        ..Config::default()
    });
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).expect("a case").current())
        .collect()
}

async fn recorded(stage: &Stage, case: usize, lead: usize) -> Vec<(Kind, Status, Option<String>)> {
    stage
        .events(&format!("m{case}x{lead}"))
        .await
        .into_iter()
        .map(|event| {
            (
                event.kind,
                event.status,
                event.amount.map(|amount| amount.to_string()),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_agrees_with_a_naive_model() {
    let cases = cases(vec(sent(), 1..14), CASES / 5);
    on(WAYS, Rules::default(), async |stage| {
        for (case, sequence) in told(stage, &cases).iter().enumerate() {
            for lead in 0..LEADS {
                stage.lead(&format!("m{case}x{lead}")).await;
            }
            let mut models: Vec<Model> = (0..LEADS).map(|_| Model::default()).collect();
            for (mark, sent) in sequence.iter().enumerate() {
                stage.clock.advance(1_200);
                stage.send(&sent.query(case, mark)).await;
                models[sent.lead].take(sent);
            }
            for (lead, model) in models.iter().enumerate() {
                let expected: Vec<_> = model
                    .rows
                    .iter()
                    .map(|row| {
                        (
                            row.kind,
                            row.status,
                            row.amount.map(|amount| amount.to_string()),
                        )
                    })
                    .collect();
                assert_eq!(
                    recorded(stage, case, lead).await,
                    expected,
                    "case {case}: {sequence:#?}"
                );
            }
        }
    })
    .await;
}

/// A set of events with their own ids, and an order with duplicates in which it arrives.
fn shuffled() -> impl Strategy<Value = (Vec<(Name, u16)>, Vec<usize>)> {
    vec((name(), 1..500_u16), 1..9).prop_flat_map(|events| {
        let count = events.len();
        let order = vec(0..count, 0..20).prop_flat_map(move |more| {
            let all: Vec<usize> = (0..count).chain(more).collect();
            Just(all).prop_shuffle()
        });
        (Just(events), order)
    })
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    counts: BTreeMap<&'static str, u64>,
    deposits: u64,
    deposited: String,
    withdrawn: String,
    first: usize,
    values: BTreeMap<String, String>,
}

async fn totals(stage: &Stage, clickid: &str) -> Totals {
    let events = stage.events(clickid).await;
    let lead = stage.now(clickid).await;
    let mut totals = Totals {
        deposits: lead.totals.deposits,
        deposited: format!("{:?}", lead.totals.deposited),
        withdrawn: format!("{:?}", lead.totals.withdrawn),
        first: events
            .iter()
            .filter(|event| event.kind == Kind::FirstDeposit)
            .count(),
        values: lead
            .values
            .into_iter()
            .map(|value| (value.key, value.value))
            .collect(),
        ..Totals::default()
    };
    for event in &events {
        let group = if event.kind.is_deposit() {
            "deposit"
        } else {
            event.kind.code()
        };
        *totals.counts.entry(group).or_default() += 1;
    }
    totals
}

#[tokio::test(flavor = "multi_thread")]
async fn order_duplicates_and_retries_do_not_matter() {
    let cases = cases(shuffled(), CASES);
    on(WAYS, Rules::default(), async |stage| {
        let new = clickback::store::integrations::NewField {
            key: "last".to_owned(),
            name: "Last".to_owned(),
            kind: clickback_core::field::FieldKind::Text,
            options: Vec::new(),
            visible: true,
        };
        stage.store.create_field(crate::harness::WORKSPACE, new).await.expect("a field");
        for (case, (events, order)) in told(stage, &cases).iter().enumerate() {
            // Names that tell first from repeat by themselves; ids and times of their own.
            let query = |clickid: &str, index: usize| {
                let (name, amount) = events[index];
                let name = if name == Name::Deposit { Name::Resale } else { name };
                // One registration a lead: more of them would be the same event.
                let name = if name == Name::Registration && events[..index].iter().any(|e| e.0 == name) { Name::Withdrawal } else { name };
                let name = if name == Name::Sale && events[..index].iter().any(|e| e.0 == Name::Sale) { Name::Resale } else { name };
                format!(
                    "clickid={clickid}&tracker.event={}&tracker.tid=t{index}&tracker.cost={amount}&tracker.currency=usd\
                     &tracker.time=2026-11-2{}T0{index}:00:00Z&fields.last=v{index}",
                    name.text(),
                    index % 4,
                )
            };
            let (clean, messy) = (format!("c{case}"), format!("x{case}"));
            stage.lead(&clean).await;
            for index in 0..events.len() {
                stage.send(&query(&clean, index)).await;
            }
            // Some of it comes before the lead is known.
            let early = order.len() / 3;
            for index in &order[..early] {
                stage.send(&query(&messy, *index)).await;
            }
            stage.lead(&messy).await;
            for index in &order[early..] {
                stage.send(&query(&messy, *index)).await;
            }
            let (clean, messy) = (totals(stage, &clean).await, totals(stage, &messy).await);
            assert_eq!(messy, clean, "case {case}: {events:?} {order:?}");
        }
    })
    .await;
}
