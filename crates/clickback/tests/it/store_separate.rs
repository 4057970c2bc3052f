//! Stories of requests that a person counts separately, on every database: one id, two payments.

use clickback::store::StoreError;
use clickback::store::crm::{Author, NewImport};
use clickback::store::inbox::{ReprocessFilter, RequestFilter, Verdict};
use clickback_core::event::Status;
use clickback_core::ids::{EventId, RequestId};

use crate::harness::WORKSPACE;
use crate::store_suite::{Stage, on_each, usd};

const SALE: &str = "clickid=c1&tracker.event=sale&tracker.tid=T";

impl Stage {
    async fn separate(&self, id: RequestId) -> Result<bool, StoreError> {
        let separated = self.store.count_separately(id).await?;
        assert_eq!(separated.event.request(), id);
        Ok(separated.already)
    }

    async fn decide_again(&self) -> usize {
        let all = ReprocessFilter {
            ids: Vec::new(),
            requests: RequestFilter::new(WORKSPACE),
        };
        let report = self.store.reprocess(all, false).await.expect("a report");
        report.changed.len()
    }

    async fn keeps_its_promise(&self) {
        let report = self.store.check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

fn anna() -> Author {
    Author {
        user: None,
        name: "Anna".to_owned(),
    }
}

#[tokio::test]
async fn another_sum_becomes_an_event_of_its_own() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        let first = stage.send(&format!("{SALE}&tracker.cost=50")).await;
        let other = stage.send(&format!("{SALE}&tracker.cost=70")).await;
        assert_eq!(
            (other.verdict, other.flags.codes()),
            (Verdict::Duplicate, vec!["amount_differs"])
        );
        assert_eq!(stage.separate(other.request).await, Ok(false));
        let story = ["first_deposit approved 50", "repeat_deposit approved 70"];
        assert_eq!(stage.story("c1").await, story);
        stage.keeps_its_promise().await;
        let request = stage
            .store
            .request(other.request)
            .await
            .expect("it")
            .summary;
        assert_eq!(
            (request.verdict, request.flags.codes()),
            (Verdict::Accepted, vec!["counted_separately"])
        );
        let event = request.event.expect("its event");
        assert_eq!(
            event.tid.as_deref(),
            Some("T"),
            "what the partner said stays"
        );

        // A second time, and deciding everything again, change nothing.
        assert_eq!(stage.separate(other.request).await, Ok(true));
        assert_eq!(stage.decide_again().await, 0);
        assert_eq!(stage.story("c1").await, story);
        // The id still leads to the event that had it first.
        let more = stage.send(&format!("{SALE}&tracker.cost=70")).await;
        assert_eq!(
            (more.verdict, more.event),
            (Verdict::Duplicate, first.event)
        );
        // Voiding takes it out; deciding again does not bring it back.
        stage
            .store
            .set_event_status(event.id, Status::Rejected)
            .await
            .expect("voided");
        stage.decide_again().await;
        assert_eq!(
            stage.story("c1").await,
            ["first_deposit approved 50", "repeat_deposit rejected 70"]
        );
    })
    .await;
}

#[tokio::test]
async fn only_another_sum_can_be_counted_separately() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        let refused = async |id: RequestId| {
            let refused = stage.separate(id).await;
            assert!(
                matches!(refused, Err(StoreError::Invalid { .. })),
                "{refused:?}"
            );
        };
        let first = stage.send(&format!("{SALE}&tracker.cost=50")).await;
        refused(first.request).await;
        let same = stage.send(&format!("{SALE}&tracker.cost=50")).await;
        refused(same.request).await;
        refused(
            stage
                .send("clickid=nobody&tracker.event=sale")
                .await
                .request,
        )
        .await;
        refused(stage.send("tracker.event=sale").await.request).await;
        // A rejection speaks of the known event, whatever zero stands beside it.
        let void = stage
            .send(&format!("{SALE}&tracker.cost=0&tracker.status=rejected"))
            .await;
        assert_eq!(void.flags.codes(), ["amount_differs"]);
        refused(void.request).await;
        let missing = stage.separate(RequestId(1)).await;
        assert_eq!(missing, Err(StoreError::NotFound { what: "request" }));
    })
    .await;
}

#[tokio::test]
async fn a_payout_counts_once() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        let first = stage.send(&format!("{SALE}&tracker.cost=50")).await;
        let other = stage
            .send(&format!("{SALE}&tracker.cost=70&tracker.payout=5"))
            .await;
        assert_eq!(other.verdict, Verdict::Updated);
        assert_eq!(stage.separate(other.request).await, Ok(false));
        let events = stage.events("c1").await;
        let payouts: Vec<(EventId, bool)> = events
            .iter()
            .map(|event| (event.id, event.payout.is_some()))
            .collect();
        assert_eq!(
            payouts,
            [
                (first.event.expect("an event"), false),
                (other.request.event(), true)
            ]
        );
        let history = stage
            .store
            .event_changes(events[0].id)
            .await
            .expect("a history");
        let payout: Vec<_> = history
            .iter()
            .filter(|change| change.field == "payout")
            .map(|change| (change.old.as_deref(), change.new.as_deref()))
            .collect();
        assert_eq!(payout, [(None, Some("5")), (Some("5"), None)]);
    })
    .await;
}

#[tokio::test]
async fn merging_and_mapping_keep_it_apart() {
    on_each(usd(), async |stage| {
        let kept = stage.lead("c1").await.id;
        let lost = stage.lead("c2").await.id;
        stage.send(&format!("{SALE}&tracker.cost=50")).await;
        let other = stage.send(&format!("{SALE}&tracker.cost=70")).await;
        stage.separate(other.request).await.expect("separate");
        // The same for a word that nobody mapped yet.
        stage
            .send("clickid=c1&tracker.event=bet&tracker.cost=1&tracker.tid=B")
            .await;
        let bet = stage
            .send("clickid=c1&tracker.event=bet&tracker.cost=2&tracker.tid=B")
            .await;
        stage.separate(bet.request).await.expect("separate");
        let mut rules = usd();
        rules
            .events
            .insert("bet".to_owned(), "withdrawal".to_owned());
        stage.rules(rules).await;
        assert_eq!(stage.decide_again().await, 2);
        let story = [
            "first_deposit approved 50",
            "repeat_deposit approved 70",
            "withdrawal approved 1",
            "withdrawal approved 2",
        ];
        assert_eq!(stage.story("c1").await, story);
        stage
            .store
            .merge_leads(lost, kept, anna(), false)
            .await
            .expect("merged");
        assert_eq!(stage.story("c1").await, story);
        stage.keeps_its_promise().await;
        assert_eq!(stage.decide_again().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_taken_back_with_what_was_counted_separately() {
    on_each(usd(), async |stage| {
        stage.lead("c1").await;
        let lines = [50, 70].map(|sum| stage.incoming(&format!("{SALE}&tracker.cost={sum}")));
        let new = NewImport {
            workspace: WORKSPACE,
            integration: stage.integration.id,
            author: anna(),
            lines: (1..).zip(lines).collect(),
        };
        let (import, outcomes) = stage.store.import(new, false).await.expect("a list");
        let request = outcomes[1].outcome.request;
        assert_eq!(stage.separate(request).await, Ok(false));
        let undone = stage
            .store
            .undo_import(import.expect("a list").id)
            .await
            .expect("undone");
        assert_eq!((undone.removed, undone.kept.len()), (2, 0));
        stage.keeps_its_promise().await;
        // All keys are free again.
        let sale = stage.send(&format!("{SALE}&tracker.cost=50")).await;
        assert_eq!(sale.verdict, Verdict::Accepted);
    })
    .await;
}
