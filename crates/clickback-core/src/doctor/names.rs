//! What trackers and networks call things: parameter names, words for events, marks of known trackers.

use std::borrow::Cow;

use super::Item;
use super::find::Pieces;
use crate::macros::{self, MacroStyle};
use crate::postback::is_parameter_name;
use crate::rules::{Payout, Ruleset};

/// What a parameter is for.
pub(super) struct Role {
    pub(super) canonical: Cow<'static, str>,
    /// Of several parameters for one thing the lowest is meant.
    pub(super) rank: usize,
    /// Whether our postbacks read it under this very name.
    pub(super) is_read: bool,
}

impl Role {
    pub(super) fn clickid() -> Self {
        Self::exact("clickid")
    }

    fn exact(canonical: impl Into<Cow<'static, str>>) -> Self {
        Self {
            canonical: canonical.into(),
            rank: 0,
            is_read: true,
        }
    }
}

const OURS: &[&str] = &[
    "clickid",
    "tracker.event",
    "tracker.cost",
    "tracker.currency",
    "tracker.payout",
    "tracker.payout_currency",
    "tracker.tid",
    "tracker.status",
    "tracker.time",
    "secret",
];

/// Our name and what others call it, the likeliest first.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "clickid",
        &[
            "clickid",
            "click_id",
            "subid",
            "cnv_id",
            "cid",
            "extid",
            "external_id",
            "externalid",
            "aff_click_id",
            "aff_clickid",
            "pub_click_id",
            "ymid",
            "afftrack",
            "payload",
            "sub_id",
            "aff_sub",
            "clid",
            "click",
        ],
    ),
    (
        "tracker.event",
        &[
            "event",
            "event_name",
            "eventname",
            "event_type",
            "eventtype",
            "et",
            "goal",
            "goal_title",
            "type",
            "conversion_type",
            "transaction_type",
            "action",
        ],
    ),
    (
        "tracker.cost",
        &[
            "cost",
            "deposit",
            "deposit_amount",
            "depositamount",
            "dep_amount",
            "sumdep",
            "sum_dep",
            "depsum",
            "dep_sum",
            "amount",
            "sum",
            "sale_amount",
            "order_sum",
            "money",
            "value",
            "price",
        ],
    ),
    (
        "tracker.payout",
        &[
            "payout",
            "revenue",
            "income",
            "commission",
            "reward",
            "profit",
            "payout_sum",
            "payment_sum",
            "aff_rev",
        ],
    ),
    (
        "tracker.currency",
        &[
            "currency",
            "cnv_currency",
            "currency_code",
            "order_currency",
            "curr",
            "cur",
        ],
    ),
    ("tracker.payout_currency", &["payout_currency"]),
    (
        "tracker.tid",
        &[
            "tid",
            "txid",
            "tx_id",
            "txn_id",
            "transaction_id",
            "transactionid",
            "trans_id",
            "transid",
            "rdtk_event_id",
            "deposit_id",
            "depositid",
            "payment_id",
            "order_id",
            "orderid",
            "conversion_id",
            "postback_id",
            "event_id",
            "eventid",
            "action_id",
            "lead_id",
            "leadid",
            "uniqueid",
            "eid",
        ],
    ),
    (
        "tracker.status",
        &[
            "status",
            "cnv_status",
            "conversion_status",
            "conv_status",
            "state",
        ],
    ),
    (
        "tracker.time",
        &[
            "time",
            "timestamp",
            "datetime",
            "date_time",
            "conversion_time",
            "event_time",
            "date",
            "ts",
        ],
    ),
    (
        "fields.user_id",
        &[
            "user_id",
            "userid",
            "player_id",
            "playerid",
            "trader_id",
            "customer_id",
            "uid",
        ],
    ),
    ("fields.country", &["country", "country_code", "geo"]),
];

/// What a parameter is for, by its name alone.
pub(super) fn role(name: &str, rules: &Ruleset) -> Option<Role> {
    if let Some(alias) = rules.canonical(name) {
        return Some(Role {
            canonical: alias.to_owned().into(),
            rank: 1,
            is_read: true,
        });
    }
    // They say the event, or the sum of one, by themselves.
    if rules.rules.event_params.contains_key(name)
        || rules.rules.amounts.values().any(|carrier| carrier == name)
    {
        return None;
    }
    if let Some(ours) = OURS.iter().find(|ours| **ours == name) {
        return Some(Role::exact(*ours));
    }
    if let Some(key) = name
        .strip_prefix("fields.")
        .or_else(|| name.strip_prefix("details."))
    {
        return Some(Role::exact(format!("fields.{}", key.to_ascii_lowercase())));
    }
    let is_payout = rules.configurations.values().any(
        |configuration| matches!(&configuration.payout, Payout::Parameter { name: n } if n == name),
    );
    if is_payout {
        return Some(Role {
            canonical: "tracker.payout".into(),
            rank: 1,
            is_read: true,
        });
    }
    if name.len() > 40 {
        return None;
    }
    let lower = name.to_ascii_lowercase().replace('-', "_");
    let (is_ours, stem) = match lower.strip_prefix("tracker.") {
        Some(stem) => (true, stem),
        None => (false, lower.as_str()),
    };
    let guess = |canonical: &'static str, rank: usize| {
        Some(Role {
            canonical: canonical.into(),
            rank,
            is_read: false,
        })
    };
    for (canonical, names) in OTHERS {
        if let Some(rank) = names.iter().position(|known| *known == stem) {
            return guess(canonical, rank + if is_ours { 2 } else { 10 });
        }
    }
    if is_ours {
        return None;
    }
    if is_parameter_name(name, rules) {
        return guess("clickid", 100);
    }
    None
}

/// What a parameter with a meaningless name is for, by the macro in it: `s=#s2#`, `tx={leadid}`.
pub(super) fn role_of_macro(value: &str, rules: &Ruleset) -> Option<Role> {
    let found = macros::find(value);
    let [only] = found.as_slice() else {
        return None;
    };
    let is_whole = only.start == 0 && only.end == value.len() && only.style != MacroStyle::Word;
    let role = role(&only.name, rules).filter(|_| is_whole)?;
    Some(Role {
        rank: role.rank + 200,
        is_read: false,
        ..role
    })
}

/// Looks like a name of ours that we do not have.
pub(super) fn looks_like_ours(name: &str) -> bool {
    name.get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("tracker."))
}

/// A parameter of partners' links that carries a tracker's clickid.
pub(super) fn is_link_slot(name: &str, rules: &Ruleset) -> bool {
    let is_trackers = OTHERS[0].1[..5].contains(&name);
    name == rules.clickid_param && !name.is_empty()
        || !is_trackers && is_parameter_name(name, rules)
}

/// A parameter whose value is nobody's business.
pub(super) fn is_secret(name: &str) -> bool {
    const SECRETS: &[&str] = &[
        "secret",
        "token",
        "access_token",
        "auth",
        "password",
        "pass",
        "pwd",
        "api_key",
        "apikey",
        "key",
        "sign",
        "signature",
    ];
    SECRETS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// `status=sale` is an event, `status=approved` a status; a macro under a status's name is a status.
pub(super) fn tell_events_from_statuses(items: &mut [Item], rules: &Ruleset) {
    if items
        .iter()
        .any(|item| item.canonical() == Some("tracker.event"))
    {
        return;
    }
    for item in items {
        let Some(word) = item.constant().map(str::to_lowercase) else {
            continue;
        };
        let Some(role) = item.role.as_mut() else {
            continue;
        };
        let is_status = role.canonical == "tracker.status" && !role.is_read;
        if is_status && rules.status(&word).is_none() && event(&word).is_some() {
            role.canonical = "tracker.event".into();
        }
    }
}

/// The event of ours that a word in common use means; `word` is lower case.
pub(super) fn event(word: &str) -> Option<&'static str> {
    let word: String = word
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .take(32)
        .collect();
    Some(match word.as_str() {
        "registration" | "registered" | "register" | "reg" | "signup" | "lead" => "registration",
        "sale" | "firstdeposit" | "firstdep" | "ftd" | "fd" | "fdp" | "ftdeposit" => "sale",
        "resale" | "rebill" | "repeatdeposit" | "recurringdeposit" | "redeposit" | "redep"
        | "rd" | "repeatdep" => "resale",
        "deposit" | "dep" => "deposit",
        "withdrawal" | "withdraw" => "withdrawal",
        "chargeback" | "refund" => "chargeback",
        "commission" | "revshare" => "commission",
        _ => return None,
    })
}

/// The event of an un-edited link of a set-up page.
pub(super) fn is_placeholder(word: &str) -> bool {
    matches!(
        word,
        "first_deposit_" | "recurring_deposit_" | "registration_"
    )
}

/// Whether a macro names the player's money.
pub(super) fn is_deposit_macro(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.contains("dep") || value.contains("sale_amount") || value.contains("order_sum")
}

/// Whether a macro names the affiliate's earnings.
pub(super) fn is_payout_macro(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ["payout", "revenue", "commission", "aff_rev", "#price#"]
        .iter()
        .any(|word| value.contains(word))
}

/// Which tracker or network a foreign address belongs to.
pub(super) fn looks_like(pieces: &Pieces<'_>, items: &[Item]) -> Option<&'static str> {
    let host = pieces.host.to_ascii_lowercase();
    let path = pieces.path.trim_end_matches('/').to_ascii_lowercase();
    let hosts = [
        ("voluum", "Voluum"),
        ("bemob", "BeMob"),
        ("rdtk", "RedTrack"),
        ("redtrack", "RedTrack"),
        ("keitaro", "Keitaro"),
        ("binom", "Binom"),
    ];
    if let Some((_, tracker)) = hosts.iter().find(|(mark, _)| host.contains(mark)) {
        return Some(tracker);
    }
    let has = |name: &str| items.iter().any(|item| item.part.name == name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if any(&["cnv_id", "cnv_status", "cnv_status2"]) || path.ends_with("/click.php") {
        return Some("Binom");
    }
    if has("rdtk_event_id") || has("clickid") && any(&["sum", "type"]) {
        return Some("RedTrack");
    }
    if has("cid") && any(&["et", "txid", "payout"]) {
        return Some("Voluum");
    }
    let of_keitaro = [
        "tid",
        "status",
        "payout",
        "sale_status",
        "lead_status",
        "rejected_status",
    ];
    if has("subid") && (path.ends_with("/postback") || any(&of_keitaro)) {
        return Some("Keitaro");
    }
    let cake = |item: &Item| {
        let inside = item.value.trim_matches('#').to_ascii_lowercase();
        matches!(
            inside.as_str(),
            "s1" | "s2" | "s3" | "s4" | "s5" | "price" | "leadid" | "tid"
        )
    };
    let has_style = |style: MacroStyle| {
        items
            .iter()
            .filter(move |item| item.part.macro_style == Some(style))
    };
    if has_style(MacroStyle::TripleSquare).next().is_some() {
        return Some("Admitad");
    }
    if has_style(MacroStyle::Hash).any(cake) {
        return Some("CAKE");
    }
    None
}
