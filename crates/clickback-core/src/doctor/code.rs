//! The closed set of what the doctor finds; the sentences live in `locales/`.

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Events or money are lost.
    Error,
    /// Something is missing from reports or breaks easily.
    Warning,
    /// Good to know.
    Note,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub severity: Severity,
    pub code: ProblemCode,
    /// The parameter or text it is about.
    pub subject: String,
}

impl Problem {
    pub(super) fn new(code: ProblemCode, subject: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            subject: subject.into(),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident;)*) => {
        /// What can be wrong. Where a flag or a rejection says the same, the code is the same.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ProblemCode { $($(#[$doc])* $name,)* }

        impl ProblemCode {
            /// Every code, the worst first.
            pub const ALL: &[ProblemCode] = &[$(ProblemCode::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(ProblemCode::$name => $code,)* }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(ProblemCode::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The text has no address and no parameters.
    NothingFound = "nothing_found", Error;
    /// Nothing says whose event it is; in a link, nothing carries our clickid.
    MissingClickid = "missing_clickid", Error;
    /// The clickid is a parameter's own name: `clickid=sub1`.
    ClickidIsName = "clickid_is_name", Error;
    /// Our macro in a postback; it belongs into the registration link.
    OurMacroInPostback = "our_macro_in_postback", Error;
    /// The partner's macro where our clickid belongs in a registration link.
    PartnerMacroInLink = "partner_macro_in_link", Error;
    /// Our macro with one brace on each side.
    SingleBraces = "single_braces", Error;
    /// The brackets of a macro are percent-encoded in a template.
    MacroEncoded = "macro_encoded", Error;
    /// A request arrived with a macro that nobody filled in.
    MacroUnexpanded = "macro_unexpanded", Error;
    /// Nothing says what happened.
    MissingEvent = "missing_event", Error;
    /// The un-edited event of a set-up page.
    PlaceholderEvent = "placeholder_event", Error;
    /// One name twice with different values.
    ConflictingValues = "conflicting_values", Error;
    /// A broken escape, or not UTF-8, in clickid or `tracker.*`.
    BadEncoding = "bad_encoding", Error;
    /// More parameters than a request may have.
    TooManyParameters = "too_many_parameters", Error;
    /// Every lead would get the same clickid.
    ConstantClickid = "constant_clickid", Warning;
    /// The clickid travels in another parameter than the integration says.
    ClickidMismatch = "clickid_mismatch", Warning;
    /// The event's name is neither ours nor mapped.
    UnknownEvent = "unknown_event", Warning;
    /// A name that this integration does not read.
    UnknownParameter = "unknown_parameter", Warning;
    /// A `fields.*` part in a registration link.
    FieldsInLink = "fields_in_link", Warning;
    /// A deposit without its sum.
    AmountMissing = "amount_missing", Warning;
    /// A fixed sum in a template.
    ConstantAmount = "constant_amount", Warning;
    /// A sum that has no certain reading.
    AmountUnreadable = "amount_unreadable", Warning;
    /// A deposit below zero.
    AmountNegative = "amount_negative", Warning;
    /// A sum without a currency, and none is fixed.
    CurrencyMissing = "currency_missing", Warning;
    /// A currency nobody knows.
    CurrencyUnknown = "currency_unknown", Warning;
    /// Repeats without a transaction id.
    NoTid = "no_tid", Warning;
    /// A fixed transaction id in a template.
    ConstantTid = "constant_tid", Warning;
    /// The transaction id is the clickid.
    TidIsClickid = "tid_is_clickid", Warning;
    /// Name and macro disagree on whose money it is.
    PayoutOrDeposit = "payout_or_deposit", Warning;
    /// Macros of several styles.
    MixedStyles = "mixed_styles", Warning;
    /// `&amp;` or `¤cy` in the address.
    HtmlEntity = "html_entity", Warning;
    /// A second question mark in the address.
    SecondQuestionMark = "second_question_mark", Warning;
    /// Blanks, line breaks or backslashes that came with a copied link.
    StrayCharacters = "stray_characters", Warning;
    /// `http://` instead of `https://`.
    PlainHttp = "plain_http", Warning;
    /// The address belongs to another server or integration.
    OtherAddress = "other_address", Warning;
    /// The text shows a secret.
    SecretExposed = "secret_exposed", Warning;
    /// The text was too long and was cut.
    TooLong = "too_long", Warning;
    /// Several addresses were pasted; the fullest is examined.
    SeveralAddresses = "several_addresses", Note;
    /// An alias and the canonical name have different values.
    AliasConflict = "alias_conflict", Note;
    /// The event comes from a macro: its words must be mapped.
    EventFromMacro = "event_from_macro", Note;
    /// A word was translated into an event of ours.
    WordTranslated = "word_translated", Note;
    /// The word for a status is neither ours nor mapped.
    StatusUnknown = "status_unknown", Note;
    /// A sum that is certain but was not written plainly.
    AmountReinterpreted = "amount_reinterpreted", Note;
    /// No custom field has this key.
    FieldUnknown = "field_unknown", Note;
}

/// The start of a text, for a sentence.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
