//! Who may open which page: one table of all routes, asked before any handler runs.

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use clickback_core::people::Right;

use crate::app::AppState;

use super::visitor::{self, Entry};
use super::{error, origin};

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing: the login and what it needs.
    Public,
    /// A person with this right.
    With(Right),
}

use Access::{Public, With};

/// Every route of the pages with what it asks for. A route that is not here is nobody's; a test walks
/// the table with every role.
pub(super) const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/", With(Right::Account)),
    ("GET", "/login", Public),
    ("POST", "/login", Public),
    ("POST", "/logout", With(Right::Account)),
    ("GET", "/assets/{name}", Public),
    ("GET", "/inbox", With(Right::SeeTeam)),
    ("GET", "/inbox/live", With(Right::SeeTeam)),
    ("GET", "/inbox/{id}", With(Right::SeeTeam)),
    ("GET", "/inbox/again", With(Right::Decide)),
    ("POST", "/inbox/again", With(Right::Decide)),
    ("GET", "/inbox/{id}/again", With(Right::Decide)),
    ("POST", "/inbox/{id}/again", With(Right::Decide)),
    ("POST", "/inbox/{id}/status", With(Right::Decide)),
    ("POST", "/inbox/{id}/separately", With(Right::Decide)),
    ("GET", "/doctor", With(Right::SeeTeam)),
    ("POST", "/doctor", With(Right::SeeTeam)),
    ("GET", "/leads", With(Right::SeeLeads)),
    ("POST", "/leads", With(Right::WorkLeads)),
    ("POST", "/leads/columns", With(Right::SeeLeads)),
    ("GET", "/leads/import", With(Right::Decide)),
    ("POST", "/leads/import", With(Right::Decide)),
    ("POST", "/leads/import/apply", With(Right::Decide)),
    ("GET", "/leads/imports/{id}", With(Right::Decide)),
    ("POST", "/leads/imports/{id}/undo", With(Right::Decide)),
    ("GET", "/leads/{id}", With(Right::SeeLeads)),
    ("POST", "/leads/{id}", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/fields", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/tags", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/notes", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/notes/{note}", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/identities", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/events", With(Right::Decide)),
    ("POST", "/leads/{id}/events/{event}", With(Right::Decide)),
    ("GET", "/leads/{id}/merge", With(Right::WorkLeads)),
    ("POST", "/leads/{id}/merge", With(Right::WorkLeads)),
    ("GET", "/settings/fields", With(Right::SetUp)),
    ("POST", "/settings/fields", With(Right::SetUp)),
    ("POST", "/settings/fields/creates", With(Right::SetUp)),
    ("GET", "/settings/fields/{id}", With(Right::SetUp)),
    ("POST", "/settings/fields/{id}", With(Right::SetUp)),
    ("POST", "/settings/fields/{id}/move", With(Right::SetUp)),
    ("POST", "/settings/fields/{id}/delete", With(Right::SetUp)),
    ("GET", "/settings/statuses", With(Right::SetUp)),
    ("POST", "/settings/statuses", With(Right::SetUp)),
    ("GET", "/integrations", With(Right::SeeTeam)),
    ("GET", "/partners/{slug}", With(Right::SeeTeam)),
    ("GET", "/welcome/{token}", Public),
    ("POST", "/welcome/{token}", Public),
    ("GET", "/settings", With(Right::Account)),
    ("GET", "/settings/account", With(Right::Account)),
    ("POST", "/settings/account/name", With(Right::Account)),
    ("POST", "/settings/account/password", With(Right::Account)),
    ("POST", "/settings/account/sessions", With(Right::Account)),
    ("GET", "/find", With(Right::SeeLeads)),
    ("GET", "/settings/workspace", With(Right::SetUp)),
    ("POST", "/settings/workspace", With(Right::SetUp)),
    ("GET", "/settings/people", With(Right::ManagePeople)),
    ("POST", "/settings/people", With(Right::ManagePeople)),
    ("GET", "/settings/people/{id}", With(Right::ManagePeople)),
    ("POST", "/settings/people/{id}", With(Right::ManagePeople)),
    (
        "POST",
        "/settings/people/{id}/link",
        With(Right::ManagePeople),
    ),
    ("GET", "/settings/tokens", With(Right::ManagePeople)),
    ("POST", "/settings/tokens", With(Right::ManagePeople)),
    (
        "POST",
        "/settings/tokens/{id}/revoke",
        With(Right::ManagePeople),
    ),
    ("GET", "/settings/log", With(Right::ManagePeople)),
    ("GET", "/settings/nodes", With(Right::SeeTeam)),
    ("GET", "/integrations/new", With(Right::SetUp)),
    ("POST", "/integrations/new", With(Right::SetUp)),
    ("GET", "/integrations/{id}", With(Right::SeeTeam)),
    ("POST", "/integrations/{id}/switch", With(Right::SetUp)),
    ("POST", "/integrations/{id}/delete", With(Right::SetUp)),
    (
        "POST",
        "/integrations/{id}/settings/{section}",
        With(Right::SetUp),
    ),
    ("POST", "/integrations/{id}/events", With(Right::SetUp)),
    ("POST", "/integrations/{id}/postbacks", With(Right::SetUp)),
    (
        "POST",
        "/integrations/{id}/postbacks/{postback}",
        With(Right::SetUp),
    ),
    (
        "POST",
        "/integrations/{id}/postbacks/{postback}/check",
        With(Right::SetUp),
    ),
    ("POST", "/integrations/{id}/test", With(Right::SetUp)),
    ("GET", "/links", With(Right::SeeLeads)),
    ("GET", "/links/new", With(Right::MakeLinks)),
    ("POST", "/links/new", With(Right::MakeLinks)),
    ("POST", "/links/preview", With(Right::MakeLinks)),
    ("GET", "/links/{id}", With(Right::SeeLeads)),
    ("POST", "/links/{id}", With(Right::MakeLinks)),
    ("GET", "/help", With(Right::Account)),
    ("GET", "/help/{topic}", With(Right::Account)),
    ("GET", "/help/pictures/{name}", Public),
];

/// The paths of everything that can be opened, for tests that open it all.
pub fn readable() -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(|(method, _, _)| *method == "GET")
        .map(|(_, path, _)| *path)
}

/// What a route asks for; `None` is not in the table.
pub(super) fn access(method: &Method, path: &str) -> Option<Access> {
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    TABLE
        .iter()
        .find(|(known, route, _)| *known == method && *route == path)
        .map(|(_, _, access)| *access)
}

/// Lets in who may: finds out who asks, and refuses forms from elsewhere.
pub(super) async fn gate(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let ui = visitor::guest(&parts, &app);
    let path = parts
        .extensions
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    // Without a matched path it is the fallback: a page that says so.
    let access = path.map_or(Some(Public), |path| access(&parts.method, &path));
    if !matches!(parts.method, Method::GET | Method::HEAD) && !origin::is_own(&parts.headers) {
        return error::foreign_form(&ui);
    }
    match access {
        None => return error::not_found(&ui),
        Some(Public) => {}
        Some(With(right)) => match visitor::enter(&parts, &app, ui).await {
            Ok(visitor) if !visitor.role.may(right) => return error::forbidden(&visitor.ui),
            Ok(visitor) => {
                parts.extensions.insert(Entry::new(visitor));
            }
            Err(response) => return response,
        },
    }
    next.run(Request::from_parts(parts, body)).await
}
