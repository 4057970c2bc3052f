//! What a form of the pages sent: an ordered list of names and values, read without a fixed shape, so
//! that everything typed can be shown again.

use axum::extract::{Form, FromRequest, Request};
use axum::response::Response;

use crate::app::AppState;
use crate::store::StoreError;

use super::{error, visitor};

/// The fields of a form in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Posted(Vec<(String, String)>);

impl Posted {
    /// The value without blanks around; empty where the field is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// Whether the field was sent: a checkbox that is set, a button that was pressed.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Rows of two inputs each; rows with both empty are left out.
    pub(super) fn rows(&self, left: &str, right: &str) -> Vec<(String, String)> {
        let all = |name: &str| {
            let values = self.0.iter().filter(move |(known, _)| known == name);
            values
                .map(|(_, value)| value.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let (mut lefts, mut rights) = (all(left), all(right));
        let rows = lefts.len().max(rights.len());
        lefts.resize(rows, String::new());
        rights.resize(rows, String::new());
        lefts
            .into_iter()
            .zip(rights)
            .filter(|(left, right)| !left.is_empty() || !right.is_empty())
            .collect()
    }
}

impl FromRequest<AppState> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let ui = visitor::guest(&parts, app);
        Form::from_request(Request::from_parts(parts, body), app)
            .await
            .map(|Form(list)| Posted(list))
            .map_err(|rejection| {
                let message = rejection.to_string();
                error::page(&ui, &StoreError::Invalid { message })
            })
    }
}

/// What is wrong with the fields of a form: the name of a field and a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Adds a sentence about a field.
    pub(super) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push((field, sentence.into()));
    }

    /// The first sentence about a field.
    pub(super) fn of(&self, field: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, sentence)| sentence.clone())
    }

    /// Whether everything is right.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value where it is right; what is wrong is kept with its field.
    pub(super) fn take<T>(&mut self, field: &'static str, result: Result<T, String>) -> Option<T> {
        result.map_err(|sentence| self.add(field, sentence)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_two() {
        let posted = Posted(
            [
                ("word", " ftd "),
                ("event", "sale"),
                ("word", ""),
                ("event", " "),
                ("word", "x"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        );
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(
            posted.rows("word", "event"),
            [pair("ftd", "sale"), pair("x", "")]
        );
        assert_eq!((posted.get("word"), posted.get("nothing")), ("ftd", ""));
        assert!(posted.has("event") && !posted.has("nothing"));
    }
}
