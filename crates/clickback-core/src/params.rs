//! The parameters of a request as they came: split, decoded and repaired, raw text kept; no meaning yet.

use std::borrow::Cow;

mod json;

/// One parameter as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param<'a> {
    /// Decoded and trimmed, without stray backslashes and without an `amp;` in front.
    pub name: Cow<'a, str>,
    /// The value before percent-decoding; in JSON a string's content between its quotes, escapes
    /// kept, or the literal text of anything else.
    pub raw: Cow<'a, str>,
    /// Decoded, not trimmed; what is not UTF-8, and NUL, became U+FFFD.
    pub value: Cow<'a, str>,
    /// A broken escape (`%zz`, a lone `%`), a NUL, or not UTF-8, in name or value.
    pub broken: bool,
    pub place: Place,
}

/// Where a parameter stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Query,
    Form,
    Json,
    /// Nowhere: the integration's rules say it where the partner does not.
    Rules,
}

/// Repairs that were made while splitting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Notes {
    /// `&amp;` between parameters, or `&currency` eaten as the entity `&curren`.
    pub html_entity: bool,
    /// A second `?` where an `&` belongs.
    pub second_question_mark: bool,
    /// Blanks around a name, backslashes of a link copied from Markdown.
    pub stray_characters: bool,
}

/// The ordered parameters of one request: first the query's, then the body's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Params<'a> {
    pub list: Vec<Param<'a>>,
    pub notes: Notes,
}

/// Why a request's parameters cannot be read at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParamsError {
    #[error("the request has more than {limit} parameters")]
    TooMany { limit: usize },
    #[error("the body is not valid JSON: {message}")]
    BadJson { message: String },
    #[error("the JSON body must be an object, like {{\"clickid\":\"…\"}}")]
    NotAnObject,
    #[error("the JSON value of {name} must be a text or a number, not an object or a list")]
    NestedJson { name: String },
}

/// What every repair of a piece needs to know.
struct Source<'f> {
    place: Place,
    limit: usize,
    is_name: &'f dyn Fn(&str) -> bool,
}

impl<'a> Params<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&Param<'a>> {
        self.list.iter().find(|param| param.name == name)
    }

    /// All parameters of this name, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Param<'a>> {
        self.list.iter().filter(move |param| param.name == name)
    }

    /// Splits a query or a form body into parameters and adds them; `+` is a blank.
    ///
    /// Repairs, each with its note:
    /// - `&amp;` between parameters is read as `&`; `¤cy=` (also `%C2%A4cy=`), which is `&currency=`
    ///   read as HTML, starts a parameter `currency`.
    /// - A second `?` (also `%3F`) before a name that `is_name` knows and a `=` (also `%3D`) is read as
    ///   `&`, unless the value has a `://` before it. After `%3F`, `%26` is read the same way.
    /// - In names and in the values of `clickid` and `tracker.*`, backslashes at the end and before `_`
    ///   are dropped. A raw backslash right before `&` is dropped from every value: no encoder writes
    ///   it, a link copied from Markdown has it.
    ///
    /// `limit` counts all parameters of the request, those already added included.
    pub fn add_urlencoded(
        &mut self,
        text: &'a [u8],
        place: Place,
        limit: usize,
        is_name: &dyn Fn(&str) -> bool,
    ) -> Result<(), ParamsError> {
        let source = Source {
            place,
            limit,
            is_name,
        };
        let text = text.strip_prefix(b"?").unwrap_or(text);
        let mut pieces = text.split(|byte| *byte == b'&').peekable();
        while let Some(piece) = pieces.next() {
            if !piece.is_empty() {
                self.add_piece(piece, pieces.peek().is_some(), &source)?;
            }
        }
        Ok(())
    }

    /// What stood between two `&`: one parameter, or more where `¤cy=` hides the next `&`.
    fn add_piece(
        &mut self,
        piece: &'a [u8],
        before_ampersand: bool,
        source: &Source<'_>,
    ) -> Result<(), ParamsError> {
        let Some((head, mut tail)) = split_at_currency(piece) else {
            return self.add_pair(piece, before_ampersand, source);
        };
        self.notes.html_entity = true;
        if !head.is_empty() {
            self.add_pair(head, true, source)?;
        }
        while let Some((value, next)) = split_at_currency(tail) {
            self.add_value(b"currency", value, true, source)?;
            tail = next;
        }
        self.add_value(b"currency", tail, before_ampersand, source)
    }

    fn add_pair(
        &mut self,
        pair: &'a [u8],
        before_ampersand: bool,
        source: &Source<'_>,
    ) -> Result<(), ParamsError> {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None if pair.eq_ignore_ascii_case(b"amp;") => {
                self.notes.html_entity = true;
                return Ok(());
            }
            None => (pair, &pair[pair.len()..]),
        };
        self.add_value(name, value, before_ampersand, source)
    }

    /// A name and its value, which may hide further parameters behind a second `?`.
    fn add_value(
        &mut self,
        mut name: &'a [u8],
        mut value: &'a [u8],
        before_ampersand: bool,
        source: &Source<'_>,
    ) -> Result<(), ParamsError> {
        let mut escaped = false;
        while let Some(second) = second_start(value, escaped, source.is_name) {
            self.notes.second_question_mark = true;
            self.push(name, &value[..second.at], false, source)?;
            name = second.name;
            value = second.value;
            escaped |= second.escaped;
        }
        self.push(name, value, before_ampersand, source)
    }

    fn push(
        &mut self,
        name: &'a [u8],
        raw: &'a [u8],
        before_ampersand: bool,
        source: &Source<'_>,
    ) -> Result<(), ParamsError> {
        let (name, broken_name) = decode(name);
        let (value, broken_value) = decode(raw);
        let param = Param {
            name,
            raw: String::from_utf8_lossy(raw),
            value,
            broken: broken_name || broken_value,
            place: source.place,
        };
        self.add(
            param,
            before_ampersand && raw.ends_with(b"\\"),
            source.limit,
        )
    }

    /// Cleans name and value and takes the parameter in.
    fn add(
        &mut self,
        mut param: Param<'a>,
        drop_last_backslash: bool,
        limit: usize,
    ) -> Result<(), ParamsError> {
        if self.list.len() >= limit {
            return Err(ParamsError::TooMany { limit });
        }
        param.name = self.clean_name(param.name);
        if param.value.contains('\\') {
            if is_reserved(&param.name) {
                param.value = self.drop_backslashes(param.value);
            } else if drop_last_backslash {
                self.notes.stray_characters = true;
                let len = param.value.len() - 1;
                param.value = slice(param.value, 0, len);
            }
        }
        self.list.push(param);
        Ok(())
    }

    fn clean_name(&mut self, name: Cow<'a, str>) -> Cow<'a, str> {
        let end = name.trim_end_matches(|c| is_blank(c) || c == '\\').len();
        self.notes.stray_characters |= end < name.len();
        let mut rest = &name[..end];
        loop {
            if let Some(after) = rest.strip_prefix(is_blank) {
                self.notes.stray_characters = true;
                rest = after;
            } else if let Some(after) = rest.strip_prefix('?') {
                self.notes.second_question_mark = true;
                rest = after;
            } else if starts_with(rest.as_bytes(), b"amp;") {
                self.notes.html_entity = true;
                rest = &rest[4..];
            } else {
                break;
            }
        }
        let start = end - rest.len();
        let name = slice(name, start, end);
        if name.contains("\\_") {
            self.drop_backslashes(name)
        } else {
            name
        }
    }

    /// Without the backslashes at the end and those before `_`.
    fn drop_backslashes(&mut self, text: Cow<'a, str>) -> Cow<'a, str> {
        let end = text.trim_end_matches('\\').len();
        if !text[..end].contains("\\_") {
            self.notes.stray_characters |= end < text.len();
            return slice(text, 0, end);
        }
        self.notes.stray_characters = true;
        Cow::Owned(text[..end].replace("\\_", "_"))
    }
}

/// Names whose values identify and count: nothing but the value may be in them.
fn is_reserved(name: &str) -> bool {
    name == "clickid" || name.starts_with("tracker.")
}

/// White space, and the invisible characters that come along when a link is copied.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')
}

/// A part of a text without copying what is borrowed. The ends are character boundaries.
fn slice(text: Cow<'_, str>, start: usize, end: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text.drain(..start);
            Cow::Owned(text)
        }
    }
}

/// Percent-decodes, `+` as a blank; true if something was broken. Borrows when nothing is encoded.
fn decode(text: &[u8]) -> (Cow<'_, str>, bool) {
    let Some(first) = text.iter().position(|byte| matches!(byte, b'%' | b'+' | 0)) else {
        let text = String::from_utf8_lossy(text);
        let broken = matches!(text, Cow::Owned(_));
        return (text, broken);
    };
    let mut broken = false;
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend_from_slice(&text[..first]);
    let mut rest = &text[first..];
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let byte = match (byte, tail) {
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    rest = after;
                    high << 4 | low
                } else {
                    broken = true;
                    b'%'
                }
            }
            (b'%', _) => {
                broken = true;
                b'%'
            }
            (b'+', _) => b' ',
            (byte, _) => *byte,
        };
        if byte == 0 {
            broken = true;
            decoded.extend_from_slice("\u{fffd}".as_bytes());
        } else {
            decoded.push(byte);
        }
    }
    match String::from_utf8(decoded) {
        Ok(text) => (Cow::Owned(text), broken),
        Err(error) => (
            Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            true,
        ),
    }
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Splits at the first `¤cy=`, which is what `&currency=` becomes when a page is read as HTML.
fn split_at_currency(text: &[u8]) -> Option<(&[u8], &[u8])> {
    for (at, byte) in text.iter().enumerate() {
        let mark: &[u8] = match byte {
            0xc2 => b"\xc2\xa4cy=",
            b'%' => b"%c2%a4cy=",
            _ => continue,
        };
        if starts_with(&text[at..], mark) {
            return Some((&text[..at], &text[at + mark.len()..]));
        }
    }
    None
}

/// A parameter that starts inside a value.
struct Second<'a> {
    at: usize,
    name: &'a [u8],
    value: &'a [u8],
    escaped: bool,
}

/// Finds the first `?name=` or `%3Fname%3D` with a known name; `escaped` looks for `%26` too.
fn second_start<'a>(
    value: &'a [u8],
    escaped: bool,
    is_name: &dyn Fn(&str) -> bool,
) -> Option<Second<'a>> {
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        let rest = &value[at..];
        let (mark, is_escaped) = match byte {
            b'?' => (1, false),
            b'%' if starts_with(rest, b"%3f") => (3, true),
            b'%' if escaped && starts_with(rest, b"%26") => (3, true),
            // A link inside a value keeps its own query.
            b':' if starts_with(rest, b"://") || starts_with(rest, b":%2f%2f") => return None,
            b'%' if starts_with(rest, b"%3a%2f%2f") => return None,
            _ => {
                at += 1;
                continue;
            }
        };
        if let Some((name, value)) = known_name(&rest[mark..], is_name) {
            return Some(Second {
                at,
                name,
                value,
                escaped: is_escaped,
            });
        }
        at += mark;
    }
    None
}

/// A known name up to `=` or `%3D`, and what follows. Looks at most 128 bytes ahead.
fn known_name<'a>(text: &'a [u8], is_name: &dyn Fn(&str) -> bool) -> Option<(&'a [u8], &'a [u8])> {
    for (at, byte) in text.iter().enumerate().take(128) {
        let len = match byte {
            b'=' => 1,
            b'%' if starts_with(&text[at..], b"%3d") => 3,
            b'?' | b'/' => return None,
            _ => continue,
        };
        let (name, _) = decode(&text[..at]);
        let name = name.trim_matches(is_blank).replace('\\', "");
        return is_name(&name).then(|| (&text[..at], &text[at + len..]));
    }
    None
}

#[cfg(test)]
mod tests;
