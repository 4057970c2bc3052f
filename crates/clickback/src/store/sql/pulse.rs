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

use crate::store::StoreResult;
use crate::store::inbox::Verdict;
use crate::store::integrations::{Integration, SetUpStore as _};
use crate::store::pulse::{EventPulse, MOST_COUNTED, Pulse, PulseStore};

use super::SqlStore;
use super::session::{Optional as _, Session, Sql, values};

/// Last requests that are looked at for when each event came.
const RECENT: u32 = 300;
/// Tests that may stand in front of the last request.
const TESTS: u32 = 1_000;

#[async_trait]
impl PulseStore for SqlStore {
    async fn pulses(
        &self,
        workspace: WorkspaceId,
        one: Option<IntegrationId>,
        now: Moment,
    ) -> StoreResult<HashMap<IntegrationId, Pulse>> {
        let snapshot = self.snapshot();
        self.read(move |sql| {
            let day = start_of_day(sql, workspace, now)?;
            let asked: Vec<Arc<Integration>> = match one {
                Some(id) => snapshot.get(workspace, id).into_iter().collect(),
                None => snapshot.of(workspace),
            };
            let pulses = asked.iter().map(|integration| {
                let pulse = pulse(sql, integration, now, day, one.is_some())?;
                Ok((integration.id, pulse))
            });
            pulses.collect::<Sql<_>>()
        })
        .await
    }
}

fn start_of_day(sql: &dyn Session, workspace: WorkspaceId, now: Moment) -> Sql<Moment> {
    let zone: Option<String> = sql
        .one(
            "SELECT time_zone FROM workspaces WHERE id = ?1",
            values![workspace.0],
            |row| row.get(0),
        )
        .optional()?;
    Ok(now.start_of_day(zone.as_deref().unwrap_or_default()))
}

fn pulse(
    sql: &dyn Session,
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

fn last_request(sql: &dyn Session, id: IntegrationId) -> Sql<Option<Moment>> {
    // The rows come in the order of the index, the newest first; tests are rare.
    let newest: Option<i64> = sql
        .one(
            &format!(
                "SELECT id FROM (SELECT id, test FROM inbox WHERE integration_id = ?1 \
                 ORDER BY id DESC LIMIT {TESTS}) AS newest WHERE test = 0 LIMIT 1"
            ),
            values![id.0],
            |row| row.get(0),
        )
        .optional()?;
    let Some(newest) = newest else {
        return Ok(None);
    };
    sql.one(
        "SELECT received_at FROM inbox WHERE id = ?1",
        values![newest],
        |row| row.get(0).map(Moment),
    )
    .optional()
}

fn verdicts(sql: &dyn Session, id: IntegrationId, day: Moment, pulse: &mut Pulse) -> Sql<()> {
    sql.each(
        &format!(
            "SELECT verdict, flags <> 0, count(*) FROM (SELECT verdict, flags, test FROM inbox \
             WHERE integration_id = ?1 AND id >= ?2 ORDER BY id DESC LIMIT {MOST_COUNTED}) AS counted \
             WHERE test = 0 GROUP BY 1, 2"
        ),
        values![id.0, lowest_id_at(day.millis())],
        |row| {
            let verdict: i64 = row.get(0)?;
            let flagged: bool = row.get(1)?;
            let count = u64::try_from(row.get::<i64>(2)?).unwrap_or_default();
            for (known, place) in Verdict::ALL.iter().zip(&mut pulse.today) {
                *place += if known.number() == verdict { count } else { 0 };
            }
            pulse.flagged += if flagged { count } else { 0 };
            Ok(())
        },
    )
}

/// Quarter hours with events, ascending: each one is a jump in the index, however much happened in it.
fn active(sql: &dyn Session, id: IntegrationId, now: Moment) -> Sql<Vec<i64>> {
    let from = now.plus_seconds(-health::DAYS * 86_400).quarter_hour();
    sql.all(
        "WITH RECURSIVE active (bucket) AS (\
         SELECT (SELECT min(bucket) FROM rollup_quarter_hours WHERE integration_id = ?1 AND bucket >= ?2) \
         UNION ALL \
         SELECT (SELECT min(bucket) FROM rollup_quarter_hours WHERE integration_id = ?1 \
         AND bucket > active.bucket) FROM active WHERE active.bucket IS NOT NULL) \
         SELECT bucket FROM active WHERE bucket IS NOT NULL AND bucket <= ?3",
    values![id.0, from, now.quarter_hour()], |row| row.get(0))
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

fn events_today(sql: &dyn Session, id: IntegrationId, day: Moment, pulse: &mut Pulse) -> Sql<()> {
    sql.each(
        "SELECT kind, name, CAST(sum(events) AS BIGINT) FROM rollup_quarter_hours \
         WHERE integration_id = ?1 AND bucket >= ?2 AND status <> ?3 GROUP BY kind, name",
        values![id.0, day.quarter_hour(), Status::Rejected.number()],
        |row| {
            let Some(kind) = Kind::from_number(row.get(0)?) else {
                return Ok(());
            };
            let count: i64 = row.get(2)?;
            for name in names(kind, row.get(1)?) {
                pulse.events.entry(name).or_default().today +=
                    u64::try_from(count).unwrap_or_default();
            }
            Ok(())
        },
    )
}

/// When each event came last: recorded ones by their names, others by what they say.
fn recent_events(sql: &dyn Session, integration: &Integration, pulse: &mut Pulse) -> Sql<()> {
    sql.each(
        &format!(
            "SELECT inbox.received_at, events.name, inbox.query, inbox.content_type, inbox.body \
             FROM inbox LEFT JOIN events ON events.id = inbox.event_id \
             WHERE inbox.integration_id = ?1 AND inbox.test = 0 ORDER BY inbox.id DESC LIMIT {RECENT}"
        ),
        values![integration.id.0],
        |row| {
            let received_at = Moment(row.get(0)?);
            let recorded: Option<String> = row.get(1)?;
            let name = if recorded.is_some() {
                recorded
            } else {
                let parts = Parts {
                    query: row.get::<&[u8]>(2)?,
                    content_type: row.get::<Option<&str>>(3)?,
                    body: row.get::<Option<&[u8]>>(4)?,
                };
                let judged = parts.judge(&integration.ruleset, received_at);
                judged.ok().map(|one| one.event.as_str().to_owned())
            };
            if let Some(name) = name {
                let event: &mut EventPulse = pulse.events.entry(name).or_default();
                event.last = event.last.max(Some(received_at));
            }
            Ok(())
        },
    )
}
