//! Pieces of forms: inputs, choices and rows of two, each with its label, hint and what is wrong.

use askama::Template;
use askama::filters::HtmlSafe;

use super::parts::{Icon, Rich};
use super::ui::Ui;

/// One line of text with its label.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/input.html")]
pub(super) struct Input {
    id: String,
    name: String,
    label: String,
    value: String,
    placeholder: String,
    /// The id of a list of suggestions.
    list: Option<&'static str>,
    mono: bool,
    required: bool,
    multiline: bool,
    max: u32,
    /// The parameter of a URL that the input fills, for the live preview.
    fills: Option<String>,
    hint: Option<Rich>,
    error: Option<String>,
}

impl HtmlSafe for Input {}

impl Input {
    /// An input of a form; `form` makes its id unique on the page.
    pub(super) fn new(form: &str, name: &str, label: impl Into<String>, value: &str) -> Input {
        Input {
            id: format!("{form}-{name}"),
            name: name.to_owned(),
            label: label.into(),
            value: value.to_owned(),
            placeholder: String::new(),
            list: None,
            mono: false,
            required: false,
            multiline: false,
            max: 512,
            fills: None,
            hint: None,
            error: None,
        }
    }

    /// Whether something is in it.
    pub(super) fn has_value(&self) -> bool {
        !self.value.is_empty()
    }

    pub(super) fn placeholder(mut self, text: impl Into<String>) -> Input {
        self.placeholder = text.into();
        self
    }

    /// Suggestions of a `datalist` with this id.
    pub(super) fn list(mut self, id: &'static str) -> Input {
        self.list = Some(id);
        self
    }

    pub(super) fn mono(mut self) -> Input {
        self.mono = true;
        self
    }

    pub(super) fn required(mut self) -> Input {
        self.required = true;
        self
    }

    pub(super) fn multiline(mut self) -> Input {
        self.multiline = true;
        self
    }

    pub(super) fn max(mut self, characters: u32) -> Input {
        self.max = characters;
        self
    }

    pub(super) fn fills(mut self, parameter: &str) -> Input {
        self.fills = Some(parameter.to_owned());
        self
    }

    pub(super) fn hint(mut self, hint: Rich) -> Input {
        self.hint = Some(hint);
        self
    }

    pub(super) fn error(mut self, error: Option<String>) -> Input {
        self.error = error;
        self
    }
}

/// One choice of a list.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

impl Choice {
    pub(super) fn new(value: &str, word: impl Into<String>, chosen: bool) -> Choice {
        Choice {
            value: value.to_owned(),
            word: word.into(),
            chosen,
        }
    }
}

/// A list of choices with its label.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/select.html")]
pub(super) struct Select {
    id: String,
    name: String,
    label: String,
    choices: Vec<Choice>,
    hint: Option<Rich>,
}

impl HtmlSafe for Select {}

impl Select {
    /// A list of a form.
    pub(super) fn new(
        form: &str,
        name: &str,
        label: impl Into<String>,
        choices: Vec<Choice>,
    ) -> Select {
        Select {
            id: format!("{form}-{name}"),
            name: name.to_owned(),
            label: label.into(),
            choices,
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: Rich) -> Select {
        self.hint = Some(hint);
        self
    }
}

/// What the right side of a row is.
#[derive(Debug, Clone)]
enum Right {
    Text {
        value: String,
        list: Option<&'static str>,
    },
    Choices(Vec<Choice>),
}

#[derive(Debug, Clone)]
struct Row {
    left: String,
    right: Right,
}

/// Rows of two: a word and what it means. A row that is emptied is removed on save; without script there
/// are always empty ones at the end.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/rows-of-two.html")]
pub(super) struct RowsOfTwo {
    left: &'static str,
    right: &'static str,
    left_label: String,
    right_label: String,
    left_list: Option<&'static str>,
    arrow: Icon,
    rows: Vec<Row>,
    add: String,
    remove: String,
    close: Icon,
    error: Option<String>,
}

impl HtmlSafe for RowsOfTwo {}

/// Empty rows at the end.
const EMPTY: usize = 1;

impl RowsOfTwo {
    /// Rows whose right side is typed too.
    pub(super) fn typed(
        ui: &Ui,
        (left, right): (&'static str, &'static str),
        (left_label, right_label): (String, String),
        (left_list, right_list): (Option<&'static str>, Option<&'static str>),
        rows: Vec<(String, String)>,
    ) -> RowsOfTwo {
        let empty = std::iter::repeat_n((String::new(), String::new()), EMPTY);
        let rows = rows.into_iter().chain(empty).map(|(left, value)| Row {
            left,
            right: Right::Text {
                value,
                list: right_list,
            },
        });
        RowsOfTwo {
            left,
            right,
            left_label,
            right_label,
            left_list,
            arrow: Icon("forward"),
            rows: rows.collect(),
            add: ui.t("row-add").into_owned(),
            remove: ui.t("row-remove").into_owned(),
            close: Icon("close"),
            error: None,
        }
    }

    /// Rows whose right side is chosen.
    pub(super) fn chosen(
        ui: &Ui,
        names: (&'static str, &'static str),
        labels: (String, String),
        rows: Vec<(String, String)>,
        choices: &dyn Fn(&str) -> Vec<Choice>,
    ) -> RowsOfTwo {
        let mut made = RowsOfTwo::typed(ui, names, labels, (None, None), rows);
        for row in &mut made.rows {
            if let Right::Text { value, .. } = &row.right {
                row.right = Right::Choices(choices(value));
            }
        }
        made
    }

    /// The arrow points to the left: what is on the right fills what is on the left.
    pub(super) fn pointing_left(mut self) -> RowsOfTwo {
        self.arrow = Icon("back");
        self
    }

    pub(super) fn error(mut self, error: Option<String>) -> RowsOfTwo {
        self.error = error;
        self
    }
}
