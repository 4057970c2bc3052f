//! Small pieces that many pages show: times, money, badges, flags, icons, code boxes. Each escapes
//! what it is given; nothing here reads the store.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use clickback_core::currency::Currency;
use clickback_core::event::Status;
use clickback_core::flag::Flag;
use clickback_core::moment::Moment;
use clickback_core::money::Amount;

use crate::store::inbox::{BY_HAND, BY_IMPORT, Verdict};

use super::i18n::Language;
use super::paint::Segment;
use super::ui::Ui;

/// A message whose `code` is set as code; everything in it is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rich(String);

impl Rich {
    /// Escapes a text and turns its backticks into code.
    pub(super) fn new(text: &str) -> Rich {
        let mut html = String::with_capacity(text.len() + 16);
        for (at, part) in text.split('`').enumerate() {
            let is_code = at % 2 == 1;
            html.push_str(if is_code { "<code>" } else { "" });
            for c in part.chars() {
                match c {
                    '<' => html.push_str("&lt;"),
                    '>' => html.push_str("&gt;"),
                    '&' => html.push_str("&amp;"),
                    '"' => html.push_str("&quot;"),
                    '\'' => html.push_str("&#39;"),
                    c => html.push(c),
                }
            }
            html.push_str(if is_code { "</code>" } else { "" });
        }
        Rich(html)
    }
}

impl fmt::Display for Rich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Rich {}

/// A line icon of 16 × 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Icon(pub(super) &'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = super::icons::shape(self.0);
        write!(
            f,
            r#"<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{shape}</svg>"#
        )
    }
}

impl HtmlSafe for Icon {}

/// A moment: how long ago, and exactly on hover.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ iso }}" title="{{ exact }}"{% if lives %} data-ago{% endif %}>{{ ago }}</time>"#
)]
pub(super) struct When {
    iso: String,
    exact: String,
    ago: String,
    /// The text changes as time goes by.
    lives: bool,
}

impl HtmlSafe for When {}

impl When {
    /// How `at` reads now.
    pub(super) fn new(ui: &Ui, at: Moment) -> When {
        let iso = at.to_string();
        let age = ui.now.seconds_since(at);
        let number = |count: i64| count.to_string();
        let (ago, lives) = match age {
            -60..5 => (ui.t("time-now").into_owned(), true),
            5..60 => (
                ui.with("time-seconds", &[("n", &number(age))]).into_owned(),
                true,
            ),
            60..3_600 => (
                ui.with("time-minutes", &[("n", &number(age / 60))])
                    .into_owned(),
                true,
            ),
            3_600..86_400 => (
                ui.with("time-hours", &[("n", &number(age / 3_600))])
                    .into_owned(),
                true,
            ),
            86_400..604_800 => (
                ui.with("time-days", &[("n", &number(age / 86_400))])
                    .into_owned(),
                true,
            ),
            _ => (date(ui, &iso).unwrap_or_else(|| iso.clone()), false),
        };
        let exact = exact(ui, &iso).unwrap_or_else(|| iso.clone());
        When {
            iso,
            exact,
            ago,
            lives,
        }
    }

    /// The moment exactly, as text.
    pub(super) fn exact(&self) -> &str {
        &self.exact
    }
}

/// Day, month and year of an RFC 3339 text in the visitor's words.
fn day(ui: &Ui, iso: &str) -> Option<(String, String)> {
    let mut parts = iso.split('T').next()?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month: u8 = month.parse().ok()?;
    let day: u8 = day.parse().ok()?;
    Some((
        format!("{day} {}", ui.t(&format!("month-{month}"))),
        year.to_owned(),
    ))
}

/// Day and month of an RFC 3339 text in the visitor's words.
pub(super) fn day_of(ui: &Ui, iso: &str) -> String {
    day(ui, iso).map_or_else(String::new, |(text, _)| text)
}

fn date(ui: &Ui, iso: &str) -> Option<String> {
    let (text, year) = day(ui, iso)?;
    let this_year = ui.now.to_string().starts_with(&year);
    Some(if this_year {
        text
    } else {
        format!("{text} {year}")
    })
}

fn exact(ui: &Ui, iso: &str) -> Option<String> {
    let (text, year) = day(ui, iso)?;
    let time = iso.split('T').nth(1)?.get(..8)?;
    Some(format!("{text} {year}, {time} UTC"))
}

/// A sum with its currency in a quieter tone.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<span class="money">{{ number }}{% if let Some(code) = currency %} <span class="currency">{{ code }}</span>{% endif %}</span>"#
)]
pub(super) struct Money {
    number: String,
    currency: Option<String>,
}

impl HtmlSafe for Money {}

impl Money {
    /// The sum as the visitor's language writes it.
    pub(super) fn new(ui: &Ui, amount: Amount, currency: Option<Currency>) -> Money {
        Money {
            number: number(ui.language, amount, currency),
            currency: currency.map(|currency| currency.as_str().to_owned()),
        }
    }

    /// The same as plain text.
    pub(super) fn plain(&self) -> String {
        match &self.currency {
            Some(code) => format!("{}\u{a0}{code}", self.number),
            None => self.number.clone(),
        }
    }
}

/// Groups of three by thin spaces, at least the usual two decimals where the currency has two.
pub(super) fn number(language: Language, amount: Amount, currency: Option<Currency>) -> String {
    let text = amount.to_string();
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("\u{2212}", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut shown = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    let two = currency.and_then(Currency::decimals) == Some(2);
    let least = if two { 2 } else { 0 };
    if !fraction.is_empty() || least > 0 {
        shown.push(if language == Language::Russian {
            ','
        } else {
            '.'
        });
        shown.push_str(fraction);
        for _ in fraction.len()..least {
            shown.push('0');
        }
    }
    shown
}

/// A word with an icon and a colour.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<span class="badge {{ tone }}"{% if !title.is_empty() %} title="{{ title }}"{% endif %}>{{ icon }}<span>{{ word }}</span></span>"#
)]
pub(super) struct Badge {
    tone: &'static str,
    icon: Icon,
    word: String,
    /// The same in a sentence, on hover.
    title: String,
}

impl HtmlSafe for Badge {}

impl Badge {
    /// What became of a request.
    pub(super) fn verdict(ui: &Ui, verdict: Verdict) -> Badge {
        let (tone, icon) = match verdict {
            Verdict::Accepted => ("good", "check"),
            Verdict::Updated => ("good", "refresh"),
            Verdict::Duplicate => ("quiet", "duplicate"),
            Verdict::Unmatched => ("warn", "question"),
            Verdict::Rejected => ("bad", "cross"),
        };
        Badge {
            tone,
            icon: Icon(icon),
            word: ui.coded("verdict-", verdict.code()).into_owned(),
            title: String::new(),
        }
    }

    /// Where an event stands.
    pub(super) fn status(ui: &Ui, status: Status) -> Badge {
        let (tone, icon) = match status {
            Status::Approved => ("good", "check"),
            Status::Pending => ("quiet", "clock"),
            Status::Held => ("warn", "pause"),
            Status::Rejected => ("bad", "cross"),
        };
        Badge {
            tone,
            icon: Icon(icon),
            word: ui.coded("status-", status.code()).into_owned(),
            title: String::new(),
        }
    }

    /// Where a request is from, if no partner sent it: a test, a person, a pasted list.
    pub(super) fn origin(ui: &Ui, test: bool, method: &str) -> Option<Badge> {
        match method {
            _ if test => Some(Badge::test(ui)),
            BY_HAND => Some(Badge::quiet(ui, "pencil", "by-hand")),
            BY_IMPORT => Some(Badge::quiet(ui, "list", "by-list")),
            _ => None,
        }
    }

    /// An authenticated test event.
    pub(super) fn test(ui: &Ui) -> Badge {
        Badge::quiet(ui, "flask", "test")
    }

    fn quiet(ui: &Ui, icon: &'static str, key: &str) -> Badge {
        Badge {
            tone: "quiet",
            icon: Icon(icon),
            word: ui.t(key).into_owned(),
            title: ui.t(&format!("{key}-what")).into_owned(),
        }
    }
}

/// A flag as a short chip, its sentence on hover.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<span class="chip" title="{{ what }}">{{ word }}</span>"#
)]
pub(super) struct Chip {
    word: String,
    what: String,
}

impl HtmlSafe for Chip {}

impl Chip {
    /// The chip of a flag.
    pub(super) fn new(ui: &Ui, flag: Flag) -> Chip {
        let key = format!("flag-{}", flag.code().replace('_', "-"));
        Chip {
            word: ui.t(&key).into_owned(),
            what: ui.t(&format!("{key}-what")).replace('`', ""),
        }
    }
}

/// A text in a box with coloured parts and a copy button.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/code.html")]
pub(super) struct CodeBox {
    label: String,
    /// Parts that stay on one line where there is room.
    pairs: Vec<Vec<Segment>>,
    copy: Copy,
}

impl HtmlSafe for CodeBox {}

impl CodeBox {
    /// A box whose copy is the text that it shows.
    pub(super) fn new(ui: &Ui, label: &str, segments: Vec<Segment>) -> CodeBox {
        let text = segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect();
        let mut pairs = vec![Vec::new()];
        for segment in segments {
            let ends = segment.class == "c-mark" && segment.text.ends_with(['&', '?']);
            if let Some(pair) = pairs.last_mut() {
                pair.push(segment);
            }
            if ends {
                pairs.push(Vec::new());
            }
        }
        CodeBox {
            label: label.to_owned(),
            pairs,
            copy: Copy::new(ui, text),
        }
    }
}

/// A copy button.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/copy.html")]
pub(super) struct Copy {
    text: String,
    word: String,
    done: String,
    icon: Icon,
}

impl HtmlSafe for Copy {}

impl Copy {
    /// A button that copies this text.
    pub(super) fn new(ui: &Ui, text: String) -> Copy {
        Copy {
            text,
            word: ui.t("copy").into_owned(),
            done: ui.t("copied").into_owned(),
            icon: Icon("copy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ui::english;
    use super::*;

    #[test]
    fn sums_are_grouped_and_padded() {
        let usd = Currency::new("USD");
        let cases = [
            ("50", usd, "50.00"),
            ("1234567.5", usd, "1\u{202f}234\u{202f}567.50"),
            ("-1000", usd, "\u{2212}1\u{202f}000.00"),
            ("0.123456", usd, "0.123456"),
            (
                "9000000000000",
                Currency::new("VND"),
                "9\u{202f}000\u{202f}000\u{202f}000\u{202f}000",
            ),
            ("0.00012345", Currency::new("BTC"), "0.00012345"),
            ("120.5", None, "120.5"),
        ];
        for (amount, currency, expected) in cases {
            let amount: Amount = amount.parse().unwrap();
            assert_eq!(number(Language::English, amount, currency), expected);
        }
        let amount: Amount = "1234.5".parse().unwrap();
        assert_eq!(number(Language::Russian, amount, usd), "1\u{202f}234,50");
    }

    #[test]
    fn times_by_age() {
        let ui = english();
        let cases = [
            (0, "now"),
            (12, "12 s ago"),
            (120, "2 min ago"),
            (7_200, "2 h ago"),
            (86_400 * 3, "3 d ago"),
            (86_400 * 12, "12 Nov"),
            (86_400 * 365, "24 Nov 2025"),
        ];
        for (age, expected) in cases {
            assert_eq!(When::new(&ui, ui.now.plus_seconds(-age)).ago, expected);
        }
        let html = When::new(&ui, ui.now).to_string();
        assert!(
            html.contains(r#"title="24 Nov 2026, 12:00:00 UTC""#),
            "{html}"
        );
        assert!(!When::new(&ui, Moment(i64::MIN)).to_string().is_empty());
    }

    #[test]
    fn rich_text_escapes_everything() {
        let rich = Rich::new("a `{x}` <b> & `<i>`");
        assert_eq!(
            rich.to_string(),
            "a <code>{x}</code> &lt;b&gt; &amp; <code>&lt;i&gt;</code>"
        );
    }

    #[test]
    fn what_no_partner_sent_says_so() {
        let ui = english();
        let word = |test, method| Badge::origin(&ui, test, method).map(|badge| badge.word);
        assert_eq!(word(false, "GET"), None);
        assert_eq!(word(false, "POST"), None);
        assert_eq!(word(true, "GET").as_deref(), Some("test"));
        assert_eq!(word(false, BY_HAND).as_deref(), Some("by hand"));
        assert_eq!(word(false, BY_IMPORT).as_deref(), Some("list"));
    }

    #[test]
    fn boxes_escape_what_they_show() {
        let segments = vec![Segment::new("macro", "{<script>}")];
        let html = CodeBox::new(&english(), "URL", segments).to_string();
        assert!(!html.contains("<script>"), "{html}");
    }
}
