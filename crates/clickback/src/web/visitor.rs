//! Who looks at a page, and how they like it: person, workspace, role, language, theme.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use clickback_core::ids::{UserId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::people::{Reach, Role};

use crate::app::AppState;
use crate::store::StoreResult;
use crate::store::people::{Session, User};

use super::error;
use super::i18n::Language;
use super::ui::{Theme, Ui};
use super::{notice, people};

/// The workspace that pages without a login show.
const OPEN_WORKSPACE: WorkspaceId = WorkspaceId(1);

/// Someone who may see the pages of a workspace.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) workspace: WorkspaceId,
    /// Nobody in particular where pages need no login.
    pub(super) user: Option<UserId>,
    /// The session's hash.
    pub(super) session: Option<[u8; 32]>,
    pub(super) role: Role,
    /// Whose leads and links are shown.
    pub(super) scope: Scope,
    pub(super) ui: Ui,
}

/// Whose leads and links somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    Team,
    /// Those of these people only.
    Of(Vec<UserId>),
}

impl Scope {
    /// The buyers whose leads are shown; none is everybody's.
    pub(super) fn buyers(&self) -> Option<Vec<UserId>> {
        match self {
            Scope::Team => None,
            Scope::Of(users) => Some(users.clone()),
        }
    }
}

/// A visitor who passed the gate, kept for the handler.
#[derive(Clone)]
pub(super) struct Entry(Arc<Visitor>);

impl Entry {
    pub(super) fn new(visitor: Visitor) -> Entry {
        Entry(Arc::new(visitor))
    }
}

/// Language and theme of anyone, logged in or not.
pub(super) struct Guest(pub(super) Ui);

/// Finds out who asks. The answer otherwise leads to the login.
pub(super) async fn enter(parts: &Parts, app: &AppState, ui: Ui) -> Result<Visitor, Response> {
    let found = if app.settings.open_pages {
        open(app).await
    } else {
        people::find_session(app, &parts.headers).await
    };
    let (session, user) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Err(to_login(&parts.uri)),
        Err(cause) => return Err(error::page(&ui, &cause)),
    };
    let scope = match user.role.sees() {
        Reach::Team => Scope::Team,
        Reach::Own => Scope::Of(vec![user.id]),
        Reach::OwnBuyers => match app.store.users(user.workspace).await {
            Ok(users) => Scope::Of(
                users
                    .iter()
                    .filter(|one| one.id == user.id || one.lead_by == Some(user.id))
                    .map(|one| one.id)
                    .collect(),
            ),
            Err(cause) => return Err(error::page(&ui, &cause)),
        },
    };
    let mut ui = ui.of(user.role);
    ui.person = Some(user.name);
    Ok(Visitor {
        workspace: user.workspace,
        user: Some(user.id).filter(|user| *user != NOBODY),
        session: session.map(|session| session.hash),
        role: user.role,
        scope,
        ui,
    })
}

/// Stands for the visitor of pages without a login, before there are users.
const NOBODY: UserId = UserId(0);

/// Who is taken for the visitor of pages without a login: the first owner.
async fn open(app: &AppState) -> StoreResult<Option<(Option<Session>, User)>> {
    let users = app.store.users(OPEN_WORKSPACE).await?;
    let owner = users.into_iter().find(|user| user.role == Role::Owner);
    let owner = owner.unwrap_or_else(|| User {
        id: NOBODY,
        workspace: OPEN_WORKSPACE,
        login: String::new(),
        name: String::new(),
        role: Role::Owner,
        lead_by: None,
        password_hash: String::new(),
        created_at: Moment(0),
        disabled: false,
    });
    Ok(Some((None, owner)))
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        match parts.extensions.get::<Entry>() {
            Some(Entry(visitor)) => Ok(Visitor::clone(visitor)),
            // The gate is not in front of this route: nobody is let in.
            None => Err(error::not_found(&guest(parts, app))),
        }
    }
}

impl FromRequestParts<AppState> for Guest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Guest(guest(parts, app)))
    }
}

/// How anyone likes the pages.
pub(super) fn guest(parts: &Parts, app: &AppState) -> Ui {
    ui(&parts.headers, &parts.uri, app)
}

fn to_login(uri: &Uri) -> Response {
    people::to_login(uri.path_and_query().map_or("/", |path| path.as_str()))
}

/// Percent-encodes a text for a query value.
pub(super) fn form_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn ui(headers: &HeaderMap, uri: &Uri, app: &AppState) -> Ui {
    let asked = |name: &str| query_value(uri, name);
    let language = asked("lang")
        .and_then(Language::from_code)
        .or_else(|| cookie(headers, "lang").and_then(Language::from_code))
        .or_else(|| {
            headers
                .get(ACCEPT_LANGUAGE)?
                .to_str()
                .ok()
                .and_then(Language::accepted)
        })
        .unwrap_or_default();
    let theme = asked("theme")
        .and_then(Theme::from_code)
        .or_else(|| cookie(headers, "theme").and_then(Theme::from_code))
        .unwrap_or_default();
    Ui {
        language,
        theme,
        now: app.clock.now(),
        address: uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        person: None,
        notice: cookie(headers, notice::COOKIE)
            .filter(|key| notice::is_key(key))
            .map(str::to_owned),
        company: app.store.has_company(),
        undecided: app.store.undecided(),
        role: Role::Viewer,
    }
}

/// The raw value of a query parameter; our own are plain words.
pub(super) fn query_value<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    uri.query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=1; lang=ru;theme=dark".parse().unwrap());
        assert_eq!(cookie(&headers, "lang"), Some("ru"));
        assert_eq!(cookie(&headers, "theme"), Some("dark"));
        assert_eq!(cookie(&headers, "lan"), None);
    }

    #[test]
    fn the_login_brings_back_to_the_page() {
        let uri: Uri = "/inbox?verdict=unmatched&clickid=a%2Fb".parse().unwrap();
        let response = to_login(&uri);
        let location = response.headers()["location"].to_str().unwrap();
        assert_eq!(
            location,
            "/login?next=%2Finbox%3Fverdict%3Dunmatched%26clickid%3Da%252Fb"
        );
    }
}
