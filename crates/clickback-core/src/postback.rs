//! A request becomes a [`Postback`] or a [`Rejection`]: names, guards, readings, flags.
//! Nothing is known of the lead here; that is `attribution`.

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use crate::currency::Currency;
use crate::event::{EventName, Status};
use crate::field::FieldKind;
use crate::flag::{Flag, Flags};
use crate::ids::FieldId;
use crate::macros;
use crate::moment::{Moment, read_partner_time};
use crate::money::{Amount, AmountReading, read_amount};
use crate::params::{Param, Params};
use crate::rules::{Mode, Payout, Repeats, Ruleset, TidMeaning};

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
/// A partner's clock may run ahead by this much before its time counts as the future, seconds.
const CLOCK_SKEW_SECONDS: i64 = 300;

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
        }
    }

    /// The HTTP status that answers it.
    pub fn status(&self) -> u16 {
        match self {
            Rejection::Forbidden => 403,
            Rejection::SwitchedOff => 404,
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

/// Whether the sender may post here. Secrets are compared in constant time; `address` is the
/// sender's IP after trusted proxies.
pub fn authorize(
    params: &Params<'_>,
    rules: &Ruleset,
    address: Option<std::net::IpAddr>,
) -> Result<(), Rejection> {
    let rules = &rules.rules;
    if !rules.secrets.is_empty() {
        let sent = params
            .get("secret")
            .map(|param| param.value.as_bytes())
            .unwrap_or_default();
        let known = rules
            .secrets
            .iter()
            .fold(subtle::Choice::from(0), |found, secret| {
                found | secret.as_bytes().ct_eq(sent)
            });
        if !bool::from(known) {
            return Err(Rejection::Forbidden);
        }
    }
    if !rules.allowed_ips.is_empty() {
        let allowed =
            address.is_some_and(|ip| rules.allowed_ips.iter().any(|net| net_contains(net, ip)));
        if !allowed {
            return Err(Rejection::Forbidden);
        }
    }
    Ok(())
}

/// Whether `ip` is the address or in the network written as `10.0.0.0/8`.
pub fn net_contains(net: &str, ip: std::net::IpAddr) -> bool {
    fn bits(ip: std::net::IpAddr) -> (u128, u32) {
        match ip.to_canonical() {
            std::net::IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            std::net::IpAddr::V6(v6) => (u128::from(v6), 128),
        }
    }
    let (address, prefix) = net
        .split_once('/')
        .map_or((net, None), |(a, p)| (a, Some(p)));
    let Ok(address) = address.trim().parse::<std::net::IpAddr>() else {
        return false;
    };
    let ((net_bits, width), (ip_bits, ip_width)) = (bits(address), bits(ip));
    let Ok(prefix) = prefix.map_or(Ok(width), |text| text.trim().parse::<u32>()) else {
        return false;
    };
    if width != ip_width || prefix > width {
        return false;
    }
    let shift = width - prefix;
    prefix == 0 || (net_bits >> shift) == (ip_bits >> shift)
}

/// The reserved names, each at most once; everything else is a field or is kept with the request.
#[derive(Default)]
struct Reserved<'p, 'a> {
    clickid: Slot<'p, 'a>,
    event: Slot<'p, 'a>,
    cost: Slot<'p, 'a>,
    currency: Slot<'p, 'a>,
    payout: Slot<'p, 'a>,
    payout_currency: Slot<'p, 'a>,
    tid: Slot<'p, 'a>,
    status: Slot<'p, 'a>,
    time: Slot<'p, 'a>,
}

/// The value under a reserved name, and whether an alias brought it.
#[derive(Default)]
struct Slot<'p, 'a> {
    param: Option<&'p Param<'a>>,
    by_alias: bool,
}

impl<'p, 'a> Slot<'p, 'a> {
    fn put(
        &mut self,
        param: &'p Param<'a>,
        by_alias: bool,
        name: &str,
        flags: &mut Flags,
    ) -> Result<(), Rejection> {
        let Some(known) = self.param else {
            (self.param, self.by_alias) = (Some(param), by_alias);
            return Ok(());
        };
        if known.value.trim() == param.value.trim() {
            self.by_alias &= by_alias;
            return Ok(());
        }
        if self.by_alias != by_alias {
            flags.add(Flag::AliasConflict);
            if self.by_alias {
                (self.param, self.by_alias) = (Some(param), by_alias);
            }
            return Ok(());
        }
        Err(Rejection::ConflictingValues {
            name: name.to_owned(),
            first: excerpt(&known.value),
            second: excerpt(&param.value),
        })
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

impl<'p, 'a> Reserved<'p, 'a> {
    fn slot(&mut self, name: &str) -> Option<&mut Slot<'p, 'a>> {
        Some(match name {
            "clickid" => &mut self.clickid,
            "tracker.event" => &mut self.event,
            "tracker.cost" => &mut self.cost,
            "tracker.currency" => &mut self.currency,
            "tracker.payout" => &mut self.payout,
            "tracker.payout_currency" => &mut self.payout_currency,
            "tracker.tid" => &mut self.tid,
            "tracker.status" => &mut self.status,
            "tracker.time" => &mut self.time,
            _ => return None,
        })
    }
}

/// A reserved value after the guard.
enum Guarded<'t> {
    Absent,
    /// An unexpanded macro: never used.
    Macro,
    Value(&'t str),
}

fn guard<'t>(
    slot: &'t Slot<'_, '_>,
    name: &str,
    flags: &mut Flags,
) -> Result<Guarded<'t>, Rejection> {
    let Some(param) = slot.param else {
        return Ok(Guarded::Absent);
    };
    if macros::unexpanded(&param.raw, &param.value).is_some() {
        flags.add(Flag::MacroUnexpanded);
        return Ok(Guarded::Macro);
    }
    if param.broken {
        return Err(Rejection::BadEncoding {
            name: name.to_owned(),
        });
    }
    let value = param.value.trim();
    flags.add_if(value.len() != param.value.len(), Flag::StrayCharacters);
    Ok(if value.is_empty() {
        Guarded::Absent
    } else {
        Guarded::Value(value)
    })
}

fn limited(value: &str, name: &str, limit: usize) -> Result<(), Rejection> {
    if value.len() > limit {
        return Err(Rejection::TooLong {
            name: name.to_owned(),
            length: value.len(),
            limit,
        });
    }
    Ok(())
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
        let name: &str = &param.name;
        let (name, by_alias) = match rules.canonical(name) {
            Some(canonical) => (canonical, true),
            None => (name, false),
        };
        if let Some(slot) = reserved.slot(name) {
            slot.put(param, by_alias, name, &mut flags)?;
        } else if let Some(key) = name
            .strip_prefix("fields.")
            .or_else(|| name.strip_prefix("details."))
        {
            fields.put(key, param, &mut flags)?;
        }
    }

    let (clickid, clickid_usable) = read_clickid(&reserved.clickid, rules, &mut flags)?;
    let event = read_event(&reserved.event, rules, &mut flags)?;
    let configuration = rules.configurations.get(event.as_str());
    let fixed_currency = configuration
        .and_then(|configuration| configuration.currency)
        .or(rules.rules.currency);
    let currency = read_currency(
        &reserved.currency,
        "tracker.currency",
        fixed_currency,
        &mut flags,
    )?;
    let amount = read_cost(&reserved.cost, &event, currency, &mut flags)?;
    flags.add_if(
        amount.is_some() && currency.is_none(),
        Flag::CurrencyMissing,
    );

    let payout_currency = read_currency(
        &reserved.payout_currency,
        "tracker.payout_currency",
        currency,
        &mut flags,
    )?;
    if reserved.payout.param.is_none()
        && let Some(Payout::Parameter { name }) =
            configuration.map(|configuration| &configuration.payout)
    {
        reserved.payout.param = params.get(name);
    }
    let (payout, payout_currency) = match guard(&reserved.payout, "tracker.payout", &mut flags)? {
        Guarded::Value(text) => (
            read_money(text, payout_currency, &mut flags),
            payout_currency,
        ),
        Guarded::Macro => (None, payout_currency),
        Guarded::Absent => match configuration.map(|configuration| &configuration.payout) {
            Some(Payout::Fixed { amount, currency }) => {
                (Some(*amount), currency.or(payout_currency))
            }
            _ => (None, payout_currency),
        },
    };

    let tid = read_tid(&reserved.tid, &clickid, rules, &mut flags)?;
    let status = match guard(&reserved.status, "tracker.status", &mut flags)? {
        Guarded::Value(text) => {
            let status = rules.status(&text.to_lowercase());
            flags.add_if(status.is_none(), Flag::StatusUnknown);
            // A word nobody mapped is not taken for money earned.
            Some(status.unwrap_or(Status::Pending))
        }
        Guarded::Absent | Guarded::Macro => None,
    };
    let occurred_at = match guard(&reserved.time, "tracker.time", &mut flags)? {
        Guarded::Value(text) => read_time(text, &rules.rules.time_zone, received_at, &mut flags),
        Guarded::Absent | Guarded::Macro => None,
    };

    let player = rules.rules.player_field.as_deref().and_then(|key| {
        fields
            .list
            .iter()
            .find(|write| write.key == key)
            .map(|write| write.value.trim().to_owned())
    });
    let expects = event.expects_amount() && status != Some(Status::Rejected);
    flags.add_if(
        expects && reserved.cost.param.is_none() && amount.is_none(),
        Flag::AmountMissing,
    );
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
        payout_currency: payout.and(payout_currency),
        tid,
        status,
        occurred_at,
        fields: fields.list,
        player: player.filter(|player| !player.is_empty() && player.len() <= MAX_ID_BYTES),
        repeats: rules.rules.repeats.clone(),
        flags,
    })
}

struct Fields<'r> {
    rules: &'r Ruleset,
    list: Vec<FieldWrite>,
}

impl<'r> Fields<'r> {
    fn new(rules: &'r Ruleset) -> Self {
        Self {
            rules,
            list: Vec::new(),
        }
    }

    /// The last value of a key wins; a macro or an empty value writes nothing.
    fn put(&mut self, key: &str, param: &Param<'_>, flags: &mut Flags) -> Result<(), Rejection> {
        if macros::unexpanded(&param.raw, &param.value).is_some() {
            flags.add(Flag::MacroUnexpanded);
            return Ok(());
        }
        if param.value.trim().is_empty() {
            return Ok(());
        }
        flags.add_if(param.broken, Flag::FieldInvalid);
        let key = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(key.to_ascii_lowercase())
        } else {
            Cow::Borrowed(key)
        };
        let value = cut(&param.value, flags);
        let spec = self.rules.fields.get(key.as_ref());
        flags.add_if(spec.is_none(), Flag::FieldUnknown);
        let fits = match spec {
            Some(spec) if spec.kind != FieldKind::Text => spec.kind.fits(&value, &spec.options),
            _ => true,
        };
        flags.add_if(!fits, Flag::FieldInvalid);
        let write = FieldWrite {
            field: spec.map(|spec| spec.id),
            key: key.into_owned(),
            value: value.into_owned(),
            fits,
        };
        if let Some(known) = self.list.iter_mut().find(|known| known.key == write.key) {
            *known = write;
        } else if self.list.len() == MAX_FIELDS {
            return Err(Rejection::TooManyParameters { limit: MAX_FIELDS });
        } else {
            self.list.push(write);
        }
        Ok(())
    }
}

/// NUL has no place in a database's text; it becomes U+FFFD like any other broken byte.
fn cut<'v>(value: &'v str, flags: &mut Flags) -> Cow<'v, str> {
    let value: Cow<'v, str> = if value.contains('\0') {
        value.replace('\0', "\u{FFFD}").into()
    } else {
        value.into()
    };
    if value.len() <= MAX_FIELD_CHARS {
        return value;
    }
    match value.char_indices().nth(MAX_FIELD_CHARS) {
        None => value,
        Some((end, _)) => {
            flags.add(Flag::FieldTruncated);
            Cow::Owned(value[..end].to_owned())
        }
    }
}

fn read_clickid(
    slot: &Slot<'_, '_>,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<(String, bool), Rejection> {
    match guard(slot, "clickid", flags)? {
        Guarded::Absent => Err(Rejection::MissingClickid),
        Guarded::Macro => {
            let text = slot
                .param
                .map(|param| param.value.trim())
                .unwrap_or_default();
            limited(text, "clickid", MAX_ID_BYTES)?;
            Ok((text.to_owned(), false))
        }
        Guarded::Value(text) => {
            limited(text, "clickid", MAX_ID_BYTES)?;
            if is_parameter_name(text, rules) {
                flags.add(Flag::MacroUnexpanded);
                return Ok((text.to_owned(), false));
            }
            Ok((text.to_owned(), is_usable_id(text)))
        }
    }
}

/// Whether a clickid is only the name of the parameter that should have carried it: `clickid=sub1`.
pub fn is_parameter_name(text: &str, rules: &Ruleset) -> bool {
    if !rules.clickid_param.is_empty() && text.eq_ignore_ascii_case(&rules.clickid_param) {
        return true;
    }
    const NAMES: &[&str] = &[
        "clickid", "click_id", "cid", "extid", "subid", "sub_id", "aff_sub", "afftrack", "payload",
        "sub", "subacc",
    ];
    if text.len() > 12 {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == lower.len() {
        NAMES.contains(&stem)
    } else {
        let digits = lower.len() - stem.len();
        digits <= 2
            && (matches!(stem, "s" | "sub_id_" | "p" | "data" | "sid") || NAMES.contains(&stem))
    }
}

fn read_event(
    slot: &Slot<'_, '_>,
    rules: &Ruleset,
    flags: &mut Flags,
) -> Result<EventName, Rejection> {
    let text = match guard(slot, "tracker.event", flags)? {
        Guarded::Absent => return Err(Rejection::MissingEvent),
        Guarded::Macro => {
            let text = slot
                .param
                .map(|param| param.value.trim())
                .unwrap_or_default();
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

fn read_currency(
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

fn read_cost(
    slot: &Slot<'_, '_>,
    event: &EventName,
    currency: Option<Currency>,
    flags: &mut Flags,
) -> Result<Option<Amount>, Rejection> {
    let text = match guard(slot, "tracker.cost", flags)? {
        Guarded::Absent => {
            flags.add_if(
                slot.param.is_some() && event.expects_amount(),
                Flag::AmountMissing,
            );
            return Ok(None);
        }
        Guarded::Macro => return Ok(None),
        Guarded::Value(text) => text,
    };
    let Some(amount) = read_money(text, currency, flags) else {
        return Ok(None);
    };
    if !amount.is_negative() {
        return Ok(Some(amount));
    }
    match event {
        EventName::Withdrawal | EventName::Chargeback => Ok(Some(amount.abs())),
        EventName::Sale | EventName::Resale | EventName::Deposit => {
            flags.add(Flag::AmountNegative);
            Ok(None)
        }
        _ => Ok(Some(amount)),
    }
}

fn read_money(text: &str, currency: Option<Currency>, flags: &mut Flags) -> Option<Amount> {
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

fn read_tid(
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

fn read_time(text: &str, zone: &str, received_at: Moment, flags: &mut Flags) -> Option<Moment> {
    let Some(moment) = read_partner_time(text, zone) else {
        flags.add(Flag::TimeUnreadable);
        return None;
    };
    if moment > received_at.plus_seconds(CLOCK_SKEW_SECONDS) {
        flags.add(Flag::TimeInFuture);
        return None;
    }
    Some(moment.min(received_at))
}

impl Postback {
    /// The transaction id turned out to be another clickid of the lead: it tells nothing apart.
    pub fn drop_tid(&mut self) {
        self.tid = None;
        self.flags.add(Flag::TidIsClickid);
    }
}
