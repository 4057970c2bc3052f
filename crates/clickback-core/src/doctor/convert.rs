//! The same address as our postback URL, or a registration link put right.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{AddressKind, Case, Item, names};
use crate::event::EventName;
use crate::link::{self, PostbackTemplate};
use crate::macros::{self, MacroStyle};
use crate::postback::is_parameter_name;

/// The order in which our postback URLs are written, after event and clickid.
const ORDER: &[&str] = &[
    "tracker.cost",
    "tracker.currency",
    "tracker.payout",
    "tracker.payout_currency",
    "tracker.tid",
    "tracker.status",
    "tracker.time",
];

/// What stands in a parameter's name as it is.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'[')
    .remove(b']');

/// `None` where nothing can be converted.
pub(super) fn converted(case: &Case<'_>) -> Option<String> {
    match case.kind {
        AddressKind::RegistrationLink => link(case),
        AddressKind::Foreign { .. } | AddressKind::OurPostback { .. } => postback(case),
        AddressKind::NothingFound => None,
    }
}

fn postback(case: &Case<'_>) -> Option<String> {
    let is_ours = matches!(case.kind, AddressKind::OurPostback { .. });
    if !is_ours && case.items.iter().all(|item| item.canonical().is_none()) {
        return None;
    }
    let get = |canonical: &str| case.get(canonical).or_else(|| case.get_any(canonical));
    let event = get("tracker.event").map_or_else(
        || case.rules.rules.default_event.clone(),
        |item| event(case, item),
    );
    let mut params: Vec<(String, String)> = Vec::new();
    for name in ORDER {
        if let Some(item) = get(name).filter(|item| is_kept(item)) {
            params.push(((*name).to_owned(), item.value.clone()));
        }
    }
    for item in &case.items {
        let name = item.canonical();
        let is_extra = name.is_none() && is_ours && !names::looks_like_ours(&item.part.name);
        let is_kept_as = match name {
            Some(name) if name.starts_with("fields.") || is_ours && name == "secret" => Some(name),
            _ if is_extra => Some(item.part.name.as_str()),
            _ => None,
        };
        if let Some(name) = is_kept_as.filter(|_| is_kept(item)) {
            params.push((name.to_owned(), item.value.clone()));
        }
    }
    let (public_url, uuid) = target(case);
    Some(link::postback_url(&PostbackTemplate {
        public_url: &public_url,
        uuid: &uuid,
        event: &event,
        clickid: &clickid(case, get("clickid")),
        params: &params,
    }))
}

/// The integration's address, else the pasted one of ours, else words to be replaced.
fn target(case: &Case<'_>) -> (String, String) {
    if let Some(address) = case.address {
        return (address.public_url.to_owned(), address.uuid.to_owned());
    }
    let mut public_url = "https://YOUR-DOMAIN".to_owned();
    let mut id = "YOUR-UUID".to_owned();
    if let AddressKind::OurPostback { uuid } = &case.kind {
        if let Some(uuid) = uuid {
            id.clone_from(uuid);
        }
        if !case.pieces.host.is_empty() && case.pieces.is_our_path() {
            let host = case.pieces.host;
            let is_local = host.starts_with("localhost") || host.starts_with("127.");
            let scheme = if is_local {
                case.pieces.scheme
            } else {
                "https"
            };
            let scheme = if scheme.is_empty() { "https" } else { scheme };
            public_url = format!("{scheme}://{host}");
            // A server may live under a path.
            if let Some((before, _)) = case.pieces.path.split_once("/api/postbacks/") {
                public_url.push_str(before);
            }
        }
    }
    (public_url, id)
}

fn is_kept(item: &Item) -> bool {
    !item.value.is_empty() && item.part.macro_style != Some(MacroStyle::Word) && !item.ours
}

fn event(case: &Case<'_>, item: &Item) -> String {
    if !is_kept(item) {
        return String::new();
    }
    let Some(word) = item.constant().map(str::to_lowercase) else {
        return item.value.clone();
    };
    if let EventName::Other { .. } = case.rules.event(&word)
        && let Some(event) = names::event(&word)
    {
        return event.to_owned();
    }
    item.value.clone()
}

/// A macro stays; a parameter's name gets its brackets; what is no clickid gives way to the macro of
/// the integration, or to nothing, which the receiver will not accept silently.
fn clickid(case: &Case<'_>, item: Option<&Item>) -> String {
    let own = || {
        case.address
            .map_or("", |address| address.clickid_macro.trim())
            .to_owned()
    };
    let Some(item) = item.filter(|item| is_kept(item)) else {
        return own();
    };
    match item.constant() {
        Some(id) if is_parameter_name(id, case.rules) => {
            let pattern = match case.style {
                Some(MacroStyle::DoubleBrace) => "{{macro}}",
                Some(MacroStyle::DollarBrace) => "${macro}",
                Some(MacroStyle::Square) => "[macro]",
                Some(MacroStyle::TripleSquare) => "[[[macro]]]",
                Some(MacroStyle::Hash) => "#macro#",
                Some(MacroStyle::Percent) => "%macro%",
                _ => "{macro}",
            };
            link::macro_of(id, pattern)
        }
        _ => item.value.clone(),
    }
}

/// The link with our clickid in its parameter and without what cannot work there.
fn link(case: &Case<'_>) -> Option<String> {
    let carrier = case.get("clickid");
    let expected = case.clickid_param();
    let param = match (carrier, expected) {
        (Some(item), "") => &item.part.name,
        (None, "") => return None,
        (_, expected) => expected,
    };
    let base = if case.pieces.scheme.is_empty() {
        format!("https://{}", rebuilt(case, param))
    } else {
        rebuilt(case, param)
    };
    link::final_url(&base, param, &[]).ok().map(|link| link.url)
}

/// The link without fields and without our clickid in another parameter.
fn rebuilt(case: &Case<'_>, param: &str) -> String {
    let whole = case.pieces.all();
    let is_out = |item: &Item| {
        item.canonical().is_some_and(|name| {
            let is_unknown_macro =
                !item.ours && item.part.macro_style == Some(MacroStyle::DoubleBrace);
            let is_other = item.part.name != param || is_unknown_macro;
            name.starts_with("fields.") || name == "clickid" && is_other
        })
    };
    if !case.notes.second_question_mark && !case.items.iter().any(is_out) {
        return whole.to_owned();
    }
    let (before, rest) = whole.split_once('?').unwrap_or((whole, ""));
    let mut base = before.to_owned();
    let mut mark = '?';
    for item in case.items.iter().filter(|item| !is_out(item)) {
        base.push(mark);
        mark = '&';
        base.extend(utf8_percent_encode(&item.part.name, NAME));
        base.push('=');
        // What is no macro keeps the encoding it came with.
        let is_plain = macros::find(&item.part.raw).is_empty();
        base.push_str(if is_plain {
            &item.part.raw
        } else {
            &item.value
        });
    }
    base.push_str(rest.get(case.pieces.query.len()..).unwrap_or_default());
    base
}
