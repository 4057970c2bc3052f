//! The reading of each reserved value: ids, names, money, status, time; what is odd becomes a flag.

use std::borrow::Cow;

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::flag::{Flag, Flags};
use crate::macros;
use crate::moment::{Moment, read_partner_time};
use crate::money::{Amount, AmountReading, read_amount};
use crate::params::Params;
use crate::rules::{Payout, Ruleset, TidMeaning};

use super::reserved::{Guarded, Slot, guard, limited};
use super::{MAX_EVENT_BYTES, MAX_ID_BYTES, Rejection};

/// A partner's clock may run ahead by this much before its time counts as the future, seconds.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// The clickid, and whether it can match a lead.
pub(super) fn read_clickid(
    slot: &Slot<'_, '_>,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<(String, bool), Rejection> {
    let (text, is_macro) = match guard(slot, "clickid", flags)? {
        Guarded::Absent => return Err(Rejection::MissingClickid),
        Guarded::Macro => (trimmed(slot), true),
        Guarded::Value(text) => (text, false),
    };
    limited(text, "clickid", MAX_ID_BYTES)?;
    let is_name = !is_macro && is_parameter_name(text, rules);
    flags.add_if(is_name, Flag::MacroUnexpanded);
    Ok((text.to_owned(), !is_macro && !is_name && is_usable_id(text)))
}

fn trimmed<'p>(slot: &Slot<'p, '_>) -> &'p str {
    slot.param
        .map(|param| param.value.trim())
        .unwrap_or_default()
}

/// Parameter names under which clickids travel; two digits may follow.
const CLICKID_NAMES: &[&str] = &[
    "clickid", "click_id", "cid", "extid", "subid", "sub_id", "aff_sub", "afftrack", "payload",
    "sub", "subacc",
];
/// Names that are such a parameter only with digits behind.
const NUMBERED_NAMES: &[&str] = &["s", "p", "data", "sid"];

/// Whether a clickid is only the name of the parameter that should have carried it: `clickid=sub1`.
pub fn is_parameter_name(text: &str, rules: &Ruleset) -> bool {
    let text = text.trim();
    if !rules.clickid_param.is_empty() && text.eq_ignore_ascii_case(&rules.clickid_param) {
        return true;
    }
    if rules.canonical(text) == Some("clickid") {
        return true;
    }
    if text.len() > 12 {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    match lower.len() - stem.len() {
        0 => CLICKID_NAMES.contains(&stem),
        1 | 2 => {
            let stem = stem.strip_suffix('_').unwrap_or(stem);
            CLICKID_NAMES.contains(&stem) || NUMBERED_NAMES.contains(&stem)
        }
        _ => false,
    }
}

/// The event. A macro is an event of its own name, so that the request is kept on the lead.
pub(super) fn read_event(
    slot: &Slot<'_, '_>,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<EventName, Rejection> {
    let text = match guard(slot, "tracker.event", flags)? {
        Guarded::Absent => return Err(Rejection::MissingEvent),
        Guarded::Macro => {
            let text = trimmed(slot);
            limited(text, "tracker.event", MAX_EVENT_BYTES)?;
            flags.add(Flag::UnknownEvent);
            return Ok(EventName::Other {
                name: text.to_owned(),
            });
        }
        Guarded::Value(text) => text,
    };
    limited(text, "tracker.event", MAX_EVENT_BYTES)?;
    let lower = if text
        .bytes()
        .any(|byte| !byte.is_ascii() || byte.is_ascii_uppercase())
    {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    };
    let event = rules.event(&lower);
    if let EventName::Other { name } = &event {
        let placeholder = matches!(
            name.as_str(),
            "first_deposit_" | "recurring_deposit_" | "registration_"
        );
        flags.add(if placeholder {
            Flag::PlaceholderEvent
        } else {
            Flag::UnknownEvent
        });
    }
    Ok(event)
}

/// The currency that was sent, else `fixed`. A text that is no code is flagged and is no currency.
pub(super) fn read_currency(
    slot: &Slot<'_, '_>,
    name: &str,
    fixed: Option<Currency>,
    flags: &mut Flags,
) -> Result<Option<Currency>, Rejection> {
    match guard(slot, name, flags)? {
        Guarded::Absent | Guarded::Macro => Ok(fixed),
        Guarded::Value(text) => {
            let currency = Currency::new(text);
            flags.add_if(
                !currency.is_some_and(Currency::is_known),
                Flag::CurrencyUnknown,
            );
            Ok(currency)
        }
    }
}

/// The player's money in this event. Withdrawals and chargebacks are magnitudes.
pub(super) fn read_cost(
    slot: &Slot<'_, '_>,
    event: &EventName,
    currency: Option<Currency>,
    expected: bool,
    flags: &mut Flags,
) -> Result<Option<Amount>, Rejection> {
    match guard(slot, "tracker.cost", flags)? {
        Guarded::Absent => {
            flags.add_if(expected, Flag::AmountMissing);
            return Ok(None);
        }
        Guarded::Macro => return Ok(None),
        Guarded::Value(_) => {}
    }
    let Some(amount) = read_money(slot, currency, flags) else {
        return Ok(None);
    };
    let amount = match event {
        EventName::Withdrawal | EventName::Chargeback => amount.abs(),
        EventName::Sale | EventName::Resale | EventName::Deposit if amount.is_negative() => {
            flags.add(Flag::AmountNegative);
            return Ok(None);
        }
        _ => amount,
    };
    flag_missing_currency(currency, flags);
    Ok(Some(amount))
}

/// What we earn: the request's word, else the configuration's.
pub(super) fn read_payout(
    slot: &Slot<'_, '_>,
    configured: Option<&Payout>,
    params: &Params<'_>,
    currency: Option<Currency>,
    flags: &mut Flags,
) -> Result<(Option<Amount>, Option<Currency>), Rejection> {
    let (amount, currency) = match (guard(slot, "tracker.payout", flags)?, configured) {
        (Guarded::Value(_), _) => (read_money(slot, currency, flags), currency),
        (_, None | Some(Payout::None)) => (None, currency),
        (
            _,
            Some(Payout::Fixed {
                amount,
                currency: fixed,
            }),
        ) => (Some(*amount), fixed.or(currency)),
        (_, Some(Payout::Parameter { name })) => {
            (named_payout(name, params, currency, flags), currency)
        }
    };
    if amount.is_some() {
        flag_missing_currency(currency, flags);
    }
    Ok((amount, amount.and(currency)))
}

/// The payout in a parameter that means nothing else: broken bytes there are no reason to refuse.
fn named_payout(
    name: &str,
    params: &Params<'_>,
    currency: Option<Currency>,
    flags: &mut Flags,
) -> Option<Amount> {
    let param = params.get(name)?;
    if macros::unexpanded(&param.raw, &param.value).is_some() {
        flags.add(Flag::MacroUnexpanded);
        return None;
    }
    let slot = Slot::of(param);
    read_money(&slot, currency, flags)
}

/// A sum outside totals because nobody named its currency; an unreadable name has its own flag.
fn flag_missing_currency(currency: Option<Currency>, flags: &mut Flags) {
    flags.add_if(
        currency.is_none() && !flags.has(Flag::CurrencyUnknown),
        Flag::CurrencyMissing,
    );
}

/// Reads the untrimmed text: blanks around a sum are worth a flag.
fn read_money(
    slot: &Slot<'_, '_>,
    currency: Option<Currency>,
    flags: &mut Flags,
) -> Option<Amount> {
    read_sum(&slot.param?.value, currency, flags)
}

/// A sum with the flags of its reading.
pub(crate) fn read_sum(
    text: &str,
    currency: Option<Currency>,
    flags: &mut Flags,
) -> Option<Amount> {
    let amount = match read_amount(text, currency) {
        AmountReading::Plain(amount) => amount,
        AmountReading::Reinterpreted(amount) => {
            flags.add(Flag::AmountReinterpreted);
            amount
        }
        AmountReading::Blank => return None,
        AmountReading::Unreadable => {
            flags.add(Flag::AmountUnreadable);
            return None;
        }
    };
    if let Some(decimals) = currency.and_then(Currency::decimals) {
        flags.add_if(amount.fraction_digits() > decimals, Flag::AmountPrecision);
    }
    Some(amount)
}

/// The transaction id, where it can be a key.
pub(super) fn read_tid(
    slot: &Slot<'_, '_>,
    clickid: &str,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<Option<String>, Rejection> {
    let Guarded::Value(text) = guard(slot, "tracker.tid", flags)? else {
        return Ok(None);
    };
    limited(text, "tracker.tid", MAX_ID_BYTES)?;
    if rules.rules.tid_means == TidMeaning::Click || !is_usable_id(text) {
        return Ok(None);
    }
    if text.eq_ignore_ascii_case(clickid) {
        flags.add(Flag::TidIsClickid);
        return Ok(None);
    }
    Ok(Some(text.to_owned()))
}

/// Words that stand for "nothing" are neither transaction ids nor clickids.
pub fn is_usable_id(text: &str) -> bool {
    const NOTHING: &[&str] = &["null", "undefined", "none", "nan", "0", "-", "nil", "n/a"];
    let text = text.trim();
    !(text.is_empty() || text.len() <= 9 && NOTHING.contains(&text.to_ascii_lowercase().as_str()))
}

/// The status that the request names. A word nobody mapped is not taken for money earned.
pub(super) fn read_status(
    slot: &Slot<'_, '_>,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<Option<Status>, Rejection> {
    let Guarded::Value(text) = guard(slot, "tracker.status", flags)? else {
        return Ok(None);
    };
    let status = rules.status(&text.to_lowercase());
    flags.add_if(status.is_none(), Flag::StatusUnknown);
    Ok(Some(status.unwrap_or(Status::Pending)))
}

/// When it happened at the partner; never later than `received_at`.
pub(super) fn read_time(
    slot: &Slot<'_, '_>,
    zone: &str,
    received_at: Moment,
    flags: &mut Flags,
) -> Result<Option<Moment>, Rejection> {
    let Guarded::Value(text) = guard(slot, "tracker.time", flags)? else {
        return Ok(None);
    };
    let Some(moment) = read_partner_time(text, zone) else {
        flags.add(Flag::TimeUnreadable);
        return Ok(None);
    };
    if moment > received_at.plus_seconds(CLOCK_SKEW_SECONDS) {
        flags.add(Flag::TimeInFuture);
        return Ok(None);
    }
    Ok(Some(moment.min(received_at)))
}
