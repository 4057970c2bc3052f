//! Macros in texts and values: partners' of any style, and our own; filling them in is in `link`.

/// How a macro is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MacroStyle {
    /// `{amount}`
    Brace,
    /// `{{amount}}`, ours and some partners'
    DoubleBrace,
    /// `${amount}`
    DollarBrace,
    /// `[amount]`
    Square,
    /// `[[[amount]]]`
    TripleSquare,
    /// `#amount#`
    Hash,
    /// `%amount%`
    Percent,
    /// `REPLACE` or `OPTIONAL` as the whole value
    Word,
}

/// A macro in a text: bytes `start..end`, brackets included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub start: usize,
    pub end: usize,
    pub style: MacroStyle,
    /// What is inside the brackets, without blanks around and without backslashes.
    pub name: String,
    /// Whether Clickback fills it: [`parse_ours`] knows it and it is in double braces.
    pub ours: bool,
}

/// A macro that Clickback fills for a lead.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OurMacro {
    /// `tracker.clickid`
    Clickid,
    /// `tracker.KEY`: a parameter of the lead's click
    Tracker(String),
    /// `fields.KEY`: a custom field of the lead
    Field(String),
    /// `lead.name` or `name`
    LeadName,
    /// `lead.id`
    LeadId,
}

/// Longer names are text that happens to stand in brackets.
const MAX_NAME: usize = 128;

/// Reads the inside of `{{…}}`. `None` if it is not one of ours.
///
/// `tracker.`, `fields.`, `lead.` and `clickid` are read in any case, so that `{{tracker.clickId}}` does not
/// silently become an empty parameter; field keys are lower-cased, as they are when created. The old
/// `chat.tracker.…` means `tracker.…`.
pub fn parse_ours(inside: &str) -> Option<OurMacro> {
    let inside = inside.trim();
    if inside.eq_ignore_ascii_case("name") {
        return Some(OurMacro::LeadName);
    }
    let (group, key) = inside.split_once('.')?;
    let is_key = |key: &str| {
        (1..=64).contains(&key.len())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let tracker = |key: &str| {
        if key.eq_ignore_ascii_case("clickid") {
            return Some(OurMacro::Clickid);
        }
        is_key(key).then(|| OurMacro::Tracker(key.to_owned()))
    };
    if group.eq_ignore_ascii_case("tracker") {
        tracker(key)
    } else if group.eq_ignore_ascii_case("fields") {
        is_key(key).then(|| OurMacro::Field(key.to_ascii_lowercase()))
    } else if group.eq_ignore_ascii_case("lead") {
        match key {
            "name" => Some(OurMacro::LeadName),
            "id" => Some(OurMacro::LeadId),
            _ => None,
        }
    } else if group.eq_ignore_ascii_case("chat") {
        let (group, key) = key.split_once('.')?;
        if group.eq_ignore_ascii_case("tracker") {
            tracker(key)
        } else {
            None
        }
    } else {
        None
    }
}

/// The guard: whether a value is a macro that nobody filled in.
///
/// `raw` is the text before decoding, `value` after. Brace macros count anywhere (`x{sub1}y`,
/// `{amount}USD`, also percent-encoded once too often); the other styles only as the whole value, blanks
/// and stray backslashes around aside. A GUID in braces is an id, JSON text is no macro.
///
/// `%date%` is looked for in the raw text as well, where decoding eats `%da`: a `%` at the very end
/// starts no escape, so `%name%` as a whole is never an encoded text, while `%de%ad` is.
pub fn unexpanded(raw: &str, value: &str) -> Option<MacroStyle> {
    let of_value = unexpanded_text(value);
    if of_value.is_some() || raw == value {
        return of_value;
    }
    unexpanded_text(raw.trim_matches(|c: char| c == '+' || c.is_whitespace()))
}

fn unexpanded_text(text: &str) -> Option<MacroStyle> {
    let whole = text.trim_matches(|c: char| c == '\\' || c.is_whitespace());
    let bytes = whole.as_bytes();
    let style = match bytes {
        b"REPLACE" | b"OPTIONAL" => Some(MacroStyle::Word),
        [b'#', inside @ .., b'#'] if is_name(inside) => Some(MacroStyle::Hash),
        [b'%', inside @ .., b'%'] if is_name(inside) => Some(MacroStyle::Percent),
        [b'[', b'[', b'[', inside @ .., b']', b']', b']'] if is_name(inside) => {
            Some(MacroStyle::TripleSquare)
        }
        [b'[', b'[', inside @ .., b']', b']'] | [b'[', inside @ .., b']'] if is_name(inside) => {
            Some(MacroStyle::Square)
        }
        _ => None,
    };
    if style.is_some() {
        return style;
    }
    let mut at = 0;
    while let Some(skip) = bytes
        .get(at..)?
        .iter()
        .position(|b| matches!(b, b'{' | b'%' | b'$'))
    {
        at += skip;
        if let Some(brace) = brace_at(bytes, at) {
            return Some(brace.style);
        }
        at += 1;
    }
    None
}

/// `[A-Za-z_][A-Za-z0-9_.:-]*`, blanks around aside; backslashes are allowed before `_` (`event\_id`).
fn is_name(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    text.len() <= MAX_NAME
        && (first.is_ascii_alphabetic() || *first == b'_')
        && rest.iter().all(|byte| is_name_byte(*byte))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:-\\".contains(&byte)
}

/// A macro in braces: where it ends and where its inside is.
pub(crate) struct Brace {
    pub(crate) end: usize,
    pub(crate) style: MacroStyle,
    inside: (usize, usize),
}

/// Length of `{` or `%7B` at this place; 0 if there is none.
fn opening(text: &[u8], at: usize) -> usize {
    token(text, at, b'{', b"%7b")
}

fn closing(text: &[u8], at: usize) -> usize {
    token(text, at, b'}', b"%7d")
}

fn token(text: &[u8], at: usize, plain: u8, encoded: &[u8]) -> usize {
    match text.get(at) {
        Some(byte) if *byte == plain => 1,
        Some(b'%')
            if text
                .get(at..at + 3)
                .is_some_and(|t| t.eq_ignore_ascii_case(encoded)) =>
        {
            3
        }
        _ => 0,
    }
}

/// The brace macro that starts exactly here.
pub(crate) fn brace_at(text: &[u8], at: usize) -> Option<Brace> {
    let dollar = usize::from(text.get(at) == Some(&b'$'));
    let first = opening(text, at + dollar);
    if first == 0 {
        return None;
    }
    let mut start = at + dollar + first;
    let second = opening(text, start);
    let double = dollar == 0 && second > 0;
    if double {
        start += second;
    }
    let mut end = start;
    while text
        .get(end)
        .is_some_and(|byte| is_name_byte(*byte) || b" ,|/".contains(byte))
    {
        end += 1;
    }
    let inside = text.get(start..end)?;
    let name = inside.trim_ascii();
    let is_macro = name.len() <= MAX_NAME
        && name
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && !name.contains(&b' ')
        && !is_guid(name);
    if !is_macro {
        return None;
    }
    let close = closing(text, end);
    if close == 0 {
        return None;
    }
    let mut after = end + close;
    let style = match (dollar, double) {
        (1, _) => MacroStyle::DollarBrace,
        (_, false) => MacroStyle::Brace,
        (_, true) => {
            let close = closing(text, after);
            if close == 0 {
                return None;
            }
            after += close;
            MacroStyle::DoubleBrace
        }
    };
    Some(Brace {
        end: after,
        style,
        inside: (start, end),
    })
}

/// 8-4-4-4-12 hexadecimal digits, or 32 of them: an id that some systems put in braces.
fn is_guid(name: &[u8]) -> bool {
    let dashed = name.len() == 36
        && name.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    dashed || name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit)
}

/// All macros of a template text in order, partners' of any style and ours; they never overlap.
///
/// Percent escapes (`%D0%BE`), array names (`utm[source]`), IPv6 hosts and a lone `#` are no macros.
/// `REPLACE` and `OPTIONAL` count as the whole value of a parameter.
pub fn find(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hit = match bytes[at] {
            b'{' | b'$' => brace(bytes, at),
            b'%' => brace(bytes, at).or_else(|| percent(bytes, at)),
            b'#' => hash(bytes, at),
            b'[' => square(bytes, at),
            b'R' | b'O' => word(bytes, at),
            _ => None,
        };
        let Some((end, style, (from, to))) = hit else {
            at += 1;
            continue;
        };
        let name = text
            .get(from..to)
            .unwrap_or_default()
            .trim()
            .replace('\\', "");
        let ours = style == MacroStyle::DoubleBrace && parse_ours(&name).is_some();
        found.push(Found {
            start: at,
            end,
            style,
            name,
            ours,
        });
        at = end;
    }
    found
}

/// How a macro is written, as a pattern for others of the same partner: `[[[x]]]` is `[[[macro]]]`. `None` if
/// the text is not one macro.
pub fn pattern_of(text: &str) -> Option<String> {
    let text = text.trim();
    match find(text).as_slice() {
        [only] if only.start == 0 && only.end == text.len() && only.style != MacroStyle::Word => {
            Some(text.replace('\\', "").replacen(&only.name, "macro", 1))
        }
        _ => None,
    }
}

/// End, style, and the range of the inside.
type Hit = (usize, MacroStyle, (usize, usize));

fn brace(text: &[u8], at: usize) -> Option<Hit> {
    brace_at(text, at).map(|brace| (brace.end, brace.style, brace.inside))
}

/// Where the name that starts here ends; `None` if there is no name.
fn name_end(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let len = rest
        .iter()
        .position(|byte| !is_name_byte(*byte))
        .unwrap_or(rest.len());
    is_name(&rest[..len]).then_some(start + len)
}

fn percent(text: &[u8], at: usize) -> Option<Hit> {
    let is_escape = |at: usize| {
        text.get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    let end = name_end(text, at + 1)?;
    if text.get(end) != Some(&b'%') || is_escape(at) && is_escape(end) {
        return None;
    }
    Some((end + 1, MacroStyle::Percent, (at + 1, end)))
}

fn hash(text: &[u8], at: usize) -> Option<Hit> {
    let end = name_end(text, at + 1)?;
    (text.get(end) == Some(&b'#')).then_some((end + 1, MacroStyle::Hash, (at + 1, end)))
}

fn square(text: &[u8], at: usize) -> Option<Hit> {
    let before = &text[..at];
    let is_index = before
        .last()
        .is_some_and(|b| b.is_ascii_alphanumeric() || b"_]".contains(b));
    if is_index || before.ends_with(b"//") || before.ends_with(b"@") {
        return None;
    }
    let open = text[at..]
        .iter()
        .take(3)
        .take_while(|byte| **byte == b'[')
        .count();
    let start = at + open;
    let end = name_end(text, start)?;
    let close = text[end..]
        .iter()
        .take(open)
        .take_while(|byte| **byte == b']')
        .count();
    if close < open {
        return None;
    }
    let style = if open == 3 {
        MacroStyle::TripleSquare
    } else {
        MacroStyle::Square
    };
    Some((end + open, style, (start, end)))
}

fn word(text: &[u8], at: usize) -> Option<Hit> {
    if at > 0 && text[at - 1] != b'=' {
        return None;
    }
    let rest = &text[at..];
    let len = [&b"REPLACE"[..], b"OPTIONAL"]
        .into_iter()
        .find(|w| rest.starts_with(w))?
        .len();
    let ends = matches!(rest.get(len), None | Some(b'&' | b'#'));
    ends.then_some((at + len, MacroStyle::Word, (at, at + len)))
}

#[cfg(test)]
mod tests;
