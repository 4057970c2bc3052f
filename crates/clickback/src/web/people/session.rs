//! Sessions: 32 random bytes in a cookie, their hash in the database.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Redirect, Response};
use clickback_core::ids::UserId;

use crate::app::App;
use crate::server::sender;
use crate::store::StoreResult;
use crate::store::people::{SESSION_SECONDS, Session, User};
use crate::tokens;

use super::super::visitor::cookie;

/// Names of the cookie: the first binds it to this host and to https, the second is for plain http,
/// where browsers do not take the first.
const COOKIES: [&str; 2] = ["__Host-session", "session"];
/// Characters of a browser's name that are kept.
const AGENT_CHARS: usize = 200;

/// The cookie's name here.
fn cookie_name(app: &App) -> &'static str {
    if app.settings.public_url.starts_with("https://") {
        COOKIES[0]
    } else {
        COOKIES[1]
    }
}

/// The session of a request.
pub(in crate::web) async fn find(
    app: &App,
    headers: &HeaderMap,
) -> StoreResult<Option<(Option<Session>, User)>> {
    let Some(token) = cookie(headers, cookie_name(app)) else {
        return Ok(None);
    };
    let found = app.store.session(tokens::hash(token)).await?;
    Ok(found.map(|(session, user)| (Some(session), user)))
}

/// The address of who asks.
pub(super) fn address(app: &App, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
            peer.ip()
        });
    sender::address(peer, headers, &app.settings.trusted_proxies)
}

/// Logs a user in and goes to a page of ours.
pub(super) async fn begin(
    app: &App,
    parts: &Parts,
    user: UserId,
    next: &str,
) -> StoreResult<Response> {
    let (token, hash) = tokens::generate();
    let agent = parts
        .headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let now = app.clock.now();
    app.store
        .create_session(Session {
            hash,
            user,
            agent: agent.chars().take(AGENT_CHARS).collect(),
            address: address(app, &parts.extensions, &parts.headers).to_string(),
            created_at: now,
            seen_at: now,
        })
        .await?;
    Ok((
        [(SET_COOKIE, set(app, &token, SESSION_SECONDS))],
        Redirect::to(next),
    )
        .into_response())
}

/// Goes to the login without a session.
pub(super) fn end(app: &App) -> Response {
    ([(SET_COOKIE, set(app, "", 0))], Redirect::to("/login")).into_response()
}

fn set(app: &App, token: &str, seconds: i64) -> String {
    let name = cookie_name(app);
    let secure = if name == COOKIES[0] { "; Secure" } else { "" };
    format!("{name}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}")
}
