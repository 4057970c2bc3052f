//! Making links as text: postback URLs, final URLs with parameters, and filling our macros in.
//! Addresses are never rebuilt by a URL parser, which would break `#x#` and `%x%` macros.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use self::base::{Parts, check_macros, repair};
use crate::macros::{self, MacroStyle, OurMacro};
use crate::rules::UrlForm;

mod base;

/// Everything but the unreserved characters of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest final URL, in bytes; common servers stop at 8 KiB.
pub const MAX_URL: usize = 8000;

/// What a postback URL is made of.
#[derive(Clone, Copy, Debug)]
pub struct PostbackTemplate<'a> {
    /// With scheme and host, with or without a slash at the end.
    pub public_url: &'a str,
    pub uuid: &'a str,
    pub event: &'a str,
    /// Macro text, like `{sub4}`.
    pub clickid: &'a str,
    /// In order, like `("tracker.cost", "{amount}")`, `("tracker.currency", "usd")`.
    pub params: &'a [(String, String)],
}

/// The URL to paste at the partner:
/// `{public_url}/api/postbacks/{uuid}/tracker-postback?tracker.event=sale&clickid={sub4}&…`.
///
/// Macros of any style stay raw, the rest of names and values is percent-encoded. Parameters with a
/// blank name or value are left out; an empty event or clickid stays visible as an empty parameter.
pub fn postback_url(t: &PostbackTemplate<'_>) -> String {
    let mut url = format!(
        "{}/api/postbacks/{}/tracker-postback?tracker.event=",
        t.public_url.trim().trim_end_matches('/'),
        t.uuid
    );
    push_encoded(&mut url, t.event.trim());
    url.push_str("&clickid=");
    push_encoded(&mut url, t.clickid.trim());
    for (name, value) in t.params {
        let (name, value) = (name.trim(), value.trim());
        if !name.is_empty() && !value.is_empty() {
            url.push('&');
            push_encoded(&mut url, name);
            url.push('=');
            push_encoded(&mut url, value);
        }
    }
    url
}

/// The URL of a configuration in the form that its partner can call; see [`UrlForm`].
pub fn postback_url_in(form: UrlForm, t: &PostbackTemplate<'_>) -> String {
    let base = || {
        let public_url = t.public_url.trim().trim_end_matches('/');
        format!("{public_url}/api/postbacks/{}/tracker-postback", t.uuid)
    };
    match form {
        UrlForm::Macros => postback_url(t),
        UrlForm::Bare => base(),
        UrlForm::Path => {
            let mut url = base() + "/";
            push_encoded(&mut url, t.event.trim());
            url
        }
        UrlForm::Constants => {
            let mut url = base() + "?tracker.event=";
            push_encoded(&mut url, t.event.trim());
            for (name, value) in t.params {
                let (name, value) = (name.trim(), value.trim());
                if !name.is_empty() && !value.is_empty() && macros::find(value).is_empty() {
                    url.push('&');
                    push_encoded(&mut url, name);
                    url.push('=');
                    push_encoded(&mut url, value);
                }
            }
            url
        }
    }
}

/// A partner's parameter as the partner's macro: `sub4` in the pattern `#macro#` is `#sub4#`.
/// A pattern without the word `macro` is taken as `{macro}`.
pub fn macro_of(param: &str, pattern: &str) -> String {
    let pattern = if pattern.contains("macro") {
        pattern
    } else {
        "{macro}"
    };
    pattern.replacen("macro", param.trim(), 1)
}

/// A registration link, ready to be filled for a lead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinalUrl {
    pub url: String,
    /// Byte ranges in `url` of the parameters (`name=value`) that were added or replaced, in order.
    pub added: Vec<Range<usize>>,
    pub warnings: Vec<LinkWarning>,
}

/// What the user should know about a link that was made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkWarning {
    #[error("the parameter {name} already had the value {old}; it was replaced")]
    Replaced { name: String, old: String },
    #[error(
        "{name}={value} does nothing in a registration link: the partner does not send it back. \
         Put it into the field mapping of the postbacks"
    )]
    FieldsInLink { name: String, value: String },
    #[error("the link starts with http://; most partners have https://")]
    PlainHttp,
    #[error("the part after # looks like a page of its own; the parameters were put before the #")]
    BeforeFragment,
    #[error("{name} in single braces stays as it is; ours is written {{{{{name}}}}}")]
    SingleBraces { name: String },
}

impl LinkWarning {
    /// The stable code; pages have a sentence for each.
    pub fn code(&self) -> &'static str {
        match self {
            LinkWarning::Replaced { .. } => "replaced",
            LinkWarning::FieldsInLink { .. } => "fields_in_link",
            LinkWarning::PlainHttp => "plain_http",
            LinkWarning::BeforeFragment => "before_fragment",
            LinkWarning::SingleBraces { .. } => "single_braces",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 5] = [
        "replaced",
        "fields_in_link",
        "plain_http",
        "before_fragment",
        "single_braces",
    ];

    /// What it is about: a name, and the value that goes with it.
    pub fn about(&self) -> (&str, &str) {
        match self {
            LinkWarning::Replaced { name, old } => (name, old),
            LinkWarning::FieldsInLink { name, value } => (name, value),
            LinkWarning::SingleBraces { name } => (name, ""),
            LinkWarning::PlainHttp | LinkWarning::BeforeFragment => ("", ""),
        }
    }
}

/// Why no link can be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the link is empty")]
    Blank,
    #[error("the link has no https:// in front; write it as https://{link}")]
    NoScheme { link: String },
    #[error("a link must start with https:// or http://, not with {scheme}:")]
    NotHttp { scheme: String },
    #[error("the macro {name} cannot stand in the scheme, host or port of a link")]
    MacroInHost { name: String },
    #[error(
        "{name} is not a macro of ours; known are {{{{tracker.clickid}}}}, {{{{tracker.KEY}}}}, \
         {{{{fields.KEY}}}}, {{{{lead.name}}}} and {{{{lead.id}}}}"
    )]
    UnknownMacro { name: String },
    #[error("{name:?} is not a parameter's name; it is written like sub4, without brackets")]
    BadClickidParam { name: String },
    #[error("the link is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("this is not a link: {reason}")]
    NotAUrl { reason: String },
}

impl LinkError {
    /// The stable code; pages have a sentence for each.
    pub fn code(&self) -> &'static str {
        match self {
            LinkError::Blank => "blank",
            LinkError::NoScheme { .. } => "no_scheme",
            LinkError::NotHttp { .. } => "not_http",
            LinkError::MacroInHost { .. } => "macro_in_host",
            LinkError::UnknownMacro { .. } => "unknown_macro",
            LinkError::BadClickidParam { .. } => "bad_clickid_param",
            LinkError::TooLong { .. } => "too_long",
            LinkError::NotAUrl { .. } => "not_a_url",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 8] = [
        "blank",
        "no_scheme",
        "not_http",
        "macro_in_host",
        "unknown_macro",
        "bad_clickid_param",
        "too_long",
        "not_a_url",
    ];

    /// What it is about; empty where that is in sight.
    pub fn about(&self) -> &str {
        match self {
            LinkError::NoScheme { link: name }
            | LinkError::NotHttp { scheme: name }
            | LinkError::MacroInHost { name }
            | LinkError::UnknownMacro { name }
            | LinkError::BadClickidParam { name } => name,
            LinkError::Blank | LinkError::TooLong { .. } | LinkError::NotAUrl { .. } => "",
        }
    }
}

/// The base URL with `param={{tracker.clickid}}` and the extra parameters.
///
/// Query and fragment of the base stay as they are but for empty pieces (`&&`) and what a copied page
/// does to a link: backslashes, `&amp;`, encoded braces of our macros. New parameters go to the end of the query, before the
/// fragment. A parameter that is there already is replaced where it stands (further ones of the same name
/// go), with a warning if it had another value. A value with our clickid inside (`start=A-{{…}}`) stays.
/// An extra parameter never replaces the clickid.
///
/// Values of `extra` are plain text: macros stay raw, the rest is percent-encoded.
pub fn final_url(
    base: &str,
    clickid_param: &str,
    extra: &[(String, String)],
) -> Result<FinalUrl, LinkError> {
    let clickid_param = clickid_param.trim();
    if !is_param_name(clickid_param) {
        return Err(LinkError::BadClickidParam {
            name: clickid_param.to_owned(),
        });
    }
    let too_long = LinkError::TooLong { limit: MAX_URL };
    if base.len()
        + extra
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
        > MAX_URL
    {
        return Err(too_long);
    }
    let base = repair(base.trim());
    let parts = Parts::split(&base)?;
    check_macros(&base)?;
    for (name, value) in extra {
        check_macros(name)?;
        check_macros(value)?;
    }

    let mut warnings = Vec::new();
    if parts.is_plain_http {
        warnings.push(LinkWarning::PlainHttp);
    }
    let mut wanted = vec![Wanted::new(clickid_param, "{{tracker.clickid}}")];
    for (name, value) in extra {
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            continue;
        }
        if name == clickid_param {
            if !is_clickid(value) {
                let (name, old) = (name.to_owned(), value.to_owned());
                warnings.push(LinkWarning::Replaced { name, old });
            }
            continue;
        }
        // The last of several extra parameters of one name wins, in the place of the first.
        match wanted.iter_mut().find(|wanted| wanted.name == name) {
            Some(wanted) => *wanted = Wanted::new(name, value),
            None => wanted.push(Wanted::new(name, value)),
        }
    }

    let mut url = String::with_capacity(base.len() + 64);
    url.push_str(parts.before_query);
    url.push('?');
    let mut added = Vec::new();
    let mut is_first = true;
    let mut separate = |url: &mut String| {
        if !is_first {
            url.push('&');
        }
        is_first = false;
    };
    for piece in &parts.query {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let plain_name = decoded(name);
        let Some(wanted) = wanted.iter_mut().find(|wanted| wanted.name == plain_name) else {
            warn_of_fields(&plain_name, value, &mut warnings);
            separate(&mut url);
            url.push_str(piece);
            continue;
        };
        // `start=CAMPAIGN-{{tracker.clickid}}`: the clickid is there, with what its partner wants around it.
        if !wanted.done && wanted.name == clickid_param && is_around_clickid(&decoded(value)) {
            wanted.done = true;
            separate(&mut url);
            url.push_str(piece);
            continue;
        }
        let is_same = value == wanted.text
            || decoded(value) == wanted.value
            || (is_clickid(value) && is_clickid(wanted.value));
        if !value.is_empty() && !is_same {
            let (name, old) = (plain_name.into_owned(), value.to_owned());
            warnings.push(LinkWarning::Replaced { name, old });
        }
        if !wanted.done {
            separate(&mut url);
            added.push(wanted.write(&mut url));
        }
    }
    for wanted in wanted.iter_mut().filter(|wanted| !wanted.done) {
        separate(&mut url);
        added.push(wanted.write(&mut url));
    }
    for wanted in &wanted {
        warn_of_fields(wanted.name, wanted.value, &mut warnings);
    }
    if let Some(fragment) = parts.fragment {
        if fragment.starts_with(['/', '!']) || fragment.contains('?') {
            warnings.push(LinkWarning::BeforeFragment);
        }
        url.push('#');
        url.push_str(fragment);
    }
    if url.len() > MAX_URL {
        return Err(too_long);
    }
    for found in macros::find(&url) {
        let is_ours = found.name.contains('.') && macros::parse_ours(&found.name).is_some();
        if found.style == MacroStyle::Brace && is_ours {
            warnings.push(LinkWarning::SingleBraces { name: found.name });
        }
    }
    Ok(FinalUrl {
        url,
        added,
        warnings,
    })
}

/// The base URL without the parameters that `is_it` names, and the value of the last of them as it stood.
/// `None` where the base is no link.
pub fn take_param(base: &str, is_it: &dyn Fn(&str) -> bool) -> Option<(String, Option<String>)> {
    let base = repair(base.trim());
    let parts = Parts::split(&base).ok()?;
    let mut taken = None;
    let kept: Vec<&str> = parts
        .query
        .iter()
        .copied()
        .filter(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let is_it = is_it(&decoded(name));
            if is_it {
                taken = Some(decoded(value).into_owned());
            }
            !is_it
        })
        .collect();
    let mut url = parts.before_query.to_owned();
    if !kept.is_empty() {
        url.push('?');
        url.push_str(&kept.join("&"));
    }
    if let Some(fragment) = parts.fragment {
        url.push('#');
        url.push_str(fragment);
    }
    Some((url, taken))
}

/// Fills our macros; everything else, partners' macros too, stays as it is.
///
/// Values are percent-encoded but for unreserved characters; `None` and an empty value render empty.
/// The template is one that [`final_url`] accepted, or another whose host holds no macro.
pub fn render(final_url: &str, value: &dyn Fn(&OurMacro) -> Option<String>) -> String {
    let mut url = String::with_capacity(final_url.len() + 32);
    let mut rest = final_url;
    while let Some(at) = rest.find("{{") {
        let ours = macros::brace_at(rest.as_bytes(), at).and_then(|brace| {
            let inside = rest
                .get(at..brace.end)?
                .trim_matches(['{', '}'])
                .replace('\\', "");
            Some((brace.end, macros::parse_ours(&inside)?))
        });
        let Some((end, ours)) = ours else {
            url.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        url.push_str(&rest[..at]);
        if let Some(value) = value(&ours) {
            url.extend(utf8_percent_encode(&value, VALUE));
        }
        rest = &rest[end..];
    }
    url.push_str(rest);
    url
}

/// A parameter that the final URL must have once.
struct Wanted<'a> {
    name: &'a str,
    /// As it was asked for.
    value: &'a str,
    /// The value as it stands in the URL.
    text: String,
    done: bool,
}

impl<'a> Wanted<'a> {
    fn new(name: &'a str, value: &'a str) -> Self {
        let mut text = String::new();
        push_encoded(&mut text, value);
        Self {
            name,
            value,
            text,
            done: false,
        }
    }

    fn write(&mut self, url: &mut String) -> Range<usize> {
        self.done = true;
        let start = url.len();
        push_encoded(url, self.name);
        url.push('=');
        url.push_str(&self.text);
        start..url.len()
    }
}

fn is_clickid(value: &str) -> bool {
    value
        .trim()
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .is_some_and(|inside| macros::parse_ours(inside) == Some(OurMacro::Clickid))
}

/// Whether a value holds our clickid and something else.
fn is_around_clickid(value: &str) -> bool {
    let holds = |found: &macros::Found| {
        found.ours && macros::parse_ours(&found.name) == Some(OurMacro::Clickid)
    };
    !is_clickid(value) && macros::find(value).iter().any(holds)
}

fn is_param_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:$@!*".contains(&b))
}

fn warn_of_fields(name: &str, value: &str, warnings: &mut Vec<LinkWarning>) {
    if name.starts_with("fields.") || name.starts_with("details.") {
        let (name, value) = (name.to_owned(), value.to_owned());
        warnings.push(LinkWarning::FieldsInLink { name, value });
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Appends a text: macros raw, without blanks and stray backslashes inside; the rest percent-encoded.
fn push_encoded(url: &mut String, text: &str) {
    let mut at = 0;
    for found in macros::find(text) {
        url.extend(utf8_percent_encode(&text[at..found.start], VALUE));
        push_macro(url, &text[found.start..found.end]);
        at = found.end;
    }
    url.extend(utf8_percent_encode(&text[at..], VALUE));
}

fn push_macro(url: &mut String, text: &str) {
    url.extend(text.chars().filter(|c| *c != '\\' && !c.is_whitespace()));
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
