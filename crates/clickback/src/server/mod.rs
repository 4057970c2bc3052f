//! The accept loop: HTTP/1 on hyper-util with a header timeout, a connection cap and a stop that
//! lets begun requests finish. `axum::serve` has none of the three. What answers is given.

mod front;
pub mod sender;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use front::{Front, MAX_HEADERS};

/// Bytes of a request's head, and of one read: the longest query (64 KiB) and its headers.
const MAX_HEAD_BYTES: usize = 160 * 1_024;

/// Limits of connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    pub header_timeout: Duration,
    /// How long begun requests may take after the stop.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            header_timeout: Duration::from_secs(15),
            stop_timeout: Duration::from_secs(25),
        }
    }
}

/// What answers requests.
pub trait Answers: Clone + Send + 'static {
    /// Answers one request of a peer.
    fn answer(
        self,
        peer: SocketAddr,
        request: hyper::Request<Incoming>,
    ) -> impl Future<Output = Response> + Send + 'static;
}

impl Answers for Router {
    async fn answer(self, peer: SocketAddr, mut request: hyper::Request<Incoming>) -> Response {
        request.extensions_mut().insert(ConnectInfo(peer));
        match self.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Serves until `stop` turns true; returns when every begun request is answered.
pub async fn serve(
    listener: TcpListener,
    answers: impl Answers,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS + 1)
        .half_close(true)
        .pipeline_flush(true)
        .keep_alive(true);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        // A place before the accept: beyond the cap, clients wait in the kernel's queue.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stop.changed() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles and the like: give open connections time to end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small and must not wait for more.
        let _ = stream.set_nodelay(true);
        let service = service(answers.clone(), peer);
        let connection =
            graceful.watch(builder.serve_connection(TokioIo::new(Front::new(stream)), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.stop_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not finish in time");
    }
}

fn service<A: Answers>(
    answers: A,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future: Send,
> {
    hyper::service::service_fn(move |request| {
        let answer = answers.clone().answer(peer, request);
        async { Ok(answer.await) }
    })
}
