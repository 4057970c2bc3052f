//! From the bytes of a request to its parameters: which parts are read, in which order.
//! Judging them is in `postback`.

use crate::adapt::adapt;
use crate::moment::Moment;
use crate::params::{Params, ParamsError, Place};
use crate::postback::{MAX_PARAMS, Postback, Rejection, judge};
use crate::rules::Ruleset;

/// The parts of a request that carry parameters.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Everything behind the `?`.
    pub query: &'a [u8],
    pub content_type: Option<&'a str>,
    pub body: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// All parameters in order: the query's first, then the body's, if it is a form or flat JSON,
    /// then what the integration's rules say in place of a partner that does not.
    pub fn params(self, rules: &Ruleset) -> Result<Params<'a>, Rejection> {
        let mut params = Params::new();
        let known = |name: &str| rules.knows(name);
        params
            .add_urlencoded(self.query, Place::Query, MAX_PARAMS, &known)
            .map_err(rejection)?;
        if let Some(body) = self.body.filter(|body| !body.is_empty()) {
            if is_json(self.content_type, body) {
                params.add_json(body, MAX_PARAMS).map_err(rejection)?;
            } else {
                params
                    .add_urlencoded(body, Place::Form, MAX_PARAMS, &known)
                    .map_err(rejection)?;
            }
        }
        adapt(&mut params, rules);
        Ok(params)
    }

    /// Reads and judges in one step, as reprocessing does.
    pub fn judge(self, rules: &Ruleset, received_at: Moment) -> Result<Postback, Rejection> {
        judge(&self.params(rules)?, rules, received_at)
    }
}

/// Partners send JSON under all kinds of content types: an opening brace decides where the header
/// does not say form.
fn is_json(content_type: Option<&str>, body: &[u8]) -> bool {
    let content_type = content_type.unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return false;
    }
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    kind.eq_ignore_ascii_case("application/json") || text.trim_ascii_start().first() == Some(&b'{')
}

fn rejection(error: ParamsError) -> Rejection {
    match error {
        ParamsError::TooMany { limit } => Rejection::TooManyParameters { limit },
        other => Rejection::BadBody {
            detail: other.to_string(),
        },
    }
}
