//! Reading the health of integrations: the index of their requests says the day's verdicts, the
//! roll-up says the day's events and the usual pauses. No request is read but the last few.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use clickback_core::event::{EventName, Kind, Status};
use clickback_core::health::{self, silent_since};
use clickback_core::ids::{IntegrationId, WorkspaceId, lowest_id_at};
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::StoreResult;
use crate::store::inbox::Verdict;
use crate::store::integrations::{Integration, SetUpStore as _};
use crate::store::pulse::{EventPulse, MOST_COUNTED, Pulse, PulseStore};

use super::Sqlite;
use super::rows::db;

/// Last requests that are looked at for when each event came.
const RECENT: u32 = 300;
/// Tests that may stand in front of the last request.
const TESTS: u32 = 1_000;

type Sql<T> = rusqlite::Result<T>;

#[async_trait]
impl PulseStore for Sqlite {
    async fn pulses(
        &self,
        workspace: WorkspaceId,
        one: Option<IntegrationId>,
        now: Moment,
    ) -> StoreResult<HashMap<IntegrationId, Pulse>> {
        let snapshot = self.snapshot();
        self.read(move |sql| {
            let day = start_of_day(sql, workspace, now).map_err(db)?;
            let asked: Vec<Arc<Integration>> = match one {
                Some(id) => snapshot.get(workspace, id).into_iter().collect(),
                None => snapshot.of(workspace),
            };
            let pulses = asked.iter().map(|integration| {
                let pulse = pulse(sql, integration, now, day, one.is_some()).map_err(db)?;
                Ok((integration.id, pulse))
            });
            pulses.collect()
        })
        .await
    }
}

fn start_of_day(sql: &Connection, workspace: WorkspaceId, now: Moment) -> Sql<Moment> {
    let zone: Option<String> = sql
        .prepare_cached("SELECT time_zone FROM workspaces WHERE id = ?1")?
        .query_row([workspace.0], |row| row.get(0))
        .optional()?;
    Ok(now.start_of_day(zone.as_deref().unwrap_or_default()))
}

fn pulse(
    sql: &Connection,
    integration: &Integration,
    now: Moment,
    day: Moment,
    with_events: bool,
) -> Sql<Pulse> {
    let id = integration.id;
    let mut pulse = Pulse {
        last: last_request(sql, id)?,
        ..Pulse::default()
    };
    let Some(last) = pulse.last else {
        return Ok(pulse);
    };
    if last >= day {
        verdicts(sql, id, day, &mut pulse)?;
    }
    if integration.enabled && now.seconds_since(last) >= 3_600 {
        let active = active(sql, id, now)?;
        pulse.silent_since = silent_since(last, now, &active);
    }
    if with_events {
        events_today(sql, id, day, &mut pulse)?;
        recent_events(sql, integration, &mut pulse)?;
    }
    Ok(pulse)
}

fn last_request(sql: &Connection, id: IntegrationId) -> Sql<Option<Moment>> {
    // The rows come in the order of the index, the newest first; tests are rare.
    let newest: Option<i64> = sql
        .prepare_cached(&format!(
            "SELECT id FROM (SELECT id, test FROM inbox WHERE integration_id = ?1 \
             ORDER BY id DESC LIMIT {TESTS}) WHERE test = 0 LIMIT 1"
        ))?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let Some(newest) = newest else {
        return Ok(None);
    };
    sql.prepare_cached("SELECT received_at FROM inbox WHERE id = ?1")?
        .query_row([newest], |row| row.get(0).map(Moment))
        .optional()
}

fn verdicts(sql: &Connection, id: IntegrationId, day: Moment, pulse: &mut Pulse) -> Sql<()> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT verdict, flags <> 0, count(*) FROM (SELECT verdict, flags, test FROM inbox \
         WHERE integration_id = ?1 AND id >= ?2 ORDER BY id DESC LIMIT {MOST_COUNTED}) \
         WHERE test = 0 GROUP BY 1, 2"
    ))?;
    let mut rows = statement.query(params![id.0, lowest_id_at(day.millis())])?;
    while let Some(row) = rows.next()? {
        let verdict: i64 = row.get(0)?;
        let flagged: bool = row.get(1)?;
        let count = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
        for (known, place) in Verdict::ALL.iter().zip(&mut pulse.today) {
            *place += if known.number() == verdict { count } else { 0 };
        }
        pulse.flagged += if flagged { count } else { 0 };
    }
    Ok(())
}

/// Quarter hours with events, ascending: each one is a jump in the index, however much happened in it.
fn active(sql: &Connection, id: IntegrationId, now: Moment) -> Sql<Vec<i64>> {
    let from = now.plus_seconds(-health::DAYS * 86_400).quarter_hour();
    let mut statement = sql.prepare_cached(
        "WITH RECURSIVE active (bucket) AS (\
         SELECT (SELECT min(bucket) FROM rollup_quarter_hours WHERE integration_id = ?1 AND bucket >= ?2) \
         UNION ALL \
         SELECT (SELECT min(bucket) FROM rollup_quarter_hours WHERE integration_id = ?1 \
         AND bucket > active.bucket) FROM active WHERE active.bucket IS NOT NULL) \
         SELECT bucket FROM active WHERE bucket IS NOT NULL AND bucket <= ?3",
    )?;
    let rows = statement.query_map(params![id.0, from, now.quarter_hour()], |row| row.get(0))?;
    rows.collect()
}

/// Names that postbacks write for a kind.
fn names(kind: Kind, name: String) -> Vec<String> {
    let names: &[EventName] = match kind {
        Kind::Registration => &[EventName::Registration],
        Kind::FirstDeposit => &[EventName::Sale, EventName::Deposit],
        Kind::RepeatDeposit => &[EventName::Resale, EventName::Deposit],
        Kind::Withdrawal => &[EventName::Withdrawal],
        Kind::Chargeback => &[EventName::Chargeback],
        Kind::Commission => &[EventName::Commission],
        Kind::Custom | Kind::Other => return vec![name],
    };
    names.iter().map(|one| one.as_str().to_owned()).collect()
}

fn events_today(sql: &Connection, id: IntegrationId, day: Moment, pulse: &mut Pulse) -> Sql<()> {
    let mut statement = sql.prepare_cached(
        "SELECT kind, name, sum(events) FROM rollup_quarter_hours \
         WHERE integration_id = ?1 AND bucket >= ?2 AND status <> ?3 GROUP BY kind, name",
    )?;
    let mut rows = statement.query(params![id.0, day.quarter_hour(), Status::Rejected.number()])?;
    while let Some(row) = rows.next()? {
        let Some(kind) = Kind::from_number(row.get(0)?) else {
            continue;
        };
        let count: i64 = row.get(2)?;
        for name in names(kind, row.get(1)?) {
            pulse.events.entry(name).or_default().today += u64::try_from(count).unwrap_or_default();
        }
    }
    Ok(())
}

/// When each event came last: recorded ones by their names, others by what they say.
fn recent_events(sql: &Connection, integration: &Integration, pulse: &mut Pulse) -> Sql<()> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT inbox.received_at, events.name, inbox.query, inbox.content_type, inbox.body \
         FROM inbox LEFT JOIN events ON events.id = inbox.event_id \
         WHERE inbox.integration_id = ?1 AND inbox.test = 0 ORDER BY inbox.id DESC LIMIT {RECENT}"
    ))?;
    let mut rows = statement.query([integration.id.0])?;
    while let Some(row) = rows.next()? {
        let received_at = Moment(row.get(0)?);
        let recorded: Option<String> = row.get(1)?;
        let name = if recorded.is_some() {
            recorded
        } else {
            let parts = Parts {
                query: row.get_ref(2)?.as_blob()?,
                content_type: row.get_ref(3)?.as_str_or_null()?,
                body: row.get_ref(4)?.as_blob_or_null()?,
            };
            let judged = parts.judge(&integration.ruleset, received_at);
            judged.ok().map(|one| one.event.as_str().to_owned())
        };
        if let Some(name) = name {
            let event: &mut EventPulse = pulse.events.entry(name).or_default();
            event.last = event.last.max(Some(received_at));
        }
    }
    Ok(())
}
