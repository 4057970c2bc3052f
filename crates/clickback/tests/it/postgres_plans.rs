//! How PostgreSQL answers what must be fast however much there is. The server itself tells the plan of
//! every statement that the program runs (`auto_explain`), with the values it ran with.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use clickback::clock::ManualClock;
use clickback::ids::{IntegrationId, LeadId, RequestId, UserId};
use clickback::store::crm::Author;
use clickback::store::events::EventFilter;
use clickback::store::inbox::{ReprocessFilter, RequestFilter, Verdict};
use clickback::store::integrations::{LinkFilter, NewIntegration};
use clickback::store::leads::{IdentityKind, LeadFilter, LeadPatch, NewClick, NewLead};
use clickback::store::postgres::Postgres;
use clickback::store::postgres::partitions::Retention;
use clickback::store::{Options, Store};
use clickback_core::event::{Kind, Status};
use clickback_core::flag::Flag;
use clickback_core::ids::{clickid, lowest_id_at};
use clickback_core::rules::Rules;

use crate::ground::{TestDatabase, texts};
use crate::harness::{WORKSPACE, clock, noon};
use crate::store_suite::{incoming, text_field};

/// What was received in the fifty days before now.
const REQUESTS: i64 = 60_000;
const LEADS: i64 = 20_000;
const DAYS: i64 = 50;
/// A relation with fewer rows may be read as a whole.
const MANY: i64 = 1_000;

/// What servers said since it was asked last.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Hears what servers say, which connections log.
struct Ears;

impl Write for Ears {
    fn write(&mut self, said: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(said);
        if text.contains("plan:\nQuery Text: ") {
            let mut all = SAID.lock().expect("no panic");
            all.push(text.trim_end().to_owned());
        }
        Ok(said.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    tracing_subscriber::fmt()
        .with_env_filter("clickback::store::postgres::reach=debug")
        .with_writer(|| Ears)
        .init();
}

/// A statement and the plan by which it ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    statement: String,
    plan: String,
}

/// Plans since this was asked last, each once.
fn plans() -> BTreeSet<Planned> {
    std::mem::take(&mut *SAID.lock().expect("no panic"))
        .iter()
        .filter_map(|said| said.split_once("Query Text: ")?.1.split_once('\n'))
        .map(|(statement, plan)| Planned {
            statement: statement.to_owned(),
            plan: plan
                .lines()
                .map(|line| line.split("  (cost=").next().unwrap_or(line))
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .collect()
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.statement, self.plan)
    }
}

impl Planned {
    /// Relations that are read as a whole.
    fn scans(&self) -> impl Iterator<Item = &str> {
        self.plan.lines().filter_map(|line| {
            let relation = line.split_once("Seq Scan on ")?.1;
            relation.split([' ', '\n']).next()
        })
    }
}

/// A filled database.
struct Ground {
    database: TestDatabase,
    clock: Arc<ManualClock>,
    integration: IntegrationId,
    /// Relations with many rows.
    big: BTreeSet<String>,
    directory: tempfile::TempDir,
}

impl Ground {
    async fn make() -> Option<Ground> {
        let database = TestDatabase::fresh().await?;
        let mut ground = Ground {
            database,
            clock: clock(),
            integration: IntegrationId(0),
            big: BTreeSet::new(),
            directory: tempfile::tempdir().expect("a directory"),
        };
        let store = ground.open();
        for number in 0..5 {
            let new = NewIntegration {
                workspace: WORKSPACE,
                partner: None,
                name: format!("Partner {number}"),
                clickid_param: "sub1".to_owned(),
                clickid_macro: "{sub1}".to_owned(),
                rules: Rules {
                    player_field: Some("player".to_owned()),
                    ..Rules::default()
                },
                configurations: Vec::new(),
                fields: Vec::new(),
                events: Vec::new(),
            };
            let made = store.create_integration(new).await.expect("made");
            ground.integration = made.id;
        }
        for key in ["player", "city"] {
            let new = text_field(key);
            store.create_field(WORKSPACE, new).await.expect("a field");
        }
        store.close().await;
        ground.fill().await;
        Some(ground)
    }

    fn open(&self) -> Arc<dyn Store> {
        let options = Options {
            queue: 10_000,
            journal: Some(1 << 30),
            clock: Arc::clone(&self.clock) as _,
            name: "test".to_owned(),
            answer_early: false,
        };
        let address = &self.database.address;
        Postgres::open(
            address,
            Retention::default(),
            self.directory.path(),
            &options,
        )
        .expect("the store opens")
    }

    async fn fill(&mut self) {
        let client = self.database.client().await;
        let begin = noon().plus_seconds(-DAYS * 86_400);
        let step = (lowest_id_at(noon().millis()) - lowest_id_at(begin.millis())) / REQUESTS;
        let micros = DAYS * 86_400_000_000 / REQUESTS;
        let statements = FILL
            .replace("{base}", &lowest_id_at(begin.millis()).to_string())
            .replace("{step}", &step.to_string())
            .replace("{begin}", &begin.0.to_string())
            .replace("{micros}", &micros.to_string())
            .replace("{requests}", &REQUESTS.to_string())
            .replace("{leads}", &LEADS.to_string());
        client.batch_execute(&statements).await.expect("filled");
        let ours: Vec<String> = (0..LEADS)
            .map(|at| clickid(begin.millis() + at * 200_000, at.unsigned_abs()))
            .chain((0..5_000).map(|at| format!("Foreign{at}")))
            .collect();
        let insert = "INSERT INTO clicks (workspace_id, clicked_at, clickid, params) \
             SELECT 1, $1, c, '[]' FROM UNNEST($2::text[]) AS c";
        client
            .execute(insert, &[&begin.0, &ours])
            .await
            .expect("clicks");
        // As it is in a database that has lived for a while.
        client.batch_execute("VACUUM ANALYZE").await.expect("done");
        let name = self.database.address.database();
        let settings = [
            "session_preload_libraries = 'auto_explain'",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_level = 'notice'",
        ];
        for setting in settings {
            let text = format!("ALTER DATABASE {name} SET {setting}");
            client.batch_execute(&text).await.expect("set");
        }
        let big = format!(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND relkind = 'r' AND reltuples >= {MANY}"
        );
        self.big = texts(&client, &big).await.into_iter().collect();
    }

    /// Statements that read a big relation as a whole. The figure of what waits counts it.
    fn scanning<'p>(&self, plans: &'p BTreeSet<Planned>) -> Vec<&'p Planned> {
        let scans = |planned: &&Planned| {
            planned.scans().any(|name| self.big.contains(name))
                && planned.statement != "SELECT count(*) FROM waiting_requests"
        };
        plans.iter().filter(scans).collect()
    }

    async fn postbacks(&self, store: &Arc<dyn Store>, queries: impl Iterator<Item = String>) {
        let mut accepting = tokio::task::JoinSet::new();
        for query in queries {
            let incoming = incoming(&**store, &self.clock, self.integration, &query);
            let store = Arc::clone(store);
            accepting.spawn(async move { store.accept(incoming).await });
        }
        while let Some(answer) = accepting.join_next().await {
            answer.expect("no panic").expect("accepted");
        }
        store.settle().await;
    }
}

/// `i` is a request: two of three made an event, one of six is a repeat, one of twelve found no lead,
/// one of twelve was rejected. `j` is a lead.
const FILL: &str = "
INSERT INTO leads (id, workspace_id, buyer_id, clickids, clicked_at, created_at, clickid, name, status)
SELECT {base} + j * {step} * 3 + 7, 1, 1 + j % 50, 1, {begin}, {begin} + j * {micros} * 3, 'lead' || j,
    CASE WHEN j % 4 = 0 THEN 'Anna ' || j ELSE '' END, CASE WHEN j % 10 = 0 THEN 'lost' ELSE '' END
FROM generate_series(1::bigint, {leads}) AS j;
INSERT INTO lead_identities (workspace_id, kind, scope, lead_id, value)
SELECT 1, 1, 0, id, clickid FROM leads UNION ALL SELECT 1, 3, 1, id, 'p' || clickid FROM leads;
INSERT INTO lead_values (lead_id, field_id, fits, set_at, source, value)
SELECT l.id, f.id, 1, {begin}, 0, 'v' || l.clickid FROM leads l CROSS JOIN custom_fields f;
INSERT INTO tags (workspace_id, name) SELECT 1, 'tag' || t FROM generate_series(1, 20) AS t;
INSERT INTO lead_tags (tag_id, lead_id) SELECT t.id, l.id FROM leads l JOIN tags t ON t.id % 10 = l.id / {step} % 10;
INSERT INTO inbox (id, integration_id, verdict, flags, received_at, lead_id, event_id, method, query, code, clickid)
SELECT {base} + i * {step}, 1 + i % 5,
    CASE WHEN i % 3 <> 0 THEN 1 WHEN i % 6 = 0 THEN 3 WHEN i % 12 = 3 THEN 4 ELSE 5 END,
    CASE i % 40 WHEN 0 THEN 8 WHEN 1 THEN 4 WHEN 3 THEN 12 ELSE 0 END, {begin} + i * {micros},
    CASE WHEN i % 6 <> 3 THEN {base} + (1 + 2 * (i - CASE WHEN i % 6 = 0 THEN 1 ELSE 0 END) % {leads}) * {step} * 3 + 7 END,
    CASE WHEN i % 3 <> 0 THEN {base} + i * {step} WHEN i % 6 = 0 THEN {base} + (i - 1) * {step} END,
    'GET', ('clickid=lead' || i || '&tracker.event=sale&tracker.tid=t' || i)::bytea,
    CASE WHEN i % 12 = 9 THEN 'missing_event' END, CASE WHEN i % 12 = 3 THEN 'stranger' || i END
FROM generate_series(1::bigint, {requests}) AS i;
INSERT INTO waiting_requests (workspace_id, received_at, request_id, clickid)
SELECT 1, received_at, id, clickid FROM inbox WHERE verdict = 4;
INSERT INTO events (id, integration_id, lead_id, kind, status, occurred_at, received_at, flags, name, amount, currency, tid)
SELECT id, integration_id, lead_id, CASE WHEN lag(id) OVER (PARTITION BY lead_id ORDER BY id) IS NULL THEN 2 ELSE 3 END,
    1, received_at, received_at, flags, 'sale', '10', 'USD', 't' || (id - {base}) / {step}
FROM inbox WHERE verdict = 1;
INSERT INTO event_keys (integration_id, lead_id, event_id, grp, tid)
SELECT integration_id, lead_id, id, 'dep', tid FROM events;
INSERT INTO event_changes (id, event_id, changed_at, field, old, new)
SELECT id + 11, id, received_at, 'status', 'pending', 'approved' FROM events WHERE id / {step} % 4 = 0;
INSERT INTO lead_integrations (integration_id, lead_id) SELECT DISTINCT integration_id, lead_id FROM events;
INSERT INTO lead_states (lead_id, integration_id, first_deposit) SELECT lead_id, integration_id, id FROM events WHERE kind = 2;
INSERT INTO rollup_quarter_hours (integration_id, bucket, kind, status, events, name, currency, amount, payout)
SELECT 1 + b % 5, {begin} / 900000000 + b / 10, 2 + b / 5 % 2, 1, 1, '', 'USD', '10', '0' FROM generate_series(0::bigint, {requests} / 2) AS b;
INSERT INTO registration_links (integration_id, name, base_url, params, created_at)
SELECT 1 + n % 5, 'Link ' || n, 'https://example.com', '[]', 0 FROM generate_series(1, 3000) AS n;
";

fn lead_filters() -> Vec<LeadFilter> {
    let all = LeadFilter::new(WORKSPACE);
    let mut filters = vec![all.clone()];
    let mut with = |change: &dyn Fn(&mut LeadFilter)| {
        for before in [None, Some(LeadId(lowest_id_at(noon().millis())))] {
            let mut filter = LeadFilter {
                before,
                ..all.clone()
            };
            change(&mut filter);
            filters.push(filter);
        }
    };
    for search in [
        "lead77", "plead77", "vlead77", "anna", "Anna 4", "an", "nobody",
    ] {
        with(&|filter| filter.search = Some(search.to_owned()));
    }
    for status in ["lost", "new", "rare"] {
        with(&|filter| filter.status = Some(status.to_owned()));
    }
    for tag in ["tag1", "tag15", "none"] {
        with(&|filter| filter.tag = Some(tag.to_owned()));
    }
    with(&|filter| filter.integration = Some(IntegrationId(1)));
    with(&|filter| filter.deposited = Some(true));
    with(&|filter| filter.deposited = Some(false));
    with(&|filter| filter.buyers = Some(vec![UserId(1), UserId(2), UserId(70)]));
    with(&|filter| filter.from = Some(noon().plus_seconds(-86_400)));
    with(&|filter| {
        filter.to = Some(noon().plus_seconds(-40 * 86_400));
        filter.tag = Some("tag1".to_owned());
        filter.status = Some("new".to_owned());
        filter.buyers = Some(vec![UserId(1)]);
    });
    filters
}

fn request_filters(request: RequestId, lead: LeadId) -> Vec<RequestFilter> {
    let all = RequestFilter::new(WORKSPACE);
    let mut filters = vec![all.clone()];
    let mut with = |change: &dyn Fn(&mut RequestFilter)| {
        for integration in [None, Some(IntegrationId(2))] {
            for before in [None, Some(request)] {
                let mut filter = RequestFilter {
                    integration,
                    before,
                    ..all.clone()
                };
                change(&mut filter);
                filters.push(filter);
            }
        }
    };
    with(&|_| {});
    for verdict in Verdict::ALL {
        with(&|filter| filter.verdict = Some(verdict));
    }
    for flag in [Flag::AmountMissing, Flag::PlaceholderEvent, Flag::Late] {
        with(&|filter| filter.flag = Some(flag));
    }
    with(&|filter| filter.flagged = true);
    with(&|filter| filter.clickid = Some("lead77".to_owned()));
    with(&|filter| filter.clickid = Some("stranger15".to_owned()));
    with(&|filter| filter.lead = Some(lead));
    with(&|filter| filter.from = Some(noon().plus_seconds(-3_600)));
    with(&|filter| {
        filter.from = Some(noon().plus_seconds(-40 * 86_400));
        filter.to = Some(noon().plus_seconds(-39 * 86_400));
    });
    with(&|filter| filter.to = Some(noon().plus_seconds(-49 * 86_400)));
    with(&|filter| {
        filter.before = None;
        filter.after = Some(request);
    });
    with(&|filter| {
        filter.verdict = Some(Verdict::Rejected);
        filter.flagged = true;
        filter.from = Some(noon().plus_seconds(-86_400));
    });
    filters
}

fn event_filters(lead: LeadId) -> Vec<EventFilter> {
    let all = EventFilter::new(WORKSPACE);
    let mut filters = vec![all.clone()];
    let mut with = |change: &dyn Fn(&mut EventFilter)| {
        let mut filter = all.clone();
        change(&mut filter);
        filters.push(filter);
    };
    with(&|filter| filter.lead = Some(lead));
    with(&|filter| filter.integration = Some(IntegrationId(2)));
    with(&|filter| filter.kind = Some(Kind::RepeatDeposit));
    with(&|filter| filter.from = Some(noon().plus_seconds(-3_600)));
    with(&|filter| filter.to = Some(noon().plus_seconds(-49 * 86_400)));
    with(&|filter| {
        filter.from = Some(noon().plus_seconds(-40 * 86_400));
        filter.to = Some(noon().plus_seconds(-39 * 86_400));
    });
    filters
}

/// Everything that people look at.
async fn look(ground: &Ground, store: &Arc<dyn Store>) {
    let lead = store.lead_by_clickid(WORKSPACE, "lead77").await;
    let lead = lead.expect("an answer").expect("a lead").id;
    for filter in lead_filters() {
        store.leads(filter).await.expect("leads");
    }
    store.lead(lead).await.expect("the lead");
    store.notes(lead).await.expect("notes");
    store.lead_changes(lead).await.expect("changes");
    let filter = EventFilter {
        lead: Some(lead),
        ..EventFilter::new(WORKSPACE)
    };
    let event = store.events(filter).await.expect("events").items[0].clone();
    store.event_changes(event.id).await.expect("changes");
    store.request(event.request()).await.expect("its request");
    for filter in request_filters(event.request(), lead) {
        store.requests(filter).await.expect("requests");
    }
    for filter in event_filters(lead) {
        store.events(filter).await.expect("events");
    }
    let day = noon().plus_seconds(-86_400);
    store.rollups(WORKSPACE, day).await.expect("sums");
    store.attention(WORKSPACE, day).await.expect("counts");
    store.set_up_steps(WORKSPACE).await.expect("steps");
    for one in [None, Some(ground.integration)] {
        store.pulses(WORKSPACE, one, noon()).await.expect("health");
    }
    for integration in [None, Some(ground.integration)] {
        let links = LinkFilter {
            workspace: WORKSPACE,
            integration,
            owners: None,
            before: None,
            limit: 50,
        };
        store.links_page(links).await.expect("links");
    }
    let uuid = store.snapshot().by_id[&ground.integration].uuid;
    store.look_up_integration(uuid).await.expect("an answer");
    store.health().await.database.expect("figures");
}

/// Everything that is written while postbacks come and people work.
async fn work(ground: &Ground, store: &Arc<dyn Store>) {
    // More often than a plan is made anew for its values.
    for round in 0..8 {
        for at in 0..3 {
            let click = NewClick {
                workspace: WORKSPACE,
                clickid: format!("clicked-{round}-{at}"),
                params: Vec::new(),
            };
            store.record_click(click).await.expect("a click");
        }
        let queries = (0..20).map(|at| {
            let lead = 100 + round * 20 + at;
            let who = match at % 5 {
                0 => format!("clickid=clicked-{round}-{}", at / 5),
                1 => format!("clickid=unknown-{round}-{at}"),
                _ => format!("clickid=lead{lead}"),
            };
            let what = match at % 4 {
                0 => format!("tracker.event=sale&tracker.cost=5&tracker.tid=new{lead}"),
                1 => format!("tracker.event=sale&tracker.cost=5&tracker.tid=t{lead}"),
                2 => format!("tracker.event=sale&tracker.tid=t{lead}&tracker.status=rejected"),
                _ => "tracker.event=resale&tracker.cost=7".to_owned(),
            };
            format!("{who}&{what}&tracker.currency=usd&fields.player=q{lead}&fields.city=c{lead}")
        });
        ground.postbacks(store, queries).await;
        // Known events change, together.
        let later = [4, 8, 12].map(|at| {
            let lead = 100 + round * 20 + at;
            format!("clickid=lead{lead}&tracker.event=sale&tracker.tid=new{lead}&tracker.status=rejected")
        });
        ground.postbacks(store, later.into_iter()).await;
        for query in [
            format!(
                "clickid=lead{}&tracker.event=sale&tracker.cost=5&tracker.tid=s{round}",
                900 + round
            ),
            format!("clickid=clicked-{round}-2&tracker.event=registration&fields.city=x"),
            format!(
                "tracker.event=sale&clickid=lead{}&tracker.tid=t1&tracker.tid=t2",
                900 + round
            ),
        ] {
            let one = incoming(&**store, &ground.clock, ground.integration, &query);
            store.try_out(one.clone()).await.expect("tried");
            store.ingest(one).await.expect("stored");
        }
    }
    store.sweep().await.expect("swept");
    let author = || Author {
        user: None,
        name: "Anna".to_owned(),
    };
    let mut leads = Vec::new();
    // Every second lead has events.
    for number in (2_001..2_013).step_by(2) {
        let lead = store
            .lead_by_clickid(WORKSPACE, &format!("lead{number}"))
            .await;
        leads.push(lead.expect("an answer").expect("a lead").id);
    }
    for lead in &leads {
        let patch = LeadPatch {
            name: Some("Anna Maria".to_owned()),
            status: Some("lost".to_owned()),
            tags: Some(vec!["tag3".to_owned(), "tag4".to_owned()]),
            fields: vec![("city".to_owned(), "Rome".to_owned())],
            author: author(),
            ..LeadPatch::default()
        };
        store.update_lead(*lead, patch).await.expect("changed");
        store
            .add_note(*lead, author(), "called".to_owned())
            .await
            .expect("noted");
        let kind = IdentityKind::Telegram;
        let value = format!("tg-{}", lead.0);
        store
            .bind_identity(*lead, kind, 0, value)
            .await
            .expect("bound");
        let filter = EventFilter {
            lead: Some(*lead),
            ..EventFilter::new(WORKSPACE)
        };
        let events = store.events(filter).await.expect("events").items;
        for status in [Status::Rejected, Status::Approved] {
            store
                .set_event_status(events[0].id, status)
                .await
                .expect("set");
        }
        let some = ReprocessFilter {
            ids: vec![events[0].request()],
            requests: RequestFilter::new(WORKSPACE),
        };
        store.reprocess(some, false).await.expect("decided");
    }
    for pair in leads.chunks(2) {
        let merged = store.merge_leads(pair[0], pair[1], author(), false).await;
        merged.expect("merged");
    }
    let new = NewLead {
        clickid: Some("unknown-1-1".to_owned()),
        ..NewLead::default()
    };
    store.create_lead(new).await.expect("a lead");
}

/// What must be among the statements: else nothing was heard, or something else ran.
const HEARD: &[&str] = &[
    "JOIN lead_identities i ON i.workspace_id",
    "FROM leads WHERE id = ANY($1) ORDER BY id FOR UPDATE",
    "JOIN clicks c ON c.workspace_id",
    "LEFT JOIN event_keys own",
    "JOIN lead_states s ON s.lead_id",
    "JOIN events ON events.lead_id = w.lead_id",
    "JOIN lead_values v ON v.lead_id",
    "UPDATE clicks SET lead_id",
    "UPDATE events SET kind = n.kind",
    "INSERT INTO event_keys",
    "INSERT INTO rollup_quarter_hours",
    "FROM waiting_requests WHERE request_id >= $1",
    "FROM waiting_requests WHERE (workspace_id, clickid) > ($1, $2)",
    "FROM lead_names",
    "FROM lead_tags",
    "FROM rollup_quarter_hours WHERE bucket",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_hot_statement_reads_a_whole_table() {
    let Some(ground) = Ground::make().await else {
        return;
    };
    listen();
    let store = ground.open();
    plans();
    look(&ground, &store).await;
    work(&ground, &store).await;
    // The last notice of each connection comes with its next statement.
    store.workspace(WORKSPACE).await.expect("it");
    ground
        .postbacks(
            &store,
            std::iter::once("clickid=lead5&tracker.event=sale".to_owned()),
        )
        .await;
    let mut heard = plans();
    // A flood: thousands are decided together.
    let queries = (0..3_000).map(|at| {
        format!(
            "clickid=lead{at}&tracker.event=sale&tracker.cost=5&tracker.currency=usd&tracker.tid=f{at}\
             &fields.city=c"
        )
    });
    ground.postbacks(&store, queries).await;
    store.workspace(WORKSPACE).await.expect("it");
    heard.extend(plans());
    println!("{} plans of {} statements heard", heard.len(), {
        let texts: BTreeSet<&str> = heard.iter().map(|planned| &*planned.statement).collect();
        texts.len()
    });
    let bad: Vec<String> = ground
        .scanning(&heard)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        bad.is_empty(),
        "{} of {}:\n{}",
        bad.len(),
        heard.len(),
        bad.join("\n\n")
    );
    let unheard: Vec<&str> = HEARD
        .iter()
        .copied()
        .filter(|part| !heard.iter().any(|planned| planned.statement.contains(part)))
        .collect();
    assert_eq!(unheard, Vec::<&str>::new(), "of {}", heard.len());

    // Without the index of ids, looking for a lead reads them all: this would be seen.
    let client = ground.database.client().await;
    client
        .batch_execute("ALTER TABLE lead_identities DROP CONSTRAINT lead_identities_pkey")
        .await
        .expect("dropped");
    let lead = store.lead_by_clickid(WORKSPACE, "lead78").await;
    lead.expect("an answer").expect("a lead");
    store.workspace(WORKSPACE).await.expect("it");
    let heard = plans();
    assert!(!ground.scanning(&heard).is_empty(), "{heard:?}");
    store.close().await;
    ground.database.say_where().await;
}
