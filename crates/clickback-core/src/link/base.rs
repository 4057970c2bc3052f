//! The base URL of a registration link: repaired, checked and cut as text; putting it together is in
//! the parent module.

use super::LinkError;
use crate::macros::{self, Found};

/// A base URL, cut as text.
pub(super) struct Parts<'a> {
    pub(super) is_plain_http: bool,
    pub(super) before_query: &'a str,
    pub(super) query: Vec<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(base: &'a str) -> Result<Self, LinkError> {
        if base.is_empty() {
            return Err(LinkError::Blank);
        }
        let found = macros::find(base);
        let scheme = scheme_of(base, &found)?;
        let host_start = scheme.len() + 3;
        check_host(base, host_start, &found)?;
        let outside = |at: usize| !found.iter().any(|m| (m.start..m.end).contains(&at));
        if base.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(not_a_url("there is a blank or a line break inside"));
        }

        let find_outside = |text: &str, mark: char| {
            text.match_indices(mark)
                .map(|(at, _)| at)
                .find(|at| outside(*at))
        };
        let (before, fragment) = match find_outside(base, '#') {
            Some(at) => (&base[..at], Some(&base[at + 1..])),
            None => (base, None),
        };
        let (before_query, query) = match find_outside(before, '?') {
            Some(at) => (&before[..at], &before[at + 1..]),
            None => (before, ""),
        };
        let query = query.split('&').filter(|piece| !piece.is_empty()).collect();
        let is_plain_http = scheme.eq_ignore_ascii_case("http");
        Ok(Self {
            is_plain_http,
            before_query,
            query,
            fragment,
        })
    }
}

/// The scheme, `http` or `https` in any case.
fn scheme_of<'a>(base: &'a str, found: &[Found]) -> Result<&'a str, LinkError> {
    let no_scheme = || LinkError::NoScheme {
        link: base.trim_start_matches('/').to_owned(),
    };
    let head = &base[..base.find(['/', '?', '#']).unwrap_or(base.len())];
    let Some((scheme, rest)) = head.split_once(':') else {
        return Err(no_scheme());
    };
    if let Some(first) = found.first().filter(|found| found.start <= scheme.len()) {
        return Err(macro_in_host(base, first));
    }
    let has_slashes = rest.is_empty() && base[head.len()..].starts_with("//");
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    match (is_http, has_slashes) {
        (true, true) => Ok(scheme),
        (true, false) => Err(not_a_url("after the scheme there must be ://")),
        // `partner.com:8443/x` has a port, `tg:resolve` and `javascript:x` a scheme.
        (false, false)
            if scheme.contains('.') || rest.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            Err(no_scheme())
        }
        (false, _) if is_scheme => Err(LinkError::NotHttp {
            scheme: scheme.to_owned(),
        }),
        (false, _) => Err(no_scheme()),
    }
}

fn check_host(base: &str, start: usize, found: &[Found]) -> Result<(), LinkError> {
    let rest = &base[start..];
    let end = start + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    // `<=`: the macro `#host#` starts where an empty host ends.
    let inside = |found: &&Found| found.start < end || (found.start == end && end == start);
    if let Some(found) = found.iter().find(inside) {
        return Err(macro_in_host(base, found));
    }
    let authority = &base[start..end];
    if let Some(at) = authority.find(['{', '}']) {
        return Err(LinkError::MacroInHost {
            name: authority[at..].to_owned(),
        });
    }
    if authority.is_empty() {
        return Err(not_a_url("the host is missing"));
    }
    if authority.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(not_a_url("there is a blank in the host"));
    }
    match url::Url::parse(&format!("https://{authority}/")) {
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(()),
        Ok(_) => Err(not_a_url("the host is missing")),
        Err(error) => Err(not_a_url(&error.to_string())),
    }
}

fn macro_in_host(base: &str, found: &Found) -> LinkError {
    let name = base.get(found.start..found.end).unwrap_or(&found.name);
    LinkError::MacroInHost {
        name: name.to_owned(),
    }
}

fn not_a_url(reason: &str) -> LinkError {
    LinkError::NotAUrl {
        reason: reason.to_owned(),
    }
}

/// Every `{{` must open a macro of ours.
pub(super) fn check_macros(text: &str) -> Result<(), LinkError> {
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        // `{{{x}}}` is a brace around `{{x}}`.
        let at = at + rest[at..].bytes().take_while(|byte| *byte == b'{').count() - 2;
        let known = macros::brace_at(rest.as_bytes(), at).and_then(|brace| {
            let inside = rest
                .get(at..brace.end)?
                .trim_matches(['{', '}'])
                .replace('\\', "");
            macros::parse_ours(&inside)?;
            Some(brace.end)
        });
        let Some(end) = known else {
            let inside = rest[at..].trim_start_matches('{');
            let name = inside.split("}}").next().unwrap_or(inside);
            let name = name.split(['&', '#', '?', '/']).next().unwrap_or(name);
            let name = name.trim().chars().take(64).collect();
            return Err(LinkError::UnknownMacro { name });
        };
        rest = &rest[end..];
    }
    Ok(())
}

/// Undoes what a copied page does to a link: Markdown's backslashes, HTML's `&amp;`, encoded braces of ours,
/// blanks inside macros.
pub(super) fn repair(base: &str) -> String {
    let mut text = String::with_capacity(base.len());
    let mut rest = base;
    while let Some(at) = rest.find('\\') {
        let after = rest[at..].trim_start_matches('\\');
        let is_escape = after.is_empty() || after.starts_with(['{', '}', '_', '&', '=', '#', '?']);
        let end = if is_escape {
            at
        } else {
            rest.len() - after.len()
        };
        text.push_str(&rest[..end]);
        rest = after;
    }
    text.push_str(rest);
    let text: Vec<&str> = text
        .split('&')
        .map(|piece| piece.trim_start_matches("amp;"))
        .collect();
    let text = text.join("&");
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for found in macros::find(&text) {
        clean.push_str(&text[at..found.start]);
        if found.ours {
            clean.push_str("{{");
            clean.push_str(&found.name);
            clean.push_str("}}");
        } else {
            super::push_macro(&mut clean, &text[found.start..found.end]);
        }
        at = found.end;
    }
    clean.push_str(&text[at..]);
    clean
}

#[cfg(test)]
mod tests;
