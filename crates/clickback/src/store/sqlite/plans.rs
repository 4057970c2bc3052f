//! How SQLite answers what must be fast however much there is.

use clickback_core::ids::{IntegrationId, LeadId, RequestId, UserId, WorkspaceId};
use clickback_core::moment::Moment;
use rusqlite::{Connection, params_from_iter};

use crate::store::inbox::{RequestFilter, Verdict};
use crate::store::leads::LeadFilter;
use crate::store::sql::flagged::with_flags;
use crate::store::sql::inbox::{conditions, page};
use crate::store::sql::lead_list::{Search, drivers, statement};
use crate::store::sql::session::Value;

use super::migrate::migrate;
use super::session::SqliteSession;

/// No list of leads reads a whole table or sorts what it found.
#[test]
fn plans_use_indexes() {
    let mut sql = Connection::open_in_memory().unwrap();
    migrate(&mut sql).unwrap();
    sql.execute_batch(
        "INSERT INTO custom_fields (id, workspace_id, key, name, kind, created_at) VALUES (1, 1, 'k', 'K', 'text', 0);
         INSERT INTO integrations (id, workspace_id, uuid, name, clickid_param, clickid_macro, rules, created_at)
         VALUES (1, 1, 'u', 'I', 's', 's', '{}', 0)",
    )
    .unwrap();
    let session = SqliteSession(sql);
    let all = LeadFilter::new(WorkspaceId(1));
    let mut cases = vec![all.clone()];
    let mut with = |change: &dyn Fn(&mut LeadFilter)| {
        for before in [None, Some(LeadId(1 << 50))] {
            let mut filter = LeadFilter {
                before,
                ..all.clone()
            };
            change(&mut filter);
            cases.push(filter);
        }
    };
    with(&|filter| filter.search = Some("anna".to_owned()));
    with(&|filter| filter.search = Some("a".to_owned()));
    with(&|filter| filter.status = Some("lost".to_owned()));
    with(&|filter| filter.tag = Some("vip".to_owned()));
    with(&|filter| filter.integration = Some(IntegrationId(1)));
    with(&|filter| filter.deposited = Some(true));
    with(&|filter| filter.deposited = Some(false));
    with(&|filter| filter.buyers = Some(vec![UserId(1), UserId(2)]));
    with(&|filter| filter.from = Some(Moment(1_800_000_000_000_000)));
    with(&|filter| {
        filter.to = Some(Moment(1_800_000_000_000_000));
        filter.tag = Some("vip".to_owned());
        filter.status = Some("new".to_owned());
        filter.buyers = Some(vec![UserId(1)]);
    });
    for filter in cases {
        let search = Search::of(&session, &filter);
        for driver in drivers(&session, &filter, search.as_ref()).unwrap() {
            let (text, values) = statement(driver, &filter);
            finds_by_index(&session, &text, &values);
        }
    }
}

/// A statement does not read a whole table and does not sort what it found.
fn finds_by_index(session: &SqliteSession, text: &str, values: &[Value<'_>]) {
    let plan: Vec<String> = session
        .0
        .prepare(&format!("EXPLAIN QUERY PLAN {text}"))
        .unwrap()
        .query_map(params_from_iter(values), |row| row.get(3))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    for step in &plan {
        // `M` is a match: the index of names is asked, not read.
        let scans = step.starts_with("SCAN") && !step.contains(":M");
        let walks_keys = step.starts_with("SCAN lead_states") || WALKS.contains(&step.as_str());
        assert!(!scans || walks_keys, "{text}\n{plan:#?}");
        assert!(!step.contains("TEMP B-TREE"), "{text}\n{plan:#?}");
    }
}

/// The inbox, and what is flagged of it, is walked in its order until a page is full; integrations are few.
const WALKS: &[&str] = &[
    "SCAN inbox",
    "SCAN inbox USING INDEX inbox_flagged",
    "SCAN integrations",
];

#[test]
fn inbox_pages_use_indexes() {
    let mut sql = Connection::open_in_memory().unwrap();
    migrate(&mut sql).unwrap();
    let session = SqliteSession(sql);
    let all = RequestFilter::new(WorkspaceId(1));
    let request = Some(RequestId(1 << 50));
    let changes: [&dyn Fn(&mut RequestFilter); 11] = [
        &|_| {},
        &|filter| filter.verdict = Some(Verdict::Accepted),
        &|filter| filter.verdict = Some(Verdict::Duplicate),
        &|filter| filter.verdict = Some(Verdict::Unmatched),
        &|filter| filter.verdict = Some(Verdict::Rejected),
        &|filter| filter.flagged = true,
        &|filter| filter.clickid = Some("c".to_owned()),
        &|filter| filter.lead = Some(LeadId(1)),
        &|filter| filter.from = Some(Moment(1_800_000_000_000_000)),
        &|filter| {
            filter.from = Some(Moment(1_800_000_000_000_000));
            filter.to = Some(Moment(1_800_100_000_000_000));
        },
        &|filter| {
            filter.before = None;
            filter.after = Some(RequestId(1 << 50));
        },
    ];
    for change in changes {
        for integration in [None, Some(IntegrationId(1))] {
            for before in [None, request] {
                let mut filter = RequestFilter {
                    integration,
                    before,
                    ..all.clone()
                };
                change(&mut filter);
                let (text, values) = page(&filter, conditions(&filter));
                finds_by_index(&session, &text, &values);
            }
        }
    }
}

/// Requests with one flag are found by the index of sets of flags, however many carry others.
#[test]
fn requests_with_a_flag_use_their_index() {
    let mut sql = Connection::open_in_memory().unwrap();
    migrate(&mut sql).unwrap();
    let session = SqliteSession(sql);
    let filter = RequestFilter {
        integration: Some(IntegrationId(1)),
        ..RequestFilter::new(WorkspaceId(1))
    };
    let (text, values) = with_flags(&filter, 4);
    finds_by_index(&session, &text, &values);
}
