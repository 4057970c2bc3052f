//! Which columns the list of leads shows: chosen on the page, kept in a cookie.

use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::AppState;
use crate::store::integrations::CustomField;

use super::super::ui::Ui;
use super::super::visitor::{Visitor, cookie, query_value};
use super::Given;

const COOKIE: &str = "lead_columns";
/// A year.
const SECONDS: u32 = 31_536_000;
/// Columns at most: more are unreadable.
const MOST: usize = 12;
/// Columns that are no custom field, in their order.
const KNOWN: [&str; 9] = [
    "clickid",
    "status",
    "tags",
    "buyer",
    "registrations",
    "deposits",
    "deposited",
    "net",
    "created",
];
const USUAL: &str = "clickid.status.deposits.deposited.created";

/// A column that can be chosen.
pub(super) struct Column {
    /// A known name, or `f-` and the key of a custom field.
    pub(super) code: String,
    pub(super) word: String,
    pub(super) shown: bool,
    /// Numbers stand on the right.
    pub(super) numeric: bool,
}

/// Every column; those that are shown say so.
pub(super) fn columns(ui: &Ui, headers: &HeaderMap, fields: &[CustomField]) -> Vec<Column> {
    let chosen: Vec<&str> = cookie(headers, COOKIE)
        .unwrap_or(USUAL)
        .split('.')
        .collect();
    let known = KNOWN.iter().map(|code| Column {
        code: (*code).to_owned(),
        word: ui.coded("col-", code).into_owned(),
        shown: chosen.contains(code),
        numeric: matches!(
            *code,
            "registrations" | "deposits" | "deposited" | "net" | "created"
        ),
    });
    let own = fields.iter().map(|field| {
        let code = format!("f-{}", field.key);
        Column {
            shown: chosen.contains(&code.as_str()),
            word: field.name.clone(),
            numeric: field.kind == clickback_core::field::FieldKind::Number,
            code,
        }
    });
    known.chain(own).collect()
}

/// Keeps the choice and goes back to the list as it was.
pub(super) async fn choose(
    State(app): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Vec<(String, String)>>,
) -> Response {
    let given = Given(given);
    let fields = app
        .store
        .fields(visitor.workspace)
        .await
        .unwrap_or_default();
    let is_column = |code: &str| {
        KNOWN.contains(&code)
            || code
                .strip_prefix("f-")
                .is_some_and(|key| fields.iter().any(|field| field.key == key))
    };
    let mut chosen: Vec<&str> = given.all("column");
    chosen.retain(|code| is_column(code));
    chosen.truncate(MOST);
    let cookie = format!(
        "{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/leads; Max-Age={SECONDS}",
        chosen.join(".")
    );
    // Only a query of ours goes back into the address.
    let back: Option<Uri> = given.get("back").parse().ok();
    let query = back
        .filter(|uri| uri.path() == "/leads" && query_value(uri, "before").is_none())
        .and_then(|uri| uri.query().map(str::to_owned));
    let to = query.map_or("/leads".to_owned(), |query| format!("/leads?{query}"));
    ([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}
