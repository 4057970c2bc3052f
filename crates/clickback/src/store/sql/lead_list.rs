//! The list of leads: what finds them, by index and page by page, however many there are.

use clickback_core::ids::lowest_id_at;

use crate::store::leads::{Lead, LeadFilter};
use crate::store::{Page, StoreResult};

use super::crm::stored_status;
use super::leads::{LEAD_COLUMNS, complete, read};
use super::session::{AsValue as _, NameSearch, Session, Sql, Value, values};

/// Characters of a value that its index holds.
const VALUE_CHARS: usize = 64;

/// Where a list is read from, in the order of leads: a table with an index that holds the lead's id.
pub(in crate::store) struct Driver<'f> {
    from: &'static str,
    /// The column with the lead's id.
    id: &'static str,
    /// A condition with a `$` for each value.
    condition: &'static str,
    values: Vec<Value<'f>>,
}

/// What is looked for, as each place wants it.
pub(in crate::store) struct Search<'f> {
    whole: &'f str,
    /// The part of a value that its index holds.
    beginning: String,
    name: NameSearch,
}

impl<'f> Search<'f> {
    pub(in crate::store) fn of(sql: &dyn Session, filter: &'f LeadFilter) -> Option<Search<'f>> {
        let whole = wanted(filter)?;
        Some(Search {
            whole,
            beginning: whole.chars().take(VALUE_CHARS).collect(),
            name: sql.name_search(whole),
        })
    }
}

/// Each reads newest first; a lead may be found by several.
pub(in crate::store) fn drivers<'f>(
    sql: &dyn Session,
    filter: &'f LeadFilter,
    search: Option<&'f Search<'f>>,
) -> Sql<Vec<Driver<'f>>> {
    let workspace = Value::from(filter.workspace.0);
    if let Some(search) = search {
        return searches(sql, filter, search);
    }
    let one = |driver: Driver<'f>| Ok(vec![driver]);
    if let Some(tag) = &filter.tag {
        return one(Driver {
            from: "lead_tags CROSS JOIN leads ON leads.id = lead_tags.lead_id",
            id: "lead_tags.lead_id",
            condition: "lead_tags.tag_id = (SELECT id FROM tags WHERE workspace_id = $ AND name = $)",
            values: vec![workspace, tag.as_value()],
        });
    }
    if let Some(integration) = filter.integration {
        return one(Driver {
            from: "lead_integrations CROSS JOIN leads ON leads.id = lead_integrations.lead_id",
            id: "lead_integrations.lead_id",
            condition: "lead_integrations.integration_id = $",
            values: vec![Value::from(integration.0)],
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
            values: vec![workspace, Value::from(buyer.0)],
        };
        return Ok(buyers.iter().map(by_buyer).collect());
    }
    if let Some(status) = &filter.status {
        return one(Driver {
            from: "leads INDEXED BY leads_status",
            id: "leads.id",
            condition: "leads.workspace_id = $ AND leads.status = $",
            values: vec![workspace, stored_status(status).as_value()],
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
fn searches<'f>(
    sql: &dyn Session,
    filter: &'f LeadFilter,
    search: &'f Search<'f>,
) -> Sql<Vec<Driver<'f>>> {
    let workspace = filter.workspace.0;
    let numbers =
        |query: &str| -> Sql<Vec<i64>> { sql.all(query, values![workspace], |row| row.get(0)) };
    let identity = |kind: i64, scope: i64| Driver {
        from: "lead_identities CROSS JOIN leads ON leads.id = lead_identities.lead_id",
        id: "lead_identities.lead_id",
        condition: "lead_identities.workspace_id = $ AND lead_identities.kind = $ \
             AND lead_identities.scope = $ AND lead_identities.value = $",
        values: vec![
            Value::from(workspace),
            Value::from(kind),
            Value::from(scope),
            search.whole.as_value(),
        ],
    };
    let mut drivers = vec![identity(1, 0), identity(2, 0)];
    let integrations = numbers("SELECT id FROM integrations WHERE workspace_id = ?1")?;
    drivers.extend(integrations.into_iter().map(|scope| identity(3, scope)));
    for field in numbers("SELECT id FROM custom_fields WHERE workspace_id = ?1")? {
        drivers.push(Driver {
            from: "lead_values INDEXED BY lead_values_value CROSS JOIN leads ON leads.id = lead_values.lead_id",
            id: "lead_values.lead_id",
            condition: "lead_values.field_id = $ AND substr(lead_values.value, 1, 64) = $ AND lead_values.value = $",
            values: vec![
                Value::from(field),
                search.beginning.as_value(),
                search.whole.as_value(),
            ],
        });
    }
    drivers.push(Driver {
        from: search.name.from,
        id: search.name.id,
        condition: search.name.condition,
        values: vec![search.name.text.as_value(); search.name.condition.matches('$').count()],
    });
    Ok(drivers)
}

fn wanted(filter: &LeadFilter) -> Option<&str> {
    let search = filter.search.as_deref().map(str::trim);
    search.filter(|search| !search.is_empty())
}

/// The statement of a driver under a filter, and its values.
pub(in crate::store) fn statement<'f>(
    driver: Driver<'f>,
    filter: &'f LeadFilter,
) -> (String, Vec<Value<'f>>) {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    let mut add = |condition: &str, list: Vec<Value<'f>>| {
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
    add(&format!("{id} < $"), vec![Value::from(newest)]);
    if let Some(from) = filter.from {
        // Numbers follow the clock that gave them; the moment itself is compared, too.
        add(
            &format!("{id} >= $"),
            vec![Value::from(lowest_id_at(from.millis()))],
        );
        add("leads.created_at >= $", vec![Value::from(from.0)]);
    }
    if let Some(to) = filter.to {
        add("leads.created_at < $", vec![Value::from(to.0)]);
    }
    add(
        "+leads.workspace_id = $",
        vec![Value::from(filter.workspace.0)],
    );
    add("leads.test = 0", Vec::new());
    if let Some(status) = &filter.status {
        add("leads.status = $", vec![stored_status(status).as_value()]);
    }
    if let Some(buyers) = &filter.buyers {
        let places = vec!["$"; buyers.len()].join(", ");
        let list = buyers.iter().map(|buyer| Value::from(buyer.0)).collect();
        add(&format!("+leads.buyer_id IN ({places})"), list);
    }
    if let Some(tag) = &filter.tag {
        add(
            "EXISTS (SELECT 1 FROM lead_tags t WHERE t.tag_id = (SELECT id FROM tags \
             WHERE workspace_id = $ AND name = $) AND t.lead_id = leads.id)",
            vec![Value::from(filter.workspace.0), tag.as_value()],
        );
    }
    if let Some(integration) = filter.integration {
        add(
            "EXISTS (SELECT 1 FROM lead_integrations i WHERE i.integration_id = $ AND i.lead_id = leads.id)",
            vec![Value::from(integration.0)],
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
pub(super) fn list(sql: &dyn Session, filter: &LeadFilter) -> StoreResult<Page<Lead>> {
    let mut found: Vec<Lead> = Vec::new();
    let search = Search::of(sql, filter);
    for driver in drivers(sql, filter, search.as_ref())? {
        let (text, values) = statement(driver, filter);
        found.extend(sql.all(&text, &values, read)?);
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
