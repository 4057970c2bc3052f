//! What a good partner file holds: nothing that a later step would stumble over, no macro without a
//! source, samples for all that is ready.

use std::collections::BTreeSet;
use std::fmt;

use super::{Partner, PartnerKind, Role, SAMPLE_CLICKID, Sample};
use crate::event::{EventName, Kind, Status};
use crate::explain::Meaning;
use crate::field::check_key;
use crate::flag::Flag;
use crate::macros;
use crate::rules::{Ruleset, UrlForm};

/// Why a partner file was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerError {
    /// The line of the file, counted from 1, where one can be named.
    pub line: Option<usize>,
    pub reason: String,
}

impl fmt::Display for PartnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for PartnerError {}

/// What is wrong, and the text in the file that it is about.
struct Finding {
    about: String,
    reason: String,
}

type Checked = Result<(), Finding>;

fn wrong(about: impl Into<String>, reason: impl Into<String>) -> Checked {
    Err(Finding {
        about: about.into(),
        reason: reason.into(),
    })
}

pub(super) fn parse(text: &str) -> Result<Partner, PartnerError> {
    let partner: Partner = toml::from_str(text).map_err(|error| PartnerError {
        line: error
            .span()
            .map(|span| line_at(text, span.start.min(text.len()))),
        reason: error.message().trim().to_owned(),
    })?;
    check(&partner).map_err(|finding| PartnerError {
        line: text
            .find(&finding.about)
            .filter(|_| !finding.about.is_empty())
            .map(|at| line_at(text, at)),
        reason: finding.reason,
    })?;
    Ok(partner)
}

fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

fn check(partner: &Partner) -> Checked {
    identity(partner)?;
    sources(partner)?;
    macros_have_sources(partner)?;
    fields(partner)?;
    aliases(partner)?;
    events(partner)?;
    if partner.is_ready() {
        ready(partner)?;
    } else {
        soon(partner)?;
    }
    partner
        .samples
        .iter()
        .try_for_each(|sample| check_sample(partner, sample))
}

fn identity(partner: &Partner) -> Checked {
    let is_slug = |slug: &str| {
        !slug.is_empty()
            && slug
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !is_slug(&partner.slug) {
        return wrong(
            "slug",
            format!("slug `{}` must be a-z, 0-9 and -", partner.slug),
        );
    }
    if partner.name.trim().is_empty() {
        return wrong("name", "`name` is empty");
    }
    match &partner.runs_on {
        Some(platform) if !is_slug(platform) => wrong(
            "runs_on",
            format!("`runs_on = \"{platform}\"` must be the slug of a platform"),
        ),
        _ => Ok(()),
    }
}

fn sources(partner: &Partner) -> Checked {
    if partner.sources.is_empty() {
        return wrong("", "`sources` must say where the facts were seen");
    }
    let mut keys = BTreeSet::new();
    for source in &partner.sources {
        let key = &source.key;
        if !keys.insert(key) {
            return wrong(quoted(key), format!("two sources have the key `{key}`"));
        }
        if source.url.is_none() && source.text.is_none() {
            return wrong(
                quoted(key),
                format!("the source `{key}` needs a `url` or a `text`"),
            );
        }
        if let Some(url) = &source.url
            && !["https://", "http://"].iter().any(|s| url.starts_with(s))
        {
            return wrong(quoted(url), format!("`{url}` is no address"));
        }
    }
    for fact in &partner.macros {
        if !keys.contains(&fact.source) {
            return wrong(
                quoted(&fact.text),
                format!(
                    "the macro `{}` names the source `{}`, which is not in `sources`",
                    fact.text, fact.source
                ),
            );
        }
        let found = macros::find(&fact.text);
        if !matches!(found.as_slice(), [only] if only.start == 0 && only.end == fact.text.len()) {
            return wrong(
                quoted(&fact.text),
                format!("`{}` is not written like a macro", fact.text),
            );
        }
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Every macro that a URL of the integration would show was seen somewhere.
fn macros_have_sources(partner: &Partner) -> Checked {
    let mut used: Vec<&str> = Vec::new();
    for postback in &partner.postbacks {
        used.push(&postback.event);
        used.extend(postback.rules.params.iter().map(|(_, value)| &**value));
    }
    used.extend(
        partner
            .rules
            .field_mappings
            .iter()
            .map(|mapping| &*mapping.macro_text),
    );
    for text in used {
        for found in macros::find(text) {
            let found = &text[found.start..found.end];
            if !partner.macros.iter().any(|fact| fact.text == found) {
                return wrong(
                    quoted(text),
                    format!("the macro `{found}` is used but is not in `macros` with its source"),
                );
            }
        }
    }
    Ok(())
}

fn fields(partner: &Partner) -> Checked {
    let mut keys = BTreeSet::new();
    for field in &partner.fields {
        check_key(&field.key).map_err(|error| Finding {
            about: quoted(&field.key),
            reason: error.to_string(),
        })?;
        if !keys.insert(field.key.as_str()) {
            let reason = format!("the field `{}` is there twice", field.key);
            return wrong(quoted(&field.key), reason);
        }
    }
    let params = partner
        .postbacks
        .iter()
        .flat_map(|postback| &postback.rules.params)
        .map(|(name, _)| name);
    let of_names = params
        .chain(partner.rules.aliases.values())
        .filter_map(|name| Some((name.clone(), name.strip_prefix("fields.")?)));
    let of_keys = partner
        .rules
        .field_mappings
        .iter()
        .map(|mapping| &mapping.field)
        .chain(&partner.rules.player_field)
        .map(|key| (quoted(key), key.as_str()));
    match of_names.chain(of_keys).find(|(_, key)| !keys.contains(key)) {
        Some((about, key)) => wrong(
            about,
            format!("the field `{key}` is written but is not in `fields`"),
        ),
        None => Ok(()),
    }
}

/// Aliases lead to names that mean something.
fn aliases(partner: &Partner) -> Checked {
    let nobody = Ruleset::default();
    for (alias, name) in &partner.rules.aliases {
        if matches!(Meaning::of(name, &nobody), Meaning::Kept | Meaning::Secret) {
            return wrong(
                quoted(name),
                format!(
                    "the alias `{alias}` leads to `{name}`, which is no parameter of a postback"
                ),
            );
        }
    }
    Ok(())
}

/// Names that the partner's words and switches lead to are names of events.
fn events(partner: &Partner) -> Checked {
    let rules = &partner.rules;
    for event in &partner.events {
        if EventName::built_in(&event.name).is_some() || event.name != event.name.to_lowercase() {
            return wrong(
                format!("name = {}", quoted(&event.name)),
                format!(
                    "the custom event `{}` must be a new name in lower case",
                    event.name
                ),
            );
        }
    }
    let is_event = |name: &str| {
        EventName::built_in(name).is_some() || partner.events.iter().any(|event| event.name == name)
    };
    let means_event =
        |word: &str| is_event(word) || rules.events.get(word).is_some_and(|name| is_event(name));
    for (word, name) in &rules.events {
        if word.trim().to_lowercase() != *word {
            return wrong(
                word,
                format!("the word `{word}` must be written in lower case"),
            );
        }
        if !is_event(name) {
            return wrong(
                quoted(name),
                format!("`{word}` leads to `{name}`, which is neither built in nor in `events`"),
            );
        }
    }
    let implied = rules.event_params.values().chain(rules.amounts.keys());
    let default = Some(&rules.default_event).filter(|word| !word.is_empty());
    let own = partner
        .postbacks
        .iter()
        .map(|postback| &postback.event)
        .filter(|event| macros::find(event).is_empty());
    match implied
        .chain(default)
        .chain(own)
        .find(|word| !means_event(word))
    {
        Some(word) => wrong(
            word,
            format!("event `{word}` is neither built in nor in `events` or `rules.events`"),
        ),
        None => Ok(()),
    }
}

fn ready(partner: &Partner) -> Checked {
    if !partner.missing.is_empty() {
        return wrong(
            "missing",
            "a ready partner misses nothing: drop `missing` or be `soon`",
        );
    }
    if partner.postbacks.is_empty() {
        return wrong("readiness", "a ready partner needs `postbacks`");
    }
    if partner.samples.is_empty() {
        return wrong("readiness", "a ready partner needs `samples`");
    }
    let clickid = &partner.clickid;
    if partner.kind == PartnerKind::Tracker {
        return Ok(());
    }
    if !clickid.params.contains(&clickid.default) {
        return wrong(
            "[clickid]",
            "`clickid.default` must be one of `clickid.params`",
        );
    }
    if !clickid.pattern.contains("macro") || macros::find(&clickid.pattern).len() != 1 {
        return wrong(
            "pattern",
            "`clickid.pattern` must be a macro with the word `macro` in it, like {macro} or #macro#",
        );
    }
    if let Some(param) = clickid
        .macros
        .keys()
        .find(|param| !clickid.params.contains(param))
    {
        return wrong(
            "[clickid",
            format!("`clickid.macros` names `{param}`, which is not in `clickid.params`"),
        );
    }
    let macro_text = clickid.macro_for(&clickid.default);
    let has_source = partner
        .macros
        .iter()
        .any(|fact| fact.role == Role::Clickid && fact.text == macro_text);
    let says_nothing = |postback: &super::PartnerPostback| postback.rules.url != UrlForm::Macros;
    if !has_source && !partner.postbacks.iter().all(says_nothing) {
        return wrong(
            "[clickid]",
            format!("the clickid's macro `{macro_text}` is not in `macros` with its source"),
        );
    }
    Ok(())
}

fn soon(partner: &Partner) -> Checked {
    if partner.missing.is_empty() {
        return wrong(
            "readiness",
            "a partner that is `soon` must say what is `missing`",
        );
    }
    if !partner.postbacks.is_empty() || !partner.samples.is_empty() {
        return wrong(
            "readiness",
            "a partner that is `soon` has no `postbacks` and no `samples`: they would be invented",
        );
    }
    Ok(())
}

fn check_sample(partner: &Partner, sample: &Sample) -> Checked {
    let about = if sample.query.is_empty() {
        "[[samples]]"
    } else {
        &sample.query
    };
    let verdict = sample.verdict.as_deref().unwrap_or("accepted");
    if !["accepted", "updated", "duplicate", "unmatched", "rejected"].contains(&verdict) {
        return wrong(about, format!("`{verdict}` is no verdict"));
    }
    let makes_event = !matches!(verdict, "unmatched" | "rejected");
    match sample.kind.as_deref() {
        None if makes_event => return wrong(about, "the sample does not say its `kind`"),
        Some(kind) if Kind::from_code(kind).is_none() => {
            return wrong(about, format!("`{kind}` is no kind of event"));
        }
        _ => {}
    }
    if let Some(flag) = sample
        .flags
        .iter()
        .find(|flag| Flag::from_code(flag).is_none())
    {
        return wrong(about, format!("`{flag}` is no flag"));
    }
    if let Some(status) = sample.status.as_deref()
        && Status::from_code(status).is_none()
    {
        return wrong(about, format!("`{status}` is no status"));
    }
    if let Some(key) = sample
        .fields
        .keys()
        .find(|key| partner.fields.iter().all(|field| field.key != **key))
    {
        return wrong(
            about,
            format!("the sample expects the field `{key}`, which is not in `fields`"),
        );
    }
    let parts = [&sample.query, sample.body.as_ref().unwrap_or(&sample.query)];
    if makes_event && !parts.iter().any(|part| part.contains(SAMPLE_CLICKID)) {
        return wrong(
            about,
            format!("the sample must carry the clickid {SAMPLE_CLICKID}"),
        );
    }
    Ok(())
}
