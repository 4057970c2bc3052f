//! A request becomes a [`Postback`] or a [`Rejection`]: names, guards, readings, flags.
//! Nothing is known of the lead here; that is `attribution`.

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::flag::{Flag, Flags};
use crate::ids::FieldId;
use crate::moment::Moment;
use crate::money::Amount;
use crate::params::Params;
use crate::rules::{Mode, Repeats, Ruleset};

mod access;
mod fields;
mod readings;
pub(crate) use readings::read_sum;
mod reserved;

pub use access::{authorize, net_contains};
pub use readings::{is_parameter_name, is_usable_id};

use fields::Fields;
use readings::{
    read_clickid, read_cost, read_currency, read_event, read_payout, read_status, read_tid,
    read_time,
};
use reserved::Reserved;

/// Longest clickid and transaction id, bytes.
pub const MAX_ID_BYTES: usize = 255;
/// Longest event name, bytes.
pub const MAX_EVENT_BYTES: usize = 64;
/// Longest custom field value, characters; longer ones are cut and flagged.
pub const MAX_FIELD_CHARS: usize = 4_000;
/// Custom fields in one request.
pub const MAX_FIELDS: usize = 100;
/// Parameters in one request.
pub const MAX_PARAMS: usize = 200;

/// Why a request was answered with a 4xx. Its row stays in the inbox and can be reprocessed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error(
        "the request has no clickid: add `clickid={{macro of your click id}}` to the postback URL"
    )]
    MissingClickid,
    #[error(
        "the request has no event: add `tracker.event=registration` (or sale, resale) to the postback URL"
    )]
    MissingEvent,
    #[error("`{name}` has a broken percent-escape or is not UTF-8")]
    BadEncoding { name: String },
    #[error("`{name}` came twice with different values: `{first}` and `{second}`")]
    ConflictingValues {
        name: String,
        first: String,
        second: String,
    },
    #[error("`{name}` is {length} bytes long; the limit is {limit}")]
    TooLong {
        name: String,
        length: usize,
        limit: usize,
    },
    #[error("the request has more than {limit} parameters")]
    TooManyParameters { limit: usize },
    #[error("the body is not a flat JSON object: {detail}")]
    BadBody { detail: String },
    #[error("this sender is not allowed here")]
    Forbidden,
    #[error("this integration is switched off")]
    SwitchedOff,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("a body of type `{given}` cannot be read: send a form or flat JSON")]
    UnsupportedType { given: String },
    #[error("the body took too long to arrive")]
    BodyTimeout,
    #[error("the request was kept but could not be decided; it can be reprocessed")]
    NotProcessed,
}

impl Rejection {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Rejection::MissingClickid => "missing_clickid",
            Rejection::MissingEvent => "missing_event",
            Rejection::BadEncoding { .. } => "bad_encoding",
            Rejection::ConflictingValues { .. } => "conflicting_values",
            Rejection::TooLong { .. } => "too_long",
            Rejection::TooManyParameters { .. } => "too_many_parameters",
            Rejection::BadBody { .. } => "bad_body",
            Rejection::Forbidden => "forbidden",
            Rejection::SwitchedOff => "switched_off",
            Rejection::TooLarge { .. } => "too_large",
            Rejection::UnsupportedType { .. } => "unsupported_type",
            Rejection::BodyTimeout => "body_timeout",
            Rejection::NotProcessed => "not_processed",
        }
    }

    /// The HTTP status that answers it.
    pub fn status(&self) -> u16 {
        match self {
            Rejection::Forbidden => 403,
            Rejection::SwitchedOff => 404,
            Rejection::TooLarge { .. } => 413,
            Rejection::UnsupportedType { .. } => 415,
            Rejection::BodyTimeout => 408,
            Rejection::NotProcessed => 200,
            _ => 400,
        }
    }
}

/// One value for a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWrite {
    pub key: String,
    /// `None` while no field has this key.
    pub field: Option<FieldId>,
    pub value: String,
    /// Whether the value fits the field's kind.
    pub fits: bool,
}

/// What a request says, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postback {
    pub clickid: String,
    /// A macro or a parameter's own name matches no lead and never waits for one.
    pub clickid_usable: bool,
    pub event: EventName,
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payout: Option<Amount>,
    pub payout_currency: Option<Currency>,
    /// A usable transaction id.
    pub tid: Option<String>,
    /// The status that the request names.
    pub status: Option<Status>,
    /// The status of a first sight without one.
    pub default_status: Status,
    /// When it happened at the partner, if that was sent and readable.
    pub occurred_at: Option<Moment>,
    pub fields: Vec<FieldWrite>,
    /// The partner's own id of the player, where the integration names the field that carries it.
    pub player: Option<String>,
    pub mode: Mode,
    pub repeats: Repeats,
    pub flags: Flags,
}

/// Reads a request under the rules of its integration. `received_at` bounds the partner's time.
pub fn judge(
    params: &Params<'_>,
    rules: &Ruleset,
    received_at: Moment,
) -> Result<Postback, Rejection> {
    let mut flags = Flags::default();
    flags.add_if(params.notes.html_entity, Flag::HtmlEntity);
    flags.add_if(params.notes.second_question_mark, Flag::SecondQuestionMark);
    flags.add_if(params.notes.stray_characters, Flag::StrayCharacters);

    let mut reserved = Reserved::default();
    let mut fields = Fields::new(rules);
    for param in &params.list {
        let alias = rules.canonical(&param.name);
        let name = alias.unwrap_or(&param.name);
        if let Some(slot) = reserved.slot(name) {
            slot.put(param, alias.is_some(), name)?;
        } else if let Some(key) = name.strip_prefix("fields.") {
            fields.put(key, param, alias.is_some(), &mut flags)?;
        } else if let Some(key) = name.strip_prefix("details.") {
            fields.put(key, param, true, &mut flags)?;
        }
    }
    reserved.settle(&mut flags)?;

    let (clickid, clickid_usable) = read_clickid(&reserved.clickid, rules, &mut flags)?;
    let event = read_event(&reserved.event, rules, &mut flags)?;
    let status = read_status(&reserved.status, rules, &mut flags)?;
    let configuration = rules.configurations.get(event.as_str());
    let fixed = configuration
        .and_then(|configuration| configuration.currency)
        .or(rules.rules.currency);
    let currency = read_currency(&reserved.currency, "tracker.currency", fixed, &mut flags)?;
    let expected = event.expects_amount() && status != Some(Status::Rejected);
    let amount = read_cost(&reserved.cost, &event, currency, expected, &mut flags)?;
    let payout_currency = read_currency(
        &reserved.payout_currency,
        "tracker.payout_currency",
        currency,
        &mut flags,
    )?;
    let (payout, payout_currency) = read_payout(
        &reserved.payout,
        configuration.map(|configuration| &configuration.payout),
        params,
        payout_currency,
        &mut flags,
    )?;
    let tid = read_tid(&reserved.tid, &clickid, rules, &mut flags)?;
    let zone = &rules.rules.time_zone;
    let occurred_at = read_time(&reserved.time, zone, received_at, &mut flags)?;

    let player = rules.rules.player_field.as_deref().and_then(|key| {
        fields
            .list
            .iter()
            .find(|write| write.key.eq_ignore_ascii_case(key))
            .map(|write| write.value.trim())
            .filter(|player| is_usable_id(player) && player.len() <= MAX_ID_BYTES)
            .map(str::to_owned)
    });
    Ok(Postback {
        clickid,
        clickid_usable,
        mode: rules.mode(&event),
        default_status: configuration
            .and_then(|configuration| configuration.default_status)
            .unwrap_or(Status::Approved),
        event,
        amount,
        currency,
        payout,
        payout_currency,
        tid,
        status,
        occurred_at,
        fields: fields.list,
        player,
        repeats: rules.rules.repeats.clone(),
        flags,
    })
}

impl Postback {
    /// The transaction id turned out to be another clickid of the lead: it tells nothing apart.
    pub fn drop_tid(&mut self) {
        self.tid = None;
        self.flags.add(Flag::TidIsClickid);
    }
}

#[cfg(test)]
mod tests;
