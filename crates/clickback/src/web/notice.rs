//! One sentence that the next page shows: what a form just did. It travels in a cookie that lives for
//! one page.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};

/// The cookie's name.
pub(super) const COOKIE: &str = "notice";

/// Goes to a page of ours that will show the message `notice-{key}`.
pub(super) fn redirect(to: &str, key: &'static str) -> Response {
    let cookie = format!("{COOKIE}={key}; HttpOnly; SameSite=Lax; Path=/; Max-Age=20");
    ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Only words: the key comes back from the browser.
pub(super) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// Takes the cookie away, on a page that showed it.
pub(super) fn shown() -> HeaderValue {
    HeaderValue::from_static("notice=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
}
