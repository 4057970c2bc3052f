//! The inbox: receiving, lists of requests, one request in full, and waiting ones.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use clickback_core::flag::Flags;
use clickback_core::ids::{IntegrationId, LeadId, RequestId, WorkspaceId, lowest_id_at};
use clickback_core::moment::Moment;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::store::events::Event;
use crate::store::inbox::{
    BY_HAND, BY_IMPORT, InboxStore, Incoming, Outcome, RawRequest, ReprocessFilter,
    ReprocessReport, Request, RequestFilter, RequestSummary, Separated, Verdict,
};
use crate::store::{Page, StoreError, StoreResult};

use super::rows::{EVENT_COLUMNS, event_at, out_of_range};
use super::session::{Row, Session, Sql, Turn, Value, missing, values};
use super::writer::Job;
use super::{SqlStore, closed};

const SUMMARY_COLUMNS: &str = "inbox.id, inbox.integration_id, inbox.verdict, inbox.flags, \
     inbox.received_at, inbox.method, inbox.query, inbox.code, coalesce(inbox.clickid, leads.clickid), \
     inbox.lead_id, inbox.test";
const SUMMARY_WIDTH: usize = 11;
const SUMMARY_FROM: &str = "FROM inbox LEFT JOIN leads ON leads.id = inbox.lead_id \
     LEFT JOIN events ON events.id = inbox.event_id";

fn summary(row: &Row<'_>) -> Sql<RequestSummary> {
    let verdict: i64 = row.get(2)?;
    let has_event = row.get::<Option<i64>>(SUMMARY_WIDTH)?.is_some();
    Ok(RequestSummary {
        id: RequestId(row.get(0)?),
        integration: IntegrationId(row.get(1)?),
        verdict: Verdict::from_number(verdict).ok_or_else(|| out_of_range(2, verdict))?,
        flags: Flags(row.get(3)?),
        received_at: Moment(row.get(4)?),
        method: row.get(5)?,
        query: String::from_utf8_lossy(row.get::<&[u8]>(6)?).into_owned(),
        code: row.get(7)?,
        clickid: row.get(8)?,
        lead: row.get::<Option<i64>>(9)?.map(LeadId),
        test: row.get(10)?,
        event: if has_event {
            Some(event_at(row, SUMMARY_WIDTH)?)
        } else {
            None
        },
    })
}

/// A request's number follows the clock that stored it, its time the clock that received it: so far apart
/// they are looked for. A period is then a range of the primary key.
pub(super) const AROUND_SECONDS: i64 = 86_400;

pub(in crate::store) fn conditions(filter: &RequestFilter) -> (String, Vec<Value<'_>>) {
    let mut conditions: Vec<String> = Vec::new();
    let mut values: Vec<Value<'_>> = Vec::new();
    let mut add = |condition: &str, value| {
        values.push(value);
        conditions.push(condition.replace('$', &format!("?{}", values.len())));
    };
    let number = |number| Value::Integer(Some(number));
    add(
        "+inbox.integration_id IN (SELECT id FROM integrations WHERE workspace_id = $)",
        number(filter.workspace.0),
    );
    if let Some(integration) = filter.integration {
        add("inbox.integration_id = $", number(integration.0));
    }
    if let Some(verdict) = filter.verdict {
        // The second half lets the planner use the index of what needs attention.
        let rare = if verdict == Verdict::Accepted {
            ""
        } else {
            " AND inbox.verdict <> 1"
        };
        add(
            &format!("inbox.verdict = ${rare}"),
            number(verdict.number()),
        );
    }
    if let Some(flag) = filter.flag {
        add(
            "inbox.flags <> 0 AND (inbox.flags & $) <> 0",
            number(flag.bit()),
        );
    } else if filter.flagged {
        add("inbox.flags <> $", number(0));
    }
    if let Some(lead) = filter.lead {
        add(
            "inbox.id IN (SELECT id FROM events WHERE lead_id = $ UNION ALL \
             SELECT id FROM inbox WHERE verdict <> 1 AND lead_id IS NOT NULL AND lead_id = $)",
            number(lead.0),
        );
    }
    if let Some(clickid) = &filter.clickid {
        // A clickid leads to its lead; what matched none stands with its clickid.
        add(
            &format!(
                "inbox.id IN (SELECT id FROM events WHERE lead_id IN ({LEAD_OF_CLICKID}) UNION ALL \
                 SELECT id FROM inbox WHERE verdict <> 1 AND lead_id IS NOT NULL \
                 AND lead_id IN ({LEAD_OF_CLICKID}) UNION ALL \
                 SELECT id FROM inbox WHERE verdict = 4 AND clickid = $)"
            ),
            Value::Text(Some(clickid.trim())),
        );
    }
    if let Some(from) = filter.from {
        add("inbox.received_at >= $", number(from.0));
        let around = lowest_id_at(from.plus_seconds(-AROUND_SECONDS).millis());
        add("inbox.id >= $", number(around));
    }
    if let Some(to) = filter.to {
        add("inbox.received_at < $", number(to.0));
        let around = lowest_id_at(to.plus_seconds(AROUND_SECONDS).millis());
        add("inbox.id < $", number(around));
    }
    if let Some(before) = filter.before {
        add("inbox.id < $", number(before.0));
    }
    if let Some(after) = filter.after {
        add("inbox.id > $", number(after.0));
    }
    (conditions.join(" AND "), values)
}

/// `?1` is the workspace, the clickid is the value that is being added.
const LEAD_OF_CLICKID: &str = "SELECT lead_id FROM lead_identities WHERE workspace_id = ?1 AND kind = 1 AND scope = 0 \
                               AND value = $";

/// The statement of a page of requests under these conditions, and of one more, with its values.
pub(in crate::store) fn page<'f>(
    filter: &RequestFilter,
    (conditions, values): (String, Vec<Value<'f>>),
) -> (String, Vec<Value<'f>>) {
    let order = if filter.after.is_some() {
        "ASC"
    } else {
        "DESC"
    };
    let text = format!(
        "SELECT {SUMMARY_COLUMNS}, {EVENT_COLUMNS} {SUMMARY_FROM} WHERE {conditions} \
         ORDER BY inbox.id {order} LIMIT {}",
        filter.limit + 1
    );
    (text, values)
}

/// Newest first, or oldest first where the filter says `after`.
pub(super) fn list(sql: &dyn Session, filter: &RequestFilter) -> StoreResult<Page<RequestSummary>> {
    let found = match filter.flag {
        Some(flag) => {
            let numbers = super::flagged::numbers(sql, filter, flag)?;
            if numbers.is_empty() {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            }
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            let conditions = format!("inbox.id IN ({})", numbers.join(", "));
            (conditions, Vec::new())
        }
        None => conditions(filter),
    };
    let (text, values) = page(filter, found);
    let mut items: Vec<RequestSummary> = sql.all(&text, &values, summary)?;
    let more = items.len() > filter.limit;
    items.truncate(filter.limit);
    let next = if more {
        items.last().map(|request| request.id.to_string())
    } else {
        None
    };
    Ok(Page { items, next })
}

pub(super) fn one(sql: &dyn Session, id: RequestId) -> StoreResult<Request> {
    sql.one(&format!(
        "SELECT {SUMMARY_COLUMNS}, {EVENT_COLUMNS}, inbox.content_type, inbox.body, inbox.address \
         {SUMMARY_FROM} WHERE inbox.id = ?1"
    ), values![id.0], |row| {
                let after = SUMMARY_WIDTH + 15;
                let summary = summary(row)?;
                let raw = RawRequest {
                    method: method(&summary.method),
                    query: row.get::<&[u8]>(6)?.to_vec(),
                    content_type: row.get(after)?,
                    body: row.get(after + 1)?,
                    address: row.get(after + 2)?,
                };
                Ok(Request { summary, raw })
            })
    .map_err(missing("request"))
}

/// The method as it is stored.
pub(super) fn method(text: &str) -> &'static str {
    match text {
        "POST" => "POST",
        BY_HAND => BY_HAND,
        BY_IMPORT => BY_IMPORT,
        _ => "GET",
    }
}

pub(super) fn chosen(sql: &dyn Session, filter: &ReprocessFilter) -> Sql<Vec<RequestId>> {
    let (conditions, mut values) = conditions(&filter.requests);
    let ids = if filter.ids.is_empty() {
        String::new()
    } else {
        let list = filter.ids.iter().map(|id| Value::from(id.0));
        let first = values.len() + 1;
        values.extend(list);
        let places: Vec<String> = (first..=values.len())
            .map(|place| format!("?{place}"))
            .collect();
        format!(" AND inbox.id IN ({})", places.join(", "))
    };
    let text = format!(
        "SELECT inbox.id FROM inbox WHERE {conditions}{ids} ORDER BY inbox.received_at, inbox.id"
    );
    sql.all(&text, &values, |row| row.get(0).map(RequestId))
}

/// Waiting requests that one sweep looks at: so many of the newest, and so many of all, in turn.
const SWEPT: usize = 5_000;
/// A request and its lead miss each other when they come at the same time, or nearly.
const RACE_SECONDS: i64 = 600;

/// A clickid that requests wait for.
pub(super) type Awaited = (WorkspaceId, String);

/// Clickids of waiting requests whose lead or click is there by now, and where the next sweep goes on.
/// However many wait, few are looked at, each by its keys.
fn ready_to_apply(
    sql: &dyn Session,
    now: Moment,
    after: Option<&Awaited>,
) -> Sql<(BTreeSet<Awaited>, Option<Awaited>)> {
    let look = |page: &str, values: &[Value<'_>]| {
        sql.all(
            &format!(
                "SELECT w.workspace_id, w.clickid, \
                 (SELECT i.lead_id FROM lead_identities i WHERE i.workspace_id = w.workspace_id \
                 AND i.kind = 1 AND i.scope = 0 AND i.value = w.clickid LIMIT 1), \
                 (SELECT c.clicked_at FROM clicks c WHERE c.workspace_id = w.workspace_id \
                 AND c.clickid = w.clickid LIMIT 1) \
                 FROM (SELECT workspace_id, clickid FROM waiting_requests WHERE {page} LIMIT {SWEPT}) AS w"
            ),
            values,
            |row| {
                let is_there =
                    row.get::<Option<i64>>(2)?.is_some() || row.get::<Option<i64>>(3)?.is_some();
                Ok(((WorkspaceId(row.get(0)?), row.get(1)?), is_there))
            },
        )
    };
    let since = lowest_id_at(now.plus_seconds(-RACE_SECONDS).millis());
    let newest = look("request_id >= ?1 ORDER BY request_id DESC", values![since])?;
    let (workspace, clickid) = after.map_or((0, ""), |(workspace, last)| (workspace.0, last));
    let turn = look(
        "(workspace_id, clickid) > (?1, ?2) ORDER BY workspace_id, clickid",
        values![workspace, clickid],
    )?;
    let last = turn.last().filter(|_| turn.len() == SWEPT);
    let next = last.map(|(awaited, _)| awaited.clone());
    let ready = newest.into_iter().chain(turn);
    let ready = ready.filter(|(_, is_there)| *is_there);
    Ok((ready.map(|(awaited, _)| awaited).collect(), next))
}

pub(super) fn waiting(sql: &dyn Session) -> Sql<u64> {
    sql.count("SELECT count(*) FROM waiting_requests", &[])
}

#[async_trait]
impl InboxStore for SqlStore {
    async fn accept(&self, incoming: Incoming) -> StoreResult<RequestId> {
        match &self.journal {
            Some(journal) => journal.append(incoming).await,
            None => self.ingest(incoming).await.map(|outcome| outcome.request),
        }
    }

    async fn ingest(&self, incoming: Incoming) -> StoreResult<Outcome> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Postback {
            incoming: Box::new(incoming),
            answer,
        };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Unavailable {
                reason: "too many requests are waiting".to_owned(),
            },
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answered.await.map_err(|_| closed())?
    }

    async fn settle(&self) {
        if let Some(journal) = &self.journal {
            // A database that stays away for longer than this is not waited for.
            journal.settle(Duration::from_secs(600)).await;
        }
    }

    async fn try_out(&self, incoming: Incoming) -> StoreResult<(Outcome, Option<Event>)> {
        self.write(move |work| work.try_out(&incoming)).await
    }

    fn live(&self) -> broadcast::Receiver<RequestId> {
        self.shared.live.subscribe()
    }

    async fn requests(&self, filter: RequestFilter) -> StoreResult<Page<RequestSummary>> {
        self.read(move |sql| list(sql, &filter)).await
    }

    async fn request(&self, id: RequestId) -> StoreResult<Request> {
        self.read(move |sql| one(sql, id)).await
    }

    async fn reprocess(
        &self,
        filter: ReprocessFilter,
        dry_run: bool,
    ) -> StoreResult<ReprocessReport> {
        let ids = self.read(move |sql| chosen(sql, &filter)).await?;
        let mut report = ReprocessReport::default();
        // Short transactions: postbacks go on being answered in between.
        for chunk in ids.chunks(200) {
            let chunk = chunk.to_vec();
            let part = self
                .write_in_turn(Turn::Leads, move |work| work.reprocess(&chunk, dry_run))
                .await?;
            report.seen += part.seen;
            report.changed.extend(part.changed);
        }
        Ok(report)
    }

    async fn count_separately(&self, id: RequestId) -> StoreResult<Separated> {
        self.write(move |work| work.count_separately(id)).await
    }

    async fn sweep(&self) -> StoreResult<u64> {
        let now = self.shared.clock.now();
        let after = self.swept.lock().map_err(|_| closed())?.clone();
        let (ready, next) = self
            .read(move |sql| ready_to_apply(sql, now, after.as_ref()))
            .await?;
        *self.swept.lock().map_err(|_| closed())? = next;
        if ready.is_empty() {
            return Ok(0);
        }
        self.write_in_turn(Turn::Sweep, move |work| {
            let mut applied = 0;
            for (workspace, clickid) in &ready {
                applied += work.apply_waiting(*workspace, clickid)?;
            }
            Ok::<_, StoreError>(applied)
        })
        .await
    }
}
