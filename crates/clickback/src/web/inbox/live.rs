//! The live inbox: rows that are newer than the page's newest, as server-sent events. A page that was
//! away resumes after the last row it has.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template as _;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use clickback_core::ids::{RequestId, WorkspaceId};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

use crate::app::AppState;
use crate::store::inbox::RequestFilter;
use crate::web::error;
use crate::web::ui::Ui;
use crate::web::visitor::Visitor;

use super::filter::{Filter, InboxQuery};
use super::rows::{Maker, Rows};

/// Between two messages: at most four a second, each with all rows that came meanwhile.
const PAUSE: Duration = Duration::from_millis(250);
/// Rows of one message.
const ROWS: usize = 100;
/// After a failed read of the store.
const RETRY: Duration = Duration::from_secs(2);

struct Tail {
    app: AppState,
    ui: Ui,
    workspace: WorkspaceId,
    filter: Filter,
    /// The workspace's, whose days the filter names.
    zone: String,
    receiver: broadcast::Receiver<RequestId>,
    stopping: watch::Receiver<bool>,
    last: RequestId,
    /// Something may be there that was not read yet.
    behind: bool,
    /// The first read need not wait.
    begun: bool,
}

/// The stream of a live page.
pub(in crate::web) async fn stream(
    State(app): State<AppState>,
    Visitor { workspace, ui, .. }: Visitor,
    Query(query): Query<InboxQuery>,
    headers: HeaderMap,
) -> Response {
    let resumed = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    let zone = match app.store.workspace(workspace).await {
        Ok(known) => known.time_zone,
        Err(cause) => return error::page(&ui, &cause),
    };
    let tail = Tail {
        zone,
        receiver: app.store.live(),
        stopping: app.stopping(),
        app,
        ui,
        workspace,
        filter: query.filter().newest(),
        last: resumed.or_else(|| query.after()).unwrap_or(RequestId(0)),
        behind: true,
        begun: false,
    };
    Sse::new(messages(tail))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn messages(tail: Tail) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(tail, |mut tail| async move {
        let message = tail.next().await?;
        Some((Ok(message), tail))
    })
}

impl Tail {
    /// The next message; `None` when the program ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.begun {
                tokio::time::sleep(PAUSE).await;
            }
            self.begun = true;
            if !self.behind {
                let received = tokio::select! {
                    received = self.receiver.recv() => received,
                    // An error means that the program is gone; so is this stream then.
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                };
                match received {
                    // Who lags has missed some: reading after the last row finds them all.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
            if let Some(message) = self.read().await {
                return Some(message);
            }
        }
    }

    /// What came after the last row.
    async fn read(&mut self) -> Option<Event> {
        let filter = RequestFilter {
            after: Some(self.last),
            limit: ROWS,
            ..self
                .filter
                .requests(self.workspace, &self.zone, self.app.clock.now())
        };
        // What is announced from here on is read by the next round.
        self.receiver = self.receiver.resubscribe();
        let page = match self.app.store.requests(filter).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "a live page could not be read");
                tokio::time::sleep(RETRY).await;
                self.behind = true;
                return None;
            }
        };
        self.behind = page.next.is_some();
        self.last = page.items.last()?.id;
        self.ui.now = self.app.clock.now();
        let snapshot = self.app.store.snapshot();
        let maker = Maker {
            ui: &self.ui,
            snapshot: &snapshot,
            filter: &self.filter,
            selected: None,
        };
        // The page puts the newest on top.
        let rows = page
            .items
            .iter()
            .rev()
            .map(|request| maker.row(request))
            .collect();
        let html = Rows::new(rows).render().ok()?;
        Some(
            Event::default()
                .event("rows")
                .id(self.last.to_string())
                .data(html),
        )
    }
}
