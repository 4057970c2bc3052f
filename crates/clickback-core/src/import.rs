//! Pasted lists of missed conversions: separators, columns by their names in both languages, and each
//! line as the query of a postback. What a line does is decided as if it had come as one.

use std::fmt::Write as _;

/// Lines of a list at most.
pub const MAX_LINES: usize = 10_000;
/// Cells of a line at most.
const MAX_CELLS: usize = 50;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Clickid,
    Event,
    Sum,
    Currency,
    Tid,
    Status,
    Time,
    Payout,
    PayoutCurrency,
}

use Column::{Clickid, Currency, Event, Payout, PayoutCurrency, Status, Sum, Tid, Time};

/// The order of columns where a list does not name them.
pub const USUAL: [Column; 7] = [Clickid, Event, Sum, Currency, Tid, Time, Status];

impl Column {
    /// Every column.
    pub const ALL: [Column; 9] = [
        Clickid,
        Event,
        Sum,
        Currency,
        Tid,
        Time,
        Status,
        Payout,
        PayoutCurrency,
    ];

    /// The parameter of a postback that it is.
    pub fn parameter(self) -> &'static str {
        match self {
            Clickid => "clickid",
            Event => "tracker.event",
            Sum => "tracker.cost",
            Currency => "tracker.currency",
            Tid => "tracker.tid",
            Status => "tracker.status",
            Time => "tracker.time",
            Payout => "tracker.payout",
            PayoutCurrency => "tracker.payout_currency",
        }
    }

    /// Names that lists give it, lower case, without blanks and marks.
    fn names(self) -> &'static [&'static str] {
        match self {
            Clickid => &[
                "clickid",
                "click",
                "subid",
                "sub1",
                "кликид",
                "клик",
                "идклика",
            ],
            Event => &["event", "goal", "type", "событие", "цель", "тип"],
            Sum => &[
                "sum",
                "amount",
                "cost",
                "deposit",
                "value",
                "сумма",
                "депозит",
                "суммадепозита",
            ],
            Currency => &["currency", "cur", "валюта"],
            Tid => &[
                "tid",
                "transaction",
                "transactionid",
                "txid",
                "id",
                "транзакция",
                "идтранзакции",
                "idтранзакции",
            ],
            Status => &["status", "state", "статус"],
            Time => &["time", "date", "datetime", "время", "дата", "датаивремя"],
            Payout => &["payout", "revenue", "выплата", "доход"],
            PayoutCurrency => &["payoutcurrency", "валютавыплаты"],
        }
    }

    /// The column that a heading names.
    fn named(heading: &str) -> Option<Column> {
        let lower = heading.trim().trim_start_matches('\u{feff}').to_lowercase();
        let of_parameter = Self::ALL
            .into_iter()
            .find(|column| column.parameter() == lower);
        let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
        of_parameter.or_else(|| {
            Self::ALL
                .into_iter()
                .find(|column| column.names().contains(&plain.as_str()))
        })
    }
}

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As the paste counts, from 1.
    pub number: u64,
    /// What the cells say, in the order of the columns; empty ones are left out.
    pub cells: Vec<(Column, String)>,
}

impl Line {
    /// The text of a column.
    pub fn get(&self, wanted: Column) -> Option<&str> {
        self.cells
            .iter()
            .find(|(column, _)| *column == wanted)
            .map(|(_, text)| text.as_str())
    }

    /// The line as the query of a postback.
    pub fn query(&self) -> String {
        query(
            self.cells
                .iter()
                .map(|(column, text)| (column.parameter(), text.as_str())),
        )
    }
}

/// Names and values as the query of a postback. Everything but plain characters is escaped.
pub fn query<'t>(pairs: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
                query.push(char::from(byte));
            } else {
                // Writing into a String does not fail.
                let _ = write!(query, "%{byte:02X}");
            }
        }
    }
    query
}

/// A list as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub separator: char,
    /// `None` is a column that is not used.
    pub columns: Vec<Option<Column>>,
    /// Headings that name no column.
    pub unused: Vec<String>,
    pub lines: Vec<Line>,
}

/// Why a text is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    #[error("the list is empty")]
    Empty,
    #[error("the list has {0} lines; the limit is {MAX_LINES}")]
    TooLong(usize),
    #[error("the heading names no column for the clickid")]
    NoClickid,
    #[error("the heading names no column for the event")]
    NoEvent,
    #[error("the heading names `{0}` twice")]
    Twice(String),
    #[error("a quotation mark in line {0} is not closed")]
    OpenQuote(u64),
}

impl BadList {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            BadList::Empty => "empty",
            BadList::TooLong(_) => "too_long",
            BadList::NoClickid => "no_clickid",
            BadList::NoEvent => "no_event",
            BadList::Twice(_) => "twice",
            BadList::OpenQuote(_) => "open_quote",
        }
    }
}

/// Reads a list. The separator is found out: tab, semicolon or comma. `event` stands for the event where
/// the list has no such column.
pub fn read(text: &str, event: Option<&str>) -> Result<List, BadList> {
    let text = text.trim_start_matches('\u{feff}');
    let filled: Vec<(u64, &str)> = text
        .lines()
        .zip(1_u64..)
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, number)| (number, line))
        .collect();
    let (_, first) = filled.first().ok_or(BadList::Empty)?;
    let separator = separator(first);
    let heading = cells(first, separator).ok_or(BadList::OpenQuote(1))?;
    let named: Vec<Option<Column>> = heading.iter().map(|cell| Column::named(cell)).collect();
    // One word alone may be a value (`deposit`); a heading names the clickid, too, or two things.
    let is_heading = named.contains(&Some(Clickid)) || named.iter().flatten().count() >= 2;
    let mut unused = Vec::new();
    let columns = if is_heading {
        for (at, column) in named.iter().enumerate() {
            match column {
                Some(_) if named[..at].contains(column) => {
                    return Err(BadList::Twice(heading[at].trim().to_owned()));
                }
                None if !heading[at].trim().is_empty() => {
                    unused.push(heading[at].trim().to_owned());
                }
                _ => {}
            }
        }
        if !named.contains(&Some(Clickid)) {
            return Err(BadList::NoClickid);
        }
        if !named.contains(&Some(Event)) && event.is_none() {
            return Err(BadList::NoEvent);
        }
        named
    } else {
        USUAL
            .into_iter()
            .filter(|column| *column != Event || event.is_none())
            .map(Some)
            .collect()
    };
    let rest = &filled[usize::from(is_heading)..];
    if rest.is_empty() {
        return Err(BadList::Empty);
    }
    if rest.len() > MAX_LINES {
        return Err(BadList::TooLong(rest.len()));
    }
    let mut lines = Vec::with_capacity(rest.len());
    for (number, line) in rest {
        let texts = cells(line, separator).ok_or(BadList::OpenQuote(*number))?;
        let mut said: Vec<(Column, String)> = columns
            .iter()
            .zip(texts)
            .filter_map(|(column, text)| Some(((*column)?, text.trim().to_owned())))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        if let Some(event) = event.filter(|_| !said.iter().any(|(column, _)| *column == Event)) {
            said.push((Event, event.to_owned()));
        }
        lines.push(Line {
            number: *number,
            cells: said,
        });
    }
    Ok(List {
        separator,
        columns,
        unused,
        lines,
    })
}

/// The first of tab, semicolon and comma that stands outside of quotation marks.
fn separator(line: &str) -> char {
    let mut quoted = false;
    let outside: Vec<char> = line
        .chars()
        .filter(|c| {
            quoted ^= *c == '"';
            !quoted
        })
        .collect();
    ['\t', ';', ',']
        .into_iter()
        .find(|separator| outside.contains(separator))
        .unwrap_or('\t')
}

/// The cells of a line, with quotation marks as spreadsheets write them. `None`: one is not closed.
fn cells(line: &str, separator: char) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut chars = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let cell = cells.last_mut()?;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            c if c == separator && !quoted => {
                if cells.len() == MAX_CELLS {
                    break;
                }
                cells.push(String::new());
            }
            c => cell.push(c),
        }
    }
    (!quoted).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries(text: &str) -> Vec<String> {
        let list = read(text, None).expect(text);
        list.lines.iter().map(Line::query).collect()
    }

    #[test]
    fn lines_become_queries() {
        let sale =
            "clickid=abc&tracker.event=sale&tracker.cost=50&tracker.currency=usd&tracker.tid=t1";
        let cases = [
            // Without a heading, in the usual order.
            ("abc\tsale\t50\tusd\tt1", vec![sale]),
            ("abc;sale;50;usd;t1\n", vec![sale]),
            ("abc,sale,50,usd,t1\r\n", vec![sale]),
            // Headings in both languages, in any order.
            (
                "tid,sum,clickid,event,currency\nt1,50,abc,sale,usd",
                vec![
                    "tracker.tid=t1&tracker.cost=50&clickid=abc&tracker.event=sale&tracker.currency=usd",
                ],
            ),
            (
                "Clickid;Событие;Сумма;Валюта;ID транзакции\nabc;sale;50;usd;t1",
                vec![sale],
            ),
            (
                "clickid\ttracker.event\ttracker.cost\nabc\tsale\t50",
                vec!["clickid=abc&tracker.event=sale&tracker.cost=50"],
            ),
            // A decimal comma between semicolons, and quoted cells between commas.
            (
                "abc;sale;50,00;usd",
                vec!["clickid=abc&tracker.event=sale&tracker.cost=50%2C00&tracker.currency=usd"],
            ),
            (
                "abc,sale,\"1,234.56\",usd",
                vec!["clickid=abc&tracker.event=sale&tracker.cost=1%2C234.56&tracker.currency=usd"],
            ),
            ("\"a\"\"b\",sale", vec!["clickid=a%22b&tracker.event=sale"]),
            // Empty cells say nothing, empty lines are no lines.
            (
                "abc;sale;;;t1\n\n  \nabd;registration",
                vec![
                    "clickid=abc&tracker.event=sale&tracker.tid=t1",
                    "clickid=abd&tracker.event=registration",
                ],
            ),
            (
                "abc\tsale\t50\tusd\tt1\t2026-01-02 03:04:05\tapproved",
                vec![
                    "clickid=abc&tracker.event=sale&tracker.cost=50&tracker.currency=usd&tracker.tid=t1&tracker.time=2026-01-02%2003:04:05&tracker.status=approved",
                ],
            ),
            (
                "\u{feff}clickid,event\nабв,sale",
                vec!["clickid=%D0%B0%D0%B1%D0%B2&tracker.event=sale"],
            ),
            (
                "=cmd|' /C calc'!A0;<script>",
                vec!["clickid=%3Dcmd%7C%27%20%2FC%20calc%27%21A0&tracker.event=%3Cscript%3E"],
            ),
            ("abc", vec!["clickid=abc"]),
        ];
        for (text, expected) in cases {
            assert_eq!(queries(text), expected, "{text}");
        }
    }

    #[test]
    fn an_event_for_all_lines() {
        let cases = [
            (
                "abc;50;usd",
                "clickid=abc&tracker.cost=50&tracker.currency=usd&tracker.event=sale",
            ),
            (
                "clickid;sum\nabc;50",
                "clickid=abc&tracker.cost=50&tracker.event=sale",
            ),
            (
                "clickid;event\nabc;registration",
                "clickid=abc&tracker.event=registration",
            ),
            ("clickid;event\nabc;", "clickid=abc&tracker.event=sale"),
        ];
        for (text, expected) in cases {
            let list = read(text, Some("sale")).expect(text);
            assert_eq!(list.lines[0].query(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list() {
        let long = "a,sale\n".repeat(MAX_LINES + 1);
        let cases = [
            ("", BadList::Empty),
            (" \n\n", BadList::Empty),
            ("clickid,event", BadList::Empty),
            ("event,sum\nsale,5", BadList::NoClickid),
            ("clickid,sum\na,5", BadList::NoEvent),
            (
                "clickid,event,Сумма,amount\na,sale,5,6",
                BadList::Twice("amount".to_owned()),
            ),
            ("a,sale\nb,\"sale", BadList::OpenQuote(2)),
            (&long, BadList::TooLong(MAX_LINES + 1)),
        ];
        for (text, expected) in cases {
            assert_eq!(
                read(text, None),
                Err(expected),
                "{}",
                &text[..text.len().min(40)]
            );
        }
    }

    #[test]
    fn numbers_and_unused_columns() {
        let list = read("clickid,event,comment\n\na,sale,x\nb,sale,y", None).unwrap();
        assert_eq!(list.unused, ["comment"]);
        assert_eq!(
            list.lines
                .iter()
                .map(|line| line.number)
                .collect::<Vec<_>>(),
            [3, 4]
        );
        assert_eq!(list.lines[0].get(Column::Event), Some("sale"));
        assert_eq!(list.lines[0].get(Column::Sum), None);
    }
}
