//! How SQLite answers what must be fast however much there is.

use clickback_core::ids::{IntegrationId, LeadId, UserId, WorkspaceId};
use clickback_core::moment::Moment;
use rusqlite::{Connection, params_from_iter};

use crate::store::leads::LeadFilter;
use crate::store::sql::lead_list::{Search, drivers, statement};

use super::migrate::migrate;
use super::session::SqliteSession;

/// No list query reads a whole table or sorts what it found.
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
                let walks_keys = step.starts_with("SCAN lead_states");
                assert!(!scans || walks_keys, "{text}\n{plan:#?}");
                assert!(!step.contains("TEMP B-TREE"), "{text}\n{plan:#?}");
            }
        }
    }
}
