//! Who calls the API: the workspace of a bearer token.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use clickback_core::ids::WorkspaceId;

use crate::app::AppState;

use super::problem::Problem;
use crate::tokens;

/// The caller's workspace. Every handler takes it: there is no call without a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub(super) WorkspaceId);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .ok_or_else(|| refused("send `Authorization: Bearer TOKEN`; make one with `clickback token create --name me`"))?;
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token)
            .ok_or_else(|| refused("the Authorization header must read `Bearer TOKEN`"))?;
        let known = app.store.token_by_hash(tokens::hash(token)).await?;
        known
            .map(|token| Caller(token.workspace))
            .ok_or_else(|| refused("this token is unknown or revoked"))
    }
}
