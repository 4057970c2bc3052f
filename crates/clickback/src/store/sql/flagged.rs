//! Requests with one flag, however rare it is and however many carry others. Few sets of flags occur;
//! the index of each integration's sets gives the newest of those that have the flag.

use std::cmp::Reverse;

use clickback_core::flag::Flag;
use clickback_core::ids::IntegrationId;

use crate::store::inbox::RequestFilter;

use super::inbox::conditions;
use super::session::{Session, Sql, Value, values};

/// Numbers of the requests that the filter's page shows, and of one more.
pub(super) fn numbers(sql: &dyn Session, filter: &RequestFilter, flag: Flag) -> Sql<Vec<i64>> {
    let integrations = match filter.integration {
        Some(integration) => vec![integration],
        None => sql.all(
            "SELECT id FROM integrations WHERE workspace_id = ?1",
            values![filter.workspace.0],
            |row| row.get(0).map(IntegrationId),
        )?,
    };
    let mut found: Vec<i64> = Vec::new();
    for integration in integrations {
        let of_one = RequestFilter {
            integration: Some(integration),
            flag: None,
            flagged: false,
            ..filter.clone()
        };
        for flags in sets(sql, integration)? {
            if flags & flag.bit() == 0 {
                continue;
            }
            let (text, values) = with_flags(&of_one, flags);
            found.extend(sql.all(&text, &values, |row| row.get::<i64>(0))?);
        }
    }
    if filter.after.is_some() {
        found.sort_unstable();
    } else {
        found.sort_unstable_by_key(|id| Reverse(*id));
    }
    found.truncate(filter.limit + 1);
    Ok(found)
}

/// The statement that finds the requests of an integration with just these flags, and its values.
pub(in crate::store) fn with_flags(of_one: &RequestFilter, flags: i64) -> (String, Vec<Value<'_>>) {
    let order = if of_one.after.is_some() {
        "ASC"
    } else {
        "DESC"
    };
    let (conditions, mut values) = conditions(of_one);
    values.push(Value::from(flags));
    let text = format!(
        "SELECT inbox.id FROM inbox WHERE {conditions} AND inbox.flags = ?{} AND inbox.flags <> 0 \
         ORDER BY inbox.id {order} LIMIT {}",
        values.len(),
        of_one.limit + 1
    );
    (text, values)
}

/// The sets of flags that occur at an integration: one step of the index for each.
fn sets(sql: &dyn Session, integration: IntegrationId) -> Sql<Vec<i64>> {
    let mut sets = Vec::new();
    let mut last = 0;
    while let Some(next) = sql.one(
        "SELECT min(flags) FROM inbox WHERE integration_id = ?1 AND flags > ?2 AND flags <> 0",
        values![integration.0, last],
        |row| row.get::<Option<i64>>(0),
    )? {
        sets.push(next);
        last = next;
    }
    Ok(sets)
}
