//! Stories of the inbox on every database: waiting, flags of known ids, deciding again, filters.

use std::collections::BTreeSet;
use std::sync::Arc;

use clickback::clock::Clock as _;
use clickback::store::inbox::{ReprocessFilter, RequestFilter, Verdict};
use clickback::store::leads::IdentityKind;
use clickback_core::flag::Flag;

use crate::harness::WORKSPACE;
use crate::store_suite::{Stage, Way, on, on_each, usd};

async fn waiting(stage: &Stage) -> u64 {
    let health = stage.store.health().await;
    health.database.expect("an answer").waiting
}

#[tokio::test]
async fn waiting_requests_apply_themselves_in_order() {
    on_each(usd(), async |stage| {
        for (tid, cost) in [(1, 5), (2, 6), (1, 7)] {
            let outcome = stage
                .send(&format!(
                    "clickid=later&tracker.event=sale&tracker.cost={cost}&tracker.tid={tid}"
                ))
                .await;
            assert_eq!(outcome.verdict, Verdict::Unmatched);
            stage.clock.advance(1);
        }
        assert_eq!(waiting(stage).await, 3);
        assert_eq!(stage.store.sweep().await, Ok(0));
        let lead = stage.lead("other").await;
        stage
            .store
            .bind_identity(lead.id, IdentityKind::Clickid, 0, "later".to_owned())
            .await
            .expect("bound");
        assert_eq!(
            stage.story("other").await,
            ["first_deposit approved 5", "repeat_deposit approved 6"]
        );
        assert_eq!(waiting(stage).await, 0);
        // What can never match never waits.
        stage.send("clickid={sub1}&tracker.event=sale").await;
        stage.send("clickid=sub1&tracker.event=sale").await;
        assert_eq!(waiting(stage).await, 0);
    })
    .await;
}

#[tokio::test]
async fn ids_that_tell_nothing_apart_are_flagged() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        stage.lead("c2").await;
        let send = async |clickid: &str, tid: &str| {
            stage
                .verdict(&format!(
                    "clickid={clickid}&tracker.event=resale&tracker.cost=1&tracker.tid={tid}"
                ))
                .await
                .1
        };
        assert_eq!(send("c1", "777").await, ["repeat_before_first"]);
        assert_eq!(
            send("c2", "777").await,
            ["tid_seen_on_other_lead", "repeat_before_first"]
        );
        assert!(send("c1", "c1").await.contains(&"tid_is_clickid"));
        assert_eq!(stage.events("c1").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn deciding_again_never_counts_twice() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        for query in [
            "tracker.event=firstDeposit&tracker.cost=10&tracker.tid=1",
            "tracker.event=firstDeposit&tracker.cost=10&tracker.tid=1",
            "tracker.event=rebill&sum=7&tracker.tid=2",
            "tracker.event=sale&tracker.cost=10&tracker.tid=1",
        ] {
            stage.send(&format!("clickid=c1&{query}")).await;
        }
        assert_eq!(
            stage.story("c1").await,
            [
                "other approved 10",
                "other approved",
                "first_deposit approved 10"
            ]
        );
        let mut rules = usd();
        rules
            .events
            .insert("firstdeposit".to_owned(), "sale".to_owned());
        rules
            .events
            .insert("rebill".to_owned(), "resale".to_owned());
        rules
            .aliases
            .insert("sum".to_owned(), "tracker.cost".to_owned());
        stage.rules(rules).await;
        let all = || ReprocessFilter {
            ids: Vec::new(),
            requests: RequestFilter::new(WORKSPACE),
        };
        let before = stage.story("c1").await;
        stage.store.reprocess(all(), true).await.expect("a dry run");
        assert_eq!(stage.story("c1").await, before, "a dry run writes nothing");
        for round in 0..3 {
            stage.store.reprocess(all(), false).await.expect("done");
            // The first request turned out to be the known sale: its row stays, outside totals.
            assert_eq!(
                stage.story("c1").await,
                [
                    "other approved 10",
                    "repeat_deposit approved 7",
                    "first_deposit approved 10"
                ],
                "round {round}"
            );
        }
        let totals = stage.now("c1").await.totals;
        assert_eq!(
            totals
                .deposited
                .values()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["17"]
        );
        let flagged = RequestFilter {
            flag: Some(Flag::UnknownEvent),
            ..RequestFilter::new(WORKSPACE)
        };
        assert_eq!(
            stage
                .store
                .requests(flagged)
                .await
                .expect("a page")
                .items
                .len(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn inbox_filters_and_pages() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        for tid in 0..30 {
            stage
                .send(&format!(
                    "clickid=c1&tracker.event=sale&tracker.cost=1&tracker.tid={}",
                    tid / 2
                ))
                .await;
        }
        stage
            .send("clickid=nobody&tracker.event=sale&tracker.cost=1")
            .await;
        stage.send("tracker.event=sale").await;
        let count = async |filter: RequestFilter| {
            stage
                .store
                .requests(RequestFilter {
                    limit: 100,
                    ..filter
                })
                .await
                .expect("a page")
                .items
                .len()
        };
        let all = RequestFilter::new(WORKSPACE);
        assert_eq!(count(all.clone()).await, 32);
        for (verdict, expected) in [
            (Verdict::Accepted, 15),
            (Verdict::Duplicate, 15),
            (Verdict::Unmatched, 1),
            (Verdict::Rejected, 1),
            (Verdict::Updated, 0),
        ] {
            assert_eq!(
                count(RequestFilter {
                    verdict: Some(verdict),
                    ..all.clone()
                })
                .await,
                expected,
                "{verdict:?}"
            );
        }
        assert_eq!(
            count(RequestFilter {
                clickid: Some("c1".to_owned()),
                ..all.clone()
            })
            .await,
            30
        );
        assert_eq!(
            count(RequestFilter {
                clickid: Some("nobody".to_owned()),
                ..all.clone()
            })
            .await,
            1
        );
        assert_eq!(
            count(RequestFilter {
                clickid: Some("x".to_owned()),
                ..all.clone()
            })
            .await,
            0
        );
        assert_eq!(
            count(RequestFilter {
                integration: Some(stage.integration.id),
                ..all.clone()
            })
            .await,
            32
        );
        assert_eq!(
            count(RequestFilter {
                to: Some(stage.clock.now()),
                ..all.clone()
            })
            .await,
            0
        );
        // A period is exact, though it is looked for by numbers.
        let begun = stage.clock.now();
        for minute in [0, 1, 2 * 24 * 60, 4 * 24 * 60] {
            stage.clock.advance(minute * 60);
            stage.send("tracker.event=sale").await;
        }
        let late = 60 + 2 * 86_400;
        for (from, to, expected) in [
            (0, 60, 33),
            (60, 61, 1),
            (61, late, 0),
            (late, late + 1, 1),
            (61, 30 * 86_400, 2),
        ] {
            let filter = RequestFilter {
                from: Some(begun.plus_seconds(from)),
                to: Some(begun.plus_seconds(to)),
                ..all.clone()
            };
            assert_eq!(count(filter).await, expected, "{from} to {to}");
        }
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let filter = RequestFilter {
                before,
                limit: 7,
                ..all.clone()
            };
            let page = stage.store.requests(filter).await.expect("a page");
            seen.extend(page.items.iter().map(|request| request.id));
            match page.next {
                Some(next) => before = Some(next.parse().expect("an id")),
                None => break,
            }
        }
        assert_eq!(seen.len(), 36);
        assert!(seen.is_sorted_by(|newer, older| newer > older));
    })
    .await;
}

/// More wait than one sweep looks at: it goes on where it was, and newer ones do not wait their turn.
#[tokio::test]
async fn a_sweep_takes_what_waits_in_turn() {
    on_each(usd(), async |stage| {
        let sale = "tracker.event=sale&tracker.cost=5&tracker.tid=1";
        stage.send(&format!("clickid=zz-last&{sale}")).await;
        stage
            .tamper(
                "INSERT INTO waiting_requests (workspace_id, clickid, received_at, request_id) \
                 WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 5000) \
                 SELECT 1, 'a' || at, 0, at FROM n",
            )
            .await;
        stage.clock.advance(3_600);
        stage.send(&format!("clickid=zz-new&{sale}")).await;
        stage
            .tamper(
                "INSERT INTO clicks (workspace_id, clickid, clicked_at, params) \
                 VALUES (1, 'zz-last', 0, '[]'), (1, 'zz-new', 0, '[]')",
            )
            .await;
        // The one that has just come, then the one that is behind five thousand others.
        for (clickid, applied) in [("zz-new", 1), ("zz-last", 1), ("zz-last", 0)] {
            assert_eq!(stage.store.sweep().await, Ok(applied), "{clickid}");
            assert_eq!(stage.story(clickid).await, ["first_deposit approved 5"]);
        }
        stage
            .tamper("DELETE FROM waiting_requests WHERE clickid LIKE 'a%'")
            .await;
    })
    .await;
}

/// More comes than the journal keeps in memory: what is read back from its file is as it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_decided_as_it_came() {
    on(
        &[Way::Sqlite, Way::PostgresTogether],
        usd(),
        async |stage| {
            stage.lead("anna").await;
            let mut sent = BTreeSet::new();
            // Two megabytes, twice: the second half meets what waits of the first.
            for half in 0..2 {
                let mut sends = tokio::task::JoinSet::new();
                for number in 0..40 {
                    let query = format!(
                        "clickid=anna&tracker.event=resale&tracker.cost=1&tracker.tid={half}-{number}&note={}",
                        "x".repeat(50_000)
                    );
                    let (store, incoming) = (Arc::clone(&stage.store), stage.incoming(&query));
                    sends.spawn(async move { (store.accept(incoming).await, query) });
                }
                while let Some(done) = sends.join_next().await {
                    let (request, query) = done.expect("no panic");
                    sent.insert((request.expect("accepted"), query));
                }
            }
            stage.store.settle().await;
            for (request, query) in &sent {
                let found = stage.store.request(*request).await.expect("the request");
                assert_eq!(found.summary.verdict, Verdict::Accepted);
                assert!(found.raw.query == query.as_bytes(), "not as it was sent");
            }
            assert_eq!(stage.events("anna").await.len(), sent.len());
        },
    )
    .await;
}
