//! How a request was read, parameter by parameter, for people to look at. What counts is the reading
//! in `postback`; a test holds the two to the same flags.

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::field::FieldKind;
use crate::flag::{Flag, Flags};
use crate::intake::Parts;
use crate::macros;
use crate::moment::{Moment, read_partner_time};
use crate::params::{Param, Params, Place};
use crate::postback::read_sum;
use crate::postback::{
    MAX_EVENT_BYTES, MAX_FIELD_CHARS, MAX_ID_BYTES, Rejection, is_parameter_name, is_usable_id,
};
use crate::rules::{Payout, Ruleset, TidMeaning};

pub use self::words::{Meaning, Outcome};

mod words;

/// What stands for a hidden value.
pub const HIDDEN: &str = "•••";
/// As in `postback`: a partner's clock may run ahead by this much.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// One parameter: how it came and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The name as it was sent.
    pub name: String,
    /// Our name for it, where an alias was sent.
    pub canonical: Option<String>,
    /// Before decoding.
    pub raw: String,
    /// After decoding.
    pub value: String,
    pub place: Place,
    pub meaning: Meaning,
    pub outcome: Outcome,
    /// What is odd about this parameter alone.
    pub flags: Flags,
}

/// Reads a request for people. Fails only where its parts cannot be split into parameters.
pub fn explain(
    parts: Parts<'_>,
    rules: &Ruleset,
    received_at: Moment,
) -> Result<Vec<Reading>, Rejection> {
    let params = parts.params(rules)?;
    let reader = Reader::new(&params, rules, received_at);
    Ok((0..params.list.len())
        .map(|at| reader.reading(at))
        .collect())
}

/// What reading one parameter needs to know of the others.
struct Reader<'p, 'a> {
    params: &'p Params<'a>,
    rules: &'p Ruleset,
    received_at: Moment,
    meanings: Vec<Meaning>,
    clickid: String,
    event: Option<EventName>,
    currency: Option<Currency>,
    payout_currency: Option<Currency>,
    /// No amount is missing where the partner rejects.
    rejected: bool,
    /// The parameter that carries the payout because the configuration names it.
    payout_from: Option<usize>,
}

impl<'p, 'a> Reader<'p, 'a> {
    fn new(params: &'p Params<'a>, rules: &'p Ruleset, received_at: Moment) -> Self {
        let meanings = params
            .list
            .iter()
            .map(|param| Meaning::of(&param.name, rules))
            .collect();
        let mut reader = Reader {
            params,
            rules,
            received_at,
            meanings,
            clickid: String::new(),
            event: None,
            currency: None,
            payout_currency: None,
            rejected: false,
            payout_from: None,
        };
        reader.clickid = reader
            .text_of(&Meaning::Clickid)
            .map(str::to_owned)
            .unwrap_or_default();
        reader.event = reader
            .text_of(&Meaning::Event)
            .map(|text| rules.event(&text.to_lowercase()));
        let configuration = reader
            .event
            .as_ref()
            .and_then(|event| rules.configurations.get(event.as_str()));
        let fixed = configuration
            .and_then(|rules| rules.currency)
            .or(rules.rules.currency);
        reader.currency = match reader.text_of(&Meaning::Currency) {
            Some(text) => Currency::new(text),
            None => fixed,
        };
        reader.payout_currency = match reader.text_of(&Meaning::PayoutCurrency) {
            Some(text) => Currency::new(text),
            None => reader.currency,
        };
        reader.rejected = reader
            .text_of(&Meaning::Status)
            .is_some_and(|text| rules.status(&text.to_lowercase()) == Some(Status::Rejected));
        if let Some(Payout::Parameter { name }) = configuration.map(|rules| &rules.payout)
            && reader.text_of(&Meaning::Payout).is_none()
        {
            reader.payout_from = params
                .list
                .iter()
                .position(|param| param.name == *name)
                .filter(|at| reader.meanings[*at] == Meaning::Kept);
        }
        reader
    }

    fn is_alias(&self, at: usize) -> bool {
        self.rules.canonical(&self.params.list[at].name).is_some()
    }

    /// Whether a parameter's name is another one for ours; `details.KEY` is one for `fields.KEY`.
    fn is_field_alias(&self, at: usize) -> bool {
        self.is_alias(at) || self.params.list[at].name.starts_with("details.")
    }

    /// The parameter that is used for a meaning: a canonical name before an alias, the first of
    /// either; of a field the last of either.
    fn winner(&self, meaning: &Meaning) -> Option<usize> {
        let mut all = (0..self.meanings.len()).filter(|at| self.meanings[*at] == *meaning);
        if let Meaning::Field(_) = meaning {
            let usable = |at: &usize| {
                let param = &self.params.list[*at];
                macros::unexpanded(&param.raw, &param.value).is_none()
                    && !param.value.trim().is_empty()
            };
            return all
                .filter(usable)
                .max_by_key(|at| (!self.is_field_alias(*at), *at));
        }
        let first = all.next()?;
        let canonical = std::iter::once(first)
            .chain(all)
            .find(|at| !self.is_alias(*at));
        Some(canonical.unwrap_or(first))
    }

    /// The usable text for a meaning.
    fn text_of(&self, meaning: &Meaning) -> Option<&'p str> {
        let param = &self.params.list[self.winner(meaning)?];
        let text = param.value.trim();
        let usable = !text.is_empty()
            && !param.broken
            && macros::unexpanded(&param.raw, &param.value).is_none();
        usable.then_some(text)
    }

    fn reading(&self, at: usize) -> Reading {
        let param = &self.params.list[at];
        let by_configuration = self.payout_from == Some(at);
        let meaning = if by_configuration {
            Meaning::Payout
        } else {
            self.meanings[at].clone()
        };
        let mut flags = Flags::default();
        let outcome = self.outcome(at, param, &meaning, &mut flags);
        let hidden = meaning == Meaning::Secret;
        let shown = |text: &str| {
            if hidden {
                HIDDEN.to_owned()
            } else {
                text.to_owned()
            }
        };
        Reading {
            name: param.name.clone().into_owned(),
            canonical: self.canonical(&param.name),
            raw: shown(&param.raw),
            value: shown(&param.value),
            place: param.place,
            meaning,
            outcome,
            flags,
        }
    }

    fn canonical(&self, name: &str) -> Option<String> {
        let old_field = || {
            name.strip_prefix("details.")
                .map(|key| format!("fields.{key}"))
        };
        self.rules
            .canonical(name)
            .map(str::to_owned)
            .or_else(old_field)
    }

    fn outcome(
        &self,
        at: usize,
        param: &Param<'_>,
        meaning: &Meaning,
        flags: &mut Flags,
    ) -> Outcome {
        match meaning {
            Meaning::Kept => return Outcome::Kept,
            Meaning::Secret => return Outcome::Hidden,
            Meaning::Field(key) => return self.field(at, param, key, flags),
            _ => {}
        }
        let stands_alone = self.payout_from == Some(at);
        if let Some(winner) = self
            .winner(meaning)
            .filter(|winner| *winner != at && !stands_alone)
        {
            let used = &self.params.list[winner];
            if used.value.trim() != param.value.trim() {
                if self.is_alias(winner) == self.is_alias(at) {
                    return Outcome::Conflict;
                }
                flags.add(Flag::AliasConflict);
                return Outcome::Superseded;
            }
        }
        if macros::unexpanded(&param.raw, &param.value).is_some() {
            flags.add(Flag::MacroUnexpanded);
            flags.add_if(*meaning == Meaning::Event, Flag::UnknownEvent);
            return Outcome::Macro;
        }
        if param.broken {
            return Outcome::Broken;
        }
        let text = param.value.trim();
        flags.add_if(text.len() != param.value.len(), Flag::StrayCharacters);
        if text.is_empty() {
            let missed = *meaning == Meaning::Amount
                && !self.rejected
                && self.event.as_ref().is_some_and(EventName::expects_amount);
            flags.add_if(missed, Flag::AmountMissing);
            return Outcome::Blank;
        }
        // Blanks around a sum are a reading of their own.
        let text = if matches!(meaning, Meaning::Amount | Meaning::Payout) {
            &param.value
        } else {
            text
        };
        self.reserved(text, meaning, flags)
    }

    fn reserved(&self, text: &str, meaning: &Meaning, flags: &mut Flags) -> Outcome {
        match meaning {
            Meaning::Clickid if text.len() > MAX_ID_BYTES => Outcome::TooLong,
            Meaning::Clickid if is_parameter_name(text, self.rules) => {
                flags.add(Flag::MacroUnexpanded);
                Outcome::Unusable
            }
            Meaning::Clickid if !is_usable_id(text) => Outcome::Unusable,
            Meaning::Event if text.len() > MAX_EVENT_BYTES => Outcome::TooLong,
            Meaning::Event => self.event_name(text, flags),
            Meaning::Amount => self.amount(text, flags),
            Meaning::Payout => {
                let Some(sum) = read_sum(text, self.payout_currency, flags) else {
                    return Outcome::Unreadable;
                };
                let sources = [Meaning::Currency, Meaning::PayoutCurrency];
                self.flag_missing_currency(self.payout_currency, &sources, flags);
                Outcome::Amount(sum, self.payout_currency)
            }
            Meaning::Currency | Meaning::PayoutCurrency => {
                let currency = Currency::new(text);
                let known = currency.is_some_and(Currency::is_known);
                flags.add_if(!known, Flag::CurrencyUnknown);
                currency.map_or(Outcome::Unreadable, Outcome::Currency)
            }
            Meaning::Tid => self.tid(text, flags),
            Meaning::Status => {
                let status = self.rules.status(&text.to_lowercase());
                flags.add_if(status.is_none(), Flag::StatusUnknown);
                Outcome::Status(status.unwrap_or(Status::Pending))
            }
            Meaning::Time => match read_partner_time(text, &self.rules.rules.time_zone) {
                None => {
                    flags.add(Flag::TimeUnreadable);
                    Outcome::Unreadable
                }
                Some(moment) if moment > self.received_at.plus_seconds(CLOCK_SKEW_SECONDS) => {
                    flags.add(Flag::TimeInFuture);
                    Outcome::Unreadable
                }
                Some(moment) => Outcome::Time(moment.min(self.received_at)),
            },
            _ => Outcome::Text(text.to_owned()),
        }
    }

    fn event_name(&self, text: &str, flags: &mut Flags) -> Outcome {
        let event = self.rules.event(&text.to_lowercase());
        if let EventName::Other { name } = &event {
            const PLACEHOLDERS: [&str; 3] =
                ["first_deposit_", "recurring_deposit_", "registration_"];
            let placeholder = PLACEHOLDERS.contains(&name.as_str());
            flags.add(if placeholder {
                Flag::PlaceholderEvent
            } else {
                Flag::UnknownEvent
            });
        }
        Outcome::Event(event)
    }

    fn amount(&self, text: &str, flags: &mut Flags) -> Outcome {
        let Some(amount) = read_sum(text, self.currency, flags) else {
            return Outcome::Unreadable;
        };
        let amount = match &self.event {
            Some(EventName::Withdrawal | EventName::Chargeback) => amount.abs(),
            Some(EventName::Sale | EventName::Resale | EventName::Deposit)
                if amount.is_negative() =>
            {
                flags.add(Flag::AmountNegative);
                return Outcome::Unreadable;
            }
            _ => amount,
        };
        self.flag_missing_currency(self.currency, &[Meaning::Currency], flags);
        Outcome::Amount(amount, self.currency)
    }

    /// A currency that came and is no code has its own flag.
    fn flag_missing_currency(
        &self,
        currency: Option<Currency>,
        sources: &[Meaning],
        flags: &mut Flags,
    ) {
        let missing =
            currency.is_none() && sources.iter().all(|source| self.text_of(source).is_none());
        flags.add_if(missing, Flag::CurrencyMissing);
    }

    fn tid(&self, text: &str, flags: &mut Flags) -> Outcome {
        if text.len() > MAX_ID_BYTES {
            return Outcome::TooLong;
        }
        if self.rules.rules.tid_means == TidMeaning::Click || !is_usable_id(text) {
            return Outcome::Unusable;
        }
        if text.eq_ignore_ascii_case(&self.clickid) {
            flags.add(Flag::TidIsClickid);
            return Outcome::Unusable;
        }
        Outcome::Text(text.to_owned())
    }

    fn field(&self, at: usize, param: &Param<'_>, key: &str, flags: &mut Flags) -> Outcome {
        if macros::unexpanded(&param.raw, &param.value).is_some() {
            flags.add(Flag::MacroUnexpanded);
            return Outcome::Macro;
        }
        if param.value.trim().is_empty() {
            return Outcome::Blank;
        }
        flags.add_if(param.broken, Flag::FieldInvalid);
        let value: String = param.value.chars().take(MAX_FIELD_CHARS).collect();
        flags.add_if(value.len() < param.value.len(), Flag::FieldTruncated);
        match self.rules.fields.get(key) {
            None => flags.add(Flag::FieldUnknown),
            Some(spec) if spec.kind != FieldKind::Text => {
                flags.add_if(!spec.kind.fits(&value, &spec.options), Flag::FieldInvalid);
            }
            Some(_) => {}
        }
        let Some(winner) = self
            .winner(&self.meanings[at])
            .filter(|winner| *winner != at)
        else {
            return Outcome::Text(value);
        };
        let differs = self.params.list[winner].value.trim() != param.value.trim();
        let is_other_name = self.is_field_alias(winner) != self.is_field_alias(at);
        flags.add_if(differs && is_other_name, Flag::AliasConflict);
        Outcome::Superseded
    }
}

#[cfg(test)]
mod tests;
