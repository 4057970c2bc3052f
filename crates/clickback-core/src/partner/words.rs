//! The closed sets of a partner file: category, kind, roles of macros, quirks, what is missing. Their
//! sentences live in `locales/`.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $code)] $variant,)* }

        impl $name {
            /// All of them, in the order in which pages list them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// The one with this code.
            pub fn from_code(code: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

codes! {
    /// What a partner sells.
    Category {
        /// Casinos and bookmakers.
        Igaming = "igaming",
        /// Brokers and binary options.
        Trading = "trading",
        /// CPA networks, nutra, offer walls.
        Cpa = "cpa",
        /// Shops and their networks.
        Ecommerce = "ecommerce",
        /// Software that programs of every kind run on.
        Platform = "platform",
        /// Other trackers, for links that were written for them.
        Tracker = "tracker",
    }
}

codes! {
    /// What the entry is.
    #[derive(Default)]
    PartnerKind {
        /// A partner program.
        #[default]
        Program = "program",
        /// "My program runs on …".
        Platform = "platform",
        /// "My links were written for …".
        Tracker = "tracker",
    }
}

codes! {
    /// Whether the integration works out of the box.
    Readiness {
        /// The link's parameter and the macro of the clickid were both seen.
        Ready = "ready",
        /// Something is missing.
        Soon = "soon",
    }
}

codes! {
    /// How well the facts are known.
    Confidence {
        /// The partner's own text.
        Documented = "documented",
        /// A tracker's or network's template shows it.
        FromTrackerTemplate = "from-tracker-template",
        /// Derived from the platform behind the program.
        Inferred = "inferred",
    }
}

codes! {
    /// What a macro is filled with.
    Role {
        Clickid = "clickid",
        Event = "event",
        Status = "status",
        /// The player's or buyer's money.
        Amount = "amount",
        /// What we earn.
        Payout = "payout",
        Currency = "currency",
        Tid = "tid",
        UserId = "user_id",
        Country = "country",
        Time = "time",
        /// Anything else, for a custom field.
        Field = "field",
    }
}

codes! {
    /// What a soon partner needs.
    Missing {
        /// Which parameter of the link carries the clickid.
        LinkParameter = "link_parameter",
        /// The macro that brings the clickid back.
        ClickMacro = "click_macro",
    }
}

codes! {
    /// A known habit of a partner that a user or Clickback must reckon with.
    Quirk {
        /// One URL reports every event; a macro says which.
        OneUrl = "one_url",
        /// Events come as parameters of their own: `reg=true`.
        EventParameters = "event_parameters",
        /// A query in the URL breaks it.
        BareUrl = "bare_url",
        /// Adds its parameters with a question mark of its own.
        SecondQuestionMark = "second_question_mark",
        /// Calls only `http://`.
        PlainHttp = "plain_http",
        /// Its transaction id is the click.
        TidIsClick = "tid_is_click",
        /// No transaction id was seen.
        NoTid = "no_tid",
        /// The first deposit also goes to the URL for deposits.
        FirstAlsoAsDeposit = "first_also_as_deposit",
        /// Several amounts in one URL; the event says which counts.
        AmountByEvent = "amount_by_event",
        /// No macro for a sum was seen.
        NoAmount = "no_amount",
        /// No macro for the currency was seen.
        NoCurrency = "no_currency",
        /// The currency is the offer's, and nothing in the call tells which.
        CurrencyOfOffer = "currency_of_offer",
        /// The amount is our payout, not the player's money.
        PayoutOnly = "payout_only",
        /// The sum comes with every status, also before it is earned.
        PayoutInAllStatuses = "payout_in_all_statuses",
        /// Sends again when the status changes.
        ResendsStatus = "resends_status",
        /// Sends again until it hears 200.
        Retries = "retries",
        /// Gives up on a URL that fails repeatedly.
        StopsAfterFailures = "stops_after_failures",
        /// The country is a name, not a code.
        CountryNames = "country_names",
        /// Its macros are in double braces, like ours.
        DoubleBraces = "double_braces",
        /// Its macros stand between `#`.
        HashMacros = "hash_macros",
        /// Its macros stand between `%`.
        PercentMacros = "percent_macros",
        /// The macro's name is not the link parameter's name.
        MacroNamesDiffer = "macro_names_differ",
        /// Postbacks come hours or a day later.
        Late = "late",
        /// What is too long for a parameter runs over into the next.
        Overflows = "overflows",
    }
}
