//! Work with leads on every database: finding them, statuses, tags, notes, merging, pasted lists,
//! custom fields.

use clickback::clock::Clock as _;
use clickback::store::StoreError;
use clickback::store::crm::{Author, FieldPatch, NewImport};
use clickback::store::inbox::{RequestFilter, Verdict};
use clickback::store::integrations::NewField;
use clickback::store::leads::{IdentityKind, LeadFilter, LeadPatch, NewLead};
use clickback::store::people::NewUser;
use clickback_core::event::{Kind, Status};
use clickback_core::field::FieldKind;
use clickback_core::ids::{LeadId, UserId};
use clickback_core::lead::{LeadStatus, usual_statuses};
use clickback_core::people::Role;
use clickback_core::rules::Rules;

use crate::harness::WORKSPACE;
use crate::store_suite::{Stage, on_each};

fn anna() -> Author {
    Author {
        user: None,
        name: "Anna".to_owned(),
    }
}

impl Stage {
    async fn named(&self, clickid: &str, name: &str) -> LeadId {
        let new = NewLead {
            workspace: Some(WORKSPACE),
            name: Some(name.to_owned()),
            clickid: Some(clickid.to_owned()),
            ..NewLead::default()
        };
        self.store.create_lead(new).await.expect("it works").id
    }

    async fn found(&self, change: impl FnOnce(&mut LeadFilter)) -> Vec<String> {
        let mut filter = LeadFilter::new(WORKSPACE);
        change(&mut filter);
        let page = self.store.leads(filter).await.expect("it works");
        page.items.into_iter().map(|lead| lead.clickid).collect()
    }

    async fn search(&self, text: &str) -> Vec<String> {
        self.found(|filter| filter.search = Some(text.to_owned()))
            .await
    }

    async fn typed_field(
        &self,
        key: &str,
        kind: FieldKind,
        options: &[&str],
    ) -> clickback_core::ids::FieldId {
        let new = NewField {
            key: key.to_owned(),
            name: key.to_owned(),
            kind,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            visible: true,
        };
        self.store
            .create_field(WORKSPACE, new)
            .await
            .expect("it works")
            .id
    }

    async fn buyer(&self, login: &str) -> UserId {
        let new = NewUser {
            workspace: WORKSPACE,
            login: login.to_owned(),
            name: login.to_owned(),
            role: Role::Buyer,
            lead_by: None,
            password_hash: String::new(),
        };
        self.store.create_user(new).await.expect("it works").id
    }

    async fn patch(&self, id: LeadId, patch: LeadPatch) {
        self.store.update_lead(id, patch).await.expect("it works");
    }

    async fn clean(&self) {
        let report = self.store.check().await.expect("it works");
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

#[tokio::test]
async fn leads_are_found() {
    on_each(Rules::default(), async |stage| {
        stage.typed_field("city", FieldKind::Text, &[]).await;
        let anna = stage.named("anna0001", "Anna  Smith").await;
        stage.named("maria001", "Мария Жёлудь").await;
        stage.named("quote001", "O\"Neil <b> \u{2} %_*").await;
        stage.named("nameless", "").await;
        let fields = vec![("city".to_owned(), "New York".to_owned())];
        let patch = LeadPatch {
            fields,
            ..LeadPatch::default()
        };
        stage.patch(anna, patch).await;
        let bound = stage.store.bind_identity(
            anna,
            IdentityKind::Player,
            stage.integration.id.0,
            "p-77".to_owned(),
        );
        bound.await.expect("it works");
        let cases: &[(&str, &[&str])] = &[
            ("anna0001", &["anna0001"]),
            ("anna000", &[]),
            ("p-77", &["anna0001"]),
            ("New York", &["anna0001"]),
            ("New Yor", &[]),
            ("a", &["anna0001"]),
            ("S", &["anna0001"]),
            ("sm", &["anna0001"]),
            ("mi", &[]),
            ("mit", &["anna0001"]),
            ("anna smith", &["anna0001"]),
            ("МАРИЯ", &["maria001"]),
            ("жё", &["maria001"]),
            ("луд", &["maria001"]),
            ("o\"ne", &["quote001"]),
            ("%", &["quote001"]),
            ("OR", &[]),
            ("name:anna", &[]),
            ("\"", &[]),
            ("\u{2}", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(stage.search(text).await, *expected, "{text:?}");
        }
        // A new name is found, the old one is not.
        let renamed = LeadPatch {
            name: Some("Bella".to_owned()),
            ..LeadPatch::default()
        };
        stage.patch(anna, renamed).await;
        assert_eq!(stage.search("smith").await, Vec::<String>::new());
        assert_eq!(stage.search("bell").await, ["anna0001"]);
    })
    .await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    on_each(Rules::default(), async |stage| {
        let (one, two) = (stage.buyer("one").await, stage.buyer("two").await);
        let begin = stage.clock.now();
        for number in 0..9 {
            let id = stage.named(&format!("lead{number:04}"), "Same Name").await;
            let patch = LeadPatch {
                buyer: Some([Some(one), Some(two), None][number % 3]),
                status: (number % 2 == 0).then(|| "in_work".to_owned()),
                tags: (number < 4).then(|| vec!["vip".to_owned(), "hot lead".to_owned()]),
                author: anna(),
                ..LeadPatch::default()
            };
            stage.patch(id, patch).await;
            stage.clock.advance(60);
        }
        stage.send("clickid=lead0003&tracker.event=registration").await;
        stage.send("clickid=lead0005&tracker.event=sale&tracker.cost=5&tracker.currency=usd&tracker.tid=1").await;
        let numbers = |list: Vec<String>| -> Vec<usize> {
            list.iter().map(|clickid| clickid[4..].parse().expect("it works")).collect()
        };
        let integration = stage.integration.id;
        assert_eq!(numbers(stage.found(|f| f.buyers = Some(vec![one])).await), [6, 3, 0]);
        assert_eq!(numbers(stage.found(|f| f.buyers = Some(vec![one, two])).await), [7, 6, 4, 3, 1, 0]);
        assert_eq!(numbers(stage.found(|f| f.buyers = Some(Vec::new())).await), [] as [usize; 0]);
        assert_eq!(numbers(stage.found(|f| f.status = Some("in_work".to_owned())).await), [8, 6, 4, 2, 0]);
        assert_eq!(numbers(stage.found(|f| f.status = Some("new".to_owned())).await), [7, 5, 3, 1]);
        assert_eq!(numbers(stage.found(|f| f.tag = Some("hot lead".to_owned())).await), [3, 2, 1, 0]);
        assert_eq!(numbers(stage.found(|f| f.integration = Some(integration)).await), [5, 3]);
        assert_eq!(numbers(stage.found(|f| f.deposited = Some(true)).await), [5]);
        assert_eq!(numbers(stage.found(|f| f.deposited = Some(false)).await), [8, 7, 6, 4, 3, 2, 1, 0]);
        let made = stage.found(|f| {
            f.from = Some(begin.plus_seconds(120));
            f.to = Some(begin.plus_seconds(300));
        });
        assert_eq!(numbers(made.await), [4, 3, 2]);
        let both = stage.found(|f| {
            f.search = Some("same".to_owned());
            f.buyers = Some(vec![two]);
            f.status = Some("in_work".to_owned());
        });
        assert_eq!(numbers(both.await), [4]);
        // Page by page, each lead once.
        for search in [None, Some("same name".to_owned())] {
            let mut seen = Vec::new();
            let mut filter = LeadFilter {
                limit: 2,
                search,
                buyers: Some(vec![one, two]),
                ..LeadFilter::new(WORKSPACE)
            };
            loop {
                let page = stage.store.leads(filter.clone()).await.expect("it works");
                seen.extend(page.items.into_iter().map(|lead| lead.clickid));
                let Some(next) = page.next else { break };
                filter.before = Some(next.parse().expect("it works"));
            }
            assert_eq!(numbers(seen), [7, 6, 4, 3, 1, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn statuses_tags_and_notes() {
    on_each(Rules::default(), async |stage| {
        let id = stage.lead("abc00001").await.id;
        assert_eq!(stage.now("abc00001").await.status, "new");
        assert_eq!(
            stage
                .store
                .lead_statuses(WORKSPACE)
                .await
                .expect("it works"),
            usual_statuses()
        );
        let wrong = LeadPatch {
            status: Some("vip".to_owned()),
            ..LeadPatch::default()
        };
        assert!(matches!(
            stage.store.update_lead(id, wrong.clone()).await,
            Err(StoreError::Invalid { .. })
        ));
        let mut list = usual_statuses();
        list.push(LeadStatus {
            code: "vip".to_owned(),
            name: "<VIP>".to_owned(),
            tone: "good".to_owned(),
        });
        stage
            .store
            .set_lead_statuses(WORKSPACE, list)
            .await
            .expect("it works");
        let right = LeadPatch {
            author: anna(),
            tags: Some(vec!["b".to_owned(), " a  a ".to_owned(), "b".to_owned()]),
            ..wrong
        };
        let lead = stage.store.update_lead(id, right).await.expect("it works");
        assert_eq!(
            (lead.status.as_str(), lead.tags),
            ("vip", vec!["a a".to_owned(), "b".to_owned()])
        );
        let change = stage
            .store
            .lead_changes(id)
            .await
            .expect("it works")
            .remove(0);
        assert_eq!(
            (
                change.author.as_str(),
                change.old.as_str(),
                change.new.as_str()
            ),
            ("Anna", "new", "vip")
        );
        // A status that goes takes its leads back to the first one.
        stage
            .store
            .set_lead_statuses(WORKSPACE, usual_statuses())
            .await
            .expect("it works");
        assert_eq!(stage.now("abc00001").await.status, "new");

        let note = stage
            .store
            .add_note(id, anna(), " Call <b>back</b> ".to_owned())
            .await
            .expect("it works");
        stage
            .store
            .edit_note(id, note.id, "Called".to_owned())
            .await
            .expect("it works");
        let kept = stage.store.notes(id).await.expect("it works").remove(0);
        assert_eq!(
            (kept.text.as_str(), kept.edited_at.is_some()),
            ("Called", true)
        );
        let other = stage.lead("abc00002").await.id;
        assert!(
            stage
                .store
                .edit_note(other, note.id, String::new())
                .await
                .is_err()
        );
        stage
            .store
            .edit_note(id, note.id, String::new())
            .await
            .expect("it works");
        assert!(stage.store.notes(id).await.expect("it works").is_empty());
        assert!(
            stage
                .store
                .add_note(id, anna(), "  ".to_owned())
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn merging_counts_once() {
    on_each(Rules::default(), async |stage| {
        stage.typed_field("city", FieldKind::Text, &[]).await;
        let kept = stage.lead("keep0001").await.id;
        let lost = stage.named("lost0001", "Anna").await;
        let send = async |clickid: &str, rest: &str| {
            stage.clock.advance(60);
            stage
                .send(&format!("clickid={clickid}&tracker.currency=usd&{rest}"))
                .await
        };
        send("lost0001", "tracker.event=registration").await;
        send("keep0001", "tracker.event=registration").await;
        send(
            "lost0001",
            "tracker.event=sale&tracker.cost=10&tracker.tid=a&fields.city=Riga",
        )
        .await;
        let first = send(
            "keep0001",
            "tracker.event=sale&tracker.cost=20&tracker.tid=b",
        )
        .await;
        send(
            "keep0001",
            "tracker.event=resale&tracker.cost=30&tracker.tid=c",
        )
        .await;
        let again = send(
            "lost0001",
            "tracker.event=resale&tracker.cost=30&tracker.tid=c",
        )
        .await;
        send(
            "lost0001",
            "tracker.event=withdrawal&tracker.cost=5&tracker.tid=w",
        )
        .await;
        stage
            .store
            .add_note(lost, anna(), "hello".to_owned())
            .await
            .expect("it works");
        let patch = LeadPatch {
            tags: Some(vec!["vip".to_owned()]),
            ..LeadPatch::default()
        };
        stage.patch(lost, patch).await;
        stage.clean().await;

        let before = stage.now("keep0001").await;
        let plan = stage
            .store
            .merge_leads(kept, lost, anna(), true)
            .await
            .expect("it works");
        assert_eq!(
            stage.now("keep0001").await,
            before,
            "a preview writes nothing"
        );
        assert_eq!(stage.now("lost0001").await.id, lost);
        assert_eq!(
            (plan.identities, plan.values, plan.notes, plan.events),
            (1, 1, 1, 4)
        );
        assert_eq!(
            plan.repeats.len(),
            2,
            "a registration and a deposit were known twice"
        );

        let done = stage
            .store
            .merge_leads(kept, lost, anna(), false)
            .await
            .expect("it works");
        assert_eq!(done.kept.totals, plan.kept.totals);
        let lead = stage.now("lost0001").await;
        assert_eq!(
            (lead.id, lead.name.as_str(), lead.tags.as_slice()),
            (kept, "Anna", &["vip".to_owned()][..])
        );
        assert_eq!(
            stage.store.lead(lost).await.expect("it works").id,
            kept,
            "the old number leads to the kept lead"
        );
        assert_eq!(lead.values[0].value, "Riga");
        let sum = |map: &std::collections::BTreeMap<
            clickback_core::currency::Currency,
            clickback_core::money::Amount,
        >| { map.values().map(ToString::to_string).collect::<Vec<_>>() };
        assert_eq!((lead.totals.registrations, lead.totals.deposits), (1, 3));
        assert_eq!(
            (sum(&lead.totals.deposited), sum(&lead.totals.withdrawn)),
            (vec!["60".to_owned()], vec!["5".to_owned()])
        );
        let events = stage.events("keep0001").await;
        let firsts = events
            .iter()
            .filter(|event| event.kind == Kind::FirstDeposit)
            .count();
        assert_eq!(firsts, 1, "one first deposit, the earliest");
        let demoted = events
            .iter()
            .find(|event| Some(event.id) == first.event)
            .expect("it works");
        assert_eq!(demoted.kind, Kind::RepeatDeposit);
        let request = stage
            .store
            .request(again.request)
            .await
            .expect("it works")
            .summary;
        assert_eq!(
            (request.verdict, request.lead),
            (Verdict::Duplicate, Some(kept))
        );
        stage.clean().await;

        // Later postbacks meet the merged keys, under any of the clickids.
        for (clickid, rest) in [("keep0001", "a"), ("lost0001", "b"), ("lost0001", "c")] {
            let query = format!("clickid={clickid}&tracker.event=sale&tracker.tid={rest}");
            assert_eq!(
                stage.send(&query).await.verdict,
                Verdict::Duplicate,
                "{query}"
            );
        }
        // Voiding the first deposit promotes the next one.
        let head = stage
            .events("keep0001")
            .await
            .into_iter()
            .find(|event| event.kind == Kind::FirstDeposit)
            .expect("it works");
        stage
            .store
            .set_event_status(head.id, Status::Rejected)
            .await
            .expect("it works");
        stage.clean().await;
        assert!(
            stage
                .store
                .merge_leads(kept, lost, anna(), false)
                .await
                .is_err(),
            "it is the same lead now"
        );
    })
    .await;
}

#[tokio::test]
async fn merging_keeps_slots_and_statuses() {
    on_each(Rules::default(), async |stage| {
        let (kept, lost) = (
            stage.lead("keep0001").await.id,
            stage.lead("lost0001").await.id,
        );
        let send = async |clickid: &str, rest: &str| {
            stage.clock.advance(1);
            stage
                .send(&format!("clickid={clickid}&tracker.currency=usd&{rest}"))
                .await
                .verdict
        };
        // Deposits without an id: the slot on one side, a counted repeat on the other.
        send("lost0001", "tracker.event=sale&tracker.cost=10").await;
        send("keep0001", "tracker.event=resale&tracker.cost=10").await;
        send(
            "keep0001",
            "tracker.event=sale&tracker.cost=40&tracker.tid=k&tracker.status=pending",
        )
        .await;
        // The other lead's clickid as a transaction id tells nothing apart any more.
        send(
            "keep0001",
            "tracker.event=withdrawal&tracker.cost=1&tracker.tid=lost0001",
        )
        .await;
        stage
            .store
            .merge_leads(kept, lost, anna(), false)
            .await
            .expect("it works");
        stage.clean().await;
        let lead = stage.now("keep0001").await;
        assert_eq!(lead.totals.deposits, 2);
        assert_eq!(
            send("keep0001", "tracker.event=sale&tracker.cost=10").await,
            Verdict::Duplicate
        );
        assert_eq!(
            send(
                "lost0001",
                "tracker.event=sale&tracker.tid=k&tracker.status=approved"
            )
            .await,
            Verdict::Updated
        );
        let lead = stage.now("keep0001").await;
        assert_eq!(lead.totals.deposits, 3);
        let tid = stage
            .events("keep0001")
            .await
            .into_iter()
            .find(|event| event.kind == Kind::Withdrawal)
            .expect("it works")
            .tid;
        assert_eq!(tid, None);
    })
    .await;
}

#[tokio::test]
async fn lists_are_imported_and_taken_back() {
    on_each(Rules::default(), async |stage| {
        stage.lead("abc00001").await;
        stage.send("clickid=abc00001&tracker.event=sale&tracker.cost=5&tracker.currency=usd&tracker.tid=known").await;
        let text = "clickid;event;sum;currency;tid\n\
                    abc00001;registration\n\
                    abc00001;sale;5;usd;known\n\
                    abc00001;sale;7;usd;new\n\
                    abc00001;sale;7;usd;new\n\
                    abc00001;resale;9;usd;other\n\
                    unknown01;sale;7;usd;x\n\
                    abc00001;;7\n";
        let list = clickback_core::import::read(text, None).expect("it works");
        let new = || NewImport {
            workspace: WORKSPACE,
            integration: stage.integration.id,
            author: anna(),
            lines: list.lines.iter().map(|line| (line.number, stage.incoming(&line.query()))).collect(),
        };
        let before = stage.now("abc00001").await;
        let (none, plan) = stage.store.import(new(), true).await.expect("it works");
        assert!(none.is_none());
        assert_eq!(stage.now("abc00001").await, before, "a dry run writes nothing");
        assert_eq!(stage.store.imports(WORKSPACE).await.expect("it works"), []);
        let verdicts: Vec<Verdict> = plan.iter().map(|line| line.outcome.verdict).collect();
        assert_eq!(verdicts, [Verdict::Accepted, Verdict::Duplicate, Verdict::Accepted, Verdict::Duplicate, Verdict::Accepted, Verdict::Unmatched, Verdict::Rejected]);
        assert_eq!(plan[6].code, Some("missing_event"));

        let (import, done) = stage.store.import(new(), false).await.expect("it works");
        let import = import.expect("it works");
        let again: Vec<Verdict> = done.iter().map(|line| line.outcome.verdict).collect();
        assert_eq!(again, verdicts);
        assert_eq!(stage.store.import_lines(import.id).await.expect("it works").len(), 7);
        assert_eq!(stage.now("abc00001").await.totals.deposits, 3);
        stage.clean().await;
        // A later postback of the same transaction is a duplicate, and keeps its event from going.
        let later = stage.send("clickid=abc00001&tracker.event=resale&tracker.cost=9&tracker.currency=usd&tracker.tid=other").await;
        assert_eq!(later.verdict, Verdict::Duplicate);

        let undone = stage.store.undo_import(import.id).await.expect("it works");
        assert_eq!((undone.removed, undone.requests), (2, 6));
        assert_eq!(undone.kept.iter().map(|(line, _, _)| *line).collect::<Vec<_>>(), [6]);
        stage.clean().await;
        let lead = stage.now("abc00001").await;
        assert_eq!((lead.totals.registrations, lead.totals.deposits), (0, 2));
        assert!(stage.store.undo_import(import.id).await.is_err());
        // The keys are free again, and nothing waits.
        let sale = stage.send("clickid=abc00001&tracker.event=sale&tracker.cost=7&tracker.currency=usd&tracker.tid=new").await;
        assert_eq!(sale.verdict, Verdict::Accepted);
        stage.lead("unknown01").await;
        assert!(stage.events("unknown01").await.is_empty());
        let inbox = stage.store.requests(RequestFilter::new(WORKSPACE)).await.expect("it works");
        assert_eq!(inbox.items.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_first_deposit_of_a_list_gives_its_place_back() {
    on_each(Rules::default(), async |stage| {
        stage.lead("abc00001").await;
        let new = NewImport {
            workspace: WORKSPACE,
            integration: stage.integration.id,
            author: anna(),
            lines: vec![(1, stage.incoming("clickid=abc00001&tracker.event=sale&tracker.cost=7&tracker.currency=usd"))],
        };
        let (import, _) = stage.store.import(new, false).await.expect("it works");
        stage.clock.advance(3_600);
        stage.send("clickid=abc00001&tracker.event=sale&tracker.cost=9&tracker.currency=usd&tracker.tid=real").await;
        let undone = stage.store.undo_import(import.expect("it works").id).await.expect("it works");
        assert_eq!((undone.removed, undone.kept.len()), (1, 0));
        let events = stage.events("abc00001").await;
        assert_eq!((events.len(), events[0].kind), (1, Kind::FirstDeposit));
    })
    .await;
}

#[tokio::test]
async fn fields_change_and_go() {
    on_each(Rules::default(), async |stage| {
        let grade = stage
            .typed_field("grade", FieldKind::Select, &["a", "b"])
            .await;
        let other = stage.typed_field("other", FieldKind::Text, &[]).await;
        stage.lead("abc00001").await;
        stage
            .send("clickid=abc00001&tracker.event=registration&fields.grade=c&fields.other=x")
            .await;
        let fits = async || {
            stage
                .now("abc00001")
                .await
                .values
                .iter()
                .map(|value| value.fits)
                .collect::<Vec<_>>()
        };
        assert_eq!(fits().await, [false, true]);
        let patch = FieldPatch {
            name: Some("Grade <b>".to_owned()),
            options: Some(vec!["b".to_owned(), "c".to_owned()]),
            ..FieldPatch::default()
        };
        let changed = stage
            .store
            .change_field(grade, patch)
            .await
            .expect("it works");
        assert_eq!(
            (changed.key.as_str(), changed.name.as_str()),
            ("grade", "Grade <b>")
        );
        assert_eq!(fits().await, [true, true]);
        stage
            .store
            .order_fields(WORKSPACE, vec![other, grade])
            .await
            .expect("it works");
        let keys: Vec<String> = stage
            .store
            .fields(WORKSPACE)
            .await
            .expect("it works")
            .into_iter()
            .map(|field| field.key)
            .collect();
        assert_eq!(keys, ["other", "grade"]);
        assert_eq!(stage.store.field_values(grade).await.expect("it works"), 1);
        assert_eq!(stage.store.delete_field(grade).await.expect("it works"), 1);
        assert!(stage.store.delete_field(grade).await.is_err());
        let sent = stage
            .verdict("clickid=abc00001&tracker.event=registration&fields.grade=c")
            .await;
        assert!(sent.1.contains(&"field_unknown"), "{sent:?}");
        assert!(
            !stage
                .store
                .creates_fields(WORKSPACE)
                .await
                .expect("it works")
        );
        stage
            .store
            .set_creates_fields(WORKSPACE, true)
            .await
            .expect("it works");
        stage
            .send("clickid=abc00001&tracker.event=sale&tracker.tid=1&fields.grade=c")
            .await;
        assert_eq!(stage.now("abc00001").await.values.len(), 2);
    })
    .await;
}
