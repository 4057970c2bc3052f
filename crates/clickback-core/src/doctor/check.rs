//! What is missing or wrong in an address.

use super::code::{Problem, ProblemCode as Code, excerpt};
use super::{AddressKind, Case, Item, Meaning, names};
use crate::currency::Currency;
use crate::event::EventName;
use crate::macros::{self, MacroStyle};
use crate::money::{AmountReading, read_amount};
use crate::postback::{is_parameter_name, is_usable_id};
use crate::rules::{Mode, TidMeaning};

/// Everything that is wrong, worst first.
pub(super) fn problems(case: &Case<'_>) -> Vec<Problem> {
    let mut found = Findings(Vec::new());
    if case.kind == AddressKind::RegistrationLink {
        link(case, &mut found);
    } else {
        clickid(case, &mut found);
        let event = event(case, &mut found);
        money(case, event.as_ref(), &mut found);
        tid(case, event.as_ref(), &mut found);
        values(case, &mut found);
        names_that_are_not_read(case, &mut found);
        doubles(case, &mut found);
    }
    spelling(case, &mut found);
    surroundings(case, &mut found);
    let Findings(mut problems) = found;
    problems.sort_by_key(|problem| (problem.severity, problem.code));
    problems
}

struct Findings(Vec<Problem>);

impl Findings {
    fn add(&mut self, code: Code, subject: impl Into<String>) {
        self.0.push(Problem::new(code, subject));
    }

    fn add_if(&mut self, condition: bool, code: Code, item: &Item) {
        if condition {
            self.add(code, item.subject());
        }
    }
}

/// A postback's clickid.
fn clickid(case: &Case<'_>, found: &mut Findings) {
    let Some(item) = case.get("clickid") else {
        return found.add(Code::MissingClickid, "clickid");
    };
    if item.ours {
        return;
    }
    if let Some(id) = item.constant() {
        if is_parameter_name(id, case.rules) {
            found.add(Code::ClickidIsName, item.subject());
        } else if !is_usable_id(id) {
            found.add(Code::MissingClickid, item.subject());
        } else if case.is_template {
            found.add(Code::ConstantClickid, item.subject());
        }
        return;
    }
    if !item.is_macro() {
        return found.add(Code::MissingClickid, item.subject());
    }
    let expected = case
        .address
        .map_or("", |address| address.clickid_macro.trim());
    let differs = !expected.is_empty() && !expected.eq_ignore_ascii_case(&item.value);
    found.add_if(case.is_template && differs, Code::ClickidMismatch, item);
}

/// The event, where it is a constant that can be read or translated.
fn event(case: &Case<'_>, found: &mut Findings) -> Option<EventName> {
    let is_foreign = matches!(case.kind, AddressKind::Foreign { .. });
    let Some(item) = case.get("tracker.event") else {
        if let Some(event) = implied_event(case) {
            return Some(event);
        }
        found.add(Code::MissingEvent, "tracker.event");
        let other = case.get_any("tracker.event")?.constant()?;
        return EventName::built_in(names::event(&other.to_lowercase())?);
    };
    let Some(word) = item.constant() else {
        if !item.is_macro() {
            found.add(Code::MissingEvent, item.subject());
        } else if case.is_template && case.rules.rules.events.is_empty() {
            found.add(Code::EventFromMacro, item.subject());
        }
        return None;
    };
    let word = word.to_lowercase();
    let known = case.rules.event(&word);
    if !matches!(known, EventName::Other { .. }) {
        return Some(known);
    }
    let translated = names::event(&word).and_then(EventName::built_in);
    if names::is_placeholder(&word) {
        found.add(Code::PlaceholderEvent, word);
    } else if let (true, Some(event)) = (is_foreign, &translated) {
        found.add(Code::WordTranslated, format!("{word} → {}", event.as_str()));
    } else {
        found.add(Code::UnknownEvent, excerpt(&word));
    }
    Some(translated.unwrap_or(known))
}

/// The event that the integration's rules know of without being told: by a parameter of its own, or
/// because there is only one.
fn implied_event(case: &Case<'_>) -> Option<EventName> {
    let rules = &case.rules.rules;
    let by_parameter = case
        .items
        .iter()
        .find_map(|item| rules.event_params.get(&item.part.name));
    let default = Some(&rules.default_event).filter(|word| !word.is_empty());
    by_parameter.or(default).map(|word| case.rules.event(word))
}

fn money(case: &Case<'_>, event: Option<&EventName>, found: &mut Findings) {
    let cost = case.get("tracker.cost").filter(|item| has_value(item));
    let payout = case.get("tracker.payout").filter(|item| has_value(item));
    let currency = case.get("tracker.currency").filter(|item| has_value(item));
    let configuration = event.and_then(|event| case.rules.configurations.get(event.as_str()));
    let fixed = configuration
        .and_then(|configuration| configuration.currency)
        .or(case.rules.rules.currency);

    let rejected = case
        .get("tracker.status")
        .and_then(Item::constant)
        .is_some_and(|word| {
            case.rules.status(&word.to_lowercase()) == Some(crate::event::Status::Rejected)
        });
    let carrier = event.and_then(|event| case.rules.rules.amounts.get(event.as_str()));
    let has_carrier = case
        .items
        .iter()
        .any(|item| carrier == Some(&item.part.name) && has_value(item));
    let is_missed = cost.is_none() && !has_carrier && !rejected;
    if is_missed && event.is_some_and(EventName::expects_amount) {
        found.add(Code::AmountMissing, event.map_or("", EventName::as_str));
    }
    let named = currency.and_then(Item::constant);
    if let Some(item) = cost.or(payout)
        && currency.is_none()
        && fixed.is_none()
    {
        found.add(Code::CurrencyMissing, item.subject());
    }
    if let (Some(item), Some(code)) = (currency, named) {
        let known = Currency::new(code).is_some_and(Currency::is_known);
        found.add_if(!known, Code::CurrencyUnknown, item);
    }
    let currency = named.and_then(Currency::new).or(fixed);
    for item in [cost, payout].into_iter().flatten() {
        let Some(text) = item.constant() else {
            continue;
        };
        let is_cost = item.canonical() == Some("tracker.cost");
        match read_amount(text, currency) {
            AmountReading::Unreadable => found.add(Code::AmountUnreadable, item.subject()),
            AmountReading::Reinterpreted(_) => found.add(Code::AmountReinterpreted, item.subject()),
            AmountReading::Plain(amount) if amount.is_negative() => {
                let is_deposit = event.is_some_and(|event| {
                    matches!(
                        event,
                        EventName::Sale | EventName::Resale | EventName::Deposit
                    )
                });
                found.add_if(is_cost && is_deposit, Code::AmountNegative, item);
            }
            AmountReading::Plain(_) | AmountReading::Blank => {}
        }
        found.add_if(is_cost && is_set_up(case), Code::ConstantAmount, item);
    }
    let of_redtrack = case.kind
        == AddressKind::Foreign {
            looks_like: Some("RedTrack"),
        };
    if let Some(item) = cost {
        let doubtful =
            names::is_payout_macro(&item.value) || of_redtrack && item.part.name == "sum";
        found.add_if(doubtful, Code::PayoutOrDeposit, item);
    }
    if let Some(item) = payout {
        let doubtful = item.is_macro() && names::is_deposit_macro(&item.value);
        found.add_if(doubtful, Code::PayoutOrDeposit, item);
    }
}

fn tid(case: &Case<'_>, event: Option<&EventName>, found: &mut Findings) {
    let item = case.get("tracker.tid").filter(|item| has_value(item));
    let usable = item.filter(|item| item.constant().is_none_or(is_usable_id));
    let from_macro = event.is_none() && case.get("tracker.event").is_some_and(Item::is_macro);
    let repeats = match event {
        Some(event) => {
            matches!(event, EventName::Resale | EventName::Deposit)
                && case.rules.mode(event) == Mode::ByTid
        }
        None => from_macro,
    };
    let is_click = case.rules.rules.tid_means == TidMeaning::Click;
    if repeats && (usable.is_none() || is_click) {
        let subject = event.map_or("tracker.tid", EventName::as_str);
        found.add(Code::NoTid, subject);
    }
    let Some(item) = usable else {
        return;
    };
    found.add_if(
        is_set_up(case) && item.constant().is_some(),
        Code::ConstantTid,
        item,
    );
    let is_clickid = case
        .get("clickid")
        .is_some_and(|clickid| clickid.value.eq_ignore_ascii_case(&item.value));
    found.add_if(is_clickid, Code::TidIsClickid, item);
}

/// Things that can be wrong with any value of a postback.
fn values(case: &Case<'_>, found: &mut Findings) {
    let is_foreign = matches!(case.kind, AddressKind::Foreign { .. });
    for item in &case.items {
        if item.ours {
            found.add(Code::OurMacroInPostback, item.subject());
            continue;
        }
        let means_something = item.canonical().is_some();
        let is_unfilled = item.part.macro_style.is_some() && !case.is_template;
        found.add_if(means_something && is_unfilled, Code::MacroUnexpanded, item);
        found.add_if(case.is_template && item.encoded, Code::MacroEncoded, item);
        let name = item.canonical().unwrap_or_default();
        let is_reserved = name == "clickid" || name.starts_with("tracker.");
        found.add_if(item.broken && is_reserved, Code::BadEncoding, item);
        if let Some(key) = name.strip_prefix("fields.")
            && (item.is_read() || is_foreign)
            && case.address.is_some()
            && !case.rules.fields.contains_key(key)
        {
            found.add(Code::FieldUnknown, excerpt(key));
        }
    }
    if let Some(item) = case.get("tracker.status")
        && let Some(word) = item.constant()
        && case.rules.status(&word.to_lowercase()).is_none()
    {
        found.add(Code::StatusUnknown, item.subject());
    }
}

/// Names in our own postbacks that look useful but are not read.
fn names_that_are_not_read(case: &Case<'_>, found: &mut Findings) {
    if !matches!(case.kind, AddressKind::OurPostback { .. }) {
        return;
    }
    for item in &case.items {
        let is_misspelt = match item.canonical() {
            // The country in a parameter of its own does no harm.
            Some(name) => {
                !item.is_read() && !name.starts_with("fields.") && case.get(name).is_none()
            }
            None => names::looks_like_ours(&item.part.name),
        };
        if is_misspelt {
            found.add(Code::UnknownParameter, excerpt(&item.part.name));
        }
    }
}

/// One meaning, several values.
fn doubles(case: &Case<'_>, found: &mut Findings) {
    let mut seen: Vec<&Item> = Vec::new();
    for item in &case.items {
        let Some(name) = item.canonical() else {
            continue;
        };
        let is_ours = matches!(case.kind, AddressKind::OurPostback { .. });
        if name.starts_with("fields.") || is_ours && !item.is_read() {
            continue;
        }
        let Some(first) = seen.iter().find(|first| first.canonical() == Some(name)) else {
            seen.push(item);
            continue;
        };
        if first.value == item.value {
            continue;
        }
        let same_name = first.part.name == item.part.name;
        let code = if same_name {
            Code::ConflictingValues
        } else {
            Code::AliasConflict
        };
        found.add(code, item.subject());
    }
}

/// A registration link.
fn link(case: &Case<'_>, found: &mut Findings) {
    let carrier = case.get("clickid");
    let outside = macros::find(case.pieces.all())
        .iter()
        .any(|m| m.ours && m.name.to_ascii_lowercase().ends_with("clickid"));
    match carrier {
        None if !outside => {
            let expected = case.clickid_param();
            let subject = if expected.is_empty() {
                "clickid"
            } else {
                expected
            };
            found.add(Code::MissingClickid, subject);
        }
        None => {}
        Some(item) if item.ours => {
            let is_single = item.part.macro_style == Some(MacroStyle::Brace);
            found.add_if(is_single, Code::SingleBraces, item);
            let expected = case.clickid_param();
            let differs = !expected.is_empty() && item.part.name != expected;
            found.add_if(differs, Code::ClickidMismatch, item);
        }
        Some(item) if item.is_macro() => found.add(Code::PartnerMacroInLink, item.subject()),
        Some(item) => match item.constant() {
            Some(id) if is_parameter_name(id, case.rules) => {
                found.add(Code::ClickidIsName, item.subject());
            }
            Some(_) => found.add(Code::ConstantClickid, item.subject()),
            None => found.add(Code::MissingClickid, item.subject()),
        },
    }
    for item in &case.items {
        let is_field = item
            .canonical()
            .is_some_and(|name| name.starts_with("fields."));
        found.add_if(is_field, Code::FieldsInLink, item);
        found.add_if(item.ours && item.encoded, Code::MacroEncoded, item);
    }
}

/// How the address is written.
fn spelling(case: &Case<'_>, found: &mut Findings) {
    let address = case.pieces.all();
    if case.notes.html_entity || address.contains("&amp;") {
        let is_amp = address.contains("amp;");
        found.add(Code::HtmlEntity, if is_amp { "&amp;" } else { "¤cy" });
    }
    if case.notes.second_question_mark {
        found.add(Code::SecondQuestionMark, "?");
    }
    if let Some(item) = case.items.iter().find(|item| item.stray) {
        found.add(Code::StrayCharacters, item.subject());
    } else if case.notes.stray_characters || case.had_blanks || address.contains('\\') {
        let subject = if address.contains('\\') { "\\" } else { "␣" };
        found.add(Code::StrayCharacters, subject);
    }
    let mut styles: Vec<MacroStyle> = Vec::new();
    for item in case
        .items
        .iter()
        .filter(|item| !item.ours && item.is_macro())
    {
        if let Some(style) = item.part.macro_style
            && !styles.contains(&style)
        {
            if styles.len() == 1 {
                found.add(Code::MixedStyles, item.subject());
            }
            styles.push(style);
        }
    }
    let host = case.pieces.host.split(':').next().unwrap_or_default();
    let is_local = host == "localhost" || host.starts_with("127.");
    if case.pieces.scheme.eq_ignore_ascii_case("http") && !is_local {
        found.add(Code::PlainHttp, excerpt(case.pieces.host));
    }
    if case.too_many {
        found.add(Code::TooManyParameters, "");
    }
    if case.has_others {
        found.add(Code::SeveralAddresses, excerpt(case.pieces.all()));
    }
    if case.too_long {
        found.add(Code::TooLong, "");
    }
}

/// Whose address it is, and what it gives away.
fn surroundings(case: &Case<'_>, found: &mut Findings) {
    for item in &case.items {
        let shows = item.part.meaning == Meaning::Secret && item.constant().is_some();
        found.add_if(
            shows && (case.is_log || !case.is_template),
            Code::SecretExposed,
            item,
        );
    }
    let (AddressKind::OurPostback { uuid }, Some(address)) = (&case.kind, case.address) else {
        return;
    };
    let host = address
        .public_url
        .split_once("://")
        .map_or(address.public_url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let other_host = !case.pieces.host.is_empty() && !case.pieces.host.eq_ignore_ascii_case(host);
    let other_uuid = uuid
        .as_deref()
        .filter(|uuid| !uuid.eq_ignore_ascii_case(address.uuid));
    if other_host {
        found.add(Code::OtherAddress, excerpt(case.pieces.host));
    } else if let Some(uuid) = other_uuid {
        found.add(Code::OtherAddress, uuid);
    }
}

/// Meant to be pasted at a partner: with macros, or with names where macros belong.
fn is_set_up(case: &Case<'_>) -> bool {
    let is_name = |id: &str| is_parameter_name(id, case.rules);
    let clickid = case.get("clickid").and_then(Item::constant);
    case.is_template || !case.is_log && clickid.is_some_and(is_name)
}

/// Not empty, and not `REPLACE`, which stands for nothing.
fn has_value(item: &Item) -> bool {
    !item.value.is_empty() && item.part.macro_style != Some(MacroStyle::Word)
}
