//! Stories of sealed months, on every database: what is not counted again, what still changes, and what
//! a check finds.

use std::sync::Arc;

use clickback::clock::Clock as _;
use clickback::store::check::{CheckReport, Sealing};
use clickback::store::crm::Author;
use clickback::store::events::EventFilter;
use clickback::store::inbox::{ReprocessFilter, RequestFilter, Verdict};
use clickback::store::moving::Place;
use clickback::store::sqlite::Sqlite;
use clickback::store::{Options, Store, StoreError};
use clickback_core::event::Status;
use clickback_core::ids::EventId;
use clickback_core::month::Month;

use crate::harness::{WORKSPACE, noon};
use crate::moving::moved;
use crate::nodes::Nodes;
use crate::store_suite::{Stage, Way, on, on_each, usd};

const DAY: i64 = 24 * 3_600;

fn november() -> Month {
    Month::of(noon())
}

impl Stage {
    async fn looked(&self) -> CheckReport {
        self.store.check().await.expect("a report")
    }

    async fn looked_at_all(&self) -> CheckReport {
        self.store.check_all().await.expect("a report")
    }

    /// Everything agrees, with the sealed sums and without them; how many events each counted.
    async fn agrees(&self) -> (u64, u64) {
        let (open, all) = (self.looked().await, self.looked_at_all().await);
        assert_eq!(open.problems, Vec::<String>::new());
        assert_eq!(all.problems, Vec::<String>::new());
        (open.events, all.events)
    }

    async fn seal(&self, month: Month) -> Sealing {
        self.store.seal(month).await.expect("an answer")
    }

    /// Seven events of two leads in November, then five days of December, then the seal.
    async fn through_november(&self) {
        for clickid in ["c1", "c2"] {
            self.lead(clickid).await;
            for query in [
                "tracker.event=registration",
                "tracker.event=sale&tracker.cost=50&tracker.tid=first",
                "tracker.event=resale&tracker.cost=20.25&tracker.tid=second",
            ] {
                let sent = self.send(&format!("clickid={clickid}&{query}")).await;
                assert_eq!(sent.verdict, Verdict::Accepted);
            }
        }
        self.send(
            "clickid=c1&tracker.event=resale&tracker.cost=7&tracker.tid=third&tracker.status=pending",
        )
        .await;
        self.clock.advance(11 * DAY);
        assert!(matches!(self.seal(november()).await, Sealing::Done(_)));
    }

    async fn decide_all_again(&self) {
        let all = ReprocessFilter {
            ids: Vec::new(),
            requests: RequestFilter::new(WORKSPACE),
        };
        self.store.reprocess(all, false).await.expect("a report");
    }
}

#[tokio::test]
async fn only_what_came_after_the_seal_is_counted_again() {
    on_each(usd(), async |stage| {
        stage.through_november().await;
        let report = stage.looked().await;
        let sealed = report.sealed.expect("a seal");
        assert_eq!(
            (report.leads, report.requests, report.events),
            (0, 0, 0),
            "what is sealed is not read"
        );
        assert_eq!(
            (sealed.through, sealed.sealed_at, sealed.events, sealed.requests),
            (november(), stage.clock.now(), 7, 7)
        );
        assert_eq!(stage.agrees().await, (0, 7));

        // Received now, with a time in the month that is sealed: sums are kept by what was received.
        stage
            .send("clickid=c2&tracker.event=resale&tracker.cost=3&tracker.tid=late&tracker.time=2026-11-24T12:00:00Z")
            .await;
        stage.lead("c3").await;
        stage.send("clickid=c3&tracker.event=sale&tracker.cost=1&tracker.tid=x").await;
        let report = stage.looked().await;
        assert_eq!((report.leads, report.requests, report.events), (1, 2, 2));
        assert_eq!(stage.agrees().await, (2, 9));

        // December follows in its turn, and both seals hold.
        stage.clock.advance(40 * DAY);
        assert!(matches!(stage.seal(november().next()).await, Sealing::Done(_)));
        assert_eq!(stage.agrees().await, (0, 9));
        let sealed = stage.looked().await.sealed.expect("seals");
        assert_eq!((sealed.through, sealed.events), (november().next(), 9));
    })
    .await;
}

#[tokio::test]
async fn sealed_events_can_be_corrected() {
    on_each(usd(), async |stage| {
        stage.through_november().await;
        let counted = stage.events("c1").await;
        let third = counted.last().expect("events").id;

        // The partner takes the first deposit back: the next one takes its place.
        let late = stage
            .send("clickid=c1&tracker.event=sale&tracker.tid=first&tracker.status=rejected")
            .await;
        assert_eq!(late.verdict, Verdict::Updated);
        assert_eq!(stage.agrees().await, (0, 7));
        assert_eq!(
            stage.story("c1").await,
            [
                "registration approved",
                "first_deposit rejected 50",
                "first_deposit approved 20.25",
                "repeat_deposit pending 7",
            ]
        );
        // It completes what was unset.
        let late = stage
            .send(
                "clickid=c2&tracker.event=sale&tracker.tid=first&tracker.cost=50&tracker.payout=15",
            )
            .await;
        assert_eq!(late.verdict, Verdict::Updated);
        assert_eq!(stage.agrees().await, (0, 7));
        // By hand.
        for status in [Status::Approved, Status::Rejected] {
            let set = stage.store.set_event_status(third, status).await;
            assert_eq!(set.expect("changed").status, status);
            assert_eq!(stage.agrees().await, (0, 7));
        }
        // Another sum, counted separately: an event of its own, received now.
        let other = stage
            .send("clickid=c2&tracker.event=sale&tracker.tid=first&tracker.cost=70")
            .await;
        stage
            .store
            .count_separately(other.request)
            .await
            .expect("counted");
        assert_eq!(stage.agrees().await, (1, 8));
        stage.decide_all_again().await;
        assert_eq!(stage.agrees().await, (1, 8));
        // Two leads become one: events go away, and stay as changes of others.
        let leads = [stage.now("c1").await.id, stage.now("c2").await.id];
        let author = Author {
            user: None,
            name: "Anna".to_owned(),
        };
        let merged = stage
            .store
            .merge_leads(leads[0], leads[1], author, false)
            .await;
        merged.expect("merged");
        let (_, all) = stage.agrees().await;
        assert!(all < 8, "the same registration is there once: {all}");
    })
    .await;
}

#[tokio::test]
async fn what_was_tampered_with_is_found() {
    const SUM: &str = "kind = 2 AND status = 1";
    /// What is broken, what mends it, what is said of it, and whether it takes a look at all.
    const CASES: &[(&str, &str, &str, bool)] = &[
        (
            "UPDATE sealed_rollups SET amount = '1' WHERE SUM",
            "UPDATE sealed_rollups SET amount = '100' WHERE SUM",
            "recounted 2 events, 1 and 0",
            false,
        ),
        (
            "UPDATE rollup_quarter_hours SET amount = '1' WHERE SUM AND events = 2",
            "UPDATE rollup_quarter_hours SET amount = '100' WHERE SUM AND events = 2",
            "stored 2 events, 1 and 0; recounted 2 events, 100 and 0",
            false,
        ),
        (
            "UPDATE rollup_quarter_hours SET amount = '6' WHERE SUM AND events = 1",
            "UPDATE rollup_quarter_hours SET amount = '5' WHERE SUM AND events = 1",
            "stored 1 events, 6 and 0; recounted 1 events, 5 and 0",
            false,
        ),
        (
            "UPDATE sealed_rollups SET amount = '1' WHERE SUM; \
             UPDATE rollup_quarter_hours SET amount = '1' WHERE SUM AND events = 2",
            "UPDATE sealed_rollups SET amount = '100' WHERE SUM; \
             UPDATE rollup_quarter_hours SET amount = '100' WHERE SUM AND events = 2",
            "sum sealed with 2026-11 of integration",
            true,
        ),
        (
            "UPDATE events SET lead_id = 5 WHERE tid = 'open'",
            "UPDATE events SET lead_id = (SELECT id FROM leads WHERE clickid = 'c3') WHERE tid = 'open'",
            "1 events without a lead",
            false,
        ),
        (
            "UPDATE event_keys SET event_id = 5 WHERE tid = 'open'",
            "UPDATE event_keys SET event_id = (SELECT id FROM events WHERE tid = 'open') WHERE tid = 'open'",
            "1 keys that point to no event of their lead",
            false,
        ),
        (
            "UPDATE lead_states SET first_deposit = 5 WHERE lead_id = (SELECT id FROM leads WHERE clickid = 'c3')",
            "UPDATE lead_states SET first_deposit = (SELECT id FROM events WHERE tid = 'open') \
             WHERE lead_id = (SELECT id FROM leads WHERE clickid = 'c3')",
            "1 first-deposit slots without an approved first deposit",
            false,
        ),
        (
            "UPDATE inbox SET verdict = 1 WHERE verdict = 4",
            "UPDATE inbox SET verdict = 4 WHERE verdict = 1 AND event_id IS NULL",
            "1 accepted requests without their event",
            false,
        ),
        (
            "UPDATE events SET lead_id = 5 WHERE tid = 'changed'",
            "UPDATE events SET lead_id = (SELECT id FROM leads WHERE clickid = 'c0') WHERE tid = 'changed'",
            "1 events without a lead",
            false,
        ),
        (
            "UPDATE events SET lead_id = 5 WHERE tid = 'second' \
             AND lead_id = (SELECT id FROM leads WHERE clickid = 'c1')",
            "UPDATE events SET lead_id = (SELECT id FROM leads WHERE clickid = 'c1') WHERE lead_id = 5",
            "1 events without a lead",
            true,
        ),
    ];
    on(&[Way::Sqlite, Way::Postgres], usd(), async |stage| {
        stage.lead("c0").await;
        stage
            .send("clickid=c0&tracker.event=resale&tracker.cost=9&tracker.tid=changed")
            .await;
        stage.through_november().await;
        stage.lead("c3").await;
        stage
            .send("clickid=c3&tracker.event=sale&tracker.cost=5&tracker.tid=open")
            .await;
        stage
            .send("clickid=nobody&tracker.event=sale&tracker.cost=5")
            .await;
        stage
            .send("clickid=c0&tracker.event=resale&tracker.tid=changed&tracker.status=rejected")
            .await;
        stage.agrees().await;
        for (break_it, mend_it, said, by_all_only) in CASES {
            stage.tamper(&break_it.replace("SUM", SUM)).await;
            let found =
                |report: &CheckReport| report.problems.iter().any(|problem| problem.contains(said));
            let (open, all) = (stage.looked().await, stage.looked_at_all().await);
            assert_eq!(
                found(&open),
                !by_all_only,
                "{break_it}: {:?}",
                open.problems
            );
            let whole = all.problems.is_empty();
            assert!(!whole, "{break_it}");
            assert!(
                !by_all_only || found(&all),
                "{break_it}: {:?}",
                all.problems
            );
            stage.tamper(&mend_it.replace("SUM", SUM)).await;
            stage.agrees().await;
        }
    })
    .await;
}

#[tokio::test]
async fn months_are_sealed_when_they_are_over_and_right() {
    on_each(usd(), async |stage| {
        let refused = async |month: Month, why: &str| match stage.store.seal(month).await {
            Err(StoreError::Invalid { message }) => assert!(message.contains(why), "{message}"),
            other => panic!("{month}: {other:?}"),
        };
        stage.lead("c1").await;
        stage
            .send("clickid=c1&tracker.event=sale&tracker.cost=50&tracker.tid=first")
            .await;
        let next = async || stage.store.seals().await.expect("an answer").next;
        assert_eq!(next().await, None);
        refused(
            november(),
            "2026-11 can be sealed from 2026-12-02T00:00:00Z on",
        )
        .await;
        // December has begun, but a clock may be behind.
        stage.clock.advance(7 * DAY);
        refused(november(), "a day after its end").await;
        assert_eq!(next().await, None);
        stage.clock.advance(DAY);
        assert_eq!(next().await, Some(november()));
        refused("2026_10".parse().expect("a month"), "nothing was received").await;

        // What is wrong is not sealed away.
        stage
            .tamper("UPDATE rollup_quarter_hours SET events = 5")
            .await;
        match stage.seal(november()).await {
            Sealing::Refused(report) => assert_eq!(report.problems.len(), 1, "{report:?}"),
            other => panic!("{other:?}"),
        }
        let seals = stage.store.seals().await.expect("an answer");
        assert_eq!((seals.sealed, seals.next), (None, Some(november())));
        stage
            .tamper("UPDATE rollup_quarter_hours SET events = 1")
            .await;

        // One that was begun and never finished is in nobody's way.
        stage
            .tamper(&format!(
                "INSERT INTO seals (boundary, run) VALUES ({}, 1)",
                november().ids().1
            ))
            .await;
        stage
            .send("clickid=c1&tracker.event=sale&tracker.tid=first&tracker.payout=15")
            .await;
        assert_eq!(stage.agrees().await, (1, 1));
        assert!(matches!(stage.seal(november()).await, Sealing::Done(_)));
        assert_eq!(stage.agrees().await, (0, 1));
        assert_eq!(next().await, None);
        let sealed = stage.looked().await.sealed.expect("a seal");
        assert_eq!(stage.seal(november()).await, Sealing::Already(sealed));

        // And taken away again.
        stage.store.unseal(november()).await.expect("done");
        assert_eq!(stage.looked().await.sealed, None);
        assert_eq!(stage.agrees().await, (1, 1));
    })
    .await;
}

/// Events of a lead that came in November, over all nodes.
async fn received_in_november(nodes: &Nodes, count: u64) -> Vec<EventId> {
    nodes.lead("c1").await;
    let queries = (0..count).map(|tid| {
        format!(
            "clickid=c1&tracker.event=resale&tracker.cost=2.5&tracker.currency=usd&tracker.tid={tid}"
        )
    });
    assert_eq!(nodes.accept(queries).await, count);
    nodes.settle().await;
    nodes.clock.advance(11 * DAY);
    let filter = EventFilter {
        limit: 1_000,
        ..EventFilter::new(WORKSPACE)
    };
    let events = nodes.all[0].events(filter).await.expect("events");
    events.items.iter().map(|event| event.id).collect()
}

async fn agree(nodes: &Nodes) {
    for node in &nodes.all {
        for report in [node.check().await, node.check_all().await] {
            assert_eq!(report.expect("a report").problems, Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_nodes_know_of_a_seal_at_once() {
    let Some(nodes) = Nodes::start(2).await else {
        return;
    };
    let events = received_in_november(&nodes, 3).await;
    let (a, b) = (&nodes.all[0], &nodes.all[1]);
    let sealed = a.seal(november()).await.expect("an answer");
    assert!(matches!(sealed, Sealing::Done(_)), "{sealed:?}");
    // By a person, and by a partner through the journal.
    let set = b.set_event_status(events[0], Status::Rejected).await;
    set.expect("voided");
    agree(&nodes).await;
    let late = ["clickid=c1&tracker.event=resale&tracker.tid=0&tracker.status=pending"; 2];
    nodes.accept(late.into_iter().map(str::to_owned)).await;
    nodes.settle().await;
    agree(&nodes).await;
    nodes.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_go_along_to_the_other_database() {
    let Some(nodes) = Nodes::start(1).await else {
        return;
    };
    let events = received_in_november(&nodes, 5).await;
    nodes.all[0].seal(november()).await.expect("sealed");
    let directory = tempfile::tempdir().expect("a directory");
    let (from, to) = (
        Place::Postgres(nodes.database.address.clone()),
        Place::Sqlite(directory.path().to_owned()),
    );
    let went = moved(from, to, None).await.expect("no panic");
    went.expect("moved");
    let options = Options {
        queue: 16,
        journal: None,
        clock: Arc::clone(&nodes.clock) as _,
        name: "test".to_owned(),
        answer_early: false,
    };
    let there: Arc<dyn Store> = Sqlite::open(directory.path(), &options).expect("opens");
    let voided = there.set_event_status(events[0], Status::Rejected).await;
    voided.expect("voided");
    for (report, events) in [(there.check().await, 0), (there.check_all().await, 5)] {
        let report = report.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        assert_eq!(report.events, events);
    }
    there.close().await;
    nodes.end().await;
}

/// Whatever moment of sealing a change meets, it is counted once.
#[tokio::test(flavor = "multi_thread")]
async fn changes_while_a_month_is_being_sealed_are_not_lost() {
    let Some(nodes) = Nodes::start(2).await else {
        return;
    };
    let events = received_in_november(&nodes, 200).await;
    let b = Arc::clone(&nodes.all[1]);
    let changing = tokio::spawn(async move {
        for status in [Status::Rejected, Status::Held, Status::Approved] {
            for event in &events {
                b.set_event_status(*event, status).await.expect("changed");
            }
        }
    });
    let a = &nodes.all[0];
    let mut rounds = 0;
    while !changing.is_finished() {
        let sealed = a.seal(november()).await.expect("an answer");
        assert!(matches!(sealed, Sealing::Done(_)), "{sealed:?}");
        let report = a.check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
        a.unseal(november()).await.expect("taken away");
        rounds += 1;
    }
    changing.await.expect("no panic");
    assert!(rounds > 0);
    a.seal(november()).await.expect("sealed");
    agree(&nodes).await;
    nodes.end().await;
}
