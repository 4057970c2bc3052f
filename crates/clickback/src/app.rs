//! The running program: its state, its routes, its start and its ordered stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::catalogue::Catalogue;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::ingest::Guard;
use crate::store::postgres::Postgres;
use crate::store::sqlite::Sqlite;
use crate::store::{Options, Store, StoreResult};
use crate::telemetry::Metrics;
use crate::{api, ingest, server, web};

/// Seconds between two looks for waiting requests whose lead is there.
const SWEEP_SECONDS: u64 = 10;

/// What every handler can reach.
pub struct App {
    pub store: Arc<dyn Store>,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub catalogue: Catalogue,
    pub metrics: Metrics,
    pub guard: Guard,
    /// Tries to log in.
    pub attempts: web::people::Attempts,
    /// Turns true when the stop begins: endless answers end themselves.
    stopping: watch::Sender<bool>,
}

/// Shared state of the handlers.
pub type AppState = Arc<App>;

impl App {
    /// Opens the store that the settings name.
    pub fn open(settings: Settings) -> StoreResult<AppState> {
        Self::open_with(settings, Arc::new(SystemClock), false)
    }

    /// The same with a given clock; `answer_early` is for the crash test's negative control.
    pub fn open_with(
        settings: Settings,
        clock: Arc<dyn Clock>,
        answer_early: bool,
    ) -> StoreResult<AppState> {
        let options = Options {
            queue: settings.queue,
            journal: settings.accepts.then_some(settings.journal_limit),
            clock: Arc::clone(&clock),
            name: settings.node_name.clone(),
            answer_early,
        };
        let store: Arc<dyn Store> = match &settings.database {
            Some(address) => {
                Postgres::open(address, settings.retention, &settings.data_dir, &options)?
            }
            None => Sqlite::open(&settings.data_dir, &options)?,
        };
        let catalogue = Catalogue::load(&settings.data_dir);
        Ok(Arc::new(App {
            store,
            settings,
            clock,
            catalogue,
            metrics: Metrics::default(),
            guard: Guard::default(),
            attempts: web::people::Attempts::default(),
            stopping: watch::Sender::new(false),
        }))
    }
}

impl App {
    /// Turns true when the stop begins.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// All routes but those of postbacks.
pub fn router(app: AppState) -> Router {
    Router::new()
        .merge(api::routes())
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/refused/{status}", get(refused))
        .merge(web::routes(Arc::clone(&app)))
        .with_state(app)
}

/// Where requests come in: postbacks go straight to their handler, all else through the router.
#[derive(Clone)]
struct Entrance {
    app: AppState,
    router: Router,
}

impl server::Answers for Entrance {
    async fn answer(self, peer: SocketAddr, request: Request<Incoming>) -> Response {
        if ingest::takes(request.uri().path()) {
            ingest::receive(&self.app, peer, request).await
        } else {
            self.router.answer(peer, request).await
        }
    }
}

/// Ready is: the database answers and the last write succeeded.
async fn ready(State(app): State<AppState>) -> Response {
    let health = app.store.health().await;
    match health.database {
        Ok(_) if !health.failing => "ready\n".into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the last write failed\n").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

/// Where the server leads heads beyond its limits, so that the sender is told what was wrong.
async fn refused(Path(status): Path<u16>) -> Response {
    let (status, code, message) = match status {
        400 => (
            StatusCode::BAD_REQUEST,
            "not_http",
            "this is not an HTTP/1 request that can be read in one way only",
        ),
        414 => (
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            "the address is longer than 64 KiB",
        ),
        _ => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "the request has more than 100 headers or more than 120 KiB of them",
        ),
    };
    let body = serde_json::json!({ "ok": false, "error": code, "message": message });
    (status, Json(body)).into_response()
}

/// Also while the database is away: then these are the figures to watch.
async fn metrics(State(app): State<AppState>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let health = app.store.health().await;
    ([(CONTENT_TYPE, kind)], app.metrics.render(&health)).into_response()
}

/// Serves until `stop` turns true, then answers what was begun and closes the store.
pub async fn serve(app: AppState, listener: TcpListener, stop: watch::Receiver<bool>) {
    let sweeper = tokio::spawn(sweep(Arc::clone(&app), stop.clone()));
    let mut begun = stop.clone();
    let teller = Arc::clone(&app);
    tokio::spawn(async move {
        // An error means that nobody can stop us any more.
        let _ = begun.wait_for(|stop| *stop).await;
        teller.stopping.send_replace(true);
    });
    let limits = server::Limits {
        connections: app.settings.max_connections,
        header_timeout: Duration::from_secs(app.settings.header_timeout_seconds),
        ..server::Limits::default()
    };
    let entrance = Entrance {
        app: Arc::clone(&app),
        router: router(Arc::clone(&app)),
    };
    server::serve(listener, entrance, limits, stop).await;
    sweeper.abort();
    app.store.close().await;
}

/// Closes every race between a postback and its lead.
async fn sweep(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(SWEEP_SECONDS)) => {}
            _ = stop.changed() => return,
        }
        match app.store.sweep().await {
            Ok(0) => {}
            Ok(applied) => tracing::info!(applied, "applied waiting requests"),
            Err(error) => tracing::warn!(%error, "cannot apply waiting requests now"),
        }
    }
}

/// Turns true when the process is asked to end (Ctrl-C or SIGTERM).
pub fn stop_signal() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminate => {}
        }
        // Nobody listens any more only when the server is gone already.
        let _ = sender.send(true);
    });
    receiver
}
