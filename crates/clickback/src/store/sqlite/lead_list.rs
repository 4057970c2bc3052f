//! The list of leads: what finds them, by index and page by page, however many there are.

use clickback_core::ids::lowest_id_at;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::store::leads::{Lead, LeadFilter};
use crate::store::{Page, StoreResult};

use super::crm::stored_status;
use super::leads::{LEAD_COLUMNS, complete, read};
use super::rows::db;

/// Stands twice before each word of a name in the index of names.
const MARK: char = '\u{2}';
/// Characters of a value that its index holds.
const VALUE_CHARS: usize = 64;
/// Characters of a search for a name.
const NAME_CHARS: usize = 100;

/// Where a list is read from, in the order of leads: a table with an index that holds the lead's id.
struct Driver {
    from: &'static str,
    /// The column with the lead's id.
    id: &'static str,
    /// A condition with a `$` for each value.
    condition: &'static str,
    values: Vec<Value>,
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// Each reads newest first; a lead may be found by several.
fn drivers(sql: &Connection, filter: &LeadFilter) -> rusqlite::Result<Vec<Driver>> {
    let workspace = Value::Integer(filter.workspace.0);
    if let Some(search) = wanted(filter) {
        return searches(sql, filter, search);
    }
    let one = |driver: Driver| Ok(vec![driver]);
    if let Some(tag) = &filter.tag {
        return one(Driver {
            from: "lead_tags CROSS JOIN leads ON leads.id = lead_tags.lead_id",
            id: "lead_tags.lead_id",
            condition: "lead_tags.tag_id = (SELECT id FROM tags WHERE workspace_id = $ AND name = $)",
            values: vec![workspace, text(tag)],
        });
    }
    if let Some(integration) = filter.integration {
        return one(Driver {
            from: "lead_integrations CROSS JOIN leads ON leads.id = lead_integrations.lead_id",
            id: "lead_integrations.lead_id",
            condition: "lead_integrations.integration_id = $",
            values: vec![Value::Integer(integration.0)],
        });
    }
    if filter.deposited == Some(true) {
        return one(Driver {
            from: "lead_states CROSS JOIN leads ON leads.id = lead_states.lead_id",
            id: "lead_states.lead_id",
            // A lead with first deposits at several partners is one lead.
            condition: "lead_states.first_deposit IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lead_states s \
                 WHERE s.lead_id = lead_states.lead_id AND s.integration_id < lead_states.integration_id \
                 AND s.first_deposit IS NOT NULL)",
            values: Vec::new(),
        });
    }
    if let Some(buyers) = &filter.buyers {
        let by_buyer = |buyer: &clickback_core::ids::UserId| Driver {
            from: "leads INDEXED BY leads_buyer",
            id: "leads.id",
            condition: "leads.workspace_id = $ AND leads.buyer_id = $",
            values: vec![workspace.clone(), Value::Integer(buyer.0)],
        };
        return Ok(buyers.iter().map(by_buyer).collect());
    }
    if let Some(status) = &filter.status {
        return one(Driver {
            from: "leads INDEXED BY leads_status",
            id: "leads.id",
            condition: "leads.workspace_id = $ AND leads.status = $",
            values: vec![workspace, text(stored_status(status))],
        });
    }
    one(Driver {
        from: "leads INDEXED BY leads_workspace",
        id: "leads.id",
        condition: "leads.workspace_id = $",
        values: vec![workspace],
    })
}

/// Whole ids and values, and parts of names.
fn searches(sql: &Connection, filter: &LeadFilter, search: &str) -> rusqlite::Result<Vec<Driver>> {
    let workspace = filter.workspace.0;
    let numbers = |query: &str| -> rusqlite::Result<Vec<i64>> {
        sql.prepare_cached(query)?
            .query_map([workspace], |row| row.get(0))?
            .collect()
    };
    let identity = |kind: i64, scope: i64| Driver {
        from: "lead_identities CROSS JOIN leads ON leads.id = lead_identities.lead_id",
        id: "lead_identities.lead_id",
        condition: "lead_identities.workspace_id = $ AND lead_identities.kind = $ \
             AND lead_identities.scope = $ AND lead_identities.value = $",
        values: vec![
            Value::Integer(workspace),
            Value::Integer(kind),
            Value::Integer(scope),
            text(search),
        ],
    };
    let mut drivers = vec![identity(1, 0), identity(2, 0)];
    let integrations = numbers("SELECT id FROM integrations WHERE workspace_id = ?1")?;
    drivers.extend(integrations.into_iter().map(|scope| identity(3, scope)));
    let beginning: String = search.chars().take(VALUE_CHARS).collect();
    for field in numbers("SELECT id FROM custom_fields WHERE workspace_id = ?1")? {
        drivers.push(Driver {
            from: "lead_values INDEXED BY lead_values_value CROSS JOIN leads ON leads.id = lead_values.lead_id",
            id: "lead_values.lead_id",
            condition: "lead_values.field_id = $ AND substr(lead_values.value, 1, 64) = $ AND lead_values.value = $",
            values: vec![Value::Integer(field), text(&beginning), text(search)],
        });
    }
    drivers.push(Driver {
        from: "lead_names CROSS JOIN leads ON leads.id = lead_names.rowid",
        id: "lead_names.rowid",
        condition: "lead_names MATCH $",
        values: vec![text(&name_query(search))],
    });
    Ok(drivers)
}

/// What finds a part of a name: one or two characters are the beginning of a word.
fn name_query(search: &str) -> String {
    let marks: String = [MARK, MARK].iter().collect();
    let kept: String = search
        .chars()
        .filter(|c| *c != MARK && *c != '\0')
        .take(NAME_CHARS)
        .collect();
    let joined = kept.split_whitespace().collect::<Vec<_>>().join(&marks);
    let beginning = match joined.chars().count() {
        0 | 1 => marks.as_str(),
        2 => &marks[..1],
        _ => "",
    };
    format!("\"{beginning}{}\"", joined.replace('"', "\"\""))
}

fn wanted(filter: &LeadFilter) -> Option<&str> {
    let search = filter.search.as_deref().map(str::trim);
    search.filter(|search| !search.is_empty())
}

/// The statement of a driver under a filter, and its values.
fn statement(driver: Driver, filter: &LeadFilter) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    let mut add = |condition: &str, list: Vec<Value>| {
        let mut numbered = String::new();
        let mut list = list.into_iter();
        for (at, part) in condition.split('$').enumerate() {
            if at > 0 {
                values.extend(list.next());
                numbered.push_str(&format!("?{}", values.len()));
            }
            numbered.push_str(part);
        }
        conditions.push(numbered);
    };
    let id = driver.id;
    add(driver.condition, driver.values);
    let newest = filter.before.map_or(i64::MAX, |before| before.0);
    let newest = filter
        .to
        .map_or(newest, |to| newest.min(lowest_id_at(to.millis() + 1)));
    add(&format!("{id} < $"), vec![Value::Integer(newest)]);
    if let Some(from) = filter.from {
        // Numbers follow the clock that gave them; the moment itself is compared, too.
        add(
            &format!("{id} >= $"),
            vec![Value::Integer(lowest_id_at(from.millis()))],
        );
        add("leads.created_at >= $", vec![Value::Integer(from.0)]);
    }
    if let Some(to) = filter.to {
        add("leads.created_at < $", vec![Value::Integer(to.0)]);
    }
    add(
        "+leads.workspace_id = $",
        vec![Value::Integer(filter.workspace.0)],
    );
    add("leads.test = 0", Vec::new());
    if let Some(status) = &filter.status {
        add("leads.status = $", vec![text(stored_status(status))]);
    }
    if let Some(buyers) = &filter.buyers {
        let places = vec!["$"; buyers.len()].join(", ");
        let list = buyers.iter().map(|buyer| Value::Integer(buyer.0)).collect();
        add(&format!("+leads.buyer_id IN ({places})"), list);
    }
    if let Some(tag) = &filter.tag {
        add(
            "EXISTS (SELECT 1 FROM lead_tags t WHERE t.tag_id = (SELECT id FROM tags \
             WHERE workspace_id = $ AND name = $) AND t.lead_id = leads.id)",
            vec![Value::Integer(filter.workspace.0), text(tag)],
        );
    }
    if let Some(integration) = filter.integration {
        add(
            "EXISTS (SELECT 1 FROM lead_integrations i WHERE i.integration_id = $ AND i.lead_id = leads.id)",
            vec![Value::Integer(integration.0)],
        );
    }
    if let Some(deposited) = filter.deposited {
        let not = if deposited { "" } else { "NOT " };
        add(
            &format!(
                "{not}EXISTS (SELECT 1 FROM lead_states d WHERE d.lead_id = leads.id AND d.first_deposit IS NOT NULL)"
            ),
            Vec::new(),
        );
    }
    let text = format!(
        "SELECT {LEAD_COLUMNS} FROM {} WHERE {} ORDER BY {id} DESC LIMIT {}",
        driver.from,
        conditions.join(" AND "),
        filter.limit + 1
    );
    (text, values)
}

/// Newest first.
pub(super) fn list(sql: &Connection, filter: &LeadFilter) -> StoreResult<Page<Lead>> {
    let mut found: Vec<Lead> = Vec::new();
    for driver in drivers(sql, filter).map_err(db)? {
        let (text, values) = statement(driver, filter);
        let mut statement = sql.prepare_cached(&text).map_err(db)?;
        let rows = statement
            .query_map(params_from_iter(values), read)
            .map_err(db)?;
        for row in rows {
            found.push(row.map_err(db)?);
        }
    }
    found.sort_by_key(|lead| std::cmp::Reverse(lead.id));
    found.dedup_by_key(|lead| lead.id);
    let more = found.len() > filter.limit;
    found.truncate(filter.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|lead| lead.id.to_string());
    let items = found
        .into_iter()
        .map(|lead| complete(sql, lead))
        .collect::<StoreResult<_>>()?;
    Ok(Page { items, next })
}

#[cfg(test)]
mod tests {
    use clickback_core::ids::{IntegrationId, LeadId, UserId, WorkspaceId};
    use clickback_core::moment::Moment;

    use super::*;

    /// No list query reads a whole table or sorts what it found.
    #[test]
    fn plans_use_indexes() {
        let mut sql = Connection::open_in_memory().unwrap();
        super::super::migrate::migrate(&mut sql).unwrap();
        sql.execute_batch(
            "INSERT INTO custom_fields (id, workspace_id, key, name, kind, created_at) VALUES (1, 1, 'k', 'K', 'text', 0);
             INSERT INTO integrations (id, workspace_id, uuid, name, clickid_param, clickid_macro, rules, created_at)
             VALUES (1, 1, 'u', 'I', 's', 's', '{}', 0)",
        )
        .unwrap();
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
            for driver in drivers(&sql, &filter).unwrap() {
                let (text, values) = statement(driver, &filter);
                let plan: Vec<String> = sql
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

    #[test]
    fn how_names_are_asked_for() {
        let cases = [
            ("a", "\"\u{2}\u{2}a\""),
            ("an", "\"\u{2}an\""),
            ("ann", "\"ann\""),
            ("Anna  Smith", "\"Anna\u{2}\u{2}Smith\""),
            ("a\"b\"", "\"a\"\"b\"\"\""),
            ("\u{2}", "\"\u{2}\u{2}\""),
        ];
        for (search, expected) in cases {
            assert_eq!(name_query(search), expected, "{search}");
        }
    }
}
