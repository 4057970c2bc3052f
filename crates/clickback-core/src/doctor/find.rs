//! Finding the address in a pasted text: a chat message, a Markdown page, a log line, a JSON body.

use std::net::IpAddr;

use form_urlencoded::Serializer;

use super::names;
use crate::macros;
use crate::params::Params;
use crate::postback::MAX_PARAMS;
use crate::rules::Ruleset;

/// Longer texts are cut.
const MAX_TEXT: usize = 64 * 1024;

/// An address taken out of a text.
pub(super) struct Found {
    pub(super) text: String,
    /// There are marks of a log around it.
    pub(super) is_log: bool,
    /// Blanks or line breaks stood inside.
    pub(super) had_blanks: bool,
    pub(super) was_cut: bool,
    /// Other postback addresses stand in the text.
    pub(super) has_others: bool,
}

/// The likeliest address of a text. `None` where nothing has the shape of one.
pub(super) fn address(text: &str) -> Option<Found> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let was_cut = end < text.len();
    let (clean, squeezed) = clean(&text[..end]);
    let (labels, targets) = unlink(&clean);
    let tokens = tokens(&labels);
    let mut is_log = tokens.iter().any(|token| is_log_mark(token.text));

    let mut candidates: Vec<Candidate> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let after_method = at
            .checked_sub(1)
            .is_some_and(|before| matches!(tokens[before].text, "GET" | "POST" | "HEAD"));
        let Some(start) = start(tokens[at].text) else {
            at += 1;
            continue;
        };
        let mut candidate = Candidate {
            text: start.to_owned(),
            had_blanks: false,
            score: if after_method { 4 } else { 0 },
        };
        at += 1;
        while let Some(next) = tokens
            .get(at)
            .filter(|next| joins(&candidate.text, next, tokens.get(at + 1)))
        {
            candidate.text.push_str(next.text);
            candidate.had_blanks = true;
            at += 1;
        }
        is_log |= tokens.get(at).is_some_and(|next| is_http_status(next.text));
        candidates.push(candidate);
    }
    let written = candidates.len();
    for target in targets {
        if let Some(start) = start(target) {
            candidates.push(Candidate {
                text: start.to_owned(),
                had_blanks: false,
                score: 0,
            });
        }
    }
    for candidate in &mut candidates {
        trim_tail(&mut candidate.text);
        candidate.score += score(&candidate.text);
    }
    // The first of equals.
    let best = candidates
        .iter()
        .enumerate()
        .rev()
        .max_by_key(|(_, candidate)| candidate.score)
        .map(|(place, _)| place);
    let body = json(&clean);
    let Some(best) = best else {
        return Some(Found {
            text: body?,
            is_log,
            had_blanks: false,
            was_cut,
            has_others: false,
        });
    };
    let has_others = candidates[..written].iter().any(|other| {
        other.score > 2 && other.text.contains("://") && other.text != candidates[best].text
    });
    let Candidate {
        mut text,
        mut had_blanks,
        ..
    } = candidates.swap_remove(best);
    if !is_query(&text) && text.find('?').is_none_or(|at| at + 1 == text.len()) {
        // A request whose parameters are in its body.
        let form = candidates.iter().find(|other| is_query(&other.text));
        if let Some(form) = form {
            text.truncate(text.trim_end_matches('?').len());
            text.push('?');
            text.push_str(form.text.trim_start_matches('?'));
        } else if let Some(body) = body {
            text.truncate(text.trim_end_matches('?').len());
            text.push_str(&body);
        }
    } else if is_query(&text) && !text.starts_with('?') {
        text.insert(0, '?');
    }
    had_blanks |= squeezed;
    Some(Found {
        text,
        is_log,
        had_blanks,
        was_cut,
        has_others,
    })
}

/// A protocol, an address of a sender, a date of a machine.
fn is_log_mark(token: &str) -> bool {
    let text = token.trim_matches(['[', ']', ',']);
    let is_date = text.len() >= 10
        && text
            .bytes()
            .take(10)
            .enumerate()
            .all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
    is_date || text.starts_with("HTTP/") || text.parse::<IpAddr>().is_ok()
}

fn is_http_status(token: &str) -> bool {
    token.len() == 3
        && token.starts_with(['2', '3', '4', '5'])
        && token.bytes().all(|byte| byte.is_ascii_digit())
}

struct Candidate {
    text: String,
    had_blanks: bool,
    score: usize,
}

/// Without invisible characters, escapes of JSON logs, and blanks inside macros; true for the last.
fn clean(text: &str) -> (String, bool) {
    let text: String = text
        .chars()
        .filter(|c| {
            !matches!(
                c,
                '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\0'
            )
        })
        .collect();
    let text = text
        .replace("\\/", "/")
        .replace("\\u0026", "&")
        .replace("\\u003d", "=")
        .replace("&#38;", "&amp;");
    let mut clean = String::with_capacity(text.len());
    let mut squeezed = false;
    let mut at = 0;
    for found in macros::find(&text) {
        clean.push_str(&text[at..found.start]);
        let inside = &text[found.start..found.end];
        let len = clean.len();
        clean.extend(inside.chars().filter(|c| !c.is_whitespace()));
        squeezed |= clean.len() - len < inside.len();
        at = found.end;
    }
    clean.push_str(&text[at..]);
    (clean, squeezed)
}

/// Takes Markdown's `[label](target)` apart: the text with labels only, and the targets. Labels that
/// touch are one text, as the reader sees it.
fn unlink(text: &str) -> (String, Vec<&str>) {
    let mut labels = String::with_capacity(text.len());
    let mut targets = Vec::new();
    let mut rest = text;
    // How much of `rest` is known to hold no end of a target.
    let mut barren = 0;
    let mut from = 0;
    while let Some(found) = rest[from..].find("](") {
        let at = from + found;
        let start = at + 2;
        if at < barren {
            from = start;
            continue;
        }
        let inside = &rest[start..];
        let len = inside
            .find(|c: char| c == ')' || c.is_whitespace())
            .unwrap_or(inside.len());
        if !inside[len..].starts_with(')') {
            barren = start + len;
            from = start;
            continue;
        }
        targets.push(&inside[..len]);
        labels.push_str(&rest[..at]);
        rest = &inside[len + 1..];
        match rest.strip_prefix('[') {
            Some(glued) => rest = glued,
            None => labels.push(' '),
        }
        (from, barren) = (0, 0);
    }
    labels.push_str(rest);
    (labels, targets)
}

/// A run without blanks and quotes, and what stood before it.
struct Token<'t> {
    text: &'t str,
    /// Only blanks before it, a line break and marks of a quotation included.
    after_blanks: bool,
    after_line_break: bool,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    let mut after_blanks = true;
    let mut after_line_break = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_end = c.is_whitespace() || c.is_control() || "\"'`<>«»“”„‘’".contains(c);
        if !is_end {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            tokens.push(Token {
                text: &text[start..at],
                after_blanks,
                after_line_break,
            });
            (after_blanks, after_line_break) = (true, false);
        }
        after_line_break |= c == '\n' || c == '\r';
        after_blanks &= c.is_whitespace() || c == '>' && after_line_break;
    }
    tokens
}

/// Where an address starts in a token, if one does.
fn start(token: &str) -> Option<&str> {
    let token = token.trim_start_matches(['(', '[', '*', ',', ';', ':', '\\', '|']);
    if is_query(token) {
        return Some(token);
    }
    let lower = token.to_ascii_lowercase();
    let scheme = [lower.find("https://"), lower.find("http://")];
    let scheme = scheme.into_iter().flatten().min();
    let question = token.find('?').unwrap_or(token.len());
    if let Some(scheme) = scheme.filter(|scheme| *scheme < question) {
        return token.get(scheme..);
    }
    let path = &token[..question];
    let is_host_or_path = path.contains(['/', '.']) || path.is_empty();
    let has_query = token[question..].contains('=') && is_host_or_path;
    (has_query || path.contains("/tracker-postback")).then_some(token)
}

/// `a=b&c=d` or `?a=b`; one alone counts if we know its name.
fn is_query(text: &str) -> bool {
    let plain = text.trim_start_matches(['?', '&']);
    let Some((name, rest)) = plain.split_once('=') else {
        return false;
    };
    let name = name.trim_start_matches("amp;").replace('\\', "");
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    is_name
        && (plain.len() < text.len()
            || rest.contains('&')
            || names::role(&name, &Ruleset::default()).is_some())
}

/// Whether a token goes on with an address that blanks or a line break cut.
fn joins(address: &str, next: &Token<'_>, after: Option<&Token<'_>>) -> bool {
    let text = next.text;
    let head = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if !next.after_blanks || head.starts_with("http") || text.starts_with("HTTP/") {
        return false;
    }
    let starts_with_name = || {
        text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.-\\;".contains(&byte))
        })
    };
    if text.starts_with(['&', '=']) || text.starts_with('?') && text.contains('=') {
        return true;
    }
    match address.as_bytes().last() {
        Some(b'&' | b'?') => starts_with_name() || text.starts_with("amp;"),
        Some(b'=') => {
            text.starts_with(['{', '[', '#', '%', '$'])
                || text.contains('&')
                || after.is_some_and(|after| after.text.starts_with('&'))
                || next.after_line_break && text.is_ascii()
        }
        _ if !next.after_line_break => false,
        _ => match address.rfind(['?', '&']) {
            // A name that the line break cut in two.
            Some(at) => !address[at..].contains('=') && text.contains('='),
            None => text.contains("tracker-postback?"),
        },
    }
}

/// Cuts what belongs to the sentence around the address.
fn trim_tail(text: &mut String) {
    let count = |mark: char| text.matches(mark).count();
    let mut round = count(')').saturating_sub(count('('));
    let mut square = count(']').saturating_sub(count('['));
    let mut end = text.len();
    while let Some(last) = text[..end].chars().next_back() {
        let is_sentence = matches!(last, '.' | ',' | ';' | ':' | '!' | '*' | '…' | '\\' | '&');
        let is_bracket = match last {
            ')' if round > 0 => {
                round -= 1;
                true
            }
            ']' if square > 0 => {
                square -= 1;
                true
            }
            _ => false,
        };
        if !is_sentence && !is_bracket {
            break;
        }
        end -= last.len_utf8();
    }
    text.truncate(end);
}

/// How much an address looks like a postback.
fn score(text: &str) -> usize {
    let rules = Ruleset::default();
    let query = if is_query(text) {
        text
    } else {
        text.split_once('?').map_or("", |(_, query)| query)
    };
    let known = query
        .split('&')
        .take(MAX_PARAMS)
        .filter(|piece| {
            let name = piece.split('=').next().unwrap_or_default();
            let name = name.trim_start_matches("amp;").replace('\\', "");
            names::role(&name, &rules).is_some()
        })
        .count();
    let is_ours = text.contains("/tracker-postback");
    let has_our_macro = macros::find(text).iter().any(|found| found.ours);
    usize::from(is_ours) * 8 + usize::from(has_our_macro) * 2 + known.min(4)
}

/// The members of a JSON object, as a query.
fn json(text: &str) -> Option<String> {
    let body = text.get(text.find('{')?..=text.rfind('}')?)?;
    let mut params = Params::new();
    params.add_json(body.as_bytes(), MAX_PARAMS).ok()?;
    if params.list.is_empty() {
        return None;
    }
    let mut query = Serializer::for_suffix(String::from("?"), 1);
    for param in &params.list {
        query.append_pair(&param.name, &param.value);
    }
    Some(query.finish())
}

/// An address, cut as text.
pub(super) struct Pieces<'a> {
    /// Without `://`, as written; empty where there is none.
    pub(super) scheme: &'a str,
    /// With the port.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) before_query: &'a str,
    pub(super) query: &'a str,
    whole: &'a str,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(whole: &'a str) -> Self {
        let (before_query, rest) = match whole.find('?') {
            Some(at) => (&whole[..at], &whole[at + 1..]),
            None => (whole, ""),
        };
        // The `#` of a macro starts no fragment.
        let mut fragment = None;
        let mut macros = macros::find(rest).into_iter().peekable();
        for (at, _) in rest.match_indices('#') {
            while macros.next_if(|found| found.end <= at).is_some() {}
            if macros.peek().is_none_or(|found| at < found.start) {
                fragment = Some(at);
                break;
            }
        }
        let query = &rest[..fragment.unwrap_or(rest.len())];
        let (scheme, rest) = before_query.split_once("://").unwrap_or(("", before_query));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self {
            scheme,
            host,
            path,
            before_query,
            query,
            whole,
        }
    }

    pub(super) fn all(&self) -> &'a str {
        self.whole
    }

    pub(super) fn is_our_path(&self) -> bool {
        self.path.contains("/api/postbacks/") || self.path.ends_with("/tracker-postback")
    }

    /// A path that other trackers take postbacks on.
    pub(super) fn is_foreign_path(&self) -> bool {
        const WORDS: &[&str] = &[
            "postback",
            "callback",
            "pixel",
            "s2s",
            "click.php",
            "conv",
            "/pb",
            "track",
        ];
        let path = self.path.to_ascii_lowercase();
        !self.is_our_path() && WORDS.iter().any(|word| path.contains(word))
    }

    /// A page where people register.
    pub(super) fn is_sign_up(&self) -> bool {
        const WORDS: &[&str] = &["signup", "sign-up", "regist"];
        let path = self.path.to_ascii_lowercase();
        WORDS.iter().any(|word| path.contains(word))
    }

    /// The integration's id in the path of our postbacks.
    pub(super) fn uuid(&self) -> Option<&'a str> {
        let (_, rest) = self.path.split_once("/api/postbacks/")?;
        let uuid = rest.split('/').next()?;
        let is_uuid = uuid.len() == 36
            && uuid.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_uuid.then_some(uuid)
    }
}
