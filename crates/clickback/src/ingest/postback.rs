//! The life of a postback, step by step. **Start here.**
//!
//! 1. `receive`: the method and the integration that the uuid names.
//! 2. `read_body`: the body within its limits.
//! 3. `Parts::params`: ordered parameters with their raw text (core).
//! 4. `authorize`: secret and addresses (core).
//! 5. `judge`: aliases, macro guard, readings, flags (core).
//! 6. `Store::accept`: the request is on disk when it returns; one transaction for many requests then
//!    finds the lead, decides, writes the inbox row, the event, its keys, fields and roll-ups. What
//!    is answered 4xx is stored by `Store::ingest`, in its own time.
//! 7. The answer, the same for every verdict.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use clickback_core::ids::RequestId;
use clickback_core::postback::{Postback, Rejection, authorize, judge};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use uuid::Uuid;

use crate::app::App;
use crate::server::sender;
use crate::store::StoreError;
use crate::store::inbox::{Incoming, RawRequest};
use crate::store::integrations::Integration;

/// Whether a path is that of a postback address.
pub fn takes(path: &str) -> bool {
    named_in(path).is_some()
}

/// Receives one request to a postback address.
pub async fn receive(
    app: &App,
    peer: SocketAddr,
    request: Request<hyper::body::Incoming>,
) -> Response {
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        _ => return method_not_allowed(),
    };
    let address = sender::address(peer.ip(), request.headers(), &app.settings.trusted_proxies);
    let (head, body) = request.into_parts();
    let (uuid, event) = named_in(head.uri.path()).unwrap_or_default();
    let integration = match find(app, uuid).await {
        Ok(Some(integration)) => integration,
        Ok(None) => return unknown(app, address),
        Err(error) => return unavailable(app, &error),
    };
    let mut raw = RawRequest {
        method,
        query: whole_query(event, head.uri.query().unwrap_or_default()),
        content_type: head
            .headers
            .get(CONTENT_TYPE)
            .filter(|_| method == "POST")
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        body: None,
        address: Some(address.to_string()),
    };
    let judged = match read_body(app, &raw, body).await {
        Err(rejection) => Err(rejection),
        Ok(body) => {
            raw.body = body.map(|body| body.to_vec());
            judge_raw(app, &raw, &integration, address)
        }
    };
    let judged = match judged {
        Err(Rejection::Forbidden) => match recheck(app, uuid, &raw, &integration, address).await {
            Ok(judged) => judged,
            Err(response) => return response,
        },
        judged => judged,
    };
    store(app, raw, integration, judged).await
}

/// The uuid in the path, and the event behind it in the form for partners that begin the query
/// themselves: `/api/postbacks/{uuid}/tracker-postback/sale`. Nothing is decoded yet.
fn named_in(path: &str) -> Option<(&str, &str)> {
    let (uuid, rest) = path.strip_prefix("/api/postbacks/")?.split_once('/')?;
    let event = rest.strip_prefix("tracker-postback")?;
    let is_whole = event.is_empty() || event.starts_with('/');
    (is_whole && !uuid.is_empty()).then(|| (uuid, event.trim_matches('/')))
}

/// The query with the event of the path in front: the request is kept so, and reads the same when it
/// is reprocessed.
fn whole_query(event: &str, query: &str) -> Vec<u8> {
    match (event, query) {
        ("", query) => query.as_bytes().to_vec(),
        (event, "") => format!("tracker.event={event}").into_bytes(),
        (event, query) => format!("tracker.event={event}&{query}").into_bytes(),
    }
}

/// The integration from memory; one that is not there is looked up in the database once, because
/// another process may have just made it.
async fn find(app: &App, uuid: &str) -> Result<Option<Arc<Integration>>, StoreError> {
    let Ok(uuid) = Uuid::try_parse(uuid) else {
        return Ok(None);
    };
    let known = || app.store.snapshot().by_uuid.get(&uuid).map(Arc::clone);
    if let Some(known) = known() {
        return Ok(Some(known));
    }
    let answered = || match known() {
        Some(known) => Some(Some(known)),
        None => app.guard.is_missing(uuid).then_some(None),
    };
    if let Some(answer) = answered() {
        return Ok(answer);
    }
    let look = app.store.look_up_integration(uuid);
    let found = app.guard.look_up(answered, look).await?;
    if found.is_none() {
        app.guard.remember_missing(uuid);
    }
    Ok(found)
}

/// Reads a POST body within its limits of size and time.
async fn read_body(
    app: &App,
    raw: &RawRequest,
    body: hyper::body::Incoming,
) -> Result<Option<Bytes>, Rejection> {
    if raw.method != "POST" {
        return Ok(None);
    }
    let kind = raw
        .content_type
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        return Err(Rejection::UnsupportedType {
            given: kind.chars().take(80).collect(),
        });
    }
    let limit = app.settings.max_body;
    let read = Limited::new(body, limit).collect();
    let allowed = Duration::from_secs(app.settings.body_timeout_seconds);
    match tokio::time::timeout(allowed, read).await {
        Err(_) => Err(Rejection::BodyTimeout),
        Ok(Ok(collected)) => Ok(Some(collected.to_bytes()).filter(|bytes| !bytes.is_empty())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::TooLarge { limit }),
        Ok(Err(_)) => Err(Rejection::BadBody {
            detail: "the body broke off".to_owned(),
        }),
    }
}

fn judge_raw(
    app: &App,
    raw: &RawRequest,
    integration: &Integration,
    address: IpAddr,
) -> Result<Postback, Rejection> {
    if !integration.enabled {
        return Err(Rejection::SwitchedOff);
    }
    let rules = &integration.ruleset;
    let params = raw.parts().params(rules)?;
    authorize(&params, rules, Some(address))?;
    judge(&params, rules, app.clock.now())
}

/// A refusal is judged once more by what the database says now: the secret may just have been
/// changed by another process. Floods of refusals are answered 429.
async fn recheck(
    app: &App,
    uuid: &str,
    raw: &RawRequest,
    integration: &Integration,
    address: IpAddr,
) -> Result<Result<Postback, Rejection>, Response> {
    let uuid = Uuid::try_parse(uuid).unwrap_or(integration.uuid);
    if !app.guard.is_missing(uuid) {
        app.guard.remember_missing(uuid);
        let look = app.store.look_up_integration(uuid);
        if let Ok(Some(fresh)) = app.guard.look_up(|| None, look).await {
            let again = judge_raw(app, raw, &fresh, address);
            if !matches!(again, Err(Rejection::Forbidden)) {
                return Ok(again);
            }
        }
    }
    if app.guard.may_refuse(address) {
        Ok(Err(Rejection::Forbidden))
    } else {
        Err(too_many(app))
    }
}

async fn store(
    app: &App,
    raw: RawRequest,
    integration: Arc<Integration>,
    judged: Result<Postback, Rejection>,
) -> Response {
    let rejection = judged.as_ref().err().cloned();
    let incoming = Incoming {
        raw,
        integration,
        received_at: app.clock.now(),
        judged,
        test: false,
    };
    let stored = match rejection {
        None => app.store.accept(incoming).await.map(accepted),
        Some(rejection) => app
            .store
            .ingest(incoming)
            .await
            .map(|outcome| rejected(outcome.request, &rejection)),
    };
    stored.unwrap_or_else(|error| unavailable(app, &error))
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn accepted(request: RequestId) -> Response {
    answer(
        StatusCode::OK,
        format!("{{\"ok\":true,\"request_id\":\"{request}\"}}"),
    )
}

fn rejected(request: RequestId, rejection: &Rejection) -> Response {
    let status = StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::BAD_REQUEST);
    if status == StatusCode::OK {
        return accepted(request);
    }
    let body = serde_json::json!({
        "ok": false,
        "error": rejection.code(),
        "message": rejection.to_string(),
        "request_id": request,
    });
    answer(status, body.to_string())
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "ok": false, "error": code, "message": message });
    answer(status, body.to_string())
}

fn unknown(app: &App, address: IpAddr) -> Response {
    if !app.guard.may_refuse(address) {
        return too_many(app);
    }
    app.metrics.refused("unknown_uuid");
    let message = "no integration has this postback address: copy the URL from its page again";
    refusal(StatusCode::NOT_FOUND, "unknown_uuid", message)
}

fn too_many(app: &App) -> Response {
    app.metrics.refused("too_many_refusals");
    let message = "too many requests to unknown or refusing addresses; try again in a second";
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_refusals", message);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn method_not_allowed() -> Response {
    let message = "postbacks are GET or POST";
    let mut response = refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

/// Nothing was stored: the partner must send it again.
fn unavailable(app: &App, error: &StoreError) -> Response {
    app.metrics.refused("unavailable");
    if matches!(error, StoreError::Internal(_)) {
        tracing::error!(%error, "a postback could not be stored");
    }
    let message = "the postback could not be stored now; send it again";
    let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn postback_addresses_are_told_from_others() {
        let cases = [
            ("/api/postbacks/u/tracker-postback", Some(("u", ""))),
            ("/api/postbacks/u/tracker-postback/", Some(("u", ""))),
            (
                "/api/postbacks/u/tracker-postback/sale",
                Some(("u", "sale")),
            ),
            (
                "/api/postbacks/u/tracker-postback/sale/",
                Some(("u", "sale")),
            ),
            ("/api/postbacks/u/tracker-postback/a/b", Some(("u", "a/b"))),
            ("/api/postbacks//tracker-postback", None),
            ("/api/postbacks/u/tracker-postbacks", None),
            ("/api/postbacks/u/v/tracker-postback", None),
            ("/api/postbacks/u", None),
            ("/api/postbacks/", None),
            ("/x/api/postbacks/u/tracker-postback", None),
        ];
        for (path, named) in cases {
            assert_eq!(named_in(path), named, "{path}");
        }
    }
}
