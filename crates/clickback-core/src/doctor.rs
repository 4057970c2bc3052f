//! The postback doctor: what a pasted address is, what is wrong with it, and the same as our postback URL.
//! Finding the address is in `find`, names and words in `names`, the checks in `check`, conversion in `convert`.

use crate::macros::{self, MacroStyle};
use crate::params::{Notes, Param, Params, Place};
use crate::postback::{MAX_PARAMS, is_parameter_name};
use crate::rules::Ruleset;

pub use self::code::{Problem, ProblemCode, Severity};
use self::find::Pieces;
use self::names::Role;

mod check;
mod code;
mod convert;
mod find;
mod names;

/// What was found in a pasted text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examination {
    /// The URL inside the text, or the query with a `?` in front; JSON is written as a query. What a
    /// copied text does to a link is undone where it would cut the link (line breaks, blanks).
    pub address: String,
    pub kind: AddressKind,
    /// The partner's macro style, the most frequent one; our own macros do not count.
    pub style: Option<MacroStyle>,
    /// Whether there are macros that somebody is still to fill. A log line has none: a macro in it
    /// was left unfilled.
    pub is_template: bool,
    /// Every parameter in order.
    pub parts: Vec<Part>,
    /// Worst first.
    pub problems: Vec<Problem>,
    /// The same as our postback URL; for a registration link the link itself, put right.
    pub converted: Option<String>,
}

/// What an address is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddressKind {
    /// By its path or its `tracker.*` parameters. `uuid` is `None` where the path has none.
    OurPostback { uuid: Option<String> },
    /// A partner's link for leads, with our clickid macro or with the parameter that should carry it;
    /// also any other page whose parameters nobody uses in a postback.
    RegistrationLink,
    /// The postback of another tracker or network, which it is if that can be told.
    Foreign { looks_like: Option<&'static str> },
    /// The text has no address.
    NothingFound,
}

/// One parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// As written, without what copying added around it.
    pub name: String,
    /// Our name for it: `clickid`, `tracker.cost`, `fields.user_id` …
    pub canonical: Option<String>,
    /// The value as written, before decoding.
    pub raw: String,
    pub meaning: Meaning,
    /// Set where the value is, or holds, a macro.
    pub macro_style: Option<MacroStyle>,
}

/// What a parameter says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    Clickid,
    Event,
    /// The player's money.
    Amount,
    Currency,
    /// What we earn.
    Payout,
    Tid,
    Status,
    Time,
    /// The key of the custom field.
    Field(String),
    Secret,
    /// Looks like one of our names but is none.
    Unknown,
    /// Something of the partner's own.
    Other,
}

impl Meaning {
    fn of(canonical: Option<&str>) -> Self {
        match canonical {
            Some("clickid") => Meaning::Clickid,
            Some("tracker.event") => Meaning::Event,
            Some("tracker.cost") => Meaning::Amount,
            Some("tracker.currency" | "tracker.payout_currency") => Meaning::Currency,
            Some("tracker.payout") => Meaning::Payout,
            Some("tracker.tid") => Meaning::Tid,
            Some("tracker.status") => Meaning::Status,
            Some("tracker.time") => Meaning::Time,
            Some("secret") => Meaning::Secret,
            Some(other) => match other.strip_prefix("fields.") {
                Some(key) => Meaning::Field(key.to_owned()),
                None => Meaning::Unknown,
            },
            None => Meaning::Other,
        }
    }
}

/// Where the integration's postbacks go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PostbackAddress<'a> {
    /// With scheme and host, with or without a slash at the end.
    pub public_url: &'a str,
    pub uuid: &'a str,
    /// The partner's macro for the clickid, like `{sub4}`; may be empty.
    pub clickid_macro: &'a str,
}

/// A parameter while it is looked at.
struct Item {
    part: Part,
    /// The value for a template: macros plain, everything else decoded, no blanks around.
    value: String,
    role: Option<Role>,
    /// A broken escape or not UTF-8.
    broken: bool,
    /// Blanks or backslashes that do not belong there.
    stray: bool,
    /// The brackets of the macro are percent-encoded.
    encoded: bool,
    /// Holds a macro of ours.
    ours: bool,
}

impl Item {
    fn new(param: &Param<'_>, rules: &Ruleset) -> Self {
        let style = macros::unexpanded(&param.raw, &param.value);
        let text = if style == Some(MacroStyle::Percent) {
            &param.raw
        } else {
            &param.value
        };
        let (value, ours) = plain(text.trim());
        let raw = param.raw.to_ascii_lowercase();
        let encoded = style.is_some()
            && ["%7b", "%257b", "%5b", "%23"]
                .iter()
                .any(|bracket| raw.contains(bracket));
        let role = names::role(&param.name, rules);
        Self {
            part: Part {
                name: param.name.clone().into_owned(),
                canonical: None,
                raw: param.raw.clone().into_owned(),
                meaning: Meaning::Other,
                macro_style: style,
            },
            value,
            role,
            broken: param.broken && style.is_none(),
            stray: param.value.trim().len() != param.value.len() || param.raw.contains('\\'),
            encoded,
            ours,
        }
    }

    fn canonical(&self) -> Option<&str> {
        self.role.as_ref().map(|role| role.canonical.as_ref())
    }

    /// Whether a postback with this name is understood as it is, without translating it.
    fn is_read(&self) -> bool {
        self.role.as_ref().is_some_and(|role| role.is_read)
    }

    /// The value where it is no macro.
    fn constant(&self) -> Option<&str> {
        (self.part.macro_style.is_none() && !self.value.is_empty()).then_some(&self.value)
    }

    /// A macro that somebody can fill: not `REPLACE`.
    fn is_macro(&self) -> bool {
        self.part
            .macro_style
            .is_some_and(|style| style != MacroStyle::Word)
    }

    /// For a sentence: `name=value`, only the name of a secret.
    fn subject(&self) -> String {
        if self.canonical() == Some("secret") || names::is_secret(&self.part.name) {
            return self.part.name.clone();
        }
        let text = format!("{}={}", self.part.name, self.part.raw);
        code::excerpt(&text)
    }
}

/// Writes macros in their plain form: no encoded brackets, blanks or backslashes. True if one is ours.
fn plain(text: &str) -> (String, bool) {
    let mut value = String::with_capacity(text.len());
    let mut at = 0;
    let mut ours = false;
    for found in macros::find(text) {
        value.push_str(&text[at..found.start]);
        let (open, close) = match found.style {
            MacroStyle::Brace => ("{", "}"),
            MacroStyle::DoubleBrace => ("{{", "}}"),
            MacroStyle::DollarBrace => ("${", "}"),
            _ => ("", ""),
        };
        if open.is_empty() {
            value.push_str(&text[found.start..found.end]);
        } else {
            value.extend([open, &found.name, close]);
        }
        // `{tracker.clickid}` is ours with a brace too few; no partner has dots after such a word.
        ours |= found.ours
            || found.style == MacroStyle::Brace
                && found.name.contains('.')
                && macros::parse_ours(&found.name).is_some();
        at = found.end;
    }
    value.push_str(&text[at..]);
    (value, ours)
}

/// Everything the checks and the conversion look at.
struct Case<'a> {
    items: Vec<Item>,
    notes: Notes,
    kind: AddressKind,
    pieces: Pieces<'a>,
    rules: &'a Ruleset,
    address: Option<PostbackAddress<'a>>,
    style: Option<MacroStyle>,
    is_template: bool,
    is_log: bool,
    too_many: bool,
    too_long: bool,
    had_blanks: bool,
    has_others: bool,
}

impl Case<'_> {
    /// The parameter under this name of ours; in our own postbacks only where it is read as such.
    fn get(&self, canonical: &str) -> Option<&Item> {
        let is_ours = matches!(self.kind, AddressKind::OurPostback { .. });
        self.items
            .iter()
            .filter(|item| item.canonical() == Some(canonical) && (!is_ours || item.is_read()))
            .min_by_key(|item| item.role.as_ref().map(|role| role.rank))
    }

    /// The parameter of the partner's links that this integration uses; empty if that is not known. A bot
    /// has its own.
    fn clickid_param(&self) -> &str {
        if matches!(self.pieces.host, "t.me" | "telegram.me") {
            return "";
        }
        &self.rules.clickid_param
    }

    /// As [`Case::get`], taking what only a translation would understand.
    fn get_any(&self, canonical: &str) -> Option<&Item> {
        self.items
            .iter()
            .filter(|item| item.canonical() == Some(canonical))
            .min_by_key(|item| item.role.as_ref().map(|role| role.rank))
    }
}

/// Looks at a pasted text: a partner's template, a sample URL, a line of a log.
///
/// `rules` are those of the integration it is meant for, and where that integration's postbacks go.
/// Without them one of our own postbacks keeps its address and anything else is converted to
/// `https://YOUR-DOMAIN/api/postbacks/YOUR-UUID/…`.
pub fn examine(text: &str, rules: Option<(&Ruleset, PostbackAddress<'_>)>) -> Examination {
    let default = Ruleset::default();
    let (rules, address) = match rules {
        Some((rules, address)) => (rules, Some(address)),
        None => (&default, None),
    };
    let Some(found) = find::address(text) else {
        let problem = Problem::new(ProblemCode::NothingFound, code::excerpt(text.trim()));
        return Examination {
            address: String::new(),
            kind: AddressKind::NothingFound,
            style: None,
            is_template: false,
            parts: Vec::new(),
            problems: vec![problem],
            converted: None,
        };
    };
    let pieces = Pieces::of(&found.text);
    let mut params = Params::new();
    let knows = |name: &str| names::role(name, rules).is_some();
    let too_many = params
        .add_urlencoded(pieces.query.as_bytes(), Place::Query, MAX_PARAMS, &knows)
        .is_err();
    let mut items: Vec<Item> = params
        .list
        .iter()
        .map(|param| Item::new(param, rules))
        .collect();
    let kind = kind(&pieces, &items, rules);
    match &kind {
        AddressKind::RegistrationLink => settle_link(&mut items, rules),
        kind => {
            if matches!(kind, AddressKind::Foreign { .. }) {
                for item in items.iter_mut().filter(|item| item.role.is_none()) {
                    item.role = names::role_of_macro(&item.value, rules);
                }
            }
            settle_postback(&mut items, rules);
        }
    }
    let has_macros = items.iter().any(|item| item.part.macro_style.is_some())
        || macros::find(pieces.before_query).iter().any(|m| m.ours);
    let is_sample = items
        .iter()
        .filter(|item| item.canonical() == Some("clickid"))
        .any(|item| item.constant().is_some_and(|id| looks_real(id, rules)));
    let case = Case {
        style: main_style(&items),
        is_template: has_macros && !found.is_log && !is_sample,
        is_log: found.is_log,
        notes: params.notes,
        too_many,
        too_long: found.was_cut,
        had_blanks: found.had_blanks,
        has_others: found.has_others,
        items,
        kind,
        pieces,
        rules,
        address,
    };
    let problems = check::problems(&case);
    let converted = convert::converted(&case);
    let Case {
        items,
        kind,
        style,
        is_template,
        ..
    } = case;
    let parts = items.into_iter().map(|item| item.part).collect();
    Examination {
        kind,
        style,
        is_template,
        parts,
        problems,
        converted,
        address: found.text,
    }
}

fn kind(pieces: &Pieces<'_>, items: &[Item], rules: &Ruleset) -> AddressKind {
    let has = |name: &str| items.iter().any(|item| item.part.name == name);
    let is_ours = |name: &str| name.starts_with("tracker.");
    let needs_translation = items
        .iter()
        .any(|item| item.role.is_some() && !item.is_read());
    let reads_like_ours = items.iter().any(|item| is_ours(&item.part.name))
        || pieces.host.is_empty() && !needs_translation && (has("clickid") || has_fields(items));
    if pieces.is_our_path() || reads_like_ours && !pieces.is_foreign_path() {
        return AddressKind::OurPostback {
            uuid: pieces.uuid().map(str::to_owned),
        };
    }
    let has_our_macro = macros::find(pieces.all()).iter().any(|found| found.ours);
    let is_page = !pieces.host.is_empty() && !pieces.is_foreign_path();
    let role_names = || items.iter().filter_map(Item::canonical);
    let carries_clickid = items
        .iter()
        .any(|item| names::is_link_slot(&item.part.name, rules));
    let is_link = has_our_macro
        || is_page
            && !role_names().any(|name| name.starts_with("tracker."))
            && (carries_clickid
                || pieces.is_sign_up()
                || has_fields(items)
                || role_names().next().is_none());
    if is_link {
        return AddressKind::RegistrationLink;
    }
    AddressKind::Foreign {
        looks_like: names::looks_like(pieces, items),
    }
}

fn has_fields(items: &[Item]) -> bool {
    items.iter().any(|item| {
        item.canonical()
            .is_some_and(|name| name.starts_with("fields."))
            && item.is_read()
    })
}

/// Gives every parameter of a postback its one meaning: of several that could be the clickid, the
/// likeliest is.
fn settle_postback(items: &mut [Item], rules: &Ruleset) {
    names::tell_events_from_statuses(items, rules);
    let mut best: Vec<(String, usize)> = Vec::new();
    for role in items.iter().filter_map(|item| item.role.as_ref()) {
        match best.iter_mut().find(|(name, _)| *name == role.canonical) {
            Some((_, rank)) => *rank = role.rank.min(*rank),
            None => best.push((role.canonical.to_string(), role.rank)),
        }
    }
    for item in items.iter_mut() {
        item.role = item.role.take().filter(|role| {
            role.is_read
                || best
                    .iter()
                    .any(|(name, rank)| *name == role.canonical && *rank == role.rank)
        });
        let canonical = item.canonical().map(str::to_owned);
        item.part.meaning = if names::is_secret(&item.part.name) {
            Meaning::Secret
        } else if canonical.is_none() && names::looks_like_ours(&item.part.name) {
            Meaning::Unknown
        } else {
            Meaning::of(canonical.as_deref())
        };
        item.part.canonical = canonical;
    }
}

/// In a link only the clickid means something, and fields do that cannot work there.
fn settle_link(items: &mut [Item], rules: &Ruleset) {
    let is_clickid = |item: &Item| item.ours && item.value.to_ascii_lowercase().contains("clickid");
    let carrier = items.iter().position(is_clickid).or_else(|| {
        let slot = |item: &Item| names::is_link_slot(&item.part.name, rules);
        let expected = |item: &Item| item.part.name == rules.clickid_param;
        let role = |item: &Item| item.canonical() == Some("clickid");
        items
            .iter()
            .position(expected)
            .or_else(|| items.iter().position(slot))
            .or_else(|| items.iter().position(role))
    });
    for (place, item) in items.iter_mut().enumerate() {
        item.role = match item.role.take() {
            _ if carrier == Some(place) => Some(Role::clickid()),
            Some(role) if role.is_read && role.canonical.starts_with("fields.") => Some(role),
            _ => None,
        };
        item.part.meaning = Meaning::of(item.canonical());
        item.part.canonical = item.canonical().map(str::to_owned);
    }
}

/// The most frequent style of the partner's macros; the first of equals.
fn main_style(items: &[Item]) -> Option<MacroStyle> {
    let mut counts: Vec<(MacroStyle, usize)> = Vec::new();
    for style in items
        .iter()
        .filter(|item| !item.ours)
        .filter_map(|item| item.part.macro_style)
    {
        match counts.iter_mut().find(|(known, _)| *known == style) {
            Some((_, count)) => *count += 1,
            None => counts.push((style, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts
        .iter()
        .find(|(_, count)| *count == most)
        .map(|(style, _)| *style)
}

/// An id that a tracker made, not a word somebody typed to try things.
fn looks_real(id: &str, rules: &Ruleset) -> bool {
    id.len() >= 8 && id.bytes().any(|byte| byte.is_ascii_digit()) && !is_parameter_name(id, rules)
}

#[cfg(test)]
mod tests;
