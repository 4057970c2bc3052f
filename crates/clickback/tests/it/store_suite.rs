//! What every database must do, told through the store's own interface. The same stories run on each
//! database that is configured; each says which one it ran on.

use std::collections::BTreeMap;
use std::sync::Arc;

use clickback::clock::{Clock as _, ManualClock};
use clickback::store::check::UpkeepStore as _;
use clickback::store::events::{Event, EventFilter};
use clickback::store::inbox::{Incoming, Outcome, RawRequest, Verdict};
use clickback::store::integrations::{Integration, IntegrationPatch, NewField, NewIntegration};
use clickback::store::leads::{Lead, NewClick, NewLead};
use clickback::store::postgres::Postgres;
use clickback::store::postgres::connect::{Address, Purpose};
use clickback::store::postgres::partitions::Retention;
use clickback::store::sqlite::{FILE_NAME, Sqlite, migrate};
use clickback::store::{Options, Store, StoreError};
use clickback_core::event::{Kind, Status};
use clickback_core::field::FieldKind;
use clickback_core::ids::{IntegrationId, RequestId};
use clickback_core::rules::{CustomEvent, RepeatChoice, Repeats, Rules};
use tempfile::TempDir;

use crate::ground::TestDatabase;
use crate::harness::{WORKSPACE, clock};

/// A store with one integration and a clock that stands.
pub(crate) struct Stage {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) integration: Arc<Integration>,
    pub(crate) way: Way,
    directory: TempDir,
    /// Where the database is, if it is PostgreSQL.
    address: Option<Address>,
}

/// On what a story runs, and how its requests are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sqlite,
    /// Each by statements of its own.
    Postgres,
    /// Through the journal: by statements for many.
    PostgresTogether,
}

/// Runs a story on every database, in every way.
pub(crate) async fn on_each(rules: Rules, story: impl AsyncFn(&mut Stage)) {
    on(
        &[Way::Sqlite, Way::Postgres, Way::PostgresTogether],
        rules,
        story,
    )
    .await;
}

/// Runs a story in these ways.
pub(crate) async fn on(ways: &[Way], rules: Rules, story: impl AsyncFn(&mut Stage)) {
    for way in ways {
        let (directory, clock) = (tempfile::tempdir().expect("a directory"), clock());
        let options = options(&clock);
        if *way == Way::Sqlite {
            let store = Sqlite::open(directory.path(), &options).expect("the store opens");
            let place = (directory, None);
            tell(rules.clone(), store, clock, place, *way, &story).await;
            println!("ran on SQLite {}", Sqlite::version());
            continue;
        }
        let Some(database) = TestDatabase::fresh().await else {
            continue;
        };
        let address = &database.address;
        let store = Postgres::open(address, Retention::default(), directory.path(), &options);
        let store = store.expect("the store opens");
        let place = (directory, Some(address.clone()));
        tell(rules.clone(), store, clock, place, *way, &story).await;
        database.say_where().await;
    }
}

fn options(clock: &Arc<ManualClock>) -> Options {
    Options {
        queue: 200_000,
        journal: Some(1 << 30),
        clock: Arc::clone(clock) as _,
        name: "test".to_owned(),
        answer_early: false,
    }
}

async fn tell(
    rules: Rules,
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    (directory, address): (TempDir, Option<Address>),
    way: Way,
    story: &impl AsyncFn(&mut Stage),
) {
    let mut stage = Stage {
        integration: Arc::new(make(&store, rules).await),
        store,
        clock,
        way,
        directory,
        address,
    };
    story(&mut stage).await;
    let report = stage.store.check().await.expect("a report");
    assert_eq!(report.problems, Vec::<String>::new());
    stage.store.close().await;
}

async fn make(store: &Arc<dyn Store>, rules: Rules) -> Integration {
    let new = NewIntegration {
        workspace: WORKSPACE,
        partner: None,
        name: "Test".to_owned(),
        clickid_param: "sub1".to_owned(),
        clickid_macro: "{sub1}".to_owned(),
        rules,
        configurations: Vec::new(),
        fields: Vec::new(),
        events: Vec::new(),
    };
    store.create_integration(new).await.expect("an integration")
}

/// A custom field that holds any text.
pub(crate) fn text_field(key: &str) -> NewField {
    NewField {
        key: key.to_owned(),
        name: key.to_owned(),
        kind: FieldKind::Text,
        options: Vec::new(),
        visible: true,
    }
}

/// A postback as it comes in at a store, under the rules of now.
pub(crate) fn incoming(
    store: &dyn Store,
    clock: &ManualClock,
    integration: IntegrationId,
    query: &str,
) -> Incoming {
    let integration = Arc::clone(&store.snapshot().by_id[&integration]);
    let raw = RawRequest {
        method: "GET",
        query: query.as_bytes().to_vec(),
        ..RawRequest::default()
    };
    let received_at = clock.now();
    let judged = raw.parts().judge(&integration.ruleset, received_at);
    Incoming {
        raw,
        integration,
        received_at,
        judged,
        test: false,
    }
}

/// What a stored request came to.
pub(crate) async fn outcome(store: &dyn Store, request: RequestId) -> Outcome {
    let found = store.request(request).await.expect("the request").summary;
    Outcome {
        request,
        verdict: found.verdict,
        flags: found.flags,
        lead: found.lead,
        event: found.event.map(|event| event.id),
    }
}

impl Stage {
    /// Changes rows behind the store's back.
    pub(crate) async fn tamper(&self, statements: &str) {
        if let Some(address) = &self.address {
            let client = address.connect(Purpose::Write).await.expect("a connection");
            client.batch_execute(statements).await.expect(statements);
        } else {
            let file = self.directory.path().join(FILE_NAME);
            let sql = rusqlite::Connection::open(file).expect("the file");
            sql.execute_batch(statements).expect(statements);
        }
    }

    /// A postback as it comes in, under the rules of now.
    pub(crate) fn incoming(&self, query: &str) -> Incoming {
        incoming(&*self.store, &self.clock, self.integration.id, query)
    }

    /// Sends one and waits for its outcome.
    pub(crate) async fn send(&self, query: &str) -> Outcome {
        let incoming = self.incoming(query);
        if self.way != Way::PostgresTogether || incoming.judged.is_err() {
            return self.store.ingest(incoming).await.expect("an outcome");
        }
        let request = self.store.accept(incoming).await.expect("accepted");
        self.store.settle().await;
        outcome(&*self.store, request).await
    }

    /// Sends one and returns verdict and flags.
    pub(crate) async fn verdict(&self, query: &str) -> (Verdict, Vec<&'static str>) {
        let outcome = self.send(query).await;
        (outcome.verdict, outcome.flags.codes())
    }

    /// A lead with this clickid.
    pub(crate) async fn lead(&self, clickid: &str) -> Lead {
        let new = NewLead {
            workspace: Some(WORKSPACE),
            clickid: Some(clickid.to_owned()),
            ..NewLead::default()
        };
        self.store.create_lead(new).await.expect("a lead")
    }

    /// The lead as it is now.
    pub(crate) async fn now(&self, clickid: &str) -> Lead {
        self.store
            .lead_by_clickid(WORKSPACE, clickid)
            .await
            .expect("an answer")
            .expect("a lead")
    }

    /// Its events, oldest id first.
    pub(crate) async fn events(&self, clickid: &str) -> Vec<Event> {
        let lead = self.now(clickid).await.id;
        let filter = EventFilter {
            lead: Some(lead),
            limit: 10_000,
            ..EventFilter::new(WORKSPACE)
        };
        let mut items = self.store.events(filter).await.expect("events").items;
        items.reverse();
        items
    }

    /// Kind, status and amount of each, in short.
    pub(crate) async fn story(&self, clickid: &str) -> Vec<String> {
        let events = self.events(clickid).await;
        let short = |event: &Event| {
            let amount = event
                .amount
                .map(|amount| amount.to_string())
                .unwrap_or_default();
            format!("{} {} {amount}", event.kind.code(), event.status.code())
                .trim()
                .to_owned()
        };
        events.iter().map(short).collect()
    }

    async fn field(&self, key: &str) {
        let new = text_field(key);
        self.store
            .create_field(WORKSPACE, new)
            .await
            .expect("a field");
    }

    async fn values(&self, clickid: &str) -> BTreeMap<String, String> {
        self.now(clickid)
            .await
            .values
            .into_iter()
            .map(|value| (value.key, value.value))
            .collect()
    }

    pub(crate) async fn rules(&self, rules: Rules) {
        let patch = IntegrationPatch {
            rules: Some(rules),
            ..IntegrationPatch::default()
        };
        self.store
            .update_integration(self.integration.id, patch)
            .await
            .expect("changed");
    }
}

pub(crate) fn usd() -> Rules {
    Rules {
        currency: clickback_core::currency::Currency::new("USD"),
        ..Rules::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_copies_of_a_thousand_keys_are_a_thousand_events() {
    // One way on each database: a hundred thousand requests take their time.
    on(
        &[Way::Sqlite, Way::PostgresTogether],
        usd(),
        async |stage| {
            for lead in 0..50 {
                stage.lead(&format!("lead{lead}")).await;
            }
            let together = stage.way == Way::PostgresTogether;
            let mut sends = tokio::task::JoinSet::new();
            for copy in 0..100 {
                for key in 0..1_000 {
                    // Each copy goes through the keys in another order.
                    let key = (key * 7 + copy * 13) % 1_000;
                    let query = format!(
                        "tracker.event=sale&clickid=lead{}&tracker.cost=2.5&tracker.tid=k{key}",
                        key % 50
                    );
                    let (store, incoming) = (Arc::clone(&stage.store), stage.incoming(&query));
                    sends.spawn(async move {
                        if together {
                            store.accept(incoming).await.expect("accepted")
                        } else {
                            store.ingest(incoming).await.expect("stored").request
                        }
                    });
                }
            }
            while let Some(sent) = sends.join_next().await {
                sent.expect("no panic");
            }
            stage.store.settle().await;
            // In the order of the verdicts: accepted, updated, duplicate, unmatched, rejected.
            let health = stage.store.health().await;
            assert_eq!(health.verdicts, [1_000, 0, 99_000, 0, 0]);
            let mut first = 0;
            for lead in 0..50 {
                let events = stage.events(&format!("lead{lead}")).await;
                assert_eq!(events.len(), 20);
                first += events
                    .iter()
                    .filter(|event| event.kind == Kind::FirstDeposit)
                    .count();
            }
            assert_eq!(first, 50);
            let report = stage.store.check().await.expect("a report");
            assert_eq!((report.events, report.requests), (1_000, 100_000));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_ids_for_one_new_lead_are_one_first_and_the_rest_repeats() {
    on_each(usd(), async |stage| {
        let click = NewClick {
            workspace: WORKSPACE,
            clickid: "fresh".to_owned(),
            params: Vec::new(),
        };
        stage.store.record_click(click).await.expect("a click");
        let mut sends = tokio::task::JoinSet::new();
        for tid in 0..200 {
            let query =
                format!("tracker.event=sale&clickid=fresh&tracker.cost=0.1&tracker.tid=t{tid}");
            let (store, incoming) = (Arc::clone(&stage.store), stage.incoming(&query));
            sends.spawn(async move { store.ingest(incoming).await.expect("stored") });
        }
        assert!(
            sends
                .join_all()
                .await
                .iter()
                .all(|outcome| outcome.verdict == Verdict::Accepted)
        );
        let events = stage.events("fresh").await;
        let of = |kind| events.iter().filter(|event| event.kind == kind).count();
        assert_eq!((of(Kind::FirstDeposit), of(Kind::RepeatDeposit)), (1, 199));
        let deposited = stage.now("fresh").await.totals.deposited;
        assert_eq!(
            deposited
                .values()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["20"]
        );
    })
    .await;
}

/// Each row of the table of keys: what is sent in turn, and what is recorded at the end.
#[tokio::test]
async fn sameness_by_event_and_id() {
    let sale = "tracker.event=sale&tracker.cost=10";
    let resale = "tracker.event=resale&tracker.cost=10";
    let deposit = "tracker.event=deposit&tracker.cost=10";
    let cases: Vec<(&str, Vec<String>, &[&str])> = vec![
        (
            "registration, id ignored",
            vec![
                "tracker.event=registration&tracker.tid=1".into(),
                "tracker.event=registration&tracker.tid=2".into(),
            ],
            &["registration approved"],
        ),
        (
            "sale, new id",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{sale}&tracker.tid=2"),
            ],
            &["first_deposit approved 10", "repeat_deposit approved 10"],
        ),
        (
            "sale, same id",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{sale}&tracker.tid=1"),
            ],
            &["first_deposit approved 10"],
        ),
        (
            "sale without id",
            vec![sale.into(), format!("{sale}0")],
            &["first_deposit approved 10"],
        ),
        (
            "sale with id, then without",
            vec![format!("{sale}&tracker.tid=1"), sale.into()],
            &["first_deposit approved 10"],
        ),
        (
            "resale, new id, before the first",
            vec![
                format!("{resale}&tracker.tid=1"),
                format!("{sale}&tracker.tid=2"),
            ],
            &["repeat_deposit approved 10", "first_deposit approved 10"],
        ),
        (
            "resale and sale share ids",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{resale}&tracker.tid=1"),
            ],
            &["first_deposit approved 10"],
        ),
        (
            "resale without id",
            vec![resale.into(), format!("{resale}1")],
            &["repeat_deposit approved 10", "repeat_deposit approved 101"],
        ),
        (
            "deposit decides",
            vec![
                deposit.into(),
                format!("{deposit}1"),
                format!("{deposit}&tracker.tid=3"),
            ],
            &[
                "first_deposit approved 10",
                "repeat_deposit approved 101",
                "repeat_deposit approved 10",
            ],
        ),
        (
            "withdrawal, new id",
            vec![
                "tracker.event=withdrawal&tracker.cost=-3&tracker.tid=1".into(),
                "tracker.event=withdrawal&tracker.cost=3&tracker.tid=1".into(),
            ],
            &["withdrawal approved 3"],
        ),
        (
            "ids are apart by group",
            vec![
                format!("{sale}&tracker.tid=1"),
                "tracker.event=withdrawal&tracker.cost=1&tracker.tid=1".into(),
                "tracker.event=chargeback&tracker.cost=2&tracker.tid=1".into(),
            ],
            &[
                "first_deposit approved 10",
                "withdrawal approved 1",
                "chargeback approved 2",
            ],
        ),
        (
            "commission without id",
            vec![
                "tracker.event=commission&tracker.cost=1".into(),
                "tracker.event=commission&tracker.cost=2".into(),
            ],
            &["commission approved 1", "commission approved 2"],
        ),
        (
            "custom without money",
            vec!["tracker.event=kyc".into(), "tracker.event=KYC&x=1".into()],
            &["custom approved"],
        ),
        (
            "custom without money, ids",
            vec![
                "tracker.event=kyc&tracker.tid=1".into(),
                "tracker.event=kyc&tracker.tid=2".into(),
            ],
            &["custom approved", "custom approved"],
        ),
        (
            "custom with money",
            vec![
                "tracker.event=bet&tracker.cost=1".into(),
                "tracker.event=bet&tracker.cost=2".into(),
            ],
            &["custom approved 1", "custom approved 2"],
        ),
        (
            "unknown",
            vec![
                "tracker.event=wat&tracker.cost=1".into(),
                "tracker.event=wat&tracker.cost=1&x".into(),
            ],
            &["other approved 1", "other approved 1"],
        ),
        (
            "unusable ids",
            vec![
                format!("{sale}&tracker.tid={{event_id}}"),
                format!("{sale}&tracker.tid=0"),
                format!("{sale}&tracker.tid=null"),
            ],
            &["first_deposit approved 10"],
        ),
        (
            "ids differ by case",
            vec![
                format!("{sale}&tracker.tid=a"),
                format!("{sale}&tracker.tid=A"),
            ],
            &["first_deposit approved 10", "repeat_deposit approved 10"],
        ),
        (
            "pending, then approved with the sum",
            vec![
                "tracker.event=sale&tracker.cost=0&tracker.tid=1&tracker.status=pending".into(),
                "tracker.event=sale&tracker.cost=50&tracker.tid=1&tracker.status=approved".into(),
            ],
            &["first_deposit approved 50"],
        ),
        (
            "pending does not hold the slot",
            vec![
                format!("{sale}&tracker.tid=1&tracker.status=pending"),
                format!("{sale}&tracker.tid=2"),
                format!("{sale}&tracker.tid=1&tracker.status=approved"),
            ],
            &["repeat_deposit approved 10", "first_deposit approved 10"],
        ),
        (
            "pending never overrides",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{sale}&tracker.tid=1&tracker.status=pending"),
            ],
            &["first_deposit approved 10"],
        ),
        (
            "rejecting the first promotes the next",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{resale}1&tracker.tid=2"),
                format!("{resale}2&tracker.tid=3"),
                format!("{sale}&tracker.tid=1&tracker.status=rejected"),
            ],
            &[
                "first_deposit rejected 10",
                "first_deposit approved 101",
                "repeat_deposit approved 102",
            ],
        ),
        (
            "and approved again it is a repeat",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{resale}1&tracker.tid=2"),
                format!("{sale}&tracker.tid=1&tracker.status=rejected"),
                format!("{sale}&tracker.tid=1&tracker.status=approved"),
            ],
            &["repeat_deposit approved 10", "first_deposit approved 101"],
        ),
        (
            "rejected by its slot",
            vec![
                sale.into(),
                "tracker.event=sale&tracker.status=rejected".into(),
            ],
            &["first_deposit rejected 10"],
        ),
        (
            "a missing sum is completed",
            vec![
                "tracker.event=sale&tracker.tid=1".into(),
                format!("{sale}&tracker.tid=1"),
            ],
            &["first_deposit approved 10"],
        ),
        (
            "a set sum stays",
            vec![
                format!("{sale}&tracker.tid=1"),
                format!("{sale}5&tracker.tid=1"),
            ],
            &["first_deposit approved 10"],
        ),
    ];
    for (name, queries, expected) in cases {
        on_each(usd(), async |stage| {
            for (event, counts_money) in [("kyc", false), ("bet", true)] {
                let event = CustomEvent {
                    name: event.to_owned(),
                    counts_money,
                };
                stage
                    .store
                    .define_event(WORKSPACE, event)
                    .await
                    .expect("defined");
            }
            stage.lead("c1").await;
            for query in &queries {
                stage.send(&format!("clickid=c1&{query}")).await;
            }
            assert_eq!(stage.story("c1").await, expected, "{name}");
        })
        .await;
    }
}

#[tokio::test]
async fn resends_without_an_id() {
    let query = "clickid=c1&tracker.event=resale&tracker.cost=10&tracker.currency=usd";
    on_each(Rules::default(), async |stage| {
        stage.lead("c1").await;
        assert_eq!(stage.send(query).await.verdict, Verdict::Accepted);
        stage.clock.advance(600);
        assert_eq!(
            stage.send(query).await.verdict,
            Verdict::Duplicate,
            "the same bytes within ten minutes"
        );
        let (verdict, flags) = stage.verdict(&format!("{query}&x=1")).await;
        assert_eq!(
            (verdict, flags.contains(&"possible_repeat")),
            (Verdict::Accepted, true)
        );
        stage.clock.advance(601);
        let (verdict, flags) = stage.verdict(query).await;
        assert_eq!(
            (verdict, flags.contains(&"possible_repeat")),
            (Verdict::Accepted, false),
            "{flags:?}"
        );
    })
    .await;
    let choice = |choice| Rules {
        repeats: Repeats {
            window_seconds: 3_600,
            choice,
        },
        ..Rules::default()
    };
    on_each(choice(RepeatChoice::Drop), async |stage| {
        stage.lead("c1").await;
        stage.send(query).await;
        stage.clock.advance(3_600);
        assert_eq!(
            stage.send(&format!("{query}&x=1")).await.verdict,
            Verdict::Duplicate
        );
        assert_eq!(
            stage.send(&format!("{query}1&x=1")).await.verdict,
            Verdict::Accepted,
            "another sum"
        );
    })
    .await;
    on_each(choice(RepeatChoice::Hold), async |stage| {
        stage.lead("c1").await;
        stage.send(query).await;
        let held = stage.send(&format!("{query}&x=1")).await;
        assert_eq!(
            stage.story("c1").await,
            ["repeat_deposit approved 10", "repeat_deposit held 10"]
        );
        assert_eq!(
            stage.now("c1").await.totals.deposits,
            1,
            "held is outside totals"
        );
        let event = held.event.expect("an event");
        stage
            .store
            .set_event_status(event, Status::Approved)
            .await
            .expect("approved");
        assert_eq!(stage.now("c1").await.totals.deposits, 2);
        let history = stage.store.event_changes(event).await.expect("a history");
        assert_eq!(history.len(), 1);
        assert_eq!(
            (history[0].old.as_deref(), history[0].new.as_deref()),
            (Some("held"), Some("approved"))
        );
    })
    .await;
}

#[tokio::test]
async fn fields_keep_the_newest_value() {
    on_each(usd(), async |stage| {
        stage.field("level").await;
        stage.lead("c1").await;
        let at = |time: &str, value: &str, tid: u32| {
            format!("clickid=c1&tracker.event=sale&tracker.cost=1&tracker.tid={tid}&tracker.time={time}&fields.level={value}&fields.nobody=1")
        };
        let (_, flags) = stage.verdict(&at("2026-11-20T10:00:00Z", "silver", 1)).await;
        assert_eq!(flags, ["field_unknown"]);
        stage.send(&at("2026-11-22T10:00:00Z", "gold", 2)).await;
        stage.send(&at("2026-11-21T10:00:00Z", "bronze", 3)).await;
        assert_eq!(stage.values("c1").await["level"], "gold", "a late postback does not overwrite");
        stage.send(&at("2026-11-23T10:00:00Z", "iron", 2)).await;
        assert_eq!(stage.values("c1").await["level"], "gold", "a known event writes only what is unset");
        stage.send(&at("2026-11-23T10:00:00Z", "{level}", 4)).await;
        assert_eq!(stage.values("c1").await["level"], "gold", "a macro writes nothing");
    })
    .await;
}

#[tokio::test]
async fn money_is_exact_and_never_guessed() {
    on_each(Rules::default(), async |stage| {
        stage.lead("c1").await;
        let send = async |cost: &str, currency: &str, tid: &str| {
            stage.verdict(&format!("clickid=c1&tracker.event=resale&tracker.cost={cost}&tracker.currency={currency}&tracker.tid={tid}")).await.1
        };
        assert!(!send("0.00012345", "btc", "1").await.contains(&"amount_precision"));
        send("9000000000000", "VND", "2").await;
        send("0.1", "usd", "3").await;
        send("0.2", "usd", "4").await;
        assert!(send("50,00", "usd", "5").await.contains(&"amount_reinterpreted"));
        assert!(send("1,234", "usd", "6").await.contains(&"amount_unreadable"));
        assert!(send("7", "", "7").await.contains(&"currency_missing"));
        assert!(send("7", "zzzz", "8").await.contains(&"currency_unknown"));
        let totals = stage.now("c1").await.totals;
        let sums: Vec<String> = totals.deposited.iter().map(|(currency, amount)| format!("{currency} {amount}")).collect();
        assert_eq!(sums, ["BTC 0.00012345", "USD 50.3", "VND 9000000000000"]);
        assert_eq!(totals.deposits, 8, "every event is kept");
        // More of the largest sums than any fixed-width integer could hold.
        for tid in 100..400 {
            send("999999999999999999.99", "usd", &tid.to_string()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = || Options {
        queue: 10,
        journal: Some(1 << 20),
        clock: clock(),
        name: "test".to_owned(),
        answer_early: false,
    };
    Sqlite::open(directory.path(), &options())
        .expect("opens")
        .close()
        .await;
    let sql = rusqlite::Connection::open(directory.path().join(FILE_NAME)).expect("opens");
    sql.pragma_update(None, "user_version", migrate::newest() + 1)
        .expect("changed");
    drop(sql);
    match Sqlite::open(directory.path(), &options()) {
        Err(StoreError::Invalid { message }) => {
            assert!(
                message.contains("start the newer program again"),
                "{message}"
            );
            assert!(!message.contains('\n'));
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn the_bundled_sqlite_is_new_enough() {
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}
